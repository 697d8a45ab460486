"""The archive years later: found by its words, proved, exported, deleted when its time is over."""

import csv
import errno
import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from lxml import etree

from app.cli import main
from app.core.db import Database
from app.core.errors import Invalid, NotAllowed, Refused
from app.core.paging import Filter, ListQuery
from app.services.documents import archive, audit_export, lists, verify
from app.services.documents.commands import ArchiveDocument, PurgeDocuments
from app.services.documents.contents import text_of_pdf
from app.services.documents.render import render
from app.services.sales import writes
from app.services.sales.commands import IssueQuote
from tests.sales_world import Raw, World, build
from tests.unit.documents_sample import sample

AsRole = Callable[[str], Database]
PDF = render(sample("quote"))


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def quote(world: World, as_role: AsRole) -> tuple[int, int]:
    """An issued quote and its document; every document has bytes of its own."""
    rep = as_role("sales_rep")
    made = rep.write(writes.save_quote, world.quote([world.line(world.bike)])).value
    rep.write(writes.issue_quote, IssueQuote(made.id, made.row_version))
    content = PDF + b"\n%%%d" % made.id
    words = text_of_pdf(content)
    command = ArchiveDocument("quote", made.id, "de", "Angebot.pdf", content, words)
    return made.id, rep.write(archive.archive, command).value


def findings(db: Database) -> list[verify.Finding]:
    def everything(session: Any) -> list[verify.Finding]:
        return [found for portion in verify.verify(session) for found in portion.findings]

    return db.read(everything)


def found(db: Database, text: str) -> list[int]:
    query = ListQuery(filters=(Filter("file_name", "contains", text),), sort="id")
    return [row.id for row in db.read(lists.list_archive, query).rows]


def test_documents_are_found_by_their_words(quote: tuple[int, int], as_role: AsRole) -> None:
    rep = as_role("sales_rep")
    word = next(word for word in text_of_pdf(PDF).split() if word.isalpha() and len(word) > 8)
    assert quote[1] in found(rep, word[:6].upper())
    assert quote[1] in found(rep, "angebot.pdf")
    assert quote[1] not in found(rep, f"{word} wortdasesnichtgibt")
    assert found(rep, "' | & ! :* \\ %") == []
    assert found(as_role("warehouse_clerk"), word) == [], "quotes are not his"
    row = rep.read(lists.list_archive, ListQuery(sort="id", descending=True)).rows[0]
    assert (row.id, row.kind, row.retain_until.year - row.dated.year) == (quote[1], "quote", 6)
    assert {line[1]: line[2] for line in rep.read(lists.rules).kinds} == {
        "voucher": 8,
        "book": 10,
        "letter": 6,
        "none": 0,
    }


def test_what_is_altered_behind_the_programs_back_is_noticed(
    quote: tuple[int, int], admin: Raw, as_role: AsRole, tmp_path: Path
) -> None:
    finance = as_role("sales_manager")
    assert findings(finance) == []
    document = quote[1]
    number = admin.execute("SELECT number FROM documents.issued WHERE id = %s", (document,)).fetchone()
    assert number is not None
    name = f"{number[0]} · Angebot.pdf"
    admin.execute("SET session_replication_role = replica")
    admin.execute("ALTER TABLE documents.content DROP CONSTRAINT content_hash_true")
    change = (
        "UPDATE documents.content c SET bytes = overlay(bytes PLACING 'x' FROM 300) {more} FROM documents.issued i"
        " WHERE i.content_id = c.id AND i.id = %s"
    )
    own = ", sha256 = encode(sha256(overlay(bytes PLACING 'x' FROM 300)), 'hex')"
    exchanged = (
        "UPDATE documents.issued i SET sha256 = c.sha256 FROM documents.content c"
        " WHERE i.content_id = c.id AND i.id = %s"
    )
    told: list[verify.Finding] = []
    steps = (
        (change.format(more=""), {"bytes", "index", "trail"}),
        (change.format(more=own), {"index", "trail"}),
        (exchanged, {"trail"}),
    )
    for statement, wanted in steps:
        admin.execute(statement, (document,))
        told = findings(finance)
        assert {one.what for one in told} == wanted
        assert {one[1:] for one in told} == {("documents.issued", document, name)}
    report = tmp_path / "Prüfung.csv"
    verify.write_report(report, 1, told, datetime(2026, 1, 1, tzinfo=UTC))
    assert f"trail;documents.issued;{document}" in report.read_text("utf-8-sig")
    admin.execute("DELETE FROM documents.issued WHERE id = %s", (document,))
    assert [one.what for one in findings(finance)] == ["lost"]
    admin.execute("DELETE FROM audit.entry WHERE topic = 'documents.issued' AND record_id = %s", (document,))


