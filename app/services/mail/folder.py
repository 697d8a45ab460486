"""The mailbox of incoming invoices, read by IMAP."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from app.core.deadline import cut_after
from app.core.errors import Refused
from app.core.smtp import tls_context, words_of
from app.services.mail import accounts

SECONDS = 30.0
LONGEST_S = 600.0
"""A reader stops by itself before; then it is the server that does not come to an end."""
_TRICKLE = 3.0  # to be let in may take so many times what one silence may
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class Folder(NamedTuple):
    """An open folder; UIDs count within ``uid_validity`` only."""

    imap: imaplib.IMAP4
    uid_validity: int
    uids: tuple[int, ...]


@contextmanager
def open_folder(account: Mapping[str, Any], password: str, seconds: float = SECONDS) -> Iterator[Folder]:
    """Log in and select the folder.  Raises AppError with the server's words."""
    try:
        imap = _connected(account, seconds)
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise accounts.trouble(error) from error
    try:
        try:
            with cut_after(_TRICKLE * seconds, lambda: imap.sock):
                imap.login(str(account["username"]), password)
        except imaplib.IMAP4.abort as error:
            raise accounts.trouble(error) from error
        except imaplib.IMAP4.error as error:
            raise Refused("mail_login", what=str(error)[:300]) from error
        with cut_after(LONGEST_S, lambda: imap.sock):
            yield _selected(imap, str(account["folder"]))
    except (OSError, imaplib.IMAP4.error) as error:
        raise accounts.trouble(error) from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error), cut_after(seconds, lambda: imap.sock):
            imap.logout()


class _Plain(imaplib.IMAP4):
    """Greets in the time it is given, however often it says something."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        with cut_after(_TRICKLE * seconds, lambda: getattr(self, "sock", None)):
            super().__init__(host, port, timeout=seconds)


class _Tls(imaplib.IMAP4_SSL):
    """The same over TLS."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, seconds: float) -> None:
        with cut_after(_TRICKLE * seconds, lambda: getattr(self, "sock", None)):
            super().__init__(host, port, ssl_context=context, timeout=seconds)


def _connected(account: Mapping[str, Any], seconds: float) -> imaplib.IMAP4:
    host, port, security = str(account["host"]), int(account["port"]), str(account["security"])
    if security == "tls":
        return _Tls(host, port, tls_context(str(account["ca"])), seconds)
    imap = _Plain(host, port, seconds)
    if security == "starttls":
        try:
            imap.starttls(tls_context(str(account["ca"])))
        except ssl.SSLError:
            imap.shutdown()
            raise
    return imap


def _selected(imap: imaplib.IMAP4, folder: str) -> Folder:
    _ok(*imap.select(_quoted(folder)))
    _, found = imap.response("UIDVALIDITY")
    validity = int((found or [b"0"])[0] or b"0")
    _, data = _ok(*imap.uid("SEARCH", "ALL"))
    uids = tuple(int(one) for one in b" ".join(piece for piece in data if piece).split())
    return Folder(imap, validity, uids)


def size_of(folder: Folder, uid: int) -> int:
    """How large the server says the mail is."""
    _, data = _ok(*folder.imap.uid("FETCH", str(uid), "(RFC822.SIZE)"))
    for piece in data:
        found = _SIZE.search(piece if isinstance(piece, bytes) else b"".join(piece or ()))
        if found:
            return int(found[1])
    return 0


def content_of(folder: Folder, uid: int) -> bytes:
    """The whole mail; it stays unread."""
    _, data = _ok(*folder.imap.uid("FETCH", str(uid), "(BODY.PEEK[])"))
    for piece in data:
        if isinstance(piece, tuple):
            return bytes(piece[1])
    return b""


def put_away(folder: Folder, uid: int, target: str) -> None:
    """Move it to where read ones go, or mark it as seen."""
    imap = folder.imap
    if not target:
        _ok(*imap.uid("STORE", str(uid), "+FLAGS", r"(\Seen)"))
    elif "MOVE" in imap.capabilities:
        _ok(*imap.uid("MOVE", str(uid), _quoted(target)))
    else:
        _ok(*imap.uid("COPY", str(uid), _quoted(target)))
        _ok(*imap.uid("STORE", str(uid), "+FLAGS", r"(\Seen \Deleted)"))
        if "UIDPLUS" in imap.capabilities:
            _ok(*imap.uid("EXPUNGE", str(uid)))


def test_reading(account: Mapping[str, Any], password: str) -> int:
    """Look into the folder and leave again; gives how many mails are in it.  Raises AppError."""
    with open_folder(account, password, 10.0) as folder:
        return len(folder.uids)


def _ok(kind: str, data: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    if kind != "OK":
        said = words_of(next((one for one in data if isinstance(one, bytes)), b""))
        raise Refused("mail_folder_refused", what=said[:300])
    return kind, data


def _quoted(name: str) -> str:
    """A folder's name as IMAP wants it: modified UTF-7, quoted."""
    encoded = re.sub(r"[^\x20-\x7e]+", lambda found: _shifted(found[0]), name.replace("&", "&-"))
    escaped = encoded.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _shifted(text: str) -> str:
    import base64

    packed = base64.b64encode(text.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
    return f"&{packed.decode('ascii')}-"
