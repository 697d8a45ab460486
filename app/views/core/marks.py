"""Small painted things that show and do nothing: words, chips, key caps, people, lines, bars."""

import re
import zlib
from functools import cache

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.core.i18n import t
from app.views.core import fonts
from app.views.core.icons import pixmap
from app.views.core.plain import plain
from app.views.core.theme import chip_colours, font, px, set_text_colour, tok

AVATARS = 6


UNBROKEN = 10  # letters of a word too long for a line that stay together
TOO_LONG = 24
BREAK = "\u200b"
_LONG_RUN = re.compile(rf"\S{{{TOO_LONG},}}")


def breakable(text: str) -> str:
    """A text with places to break a line in words nobody could break: they would widen whatever holds them."""

    def broken(found: re.Match[str]) -> str:
        run = found.group()
        return BREAK.join(run[at : at + UNBROKEN] for at in range(0, len(run), UNBROKEN))

    return _LONG_RUN.sub(broken, text)


class Label(QLabel):
    """Words in a step of the type scale and a token colour.

    ``wrap`` breaks them into lines; ``elide`` takes the room there is and shortens them, with a tooltip; ``shrink``
    does the same with no more room than the words need.
    """

    def __init__(
        self,
        text: str = "",
        style: str = "body",
        color: str = "text",
        *,
        wrap: bool = False,
        elide: bool = False,
        shrink: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._token = color
        self._elide = elide or shrink
        self._words = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font(style))
        self.setWordWrap(wrap)
        self.setText(text)
        set_text_colour(self, color)
        if elide:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        elif shrink:
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        """The words as they are."""
        return self._words

    def setText(self, text: str) -> None:
        """Show other words."""
        self._words = text
        super().setText(breakable(text) if self.wordWrap() else text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is copied are the words, without the places where they were broken."""
        if event.matches(QKeySequence.StandardKey.Copy) and self.hasSelectedText():
            QGuiApplication.clipboard().setText(self.selectedText().replace(BREAK, ""))
            event.accept()
        else:
            super().keyPressEvent(event)

    def set_color(self, color: str) -> None:
        """Take another token colour."""
        if color != self._token:
            self._token = color
            set_text_colour(self, color)

    def changeEvent(self, event: QEvent) -> None:
        """Take the colour again when the theme changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            set_text_colour(self, self._token)

    def minimumSizeHint(self) -> QSize:
        """An eliding label gives way."""
        hint = super().minimumSizeHint()
        return QSize(min(px("col_min"), self.sizeHint().width()), hint.height()) if self._elide else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the words, shortened when asked for."""
        if not self._elide:
            super().paintEvent(event)
            return
        area = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        self.setToolTip(plain(self.text()) if text != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(area, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class Link(Label):
    """Words to click; for actions use ``Button(kind="link")``, which can be reached by keyboard."""

    def __init__(self, text: str, style: str = "small500", parent: QWidget | None = None) -> None:
        super().__init__(text, style, "accent_text", parent=parent)


@cache
def chip_width(text: str) -> int:
    """Width of a chip with these words."""
    return (
        fonts.metrics("small500").horizontalAdvance(text) + 2 * px("chip_padding") + px("dot") + px("gap_xs")
    )


def paint_chip(painter: QPainter, area: QRect, kind: str, text: str) -> None:
    """Paint a chip at the left of ``area``, vertically centred, shortened when it does not fit."""
    ink, back = chip_colours(kind)
    height, padding, dot = px("chip"), px("chip_padding"), px("dot")
    width = min(chip_width(text), area.width())
    box = QRectF(area.x(), area.y() + (area.height() - height) // 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(back)
    painter.drawRoundedRect(box, px("radius_chip"), px("radius_chip"))
    painter.setBrush(ink)
    painter.drawEllipse(QPointF(box.x() + padding + dot / 2, box.center().y()), dot / 2, dot / 2)
    painter.setPen(ink)
    painter.setFont(font("small500"))
    left = box.x() + padding + dot + px("gap_xs")
    words = QRectF(left, box.y(), box.right() - padding + 1 - left, height)
    shown = text
    if width < chip_width(text):
        shown = fonts.metrics("small500").elidedText(text, Qt.TextElideMode.ElideRight, int(words.width()))
    painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
    painter.restore()


class Chip(QWidget):
    """A status: a dot and a word on a tinted fill.  ``kind`` is one of `tokens.CHIP_KINDS`."""

    def __init__(self, kind: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind, self._text = kind, text
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.set_chip(kind, text)

    @property
    def text(self) -> str:
        """The word it shows."""
        return self._text

    @property
    def kind(self) -> str:
        """The chip kind it shows."""
        return self._kind

    def set_chip(self, kind: str, text: str) -> None:
        """Show another status."""
        self._kind, self._text = kind, text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return QSize(chip_width(self._text), px("chip"))

    def minimumSizeHint(self) -> QSize:
        """May be shortened."""
        return QSize(min(chip_width(self._text), 2 * px("col_min")), px("chip"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the chip."""
        paint_chip(QPainter(self), self.rect(), self._kind, self._text)


class CountChip(QWidget):
    """The count beside a title: a word on a neutral fill, without a dot."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """The words it shows."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another count."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        return QSize(
            fonts.metrics("small500").horizontalAdvance(self._text) + 2 * px("chip_padding"), px("chip_count")
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the fill and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("neutral_bg"))
        painter.drawRoundedRect(QRectF(self.rect()), px("radius_card"), px("radius_card"))
        painter.setPen(tok("neutral"))
        painter.setFont(font("small500"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._text)


def key_text(sequence: str) -> str:
    """A shortcut as it stands on the keys of the reader's keyboard: ``Ctrl+N`` is ``Strg+N`` in German."""
    names = []
    for part in sequence.split("+"):
        key = f"kit.key.{part.lower()}"
        names.append(t(key) if part.lower() in _NAMED_KEYS else part)
    return "+".join(names)


_NAMED_KEYS = frozenset({"ctrl", "shift", "alt", "enter", "del", "ins", "esc", "space", "tab", "backspace"})


class KeyCap(QWidget):
    """A key to press, drawn as a cap."""

    def __init__(self, sequence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = key_text(sequence)
        self.setAccessibleName(self._text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        width = fonts.metrics("caption").horizontalAdvance(self._text) + 2 * px("gap_s")
        return QSize(max(width, px("keycap")), px("keycap"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the cap."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("border"), px("hair")))
        painter.setBrush(tok("surface"))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px("radius_key"), px("radius_key")
        )
        painter.setPen(tok("text3"))
        painter.setFont(font("caption"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._text)


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name."""
    words = [word for word in name.split() if word[0].isalpha()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


def paint_avatar(painter: QPainter, area: QRectF, letters: str) -> None:
    """Paint a person as a coloured disc with initials; the same letters always get the same colour."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tok(f"avatar{zlib.crc32(letters.encode()) % AVATARS + 1}"))
    painter.drawEllipse(area)
    painter.setPen(tok("on_accent"))
    large = "display" if area.width() > px("touch_avatar") else "small600"
    painter.setFont(font(large if area.width() > px("avatar") else "badge"))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), letters)
    painter.restore()


class Avatar(QWidget):
    """A person as a disc with initials; ``name`` is what a screen reader says and the tooltip."""

    def __init__(
        self, letters: str, size: int | None = None, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._letters = letters[:2]
        side = size or px("avatar")
        self.setFixedSize(side, side)
        self.setAccessibleName(name or letters)
        self.setToolTip(plain(name))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the disc."""
        paint_avatar(QPainter(self), QRectF(self.rect()), self._letters)


class Divider(QWidget):
    """A line between groups; vertical when ``vertical`` is set."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if vertical:
            self.setFixedWidth(px("hair"))
        else:
            self.setFixedHeight(px("hair"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        QPainter(self).fillRect(self.rect(), tok("line"))


class IconLabel(QWidget):
    """One icon of the family as a widget."""

    def __init__(
        self, name: str, size: int | None = None, color: str = "text2", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._color = name, color
        self._side = size or px("icon")
        self.setFixedSize(self._side, self._side)

    def set_icon(self, name: str, color: str) -> None:
        """Show another icon."""
        self._name, self._color = name, color
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, pixmap(self._name, self._side, self._color, self.devicePixelRatioF()))


class ProgressBar(QWidget):
    """How far something is, from 0 to 1; several shares with their own colours are possible."""

    def __init__(self, value: float = 0.0, color: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[tuple[float, str]] = [(value, color)]
        self.setFixedHeight(px("bar"))
        self.setMinimumWidth(px("col_min"))
        self.set_value(value)

    def set_value(self, value: float) -> None:
        """Show one share."""
        self.set_parts([(value, self._parts[0][1])])

    def set_parts(self, parts: list[tuple[float, str]]) -> None:
        """Show shares side by side, each a fraction of the whole with a token colour."""
        self._parts = parts or [(0.0, "accent")]
        self.setAccessibleName(f"{round(100 * min(1.0, sum(share for share, _ in self._parts)))} %")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint track and shares."""
        paint_bar(QPainter(self), QRectF(self.rect()), self._parts)


def paint_bar(painter: QPainter, area: QRectF, parts: list[tuple[float, str]]) -> None:
    """Paint a track with shares on it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = area.height() / 2
    painter.setBrush(tok("neutral_bg"))
    painter.drawRoundedRect(area, radius, radius)
    left = area.x()
    for share, color in parts:
        width = min(max(0.0, share) * area.width(), area.right() - left)
        if width > 0:
            painter.setBrush(tok(color))
            rounded = min(radius, width / 2)
            painter.drawRoundedRect(QRectF(left, area.y(), width, area.height()), rounded, rounded)
            left += width
    painter.restore()
