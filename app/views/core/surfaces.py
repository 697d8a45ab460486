"""Larger parts: cards, banners, empty states, waiting states, toasts, underlined tabs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.i18n import t
from app.views.core import fonts
from app.views.core.buttons import Button
from app.views.core.icons import pixmap
from app.views.core.marks import IconLabel, Label
from app.views.core.theme import chip_colours, font, ms, px, tok, veil

STATUS_ICONS = {
    "info": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "neutral": "info",
    "note": "info",
    "accent": "info",
}


def clear_layout(layout: QLayout | None) -> None:
    """Take every widget out of a layout and delete it."""
    while layout is not None and (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif item.layout() is not None:
            clear_layout(item.layout())


class Card(QWidget):
    """A rounded surface with an optional title and `link`; put content into `body`."""

    link: Button | None = None

    def __init__(
        self,
        title: str = "",
        *,
        link: str = "",
        link_clicked: Callable[[], object] | None = None,
        note: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px("gap_m"), px("gap_m"), px("gap_m"), px("gap_m"))
        outer.setSpacing(px("gap_s"))
        if title:
            head = QHBoxLayout()
            head.addWidget(Label(title, "section", shrink=True))
            head.addStretch(1)
            if note:
                head.addWidget(Label(note, "small", "text2"))
            if link:
                self.link = Button(link, kind="link", clicked=link_clicked)
                head.addWidget(self.link)
            outer.addLayout(head)
        self.body = QVBoxLayout()
        self.body.setSpacing(px("gap_s"))
        outer.addLayout(self.body)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("line"), px("hair")))
        painter.setBrush(tok("surface"))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, px("radius_card"), px("radius_card"))


class Banner(QWidget):
    """A fact that concerns the whole view: bold fact, plain consequence, at most two actions."""

    def __init__(
        self,
        kind: str,
        bold: str,
        plain: str = "",
        actions: Sequence[QWidget] = (),
        *,
        icon: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self.setAccessibleName(f"{bold} {plain}".strip())
        row = QHBoxLayout(self)
        row.setContentsMargins(px("gap_m"), px("gap_s"), px("gap"), px("gap_s"))
        row.setSpacing(px("gap"))
        row.addWidget(
            IconLabel(icon or STATUS_ICONS[kind], px("icon"), kind if kind != "accent" else "accent_text")
        )
        fact = Label(bold, "body600", wrap=not plain)
        row.addWidget(fact, 0 if plain else 1)
        if plain:
            more = Label(plain, "body", "text", wrap=True)
            row.addWidget(more, 1)
        for action in actions:
            row.addWidget(action)
        self.setMinimumHeight(px("control") + 2 * px("gap_s"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As high as its words need at this width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            QTimer.singleShot(0, self, self._fit)  # a layout cannot be changed while it is being carried out

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            least = px("control") + 2 * px("gap_s")
            self.setMinimumHeight(max(least, layout.totalHeightForWidth(self.width())))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the fill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(chip_colours(self._kind)[1])
        painter.drawRoundedRect(QRectF(self.rect()), px("radius_card"), px("radius_card"))


class _EmptyPicture(QWidget):
    """Two sheets behind one with an icon: what would stand here."""

    def __init__(self, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.setFixedSize(px("empty_picture_w"), px("empty_picture_h"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the sheets."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius, wide, high = px("radius_card"), self.width(), self.height()
        painter.setPen(QPen(tok("border"), 1.5))
        painter.setBrush(tok("surface"))
        painter.drawRoundedRect(QRectF(1, high * 0.14, wide - 2, high * 0.8), radius, radius)
        painter.setPen(QPen(tok("accent_text"), 1.5))
        sheet = QRectF(wide * 0.23, 1, wide * 0.54, high - 2)
        painter.drawRoundedRect(sheet, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("accent_tint"))
        for row, share in enumerate((0.6, 0.76, 0.46)):
            bar = QRectF(sheet.x() + 12, sheet.y() + 22 + row * 16, sheet.width() * share, 6)
            painter.drawRoundedRect(bar, 3, 3)
        side = px("gap_xl")
        mark = pixmap(self._icon, side, "accent_text", self.devicePixelRatioF())
        painter.drawPixmap(
            round(sheet.center().x() - side / 2), round(sheet.bottom() - side - px("gap_l") - 4), mark
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps under an empty state."""

    title: str
    text: str


class _StepCard(QWidget):
    def __init__(self, number: int, step: Step) -> None:
        super().__init__()
        self._number = number
        self.setFixedWidth(px("step_card_w"))
        self.setMinimumHeight(px("step_card_h"))
        box = QVBoxLayout(self)
        box.setContentsMargins(px("gap_m") + px("gap_xl") + px("gap"), px("gap_m"), px("gap_m"), px("gap_m"))
        box.setSpacing(px("gap_xs"))
        box.addWidget(Label(step.title, "section", wrap=True))
        box.addWidget(Label(step.text, "small", "text2", wrap=True))
        box.addStretch(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("line"), px("hair")))
        painter.setBrush(tok("surface"))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px("radius_card"), px("radius_card")
        )
        disc = QRectF(px("gap_m") + 2, px("gap_m"), px("avatar") + 2, px("avatar") + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("accent_tint"))
        painter.drawEllipse(disc)
        painter.setPen(tok("accent_text"))
        painter.setFont(font("small600"))
        painter.drawText(disc, int(Qt.AlignmentFlag.AlignCenter), str(self._number))


