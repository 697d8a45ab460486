"""Knows whether the server answers; while it does not, tries again with growing pauses and then lets work resume."""

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.errors import SessionEnded, Unavailable
from app.views.core.tasks import READ, TaskManager, alive

PAUSES_S = (0.5, 1, 2, 4, 8, 15, 30)


class Connection(QObject):
    """The state of the way to the server.

    Signals:
        lost: the server stopped answering.
        restored: it answers again, and the session is open.
        refused: it answers, but this person may not come in any more (the error is given).
        ended: the session is over (why is given); only the person can go on, by signing in again.
    """

    lost = Signal()
    restored = Signal()
    refused = Signal(object)
    ended = Signal(object)

    def __init__(
        self, tasks: TaskManager, reopen: Callable[[], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._reopen = reopen
        self._tries = 0
        self._parked: list[tuple[QObject, Callable[[], None]]] = []
        self._held: list[tuple[QObject, Callable[[], object]]] = []
        self.online = True
        self.locked = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.try_now)

    @property
    def waiting(self) -> int:
        """How many operations wait for the server to come back."""
        return sum(alive(owner) for owner, _ in self._parked)

    def report_lost(self) -> None:
        """An operation could not reach the server."""
        if self.online:
            self.online = False
            self._tries = 0
            self.lost.emit()
            self._next()

    def park(self, owner: QObject, resume: Callable[[], None]) -> None:
        """Run ``resume`` when the server is back, unless ``owner`` is gone by then."""
        self._parked.append((owner, resume))
        self.report_lost()

    def hold(self, owner: QObject, resume: Callable[[], object], error: SessionEnded) -> None:
        """The session was over: run ``resume`` once the person has signed in again, unless ``owner`` is gone."""
        self._held.append((owner, resume))
        self.report_ended(error)

    def report_ended(self, error: SessionEnded) -> None:
        """The session is over; said once, however many operations notice."""
        if not self.locked:
            self.locked = True
            self._timer.stop()
            self.ended.emit(error)

    def unlocked(self) -> None:
        """The person has signed in again: everything goes on where it stopped."""
        self.locked = False
        held, self._held = self._held, []
        if not self.online:
            self._back()
        for owner, resume in held:
            if alive(owner):
                resume()

    def try_now(self) -> None:
        """Try to reach the server at once, for example because the user asked."""
        self._timer.stop()
        self._tasks.run(READ, self, self._reopen, self._tried, slot="reopen")

    def _next(self) -> None:
        pause = PAUSES_S[min(self._tries, len(PAUSES_S) - 1)]
        self._tries += 1
        self._timer.start(int(pause * 1000))

    def _tried(self, future: "Future[object]") -> None:
        error = future.exception()
        if isinstance(error, Unavailable):
            self._next()
            return
        if isinstance(error, SessionEnded):
            self.report_ended(error)
            return
        if error is not None:
            self.refused.emit(error)
            return
        self._back()

    def _back(self) -> None:
        self.online = True
        parked, self._parked = self._parked, []
        self.restored.emit()
        for owner, resume in parked:
            if alive(owner):
                resume()
