"""Warehouses, places and lots: their lists, their forms, and what is found while typing."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Executable, Select, bindparam, exists, func, or_, select, text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.core.together import Question, ask
from app.models.catalog import Product, Unit
from app.models.inventory import Lot, Place, StockBalance, Warehouse
from app.services.catalog.words import name_sql, named, unit_name

KIND_CHIPS = {
    "receiving": "info",
    "storage": "neutral",
    "production": "accent",
    "shipping": "info",
    "blocked": "bad",
}


class PlaceListRow(NamedTuple):
    """A place in the list; ``products`` is how many different ones lie there."""

    id: int
    warehouse_id: int
    warehouse: str
    code: str
    name: str | None
    kind: str
    products: int
    is_active: bool
    updated_at: datetime
    updated_by: str


class WarehouseListRow(NamedTuple):
    """A warehouse in the list, with how many places it has in use."""

    id: int
    code: str
    name: str
    places: int
    is_active: bool
    updated_at: datetime
    updated_by: str


class LotListRow(NamedTuple):
    """A lot in the list with what is left of it."""

    id: int
    code: str
    product_id: int
    sku: str
    name: str
    on_hand: Decimal
    unit: str
    expires_on: date | None
    created_at: datetime


class WarehouseRecord(NamedTuple):
    """A warehouse as its form shows it."""

    id: int
    row_version: int
    code: str
    name: str
    is_active: bool
    updated_at: datetime
    updated_by: str


class PlaceRecord(NamedTuple):
    """A place as its form shows it."""

    id: int
    row_version: int
    warehouse_id: int
    warehouse: str
    code: str
    name: str | None
    kind: str
    is_active: bool
    updated_at: datetime
    updated_by: str


class LotRecord(NamedTuple):
    """A lot as its form shows it."""

    id: int
    row_version: int
    code: str
    product_id: int
    product: str
    expires_on: date | None
    on_hand: Decimal
    unit: str
    updated_at: datetime
    updated_by: str


class PlaceHit(NamedTuple):
    """A place found while typing; ``title`` is its code."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str]
    warehouse_id: int
    kind: str


class Balance(NamedTuple):
    """What of a product lies at a place, by lot."""

    place_id: int
    place: str
    place_kind: str
    warehouse_id: int
    warehouse: str
    lot_id: int | None
    lot: str | None
    expires_on: date | None
    qty: Decimal


class ProductStock(NamedTuple):
    """What a posting needs to know of a product, with everything of it that lies anywhere this reader may see; first
    what expires first, then storage before other places, then old lots."""

    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    is_stocked: bool
    is_lot_tracked: bool
    free: Decimal
    balances: tuple[Balance, ...]


def _page(
    session: Session,
    statement: Select[Any],
    columns: dict[str, Any],
    query: ListQuery,
    row: type[Any],
    **more: Any,
) -> Page:
    shown = statement.with_only_columns(*[expression.label(key) for key, expression in columns.items()])
    return fetch_page(session, shown, columns=columns | more, key=columns["id"], query=query, row=row)


def list_warehouses(session: Session, query: ListQuery) -> Page:
    """Rows of `WarehouseListRow`.  Presets: active, all."""
    places = (
        select(func.count(Place.id))
        .where(Place.warehouse_id == Warehouse.id, Place.is_active)
        .correlate(Warehouse)
        .scalar_subquery()
    )
    statement = select(Warehouse.id)
    if query.preset != "all":
        statement = statement.where(Warehouse.is_active)
    columns: dict[str, Any] = {
        "id": Warehouse.id,
        "code": Warehouse.code,
        "name": Warehouse.name,
        "places": places,
        "is_active": Warehouse.is_active,
        "updated_at": Warehouse.updated_at,
        "updated_by": Warehouse.updated_by,
    }
    return _page(session, statement, columns, query, WarehouseListRow)


