"""Printers at the end of a plain wire: raw (port 9100, "AppSocket") and LPD (RFC 1179).

What they take is a stream of bytes; that it came out on paper they do not say.  Label and receipt printers answer how
they are, in the language they print in.
"""

import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from app.core.errors import Refused, Unavailable
from app.services.printing.convert import for_language
from app.services.printing.device import SEND_S, Access, Capabilities, Cut, JobState, Sent, Status, Task

RAW_PORT, LPD_PORT = 9100, 515
_BLOCK = 64 * 1024
_ASK_TIMEOUT = 1.5
_ASK_LONGEST = 2 * _ASK_TIMEOUT  # for who trickles
_FAREWELL = 3.0  # many printers keep the line open for minutes
_LARGEST_STATUS = 4096
_HOST_STATUS, _HOST_IDENTITY = b"~HS", b"~HI"
_DOTS = {6: 152, 8: 203, 12: 300, 24: 600}  # in a millimetre, in an inch
_SERVICES = (
    ("HTTP", re.compile(rb"HTTP/\d|\s*<(!doctype html|html)", re.IGNORECASE)),
    ("SSH", re.compile(rb"SSH-\d")),
    ("FTP, SMTP", re.compile(rb"220[ -]")),
    ("TLS", re.compile(rb"\x15\x03[\x00-\x04]\x00\x02")),
)
_RECEIPT_ASKS = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")


def _where(access: Access, port: int) -> tuple[str, int, str]:
    parts = urlsplit(access.address if "://" in access.address else f"//{access.address}")
    try:
        host, found = parts.hostname or "", parts.port or port
    except ValueError as error:
        raise Refused("printer_address", printer=access.address) from error
    if not host:
        raise Refused("printer_address", printer=access.address)
    return host, found, parts.path.strip("/")


class _Wire:
    port = RAW_PORT

    def __init__(self, access: Access) -> None:
        self._access = access
        self.host, self.at, self.queue = _where(access, self.port)

    def close(self) -> None:
        """Nothing is kept open."""

    def follow(self, remote: str) -> JobState:
        """Nobody can be asked."""
        return "gone"

    def cancel(self, remote: str) -> None:
        """What was sent cannot be taken back."""

    @contextlib.contextmanager
    def _connected(self, timeout: float = 0) -> Iterator[socket.socket]:
        try:
            connection = socket.create_connection(
                (self.host, self.at), timeout=min(5.0, timeout or self._access.timeout)
            )
        except OSError as error:
            raise Unavailable("printer_away", printer=self._access.address) from error
        with connection:
            connection.settimeout(timeout or self._access.timeout)
            yield connection

    def _pour(self, connection: socket.socket, content: bytes, copies: int) -> None:
        """Send a document so many times; raises TimeoutError when the printer takes it by the drop."""
        until = time.monotonic() + SEND_S
        for at in (at for _ in range(copies) for at in range(0, len(content), _BLOCK)):
            connection.sendall(content[at : at + _BLOCK])
            if time.monotonic() > until:
                raise TimeoutError

    def _cut(self) -> Cut:
        return Cut("printer_cut", printer=self._access.address)


