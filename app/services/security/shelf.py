"""Short lists that the database's functions give out whole: people, roles, rights, assignments, sessions.

Filtering, sorting and presets happen here; the rows are hundreds, not thousands, and one round trip brings them all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Select, literal_column, select, text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.i18n import has_text, language, translate
from app.core.paging import Filter, ListQuery, Page, count_rows
from app.services.inventory.reads import warehouses
from app.services.security import assignments, people, registration, reviews, rights, roles, sessions
from app.services.security.right_words import right_words


@dataclass(frozen=True, slots=True)
class EndAllSessions:
    """End every session of a person; the windows there say why."""

    login: str
    reason: str


Test = Callable[[Any], bool]


def is_person(row: Any) -> bool:
    """Whether it is somebody, not a terminal or a service."""
    return str(row.login).startswith("u_")


PEOPLE_PRESETS: Mapping[str, Test] = {
    "present": lambda row: row.status != "left" and is_person(row),
    "active": lambda row: row.status == "active",
    "pending": lambda row: row.status == "pending",
    "suspended": lambda row: row.status == "suspended",
    "locked": lambda row: row.status == "locked",
    "left": lambda row: row.status == "left",
    "no_supervisor": lambda row: row.status != "left" and is_person(row) and row.supervisor is None,
    "no_factor": lambda row: row.status == "active" and is_person(row) and not row.second_factor,
    "all": lambda _row: True,
}
ROLE_PRESETS: Mapping[str, Test] = {
    "used": lambda row: not row.retired,
    "custom": lambda row: row.kind == "custom" and not row.retired,
    "template": lambda row: row.kind == "template",
    "sensitive": lambda row: row.sensitive and not row.retired,
    "retired": lambda row: row.retired,
}
ASSIGNMENT_PRESETS: Mapping[str, Test] = {
    "current": lambda row: row.state == "current",
    "future": lambda row: row.state == "future",
    "ending": lambda row: row.state == "current" and row.valid_to is not None,
    "over": lambda row: row.state in ("over", "withdrawn"),
    "all": lambda _row: True,
}
CHECKLIST_PRESETS: Mapping[str, Test] = {
    "onboarding": lambda row: row.kind == "onboarding" and row.active,
    "offboarding": lambda row: row.kind == "offboarding" and row.active,
    "inactive": lambda row: not row.active,
    "all": lambda _row: True,
}
REGISTRATION_PRESETS: Mapping[str, Test] = {
    "open": lambda row: row.state == "requested",
    "all": lambda _row: True,
}


class RightRow(NamedTuple):
    """A line of the permission matrix, its words in the language of the question."""

    right: str
    words: str
    depth: str
    object: str
    object_words: str
    area: str
    verb: str
    columns: str
    row_scope: str
    roles: tuple[str, ...]
    role_words: str
    logins: tuple[str, ...]
    people: str
    n_people: int


def shelved(rows: Iterable[Any], query: ListQuery, presets: Mapping[str, Test] | None = None) -> Page:
    """The rows a query asks for, as one portion."""
    keep = (presets or {}).get(query.preset, lambda _row: True)
    found = [row for row in rows if keep(row) and all(_fits(row, item) for item in query.filters)]
    if query.sort:
        empty = [row for row in found if getattr(row, query.sort, None) in (None, "")]
        full = [row for row in found if getattr(row, query.sort, None) not in (None, "")]
        full.sort(key=lambda row: _order(getattr(row, query.sort)), reverse=query.descending)
        found = full + empty
    return Page(found, None, len(found), True)


def counted(rows: Sequence[Any], presets: Mapping[str, Test], wanted: Iterable[str]) -> dict[str, int]:
    """How many rows the presets have."""
    return {key: sum(map(presets[key], rows)) for key in wanted}


def list_people(session: Session, query: ListQuery) -> Page:
    """People and other logins; presets: `PEOPLE_PRESETS`."""
    return shelved(people.users(session), query, PEOPLE_PRESETS)


def count_people(session: Session) -> dict[str, int]:
    """The numbers on the list's presets."""
    return counted(people.users(session), PEOPLE_PRESETS, ("pending", "locked", "no_supervisor"))


