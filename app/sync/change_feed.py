"""Hears of other people's commits: one thread, one connection, answers by callback."""

import logging
import threading
from collections.abc import Callable

from app.core.changes import Changes
from app.core.db import Database
from app.core.errors import AppError, SessionEnded

log = logging.getLogger(__name__)
WAIT_S = 5.0
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
LOCKED_S = 0.3


class ChangeFeed:
    """Listens until `stop`.

    Both callbacks run in the feed's own thread: ``on_changes`` with what was committed (the person's own commits
    included), ``on_state`` with whether news arrive at the moment.  After an interruption ``on_missed`` is called,
    because what happened meanwhile is not told.
    """

    def __init__(
        self,
        db: Database,
        on_changes: Callable[[Changes], object],
        on_state: Callable[[bool], object],
        on_missed: Callable[[], object],
    ) -> None:
        self._db = db
        self._on_changes = on_changes
        self._on_state = on_state
        self._on_missed = on_missed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="werkbank-feed", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for it no longer than one wait for news."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(WAIT_S + 2)

    def _run(self) -> None:
        failures = 0
        connected_before = False
        while not self._stop.is_set():
            try:
                with self._db.listen() as listener:
                    self._on_state(True)
                    if connected_before:
                        self._on_missed()
                    connected_before, failures = True, 0
                    while not self._stop.is_set():
                        changes = listener.wait(WAIT_S, self._stop)
                        if changes and not self._stop.is_set():
                            self._on_changes(changes)
            except SessionEnded as ended:
                log.info("change feed: %s", ended.key)
                if self._session_over():
                    self._on_state(False)
                    self._wait_for_session()
                continue
            except AppError as error:
                log.info("change feed interrupted: %s", error.key)
            except Exception:
                log.exception("change feed failed")
            if self._stop.is_set():
                return
            self._on_state(False)
            self._stop.wait(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
            failures += 1

    def _session_over(self) -> bool:
        """Whether that was the end; not when merely a role began or ended."""
        try:
            return not self._db.goes_on()
        except AppError:
            return False  # the server is away: the next try to listen finds out

    def _wait_for_session(self) -> None:
        """Until the person has signed in again in front of the locked window."""
        while self._db.ended is not None and not self._stop.is_set():
            self._stop.wait(LOCKED_S)
