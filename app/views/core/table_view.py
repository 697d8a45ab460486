"""The view of all lists: column layout that is remembered, hover, copying, keyboard, tooltips for cut words."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from app.core.format import no_formula
from app.core.i18n import t
from app.views.core import fonts
from app.views.core.delegates import Thumbnails
from app.views.core.filter_header import StayingMenu
from app.views.core.icons import icon
from app.views.core.menus import open_once
from app.views.core.plain import plain
from app.views.core.table_model import CHECK, Column, PagedTableModel
from app.views.core.table_room import RoomyTable
from app.views.core.theme import fill, px

Row = QItemSelectionModel.SelectionFlag.Rows
Layout = dict[str, Any]


class TableView(RoomyTable):
    """A list on screen.

    Signals:
        opened: row number of the row that Enter or a double click opened.
        selection_changed: other rows are selected.
        layout_changed: the user moved, resized, showed or hid a column.
        escaped: Esc was pressed.
    """

    opened = Signal(int)
    selection_changed = Signal()
    layout_changed = Signal()
    escaped = Signal()

    def __init__(
        self,
        model: PagedTableModel,
        *,
        images: Thumbnails | None = None,
        row_height: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(model.columns, images, parent)
        self.explain: Callable[[str, str], object] | None = None  # says why a right is missing, and for what
        self._overlay: QWidget | None = None
        self.list_model = model
        self.setItemDelegate(self.cells)
        self.setModel(model)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(px("icon"))
        self.verticalHeader().setDefaultSectionSize(row_height or px("row_thumb"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header.setSortIndicatorShown(True)
        self.header.setSortIndicatorClearable(False)
        self.header.sectionResized.connect(self._resized)
        self.header.sectionMoved.connect(self._moved)
        self.header.check_clicked.connect(self.toggle_all)
        self.header.down.connect(self.setFocus)
        self.header.customContextMenuRequested.connect(
            lambda at: open_once(self.column_menu(), self.header.mapToGlobal(at))
        )
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        model.repaint.connect(self.viewport().update)
        self.reset_layout()

    # columns

    def section(self, key: str) -> int:
        """Logical number of a column; raises KeyError for an unknown one."""
        for number, column in enumerate(self._columns):
            if column.key == key:
                return number
        raise KeyError(key)

    def shown_columns(self) -> list[Column]:
        """What is shown where there is room, in the order on screen, without check and picture."""
        numbers = sorted(range(len(self._columns)), key=self.header.visualIndex)
        return [
            self._columns[n]
            for n in numbers
            if self._belongs(n)
            and self._columns[n].exported
            and self._columns[n].kind not in ("check", "thumb")
        ]

    def reset_layout(self) -> None:
        """Order, width and visibility as declared."""
        self._arranging = True
        self._user_widths = {}
        self._waiting, self._wanted = set(), set()
        for number, column in enumerate(self._columns):
            self.header.moveSection(self.header.visualIndex(number), number)
            self.setColumnHidden(number, column.hidden)
            self.setColumnWidth(number, max(column.width, self.header.least_width(column)))
            self.header.setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
        self._arranging = False
        self._stretch()

    def layout_state(self) -> Layout:
        """Order, widths the user chose and hidden columns, JSON-able."""
        numbers = sorted(range(len(self._columns)), key=self.header.visualIndex)
        return {
            "order": [self._columns[n].key for n in numbers],
            "widths": dict(self._user_widths),
            "hidden": [self._columns[n].key for n in numbers if not self._belongs(n)],
            "wanted": sorted(self._wanted),
        }

    def restore_layout(self, state: Layout | None) -> None:
        """Apply a remembered layout; columns it does not know stay as declared, unknown ones are ignored."""
        self.reset_layout()
        if not isinstance(state, dict):
            return
        known = {column.key: number for number, column in enumerate(self._columns)}
        order = [key for key in state.get("order", []) if key in known]
        hidden = state.get("hidden", [])
        self._wanted = set(state.get("wanted", ())) & known.keys()
        self._arranging = True
        for place, key in enumerate([*order, *[key for key in known if key not in order]]):
            self.header.moveSection(self.header.visualIndex(known[key]), place)
        for key in order:
            self.setColumnHidden(known[key], key in hidden)
        for key, width in dict(state.get("widths", {})).items():
            if key in known and isinstance(width, int):
                self._user_widths[key] = max(width, px("col_min") // 2)
                self.setColumnWidth(known[key], self._user_widths[key])
        self._arranging = False
        self._stretch()

    def show_column(self, key: str, shown: bool) -> None:
        """Show or hide a column; the last one stays."""
        if not shown and len(self.shown_columns()) <= 1:
            return
        self._waiting.discard(self.section(key))
        (self._wanted.add if shown else self._wanted.discard)(key)
        self.setColumnHidden(self.section(key), not shown)
        self._stretch()
        self.header.place_fields()
        self.layout_changed.emit()

    def column_menu(self) -> QMenu:
        """The column chooser: ticks to show, and back to the usual layout."""
        menu = StayingMenu(self)
        for number in sorted(range(len(self._columns)), key=self.header.visualIndex):
            column = self._columns[number]
            if column.key == CHECK:
                continue
            words = column.head() or t("kit.column.picture")
            if number in self._waiting:
                words = t("kit.column.no_room", column=words)
            action = QAction(words.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(self._belongs(number))
            action.toggled.connect(lambda on, key=column.key: self.show_column(key, on))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(t("kit.column.reset")).triggered.connect(self._reset_by_user)
        return menu

    def _reset_by_user(self) -> None:
        self.reset_layout()
        self.layout_changed.emit()

    def _resized(self, logical: int, _old: int, new: int) -> None:
        if self._arranging or not self.header.isVisible():
            return
        self._user_widths[self._columns[logical].key] = new
        if not self._columns[logical].stretch:
            self._share()  # nothing goes away under the mouse
        self.layout_changed.emit()

    def _moved(self, *_args: int) -> None:
        self._find_first()
        if not self._arranging:
            self.layout_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self._stretch()
        if self._overlay is not None:
            self._overlay.setGeometry(self.viewport().geometry())

    def set_overlay(self, widget: QWidget | None) -> None:
        """Lay something over the rows (an empty state, an error), the head stays; None takes it away."""
        if self._overlay is not None:
            self._overlay.hide()
            self._overlay.deleteLater()
        self._overlay = widget
        if widget is not None:
            widget.setParent(self)
            fill(widget, "surface")
            widget.setGeometry(self.viewport().geometry())
            widget.show()
            widget.raise_()

    # selection

    def _selected_spans(self) -> list[tuple[int, int]]:
        """First and last row of each selected stretch, from the top; asking row by row takes seconds for many."""
        spans: list[tuple[int, int]] = []
        for top, bottom in sorted(
            {(r.top(), r.bottom()) for r in self.selectionModel().selection().toList()}
        ):
            if spans and top <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(bottom, spans[-1][1]))
            else:
                spans.append((top, bottom))
        return spans

    def selected_count(self) -> int:
        """How many rows are selected."""
        return sum(bottom - top + 1 for top, bottom in self._selected_spans())

    def selected_numbers(self) -> list[int]:
        """Positions of the selected rows, from the top."""
        return [row for top, bottom in self._selected_spans() for row in range(top, bottom + 1)]

    def selected_rows(self) -> list[Any]:
        """The selected rows, from the top."""
        return [self.list_model.row(number) for number in self.selected_numbers()]

    def selected_keys(self) -> list[Any]:
        """Keys of the selected rows, from the top."""
        return [self.list_model.key_of(number) for number in self.selected_numbers()]

    def current_row(self) -> Any:
        """The row the detail shows; None without one."""
        index = self.currentIndex()
        return (
            self.list_model.row(index.row())
            if index.isValid() and self.selectionModel().hasSelection()
            else None
        )

    def select_keys(self, keys: Sequence[Any], current: Any = None) -> bool:
        """Select the rows with these keys as far as they were read; returns whether any was found."""
        wanted = set(keys)
        places: dict[Any, int] = {}
        for number in range(len(self.list_model.rows)):
            if len(places) == len(wanted):
                break
            if (key := self.list_model.key_of(number)) in wanted:
                places[key] = number
        found = sorted(places.values())
        if not found:
            return False
        at = places.get(current, found[0])
        selection = QItemSelection()
        last = len(self._columns) - 1
        for number in found:
            selection.select(self.list_model.index(number, 0), self.list_model.index(number, last))
        model = self.selectionModel()
        model.setCurrentIndex(
            self.list_model.index(at, self.cells.first_column), QItemSelectionModel.SelectionFlag.NoUpdate
        )
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        return True

    def toggle_all(self) -> None:
        """Select every loaded row, or none when all are."""
        if self.selected_count() == len(self.list_model.rows):
            self.clearSelection()
        else:
            self.selectAll()

    def _selection_changed(self) -> None:
        count, rows = self.selected_count(), len(self.list_model.rows)
        state = Qt.CheckState.Unchecked
        if count > 1:
            state = Qt.CheckState.Checked if count == rows else Qt.CheckState.PartiallyChecked
        if state != self.header.check_state:
            self.header.check_state = state
            self.header.viewport().update()
        self.selection_changed.emit()

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """A click on the check box adds or removes one row, as with Ctrl."""
        if (
            isinstance(event, QMouseEvent)
            and index.isValid()
            and self._columns[index.column()].key == CHECK
            and event.type() == QEvent.Type.MouseButtonPress
            and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            return QItemSelectionModel.SelectionFlag.Toggle | Row
        if (
            isinstance(event, QMouseEvent)
            and index.isValid()
            and self._columns[index.column()].key == CHECK
            and event.type() in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease)
        ):
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    # what is seen

    def visible_range(self) -> tuple[int, int]:
        """First and last row that can be seen, (0, -1) without rows."""
        rows = len(self.list_model.rows)
        if not rows:
            return 0, -1
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        return first, (rows - 1 if last < 0 else last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(round(event.position().y())))

    def leaveEvent(self, event: QEvent) -> None:
        """No row is under the pointer."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self.cells.hover_row:
            self.cells.hover_row = row
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell more of a cell: what its column says, or the whole words where they were cut."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            words = (self._more(index) or self._cut_words(index)) if index.isValid() else ""
            if words:
                QToolTip.showText(event.globalPos(), plain(words), self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def _more(self, index: QModelIndex) -> str:
        more = self.list_model.columns[index.column()].more
        row = self.list_model.row(index.row()) if more is not None else None
        return more(row) if more is not None and row is not None else ""

    def _cut_words(self, index: QModelIndex) -> str:
        cell = self.list_model.cell(index.row(), index.column())
        room = self.visualRect(index).width()
        if cell.kind == "locked":
            return t("kit.no_right_long")
        if not cell.text or self.cells.sizeHint(self.viewOptions(), index).width() <= room:
            return ""
        words = str(self.list_model.data(index, Qt.ItemDataRole.DisplayRole))
        return words if len(words) <= 2000 else words[:2000] + "…"

    def viewOptions(self) -> Any:
        """Options for measuring a cell."""
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        return option

    # keyboard, clipboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Ctrl+C copies, Space ticks, Esc goes back."""
        key = event.key()
        if (
            key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex().row())
        elif key == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.copy_selection()
        elif key == Qt.Key.Key_Space and self.currentIndex().isValid():
            flags = QItemSelectionModel.SelectionFlag.Toggle | Row
            self.selectionModel().select(self.currentIndex(), flags)
        elif key == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            row = 0 if key == Qt.Key.Key_Home else len(self.list_model.rows) - 1
            self.selectRow(row)
        else:
            super().keyPressEvent(event)

    def copy_selection(self) -> int:
        """Put the selected rows with their heads on the clipboard as a table; returns how many."""
        columns = self.shown_columns()
        rows = self.selected_rows()
        if not rows:
            return 0
        lines = ["\t".join(column.head() for column in columns)]
        lines += ["\t".join(self._copied(column, row) for column in columns) for row in rows]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")
        return len(rows)

    def _copied(self, column: Column, row: Any) -> str:
        locked = self.list_model.locked(self.section(column.key))
        if locked:
            return ""
        words = column.words(row) if column.raw(row) is not None or column.text else ""
        if column.second is not None and column.second(row):
            words = f"{words} · {column.second(row)}"
        words = " ".join(words.split())
        return words if column.right_aligned else no_formula(words)

    def fit_column(self, key: str) -> None:
        """Make a column as wide as the widest of the rows on screen."""
        number = self.section(key)
        first, last = self.visible_range()
        option = self.viewOptions()
        widest = fonts.metrics("small500").horizontalAdvance(self._columns[number].head()) + 3 * px(
            "cell_padding"
        )
        for row in range(first, last + 1):
            widest = max(widest, self.cells.sizeHint(option, self.list_model.index(row, number)).width())
        self.setColumnWidth(number, widest)

    def menu_at(self, point: QPoint, fill: Callable[[QMenu], None]) -> None:
        """Select the row under a point and open a menu there."""
        index = self.indexAt(point)
        if index.isValid() and index.row() not in self.selected_numbers():
            self.selectRow(index.row())
        menu = QMenu(self)
        fill(menu)
        self._explain_locked(menu, index)
        if menu.actions():
            open_once(menu, self.viewport().mapToGlobal(point))

    def _explain_locked(self, menu: QMenu, index: QModelIndex) -> None:
        """A value one may not see says why."""
        if self.explain is None or not index.isValid():
            return
        if self.list_model.cell(index.row(), index.column()).kind == "locked":
            column, explain = self._columns[index.column()], self.explain
            entry = menu.addAction(icon("lock"), t("why.action"))
            entry.setObjectName("menu.why")
            entry.triggered.connect(lambda: explain(column.right, column.head()))
