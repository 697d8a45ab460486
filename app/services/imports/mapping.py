"""Reads a mapping file and checks all of it before anything is imported.

The format is described in docs/admin/import.md.  Every mistake is reported with the place it stands at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Column, Table

from app.models.base import Root
from app.services.imports.steps import Step, make

SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
SPECIAL: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    # target: the fields it must have, the fields it may have
    "bom": (frozenset({"product_id", "component_id", "qty", "valid_from"}), frozenset({"valid_to"})),
    "stock": (frozenset({"product_id", "place_id", "qty"}), frozenset({"lot_code"})),
    "image": (frozenset({"product_id", "content"}), frozenset()),
}
_LITERAL = "rows"


class MappingError(ValueError):
    """The mapping is wrong; one line per mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Source:
    """A file without a header row: its name, how it is written, and its columns in order."""

    name: str
    file: str
    separator: str
    quote: str
    encoding: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a column.  With ``reason``, a row that fails is reported; else it is left out silently."""

    column: str
    word: str
    value: Any
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """The first row of another source whose columns equal ours; its columns are then called ``alias.Column``."""

    alias: str
    source: str
    on: tuple[tuple[str, str], ...]
    where: tuple[Condition, ...]
    order: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Field:
    """Where the value of a target column comes from.

    ``kind``: column, value, template, pair (two columns for one step) or first_of.  With ``ref`` the value is the id
    another entity's row has in its source, and becomes that row's key.  ``required`` and ``report`` are reasons.
    """

    name: str
    kind: str
    argument: Any
    steps: tuple[Step, ...] = ()
    ref: str = ""
    required: str = ""
    default: Any = None
    report: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of record: rows of a source (or literal ones) that become rows of a table, or go to a loader.

    ``keep`` leaves existing rows as they are; with ``repeats`` many rows of the source may make the same record.
    """

    name: str
    target: str
    source: str
    rows: tuple[Mapping[str, Any], ...]
    key: tuple[str, ...]
    id: Field | None
    fields: tuple[Field, ...]
    let: tuple[Field, ...] = ()
    joins: tuple[Join, ...] = ()
    where: tuple[Condition, ...] = ()
    keep: bool = False
    repeats: bool = False
    first: tuple[str, tuple[str, ...], tuple[str, ...]] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A whole mapping."""

    name: str
    title: str
    sources: Mapping[str, Source]
    entities: tuple[Entity, ...]


def read(path: Path) -> ImportMapping:
    """Read and check a mapping file.  Raises `MappingError` with every mistake found."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise MappingError([f"{path.name}: this is not valid YAML: {error}"]) from error
    return _Reader(document, path.name).mapping()


def table_of(target: str) -> Table | None:
    """The table a target names."""
    return Root.metadata.tables.get(target)


