"""Reads the files of a mapping and turns their rows into records, noting what was left out, rejected or repaired."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Date, LargeBinary, Numeric, String, Table

from app.services.imports.mapping import Condition, Entity, Field, ImportMapping, Join, Source, table_of
from app.services.imports.report import REJECTED, REPAIRED, Finding, Report
from app.services.imports.steps import Repaired, WrongError, clean, same_key

csv.field_size_limit(64 * 1024 * 1024)
_SHOWN = 120


class FilesMissingError(FileNotFoundError):
    """Files the mapping needs are not in the folder; the text names them."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for the key of another entity's record until that is known."""

    entity: str
    id: str


@dataclass(slots=True)
class Record:
    """A row on its way into the database; ``id`` is what other rows call it."""

    line: int
    id: str
    values: dict[str, Any]


@dataclass(slots=True)
class Line:
    """A row of a file with its joined columns."""

    number: int
    cells: dict[str, Any]


@dataclass
class Files:
    """The files of a folder, read once each, with the indexes the joins need."""

    directory: Path
    mapping: ImportMapping
    _lines: dict[str, list[Line]] = field(default_factory=dict)
    _sets: dict[str, frozenset[str]] = field(default_factory=dict)
    _damaged: list[tuple[str, int, str]] = field(default_factory=list)

    def check(self) -> None:
        """Raises `FilesMissingError` unless every file is there."""
        missing = [s.file for s in self.mapping.sources.values() if not (self.directory / s.file).is_file()]
        if missing:
            raise FilesMissingError(f"{self.directory}: {', '.join(missing)}")

    def lines(self, source: str) -> list[Line]:
        """The rows of a file."""
        if source not in self._lines:
            self._lines[source] = list(self._read(self.mapping.sources[source]))
        return self._lines[source]

    def damaged(self) -> list[tuple[str, int, str]]:
        """Rows with too few or too many cells: file, line, beginning of the row."""
        return self._damaged

    def values(self, name: str) -> frozenset[str]:
        """All values of ``Source.Column``."""
        if name not in self._sets:
            source, _, column = name.partition(".")
            found = (line.cells[column] for line in self.lines(source))
            self._sets[name] = frozenset(same_key(value) for value in found if value is not None)
        return self._sets[name]

    def _read(self, source: Source) -> Iterator[Line]:
        text = (self.directory / source.file).read_text(encoding=source.encoding, errors="replace")
        reader = csv.reader(io.StringIO(text), delimiter=source.separator, quotechar=source.quote)
        width = len(source.columns)
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            if not cells:
                continue
            if len(cells) != width:
                self._damaged.append((source.file, start, source.separator.join(cells)[:_SHOWN]))
                continue
            yield Line(start, {c: clean(value) for c, value in zip(source.columns, cells, strict=True)})


