"""Codes people taught the program, and the log of what was scanned."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, moment, one_of, qty, ref

SCHEMA = "labels"


class TaughtCode(Versioned, Base):
    """A code that is on neither label nor record of the house: what it stands for.

    ``qty`` is how many pieces a scan of it means (a carton of twelve), ``supplier_id`` whose code it is.
    """

    __tablename__ = "code"
    __table_args__ = (
        CheckConstraint("code <> '' AND code = btrim(code)", name="taught_code_not_blank"),
        one_of(
            "topic",
            "taught_code_topic_known",
            "catalog.product",
            "inventory.place",
            "inventory.lot",
            "inventory.box",
        ),
        CheckConstraint("qty > 0", name="taught_code_qty_positive"),
        Index("ix_code_record", "topic", "record_id"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(200), unique=True)
    topic: Mapped[str] = mapped_column(String(40))
    record_id: Mapped[int]
    supplier_id: Mapped[int | None] = ref("partners.partner.id")
    qty: Mapped[Decimal] = qty("1")
    note: Mapped[str | None] = mapped_column(String(200))


class ScanRow(Base):
    """One scan: who, where, what came of it.  Append-only."""

    __tablename__ = "scan"
    __table_args__ = (
        one_of("outcome", "scan_outcome_known", "found", "several", "unknown", "refused", "command"),
        {"schema": SCHEMA},
    )
    scanned_at: Mapped[dt.datetime] = moment(default_now=True)
    scanned_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    workplace: Mapped[str] = mapped_column(String(80))
    screen: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(10))
    topic: Mapped[str | None] = mapped_column(String(40))
    record_id: Mapped[int | None]
