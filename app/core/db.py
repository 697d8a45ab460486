"""The way to the database and back: connections, the session ticket, and the only commit of the program.

Reads run in parallel on autocommitting read-only connections, every statement one round trip. Writes are one
transaction each; functions marked `@posting` are one statement, which is its own transaction.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session

from app.core import dialect, errors
from app.core.changes import Change, Result
from app.core.dialect import Counter
from app.core.errors import Cancelled, Invalid, SessionEnded, Unavailable, map_db_error
from app.core.profile import Profile

__all__ = ["PROTOCOL", "ClientInfo", "Counter", "Database", "Profile", "Target", "call_api", "posting"]

T = TypeVar("T")
PROTOCOL = 1  # what this program speaks; the database says which range it serves
TRIES = 5
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_RENEW_BEFORE = 300.0  # seconds before its end a ticket is replaced
_POSTING = "_werkbank_posting"


@dataclass(frozen=True, slots=True)
class Target:
    """A database. Anything but loopback is reached by TLS with a verified certificate, or not at all."""

    host: str
    port: int
    dbname: str
    user: str
    sslmode: str = ""
    sslrootcert: str = ""

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine, where nothing can listen in."""
        return self.host in _LOOPBACK

    @classmethod
    def from_dsn(cls, dsn: str) -> tuple["Target", str]:
        """Target and password of a `postgresql://` address."""
        parts = urlsplit(dsn)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        target = cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5432,
            dbname=unquote(parts.path.lstrip("/")),
            user=unquote(parts.username or ""),
            sslmode=query.get("sslmode", ""),
            sslrootcert=query.get("sslrootcert", ""),
        )
        return target, unquote(parts.password or "")

    def connect_args(self) -> dict[str, Any]:
        """libpq's parameters for this target, without user's secrets."""
        args: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "connect_timeout": 5,
            "keepalives": 1,
            "keepalives_idle": 20,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "require_auth": "scram-sha-256",
        }
        if self.loopback:
            args["sslmode"] = self.sslmode or "prefer"
            return args
        if self.sslmode not in ("", "verify-full"):
            raise Invalid("profile_needs_tls", host=self.host)
        root = self.sslrootcert or "system"
        if root != "system" and not Path(root).is_file():
            raise Invalid("certificate_missing", file=root)
        return args | {"sslmode": "verify-full", "sslrootcert": root, "channel_binding": "require"}


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """What the client says about itself when its session opens; shown to administrators, and checked for age."""

    name: str = "werkbank"
    version: str = ""
    protocol: int = PROTOCOL

    def as_json(self) -> dict[str, Any]:
        """As `sec.session_open` wants it."""
        return {"name": self.name, "version": self.version, "protocol": self.protocol}


def posting(fn: Callable[..., T]) -> Callable[..., T]:
    """Marks a service function that runs exactly one statement, an api call with a command's UUID.

    It then costs one round trip, commit included, and may be sent again when its answer was lost.
    """
    setattr(fn, _POSTING, True)
    return fn


def call_api(session: Session, function: str, /, **params: Any) -> dict[str, Any]:
    """Run `SELECT api.<function>(…)` by named parameters and return its answer; numbers come as int or Decimal.

    Lists and dicts travel as jsonb, tuples as arrays. `function` may carry a schema (`system.changes_since`).
    """
    name = function if "." in function else f"api.{function}"
    if not all(part.isidentifier() for part in (*name.split("."), *params)):
        raise ValueError(f"no function or parameter name: {name}")
    arguments = ", ".join(f"{param} => :{param}" for param in params)
    values = {param: _bound(value) for param, value in params.items()}
    answer = session.execute(text(f"SELECT {name}({arguments})"), values).scalar_one()
    return answer if isinstance(answer, dict) else {"value": answer}


def _bound(value: Any) -> Any:
    if isinstance(value, list | dict):
        return Jsonb(value, dumps=dialect.dumps)
    return list(value) if isinstance(value, tuple) else value


