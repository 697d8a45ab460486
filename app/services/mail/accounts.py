"""Speaking to the servers of mail accounts: one way to open them, and what goes wrong in words for the queue."""

import imaplib
import smtplib
import ssl
from collections.abc import Mapping
from typing import Any

from app.core import smtp
from app.core.errors import AppError, Refused, Unavailable

SECONDS = 20.0


def server_of(account: Mapping[str, Any], password: str, seconds: float = SECONDS) -> smtp.Server:
    """The account's mail server."""
    return smtp.Server(
        str(account["host"]),
        int(account["port"]),
        str(account["security"]),
        str(account["username"]),
        password,
        str(account["ca"]),
        seconds,
    )


def trouble(error: Exception) -> AppError:
    """Why an account cannot be used, with the server's own words: what is away, refused, or not to be trusted."""
    said = smtp.said(error)[:300]
    if isinstance(error, AppError):
        return error
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Refused("mail_login", what=said)
    if isinstance(error, ssl.SSLError):
        return Unavailable("mail_tls", what=said)
    if isinstance(error, ValueError):
        return Refused("mail_ca", what=said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Refused("mail_no_tls", what=said)
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort):
        return Refused("mail_folder_refused", what=said)
    return Unavailable("mail_server_away", what=said)


def test_sending(account: Mapping[str, Any], password: str) -> str:
    """Log in at the mail server and leave again; gives how it greeted.  Raises AppError with its own words."""
    try:
        with smtp.connection(server_of(account, password, 10.0)) as connected:
            code, words = connected.noop()
            connected.ehlo_or_helo_if_needed()
            name = (connected.ehlo_resp or connected.helo_resp or words).split(b"\n")[0]
            return f"{code} {smtp.words_of(name)}"
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise trouble(error) from error
