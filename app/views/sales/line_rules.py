"""What the lines of a quote or an order say about themselves: availability, where the price comes from, discount.

Plain functions over the editor's line dictionaries; no widgets.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales import rules

ZERO = Decimal(0)
Line = Mapping[str, Any]
Status = tuple[str, str]


class Above(NamedTuple):
    """The highest discount above a limit, and the line it stands in (from 1)."""

    pct: Decimal
    position: int


def unit_of(line: Line) -> str:
    """What stands behind a quantity."""
    return str(line.get("unit") or "")


def net_of(line: Line) -> Decimal | None:
    """Net amount of a line, None while something is missing."""
    qty, price = line.get("qty"), line.get("unit_price")
    if qty is None or price is None:
        return None
    return rules.net_amount(qty, price, line.get("discount_pct") or ZERO, line.get("charges") or ())


def amounts_of(lines: Sequence[Line]) -> list[tuple[Decimal, Decimal]]:
    """Net amount and tax rate of what stands in the editor."""
    amounts = [(net_of(line), line.get("tax_rate") or ZERO) for line in lines]
    return [(net, rate) for net, rate in amounts if net is not None]


def sums_of(lines: Sequence[Line], charges: Sequence[rules.Charge] = ()) -> rules.Sums:
    """Totals of what stands in the editor, with the document's allowances and charges."""
    return rules.sums(amounts_of(lines), charges)


def effective(line: Line) -> Decimal:
    """Discount against the list price in percent, wherever it hides."""
    price = line.get("unit_price")
    if price is None:
        return ZERO
    discount = line.get("discount_pct") or ZERO
    return rules.effective_discount(price, discount, line.get("list_price"), allowance_of(line))


def allowance_of(line: Line) -> Decimal:
    """What the allowances of a line take off each of its pieces."""
    qty = line.get("qty")
    return -rules.charge_net(line.get("charges") or (), ("allowance",)) / qty if qty else ZERO


def charge_words(charges: Sequence[Mapping[str, Any]], currency: str | None = None) -> str:
    """Allowances and charges of a line with their signs."""
    found = []
    for charge in rules.charges_of(charges):
        amount = charge.amount or ZERO
        amount = amount if charge.kind == "charge" else -amount
        sign = "+" if amount > 0 else ""
        found.append(f"{charge.reason} {sign}{fmt.money(amount, currency)}")
    return " · ".join(found)


def highest(lines: Sequence[Line], limit: Decimal) -> Above | None:
    """The highest effective discount above the limit."""
    found = max(
        (Above(effective(line), number) for number, line in enumerate(lines, 1)),
        key=lambda item: (item.pct, -item.position),
        default=None,
    )
    return found if found is not None and found.pct > limit else None


def lowered(line: Line, limit: Decimal) -> dict[str, Any]:
    """The cells to change so that the line's effective discount is within the limit; empty when it is."""
    price, list_price = line.get("unit_price"), line.get("list_price")
    if price is None or not list_price or effective(line) <= limit:
        return {}
    floor = list_price * (rules.HUNDRED - limit) / rules.HUNDRED + allowance_of(line)
    if floor > list_price:
        # The allowances alone are too much: a discount as far as it may go takes their place.
        charges = [x for x in line.get("charges") or () if x["kind"] != "allowance"]
        return {"charges": charges, "unit_price": list_price, "discount_pct": limit}
    if price < floor:
        pct = (rules.HUNDRED - rules.HUNDRED * floor / list_price).quantize(Decimal("0.01"), ROUND_DOWN)
        return {"unit_price": list_price, "discount_pct": pct}
    pct = (rules.HUNDRED - rules.HUNDRED * floor / price).quantize(Decimal("0.01"), ROUND_DOWN)
    return {"discount_pct": max(pct, ZERO)}


