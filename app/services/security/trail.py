"""The audit trail for those who may read all of it: changes, events of access, the seal, the security report."""

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.changes import NO_CHANGES, Result
from app.core.db import call_api, posting
from app.core.errors import Invalid
from app.core.paging import COUNT_LIMIT, Filter, ListQuery, Page
from app.core.together import Question, ask_together
from app.core.trail import BLOCKS, TrailError, read_anchors
from app.models import metadata
from app.services.security.rows import asked

ENTRIES, EVENTS = "entries", "events"
PERSONAL = "sec."
# What counts as a refusal among the events.
REFUSALS = (
    "denied",
    "session_refused",
    "password_wrong",
    "second_factor_wrong",
    "pin_wrong",
    "operator_refused",
)


class EntryRow(NamedTuple):
    """A changed row. `hidden`: the reader has no right on the table, so `old` and `new` are empty.

    `op` is I, U or D; `elevated` are roles the person had for a time only.
    """

    id: int
    at: dt.datetime
    login: str
    operator: str | None
    address: str | None
    application: str
    session_id: int | None
    command: uuid.UUID | None
    elevated: tuple[str, ...] | None
    reason: str | None
    table_name: str
    row_id: int
    op: str
    topic: str
    record_id: int
    hidden: bool
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


class EventRow(NamedTuple):
    """Something about access: `login` is whose, `by_login` who did it."""

    id: int
    at: dt.datetime
    kind: str
    login: str
    by_login: str
    operator: str | None
    address: str | None
    application: str
    session_id: int | None
    detail: Mapping[str, Any]


class Day(NamedTuple):
    """Sign-ins and refusals of a day."""

    day: dt.date
    opened: int
    refused: int


class About(NamedTuple):
    """The session an entry was written in."""

    login: str
    operator: str | None
    address: str | None
    client: Mapping[str, Any]
    created: dt.datetime
    ended: dt.datetime | None
    assurance: str


class SealState(NamedTuple):
    """How far the seal is: last block, rows that wait, when it was last anchored and verified (None: never)."""

    number: int
    hash: str | None
    sealed_at: dt.datetime | None
    waiting: int
    waiting_since: dt.datetime | None
    anchored_at: dt.datetime | None
    verified_at: dt.datetime | None
    findings: int | None


class SealFinding(NamedTuple):
    """Something that is not as it was sealed; `block` is None for a row that belongs to none."""

    finding: str
    block: int | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenTrail:
    """Who reads the trail is in it."""

    what: str


@dataclass(frozen=True, slots=True)
class OpenEvents:
    """Who reads the events is in the trail; the chart over them shows these days."""

    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class TellExport:
    """A part of the trail leaves the house as a file."""

    what: str
    query: ListQuery
    rows: int


@dataclass(frozen=True, slots=True)
class TellVerified:
    """The seal was verified."""

    blocks: int
    findings: int


@dataclass(frozen=True, slots=True)
class MakeReport:
    """The security report of a period; `until` is its last day."""

    since: dt.date
    until: dt.date


def list_entries(session: Session, query: ListQuery) -> Page:
    """A portion of the changes, newest first; only after `open_trail`."""
    return _page(session, query, ENTRIES, EntryRow, filter_of(query))


def list_events(session: Session, query: ListQuery) -> Page:
    """A portion of the events; only after `open_trail`."""
    return _page(session, query, EVENTS, EventRow, filter_of(query))


def filter_of(query: ListQuery) -> dict[str, Any]:
    """What the list asks, as the database's functions want it. Raises ValueError for a column nobody filters by."""
    found: dict[str, Any] = {}
    today = dt.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    match query.preset:
        case "elevated":
            found["elevated"] = True
        case "today":
            found["from"] = today.isoformat()
        case "people":
            found["table"] = [name for name in tables() if name.startswith(PERSONAL)]
        case "refused":
            found["kind"] = list(REFUSALS)
    for item in query.filters:
        _add(found, item)
    return found


def _add(found: dict[str, Any], item: Filter) -> None:
    match item.key, item.op:
        case "at", "min":
            found["from"] = item.value.isoformat()
        case "at", "max":
            found["until"] = (item.value + dt.timedelta(microseconds=1)).isoformat()
        case "at", "eq":
            found["from"], found["until"] = (
                item.value.isoformat(),
                (item.value + dt.timedelta(days=1)).isoformat(),
            )
        case (("login" | "operator" | "table" | "op" | "kind"), "in"):
            given = found.get(item.key)
            found[item.key] = [v for v in item.value if given is None or v in given]
        case (("address" | "application" | "topic"), _):
            found[item.key] = str(item.value)
        case (("session" | "record"), _):
            words = str(item.value).strip().lstrip("#")
            found[item.key] = int(words) if words.isdigit() else -1
        case "command", _:
            try:
                found["command"] = str(uuid.UUID(str(item.value).strip()))
            except ValueError:
                found["command"] = str(uuid.UUID(int=0))
        case _:
            raise ValueError(f"the trail cannot be filtered by {item.key!r} {item.op!r}")


