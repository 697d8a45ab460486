"""Sends print jobs, in the background of every client and in ``werkbank print --watch``.

One thread.  A job is claimed, its content fetched, the printer asked how it is; then the database is told that the
first byte leaves, and it leaves.  What a printer that is away means, and what a cut in the middle, is written there.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core import credentials
from app.core.db import Database, call_api
from app.core.errors import AppError, NotAllowed, Refused, SessionEnded, Unavailable
from app.services.printing import station, writes
from app.services.printing.commands import Claim, NoteStatus, Progress, SeeStation
from app.services.printing.connect import connect
from app.services.printing.device import Access, Capabilities, Cut, Device, Status, Task
from app.services.printing.stamp import as_copy
from app.services.printing.trouble import details, state_behind
from app.sync.queue import QueueWorker, wait_of

log = logging.getLogger(__name__)
RIGHT = "print_claim"
SEEN_S = 600.0
FOLLOW_S = 1.0
FOLLOW_UP_S = 900.0
CLAIM_S = 60
_NOT_OURS = frozenset({"print_job_gone", "print_station_unknown"})
Offers = Callable[[], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to a job, for who is told: state, reason and the printer's name."""

    job_id: int
    title: str
    printer: str
    state: str
    reason: str = ""
    first: bool = True
    """False when it was tried before: nobody is told twice."""
    detail: str = ""
    own: bool = True
    """False when it was asked for elsewhere, and this work place only sends it."""


class Left(NamedTuple):
    """How many jobs this client may send and has not, and when the first of them is tried again."""

    jobs: int = 0
    next_at: dt.datetime | None = None


class _Tried(NamedTuple):
    """What became of a job, the printer's number for it, why, what the reason's text names; how the printer is."""

    state: Any
    remote: str = ""
    reason: str = ""
    detail: str = ""
    status: Status | None = None


@dataclass(slots=True)
class _Followed:
    job: dict[str, Any]
    printer: dict[str, Any]
    remote: str
    until: float
    next_at: float


