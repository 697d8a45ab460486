"""What can be imported: one file per kind in resources/imports; see docs/admin/import.md.

Every mistake in a file is reported with its place when the kinds are read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Table

from app.core import clock
from app.core.i18n import LANGUAGES, translate
from app.core.profile import Profile
from app.services.catalog import checks as catalog_checks
from app.services.catalog import rules as catalog
from app.services.imports.load import GUARDED
from app.services.imports.mapping import MappingError, table_of
from app.services.partners import checks as partner_checks
from app.services.partners import rules as partners
from app.services.validation import Rules, RulesError

FOLDER = Path(__file__).resolve().parents[4] / "resources" / "imports"
TYPES = ("text", "number", "whole", "date", "flag", "choice", "lookup")
TODAY, FIRST = "today", "first"
Values = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the forms of a kind ask as well: ``values`` checks and cleans single values, ``rules`` the whole."""

    values: Values = dict
    rules: Rules = field(default_factory=Rules)


SHARED: dict[str, Shared] = {
    "catalog.product": Shared(catalog.product_values),
    "catalog.family": Shared(catalog.family_values),
    "catalog.price": Shared(catalog.price_values, catalog_checks.PRICE),
    "partners.partner": Shared(partial(partners.partner_values, new=False), partner_checks.PARTNER),
    "partners.address": Shared(partners.address_values),
    "partners.contact": Shared(partners.contact_values),
}


