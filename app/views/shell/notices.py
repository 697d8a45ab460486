"""What the program told: toasts are gone after a while, the bell keeps them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.views.core.buttons import Button
from app.views.core.marks import IconLabel, Label
from app.views.core.surfaces import add_shadow
from app.views.core.theme import px, tok

KEPT = 50
ICONS = {"ok": "circle-check", "info": "info", "warn": "triangle-alert", "bad": "circle-alert"}


@dataclass(frozen=True)
class NoticeLine:
    """Something that was told."""

    text: str
    kind: str
    action: tuple[str, Callable[[], object]] | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Popover(QWidget):
    """A raised panel below a button; closes with Escape or a click elsewhere."""

    def __init__(self, anchor: QWidget, width: int) -> None:
        super().__init__(anchor.window())
        self.anchor = anchor
        self.setFixedWidth(width)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(px("gap_m"), px("gap_m"), px("gap_m"), px("gap_m"))
        self.body.setSpacing(px("gap"))
        add_shadow(self)

    def open(self) -> None:
        """Show it below its button, inside the window."""
        window = self.anchor.window()
        height = min(self.body.totalMinimumHeightForWidth(self.width()), window.height() - 2 * px("top_bar"))
        if not self.body.hasHeightForWidth():
            height = min(self.sizeHint().height(), window.height() - 2 * px("top_bar"))
        corner = self.anchor.mapTo(window, QPoint(self.anchor.width(), self.anchor.height() + px("gap_xs")))
        left = max(px("gap"), min(corner.x() - self.width(), window.width() - self.width() - px("gap")))
        self.setGeometry(left, corner.y(), self.width(), height)
        self.show()
        self.raise_()
        self.setFocus()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def close_now(self) -> None:
        """Go away."""
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press elsewhere closes."""
        if event.type() != QEvent.Type.MouseButtonPress or not isinstance(watched, QWidget):
            return False
        if watched is self or self.isAncestorOf(watched):
            return False
        self.close_now()
        return watched is self.anchor

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_now()
            self.anchor.setFocus()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground and edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("border"), px("hair")))
        painter.setBrush(tok("raised"))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, px("radius_card"), px("radius_card"))
        painter.end()


class NoticePopover(Popover):
    """The notices, the newest first."""

    def __init__(self, anchor: QWidget, notices: list[NoticeLine]) -> None:
        super().__init__(anchor, px("toast"))
        self.setObjectName("notices")
        self.body.addWidget(Label(t("shell.notices"), "section"))
        if not notices:
            self.body.addWidget(Label(t("shell.notices_none"), "body", "text3", wrap=True))
            return
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_m"))
        for notice in reversed(notices):
            column.addLayout(self._line(notice))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setProperty("kit", "plain")
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(holder)
        holder.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setMinimumHeight(min(len(notices), 6) * px("row_two"))
        self.body.addWidget(scroll, 1)

    def _line(self, notice: NoticeLine) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        row.addWidget(IconLabel(ICONS[notice.kind], px("icon"), notice.kind), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(notice.text, "body", wrap=True))
        words.addWidget(Label(fmt.date_time(notice.at), "small", "text3"))
        row.addLayout(words, 1)
        if notice.action is not None:
            label, run = notice.action
            row.addWidget(Button(label, kind="link", clicked=run), 0, Qt.AlignmentFlag.AlignTop)
        return row
