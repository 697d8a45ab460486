"""A month to choose a day from, drawn in the look of the program."""

from collections.abc import Callable
from datetime import date, timedelta

from babel.dates import format_date, get_day_names
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.i18n import language
from app.views.core.buttons import Button, IconButton
from app.views.core.marks import Label
from app.views.core.surfaces import Overlay
from app.views.core.theme import font, px, tok

WEEKS = 6


def shifted(day: date, months: int) -> date:
    """The same day so many months later, or that month's last one; kept between the years 1 and 9999."""
    index = min(max(day.year * 12 + day.month - 1 + months, 12), 9999 * 12 + 11)
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return day


class MonthGrid(QWidget):
    """The days of a month with the weeks' numbers; arrow keys walk, Page Up and Down change the month.

    Signals:
        moved: another day is marked.
        chosen: a day was clicked, or Enter pressed.
    """

    moved = Signal(object)
    chosen = Signal(object)

    def __init__(self, day: date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._day = day
        self._hover: date | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedSize(self.sizeHint())
        self.go(day)

    @property
    def day(self) -> date:
        """The day that is marked."""
        return self._day

    def sizeHint(self) -> QSize:
        """Week number and seven days wide, names and six weeks high."""
        side = px("row_chip")
        return QSize(8 * side, (WEEKS + 1) * px("row_dense"))

    def go(self, day: date) -> None:
        """Mark a day and show its month."""
        self._day = day
        self.setAccessibleName(fmt.date_(day))
        self.update()
        self.moved.emit(day)

    def first(self) -> date:
        """The Monday at the top left."""
        start = self._day.replace(day=1)
        if start.toordinal() <= 7:
            return start
        return start - timedelta(days=start.weekday())

    def _cell(self, week: int, weekday: int) -> QRect:
        wide, high = px("row_chip"), px("row_dense")
        return QRect((weekday + 1) * wide, (week + 1) * high, wide, high)

    def _at(self, point: QPoint) -> date | None:
        week, weekday = point.y() // px("row_dense") - 1, point.x() // px("row_chip") - 1
        if 0 <= week < WEEKS and 0 <= weekday < 7:
            return self._day_at(week, weekday)
        return None

    def _day_at(self, week: int, weekday: int) -> date | None:
        """The day of a cell, None beyond the last day there is."""
        ordinal = self.first().toordinal() + week * 7 + weekday
        return date.fromordinal(ordinal) if ordinal <= date.max.toordinal() else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the day under the pointer."""
        self._hover = self._at(event.position().toPoint())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose a day."""
        day = self._at(event.position().toPoint())
        if day is not None and event.button() == Qt.MouseButton.LeftButton:
            self.go(day)
            self.chosen.emit(day)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, choose, or leave the rest to the popup."""
        days = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -7, Qt.Key.Key_Down: 7}
        months = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        key = Qt.Key(event.key())
        if key in days:
            ordinal = self._day.toordinal() + days[key]
            self.go(date.fromordinal(min(max(ordinal, 1), date.max.toordinal())))
        elif key in months:
            far = 12 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.go(shifted(self._day, months[key] * far))
        elif key == Qt.Key.Key_Home:
            self.go(today())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._day)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint names, numbers and the marks for today, the pointer and the chosen day."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = get_day_names("short", locale=language())
        centre = int(Qt.AlignmentFlag.AlignCenter)
        painter.setFont(font("caption"))
        painter.setPen(tok("text3"))
        for weekday in range(7):
            painter.drawText(self._cell(-1, weekday), centre, names[weekday].rstrip(".")[:2])
        now = today()
        for week in range(WEEKS):
            monday = self._day_at(week, 0)
            if monday is None:
                return
            painter.setFont(font("caption"))
            painter.setPen(tok("text3"))
            painter.drawText(self._cell(week, -1), centre, str(monday.isocalendar().week))
            for weekday in range(7):
                if (day := self._day_at(week, weekday)) is not None:
                    self._paint_day(painter, day, self._cell(week, weekday), now)

    def _paint_day(self, painter: QPainter, day: date, cell: QRect, now: date) -> None:
        box = QRectF(cell).adjusted(2, 1, -2, -1)
        radius = px("radius_chip")
        chosen = day == self._day
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen:
            painter.setBrush(tok("accent"))
            painter.drawRoundedRect(box, radius, radius)
        elif day == self._hover:
            painter.setBrush(tok("hover"))
            painter.drawRoundedRect(box, radius, radius)
        if day == now and not chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok("accent_text"), px("hair")))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        other = day.month != self._day.month
        colour = "on_accent" if chosen else "text3" if other else "text2" if day.weekday() >= 5 else "text"
        painter.setFont(font("small600" if chosen or day == now else "small"))
        painter.setPen(tok(colour))
        painter.drawText(cell, int(Qt.AlignmentFlag.AlignCenter), str(day.day))


class CalendarPopup(Overlay):
    """The month with its name, arrows to the neighbours and a way back to today."""

    def __init__(self, parent: QWidget, day: date | None, done: Callable[[date], object]) -> None:
        super().__init__(parent, radius="radius_card")
        self.setWindowFlags(Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._done = done
        self._title = Label("", "section")
        self.grid = MonthGrid(day or today())
        box = QVBoxLayout(self)
        box.setContentsMargins(px("gap"), px("gap"), px("gap"), px("gap"))
        box.setSpacing(px("gap_xs"))
        head = QHBoxLayout()
        head.setSpacing(px("gap_xs"))
        head.addSpacing(px("gap"))
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(Button("kit.date.today", kind="link", clicked=lambda: self._choose(today())))
        head.addWidget(IconButton("chevron-left", "kit.date.before", clicked=lambda: self._step(-1)))
        head.addWidget(IconButton("chevron-right", "kit.date.after", clicked=lambda: self._step(1)))
        box.addLayout(head)
        box.addWidget(self.grid)
        self.grid.moved.connect(self._show)
        self.grid.chosen.connect(self._choose)
        self._show(self.grid.day)

    def open_below(self, anchor: QWidget) -> None:
        """Show it under a field, above it when the screen ends there."""
        self.adjustSize()
        at = anchor.mapToGlobal(QPoint(0, anchor.height() + px("gap_xs")))
        screen = anchor.screen().availableGeometry()
        if at.y() + self.height() > screen.bottom():
            at.setY(anchor.mapToGlobal(QPoint(0, 0)).y() - self.height() - px("gap_xs"))
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        self.move(at)
        self.show()
        self.grid.setFocus()

    def _step(self, months: int) -> None:
        self.grid.go(shifted(self.grid.day, months))
        self.grid.setFocus()

    def _show(self, day: date) -> None:
        self._title.setText(format_date(day, "LLLL yyyy", locale=language()))

    def _choose(self, day: date) -> None:
        self._done(day)
        self.close()
