"""Labels at the keyboard: what is chosen is what comes out, and is read back from the file."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.inventory
import app.views.labels
import app.views.production
import app.views.sales
from app.core.db import Database
from app.services.labels import catalogue, elements
from app.services.labels.layout import lay_out
from app.services.labels.scanning import resolve
from app.services.labels.scans import read
from app.views.core.values import error_text
from app.views.labels import output
from app.views.labels.ean import ASSIGN_EAN
from app.views.labels.preview import LabelView
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

PACKAGES = (
    app.views.catalog,
    app.views.inventory,
    app.views.labels,
    app.views.production,
    app.views.sales,
)
Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        window.resize(1440, 900)
        yield Bench(window, qtbot)


def shot(bench: Bench, name: str) -> None:
    """Keep a picture to look at, where WERKBANK_SHOTS names a folder."""
    folder = os.environ.get("WERKBANK_SHOTS")
    if folder:
        bench.window.grab().save(str(Path(folder) / f"{name}.png"))


def codes_of(path: Path) -> list[list[str]]:
    """What a scanner reads from each page."""
    document = pypdfium2.PdfDocument(path.read_bytes())
    pages: list[list[str]] = []
    for page in document:
        picture: Image.Image = page.render(scale=300 / 72).to_pil()
        pages.append([code.text for code in zxingcpp.read_barcodes(picture.convert("L"))])
    document.close()
    return pages


def test_products_are_printed_one_label_a_piece(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = admin.execute(
        "SELECT id, sku, ean FROM catalog.product WHERE ean IS NOT NULL ORDER BY id LIMIT 1"
    ).fetchone()
    assert row is not None
    product, sku, ean = row
    target = tmp_path / "labels.pdf"
    monkeypatch.setattr(output, "ask_where", lambda *_: target)
    with bench_of(as_role("u_karin"), tmp_path / "w", qtbot) as bench:
        page = bench.go("labels.print", topic="product", ids=[product])
        bench.wait(lambda: page.preview.shown and page.sources)
        assert page.sources[0].title == sku
        page.per.set_value("piece")
        page.per.value_changed.emit("piece")
        bench.type("field.qty", "3", enter=True)
        bench.wait(lambda: page._which.text() == "Etikett 1 von 3")
        shot(bench, "labels_print")
        bench.click("action.save_pdf")
        bench.wait(target.exists)
        bench.settle()
        assert codes_of(target) == [[ean]] * 3
        # On a sheet, from the second place of the third row on.
        page.design.set_value("product_70x36")
        page._design_chosen()
        page.paper.set_value("a4_3x8_70x36")
        page._paper_chosen()
        page.start.chosen.emit(8)
        bench.settle()
        shot(bench, "labels_sheet")
        target.unlink()
        bench.click("action.save_pdf")
        bench.wait(target.exists)
        bench.settle()
        assert [sorted(codes) for codes in codes_of(target)] == [[ean] * 3]
        rebuilt = page.state()
        assert (rebuilt["start"], rebuilt["paper"], rebuilt["ids"]) == (8, "a4_3x8_70x36", [product])


def test_what_cannot_be_printed_is_said_and_not_printed(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute(
        "UPDATE catalog.product SET sku = repeat('W', 40) WHERE id = (SELECT max(id) FROM catalog.product)"
    )
    row = admin.execute("SELECT max(id) FROM catalog.product").fetchone()
    assert row is not None
    with bench_of(as_role("u_karin"), tmp_path / "w", qtbot) as bench:
        page = bench.go("labels.print", topic="product", ids=[row[0]])
        bench.wait(lambda: page._note.isVisible())
        assert "W" * 40 in page._note.text().replace("\u200b", "")
        assert not page.print.isEnabled()
        shot(bench, "labels_refused")
        page._drop(row[0])
        bench.wait(lambda: page.preview.shown)
        assert not page.print.isEnabled()


def test_zpl_is_saved_with_the_printers_density(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = admin.execute("SELECT min(id) FROM inventory.place").fetchone()
    assert row is not None
    target = tmp_path / "labels.zpl"
    monkeypatch.setattr(output, "ask_where", lambda *_: target)
    with bench_of(as_role("u_karin"), tmp_path / "w", qtbot) as bench:
        page = bench.go("labels.print", topic="place", ids=[row[0]], density=203, copies=2)
        bench.wait(lambda: page.preview.shown and page.sources)
        bench.click("action.save_zpl")
        bench.wait(target.exists)
        bench.settle()
    sent = target.read_bytes()
    assert sent.startswith(b"^XA^PW456^LL256")
    assert sent.count(b"^XA") == 1
    assert b"^PQ2" in sent


def test_a_label_printer_gets_its_own_language_in_its_density(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute(
        "INSERT INTO printing.printer (name, kind, address, language, dpi)"
        " VALUES ('Zebra', 'raw', 'localhost:9100', 'zpl', 203), ('Laser', 'raw', 'localhost:9101', 'pdf', 600)"
    )
    admin.execute(
        "INSERT INTO printing.route (kind, printer_id)"
        " SELECT CASE name WHEN 'Zebra' THEN 'label_place' ELSE 'label_sheet' END, id FROM printing.printer"
    )
    row = admin.execute("SELECT min(id) FROM inventory.place").fetchone()
    assert row is not None
    with bench_of(as_role("u_karin"), tmp_path / "w", qtbot) as bench:
        page = bench.go("labels.print", topic="place", ids=[row[0]], density=600, copies=3)
        bench.wait(lambda: page.preview.shown and page.sources)
        bench.click("action.print")
        bench.wait(lambda: queued(admin))
        page.design.set_value("place_105x148")
        page._design_chosen()
        page.paper.set_value("a4_2x2_105x148")
        page._paper_chosen()
        bench.settle()
        bench.click("action.print")
        bench.wait(lambda: len(queued(admin)) == 2)
        shot(bench, "labels_queued")
    (zebra, labels), (laser, sheet) = queued(admin)
    assert (zebra, laser) == ("Zebra", "Laser")
    assert labels.startswith(b"^XA^PW456^LL256")
    assert b"^PQ3^" in labels
    assert sheet.startswith(b"%PDF")


def test_parcels_of_a_delivery_get_their_numbers_and_a_label_each(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = admin.execute("SELECT max(id) FROM sales.delivery").fetchone()
    assert row is not None
    target = tmp_path / "labels.pdf"
    monkeypatch.setattr(output, "ask_where", lambda *_: target)
    with bench_of(as_role("u_karin"), tmp_path / "w", qtbot) as bench:
        page = bench.go("labels.print", topic="delivery", ids=[row[0]])
        bench.wait(lambda: page.preview.shown and page.sources)
        bench.type("field.parcels", "2", enter=True)
        bench.click("action.give_sscc")
        bench.wait(lambda: len(page.sources[0].numbers) == 2)
        bench.wait(lambda: page._which.text() == "Etikett 1 von 2")
        shot(bench, "labels_delivery")
        bench.click("action.save_pdf")
        bench.wait(target.exists)
        bench.settle()
        given = page.sources[0].numbers
    assert [f"(00){code}" in codes for code, codes in zip(given, codes_of(target), strict=True)] == [
        True,
        True,
    ]


def queued(admin: Raw) -> list[tuple[str, bytes]]:
    rows = admin.execute(
        "SELECT p.name, c.bytes FROM printing.job j JOIN printing.printer p ON p.id = j.printer_id"
        " JOIN documents.content c ON c.id = j.content_id ORDER BY j.id"
    )
    return [(name, bytes(content)) for name, content in rows]


def test_a_design_of_the_program_is_adapted_and_printed(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("u_karin"), tmp_path / "w", qtbot) as bench:
        gallery = bench.go("labels.designs", topic="place")
        bench.wait(lambda: all(view.shown for view in gallery.findChildren(LabelView)))
        shot(bench, "labels_designs")
        bench.click("adapt.place_57x32")
        form = bench.front()
        bench.wait(lambda: form.preview is not None and form.preview.shown)
        assert form.value("name_de") == "Lagerplatz, klein (eigene)"
        lines = form.lines.lines()
        assert [line["kind"] for line in lines] == ["qr", "text", "text", "text"]
        shot(bench, "labels_design")
        form.lines.put(0, wide=Decimal(80))
        form.touched()
        bench.wait(lambda: [problem.key for problem in form.problems] == ["label_design_outside"])
        assert "80 × 25 mm, 1 mm von links, 3,5 mm von oben" in error_text(form.problems[0])
        shot(bench, "labels_design_wrong")
        form.save()
        bench.settle()
        assert form.record.id is None
        bench.window.findChildren(QAbstractButton, "dialog.close")[-1].click()
        form.lines.put(0, wide=Decimal(24))
        form.touched()
        bench.wait(lambda: form.problems == ())
        form.save()
        bench.wait(lambda: form.record.id is not None)
        stored = admin.execute(
            "SELECT definition FROM labels.design WHERE id = %s", (form.record.id,)
        ).fetchone()
        assert stored is not None
        program = catalogue.designs("place")["place_57x32"].declared["elements"]
        assert stored[0]["elements"][1:] == program[1:]
        assert stored[0]["elements"][0] == {**program[0], "at": [1, 3.5, 24, 25]}
        page = bench.go("labels.print", topic="place", ids=[], design=f"own:{form.record.id}")
        bench.wait(lambda: page.preview.shown)
        bench.wait(lambda: page.design.value() == f"own:{form.record.id}")


def test_a_number_range_is_made_and_only_its_name_and_end_change(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("u_ralf"), tmp_path / "w", qtbot) as bench:
        bench.go("labels.ranges")
        shot(bench, "labels_ranges_empty")
        bench.window.new_record("labels.number_range")
        form = bench.front()
        bench.choose("field.kind", "EAN-8")
        bench.type("field.name", "Hausintern")
        bench.type("field.prefix", "2")
        bench.type("field.last_serial", "9999")
        form.save()
        bench.wait(lambda: form.record.id is not None)
        bench.wait(lambda: form.record.values.get("name") == "Hausintern")
        shot(bench, "labels_range")
        bench.wait(lambda: not form.boxes["prefix"].editor.isVisible())
        page = bench.go("labels.ranges")
        bench.wait(lambda: page.table.model().rowCount() == 3)
        shot(bench, "labels_ranges")


@pytest.mark.parametrize("topic", catalogue.TOPICS)
def test_an_editor_loses_nothing_of_a_design(topic: str) -> None:
    for design in catalogue.designs(topic).values():
        declared = design.declared["elements"]
        again = elements.elements(elements.rows(declared))
        assert (
            catalogue.check({"size": [design.wide, design.high], "topic": topic, "elements": again})[1] == []
        )
        before = lay_out(design, catalogue.sample(topic))
        after = lay_out(catalogue.load({**design.declared, "elements": again}), catalogue.sample(topic))
        assert before == after


BOX_OF_SLOT = (
    "WITH made AS (INSERT INTO inventory.box (code) VALUES ('box-2') RETURNING id)"
    " INSERT INTO inventory.box_slot (box_id, number, code) SELECT id, 3, 'BP' FROM made"
)
NEWEST = {
    "badge": "SELECT id FROM sec.badge_list() WHERE badge = 'badge-1'",
    "mould": "SELECT max(id) FROM production.mould",
    "box": "SELECT max(id) FROM inventory.box",
    "slot": "SELECT max(id) FROM inventory.box_slot",
}


@pytest.mark.parametrize(
    ("topic", "login", "made", "bears"),
    [
        ("badge", "u_ralf", "SELECT sec.badge_set('u_karin', 'badge-1', '274951')", "badge-1"),
        ("mould", "u_ralf", "INSERT INTO production.mould (number) VALUES ('mould-1')", "M/mould-1"),
        ("box", "u_karin", "INSERT INTO inventory.box (code) VALUES ('box-1')", "B/box-1"),
        ("slot", "u_karin", BOX_OF_SLOT, "S/box-2/3"),
    ],
)
def test_every_label_of_badge_asset_box_and_slot_is_read_back(
    topic: str,
    login: str,
    made: str,
    bears: str,
    admin: Raw,
    as_role: AsRole,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin.execute(made)
    row = admin.execute(NEWEST[topic]).fetchone()
    assert row is not None
    target = tmp_path / "labels.pdf"
    monkeypatch.setattr(output, "ask_where", lambda *_: target)
    db = as_role(login)
    with bench_of(db, tmp_path / "w", qtbot) as bench:
        page = bench.go("labels.print", topic=topic, ids=[row[0]])
        bench.wait(lambda: page.preview.shown and page.sources)
        for design in catalogue.designs(topic):
            page.design.set_value(design)
            page._design_chosen()
            bench.settle()
            bench.click("action.save_pdf")
            bench.wait(target.exists)
            bench.settle()
            shot(bench, f"labels_{design}")
            ((first, *others),) = codes_of(target)
            assert {first, *others} == {bears}, design
            target.unlink()
    if "/" in bears:
        assert [hit.label for hit in db.read(resolve, read(bears), "de").hits] == [bears.split("/")[1]]


def ean_of(admin: Raw, product: int) -> str:
    row = admin.execute("SELECT coalesce(ean, '') FROM catalog.product WHERE id = %s", (product,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_product_gets_its_number_from_the_range_and_bears_it(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = admin.execute(
        "UPDATE catalog.product SET ean = NULL WHERE id = (SELECT min(id) FROM catalog.product) RETURNING id, sku"
    ).fetchone()
    assert row is not None
    target = tmp_path / "labels.pdf"
    monkeypatch.setattr(output, "ask_where", lambda *_: target)
    db = as_role("u_ralf")
    with bench_of(db, tmp_path / "w", qtbot) as bench:
        bench.go("products")
        ASSIGN_EAN.run(bench.window.ctx, [SimpleNamespace(id=row[0])])
        bench.wait(lambda: ean_of(admin, row[0]))
        ean = ean_of(admin, row[0])
        page = bench.go("labels.print", topic="product", ids=[row[0]])
        bench.wait(lambda: page.preview.shown and page.sources)
        bench.click("action.save_pdf")
        bench.wait(target.exists)
        bench.settle()
    assert codes_of(target) == [[ean]]
    assert [hit.label for hit in db.read(resolve, read(ean), "de").hits] == [row[1]]
