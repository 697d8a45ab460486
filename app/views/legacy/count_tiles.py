"""A row of numbers with their words; a click shows what one counts."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core import format as fmt
from app.views.core.fonts import font, metrics
from app.views.core.theme import fill, px, tok


class TileItem(NamedTuple):
    """One number: ``kind`` colours its mark (ok, warn, bad, info, neutral)."""

    key: str
    words: str
    number: int
    kind: str


class CountTile(QAbstractButton):
    """One number; checked while the list shows what it counts."""

    def __init__(self, item: TileItem) -> None:
        super().__init__()
        self.item = item
        self.setObjectName(f"tile.{item.key}")
        self.setText(item.words)
        self.setToolTip(item.words)
        self.setAccessibleName(f"{item.words}: {fmt.number(item.number)}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As wide as its words, within reason."""
        wide = metrics("small").horizontalAdvance(self.text()) + 2 * px("gap_m") + px("gap")
        return QSize(max(px("tile_w_min"), min(wide, px("tile_w_max"))), px("tile_h"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Card, mark, number, words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = "focus" if self.hasFocus() else "accent" if self.isChecked() else "line"
        ground = "selected" if self.isChecked() else "hover" if self.underMouse() else "surface"
        painter.setPen(QPen(tok(edge), px("hair")))
        painter.setBrush(tok(ground))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px("radius_card"), px("radius_card")
        )
        pad = px("gap_m")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok(self.item.kind))
        dot = px("gap")
        painter.drawEllipse(QRectF(self.width() - pad - dot, pad, dot, dot))
        painter.setPen(tok("text"))
        painter.setFont(font("title"))
        painter.drawText(pad, pad + metrics("title").ascent() - px("gap_xs"), fmt.number(self.item.number))
        painter.setPen(tok("text2"))
        painter.setFont(font("small"))
        words = metrics("small").elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 2 * pad)
        painter.drawText(pad, self.height() - pad, words)
        painter.end()


class CountTiles(QWidget):
    """The row; one tile at most is chosen, and a second click lets it go.

    Signals:
        chosen(str): the key of the tile, empty when none is.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tiles")
        self._items: tuple[TileItem, ...] = ()
        self._current = ""
        self._row = QHBoxLayout()
        self._row.setContentsMargins(px("margin"), px("gap_xs"), px("margin"), px("gap"))
        self._row.setSpacing(px("gap"))
        content = QWidget()
        fill(content, "surface")
        content.setLayout(self._row)
        area = QScrollArea()
        area.setProperty("kit", "plain")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        area.setFixedHeight(px("tile_h") + px("gap_xs") + 2 * px("gap"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area)
        self._area = area
        self.hide()

    def show_items(self, items: Sequence[TileItem], current: str = "") -> None:
        """Show these numbers, the one of ``current`` chosen."""
        self._current = current
        if tuple(items) != self._items:
            self._items = tuple(items)
            while self._row.count():
                taken = self._row.takeAt(0)
                if taken is not None and (widget := taken.widget()) is not None:
                    widget.deleteLater()
            for item in items:
                tile = CountTile(item)
                tile.clicked.connect(lambda _checked, key=item.key: self._clicked(key))
                self._row.addWidget(tile)
            self._row.addStretch(1)
        self.mark(current)
        self.setVisible(bool(items))

    def mark(self, current: str) -> None:
        """Show which one is chosen."""
        self._current = current
        for tile in self.findChildren(CountTile):
            tile.setChecked(tile.item.key == current)

    def _clicked(self, key: str) -> None:
        self.mark("" if key == self._current else key)
        self.chosen.emit(self._current)
