"""Planning, work orders and reports on screen, over the real database and under the real roles."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.services.production import writes
from app.services.production.commands import CreateWorkOrders, PlannedOrder, StartWorkOrder
from tests.make_world import Raw, Workshop, at, bill, build, inconsistencies, product, receive
from tests.views.make_screens import AsRole, Bench, bench_of

D = Decimal
ORDER = "production.work_order"


class Clock(NamedTuple):
    """A clock of one case and one bought movement, the case cast of pewter."""

    top: int
    case: int
    movement: int
    pewter: int


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    """The workshop; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def clock(workshop: Workshop, admin: Raw, as_role: AsRole) -> Clock:
    planner, keeper = as_role("production_planner"), as_role("warehouse_manager")
    pewter, movement = product(admin, "ZINN", unit="kg", cost="30"), product(admin, "WERK", cost="8")
    case, top = product(admin, "GEHAEUSE", made=True), product(admin, "UHR", made=True)
    bill(planner, case, {pewter: "0.2"})
    bill(planner, top, {case: 1, movement: 1})
    receive(keeper, pewter, workshop.shelf, 50)
    receive(keeper, movement, workshop.shelf, 6)
    receive(keeper, case, workshop.shelf, 3)
    return Clock(top, case, movement, pewter)


def reorder(admin: Raw, product_id: int, qty: int) -> None:
    admin.execute("UPDATE catalog.product SET reorder_point = 0")
    admin.execute("UPDATE catalog.product SET reorder_point = %s WHERE id = %s", (qty, product_id))


def orders(admin: Raw, *products: int) -> list[Any]:
    return admin.execute(
        "SELECT o.product_id, o.qty, p.product_id FROM production.work_order o"
        " LEFT JOIN production.work_order p ON p.id = o.parent_id WHERE o.product_id = ANY (%s) ORDER BY o.id",
        (list(products),),
    ).fetchall()


def resolve(bench: Bench) -> Any:
    page = bench.go("planning")
    bench.wait(lambda: bench.words("demand"))
    bench.table("demand").selectRow(0)
    bench.settle()
    bench.click("action.resolve")
    return page


