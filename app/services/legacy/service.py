"""What the sync works with while it leads: the lease's token, the 4D server, the open keys."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result
from app.core.db import Database, call_api, posting
from app.core.errors import AppError, Cancelled, Refused, Unavailable
from app.core.vault import VaultError
from app.services.legacy import secrets
from app.services.legacy.client import FourD
from app.services.legacy.leader import Leader
from app.services.legacy.session import Known, OneSession, Pace, Stored
from app.services.legacy.transport import Address, Transport
from app.services.security.keys import Keyring

__all__ = ["Progress", "Services", "Waiter", "servers"]

SLICE_S = 0.25
LONGEST_BLOCK_S = 3720.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the entity at work, its rows, and what became of them."""

    run_id: int = 0
    mode: str = ""
    entity: str = ""
    done: int = 0
    total: int | None = None
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    protected: int = 0
    quarantined: int = 0
    gone: int = 0
    entity_index: int = 0
    entity_count: int = 0


class Server(NamedTuple):
    """A 4D server that can be chosen."""

    id: int
    code: str
    title: str
    is_test: bool
    base_url: str
    username: str


def kinds_in_use(session: Session) -> frozenset[str]:
    """Which kinds of server (``4d``, ``images``) are in use; nothing is to do without any."""
    return frozenset(session.scalars(text("SELECT DISTINCT s.kind FROM legacy.server s WHERE s.is_active")))


def anything_read(session: Session) -> bool:
    """Whether anything was ever read from the old system or the image service."""
    return bool(
        session.scalar(
            text(
                "SELECT EXISTS (SELECT FROM legacy.entity e "
                "WHERE e.last_full_at IS NOT NULL OR e.last_incremental_at IS NOT NULL)"
            )
        )
    )


def servers(session: Session) -> tuple[Server, ...]:
    """The active 4D servers, live ones first."""
    rows = session.execute(
        text(
            "SELECT s.id, s.code, s.title, s.is_test, s.base_url, s.username FROM legacy.server s "
            "WHERE s.kind = '4d' AND s.is_active ORDER BY s.is_test, s.id"
        )
    ).all()
    return tuple(
        Server(int(row.id), row.code, row.title or "", bool(row.is_test), row.base_url, row.username or "")
        for row in rows
    )


def choose(found: Sequence[Server], code: str) -> Server:
    """The server of that code; without one the live server, or the only one.  Refused legacy_no_server."""
    for one in found:
        if code in (one.code, "") and (code or not one.is_test or len(found) == 1):
            return one
    raise Refused("legacy_no_server", server=code)


