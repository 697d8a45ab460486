"""The guard's watchdog: what stands in others' way is ended, whoever it is, and nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.guard.service import Guard
from app.guard.settings import Settings
from app.guard.setup import prepare_login

Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def guard_dsn(admin_dsn: str) -> str:
    return prepare_login(admin_dsn)


@pytest.fixture
def guard(guard_dsn: str) -> Iterator[Guard]:
    found = Guard(Settings(guard_dsn))
    yield found
    found.close()


@pytest.fixture
def limits(admin: Raw) -> Iterator[Callable[..., None]]:
    """The watchdog's limits, so short that nobody has to wait for them."""

    def set_to(**seconds: int) -> None:
        for name, value in seconds.items():
            admin.execute(
                sql.SQL("UPDATE sec.policy SET {} = %s").format(sql.Identifier(name + "_seconds")), (value,)
            )

    yield set_to
    set_to(idle_transaction=120, blocking=30, statement=600)


def gone(connection: Raw) -> bool:
    """Whether the server has ended it."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def events(admin: Raw) -> list[tuple[str, str]]:
    return admin.execute(
        "SELECT kind, login FROM audit.event WHERE kind LIKE 'guard\\_%' ORDER BY id"
    ).fetchall()


def test_an_open_transaction_ends_and_its_locks_with_it(
    guard: Guard, admin: Raw, raw_role: Callable[..., Raw], limits: Callable[..., None]
) -> None:
    idle, working, other = (raw_role(role, ticket=True) for role in ("marketing", "viewer", "marketing"))
    admin.execute("INSERT INTO catalog.category (code, name_de, name_en) VALUES ('wd', 'W', 'W')")
    idle.execute("BEGIN")
    idle.execute("UPDATE catalog.category SET name_de = 'mine' WHERE code = 'wd'")
    guard.tick()
    assert not gone(idle), "two minutes are allowed"
    limits(idle_transaction=0)
    before = len(events(admin))
    guard.tick()
    assert gone(idle)
    assert not gone(working)
    assert events(admin)[before:] == [("guard_idle_transaction", "u_marketing")]
    other.execute("SET lock_timeout = '60s'")
    other.execute("UPDATE catalog.category SET name_de = 'theirs' WHERE code = 'wd'")
    row = admin.execute("SELECT name_de FROM catalog.category WHERE code = 'wd'").fetchone()
    assert row == ("theirs",)


def test_who_holds_what_others_wait_for_is_ended_and_who_waits_is_not(
    guard: Guard, admin: Raw, raw_role: Callable[..., Raw], limits: Callable[..., None]
) -> None:
    admin.execute(
        "INSERT INTO catalog.category (code, name_de, name_en) VALUES ('wb', 'W', 'W') ON CONFLICT DO NOTHING"
    )
    holder, waiter, bystander = (raw_role("marketing", ticket=True) for _ in range(3))
    holder.execute("BEGIN")
    holder.execute("UPDATE catalog.category SET name_de = 'mine' WHERE code = 'wb'")
    bystander.execute("BEGIN")
    bystander.execute("SELECT 1")
    waiter.execute("SET lock_timeout = 0")
    pid = waiter.info.backend_pid
    waiter.pgconn.send_query(b"UPDATE catalog.category SET name_de = 'theirs' WHERE code = 'wb'")
    while admin.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone() != (
        "Lock",
    ):
        pass
    before = len(events(admin))
    limits(blocking=0)
    guard.tick()
    result = waiter.pgconn.get_result()
    assert result is not None
    assert result.command_tuples == 1, "its turn came"
    while waiter.pgconn.get_result() is not None:
        pass
    assert gone(holder)
    assert not gone(bystander), "an open transaction nobody waits for has two minutes"
    assert events(admin)[before:] == [("guard_blocking", "u_marketing")]


def test_a_statement_that_takes_too_long_is_cancelled_and_its_connection_lives(
    guard: Guard, admin: Raw, raw_role: Callable[..., Raw], limits: Callable[..., None]
) -> None:
    slow = raw_role("viewer", ticket=True)
    slow.execute("SET statement_timeout = 0")
    slow.pgconn.send_query(b"SELECT pg_sleep(600)")
    pid = slow.info.backend_pid
    while admin.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone() != (
        "active",
    ):
        pass
    before = len(events(admin))
    guard.tick()
    assert events(admin)[before:] == []
    limits(statement=0)
    guard.tick()
    result = slow.pgconn.get_result()
    assert result is not None
    assert result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"57014"
    while slow.pgconn.get_result() is not None:
        pass
    assert not gone(slow)
    assert events(admin)[before:] == [("guard_statement_too_long", "u_viewer")]


def test_the_administrator_of_the_cluster_and_the_guard_are_left_alone(
    guard: Guard, admin_dsn: str, limits: Callable[..., None]
) -> None:
    with psycopg.connect(admin_dsn) as root:
        root.execute("SELECT 1")
        limits(idle_transaction=0, blocking=0, statement=0)
        guard.tick()
        assert not gone(root)
    assert guard.tick()["sec.guard_watch()"] == 0
