"""A multi-level order: planned from what is short, made bottom up with scrap, received, and its parts kept for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Refused
from app.services.engineering import reads as structures
from app.services.inventory import reads as stock
from app.services.production import reads, writes
from app.services.production.commands import (
    CompleteWorkOrder,
    CreateWorkOrders,
    PlannedOrder,
    StartWorkOrder,
)
from app.services.production.rules import propose_orders
from tests import make_world
from tests.make_world import D, bill, inconsistencies, level, product, receive, seen


def test_a_nativity_set_is_made_from_ingots(
    admin: psycopg.Connection[Any], as_role: Callable[[str], Database]
) -> None:
    shop = make_world.build(admin)
    planner, operator, keeper = (
        as_role(role) for role in ("production_planner", "production_operator", "warehouse_manager")
    )
    pewter = product(admin, "PEWTER", unit="kg", lots=True, cost="30")
    box = product(admin, "BOX", cost="2")
    blank = product(admin, "BLANK", made=True)
    figure = product(admin, "FIGURE", made=True)
    nativity = product(admin, "NATIVITY", made=True, cost="25")
    bill(planner, blank, {pewter: "0.04"}, scrap=5)
    bill(planner, figure, {blank: 1})
    bill(planner, nativity, {figure: 3, blank: 1, box: 1})
    receive(keeper, pewter, shop.shelf, 1, "OLD")
    receive(keeper, pewter, shop.shelf, 5, "NEW")
    receive(keeper, box, shop.shelf, 20)
    receive(keeper, blank, shop.shelf, 4, "B-1")

    # The planner sees what is short through all levels, stock netted once: 10 sets take 30 figures and 40 blanks.
    day = shop.today
    need = planner.read(structures.requirements, {nativity: D(10)}, day, shop.hall)
    short = {row.product_id: row.net for row in need}
    assert short == {nativity: 10, figure: 30, blank: 36, box: 0, pewter: 0}
    plan = propose_orders(need, warehouse_id=shop.hall, due=day + timedelta(days=9))
    created = planner.write(
        writes.create_work_orders, CreateWorkOrders(tuple(proposal.order for proposal in plan))
    ).value
    top, figures, blanks = created
    # Of the set's ten blanks the four on the shelf are kept, and all boxes.
    assert [seen(s.product_id, s.missing) for s in top.shortages] == [(figure, 30), (blank, 6)]

    # What is on its way is not planned again.
    assert all(
        row.net == 0 for row in planner.read(structures.requirements, {nativity: D(10)}, day, shop.hall)
    )

    def start(order: writes.Order) -> writes.Order:
        return operator.write(writes.start_work_order, StartWorkOrder(order.id, order.row_version)).value

    def report(order: writes.Order, version: int, good: int, scrap: int = 0) -> writes.Completed:
        reason = shop.crack if scrap else None
        return operator.write(
            writes.complete_work_order,
            CompleteWorkOrder(order.id, version, D(good), D(scrap), reason, place_id=shop.line),
        ).value

    # Casting loses two pieces; what comes out is kept for the painters at once.
    cast = report(blanks, start(blanks).row_version, 20)
    cast = report(blanks, cast.row_version, 14, 2)
    assert cast.state == "completed"
    [waiting] = planner.read(reads.components, figures.id)
    assert seen(waiting.required, waiting.reserved, waiting.missing) == (30, 30, 0)
    assert report(figures, start(figures).row_version, 30).state == "completed"

    # The set starts with all figures but two blanks short, and stops where they are missing.
    started = start(top)
    assert [seen(s.product_id, s.missing) for s in started.shortages] == [(blank, 2)]
    with pytest.raises(Refused, match="components_missing"):
        report(top, started.row_version, 9)
    first = report(top, started.row_version, 8)
    more = PlannedOrder(blank, D(2), shop.hall, day, day)
    [extra] = planner.write(writes.create_work_orders, CreateWorkOrders((more,))).value
    report(extra, start(extra).row_version, 2)
    last = report(top, first.row_version, 1, 1)
    assert last.state == "completed"
    assert level(admin, nativity, shop.hall) == (9, 0, 9)
    assert level(admin, blank, shop.hall) == (0, 0, 0)
    [pick] = keeper.read(stock.pick_stock, [nativity], shop.hall)
    assert seen(pick.lot, pick.qty) == (top.number, 9)

    # Material of the older lot went first, and cost is what was used: 36 blanks of 0.042 kg.
    used = admin.execute(
        "SELECT l.code, sum(m.qty) FROM inventory.stock_move m JOIN inventory.lot l ON l.id = m.lot_id"
        " WHERE m.product_id = %s AND m.kind = 'consume' GROUP BY l.code ORDER BY l.code DESC",
        (pewter,),
    ).fetchall()
    assert used == [("OLD", 1), ("NEW", D("0.596"))]
    assert planner.read(reads.order_detail, blanks.id).header.actual_cost == D("45.36")
    assert inconsistencies(admin) == []
