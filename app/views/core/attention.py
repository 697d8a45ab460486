"""Tells the threads in the background when the window has something to do, so that they step back meanwhile.

It has when somebody presses, types or scrolls, when answers arrive and when a pause somebody made is over, with what
follows from those in the same breath; and as long as something is being painted. Qt's own signals about its event loop
cannot be used for this: under Linux its loop says it sleeps before it delivers events, not after.
"""

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from app.core.courtesy import Courtesy, gate

BREATH_MS = 12
"""After the last thing to do: layout, painting and the next answer follow within it."""
_CALLS = frozenset(
    {
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseButtonDblClick,
        QEvent.Type.KeyPress,
        QEvent.Type.Wheel,
        QEvent.Type.Resize,
    }
)
_PAINTS = frozenset({QEvent.Type.UpdateRequest, QEvent.Type.Expose})
_watching: "Attention | None" = None


def announce() -> None:
    """There is something to do for somebody at the window, in this turn of the event loop; without one nothing."""
    if _watching is not None and isValid(_watching):
        _watching.call()


class Attention(QObject):
    """Watches the windows of the program from when it is made until `end`."""

    def __init__(self, window: QWidget, courtesy: Courtesy = gate) -> None:
        global _watching
        super().__init__(window)
        _watching = self
        self._courtesy = courtesy
        self._done = self._breath = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._rest)
        window.installEventFilter(self)
        self._watch(window.windowHandle())
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.focusWindowChanged.connect(self._watch)  # menus, lists of choices, the help

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)

    def call(self, *, breath: bool = True) -> None:
        """There is something to do now, in this turn of the event loop, and a breath longer."""
        self._courtesy.wake()
        self._breath = self._breath or breath
        self._done = False
        # Due when this turn and what it left behind are over: timers come last, and this one behind those before it.
        self._timer.start(0)

    def _rest(self) -> None:
        if self._done or not self._breath:
            self._breath = False
            self._courtesy.rest()
        else:
            self._done = True
            self._courtesy.turned()
            self._timer.start(BREATH_MS)

    def end(self) -> None:
        """The window closes: nobody has to wait any more."""
        global _watching
        if _watching is self:
            _watching = None
        self._timer.stop()
        self._courtesy.rest()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Notice what is to be done; nothing is held back."""
        kind = event.type()
        if kind in _CALLS or kind in _PAINTS:
            self.call(breath=kind in _CALLS)
        return False
