"""Random histories of stock against a model of a few lines of Python: same answers, same stock, same promises."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.core.db import Database, Target
from app.core.embedded import dsn
from app.core.errors import Refused
from app.services.inventory import writes as stock
from app.services.inventory.commands import AdjustStock, CountLine, TransferLine, TransferStock
from app.services.production import writes as orders
from app.services.production.commands import (
    CancelWorkOrder,
    CompleteWorkOrder,
    CreateWorkOrders,
    PlannedOrder,
    ReserveWorkOrder,
    StartWorkOrder,
)
from tests import make_world
from tests.conftest import PASSWORD, login_of
from tests.make_world import D, Workshop, inconsistencies

PLACES = ("shelf", "shelf2", "line", "blocked", "annex_shelf")
HALL = ("line", "shelf", "shelf2")
few = st.integers(1, 6)


class Made:
    """The model's work order: `qty` pieces of two parts each."""

    def __init__(self, order_id: int, row_version: int, qty: int) -> None:
        self.id, self.row_version, self.qty = order_id, row_version, qty
        self.done = self.used = self.reserved = 0
        self.state = "released"

    @property
    def lacks(self) -> int:
        return self.qty * 2 - self.used - self.reserved


class Machine(RuleBasedStateMachine):
    """One product without lots at five places, work orders that need two of it each."""

    admin: psycopg.Connection[Any]
    shop: Workshop
    keeper: Database
    planner: Database
    operator: Database

    @initialize()
    def begin(self) -> None:
        self.part = make_world.product(self.admin, "PART")
        self.made = make_world.product(self.admin, "MADE", made=True)
        make_world.bill(self.planner, self.made, {self.part: 2})
        self.at = dict.fromkeys(PLACES, 0)
        self.held: list[str] = []  # places in the order in which the part first lay there
        self.orders: list[Made] = []

    # -- the model's words --------------------------------------------------------------------------------

    def place(self, name: str) -> int:
        return int(getattr(self.shop, name))

    def usable(self) -> int:
        return sum(self.at[name] for name in HALL)

    def reserved(self) -> int:
        return sum(order.reserved for order in self.orders)

    def free(self) -> int:
        return max(0, self.usable() - self.reserved())

    def reserve(self, order: Made) -> None:
        order.reserved += min(order.lacks, self.free())

    def refused(self, key: str, fn: Callable[..., Any], db: Database, command: Any) -> None:
        with pytest.raises(Refused) as found:
            db.write(fn, command)
        assert found.value.key == key

    def lies(self, name: str, qty: int) -> None:
        self.at[name] = qty
        if qty and name not in self.held:
            self.held.append(name)

    # -- what people do -----------------------------------------------------------------------------------

    @rule(name=st.sampled_from(PLACES), qty=few)
    def receive(self, name: str, qty: int) -> None:
        make_world.receive(self.keeper, self.part, self.place(name), qty)
        self.lies(name, self.at[name] + qty)

    @rule(source=st.sampled_from(PLACES), goal=st.sampled_from(PLACES), qty=few)
    def transfer(self, source: str, goal: str, qty: int) -> None:
        line = TransferLine(self.part, self.place(source), self.place(goal), D(qty))
        command = TransferStock((line,))
        if source == goal:
            with pytest.raises(Exception, match=r"move_changes_place|stock_not_negative"):
                self.keeper.write(stock.transfer_stock, command)
            return
        if self.at[source] < qty:
            self.refused("stock_not_negative", stock.transfer_stock, self.keeper, command)
            return
        leaves = source in HALL and goal == "annex_shelf"
        if leaves and self.usable() - qty < self.reserved():
            self.refused("stock_reserved", stock.transfer_stock, self.keeper, command)
            return
        self.keeper.write(stock.transfer_stock, command)
        self.lies(source, self.at[source] - qty)
        self.lies(goal, self.at[goal] + qty)

    @rule(name=st.sampled_from(PLACES), counted=st.integers(0, 8))
    def count(self, name: str, counted: int) -> None:
        found = self.keeper.write(
            stock.adjust_stock, AdjustStock((CountLine(self.part, self.place(name), D(counted)),), "count")
        ).value
        assert found.differences[0].difference == counted - self.at[name]
        self.lies(name, counted)

    @rule(qty=st.integers(1, 3))
    def plan(self, qty: int) -> None:
        day = self.shop.today
        command = CreateWorkOrders((PlannedOrder(self.made, D(qty), self.shop.hall, day, day),))
        [created] = self.planner.write(orders.create_work_orders, command).value
        order = Made(created.id, created.row_version, qty)
        self.reserve(order)
        self.orders.append(order)
        assert sum(s.missing for s in created.shortages) == order.lacks

    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        open_orders = [order for order in self.orders if order.state in ("released", "started")]
        if not open_orders:
            return
        order = data.draw(st.sampled_from(open_orders))
        step = data.draw(st.sampled_from(("reserve", "cancel", "go on", "go on")))
        if step == "reserve":
            self.planner.write(orders.reserve_work_order, ReserveWorkOrder(order.id, order.row_version))
            self.reserve(order)
        elif step == "cancel":
            self.cancel(order)
        elif order.state == "released":
            self.start(order)
        else:
            self.complete(order, data.draw(st.integers(1, order.qty - order.done)), data.draw(st.booleans()))

    def cancel(self, order: Made) -> None:
        command = CancelWorkOrder(order.id, order.row_version, "test")
        if order.done:
            self.refused("work_order_has_completions", orders.cancel_work_order, self.planner, command)
            return
        self.planner.write(orders.cancel_work_order, command)
        order.state, order.reserved = "cancelled", 0

    def start(self, order: Made) -> None:
        command = StartWorkOrder(order.id, order.row_version)
        if order.reserved + self.free() == 0:
            self.refused("work_order_nothing_reserved", orders.start_work_order, self.operator, command)
            return
        self.reserve(order)
        order.row_version = self.operator.write(orders.start_work_order, command).value.row_version
        order.state = "started"

    def complete(self, order: Made, qty: int, scrap: bool) -> None:
        good, bad = (0, qty) if scrap else (qty, 0)
        command = CompleteWorkOrder(
            order.id, order.row_version, D(good), D(bad), self.shop.crack, place_id=self.shop.annex_shelf
        )
        if good:
            self.refused("completion_needs_place", orders.complete_work_order, self.operator, command)
        command = CompleteWorkOrder(
            order.id, order.row_version, D(good), D(bad), self.shop.crack, place_id=self.shop.shelf
        )
        need = qty * 2
        own = min(order.reserved, need)
        if need > self.usable() - (self.reserved() - own):
            self.refused("components_missing", orders.complete_work_order, self.operator, command)
            return
        order.row_version = self.operator.write(orders.complete_work_order, command).value.row_version
        order.reserved -= own
        order.used += need
        order.done += qty
        # From the line first, then from the shelf that has had the part for the longest time.
        for name in sorted(self.held, key=lambda name: name != "line"):
            if name not in HALL:
                continue
            taken = min(self.at[name], need)
            self.at[name] -= taken
            need -= taken
        if order.done == order.qty:
            order.state, order.reserved = "completed", 0

    # -- what always holds --------------------------------------------------------------------------------

    @invariant()
    def same_stock(self) -> None:
        if not hasattr(self, "part"):
            return
        there = self.admin.execute(
            "SELECT place_id, qty FROM inventory.stock_balance WHERE product_id = %s AND qty > 0",
            (self.part,),
        ).fetchall()
        assert dict(there) == {self.place(name): qty for name, qty in self.at.items() if qty}

    @invariant()
    def promises_are_covered(self) -> None:
        if not hasattr(self, "part"):
            return
        kept: Decimal = sum(
            (
                row[0]
                for row in self.admin.execute(
                    "SELECT qty FROM inventory.reservation WHERE product_id = %s", (self.part,)
                )
            ),
            D(0),
        )
        # Which promise a count breaks depends on the age of its rows; how much is kept does not.
        assert kept <= self.usable()
        rows = self.admin.execute(
            "SELECT c.work_order_id, r.qty FROM inventory.reservation r"
            " JOIN production.work_order_component c ON c.id = r.source_id WHERE r.product_id = %s",
            (self.part,),
        ).fetchall()
        by_order = dict(rows)
        if self.reserved() > self.usable():
            assert kept == self.usable()
            for order in self.orders:
                order.reserved = int(by_order.get(order.id, 0))
        assert {order.id: order.reserved for order in self.orders if order.reserved} == by_order

    def teardown(self) -> None:
        assert inconsistencies(self.admin) == []


@pytest.mark.timeout(600)  # many short stories; a machine with other work needs its time
def test_any_history_agrees_with_the_model(
    new_database: Callable[[], AbstractContextManager[str]],
) -> None:
    with new_database() as address, psycopg.connect(address, autocommit=True) as admin:
        target, _ = Target.from_dsn(address)
        opened = []
        for role in ("warehouse_manager", "production_planner", "production_operator"):
            found, password = Target.from_dsn(dsn(target.port, target.dbname, login_of(role), PASSWORD))
            opened.append(Database(found, password))
            opened[-1].open()
        Machine.admin, Machine.shop = admin, make_world.build(admin)
        Machine.keeper, Machine.planner, Machine.operator = opened
        try:
            run_state_machine_as_test(
                Machine,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    database=None,
                ),
            )
        finally:
            for db in opened:
                db.close()
