"""The lists of sales: quotes, orders, deliveries, invoices and payments.  One statement a portion each."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.core.paging import ListQuery, Page, condition, fetch_page
from app.models.approvals import ApprovalRequest
from app.models.inventory import Warehouse
from app.models.partners import Partner
from app.models.sales import Delivery, DeliveryLine, Invoice, Payment, Quote, SalesOrder

QUOTE_PRESETS = ("all", "open", "mine", "expiring", "overdue", "awaiting_approval")
ORDER_PRESETS = ("all", "open", "mine", "drafts", "overdue", "to_ship", "to_invoice", "awaiting_approval")
DELIVERY_PRESETS = ("all", "to_invoice")
INVOICE_PRESETS = ("all", "open", "overdue", "paid", "cancelled", "down_payments", "corrections")
PAYMENT_PRESETS = ("all", "with_discount")
Columns = Mapping[str, Any]
WEEK = 7  # days


class QuoteRow(NamedTuple):
    """A quote in the list.  ``awaits_approval``: somebody asked for its discount and nobody has answered."""

    id: int
    number: str | None
    state: str
    quote_date: date
    valid_until: date
    customer_id: int
    customer_number: str
    customer: str
    net_amount: Decimal
    gross_amount: Decimal
    customer_reference: str | None
    created_by: str
    updated_at: datetime
    awaits_approval: bool
    currency: str


class OrderRow(NamedTuple):
    """An order in the list."""

    id: int
    number: str | None
    state: str
    delivery_state: str
    invoice_state: str
    order_date: date
    requested_date: date | None
    customer_id: int
    customer_number: str
    customer: str
    net_amount: Decimal
    gross_amount: Decimal
    customer_reference: str | None
    warehouse: str
    created_by: str
    updated_at: datetime
    awaits_approval: bool
    currency: str


class DeliveryRow(NamedTuple):
    """A delivery in the list; it knows no price."""

    id: int
    number: str
    shipped_on: date
    shipped_at: datetime
    sales_order_id: int
    order_number: str | None
    customer_id: int
    customer: str
    city: str | None
    warehouse: str
    lines: int
    invoice_state: str
    created_by: str


class InvoiceRow(NamedTuple):
    """An invoice or cancellation in the list.  ``overdue_days`` is None unless it is open and late."""

    id: int
    number: str
    kind: str
    state: str
    invoice_date: date
    due_date: date
    discount_date: date | None
    customer_id: int
    customer: str
    net_amount: Decimal
    gross_amount: Decimal
    open_amount: Decimal
    overdue_days: int | None
    sales_order_id: int
    currency: str


class PaymentRow(NamedTuple):
    """Money received."""

    id: int
    paid_on: date
    amount: Decimal
    discount_amount: Decimal
    reference: str | None
    invoice_id: int
    invoice_number: str
    customer_id: int
    customer: str
    posted_by: str
    posted_at: datetime


def today() -> ColumnElement[date]:
    """The company's calendar day, asked once per statement."""
    return select(cast(func.system.today(), Date)).scalar_subquery()


def me() -> ColumnElement[str]:
    """The login that reads."""
    return cast(literal_column("SESSION_USER"), String)


def _awaits(document_type: str, key: Any) -> ColumnElement[bool]:
    """Whether somebody asked for the document's discount and nobody has answered."""
    return exists().where(
        ApprovalRequest.kind == "discount",
        ApprovalRequest.topic == f"sales.{document_type}",
        ApprovalRequest.record_id == key,
        ApprovalRequest.state == "open",
        ApprovalRequest.expires_at > func.statement_timestamp(),
    )


def _by_customer(query: ListQuery, column: Any) -> tuple[ListQuery, list[ColumnElement[bool]]]:
    """Take text filters on the customer's name out of the query: found by name first, their documents by index."""
    mine = [f for f in query.filters if f.key == "customer" and f.op in ("contains", "prefix")]
    if not mine:
        return query, []
    rest = tuple(f for f in query.filters if f not in mine)
    wanted: Any = aliased(Partner)
    named = [condition(wanted.name, f) for f in mine]
    ids = func.array(select(wanted.id).where(*named).scalar_subquery())
    return replace(query, filters=rest), [column == func.any(ids)]


def _page(
    session: Session,
    statement: Any,
    columns: Columns,
    key: Any,
    query: ListQuery,
    row: Any,
    *,
    customer: Any = None,
    sort: str = "date",
) -> Page:
    """A portion, newest first unless the user sorted."""
    if not query.sort:
        query = replace(query, sort=sort, descending=True)
    if customer is not None:
        query, conditions = _by_customer(query, customer)
        statement = statement.where(*conditions)
    return fetch_page(session, statement, columns=columns, key=key, query=query, row=row)


def own(amount: Any, rate: Any) -> Any:
    """An amount in the house's own currency."""
    return func.round(amount / rate, 2)


