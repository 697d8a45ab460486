"""Reminders: the house's rules, the base rate interest follows, what is held back, and what was sent."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Date, DateTime, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, flag, money, percent, ref, whole
from app.models.sales import SCHEMA, _of


class ReminderRule(Versioned, Base):
    """What the house does at each of the three levels of reminding.

    A level is reached ``days`` after the due date, and not before what the reminder before asked for was over;
    ``pay_days`` is what the customer gets to pay.  ``fee`` is what this level asks of consumers, ``flat_amount`` the
    lump sum a business in default owes per invoice (§ 288 (5) BGB), in place of a fee.
    """

    __tablename__ = "reminder_rule"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 3", name="reminder_level_range"),
        CheckConstraint("days BETWEEN 0 AND 365", name="reminder_days_range"),
        CheckConstraint("pay_days BETWEEN 1 AND 60", name="reminder_pay_days_range"),
        CheckConstraint("fee BETWEEN 0 AND 100", name="reminder_fee_range"),
        CheckConstraint("flat_amount BETWEEN 0 AND 40", name="reminder_flat_amount_range"),
        {"schema": SCHEMA},
    )
    level: Mapped[int] = mapped_column(Integer, unique=True)
    days: Mapped[int] = whole()
    pay_days: Mapped[int] = whole()
    fee: Mapped[Decimal] = money("0")
    flat_amount: Mapped[Decimal] = money("0")
    with_interest: Mapped[bool] = flag()


class BaseRate(Versioned, Base):
    """The base rate of § 247 BGB from a day on, in percent; it can be below zero."""

    __tablename__ = "base_rate"
    __table_args__ = (
        CheckConstraint("rate BETWEEN -10 AND 30", name="base_rate_range"),
        {"schema": SCHEMA},
    )
    valid_from: Mapped[date] = mapped_column(Date, unique=True)
    rate: Mapped[Decimal] = percent()


class ReminderHold(Versioned, Base):
    """No reminders for a customer, or for one invoice, until a day (None: until it is lifted)."""

    __tablename__ = "reminder_hold"
    __table_args__ = (
        CheckConstraint("btrim(reason) <> ''", name="reminder_hold_reason"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="reminder_hold_lifted"),
        Index(
            "uq_reminder_hold",
            "customer_id",
            text("coalesce(invoice_id, 0)"),
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
        {"schema": SCHEMA},
    )
    customer_id: Mapped[int] = ref("partners.partner.id")
    invoice_id: Mapped[int | None] = ref("sales.invoice.id")
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_by: Mapped[str | None] = mapped_column(String(63))


class Reminder(Versioned, Base):
    """A reminder that was sent: immutable but for being cancelled, which moves its invoices a level back.

    ``level`` is the highest of its items.  ``total_amount`` is what it asks for: the open amounts, the interest up to
    its day, and the fee or the lump sums; all in ``currency``, that of its invoices.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 3", name="reminder_level_known"),
        CheckConstraint("state IN ('issued','cancelled')", name="reminder_state_known"),
        CheckConstraint("(state = 'cancelled') = (cancel_reason IS NOT NULL)", name="reminder_cancelled_why"),
        CheckConstraint("pay_until > reminder_date", name="reminder_dates_in_order"),
        CheckConstraint(
            "total_amount = open_amount + interest_amount + flat_amount + fee_amount",
            name="reminder_adds_up",
        ),
        Index("ix_reminder_date", text("reminder_date DESC"), text("id DESC")),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'issued'"))
    level: Mapped[int] = whole()
    customer_id: Mapped[int] = ref("partners.partner.id")
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    currency: Mapped[str] = mapped_column(String(3), server_default=text("'EUR'"))
    reminder_date: Mapped[date]
    pay_until: Mapped[date]
    open_amount: Mapped[Decimal] = money()
    interest_amount: Mapped[Decimal] = money("0")
    interest_pct: Mapped[Decimal | None] = percent()
    flat_amount: Mapped[Decimal] = money("0")
    fee_amount: Mapped[Decimal] = money("0")
    total_amount: Mapped[Decimal] = money()
    cancel_reason: Mapped[str | None] = mapped_column(String(200))


class ReminderItem(Base):
    """An invoice a reminder asks for, as it stood that day; ``default_since``: when default began."""

    __tablename__ = "reminder_item"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 3", name="reminder_item_level"),
        CheckConstraint("open_amount > 0", name="reminder_item_open"),
        Index("uq_reminder_item", "reminder_id", "invoice_id", unique=True),
        {"schema": SCHEMA},
    )
    reminder_id: Mapped[int] = _of("sales.reminder.id")
    invoice_id: Mapped[int] = ref("sales.invoice.id")
    level: Mapped[int] = whole()
    due_date: Mapped[date]
    days: Mapped[int] = whole()
    amount: Mapped[Decimal] = money()
    paid_amount: Mapped[Decimal] = money("0")
    open_amount: Mapped[Decimal] = money()
    default_since: Mapped[date | None]
    interest_amount: Mapped[Decimal] = money("0")
    flat_amount: Mapped[Decimal] = money("0")