def list_places(session: Session, query: ListQuery) -> Page:
    """Rows of `PlaceListRow`, as far as the reader may see them.  Presets: active, empty, blocked, all."""
    products = (
        select(func.count(StockBalance.product_id.distinct()))
        .where(StockBalance.place_id == Place.id, StockBalance.qty > 0)
        .correlate(Place)
        .scalar_subquery()
    )
    statement = select(Place.id).join(Warehouse, Warehouse.id == Place.warehouse_id)
    match query.preset:
        case "all":
            pass
        case "blocked":
            statement = statement.where(Place.kind == "blocked")
        case "empty":
            there = exists().where(StockBalance.place_id == Place.id, StockBalance.qty > 0)
            statement = statement.where(Place.is_active, ~there)
        case _:
            statement = statement.where(Place.is_active)
    columns: dict[str, Any] = {
        "id": Place.id,
        "warehouse_id": Place.warehouse_id,
        "warehouse": Warehouse.code,
        "code": Place.code,
        "name": Place.name,
        "kind": Place.kind,
        "products": products,
        "is_active": Place.is_active,
        "updated_at": Place.updated_at,
        "updated_by": Place.updated_by,
    }
    return _page(session, statement, columns, query, PlaceListRow)


def list_lots(session: Session, query: ListQuery) -> Page:
    """Rows of `LotListRow`, newest first unless sorted otherwise.  Presets: there, expiring (30 days), all."""
    on_hand = (
        select(func.coalesce(func.sum(StockBalance.qty), 0))
        .where(StockBalance.lot_id == Lot.id)
        .correlate(Lot)
        .scalar_subquery()
    )
    there = exists().where(StockBalance.lot_id == Lot.id, StockBalance.qty > 0)
    statement, name = named(
        select(Lot.id).join(Product, Product.id == Lot.product_id).join(Unit, Unit.id == Product.unit_id),
        query.language,
    )
    match query.preset:
        case "all":
            pass
        case "expiring":
            statement = statement.where(there, Lot.expires_on <= func.current_date() + 30)
        case _:
            statement = statement.where(there)
    columns: dict[str, Any] = {
        "id": Lot.id,
        "code": Lot.code,
        "product_id": Lot.product_id,
        "sku": Product.sku,
        "name": name,
        "on_hand": on_hand,
        "unit": unit_name(query.language),
        "expires_on": Lot.expires_on,
        "created_at": Lot.created_at,
    }
    return _page(session, statement, columns, query, LotListRow)


def get_warehouse(session: Session, record_id: int, _language: str = "de") -> WarehouseRecord:
    """A warehouse for its form.  Raises `Refused` (record_not_found)."""
    statement = select(
        Warehouse.id,
        Warehouse.row_version,
        Warehouse.code,
        Warehouse.name,
        Warehouse.is_active,
        Warehouse.updated_at,
        Warehouse.updated_by,
    ).where(Warehouse.id == record_id)
    return WarehouseRecord._make(_one(session, statement, "inventory.warehouse", record_id))


def get_place(session: Session, record_id: int, _language: str = "de") -> PlaceRecord:
    """A place for its form.  Raises `Refused` (record_not_found)."""
    statement = (
        select(
            Place.id,
            Place.row_version,
            Place.warehouse_id,
            Warehouse.code + " " + Warehouse.name,
            Place.code,
            Place.name,
            Place.kind,
            Place.is_active,
            Place.updated_at,
            Place.updated_by,
        )
        .join(Warehouse, Warehouse.id == Place.warehouse_id)
        .where(Place.id == record_id)
    )
    return PlaceRecord._make(_one(session, statement, "inventory.place", record_id))


