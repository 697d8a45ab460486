"""Cells that are still open or hold what cannot be a value: counted, kept, shown, and never posted over."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.services.sales import drafts
from app.services.sales.forms import load_sales_order
from app.views.core.forms import FormPage
from tests.sales_world import Raw, World, build
from tests.views.sales_screens import AsRole, Desk, desk_of, opened  # noqa: F401  (a fixture)

D = Decimal
QUOTE, ORDER = "sales.quote", "sales.sales_order"


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    """The small trading world; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def key(widget: QWidget, pressed: Qt.Key) -> None:
    """Press a key together with Ctrl."""
    QTest.keyClick(widget, pressed, Qt.KeyboardModifier.ControlModifier)


def open_cell(desk: Desk, page: FormPage, number: int, column: str, typed: str) -> QWidget:
    """Type into a cell and stay in it."""
    assert page.lines is not None
    page.lines.table.setFocus()
    page.lines.table.go(number, column)
    edit = desk.find(f"line.edit.{column}")
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    QTest.keyClicks(edit, typed)
    return edit


def draft(world: World, as_role: AsRole, qty: int = 5) -> int:
    lines = [world.line(world.bell, qty, "7.99")]
    return int(as_role("sales_rep").write(drafts.save_sales_order, world.order(lines)).value.id)


def test_a_cell_still_open_is_part_of_the_order_that_is_confirmed(
    world: World,
    desk: Desk,
    as_role: AsRole,
    admin: Raw,
    opened: list[str],  # noqa: F811
) -> None:
    admin.execute("UPDATE partners.partner SET credit_limit = NULL WHERE id = %s", (world.dealer,))
    order = draft(world, as_role)
    page = desk.open(ORDER, order)
    edit = open_cell(desk, page, 0, "qty", "7")
    assert page.dirty()
    assert page.head.button("save").isEnabled()
    key(edit, Qt.Key.Key_Return)
    desk.wait(lambda: page.stored_state == "confirmed")
    assert [line.qty for line in as_role("sales_rep").read(load_sales_order, order).lines] == [D(7)]


def test_a_cell_still_open_is_saved_and_never_closed_without_a_question(
    world: World, desk: Desk, as_role: AsRole
) -> None:
    order = draft(world, as_role)
    page = desk.open(ORDER, order)
    key(open_cell(desk, page, 0, "qty", "8"), Qt.Key.Key_S)
    desk.settle()
    desk.wait(lambda: not page.dirty())
    assert [line.qty for line in as_role("sales_rep").read(load_sales_order, order).lines] == [D(8)]
    key(open_cell(desk, page, 0, "qty", "9"), Qt.Key.Key_W)
    desk.settle()
    assert desk.find("dialog.close_tab") is not None
    desk.click("dialog.cancel")
    assert page.lines.model.lines[0]["qty"] == D(9)
    edit = open_cell(desk, page, 0, "qty", "10")
    # What is in the cell is in the journal and survives a switch of language as well.
    assert page.mine().lines[0]["qty"] == D(10)
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert page.mine().lines[0]["qty"] == D(9)
    open_cell(desk, page, 0, "qty", "11")
    desk.window.switch_language("en")
    again = desk.front()
    assert (again.lines.model.lines[0]["qty"], again.dirty()) == (D(11), True)


def test_words_to_look_up_block_saving_until_something_is_chosen(
    world: World, desk: Desk, as_role: AsRole
) -> None:
    page = desk.open(ORDER, draft(world, as_role))
    page.lines.table_go_new()
    edit = desk.find("line.edit.product_id")
    assert edit is not None
    QTest.keyClicks(edit, "gibt es nicht")
    assert page.dirty()
    key(edit, Qt.Key.Key_S)
    desk.settle()
    assert page.dirty()
    assert desk.find("line.edit.product_id") is edit
    assert "Nicht gespeichert" in desk.window.notices[-1].text


def test_nothing_is_posted_while_a_cell_is_wrong_and_it_shows_what_was_typed(
    world: World, desk: Desk, as_role: AsRole
) -> None:
    order = draft(world, as_role)
    page = desk.open(ORDER, order)
    desk.type_cell(page, 0, "qty", "abc")
    desk.type_cell(page, 0, "discount_pct", "101")
    model = page.lines.model
    cells = {column.key: n for n, column in enumerate(model.columns)}
    assert model.index(0, cells["qty"]).data() == "abc"
    assert model.index(0, cells["discount_pct"]).data() == "101"
    assert "Das ist keine Zahl." in model.info_of(0)[2]
    assert "Höchstens 100." in model.info_of(0)[2]
    assert page.dirty()
    desk.click("action.confirm")
    assert page.stored_state == "draft"
    desk.click("action.save")
    assert page.dirty()
    assert as_role("sales_rep").read(load_sales_order, order).lines[0].qty == D(5)
    # Typing goes into the journal as it was typed, and comes back with its mark.
    desk.window.switch_language("en")
    page = desk.front()
    model = page.lines.model
    assert model.index(0, cells["qty"]).data() == "abc"
    assert model.errors[0, "qty"] == "This is not a number."
    desk.type_cell(page, 0, "discount_pct", "10")
    assert model.info_of(0)[2] == "This is not a number."
    page.lines.table.go(0, "qty", edit=False)
    QTest.keyClick(page.lines.table, Qt.Key.Key_Escape)
    assert model.index(0, cells["qty"]).data() == "5"
    assert not model.errors
    desk.click("action.save")
    desk.wait(lambda: not page.dirty())
    assert as_role("sales_rep").read(load_sales_order, order).lines[0].discount_pct == D(10)


def test_pasted_quantities_are_checked_at_once(world: World, desk: Desk) -> None:
    page = desk.new(QUOTE, customer_id=world.dealer, customer_id_words="10001 · Radhaus Ulm")
    QGuiApplication.clipboard().setText("BIKE-1\t1,5\nBELL-1\t3\n")
    page.lines.paste()
    desk.settle()
    assert list(page.lines.model.errors) == [(0, "qty")]
    assert "höchstens 0 Nachkommastellen" in page.lines.model.info_of(0)[2]
    desk.type_cell(page, 0, "qty", "2")
    assert not page.lines.model.errors
    desk.type_cell(page, 0, "qty", "0")
    assert page.lines.model.errors[0, "qty"] == "Muss größer als 0 sein."
