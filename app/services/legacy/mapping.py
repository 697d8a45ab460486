"""The mapping of the old system: which of its tables become what, read from one file per entity and checked as a whole.

The files are in resources/legacy, their format in docs/admin/legacy-mapping.md; `mapping_reader` turns one into an
`Entity`.  Values are described with the words of `app.services.imports.mapping`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

from app.services.imports.mapping import Condition, MappingError
from app.services.imports.steps import Step
from app.services.validation import Rules

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "legacy"
TABLES = "tables.yaml"
MODULES = ("catalog", "partners", "inventory", "production", "sales", "hr")


@dataclass(frozen=True, slots=True)
class Find:
    """Look a value up among rows of Werkbank: the row of ``table`` whose column is the value, first ``by`` first.

    ``steps`` are run over the columns' values before they are compared; ``get`` is the column asked for.
    """

    table: str
    by: tuple[str, ...]
    get: str
    steps: tuple[Step, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """Where a value comes from.  ``kind``: column, columns, value, template or first_of.

    With ``ref`` it is the key of another entity's source record; ``known`` gives none unless that record is there,
    ``make`` has a placeholder made for it, ``optional`` leaves the column empty until the record comes.
    """

    name: str
    kind: str
    argument: Any
    steps: tuple[Step, ...] = ()
    default: Any = None
    report: str = ""
    required: str = ""
    ref: str = ""
    known: bool = False
    make: bool = False
    optional: bool = False
    find: Find | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table: an entity's own, or those of a part of it (`variant/price`).

    ``rules`` say per column who wins when it was changed in Werkbank: legacy, werkbank or newest.  ``each`` is the path
    of a list in the source record, one row for each of its items, ``key`` what tells them apart.
    """

    code: str
    target: str
    match: tuple[str, ...]
    fields: tuple[Value, ...]
    let: tuple[Value, ...]
    rules: Mapping[str, str]
    gone: Mapping[str, Any]
    validate: Rules
    where: tuple[Condition, ...] = ()
    each: str = ""
    key: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)
    link_duplicates: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another source table that belong to a record: its ``there`` equals our ``here``."""

    alias: str
    table: str
    here: str
    there: str
    order: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What is read.  ``changed`` are the day columns an incremental run asks, none when it has to read everything.

    ``each`` makes one record of every item of a list in an object field, ``distinct`` one of every new key.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    changed: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    page: int = 1000
    joins: tuple[Join, ...] = ()
    each: str = ""
    distinct: bool = False
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it runs by itself: every so many seconds, and at times of day; 0 and None for never."""

    incremental: int = 0
    full: time | None = None
    sweep: time | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One mapping file.  ``follows``: (entity, column): its rows are read whenever that entity's record changed."""

    code: str
    file: str
    title: Mapping[str, str]
    module: str
    source: Source
    main: Block
    children: tuple[Block, ...]
    after: tuple[str, ...]
    schedule: Schedule
    placeholder: tuple[Value, ...] = ()
    follows: tuple[str, str] | None = None
    later: bool = False
    fingerprint: str = ""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its own rows, then those of its parts."""
        return (self.main, *self.children)


@dataclass(frozen=True, slots=True)
class LegacyMapping:
    """All mapping files, in the order they are worked off."""

    entities: tuple[Entity, ...]

    def __getitem__(self, code: str) -> Entity:
        return next(entity for entity in self.entities if entity.code == code)

    def __contains__(self, code: object) -> bool:
        return any(entity.code == code for entity in self.entities)

    def chosen(self, codes: Iterable[str] | None) -> tuple[Entity, ...]:
        """The entities of these codes (all without any) in their order."""
        wanted = set(codes or ())
        return tuple(entity for entity in self.entities if not wanted or entity.code in wanted)

    def followers(self, code: str) -> tuple[Entity, ...]:
        """The entities whose rows follow those of this one."""
        return tuple(e for e in self.entities if e.follows is not None and e.follows[0] == code)

    def registered(self) -> list[dict[str, Any]]:
        """What the database is told of them: every entity, then its parts."""
        return [
            {
                "code": block.code,
                "parent": entity.code if block is not entity.main else None,
                "module": entity.module,
                "source": entity.source.table or None,
                "position": position * 10,
                "title": dict(block.title or entity.title),
                "mapping_hash": entity.fingerprint,
            }
            for position, entity in enumerate(self.entities, start=1)
            for block in entity.blocks
        ]


def covered(entity: str) -> frozenset[str]:
    """Columns of the old system that hold somebody's pay: shown on request only, as at *Staff*."""
    return frozenset(
        str(value.argument)
        for one in standard().entities
        if one.code == entity
        for block in one.blocks
        if block.target == "legacy.employee_pay"
        for value in block.fields
        if value.kind == "column" and not value.ref
    )


