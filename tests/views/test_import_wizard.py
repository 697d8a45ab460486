"""The import wizard in the window: from the button of a list to the report, with nothing written before it is seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.imports
import app.views.partners
from app.core import i18n
from app.core.db import Database
from app.views.imports.page import ImportPage
from tests.catalog_world import basics, product
from tests.views.make_screens import Bench
from tests.views.shell_world import window_for

As = Callable[[str], Database]
PACKAGES = (app.views.catalog, app.views.partners, app.views.imports)
FILE = """Artikel-Nr.;Bezeichnung;Farbe;EAN;Interne Notiz
W-1;Engel;weiß;4012345678901;x
W-2;Bergmann;blau;4012345678902;
W-3;Räuchermann;;;y
"""


@contextmanager
def bench(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture
def there(admin: psycopg.Connection[Any], as_role: As) -> None:
    given = basics(admin)
    if admin.execute("SELECT 1 FROM catalog.product WHERE sku = 'W-3'").fetchone() is None:
        product(as_role("administrator"), given, "W-3", "Räuchermann", color="natur")


def rejected_file(folder: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(folder / "wrong.xlsx").active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def steps_of(at: Bench) -> str:
    return at.see("import.steps").accessibleName()


def number(at: Bench, tile: str) -> str:
    return at.see(f"import.tile.{tile}").accessibleName().rpartition(" ")[2]


def test_from_the_list_to_the_report(
    as_role: As,
    admin: psycopg.Connection[Any],
    there: None,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "artikel.csv"
    file.write_text(FILE, encoding="cp1252")
    monkeypatch.setattr(ImportPage, "ask_file", staticmethod(lambda _page: file))
    monkeypatch.setattr(
        ImportPage, "ask_path", staticmethod(lambda _p, _title, _kind: tmp_path / "wrong.xlsx")
    )
    with bench(as_role("marketing"), tmp_path / "home", qtbot) as at:
        at.go("catalog.products")
        at.click("action.import")
        page = at.front()
        assert page.title() == "Import: Artikel"
        at.click("action.choose")
        assert steps_of(at).startswith("1/5")
        assert at.see("field.encoding").currentText() == "Windows (1252)"  # type: ignore[attr-defined]
        assert at.words("import.preview")[0] == ["2", "W-1", "Engel", "weiß", "4012345678901", "x"]
        at.click("action.next")
        assert page.job.columns == {0: "sku", 1: "name", 2: "color", 3: "ean"}
        page.keep_template("Notizen")
        at.click("action.next")
        assert steps_of(at).startswith("3/5")
        assert [number(at, tile) for tile in ("new", "changed", "unchanged", "rejected")] == [
            "1",
            "0",
            "1",
            "1",
        ]
        assert "Prüfziffer" in at.everything()
        assert admin.execute("SELECT 1 FROM catalog.product WHERE sku = 'W-1'").fetchone() is None
        at.click("action.save_rejects")
        rows = rejected_file(tmp_path)
        assert rows[1][:2] == ["W-2", "Bergmann"]
        assert "Prüfziffer" in rows[1][5]
        assert rows[1][6] == 3
        at.click("action.next")
        assert steps_of(at).startswith("5/5")
        assert "Übernommen" in at.everything()
        found = admin.execute(
            "SELECT name, color FROM catalog.product WHERE sku IN ('W-1', 'W-2')"
        ).fetchall()
        assert found == [("Engel", "weiß")]
        at.click("action.open_list")
        assert at.window.area.current is not None
        assert at.window.area.current.name == "catalog.products"
        at.go("catalog.families")
        at.click("action.import")
        assert at.front().title() == "Import: Familien"
        assert steps_of(at).startswith("1/5")


def test_a_template_comes_back_and_a_missing_key_blocks(
    as_role: As, there: None, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "liste.csv"
    file.write_text("Kennung;Text;Tönung\nW-3;Räuchermann;weiß\n", encoding="utf-8")
    with bench(as_role("marketing"), tmp_path / "home", qtbot) as at:
        page = at.go("imports.wizard", kind="products")
        page.job.open(file)
        at.settle()
        at.click("action.next")
        assert page.job.columns == {}
        assert "Es fehlt noch: Artikelnummer." in at.everything()
        QTest.mouseClick(at.see("action.next"), Qt.MouseButton.LeftButton)
        assert page.job.step == "columns"
        at.choose("field.column.0", "Artikelnummer")
        at.choose("field.column.2", "Farbe")
        page.keep_template("Alt")
        at.click("action.back")
        page.job.open(file)
        at.settle()
        assert page.job.columns == {0: "sku", 2: "color"}
        at.click("action.next")
        at.click("action.next")
        assert number(at, "changed") == "1"
        assert "Farbe: natur → weiß" in at.everything()


def test_language_and_theme_keep_what_was_found(
    as_role: As, there: None, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "liste.csv"
    file.write_text("SKU;Farbe\nW-3;rot\nW-9;\n", encoding="utf-8")
    with bench(as_role("marketing"), tmp_path / "home", qtbot) as at:
        page = at.go("imports.wizard", kind="products")
        page.job.open(file)
        at.settle()
        page.job.start(dry_run=True)
        at.wait(lambda: page.job.trial is not None)
        at.window.switch_language("en")
        page = at.front()
        assert i18n.language() == "en"
        assert page.title() == "Import: Products"
        assert number(at, "rejected") == "1"
        at.window.switch_theme("dark")
        assert at.front().job.trial is not None
        before = len(at.window.notices)
        at.front().keep_template("once")
        assert len(at.window.notices) == before + 1


def test_what_cannot_be_read_is_said_in_place(as_role: As, tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "alt.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9)
    with bench(as_role("marketing"), tmp_path / "home", qtbot) as at:
        page = at.go("imports.wizard", kind="families")
        page.job.open(file)
        at.settle()
        assert "Speichern Sie sie als .xlsx" in at.everything()
        assert at.find("action.next") is None
        good = tmp_path / "gut.csv"
        good.write_text("Familiennummer;Name\nF;Bär\n", encoding="cp1252")
        page.job.open(good)
        at.settle()
        at.choose("field.encoding", "UTF-8")
        assert "nicht in utf-8 geschrieben" in at.everything()
        assert at.see("field.encoding").currentText() == "Windows (1252)"  # type: ignore[attr-defined]


def test_a_stop_writes_nothing_and_a_running_import_keeps_its_tab(
    as_role: As, admin: psycopg.Connection[Any], there: None, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "viele.csv"
    file.write_text("SKU;Name\n" + "".join(f"V-{n};Engel {n}\n" for n in range(6000)), encoding="utf-8")
    with bench(as_role("marketing"), tmp_path / "home", qtbot) as at:
        page = at.go("imports.wizard", kind="products")
        page.job.open(file)
        at.settle()
        page.job.start(dry_run=False)
        at.wait(lambda: page.job.stage == "write")
        assert not page.can_close()
        QTest.mouseClick(at.see("action.stop"), Qt.MouseButton.LeftButton)
        at.wait(lambda: not page.job.running)
        at.settle()
        assert page.job.step == "columns"
        assert "nichts wurde geschrieben" in at.said()
        assert admin.execute("SELECT 1 FROM catalog.product WHERE sku LIKE 'V-%'").fetchone() is None
        assert page.can_close()


@pytest.mark.parametrize("role", ["viewer", "sales_rep"])
def test_who_may_not_write_has_no_button(as_role: As, role: str, tmp_path: Path, qtbot: QtBot) -> None:
    with bench(as_role(role), tmp_path / "home", qtbot) as at:
        at.go("catalog.products")
        assert at.find("action.import") is None
        assert "imports.products" not in at.window.ctx.registry.actions
        if role == "viewer":
            at.go("imports.wizard")
            assert "nichts zu importieren" in at.everything()
