"""HTTP that ends: a timeout of `requests` starts anew with every byte, and a server that trickles holds it for ever.

Every connection of a session is known here, and cut when its time is over.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class EndingAdapter(HTTPAdapter):
    """What goes over it within `within` ends in time, with an error like any cut line."""

    def __init__(self) -> None:
        self._lines: list[socket.socket] = []
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have every new connection told of."""
        super().init_poolmanager(*args, **kwargs)
        lines = self._lines

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                lines[:] = [self.sock]

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                lines[:] = [self.sock]

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the line after so many seconds."""
        alarm = threading.Timer(seconds, self._cut)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()

    def _cut(self) -> None:
        for line in list(self._lines):
            with contextlib.suppress(OSError, ValueError):
                # Of the wire below, whatever is spoken over it: who is reading sees its end.
                socket.socket.shutdown(line, socket.SHUT_RDWR)
