"""Printers, routes and the queue, as far as the person sees them."""

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, and_, case, cast, func, or_, select, text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.models.printing import Printer, PrinterStatus, PrintJob, Route, Station
from app.services import records
from app.services.printing.device import READY

OPEN = ("waiting", "held", "sending")
TROUBLE = ("failed", "unclear")
OUT = ("sent", "done")
MOST_OPEN, MOST_OUT = 100, 20
"""So many a terminal shows."""


class PrinterRow(NamedTuple):
    """A printer in the list; ``waiting`` are the jobs in its queue that the person sees."""

    id: int
    name: str
    kind: str
    address: str
    location: str
    language: str
    media: str
    status: str
    reasons: str
    station: str
    waiting: int
    is_active: bool
    checked_at: dt.datetime | None


class PrinterForm(NamedTuple):
    """A printer, for its form."""

    id: int
    row_version: int
    name: str
    kind: str
    address: str
    station_id: int | None
    language: str
    dpi: int
    media: str
    tray: str
    location: str
    username: str
    ca: str
    is_active: bool
    status: str
    reasons: str
    capabilities: dict[str, Any]
    checked_at: dt.datetime | None
    updated_at: dt.datetime
    updated_by: str


class RouteRow(NamedTuple):
    """A route in the list and for its form."""

    id: int
    row_version: int
    kind: str
    station_id: int | None
    station: str
    role: str
    language: str
    printer_id: int
    printer: str
    tray: str
    copies: int
    sides: str
    updated_at: dt.datetime
    updated_by: str


class JobRow(NamedTuple):
    """A job in the queue; ``only_at`` is the work place whose program alone can send it, ``in_use`` its printer."""

    id: int
    title: str
    kind: str
    topic: str
    record_id: int | None
    printer_id: int
    printer: str
    in_use: bool
    only_at: str
    station: str
    state: str
    reason: str
    detail: str
    copies: int
    is_copy: bool
    attempts: int
    requested_by: str
    requested_at: dt.datetime
    ended_at: dt.datetime | None


class Routed(NamedTuple):
    """Where something would be printed, and how."""

    printer_id: int
    name: str
    language: str
    dpi: int
    media: str
    tray: str
    copies: int
    sides: str
    status: str


class Place(NamedTuple):
    """A work place, the printers its system knows, how it is told from the others."""

    id: int
    name: str
    offers: tuple[str, ...]
    code: str
    last_seen: dt.datetime


class Choice(NamedTuple):
    """A printer to choose from."""

    id: int
    name: str
    language: str
    dpi: int
    media: str
    trays: tuple[str, ...]
    status: str


def _places(name: str) -> Any:
    """The work places by names that tell them apart: two of one name have a number behind it, in their order."""
    number = func.row_number().over(partition_by=Station.name, order_by=Station.id)
    several = func.count().over(partition_by=Station.name) > 1
    label = case((several, Station.name + " (" + cast(number, Text) + ")"), else_=Station.name)
    return select(Station.id, label.label("name")).subquery(name)


_AT, _FROM = _places("at_place"), _places("from_place")
_STATUS = func.coalesce(PrinterStatus.status, "unknown")
_WAITING = (
    select(func.count())
    .select_from(PrintJob)
    .where(PrintJob.printer_id == Printer.id, PrintJob.state.in_(OPEN))
    .scalar_subquery()
)
_PRINTER: dict[str, Any] = {
    "id": Printer.id,
    "name": Printer.name,
    "kind": Printer.kind,
    "address": Printer.address,
    "location": Printer.location,
    "language": Printer.language,
    "media": Printer.media,
    "status": _STATUS,
    "reasons": func.coalesce(PrinterStatus.reasons, ""),
    "station": func.coalesce(_AT.c.name, ""),
    "waiting": _WAITING,
    "is_active": Printer.is_active,
    "checked_at": PrinterStatus.checked_at,
}
_JOB: dict[str, Any] = {
    name: getattr(PrintJob, name) for name in JobRow._fields if hasattr(PrintJob, name) and name != "station"
} | {
    "printer": Printer.name,
    "in_use": Printer.is_active,
    "only_at": func.coalesce(_AT.c.name, ""),
    "station": func.coalesce(_FROM.c.name, ""),
}
_ROUTE: dict[str, Any] = {
    name: getattr(Route, name) for name in RouteRow._fields if name not in ("printer", "station")
} | {"printer": Printer.name, "station": func.coalesce(_AT.c.name, "")}


