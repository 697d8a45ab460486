"""One request to a 4D server over `requests`, and what can go wrong, told apart by what the server may have seen.

Cookies are sent and read by hand: the jar of a `requests` session would send two of a kind when a server sets two,
which a 4D server refuses. Redirects are not followed and proxies of the environment not used: the server stands in the
house.
"""

import hashlib
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import urllib3

from app import __version__
from app.core import paths

CONNECT_S = 10.0
LARGEST = 512 * 1024 * 1024
_CHUNK = 1 << 16
_COOKIE = re.compile(r"\s*([^=;\s]+)=([^;]*)")
_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)


class Trouble(Enum):
    """Why there is no whole answer."""

    REFUSED = "refused"
    """Nobody listens there: the server never saw the request."""
    TLS = "tls"
    """The certificate is wrong: the server never saw the request."""
    TIMEOUT = "timeout"
    """No answer in time: the server may have seen it."""
    DROPPED = "dropped"
    """The connection ended before an answer began: the server may have seen it."""
    CUT = "cut"
    """The answer began and did not end."""


class TransportError(Exception):
    """A request without a whole answer; `sent` when the server may have seen it and nothing of its answer came."""

    def __init__(self, trouble: Trouble, reason: str) -> None:
        super().__init__(f"{trouble.value}: {reason}")
        self.trouble = trouble
        self.reason = reason

    @property
    def unsure(self) -> bool:
        """Whether the server may have worked on it without our knowing what it said."""
        return self.trouble in (Trouble.TIMEOUT, Trouble.DROPPED)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and how it is spoken to. `ca` is a PEM text or the file of one."""

    base_url: str
    timeout_s: float = 60.0
    verify: bool = True
    ca: str = ""
    username: str = ""
    password: str = ""

    @property
    def rest(self) -> str:
        """The address all requests begin with."""
        base = self.base_url.rstrip("/")
        return base if base.endswith("/rest") else f"{base}/rest"

    @property
    def host(self) -> str:
        """The host's name, for messages."""
        return urlsplit(self.base_url).hostname or self.base_url

    def __repr__(self) -> str:
        return f"Address({self.base_url!r})"


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer: known before its body is read."""

    status: int
    content_type: str
    cookies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    head: Head
    body: bytes


class Transport:
    """Sends requests to one server over one kept connection. Not for several threads."""

    def __init__(self, address: Address, *, now: Callable[[], float] = time.monotonic) -> None:
        self.address = address
        self._now = now
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._http.verify = _authorities(address)
        self._http.headers.update(
            {"Accept": "application/json", "User-Agent": f"Werkbank/{__version__}", "Accept-Encoding": "gzip"}
        )

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def get(
        self,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        began: Callable[[Head], object],
        stop: Callable[[], object],
    ) -> Reply:
        """GET below `/rest/`; `began` is told as soon as an answer begins, `stop` may raise while it is read.

        Raises TransportError.
        """
        url = f"{self.address.rest}/{path}" + (f"?{encoded(query)}" if query else "")
        seconds = self.address.timeout_s
        try:
            with warnings.catch_warnings():
                if not self.address.verify:  # the house's own decision, shown on the server's page
                    warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
                answer = self._http.get(
                    url,
                    headers=dict(headers),
                    timeout=(min(CONNECT_S, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                )
        except requests.RequestException as error:
            raise _before_answer(error) from error
        with answer:
            head = Head(
                answer.status_code,
                (answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower(),
                _cookies(answer),
            )
            began(head)
            return Reply(head, self._body(answer, stop))

    def _body(self, answer: requests.Response, stop: Callable[[], object]) -> bytes:
        parts: list[bytes] = []
        size, end = 0, self._now() + 10 * self.address.timeout_s
        try:
            for part in answer.iter_content(_CHUNK):
                parts.append(part)
                size += len(part)
                if size > LARGEST or self._now() > end:  # one that trickles, or never ends
                    raise TransportError(Trouble.CUT, f"{size} bytes, and no end")
                stop()
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise TransportError(Trouble.CUT, _words(error)) from error
        return b"".join(parts)


def encoded(query: Mapping[str, str]) -> str:
    """A query as it stands in the address: every sign but letters and digits of ASCII is encoded."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())


def session_cookie(cookies: Sequence[tuple[str, str]]) -> str | None:
    """The session's id among an answer's cookies: `WASID4D`, else what newer servers call `4DSID_<database>`."""
    old = [value for name, value in cookies if name == "WASID4D" and value]
    new = [value for name, value in cookies if name.startswith("4DSID_") and value]
    return next(iter([*reversed(old), *reversed(new)]), None)


def _cookies(answer: requests.Response) -> tuple[tuple[str, str], ...]:
    # `answer.headers` joins several headers of one name to one, which cannot be taken apart again.
    found: Any = getattr(answer.raw, "headers", None)
    lines = found.getlist("Set-Cookie") if found is not None else []
    pairs = (_COOKIE.match(line) for line in lines)
    return tuple((pair[1], pair[2].strip().strip('"')) for pair in pairs if pair is not None)


def _before_answer(error: requests.RequestException) -> TransportError:
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError(Trouble.TLS, _words(error))
    if isinstance(error, requests.ConnectTimeout):
        return TransportError(Trouble.REFUSED, _words(error))
    if isinstance(error, requests.Timeout):
        return TransportError(Trouble.TIMEOUT, _words(error))
    if isinstance(error, requests.ConnectionError):
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        if isinstance(reason, urllib3.exceptions.ReadTimeoutError):
            return TransportError(Trouble.TIMEOUT, _words(error))
        never = isinstance(reason, _NEVER_SENT)
        return TransportError(Trouble.REFUSED if never else Trouble.DROPPED, _words(error))
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return TransportError(Trouble.REFUSED, _words(error))
    if isinstance(error, requests.exceptions.MissingSchema):
        return TransportError(Trouble.REFUSED, _words(error))
    return TransportError(Trouble.DROPPED, _words(error))


def _words(error: BaseException) -> str:
    """What is wrong, in the innermost words, without the address with its values."""
    inner: Any = error
    while True:
        args = getattr(inner, "args", ())
        deeper = getattr(inner, "reason", None) or next(
            (one for one in args if isinstance(one, Exception)), None
        )
        if not isinstance(deeper, Exception) or deeper is inner:
            break
        inner = deeper
    text = re.sub(r"^<[^>]*>:\s*|\([^)]*0x[0-9a-f]+[^)]*\)", "", str(inner)).strip()
    return (text.splitlines() or [type(inner).__name__])[0][:200]


def _authorities(address: Address) -> bool | str:
    """What `requests` verifies with: the usual authorities, a file of the house's own, or nothing."""
    if not address.verify:
        return False
    if not address.ca.strip():
        return True
    if not address.ca.lstrip().startswith("-----BEGIN"):
        return str(Path(address.ca).expanduser())
    name = hashlib.sha256(address.ca.encode()).hexdigest()[:16]
    file = paths.ensure_private(paths.cache() / "authorities") / f"{name}.pem"
    if not file.exists() or file.read_text("utf-8") != address.ca:
        file.write_text(address.ca, "utf-8")
    return str(file)
