"""Pictures of lists and details: asked for while painting, read in the background, kept by their content.

The key of a picture is the hash of its content, so what is on disk never grows old.  Painting never waits: the
first time there is nothing yet, and `ready` says when to paint again.
"""

import contextlib
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QBuffer, QByteArray, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPainterPath, QPixmap

from app.views.core.tasks import READ, TaskManager
from app.views.core.theme import on_theme_change, px, tok

MEMORY = 1500
PORTION = 24
WAITING = 120
THUMBNAIL = 128  # pixels; what is drawn larger needs the picture in full
LARGEST = 720
_HASH = re.compile(r"[0-9a-f]{16,64}")


class Stored(Protocol):
    """A picture as the service gives it."""

    @property
    def id(self) -> int: ...

    @property
    def content(self) -> bytes: ...


class Reader(Protocol):
    """The part of the database a picture source needs."""

    def read(self, fn: Callable[..., Any], *args: Any) -> Any: ...


class Key(NamedTuple):
    """A picture: its id in the database, the hash of its content, and whether it is wanted in full."""

    id: int
    hash: str
    full: bool

    @property
    def file(self) -> str:
        """Its name in the cache on disk."""
        return f"{self.hash}{'-full' if self.full else ''}"


class ImageProvider(QObject):
    """Small pictures from memory, from disk, from the database; in this order.

    A picture is asked for by ``(id, hash)``.  ``thumbnails(session, ids)`` is the service read that gives several
    small ones in one round trip, ``full(session, id)`` one in full.

    Signals:
        ready: pictures arrived; whoever painted stand-ins paints again.
    """

    ready = Signal()

    def __init__(
        self,
        tasks: TaskManager,
        db: Reader,
        folder: Path,
        *,
        thumbnails: Callable[[Any, Sequence[int]], Sequence[Stored]],
        full: Callable[[Any, int], Stored],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._db, self._folder = tasks, db, folder
        self._read_small, self._read_full = thumbnails, full
        self._images: OrderedDict[Key, QImage | None] = OrderedDict()
        self._pixmaps: OrderedDict[tuple[Key, int, float], QPixmap] = OrderedDict()
        self._waiting: OrderedDict[Key, None] = OrderedDict()
        self._asked: frozenset[Key] = frozenset()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._send)
        on_theme_change(self._pixmaps.clear)

    def thumb(self, picture: tuple[int, str], side: int, ratio: float) -> QPixmap | None:
        """The picture on its rounded ground, ``side`` logical pixels square; None while it is not there."""
        key = Key(int(picture[0]), str(picture[1]), side * ratio > THUMBNAIL)
        slot = (key, side, ratio)
        found = self._pixmaps.get(slot)
        if found is not None:
            self._pixmaps.move_to_end(slot)
            return found
        if key not in self._images:
            self._want(key)
            # A small one that is there already bridges the wait for the large one.
            small = self._images.get(key._replace(full=False)) if key.full else None
            return None if small is None else _framed(small, side, ratio)
        image = self._images[key]
        if image is None:
            return None
        made = _framed(image, side, ratio)
        self._pixmaps[slot] = made
        if len(self._pixmaps) > MEMORY:
            self._pixmaps.popitem(last=False)
        return made

    def _want(self, key: Key) -> None:
        if key in self._asked or not _HASH.fullmatch(key.hash):
            return
        self._waiting[key] = None
        self._waiting.move_to_end(key)
        while len(self._waiting) > WAITING:  # scrolled past: it is asked for again when it is seen again
            self._waiting.popitem(last=False)
        if not self._asked and not self._timer.isActive():
            self._timer.start()

    def _send(self) -> None:
        """Read the ones wanted last first: they are what is on screen."""
        if self._asked or not self._waiting:
            return
        keys = list(reversed(self._waiting))[:PORTION]
        for key in keys:
            del self._waiting[key]
        self._asked = frozenset(keys)
        self._tasks.run(READ, self, lambda: self._load(keys), self._arrived)

    def _load(self, keys: Sequence[Key]) -> dict[Key, QImage | None]:
        """Runs in a reader thread: disk first, then the database for the rest; decoding happens here too."""
        found: dict[Key, QImage | None] = {}
        missing: list[Key] = []
        for key in keys:
            content = self._from_disk(key)
            image = _decoded(content) if content is not None else None
            if image is None:  # not there, or damaged
                missing.append(key)
            else:
                found[key] = image
        contents: dict[Key, bytes] = {}
        small = {key.id: key for key in missing if not key.full}
        if small:
            for stored in self._db.read(self._read_small, list(small)):
                if stored.id in small:
                    contents[small[stored.id]] = bytes(stored.content)
        for key in missing:
            if key.full:
                contents[key] = bytes(self._db.read(self._read_full, key.id).content)
            found[key] = _decoded(contents[key]) if key in contents else None
            if key in contents:
                self._to_disk(key, contents[key])
        return found

    def _arrived(self, future: "Future[dict[Key, QImage | None]]") -> None:
        self._asked = frozenset()
        if future.exception() is None:
            self._images.update(future.result())
            while len(self._images) > MEMORY:
                self._images.popitem(last=False)
            self.ready.emit()
        else:
            self._waiting.clear()  # the server is away; what is painted later asks again
        if self._waiting:
            self._timer.start()

    def _file(self, key: Key) -> Path:
        return self._folder / key.hash[:2] / key.file

    def _from_disk(self, key: Key) -> bytes | None:
        try:
            return self._file(key).read_bytes()
        except OSError:
            return None

    def _to_disk(self, key: Key, content: bytes) -> None:
        file = self._file(key)
        with contextlib.suppress(OSError):  # a full disk costs speed, nothing else
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{key.file}.{os.getpid()}.part")
            part.write_bytes(content)
            part.replace(file)


def _decoded(content: bytes) -> QImage | None:
    """The picture, None when the bytes are none; huge ones are refused by Qt's own limit."""
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        return None
    if max(image.width(), image.height()) > LARGEST:
        side = QSize(LARGEST, LARGEST)
        return image.scaled(
            side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return image


def _framed(image: QImage, side: int, ratio: float) -> QPixmap:
    """The picture inside a rounded square of the picture ground."""
    pixels = round(side * ratio)
    made = QPixmap(QSize(pixels, pixels))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    radius = (px("radius_key") if side <= px("row_two") else px("radius_card")) * ratio
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, pixels, pixels), radius, radius)
    painter.setClipPath(path)
    painter.fillPath(path, tok("photo"))
    shown = image.scaled(
        QSize(pixels, pixels), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    painter.drawImage((pixels - shown.width()) // 2, (pixels - shown.height()) // 2, shown)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
