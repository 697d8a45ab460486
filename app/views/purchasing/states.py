"""States of orders, receipts and invoices of suppliers as chips, and how the documents follow each other."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.i18n import t
from app.views.core.form_parts import ChainNode

ORDER, RECEIPT = "purchasing.purchase_order", "purchasing.goods_receipt"
RECEIVING, RETURNING, CONFIRMING = (
    "purchasing.receiving",
    "purchasing.returning",
    "purchasing.confirming",
)
INVOICE, PAYMENT, INCOMING = (
    "purchasing.purchase_invoice",
    "purchasing.purchase_payment",
    "purchasing.received",
)
TOLERANCE = "purchasing.tolerance"
Chips = dict[str, tuple[str, str]]

STATES: Chips = {
    "draft": ("neutral", "purchasing.purchase_order.state.draft"),
    "ordered": ("info", "purchasing.purchase_order.state.ordered"),
    "completed": ("ok", "purchasing.purchase_order.state.completed"),
    "closed": ("neutral", "purchasing.purchase_order.state.closed"),
    "cancelled": ("bad", "purchasing.purchase_order.state.cancelled"),
}
RECEIVED: Chips = {
    "none": ("neutral", "purchasing.purchase_order.receipt_state.none"),
    "partial": ("warn", "purchasing.purchase_order.receipt_state.partial"),
    "full": ("ok", "purchasing.purchase_order.receipt_state.full"),
}
KINDS: Chips = {
    "receipt": ("ok", "purchasing.goods_receipt.kind.receipt"),
    "return": ("warn", "purchasing.goods_receipt.kind.return"),
}
INVOICE_STATES: Chips = {
    "draft": ("neutral", "purchasing.purchase_invoice.state.draft"),
    "entered": ("warn", "purchasing.purchase_invoice.state.entered"),
    "approved": ("info", "purchasing.purchase_invoice.state.approved"),
    "partly_paid": ("info", "purchasing.purchase_invoice.state.partly_paid"),
    "overdue": ("bad", "purchasing.purchase_invoice.state.overdue"),
    "paid": ("ok", "purchasing.purchase_invoice.state.paid"),
    "cancelled": ("neutral", "purchasing.purchase_invoice.state.cancelled"),
    "settled": ("neutral", "purchasing.purchase_invoice.state.settled"),
}
INVOICE_KINDS = (
    ("invoice", "purchasing.invoice.kind.invoice"),
    ("credit", "purchasing.invoice.kind.credit"),
)


def difference_words(code: str, params: Mapping[str, Any], currency: str) -> str:
    """What does not agree, as a sentence."""
    shown = {}
    for key, value in params.items():
        if key in ("price", "agreed"):
            shown[key] = fmt.money(Decimal(str(value)), currency)
        elif key in ("qty", "open"):
            shown[key] = fmt.quantity(Decimal(str(value)))
        elif key == "date":
            shown[key] = fmt.date_(date.fromisoformat(str(value)))
        else:
            shown[key] = value
    return t(f"purchasing.finding.{code}", **shown)


def chip(chips: Chips, state: str) -> tuple[str, str]:
    """A state as (kind, words)."""
    kind, key = chips[state]
    return kind, t(key)


def draft_name(record_id: int | None, number: str | None) -> str:
    """What an order is called: its number, or that it is a draft."""
    return number or t("sales.draft_number", id=record_id)


def order_node(order_id: int, number: str | None, *, here: bool = False) -> ChainNode:
    """An order in the chain."""
    title = draft_name(order_id, number)
    return ChainNode(
        "shopping-cart",
        title,
        t("purchasing.type.order"),
        "present" if here else "done",
        None,
        "" if here else ORDER,
        None if here else order_id,
    )


def receipt_nodes(receipts: Sequence[tuple[int, str, str, str]], here: int | None = None) -> list[ChainNode]:
    """Receipts and returns in the chain, the latest four."""
    return [
        ChainNode(
            "package-check" if kind == "receipt" else "rotate-ccw",
            number,
            f"{t(KINDS[kind][1])} · {fmt.date_(date.fromisoformat(day))}",
            "present" if record == here else "done",
            None,
            RECEIPT,
            record,
        )
        for record, number, kind, day in receipts[-4:]
    ]


def receipt_to_come() -> ChainNode:
    """A receipt that is still to come."""
    return ChainNode("package-check", t("purchasing.type.receipt"), t("purchasing.chain.to_come"), "to_come")


def invoice_node(invoice_id: int, number: str, kind: str, *, here: bool = False) -> ChainNode:
    """An invoice in the chain."""
    return ChainNode(
        "file-x" if kind == "cancellation" else "receipt-text",
        number,
        t(f"purchasing.invoice.kind.{kind}"),
        "present" if here else "done",
        None,
        "" if here else INVOICE,
        None if here else invoice_id,
    )
