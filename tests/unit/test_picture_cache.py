"""The cache of pictures on disk: bounded, in order of use, never trusted blindly, never in anybody's way."""

import errno
import os
from pathlib import Path

import pytest

from app.core.picture_cache import PictureCache


def name(number: int) -> str:
    return f"{number:064x}"


def file(folder: Path, number: int) -> Path:
    return folder / name(number)[:2] / name(number)


def test_what_was_written_is_read_again_also_by_the_next_start(tmp_path: Path) -> None:
    assert PictureCache(tmp_path).write(name(1), b"picture")
    assert PictureCache(tmp_path).read(name(1)) == b"picture"
    assert PictureCache(tmp_path).read(name(2)) is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"WBP1", b"no picture of ours", b"WBP1" + bytes(32) + b"picture"],
    ids=["empty", "cut", "foreign", "changed"],
)
def test_a_damaged_file_counts_as_missing_and_is_replaced(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    cache = PictureCache(tmp_path)
    cache.write(name(1), b"picture")
    file(tmp_path, 1).write_bytes(damage)
    assert cache.read(name(1)) is None
    assert not file(tmp_path, 1).exists()
    assert cache.write(name(1), b"picture")
    assert cache.read(name(1)) == b"picture"
    caplog.clear()  # it was logged


def test_the_least_recently_used_go_first_and_the_bound_holds(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, limit=10_000)
    for number in range(1, 10):
        cache.write(name(number), bytes(1000))
    cache.read(name(1))
    for number in range(10, 13):
        cache.write(name(number), bytes(1000))
    assert cache.total <= 10_000
    assert sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file()) == cache.total
    assert cache.read(name(1)) is not None
    assert cache.read(name(2)) is None


def test_the_order_of_use_survives_a_restart(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, limit=10_000)
    for number in range(1, 9):
        cache.write(name(number), bytes(1000))
        os.utime(file(tmp_path, number), (number, number))
    PictureCache(tmp_path).read(name(1))
    again = PictureCache(tmp_path, limit=8_500)
    again.write(name(9), bytes(1000))
    assert again.read(name(1)) is not None
    assert again.read(name(2)) is None


def test_a_full_disk_costs_speed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = PictureCache(tmp_path)
    cache.write(name(1), b"picture")
    tries: list[str] = []

    def full(self: PictureCache, _file: Path, part: Path, _content: bytes) -> None:
        tries.append(part.name)
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PictureCache, "_put", full)
    assert not cache.write(name(2), b"other")
    assert not cache.write(name(3), b"third")
    assert len(tries) == 1  # it is not tried again for a while
    assert list(tmp_path.rglob("*.part")) == []
    assert cache.read(name(1)) == b"picture"
    monkeypatch.undo()
    monkeypatch.setattr("app.core.picture_cache.time.monotonic", lambda: 1e12)
    assert cache.write(name(2), b"other")
    caplog.clear()


def test_a_folder_that_cannot_be_made_is_borne(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = PictureCache(tmp_path / "file" / "below")
    assert not cache.write(name(1), b"picture")
    assert cache.read(name(1)) is None
    assert cache.total == 0
    caplog.clear()


def test_no_name_leaves_the_folder(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache")
    for bad in ("../evil", "a/b", "", "A" * 64, "..", "a" * 200):
        assert not cache.write(bad, b"x")
        assert cache.read(bad) is None
    assert not (tmp_path / "cache").exists()
