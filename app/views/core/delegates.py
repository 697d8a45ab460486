"""The one delegate of all lists: the model says what a cell is, this paints it."""

from typing import Any, Protocol, cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.views.core import fonts
from app.views.core.checks import paint_check
from app.views.core.icons import pixmap
from app.views.core.marks import paint_bar, paint_chip
from app.views.core.surfaces import faded
from app.views.core.table_model import Cell
from app.views.core.theme import font, px, tok

Index = QModelIndex | QPersistentModelIndex
# kind: (style of the words, their colour)
_WORDS = {
    "text": ("body", "text2"),
    "code": ("body500", "text2"),
    "bold": ("body500", "text"),
    "strong": ("body600", "text"),
    "number": ("body", "text"),
    "icon_text": ("body", "text"),
    "two_line": ("body500", "text"),
}


class CellModel(Protocol):
    """What the delegate asks of a model."""

    def cell(self, row: int, column: int) -> Cell: ...


def cell_of(index: Index) -> Cell:
    """What to paint at an index."""
    model: Any = index.model()
    found: Cell = model.cell(index.row(), index.column())
    return found


class Thumbnails(Protocol):
    """Where pictures come from; None while one is on its way or when there is none."""

    def thumb(self, key: Any, side: int, ratio: float) -> Any: ...


