"""The lists of buying: orders, what is to come, receipts, and what should be ordered; counts and searches."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Date, Integer, Numeric, String, column, func, or_, select, text
from sqlalchemy.orm import Session

from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.models.inventory import Warehouse
from app.models.partners import Partner
from app.models.purchasing import GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from app.services.catalog.words import name_sql
from app.services.purchasing.orders import ToReceive
from app.services.sales.lists import me, today
from app.services.sales.rules import number_candidates

ORDER_PRESETS = ("all", "open", "drafts", "overdue", "unconfirmed", "mine")
RECEIPT_PRESETS = ("all", "receipts", "returns")
RECEIVING_PRESETS = ("all", "due", "late")
MOST = 5000
WEEK = 7  # days


class OrderRow(NamedTuple):
    """A purchase order in the list; ``late``: something is still to come and its day is over."""

    id: int
    number: str | None
    state: str
    receipt_state: str
    order_date: date
    expected_date: date | None
    supplier_id: int
    supplier_number: str
    supplier: str
    net_amount: Decimal
    currency: str
    supplier_reference: str | None
    warehouse: str
    created_by: str
    late: bool


class ReceiptRow(NamedTuple):
    """A goods receipt or return in the list; no price."""

    id: int
    number: str
    kind: str
    received_on: date
    supplier_id: int
    supplier: str
    order_number: str
    delivery_note: str | None
    warehouse: str
    lines: int
    created_by: str


class WantedRow(NamedTuple):
    """A bought product that runs short: what is missing, and who sells it.

    ``demand`` waits for it (work orders and sales orders beyond what is reserved),
       ``on_order`` is to come; ``missing``
    is what is needed beyond stock and open orders to be at the reorder point.
    """

    id: int
    sku: str
    name: str
    unit: str
    warehouse_id: int
    warehouse: str
    free: Decimal
    demand: Decimal
    on_order: Decimal
    reorder_point: Decimal
    missing: Decimal
    supplier_id: int | None
    supplier: str | None
    price: Decimal | None
    currency: str | None


def list_orders(session: Session, query: ListQuery) -> Page:
    """Purchase orders, newest first; presets: `ORDER_PRESETS`."""
    order: Any = PurchaseOrder
    awaited = (order.state == "ordered") & (order.receipt_state != "full")
    late = awaited & (func.coalesce(order.expected_date, order.order_date + 366) < today())
    statement: Any = (
        select(
            order.id,
            order.number,
            order.state,
            order.receipt_state,
            order.order_date,
            order.expected_date,
            order.supplier_id,
            Partner.number,
            Partner.name,
            order.net_amount,
            order.currency,
            order.supplier_reference,
            Warehouse.code,
            order.created_by,
            late,
        )
        .join(Partner, Partner.id == order.supplier_id)
        .join(Warehouse, Warehouse.id == order.warehouse_id)
    )
    match query.preset:
        case "open":
            statement = statement.where(order.state.in_(("draft", "ordered")))
        case "drafts":
            statement = statement.where(order.state == "draft")
        case "overdue":
            statement = statement.where(late)
        case "unconfirmed":
            statement = statement.where(awaited, order.confirmed_at.is_(None))
        case "mine":
            statement = statement.where(order.created_by == me(), order.state.in_(("draft", "ordered")))
    columns: dict[str, Any] = {
        "number": order.number,
        "state": order.state,
        "receipt_state": order.receipt_state,
        "order_date": order.order_date,
        "expected_date": order.expected_date,
        "supplier": Partner.name,
        "supplier_id": order.supplier_id,
        "net_amount": order.net_amount,
        "supplier_reference": order.supplier_reference,
        "warehouse": Warehouse.code,
        "created_by": order.created_by,
    }
    if not query.sort:
        query = replace(query, sort="order_date", descending=True)
    return fetch_page(session, statement, columns=columns, key=order.id, query=query, row=OrderRow)


def list_receipts(session: Session, query: ListQuery) -> Page:
    """Goods receipts and returns, newest first; presets: `RECEIPT_PRESETS`."""
    receipt: Any = GoodsReceipt
    lines = (
        select(func.count())
        .select_from(GoodsReceiptLine)
        .where(GoodsReceiptLine.goods_receipt_id == receipt.id)
        .correlate(receipt)
        .scalar_subquery()
    )
    statement = (
        select(
            receipt.id,
            receipt.number,
            receipt.kind,
            receipt.received_on,
            receipt.supplier_id,
            Partner.name,
            receipt.order_number,
            receipt.delivery_note,
            Warehouse.code,
            lines,
            receipt.created_by,
        )
        .join(Partner, Partner.id == receipt.supplier_id)
        .join(Warehouse, Warehouse.id == receipt.warehouse_id)
    )
    if query.preset in ("receipts", "returns"):
        statement = statement.where(receipt.kind == query.preset.removesuffix("s"))
    columns: dict[str, Any] = {
        "number": receipt.number,
        "kind": receipt.kind,
        "received_on": receipt.received_on,
        "supplier": Partner.name,
        "supplier_id": receipt.supplier_id,
        "order_number": receipt.order_number,
        "delivery_note": receipt.delivery_note,
        "warehouse": Warehouse.code,
        "created_by": receipt.created_by,
    }
    if not query.sort:
        query = replace(query, sort="received_on", descending=True)
    return fetch_page(session, statement, columns=columns, key=receipt.id, query=query, row=ReceiptRow)


_TYPES: dict[str, Any] = {
    "order_date": Date,
    "expected_date": Date,
    "row_version": Integer,
    "open_lines": Integer,
}
_NAMES = {"supplier": "supplier_name", "warehouse": "warehouse_code"}


def _type(name: str) -> Any:
    return BigInteger if name.endswith("_id") else _TYPES.get(name, String)


def list_receiving(session: Session, query: ListQuery) -> Page:
    """Orders something is still to come of, the most urgent first; no price; presets: `RECEIVING_PRESETS`."""
    names: dict[str, str] = {name: _NAMES.get(name, name) for name in ToReceive._fields}
    found = func.api.receiving_orders(MOST).table_valued(
        *(column(known, _type(name)) for name, known in names.items()),
        name="o",
    )
    columns = {name: found.c[known] for name, known in names.items()}
    statement = select(*columns.values())
    match query.preset:
        case "due":
            statement = statement.where(columns["expected_date"] <= today() + WEEK)
        case "late":
            statement = statement.where(columns["expected_date"] < today())
    if not query.sort:
        query = replace(query, sort="expected_date")
    key = columns["purchase_order_id"]
    return fetch_page(session, statement, columns=columns, key=key, query=query, row=ToReceive)


# Demand beyond what is reserved, per product and warehouse; an order line or a component is one need.
_WANTED = """
SELECT p.id, p.sku, {name} AS name, CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit,
       w.id AS warehouse_id,
       w.code AS warehouse, coalesce(s.free, 0) AS free, coalesce(d.demand, 0) AS demand,
       coalesce(o.on_order, 0) AS on_order,
       coalesce(p.reorder_point, 0) AS reorder_point,
       coalesce(p.reorder_point, 0) + coalesce(d.demand, 0) - coalesce(s.free, 0) - coalesce(o.on_order,
       0) AS missing,
       f.supplier_id, k.name AS supplier, f.amount AS price, f.currency
  FROM catalog.product p
  JOIN catalog.unit u ON u.id = p.unit_id
 CROSS JOIN (SELECT x.id, x.code FROM inventory.warehouse x WHERE x.is_active ORDER BY x.id LIMIT 1) w
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :lang
  LEFT JOIN (SELECT l.product_id, sum(l.free) AS free FROM inventory.stock_level l GROUP BY 1) s ON s.product_id = p.id
  LEFT JOIN (SELECT l.product_id, sum(greatest(l.qty - l.qty_received + l.qty_returned, 0)) AS on_order
               FROM purchasing.purchase_order_line l JOIN purchasing.purchase_order h ON h.id = l.purchase_order_id
              WHERE h.state IN ('draft', 'ordered') GROUP BY 1) o ON o.product_id = p.id
  LEFT JOIN (SELECT n.product_id, sum(greatest(n.qty - coalesce(r.qty, 0), 0)) AS demand
               FROM (SELECT l.product_id, 'sales_order_line' AS kind, l.id, l.qty - l.qty_shipped AS qty
                       FROM sales.sales_order_line l JOIN sales.sales_order h ON h.id = l.sales_order_id
                      WHERE h.state = 'confirmed' AND l.qty > l.qty_shipped
                     UNION ALL
                     SELECT c.product_id, 'work_order_component', c.id, c.qty_required - c.qty_consumed
                       FROM production.work_order_component c JOIN production.work_order h ON h.id = c.work_order_id
                      WHERE h.state IN ('released', 'in_progress') AND c.qty_required > c.qty_consumed) n
               LEFT JOIN (SELECT r.source_type, r.source_id,
               sum(r.qty) AS qty FROM inventory.reservation r GROUP BY 1, 2) r
                 ON r.source_type = n.kind AND r.source_id = n.id
              GROUP BY 1) d ON d.product_id = p.id
  LEFT JOIN LATERAL (
    SELECT x.supplier_id, x.amount, x.currency FROM purchasing.supplier_price x
     WHERE x.product_id = p.id AND x.valid_from <= system.today()
     ORDER BY x.is_preferred DESC, x.min_qty, x.valid_from DESC LIMIT 1) f ON true
  LEFT JOIN partners.partner k ON k.id = f.supplier_id
 WHERE p.is_bought AND p.is_stocked AND p.state NOT IN ('discontinued', 'placeholder')
   AND coalesce(p.reorder_point, 0) + coalesce(d.demand, 0) > coalesce(s.free, 0) + coalesce(o.on_order, 0)
