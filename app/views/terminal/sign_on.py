"""Badge, then PIN.  A scanner types the badge wherever the focus is; the PIN comes from the pad or the keyboard."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.errors import AppError
from app.core.i18n import t
from app.services.labels.scans import Reading
from app.services.security.devices import Operator, SignOn, refused, sign_on
from app.views.core.context import AppContext
from app.views.core.icons import pixmap
from app.views.core.inputs import LineEdit
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.theme import font, px, tok
from app.views.core.values import error_text
from app.views.terminal.parts import PIN_LENGTH, PinDots, PinPad, TouchButton


class BadgePicture(QWidget):
    """A badge under the scanner's line."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(px("touch_badge_w") + 2 * px("margin_l"), px("touch_badge_h"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(px("margin_l"), 0.5, px("touch_badge_w"), px("touch_badge_h") - 1)
        painter.setPen(QPen(tok("border"), px("ring")))
        painter.setBrush(tok("surface"))
        painter.drawRoundedRect(card, px("touch_card"), px("touch_card"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("neutral_bg"))
        painter.drawRoundedRect(QRectF(card.center().x() - 22, 14, 44, 8), 4, 4)
        painter.drawRoundedRect(QRectF(card.left() + 82, 42, 96, 10), 5, 5)
        painter.drawRoundedRect(QRectF(card.left() + 82, 62, 64, 10), 5, 5)
        painter.setBrush(tok("accent_tint"))
        painter.drawEllipse(QRectF(card.left() + 20, 34, 48, 48))
        painter.drawPixmap(
            int(card.left()) + 32,
            46,
            pixmap("user-round", px("touch_icon"), "accent_text", self.devicePixelRatioF()),
        )
        x = card.left() + 22
        for wide in (3, 2, 4, 2, 2, 3, 2, 4, 3, 2, 2, 4, 2, 3, 2, 3, 4, 2, 3):
            painter.fillRect(QRectF(x, 98, wide, 36), tok("text"))
            x += wide + 5.3
        painter.fillRect(QRectF(0, 114, self.width(), 3), tok("bad_solid"))
        painter.end()


class SignOnPage(QWidget):
    """One question at a time: who are you, and can you prove it.

    Signals:
        signed_on: somebody may work here now (`Operator`).
    """

    signed_on = Signal(object)

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self.setObjectName("terminal.sign_on")
        self.ctx = ctx
        self._pin = ""
        self._busy = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left(), 1)
        row.addWidget(self._right())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.start()

    # -- looks --------------------------------------------------------------------------------------------------

    def _left(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.setSpacing(px("gap_m"))
        column.addStretch(2)
        column.addWidget(BadgePicture(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(px("gap_xl"))
        self._heading = Label("", "touch_number")
        self._heading.setObjectName("sign_on.heading")
        self._heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._heading)
        self._hint = Label("", "touch_word", "text2", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._hint)
        column.addSpacing(px("gap_l"))
        self.badge = LineEdit(t("terminal.badge"), size="touch")
        self.badge.setObjectName("field.badge")
        self.badge.setPlaceholderText(t("terminal.badge"))
        self.badge.setFont(font("touch_name"))
        self.badge.setFixedWidth(px("touch_side") - px("touch_badge_h"))
        self.badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.badge.setMaxLength(40)
        self.badge.returnPressed.connect(self._badge_given)
        column.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        foot = Label(t("terminal.foot"), "touch_text", "text3", wrap=True)
        foot.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(foot)
        return side

    def _right(self) -> QWidget:
        side = _Side()
        side.setFixedWidth(px("touch_side"))
        column = QVBoxLayout(side)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.setSpacing(px("gap_l"))
        column.addStretch(1)
        self._ask = Label("", "touch_name")
        self._ask.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._ask)
        self._dots = PinDots()
        column.addWidget(self._dots, 0, Qt.AlignmentFlag.AlignHCenter)
        self.pad = PinPad()
        self.pad.digit.connect(self._digit)
        self.pad.back.connect(self._back)
        self.pad.done.connect(self._send)
        column.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignHCenter)
        self._wrong = Label("", "touch_text500", "bad", wrap=True)
        self._wrong.setObjectName("sign_on.wrong")
        self._wrong.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._wrong.setMinimumHeight(px("touch_button"))
        column.addWidget(self._wrong)
        self._cancel = TouchButton(t("terminal.not_me"), "x", "ghost", clicked=self.start)
        self._cancel.setObjectName("sign_on.cancel")
        kept = self._cancel.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the pad must not move under the finger
        self._cancel.setSizePolicy(kept)
        column.addWidget(self._cancel, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return side

    # -- badge, PIN ---------------------------------------------------------------------------------------------

    @property
    def asks_pin(self) -> bool:
        """Whether the badge is there and the PIN is next."""
        return not self.badge.isEnabled()

    def start(self, wrong: str = "") -> None:
        """Begin anew: wait for a badge."""
        self._pin = ""
        self.badge.setEnabled(True)
        self.badge.clear()
        self._show(wrong)
        self.badge.setFocus()

    def on_raw_scan(self, reading: Reading) -> str:
        """A badge under the scanner, whatever was asked for."""
        if self._busy:
            return "bad"
        self.start()
        self.badge.setText(reading.code)
        self._badge_given()
        return "ok"

    def _badge_given(self) -> None:
        if self.badge.text().strip():
            self.badge.setEnabled(False)
            self._pin = ""
            self._show("")
            self.setFocus()

    def _show(self, wrong: str) -> None:
        second = self.asks_pin
        self._heading.setText(t("terminal.badge_read" if second else "terminal.welcome"))
        self._hint.setText(t("terminal.pin_hint" if second else "terminal.badge_hint"))
        self._ask.setText(t("terminal.pin_ask" if second else "terminal.pin_later"))
        self._ask.set_color("text" if second else "text3")
        self._dots.show_typed(len(self._pin))
        self.pad.setEnabled(second and not self._busy)
        self.pad.ok.setEnabled(second and len(self._pin) == PIN_LENGTH and not self._busy)
        self._cancel.setVisible(second)
        self._wrong.setText(wrong)

    def _digit(self, sign: str) -> None:
        if self.asks_pin and not self._busy and len(self._pin) < PIN_LENGTH:
            self._pin += sign
            self._show("")
            if len(self._pin) == PIN_LENGTH:
                self._send()

    def _back(self) -> None:
        if not self._busy:
            self._pin = self._pin[:-1]
            self._show("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A keyboard is as good as the pad; a badge under the scanner begins anew."""
        sign = event.text()
        if event.key() == Qt.Key.Key_Escape:
            self.start()
        elif event.key() == Qt.Key.Key_Backspace:
            self._back()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._send()
        elif sign.isdigit() and sign.isascii():
            self._digit(sign)
        else:
            super().keyPressEvent(event)

    def _send(self) -> None:
        if self._busy or not self.asks_pin or len(self._pin) != PIN_LENGTH:
            return
        self._busy = True
        command = SignOn(self.badge.text().strip(), self._pin)
        self._pin = ""
        self._show("")
        op: WriteOp[Operator | str] = WriteOp(self, self.ctx, sign_on, command)
        op.success(self._answered).failure(self._failed).start()

    def _answered(self, answer: Operator | str) -> None:
        self._busy = False
        if isinstance(answer, Operator):
            self.start()
            self.signed_on.emit(answer)
        else:
            self.start(error_text(refused(answer)))

    def _failed(self, error: BaseException) -> object:
        self._busy = False
        if isinstance(error, AppError):
            self.start(error_text(error))
            return True
        self.start()
        return False


class _Side(QWidget):
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("surface"))
        painter.fillRect(0, 0, px("hair"), self.height(), tok("line"))
        painter.end()
