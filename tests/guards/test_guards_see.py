"""A guard is worth what it sees: each protection is taken away once, and the check must name it."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from migrations import drift

WITHOUT_REQUIRE = """
DO $$
DECLARE
  v_text text := pg_get_functiondef('api.discard_draft'::regproc);
BEGIN
  EXECUTE replace(v_text, 'PERFORM sec.require(', 'PERFORM length(');
END $$
"""
# What is taken away, and the check that has to notice; the comparison with a fresh database sees nearly all as well.
MUTANTS = {
    "ALTER TABLE sales.quote DISABLE ROW LEVEL SECURITY": "row_security_off",
    "ALTER TABLE sales.quote NO FORCE ROW LEVEL SECURITY": "row_security_off",
    "DROP POLICY gate ON sales.quote": "gate_missing",
    "ALTER POLICY gate ON sales.quote USING (true)": "gate_missing",
    "ALTER POLICY gate ON sales.quote TO erp_user": "restrictive_policy_not_public",
    "CREATE POLICY x ON sales.quote FOR SELECT TO r_viewer USING (sec.may(state))": "policy_function_per_row",
    "CREATE POLICY x ON sales.quote FOR UPDATE TO r_viewer USING (true)": "write_policy_unchecked",
    "ALTER FUNCTION api.discard_draft RESET search_path": "definer_function_unsafe",
    "ALTER FUNCTION api.discard_draft RESET debug_print_plan": "definer_function_unsafe",
    "ALTER FUNCTION api.discard_draft OWNER TO postgres": "definer_function_unsafe",
    "GRANT EXECUTE ON FUNCTION api.discard_draft TO PUBLIC": "open_to_public",
    WITHOUT_REQUIRE: "definer_function_unasked",
    "GRANT DELETE ON sales.quote TO r_sales_rep": "grant_too_wide",
    "GRANT UPDATE ON sales.quote TO r_sales_rep": "grant_too_wide",
    "GRANT UPDATE (row_version) ON sales.quote TO r_sales_rep": "grant_too_wide",
    "GRANT USAGE ON SEQUENCE sales.quote_id_seq TO r_sales_rep": "grant_too_wide",
    "CREATE VIEW sales.leak AS SELECT 1 AS x": "view_unsafe",
    "CREATE MATERIALIZED VIEW sales.leak AS SELECT 1 AS x": "view_unsafe",
    "DROP TRIGGER erp_log_update ON sales.quote": "audit_missing",
    "ALTER TABLE sales.quote DISABLE TRIGGER erp_stamp": "trigger_disabled",
    "ALTER ROLE erp_api CREATEDB": "role_too_strong",
    "GRANT erp_api TO r_viewer": "role_too_strong",
    "ALTER ROLE u_viewer BYPASSRLS": "role_too_strong",
    "GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC": "open_to_public",
    "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC": "drift",
    "CREATE TABLE sales.extra (id int)": "matrix",
    "CREATE FUNCTION sales.extra() RETURNS int LANGUAGE sql AS 'SELECT 1'": "drift",
    "ALTER TABLE sales.quote DROP CONSTRAINT quote_state_known": "drift",
    "ALTER TABLE sales.quote_line DROP CONSTRAINT quote_line_quote_id_fkey": "drift",
    "ALTER TABLE sales.quote ALTER state SET DEFAULT 'issued'": "drift",
    "DROP TRIGGER erp_guard_update ON sales.quote_line": "drift",
    "INSERT INTO sec.role_right VALUES ('viewer', 'user_create')": "drift",
    "UPDATE sec.role_limit SET value = 100": "drift",
    "UPDATE sec.compat SET min_protocol = 0": "drift",
    "UPDATE system.counter SET next_value = 7 WHERE series = 'invoice'": "number_gaps",
    "INSERT INTO api.command (id, function, args_hash) VALUES (gen_random_uuid(), 'x', '')": "command_without_answer",
}


@pytest.fixture(scope="module")
def intact(admin_dsn: str) -> frozenset[str]:
    with psycopg.connect(admin_dsn) as connection:
        return drift.snapshot(connection)


def findings(connection: psycopg.Connection[Any], intact: frozenset[str]) -> set[str]:
    found = {name for folder in ("lints", "consistency") for name, _ in drift.run_queries(connection, folder)}
    if drift.differences(intact, drift.snapshot(connection)):
        found.add("drift")
    if drift.matrix_gaps(connection):
        found.add("matrix")
    return found


def test_nothing_is_found_where_nothing_is_wrong(admin_dsn: str, intact: frozenset[str]) -> None:
    with psycopg.connect(admin_dsn) as connection:
        assert findings(connection, intact) == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda text: " ".join(text.split())[:70])
def test_a_missing_protection_is_named(admin_dsn: str, intact: frozenset[str], mutant: str) -> None:
    with psycopg.connect(admin_dsn) as connection:
        connection.execute(sql.SQL(mutant))
        assert MUTANTS[mutant] in findings(connection, intact)
        connection.rollback()
