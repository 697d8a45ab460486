"""Session tickets, second factors, passwords, devices and the operators at them."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, flag, moment, one_of, whole, words
from app.models.security.people import APP_USER


class UserSession(Root):
    """A session ticket: only its hash is kept, bound to login and address.

    `valid_until` is the earliest of its absolute end (`ends`), the idle limit after `last_seen`, and the next end of a
    role. `assurance`: `password`; `enrol` when a role demands a second factor that is not set up yet, which gives no
    role at all; `totp` (also by a trusted device); `service`. `operator` works at a terminal.
    """

    __tablename__ = "session"
    __table_args__ = (
        Index(None, "login", "valid_until"),
        one_of("assurance", "session_assurance", "password", "enrol", "totp", "service"),
        {"schema": "sec"},
    )

    ticket_hash: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), unique=True)
    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    operator: Mapped[str | None] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    operator_since: Mapped[dt.datetime | None] = moment()
    address: Mapped[Any | None] = mapped_column(INET())
    client: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    created: Mapped[dt.datetime] = moment(default_now=True)
    last_seen: Mapped[dt.datetime] = moment(default_now=True)
    idle_minutes: Mapped[int] = whole("480")
    ends: Mapped[dt.datetime] = moment()
    valid_until: Mapped[dt.datetime] = moment()
    assurance: Mapped[str] = words("password")
    confirmed_at: Mapped[dt.datetime | None] = moment()
    elevated: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{}'"))
    ended_at: Mapped[dt.datetime | None] = moment()
    ended_by: Mapped[str | None] = mapped_column(Text())
    end_reason: Mapped[str] = words("")


class Totp(Root):
    """A person's authenticator: shared secret, and the last time step that was used.

    `pending` is a secret shown to the person and not yet proved by a code; until then the one before holds.
    """

    __tablename__ = "totp"
    __table_args__ = ({"schema": "sec"},)

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"), primary_key=True)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary())
    pending: Mapped[bytes | None] = mapped_column(LargeBinary())
    confirmed_at: Mapped[dt.datetime | None] = moment()
    last_step: Mapped[int | None]
    created_at: Mapped[dt.datetime] = moment(default_now=True)


class RecoveryCode(Base):
    """A code that stands in for the authenticator once."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index(None, "login"), {"schema": "sec"})

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary())
    used_at: Mapped[dt.datetime | None] = moment()


class TrustedDevice(Base):
    """A workstation on which a person need not give a code for a while; only the token's hash is kept."""

    __tablename__ = "trusted_device"
    __table_args__ = (Index(None, "login"), {"schema": "sec"})

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(), unique=True)
    name: Mapped[str] = words("")
    created_at: Mapped[dt.datetime] = moment(default_now=True)
    last_used: Mapped[dt.datetime | None] = moment()
    ends: Mapped[dt.datetime] = moment()


class PasswordHistory(Base):
    """Verifiers of passwords a person had."""

    __tablename__ = "password_history"
    __table_args__ = (Index(None, "login"), {"schema": "sec"})

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    verifier: Mapped[str] = words()
    set_at: Mapped[dt.datetime] = moment(default_now=True)


class PasswordDenied(Root):
    """Passwords everybody tries first, in lower case."""

    __tablename__ = "password_denied"
    __table_args__ = ({"schema": "sec"},)

    password: Mapped[str] = mapped_column(Text(), primary_key=True)


class PasswordReset(Base):
    """A code by which somebody who forgot the password sets a new one; sent by mail."""

    __tablename__ = "password_reset"
    __table_args__ = (Index(None, "login"), {"schema": "sec"})

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary())
    address: Mapped[Any | None] = mapped_column(INET())
    requested_at: Mapped[dt.datetime] = moment(default_now=True)
    ends: Mapped[dt.datetime] = moment()
    used_at: Mapped[dt.datetime | None] = moment()


class Badge(Base):
    """An operator's badge and PIN for terminals; the badge is a name, the PIN the secret."""

    __tablename__ = "badge"
    __table_args__ = (
        CheckConstraint("length(badge) BETWEEN 3 AND 40", name="badge_length"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"), unique=True)
    badge: Mapped[str] = mapped_column(Text(), unique=True)
    pin_verifier: Mapped[str] = words()
    set_at: Mapped[dt.datetime] = moment(default_now=True)
    active: Mapped[bool] = flag(True)


class Policy(Root):
    """The house's rules for passwords, lockouts and sessions (one row).

    `idle_transaction_seconds`, `blocking_seconds` and `statement_seconds` are the watchdog's limits: a transaction left
    open, one that others wait for, a statement that does not end. With `reset_by_mail` the guard mails codes to people
    who forgot their password.
    """

    __tablename__ = "policy"
    __table_args__ = (CheckConstraint("id = 1", name="policy_one_row"), {"schema": "sec"})

    id: Mapped[int] = mapped_column(
        SmallInteger(), primary_key=True, server_default=text("1"), autoincrement=False
    )
    password_length: Mapped[int] = whole("12")
    password_history: Mapped[int] = whole("10")
    password_days: Mapped[int | None] = whole()
    initial_password_hours: Mapped[int] = whole("24")
    failures_per_address: Mapped[int] = whole("5")
    failures_per_user: Mapped[int] = whole("15")
    failure_minutes: Mapped[int] = whole("15")
    lock_minutes: Mapped[int] = whole("15")
    trusted_device_days: Mapped[int] = whole("30")
    elevation_hours: Mapped[int] = whole("8")
    confirm_minutes: Mapped[int] = whole("5")
    operator_idle_minutes: Mapped[int] = whole("10")
    idle_transaction_seconds: Mapped[int] = whole("120")
    blocking_seconds: Mapped[int] = whole("30")
    statement_seconds: Mapped[int] = whole("600")
    registration_open: Mapped[bool] = flag()
    reset_by_mail: Mapped[bool] = flag()
    audit_years: Mapped[int] = whole("10")


class Compat(Root):
    """Which client protocol numbers this database serves (one row)."""

    __tablename__ = "compat"
    __table_args__ = (
        CheckConstraint("id = 1", name="compat_one_row"),
        CheckConstraint("min_protocol <= max_protocol", name="compat_range"),
        {"schema": "sec"},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger(), primary_key=True, server_default=text("1"), autoincrement=False
    )
    min_protocol: Mapped[int] = whole()
    max_protocol: Mapped[int] = whole()
