"""Little room, long words, nothing to show: nothing is cut off, lies over something else or tells of what is gone."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.services.sales import drafts
from app.views.core.list_detail import DetailHost
from app.views.core.marks import Label
from app.views.core.toasts import Toast
from tests.sales_world import Raw, World, build
from tests.views.sales_screens import AsRole, Desk, desk_of

ORDER = "sales.sales_order"


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    """The small trading world; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def order(world: World, as_role: AsRole) -> int:
    command = world.order([world.line(world.bell, 5, "7.99")])
    return int(as_role("sales_rep").write(drafts.save_sales_order, command).value.id)


def right_edge(widget: QWidget, of: QWidget) -> int:
    """Where a widget ends, seen from another one."""
    return widget.mapTo(of, QPoint(widget.width(), 0)).x()


def labels(inside: QWidget) -> str:
    return " ".join(label.text() for label in inside.findChildren(Label) if label.isVisible())


def test_a_word_without_blanks_is_broken_and_read_as_it_is(qtbot: QtBot) -> None:
    label = Label("x" * 10_000, wrap=True)
    qtbot.addWidget(label)
    assert label.minimumSizeHint().width() < 150
    assert label.text() == "x" * 10_000
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSelection(0, 40)
    QTest.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert set(QApplication.clipboard().text()) == {"x"}


def test_a_long_remark_in_the_history_leaves_the_cards_as_wide_as_they_are(
    world: World, desk: Desk, as_role: AsRole, admin: Raw
) -> None:
    number = order(world, as_role)
    admin.execute("UPDATE sales.sales_order SET remark = repeat('x', 400) WHERE id = %s", (number,))
    admin.execute(
        "INSERT INTO system.note (topic, record_id, body) VALUES ('sales.sales_order', %s, repeat('y', 9000))",
        (number,),
    )
    page = desk.open(ORDER, number)
    side = page.findChild(QScrollArea, "side")
    assert "xxxxx" in labels(side)
    assert "yyyyy" in labels(side)
    room = side.viewport().width()
    assert all(
        right_edge(label, side.viewport()) <= room for label in side.findChildren(Label) if label.isVisible()
    )


def test_an_order_is_whole_in_a_small_window(world: World, desk: Desk, as_role: AsRole) -> None:
    page = desk.open(ORDER, order(world, as_role))
    desk.window.resize(1024, 700)
    desk.settle()
    shown = [box for box in page.boxes.values() if box.isVisible()]
    parts = [*shown, page.lines, page.head.button("confirm"), desk.find("lines.add")]
    assert shown
    assert all(part is not None and right_edge(part, page) <= page.width() for part in parts)
    table = page.lines.table
    columns = sum(table.columnWidth(n) for n in range(table.model().columnCount()))
    assert columns <= table.viewport().width() or table.horizontalScrollBar().maximum() > 0
    assert page.totals.isVisible()
    assert right_edge(page.totals, page) <= page.width()
    desk.window.resize(1440, 900)
    desk.settle()
    assert page.totals.mapTo(page, QPoint(0, 0)).x() > right_edge(page.lines, page)


def test_a_record_that_is_not_there_shows_no_form(desk: Desk) -> None:
    for topic, kind in ((ORDER, "Auftrag"), ("sales.quote", "Angebot"), ("sales.invoice", "Rechnung")):
        page = desk.open(topic, 999_999)
        missing = desk.find("record.missing")
        assert missing is not None
        assert "nicht mehr" in missing.accessibleName()
        assert not any(box.editor.isVisible() for box in page.boxes.values())
        assert kind in labels(page.head)
        desk.click("action.close_tab")
        assert page not in [tab.page for tab in desk.window.area.tabs]


def test_an_empty_list_forgets_the_row_it_showed(world: World, desk: Desk, as_role: AsRole) -> None:
    order(world, as_role)
    desk.window.open_workspace("sales.orders")
    page = desk.front()
    host = page.findChild(DetailHost)
    desk.wait(lambda: "Radhaus" in labels(host))
    page.table.header.set_typed({"number": "gibtesnicht"})
    page._ask()
    desk.wait(lambda: not page.model.rows)
    desk.settle()
    assert "Radhaus" not in labels(host)
    assert "Zeile" in labels(host)


def test_the_pane_is_not_wider_than_its_place(world: World, desk: Desk, as_role: AsRole, admin: Raw) -> None:
    order(world, as_role)
    admin.execute(
        "UPDATE partners.partner SET name = repeat('Langername', 15) WHERE id = %s", (world.dealer,)
    )
    try:
        desk.window.open_workspace("sales.orders")
        host = desk.front().findChild(DetailHost)
        desk.wait(lambda: "Langername" in labels(host))
        desk.settle()
        assert all(
            right_edge(part, host) <= host.width() for part in host.findChildren(Label) if part.isVisible()
        )
    finally:
        admin.execute("UPDATE partners.partner SET name = 'Radhaus Ulm' WHERE id = %s", (world.dealer,))


def test_only_one_flyout_lies_over_the_page_and_it_goes_with_whatever_comes_next(desk: Desk) -> None:
    def flyouts() -> int:
        return sum(w.isVisible() for w in desk.window.findChildren(QWidget, "rail.flyout"))

    desk.window.rail.press("sales")
    assert flyouts() == 1
    desk.window.rail.press("inventory" if "inventory" in desk.window.rail.buttons else "sales")
    assert flyouts() <= 1
    desk.window.open_settings()
    desk.settle()
    assert flyouts() == 0
    desk.window.rail.press("sales")
    assert flyouts() == 1
    desk.window.area.step(1)
    assert flyouts() == 0


def test_messages_do_not_outlive_the_language_they_are_in(desk: Desk) -> None:
    desk.window.toast("Nicht gespeichert.", kind="warn")
    desk.window.toast("Gespeichert.")
    shown = [toast.accessibleName() for toast in desk.window.findChildren(Toast) if toast.isVisible()]
    assert shown == ["Gespeichert."]
    desk.window.switch_language("en")
    desk.settle()
    assert not [toast for toast in desk.window.findChildren(Toast) if toast.isVisible()]