class Transformer:
    """Turns an entity's rows into records."""

    def __init__(self, files: Files, report: Report, tick: Callable[[], None]) -> None:
        self._files = files
        self._report = report
        self._tick = tick
        self._known: dict[str, set[str]] = {}

    def records(self, entity: Entity) -> list[Record]:
        """The records of an entity, in the order of the file; what cannot be used is in the report."""
        counts = self._report.counts(entity.name)
        if entity.rows:
            lines: Iterable[Line] = (Line(n + 1, dict(row)) for n, row in enumerate(entity.rows))
            file = "mapping"
        else:
            lines = self._files.lines(entity.source)
            file = self._files.mapping.sources[entity.source].file
        joined = [self._index(join) for join in entity.joins]
        made: list[Record] = []
        for line in lines:
            self._tick()
            counts.read += 1
            cells = self._joined(line, entity, joined, file)
            if cells is None:
                continue
            record = self._record(entity, file, line.number, cells)
            if record is not None:
                made.append(record)
        made = self._unique(entity, made, file)
        if entity.first is not None:
            _mark_first(made, *entity.first)
        self._known[entity.name] = {record.id for record in made}
        return made

    def _index(self, join: Join) -> dict[tuple[str, ...], Mapping[str, Any]]:
        """The first row of the joined source for each combination of its columns."""
        found: dict[tuple[str, ...], Mapping[str, Any]] = {}
        lines: Sequence[Line] = self._files.lines(join.source)
        for word in reversed(join.order):
            column = word.lstrip("-")
            lines = sorted(
                lines, key=lambda line: _sortable(line.cells[column]), reverse=word.startswith("-")
            )
        for line in lines:
            if all(self._holds(condition, line.cells) for condition in join.where):
                found.setdefault(tuple(same_key(line.cells[column]) for column, _ in join.on), line.cells)
        return found

    def _joined(
        self,
        line: Line,
        entity: Entity,
        indexes: Sequence[Mapping[tuple[str, ...], Mapping[str, Any]]],
        file: str,
    ) -> dict[str, Any] | None:
        cells = dict(line.cells)
        early = [c for c in entity.where if "." not in c.column]
        if not self._wanted(entity, early, cells, file, line.number):
            return None
        for join, index in zip(entity.joins, indexes, strict=True):
            key = tuple(same_key(cells[column]) if cells[column] is not None else "" for _, column in join.on)
            row = index.get(key)
            if row is None and not join.optional:
                wanted = self._files.mapping.sources[join.source].file
                shown = f"{wanted}: {', '.join(key)}"
                self._reject(entity, file, line.number, join.alias, shown, "row_missing")
                return None
            names = self._files.mapping.sources[join.source].columns
            cells.update({f"{join.alias}.{name}": row[name] if row is not None else None for name in names})
        late = [c for c in entity.where if "." in c.column]
        return cells if self._wanted(entity, late, cells, file, line.number) else None

    def _wanted(
        self,
        entity: Entity,
        conditions: Sequence[Condition],
        cells: Mapping[str, Any],
        file: str,
        number: int,
    ) -> bool:
        for condition in conditions:
            if not self._holds(condition, cells):
                if condition.reason:
                    value = cells[condition.column]
                    self._reject(entity, file, number, condition.column, value, condition.reason)
                else:
                    self._report.counts(entity.name).left_out += 1
                return False
        return True

    def _holds(self, condition: Condition, cells: Mapping[str, Any]) -> bool:
        value = cells[condition.column]
        match condition.word:
            case "empty":
                return (value is None) is bool(condition.value)
            case "in":
                return value is not None and same_key(value) in {same_key(item) for item in condition.value}
            case "not_in":
                return value is None or same_key(value) not in {same_key(item) for item in condition.value}
            case "above":
                return value is not None and Decimal(str(value)) > Decimal(str(condition.value))
            case "found_in":
                return value is not None and same_key(value) in self._files.values(condition.value)
            case "not_found_in":
                return value is None or same_key(value) not in self._files.values(condition.value)
        raise ValueError(condition.word)

    def _record(self, entity: Entity, file: str, number: int, cells: Mapping[str, Any]) -> Record | None:
        table = table_of(entity.target)
        values: dict[str, Any] = {}
        cells = dict(cells)
        for item in (*entity.let, *entity.fields):
            try:
                value = self._value(item, cells, entity, file, number)
                if item in entity.let:
                    cells[item.name] = value
                    continue
                value = self._fit(table, item, value, entity, file, number)
            except WrongError as wrong:
                shown = _shown(item, cells)
                self._reject(entity, file, number, item.name, shown, str(wrong))
                return None
            values[item.name] = value
        identity = number if entity.id is None else self._value(entity.id, cells, entity, file, number)
        return Record(number, same_key(identity), values)

    def _value(self, item: Field, cells: Mapping[str, Any], entity: Entity, file: str, number: int) -> Any:
        value = self._raw(item, cells, entity, file, number)
        for step in item.steps:
            if value is None:
                break
            value = step(value)
            if isinstance(value, Repaired):
                self._repaired(entity, file, number, item.name, _shown(item, cells), value.reason)
                value = value.value
        # A field with a default reports that it was needed; one without, that it was used at all.
        if item.report and (value is None) is (item.default is not None):
            self._repaired(entity, file, number, item.name, _shown(item, cells), item.report)
        if value is None:
            value = item.default
        if value is None:
            if item.required:
                raise WrongError(item.required)
            return None
        if not item.ref:
            return value
        key = same_key(value)
        if key not in self._known.get(item.ref, set()):
            raise WrongError("reference_missing")
        return Ref(item.ref, key)

    def _raw(self, item: Field, cells: Mapping[str, Any], entity: Entity, file: str, number: int) -> Any:
        match item.kind:
            case "column":
                return cells[item.argument]
            case "value":
                return item.argument
            case "template":
                return _fill(item.argument, cells)
            case "pair":
                parts = tuple(cells[column] for column in item.argument)
                return parts if all(part is not None for part in parts) else None
        for part in item.argument:
            value = self._value(part, cells, entity, file, number)
            if value is not None:
                return value
        return None

    def _fit(
        self, table: Table | None, item: Field, value: Any, entity: Entity, file: str, number: int
    ) -> Any:
        """The value as its column takes it: texts that are too long are cut, numbers rounded, both reported."""
        if table is None or value is None or isinstance(value, Ref):
            return value
        column = table.c[item.name].type
        if isinstance(column, LargeBinary | Boolean):
            return value
        if isinstance(column, Numeric):
            return self._fit_number(column, item, value, entity, file, number)
        if isinstance(column, String):
            text = str(value)
            if column.length is not None and len(text) > column.length:
                self._repaired(entity, file, number, item.name, text, "text_cut")
                text = text[: column.length].rstrip()
            return text
        if isinstance(column, Date) and not isinstance(value, date):
            raise WrongError("not_a_date")
        return value

    def _fit_number(
        self, column: Any, item: Field, value: Any, entity: Entity, file: str, number: int
    ) -> Decimal:
        try:
            exact = Decimal(str(value))
        except ArithmeticError:
            raise WrongError("not_a_number") from None
        rounded = exact.quantize(Decimal(1).scaleb(-column.scale))
        if rounded != exact:
            self._repaired(entity, file, number, item.name, str(value), "rounded")
        if abs(rounded) >= Decimal(10) ** (column.precision - column.scale):
            raise WrongError("too_large")
        return rounded

    def _unique(self, entity: Entity, made: list[Record], file: str) -> list[Record]:
        if not entity.key:
            return made
        seen: set[tuple[Any, ...]] = set()
        kept = []
        for record in made:
            key = tuple(record.values[column] for column in entity.key)
            if key in seen:
                if entity.repeats:
                    self._report.counts(entity.name).left_out += 1
                    continue
                shown = ", ".join(str(part.id if isinstance(part, Ref) else part) for part in key)
                self._reject(entity, file, record.line, ", ".join(entity.key), shown, "key_twice")
                continue
            seen.add(key)
            kept.append(record)
        return kept

    def _reject(self, entity: Entity, file: str, line: int, name: str, value: Any, reason: str) -> None:
        shown = "" if value is None else str(value)[:_SHOWN]
        self._report.add(Finding(file, line, entity.name, name, shown, reason, REJECTED))

    def _repaired(self, entity: Entity, file: str, line: int, name: str, value: Any, reason: str) -> None:
        shown = "" if value is None else str(value)[:_SHOWN]
        self._report.add(Finding(file, line, entity.name, name, shown, reason, REPAIRED))


