"""What the card beside a record says of its mails; read together with everything else there."""

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import func, select

from app.models.mail import MailMessage


class MailMark(NamedTuple):
    """A mail of a record; `at` is UTC."""

    id: int
    recipients: str
    state: str
    reason: str
    at: dt.datetime
    by: str


def mails_column(topic: str, record_id: int) -> Any:
    """A column of a SELECT that `marks_from` reads."""
    found = (
        select(
            MailMessage.id,
            func.array_to_string(MailMessage.recipients, ", "),
            MailMessage.state,
            MailMessage.reason,
            func.coalesce(MailMessage.ended_at, MailMessage.requested_at),
            MailMessage.requested_by,
        )
        .where(MailMessage.topic == topic, MailMessage.record_id == record_id)
        .order_by(MailMessage.id.desc())
        .limit(10)
    ).subquery()
    return select(func.jsonb_agg(func.jsonb_build_array(*found.c))).scalar_subquery()


def marks_from(answer: Any) -> tuple[MailMark, ...]:
    """What `mails_column` found."""
    return tuple(MailMark(*one)._replace(at=dt.datetime.fromisoformat(one[4])) for one in answer or ())
