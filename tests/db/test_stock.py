"""Stock as the roles see it and as they try to bend it."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.core.db import Database
from app.core.errors import Invalid, NotAllowed, Refused
from app.core.paging import Filter, ListQuery
from app.services.approvals.commands import Decide
from app.services.approvals.reads import request_detail
from app.services.approvals.writes import decide
from app.services.inventory import reads, writes
from app.services.inventory.commands import (
    AdjustStock,
    CountLine,
    ReceiveLine,
    ReceiveStock,
    SavePlace,
    TransferLine,
    TransferStock,
)
from app.services.production import writes as orders
from app.services.production.commands import CreateWorkOrders, PlannedOrder
from tests import make_world
from tests.conftest import ROLES
from tests.make_world import D, Workshop, at, inconsistencies, level, receive, seen

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]


@pytest.fixture(scope="module")
def shop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        return make_world.build(admin)


@pytest.fixture
def bolt(admin: Raw) -> int:
    return make_world.product(admin, "BOLT")


@pytest.fixture
def keeper(as_role: As) -> Database:
    return as_role("warehouse_manager")


def transfer(product: int, source: int, target: int, qty: object, lot: int | None = None) -> TransferStock:
    return TransferStock((TransferLine(product, source, target, D(str(qty)), lot),))


def count(product: int, place: int, qty: object, reason: str = "count") -> AdjustStock:
    return AdjustStock((CountLine(product, place, D(str(qty))),), reason)


def test_a_posting_is_one_round_trip_and_leaves_balances_levels_and_moves_in_step(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, counted: Callable[..., Any]
) -> None:
    postings: tuple[tuple[Any, Any], ...] = (
        (writes.receive_stock, ReceiveStock((ReceiveLine(bolt, shop.receiving, D(10)),))),
        (writes.transfer_stock, transfer(bolt, shop.receiving, shop.annex_shelf, 4)),
        (writes.adjust_stock, count(bolt, shop.receiving, 5)),
    )
    for fn, command in postings:
        with counted(keeper) as spent:
            keeper.write(fn, command)
        assert spent.round_trips == 1
    assert level(admin, bolt, shop.hall) == (5, 0, 5)
    assert level(admin, bolt, shop.annex) == (4, 0, 4)
    moves = admin.execute(
        "SELECT kind, qty, posted_by FROM inventory.stock_move WHERE product_id = %s ORDER BY id", (bolt,)
    ).fetchall()
    login = "u_warehouse_manager"
    assert moves == [("receipt", 10, login), ("transfer", 4, login), ("adjust_out", 1, login)]
    assert inconsistencies(admin) == []


def test_a_count_without_difference_posts_nothing_and_needs_a_reason(
    shop: Workshop, bolt: int, keeper: Database
) -> None:
    receive(keeper, bolt, shop.shelf, 3)
    found = keeper.write(writes.adjust_stock, count(bolt, shop.shelf, 3)).value
    assert found.moves == ()
    assert [line.difference for line in found.differences] == [0]
    with pytest.raises(Refused, match="reason_required"):
        keeper.write(writes.adjust_stock, count(bolt, shop.shelf, 2, reason="  "))
    twice = (CountLine(bolt, shop.shelf, D(1)), CountLine(bolt, shop.shelf, D(2)))
    with pytest.raises(Refused, match="line_twice"):
        keeper.write(writes.adjust_stock, AdjustStock(twice, "count"))


@pytest.mark.parametrize("qty", ["0", "-1", "0.5", "1.123456789", "NaN", "Infinity", "1e30"])
def test_impossible_quantities_are_refused(shop: Workshop, bolt: int, keeper: Database, qty: str) -> None:
    with pytest.raises((Refused, Invalid)):
        receive(keeper, bolt, shop.shelf, qty)


def test_what_is_taken_must_lie_there_and_the_refusal_tells_what_does(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database
) -> None:
    receive(keeper, bolt, shop.shelf, 5)
    with pytest.raises(Refused) as refused:
        keeper.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.shelf2, 6))
    assert refused.value.key == "stock_not_negative"
    told = {key: refused.value.params[key] for key in ("place", "available", "wanted")}
    assert told == {"place": "A-01", "available": 5, "wanted": 6}
    assert at(admin, bolt, shop.shelf) == 5


def test_lots_are_required_created_and_bound_to_their_product(
    shop: Workshop, admin: Raw, bolt: int, keeper: Database
) -> None:
    tracked = make_world.product(admin, "PAINT", unit="kg", lots=True)
    with pytest.raises(Refused, match="lot_required"):
        receive(keeper, tracked, shop.shelf, 1)
    receive(keeper, tracked, shop.shelf, "1.5", " L-7 ")
    receive(keeper, tracked, shop.shelf, 1, "L-7")
    [row] = keeper.read(reads.pick_stock, [tracked], shop.hall)
    assert (row.lot, row.qty) == ("L-7", D("2.5"))
    receive(keeper, bolt, shop.shelf, 1)
    with pytest.raises(Refused, match="lot_not_found"):
        keeper.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.shelf2, 1, row.lot_id))


def reserved_order(planner: Database, admin: Raw, shop: Workshop, part: int, qty: int) -> int:
    """A work order that reserves `qty` of the part; returns its component's id."""
    made = make_world.product(admin, "MADE", made=True)
    make_world.bill(planner, made, {part: 1})
    plan = CreateWorkOrders((PlannedOrder(made, D(qty), shop.hall, shop.today, shop.today),))
    [order] = planner.write(orders.create_work_orders, plan).value
    row = admin.execute(
        "SELECT id FROM production.work_order_component WHERE work_order_id = %s", (order.id,)
    )
    return int(row.fetchall()[0][0])