@dataclass(frozen=True, slots=True)
class Lookup:
    """A record of another table, found by the first of these columns that holds the word."""

    table: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportField:
    """A column of the table a column of a file can become.

    ``names`` are further words it is known by, ``required``: a new record needs it, ``default`` is what an empty cell
    means for a new record (``today``, or ``first`` for the oldest record of a lookup).  ``right`` is what else a
    person needs to fill it.
    """

    name: str
    title: str
    type: str = "text"
    names: tuple[str, ...] = ()
    choices: Mapping[Any, str] = field(default_factory=dict)
    lookup: Lookup | None = None
    required: bool = False
    default: Any = None
    right: str = ""

    def words(self) -> dict[str, Any]:
        """The words of a choice in every language and the values themselves, lower case."""
        found = {str(value).casefold(): value for value in self.choices}
        for lang in LANGUAGES:
            found |= {translate(lang, key).casefold(): value for value, key in self.choices.items()}
        return found


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that can be imported into a table.

    ``key`` are the fields a record is found again by, ``always`` values every record gets, ``new`` values of new ones.
    ``topic`` is what changes when something was written, ``workspace`` the list that shows it.
    """

    key: str
    title: str
    icon: str
    table: str
    keys: tuple[str, ...]
    fields: tuple[ImportField, ...]
    topic: str
    workspace: str
    position: int
    always: Mapping[str, Any]
    new: Mapping[str, Any]
    shared: Shared
    rules: Rules

    def field(self, name: str) -> ImportField:
        """A field by its name; KeyError for one there is not."""
        for found in self.fields:
            if found.name == name:
                return found
        raise KeyError(name)

    def offered(self, profile: Profile) -> tuple[ImportField, ...]:
        """The fields this person may fill."""
        return tuple(f for f in self.fields if not f.right or profile.can(f.right))

    def may(self, profile: Profile) -> bool:
        """Whether this person may add or change records of this kind at all."""
        return profile.can(f"{self.table}:insert") or profile.can(f"{self.table}:update")


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its key, in the order people see them.  Raises `MappingError` with every mistake."""
    found = [read(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {kind.key: kind for kind in sorted(found, key=lambda kind: kind.position)}


def read(path: Path) -> Kind:
    """Read the file of a kind.  Raises `MappingError` with every mistake found."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise MappingError([f"{path.name}: this is not valid YAML: {error}"]) from error
    return _Reader(path.stem, document if isinstance(document, Mapping) else {}).kind()


_WORDS = {
    "position", "title", "icon", "table", "key", "topic", "workspace", "always", "new", "shared", "rules", "fields"
}  # fmt: skip
_FIELD = {"title", "type", "names", "choices", "lookup", "required", "default", "right"}


class _Reader:
    """Turns a document into a `Kind` and collects what is wrong with it."""

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        self._name, self._document = name, document
        self._wrong: list[str] = []

    def kind(self) -> Kind:
        given = self._document
        self._only("", given, _WORDS)
        name = str(given.get("table", ""))
        table = table_of(name)
        if table is None:
            self._say("table", f"there is no table {name!r}")
        fields = tuple(
            self._field(str(column), spec, table) for column, spec in (given.get("fields") or {}).items()
        )
        names = {found.name for found in fields}
        keys = tuple(given.get("key") or ())
        for column in keys:
            if column not in names:
                self._say("key", f"there is no field {column!r}")
        if not keys:
            self._say("key", "is missing")
        for word in ("always", "new"):
            for column in given.get(word) or {}:
                self._column(word, str(column), table)
        shared = str(given.get("shared", ""))
        if shared and shared not in SHARED:
            self._say("shared", f"there is no {shared!r}; there are {', '.join(sorted(SHARED))}")
        rules = Rules()
        try:
            rules = Rules.read(given.get("rules"), known=names)
        except RulesError as error:
            for mistake in error.mistakes:
                self._say("rules", mistake)
        if self._wrong:
            raise MappingError(self._wrong)
        return Kind(
            key=self._name,
            title=str(given["title"]),
            icon=str(given.get("icon", "file")),
            table=name,
            keys=keys,
            fields=fields,
            topic=str(given.get("topic", name)),
            workspace=str(given.get("workspace", "")),
            position=int(given.get("position", 100)),
            always=given.get("always") or {},
            new=given.get("new") or {},
            shared=SHARED.get(shared, Shared()),
            rules=rules,
        )

    def _say(self, place: str, what: str) -> None:
        self._wrong.append(f"{self._name}.yaml: {place or 'file'}: {what}")

    def _only(self, place: str, given: Any, words: set[str]) -> None:
        if not isinstance(given, Mapping):
            self._say(place, "must be a table of names and values")
            return
        for unknown in set(given) - words:
            self._say(place, f"unknown word {unknown!r}; known are {', '.join(sorted(words))}")

    def _column(self, place: str, column: str, table: Table | None) -> None:
        if table is not None and column not in table.c:
            self._say(place, f"{self._document.get('table')} has no column {column!r}")

    def _field(self, name: str, given: Any, table: Table | None) -> ImportField:
        place = f"fields.{name}"
        self._only(place, given, _FIELD)
        spec: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        self._column(place, name, table)
        lookup = self._lookup(place, spec.get("lookup"))
        choices = spec.get("choices") or {}
        kind = str(spec.get("type", "lookup" if lookup else "choice" if choices else "text"))
        if kind not in TYPES:
            self._say(place, f"there is no type {kind!r}; known are {', '.join(TYPES)}")
        if "title" not in spec:
            self._say(place, "title is missing")
        guarded = name in GUARDED.get(str(self._document.get("table")), ((), ""))[0]
        return ImportField(
            name=name,
            title=str(spec.get("title", "")),
            type=kind,
            names=tuple(str(word) for word in spec.get("names") or ()),
            choices=choices,
            lookup=lookup,
            required=bool(spec.get("required", False)),
            default=spec.get("default"),
            right=str(spec.get("right", "partner_terms_import" if guarded else "")),
        )

    def _lookup(self, place: str, given: Any) -> Lookup | None:
        if given is None:
            return None
        self._only(f"{place}.lookup", given, {"table", "by"})
        name, by = str(given.get("table", "")), given.get("by") or ()
        columns: Sequence[str] = (by,) if isinstance(by, str) else tuple(by)
        table = table_of(name)
        if table is None:
            self._say(f"{place}.lookup", f"there is no table {name!r}")
        for column in columns:
            if table is not None and column not in table.c:
                self._say(f"{place}.lookup", f"{name} has no column {column!r}")
        return Lookup(name, tuple(columns))


def default_of(found: ImportField) -> Any:
    """The value an empty cell of a new record gets; None for none, and for one only the database knows."""
    if found.default == TODAY:
        return clock.today()
    return None if found.default == FIRST else found.default
