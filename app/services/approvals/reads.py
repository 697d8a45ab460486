"""Requests: the list, one in full, how many wait, and stand-ins; each person sees only what concerns it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    String,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from app.core.db import call_api
from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.models.approvals import ApprovalDelegate, ApprovalRequest, ApprovalVote

PRESETS = ("mine", "asked", "open", "delegated", "decided", "all")
STATES = ("open", "approved", "rejected", "withdrawn", "expired")


class RequestRow(NamedTuple):
    """A request in the list.

    `state` is what holds now: one whose time is over counts as expired. `authority`: with whose right the reader could
    vote, None when he cannot.
    """

    id: int
    kind: str
    state: str
    topic: str
    record_id: int
    name: str
    reason: str
    amount: Decimal | None
    requested_by: str
    gains: str | None
    created_at: dt.datetime
    expires_at: dt.datetime
    settled_at: dt.datetime | None
    votes: int
    votes_needed: int
    decided_by: str | None
    authority: str | None


class Vote(NamedTuple):
    """What somebody said; `authority` differs from `voter` when the voter stood in for somebody."""

    voter: str
    authority: str
    decision: str
    comment: str
    at: dt.datetime


class Value(NamedTuple):
    """Something the request would change; `kind`: text, money, percent, qty, date, moment, role, login."""

    key: str
    kind: str
    before: Any
    after: Any


class Decider(NamedTuple):
    """Somebody who may decide, and those who stand in for him now."""

    login: str
    delegates: tuple[str, ...]


class RequestDetail(NamedTuple):
    """A request in full.

    `authority`: with whose right the reader may vote, `refusal` why not (somebody_else, voted, limit, right).
    """

    id: int
    kind: str
    topic: str
    record_id: int
    state: str
    name: str
    values: tuple[Value, ...]
    reason: str
    requested_by: str
    requested_at: dt.datetime
    author: str | None
    gains: str | None
    votes_needed: int
    votes: tuple[Vote, ...]
    deciders: tuple[Decider, ...]
    expires_at: dt.datetime
    settled_at: dt.datetime | None
    is_open: bool
    mine: bool
    authority: str | None
    refusal: str | None


class News(NamedTuple):
    """What happened since the last look: `waiting` for the reader's decision, or one's own request `approved`,
    `rejected`, `expired`."""

    id: int
    word: str
    kind: str
    name: str
    who: str


class DelegateRow(NamedTuple):
    """A stand-in: `delegate` decides with the right of `login`."""

    id: int
    login: str
    delegate: str
    valid_from: dt.datetime
    valid_to: dt.datetime
    reason: str


def _me() -> Any:
    return cast(literal_column("SESSION_USER"), String)


def _now() -> Any:
    return func.statement_timestamp()


def _state() -> Any:
    over = and_(ApprovalRequest.state == "open", ApprovalRequest.expires_at <= _now())
    return case((over, "expired"), else_=ApprovalRequest.state)


def list_requests(session: Session, query: ListQuery) -> Page:
    """Requests, the newest first.  Columns: the fields of `RequestRow`; presets: `PRESETS`.

    "mine" waits for the reader, "asked" are the reader's own, "delegated" those decided with somebody else's right.
    """
    request: Any = ApprovalRequest
    waiting = func.api.approvals_waiting().table_valued(
        column("id", BigInteger), column("authority", Text), name="w"
    )
    state = _state()
    votes = (
        select(func.count()).where(ApprovalVote.request_id == request.id, ApprovalVote.decision == "approve")
    ).scalar_subquery()
    decided_by = (
        select(func.max(ApprovalVote.voter)).where(ApprovalVote.request_id == request.id).scalar_subquery()
    )
    columns: dict[str, Any] = {
        "id": request.id,
        "kind": request.kind,
        "state": state,
        "topic": request.topic,
        "record_id": request.record_id,
        "name": func.coalesce(request.subject["name"].astext, ""),
        "reason": request.reason,
        "amount": request.amount,
        "requested_by": request.requested_by,
        "gains": request.gains,
        "created_at": request.created_at,
        "expires_at": request.expires_at,
        "settled_at": request.settled_at,
        "votes": votes,
        "votes_needed": request.votes_needed,
        "decided_by": decided_by,
        "authority": waiting.c.authority,
    }
    statement = select(*columns.values()).select_from(request).outerjoin(waiting, waiting.c.id == request.id)
    match query.preset:
        case "mine":
            statement = statement.where(waiting.c.authority.is_not(None))
        case "asked":
            statement = statement.where(request.requested_by == _me())
        case "open":
            statement = statement.where(request.state == "open", request.expires_at > _now())
        case "delegated":
            voted = select(ApprovalVote.id).where(
                ApprovalVote.request_id == request.id,
                ApprovalVote.voter == _me(),
                ApprovalVote.authority != _me(),
            )
            statement = statement.where(or_(waiting.c.authority != _me(), voted.exists()))
        case "decided":
            statement = statement.where(request.state != "open")
    if not query.sort:
        query = replace(query, sort="created_at", descending=True)
    return fetch_page(session, statement, columns=columns, key=request.id, query=query, row=RequestRow)


def request_detail(session: Session, request_id: int) -> RequestDetail | None:
    """One request in full; one round trip.  None when it is not there or none of the reader's business."""
    answer = call_api(session, "approval_detail", p_id=request_id)
    if "id" not in answer:
        return None
    subject = answer["subject"]
    return RequestDetail(
        int(answer["id"]),
        answer["kind"],
        answer["topic"],
        int(answer["record_id"]),
        answer["state"] if answer["open"] or answer["state"] != "open" else "expired",
        subject.get("name") or "",
        tuple(_value(field) for field in subject.get("fields") or ()),
        answer["reason"],
        answer["requested_by"],
        dt.datetime.fromisoformat(answer["requested_at"]),
        answer["author"],
        answer["gains"],
        int(answer["votes_needed"]),
        tuple(
            Vote(v["voter"], v["authority"], v["decision"], v["comment"], dt.datetime.fromisoformat(v["at"]))
            for v in answer["votes"]
        ),
        tuple(Decider(d["login"], tuple(d["delegates"])) for d in answer["deciders"]),
        dt.datetime.fromisoformat(answer["expires_at"]),
        dt.datetime.fromisoformat(answer["settled_at"]) if answer["settled_at"] else None,
        bool(answer["open"]),
        bool(answer["mine"]),
        answer["authority"],
        answer["refusal"],
    )


