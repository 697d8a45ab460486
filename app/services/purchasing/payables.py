"""The lists of suppliers' invoices: all of them, what is to be paid and when, what came and is not invoiced."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Date, Numeric, String, and_, case, func, literal, or_, select, text
from sqlalchemy.orm import Session

from app.core.paging import ListQuery, Page, fetch_page
from app.models.partners import Partner
from app.models.purchasing import PurchaseInvoice, PurchasePayment
from app.models.system import Company
from app.services.sales.lists import me, today
from app.services.sales.rules import number_candidates

PRESETS = ("all", "drafts", "entered", "open", "overdue", "credits", "mine")
PAYABLE_PRESETS = ("all", "due", "week", "discount")
WEEK = 7  # days


class InvoiceRow(NamedTuple):
    """A purchase invoice in the list; ``state`` partly_paid and overdue are open ones.

    ``own_…`` are in euro, None while the rate of a foreign currency is not known.
    """

    id: int
    number: str | None
    kind: str
    state: str
    invoice_number: str
    invoice_date: date
    due_date: date
    posting_date: date | None
    supplier_id: int
    supplier_number: str
    supplier: str
    net_amount: Decimal
    gross_amount: Decimal
    open_amount: Decimal
    currency: str
    exchange_rate: Decimal | None
    own_net_amount: Decimal | None
    own_gross_amount: Decimal | None
    own_open: Decimal | None
    order_reference: str | None
    findings: int
    entered_by: str | None
    created_by: str


class PayableRow(NamedTuple):
    """An open invoice.  ``pay`` is what settles it today, ``discount`` what is saved by that, ``pay_by`` the last day
    that is sensible: that of the cash discount as long as it lasts, else the due date; ``days`` from today to it."""

    id: int
    row_version: int
    number: str
    invoice_number: str
    supplier_id: int
    supplier: str
    invoice_date: date
    due_date: date
    discount_date: date | None
    pay_by: date
    days: int
    open_amount: Decimal
    discount: Decimal
    pay: Decimal
    currency: str
    own_open: Decimal | None


class UninvoicedRow(NamedTuple):
    """What came of an order line and is on no invoice yet; ``value`` at the agreed price, ``own_value`` in euro at the
    last rate (None when there is none of this month)."""

    id: int
    order_id: int
    order_number: str
    supplier_id: int
    supplier: str
    sku: str
    description: str
    unit: str
    received_on: date | None
    received: Decimal
    invoiced: Decimal
    qty: Decimal
    price: Decimal
    value: Decimal
    currency: str
    own_value: Decimal | None


def _rated() -> Any:
    """Whether an invoice has amounts in euro; those posted in a foreign currency before there were rates have none."""
    house = select(func.coalesce(func.max(Company.currency), "EUR")).scalar_subquery()
    return or_(PurchaseInvoice.exchange_date.is_not(None), PurchaseInvoice.currency == house)


def _own_left() -> Any:
    """What is open of an invoice in euro; NULL when that is not known."""
    item, paid = PurchaseInvoice, PurchasePayment
    taken = (
        select(func.coalesce(func.sum(paid.own_amount + paid.own_discount), 0))
        .where(paid.purchase_invoice_id == item.id)
        .correlate(item)
        .scalar_subquery()
    )
    return case((_rated(), item.own_gross_amount - taken))


def list_invoices(session: Session, query: ListQuery) -> Page:
    """Purchase invoices, newest first; presets: `PRESETS`."""
    item: Any = PurchaseInvoice
    left = item.gross_amount - item.paid_amount - item.discount_taken
    open_amount = case((item.state == "approved", left), else_=literal(0, Numeric))
    late = and_(item.state == "approved", item.due_date < today(), item.kind == "invoice")
    state = case(
        (late, "overdue"),
        (and_(item.state == "approved", item.paid_amount != 0), "partly_paid"),
        else_=item.state,
    )
    findings = func.jsonb_array_length(item.findings)
    columns: dict[str, Any] = {
        "id": item.id,
        "number": item.number,
        "kind": item.kind,
        "state": state,
        "invoice_number": item.invoice_number,
        "invoice_date": item.invoice_date,
        "due_date": item.due_date,
        "posting_date": item.posting_date,
        "supplier_id": item.supplier_id,
        "supplier_number": Partner.number,
        "supplier": Partner.name,
        "net_amount": item.net_amount,
        "gross_amount": item.gross_amount,
        "open_amount": open_amount,
        "currency": item.currency,
        "exchange_rate": case((item.exchange_date.is_not(None), item.exchange_rate)),
        "own_net_amount": case((_rated(), item.own_net_amount)),
        "own_gross_amount": case((_rated(), item.own_gross_amount)),
        "own_open": case((item.state == "approved", _own_left()), else_=literal(0, Numeric)),
        "order_reference": item.order_reference,
        "findings": findings,
        "entered_by": item.entered_by,
        "created_by": item.created_by,
    }
    statement = select(*columns.values()).join(Partner, Partner.id == item.supplier_id)
    match query.preset:
        case "drafts":
            statement = statement.where(item.state == "draft")
        case "entered":
            statement = statement.where(item.state == "entered")
        case "open":
            statement = statement.where(item.state == "approved")
        case "overdue":
            statement = statement.where(late)
        case "credits":
            statement = statement.where(item.kind == "credit")
        case "mine":
            statement = statement.where(or_(item.created_by == me(), item.entered_by == me()))
    if not query.sort:
        query = replace(query, sort="invoice_date", descending=True)
    return fetch_page(session, statement, columns=columns, key=item.id, query=query, row=InvoiceRow)


def list_payables(session: Session, query: ListQuery) -> Page:
    """Open invoices and credit notes, the most urgent first; presets: `PAYABLE_PRESETS`."""
    item: Any = PurchaseInvoice
    left = item.gross_amount - item.paid_amount - item.discount_taken
    lasts = and_(item.discount_date >= today(), item.discount_pct > 0, item.gross_amount > 0)
    saved = case(
        (lasts, func.least(func.round(item.gross_amount * item.discount_pct / 100, 2), left)),
        else_=literal(0, Numeric),
    )
    pay_by = case((lasts, item.discount_date), else_=item.due_date)
    columns: dict[str, Any] = {
        "id": item.id,
        "row_version": item.row_version,
        "number": item.number,
        "invoice_number": item.invoice_number,
        "supplier_id": item.supplier_id,
        "supplier": Partner.name,
        "invoice_date": item.invoice_date,
        "due_date": item.due_date,
        "discount_date": item.discount_date,
        "pay_by": pay_by,
        "days": pay_by - today(),
        "open_amount": left,
        "discount": saved,
        "pay": left - saved,
        "currency": item.currency,
        "own_open": _own_left(),
    }
    statement = (
        select(*columns.values())
        .join(Partner, Partner.id == item.supplier_id)
        .where(item.state == "approved")
    )
    match query.preset:
        case "due":
            statement = statement.where(item.due_date <= today())
        case "week":
            statement = statement.where(pay_by <= today() + WEEK)
        case "discount":
            statement = statement.where(lasts)
    if not query.sort:
        query = replace(query, sort="pay_by")
    return fetch_page(session, statement, columns=columns, key=item.id, query=query, row=PayableRow)


_UNINVOICED = """
SELECT ol.id, o.id AS order_id, o.number AS order_number, o.supplier_id, s.name AS supplier,
       coalesce(ol.sku, p.sku) AS sku, ol.description,
       CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit,
       (SELECT max(g.received_on) FROM purchasing.goods_receipt_line gl
          JOIN purchasing.goods_receipt g ON g.id = gl.goods_receipt_id
         WHERE gl.purchase_order_line_id = ol.id AND g.kind = 'receipt') AS received_on,
       ol.qty_received - ol.qty_returned AS received, ol.qty_invoiced AS invoiced,
       ol.qty_received - ol.qty_returned - ol.qty_invoiced AS qty,
       coalesce(ol.confirmed_price, ol.unit_price) AS price,
       round(v.value, 2) AS value,
       o.currency,
       CASE WHEN o.currency = c.currency THEN round(v.value, 2)
            ELSE round(v.value / (SELECT r.rate FROM system.exchange_rate r
                                   WHERE r.currency = o.currency
                                     AND r.valid_on BETWEEN system.today() - 31 AND system.today()
                                   ORDER BY r.valid_on DESC LIMIT 1), 2) END AS own_value
  FROM purchasing.purchase_order_line ol
  JOIN purchasing.purchase_order o ON o.id = ol.purchase_order_id
  JOIN partners.partner s ON s.id = o.supplier_id
  JOIN catalog.product p ON p.id = ol.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
 CROSS JOIN (SELECT coalesce(max(x.currency), 'EUR') AS currency FROM system.company x) c
 CROSS JOIN LATERAL (SELECT (ol.qty_received - ol.qty_returned - ol.qty_invoiced)
                            * coalesce(ol.confirmed_price, ol.unit_price) AS value) v
 WHERE o.state <> 'draft' AND ol.qty_received - ol.qty_returned <> ol.qty_invoiced
   AND (ol.qty_received > 0 OR ol.qty_invoiced <> 0)