class PrintWorker(QueueWorker):
    """Works until `stop`; `nudge` makes it look at once.

    Called in its thread: ``on_outcome`` with what became of a job, ``on_empty`` when nothing waits for it any more.
    """

    right = RIGHT
    name = "printing"

    def __init__(
        self,
        db: Database,
        on_outcome: Callable[[Outcome], object] = lambda _: None,
        *,
        on_empty: Callable[[], object] = lambda: None,
        offers: Offers | None = None,
        secret: str | None = None,
        device: Callable[[Access], Device] = connect,
    ) -> None:
        super().__init__(db)
        self._on_outcome = on_outcome
        self._on_empty = on_empty
        self._offers = offers
        self._secret = secret
        self._device = device
        self._seen = 0.0
        self._fresh = True
        self._held = ExitStack()
        self._followed: list[_Followed] = []
        self.left = Left()

    def after(self, pause: float) -> float:
        """Ask what became of what was sent."""
        self._follow()
        return min(pause, FOLLOW_S) if self._followed else pause

    def forgotten(self) -> None:
        """Say again that this work place is there."""
        self._seen = 0.0

    def ended(self) -> None:
        """Another program of this user may be the only one now."""
        self._held.close()

    @property
    def _station(self) -> str:
        if self._secret is None:
            self._secret = station.secret()
        return self._secret

    def prepare(self) -> None:
        """Say from time to time that this work place is there; when it starts, that nothing is on its way any more."""
        if time.monotonic() < self._seen:
            return
        if self._fresh and self._secret is None:
            # Another window of the same person may be sending: what it has claimed stays its own.
            self._fresh = self._held.enter_context(station.held())
        offers = self._offers() if self._offers is not None else None
        seen = SeeStation(self._station, station.name(), offers, self._fresh)
        self._db.write(writes.see_station, seen)
        self._fresh = False
        self._seen = time.monotonic() + SEEN_S

    def once(self) -> float | None:
        """Send one job; gives how long to wait when there was none."""
        answer = self._db.write(writes.claim, Claim(self._station, CLAIM_S)).value
        if answer["job"] is None:
            next_at = answer.get("next_at")
            self.left = Left(int(answer["waiting"]), dt.datetime.fromisoformat(next_at) if next_at else None)
            if next_at is None:
                self._on_empty()
            return wait_of(next_at)
        self._send(answer["job"], answer["printer"])
        return None

    def _send(self, job: dict[str, Any], printer: dict[str, Any]) -> None:
        tried = self._tried(job, printer)
        if tried.reason in _NOT_OURS:
            return
        if tried.status is not None:  # while the job is held: of other printers a terminal may say nothing
            self._note(int(printer["id"]), tried.status, None)
        if self._tell(job, tried.state, tried.remote, tried.reason, tried.detail):
            self._on_outcome(_outcome(job, printer, tried.state, tried.reason, tried.detail))

    def _tried(self, job: dict[str, Any], printer: dict[str, Any]) -> _Tried:
        """Send a job; what became of it."""
        device: Device | None = None
        began = False

        def begins(remote: str) -> None:
            nonlocal began
            if not self._tell(job, "began", remote):
                raise Refused("print_job_gone", id=job["id"])
            began = True

        try:
            task = _task(job, self._db.read(_content, int(job["id"]), int(job["fence"])))
            device = self._device(access_of(printer))
            self._look(device, printer)
            sent = device.send(task, begins)
        except (SessionEnded, NotAllowed):
            raise
        except Exception as error:  # noqa: BLE001  (a document nobody foresaw would be tried again and again)
            return _told(error, began=began)
        finally:
            if device is not None:
                device.close()
        if sent.state == "sent" and sent.remote:
            now = time.monotonic()
            found = _Followed(job, printer, sent.remote, now + FOLLOW_UP_S, now + FOLLOW_S / 4)
            self._followed.append(found)
        return _Tried(sent.state, sent.remote)

    def _look(self, device: Device, printer: dict[str, Any]) -> None:
        """Ask how it is, where it answers at all; with no paper the job waits, and may be sent elsewhere."""
        known = Capabilities.from_json(printer.get("capabilities") or {})
        if printer["kind"] not in ("ipp", "system") and known.formats and not known.answers:
            return
        if printer["kind"] == "raw" and not known.answers and printer["language"] == "pdf":
            return
        status, capabilities = device.probe()
        self._note(int(printer["id"]), status, capabilities)
        if not status.ready:
            raise Unavailable(f"printer_{status.code}", printer=printer["name"])

    def _note(self, printer_id: int, status: Status, capabilities: Capabilities | None) -> None:
        said = ", ".join(status.reasons)
        known = None if capabilities is None else capabilities.as_json()
        with suppress(Refused):
            self._db.write(writes.note_status, NoteStatus(printer_id, status.code, said, known))

    def _tell(
        self, job: dict[str, Any], state: Any, remote: str = "", reason: str = "", detail: str = ""
    ) -> bool:
        told = Progress(int(job["id"]), int(job["fence"]), state, remote, reason, detail)
        return self._db.write(writes.progress, told).value

    def _follow(self) -> None:
        """Ask printers that know what became of what they were given."""
        now = time.monotonic()
        for one in list(self._followed):
            if now < one.next_at:
                continue
            one.next_at = now + FOLLOW_S
            device = self._device(access_of(one.printer))
            try:
                state = device.follow(one.remote)
            except (Unavailable, Refused):
                state = "sent"
            finally:
                device.close()
            if state == "sent" and now < one.until:
                continue
            self._followed.remove(one)
            if state in ("done", "failed"):
                reason = "" if state == "done" else "printer_gave_up"
                self._tell(one.job, state, one.remote, reason)
                self._on_outcome(_outcome(one.job, one.printer, state, reason))


def _outcome(
    job: dict[str, Any], printer: dict[str, Any], state: str, reason: str, detail: str = ""
) -> Outcome:
    first, own = int(job["attempts"]) <= 1, bool(job["own"])
    return Outcome(int(job["id"]), str(job["title"]), str(printer["name"]), state, reason, first, detail, own)


def _told(error: Exception, *, began: bool) -> _Tried:
    """An error as the queue keeps it: again later only when nothing had left."""
    if isinstance(error, Refused):
        return _Tried("failed", "", error.key, details(error), state_behind(error))
    if isinstance(error, AppError):
        state = "unclear" if began or isinstance(error, Cut) else "waiting"
        return _Tried(state, "", error.key, details(error), state_behind(error))
    log.error("a job could not be printed", exc_info=error)
    return _Tried("unclear" if began else "failed", "", "printer_trouble", type(error).__name__)


def access_of(printer: dict[str, Any], timeout: float = 20.0) -> Access:
    """How to reach a printer of the registry; its password is in this computer's credential store."""
    username = str(printer.get("username") or "")
    address = str(printer["address"])
    password = (credentials.recall(f"printer:{address}", username) or "") if username else ""
    return Access(
        str(printer["kind"]),
        address,
        str(printer["language"]),
        username,
        password,
        str(printer.get("ca") or ""),
        timeout,
        int(printer.get("dpi") or 300),
        Capabilities.from_json(printer.get("capabilities") or {}),
    )


def _task(job: dict[str, Any], content: bytes) -> Task:
    if job["is_copy"]:
        content = as_copy(content, job["mime"], job["language"])
    return Task(
        content,
        job["mime"],
        job["title"],
        job["person"] or "",
        int(job["copies"]),
        job["tray"],
        job["sides"],
        job["pages"],
    )


def _content(session: Session, job_id: int, fence: int) -> bytes:
    return bytes(call_api(session, "print_content", p_job=job_id, p_fence=fence)["value"])
