"""Accounts, texts and addresses in words."""

from typing import Any

from app.core.errors import Invalid
from app.core.i18n import has_text, t
from app.services.mail import addresses

KINDS = tuple((kind, f"mail.account.kind.{kind}") for kind in ("outgoing", "incoming"))
SECURITY = tuple((one, f"mail.account.security.{one}") for one in ("starttls", "tls", "none"))
PORTS = {
    ("outgoing", "starttls"): 587,
    ("outgoing", "tls"): 465,
    ("outgoing", "none"): 25,
    ("incoming", "starttls"): 143,
    ("incoming", "tls"): 993,
    ("incoming", "none"): 143,
}
SPEECH = (("de", "shell.language_de"), ("en", "shell.language_en"))
DOCUMENTS = (
    "quote",
    "order_confirmation",
    "delivery_note",
    "invoice",
    "down_payment",
    "partial",
    "final",
    "correction",
    "cancellation",
    "reminder",
    "reminder_1",
    "reminder_2",
    "reminder_3",
    "purchase_order",
)


def document_words(kind: str) -> str:
    """A kind of document in words."""
    for key in (f"mail.kind.{kind}", f"paper.kind.{kind}"):
        if has_text(key):
            return t(key)
    return kind


def addresses_fit(value: Any, _everything: Any) -> Any:
    """A check of a field that takes addresses."""
    try:
        addresses.parse(str(value or ""))
    except Invalid as error:
        return error
    return None
