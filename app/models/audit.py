"""The audit trail, which is the change feed too: one row per changed row, never altered, never deleted."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, moment, one_of, words


class Entry(Base):
    """What one statement did to one row.

    `table_name`, `row_id` name the row itself; `topic`, `record_id` name the record a person would open: for a line of
    a document that is the document. `old` and `new` hold changed columns only (all of them on insert and delete).
    `session_id` leads to device and program version (`sec.session`), `operator` is who worked at a terminal, `elevated`
    the roles held for a time only, `reason` what the person gave as reason.
    """

    __tablename__ = "entry"
    __table_args__ = (
        one_of("op", "entry_op", "I", "U", "D"),
        Index(None, "topic", "record_id", "id"),
        Index(None, "xid"),
        {"schema": "audit"},
    )

    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    at: Mapped[dt.datetime] = moment()
    login: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    address: Mapped[Any | None] = mapped_column(INET())
    application: Mapped[str] = words("")
    command: Mapped[uuid.UUID | None] = mapped_column(UUID())
    session_id: Mapped[int | None]
    operator: Mapped[str | None] = mapped_column(Text())
    elevated: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    reason: Mapped[str | None] = mapped_column(Text())
    table_name: Mapped[str] = words()
    row_id: Mapped[int]
    op: Mapped[str] = words()
    topic: Mapped[str] = words()
    record_id: Mapped[int]
    warehouse_id: Mapped[int | None]
    old: Mapped[Any | None] = mapped_column(JSONB())
    new: Mapped[Any | None] = mapped_column(JSONB())
    row_hash: Mapped[bytes] = mapped_column(LargeBinary())


class Event(Base):
    """Something about access rather than about a row: sessions, passwords, rights, refusals, reading what is hidden."""

    __tablename__ = "event"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "login", "at"),
        Index(None, "kind", "at"),
        {"schema": "audit"},
    )

    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    at: Mapped[dt.datetime] = moment()
    kind: Mapped[str] = words()
    login: Mapped[str] = words()
    by_login: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    operator: Mapped[str | None] = mapped_column(Text())
    address: Mapped[Any | None] = mapped_column(INET())
    application: Mapped[str] = words("")
    session_id: Mapped[int | None]
    detail: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    row_hash: Mapped[bytes] = mapped_column(LargeBinary())