def list_printers(session: Session, query: ListQuery) -> Page:
    """Rows of `PrinterRow`.  Presets: active, trouble, all."""
    statement = (
        select(*(_PRINTER[name].label(name) for name in PrinterRow._fields))
        .outerjoin(PrinterStatus, PrinterStatus.printer_id == Printer.id)
        .outerjoin(_AT, _AT.c.id == Printer.station_id)
    )
    if query.preset in ("active", "trouble"):
        statement = statement.where(Printer.is_active)
    if query.preset == "trouble":
        statement = statement.where(_STATUS.not_in(READY))
    return fetch_page(session, statement, columns=_PRINTER, key=_PRINTER["id"], query=query, row=PrinterRow)


def get_printer(session: Session, printer_id: int, _language: str = "de") -> PrinterForm:
    """One printer.  Refused record_not_found."""
    row = session.execute(
        select(Printer, PrinterStatus)
        .outerjoin(PrinterStatus, PrinterStatus.printer_id == Printer.id)
        .where(Printer.id == printer_id)
    ).first()
    if row is None:
        raise Refused("record_not_found", table="printing.printer", id=printer_id)
    found: Printer = row[0]
    status: PrinterStatus | None = row[1]
    stored = {name: getattr(found, name) for name in PrinterForm._fields if hasattr(Printer, name)}
    return PrinterForm(
        **stored,
        status=status.status if status is not None else "unknown",
        reasons=status.reasons if status is not None else "",
        capabilities=dict(status.capabilities) if status is not None else {},
        checked_at=status.checked_at if status is not None else None,
    )


def list_routes(session: Session, query: ListQuery) -> Page:
    """Rows of `RouteRow`."""
    return fetch_page(session, _routes(), columns=_ROUTE, key=_ROUTE["id"], query=query, row=RouteRow)


def _routes() -> Any:
    return (
        select(*(_ROUTE[name].label(name) for name in RouteRow._fields))
        .join(Printer, Printer.id == Route.printer_id)
        .outerjoin(_AT, _AT.c.id == Route.station_id)
    )


def get_route(session: Session, route_id: int, _language: str = "de") -> RouteRow:
    """One route.  Refused record_not_found."""
    row = session.execute(_routes().where(Route.id == route_id)).first()
    if row is None:
        raise Refused("record_not_found", table="printing.route", id=route_id)
    return RouteRow(*row)


def list_jobs(session: Session, query: ListQuery) -> Page:
    """Rows of `JobRow`.  Presets: open, trouble, mine, all."""
    statement = _jobs()
    if query.preset == "open":
        statement = statement.where(PrintJob.state.in_(OPEN))
    elif query.preset == "trouble":
        late = and_(PrintJob.state == "waiting", or_(PrintJob.reason != "", ~Printer.is_active))
        statement = statement.where(PrintJob.state.in_(TROUBLE) | late)
    elif query.preset == "mine":
        statement = statement.where(PrintJob.requested_by == text("SESSION_USER"))
    return fetch_page(session, statement, columns=_JOB, key=_JOB["id"], query=query, row=JobRow)


def _jobs() -> Select[Any]:
    """Jobs as `JobRow`."""
    return (
        select(*(_JOB[name].label(name) for name in JobRow._fields))
        .join(Printer, Printer.id == PrintJob.printer_id)
        .outerjoin(_FROM, _FROM.c.id == PrintJob.station_id)
        .outerjoin(_AT, _AT.c.id == Printer.station_id)
    )


