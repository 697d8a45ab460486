"""What a record form is made of, as data: sections, actions, the loaded record, what is typed over it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from app.views.core.fields import Field
from app.views.core.lines import LinesSpec, same_lines, typed_over
from app.views.core.merging import Difference, Place, apply_lines, merge_lines, merge_values, same


@dataclass(frozen=True)
class Section:
    """Fields under one heading (a text key; empty: no heading)."""

    fields: tuple[Field, ...]
    title: str = ""


@dataclass(frozen=True)
class FormTable:
    """Further lines of a record beside the lines of a document: addresses of a customer, prices of a product.

    ``key`` names them in the loaded record.  Without ``right`` they are not shown, without ``edit_right`` shown only.
    """

    key: str
    lines: LinesSpec
    right: str = ""
    edit_right: str = ""


@dataclass(frozen=True)
class FormAction:
    """A button in the head of a form.

    ``run(page)`` does it.  ``place``: primary, secondary, icon or menu.  ``visible(page)`` decides whether it makes
    sense for this record, ``blocked(page)`` says in words why it cannot run yet (empty: it can).  Without ``right``
    the button is not there.  ``label`` is a text key.
    """

    key: str
    label: str
    icon: str
    run: Callable[[Any], object]
    place: str = "secondary"
    shortcut: str = ""
    right: str = ""
    visible: Callable[[Any], bool] = lambda _page: True
    blocked: Callable[[Any], str] = lambda _page: ""


class NoticeAction(NamedTuple):
    """A button of a banner: text key, callable, and when wanted object name, icon and parameters of the text."""

    label: str
    run: Callable[[], object]
    name: str = ""
    icon: str = ""
    params: Mapping[str, object] = {}


@dataclass(frozen=True)
class Notice:
    """A banner over the form: bold fact, plain consequence, at most two actions (`NoticeAction`, or just its first
    two parts)."""

    key: str
    kind: str
    bold: str
    plain: str = ""
    actions: tuple[tuple[str, Callable[[], object]] | NoticeAction, ...] = ()
    icon: str = ""


@dataclass(frozen=True)
class FormSpec:
    """A kind of record as a form.

    ``topic`` is its table, ``title`` the text key of its kind in the singular.  ``load(session, id, language)``
    reads one record.  ``update_right`` is needed to change, ``create_right`` to make a new one; without it the
    form is read-only and says so.  ``tables`` stand below the fields, each merged line by line like ``lines``.
    ``constraints`` pairs an error key (the name of a database constraint) with the
    field it is shown at.
    """

    topic: str
    title: str
    icon: str
    sections: tuple[Section, ...]
    load: Callable[..., Any]
    lines: LinesSpec | None = None
    update_right: str = ""
    create_right: str = ""
    constraints: tuple[tuple[str, str], ...] = ()
    tables: tuple[FormTable, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in their order."""
        return tuple(item for section in self.sections for item in section.fields)


def labels_of(spec: FormSpec) -> dict[str, str]:
    """Text keys by column, for the history of a record."""
    every = [table.lines for table in spec.tables] + ([spec.lines] if spec.lines else [])
    labels = {column.key: column.label for lines in every for column in lines.columns if column.label}
    return labels | {item.key: item.label for item in spec.fields}


@dataclass(frozen=True)
class FormRecord:
    """A record as the form holds it: plain values, never a session or an ORM object.

    ``words`` are the texts of lookups by field key; ``raw`` is what the loader gave.
    """

    id: int | None = None
    row_version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[Mapping[str, Any]] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    changed_by: str = ""
    changed_at: datetime | None = None
    raw: Any = None
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def as_record(answer: Any, spec: FormSpec) -> FormRecord:
    """A loader's answer (a NamedTuple, a dataclass or a mapping with the keys of the fields) as a `FormRecord`.

    It must have ``id`` and ``row_version``; it may have ``lines`` and the keys of ``tables`` (rows or mappings),
    ``updated_by_name`` and ``updated_at``.
    """
    if isinstance(answer, FormRecord):
        return answer
    everything = _as_mapping(answer)
    return FormRecord(
        id=everything["id"],
        row_version=everything["row_version"],
        values={item.key: everything.get(item.key) for item in spec.fields},
        lines=[_as_mapping(line) for line in everything.get("lines") or ()],
        words={item.key: everything.get(item.text_key) or "" for item in spec.fields if item.text_key},
        changed_by=everything.get("updated_by_name") or everything.get("updated_by") or "",
        changed_at=everything.get("updated_at"),
        raw=answer,
        tables={
            table.key: [_as_mapping(line) for line in everything.get(table.key) or ()]
            for table in spec.tables
        },
    )


def _as_mapping(row: Any) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return dict(row)
    if hasattr(row, "_asdict"):
        return dict(row._asdict())
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


