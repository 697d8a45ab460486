"""The trail: complete enough to rebuild every row, closed to changes, shown by the reader's own rights."""

from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
import pytest

from app.core import schema
from app.core.db import Database
from app.core.errors import Conflict, Invalid, NotAllowed, Refused
from app.services.system import commands, reads, writes
from migrations import drift

Raw = psycopg.Connection[Any]
STAMPS = {"created_at", "created_by", "updated_at", "updated_by"}


def rows_of(admin: Raw, table: str) -> dict[int, dict[str, Any]]:
    """Rows as the trail keeps them: without stamps, files, generated columns and the id, which has its own column."""
    left_out = STAMPS | {
        row[0]
        for row in admin.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND (attgenerated <> '' OR attidentity <> '' OR atttypid = 'bytea'::regtype)",
            (table,),
        ).fetchall()
    }
    rows = admin.execute(f"SELECT to_jsonb(t) FROM {table} t").fetchall()
    return {row["id"]: {k: v for k, v in row.items() if k not in left_out} for (row,) in rows}


def rebuilt(admin: Raw, table: str) -> dict[int, dict[str, Any]]:
    """Rows put together from the trail alone."""
    rows: dict[int, dict[str, Any]] = {}
    for row_id, op, old, new in admin.execute(
        "SELECT row_id, op, old, new FROM audit.entry WHERE table_name = %s ORDER BY id", (table,)
    ).fetchall():
        if op == "I":
            assert row_id not in rows
            rows[row_id] = new
        elif op == "D":
            assert rows.pop(row_id) == old
        else:
            assert {name: rows[row_id][name] for name in old} == old
            rows[row_id] = rows[row_id] | new
    return rows


def test_every_row_can_be_rebuilt(admin: Raw) -> None:
    """Random inserts, updates and deletes, one row or many at a time, some rolled back."""
    dice = Random(4)  # noqa: S311
    for turn in range(120):
        match dice.randrange(6):
            case 0 | 1:
                admin.execute(
                    "INSERT INTO system.note (topic, record_id, body) SELECT 'system.company', 1, %s || g "
                    "FROM generate_series(1, %s) g",
                    (f"Übung „{turn}“ \\ {chr(0x1F600)}", dice.randrange(1, 5)),
                )
            case 2 | 3:
                admin.execute(
                    "UPDATE system.note SET body = body || %s, record_id = %s WHERE id %% 3 = %s",
                    ("x", dice.randrange(9), dice.randrange(3)),
                )
            case 4:
                admin.execute("DELETE FROM system.note WHERE id %% 7 = %s", (dice.randrange(7),))
            case _:
                with admin.transaction(force_rollback=True):
                    admin.execute("UPDATE system.note SET body = 'never happened'")
    admin.execute("UPDATE system.company SET name = %s, logo = %s", ("Zinngießerei & Söhne", b"\x00\x01"))
    admin.execute("UPDATE sec.app_user SET person = person || ' II'")
    for table in ("system.note", "system.company", "sec.app_user", "sec.user_role"):
        there = rows_of(admin, table)
        assert there
        assert rebuilt(admin, table) == there, table


def test_no_secret_reaches_the_trail(admin: Raw) -> None:
    row = admin.execute(
        "SELECT count(*) FROM audit.entry WHERE concat(old, new) ~ 'password_seal|SCRAM|ticket_hash'"
    ).fetchone()
    assert row == (0,)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit.entry SET login = 'u_nobody'", "DELETE FROM audit.entry", "TRUNCATE audit.entry"],
)
def test_not_even_the_superuser_alters_it_by_accident(admin: Raw, statement: str) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute(statement)
    assert refusal.value.diag.constraint_name == "audit_is_append_only"


def test_an_altered_entry_is_found(admin: Raw, admin_dsn: str) -> None:
    admin.execute(
        "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'as it was')"
    )
    assert [f for f in schema.check(admin_dsn) if f.check == "audit_row_hash"] == []
    entry = "(SELECT max(id) FROM audit.entry WHERE table_name = 'system.note')"
    for column, value in (
        ("new", "jsonb_set(new, '{body}', '\"as it never was\"')"),
        ("login", "'u_nobody'"),
        ("at", "at + interval '1 microsecond'"),
        ("record_id", "record_id + 1"),
        ("op", "'D'"),
    ):
        with admin.transaction(force_rollback=True):
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute(f"UPDATE audit.entry SET {column} = {value} WHERE id = {entry}")
            found = admin.execute(
                (schema.REPOSITORY / "migrations/sql/consistency/audit_row_hash.sql").read_text()
            )
            assert len(found.fetchall()) == 1, column


