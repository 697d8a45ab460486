"""What the screens of purchase orders and goods receipts read.  The receiving reads know no price."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.together import Question, ask_together

_UNIT = "CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END"


class OrderLine(NamedTuple):
    """A line of an order as its form shows it; ``sku`` and ``unit`` are the article's as long as it is a draft."""

    id: int
    position: int
    product_id: int
    sku: str
    supplier_sku: str | None
    description: str
    qty: Decimal
    unit: str
    decimals: int
    unit_price: Decimal
    list_price: Decimal | None
    net_amount: Decimal
    tax_rate: Decimal
    expected_date: date | None
    confirmed_date: date | None
    confirmed_price: Decimal | None
    qty_received: Decimal
    qty_open: Decimal


class Order(NamedTuple):
    """An order with everything its form shows.  ``receipts`` are its receipts and returns: (id, number,
    kind, day)."""

    id: int
    row_version: int
    number: str | None
    state: str
    receipt_state: str
    supplier_id: int
    supplier: str
    supplier_number: str
    warehouse_id: int
    warehouse: str
    payment_term_id: int | None
    payment_term: str | None
    currency: str
    order_date: date
    expected_date: date | None
    supplier_reference: str | None
    remark: str | None
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    close_reason: str | None
    confirmed_at: datetime | None
    updated_at: datetime
    updated_by: str
    archived: bool
    receipts: tuple[tuple[int, str, str, str], ...]
    lines: tuple[OrderLine, ...]


class Proposal(NamedTuple):
    """What the supplier asks for a product on a day; None: he has no price for it."""

    product_id: int
    amount: Decimal | None
    supplier_sku: str | None
    lead_days: int | None


class ToReceive(NamedTuple):
    """An order something is still to come of; no price."""

    purchase_order_id: int
    row_version: int
    number: str
    supplier: str
    supplier_reference: str | None
    order_date: date
    expected_date: date | None
    warehouse_id: int
    warehouse: str
    receipt_state: str
    open_lines: int


class ReceivingLine(NamedTuple):
    """A line of an order as the warehouse receives it, and the place proposed for it."""

    line_id: int
    position: int
    product_id: int
    sku: str
    supplier_sku: str | None
    description: str
    unit: str
    qty: Decimal
    qty_received: Decimal
    qty_open: Decimal
    due: date | None
    is_stocked: bool
    is_lot_tracked: bool
    warehouse_id: int
    place_id: int | None
    place: str | None
    row_version: int


class Receiving(NamedTuple):
    """An order to receive: None when nothing is to come, its lines, and the places of its warehouse (id,
    code)."""

    order: ToReceive | None
    lines: tuple[ReceivingLine, ...]
    places: tuple[tuple[int, str], ...]


class ReceiptLine(NamedTuple):
    """A line of a receipt; ``qty_left`` has not gone back yet."""

    id: int
    position: int
    product_id: int
    sku: str
    supplier_sku: str | None
    description: str
    unit: str
    qty_ordered: Decimal
    qty: Decimal
    qty_left: Decimal
    place: str | None
    lot: str | None


class Receipt(NamedTuple):
    """A goods receipt or return with its lines; no price.  ``links`` are its returns, or what it returns."""

    id: int
    row_version: int
    number: str
    kind: str
    purchase_order_id: int
    order_number: str
    supplier_id: int
    supplier: str
    warehouse: str
    received_on: date
    delivery_note: str | None
    reason: str | None
    posted_at: datetime
    created_by: str
    links: tuple[tuple[int, str, str, str], ...]
    lines: tuple[ReceiptLine, ...]