def _fill(template: str, cells: Mapping[str, Any]) -> str | None:
    """A template with its columns filled in; what an empty column leaves of separators at the ends goes too."""
    filled = re.sub(r"\{([^}]*)\}", lambda m: "" if cells[m[1]] is None else same_key(cells[m[1]]), template)
    return re.sub(r"-{2,}", "-", filled).strip("- ") or None


def _shown(item: Field, cells: Mapping[str, Any]) -> str:
    if item.kind == "column":
        return str(cells[item.argument] or "")
    if item.kind == "pair":
        return " ".join(str(cells[column] or "") for column in item.argument)
    if item.kind == "first_of":
        return " ".join(filter(None, (_shown(part, cells) for part in item.argument)))
    return "" if item.argument is None else str(item.argument)


def _sortable(value: Any) -> tuple[int, Decimal, str]:
    """Numbers by value, before texts; empty cells last."""
    if value is None:
        return (2, Decimal(0), "")
    try:
        return (0, Decimal(str(value)), "")
    except ArithmeticError:
        return (1, Decimal(0), str(value))


def _mark_first(records: Sequence[Record], name: str, per: Sequence[str], order: Sequence[str]) -> None:
    """Set a flag on the first record of each group and clear it on the others."""
    ranked = list(records)
    for word in reversed(order):
        column = word.lstrip("-")
        ranked.sort(key=lambda record: _sortable(record.values[column]), reverse=word.startswith("-"))
    seen: set[tuple[Any, ...]] = set()
    for record in ranked:
        group = tuple(record.values[column] for column in per)
        record.values[name] = group not in seen
        seen.add(group)
