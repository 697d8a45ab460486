"""The ear for scanners that type: listens to the native window, before any widget sees a key."""

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QWidget

from app.core.scan import GROUP, Wedge, WedgeSettings
from app.views.core.tasks import alive

_SHIFTS = frozenset(
    {
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
    }
)
_ENDS = {Qt.Key.Key_Return: "\r", Qt.Key.Key_Enter: "\r", Qt.Key.Key_Tab: "\t"}
Kept = list[tuple[QObject, QKeyEvent]]


class WedgeEar(QObject):
    """Hears keys of one window; a burst is handed to ``scanned``, everything else goes where it was meant to go.

    ``worked`` is called for each key, since what is held back is seen by nobody else in time.
    """

    def __init__(
        self,
        window: QWidget,
        settings: WedgeSettings,
        scanned: Callable[[str], object],
        worked: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._window, self._scanned, self._worked = window, scanned, worked
        self._wedge = Wedge(settings)
        self._giving_back = False
        self._last = 0.0
        self._at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._perhaps_quiet)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._focus_moved)
            self._focus_moved(QGuiApplication.focusWindow())

    def follow(self, settings: WedgeSettings) -> None:
        """The settings are others now."""
        self._give_back(self._wedge.let_go())
        self._wedge = Wedge(settings)

    def listen_to(self, window: QWidget) -> None:
        """Hear the keys of a window that shows; last in, first asked."""
        handle: QWindow | None = window.windowHandle()
        if handle is not None:
            handle.removeEventFilter(self)
            handle.installEventFilter(self)

    def _focus_moved(self, handle: QWindow | None) -> None:
        if not alive(self._window):
            return
        if self._wedge.waiting:
            self._give_back(self._wedge.let_go())
        own: QWindow | None = self._window.windowHandle()
        if handle is not None and own is not None and own in (handle, handle.transientParent()):
            handle.removeEventFilter(self)
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep what may be a scan."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride):
            return False
        if self._giving_back or not isinstance(event, QKeyEvent) or not event.spontaneous():
            return False
        if event.key() in _SHIFTS:
            return False
        at = float(event.timestamp()) or monotonic() * 1000
        if kind == QEvent.Type.ShortcutOverride:
            # In the middle of a burst no key is a shortcut.
            if self._wedge.goes_on(at) and _sign(event):
                event.accept()
                return True
            return False
        if kind == QEvent.Type.KeyRelease:
            return self._released(watched, event)
        return self._pressed(watched, event, at)

    def _pressed(self, watched: QObject, event: QKeyEvent, at: float) -> bool:
        if event.isAutoRepeat():
            self._give_back(self._wedge.let_go())
            return False
        kept: Kept = [(watched, _copy(event))]
        step = self._wedge.key(_sign(event), at, kept)
        self._at = at
        self._give_back(step.released)
        if step.code:
            self._timer.stop()
            self._worked()
            self._scanned(step.code)
        elif step.held:
            self._last = monotonic()
            self._newest = kept
            self._worked()
            self._timer.start(int(self._wedge.settings.gap_ms) + 1)
        return step.held

    _newest: Kept

    def _released(self, watched: QObject, event: QKeyEvent) -> bool:
        # A key that is held back is pressed later: its release must not come before.
        if not self._wedge.waiting or event.isAutoRepeat():
            return False
        self._newest.append((watched, _copy(event)))
        return True

    def _perhaps_quiet(self) -> None:
        # A window that was busy finds the timer and the next keys waiting at once: the keys go first.
        heard = self._at
        QTimer.singleShot(0, self, lambda: self._quiet(heard))

    def _quiet(self, heard: float) -> None:
        if heard != self._at or not self._wedge.waiting:
            return
        passed = (monotonic() - self._last) * 1000
        step = self._wedge.quiet(self._at + passed)
        self._give_back(step.released)
        if step.code:
            self._scanned(step.code)
        elif self._wedge.waiting:
            self._timer.start(int(self._wedge.settings.gap_ms))

    def _give_back(self, tokens: tuple[object, ...]) -> None:
        self._giving_back = True
        try:
            for token in tokens:
                if isinstance(token, list):
                    for target, event in token:
                        if alive(target):
                            QCoreApplication.sendEvent(target, event)
        finally:
            self._giving_back = False


def _sign(event: QKeyEvent) -> str:
    """The character of a key as `Wedge` wants it."""
    if event.key() in _ENDS and not event.modifiers() & (
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    ):
        return _ENDS[Qt.Key(event.key())]
    text = event.text()
    if text == GROUP or (
        event.key() == Qt.Key.Key_BracketRight and event.modifiers() == Qt.KeyboardModifier.ControlModifier
    ):
        return GROUP
    control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
    alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
    if len(text) != 1 or not text.isprintable() or bool(control) != bool(alt):
        return ""
    return text


def _copy(event: QKeyEvent) -> QKeyEvent:
    return QKeyEvent(
        event.type(),
        event.key(),
        event.modifiers(),
        event.nativeScanCode(),
        event.nativeVirtualKey(),
        event.nativeModifiers(),
        event.text(),
        event.isAutoRepeat(),
        event.count(),
    )