class EmptyState(QWidget):
    """What belongs here, the first step, how it goes on.  Steps give way when there is no room for them."""

    def __init__(
        self,
        icon: str,
        title: str,
        text: str,
        actions: Sequence[QWidget] = (),
        steps: Sequence[Step] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._step_cards: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(px("margin"), px("margin"), px("margin"), px("margin"))
        column.setSpacing(px("gap"))
        column.addStretch(3)
        self._picture = _EmptyPicture(icon)
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(px("gap_l"))
        head = Label(title, "title", wrap=True)
        head.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(head)
        words = Label(text, "body", "text2", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words.setFixedSize(px("text_column"), words.heightForWidth(px("text_column")))
        column.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
        if actions:
            column.addSpacing(px("gap"))
            row = QHBoxLayout()
            row.setSpacing(px("gap"))
            row.addStretch(1)
            for action in actions:
                row.addWidget(action)
            row.addStretch(1)
            column.addLayout(row)
        if steps:
            column.addSpacing(px("gap_xl"))
            cards = QHBoxLayout()
            cards.setSpacing(px("gap_m"))
            cards.addStretch(1)
            for number, step in enumerate(steps, 1):
                card = _StepCard(number, step)
                self._step_cards.append(card)
                cards.addWidget(card)
            cards.addStretch(1)
            column.addLayout(cards)
        column.addStretch(5)
        self.setAccessibleName(f"{title}. {text}")

    def minimumSizeHint(self) -> QSize:
        """Never forces the page to grow."""
        return QSize(px("col_min"), px("col_min"))

    def event(self, event: QEvent) -> bool:
        """Drop picture and steps where there is no room."""
        if event.type() == QEvent.Type.Resize:
            wide = len(self._step_cards) * (px("step_card_w") + px("gap_m")) + 2 * px("margin")
            for card in self._step_cards:
                card.setVisible(self.width() >= wide and self.height() >= 3 * px("empty_picture_h"))
            self._picture.setVisible(self.height() >= 2 * px("empty_picture_h") + px("row_two"))
        return super().event(event)


class Loading(QWidget):
    """Something is on its way: an icon that turns and a word; appears only when it takes a while."""

    def __init__(self, text_key: str = "kit.loading", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = t(text_key)
        self._angle = 0
        self._visible = False
        self.setAccessibleName(self._text)
        self._timer = QTimer(self)
        self._timer.setInterval(80)
        self._timer.timeout.connect(self._turn)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(ms("skeleton_after"))
        self._delay.timeout.connect(self._appear)

    def event(self, event: QEvent) -> bool:
        """Turn only while it can be seen."""
        if event.type() == QEvent.Type.Show:
            self._visible = False
            self._delay.start()
        elif event.type() == QEvent.Type.Hide:
            self._timer.stop()
            self._delay.stop()
        return super().event(event)

    def _appear(self) -> None:
        self._visible = True
        self._timer.start()
        self.update()

    def _turn(self) -> None:
        self._angle = (self._angle + 30) % 360
        self.update()

    def sizeHint(self) -> QSize:
        """A line."""
        return QSize(fonts.metrics("small").horizontalAdvance(self._text) + px("icon") * 2, px("control"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint icon and word in the middle."""
        if not self._visible:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        words = fonts.metrics("small").horizontalAdvance(self._text)
        side = px("icon")
        x = (self.width() - side - px("gap") - words) // 2
        middle = self.height() // 2
        painter.save()
        painter.translate(x + side / 2, middle)
        painter.rotate(self._angle)
        painter.drawPixmap(
            -side // 2, -side // 2, pixmap("loader-circle", side, "accent_text", self.devicePixelRatioF())
        )
        painter.restore()
        painter.setFont(font("small"))
        painter.setPen(tok("text3"))
        area = QRect(x + side + px("gap"), 0, words + 4, self.height())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), self._text)


def add_shadow(widget: QWidget) -> None:
    """Give an overlay its shadow; nothing else in the program has one."""
    effect = QGraphicsDropShadowEffect(widget)
    effect.setBlurRadius(px("shadow_blur"))
    effect.setOffset(0, px("shadow_y"))
    effect.setColor(veil("scrim", "shadow"))
    widget.setGraphicsEffect(effect)


class Overlay(QWidget):
    """The rounded, raised ground of dialogs, palettes and toasts."""

    def __init__(self, parent: QWidget | None = None, *, radius: str = "radius_dialog") -> None:
        super().__init__(parent)
        self._radius = px(radius)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground and edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("border"), px("hair")))
        painter.setBrush(tok("raised"))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self._radius, self._radius
        )


def faded(colour: QColor, share: float) -> QColor:
    """A colour with ``share`` of its opacity, for blinking."""
    made = QColor(colour)
    made.setAlphaF(max(0.0, min(1.0, share)) * colour.alphaF())
    return made
