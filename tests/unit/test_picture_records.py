"""What a record of the image service says, and which of its files stand for it."""

from typing import Any

import pytest

from app.services.images.fetch import Source, address
from app.services.images.records import File, choose_large, choose_small, parse


def record(**more: Any) -> dict[str, Any]:
    return {
        "original_file": {
            "file_id": 4222, "type": "Produktfoto", "format": "jpeg", "file_url": "https://s.example/media/A.jpeg",
        },
        "exported_files": [
            {"type": "png", "resolution": [266, 200], "image_url": "https://s.example/media/A.png"},
            {"type": "jpg_k", "resolution": [160, 120], "image_url": "https://s.example/media/A_k.jpg"},
            {"type": "jpg_g", "resolution": [1706, 1280], "image_url": "https://s.example/media/A_g.jpg"},
            {"type": "psd"},
        ],
        "articles": [{"number": "910669", "front": False}, {"article_number": 910669, "front": True}],
        **more,
    }  # fmt: skip


def test_a_record_says_which_picture_it_is_and_for_which_articles() -> None:
    found = parse(record())
    assert found is not None
    assert (found.key, found.kind, found.name) == ("4222", "Produktfoto", "A.jpeg")
    assert [(a.number, a.front) for a in found.articles] == [("910669", True)]
    assert found.large is not None
    assert found.small is not None
    assert found.files[found.large].format == "jpg_g"  # the PNG is a thumbnail
    assert found.files[found.small].format == "png"


def test_its_hash_changes_with_what_it_says_and_the_files_hash_only_with_files() -> None:
    one, same = parse(record()), parse(dict(reversed(record().items())))
    other = parse(record(articles=[]))
    moved = parse(record(exported_files=[]))
    assert one is not None and same is not None and other is not None and moved is not None  # noqa: PT018
    assert (one.hash, one.file_hash) == (same.hash, same.file_hash)
    assert one.hash != other.hash
    assert one.file_hash == other.file_hash
    assert moved.file_hash != one.file_hash


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        (["jpg_g", "png", "tiff"], "png"),
        (["jpg_k", "jpg_g", "tiff"], "jpg_g"),
        (["psd"], None),
        (["psd", "tiff"], "tiff"),
        ([], None),
    ],
)
def test_png_before_jpeg_before_the_rest_and_never_psd(formats: list[str], chosen: str | None) -> None:
    files = [File(kind, f"https://s.example/{kind}", 900, 600) for kind in formats]
    found = choose_large(files)
    assert (files[found].format if found is not None else None) == chosen


def test_an_exported_file_comes_before_the_original_and_the_larger_before_the_smaller() -> None:
    files = [
        File("jpeg", "https://s.example/o", 4000, 3000, is_original=True),
        File("jpg_k", "https://s.example/k", 640, 480),
        File("jpg_g", "https://s.example/g", 1280, 960),
    ]
    assert choose_large(files) == 2
    assert choose_large([File("png", "", 900, 600), files[0]]) == 1  # a file without address is none


def test_a_thumbnail_is_a_small_png_or_the_smallest_that_will_do() -> None:
    def best(*sizes: tuple[str, int]) -> int | None:
        return choose_small([File(kind, f"https://s.example/{w}", w, w) for kind, w in sizes])

    assert best(("png", 100), ("png", 266), ("png", 400)) == 1
    assert best(("png", 1000), ("png", 450)) == 1
    assert best(("jpg_g", 1706), ("jpg", 320)) == 1
    assert best(("png", 1000), ("jpg_k", 160)) == 1
    assert best() is None


@pytest.mark.parametrize(
    "raw", [None, 7, [], {}, {"original_file": {}}, {"exported_files": "x", "articles": 3}]
)
def test_what_says_nothing_is_no_record(raw: object) -> None:
    assert parse(raw) is None


def test_without_an_id_the_path_says_which_picture_it_is_whatever_the_host() -> None:
    one = parse({"original_file": {"file_url": "https://a.example/media/B.png", "format": "png"}})
    two = parse({"original_file": {"file_url": "http://b.example:8000/media/B.png", "format": "png"}})
    assert one is not None and two is not None  # noqa: PT018
    assert one.key == two.key
    assert one.key.startswith("url:")


def test_addresses_follow_the_house_and_are_never_files() -> None:
    from app.core.errors import Unavailable

    plain, moved = Source("https://s.example/"), Source("https://s.example/", "https://m.example/pics")
    assert address("http://s.example:8000/media/A.png?x=1", plain) == "http://s.example:8000/media/A.png?x=1"
    assert address("/media/A%20B.png", plain) == "https://s.example/media/A%20B.png"
    assert address("http://inside:8000/media/A.png", moved) == "https://m.example/pics/media/A.png"
    for bad in ("file:///etc/passwd", "ftp://x/y", "media/A.png", ""):
        with pytest.raises(Unavailable):
            address(bad, Source())
    for elsewhere in (
        "http://inside:8000/reboot",
        "http://169.254.169.254/latest",
        "http://s.example@inside/x.png",
        "http://[::1/x.png",
        "//inside/x.png",
    ):
        with pytest.raises(Unavailable):
            address(elsewhere, plain)
