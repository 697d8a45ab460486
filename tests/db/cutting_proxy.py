"""A network that loses a connection at the worst moment: before a request arrives, or before its answer does."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class CuttingProxy:
    """Forwards to a local server; `cut` arms it to drop the next connection that sends a word."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._word = b""
        self._lost = ""
        self._refusing = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A blocked accept() does not notice close(); a shutdown or a last visitor does.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._listener.close()
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join(10)

    def cut(self, word: bytes, lost: str) -> None:
        """Drop the connection that next sends `word`; `lost` is the request or the answer."""
        with self._lock:
            self._word, self._lost = word, lost

    def refuse(self, refusing: bool) -> None:
        """Let nobody in any more, as a server that is down; those who are in stay. Or let people in again."""
        self._refusing = refusing

    def _run(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                if self._refusing:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            self._sockets += [client, server]
            mute = threading.Event()
            self._run(self._requests, client, server, mute)
            self._run(self._answers, client, server, mute)

    def _requests(self, client: socket.socket, server: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                with self._lock:
                    hit = bool(self._word) and self._word in data
                    if hit:
                        self._word = b""
                        self.cuts += 1
                if hit and self._lost == "request":
                    break
                if hit:
                    mute.set()
                server.sendall(data)  # the rest of a long request as well; the answer ends it
        _end(client)
        _end(server)

    def _answers(self, client: socket.socket, server: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if mute.is_set():
                    break
                client.sendall(data)
        _end(client)
        _end(server)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
