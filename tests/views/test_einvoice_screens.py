"""The inbox of e-invoices: files come in by hand, by folder and by drop; one is read as a page."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

import app.views.einvoice
import app.views.partners
from app.core import i18n
from app.core.db import Database
from app.services.documents.attachments import attached_file, files_of
from app.services.documents.render import render
from app.services.einvoice.model import Profile
from app.services.einvoice.write import to_xml
from app.services.einvoice.zugferd import embed
from app.services.partners import writes
from app.services.partners.commands import SavePartner
from app.views.core.surfaces import Banner
from app.views.core.tasks import TaskManager
from app.views.einvoice.inbox import InboxPage
from tests.unit.documents_sample import sample
from tests.unit.einvoice_sample import CASES, SELLER, D, invoice
from tests.views.make_screens import Bench
from tests.views.shell_world import window_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid PDF, a wrong XML of a cheeky sender, a PDF without data, something else."""
    right = to_xml(CASES["everything"](), Profile.ZUGFERD_EN16931)
    (tmp_path / "a.pdf").write_bytes(embed(render(sample("invoice", "de")), right, Profile.ZUGFERD_EN16931))
    cheeky = invoice(seller=replace(SELLER, name='<img src="file:///etc/passwd"><b>Druck</b>'))
    wrong = replace(cheeky, totals=replace(cheeky.totals, payable=D("1.00")))
    (tmp_path / "b.xml").write_bytes(to_xml(wrong, Profile.XRECHNUNG_UBL))
    (tmp_path / "c.PDF").write_bytes(render(sample("invoice", "de")))
    (tmp_path / "d.txt").write_text("Rechnung")
    return tmp_path


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[InboxPage]:
    i18n.set_language("de")
    tasks = TaskManager()
    said: list[str] = []
    ctx: Any = SimpleNamespace(
        tasks=tasks,
        bus=SimpleNamespace(subscribe=lambda _: None),
        navigate=SimpleNamespace(toast=lambda words, **_: said.append(words)),
        said=said,
    )
    made = InboxPage(ctx, {})
    qtbot.addWidget(made)
    made.show()
    yield made
    tasks.shutdown()


def read(page: InboxPage, qtbot: QtBot) -> list[str]:
    qtbot.waitUntil(lambda: page.ctx.tasks.idle, timeout=20_000)
    return [item.state for item in page.items]


def test_a_folder_is_read_and_shown(page: InboxPage, folder: Path, qtbot: QtBot) -> None:
    page.add_folder(folder)
    assert read(page, qtbot) == ["right", "wrong", "none"]
    text = page.paper.toPlainText()
    assert "Rechnung RE-2026-00042" in text
    assert "Zinnteller „Nürnberg“" in text
    assert page.view is not None
    page.view.selectRow(1)
    assert page.state()["chosen"] == str(folder / "b.xml")
    text = page.paper.toPlainText()
    assert 'Name\n<img src="file:///etc/passwd"><b>Druck</b>' in text
    assert "Der Zahlbetrag ist nicht Brutto" in text
    verdict = page.findChild(Banner, "einvoice.verdict")
    assert verdict is not None
    page.view.selectRow(2)
    assert "enthält keine Rechnungsdaten" in page.paper.toPlainText()


def test_drop_state_and_clear(page: InboxPage, folder: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder / "a.pdf")), QUrl.fromLocalFile(str(folder / "gone.xml"))])
    drop = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(drop)
    assert read(page, qtbot) == ["right"]
    i18n.set_language("en")
    again = InboxPage(page.ctx, page.state())
    qtbot.addWidget(again)
    assert read(again, qtbot) == ["right"]
    assert "Sum of lines" in again.paper.toPlainText()
    i18n.set_language("de")
    page.clear()
    assert page.state() == {"paths": [], "chosen": ""}
    empty = folder / "empty"
    empty.mkdir()
    page.add_folder(empty)
    assert page.ctx.said  # type: ignore[attr-defined]
    assert page.items == []
    assert page.view is None


def test_a_received_file_is_kept_with_its_supplier(
    as_role: Callable[[str], Database], folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """Byte for byte, once, and only what was checked; an unknown supplier is said."""
    db = as_role("purchase_officer")
    home = tmp_path / "home"
    home.mkdir()
    with window_for(db, home, qtbot, (app.views.partners, app.views.einvoice)) as window:
        bench = Bench(window, qtbot)
        inbox = bench.go("einvoice.inbox")
        inbox.add([folder / "a.pdf"])
        bench.settle()
        inbox.keep()
        bench.settle()
        assert "noch kein Lieferant" in bench.said()
        values = {"name": "Zinnhandel", "is_customer": False, "is_supplier": True, "vat_id": SELLER.vat_id}
        supplier = db.write(writes.save_partner, SavePartner(None, None, values)).value.id
        received = (folder / "a.pdf").read_bytes()
        (folder / "a.pdf").write_bytes(received + b"\n")
        inbox.keep()
        bench.settle()
        assert "hat sich geändert" in bench.everything()
        bench.click("dialog.close")
        assert db.read(files_of, "partners.partner", supplier).attachments == ()
        (folder / "a.pdf").write_bytes(received)
        inbox.keep()
        bench.settle()
        (kept,) = db.read(files_of, "partners.partner", supplier).attachments
        assert kept.name == "RE-2026-00042 a.pdf"
        assert "164,53" in kept.comment
        inbox.keep()
        bench.settle()
        assert "liegt schon bei Zinnhandel" in bench.said()
        assert len(db.read(files_of, "partners.partner", supplier).attachments) == 1
        assert db.read(attached_file, kept.id).content == received


def test_a_file_that_is_gone_is_explained(page: InboxPage, folder: Path, qtbot: QtBot) -> None:
    page.add([folder / "gone.xml"])
    assert read(page, qtbot) == ["none"]
    assert "lässt sich nicht öffnen" in page.paper.toPlainText()
