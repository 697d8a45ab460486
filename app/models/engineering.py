"""Bills of materials with versions, approval and effectivity."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, percent, ref, whole
from app.models.base import qty as quantity

SCHEMA = "engineering"


class Bom(Versioned, Base):
    """One version of a product's bill of materials; ``output_qty`` units are made from its lines.

    Of the approved versions at most one is effective on any day (``valid_to`` is the first day it no longer is).
    The exclusion compares the product as a one-point range, since no extension for plain equality is required.
    """

    __tablename__ = "bom"
    __table_args__ = (
        UniqueConstraint("product_id", "version", name="bom_version_once"),
        CheckConstraint("state IN ('draft','approved','retired')", name="bom_state_known"),
        CheckConstraint("output_qty > 0", name="bom_output_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="bom_dates_in_order"),
        CheckConstraint("(state = 'draft') = (approved_at IS NULL)", name="bom_approval_complete"),
        ExcludeConstraint(
            (text("int8range(product_id, product_id, '[]')"), "&&"),
            (text("daterange(valid_from, valid_to)"), "&&"),
            where=text("state = 'approved'"),
            using="gist",
            name="bom_one_effective_version",
        ),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id")
    version: Mapped[int] = whole()
    state: Mapped[str] = mapped_column(String(10), server_default=text("'draft'"))
    output_qty: Mapped[Decimal] = quantity("1")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    approved_by: Mapped[str | None] = mapped_column(String(63))
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    remark: Mapped[str | None] = mapped_column(Text)


class BomLine(Base):
    """A component: ``qty`` per ``output_qty`` of the bill, plus scrap in percent."""

    __tablename__ = "bom_line"
    __table_args__ = (
        UniqueConstraint(
            "bom_id", "position", name="bom_position_once", deferrable=True, initially="DEFERRED"
        ),
        CheckConstraint("qty > 0", name="bom_line_qty_positive"),
        CheckConstraint("scrap_pct >= 0 AND scrap_pct < 100", name="bom_line_scrap_range"),
        {"schema": SCHEMA},
    )
    bom_id: Mapped[int] = ref("engineering.bom.id")
    position: Mapped[int] = whole()
    product_id: Mapped[int] = ref("catalog.product.id")
    qty: Mapped[Decimal] = quantity()
    scrap_pct: Mapped[Decimal] = percent("0")
    remark: Mapped[str | None] = mapped_column(String(200))


class StructureLock(Root):
    """One row that every change of a structure updates: changes are checked for cycles one after the other."""

    __tablename__ = "structure_lock"
    __table_args__ = (CheckConstraint("id = 1", name="structure_lock_one_row"), {"schema": SCHEMA})
    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, server_default=text("1"), autoincrement=False
    )
    changes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
