"""What screens show of stock: the lists, and what is looked up for one product or many at once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import bindparam, case, func, select, text
from sqlalchemy.orm import Session

from app.core.together import Question, ask
from app.models.inventory import Lot, Place, StockBalance, Warehouse
from app.services.inventory.lists import (
    MOVE_PRESETS,
    PLACE_PRESETS,
    STOCK_PRESETS,
    MoveRow,
    PlaceStockRow,
    StockRow,
    list_moves,
    list_stock,
    list_stock_by_place,
)
from app.services.visible import may_read

__all__ = [
    "MOVE_PRESETS",
    "PLACE_PRESETS",
    "STOCK_PRESETS",
    "Availability",
    "DayStock",
    "MoveRow",
    "PickRow",
    "PlaceRow",
    "PlaceStockRow",
    "ReservationRow",
    "StockRow",
    "WarehouseRow",
    "availability",
    "list_moves",
    "list_stock",
    "list_stock_by_place",
    "on_hand_history",
    "pick_stock",
    "places",
    "reservations",
    "warehouses",
    "warehouses_question",
]


class Availability(NamedTuple):
    """What can be promised of a product: now, and what open work orders will add (``expected_on``: the first of
    them that ends)."""

    product_id: int
    on_hand: Decimal
    reserved: Decimal
    blocked: Decimal
    free: Decimal
    expected: Decimal
    expected_on: date | None


class PickRow(NamedTuple):
    """A balance to take from; first what expires first and has not yet, then storage before other places, then old
    lots."""

    product_id: int
    place_id: int
    place: str
    place_kind: str
    lot_id: int | None
    lot: str | None
    expires_on: date | None
    qty: Decimal


class WarehouseRow(NamedTuple):
    """A warehouse."""

    id: int
    code: str
    name: str
    is_active: bool
    row_version: int


class PlaceRow(NamedTuple):
    """A place with how many products lie there."""

    id: int
    warehouse_id: int
    warehouse: str
    code: str
    name: str | None
    kind: str
    is_active: bool
    products: int
    row_version: int


class ReservationRow(NamedTuple):
    """For whom stock is kept.  ``topic`` and ``document_id`` open the document; the number is None when the reader
    may not see it."""

    id: int
    warehouse: str
    qty: Decimal
    source_type: str
    source_id: int
    topic: str | None
    document_id: int | None
    number: str | None


class DayStock(NamedTuple):
    """On hand at the end of a day."""

    day: date
    on_hand: Decimal


def being_made(product: str, warehouse: str) -> str:
    """SQL of what open work orders will add to a product, and when the first of them ends; the arguments are SQL too.

    Work orders that make parts for other work orders are not counted: their pieces are spoken for.
    """
    return f"""
    SELECT sum(o.qty - o.qty_good - o.qty_scrap) AS expected, min(o.planned_end) AS expected_on
      FROM production.work_order o
     WHERE o.product_id = {product} AND o.state IN ('released', 'started') AND o.parent_id IS NULL
       AND (CAST({warehouse} AS bigint) IS NULL OR o.warehouse_id = {warehouse})"""  # noqa: S608


_AVAILABILITY = text(
    """
SELECT p.id, coalesce(l.on_hand, 0), coalesce(l.reserved, 0), coalesce(l.blocked, 0), coalesce(l.free, 0),
       coalesce(w.expected, 0), w.expected_on
  FROM unnest(CAST(:products AS bigint[])) WITH ORDINALITY AS p (id, ord)
  LEFT JOIN LATERAL (
    SELECT sum(s.on_hand) AS on_hand, sum(s.reserved) AS reserved, sum(s.blocked) AS blocked, sum(s.free) AS free
      FROM inventory.stock_level s
     WHERE s.product_id = p.id AND (CAST(:warehouse AS bigint) IS NULL OR s.warehouse_id = :warehouse)) l ON true
  LEFT JOIN LATERAL ({being_made}) w ON true
 ORDER BY p.ord
