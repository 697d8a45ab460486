"""The database as it comes out of the migrations: rights equal the matrix, nothing drifts, no lint finds anything."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import NullPool, create_engine

from app.core import schema
from app.models import metadata
from migrations import derived, drift, generate, rights
from migrations.generate import Relation
from tests.conftest import Cluster

MATRIX = rights.load()
VERBS = ("SELECT", "INSERT", "UPDATE")


def test_check_finds_nothing(admin_dsn: str) -> None:
    assert schema.check(admin_dsn) == []


def test_upgrade_of_a_current_database_touches_nothing(
    admin_dsn: str, admin: psycopg.Connection[Any]
) -> None:
    when = "SELECT applied_at FROM system.sql_checksum"
    before = admin.execute(when).fetchone()
    assert not schema.upgrade(admin_dsn).applied
    assert admin.execute(when).fetchone() == before


def test_the_database_logs_no_parameters_and_compiles_no_plans(
    cluster: Cluster, admin: psycopg.Connection[Any]
) -> None:
    row = admin.execute(
        "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase "
        "WHERE setrole = 0 AND datname = %s",
        (cluster.template,),
    ).fetchone()
    wanted = {"log_parameter_max_length=0", "log_parameter_max_length_on_error=0", "jit=off"}
    assert row is not None
    assert set(row[0]) == wanted


def test_a_database_of_somebody_else_is_left_alone(cluster: Cluster) -> None:
    with pytest.raises(schema.SchemaError, match="holds no Werkbank"):
        schema.require_ours(cluster.admin_dsn("postgres"))


def test_upgrade_refuses_a_table_nobody_gave_rights_on(
    new_database: Callable[[], AbstractContextManager[str]],
) -> None:
    with new_database() as dsn, psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("CREATE TABLE sales.extra (id bigint PRIMARY KEY)")
        admin.execute("UPDATE system.sql_checksum SET sha256 = ''")
        with pytest.raises(schema.SchemaError, match=r"sales\.extra has no line in the matrix"):
            schema.upgrade(dsn)
        # All or nothing: what was there before still protects.
        assert admin.execute("SELECT count(*) > 50 FROM pg_policies").fetchone() == (True,)


def test_two_databases_of_a_cluster_can_be_set_up_at_once(
    new_database: Callable[[], AbstractContextManager[str]],
) -> None:
    with new_database() as one, new_database() as other:
        for dsn in (one, other):
            with psycopg.connect(dsn, autocommit=True) as admin:
                admin.execute("UPDATE system.sql_checksum SET sha256 = ''")
        with ThreadPoolExecutor(2) as pool:
            assert [done.applied for done in pool.map(schema.upgrade, (one, other))] == [True, True]


def test_upgrade_restores_what_was_changed_by_hand(
    new_database: Callable[[], AbstractContextManager[str]],
) -> None:
    with new_database() as dsn:
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("DROP POLICY gate ON system.note")
            admin.execute("GRANT DELETE ON system.note TO r_viewer")
            admin.execute("GRANT erp_api TO r_viewer")
            admin.execute("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC")
            admin.execute("GRANT UPDATE (created_by) ON system.note TO r_viewer")
            admin.execute("CREATE FUNCTION sec.back_door() RETURNS int LANGUAGE sql AS 'SELECT 1'")
            admin.execute("ALTER TABLE system.company DISABLE TRIGGER erp_log_update")
            admin.execute("UPDATE system.sql_checksum SET sha256 = ''")
        found = {(f.check, f.what.split(" ", 2)[1]) for f in schema.check(dsn) if f.check == "drift"}
        assert len(found) >= 4
        assert schema.upgrade(dsn).applied
        # A disabled trigger of ours is dropped and made anew, enabled.
        assert schema.check(dsn) == []


@pytest.fixture(scope="module")
def relations(admin_dsn: str) -> dict[str, Relation]:
    """Every table and view of the database, by name."""
    with psycopg.connect(admin_dsn) as connection:
        return {relation.name: relation for relation in derived.read_relations(connection)}


@pytest.mark.parametrize("table", sorted(MATRIX.tables))
def test_table_rights_equal_the_matrix(
    admin: psycopg.Connection[Any], relations: dict[str, Relation], table: str
) -> None:
    line = MATRIX.tables[table]
    relation = relations[table]
    wanted = {
        (role, column.name, verb)
        for role in MATRIX.roles
        for verb, given in zip(VERBS, (line.select, line.insert, line.update), strict=True)
        if given is not None and not MATRIX.including(role).isdisjoint(given.roles)
        for column in relation.columns
        if verb == "SELECT" or column.name in given.columns.of(relation.plain)
    }
    found = admin.execute(
        "SELECT r, c, v FROM unnest(%(roles)s::text[]) r, unnest(%(columns)s::text[]) c, unnest(%(verbs)s::text[]) v "
        "WHERE has_column_privilege('r_' || r, %(table)s::regclass, c, v)",
        {
            "roles": list(MATRIX.roles),
            "columns": [column.name for column in relation.columns],
            "verbs": list(VERBS),
            "table": table,
        },
    ).fetchall()
    assert set(found) == wanted
    beyond = admin.execute(
        "SELECT r, v FROM unnest(%s::text[]) r, unnest(%s::text[]) v "
        "WHERE has_table_privilege('r_' || r, %s::regclass, v)",
        (list(MATRIX.roles), ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"], table),
    ).fetchall()
    assert beyond == []


def test_every_object_has_a_line_in_the_matrix(relations: dict[str, Relation]) -> None:
    assert set(relations) == set(MATRIX.tables)


def test_function_rights_equal_the_matrix(admin: psycopg.Connection[Any]) -> None:
    named = dict(MATRIX.functions) | {"api.discard_draft": generate.discard_roles(MATRIX)}
    signatures = {f.signature: f"{f.schema}.{f.name}" for f in derived.read_functions(admin)}
    wanted = {
        (role, signature)
        for signature, name in signatures.items()
        for role in (*MATRIX.roles, "erp_user")
        if not (MATRIX.including(role) if role in MATRIX.roles else {role}).isdisjoint(named.get(name, ()))
    }
    found = admin.execute(
        "SELECT r, f FROM unnest(%s::text[]) r, unnest(%s::text[]) f "
        "WHERE has_function_privilege(CASE WHEN r LIKE 'erp\\_%%' THEN r ELSE 'r_' || r END, f, 'EXECUTE')",
        ([*MATRIX.roles, "erp_user"], list(signatures)),
    ).fetchall()
    assert set(found) == wanted


def test_models_equal_the_migrated_database(
    admin: psycopg.Connection[Any], new_database: Callable[[], AbstractContextManager[str]]
) -> None:
    """Tables made from the models and tables made by the migrations are the same to the last CHECK."""
    with new_database() as dsn:
        with psycopg.connect(dsn) as raw:
            derived.drop(raw)
            tables = ", ".join(r.name for r in derived.read_relations(raw))
            raw.execute(sql.SQL("DROP TABLE " + tables))
        engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
        metadata.create_all(engine)
        with psycopg.connect(dsn) as raw:
            from_models = drift.snapshot(raw)
    with admin.transaction():
        migrated = drift.snapshot(admin)
    kinds = re.compile(r"(column [^ :]+ |constraint |index )")
    assert [
        line
        for line in drift.differences(from_models, migrated)
        if kinds.match(line[2:]) and "alembic_version" not in line
    ] == []


def test_migrations_have_one_head_and_dated_names(repository: Path) -> None:
    script = ScriptDirectory(str(repository / "migrations"))
    assert len(script.get_heads()) == 1
    for file in (repository / "migrations" / "versions").glob("*.py"):
        assert file.name[:10].replace("_", "").isdigit(), file.name
