"""The files behind the records, for whoever leads: which were replaced under their address, which need the password.

A record says nothing of a file that was replaced by hand, so every file in use is asked for its mark: ETag, else date
and length.  Files the service gives to nobody without its password are copied, since nobody else has it.
"""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from PIL import Image

from app.core.errors import AppError, Unavailable
from app.core.pictures import opened
from app.services.images.client import Service, Verify
from app.services.images.fetch import LARGEST, Source, address

WORKERS = 6
TIMEOUT = (3.0, 10.0)
ENOUGH_FAILURES = (
    12  # one after the other: then the place of the files is away, and nothing is asked until the next run
)
COPY_SIDE = 1280  # pixels; copies are for screens and paper, the original stays where it is
COPY_AS_IT_IS = 300_000  # bytes; what is larger is set anew


class Known(NamedTuple):
    """A file as it was when it was looked at last."""

    id: int
    url: str
    mark: str | None
    copied: bool


class Seen(NamedTuple):
    """What is new about a file; ``content`` is the copy, of which there is none unless ``brought``."""

    id: int
    mark: str
    brought: bool = False
    content: bytes | None = None


class FileReader:
    """Looks at files, several at a time.  `failures` counts those that could not be had, `away`: it gave up."""

    def __init__(self, service: Service, source: Source) -> None:
        self._service, self._source = service, source
        self._here = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()
        self._verify = Verify(service)
        self._in_a_row = 0
        self._ended = False
        self.signs_in = False
        self.failures = 0

    @property
    def away(self) -> bool:
        """Whether so many failed one after the other that asking on makes no sense."""
        return self._in_a_row >= ENOUGH_FAILURES

    def look(self, files: Sequence[Known], check: Callable[[], None]) -> Iterator[Seen]:
        """What is new about them; ``check`` is called at least once a second and may raise."""
        pool = ThreadPoolExecutor(WORKERS, "pictures")
        try:
            open_: set[Future[Seen | None]] = {pool.submit(self._one, file) for file in files}
            while open_:
                check()
                done, open_ = wait(open_, timeout=1.0, return_when="FIRST_COMPLETED")
                yield from (seen for one in done if (seen := one.result()) is not None)
        finally:
            self._ended = True
            pool.shutdown(wait=True, cancel_futures=True)
            self._ended = False

    def close(self) -> None:
        """End the connections."""
        for session in self._sessions:
            session.close()
        self._verify.close()

    def _one(self, file: Known) -> Seen | None:
        if self._ended or self.away:
            return None
        try:
            found = self._look(file)
        except (AppError, requests.exceptions.RequestException):
            with self._lock:
                self.failures += 1
                self._in_a_row += 1
            return None
        self._in_a_row = 0
        return found

    def _look(self, file: Known) -> Seen | None:
        where = address(file.url, self._source)
        head = self._ask("HEAD", where)
        if head.status_code in (405, 501):
            head = self._ask("GET", where)
        if head.status_code != 200:
            if head.status_code in (404, 410):
                return None  # the record is wrong about it, as some are
            raise Unavailable("image_service_status", url=where, status=head.status_code)
        mark = _mark(head.headers)
        if not self._needs_copy(where):
            same = mark in ("", file.mark) and not file.copied
            return None if same else Seen(file.id, mark, brought=file.copied)
        if file.copied and mark in ("", file.mark):
            return None
        content = self._content(where)
        return Seen(file.id, mark or f"sha256:{hashlib.sha256(content).hexdigest()}", True, copy_of(content))

    def _ask(self, method: str, where: str) -> requests.Response:
        """The head of an answer; with the password once the service has asked for it."""
        signs_in = self._needs_copy(where)
        answer = self._send(method, where, signs_in)
        if answer.status_code in (401, 403) and not signs_in and self._is_ours(where):
            self.signs_in = True
            answer = self._send(method, where, signs_in=True)
        return answer

    def _send(self, method: str, where: str, signs_in: bool) -> requests.Response:
        auth = (self._service.username, self._service.password) if signs_in else None
        with self._session().request(
            method, where, timeout=TIMEOUT, auth=auth, stream=True, allow_redirects=False
        ) as answer:
            return answer

    def _content(self, where: str) -> bytes:
        auth = (self._service.username, self._service.password)
        parts, size = [], 0
        with self._session().get(
            where, timeout=TIMEOUT, auth=auth, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code != 200:
                raise Unavailable("image_service_status", url=where, status=answer.status_code)
            for chunk in answer.iter_content(256 * 1024):
                size += len(chunk)
                parts.append(chunk)
                if size > LARGEST or self._ended:
                    raise Unavailable("image_service_slow", url=where)
            expected = answer.headers.get("Content-Length", "")
            if expected.isdigit() and "Content-Encoding" not in answer.headers and size != int(expected):
                raise Unavailable("image_service_cut", url=where)
        return b"".join(parts)

    def _needs_copy(self, where: str) -> bool:
        return self.signs_in and self._is_ours(where)

    def _is_ours(self, where: str) -> bool:
        """Whether the password may be shown there: to the very server it was given for, and no other."""
        ours, there = urlsplit(self._service.base_url), urlsplit(where)
        return bool(self._service.username) and (ours.scheme, ours.netloc) == (there.scheme, there.netloc)

    def _session(self) -> requests.Session:
        made: requests.Session | None = getattr(self._here, "session", None)
        if made is None:
            made = requests.Session()
            made.trust_env = False
            made.verify = self._verify.value
            self._here.session = made
            with self._lock:
                self._sessions.append(made)
        return made


def copy_of(content: bytes) -> bytes | None:
    """The picture as it is kept here: small ones as they are, large ones set anew; None when it is no picture."""
    try:
        with opened(content) as image:
            image.load()
            if len(content) <= COPY_AS_IT_IS:
                return content
            plain = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return shrunk(plain, COPY_SIDE)


def shrunk(image: Image.Image, side: int) -> bytes:
    """A JPEG of at most so many pixels a side, on white where it was transparent."""
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=85)
    return out.getvalue()


def _mark(headers: Mapping[str, str]) -> str:
    """How a file is known; "" when the service says nothing that would tell."""
    if tag := headers.get("ETag", "").removeprefix("W/"):
        return f"tag:{tag}"[:300]
    date, length = headers.get("Last-Modified", ""), headers.get("Content-Length", "")
    return f"date:{date} length:{length}"[:300] if date or length else ""
