"""The audit trail, which is the change feed too: one row per changed row, never altered, never deleted.

Entries and events lie in one partition per month (`entry_2026_11`); `audit.partitions_ahead` makes them ahead, and the
default partition takes what comes for a month without one.
"""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, INT8MULTIRANGE, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, day, moment, one_of, words

BY_MONTH = "RANGE (at)"


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
        {"schema": "audit", "postgresql_partition_by": BY_MONTH},
    )

    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
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
        Index(None, "xid"),
        {"schema": "audit", "postgresql_partition_by": BY_MONTH},
    )

    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = words()
    login: Mapped[str] = words()
    by_login: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    operator: Mapped[str | None] = mapped_column(Text())
    address: Mapped[Any | None] = mapped_column(INET())
    application: Mapped[str] = words("")
    session_id: Mapped[int | None]
    detail: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    row_hash: Mapped[bytes] = mapped_column(LargeBinary())


class Block(Root):
    """A seal over entries and events, made in the background (`audit.seal`); numbers have no gap.

    `block_hash` covers the block before (`previous`), the number, and id and hash of every row in `entries` and
    `events`, which were written from `first_at` to `last_at` (so that verifying looks at their months only).
    `until_xid`: transactions below are sealed in this block or an earlier one; it holds for the cluster
    `system_id` only, since a restored database counts its transactions anew. Then everything up to
    `above_entry` and `above_event` was sealed at once, whatever its transaction.
    """

    __tablename__ = "block"
    __table_args__ = (
        CheckConstraint("number > 0", name="block_number_positive"),
        CheckConstraint("length(previous) = 32 AND length(block_hash) = 32", name="block_hash_length"),
        Index(None, "sealed_at"),
        {"schema": "audit"},
    )

    number: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    sealed_at: Mapped[dt.datetime] = moment()
    entries: Mapped[Any] = mapped_column(INT8MULTIRANGE())
    events: Mapped[Any] = mapped_column(INT8MULTIRANGE())
    first_at: Mapped[dt.datetime | None] = moment()
    last_at: Mapped[dt.datetime | None] = moment()
    entry_count: Mapped[int]
    event_count: Mapped[int]
    until_xid: Mapped[int]
    above_entry: Mapped[int]
    above_event: Mapped[int]
    system_id: Mapped[int]
    previous: Mapped[bytes] = mapped_column(LargeBinary())
    block_hash: Mapped[bytes] = mapped_column(LargeBinary())


class Archive(Base):
    """A month of the trail that was exported and taken out of the database; `restored_at`: it is back for a check."""

    __tablename__ = "archive"
    __table_args__ = (
        UniqueConstraint("table_name", "month"),
        one_of("table_name", "archive_table", "audit.entry", "audit.event"),
        {"schema": "audit"},
    )

    table_name: Mapped[str] = words()
    month: Mapped[dt.date] = day()
    ids: Mapped[Any] = mapped_column(INT8MULTIRANGE())
    row_count: Mapped[int]
    file: Mapped[str] = words()
    sha256: Mapped[bytes] = mapped_column(LargeBinary())
    archived_at: Mapped[dt.datetime] = moment(default_now=True)
    archived_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    restored_at: Mapped[dt.datetime | None] = moment()
