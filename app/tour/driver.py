"""Hands and eyes for driving the real window: find by object name, click, type, wait, take pictures.

Nothing here knows a screen.  Waiting means running the event loop until a condition holds; a condition that does
not come true in time raises `TourError`, which names what was waited for.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

W = TypeVar("W", bound=QWidget)
PATIENCE_SECONDS = 30.0


class TourError(AssertionError):
    """A step could not be done; the message says what was missing."""


def process_events(milliseconds: int = 20) -> None:
    """Let the window work for a moment."""
    QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, milliseconds)


class Driver:
    """Drives the top window ``root`` and writes numbered pictures below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures: list[str] = []

    def windows(self) -> list[QWidget]:
        """All visible top-level windows, the active dialog first."""
        tops = [w for w in QApplication.topLevelWidgets() if w.isVisible() and not w.property("tour.ignore")]
        modal = QApplication.activeModalWidget()
        popup = QApplication.activePopupWidget()
        return sorted(tops, key=lambda w: (w is not popup, w is not modal))

    def find(self, name: str, kind: type[W] = QWidget) -> W | None:  # type: ignore[assignment]
        """The visible widget of that object name, searched in popups and dialogs first."""
        for top in self.windows():
            if top.objectName() == name and isinstance(top, kind):
                return top
            for widget in top.findChildren(kind, name):
                if widget.isVisible():
                    return widget
        return None

    def wait(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Run the event loop until ``condition`` is true; raises TourError naming ``what`` otherwise."""
        end = time.monotonic() + seconds
        while True:
            process_events()
            if condition():
                return
            if time.monotonic() > end:
                raise TourError(f"waited {seconds:.0f} s in vain for {what}")

    def see(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        """Wait until the widget of that name is visible and give it back."""
        self.wait(lambda: self.find(name, kind) is not None, f"“{name}” on screen")
        found = self.find(name, kind)
        assert found is not None
        return found

    def click(self, name: str) -> None:
        """Click the middle of the widget of that name as soon as it can be clicked."""
        widget = self.see(name)
        self.wait(lambda: widget.isEnabled(), f"“{name}” to be enabled")
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, widget.rect().center())
        process_events()

    def type(self, name: str, text: str, *, enter: bool = False, clear: bool = True) -> None:
        """Type a text into the field of that name, replacing what it holds."""
        widget = self.see(name)
        self.wait(lambda: widget.isEnabled(), f"“{name}” to be enabled")
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        process_events()
        if clear:
            QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClick(widget, Qt.Key.Key_Delete)
        QTest.keyClicks(widget, text)
        process_events()
        if enter:
            QTest.keyClick(widget, Qt.Key.Key_Return)
            process_events()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key on whatever has the focus."""
        target = QApplication.focusWidget() or self.windows()[0]
        QTest.keyClick(target, key, modifiers)
        process_events()

    def click_row(self, view_name: str, row: int, *, double: bool = False) -> None:
        """Click a row of the table of that name (its second column, the first may be a check box)."""
        view = self.see(view_name, QAbstractItemView)
        self.wait(lambda: view.model() is not None and view.model().rowCount() > row, f"row {row} of “{view_name}”")
        columns = view.model().columnCount()
        index = next(
            view.model().index(row, column)
            for column in [*range(1, columns), 0]
            if column < columns and view.visualRect(view.model().index(row, column)).width() > 0
        )
        view.scrollTo(index)
        spot: QPoint = view.visualRect(index).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)
        if double:
            QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)
        process_events()

    def settle(self, idle: Callable[[], bool]) -> None:
        """Wait until the window has no work left and has painted."""
        self.wait(idle, "running work to end")
        for _ in range(4):
            process_events(30)

    def shot(self, name: str, window: QWidget) -> str:
        """Take a numbered picture of the window with whatever lies above it; returns the file name."""
        process_events(50)
        picture = window.grab()
        file = f"{len(self.pictures) + 1:02d}-{name}.png"
        picture.save(str(self.folder / file))
        self.pictures.append(file)
        return file
