"""One record of the image service as plain values: its files, its articles, what it is known by.  No session.

Which file stands for the picture is decided here: the formats of a record differ, and the window should not care.
"""

import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE_ENOUGH = 480  # pixels of the longer side: less is a thumbnail, whatever its format
THUMBNAIL_WIDTHS = ((150, 300), (300, 500))
_JPEGS = ("jpg_g", "jpg", "jpeg", "jpg_k")
_FORMATS = {"png": 0, **dict.fromkeys(_JPEGS, 1), "gif": 2, "webp": 2, "bmp": 3, "tif": 4, "tiff": 4}
_NEVER = frozenset({"psd", "psb", "ai", "eps", "pdf"})


@dataclass(frozen=True, slots=True)
class File:
    """One file of a picture.  ``width`` and ``height`` are 0 when the service does not say."""

    format: str
    url: str
    width: int = 0
    height: int = 0
    is_original: bool = False

    @property
    def shown(self) -> bool:
        """Whether a window can show it: there is an address, and the format is one of pictures."""
        return bool(self.url) and self.format not in _NEVER and self.format in _FORMATS

    @property
    def side(self) -> int:
        """The longer side, 0 when unknown."""
        return max(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Article:
    """An article number a picture is meant for, and whether it shows its front."""

    number: str
    front: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A picture of the service.

    ``key`` is what it is known by for ever, ``hash`` changes with anything the service says about it, ``file_hash``
    only with its files: it names the picture in caches.
    """

    key: str
    hash: str
    file_hash: str
    kind: str
    name: str
    files: tuple[File, ...]
    articles: tuple[Article, ...]
    large: int | None
    small: int | None

    def as_json(self) -> dict[str, Any]:
        """What `api.picture_apply` takes."""
        return {
            "key": self.key,
            "hash": self.hash,
            "file_hash": self.file_hash,
            "kind": self.kind,
            "name": self.name,
            "files": [
                {
                    "position": number,
                    "format": file.format,
                    "url": file.url or None,
                    "width": file.width or None,
                    "height": file.height or None,
                    "is_original": file.is_original,
                    "is_large": number == self.large,
                    "is_small": number == self.small,
                }
                for number, file in enumerate(self.files)
            ],
            "articles": [{"number": a.number, "is_front": a.front} for a in self.articles],
        }


def parse(raw: object) -> Record | None:
    """The record of one entry of a page; None when nothing in it says which picture it is."""
    if not isinstance(raw, Mapping):
        return None
    original = raw.get("original_file")
    original = original if isinstance(original, Mapping) else {}
    files = _files(original, raw.get("exported_files"))
    key = _key(raw, original, files)
    if key is None:
        return None
    large, small = choose_large(files), choose_small(files)
    name = _text(original.get("name")) or _text(original.get("file_name"))
    if not name:
        address = next((file.url for file in reversed(files) if file.url), "")
        name = unquote(posixpath.basename(urlsplit(address).path))
    return Record(
        key=key,
        hash=_hash(raw),
        file_hash=_hash([original, raw.get("exported_files")]),
        kind=_text(original.get("type"))[:60],
        name=name[:300],
        files=files,
        articles=_articles(raw.get("articles")),
        large=large,
        small=small,
    )


def choose_large(files: Sequence[File]) -> int | None:
    """Position of the file that stands for the picture: PNG before JPEG before the original, never PSD.

    Files known to be thumbnails come last, so that a small PNG never hides a large JPEG; of several files of the
    same rank the largest is taken, and exported ones come before the original.
    """
    shown = [number for number, file in enumerate(files) if file.shown]
    if not shown:
        return None

    def rank(number: int) -> tuple[bool, int, bool, int, int]:
        file = files[number]
        tiny = 0 < file.side < LARGE_ENOUGH
        jpeg = _JPEGS.index(file.format) if file.format in _JPEGS else 0
        return tiny, _FORMATS[file.format] + 2 * file.is_original, file.is_original, -file.side, jpeg

    return min(shown, key=rank)


def choose_small(files: Sequence[File]) -> int | None:
    """Position of the file for lists: a PNG of 150 to 300 pixels, then up to 500, else the smallest that will do."""
    shown = [(number, file) for number, file in enumerate(files) if file.shown]
    for least, most in THUMBNAIL_WIDTHS:
        fitting = [(f.width, n) for n, f in shown if f.format == "png" and least <= f.width <= most]
        if fitting:
            return min(fitting)[1]
    known = [(f.side, n) for n, f in shown if f.side >= THUMBNAIL_WIDTHS[0][0]]
    small = [(n, f) for n, f in shown if f.format == "jpg_k"]
    if small:
        return small[0][0]
    return min(known)[1] if known else choose_large(files)


def _files(original: Mapping[str, Any], exported: object) -> tuple[File, ...]:
    made = []
    for entry in exported if isinstance(exported, list) else ():
        if isinstance(entry, Mapping):
            width, height = _size(entry.get("resolution"))
            address = _text(entry.get("image_url") or entry.get("file_url") or entry.get("url"))
            made.append(
                File(_format(entry.get("type") or entry.get("format"), address), address, width, height)
            )
    address = _text(original.get("file_url") or original.get("image_url"))
    if address or original.get("format"):
        width, height = _size(original.get("resolution"))
        made.append(File(_format(original.get("format"), address), address, width, height, True))
    return tuple(made)


def _articles(found: object) -> tuple[Article, ...]:
    fronts: dict[str, bool] = {}
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, Mapping):
            number = _text(entry.get("number", entry.get("article_number")))[:60]
            if number:
                fronts[number] = fronts.get(number, False) or entry.get("front") is True
    return tuple(Article(number, front) for number, front in fronts.items())


def _key(raw: Mapping[str, Any], original: Mapping[str, Any], files: Sequence[File]) -> str | None:
    if own := _text(original.get("file_id")):
        return own[:120]
    if own := _text(raw.get("id")):
        return f"record:{own}"[:120]
    address = next((file.url for file in reversed(files) if file.url), "")
    # The host changes with the address of the service, the path does not.
    return f"url:{hashlib.sha256(urlsplit(address).path.encode()).hexdigest()[:32]}" if address else None


def _format(value: object, address: str) -> str:
    word = _text(value).lower().removeprefix("image/")
    if not word:
        word = posixpath.splitext(urlsplit(address).path)[1].lower().lstrip(".")
    return word[:20]


def _size(value: object) -> tuple[int, int]:
    if isinstance(value, list | tuple) and len(value) == 2:
        width, height = value
        if isinstance(width, int | float) and isinstance(height, int | float):
            return max(0, int(width)), max(0, int(height))
    return 0, 0


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # numbers may come as 910669.0
    return "" if value is None or isinstance(value, bool) else str(value).strip()


def _hash(value: object) -> str:
    """Hex sha256 of the value written in one way only."""
    written = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(written.encode()).hexdigest()
