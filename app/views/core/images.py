"""Pictures of lists and details: asked for while painting, read in the background, kept by their content.

The key of a picture is the hash of its content, so what is on disk never grows old.  Painting never waits: the
first time there is nothing yet, and `ready` says when to paint again.
"""

import contextlib
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPainterPath, QPixmap

from app.views.core.tasks import READ, TaskManager
from app.views.core.theme import on_theme_change, px, tok

MEMORY = 1500
PORTION = 24
WAITING = 120
_HASH = re.compile(r"[0-9a-f]{16,64}")
FetchImages = Callable[[Any, Sequence[str]], Mapping[str, bytes]]


class Reader(Protocol):
    """The part of the database a picture source needs."""

    def read(self, fn: Callable[..., Any], *args: Any) -> Any: ...


class ImageProvider(QObject):
    """Small pictures by content hash, from memory, from disk, from the database; in this order.

    ``fetch(session, hashes)`` is the service read that gives the bytes of those that exist.

    Signals:
        ready: pictures arrived; whoever painted stand-ins paints again.
    """

    ready = Signal()

    def __init__(
        self, tasks: TaskManager, db: Reader, fetch: FetchImages, folder: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._db, self._fetch, self._folder = tasks, db, fetch, folder
        self._images: OrderedDict[str, QImage | None] = OrderedDict()
        self._pixmaps: OrderedDict[tuple[str, int, float], QPixmap] = OrderedDict()
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._asked: frozenset[str] = frozenset()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._send)
        on_theme_change(self._pixmaps.clear)

    def thumb(self, key: Any, side: int, ratio: float) -> QPixmap | None:
        """The picture on its rounded ground, ``side`` logical pixels square; None while it is not there."""
        name = str(key)
        slot = (name, side, ratio)
        found = self._pixmaps.get(slot)
        if found is not None:
            self._pixmaps.move_to_end(slot)
            return found
        if name not in self._images:
            self._want(name)
            return None
        image = self._images[name]
        if image is None:
            return None
        made = _framed(image, side, ratio)
        self._pixmaps[slot] = made
        if len(self._pixmaps) > MEMORY:
            self._pixmaps.popitem(last=False)
        return made

    def known(self, key: Any) -> bool:
        """Whether it is clear by now what picture belongs to a key."""
        return str(key) in self._images

    def _want(self, name: str) -> None:
        if name in self._asked or not _HASH.fullmatch(name):
            return
        self._waiting[name] = None
        self._waiting.move_to_end(name)
        while len(self._waiting) > WAITING:  # scrolled past: it is asked for again when it is seen again
            self._waiting.popitem(last=False)
        if not self._asked and not self._timer.isActive():
            self._timer.start()

    def _send(self) -> None:
        """Read the ones wanted last first: they are what is on screen."""
        if self._asked or not self._waiting:
            return
        names = list(reversed(self._waiting))[:PORTION]
        for name in names:
            del self._waiting[name]
        self._asked = frozenset(names)
        self._tasks.run(READ, self, lambda: self._load(names), self._arrived)

    def _load(self, names: Sequence[str]) -> dict[str, QImage | None]:
        """Runs in a reader thread: disk first, then one read for the rest; decoding happens here too."""
        found: dict[str, QImage | None] = {}
        missing = []
        for name in names:
            content = self._from_disk(name)
            if content is None:
                missing.append(name)
            else:
                found[name] = _decoded(content)
        if missing:
            contents = self._db.read(self._fetch, missing)
            for name in missing:
                content = contents.get(name)
                found[name] = _decoded(bytes(content)) if content else None
                if content:
                    self._to_disk(name, bytes(content))
        return found

    def _arrived(self, future: "Future[dict[str, QImage | None]]") -> None:
        names, self._asked = self._asked, frozenset()
        if future.exception() is None:
            self._images.update(future.result())
            while len(self._images) > MEMORY:
                self._images.popitem(last=False)
            self.ready.emit()
        elif names:
            self._waiting.clear()  # the server is away; what is painted later asks again
        if self._waiting:
            self._timer.start()

    def _file(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _from_disk(self, name: str) -> bytes | None:
        try:
            return self._file(name).read_bytes()
        except OSError:
            return None

    def _to_disk(self, name: str, content: bytes) -> None:
        file = self._file(name)
        with contextlib.suppress(OSError):  # a full disk costs speed, nothing else
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{name}.{os.getpid()}.part")
            part.write_bytes(content)
            part.replace(file)


def _decoded(content: bytes) -> QImage | None:
    """The picture, None when the bytes are none; huge ones are refused by Qt's own limit."""
    from PySide6.QtCore import QBuffer, QByteArray

    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    image = reader.read()
    return None if image.isNull() else image


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
