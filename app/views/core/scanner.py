"""The scanner hub of a window: whatever is scanned, however, ends here and goes on from here.

A page that works with scans has any of these, each of which answers with a tone: ``""`` (not mine), ``"ok"``,
``"warn"`` or ``"bad"``; or `LATER`, and gives the tone itself as soon as it knows.

``on_raw_scan(reading)``    before anybody is asked what the code means: a badge, a test
``on_command(command)``     a code of the sheet of commands: confirm, cancel, undo, post, more, or a digit
``on_scan(resolved)``       what the code stands for; ``resolved.hits`` is empty when nobody knows

What no page claims opens its record; what nobody knows can be taught.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.labels.scanning import LogScans, Resolved, ScanNote, log_scans, resolve
from app.services.labels.scans import Reading, read
from app.views.core import scan_settings, scan_signal
from app.views.core.context import AppContext
from app.views.core.dialog import Layer
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.scan_keys import WedgeEar
from app.views.core.tasks import alive
from app.views.core.values import error_text

LATER = "later"
LOG_AFTER_MS, LOG_AT = 4000, 50
WAITING = 20


class ScanHub(QObject):
    """``page()`` gives what is in front, ``elsewhere(resolved)`` deals with what no page claims, ``worked()`` notes
    that somebody is there, ``locked()`` says whether nothing may happen now.

    Signals:
        heard: a code came (`Reading`), whatever becomes of it.
        signalled: the tone that was given.
    """

    heard = Signal(object)
    signalled = Signal(str)

    def __init__(
        self,
        window: QWidget,
        ctx: Callable[[], AppContext],
        *,
        page: Callable[[], QWidget | None],
        elsewhere: Callable[[Resolved], str],
        worked: Callable[[], object],
        locked: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self.setObjectName("scan.hub")
        self._window, self._ctx, self._page = window, ctx, page
        self._elsewhere, self._worked, self._locked = elsewhere, worked, locked
        self._store = scan_settings.store()
        self.settings = scan_settings.load(self._store)
        self.port_open = False
        self._waiting: deque[Reading] = deque()
        self._busy = False
        self._notes: list[ScanNote] = []
        self._log_timer = QTimer(self)
        self._log_timer.setSingleShot(True)
        self._log_timer.setInterval(LOG_AFTER_MS)
        self._log_timer.timeout.connect(self.write_log)
        self._flash = scan_signal.Flash(window)
        self._ear: WedgeEar | None = None
        self._port: Any = None
        self._listen()
        window.installEventFilter(self)
        window.destroyed.connect(self._end)

    # -- where scans come from ----------------------------------------------------------------------------------

    def apply(self, settings: scan_settings.ScannerSettings) -> None:
        """Keep other settings and work by them from now on."""
        scan_settings.save(self._store, settings)
        self.settings = settings
        self._listen()

    def _listen(self) -> None:
        if not self.settings.wedge:
            if self._ear is not None:
                self._ear.deleteLater()
            self._ear = None
        elif self._ear is None:
            self._ear = WedgeEar(self._window, self.settings.typing(), self.scanned, self._worked)
        else:
            self._ear.follow(self.settings.typing())
        self._end_port()
        if self.settings.port:
            from app.views.core.scan_port import PortReader

            gui = self._ctx().tasks.on_gui
            self._port = PortReader(
                self.settings.port,
                self.settings.baud,
                lambda text: gui(lambda: self._from_port(text)),
                lambda up: gui(lambda: self._port_state(up)),
            )
            self._port.start()

    def _from_port(self, text: str) -> None:
        if alive(self):
            self._worked()
            self.scanned(text)

    def _port_state(self, up: bool) -> None:
        if alive(self):
            self.port_open = up

    def _end_port(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.stop()

    def _end(self) -> None:
        self._end_port()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window shows or goes."""
        if watched is self._window and event.type() == QEvent.Type.Show and self._ear is not None:
            # After the window's own watchers, so that this one is asked before them.
            QTimer.singleShot(0, self, self._listen_to_window)
        elif watched is self._window and event.type() == QEvent.Type.Close:
            self.write_log()
            self._end_port()
        return False

    def _listen_to_window(self) -> None:
        if self._ear is not None:
            self._ear.listen_to(self._window)

    # -- what becomes of them -----------------------------------------------------------------------------------

    def scanned(self, raw: str) -> None:
        """A code was scanned.  Several in a row are dealt with in their order."""
        reading = read(raw)
        self.heard.emit(reading)
        if self._locked() or len(self._waiting) >= WAITING:
            self.signal("bad")
            return
        self._waiting.append(reading)
        self._next()

    def _front(self) -> QWidget | None:
        # They lie in the window itself; a search through every page would take longer than all the rest.
        for child in reversed(self._window.children()):
            if isinstance(child, Layer) and child.isVisible():
                return child
        return self._page()

    def _next(self) -> None:
        while self._waiting and not self._busy:
            reading = self._waiting.popleft()
            front = self._front()
            if tone := _ask(front, "on_raw_scan", reading):
                self.signal(tone)  # not written down: it may be a badge
                continue
            if isinstance(front, Layer) and not hasattr(front, "on_scan"):
                self._note(reading, "refused")
                self.signal("bad")
                continue
            if reading.command:
                tone = _ask(front, "on_command", reading.command)
                self._note(reading, "command" if tone else "refused")
                if tone != LATER:
                    self.signal(tone or "bad")
                continue
            self._busy = True
            op: ReadOp[Resolved] = ReadOp(self, self._ctx(), resolve, reading, language())
            op.success(self._resolved).failure(self._failed).finally_(self._done).start()

    def _done(self) -> None:
        self._busy = False
        self._next()

    def _failed(self, error: BaseException) -> bool:
        self.signal("bad")
        if isinstance(error, AppError):
            self._ctx().navigate.toast(error_text(error), kind="bad")
            return True
        return False

    def _resolved(self, found: Resolved) -> None:
        front = self._front()
        tone = _ask(front, "on_scan", found)
        if not tone and not isinstance(front, Layer):
            tone = self._elsewhere(found)
        outcome = "refused" if tone == "bad" and found.hits else "found"
        if not found.hits:
            outcome = "unknown"
        elif len(found.hits) > 1 and outcome == "found":
            outcome = "several"
        self._note(found.reading, outcome, found)
        if tone != LATER:
            self.signal(tone or "bad")

    def signal(self, tone: str) -> None:
        """Let people hear and see how a scan went."""
        self._flash.flash(tone)
        if self.settings.sound:
            scan_signal.sound(tone)
        self.signalled.emit(tone)

    # -- the log ------------------------------------------------------------------------------------------------

    def _note(self, reading: Reading, outcome: str, found: Resolved | None = None) -> None:
        hit = found.hits[0] if found is not None and len(found.hits) == 1 else None
        page = self._page()
        screen = page.objectName() if page is not None else ""
        self._notes.append(
            ScanNote(
                scan_settings.workplace(),
                screen or type(page).__name__,
                reading.code,
                outcome,
                hit.topic if hit else None,
                hit.id if hit else None,
            )
        )
        if len(self._notes) >= LOG_AT:
            self.write_log()
        else:
            self._log_timer.start()

    def write_log(self) -> None:
        """Write down what was scanned since the last time."""
        self._log_timer.stop()
        notes, self._notes = tuple(self._notes), []
        ctx = self._ctx()
        if notes and ctx.profile.can("scan_log") and ctx.db.ended is None:
            WriteOp(self, ctx, log_scans, LogScans(notes)).failure(lambda _error: True).start()

    def drop_log(self) -> None:
        """Nobody is there any more in whose name it could be written."""
        self._log_timer.stop()
        self._notes = []


def hub_of(widget: QWidget) -> ScanHub | None:
    """The hub of the window a widget is in."""
    return next((child for child in widget.window().children() if isinstance(child, ScanHub)), None)


def _ask(target: QWidget | None, hook: str, value: object) -> str:
    method = getattr(target, hook, None)
    return str(method(value) or "") if method is not None else ""


def cannot_open(ctx: AppContext) -> str:
    """What was scanned is known, but nothing can be done with it here."""
    ctx.navigate.toast(t("scan.nothing_here"), kind="info")
    return "warn"
