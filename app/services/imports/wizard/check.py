"""Looks at every cell of a file before the database is asked: types, forms' own rules, keys that come twice."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import Invalid
from app.services.imports.wizard import cells
from app.services.imports.wizard.cells import Writing, WrongCellError
from app.services.imports.wizard.kinds import ImportField, Kind
from app.services.imports.wizard.sheets import Line, Table
from app.services.validation import Finding
from app.services.validation.findings import ERROR, WARNING

NEW, CHANGED, UNCHANGED, REJECTED = "new", "changed", "unchanged", "rejected"
# What no text may hold in a form either: control characters, halves of pairs, turns of direction.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
OUTCOMES = (NEW, CHANGED, UNCHANGED, REJECTED)


@dataclass(frozen=True)
class Plan:
    """What shall become of a file: ``columns`` says which field a column (by number) is.

    An empty cell leaves what is there; with ``clear`` it empties the field.
    """

    kind: Kind
    table: Table
    columns: Mapping[int, str]
    writing: Writing = field(default_factory=Writing)
    clear: bool = False

    @property
    def fields(self) -> tuple[ImportField, ...]:
        """The fields that get a value, in the order of the file."""
        return tuple(self.kind.field(self.columns[place]) for place in sorted(self.columns))

    def missing(self) -> tuple[ImportField, ...]:
        """Fields without which no row can be found again: a column for each is needed."""
        mapped = set(self.columns.values())
        return tuple(
            found
            for name in self.kind.keys
            if name not in mapped and (found := self.kind.field(name)).default is None
        )


@dataclass(slots=True)
class Row:
    """A row on its way.  ``values`` are its values by field (of a lookup: the word, later the record's id).

    ``before`` is what a changed field was, ``id`` the record it was found to be.
    """

    line: Line
    values: dict[str, Any] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    outcome: str = ""
    id: int | None = None
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The row's number in the file."""
        return self.line.number

    @property
    def is_wrong(self) -> bool:
        """Whether it cannot be taken over."""
        return any(finding.is_error for finding in self.findings)

    def reject(self, code: str, name: str = "", **params: Any) -> None:
        """It cannot be taken over."""
        self.findings.append(Finding(ERROR, code, name, params))


def check(plan: Plan, tick: Callable[[int], None] = lambda _rows: None) -> list[Row]:
    """The rows of a file with their values and what is wrong with them.  ``tick`` may raise `Cancelled`."""
    checker = _Checker(plan)
    rows = []
    for count, line in enumerate(plan.table.lines, start=1):
        rows.append(checker.row(line))
        if count % 500 == 0:
            tick(count)
    return rows


class _Checker:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._kind = plan.kind
        self._columns = [(place, plan.kind.field(name)) for place, name in sorted(plan.columns.items())]
        self._words = {found.name: found.words() for _, found in self._columns if found.choices}
        self._width = len(plan.table.columns)

    def row(self, line: Line) -> Row:
        row = Row(line)
        empty = set()
        for place, found in self._columns:
            cell = line.cells[place] if place < len(line.cells) else None
            if cell is None:
                empty.add(found.name)
                continue
            if isinstance(cell, str) and _UNSEEN.search(cell):
                row.reject("text_control_character", found.name)
                continue
            try:
                value = cells.value_of(found.type, cell, self._plan.writing, self._words.get(found.name, {}))
            except WrongCellError as wrong:
                params = {"value": str(cell)[:120]}
                if found.choices:
                    params["allowed"] = ", ".join(
                        sorted({w for w in self._words[found.name] if " " not in w})
                    )
                row.reject(str(wrong), found.name, **params)
                continue
            self._take(row, found, value)
        row.empty = frozenset(empty)
        return row

    def _take(self, row: Row, found: ImportField, value: Any) -> None:
        """Keep the value as the forms would: cleaned, or with what is wrong about it."""
        if found.type == "lookup":
            row.values[found.name] = value
            return
        try:
            value = self._kind.shared.values({found.name: value})[found.name]
        except Invalid as wrong:
            params = {key: item for key, item in wrong.params.items() if key != "column"}
            row.reject(wrong.key, found.name, **params)
            return
        if isinstance(value, str) and value[:1] in ("=", "@"):
            row.findings.append(Finding(WARNING, "import_like_formula", found.name, {"value": value[:120]}))
        row.values[found.name] = value


def counted(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows came to what; ``warnings`` are rows taken over with one."""
    found = dict.fromkeys((*OUTCOMES, "warnings"), 0)
    for row in rows:
        if row.outcome:
            found[row.outcome] += 1
        found["warnings"] += bool(row.findings) and row.outcome != REJECTED
    return found
