"""T-21: whatever happens to whichever table, every row can be rebuilt from the trail alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core import schema
from app.core.db import Database, Target, call_api
from migrations import derived, rights

Raw = psycopg.Connection[Any]
STAMPS = {"created_at", "created_by", "updated_at", "updated_by"}
# The demo loader dates its moves and some invoices back, past the triggers.
DATED_BACK = {
    ("inventory.stock_move", "posted_at"),
    *(("sales.invoice", f"{name}_date") for name in ("invoice", "service", "due", "discount", "discount2")),
    ("sales.invoice", "issued_at"),
    ("sales.payment", "paid_on"),
}
AUDITED = sorted(
    line.name
    for line in rights.load().tables.values()
    if line.audited and line.name.partition(".")[0] != "audit"
)
TURNS = 40
# Made by a revision, before there was a trail to tell of it.
OLDER_THAN_THE_TRAIL = {("system.approval_kind", 1)}
# Who has left leaves the whole server, and its other tests with it.
LEFT_ALONE = {("sec.app_user", "status")}


@pytest.fixture(scope="module")
def house(demo_template: str, new_database: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The demo company's database: rows in every table, all written under the trail's eyes."""
    with new_database(demo_template) as address:
        yield address


@pytest.fixture
def in_disorder(
    demo_template: str, new_database: Callable[..., AbstractContextManager[str]]
) -> Iterator[Raw]:
    """A copy of the house that nobody has to work in afterwards."""
    with new_database(demo_template) as address, psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture
def admin(house: str) -> Iterator[Raw]:
    with psycopg.connect(house, autocommit=True) as connection:
        yield connection


def key_of(admin: Raw, table: str) -> str:
    key = next(r.key for r in derived.read_relations(admin) if r.name == table)
    return key[0] if len(key) == 1 else "id"


def left_out(admin: Raw, table: str) -> set[str]:
    """Columns the trail does not keep: stamps, files, and what the server computes."""
    rows = admin.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "AND (attgenerated <> '' OR attidentity <> '' OR atttypid = 'bytea'::regtype)",
        (table,),
    ).fetchall()
    return STAMPS | {row[0] for row in rows}


def rows_of(admin: Raw, table: str) -> dict[int, dict[str, Any]]:
    key, hidden = key_of(admin, table), left_out(admin, table)
    rows = admin.execute(
        sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(*table.split(".")))
    ).fetchall()
    return {
        int(row[key]): {k: v for k, v in row.items() if k not in hidden}
        for (row,) in rows
        if (table, row[key]) not in OLDER_THAN_THE_TRAIL
    }


def rebuilt(admin: Raw, table: str) -> dict[int, dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for row_id, op, old, new in admin.execute(
        "SELECT row_id, op, old, new FROM audit.entry WHERE table_name = %s ORDER BY id", (table,)
    ).fetchall():
        if (table, row_id) in OLDER_THAN_THE_TRAIL:
            continue
        if op == "I":
            assert row_id not in rows, f"{table} {row_id} came twice"
            rows[row_id] = new
        elif op == "D":
            assert rows.pop(row_id) == old, f"{table} {row_id}"
        else:
            assert {name: rows[row_id][name] for name in old} == old, f"{table} {row_id}"
            rows[row_id] = rows[row_id] | new
    return rows


def differences(told: dict[int, dict[str, Any]], there: dict[int, dict[str, Any]]) -> list[Any]:
    """Rows, and columns in them, that are not as the trail tells."""
    found: list[Any] = sorted(told.keys() ^ there.keys())
    for row_id in told.keys() & there.keys():
        names = told[row_id].keys() | there[row_id].keys()
        found += [(row_id, n) for n in sorted(names) if told[row_id].get(n, ...) != there[row_id].get(n, ...)]
    return found


def shaken(admin: Raw, table: str, dice: Random) -> int:
    """Random changes to a table, as far as its constraints allow; returns how many statements went through."""
    name = sql.Identifier(*table.split("."))
    key = sql.Identifier(key_of(admin, table))
    columns = [
        row[0]
        for row in admin.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = '' AND attidentity = ''",
            (table,),
        ).fetchall()
        if (table, row[0]) not in LEFT_ALONE
    ]
    if admin.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name)).fetchone() != (True,):
        return 0
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    took = 0
    for _ in range(TURNS):
        column = sql.Identifier(dice.choice(columns))
        statement = dice.choice(
            (
                # A value of another row, or none, into one row or several.
                sql.SQL(
                    "UPDATE {t} x SET {c} = (SELECT y.{c} FROM {t} y ORDER BY random() LIMIT 1) "
                    "WHERE x.{k} IN (SELECT z.{k} FROM {t} z ORDER BY random() LIMIT {n})"
                ),
                sql.SQL(
                    "UPDATE {t} SET {c} = NULL WHERE {k} IN (SELECT z.{k} FROM {t} z ORDER BY random() LIMIT {n})"
                ),
                sql.SQL("DELETE FROM {t} WHERE {k} IN (SELECT z.{k} FROM {t} z ORDER BY random() LIMIT 1)"),
                sql.SQL("INSERT INTO {t} ({all}) SELECT {all} FROM {t} ORDER BY random() LIMIT 1"),
            )
        ).format(t=name, c=column, k=key, n=dice.randrange(1, 6), all=listed)
        try:
            with admin.transaction():
                admin.execute(statement)
                if dice.randrange(4) == 0:
                    raise psycopg.Rollback
            took += 1
        except psycopg.Error:
            pass  # a rule said no: then nothing happened, and nothing may be in the trail
    return took