def _value(field: Mapping[str, Any]) -> Value:
    kind = str(field.get("kind") or "text")
    return Value(str(field["key"]), kind, _typed(kind, field.get("before")), _typed(kind, field.get("after")))


def _typed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case "money" | "percent" | "qty":
            return Decimal(str(value))
        case "date":
            return dt.date.fromisoformat(value)
        case "moment":
            return dt.datetime.fromisoformat(value)
    return value


def count_waiting(session: Session) -> int:
    """How many requests wait for the reader's decision."""
    return count_rows(
        session, select(literal_column("1").label("one")).select_from(text("api.approvals_waiting()"))
    )


class Bulletin(NamedTuple):
    """The server's time to ask from next, how many requests wait for the reader, and what is new."""

    now: dt.datetime
    waiting: int
    news: tuple[News, ...]


def bulletin(session: Session, since: dt.datetime | None) -> Bulletin:
    """What is new since then (None: in the last minute); one round trip."""
    rows = session.execute(text(_NEWS), {"since": since}).all()
    found = tuple(News(*row[2:]) for row in rows if row.id is not None)
    return Bulletin(rows[0].now, int(rows[0].waiting), found)


_NEWS = """
WITH waiting AS MATERIALIZED (SELECT w.id FROM api.approvals_waiting() w)
SELECT statement_timestamp() AS now, (SELECT count(*) FROM waiting) AS waiting, n.*
  FROM (SELECT coalesce(CAST(:since AS timestamptz), statement_timestamp() - interval '1 minute') AS at) s
  LEFT JOIN LATERAL (
    SELECT r.id, 'waiting' AS word, r.kind, coalesce(r.subject ->> 'name', '') AS name, r.requested_by AS who
      FROM waiting w JOIN system.approval_request r ON r.id = w.id
     WHERE r.created_at >= s.at
    UNION ALL
    SELECT r.id, r.state, r.kind, coalesce(r.subject ->> 'name', ''), ''
      FROM system.approval_request r
     WHERE r.requested_by = session_user AND r.settled_at >= s.at AND r.state <> 'withdrawn'
  ) n ON true
"""


def delegates(session: Session) -> tuple[DelegateRow, ...]:
    """Stand-ins that hold now or will: the reader's own, and those the reader is; the earliest first."""
    rows = session.execute(
        select(
            ApprovalDelegate.id,
            ApprovalDelegate.login,
            ApprovalDelegate.delegate,
            ApprovalDelegate.valid_from,
            ApprovalDelegate.valid_to,
            ApprovalDelegate.reason,
        )
        .where(ApprovalDelegate.valid_to > _now())
        .order_by(ApprovalDelegate.valid_from, ApprovalDelegate.id)
    ).all()
    return tuple(DelegateRow._make(row) for row in rows)
