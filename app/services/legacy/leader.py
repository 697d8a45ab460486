"""Who leads: one client of the house reads the old system, by a lease with a token that only ever grows.

The lease's time is the database's. A client believes it holds the lease only as long as its own clocks say that it was
renewed recently, both the one that stands still while a computer sleeps and the one that can be set by hand. Whatever
an earlier leader still writes is refused by its token.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result
from app.core.db import Database, call_api, posting
from app.core.errors import Unavailable

RIGHT = "legacy_lease"
TTL_S = 30
RENEW_S = 5.0
_SLACK_S = 5.0


def client_name() -> str:
    """This program run, as others are shown it: computer, process, and a word that makes it unique."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class TakeLease:
    """Take the lease, or renew it with its token."""

    client: str
    seconds: int
    token: int | None


@dataclass(frozen=True)
class ReleaseLease:
    """Give the lease back before it ends."""

    token: int


@dataclass(frozen=True)
class WishLease:
    """Ask whoever leads to let go."""

    client: str


@dataclass(frozen=True, slots=True)
class LeaseState:
    """Who leads at the moment, as the database says; `wanted` is a client that asks for the lease, `stop` whether
    somebody has stopped the run under way."""

    held: bool
    token: int
    holder: str
    client: str
    wanted: str
    stop: bool = False


@posting
def take_lease(session: Session, command: TakeLease) -> Result[LeaseState]:
    """Take or renew; `held` says whether the caller leads now."""
    answer = call_api(
        session,
        "legacy_lease",
        p_client=command.client,
        p_seconds=command.seconds,
        p_token=command.token,
    )
    return Result(_state(answer), NO_CHANGES)


@posting
def release_lease(session: Session, command: ReleaseLease) -> Result[None]:
    """Give it back; nothing happens when it is another's by now."""
    call_api(session, "legacy_lease_release", p_token=command.token)
    return Result(None, NO_CHANGES)


@posting
def wish_lease(session: Session, command: WishLease) -> Result[LeaseState]:
    """Ask for the lease; whoever leads gives it back within seconds."""
    return Result(_state(call_api(session, "legacy_lease_wish", p_client=command.client)), NO_CHANGES)


def _state(answer: dict[str, Any]) -> LeaseState:
    return LeaseState(
        bool(answer["held"]),
        int(answer.get("token") or 0),
        str(answer.get("holder") or ""),
        str(answer.get("client") or ""),
        str(answer.get("wanted") or ""),
        bool(answer.get("stop")),
    )


class Leader:
    """This client's part in the lease. For any thread."""

    def __init__(
        self,
        db: Database,
        client: str = "",
        *,
        seconds: int = TTL_S,
        steady: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.client = client or client_name()
        self._db = db
        self._steady, self._wall = steady, wall
        self._lock = threading.Lock()
        self._token: int | None = None
        self._seconds = seconds
        self._since = (0.0, 0.0)
        self.holder = ""
        self.wanted = False
        self._stopped = False

    def take(self) -> bool:
        """Take the lease, or renew it; False when another client leads.  Raises AppError."""
        with self._lock:
            since = (self._steady(), self._wall())  # before asking: the answer may take its time
            state = self._db.write(take_lease, TakeLease(self.client, self._seconds, self._token)).value
            self.holder = state.client
            self.wanted = state.wanted not in ("", self.client)
            self._stopped = state.stop
            if not state.held:
                self._token = None
                return False
            self._token, self._since = state.token, since
            return True

    def release(self) -> None:
        """Give it back.  Raises AppError."""
        with self._lock:
            token, self._token = self._token, None
            if token is not None:
                self._db.write(release_lease, ReleaseLease(token))

    def wish(self) -> None:
        """Ask whoever leads to let go.  Raises AppError."""
        self.holder = self._db.write(wish_lease, WishLease(self.client)).value.client

    def forget(self) -> None:
        """Lead no more, without telling: the session is over, or the server away."""
        self._token = None

    @property
    def leads(self) -> bool:
        """Whether the lease is surely this client's."""
        gone = max(self._steady() - self._since[0], self._wall() - self._since[1])
        return self._token is not None and gone < self._seconds - _SLACK_S

    @property
    def due(self) -> bool:
        """Whether it is time to renew."""
        gone = max(self._steady() - self._since[0], self._wall() - self._since[1])
        return self._token is None or gone >= RENEW_S

    def stopped(self) -> bool:
        """Whether somebody has stopped the run under way; said once."""
        stopped, self._stopped = self._stopped, False
        return stopped

    @property
    def token(self) -> int:
        """The fencing token every write carries.  Unavailable legacy_lease_lost."""
        token = self._token
        if token is None or not self.leads:
            raise Unavailable("legacy_lease_lost")
        return token
