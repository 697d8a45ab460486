"""Exactly once: the same command again gets the first answer, whatever happened on the way."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import Database, Target, call_api, posting
from app.core.errors import Refused
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from tests.conftest import PASSWORD, Cluster
from tests.db.cutting_proxy import CuttingProxy

Raw = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Post:
    """The smallest posting: one note, one number."""

    body: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@posting
def post(session: Session, command: Post) -> Result[str]:
    answer = call_api(session, "test_post", p_command=command.command, p_body=command.body)
    return Result(str(answer["number"]), changed(("system.note", int(answer["id"]))))


@pytest.fixture(scope="module", autouse=True)
def _test_post(admin_dsn: str) -> None:
    """A posting function of the usual shape that needs no other data."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute("""
            CREATE FUNCTION api.test_post(p_command uuid, p_body text) RETURNS jsonb
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            DECLARE v_replay jsonb; v_id bigint;
            BEGIN
              PERFORM sec.require('test_post');
              v_replay := api.command_begin(p_command, 'test_post', jsonb_build_object('body', p_body));
              IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
              IF p_body = 'refuse' THEN PERFORM sec.fail('ER422', 'test_refused', '{"limit": 1.25}'); END IF;
              INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, p_body)
              RETURNING id INTO v_id;
              RETURN api.command_end(p_command, jsonb_build_object('id', v_id, 'number', system.next_number('quote')));
            END $$;
            ALTER FUNCTION api.test_post OWNER TO erp_api;
            GRANT EXECUTE ON FUNCTION api.test_post TO r_sales_rep;
            INSERT INTO sec.role_right VALUES ('sales_rep', 'test_post');
            GRANT SELECT, INSERT, UPDATE ON system.note TO erp_api;
        """)


def notes(admin: Raw, body: str) -> int:
    row = admin.execute("SELECT count(*) FROM system.note WHERE body = %s", (body,)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_repeated_command_gets_the_first_answer(as_role: Callable[[str], Database], admin: Raw) -> None:
    db, command = as_role("sales_rep"), Post("once")
    assert db.write(post, command) == db.write(post, command)
    assert notes(admin, "once") == 1


def test_the_same_uuid_with_other_content_is_refused(as_role: Callable[[str], Database], admin: Raw) -> None:
    db, command = as_role("sales_rep"), Post("first content")
    db.write(post, command)
    with pytest.raises(Refused) as refusal:
        db.write(post, replace(command, body="second content"))
    assert refusal.value.key == "command_reused"
    assert notes(admin, "second content") == 0


def test_the_answer_of_somebody_else_is_not_given_out(as_role: Callable[[str], Database], admin: Raw) -> None:
    command = Post("private")
    as_role("sales_rep").write(post, command)
    login = f"u_other_{uuid.uuid4().hex[:8]}"
    admin.execute("SELECT sec.user_create(%s, 'Other', %s, '{sales_rep}')", (login, PASSWORD))
    with pytest.raises(Refused) as refusal:
        as_role(login).write(post, command)
    assert refusal.value.key == "command_reused"


def test_a_double_click_posts_once(
    as_role: Callable[[str], Database], role_dsn: Callable[[str], str], admin: Raw
) -> None:
    command, start = Post("double click"), threading.Barrier(6)
    target, password = Target.from_dsn(role_dsn("sales_rep"))

    def click(_number: int) -> Result[str]:
        db = Database(target, password)
        db.open()
        start.wait()
        try:
            return db.write(post, command)
        finally:
            db.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(click, range(6)))
    assert len(set(answers)) == 1
    assert notes(admin, "double click") == 1


def test_a_refusal_leaves_nothing_and_may_be_sent_again(
    as_role: Callable[[str], Database], admin: Raw
) -> None:
    db, command = as_role("sales_rep"), Post("refuse")
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            db.write(post, command)
        assert refusal.value.key == "test_refused"
        assert str(refusal.value.params["limit"]) == "1.25"
    assert admin.execute("SELECT count(*) FROM api.command WHERE id = %s", (command.command,)).fetchone() == (
        0,
    )


def test_numbers_have_no_gaps_whatever_is_refused(as_role: Callable[[str], Database], admin: Raw) -> None:
    db = as_role("sales_rep")
    numbers = []
    for turn in range(10):
        with pytest.raises(Refused):
            db.write(post, Post("refuse"))
        numbers.append(int(db.write(post, Post(f"number {turn}")).value.rsplit("-", 1)[1]))
    assert numbers == list(range(numbers[0], numbers[0] + 10))


def test_the_year_of_a_number_is_the_company_s(raw_role: Callable[..., Raw], admin: Raw) -> None:
    mine = raw_role("sales_rep", ticket=True)
    mine.execute("SET TimeZone = 'Pacific/Kiritimati'")
    row = mine.execute(
        "SELECT system.today() = (statement_timestamp() AT TIME ZONE 'Europe/Berlin')::date"
    ).fetchone()
    assert row == (True,)


def test_a_posting_costs_one_round_trip(
    as_role: Callable[[str], Database], counted: Callable[[Database], Any]
) -> None:
    db = as_role("sales_rep")
    db.write(post, Post("warm"))
    with counted(db) as spent:
        db.write(post, Post("one round trip"))
    assert (spent.statements, spent.round_trips) == (1, 1)


def test_a_posting_that_does_more_is_a_bug(as_role: Callable[[str], Database]) -> None:
    @posting
    def two(session: Session, _command: object) -> Result[None]:
        session.execute(text("SELECT 1"))
        session.execute(text("SELECT 2"))
        return Result(None)

    with pytest.raises(RuntimeError, match="one statement"):
        as_role("sales_rep").write(two, None)


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_posting_cut_on_the_way_happens_once(role_dsn: Callable[[str], str], admin: Raw, lost: str) -> None:
    target, password = Target.from_dsn(role_dsn("sales_rep"))
    with CuttingProxy(target.port) as proxy:
        db = Database(replace(target, port=proxy.port), password)
        db.open()
        for turn in range(5):
            proxy.cut(b"test_post", lost)
            result = db.write(post, Post(f"{lost} {turn}"))
            assert result.value.startswith("AN-")
            assert notes(admin, f"{lost} {turn}") == 1
        assert proxy.cuts == 5
        db.close()


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_draft_whose_commit_is_cut_is_saved_once(
    role_dsn: Callable[[str], str], admin: Raw, lost: str
) -> None:
    """A plain transaction has no command UUID: its fate is looked up by its number."""
    target, password = Target.from_dsn(role_dsn("sales_rep"))
    with CuttingProxy(target.port) as proxy:
        db = Database(replace(target, port=proxy.port), password)
        db.open()
        for turn in range(5):
            body = f"draft {lost} {turn}"
            proxy.cut(b"COMMIT", lost)
            db.write(add_note, AddNote("system.company", 1, body))
            assert notes(admin, body) == 1
        assert proxy.cuts == 5
        db.close()


def test_a_server_killed_under_load_loses_and_doubles_nothing(
    cluster: Cluster, role_dsn: Callable[[str], str], admin_dsn: str
) -> None:
    target, password = Target.from_dsn(role_dsn("sales_rep"))
    per_client, clients = 25, 4
    acknowledged: list[str] = []

    def work(number: int) -> None:
        db = Database(target, password)
        db.open()
        for turn in range(per_client):
            command = Post(f"crash {number} {turn}")
            while True:
                try:
                    db.write(post, command)
                    break
                except Exception as error:  # the server is down for longer than the retries last
                    if getattr(error, "key", "") not in ("server_gone", "server_busy"):
                        raise
            acknowledged.append(command.body)
        db.close()

    with ThreadPoolExecutor(clients) as pool:
        jobs = [pool.submit(work, number) for number in range(clients)]
        for share in (0.2, 0.5, 0.8):
            while len(acknowledged) < per_client * clients * share and not all(job.done() for job in jobs):
                threading.Event().wait(0.005)
            cluster.instance.stop("immediate")
            cluster.instance.start()
        for job in jobs:
            job.result()
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT body, count(*) FROM system.note WHERE body LIKE 'crash%' GROUP BY 1"
        ).fetchall()
        assert sorted(body for body, _ in rows) == sorted(acknowledged)
        assert {count for _, count in rows} == {1}
        gaps = admin.execute(
            "SELECT next_value - 1 - (SELECT count(*) FROM api.command) FROM system.counter WHERE series = 'quote'"
        ).fetchone()
        assert gaps == (0,)
