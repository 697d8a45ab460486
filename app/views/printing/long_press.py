"""A finger that stays on a button: where there is no Ctrl key, that is how one asks for "print with …"."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication

SECONDS = 0.6


class LongPress(QObject):
    """Watches every button of the program while its owner lives.

    `held` is True for what a button does when it is let go after a long press, and only for that.
    """

    current: "LongPress | None" = None

    def __init__(self, owner: QObject, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(owner)
        self.held = False
        self._clock = clock
        self._since: float | None = None
        program = QApplication.instance()
        assert program is not None
        program.installEventFilter(self)
        LongPress.current = self
        self.destroyed.connect(_forget)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Measure between press and release; nothing is kept from anybody."""
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and isinstance(watched, QAbstractButton):
            self._since = self._clock()
        elif kind == QEvent.Type.MouseButtonRelease and self._since is not None:
            self.held = isinstance(watched, QAbstractButton) and self._clock() - self._since >= SECONDS
            self._since = None
            if self.held:
                QTimer.singleShot(0, self, self._over)
        return False

    def _over(self) -> None:
        self.held = False


def _forget() -> None:
    LongPress.current = None


def held_long() -> bool:
    """Whether what runs now was begun by a long press."""
    return LongPress.current is not None and LongPress.current.held