class Database:
    """One user's connections to one database. Safe to use from many threads; one write runs at a time."""

    def __init__(self, target: Target, password: str, *, client: ClientInfo | None = None) -> None:
        self.target = target
        self.client = client or ClientInfo()
        self.counter = Counter()
        self._password = password
        self._ticket = ""
        self._renew_at = 0.0
        self._profile: Profile | None = None
        self._opening = threading.RLock()
        self._writing = threading.Lock()
        # Commits nobody knows the fate of, by command: transaction, result, and the command itself to keep its id.
        self._unanswered: dict[int, tuple[str, Result[Any], Any]] = {}
        self._reading: dict[int, _Running] = {}
        self._reading_lock = threading.Lock()
        self._write_engine = self._engine(read_only=False, size=1)
        self._read_engine = self._engine(read_only=True, size=3)

    # -- session ------------------------------------------------------------------------------------------

    def open(self) -> Profile:
        """Log in and open the session; one statement. Raises SessionEnded, Refused (program too old), Unavailable."""
        with self._opening:
            self._forget_connections()
            try:
                return self._attempt(self._open_session)
            except BaseException:
                self._forget_connections()
                raise

    def change_password(self, old: str, new: str) -> Profile:
        """Change the person's password and open a new session with it; works when logging in demands it."""

        def once() -> None:
            with self._autocommit(self._write_engine) as connection:
                connection.execute(text("SELECT sec.password_change(:old, :new)"), {"old": old, "new": new})

        with self._opening, self._writing:
            self._attempt(once)
            self._password = new
            return self.open()

    def close(self) -> None:
        """End the session at the server, if it answers, and close all connections."""
        if self._ticket:
            with suppress(Exception), self._write_engine.connect() as connection:
                connection.connection.info["autocommit"] = True
                connection.execute(text("SELECT sec.session_close()"))
        self._ticket = ""
        self._profile = None
        self._forget_connections()

    @property
    def profile(self) -> Profile:
        """The person; RuntimeError before `open`."""
        if self._profile is None:
            raise RuntimeError("the session is not open")
        return self._profile

    def _open_session(self) -> Profile:
        self._ticket = ""
        statement = text(
            "SELECT s.ticket, sec.my_profile() FROM (SELECT sec.session_open(:client) AS ticket OFFSET 0) s"
        )
        with self._autocommit(self._write_engine) as connection:
            client = Jsonb(self.client.as_json())
            ticket, answer = connection.execute(statement, {"client": client}).one()
        self._ticket = ticket
        self._renew_at = time.monotonic() + max(float(answer["session"]["seconds_left"]) - _RENEW_BEFORE, 1.0)
        self._profile = Profile.from_json(answer)
        return self._profile

    def _renew_if_due(self) -> None:
        """A ticket ends after hours, or with a temporary role: the next one is fetched without asking anybody."""
        if self._ticket and time.monotonic() < self._renew_at:
            return
        with self._opening:
            if not self._ticket and self._profile is None:
                raise RuntimeError("the session is not open")
            if not self._ticket or time.monotonic() >= self._renew_at:
                self._reopen()

    def _reopen(self) -> None:
        self._forget_connections()
        self._open_session()

    # -- reading ------------------------------------------------------------------------------------------

    def read(self, fn: Callable[..., T], /, *args: Any) -> T:
        """Run `fn(session, *args)` read-only; tried again when the connection breaks. Raises AppError."""

        def once() -> T:
            with (
                self._autocommit(self._read_engine) as connection,
                self._watched(connection),
                Session(connection, autoflush=False, expire_on_commit=False, info=self._about()) as session,
            ):
                return fn(session, *args)

        return self._attempt(once)

    def cancel(self, thread: int | None = None) -> None:
        """Stop the read that runs in that thread (all reads without one) at the server. Does not wait."""
        threading.Thread(target=self._cancel, args=(thread,), name="werkbank-cancel", daemon=True).start()

    def _cancel(self, thread: int | None) -> None:
        with self._reading_lock:
            chosen = [run for number, run in self._reading.items() if thread in (None, number)]
        for run in chosen:
            run.stop()

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        """Makes a running read known to `cancel`."""
        number, run = threading.get_ident(), _Running(connection.connection.driver_connection)
        with self._reading_lock:
            self._reading[number] = run
        try:
            yield
        except Exception as error:
            if run.stopped and errors.sqlstate(error) == "57014":
                raise Cancelled("cancelled") from error
            raise
        finally:
            with self._reading_lock:
                del self._reading[number]
            run.end()

    # -- writing ------------------------------------------------------------------------------------------

    def write(self, fn: Callable[[Session, Any], Result[T]], command: Any) -> Result[T]:
        """Run `fn(session, command)` in one transaction and commit it; the only commit of the program.

        Tried again as a whole when that is safe. A commit whose answer was lost is looked up at the server; while that
        cannot be asked it raises Unavailable ``outcome_unknown``, and the same command object given again is looked up
        first. So nothing is done twice. Raises AppError.
        """
        once = self._post if getattr(fn, _POSTING, False) else self._transact
        with self._writing:
            return self._attempt(lambda: once(fn, command))

    def _post(self, fn: Callable[[Session, Any], Result[T]], command: Any) -> Result[T]:
        name = f"{fn.__module__}.{getattr(fn, '__qualname__', fn)}"
        with (
            self._autocommit(self._write_engine) as connection,
            Session(connection, autoflush=False, info=self._about()) as session,
        ):
            statements = iter((True,))

            @event.listens_for(session, "do_orm_execute")
            def _only_one(_state: Any) -> None:
                if not next(statements, False):
                    raise RuntimeError(f"{name} is a posting and may send one statement only")

            result = fn(session, command)
            if session.new or session.dirty or session.deleted:
                raise RuntimeError(f"{name} is a posting and may not change objects")
            return result

    def _transact(self, fn: Callable[[Session, Any], Result[T]], command: Any) -> Result[T]:
        if (lost := self._unanswered.get(id(command))) and self._was_committed(command):
            return lost[1]
        xid = None
        with self._write_engine.connect() as connection:
            connection.connection.info["autocommit"] = False
            session = Session(connection, expire_on_commit=False, info=self._about())
            try:
                result = fn(session, command)
                session.flush()
                xid = connection.connection.info.get("xid")
                try:
                    session.commit()
                except Exception as error:
                    if xid is None or not errors.connection_lost(error):
                        raise
                else:
                    return result
            except BaseException:
                with suppress(Exception):
                    session.rollback()
                raise
            finally:
                with suppress(Exception):
                    session.close()
        self._unanswered[id(command)] = (str(xid), result, command)
        if self._was_committed(command):
            return result
        raise Unavailable("server_gone", rolled_back=True)

    def _was_committed(self, command: Any) -> bool:
        """The fate of the transaction of this command, whose COMMIT got no answer."""
        xid = self._unanswered[id(command)][0]
        statement = text("SELECT pg_xact_status(CAST(CAST(:xid AS text) AS xid8))")

        def once() -> str:
            with self._autocommit(self._read_engine) as connection:
                return str(connection.execute(statement, {"xid": xid}).scalar_one())

        for pause in range(60):
            try:
                status = self._attempt(once)
            except Unavailable as error:
                raise Unavailable("outcome_unknown") from error
            if status != "in progress":
                del self._unanswered[id(command)]
                return status == "committed"
            time.sleep(min(0.05 * 2**pause, 1.0))  # the server has not noticed yet that we are gone
        raise Unavailable("outcome_unknown")

    # -- news from others ---------------------------------------------------------------------------------

    @contextmanager
    def listen(self) -> Iterator["Listener"]:
        """A connection of its own that hears of other people's commits."""
        self._renew_if_due()
        try:
            connection = psycopg.connect(**self._connect_args(read_only=True), autocommit=True)
        except psycopg.Error as error:
            raise map_db_error(error) or Unavailable("server_gone") from error
        try:
            yield Listener(connection)
        finally:
            connection.close()

    # -- how it is done -----------------------------------------------------------------------------------

    def _attempt(self, once: Callable[[], T]) -> T:
        """Run it, again after passing troubles, with growing pauses; what the user may know becomes an AppError."""
        renewed = False
        for attempt in range(1, TRIES + 1):
            try:
                if self._profile is not None:
                    self._renew_if_due()
                return once()
            except Exception as error:
                mapped = map_db_error(error)
                if isinstance(mapped, SessionEnded) and mapped.key == "session_missing" and not renewed:
                    renewed = True
                    with self._opening:
                        self._reopen_quietly()
                    continue
                again = errors.worth_retrying(error) or (
                    isinstance(error, Unavailable) and error.params.get("rolled_back") is True
                )
                if again and attempt < TRIES:
                    time.sleep(min(0.05 * 2 ** (attempt - 1), 2.0) * random.uniform(0.75, 1.25))  # noqa: S311
                    continue
                if mapped is None or mapped is error:
                    raise
                raise mapped from error
        raise AssertionError("unreachable")

    def _reopen_quietly(self) -> None:
        try:
            self._reopen()
        except Exception as error:
            mapped = map_db_error(error)
            if mapped is None:
                raise
            raise mapped from error

    def _about(self) -> dict[str, Any]:
        """What a service may know of the person without asking: `session.info`."""
        known = self._profile
        return {} if known is None else {"login": known.login, "rights": known.rights, "profile": known}

    def _forget_connections(self) -> None:
        self._write_engine.dispose()
        self._read_engine.dispose()

    @contextmanager
    def _autocommit(self, engine: Engine) -> Iterator[Connection]:
        with engine.connect() as connection:
            connection.connection.info["autocommit"] = True
            yield connection

    def _engine(self, *, read_only: bool, size: int) -> Engine:
        engine = create_engine(
            URL.create("postgresql+werkbank"),
            pool_size=size,
            max_overflow=1,
            pool_timeout=30,
            pool_reset_on_return=None if read_only else "rollback",
            json_deserializer=dialect.loads,
            json_serializer=dialect.dumps,
        )
        assert isinstance(engine.dialect, dialect.Dialect)
        engine.dialect.counter = self.counter

        @event.listens_for(engine, "do_connect")
        def _connect(_dialect: Any, _record: Any, args: list[Any], params: dict[str, Any]) -> None:
            del args
            params.update(self._connect_args(read_only=read_only), autocommit=True)

        return engine

    def _connect_args(self, *, read_only: bool) -> dict[str, Any]:
        options = "-c TimeZone=UTC" + (" -c default_transaction_read_only=on" if read_only else "")
        if self._ticket:
            options += f" -c erp.ticket={self._ticket}"
        name = f"{self.client.name} {self.client.version}".strip()
        return self.target.connect_args() | {
            "password": self._password,
            "application_name": name,
            "options": options,
            "client_encoding": "UTF8",
        }


