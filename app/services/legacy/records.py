"""From a source record to rows of Werkbank: a mapping compiled once into plain functions, then run row after row."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from app.services.imports.mapping import table_of
from app.services.imports.steps import Repaired, WrongError, same_key
from app.services.legacy.mapping import Block, Entity
from app.services.legacy.values import (
    Notes,
    Ref,
    Row,
    World,
    asks_known,
    compiled,
    fit,
    getter,
    holds,
    moves,
    shown,
)
from app.services.validation import ERROR, WARNING, Context, Finding

_ordered = json.JSONEncoder(sort_keys=True, default=str).encode


class Odd(NamedTuple):
    """A source record, or one part of it, that is not taken over."""

    entity: str
    key: str
    owner: str | None
    hash: str
    raw: Row
    findings: list[Finding]


@dataclass(slots=True)
class Made:
    """A source record as rows per block, ready to be sent; ``odd`` is what of it goes into quarantine.

    ``warned`` is what is odd about it all the same, with the block that found it.
    """

    key: str
    hash: str
    rows: dict[str, list[dict[str, Any]]]
    notes: Notes
    odd: list[Odd]
    warned: Sequence[tuple[Block, Finding]] = ()


class Plan:
    """An entity's mapping, compiled.  Not thread safe: it remembers values that have to be unique within a run."""

    def __init__(self, entity: Entity, world: World) -> None:
        self.entity = entity
        self._world = world
        self._main = _Block(entity.main, world)
        self._children = [_Block(block, world) for block in entity.children]
        self._key = [getter(column) for column in entity.source.key]
        self._columns = entity.source.columns
        self._joins = tuple(join.alias for join in entity.source.joins)
        self._begin = hashlib.sha256(entity.fingerprint.encode())
        moving = [value for block in entity.blocks if not block.each for value in (*block.let, *block.fields)]
        self._moving = [compiled(value, world) for value in moving if moves(value)]
        self._later = (
            [compiled(value, world) for value in moving if asks_known(value)] if entity.later else []
        )
        self.context = Context(exists=lambda what, value: world.knows(what, same_key(value)))
        self._placeholder = [(value.name, compiled(value, world)) for value in entity.placeholder]
        self.follows = getter(entity.follows[1]) if entity.follows is not None else None

    def key(self, row: Row) -> str | None:
        """What tells the source record apart, as text; None when it has no key."""
        parts = [get(row) for get in self._key]
        if any(part is None or part == "" for part in parts):
            return None
        return "/".join(map(same_key, parts))

    def hash(self, row: Row) -> str:
        """A fingerprint of everything that decides what the record becomes: its columns, joined rows, look-ups."""
        used: list[Any] = (
            [row.get(column) for column in self._columns] if not self.entity.source.each else [row]
        )
        used += [row.get(alias) for alias in self._joins]
        if self._moving:
            notes = Notes()
            for evaluate in self._moving:
                try:
                    used.append(evaluate(row, notes))
                except WrongError as wrong:
                    used.append(str(wrong))
        begun = self._begin.copy()
        begun.update(_ordered(used).encode())
        return begun.hexdigest()[:32]

    def wait(self, row: Row) -> bool:
        """Whether the record had better be taken at the end, when what it looks for may have come."""
        notes = Notes()
        for evaluate in self._later:
            try:
                evaluate(row, notes)
            except WrongError:
                return False
        return notes.missing

    def make(self, row: Row, key: str, digest: str) -> Made:
        """The record as rows, or what is wrong with it."""
        notes = Notes()
        owner = same_key(self.follows(row)) if self.follows is not None else None
        main = self._main.build(row, notes, self.context)
        if notes.refused:
            return Made(
                key, digest, {}, notes, [Odd(self.entity.code, key, owner, digest, row, notes.findings)]
            )
        rows = {self.entity.main.code: [sent(key, owner, digest, main, self.entity.main.link_duplicates)]}
        odd: list[Odd] = []
        warned = [(self.entity.main, finding) for finding in notes.findings]
        for block in self._children:
            before = len(notes.findings)
            rows[block.block.code] = block.parts(row, key, notes, self.context, odd)
            warned += [(block.block, finding) for finding in notes.findings[before:]]
        return Made(key, digest, rows, notes, odd, warned)

    def placeholder(self, key: str, origin: Row) -> dict[str, Any]:
        """The row that stands for a record nobody has; ``from.X`` in its templates is the record that names it."""
        notes = Notes()
        values = {name: evaluate({"key": key, "from": origin}, notes) for name, evaluate in self._placeholder}
        return sent(key, None, "", values, False) | {"p": True}


