"""Work orders with their components and completions; what they cost stands apart."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, flag, money, percent, price, ref, whole
from app.models.base import qty as quantity

SCHEMA = "production"


class ScrapReason(Versioned, Base):
    """Why pieces are scrapped."""

    __tablename__ = "scrap_reason"
    __table_args__ = ({"schema": SCHEMA},)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_de: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))


class Mould(Versioned, Base):
    """A mould that pieces are cast in; a blocked one is not cast with."""

    __tablename__ = "mould"
    __table_args__ = (
        CheckConstraint("number <> '' AND number = btrim(number)", name="mould_number_not_blank"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(30), unique=True)
    name: Mapped[str | None] = mapped_column(String(200))
    storage_place: Mapped[str | None] = mapped_column(String(60))
    is_blocked: Mapped[bool] = flag()
    is_active: Mapped[bool] = flag(True)
    remark: Mapped[str | None] = mapped_column(Text)


class MouldProduct(Versioned, Base):
    """What comes out of a mould: a family (before painting) or a product, and how many pieces one casting gives."""

    __tablename__ = "mould_product"
    __table_args__ = (
        UniqueConstraint("mould_id", "article_number", name="mould_product_once"),
        CheckConstraint("pieces > 0", name="mould_pieces_positive"),
        CheckConstraint("weight >= 0", name="mould_weight_not_negative"),
        {"schema": SCHEMA},
    )
    mould_id: Mapped[int] = ref("production.mould.id", index=False)
    article_number: Mapped[str] = mapped_column(String(60))
    family_id: Mapped[int | None] = ref("catalog.family.id")
    product_id: Mapped[int | None] = ref("catalog.product.id")
    pieces: Mapped[Decimal] = quantity("1")
    weight: Mapped[Decimal | None] = quantity()


class WorkOrder(Versioned, Base):
    """An order to make ``qty`` of a product from one version of its bill of materials."""

    __tablename__ = "work_order"
    __table_args__ = (
        CheckConstraint(
            "state IN ('released','started','completed','cancelled')", name="work_order_state_known"
        ),
        CheckConstraint("qty > 0", name="work_order_qty_positive"),
        CheckConstraint("qty_good >= 0 AND qty_scrap >= 0", name="work_order_reported_not_negative"),
        CheckConstraint("planned_end >= planned_start", name="work_order_dates_in_order"),
        Index("ix_work_order_state", "state", "planned_start"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'released'"))
    product_id: Mapped[int] = ref("catalog.product.id")
    bom_id: Mapped[int] = ref("engineering.bom.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    parent_id: Mapped[int | None] = ref("production.work_order.id")
    source_type: Mapped[str | None] = mapped_column(String(40))
    source_id: Mapped[int | None]
    qty: Mapped[Decimal] = quantity()
    qty_good: Mapped[Decimal] = quantity("0")
    qty_scrap: Mapped[Decimal] = quantity("0")
    planned_start: Mapped[date]
    planned_end: Mapped[date]
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancel_reason: Mapped[str | None] = mapped_column(String(200))


class WorkOrderComponent(Base):
    """What a work order needs (snapshot of the bill) and what it has used."""

    __tablename__ = "work_order_component"
    __table_args__ = (
        UniqueConstraint("work_order_id", "position", name="work_order_component_once"),
        CheckConstraint("qty_required > 0", name="component_required_positive"),
        CheckConstraint("qty_consumed >= 0", name="component_consumed_not_negative"),
        {"schema": SCHEMA},
    )
    work_order_id: Mapped[int] = ref("production.work_order.id", index=False)
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id", index=False)
    position: Mapped[int] = whole()
    product_id: Mapped[int] = ref("catalog.product.id")
    qty_required: Mapped[Decimal] = quantity()
    qty_consumed: Mapped[Decimal] = quantity("0")
    scrap_pct: Mapped[Decimal] = percent("0")


class Completion(Base):
    """One report of finished and scrapped pieces; good ones went into ``lot_id``."""

    __tablename__ = "completion"
    __table_args__ = (
        CheckConstraint(
            "qty_good >= 0 AND qty_scrap >= 0 AND qty_good + qty_scrap > 0", name="completion_not_empty"
        ),
        CheckConstraint("qty_scrap = 0 OR scrap_reason_id IS NOT NULL", name="scrap_needs_reason"),
        {"schema": SCHEMA},
    )
    work_order_id: Mapped[int] = ref("production.work_order.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id", index=False)
    qty_good: Mapped[Decimal] = quantity()
    qty_scrap: Mapped[Decimal] = quantity("0")
    scrap_reason_id: Mapped[int | None] = ref("production.scrap_reason.id")
    remark: Mapped[str | None] = mapped_column(String(200))
    lot_id: Mapped[int | None] = ref("inventory.lot.id")
    place_id: Mapped[int | None] = ref("inventory.place.id")
    reported_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("statement_timestamp()")
    )
    reported_by: Mapped[str] = mapped_column(String(63), server_default=text("session_user"))


class WorkOrderCost(Base):
    """Standard against actual material cost of a work order, in EUR; for the few who may know it."""

    __tablename__ = "work_order_cost"
    __table_args__ = ({"schema": SCHEMA},)
    work_order_id: Mapped[int] = ref("production.work_order.id", unique=True)
    standard_unit_cost: Mapped[Decimal] = price("0")
    actual_cost: Mapped[Decimal] = money("0")
