"""Files beside records: who may lay them there and read them, that each is kept once, and what is refused."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace as other
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import paths
from app.core.changes import Result
from app.core.db import Database
from app.core.errors import AppError, Conflict, Invalid, NotAllowed
from app.services.documents import attachments, contents, scan
from app.services.documents.commands import (
    AddAttachment,
    RemoveAttachment,
    RenameAttachment,
    ReplaceAttachment,
)
from app.services.sales import writes
from tests.sales_world import Raw, World, build

AsRole = Callable[[str], Database]
TEXT = "Bitte vor 10 Uhr anliefern – Tor 3".encode()


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def quote(world: World, as_role: AsRole) -> int:
    """A draft of sales."""
    return as_role("sales_rep").write(writes.save_quote, world.quote([world.line(world.bike)])).value.id


def file(quote: int, name: str = "Anfahrt.txt", content: bytes = TEXT) -> AddAttachment:
    return AddAttachment("sales.quote", quote, name, contents.mime_of(name, content), content)


def refusal(db: Database, run: Callable[..., Result[Any]], command: object) -> AppError:
    with pytest.raises(AppError) as refused:
        db.write(run, command)
    return refused.value


def test_a_file_comes_back_and_is_kept_once(quote: int, admin: Raw, as_role: AsRole) -> None:
    rep, viewer = as_role("sales_rep"), as_role("viewer")
    before = rep.counter.round_trips
    first = rep.write(attachments.add, file(quote)).value
    assert rep.counter.round_trips - before == 1
    second = rep.write(attachments.add, file(quote, "Noch einmal.txt")).value
    assert viewer.read(attachments.attached_file, first) == ("Anfahrt.txt", TEXT, "text/plain")
    kept = admin.execute(
        "SELECT count(DISTINCT content_id) FROM documents.attachment_version WHERE attachment_id = ANY(%s)",
        ([first, second],),
    ).fetchone()
    assert kept == (1,), "the same bytes are kept once"
    found = viewer.read(attachments.files_of, "sales.quote", quote)
    assert [(row.name, row.added_by, row.state) for row in found.attachments] == [
        ("Anfahrt.txt", "u_sales_rep", "current"),
        ("Noch einmal.txt", "u_sales_rep", "current"),
    ]


def test_versions_names_and_removal(quote: int, as_role: AsRole) -> None:
    rep = as_role("sales_rep")
    made = rep.write(attachments.add, file(quote)).value
    rep.write(attachments.replace, ReplaceAttachment(made, 1, "text/plain", b"neu", "Tor 4"))
    assert refusal(rep, attachments.rename, RenameAttachment(made, 1, "x")).__class__ is Conflict
    same = ReplaceAttachment(made, 2, "text/plain", b"neu")
    assert refusal(rep, attachments.replace, same).key == "attachment_unchanged"
    rep.write(attachments.rename, RenameAttachment(made, 2, "Wegbeschreibung.txt"))
    found = rep.read(attachments.versions_of, made)
    assert [(row.version, row.comment) for row in found] == [(2, "Tor 4"), (1, "")]
    assert rep.read(attachments.attached_file, made, 1).content == TEXT
    assert rep.read(attachments.attached_file, made) == ("Wegbeschreibung.txt", b"neu", "text/plain")
    assert refusal(rep, attachments.remove, RemoveAttachment(made, 3, "  ")).key == "reason_required"
    rep.write(attachments.remove, RemoveAttachment(made, 3, "falscher Kunde"))
    (row,) = rep.read(attachments.files_of, "sales.quote", quote).attachments
    assert (row.state, row.removed_reason) == ("removed", "falscher Kunde")
    assert refusal(rep, attachments.rename, RenameAttachment(made, 4, "x")).key == "attachment_removed"
    rep.write(attachments.add, file(quote, "Wegbeschreibung.txt"))  # its name is free again


def test_who_may_not_change_the_record_lays_nothing_beside_it(
    quote: int, world: World, admin: Raw, as_role: AsRole
) -> None:
    # An account is its owner's; a file beside it would be everybody's.
    account = admin.execute(
        "INSERT INTO mail.account (kind, owner, name, host, port, sender_address)"
        " VALUES ('outgoing', 'u_marketing', 'Mein', 'mail.example', 587, 'm@mail.example') RETURNING id"
    ).fetchone()
    assert account is not None
    beside = other(file(quote), topic="mail.account", record_id=account[0])
    assert refusal(as_role("sales_rep"), attachments.add, beside).key == "record_not_found"
    made = as_role("sales_rep").write(attachments.add, file(quote)).value
    for role in ("viewer", "finance", "warehouse_clerk", "production_operator"):
        db = as_role(role)
        assert isinstance(refusal(db, attachments.add, file(quote, "Eigenes.txt")), NotAllowed), role
        assert isinstance(refusal(db, attachments.remove, RemoveAttachment(made, 1, "weg")), NotAllowed), role
    clerk = as_role("warehouse_clerk")
    assert clerk.read(attachments.files_of, "sales.quote", quote).attachments == (), "quotes are not his"
    with pytest.raises(Invalid):
        clerk.read(attachments.attached_file, made)
    content = admin.execute(
        "SELECT content_id FROM documents.attachment_version WHERE attachment_id = %s", (made,)
    ).fetchone()
    assert content is not None
    read = "SELECT count(*) FROM documents.content WHERE id = :id"
    assert clerk.read(_counted, read, content[0]) == 0, "nor are the bytes, by whatever way"
    assert as_role("viewer").read(_counted, read, content[0]) == 1


def _counted(session: Session, statement: str, number: int) -> int:
    return int(session.execute(text(statement), {"id": number}).scalar_one())


def test_nonsense_is_refused(quote: int, admin: Raw, as_role: AsRole) -> None:
    rep, good = as_role("sales_rep"), file(quote)
    rep.write(attachments.add, good)
    admin.execute("UPDATE documents.house SET attachment_mb = 1")
    try:
        for key, values in (
            ("attachment_name_taken", {"name": "ANFAHRT.TXT"}),
            ("attachment_name", {"name": "../../etc/passwd"}),
            ("attachment_name", {"name": "a\nb"}),
            ("attachment_name", {"name": "x" * 181}),
            ("content_empty", {"name": "leer", "content": b""}),
            ("attachment_too_large", {"name": "groß", "content": bytes(1024 * 1024 + 1)}),
            ("record_not_found", {"record_id": 10**12}),
            ("record_not_found", {"topic": "sales.nothing"}),
            ("record_not_found", {"topic": "sec.app_user"}),
            ("content_mime", {"name": "m", "mime": "text/html; x", "content": b"ein anderer Inhalt"}),
        ):
            wrong = other(good, command=file(quote).command, **values)
            assert refusal(rep, attachments.add, wrong).key == key, values
    finally:
        admin.execute("UPDATE documents.house SET attachment_mb = 25")


def test_a_discarded_draft_takes_its_files_along(quote: int, admin: Raw, as_role: AsRole) -> None:
    rep = as_role("sales_rep")
    rep.write(attachments.add, file(quote, "nur hier.txt", b"nur an diesem Entwurf"))
    version = admin.execute("SELECT row_version FROM sales.quote WHERE id = %s", (quote,)).fetchone()
    assert version is not None
    with psycopg.connect(admin.info.dsn, password=admin.info.password, autocommit=True) as connection:
        connection.execute(
            "SELECT api.discard_draft(gen_random_uuid(), 'sales.quote', %s, %s)", (quote, version[0])
        )
    left = admin.execute(
        "SELECT (SELECT count(*) FROM documents.attachment WHERE topic = 'sales.quote' AND record_id = %s),"
        " (SELECT count(*) FROM documents.content WHERE bytes = 'nur an diesem Entwurf'::bytea)",
        (quote,),
    ).fetchone()
    assert left == (0, 0)


def test_the_workplaces_scanner_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "scan_file", lambda: tmp_path / "scan.json")
    scan.check("a.txt", TEXT)  # none is set
    script = "import sys; sys.exit('EICAR' in open(sys.argv[1], encoding='utf-8').read())"
    settings = {"command": [sys.executable, "-c", script, "{file}"]}
    (tmp_path / "scan.json").write_text(json.dumps(settings), encoding="utf-8")
    scan.check("a.txt", TEXT)
    with pytest.raises(Invalid, match="attachment_infected"):
        scan.check("a.txt", b"EICAR")
    (tmp_path / "scan.json").write_text('{"command": ["/no/such/scanner"]}', encoding="utf-8")
    with pytest.raises(Invalid, match="attachment_scan_failed"):
        scan.check("a.txt", TEXT)
    (tmp_path / "scan.json").write_text("{", encoding="utf-8")
    with pytest.raises(Invalid, match="attachment_scan_failed"):
        scan.check("a.txt", TEXT)


def test_what_dos_wrote_is_read_and_no_reason_to_give_up() -> None:
    """Old cash desks and machines write code page 850, in which some letters are no letters of Windows."""
    table = "Größe;Prüfer\r\nMüller;ü\r\n".encode("cp850")
    assert contents.text_of(contents.mime_of("liste.csv", table), table).endswith("Müller;ü\r\n")
    late = b"a" * 5000 + "ü".encode("cp850")
    assert contents.mime_of("x.txt", late) == "text/plain"
    assert contents.text_of("text/plain", late).endswith("aü")
    assert contents.mime_of("x.bin", b"\x81\x8d\x90") == "application/octet-stream"


def test_files_are_called_what_they_are() -> None:
    assert contents.mime_of("Rechnung.pdf", b"MZ\x90\0") == "application/x-msdownload"
    assert contents.mime_of("x.pdf", b"kein PDF") == "text/plain"
    assert contents.runs("Rechnung.pdf.exe", b"")
    assert contents.runs("harmlos.pdf", b"MZ")
    for wild, tame in (
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\con.txt", "_con.txt"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe"),
        ("a<b>|c?.txt. ", "a_b__c_.txt"),
        ("...", "file"),
        ("ü" * 300 + ".pdf", "ü" * 176 + ".pdf"),
    ):
        assert contents.safe_name(wild) == tame
