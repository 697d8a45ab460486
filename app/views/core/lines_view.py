"""The table of `lines_model.LinesModel`: columns, cursor, keys."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QScrollArea,
    QTableView,
    QWidget,
)

from app.views.core.cell_editing import commit_cell, open_editor
from app.views.core.lines import LineColumn
from app.views.core.lines_cells import LinesHeader
from app.views.core.lines_delegate import LinesDelegate
from app.views.core.lines_model import (
    INFO,
    LINE,
    NEW,
    LinesModel,
)
from app.views.core.theme import px

Index = QModelIndex | QPersistentModelIndex


NARROWEST = 0.85  # of its width a column still shows its numbers


class LinesTable(QTableView):
    """The table with the keys of a line editor.

    Signals:
        insert_wanted, duplicate_wanted, delete_wanted, paste_wanted: what the keys ask for.
        add_wanted: the empty row was entered in a table where nothing is looked up.
    """

    insert_wanted = Signal()
    add_wanted = Signal()
    duplicate_wanted = Signal(int)
    delete_wanted = Signal(list)
    paste_wanted = Signal()

    def __init__(
        self, model: LinesModel, delegate_for: Callable[[QObject], LinesDelegate], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.lines = model
        self.setModel(model)
        self.delegate = delegate_for(self)
        self.setItemDelegate(self.delegate)
        self.delegate.entered.connect(self.next_line)
        self.setObjectName("lines.table")
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(True)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(px("row_dense"))
        self._head = LinesHeader(self)
        self.setHorizontalHeader(self._head)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for signal in (model.modelReset, model.layoutChanged, model.rowsInserted, model.rowsRemoved):
            signal.connect(self.fit_rows)
        self.fit_rows()

    def fit_rows(self) -> None:
        """Row heights and information rows over the whole width."""
        self.clearSpans()
        lookup = self.lines.entry
        for row in range(self.lines.rowCount()):
            kind, _ = self.lines.place(row)
            self.setRowHeight(row, px("row_chip") if kind == INFO else self.delegate.height)
            if kind == INFO and self.lines.columnCount() > 1:
                self.setSpan(row, 0, 1, self.lines.columnCount())
            elif kind == NEW and 0 <= lookup < self.lines.columnCount() - 1:
                self.setSpan(row, lookup, 1, self.lines.columnCount() - lookup)
        self.updateGeometry()

    def content_height(self) -> int:
        """Height that shows every row without scrolling."""
        return self.horizontalHeader().height() + sum(self.rowHeight(r) for r in range(self.lines.rowCount()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column takes the rest."""
        super().resizeEvent(event)
        self.fit_columns()

    def fit_columns(self) -> None:
        """Fixed widths, the rest to the columns of width 0; in a narrow window a little less, then they scroll.

        The words over a column always have room.
        """
        columns = self.lines.columns
        room = self.viewport().width()
        least = [self._head.least_width(n) for n in range(len(columns))]
        fixed = sum(max(column.width, least[n]) for n, column in enumerate(columns) if column.width)
        free = [n for n, column in enumerate(columns) if column.width == 0]
        wanted = sum(columns[number].least or px("detail_picture") for number in free)
        rest = max(room - fixed, wanted or px("detail_picture"))
        shrink = min(1.0, (room - rest) / fixed) if fixed and fixed + rest > room else 1.0
        for number, column in enumerate(columns):
            wide = rest // len(free) if number in free else int(column.width * max(shrink, NARROWEST))
            self.setColumnWidth(number, max(wide, least[number], column.least))

    # -- where the cursor goes ----------------------------------------------------------------------------------

    def current_line(self) -> int | None:
        """Number of the line with the cursor."""
        kind, number = self.lines.place(self.currentIndex().row())
        return number if self.currentIndex().isValid() and kind == LINE else None

    def pending(self) -> tuple[int, LineColumn, str] | None:
        """What is being typed and is not in the lines yet: number of the line, column, words."""
        editor, index = open_editor(self), self.currentIndex()
        if not isinstance(editor, QLineEdit) or not editor.isModified():
            return None
        if editor.text() == (index.data(Qt.ItemDataRole.EditRole) or ""):
            return None
        return self.lines.place(index.row())[1], self.lines.columns[index.column()], editor.text()

    def settle(self) -> None:
        """What is being typed counts."""
        commit_cell(self)

    def selected_lines(self) -> list[int]:
        """Numbers of the selected lines, ascending."""
        places = {self.lines.place(index.row()) for index in self.selectedIndexes()}
        return sorted(number for kind, number in places if kind == LINE)

    def go(self, number: int, key: str, *, edit: bool = True) -> None:
        """Put the cursor into a cell and open it."""
        keys = [column.key for column in self.lines.columns]
        if key not in keys:
            return
        index = self.lines.index(self.lines.row_of(number), keys.index(key))
        self.setCurrentIndex(index)
        self.scrollTo(index)
        self._show_in_page(self.visualRect(index))
        if edit and self.lines.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def _show_in_page(self, cell: QRect) -> None:
        """The page that holds the table scrolls as well."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        body = above.widget() if isinstance(above, QScrollArea) else None
        if isinstance(above, QScrollArea) and body is not None:
            spot = self.viewport().mapTo(body, cell.center())
            above.ensureVisible(spot.x(), spot.y(), 0, cell.height() + px("gap_l"))

    def go_new(self) -> None:
        """Open the empty row."""
        column = self.lines.columns[self.lines.entry]
        if column.kind == "lookup":
            self.go(len(self.lines.lines), column.key)
        else:
            self.add_wanted.emit()

    def next_line(self) -> None:
        """Enter: the same column one line further, behind the last line the empty row."""
        kind, number = self.lines.place(self.currentIndex().row())
        fixed = self.lines.fixed or self.lines.read_only
        if fixed and number + 1 >= len(self.lines.lines):
            return
        behind = number + 1 >= len(self.lines.lines)
        if kind == LINE and behind and self.lines.columns[self.lines.entry].kind != "lookup":
            self.setCurrentIndex(self.lines.index(self.lines.rowCount() - 1, self.lines.entry))
        elif kind != LINE or behind:
            self.go_new()
        else:
            self.go(number + 1, self.lines.columns[self.currentIndex().column()].key, edit=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the foot: Enter, Insert, F4, Ctrl+D, Delete, Ctrl+V; Escape takes back what was refused."""
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        line = self.current_line()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not control:
            self.next_line()
        elif key == Qt.Key.Key_Insert:
            self.insert_wanted.emit()
        elif key == Qt.Key.Key_F4 and line is not None:
            self.go(line, next((c.key for c in self.lines.columns if c.kind == "lookup"), ""))
        elif key == Qt.Key.Key_F4:
            self.go_new()
        elif key == Qt.Key.Key_D and control and line is not None:
            self.duplicate_wanted.emit(line)
        elif key == Qt.Key.Key_Delete and self.selected_lines():
            self.delete_wanted.emit(self.selected_lines())
        elif key == Qt.Key.Key_V and control:
            self.paste_wanted.emit()
        elif key == Qt.Key.Key_Escape and line is not None and self._take_back(line):
            event.accept()
        elif key == Qt.Key.Key_Tab and self._at_end():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _take_back(self, line: int) -> bool:
        column = self.lines.columns[self.currentIndex().column()]
        return self.lines.take_back(line, column.key)

    def _at_end(self) -> bool:
        index = self.currentIndex()
        return index.row() == self.lines.rowCount() - 1 and index.column() == self.lines.columnCount() - 1

    def mousePressEvent(self, event: Any) -> None:
        """One click opens the empty row."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.lines.place(index.row())[0] == NEW and not self.lines.read_only:
            self.go_new()
