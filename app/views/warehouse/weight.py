"""What a parcel weighs, typed from the scales: digits of the keyboard, the pad or the sheet of commands."""

from collections.abc import Callable
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.labels.scanning import Resolved
from app.views.core.dialog import Dialog
from app.views.core.marks import Label
from app.views.terminal.parts import PinPad

MOST_DIGITS = 8
_GRAMS = Decimal(1000)


def kilos(grams: Decimal) -> str:
    """A weight as people say it, to the gram."""
    return f"{fmt.quantity((grams / _GRAMS).quantize(Decimal('0.001')))} kg"


class WeightDialog(Dialog):
    """Grams from the right, as scales show them: 1 2 5 0 is 1.25 kg."""

    def __init__(
        self,
        host: QWidget,
        weight: Decimal | None,
        suggested: Decimal | None,
        then: Callable[[Decimal | None], object],
    ) -> None:
        known = t("weight.suggested", weight=kilos(suggested)) if suggested else t("weight.unknown")
        super().__init__(host, t("weight.title"), known, icon="scale")
        self.setObjectName("dialog.weight")
        self._then, self._digits = then, ""
        self._was = weight
        self.shown = Label("", "touch_number")
        self.shown.setObjectName("weight.shown")
        self.shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(self.shown)
        pad = PinPad()
        pad.digit.connect(self.digit)
        pad.back.connect(self.back)
        pad.done.connect(self.done)
        self.body.addWidget(pad, 0, Qt.AlignmentFlag.AlignHCenter)
        self.add_button("no", "scan.cancel", shortcut="Esc")
        if suggested:
            self.add_button("suggested", "weight.take", lambda: then(None))
        self._show()

    def _show(self) -> None:
        grams = Decimal(self._digits) if self._digits else self._was
        self.shown.setText(kilos(grams) if grams is not None else t("weight.none"))

    def digit(self, sign: str) -> None:
        """One more digit."""
        self._digits = (self._digits + sign).lstrip("0")[:MOST_DIGITS]
        self._show()

    def back(self) -> None:
        """The last digit goes."""
        self._digits = self._digits[:-1]
        if not self._digits:
            self._was = None
        self._show()

    def done(self) -> None:
        """That is what it weighs."""
        grams = Decimal(self._digits) if self._digits else None
        self.finish()
        if grams is not None:
            self._then(grams)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits of the keyboard count."""
        text = event.text()
        if text.isascii() and text.isdigit():
            self.digit(text)
        elif event.key() == Qt.Key.Key_Backspace:
            self.back()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.done()
        else:
            super().keyPressEvent(event)

    def on_scan(self, _found: Resolved) -> str:
        """Only commands are an answer."""
        return "bad"

    def on_command(self, command: str) -> str:
        """Digits, confirm, cancel, undo."""
        if command.isdigit():
            self.digit(command)
        elif command in ("confirm", "post"):
            self.done()
        elif command == "undo":
            self.back()
        elif command == "cancel":
            self.finish()
        else:
            return "bad"
        return "ok"
