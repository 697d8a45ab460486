"""The guard: who is locked after how many failures, when it ends, and that nothing is counted twice or lost."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from app.core.db import Target
from app.guard.service import Guard
from app.guard.settings import Settings
from app.guard.setup import prepare_login
from tests.conftest import Cluster

Raw = psycopg.Connection[Any]


class Log:
    """The server's log as a test wants it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "postgresql.json"
        self.file.touch()

    def fail(self, login: str, times: int = 1, address: str = "10.1.2.3", code: str = "28P01") -> None:
        at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"
        entry = {"timestamp": at, "user": login, "remote_host": address, "state_code": code}
        with self.file.open("a", encoding="utf-8") as out:
            out.write((json.dumps(entry) + "\n") * times)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


@pytest.fixture(scope="module")
def guard_dsn(admin_dsn: str) -> str:
    return prepare_login(admin_dsn)


@pytest.fixture
def guard(guard_dsn: str, tmp_path: Path) -> Iterator[Guard]:
    found = Guard(Settings(guard_dsn, str(tmp_path)))
    yield found
    found.close()


@pytest.fixture
def person(admin: Raw) -> Iterator[Callable[[], str]]:
    """Somebody nobody else's test is about."""
    made: list[str] = []

    def make(*roles: str) -> str:
        login = f"u_guarded_{uuid4().hex[:8]}"
        made.append(login)
        admin.execute(
            "SELECT sec.user_create(%s, 'Somebody', 'a long phrase for it', %s)",
            (login, list(roles) or ["viewer"]),
        )
        return login

    yield make
    for login in made:
        admin.execute(
            "UPDATE sec.app_user SET status = 'left' WHERE login = %s AND status <> 'left'", (login,)
        )
    admin.execute("SET session_replication_role = replica")
    for login in made:
        for table in ("session", "user_role", "person_task", "password_history"):
            admin.execute(
                sql.SQL("DELETE FROM sec.{} WHERE login = %s").format(sql.Identifier(table)), (login,)
            )
        admin.execute("DELETE FROM sec.app_user WHERE login = %s", (login,))
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))
    admin.execute("DELETE FROM sec.login_attempt")
    admin.execute("DELETE FROM sec.alarm")
    admin.execute("RESET session_replication_role")


