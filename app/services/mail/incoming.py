"""What came with a mail: the PDF and XML files in it, whatever it says of itself.

The bytes are a stranger's.  Nothing is believed of names and types, nothing is unpacked, and a mail that cannot be
read is told of, never an exception.
"""

import email
import email.policy
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from typing import NamedTuple

MOST_BYTES = 60 * 1024 * 1024
MOST_FILES = 20
MOST_PARTS = 300
_SIGNS = 300


class Incoming(NamedTuple):
    """A mail as far as it can be read; ``problem`` is a key of a text, empty when it could."""

    sender: str
    subject: str
    files: tuple[tuple[str, bytes], ...]
    problem: str = ""


def parse(raw: bytes) -> Incoming:
    """The files of a mail that may be invoices: PDF and XML, told by their content."""
    if len(raw) > MOST_BYTES:
        return Incoming("", "", (), "mail_incoming_large")
    try:
        # The old policy: it keeps what it does not understand, where the new one raises.
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        sender, subject = _words(message, "From"), _words(message, "Subject")
        files = tuple(_files(message))
    except _TooManyError:
        return Incoming("", "", (), "mail_incoming_parts")
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, MessageError):
        return Incoming("", "", (), "mail_incoming_broken")
    return Incoming(sender, subject, files)


class _TooManyError(Exception):
    pass


def _files(message: Message) -> Iterator[tuple[str, bytes]]:
    found = 0
    for number, part in enumerate(message.walk(), 1):
        if number > MOST_PARTS:
            raise _TooManyError
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        ending = _ending(content)
        if not ending:
            continue
        found += 1
        if found > MOST_FILES:
            raise _TooManyError
        yield _name(part, number, ending), content


def _ending(content: bytes) -> str:
    """pdf, xml, or nothing, by the first bytes."""
    if b"%PDF-" in content[:1024]:
        return "pdf"
    head = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = content[:200].replace(b"\0", b"")[2:].lstrip()
    looks = head.startswith(
        (b"<?xml", b"<rsm:", b"<ubl:", b"<Invoice", b"<CrossIndustryInvoice", b"<CreditNote")
    )
    return "xml" if looks else ""


def _name(part: Message, number: int, ending: str) -> str:
    try:
        name = _decoded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        name = ""
    name = name.replace("\\", "/").rpartition("/")[2].strip(" .")
    if not name.lower().endswith(f".{ending}"):
        name = f"{name or f'attachment-{number}'}.{ending}"
    return name[-_SIGNS:]


def _words(message: Message, header: str) -> str:
    try:
        return _decoded(str(message.get(header, "")))
    except (ValueError, LookupError, TypeError):
        return ""


def _decoded(text: str) -> str:
    words = []
    try:
        pieces = decode_header(text[:4000])
    except MessageError:  # encoded words that are none stay as they came
        pieces = [(text[:4000], None)]
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
            continue
        try:
            words.append(piece.decode(charset or "utf-8", "replace"))
        except LookupError:
            words.append(piece.decode("latin-1"))
    found = "".join(sign if sign.isprintable() else " " for sign in "".join(words))
    return " ".join(found.split())[:_SIGNS]
