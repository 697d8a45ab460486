"""Keeps the session while somebody works, warns before it ends, and notices that it has."""

from concurrent.futures import Future

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from app.core.db import Database
from app.core.errors import Unavailable
from app.views.core.tasks import READ, TaskManager

TOUCH_EVERY_S = 60.0
IDLE_WARNING_S, END_WARNING_S = 120.0, 600.0
TICK_MS = 5_000
# What a hand does. A pointer that rests on a shaking table is nobody.
_WORK = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class SessionWatch(QObject):
    """Watches the window it is told to watch; asks the server at most once a minute, and only when somebody works.

    Signals:
        warned: the session ends soon: ("idle" or "end", seconds left). Again at every tick while that is so.
        calm: it does not end soon any more.
    """

    warned = Signal(str, float)
    calm = Signal()

    def __init__(self, db: Database, tasks: TaskManager, parent: QObject) -> None:
        super().__init__(parent)
        self._db, self._tasks = db, tasks
        self._worked = False
        self._warning = ""
        self._told_at = db.term.until_end()  # counts down, so it serves as a clock
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    def watch(self, window: QObject) -> None:
        """Begin; ``window`` is the native window, which sees every key and click once."""
        window.installEventFilter(self)
        self._timer.start()

    def stop(self) -> None:
        """No more questions."""
        self._timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Real input only: what the program does by itself is not spontaneous."""
        if event.type() in _WORK and event.spontaneous():
            self.worked()
        return False

    def worked(self) -> None:
        """Somebody did something."""
        self._worked = True
        if self._warning == "idle" or self._since_told() >= TOUCH_EVERY_S:
            self._touch()

    def tick(self) -> None:
        """Look at the clock."""
        if self._db.ended is not None:
            self._calm()
            return
        if self._worked and self._since_told() >= TOUCH_EVERY_S:
            self._touch()
        idle, end = self._db.term.until_idle(), self._db.term.until_end()
        if min(idle, end) <= 0:
            self._tasks.run(READ, self, self._db.goes_on, _ignore, slot="over")
        elif end <= END_WARNING_S and end <= idle:
            self._warn("end", end)
        elif idle <= IDLE_WARNING_S:
            self._warn("idle", idle)
        elif end <= END_WARNING_S:
            self._warn("end", end)
        else:
            self._calm()

    def _since_told(self) -> float:
        return self._told_at - self._db.term.until_end()

    def _touch(self) -> None:
        self._worked = False
        self._told_at = self._db.term.until_end()
        self._tasks.run(READ, self, self._db.touch, self._touched, slot="touch")

    def _touched(self, future: "Future[None]") -> None:
        error = future.exception()
        if error is None:
            self._told_at = self._db.term.until_end()
            self.tick()
        elif isinstance(error, Unavailable):
            self._worked = True  # the server is away; it hears of it later

    def _warn(self, kind: str, seconds: float) -> None:
        self._warning = kind
        self.warned.emit(kind, seconds)

    def _calm(self) -> None:
        if self._warning:
            self._warning = ""
            self.calm.emit()


def _ignore(_future: "Future[bool]") -> None:
    """Whoever wants to know that it is over has been told by the database's own callback."""
