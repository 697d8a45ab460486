"""Warehouses and places, lots, the append-only stock moves and the balances kept beside them."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Computed,
    DateTime,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import QUANTITY, Base, Versioned, flag, one_of, ref, whole
from app.models.base import qty as quantity

SCHEMA = "inventory"


class Warehouse(Versioned, Base):
    """A warehouse; clerks see only the ones they are assigned to."""

    __tablename__ = "warehouse"
    __table_args__ = ({"schema": SCHEMA},)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    is_active: Mapped[bool] = flag(True)


class Place(Versioned, Base):
    """A storage place; ``kind`` receiving, storage, production, shipping or blocked.

    ``rack``, ``compartment`` and ``shelf`` say where in the warehouse it is, where it is counted that way.
    """

    __tablename__ = "place"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "code", name="place_code_once_per_warehouse"),
        CheckConstraint("code <> '' AND code = btrim(code)", name="place_code_not_blank"),
        CheckConstraint(
            "kind IN ('receiving','storage','production','shipping','blocked')", name="place_kind_known"
        ),
        {"schema": SCHEMA},
    )
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12), server_default=text("'storage'"))
    is_active: Mapped[bool] = flag(True)
    rack: Mapped[int | None] = whole()
    compartment: Mapped[int | None] = whole()
    shelf: Mapped[int | None] = whole()
    is_for_sale: Mapped[bool] = flag()
    is_special: Mapped[bool] = flag()


class BoxType(Versioned, Base):
    """A make of boxes: outer measures in mm, weight of the box and of one divider in grams, how many slots."""

    __tablename__ = "box_type"
    __table_args__ = (
        CheckConstraint("code <> '' AND code = btrim(code)", name="box_type_code_not_blank"),
        CheckConstraint(
            "least(length_mm, width_mm, height_mm, weight_g, divider_weight_g) >= 0",
            name="box_type_measures_not_negative",
        ),
        CheckConstraint("slots BETWEEN 1 AND 100", name="box_type_slots"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    color: Mapped[str | None] = mapped_column(String(40))
    maker: Mapped[str | None] = mapped_column(String(80))
    maker_number: Mapped[str | None] = mapped_column(String(80))
    length_mm: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    width_mm: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    height_mm: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    weight_g: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    divider_weight_g: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    slots: Mapped[int] = whole("1")


class Box(Versioned, Base):
    """A numbered box.  Without a place it is on its way somewhere."""

    __tablename__ = "box"
    __table_args__ = (
        CheckConstraint("code <> '' AND code = btrim(code)", name="box_code_not_blank"),
        one_of("purpose", "box_purpose_known", "storage", "picking", "transport", "workshop"),
        one_of("state", "box_state_known", "available", "in_use", "reserved", "damaged", "retired"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(40), unique=True)
    barcode: Mapped[str | None] = mapped_column(String(60))
    box_type_id: Mapped[int | None] = ref("inventory.box_type.id")
    place_id: Mapped[int | None] = ref("inventory.place.id")
    purpose: Mapped[str] = mapped_column(String(12), server_default=text("'storage'"))
    state: Mapped[str] = mapped_column(String(12), server_default=text("'available'"))
    units: Mapped[int | None] = whole()
    label_printed_on: Mapped[date | None]
    remark: Mapped[str | None] = mapped_column(Text)


class BoxSlot(Versioned, Base):
    """A part of a box; its label reads box code, dot, slot code."""

    __tablename__ = "box_slot"
    __table_args__ = (
        UniqueConstraint("box_id", "number", name="box_slot_number_once"),
        CheckConstraint("number > 0", name="box_slot_number_positive"),
        {"schema": SCHEMA},
    )
    box_id: Mapped[int] = ref("inventory.box.id", index=False)
    number: Mapped[int] = whole()
    code: Mapped[str | None] = mapped_column(String(20))
    unit_number: Mapped[int | None] = whole()
    color: Mapped[str | None] = mapped_column(String(40))
    order_number: Mapped[str | None] = mapped_column(String(30))


class Lot(Versioned, Base):
    """A lot (batch) of one product."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("product_id", "code", name="lot_code_once_per_product"),
        CheckConstraint("code <> '' AND code = btrim(code)", name="lot_code_not_blank"),
        Index("ix_lot_code", "code"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id")
    code: Mapped[str] = mapped_column(String(40))
    expires_on: Mapped[date | None]


class StockMove(Base):
    """One movement, never changed.  A receipt has no source place, an issue no target; a transfer has both."""

    __tablename__ = "stock_move"
    __table_args__ = (
        CheckConstraint("qty > 0", name="move_qty_positive"),
        CheckConstraint(
            "kind IN ('receipt','issue','transfer','adjust_in','adjust_out',"
            "'ship','return','consume','produce','scrap')",
            name="move_kind_known",
        ),
        CheckConstraint(
            "CASE WHEN kind IN ('receipt','adjust_in','return','produce')"
            " THEN from_place_id IS NULL AND to_place_id IS NOT NULL"
            " WHEN kind = 'transfer' THEN from_place_id IS NOT NULL AND to_place_id IS NOT NULL"
            " ELSE from_place_id IS NOT NULL AND to_place_id IS NULL END",
            name="move_places_fit_kind",
        ),
        CheckConstraint("from_place_id <> to_place_id", name="move_changes_place"),
        CheckConstraint(
            "kind NOT IN ('adjust_in','adjust_out','scrap') OR reason <> ''", name="move_needs_reason"
        ),
        Index("ix_stock_move_product", "product_id", text("id DESC")),
        Index("ix_stock_move_source", "source_type", "source_id"),
        {"schema": SCHEMA},
    )
    posted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("statement_timestamp()"), index=True
    )
    posted_by: Mapped[str] = mapped_column(String(63), server_default=text("session_user"))
    kind: Mapped[str] = mapped_column(String(12))
    product_id: Mapped[int] = ref("catalog.product.id")
    lot_id: Mapped[int | None] = ref("inventory.lot.id")
    qty: Mapped[Decimal] = quantity()
    from_place_id: Mapped[int | None] = ref("inventory.place.id", index=False)
    to_place_id: Mapped[int | None] = ref("inventory.place.id", index=False)
    from_warehouse_id: Mapped[int | None] = ref("inventory.warehouse.id", index=False)
    to_warehouse_id: Mapped[int | None] = ref("inventory.warehouse.id", index=False)
    reason: Mapped[str | None] = mapped_column(String(200))
    source_type: Mapped[str | None] = mapped_column(String(40))
    source_id: Mapped[int | None]


