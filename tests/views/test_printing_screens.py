"""The screens of printing: what is asked of a printer, the queue, printing with and without asking."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pypdf import PdfReader
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QToolTip
from pytestqt.qtbot import QtBot
from reportlab.pdfgen import canvas

import app.views.printing
import app.views.security
from app.core.db import Database
from app.core.i18n import LANGUAGES, catalogue, set_language, t
from app.services.printing import trouble, writes
from app.services.printing.commands import (
    NoteStatus,
    PrintDocument,
    RequestPrint,
    SavePrinter,
    SaveRoute,
    SeeStation,
)
from app.services.printing.mdns import Nearby
from app.services.printing.station import secret
from app.simulate.printers import Printer
from app.sync.printing import Outcome, PrintWorker
from app.views.printing import discover, printers, queue
from app.views.printing.button import print_documents, wants_choice
from app.views.printing.long_press import LongPress
from app.views.printing.watch import PrintWatch
from app.views.printing.words import OFFERED
from tests.peers.printers import cups_printer, ipp_printer
from tests.peers.sockets import Sink
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

__all__ = ["cups_printer", "ipp_printer"]
PACKAGES = (app.views.printing, app.views.security)
Raw = psycopg.Connection[Any]


def paper(*texts: str) -> bytes:
    """A PDF with a page each."""
    kept = io.BytesIO()
    page = canvas.Canvas(kept, pagesize=(595, 842))
    for text in texts:
        page.drawString(100, 700, text)
        page.showPage()
    page.save()
    return kept.getvalue()


@pytest.fixture
def admin_dsn(new_database: Any) -> Iterator[str]:
    """A database for each test: printers and jobs are counted."""
    with new_database() as address:
        yield address


@pytest.fixture
def bench(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Bench]:
    with window_for(as_role("administrator"), tmp_path, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


def new_printer(db: Database, name: str, address: str, **values: Any) -> int:
    """A printer."""
    given = {"name": name, "kind": "ipp", "address": address, **values}
    return db.write(writes.save_printer, SavePrinter(None, None, given)).value.id


def test_a_printer_is_entered_asked_and_prints(
    bench: Bench, as_role: AsRole, admin: Raw, ipp_printer: Printer
) -> None:
    bench.window.new_record("printing.printer")
    page = bench.front()
    for key, value in (("name", "Office"), ("address", ipp_printer.uri), ("location", "1. OG")):
        bench.type(f"field.{key}", value)
    page.save()
    bench.settle()
    row = admin.execute("SELECT id, address FROM printing.printer WHERE name = 'Office'").fetchone()
    assert row is not None
    assert row[1] == ipp_printer.uri
    bench.click("action.ask")
    bench.wait(lambda: admin.execute("SELECT count(*) FROM printing.printer_status").fetchone() == (1,))
    bench.wait(lambda: "300 dpi" in bench.everything())
    db = as_role("administrator")
    db.write(writes.see_station, SeeStation(secret(), "desk"))
    bench.click("action.test")
    bench.wait(lambda: admin.execute("SELECT count(*) FROM printing.job").fetchone() == (1,))
    assert PrintWorker(db, secret=secret()).drain() == 1
    bench.wait(lambda: any("testseite" in one.name for one in ipp_printer.printed()))
    # What the first form offered was read before there was a printer.
    bench.window.new_record("printing.route")
    offered: Any = bench.front().boxes["printer_id"].editor
    bench.wait(lambda: "Office" in [offered.itemText(number) for number in range(offered.count())])


def test_the_light_for_printers_in_trouble_outlives_another_language(bench: Bench, as_role: AsRole) -> None:
    db = as_role("administrator")
    printer = new_printer(db, "Leer", "127.0.0.1:9", kind="raw")
    db.write(writes.note_status, NoteStatus(printer, "media_out"))
    watch = bench.window.findChild(PrintWatch)
    assert watch is not None
    watch.look()
    bench.wait(lambda: bench.window.status.printing.text())
    bench.window.switch_language("en")
    bench.wait(lambda: "Leer" in bench.window.status.printing.toolTip())
    bench.window.status.printing_clicked.emit()
    bench.wait(lambda: "printers" in str(bench.front().title()).lower())


def test_a_job_for_a_printer_of_another_work_place_says_whom_it_waits_for(
    bench: Bench, as_role: AsRole, admin: Raw
) -> None:
    db = as_role("administrator")
    db.write(writes.see_station, SeeStation("q" * 40, "Packtisch", []))
    row = admin.execute("SELECT id FROM printing.station WHERE name = 'Packtisch'").fetchone()
    assert row is not None
    number = new_printer(db, "USB", "127.0.0.1:9", kind="raw", station_id=row[0])
    document = PrintDocument(paper("1"), "LS-1")
    db.write(writes.request, RequestPrint("delivery_note", (document,), secret(), "de", number))
    bench.go("printing.queue", preset="open")
    bench.wait(lambda: "Wartet auf Packtisch" in bench.everything())


def test_a_job_of_a_printer_out_of_use_says_so_and_offers_another_way(
    bench: Bench, as_role: AsRole, admin: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In few words in its cell, with what to do when the pointer rests on it, and in its menu."""
    db = as_role("administrator")
    number = new_printer(db, "Altgerät", "127.0.0.1:9", kind="raw")
    document = PrintDocument(paper("1"), "LS-77")
    db.write(writes.request, RequestPrint("delivery_note", (document,), secret(), "de", number))
    admin.execute("UPDATE printing.printer SET is_active = false WHERE id = %s", (number,))
    page = bench.go("printing.queue", preset="trouble")
    bench.wait(lambda: "Stillgelegt: umleiten oder abbrechen" in bench.everything())
    line = next(n for n, row in enumerate(page.model.rows) if row.title == "LS-77")
    column = next(n for n, one in enumerate(page.model.columns) if one.key == "reason")
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _at, words, _view: told.append(words))
    at = page.table.visualRect(page.model.index(line, column)).center()
    pointed = QHelpEvent(QEvent.Type.ToolTip, at, page.table.viewport().mapToGlobal(at))
    QApplication.sendEvent(page.table.viewport(), pointed)
    assert "Der Drucker ist stillgelegt. Schicken Sie den Auftrag" in told[0]
    page.table.selectRow(line)
    menu = QMenu()
    page.offers.fill_row_menu(menu)
    entries = {entry.text() for entry in menu.actions() if entry.isEnabled()}
    assert {"Auf anderem Drucker …", "Abbrechen"} <= entries
    assert "Jetzt drucken" not in entries


