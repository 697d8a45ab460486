"""The seal: it covers every row whatever its transaction did, and nothing behind it can be altered unnoticed."""

import json
import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core import schema

Raw = psycopg.Connection[Any]
CUT_OFF = "SET LOCAL session_replication_role = replica"
NOTE = "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, %s)"


def seal(admin: Raw) -> int:
    row = admin.execute("SELECT audit.seal()").fetchone()
    assert row is not None
    return int(row[0])


def write(admin: Raw, count: int = 3) -> None:
    for number in range(count):
        admin.execute(NOTE, (f"Zeile {number}",))


def findings(admin: Raw, *, anchors: list[dict[str, Any]] | None = None) -> set[str]:
    rows = admin.execute(
        "SELECT finding FROM audit.verify(1, NULL, %s)", (json.dumps(anchors or []),)
    ).fetchall()
    return {row[0] for row in rows}


def anchor(admin: Raw) -> dict[str, Any]:
    row = admin.execute("SELECT audit.anchor()").fetchone()
    assert row is not None
    found: dict[str, Any] = row[0]
    return found


@pytest.fixture
def sealed(admin: Raw) -> Iterator[tuple[Raw, dict[str, Any]]]:
    """A trail of several blocks with its anchor, in a transaction that is undone afterwards."""
    for _ in range(4):
        write(admin)
        assert seal(admin) >= 1
    kept = anchor(admin)
    write(admin)
    assert seal(admin) == 1
    assert findings(admin, anchors=[kept]) == set()
    with admin.transaction(force_rollback=True):
        admin.execute(CUT_OFF)
        yield admin, kept


LAST = "(SELECT max(number) FROM audit.block)"
MIDDLE = f"({LAST} - 2)"
A_ROW = f"(SELECT lower(entries) FROM audit.block WHERE number = {MIDDLE})"


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        (
            f"UPDATE audit.entry SET new = jsonb_set(new, '{{body}}', '\"zeile 0\"') WHERE id = {A_ROW}",
            "entry_changed",
        ),
        (
            f"UPDATE audit.entry SET row_hash = set_bit(row_hash, 7, 1 - get_bit(row_hash, 7)) WHERE id = {A_ROW}",
            "entry_changed",
        ),
        (f"UPDATE audit.entry SET reason = 'so' WHERE id = {A_ROW}", "entry_changed"),
        (f"DELETE FROM audit.entry WHERE id = {A_ROW}", "entry_missing"),
        ("UPDATE audit.event SET login = 'u_nobody' WHERE kind = 'seal_anchored'", "event_changed"),
        (f"DELETE FROM audit.block WHERE number = {MIDDLE}", "block_missing"),
        (
            f"UPDATE audit.block SET sealed_at = sealed_at + interval '1 hour' WHERE number = {MIDDLE}",
            "block_broken",
        ),
        (f"UPDATE audit.block SET entries = '{{}}', entry_count = 0 WHERE number = {MIDDLE}", "block_broken"),
    ],
    ids=["byte", "hash", "column", "deleted row", "event", "deleted block", "time", "emptied block"],
)
def test_tampering_is_found(sealed: tuple[Raw, dict[str, Any]], attack: str, found: str) -> None:
    admin, kept = sealed
    changed = admin.execute(attack)
    assert changed.rowcount >= 1
    assert found in findings(admin, anchors=[kept])


def test_swapped_contents_are_found(sealed: tuple[Raw, dict[str, Any]]) -> None:
    """Two rows exchange everything but their ids: each fits its hash, together they do not fit the seal."""
    admin, kept = sealed
    columns = [
        row[0]
        for row in admin.execute(
            "SELECT attname FROM pg_attribute "
            "WHERE attrelid = 'audit.entry'::regclass AND attnum > 0 AND attname <> 'id'"
        ).fetchall()
    ]
    row = admin.execute(f"SELECT {A_ROW}").fetchone()
    assert row is not None
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    admin.execute(
        sql.SQL(
            "UPDATE audit.entry t SET ({names}) = (SELECT {names} FROM audit.entry s WHERE s.id = %(sum)s - t.id) "
            "WHERE t.id IN (%(first)s, %(first)s + 1)"
        ).format(names=names),
        {"first": row[0], "sum": 2 * row[0] + 1},
    )
    assert findings(admin, anchors=[kept]) == {"block_broken"}


