"""People: made, changed, suspended, gone; the directory; one's own data; the lists to tick off."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api
from app.services.security.assignments import Assignment
from app.services.security.rows import build, fetch, value

USERS = "sec.app_user"
TASKS = "sec.person_task"
CHECKLIST = "sec.checklist_item"


class Given(NamedTuple):
    """What became of the roles that were to be given: some at once, others asked for (role and request)."""

    granted: tuple[str, ...]
    requested: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Given":
        """Out of the database's answer."""
        return cls(
            tuple(answer["granted"]), tuple((one["role"], one["request"]) for one in answer["requested"])
        )


class UserRow(NamedTuple):
    """A login with everything the administrator's list shows of it."""

    id: int
    login: str
    person: str
    language: str
    status: str
    email: str
    phone: str
    roles: tuple[str, ...]
    warehouses: tuple[int, ...]
    last_session: dt.datetime | None
    department: str
    site: str
    position: str
    supervisor: str | None
    status_reason: str
    status_since: dt.datetime
    locked_until: dt.datetime | None
    left_on: dt.date | None
    sessions: int
    second_factor: bool
    tasks_open: int


class Task(NamedTuple):
    """A point of somebody's onboarding or off-boarding list."""

    id: int
    login: str
    person: str | None
    kind: str
    sort: int
    text_de: str
    text_en: str
    done_at: dt.datetime | None
    done_by: str | None


class Person(NamedTuple):
    """Everything the house knows of a person; `people` are (login, name) of those who report to it."""

    id: int
    login: str
    person: str
    language: str
    status: str
    status_reason: str
    status_since: dt.datetime
    locked_until: dt.datetime | None
    left_on: dt.date | None
    phone: str
    email: str
    department: str
    site: str
    position: str
    supervisor: str | None
    supervisor_person: str | None
    people: tuple[Mapping[str, str], ...]
    show_phone: bool
    show_email: bool
    show_photo: bool
    has_photo: bool
    must_change_password: bool
    password_set_at: dt.datetime | None
    password_ends: dt.datetime | None
    second_factor: bool
    created_at: dt.datetime
    created_by: str
    roles: tuple[str, ...]
    warehouses: tuple[int, ...]
    sessions: int
    last_session: dt.datetime | None
    tasks_open: int


class PersonSession(NamedTuple):
    """An open session of a person."""

    id: int
    created: dt.datetime
    last_seen: dt.datetime
    address: str | None
    client: Mapping[str, Any]
    assurance: str


class SignIn(NamedTuple):
    """A sign-in of a person, or a try: `outcome` ok, wrong or refused."""

    at: dt.datetime
    address: str | None
    outcome: str
    application: str


class Card(NamedTuple):
    """A person's form: the record, all assignments (newest first), all tasks; sessions and sign-ins, newest first.

    Sessions and sign-ins are None for those who may not list them.
    """

    person: Person
    assignments: tuple[Assignment, ...]
    tasks: tuple[Task, ...]
    open_sessions: tuple[PersonSession, ...] | None = None
    sign_ins: tuple[SignIn, ...] | None = None


class Colleague(NamedTuple):
    """What the directory shows; None where the person does not want it shown."""

    login: str
    person: str
    department: str
    site: str
    position: str
    supervisor: str | None
    phone: str | None
    email: str | None
    has_photo: bool


class ChecklistItem(NamedTuple):
    """A point of the onboarding or off-boarding list; `role` limits it to people of that role."""

    id: int
    kind: str
    sort: int
    text_de: str
    text_en: str
    role: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class CreateUser:
    """A new login; its form is `u_…` for people, `t_…` for terminals, `s_…` for services."""

    login: str
    person: str
    password: str = field(repr=False)
    roles: tuple[str, ...]
    language: str = "de"
    warehouses: tuple[int, ...] = ()
    email: str = ""
    phone: str = ""
    department: str = ""
    site: str = ""
    position: str = ""
    supervisor: str | None = None
    reason: str = ""
    pending: bool = False


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Only the fields named: person, language, email, phone, department, site, position, supervisor (None: nobody).

    `seen` is what stood in them when they were read: whatever somebody else has changed since is not written over.
    """

    login: str
    changes: Mapping[str, str | None]
    seen: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class SetPhoto:
    """A person's picture, PNG or JPEG of at most 200 kB; None takes it away."""

    login: str
    photo: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetWarehouses:
    """The warehouses a person with a scoped role sees."""

    login: str
    warehouses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LockUser:
    """No more logins, until a moment or until unlocked; sessions and connections end."""

    login: str
    reason: str = ""
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class UnlockUser:
    """Logins again."""

    login: str


