"""A thread that works off a queue of the database: print jobs, mails."""

import datetime as dt
import logging
import threading
from typing import Any

from app.core.db import Database
from app.core.errors import AppError, NotAllowed, SessionEnded

log = logging.getLogger(__name__)
LOOK_S = 15.0
"""Between two looks without news."""
AWAY_S = (2.0, 5.0, 15.0, 30.0)


class QueueWorker:
    """Works until `stop`; `nudge` makes it look at once."""

    right = ""
    name = ""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stop = threading.Event()
        self._nudged = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"werkbank-{self.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End; what is on its way is not cut."""
        self._stop.set()
        self._nudged.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def nudge(self) -> None:
        """Something was put into the queue."""
        self._nudged.set()

    def drain(self) -> int:
        """Send what can be sent now, in this thread; gives how many were tried."""
        tried = 0
        try:
            self.prepare()
            while not self._stop.is_set() and self.once() is None:
                tried += 1
            self.rest()
        finally:
            self.ended()
        return tried

    def once(self) -> float | None:
        """Do one thing; gives how long to wait when there was none."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What is done before each look."""

    def rest(self) -> None:
        """There was nothing more to do."""

    def ended(self) -> None:
        """It works no more."""

    def after(self, pause: float) -> float:
        """What is done after each look; gives how long to wait."""
        return pause

    def forgotten(self) -> None:
        """The session is over: what the server knew of this client it knows no more."""

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self.ended()

    def _work(self) -> None:
        failures = 0
        while not self._stop.is_set():
            pause = LOOK_S
            try:
                if self._db.profile.can(self.right):
                    self.prepare()
                    found = self.once()
                    if found is not None:
                        self.rest()
                    pause = self.after(0.0 if found is None else found)
                failures = 0
            except (SessionEnded, NotAllowed):
                self.forgotten()
            except AppError as error:
                if not self._stop.is_set():
                    log.info("%s interrupted: %s", self.name, error)
                    pause = AWAY_S[min(failures, len(AWAY_S) - 1)]
                    failures += 1
            except Exception:
                if self._stop.is_set():
                    break
                log.exception("%s failed", self.name)
                pause = AWAY_S[min(failures, len(AWAY_S) - 1)]
                failures += 1
            if pause > 0:
                self._nudged.wait(pause)
            self._nudged.clear()
        self.rest()


def wait_of(next_at: Any) -> float:
    """How long until the next one is due, in seconds."""
    if not next_at:
        return LOOK_S
    left = (dt.datetime.fromisoformat(str(next_at)) - dt.datetime.now(dt.UTC)).total_seconds()
    # What is due and was not given waits for somebody else.
    return min(LOOK_S, max(left, 1.0))
