"""Printers of the house: which there are, which prints what for whom, and the queue."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, flag, moment, one_of, parent_pk, ref, whole, words

SCHEMA = "printing"
_EMPTY = text("'{}'")
_LIST = text("'[]'")


class Station(Base):
    """A work place that has printed; known by the hash of a secret only its computer has.

    ``offers`` are the printers its operating system knows.
    """

    __tablename__ = "station"
    __table_args__ = (
        CheckConstraint("octet_length(offers::text) <= 65536", name="station_offers"),
        {"schema": SCHEMA},
    )

    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    offers: Mapped[list[Any]] = mapped_column(JSONB(), server_default=_LIST)
    last_seen: Mapped[dt.datetime] = moment(default_now=True)
    last_login: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class Printer(Versioned, Base):
    """A printer: how it is reached, and what it understands.

    With ``station_id`` only that work place reaches it and prints for the others.  ``language`` is what it is sent;
    ``media`` the size that lies in it, in millimetres ("100x60"), ``ca`` certificates of the house's own authority.
    """

    __tablename__ = "printer"
    __table_args__ = (
        one_of("kind", "printer_kind_known", "ipp", "raw", "lpd", "system"),
        one_of("language", "printer_language_known", "pdf", "pwg", "zpl", "escpos"),
        CheckConstraint("btrim(name) <> ''", name="printer_name_not_blank"),
        CheckConstraint("btrim(address) <> ''", name="printer_address_not_blank"),
        CheckConstraint("kind <> 'system' OR station_id IS NOT NULL", name="printer_system_has_station"),
        CheckConstraint("dpi BETWEEN 72 AND 2400", name="printer_dpi_range"),
        CheckConstraint(
            "media = '' OR media ~ '^[0-9]{1,4}([.][0-9])?x[0-9]{1,4}([.][0-9])?$'", name="printer_media_form"
        ),
        {"schema": SCHEMA},
    )

    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(300))
    station_id: Mapped[int | None] = ref("printing.station.id")
    language: Mapped[str] = mapped_column(String(10), server_default=text("'pdf'"))
    dpi: Mapped[int] = whole("300")
    media: Mapped[str] = mapped_column(String(20), server_default=text("''"))
    tray: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    location: Mapped[str] = mapped_column(String(120), server_default=text("''"))
    username: Mapped[str] = mapped_column(String(120), server_default=text("''"))
    ca: Mapped[str] = mapped_column(String(20000), server_default=text("''"))
    is_active: Mapped[bool] = flag(True)


class PrinterStatus(Root):
    """How a printer was when somebody last asked, and what it said it can."""

    __tablename__ = "printer_status"
    __table_args__ = (
        one_of(
            "status",
            "printer_status_known",
            "idle",
            "printing",
            "media_out",
            "media_jam",
            "cover_open",
            "toner_low",
            "toner_out",
            "paused",
            "attention",
            "offline",
            "unknown",
        ),
        {"schema": SCHEMA},
    )

    printer_id: Mapped[int] = parent_pk("printing.printer.id")
    status: Mapped[str] = words("unknown")
    reasons: Mapped[str] = mapped_column(String(500), server_default=text("''"))
    capabilities: Mapped[dict[str, Any]] = mapped_column(JSONB(), server_default=_EMPTY)
    checked_at: Mapped[dt.datetime] = moment(default_now=True)


class Route(Versioned, Base):
    """Which printer takes a kind of document; empty means any.  The most telling route counts:
    kind before work place before role before language."""

    __tablename__ = "route"
    __table_args__ = (
        one_of("language", "route_language_known", "", "de", "en"),
        one_of(
            "sides",
            "route_sides_known",
            "",
            "one-sided",
            "two-sided-long-edge",
            "two-sided-short-edge",
        ),
        CheckConstraint("copies BETWEEN 1 AND 99", name="route_copies_range"),
        Index(
            "uq_route_once",
            "kind",
            text("coalesce(station_id, 0)"),
            "role",
            "language",
            unique=True,
        ),
        {"schema": SCHEMA},
    )

    kind: Mapped[str] = mapped_column(String(40), server_default=text("''"))
    station_id: Mapped[int | None] = ref("printing.station.id")
    role: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    language: Mapped[str] = mapped_column(String(2), server_default=text("''"))
    printer_id: Mapped[int] = ref("printing.printer.id")
    tray: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    copies: Mapped[int] = whole("1")
    sides: Mapped[str] = mapped_column(String(30), server_default=text("''"))


class PrintJob(Base):
    """One thing to print.  Written by functions alone.

    ``fence`` counts the claims: who lost his claim cannot say any more what became of the job.  ``began_at`` is set
    before the first byte leaves; a job that is lost after that is ``unclear``, and printed again as a copy only.
    ``requested_by`` is the person, ``login`` what it was asked for with: at a terminal the device, which sends it.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of(
            "state",
            "print_job_state_known",
            "waiting",
            "held",
            "sending",
            "sent",
            "done",
            "failed",
            "unclear",
            "cancelled",
        ),
        CheckConstraint("copies BETWEEN 1 AND 999", name="print_copies_range"),
        CheckConstraint(
            "(state = 'sending') = (claim_until IS NOT NULL)", name="print_job_claimed_while_sending"
        ),
        # No printer gets two jobs at once, whatever clients believe.
        Index("uq_job_sending", "printer_id", unique=True, postgresql_where=text("state = 'sending'")),
        Index("job_waiting_idx", "printer_id", "id", postgresql_where=text("state = 'waiting'")),
        Index("job_requested_idx", "requested_by", "id"),
        Index("job_login_idx", "login", "id"),
        {"schema": SCHEMA},
    )

    batch: Mapped[UUID] = mapped_column(Uuid())
    position: Mapped[int] = whole()
    kind: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(String(80), server_default=text("''"))
    record_id: Mapped[int | None] = mapped_column(BigInteger())
    title: Mapped[str] = mapped_column(String(200))
    content_id: Mapped[int] = ref("documents.content.id")
    printer_id: Mapped[int] = ref("printing.printer.id")
    station_id: Mapped[int | None] = ref("printing.station.id")
    state: Mapped[str] = words("waiting")
    reason: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    detail: Mapped[str] = mapped_column(String(300), server_default=text("''"))
    copies: Mapped[int] = whole("1")
    tray: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    sides: Mapped[str] = mapped_column(String(30), server_default=text("''"))
    pages: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    language: Mapped[str] = mapped_column(String(2), server_default=text("'de'"))
    is_copy: Mapped[bool] = flag()
    copy_of: Mapped[int | None] = ref("printing.job.id")
    attempts: Mapped[int] = whole("0")
    next_at: Mapped[dt.datetime] = moment(default_now=True)
    fence: Mapped[int] = whole("0")
    claimed_by: Mapped[str] = mapped_column(Text(), server_default=text("''"))
    claimed_station_id: Mapped[int | None] = ref("printing.station.id", index=False)
    claim_until: Mapped[dt.datetime | None] = moment()
    began_at: Mapped[dt.datetime | None] = moment()
    remote: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    requested_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    login: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    requested_at: Mapped[dt.datetime] = moment(default_now=True)
    ended_at: Mapped[dt.datetime | None] = moment()
