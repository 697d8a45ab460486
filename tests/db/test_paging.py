"""Lists read in portions lose nothing, repeat nothing and keep their order, whatever they are sorted by."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from sqlalchemy import null, select
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.paging import Filter, ListQuery, Page, count_pages, fetch_page
from app.models.partners import Partner

Raw = psycopg.Connection[Any]
COLUMNS = Partner.__table__.c


@pytest.fixture
def partners(admin: Raw) -> None:
    admin.execute(
        "INSERT INTO partners.partner (number, name, phone)"
        " SELECT 'P' || lpad(i::text, 3, '0'), 'Name ' || i % 4, CASE WHEN i % 3 > 0 THEN (i % 5)::text END"
        " FROM generate_series(1, 60) AS i ON CONFLICT DO NOTHING"
    )


def _list(session: Session, query: ListQuery) -> Page:
    return fetch_page(
        session,
        select(COLUMNS.id, COLUMNS.name, COLUMNS.phone).where(COLUMNS.number.like("P%")),
        columns={"name": COLUMNS.name, "phone": COLUMNS.phone, "hidden": null()},
        key=COLUMNS.id,
        query=query,
    )


def _read(db: Database, query: ListQuery) -> Page:
    return db.read(_list, query)


@pytest.mark.usefixtures("partners")
@pytest.mark.parametrize("sort", ["", "name", "phone", "hidden"])
@pytest.mark.parametrize("descending", [False, True])
def test_portions_join_without_gap_or_overlap(
    as_role: Callable[[str], Database], sort: str, descending: bool
) -> None:
    db = as_role("sales_rep")
    query = ListQuery(sort=sort, descending=descending, limit=7)
    page = _read(db, query)
    rows = list(page.rows)
    assert page.total == 60
    while page.next is not None:
        query = query.following(page)
        page = _read(db, query)
        rows += page.rows
    assert len(rows) == len({row[0] for row in rows}) == 60
    column = {"name": 1, "phone": 2}.get(sort)
    if column is None:
        return
    values = [row[column] for row in rows]
    filled = [value for value in values if value is not None]
    assert filled == sorted(filled, reverse=descending)
    assert values[len(filled) :] == [None] * (60 - len(filled)), "empty values come last either way"
    for first, second in pairwise(rows):
        if first[column] == second[column]:
            assert (first[0] > second[0]) is descending


@pytest.mark.usefixtures("partners")
def test_wildcards_in_a_filter_are_just_characters(as_role: Callable[[str], Database]) -> None:
    page = _read(as_role("sales_rep"), ListQuery(filters=(Filter("name", "contains", "%"),)))
    assert not page.rows


@pytest.mark.usefixtures("partners")
def test_a_filter_wants_every_word_in_any_order(as_role: Callable[[str], Database]) -> None:
    db = as_role("sales_rep")
    for typed, rows in (("3 name", 15), ("  name   3 ", 15), ("name 4", 0), (" ", 60)):
        query = ListQuery(filters=(Filter("name", "contains", typed),))
        assert len(_read(db, query).rows) == rows, typed


@pytest.mark.usefixtures("partners")
def test_all_presets_are_counted_in_one_round_trip(as_role: Callable[[str], Database]) -> None:
    db = as_role("sales_rep")
    queries = [ListQuery(), ListQuery(filters=(Filter("name", "eq", "Name 1"),)), ListQuery(sort="phone")]
    before = db.counter.round_trips
    found = db.read(count_pages, _list, queries)
    assert db.counter.round_trips - before == 1
    assert found == [(60, True), (15, True), (60, True)]
