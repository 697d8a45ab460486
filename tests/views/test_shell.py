"""The window: tabs that come back, language and theme while something is typed, what a role may open."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.db import Database
from app.core.i18n import language
from app.views.core import theme
from app.views.core.forms import FormPage
from app.views.shell import links
from app.views.shell.main_window import MainWindow
from tests.views.keys import press_key
from tests.views.shell_world import PARTNER, SearchPage, idle, new_customer, type_into, window_for

AsRole = Callable[[str], Database]
Raw = psycopg.Connection[Any]


@pytest.fixture
def window(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def page_of(window: MainWindow) -> Any:
    assert window.area.current is not None
    return window.area.current.page


def open_customer(window: MainWindow, qtbot: QtBot, record_id: int) -> FormPage:
    window.open_record(PARTNER, record_id)
    idle(qtbot, window)
    page = page_of(window)
    assert isinstance(page, FormPage)
    return page


def visible(window: QWidget, name: str) -> QWidget:
    found = [w for w in window.findChildren(QWidget, name) if w.isVisible()]
    assert found, f"no {name} on screen"
    return found[-1]


def press(window: QWidget, name: str) -> None:
    QTest.mouseClick(visible(window, name), Qt.MouseButton.LeftButton)


def test_tabs_come_back_in_their_order_with_their_state(
    as_role: AsRole, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Wiederkehr GmbH")
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as before:
        before.open_workspace("customers")
        page_of(before).word.setText("rothenburg")
        open_customer(before, qtbot, record_id)
        before.open_workspace("products")
        before.area.activate("workspace:customers")
        keys = [tab.key for tab in before.area.tabs]
        before.close()
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as after:
        assert [tab.key for tab in after.area.tabs] == keys
        assert after.area.current is not None
        assert after.area.current.key == "workspace:customers"
        assert page_of(after).word.text() == "rothenburg"
        # What is not looked at is not built.
        built = [tab.key for tab in after.area.tabs if tab.page is not None]
        assert built == ["workspace:customers"]


def test_tabs_of_a_role_that_may_no_longer_open_them_do_not_come_back(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with window_for(as_role("administrator"), tmp_path, qtbot) as before:
        before.open_workspace("users")
        assert before.area.tab("workspace:users") is not None
        before.close()
    with window_for(as_role("viewer"), tmp_path, qtbot) as after:
        assert after.area.tab("workspace:users") is None
        assert [tab.key for tab in after.area.tabs] == ["page:home"]


def test_switching_language_and_theme_keeps_what_is_typed(
    window: MainWindow, admin: Raw, qtbot: QtBot, qapp: QApplication
) -> None:
    page = open_customer(window, qtbot, new_customer(admin, "Sprachwechsel KG"))
    type_into(page, "remark", "noch nicht gespeichert")
    window.open_workspace("customers")
    page_of(window).word.setText("auch das")
    try:
        window.switch_language("en")
        window.switch_theme("dark")
        idle(qtbot, window)
        assert (language(), theme.current()) == ("en", "dark")
        assert visible(window, "rail.partners").text() == "Partners"  # type: ignore[attr-defined]
        assert page_of(window).word.text() == "auch das"
        tab = next(tab for tab in window.area.tabs if tab.kind == "record")
        assert tab.dirty
        window.area.activate(tab.key)
        idle(qtbot, window)
        again = page_of(window)
        assert again is not page
        assert again.value("remark") == "noch nicht gespeichert"
        assert again.dirty()
        assert visible(again, "action.save").text() == "&Save"  # type: ignore[attr-defined]
    finally:
        theme.apply_theme(qapp, "light")


def test_a_dirty_tab_asks_and_each_answer_does_what_it_says(
    window: MainWindow, admin: Raw, as_role: AsRole, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Frage AG")
    key = f"{PARTNER}:{record_id}"

    def stored() -> str | None:
        row = admin.execute("SELECT phone FROM partners.partner WHERE id = %s", (record_id,)).fetchone()
        return row[0] if row else None

    page = open_customer(window, qtbot, record_id)
    type_into(page, "phone", "1")
    window.close_tab(key)
    press(window, "dialog.cancel")
    assert window.area.tab(key) is not None
    assert page.value("phone") == "1"

    window.close_tab(key)
    press(window, "dialog.keep")
    assert window.area.tab(key) is None
    again = open_customer(window, qtbot, record_id)
    assert again.value("phone") == "1"
    assert stored() is None

    window.close_tab(key)
    press(window, "dialog.save")
    idle(qtbot, window)
    qtbot.waitUntil(lambda: window.area.tab(key) is None)
    assert stored() == "1"

    last = open_customer(window, qtbot, record_id)
    type_into(last, "phone", "2")
    window.close_tab(key)
    press(window, "dialog.discard")
    idle(qtbot, window)
    assert window.area.tab(key) is None
    assert stored() == "1"
    assert not open_customer(window, qtbot, record_id).dirty()


def test_closing_the_window_asks_about_everything_unsaved(
    window: MainWindow, admin: Raw, qtbot: QtBot
) -> None:
    page = open_customer(window, qtbot, new_customer(admin, "Feierabend OHG"))
    type_into(page, "phone", "nicht vergessen")
    window.close()
    assert window.isVisible()
    press(window, "dialog.cancel")
    window.close()
    press(window, "dialog.keep")
    idle(qtbot, window)
    assert not window.isVisible()
    assert len(window.ctx.drafts.all()) == 1


def test_a_role_sees_only_what_it_may_open(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with window_for(as_role("warehouse_clerk"), tmp_path / "clerk", qtbot) as window:
        assert "sales" not in window.rail.buttons
        assert "catalog" in window.rail.buttons
        assert "lock" not in window.ctx.registry.actions
        window.open_workspace("users")
        assert window.area.tab("workspace:users") is None
    with window_for(as_role("administrator"), tmp_path / "admin", qtbot) as window:
        assert "sales" in window.rail.buttons
        assert "lock" in window.ctx.registry.actions


def test_a_page_is_seen_a_turn_after_it_was_built_and_nothing_else_meanwhile(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.open_workspace("customers")
    first = page_of(window)
    qtbot.waitUntil(first.isVisible)
    window.open_workspace("customers", text="a")
    second = page_of(window)
    gone = QSignalSpy(first.destroyed)
    assert second is not first
    assert (first.isVisible(), second.isVisible()) == (True, False)
    qtbot.waitUntil(second.isVisible)
    qtbot.waitUntil(lambda: gone.count() == 1)
    assert window.area.stack.currentIndex() == window.area.stack.indexOf(second)
    window.open_workspace("products")
    window.area.activate("workspace:customers")  # before the other one came to be seen
    third = window.area.tab("workspace:products")
    assert third is not None
    qtbot.wait(1)
    assert second.isVisible()
    assert third.page is not None
    assert not third.page.isVisible()
    window.area.remove(third)
    assert second.isVisible()


def test_a_hidden_tab_reads_again_only_when_it_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    from app.core.changes import changed

    window.open_workspace("customers")
    customers = page_of(window)
    window.open_workspace("products")
    products = page_of(window)
    assert isinstance(customers, SearchPage)
    assert isinstance(products, SearchPage)
    window.ctx.bus.emit_foreign(changed((PARTNER, 1)))
    qtbot.waitUntil(lambda: products.refreshed == 1)
    assert customers.refreshed == 0
    window.area.activate("workspace:customers")
    qtbot.waitUntil(lambda: customers.refreshed == 1)
    window.area.activate("workspace:products")
    window.area.activate("workspace:customers")
    qtbot.waitUntil(lambda: customers.refreshed == 1)


def test_keys_walk_through_the_tabs_and_bring_one_back(window: MainWindow, qtbot: QtBot) -> None:
    window.open_workspace("customers")
    window.open_workspace("products")
    current = window.area.current
    assert current is not None
    control = Qt.KeyboardModifier.ControlModifier
    press_key(window, Qt.Key.Key_PageUp, control)
    assert window.area.current is not None
    assert window.area.current.key == "workspace:customers"
    press_key(window, Qt.Key.Key_W, control)
    assert window.area.tab("workspace:customers") is None
    press_key(window, Qt.Key.Key_T, control | Qt.KeyboardModifier.ShiftModifier)
    assert window.area.current.key == "workspace:customers"
    press_key(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.area.current.key == "workspace:products"


def test_building_pages_never_shows_a_window_of_its_own(
    window: MainWindow, admin: Raw, qtbot: QtBot, qapp: QApplication
) -> None:
    """A widget made visible before it has a parent flashes up and takes the keyboard from the window."""

    class Watch(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.seen.append(f"{type(watched).__name__} {watched.objectName()}")
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    open_customer(window, qtbot, new_customer(admin, "Ohne Blitz GmbH"))
    window.new_record(PARTNER)
    window.open_settings()
    window.open_palette()
    idle(qtbot, window)
    qapp.removeEventFilter(watch)
    assert watch.seen == []


def test_a_link_opens_its_record_and_nothing_else(window: MainWindow, admin: Raw, qtbot: QtBot) -> None:
    record_id = new_customer(admin, "Verweis UG")
    window.copy_link(PARTNER, record_id)
    link = QGuiApplication.clipboard().text()
    assert window.open_link(link)
    idle(qtbot, window)
    assert window.area.current is not None
    assert window.area.current.key == f"{PARTNER}:{record_id}"
    for wrong in ("https://example.com", "werkbank://partners.partner/x", "werkbank://a b/1", ""):
        assert links.target_of(wrong) is None


def test_a_dialog_keeps_the_shortcuts_of_the_form_below_from_firing(
    window: MainWindow, admin: Raw, qtbot: QtBot
) -> None:
    page = open_customer(window, qtbot, new_customer(admin, "Tasten GbR"))
    type_into(page, "phone", "1")
    window.close_tab(page.identity())
    dialog = visible(window, "dialog.close_tab")
    version = page.record.row_version
    QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.findChild(QWidget, "palette") is None
    QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, window)
    assert page.record.row_version == version
    QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Escape)
    assert page.dirty()


@pytest.mark.parametrize("name", ["word", "top.language", "rail.partners"])
def test_after_a_switch_keys_go_where_one_clicks(
    name: str, window: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    """Whatever had the focus before: the parts it was in are gone."""
    window.open_workspace("customers")
    idle(qtbot, window)
    visible(window, name).setFocus()
    assert QApplication.focusWidget() is not None
    try:
        window.switch_language("en")
        window.switch_theme("dark")
        idle(qtbot, window)
        assert QApplication.activeWindow() is window
        field: Any = page_of(window).word
        QTest.mouseClick(field, Qt.MouseButton.LeftButton)
        focus: Any = QApplication.focusWidget()
        assert focus is field
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_A)  # as the system sends it: to the window
        assert field.text() == "a"
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        idle(qtbot, window)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.window() is window
        assert focused is not field
    finally:
        theme.apply_theme(qapp, "light")
