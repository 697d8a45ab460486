"""The house's templates at the keyboard: every choice is seen on the paper at once, and stands on what is made next."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, get_args

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.inventory
import app.views.production
import app.views.templates
from app.core.db import Database
from app.services.documents import real, templates
from app.services.documents.data import Kind
from app.services.documents.design import Design
from app.services.documents.preview import pdf_in, picture, sample_pdf
from app.services.images.printed import Paper
from app.services.printing import writes as printing
from app.services.printing.commands import SavePrinter, SaveRoute
from app.services.production.papers import traveller
from app.views.core import papering
from app.views.core.toasts import Toast
from app.views.templates.printing import print_papers
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

PACKAGES = (app.views.catalog, app.views.inventory, app.views.production, app.views.templates)
Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


@contextmanager
def bench_of(
    db: Database, folder: Path, qtbot: QtBot, dark: bool = False, language: str = "de"
) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        window.resize(1440, 900)
        if dark:
            window.switch_theme("dark")
        if language != "de":
            window.switch_language(language)
        yield Bench(window, qtbot)


def shot(bench: Bench, name: str) -> None:
    folder = os.environ.get("WERKBANK_SHOTS")
    if folder:
        bench.window.grab().save(str(Path(folder) / f"{name}.png"))


def test_a_choice_is_seen_at_once_and_kept(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    mia = as_role("u_mia")
    with bench_of(mia, tmp_path / "w", qtbot) as bench:
        bench.go("documents.templates")
        bench.settle()
        shot(bench, "templates_empty")
        bench.window.new_record("documents.template")
        page = bench.front()
        bench.wait(lambda: page.paper.sheet.shown)
        before = page.paper.sheet._image.copy()
        bench.type("field.accent", "#B4231F", enter=True)
        page.set_value("closing", "Mit besten Grüßen aus der Werkstatt")
        page.set_value("font", "serif")
        page.redraw()
        bench.settle()
        bench.wait(lambda: page.paper.sheet._image != before)
        shot(bench, "templates_new")
        bench.click("action.save")
        bench.wait(lambda: page.record.id is not None)
        bench.settle()
        design = mia.read(templates.design_for, "invoice", "de", None)
        assert (design.accent, design.font, design.closing) == (
            "#B4231F",
            "serif",
            "Mit besten Grüßen aus der Werkstatt",
        )
        bench.type("field.accent", "rot", enter=True)
        bench.click("action.save")
        bench.wait(lambda: bool(page.boxes["accent"].error))
        shot(bench, "templates_wrong")
    with bench_of(mia, tmp_path / "w2", qtbot, dark=True, language="en") as bench:
        bench.window.open_settings()
        bench.click("settings.templates")
        assert bench.find("settings.company") is None
        bench.wait(lambda: "Document layouts" in bench.front().title())
        shot(bench, "templates_list_dark")


def test_a_paper_is_made_from_the_list_and_opened(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(papering, "show_file", opened.append)
    row = admin.execute("SELECT id FROM production.work_order ORDER BY id LIMIT 1").fetchone()
    assert row is not None
    with bench_of(as_role("u_tomas"), tmp_path / "w", qtbot) as bench:
        page = bench.open("production.work_order", row[0])
        bench.wait(lambda: page.found is not None)
        run = next(run for _icon, key, run in page.menu_entries() if key == "papering.work_order")
        run()
        bench.wait(lambda: bool(opened))
        content = Path(opened[0]).read_bytes()
        # Another program holds the file, or the disk is full: said, and no fault of the program.
        Path(opened[0]).unlink()
        Path(opened[0]).mkdir()
        run()
        bench.wait(
            lambda: any(
                "konnte nicht gespeichert" in x.accessibleName() for x in bench.window.findChildren(Toast)
            )
        )
        assert len(opened) == 1
    assert content.startswith(b"%PDF")
    if folder := os.environ.get("WERKBANK_SHOTS"):
        (Path(folder) / "traveller.bmp").write_bytes(picture(content, 900).image)


def test_a_preview_shows_the_page_asked_for() -> None:
    pdf = sample_pdf("final_invoice", "de", Design(), None)
    last = picture(pdf, 300, 9)
    assert (last.page, last.pages) == (1, 2)
    assert last.image.startswith(b"BM")


def test_travellers_of_chosen_orders_are_printed_in_their_order(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    """Each becomes a job, in the order chosen, on the printer their kind is routed to."""
    ralf = as_role("u_ralf")
    values = {"name": "Shop", "kind": "ipp", "address": "ipp://127.0.0.1:9/shop"}
    printer = ralf.write(printing.save_printer, SavePrinter(None, None, values)).value.id
    ralf.write(printing.save_route, SaveRoute(None, None, {"kind": "work_order", "printer_id": printer}))
    rows = admin.execute("SELECT id, number FROM production.work_order ORDER BY id DESC LIMIT 2").fetchall()
    ids, numbers = [row[0] for row in rows], [row[1] for row in rows]
    with bench_of(as_role("u_tomas"), tmp_path / "w", qtbot) as bench:
        page = bench.go("work_orders")
        print_papers(page, bench.window.ctx, "work_order", "production.work_order", traveller, ids)
        bench.wait(lambda: admin.execute("SELECT count(*) FROM printing.job").fetchone() == (2,))
        bench.settle()
    jobs = admin.execute("SELECT title, record_id, printer_id FROM printing.job ORDER BY id").fetchall()
    assert [(job[1], job[2]) for job in jobs] == [(one, printer) for one in ids]
    assert all(number in job[0] for job, number in zip(jobs, numbers, strict=True))


def test_a_layout_is_seen_on_a_real_document(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    row = admin.execute(
        "SELECT id, number FROM sales.invoice WHERE kind = 'invoice' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    ralf = as_role("u_ralf")
    with bench_of(ralf, tmp_path / "w", qtbot, dark=True) as bench:
        bench.window.new_record("documents.template")
        page = bench.front()
        bench.wait(lambda: page.paper.sheet.shown)
        sample = page.paper.sheet._image.copy()
        field = page.paper.record
        field.setFocus()
        QTest.keyClicks(field, row[1])
        bench.wait(lambda: page.paper.record.ahead.open)
        QTest.keyClick(field, Qt.Key.Key_Return)
        bench.wait(lambda: page.real is not None)
        bench.settle()
        bench.wait(lambda: page.paper.sheet._image != sample)
        assert page.real.number == row[1]
        shot(bench, "templates_real_dark")
        before = page.paper.sheet._image.copy()
        page.set_value("accent", "#1F7A4E")
        page.redraw()
        bench.wait(lambda: page.paper.sheet._image != before)
        # Pictures are there before anybody decides to show them; a layout for others says that it is not meant.
        page.set_value("language", "en" if page.real.language == "de" else "de")
        page.redraw()
        bench.settle()
        assert bench.find("templates.about") is not None
        page.set_value("kind", "work_order")
        page.value_changed("kind")
        page.redraw()
        bench.settle()
        assert page.real is None
        assert page.paper.record.words() == ""


def test_every_kind_of_paper_finds_its_records(admin: Raw, as_role: AsRole) -> None:
    """What the demo company has is found by number and can be drawn, as the administrator sees it."""
    ralf = as_role("u_ralf")
    drawn = set()
    for kind in get_args(Kind):
        hits = ralf.read(real.find, kind, "", 1)
        if hits:
            assert ralf.read(real.find, kind, hits[0].title.lower(), 1)[0].title == hits[0].title
            data = ralf.read(real.with_pictures, kind, hits[0].id, "de", Paper())
            assert data.kind == kind
            assert pdf_in(data, Design(pictures=True)).startswith(b"%PDF")
            if folder := os.environ.get("WERKBANK_SHOTS"):
                (Path(folder) / f"real_{kind}.pdf").write_bytes(pdf_in(data, Design()))
            drawn.add(kind)
    assert drawn >= {
        "quote",
        "order_confirmation",
        "delivery_note",
        "packing_list",
        "invoice",
        "purchase_order",
    }
    assert drawn >= {
        "work_order",
        "material_list",
        "inspection_sheet",
        "price_list",
        "count_sheet",
        "goods_receipt",
        "return_slip",
    }
    # Who may not see a table finds nothing in it, and is not refused either.
    assert as_role("u_petra").read(real.find, "invoice", "", 5) == []
