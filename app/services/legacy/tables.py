"""Any table of the old system as a list: sorted, filtered and read in portions by the server there."""

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import Filter, ListQuery, Page
from app.services.legacy import client
from app.services.legacy.filters import Where, all_of, at_least, at_most, eq, is_null
from app.services.legacy.wire import Table

LARGEST = 2000
NUMBERS = frozenset({"long", "long64", "word", "byte", "number"})


class Source(Protocol):
    """What is asked of the old system's server."""

    def close(self) -> None: ...

    def tables(self) -> tuple[str, ...]: ...

    def table(self, name: str) -> Table: ...

    def page(
        self, table: str, *, order: Any = (), skip: int = 0, top: int = 1000, where: Where | None = None
    ) -> client.Page: ...


class Raw(NamedTuple):
    """A row of the old system as it is."""

    id: str
    values: Mapping[str, Any]


class Known(NamedTuple):
    """A table the sync reads, and what it is called here."""

    source: str
    title: Mapping[str, Any]
    rows: int | None


class Browser:
    """Lists of rows over a source; one question at a time, whatever thread it comes from.

    The source is opened with the first question, and again after `release`.
    """

    def __init__(self, connect: Callable[[], Source]) -> None:
        self._connect = connect
        self._open: Source | None = None
        self._lock = threading.Lock()
        self._described: dict[str, Table] = {}

    def release(self) -> None:
        """Give the lead back until the next question."""
        with self._lock:
            source, self._open = self._open, None
            if source is not None:
                source.close()

    @property
    def _source(self) -> Source:
        if self._open is None:
            self._open = self._connect()
        return self._open

    def tables(self, _session: object = None) -> tuple[str, ...]:
        """Names of all tables there are, in the order of the alphabet."""
        with self._lock:
            return tuple(sorted(self._source.tables(), key=str.casefold))

    def describe(self, _session: object, name: str) -> Table:
        """Columns and relations of a table."""
        with self._lock:
            if name not in self._described:
                self._described[name] = self._source.table(name)
            return self._described[name]

    def rows(self, name: str, query: ListQuery) -> Page:
        """A portion of a table."""
        skip = int(query.after[1]) if query.after is not None else 0
        order = (f"{query.sort} {'desc' if query.descending else 'asc'}",) if query.sort else ()
        described = self.describe(None, name)
        with self._lock:
            found = self._source.page(
                name,
                order=order,
                skip=skip,
                top=min(query.limit, LARGEST),
                where=where_of(query.filters, described),
            )
        rows = tuple(Raw(str(row.get("__KEY") or skip + n), row) for n, row in enumerate(found.rows))
        after = None if found.last else (None, skip + len(rows))
        total = found.total if found.total is not None else skip + len(rows)
        return Page(rows, after, total if query.count else None, found.total is not None or found.last)


def where_of(filters: tuple[Filter, ...], table: Table) -> Where | None:
    """What is asked of the list as a condition for the server.  Raises Refused for what it cannot be asked."""
    parts = [_condition(item, table) for item in filters]
    return None if not parts else parts[0] if len(parts) == 1 else all_of(*parts)


def _condition(item: Filter, table: Table) -> Where:
    field = table.field(item.key)
    value = item.value
    if field is not None and field.type in NUMBERS and isinstance(value, str):
        value = Decimal(value) if value.replace(".", "", 1).lstrip("-").isdigit() else value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, dt.datetime):
        value = value.date()
    match item.op:
        case "contains":
            words = str(value).split() or [""]
            parts = [Where("contains", item.key, word) for word in words]
            return parts[0] if len(parts) == 1 else all_of(*parts)
        case "prefix":
            return Where("begins", item.key, str(value))
        case "eq":
            return eq(item.key, value)
        case "min":
            return at_least(item.key, value)
        case "max":
            return at_most(item.key, value)
        case "null":
            return is_null(item.key)
    raise Refused("legacy_filter_refused", table=table.name, filter=item.op, message="")


def known_tables(session: Session) -> tuple[Known, ...]:
    """The tables the sync reads."""
    rows = session.execute(
        text(
            "SELECT DISTINCT ON (source) source, title, source_count FROM legacy.entity "
            "WHERE source IS NOT NULL AND parent IS NULL ORDER BY source, source_count DESC NULLS LAST, position"
        )
    ).all()
    return tuple(Known(*row) for row in rows)
