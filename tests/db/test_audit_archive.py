"""Old months leave the database verified, as files that can be read and brought back; anchors are files too."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app import cli
from app.core import schema, trail

Raw = psycopg.Connection[Any]
NOTE = "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, %s)"


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: whatever old months lie in it are taken out together, or none."""
    with new_database() as address:
        yield address


def write_old(admin: Raw, year: int, month: int, count: int = 5) -> None:
    """Rows as they would lie there had the program run then."""
    admin.execute("SELECT audit.partition_make('entry', make_date(%s, %s, 1))", (year, month))
    for number in range(count):
        admin.execute(
            "INSERT INTO audit.entry (xid, at, login, address, table_name, row_id, op, topic, record_id, new, "
            "elevated, row_hash) "
            "SELECT x, t, 'u_x', '10.0.0.1', 'system.note', 1, 'I', 'system.note', 1, n, '{manager}', "
            "audit.row_hash(x, t, 'u_x', '10.0.0.1', '', NULL, 'system.note', 1, 'I', 'system.note', 1, NULL, NULL, n, "
            "NULL, NULL, '{manager}', NULL) FROM (SELECT pg_current_xact_id()::text::bigint AS x, "
            "make_timestamptz(%s, %s, 10, 8, 30, 12.345678, 'UTC') AS t, %s::jsonb AS n) v",
            (year, month, json.dumps({"body": f"Übung {number} \\ “x”", "amount": 0.5})),
        )


def months(admin: Raw) -> list[str]:
    rows = admin.execute(
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname ~ '_(19|200|201)' ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]


def found(admin_dsn: str, anchors: Path | None = None) -> list[str]:
    return [f.finding for _done, _total, findings in trail.verify(admin_dsn, anchors) for f in findings]


def test_old_months_go_into_files_and_come_back(admin: Raw, admin_dsn: str, tmp_path: Path) -> None:
    write_old(admin, 2012, 3)
    write_old(admin, 2012, 4, 0)
    admin.execute(NOTE, ("heute",))
    trail.seal(admin_dsn)
    before = admin.execute(
        "SELECT to_jsonb(e)::text FROM audit.entry e WHERE at < '2013-01-01' ORDER BY id"
    ).fetchall()

    done = list(trail.archive(admin_dsn, tmp_path))
    assert [(m.table, f"{m.month:%Y-%m}", m.rows) for m in done] == [
        ("audit.entry", "2012-03", 5),
        ("audit.entry", "2012-04", 0),
    ]
    assert months(admin) == []
    assert admin.execute("SELECT count(*) FROM audit.entry WHERE at < '2013-01-01'").fetchone() == (0,)
    with gzip.open(done[0].file, "rt", encoding="utf-8") as lines:
        about = json.loads(next(lines))
        assert about["table"] == "audit.entry"
        assert about["anchor"]["hash"]
        assert json.loads(next(lines))["new"]["body"].startswith("Übung 0")
    assert found(admin_dsn) == []
    assert list(trail.archive(admin_dsn, tmp_path)) == []

    trail.restore(admin_dsn, done[0].file)
    after = admin.execute(
        "SELECT to_jsonb(e)::text FROM audit.entry e WHERE at < '2013-01-01' ORDER BY id"
    ).fetchall()
    assert after == before
    assert found(admin_dsn) == []
    assert [f for f in schema.check(admin_dsn) if "partition" in f.check] == []
    admin.execute(NOTE, ("danach",))
    trail.seal(admin_dsn)
    assert found(admin_dsn) == []
    with pytest.raises(trail.TrailError):
        trail.restore(admin_dsn, done[0].file)
    assert [m.rows for m in trail.archive(admin_dsn, tmp_path)] == [5]
    kinds = admin.execute(
        "SELECT kind, count(*) FROM audit.event WHERE kind ~ 'seal_(archived|restored)' GROUP BY 1 ORDER BY 1"
    )
    assert kinds.fetchall() == [("seal_archived", 3), ("seal_restored", 1)]


