"""Sales arithmetic and checks without a database: what a form shows before it asks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from app.core.errors import Invalid

if TYPE_CHECKING:
    from app.services.sales.reads import InvoiceLineRow

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
ZERO = Decimal(0)
_PLACES = {"qty": 6, "unit_price": 4, "discount_pct": 4, "tax_rate": 4}
_LARGEST = {
    "qty": Decimal(10) ** 9,
    "unit_price": Decimal(10) ** 9,
    "discount_pct": HUNDRED,
    "tax_rate": HUNDRED,
}


# Why something is charged or taken off, as EN 16931 knows it (UNTDID 7161 and 5189): what a small manufacturer needs.
REASON_CODES = {
    "charge": ("FC", "PC", "HD", "AAT", "SU", "ABF", "LA", "TAC", "DAN", "ABK"),
    "allowance": ("95", "100", "64", "65", "67", "68", "105", "42"),
}


class Sums(NamedTuple):
    """Totals of a document: net, tax and gross, and (rate, net, tax) per tax rate from the highest down."""

    net: Decimal
    tax: Decimal
    gross: Decimal
    rates: tuple[tuple[Decimal, Decimal, Decimal], ...]


class Charge(NamedTuple):
    """An allowance or a charge (``kind``) on a whole document: ``pct`` of its lines, or an ``amount`` (net)."""

    kind: str
    reason: str
    pct: Decimal | None = None
    amount: Decimal | None = None
    code: str = ""


class Share(NamedTuple):
    """What of a charge falls on the lines of one tax category and rate; ``base`` is what a percentage was of."""

    position: int
    charge: Charge
    category: str | None
    rate: Decimal
    base: Decimal | None
    amount: Decimal


class CashDiscount(NamedTuple):
    """Skonto: whether it is due on that day, its amount, what is left to pay with it; which step, and until when."""

    due: bool
    amount: Decimal
    payable: Decimal
    pct: Decimal = ZERO
    until: date | None = None


class Stock(NamedTuple):
    """What lies at a place, in the order it should be taken."""

    product_id: int
    place_id: int
    lot_id: int | None
    qty: Decimal


class Need(NamedTuple):
    """What a line still needs."""

    line_id: int
    product_id: int
    qty: Decimal


class Taken(NamedTuple):
    """What is proposed to be taken for a line."""

    line_id: int
    place_id: int
    lot_id: int | None
    qty: Decimal


def cents(amount: Decimal) -> Decimal:
    """The amount rounded to two places, halves away from zero, as the database rounds."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def net_amount(
    qty: Decimal,
    unit_price: Decimal,
    discount_pct: Decimal = ZERO,
    charges: Iterable[Mapping[str, Any]] = (),
) -> Decimal:
    """What a line costs without tax, with its allowances and charges as they are stored."""
    return cents(qty * unit_price * (HUNDRED - discount_pct) / HUNDRED) + charge_net(charges)


def charge_net(
    charges: Iterable[Mapping[str, Any]], kinds: tuple[str, ...] = ("charge", "allowance")
) -> Decimal:
    """What the allowances and charges of a line come to; allowances are negative."""
    of_line = (charge for charge in charges_of(charges) if charge.kind in kinds)
    return sum((x.amount or ZERO if x.kind == "charge" else -(x.amount or ZERO) for x in of_line), ZERO)


def charges_part(
    charges: Iterable[Mapping[str, Any]], of: Decimal, qty: Decimal, before: Decimal = ZERO
) -> list[dict[str, Any]]:
    """The share of a line's charges that falls on ``qty`` of its ``of`` pieces when some came ``before`` them, as the
    database splits it."""

    def up_to(charge: Mapping[str, Any], pieces: Decimal) -> Decimal:
        return cents(Decimal(str(charge["amount"])) * pieces / of)

    return [{**x, "amount": up_to(x, before + qty) - up_to(x, before)} for x in charges]


def correction_net(line: "InvoiceLineRow", qty: Decimal) -> Decimal:
    """Net of so many pieces that a correction takes back, as the database says; with the last one goes the rest."""
    charges = charges_part(line.charges, line.qty, qty, line.qty_back)
    net, left = net_amount(qty, line.unit_price, line.discount_pct, charges), line.net_amount - line.net_back
    return left if qty == line.qty - line.qty_back and abs(left - net) <= CENT else net


