"""Into the queue, out of it, and what printers there are."""

from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Change, Result, changed
from app.core.db import call_api, posting
from app.models.printing import Printer, Route
from app.services import records
from app.services.printing import commands
from app.services.records import Saved

JOB, PRINTER, ROUTE = "printing.job", "printing.printer", "printing.route"


class Requested(NamedTuple):
    """The jobs in their order, the printer they go to, and how that one was last."""

    jobs: tuple[int, ...]
    printer_id: int
    printer: str
    status: str


@posting
def request(session: Session, command: commands.RequestPrint) -> Result[Requested]:
    """Put documents into the queue.  Refused print_no_printer when no route and no printer fits."""
    described = [
        {"title": one.title, "topic": one.topic, "record_id": one.record_id, "mime": one.mime}
        for one in command.documents
    ]
    answer = call_api(
        session,
        "print_request",
        p_command=command.command,
        p_kind=command.kind,
        p_station=command.station,
        p_language=command.language,
        p_documents=described,
        p_contents=tuple(one.content for one in command.documents),
        p_printer_id=command.printer_id,
        p_copies=command.copies,
        p_tray=command.tray,
        p_sides=command.sides,
        p_pages=command.pages,
    )
    jobs = tuple(int(one) for one in answer["jobs"])
    value = Requested(jobs, int(answer["printer_id"]), str(answer["printer"]), str(answer["status"]))
    return Result(value, changed(*((JOB, job) for job in jobs)))


@posting
def act(session: Session, command: commands.ActOnJobs) -> Result[tuple[int, ...]]:
    """Hold, release, cancel, redirect, print again; gives the jobs it happened to (new ones when printed again)."""
    answer = call_api(
        session,
        "print_manage" if command.all_people else "print_act",
        p_command=command.command,
        p_ids=tuple(command.ids),
        p_action=command.action,
        p_printer_id=command.printer_id,
    )
    jobs = tuple(int(one) for one in answer["jobs"])
    return Result(jobs, changed(*((JOB, job) for job in {*command.ids, *jobs})))


def save_printer(session: Session, command: commands.SavePrinter) -> Result[Saved]:
    """Keep a printer.  Raises Invalid and Duplicate printer_…"""
    record = records.save(session, Printer, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed((PRINTER, record.id)))


def save_route(session: Session, command: commands.SaveRoute) -> Result[Saved]:
    """Keep a route.  Raises Duplicate uq_route_once."""
    record = records.save(session, Route, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed((ROUTE, record.id)))


@posting
def note_status(session: Session, command: commands.NoteStatus) -> Result[bool]:
    """Tell how a printer is; True when that was new."""
    answer = call_api(
        session,
        "printer_status",
        p_printer_id=command.printer_id,
        p_status=command.status,
        p_reasons=command.reasons,
        p_capabilities=command.capabilities,
    )
    new = bool(answer["value"])
    return Result(new, frozenset({Change(PRINTER, command.printer_id)}) if new else NO_CHANGES)


@posting
def see_station(session: Session, command: commands.SeeStation) -> Result[int]:
    """Tell that this work place is there; gives its number."""
    answer = call_api(
        session,
        "print_station_seen",
        p_station=command.station,
        p_name=command.name,
        p_offers=command.offers,
        p_fresh=command.fresh,
    )
    return Result(int(answer["value"]), NO_CHANGES)


@posting
def claim(session: Session, command: commands.Claim) -> Result[dict[str, Any]]:
    """The next job to send, or when to ask again."""
    answer = call_api(session, "print_claim", p_station=command.station, p_seconds=command.seconds)
    return Result(answer, changed((JOB, int(answer["job"]["id"]))) if answer["job"] else NO_CHANGES)


@posting
def progress(session: Session, command: commands.Progress) -> Result[bool]:
    """Tell what becomes of a job; False when it is not ours any more."""
    answer = call_api(
        session,
        "print_progress",
        p_job=command.job_id,
        p_fence=command.fence,
        p_state=command.state,
        p_remote=command.remote,
        p_reason=command.reason,
        p_detail=command.detail,
    )
    return Result(bool(answer["value"]), changed((JOB, command.job_id)))
