"""Fetches single pictures from their address at the image service, for the windows.  Used by several threads at once.

Connections are kept and handed from thread to thread; what is no picture, too large or from elsewhere is refused.
"""

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import requests

from app.core.errors import Unavailable

LARGEST = 40 * 1024 * 1024
TIMEOUT = (3.0, 8.0)
REST = 15.0  # seconds without trying after the service could not be reached
LONGEST = 30.0  # seconds for one picture in all
_CHUNK = 256 * 1024


class Source(NamedTuple):
    """How pictures are reached.  ``media_url`` stands in for the scheme, host and first folders of their addresses."""

    base_url: str = ""
    media_url: str = ""
    verify: bool = True
    ca: str | None = None


class PictureFetcher:
    """Gets pictures by address.

    ``source`` says how; `prepare` asks it, once and again after the service could not be reached.  ``requests``
    counts what was asked of the service.
    """

    def __init__(self, source: Callable[[], Source | None]) -> None:
        self._ask = source
        self._source: Source | None = None
        self._idle: list[requests.Session] = []
        self._lock = threading.Lock()
        self._closed = False
        self._away_until = 0.0
        self._ca_file: str | None = None
        self.requests = 0

    @property
    def knows(self) -> bool:
        """Whether it has learnt how the service is reached."""
        return self._source is not None

    def learn(self, source: Source | None) -> None:
        """What `prepare` would ask for, from somebody who has just asked."""
        with self._lock:
            self._source = source or Source()

    def prepare(self) -> None:
        """Learn how the service is reached, where that may take a question to the database."""
        if self._source is None:
            found = self._ask() or Source()
            with self._lock:
                self._source = found

    def __call__(self, url: str) -> bytes:
        """The content behind an address; raises `Unavailable` when it cannot be had."""
        source = self._source or Source()
        where = address(url, source)
        if time.monotonic() < self._away_until:
            raise Unavailable("image_service_away", url=where)
        session = self._session(source)
        try:
            with self._lock:
                self.requests += 1
            content = self._get(session, where)
        except requests.exceptions.SSLError as error:
            session.close()
            self._forget()
            raise Unavailable("image_service_certificate", url=where) from error
        except requests.exceptions.RequestException as error:
            session.close()
            self._forget()
            self._away_until = time.monotonic() + REST
            raise Unavailable("image_service_away", url=where) from error
        except BaseException:
            session.close()
            raise
        with self._lock:
            if self._closed:
                session.close()
            else:
                self._idle.append(session)
        return content

    def close(self) -> None:
        """End the connections; what is under way ends at its next bytes."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            file, self._ca_file = self._ca_file, None
        for session in idle:
            session.close()
        if file is not None:
            with contextlib.suppress(OSError):
                os.unlink(file)

    def _get(self, session: requests.Session, where: str) -> bytes:
        until = time.monotonic() + LONGEST
        with session.get(where, timeout=TIMEOUT, stream=True, allow_redirects=False) as answer:
            if answer.status_code != 200:
                raise Unavailable("image_service_status", url=where, status=answer.status_code)
            if "html" in answer.headers.get("Content-Type", "").lower():
                raise Unavailable("image_service_html", url=where)
            parts, size = [], 0
            for chunk in answer.iter_content(_CHUNK):
                size += len(chunk)
                parts.append(chunk)
                if self._closed or size > LARGEST or time.monotonic() > until:
                    raise Unavailable("image_service_slow", url=where)
            expected = answer.headers.get("Content-Length", "")
            if expected.isdigit() and "Content-Encoding" not in answer.headers and size != int(expected):
                raise Unavailable("image_service_cut", url=where)
            return b"".join(parts)

    def _forget(self) -> None:
        with self._lock:
            self._source = None  # somebody may mend the settings meanwhile
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _session(self, source: Source) -> requests.Session:
        with self._lock:
            if self._closed:
                raise Unavailable("image_service_away", url=source.base_url)
            if self._idle:
                return self._idle.pop()
        made = requests.Session()
        made.trust_env = False
        made.verify = self._verify(source)
        return made

    def _verify(self, source: Source) -> bool | str:
        if not source.verify or not source.ca:
            return source.verify
        if not source.ca.lstrip().startswith("-----BEGIN"):
            # A file of another workplace may not exist here; the system's authorities may do.
            return source.ca if Path(source.ca).is_file() else True
        with self._lock:
            if self._ca_file is None:
                handle, self._ca_file = tempfile.mkstemp(suffix=".pem", prefix="werkbank-ca-")
                with os.fdopen(handle, "w", encoding="ascii", errors="replace") as out:
                    out.write(source.ca)
            return self._ca_file


def address(url: str, source: Source) -> str:
    """Where a picture is fetched from.

    An address without host belongs to the service; the house's ``media_url`` replaces whatever host the service
    wrote.  Raises `Unavailable` for anything that is not http or https, and for other hosts: no window asks a
    machine of the house for something because an answer from elsewhere, or somebody who leads the sync, says so.
    """
    try:
        parts = urlsplit(url)
        foreign = parts.netloc and parts.hostname != urlsplit(source.base_url).hostname
    except ValueError as error:  # brackets that do not close
        raise Unavailable("image_service_address", url=url) from error
    if foreign and not source.media_url:
        raise Unavailable("image_service_address", url=url)
    base = urlsplit(source.media_url or ("" if parts.netloc else source.base_url))
    if base.netloc:
        prefix = base.path.rstrip("/") if source.media_url else ""
        parts = parts._replace(
            scheme=base.scheme, netloc=base.netloc, path=f"{prefix}/{parts.path.lstrip('/')}"
        )
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Unavailable("image_service_address", url=url)
    return urlunsplit(parts)
