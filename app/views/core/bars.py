"""Counts over time as stacked columns: what went well in the accent colour, what failed on top of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.views.core import fonts
from app.views.core.chart import nice_top
from app.views.core.theme import font, px, tok

STEPS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: the word below it (shown where there is room), the words of its tooltip, and its two counts."""

    word: str
    words: str
    good: int
    bad: int


class BarChart(QWidget):
    """The chart.  Point at a column to read it."""

    def __init__(self, name: str, bars: Sequence[Bar] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setFixedHeight(px("chart_h"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.set_bars(bars)

    def set_bars(self, bars: Sequence[Bar]) -> None:
        """Show other counts."""
        self._bars = tuple(bars)
        good, bad = sum(bar.good for bar in bars), sum(bar.bad for bar in bars)
        self.setAccessibleDescription(t("kit.bars.sum", good=fmt.number(good), bad=fmt.number(bad)))
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(px("detail"), px("chart_h"))

    def _frame(self) -> QRectF:
        left = px("row_chip") + 2
        return QRectF(
            left, px("gap"), self.width() - left - px("gap"), self.height() - px("gap") - px("gap_xl")
        )

    def _width(self) -> float:
        return self._frame().width() / max(len(self._bars), 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the column under the pointer."""
        number = int((event.position().x() - self._frame().x()) // self._width())
        if 0 <= number < len(self._bars):
            QToolTip.showText(event.globalPosition().toPoint(), self._bars[number].words, self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint grid, columns and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not any(bar.good or bar.bad for bar in self._bars):
            painter.setPen(tok("text3"))
            painter.setFont(font("small"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), t("kit.bars.nothing"))
            painter.end()
            return
        frame = self._frame()
        top = nice_top(Decimal(max(*(bar.good + bar.bad for bar in self._bars), STEPS)), STEPS)
        self._grid(painter, frame, top)
        wide = self._width()
        body = max(wide - max(wide * 0.35, 2.0), 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        for number, bar in enumerate(self._bars):
            x = frame.x() + number * wide + (wide - body) / 2
            high_good = frame.height() * float(bar.good / top)
            high_bad = frame.height() * float(bar.bad / top)
            if bar.good:
                painter.fillRect(QRectF(x, frame.bottom() - high_good, body, high_good), tok("accent_text"))
            if bar.bad:
                at = frame.bottom() - high_good - high_bad
                painter.fillRect(QRectF(x, at, body, high_bad), tok("bad_solid"))
        self._words(painter, frame, wide)
        painter.end()

    def _grid(self, painter: QPainter, frame: QRectF, top: Decimal) -> None:
        painter.setFont(font("caption"))
        for step in range(STEPS + 1):
            value = top * step / STEPS
            at = round(frame.bottom() - frame.height() * step / STEPS) + 0.5
            painter.setPen(QPen(tok("line"), px("hair")))
            painter.drawLine(QPointF(frame.x(), at), QPointF(frame.right(), at))
            painter.setPen(tok("text3"))
            words = QRectF(0, at - px("gap"), frame.x() - px("gap"), px("gap_l"))
            painter.drawText(
                words,
                int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                fmt.number(value.normalize()),
            )

    def _words(self, painter: QPainter, frame: QRectF, wide: float) -> None:
        painter.setFont(font("caption"))
        painter.setPen(tok("text3"))
        measure = fonts.metrics("caption")
        baseline = frame.bottom() + px("gap_xs") + measure.ascent()
        free = frame.x() - px("gap")
        for number, bar in enumerate(self._bars):
            long = measure.horizontalAdvance(bar.word)
            x = min(frame.x() + number * wide + (wide - long) / 2, frame.right() - long)
            if x >= free:
                painter.drawText(QPointF(x, baseline), bar.word)
                free = x + long + px("gap_m")