def _page(session: Session, query: ListQuery, what: str, row: Any, sought: Mapping[str, Any]) -> Page:
    after = query.after or (None, None)
    place = {"p_after_at": after[0]} if what == EVENTS else {}
    portion = asked(
        row,
        f"audit.trail_{what}",
        p_filter=json.dumps(sought),
        p_after=after[1],
        p_ascending=query.sort != "" and not query.descending,
        p_limit=query.limit,
        **place,
    )
    counting = Question(
        text("SELECT audit.trail_count(:what, CAST(:sought AS jsonb))"),
        lambda rows: int(rows[0][0]),
        {"what": what, "sought": json.dumps(sought)},
    )
    found, number = ask_together(session, portion, counting if query.count and query.after is None else None)
    full = len(found) == query.limit
    total: int | None = None
    if query.count:
        total = number if full and number is not None else len(found)
    exact = total is None or total <= COUNT_LIMIT
    return Page(
        found,
        (found[-1].at, found[-1].id) if full else None,
        None if total is None else min(total, COUNT_LIMIT),
        exact,
    )


def session_about(session: Session, session_id: int) -> About | None:
    """The session an entry was written in; None when it is not kept any more."""
    answer = session.execute(text("SELECT sec.session_about(:id)"), {"id": session_id}).scalar_one()
    if answer is None:
        return None
    moments = {name: _moment(answer[name]) for name in ("created", "ended")}
    return About(**{name: moments.get(name, answer.get(name)) for name in About._fields})


def tables() -> tuple[str, ...]:
    """Every table there is, as `schema.table`."""
    return tuple(
        sorted(
            f"{table.schema}.{table.name}" for table in metadata.tables.values() if table.schema != "audit"
        )
    )


@posting
def open_trail(session: Session, command: OpenTrail) -> Result[None]:
    """Say that the trail is going to be read; without it nothing is shown."""
    call_api(session, "audit.trail_open", p_what=command.what)
    return Result(None, NO_CHANGES)


@posting
def open_events(session: Session, command: OpenEvents) -> Result[tuple[Day, ...]]:
    """The same for events, and sign-ins and refusals by day with it, in one round trip."""
    opening = Question(text("SELECT audit.trail_open(:what)"), lambda _rows: None, {"what": EVENTS})
    by_day = asked(Day, "audit.trail_days", p_from=command.since, p_until=command.until)
    _opened, found = ask_together(session, opening, by_day)
    return Result(found, NO_CHANGES)


@posting
def tell_export(session: Session, command: TellExport) -> Result[None]:
    """Say that a part of the trail was written to a file."""
    call_api(
        session,
        "audit.trail_exported",
        p_what=command.what,
        p_filter=filter_of(command.query),
        p_rows=command.rows,
    )
    return Result(None, NO_CHANGES)


# -- the seal ---------------------------------------------------------------------------------------------------


def seal_state(session: Session) -> SealState:
    """How far the seal is."""
    answer = call_api(session, "audit.seal_state")
    return SealState(
        number=answer["number"],
        hash=answer["hash"],
        sealed_at=_moment(answer["sealed_at"]),
        waiting=answer["waiting"],
        waiting_since=_moment(answer["waiting_since"]),
        anchored_at=_moment(answer["anchored_at"]),
        verified_at=_moment(answer["verified_at"]),
        findings=(answer["verified"] or {}).get("findings"),
    )


def verify(
    session: Session, first: int, total: int, anchors: Sequence[Mapping[str, Any]]
) -> tuple[int, tuple[SealFinding, ...]]:
    """Verify the blocks from `first` on, as many as one waits for; returns the last one, and what was wrong."""
    last = first + BLOCKS - 1
    values = {"first": first, "last": last if last < total else None, "anchors": json.dumps(list(anchors))}
    rows = session.execute(
        text(
            "SELECT finding, block, detail FROM audit.verify(:first, :last, CAST(:anchors AS jsonb)) "
            "WHERE finding <> 'archived'"
        ),
        values,
    ).all()
    return min(last, total), tuple(SealFinding(*row) for row in rows)


def anchors_in(folder: Path, database: str) -> list[dict[str, Any]]:
    """The anchors a folder holds of this database. Raises Invalid when there is none, or a file is none."""
    try:
        found = read_anchors(folder, database)
    except TrailError as wrong:
        raise Invalid("anchor_unreadable", folder=str(folder)) from wrong
    if not found:
        raise Invalid("anchor_missing", folder=str(folder))
    return found


@posting
def tell_verified(session: Session, command: TellVerified) -> Result[None]:
    """Say that the seal was verified, and with what result."""
    call_api(session, "audit.verified", p_blocks=command.blocks, p_findings=command.findings)
    return Result(None, NO_CHANGES)


# -- the report -------------------------------------------------------------------------------------------------


@posting
def make_report(session: Session, command: MakeReport) -> Result[dict[str, Any]]:
    """What the security report says about a period. Raises Invalid for one that ends before it begins."""
    if command.until < command.since:
        raise Invalid("period_backwards")
    return Result(
        call_api(
            session,
            "sec.security_report",
            p_from=clock.midnight(command.since),
            p_until=clock.end_of(command.until),
        ),
        NO_CHANGES,
    )


def _moment(words: str | None) -> dt.datetime | None:
    return None if words is None else dt.datetime.fromisoformat(words)
