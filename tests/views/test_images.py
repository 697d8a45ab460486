"""Pictures come in the background, few at a time, and once; those of the image service from their own address."""

import errno
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.core.errors import Unavailable
from app.core.picture_cache import PictureCache
from app.services.images.fetch import PictureFetcher, Source
from app.simulate.data import House
from app.simulate.data import make as house_of
from app.simulate.images import ImageServer
from app.views.catalog.product_cards import PictureField
from app.views.core import images as images_module
from app.views.core.images import PORTION, ImageProvider
from app.views.core.tasks import TaskManager
from app.views.core.theme import px, tok
from tests.views.list_world import Memory


class Stored(NamedTuple):
    """A picture in the database, or its address."""

    id: int
    content: bytes | None
    url: str | None = None


def png(colour: str, side: int = 64) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(made, "PNG")
    return made.getvalue()


class Shelf:
    """The service: remembers what was read."""

    def __init__(self) -> None:
        self.read: list[list[int]] = []
        self.full_read: list[int] = []
        self.broken: set[int] = set()
        self.away = False

    def thumbnails(self, _session: Any, ids: Sequence[int]) -> list[Stored]:
        if self.away:
            raise Unavailable("server_gone")
        self.read.append(list(ids))
        return [Stored(n, b"no picture" if n in self.broken else png("red")) for n in ids if n < 900]

    def full(self, _session: Any, picture: int) -> Stored:
        self.full_read.append(picture)
        return Stored(picture, png("blue", 2000))


def key(number: int) -> tuple[int, str]:
    return number, f"{number:064x}"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def tasks(qapp: QApplication) -> Iterator[TaskManager]:
    made = TaskManager(qapp)
    yield made
    made.shutdown()


Make = Callable[[], ImageProvider]


@pytest.fixture
def make(tasks: TaskManager, shelf: Shelf, tmp_path: Path) -> Make:
    return lambda: ImageProvider(
        tasks, Memory(), PictureCache(tmp_path), thumbnails=shelf.thumbnails, full=shelf.full, parent=tasks
    )


def wait(qtbot: Any, images: ImageProvider, number: int, side: int = 28) -> None:
    qtbot.waitUntil(lambda: images.thumb(key(number), side, 1.0) is not None)


def test_painting_never_waits_and_is_told_when_to_paint_again(qtbot: Any, make: Make, shelf: Shelf) -> None:
    images = make()
    with qtbot.waitSignal(images.ready):
        assert images.thumb(key(1), 28, 2.0) is None
    shown = images.thumb(key(1), 28, 2.0)
    assert shown is not None
    assert (shown.width(), shown.devicePixelRatio()) == (56, 2.0)
    assert shown.toImage().pixelColor(28, 28) == QColor("red")


def test_a_picture_is_read_once_and_then_comes_from_disk(qtbot: Any, make: Make, shelf: Shelf) -> None:
    wait(qtbot, make(), 1)
    wait(qtbot, make(), 1)
    assert shelf.read == [[1]]


def test_what_is_on_screen_now_comes_before_what_was_scrolled_past(
    qtbot: Any, make: Make, shelf: Shelf
) -> None:
    images = make()
    for number in range(1, 400):
        images.thumb(key(number), 28, 1.0)
    wait(qtbot, images, 399)
    assert shelf.read[0] == list(range(399, 399 - PORTION, -1))
    qtbot.waitUntil(lambda: 281 in shelf.read[-1])
    assert not any(1 in portion for portion in shelf.read)


def test_what_is_no_picture_and_what_is_missing_is_asked_for_once(
    qtbot: Any, make: Make, shelf: Shelf, tasks: TaskManager
) -> None:
    shelf.broken = {2}
    images = make()
    with qtbot.waitSignal(images.ready):
        images.thumb(key(2), 28, 1.0)
        images.thumb(key(901), 28, 1.0)
    assert images.thumb(key(2), 28, 1.0) is None
    assert images.thumb(key(901), 28, 1.0) is None
    qtbot.waitUntil(lambda: tasks.idle)
    assert len(shelf.read) == 1


