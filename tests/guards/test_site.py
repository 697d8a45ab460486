"""`werkbank db check --security`: what is wrong is named with what to do, and a sound house is left in peace."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from app import cli
from app.core import schema
from migrations import site
from tests.conftest import Cluster

# Settings of the machine, not of the database: a test server has no guard, and shares its logins with other databases.
OF_THE_MACHINE = {
    "another_database_open",
    "guard_not_there",
    "login_nobody_knows",
    "server_outdated",
    "membership_by_hand",
}
MISTAKES = {
    "ALTER TABLE sales.quote DISABLE ROW LEVEL SECURITY": "row_security_off",
    "GRANT DELETE ON sales.quote TO r_viewer": "grant_too_wide",
    "GRANT r_finance TO u_viewer": "membership_by_hand",
    "GRANT pg_read_all_data TO u_viewer": "membership_by_hand",
    "CREATE ROLE u_proof_unknown LOGIN IN ROLE {entrance}": "login_nobody_knows",
    "ALTER ROLE u_viewer CREATEROLE": "role_too_strong",
    "ALTER TABLE sales.invoice DISABLE TRIGGER ALL": "trigger_disabled",
    "CREATE FUNCTION sec.x(t text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE t; END'": (
        "definer_function_unsafe"
    ),
    "CREATE VIEW sales.everything AS SELECT * FROM sales.invoice": "view_unsafe",
    "GRANT SELECT ON sales.invoice TO PUBLIC": "open_to_public",
    "GRANT CREATE ON SCHEMA public TO PUBLIC": "open_to_public",
    "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC": "server_function_open",
    "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC": "server_function_open",
    "GRANT CONNECT ON DATABASE template1 TO PUBLIC": "another_database_open",
    "CREATE ROLE proof_boss SUPERUSER LOGIN PASSWORD 'x'": "another_superuser",
    "CREATE ROLE proof_copies REPLICATION LOGIN": "another_superuser",
    "SET LOCAL log_parameter_max_length = 100": "secrets_in_the_log",
    "SET LOCAL password_encryption = md5": "password_form",
}


@pytest.fixture(scope="module")
def sound(admin_dsn: str) -> set[site.Advice]:
    """What is said of the house before anybody makes a mistake."""
    with psycopg.connect(admin_dsn) as connection:
        return set(site.look(connection))


def test_a_sound_house_is_left_in_peace(sound: set[site.Advice]) -> None:
    assert {advice.check for advice in sound} <= OF_THE_MACHINE


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(admin_dsn: str, sound: set[site.Advice], mistake: str) -> None:
    with psycopg.connect(admin_dsn) as connection:
        # Only who is let in by the database's own entrance may come in at all.
        entrance = schema.entrance(connection, connection.info.dbname) or "erp_user"
        connection.execute(sql.SQL(mistake).format(entrance=sql.Identifier(entrance)))
        assert MISTAKES[mistake] in {advice.check for advice in set(site.look(connection)) - sound}
        connection.rollback()


ENTRANCES = """
host     all       all    0.0.0.0/0    md5
hostssl  all       all    10.0.0.0/8   scram-sha-256
host     werkbank  u_tom  10.1.1.1/32  trust
nonsense
"""
SETTINGS = {"listen_addresses": "*", "log_destination": "stderr", "password_encryption": "md5"}


@pytest.fixture
def careless(cluster: Cluster) -> Iterator[None]:
    """The worker's server as somebody in a hurry leaves it; put right again afterwards."""
    instance = cluster.instance
    rules = instance.data / "pg_hba.conf"
    sound = rules.read_text("utf-8")

    def restart(word: str) -> None:
        with psycopg.connect(cluster.admin_dsn("postgres"), autocommit=True) as admin:
            for name, value in SETTINGS.items():
                admin.execute(sql.SQL(word).format(sql.Identifier(name), sql.Literal(value)))
        instance.stop()
        instance.start()

    restart("ALTER SYSTEM SET {} = {}")
    rules.write_text(sound + ENTRANCES, "utf-8")
    yield
    rules.write_text(sound, "utf-8")
    restart("ALTER SYSTEM RESET {}")


def test_a_careless_server_is_named_line_by_line_with_what_to_do(
    admin_dsn: str, careless: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["db", "check", "--security", "--admin-dsn", admin_dsn]) == 1
    said = capsys.readouterr().out
    for line in (
        "server_in_the_clear: listens on * with ssl = off",
        "superuser_from_the_network: pg_hba.conf line",
        "host all all 0.0.0.0 md5",
        "host werkbank u_tom 10.1.1.1 trust",
        'invalid connection type "nonsense"',
        "log_unfit_for_the_guard: log_destination = stderr",
        "password_form: password_encryption = md5",
        "-> Give the server a certificate and set ssl = on (docs/admin/server.md).",
        "-> People come in by hostssl and scram-sha-256",
        "guard_not_there: no sign of life",
    ):
        assert line in said


def test_every_lint_says_what_to_do() -> None:
    lints = {path.stem for path in (schema.REPOSITORY / "migrations" / "sql" / "lints").glob("*.sql")}
    assert set(site.ADVICE) == lints