class StockBalance(Base):
    """What lies at a place, by lot: one row however long the history."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        UniqueConstraint(
            "product_id", "place_id", "lot_id", name="balance_once", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("qty >= 0", name="stock_not_negative"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id", index=False)
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    place_id: Mapped[int] = ref("inventory.place.id")
    lot_id: Mapped[int | None] = ref("inventory.lot.id")
    qty: Mapped[Decimal] = quantity()


class StockLevel(Base):
    """On hand and reserved of a product in a warehouse: the row that every posting locks.

    ``blocked`` is the part of ``on_hand`` at blocked places; ``free`` is what may still be promised.
    """

    __tablename__ = "stock_level"
    __table_args__ = (
        UniqueConstraint("product_id", "warehouse_id", name="level_once"),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved_within_on_hand"),
        CheckConstraint("blocked >= 0 AND blocked <= on_hand", name="blocked_within_on_hand"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id", index=False)
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    on_hand: Mapped[Decimal] = quantity("0")
    reserved: Mapped[Decimal] = quantity("0")
    blocked: Mapped[Decimal] = quantity("0")
    free: Mapped[Decimal] = mapped_column(
        QUANTITY, Computed("greatest(on_hand - reserved - blocked, 0)", persisted=True)
    )


class Reservation(Base):
    """Stock promised to an order line or a work order component."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("source_type", "source_id", "warehouse_id", name="reservation_once"),
        CheckConstraint("qty > 0", name="reservation_positive"),
        CheckConstraint(
            "source_type IN ('sales_order_line','work_order_component')", name="reservation_source_known"
        ),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int]
    qty: Mapped[Decimal] = quantity()
