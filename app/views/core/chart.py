"""Stock over time: a step line with its past filled, the forecast dashed, the reorder level across."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.views.core import fonts
from app.views.core.theme import font, px, tok, veil

Points = Sequence[tuple[date, Decimal]]


@dataclass(frozen=True, slots=True)
class StepData:
    """Levels from a day on: what was (up to ``today``), what is foreseen, and the level at which to reorder."""

    past: Points
    today: date
    forecast: Points = ()
    reorder: Decimal | None = None
    unit: str = ""


def nice_top(value: Decimal, steps: int = 4) -> Decimal:
    """The smallest round number not below ``value`` that divides into ``steps`` round parts."""
    if value <= 0:
        return Decimal(steps)
    power = Decimal(10) ** (value / steps).adjusted()
    for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10)):
        if power * factor * steps >= value:
            return power * factor * steps
    return value


class StepChart(QWidget):
    """The chart.  Point at it to read a day."""

    def __init__(self, data: StepData | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self.setFixedHeight(px("chart_h"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.set_data(data)

    def set_data(self, data: StepData | None) -> None:
        """Show other levels."""
        self._data = data
        self.setAccessibleName(t("kit.chart.stock"))
        if data is not None and data.past:
            self.setAccessibleDescription(fmt.quantity(data.past[-1][1], data.unit))
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(px("detail") - 2 * px("margin"), px("chart_h"))

    def level_on(self, day: date) -> Decimal | None:
        """The level at the end of a day; None before the first."""
        if self._data is None:
            return None
        level = None
        for when, value in [*self._data.past, *self._data.forecast]:
            if when > day:
                break
            level = value
        return level

    def _top(self) -> Decimal:
        """The level at the upper edge."""
        assert self._data is not None
        levels = [value for _, value in [*self._data.past, *self._data.forecast]]
        return nice_top(max([*levels, self._data.reorder or Decimal(0)]))

    def _frame(self) -> QRectF:
        top = self._top()
        measure = fonts.metrics("caption")
        words = max(measure.horizontalAdvance(fmt.number((top * n / 4).normalize())) for n in range(5))
        left = max(px("row_chip") + 2, words + px("gap") + 2)
        return QRectF(
            left, px("gap"), self.width() - left - px("gap"), self.height() - px("gap") - px("gap_xl")
        )

    def _span(self) -> tuple[int, int]:
        assert self._data is not None
        days = [when.toordinal() for when, _ in [*self._data.past, *self._data.forecast]]
        days.append(self._data.today.toordinal())
        return min(days), max(*days, min(days) + 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the day under the pointer."""
        if self._data is None or not self._data.past:
            return
        frame, (first, last) = self._frame(), self._span()
        share = (event.position().x() - frame.x()) / frame.width()
        day = date.fromordinal(first + round(max(0.0, min(1.0, share)) * (last - first)))
        level = self.level_on(day)
        words = f"{fmt.date_(day)}: {fmt.quantity(level, self._data.unit)}" if level is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint axes, lines and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        data = self._data
        if data is None or not data.past:
            painter.setPen(tok("text3"))
            painter.setFont(font("small"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), t("kit.chart.nothing"))
            return
        frame, (first, last) = self._frame(), self._span()
        top = self._top()

        def x(day: date) -> float:
            return frame.x() + frame.width() * (day.toordinal() - first) / (last - first)

        def y(value: Decimal) -> float:
            return frame.bottom() - frame.height() * float(max(value, Decimal(0)) / top)

        self._grid(painter, frame, top, y)
        ends_past = [*data.past, (data.today, data.past[-1][1])]
        line = _steps(ends_past, x, y)
        area = QPainterPath(line)
        area.lineTo(x(data.today), frame.bottom())
        area.lineTo(x(ends_past[0][0]), frame.bottom())
        area.closeSubpath()
        painter.fillPath(area, veil("accent_text", "chart_fill"))
        if data.reorder is not None:
            self._reorder(painter, frame, y(data.reorder), data.reorder)
        painter.setPen(
            QPen(
                tok("accent_text"),
                1.6,
                Qt.PenStyle.SolidLine,
                Qt.PenCapStyle.FlatCap,
                Qt.PenJoinStyle.MiterJoin,
            )
        )
        painter.drawPath(line)
        if data.forecast:
            pen = QPen(tok("accent_text"), 1.5)
            pen.setDashPattern([2, 1.4])
            painter.setPen(pen)
            painter.drawPath(_steps([(data.today, data.past[-1][1]), *data.forecast], x, y))
            painter.setPen(QPen(tok("text3"), px("hair")))
            at = round(x(data.today)) + 0.5
            painter.drawLine(QPointF(at, frame.y()), QPointF(at, frame.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("accent_text"))
        painter.drawEllipse(QPointF(x(data.today), y(data.past[-1][1])), 3.5, 3.5)
        self._months(painter, frame, first, last, x(data.today))

    def _grid(self, painter: QPainter, frame: QRectF, top: Decimal, y: "object") -> None:
        painter.setFont(font("caption"))
        for step in range(5):
            value = top * step / 4
            at = round(y(value)) + 0.5  # type: ignore[operator]
            painter.setPen(QPen(tok("line"), px("hair")))
            painter.drawLine(QPointF(frame.x(), at), QPointF(frame.right(), at))
            painter.setPen(tok("text3"))
            words = QRectF(0, at - px("gap"), frame.x() - px("gap"), px("gap_l"))
            painter.drawText(
                words,
                int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                fmt.number(value.normalize()),
            )

    def _reorder(self, painter: QPainter, frame: QRectF, at: float, value: Decimal) -> None:
        pen = QPen(tok("warn_solid"), 1.4)
        pen.setDashPattern([4, 2])
        painter.setPen(pen)
        painter.drawLine(QPointF(frame.x(), at), QPointF(frame.right(), at))
        painter.setFont(font("caption"))
        painter.setPen(tok("warn"))
        words = t("kit.chart.reorder", quantity=fmt.number(value))
        below = at + px("gap_l") + 2 < frame.bottom()
        box = QRectF(
            frame.x() + px("gap_xs"), at + 2 if below else at - px("gap_l") - 2, frame.width(), px("gap_l")
        )
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), words)

    def _months(self, painter: QPainter, frame: QRectF, first: int, last: int, today: float) -> None:
        painter.setFont(font("caption"))
        painter.setPen(tok("text3"))
        measure = fonts.metrics("caption")
        now = t("kit.chart.today")
        half = measure.horizontalAdvance(now) / 2
        today = min(max(today, frame.x() + half), frame.right() - half)
        top = frame.bottom() + px("gap_xs")
        painter.drawText(QPointF(today - half, top + measure.ascent()), now)
        taken = (today - half - px("gap"), today + half + px("gap"))
        day = date.fromordinal(first)
        months = (last - first) // 30
        step = 1 if months <= 5 else 2 if months <= 12 else 3 if months <= 24 else 12
        year, month = day.year, day.month
        previous = -1.0
        while date(year, month, 1).toordinal() <= last:
            at = frame.x() + frame.width() * (max(date(year, month, 1).toordinal(), first) - first) / (
                last - first
            )
            words = format_date(
                date(year, month, 1), "LLL" if step < 12 else "yyyy", locale=language()
            ).rstrip(".")
            wide = measure.horizontalAdvance(words)
            at = min(at, frame.right() - wide)
            if at > previous and (at + wide < taken[0] or at > taken[1]):
                painter.drawText(QPointF(at, top + measure.ascent()), words)
                previous = at + wide + px("gap_l")
            month += step
            year, month = year + (month - 1) // 12, (month - 1) % 12 + 1


def _steps(points: Points, x: "object", y: "object") -> QPainterPath:
    path = QPainterPath()
    for number, (day, value) in enumerate(points):
        here = QPointF(x(day), y(value))  # type: ignore[operator]
        if number == 0:
            path.moveTo(here)
        else:
            path.lineTo(here.x(), path.currentPosition().y())
            path.lineTo(here)
    return path
