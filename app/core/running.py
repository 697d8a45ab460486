"""A read at work, which can be stopped."""

import threading
from contextlib import suppress
from typing import Any

import psycopg


class Running:
    """A read at work. The lock keeps its connection with it while it is being stopped, so that no other is hit."""

    def __init__(self, driver: Any) -> None:
        self.stopped = False
        self._driver = driver
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Cancel it at the server, unless it is over."""
        with self._lock:
            if self._driver is not None:
                self.stopped = True
                with suppress(psycopg.Error):
                    self._driver.cancel_safe(timeout=5)

    def end(self) -> None:
        """It is over: the connection may serve another."""
        with self._lock:
            self._driver = None