class RawPrinter(_Wire):
    """A printer that prints what arrives at its port."""

    def probe(self) -> tuple[Status, Capabilities]:
        """Ask in its own language; a printer that takes connections and does not answer is `unknown`."""
        language = self._access.language
        formats = {"zpl": ("application/vnd.zebra-zpl",), "escpos": ("application/vnd.escpos",)}.get(
            language, ()
        )
        status = Status("unknown")
        known: tuple[str, tuple[int, ...]] = ("", ())
        with self._connected(_ASK_TIMEOUT) as connection:
            try:
                if language == "zpl":
                    status, known = self._label_printer(connection)
                elif language == "escpos":
                    found = bytearray()
                    for ask in _RECEIPT_ASKS:
                        connection.sendall(ask)
                        found += self._answer(connection, lambda said: len(said) >= 1)[:1]
                    status = receipt_status(bytes(found))
                    if found and status.code == "unknown":
                        status = Status("unknown", ("printer_odd_answer",))
            except OSError:
                status = Status("unknown")
        return status, Capabilities(known[0], formats, dpi=known[1], answers=status.code != "unknown")

    def _label_printer(self, connection: socket.socket) -> tuple[Status, tuple[str, tuple[int, ...]]]:
        """How it is; and what it is, unless that is known: who answers the one question answers the other one."""
        connection.sendall(_HOST_STATUS)
        said = self._answer(connection, lambda said: said.count(b"\x03") >= 3)
        status = zebra_status(said)
        if said and status.code == "unknown":
            status = Status("unknown", ("printer_odd_answer",))  # it may print all the same
        known = self._access.capabilities
        if known.answers or status.code == "unknown":
            return status, (known.model, known.dpi)
        connection.sendall(_HOST_IDENTITY)
        return status, zebra_identity(self._answer(connection, lambda said: b"\x03" in said))

    def _answer(self, connection: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
        said = _answer(connection, enough)
        if service := other_service(said):
            raise Unavailable("printer_other_service", printer=self._access.address, what=service)
        return said

    def send(self, task: Task, began: Callable[[str], object]) -> Sent:
        """Print; `sent` is all that can be known."""
        content = for_language(task, self._access)
        with self._connected() as connection:
            began("")
            try:
                self._pour(connection, content, task.copies)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(_FAREWELL)
            except OSError as error:
                raise self._cut() from error
            try:
                # A printer that closes its end has taken everything; one that resets it has not.
                until = time.monotonic() + self._access.timeout
                while said := connection.recv(_LARGEST_STATUS):
                    if service := other_service(said):
                        raise Refused("printer_other_service", printer=self._access.address, what=service)
                    if time.monotonic() > until:  # one that never stops talking
                        raise TimeoutError
            except TimeoutError:
                if not _nothing_queued(connection):
                    raise self._cut() from None
            except OSError as error:
                raise self._cut() from error
        return Sent("sent")


def _nothing_queued(connection: socket.socket) -> bool:
    """Whether the system has got rid of every byte; where it cannot tell, what it took counts."""
    try:
        import array
        import fcntl
        import termios
    except ImportError:
        return True
    left = array.array("i", [0])
    try:
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, left)
    except OSError:
        return True
    return left[0] == 0