def test_the_hash_does_not_depend_on_the_reader_s_settings(admin: Raw) -> None:
    query = (schema.REPOSITORY / "migrations/sql/consistency/audit_row_hash.sql").read_text()
    for setting in (
        "TimeZone = 'Asia/Tokyo'",
        "DateStyle = 'German'",
        "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'",
    ):
        admin.execute(f"SET {setting}")
        assert admin.execute(query).fetchall() == []


def test_history_tells_who_did_what(as_role: Callable[[str], Database]) -> None:
    boss = as_role("administrator")
    company = boss.read(reads.company)
    boss.write(writes.save_company, commands.SaveCompany(company.row_version, {"city": "Altenburg"}))
    newest = boss.read(reads.history, "system.company", 1)[0]
    assert (newest.login, newest.op, newest.new["city"]) == ("u_administrator", "U", "Altenburg")
    assert newest.application == "werkbank test"
    older = boss.read(reads.history, "system.company", 1, newest.id)
    assert newest not in older
    assert older[-1].op == "I"


def test_notes_are_written_changed_and_shown(as_role: Callable[[str], Database]) -> None:
    author = as_role("sales_rep")
    note = author.write(writes.add_note, commands.AddNote("system.company", 1, "  Rückruf am Montag  ")).value
    assert author.read(reads.notes, "system.company", 1)[0].body == "Rückruf am Montag"
    author.write(writes.edit_note, commands.EditNote(note, 1, "Rückruf am Dienstag"))
    with pytest.raises(Conflict):
        author.write(writes.edit_note, commands.EditNote(note, 1, "zu spät"))
    with pytest.raises(NotAllowed):
        as_role("viewer").write(writes.edit_note, commands.EditNote(note, 2, "fremd"))
    with pytest.raises(Invalid):
        author.write(writes.add_note, commands.AddNote("system.company", 1, " "))


@pytest.mark.parametrize(
    "topic", ["system.company", "catalog.product", "sales.sales_order", "inventory.place"]
)
def test_a_note_is_about_a_record_that_is_there(
    as_role: Callable[[str], Database], raw_role: Callable[..., Raw], admin: Raw, topic: str
) -> None:
    """Neither the program nor psql writes one about nothing; what slips in past the triggers is found."""
    manager = as_role("sales_manager")
    with pytest.raises(Refused) as refusal:
        manager.write(writes.add_note, commands.AddNote(topic, 999_999, "about nothing"))
    assert refusal.value.key == "record_not_found"
    statement = (
        "INSERT INTO system.note (topic, record_id, body) SELECT %s, g, 'x' FROM generate_series(1, 2000) g"
    )
    with pytest.raises(psycopg.DatabaseError) as refused:
        raw_role("sales_manager", ticket=True).execute(statement, (topic,))
    assert (refused.value.sqlstate, refused.value.diag.constraint_name) == ("ER404", "record_not_found")

    def found() -> list[object]:
        return [row for row in drift.run_queries(admin, "consistency") if row[1] == f"{topic} 999999"]

    assert found() == []
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("INSERT INTO system.note (topic, record_id, body) VALUES (%s, 999999, 'x')", (topic,))
        assert found() == [("note_without_record", f"{topic} 999999")]


def test_notes_and_history_of_hidden_tables_stay_hidden(
    as_role: Callable[[str], Database], raw_role: Callable[..., Raw], admin: Raw
) -> None:
    admin.execute(
        "INSERT INTO system.note (topic, record_id, body) VALUES ('sec.app_user', 1, 'about a person')"
    )
    assert as_role("viewer").read(reads.notes, "sec.app_user", 1) == ()
    assert as_role("administrator").read(reads.notes, "sec.app_user", 1) != ()
    mine = raw_role("viewer", ticket=True)
    assert mine.execute("SELECT count(*) FROM audit.entry WHERE table_name LIKE 'sec.%'").fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        mine.execute("INSERT INTO system.note (topic, record_id, body) VALUES ('sec.app_user', 1, 'x')")
    mine.execute("UPDATE system.note SET body = 'not mine'")
    assert admin.execute("SELECT count(*) FROM system.note WHERE body = 'not mine'").fetchone() == (0,)


def test_stamps_cannot_be_chosen(raw_role: Callable[..., Raw], admin: Raw) -> None:
    mine = raw_role("quality", ticket=True)
    row = mine.execute(
        "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'a') "
        "RETURNING id, row_version, created_by"
    ).fetchone()
    assert row is not None
    assert row[1:] == (1, "u_quality")
    mine.execute("UPDATE system.note SET body = 'b' WHERE id = %s", (row[0],))
    after = admin.execute(
        "SELECT row_version, created_by, updated_by, updated_at > created_at FROM system.note WHERE id = %s",
        (row[0],),
    ).fetchone()
    assert after == (2, "u_quality", "u_quality", True)
