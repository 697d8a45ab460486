"""The archive is looked at every night; what was changed behind the program's back is an alarm; all see when."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands import documents as command
from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.services.documents import archive, verify
from app.services.documents.commands import NoteVerified, NoteWords
from app.services.documents.render import render
from app.services.documents.samples import sample
from app.services.documents.verify import Finding

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: what the night finds is counted, and what was altered stays so."""
    with new_database() as address:
        yield address


def _issue(admin: Raw, number: str, content: bytes) -> int:
    """A document of the archive, as its posting writes it."""
    row = admin.execute(
        "WITH c AS (INSERT INTO documents.content (sha256, size, mime, bytes) VALUES"
        " (encode(sha256(%(b)s), 'hex'), octet_length(%(b)s), 'application/pdf', %(b)s) RETURNING id, sha256, size)"
        " INSERT INTO documents.issued (kind, topic, record_id, once, number, dated, language, format, file_name,"
        " content_id, sha256, size, retain_until) SELECT 'invoice', 'sales.invoice', 1, false, %(n)s, '2026-11-01',"
        " 'de', 'pdf', %(n)s || '.pdf', c.id, c.sha256, c.size, '2034-12-31' FROM c RETURNING id",
        {"b": content, "n": number},
    ).fetchone()
    assert row is not None
    return int(row[0])


def _alter(admin: Raw, document: int) -> None:
    """Exchange its bytes past everything, with a hash that fits them."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "UPDATE documents.content c SET bytes = '%%PDF-1.4 X', size = 10, sha256 ="
            " encode(sha256('%%PDF-1.4 X'), 'hex') FROM documents.issued i WHERE i.content_id = c.id AND i.id = %s",
            (document,),
        )


def _runs(admin: Raw) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT looked, found, findings, ended_at IS NOT NULL FROM documents.verification ORDER BY id"
    ).fetchall()


def test_the_night_finds_what_was_altered_and_says_so_once(admin: Raw, as_role: As) -> None:
    good, bad, gone = (_issue(admin, f"RE-{n}", f"%PDF-1.4 {n}".encode()) for n in (1, 2, 3))
    step = "SELECT sec.guard_archive()"
    assert admin.execute(step).fetchone() == (3,)
    assert _runs(admin) == [(3, 0, [], True)]
    assert admin.execute(step).fetchone() == (0,)  # once a day
    # The next day: bytes exchanged with a hash that fits them, and a row deleted past everything.
    admin.execute("UPDATE documents.verification SET started_at = started_at - interval '1 day'")
    _alter(admin, bad)
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("DELETE FROM documents.issued WHERE id = %s", (gone,))
    assert admin.execute(step).fetchone() == (2,)
    run = _runs(admin)[-1]
    assert run[:2] == (2, 2)
    assert {(one["what"], one["id"]) for one in run[2]} == {("index", bad), ("lost", gone)}
    alarms = admin.execute("SELECT kind, detail FROM sec.alarm WHERE kind = 'archive_altered'").fetchall()
    assert len(alarms) == 1
    assert alarms[0][1]["found"] == 2
    # Everybody sees that it was done, and what came of it; nobody can write it himself.
    seen = as_role("viewer").read(verify.last_runs)
    assert [(one.looked, one.found, bool(one.findings)) for one in seen] == [(2, 2, True), (3, 0, False)]
    assert good


def test_a_persons_own_run_is_kept(admin: Raw, as_role: As, raw_role: Callable[..., Raw]) -> None:
    finance = as_role("finance")
    found = (Finding("bytes", "documents.issued", 7, "RE-7"),)
    noted = NoteVerified(12, found)
    finance.write(archive.note_verified, noted)
    finance.write(archive.note_verified, noted)  # sent again: the same run
    last = finance.read(verify.last_runs)[0]
    assert (last.looked, last.found, last.findings) == (12, 1, found)
    assert admin.execute("SELECT count(*) FROM documents.verification WHERE looked = 12").fetchone() == (1,)
    with pytest.raises(NotAllowed):
        as_role("viewer").write(archive.note_verified, NoteVerified(1, ()))
    with pytest.raises(Refused):
        finance.write(archive.note_verified, NoteVerified(-1, ()))

    for odd in ('["x"]', '[{"what": "bytes"}]', '[{"what": 1, "topic": "a", "id": "x", "name": null}]'):
        with pytest.raises(psycopg.Error, match="verification_findings"):
            raw_role("finance", ticket=True).execute(
                "SELECT api.document_verified(gen_random_uuid(), 1, 1, %s)", (odd,)
            )
    assert finance.read(verify.last_runs)[0].findings == found, "nobody can make it unreadable"

    def forge(session: Session) -> None:
        session.connection().exec_driver_sql("INSERT INTO documents.verification (looked) VALUES (1)")

    with pytest.raises(Exception, match=r"permission denied|read-only"):
        finance.read(forge)


def test_documents_of_before_are_read_for_the_search(
    admin: Raw, as_role: As, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = _issue(admin, "RE-9", render(sample("invoice")))
    odd = _issue(admin, "RE-10", b"%PDF-1.4 nothing to read")
    _alter(admin, _issue(admin, "RE-11", b"%PDF-1.4 what was once issued"))
    finance = as_role("finance")
    assert set(finance.read(archive.unread)) >= {old, odd}
    finance.write(archive.note_words, NoteWords(odd, ""))
    with pytest.raises(Refused, match="record_not_found"):
        finance.write(archive.note_words, NoteWords(10**12, "x"))
    monkeypatch.setattr(command, "open_database", lambda *_: as_role("finance"))
    assert command._index(argparse.Namespace()) == 1
    said = capsys.readouterr().out
    assert "document_damaged" in said  # the altered one is not read, and not passed over in silence
    assert "documents read." in said
    keeper = as_role("administrator")  # the command has ended the other's session
    assert not set(keeper.read(archive.unread)) & {old, odd}
    assert old in keeper.read(_found, "Räucherhaus Winterlandschaft")
    with pytest.raises(NotAllowed):
        as_role("viewer").write(archive.note_words, NoteWords(old, "forged"))


def _found(session: Session, words: str) -> list[int]:
    return list(session.execute(select(func.documents.search_documents(words))).scalar_one())
