"""Lists without pages: keyset reading in portions, with sorting and filtering done by the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

PAGE_SIZE = 500
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a column of the list.

    ``op`` is one of: contains, prefix, eq, in, min, max, null, not_null.  Text comparison ignores case.
    """

    key: str
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list wants to see.  ``after`` is the `Page.next` of the portion before; ``sort`` names one column."""

    sort: str = ""
    descending: bool = False
    filters: tuple[Filter, ...] = ()
    preset: str = ""
    after: tuple[Any, int] | None = None
    limit: int = PAGE_SIZE
    language: str = "de"
    count: bool = True

    def following(self, page: "Page") -> "ListQuery":
        """The query for the portion after ``page``."""
        return replace(self, after=page.next, count=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A portion of a list.  ``total`` counts all rows of the query, up to `COUNT_LIMIT` (then ``exact`` is False);
    None when it was not asked for."""

    rows: Sequence[Any]
    next: tuple[Any, int] | None
    total: int | None
    exact: bool


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def condition(column: ColumnElement[Any], item: Filter) -> ColumnElement[bool]:
    """The SQL condition for one filter; raises ValueError for an unknown operator."""
    match item.op:
        case "contains":
            return column.ilike(f"%{_escape(str(item.value))}%")
        case "prefix":
            return column.ilike(f"{_escape(str(item.value))}%")
        case "eq":
            return column == item.value
        case "in":
            return column.in_(list(item.value))
        case "min":
            return column >= item.value
        case "max":
            return column <= item.value
        case "null":
            return column.is_(None)
        case "not_null":
            return column.is_not(None)
    raise ValueError(f"unknown filter operator {item.op!r}")


def _after(column: ColumnElement[Any], key: ColumnElement[int], query: ListQuery) -> ColumnElement[bool]:
    """Rows behind the cursor; empty values always come last, ties are broken by the key in the same direction."""
    assert query.after is not None
    value, last = query.after
    behind = key < last if query.descending else key > last
    if value is None:
        return and_(column.is_(None), behind)
    beyond = column < value if query.descending else column > value
    return or_(beyond, and_(column == value, behind), column.is_(None))


def fetch_page(
    session: Session,
    statement: Select[Any],
    *,
    columns: Mapping[str, ColumnElement[Any]],
    key: ColumnElement[int],
    query: ListQuery,
    row: Any = None,
) -> Page:
    """Run ``statement`` for one portion of a list: filters, sort, cursor and limit are added here.

    ``columns`` maps the keys of the list's columns to SQL; an unknown key in sort or filters raises ValueError.
    ``row`` is the NamedTuple class of a row (its fields in the order of the statement's columns).
    One round trip; a second one counts when the first portion is full and ``query.count`` is set.
    """
    for name in [item.key for item in query.filters] + ([query.sort] if query.sort else []):
        if name not in columns:
            raise ValueError(f"this list has no column {name!r}")
    filtered = statement.where(*[condition(columns[item.key], item) for item in query.filters])
    sort = columns[query.sort] if query.sort else None
    paged = filtered
    if query.after is not None:
        last = query.after[1]
        beyond = key < last if query.descending else key > last
        paged = paged.where(_after(sort, key, query) if sort is not None else beyond)
    order = [] if sort is None else [(sort.desc() if query.descending else sort.asc()).nulls_last()]
    tie = key.desc() if query.descending else key.asc()
    extra = [key.label("_key")] + ([sort.label("_sort")] if sort is not None else [])
    found = session.execute(paged.add_columns(*extra).order_by(*order, tie).limit(query.limit)).all()
    width = len(extra)
    make = row._make if row is not None else tuple
    rows = [make(tuple(line)[:-width]) for line in found]
    full = len(found) == query.limit
    following = None
    if full:
        end = found[-1]
        following = (end._sort if sort is not None else None, end._key)
    total: int | None = None
    if query.count:
        total = len(rows)
        if full and query.after is None:
            inner = filtered.with_only_columns(key).order_by(None).limit(COUNT_LIMIT + 1).subquery()
            total = session.execute(select(func.count()).select_from(inner)).scalar_one()
    exact = total is None or total <= COUNT_LIMIT
    return Page(rows, following, min(total, COUNT_LIMIT) if total is not None else None, exact)
