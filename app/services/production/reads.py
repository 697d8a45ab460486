"""What screens show of work orders; costs only to those who may know them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, cast, func, literal_column, null, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from app.core.errors import Refused
from app.core.paging import Filter, ListQuery, Page, condition, fetch_page
from app.core.together import Question, ask, ask_together
from app.models.base import MONEY, PRICE
from app.models.catalog import Product, ProductImage, Unit
from app.models.engineering import Bom
from app.models.inventory import Reservation, Warehouse
from app.models.production import ScrapReason, WorkOrder, WorkOrderComponent, WorkOrderCost
from app.services.catalog.words import name_sql, named, unit_name
from app.services.visible import may_read

ORDER_COST = "production.work_order_cost"
ORDER_PRESETS = ("open", "all", "released", "started", "short", "late", "completed", "cancelled")
OPEN = ("released", "started")


class OrderHit(NamedTuple):
    """A work order found while typing."""

    id: int
    number: str
    sku: str
    name: str
    state: str


class OrderRow(NamedTuple):
    """A work order in the list.  ``is_short``: open, and components are neither consumed nor reserved; ``is_late``:
    open after its planned end.  Costs are None without the right."""

    id: int
    number: str
    state: str
    product_id: int
    sku: str
    name: str
    warehouse: str
    qty: Decimal
    qty_good: Decimal
    qty_scrap: Decimal
    unit: str
    decimals: int
    planned_start: date
    planned_end: date
    started_at: datetime | None
    completed_at: datetime | None
    is_short: bool
    is_late: bool
    parent_id: int | None
    parent_number: str | None
    source_type: str | None
    source_id: int | None
    actual_cost: Decimal | None
    updated_at: datetime
    updated_by: str
    row_version: int
    image_id: int | None
    image_hash: str | None


class OrderHeader(NamedTuple):
    """A work order as its screen shows it; ``standard_cost`` is for the pieces reported so far, None without the
    right, like ``actual_cost``."""

    id: int
    row_version: int
    number: str
    state: str
    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    is_lot_tracked: bool
    bom_id: int
    bom_version: int
    warehouse_id: int
    warehouse: str
    qty: Decimal
    qty_good: Decimal
    qty_scrap: Decimal
    planned_start: date
    planned_end: date
    started_at: datetime | None
    completed_at: datetime | None
    cancel_reason: str | None
    parent_id: int | None
    parent_number: str | None
    source_type: str | None
    source_id: int | None
    created_by: str
    updated_at: datetime
    updated_by: str
    standard_unit_cost: Decimal | None
    standard_cost: Decimal | None
    actual_cost: Decimal | None
    image_id: int | None
    image_hash: str | None


class ComponentRow(NamedTuple):
    """A component of an order.  ``free`` is what may still be reserved in the order's warehouse; ``missing`` is
    neither consumed nor reserved; ``coming`` is what open sub-orders of this order will bring."""

    id: int
    position: int
    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    is_stocked: bool
    scrap_pct: Decimal
    required: Decimal
    reserved: Decimal
    consumed: Decimal
    free: Decimal
    missing: Decimal
    coming: Decimal
    image_id: int | None
    image_hash: str | None


class CompletionRow(NamedTuple):
    """One report of finished and scrapped pieces."""

    id: int
    reported_at: datetime
    reported_by: str
    qty_good: Decimal
    qty_scrap: Decimal
    scrap_reason: str | None
    lot_id: int | None
    lot: str | None
    place: str | None
    remark: str | None


class SubOrderRow(NamedTuple):
    """An order that makes a part for this one."""

    id: int
    number: str
    state: str
    product_id: int
    sku: str
    name: str
    qty: Decimal
    qty_good: Decimal
    unit: str
    planned_end: date


class OrderDetail(NamedTuple):
    """A work order with all that belongs to it."""

    header: OrderHeader
    components: tuple[ComponentRow, ...]
    completions: tuple[CompletionRow, ...]
    sub_orders: tuple[SubOrderRow, ...]


class Reason(NamedTuple):
    """A scrap reason to choose."""

    id: int
    code: str
    name: str


class DemandRow(NamedTuple):
    """An open sales order line that neither stock nor a work order covers completely; ``open`` is what is left."""

    sales_order_line_id: int
    sales_order_id: int
    number: str
    customer: str
    requested_date: date | None
    product_id: int
    sku: str
    name: str
    unit: str
    warehouse_id: int
    ordered: Decimal
    shipped: Decimal
    reserved: Decimal
    in_work: Decimal
    open: Decimal


def list_orders(session: Session, query: ListQuery) -> Page:
    """Rows of `OrderRow`.  Presets: open, all, released, started, short, late, completed, cancelled."""
    parent = aliased(WorkOrder, name="parent")
    short = (
        select(WorkOrderComponent.id)
        .join(Product, and_(Product.id == WorkOrderComponent.product_id, Product.is_stocked))
        .outerjoin(
            Reservation,
            and_(
                Reservation.source_type == "work_order_component",
                Reservation.source_id == WorkOrderComponent.id,
            ),
        )
        .where(
            WorkOrderComponent.work_order_id == WorkOrder.id,
            WorkOrderComponent.qty_required - WorkOrderComponent.qty_consumed
            > func.coalesce(Reservation.qty, 0),
        )
        .correlate(WorkOrder)
        .exists()
    )
    is_open = WorkOrder.state.in_(OPEN)
    is_short = and_(is_open, short)
    is_late = and_(is_open, WorkOrder.planned_end < func.current_date())
    costs = may_read(session, ORDER_COST)
    base, name = named(
        select(WorkOrder.id)
        .join(Product, Product.id == WorkOrder.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .join(Warehouse, Warehouse.id == WorkOrder.warehouse_id)
        .outerjoin(parent, parent.id == WorkOrder.parent_id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary)),
        query.language,
    )
    if costs:
        base = base.outerjoin(WorkOrderCost, WorkOrderCost.work_order_id == WorkOrder.id)
    match query.preset:
        case "released" | "started" | "completed" | "cancelled":
            base = base.where(WorkOrder.state == query.preset)
        case "short":
            base = base.where(is_short)
        case "late":
            base = base.where(is_late)
        case "all":
            pass
        case _:
            base = base.where(is_open)
    columns: dict[str, Any] = {
        "id": WorkOrder.id,
        "number": WorkOrder.number,
        "state": WorkOrder.state,
        "product_id": WorkOrder.product_id,
        "sku": Product.search_key,
        "name": name,
        "warehouse": Warehouse.code,
        "qty": WorkOrder.qty,
        "qty_good": WorkOrder.qty_good,
        "qty_scrap": WorkOrder.qty_scrap,
        "unit": unit_name(query.language),
        "decimals": Unit.decimals,
        "planned_start": WorkOrder.planned_start,
        "planned_end": WorkOrder.planned_end,
        "started_at": WorkOrder.started_at,
        "completed_at": WorkOrder.completed_at,
        "is_short": is_short,
        "is_late": is_late,
        "parent_id": WorkOrder.parent_id,
        "parent_number": parent.number,
        "source_type": WorkOrder.source_type,
        "source_id": WorkOrder.source_id,
        "actual_cost": WorkOrderCost.actual_cost if costs else cast(null(), MONEY),
        "updated_at": WorkOrder.updated_at,
        "updated_by": WorkOrder.updated_by,
        "row_version": WorkOrder.row_version,
        "image_id": ProductImage.id,
        "image_hash": ProductImage.content_hash,
    }
    shown = base.with_only_columns(
        *[(Product.sku if key == "sku" else expression).label(key) for key, expression in columns.items()]
    )
    return fetch_page(
        session,
        shown,
        columns=columns | {"warehouse_id": WorkOrder.warehouse_id},
        key=columns["id"],
        query=query,
        row=OrderRow,
    )


def search_orders(session: Session, typed: str, limit: int = 8, language: str = "de") -> list[OrderHit]:
    """Work orders whose number or product fits what somebody types: numbers first, then articles, then names, the
    newest first; one round trip."""
    found, name = named(select(WorkOrder.id).join(Product, Product.id == WorkOrder.product_id), language)
    by_number = WorkOrder.number.icontains(typed, autoescape=True)
    by_sku = Product.sku.istartswith(typed, autoescape=True)
    by_name = condition(name, Filter("name", "contains", typed))
    statement = (
        found.with_only_columns(WorkOrder.id, WorkOrder.number, Product.sku, name, WorkOrder.state)
        .where(or_(by_number, by_sku, by_name))
        .order_by(by_number.desc(), by_sku.desc(), WorkOrder.id.desc())
        .limit(limit)
    )
    return [OrderHit._make(row) for row in session.execute(statement)]


def _order_question(session: Session, order_id: int, language: str) -> Question[OrderDetail | None]:
    """Asks for an order with its reports and sub-orders; the components are a question of their own."""
    parent = aliased(WorkOrder, name="parent")
    costs = may_read(session, ORDER_COST)
    nothing = cast(null(), PRICE)
    base, name = named(
        select(WorkOrder.id)
        .join(Product, Product.id == WorkOrder.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .join(Warehouse, Warehouse.id == WorkOrder.warehouse_id)
        .join(Bom, Bom.id == WorkOrder.bom_id)
        .outerjoin(parent, parent.id == WorkOrder.parent_id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary))
        .where(WorkOrder.id == order_id),
        language,
    )
    if costs:
        base = base.outerjoin(WorkOrderCost, WorkOrderCost.work_order_id == WorkOrder.id)
    reported = WorkOrder.qty_good + WorkOrder.qty_scrap
    statement = base.with_only_columns(
        WorkOrder.id,
        WorkOrder.row_version,
        WorkOrder.number,
        WorkOrder.state,
        WorkOrder.product_id,
        Product.sku,
        name,
        unit_name(language),
        Unit.decimals,
        Product.is_lot_tracked,
        WorkOrder.bom_id,
        Bom.version,
        WorkOrder.warehouse_id,
        Warehouse.code,
        WorkOrder.qty,
        WorkOrder.qty_good,
        WorkOrder.qty_scrap,
        WorkOrder.planned_start,
        WorkOrder.planned_end,
        WorkOrder.started_at,
        WorkOrder.completed_at,
        WorkOrder.cancel_reason,
        WorkOrder.parent_id,
        parent.number,
        WorkOrder.source_type,
        WorkOrder.source_id,
        WorkOrder.created_by,
        WorkOrder.updated_at,
        WorkOrder.updated_by,
        WorkOrderCost.standard_unit_cost if costs else nothing,
        func.round(WorkOrderCost.standard_unit_cost * reported, 2) if costs else nothing,
        WorkOrderCost.actual_cost if costs else nothing,
        ProductImage.id,
        ProductImage.content_hash,
        literal_column(_COMPLETIONS.format(language=language), JSONB),
        literal_column(_SUB_ORDERS.format(language=language, name=name_sql(f"'{language}'")), JSONB),
    )
    return Question(statement, _order)


def _order(rows: Sequence[Any]) -> OrderDetail | None:
    if not rows:
        return None
    *header, completions, sub_orders = rows[0]
    return OrderDetail(
        OrderHeader._make(header),
        (),
        tuple(_completion(line) for line in completions or ()),
        tuple(_sub_order(line) for line in sub_orders or ()),
    )


_COMPONENTS = text(f"""
SELECT c.id, c.position, c.product_id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, u.decimals, p.is_stocked, c.scrap_pct,
       c.qty_required, coalesce(r.qty, 0), c.qty_consumed, coalesce(l.free, 0),
       CASE WHEN p.is_stocked AND o.state IN ('released', 'started')
            THEN greatest(0, c.qty_required - c.qty_consumed - coalesce(r.qty, 0)) ELSE 0 END,
       coalesce((SELECT sum(s.qty - s.qty_good - s.qty_scrap) FROM production.work_order s
                  WHERE s.parent_id = o.id AND s.product_id = c.product_id AND s.state IN ('released', 'started')), 0),
       i.id, i.content_hash
  FROM production.work_order_component c
  JOIN production.work_order o ON o.id = c.work_order_id
  JOIN catalog.product p ON p.id = c.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
  LEFT JOIN inventory.reservation r ON r.source_type = 'work_order_component' AND r.source_id = c.id
  LEFT JOIN inventory.stock_level l ON l.product_id = c.product_id AND l.warehouse_id = c.warehouse_id
 WHERE c.work_order_id = :order
 ORDER BY c.position
