"""What the house's old system is asked for and what came of it: leader, servers, runs, source records, quarantine.

What the old system says about documents, work orders and people stands in `app.models.legacy.history`.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, flag, moment, one_of, parent_pk, ref, whole

SCHEMA = "legacy"
MODULES = ("catalog", "partners", "sales", "inventory", "production", "hr", "images")
MODES = ("full", "incremental", "sweep", "retry", "reconcile", "images")
RUN_STATES = ("waiting", "running", "done", "warnings", "failed", "cancelled", "interrupted")


def _json(default: str | None = None) -> Any:
    return mapped_column(JSONB(), server_default=None if default is None else text(f"'{default}'"))


class Lease(Base):
    """Who leads: one row per name.  ``token`` grows with every new holder; an old one writes nothing any more."""

    __tablename__ = "lease"
    __table_args__ = ({"schema": SCHEMA},)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    holder: Mapped[str] = mapped_column(String(63))
    client: Mapped[str] = mapped_column(String(120))
    token: Mapped[int] = mapped_column(BigInteger())
    until_at: Mapped[dt.datetime] = moment()


class Server(Versioned, Base):
    """A 4D server or an image service.

    ``ca_file`` is the path of the house's certificates, or the certificates themselves; ``media_url`` replaces the
    host in the addresses of pictures.
    """

    __tablename__ = "server"
    __table_args__ = (
        one_of("kind", "legacy_server_kind", "4d", "images"),
        CheckConstraint("code ~ '^[a-z0-9_]{1,20}$'", name="legacy_server_code"),
        CheckConstraint("base_url ~ '^https?://[^ ]+$'", name="legacy_server_url"),
        CheckConstraint("timeout_s BETWEEN 1 AND 600", name="legacy_server_timeout"),
        Index(
            "uq_server_active",
            "kind",
            "is_test",
            unique=True,
            postgresql_where=text("is_active AND kind = '4d'"),
        ),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(120))
    base_url: Mapped[str] = mapped_column(String(300))
    username: Mapped[str | None] = mapped_column(String(120))
    verify_tls: Mapped[bool] = flag(True)
    ca_file: Mapped[str | None] = mapped_column(Text)
    media_url: Mapped[str | None] = mapped_column(String(300))
    is_active: Mapped[bool] = flag(True)
    is_test: Mapped[bool] = flag()
    timeout_s: Mapped[int] = whole("60")


class ServerStatus(Root):
    """How a server was last found, written by the leader.

    ``sessions_opened`` counts the sessions ever opened at it; until ``blocked_until`` nobody asks it (402, back-off).
    ``silent_since`` is when it first gave no answer, empty while it answers; at ``retry_at`` it is asked again.
    """

    __tablename__ = "server_status"
    __table_args__ = ({"schema": SCHEMA},)
    server_id: Mapped[int] = parent_pk("legacy.server.id")
    last_contact_at: Mapped[dt.datetime | None] = moment()
    last_status: Mapped[str | None] = mapped_column(String(40))
    last_error: Mapped[str | None] = mapped_column(String(500))
    blocked_until: Mapped[dt.datetime | None] = moment()
    sessions_opened: Mapped[int] = whole("0")
    session_seen_at: Mapped[dt.datetime | None] = moment()
    silent_since: Mapped[dt.datetime | None] = moment()
    retry_at: Mapped[dt.datetime | None] = moment()


class ServerSecret(Root):
    """Password and session cookie of a server, encrypted by clients with a data key; nobody has a right on it."""

    __tablename__ = "server_secret"
    __table_args__ = (
        CheckConstraint(
            "greatest(octet_length(password_sealed), octet_length(session_sealed)) <= 4000",
            name="legacy_secret_form",
        ),
        {"schema": SCHEMA},
    )
    server_id: Mapped[int] = parent_pk("legacy.server.id")
    password_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_key_id: Mapped[int | None] = ref("sec.data_key.id")
    session_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    session_key_id: Mapped[int | None] = ref("sec.data_key.id")


class Module(Versioned, Base):
    """A part of the house and who leads in it: the old system, both, or Werkbank."""

    __tablename__ = "module"
    __table_args__ = (
        one_of("code", "legacy_module_code", *MODULES),
        one_of("mode", "legacy_module_mode", "legacy", "parallel", "werkbank"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(20), unique=True)
    mode: Mapped[str] = mapped_column(String(10), server_default=text("'legacy'"))
    signed_off_at: Mapped[dt.datetime | None] = moment()
    signed_off_by: Mapped[str | None] = mapped_column(String(63))
    comment: Mapped[str | None] = mapped_column(String(500))


class Entity(Base):
    """One mapping file, or one part (`variant/price`) that it writes into a table of its own.

    The counts of its records are taken at the end of each run.
    """

    __tablename__ = "entity"
    __table_args__ = (
        one_of("module", "legacy_entity_module", *MODULES),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(60), unique=True)
    parent: Mapped[str | None] = mapped_column(String(60))
    module: Mapped[str] = mapped_column(String(20))
    source: Mapped[str | None] = mapped_column(String(80))
    target_table: Mapped[str | None] = mapped_column(String(80))
    position: Mapped[int] = whole("0")
    title: Mapped[dict[str, Any]] = _json("{}")
    is_enabled: Mapped[bool] = flag(True)
    mapping_hash: Mapped[str | None] = mapped_column(String(64))
    changed_since: Mapped[dt.date | None]
    last_full_at: Mapped[dt.datetime | None] = moment()
    last_incremental_at: Mapped[dt.datetime | None] = moment()
    last_sweep_at: Mapped[dt.datetime | None] = moment()
    last_change_at: Mapped[dt.datetime | None] = moment()
    source_count: Mapped[int | None]
    record_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    placeholder_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    gone_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    warning_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))


class Run(Base):
    """One pass over some entities: wanted by somebody or by the schedule, worked off by the leader."""

    __tablename__ = "run"
    __table_args__ = (
        one_of("mode", "legacy_run_mode", *MODES),
        one_of("state", "legacy_run_state", *RUN_STATES),
        Index("ix_legacy_run_state", "state"),
        {"schema": SCHEMA},
    )
    mode: Mapped[str] = mapped_column(String(12))
    entities: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    options: Mapped[dict[str, Any]] = _json("{}")
    state: Mapped[str] = mapped_column(String(12), server_default=text("'waiting'"))
    requested_by: Mapped[str] = mapped_column(String(63), server_default=text("SESSION_USER"))
    requested_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))
    started_at: Mapped[dt.datetime | None] = moment()
    finished_at: Mapped[dt.datetime | None] = moment()
    leader: Mapped[str | None] = mapped_column(String(200))
    token: Mapped[int | None]
    cancel_requested: Mapped[bool] = flag()
    error: Mapped[dict[str, Any] | None] = _json()


class RunEntity(Base):
    """How far a run has come with one entity; ``cursor`` is where the next page begins."""

    __tablename__ = "run_entity"
    __table_args__ = (
        UniqueConstraint("run_id", "entity", name="legacy_run_entity_once"),
        one_of("state", "legacy_run_entity_state", *RUN_STATES, "skipped"),
        {"schema": SCHEMA},
    )
    run_id: Mapped[int] = ref("legacy.run.id", ondelete="CASCADE", index=False)
    entity: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = whole("0")
    state: Mapped[str] = mapped_column(String(12), server_default=text("'running'"))
    cursor: Mapped[dict[str, Any] | None] = _json()
    total: Mapped[int | None]
    read_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    created_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    changed_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    unchanged_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    protected_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    quarantined_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    gone_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    warning_count: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    started_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))
    finished_at: Mapped[dt.datetime | None] = moment()
    error: Mapped[dict[str, Any] | None] = _json()


class Record(Base):
    """One record of the old system, as one part of a mapping sees it, and the row it became.

    ``hash`` is that of the source row and its mapping: while it stays, nothing is written.  ``applied`` holds the
    values given last (not for tables only the old system writes); what differs from them was changed in Werkbank.
    ``linked``: a duplicate in the source that stands for the row of another record.
    """

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("entity_id", "source_key", name="legacy_record_once"),
        one_of(
            "state",
            "legacy_record_state",
            "applied",
            "placeholder",
            "linked",
            "quarantined",
            "gone",
            "ignored",
        ),
        Index("ix_legacy_record_target", "target_id", "entity_id"),
        Index(
            "ix_legacy_record_owner", "entity_id", "owner_key", postgresql_where=text("owner_key IS NOT NULL")
        ),
        {"schema": SCHEMA},
    )
    entity_id: Mapped[int] = ref("legacy.entity.id", index=False)
    source_key: Mapped[str] = mapped_column(Text(collation="C"))
    owner_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    hash: Mapped[str | None] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(String(12), server_default=text("'applied'"))
    target_id: Mapped[int | None]
    applied: Mapped[dict[str, Any] | None] = _json()
    protected: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))


class Dangling(Base):
    """A reference that may be empty and could not be resolved: filled in when the record it names has come."""

    __tablename__ = "dangling"
    __table_args__ = (
        UniqueConstraint("entity_id", "source_key", "column_name", name="legacy_dangling_once"),
        Index("ix_legacy_dangling_wanted", "wanted_entity", "wanted_key"),
        {"schema": SCHEMA},
    )
    entity_id: Mapped[int] = ref("legacy.entity.id", index=False)
    source_key: Mapped[str] = mapped_column(Text(collation="C"))
    column_name: Mapped[str] = mapped_column(String(63))
    target_table: Mapped[str] = mapped_column(String(80))
    wanted_entity: Mapped[str] = mapped_column(String(60))
    wanted_key: Mapped[str] = mapped_column(Text(collation="C"))


class Quarantine(Versioned, Base):
    """A record that was not taken over, with what is wrong; ``repair`` are values somebody gave instead of it."""

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("entity_id", "source_key", name="legacy_quarantine_once"),
        one_of("severity", "legacy_quarantine_severity", "error", "warning"),
        one_of("state", "legacy_quarantine_state", "open", "retry", "resolved", "ignored"),
        Index("ix_legacy_quarantine_state", "state", "entity_id"),
        {"schema": SCHEMA},
    )
    entity_id: Mapped[int] = ref("legacy.entity.id", index=False)
    source_key: Mapped[str] = mapped_column(Text(collation="C"))
    raw: Mapped[dict[str, Any] | None] = _json()
    repair: Mapped[dict[str, Any] | None] = _json()
    findings: Mapped[list[Any]] = mapped_column(JSONB(), server_default=text("'[]'"))
    severity: Mapped[str] = mapped_column(String(10), server_default=text("'error'"))
    state: Mapped[str] = mapped_column(String(10), server_default=text("'open'"))
    attempts: Mapped[int] = whole("1")
    first_seen_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))
    comment: Mapped[str | None] = mapped_column(String(500))


class Warned(Base):
    """Something odd about a record that was taken over all the same: one row per code and column of the source.

    Set anew whenever the record is read; ``run_id`` is the run that did so last.
    """

    __tablename__ = "warning"
    __table_args__ = (
        UniqueConstraint("entity_id", "source_key", "code", "field", name="legacy_warning_once"),
        {"schema": SCHEMA},
    )
    entity_id: Mapped[int] = ref("legacy.entity.id", index=False)
    source_key: Mapped[str] = mapped_column(Text(collation="C"))
    code: Mapped[str] = mapped_column(Text(collation="C"))
    field: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("''"))
    params: Mapped[dict[str, Any]] = _json("{}")
    run_id: Mapped[int | None] = ref("legacy.run.id", ondelete="SET NULL")
    first_seen_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))


class Reconciliation(Versioned, Base):
    """One comparison of a module with the old system; signed off, it lets the module go over to Werkbank."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        one_of("module", "legacy_reconciliation_module", *MODULES),
        one_of("state", "legacy_reconciliation_state", "clean", "differences", "signed"),
        {"schema": SCHEMA},
    )
    run_id: Mapped[int | None] = ref("legacy.run.id", ondelete="SET NULL")
    module: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    differences: Mapped[int] = whole("0")
    started_at: Mapped[dt.datetime | None] = moment()
    finished_at: Mapped[dt.datetime] = mapped_column(server_default=text("statement_timestamp()"))
    signed_off_at: Mapped[dt.datetime | None] = moment()
    signed_off_by: Mapped[str | None] = mapped_column(String(63))
    comment: Mapped[str | None] = mapped_column(String(500))


class ReconciliationLine(Base):
    """One thing compared: a count, a sum, a record drawn as a sample, or a field of it."""

    __tablename__ = "reconciliation_line"
    __table_args__ = (
        one_of("kind", "legacy_reconciliation_kind", "count", "sum", "sample", "field"),
        {"schema": SCHEMA},
    )
    reconciliation_id: Mapped[int] = ref("legacy.reconciliation.id", ondelete="CASCADE")
    entity: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(200))
    legacy_value: Mapped[str | None] = mapped_column(Text)
    werkbank_value: Mapped[str | None] = mapped_column(Text)
    difference: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    source_key: Mapped[str | None] = mapped_column(Text)
    ok: Mapped[bool] = flag()


class Feed(Base):
    """One row per table the old system writes: its change tells open lists that there is something new."""

    __tablename__ = "feed"
    __table_args__ = ({"schema": SCHEMA},)
    table_name: Mapped[str] = mapped_column(String(80), unique=True)
    pages: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
