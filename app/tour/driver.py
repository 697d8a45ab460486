"""Hands and eyes for driving the real window: find, click, type, wait, read what is shown, take pictures.

Nothing here knows a screen.  A click lands where a hand would put it: on something that is visible, enabled and not
covered by anything else.  Waiting means running the event loop until a condition holds; a condition that does not
come true in time raises `TourError`, which names what was waited for.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMimeData,
    QObject,
    QPoint,
    QPointF,
    QRect,
    Qt,
    QUrl,
)
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent, QImage, QKeySequence, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)
from shiboken6 import isValid

from app.views.core.segmented import SegmentedTabs

W = TypeVar("W", bound=QWidget)
PATIENCE_SECONDS = float(os.environ.get("WERKBANK_PATIENCE", "45"))
PAUSE_S = 0.002
NO_MODIFIER = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


class TourError(AssertionError):
    """A step could not be done; the message says what was missing."""


def process_events(milliseconds: int = 20) -> None:
    """Let the window do what there is to do."""
    QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, milliseconds)


class StrayWindows(QObject):
    """Notes windows that open although nothing but the program's own ones, menus and tips should.

    A part shown before it has its place flickers as a window of its own and takes the keyboard from the real one.
    """

    def __init__(self, known: frozenset[str]) -> None:
        super().__init__()
        self._known = known
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at every widget that is shown; nothing is held back."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            passing = watched.windowType() in (Qt.WindowType.Popup, Qt.WindowType.ToolTip)
            if not passing and watched.objectName() not in self._known:
                self.seen.append(f"{type(watched).__name__} “{watched.objectName()}”")
        return False


class Driver:
    """Drives whatever windows the application shows and writes numbered pictures below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures: list[str] = []
        self.brush_aside: Callable[[], None] = lambda: None  # closes what passes by and lies over everything
        self.strays = StrayWindows(frozenset({"main", "login", "terminal"}))
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self.strays)

    # -- eyes ---------------------------------------------------------------------------------------------------

    def windows(self) -> list[QWidget]:
        """All visible top-level windows: a menu first, then a dialog, then the rest."""
        tops = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        modal = QApplication.activeModalWidget()
        popup = QApplication.activePopupWidget()
        return sorted(tops, key=lambda w: (w is not popup, w is not modal))

    def every(self, name: str, kind: type[W] = QWidget) -> Iterator[W]:  # type: ignore[assignment]
        """Every visible widget of that object name."""
        for top in self.windows():
            if top.objectName() == name and isinstance(top, kind):
                yield top
            yield from (widget for widget in top.findChildren(kind, name) if widget.isVisible())

    def find(self, name: str, kind: type[W] = QWidget) -> W | None:  # type: ignore[assignment]
        """The visible widget of that object name; of several the one that lies on top."""
        found = list(self.every(name, kind))
        return next(
            (widget for widget in found if self.spot(widget) is not None), found[0] if found else None
        )

    def spot(self, widget: QWidget) -> QPoint | None:
        """Where in the widget a click would reach it, None when something covers it or it is scrolled away."""
        window = widget.window()
        area = widget.visibleRegion().boundingRect()
        if area.isEmpty():
            return None
        places = [area.center(), QPoint(min(area.left() + 12, area.right()), area.center().y())]
        for place in places:
            hit = window.childAt(widget.mapTo(window, place)) if widget is not window else widget
            if hit is widget or (hit is not None and widget.isAncestorOf(hit)):
                return place
        return None

    def wait(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Run the event loop until ``condition`` is true; raises TourError naming ``what`` otherwise."""
        end = time.monotonic() + seconds
        while True:
            process_events()
            if condition():
                return
            time.sleep(PAUSE_S)  # the server needs the processor
            if time.monotonic() > end:
                raise TourError(f"waited {seconds:.0f} s in vain for {what}")

    def see(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        """Wait until the widget of that name is visible and give it back."""
        self.wait(lambda: self.find(name, kind) is not None, f"“{name}” on screen")
        found = self.find(name, kind)
        assert found is not None
        return found

    def gone(self, name: str) -> None:
        """Wait until no widget of that name is visible."""
        self.wait(lambda: self.find(name) is None, f"“{name}” to go away")

    def settle(self, idle: Callable[[], bool]) -> None:
        """Wait until the window has no work left and has painted."""
        for _ in range(3):
            self.wait(idle, "running work to end")
            process_events(30)

    def texts(self, root: QWidget) -> list[str]:
        """Everything one can read in a widget: words, fields, buttons, names of painted parts, cells of lists."""
        found: list[str] = []
        for widget in (root, *root.findChildren(QWidget)):
            if not widget.isVisible():
                continue
            found += [*_words(widget), widget.accessibleName(), widget.toolTip()]
        return [text for text in found if text]

    def labels(self, root: QWidget) -> list[str]:
        """The words of everything visible but the cells of lists."""
        parts: list[QLabel | QAbstractButton] = [
            *root.findChildren(QLabel),
            *root.findChildren(QAbstractButton),
        ]
        return [part.text() for part in parts if part.isVisible()]

    def reads(self, text: str, root: QWidget) -> bool:
        """Whether that text can be read somewhere in a widget."""
        return any(text in shown for shown in self.texts(root))

    # -- hands --------------------------------------------------------------------------------------------------

    def reach(self, widget: QWidget, what: str) -> QPoint:
        """Scroll a widget into view, wait until nothing covers it and it is enabled; returns where to click."""
        self.wait(widget.isEnabled, f"{what} to be enabled")
        parent = widget.parentWidget()
        while parent is not None and self.spot(widget) is None:
            if isinstance(parent, QScrollArea):
                # To the middle, where neither an edge nor a message at the corner covers it.
                parent.ensureWidgetVisible(
                    widget, 0, max(0, (parent.viewport().height() - widget.height()) // 2)
                )
            parent = parent.parentWidget()
        if self.spot(widget) is None:
            self.brush_aside()
        self.wait(lambda: self.spot(widget) is not None, f"{what} to be uncovered")
        place = self.spot(widget)
        assert place is not None
        return place

    def reach_named(self, name: str, what: str) -> QPoint:
        """The same of whatever has this name by then: a card that is read again makes its parts anew."""
        while True:
            widget: QWidget = self.see(name)
            try:
                return self.reach(widget, what)
            except RuntimeError:
                if isValid(widget):
                    raise

    def press(self, widget: QWidget, what: str = "", *, double: bool = False) -> None:
        """Click a widget."""
        place = self.reach(widget, what or f"“{widget.objectName()}”")
        QTest.mouseMove(widget, place)
        QTest.mouseClick(widget, LEFT, NO_MODIFIER, place)
        if double:
            QTest.mouseDClick(widget, LEFT, NO_MODIFIER, place)
        process_events()

    def click(self, name: str) -> None:
        """Click the widget of that name as soon as it can be clicked."""
        self.press(self.see(name))

    def type(self, name: str, text: str, *, enter: bool = False, clear: bool = True) -> None:
        """Type a text into the field of that name, replacing what it holds."""
        widget: QWidget = self.see(name)
        self.press(widget)
        self.wait(widget.hasFocus, f"the cursor in “{name}”")
        if clear:
            self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            self.key(Qt.Key.Key_Delete)
        self.write(text)
        if enter:
            self.key(Qt.Key.Key_Return)

    def write(self, text: str) -> None:
        """Type a text wherever the cursor is."""
        for letter in text:
            target = self._focus()
            QTest.sendKeyEvent(QTest.KeyAction.Click, target, Qt.Key.Key_unknown, letter, NO_MODIFIER)
        process_events()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Press a key on whatever has the cursor."""
        QTest.keyClick(self._focus(), key, modifiers)
        process_events()

    def keys(self, sequence: str) -> None:
        """Press a key combination such as Ctrl+K."""
        combination = QKeySequence(sequence)[0]  # type: ignore[index]  # the stubs do not know its operator
        self.key(combination.key(), combination.keyboardModifiers())

    def _focus(self) -> QWidget:
        return QApplication.focusWidget() or self.windows()[0]

    def choose(self, name: str, value: object) -> None:
        """Open the choice of that name and take the item with that value (or, for a text, those words)."""
        box = self.see(name, QComboBox)
        row = next(
            (i for i in range(box.count()) if value in (box.itemData(i), box.itemText(i))),
            -1,
        )
        if row < 0:
            raise TourError(f"“{name}” offers no {value!r}")
        self.press(box)
        view = box.view()
        self.wait(view.isVisible, f"the choices of “{name}”")
        # By keyboard: right after opening, a combo box takes a click for the end of the one that opened it.
        for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * row, Qt.Key.Key_Return):
            QTest.keyClick(view, key)
            process_events()
        self.wait(lambda: box.currentIndex() == row and not view.isVisible(), f"{value!r} in “{name}”")

    def tab(self, key: str) -> None:
        """Click one of the underlined tabs, of a list, a pane or a dialog."""

        def found() -> SegmentedTabs | None:
            tabs = (part for top in self.windows() for part in top.findChildren(SegmentedTabs))
            return next((part for part in tabs if part.is_shown(key) and self.spot(part)), None)

        self.wait(lambda: found() is not None, f"the tab “{key}”")
        tabs = found()
        assert tabs is not None
        QTest.mouseClick(tabs, LEFT, NO_MODIFIER, tabs.rect_of(key).center())
        process_events()

    def menu(self, name: str) -> None:
        """Click the entry of that object name, or with these words, in the menu that is open."""

        def found() -> tuple[QMenu, QRect] | None:
            menu = QApplication.activePopupWidget()
            if not isinstance(menu, QMenu):
                return None
            for action in menu.actions():
                if name in (action.objectName(), action.text().replace("&", "")):
                    return (menu, menu.actionGeometry(action)) if action.isEnabled() else None
            return None

        self.wait(lambda: found() is not None, f"“{name}” in a menu")
        entry = found()
        assert entry is not None
        QTest.mouseMove(entry[0], entry[1].center())
        QTest.mouseClick(entry[0], LEFT, NO_MODIFIER, entry[1].center())
        process_events()

    def close_menu(self) -> None:
        """Close the open menu by Escape, choosing nothing."""
        menu = QApplication.activePopupWidget()
        if menu is not None:
            QTest.keyClick(menu, Qt.Key.Key_Escape)
        self.wait(lambda: QApplication.activePopupWidget() is None, "the menu to close")

    def drop(self, page: QWidget, files: Sequence[Path]) -> None:
        """Drop files onto a page, as from the system's file manager."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        spot, copy = page.rect().center(), Qt.DropAction.CopyAction
        QApplication.sendEvent(page, QDragEnterEvent(spot, copy, data, LEFT, NO_MODIFIER))
        QApplication.sendEvent(page, QDropEvent(QPointF(spot), copy, data, LEFT, NO_MODIFIER))
        process_events()

    # -- tables -------------------------------------------------------------------------------------------------

    def row_of(self, view: QAbstractItemView, text: str) -> int:
        """The first row in which that text stands, -1 when none does."""
        model = view.model()
        for row in range(model.rowCount()):
            for column in range(model.columnCount()):
                if text in str(model.index(row, column).data(Qt.ItemDataRole.DisplayRole) or ""):
                    return row
        return -1

    def click_row(self, view: QAbstractItemView, row: int | str, *, double: bool = False) -> None:
        """Click a row of a table, by its number or by a text in it (never its first column, a check box)."""
        number = row if isinstance(row, int) else -1
        if isinstance(row, str):
            self.wait(lambda: self.row_of(view, row) >= 0, f"“{row}” in a list")
            number = self.row_of(view, row)
        else:
            self.wait(lambda: view.model().rowCount() > row, f"row {row} of a list")
        model = view.model()
        column = next(
            c
            for c in [*range(1, model.columnCount()), 0]
            if c < model.columnCount() and view.visualRect(model.index(number, c)).width() > 0
        )
        self._click_cell(view, number, column, double=double)

    def _click_cell(self, view: QAbstractItemView, row: int, column: int, *, double: bool = False) -> None:
        index = view.model().index(row, column, view.rootIndex())
        view.scrollTo(index)
        process_events()
        spot = view.visualRect(index).intersected(view.viewport().rect()).center()
        QTest.mouseMove(view.viewport(), spot)
        QTest.mouseClick(view.viewport(), LEFT, NO_MODIFIER, spot)
        if double:
            QTest.mouseDClick(view.viewport(), LEFT, NO_MODIFIER, spot)
        process_events()

    def open_menu(self, view: QAbstractItemView, text: str) -> None:
        """Open the menu of the row in which that text stands, as the right button of the mouse does."""
        self.click_row(view, text)
        spot = view.visualRect(view.currentIndex()).intersected(view.viewport().rect()).center()
        place = view.viewport().mapToGlobal(spot)
        QApplication.sendEvent(
            view.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, place, NO_MODIFIER)
        )
        process_events()

    def click_cell(self, view: QAbstractItemView, row: int, column: int, *, double: bool = False) -> None:
        """Click a cell of a table; double opens it for typing."""
        self._click_cell(view, row, column, double=double)

    # -- pictures -----------------------------------------------------------------------------------------------

    def shot(self, name: str, window: QWidget) -> str:
        """Take a numbered picture of the window with every menu that lies above it; returns the file name."""
        process_events(50)
        picture = window.grab()
        painter = QPainter(picture)
        for top in self.windows():
            if top is not window and top.windowType() == Qt.WindowType.Popup:
                corner = window.mapFromGlobal(top.mapToGlobal(QPoint(0, 0)))
                painter.drawPixmap(corner, top.grab())
        painter.end()
        file = f"{len(self.pictures) + 1:02d}-{name}.png"
        if not picture.save(str(self.folder / file)):
            raise TourError(f"cannot write {self.folder / file}")
        self.pictures.append(file)
        return file


def _words(widget: QWidget) -> list[str]:
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        return [widget.text()]
    if isinstance(widget, QComboBox):
        return [widget.currentText()]
    if isinstance(widget, QPlainTextEdit):
        return [widget.toPlainText()]
    if isinstance(widget, QAbstractItemView):
        return _cells(widget.model())
    return []


def _cells(model: Any) -> list[str]:
    if model is None:
        return []
    heads = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(model.columnCount())]
    cells = [
        model.index(row, column).data(role)
        for row in range(model.rowCount())
        for column in range(model.columnCount())
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    ]
    return [str(text) for text in [*heads, *cells] if text not in (None, "")]


def is_blank(picture: QImage) -> bool:
    """Whether a picture shows one colour only, or cannot be read."""
    image = picture.scaled(64, 64)
    first = image.pixel(0, 0)
    return all(image.pixel(x, y) == first for x in range(64) for y in range(64))


__all__ = ["Driver", "QAbstractScrollArea", "TourError", "is_blank", "process_events"]