def sums(lines: Iterable[tuple[Decimal, Decimal]], charges: Sequence[Charge] = ()) -> Sums:
    """Totals from (net amount, tax rate) of the lines; tax is rounded once per rate, on the sum after all charges."""
    by_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
    for (_category, rate), net in after_charges([(net, rate, None) for net, rate in lines], charges).items():
        by_rate[rate] += net
    rates = tuple(
        (rate, net, cents(net * rate / HUNDRED)) for rate, net in sorted(by_rate.items(), reverse=True)
    )
    net, tax = sum((r[1] for r in rates), ZERO), sum((r[2] for r in rates), ZERO)
    return Sums(net, tax, net + tax, rates)


Group = tuple[str | None, Decimal]


def groups_of(lines: Iterable[tuple[Decimal, Decimal, str | None]]) -> dict[Group, Decimal]:
    """Net of lines (net amount, tax rate, tax category) per category and rate."""
    found: dict[Group, Decimal] = defaultdict(Decimal)
    for net, rate, category in lines:
        found[category, rate.normalize()] += net
    return found


def shares(groups: Mapping[Group, Decimal], charges: Sequence[Charge]) -> list[Share]:
    """Charges shared out over the groups as the database does it: a percentage of each group, an amount as the groups
    stand to each other, what rounding leaves of it to the group with the most."""
    order = sorted(groups, key=lambda group: (-groups[group], -group[1], group[0] or "~"))
    total = sum(groups.values(), ZERO)
    found: list[Share] = []
    for position, charge in enumerate(charges, 1):
        if charge.pct is not None:
            parts = [cents(groups[group] * charge.pct / HUNDRED) for group in order]
        else:
            whole = charge.amount or ZERO
            parts = [cents(whole * groups[group] / total) if total else ZERO for group in order]
            if parts:
                parts[0] = whole - sum(parts[1:], ZERO)
        found += [
            Share(
                position, charge, group[0], group[1], groups[group] if charge.pct is not None else None, part
            )
            for group, part in zip(order, parts, strict=True)
            if part
        ]
    return found


def after_charges(
    lines: Iterable[tuple[Decimal, Decimal, str | None]], charges: Sequence[Charge]
) -> dict[Group, Decimal]:
    """Net per tax category and rate of lines (net amount, rate, category) with all allowances and charges."""
    groups = groups_of(lines)
    found = dict(groups)
    for share in shares(groups, charges):
        group = (share.category, share.rate)
        found[group] += share.amount if share.charge.kind == "charge" else -share.amount
    return found


def charges_of(stored: Iterable[Mapping[str, Any]]) -> tuple[Charge, ...]:
    """The charges of a quote or order as the database keeps them."""

    def number(value: Any) -> Decimal | None:
        return None if value in (None, "") else Decimal(str(value))

    return tuple(
        Charge(x["kind"], x["reason"], number(x.get("pct")), number(x.get("amount")), x.get("code") or "")
        for x in stored
    )


