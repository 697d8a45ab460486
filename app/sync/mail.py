"""Sends mails, in the background of every client and in ``werkbank mail --watch``.

One thread.  A mail is claimed, its files fetched, the mail server told from whom and for whom it is; then the database
is told that the content leaves, and it leaves.  Cut after that, nobody knows whether it arrived: the mail is unclear
until a person decides.  What the server refuses is kept in its own words.
"""

import datetime as dt
import logging
import smtplib
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core import smtp
from app.core.db import Database, call_api
from app.core.errors import AppError, NotAllowed, Refused, SessionEnded, Unavailable
from app.services.mail import accounts, reads, secrets, writes
from app.services.mail.commands import ClaimMail, MailProgress, NoteCheck
from app.services.mail.message import Attached, compose
from app.sync.queue import QueueWorker, wait_of

log = logging.getLogger(__name__)
RIGHT = "mail_claim"
CLAIM_S = 120
KNOWN_S = 60.0
REST_S = {
    "mail_server_away": 30.0,
    "mail_login": 900.0,
    "mail_tls": 300.0,
    "mail_ca": 300.0,
    "mail_no_tls": 300.0,
}
"""How long an account is left alone after trouble; a wrong password would only be locked out by trying."""


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What happened to a mail, for who is told."""

    mail_id: int
    subject: str
    state: str
    reason: str = ""
    detail: str = ""
    refused: tuple[str, ...] = ()
    first: bool = True
    """False when it was tried before: nobody is told twice."""


@dataclass(frozen=True, slots=True)
class _Result:
    state: Any
    reason: str = ""
    detail: str = ""
    refused: tuple[tuple[str, str], ...] = ()


class _AccountError(Exception):
    """The account cannot be used: said of the account, not of the mail."""

    def __init__(self, error: AppError) -> None:
        super().__init__(error.key)
        self.error = error


class MailWorker(QueueWorker):
    """Works until `stop`; `nudge` makes it look at once.  ``on_outcome`` is called in its thread."""

    right = RIGHT
    name = "mail"

    def __init__(self, db: Database, on_outcome: Callable[[MailOutcome], object] = lambda _: None) -> None:
        super().__init__(db)
        self._on_outcome = on_outcome
        self._open: dict[int, tuple[dict[str, Any], str]] = {}
        self._known_until = 0.0
        self._resting: dict[int, float] = {}
        self._line = ExitStack()
        self._smtp: smtplib.SMTP | None = None
        self._by = 0

    def accounts_changed(self) -> None:
        """An account or its password is another one now: look again, and at once."""
        self._known_until = 0.0
        self._resting.clear()
        self.nudge()

    def prepare(self) -> None:
        """Find the accounts whose passwords this client can open."""
        if time.monotonic() < self._known_until:
            return
        self.rest()
        found: dict[int, tuple[dict[str, Any], str]] = {}
        keyring = None
        asked = False
        for account_id in self._db.read(reads.sending_accounts):
            account = self._db.read(reads.account_open, account_id)
            if account["sealed"] and not asked:
                asked = True
                keyring = secrets.open_keys(self._db)
            password = secrets.open_password(keyring, account)
            if password is not None:
                found[account_id] = (account, password)
        self._open = found
        self._known_until = time.monotonic() + KNOWN_S

    def once(self) -> float | None:
        """Send one mail; gives how long to wait when there was none."""
        now = time.monotonic()
        usable = tuple(one for one in self._open if self._resting.get(one, 0.0) <= now)
        if not usable:
            return wait_of(None)
        answer = self._db.write(writes.claim, ClaimMail(usable, CLAIM_S)).value
        if answer["mail"] is None:
            return wait_of(answer.get("next_at"))
        self._send(answer["mail"])
        return None

    def rest(self) -> None:
        """Leave the mail server."""
        self._smtp = None
        with suppress(OSError, smtplib.SMTPException):
            self._line.close()
        self._line = ExitStack()

    def forgotten(self) -> None:
        """Accounts and keys are read anew with the next session."""
        self._known_until = 0.0

    # -- one mail -----------------------------------------------------------------------------------------------------

    def _send(self, mail: Mapping[str, Any]) -> None:
        account, password = self._open[int(mail["account_id"])]
        try:
            found = self._tried(mail, account, password)
            self._check(account, "")
        except _AccountError as trouble:
            error = trouble.error
            said = str(error.params.get("what", ""))
            self._resting[int(account["id"])] = time.monotonic() + REST_S.get(error.key, 60.0)
            self._check(account, said or error.key)
            found = _Result("waiting", error.key, said)
        if found.reason == "mail_gone":
            return
        if self._tell(mail, found):
            refused = tuple(address for address, _ in found.refused)
            first = int(mail["attempts"]) <= 1
            self._on_outcome(
                MailOutcome(
                    int(mail["id"]),
                    str(mail["subject"]),
                    found.state,
                    found.reason,
                    found.detail,
                    refused,
                    first,
                )
            )

    def _tried(self, mail: Mapping[str, Any], account: Mapping[str, Any], password: str) -> _Result:
        began = False

        def begins() -> None:
            nonlocal began
            if not self._tell(mail, _Result("began")):
                raise Refused("mail_gone", id=mail["id"])
            began = True

        try:
            files = [
                Attached(
                    file["name"],
                    file["mime"],
                    self._db.read(_content, int(file["id"]), int(mail["fence"])),
                )
                for file in mail["files"]
            ]
            message = compose(mail, account, files, dt.datetime.now(dt.UTC))
            to = list(
                dict.fromkeys((*mail["to"], *mail["cc"], *mail["bcc"], *filter(None, (account["bcc"],))))
            )
            connected = self._connected(account, password)
            refused = smtp.deliver(connected, message, str(account["sender_address"]), to, begins)
        except (SessionEnded, NotAllowed):
            raise
        except smtplib.SMTPNotSupportedError as error:
            return _Result("failed", "mail_not_supported", smtp.said(error))
        except (AppError, OSError, ValueError, smtplib.SMTPException) as error:
            if not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException):
                self.rest()
            return _told(error, began=began)
        said = tuple((who, f"{code} {smtp.words_of(words)}") for who, (code, words) in refused.items())
        return _Result("sent", "mail_some_refused" if said else "", "", said)

    def _connected(self, account: Mapping[str, Any], password: str) -> smtplib.SMTP:
        """The open line to the account's server, or a new one."""
        if self._smtp is not None and self._by == int(account["id"]) and smtp.answers(self._smtp):
            return self._smtp
        self.rest()
        try:
            self._smtp = self._line.enter_context(smtp.connection(accounts.server_of(account, password)))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _AccountError(accounts.trouble(error)) from error
        self._by = int(account["id"])
        return self._smtp

    def _tell(self, mail: Mapping[str, Any], found: _Result) -> bool:
        told = MailProgress(
            int(mail["id"]), int(mail["fence"]), found.state, found.reason, found.detail[:500], found.refused
        )
        return self._db.write(writes.progress, told).value

    def _check(self, account: Mapping[str, Any], words: str) -> None:
        with suppress(Refused):
            self._db.write(writes.note_check, NoteCheck(int(account["id"]), words))


def _told(error: Exception, *, began: bool) -> _Result:
    """An error as the queue keeps it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused = tuple(
            (who, f"{code} {smtp.words_of(words)}") for who, (code, words) in error.recipients.items()
        )
        final = smtp.is_final(error)
        return _Result("failed" if final else "waiting", "mail_refused", smtp.said(error), refused)
    if isinstance(error, smtplib.SMTPResponseException):
        final = smtp.is_final(error)
        return _Result(
            "failed" if final else "waiting", "mail_refused" if final else "mail_later", smtp.said(error)
        )
    if isinstance(error, Unavailable):
        raise error  # the database is away: the claim runs out, or is told of later
    if isinstance(error, Refused):
        return _Result("failed", error.key)
    if isinstance(error, ValueError):
        return _Result("failed", "mail_form", smtp.said(error))
    if began:
        return _Result("unclear", "mail_cut", smtp.said(error))
    return _Result("waiting", "mail_server_away", smtp.said(error))


def _content(session: Session, attachment_id: int, fence: int) -> bytes:
    return bytes(call_api(session, "mail_content", p_attachment=attachment_id, p_fence=fence)["value"])
