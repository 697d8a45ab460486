"""Every role tries everything on every table, over TCP and with its session open; then without a ticket."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from migrations import derived, rights

MATRIX = rights.load()
PEOPLE = tuple(role.name for role in MATRIX.roles.values() if role.holder == "person")
Raw = psycopg.Connection[Any]
DENIED = "42501"


def outcome(connection: Raw, statement: str) -> str:
    """'ok' or the SQLSTATE; nothing a statement does remains."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL(statement))
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return "ok"


@pytest.fixture
def columns(admin: Raw) -> dict[str, tuple[str, ...]]:
    return {r.name: tuple(c.name for c in r.columns) for r in derived.read_relations(admin) if r.kind != "v"}


@pytest.mark.parametrize("role", PEOPLE)
def test_only_what_the_matrix_says(
    raw_role: Callable[..., Raw], columns: dict[str, tuple[str, ...]], role: str
) -> None:
    mine = raw_role(role, ticket=True)
    wrong = []
    for table, names in columns.items():
        line = MATRIX.tables[table]
        reads = line.select is not None and not MATRIX.including(role).isdisjoint(line.select.roles)
        tries = {
            f"SELECT * FROM {table} LIMIT 1": reads,
            f"SELECT count(*) FROM {table}": reads,
            f"DELETE FROM {table} WHERE false": False,
            f"TRUNCATE {table}": False,
            f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE": False,
            f"COPY {table} FROM STDIN": False,
            f'UPDATE {table} SET "{names[0]}" = "{names[0]}" WHERE false': False,
            f"INSERT INTO {table} DEFAULT VALUES": False,
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY": False,
            f"CREATE POLICY mine ON {table} USING (true)": False,
            f"DROP TRIGGER erp_log_update ON {table}": False,
        }
        for column in ("row_version", "created_by", "updated_at"):
            if column in names:
                tries[f'UPDATE {table} SET "{column}" = "{column}" WHERE false'] = False
        for statement, allowed in tries.items():
            found = outcome(mine, statement)
            # Whoever may insert gets as far as the row itself; an identity cannot be set, a trigger may not be there.
            inserts = (
                "INSERT" in statement
                and line.insert is not None
                and not MATRIX.including(role).isdisjoint(line.insert.roles)
            )
            refused = (DENIED, "42704", "428C9")
            if allowed != (found == "ok") or (not allowed and found not in refused and not inserts):
                wrong.append((statement, found))
    assert wrong == []


def test_without_a_ticket_no_table_shows_a_row(
    admin: Raw, raw_role: Callable[..., Raw], columns: dict[str, tuple[str, ...]]
) -> None:
    admin.execute("INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'hello')")
    seen, open_tables = [], 0
    for role in PEOPLE:
        bare, mine = raw_role(role), raw_role(role, ticket=True)
        for table in columns:
            line = MATRIX.tables[table]
            if line.select is None or MATRIX.including(role).isdisjoint(line.select.roles):
                continue
            query = sql.SQL(f"SELECT count(*) FROM {table}")
            open_tables += mine.execute(query).fetchone() != (0,)
            if bare.execute(query).fetchone() != (0,):
                seen.append((role, table))
    assert seen == []
    assert open_tables > 3 * len(PEOPLE), "the test looked at empty tables only"


def test_set_role_is_refused_or_sees_nothing(
    raw_role: Callable[..., Raw], admin: Raw, columns: dict[str, tuple[str, ...]]
) -> None:
    for role in PEOPLE:
        bare = raw_role(role)
        for target in (f"r_{role}", "erp_user", "erp_api", "erp_sec", "erp_owner", "erp_audit", "postgres"):
            try:
                bare.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(target)))
            except psycopg.errors.InsufficientPrivilege:
                continue
            assert target in (f"r_{role}", "erp_user")
            for table in columns:
                try:
                    row = bare.execute(sql.SQL(f"SELECT count(*) FROM {table}")).fetchone()
                except psycopg.errors.InsufficientPrivilege:
                    continue
                assert row == (0,), table
            bare.execute("RESET ROLE")