def test_reserved_stock_is_kept_for_whom_it_was_promised(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, as_role: As
) -> None:
    receive(keeper, bolt, shop.shelf, 10)
    reserved_order(as_role("production_planner"), admin, shop, bolt, 7)
    with pytest.raises(Refused) as refused:
        keeper.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.annex_shelf, 4))
    assert refused.value.key == "stock_reserved"
    assert (refused.value.params["free"], refused.value.params["reserved"]) == (3, 7)
    # Within the house it may move: it is still there for the order.
    keeper.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.line, 8))
    assert level(admin, bolt, shop.hall) == (10, 7, 3)


def test_a_count_tells_the_truth_and_the_newest_promise_gives_way(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, as_role: As
) -> None:
    receive(keeper, bolt, shop.shelf, 10)
    planner = as_role("production_planner")
    older = reserved_order(planner, admin, shop, bolt, 6)
    newer = reserved_order(planner, admin, shop, bolt, 4)
    keeper.write(writes.adjust_stock, count(bolt, shop.shelf, 7))
    kept = admin.execute(
        "SELECT source_id, qty FROM inventory.reservation WHERE product_id = %s ORDER BY source_id", (bolt,)
    ).fetchall()
    assert kept == [(older, 6), (newer, 1)]
    keeper.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.blocked, 3))
    assert level(admin, bolt, shop.hall) == (7, 4, 0)
    assert inconsistencies(admin) == []


def test_blocked_goods_are_there_but_not_to_be_had(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, as_role: As
) -> None:
    receive(keeper, bolt, shop.blocked, 5)
    assert level(admin, bolt, shop.hall) == (5, 0, 0)
    reserved_order(as_role("production_planner"), admin, shop, bolt, 5)
    assert level(admin, bolt, shop.hall) == (5, 0, 0)
    [there] = as_role("sales_rep").read(reads.availability, [bolt])
    assert seen(there.on_hand, there.blocked, there.free) == (5, 5, 0)


def test_places_do_not_change_what_levels_counted(shop: Workshop, bolt: int, keeper: Database) -> None:
    receive(keeper, bolt, shop.shelf2, 1)
    place = next(row for row in keeper.read(reads.places, shop.hall) if row.id == shop.shelf2)
    for values, key in (({"kind": "blocked"}, "place_kind_fixed"), ({"is_active": False}, "place_not_empty")):
        with pytest.raises(Refused, match=key):
            keeper.write(writes.save_place, SavePlace(place.id, place.row_version, values))


