"""Deciding, taking back, and naming a stand-in: one call of the database each."""

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Changes, Result, changed
from app.core.db import call_api, posting
from app.services.approvals.commands import Decide, DecideAll, EndDelegate, SetDelegate, Withdraw

REQUEST, DELEGATE = "system.approval_request", "system.approval_delegate"


class Decided(NamedTuple):
    """A request after a vote; still `open` when a second person is needed."""

    id: int
    state: str
    votes: int
    votes_needed: int


@posting
def decide(session: Session, command: Decide) -> Result[Decided]:
    """Vote.  NotAllowed: approver_is_somebody_else, the kind's right or limit, confirmation_needed; Refused:
    approval_already_decided, approval_expired, approval_needs_two_people, approval_rejection_says_why."""
    answer = call_api(
        session,
        "approval_decide",
        p_command=command.command,
        p_id=command.id,
        p_decision="approve" if command.approve else "reject",
        p_comment=command.comment,
    )
    value = Decided(
        command.id, answer["state"], int(answer.get("votes") or 0), int(answer.get("votes_needed") or 1)
    )
    record = (answer["topic"], int(answer["record_id"]) or None)
    return Result(value, changed((REQUEST, command.id), record))


def decide_all(session: Session, command: DecideAll) -> Result[tuple[Decided, ...]]:
    """Vote on several requests in one transaction; the first refusal stops all of them.  Raises like `decide`."""
    results = [decide(session, one) for one in command.decisions]
    changes: Changes = NO_CHANGES.union(*(result.changes for result in results))
    return Result(tuple(result.value for result in results), changes)


@posting
def withdraw(session: Session, command: Withdraw) -> Result[None]:
    """Take back an open request of one's own.  Refused: record_not_found, approval_already_decided."""
    answer = call_api(session, "approval_withdraw", p_command=command.command, p_id=command.id)
    return Result(None, changed((REQUEST, command.id), (answer["topic"], int(answer["record_id"]) or None)))


@posting
def set_delegate(session: Session, command: SetDelegate) -> Result[int]:
    """Name a stand-in.

    Refused: approval_delegate_somebody_else, approval_delegate_period, approval_nothing_to_delegate, login_unknown.
    """
    answer = call_api(
        session,
        "approval_delegate_set",
        p_command=command.command,
        p_to=command.to,
        p_from=command.starts,
        p_until=command.ends,
        p_reason=command.reason,
    )
    return Result(int(answer["id"]), changed((DELEGATE, int(answer["id"])), (REQUEST, None)))


@posting
def end_delegate(session: Session, command: EndDelegate) -> Result[None]:
    """The stand-in decides no longer."""
    call_api(session, "approval_delegate_end", p_command=command.command, p_id=command.id)
    return Result(None, changed((DELEGATE, command.id), (REQUEST, None)))