def test_a_chain_computed_anew_is_betrayed_by_the_anchor(sealed: tuple[Raw, dict[str, Any]]) -> None:
    """The attacker has the whole database, changes a row, and makes every hash fit again."""
    admin, kept = sealed
    admin.execute(f"UPDATE audit.entry SET login = 'u_nobody' WHERE id = {A_ROW}")
    admin.execute(
        "UPDATE audit.entry e SET row_hash = audit.row_hash(e.xid, e.at, e.login, e.address, e.application, e.command, "
        "e.table_name, e.row_id, e.op, e.topic, e.record_id, e.warehouse_id, e.old, e.new, e.session_id, e.operator, "
        f"e.elevated, e.reason) WHERE id = {A_ROW}"
    )
    for (number,) in admin.execute("SELECT number FROM audit.block ORDER BY 1").fetchall():
        admin.execute(
            "UPDATE audit.block b SET previous = coalesce((SELECT p.block_hash FROM audit.block p "
            "WHERE p.number = b.number - 1), b.previous) WHERE number = %s",
            (number,),
        )
        admin.execute(
            "UPDATE audit.block b SET block_hash = audit.block_hash(b.previous, b.number, b.sealed_at, b.entry_count, "
            "b.event_count, audit.digest_entries(b.entries, b.first_at, b.last_at), "
            "audit.digest_events(b.events, b.first_at, b.last_at)) WHERE number = %s",
            (number,),
        )
    assert findings(admin) == set()
    assert findings(admin, anchors=[kept]) == {"anchor_differs"}


def test_a_cut_off_end_is_betrayed_by_the_anchor(sealed: tuple[Raw, dict[str, Any]]) -> None:
    admin, kept = sealed
    for rows in ("entry", "event"):
        ids = "b.entries" if rows == "entry" else "b.events"
        admin.execute(
            f"DELETE FROM audit.{rows} e USING audit.block b WHERE b.number >= {kept['number']} AND e.id <@ {ids}"
        )
    admin.execute("DELETE FROM audit.block WHERE number >= %s", (kept["number"],))
    assert findings(admin) == set()
    assert "anchor_block_missing" in findings(admin, anchors=[kept])


def test_a_row_slipped_in_belongs_to_no_block(sealed: tuple[Raw, dict[str, Any]]) -> None:
    admin, _kept = sealed
    admin.execute(
        "INSERT INTO audit.entry (xid, at, table_name, row_id, op, topic, record_id, new, row_hash) "
        f"SELECT xid, at, table_name, row_id, op, topic, record_id, new, row_hash FROM audit.entry WHERE id = {A_ROW}"
    )
    assert findings(admin) == {"row_unsealed"}


def test_open_rolled_back_and_ended_transactions_are_not_skipped(admin: Raw, admin_dsn: str) -> None:
    """T-23: writers that commit late, roll back, or lose their connection, while the sealer works all the time."""
    dice = Random(23)  # noqa: S311
    seal(admin)
    start = admin.execute("SELECT coalesce(max(id), 0) FROM audit.entry").fetchone()
    assert start is not None
    done = threading.Event()

    def sealing() -> None:
        with psycopg.connect(admin_dsn, autocommit=True) as own:
            while not done.is_set():
                own.execute("SELECT audit.seal_blocks(%s)", (40,))

    sealer = threading.Thread(target=sealing)
    sealer.start()
    try:
        open_ones: list[Raw] = []
        for turn in range(400):
            connection = (
                psycopg.connect(admin_dsn) if len(open_ones) < 6 else open_ones.pop(dice.randrange(6))
            )
            connection.execute(NOTE, (f"Zug {turn}",))
            match dice.randrange(5):
                case 0:
                    connection.rollback()
                case 1 | 2:
                    connection.commit()
                case 3:
                    open_ones.append(connection)
                    continue
                case _:
                    pid = connection.info.backend_pid
                    admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
            connection.close()
        for connection in open_ones:
            connection.commit()
            connection.close()
    finally:
        done.set()
        sealer.join()
    seal(admin)
    unsealed = admin.execute(
        "SELECT count(*) FROM audit.entry e "
        "WHERE e.id > %s AND (SELECT count(*) FROM audit.block b WHERE e.id <@ b.entries) <> 1",
        start,
    ).fetchone()
    written = admin.execute("SELECT count(*) FROM audit.entry WHERE id > %s", start).fetchone()
    assert unsealed == (0,)
    assert written is not None
    assert written[0] > 100
    assert findings(admin) == set()


