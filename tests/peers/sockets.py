"""Sockets that listen as printers do, and misbehave as printers do."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Self

from app.simulate.tls import Certificate, make_certificate

MODES = ("take", "cut", "nonsense", "silent", "trickle", "greets")


class Sink:
    """A port 9100 or an LPD server (`lpd=True`): keeps what arrives.

    ``cut``: reset in the middle; ``nonsense``: answers rubbish; ``silent``: takes the connection and never reads;
    ``greets``: says ``says`` and then takes everything; ``trickle``: the same, and then a byte now and again, for ever.
    """

    def __init__(
        self,
        *,
        mode: str = "take",
        lpd: bool = False,
        answers: dict[bytes, bytes] | None = None,
        says: bytes = b"",
    ) -> None:
        self.mode, self.lpd, self.answers, self.says = mode, lpd, answers or {}, says
        self.jobs: list[bytes] = []
        self.first_byte = threading.Event()
        self.taken = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """How the registry names it."""
        return f"127.0.0.1:{self.port}" if not self.lpd else f"lpd://127.0.0.1:{self.port}/labels"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._socket.close()
        with socket.socket() as wake:
            wake.settimeout(0.2)
            wake.connect_ex(("127.0.0.1", self.port))
        self._thread.join(5)

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    if self.mode == "silent":
                        self._over.wait(8)
                    elif self.mode == "trickle":
                        connection.sendall(self.says)
                        while not self._over.wait(0.05):
                            connection.sendall(b"x")
                    elif self.mode == "greets":
                        connection.sendall(self.says)
                        while connection.recv(65536):
                            pass
                    elif self.mode == "nonsense":
                        connection.recv(16)
                        connection.sendall(b"\xff<html>what?</html>\r\n")
                    elif self.lpd:
                        self._lpd(connection)
                    else:
                        self._raw(connection)
                except OSError:
                    pass

    def _reset(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def _raw(self, connection: socket.socket) -> None:
        said = bytearray()
        while piece := connection.recv(65536):
            self.first_byte.set()
            if piece in self.answers or piece in (b"~HS", b"~HI"):
                connection.sendall(self.answers.get(piece, b""))
                continue
            said += piece
            if self.mode == "cut" and len(said) > 100:
                self._reset(connection)
                return
        if said:
            self.jobs.append(bytes(said))
            self.taken.set()

    def _lpd(self, connection: socket.socket) -> None:
        file = connection.makefile("rb")
        command = file.readline()
        if command[:1] == b"\x03":
            connection.sendall(b"labels is ready and printing\n")
            return
        connection.sendall(b"\x00")
        while head := file.readline():
            length = int(head[1:].split()[0])
            connection.sendall(b"\x00")
            if self.mode == "cut" and head[:1] == b"\x03":
                file.read(min(length, 100))
                self._reset(connection)
                return
            data = file.read(length)
            assert file.read(1) == b"\x00"
            if head[:1] == b"\x03":
                self.jobs.append(data)
                self.taken.set()
            connection.sendall(b"\x00")


@contextlib.contextmanager
def web_server(answer: bytes) -> Iterator[int]:
    """A port that reads a request of HTTP, says ``answer`` whatever it was, and hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as file:
                    connection.settimeout(5)
                    length = 0
                    while (line := file.readline()) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    file.read(length)
                    connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        over.set()
        with socket.socket() as wake:
            wake.connect_ex(("127.0.0.1", listening.getsockname()[1]))
        listening.close()
        thread.join(5)


@contextlib.contextmanager
def tls_in_front(port: int, certificate: Certificate | None = None) -> Iterator[tuple[int, str]]:
    """A port that speaks TLS and hands on to another one; with it the authority that signed its certificate."""
    certificate = certificate or make_certificate()
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def hand_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                plain, _ = listening.accept()
                with plain, socket.create_connection(("127.0.0.1", port)) as inner:
                    plain.settimeout(10)
                    with certificate.context().wrap_socket(plain, server_side=True) as outer:
                        back = threading.Thread(target=hand_on, args=(inner, outer), daemon=True)
                        back.start()
                        hand_on(outer, inner)
                        back.join(5)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1]), certificate.authority
    finally:
        over.set()
        with socket.socket() as wake:
            wake.connect_ex(("127.0.0.1", listening.getsockname()[1]))
        listening.close()
        thread.join(5)
