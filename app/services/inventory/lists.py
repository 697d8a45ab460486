"""Lists of stock and its moves.  On-hand comes from levels and balances, never from summing moves."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, cast, func, literal_column, null, select
from sqlalchemy.orm import Session, aliased

from app.core.paging import COUNT_LIMIT, ListQuery, Page, condition, fetch_page
from app.models.base import MONEY
from app.models.catalog import Category, Product, ProductCost, ProductImage, Unit
from app.models.inventory import Lot, Place, StockBalance, StockLevel, StockMove, Warehouse
from app.models.production import WorkOrder
from app.services.catalog.words import named, unit_name
from app.services.visible import may_read

COST = "catalog.product_cost"
STOCK_PRESETS = ("all", "below_reorder", "reserved", "blocked", "empty")
PLACE_PRESETS = ("all", "lots", "expiring", "blocked")
MOVE_PRESETS = ("all", "in", "out", "transfer", "adjust")
_KINDS = {
    "in": ("receipt", "adjust_in", "return", "produce"),
    "out": ("issue", "adjust_out", "ship", "consume", "scrap"),
    "transfer": ("transfer",),
    "adjust": ("adjust_in", "adjust_out", "scrap"),
}


class StockRow(NamedTuple):
    """A product in a warehouse.  ``free`` may still be promised; ``status`` is ok, low (at or below the reorder point,
    all warehouses together), short (nothing free) or empty.  ``value`` is None without the right to know costs."""

    id: int
    product_id: int
    sku: str
    name: str
    category: str | None
    warehouse_id: int
    warehouse: str
    on_hand: Decimal
    reserved: Decimal
    blocked: Decimal
    free: Decimal
    expected: Decimal
    reorder_point: Decimal
    unit: str
    decimals: int
    status: str
    value: Decimal | None
    image_id: int | None
    image_hash: str | None


class PlaceStockRow(NamedTuple):
    """What lies at a place, by lot."""

    id: int
    product_id: int
    sku: str
    name: str
    warehouse_id: int
    warehouse: str
    place_id: int
    place: str
    place_kind: str
    lot_id: int | None
    lot: str | None
    expires_on: date | None
    qty: Decimal
    unit: str
    decimals: int
    value: Decimal | None


class MoveRow(NamedTuple):
    """One posted move.  ``source_type``/``source_id`` name the document it belongs to."""

    id: int
    posted_at: datetime
    kind: str
    product_id: int
    sku: str
    name: str
    qty: Decimal
    unit: str
    decimals: int
    lot: str | None
    from_warehouse: str | None
    from_place: str | None
    to_warehouse: str | None
    to_place: str | None
    reason: str | None
    source_type: str | None
    source_id: int | None
    posted_by: str


def list_stock(session: Session, query: ListQuery) -> Page:
    """Rows of `StockRow`, one per product and warehouse.  Presets: all, below_reorder, reserved, blocked, empty."""
    category = Category.name_en if query.language == "en" else Category.name_de
    other = aliased(StockLevel)
    total = (
        select(func.sum(other.free))
        .where(other.product_id == StockLevel.product_id)
        .correlate(StockLevel)
        .scalar_subquery()
    )
    status = case(
        (StockLevel.on_hand <= 0, literal_column("'empty'")),
        (StockLevel.free <= 0, literal_column("'short'")),
        (and_(Product.reorder_point > 0, total <= Product.reorder_point), literal_column("'low'")),
        else_=literal_column("'ok'"),
    )
    expected = (
        select(func.coalesce(func.sum(WorkOrder.qty - WorkOrder.qty_good - WorkOrder.qty_scrap), 0))
        .where(
            WorkOrder.product_id == StockLevel.product_id,
            WorkOrder.warehouse_id == StockLevel.warehouse_id,
            WorkOrder.state.in_(("released", "started")),
            WorkOrder.parent_id.is_(None),
        )
        .correlate(StockLevel)
        .scalar_subquery()
    )
    costs = may_read(session, COST)
    value = func.round(StockLevel.on_hand * ProductCost.standard_cost, 2) if costs else cast(null(), MONEY)
    base, name = named(
        select(StockLevel.id)
        .join(Product, Product.id == StockLevel.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .join(Warehouse, Warehouse.id == StockLevel.warehouse_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary)),
        query.language,
    )
    if costs:
        base = base.outerjoin(ProductCost, ProductCost.product_id == Product.id)
    match query.preset:
        case "below_reorder":
            base = base.where(Product.reorder_point > 0, total < Product.reorder_point)
        case "reserved":
            base = base.where(StockLevel.reserved > 0)
        case "blocked":
            base = base.where(StockLevel.blocked > 0)
        case "empty":
            base = base.where(StockLevel.on_hand <= 0)
        case _:
            base = base.where(StockLevel.on_hand > 0)
    columns: dict[str, Any] = {
        "id": StockLevel.id,
        "product_id": StockLevel.product_id,
        "sku": Product.search_key,
        "name": name,
        "category": category,
        "warehouse_id": StockLevel.warehouse_id,
        "warehouse": Warehouse.code,
        "on_hand": StockLevel.on_hand,
        "reserved": StockLevel.reserved,
        "blocked": StockLevel.blocked,
        "free": StockLevel.free,
        "expected": expected,
        "reorder_point": Product.reorder_point,
        "unit": unit_name(query.language),
        "decimals": Unit.decimals,
        "status": status,
        "value": value,
        "image_id": ProductImage.id,
        "image_hash": ProductImage.content_hash,
    }
    shown = base.with_only_columns(
        *[(Product.sku if key == "sku" else expression).label(key) for key, expression in columns.items()]
    )
    return fetch_page(session, shown, columns=columns, key=StockLevel.id, query=query, row=StockRow)  # type: ignore[arg-type]


def list_stock_by_place(session: Session, query: ListQuery) -> Page:
    """Rows of `PlaceStockRow`, one per product, place and lot.  Presets: all, lots, expiring (30 days), blocked."""
    costs = may_read(session, COST)
    value = func.round(StockBalance.qty * ProductCost.standard_cost, 2) if costs else cast(null(), MONEY)
    base, name = named(
        select(StockBalance.id)
        .join(Product, Product.id == StockBalance.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .join(Warehouse, Warehouse.id == StockBalance.warehouse_id)
        .join(Place, Place.id == StockBalance.place_id)
        .outerjoin(Lot, Lot.id == StockBalance.lot_id)
        .where(StockBalance.qty > 0),
        query.language,
    )
    if costs:
        base = base.outerjoin(ProductCost, ProductCost.product_id == Product.id)
    match query.preset:
        case "lots":
            base = base.where(StockBalance.lot_id.is_not(None))
        case "expiring":
            base = base.where(Lot.expires_on <= func.current_date() + 30)
        case "blocked":
            base = base.where(Place.kind == "blocked")
    columns: dict[str, Any] = {
        "id": StockBalance.id,
        "product_id": StockBalance.product_id,
        "sku": Product.search_key,
        "name": name,
        "warehouse_id": StockBalance.warehouse_id,
        "warehouse": Warehouse.code,
        "place_id": StockBalance.place_id,
        "place": Place.code,
        "place_kind": Place.kind,
        "lot_id": StockBalance.lot_id,
        "lot": Lot.code,
        "expires_on": Lot.expires_on,
        "qty": StockBalance.qty,
        "unit": unit_name(query.language),
        "decimals": Unit.decimals,
        "value": value,
    }
    shown = base.with_only_columns(
        *[(Product.sku if key == "sku" else expression).label(key) for key, expression in columns.items()]
    )
    return fetch_page(session, shown, columns=columns, key=StockBalance.id, query=query, row=PlaceStockRow)  # type: ignore[arg-type]


def list_moves(session: Session, query: ListQuery) -> Page:
    """Rows of `MoveRow`, newest first unless sorted otherwise.  Presets: all, in, out, transfer, adjust.

    Newest first follows the key alone, so that it costs the same after a million moves.
    """
    source, target = aliased(Place, name="source"), aliased(Place, name="target")
    source_wh, target_wh = aliased(Warehouse, name="source_wh"), aliased(Warehouse, name="target_wh")
    base, name = named(
        select(StockMove.id)
        .join(Product, Product.id == StockMove.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .outerjoin(Lot, Lot.id == StockMove.lot_id)
        .outerjoin(source, source.id == StockMove.from_place_id)
        .outerjoin(source_wh, source_wh.id == StockMove.from_warehouse_id)
        .outerjoin(target, target.id == StockMove.to_place_id)
        .outerjoin(target_wh, target_wh.id == StockMove.to_warehouse_id),
        query.language,
    )
    if query.preset in _KINDS:
        base = base.where(StockMove.kind.in_(_KINDS[query.preset]))
    shown_columns: dict[str, Any] = {
        "id": StockMove.id,
        "posted_at": StockMove.posted_at,
        "kind": StockMove.kind,
        "product_id": StockMove.product_id,
        "sku": Product.search_key,
        "name": name,
        "qty": StockMove.qty,
        "unit": unit_name(query.language),
        "decimals": Unit.decimals,
        "lot": Lot.code,
        "from_warehouse": source_wh.code,
        "from_place": source.code,
        "to_warehouse": target_wh.code,
        "to_place": target.code,
        "reason": StockMove.reason,
        "source_type": StockMove.source_type,
        "source_id": StockMove.source_id,
        "posted_by": StockMove.posted_by,
    }
    columns = shown_columns | {
        "lot_id": StockMove.lot_id,
        "from_place_id": StockMove.from_place_id,
        "to_place_id": StockMove.to_place_id,
        "from_warehouse_id": StockMove.from_warehouse_id,
        "to_warehouse_id": StockMove.to_warehouse_id,
    }
    shown = base.with_only_columns(
        *[
            (Product.sku if key == "sku" else expression).label(key)
            for key, expression in shown_columns.items()
        ]
    )
    newest_first = not query.sort or (query.sort in ("id", "posted_at") and query.descending)
    if not newest_first:
        return fetch_page(session, shown, columns=columns, key=StockMove.id, query=query, row=MoveRow)  # type: ignore[arg-type]
    return _newest_first(session, shown, columns, query)


def _newest_first(
    session: Session, statement: Select[Any], columns: dict[str, Any], query: ListQuery
) -> Page:
    for item in query.filters:
        if item.key not in columns:
            raise ValueError(f"this list has no column {item.key!r}")
    filtered = statement.where(*[condition(columns[item.key], item) for item in query.filters])
    paged = filtered if query.after is None else filtered.where(StockMove.id < query.after[1])
    found = session.execute(paged.order_by(StockMove.id.desc()).limit(query.limit)).all()
    rows = [MoveRow._make(line) for line in found]
    full = len(rows) == query.limit
    total: int | None = None
    if query.count:
        total = len(rows)
        if full and query.after is None:
            inner = filtered.with_only_columns(StockMove.id).order_by(None).limit(COUNT_LIMIT + 1).subquery()
            total = session.execute(select(func.count()).select_from(inner)).scalar_one()
    exact = total is None or total <= COUNT_LIMIT
    following = (None, rows[-1].id) if full else None
    return Page(rows, following, None if total is None else min(total, COUNT_LIMIT), exact)
