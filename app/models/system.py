"""Platform tables every capability uses: the company, number series, notes, commands, checksums."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, day, flag, moment, one_of, whole, words


class Company(Root, Versioned):
    """The one company this database belongs to.

    ``is_small_business``: no VAT is charged (§ 19 UStG).  ``contact_…``: whom customers ask about an invoice;
    ``electronic_address`` with its scheme (EAS) is where e-invoices are answered to.
    """

    __tablename__ = "company"
    __table_args__ = (
        CheckConstraint("id = 1", name="company_one_row"),
        CheckConstraint("length(btrim(name)) BETWEEN 1 AND 200", name="company_name_length"),
        one_of("language", "company_language", "de", "en"),
        {"schema": "system"},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger(), primary_key=True, server_default=text("1"), autoincrement=False
    )
    name: Mapped[str] = words()
    street: Mapped[str] = words("")
    postal_code: Mapped[str] = words("")
    city: Mapped[str] = words("")
    country: Mapped[str] = words("DE")
    vat_id: Mapped[str] = words("")
    tax_number: Mapped[str] = words("")
    register_entry: Mapped[str] = words("")
    managing_director: Mapped[str] = words("")
    bank_name: Mapped[str] = words("")
    iban: Mapped[str] = words("")
    bic: Mapped[str] = words("")
    phone: Mapped[str] = words("")
    email: Mapped[str] = words("")
    web: Mapped[str] = words("")
    language: Mapped[str] = words("de")
    currency: Mapped[str] = words("EUR")
    time_zone: Mapped[str] = words("Europe/Berlin")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary(), deferred=True)
    is_small_business: Mapped[bool] = flag()
    contact_name: Mapped[str] = words("")
    contact_phone: Mapped[str] = words("")
    contact_email: Mapped[str] = words("")
    electronic_address: Mapped[str] = words("")
    electronic_address_scheme: Mapped[str] = words("EM")


class ExchangeRate(Base, Versioned):
    """Units of a currency for one of the house's own on a day, as the European Central Bank publishes them."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        UniqueConstraint("currency", "valid_on", name="exchange_rate_once"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="exchange_rate_currency"),
        CheckConstraint("rate > 0 AND rate < 1000000", name="exchange_rate_range"),
        {"schema": "system"},
    )

    currency: Mapped[str] = words()
    valid_on: Mapped[dt.date] = day()
    rate: Mapped[Decimal] = mapped_column(Numeric(14, 6))


class Counter(Root):
    """Next legal number of one series in one year; taken last in a posting, so the row is locked only to commit."""

    __tablename__ = "counter"
    __table_args__ = (CheckConstraint("next_value >= 1", name="counter_next_value"), {"schema": "system"})

    series: Mapped[str] = mapped_column(Text(), primary_key=True)
    year: Mapped[int] = mapped_column(Integer(), primary_key=True, autoincrement=False)
    prefix: Mapped[str] = words()
    next_value: Mapped[int] = whole("1")


class Note(Base, Versioned):
    """A remark on any record; topic is the record's table, `schema.table`."""

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("length(btrim(body)) BETWEEN 1 AND 10000", name="note_body_length"),
        Index(None, "topic", "record_id"),
        {"schema": "system"},
    )

    topic: Mapped[str] = words()
    record_id: Mapped[int]
    body: Mapped[str] = words()


class SqlChecksum(Root):
    """Checksum of the replaceable SQL and the rights matrix that were applied last."""

    __tablename__ = "sql_checksum"
    __table_args__ = ({"schema": "system"},)

    name: Mapped[str] = mapped_column(Text(), primary_key=True)
    sha256: Mapped[str] = words()
    applied_at: Mapped[dt.datetime] = moment(default_now=True)


class Command(Root):
    """A posting that was asked for once: the same UUID again gets the stored answer."""

    __tablename__ = "command"
    __table_args__ = ({"schema": "api", "postgresql_with": {"fillfactor": 80}},)

    id: Mapped[uuid.UUID] = mapped_column(UUID(), primary_key=True)
    login: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    function: Mapped[str] = words()
    args_hash: Mapped[bytes] = mapped_column(LargeBinary())
    result: Mapped[Any | None] = mapped_column(JSONB())
    at: Mapped[dt.datetime] = moment(default_now=True)
