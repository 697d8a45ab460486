"""What a record form is made of, as data: sections, actions, the loaded record, what is typed over it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from app.views.core.fields import Field
from app.views.core.lines import LinesSpec, same_lines, stored_lines
from app.views.core.merging import Difference, apply_lines, merge_lines, merge_values, same


@dataclass(frozen=True)
class Section:
    """Fields under one heading (a text key; empty: no heading)."""

    fields: tuple[Field, ...]
    title: str = ""


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
    form is read-only and says so.  ``constraints`` pairs an error key (the name of a database constraint) with the
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

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in their order."""
        return tuple(item for section in self.sections for item in section.fields)


def labels_of(spec: FormSpec) -> dict[str, str]:
    """Text keys by column, for the history of a record."""
    labels = {column.key: column.label for column in spec.lines.columns if column.label} if spec.lines else {}
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


def as_record(answer: Any, spec: FormSpec) -> FormRecord:
    """A loader's answer (a NamedTuple, a dataclass or a mapping with the keys of the fields) as a `FormRecord`.

    It must have ``id`` and ``row_version``; it may have ``lines`` (rows or mappings), ``updated_by_name`` and
    ``updated_at``.
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


@dataclass
class Mine:
    """What the user typed over a record."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)


def is_dirty(spec: FormSpec, base: FormRecord, mine: Mine) -> bool:
    """Whether saving would change something."""
    if mine.raw or changed_keys(spec, base, mine):
        return True
    if spec.lines is None:
        return False
    keys = spec.lines.stored
    return not same_lines(stored_lines(base.lines, keys), stored_lines(mine.lines, keys), keys)


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
    if spec.lines is not None:
        found += merge_lines(base.lines, mine.lines, theirs.lines, spec.lines.stored)
    return found


def merged(
    spec: FormSpec,
    mine: Mine,
    theirs: FormRecord,
    found: Sequence[Difference],
    chosen: Mapping[tuple[int | None, str], str],
) -> Mine:
    """My form after the merge: everything of theirs, over it what is mine or was chosen.

    ``chosen`` maps (line id or None, key) of every open conflict to mine or theirs.
    """
    result = Mine(dict(theirs.values), [dict(line) for line in theirs.lines], dict(theirs.words))
    for item in found:
        if item.line is None:
            side = chosen.get((None, item.key), item.outcome)
            if side != "theirs":
                result.values[item.key] = item.mine
                if item.key in mine.words:
                    result.words[item.key] = mine.words[item.key]
    if spec.lines is not None:
        by_line = {(line, key): side for (line, key), side in chosen.items() if line is not None}
        result.lines = apply_lines(mine.lines, theirs.lines, found, by_line)
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
        },
        "values": mine.values,
        "lines": mine.lines,
        "words": mine.words,
        "raw": mine.raw,
    }


def unpack_form(draft: Mapping[str, Any]) -> tuple[FormRecord, Mine]:
    """The opposite of `pack_form`."""
    base = FormRecord(**draft["base"])
    mine = Mine(
        dict(draft["values"]),
        [dict(line) for line in draft["lines"]],
        dict(draft["words"]),
        dict(draft["raw"]),
    )
    return base, mine