def status(admin: Raw, login: str) -> tuple[str, bool]:
    """Status, and whether PostgreSQL lets the login in."""
    row = admin.execute(
        "SELECT u.status, r.rolcanlogin FROM sec.app_user u JOIN pg_roles r ON r.rolname = u.login WHERE u.login = %s",
        (login,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def alarms(admin: Raw) -> list[tuple[str, str]]:
    return admin.execute("SELECT kind, login FROM sec.alarm ORDER BY id").fetchall()


def test_five_failures_from_one_address_lock(
    guard: Guard, log: Log, admin: Raw, person: Callable[..., str]
) -> None:
    login = person()
    log.fail(login, 4)
    log.fail(login, 4, address="10.9.9.9")
    guard.read_log()
    assert status(admin, login) == ("active", True)
    assert alarms(admin) == []
    log.fail(login)
    assert guard.read_log() == 1
    assert status(admin, login) == ("locked", False)
    assert alarms(admin) == [("locked_by_address", login)]
    row = admin.execute("SELECT detail FROM sec.alarm").fetchone()
    assert row is not None
    assert (row[0]["address"], row[0]["failures"]) == ("10.1.2.3", 9)
    event = admin.execute(
        "SELECT by_login, detail ->> 'reason' FROM audit.event WHERE kind = 'user_locked' AND login = %s",
        (login,),
    ).fetchall()
    assert event == [("s_guard", "too_many_failures")]


def test_fifteen_failures_from_everywhere_lock(
    guard: Guard, log: Log, admin: Raw, person: Callable[..., str]
) -> None:
    login = person()
    for number in range(14):
        log.fail(login, address=f"10.0.0.{number}")
    guard.read_log()
    assert status(admin, login)[0] == "active"
    log.fail(login, address="10.0.0.99", code="28000")
    guard.read_log()
    assert status(admin, login) == ("locked", False)
    assert ("locked_by_failures", login) in alarms(admin)


def test_failures_of_long_ago_and_before_an_unlocking_do_not_count(
    guard: Guard, log: Log, admin: Raw, person: Callable[..., str]
) -> None:
    login = person()
    log.fail(login, 4)
    guard.read_log()
    admin.execute("UPDATE sec.login_attempt SET at = at - interval '16 minutes' WHERE login = %s", (login,))
    log.fail(login, 4)
    guard.read_log()
    assert status(admin, login)[0] == "active"
    log.fail(login)
    guard.read_log()
    assert status(admin, login)[0] == "locked"
    admin.execute("SELECT sec.user_unlock(%s)", (login,))
    log.fail(login, 4)
    guard.read_log()
    assert status(admin, login) == ("active", True)
    log.fail(login)
    guard.read_log()
    assert status(admin, login)[0] == "locked"


def test_failures_while_locked_do_not_prolong_it_and_time_unlocks(
    guard: Guard, log: Log, admin: Raw, person: Callable[..., str]
) -> None:
    login = person()
    log.fail(login, 5)
    guard.read_log()
    until = admin.execute("SELECT locked_until FROM sec.app_user WHERE login = %s", (login,)).fetchone()
    assert until is not None
    assert until[0] - dt.datetime.now(dt.UTC) > dt.timedelta(minutes=14)
    log.fail(login, 20, code="28000")
    guard.read_log()
    assert (
        admin.execute("SELECT locked_until FROM sec.app_user WHERE login = %s", (login,)).fetchone() == until
    )
    guard.tick()
    assert status(admin, login)[0] == "locked"
    admin.execute("UPDATE sec.app_user SET locked_until = now() WHERE login = %s", (login,))
    guard.tick()
    assert status(admin, login) == ("active", True)
    assert len(alarms(admin)) == 1


def test_a_lock_by_hand_has_no_end(guard: Guard, admin: Raw, person: Callable[..., str]) -> None:
    login = person()
    admin.execute("SELECT sec.user_lock(%s, 'lost the laptop')", (login,))
    guard.tick()
    assert status(admin, login) == ("locked", False)


def test_the_last_who_could_unlock_is_alarmed_but_not_locked(
    guard: Guard, log: Log, admin: Raw, person: Callable[..., str]
) -> None:
    others = [
        row[0]
        for row in admin.execute("SELECT DISTINCT login FROM sec.people_with('user_unlock')").fetchall()
    ]
    login = person("administrator")
    for other in others:
        admin.execute("SELECT sec.user_suspend(%s, 'on leave')", (other,))
    try:
        log.fail(login, 5)
        log.fail(login, 5)
        guard.read_log()
        assert status(admin, login) == ("active", True)
        assert alarms(admin) == [("lock_spared", login)], "told once"
    finally:
        for other in others:
            admin.execute("SELECT sec.user_activate(%s)", (other,))
    log.fail(login, 1)
    guard.read_log()
    assert status(admin, login)[0] == "locked", "now somebody else could unlock"


def test_the_guard_cannot_be_shut_out_by_its_own_work(guard: Guard, log: Log, admin: Raw) -> None:
    log.fail("s_guard", 30)
    guard.read_log()
    assert status(admin, "s_guard") == ("active", True)
    assert alarms(admin) == [("lock_spared", "s_guard")]
    admin.execute("DELETE FROM sec.alarm")
    admin.execute("DELETE FROM sec.login_attempt")


def test_one_address_that_tries_many_logins_is_told_of(guard: Guard, log: Log, admin: Raw) -> None:
    for number in range(5):
        log.fail(f"u_nobody{number}", address="2001:db8::7")
    guard.read_log()
    assert alarms(admin) == [("many_logins_from_address", "")]
    guard.read_log()
    log.fail("u_nobody9", address="2001:db8::7")
    guard.read_log()
    assert len(alarms(admin)) == 1
    admin.execute("DELETE FROM sec.alarm")
    admin.execute("DELETE FROM sec.login_attempt")


def test_two_guards_and_a_crash_count_nothing_twice(
    guard: Guard, guard_dsn: str, log: Log, admin: Raw, tmp_path: Path, person: Callable[..., str]
) -> None:
    login = person()
    second = Guard(Settings(guard_dsn, str(tmp_path)))
    try:
        log.fail(login, 2)
        guard.read_log()
        assert second.read_log() == 0, "the position is the database's"
        log.fail(login, 2)
        second.read_log()
        assert guard.read_log() == 0, "a stale position is not taken"
        assert guard.read_log() == 0
    finally:
        second.close()
    assert status(admin, login)[0] == "active"
    count = admin.execute("SELECT count(*) FROM sec.login_attempt WHERE login = %s", (login,)).fetchone()
    assert count == (4,)


def test_a_report_that_fails_leaves_the_position_where_it_was(
    guard: Guard, log: Log, admin: Raw, person: Callable[..., str]
) -> None:
    login = person()
    log.fail(login, 5)
    admin.execute(
        sql.SQL("ALTER TABLE sec.login_attempt ADD CONSTRAINT broken CHECK (login <> {}) NOT VALID").format(
            login
        )
    )
    try:
        with pytest.raises(psycopg.errors.CheckViolation):
            guard.read_log()
    finally:
        admin.execute("ALTER TABLE sec.login_attempt DROP CONSTRAINT broken")
    assert guard.read_log() == 5
    assert status(admin, login)[0] == "locked"


def test_a_log_that_cannot_be_read_is_an_alarm_once_an_hour(
    guard_dsn: str, admin: Raw, tmp_path: Path
) -> None:
    blind = Guard(Settings(guard_dsn, str(tmp_path / "nothing")))
    try:
        blind.read_log()
        blind.read_log()
    finally:
        blind.close()
    assert alarms(admin) == [("guard_log_unreadable", "")]
    admin.execute("DELETE FROM sec.alarm")


def test_a_step_that_fails_keeps_no_other_from_being_done(
    guard: Guard, admin: Raw, person: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    login = person()
    admin.execute("SELECT sec.user_lock(%s, '', now() + interval '1 hour')", (login,))
    admin.execute("UPDATE sec.app_user SET locked_until = now() WHERE login = %s", (login,))
    source = admin.execute("SELECT pg_get_functiondef('sec.guard_watch()'::regprocedure)").fetchone()
    assert source is not None
    admin.execute("CREATE OR REPLACE FUNCTION sec.guard_watch() RETURNS int LANGUAGE sql AS 'SELECT 1 / 0'")
    try:
        done = guard.tick()
    finally:
        admin.execute(source[0])
    assert done["sec.guard_watch()"] == "22012"
    assert "steps failed" in caplog.text
    caplog.clear()
    assert status(admin, login)[0] == "active"
    assert ("guard_step_failed", "") in alarms(admin)


def test_a_role_that_ended_is_no_membership_any_more(
    guard: Guard, admin: Raw, person: Callable[..., str]
) -> None:
    login = person("viewer")
    admin.execute("SET session_replication_role = replica")
    admin.execute(
        "UPDATE sec.user_role SET valid_from = now() - interval '2 days', valid_to = now() - interval '1 second' "
        "WHERE login = %s",
        (login,),
    )
    admin.execute("RESET session_replication_role")
    member = "SELECT sec.is_member('r_viewer', %s)"
    assert admin.execute(member, (login,)).fetchone() == (True,)
    guard.tick()
    assert admin.execute(member, (login,)).fetchone() == (False,)


def test_the_guard_has_no_right_but_its_own(guard_dsn: str, admin: Raw) -> None:
    with psycopg.connect(guard_dsn, autocommit=True) as raw:
        raw.execute("SELECT sec.session_open()")
        tables = raw.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', "
            "'inventory', 'purchasing', 'production', 'sales') AND c.relkind IN ('r', 'p', 'v') "
            "AND has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')"
        ).fetchall()
        assert tables == []
        for statement in ("SELECT sec.user_unlock('u_viewer')", "SELECT sec.session_kill(1, '')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(sql.SQL(statement))
    mine = admin.execute("""SELECT "right" FROM sec.role_right WHERE role = 'guard' ORDER BY 1""").fetchall()
    assert [row[0] for row in mine] == [
        "anchor",
        "event_import",
        "guard_alarm",
        "guard_mark",
        "guard_report",
        "guard_strays",
        "guard_tick",
        "mail_settle",
        "mail_take",
        "partitions_ahead",
        "reset_issue",
        "reset_take",
        "seal",
    ]


def test_people_cannot_do_what_the_guard_does(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("system_administrator", ticket=True)
    for call in (
        "guard_tick()",
        "guard_strays()",
        "guard_report('\\x', '', 0, 0, '[]')",
        "mail_take(1)",
        "guard_prepare()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mine.execute(sql.SQL(f"SELECT sec.{call}"))


def test_what_the_database_denied_is_in_the_trail(guard: Guard, log: Log, admin: Raw, admin_dsn: str) -> None:
    at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"
    entry = {
        "timestamp": at,
        "user": "u_viewer",
        "dbname": Target.from_dsn(admin_dsn)[0].dbname,
        "remote_host": "[local]",
        "state_code": "ER403",
        "message": "invoice_post",
    }
    for other in (entry, entry, entry | {"dbname": "another"}):
        with log.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(other) + "\n")
    guard.read_log()
    found = admin.execute(
        "SELECT by_login, detail ->> 'right' FROM audit.event WHERE kind = 'denied' AND login = 'u_viewer'"
    ).fetchall()
    assert set(found) == {("s_guard", "invoice_post")}


# -- with the server's own log ---------------------------------------------------------------------------------------


def wait_for(condition: Callable[[], bool], stop: threading.Event, seconds: float = 60) -> None:
    """Give it time: a slow machine is no bug."""
    for _ in range(int(seconds * 20)):
        if condition():
            return
        stop.wait(0.05)
    raise AssertionError("it did not happen")


def test_wrong_passwords_over_the_net_lock_and_time_unlocks(
    cluster: Cluster, guard_dsn: str, admin: Raw, admin_dsn: str, person: Callable[..., str]
) -> None:
    login = person()
    target, _ = Target.from_dsn(admin_dsn)
    address = f"postgresql://{login}:%s@127.0.0.1:{target.port}/{target.dbname}"
    stop = threading.Event()
    guard = Guard(Settings(guard_dsn, str(cluster.instance.log)))
    working = threading.Thread(target=guard.run, args=(stop,))
    pause = threading.Event()
    working.start()
    try:
        right = address % "a%20long%20phrase%20for%20it"
        with psycopg.connect(right, autocommit=True) as inside:
            inside.execute("SELECT sec.session_open()")
            for _ in range(5):
                with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                    psycopg.connect(address % "wrong")
            wait_for(lambda: status(admin, login) == ("locked", False), pause)
            wait_for(lambda: gone(inside), pause)
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            psycopg.connect(right)
        assert ("locked_by_address", login) in alarms(admin)
        admin.execute("UPDATE sec.app_user SET locked_until = now() WHERE login = %s", (login,))
        wait_for(lambda: status(admin, login) == ("active", True), pause)
        psycopg.connect(right).close()
    finally:
        stop.set()
        working.join()


def gone(connection: Raw) -> bool:
    """Whether the server has ended it."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def test_a_locked_person_is_out_with_every_connection_and_stays_out(
    guard_dsn: str, admin: Raw, admin_dsn: str, person: Callable[..., str]
) -> None:
    login = person()
    target, _ = Target.from_dsn(admin_dsn)
    address = f"postgresql://{login}:a%20long%20phrase%20for%20it@127.0.0.1:{target.port}/{target.dbname}"
    ended, pause = threading.Event(), threading.Event()

    def cling() -> None:
        """A pool: whenever the connection breaks, it comes back at once."""
        while not ended.is_set():
            try:
                with psycopg.connect(address, autocommit=True) as mine:
                    while not ended.is_set():
                        mine.execute("SELECT 1")
                        pause.wait(0.001)
            except psycopg.Error:
                pause.wait(0.001)

    pools = [threading.Thread(target=cling) for _ in range(2)]
    connections = [psycopg.connect(address, autocommit=True) for _ in range(4)]
    stop = threading.Event()
    guard = Guard(Settings(guard_dsn))
    working = threading.Thread(target=guard.run, args=(stop,))
    count = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    try:
        for thread in (*pools, working):
            thread.start()
        wait_for(lambda: (admin.execute(count, (login,)).fetchone() or (0,))[0] == 6, pause)
        admin.execute("SELECT sec.user_lock(%s, 'for a test')", (login,))
        wait_for(lambda: admin.execute(count, (login,)).fetchone() == (0,), pause)
        for _ in range(20):  # and nobody comes back
            pause.wait(0.02)
            assert admin.execute(count, (login,)).fetchone() == (0,)
        assert all(gone(connection) for connection in connections)
    finally:
        ended.set()
        stop.set()
        for thread in (*pools, working):
            thread.join()
        for connection in connections:
            connection.close()
