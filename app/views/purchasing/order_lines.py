"""The lines of a purchase order as a table: articles that are bought, at the supplier's price."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid
from app.services.catalog.reads import search_products
from app.views.core.lines import LineColumn, LinesSpec

ZERO, ONE = Decimal(0), Decimal(1)


def find_bought(session: Any, typed: str, limit: int = 8, language: str = "de") -> Any:
    """Products that are bought, found while typing."""
    return search_products(session, typed, limit, language, "bought")


def _resolve(session: Any, codes: Sequence[str], language: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in dict.fromkeys(codes):
        for hit in find_bought(session, code, 3, language):
            if hit.sku.casefold() == code.strip().casefold():
                found[code] = hit
    return found


def _picked(hit: Any) -> Mapping[str, Any]:
    return {
        "product_id": hit.id,
        "sku": hit.sku,
        "description": hit.name,
        "unit": hit.unit,
        "decimals": hit.decimals,
    }


def _fits_unit(qty: Any, line: Mapping[str, Any]) -> Invalid | None:
    places = line.get("decimals")
    if qty is None or places is None or qty == round(qty, places):
        return None
    return Invalid("line_too_precise", unit=line.get("unit") or "", places=places)


LINES = LinesSpec(
    columns=(
        LineColumn("position", "sales.line.position", "position", 44, stored=False),
        LineColumn(
            "product_id", "sales.line.sku", "lookup", 96, editable=True, required=True, text_key="sku"
        ),
        LineColumn(
            "description", "sales.line.description", "text", 0, editable=True, required=True, style="body500"
        ),
        LineColumn("supplier_sku", "purchasing.line.supplier_sku", "text", 100, editable=True, max_length=60),
        LineColumn(
            "qty",
            "sales.line.qty",
            "quantity",
            66,
            editable=True,
            required=True,
            above=ZERO,
            validate=_fits_unit,
        ),
        LineColumn("unit", "sales.line.unit", "text", 54, stored=False),
        LineColumn(
            "unit_price",
            "sales.line.price",
            "money",
            76,
            editable=True,
            required=True,
            minimum=ZERO,
            places=4,
        ),
        LineColumn("expected_date", "purchasing.line.expected", "date", 96, editable=True),
        LineColumn("received", "purchasing.line.received", "status", 132, stored=False),
        LineColumn("net_amount", "sales.line.net", "money", 86, stored=False, style="body600"),
    ),
    find=find_bought,
    picked=_picked,
    resolve=_resolve,
    paste=("product_id", "qty", "unit_price"),
    defaults=(("qty", ONE),),
    after_lookup="qty",
)
