"""Work orders: what may be reported, by whom, and what it does to stock and cost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Conflict, NotAllowed, Refused
from app.core.paging import Filter, ListQuery
from app.services.production import reads, writes
from app.services.production.commands import (
    CancelWorkOrder,
    CompleteWorkOrder,
    CreateWorkOrders,
    PlannedOrder,
    ReserveWorkOrder,
    StartWorkOrder,
)
from app.services.production.writes import Order
from migrations import rights
from tests import make_world
from tests.conftest import ROLES
from tests.make_world import D, Workshop, at, bill, inconsistencies, level, product, receive, seen

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]
MATRIX = rights.load()


@pytest.fixture(scope="module")
def shop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        return make_world.build(admin)


@pytest.fixture
def planner(as_role: As) -> Database:
    return as_role("production_planner")


@pytest.fixture
def operator(as_role: As) -> Database:
    return as_role("production_operator")


@pytest.fixture
def keeper(as_role: As) -> Database:
    return as_role("warehouse_manager")


@pytest.fixture
def table(admin: Raw, planner: Database) -> tuple[int, int, int]:
    """A table of four legs and 0.125 kg of glue with 10 % scrap on both; (table, leg, glue)."""
    top, leg = product(admin, "TABLE", made=True, cost="20"), product(admin, "LEG", cost="2")
    glue = product(admin, "GLUE", unit="kg", cost="8")
    bill(planner, top, {leg: 4, glue: "0.125"}, scrap=10)
    return top, leg, glue


def plan(planner: Database, shop: Workshop, product_id: int, qty: object, **more: Any) -> Order:
    order = PlannedOrder(
        product_id, D(str(qty)), shop.hall, shop.today, shop.today + timedelta(days=2), **more
    )
    return planner.write(writes.create_work_orders, CreateWorkOrders((order,))).value[0]


def test_a_plan_snapshots_the_bill_rounds_up_and_reserves_what_is_free(
    shop: Workshop, table: tuple[int, int, int], admin: Raw, planner: Database, keeper: Database
) -> None:
    top, leg, glue = table
    receive(keeper, leg, shop.shelf, 10)
    receive(keeper, glue, shop.shelf, "0.5")
    order = plan(planner, shop, top, 3)
    assert [seen(s.product_id, s.required, s.reserved, s.missing) for s in order.shortages] == [
        (leg, 14, 10, 4)
    ]
    components = planner.read(reads.components, order.id)
    assert [(c.required, c.reserved) for c in components] == [(14, 10), (D("0.413"), D("0.413"))]
    receive(keeper, leg, shop.shelf2, 9)
    again = planner.write(writes.reserve_work_order, ReserveWorkOrder(order.id, order.row_version)).value
    assert again.shortages == ()
    assert level(admin, leg, shop.hall) == (19, 14, 5)


def test_pieces_consume_pro_rata_line_first_oldest_lot_first_and_cost_what_they_used(
    shop: Workshop,
    table: tuple[int, int, int],
    admin: Raw,
    planner: Database,
    operator: Database,
    keeper: Database,
    counted: Callable[..., Any],
) -> None:
    top, leg, glue = table
    receive(keeper, leg, shop.shelf, 20, "NEW")
    receive(keeper, leg, shop.shelf2, 20, "NEWER")
    receive(keeper, leg, shop.line, 3)
    receive(keeper, glue, shop.shelf, 5)
    order = plan(planner, shop, top, 8)
    started = operator.write(writes.start_work_order, StartWorkOrder(order.id, order.row_version)).value
    report = CompleteWorkOrder(order.id, started.row_version, D(4), D(1), shop.crack, shop.shelf)
    with counted(operator) as spent:
        first = operator.write(writes.complete_work_order, report).value
    assert spent.round_trips == 1
    assert first.state == "started"
    # 5 of 8 pieces: 36 x 5/8 = 22.5 legs, so 23; the line first, then the older lot.
    assert [at(admin, leg, place) for place in (shop.line, shop.shelf, shop.shelf2)] == [0, 0, 20]
    done = operator.write(
        writes.complete_work_order,
        CompleteWorkOrder(order.id, first.row_version, D(3), place_id=shop.shelf, lot_code="T-1"),
    ).value
    assert done.state == "completed"
    assert level(admin, leg, shop.hall) == (7, 0, 7)
    detail = planner.read(reads.order_detail, order.id, "en")
    assert [c.consumed for c in detail.components] == [36, D("1.1")]
    assert (detail.header.actual_cost, detail.header.standard_cost) == (D("80.80"), D("160.00"))
    assert [seen(c.qty_good, c.qty_scrap, c.scrap_reason, c.lot) for c in detail.completions] == [
        (3, 0, None, "T-1"),
        (4, 1, "Crack", order.number),
    ]
    hidden = operator.read(reads.order_detail, order.id)
    assert (hidden.header.actual_cost, hidden.header.standard_unit_cost) == (None, None)
    assert inconsistencies(admin) == []


def test_an_order_is_found_by_number_article_and_name_in_one_round_trip(
    shop: Workshop, admin: Raw, planner: Database, operator: Database, counted: Callable[..., Any]
) -> None:
    sled, runner = product(admin, "SLED", made=True), product(admin, "RUNNER", made=True)
    bill(planner, runner, {product(admin, "STEEL"): 1})
    bill(planner, sled, {runner: 2})
    admin.execute("UPDATE catalog.product SET name = %s WHERE id = %s", ("50 %_Schlitten", sled))
    old, new, part = (plan(planner, shop, what, 1) for what in (sled, sled, runner))

    def found(typed: str) -> list[int]:
        with counted(operator) as spent:
            hits = operator.read(reads.search_orders, typed)
        assert spent.round_trips == 1
        return [hit.id for hit in hits]

    assert found(old.number.lower()) == [old.id]
    assert found("sled") == [new.id, old.id]
    assert found("schlitten") == [new.id, old.id]
    assert found("%_schl") == [new.id, old.id]
    assert found("runner") == [part.id]
    assert found("unner") == [part.id]  # its name; an article is typed from its beginning
    assert found("_leigh") == []


def test_a_report_must_fit_the_order(
    shop: Workshop,
    table: tuple[int, int, int],
    admin: Raw,
    planner: Database,
    operator: Database,
    keeper: Database,
) -> None:
    top, leg, glue = table
    receive(keeper, leg, shop.shelf, 9)
    receive(keeper, glue, shop.shelf, 1)
    order = plan(planner, shop, top, 3)

    def refused(
        version: int, good: D, scrap: int = 0, reason: int | None = None, *, place: int | None = shop.shelf
    ) -> str:
        with pytest.raises((Refused, Conflict)) as found:
            operator.write(
                writes.complete_work_order,
                CompleteWorkOrder(order.id, version, good, D(scrap), reason, place),
            )
        return found.value.key

    assert refused(order.row_version, D(1)) == "work_order_not_started"
    started = operator.write(writes.start_work_order, StartWorkOrder(order.id, order.row_version)).value
    version = started.row_version
    assert [s.missing for s in started.shortages] == [5]
    assert refused(order.row_version, D(1)) == "stale"
    assert refused(version, D(0)) == "completion_not_empty"
    assert refused(version, D(-1), 2, shop.crack) == "completion_not_empty"
    assert refused(version, D("0.5")) == "quantity_too_precise"
    assert refused(version, D(3), 1, shop.crack) == "completion_above_order"
    assert refused(version, D(1), 1) == "scrap_needs_reason"
    assert refused(version, D(1), place=None) == "completion_needs_place"
    assert refused(version, D(1), place=shop.annex_shelf) == "completion_needs_place"
    before = (level(admin, leg, shop.hall), level(admin, top, shop.hall))
    with pytest.raises(Refused, match="components_missing") as missing:
        operator.write(
            writes.complete_work_order, CompleteWorkOrder(order.id, version, D(2), place_id=shop.shelf)
        )
    [short] = missing.value.params["components"]
    assert (short["product_id"], short["required"], short["available"]) == (leg, 10, 9)
    assert (level(admin, leg, shop.hall), level(admin, top, shop.hall)) == before
    operator.write(
        writes.complete_work_order, CompleteWorkOrder(order.id, version, D(1), place_id=shop.shelf)
    )


def test_an_order_cannot_eat_what_others_were_promised(
    shop: Workshop, table: tuple[int, int, int], planner: Database, operator: Database, keeper: Database
) -> None:
    top, leg, glue = table
    receive(keeper, glue, shop.shelf, 1)
    receive(keeper, leg, shop.shelf, 10)
    plan(planner, shop, top, 2)  # reserves 9 legs
    order = plan(planner, shop, top, 1)
    started = operator.write(writes.start_work_order, StartWorkOrder(order.id, order.row_version)).value
    report = CompleteWorkOrder(order.id, started.row_version, D(1), place_id=shop.shelf)
    with pytest.raises(Refused, match="components_missing"):
        operator.write(writes.complete_work_order, report)


def test_starting_needs_something_and_cancelling_needs_nothing_reported(
    shop: Workshop,
    table: tuple[int, int, int],
    admin: Raw,
    planner: Database,
    operator: Database,
    keeper: Database,
) -> None:
    top, leg, glue = table
    order = plan(planner, shop, top, 1)
    with pytest.raises(Refused, match="work_order_nothing_reserved"):
        operator.write(writes.start_work_order, StartWorkOrder(order.id, order.row_version))
    receive(keeper, leg, shop.shelf, 50)
    receive(keeper, glue, shop.shelf, 50)
    started = operator.write(writes.start_work_order, StartWorkOrder(order.id, order.row_version)).value
    with pytest.raises(Refused, match="reason_required"):
        planner.write(writes.cancel_work_order, CancelWorkOrder(order.id, started.row_version, " "))
    planner.write(
        writes.cancel_work_order, CancelWorkOrder(order.id, started.row_version, "customer withdrew")
    )
    assert level(admin, leg, shop.hall)[1] == 0
    other = plan(planner, shop, top, 2)
    version = operator.write(
        writes.start_work_order, StartWorkOrder(other.id, other.row_version)
    ).value.row_version
    done = operator.write(
        writes.complete_work_order, CompleteWorkOrder(other.id, version, D(1), place_id=shop.shelf)
    ).value
    with pytest.raises(Refused, match="work_order_has_completions"):
        planner.write(writes.cancel_work_order, CancelWorkOrder(other.id, done.row_version, "too late"))
    assert inconsistencies(admin) == []


def test_a_plan_is_made_whole_or_not_at_all(
    shop: Workshop, table: tuple[int, int, int], admin: Raw, planner: Database
) -> None:
    top, leg, _ = table
    day = shop.today
    good = PlannedOrder(top, D(1), shop.hall, day, day)
    numbers = "SELECT next_value FROM system.counter WHERE series = 'work_order'"
    before = admin.execute(numbers).fetchone()
    for bad, key in (
        (PlannedOrder(leg, D(1), shop.hall, day, day), "work_order_needs_bom"),
        (PlannedOrder(top, D(1), shop.hall, date(2025, 1, 1), day), "work_order_needs_bom"),
        (PlannedOrder(top, D("0.5"), shop.hall, day, day), "quantity_too_precise"),
        (PlannedOrder(top, D(0), shop.hall, day, day), "work_order_qty_positive"),
        (PlannedOrder(top, D(1), 999, day, day), "warehouse_not_found"),
        (PlannedOrder(top, D(1), shop.hall, day, day - timedelta(days=1)), "work_order_dates_in_order"),
        (PlannedOrder(top, D(1), shop.hall, day, day, parent_index=1), "work_order_parent_first"),
    ):
        with pytest.raises(Refused) as refused:
            planner.write(writes.create_work_orders, CreateWorkOrders((good, bad)))
        assert (refused.value.key, refused.value.params["line"]) == (key, 2)
    assert admin.execute(numbers).fetchone() == before
    command = CreateWorkOrders((good,))
    [first] = planner.write(writes.create_work_orders, command).value
    assert planner.write(writes.create_work_orders, command).value[0].number == first.number


def test_two_operators_reporting_the_same_order_do_not_report_twice(
    shop: Workshop,
    table: tuple[int, int, int],
    admin: Raw,
    planner: Database,
    operator: Database,
    keeper: Database,
    raw_role: Callable[..., Raw],
) -> None:
    top, leg, glue = table
    receive(keeper, leg, shop.shelf, 100)
    receive(keeper, glue, shop.shelf, 10)
    order = plan(planner, shop, top, 10)
    version = operator.write(
        writes.start_work_order, StartWorkOrder(order.id, order.row_version)
    ).value.row_version
    connections = [raw_role("production_operator", ticket=True) for _ in range(4)]

    def report(connection: Raw) -> str:
        try:
            connection.execute(
                "SELECT api.work_order_complete(%s, %s, %s, 6, p_place_id => %s)",
                (uuid4(), order.id, version, shop.shelf),
            )
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "done"

    with ThreadPoolExecutor(4) as pool:
        outcome = sorted(pool.map(report, connections))
    assert outcome == ["ER409", "ER409", "ER409", "done"]
    assert level(admin, top, shop.hall)[0] == 6


@pytest.mark.parametrize("role", ROLES)
def test_nobody_writes_work_orders_past_the_postings(
    shop: Workshop,
    table: tuple[int, int, int],
    planner: Database,
    as_role: As,
    raw_role: Callable[..., Raw],
    role: str,
) -> None:
    order = plan(planner, shop, table[0], 1)
    psql = raw_role(role, ticket=True)
    for statement in (
        "UPDATE production.work_order SET state = 'completed', qty_good = qty",
        "UPDATE production.work_order_component SET qty_consumed = 0",
        "UPDATE production.work_order_cost SET actual_cost = 0",
        "DELETE FROM production.completion",
        "INSERT INTO production.completion (work_order_id, warehouse_id, qty_good) SELECT 1, 1, 1",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            psql.execute(statement)
    if MATRIX.including(role).isdisjoint(MATRIX.functions["api.work_order_start"]):
        with pytest.raises(NotAllowed):
            as_role(role).write(writes.start_work_order, StartWorkOrder(order.id, order.row_version))


def test_the_clerk_sees_the_orders_of_his_warehouse_only(
    shop: Workshop, table: tuple[int, int, int], planner: Database, as_role: As
) -> None:
    here = plan(planner, shop, table[0], 1)
    day = shop.today
    there = planner.write(
        writes.create_work_orders, CreateWorkOrders((PlannedOrder(table[0], D(1), shop.annex, day, day),))
    ).value[0]
    query = ListQuery(filters=(Filter("product_id", "eq", table[0]),), sort="number")
    assert [row.id for row in as_role("warehouse_clerk").read(reads.list_orders, query).rows] == [here.id]
    assert [row.id for row in planner.read(reads.list_orders, query).rows] == [here.id, there.id]
    assert as_role("warehouse_clerk").read(reads.components, there.id) == ()
