"""States of sales documents as chips: (kind, text key), the same in lists, panes, chain and forms."""

from app.core.i18n import t

Chips = dict[str, tuple[str, str]]
# The kinds of invoices, in the order of an order's life.
KINDS = ("invoice", "down_payment", "partial", "final", "correction", "cancellation")

QUOTE: Chips = {
    "draft": ("neutral", "sales.quote.state.draft"),
    "issued": ("info", "sales.quote.state.issued"),
    "accepted": ("ok", "sales.quote.state.accepted"),
    "rejected": ("bad", "sales.quote.state.rejected"),
}
ORDER: Chips = {
    "draft": ("neutral", "sales.sales_order.state.draft"),
    "confirmed": ("info", "sales.sales_order.state.confirmed"),
    "completed": ("ok", "sales.sales_order.state.completed"),
    "cancelled": ("bad", "sales.sales_order.state.cancelled"),
}
# How far an order is, in one word: its state, and once confirmed what was shipped of it.
PROGRESS: Chips = {
    **ORDER,
    "partial": ("warn", "sales.sales_order.delivery_state.partial"),
    "full": ("ok", "sales.sales_order.delivery_state.full"),
}
SHIPPED: Chips = {
    "none": ("neutral", "sales.sales_order.delivery_state.none"),
    "partial": ("warn", "sales.sales_order.delivery_state.partial"),
    "full": ("ok", "sales.sales_order.delivery_state.full"),
}
INVOICED: Chips = {
    "none": ("neutral", "sales.sales_order.invoice_state.none"),
    "partial": ("warn", "sales.sales_order.invoice_state.partial"),
    "full": ("ok", "sales.sales_order.invoice_state.full"),
}
DELIVERY: Chips = {"shipped": ("ok", "sales.delivery.state.shipped")}
INVOICE: Chips = {
    "open": ("info", "sales.invoice.state.open"),
    "overdue": ("bad", "sales.invoice.state.overdue"),
    "paid": ("ok", "sales.invoice.state.paid"),
    "cancelled": ("bad", "sales.invoice.state.cancelled"),
    "settled": ("neutral", "sales.invoice.state.settled"),
}
PAYMENT: Chips = {"posted": ("ok", "sales.payment.state.posted")}
APPROVAL: Chips = {"open": ("warn", "approval.state.open")}
BY_TYPE: dict[str, Chips] = {
    "quote": QUOTE,
    "sales_order": ORDER,
    "delivery": DELIVERY,
    "invoice": INVOICE,
    "cancellation": INVOICE,
    "payment": PAYMENT,
}
ICONS = {
    "quote": "file-text",
    "sales_order": "receipt-text",
    "delivery": "truck",
    "invoice": "landmark",
    "cancellation": "landmark",
    "payment": "banknote",
}
TOPICS = {
    "quote": "sales.quote",
    "sales_order": "sales.sales_order",
    "delivery": "sales.delivery",
    "invoice": "sales.invoice",
    "cancellation": "sales.invoice",
}


def chip(chips: Chips, state: str) -> tuple[str, str]:
    """A state as (kind, words)."""
    kind, key = chips.get(state, ("neutral", state))
    return kind, t(key)


def progress(state: str, delivery_state: str) -> str:
    """Key of `PROGRESS` for an order."""
    return delivery_state if state == "confirmed" and delivery_state != "none" else state


def draft_name(record_id: int | None, number: str | None) -> str:
    """What a document is called: its number, or that it is a draft."""
    return number or t("sales.draft_number", id=record_id)
