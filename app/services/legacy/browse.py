"""Looking things up in the old system, through the house's one session: for screens, exports and the data dictionary.

Whoever looks something up leads meanwhile. The client that syncs lets go after its page and takes the lead again later.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from app.core.db import Database
from app.core.errors import AppError, Refused, Unavailable
from app.services.legacy import secrets
from app.services.legacy.client import Cursor, FourD, Page
from app.services.legacy.filters import Where
from app.services.legacy.leader import Leader
from app.services.legacy.service import OpenServer, Services, Waiter, open_server
from app.services.legacy.wire import Table
from app.services.security.keys import Keyring

LEASE_S = 90
PATIENCE_S = 90.0
_LOOK_S = 0.5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """What came of trying a server: how many tables it shows, or what is in the way."""

    ok: bool
    tables: int = 0
    ms: int = 0
    error: AppError | None = None


class Reader:
    """Reads one 4D server, while this client leads. For one caller at a time; `close` gives the lead back."""

    def __init__(
        self,
        db: Database,
        server: str = "",
        *,
        stop: threading.Event | None = None,
        wait: Callable[[str, datetime | None], object] = lambda _reason, _until: None,
    ) -> None:
        self._stop = stop or threading.Event()
        self._own_stop = stop is None
        self._leader = Leader(db, seconds=LEASE_S)
        self._waiter = Waiter(self._leader, self._stop, wait, renews=True)
        self._wait = wait
        self._db = db
        self._server = server
        self._services: Services | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go; waits for a call that is under way."""
        if self._own_stop:
            self._stop.set()
        with self._lock:
            services, self._services = self._services, None
            if services is not None:
                services.close()
            try:
                self._leader.release()
            except AppError:
                self._leader.forget()  # then it ends by itself

    def lead(self) -> None:
        """Take the lead now, and see to an address and a password: what comes next is the server's time alone."""
        with self._lock:
            self._lead()
            assert self._services is not None
            self._services.four_d()

    def opened(self, server_id: int) -> tuple[int, Keyring | None, dict[str, Any]]:
        """Any server with its sealed secrets, for somebody who speaks to it himself: token, keys, server."""
        with self._lock:
            self._lead()
            assert self._services is not None
            found = self._db.write(open_server, OpenServer(self._leader.token, server_id)).value
            return self._leader.token, self._services.keyring, found

    def tables(self) -> tuple[str, ...]:
        """Names of all tables."""
        return self._do(lambda server: server.tables())

    def table(self, name: str) -> Table:
        """A table's columns, relations and key."""
        return self._do(lambda server: server.table(name))

    def count(self, table: str, where: Where | None = None) -> int:
        """How many rows there are, or fit."""
        return self._do(lambda server: server.count(table, where))

    def page(
        self,
        table: str,
        *,
        order: Sequence[str] = (),
        skip: int = 0,
        top: int = 100,
        where: Where | None = None,
        attributes: Sequence[str] = (),
    ) -> Page:
        """One page."""
        return self._do(
            lambda server: server.page(
                table, order=order, skip=skip, top=top, where=where, attributes=attributes
            )
        )

    def pages(
        self,
        table: str,
        *,
        order: Sequence[str] = (),
        where: Where | None = None,
        top: int = 1000,
        cursor: Cursor | None = None,
    ) -> Iterator[Page]:
        """All rows, page by page; the lead is held from the first to the last."""
        pages = self._do(lambda server: server.pages(table, order=order, where=where, top=top, cursor=cursor))
        while (page := self._do(lambda _server: next(pages, None))) is not None:
            yield page

    def ping(self) -> None:
        """One cheap call."""
        self._do(lambda server: server.ping())

    def _do(self, ask: Callable[[FourD], T]) -> T:
        with self._lock:
            self._lead()
            assert self._services is not None
            return ask(self._services.four_d())

    def _lead(self) -> None:
        """Lead, or go on leading. What was known of the session may be old when somebody led in between."""
        if self._services is not None and self._leader.leads:
            if self._leader.due:
                self._leader.take()
            if self._leader.leads:
                return
        if self._services is not None:
            self._services.close()
            self._services = None
        keyring = secrets.open_keys(self._db)
        if keyring is None:
            raise Refused("legacy_key_missing")
        self._leader.forget()
        end = time.monotonic() + PATIENCE_S
        while not self._leader.take():
            if time.monotonic() >= end:
                raise Refused("legacy_session_elsewhere", client=self._leader.holder)
            self._leader.wish()
            self._wait("legacy_lead_wanted", None)
            if self._stop.wait(_LOOK_S):
                raise Refused("legacy_session_elsewhere", client=self._leader.holder)
        self._wait("", None)
        self._services = Services(
            self._db, self._leader, keyring, self._stop, server=self._server, pace=self._waiter
        )


def open_reader(
    db: Database,
    server: str = "",
    *,
    stop: threading.Event | None = None,
    wait: Callable[[str, datetime | None], object] = lambda _reason, _until: None,
) -> Reader:
    """A reader of the 4D server of that code, or of the live one. Nothing is asked before its first call.

    Its calls raise, beside what `FourD` raises: Refused ``legacy_session_elsewhere`` when whoever leads does not let
    go, ``legacy_key_missing``, ``legacy_no_server``.  `wait` is told why a call takes long (text key, until when).
    """
    return Reader(db, server, stop=stop, wait=wait)


def impatient(reason: str, _until: datetime | None) -> None:
    """For `wait`: somebody at a window is told why it would take long, and does not wait."""
    if reason in ("legacy_sessions_full", "legacy_session_lost"):
        raise Unavailable(reason)


def test_connection(db: Database, server: str) -> ConnectionTest:
    """Try a server: whether it answers, lets us in, and shows tables. Uses the house's one session.

    The time is that of the server's answer; waiting for whoever leads to let go is not part of it.  A server that has
    no free session, or may hold one whose cookie is lost, is not waited for.
    """
    begin = time.monotonic()
    try:
        with open_reader(db, server, wait=impatient) as reader:
            reader.lead()
            begin = time.monotonic()
            found = len(reader.tables())
            ms = int((time.monotonic() - begin) * 1000)  # letting go is not part of it either
    except AppError as error:
        return ConnectionTest(False, ms=int((time.monotonic() - begin) * 1000), error=error)
    return ConnectionTest(True, found, ms)
