"""What both peers share: a small HTTP server that answers, or fails in the ways that are switched on."""

import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from app.simulate.quirks import Clock, Counters, Fault, Luck, Quirks

_HTML = b"<!DOCTYPE html><html><head><title>Wartung</title></head><body><h1>Bitte warten</h1></body></html>"


@dataclass(slots=True)
class Request:
    """One request as the peers look at it."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Any
    target: str
    """The address as it was sent."""

    def get(self, name: str) -> str | None:
        """The last value of a parameter."""
        return next((value for key, value in reversed(self.query) if key == name), None)


@dataclass(slots=True)
class Answer:
    """One answer."""

    body: bytes
    status: int = 200
    kind: str = "application/json; charset=UTF-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    sized: bool = True
    """Whether the length of the body is told; an answer to HEAD may leave it out."""


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the peer, writes the answer in one go."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: "_Listener"

    def do_GET(self) -> None:
        """Every method comes here; the peer decides."""
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        path, _, query = self.path.partition("?")
        pairs = [part.partition("=") for part in query.split("&") if part]
        request = Request(
            self.command,
            unquote(path),
            [(unquote(name), unquote(value)) for name, _, value in pairs],
            self.headers,
            self.path,
        )
        self.server.peer.serve(self, request)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def send(self, answer: Answer, *, only: int | None = None) -> None:
        """Write an answer, or only the first bytes of its body although the rest was promised."""
        head = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        head += [f"{name}: {value}" for name, value in answer.headers]
        head += [f"Content-Type: {answer.kind}"]
        head += [f"Content-Length: {len(answer.body)}"] if answer.sized else []
        if only is not None:
            head.append("Connection: close")
            self.close_connection = True
        raw = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        body = b"" if self.command == "HEAD" else answer.body if only is None else answer.body[:only]
        self.wfile.write(raw + body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name is given)
        """Nothing is written while tests run; the command prints what it counts."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = os.name != "nt"  # there it would let two listen on one port

    def __init__(self, address: tuple[str, int], peer: "Peer", tls: ssl.SSLContext | None) -> None:
        super().__init__(address, Handler)
        self.peer = peer
        self.tls = tls
        self.open: set[socket.socket] = set()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Talk to one client; the handshake happens here, so that a bad one does not stop the others."""
        if self.tls is not None:
            request.settimeout(10)
            request = self.tls.wrap_socket(request, server_side=True)
        self.open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self.open.discard(request)
            if self.tls is not None:
                request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is a mistake of the simulator's own, and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Peer:
    """A peer that runs inside this process::

    with FourDServer(make("small")) as server:
        requests.get(server.url + …)
    """

    scheme_path = ""
    """What follows the port in :attr:`url`."""

    def __init__(
        self,
        quirks: Quirks | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.quirks = quirks or Quirks()
        self.clock = clock or Clock()
        self.luck = Luck(self.quirks)
        self.counters = Counters()
        self.lock = threading.RLock()
        self.before: Callable[[Request], None] | None = None
        """Called before a request is answered, for tests that change the data in mid-reading."""
        self.host, self.port = host, port
        self._tls = tls
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    @property
    def url(self) -> str:
        """The address clients are given, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}{self.scheme_path}"

    def start(self) -> None:
        """Listen; after a stop on the same port as before."""
        if self._listener is not None:
            return
        self._ending.clear()
        self._listener = _Listener((self.host, self.port), self, self._tls)
        self.port = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever,
            args=(0.05,),
            name=f"{type(self).__name__}:{self.port}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close every connection: clients meet a closed door."""
        listener, thread = self._listener, self._thread
        if listener is None or thread is None:
            return
        self._listener = None
        self._ending.set()
        listener.shutdown()
        listener.server_close()
        for one in list(listener.open):
            with suppress(OSError):  # it may have gone already
                one.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def fail(self, *faults: Fault | None, where: str = "") -> None:
        """Let the next answers, or those whose address contains ``where``, go wrong; None lets one go well."""
        self.luck.order(faults, where)

    # ---- one request --------------------------------------------------------------------------------------

    def serve(self, handler: Handler, request: Request) -> None:
        """Answer one request, or fail as ordered."""
        if self.quirks.delay:
            self._ending.wait(self.quirks.delay)
        if self.before is not None:
            self.before(request)
        fault = self.luck.draw(unquote(request.target))
        if fault is not None:
            with self.lock:
                self.counters.faults[fault] += 1
        if fault == "close":
            handler.close_connection = True
            return
        if fault == "hang":
            self._ending.wait(300)
            handler.close_connection = True
            return
        answer = self.answer(request) if fault in {None, "cut", "empty"} else self.broken(request, fault)
        if fault == "empty":
            answer.body = b""
        answer.headers += self.headers()
        with self.lock:
            self.counters.statuses[answer.status] += 1
            self.counters.bytes += len(answer.body)
        handler.send(answer, only=len(answer.body) // 2 if fault == "cut" else None)

    def broken(self, request: Request, fault: Fault | None) -> Answer:
        """The answer of a peer that is ill."""
        if fault == "html":
            return Answer(_HTML, 200, "text/html; charset=utf-8")
        status = int(fault or 500)
        return self.error(status, "internal error")

    def headers(self) -> list[tuple[str, str]]:
        """What stands above every answer of this peer."""
        return []

    def error(self, status: int, message: str) -> Answer:
        """An error in the words of this peer."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        """What a healthy peer says."""
        raise NotImplementedError
