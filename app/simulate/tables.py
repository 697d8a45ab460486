"""The tables of the simulated legacy system: rows as they go over the wire, with what queries need."""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

Row = dict[str, Any]
"""One entity as the server sends it, its relations excepted."""

NO_DATE = "0!0!0"
NO_UUID = "0" * 32

AUDIT = (
    "created_name:string created_date:date created_time:duration "
    "modified_name:string modified_date:date modified_time:duration"
)
"""Every table of the house ends with these."""


@dataclass(frozen=True, slots=True)
class Field:
    """A stored attribute; ``type`` is the word the catalogue uses."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A link to another table: the entities there whose ``other`` equals ``own`` here."""

    name: str
    table: str
    own: str
    other: str
    many: bool = False


def wire_date(day: date | None) -> str:
    """A day as the server writes it: no zeros in front, and a text of its own for none."""
    return NO_DATE if day is None else f"{day.day}!{day.month}!{day.year}"


def wire_timestamp(moment: datetime) -> str:
    """A moment as the server writes it: UTC with milliseconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def fold(text: str) -> str:
    """What the legacy system compares: neither capitals nor accents count."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()


_DATE = re.compile(r"(\d{1,2})!(\d{1,2})!(\d{1,4})")


def comparable(kind: str, value: Any) -> Any:
    """A wire value as something to compare and sort; None stays None."""
    if value is None:
        return None
    if kind == "date":
        match = _DATE.fullmatch(value)
        if not match:
            return None
        day, month, year = (int(part) for part in match.groups())
        if not day:
            return 0
        year += 0 if year > 99 else 1900 if year > 50 else 2000
        return date(year, month, day).toordinal()
    if isinstance(value, str):
        return fold(value)
    return value


def dig(value: Any, path: Sequence[str]) -> Any:
    """A value inside an object field; through a collection it is the list of what is found."""
    for place, part in enumerate(path):
        if part.endswith("]"):
            inner = value.get(part[: part.index("[")]) if isinstance(value, dict) else None
            if not isinstance(inner, list):
                return None
            return [dig(item, path[place + 1 :]) for item in inner]
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


class UnknownAttributeError(Exception):
    """A query names an attribute the table does not have."""