""")  # noqa: S608  (fixed names)
# Reports and sub-orders travel with the header.
_COMPLETIONS = """(
SELECT jsonb_agg(jsonb_build_array(c.id, c.reported_at, c.reported_by, c.qty_good, c.qty_scrap, s.name_{language},
                                   c.lot_id, l.code, p.code, c.remark) ORDER BY c.id DESC)
  FROM production.completion c
  LEFT JOIN production.scrap_reason s ON s.id = c.scrap_reason_id
  LEFT JOIN inventory.lot l ON l.id = c.lot_id
  LEFT JOIN inventory.place p ON p.id = c.place_id
 WHERE c.work_order_id = production.work_order.id)"""
_SUB_ORDERS = """(
SELECT jsonb_agg(jsonb_build_array(o.id, o.number, o.state, o.product_id, p.sku, {name}, o.qty,
                                   o.qty_good, u.name_{language}, o.planned_end) ORDER BY o.id)
  FROM production.work_order o
  JOIN catalog.product p ON p.id = o.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = '{language}' AND '{language}' <> 'de'
 WHERE o.parent_id = production.work_order.id)"""


def _completion(line: Sequence[Any]) -> CompletionRow:
    reported_at = datetime.fromisoformat(line[1])
    return CompletionRow._make((line[0], reported_at, line[2], Decimal(line[3]), Decimal(line[4]), *line[5:]))


def _sub_order(line: Sequence[Any]) -> SubOrderRow:
    qty, good, unit, end = line[6:]
    return SubOrderRow._make((*line[:6], Decimal(qty), Decimal(good), unit, date.fromisoformat(end)))


def components(session: Session, order_id: int, language: str = "de") -> tuple[ComponentRow, ...]:
    """The components of an order with stock, reservation and consumption; one statement."""
    return ask(session, _components_question(order_id, language))


def _components_question(order_id: int, language: str) -> Question[tuple[ComponentRow, ...]]:
    values = {"order": order_id, "language": language}
    return Question(_COMPONENTS, lambda rows: tuple(ComponentRow._make(row) for row in rows), values)


def order_detail(session: Session, order_id: int, language: str = "de") -> OrderDetail:
    """A work order with components, reports and sub-orders; one round trip.  Raises `Refused` (record_not_found)."""
    found, parts = ask_together(
        session,
        _order_question(session, order_id, "en" if language == "en" else "de"),
        _components_question(order_id, language),
    )
    if found is None:
        raise Refused("record_not_found", table="production.work_order", id=order_id)
    return OrderDetail(found.header, parts, found.completions, found.sub_orders)


def scrap_reasons(session: Session, language: str = "de") -> list[Reason]:
    """Scrap reasons by name."""
    name = ScrapReason.name_en if language == "en" else ScrapReason.name_de
    statement = select(ScrapReason.id, ScrapReason.code, name).order_by(name)
    return [Reason._make(line) for line in session.execute(statement)]


_DEMAND = text(f"""
SELECT l.id, s.id, s.number, c.name, s.requested_date, l.product_id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END,
       s.warehouse_id, l.qty, l.qty_shipped, coalesce(r.qty, 0), coalesce(w.qty, 0),
       l.qty - l.qty_shipped - CASE WHEN :to_order THEN 0 ELSE coalesce(r.qty, 0) END - coalesce(w.qty, 0)
  FROM sales.sales_order s
  JOIN sales.sales_order_line l ON l.sales_order_id = s.id
  JOIN partners.partner c ON c.id = s.customer_id
  JOIN catalog.product p ON p.id = l.product_id AND p.is_stocked
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
  LEFT JOIN inventory.reservation r ON r.source_type = 'sales_order_line' AND r.source_id = l.id
  LEFT JOIN LATERAL (
    SELECT sum(o.qty - o.qty_scrap - CASE WHEN :to_order THEN 0 ELSE o.qty_good END) AS qty
      FROM production.work_order o
     WHERE o.source_type = 'sales_order_line' AND o.source_id = l.id
       AND (o.state IN ('released', 'started') OR :to_order AND o.state = 'completed')) w ON true
 WHERE s.state = 'confirmed' AND s.delivery_state <> 'full'
   AND (NOT :to_order OR p.is_made)
   AND l.qty - l.qty_shipped - CASE WHEN :to_order THEN 0 ELSE coalesce(r.qty, 0) END - coalesce(w.qty, 0) > 0
 ORDER BY s.requested_date NULLS LAST, s.id, l.position
""")  # noqa: S608  (fixed names)


def demand_question(language: str, *, to_order: bool) -> Question[list[DemandRow]]:
    """Asks for sales order lines that wait for goods nobody is making yet, the most urgent first; for planners.

    ``to_order`` asks what can be made for the lines themselves: what stock is reserved for them counts as open then,
    what was made for them does not.
    """
    values = {"language": language, "to_order": to_order}
    return Question(_DEMAND, lambda rows: [DemandRow._make(row) for row in rows], values)