def _filled(box: Any) -> bool:
    return bool(box.count() > 1)


def test_work_places_to_choose_from_say_which_is_this_one_and_which_are_old(
    bench: Bench, as_role: AsRole, admin: Raw
) -> None:
    db = as_role("administrator")
    db.write(writes.see_station, SeeStation(secret(), "PC-7 · ida"))
    db.write(writes.see_station, SeeStation("w" * 40, "PC-7 · ida"))
    db.write(writes.see_station, SeeStation("o" * 40, "PC-7 · otto"))
    admin.execute("UPDATE printing.station SET last_seen = '2026-01-02 12:00Z' WHERE name = 'PC-7 · otto'")
    OFFERED._kept.clear()
    for topic in ("printing.printer", "printing.route"):
        bench.window.new_record(topic)
        box: Any = bench.front().boxes["station_id"].editor
        bench.qtbot.waitUntil(partial(_filled, box))
        offered = {box.itemText(number) for number in range(box.count())}
        assert {"PC-7 · ida (2)", "PC-7 · otto (zuletzt 02.01.2026)"} <= offered
        assert "PC-7 · ida (1) (dieser Arbeitsplatz)" in offered


def test_every_reason_has_few_words_for_lists(bench: Bench) -> None:
    """What the queue can say of a job has room in its column, in both languages."""
    widest = next(one.width for one in queue.spec(bench.window.ctx).columns if one.key == "reason")
    measure = bench.go("printing.queue").table.fontMetrics()
    keys = [key.removeprefix("printing.why.") for key in catalogue() if key.startswith("printing.why.")]
    assert {*trouble.AWAY, *trouble.WRONG} <= {*keys}
    for lang in LANGUAGES:
        set_language(lang)
        for key in keys:
            words = t(f"printing.why.{key}", what="HTTP 404", place="PC-7 · ida")
            assert measure.horizontalAdvance(words) <= widest - 16, words
    set_language("de")


