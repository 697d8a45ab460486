"""Sends what lies in the outbox, and codes for people who forgot their password; a code exists in its mail only."""

import datetime as dt
import hashlib
import secrets
import smtplib
from contextlib import AbstractContextManager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

from app.core import format as fmt
from app.core import smtp
from app.core.i18n import translate
from app.guard.settings import MailServer

# No sign that is taken for another when it is typed from a mail.
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 12


def connection(server: MailServer) -> AbstractContextManager[smtplib.SMTP]:
    """An open connection to the mail server, logged in. Raises OSError or SMTPException."""
    return smtp.connection(
        smtp.Server(server.host, server.port, server.security, server.user, server.password)
    )


def send(connected: smtplib.SMTP, sender: str, recipient: str, subject: str, body: str) -> None:
    """Hand one mail over. Raises OSError or SMTPException."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip("> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    smtp.deliver(connected, message, parseaddr(sender)[1], [recipient])


def new_code() -> tuple[str, bytes]:
    """A reset code as it is mailed (groups of four) and its SHA-256, which is all the database gets."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    shown = "-".join(signs[at : at + 4] for at in range(0, _LENGTH, 4))
    return shown, hashlib.sha256(signs.encode()).digest()


def reset_text(language: str, person: str, login: str, code: str, ends: dt.datetime) -> tuple[str, str]:
    """Subject and body of the mail with a reset code."""
    words = {"person": person, "login": login, "code": code, "time": fmt.date_time(ends, language)}
    return translate(language, "mail.reset.subject"), translate(language, "mail.reset.body", **words)
