"""What the program remembers for a person on this workstation: column layouts, open tabs, theme, recent records."""

import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

log = logging.getLogger("werkbank.settings")
SAVE_MS = 400
FORMAT = 1


class SettingsStore(QObject):
    """A small JSON file, read once and written behind the user's back.

    ``submit`` runs the write somewhere else than in the GUI thread; without it `flush` writes at once.
    """

    def __init__(
        self,
        path: Path,
        submit: Callable[[Callable[[], None]], object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._path = path
        self._submit = submit
        self._values = _read(path)
        self._writing = threading.Lock()
        self._asked = self._written = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self._save_behind)

    def get(self, key: str, default: Any = None) -> Any:
        """The value kept under ``key``."""
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Keep a JSON-able value; None forgets the key."""
        if self._values.get(key) == value:
            return
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        self._timer.start()

    def flush(self) -> None:
        """Write now, in this thread; for the end of the program."""
        if self._timer.isActive():
            self._timer.stop()
            self._write(*self._snapshot())

    def _save_behind(self) -> None:
        number, text = self._snapshot()
        if self._submit is None:
            self._write(number, text)
        else:
            self._submit(lambda: self._write(number, text))

    def _snapshot(self) -> tuple[int, str]:
        self._asked += 1
        # In one line: only so does Python's quick encoder do it, and this is the window's own thread.
        text = json.dumps({"format": FORMAT, "values": self._values}, ensure_ascii=False)
        return self._asked, text

    def _write(self, number: int, text: str) -> None:
        """One at a time, and what was asked for last stays: a worker may still write when the program ends."""
        with self._writing:
            if number > self._written:
                self._written = number
                _write(self._path, text)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        log.warning("settings unreadable, starting with defaults", extra={"path": str(path)})
        return {}
    values = content.get("values") if isinstance(content, dict) and content.get("format") == FORMAT else None
    return values if isinstance(values, dict) else {}


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, so that a crash leaves the old or the new one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError:
        log.exception("settings could not be written")
