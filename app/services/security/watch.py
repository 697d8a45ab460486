"""Sign-ins and what the guard makes of them: attempts, alarms, locks; and from where people may come."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, DateTime, Text, literal_column, select, text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.core.changes import Result, changed
from app.core.db import call_api
from app.core.paging import ListQuery, Page, count_rows
from app.services.security.listing import listed
from app.services.security.rows import fetch, value

ALARM, ATTEMPT, RULE = "sec.alarm", "sec.login_attempt", "sec.address_rule"
USER = "sec.app_user"
LOCKS_OUT = "address_rule_locks_out"
SPANS: Mapping[str, tuple[dt.timedelta, str]] = {
    "day": (dt.timedelta(hours=24), "hour"),
    "week": (dt.timedelta(days=7), "day"),
    "month": (dt.timedelta(days=30), "day"),
}


class AttemptRow(NamedTuple):
    """A sign-in: `outcome` ok, wrong (password) or refused (login closed, address not allowed)."""

    id: int
    at: dt.datetime
    login: str
    person: str
    address: str | None
    outcome: str
    application: str


class Slot(NamedTuple):
    """How many sign-ins worked and how many failed in an hour or on a day that begins then."""

    slot: dt.datetime
    ok: int
    failed: int


class AlarmRow(NamedTuple):
    """Something to look at; `seen_by` is a name, None while nobody has."""

    id: int
    at: dt.datetime
    kind: str
    login: str
    person: str
    detail: Mapping[str, Any]
    seen_by: str | None
    seen_at: dt.datetime | None


class Locked(NamedTuple):
    """Somebody who cannot sign in; `until` is None where only a person can end it."""

    login: str
    person: str
    since: dt.datetime
    until: dt.datetime | None
    reason: str


class Watch(NamedTuple):
    """What the board shows, in one answer; `last_seen` is None when the guard has never been there."""

    running: bool
    last_seen: dt.datetime | None
    mails_waiting: int
    mails_failed: int
    locked: tuple[Locked, ...]
    alarms: tuple[AlarmRow, ...]
    slots: tuple[Slot, ...]


class RuleRow(NamedTuple):
    """People with the role may come from this network."""

    id: int
    role: str
    title_de: str
    title_en: str
    network: str
    note: str


@dataclass(frozen=True, slots=True)
class SeeAlarms:
    """Somebody has looked at these."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SaveRule:
    """A network for a role; without `id` a new one. Acknowledged, it may shut out whoever saves it."""

    id: int | None
    role: str
    network: str
    note: str = ""
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """The network is allowed no longer; without any rule a role may come from everywhere."""

    id: int
    acknowledged: tuple[str, ...] = ()


_ATTEMPT: dict[str, TypeEngine[Any]] = {
    "id": BigInteger(),
    "at": DateTime(timezone=True),
    "login": Text(),
    "person": Text(),
    "address": Text(),
    "outcome": Text(),
    "application": Text(),
}
_RULE: dict[str, TypeEngine[Any]] = {
    "id": BigInteger(),
    "role": Text(),
    "title_de": Text(),
    "title_en": Text(),
    "network": Text(),
    "note": Text(),
}


def list_attempts(session: Session, query: ListQuery) -> Page:
    """Rows of `AttemptRow` of the last 90 days. Presets: failed, ok, all."""
    where = {"failed": (("!outcome", "ok"),), "ok": (("outcome", "ok"),)}.get(query.preset or "", ())
    return listed(session, query, "sec.attempt_list", AttemptRow, _ATTEMPT, where=where)


def list_rules(session: Session, query: ListQuery) -> Page:
    """Rows of `RuleRow`."""
    return listed(session, query, "sec.address_rule_list", RuleRow, _RULE)


_WATCH = text("""
SELECT sec.guard_status(),
       (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM sec.alarm_list() a),
       (SELECT jsonb_agg(to_jsonb(c)) FROM sec.attempt_chart(now() - CAST(:span AS interval), now(), :by) c)
""")


def watch(session: Session, span: str) -> Watch:
    """How the house is watched: guard, locks, open alarms, sign-ins over a ``span`` (day, week, month)."""
    length, by = SPANS[span]
    status, alarms, slots = session.execute(_WATCH, {"span": length, "by": by}).one()
    return Watch(
        status["running"],
        _moment(status["last_seen"]),
        int(status["mails_waiting"]),
        int(status["mails_failed"]),
        tuple(
            Locked(
                one["login"], one["person"], _when(one["since"]), _moment(one["until"]), one["reason"] or ""
            )
            for one in status["locked"]
        ),
        tuple(
            AlarmRow(
                int(one["id"]),
                _when(one["at"]),
                one["kind"],
                one["login"],
                one["person"],
                one["detail"],
                one["seen_by"],
                _moment(one["seen_at"]),
            )
            for one in alarms
        ),
        tuple(Slot(_when(one["slot"]), int(one["ok"]), int(one["failed"])) for one in slots or ()),
    )


def all_alarms(session: Session) -> tuple[AlarmRow, ...]:
    """Alarms of the last months, seen or not, newest first."""
    return fetch(session, AlarmRow, "sec.alarm_list", p_all=True)


def count_alarms(session: Session) -> int:
    """Alarms nobody has looked at."""
    return count_rows(session, select(literal_column("1").label("one")).select_from(text("sec.alarm_list()")))


def see_alarms(session: Session, command: SeeAlarms) -> Result[int]:
    """Mark them as seen; how many were not before."""
    seen = value(session, "sec.alarm_seen", p_ids=command.ids)
    return Result(int(seen), changed((ALARM, None)))


def save_rule(session: Session, command: SaveRule) -> Result[None]:
    """Add or change a rule. Confirm address_rule_locks_out; Refused address_network_form, address_rule_exists."""
    given: dict[str, Any] = {
        "p_network": command.network,
        "p_note": command.note,
        "p_force": LOCKS_OUT in command.acknowledged,
    }
    if command.id is None:
        call_api(session, "sec.address_rule_add", p_role=command.role, **given)
    else:
        call_api(session, "sec.address_rule_change", p_id=command.id, **given)
    return Result(None, changed((RULE, command.id)))


def remove_rule(session: Session, command: RemoveRule) -> Result[None]:
    """Take a rule away. Confirm address_rule_locks_out."""
    call_api(session, "sec.address_rule_remove", p_id=command.id, p_force=LOCKS_OUT in command.acknowledged)
    return Result(None, changed((RULE, command.id)))


def _when(found: str) -> dt.datetime:
    return dt.datetime.fromisoformat(found)


def _moment(found: str | None) -> dt.datetime | None:
    return None if found is None else _when(found)
