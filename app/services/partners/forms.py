"""What the screens of partners read beyond the partner itself: its form, its documents, lists beside it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Refused
from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.core.together import Question
from app.models.partners import Partner, PaymentTerm
from app.services.partners.reads import AddressLine, ContactLine, PartnerFigures, figures_days, figures_sql
from app.services.visible import may_read


class PartnerForm(NamedTuple):
    """A partner as its form shows it.

    ``price_list`` and ``payment_term`` are the words of their ids, ``figures`` what a customer owes and brings.
    """

    id: int
    row_version: int
    number: str
    name: str
    is_customer: bool
    is_supplier: bool
    is_active: bool
    kind: str
    language: str
    vat_id: str | None
    tax_treatment: str
    einvoice_format: str
    buyer_reference: str | None
    electronic_address: str | None
    electronic_address_scheme: str
    payment_term_id: int | None
    payment_term: str | None
    price_list_id: int | None
    price_list: str | None
    credit_limit: Decimal | None
    is_delivery_blocked: bool
    block_reason: str | None
    email: str | None
    phone: str | None
    website: str | None
    remark: str | None
    addresses: Sequence[AddressLine]
    contacts: Sequence[ContactLine]
    updated_at: datetime
    updated_by_name: str | None
    figures: PartnerFigures | None


class DocumentRow(NamedTuple):
    """A document of a partner.  ``kind`` is quote, sales_order or invoice; ``amount`` is gross."""

    kind: str
    id: int
    number: str | None
    day: date
    state: str
    amount: Decimal | None


class TermRow(NamedTuple):
    """A payment term with how many partners have it."""

    id: int
    code: str
    name_de: str
    name_en: str
    net_days: int
    discount_days: int
    discount_pct: Decimal
    discount2_days: int
    discount2_pct: Decimal
    partners: int


class PartnerChoices(NamedTuple):
    """What a partner form offers to choose from: (id, name) pairs."""

    terms: tuple[tuple[int, str], ...]
    price_lists: tuple[tuple[int, str], ...]


_FORM = """
SELECT p.id, p.row_version, p.number, p.name, p.is_customer, p.is_supplier, p.is_active, p.kind, p.language, p.vat_id,
       p.tax_treatment, p.einvoice_format, p.buyer_reference, p.electronic_address, p.electronic_address_scheme,
       p.payment_term_id, CASE :lang WHEN 'en' THEN t.name_en ELSE t.name_de END AS payment_term,
       p.price_list_id, CASE :lang WHEN 'en' THEN l.name_en ELSE l.name_de END AS price_list,
       p.credit_limit, p.is_delivery_blocked, p.block_reason, p.email, p.phone, p.website, p.remark,
       (SELECT jsonb_agg(jsonb_build_array(a.id, a.row_version, a.kind, a.is_default, a.name, a.street, a.street2,
                 a.postcode, a.city, a.region, a.country) ORDER BY a.kind, a.is_default DESC, a.id)
          FROM partners.address a WHERE a.partner_id = p.id) AS addresses,
       (SELECT jsonb_agg(jsonb_build_array(c.id, c.row_version, c.salutation, c.name, c.role, c.email, c.phone)
                 ORDER BY c.id)
          FROM partners.contact c WHERE c.partner_id = p.id) AS contacts,
       p.updated_at, (SELECT n.person FROM sec.people() n WHERE n.login = p.updated_by) AS updated_by_name,
       CASE WHEN p.is_customer THEN (SELECT to_jsonb(f) FROM ({figures}) f) END AS figures
  FROM partners.partner p
  LEFT JOIN partners.payment_term t ON t.id = p.payment_term_id
  LEFT JOIN catalog.price_list l ON l.id = p.price_list_id
 WHERE p.id = :id
