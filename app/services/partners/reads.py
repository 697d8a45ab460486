"""What screens show of customers and suppliers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, column, func, select, text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.core.together import Question, ask
from app.models.catalog import PriceList
from app.models.partners import Address, Contact, Partner, PaymentTerm
from app.services.visible import may_read


class PartnerRow(NamedTuple):
    """A partner in the list, with its default billing address."""

    id: int
    number: str
    name: str
    kind: str
    is_customer: bool
    is_supplier: bool
    postcode: str | None
    city: str | None
    country: str | None
    payment_term: str | None
    price_list: str | None
    language: str
    vat_id: str | None
    tax_treatment: str
    email: str | None
    phone: str | None
    credit_limit: Decimal | None
    is_delivery_blocked: bool
    is_active: bool


class PartnerHit(NamedTuple):
    """A partner found while typing, with what an order takes over from it.  ``chip`` marks a delivery block."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str] | None
    number: str
    name: str
    language: str
    kind: str
    tax_treatment: str
    price_list_id: int | None
    payment_term_id: int | None
    is_delivery_blocked: bool


class AddressLine(NamedTuple):
    """A postal address."""

    id: int
    row_version: int
    kind: str
    is_default: bool
    name: str | None
    street: str
    street2: str | None
    postcode: str
    city: str
    region: str | None
    country: str

    @property
    def line(self) -> str:
        """The address in one line."""
        return f"{self.street}, {self.postcode} {self.city}"


class ContactLine(NamedTuple):
    """A person at the partner."""

    id: int
    row_version: int
    salutation: str | None
    name: str
    role: str | None
    email: str | None
    phone: str | None


class PartnerDetail(NamedTuple):
    """A partner with everything that belongs to it."""

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
    payment_term_id: int | None
    payment_term: str | None
    net_days: int | None
    discount_days: int | None
    discount_pct: Decimal | None
    price_list_id: int | None
    price_list: str | None
    credit_limit: Decimal | None
    is_delivery_blocked: bool
    block_reason: str | None
    email: str | None
    phone: str | None
    website: str | None
    remark: str | None
    updated_at: datetime
    updated_by: str
    addresses: tuple[AddressLine, ...]
    contacts: tuple[ContactLine, ...]

    def values(self) -> Mapping[str, Any]:
        """The fields of `SavePartner` with their values."""
        skip = {
            "id",
            "row_version",
            "payment_term",
            "net_days",
            "discount_days",
            "discount_pct",
            "price_list",
        }
        skip |= {"updated_at", "updated_by", "addresses", "contacts"}
        return {name: value for name, value in self._asdict().items() if name not in skip}


class PartnerFigures(NamedTuple):
    """What the sales form shows about a customer.  None where the reader has no right to know.

    ``open_items`` is what is invoiced and unpaid, gross; ``open_orders`` what is confirmed and not invoiced, net.
    """

    open_items: Decimal | None
    overdue: Decimal | None
    open_orders: Decimal | None
    credit_limit: Decimal | None
    last_order_id: int | None
    last_order_number: str | None
    last_order_date: date | None
    revenue: Decimal | None
    revenue_before: Decimal | None


class TermChoice(NamedTuple):
    """A payment term to choose."""

    id: int
    name: str
    code: str
    net_days: int
    discount_days: int
    discount_pct: Decimal


PRESETS = ("all", "customers", "suppliers", "b2b", "b2c", "blocked", "inactive")


def _name(model: Any, language: str) -> Any:
    return model.name_en if language == "en" else model.name_de


def list_partners(session: Session, query: ListQuery) -> Page:
    """Rows of `PartnerRow`.  Presets: all (active ones), customers, suppliers, b2b, b2c, blocked, inactive."""
    term, prices = _name(PaymentTerm, query.language), _name(PriceList, query.language)
    statement = (
        select(
            Partner.id,
            Partner.number,
            Partner.name,
            Partner.kind,
            Partner.is_customer,
            Partner.is_supplier,
            Address.postcode,
            Address.city,
            Address.country,
            term,
            prices,
            Partner.language,
            Partner.vat_id,
            Partner.tax_treatment,
            Partner.email,
            Partner.phone,
            Partner.credit_limit,
            Partner.is_delivery_blocked,
            Partner.is_active,
        )
        .outerjoin(
            Address, and_(Address.partner_id == Partner.id, Address.kind == "billing", Address.is_default)
        )
        .outerjoin(PaymentTerm, PaymentTerm.id == Partner.payment_term_id)
        .outerjoin(PriceList, PriceList.id == Partner.price_list_id)
    )
    conditions: dict[str, Any] = {
        "customers": and_(Partner.is_customer, Partner.is_active),
        "suppliers": and_(Partner.is_supplier, Partner.is_active),
        "b2b": and_(Partner.kind == "b2b", Partner.is_active),
        "b2c": and_(Partner.kind == "b2c", Partner.is_active),
        "blocked": Partner.is_delivery_blocked,
        "inactive": ~Partner.is_active,
    }
    statement = statement.where(conditions.get(query.preset, Partner.is_active))
    columns: dict[str, Any] = {
        "id": Partner.id,
        "number": Partner.number,
        "name": Partner.search_key,
        "kind": Partner.kind,
        "is_customer": Partner.is_customer,
        "is_supplier": Partner.is_supplier,
        "postcode": Address.postcode,
        "city": Address.city,
        "country": Address.country,
        "payment_term": term,
        "price_list": prices,
        "language": Partner.language,
        "vat_id": Partner.vat_id,
        "tax_treatment": Partner.tax_treatment,
        "email": Partner.email,
        "phone": Partner.phone,
        "credit_limit": Partner.credit_limit,
        "is_delivery_blocked": Partner.is_delivery_blocked,
        "is_active": Partner.is_active,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=PartnerRow)


