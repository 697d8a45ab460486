"""Lists without pages: keyset reading in portions, with sorting and filtering done by the database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Null,
    ScalarSelect,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

PAGE_SIZE = 500
COUNT_LIMIT = 10_000
_COUNTING = "werkbank_counting"  # in Session.info while `count_pages` collects


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a column of the list.

    ``op`` is one of: contains (every word, in any order), prefix, eq, in, min, max, null, not_null.  Text comparison
    ignores case.
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


def _begins(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Prefix search; on a search key (lower case, byte order) as a range, which its index serves under row security."""
    if getattr(column.type, "collation", None) == "C":
        return and_(column >= value.lower(), column < value.lower() + "\U0010ffff")
    return column.ilike(f"{_escape(value)}%")


def condition(column: ColumnElement[Any], item: Filter) -> ColumnElement[bool]:
    """The SQL condition for one filter; raises ValueError for an unknown operator."""
    found: ColumnElement[bool]
    match item.op:
        case "contains":
            words = str(item.value).split() or [""]
            found = and_(*[column.ilike(f"%{_escape(word)}%") for word in words])
        case "prefix":
            found = _begins(column, str(item.value))
        case "eq":
            found = column == item.value
        case "in":
            found = column.in_(list(item.value))
        case "min":
            found = column >= item.value
        case "max":
            found = column <= item.value
        case "null":
            found = column.is_(None)
        case "not_null":
            found = column.is_not(None)
        case _:
            raise ValueError(f"unknown filter operator {item.op!r}")
    return found


def _never_empty(column: ColumnElement[Any], key: ColumnElement[int]) -> bool:
    """Whether the column cannot be NULL: then its index serves either direction, and one comparison the cursor.

    Only a column of the list's own table can be trusted: one of a joined table is empty where nothing was joined.
    """
    return getattr(column, "nullable", True) is False and _table(column) == _table(key)


def _table(column: ColumnElement[Any]) -> str | None:
    table = getattr(column, "table", None)
    return None if table is None else str(getattr(table, "fullname", table.name))


def _after(sort: ColumnElement[Any] | None, key: ColumnElement[int], query: ListQuery) -> ColumnElement[bool]:
    """Rows behind the cursor; empty values always come last, ties are broken by the key in the sort's direction."""
    assert query.after is not None
    value, last = query.after
    behind: ColumnElement[bool] = key < last if query.descending else key > last
    if sort is None:
        return behind
    if _never_empty(sort, key):
        here, there = tuple_(sort, key), tuple_(literal(value, sort.type), literal(last, key.type))
        beyond: ColumnElement[bool] = here < there if query.descending else here > there
        return beyond
    if value is None:
        return and_(sort.is_(None), behind)
    further = sort < value if query.descending else sort > value
    return or_(further, and_(sort == value, behind), sort.is_(None))


def _count(filtered: Select[Any], key: ColumnElement[int]) -> ScalarSelect[int]:
    """How many rows a list has, counted no further than anybody cares."""
    inner = filtered.with_only_columns(key).order_by(None).limit(COUNT_LIMIT + 1).subquery()
    return select(func.count()).select_from(inner).scalar_subquery()


def count_together(session: Session, calls: Sequence[Callable[[Session], object]]) -> list[tuple[int, bool]]:
    """What many counting calls would say, (number, whether it is exact) each, in one round trip.

    A call that reads a list by `fetch_page` or counts by `count_rows` is counted in the common statement; any other one
    answers by itself with its number.
    """
    answers: list[int | ScalarSelect[int]] = []
    for call in calls:
        counts: list[ScalarSelect[int]] = []
        session.info[_COUNTING] = counts
        try:
            said = call(session)
        finally:
            del session.info[_COUNTING]
        if counts:
            answers.append(counts[0])
        else:
            assert isinstance(said, int)
            answers.append(said)
    asked = [answer.label(f"n{place}") for place, answer in enumerate(answers) if not isinstance(answer, int)]
    found = iter(session.execute(select(*asked)).one() if asked else ())
    numbers = [answer if isinstance(answer, int) else next(found) for answer in answers]
    return [(min(number, COUNT_LIMIT), number <= COUNT_LIMIT) for number in numbers]


def count_rows(session: Session, rows: Select[Any]) -> int:
    """How many rows a statement has, by itself in one round trip or among others (`count_together`)."""
    number = select(func.count()).select_from(rows.subquery()).scalar_subquery()
    if _COUNTING in session.info:
        session.info[_COUNTING].append(number)
        return 0
    return int(session.execute(select(number)).scalar_one())


def count_pages(
    session: Session, fetch: Callable[[Session, ListQuery], Page], queries: Sequence[ListQuery]
) -> list[tuple[int, bool]]:
    """How many rows a list has for each query: (number, whether it is exact), all in one round trip."""

    def counting(query: ListQuery) -> Callable[[Session], int | None]:
        return lambda within: fetch(within, query).total

    return count_together(session, [counting(query) for query in queries])


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
    if _COUNTING in session.info:
        session.info[_COUNTING].append(_count(filtered, key))
        return Page((), None, None, True)
    sort = columns[query.sort] if query.sort else None
    if isinstance(sort, Null):
        sort = None  # a column this person may not know sorts nothing
    paged = filtered if query.after is None else filtered.where(_after(sort, key, query))
    order: list[ColumnElement[Any]] = []
    if sort is not None:
        directed = sort.desc() if query.descending else sort.asc()
        order.append(directed if _never_empty(sort, key) else directed.nulls_last())
    tie = key.desc() if query.descending else key.asc()
    extra = [key.label("row_key")] + ([sort.label("row_sort")] if sort is not None else [])
    found = session.execute(paged.add_columns(*extra).order_by(*order, tie).limit(query.limit)).all()
    width = len(extra)
    make = row._make if row is not None else tuple
    rows = [make(tuple(line)[:-width]) for line in found]
    full = len(found) == query.limit
    following = None
    if full:
        end = found[-1]
        following = (end[-1] if sort is not None else None, end[-width])
    total: int | None = None
    if query.count:
        total = len(rows)
        if full and query.after is None:
            total = session.execute(select(_count(filtered, key))).scalar_one()
    exact = total is None or total <= COUNT_LIMIT
    return Page(rows, following, min(total, COUNT_LIMIT) if total is not None else None, exact)
