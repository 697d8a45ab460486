"""Roles: those of the program and those of the house's own making; what must not come together."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api
from app.services.security.assignments import Assignment
from app.services.security.rows import build, fetch

ROLES = "sec.role"
CONFLICTS = "sec.role_conflict"


class RoleRow(NamedTuple):
    """A role as lists show it. `rights` counts inherited ones too; `votes`: how many people must agree to a grant."""

    name: str
    scoped: bool
    limits: Mapping[str, Decimal]
    kind: str
    holder: str
    sensitive: bool
    retired: bool
    title_de: str
    title_en: str
    about_de: str
    about_en: str
    parents: tuple[str, ...]
    includes: tuple[str, ...]
    rights: int
    holders: int
    votes: int
    max_days: int | None
    idle_minutes: int
    session_minutes: int
    max_sessions: int | None
    needs_second_factor: bool
    conflicts: int

    def title(self, language: str) -> str:
        """The role's name on screen."""
        return (self.title_de if language == "de" else self.title_en) or self.title_de or self.name


class ConflictInside(NamedTuple):
    """Two roles that must not come together."""

    role_a: str
    role_b: str
    reason_de: str
    reason_en: str


class RoleCard(NamedTuple):
    """A role's form. `rights` are its own, `inherited` maps further ones to the roles they come from."""

    name: str
    kind: str
    holder: str
    scoped: bool
    sensitive: bool
    retired: bool
    title_de: str
    title_en: str
    about_de: str
    about_en: str
    max_days: int | None
    idle_minutes: int
    session_minutes: int
    max_sessions: int | None
    needs_second_factor: bool
    votes: int
    parents: tuple[str, ...]
    children: tuple[str, ...]
    limits: Mapping[str, Decimal]
    rights: tuple[str, ...]
    inherited: Mapping[str, list[str]]
    conflicts: tuple[ConflictInside, ...]
    assignments: tuple[Assignment, ...]


class Written(NamedTuple):
    """What making or changing a role led to: conflicts inside it, and people it brought into a conflict."""

    name: str
    votes: int
    warnings: tuple[ConflictInside, ...]
    violations: int


class ConflictRow(NamedTuple):
    """Two roles nobody may have together; `violations` counts who has both all the same."""

    id: int
    role_a: str
    role_b: str
    reason_de: str
    reason_en: str
    of_matrix: bool
    violations: int


class Violation(NamedTuple):
    """Somebody who has, or will have, both sides of a conflict, by the roles `by_a` and `by_b`."""

    conflict_id: int
    login: str
    person: str
    role_a: str
    role_b: str
    by_a: str
    by_b: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    reason_de: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class CreateRole:
    """A role (or template) of the house's own.

    `details`: title_de, title_en, about_de, about_en, rights [], parents [], limits {}, sensitive, scoped, max_days,
    idle_minutes, session_minutes, max_sessions, needs_second_factor.
    """

    name: str
    details: Mapping[str, Any]
    template: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """Other details of a role of the house's own; only what is named."""

    name: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CopyRole:
    """A new role that starts as a copy of a template or another role; `details` say what is different."""

    source: str
    name: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RetireRole:
    """Nobody gets the role any more, and who has it loses it now."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RestoreRole:
    """A retired role can be given again."""

    name: str


@dataclass(frozen=True, slots=True)
class SetRoleRules:
    """How the house handles any role.

    `rules`: sensitive, max_days, idle_minutes, session_minutes, max_sessions, needs_second_factor.
    """

    name: str
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AddConflict:
    """From now on nobody may have both."""

    role_a: str
    role_b: str
    reason_de: str
    reason_en: str = ""


@dataclass(frozen=True, slots=True)
class RemoveConflict:
    """Lift a conflict the house has set."""

    id: int


def roles(session: Session) -> tuple[RoleRow, ...]:
    """All roles, for the administrator."""
    return fetch(session, RoleRow, "sec.role_list")


def card(session: Session, name: str) -> RoleCard:
    """One role's form; one round trip."""
    answer = call_api(session, "sec.role_card", p_name=name)
    return build(RoleCard, answer)._replace(
        conflicts=tuple(build(ConflictInside, one) for one in answer["conflicts"]),
        assignments=tuple(build(Assignment, one) for one in answer["assignments"]),
    )


def conflicts(session: Session) -> tuple[ConflictRow, ...]:
    """The conflicts of the house."""
    return fetch(session, ConflictRow, "sec.conflict_list")


def violations(session: Session) -> tuple[Violation, ...]:
    """Who is in a conflict, now or in time to come."""
    return fetch(session, Violation, "sec.conflict_report")


def create_role(session: Session, command: CreateRole) -> Result[Written]:
    """Make a role, or a template."""
    return _written(
        call_api(
            session,
            "sec.role_create",
            p_name=command.name,
            p_details=dict(command.details),
            p_template=command.template,
        )
    )


def change_role(session: Session, command: ChangeRole) -> Result[Written]:
    """Change a role; takes effect at once for all who have it."""
    return _written(
        call_api(session, "sec.role_change", p_name=command.name, p_changes=dict(command.details))
    )


def copy_role(session: Session, command: CopyRole) -> Result[Written]:
    """Make a role out of another one."""
    return _written(
        call_api(
            session,
            "sec.role_copy",
            p_from=command.source,
            p_name=command.name,
            p_details=dict(command.details),
        )
    )


def retire_role(session: Session, command: RetireRole) -> Result[int]:
    """Take a role out of use; the value is how many people lost it."""
    answer = call_api(session, "sec.role_retire", p_name=command.name, p_reason=command.reason)
    return Result(answer["people"], changed((ROLES, None), ("sec.user_role", None)))


def restore_role(session: Session, command: RestoreRole) -> Result[None]:
    """Take a role into use again."""
    call_api(session, "sec.role_restore", p_name=command.name)
    return Result(None, changed((ROLES, None)))


def set_role_rules(session: Session, command: SetRoleRules) -> Result[None]:
    """Change how the house handles a role."""
    call_api(session, "sec.role_rules_set", p_name=command.name, p_rules=dict(command.rules))
    return Result(None, changed((ROLES, None)))


def add_conflict(session: Session, command: AddConflict) -> Result[int]:
    """Add a conflict; the value is how many people are in it already."""
    answer = call_api(
        session,
        "sec.conflict_add",
        p_role_a=command.role_a,
        p_role_b=command.role_b,
        p_reason_de=command.reason_de,
        p_reason_en=command.reason_en,
    )
    return Result(answer["violations"], changed((CONFLICTS, answer["id"])))


def remove_conflict(session: Session, command: RemoveConflict) -> Result[None]:
    """Lift a conflict."""
    call_api(session, "sec.conflict_remove", p_id=command.id)
    return Result(None, changed((CONFLICTS, command.id)))


def _written(answer: Mapping[str, Any]) -> Result[Written]:
    warnings = tuple(build(ConflictInside, one) for one in answer["warnings"])
    written = Written(answer["name"], answer["votes"], warnings, answer["violations"])
    return Result(written, changed((ROLES, None), ("sec.user_role", None)))