def list_registrations(session: Session, query: ListQuery) -> Page:
    """Who asked for a login."""
    return shelved(registration.registrations(session), query, REGISTRATION_PRESETS)


def count_registrations(session: Session) -> int:
    """How many wait for an answer."""
    asked: Select[Any] = select(literal_column("1").label("one")).select_from(text("sec.registration_list()"))
    return count_rows(session, asked.where(text("state = 'requested'")))


def list_checklist(session: Session, query: ListQuery) -> Page:
    """The points of onboarding and off-boarding; presets: `CHECKLIST_PRESETS`."""
    return shelved(people.checklist(session), query, CHECKLIST_PRESETS)


def list_roles(session: Session, query: ListQuery) -> Page:
    """Roles, ordered by the name that is read; presets: `ROLE_PRESETS`."""
    found = shelved(roles.roles(session), query, ROLE_PRESETS)
    if query.sort != "title_de":
        return found
    return replace(
        found,
        rows=sorted(found.rows, key=lambda row: _order(row.title(query.language)), reverse=query.descending),
    )


def list_conflicts(session: Session, query: ListQuery) -> Page:
    """What must not come together."""
    return shelved(roles.conflicts(session), query)


def list_assignments(session: Session, query: ListQuery) -> Page:
    """Who has, had and will have which role; presets: `ASSIGNMENT_PRESETS`."""
    return shelved(assignments.assignments(session), query, ASSIGNMENT_PRESETS)


def list_my_roles(session: Session, query: ListQuery) -> Page:
    """One's own roles; presets: `ASSIGNMENT_PRESETS`."""
    return shelved(assignments.my_assignments(session), query, ASSIGNMENT_PRESETS)


def list_reviews(session: Session, query: ListQuery) -> Page:
    """Reviews."""
    return shelved(reviews.reviews(session), query)


def list_sessions(session: Session, query: ListQuery) -> Page:
    """Everybody's open sessions."""
    return shelved(sessions.all_sessions(session), query)


def end_all_sessions(session: Session, command: EndAllSessions) -> Result[int]:
    """Answers how many there were."""
    ids = [row.id for row in sessions.all_sessions(session) if row.login == command.login]
    for number in ids:
        sessions.kill_session(session, sessions.KillSession(number, command.reason))
    return Result(len(ids), changed(("sec.session", None), ("sec.app_user", None)))


def end_one_session(session: Session, command: sessions.KillSession) -> Result[None]:
    """End a session, so that lists of them read again."""
    sessions.kill_session(session, command)
    return Result(None, changed(("sec.session", command.id)))


def list_directory(session: Session, query: ListQuery) -> Page:
    """Colleagues."""
    return shelved(people.directory(session), query)


def list_rights(session: Session, query: ListQuery) -> Page:
    """The permission matrix in words."""
    rows = [right_row(row, query.language) for row in rights.matrix(session)]
    depth = query.preset
    return shelved([row for row in rows if depth in ("", "all", row.depth)], query)


def right_row(row: rights.MatrixRow, lang: str) -> RightRow:
    """A right in words."""
    schema = row.object.partition(".")[0] if "." in row.object else ""
    columns = ", ".join(_column_words(lang, row.object, name) for name in row.columns or ())
    return RightRow(
        row.right,
        right_words(lang, row.right),
        row.depth,
        row.object,
        table_words(lang, row.object) if schema else "",
        schema,
        row.verb or "",
        columns,
        row.row_scope or "",
        row.roles,
        ", ".join(sorted(role_words(lang, role) for role in row.roles)),
        row.logins,
        ", ".join(sorted(row.people)),
        len(row.people),
    )


def table_words(lang: str, table: str) -> str:
    """What a table holds; its own name where there is no text."""
    words = translate(lang, f"topic.{table}") if has_text(f"topic.{table}") else table
    return words[:1].upper() + words[1:]