def test_an_open_transaction_is_waited_for(admin: Raw, admin_dsn: str) -> None:
    seal(admin)
    with psycopg.connect(admin_dsn) as slow:
        slow.execute(NOTE, ("langsam",))
        write(admin, 2)
        assert seal(admin) == 0
        slow.commit()
    assert seal(admin) == 1
    row = admin.execute(f"SELECT entry_count FROM audit.block WHERE number = {LAST}").fetchone()
    assert row == (3,)


def test_a_restored_database_goes_on_sealing(admin: Raw) -> None:
    """Another cluster counts its transactions anew: some rows have numbers of the future, others small ones again."""
    write(admin)
    seal(admin)
    write(admin)
    with admin.transaction(force_rollback=True):
        admin.execute(CUT_OFF)
        admin.execute("UPDATE audit.block SET system_id = 1, until_xid = until_xid + 1000000")
        admin.execute(
            "UPDATE audit.entry SET xid = xid + 1000000 WHERE id > (SELECT max(id) - 3 FROM audit.entry)"
        )
        admin.execute("SET LOCAL session_replication_role = origin")
        assert seal(admin) >= 1
        unsealed = admin.execute(
            "SELECT count(*) FROM audit.entry e WHERE NOT EXISTS (SELECT FROM audit.block b WHERE e.id <@ b.entries)"
        ).fetchone()
        assert unsealed == (0,)
        twice = admin.execute(
            "SELECT count(*) FROM audit.entry e WHERE (SELECT count(*) FROM audit.block b WHERE e.id <@ b.entries) > 1"
        ).fetchone()
        assert twice == (0,)
        assert seal(admin) == 0
        assert {f for f in findings(admin) if f != "entry_changed"} == set()


def test_people_can_neither_seal_nor_touch_a_seal(raw_role: Callable[..., Raw]) -> None:
    forger = raw_role("administrator", ticket=True)
    for statement in (
        "SELECT audit.seal()",
        "SELECT audit.seal_blocks(1)",
        "SELECT * FROM audit.block",
        "DELETE FROM audit.block",
        "SELECT * FROM audit.entry_default",
        "SELECT audit.partition_make('entry', '2030-01-01')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            forger.execute(statement)


def test_the_state_says_how_far_the_seal_is(admin: Raw, raw_role: Callable[..., Raw]) -> None:
    seal(admin)
    write(admin, 5)
    keeper = raw_role("system_administrator", ticket=True)
    row = keeper.execute("SELECT audit.seal_state()").fetchone()
    assert row is not None
    assert row[0]["waiting"] >= 5
    with pytest.raises(psycopg.Error) as refused:
        raw_role("viewer", ticket=True).execute("SELECT audit.seal_state()")
    assert refused.value.sqlstate == "42501"


def test_only_the_superuser_turns_a_seal_off_and_the_check_tells(admin: Raw, admin_dsn: str) -> None:
    with admin.transaction():
        admin.execute("ALTER TABLE audit.entry_default DISABLE TRIGGER append_only")
    try:
        assert any(f.check == "partition_unprotected" for f in schema.check(admin_dsn))
    finally:
        admin.execute("ALTER TABLE audit.entry_default ENABLE TRIGGER append_only")
