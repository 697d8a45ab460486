"""What the palette finds of sales: documents by number or customer, one kind at a time."""

from collections.abc import Sequence
from typing import Any

from app.services.sales.reads import search_documents
from app.views.sales.states import BY_TYPE

Hit = tuple[int, str, str, tuple[str, str] | None]


def _find(session: Any, text: str, limit: int, topic: str) -> Sequence[Hit]:
    chips = BY_TYPE[topic.removeprefix("sales.")]
    found = search_documents(session, text, limit, (topic,))
    return [(hit.id, hit.title, hit.subtitle, chips.get(hit.state)) for hit in found]


def quotes(session: Any, text: str, limit: int, _language: str) -> Sequence[Hit]:
    """Quotes by number or customer."""
    return _find(session, text, limit, "sales.quote")


def orders(session: Any, text: str, limit: int, _language: str) -> Sequence[Hit]:
    """Orders by number or customer."""
    return _find(session, text, limit, "sales.sales_order")


def deliveries(session: Any, text: str, limit: int, _language: str) -> Sequence[Hit]:
    """Deliveries by number or customer."""
    return _find(session, text, limit, "sales.delivery")


def invoices(session: Any, text: str, limit: int, _language: str) -> Sequence[Hit]:
    """Invoices by number or customer."""
    return _find(session, text, limit, "sales.invoice")
