"""A mail server that keeps what it gets, and a mailbox that is read by IMAP: for tests, the tour and training.

Both listen on this machine only, speak TLS when given a certificate, and misbehave when told to.
"""

import base64
import email
import email.policy
import re
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from app.simulate.tls import Certificate

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail as it came in: who was named on the envelope, and what was in it."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes


@dataclass
class Sink:
    """A running mail server.

    ``replies`` answers instead of it: by recipient, or by the words ``mail``, ``data`` (before) and ``content`` (after
    the content).  ``cut`` closes the line in the middle of the content, ``after`` that many mails.
    """

    port: int = 0
    security: str = "none"
    user: str = ""
    password: str = ""
    certificate: Certificate | None = None
    host: str = HOST
    messages: list[Arrived] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    connections: int = 0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler: type["_Line"], state: Any) -> None:
        self.state = state
        super().__init__((HOST, 0), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to tell of."""


class _Line(socketserver.StreamRequestHandler):
    timeout = 30

    def say(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def secure(self) -> None:
        state = cast("_Server", self.server).state
        self.connection = state.certificate.context().wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)

    def finish(self) -> None:
        self.rfile.close()
        self.connection.close()


class _Smtp(_Line):
    def handle(self) -> None:
        self.sink = cast("Sink", cast("_Server", self.server).state)
        self.sink.connections += 1
        self.sender = ""
        self.recipients: list[str] = []
        self.secured, self.known = self.sink.security != "starttls", not self.sink.user
        if self.sink.security == "tls":
            self.secure()
        self.say("220 sink.example.com ESMTP")
        while line := self.rfile.readline(4096):
            words = line.decode("utf-8", "replace").strip()
            answer = getattr(self, f"on_{words[:4].lower()}", lambda _: "250 ok")(words)
            if not answer:
                return
            self.say(answer)
            if answer.startswith("220"):
                self.secure()
                self.secured = True

    def on_ehlo(self, _words: str) -> str:
        offers = ["sink.example.com", "SIZE 60000000", "8BITMIME", "SMTPUTF8"]
        offers += [] if self.secured else ["STARTTLS"]
        offers += ["AUTH PLAIN LOGIN"] if self.sink.user and self.secured else []
        self.say(*(f"250-{offer}" for offer in offers[:-1]))
        return f"250 {offers[-1]}"

    def on_star(self, _words: str) -> str:
        return "220 go ahead"

    def on_auth(self, words: str) -> str:
        self.known = self._login(self.sink, words)
        return "235 welcome" if self.known else "535 5.7.8 wrong user or password"

    def on_mail(self, words: str) -> str:
        if not self.known:
            return "530 5.7.0 authentication required"
        self.sender, self.recipients = _angled(words), []
        return self.sink.replies.get("mail", "250 ok")

    def on_rcpt(self, words: str) -> str:
        reply = self.sink.replies.get(_angled(words), "250 ok")
        self.recipients += [_angled(words)] if reply.startswith("25") else []
        return reply

    def on_data(self, _words: str) -> str:
        first = self.sink.replies.get("data", "354 go ahead")
        if not first.startswith("354"):
            return first
        self.say(first)
        raw = self._content(self.sink)
        if raw is None:
            return ""
        reply = self.sink.replies.get("content", "250 kept")
        if reply.startswith("250"):
            message = email.message_from_bytes(raw, policy=email.policy.default)
            self.sink.messages.append(Arrived(self.sender, tuple(self.recipients), message, raw))
        return reply

    def on_quit(self, _words: str) -> str:
        self.say("221 bye")
        return ""

    def _content(self, sink: Sink) -> bytes | None:
        lines: list[bytes] = []
        while line := self.rfile.readline(100_000):
            if sink.cut and len(lines) > 3:
                return None
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
        return None

    def _login(self, sink: Sink, words: str) -> bool:
        parts = words.split()
        if parts[1].upper() == "PLAIN":
            given = base64.b64decode(parts[2] if len(parts) > 2 else self._ask("")).decode().split("\0")
            return given[1:] == [sink.user, sink.password]
        user = base64.b64decode(parts[2] if len(parts) > 2 else self._ask("VXNlcm5hbWU6")).decode()
        return (user, base64.b64decode(self._ask("UGFzc3dvcmQ6")).decode()) == (sink.user, sink.password)

    def _ask(self, question: str) -> bytes:
        self.say(f"334 {question}")
        return self.rfile.readline(4096).strip()


def _angled(words: str) -> str:
    found = re.search(r"<([^>]*)>", words)
    return found[1] if found else ""


@contextmanager
def smtp_sink(
    *, security: str = "none", certificate: Certificate | None = None, user: str = "", password: str = ""
) -> Iterator[Sink]:
    """A mail server as long as the block lasts."""
    sink = Sink(security=security, certificate=certificate, user=user, password=password)
    with _running(_Smtp, sink):
        yield sink


@dataclass
class Folder:
    """A running mailbox with one folder, ``INBOX``, and those mails are moved to.

    ``mails`` are (UID, bytes) in the INBOX, ``moved`` what was moved elsewhere, ``flags`` by UID.
    """

    mails: list[tuple[int, bytes]]
    port: int = 0
    user: str = "invoices"
    password: str = "secret of the folder"  # noqa: S105  (of a made-up mailbox)
    security: str = "none"
    certificate: Certificate | None = None
    host: str = HOST
    uid_validity: int = 1
    moves: bool = True
    """Whether it knows MOVE."""
    moved: dict[str, list[int]] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    """What it says of sizes, where that is not the truth."""
    read: list[int] = field(default_factory=list)
    """UIDs whose content was asked for, in order."""

    def add(self, raw: bytes) -> int:
        """Another mail comes in; gives its UID."""
        uid = max((one for one, _ in self.mails), default=sum(map(len, self.moved.values()))) + 1
        self.mails.append((uid, raw))
        return uid


class _Imap(_Line):
    def handle(self) -> None:
        folder = cast("Folder", cast("_Server", self.server).state)
        if folder.security == "tls":
            self.secure()
        self.say("* OK IMAP4rev1 folder")
        while line := self.rfile.readline(8192):
            tag, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb, _, given = rest.partition(" ")
            verb = verb.upper()
            if verb == "UID":
                verb, _, given = given.partition(" ")
                verb = f"UID {verb.upper()}"
            answer = self._answer(folder, verb, given)
            self.say(f"{tag} {answer}")
            if verb == "STARTTLS":
                self.secure()
            if verb == "LOGOUT":
                return

    def _answer(self, folder: Folder, verb: str, given: str) -> str:
        if verb == "LOGIN":
            user, password = (one.strip('"').replace('\\"', '"') for one in _pieces(given)[:2])
            if (user, password) != (folder.user, folder.password):
                return "NO [AUTHENTICATIONFAILED] wrong user or password"
        elif verb in ("SELECT", "EXAMINE") and given.strip('"').upper() != "INBOX":
            return "NO no such folder"
        elif verb == "UID FETCH":
            self._fetch(folder, given)
        elif verb.startswith("UID ") or verb == "EXPUNGE":
            self._change(folder, verb, given)
        starttls = " STARTTLS" if folder.security == "starttls" else ""
        told = {
            "CAPABILITY": f"* CAPABILITY IMAP4rev1 UIDPLUS{' MOVE' if folder.moves else ''}{starttls}",
            "SELECT": f"* {len(folder.mails)} EXISTS\r\n* OK [UIDVALIDITY {folder.uid_validity}] valid",
            "UID SEARCH": "* SEARCH " + " ".join(str(uid) for uid, _ in folder.mails),
            "LOGOUT": "* BYE",
        }
        if verb in told:
            self.say(told[verb])
        return "OK done"

    def _change(self, folder: Folder, verb: str, given: str) -> None:
        uid, _, what = given.partition(" ")
        if verb in ("UID MOVE", "UID COPY"):
            folder.moved.setdefault(what.strip('"'), []).append(int(uid))
            if verb == "UID MOVE":
                folder.mails[:] = [one for one in folder.mails if one[0] != int(uid)]
        elif verb == "UID STORE":
            folder.flags.setdefault(int(uid), set()).update(re.findall(r"\\\w+", what))
        elif verb.endswith("EXPUNGE"):
            gone = {one for one, flags in folder.flags.items() if "\\Deleted" in flags}
            folder.mails[:] = [one for one in folder.mails if one[0] not in gone]

    def _fetch(self, folder: Folder, given: str) -> None:
        asked, _, what = given.partition(" ")
        wanted = {int(one) for one in asked.split(",")}
        for place, (uid, raw) in enumerate(folder.mails, 1):
            if uid not in wanted:
                continue
            if "SIZE" in what.upper():
                size = folder.sizes.get(uid, len(raw))
                self.say(f"* {place} FETCH (UID {uid} RFC822.SIZE {size})")
            else:
                folder.read.append(uid)
                head = f"* {place} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode()
                self.connection.sendall(head + raw + b")\r\n")


def _pieces(text: str) -> list[str]:
    return re.findall(r'"(?:[^"\\]|\\.)*"|\S+', text)


@contextmanager
def imap_folder(
    mails: Sequence[bytes] = (), *, security: str = "none", certificate: Certificate | None = None
) -> Iterator[Folder]:
    """A mailbox with these mails as long as the block lasts."""
    folder = Folder(list(enumerate(mails, 1)), security=security, certificate=certificate)
    with _running(_Imap, folder):
        yield folder


@contextmanager
def _running(handler: type[_Line], state: Any) -> Iterator[None]:
    with _Server(handler, state) as server:
        state.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
