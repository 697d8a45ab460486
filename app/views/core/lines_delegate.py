"""How cells of lines look, and the editors one types into."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.core.i18n import t
from app.views.core import icons
from app.views.core.context import AppContext
from app.views.core.fonts import font, metrics
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.lines_cells import CellEdit
from app.views.core.lines_model import (
    INFO,
    NEW,
    ROLE_ERROR,
    ROLE_INFO,
    ROLE_KIND,
    ROLE_TONE,
    ROLE_VALUE,
    LinesModel,
)
from app.views.core.lookup import Found, TypeAhead
from app.views.core.theme import px, tok

Index = QModelIndex | QPersistentModelIndex
STATUS_ICONS = {
    "ok": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-x",
    "info": "info",
    "neutral": "circle-dot",
}
Picture = Callable[[Any, Callable[[], None]], QPixmap | None]


class LinesDelegate(QStyledItemDelegate):
    """Paints every kind of cell and makes the editors.

    Signals:
        picked: (table row, `Found`) an article was chosen in the lookup cell.
        typing: other words stand in the open editor now.
        entered: Enter closed an editor.
    """

    picked = Signal(int, object)
    typing = Signal()
    entered = Signal()

    def __init__(self, ctx: AppContext, spec: LinesSpec, picture: Picture | None, parent: QObject) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self._spec = spec
        self._picture = picture
        self.height = spec.row_height or px("row_two")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Rows are equally high, information rows lower."""
        low = index.data(ROLE_KIND) == INFO
        return QSize(px("col_min"), px("row_chip") if low else self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Background, row line, then the cell by its kind."""
        model = index.model()
        assert isinstance(model, LinesModel)
        column = model.columns[index.column()]
        kind = index.data(ROLE_KIND)
        area = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(area, tok("sunken") if kind == INFO else tok("surface"))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), px("hair")), tok("line"))
        if kind == INFO:
            if index.column() == 0:
                self._info(painter, option.widget, index, area)
        elif kind == NEW:
            self._new(painter, model, column, index, area)
        else:
            self._cell(painter, column, index, area)
        painter.restore()

    def _info(self, painter: QPainter, view: QWidget, index: Index, area: QRect) -> None:
        kind, icon, text = index.data(ROLE_INFO)
        colour = "text2" if kind == "neutral" else kind
        left = area.left() + px("cell_padding")
        if isinstance(view, QTableView):
            lookup = next((n for n, c in enumerate(self._columns(index)) if c.kind == "lookup"), 0)
            left = view.columnViewportPosition(lookup) + px("cell_padding")
            area = QRect(0, area.top(), view.viewport().width(), area.height())
        if icon:
            side = px("icon_small")
            painter.drawPixmap(left, area.center().y() - side // 2, icons.pixmap(icon, side, colour))
            left += side + px("gap_s")
        painter.setPen(tok(colour))
        painter.setFont(font("small"))
        words = metrics("small").elidedText(
            text, Qt.TextElideMode.ElideRight, area.right() - left - px("gap")
        )
        painter.drawText(
            QRect(left, area.top(), area.right() - left, area.height()),
            int(Qt.AlignmentFlag.AlignVCenter),
            words,
        )

    @staticmethod
    def _columns(index: Index) -> list[LineColumn]:
        model = index.model()
        assert isinstance(model, LinesModel)
        return model.columns

    def _new(
        self, painter: QPainter, model: LinesModel, column: LineColumn, index: Index, area: QRect
    ) -> None:
        painter.setPen(tok("text3"))
        painter.setFont(font("body"))
        if column.kind == "position":
            painter.drawText(
                area.adjusted(0, 0, -px("cell_padding"), 0),
                int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight),
                str(len(model.lines) + 1),
            )
        elif column.kind == "image":
            side = px("icon_small")
            spot = area.center()
            painter.drawPixmap(
                spot.x() - side // 2, spot.y() - side // 2, icons.pixmap("plus", side, "text3")
            )
        elif index.column() == model.entry:
            inner = area.adjusted(px("cell_padding"), 0, -px("cell_padding"), 0)
            painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter), t(self._spec.placeholder))

    def _cell(self, painter: QPainter, column: LineColumn, index: Index, area: QRect) -> None:
        inner = area.adjusted(px("cell_padding"), 0, -px("cell_padding"), -px("hair"))
        value = index.data(ROLE_VALUE)
        error = index.data(ROLE_ERROR)
        if column.kind == "image":
            self._image(painter, area, value, index)
        elif column.kind == "status":
            self._status(painter, inner, value)
        elif column.kind == "two_line":
            self._two_lines(painter, inner, value)
        else:
            text = index.data(Qt.ItemDataRole.DisplayRole) or ""
            quiet = column.kind == "position"
            tone = index.data(ROLE_TONE)
            painter.setFont(font("body" if quiet else "body600" if tone else column.style))
            painter.setPen(tok("bad" if error else tone or ("text2" if quiet else "text")))
            right = column.numeric or quiet
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            mode = Qt.TextElideMode.ElideRight
            painter.drawText(
                inner,
                int(side | Qt.AlignmentFlag.AlignVCenter),
                metrics(column.style).elidedText(text, mode, inner.width()),
            )
        if error:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok("bad_solid"), px("hair")))
            painter.drawRoundedRect(
                QRectF(area).adjusted(2.5, 3.5, -2.5, -4.5), px("radius_chip"), px("radius_chip")
            )

    def _image(self, painter: QPainter, area: QRect, value: Any, index: Index) -> None:
        side = px("thumb_large")
        box = QRectF(area.center().x() - side / 2, area.center().y() - side / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("photo"))
        painter.drawRoundedRect(box, px("radius_key"), px("radius_key"))
        place, view = QPersistentModelIndex(index), self.parent()

        def arrived() -> None:
            if isinstance(view, QAbstractItemView) and place.isValid():
                view.update(view.model().index(place.row(), place.column()))

        picture = self._picture(value, arrived) if self._picture is not None and value is not None else None
        if picture is not None:
            painter.drawPixmap(box, picture, QRectF(picture.rect()))

    @staticmethod
    def _status(painter: QPainter, area: QRect, value: Any) -> None:
        if not value:
            return
        kind, text = value
        side = px("icon")
        colour = {"neutral": "text2"}.get(kind, kind)
        painter.drawPixmap(
            area.left(),
            area.center().y() - side // 2 + 1,
            icons.pixmap(STATUS_ICONS.get(kind, "info"), side, colour),
        )
        painter.setFont(font("body" if kind in ("ok", "neutral") else "body500"))
        painter.setPen(tok("text" if kind in ("ok", "neutral") else colour))
        words = area.adjusted(side + px("gap_s"), 0, px("cell_padding"), 0)
        painter.drawText(
            words,
            int(Qt.AlignmentFlag.AlignVCenter),
            metrics("body500").elidedText(text, Qt.TextElideMode.ElideRight, words.width()),
        )

    @staticmethod
    def _two_lines(painter: QPainter, area: QRect, value: Any) -> None:
        if not value:
            return
        half = area.height() // 2
        measure = metrics("small")
        for part, colour, top, align in (
            (value[0], "text", area.top(), Qt.AlignmentFlag.AlignBottom),
            (value[1], "text3", area.top() + half, Qt.AlignmentFlag.AlignTop),
        ):
            painter.setFont(font("small"))
            painter.setPen(tok(colour))
            painter.drawText(
                QRect(area.left(), top, area.width(), half),
                int(align),
                measure.elidedText(str(part), Qt.TextElideMode.ElideRight, area.width()),
            )

    # -- editors ------------------------------------------------------------------------------------------------

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A line edit with a ring; in the lookup column with type-ahead."""
        column = self._columns(index)[index.column()]
        if column.kind == "choice":
            box = QComboBox(parent)
            box.setProperty("kit", "input")
            box.setObjectName(f"line.edit.{column.key}")
            model = index.model()
            assert isinstance(model, LinesModel)
            for value, words in model.choices_of(column):
                box.addItem(words, value)
            box.activated.connect(lambda: self.commitData.emit(box))  # a choice needs no second word
            return box
        edit = CellEdit(parent)
        edit.setObjectName(f"line.edit.{column.key}")
        edit.textEdited.connect(lambda: self.typing.emit())
        if column.numeric:
            edit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if column.kind == "lookup" and self._spec.find is not None:
            if index.data(ROLE_KIND) == NEW:
                edit.setPlaceholderText(t(self._spec.placeholder))
            place = QPersistentModelIndex(index)
            ahead = TypeAhead(edit, self._ctx, self._spec.find)
            ahead.picked.connect(lambda found: self._take(edit, place.row(), found))
        return edit

    def _take(self, edit: QLineEdit, row: int, found: Found) -> None:
        self.closeEditor.emit(edit, QAbstractItemDelegate.EndEditHint.NoHint)
        self.picked.emit(row, found)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Inside the cell; a lookup cell may use the next column's room too."""
        area = QRect(option.rect).adjusted(1, 1, -1, -2)
        if self._columns(index)[index.column()].kind == "lookup":
            area.setWidth(px("side"))
        editor.setGeometry(area)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """The plain value, all selected; what is being typed is never overwritten."""
        if isinstance(editor, QLineEdit) and editor.isModified():
            return
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(index.data(ROLE_VALUE))))
        elif isinstance(editor, QLineEdit):
            editor.setText(index.data(Qt.ItemDataRole.EditRole) or "")
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """What was typed; a lookup cell changes only by choosing."""
        if self._columns(index)[index.column()].kind == "lookup":
            return
        typed = editor.currentData() if isinstance(editor, QComboBox) else editor.property("text")
        model.setData(index, typed, Qt.ItemDataRole.EditRole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter is the view's business: it commits and goes on to the next line."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and isinstance(watched, QWidget)
        ):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
            if enter and isinstance(watched, CellEdit) and watched.choosing:
                return False
            if enter:
                self.commitData.emit(watched)
                self.closeEditor.emit(watched, QAbstractItemDelegate.EndEditHint.NoHint)
                self.entered.emit()
                return True
        return super().eventFilter(watched, event)