@cache
def standard() -> LegacyMapping:
    """The mapping that comes with the program.  Raises `MappingError`."""
    return load(FOLDER)


def load(folder: Path) -> LegacyMapping:
    """Read and check every mapping file of a folder.  Raises `MappingError` with all mistakes."""
    from app.services.legacy.mapping_reader import Reader, document_of

    wrong: list[str] = []
    tables = document_of(folder / TABLES, wrong) if (folder / TABLES).is_file() else {}
    entities: list[Entity] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == TABLES:
            continue
        reader = Reader(document_of(path, wrong), path.name, tables)
        entity = reader.entity()
        wrong += reader.wrong
        if entity is not None:
            entities.append(entity)
    if not entities and not wrong:
        wrong.append(f"{folder}: there is no mapping file")
    wrong += _across(entities)
    if wrong:
        raise MappingError(wrong)
    ordered, circle = in_order(entities)
    if circle:
        raise MappingError(
            [f"{ordered[0].file if ordered else folder}: these wait for each other: {', '.join(circle)}"]
        )
    return LegacyMapping(tuple(ordered))


def needs(entity: Entity) -> set[str]:
    """The entities that have to be there first: named under after, referred to, or followed."""
    found = set(entity.after)
    if entity.follows is not None:
        found.add(entity.follows[0])
    for block in entity.blocks:
        found |= {value.ref.partition("/")[0] for value in walk((*block.let, *block.fields)) if value.ref}
    return found - {entity.code}


def walk(values: Iterable[Value]) -> Iterable[Value]:
    """The values and everything they are made of."""
    for value in values:
        yield value
        if value.kind == "first_of":
            yield from walk(value.argument)


def in_order(entities: Sequence[Entity]) -> tuple[list[Entity], list[str]]:
    """The entities so that each comes after those it needs, and the codes that wait for each other, if any."""
    waiting = sorted(entities, key=lambda entity: (MODULES.index(entity.module), entity.code))
    done: list[Entity] = []
    codes: set[str] = set()
    while waiting:
        ready = next((entity for entity in waiting if needs(entity) <= codes), None)
        if ready is None:
            return done, [entity.code for entity in waiting]
        done.append(ready)
        codes.add(ready.code)
        waiting.remove(ready)
    return done, []


def _across(entities: Sequence[Entity]) -> list[str]:
    """What only all files together can tell: names used twice, references that lead nowhere."""
    wrong: list[str] = []
    codes = {block.code for entity in entities for block in entity.blocks}
    by_code: dict[str, Entity] = {}
    for entity in entities:
        if entity.code in by_code:
            wrong.append(f"{entity.file}: entity: {by_code[entity.code].file} has {entity.code!r} already")
        by_code[entity.code] = entity
    for entity in entities:
        first = {*entity.after, *([entity.follows[0]] if entity.follows else [])}
        wrong += [f"{entity.file}: after: there is no entity {code!r}" for code in sorted(first - codes)]
        for block in entity.blocks:
            for value in walk((*block.let, *block.fields)):
                if value.ref and value.ref not in codes:
                    wrong.append(
                        f"{entity.file}: {block.code}.{value.name}: there is no entity {value.ref!r}"
                    )
                elif value.make and not by_code[value.ref].placeholder:
                    wrong.append(
                        f"{entity.file}: {block.code}.{value.name}: {value.ref!r} has no placeholder"
                    )
    return wrong