def test_printing_asks_nothing_unless_wanted(bench: Bench, as_role: AsRole, admin: Raw) -> None:
    window = bench.window

    def make(_session: Any) -> tuple[PrintDocument, ...]:
        return (PrintDocument(paper("1", "2", "3"), "RE-1"), PrintDocument(paper("4"), "RE-2"))

    admin.execute("UPDATE printing.printer SET is_active = false")
    print_documents(window, window.ctx, "invoice", make)
    bench.wait(lambda: "kein Drucker eingerichtet" in bench.said())
    db = as_role("administrator")
    db.write(writes.see_station, SeeStation(secret(), "desk"))
    with Sink() as gone:
        first = new_printer(db, "Erster", gone.address, kind="raw")
    second = new_printer(db, "Zweiter", "127.0.0.1:9", kind="raw")
    db.write(writes.save_route, SaveRoute(None, None, {"printer_id": first}))
    print_documents(window, window.ctx, "invoice", make)
    bench.wait(lambda: "2 Dokumente" in bench.said())
    assert "Erster" in bench.said()
    print_documents(window, window.ctx, "invoice", make, ask=True)
    bench.see("dialog.form")
    bench.choose("field.printer_id", "Zweiter")
    bench.type("field.copies", "2")
    bench.type("field.pages", "2-")
    bench.click("dialog.yes")
    bench.wait(lambda: "Zweiter" in bench.said())
    rows = admin.execute(
        "SELECT title, printer_id, copies, pages FROM printing.job WHERE kind = 'invoice' ORDER BY id"
    ).fetchall()
    assert rows == [
        ("RE-1", first, 1, ""),
        ("RE-2", first, 1, ""),
        ("RE-1", second, 2, "2-"),
        ("RE-2", second, 2, "2-"),
    ]
    # The queue says what is the matter, and whoever printed is told once.
    told: list[Outcome] = []
    PrintWorker(db, told.append, secret=secret()).drain()
    watch = window.findChild(PrintWatch)
    assert watch is not None
    watch.told(next(one for one in told if one.printer == "Erster"))
    assert "nicht erreichbar" in bench.said()
    page = bench.go("printing.queue", preset="open")
    page.refresh()
    bench.wait(lambda: "Drucker nicht erreichbar" in bench.everything())
    watch.look()
    bench.wait(lambda: "Drucker brauchen Hilfe" in bench.window.status.printing.text())
    page.table.selectRow(0)
    menu = QMenu()
    page.offers.fill_row_menu(menu)
    entries = [entry.text() for entry in menu.actions() if entry.text()]
    assert "Abbrechen" in entries
    assert len(entries) == len(set(entries)), "an entry stands twice in the menu of a row"
    page.table.selectAll()
    rows_ = list(page.model.rows)
    queue.redirect(window.ctx, [row for row in rows_ if row.printer == "Erster"][:1])
    bench.see("dialog.form")
    bench.choose("field.printer_id", "Zweiter")
    bench.click("dialog.yes")
    bench.wait(lambda: "geändert" in bench.said())
    queue.act(window.ctx, rows_, "cancel")
    bench.wait(
        lambda: admin.execute("SELECT count(*) FROM printing.job WHERE state = 'waiting'").fetchone() == (0,)
    )


def test_a_route_says_where_things_go(bench: Bench, admin: Raw, as_role: AsRole) -> None:
    db = as_role("administrator")
    new_printer(db, "Etiketten", "127.0.0.1:9", kind="raw", language="zpl", dpi=203, media="60x40")
    bench.window.new_record("printing.route")
    page = bench.front()
    bench.choose("field.kind", "Etiketten")
    bench.choose("field.role", "Lager")  # of the house, not only what the administrator is himself
    bench.choose("field.printer_id", "Etiketten")
    page.save()
    bench.settle()
    found = admin.execute("SELECT kind, role, copies FROM printing.route WHERE kind <> ''").fetchone()
    assert found == ("label", "warehouse_clerk", 1)
    bench.go("printing.routes")
    assert "Etiketten" in bench.everything()
    page = bench.go("printing.printers")
    assert "127.0.0.1:9" in bench.everything()
    printers.print_test(bench.window.ctx, next(row for row in page.model.rows if row.name == "Etiketten"))
    asked = (
        "SELECT c.bytes FROM printing.job j JOIN documents.content c ON c.id = j.content_id"
        " JOIN printing.printer p ON p.id = j.printer_id WHERE j.kind = 'test' AND p.name = 'Etiketten'"
    )
    bench.wait(lambda: admin.execute(asked).fetchone())
    # From the list as from the form: a page of A4 would take half a roll of labels.
    stored = admin.execute(asked).fetchone()
    assert stored is not None
    assert PdfReader(io.BytesIO(stored[0])).pages[0].mediabox.width == pytest.approx(60 * 72 / 25.4, abs=0.1)


