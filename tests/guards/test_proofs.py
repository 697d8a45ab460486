"""Every protection is tried by real logins: tables, functions and what the server would give to everybody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest

from tests.proof.battery import AT_DEVICES, MATRIX, Desk, badge
from tests.proof.logins import furnish

TABLES = sorted(name for name in MATRIX.tables if not name.startswith("sec."))
# They open the session, answer by the ticket themselves, are a guest's, or tell no secret.
NOT_ASKING = frozenset(
    """
    catalog.fold catalog.prices_for sec.acting sec.fail sec.may sec.my_limit sec.my_roles sec.my_tables
    sec.my_warehouses sec.operator_off sec.password_change sec.require sec.require_confirmed sec.require_session
    sec.session_ok sec.session_continue sec.session_open system.my_approval_kinds system.note_table system.today
    """.split()  # noqa: SIM905  (a list of so many words reads better so)
)
FUNCTIONS = sorted({"api.discard_draft", *MATRIX.functions} - NOT_ASKING)


@pytest.fixture(scope="module")
def desk(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[Desk]:
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            badge(admin)
        with Desk(furnish(address)) as found:
            yield found


def test_no_table_is_empty_since_nobody_can_be_kept_from_what_is_not_there(desk: Desk) -> None:
    asked = [name for name, line in MATRIX.tables.items() if line.gated and not name.startswith("sec.")]
    assert len(asked) > 100
    empty = [table for table in asked if desk.count(desk.admin, table) == 0]
    assert empty == [], (
        "give each a row in tests/proof/furniture.py, of both kinds where a condition tells them apart"
    )


@pytest.mark.parametrize("table", TABLES)
def test_a_table_shows_and_takes_what_the_matrix_says(desk: Desk, table: str) -> None:
    found = [*desk.gate(table), *desk.own_functions(table), *desk.looked_up(table), *desk.reads(table)]
    found += [*desk.at_device(table), *desk.writes(table), *desk.scoped(table)]
    assert found == []


def test_partitions_show_nothing_without_a_ticket(desk: Desk) -> None:
    rows = desk.admin.execute(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'"
    ).fetchall()
    assert [x for (part,) in rows for x in desk.gate(part)] == []
    assert min(desk.count(desk.admin, part) for (part,) in rows) > 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_asks_for_right_and_ticket(desk: Desk, name: str) -> None:
    assert [*desk.asks(name)] == []


@pytest.mark.parametrize("name", AT_DEVICES)
def test_a_terminal_does_by_itself_what_the_matrix_says(desk: Desk, name: str) -> None:
    assert [*desk.alone(name)] == []


def test_what_the_server_gives_to_everybody_has_been_taken_away(desk: Desk) -> None:
    assert [*desk.levers()] == []
