"""Kinds of documents in words."""

from app.core.i18n import has_text, t

KINDS = (
    "quote",
    "order_confirmation",
    "picking_list",
    "delivery_note",
    "packing_list",
    "invoice",
    "down_payment",
    "partial",
    "final",
    "correction",
    "cancellation",
    "reminder",
    "purchase_order",
    "goods_receipt",
    "return_slip",
    "received_invoice",
    "work_order",
    "material_list",
    "count_sheet",
    "stock_valuation",
    "qc_report",
    "price_list",
    "datev_export",
)


def kind_in_words(kind: str) -> str:
    """What a kind of document is called; its code when it has no name."""
    key = f"paper.kind.{kind}"
    return t(key) if has_text(key) else kind