def at_terminal(session: Session) -> tuple[JobRow, ...]:
    """What was asked for at this terminal: first what needs somebody, then what waits, then the last that came out."""
    here = _jobs().where(PrintJob.login == text("SESSION_USER"))
    needs = here.where(PrintJob.state.in_(TROUBLE)).order_by(PrintJob.id.desc()).limit(MOST_OPEN)
    waits = here.where(PrintJob.state.in_(OPEN)).order_by(PrintJob.id).limit(MOST_OPEN)
    out = here.where(PrintJob.state.in_(OUT)).order_by(PrintJob.id.desc()).limit(MOST_OUT)
    return tuple(JobRow(*row) for part in (needs, waits, out) for row in session.execute(part))


def printer_for(session: Session, kind: str, station: str, language: str = "de") -> Routed | None:
    """The printer that takes a kind of document here, None where none is set."""
    row = session.execute(
        text("SELECT * FROM printing.routed(:kind, :station, :language)"),
        {"kind": kind, "station": station, "language": language},
    ).first()
    return None if row is None else Routed(*row)


def choices(session: Session) -> tuple[Choice, ...]:
    """The printers in use, by name."""
    rows = session.execute(
        select(
            Printer.id,
            Printer.name,
            Printer.language,
            Printer.dpi,
            Printer.media,
            PrinterStatus.capabilities,
            _STATUS,
        )
        .outerjoin(PrinterStatus, PrinterStatus.printer_id == Printer.id)
        .where(Printer.is_active)
        .order_by(Printer.name)
    )
    return tuple(
        Choice(row[0], row[1], row[2], row[3], row[4], tuple((row[5] or {}).get("trays") or ()), row[6])
        for row in rows
    )


def stations(session: Session) -> tuple[Place, ...]:
    """Work places that have been seen, with the printers their systems know."""
    rows = session.execute(
        select(Station.id, _AT.c.name, Station.offers, Station.code, Station.last_seen)
        .join(_AT, _AT.c.id == Station.id)
        .order_by(_AT.c.name, Station.id)
    )
    return tuple(
        Place(row[0], row[1], tuple(str(one.get("name", "")) for one in row[2]), *row[3:]) for row in rows
    )


def in_trouble(session: Session) -> tuple[tuple[str, str], ...]:
    """Name and state of the printers in use that print nothing just now."""
    rows = session.execute(
        select(Printer.name, PrinterStatus.status)
        .join(PrinterStatus, PrinterStatus.printer_id == Printer.id)
        .where(Printer.is_active, PrinterStatus.status.not_in(READY))
        .order_by(Printer.name)
    )
    return tuple((row[0], row[1]) for row in rows)


def reachable(session: Session, printer_id: int) -> dict[str, Any]:
    """How to reach a printer, as the worker is told it."""
    found = get_printer(session, printer_id)
    keys = ("id", "name", "kind", "address", "language", "dpi", "username", "ca", "capabilities")
    return {key: getattr(found, key) for key in keys}


def job_content(session: Session, job_id: int) -> tuple[str, bytes]:
    """What one of one's own jobs prints: a file name and the bytes."""
    from app.core.db import call_api

    job = records.find(session, PrintJob, job_id)
    content = bytes(call_api(session, "print_content", p_job=job_id, p_fence=0)["value"])
    return f"{job.title}.pdf" if content.startswith(b"%PDF") else f"{job.title}.txt", content


class Offered(NamedTuple):
    """What routes and printers are chosen from."""

    kinds: tuple[str, ...]
    stations: tuple[Place, ...]
    printers: tuple[Choice, ...]


def offered(session: Session, _language: str = "de") -> Offered:
    """What routes and printers are chosen from."""
    return Offered(kinds(session), stations(session), choices(session))


def kinds(session: Session) -> tuple[str, ...]:
    """The kinds of documents there are."""
    return tuple(session.scalars(text("SELECT k.code FROM documents.kind k ORDER BY k.code")))