"""


def list_wanted(session: Session, query: ListQuery) -> Page:
    """Bought products that run short, by supplier: for a chosen supplier one order takes all his rows."""
    kinds: dict[str, Any] = {
        "id": BigInteger,
        "warehouse_id": BigInteger,
        "supplier_id": BigInteger,
        **dict.fromkeys(("sku", "name", "unit", "warehouse", "supplier", "currency"), String),
    }
    found = (
        text(_WANTED.format(name=name_sql(":lang")))
        .bindparams(lang=query.language)
        .columns(**{name: kinds.get(name, Numeric)() for name in WantedRow._fields})
        .subquery("d")
    )
    columns = {name: found.c[name] for name in WantedRow._fields}
    if not query.sort:
        query = replace(query, sort="supplier")
    return fetch_page(
        session, select(*columns.values()), columns=columns, key=columns["id"], query=query, row=WantedRow
    )


def count_orders(session: Session, preset: str) -> int:
    """How many orders of a preset of their list there are."""
    return list_orders(session, ListQuery(preset=preset, limit=1)).total or 0


def count_receiving(session: Session) -> int:
    """How many orders are to come to one's warehouses."""
    return count_rows(
        session,
        text("SELECT r.purchase_order_id FROM api.receiving_orders(5000) r")
        .columns(purchase_order_id=BigInteger)
        .subquery("o")
        .select(),
    )


