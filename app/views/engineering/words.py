"""Words and chips of bills of materials."""

from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.i18n import t

BOM = "engineering.bom"
COST = "catalog.product_cost:select"
PRODUCT = "catalog.product"
STATES = {
    "draft": ("neutral", "bom.state.draft"),
    "approved": ("ok", "bom.state.approved"),
    "retired": ("bad", "bom.state.retired"),
}
SOURCES = {
    "made": ("accent", "bom.source.made"),
    "bought": ("neutral", "bom.source.bought"),
    "service": ("info", "bom.source.service"),
}
TENTH = Decimal(10)


def state_chip(row: Any) -> tuple[str, str]:
    """The chip of a version; an approved one that is not effective today says so."""
    if row.state == "approved" and not row.is_effective:
        return "info", t("bom.state.not_now")
    kind, words = STATES[row.state]
    return kind, t(words)


def short_words(missing: Decimal, unit: str = "") -> str:
    """ "32 fehlen"; an en dash when nothing is missing."""
    return (
        t("bom.short", n=1 if missing == 1 else 2, amount=fmt.quantity(missing, unit))
        if missing > 0
        else fmt.NONE
    )


def short_tone(missing: Decimal, need: Decimal) -> str:
    """A small part missing is a warning, more is bad."""
    if missing <= 0:
        return "text3"
    return "warn" if missing * TENTH <= need else "bad"