def check_charges(charges: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Allowances and charges {kind, reason, code, pct or amount} as they are stored.

    Raises `Invalid` charges_malformed with ``position`` (from 1).
    """
    found: list[dict[str, str]] = []
    for position, charge in enumerate(charges_of(charges), 1):
        value, places = (charge.amount, 2) if charge.pct is None else (charge.pct, 4)
        reason = charge.reason.strip()
        if (
            charge.kind not in ("allowance", "charge")
            or not 1 <= len(reason) <= 140
            or (charge.pct is None) == (charge.amount is None)
            or value is None
            or not value.is_finite()
            or not 0 < value <= (HUNDRED if charge.pct is not None else _LARGEST["unit_price"] - 1)
            or value != round(value, places)
        ):
            raise Invalid("charges_malformed", column="charges", position=position)
        kept = {"kind": charge.kind, "reason": reason, "code": charge.code}
        kept["amount" if charge.pct is None else "pct"] = f"{value.normalize():f}"
        found.append({key: word for key, word in kept.items() if word})
    return found


def check_line_charges(charges: Iterable[Mapping[str, Any]], position: int) -> list[dict[str, str]]:
    """Allowances and charges of a line {kind, reason, code, amount} as they are stored.

    Raises `Invalid` line_charges_malformed with ``position``, the line's.
    """
    try:
        found = check_charges(charges)
    except Invalid as error:
        raise Invalid("line_charges_malformed", column="charges", position=position) from error
    if any("pct" in charge for charge in found):
        raise Invalid("line_charges_malformed", column="charges", position=position)
    return found


def effective_discount(
    unit_price: Decimal, discount_pct: Decimal, list_price: Decimal | None, allowance: Decimal = ZERO
) -> Decimal:
    """Discount against the list price in percent, wherever it hides; 0 without a list price or above it.

    ``allowance`` is what allowances on the line take off each piece.
    """
    if not list_price:
        return ZERO
    pct = HUNDRED - (unit_price * (HUNDRED - discount_pct) - allowance * HUNDRED) / list_price
    return max(pct.quantize(Decimal("0.0001"), ROUND_HALF_UP), ZERO)


def cash_discount(
    gross: Decimal,
    open_amount: Decimal,
    pct: Decimal,
    until: date | None,
    paid_on: date,
    second: tuple[Decimal, date | None] = (ZERO, None),
) -> CashDiscount:
    """Skonto on an invoice when paid on that day; ``second`` is the step (percent, until) for those who take longer."""
    if second[0] and (until is None or paid_on > until):
        pct, until = second
    if not pct or until is None or paid_on > until:
        return CashDiscount(False, ZERO, open_amount, pct, until)
    amount = cents(gross * pct / HUNDRED)
    if amount > open_amount:
        return CashDiscount(False, ZERO, open_amount, pct, until)
    return CashDiscount(True, amount, open_amount - amount, pct, until)


def allocate(needs: Sequence[Need], stock: Sequence[Stock]) -> list[Taken]:
    """Cover the needs from stock in the order both are given; what cannot be covered is left out."""
    left = [place.qty for place in stock]
    found: list[Taken] = []
    for need in needs:
        missing = need.qty
        for index, place in enumerate(stock):
            if place.product_id != need.product_id or left[index] <= 0 or missing <= 0:
                continue
            taken = min(missing, left[index])
            left[index] -= taken
            missing -= taken
            found.append(Taken(need.line_id, place.place_id, place.lot_id, taken))
    return found


def check_line(position: int, line: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a line as they are stored.  Raises `Invalid` with ``column`` and ``position``."""
    if line.get("product_id") is None:
        raise Invalid("required", column="product_id", position=position)
    values: dict[str, Any] = {
        "id": line.get("id"),
        "position": position,
        "product_id": line["product_id"],
        "description": (line.get("description") or "").strip(),
    }
    if not 1 <= len(values["description"]) <= 400:
        raise Invalid("line_description_length", column="description", position=position)
    for column, places in _PLACES.items():
        value = line.get(column, ZERO) if column == "discount_pct" else line.get(column)
        if value is None:
            raise Invalid("required", column=column, position=position)
        number = Decimal(value)
        if (
            not number.is_finite()
            or number < 0
            or number > _LARGEST[column]
            or (column == "qty" and not number)
        ):
            raise Invalid(f"line_{column}_range", column=column, position=position)
        if number != round(number, places):
            raise Invalid("number_too_precise", column=column, position=position, places=places)
        values[column] = number
    values["charges"] = check_line_charges(line.get("charges") or (), position)
    return values


def number_candidates(
    typed: str, year: int, known: tuple[str, ...] = ("AN", "AU", "LS", "RE")
) -> tuple[str, ...]:
    """Full document numbers a short form may mean: "12" is AU-2026-00012 and its like, "RE 12" only the invoice."""
    text = typed.strip().upper().replace(" ", "")
    prefix = next((p for p in known if text.startswith(p)), "")
    rest = text[len(prefix) :].strip("-")
    parts = rest.split("-")
    if not all(part.isdigit() for part in parts) or len(parts) > 2 or len(parts[-1]) > 9:
        return ()
    years = [int(parts[0])] if len(parts) == 2 and len(parts[0]) == 4 else [year, year - 1]
    prefixes = [prefix] if prefix else list(known)
    return tuple(f"{p}-{y}-{int(parts[-1]):05d}" for p in prefixes for y in years)