def test_large_is_read_in_full_and_the_small_one_bridges_the_wait(
    qtbot: Any, make: Make, shelf: Shelf
) -> None:
    images = make()
    wait(qtbot, images, 1)
    bridge = images.thumb(key(1), 112, 2.0)
    assert bridge is not None
    with qtbot.waitSignal(images.ready):
        pass
    large = images.thumb(key(1), 112, 2.0)
    assert large is not None
    assert large.toImage().pixelColor(112, 112) == QColor("blue")
    assert shelf.full_read == [1]


def test_a_server_that_was_away_is_asked_again(
    qtbot: Any, make: Make, shelf: Shelf, tasks: TaskManager
) -> None:
    shelf.away = True
    images = make()
    images.thumb(key(1), 28, 1.0)
    qtbot.waitUntil(lambda: tasks.idle)
    shelf.away = False
    wait(qtbot, images, 1)


def test_a_hash_cannot_leave_the_cache(qtbot: Any, make: Make, shelf: Shelf, tmp_path: Path) -> None:
    images = make()
    assert images.thumb((1, "../../etc/passwd"), 28, 1.0) is None
    QApplication.processEvents()
    assert shelf.read == []


# -- pictures of the image service ------------------------------------------------------------------------------


class Rack(Shelf):
    """Pictures that are at the image service."""

    def __init__(self, server: ImageServer) -> None:
        super().__init__()
        self.source = Source(server.url)
        self.files = [
            file["image_url"]
            for record in server.records
            for file in record["exported_files"]
            if file["type"] == "png" and file.get("image_url")
        ]

    def thumbnails(self, _session: Any, ids: Sequence[int]) -> list[Stored]:
        self.read.append(list(ids))
        return [Stored(n, None, self.files[n % len(self.files)]) for n in ids]

    def full(self, _session: Any, picture: int) -> Stored:
        self.full_read.append(picture)
        return Stored(picture, None, self.files[picture % len(self.files)])


@pytest.fixture(scope="module")
def house() -> House:
    return house_of("small")


@pytest.fixture
def server(house: House) -> Iterator[ImageServer]:
    with ImageServer(house) as made:
        yield made


@pytest.fixture
def rack(server: ImageServer) -> Rack:
    return Rack(server)


@pytest.fixture
def far(tasks: TaskManager, rack: Rack, tmp_path: Path) -> Iterator[Make]:
    fetchers: list[PictureFetcher] = []

    def make() -> ImageProvider:
        fetchers.append(PictureFetcher(lambda: rack.source))
        return ImageProvider(
            tasks,
            Memory(),
            PictureCache(tmp_path),
            thumbnails=rack.thumbnails,
            full=rack.full,
            fetch=fetchers[-1],
            parent=tasks,
        )

    yield make
    for fetcher in fetchers:
        fetcher.close()


def asked(server: ImageServer) -> int:
    return server.counters.requests["media"]


def test_a_picture_of_the_service_is_fetched_once_and_then_comes_from_disk(
    qtbot: Any, far: Make, server: ImageServer, rack: Rack
) -> None:
    wait(qtbot, far(), 1)
    assert asked(server) == 1
    server.stop()
    wait(qtbot, far(), 1)  # the next start, the service away: no question to anybody
    assert (rack.read, asked(server)) == ([[1]], 1)


def test_other_sizes_of_the_same_picture_are_made_from_the_one_that_is_there(
    qtbot: Any, far: Make, server: ImageServer
) -> None:
    images = far()
    for side, ratio in ((28, 1.0), (28, 2.0), (32, 1.5), (64, 1.0)):
        images.thumb(key(1), side, ratio)
    for side, ratio in ((28, 1.0), (28, 2.0), (32, 1.5), (64, 1.0)):
        qtbot.waitUntil(
            lambda side=side, ratio=ratio: (
                (shown := images.thumb(key(1), side, ratio)) is not None
                and shown.width() == round(side * ratio)
            )
        )
    assert asked(server) == 1


