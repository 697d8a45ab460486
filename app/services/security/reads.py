"""Questions about people and rights; the functions behind them answer only what the asker may know."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.security.rights import why


class WhoCan(NamedTuple):
    """Roles that carry a right, the names of those who have the role now, and who may grant it."""

    roles: tuple[str, ...]
    holders: Mapping[str, tuple[str, ...]]
    granters: tuple[str, ...]


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


def who_can(session: Session, right: str) -> WhoCan:
    """Whom to ask for a right (a function's name or `schema.table:verb`); `rights.why` knows more."""
    found = why(session, right)
    holders = {role.role: tuple(one.person for one in role.holders) for role in found.roles if role.holders}
    return WhoCan(
        tuple(role.role for role in found.roles), holders, tuple(one.person for one in found.granters)
    )


def people(session: Session) -> dict[str, str]:
    """Names behind the logins."""
    rows = session.execute(text("SELECT login, person FROM sec.people()")).all()
    return {row.login: row.person for row in rows}


def sessions(session: Session) -> tuple[SessionRow, ...]:
    """The person's own open sessions, newest first."""
    statement = text(
        "SELECT id, created, last_seen, valid_until, host(address), client, assurance, operator, current "
        "FROM sec.session_list()"
    )
    return tuple(SessionRow(*row) for row in session.execute(statement).all())
