"""Parts of the wizard: the bar of steps, numbers in tiles, how far it is."""

import time
from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.views.core import fonts
from app.views.core.icons import pixmap
from app.views.core.marks import IconLabel, Label, ProgressBar
from app.views.core.surfaces import Card
from app.views.core.theme import font, px, tok


class StepBar(QWidget):
    """Where one is: done steps with a check mark, the present one filled, later ones pale."""

    def __init__(self, steps: Sequence[str]) -> None:
        super().__init__()
        self._steps = list(steps)
        self._at = 0
        self.setFixedHeight(px("row_two"))
        self.setObjectName("import.steps")

    def show_step(self, number: int) -> None:
        """Stand at a step, counted from 0."""
        self._at = number
        self.setAccessibleName(f"{number + 1}/{len(self._steps)} {self._steps[number]}")
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the words need."""
        words = sum(fonts.metrics("body600").horizontalAdvance(step) for step in self._steps)
        return QSize(words + len(self._steps) * px("gap_xl") * 3, self.height())

    def minimumSizeHint(self) -> QSize:
        """Lines between the steps give way, then their words."""
        return QSize(len(self._steps) * px("gap_xl") * 2, self.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint discs, words and the lines between."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("surface"))
        painter.fillRect(0, self.height() - 1, self.width(), px("hair"), tok("line"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc, gap, edge = px("avatar") + 2, px("gap"), px("margin_l")
        widths = [disc + gap + fonts.metrics("body600").horizontalAdvance(step) for step in self._steps]
        room = self.width() - 2 * edge - sum(widths)
        between = max(gap, room // max(1, len(self._steps) - 1))
        x, middle = edge, self.height() // 2
        for number, step in enumerate(self._steps):
            self._disc(painter, QRectF(x, middle - disc / 2, disc, disc), number)
            painter.setFont(font("body600" if number == self._at else "body500"))
            painter.setPen(tok("text" if number <= self._at else "text2"))
            area = QRectF(x + disc + gap, 0, widths[number], self.height())
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), step)
            x += widths[number]
            if number + 1 < len(self._steps) and between > 2 * px("gap_m"):
                painter.fillRect(
                    x + px("gap_m"), middle, between - 2 * px("gap_m"), px("hair"), tok("border")
                )
            x += between

    def _disc(self, painter: QPainter, area: QRectF, number: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        done, here = number < self._at, number == self._at
        painter.setBrush(tok("ok_bg" if done else "accent" if here else "neutral_bg"))
        painter.drawEllipse(area)
        if done:
            side = px("icon_small")
            image = pixmap("check", side, "ok", self.devicePixelRatioF())
            painter.drawPixmap(
                round(area.center().x() - side / 2), round(area.center().y() - side / 2), image
            )
            return
        painter.setPen(tok("on_accent" if here else "text2"))
        painter.setFont(font("small600"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), str(number + 1))


class Tile(QWidget):
    """A number with its word; a click asks for the rows behind it.

    Signals:
        clicked: the tile was clicked.
    """

    clicked = Signal()

    def __init__(self, icon: str, title: str, color: str) -> None:
        super().__init__()
        self._color = color
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        box = QVBoxLayout(self)
        box.setContentsMargins(px("margin"), px("gap_m"), px("margin"), px("gap"))
        box.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(px("gap_s"))
        head.addWidget(IconLabel(icon, px("icon_small"), color))
        head.addWidget(Label(title, "small500", "text2"))
        head.addStretch(1)
        box.addLayout(head)
        self._number = Label("0", "display", color)
        box.addWidget(self._number)
        self._title = title
        self.show_number(0)

    def show_number(self, number: int) -> None:
        """Show how many; none is quiet."""
        self._number.setText(fmt.number(number))
        self._number.set_color(self._color if number else "text3")
        self.setAccessibleName(f"{self._title}: {fmt.number(number)}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for its rows."""
        event.accept()
        self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("line"), px("hair")))
        painter.setBrush(tok("surface"))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, px("radius_card"), px("radius_card"))


class RunCard(Card):
    """How far a try or an import is."""

    def __init__(self, note: str, started: str) -> None:
        super().__init__()
        self.setObjectName("import.progress")
        head = QHBoxLayout()
        self._rows = Label("", "section")
        self._share = Label("", "section", "accent_text")
        self._left = Label("", "small", "text2")
        for part in (self._rows, self._share):
            head.addWidget(part)
        head.addStretch(1)
        head.addWidget(self._left)
        self.body.addLayout(head)
        self._bar = ProgressBar()
        self.body.addWidget(self._bar)
        foot = QHBoxLayout()
        foot.addWidget(Label(note, "small", "text2", wrap=True), 1)
        foot.addWidget(Label(started, "small", "text2"))
        self.body.addLayout(foot)

    def show_progress(self, stage: str, done: int, total: int, began: float) -> None:
        """Show rows done of how many; checking is the first tenth of the way."""
        if not total:
            self._rows.setText(
                t("import.reading_rows", count=fmt.number(done)) if done else t("import.reading")
            )
            self._share.setText("")
            self._left.setText("")
            self._bar.set_value(0.0)
            return
        part = done / total
        share = 0.1 * part if stage == "check" else 0.1 + 0.9 * part
        words = "import.run.check" if stage == "check" else "import.run.write"
        self._rows.setText(t(words, done=fmt.number(done), total=fmt.number(total)))
        self._share.setText(fmt.percent(Decimal(round(100 * share))))
        self._bar.set_value(share)
        passed = time.monotonic() - began
        worth = stage == "write" and done and passed > 2
        self._left.setText(t("import.run.left", time=duration(passed / share - passed)) if worth else "")


def duration(seconds: float) -> str:
    """Seconds, or minutes when there are many."""
    if seconds < 90:
        return t("import.seconds", n=max(1, round(seconds)))
    return t("import.minutes", n=round(seconds / 60))
