"""What people's states and roles are called on screen."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary, ref

from app.core import clock
from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import has_text, language, t
from app.services.security.roles import ROLES, RoleRow, roles
from app.views.core import roles as roles_in_force
from app.views.core.changes_bus import touching
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.core.people import say_again

STATUS = {
    "active": ("ok", "people.status.active"),
    "pending": ("info", "people.status.pending"),
    "suspended": ("warn", "people.status.suspended"),
    "locked": ("bad", "people.status.locked"),
    "left": ("neutral", "people.status.left"),
}
STATE = {
    "current": ("ok", "assign.state.current"),
    "future": ("info", "assign.state.future"),
    "over": ("neutral", "assign.state.over"),
    "withdrawn": ("neutral", "assign.state.withdrawn"),
}
_titles: WeakKeyDictionary[Any, dict[str, RoleRow]] = WeakKeyDictionary()


def titles(ctx: AppContext) -> dict[str, RoleRow]:
    """The roles with their titles; read by those who may, and again when a role changes."""
    found = _titles.get(ctx)
    if found is None:
        found = _titles[ctx] = {}
        known = ref(ctx)

        def again(changes: Changes) -> None:
            shown = known()
            if shown is not None and touching(changes, frozenset({ROLES})):
                _read(shown, found)

        ctx.bus.changed.connect(again)
        _read(ctx, found)
    return found


def _read(ctx: AppContext, found: dict[str, RoleRow]) -> None:
    def arrived(rows: Iterable[RoleRow]) -> None:
        found.update({row.name: row for row in rows})
        say_again()

    if ctx.profile.can("role_list"):
        ReadOp(ctx.tasks, ctx, roles).failure(lambda _error: True).success(arrived).start()


def role(ctx: AppContext, name: str) -> str:
    """A role's name on screen."""
    plain = name.removeprefix("r_")
    known = None if has_text(f"role.{plain}") else titles(ctx).get(plain)
    return roles_in_force.title(ctx.profile, plain) if known is None else known.title(language())


def role_list(ctx: AppContext, names: Iterable[str]) -> str:
    """Several, by name."""
    return ", ".join(sorted(role(ctx, name) for name in names))


def period(start: dt.datetime, end: dt.datetime | None) -> str:
    """From when until when."""
    if end is None:
        return t("assign.since", at=fmt.date_time(start))
    return t("assign.period", start=fmt.date_time(start), end=until(end))


def until(end: dt.datetime | None) -> str:
    """The end of a period as people say it: the last day, or the moment where it is within a day."""
    if end is None:
        return fmt.NONE
    here = clock.here(end)
    return fmt.date_(here.date() - dt.timedelta(days=1)) if here.time() == dt.time() else fmt.date_time(end)


def reason_words(reason: str) -> str:
    """A reason: of the program in words, of people as written."""
    key = f"status_reason.{reason}"
    return t(key) if reason and has_text(key) else reason


def end_of_day(day: dt.date | None) -> dt.datetime | None:
    """The moment a chosen day is over for the company."""
    if day is None or day.year == dt.MAXYEAR:
        return None  # there is no day after the last one of the calendar: people mean for good
    return clock.end_of(day)


def start_of_day(day: dt.date | None) -> dt.datetime | None:
    """The moment a chosen day begins for the company; None for today and before: at once."""
    if day is None or day <= clock.today():
        return None
    return clock.midnight(day)
