"""What terminal screens are made of: large buttons, the PIN pad, the bar at the top."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.views.core import fonts
from app.views.core.icons import pixmap
from app.views.core.marks import Avatar, Label, initials
from app.views.core.surfaces import clear_layout
from app.views.core.theme import chip_colours, font, px, tok
from app.views.core.toasts import Toast
from app.views.shell.logo import paint_logo

PIN_LENGTH = 6
TICK_MS = 1000
_KINDS = {
    # word, fill, edge, fill while pressed
    "primary": ("on_accent", "accent", "", "accent_h"),
    "secondary": ("text", "surface", "control", "hover"),
    "chosen": ("accent_text", "accent_tint", "accent_text", "accent_tint"),
    "quiet": ("text2", "sunken", "control", "hover"),
    "ghost": ("text2", "", "", "hover"),
    "danger": ("bad", "surface", "control", "bad_bg"),
    "ok": ("ok", "ok_bg", "", "ok_bg"),
    "info": ("info", "info_bg", "", "info_bg"),
    "warn": ("warn", "warn_bg", "warn", "warn_bg"),
    "bad": ("bad", "bad_bg", "bad", "bad_bg"),
}


class TouchButton(QPushButton):
    """A button for a finger: icon, word, nothing below 56 px."""

    def __init__(
        self,
        words: str = "",
        icon: str | None = None,
        kind: str = "secondary",
        *,
        height: str = "touch_button",
        style: str = "touch_word",
        clicked: Callable[[], object] | None = None,
        elide: bool = False,
    ) -> None:
        super().__init__()
        self._icon, self._kind, self._style, self._elide = icon, kind, style, elide
        self._waiting = False
        self.setText(words.replace("&", "&&"))
        self.setAccessibleName(words)
        self.setFixedHeight(px(height))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)
        if clicked is not None:
            self.clicked.connect(lambda: clicked())

    def set_kind(self, kind: str) -> None:
        """Look like another kind."""
        self._kind = kind
        self.update()

    def set_waiting(self, waiting: bool) -> None:
        """Show by a dot that behind it something waits to be finished."""
        self._waiting = waiting
        self.setToolTip(t("terminal.waits") if waiting else "")
        self.setAccessibleDescription(t("terminal.waits") if waiting else "")
        self.update()

    def sizeHint(self) -> QSize:
        """Icon, word, room for a finger."""
        width = fonts.metrics(self._style).horizontalAdvance(self.text())
        if self._icon:
            width += px("touch_icon") + (px("gap_m") if self.text() else 0)
        return QSize(max(width + 2 * px("gap_xl"), self.height()), self.height())

    def minimumSizeHint(self) -> QSize:
        """A word is never cut, unless there was no other way: then the icon stays."""
        return QSize(self.height(), self.height()) if self._elide else self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint fill, edge, icon and word."""
        word, fill, edge, pressed = _KINDS[self._kind]
        if not self.isEnabled():
            word, fill, edge = "text3", "hover", ""
        elif self.isDown():
            fill = pressed
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(tok(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tok(edge), px("hair")) if edge else Qt.PenStyle.NoPen)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, px("touch_radius"), px("touch_radius"))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), px("gap"), px("gap"))
        words = self.text().replace("&&", "&")
        if self._elide and self.width() < self.sizeHint().width():
            room = self.width() - px("touch_icon") - 3 * px("gap_m")
            words = fonts.metrics(self._style).elidedText(words, Qt.TextElideMode.ElideRight, max(room, 0))
        wide = fonts.metrics(self._style).horizontalAdvance(words)
        side = px("touch_icon") if self._icon else 0
        gap = px("gap_m") if self._icon and words else 0
        x = (self.width() - wide - side - gap) / 2
        if self._icon:
            tint = word if word != "text" else "text2"
            top = (self.height() - side) / 2
            painter.drawPixmap(QPointF(x, top), pixmap(self._icon, side, tint, self.devicePixelRatioF()))
            x += side + gap
        painter.setPen(tok(word))
        painter.setFont(font(self._style))
        area = QRectF(x, 0, wide + 2, self.height())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), words)
        if self._waiting:
            dot = px("gap_m")
            painter.setBrush(tok("warn"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QRectF(self.width() - 2 * dot, dot, dot, dot))
        painter.end()


class PinDots(QWidget):
    """How many of the six digits have been typed."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = 0
        side, gap = px("touch_dot"), px("margin_l")
        self.setFixedSize(PIN_LENGTH * side + (PIN_LENGTH - 1) * gap + 2, side + 2)

    def show_typed(self, count: int) -> None:
        """Fill so many."""
        self._typed = count
        self.setAccessibleName(t("terminal.pin_typed", n=count, count=count, all=PIN_LENGTH))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, gap = px("touch_dot"), px("margin_l")
        for number in range(PIN_LENGTH):
            full = number < self._typed
            edge = "accent" if number <= self._typed else "control"
            painter.setPen(QPen(tok(edge), px("ring")))
            painter.setBrush(tok("accent") if full else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(number * (side + gap) + 1, 1, side - 2, side - 2))
        painter.end()


class PinPad(QWidget):
    """Ten digits, one back, one done.

    Signals:
        digit: one was pressed.
        back: the last one goes.
        done: the PIN is complete.
    """

    digit = Signal(str)
    back = Signal()
    done = Signal()

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(px("gap_m"))
        for number, sign in enumerate("123456789"):
            grid.addWidget(self._key(sign), number // 3, number % 3)
        back = TouchButton("", "arrow-left", "quiet", height="touch_key_h", clicked=self.back.emit)
        back.setObjectName("pin.back")
        back.setAccessibleName(t("terminal.pin_back"))
        self.ok = TouchButton("", "check", "primary", height="touch_key_h", clicked=self.done.emit)
        self.ok.setObjectName("pin.done")
        self.ok.setAccessibleName(t("terminal.pin_done"))
        for column, button in enumerate((back, self._key("0"), self.ok)):
            button.setFixedWidth(px("touch_key_w"))
            grid.addWidget(button, 3, column)

    def _key(self, sign: str) -> TouchButton:
        key = TouchButton(
            sign, height="touch_key_h", style="touch_head", clicked=lambda: self.digit.emit(sign)
        )
        key.setObjectName(f"pin.{sign}")
        key.setFixedWidth(px("touch_key_w"))
        return key


class _Mark(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(px("touch_avatar") - px("gap_xs"), px("touch_avatar") - px("gap_xs"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_logo(painter, QRectF(self.rect()))
        painter.end()


class TouchChip(QWidget):
    """A state in a word, with an icon or without, large enough to be read from a distance."""

    def __init__(self, kind: str, icon: str, words: str) -> None:
        super().__init__()
        self._kind, self._icon, self._words = kind, icon, words
        self.setAccessibleName(words)
        wide = fonts.metrics("touch_text500").horizontalAdvance(words)
        room = px("touch_icon") + 3 * px("gap_m") + px("gap") if icon else 2 * px("gap_m")
        self.setFixedSize(wide + room, px("touch_avatar"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint fill, icon and word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colour, ground = chip_colours(self._kind)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), px("touch_radius"), px("touch_radius"))
        left = px("gap_m")
        if self._icon:
            side, left = px("icon_rail"), px("gap_l")
            top = (self.height() - side) / 2
            painter.drawPixmap(
                QPointF(left, top), pixmap(self._icon, side, self._kind, self.devicePixelRatioF())
            )
            left += side + px("gap_m")
        painter.setPen(colour)
        painter.setFont(font("touch_text500"))
        area = QRectF(self.rect()).adjusted(left, 0, 0, 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), self._words)
        painter.end()


class TouchToast(Toast):
    """A message in the size of a terminal."""

    words_style = "touch_text500"
    icon_size = "touch_icon"
    widths = ("touch_side",)
    above_action = "gap"

    def close_button(self) -> QWidget:
        """Takes it away."""
        button = TouchButton("", "x", "ghost", clicked=self.close)
        button.setObjectName("toast.close")
        button.setAccessibleName(t("kit.close"))
        return button

    def action_button(self, words: str, run: Callable[[], object]) -> QWidget:
        """Does what it offers."""
        button = TouchButton(t(words).replace("&", ""), style="touch_text500", clicked=run)
        button.setObjectName("toast.action")
        return button


class Light(NamedTuple):
    """What the bar says about printing: how bad it is, an icon, a few words."""

    kind: str
    icon: str
    words: str


class TerminalBar(QWidget):
    """Device, connection, clock; while somebody works here the name and the way out.

    Signals:
        prints: the light about printing was touched.
        sign_off: the operator leaves.
        device_off: the device itself is to be signed out (only while nobody works here).
    """

    prints = Signal()
    sign_off = Signal()
    device_off = Signal()

    def __init__(self, name: str, login: str) -> None:
        super().__init__()
        self.setFixedHeight(px("touch_bar"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px("gap_xl"), 0, px("margin_l"), 0)
        row.setSpacing(px("gap_m"))
        row.addWidget(_Mark())
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(Label(name, "touch_word"))
        words.addWidget(Label(t("terminal.device", login=login), "touch_hint", "text3"))
        words.addStretch(1)
        row.addLayout(words)
        row.addStretch(1)
        self._warning = Label("", "touch_text500", "warn")
        self._warning.setObjectName("terminal.warning")
        row.addWidget(self._warning)
        self._prints = QHBoxLayout()
        row.addLayout(self._prints)
        self._state = QHBoxLayout()
        row.addLayout(self._state)
        self._clock = Label("", "touch_head")
        self._clock.setObjectName("terminal.clock")
        row.addWidget(self._clock)
        self._person = QHBoxLayout()
        self._person.setSpacing(px("gap_m"))
        row.addLayout(self._person)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.show_time)
        self._timer.start()
        self.show_time()
        self.show_online(True)
        self.show_operator("", "")

    def show_time(self) -> None:
        """The clock."""
        import datetime as dt

        self._clock.setText(dt.datetime.now().astimezone().strftime("%H:%M"))

    def show_online(self, online: bool) -> None:
        """Whether the server answers."""
        self._online = online
        clear_layout(self._state)
        chip = (
            TouchChip("ok", "check", t("terminal.online"))
            if online
            else TouchChip("bad", "wifi-off", t("terminal.offline"))
        )
        self._state.addWidget(chip)

    def show_prints(self, light: Light | None) -> None:
        """What became of what is printed here; None: there is nothing to say."""
        clear_layout(self._prints)
        if light is not None:
            button = TouchButton(light.words, light.icon, light.kind, style="touch_text500", elide=True)
            button.setToolTip(light.words)
            button.setObjectName("terminal.prints")
            button.clicked.connect(lambda: self.prints.emit())
            self._prints.addWidget(button)

    def show_operator(self, person: str, since: str) -> None:
        """Who works here; empty: nobody."""
        clear_layout(self._person)
        self.show_online(self._online)  # in the language of who is there now
        if not person:
            out = TouchButton("", "power", "ghost", clicked=self.device_off.emit)
            out.setObjectName("terminal.device_off")
            out.setAccessibleName(t("terminal.device_off"))
            out.setToolTip(t("terminal.device_off"))
            self._person.addWidget(out)
            self._warning.setText("")
            return
        self._person.addWidget(Avatar(initials(person), px("touch_avatar"), person))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        name = Label(person, "touch_word")
        name.setObjectName("terminal.operator")
        words.addWidget(name)
        words.addWidget(Label(t("terminal.since", time=since), "touch_hint", "text3"))
        words.addStretch(1)
        self._person.addLayout(words)
        off = TouchButton(t("terminal.sign_off"), "log-out", clicked=self.sign_off.emit)
        off.setObjectName("terminal.sign_off")
        self._person.addWidget(off)

    def show_seconds_left(self, seconds: int) -> None:
        """The last minute before the operator is signed off; 0: not yet."""
        self._warning.setText(t("terminal.ends_in", seconds=fmt.number(seconds)) if seconds else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground and line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("surface"))
        painter.fillRect(0, self.height() - px("hair"), self.width(), px("hair"), tok("line"))
        painter.end()
