"""Documents with everything their screens show beside them, each in one round trip."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.together import ask_together
from app.services.documents.reads import ArchivedRow, archive_question
from app.services.partners.reads import PartnerDetail, PartnerFigures, figures_question, partner_question
from app.services.sales.commands import DraftType
from app.services.sales.forms import (
    CustomerProposal,
    DraftForm,
    draft_of,
    draft_questions,
    proposal_question,
)
from app.services.sales.reads import ChainLink, InvoiceDetail, chain_question, invoice_of, invoice_questions
from app.services.sales.shipping import (
    DeliveryDetail,
    PackedParcel,
    ShippingForm,
    ShippingOrder,
    delivery_of,
    delivery_questions,
    lines_question,
    parcels_question,
    proposed,
)
from app.services.sales.worklists import shipping_question


class CustomerChoice(NamedTuple):
    """A customer with figures, and what a new document for it starts with (None when that was not asked)."""

    partner: PartnerDetail | None
    figures: PartnerFigures | None
    proposal: CustomerProposal | None


class OpenDraft(NamedTuple):
    """A quote or order, its customer, the documents it belongs with and its PDFs."""

    document: DraftForm
    customer: CustomerChoice
    links: list[ChainLink]
    archived: tuple[ArchivedRow, ...]


class OpenInvoice(NamedTuple):
    """An invoice, its customer's figures, the documents it belongs with and its PDFs."""

    invoice: InvoiceDetail
    figures: PartnerFigures | None
    links: list[ChainLink]
    archived: tuple[ArchivedRow, ...]


class OpenDelivery(NamedTuple):
    """A delivery, the documents it belongs with, its PDFs and its parcels."""

    delivery: DeliveryDetail
    links: list[ChainLink]
    archived: tuple[ArchivedRow, ...]
    parcels: tuple[PackedParcel, ...]


class OpenShipping(NamedTuple):
    """An order to ship (None when nothing is left), its lines and where the goods are."""

    order: ShippingOrder | None
    form: ShippingForm


def open_draft(session: Session, kind: DraftType, record_id: int, language: str, today: date) -> OpenDraft:
    """A quote or order for its form.  Raises Refused record_not_found."""
    topic, whose = f"sales.{kind}", _customer_of(kind)
    head, lines, partner, figures, links, archived = ask_together(
        session,
        *draft_questions(topic, record_id, language),
        partner_question(text(f"({whose})").bindparams(document=record_id), language),
        figures_question(session, today, whose, document=record_id),
        chain_question(kind, record_id),
        archive_question(f"sales.{kind}", record_id),
    )
    document = draft_of(topic, record_id, head, lines)
    return OpenDraft(document, CustomerChoice(partner, figures, None), links, archived)


def _customer_of(table: str) -> str:
    return f"SELECT h.customer_id FROM sales.{table} h WHERE h.id = :document"  # noqa: S608  (a fixed name)


def open_invoice(session: Session, invoice_id: int, language: str, today: date) -> OpenInvoice:
    """An invoice for its form.  Raises Refused record_not_found."""
    found, lines, figures, links, archived = ask_together(
        session,
        *invoice_questions(invoice_id, language),
        figures_question(session, today, _customer_of("invoice"), document=invoice_id),
        chain_question("invoice", invoice_id),
        archive_question("sales.invoice", invoice_id),
    )
    return OpenInvoice(invoice_of(invoice_id, found, lines), figures, links, archived)


def open_delivery(session: Session, delivery_id: int, language: str) -> OpenDelivery:
    """A delivery for its form.  Raises Refused record_not_found."""
    found, lines, links, archived, parcels = ask_together(
        session,
        *delivery_questions(delivery_id, language),
        chain_question("delivery", delivery_id),
        archive_question("sales.delivery", delivery_id),
        parcels_question(delivery_id),
    )
    return OpenDelivery(delivery_of(delivery_id, found, lines), links, archived, parcels)


def open_shipping(session: Session, order_id: int, language: str) -> OpenShipping:
    """An order to ship; a second round trip says where the goods are."""
    order, lines = ask_together(session, shipping_question(order_id), lines_question(order_id, language))
    return OpenShipping(order, proposed(session, lines))


def customer_choice(
    session: Session, customer_id: int, language: str, today: date, *, proposal: bool
) -> CustomerChoice:
    """A customer for a form that just got it; one round trip."""
    return CustomerChoice(
        *ask_together(
            session,
            partner_question(customer_id, language),
            figures_question(session, today, ":customer", customer=customer_id),
            proposal_question(customer_id) if proposal else None,
        )
    )
