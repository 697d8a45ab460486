"""Rules of stock that need no database."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from app.core.errors import Invalid

MOST_PLACES = 6
PLACE_KINDS = ("receiving", "storage", "production", "shipping", "blocked")
MOVE_KINDS = (
    "receipt",
    "issue",
    "transfer",
    "adjust_in",
    "adjust_out",
    "ship",
    "return",
    "consume",
    "produce",
    "scrap",
)
# Reasons offered when stock is counted; any other text is as good.
ADJUST_REASONS = ("count", "damage", "loss", "found", "expired")


class Pick(NamedTuple):
    """How much to take of one balance."""

    place_id: int
    lot_id: int | None
    qty: Decimal


def check_quantity(qty: Decimal, decimals: int = MOST_PLACES, *, zero: bool = False) -> Decimal:
    """The quantity, if it can be one: positive (or zero where that means something), no more places than the unit has.

    Raises `Invalid` with the keys the database uses as well.
    """
    if not qty.is_finite() or qty < 0 or (qty == 0 and not zero) or qty >= Decimal(10) ** 12:
        raise Invalid("counted_qty_not_negative" if zero else "move_qty_positive", column="qty", qty=qty)
    if qty != round_up(qty, decimals):
        raise Invalid("quantity_too_precise", column="qty", qty=qty)
    return qty


def round_up(value: Decimal, decimals: int) -> Decimal:
    """The next larger quantity that a unit with so many decimals can express."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_CEILING)


def propose_picks(wanted: Decimal, stock: Iterable[tuple[int, int | None, Decimal]]) -> list[Pick]:
    """Take ``wanted`` from balances (place, lot, quantity) in the order given; less when there is not enough."""
    picks: list[Pick] = []
    for place_id, lot_id, there in stock:
        if wanted <= 0:
            break
        if there > 0:
            picks.append(Pick(place_id, lot_id, min(there, wanted)))
            wanted -= there
    return picks
