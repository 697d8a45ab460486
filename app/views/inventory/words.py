"""Words and chips of stock: the same in lists, panes and postings."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.i18n import t

STATUS = {
    "ok": ("ok", "stock.row.ok"),
    "low": ("warn", "stock.row.low"),
    "short": ("bad", "stock.row.short"),
    "empty": ("neutral", "stock.row.empty"),
}
MOVES = {
    "receipt": ("ok", "stock.move.receipt"),
    "issue": ("neutral", "stock.move.issue"),
    "transfer": ("info", "stock.move.transfer"),
    "adjust_in": ("warn", "stock.move.adjust_in"),
    "adjust_out": ("warn", "stock.move.adjust_out"),
    "ship": ("neutral", "stock.move.ship"),
    "return": ("note", "stock.move.return"),
    "consume": ("accent", "stock.move.consume"),
    "produce": ("ok", "stock.move.produce"),
    "scrap": ("bad", "stock.move.scrap"),
}
PLACES = {
    "receiving": ("info", "place.kind.receiving"),
    "storage": ("neutral", "place.kind.storage"),
    "production": ("accent", "place.kind.production"),
    "shipping": ("info", "place.kind.shipping"),
    "blocked": ("bad", "place.kind.blocked"),
}
INCOMING = frozenset({"receipt", "adjust_in", "return", "produce"})
COST = "catalog.product_cost:select"
PRODUCT = "catalog.product"


def kind_choices(chips: dict[str, tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Chips as choices of a filter."""
    return tuple((value, words) for value, (_kind, words) in chips.items())


def amount(value: Decimal, unit: str = "") -> str:
    """A quantity with its unit."""
    return fmt.quantity(value, unit)


def way(row: Any) -> str:
    """Where a move went: "SC4711 → LD0033", or the one place it has."""
    source, target = row.from_place, row.to_place
    if source and target:
        return f"{source} → {target}"
    return target or source or fmt.NONE


def signed(row: Any) -> str:
    """A move's quantity with its sign; a transfer has none."""
    number = fmt.number(row.qty)
    if row.kind == "transfer":
        return number
    return f"+{number}" if row.kind in INCOMING else f"{fmt.MINUS}{number}"


def expiry(day: date | None, today: date) -> str:
    """The token colour of an expiry date."""
    if day is None:
        return ""
    return "bad" if day < today else "warn" if day <= today + timedelta(days=30) else ""


def free_words(free: Decimal, unit: str) -> str:
    """ "212 frei" in words."""
    return t("stock.free_words", amount=amount(free, unit))