def test_every_row_of_every_table_can_be_rebuilt(in_disorder: Raw) -> None:
    """Written by the demo company's people through the program, then shaken by an administrator with psql."""
    admin = in_disorder
    dice = Random(21)  # noqa: S311
    took = {table: shaken(admin, table, dice) for table in AUDITED}
    filled = 0
    for table in AUDITED:
        there = rows_of(admin, table)
        wrong = differences(rebuilt(admin, table), there)
        assert [w for w in wrong if not isinstance(w, tuple) or (table, w[1]) not in DATED_BACK] == [], table
        filled += bool(there)
    assert filled > 30
    assert sum(1 for count in took.values() if count) > 30
    assert admin.execute("SELECT count(*) FROM audit.entry WHERE old IS NULL AND new IS NULL").fetchone() == (
        0,
    )


def test_no_table_is_without_its_triggers(admin: Raw) -> None:
    found = {
        row[0]: row[1]
        for row in admin.execute(
            "SELECT t.tgrelid::regclass::text, count(*) FROM pg_trigger t WHERE t.tgfoid IN "
            "('audit.tg_log()'::regprocedure, 'audit.tg_refuse_truncate()'::regprocedure) "
            "AND t.tgenabled = 'O' GROUP BY 1"
        ).fetchall()
    }
    assert found == dict.fromkeys(AUDITED, 4)


@pytest.mark.parametrize("table", AUDITED)
def test_truncate_is_refused(admin: Raw, table: str) -> None:
    with pytest.raises(psycopg.Error) as refused:
        admin.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(*table.split("."))))
    assert refused.value.sqlstate == "ER422"


def test_a_bulk_change_is_one_entry_a_row_and_quick(admin: Raw) -> None:
    """Ten thousand rows in one statement after a plan for one: no plan may compare each with each."""
    admin.execute(
        "INSERT INTO system.note (topic, record_id, body) "
        "SELECT 'catalog.unit', (SELECT min(u.id) FROM catalog.unit u), g::text FROM generate_series(1, 10000) g"
    )
    admin.execute("UPDATE system.note SET body = body || '!' WHERE id = (SELECT max(id) FROM system.note)")
    admin.execute("SET statement_timeout = '60s'")
    admin.execute("UPDATE system.note SET body = body || '?'")
    row = admin.execute(
        "SELECT count(*) FROM audit.entry WHERE table_name = 'system.note' AND op = 'U' AND new ->> 'body' LIKE '%?'"
    ).fetchone()
    assert row is not None
    assert row[0] >= 10_000


def test_an_entry_says_who_where_with_what_and_why(house: str, admin: Raw) -> None:
    """Person, address, program, session and the reason given with the command."""
    password = "a long phrase for tests"
    target, _ = Target.from_dsn(house)
    target = Target(target.host, target.port, target.dbname, "u_karin", "disable")
    db = Database(target, password)
    try:
        db.open()
        place = admin.execute(
            "SELECT b.product_id, b.place_id, b.lot_id, b.qty FROM inventory.stock_balance b WHERE b.qty > 5 LIMIT 1"
        ).fetchone()
        assert place is not None
        line = {
            "product_id": place[0],
            "place_id": place[1],
            "lot_id": place[2],
            "counted_qty": str(place[3] + 1),
        }
        command = admin.execute("SELECT gen_random_uuid()").fetchone()
        assert command is not None

        def post(session: Any, given: Any) -> Any:
            return call_api(session, "stock_adjust", p_command=given, p_lines=[line], p_reason="Zählfehler")

        db.write(post, command[0])
    finally:
        db.close()
    row = admin.execute(
        "SELECT login, host(address), application, session_id IS NOT NULL, reason, command = %s FROM audit.entry "
        "WHERE table_name = 'inventory.stock_move' ORDER BY id DESC LIMIT 1",
        (command[0],),
    ).fetchone()
    assert row is not None
    assert row == ("u_karin", "127.0.0.1", "werkbank", True, "Zählfehler", True)


def test_lints_know_what_is_not_audited(house: str) -> None:
    assert [f for f in schema.check(house) if f.check in ("audit_missing", "partition_unprotected")] == []
