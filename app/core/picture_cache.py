"""Pictures on the disk of a workplace: bounded in bytes, the least recently used go first, each with its checksum.

What is damaged counts as not there, and what cannot be written is simply not kept: a full or broken disk costs
speed, nothing else.  Several windows may use one folder at the same time.
"""

import contextlib
import hashlib
import logging
import os
import re
import threading
import time
from collections import OrderedDict
from pathlib import Path

log = logging.getLogger("werkbank.pictures")

LIMIT = 512 * 1024 * 1024
_MAGIC = b"WBP1"
_NAME = re.compile(r"[0-9a-z][0-9a-z-]{0,95}")
_TRIM_TO = 0.9  # of the limit, so that not every new picture has to make room
_PAUSE = 60.0  # seconds without trying to write after the disk refused
_OLD_PART = 3600.0


class PictureCache:
    """A folder of pictures by name.  Every method may be called from any thread; none raises for a bad disk.

    ``limit`` is in bytes of all files together.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder, self.limit = folder, limit
        self.damaged = 0
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None
        self._total = 0
        self._paused_until = 0.0

    @property
    def total(self) -> int:
        """Bytes kept now."""
        with self._lock:
            self._known()
            return self._total

    @property
    def paused(self) -> bool:
        """Whether nothing is written for a while, because the disk refused."""
        return time.monotonic() < self._paused_until

    def read(self, name: str) -> bytes | None:
        """The picture; None when it is not there or damaged, in which case it is removed."""
        file = self._file(name)
        if file is None:
            return None
        try:
            content = file.read_bytes()
        except OSError:
            return None
        head = len(_MAGIC) + 32
        body = content[head:]
        if content[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != content[len(_MAGIC) : head]:
            self.damaged += 1
            log.warning("picture in the cache is damaged", extra={"file": name})
            self.remove(name)
            return None
        with self._lock:
            known = self._known()
            self._total += len(content) - known.pop(name, 0)
            known[name] = len(content)
        with contextlib.suppress(OSError):
            os.utime(file)  # the order survives a restart
        return body

    def write(self, name: str, body: bytes) -> bool:
        """Keep a picture; False when it could not be kept."""
        file = self._file(name)
        if file is None or self.paused:
            return False
        content = _MAGIC + hashlib.sha256(body).digest() + body
        if len(content) > self.limit // 4:
            return False
        part = file.with_name(f"{name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            self._put(file, part, content)
        except OSError as error:
            log.warning("picture cache cannot be written", extra={"error": str(error)})
            self._paused_until = time.monotonic() + _PAUSE
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return False
        with self._lock:
            known = self._known()
            self._total += len(content) - known.pop(name, 0)
            known[name] = len(content)
            gone = self._room()
        for other in gone:
            self._unlink(other)
        return True

    def remove(self, name: str) -> None:
        """Forget a picture."""
        with self._lock:
            self._total -= self._known().pop(name, 0)
        self._unlink(name)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            names = list(self._known())
            self._known().clear()
            self._total = 0
        for name in names:
            self._unlink(name)

    def _put(self, file: Path, part: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            out.write(content)
        part.replace(file)

    def _room(self) -> list[str]:
        gone: list[str] = []
        if self._total <= self.limit:
            return gone
        known = self._known()
        while known and self._total > self.limit * _TRIM_TO:
            name, size = known.popitem(last=False)
            self._total -= size
            gone.append(name)
        return gone

    def _known(self) -> "OrderedDict[str, int]":
        """What is there, the longest unused first; read from the disk at the first question."""
        if self._sizes is None:
            found: list[tuple[float, str, int]] = []
            with contextlib.suppress(OSError):
                for shelf in os.scandir(self.folder):
                    with contextlib.suppress(OSError):
                        if shelf.is_dir(follow_symlinks=False):
                            found.extend(self._shelf(shelf.path))
            found.sort()
            self._sizes = OrderedDict((name, size) for _, name, size in found)
            self._total = sum(self._sizes.values())
        return self._sizes

    def _shelf(self, folder: str) -> list[tuple[float, str, int]]:
        found = []
        for entry in os.scandir(folder):
            seen = entry.stat(follow_symlinks=False)
            if entry.name.endswith(".part"):
                if time.time() - seen.st_mtime > _OLD_PART:
                    Path(entry.path).unlink(missing_ok=True)  # left by a crash
            elif _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                found.append((seen.st_mtime, entry.name, seen.st_size))
        return found

    def _unlink(self, name: str) -> None:
        file = self._file(name)
        if file is not None:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)

    def _file(self, name: str) -> Path | None:
        return self.folder / name[:2] / name if _NAME.fullmatch(name) else None
