"""A server that is busy, or shows somebody the door: an answer each time, and nobody's work lost."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Database, Target
from app.core.embedded import dsn
from app.core.errors import AppError, Refused, Unavailable
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from tests.conftest import PASSWORD

Raw = psycopg.Connection[Any]
Copies = Callable[..., AbstractContextManager[str]]
D = Decimal


@pytest.fixture
def note(as_role: Callable[[str], Database]) -> int:
    return int(as_role("sales_rep").write(add_note, AddNote("system.company", 1, "contested")).value)


def test_waiting_for_somebody_s_lock_ends_with_an_answer(
    as_role: Callable[[str], Database], admin: Raw, note: int, role_dsn: Callable[[str], str]
) -> None:
    def touch(session: Session, note_id: int) -> Result[None]:
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        session.execute(text("SELECT 1 FROM system.note WHERE id = :id FOR UPDATE"), {"id": note_id})
        return Result(None)

    db = as_role("sales_rep")
    with psycopg.connect(role_dsn("sales_rep")) as other:
        other.execute("SELECT sec.session_open()")
        other.execute("SELECT 1 FROM system.note WHERE id = %s FOR UPDATE", (note,))
        with pytest.raises(Unavailable) as refusal:
            db.write(touch, note)
        assert refusal.value.key == "server_busy"
        other.rollback()
    db.write(touch, note)


def test_a_statement_that_takes_too_long_is_stopped_and_said_so(as_role: Callable[[str], Database]) -> None:
    def slow(session: Session, _command: object) -> Result[None]:
        session.execute(text("SET LOCAL statement_timeout = '20ms'"))
        session.execute(text("SELECT pg_sleep(30)"))
        return Result(None)

    db = as_role("sales_rep")
    with pytest.raises(Refused) as refusal:
        db.write(slow, uuid4())
    assert refusal.value.key == "took_too_long"
    assert db.write(add_note, AddNote("system.company", 1, "goes on")).value


def test_logins_have_their_limits_of_patience(admin: Raw) -> None:
    """Nobody holds a lock for ever by going to lunch, and no query runs all day."""
    rows = admin.execute(
        "SELECT r.rolname, s.setconfig FROM pg_roles r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid"
        " WHERE r.rolname = 'u_sales_rep'"
    ).fetchall()
    settings = " ".join(str(row[1]) for row in rows)
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert name in settings


def test_a_connection_ended_by_the_administrator_costs_nobody_his_work(
    as_role: Callable[[str], Database], admin: Raw
) -> None:
    """Also in the middle of a posting: it is done again with the same command, once."""
    db = as_role("customer_service")
    ended: list[Any] = []

    def draft(session: Session, command: AddNote) -> Result[int]:
        result = add_note(session, command)
        session.flush()
        if not ended:
            ended.append(
                admin.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'u_customer_service'"
                ).fetchone()
            )
        return result

    db.write(draft, AddNote("system.company", 1, "ended"))
    assert ended != [(0,)]
    assert admin.execute("SELECT count(*) FROM system.note WHERE body = 'ended'").fetchone() == (1,)


def test_more_connections_than_allowed_is_an_answer(admin_dsn: str, admin: Raw) -> None:
    login = f"u_crowd_{uuid4().hex[:8]}"
    admin.execute("SELECT sec.user_create(%s, 'Crowd', %s, '{viewer}')", (login, PASSWORD))
    target, _ = Target.from_dsn(admin_dsn)
    with ExitStack() as stack:
        refused: AppError | None = None
        for _ in range(20):
            try:
                stack.enter_context(psycopg.connect(dsn(target.port, target.dbname, login, PASSWORD)))
            except psycopg.OperationalError:
                db = Database(replace(target, user=login), PASSWORD)
                with pytest.raises(AppError) as caught:
                    db.open()
                refused = caught.value
                break
        assert refused is not None, "somebody may open twenty connections"
        assert refused.key in ("too_many_connections", "login_failed")
    admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))