def test_a_plan_nets_every_level_and_creates_orders_with_sub_orders(
    workshop: Workshop, clock: Clock, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    reorder(admin, clock.top, 10)
    with bench_of(as_role("production_planner"), tmp_path, qtbot) as bench:
        page = resolve(bench)
        by_product = {row.product_id: row for row in page.plan.table.shown()}
        top, case, movement = (by_product[key] for key in (clock.top, clock.case, clock.movement))
        assert (top.net, top.proposed) == (10, 10)
        assert (case.gross, case.from_stock, case.net, case.proposed) == (10, 3, 7, 7)
        assert (movement.source, movement.net, movement.proposed) == ("bought", 4, None)
        assert case.end < top.end
        # Making more of the set than is short: its parts follow.
        page.plan.quantity_changed.emit(clock.top, D(12))
        assert {r.product_id: r.proposed for r in page.plan.table.shown()}[clock.case] == 9
        bench.click("action.create_orders")
        assert orders(admin, clock.top, clock.case) == [
            (clock.top, D(12), None),
            (clock.case, D(9), clock.top),
        ]
        assert bench.said().startswith("2 Fertigungsaufträge angelegt: FA-")
        assert [row[0].split()[0][:4] for row in bench.words("purchases")] == ["WERK"]
        assert [row[3] for row in bench.words("purchases")] == ["6"]
    assert inconsistencies(admin) == []


def test_made_to_order_ignores_what_of_the_product_itself_is_there(
    workshop: Workshop, clock: Clock, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    receive(as_role("warehouse_manager"), clock.top, workshop.shelf, 4)
    reorder(admin, clock.top, 5)
    with bench_of(as_role("production_planner"), tmp_path, qtbot) as bench:
        page = bench.go("planning", wanted=[{"product_id": clock.top, "qty": "2"}], to_order=True)
        bench.wait(lambda: page.plan.table.shown())
        rows = {row.product_id: row for row in page.plan.table.shown()}
        assert (rows[clock.top].from_stock, rows[clock.top].proposed) == (0, 2)
        # Below the order itself stock counts as ever.
        assert (rows[clock.case].from_stock, rows[clock.case].proposed) == (2, 0)


def test_the_plan_counts_what_is_being_typed_and_creates_nothing_beside_a_wrong_quantity(
    workshop: Workshop, clock: Clock, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    reorder(admin, clock.top, 10)
    with bench_of(as_role("production_planner"), tmp_path, qtbot) as bench:
        page = resolve(bench)
        table = page.plan.table

        def type_quantity(typed: str) -> None:
            model = table.rows_model
            column = [c.key for c in model.columns].index("proposed")
            index = model.index(model.find(clock.top), column)
            table.setFocus()
            table.setCurrentIndex(index)
            table.edit(index)
            edit = table.indexWidget(index)
            edit.selectAll()
            QTest.keyClicks(edit, typed)
            QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
            bench.settle()

        type_quantity("viel")
        assert orders(admin, clock.top) == []
        assert "Nichts angelegt" in bench.window.notices[-1].text
        assert table.rows_model.cell(table.rows_model.find(clock.top), 7).text == "viel"
        type_quantity("12")
        assert orders(admin, clock.top) == [(clock.top, D(12), None)]


def order_of(as_role: AsRole, workshop: Workshop, clock: Clock, qty: int) -> writes.Order:
    planner = as_role("production_planner")
    planned = PlannedOrder(
        clock.top, D(qty), workshop.hall, workshop.today, workshop.today + timedelta(days=2)
    )
    made = planner.write(writes.create_work_orders, CreateWorkOrders((planned,))).value[0]
    return planner.write(writes.start_work_order, StartWorkOrder(made.id, made.row_version)).value


def test_scrap_needs_its_reason_and_a_report_books_goods_and_material(
    workshop: Workshop, clock: Clock, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    made = order_of(as_role, workshop, clock, 3)
    with bench_of(as_role("production_operator"), tmp_path, qtbot) as bench:
        page = bench.open(ORDER, made.id)
        bench.click("action.report")
        bench.see("dialog.report")
        bench.type("field.scrap", "1")
        bench.wait(lambda: bench.see("field.place").value() is not None)  # type: ignore[attr-defined]
        bench.click("dialog.post")
        assert "Bitte geben Sie den Grund für den Ausschuss an." in bench.everything()
        bench.choose("field.reason", "Riss")
        bench.choose("field.place", "A-02")
        bench.click("dialog.post")
        assert bench.find("dialog.report") is None
        assert "2 pc gemeldet · 1 Ausschuss · Auftrag fertig" in bench.said()
        bench.wait(lambda: page.found.header.state == "completed")
        assert (page.found.header.qty_good, page.found.header.qty_scrap) == (2, 1)
        assert bench.find("action.report") is None
        # An operator learns no cost, not even of his own order.
        assert "€" not in bench.everything()
    assert at(admin, clock.top, workshop.shelf2) == 2
    assert at(admin, clock.movement, workshop.shelf) == 3
    assert inconsistencies(admin) == []


def test_a_refused_report_keeps_its_numbers_and_names_what_is_missing(
    workshop: Workshop, clock: Clock, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    made = order_of(as_role, workshop, clock, 5)
    with bench_of(as_role("production_operator"), tmp_path, qtbot) as bench:
        page = bench.open(ORDER, made.id)
        short = {row.sku[:4]: row.missing for row in page.found.components if row.missing > 0}
        assert short == {"GEHA": D(2)}
        assert "1 Komponente fehlt" in bench.see("notice.order").accessibleName()
        bench.click("action.report")
        bench.wait(lambda: bench.see("field.place").value() is not None)  # type: ignore[attr-defined]
        bench.click("dialog.post")
        refusal = bench.see("dialog.refused").accessibleName()
        assert refusal.startswith("Für diese Menge fehlen Komponenten.")
        assert "GEHAEUSE" in refusal
        assert bench.see("field.good").text() == "5"  # type: ignore[attr-defined]
        bench.type("field.good", "1,123456789")
        bench.click("dialog.post")
        assert "Zu viele Nachkommastellen." in bench.everything()
        assert bench.find("dialog.refused") is None  # said of another attempt
        bench.type("field.good", "3")
        bench.click("dialog.post")
        assert bench.find("dialog.report") is None
    assert admin.execute(
        "SELECT qty_good FROM production.work_order WHERE id = %s", (made.id,)
    ).fetchone() == (3,)


def test_an_operator_starts_from_the_list_of_what_comes_next(
    workshop: Workshop, clock: Clock, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    planner = as_role("production_planner")
    planned = PlannedOrder(clock.case, D(2), workshop.hall, workshop.today, workshop.today)
    made = planner.write(writes.create_work_orders, CreateWorkOrders((planned,))).value[0]
    with bench_of(as_role("production_operator"), tmp_path, qtbot) as bench:
        bench.go("my_orders")
        bench.click(f"action.start.{made.number}")
        assert bench.said() == f"{made.number} gestartet"
        bench.see(f"action.report.{made.number}")
        assert "planning" not in bench.window.ctx.registry.workspaces