"""
_KINDS: dict[str, Any] = {
    **dict.fromkeys(("id", "order_id", "supplier_id"), BigInteger),
    **dict.fromkeys(("order_number", "supplier", "sku", "description", "unit", "currency"), String),
    "received_on": Date,
}


def list_uninvoiced(session: Session, query: ListQuery) -> Page:
    """Goods received and not invoiced (more invoiced than came: negative), by supplier."""
    found = (
        text(_UNINVOICED)
        .bindparams(lang=query.language)
        .columns(**{name: _KINDS.get(name, Numeric)() for name in UninvoicedRow._fields})
        .subquery("d")
    )
    columns = {name: found.c[name] for name in UninvoicedRow._fields}
    statement = select(*columns.values())
    match query.preset:
        case "old":
            statement = statement.where(columns["received_on"] < today() - 30)
        case "too_much":
            statement = statement.where(columns["qty"] < 0)
    if not query.sort:
        query = replace(query, sort="supplier")
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=UninvoicedRow)


def uninvoiced_value(session: Session) -> Decimal:
    """What came and is not invoiced, in euro at today's rates, for the accruals; without what has no rate."""
    found = text(_UNINVOICED).bindparams(lang="de").columns(own_value=Numeric).subquery("d")
    total = select(func.coalesce(func.sum(found.c.own_value), 0))
    return Decimal(session.execute(total).scalar_one())