class CellDelegate(QStyledItemDelegate):
    """Paints cells of lists and trees: words, numbers, chips, pictures, bars, checks, locks, the selected bar."""

    def __init__(
        self, parent: QWidget, images: Thumbnails | None = None, *, thumb: int | None = None
    ) -> None:
        super().__init__(parent)
        self.images = images
        self.thumb_side = thumb or px("thumb")
        self.hover_row = -1
        self.first_column = 0

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Rows have the height the view gives them; this is for fitting a column."""
        cell = cell_of(_index)
        style = _WORDS.get(cell.kind, ("body", ""))[0]
        width = fonts.metrics(style).horizontalAdvance(cell.text) + 2 * px("cell_padding")
        if cell.kind == "chip":
            width += px("dot") + px("gap_xs") + 2 * px("chip_padding")
        elif cell.kind == "icon_text":
            width += px("icon") + px("gap_s")
        elif cell.kind == "two_line":
            second = fonts.metrics("small").horizontalAdvance(str(cell.extra or ""))
            width = max(width, second + 2 * px("cell_padding"))
        return QSize(width, px("row_chip"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        rect: QRect = option.rect
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        self._ground(painter, rect, selected, index)
        cell = cell_of(index)
        pad = px("cell_padding")
        area = rect.adjusted(pad, 0, -pad, -1)
        match cell.kind:
            case "chip":
                paint_chip(painter, area, str(cell.extra), cell.text)
            case "thumb":
                self._thumb(painter, rect, cell, option)
            case "check":
                self._check(painter, rect, selected)
            case "two_line":
                self._two_lines(painter, area, cell)
            case "icon_text":
                self._icon_text(painter, area, cell, option)
            case "bar":
                self._bar(painter, area, cell)
            case "locked":
                self._locked(painter, area, cell, option)
            case _:
                style, usual = _WORDS.get(cell.kind, ("body", "text2"))
                if cell.tone and cell.kind == "number":
                    style = "body600"
                _words(painter, area, cell.text, style, cell.tone or usual, right=cell.right)
        if state & QStyle.StateFlag.State_Editing or self._edited(index):
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(tok("focus"), px("ring")))
            inset = px("ring") / 2
            painter.drawRoundedRect(
                QRectF(rect).adjusted(inset, inset, -inset, -inset - 1), px("radius_key"), px("radius_key")
            )
            painter.restore()

    def _edited(self, index: Index) -> bool:
        edited = getattr(index.model(), "edited", None)
        return bool(edited and edited == (index.row(), index.column()))

    def _ground(self, painter: QPainter, rect: QRect, selected: bool, index: Index) -> None:
        model = index.model()
        row = index.row()
        if selected:
            painter.fillRect(rect, tok("selected"))
        elif row == self.hover_row:
            painter.fillRect(rect, tok("hover"))
        elif (tint := getattr(model, "row_fill", None)) is not None and (token := tint(row)):
            painter.fillRect(rect, tok(token))
        glow = model.blink(row) if hasattr(model, "blink") else 0.0
        if glow > 0:
            painter.fillRect(rect, faded(tok("warn_bg"), glow))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), px("hair"), tok("line"))
        if selected and index.column() == self.first_column:
            painter.fillRect(rect.x(), rect.y(), px("accent_bar"), rect.height(), tok("accent"))

    def _ratio(self, option: QStyleOptionViewItem) -> float:
        widget = cast("QWidget | None", option.widget)  # no widget when a test paints by hand
        return 1.0 if widget is None else widget.devicePixelRatioF()

    def _thumb(self, painter: QPainter, rect: QRect, cell: Cell, option: QStyleOptionViewItem) -> None:
        side = min(self.thumb_side, rect.height() - 4)
        box = QRectF(
            rect.x() + px("cell_padding") + 2, rect.y() + (rect.height() - 1 - side) // 2, side, side
        )
        ratio = self._ratio(option)
        picture = self.images.thumb(cell.extra, side, ratio) if self.images and cell.extra else None
        if picture is not None:
            painter.drawPixmap(box.topLeft(), picture)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("photo"))
        painter.drawRoundedRect(box, px("radius_key"), px("radius_key"))
        mark = px("icon_small")
        image = pixmap("image" if cell.extra else "package", mark, "disabled", ratio)
        painter.drawPixmap(round(box.center().x() - mark / 2), round(box.center().y() - mark / 2), image)
        painter.restore()

    def _check(self, painter: QPainter, rect: QRect, selected: bool) -> None:
        side = px("check")
        left = rect.x() + px("cell_padding") + 1
        box = QRectF(left, rect.y() + (rect.height() - 1 - side) // 2, side, side)
        mark = Qt.CheckState.Checked if selected else Qt.CheckState.Unchecked
        paint_check(painter, box, mark)

    def _two_lines(self, painter: QPainter, area: QRect, cell: Cell) -> None:
        if not cell.extra:
            _words(painter, area, cell.text, "body500", cell.tone or "text")
            return
        upper, lower = fonts.metrics("body500").height(), fonts.metrics("small").height()
        top = area.y() + (area.height() - upper - lower) // 2
        first = QRect(area.x(), top, area.width(), upper)
        second = QRect(area.x(), top + upper, area.width(), lower)
        _words(painter, first, cell.text, "body500", cell.tone or "text")
        _words(painter, second, str(cell.extra), "small", "text3")

    def _icon_text(self, painter: QPainter, area: QRect, cell: Cell, option: QStyleOptionViewItem) -> None:
        left = 0
        if cell.extra:
            name, color = cell.extra
            side = px("icon")
            top = area.y() + (area.height() - side) // 2
            painter.drawPixmap(area.x(), top, pixmap(name, side, color, self._ratio(option)))
            left = side + px("gap_s")
        style = "body500" if cell.tone else "body"
        _words(painter, area.adjusted(left, 0, 0, 0), cell.text, style, cell.tone or "text")

    def _bar(self, painter: QPainter, area: QRect, cell: Cell) -> None:
        right = 0
        if cell.text:
            right = fonts.metrics("small").horizontalAdvance(cell.text) + px("gap")
            _words(painter, area, cell.text, "small", "text2", right=True)
        height = px("bar")
        box = QRectF(area.x(), area.y() + (area.height() - height) / 2, max(0, area.width() - right), height)
        paint_bar(painter, box, [(float(cell.extra or 0), cell.tone or "accent")])

    def _locked(self, painter: QPainter, area: QRect, cell: Cell, option: QStyleOptionViewItem) -> None:
        side = px("icon_small")
        wide = fonts.metrics("small").horizontalAdvance(cell.text)
        fits = area.width() >= side + px("gap_xs") + wide
        need = side + (px("gap_xs") + wide if fits else 0)
        left = area.right() - need if cell.right else area.x()
        top = area.y() + (area.height() - side) // 2
        painter.drawPixmap(left, top, pixmap("lock", side, "text3", self._ratio(option)))
        if fits:
            words = QRect(left + side + px("gap_xs"), area.y(), wide + 2, area.height())
            _words(painter, words, cell.text, "small", "text3")


def _words(painter: QPainter, area: QRect, text: str, style: str, color: str, *, right: bool = False) -> None:
    """Paint one line of words, shortened with an ellipsis when it does not fit."""
    metrics = fonts.metrics(style)
    if "\n" in text:
        text = " ".join(text.split())
    if len(text) > 512:  # measuring ten thousand characters takes longer than painting a screen
        text = text[:512]
    if metrics.horizontalAdvance(text) > area.width():
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.setFont(font(style))
    painter.setPen(tok(color))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), text)
