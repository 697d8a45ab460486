"""The way to the database and back: connections, the session ticket, and the only commit of the program.

Reads run in parallel on autocommitting read-only connections, every statement one round trip. Writes are one
transaction each; functions marked `@posting` are one statement, which is its own transaction.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session

from app.core import clock, dialect, errors
from app.core.changes import Result
from app.core.dialect import Counter
from app.core.errors import Cancelled, NotAllowed, SessionEnded, Unavailable, map_db_error
from app.core.listener import Listener
from app.core.profile import Profile
from app.core.running import Running
from app.core.target import PROTOCOL, ClientInfo, Target
from app.core.term import Term

__all__ = [
    "PROTOCOL",
    "ClientInfo",
    "Counter",
    "Database",
    "Listener",
    "Profile",
    "Target",
    "call_api",
    "posting",
]

T = TypeVar("T")
TRIES = 5
_POSTING = "_werkbank_posting"


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
    """One user's connections to one database. Safe to use from many threads; one write runs at a time.

    A session that is over stays over: every call then raises SessionEnded until the person has signed in again. Whoever
    wants to know sets `on_profile` (rights are others now) and `on_ended`; both are called in any thread.
    """

    def __init__(self, target: Target, password: str, *, client: ClientInfo | None = None) -> None:
        self.target = target
        self.client = client or ClientInfo()
        self.counter = Counter()
        self._password = password
        self._asked = threading.local()
        self._ticket = ""
        self._over: SessionEnded | None = None
        self._profile: Profile | None = None
        self.term = Term()
        self.on_profile: Callable[[Profile], object] | None = None
        self.on_ended: Callable[[SessionEnded], object] | None = None
        self._opening = threading.RLock()
        self._writing = threading.Lock()
        # Commits nobody knows the fate of, by command: transaction, result, the command itself to keep its id, session.
        self._unanswered: dict[int, tuple[str, Result[Any], Any, int | None]] = {}
        self._reading: dict[int, Running] = {}
        self._reading_lock = threading.Lock()
        self._write_engine = self._engine(read_only=False, size=1)
        self._read_engine = self._engine(read_only=True, size=3)

    # -- session ------------------------------------------------------------------------------------------

    def open(self, code: str = "", trust: str = "", *, password: str | None = None) -> Profile:
        """Log in and open the session; one statement. Raises SessionEnded, Refused (program too old), Unavailable.

        `code` is of the authenticator or a recovery code, `trust` the token of a trusted device; without either it
        raises SessionEnded ``second_factor_needed`` where one is set up. With `password` it is asked anew, as in front
        of a locked window: the session there was ends, and on any error everything stays as it is.
        """
        with self._opening:
            self._forget_connections()
            self._asked.password = password  # for connections of this thread alone: it may be wrong
            try:
                profile = self._attempt(lambda: self._open_session(code, trust), look=False)
            except BaseException:
                self._forget_connections()
                raise
            finally:
                self._asked.password = None
            self._password = password or self._password
            return profile

    def resume(self) -> Profile:
        """Go on with the session over new connections, when the server is back. Raises SessionEnded when it is over."""
        self._forget_connections()
        self._attempt(self._continue, look=False)
        return self.profile

    def goes_on(self) -> bool:
        """Ask whether the session still holds; when it does not, `on_ended` was told. Raises Unavailable."""
        with suppress(SessionEnded):
            self._attempt(self._continue, look=False)
            return True
        return False

    def touch(self) -> None:
        """The person has done something: the idle time starts anew."""

        def once() -> None:
            with self._autocommit(self._write_engine) as connection:
                self.term.start(connection.execute(text("SELECT sec.session_touch()")).scalar_one())

        self._attempt(once)

    def confirm(self, password: str, code: str = "") -> None:
        """Prove once more who one is, before a critical change. Raises Refused."""

        def once() -> None:
            with self._autocommit(self._write_engine) as connection:
                statement = text("SELECT sec.session_confirm(:password, :code)")
                connection.execute(statement, {"password": password, "code": code or None})

        self._attempt(once)

    def with_password(self, use: Callable[[str], T]) -> T:
        """What `use` makes of the password the session was opened with: it opens the person's own keys."""
        return use(self._password)

    def lock(self) -> None:
        """The person goes away: end the session here and at the server."""
        over = SessionEnded("session_locked")
        self._close_session()
        self._end(over)

    @property
    def ended(self) -> SessionEnded | None:
        """Why the session is over; None while it holds."""
        return self._over

    def change_password(self, old: str, new: str) -> Profile:
        """Change the person's password; opens the session when that was the way to it (password_must_change)."""

        def once() -> None:
            with self._autocommit(self._write_engine) as connection:
                connection.execute(text("SELECT sec.password_change(:old, :new)"), {"old": old, "new": new})

        with self._writing, self._opening:
            self._attempt(once, look=False)
            self._password = new
            return self.open() if self._profile is None else self.profile

    def close(self) -> None:
        """End the session at the server, if it answers, and close all connections."""
        self._close_session()
        self._ticket = ""
        self._profile = None
        self._forget_connections()

    def _close_session(self) -> None:
        if self._ticket and self._over is None:
            with suppress(Exception), self._write_engine.connect() as connection:
                connection.connection.info["autocommit"] = True
                connection.execute(text("SELECT sec.session_close()"))

    @property
    def profile(self) -> Profile:
        """The person; RuntimeError before `open`."""
        if self._profile is None:
            raise RuntimeError("the session is not open")
        return self._profile

    def _open_session(self, code: str = "", trust: str = "") -> Profile:
        about = self.client.as_json()
        if trust:
            about["trust"] = trust
        if self._ticket:
            about["replaces"] = self._ticket
        statement = text(
            "SELECT s.ticket, sec.my_profile() FROM (SELECT sec.session_open(:client, :code) AS ticket OFFSET 0) s"
        )
        with self._autocommit(self._write_engine) as connection:
            given = {"client": Jsonb(about), "code": code or None}
            ticket, answer = connection.execute(statement, given).one()
        self._ticket, self._over = ticket, None
        self._read_engine.dispose()
        return self._learn(answer)

    def _learn(self, answer: Mapping[str, Any]) -> Profile:
        """Keep what the server says of the person, and tell when it is something new."""
        self.term.start(answer["session"])
        before, self._profile = self._profile, Profile.from_json(answer)
        clock.follow(self._profile.time_zone)
        if before is not None and before != self._profile and self.on_profile is not None:
            self.on_profile(self._profile)
        return self._profile

    def _continue(self) -> None:
        """A role began or ended, or something seems to be over: the server says whether and how it goes on."""
        with self._opening:
            if self._over is not None:
                raise SessionEnded(self._over.key, **self._over.params)
            try:
                with self._autocommit(self._write_engine) as connection:
                    answer = connection.execute(text("SELECT sec.session_continue()")).scalar_one()
            except Exception as error:
                mapped = map_db_error(error)
                if isinstance(mapped, SessionEnded):
                    self._end(mapped)
                    raise mapped from error
                raise
            self._learn(answer)

    def _end(self, error: SessionEnded) -> None:
        self._over = error
        if self.on_ended is not None:
            self.on_ended(error)

    def _look(self) -> None:
        """Before each piece of work: is there a session, and does it still hold?"""
        if self._over is not None:
            raise SessionEnded(self._over.key, **self._over.params)
        if self._profile is not None and self.term.due:
            with self._opening:
                if self.term.due:
                    self._continue()

    def _look_again(self) -> None:
        """Something says that the rights are others now; whatever comes of asking, the caller goes on."""
        with suppress(Exception):
            self._continue()

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
        number, run = threading.get_ident(), Running(connection.connection.driver_connection)
        with self._reading_lock:
            around = self._reading.get(number)  # a read within a read, by whatever it calls
            self._reading[number] = run
        try:
            yield
        except Exception as error:
            if run.stopped and errors.sqlstate(error) == "57014":
                raise Cancelled("cancelled") from error
            raise
        finally:
            with self._reading_lock:
                if around is None:
                    del self._reading[number]
                else:
                    self._reading[number] = around
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
            held = self._profile.session if self._profile is not None else None
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
        self._unanswered[id(command)] = (str(xid), result, command, held)
        if self._was_committed(command):
            return result
        raise Unavailable("server_gone", rolled_back=True)

    def _was_committed(self, command: Any) -> bool:
        """The fate of the transaction of this command, whose COMMIT got no answer."""
        xid, *_, held = self._unanswered[id(command)]
        # The trail knows the transactions of sessions; guests have none.
        fate = "pg_xact_status(%s)" if held is None else "audit.commit_fate(%s, :held)"
        statement = text("SELECT " + fate % "CAST(CAST(:xid AS text) AS xid8)")

        def once() -> str:
            with self._autocommit(self._read_engine) as connection:
                given = {"xid": xid} if held is None else {"xid": xid, "held": held}
                return str(connection.execute(statement, given).scalar_one())

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
    def listen(self) -> Iterator[Listener]:
        """A connection of its own that hears of other people's commits."""
        try:
            self._look()
        except psycopg.Error as error:
            raise map_db_error(error) or Unavailable("server_gone") from error
        try:
            connection = psycopg.connect(**self._connect_args(read_only=True), autocommit=True)
        except psycopg.Error as error:
            raise map_db_error(error) or Unavailable("server_gone") from error
        try:
            yield Listener(connection, self.profile.epoch, self._look_again)
        finally:
            connection.close()

    # -- how it is done -----------------------------------------------------------------------------------

    def _report_denied(self, refusal: NotAllowed, error: Exception) -> None:
        """Have the trail remember that something was refused: the refusal rolled back and left nothing behind."""
        told = {"right": errors.refused_right(refusal, error), "topic": refusal.params.get("table") or ""}
        with suppress(Exception), self._autocommit(self._write_engine) as connection:
            connection.execute(text("SELECT sec.report_denied(:right, :topic)"), told)

    def _attempt(self, once: Callable[[], T], *, look: bool = True) -> T:
        """Run it, again after passing troubles, with growing pauses; what the user may know becomes an AppError."""
        asked = not look
        for attempt in range(1, TRIES + 1):
            try:
                if look:
                    self._look()
                return once()
            except Exception as error:
                mapped = map_db_error(error)
                if isinstance(mapped, SessionEnded):
                    if not asked and mapped.key == "session_missing" and self._over is None:
                        asked = True  # perhaps a role began or ended at this moment
                        self._attempt(self._continue, look=False)
                        continue
                elif look and errors.doubtful(mapped):
                    self._look_again()
                    if self._over is not None:
                        raise SessionEnded(self._over.key, **self._over.params) from error
                    if isinstance(mapped, NotAllowed):
                        self._report_denied(mapped, error)
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
            "password": getattr(self._asked, "password", None) or self._password,
            "application_name": name,
            "options": options,
            "client_encoding": "UTF8",
        }
