"""What the user wants with printers and the queue."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from app.services.printing.convert import PDF

Action = Literal["hold", "release", "cancel", "redirect", "again"]


@dataclass(frozen=True, slots=True)
class PrintDocument:
    """One thing to print, and the record it is of."""

    content: bytes = field(repr=False)
    title: str
    topic: str = ""
    record_id: int | None = None
    mime: str = PDF


@dataclass(frozen=True, slots=True)
class RequestPrint:
    """Print these in this order.  The route of the ``kind`` decides what is not given."""

    kind: str
    documents: tuple[PrintDocument, ...]
    station: str
    language: str = "de"
    printer_id: int | None = None
    copies: int | None = None
    tray: str | None = None
    sides: str | None = None
    pages: str = ""
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class ActOnJobs:
    """Do something with jobs; ``all_people`` needs print_manage."""

    ids: tuple[int, ...]
    action: Action
    printer_id: int | None = None
    all_people: bool = False
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class SavePrinter:
    """A printer; without an id a new one."""

    id: int | None
    row_version: int | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SaveRoute:
    """A route; without an id a new one."""

    id: int | None
    row_version: int | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NoteStatus:
    """How a printer is; ``capabilities`` None: as before."""

    printer_id: int
    status: str
    reasons: str = ""
    capabilities: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SeeStation:
    """This work place is there; ``offers`` are its system's printers, None: as before."""

    station: str
    name: str
    offers: list[dict[str, Any]] | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Give me something to send, for so many seconds."""

    station: str
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Progress:
    """What becomes of a job one holds."""

    job_id: int
    fence: int
    state: Literal["began", "sent", "done", "failed", "unclear", "waiting"]
    remote: str = ""
    reason: str = ""
    detail: str = ""