def test_sixteen_writers_never_take_the_same_piece_twice(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, raw_role: Callable[..., Raw]
) -> None:
    receive(keeper, bolt, shop.shelf, 20)
    connections = [raw_role("warehouse_manager", ticket=True) for _ in range(16)]
    start = threading.Barrier(16)
    routes = [(shop.shelf, shop.shelf2), (shop.shelf, shop.annex_shelf), (shop.shelf2, shop.annex_shelf)]

    def work(number: int) -> Counter[str]:
        outcome = Counter[str]()
        start.wait()
        for turn in range(6):
            source, target = routes[(number + turn) % len(routes)]
            line = {"product_id": bolt, "from_place_id": source, "to_place_id": target, "qty": 1}
            try:
                connections[number].execute(
                    "SELECT api.stock_transfer(%s, %s)", (uuid.uuid4(), Jsonb([line]))
                )
                outcome["moved"] += 1
            except psycopg.Error as error:
                outcome[str(error.diag.constraint_name)] += 1
        return outcome

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(work, range(16)))
    assert sum(one["moved"] + one["stock_not_negative"] for one in done) == 96
    moved = admin.execute(
        "SELECT count(*) FROM inventory.stock_move WHERE product_id = %s AND kind = 'transfer'", (bolt,)
    ).fetchone()
    assert moved == (sum(one["moved"] for one in done),)
    there = [at(admin, bolt, place) for place in (shop.shelf, shop.shelf2, shop.annex_shelf)]
    assert sum(there) == 20
    assert min(there) >= 0
    assert inconsistencies(admin) == []


def test_many_products_in_any_order_do_not_deadlock(
    shop: Workshop, admin: Raw, keeper: Database, raw_role: Callable[..., Raw]
) -> None:
    products = [make_world.product(admin, "NUT") for _ in range(6)]
    for product in products:
        receive(keeper, product, shop.shelf, 100)
    connections = [raw_role("warehouse_manager", ticket=True) for _ in range(8)]

    def work(number: int) -> None:
        ordered = products if number % 2 else products[::-1]
        for turn in range(5):
            source, target = (
                (shop.shelf, shop.annex_shelf) if turn % 2 == 0 else (shop.annex_shelf, shop.shelf)
            )
            lines = [
                {"product_id": product, "from_place_id": source, "to_place_id": target, "qty": 1}
                for product in ordered
            ]
            connections[number].execute("SELECT api.stock_transfer(%s, %s)", (uuid.uuid4(), Jsonb(lines)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))  # a deadlock would raise here
    assert [at(admin, product, shop.annex_shelf) for product in products] == [8] * 6


def test_a_double_click_posts_once_also_at_the_same_moment(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, raw_role: Callable[..., Raw]
) -> None:
    command = ReceiveStock((ReceiveLine(bolt, shop.shelf, D(5)),))
    first = keeper.write(writes.receive_stock, command).value
    assert keeper.write(writes.receive_stock, command).value == first
    other = ReceiveStock((ReceiveLine(bolt, shop.shelf, D(6)),), command=command.command)
    with pytest.raises(Refused, match="command_reused"):
        keeper.write(writes.receive_stock, other)
    same, lines = uuid.uuid4(), Jsonb([{"product_id": bolt, "place_id": shop.shelf, "qty": 1}])
    connections = [raw_role("warehouse_manager", ticket=True) for _ in range(4)]

    def click(connection: Raw) -> Any:
        return connection.execute("SELECT api.stock_receive(%s, %s)", (same, lines)).fetchone()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(click, connections))
    assert all(answer == answers[0] for answer in answers)
    assert at(admin, bolt, shop.shelf) == 6


