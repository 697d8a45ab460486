"""Product pictures on paper: from this workplace's cache, the database or the image service, as every screen gets them.

A document never waits for a picture longer than `PATIENCE`; what is not there by then is left out.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from PIL import Image
from sqlalchemy.orm import Session

from app.core.errors import AppError
from app.core.picture_cache import PictureCache
from app.core.pictures import opened
from app.services.documents.data import DocumentData
from app.services.images import reads
from app.services.images.fetch import Source
from app.services.images.files import shrunk

PATIENCE = 4.0  # seconds for all pictures of a document together
SIDE = 256  # pixels: some 400 to the inch at the size they are printed
_AT_ONCE = 6


class Fetch(Protocol):
    """Gets pictures from their address (`app.services.images.fetch.PictureFetcher`)."""

    @property
    def knows(self) -> bool: ...

    def learn(self, source: Source | None) -> None: ...

    def __call__(self, url: str) -> bytes: ...


class Paper:
    """Gets pictures for documents.  Without ``cache`` and ``fetch`` only those that are in the database."""

    def __init__(
        self, cache: PictureCache | None = None, fetch: Fetch | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._cache, self._get, self._patience = cache, fetch, patience

    def add(self, session: Session, data: DocumentData) -> DocumentData:
        """The document with the pictures its lines name, as far as they can be had now."""
        wanted = {line.image[1]: line.image[0] for line in data.lines if line.image is not None}
        if not wanted:
            return data
        found = self.get(session, wanted)
        return replace(
            data,
            lines=tuple(
                replace(line, picture=found.get(line.image[1])) if line.image else line for line in data.lines
            ),
        )

    def get(self, session: Session, wanted: Mapping[str, int]) -> dict[str, bytes]:
        """Pictures by the hash of their content, as far as they can be had now; ``wanted`` has their ids."""
        found = self._from_disk(wanted)
        rest = {name: number for name, number in wanted.items() if name not in found}
        return found | self._elsewhere(session, rest) if rest else found

    def _from_disk(self, names: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name in names if self._cache is not None else ():
            for file in (name, f"{name}-full"):  # as the image provider calls them
                content = self._cache.read(file) if self._cache is not None else None
                if content is not None and (made := printable(content)) is not None:
                    found[name] = made
                    break
        return found

    def _elsewhere(self, session: Session, wanted: Mapping[str, int]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        away: list[tuple[str, str]] = []
        for row in reads.thumbnails(session, list(wanted.values())):
            if row.content is None:
                away += [(row.hash, row.url)] if row.url else []
            elif (made := printable(bytes(row.content))) is not None:
                found[row.hash] = made
        if away and self._get is not None:
            if not self._get.knows:
                self._get.learn(reads.source(session))
            found |= self._fetched(self._get, away)
        return found

    def _fetched(self, get: Fetch, files: Sequence[tuple[str, str]]) -> dict[str, bytes]:
        """What arrives in time; what comes later is only kept for the next time."""
        found: dict[str, bytes] = {}
        open_ = deque(files)
        until = time.monotonic() + self._patience

        def work() -> None:
            while time.monotonic() < until:
                try:
                    name, url = open_.popleft()
                except IndexError:
                    return
                try:
                    content = get(url)
                except AppError:
                    continue
                if (made := printable(content)) is not None:
                    found[name] = made
                    if self._cache is not None:
                        self._cache.write(name, content)

        threads = [
            threading.Thread(target=work, name="paper", daemon=True) for _ in range(min(_AT_ONCE, len(files)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return dict(found)


def printable(content: bytes) -> bytes | None:
    """A small JPEG on white, None when the content is no picture."""
    try:
        with opened(content) as image:
            image.load()
            return shrunk(image.convert("RGBA"), SIDE)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
