"""Handing mails to a mail server: the one way for the guard's mails and those of the house.

TLS is verified, by the system's authorities or the house's own.  `deliver` speaks the steps of SMTP one by one, so
that the caller knows on which side of the content something went wrong.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as WIRE

from app.core.deadline import cut_after

SECONDS = 20.0
SEND_S = 540.0
"""How long one mail may be on its way: the queue holds one that has begun for ten minutes."""
_TRICKLE = 3.0  # an answer may take so many times what one silence may
Refusals = dict[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server: ``security`` is starttls, tls or none; ``ca`` are PEM certificates besides the system's."""

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    seconds: float = SECONDS


def tls_context(ca: str = "") -> ssl.SSLContext:
    """Verifies certificate and host name; raises ValueError for certificates that are none."""
    context = ssl.create_default_context()
    if ca.strip():
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, ValueError) as error:
            raise ValueError("no certificate in PEM form") from error
    return context


@contextmanager
def connection(server: Server) -> Iterator[smtplib.SMTP]:
    """An open connection, logged in.  Raises OSError (ssl.SSLError among them) or SMTPException."""
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(timeout=server.seconds, context=tls_context(server.ca))
    else:
        smtp = smtplib.SMTP(timeout=server.seconds)
    smtp._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001  (whose certificate is asked for)
    try:
        with cut_after(_TRICKLE * server.seconds, lambda: _line(smtp)):
            code, words = smtp.connect(server.host, server.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, words)
            if server.security == "starttls":
                smtp.starttls(context=tls_context(server.ca))
            if server.user:
                smtp.login(server.user, server.password)
        yield smtp
    finally:
        if _line(smtp) is not None:
            with suppress(OSError, smtplib.SMTPException), cut_after(server.seconds, lambda: _line(smtp)):
                smtp.quit()
        smtp.close()


def answers(smtp: smtplib.SMTP) -> bool:
    """Whether an open connection still is one."""
    try:
        with cut_after(SECONDS, lambda: _line(smtp)):
            return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _line(smtp: smtplib.SMTP) -> socket.socket | None:
    return smtp.sock


def deliver(
    smtp: smtplib.SMTP,
    message: EmailMessage,
    sender: str,
    recipients: Sequence[str],
    begins: Callable[[], object] = lambda: None,
) -> Refusals:
    """Hand one mail over; gives who the server would not take, while it took others.

    ``begins`` is called before the content leaves.  Raises OSError or SMTPException: SMTPRecipientsRefused when it took
    nobody, SMTPDataError when it said no to the content; any other one after `begins` leaves open what became of it.
    """
    with cut_after(SEND_S, lambda: _line(smtp)):
        return _delivered(smtp, message, sender, recipients, begins)


def _delivered(
    smtp: smtplib.SMTP,
    message: EmailMessage,
    sender: str,
    recipients: Sequence[str],
    begins: Callable[[], object],
) -> Refusals:
    flat = message.as_bytes(policy=WIRE.clone(utf8=_needs_utf8(sender, recipients)))
    smtp.ehlo_or_helo_if_needed()
    options = []
    if smtp.does_esmtp and smtp.has_extn("size"):
        options.append(f"size={len(flat)}")
    if _needs_utf8(sender, recipients):
        if not smtp.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("SMTPUTF8 is not supported")
        smtp.command_encoding = "utf-8"
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    code, words = smtp.mail(sender, options)
    if code != 250:
        _reset(smtp)
        raise smtplib.SMTPSenderRefused(code, words, sender)
    refused: Refusals = {}
    for recipient in recipients:
        code, words = smtp.rcpt(recipient)
        if code in (250, 251):
            continue
        refused[recipient] = (code, words)
        if code == 421:
            break
    if len(refused) == len(recipients) or 421 in {one[0] for one in refused.values()}:
        _reset(smtp)
        raise smtplib.SMTPRecipientsRefused(refused)
    begins()
    code, words = smtp.data(flat)
    if code != 250:
        _reset(smtp)
        raise smtplib.SMTPDataError(code, words)
    return refused


def is_final(error: Exception) -> bool:
    """Whether trying again is useless: the mail server said no for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def said(error: BaseException) -> str:
    """What the server said, in its own words, on one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(
            f"{who}: {code} {words_of(words)}" for who, (code, words) in error.recipients.items()
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {words_of(error.smtp_error)}"
    return " ".join((str(error) or type(error).__name__).split())


def words_of(reply: bytes | str) -> str:
    """The words of a reply on one line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _needs_utf8(sender: str, recipients: Sequence[str]) -> bool:
    return not all(one.isascii() for one in (sender, *recipients))


def _reset(smtp: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):
        smtp.rset()
