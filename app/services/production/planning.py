"""From open demand to a plan: what waits, what it takes through all levels, which orders make it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from app.core.together import Question, ask, ask_together
from app.models.inventory import Place, Warehouse
from app.services.catalog.words import name_sql
from app.services.engineering.reads import items_question
from app.services.engineering.rules import Item, Requirement, split_orders
from app.services.inventory.reads import availability
from app.services.production.commands import PlannedOrder
from app.services.production.reads import DemandRow, demand_question

ZERO = Decimal(0)


class ReorderRow(NamedTuple):
    """A made product of which less is free or on order than its reorder point; ``open`` is the difference."""

    product_id: int
    sku: str
    name: str
    unit: str
    reorder_point: Decimal
    free: Decimal
    expected: Decimal
    open: Decimal


class Demand(NamedTuple):
    """What waits to be made."""

    lines: list[DemandRow]
    reorder: list[ReorderRow]


class Wanted(NamedTuple):
    """A quantity of a product that is to be made, for a sales order line or (None) for stock."""

    product_id: int
    qty: Decimal
    sales_order_line_id: int | None = None


class Material(NamedTuple):
    """Products with stock and open orders of the warehouse that makes them; ``elsewhere`` is free in others."""

    items: dict[int, Item]
    elsewhere: dict[int, Decimal]


class Maker(NamedTuple):
    """A warehouse that orders can be planned for; ``makes`` when it has a place where things are made."""

    id: int
    code: str
    name: str
    makes: bool


class Planned(NamedTuple):
    """An order of the plan with the requirement it answers."""

    requirement: Requirement
    order: PlannedOrder


_REORDER = text(f"""
SELECT p.id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, p.reorder_point,
       coalesce(s.free, 0), coalesce(w.expected, 0),
       p.reorder_point - coalesce(s.free, 0) - coalesce(w.expected, 0)
  FROM catalog.product p
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
  LEFT JOIN LATERAL (
    SELECT sum(l.free) AS free FROM inventory.stock_level l WHERE l.product_id = p.id) s ON true
  LEFT JOIN LATERAL (
    SELECT sum(o.qty - o.qty_good - o.qty_scrap) AS expected FROM production.work_order o
     WHERE o.product_id = p.id AND o.state IN ('released', 'started') AND o.parent_id IS NULL
       AND o.source_id IS NULL) w ON true
 WHERE p.is_made AND p.is_stocked AND p.state = 'active'
   AND p.reorder_point > coalesce(s.free, 0) + coalesce(w.expected, 0)
 ORDER BY p.sku
 LIMIT 500
""")  # noqa: S608  (fixed names)


def read_demand(session: Session, language: str = "de", to_order: bool = False) -> Demand:
    """Sales order lines nobody makes yet (see `demand_question`), and made products below their reorder point.

    One round trip.
    """
    lines, reorder = ask_together(
        session,
        demand_question(language, to_order=to_order),
        Question(_REORDER, lambda rows: [ReorderRow._make(row) for row in rows], {"language": language}),
    )
    return Demand(lines, reorder)


def read_items(
    session: Session, wanted: Sequence[Wanted], on: date, warehouse_id: int, language: str = "de"
) -> Material:
    """The wanted products and all they are made of, with stock and open orders of a warehouse; two statements."""
    lines = [item.sales_order_line_id for item in wanted if item.sales_order_line_id is not None]
    products = sorted({item.product_id for item in wanted})
    question = items_question(
        session, products, on, warehouse_id=warehouse_id, language=language, sales_order_lines=lines
    )
    items = ask(session, question)
    free = {row.product_id: row.free for row in availability(session, list(items))}
    elsewhere = {key: free[key] - item.free for key, item in items.items() if free[key] > item.free}
    return Material(items, elsewhere)


def makers(session: Session) -> list[Maker]:
    """Warehouses in use, those first where things are made."""
    makes = exists().where(Place.warehouse_id == Warehouse.id, Place.is_active, Place.kind == "production")
    statement = (
        select(Warehouse.id, Warehouse.code, Warehouse.name, makes.label("makes"))
        .where(Warehouse.is_active)
        .order_by(makes.desc(), Warehouse.code)
    )
    return [Maker._make(line) for line in session.execute(statement)]


def whole_demand(
    wanted: Sequence[Wanted], items: Mapping[int, Item], *, to_order: bool
) -> dict[int, Decimal]:
    """The demand to net, by product.

    What is wanted for stock is a difference already: what is there and on order comes on top, because netting takes
    it off again.
    """
    total = {key: qty for key, qty in demand_of(wanted).items() if key in items}
    if not to_order:
        for product_id in {
            item.product_id for item in wanted if item.sales_order_line_id is None
        } & total.keys():
            item = items[product_id]
            total[product_id] += max(ZERO, item.free + item.expected) if item.is_stocked else ZERO
    return total


def demand_of(wanted: Sequence[Wanted]) -> dict[int, Decimal]:
    """The quantity of every product together."""
    total: dict[int, Decimal] = {}
    for item in wanted:
        total[item.product_id] = total.get(item.product_id, ZERO) + item.qty
    return total


def plan_orders(
    requirements: Sequence[Requirement],
    wanted: Sequence[Wanted],
    *,
    warehouse_id: int,
    today: date,
    due: date,
    ends: Mapping[int, date] | None = None,
    days_per_level: int = 1,
) -> list[Planned]:
    """Orders for every made product of which something is proposed, parents first, each level earlier.

    What is wanted for a sales order line becomes an order of its own, so that the line knows who makes it; the rest
    of a product is one order more.  No order begins before today.  ``ends`` moves the end of single products.
    """
    made = sorted(
        (row for row in requirements if row.source == "made" and row.proposed > 0), key=lambda r: r.level
    )
    deepest = max((row.level for row in made), default=0)
    due = max(due, today + timedelta(days=days_per_level * (deepest + 1)))
    first: dict[int, int] = {}
    plan: list[Planned] = []
    for row in made:
        end = (ends or {}).get(row.product_id, due - timedelta(days=days_per_level * row.level))
        start = min(end, max(today, end - timedelta(days=days_per_level)))
        parent = next((first[key] for key in row.parents if key in first), None)
        for qty, line in _parts(row, wanted):
            first.setdefault(row.product_id, len(plan))
            order = PlannedOrder(row.product_id, qty, warehouse_id, start, end, parent, line)
            plan.append(Planned(row, order))
    return plan


def wanted_lots(wanted: Sequence[Wanted]) -> dict[int, list[Decimal]]:
    """The quantities that get an order of their own, by product: those of sales order lines."""
    lots: dict[int, list[Decimal]] = {}
    for item in wanted:
        if item.sales_order_line_id is not None:
            lots.setdefault(item.product_id, []).append(item.qty)
    return lots


def _parts(row: Requirement, wanted: Sequence[Wanted]) -> list[tuple[Decimal, int | None]]:
    lines = [
        item for item in wanted if item.product_id == row.product_id and item.sales_order_line_id is not None
    ]
    parts = split_orders(row.proposed, row.gross, [item.qty for item in lines])
    owners: list[int | None] = [item.sales_order_line_id for item in lines]
    return list(zip(parts, [*owners, None], strict=False))


def purchases(requirements: Sequence[Requirement]) -> list[Requirement]:
    """What is short and not made here."""
    return [row for row in requirements if row.source == "bought" and row.net > 0]
