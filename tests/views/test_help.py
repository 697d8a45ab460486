"""F1: the page about what is in front, links between pages, search, language and theme."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextTable
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.db import Database
from app.views.core import theme
from app.views.shell import help_pages
from app.views.shell.help_window import HelpWindow
from app.views.shell.main_window import MainWindow
from tests.views.keys import press_key
from tests.views.shell_world import PARTNER, idle, window_for


@pytest.fixture
def window(as_role: Callable[[str], Database], tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def help_of(window: MainWindow, qtbot: QtBot) -> HelpWindow:
    press_key(window, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: window.findChild(HelpWindow) is not None)
    found = window.findChild(HelpWindow)
    assert found is not None
    return found


def test_f1_opens_the_page_about_what_is_in_front(window: MainWindow, qtbot: QtBot) -> None:
    manual = help_of(window, qtbot)
    assert manual.isVisible()
    assert manual.page == "first-steps"
    window.activateWindow()
    window.open_workspace("customers")
    window.open_help()
    assert manual.page == "partners"
    assert "Kreditrahmen" in manual.text.toPlainText()
    window.new_record(PARTNER)
    idle(qtbot, window)
    window.open_help()
    assert manual.page == "partners"
    assert len(window.findChildren(HelpWindow)) == 1


def test_links_lead_to_pages_and_back(window: MainWindow, qtbot: QtBot) -> None:
    manual = help_of(window, qtbot)
    manual.show_page("lists")
    manual.text.anchorClicked.emit(QUrl("rights.md"))
    assert manual.page == "rights"
    manual.back.click()
    assert manual.page == "lists"
    manual.forward.click()
    assert manual.page == "rights"
    manual.text.anchorClicked.emit(QUrl("no-such-page.md"))
    assert manual.page == "rights"


def test_search_narrows_the_list_and_shows_the_place(window: MainWindow, qtbot: QtBot) -> None:
    manual = help_of(window, qtbot)
    manual.search.setText("Liefersperre")
    manual.search.searched.emit("Liefersperre")
    shown = [manual.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(manual.list.count())]
    assert "partners" in shown
    assert "offline" not in shown
    assert manual.page == shown[0]
    assert manual.text.textCursor().selectedText() == "Liefersperre"
    manual.search.setText("Xylophon")
    manual.search.searched.emit("Xylophon")
    assert manual.list.item(0).flags() == Qt.ItemFlag.NoItemFlags


def test_the_page_follows_language_and_theme(window: MainWindow, qtbot: QtBot) -> None:
    manual = help_of(window, qtbot)
    manual.show_page("sales")
    window.switch_language("en")
    assert manual.page == "sales"
    assert "Discount and approval" in manual.text.toPlainText()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    try:
        window.switch_theme("dark")
        first = manual.text.document().begin().begin().fragment().charFormat()
        assert first.foreground().color() == theme.tok("text")
    finally:
        theme.apply_theme(application, "light")


def test_every_page_renders_its_tables_and_headings(window: MainWindow, qtbot: QtBot) -> None:
    manual = help_of(window, qtbot)
    for page in help_pages.PAGES:
        manual.show_page(page)
        text = manual.text.toPlainText()
        assert text.startswith(help_pages.title_of(page))
        assert "](" not in text, page
        assert "|---" not in text, page
    manual.show_page("rights")
    tables = [f for f in manual.text.document().rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert [table.rows() for table in tables] == [14, 14]


def test_help_closes_with_the_window(window: MainWindow, qtbot: QtBot) -> None:
    manual = help_of(window, qtbot)
    window.close()
    assert not manual.isVisible()
