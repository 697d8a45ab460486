"""HTTP whose answers end in time, also when they trickle."""

import socket
from contextlib import AbstractContextManager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from app.core.deadline import cut_after


class EndingAdapter(HTTPAdapter):
    """For the one connection of a session: what is asked `within` some seconds ends then, like any cut line."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have every new connection told of."""
        super().init_poolmanager(*args, **kwargs)
        adapter = self

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                adapter._line = self.sock

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                adapter._line = self.sock

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Cut the line after so many seconds."""
        return cut_after(seconds, lambda: self._line)