"""


def load_partner(session: Session, partner_id: int, language: str = "de") -> PartnerForm:
    """A partner for its form, in one statement.  Raises `Refused` when it does not exist."""
    statement = text(_FORM.format(figures=figures_sql(session)))
    days = figures_days(partner_id, clock.today())
    row = session.execute(statement, {**days, "lang": language}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="partners.partner", id=partner_id)
    values = dict(row)
    values["figures"] = _figures(values["figures"]) if values["figures"] else None
    values["addresses"] = tuple(AddressLine._make(item) for item in values["addresses"] or ())
    values["contacts"] = tuple(ContactLine._make(item) for item in values["contacts"] or ())
    return PartnerForm(**values)


def _figures(found: Mapping[str, Any]) -> PartnerFigures:
    amounts = ("open_items", "overdue", "open_orders", "credit_limit", "revenue", "revenue_before")
    values: dict[str, Any] = {name: found.get(name) for name in PartnerFigures._fields}
    for name in amounts:
        if values[name] is not None:
            values[name] = Decimal(values[name])
    if values["last_order_date"] is not None:
        values["last_order_date"] = date.fromisoformat(values["last_order_date"])
    return PartnerFigures(**values)


_DOCUMENTS = {
    "sales.quote": """
SELECT 'quote' AS kind, id, number, quote_date AS day, state, round(gross_amount / exchange_rate, 2) AS amount
  FROM sales.quote WHERE customer_id = :id""",
    "sales.sales_order": """
SELECT 'sales_order', id, number, order_date, state, round(gross_amount / exchange_rate, 2)
  FROM sales.sales_order WHERE customer_id = :id""",
    "sales.invoice": """
SELECT 'invoice', id, number, invoice_date, state, own_gross_amount FROM sales.invoice WHERE customer_id = :id""",
}


def documents_question(
    session: Session, partner_id: int, limit: int = 20
) -> Question[list[DocumentRow]] | None:
    """Asks for the newest quotes, orders and invoices of a customer, as far as the reader may see them."""
    parts = [part for table, part in _DOCUMENTS.items() if may_read(session, table)]
    if not parts:
        return None
    statement = text(
        f"SELECT kind, id, number, day, state, amount FROM ({' UNION ALL '.join(parts)})"  # noqa: S608
        " AS d (kind, id, number, day, state, amount) ORDER BY day DESC, id DESC LIMIT :most"
    )
    values = {"id": partner_id, "most": limit}
    return Question(statement, lambda rows: [DocumentRow._make(row) for row in rows], values)


_CHOICES = text("""
SELECT 'term', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END AS name, net_days AS rank
  FROM partners.payment_term
UNION ALL
SELECT 'list', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END, 0 FROM catalog.price_list
 ORDER BY 4, 3
""")


def partner_choices(session: Session, language: str = "de") -> PartnerChoices:
    """Payment terms and price lists in one statement."""
    rows = session.execute(_CHOICES, {"lang": language}).all()
    terms = tuple((row[1], row[2]) for row in rows if row[0] == "term")
    return PartnerChoices(terms, tuple((row[1], row[2]) for row in rows if row[0] == "list"))


def count_blocked(session: Session) -> int:
    """Customers who get nothing delivered."""
    return count_rows(session, select(Partner.id).where(Partner.is_delivery_blocked))


def partner_counts(session: Session) -> dict[str, int]:
    """The numbers over the list of customers."""
    return {"blocked": count_blocked(session)}


def list_payment_terms(session: Session, query: ListQuery) -> Page:
    """Rows of `TermRow`."""
    used = (
        select(func.count())
        .where(Partner.payment_term_id == PaymentTerm.id)
        .correlate(PaymentTerm)
        .scalar_subquery()
    )
    names = [name for name in TermRow._fields if name != "partners"]
    columns: dict[str, Any] = {name: getattr(PaymentTerm, name) for name in names} | {"partners": used}
    statement = select(*[columns[name] for name in names], used.label("partners"))
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=TermRow)


_TERM = text("""
SELECT t.id, t.row_version, t.code, t.name_de, t.name_en, t.net_days::numeric AS net_days,
       t.discount_days::numeric AS discount_days, t.discount_pct,
       t.discount2_days::numeric AS discount2_days, t.discount2_pct, t.updated_at,
       (SELECT n.person FROM sec.people() n WHERE n.login = t.updated_by) AS updated_by_name
  FROM partners.payment_term t WHERE t.id = :id
""")


def load_payment_term(session: Session, term_id: int, _language: str = "de") -> Mapping[str, Any]:
    """A payment term for its form.  Raises `Refused` when it does not exist."""
    row = session.execute(_TERM, {"id": term_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="partners.payment_term", id=term_id)
    return dict(row)