_ORDER = text("""
SELECT o.id, o.row_version, o.number, o.state, o.receipt_state, o.supplier_id,
       coalesce(o.snapshot #>> '{supplier,name}', s.name), s.number, o.warehouse_id,
       w.code || ' · ' || w.name, o.payment_term_id,
       CASE :lang WHEN 'en' THEN t.name_en ELSE t.name_de END, o.currency, o.order_date, o.expected_date,
       o.supplier_reference,
       o.remark, o.net_amount, o.tax_amount, o.gross_amount, o.close_reason, o.confirmed_at, o.updated_at,
       o.updated_by,
       EXISTS (SELECT FROM documents.issued i
       WHERE i.topic = 'purchasing.purchase_order' AND i.record_id = o.id),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(g.id, g.number, g.kind, g.received_on) ORDER BY g.id), '[]')
          FROM purchasing.goods_receipt g WHERE g.purchase_order_id = o.id)
  FROM purchasing.purchase_order o
  JOIN partners.partner s ON s.id = o.supplier_id
  JOIN inventory.warehouse w ON w.id = o.warehouse_id
  LEFT JOIN partners.payment_term t ON t.id = o.payment_term_id
 WHERE o.id = :id
""")
_LINES = text(f"""
SELECT l.id, l.position, l.product_id, coalesce(l.sku, p.sku), l.supplier_sku, l.description, l.qty, {_UNIT},
       u.decimals, l.unit_price,
       l.list_price, l.net_amount, l.tax_rate, l.expected_date, l.confirmed_date, l.confirmed_price,
       l.qty_received - l.qty_returned, greatest(l.qty - l.qty_received + l.qty_returned, 0)
  FROM purchasing.purchase_order_line l
  JOIN catalog.product p ON p.id = l.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
 WHERE l.purchase_order_id = :id ORDER BY l.position
""")  # noqa: S608  (fixed names)
_PRICES = text("""
SELECT x.product_id, o.amount, o.supplier_sku, o.lead_days
  FROM ROWS FROM (jsonb_to_recordset(:items) AS (product_id bigint,
       qty numeric)) WITH ORDINALITY AS x (product_id, qty, ord)
  LEFT JOIN LATERAL (
    SELECT s.amount, s.supplier_sku, s.lead_days FROM purchasing.supplier_price s
     WHERE s.supplier_id = :supplier AND s.product_id = x.product_id AND s.currency = :currency
       AND s.valid_from <= :day AND s.min_qty <= coalesce(x.qty, 1)
     ORDER BY s.min_qty DESC, s.valid_from DESC LIMIT 1) o ON true
 ORDER BY x.ord
""").bindparams(bindparam("items", type_=JSONB))
_RECEIVING = text(f"""
SELECT r.line_id, r.line_position, r.product_id, r.sku, r.supplier_sku, r.description, coalesce({_UNIT},
       r.unit_code), r.qty,
       r.qty_received, r.qty_open, r.due, r.is_stocked, r.is_lot_tracked, r.warehouse_id, r.place_id,
       r.place_code, r.row_version
  FROM api.receiving_lines(:id) WITH ORDINALITY AS r LEFT JOIN catalog.unit u ON u.code = r.unit_code
 ORDER BY r.ordinality
""")  # noqa: S608  (fixed names)
_PLACES = text("""
SELECT p.id, p.code FROM inventory.place p
 WHERE p.is_active AND p.warehouse_id = (SELECT r.warehouse_id FROM api.receiving_orders(5000) r
       WHERE r.purchase_order_id = :id)
 ORDER BY p.kind <> 'receiving', p.code LIMIT 2000
""")
_RECEIPT = text("""
SELECT g.id, g.row_version, g.number, g.kind, g.purchase_order_id, g.order_number, g.supplier_id,
       g.snapshot #>> '{supplier,name}', w.code || ' · ' || w.name, g.received_on, g.delivery_note, g.reason,
       g.posted_at, g.created_by,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(x.id, x.number, x.kind, x.received_on) ORDER BY x.id), '[]')
          FROM purchasing.goods_receipt x WHERE x.returns_id = g.id OR x.id = g.returns_id)
  FROM purchasing.goods_receipt g JOIN inventory.warehouse w ON w.id = g.warehouse_id
 WHERE g.id = :id
""")
_RECEIPT_LINES = text(f"""
SELECT l.id, l.position, l.product_id, l.sku, l.supplier_sku, l.description, coalesce({_UNIT}, l.unit_code),
       l.qty_ordered, l.qty,
       l.qty - coalesce((SELECT sum(x.qty) FROM purchasing.goods_receipt_line x
       WHERE x.returns_line_id = l.id), 0),
       p.code, l.lot_code
  FROM purchasing.goods_receipt_line l
  LEFT JOIN inventory.place p ON p.id = l.place_id
  LEFT JOIN catalog.unit u ON u.code = l.unit_code
 WHERE l.goods_receipt_id = :id ORDER BY l.position
""")  # noqa: S608  (fixed names)


def get_order(session: Session, order_id: int, language: str = "de") -> Order:
    """An order with its lines; one round trip.  Raises Refused record_not_found."""
    given = {"id": order_id, "lang": language}
    found, lines = ask_together(
        session,
        Question(_ORDER, lambda rows: rows[0] if rows else None, given),
        Question(_LINES, lambda rows: tuple(map(OrderLine._make, rows)), given),
    )
    if found is None:
        raise Refused("record_not_found", table="purchasing.purchase_order", id=order_id)
    *head, receipts = found
    return Order._make((*head, tuple(tuple(x) for x in receipts), lines))


def proposals(
    session: Session, supplier_id: int | None, items: Sequence[tuple[int, Decimal]], day: date, currency: str
) -> list[Proposal]:
    """What a supplier asks for products in a quantity on a day,
    in the order they were asked for; one round trip."""
    given = {
        "items": [{"product_id": product, "qty": qty} for product, qty in items],
        "supplier": supplier_id,
        "day": day,
        "currency": currency,
    }
    return [Proposal._make(row) for row in session.execute(_PRICES, given)]


def receiving(session: Session, order_id: int, language: str = "de") -> Receiving:
    """An order as the warehouse receives it; one round trip, no price."""
    given = {"id": order_id, "lang": language}
    head = text("SELECT * FROM api.receiving_orders(5000) r WHERE r.purchase_order_id = :id")
    order, lines, places = ask_together(
        session,
        Question(head, lambda rows: ToReceive._make(rows[0]) if rows else None, {"id": order_id}),
        Question(_RECEIVING, lambda rows: tuple(map(ReceivingLine._make, rows)), given),
        Question(_PLACES, lambda rows: tuple((row[0], row[1]) for row in rows), {"id": order_id}),
    )
    return Receiving(order, lines, places)


def get_receipt(session: Session, receipt_id: int, language: str = "de") -> Receipt:
    """A goods receipt with its lines; one round trip.  Raises Refused record_not_found."""
    given: dict[str, Any] = {"id": receipt_id, "lang": language}
    found, lines = ask_together(
        session,
        Question(_RECEIPT, lambda rows: rows[0] if rows else None, {"id": receipt_id}),
        Question(_RECEIPT_LINES, lambda rows: tuple(map(ReceiptLine._make, rows)), given),
    )
    if found is None:
        raise Refused("record_not_found", table="purchasing.goods_receipt", id=receipt_id)
    *head, links = found
    return Receipt._make((*head, tuple(tuple(x) for x in links), lines))
