"""Words, chips and small rules of the catalogue: the same in lists, panes and forms."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.errors import Invalid
from app.core.i18n import t
from app.services.catalog.forms import form_choices
from app.views.core.remembered import Remembered

CHOICES = Remembered(
    form_choices,
    frozenset(
        {
            "catalog.category",
            "catalog.unit",
            "catalog.tax_class",
            "catalog.price_list",
            "catalog.variant_code",
        }
    ),
)
PRODUCT, FAMILY, PRICE, PRICE_LIST = (
    "catalog.product",
    "catalog.family",
    "catalog.price",
    "catalog.price_list",
)
PRICES, COST, OFFERS = (
    "catalog.price:select",
    "catalog.product_cost:select",
    "purchasing.supplier_price:select",
)
STATUS = {
    "available": ("ok", "stock.status.available"),
    "low": ("warn", "stock.status.low"),
    "short": ("bad", "stock.status.short"),
    "sold_out": ("bad", "stock.status.sold_out"),
    "phase_out": ("neutral", "stock.status.phase_out"),
    "discontinued": ("neutral", "stock.status.discontinued"),
    "placeholder": ("note", "stock.status.placeholder"),
    "not_stocked": ("neutral", "stock.status.not_stocked"),
}
STATES = ("active", "phase_out", "discontinued", "placeholder")
PRICE_STATES = {
    "current": ("ok", "catalog.price.current"),
    "future": ("info", "catalog.price.future"),
    "past": ("neutral", "catalog.price.past"),
}
KINDS = ("retail", "wholesale", "recommended")


def picture_key(row: Any) -> tuple[int, str] | None:
    """What a picture is asked for by."""
    return (row.image_id, row.image_hash) if row.image_id else None


def ruled(rule: Callable[[Any], object]) -> Callable[[Any, Mapping[str, Any]], Invalid | None]:
    """A service's rule as the check of a field."""

    def check(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
        try:
            rule(value)
        except Invalid as wrong:
            return wrong
        return None

    return check


def available_tone(row: Any) -> str:
    """Token colour of what is available."""
    return {"low": "warn", "short": "bad", "sold_out": "bad"}.get(row.status, "")


def price(amount: Decimal | None, currency: str = "EUR") -> str:
    """A price with its currency: two places, more where it has them."""
    if amount is None:
        return fmt.NONE
    if amount == round(amount, 2):
        return fmt.money(amount, currency)
    return f"{fmt.number(amount)} {'€' if currency == 'EUR' else currency}"


def price_state(start: date | None, end: date | None, today: date) -> str:
    """Whether a price holds: current, future or past."""
    if start is not None and start > today:
        return "future"
    return "past" if end is not None and end <= today else "current"


def from_quantity(qty: Decimal) -> str:
    """ "ab 24" """
    return t("catalog.price.from", qty=fmt.quantity(qty))


def period(start: date, end: date | None) -> str:
    """Since when, or from when until when, a price holds."""
    if end is None:
        return t("catalog.price.since", day=fmt.date_(start))
    return t("catalog.price.between", start=fmt.date_(start), end=fmt.date_(end))