def test_a_month_that_was_altered_is_not_taken_out(admin: Raw, admin_dsn: str, tmp_path: Path) -> None:
    write_old(admin, 2011, 5)
    trail.seal(admin_dsn)
    admin.execute("ALTER TABLE audit.entry_2011_05 DISABLE TRIGGER append_only")
    admin.execute(
        "UPDATE audit.entry_2011_05 SET login = 'u_nobody' WHERE id = (SELECT min(id) FROM audit.entry_2011_05)"
    )
    with pytest.raises(trail.TrailError, match=r"audit\.entry of 2011-05 .*entry_changed"):
        list(trail.archive(admin_dsn, tmp_path))
    assert months(admin) == ["entry_2011_05"]
    admin.execute("UPDATE audit.entry_2011_05 SET login = 'u_x'")
    admin.execute("ALTER TABLE audit.entry_2011_05 ENABLE TRIGGER append_only")
    assert len(list(trail.archive(admin_dsn, tmp_path))) == 1


def test_what_is_not_sealed_is_not_taken_out(admin: Raw, admin_dsn: str, tmp_path: Path) -> None:
    trail.seal(admin_dsn)
    write_old(admin, 2011, 6)
    with pytest.raises(trail.TrailError, match="row_unsealed"):
        list(trail.archive(admin_dsn, tmp_path))
    trail.seal(admin_dsn)
    assert len(list(trail.archive(admin_dsn, tmp_path))) == 1


def test_no_policy_keeps_less_than_the_law(admin: Raw, admin_dsn: str, tmp_path: Path) -> None:
    row = admin.execute("SELECT extract(year FROM now())::int").fetchone()
    assert row is not None
    write_old(admin, row[0] - 8, 12)
    trail.seal(admin_dsn)
    admin.execute("UPDATE sec.policy SET audit_years = 1")
    try:
        assert list(trail.archive(admin_dsn, tmp_path)) == []
    finally:
        admin.execute("UPDATE sec.policy SET audit_years = 10")


def test_a_file_that_was_altered_is_not_brought_back(admin: Raw, admin_dsn: str, tmp_path: Path) -> None:
    write_old(admin, 2010, 1)
    trail.seal(admin_dsn)
    (done,) = trail.archive(admin_dsn, tmp_path)
    with gzip.open(done.file, "rt", encoding="utf-8") as lines:
        content = lines.read()
    with gzip.open(done.file, "wt", encoding="utf-8") as out:
        out.write(content.replace("u_x", "u_y"))
    with pytest.raises(trail.TrailError, match="is not what was archived"):
        trail.restore(admin_dsn, done.file)


def test_the_commands(admin: Raw, admin_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Seal, anchor, verify; then somebody makes the chain fit again, and the anchor tells."""

    def run(*words: str) -> int:
        return cli.main(["db", *words, "--admin-dsn", admin_dsn])

    admin.execute(NOTE, ("eins",))
    assert run("seal") == 0
    assert run("anchor", "--out", str(tmp_path / "anchors")) == 0
    (kept,) = (tmp_path / "anchors").iterdir()
    first = kept.read_text("utf-8")
    admin.execute(NOTE, ("zwei",))
    assert run("anchor", "--out", str(tmp_path / "anchors")) == 0
    assert kept.read_text("utf-8") == first
    assert run("verify", "--anchors", str(tmp_path / "anchors")) == 0
    assert "as it was sealed" in capsys.readouterr().out
    number = json.loads(first)["number"]
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE audit.block SET block_hash = sha256(block_hash) WHERE number = %s", (number,))
    assert run("verify", "--anchors", str(tmp_path / "anchors")) == 1
    assert "anchor_differs in block" in capsys.readouterr().out
    (tmp_path / "none").mkdir()
    assert run("verify", "--anchors", str(tmp_path / "none")) != 0
    assert "holds no anchor" in capsys.readouterr().err
