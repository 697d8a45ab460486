"""Reading an entity's source: pages of records with what belongs to them, whole or since a day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.core import courtesy
from app.core.errors import Refused
from app.services.imports.steps import same_key
from app.services.legacy.client import FourD
from app.services.legacy.filters import Where, all_of, any_of, at_least
from app.services.legacy.mapping import Entity, Join
from app.services.legacy.values import getter

Row = dict[str, Any]
OVERLAP = timedelta(days=1)
"""Dates of the old system are days: what changed later on the last day read is read again."""

WHOLE = 5000
AT_ONCE = 600


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Records; ``cursor`` is where to go on, ``total`` how many there are, when that is known."""

    rows: list[Row]
    total: int | None
    cursor: dict[str, Any] | None


class Source:
    """Reads one entity.  Raises Refused legacy_column_unknown when the server has not all of its columns."""

    def __init__(self, entity: Entity, four_d: FourD | None) -> None:
        self._entity = entity
        self._source = entity.source
        self._server = four_d
        self._seen: set[str] = set()
        self._joined: dict[str, dict[str, list[Row]]] = {}
        self.types: Mapping[str, str] = {}
        if four_d is not None and self._source.table:
            self._check(four_d)

    @property
    def can_resume(self) -> bool:
        """Whether a run can go on in the middle."""
        return bool(self._source.table) and not self._source.each and not self._source.distinct

    @property
    def can_sweep(self) -> bool:
        """Whether all keys can be asked for by themselves."""
        return self.can_resume

    def _check(self, server: FourD) -> None:
        source = self._source
        wanted = {source.table: {*source.columns, *source.changed}}
        for join in source.joins:
            wanted.setdefault(join.table, set()).update({join.there, *join.columns})
        for name, columns in wanted.items():
            table = server.table(name)
            there = {field.name for field in table.fields}
            if name == source.table:
                self.types = {field.name: field.type for field in table.fields}
            missing = sorted(columns - there)
            if there and missing:
                raise Refused("legacy_column_unknown", table=name, column=", ".join(missing))

    # -- reading -----------------------------------------------------------------------------------------------------

    def count(self) -> int | None:
        """How many records there are; None when only reading them tells."""
        if not self._source.table:
            return len(self._source.rows)
        if self._source.each or self._source.distinct:
            return None
        return self._needed().count(self._source.table, self._where())

    def pages(self, cursor: Mapping[str, Any] | None = None, most: int | None = None) -> Iterator[SourcePage]:
        """All records from a cursor on, at most so many at a time."""
        if not self._source.table:
            yield SourcePage([dict(row) for row in self._source.rows], len(self._source.rows), None)
            return
        yield from self._read(self._where(), cursor, most)

    def since(self, day: date) -> Iterator[SourcePage]:
        """The records that changed or came since a day, themselves or what belongs to them."""
        source = self._source
        if not source.table or not source.changed:
            yield from self.pages()
            return
        yield from self._read(self._where(_changed(source.changed, day)), None)
        for join in source.joins:
            owners: set[Any] = set()
            pages = self._needed().pages(
                join.table, where=_changed(source.changed, day), attributes=(join.there,), top=WHOLE
            )
            for page in pages:
                owners |= {row.get(join.there) for row in page.rows}
            owners.discard(None)
            for rows in self.by(join.here, sorted(owners, key=str)):
                yield SourcePage(rows, None, None)

    def by(self, column: str, values: Sequence[Any]) -> Iterator[list[Row]]:
        """The records whose column has one of the values."""
        if not values:
            return
        held: list[Row] = []
        for rows in self._needed().by_keys(self._source.table, column, values):
            held += rows
            if len(held) >= AT_ONCE:
                yield self._complete(held)
                held = []
        if held:
            yield self._complete(held)

    def by_keys(self, keys: Iterable[str]) -> Iterator[list[Row]]:
        """The records of these keys; a key of several columns is asked for by its first."""
        wanted = set(keys)
        if not wanted:
            return
        column = self._source.key[0]
        firsts = dict.fromkeys(self._typed(column, key.split("/", 1)[0]) for key in sorted(wanted))
        for rows in self.by(column, list(firsts)):
            yield [row for row in rows if self.key(row) in wanted]

    def every_key(self) -> Iterator[list[str]]:
        """The keys of all records, in portions."""
        where = self._where()
        for portion in self._needed().keys(self._source.table, self._source.key, where=where):
            yield [
                "/".join(map(same_key, parts)) for parts in portion if None not in parts and "" not in parts
            ]

    def key(self, row: Mapping[str, Any]) -> str | None:
        """What tells a record apart."""
        parts = [row.get(column) for column in self._source.key]
        return None if None in parts or "" in parts else "/".join(map(same_key, parts))

    def typed(self, values: Mapping[str, Any]) -> Row:
        """Values as they were kept as JSON, in the types the client would give them."""
        return {name: self._typed(name, value) for name, value in values.items()}

    # -- parts -------------------------------------------------------------------------------------------------------

    def _needed(self) -> FourD:
        assert self._server is not None, "an entity with a table needs a server"
        return self._server

    def _where(self, more: Where | None = None) -> Where | None:
        own = Where.from_json(self._source.where) if self._source.where is not None else None
        if own is None or more is None:
            return own or more
        return all_of(own, more)

    def _read(
        self, where: Where | None, cursor: Mapping[str, Any] | None, most: int | None = None
    ) -> Iterator[SourcePage]:
        source = self._source
        pages = self._needed().pages(
            source.table,
            where=where,
            attributes=source.columns,
            top=min(source.page, most or source.page),
            cursor=cursor,
        )
        for page in pages:
            yield SourcePage(self._complete(page.rows), page.total, page.cursor)

    def _complete(self, rows: list[Row]) -> list[Row]:
        """The rows with those that belong to them; or what a list in them holds; or the first of each key."""
        for join in self._source.joins:
            self._join(join, rows)
        if self._source.each:
            read = getter(self._source.each)
            rows = [
                {**item, "parent": row}
                for row in rows
                for item in (read(row) if isinstance(read(row), list) else ())
                if isinstance(item, Mapping)
            ]
        if self._source.distinct:
            kept = []
            for row in rows:
                key = self.key(row)
                if key is not None and key not in self._seen:
                    self._seen.add(key)
                    kept.append(row)
            rows = kept
        return rows

    def _join(self, join: Join, rows: list[Row]) -> None:
        wanted = list(dict.fromkeys(row[join.here] for row in rows if row.get(join.here) is not None))
        known = self._joined.setdefault(join.alias, {})
        if len(known) > WHOLE:
            known.clear()
        missing = [value for value in wanted if same_key(value) not in known]
        for value in missing:
            known[same_key(value)] = []
        if missing:
            for portion in self._needed().by_keys(join.table, join.there, missing):
                for found in courtesy.steps(portion):
                    value = found.get(join.there)
                    if value is not None and same_key(value) in known:
                        known[same_key(value)].append({name: found.get(name) for name in join.columns})
            for value in missing:
                for column in reversed(join.order):
                    known[same_key(value)].sort(key=lambda row, name=column: _sortable(row[name]))  # type: ignore[misc]
        for row in courtesy.steps(rows):
            value = row.get(join.here)
            row[join.alias] = known.get(same_key(value), []) if value is not None else []

    def _typed(self, column: str, value: Any) -> Any:
        kind = self.types.get(column, "")
        if not isinstance(value, str) or not value:
            return value
        try:
            if kind == "date":
                return date.fromisoformat(value)
            if kind in ("long", "long64", "word", "byte"):
                return int(value)
            if kind == "number":
                return Decimal(value)
        except (ValueError, ArithmeticError):
            return value
        return value


def _changed(columns: Sequence[str], day: date) -> Where:
    """What changed or came since a day; the last day read is read again, for what came later on it."""
    conditions = [at_least(column, day - OVERLAP) for column in columns]
    return conditions[0] if len(conditions) == 1 else any_of(*conditions)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (2, "")
    return (0, value) if isinstance(value, int | Decimal) else (1, str(value))