@dataclass(frozen=True, slots=True)
class SuspendUser:
    """Nobody signs in as this person until it is activated again."""

    login: str
    reason: str


@dataclass(frozen=True, slots=True)
class ActivateUser:
    """A pending person begins, a suspended one comes back."""

    login: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeaveUser:
    """Somebody has left for good; who reports to this person then reports to `new_supervisor`."""

    login: str
    reason: str
    left_on: dt.date | None = None
    new_supervisor: str | None = None


@dataclass(frozen=True, slots=True)
class SetMyDetails:
    """What a person changes of the own data; None leaves as it is."""

    phone: str | None = None
    language: str | None = None
    show_phone: bool | None = None
    show_email: bool | None = None
    show_photo: bool | None = None
    photo: bytes | None = field(default=None, repr=False)
    remove_photo: bool = False
    guided: bool | None = None


@dataclass(frozen=True, slots=True)
class SetChecklistItem:
    """A new point of a list (no id), or a changed one."""

    kind: str
    text_de: str
    text_en: str = ""
    sort: int = 0
    role: str | None = None
    active: bool = True
    id: int | None = None


@dataclass(frozen=True, slots=True)
class AddTask:
    """One more point for one person (`kind` onboarding or offboarding)."""

    login: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TickTask:
    """A point is done, or is not."""

    id: int
    done: bool = True


def users(session: Session) -> tuple[UserRow, ...]:
    """All logins, for the administrator."""
    return fetch(session, UserRow, "sec.user_list")


def card(session: Session, login: str) -> Card:
    """One person's form; one round trip."""
    return _card(call_api(session, "sec.user_card", p_login=login))


def card_of(session: Session, person_id: int) -> Card:
    """The same, by number."""
    return _card(call_api(session, "sec.user_card", p_id=person_id))


def _card(answer: Mapping[str, Any]) -> Card:
    return Card(
        build(Person, answer),
        _all(Assignment, answer["assignments"]),
        _all(Task, answer["tasks"]),
        _all(PersonSession, answer.get("open_sessions")),
        _all(SignIn, answer.get("sign_ins")),
    )


def _all(row: Any, found: list[Mapping[str, Any]] | None) -> Any:
    return None if found is None else tuple(build(row, one) for one in found)


def my_details(session: Session) -> Person:
    """Everything the house knows of the person who asks."""
    return build(Person, call_api(session, "sec.my_details"))


def directory(session: Session) -> tuple[Colleague, ...]:
    """All colleagues, by name."""
    return fetch(session, Colleague, "sec.directory")


def photo(session: Session, login: str) -> bytes | None:
    """A colleague's picture, as far as it is shown."""
    found = value(session, "sec.person_photo", p_login=login)
    return None if found is None else bytes(found)


def checklist(session: Session) -> tuple[ChecklistItem, ...]:
    """The points of both lists."""
    return fetch(session, ChecklistItem, "sec.checklist_list")


def tasks(session: Session, login: str | None = None) -> tuple[Task, ...]:
    """A person's points; without a login everybody's open ones."""
    return fetch(session, Task, "sec.person_task_list", p_login=login)


def create_user(session: Session, command: CreateUser) -> Result[Given]:
    """Create a login with a first password and roles."""
    answer = call_api(
        session,
        "sec.user_create",
        p_login=command.login,
        p_person=command.person,
        p_password=command.password,
        p_roles=command.roles,
        p_language=command.language,
        p_warehouses=command.warehouses,
        p_email=command.email,
        p_phone=command.phone,
        p_department=command.department,
        p_site=command.site,
        p_position=command.position,
        p_supervisor=command.supervisor,
        p_reason=command.reason,
        p_pending=command.pending,
    )
    return Result(Given.of(answer), changed((USERS, None)))


