"""Trees and small tables: the list view over a `RowsModel`, with guide lines, branches to open, cells to type in."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from app.core.i18n import t
from app.views.core import fonts
from app.views.core.delegates import CellDelegate, Thumbnails
from app.views.core.icons import pixmap
from app.views.core.inputs import DateEdit, NumberEdit
from app.views.core.rows_model import RowsModel
from app.views.core.table_view import TableView
from app.views.core.theme import font, px, tok

Index = QModelIndex | QPersistentModelIndex


def _indent(depth: int) -> int:
    return px("gap_xs") + depth * (px("icon") + px("gap_xs"))


class RowsDelegate(CellDelegate):
    """Paints the column of the tree (a ``two_line`` column: number and name in one line) and edges of cells to type
    in; everything else like every list."""

    def __init__(self, view: "RowsView", images: Thumbnails | None) -> None:
        super().__init__(view, images)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Words plus indent."""
        model, number = self._view.rows_model, index.row()
        if not self._view.is_tree_column(index.column()):
            return super().sizeHint(option, index)
        cell = model.cell(number, index.column())
        measure = fonts.metrics("body600" if model.strong(model.row(number)) else "body")
        width = measure.horizontalAdvance(f"{cell.text}  {cell.extra or ''}") + 2 * px("cell_padding")
        return QSize(width + self._left(number), px("row_chip"))

    def _left(self, number: int) -> int:
        model = self._view.rows_model
        if not model.tree:
            return px("cell_padding")
        return _indent(model.depth(number)) + px("icon") + px("gap_s")

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        if self._view.is_tree_column(index.column()):
            self._paint_branch(painter, option, index)
            return
        super().paint(painter, option, index)
        if self._view.rows_model.editable(index.row(), index.column()):
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            wrong = self._view.rows_model.problem(index)
            painter.setPen(QPen(tok("bad_solid" if wrong else "control"), px("hair")))
            box = QRectF(option.rect).adjusted(2.5, 3.5, -2.5, -4.5)
            painter.drawRoundedRect(box, px("radius_key"), px("radius_key"))
            painter.restore()

    def _paint_branch(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model, number = self._view.rows_model, index.row()
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._ground(painter, rect, selected, index)
        side = px("icon")
        if model.tree:
            for level in range(model.depth(number)):
                x = rect.x() + _indent(level) + side // 2
                painter.fillRect(x, rect.y(), px("hair"), rect.height(), tok("border"))
            if model.has_children(number):
                name = "chevron-down" if model.is_open(number) else "chevron-right"
                x = rect.x() + _indent(model.depth(number))
                image = pixmap(name, side, "text2", self._ratio(option))
                painter.drawPixmap(x, rect.y() + (rect.height() - side) // 2, image)
        cell = model.cell(number, index.column())
        area = rect.adjusted(self._left(number), 0, -px("cell_padding"), -1)
        style = "body600" if model.strong(model.row(number)) else "body"
        words = f"{cell.text}  {cell.extra}" if cell.extra else cell.text
        measure = fonts.metrics(style)
        if measure.horizontalAdvance(words) > area.width():
            words = measure.elidedText(words, Qt.TextElideMode.ElideRight, area.width())
        painter.setFont(font(style))
        painter.setPen(tok(cell.tone or "text"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    # typing

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A number or a date field inside the cell."""
        column = self._view.rows_model.columns[index.column()]
        kind = self._view.rows_model.editors[column.key]
        editor: QWidget = (
            DateEdit(column.head(), size="toolbar", parent=parent)
            if kind == "date"
            else NumberEdit(
                column.head(), places=column.places, minimum=Decimal(0), size="toolbar", parent=parent
            )
        )
        editor.setObjectName(f"cell.{column.key}")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        """Inside the cell."""
        rect: QRect = option.rect
        editor.setGeometry(rect.adjusted(1, (rect.height() - px("control_toolbar")) // 2, -1, 0))
        editor.setFixedHeight(px("control_toolbar"))

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """The present value, selected."""
        if isinstance(editor, NumberEdit | DateEdit) and not editor.isModified():
            editor.set_value(index.data(Qt.ItemDataRole.EditRole))
            if self._view.rows_model.problem(index):
                editor.setText(index.data(Qt.ItemDataRole.DisplayRole))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """What was typed; what is no value stays marked in its cell."""
        if isinstance(editor, NumberEdit | DateEdit):
            value, problem = editor.value(), editor.problem()
            if problem is None and value is None:
                problem = "error.required"
            self._view.rows_model.refuse(index, editor.text(), t(problem) if problem else "")
            if problem is None and value != index.data(Qt.ItemDataRole.EditRole):
                model.setData(index, value, Qt.ItemDataRole.EditRole)


class RowsView(TableView):
    """A `RowsModel` on screen.  Right and Left open and close a branch, Ctrl+Right opens all."""

    def __init__(
        self,
        model: RowsModel,
        *,
        tree_column: str = "",
        images: Thumbnails | None = None,
        row_height: int | None = None,
        name: str = "tree",
        parent: QWidget | None = None,
    ) -> None:
        self.rows_model = model
        self._tree_column = next((n for n, c in enumerate(model.columns) if c.key == tree_column), -1)
        # The view asks of its model only what both kinds of model have.
        super().__init__(
            cast("Any", model), images=images, row_height=row_height or px("row_chip"), parent=parent
        )
        self.setObjectName(name)
        self.cells = RowsDelegate(self, images)
        self.setItemDelegate(self.cells)
        self._find_first()
        self.header.setSortIndicatorShown(False)
        self.header.setSectionsClickable(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        if model.editors:
            triggers = QAbstractItemView.EditTrigger
            self.setEditTriggers(
                triggers.DoubleClicked
                | triggers.EditKeyPressed
                | triggers.AnyKeyPressed
                | triggers.SelectedClicked
            )
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._return)
        self._kept: tuple[Any, int] = (None, 0)
        if images is not None and isinstance(images, QObject) and hasattr(images, "ready"):
            images.ready.connect(self.viewport().update)

    def is_tree_column(self, column: int) -> bool:
        """Whether a column shows the branches."""
        return column == self._tree_column

    def content_height(self) -> int:
        """Height that shows every row without scrolling."""
        rows = self.verticalHeader().defaultSectionSize() * len(self.rows_model.rows)
        return self.header.sizeHint().height() + rows + px("ring")

    def fit_height(self, least: int = 1) -> None:
        """Be as high as the rows, for a table inside a page that scrolls as a whole."""
        row = self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(max(self.content_height(), self.header.sizeHint().height() + least * row))

    def head_changed(self) -> None:
        """The words over the columns are different now."""
        self.header.viewport().update()

    def select_first(self) -> None:
        """Select the first row when none is."""
        if not self.selectionModel().hasSelection() and self.rows_model.rows:
            self.select_keys([self.rows_model.key_of(0)])

    def _keep(self) -> None:
        index = self.currentIndex()
        self._kept = (
            self.rows_model.key_of(index.row()) if index.isValid() else None,
            self.verticalScrollBar().value(),
        )

    def _return(self) -> None:
        key, scroll = self._kept
        if key is not None and self.select_keys([key], key):
            self.verticalScrollBar().setValue(scroll)

    def _at_chevron(self, event: QMouseEvent) -> int:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or not self.is_tree_column(index.column()):
            return -1
        if not self.rows_model.has_children(index.row()):
            return -1
        left = self.visualRect(index).x() + _indent(self.rows_model.depth(index.row()))
        x = event.position().x()
        return index.row() if left - px("gap_xs") <= x <= left + px("icon") + px("gap_xs") else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the chevron opens or closes."""
        number = self._at_chevron(event)
        if number >= 0:
            self.rows_model.set_open(number, not self.rows_model.is_open(number))
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second click on the chevron is a click, not an opening of the record."""
        if self._at_chevron(event) >= 0:
            self.mousePressEvent(event)
            return
        super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Branches by Left and Right; Enter types in a cell that can be typed in."""
        model, index = self.rows_model, self.currentIndex()
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if model.tree and control and key in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            model.open_all(key == Qt.Key.Key_Right)
        elif model.tree and index.isValid() and key == Qt.Key.Key_Right and not model.editors:
            model.set_open(index.row(), True)
        elif model.tree and index.isValid() and key == Qt.Key.Key_Left and not model.editors:
            if model.has_children(index.row()) and model.is_open(index.row()):
                model.set_open(index.row(), False)
            elif (above := model.parent_of(index.row())) >= 0:
                self.select_keys([model.key_of(above)])
        elif (
            key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and index.isValid()
            and model.editable(index.row(), index.column())
        ):
            self.edit(index)
        else:
            super().keyPressEvent(event)

    def shown(self) -> Sequence[Any]:
        """The rows that can be seen."""
        return self.rows_model.rows
