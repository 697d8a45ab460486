"""Sends what lies in the outbox, and codes for people who forgot their password; a code exists in its mail only."""

import datetime as dt
import hashlib
import secrets
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from app.core import format as fmt
from app.core.i18n import translate
from app.guard.settings import MailServer

SECONDS = 20
# No sign that is taken for another when it is typed from a mail.
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 12


@contextmanager
def connection(server: MailServer) -> Iterator[smtplib.SMTP]:
    """An open connection to the mail server, logged in. Raises OSError or SMTPException."""
    context = ssl.create_default_context()
    smtp = (
        smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        if server.security == "tls"
        else smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    )
    with smtp:
        if server.security == "starttls":
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
        yield smtp


def send(smtp: smtplib.SMTP, sender: str, recipient: str, subject: str, body: str) -> None:
    """Hand one mail over. Raises OSError or SMTPException."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip("> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    smtp.send_message(message)


def is_final(error: Exception) -> bool:
    """Whether trying again is useless: the mail server said no for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def new_code() -> tuple[str, bytes]:
    """A reset code as it is mailed (groups of four) and its SHA-256, which is all the database gets."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    shown = "-".join(signs[at : at + 4] for at in range(0, _LENGTH, 4))
    return shown, hashlib.sha256(signs.encode()).digest()


def reset_text(language: str, person: str, login: str, code: str, ends: dt.datetime) -> tuple[str, str]:
    """Subject and body of the mail with a reset code."""
    words = {"person": person, "login": login, "code": code, "time": fmt.date_time(ends, language)}
    return translate(language, "mail.reset.subject"), translate(language, "mail.reset.body", **words)
