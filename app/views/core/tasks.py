"""The one task manager: work leaves the GUI thread here and comes back here.

Reads run in parallel, a user's writes strictly one after the other, local files on a thread of their own, and what
comes from other servers than the database waits in threads that nothing else needs.
Answers return over ONE signal whose owner lives in the GUI thread; an answer for a widget that is gone, or one
that a newer request has overtaken, is dropped.
"""

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from app.core import courtesy
from app.views.core.attention import announce

T = TypeVar("T")
log = logging.getLogger("werkbank.tasks")

READ, WRITE, FILE, FETCH = "read", "write", "file", "fetch"
READERS = 3
FETCHERS = 8
TURN_S = 0.008
"""So long answers are handed out in one turn of the event loop; the next ones wait until it has turned."""


@dataclass(eq=False)
class Task(Generic[T]):
    """One piece of work.  ``number`` grows with every request; ``label`` is shown while it runs (empty: quiet).

    ``done_units`` of ``total_units`` is the progress that the work itself reports, 0 of 0 when it reports none.
    """

    number: int
    kind: str
    owner: QObject
    label: str
    slot: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    future: "Future[T] | None" = None
    cancelled: bool = False
    running: bool = False
    thread: int = 0
    stop_at_server: Callable[[int], None] | None = None
    done_units: int = 0
    total_units: int = 0

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for the answer."""
        return not self.cancelled and alive(self.owner)

    def cancel(self) -> None:
        """Drop the answer, and stop the work: before it starts here, while it runs at the server."""
        if self.cancelled:
            return
        self.cancelled = True
        if self.future is not None and not self.future.cancel() and self.running and self.stop_at_server:
            self.stop_at_server(self.thread)


def alive(owner: QObject | None) -> bool:
    """Whether the Qt object behind ``owner`` still exists."""
    return owner is not None and shiboken6.isValid(owner)


class TaskManager(QObject):
    """Runs work off the GUI thread and delivers the answers on it.

    Signals:
        jobs_changed: the list `jobs` is different now.
    """

    jobs_changed = Signal()
    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = itertools.count(1)
        self._pools = {
            READ: ThreadPoolExecutor(READERS, "werkbank-read"),
            WRITE: ThreadPoolExecutor(1, "werkbank-write"),
            FILE: ThreadPoolExecutor(1, "werkbank-file"),
            FETCH: ThreadPoolExecutor(FETCHERS, "werkbank-fetch", courtesy.give_way),
        }
        self._tasks: dict[int, Task[Any]] = {}
        self._slots: dict[tuple[int, str], int] = {}
        self._closures: deque[Callable[[], None]] = deque()
        self._closed = False
        self._gui = threading.get_ident()
        self._wake.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def jobs(self) -> list[Task[Any]]:
        """What runs or waits and has a name to show, oldest first."""
        return [task for task in self._tasks.values() if task.label and not task.cancelled]

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        return not self._tasks and not self._closures

    @property
    def writing(self) -> bool:
        """Whether a write runs or waits."""
        return any(task.kind == WRITE for task in self._tasks.values())

    def run(
        self,
        kind: str,
        owner: QObject,
        work: Callable[[], T],
        done: "Callable[[Future[T]], None]",
        *,
        label: str = "",
        slot: str = "",
        stop_at_server: Callable[[int], None] | None = None,
    ) -> Task[T]:
        """Run ``work`` in the executor ``kind`` and hand its finished future to ``done`` in the GUI thread.

        ``done`` is not called when the owner is gone, the task was cancelled, or a newer task of the same owner
        took the same ``slot``.  ``stop_at_server`` gets the number of the thread that runs the work.
        """
        task = Task[T](next(self._numbers), kind, owner, label, slot, stop_at_server=stop_at_server)
        if self._closed:
            task.cancelled = True
            return task
        if slot:
            previous = self._tasks.get(self._slots.get((id(owner), slot), 0))
            self._slots[id(owner), slot] = task.number
            if previous is not None:
                previous.cancel()
        self._tasks[task.number] = task

        def job() -> T:
            if kind == READ:
                courtesy.gate.after_turn()
            task.thread, task.running = threading.get_ident(), True
            try:
                if task.cancelled:
                    raise CancelledError
                return work()
            finally:
                task.running = False

        task.future = self._pools[kind].submit(job)
        task.future.add_done_callback(lambda future: self.on_gui(lambda: self._finish(task, future, done)))
        if label:
            self.jobs_changed.emit()
        return task

    def on_gui(self, closure: Callable[[], None]) -> None:
        """Run ``closure`` in the GUI thread, soon.  May be called from any thread."""
        self._closures.append(closure)
        if not self._closed:
            self._wake.emit()

    def report(self, task: Task[Any], done: int, total: int) -> None:
        """Note how far a task is; called by the work itself, from its own thread."""
        task.done_units, task.total_units = done, total
        self.on_gui(self.jobs_changed.emit)

    def drop_owner(self, owner: QObject) -> None:
        """Cancel every read of an owner that is about to go away; its writes still run to their end."""
        for task in list(self._tasks.values()):
            if task.owner is owner and task.kind in (READ, FETCH):
                task.cancel()

    def shutdown(self) -> None:
        """Cancel the reads, let the writes and file work finish, end all threads."""
        if self._closed:
            return
        self._closed = True
        for task in list(self._tasks.values()):
            if task.kind in (READ, FETCH):
                task.cancel()
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        self._closures.clear()
        self._tasks.clear()

    def _finish(self, task: Task[T], future: "Future[T]", done: "Callable[[Future[T]], None]") -> None:
        self._tasks.pop(task.number, None)
        key = (id(task.owner), task.slot)
        overtaken = bool(task.slot) and self._slots.get(key) != task.number
        if not overtaken:
            self._slots.pop(key, None)
        if task.label:
            self.jobs_changed.emit()
        if overtaken or not task.wanted or future.cancelled():
            return
        if task.kind != FETCH:
            announce()
        done(future)

    def _drain(self) -> None:
        end = time.perf_counter() + TURN_S
        while self._closures and not self._closed:
            closure = self._closures.popleft()
            try:
                closure()
            except Exception:  # one broken callback must not keep the others from running
                log.exception("callback failed")
                _report_bug()
            if time.perf_counter() > end:
                self._wake.emit()
                return


def _report_bug() -> None:
    import sys

    kind, error, trace = sys.exc_info()
    if kind is not None and error is not None:
        sys.excepthook(kind, error, trace)
