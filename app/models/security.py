"""Who may work: people, their roles and warehouses, session tickets, and the rights as last generated.

Nobody has a grant on these tables. They are read and written through `sec.*` functions only.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, flag, moment, one_of, whole, words

LOGIN_PATTERN = "^[uts]_[a-z0-9_]{2,40}$"


class AppUser(Base):
    """A person, terminal or service; `login` is the PostgreSQL role and is never used again for somebody else."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint(f"login ~ '{LOGIN_PATTERN}'", name="app_user_login_form"),
        CheckConstraint("length(btrim(person)) BETWEEN 1 AND 200", name="app_user_person_length"),
        one_of("status", "app_user_status", "active", "locked", "left"),
        one_of("language", "app_user_language", "de", "en"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(Text(), unique=True)
    person: Mapped[str] = words()
    language: Mapped[str] = words("de")
    status: Mapped[str] = words("active")
    phone: Mapped[str] = words("")
    email: Mapped[str] = words("")
    password_seal: Mapped[bytes | None] = mapped_column(LargeBinary())
    created_at: Mapped[dt.datetime] = moment(default_now=True)
    created_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class Role(Root):
    """A functional role; its PostgreSQL role is `r_<name>`. Scoped roles see only the person's warehouses."""

    __tablename__ = "role"
    __table_args__ = ({"schema": "sec"},)

    name: Mapped[str] = mapped_column(Text(), primary_key=True)
    scoped: Mapped[bool] = flag()


class RoleLimit(Root):
    """An upper limit a role works under, e.g. discount_pct."""

    __tablename__ = "role_limit"
    __table_args__ = ({"schema": "sec"},)

    role: Mapped[str] = mapped_column(ForeignKey("sec.role.name", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text(), primary_key=True)
    value: Mapped[Decimal] = mapped_column(Numeric())


class RoleRight(Root):
    """The rights of a role, generated from the matrix: a function's name or `schema.table:verb`."""

    __tablename__ = "role_right"
    __table_args__ = (Index(None, "right"), {"schema": "sec"})

    role: Mapped[str] = mapped_column(ForeignKey("sec.role.name", ondelete="CASCADE"), primary_key=True)
    right: Mapped[str] = mapped_column(Text(), primary_key=True)


class UserRole(Base):
    """A role given to a person for a time; `valid_to` is exclusive, NULL means until revoked."""

    __tablename__ = "user_role"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="user_role_period"),
        Index(None, "login", "role"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(ForeignKey("sec.app_user.login", ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(ForeignKey("sec.role.name", ondelete="RESTRICT"))
    valid_from: Mapped[dt.datetime] = moment(default_now=True)
    valid_to: Mapped[dt.datetime | None] = moment()
    granted_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    granted_at: Mapped[dt.datetime] = moment(default_now=True)


class UserWarehouse(Base):
    """The warehouses a person with a scoped role may see."""

    __tablename__ = "user_warehouse"
    __table_args__ = (UniqueConstraint("login", "warehouse_id"), {"schema": "sec"})

    login: Mapped[str] = mapped_column(ForeignKey("sec.app_user.login", ondelete="RESTRICT"))
    warehouse_id: Mapped[int]


class UserSession(Root):
    """A session ticket: only its hash is kept, bound to login and address."""

    __tablename__ = "session"
    __table_args__ = (Index(None, "login", "expires"), {"schema": "sec"})

    ticket_hash: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("sec.app_user.login", ondelete="RESTRICT"))
    address: Mapped[Any | None] = mapped_column(INET())
    client: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    created: Mapped[dt.datetime] = moment(default_now=True)
    expires: Mapped[dt.datetime] = moment()
    revoked: Mapped[bool] = flag()


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
