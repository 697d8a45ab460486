"""Asking for a login without having one, and deciding about it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api
from app.core.scram import scram_verifier
from app.services.security.people import Given
from app.services.security.rows import fetch

# The login that can only ask for a login, or for a code to reset a password; everybody may know its password.
REGISTER_LOGIN = "s_register"
REGISTER_PASSWORD = "werkbank-register"  # noqa: S105  (published on purpose)
REGISTRATIONS = "sec.registration"


class RegistrationRow(NamedTuple):
    """Somebody who asked for a login; `login_taken`: it needs another one."""

    id: int
    login: str
    person: str
    language: str
    email: str
    phone: str
    department: str
    reason: str
    address: str | None
    state: str
    requested_at: dt.datetime
    decided_by: str | None
    decided_at: dt.datetime | None
    comment: str
    login_taken: bool


@dataclass(frozen=True, slots=True)
class Register:
    """Ask for a login; the password never leaves the client, only what proves it (a SCRAM verifier)."""

    login: str
    person: str
    password: str = field(repr=False)
    email: str = ""
    phone: str = ""
    department: str = ""
    reason: str = ""
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Approve:
    """Make the login, or `login` in its place.

    `details` correct person, email, phone, department, and add site, position, supervisor.
    """

    id: int
    roles: tuple[str, ...]
    warehouses: tuple[int, ...] = ()
    login: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse it, and say why."""

    id: int
    comment: str


@dataclass(frozen=True, slots=True)
class SetRegistration:
    """Whether people without a login may ask for one."""

    open: bool


def register(session: Session, command: Register) -> Result[None]:
    """Ask for a login, over a connection of `REGISTER_LOGIN`."""
    call_api(
        session,
        "sec.register",
        p_login=command.login,
        p_person=command.person,
        p_verifier=scram_verifier(command.password),
        p_email=command.email,
        p_phone=command.phone,
        p_department=command.department,
        p_reason=command.reason,
        p_language=command.language,
    )
    return Result(None, NO_CHANGES)


def registrations(session: Session) -> tuple[RegistrationRow, ...]:
    """Who asked, the open ones first."""
    return fetch(session, RegistrationRow, "sec.registration_list")


def approve(session: Session, command: Approve) -> Result[Given]:
    """Make the login that was asked for, with roles."""
    answer: Mapping[str, Any] = call_api(
        session,
        "sec.registration_approve",
        p_id=command.id,
        p_roles=command.roles,
        p_warehouses=command.warehouses,
        p_login=command.login,
        p_details=dict(command.details),
        p_comment=command.comment,
    )
    return Result(Given.of(answer), changed((REGISTRATIONS, command.id), ("sec.app_user", None)))


def reject(session: Session, command: Reject) -> Result[None]:
    """Refuse a registration."""
    call_api(session, "sec.registration_reject", p_id=command.id, p_comment=command.comment)
    return Result(None, changed((REGISTRATIONS, command.id)))


def set_registration(session: Session, command: SetRegistration) -> Result[None]:
    """Open or close self-registration."""
    call_api(session, "sec.registration_set", p_open=command.open)
    return Result(None, changed(("sec.policy", 1)))
