"""The guard at work: reads the log, reports it, does on time what is due. It keeps nothing a crash could lose."""

import ipaddress
import json
import logging
import smtplib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from app import __version__
from app.core.smtp import is_final
from app.core.target import PROTOCOL, Target
from app.guard import log_files, mail
from app.guard.settings import LOGIN, Settings

log = logging.getLogger(__name__)
PAUSE = 1.0  # seconds between two looks at the log
_RECONNECT = (1, 2, 4, 8, 15)
_ENDED = "ER401"


@dataclass(slots=True)
class Job:
    """Something done every so many seconds; ``due`` is when next (monotonic)."""

    every: float
    do: Callable[[], object]
    due: float = 0.0


class Guard:
    """One guard of one database. `run` works until it is stopped; `once` does everything one time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._target, self._password = Target.from_dsn(settings.dsn)
        self._connection: psycopg.Connection[Any] | None = None
        self._positions: dict[bytes, int] = {}
        self._mail_rests_until = 0.0
        self._anchored = ""
        self._jobs = [
            Job(PAUSE, self.read_log),
            Job(PAUSE, self.end_strays),
            Job(10, self.tick),
            Job(10, lambda: self._value("SELECT audit.seal()")),
            Job(3600, lambda: self._value("SELECT audit.partitions_ahead()")),
            Job(600, self.keep_anchor),
            Job(5, self.send_mail),
        ]

    # -- from outside -----------------------------------------------------------------------------------------

    def run(self, stop: threading.Event, gone: Callable[[], bool] = lambda: False) -> None:
        """Work until ``stop``, or until ``gone`` says, while the server does not answer, that it is there no more."""
        failures = 0
        while not stop.is_set():
            try:
                self._work_off()
                failures = 0
                stop.wait(PAUSE)
            except psycopg.Error as error:
                self.close()
                if gone():
                    log.info("the server has ended, and so does its guard")
                    return
                log.warning("the database does not answer: %s", _first_line(error))
                stop.wait(_RECONNECT[min(failures, len(_RECONNECT) - 1)])
                failures += 1
        self.close()

    def once(self) -> None:
        """Everything one time, whatever is due. Raises psycopg.Error."""
        for job in self._jobs:
            job.due = 0.0
        self._work_off()

    def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    # -- what there is to do --------------------------------------------------------------------------------------

    def read_log(self) -> int:
        """Report what the log tells of failed sign-ins; returns how many attempts there were."""
        if not self._settings.log:
            return 0
        found = 0
        try:
            for batch in log_files.scan(Path(self._settings.log), self._position):
                found += self._report(batch)
        except OSError as error:
            self._alarm("guard_log_unreadable", folder=self._settings.log, error=type(error).__name__)
        return found

    def end_strays(self) -> None:
        """End connections of logins that are not active; after the lock's commit, so that none comes back."""
        if ended := self._value("SELECT sec.guard_strays()"):
            log.info("ended %s connections of closed logins", ended)

    def tick(self) -> dict[str, Any]:
        """Whatever is due by time."""
        done: dict[str, Any] = self._value("SELECT sec.guard_tick()")
        failed = {step: state for step, state in done.items() if isinstance(state, str)}
        if failed:
            log.error("steps failed: %s", failed)
        return done

    def keep_anchor(self) -> None:
        """Write the seal of yesterday's end to a file, once a day: who alters the trail later cannot alter that."""
        today = time.strftime("%Y-%m-%d", time.gmtime())
        if not self._settings.anchors or self._anchored == today:
            return
        folder = Path(self._settings.anchors)
        file = folder / f"{self._target.dbname}-{today}.json"
        if not file.exists():
            anchor = self._value("SELECT audit.anchor()")
            if anchor is not None:
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    file.write_text(json.dumps(anchor, indent=2) + "\n", "utf-8")
                except OSError as error:
                    self._alarm("guard_log_unreadable", folder=str(folder), error=type(error).__name__)
                    return
        self._anchored = today

    def send_mail(self) -> None:
        """Send what waits in the outbox, and codes to people who forgot their password."""
        server = self._settings.mail
        if server is None or time.monotonic() < self._mail_rests_until:
            return
        resets = self._rows("SELECT id, login, person, language, email, ends FROM sec.reset_take()")
        mails = self._rows("SELECT id, recipient, subject, body FROM sec.mail_take(20)")
        if not resets and not mails:
            return
        try:
            with mail.connection(server) as smtp:
                for reset in resets:
                    self._send_code(smtp, server.sender, *reset)
                for number, recipient, subject, body in mails:
                    self._send_one(smtp, server.sender, number, recipient, subject, body)
        except (OSError, smtplib.SMTPException) as error:
            # The mails stay in the outbox and come again; a server that is away is not asked every five seconds.
            self._mail_rests_until = time.monotonic() + 60
            for number, *_ in mails:
                self._value("SELECT sec.mail_settle(%s, %s)", number, _first_line(error))
            self._alarm(
                "guard_mail_failed", server=f"{server.host}:{server.port}", error=type(error).__name__
            )

    # -- how it is done -------------------------------------------------------------------------------------------

    def _work_off(self) -> None:
        for job in self._jobs:
            if time.monotonic() >= job.due:
                job.do()
                job.due = time.monotonic() + job.every

    def _report(self, batch: log_files.Batch) -> int:
        attempts = [
            {
                "at": a.at,
                "login": a.login,
                "address": a.address,
                "outcome": a.outcome,
                "application": a.application,
            }
            for a in batch.attempts
        ]
        self._import_denials(batch.denials)
        answer = self._value(
            "SELECT sec.guard_report(%s, %s, %s, %s, %s)",
            *(batch.head, batch.file, batch.start, batch.end, Jsonb(attempts)),
        )
        if not answer["taken"]:
            self._positions.pop(batch.head, None)  # a second guard has been here
            return 0
        self._positions[batch.head] = batch.end
        for login in answer["locked"]:
            log.info("locked %s after too many failed sign-ins", login)
        if answer["locked"]:
            self.end_strays()
        return len(attempts)

    def _import_denials(self, denials: tuple[log_files.Denial, ...]) -> None:
        """Before the position is noted: coming again does no harm, the trail knows what it has."""
        events = [
            {
                "at": d.at,
                "kind": d.kind,
                "login": d.login,
                "address": d.address if _is_address(d.address) else None,
                "application": d.application,
                "detail": {"right": d.right},
            }
            for d in denials
            if d.database == self._target.dbname and d.login != LOGIN
        ]
        if events:
            try:
                self._value("SELECT audit.event_import(%s)", Jsonb(events))
            except psycopg.DataError as error:  # a time zone's abbreviation nobody knows
                log.error("denials could not be read: %s", _first_line(error))

    def _position(self, head: bytes) -> int | None:
        if head not in self._positions:
            position = self._value("SELECT sec.guard_mark(%s)", head)
            if position is None:
                return None
            self._positions[head] = int(position)
        return self._positions[head]

    def _send_one(
        self, smtp: smtplib.SMTP, sender: str, number: int, recipient: str, subject: str, body: str
    ) -> None:
        try:
            mail.send(smtp, sender, recipient, subject, body)
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, ValueError) as error:
            self._value("SELECT sec.mail_settle(%s, %s, %s)", number, _first_line(error), is_final(error))
            return
        self._value("SELECT sec.mail_settle(%s)", number)

    def _send_code(
        self,
        smtp: smtplib.SMTP,
        sender: str,
        number: int,
        login: str,
        person: str,
        language: str,
        email: str,
        ends: Any,
    ) -> None:
        code, code_hash = mail.new_code()
        # The hash first: a code that arrives and is not known would be worse than one that does not arrive.
        if not self._value("SELECT sec.reset_issue(%s, %s)", number, code_hash):
            return
        subject, body = mail.reset_text(language, person, login, code, ends)
        try:
            mail.send(smtp, sender, email, subject, body)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._value("SELECT sec.reset_issue(%s, NULL)", number)
            if isinstance(error, OSError | smtplib.SMTPServerDisconnected):
                raise
            self._mail_rests_until = time.monotonic() + 60
            self._alarm("guard_mail_failed", login=login, error=type(error).__name__)

    def _alarm(self, kind: str, **detail: str) -> None:
        log.info("%s: %s", kind, detail)
        self._value("SELECT sec.guard_alarm(%s, %s)", kind, Jsonb(detail))

    def _value(self, statement: str, *values: Any) -> Any:
        rows = self._rows(statement, *values)
        return rows[0][0] if rows else None

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """One statement, its own transaction; signs in anew when the ticket is over."""
        for attempt in (1, 2):
            try:
                return self._open().execute(statement, values or None).fetchall()
            except psycopg.Error as error:
                if error.sqlstate != _ENDED or attempt == 2:
                    raise
                self.close()
        raise AssertionError("unreachable")

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            connection = psycopg.connect(
                **self._target.connect_args(),
                password=self._password,
                application_name=f"werkbank guard {__version__}",
                autocommit=True,
            )
            client = {"name": "werkbank guard", "version": __version__, "protocol": PROTOCOL}
            connection.execute("SELECT sec.session_open(%s)", (Jsonb(client),))
            self._connection = connection
            self._positions.clear()
        return self._connection


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