""".format(being_made=being_made("p.id", ":warehouse"))  # noqa: S608
)


def availability(
    session: Session, product_ids: Sequence[int], warehouse_id: int | None = None
) -> list[Availability]:
    """What can be promised of these products, in their order; one statement for as many as there are."""
    return ask(session, availability_question(product_ids, warehouse_id))


def availability_question(
    product_ids: Sequence[int], warehouse_id: int | None
) -> Question[list[Availability]]:
    """Asks what can be promised of products."""
    values = {"products": list(product_ids), "warehouse": warehouse_id}
    return Question(_AVAILABILITY, lambda rows: [Availability._make(row) for row in rows], values)


def pick_stock(session: Session, product_ids: Sequence[int], warehouse_id: int) -> list[PickRow]:
    """Balances to pick these products from in a warehouse, per product in the order to take them."""
    order = case({"storage": 1, "shipping": 2, "receiving": 3}, value=Place.kind, else_=4)
    statement = (
        select(
            StockBalance.product_id,
            StockBalance.place_id,
            Place.code,
            Place.kind,
            StockBalance.lot_id,
            Lot.code,
            Lot.expires_on,
            StockBalance.qty,
        )
        .join(Place, Place.id == StockBalance.place_id)
        .outerjoin(Lot, Lot.id == StockBalance.lot_id)
        .where(
            StockBalance.product_id == func.any(bindparam("products", list(product_ids))),
            StockBalance.warehouse_id == warehouse_id,
            StockBalance.qty > 0,
            Place.kind != "blocked",
            Place.is_active,
        )
        .order_by(
            StockBalance.product_id,
            func.coalesce(Lot.expires_on < func.current_date(), False),
            Lot.expires_on.nulls_last(),
            order,
            StockBalance.lot_id.nulls_first(),
            Place.code,
        )
    )
    return [PickRow._make(line) for line in session.execute(statement)]


def warehouses(session: Session, active_only: bool = True) -> list[WarehouseRow]:
    """Warehouses by code."""
    return ask(session, warehouses_question(active_only=active_only))


def warehouses_question(*, active_only: bool = True) -> Question[list[WarehouseRow]]:
    """Asks for warehouses by code."""
    statement = select(
        Warehouse.id, Warehouse.code, Warehouse.name, Warehouse.is_active, Warehouse.row_version
    ).order_by(Warehouse.code)
    if active_only:
        statement = statement.where(Warehouse.is_active)
    return Question(statement, lambda rows: [WarehouseRow._make(row) for row in rows])


def places(session: Session, warehouse_id: int | None = None, active_only: bool = True) -> list[PlaceRow]:
    """Places by warehouse and code, as far as the reader may see them."""
    stocked = (
        select(func.count(StockBalance.product_id.distinct()))
        .where(StockBalance.place_id == Place.id, StockBalance.qty > 0)
        .correlate(Place)
        .scalar_subquery()
    )
    statement = (
        select(
            Place.id,
            Place.warehouse_id,
            Warehouse.code,
            Place.code,
            Place.name,
            Place.kind,
            Place.is_active,
            stocked,
            Place.row_version,
        )
        .join(Warehouse, Warehouse.id == Place.warehouse_id)
        .order_by(Warehouse.code, Place.code)
    )
    if warehouse_id is not None:
        statement = statement.where(Place.warehouse_id == warehouse_id)
    if active_only:
        statement = statement.where(Place.is_active)
    return [PlaceRow._make(line) for line in session.execute(statement)]


_RESERVATIONS = """
SELECT r.id, w.code, r.qty, r.source_type, r.source_id, {topic}, {document}, {number}
  FROM inventory.reservation r
  JOIN inventory.warehouse w ON w.id = r.warehouse_id
  LEFT JOIN production.work_order_component c ON r.source_type = 'work_order_component' AND c.id = r.source_id
  LEFT JOIN production.work_order o ON o.id = c.work_order_id
{join}
 WHERE r.product_id = :product
 ORDER BY r.id
"""
_RESERVED_BY_MAKERS = text(
    _RESERVATIONS.format(
        topic="CASE WHEN o.id IS NOT NULL THEN 'production.work_order' END",
        document="o.id",
        number="o.number",
        join="",
    )
)
_RESERVED_BY_ALL = text(
    _RESERVATIONS.format(
        topic="CASE WHEN o.id IS NOT NULL THEN 'production.work_order'"
        " WHEN s.id IS NOT NULL THEN 'sales.sales_order' END",
        document="coalesce(o.id, s.id)",
        number="coalesce(o.number, s.number)",
        join="  LEFT JOIN sales.sales_order_line l ON r.source_type = 'sales_order_line' AND l.id = r.source_id\n"
        "  LEFT JOIN sales.sales_order s ON s.id = l.sales_order_id",
    )
)


def reservations(session: Session, product_id: int) -> list[ReservationRow]:
    """For whom stock of a product is kept; sales orders are named only to those who may see them."""
    return ask(session, reservations_question(session, product_id))


def reservations_question(session: Session, product_id: int) -> Question[list[ReservationRow]]:
    """Asks for whom stock of a product is kept."""
    statement = _RESERVED_BY_ALL if may_read(session, "sales.sales_order") else _RESERVED_BY_MAKERS
    return Question(
        statement, lambda rows: [ReservationRow._make(row) for row in rows], {"product": product_id}
    )


_HISTORY = text("""
WITH now_there AS (
  SELECT coalesce(sum(l.on_hand), 0) AS on_hand FROM inventory.stock_level l
   WHERE l.product_id = :product AND (:everywhere OR l.warehouse_id = :warehouse)),
moved AS (
  SELECT CAST(m.posted_at AT TIME ZONE :zone AS date) AS day,
         coalesce(sum(m.qty) FILTER (WHERE m.to_warehouse_id IS NOT NULL AND :everywhere
                                        OR m.to_warehouse_id = :warehouse), 0)
       - coalesce(sum(m.qty) FILTER (WHERE m.from_warehouse_id IS NOT NULL AND :everywhere
                                        OR m.from_warehouse_id = :warehouse), 0) AS delta
    FROM inventory.stock_move m
   WHERE m.product_id = :product AND m.posted_at >= CAST(:since AS date)
   GROUP BY 1)
SELECT d.day, n.on_hand - coalesce(sum(m.delta) OVER later, 0)
  FROM (SELECT CAST(g AS date) AS day
          FROM generate_series(CAST(:since AS date), CAST(now() AT TIME ZONE :zone AS date), interval '1 day') g) d
 CROSS JOIN now_there n
  LEFT JOIN moved m ON m.day = d.day
WINDOW later AS (ORDER BY d.day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
 ORDER BY d.day
""")


def on_hand_history(
    session: Session,
    product_id: int,
    since: date,
    warehouse_id: int | None = None,
    zone: str = "Europe/Berlin",
) -> list[DayStock]:
    """On hand at the end of each day from ``since`` to today, counted back from today's level."""
    return ask(session, history_question(product_id, since, warehouse_id, zone))


def history_question(
    product_id: int, since: date, warehouse_id: int | None = None, zone: str = "Europe/Berlin"
) -> Question[list[DayStock]]:
    """Asks what was on hand at the end of each day."""
    values = {
        "product": product_id,
        "warehouse": warehouse_id,
        "everywhere": warehouse_id is None,
        "since": since,
        "zone": zone,
    }
    return Question(_HISTORY, lambda rows: [DayStock._make(row) for row in rows], values)
