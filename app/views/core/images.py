"""Pictures of lists, details and terminals: asked for while painting, read in the background, kept by their content.

The key of a picture is the hash of its content, so what is on disk never grows old.  Painting never waits: the
first time there is nothing yet, and `ready` says when to paint again.  Pictures uploaded here come from the
database, those of the image service from their address there; whoever paints need not know which is which.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPainterPath, QPixmap

from app.core import courtesy
from app.core.picture_cache import PictureCache
from app.views.core.tasks import FETCH, FETCHERS, READ, TaskManager
from app.views.core.theme import on_theme_change, px, tok

MEMORY = 64 * 1024 * 1024  # bytes, once for decoded pictures and once for painted ones
PORTION = 24
WAITING = 120
FORMATS = frozenset({b"png", b"jpg", b"jpeg", b"webp", b"gif", b"bmp", b"tif", b"tiff"})
"""What is decoded: drawings (SVG, PDF) may name other files, and a picture has no business with those."""
THUMBNAIL = 128  # pixels; what is drawn larger needs the picture in full
LARGEST = 720
AGAIN = 60.0  # seconds before a picture that could not be had is tried again
FAILED = 5000  # of them are remembered
TOGETHER = 30  # milliseconds in which arrivals are announced as one
_HASH = re.compile(r"[0-9a-f]{16,64}")
T = TypeVar("T")


class Stored(Protocol):
    """A picture as the service gives it: its content, or where that is found."""

    @property
    def id(self) -> int: ...

    @property
    def content(self) -> bytes | None: ...

    @property
    def url(self) -> str | None: ...


class Reader(Protocol):
    """The part of the database a picture source needs."""

    def read(self, fn: Callable[..., Any], *args: Any) -> Any: ...


class Fetcher(Protocol):
    """Gets pictures from their address; called in several threads, `prepare` where the database may be asked."""

    def prepare(self) -> None: ...

    def __call__(self, url: str) -> bytes: ...


class Want(NamedTuple):
    """A picture: its id in the database, the hash of its content, and how many pixels a side it is wanted."""

    id: int
    hash: str
    pixels: int

    @property
    def full(self) -> bool:
        """Whether the thumbnail is too small for it."""
        return self.pixels > THUMBNAIL

    @property
    def source(self) -> str:
        """Name in the cache of what it is made from."""
        return f"{self.hash}-full" if self.full else self.hash

    @property
    def file(self) -> str:
        """Its own name in the cache."""
        return f"{self.hash}-{self.pixels}"


class Loaded(NamedTuple):
    """What a portion brought: pictures, and addresses of those that are elsewhere."""

    found: dict[Want, QImage | None]
    elsewhere: dict[Want, str]


class _Bounded(Generic[T]):
    """The least recently used go first once there are more bytes than allowed."""

    def __init__(self, limit: int) -> None:
        self.limit, self.total = limit, 0
        self._kept: OrderedDict[Any, tuple[T, int]] = OrderedDict()

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def get(self, key: object) -> T | None:
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: object, value: T, size: int) -> None:
        self.total += size - self._kept.pop(key, (None, 0))[1]
        self._kept[key] = (value, size)
        while self.total > self.limit and len(self._kept) > 1:
            self.total -= self._kept.popitem(last=False)[1][1]

    def clear(self) -> None:
        self._kept.clear()
        self.total = 0


class ImageProvider(QObject):
    """Pictures from memory, from disk, from the database, from the image service; in this order.

    A picture is asked for by ``(id, hash)``.  ``thumbnails(session, ids)`` is the service read that gives several
    small ones in one round trip, ``full(session, id)`` one in full; ``fetch(url)`` gets what is at the image service.

    What was asked for last comes first: it is what is on screen.  What nobody painted again since is let go before
    it is fetched.

    Signals:
        ready: pictures arrived; whoever painted stand-ins paints again.
    """

    ready = Signal()

    def __init__(
        self,
        tasks: TaskManager,
        db: Reader,
        cache: PictureCache,
        *,
        thumbnails: Callable[[Any, Sequence[int]], Sequence[Stored]],
        full: Callable[[Any, int], Stored],
        fetch: Fetcher | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._db, self.cache = tasks, db, cache
        self._read_small, self._read_full, self.fetch = thumbnails, full, fetch
        self._images: _Bounded[QImage | None] = _Bounded(MEMORY)
        self._pixmaps: _Bounded[QPixmap] = _Bounded(MEMORY)
        self._best: OrderedDict[str, int] = OrderedDict()
        self._waiting: OrderedDict[Want, None] = OrderedDict()
        self._asked: frozenset[Want] = frozenset()
        self._elsewhere: OrderedDict[Want, str] = OrderedDict()
        self._fetching: dict[str, set[Want]] = {}
        self._failed: dict[str, float] = {}
        self._seen: dict[Want, int] = {}
        self._round = 0
        self._timer = _timer(self, 0, self._send)
        self._tell = _timer(self, TOGETHER, self._announce)
        on_theme_change(self._pixmaps.clear)

    def thumb(self, picture: tuple[int, str], side: int, ratio: float) -> QPixmap | None:
        """The picture on its rounded ground, ``side`` logical pixels square; None while it is not there."""
        want = Want(int(picture[0]), str(picture[1]), min(round(side * ratio), LARGEST))
        slot = (want, side, ratio)
        found = self._pixmaps.get(slot)
        if found is not None:
            return found
        if want not in self._images:
            self._want(want)
            # Another size that is there already bridges the wait.
            other = self._images.get(want._replace(pixels=self._best.get(want.hash, 0)))
            return None if other is None else _framed(other, side, ratio)
        image = self._images.get(want)
        if image is None:
            return None
        made = _framed(image, side, ratio)
        self._pixmaps.put(slot, made, made.width() * made.height() * 4)
        return made

    def missing(self, picture: tuple[int, str], side: int, ratio: float) -> bool:
        """Whether it could not be had in this size a moment ago."""
        want = Want(int(picture[0]), str(picture[1]), min(round(side * ratio), LARGEST))
        failed = self._failed.get(want.source)
        return failed is not None and time.monotonic() - failed < AGAIN

    @property
    def memory(self) -> int:
        """Bytes of pictures held."""
        return self._images.total + self._pixmaps.total

    @property
    def open(self) -> int:
        """How many pictures are waited for."""
        return len(self._waiting) + len(self._asked) + len(self._elsewhere) + len(self._fetching)

    def _want(self, want: Want) -> None:
        if not _HASH.fullmatch(want.hash):
            return
        self._seen[want] = self._round
        if want in self._elsewhere:
            self._elsewhere.move_to_end(want)
            return
        waits = self._fetching.get(want.source)
        if waits is not None:
            waits.add(want)
            return
        if want in self._asked:
            return
        failed = self._failed.get(want.source)
        if failed is not None and time.monotonic() - failed < AGAIN:
            self._seen.pop(want, None)
            return
        self._waiting[want] = None
        self._waiting.move_to_end(want)
        while len(self._waiting) > WAITING:  # scrolled past: it is asked for again when it is seen again
            self._seen.pop(self._waiting.popitem(last=False)[0], None)
        if not self._asked and not self._timer.isActive():
            self._timer.start()

    # -- from disk and database -------------------------------------------------------------------------------

    def _send(self) -> None:
        """Read the ones wanted last first: they are what is on screen."""
        if self._asked or not self._waiting:
            return
        wants = list(reversed(self._waiting))[:PORTION]
        for want in wants:
            del self._waiting[want]
        self._asked = frozenset(wants)
        self._tasks.run(READ, self, lambda: self._load(wants), self._arrived)

    def _load(self, wants: Sequence[Want]) -> Loaded:
        """Runs in a reader thread: disk first, then the database for the rest; decoding happens here too."""
        loaded = Loaded({}, {})
        missing: list[Want] = []
        for want in wants:
            image = self._from_disk(want)
            if image is None:  # not there, or damaged
                missing.append(want)
            else:
                loaded.found[want] = image
        stored: dict[int, Stored] = {}
        small = {want.id for want in missing if not want.full}
        if small:
            stored = {row.id: row for row in self._db.read(self._read_small, sorted(small, reverse=True))}
        for want in missing:
            row = self._db.read(self._read_full, want.id) if want.full else stored.get(want.id)
            if row is not None and row.content is not None:
                loaded.found[want] = self._made(want, bytes(row.content))
            elif row is not None and row.url and self.fetch is not None:
                loaded.elsewhere[want] = row.url
            else:
                loaded.found[want] = None
        if loaded.elsewhere and self.fetch is not None:
            self.fetch.prepare()
        return loaded

    def _from_disk(self, want: Want) -> QImage | None:
        content = self.cache.read(want.file)
        if content is not None:
            image = _decoded(content, want.pixels)
            if image is not None:
                return image
        content = self.cache.read(want.source)
        if content is None and not want.full:
            content = self.cache.read(f"{want.hash}-full")
        image = _decoded(content, want.pixels) if content is not None else None
        if image is not None:
            self._keep(want, image)
        return image

    def _made(self, want: Want, content: bytes) -> QImage | None:
        """The picture in its size, from a source that has just come; both are kept."""
        image = _decoded(content, want.pixels)
        if image is not None:
            self.cache.write(want.source, content)
            self._keep(want, image)
        return image

    def _keep(self, want: Want, image: QImage) -> None:
        content = _encoded(image)
        if content:
            self.cache.write(want.file, content)

    def _arrived(self, future: "Future[Loaded]") -> None:
        self._asked = frozenset()
        if future.exception() is None:
            loaded = future.result()
            for want, image in loaded.found.items():
                self._put(want, image)
            # The newest last, where the next ones are taken from.
            for want, url in reversed(loaded.elsewhere.items()):
                self._elsewhere[want] = url
            if loaded.found:
                self._announce()
            self._pump()
        else:
            self._waiting.clear()  # the server is away; what is painted later asks again
        if self._waiting:
            self._timer.start()

    # -- from the image service -------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Keep the connections busy with what was painted last."""
        while self._elsewhere and len(self._fetching) < FETCHERS:
            want, url = self._elsewhere.popitem()
            if self._seen.get(want, 0) < self._round - 1:
                self._seen.pop(want, None)  # painted twice without it: scrolled past
                continue
            waits = self._fetching.get(want.source)
            if waits is not None:
                waits.add(want)
                continue
            self._fetching[want.source] = {want}
            self._fetch(want, url)

    def _fetch(self, want: Want, url: str) -> None:
        get = self.fetch
        assert get is not None
        self._tasks.run(
            FETCH,
            self,
            lambda: self._made(want, self._got(get, url)),
            lambda future: self._fetched(want, future),
        )

    def _got(self, get: Fetcher, url: str) -> bytes:
        courtesy.step()
        content = get(url)
        courtesy.step()
        return content

    def _fetched(self, want: Want, future: "Future[QImage | None]") -> None:
        others = self._fetching.pop(want.source, set()) - {want}
        image = future.result() if future.exception() is None else None
        if image is None:
            # Away, or something else than a picture: later it is tried again.
            self._failed[want.source] = time.monotonic()
            self._failed.pop(next(iter(self._failed)) if len(self._failed) > FAILED else "", None)
            if want.full:
                self._announce_soon()  # where one is shown large, its place says so
        else:
            self._failed.pop(want.source, None)
            self._put(want, image)
            self._announce_soon()
            for other in others:  # the same picture in another size: its source is on disk now
                self._want(other)
        self._pump()

    # -- both -------------------------------------------------------------------------------------------------

    def _put(self, want: Want, image: QImage | None) -> None:
        self._images.put(want, image, image.sizeInBytes() if image is not None else 64)
        self._seen.pop(want, None)
        if image is not None:
            self._best[want.hash] = max(want.pixels, self._best.get(want.hash, 0))
            self._best.move_to_end(want.hash)
            while len(self._best) > 5000:
                self._best.popitem(last=False)

    def _announce_soon(self) -> None:
        if not self._tell.isActive():
            self._tell.start()

    def _announce(self) -> None:
        self._round += 1
        self.ready.emit()