class Table:
    """A table that can be read in any order and changed.  Rows are numbered from 0 and keep their number.

    Not safe for several threads by itself: whoever uses it holds :attr:`Database.lock`.
    """

    def __init__(
        self, name: str, schema: str, key: str, relations: Sequence[Relation] = (), rows: Iterable[Row] = ()
    ) -> None:
        self.name = name
        self.number = 0
        self.fields = tuple(Field(*part.split(":")) for part in f"{schema} {AUDIT}".split())
        self.types = {field.name: field.type for field in self.fields}
        self.key = tuple(key.split())
        self.relations = tuple(relations)
        self.database: Database | None = None
        self.version = 0
        self._rows: dict[int, Row] = dict(enumerate(rows))
        self._gone: set[int] = set()
        self._next = len(self._rows)
        self._columns: dict[str, list[Any]] = {}
        self._indexes: dict[str, dict[Any, list[int]]] = {}
        self._keys: dict[str, int] | None = None

    # ---- reading ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._next - len(self._gone)

    def ids(self) -> Sequence[int]:
        """The numbers of all rows in their natural order."""
        if not self._gone:
            return range(self._next)
        return [number for number in range(self._next) if number not in self._gone]

    def row(self, number: int) -> Row:
        """One row; not to be changed by the reader."""
        return self._rows[number]

    def rows(self) -> list[Row]:
        """All rows in their natural order."""
        return [self.row(number) for number in self.ids()]

    def find(self, key: str) -> int | None:
        """The number of the row with this ``__KEY``."""
        if self._keys is None:
            self._keys = {self.row(number)["__KEY"]: number for number in self.ids()}
        number = self._keys.get(str(key))
        return None if number is None or number in self._gone else number

    def get(self, key: Any) -> Row:
        """The row with this key; KeyError when there is none."""
        number = self.find(str(key))
        if number is None:
            raise KeyError(f"{self.name} has no {key}")
        return self.row(number)

    def key_of(self, row: Row) -> str:
        """The ``__KEY`` that belongs to a row's values; whole floats count as the integers they mean."""
        values = (row[name] for name in self.key)
        return ",".join(str(int(one) if isinstance(one, float) else one) for one in values)

    def value_of(self, path: str) -> tuple[str, Callable[[Row], Any]]:
        """The type of an attribute and how to read it; the path may lead into an object or over a relation."""
        if path in self.types:
            return self.types[path], lambda row: row.get(path)
        head, *rest = path.split(".")
        if rest and self.types.get(head) == "object":
            return "object", lambda row: dig(row.get(head), rest)
        relation = next((one for one in self.relations if one.name == head and not one.many), None)
        if relation is None or not rest or self.database is None:
            raise UnknownAttributeError(path)
        there = self.database[relation.table]
        kind, inner = there.value_of(".".join(rest))

        def over(row: Row) -> Any:
            found = there.lookup(relation.other, [comparable(there.types[relation.other], row[relation.own])])
            return inner(there.row(found[0])) if found else None

        return kind, over

    def column(self, path: str) -> list[Any]:
        """The comparable values of one attribute by row number."""
        column = self._columns.get(path)
        if column is None:
            column = self._columns[path] = self._base_column(path)
        return column

    def _base_column(self, path: str) -> list[Any]:
        kind, read = self.value_of(path)
        return [comparable(kind, read(self.row(number))) for number in range(self._next)]

    def lookup(self, path: str, values: Iterable[Any]) -> list[int]:
        """The rows whose attribute is one of these comparable values, in their natural order."""
        index = self._indexes.get(path)
        if index is None:
            index = self._indexes[path] = {}
            for number, value in enumerate(self.column(path)):
                index.setdefault(value, []).append(number)
        found = {number for value in values for number in index.get(value, ())}
        return sorted(found - self._gone)

    # ---- changing -----------------------------------------------------------------------------------------

    def change(self, key: Any, values: Row, moment: datetime) -> Row:
        """Save one entity as a person at the legacy system would: stamp, time stamp and audit fields follow."""
        number = self.find(str(key))
        if number is None:
            raise KeyError(f"{self.name} has no {key}")
        unknown = set(values) - set(self.types) - {"__STAMP", "__TIMESTAMP"}
        if unknown:
            raise UnknownAttributeError(", ".join(sorted(unknown)))
        local = moment.astimezone()
        row = dict(self.row(number))
        row["__STAMP"] += 1
        row["__TIMESTAMP"] = wire_timestamp(moment)
        row["modified_name"] = "Verwaltung"
        row["modified_date"] = wire_date(local.date())
        row["modified_time"] = (local.hour * 3600 + local.minute * 60 + local.second) * 1000
        row.update(values)
        row["__KEY"] = self.key_of(row)
        self._rows[number] = row
        self._touched(number, row)
        return row

    def insert(self, values: Row, moment: datetime) -> Row:
        """Add one entity; attributes not given are null."""
        unknown = set(values) - set(self.types)
        if unknown:
            raise UnknownAttributeError(", ".join(sorted(unknown)))
        local = moment.astimezone()
        row: Row = {"__KEY": "", "__TIMESTAMP": wire_timestamp(moment), "__STAMP": 1}
        row |= dict.fromkeys(self.types)
        row["created_name"] = "Verwaltung"
        row["created_date"] = wire_date(local.date())
        row["created_time"] = (local.hour * 3600 + local.minute * 60 + local.second) * 1000
        row |= values
        row["__KEY"] = self.key_of(row)
        if self.find(row["__KEY"]) is not None:
            raise KeyError(f"{self.name} already has {row['__KEY']}")
        number = self._next
        self._rows[number] = row
        self._next += 1
        for path, column in self._columns.items():
            kind, read = self.value_of(path)
            column.append(comparable(kind, read(row)))
        self._touched(number, row)
        return row

    def delete(self, key: Any) -> None:
        """Remove one entity."""
        number = self.find(str(key))
        if number is None:
            raise KeyError(f"{self.name} has no {key}")
        self._gone.add(number)
        self.version += 1

    def _touched(self, number: int, row: Row) -> None:
        self.version += 1
        if self._keys is not None:
            self._keys[row["__KEY"]] = number
        for path, column in self._columns.items():
            kind, read = self.value_of(path)
            column[number] = comparable(kind, read(row))
        self._indexes.clear()


class Database:
    """The tables of one house by name."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self.lock = threading.RLock()
        self.tables = {table.name: table for table in tables}
        for number, table in enumerate(self.tables.values(), 1):
            table.number = number
            table.database = self

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tables
