"""The mail itself, as it goes over the wire and as a file for the user's own mail program."""

import datetime as dt
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any, NamedTuple


class Attached(NamedTuple):
    """A file with its bytes."""

    name: str
    mime: str
    content: bytes


def compose(
    mail: Mapping[str, Any], account: Mapping[str, Any], files: Sequence[Attached], at: dt.datetime
) -> EmailMessage:
    """The mail for the mail server.  Raises ValueError for a header with a line break in it.

    Who gets a blind copy stands in the envelope only.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((account["sender_name"], account["sender_address"]))
    message["To"] = ", ".join(mail["to"])
    if mail["cc"]:
        message["Cc"] = ", ".join(mail["cc"])
    if account["reply_to"]:
        message["Reply-To"] = account["reply_to"]
    message["Subject"] = mail["subject"]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = mail["message_id"]
    _fill(message, mail["body"], files)
    return message


def as_file(
    to: Sequence[str],
    cc: Sequence[str],
    bcc: Sequence[str],
    subject: str,
    body: str,
    files: Sequence[Attached],
) -> bytes:
    """A draft (.eml) a mail program opens to be sent from there."""
    message = EmailMessage(policy=SMTP)
    message["X-Unsent"] = "1"
    for name, addresses in (("To", to), ("Cc", cc), ("Bcc", bcc)):
        if addresses:
            message[name] = ", ".join(addresses)
    message["Subject"] = subject
    _fill(message, body, files)
    return message.as_bytes()


def _fill(message: EmailMessage, body: str, files: Sequence[Attached]) -> None:
    # Quoted-printable: goes through servers of seven bits, and no line gets too long.
    message.set_content(body, cte="quoted-printable")
    for file in files:
        main, _, sub = file.mime.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
