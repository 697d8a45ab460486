"""The service of product pictures as its clients see it: pages of records behind a password, and the files."""

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode

from app.simulate.data import House
from app.simulate.peer import Answer, Peer, Request
from app.simulate.pictures import FORMATS, draw, shape_of
from app.simulate.quirks import Clock, Fault, Quirks
from app.simulate.records import EXPORTS, Record, make_records
from app.simulate.tls import Certificate

LIST = "/api/all-files-and-articles/"
DEFAULT_SIZE = 50
LARGEST_SIZE = 1000
INTERNAL = "http://webapp.internal.example:8000"
_ORIGINAL_SIZE = (800, 600)
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


class ImageServer(Peer):
    """The image service with the pictures of a house::

    with ImageServer(make("small")) as server:
        requests.get(server.url + LIST, auth=(server.username, server.password))
    """

    def __init__(
        self,
        house: House,
        quirks: Quirks | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        username: str = "pictures",
        password: str = "pictures",  # noqa: S107  (of a service that serves invented pictures)
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(
            quirks, host=host, port=port, clock=clock, tls=certificate.context() if certificate else None
        )
        self.username, self.password = username, password
        self.records = make_records(house.build)
        self._painted: dict[str, int] = {}
        self._files: dict[str, tuple[tuple[int, int], str]] | None = None
        build = house.build
        self._shapes = {str(one.number): shape_of(one.name) for one in build.articles}
        self._shapes |= {str(int(row["Nummer"])): shape_of(row["Bezeichnung"]) for row in build.families}

    # ---- what tests and demonstrations do to it -------------------------------------------------------------

    def change(self, place: int, **values: Any) -> Record:
        """Change one record (counted from 0): ``articles``, ``exported_files``; ``type`` and the like of its file."""
        with self.lock:
            record = deepcopy(self.records[place])
            for name, value in values.items():
                (record if name in record else record["original_file"])[name] = value
            self.records[place] = record
            self._files = None
            return record

    def insert(self, record: Record, place: int = 0) -> None:
        """Add a record, in front as newest."""
        with self.lock:
            self.records.insert(place, record)
            self._files = None

    def delete(self, place: int) -> Record:
        """Remove one record."""
        with self.lock:
            return self.records.pop(place)

    def repaint(self, address: str) -> None:
        """Another picture under the same address (from ``/media/`` on)."""
        with self.lock:
            name = unquote(address[address.index("/media/") :])
            self._painted[name] = self._painted.get(name, 0) + 1

    # ---- answers --------------------------------------------------------------------------------------------

    def error(self, status: int, message: str) -> Answer:
        """An error as the framework behind the service writes it."""
        if status >= 500:
            body = f"<!doctype html><html><body><h1>Server Error ({status})</h1></body></html>"
            return Answer(body.encode(), status, "text/html; charset=utf-8")
        answer = Answer(_ENCODE({"detail": message}).encode(), status, "application/json")
        if status == 401:
            answer.headers.append(("WWW-Authenticate", 'Basic realm="api"'))
        return answer

    def broken(self, request: Request, fault: Fault | None) -> Answer:
        """The answer of a service that is ill."""
        self._count("media" if request.path.startswith("/media/") else "page")
        return super().broken(request, fault)

    def _count(self, kind: str) -> None:
        with self.lock:
            self.counters.requests[kind] += 1

    def answer(self, request: Request) -> Answer:
        """What a healthy service says."""
        if request.method not in {"GET", "HEAD"}:
            with self.lock:
                self.counters.writes_refused += 1
            return self.error(405, f'Method "{request.method}" not allowed.')
        media = request.path.startswith("/media/")
        self._count("media" if media else "page")
        if (not media or self.quirks.media_auth) and (refused := self._refused(request)):
            return refused
        if media:
            return self._file(request)
        if request.path == LIST.rstrip("/"):
            answer = self.error(301, "")
            answer.headers.append(("Location", LIST))
            return answer
        if request.path != LIST:
            return self.error(404, "Not found.")
        return self._page(request)

    def _refused(self, request: Request) -> Answer | None:
        sent = str(request.headers.get("Authorization") or "")
        if not sent:
            return self.error(401, "Authentication credentials were not provided.")
        wanted = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return None if sent == f"Basic {wanted}" else self.error(401, "Invalid username/password.")

    def _page(self, request: Request) -> Answer:
        def number(name: str, default: int) -> int:
            text = request.get(name) or ""
            return int(text) if text.isdecimal() else default if name not in dict(request.query) else -1

        size = number("page_size", DEFAULT_SIZE)
        size = min(size if size > 0 else DEFAULT_SIZE, self.quirks.page_cap or LARGEST_SIZE)
        with self.lock:
            count = len(self.records)
            last = max(1, -(-count // size))
            page = last if request.get("page") == "last" else number("page", 1)
            if not 1 <= page <= last:
                return self.error(404, "Invalid page.")
            part = self.records[(page - 1) * size : page * size]
            self.counters.rows += len(part)

        def link(at: int) -> str | None:
            if not 1 <= at <= last:
                return None
            return f"{self.url}{LIST}?{urlencode({'page': at, 'page_size': size})}"

        body = {
            "count": count,
            "next": link(page + 1),
            "previous": link(page - 1),
            "results": [self._shown(record) for record in part],
        }
        return Answer(_ENCODE(body).encode(), 200, "application/json")

    def _shown(self, record: Record) -> Record:
        """A record with whole addresses."""
        base = INTERNAL if self.quirks.internal_host else self.url
        original = record["original_file"]
        shown = record | {"original_file": original | {"file_url": _whole(base, original.get("file_url"))}}
        shown["exported_files"] = [
            one | {"image_url": _whole(base, one["image_url"])} if "image_url" in one else one
            for one in record["exported_files"]
        ]
        return shown

    def _file(self, request: Request) -> Answer:
        path = request.path
        known = self._known(path)
        ending = path.rpartition(".")[2]
        share = int.from_bytes(sha256(path.encode()).digest()[:4]) / 2**32
        if known is None or share < self.quirks.missing_files:
            return Answer(b"<h1>Not Found</h1>", 404, "text/html; charset=utf-8")
        (width, height), text = known
        if share > 1 - self.quirks.wrong_files:
            return Answer(b"this is no picture", 200, FORMATS[ending][1])
        stem = path.rpartition("/")[2].rpartition(".")[0]
        for kind in EXPORTS:
            stem = stem.removesuffix(f"_{kind}")
        painted, shape = self._painted.get(path, 0), self._shapes.get(text.partition("-")[0], "")
        made = f"{stem}#{painted}|{text}|{width}x{height}|{ending}|{shape}"
        tag = f'"{sha256(made.encode()).hexdigest()[:20]}"'
        headers = [("ETag", tag), ("Cache-Control", "max-age=3600")]
        if request.headers.get("If-None-Match") == tag:
            return Answer(b"", 304, FORMATS[ending][1], headers)
        if request.method == "HEAD":  # painted for nobody
            return Answer(b"", 200, FORMATS[ending][1], headers, sized=False)
        return Answer(
            draw(f"{stem}#{painted}", text, width, height, ending, shape), 200, FORMATS[ending][1], headers
        )

    def _known(self, path: str) -> tuple[tuple[int, int], str] | None:
        """Size of a file and what stands below its picture; None when no record names it."""
        with self.lock:
            if self._files is None:
                self._files = dict(entry for record in self.records for entry in _files(record))
            return self._files.get(path)


def _files(record: Record) -> Iterator[tuple[str, tuple[tuple[int, int], str]]]:
    """The files a record names, with size and words."""
    original = record["original_file"]
    article = (record["articles"] or [{}])[0]
    text = str(article.get("number") or article.get("article_number") or original.get("file_id"))
    if original.get("file_url"):
        yield unquote(original["file_url"]), (_ORIGINAL_SIZE, text)
    for one in record["exported_files"]:
        if one.get("image_url"):
            yield unquote(one["image_url"]), (EXPORTS.get(one["type"], ("", _ORIGINAL_SIZE))[1], text)


def _whole(base: str, address: str | None) -> str | None:
    return f"{base}{address}" if address and address.startswith("/") else address
