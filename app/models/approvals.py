"""Asking somebody else: kinds of requests, the requests, the votes on them, and who stands in for whom."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, flag, moment, one_of, ref, whole, words
from app.models.security.people import APP_USER


class ApprovalKind(Base):
    """What can be asked for. `votes` and `hours` are the house's to change, the rest comes from the rights matrix.

    `apply` is called with (request id, payload) when the last vote has come, `dismiss` when there will be none.
    `limit_name`: who decides needs a limit that covers the request's amount. `confirm`: who approves has just proved
    again who it is. `gainer_decides`: whom it is about may vote too.
    """

    __tablename__ = "approval_kind"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z][a-z_]{2,40}$'", name="approval_kind_name"),
        CheckConstraint("votes BETWEEN 1 AND 2", name="approval_kind_votes"),
        CheckConstraint("hours BETWEEN 1 AND 8784", name="approval_kind_hours"),
        CheckConstraint("apply ~ '^[a-z]+[.]apply_[a-z_]+$'", name="approval_kind_apply"),
        CheckConstraint("dismiss ~ '^[a-z]+[.]dismiss_[a-z_]+$'", name="approval_kind_dismiss"),
        {"schema": "system"},
    )

    name: Mapped[str] = mapped_column(Text(), unique=True)
    votes: Mapped[int] = mapped_column(SmallInteger(), server_default=text("1"))
    hours: Mapped[int] = whole("168")
    apply: Mapped[str | None] = mapped_column(Text())
    dismiss: Mapped[str | None] = mapped_column(Text())
    limit_name: Mapped[str | None] = mapped_column(Text())
    confirm: Mapped[bool] = flag()
    gainer_decides: Mapped[bool] = flag()
    delegable: Mapped[bool] = flag(True)


class ApprovalRequest(Versioned, Base):
    """One thing somebody wants another person to allow.

    `topic` and `record_id` name the record it belongs to, `detail` tells one of several on the same record apart.
    `subject` is what people look at (see `system.approval_open`), `payload` what the kind's function gets.
    `requested_by`, `author` (whose document it is) and `gains` (who has something of it) do not decide. `settled_at`
    is when it was decided, withdrawn or ran out.
    """

    __tablename__ = "approval_request"
    __table_args__ = (
        one_of("state", "approval_request_state", "open", "approved", "rejected", "withdrawn", "expired"),
        CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 1000", name="approval_reason_length"),
        CheckConstraint("votes_needed BETWEEN 1 AND 2", name="approval_votes_needed"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="approval_settled"),
        Index(
            "uq_approval_open",
            "kind",
            "topic",
            "record_id",
            "detail",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_approval_record", "topic", "record_id"),
        Index("ix_approval_waiting", "expires_at", postgresql_where=text("state = 'open'")),
        Index(None, "requested_by"),
        Index(None, "gains"),
        {"schema": "system"},
    )

    kind: Mapped[str] = mapped_column(ForeignKey("system.approval_kind.name", ondelete="RESTRICT"))
    topic: Mapped[str] = words()
    record_id: Mapped[int] = mapped_column(server_default=text("0"))
    detail: Mapped[str] = words("")
    state: Mapped[str] = words("open")
    reason: Mapped[str] = words()
    subject: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    payload: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric())
    warehouse_id: Mapped[int | None]
    requested_by: Mapped[str] = words()
    author: Mapped[str | None] = mapped_column(Text())
    gains: Mapped[str | None] = mapped_column(Text())
    votes_needed: Mapped[int] = mapped_column(SmallInteger(), server_default=text("1"))
    expires_at: Mapped[dt.datetime] = moment()
    settled_at: Mapped[dt.datetime | None] = moment()


class ApprovalVote(Base):
    """What one person said to a request; `authority` is whose right it was: one's own or the represented person's.

    Two votes are two people with a right each: neither one person twice, nor one person and the own stand-in.
    """

    __tablename__ = "approval_vote"
    __table_args__ = (
        UniqueConstraint("request_id", "voter"),
        UniqueConstraint("request_id", "authority"),
        one_of("decision", "approval_vote_decision", "approve", "reject"),
        CheckConstraint("decision = 'approve' OR btrim(comment) <> ''", name="approval_rejection_says_why"),
        CheckConstraint("length(comment) <= 1000", name="approval_comment_length"),
        {"schema": "system"},
    )

    request_id: Mapped[int] = ref("system.approval_request.id", index=False)
    voter: Mapped[str] = words()
    authority: Mapped[str] = words()
    decision: Mapped[str] = words()
    comment: Mapped[str] = words("")
    at: Mapped[dt.datetime] = moment(default_now=True)


class ApprovalDelegate(Versioned, Base):
    """While somebody is away, another person decides with the right of the one who is away."""

    __tablename__ = "approval_delegate"
    __table_args__ = (
        CheckConstraint("delegate <> login", name="approval_delegate_somebody_else"),
        CheckConstraint("valid_to > valid_from", name="approval_delegate_period"),
        Index(None, "login"),
        Index(None, "delegate"),
        {"schema": "system"},
    )

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    delegate: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    valid_from: Mapped[dt.datetime] = moment(default_now=True)
    valid_to: Mapped[dt.datetime] = moment()
    reason: Mapped[str] = words("")
