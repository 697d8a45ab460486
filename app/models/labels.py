"""Labels: the house's own designs, ranges of article and shipping numbers, parcels, taught codes, scans."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, flag, moment, one_of, qty, ref, whole

SCHEMA = "labels"


class LabelDesign(Versioned, Base):
    """A design of the house's own; ``definition`` has the form of those that come with the program."""

    __tablename__ = "design"
    __table_args__ = (
        UniqueConstraint("topic", "name_de", name="label_design_once"),
        one_of(
            "topic",
            "label_design_topic_known",
            "product",
            "lot",
            "place",
            "box",
            "slot",
            "delivery",
            "work_order",
            "badge",
            "mould",
        ),
        CheckConstraint(
            "btrim(name_de) <> '' AND btrim(name_en) <> ''",
            name="label_design_name_not_blank",
        ),
        CheckConstraint(
            "jsonb_typeof(definition) = 'object' AND octet_length(definition::text) <= 65536",
            name="label_design_definition",
        ),
        {"schema": SCHEMA},
    )
    topic: Mapped[str] = mapped_column(String(20))
    name_de: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_active: Mapped[bool] = flag(True)


class NumberRange(Versioned, Base):
    """Where numbers come from: a prefix, and a running number of as many digits as are left before the check digit.

    ``issued`` counts the numbers given; only the functions that give them write it.
    """

    __tablename__ = "number_range"
    __table_args__ = (
        one_of("kind", "number_range_kind_known", "ean13", "ean8", "sscc"),
        CheckConstraint(
            "prefix ~ '^[0-9]+$' AND CASE kind WHEN 'ean13' THEN length(prefix) BETWEEN 2 AND 11"
            " WHEN 'ean8' THEN length(prefix) BETWEEN 1 AND 6 ELSE length(prefix) BETWEEN 5 AND 16 END",
            name="number_range_prefix",
        ),
        CheckConstraint(
            "first_serial >= 0 AND last_serial >= first_serial AND length(last_serial::text) <="
            " CASE kind WHEN 'ean13' THEN 12 WHEN 'ean8' THEN 7 ELSE 17 END - length(prefix)",
            name="number_range_serials",
        ),
        CheckConstraint("issued BETWEEN 0 AND last_serial - first_serial + 1", name="number_range_issued"),
        CheckConstraint("btrim(name) <> ''", name="number_range_name_not_blank"),
        UniqueConstraint("kind", "prefix", name="number_range_once"),
        Index("uq_number_range_active", "kind", unique=True, postgresql_where=text("is_active")),
        {"schema": SCHEMA},
    )
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(16))
    first_serial: Mapped[int] = mapped_column(server_default=text("1"))
    last_serial: Mapped[int]
    issued: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = flag(True)


class Gtin(Base):
    """An article number given from a range; append-only.  Numbers a product had before stand here as its own."""

    __tablename__ = "gtin"
    __table_args__ = (
        UniqueConstraint("number_range_id", "serial", name="gtin_serial_once"),
        {"schema": SCHEMA},
    )
    number_range_id: Mapped[int] = ref("labels.number_range.id", index=False)
    serial: Mapped[int]
    code: Mapped[str] = mapped_column(String(14), unique=True)
    product_id: Mapped[int] = ref("catalog.product.id")
    given_at: Mapped[dt.datetime] = moment(default_now=True)
    given_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class Sscc(Base):
    """The number of a shipping unit, given to a parcel of a delivery once and for good."""

    __tablename__ = "sscc"
    __table_args__ = (
        UniqueConstraint("number_range_id", "serial", name="sscc_serial_once"),
        UniqueConstraint("delivery_id", "parcel", name="sscc_once_per_parcel"),
        CheckConstraint("parcel BETWEEN 1 AND 999", name="sscc_parcel_range"),
        {"schema": SCHEMA},
    )
    number_range_id: Mapped[int] = ref("labels.number_range.id", index=False)
    serial: Mapped[int]
    code: Mapped[str] = mapped_column(String(18), unique=True)
    delivery_id: Mapped[int] = ref("sales.delivery.id", index=False)
    parcel: Mapped[int] = whole()
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    given_at: Mapped[dt.datetime] = moment(default_now=True)
    given_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class Parcel(Versioned, Base):
    """A parcel of a delivery: packed (closed), opened again, or void because it was unpacked for good.

    ``sscc`` is its number for good, empty while the house has no range for it; ``weight_g`` is what it weighs as it was
    weighed, None: nobody did.
    """

    __tablename__ = "parcel"
    __table_args__ = (
        UniqueConstraint("delivery_id", "number", name="parcel_number_once"),
        one_of("state", "parcel_state_known", "packed", "open", "void"),
        CheckConstraint("number BETWEEN 1 AND 999", name="parcel_number_range"),
        CheckConstraint("weight_g > 0 AND weight_g <= 30000000", name="parcel_weight_range"),
        {"schema": SCHEMA},
    )
    delivery_id: Mapped[int] = ref("sales.delivery.id", index=False)
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    number: Mapped[int] = whole()
    state: Mapped[str] = mapped_column(String(10), server_default=text("'packed'"))
    sscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    weight_g: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    packed_at: Mapped[dt.datetime] = moment(default_now=True)
    packed_by: Mapped[str] = mapped_column(Text())


class ParcelLine(Base):
    """How much of a line of the delivery is in a parcel."""

    __tablename__ = "parcel_line"
    __table_args__ = (
        UniqueConstraint("parcel_id", "delivery_line_id", name="parcel_line_once"),
        CheckConstraint("qty > 0", name="parcel_line_qty_positive"),
        {"schema": SCHEMA},
    )
    parcel_id: Mapped[int] = ref("labels.parcel.id", index=False)
    delivery_line_id: Mapped[int] = ref("sales.delivery_line.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    qty: Mapped[Decimal] = qty()


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
    """One scan: who, where, what came of it.  Append-only.

    ``scanned_by`` is the login of the connection; at a terminal that is the device, and ``operator`` who worked there.
    """

    __tablename__ = "scan"
    __table_args__ = (
        one_of("outcome", "scan_outcome_known", "found", "several", "unknown", "refused", "command"),
        {"schema": SCHEMA},
    )
    scanned_at: Mapped[dt.datetime] = moment(default_now=True)
    scanned_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    operator: Mapped[str | None] = mapped_column(Text())
    workplace: Mapped[str] = mapped_column(String(80))
    screen: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(10))
    topic: Mapped[str | None] = mapped_column(String(40))
    record_id: Mapped[int | None]
