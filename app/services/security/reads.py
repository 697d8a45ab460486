"""Questions about people and rights; the functions behind them answer only what the asker may know."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.db import call_api


class WhoCan(NamedTuple):
    """Roles that carry a right, the names of those who have the role now, and who may grant it."""

    roles: tuple[str, ...]
    holders: Mapping[str, tuple[str, ...]]
    granters: tuple[str, ...]


class UserRow(NamedTuple):
    """A login with everything the administrator sees of it."""

    login: str
    person: str
    language: str
    status: str
    email: str
    phone: str
    roles: tuple[str, ...]
    warehouses: tuple[int, ...]
    last_session: dt.datetime | None


class SessionRow(NamedTuple):
    """One of the person's own open sessions."""

    id: int
    created: dt.datetime
    last_seen: dt.datetime
    valid_until: dt.datetime
    address: str | None
    client: Mapping[str, Any]
    assurance: str
    operator: str | None
    current: bool


class RoleRow(NamedTuple):
    """A functional role and its limits."""

    name: str
    scoped: bool
    limits: Mapping[str, Decimal]


def who_can(session: Session, right: str) -> WhoCan:
    """Whom to ask for a right (a function's name or `schema.table:verb`)."""
    answer = call_api(session, "sec.who_can", p_right=right)
    holders: dict[str, tuple[str, ...]] = {}
    for role, _login, person in answer["holders"]:
        holders[role] = (*holders.get(role, ()), person)
    return WhoCan(tuple(answer["roles"]), holders, tuple(answer["granters"]))


def people(session: Session) -> dict[str, str]:
    """Names behind the logins."""
    rows = session.execute(text("SELECT login, person FROM sec.people()")).all()
    return {row.login: row.person for row in rows}


def users(session: Session) -> tuple[UserRow, ...]:
    """All logins, for the administrator."""

    statement = text(
        "SELECT login, person, language, status, email, phone, roles, warehouses, last_session FROM sec.user_list()"
    )
    rows = session.execute(statement).all()
    return tuple(
        UserRow(*row)._replace(roles=tuple(row.roles), warehouses=tuple(row.warehouses)) for row in rows
    )


def sessions(session: Session) -> tuple[SessionRow, ...]:
    """The person's own open sessions, newest first."""
    statement = text(
        "SELECT id, created, last_seen, valid_until, host(address), client, assurance, operator, current "
        "FROM sec.session_list()"
    )
    return tuple(SessionRow(*row) for row in session.execute(statement).all())


def roles(session: Session) -> tuple[RoleRow, ...]:
    """The functional roles there are, for the administrator."""
    answer = session.execute(text("SELECT name, scoped, limits FROM sec.role_list()")).all()
    return tuple(RoleRow(*row) for row in answer)
