"""The periodic look at who has what: started, decided one by one, closed."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api
from app.services.security.rows import fetch

REVIEWS = "sec.review"
ITEMS = "sec.review_item"


class ReviewRow(NamedTuple):
    """A review and how far it is; `role` and `department` are empty when it is about all of them."""

    id: int
    title: str
    state: str
    role: str
    department: str
    due: dt.date
    overdue: bool
    items: int
    open: int
    certified: int
    revoked: int
    started_by: str
    started_at: dt.datetime
    closed_by: str | None
    closed_at: dt.datetime | None


class ReviewItem(NamedTuple):
    """An assignment under review; `mine` is for somebody else to decide."""

    id: int
    review_id: int
    login: str
    person: str
    department: str
    role: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    granted_by: str
    granted_at: dt.datetime
    reason: str
    in_force: bool
    last_session: dt.datetime | None
    decision: str
    comment: str
    decided_by: str | None
    decided_at: dt.datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class StartReview:
    """Put assignments under review: all of them, or those of a role or a department."""

    title: str
    due: dt.date
    role: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class DecideReview:
    """`decision`: certified, or revoked (with a comment), which ends the assignment."""

    item: int
    decision: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CloseReview:
    """All has been decided."""

    id: int


def reviews(session: Session) -> tuple[ReviewRow, ...]:
    """All reviews, open ones first."""
    return fetch(session, ReviewRow, "sec.review_list")


def items(session: Session, review: int | None = None) -> tuple[ReviewItem, ...]:
    """The assignments of a review; without one, all that is overdue."""
    return fetch(session, ReviewItem, "sec.review_items", p_review=review)


def start_review(session: Session, command: StartReview) -> Result[int]:
    """Start a review; the value is its id."""
    answer = call_api(
        session,
        "sec.review_start",
        p_title=command.title,
        p_due=command.due,
        p_role=command.role,
        p_department=command.department,
    )
    return Result(answer["id"], changed((REVIEWS, answer["id"]), (ITEMS, None)))


def decide_review(session: Session, command: DecideReview) -> Result[None]:
    """Certify or revoke one assignment."""
    call_api(
        session,
        "sec.review_decide",
        p_item=command.item,
        p_decision=command.decision,
        p_comment=command.comment,
    )
    return Result(None, changed((ITEMS, command.item), ("sec.user_role", None)))


def close_review(session: Session, command: CloseReview) -> Result[None]:
    """Close a review."""
    call_api(session, "sec.review_close", p_review=command.id)
    return Result(None, changed((REVIEWS, command.id)))