def list_quotes(session: Session, query: ListQuery) -> Page:
    """Quotes, newest first.  Columns: number, state, date, valid_until, customer, net_amount, gross_amount, reference,
    created_by, updated_at, customer_id; presets: `QUOTE_PRESETS`."""
    awaits = _awaits("quote", Quote.id)
    statement = select(
        Quote.id,
        Quote.number,
        Quote.state,
        Quote.quote_date,
        Quote.valid_until,
        Quote.customer_id,
        Partner.number,
        Partner.name,
        own(Quote.net_amount, Quote.exchange_rate),
        own(Quote.gross_amount, Quote.exchange_rate),
        Quote.customer_reference,
        Quote.created_by,
        Quote.updated_at,
        awaits,
        Quote.currency,
    ).join(Partner, Partner.id == Quote.customer_id)
    match query.preset:
        case "open":
            statement = statement.where(Quote.state.in_(("draft", "issued")))
        case "mine":
            statement = statement.where(Quote.created_by == me(), Quote.state.in_(("draft", "issued")))
        case "overdue":
            statement = statement.where(Quote.state == "issued", Quote.valid_until < today())
        case "expiring":
            ends = Quote.valid_until.between(today(), today() + WEEK)
            statement = statement.where(Quote.state == "issued", ends)
        case "awaiting_approval":
            statement = statement.where(Quote.state == "draft", awaits)
    columns: Columns = {
        "number": Quote.number,
        "state": Quote.state,
        "date": Quote.quote_date,
        "valid_until": Quote.valid_until,
        "customer": Partner.name,
        "customer_id": Quote.customer_id,
        "currency": Quote.currency,
        "net_amount": own(Quote.net_amount, Quote.exchange_rate),
        "gross_amount": own(Quote.gross_amount, Quote.exchange_rate),
        "reference": Quote.customer_reference,
        "created_by": Quote.created_by,
        "updated_at": Quote.updated_at,
    }
    return _page(session, statement, columns, Quote.id, query, QuoteRow, customer=Quote.customer_id)


def list_orders(session: Session, query: ListQuery) -> Page:
    """Orders, newest first.  Columns: number, state, delivery_state, invoice_state, date, requested_date, customer,
    net_amount, gross_amount, reference, warehouse, created_by, updated_at, customer_id; presets: `ORDER_PRESETS`."""
    awaits = _awaits("sales_order", SalesOrder.id)
    statement = (
        select(
            SalesOrder.id,
            SalesOrder.number,
            SalesOrder.state,
            SalesOrder.delivery_state,
            SalesOrder.invoice_state,
            SalesOrder.order_date,
            SalesOrder.requested_date,
            SalesOrder.customer_id,
            Partner.number,
            Partner.name,
            own(SalesOrder.net_amount, SalesOrder.exchange_rate),
            own(SalesOrder.gross_amount, SalesOrder.exchange_rate),
            SalesOrder.customer_reference,
            Warehouse.code,
            SalesOrder.created_by,
            SalesOrder.updated_at,
            awaits,
            SalesOrder.currency,
        )
        .join(Partner, Partner.id == SalesOrder.customer_id)
        .join(Warehouse, Warehouse.id == SalesOrder.warehouse_id)
    )
    to_ship = and_(SalesOrder.state == "confirmed", SalesOrder.delivery_state != "full")
    match query.preset:
        case "open":
            statement = statement.where(SalesOrder.state.in_(("draft", "confirmed")))
        case "mine":
            statement = statement.where(
                SalesOrder.created_by == me(), SalesOrder.state.in_(("draft", "confirmed"))
            )
        case "drafts":
            statement = statement.where(SalesOrder.state == "draft")
        case "overdue":
            statement = statement.where(to_ship, SalesOrder.requested_date < today())
        case "to_ship":
            statement = statement.where(to_ship)
        case "to_invoice":
            waiting = exists().where(
                Delivery.sales_order_id == SalesOrder.id, Delivery.invoice_state == "none"
            )
            statement = statement.where(SalesOrder.state == "confirmed", waiting)
        case "awaiting_approval":
            statement = statement.where(SalesOrder.state == "draft", awaits)
    columns: Columns = {
        "number": SalesOrder.number,
        "state": SalesOrder.state,
        "delivery_state": SalesOrder.delivery_state,
        "invoice_state": SalesOrder.invoice_state,
        "date": SalesOrder.order_date,
        "requested_date": SalesOrder.requested_date,
        "customer": Partner.name,
        "customer_id": SalesOrder.customer_id,
        "currency": SalesOrder.currency,
        "net_amount": own(SalesOrder.net_amount, SalesOrder.exchange_rate),
        "gross_amount": own(SalesOrder.gross_amount, SalesOrder.exchange_rate),
        "reference": SalesOrder.customer_reference,
        "warehouse": Warehouse.code,
        "created_by": SalesOrder.created_by,
        "updated_at": SalesOrder.updated_at,
    }
    return _page(session, statement, columns, SalesOrder.id, query, OrderRow, customer=SalesOrder.customer_id)