def test_what_is_painted_again_is_fetched_and_what_was_scrolled_past_is_not(
    qtbot: Any, far: Make, server: ImageServer, tasks: TaskManager
) -> None:
    server.quirks.delay = 0.03
    images = far()
    seen = [range(1, 61)]

    def paint() -> None:
        for number in seen[0]:
            images.thumb(key(number), 28, 1.0)

    images.ready.connect(paint)
    paint()
    qtbot.waitUntil(lambda: asked(server) >= 8)
    seen[0] = range(200, 210)  # scrolled on
    paint()
    qtbot.waitUntil(lambda: all(images.thumb(key(n), 28, 1.0) is not None for n in seen[0]))
    qtbot.waitUntil(lambda: images.open == 0)
    assert asked(server) < 60


def test_a_service_that_is_away_or_ill_harms_nobody_and_is_asked_again(
    qtbot: Any, far: Make, server: ImageServer, tasks: TaskManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = far()
    server.fail("html", where="/media/")
    server.fail("500", where="/media/")
    for number in (1, 2):
        images.thumb(key(number), 28, 1.0)
        qtbot.waitUntil(lambda: images.open == 0)
        assert images.thumb(key(number), 28, 1.0) is None
    assert asked(server) == 2
    images.thumb(key(1), 28, 1.0)
    qtbot.waitUntil(lambda: tasks.idle)
    assert asked(server) == 2  # not at every painting
    monkeypatch.setattr("app.views.core.images.AGAIN", 0.0)
    wait(qtbot, images, 1)


def test_the_place_of_a_large_picture_that_cannot_be_had_shows_the_small_one_and_says_so(
    qtbot: Any, far: Make, server: ImageServer
) -> None:
    images = far()
    wait(qtbot, images, 1, images_module.THUMBNAIL)
    empty = far()  # the next start: the small one is on disk
    server.stop()
    field = PictureField(empty)
    qtbot.addWidget(field)
    field.resize(320, field.height())
    field.show_key(key(1))
    field.show()
    qtbot.waitUntil(
        lambda: empty.missing(key(1), field.height() - 2 * px("gap_s"), field.devicePixelRatioF())
    )
    assert not empty.missing(key(1), images_module.THUMBNAIL, 1.0), "the small one is there"
    ground = tok("photo").lightness()
    qtbot.waitUntil(
        lambda: abs(field.grab().toImage().pixelColor(field.width() // 2, 40).lightness() - ground) > 5,
    )
    low = field.grab().copy(0, field.height() - px("gap_l"), field.width(), px("gap_l")).toImage()

    ink = tok("text2").lightness()
    assert any(
        low.pixelColor(x, y).lightness() <= ink + 20 for x in range(low.width()) for y in range(low.height())
    ), "a word at the foot"


def test_what_is_damaged_on_disk_is_fetched_again(
    qtbot: Any, far: Make, server: ImageServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wait(qtbot, far(), 1)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-5])
    wait(qtbot, far(), 1)
    assert asked(server) == 2
    caplog.clear()


def test_a_full_disk_still_shows_pictures(
    qtbot: Any,
    far: Make,
    server: ImageServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PictureCache, "_put", full)
    images = far()
    wait(qtbot, images, 1)
    wait(qtbot, images, 2)
    assert asked(server) == 2
    caplog.clear()


def test_memory_is_bounded_in_bytes(qtbot: Any, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.views.core.images.MEMORY", 100_000)
    images = make()
    for number in range(1, 40):
        wait(qtbot, images, number, 64)
    assert images.memory <= 200_000


def test_pictures_of_every_format_are_read_in_many_threads(qapp: QApplication) -> None:
    files = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        made = io.BytesIO()
        Image.new("RGB", (400, 300), "red").save(made, kind)
        files += [made.getvalue()] * (60 if kind == "TIFF" else 4)  # a TIFF is let go of in the right order
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda content: images_module._decoded(content, 96), files))
    assert {(one.width(), one.height()) for one in found if one is not None} == {(96, 72)}
    assert None not in found