def search_partners(
    session: Session,
    typed: str,
    limit: int = 8,
    language: str = "de",  # noqa: ARG001  (every search for a field takes it)
    role: str = "",
) -> list[PartnerHit]:
    """Partners for what somebody types, best first, in one round trip; ``role`` is customer, supplier or empty."""
    found = func.partners.search_partners(
        bindparam("typed", typed), bindparam("lim", limit), bindparam("partner_role", role)
    )
    hits = found.table_valued(column("id"), column("rank"), with_ordinality="ord").render_derived(name="hit")
    statement = (
        select(Partner, Address.street, Address.postcode, Address.city)
        .select_from(hits)
        .join(Partner, Partner.id == hits.c.id)
        .outerjoin(
            Address, and_(Address.partner_id == Partner.id, Address.kind == "billing", Address.is_default)
        )
        .order_by(hits.c.ord)
    )
    return [
        PartnerHit(
            p.id,
            f"{p.number} · {p.name}",
            f"{street}, {postcode} {city}" if city else "",
            ("bad", "partner.delivery_blocked") if p.is_delivery_blocked else None,
            p.number,
            p.name,
            p.language,
            p.kind,
            p.tax_treatment,
            p.price_list_id,
            p.payment_term_id,
            p.is_delivery_blocked,
        )
        for p, street, postcode, city in session.execute(statement)
    ]


def search_customers(session: Session, typed: str, limit: int = 8, language: str = "de") -> list[PartnerHit]:
    """`search_partners` among customers."""
    return search_partners(session, typed, limit, language, "customer")


def search_suppliers(session: Session, typed: str, limit: int = 8, language: str = "de") -> list[PartnerHit]:
    """`search_partners` among suppliers."""
    return search_partners(session, typed, limit, language, "supplier")


def get_partner(session: Session, partner_id: int, language: str = "de") -> PartnerDetail:
    """A partner with addresses and contacts, in one statement.  Raises `Refused` when it does not exist."""
    return partner_of(partner_id, ask(session, partner_question(partner_id, language)))


def partner_of(partner_id: int, found: PartnerDetail | None) -> PartnerDetail:
    """The answer to `partner_question`.  Raises `Refused` when it does not exist."""
    if found is None:
        raise Refused("record_not_found", table="partners.partner", id=partner_id)
    return found


def partner_question(partner_id: Any, language: str) -> Question[PartnerDetail | None]:
    """Asks for a partner with addresses and contacts; ``partner_id`` is its id, or SQL that says it."""
    address, contact = Address, Contact
    addresses = (
        select(func.jsonb_agg(func.jsonb_build_array(*[getattr(address, f) for f in AddressLine._fields])))
        .where(address.partner_id == Partner.id)
        .correlate(Partner)
        .scalar_subquery()
    )
    contacts = (
        select(func.jsonb_agg(func.jsonb_build_array(*[getattr(contact, f) for f in ContactLine._fields])))
        .where(contact.partner_id == Partner.id)
        .correlate(Partner)
        .scalar_subquery()
    )
    own = [name for name in PartnerDetail._fields if hasattr(Partner, name)]
    own = [name for name in own if name not in ("addresses", "contacts")]
    statement = (
        select(
            *[getattr(Partner, name) for name in own],
            _name(PaymentTerm, language).label("payment_term"),
            PaymentTerm.net_days,
            PaymentTerm.discount_days,
            PaymentTerm.discount_pct,
            _name(PriceList, language).label("price_list"),
            addresses.label("addresses"),
            contacts.label("contacts"),
        )
        .outerjoin(PaymentTerm, PaymentTerm.id == Partner.payment_term_id)
        .outerjoin(PriceList, PriceList.id == Partner.price_list_id)
        .where(Partner.id == partner_id)
    )
    names = (*own, "payment_term", "net_days", "discount_days", "discount_pct", "price_list")

    def detail(rows: Sequence[Any]) -> PartnerDetail | None:
        if not rows:
            return None
        *values, found, people = rows[0]
        lines = [AddressLine._make(item) for item in found or ()]
        contacts_found = [ContactLine._make(item) for item in people or ()]
        return PartnerDetail(
            **dict(zip(names, values, strict=True)),
            addresses=tuple(sorted(lines, key=lambda a: (a.kind, not a.is_default, a.id))),
            contacts=tuple(sorted(contacts_found, key=lambda c: c.id)),
        )

    return Question(statement, detail)


