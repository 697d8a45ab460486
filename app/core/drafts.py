"""The draft journal: what is typed but not saved survives a crash of program, computer or connection.

One SQLite file per login, written through to the disk (WAL, synchronous FULL).  Its owner calls it from one
worker thread at a time; nothing here is read while the program runs, except at its start.
"""

import json
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved work on one record: ``key`` is ``topic:id`` (``topic:new:…`` for a new one)."""

    key: str
    payload: dict[str, Any]
    saved_at: datetime


def pack(value: Any) -> Any:
    """Make a value JSON-able without losing what it is: Decimal, date and datetime are tagged."""
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, dict):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [pack(item) for item in value]
    return value


def unpack(value: Any) -> Any:
    """The opposite of `pack`; sequences come back as lists."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1:
            if "$decimal" in value:
                return Decimal(value["$decimal"])
            if "$time" in value:
                return datetime.fromisoformat(value["$time"])
            if "$date" in value:
                return date.fromisoformat(value["$date"])
        return {key: unpack(item) for key, item in value.items()}
    return value


class DraftJournal:
    """Keeps drafts in ``path``.  A file that is no journal any more is put aside, never overwritten."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError:
            path.replace(path.with_suffix(f".broken-{datetime.now(UTC):%Y%m%d%H%M%S}"))
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS draft (key TEXT PRIMARY KEY, payload TEXT NOT NULL, saved_at TEXT NOT NULL)"
            )
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def put(self, key: str, payload: dict[str, Any]) -> None:
        """Keep ``payload`` under ``key``; it is on the disk when this returns."""
        text = json.dumps(pack(payload), ensure_ascii=False)
        with self._lock:
            self._connection.execute(
                "INSERT INTO draft (key, payload, saved_at) VALUES (?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, saved_at = excluded.saved_at",
                (key, text, datetime.now(UTC).isoformat()),
            )

    def drop(self, key: str) -> None:
        """Forget a draft: it was saved, or the user does not want it."""
        with self._lock:
            self._connection.execute("DELETE FROM draft WHERE key = ?", (key,))

    def all(self) -> list[Draft]:
        """Every draft, the oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, payload, saved_at FROM draft ORDER BY saved_at"
            ).fetchall()
        return [Draft(key, unpack(json.loads(text)), datetime.fromisoformat(at)) for key, text, at in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