class _Running:
    """A read at work. The lock keeps its connection with it while it is being stopped, so that no other is hit."""

    def __init__(self, driver: Any) -> None:
        self.stopped = False
        self._driver = driver
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Cancel it at the server, unless it is over."""
        with self._lock:
            if self._driver is not None:
                self.stopped = True
                with suppress(psycopg.Error):
                    self._driver.cancel_safe(timeout=5)

    def end(self) -> None:
        """It is over: the connection may serve another."""
        with self._lock:
            self._driver = None


class Listener:
    """Hears the database's one channel; what changed is asked under the person's own rights."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("LISTEN erp_change")
        self._cursor: str = self._since(None)[0]

    def wait(self, seconds: float, stop: threading.Event | None = None) -> frozenset[Change]:
        """Wait for news at most so long, then ask for it in any case. Raises AppError when the connection ends.

        Includes the person's own changes. A Change without an id means: read the whole topic again. Once `stop` is
        set it returns within a quarter of a second, without asking.
        """
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                if stop is not None and stop.is_set():
                    return frozenset()
                if any(True for _ in self._connection.notifies(timeout=min(left, 0.25), stop_after=1)):
                    break
            self._cursor, changes = self._since(self._cursor)
        except psycopg.Error as error:
            raise map_db_error(error) or Unavailable("server_gone") from error
        return changes

    def _since(self, cursor: str | None) -> tuple[str, frozenset[Change]]:
        row = self._connection.execute("SELECT system.changes_since(%s)", (cursor,)).fetchone()
        assert row is not None
        answer = row[0]
        return answer["next"], frozenset(Change(item["topic"], item["id"]) for item in answer["changes"])
