"""The data-quality report finds what is planted, names the right record, and shows nobody what he may not read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from app.core.db import Database
from app.core.paging import Filter, ListQuery
from app.services.legacy import quality

Raw = psycopg.Connection[Any]
PLANTS: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_name("legacy_plants.yaml").read_text("utf-8")
)


@pytest.fixture(scope="module")
def admin_dsn(demo_template: str, new_database: Any) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


@pytest.fixture(scope="module")
def planted(admin_dsn: str) -> dict[str, int]:
    """The record to be found, by check."""
    found: dict[str, int] = {}
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for code, statements in PLANTS.items():
            for statement in statements[:-1]:
                admin.execute(statement)
            row = admin.execute(statements[-1]).fetchone()
            assert row is not None, code
            found[code] = row[0]
    return found


def test_every_check_has_its_plant() -> None:
    assert {check.code for check in quality.CHECKS} == set(PLANTS)


@pytest.mark.parametrize("code", PLANTS)
def test_what_is_planted_is_found(
    as_role: Callable[[str], Database], planted: dict[str, int], code: str
) -> None:
    query = ListQuery(filters=(Filter("check", "eq", code),))
    page = as_role("u_ralf").read(quality.list_found, query)
    assert planted[code] in {row.record_id for row in page.rows}
    check = next(one for one in quality.CHECKS if one.code == code)
    assert {(row.area, row.severity, row.topic) for row in page.rows} == {
        (check.area, check.severity, check.topic)
    }


def test_repaired_is_gone(as_role: Callable[[str], Database], planted: dict[str, int], admin: Raw) -> None:
    query = ListQuery(filters=(Filter("check", "eq", "without_address"),))
    before = as_role("u_ralf").read(quality.list_found, query).total
    made = admin.execute(
        "INSERT INTO partners.address (partner_id, kind, street, postcode, city, country) "
        "VALUES (%s, 'billing', 'Weg 1', '12345', 'Ort', 'DE') RETURNING id",
        (planted["without_address"],),
    ).fetchone()
    try:
        assert as_role("u_ralf").read(quality.list_found, query).total == (before or 0) - 1
    finally:
        admin.execute("DELETE FROM partners.address WHERE id = %s", made)


def test_tiles_say_what_the_list_has(as_role: Callable[[str], Database], planted: dict[str, int]) -> None:
    db = as_role("u_ralf")
    counted = {one.check: one.found for one in db.read(quality.counts)}
    everything = db.read(quality.list_found, ListQuery(preset="all", limit=1)).total
    assert sum(counted.values()) == everything
    errors = sum(one.found for one in db.read(quality.counts) if one.severity == "error")
    assert db.read(quality.count_errors) == errors


def test_portions_of_the_list_fit_together(
    as_role: Callable[[str], Database], planted: dict[str, int]
) -> None:
    db = as_role("u_ralf")
    query = ListQuery(sort="number", limit=20)
    seen: list[int] = []
    page = db.read(quality.list_found, query)
    total = page.total
    while True:
        seen += [row.id for row in page.rows]
        if page.next is None:
            break
        page = db.read(quality.list_found, query.following(page))
    assert len(seen) == len(set(seen)) == total


@pytest.mark.parametrize(
    ("login", "hidden"),
    [
        ("u_tom", {"price_zero", "without_price", "price_below_cost", "without_cost", "document_total"}),
        ("u_petra", {"price_zero", "without_cost", "price_below_cost", "document_total"}),
        ("u_mia", {"price_below_cost", "without_cost"}),
        ("u_miriam", {"price_below_cost", "without_cost"}),
    ],
)
def test_nobody_sees_checks_of_what_he_may_not_read(
    as_role: Callable[[str], Database], planted: dict[str, int], login: str, hidden: set[str]
) -> None:
    db = as_role(login)
    seen = {check.code for check in db.read(quality.readable)}
    assert not seen & hidden
    assert {one.check for one in db.read(quality.counts)} <= seen
    assert db.read(quality.list_found, ListQuery(limit=5)).rows


def test_counting_takes_one_round_trip(
    as_role: Callable[[str], Database], planted: dict[str, int], counted: Any
) -> None:
    db = as_role("u_ralf")
    db.read(quality.counts)
    with counted(db) as spent:
        db.read(quality.counts)
    assert spent.round_trips == 1
