"""Drafts: who may change and discard them, and how their lines follow them. Shown on quotes."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app.core.changes import Result
from app.core.db import Database, call_api, posting
from app.core.errors import AppError, Conflict, NotAllowed, Refused
from app.services.system.commands import AddNote
from app.services.system.writes import add_note

Raw = psycopg.Connection[Any]
LINE = (
    "INSERT INTO sales.quote_line (quote_id, position, product_id, description, qty, unit_price, tax_rate) "
    "VALUES (%s, %s, 1, 'Line', 1, 1, 19) RETURNING id"
)


@posting
def discard(session: Any, command: tuple[uuid.UUID, str, int, int | None]) -> Result[None]:
    key, table, record_id, version = command
    call_api(session, "discard_draft", p_command=key, p_table=table, p_id=record_id, p_row_version=version)
    return Result(None)


def refusal(db: Database, table: str, record_id: int, version: int | None) -> AppError:
    with pytest.raises(AppError) as raised:
        db.write(discard, (uuid.uuid4(), table, record_id, version))
    return raised.value


@pytest.fixture
def quote(admin: Raw) -> int:
    """A draft with one line, without the customer and the rest it would have in life."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "INSERT INTO catalog.product (id, sku, name, unit_id, tax_class_id) OVERRIDING SYSTEM VALUE "
            "VALUES (1, 'A', 'A', 1, 1) ON CONFLICT DO NOTHING"
        )
        row = admin.execute("""
            INSERT INTO sales.quote (customer_id, warehouse_id, price_list_id, payment_term_id, quote_date, valid_until)
            VALUES (1, 1, 1, 1, now(), now()) RETURNING id
        """).fetchone()
        assert row is not None
        admin.execute(LINE, (row[0], 1))
    return int(row[0])


def test_notes_go_with_the_draft_they_are_about(
    as_role: Callable[[str], Database], admin: Raw, quote: int
) -> None:
    rep = as_role("sales_rep")
    rep.write(add_note, AddNote("sales.quote", quote, "call back"))
    rep.write(add_note, AddNote("system.company", 1, "stays"))
    rep.write(discard, (uuid.uuid4(), "sales.quote", quote, None))
    left = admin.execute(
        "SELECT body FROM system.note WHERE (topic, record_id) IN (('sales.quote', %s), ('system.company', 1))",
        (quote,),
    )
    assert left.fetchall() == [("stays",)]


def issue(admin: Raw, quote: int) -> None:
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "UPDATE sales.quote SET state = 'issued', number = 'AN-1999-' || id WHERE id = %s", (quote,)
        )


def lines(admin: Raw, quote: int) -> int:
    row = admin.execute("SELECT count(*) FROM sales.quote_line WHERE quote_id = %s", (quote,)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_draft_is_discarded_with_its_lines_and_remembered(
    as_role: Callable[[str], Database], admin: Raw, quote: int
) -> None:
    as_role("sales_rep").write(discard, (uuid.uuid4(), "sales.quote", quote, 1))
    assert admin.execute("SELECT count(*) FROM sales.quote WHERE id = %s", (quote,)).fetchone() == (0,)
    assert lines(admin, quote) == 0
    gone = admin.execute(
        "SELECT table_name, op, login FROM audit.entry WHERE topic = 'sales.quote' AND record_id = %s AND op = 'D' "
        "ORDER BY table_name",
        (quote,),
    ).fetchall()
    assert gone == [("sales.quote", "D", "u_sales_rep"), ("sales.quote_line", "D", "u_sales_rep")]


def test_discarding_has_its_rules(as_role: Callable[[str], Database], admin: Raw, quote: int) -> None:
    seller = as_role("sales_rep")
    assert isinstance(refusal(seller, "sales.quote", quote, 99), Conflict)
    assert refusal(seller, "sales.quote", 10**9, 1).key == "record_not_found"
    for table in ("sec.app_user", "sales.invoice", "system.company", "x'; DROP TABLE sales.quote; --", None):
        assert isinstance(refusal(seller, table, 1, 1), NotAllowed)  # type: ignore[arg-type]
    assert isinstance(refusal(as_role("warehouse_clerk"), "sales.quote", quote, 1), NotAllowed)
    issue(admin, quote)
    version = admin.execute("SELECT row_version FROM sales.quote WHERE id = %s", (quote,)).fetchone()
    assert version is not None
    found = refusal(seller, "sales.quote", quote, version[0])
    assert isinstance(found, Refused)
    assert found.key == "not_a_draft"
    assert lines(admin, quote) == 1


def test_lines_change_only_while_the_document_is_a_draft(
    raw_role: Callable[..., Raw], admin: Raw, quote: int
) -> None:
    seller = raw_role("sales_rep", ticket=True)
    seller.execute(LINE, (quote, 2))
    seller.execute("UPDATE sales.quote_line SET qty = 5 WHERE quote_id = %s", (quote,))
    issue(admin, quote)
    for statement, values in (
        (LINE, (quote, 3)),
        ("UPDATE sales.quote_line SET qty = 6 WHERE quote_id = %s", (quote,)),
        ("UPDATE sales.quote_line SET unit_price = 0 WHERE quote_id = %s", (quote,)),
    ):
        with pytest.raises(psycopg.Error) as raised:
            seller.execute(statement, values)
        assert raised.value.sqlstate == "ER422"
    seen = admin.execute("SELECT DISTINCT qty FROM sales.quote_line WHERE quote_id = %s", (quote,)).fetchall()
    assert seen == [(5,)]


def test_lines_cannot_be_moved_into_or_out_of_a_document(
    raw_role: Callable[..., Raw], admin: Raw, quote: int
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw_role("sales_rep", ticket=True).execute("UPDATE sales.quote_line SET quote_id = quote_id")


def test_a_line_written_while_the_document_is_issued_waits_and_is_refused(
    raw_role: Callable[..., Raw], admin_dsn: str, admin: Raw, quote: int
) -> None:
    seller = raw_role("sales_rep", ticket=True)
    outcome: list[str | None] = []

    def write() -> None:
        try:
            seller.execute(LINE, (quote, 2))
            outcome.append(None)
        except psycopg.Error as error:
            outcome.append(error.sqlstate)

    with psycopg.connect(admin_dsn) as issuing:
        issuing.execute("SET LOCAL session_replication_role = replica")
        issuing.execute("SELECT FROM sales.quote WHERE id = %s FOR UPDATE", (quote,))
        writer = threading.Thread(target=write)
        writer.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'u_sales_rep' AND wait_event_type = 'Lock'"
        )
        while admin.execute(waiting).fetchone() != (1,):
            pass
        issuing.execute(
            "UPDATE sales.quote SET state = 'issued', number = 'AN-1998-1' WHERE id = %s", (quote,)
        )
        issuing.commit()
    writer.join()
    assert outcome == ["ER422"]
    assert lines(admin, quote) == 1


def test_the_state_is_nobody_s_to_set(raw_role: Callable[..., Raw], quote: int) -> None:
    seller = raw_role("sales_rep", ticket=True)
    for column, value in (("state", "'issued'"), ("number", "'AN-1'"), ("net_amount", "0"), ("id", "1")):
        with pytest.raises(psycopg.Error) as raised:
            seller.execute(f"UPDATE sales.quote SET {column} = {value} WHERE id = {quote}")
        assert raised.value.sqlstate in ("42501", "428C9")
