"""Hands for the screens of stock, structure and production in tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import app.views.engineering
import app.views.inventory
import app.views.production
from app.core.db import Database
from app.views.shell.main_window import MainWindow
from tests.views.shell_world import idle, window_for

AsRole = Callable[[str], Database]
PACKAGES = (app.views.engineering, app.views.inventory, app.views.production)


class Bench:
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

    def go(self, key: str, **state: Any) -> Any:
        """The page of a workspace."""
        self.window.open_workspace(key, **state)
        return self.front()

    def open(self, topic: str, record_id: int) -> Any:
        """The page of a record."""
        self.window.open_record(topic, record_id)
        return self.front()

    def front(self) -> Any:
        """The page in front."""
        self.settle()
        tab = self.window.area.current
        assert tab is not None
        return tab.page

    def find(self, name: str) -> QWidget | None:
        """The visible widget of that name."""
        return next((w for w in self.window.findChildren(QWidget, name) if w.isVisible()), None)

    def see(self, name: str) -> QWidget:
        """The same, as soon as it is there."""
        self.wait(lambda: self.find(name) is not None)
        found = self.find(name)
        assert found is not None
        return found

    def click(self, name: str) -> None:
        """Press a button as soon as it can be pressed."""
        self.wait(lambda: (found := self.find(name)) is not None and found.isEnabled())
        QTest.mouseClick(self.see(name), Qt.MouseButton.LeftButton)
        self.settle()

    def type(self, name: str, text: str, *, enter: bool = False) -> None:
        """Type into a field, over what is there."""
        field = self.see(name)
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)
        if enter:
            QTest.keyClick(field, Qt.Key.Key_Return)
        self.settle()

    def choose(self, name: str, words: str) -> None:
        """Choose in a box, as the user does."""
        box: Any = self.see(name)
        self.wait(lambda: box.findText(words) >= 0)
        box.setCurrentIndex(box.findText(words))
        box.activated.emit(box.currentIndex())
        self.settle()

    def table(self, name: str) -> Any:
        """A visible table."""
        found = self.see(name)
        assert isinstance(found, QAbstractItemView)
        return found

    def words(self, name: str) -> list[list[str]]:
        """What a table shows, row by row."""
        model = self.table(name).model()
        return [
            [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]

    def everything(self) -> str:
        """All words on screen."""
        labels = [w.text() for w in self.window.findChildren(QLabel) if w.isVisible()]
        tables = [v for v in self.window.findChildren(QAbstractItemView) if v.isVisible()]
        cells = [
            str(v.model().index(row, column).data() or "")
            for v in tables
            for row in range(v.model().rowCount())
            for column in range(v.model().columnCount())
        ]
        return "\n".join(labels + cells)

    def said(self) -> str:
        """The last toast."""
        return self.window.notices[-1].text if self.window.notices else ""


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    """The window of whoever ``db`` is, with the screens of stock, structure and production."""
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)