def list_deliveries(session: Session, query: ListQuery) -> Page:
    """Deliveries, newest first, as far as one may see their warehouse.  Columns: number, date, order_number, customer,
    city, warehouse, invoice_state, created_by, customer_id; presets: `DELIVERY_PRESETS`."""
    order_number = Delivery.snapshot["order"]["number"].astext
    city = Delivery.delivery_address["city"].astext
    lines = (
        select(func.count())
        .select_from(DeliveryLine)
        .where(DeliveryLine.delivery_id == Delivery.id)
        .correlate(Delivery)
        .scalar_subquery()
    )
    statement = (
        select(
            Delivery.id,
            Delivery.number,
            func.date(Delivery.shipped_at, type_=Date),
            Delivery.shipped_at,
            Delivery.sales_order_id,
            order_number,
            Delivery.customer_id,
            Partner.name,
            city,
            Warehouse.code,
            lines,
            Delivery.invoice_state,
            Delivery.created_by,
        )
        .join(Partner, Partner.id == Delivery.customer_id)
        .join(Warehouse, Warehouse.id == Delivery.warehouse_id)
    )
    if query.preset == "to_invoice":
        statement = statement.where(Delivery.invoice_state == "none")
    columns: Columns = {
        "number": Delivery.number,
        "date": Delivery.shipped_at,
        "order_number": order_number,
        "customer": Partner.name,
        "customer_id": Delivery.customer_id,
        "city": city,
        "warehouse": Warehouse.code,
        "invoice_state": Delivery.invoice_state,
        "created_by": Delivery.created_by,
    }
    return _page(session, statement, columns, Delivery.id, query, DeliveryRow, customer=Delivery.customer_id)


def open_amount() -> Any:
    """What is left to pay of an invoice, in SQL; `sales.open_amount` of the database says the same."""
    return (
        Invoice.gross_amount
        - Invoice.prepaid_amount
        - Invoice.credited_amount
        - Invoice.paid_amount
        - Invoice.discount_taken
    )


def own_open() -> Any:
    """The same in the house's own currency; `sales.own_left` of the database says the same."""
    return (
        Invoice.own_gross_amount
        - Invoice.own_prepaid_amount
        - Invoice.own_credited_amount
        - Invoice.own_settled_amount
    )


def list_invoices(session: Session, query: ListQuery) -> Page:
    """Invoices and cancellations, newest first.  Columns: number, kind, state, date, due_date, customer, net_amount,
    gross_amount, open_amount, customer_id; presets: `INVOICE_PRESETS`."""
    is_open = Invoice.state == "open"
    left = case((is_open, own_open()), else_=0)
    late = today() - Invoice.due_date
    statement = select(
        Invoice.id,
        Invoice.number,
        Invoice.kind,
        Invoice.state,
        Invoice.invoice_date,
        Invoice.due_date,
        Invoice.discount_date,
        Invoice.customer_id,
        Partner.name,
        Invoice.own_net_amount,
        Invoice.own_gross_amount,
        left,
        case((and_(is_open, late > 0, Invoice.kind != "correction"), late)),
        Invoice.sales_order_id,
        Invoice.currency,
    ).join(Partner, Partner.id == Invoice.customer_id)
    match query.preset:
        case "open" | "paid" | "cancelled":
            statement = statement.where(Invoice.state == query.preset)
        case "down_payments":
            statement = statement.where(Invoice.kind == "down_payment")
        case "corrections":
            statement = statement.where(Invoice.kind == "correction")
        case "overdue":
            statement = statement.where(is_open, Invoice.due_date < today(), Invoice.kind != "correction")
    columns: Columns = {
        "number": Invoice.number,
        "kind": Invoice.kind,
        "state": Invoice.state,
        "date": Invoice.invoice_date,
        "due_date": Invoice.due_date,
        "customer": Partner.name,
        "customer_id": Invoice.customer_id,
        "currency": Invoice.currency,
        "net_amount": Invoice.own_net_amount,
        "gross_amount": Invoice.own_gross_amount,
        "open_amount": left,
    }
    return _page(session, statement, columns, Invoice.id, query, InvoiceRow, customer=Invoice.customer_id)


def list_payments(session: Session, query: ListQuery) -> Page:
    """Payments, newest first.  Columns: date, amount, discount_amount, reference, invoice_number, customer, posted_by,
    customer_id; presets: `PAYMENT_PRESETS`."""
    statement = (
        select(
            Payment.id,
            Payment.paid_on,
            Payment.own_paid,
            Payment.own_discount,
            Payment.reference,
            Payment.invoice_id,
            Invoice.number,
            Invoice.customer_id,
            Partner.name,
            Payment.posted_by,
            Payment.posted_at,
        )
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .join(Partner, Partner.id == Invoice.customer_id)
    )
    if query.preset == "with_discount":
        statement = statement.where(Payment.discount_amount > 0)
    columns: Columns = {
        "date": Payment.paid_on,
        "amount": Payment.own_paid,
        "discount_amount": Payment.own_discount,
        "reference": Payment.reference,
        "invoice_number": Invoice.number,
        "customer": Partner.name,
        "customer_id": Invoice.customer_id,
        "posted_by": Payment.posted_by,
    }
    return _page(session, statement, columns, Payment.id, query, PaymentRow, customer=Invoice.customer_id)
