"""What the tax adviser gets: accounts, months that are closed, exports with their lines.

Accounts are numbers of the adviser's chart (SKR03, SKR04).  Exports, their vouchers and lines, and the months are
written by the posting functions alone; an export never changes.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, flag, moment, money, one_of, percent, ref, whole, words

SCHEMA = "accounting"
_CATEGORIES = "tax_category IN ('','S','Z','E','AE','K','G','O')"


class Setting(Root, Versioned):
    """What the tax adviser has set up for the house; one row.

    ``consultant_no`` and ``client_no`` are given by the adviser.  ``account_length`` is that of ledger accounts,
    personal accounts are one digit longer.  ``with_service_dates``: bookings bear the day of supply, which decides
    about the tax period; only as agreed with the adviser.
    """

    __tablename__ = "setting"
    __table_args__ = (
        CheckConstraint("id = 1", name="setting_one_row"),
        CheckConstraint("chart IN ('','03','04')", name="chart_known"),
        CheckConstraint("consultant_no BETWEEN 1001 AND 9999999", name="consultant_no_range"),
        CheckConstraint("client_no BETWEEN 1 AND 99999", name="client_no_range"),
        CheckConstraint("fiscal_month BETWEEN 1 AND 12", name="fiscal_month_range"),
        CheckConstraint("account_length BETWEEN 4 AND 8", name="account_length_range"),
        CheckConstraint("initials ~ '^([A-Z]{2})?$'", name="initials_form"),
        CheckConstraint(
            "debtor_first > 0 AND debtor_first < debtor_last AND debtor_last < creditor_first"
            " AND creditor_first < creditor_last AND creditor_last <= 999999999",
            name="personal_ranges_in_order",
        ),
        {"schema": SCHEMA},
    )
    id: Mapped[int] = mapped_column(
        SmallInteger(), primary_key=True, server_default=text("1"), autoincrement=False
    )
    chart: Mapped[str] = mapped_column(String(2), server_default=text("''"))
    consultant_no: Mapped[int | None] = whole()
    client_no: Mapped[int | None] = whole()
    fiscal_month: Mapped[int] = whole("1")
    account_length: Mapped[int] = whole("4")
    debtor_first: Mapped[int] = mapped_column(BigInteger(), server_default=text("10000"))
    debtor_last: Mapped[int] = mapped_column(BigInteger(), server_default=text("69999"))
    creditor_first: Mapped[int] = mapped_column(BigInteger(), server_default=text("70000"))
    creditor_last: Mapped[int] = mapped_column(BigInteger(), server_default=text("99999"))
    initials: Mapped[str] = mapped_column(String(2), server_default=text("''"))
    with_service_dates: Mapped[bool] = flag()


class Account(Base, Versioned):
    """Where what is booked: a purpose, a tax category and rate, for expenses also one supplier, and the account.

    ``tax_key`` (BU-Schlüssel) is empty on accounts that know their tax themselves.  Purposes without tax (bank,
    exchange gains and losses) have category '' and rate 0.
    """

    __tablename__ = "account"
    __table_args__ = (
        one_of(
            "purpose",
            "account_purpose_known",
            "revenue",
            "freight",
            "down_payment",
            "discount_granted",
            "expense",
            "discount_received",
            "bank",
            "exchange_gain",
            "exchange_loss",
        ),
        CheckConstraint(_CATEGORIES, name="account_category"),
        CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name="account_tax_range"),
        CheckConstraint("number ~ '^[1-9]?[0-9]{3,7}$'", name="account_number_form"),
        CheckConstraint("tax_key ~ '^([0-9]{1,4})?$'", name="account_tax_key_form"),
        CheckConstraint("partner_id IS NULL OR purpose = 'expense'", name="account_supplier_expense"),
        Index(
            "uq_account_general",
            "purpose",
            "tax_category",
            "tax_rate",
            unique=True,
            postgresql_where=text("partner_id IS NULL"),
        ),
        Index(
            "uq_account_supplier",
            "partner_id",
            "tax_category",
            "tax_rate",
            unique=True,
            postgresql_where=text("partner_id IS NOT NULL"),
        ),
        {"schema": SCHEMA},
    )
    purpose: Mapped[str] = mapped_column(String(20))
    tax_category: Mapped[str] = mapped_column(String(2), server_default=text("''"))
    tax_rate: Mapped[Decimal] = percent("0")
    partner_id: Mapped[int | None] = ref("partners.partner.id", index=False)
    number: Mapped[str] = mapped_column(String(8))
    tax_key: Mapped[str] = mapped_column(String(4), server_default=text("''"))
    name: Mapped[str] = mapped_column(String(120), server_default=text("''"))


class PersonalAccount(Base, Versioned):
    """The account of a customer (debtor) or supplier (creditor); given with the first export, kept for good."""

    __tablename__ = "personal_account"
    __table_args__ = (
        one_of("side", "personal_side_known", "debtor", "creditor"),
        CheckConstraint("number BETWEEN 1 AND 999999999", name="personal_number_range"),
        UniqueConstraint("partner_id", "side", name="personal_account_once"),
        UniqueConstraint("number", name="personal_number_once"),
        {"schema": SCHEMA},
    )
    partner_id: Mapped[int] = ref("partners.partner.id", index=False)
    side: Mapped[str] = mapped_column(String(10))
    number: Mapped[int] = mapped_column(BigInteger())


class Period(Base, Versioned):
    """A month that was closed, or closed and opened again; a month without a row is open.

    ``findings`` is what was still open in it when it was closed.
    """

    __tablename__ = "period"
    __table_args__ = (
        one_of("state", "period_state_known", "open", "closed"),
        CheckConstraint("extract(day FROM month) = 1", name="period_first_day"),
        {"schema": SCHEMA},
    )
    month: Mapped[date] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(6), server_default=text("'open'"))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    closed_at: Mapped[datetime | None] = moment()
    closed_by: Mapped[str | None] = words()
    reopened_at: Mapped[datetime | None] = moment()
    reopened_by: Mapped[str | None] = words()
    reopen_reason: Mapped[str | None] = words()


class Export(Base):
    """A hand-over to the tax adviser: which days, with which settings, and what it came to.

    ``repeats_id``: the same vouchers again, with the accounts of today.  ``total_amount`` is the sum of all lines,
    ``proof`` compares them with the documents, ``locked``: the month was closed.  The files are in the archive.
    """

    __tablename__ = "export"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="export_days_in_order"),
        CheckConstraint("(repeats_id IS NULL) = (reason IS NULL)", name="repeat_says_why"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    repeats_id: Mapped[int | None] = ref("accounting.export.id")
    reason: Mapped[str | None] = mapped_column(String(200))
    chart: Mapped[str] = mapped_column(String(2))
    consultant_no: Mapped[int] = whole()
    client_no: Mapped[int] = whole()
    vouchers: Mapped[int] = whole()
    lines: Mapped[int] = whole()
    total_amount: Mapped[Decimal] = money()
    proof: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    locked: Mapped[bool] = flag()
    exported_at: Mapped[datetime] = mapped_column(server_default=text("statement_timestamp()"))
    exported_by: Mapped[str] = mapped_column(String(63), server_default=text("session_user"))


class ExportVoucher(Base):
    """A document that went out; each once, unless an export is repeated.  ``amount`` as it stands on the document."""

    __tablename__ = "export_voucher"
    __table_args__ = (
        UniqueConstraint("export_id", "topic", "record_id", name="export_voucher_in_export"),
        Index(
            "uq_export_voucher_once",
            "topic",
            "record_id",
            unique=True,
            postgresql_where=text("NOT repeated"),
        ),
        {"schema": SCHEMA},
    )
    export_id: Mapped[int] = ref("accounting.export.id", index=False)
    topic: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int] = mapped_column(BigInteger())
    number: Mapped[str] = mapped_column(String(40))
    dated: Mapped[date]
    amount: Mapped[Decimal] = money()
    repeated: Mapped[bool] = flag()


class ExportLine(Base):
    """A booking of an export: ``amount`` (positive) on ``account``, debit (S) or credit (H), against ``contra``."""

    __tablename__ = "export_line"
    __table_args__ = (
        UniqueConstraint("export_id", "position", name="export_line_once"),
        CheckConstraint("amount > 0", name="export_line_positive"),
        CheckConstraint("side IN ('S','H')", name="export_line_side"),
        {"schema": SCHEMA},
    )
    export_id: Mapped[int] = ref("accounting.export.id", index=False)
    position: Mapped[int] = whole()
    topic: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int] = mapped_column(BigInteger())
    kind: Mapped[str] = mapped_column(String(20))
    partner_id: Mapped[int] = ref("partners.partner.id")
    number: Mapped[str] = mapped_column(String(40))
    dated: Mapped[date]
    due_date: Mapped[date | None]
    service_date: Mapped[date | None]
    tax_category: Mapped[str] = mapped_column(String(2))
    tax_rate: Mapped[Decimal] = percent()
    amount: Mapped[Decimal] = money()
    side: Mapped[str] = mapped_column(String(1))
    account: Mapped[str] = mapped_column(String(9))
    contra: Mapped[str] = mapped_column(String(9))
    tax_key: Mapped[str] = mapped_column(String(4), server_default=text("''"))
    vat_id: Mapped[str | None] = mapped_column(String(14))
    words: Mapped[str] = mapped_column(String(200), server_default=text("''"))