class LpdPrinter(_Wire):
    """A queue of an LPD server: ``lpd://host/queue``."""

    port = LPD_PORT

    def probe(self) -> tuple[Status, Capabilities]:
        """Ask for the state of the queue; what it says is for people, that it answers is what counts."""
        with self._connected(_ASK_TIMEOUT) as connection:
            try:
                connection.sendall(b"\x03" + self._name() + b"\n")
                said = _answer(connection, lambda _: False).decode("utf-8", "replace")
            except OSError:
                return Status("unknown"), Capabilities()
        line = " ".join(said.split())[:200]
        return Status("unknown" if not line else "idle", (line,) if line else ()), Capabilities(
            answers=bool(line)
        )

    def send(self, task: Task, began: Callable[[str], object]) -> Sent:
        """Print; every step of the protocol is acknowledged, the last one by the whole document taken."""
        content = for_language(task, self._access)
        size = len(content) * task.copies
        name = f"A{abs(hash((task.title, size))) % 1000:03d}werkbank"
        control = "".join(
            f"{line}\n"
            for line in (
                "Hwerkbank",
                f"P{_plain(task.person) or 'werkbank'}",
                f"J{_plain(task.title)}",
                f"ldf{name}",
                f"Udf{name}",
                f"N{_plain(task.title)}",
            )
        ).encode()
        with self._connected() as connection:
            started = False
            try:
                self._step(connection, b"\x02" + self._name() + b"\n")
                self._step(connection, f"\x02{len(control)} cf{name}\n".encode())
                self._step(connection, control + b"\x00")
                self._step(connection, f"\x03{size} df{name}\n".encode())
                began("")
                started = True
                self._pour(connection, content, task.copies)
                self._step(connection, b"\x00")
            except OSError as error:
                if started:
                    raise self._cut() from error
                raise Unavailable("printer_silent", printer=self._access.address) from error
            except Refused:
                if started:
                    raise self._cut() from None
                raise
        return Sent("sent")

    def _name(self) -> bytes:
        return _plain(self.queue or "lp").encode()

    def _step(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(data)
        said = connection.recv(1)
        if not said:
            raise ConnectionResetError
        if said != b"\x00":
            raise Refused("printer_refused", printer=self._access.address, what=f"LPD {said[0]}")


def _plain(text: str) -> str:
    """A name as LPD takes it: one word of ASCII, nothing that ends a line."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:99]


def _answer(connection: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
    """What comes back until it is enough, the line is silent or closed; no more than a screenful, and not for long."""
    said = bytearray()
    until = time.monotonic() + _ASK_LONGEST
    while len(said) < _LARGEST_STATUS and not enough(bytes(said)) and time.monotonic() < until:
        try:
            piece = connection.recv(1024)
        except TimeoutError:
            break
        if not piece:
            break
        said += piece
    return bytes(said)


def zebra_status(said: bytes) -> Status:
    """What ``~HS`` means: three lines between STX and ETX."""
    lines = [
        found.decode("ascii", "replace").split(",") for found in re.findall(rb"\x02([^\x03]*)\x03", said)
    ]
    if len(lines) < 2 or len(lines[0]) < 9 or len(lines[1]) < 4:
        return Status("unknown")
    first, second = lines[0], lines[1]
    if first[1] == "1":
        return Status("media_out", ("paper out",))
    if second[2] == "1":
        return Status("cover_open", ("head up",))
    if second[3] == "1":
        return Status("toner_out", ("ribbon out",))
    if first[2] == "1":
        return Status("paused", ("paused",))
    return Status("printing" if first[4].strip("0") else "idle")


def zebra_identity(said: bytes) -> tuple[str, tuple[int, ...]]:
    """Model and dots per inch of the answer to ``~HI``: model, firmware, dots per millimetre, memory."""
    parts = [part.strip() for part in said.decode("ascii", "replace").strip("\x02\x03\r\n ").split(",")]
    dots = int(parts[2]) if len(parts) > 2 and parts[2].isdecimal() else 0
    dpi = _DOTS.get(dots) or dpi_named(parts[0])
    return (parts[0][:100], (dpi,)) if dpi else ("", ())


def dpi_named(model: str) -> int:
    """The resolution in a model's name (``ZD421-203dpi``), 0 without one."""
    found = re.search(r"(?<!\d)(\d{3}) ?dpi", model, re.IGNORECASE)
    return int(found[1]) if found and int(found[1]) in _DOTS.values() else 0


def other_service(said: bytes) -> str:
    """What somebody is who says this and is no printer; empty when it may be one."""
    return next((name for name, form in _SERVICES if form.match(said)), "")


def receipt_status(said: bytes) -> Status:
    """What the answers to DLE EOT 1, 2 and 4 mean; each has bits 1 and 4 set and bits 0 and 7 clear."""
    if len(said) != len(_RECEIPT_ASKS) or any(one & 0x93 != 0x12 for one in said):
        return Status("unknown")
    printer, offline, paper = said
    if offline & 0x04:
        return Status("cover_open", ("cover open",))
    if paper & 0x60 or offline & 0x20:
        return Status("media_out", ("paper end",))
    if offline & 0x40:
        return Status("attention", ("error",))
    return Status("offline", ("offline",)) if printer & 0x08 else Status("idle")