def sent(key: str, owner: str | None, digest: str, values: Mapping[str, Any], link: bool) -> dict[str, Any]:
    """A row as `api.legacy_apply` takes it."""
    row: dict[str, Any] = {"k": key, "h": digest}
    if owner is not None:
        row["o"] = owner
    if link:
        row["d"] = True
    refs: dict[str, list[str]] = {}
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if type(value) is Ref:
            refs[name] = (
                [value.entity, value.key, "optional"] if value.optional else [value.entity, value.key]
            )
        else:
            plain[name] = value
    row["v"] = plain
    if refs:
        row["r"] = refs
    return row


class _Block:
    """One block of an entity, compiled."""

    def __init__(self, block: Block, world: World) -> None:
        self.block = block
        table = table_of(block.target)
        assert table is not None
        self._let = [(value.name, compiled(value, world)) for value in block.let]
        self._fields = [
            (value.name, compiled(value, world), value.required, fit(table.c[value.name]))
            for value in block.fields
        ]
        self._asked = tuple(value.name for value in block.fields if value.name in block.validate.names)
        self._asked_let = tuple(value.name for value in block.let if value.name in block.validate.names)
        self._where = [holds(condition) for condition in block.where]
        self._each = getter(block.each) if block.each else None
        self._keys = [getter(column) for column in block.key]

    def build(self, row: Row, notes: Notes, context: Context) -> dict[str, Any]:
        """The values of one row; what is wrong is in the notes."""
        given = row
        if self._let:
            row = dict(row)
            for name, evaluate in self._let:
                try:
                    row[name] = evaluate(row, notes)
                except WrongError as wrong:
                    row[name] = None
                    notes.say(ERROR, str(wrong), name, given.get(name))
        values: dict[str, Any] = {}
        for name, evaluate, required, fitted in self._fields:
            try:
                value = evaluate(row, notes)
                if value is None:
                    if required:
                        notes.say(ERROR, required, name, _raw_of(self.block, name, row))
                elif type(value) is not Ref and fitted is not None:
                    value = fitted(value)
                    if type(value) is Repaired:
                        notes.say(WARNING, value.reason, name)
                        value = value.value
                values[name] = value
            except WrongError as wrong:
                notes.say(ERROR, str(wrong), name, _raw_of(self.block, name, row))
                values[name] = None
        if self.block.validate.names:
            self._check(values, row, notes, context)
        return values

    def _check(self, values: Mapping[str, Any], row: Row, notes: Notes, context: Context) -> None:
        """Ask the rules, with what they look at; what was told of a field already is not told once more."""
        checked: dict[str, Any] = {name: row.get(name) for name in self._asked_let}
        for name in self._asked:
            value = values[name]
            checked[name] = value.key if type(value) is Ref else value
        found = self.block.validate.check(checked, context)
        if found:
            told = {finding.field for finding in notes.findings if finding.severity == ERROR}
            notes.findings += [one for one in found if one.field not in told]

    def parts(
        self, row: Row, key: str, notes: Notes, context: Context, odd: list[Odd]
    ) -> list[dict[str, Any]]:
        """The rows of this part of a record; a part that is wrong goes into quarantine by itself."""
        made: list[dict[str, Any]] = []
        for item in self._items(row, notes):
            if not all(wanted(item) for wanted in self._where):
                continue
            own = "/".join(same_key(get(item)) for get in self._keys)
            part = f"{key}/{own}" if own else key
            mine = Notes(wanted=notes.wanted)
            values = self.build(item, mine, context)
            digest = hashlib.sha256(_ordered(values).encode()).hexdigest()[:32]
            if mine.refused:
                raw = {name: value for name, value in item.items() if name not in ("parent", "item")}
                odd.append(Odd(self.block.code, part, key, digest, raw, mine.findings))
                continue
            notes.findings += mine.findings
            made.append(sent(part, key, digest, values, False))
        return made

    def _items(self, row: Row, notes: Notes) -> Iterable[Row]:
        if self._each is None:
            return (row,)
        found = self._each(row)
        if isinstance(found, str):
            try:
                found = json.loads(found, parse_float=Decimal)
            except ValueError:
                notes.say(WARNING, "not_json", self.block.each)
                return ()
        return items_of(found, row)


def items_of(found: Any, parent: Row) -> list[dict[str, Any]]:
    """The items of a list as records; `parent` is what they belong to, `item` which of them it is, from 1."""
    if not isinstance(found, list):
        return []
    return [
        {**item, "parent": parent, "item": n} for n, item in enumerate(found, 1) if isinstance(item, Mapping)
    ]


def _raw_of(block: Block, name: str, row: Row) -> str:
    value = next((value for value in block.fields if value.name == name), None)
    return "" if value is None else shown(value, row)
