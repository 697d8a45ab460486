"""People, terminals and services; what somebody must do before starting and after leaving."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, flag, moment, one_of, whole, words

LOGIN_PATTERN = "^[uts]_[a-z0-9_]{2,40}$"
APP_USER = "sec.app_user.login"


class AppUser(Base):
    """A person, terminal or service; `login` is the PostgreSQL role and is never used again for somebody else.

    `locked_until` ends an automatic lock; `status_reason` says why it is not active. `session_epoch` goes up whenever
    rights change, so that clients notice. Phone, e-mail and photo are shown to
    colleagues only where the person allows it.
    """

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint(f"login ~ '{LOGIN_PATTERN}'", name="app_user_login_form"),
        CheckConstraint("length(btrim(person)) BETWEEN 1 AND 200", name="app_user_person_length"),
        CheckConstraint("supervisor IS DISTINCT FROM login", name="app_user_own_supervisor"),
        one_of("status", "app_user_status", "pending", "active", "suspended", "locked", "left"),
        one_of("language", "app_user_language", "de", "en"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(Text(), unique=True)
    person: Mapped[str] = words()
    language: Mapped[str] = words("de")
    status: Mapped[str] = words("active")
    status_reason: Mapped[str] = words("")
    status_since: Mapped[dt.datetime] = moment(default_now=True)
    locked_until: Mapped[dt.datetime | None] = moment()
    left_on: Mapped[dt.date | None]
    phone: Mapped[str] = words("")
    email: Mapped[str] = words("")
    department: Mapped[str] = words("")
    site: Mapped[str] = words("")
    position: Mapped[str] = words("")
    supervisor: Mapped[str | None] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    show_phone: Mapped[bool] = flag(True)
    show_email: Mapped[bool] = flag(True)
    show_photo: Mapped[bool] = flag(True)
    password_seal: Mapped[bytes | None] = mapped_column(LargeBinary())
    password_set_at: Mapped[dt.datetime | None] = moment()
    password_ends: Mapped[dt.datetime | None] = moment()
    must_change_password: Mapped[bool] = flag()
    session_epoch: Mapped[int] = whole("0")
    guided_at: Mapped[dt.datetime | None] = moment()
    created_at: Mapped[dt.datetime] = moment(default_now=True)
    created_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class UserPhoto(Root):
    """A person's picture, PNG or JPEG, at most 200 kB."""

    __tablename__ = "user_photo"
    __table_args__ = (
        CheckConstraint("octet_length(content) <= 204800", name="user_photo_size"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary())
    set_at: Mapped[dt.datetime] = moment(default_now=True)


class UserWarehouse(Base):
    """The warehouses a person with a scoped role may see."""

    __tablename__ = "user_warehouse"
    __table_args__ = (UniqueConstraint("login", "warehouse_id"), {"schema": "sec"})

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    warehouse_id: Mapped[int]


class Registration(Base):
    """Somebody without a login asked for one; `verifier` is the password's SCRAM verifier, made by the client."""

    __tablename__ = "registration"
    __table_args__ = (
        one_of("state", "registration_state", "requested", "approved", "rejected"),
        one_of("language", "registration_language", "de", "en"),
        CheckConstraint(f"login ~ '{LOGIN_PATTERN}'", name="registration_login_form"),
        CheckConstraint("length(btrim(person)) BETWEEN 1 AND 200", name="registration_person_length"),
        Index("uq_registration_open", "login", unique=True, postgresql_where=text("state = 'requested'")),
        {"schema": "sec"},
    )

    login: Mapped[str] = words()
    person: Mapped[str] = words()
    language: Mapped[str] = words("de")
    email: Mapped[str] = words("")
    phone: Mapped[str] = words("")
    department: Mapped[str] = words("")
    reason: Mapped[str] = words("")
    verifier: Mapped[str] = words()
    address: Mapped[Any | None] = mapped_column(INET())
    state: Mapped[str] = words("requested")
    requested_at: Mapped[dt.datetime] = moment(default_now=True)
    decided_by: Mapped[str | None] = mapped_column(Text())
    decided_at: Mapped[dt.datetime | None] = moment()
    comment: Mapped[str] = words("")


class ChecklistItem(Base):
    """A point of the onboarding or off-boarding list; `role` limits it to people of that role."""

    __tablename__ = "checklist_item"
    __table_args__ = (
        one_of("kind", "checklist_item_kind", "onboarding", "offboarding"),
        CheckConstraint("length(btrim(text_de)) BETWEEN 1 AND 300", name="checklist_item_text"),
        {"schema": "sec"},
    )

    kind: Mapped[str] = words()
    sort: Mapped[int] = whole("0")
    text_de: Mapped[str] = words()
    text_en: Mapped[str] = words("")
    role: Mapped[str | None] = mapped_column(ForeignKey("sec.role.name", ondelete="SET NULL"))
    active: Mapped[bool] = flag(True)


class PersonTask(Base):
    """A point to be done for one person, copied from the list when the person came or left."""

    __tablename__ = "person_task"
    __table_args__ = (
        one_of("kind", "person_task_kind", "onboarding", "offboarding"),
        Index(None, "login"),
        {"schema": "sec"},
    )

    login: Mapped[str] = mapped_column(ForeignKey(APP_USER, ondelete="RESTRICT"))
    kind: Mapped[str] = words()
    sort: Mapped[int] = whole("0")
    text_de: Mapped[str] = words()
    text_en: Mapped[str] = words("")
    done_at: Mapped[dt.datetime | None] = moment()
    done_by: Mapped[str | None] = mapped_column(Text())
