"""Little room, long words, nothing to show: nothing is cut off, lies over something else or tells of what is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Invalid, Refused
from app.services.sales import drafts
from app.services.system.reads import HistoryRow
from app.views.core.detail import DetailPane, value_row
from app.views.core.list_detail import DetailHost
from app.views.core.marks import Label
from app.views.core.side_cards import all_in_words
from app.views.core.toasts import Toast
from app.views.core.values import error_text
from app.views.sales.draft_reads import Choices
from app.views.shell.home import RowButton
from app.views.shell.palette_items import recent_records
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
    parts = [*shown, page.lines, desk.find("lines.add")]
    view = page._scroll.viewport()
    assert shown
    assert all(part is not None and right_edge(part, view) <= view.width() for part in parts)
    assert right_edge(page.head.button("confirm"), page) <= page.width()
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


def test_the_pane_is_not_wider_than_its_place(qtbot: QtBot) -> None:
    pane = DetailPane()
    qtbot.addWidget(pane)
    column = pane.tab("overview", "Übersicht")
    total = value_row("Gesamt brutto", "328,50 €", None)
    column.addWidget(total)
    column.addWidget(Label("AU-2026-00017 19. Nov. Bestätigt 328,50 € " * 3))  # a row that wants too much
    pane.resize(416, 600)
    pane.show()
    QApplication.processEvents()
    assert right_edge(total, pane) <= pane.width()


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


def test_what_is_remembered_of_a_record_speaks_the_language_in_force(
    world: World, desk: Desk, as_role: AsRole
) -> None:
    number = order(world, as_role)
    desk.open(ORDER, number)
    fresh = desk.new(ORDER, customer_id=world.dealer, customer_id_words="10001 · Radhaus Ulm")
    fresh.boxes["customer_reference"].editor.setText("ZR-26/311")
    fresh.boxes["customer_reference"].edited.emit()
    desk.wait(lambda: len(desk.window.ctx.drafts.all()) == 1)
    kept = desk.window.ctx.drafts.all()[0]
    for tab in [tab for tab in desk.window.area.tabs if tab.name == ORDER]:
        desk.window.area.remove(tab)
    desk.window.switch_language("en")
    desk.settle()
    assert [item.title for item in recent_records(desk.window.ctx)][:1] == [f"Draft #{number}"]
    # The crash left the draft behind; the page of today names it, never its key.
    desk.window.shelf.drafts = {kept.key: kept}
    desk.window.shelf.changed.emit()
    desk.window.open_home()
    home = desk.front()
    assert [b.text() for b in home.findChildren(RowButton) if "draft." in b.objectName()] == ["New order"]


def test_the_price_source_of_a_line_has_the_name_the_price_list_has_now(
    world: World, desk: Desk, as_role: AsRole
) -> None:
    page = desk.open(ORDER, order(world, as_role))
    assert page.lines.model.lines[0]["source"][0] == "W"
    # After a switch of language the lists to choose from may arrive after everything else.
    page._offer(Choices((), ((world.wholesale, "Trade"),), ()))
    assert page.lines.model.lines[0]["source"][0] == "Trade"


def test_amounts_in_the_history_look_like_amounts() -> None:
    row = HistoryRow(
        1,
        datetime(2026, 11, 20, tzinfo=UTC),
        "u_jana",
        ORDER,
        7,
        "U",
        {"net_amount": 16400, "qty": Decimal("16400.000")},
        {"net_amount": Decimal("35.60"), "qty": Decimal("2.500")},
        None,
        "",
    )
    words = " ".join(all_in_words(row, ORDER, {}))
    assert "16.400,00 → 35,60" in words
    assert "16.400 → 2,5" in words


def test_numbers_in_messages_are_written_as_the_language_writes_them() -> None:
    too_fine = Invalid("too_many_places", places=0, value=Decimal("1000.5"))
    assert error_text(too_fine) == "Höchstens 0 Nachkommastellen: 1.000,5 würde gerundet."
    too_many = Refused("completion_above_order", number="FA-2026-00001", open=19, qty=999_999)
    assert "999.999" in error_text(too_many)