@dataclass(frozen=True)
class FormValues:
    """What a save sends: the record it started from, all values, and which of them were changed."""

    id: int | None
    row_version: int
    values: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    changed: frozenset[str]
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass
class Mine:
    """What the user typed over a record."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def mine_of(record: FormRecord) -> Mine:
    """A record before anything is typed over it."""
    return Mine(
        dict(record.values),
        [dict(line) for line in record.lines],
        dict(record.words),
        tables={key: [dict(line) for line in lines] for key, lines in record.tables.items()},
    )


def line_sets(spec: FormSpec) -> list[tuple[str, LinesSpec]]:
    """Every set of lines of a form: those of the document have the empty key."""
    return ([("", spec.lines)] if spec.lines else []) + [(table.key, table.lines) for table in spec.tables]


def lines_of(holder: FormRecord | Mine, key: str) -> Sequence[Mapping[str, Any]]:
    """One set of lines of a record, or of what is typed over it."""
    return holder.tables.get(key, ()) if key else holder.lines


def is_dirty(spec: FormSpec, base: FormRecord, mine: Mine) -> bool:
    """Whether saving would change something."""
    if mine.raw or changed_keys(spec, base, mine):
        return True
    if any(typed_over(line) for key, _ in line_sets(spec) for line in lines_of(mine, key)):
        return True
    return any(
        not same_lines(lines_of(base, key), lines_of(mine, key), lines.stored)
        for key, lines in line_sets(spec)
    )


def changed_keys(spec: FormSpec, base: FormRecord, mine: Mine) -> frozenset[str]:
    """Keys of the fields whose values differ."""
    return frozenset(
        item.key
        for item in spec.fields
        if item.stored and not same(base.values.get(item.key), mine.values.get(item.key))
    )


def differences(spec: FormSpec, base: FormRecord, mine: Mine, theirs: FormRecord) -> list[Difference]:
    """What both sides made of the record, field by field and line by line."""
    found = merge_values(
        base.values, mine.values, theirs.values, [item.key for item in spec.fields if item.stored]
    )
    for key, lines in line_sets(spec):
        cells = merge_lines(lines_of(base, key), lines_of(mine, key), lines_of(theirs, key), lines.stored)
        found += [replace(cell, table=key) for cell in cells]
    return found


def merged(
    spec: FormSpec,
    mine: Mine,
    theirs: FormRecord,
    found: Sequence[Difference],
    chosen: Mapping[Place, str],
) -> Mine:
    """My form after the merge: everything of theirs, over it what is mine or was chosen.

    ``chosen`` maps the place of every open conflict to mine or theirs.
    """
    result = mine_of(theirs)
    for item in found:
        if item.line is None:
            side = chosen.get(item.place, item.outcome)
            if side != "theirs":
                result.values[item.key] = item.mine
                if item.key in mine.words:
                    result.words[item.key] = mine.words[item.key]
    for key, _lines in line_sets(spec):
        cells = [item for item in found if item.table == key]
        by_line = {
            (line, cell): side for (table, line, cell), side in chosen.items() if table == key and line
        }
        merged_lines = apply_lines(lines_of(mine, key), lines_of(theirs, key), cells, by_line)
        if key:
            result.tables[key] = merged_lines
        else:
            result.lines = merged_lines
    return result


def pack_form(base: FormRecord, mine: Mine) -> dict[str, Any]:
    """Base and typed values as plain data, for the draft journal and for building the page again."""
    return {
        "base": {
            "id": base.id,
            "row_version": base.row_version,
            "values": dict(base.values),
            "lines": [dict(line) for line in base.lines],
            "words": dict(base.words),
            "tables": {key: [dict(line) for line in lines] for key, lines in base.tables.items()},
        },
        "values": mine.values,
        "lines": mine.lines,
        "words": mine.words,
        "raw": mine.raw,
        "tables": mine.tables,
    }


def unpack_form(draft: Mapping[str, Any]) -> tuple[FormRecord, Mine]:
    """The opposite of `pack_form`."""
    base = FormRecord(**draft["base"])
    mine = Mine(
        dict(draft["values"]),
        [dict(line) for line in draft["lines"]],
        dict(draft["words"]),
        dict(draft["raw"]),
        {key: [dict(line) for line in lines] for key, lines in draft.get("tables", {}).items()},
    )
    return base, mine


class LineChange(NamedTuple):
    """A line that was added (``id`` None) or changed: its number from 0, and the cells to save."""

    number: int
    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


def line_changes(
    base: Sequence[Mapping[str, Any]], mine: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> tuple[list[LineChange], list[tuple[int, int]]]:
    """What a save of lines has to do: those that are new or different, and (id, row_version) of those removed."""
    before = {line["id"]: line for line in base}
    done: list[LineChange] = []
    for number, line in enumerate(mine):
        old = before.get(line.get("id"))
        if old is None:
            done.append(LineChange(number, None, None, {key: line.get(key) for key in keys}))
            continue
        differs = {key: line.get(key) for key in keys if not same(old.get(key), line.get(key))}
        if differs:
            done.append(LineChange(number, old["id"], old.get("row_version"), differs))
    kept = {line.get("id") for line in mine}
    return done, [(line["id"], line["row_version"]) for line in base if line["id"] not in kept]
