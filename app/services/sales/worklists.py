"""Lists of what is to do next: orders to ship, deliveries to invoice.  One statement a portion each."""

from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    Numeric,
    Select,
    String,
    column,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.core.together import Question
from app.models.sales import Delivery, Invoice
from app.services.sales.lists import list_orders, list_quotes, today
from app.services.sales.reads import INVOICEABLE, Invoiceable
from app.services.sales.shipping import ShippingOrder

MOST = 5000
SHIPPING_PRESETS = ("all", "ready", "due", "late")
_NUMBERS = {"sales_order_id": BigInteger, "warehouse_id": BigInteger}
_COUNTS = ("row_version", "open_lines", "ready_lines")
_DATES = ("requested_date", "order_date")


def _shipping_type(name: str) -> Any:
    if name in _NUMBERS:
        return _NUMBERS[name]
    return Integer if name in _COUNTS else Date if name in _DATES else String


# The database's own names of what `ShippingOrder` holds.
_SHIPPING = {"customer": "customer_name", "warehouse": "warehouse_code"}


def _shipping() -> tuple[Select[Any], dict[str, Any]]:
    names = {name: _SHIPPING.get(name, name) for name in ShippingOrder._fields}
    found = func.api.shipping_orders(MOST).table_valued(
        *(column(known, _shipping_type(name)) for name, known in names.items()), name="o"
    )
    columns = {name: found.c[known] for name, known in names.items()}
    return select(*columns.values()), columns


def list_shipping_orders(session: Session, query: ListQuery) -> Page:
    """Orders with something to ship from one's warehouses, the most urgent first; no price.  Columns: the fields of
    `ShippingOrder`; presets: `SHIPPING_PRESETS`."""
    statement, columns = _shipping()
    match query.preset:
        case "ready":
            statement = statement.where(columns["ready_lines"] > 0)
        case "due":
            statement = statement.where(columns["requested_date"] <= today() + 7)
        case "late":
            statement = statement.where(columns["requested_date"] < today())
    if not query.sort:
        query = replace(query, sort="requested_date")
    return fetch_page(
        session,
        statement,
        columns=columns,
        key=columns["sales_order_id"],
        query=query,
        row=ShippingOrder,
    )


def shipping_question(sales_order_id: int) -> Question[ShippingOrder | None]:
    """Asks for one of the orders to ship: None when nothing is left to ship, or it is not of one's warehouses."""
    statement, columns = _shipping()
    return Question(
        statement.where(columns["sales_order_id"] == sales_order_id),
        lambda rows: ShippingOrder._make(rows[0]) if rows else None,
    )


def list_invoiceable(session: Session, query: ListQuery) -> Page:
    """Deliveries without invoice, the oldest first.  Columns: number, shipped_at, order_number, customer, net_amount,
    customer_id."""
    names = dict(
        zip(
            Invoiceable._fields,
            (BigInteger, String, DateTime, BigInteger, Integer, String, BigInteger, String, Numeric),
            strict=True,
        )
    )
    found = (
        text(INVOICEABLE)
        .bindparams(order=None, limit=MOST)
        .columns(**{name: kind() for name, kind in names.items()})
        .subquery("d")
    )
    columns = {name: found.c[name] for name in names}
    if not query.sort:
        query = replace(query, sort="shipped_at")
    return fetch_page(
        session,
        select(*columns.values()),
        columns=columns,
        key=columns["delivery_id"],
        query=query,
        row=Invoiceable,
    )


def count_to_ship(session: Session) -> int:
    """Orders with something to ship from one's warehouses."""
    return count_rows(session, _shipping()[0])


def count_to_invoice(session: Session) -> int:
    """Deliveries without invoice."""
    return count_rows(session, select(Delivery.id).where(Delivery.invoice_state == "none"))


def count_overdue(session: Session) -> int:
    """Open invoices after their due date."""
    late = select(Invoice.id).where(
        Invoice.state == "open", Invoice.due_date < today(), Invoice.kind != "correction"
    )
    return count_rows(session, late)


def count_quotes(session: Session, preset: str) -> int:
    """Quotes of a preset of their list."""
    return list_quotes(session, ListQuery(preset=preset, limit=1)).total or 0


def count_orders(session: Session, preset: str) -> int:
    """Orders of a preset of their list."""
    return list_orders(session, ListQuery(preset=preset, limit=1)).total or 0
