"""The lines of a supplier's invoice as a table: what it asks for, what it is matched with, whether that agrees."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.core.errors import Invalid
from app.services.purchasing.invoices import OpenHit, as_line, search_open
from app.views.core.lines import LineColumn, LinesSpec

ZERO, CENT = Decimal(0), Decimal("0.01")
CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O")


def amount(qty: Decimal, price: Decimal) -> Decimal:
    """Quantity times price, in cents."""
    return (qty * price).quantize(CENT, ROUND_HALF_UP)


def _picked(hit: OpenHit) -> Mapping[str, Any]:
    return as_line(hit.line)


def _not_zero(value: Any, _line: Mapping[str, Any]) -> Invalid | None:
    return Invalid("purchase_invoice_line_qty", position="") if value == 0 else None


LINES = LinesSpec(
    columns=(
        LineColumn("position", "sales.line.position", "position", 44, stored=False),
        LineColumn(
            "purchase_order_line_id",
            "purchasing.invoice.line.order",
            "lookup",
            122,
            122,
            editable=True,
            text_key="order_line",
        ),
        LineColumn(
            "description",
            "sales.line.description",
            "text",
            0,
            editable=True,
            required=True,
            max_length=400,
            style="body500",
            least=124,
        ),
        LineColumn("qty", "sales.line.qty", "quantity", 66, editable=True, required=True, validate=_not_zero),
        LineColumn("unit_code", "sales.line.unit", "text", 62, editable=True, max_length=12, text_key="unit"),
        LineColumn(
            "unit_price",
            "sales.line.price",
            "money",
            88,
            88,
            editable=True,
            required=True,
            minimum=ZERO,
            places=4,
        ),
        LineColumn("net_amount", "sales.line.net", "money", 96, 96, editable=True, style="body600"),
        LineColumn("tax_rate", "sales.line.tax", "percent", 60, editable=True, required=True, minimum=ZERO),
        LineColumn(
            "tax_category",
            "purchasing.invoice.line.category",
            "choice",
            100,
            editable=True,
            required=True,
            choices=tuple((code, f"purchasing.category.{code}") for code in CATEGORIES),
        ),
        LineColumn("match", "purchasing.invoice.line.match", "status", 136, 136, stored=False),
        LineColumn(
            "accept_reason", "purchasing.invoice.line.reason", "text", 112, editable=True, max_length=200
        ),
        LineColumn("product_id", "catalog.column.sku", stored=True, shown=False),
        LineColumn("supplier_sku", "purchasing.line.supplier_sku", stored=True, shown=False),
    ),
    find=search_open,
    picked=_picked,
    defaults=(("qty", Decimal(1)), ("tax_rate", Decimal(19)), ("tax_category", "S")),
    placeholder="purchasing.invoice.line.placeholder",
    after_lookup="qty",
)