def test_a_role_of_the_house_stands_in_the_list_of_routes_by_its_title(
    bench: Bench, as_role: AsRole, admin: Raw
) -> None:
    """Not one of the administrator's own; in both languages, and on its form too when it is retired by now."""
    admin.execute(
        'SELECT sec.role_create(\'night_shift\', \'{"title_de": "Nachtschicht", "title_en": "Night shift"}\')'
    )
    db = as_role("administrator")
    target = new_printer(db, "Halle 2", "127.0.0.1:9", kind="raw")
    values = {"kind": "label", "role": "night_shift", "printer_id": target}
    number = db.write(writes.save_route, SaveRoute(None, None, values)).value.id
    bench.go("printing.routes")
    bench.wait(lambda: "Nachtschicht" in bench.everything())
    assert "night_shift" not in bench.everything()
    admin.execute("SELECT sec.role_retire('night_shift', 'a test')")
    bench.window.open_record("printing.route", number)
    bench.wait(lambda: bench.front().boxes["role"].editor.currentText() == "Nachtschicht")
    bench.window.switch_language("en")
    bench.go("printing.routes")
    bench.wait(lambda: "Night shift" in bench.everything())


def test_printers_are_found_at_work_places_and_print_servers(
    bench: Bench, as_role: AsRole, cups_printer: Printer
) -> None:
    offers = [{"name": "Zebra USB"}]
    as_role("administrator").write(writes.see_station, SeeStation("p" * 40, "packing", offers))
    bench.go("printing.printers")
    bench.click("action.discover")
    bench.type("field.server", cups_printer.uri)
    bench.click("dialog.yes")
    bench.see("field.found")
    bench.choose("field.found", "Zebra USB · packing")
    bench.click("dialog.yes")
    form = bench.front()
    assert form.boxes["address"].value() == "Zebra USB"
    assert form.boxes["kind"].value() == "system"
    form.save()
    bench.wait(lambda: form.record.id is not None)


def test_what_announces_itself_is_offered_with_what_it_takes(
    bench: Bench, admin: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.execute("UPDATE printing.station SET offers = '[]'")
    label = Nearby("Etiketten", "raw", "127.0.0.1:9", "zpl", "ZTC ZD421, Versand", 600)
    monkeypatch.setattr(discover, "nearby", lambda: [label])
    bench.go("printing.printers")
    bench.click("action.discover")
    bench.see("field.server")
    bench.click("dialog.yes")
    found: Any = bench.see("field.found")
    assert found.currentText() == "Etiketten · ZTC ZD421, Versand"  # the only one is chosen already
    bench.settle()
    bench.click("dialog.yes")
    form = bench.front()
    shown = [form.boxes[key].value() for key in ("kind", "address", "language", "dpi")]
    assert shown == ["raw", "127.0.0.1:9", "zpl", 600]


def test_a_finger_held_on_a_button_asks_how_to_print(bench: Bench) -> None:
    """At a device without keys; a short touch, or anything later, asks nothing."""
    now = [0.0]
    LongPress(bench.window, clock=lambda: now[0])
    asked: list[bool] = []
    button = QPushButton(bench.window)
    button.clicked.connect(lambda: asked.append(wants_choice()))
    button.show()
    for seconds in (0.1, 0.7):
        QTest.mousePress(button, Qt.MouseButton.LeftButton)
        now[0] += seconds
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert asked == [False, True]
    bench.wait(lambda: not wants_choice())


_SPOOL = """
import sys, threading
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.services.printing.device import Access, Task
from app.views.core.spooler import SpoolerPrinter, offers
from tests.views.test_printing_screens import paper
assert [one["name"] for one in offers()] == ["werkbank"], offers()
def work():
    device = SpoolerPrinter(Access("system", "werkbank"))
    assert device.probe()[0].ready
    print(device.send(Task(paper("A", "B"), "application/pdf", "spooled"), lambda _: None).state)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_the_systems_own_printers_print(cups_printer: Printer, qtbot: QtBot) -> None:
    """In a process of its own: Qt asks for the system's printers once."""
    server = cups_printer.uri.split("/")[2]
    environment = {
        **os.environ,
        "CUPS_SERVER": server,
        "CUPS_USER": "werkbank",
        "QT_QPA_PLATFORM": "offscreen",
    }
    ran = subprocess.run(
        [sys.executable, "-c", _SPOOL],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.strip() == "sent", ran.stderr
    qtbot.waitUntil(lambda: any("spooled" in one.name for one in cups_printer.printed()))
