"""Who has which role for how long: given, asked for, taken away; roles for hours; several exactly."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Change, Result, changed
from app.core.db import call_api
from app.services.security.rows import fetch, value

ROLES = "sec.user_role"
REQUESTS = "system.approval_request"


class Assignment(NamedTuple):
    """A role somebody has, had or will have.

    `state`: current, future, over, withdrawn; `kind`: assignment, elevation.
    """

    id: int
    login: str
    person: str
    department: str
    role: str
    kind: str
    state: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    reason: str
    requested_by: str | None
    approved_by: str | None
    granted_by: str
    granted_at: dt.datetime
    ended_by: str | None
    end_reason: str
    request_id: int | None
    sensitive: bool


class Grant(NamedTuple):
    """What became of a role that was to be given: an assignment, or a request for one."""

    role: str
    assignment: int | None
    request: int | None


@dataclass(frozen=True, slots=True)
class SetRoles:
    """Exactly these roles and warehouses; `valid_to` ends those that are new, `reason` goes with requests."""

    login: str
    roles: tuple[str, ...]
    warehouses: tuple[int, ...] = ()
    valid_to: dt.datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GrantRole:
    """One more role, from now or later; sensitive ones, and one's own, become a request, which needs the reason."""

    login: str
    role: str
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """End an assignment now; one that was still to come never begins."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class SetPeriod:
    """Another end for an assignment; None is until revoked."""

    id: int
    valid_to: dt.datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRole:
    """Ask for a role for oneself, for good or for a time."""

    role: str
    reason: str
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestElevation:
    """Ask for a role for some hours, counted from the approval."""

    role: str
    hours: int
    reason: str


@dataclass(frozen=True, slots=True)
class ExtendElevation:
    """Ask for some hours more."""

    id: int
    hours: int
    reason: str


@dataclass(frozen=True, slots=True)
class EndElevation:
    """Give back a role one has for a time."""

    id: int


def assignments(
    session: Session, login: str | None = None, role: str | None = None
) -> tuple[Assignment, ...]:
    """The assignments of a person, of a role, or all; newest first."""
    return fetch(session, Assignment, "sec.assignment_list", p_login=login, p_role=role)


def my_assignments(session: Session) -> tuple[Assignment, ...]:
    """One's own roles: those in force, to come, and of old."""
    return fetch(session, Assignment, "sec.my_assignments")


def set_roles(session: Session, command: SetRoles) -> Result[Mapping[str, Any]]:
    """Give a person exactly these roles and warehouses; answers {granted, requested}."""
    answer = call_api(
        session,
        "sec.user_set_roles",
        p_login=command.login,
        p_roles=command.roles,
        p_valid_to=command.valid_to,
        p_reason=command.reason,
    )
    call_api(session, "sec.user_set_warehouses", p_login=command.login, p_warehouses=command.warehouses)
    return Result(answer, _changed())


def grant_role(session: Session, command: GrantRole) -> Result[Grant]:
    """Give a person one more role, or ask for it."""
    answer = call_api(
        session,
        "sec.role_grant",
        p_login=command.login,
        p_role=command.role,
        p_from=command.valid_from,
        p_to=command.valid_to,
        p_reason=command.reason,
    )
    return Result(Grant(answer["role"], answer.get("assignment"), answer.get("request")), _changed())


def revoke_role(session: Session, command: RevokeRole) -> Result[None]:
    """End an assignment."""
    call_api(session, "sec.role_revoke", p_id=command.id, p_reason=command.reason)
    return Result(None, _changed())


def set_period(session: Session, command: SetPeriod) -> Result[None]:
    """Make an assignment shorter, or longer where nobody else has to agree."""
    call_api(session, "sec.role_period_set", p_id=command.id, p_to=command.valid_to, p_reason=command.reason)
    return Result(None, _changed())


def request_role(session: Session, command: RequestRole) -> Result[int]:
    """Ask for a role; the value is the request."""
    found = value(
        session,
        "sec.role_request",
        p_role=command.role,
        p_reason=command.reason,
        p_from=command.valid_from,
        p_to=command.valid_to,
    )
    return Result(found, changed((REQUESTS, found)))


def request_elevation(session: Session, command: RequestElevation) -> Result[int]:
    """Ask for a role for hours; the value is the request."""
    found = value(
        session,
        "sec.elevation_request",
        p_role=command.role,
        p_hours=command.hours,
        p_reason=command.reason,
    )
    return Result(found, changed((REQUESTS, found)))


def extend_elevation(session: Session, command: ExtendElevation) -> Result[int]:
    """Ask for hours more; the value is the request."""
    found = value(
        session, "sec.elevation_extend", p_id=command.id, p_hours=command.hours, p_reason=command.reason
    )
    return Result(found, changed((REQUESTS, found)))


def end_elevation(session: Session, command: EndElevation) -> Result[None]:
    """Give the role back."""
    call_api(session, "sec.elevation_end", p_id=command.id)
    return Result(None, _changed())


def _changed() -> frozenset[Change]:
    return changed((ROLES, None), ("sec.app_user", None), (REQUESTS, None))
