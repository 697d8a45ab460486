"""Prints by IPP and IPPS (RFC 8011): printers of the network, CUPS, Windows and print servers speak it.

A job is created first and its document sent then, where the printer knows that: so a connection that ends in between
is no riddle, the printer is asked what became of the job.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from app.core.errors import Refused, Unavailable
from app.services.printing import ipp_wire as wire
from app.services.printing import trouble
from app.services.printing.convert import suited
from app.services.printing.deadline import EndingAdapter
from app.services.printing.device import (
    SEND_S,
    Access,
    Capabilities,
    Cut,
    JobState,
    Sent,
    Status,
    StatusCode,
    Task,
)
from app.services.printing.ipp_wire import Answer, Attribute

PRINT_JOB, CREATE_JOB, SEND_DOCUMENT, CANCEL_JOB = 0x02, 0x05, 0x06, 0x08
GET_JOB, GET_PRINTER = 0x09, 0x0B
CUPS_GET_PRINTERS = 0x4002
_LARGEST_ANSWER = 4 * 1024 * 1024
_BLOCK = 64 * 1024
_TRICKLE = 2.0  # a whole answer may take so many times what one silence may
_PORT = 631
_ASKED = (
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-info",
    "document-format-supported",
    "media-supported",
    "media-source-supported",
    "media-col-database",
    "sides-supported",
    "color-supported",
    "printer-resolution-supported",
    "pwg-raster-document-resolution-supported",
    "urf-supported",
    "operations-supported",
    "copies-supported",
)
_BUSY = frozenset({0x0502, 0x0505, 0x0506, 0x0507})  # unavailable, temporary, not accepting, busy
_FORMAT = frozenset({0x040A, 0x0410, 0x0411})
_NOT_FOUND = 0x0406
_HTTP = {0x0401: 403, 0x0402: 401, 0x0403: 403}  # forbidden, not authenticated, not authorised

# A printer names its reasons with -error, -warning or -report behind them.
_REASONS: tuple[tuple[StatusCode, tuple[str, ...]], ...] = (
    ("media_jam", ("media-jam",)),
    ("cover_open", ("cover-open", "door-open", "interlock-open")),
    ("media_out", ("media-empty", "media-needed", "input-tray-missing")),
    ("toner_out", ("toner-empty", "marker-supply-empty")),
    ("offline", ("offline", "shutdown", "connecting-to-device", "timed-out")),
    ("paused", ("paused", "moving-to-paused", "hold-new-jobs")),
    ("toner_low", ("toner-low", "marker-supply-low")),
)


class IppPrinter:
    """A printer or queue at an address such as ``ipp://host:631/ipp/print``."""

    def __init__(self, access: Access) -> None:
        self.uri, self._url = addresses(access.address)
        self._access = access
        self._number = 0
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc between us and the printer
        self._line = EndingAdapter()
        self._session.mount("http://", self._line)
        self._session.mount("https://", self._line)
        self._session.headers["Accept-Encoding"] = "identity"
        if access.username:
            self._session.auth = (access.username, access.password)
        self._ca_file: str | None = None
        self._session.verify = self._verify(access.ca)
        self._known: dict[str, list[Any]] | None = None

    def close(self) -> None:
        """End the connection."""
        self._session.close()
        if self._ca_file is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._ca_file)
            self._ca_file = None

    def probe(self) -> tuple[Status, Capabilities]:
        """Ask how it is and what it can."""
        self._known = known = self.ask(GET_PRINTER, [*_requested(_ASKED)]).all(wire.PRINTER)
        if "printer-state" not in known:
            raise Unavailable("printer_nonsense", printer=self.uri)
        return status_of(known), capabilities_of(known)

    def send(self, task: Task, began: Callable[[str], object]) -> Sent:
        """Print, with what the printer says it understands."""
        if self._known is None:
            self.probe()
        known = self._known or {}
        capabilities = capabilities_of(known)
        content, mime = suited(task, capabilities.formats, capabilities, self._access)
        operations = known.get("operations-supported", [])
        job = _job_attributes(task, capabilities)
        name = [Attribute(wire.NAME, "requesting-user-name", task.person or "werkbank")]
        name.append(Attribute(wire.NAME, "job-name", task.title))
        document = [Attribute(wire.MIME, "document-format", mime)]
        if CREATE_JOB not in operations or SEND_DOCUMENT not in operations:
            began("")
            try:
                answer = self.ask(PRINT_JOB, name + document, job, content)
            except Unavailable as error:
                raise _cut(error) from error
            return self._sent(answer)
        remote = _job_id(self.ask(CREATE_JOB, name, job))
        try:
            began(remote)
        except Refused:  # somebody took the job back meanwhile: it is none of the printer's business any more
            with contextlib.suppress(Unavailable, Refused):
                self.cancel(remote)
            raise
        which = [Attribute(wire.INTEGER, "job-id", int(remote)), *name[:1], *document]
        which.append(Attribute(wire.BOOLEAN, "last-document", True))
        try:
            return self._sent(self.ask(SEND_DOCUMENT, which, [], content))
        except Refused:
            with contextlib.suppress(Unavailable, Refused):
                self.cancel(remote)
            raise
        except Unavailable as error:
            return self._after_cut(remote, error)

    def _after_cut(self, remote: str, error: Unavailable) -> Sent:
        """The connection ended while the document was on its way: the printer knows whether it has it."""
        try:
            state = self.follow(remote)
        except (Unavailable, Refused) as silent:
            raise _cut(error) from silent
        if state in ("sent", "done"):
            answer = self._job(remote).all(wire.JOB)
            reasons = [str(one) for one in answer.get("job-state-reasons", [])]
            if "job-incoming" in reasons or "job-data-insufficient" in reasons:
                # It waits for the rest: taken back, nothing of it comes out.
                with contextlib.suppress(Unavailable, Refused):
                    self.cancel(remote)
                raise _cut(error) from error
            return Sent(state, remote)
        raise _cut(error) from error

    def follow(self, remote: str) -> JobState:
        """What became of a job."""
        if not remote:
            return "gone"
        try:
            answer = self._job(remote)
        except Refused:
            return "gone"
        return _job_state(answer)

    def _job(self, remote: str) -> Answer:
        asked = _requested(("job-state", "job-state-reasons", "job-id"))
        return self.ask(GET_JOB, [Attribute(wire.INTEGER, "job-id", int(remote)), *asked])

    def cancel(self, remote: str) -> None:
        """Take a job back."""
        if remote:
            person = Attribute(wire.NAME, "requesting-user-name", "werkbank")
            self.ask(CANCEL_JOB, [Attribute(wire.INTEGER, "job-id", int(remote)), person])

    def _sent(self, answer: Answer) -> Sent:
        state = _job_state(answer)
        if state == "failed":
            raise Refused("printer_gave_up", printer=self.uri)
        return Sent(state if state == "done" else "sent", _job_id(answer))

    def ask(
        self,
        operation: int,
        attributes: list[Attribute],
        job: list[Attribute] | None = None,
        content: bytes = b"",
    ) -> Answer:
        """One request and its answer.  Raises Unavailable and Refused for what is no success."""
        self._number += 1
        head = [
            Attribute(wire.CHARSET, "attributes-charset", "utf-8"),
            Attribute(wire.LANGUAGE, "attributes-natural-language", "en"),
            Attribute(wire.URI, "printer-uri", self.uri),
        ]
        # The order of the first attributes is prescribed: job-id comes right behind printer-uri.
        body = wire.request(
            operation, self._number, [(wire.OPERATION, head + attributes), (wire.JOB, job or [])]
        )
        answer = self._post(_Body(body, content) if content else body)
        if answer.status >= 0x0400:
            raise self._refusal(answer, operation)
        return answer

    def _refusal(self, answer: Answer, operation: int) -> Exception:
        if answer.status in _BUSY:
            return Unavailable("printer_busy", printer=self.uri)
        if answer.status in _FORMAT:
            return Refused("printer_format", printer=self.uri)
        if answer.status in _HTTP:
            return trouble.of_http(_HTTP[answer.status], "", self.uri, named=bool(self._access.username))
        said = answer.all(wire.OPERATION).get("status-message") or [f"0x{answer.status:04x}"]
        what = str(said[0])[:200]
        if answer.status == _NOT_FOUND and operation == GET_PRINTER:
            return Unavailable("printer_no_path", printer=self.uri, what=what)
        return Refused("printer_refused", printer=self.uri, what=what)

    def _post(self, body: "bytes | _Body") -> Answer:
        where = self.uri
        patience = SEND_S if isinstance(body, _Body) else _TRICKLE * self._access.timeout
        try:
            with (
                self._line.within(patience),
                self._session.post(
                    self._url,
                    data=body,
                    headers={"Content-Type": "application/ipp"},
                    timeout=(min(5.0, self._access.timeout), self._access.timeout),
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                if answer.status_code != 200:
                    location = answer.headers.get("Location", "")
                    named = bool(self._access.username)
                    raise trouble.of_http(answer.status_code, location, where, named=named)
                data = bytearray()
                for block in answer.iter_content(_BLOCK):
                    data += block
                    if len(data) > _LARGEST_ANSWER:
                        raise Unavailable("printer_nonsense", printer=where)
            return wire.parse(bytes(data))
        except wire.NonsenseError as error:
            raise Unavailable("printer_nonsense", printer=where) from error
        except requests.exceptions.RequestException as error:
            raise trouble.of_line(error, where) from error

    def _verify(self, ca: str) -> bool | str:
        if not ca:
            return True
        if not ca.lstrip().startswith("-----BEGIN"):
            if not Path(ca).is_file():
                raise Unavailable("printer_certificate", printer=self.uri)
            return ca
        handle, self._ca_file = tempfile.mkstemp(suffix=".pem", prefix="werkbank-ca-")
        with os.fdopen(handle, "w", encoding="ascii", errors="replace") as out:
            out.write(ca)
        return self._ca_file


def queues(server: str, timeout: float = 5.0) -> list[tuple[str, str, str]]:
    """Name, address and words of the printers a CUPS server has.  Raises Unavailable when none answers there."""
    uri, _ = addresses(server)
    scheme, _, rest = uri.partition("://")
    host = rest.partition("/")[0]
    printer = IppPrinter(Access("ipp", f"{scheme}://{host}/", timeout=timeout))
    try:
        asked = _requested(("printer-name", "printer-info", "printer-make-and-model"))
        answer = printer.ask(CUPS_GET_PRINTERS, asked)
    finally:
        printer.close()
    found = []
    for tag, attributes in answer.groups:
        if tag == wire.PRINTER and attributes.get("printer-name"):
            name = str(attributes["printer-name"][0])
            words = attributes.get("printer-info") or attributes.get("printer-make-and-model") or [""]
            found.append((name, f"{scheme}://{host}/printers/{name}", str(words[0])))
    return sorted(found)


class _Body:
    """A request and its document, sent in blocks; of known length, since small printers know no chunks."""

    def __init__(self, head: bytes, content: bytes) -> None:
        self._parts = (head, content)

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            for at in range(0, len(part), _BLOCK):
                yield part[at : at + _BLOCK]


def addresses(address: str) -> tuple[str, str]:
    """A printer's address as IPP names it and as HTTP reaches it.  Raises Refused for anything else."""
    parts = urlsplit(address if "://" in address else f"ipp://{address}")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused("printer_address", printer=address) from error
    scheme = {"ipp": "ipp", "ipps": "ipps", "http": "ipp", "https": "ipps"}.get(parts.scheme)
    if scheme is None or not host:
        raise Refused("printer_address", printer=address)
    if port is None:
        port = {"http": 80, "https": 443}.get(parts.scheme, _PORT)
    if ":" in host:
        host = f"[{host}]"
    path = parts.path if parts.path not in ("", "/") else "/ipp/print"
    web = "https" if scheme == "ipps" else "http"
    return f"{scheme}://{host}:{port}{path}", f"{web}://{host}:{port}{path}"


def status_of(known: dict[str, list[Any]]) -> Status:
    """A printer's state in our words."""
    reasons = tuple(str(one) for one in known.get("printer-state-reasons", []) if one and one != "none")
    bare = {_bare(one) for one in reasons}
    state = _number(known, "printer-state")
    for code, words in _REASONS:
        if bare.intersection(words):
            # A warning of a printer that goes on printing is no reason to keep work back.
            # What is needed is missing for the job in hand, whatever the printer calls it.
            needed = "media-needed-warning" in reasons and code == "media_out"
            stopped = (
                state == 5 or needed or code in ("toner_low", "paused") or not _only_reported(reasons, words)
            )
            if stopped:
                return Status(code, reasons)
    if (known.get("printer-is-accepting-jobs") or [True])[0] is False:
        return Status("paused", reasons)
    if state == 5:
        return Status("attention", reasons)
    return Status({3: "idle", 4: "printing"}.get(state, "unknown"), reasons)  # type: ignore[arg-type]


def _number(known: dict[str, list[Any]], key: str) -> int:
    """The number that is meant, 0 where none is said."""
    said = (known.get(key) or [0])[0]
    return said if isinstance(said, int) else 0


def _bare(reason: str) -> str:
    for ending in ("-error", "-warning", "-report"):
        reason = reason.removesuffix(ending)
    return reason


def _only_reported(reasons: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return all(one.endswith(("-report", "-warning")) for one in reasons if _bare(one) in words)


def capabilities_of(known: dict[str, list[Any]]) -> Capabilities:
    """What a printer says it can."""

    def words(key: str) -> tuple[str, ...]:
        return tuple(str(one) for one in known.get(key, []) if one is not None)

    trays = list(words("media-source-supported"))
    for entry in known.get("media-col-database", []):
        for source in entry.get("media-source", []) if isinstance(entry, dict) else []:
            if str(source) not in trays:
                trays.append(str(source))
    found = known.get("pwg-raster-document-resolution-supported") or known.get("printer-resolution-supported")
    dpi = tuple(sorted({one[0] for one in found or [] if isinstance(one, tuple) and one[2:] == (3,)}))
    colour = known.get("color-supported")
    return Capabilities(
        model=str((known.get("printer-make-and-model") or known.get("printer-info") or [""])[0]),
        formats=words("document-format-supported"),
        media=words("media-supported"),
        trays=tuple(trays),
        sides=words("sides-supported"),
        colour=bool(colour[0]) if colour else None,
        dpi=dpi,
        answers=True,
    )


def _requested(names: tuple[str, ...]) -> list[Attribute]:
    return [Attribute(wire.KEYWORD, "requested-attributes", name) for name in names]


def _job_attributes(task: Task, capabilities: Capabilities) -> list[Attribute]:
    """Only what the printer knows: an attribute it does not support may make it refuse the job."""
    found: list[Attribute] = []
    if task.copies > 1:
        found.append(Attribute(wire.INTEGER, "copies", task.copies))
    if task.sides and task.sides in capabilities.sides:
        found.append(Attribute(wire.KEYWORD, "sides", task.sides))
    if task.tray and task.tray in capabilities.trays:
        source = Attribute(wire.KEYWORD, "media-source", task.tray)
        found.append(wire.collection("media-col", source))
    return found


def _job_id(answer: Answer) -> str:
    found = answer.all(wire.JOB).get("job-id")
    return str(found[0]) if found and isinstance(found[0], int) else ""


def _job_state(answer: Answer) -> JobState:
    state = _number(answer.all(wire.JOB), "job-state")
    if state == 9:
        return "done"
    return "failed" if state in (7, 8) else "sent"


def _cut(error: Unavailable) -> Cut:
    return Cut("printer_cut", **error.params)