_FORGERIES = """
UPDATE inventory.stock_balance SET qty = 1000
UPDATE inventory.stock_level SET on_hand = 1000, reserved = 0
INSERT INTO inventory.stock_level (product_id, warehouse_id, on_hand) VALUES (%(product)s, %(house)s, 9)
INSERT INTO inventory.stock_move (kind, product_id, qty, to_place_id) VALUES ('receipt', %(product)s, 9, %(place)s)
UPDATE inventory.stock_move SET qty = 1000
DELETE FROM inventory.stock_move
TRUNCATE inventory.stock_move
DELETE FROM inventory.reservation
UPDATE inventory.reservation SET qty = 1000
SELECT inventory.post_moves(%(move)s)
SELECT inventory.reserve(%(product)s, %(house)s, 'sales_order_line', 1, 1)
SELECT inventory.cut_reservations(%(product)s, %(house)s, 1)
"""


@pytest.mark.parametrize("role", ROLES)
def test_nobody_writes_stock_past_the_postings(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, raw_role: Callable[..., Raw], role: str
) -> None:
    receive(keeper, bolt, shop.shelf, 1)
    forger = raw_role(role, ticket=True)
    move = Jsonb([{"product_id": bolt, "to_place_id": shop.shelf, "qty": 9, "kind": "receipt"}])
    values = {"product": bolt, "house": shop.hall, "place": shop.shelf2, "move": move}
    for statement in _FORGERIES.strip().splitlines():
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            forger.execute(statement, values)
    assert level(admin, bolt, shop.hall) == (1, 0, 1)


def test_moves_are_history_even_for_the_superuser(
    admin: Raw, shop: Workshop, bolt: int, keeper: Database
) -> None:
    receive(keeper, bolt, shop.shelf, 1)
    for statement in (
        "UPDATE inventory.stock_move SET qty = 2",
        "DELETE FROM inventory.stock_move",
        "TRUNCATE inventory.stock_move",
    ):
        with pytest.raises(psycopg.Error) as refused:
            admin.execute(statement)
        assert refused.value.diag.constraint_name == "stock_move_immutable"


def test_a_clerk_works_in_his_warehouse_only(
    shop: Workshop, bolt: int, admin: Raw, keeper: Database, as_role: As, raw_role: Callable[..., Raw]
) -> None:
    receive(keeper, bolt, shop.shelf, 5)
    receive(keeper, bolt, shop.annex_shelf, 5)
    clerk = as_role("warehouse_clerk")
    clerk.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.shelf2, 1))
    foreign_postings: tuple[tuple[Any, Any], ...] = (
        (writes.receive_stock, ReceiveStock((ReceiveLine(bolt, shop.annex_shelf, D(1)),))),
        (writes.transfer_stock, transfer(bolt, shop.shelf, shop.annex_shelf, 1)),
        (writes.transfer_stock, transfer(bolt, shop.annex_shelf, shop.shelf, 1)),
        (writes.adjust_stock, count(bolt, shop.annex_shelf, 0)),
    )
    for fn, command in foreign_postings:
        with pytest.raises(Refused, match="place_not_found"):
            clerk.write(fn, command)
    assert at(admin, bolt, shop.annex_shelf) == 5

    psql = raw_role("warehouse_clerk", ticket=True)
    for table in ("stock_balance", "stock_level", "reservation"):
        seen = psql.execute(f"SELECT DISTINCT warehouse_id FROM inventory.{table}").fetchall()
        assert set(seen) <= {(shop.hall,)}, table
    assert psql.execute(
        "SELECT count(*) FROM inventory.place WHERE warehouse_id = %s", (shop.annex,)
    ).fetchone() == (0,)
    foreign = psql.execute(
        "SELECT count(*) FROM inventory.stock_move WHERE %s NOT IN"
        " (coalesce(from_warehouse_id, 0), coalesce(to_warehouse_id, 0))",
        (shop.hall,),
    ).fetchone()
    assert foreign == (0,)
    query = ListQuery(filters=(Filter("product_id", "eq", bolt),))
    assert [row.warehouse for row in clerk.read(reads.list_stock, query).rows] == ["HALL"]
    assert len(keeper.read(reads.list_stock, query).rows) == 2