def change_user(session: Session, command: ChangeUser) -> Result[None]:
    """Change what is known of a person; raises Conflict for a field that is not any more as it was seen."""
    seen = None if command.seen is None else dict(command.seen)
    call_api(session, "sec.user_change", p_login=command.login, p_changes=dict(command.changes), p_seen=seen)
    return Result(None, changed((USERS, None)))


def set_photo(session: Session, command: SetPhoto) -> Result[None]:
    """Put, or take away, a person's picture."""
    call_api(session, "sec.user_set_photo", p_login=command.login, p_photo=command.photo)
    return Result(None, changed((USERS, None)))


def set_warehouses(session: Session, command: SetWarehouses) -> Result[None]:
    """Say which warehouses a person with a scoped role sees."""
    call_api(session, "sec.user_set_warehouses", p_login=command.login, p_warehouses=command.warehouses)
    return Result(None, changed((USERS, None)))


def lock_user(session: Session, command: LockUser) -> Result[None]:
    """Lock a login and end its sessions and connections."""
    call_api(session, "sec.user_lock", p_login=command.login, p_reason=command.reason, p_until=command.until)
    return Result(None, changed((USERS, None)))


def unlock_user(session: Session, command: UnlockUser) -> Result[None]:
    """Let a locked person log in again."""
    call_api(session, "sec.user_unlock", p_login=command.login)
    return Result(None, changed((USERS, None)))


def suspend_user(session: Session, command: SuspendUser) -> Result[None]:
    """Keep a person out for a while; roles are kept."""
    call_api(session, "sec.user_suspend", p_login=command.login, p_reason=command.reason)
    return Result(None, changed((USERS, None)))


def activate_user(session: Session, command: ActivateUser) -> Result[None]:
    """Let a pending person begin, or a suspended one come back."""
    call_api(session, "sec.user_activate", p_login=command.login, p_reason=command.reason)
    return Result(None, changed((USERS, None)))


def leave_user(session: Session, command: LeaveUser) -> Result[Mapping[str, Any]]:
    """See a person off; answers how many roles ended, people moved and tasks were opened."""
    answer = call_api(
        session,
        "sec.user_leave",
        p_login=command.login,
        p_left_on=command.left_on,
        p_reason=command.reason,
        p_new_supervisor=command.new_supervisor,
    )
    return Result(answer, changed((USERS, None), (TASKS, None), ("sec.user_role", None)))


def set_my_details(session: Session, command: SetMyDetails) -> Result[None]:
    """Change one's own data."""
    call_api(
        session,
        "sec.my_details_set",
        p_phone=command.phone,
        p_language=command.language,
        p_show_phone=command.show_phone,
        p_show_email=command.show_email,
        p_show_photo=command.show_photo,
        p_photo=command.photo,
        p_remove_photo=command.remove_photo,
        p_guided=command.guided,
    )
    return Result(None, changed((USERS, None)))


def set_checklist_item(session: Session, command: SetChecklistItem) -> Result[int]:
    """Add or change a point of a list; lists that people already have stay as they are."""
    found = value(
        session,
        "sec.checklist_set",
        p_id=command.id,
        p_kind=command.kind,
        p_sort=command.sort,
        p_text_de=command.text_de,
        p_text_en=command.text_en,
        p_role=command.role,
        p_active=command.active,
    )
    return Result(found, changed((CHECKLIST, found)))


def add_task(session: Session, command: AddTask) -> Result[int]:
    """Add a point to one person's list."""
    found = value(
        session, "sec.person_task_add", p_login=command.login, p_kind=command.kind, p_text=command.text
    )
    return Result(found, changed((TASKS, found)))


def tick_task(session: Session, command: TickTask) -> Result[None]:
    """Tick a point off, or open it again."""
    call_api(session, "sec.person_task_done", p_id=command.id, p_done=command.done)
    return Result(None, changed((TASKS, command.id)))