def count_invoices(session: Session, preset: str) -> int:
    """How many invoices of a preset of their list there are."""
    return list_invoices(session, ListQuery(preset=preset, limit=1)).total or 0


def count_payables(session: Session, preset: str) -> int:
    """How many open invoices of a preset of their list there are."""
    return list_payables(session, ListQuery(preset=preset, limit=1)).total or 0


class Hit(NamedTuple):
    """An invoice found by what was typed."""

    id: int
    number: str | None
    invoice_number: str
    supplier: str
    state: str


def search_invoices(
    session: Session, typed: str, limit: int = 8, supplier_id: int | None = None
) -> list[Hit]:
    """Invoices by our number, the supplier's, or his name; newest first."""
    item = PurchaseInvoice
    words = typed.strip()
    statement = (
        select(item.id, item.number, item.invoice_number, Partner.name, item.state)
        .join(Partner, Partner.id == item.supplier_id)
        .where(item.state != "settled")
    )
    wanted = [item.number == words.upper(), func.lower(item.invoice_number).startswith(words.lower())]
    candidates = number_candidates(typed, datetime.now(UTC).year, ("ER",))
    if candidates:
        wanted.append(item.number.in_(candidates))
    elif len(words) >= 3:
        wanted.append(Partner.search_key.startswith(words.lower()))
    statement = statement.where(or_(*wanted))
    if supplier_id is not None:
        statement = statement.where(item.supplier_id == supplier_id, item.kind == "invoice")
    rows = session.execute(statement.order_by(item.id.desc()).limit(limit))
    return [Hit._make(row) for row in rows]


class SupplierInvoice(NamedTuple):
    """One of a supplier's latest invoices."""

    id: int
    invoice_number: str
    invoice_date: date
    gross_amount: Decimal
    currency: str


class Owed(NamedTuple):
    """What is owed to a supplier in euro, as far as that is known: open, of it overdue; and his latest invoices."""

    open_amount: Decimal
    overdue: Decimal
    invoices: tuple[SupplierInvoice, ...]


_OWED = text("""
SELECT coalesce(sum(o.own_left), 0), coalesce(sum(o.own_left) FILTER (WHERE i.due_date < system.today()), 0)
  FROM purchasing.purchase_invoice i
 CROSS JOIN LATERAL (SELECT i.own_gross_amount - coalesce(sum(p.own_amount + p.own_discount), 0) AS own_left
                       FROM purchasing.purchase_payment p WHERE p.purchase_invoice_id = i.id) o
 WHERE i.supplier_id = :id AND i.state = 'approved'
   AND (i.exchange_date IS NOT NULL OR i.currency = coalesce((SELECT c.currency FROM system.company c), 'EUR'))
""")
_LATEST = text("""
SELECT i.id, i.invoice_number, i.invoice_date, i.gross_amount, i.currency
  FROM purchasing.purchase_invoice i WHERE i.supplier_id = :id AND i.kind <> 'cancellation'
 ORDER BY i.invoice_date DESC, i.id DESC LIMIT 6
""")


def owed_to(session: Session, supplier_id: int) -> Owed:
    """What is owed to a supplier, and his latest invoices; two round trips."""
    sums = session.execute(_OWED, {"id": supplier_id}).one()
    latest = session.execute(_LATEST, {"id": supplier_id}).all()
    return Owed(sums[0], sums[1], tuple(SupplierInvoice._make(row) for row in latest))
