"""Hears of other people's commits over a connection of its own."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from app.core.changes import Change
from app.core.errors import Unavailable, map_db_error


class Listener:
    """Hears the database's one channel; what changed is asked under the person's own rights."""

    def __init__(
        self, connection: psycopg.Connection[Any], epoch: int, rights_changed: Callable[[], object]
    ) -> None:
        self._connection = connection
        self._epoch = epoch
        self._rights_changed = rights_changed
        connection.execute("LISTEN erp_change")
        self._cursor: str = self._since(None)[0]

    def wait(self, seconds: float, stop: threading.Event | None = None) -> frozenset[Change]:
        """Wait for news at most so long, then ask for it in any case. Raises AppError when the connection ends.

        Includes the person's own changes. A Change without an id means: read the whole topic again. Once `stop` is
        set it returns within a quarter of a second, without asking.
        """
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                if stop is not None and stop.is_set():
                    return frozenset()
                if any(True for _ in self._connection.notifies(timeout=min(left, 0.25), stop_after=1)):
                    break
            self._cursor, changes = self._since(self._cursor)
        except psycopg.Error as error:
            raise map_db_error(error) or Unavailable("server_gone") from error
        return changes

    def _since(self, cursor: str | None) -> tuple[str, frozenset[Change]]:
        row = self._connection.execute("SELECT system.changes_since(%s)", (cursor,)).fetchone()
        assert row is not None
        answer = row[0]
        if answer["epoch"] != self._epoch:
            self._epoch = answer["epoch"]
            self._rights_changed()
        return answer["next"], frozenset(Change(item["topic"], item["id"]) for item in answer["changes"])