class _Reader:
    """Turns the document into dataclasses and collects what is wrong with it."""

    def __init__(self, document: Any, name: str) -> None:
        self._document: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
        self._name = name
        self._wrong: list[str] = []
        self._tables: dict[str, Mapping[str, Any]] = {}
        self._sources: dict[str, Source] = {}

    def mapping(self) -> ImportMapping:
        document = self._document
        self._only(document, "", {"name", "title", "note", "sources", "tables", "entities"})
        for name, table in (document.get("tables") or {}).items():
            self._tables[name] = {str(key): value for key, value in table.items()}
        for name, source in (document.get("sources") or {}).items():
            self._sources[name] = self._source(name, source)
        entities: list[Entity] = []
        for number, given in enumerate(document.get("entities") or []):
            entity = self._entity(given, number, {e.name for e in entities})
            if entity is not None:
                entities.append(entity)
        if not entities:
            self._say("entities", "there is none")
        if self._wrong:
            raise MappingError(self._wrong)
        name = str(document.get("name", Path(self._name).stem))
        return ImportMapping(name, str(document.get("title", name)), self._sources, tuple(entities))

    def _say(self, place: str, what: str) -> None:
        self._wrong.append(f"{self._name}: {place}: {what}")

    def _only(self, given: Any, place: str, words: Iterable[str]) -> None:
        if not isinstance(given, Mapping):
            self._say(place or "file", "must be a table of names and values")
            return
        for unknown in set(given) - set(words):
            self._say(place or "file", f"unknown word {unknown!r}; known are {', '.join(sorted(words))}")

    def _source(self, name: str, given: Any) -> Source:
        place = f"sources.{name}"
        self._only(given, place, {"file", "separator", "quote", "encoding", "columns"})
        given = given if isinstance(given, Mapping) else {}
        separator = str(given.get("separator", "tab"))
        if separator not in SEPARATORS:
            self._say(place, f"unknown separator {separator!r}; known are {', '.join(SEPARATORS)}")
        columns = given.get("columns") or []
        columns = columns.split() if isinstance(columns, str) else [str(column) for column in columns]
        if not columns:
            self._say(place, "columns are missing")
        for twice in {column for column in columns if columns.count(column) > 1}:
            self._say(place, f"column {twice!r} is listed twice")
        return Source(
            name,
            str(given.get("file", f"{name}.csv")),
            SEPARATORS.get(separator, "\t"),
            str(given.get("quote", '"')),
            str(given.get("encoding", "utf-8")),
            tuple(columns),
        )

    def _entity(self, given: Any, number: int, known: set[str]) -> Entity | None:
        name = str(given.get("name", "")) if isinstance(given, Mapping) else ""
        place = f"entities.{name or number + 1}"
        self._only(
            given,
            place,
            {"name", "note", "target", "from", _LITERAL, "key", "id", "let", "fields", "join", "where", "existing",
             "repeats", "first", "options"},
        )  # fmt: skip
        if not isinstance(given, Mapping):
            return None
        if not name or name in known:
            self._say(place, "needs a name of its own")
        rows = tuple(given.get(_LITERAL) or ())
        source = str(given.get("from", ""))
        if bool(rows) == bool(source):
            self._say(place, f"needs either from (a source) or {_LITERAL}")
        columns = self._columns(place, source, rows)
        joins = tuple(
            self._join(f"{place}.join.{n + 1}", join, columns)
            for n, join in enumerate(given.get("join") or ())
        )
        where = tuple(
            self._condition(f"{place}.where.{n + 1}", c, columns)
            for n, c in enumerate(given.get("where") or ())
        )
        let = []
        for column, spec in (given.get("let") or {}).items():
            let.append(self._field(f"{place}.let.{column}", str(column), spec, columns, set()))
            columns.add(str(column))
        fields = tuple(
            self._field(f"{place}.fields.{column}", str(column), spec, columns, known | {name})
            for column, spec in (given.get("fields") or {}).items()
        )
        identity = given.get("id")
        key = given.get("key") or []
        entity = Entity(
            name=name,
            target=str(given.get("target", "")),
            source=source,
            rows=rows,
            key=tuple([key] if isinstance(key, str) else key),
            id=self._field(f"{place}.id", "id", identity, columns, known) if identity is not None else None,
            fields=fields,
            let=tuple(let),
            joins=joins,
            where=where,
            repeats=bool(given.get("repeats", False)),
            keep=self._existing(place, given.get("existing", "update")),
            first=self._first(place, given.get("first"), fields),
            options=given.get("options") or {},
        )
        self._check_target(place, entity)
        return entity

    def _columns(self, place: str, source: str, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        if rows:
            return {str(column) for row in rows for column in row}
        if source not in self._sources:
            self._say(place, f"there is no source {source!r}")
            return set()
        return set(self._sources[source].columns)

    def _existing(self, place: str, word: Any) -> bool:
        if word not in ("update", "keep"):
            self._say(place, "existing is update or keep")
        return bool(word == "keep")

    def _first(
        self, place: str, given: Any, fields: Sequence[Field]
    ) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
        if given is None:
            return None
        self._only(given, f"{place}.first", {"field", "per", "order"})
        names = {f.name for f in fields}
        per, order = tuple(given.get("per") or ()), tuple(given.get("order") or ())
        for column in (*per, *(word.lstrip("-") for word in order)):
            if column not in names:
                self._say(f"{place}.first", f"there is no field {column!r}")
        return str(given.get("field", "")), per, order

    def _check_column(self, place: str, column: Any, columns: set[str]) -> str:
        if str(column) not in columns:
            self._say(
                place, f"there is no column {column!r}; there are {', '.join(sorted(columns)) or 'none'}"
            )
        return str(column)

    def _join(self, place: str, given: Any, columns: set[str]) -> Join:
        self._only(given, place, {"as", "from", "by", "where", "order", "optional"})
        given = given if isinstance(given, Mapping) else {}
        alias, source = str(given.get("as", "")), str(given.get("from", ""))
        theirs = set(self._sources[source].columns) if source in self._sources else set()
        if source not in self._sources:
            self._say(place, f"there is no source {source!r}")
        if not alias:
            self._say(place, "needs a name after as")
        on = tuple(
            (self._check_column(place, there, theirs), self._check_column(place, here, columns))
            for there, here in (given.get("by") or {}).items()
        )
        where = tuple(self._condition(f"{place}.where", c, theirs) for c in given.get("where") or ())
        order = tuple(
            self._check_column(place, str(word).lstrip("-"), theirs) and str(word)
            for word in given.get("order") or ()
        )
        columns |= {f"{alias}.{column}" for column in theirs}
        return Join(alias, source, on, where, order, bool(given.get("optional", False)))

    def _condition(self, place: str, given: Any, columns: set[str]) -> Condition:
        words = {"in", "not_in", "empty", "above", "found_in", "not_found_in"}
        self._only(given, place, words | {"column", "reason"})
        given = given if isinstance(given, Mapping) else {}
        used = [word for word in words if word in given]
        if len(used) != 1:
            self._say(place, f"needs exactly one of {', '.join(sorted(words))}")
        word = used[0] if used else "empty"
        value = given.get(word)
        if word in ("found_in", "not_found_in"):
            source, _, column = str(value).partition(".")
            if source not in self._sources or column not in self._sources[source].columns:
                self._say(place, f"{value!r} is no Source.Column")
        column = self._check_column(place, given.get("column"), columns)
        return Condition(column, word, value, str(given.get("reason", "")))

    def _field(self, place: str, name: str, given: Any, columns: set[str], known: set[str]) -> Field:
        if isinstance(given, str):
            given = {"column": given}
        kinds = {"column", "value", "template", "pair", "first_of"}
        self._only(given, place, kinds | {"steps", "ref", "required", "default", "report"})
        given = given if isinstance(given, Mapping) else {}
        used = [kind for kind in kinds if kind in given]
        if len(used) != 1:
            self._say(place, f"needs exactly one of {', '.join(sorted(kinds))}")
        kind = used[0] if used else "value"
        argument = given.get(kind)
        if kind == "column":
            self._check_column(place, argument, columns)
        elif kind == "pair":
            argument = tuple(self._check_column(place, column, columns) for column in argument or ())
        elif kind == "template":
            argument = str(argument)
            for column in _placeholders(argument):
                self._check_column(place, column, columns)
        elif kind == "first_of":
            argument = tuple(
                self._field(f"{place}.first_of.{n + 1}", name, part, columns, known)
                for n, part in enumerate(argument or ())
            )
        ref = str(given.get("ref", ""))
        if ref and ref not in known:
            self._say(place, f"ref {ref!r} names no entity above this one")
        return Field(
            name=name,
            kind=kind,
            argument=argument,
            steps=self._steps(place, given.get("steps") or ()),
            ref=ref,
            required=_reason(given.get("required", False)),
            default=given.get("default"),
            report=str(given.get("report", "")),
        )

    def _steps(self, place: str, given: Any) -> tuple[Step, ...]:
        made = []
        for spec in [given] if isinstance(given, str) else given:
            try:
                made.append(make(spec, self._tables))
            except (ValueError, TypeError) as error:
                self._say(place, str(error))
        return tuple(made)

    def _check_target(self, place: str, entity: Entity) -> None:
        names = {f.name for f in entity.fields}
        if entity.target in SPECIAL:
            needed, possible = SPECIAL[entity.target]
            for missing in needed - names:
                self._say(place, f"the field {missing!r} is missing")
            for unknown in names - needed - possible:
                self._say(place, f"{entity.target} has no field {unknown!r}")
            return
        table = table_of(entity.target)
        if table is None:
            self._say(place, f"there is no table {entity.target!r}")
            return
        if entity.first is not None:
            names.add(entity.first[0])
        for unknown in names - {column.name for column in table.columns if not _is_fixed(column)}:
            self._say(place, f"{entity.target} has no column {unknown!r} that can be written")
        if not entity.key:
            self._say(place, "key is missing: the columns by which a row is found again")
        for missing in set(entity.key) - names:
            self._say(place, f"the key column {missing!r} is no field")
        for column in table.columns:
            if (
                not (_is_fixed(column) or column.nullable or column.server_default)
                and column.name not in names
            ):
                self._say(place, f"{entity.target} needs a value for {column.name!r}")


def _reason(required: Any) -> str:
    """Why a row without the value is rejected; empty when the value may be missing."""
    if isinstance(required, str):
        return required
    return "value_missing" if required else ""


def _placeholders(template: str) -> list[str]:
    return [part.partition("}")[0] for part in template.split("{")[1:]]


def _is_fixed(column: Column[Any]) -> bool:
    stamps = ("row_version", "created_at", "created_by", "updated_at", "updated_by")
    return column.computed is not None or column.identity is not None or column.name in stamps
