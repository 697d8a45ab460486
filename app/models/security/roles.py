"""Roles, what they may, who has them and since when, what must not come together, and the periodic review."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, flag, moment, one_of, whole, words
from app.models.security.people import APP_USER

ROLE = "sec.role.name"


class Role(Root):
    """A role; its PostgreSQL role is `r_<name>`. Scoped roles see only the person's warehouses.

    `kind`: of the matrix (`core`, `functional`) or made by an administrator (`custom`); a `template` is not given to
    people but copied. `holder`: people, terminals (t_) or services (s_), and nobody of another kind may have it.
    Sensitive roles need a second person's approval and end after `max_days` at the latest.
    """

    __tablename__ = "role"
    __table_args__ = (
        one_of("kind", "role_kind", "core", "functional", "custom", "template"),
        one_of("holder", "role_holder", "person", "device", "service"),
        CheckConstraint("name ~ '^[a-z][a-z0-9_]{1,50}$'", name="role_name_form"),
        {"schema": "sec"},
    )

    name: Mapped[str] = mapped_column(Text(), primary_key=True)
    kind: Mapped[str] = words("functional")
    holder: Mapped[str] = words("person")
    scoped: Mapped[bool] = flag()
    sensitive: Mapped[bool] = flag()
    retired: Mapped[bool] = flag()
    title_de: Mapped[str] = words("")
    title_en: Mapped[str] = words("")
    about_de: Mapped[str] = words("")
    about_en: Mapped[str] = words("")
    idle_minutes: Mapped[int] = whole("480")
    session_minutes: Mapped[int] = whole("1440")
    max_sessions: Mapped[int | None] = whole()
    max_days: Mapped[int | None] = whole()
    needs_second_factor: Mapped[bool] = flag()


class RoleParent(Root):
    """A role has everything its parents have."""

    __tablename__ = "role_parent"
    __table_args__ = (
        CheckConstraint("role <> parent", name="role_own_parent"),
        Index(None, "parent"),
        {"schema": "sec"},
    )

    role: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"), primary_key=True)
    parent: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="RESTRICT"), primary_key=True)


class RoleClosure(Root):
    """Who has a role has all it `includes`: itself, its parents, their parents. Kept by `sec.role_settle`."""

    __tablename__ = "role_closure"
    __table_args__ = ({"schema": "sec"},)

    role: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"), primary_key=True)
    includes: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"), primary_key=True)


class RoleLimit(Root):
    """An upper limit a role works under, e.g. discount_pct."""

    __tablename__ = "role_limit"
    __table_args__ = ({"schema": "sec"},)

    role: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text(), primary_key=True)
    value: Mapped[Decimal] = mapped_column(Numeric())


class RoleRight(Root):
    """The rights a role carries itself: a function's name or `schema.table:verb`. Of the matrix or given."""

    __tablename__ = "role_right"
    __table_args__ = (Index(None, "right"), {"schema": "sec"})

    role: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"), primary_key=True)
    right: Mapped[str] = mapped_column(Text(), primary_key=True)


class UserRole(Base):
    """A role given to a person for a time; `valid_to` is exclusive, NULL means until revoked.

    `kind` `elevation`: asked for, for hours; what is done with it is marked in the audit trail. `request_id` is the
    approval it came by. A period that ends where it begins never was: it was taken back before. `settled_at`: its end
    has been carried out, memberships gone and told about.
    """

    __tablename__ = "user_role"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="user_role_period"),
        one_of("kind", "user_role_kind", "assignment", "elevation"),
        CheckConstraint(
            "approved_by IS NULL OR (approved_by <> login AND approved_by IS DISTINCT FROM requested_by)",
            name="user_role_own_approval",
        ),
        Index(None, "login", "role"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="RESTRICT"))
    kind: Mapped[str] = words("assignment")
    valid_from: Mapped[dt.datetime] = moment(default_now=True)
    valid_to: Mapped[dt.datetime | None] = moment()
    reason: Mapped[str] = words("")
    requested_by: Mapped[str | None] = mapped_column(Text())
    approved_by: Mapped[str | None] = mapped_column(Text())
    request_id: Mapped[int | None]
    granted_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    granted_at: Mapped[dt.datetime] = moment(default_now=True)
    ended_by: Mapped[str | None] = mapped_column(Text())
    end_reason: Mapped[str] = words("")
    settled_at: Mapped[dt.datetime | None] = moment()


class RoleConflict(Base):
    """Two roles nobody may have at the same time (separation of duties); `role_a` < `role_b`."""

    __tablename__ = "role_conflict"
    __table_args__ = (
        UniqueConstraint("role_a", "role_b"),
        CheckConstraint("role_a < role_b", name="role_conflict_order"),
        {"schema": "sec"},
    )

    role_a: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"))
    role_b: Mapped[str] = mapped_column(ForeignKey(ROLE, ondelete="CASCADE"))
    reason_de: Mapped[str] = words("")
    reason_en: Mapped[str] = words("")
    of_matrix: Mapped[bool] = flag()


class Review(Base):
    """A periodic look at who has what: every assignment is certified or revoked by somebody else than its holder.

    `role` and `department` say what it was limited to; empty means all of them.
    """

    __tablename__ = "review"
    __table_args__ = (one_of("state", "review_state", "open", "closed"), {"schema": "sec"})

    title: Mapped[str] = words()
    state: Mapped[str] = words("open")
    role: Mapped[str] = words("")
    department: Mapped[str] = words("")
    due: Mapped[dt.date]
    started_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    started_at: Mapped[dt.datetime] = moment(default_now=True)
    closed_by: Mapped[str | None] = mapped_column(Text())
    closed_at: Mapped[dt.datetime | None] = moment()


class ReviewItem(Base):
    """One assignment under review."""

    __tablename__ = "review_item"
    __table_args__ = (
        UniqueConstraint("review_id", "user_role_id"),
        one_of("decision", "review_item_decision", "open", "certified", "revoked"),
        {"schema": "sec"},
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("sec.review.id", ondelete="CASCADE"))
    user_role_id: Mapped[int] = mapped_column(ForeignKey("sec.user_role.id", ondelete="RESTRICT"))
    login: Mapped[str] = words()
    role: Mapped[str] = words()
    decision: Mapped[str] = words("open")
    comment: Mapped[str] = words("")
    decided_by: Mapped[str | None] = mapped_column(Text())
    decided_at: Mapped[dt.datetime | None] = moment()