def test_rights_decide_who_posts_and_who_knows_the_value(
    shop: Workshop, admin: Raw, keeper: Database, as_role: As
) -> None:
    dear = make_world.product(admin, "GOLD", cost="91234.56")
    receive(keeper, dear, shop.shelf, 2)
    for role in ("viewer", "sales_rep", "production_operator", "finance"):
        with pytest.raises(NotAllowed):
            receive(as_role(role), dear, shop.shelf, 1)
    query = ListQuery(filters=(Filter("product_id", "eq", dear),), sort="value", descending=True)
    for role, value in (("finance", D("182469.12")), ("warehouse_manager", None), ("warehouse_clerk", None)):
        [row] = as_role(role).read(reads.list_stock, query).rows
        assert row.value == value
        [row] = as_role(role).read(reads.list_stock_by_place, query).rows
        assert row.value == value


def test_history_counts_back_from_today_and_moves_page_from_the_newest(
    shop: Workshop, bolt: int, keeper: Database
) -> None:
    for qty in (1, 2, 3):
        receive(keeper, bolt, shop.shelf, qty)
    keeper.write(writes.transfer_stock, transfer(bolt, shop.shelf, shop.annex_shelf, 4))
    query = ListQuery(filters=(Filter("product_id", "eq", bolt),), limit=3)
    page = keeper.read(reads.list_moves, query)
    rest = keeper.read(reads.list_moves, query.following(page))
    assert [row.qty for row in (*page.rows, *rest.rows)] == [4, 3, 2, 1]
    assert (page.total, rest.next) == (4, None)
    assert keeper.read(reads.on_hand_history, bolt, shop.today)[-1].on_hand == 6
    assert keeper.read(reads.on_hand_history, bolt, shop.today, shop.annex)[-1].on_hand == 4


def test_a_difference_above_ones_limit_is_posted_when_somebody_with_a_higher_one_agrees(
    admin: Raw, shop: Workshop, as_role: As
) -> None:
    dear = make_world.product(admin, "DEAR", cost="100")
    keeper, finance = as_role("warehouse_manager"), as_role("finance")
    receive(keeper, dear, shop.shelf, 200)
    clerk = as_role("warehouse_clerk")
    admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([shop.hall],))
    clerk.write(writes.adjust_stock, count(dear, shop.shelf, 195))  # 500: as much as a clerk may
    with pytest.raises(Refused, match="stock_difference_within_limit"):
        clerk.write(writes.request_adjustment, count(dear, shop.shelf, 194))
    with pytest.raises(NotAllowed) as refusal:
        clerk.write(writes.adjust_stock, count(dear, shop.shelf, 130))
    assert refusal.value.key == "stock_difference_limit"
    assert set(refusal.value.params) == {"limit"}, "what it weighs would tell the cost"
    large = clerk.write(writes.request_adjustment, count(dear, shop.shelf, 130)).value
    assert at(admin, dear, shop.shelf) == 195

    # Nothing a clerk can read about the request tells what it weighs.
    detail = clerk.read(request_detail, large)
    assert detail is not None
    assert [(v.before, v.after) for v in detail.values] == [(D(195), D(130))]
    told = admin.execute("SELECT r::text FROM system.approval_request r WHERE id = %s", (large,)).fetchone()
    assert "6500" not in str(told)

    with pytest.raises(NotAllowed, match="stock_difference_limit"):  # 6500 is above the manager's 5000
        keeper.write(decide, Decide(large, True))
    transferred = transfer(dear, shop.shelf, shop.shelf2, 20)
    keeper.write(writes.transfer_stock, transferred)  # what moves meanwhile does not change what was missing
    finance.write(decide, Decide(large, True, "Diebstahl angezeigt"))
    assert at(admin, dear, shop.shelf) == 110
    who = admin.execute(
        "SELECT kind, qty, reason, posted_by FROM inventory.stock_move WHERE product_id = %s ORDER BY id DESC LIMIT 1",
        (dear,),
    ).fetchone()
    assert who == ("adjust_out", D(65), "count", "u_finance")
    small = clerk.write(writes.request_adjustment, count(dear, shop.shelf, 100)).value
    keeper.write(decide, Decide(small, False, "noch einmal zählen"))
    assert at(admin, dear, shop.shelf) == 110
    assert inconsistencies(admin) == []
