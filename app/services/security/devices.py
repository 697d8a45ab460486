"""Terminals and who works at them: devices, badges, PINs, operators."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Integer, Text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.core.changes import Result, changed
from app.core.db import call_api
from app.core.errors import Refused
from app.core.paging import ListQuery, Page
from app.services.security.listing import listed
from app.services.security.rows import value

DEVICE, BADGE = "sec.app_user", "sec.badge"


class DeviceRow(NamedTuple):
    """A terminal; `operator` is the name of who works at it now."""

    id: int
    login: str
    name: str
    place: str
    department: str
    status: str
    warehouses: tuple[int, ...]
    last_seen: dt.datetime | None
    address: str | None
    operator: str | None
    created_at: dt.datetime


class BadgeRow(NamedTuple):
    """A person and its badge (None without one); `tries` are the wrong PINs in a row."""

    id: int
    login: str
    person: str
    department: str
    status: str
    badge: str | None
    active: bool
    set_at: dt.datetime | None
    tries: int


class Operator(NamedTuple):
    """Who has signed on at the terminal, and after how many idle minutes that ends."""

    login: str
    person: str
    language: str
    idle_minutes: int


@dataclass(frozen=True, slots=True)
class SaveDevice:
    """A terminal's name, place, department and warehouses; `new` ones get a login."""

    login: str
    name: str
    place: str
    department: str
    warehouses: tuple[int, ...]
    language: str = "de"
    new: bool = False


@dataclass(frozen=True, slots=True)
class DeviceCommand:
    """Something done to a terminal; `reason` for locking it."""

    login: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SetBadge:
    """Badge and PIN of a person; without `pin` the PIN stays."""

    login: str
    badge: str
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BlockBadge:
    """Block a badge, or release it."""

    login: str
    active: bool


@dataclass(frozen=True, slots=True)
class ChangePin:
    """The person's own PIN."""

    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignOn:
    """Somebody starts to work at this terminal."""

    badge: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignOff:
    """The operator leaves the terminal; `idle`: because nothing was done for a while."""

    idle: bool = False


_DEVICE: dict[str, TypeEngine[Any]] = {
    "id": BigInteger(),
    "login": Text(),
    "name": Text(),
    "place": Text(),
    "department": Text(),
    "status": Text(),
    "warehouses": ARRAY(BigInteger()),
    "last_seen": DateTime(timezone=True),
    "address": Text(),
    "operator": Text(),
    "created_at": DateTime(timezone=True),
}
_BADGE: dict[str, TypeEngine[Any]] = {
    "id": BigInteger(),
    "login": Text(),
    "person": Text(),
    "department": Text(),
    "status": Text(),
    "badge": Text(),
    "active": Boolean(),
    "set_at": DateTime(timezone=True),
    "tries": Integer(),
}


def list_devices(session: Session, query: ListQuery) -> Page:
    """Rows of `DeviceRow`. Presets: active, locked, all."""
    where = {"active": (("status", "active"),), "locked": (("status", "locked"),)}.get(query.preset or "", ())
    return listed(session, query, "sec.device_list", DeviceRow, _DEVICE, where=where)


def list_badges(session: Session, query: ListQuery) -> Page:
    """Rows of `BadgeRow`. Presets: with, without, all."""
    where = {"with": (("active", True),), "without": (("active", False),)}.get(query.preset or "", ())
    return listed(session, query, "sec.badge_list", BadgeRow, _BADGE, where=where)


def save_device(session: Session, command: SaveDevice) -> Result[str]:
    """Register or change a terminal. A new one's password is the value, to be shown once. Refused login_taken, …"""
    given = {
        "p_login": command.login,
        "p_name": command.name,
        "p_place": command.place,
        "p_department": command.department,
        "p_warehouses": command.warehouses,
    }
    password = ""
    if command.new:
        password = str(value(session, "sec.device_register", **given, p_language=command.language))
    else:
        call_api(session, "sec.device_change", **given)
    return Result(password, changed((DEVICE, None)))


def new_device_password(session: Session, command: DeviceCommand) -> Result[str]:
    """Another password for a terminal, to be shown once; its sessions end."""
    return Result(str(value(session, "sec.device_password", p_login=command.login)), changed((DEVICE, None)))


def lock_device(session: Session, command: DeviceCommand) -> Result[None]:
    """No more logins, and whatever is open ends."""
    call_api(session, "sec.device_lock", p_login=command.login, p_reason=command.reason)
    return Result(None, changed((DEVICE, None)))


def unlock_device(session: Session, command: DeviceCommand) -> Result[None]:
    """Logins again."""
    call_api(session, "sec.device_unlock", p_login=command.login)
    return Result(None, changed((DEVICE, None)))


def set_badge(session: Session, command: SetBadge) -> Result[None]:
    """Give somebody a badge and a PIN. Refused badge_taken, badge_form, pin_form, pin_too_simple."""
    call_api(session, "sec.badge_set", p_login=command.login, p_badge=command.badge, p_pin=command.pin)
    return Result(None, changed((BADGE, None)))


def block_badge(session: Session, command: BlockBadge) -> Result[None]:
    """Block a lost badge, or release it."""
    call_api(session, "sec.badge_block", p_login=command.login, p_active=command.active)
    return Result(None, changed((BADGE, None)))


def change_pin(session: Session, command: ChangePin) -> Result[str]:
    """The person's own PIN; the value is the key of what is wrong with the old one, empty when it was changed."""
    answer = call_api(session, "sec.pin_change", p_old=command.old, p_new=command.new)
    return Result(answer.get("refused", ""), changed((BADGE, None)))


def sign_on(session: Session, command: SignOn) -> Result[Operator | str]:
    """Somebody starts to work here; the value is the key of the refusal when badge or PIN is wrong.

    A refusal is no error: what was counted and told must stay. The profile is another one now: ask `Database.goes_on`.
    """
    answer = call_api(session, "sec.operator_on", p_badge=command.badge, p_pin=command.pin)
    if "refused" in answer:
        return Result(str(answer["refused"]))
    found = answer["operator"]
    return Result(Operator(found["login"], found["person"], found["language"], int(found["idle_minutes"])))


def sign_off(session: Session, command: SignOff) -> Result[None]:
    """The operator leaves."""
    call_api(session, "sec.operator_off", p_idle=command.idle)
    return Result(None)


def refused(key: str) -> Refused:
    """The refusal behind the key `sign_on` and `change_pin` give."""
    return Refused(key)
