"""From where one may come, who tried and failed, and what waits to be sent."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import CIDR, INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, moment, one_of, whole, words
from app.models.security.roles import ROLE


class AddressRule(Base):
    """People with the role may come from this network; a role without a rule may come from everywhere."""

    __tablename__ = "address_rule"
    __table_args__ = (Index(None, "role"), {"schema": "sec"})

    role: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"))
    network: Mapped[Any] = mapped_column(CIDR())
    note: Mapped[str] = words("")


class LoginAttempt(Base):
    """A login the server's log told of, as `werkbank guard` read it; `login` may be nobody's."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        one_of("outcome", "login_attempt_outcome", "ok", "wrong", "refused"),
        Index(None, "at"),
        Index(None, "login", "at"),
        {"schema": "sec"},
    )

    at: Mapped[dt.datetime] = moment()
    login: Mapped[str] = words()
    address: Mapped[Any | None] = mapped_column(INET())
    outcome: Mapped[str] = words()
    application: Mapped[str] = words("")


class Alarm(Base):
    """Something an administrator should look at."""

    __tablename__ = "alarm"
    __table_args__ = (
        CheckConstraint("length(kind) BETWEEN 1 AND 60", name="alarm_kind"),
        Index(None, "at"),
        {"schema": "sec"},
    )

    at: Mapped[dt.datetime] = moment(default_now=True)
    kind: Mapped[str] = words()
    login: Mapped[str] = words("")
    detail: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    seen_by: Mapped[str | None] = mapped_column(Text())
    seen_at: Mapped[dt.datetime | None] = moment()


class GuardMark(Base):
    """How far `werkbank guard` has read a log file; `head` (SHA-256 of its first line) knows it under any name."""

    __tablename__ = "guard_mark"
    __table_args__ = ({"schema": "sec"},)

    head: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    file: Mapped[str] = words()
    position: Mapped[int]
    read_at: Mapped[dt.datetime] = moment(default_now=True)


class MailMessage(Base):
    """A mail to be sent by `werkbank guard` through the house's SMTP server."""

    __tablename__ = "mail_message"
    __table_args__ = (
        one_of("state", "mail_message_state", "waiting", "sent", "failed"),
        Index(None, "state", "next_try"),
        {"schema": "sec"},
    )

    recipient: Mapped[str] = words()
    subject: Mapped[str] = words()
    body: Mapped[str] = words()
    state: Mapped[str] = words("waiting")
    tries: Mapped[int] = whole("0")
    next_try: Mapped[dt.datetime] = moment(default_now=True)
    error: Mapped[str] = words("")
    created_at: Mapped[dt.datetime] = moment(default_now=True)
    sent_at: Mapped[dt.datetime | None] = moment()
