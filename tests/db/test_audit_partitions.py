"""The trail lies in months: made ahead, never missed by a save, nobody's by name."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg import sql

from app.core import schema
from migrations import derived

Raw = psycopg.Connection[Any]
NOTE = "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'x')"


def partitions(admin: Raw, table: str = "audit.entry") -> set[str]:
    rows = admin.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        (table,),
    ).fetchall()
    return {row[0] for row in rows}


def test_this_month_and_three_more_are_there(admin: Raw) -> None:
    wanted = {
        row[0]
        for row in admin.execute(
            "SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => m), 'YYYY_MM') "
            "FROM generate_series(0, 3) m"
        ).fetchall()
    }
    for table in ("entry", "event"):
        assert partitions(admin, f"audit.{table}") == {f"{table}_{month}" for month in wanted} | {
            f"{table}_default"
        }
    assert admin.execute("SELECT audit.partitions_ahead()").fetchone() == (0,)


@pytest.mark.parametrize("role", ["viewer", "administrator", "system_administrator"])
def test_a_partition_is_nobody_s_by_name(admin: Raw, raw_role: Callable[..., Raw], role: str) -> None:
    person = raw_role(role, ticket=True)
    for name in sorted(partitions(admin) | partitions(admin, "audit.event")):
        for statement in ("SELECT 1 FROM audit.{}", "INSERT INTO audit.{} (login) VALUES ('x')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                person.execute(sql.SQL(statement).format(sql.Identifier(name)))
    assert person.execute("SELECT count(*) > 0 FROM audit.entry").fetchone() == (True,)


@pytest.mark.parametrize("statement", ["UPDATE {} SET login = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_partition_is_not_altered_by_accident_either(admin: Raw, statement: str) -> None:
    for name in sorted(partitions(admin)):
        with pytest.raises(psycopg.Error) as refused:
            admin.execute(sql.SQL(statement).format(sql.Identifier("audit", name)))
        assert refused.value.diag.constraint_name == "audit_is_append_only"


def test_a_month_without_partition_fails_no_save(
    new_database: Callable[[], AbstractContextManager[str]], raw_role: Callable[..., Raw]
) -> None:
    """The sealer was off for months: rows go to the default partition, and to their month once it runs again."""
    with new_database() as dsn, psycopg.connect(dsn, autocommit=True) as admin:
        this = admin.execute("SELECT 'entry_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").fetchone()
        assert this is not None
        with admin.transaction():
            admin.execute(
                sql.SQL("ALTER TABLE audit.entry DETACH PARTITION audit.{}").format(sql.Identifier(this[0]))
            )
            admin.execute(sql.SQL("DROP TABLE audit.{}").format(sql.Identifier(this[0])))
        admin.execute(NOTE)
        before = admin.execute("SELECT id, at, new, row_hash FROM audit.entry_default").fetchall()
        assert len(before) == 1
        assert admin.execute("SELECT audit.partitions_ahead()").fetchone() == (1,)
        assert admin.execute("SELECT count(*) FROM audit.entry_default").fetchone() == (0,)
        assert (
            admin.execute(
                sql.SQL("SELECT id, at, new, row_hash FROM audit.{}").format(sql.Identifier(this[0]))
            ).fetchall()
            == before
        )
        assert [f for f in schema.check(dsn) if f.check != "drift" or "note" not in f.what] == []


def test_making_a_partition_waits_no_longer_than_it_says(admin: Raw, admin_dsn: str) -> None:
    """Somebody reads the trail for long: the sealer gives up for now, and so does not hold up who writes."""
    with psycopg.connect(admin_dsn) as reader:
        reader.execute("SELECT count(*) FROM audit.entry")
        with admin.transaction(force_rollback=True), pytest.raises(psycopg.errors.LockNotAvailable):
            admin.execute("SELECT audit.partition_make('entry', '2199-01-01')")
        assert admin.execute("SELECT audit.seal() >= 0").fetchone() == (True,)


def test_entries_of_before_come_along(
    new_database: Callable[[], AbstractContextManager[str]], cluster: Any
) -> None:
    """An upgrade from the revision before keeps ids, hashes and the sequence."""
    name = "before_partitions"
    with psycopg.connect(cluster.admin_dsn("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    dsn = cluster.admin_dsn(name)
    try:
        with schema._transaction(dsn) as (connection, raw):
            derived.prepare(raw)
            config = schema._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "rights")
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(
                "INSERT INTO audit.entry (xid, at, login, table_name, row_id, op, topic, record_id, new, row_hash) "
                "SELECT 100 + g, timestamptz '2026-01-31 23:30+00' + g * interval '10 days', 'u_x', 'system.note', "
                "g, 'I', 'system.note', g, '{}', sha256(int4send(g)) FROM generate_series(1, 9) g"
            )
            before = admin.execute("SELECT id, at, login, row_hash FROM audit.entry ORDER BY id").fetchall()
        schema.upgrade(dsn)
        with psycopg.connect(dsn, autocommit=True) as admin:
            found = admin.execute(
                "SELECT id, at, login, row_hash FROM audit.entry WHERE login = 'u_x' ORDER BY id"
            ).fetchall()
            assert found == before
            admin.execute(NOTE)
            new = admin.execute("SELECT min(id) FROM audit.entry WHERE login <> 'u_x'").fetchone()
            assert new == (len(before) + 1,)
            assert admin.execute("SELECT count(*) FROM audit.entry_2026_02").fetchone() == (2,)
            assert [f for f in schema.check(dsn) if f.check not in ("drift", "audit_row_hash")] == []
    finally:
        with psycopg.connect(cluster.admin_dsn("postgres"), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
