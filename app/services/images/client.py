"""Reads the image service page by page: Basic sign-in, TLS against the house's own authority, patience with bad days.

Every answer that is not the agreed one is an error with its own words; nothing is ever taken for an empty page.
"""

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urljoin

import requests

from app.core.errors import Cancelled, Unavailable

PATH = "api/all-files-and-articles/"
PAGE_SIZE = 200
RETRIES = 3
BACK_OFF = 0.5  # seconds before the second try, twice as long before each next one
LONGEST_WAIT = 60.0
LARGEST_ANSWER = 64 * 1024 * 1024
_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service is and how to sign in.  ``ca`` is a file or the certificates themselves, None: the system's."""

    base_url: str
    username: str = ""
    password: str = ""
    verify: bool = True
    ca: str | None = None
    timeout: float = 60.0
    page_size: int = PAGE_SIZE

    @property
    def address(self) -> str:
        """Address of the list."""
        base = self.base_url if self.base_url.endswith("/") else f"{self.base_url}/"
        return base if base.endswith(f"/{PATH}") else urljoin(base, PATH)


class ServicePage(NamedTuple):
    """One page; ``total`` is how many records there are in all, -1 when unknown."""

    number: int
    total: int
    results: list[Any]
    last: bool


class ImageService:
    """The client.  Not for several threads at once; `close` ends its connections.

    ``stop`` ends a wait between two tries at once.
    """

    def __init__(
        self,
        service: Service,
        *,
        stop: threading.Event | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.service = service
        self.requests = 0
        self._stop = stop or threading.Event()
        self._sleep = sleep or self._stop.wait
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        self._session.trust_env = False  # no proxy and no .netrc decides who gets the password
        if service.username:
            self._session.auth = (service.username, service.password)
        self._verify = Verify(service)
        self._session.verify = self._verify.value

    def close(self) -> None:
        """End the connections."""
        self._session.close()
        self._verify.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pages(self, first: int = 1) -> Iterator[ServicePage]:
        """Every page from ``first`` on."""
        number = first
        while True:
            page = self.page(number)
            yield page
            if page.last:
                return
            number += 1

    def page(self, number: int) -> ServicePage:
        """One page, tried again when that may help.

        Raises `Unavailable` with a key that says what was wrong, `Cancelled` when ``stop`` was set meanwhile.
        """
        wait = BACK_OFF
        for left in range(RETRIES, -1, -1):
            if self._stop.is_set():
                raise Cancelled("cancelled")
            try:
                return self._page(number)
            except _Again as again:
                if not left:
                    raise again.error from again.__cause__
                self._sleep(min(again.after or wait, LONGEST_WAIT))
                wait *= 2
        raise AssertionError("not reached")

    def _page(self, number: int) -> ServicePage:
        where = self.service.address
        self.requests += 1
        try:
            answer = self._session.get(
                where,
                params={"page": number, "page_size": self.service.page_size},
                timeout=(min(10.0, self.service.timeout), self.service.timeout),
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise Unavailable("image_service_certificate", url=where) from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise _Again(Unavailable("image_service_cut", url=where)) from error
        except requests.exceptions.Timeout as error:
            raise _Again(Unavailable("image_service_slow", url=where)) from error
        except requests.exceptions.ConnectionError as error:
            raise _Again(Unavailable("image_service_away", url=where)) from error
        except requests.exceptions.RequestException as error:
            raise Unavailable("image_service_address", url=where) from error
        return self._read(number, answer)

    def _read(self, number: int, answer: requests.Response) -> ServicePage:
        where, status = self.service.address, answer.status_code
        if status in (401, 403):
            raise Unavailable("image_service_sign_in", url=where)
        if status in _AGAIN:
            raise _Again(Unavailable("image_service_status", url=where, status=status), _seconds(answer))
        if 300 <= status < 400:
            raise Unavailable(
                "image_service_moved", url=where, where=answer.headers.get("Location", "")[:200]
            )
        expected = answer.headers.get("Content-Length", "")
        whole = not expected.isdigit() or "Content-Encoding" in answer.headers
        if not whole and len(answer.content) != int(expected):
            raise _Again(Unavailable("image_service_cut", url=where))
        if len(answer.content) > LARGEST_ANSWER:
            raise Unavailable("image_service_format", url=where)
        kind = answer.headers.get("Content-Type", "").lower()
        if "html" in kind or answer.content[:64].lstrip()[:1] == b"<":
            # A maintenance page or somebody's sign-in page in between: may be gone the next moment.
            raise _Again(Unavailable("image_service_html", url=where))
        try:
            body = answer.json()
        except ValueError as error:
            raise _Again(Unavailable("image_service_cut", url=where)) from error
        if status == 404 and number > 1 and isinstance(body, dict) and "detail" in body:
            return ServicePage(number, -1, [], last=True)  # the list became shorter while it was read
        if status != 200:
            raise Unavailable("image_service_status", url=where, status=status)
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise Unavailable("image_service_format", url=where)
        count = body.get("count")
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise Unavailable("image_service_format", url=where)
        results = body["results"]
        return ServicePage(number, count, results, last=not body.get("next") or not results)


class _Again(Exception):  # noqa: N818  (a reason to try again, not an error of its own)
    """Worth another try, in ``after`` seconds when the service said so."""

    def __init__(self, error: Unavailable, after: float | None = None) -> None:
        super().__init__(error)
        self.error, self.after = error, after


class Verify:
    """What `requests` wants to know about certificates; certificates given as text get a file while it lasts."""

    def __init__(self, service: Service) -> None:
        self._file: str | None = None
        self.value: bool | str = service.verify
        if service.verify and service.ca:
            self.value = service.ca
            if service.ca.lstrip().startswith("-----BEGIN"):
                handle, self._file = tempfile.mkstemp(suffix=".pem", prefix="werkbank-ca-")
                with os.fdopen(handle, "w", encoding="ascii", errors="replace") as out:
                    out.write(service.ca)
                self.value = self._file
            elif not Path(service.ca).is_file():
                raise Unavailable("image_service_ca_missing", file=service.ca)

    def close(self) -> None:
        """Remove the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._file)
            self._file = None


def _seconds(answer: requests.Response) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else None