class Waiter(Pace):
    """Waits in slices, so that a stop or a lost lease ends it at once; tells why it waits.

    With `renews` it renews the lease by itself, for who has no thread that does.
    """

    def __init__(
        self,
        leader: Leader,
        stop: threading.Event,
        on_wait: Callable[[str, datetime | None], object] = lambda _reason, _until: None,
        *,
        renews: bool = False,
    ) -> None:
        self._leader = leader
        self._stop = stop
        self._on_wait = on_wait
        self._renews = renews

    def now(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic()

    def check(self) -> None:
        """Cancelled when the work is to stop, Unavailable legacy_lease_lost when another one leads."""
        if self._stop.is_set():
            raise Cancelled("cancelled")
        if self._renews and self._leader.due:
            self._leader.take()
        _ = self._leader.token

    def pause(self, seconds: float, reason: str = "") -> None:
        """Wait so long, or until somebody stops the run: Cancelled."""
        end = self.now() + seconds
        if reason:
            self._on_wait(reason, datetime.fromtimestamp(time.time() + seconds, UTC))
        try:
            while (left := end - self.now()) > 0:
                self.check()
                if self._leader.stopped():
                    raise Cancelled("cancelled")
                self._stop.wait(min(left, SLICE_S))
            self.check()
        finally:
            if reason:
                self._on_wait("", None)


@dataclass(frozen=True)
class SetSession:
    """What is known of a server's session from now on."""

    token: int
    server_id: int
    sealed: bytes
    key_id: int
    opened: bool


@dataclass(frozen=True)
class Contact:
    """What came of asking a server; `blocked_until` when nobody may ask before, `again_s` when it gave no answer and
    is asked again in so many seconds."""

    token: int
    server_id: int
    status: str
    error: str | None = None
    blocked_until: datetime | None = None
    again_s: float | None = None


@dataclass(frozen=True)
class OpenServer:
    """A server with its secrets, still sealed."""

    token: int
    server_id: int


@posting
def set_session(session: Session, command: SetSession) -> Result[None]:
    """Keep the session.  Unavailable legacy_lease_lost for who leads no more."""
    call_api(
        session,
        "legacy_session_set",
        p_token=command.token,
        p_server_id=command.server_id,
        p_session_sealed=command.sealed,
        p_data_key_id=command.key_id,
        p_opened=command.opened,
    )
    return Result(None, NO_CHANGES)


@posting
def note_contact(session: Session, command: Contact) -> Result[None]:
    """Note what came of asking a server."""
    call_api(
        session,
        "legacy_contact",
        p_token=command.token,
        p_server_id=command.server_id,
        p_status=command.status,
        p_error=command.error,
        p_blocked_until=command.blocked_until,
        p_again_s=None if command.again_s is None else math.ceil(command.again_s),
    )
    return Result(None, NO_CHANGES)


@posting
def open_server(session: Session, command: OpenServer) -> Result[dict[str, Any]]:
    """The server with its sealed secrets."""
    answer = call_api(session, "legacy_server_open", p_token=command.token, p_server_id=command.server_id)
    return Result(answer, NO_CHANGES)


class DatabaseSession:
    """The session's state in the database, behind the lease's token."""

    def __init__(self, db: Database, leader: Leader, keyring: Keyring, server_id: int) -> None:
        self._db = db
        self._leader = leader
        self._keyring = keyring
        self._server_id = server_id

    def load(self) -> Stored:
        """What was stored last; Refused legacy_key_missing when it lies under a key that is not open."""
        found = _fenced(
            lambda: self._db.write(open_server, OpenServer(self._leader.token, self._server_id)).value
        )
        try:
            known = secrets.open_session(self._keyring, found)
        except VaultError as error:
            raise Refused("legacy_key_missing") from error
        now = _moment(found["now"])
        seen = _moment(found["session_seen_at"])
        age = (now - seen).total_seconds() if seen is not None and now is not None else 0.0
        # A server whose clock was set back saw it in what is the future now; that is no longer to wait.
        return Stored(known, max(age, 0.0), min(float(found["blocked_seconds"] or 0), LONGEST_BLOCK_S))

    def save(self, known: Known, *, opened: bool) -> None:
        """Store it."""
        sealed, key_id = secrets.seal_session(self._keyring, self._server_id, known)
        command = SetSession(self._leader.token, self._server_id, sealed, key_id, opened)
        _fenced(lambda: self._db.write(set_session, command))

    def block(self, seconds: float, reason: str) -> None:
        """Nobody asks the server for so long."""
        until = datetime.fromtimestamp(time.time() + seconds, UTC)
        command = Contact(self._leader.token, self._server_id, "waiting", reason, until)
        _fenced(lambda: self._db.write(note_contact, command))


class Services:
    """What a run works with. One at a time, in one thread."""

    def __init__(
        self,
        db: Database,
        leader: Leader,
        keyring: Keyring | None,
        stop: threading.Event,
        *,
        server: str = "",
        pace: Pace | None = None,
        on_opened: Callable[[], object] = lambda: None,
        on_trouble: Callable[[AppError | None, float], object] = lambda _error, _seconds: None,
    ) -> None:
        self._db = db
        self._leader = leader
        self.keyring = keyring
        self.server: int | None = None
        self._wanted = server
        self._pace = pace or Waiter(leader, stop)
        self._on_opened = on_opened
        self._on_trouble = on_trouble
        self._four_d: FourD | None = None
        self._session: OneSession | None = None

    @property
    def token(self) -> int:
        """The fencing token.  Unavailable legacy_lease_lost."""
        return self._leader.token

    def check(self) -> None:
        """Cancelled when the work is to stop, Unavailable legacy_lease_lost when another one leads."""
        self._pace.check()

    def four_d(self) -> FourD:
        """The 4D server.  Refused legacy_no_server, legacy_key_missing."""
        if self._four_d is None:
            self._four_d = self._connect(choose(self._db.read(servers), self._wanted))
        return self._four_d

    @property
    def idle_s(self) -> float:
        """Seconds since the 4D server last answered here; infinite before."""
        return float("inf") if self._session is None else self._pace.now() - self._session.heard

    def close(self) -> None:
        """Close connections; the session of the server stays."""
        four_d, self._four_d = self._four_d, None
        if four_d is not None:
            four_d.close()

    def contact(self, error: AppError | None = None, again_s: float | None = None) -> None:
        """Note how asking the server went, for all to see; `again_s` when it gives no answer and is asked again after
        so many seconds.  Raises AppError."""
        if self.server is None:
            return
        status, said = ("ok", None) if error is None else ("failed", str(error))
        command = Contact(self.token, self.server, status, said, again_s=again_s)
        _fenced(lambda: self._db.write(note_contact, command))

    def _troubled(self, error: AppError | None, seconds: float) -> None:
        """No answer, or one again: for all to see, at once."""
        self.contact(error, None if error is None else seconds)
        self._on_trouble(error, seconds)

    def _connect(self, chosen: Server) -> FourD:
        if self.keyring is None:
            raise Refused("legacy_key_missing")
        found = self._db.write(open_server, OpenServer(self.token, chosen.id)).value
        self.server = chosen.id
        address = address_of(found, secrets.open_password(self.keyring, found))
        store = DatabaseSession(self._db, self._leader, self.keyring, chosen.id)
        self._session = OneSession(store, self._pace, on_opened=self._on_opened)
        return FourD(
            Transport(address), self._session, self._pace, name=chosen.code, on_trouble=self._troubled
        )


def address_of(server: Mapping[str, Any], password: str) -> Address:
    """Where and how, of what the database keeps."""
    return Address(
        str(server["base_url"]),
        float(server.get("timeout_s") or 60),
        bool(server.get("verify_tls", True)),
        str(server.get("ca_file") or ""),
        str(server.get("username") or ""),
        password,
    )


def _fenced(write: Callable[[], T]) -> T:
    """What the database says to an old token is what the client says by itself."""
    try:
        return write()
    except AppError as error:
        if (
            error.key == "legacy_lease_lost"
        ):  # a refusal there; here the work ends, and another goes on with it
            raise Unavailable("legacy_lease_lost") from error
        raise


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
