"""Sessions: one's own and, for administrators, everybody's; and what stands on the page about one's own security."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result
from app.core.db import call_api
from app.services.security.reads import SessionRow


class DeviceRow(NamedTuple):
    """A workstation that is asked for no code until `ends`."""

    id: int
    name: str
    created: dt.datetime
    last_used: dt.datetime | None
    ends: dt.datetime


class MySecurity(NamedTuple):
    """What a person can see and change of the ways into the account.

    `second_factor_since` is None without a second factor, `second_factor_needed` whether a role demands one.
    """

    password_set_at: dt.datetime | None
    password_ends: dt.datetime | None
    password_length: int
    second_factor_since: dt.datetime | None
    second_factor_needed: bool
    recovery_left: int
    device_days: int
    devices: tuple[DeviceRow, ...]
    sessions: tuple[SessionRow, ...]


class OpenSession(NamedTuple):
    """Somebody's open session; `ends` in any case, `valid_until` without work or with the next end of a role."""

    id: int
    login: str
    person: str
    created: dt.datetime
    last_seen: dt.datetime
    valid_until: dt.datetime
    ends: dt.datetime
    address: str | None
    client: Mapping[str, Any]
    assurance: str
    operator: str | None
    elevated: tuple[str, ...]
    current: bool


@dataclass(frozen=True, slots=True)
class EndSession:
    """End one of one's own sessions."""

    id: int


@dataclass(frozen=True, slots=True)
class EndOthers:
    """End all of one's own sessions but this one."""


@dataclass(frozen=True, slots=True)
class KillSession:
    """End somebody's session; the person is shown the reason."""

    id: int
    reason: str


def my_security(session: Session) -> MySecurity:
    """Password, second factor, devices and sessions of the person; one round trip."""
    found = call_api(session, "sec.my_security")
    password, factor = found["password"], found["second_factor"]
    return MySecurity(
        _moment(password["set_at"]),
        _moment(password["ends"]),
        int(password["length"]),
        _moment(factor["since"]),
        factor["needed"],
        int(factor["recovery_left"]),
        int(found["device_days"]),
        tuple(
            DeviceRow(d["id"], d["name"], _at(d["created"]), _moment(d["last_used"]), _at(d["ends"]))
            for d in found["devices"]
        ),
        tuple(
            SessionRow(
                s["id"],
                _at(s["created"]),
                _at(s["last_seen"]),
                _at(s["valid_until"]),
                s["address"],
                s["client"],
                s["assurance"],
                s["operator"],
                s["current"],
            )
            for s in found["sessions"]
        ),
    )


def all_sessions(session: Session) -> tuple[OpenSession, ...]:
    """Everybody's open sessions, who worked last first; for administrators."""
    statement = text(
        "SELECT id, login, person, created, last_seen, valid_until, ends, host(address), client, assurance, operator, "
        "elevated, current FROM sec.session_list_all()"
    )
    rows = session.execute(statement).all()
    return tuple(OpenSession(*row)._replace(elevated=tuple(row.elevated)) for row in rows)


def end_session(session: Session, command: EndSession) -> Result[None]:
    """The window there is locked at once and says why."""
    call_api(session, "sec.session_end", p_id=command.id)
    return Result(None, NO_CHANGES)


def end_others(session: Session, _command: EndOthers) -> Result[None]:
    """Only this window goes on."""
    call_api(session, "sec.session_end_others")
    return Result(None, NO_CHANGES)


def kill_session(session: Session, command: KillSession) -> Result[None]:
    """For administrators: end somebody's session."""
    call_api(session, "sec.session_kill", p_id=command.id, p_reason=command.reason)
    return Result(None, NO_CHANGES)


def _at(written: str) -> dt.datetime:
    return dt.datetime.fromisoformat(written)


def _moment(written: str | None) -> dt.datetime | None:
    return None if written is None else _at(written)
