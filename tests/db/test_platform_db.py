"""The program's own connections: what a call costs, what breaks, what is tried again, what the user is told."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Counter, Database, Target
from app.core.errors import (
    AppError,
    Cancelled,
    Conflict,
    Duplicate,
    InUse,
    Invalid,
    NotAllowed,
    Refused,
    Unavailable,
    map_db_error,
)
from app.models.system import Company, Note
from app.services.system.commands import AddNote, SaveCompany
from app.services.system.reads import company
from app.services.system.writes import add_note, save_company
from tests.conftest import Cluster

Raw = psycopg.Connection[Any]
Counting = Callable[[Database], AbstractContextManager[Counter]]


def terminate(admin: Raw, login: str) -> int:
    row = admin.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s", (login,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def one(session: Session) -> int:
    return int(session.execute(text("SELECT 1")).scalar_one())


def test_what_calls_cost(role_dsn: Callable[[str], str], counted: Counting) -> None:
    target, password = Target.from_dsn(role_dsn("sales_rep"))
    db = Database(target, password)
    with counted(db) as login:
        db.open()
    with counted(db) as reading:
        db.read(company)
    with counted(db) as writing:
        db.write(add_note, AddNote("system.company", 1, "cost"))
    db.close()
    assert (login.statements, login.round_trips) == (1, 1)
    assert (reading.statements, reading.round_trips) == (1, 1)
    assert (writing.statements, writing.round_trips) == (1, 3)


def test_reads_cannot_write(as_role: Callable[[str], Database], admin: Raw) -> None:
    def sneaky(session: Session) -> None:
        session.execute(
            text("INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'sneaky')")
        )

    with pytest.raises(Exception, match="read-only"):
        as_role("sales_rep").read(sneaky)
    assert admin.execute("SELECT count(*) FROM system.note WHERE body = 'sneaky'").fetchone() == (0,)


def test_a_failed_write_leaves_nothing(as_role: Callable[[str], Database], admin: Raw) -> None:
    def half(session: Session, _command: object) -> Result[None]:
        session.add(Note(topic="system.company", record_id=1, body="half"))
        session.flush()
        raise Refused("something")

    db = as_role("sales_rep")
    with pytest.raises(Refused):
        db.write(half, None)
    assert admin.execute("SELECT count(*) FROM system.note WHERE body = 'half'").fetchone() == (0,)
    assert db.read(one) == 1


def test_numbers_and_times_arrive_exactly(as_role: Callable[[str], Database]) -> None:
    def fetch(session: Session) -> Any:
        statement = "SELECT jsonb_build_object('a', 0.1, 'b', 12345678901234567890, 'c', 3), 1.10::numeric(14,4), now()"
        return session.execute(text(statement)).one()

    found, amount, now = as_role("viewer").read(fetch)
    assert found == {"a": Decimal("0.1"), "b": 12345678901234567890, "c": 3}
    assert isinstance(found["a"], Decimal)
    assert str(amount) == "1.1000"
    assert now.utcoffset().total_seconds() == 0


def test_reads_and_writes_survive_killed_connections(as_role: Callable[[str], Database], admin: Raw) -> None:
    db = as_role("quality")
    db.read(one)
    for turn in range(3):
        assert terminate(admin, "u_quality") > 0
        assert db.read(one) == 1
        db.write(add_note, AddNote("system.company", 1, f"killed {turn}"))
    assert admin.execute("SELECT count(*) FROM system.note WHERE body LIKE 'killed%'").fetchone() == (3,)


def test_a_transaction_killed_in_the_middle_is_done_again_as_a_whole(
    as_role: Callable[[str], Database], admin: Raw
) -> None:
    runs: list[int] = []

    def work(session: Session, _command: object) -> Result[int]:
        runs.append(1)
        session.add(Note(topic="system.company", record_id=1, body="first half"))
        session.flush()
        if len(runs) == 1:
            terminate(admin, "u_marketing")
        session.add(Note(topic="system.company", record_id=1, body="second half"))
        session.flush()
        return Result(len(runs))

    assert as_role("marketing").write(work, None).value == 2
    rows = admin.execute(
        "SELECT body, count(*) FROM system.note WHERE body LIKE '%half' GROUP BY 1 ORDER BY 1"
    )
    assert rows.fetchall() == [("first half", 1), ("second half", 1)]


def test_a_server_that_is_away_is_said_to_be_away_and_comes_back(
    as_role: Callable[[str], Database], cluster: Cluster
) -> None:
    db = as_role("finance")
    cluster.instance.stop()
    try:
        with pytest.raises(Unavailable) as refusal:
            db.read(one)
        assert refusal.value.key == "server_gone"
        with pytest.raises(Unavailable):
            db.write(add_note, AddNote("system.company", 1, "away"))
    finally:
        cluster.instance.start()
    assert db.read(one) == 1  # the ticket outlives the server's restart


def test_a_deadlock_is_resolved_without_telling_anybody(
    as_role: Callable[[str], Database], role_dsn: Callable[[str], str], admin: Raw
) -> None:
    notes = [
        as_role("sales_rep").write(add_note, AddNote("system.company", 1, f"deadlock {n}")).value
        for n in (1, 2)
    ]
    target, password = Target.from_dsn(role_dsn("sales_rep"))
    meeting = threading.Barrier(2)
    tries: list[int] = []

    def work(session: Session, order: list[int]) -> Result[None]:
        tries.append(order[0])
        session.execute(text("SELECT 1 FROM system.note WHERE id = :id FOR UPDATE"), {"id": order[0]})
        if len(tries) <= 2:
            meeting.wait(60)
        session.execute(text("SELECT 1 FROM system.note WHERE id = :id FOR UPDATE"), {"id": order[1]})
        return Result(None)

    def person(order: list[int]) -> None:
        db = Database(target, password)
        db.open()
        db.write(work, order)
        db.close()

    threads = [threading.Thread(target=person, args=(order,)) for order in (notes, notes[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tries) == 3


def test_a_running_read_is_stopped_at_the_server_and_no_other(
    as_role: Callable[[str], Database], admin: Raw
) -> None:
    db = as_role("production_planner")
    answers: dict[str, Any] = {}
    ready = threading.Barrier(3)

    def read(name: str) -> None:
        ready.wait()
        try:
            answers[name] = db.read(lambda s: s.execute(text("SELECT pg_sleep(100)")).one())
        except AppError as error:
            answers[name] = error

    one = threading.Thread(target=read, args=("one",))
    other = threading.Thread(target=read, args=("other",))
    one.start()
    other.start()
    ready.wait()
    running = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE usename = 'u_production_planner' AND query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    )
    while admin.execute(running).fetchone() != (2,):
        pass
    db.cancel(one.ident)
    one.join()
    assert isinstance(answers["one"], Cancelled)
    assert admin.execute(running).fetchone() == (1,)
    db.cancel(other.ident)
    other.join()
    assert isinstance(answers["other"], Cancelled)


def test_two_people_editing_is_a_conflict(as_role: Callable[[str], Database]) -> None:
    db = as_role("administrator")
    before = db.read(company)
    db.write(save_company, SaveCompany(before.row_version, {"phone": "1"}))
    with pytest.raises(Conflict) as refusal:
        db.write(save_company, SaveCompany(before.row_version, {"phone": "2"}))
    assert refusal.value.params["row_version"] == before.row_version + 1


def test_a_change_between_reading_and_writing_is_a_conflict(
    as_role: Callable[[str], Database], admin: Raw
) -> None:
    def overtaken(session: Session, _command: object) -> Result[None]:
        mine = session.execute(select(Company)).scalar_one()
        admin.execute("UPDATE system.company SET phone = phone || '3'")
        mine.phone = "4"
        session.flush()
        return Result(None)

    with pytest.raises(Conflict):
        as_role("administrator").write(overtaken, None)


@pytest.mark.parametrize(
    ("statement", "kind", "key"),
    [
        ("INSERT INTO system.note (topic, record_id, body) VALUES ('x', 1, '')", Invalid, "note_body_length"),
        ("INSERT INTO system.note (topic, record_id, body) VALUES ('x', 1, NULL)", Invalid, "required"),
        (
            "INSERT INTO system.counter VALUES ('quote', 1, 'A', 1), ('quote', 1, 'A', 1)",
            Duplicate,
            "counter_pkey",
        ),
        ("DELETE FROM sec.role WHERE name = 'viewer'", InUse, "user_role_role_fkey"),
        ("SELECT 1e30::numeric(14,2)", Invalid, "value_out_of_range"),
        ("SELECT sec.fail('ER409', 'stale', '{\"row_version\": 7}')", Conflict, "stale"),
        ("SELECT sec.fail('ER423', 'locked')", Refused, "locked"),
        ("SET ROLE r_viewer; SELECT * FROM sec.session", NotAllowed, "not_allowed"),
        ("SET statement_timeout = 1; SELECT pg_sleep(5)", Refused, "took_too_long"),
    ],
)
def test_what_the_database_says_becomes_the_user_s_error(
    admin_dsn: str, statement: str, kind: type[AppError], key: str
) -> None:
    with psycopg.connect(admin_dsn) as connection, pytest.raises(psycopg.Error) as raised:
        connection.execute(statement)
    error = map_db_error(raised.value)
    assert type(error) is kind
    assert error.key == key


def test_a_bug_of_ours_stays_one(admin: Raw) -> None:
    with pytest.raises(psycopg.Error) as raised:
        admin.execute("SELECT no_such_column")
    assert map_db_error(raised.value) is None


def test_no_password_in_clear_to_another_machine() -> None:
    remote = Target("erp.example.com", 5432, "werkbank", "u_anna")
    for mode in ("disable", "prefer", "require", "verify-ca"):
        with pytest.raises(Invalid):
            replace(remote, sslmode=mode).connect_args()
    args = remote.connect_args()
    assert (args["sslmode"], args["channel_binding"], args["require_auth"]) == (
        "verify-full",
        "require",
        "scram-sha-256",
    )
    with pytest.raises(Invalid):
        replace(remote, sslrootcert="/no/such/file.pem").connect_args()