def table_choices(session: Session) -> tuple[tuple[str, str], ...]:
    """Tables the matrix can be narrowed to."""
    lang = language()
    found = {row.object for row in rights.matrix(session) if "." in row.object}
    return tuple(
        sorted(((one, table_words(lang, one)) for one in found), key=lambda pair: pair[1].casefold())
    )


def role_words(lang: str, role: str) -> str:
    """A role's name as far as the program itself knows it."""
    key = f"role.{role.removeprefix('r_')}"
    return translate(lang, key) if has_text(key) else role


def role_choices(session: Session) -> tuple[tuple[str, str], ...]:
    """Roles a list can be narrowed to."""
    lang = language()
    found = [
        (row.name, row.title(lang))
        for row in roles.roles(session)
        if not row.retired and row.kind != "template"
    ]
    return tuple(sorted(found, key=lambda one: one[1].casefold()))


def given_choices(session: Session) -> tuple[tuple[str, str], ...]:
    """Roles people can be given: neither templates nor those of terminals and services."""
    lang = language()
    found = [
        (row.name, row.title(lang))
        for row in roles.roles(session)
        if not row.retired and row.kind != "template" and row.holder == "person"
    ]
    return tuple(sorted(found, key=lambda one: one[1].casefold()))


def person_choices(session: Session) -> tuple[tuple[str, str], ...]:
    """People a list can be narrowed to."""
    return tuple((row.login, row.person) for row in people.users(session) if row.status != "left")


class PersonHit(NamedTuple):
    """A person found by the palette."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str] | None


def search_people(session: Session, typed: str, limit: int = 8, _language: str = "de") -> list[PersonHit]:
    """People and other logins whose name, login or department has every word that was typed."""
    words = typed.casefold().split()
    found = []
    for row in people.users(session):
        about = f"{row.person} {row.login} {row.department} {row.position}".casefold()
        if all(word in about for word in words):
            note = " · ".join(filter(None, (row.login, row.position, row.department)))
            chip = None if row.status == "active" else ("neutral", f"people.status.{row.status}")
            found.append(PersonHit(row.id, row.person, note, chip))
    return found[:limit]


class PersonChoices(NamedTuple):
    """What a person's form offers: who it can report to, the warehouses; as (value, words)."""

    people: tuple[tuple[str, str], ...]
    warehouses: tuple[tuple[int, str], ...]


def form_choices(session: Session, _language: str) -> PersonChoices:
    """Both, for a person's form."""
    return PersonChoices(supervisor_choices(session), warehouse_choices(session))


def supervisor_choices(session: Session) -> tuple[tuple[str, str], ...]:
    """People somebody can report to, or be followed by."""
    return tuple(one for one in person_choices(session) if one[0].startswith("u_"))


def warehouse_choices(session: Session) -> tuple[tuple[int, str], ...]:
    """Warehouses people can be assigned to."""
    return tuple((row.id, f"{row.code} {row.name}") for row in warehouses(session))


def _column_words(lang: str, table: str, name: str) -> str:
    for key in (f"column.{table}.{name}", f"column.{name}"):
        if has_text(key):
            return translate(lang, key)
    return name


def _order(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, tuple):
        return ", ".join(map(str, value)).casefold()
    return value


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")


def _fits(row: Any, item: Filter) -> bool:
    value = getattr(row, item.key)
    match item.op:
        case "contains":
            return str(item.value).casefold() in _words(value).casefold()
        case "prefix":
            return _words(value).casefold().startswith(str(item.value).casefold())
        case "eq":
            return bool(value == item.value)
        case "in":
            wanted = set(item.value)
            return bool(wanted & set(value)) if isinstance(value, tuple) else value in wanted
        case "min":
            return value is not None and bool(value >= item.value)
        case "max":
            return value is not None and bool(value <= item.value)
        case "null":
            return value in (None, "")
        case "not_null":
            return value not in (None, "")
    raise ValueError(f"unknown filter operator {item.op!r}")
