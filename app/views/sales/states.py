"""States of sales documents as chips: (kind, text key), the same in lists, panes, chain and forms."""

from app.core.i18n import t

Chips = dict[str, tuple[str, str]]

QUOTE: Chips = {
    "draft": ("neutral", "sales.quote.state.draft"),
    "issued": ("info", "sales.quote.state.issued"),
    "accepted": ("ok", "sales.quote.state.accepted"),
    "rejected": ("bad", "sales.quote.state.rejected"),
}
ORDER: Chips = {
    "draft": ("neutral", "sales.order.state.draft"),
    "confirmed": ("info", "sales.order.state.confirmed"),
    "completed": ("ok", "sales.order.state.completed"),
    "cancelled": ("bad", "sales.order.state.cancelled"),
}
SHIPPED: Chips = {
    "none": ("neutral", "sales.shipped.none"),
    "partial": ("warn", "sales.shipped.partial"),
    "full": ("ok", "sales.shipped.full"),
}
INVOICED: Chips = {
    "none": ("neutral", "sales.invoiced.none"),
    "partial": ("warn", "sales.invoiced.partial"),
    "full": ("ok", "sales.invoiced.full"),
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
APPROVAL: Chips = {
    "requested": ("warn", "sales.approval.state.requested"),
    "approved": ("ok", "sales.approval.state.approved"),
    "rejected": ("bad", "sales.approval.state.rejected"),
}
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


def draft_name(record_id: int | None, number: str | None) -> str:
    """What a document is called: its number, or that it is a draft."""
    return number or t("sales.draft_number", id=record_id)