def figures_sql(session: Session) -> str:
    """The statement behind `figures_question`, as far as the reader may know; its parameters are `figures_days`."""
    return f"{_figures(session)[1]} WHERE p.id = :id"


def _figures(session: Session) -> tuple[list[str], str]:
    """Names of the columns the reader may know, and the SELECT of them without its condition."""
    invoices = may_read(session, "sales.invoice")
    orders = may_read(session, "sales.sales_order")
    parts = ["p.credit_limit"]
    joins = ""
    if invoices:
        parts += ["i.open_items", "i.overdue", "i.revenue", "i.revenue_before"]
        joins += """
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(e.own_left) FILTER (WHERE x.state = 'open'), 0) AS open_items,
          coalesce(sum(e.own_left)
                   FILTER (WHERE x.state = 'open' AND x.kind <> 'correction' AND x.due_date < :today), 0) AS overdue,
          coalesce(sum(x.own_net_amount) FILTER (WHERE x.invoice_date >= :this_year AND earned), 0) AS revenue,
          coalesce(sum(x.own_net_amount)
                   FILTER (WHERE x.invoice_date >= :last_year AND x.invoice_date < :this_year AND earned), 0)
            AS revenue_before
     FROM sales.invoice x
     LEFT JOIN sales.invoice b ON b.id = coalesce(x.cancels_id, x.corrects_id)
    -- A down payment is earned with the invoice that deducts it.
    CROSS JOIN LATERAL (
      SELECT 'down_payment' NOT IN (x.kind, coalesce(b.kind, '')) AS earned,
             x.own_gross_amount - x.own_prepaid_amount - x.own_credited_amount - x.own_settled_amount AS own_left) e
    WHERE x.customer_id = p.id AND (x.state = 'open' OR x.invoice_date >= :last_year)) i"""
    if orders:
        parts += ["o.open_orders", "l.last_order_id", "l.last_order_number", "l.last_order_date"]
        joins += """
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(round((sl.qty - sl.qty_invoiced) / sl.qty * sl.net_amount / so.exchange_rate, 2)), 0)
            AS open_orders
     FROM sales.sales_order so JOIN sales.sales_order_line sl ON sl.sales_order_id = so.id
    WHERE so.customer_id = p.id AND so.state = 'confirmed' AND so.invoice_state <> 'full') o
  LEFT JOIN LATERAL (
   SELECT so.id AS last_order_id, so.number AS last_order_number, so.order_date AS last_order_date
     FROM sales.sales_order so WHERE so.customer_id = p.id AND so.number IS NOT NULL
    ORDER BY so.order_date DESC, so.id DESC LIMIT 1) l ON true"""
    names = [part.partition(".")[2] for part in parts]
    return names, f"SELECT {', '.join(parts)} FROM partners.partner p{joins}"  # noqa: S608


def figures_days(partner_id: int, today: date) -> dict[str, object]:
    """The parameters of `figures_sql`."""
    return {"id": partner_id, **_days(today)}


def _days(today: date) -> dict[str, object]:
    first = today.replace(month=1, day=1)
    return {"today": today, "this_year": first, "last_year": date(today.year - 1, 1, 1)}


def figures_question(
    session: Session, today: date, whose: str, **values: object
) -> Question[PartnerFigures | None]:
    """Asks for open items, last order and revenue of the customer that ``whose`` (SQL with ``values``) says.

    ``revenue`` is net of this calendar year, ``revenue_before`` of the year before.
    """
    names, statement = _figures(session)

    def figures(rows: Sequence[Any]) -> PartnerFigures | None:
        if not rows:
            return None
        known = dict(zip(names, rows[0], strict=True))
        return PartnerFigures(**{name: known.get(name) for name in PartnerFigures._fields})

    return Question(text(f"{statement} WHERE p.id = ({whose})"), figures, {**_days(today), **values})


def payment_terms(session: Session, language: str = "de") -> list[TermChoice]:
    """All payment terms, shortest first."""
    return ask(session, terms_question(language))


def terms_question(language: str) -> Question[list[TermChoice]]:
    """Asks for all payment terms, shortest first."""
    statement = select(
        PaymentTerm.id,
        _name(PaymentTerm, language),
        PaymentTerm.code,
        PaymentTerm.net_days,
        PaymentTerm.discount_days,
        PaymentTerm.discount_pct,
    ).order_by(PaymentTerm.net_days, PaymentTerm.id)
    return Question(statement, lambda rows: [TermChoice._make(row) for row in rows])
