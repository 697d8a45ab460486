"""Pictures come in the background, few at a time, and once."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.core.errors import Unavailable
from app.core.picture_cache import PictureCache
from app.views.core.images import PORTION, ImageProvider
from app.views.core.tasks import TaskManager
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
