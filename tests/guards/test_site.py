"""`werkbank db check --security`: what is wrong is named with what to do, and a sound house is left in peace."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core import schema
from migrations import site

# Settings of the machine, not of the database: a test server has no guard, and shares its logins with other databases.
OF_THE_MACHINE = {
    "guard_not_there",
    "login_nobody_knows",
    "server_outdated",
    "membership_by_hand",
    "entrance_too_wide",
}
MISTAKES = {
    "ALTER TABLE sales.quote DISABLE ROW LEVEL SECURITY": "row_security_off",
    "GRANT DELETE ON sales.quote TO r_viewer": "grant_too_wide",
    "GRANT r_finance TO u_viewer": "membership_by_hand",
    "GRANT pg_read_all_data TO u_viewer": "membership_by_hand",
    "CREATE ROLE u_proof_unknown LOGIN": "login_nobody_knows",
    "ALTER ROLE u_viewer CREATEROLE": "role_too_strong",
    "SET LOCAL log_parameter_max_length = 100": "secrets_in_the_log",
    "SET LOCAL password_encryption = md5": "password_form",
}


def found(connection: psycopg.Connection[Any]) -> set[str]:
    return {advice.check for advice in site.look(connection)}


def test_a_sound_house_is_left_in_peace(admin_dsn: str) -> None:
    with psycopg.connect(admin_dsn) as connection:
        assert found(connection) <= OF_THE_MACHINE


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(admin_dsn: str, mistake: str) -> None:
    with psycopg.connect(admin_dsn) as connection:
        connection.execute(sql.SQL(mistake))
        assert MISTAKES[mistake] in found(connection)
        connection.rollback()


def test_every_lint_says_what_to_do() -> None:
    lints = {path.stem for path in (schema.REPOSITORY / "migrations" / "sql" / "lints").glob("*.sql")}
    assert set(site.ADVICE) == lints
