"""Hands for the screens of sales in tests: open a form, type into its lines, wait for what follows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

import app.views.approvals
import app.views.sales
from app.core.db import Database
from app.views.core import papering
from app.views.core.forms import FormPage
from app.views.shell.main_window import MainWindow
from tests.views.shell_world import idle, window_for

AsRole = Callable[[str], Database]


class Desk:
    """The window of one person, and what can be done at it."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    def settle(self) -> None:
        """Wait until nothing is under way."""
        for _ in range(3):
            idle(self.qtbot, self.window)
            QApplication.processEvents()

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until something holds."""
        self.qtbot.waitUntil(lambda: bool(condition()))

    def open(self, topic: str, record_id: int) -> Any:
        """The page of a record."""
        self.window.open_record(topic, record_id)
        return self.front()

    def new(self, topic: str, **preset: Any) -> Any:
        """The page of a new record."""
        self.window.new_record(topic, **preset)
        return self.front()

    def front(self) -> Any:
        """The page in front."""
        self.settle()
        tab = self.window.area.current
        assert tab is not None
        return tab.page

    def find(self, name: str) -> Any:
        """The visible widget of that name, or None."""
        return next((w for w in self.window.findChildren(QWidget, name) if w.isVisible()), None)

    def click(self, name: str) -> None:
        """Press a button as soon as it can be pressed."""
        self.wait(lambda: (found := self.find(name)) is not None and found.isEnabled())
        found = self.find(name)
        assert found is not None
        QTest.mouseClick(found, Qt.MouseButton.LeftButton)
        self.settle()

    def reason(self, text: str) -> None:
        """Fill the text of a dialog that asks for words, and agree."""
        field = self.find("field.reason")
        assert field is not None
        field.setFocus()
        QTest.keyClicks(field, text)
        self.click("dialog.yes")

    def choose_customer(self, page: FormPage, typed: str) -> None:
        """Type into the customer's field and take the first match."""
        edit = page.boxes["customer_id"].editor
        edit.setFocus()
        QTest.keyClicks(edit, typed)
        QTest.keyClick(edit, Qt.Key.Key_Return)
        self.wait(lambda: page.value("customer_id") is not None)
        self.settle()

    def add_line(self, page: FormPage, typed: str) -> None:
        """Type an article into the empty row, take the first match and leave its quantity at 1."""
        assert page.lines is not None
        count = len(page.lines.model.lines)
        page.lines.table_go_new()
        edit = self.find("line.edit.product_id")
        assert edit is not None
        QTest.keyClicks(edit, typed)
        QTest.keyClick(edit, Qt.Key.Key_Return)
        self.wait(lambda: len(page.lines.model.lines) == count + 1)  # type: ignore[union-attr]
        self.settle()

    def type_cell(self, page: FormPage, number: int, key: str, typed: str) -> None:
        """Type into a cell of a line and go on with Enter."""
        assert page.lines is not None
        page.lines.table.setFocus()
        page.lines.table.go(number, key)
        edit = self.find(f"line.edit.{key}")
        assert edit is not None
        QTest.keyClick(edit, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(edit, typed)
        QTest.keyClick(edit, Qt.Key.Key_Return)
        self.settle()

    def banners(self, page: FormPage) -> dict[str, str]:
        """What the banners over a form say, by their key."""
        found = page.findChildren(QWidget)
        named = [w for w in found if w.objectName().startswith("notice.") and w.isVisible()]
        return {
            w.objectName().removeprefix("notice."): w.accessibleName() for w in named if w.accessibleName()
        }


@contextmanager
def desk_of(db: Database, folder: Path, qtbot: QtBot, more: tuple[Any, ...] = ()) -> Iterator[Desk]:
    """The window of whoever ``db`` is, with the screens of sales and of ``more``."""
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.sales, app.views.approvals, *more)) as window:
        yield Desk(window, qtbot)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were handed to the system to be shown."""
    files: list[str] = []
    monkeypatch.setattr(papering, "show_file", files.append)
    return files
