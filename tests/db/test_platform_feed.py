"""How other people's commits reach a client: nothing skipped, nobody told what he may not see."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app.core.changes import Change
from app.core.db import Database
from app.core.errors import Unavailable
from app.services.system.commands import AddNote
from app.services.system.writes import add_note

Raw = psycopg.Connection[Any]
NEW_NOTE = "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, %s) RETURNING id"


def since(connection: Raw, cursor: str | None) -> tuple[str, list[dict[str, Any]]]:
    row = connection.execute("SELECT system.changes_since(%s)", (cursor,)).fetchone()
    assert row is not None
    return row[0]["next"], row[0]["changes"]


def note_by(connection: Raw, body: str) -> int:
    row = connection.execute(NEW_NOTE, (body,)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_slow_transaction_is_not_skipped(admin: Raw, admin_dsn: str, raw_role: Callable[..., Raw]) -> None:
    reader = raw_role("viewer", ticket=True)
    cursor, _ = since(reader, None)
    seen: list[int] = []
    with psycopg.connect(admin_dsn) as slow:
        first = note_by(slow, "slow, committed last")
        second = note_by(admin, "quick")
        for _ in range(3):
            cursor, changes = since(reader, cursor)
            seen += [change["id"] for change in changes]
        assert seen == []  # the quick one waits for the slow one, rather than losing it
        slow.commit()
    third = note_by(admin, "afterwards")
    while third not in seen:
        cursor, changes = since(reader, cursor)
        seen += [change["id"] for change in changes]
    assert sorted(seen) == sorted([first, second, third])


def test_rolled_back_changes_are_never_told(admin: Raw, raw_role: Callable[..., Raw]) -> None:
    reader = raw_role("viewer", ticket=True)
    cursor, _ = since(reader, None)
    with admin.transaction(force_rollback=True):
        note_by(admin, "never")
    note_by(admin, "after")
    assert len(since(reader, cursor)[1]) == 1


def test_one_transaction_wakes_once(admin: Raw, raw_role: Callable[..., Raw]) -> None:
    listener = raw_role("viewer", ticket=True)
    listener.execute("LISTEN erp_change")
    with admin.transaction():
        for turn in range(20):
            note_by(admin, f"many {turn}")
        admin.execute("UPDATE system.company SET name = name || '!'")
    admin.execute("NOTIFY erp_change, 'the next one'")
    heard = [n.payload for n in listener.notifies(timeout=60, stop_after=2)]
    assert heard == ["", "the next one"]


def test_a_client_hears_of_others_and_of_itself(as_role: Callable[[str], Database]) -> None:
    writer, reader = as_role("sales_rep"), as_role("viewer")
    with reader.listen() as news:
        note = writer.write(add_note, AddNote("system.company", 1, "news")).value
        assert news.wait(60) == {Change("system.note", note)}
        assert news.wait(0) == frozenset()


def test_what_may_not_be_seen_is_not_told(admin: Raw, raw_role: Callable[..., Raw]) -> None:
    reader = raw_role("viewer", ticket=True)
    cursor, _ = since(reader, None)
    admin.execute("UPDATE sec.app_user SET phone = '1' WHERE login = 'u_finance'")
    note_by(admin, "visible")
    assert {change["topic"] for change in since(reader, cursor)[1]} == {"system.note"}


def test_very_many_changes_come_as_one_without_id(admin: Raw, raw_role: Callable[..., Raw]) -> None:
    reader = raw_role("viewer", ticket=True)
    cursor, _ = since(reader, None)
    admin.execute(
        "INSERT INTO system.note (topic, record_id, body) SELECT 'system.company', 1, 'm' FROM generate_series(1, 501)"
    )
    assert since(reader, cursor)[1] == [{"topic": "system.note", "id": None, "login": "postgres"}]


def test_a_forged_notification_is_a_hint_only(
    as_role: Callable[[str], Database], raw_role: Callable[..., Raw]
) -> None:
    with as_role("viewer").listen() as news:
        raw_role("marketing").execute("SELECT pg_notify('erp_change', 'sales.invoice:1;DROP')")
        assert news.wait(60) == frozenset()


def test_a_listener_whose_server_goes_says_so(as_role: Callable[[str], Database], admin: Raw) -> None:
    with as_role("quality").listen() as news:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'u_quality'")
        with pytest.raises(Unavailable) as refusal:
            news.wait(60)
        assert refusal.value.key == "server_gone"