def test_an_export_is_complete_and_goes_on_where_it_was(
    quote: tuple[int, int], as_role: AsRole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, folder = as_role("finance"), tmp_path / "Prüfung 2026"
    today = date.today()  # noqa: DTZ011
    entries = db.read(audit_export.entries, date(today.year - 1, 1, 1), date(today.year + 1, 12, 31))
    assert quote[1] in [entry.id for entry in entries]
    assert db.read(audit_export.entries, date(1990, 1, 1), date(1990, 12, 31)) == ()
    assert db.read(audit_export.entries, date(1990, 1, 1), today, ["invoice"]) == ()

    def full(self: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        with pytest.raises(Invalid, match="export_disk_full"):
            db.read(audit_export.to_folder, entries, folder)
    assert not [file for file in folder.rglob("*") if file.is_file()], "nothing half-done is left"

    assert db.read(audit_export.to_folder, entries, folder) == len(entries)
    (folder / entries[-1].file).write_bytes(b"x" * entries[-1].size)
    assert db.read(audit_export.to_folder, entries, folder) == 1, "only what is not there, or not right"
    for line in (folder / "checksums.sha256").read_text().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    with (folder / "index.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert [row["file"] for row in rows] == [entry.file for entry in entries]
    # Whoever may name a customer does not run anything on the auditor's computer.
    odd = dict(audit_export.index_files([entries[0]._replace(recipient="=cmd|' /C calc'!A0")]))
    assert b";\"'=cmd|" in odd["index.csv"]
    assert b';"=cmd|' in odd["documents.csv"], "what is read by the auditor's program stays as it is"
    dtd = etree.DTD(io.BytesIO((folder / audit_export.DTD_NAME).read_bytes()))
    described = etree.fromstring((folder / "index.xml").read_bytes())
    assert dtd.validate(described), dtd.error_log
    assert [one.text for one in described.iter("Name")][2:] == list(rows[0])

    target = tmp_path / "alles.zip"
    assert db.read(audit_export.to_zip, entries, target) == len(entries)
    with zipfile.ZipFile(target) as made:
        assert made.testzip() is None
        assert set(made.namelist()) == {
            file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()
        }
    with pytest.raises(Invalid, match="export_not_written"):
        db.read(audit_export.to_zip, entries, tmp_path / "fehlt" / "a.zip")


def test_documents_go_when_their_time_is_over_and_not_before(
    quote: tuple[int, int], admin: Raw, as_role: AsRole
) -> None:
    keeper = as_role("administrator")
    assert isinstance(_refused(as_role("finance"), date(2020, 1, 1)), NotAllowed)
    assert _refused(keeper, date(2999, 1, 1)).key == "purge_in_future"  # type: ignore[attr-defined]
    assert _refused(keeper, date(2020, 1, 1), " ").key == "purge_reason"  # type: ignore[attr-defined]
    assert keeper.write(archive.purge, PurgeDocuments(date(2020, 1, 1), "Frist abgelaufen")).value == 0
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE documents.issued SET retain_until = '2019-12-31' WHERE id = %s", (quote[1],))
    admin.execute("RESET session_replication_role")
    assert keeper.write(archive.purge, PurgeDocuments(date(2020, 1, 1), "Frist abgelaufen")).value == 1
    left = admin.execute(
        "SELECT (SELECT count(*) FROM documents.issued WHERE id = %(id)s),"
        " (SELECT count(*) FROM documents.purge WHERE documents = 1 AND purged_by = 'u_administrator'),"
        " (SELECT count(*) FROM audit.entry WHERE topic = 'documents.issued' AND record_id = %(id)s AND op = 'D')",
        {"id": quote[1]},
    ).fetchone()
    assert left == (0, 1, 1)
    assert "lost" not in {one.what for one in findings(as_role("sales_manager"))}


def _refused(db: Database, until: date, reason: str = "Frist abgelaufen") -> Exception:
    with pytest.raises((NotAllowed, Refused)) as refused:
        db.write(archive.purge, PurgeDocuments(until, reason))
    return refused.value


def test_the_command_line_refuses_what_would_leave_documents_out(
    quote: tuple[int, int], role_dsn: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kind misspelt or a period turned round would look like a house without documents."""
    target, login = tmp_path / "x", ("--dsn", role_dsn("administrator"))
    year = ("--from", "1990-01-01", "--to", "1990-12-31", "--out", str(target))
    assert main(["documents", "export", *year, "--kind", "quote", "--kind", "rechnung", *login]) == 2
    told = capsys.readouterr().err
    assert "no such kind: rechnung" in told
    assert "cancellation" in told, "it names those there are"
    turned = ("--from", "2026-12-31", "--to", "2026-01-01", "--out", str(target))
    assert main(["documents", "export", *turned, *login]) == 2
    assert not target.exists()
    assert main(["documents", "export", *year, "--kind", "quote", *login]) == 0
    assert "0 documents" in capsys.readouterr().out


def test_the_verdict_is_told_even_when_its_report_cannot_be_written(
    quote: tuple[int, int], role_dsn: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "nowhere" / "check.csv"
    call = ["documents", "verify", "--report", str(report), "--dsn", role_dsn("administrator")]
    assert main(call) == 1
    told = capsys.readouterr()
    assert " files" in told.out
    assert "the report could not be written" in told.err