class Hit(NamedTuple):
    """An order or receipt found by what was typed."""

    id: int
    number: str
    supplier: str
    state: str


def search_orders(session: Session, typed: str, limit: int = 8) -> list[Hit]:
    """Orders by number or supplier, newest first."""
    order = PurchaseOrder
    statement = select(order.id, order.number, Partner.name, order.state).join(
        Partner, Partner.id == order.supplier_id
    )
    return _search(session, statement, order.number, order.id, typed, limit)


def search_receipts(session: Session, typed: str, limit: int = 8) -> list[Hit]:
    """Receipts by number or supplier, newest first."""
    receipt = GoodsReceipt
    statement = select(receipt.id, receipt.number, Partner.name, receipt.kind).join(
        Partner, Partner.id == receipt.supplier_id
    )
    return _search(session, statement, receipt.number, receipt.id, typed, limit)


def _search(session: Session, statement: Any, number: Any, key: Any, typed: str, limit: int) -> list[Hit]:
    candidates = number_candidates(typed, datetime.now(UTC).year, ("BE", "WE"))
    wanted = [number == typed.strip().upper()]
    if candidates:
        wanted.append(number.in_(candidates))
    elif len(typed.strip()) >= 3:
        wanted.append(Partner.name.icontains(typed.strip(), autoescape=True))
    found = session.execute(statement.where(or_(*wanted)).order_by(key.desc()).limit(limit))
    return [Hit(row[0], row[1] or f"#{row[0]}", row[2], row[3]) for row in found]