def _timer(owner: QObject, milliseconds: int, call: Callable[[], None]) -> QTimer:
    made = QTimer(owner)
    made.setSingleShot(True)
    made.setInterval(milliseconds)
    made.timeout.connect(call)
    return made


def _decoded(content: bytes, pixels: int) -> QImage | None:
    """The picture no larger than wanted, None when the bytes are none; huge ones are refused by Qt's own limit."""
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    reader = QImageReader(buffer)
    try:
        image = _read(reader, pixels)
    finally:
        # What reads a TIFF closes its file at its end: the buffer must still be there then, or the program is gone.
        reader.setDevice(None)  # type: ignore[arg-type]  # the stubs do not know that Qt takes none
    if image.isNull():
        return None
    if max(image.width(), image.height()) > pixels:
        return image.scaled(
            QSize(pixels, pixels),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return image


def _read(reader: QImageReader, pixels: int) -> QImage:
    """What the reader makes of it, a null image when that is none of the formats or damaged."""
    reader.setAutoTransform(True)
    if bytes(reader.format().data()).lower() not in FORMATS:
        return QImage()
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > 2 * pixels:
        # The format may decode to a small size much faster; the rest is done smoothly below.
        reader.setScaledSize(size.scaled(2 * pixels, 2 * pixels, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def _encoded(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if image.hasAlphaChannel() or max(image.width(), image.height()) <= THUMBNAIL:
        image.save(buffer, "PNG", 80)  # type: ignore[call-overload]  # the stubs want bytes, Qt wants text
    else:
        image.save(buffer, "JPEG", 92)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


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
    shown = image
    if max(image.width(), image.height()) != pixels:
        shown = image.scaled(
            QSize(pixels, pixels),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    painter.drawImage((pixels - shown.width()) // 2, (pixels - shown.height()) // 2, shown)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
