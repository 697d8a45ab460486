"""What an employee with psql and his own password can try, and what comes of it."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest

Raw = psycopg.Connection[Any]
DENIED = "42501"

REFUSED = {
    "become an owner": "SET ROLE erp_sec",
    "become another person": "SET SESSION AUTHORIZATION u_finance",
    "grant himself a role": "GRANT r_administrator TO u_sales_rep",
    "join the server's file readers": "GRANT pg_read_server_files TO u_sales_rep",
    "switch triggers off": "SET session_replication_role = replica",
    "extend his own password": "ALTER ROLE u_sales_rep VALID UNTIL 'infinity'",
    "lift his connection limit": "ALTER ROLE u_sales_rep CONNECTION LIMIT 1000",
    "make a login": "CREATE ROLE u_twin LOGIN",
    "run anonymous code": "DO $$ BEGIN PERFORM 1; END $$",
    "make a temporary table": "CREATE TEMP TABLE t (i int)",
    "make a table in public": "CREATE TABLE public.t (i int)",
    "make a function beside ours": "CREATE FUNCTION sales.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "make a type": "CREATE TYPE catalog.t AS ENUM ('a')",
    "make a schema": "CREATE SCHEMA mine",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'id'",
    "read a server file": "COPY system.note (body) FROM '/etc/passwd'",
    "read a file by function": "SELECT pg_read_file('/etc/passwd')",
    "take an advisory lock": "SELECT pg_advisory_lock(1)",
    "take a transaction's advisory lock": "SELECT pg_advisory_xact_lock(1)",
    "make a large object": "SELECT lo_create(0)",
    "fill the log of changes": "SELECT pg_logical_emit_message(false, 'x', 'y')",
    "lock a table": "LOCK TABLE system.note IN ACCESS EXCLUSIVE MODE",
    "truncate": "TRUNCATE system.note",
    "delete": "DELETE FROM system.note",
    "see password hashes": "SELECT rolpassword FROM pg_authid",
    "see tickets": "SELECT * FROM sec.session",
    "see rights of others": "SELECT * FROM sec.user_role",
    "read commands of others": "SELECT * FROM api.command",
    "write the trail": "INSERT INTO audit.entry (at, table_name, row_id, op, topic, record_id, row_hash) "
    "VALUES (now(), 'system.note', 1, 'I', 'system.note', 1, '')",
    "draw a legal number": "SELECT system.next_number('invoice')",
    "call an internal helper": "SELECT sec.password_set('u_finance', 'another long phrase')",
    "grant by helper": "SELECT sec.sync_roles('u_sales_rep')",
    "create a user": "SELECT sec.user_create('u_twin', 'Twin', 'another long phrase', '{viewer}')",
    "remember a command": "SELECT api.command_begin(gen_random_uuid(), 'x', '{}')",
    "end another's connection": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE usename = 'postgres' LIMIT 1",
    "change the server's settings": "ALTER SYSTEM SET work_mem = '1GB'",
    "listen in on replication": "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(raw_role: Callable[..., Raw], what: str) -> None:
    mine = raw_role("sales_rep", ticket=True)
    block = nullcontext() if "ALTER SYSTEM" in REFUSED[what] else mine.transaction()
    with pytest.raises(psycopg.Error) as refusal, block:
        mine.execute(REFUSED[what])
    assert refusal.value.sqlstate == DENIED, refusal.value


def test_row_security_off_is_an_error_not_data(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("sales_rep", ticket=True)
    mine.execute("SET row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        mine.execute("SELECT * FROM system.company")


def test_a_made_up_ticket_opens_nothing(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("administrator")
    for forged in ("", "0" * 64, "u_administrator"):
        mine.execute("SELECT set_config('erp.ticket', %s, false)", (forged,))
        assert mine.execute("SELECT count(*) FROM system.company").fetchone() == (0,)
        with pytest.raises(psycopg.Error) as refusal:
            mine.execute("SELECT * FROM sec.user_list()")
        assert refusal.value.sqlstate == "ER401"


def test_other_identities_in_settings_mean_nothing(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("viewer", ticket=True)
    for setting in ("erp.login", "app.user_id", "erp.command", "role_name.x"):
        mine.execute("SELECT set_config(%s, 'u_administrator', false)", (setting,))
    assert mine.execute("SELECT sec.actor(), sec.my_roles()").fetchone() == ("u_viewer", ["viewer"])


def test_a_connection_to_other_databases_of_the_cluster_is_refused(role_dsn: Callable[[str], str]) -> None:
    for other in ("postgres", "template1"):
        head, _, tail = role_dsn("viewer").rpartition("/")
        with pytest.raises(psycopg.OperationalError, match="CONNECT"):
            psycopg.connect(f"{head}/{other}?{tail.partition('?')[2]}").close()


def test_the_search_path_cannot_be_hijacked(raw_role: Callable[..., Raw], admin: Raw) -> None:
    mine = raw_role("sales_rep", ticket=True)
    schemas = [row[0] for row in admin.execute("SELECT nspname FROM pg_namespace").fetchall()]
    made = []
    for schema in [*schemas, "pg_temp"]:
        for statement in (
            f'CREATE TABLE "{schema}".session (x int)',
            f"CREATE FUNCTION \"{schema}\".sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
            f'CREATE VIEW "{schema}".app_user AS SELECT 1 AS x',
            f'CREATE OPERATOR "{schema}".= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)',
        ):
            try:
                mine.execute(statement)
                made.append(statement)
            except psycopg.Error:
                continue
    assert made == []
    before = mine.execute("SELECT sec.my_roles(), sec.my_limit('discount_pct'), sec.session_ok()").fetchone()
    mine.execute("SET search_path = pg_temp, sec, system, audit, public")
    after = mine.execute("SELECT sec.my_roles(), sec.my_limit('discount_pct'), sec.session_ok()").fetchone()
    assert before == after == (["sales_rep"], 12, True)


def test_what_core_lets_pass_does_no_harm(raw_role: Callable[..., Raw]) -> None:
    """Documented limits: one's own timeouts, one's own password, NOTIFY."""
    mine = raw_role("viewer", ticket=True)
    mine.execute("SET statement_timeout = 0")
    mine.execute("SELECT pg_notify('erp_change', 'sales.invoice:1')")
    assert mine.execute(
        "SELECT jsonb_array_length(system.changes_since('1') -> 'changes') >= 0"
    ).fetchone() == (True,)
