"""Waiting for a pause before doing work."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.views.core.attention import announce
from app.views.core.theme import ms


class Debounce(QTimer):
    """Calls back once, after no further `later` came for a while (``wait`` names a time token).

    ``next_turn`` waits for nothing but what the window has to do already: work too long for one turn of its event loop
    goes on in the next one.
    """

    def __init__(self, owner: QObject, wait: str, callback: Callable[[], object]) -> None:
        super().__init__(owner)
        self._callback = callback
        self.setSingleShot(True)
        self.setInterval(ms(wait))
        self.timeout.connect(self._over)

    def _over(self) -> None:
        announce()
        self._callback()

    def later(self) -> None:
        """Start waiting again."""
        self.start()
        if not self.interval():
            announce()

    def now(self) -> None:
        """Do not wait any longer."""
        self.stop()
        self._callback()
