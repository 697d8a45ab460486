"""The archive on screen: found by its words, shown in place, proved, exported, deleted by those who may."""

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pypdf import PdfReader
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.views.documents
import app.views.sales
from app.core.db import Database
from app.services.documents import archive, attachments
from app.services.documents.commands import AddAttachment
from app.services.sales import writes
from app.services.sales.commands import IssueQuote
from app.services.sales.documents import archive_command, document_for
from app.views.core import file_dialog
from app.views.documents.archive_list import save_zip
from app.views.documents.export_dialog import export
from app.views.documents.pane import ArchivePane
from app.views.documents.verify_dialog import VerifyDialog
from tests.sales_world import Raw, World, build
from tests.views.sales_screens import Desk
from tests.views.shell_world import window_for

AsRole = Callable[[str], Database]


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: one document that was altered stops the export of all."""
    with new_database() as address:
        yield address


@pytest.fixture
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def document(world: World, as_role: AsRole) -> int:
    rep = as_role("sales_rep")
    made = rep.write(writes.save_quote, world.quote([world.line(world.bike)])).value
    rep.write(writes.issue_quote, IssueQuote(made.id, made.row_version))
    data = rep.read(document_for, "quote", made.id)
    return rep.write(archive.archive, archive_command(made.id, data)).value


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    packages = (app.views.sales, app.views.documents)
    with window_for(as_role("sales_manager"), tmp_path / "desk", qtbot, packages) as window:
        yield Desk(window, qtbot)


def test_a_document_is_found_and_shown(
    document: int, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.window.open_workspace("documents.archive")
    page: Any = desk.front()
    assert document in [row.id for row in page.model.rows]
    page.table.selectRow(0)
    desk.settle()
    pane = desk.window.findChild(ArchivePane)
    assert pane is not None
    desk.wait(lambda: pane.view._pages >= 1)
    opened: list[str] = []
    monkeypatch.setattr(file_dialog, "show_file", opened.append)
    pane._open()
    desk.wait(lambda: opened)
    assert Path(opened[0]).read_bytes().startswith(b"%PDF-")

    save_zip(desk.window.ctx, [document], tmp_path / "Belege.zip")
    desk.wait((tmp_path / "Belege.zip").exists)
    year = dt.date.today().year  # noqa: DTZ011
    export(desk.window.ctx, dt.date(year - 1, 1, 1), dt.date(year + 1, 1, 1), ["quote"], tmp_path / "Prüfung")
    desk.wait((tmp_path / "Prüfung" / "index.xml").exists)
    desk.settle()


def test_the_archive_is_proved_on_screen(document: int, desk: Desk, admin: Raw, tmp_path: Path) -> None:
    def proved() -> VerifyDialog:
        desk.window.open_workspace("documents.archive")
        desk.settle()
        desk.click("action.verify")
        dialog = desk.window.findChild(VerifyDialog)
        assert dialog is not None
        desk.wait(lambda: dialog.done)
        return dialog

    dialog = proved()
    assert dialog.findings == []
    assert "wie es archiviert wurde" in desk.find("verify.status").text()
    desk.click("dialog.close")
    desk.settle()
    admin.execute("SET session_replication_role = replica")
    admin.execute("ALTER TABLE documents.content DROP CONSTRAINT content_hash_true")
    admin.execute(
        "UPDATE documents.content c SET bytes = overlay(bytes PLACING 'x' FROM 300)"
        " FROM documents.issued i WHERE i.content_id = c.id AND i.id = %s",
        (document,),
    )
    dialog = proved()
    # A colleague's run, or the guard's at night, is said above one's own.
    desk.wait(lambda: "keine Abweichung" in desk.find("verify.before").text())
    assert " von " in desk.find("verify.before").text()
    assert "Prüfwert" in desk.find("verify.findings").text()
    dialog.write(tmp_path / "Bericht.pdf", dt.datetime.now(dt.UTC))
    desk.wait((tmp_path / "Bericht.pdf").exists)
    shown = PdfReader(tmp_path / "Bericht.pdf").pages[0].extract_text()
    assert "Prüfprotokoll Archiv" in shown
    assert "Das Verzeichnis nennt einen anderen Prüfwert." in " ".join(shown.split())
    dialog.write(tmp_path / "Bericht.csv", dt.datetime.now(dt.UTC))
    desk.wait((tmp_path / "Bericht.csv").exists)
    desk.settle()
    with (tmp_path / "Bericht.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row[0] for row in csv.reader(stream, delimiter=";")][2:] == ["bytes", "index", "trail"]


def test_rules_are_shown_to_everybody(desk: Desk) -> None:
    desk.window.open_workspace("documents.archive")
    desk.settle()
    desk.click("action.rules")
    desk.wait(lambda: desk.find("dialog.rules"))
    assert desk.find("dialog.purge") is None


def test_an_audit_export_takes_every_kind_unless_one_is_chosen(desk: Desk) -> None:
    desk.window.open_workspace("documents.archive")
    desk.settle()
    desk.click("action.export")
    desk.wait(lambda: desk.find("field.kind"))
    kinds = desk.find("field.kind")
    assert kinds.currentText() == "Alle Arten"
    assert [kinds.itemData(i) for i in range(kinds.count())].count(None) == 1


def test_administrators_delete_what_has_run_out(
    document: int, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE documents.issued SET retain_until = '2019-12-31' WHERE id = %s", (document,))
    (tmp_path / "admin").mkdir()
    with window_for(as_role("administrator"), tmp_path / "admin", qtbot, (app.views.documents,)) as window:
        keeper = Desk(window, qtbot)
        keeper.window.open_workspace("documents.archive", preset="expired")
        page: Any = keeper.front()
        assert [row.id for row in page.model.rows] == [document]
        keeper.click("action.rules")
        keeper.click("dialog.limit")
        keeper.wait(lambda: keeper.find("field.mb"))
        keeper.find("field.mb").selectAll()
        QTest.keyClicks(keeper.find("field.mb"), "40")
        keeper.click("dialog.yes")
        keeper.wait(lambda: admin.execute("SELECT attachment_mb FROM documents.house").fetchone() == (40,))
        keeper.settle()
        keeper.click("action.rules")
        keeper.click("dialog.purge")
        keeper.wait(lambda: keeper.find("field.reason"))
        keeper.reason("Frist abgelaufen, kein Verfahren offen")
        keeper.wait(lambda: not page.model.rows)


def test_attachments_of_all_records_are_found_by_name(
    world: World, document: int, admin: Raw, desk: Desk, as_role: AsRole
) -> None:
    quote = admin.execute("SELECT id FROM sales.quote ORDER BY id DESC LIMIT 1").fetchone()
    assert quote is not None
    rep = as_role("sales_rep")
    for name, content in (("Zeichnung Nussknacker.pdf", b"%PDF-1.4 a"), ("Muster.txt", b"blau")):
        mime = "application/pdf" if name.endswith("pdf") else "text/plain"
        rep.write(attachments.add, AddAttachment("sales.quote", quote[0], name, mime, content))
    desk.window.open_workspace("documents.attachments", filters={"name": "nussknacker"})
    page: Any = desk.front()
    desk.wait(lambda: len(page.model.rows) == 1)
    assert page.model.rows[0].name == "Zeichnung Nussknacker.pdf"
    desk.settle()