def source_of(line: Line, price_list: str) -> tuple[str, str] | None:
    """Where the unit price comes from, as two short lines."""
    price, list_price = line.get("unit_price"), line.get("list_price")
    if price is None:
        return None
    if list_price is None:
        return t("sales.price.none"), t("sales.price.list_missing")
    if price != list_price:
        return t("sales.price.own"), t("sales.price.list_is", price=fmt.money(list_price, None))
    tier = line.get("price_from_qty")
    if tier is None:
        return price_list, ""
    if tier > 1:
        return price_list, t("sales.price.from_qty", qty=fmt.quantity(tier))
    return price_list, t("sales.price.each", unit=line.get("unit") or "")


def draft_status(line: Line, before: Decimal) -> Status | None:
    """Availability of a draft's line; ``before`` is what earlier lines take of the same product."""
    if line.get("product_id") is None:
        return None
    if not line.get("is_stocked"):
        return "neutral", t("sales.stock.none_needed")
    free = (line.get("free") or ZERO) - before
    qty = line.get("qty") or ZERO
    if qty > free:
        short = qty - max(free, ZERO)
        words, due = t("sales.stock.missing", qty=fmt.quantity(short)), line.get("expected_on")
        if due is not None and (line.get("expected") or ZERO) >= short:
            words = f"{words} · {t('sales.stock.from', date=short_date(due))}"
        return "bad", words
    if free - qty < qty:
        return "warn", t("sales.stock.scarce", qty=fmt.quantity(free))
    return "ok", t("sales.stock.free", qty=fmt.quantity(free))


def missing(line: Line) -> Decimal:
    """How much of a confirmed order's line is neither shipped nor reserved."""
    if not line.get("is_stocked"):
        return ZERO
    left = (line.get("qty") or ZERO) - (line.get("qty_shipped") or ZERO)
    return max(left - (line.get("reserved") or ZERO), ZERO)


def order_status(line: Line) -> Status | None:
    """How far a line of a confirmed order is."""
    qty, shipped = line.get("qty") or ZERO, line.get("qty_shipped") or ZERO
    left = qty - shipped
    if left <= 0:
        return "ok", t("sales.stock.shipped")
    if not line.get("is_stocked"):
        return "neutral", t("sales.stock.none_needed")
    short = missing(line)
    if short > 0:
        return "bad", t("sales.stock.missing", qty=fmt.quantity(short))
    key = "sales.stock.reserved_rest" if shipped else "sales.stock.reserved"
    return ("ok" if not shipped else "info"), t(key, qty=fmt.quantity(left))


def shortage_words(line: Line, before: Decimal) -> str:
    """What is on its way for a line that is short; empty when nothing is, or it is not short."""
    if not line.get("is_stocked") or line.get("product_id") is None:
        return ""
    free = max((line.get("free") or ZERO) - before, ZERO)
    qty, expected, due = line.get("qty") or ZERO, line.get("expected") or ZERO, line.get("expected_on")
    if qty <= free:
        return ""
    unit = unit_of(line)
    if expected <= 0 or due is None:
        if free <= 0:
            return ""
        return t("sales.stock.part_now", now=fmt.quantity(free, unit))
    on_its_way = t("sales.stock.made", qty=fmt.quantity(expected, unit), date=fmt.date_(due))
    return f"{on_its_way}  {t('sales.stock.part', now=fmt.quantity(free), of=fmt.quantity(qty, unit))}"


def taken_before(lines: Sequence[Line]) -> list[Decimal]:
    """For each line, how much of its product the lines above it take."""
    taken: dict[Any, Decimal] = {}
    result = []
    for line in lines:
        product = line.get("product_id")
        result.append(taken.get(product, ZERO))
        taken[product] = taken.get(product, ZERO) + (line.get("qty") or ZERO)
    return result


def short_date(day: Any) -> str:
    """A day without its year, for narrow cells ("02.12.", "2 Dec")."""
    full = fmt.date_(day)
    return full[:6] if "." in full else full.rsplit(" ", 1)[0]


def summary(lines: Sequence[Line]) -> str:
    """How many lines, how many pieces when all have the same unit."""
    units = {unit_of(line) for line in lines}
    count = t("sales.lines.count", n=len(lines))
    if len(units) != 1 or "" in units:
        return count if lines else ""
    total = sum((line.get("qty") or ZERO for line in lines), ZERO)
    return f"{count} · {fmt.quantity(total, units.pop())}"
