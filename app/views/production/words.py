"""Words and chips of work orders."""

from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.i18n import t

ORDER = "production.work_order"
PRODUCT = "catalog.product"
BOM = "engineering.bom"
COST = "production.work_order_cost:select"
STATES = {
    "released": ("info", "work_order.state.released"),
    "started": ("accent", "work_order.state.started"),
    "completed": ("ok", "work_order.state.completed"),
    "cancelled": ("bad", "work_order.state.cancelled"),
}
OPEN = ("released", "started")
ZERO = Decimal(0)


def state_chip(state: str) -> tuple[str, str]:
    """The chip of a state, in words."""
    kind, words = STATES[state]
    return kind, t(words)


def chips(row: Any) -> list[tuple[str, str]]:
    """State, and what is wrong with an open order."""
    found = [state_chip(row.state)]
    if row.is_short:
        found.append(("bad", t("work_order.is_short")))
    if row.is_late:
        found.append(("warn", t("work_order.is_late")))
    return found


def progress(row: Any) -> list[tuple[float, str]]:
    """Good and scrapped pieces as shares of the quantity."""
    if not row.qty:
        return []
    return [(float(row.qty_good / row.qty), "accent"), (float(row.qty_scrap / row.qty), "warn_solid")]


def done_words(row: Any) -> str:
    """ "8 von 10 Stk" and the scrap."""
    words = t("work_order.done_of", done=fmt.number(row.qty_good), qty=fmt.quantity(row.qty, row.unit))
    if row.qty_scrap > 0:
        words += " · " + t("work_order.scrapped", qty=fmt.number(row.qty_scrap))
    return words


def short_words(missing: Decimal) -> str:
    """ "3 fehlen"."""
    return t("bom.short", n=1 if missing == 1 else 2, amount=fmt.number(missing))


def left(row: Any) -> Decimal:
    """What is still to report."""
    rest: Decimal = row.qty - row.qty_good - row.qty_scrap
    return max(ZERO, rest)


def picture(row: Any) -> tuple[int, str] | None:
    """The key of a row's product picture."""
    return (row.image_id, row.image_hash) if row.image_id and row.image_hash else None