def get_lot(session: Session, record_id: int, language: str = "de") -> LotRecord:
    """A lot for its form.  Raises `Refused` (record_not_found)."""
    on_hand = (
        select(func.coalesce(func.sum(StockBalance.qty), 0))
        .where(StockBalance.lot_id == Lot.id)
        .correlate(Lot)
        .scalar_subquery()
    )
    base, name = named(
        select(Lot.id)
        .join(Product, Product.id == Lot.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .where(Lot.id == record_id),
        language,
    )
    statement = base.with_only_columns(
        Lot.id,
        Lot.row_version,
        Lot.code,
        Lot.product_id,
        Product.sku + " " + name,
        Lot.expires_on,
        on_hand,
        unit_name(language),
        Lot.updated_at,
        Lot.updated_by,
    )
    return LotRecord._make(_one(session, statement, "inventory.lot", record_id))


def _one(session: Session, statement: Executable, table: str, record_id: int) -> Any:
    found = session.execute(statement).one_or_none()
    if found is None:
        raise Refused("record_not_found", table=table, id=record_id)
    return found


def search_places(session: Session, typed: str, limit: int = 8, _language: str = "de") -> list[PlaceHit]:
    """Active places whose code begins with the text, then those whose code or name contains it."""
    plain = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    begins, holds = Place.code.ilike(f"{plain}%"), f"%{plain}%"
    statement = (
        select(Place.id, Place.code, Place.name, Warehouse.code, Place.kind, Place.warehouse_id)
        .join(Warehouse, Warehouse.id == Place.warehouse_id)
        .where(Place.is_active, or_(begins, Place.code.ilike(holds), Place.name.ilike(holds)))
        .order_by(func.lower(Place.code) != typed.lower(), ~begins, Place.code)
        .limit(limit)
    )
    return [
        PlaceHit(
            row[0],
            row[1],
            " · ".join(part for part in (row[3], row[2]) if part),
            (KIND_CHIPS[row[4]], f"place.kind.{row[4]}"),
            row[5],
            row[4],
        )
        for row in session.execute(statement)
    ]


_PRODUCT_STOCK = text(f"""
SELECT p.id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, u.decimals, p.is_stocked, p.is_lot_tracked,
       coalesce((SELECT sum(l.free) FROM inventory.stock_level l WHERE l.product_id = p.id), 0),
       (SELECT jsonb_agg(jsonb_build_array(
                 b.place_id, pl.code, pl.kind, w.id, w.code, b.lot_id, lo.code, lo.expires_on, b.qty::text)
               ORDER BY lo.expires_on NULLS LAST, pl.kind <> 'storage', pl.kind = 'blocked',
                        b.lot_id NULLS FIRST, pl.code)
          FROM inventory.stock_balance b
          JOIN inventory.place pl ON pl.id = b.place_id
          JOIN inventory.warehouse w ON w.id = b.warehouse_id
          LEFT JOIN inventory.lot lo ON lo.id = b.lot_id
         WHERE b.product_id = p.id AND b.qty > 0)
  FROM catalog.product p
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
 WHERE p.id = :product
""").bindparams(bindparam("language"), bindparam("product"))  # noqa: S608  (fixed names)


def product_stock(session: Session, product_id: int, language: str = "de") -> ProductStock:
    """A product with all that lies of it, in one round trip.  Raises `Refused` (record_not_found)."""
    return stock_of(product_id, ask(session, stock_question(product_id, language)))


def stock_of(product_id: int, found: ProductStock | None) -> ProductStock:
    """The answer to `stock_question`.  Raises `Refused` (record_not_found)."""
    if found is None:
        raise Refused("record_not_found", table="catalog.product", id=product_id)
    return found


def stock_question(product_id: int, language: str) -> Question[ProductStock | None]:
    """Asks for a product with all that lies of it."""

    def stock(rows: Sequence[Any]) -> ProductStock | None:
        if not rows:
            return None
        balances = tuple(
            Balance._make((*line[:7], date.fromisoformat(line[7]) if line[7] else None, Decimal(line[8])))
            for line in rows[0][8] or ()
        )
        return ProductStock._make((*rows[0][:8], balances))

    return Question(_PRODUCT_STOCK, stock, {"product": product_id, "language": language})
