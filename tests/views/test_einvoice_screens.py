"""The inbox: files come in by hand, by folder and by drop, are kept as they came, read as a page, refused."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

import app.views.einvoice
import app.views.partners
import app.views.purchasing
from app.core.db import Database
from app.core.paging import ListQuery
from app.services.documents.render import render
from app.services.einvoice.model import Note, Profile
from app.services.einvoice.read import read
from app.services.einvoice.schematron import Failed, RuleSets
from app.services.einvoice.write import to_xml
from app.services.einvoice.zugferd import embed
from app.services.purchasing.received import list_received, received_file
from app.views.core.surfaces import Banner
from app.views.einvoice.inbox import InboxPage
from app.views.einvoice.paper import SHOWN_ROWS, Paper
from tests.unit.documents_sample import sample
from tests.unit.einvoice_sample import CASES, SELLER, D, invoice
from tests.views.sales_screens import Desk
from tests.views.shell_world import window_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid PDF, a wrong XML of a cheeky sender, a PDF without data, something else."""
    files = tmp_path / "files"
    files.mkdir()
    right = to_xml(CASES["everything"](), Profile.ZUGFERD_EN16931)
    (files / "a.pdf").write_bytes(embed(render(sample("invoice", "de")), right, Profile.ZUGFERD_EN16931))
    cheeky = invoice(seller=replace(SELLER, name='<img src="file:///etc/passwd"><b>Druck</b>'))
    wrong = replace(cheeky, totals=replace(cheeky.totals, payable=D("1.00")))
    (files / "b.xml").write_bytes(to_xml(wrong, Profile.XRECHNUNG_UBL))
    (files / "c.PDF").write_bytes(render(sample("invoice", "de")))
    (files / "d.txt").write_text("Rechnung")
    return files


@pytest.fixture
def desk(as_role: Callable[[str], Database], tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    home = tmp_path / "home"
    home.mkdir()
    views = (app.views.einvoice, app.views.purchasing, app.views.partners)
    with window_for(as_role("purchase_officer"), home, qtbot, views) as window:
        window.open_workspace("einvoice.inbox")
        yield Desk(window, qtbot)


def rows(page: Any) -> dict[str, Any]:
    return {row.file_name: row for row in page.model.rows}


def show(desk: Desk, page: Any, name: str) -> str:
    """Choose a file and read its page."""
    number = next(n for n, row in enumerate(page.model.rows) if row.file_name == name)
    page.table.selectRow(number)
    desk.wait(lambda: (found := desk.find("einvoice.paper")) is not None and name in found.toPlainText())
    return str(desk.find("einvoice.paper").toPlainText())


def test_a_folder_is_kept_read_and_shown(desk: Desk, folder: Path) -> None:
    page: InboxPage = desk.front()
    assert desk.find("action.open") is not None  # also in the empty state
    page.add_folder(folder, "file")
    desk.wait(lambda: len(page.model.rows) == 3)
    found = rows(page)
    assert {name: (row.kind, row.verdict) for name, row in found.items()} == {
        "a.pdf": ("zugferd", "right"),
        "b.xml": ("xml", "wrong"),
        "c.PDF": ("pdf", "none"),
    }
    for name, row in found.items():
        assert page.ctx.db.read(received_file, row.id).content == (folder / name).read_bytes()
    text = show(desk, page, "a.pdf")
    assert "Rechnung RE-2026-00042" in text
    assert "Zinnteller „Nürnberg“" in text
    text = show(desk, page, "b.xml")
    assert 'Name\n<img src="file:///etc/passwd"><b>Druck</b>' in text
    assert "Der Zahlbetrag ist nicht Brutto" in text
    assert page.findChild(Banner, "einvoice.verdict") is not None
    desk.click("detail.refuse")
    desk.reason("Betrag falsch")
    desk.wait(lambda: "b.xml" not in rows(page))
    (refused,) = page.ctx.db.read(list_received, ListQuery(preset="refused")).rows
    assert refused.refuse_reason == "Betrag falsch"
    # Dropped once more it waits anew; what is known is not kept twice.
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder / name)) for name in ("a.pdf", "b.xml")])
    drop = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(drop)
    desk.wait(lambda: len(page.model.rows) == 3)
    assert len(page.ctx.db.read(list_received, ListQuery(preset="all")).rows) == 3


def test_a_file_that_is_gone_and_an_empty_folder_are_explained(desk: Desk, tmp_path: Path) -> None:
    page: InboxPage = desk.front()
    empty = tmp_path / "empty"
    empty.mkdir()
    page.add_folder(empty, "file")
    before = len(page.model.rows)
    page.add([tmp_path / "gone.xml"], "file")
    desk.wait(lambda: desk.find("dialog.close"))
    desk.click("dialog.close")
    assert len(page.model.rows) == before


def test_who_stores_a_file_and_looks_at_it_has_it_checked_once() -> None:
    asked = 0

    class Counting(RuleSets):
        def check(self, *given: Any, **more: Any) -> tuple[Failed, ...]:
            nonlocal asked
            asked += 1
            return super().check(*given, **more)

    engine = Counting()
    xml = to_xml(invoice(), Profile.XRECHNUNG_CII)
    assert read(xml, "a.xml", engine) is read(bytes(bytearray(xml)), "a.xml", engine)
    assert asked == 1
    engine.stop()
    away = Counting((sys.executable, "-I", "-c", ""))
    assert not read(xml, "a.xml", away).ok
    assert not read(xml, "a.xml", away).ok
    assert asked == 3  # what could not be checked is asked again


def test_a_flood_of_data_is_cut_off_and_said_so(qtbot: QtBot) -> None:
    """A page is laid out by the window itself: one of three hundred thousand rows would hold it for half a minute."""
    found = read(to_xml(invoice(), Profile.ZUGFERD_EN16931))
    assert found.invoice is not None
    lines = found.invoice.lines * 300
    flood = replace(found.invoice, lines=lines, notes=(Note("x" * 1_000_000),))
    paper = Paper()
    qtbot.addWidget(paper)
    paper.show_received(replace(found, invoice=flood, unread=(("a/b", "y"),) * 300_000))
    at_first = paper.toPlainText()
    assert at_first.count("Zinnfigur") == 0  # the head; the rest follows in portions, the window in between
    said = f"{300_000 - SHOWN_ROWS}"
    qtbot.waitUntil(lambda: said in paper.toPlainText())
    shown = paper.toPlainText()
    assert len(shown) < 100_000
    assert f"{len(lines) - SHOWN_ROWS}" in shown
