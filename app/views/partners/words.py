"""Words and chips of customers and suppliers."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import Invalid
from app.services.catalog.rules import check_text

PARTNER, TERM = "partners.partner", "partners.payment_term"
CREATE, UPDATE = "partners.partner:insert", "partners.partner:update"
TERMS, CREDIT = "partner_terms_set", "partner_credit_set"
KINDS = {"b2b": ("neutral", "partners.kind.b2b"), "b2c": ("info", "partners.kind.b2c")}
TREATMENTS = ("domestic", "eu_business", "reverse_charge", "export")
EINVOICES = ("paper", "zugferd_en16931", "zugferd_extended", "xrechnung_cii", "xrechnung_ubl")
LANGUAGES = ("de", "en")
DOCUMENTS = {
    "quote": ("sales.quote", "partners.document.quote"),
    "sales_order": ("sales.sales_order", "partners.document.sales_order"),
    "invoice": ("sales.invoice", "partners.document.invoice"),
}


def ruled(rule: Callable[[Any], object]) -> Callable[[Any, Mapping[str, Any]], Invalid | None]:
    """A service's rule as the check of a field or of a cell."""

    def check(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
        try:
            rule(value)
        except Invalid as wrong:
            return wrong
        return None

    return check


def text_rule(key: str, limit: int) -> Callable[[Any, Mapping[str, Any]], Invalid | None]:
    """The rule of a text that must not be blank."""
    return ruled(lambda value: check_text(value, key, limit))
