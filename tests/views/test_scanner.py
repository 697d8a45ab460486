"""A scanner at a real window: its keys come in through the native window, as the system delivers them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pypdfium2
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

import app.views.warehouse
from app.core.db import Database
from app.core.scan import CALIBRATION, LAYOUTS
from app.services.labels import command_sheet
from app.services.labels.scanning import Hit, Resolved
from app.views.core import scan_settings
from app.views.core.scan_settings import ScannerSettings
from app.views.core.scanner import ScanHub
from app.views.core.settings_store import SettingsStore
from app.views.core.workspace import Workspace
from app.views.shell.main_window import MainWindow
from app.views.warehouse import desk, setup_page
from app.views.warehouse.teach import TeachDialog
from tests.make_world import build
from tests.make_world import product as make
from tests.views import shell_world
from tests.views.shell_world import idle, part_of, window_for

AsRole = Callable[[str], Database]
EAN = "4012345678901"
# On a busy computer the keys of a test follow each other less closely than those of a scanner.
# The keys of a scan follow each other as fast as the machine can, which may have other work: that is no person yet.
QUIET = ScannerSettings(sound=False, gap_ms=1000)


class ScanPage(shell_world.SearchPage):
    """A page with a field and an ear."""

    def __init__(self, ctx: Any, key: str, state: dict[str, Any]) -> None:
        super().__init__(ctx, key, state)
        self.found: list[tuple[str, ...]] = []
        self.commands: list[str] = []

    def on_scan(self, found: Resolved) -> str:
        self.found.append(tuple(hit.label for hit in found.hits))
        return "ok" if found.hits else ""

    def on_command(self, command: str) -> str:
        self.commands.append(command)
        return "ok"


PACKAGE = SimpleNamespace(
    WORKSPACES=(
        Workspace("scans", "scan.product", "box", "inventory", "", lambda c, s: ScanPage(c, "scans", s)),
    ),
    WATCHES=(desk.watch,),
)


@pytest.fixture(scope="module")
def product(admin_dsn: str) -> int:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        build(connection)
        made = make(connection, "HU-1")
        connection.execute("UPDATE catalog.product SET sku = 'HU-1', ean = %s WHERE id = %s", (EAN, made))
        return made


class Scanner:
    """A scanner that types, and a person, at one window."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot
        self.hub = part_of_hub(window)
        self.hub.apply(QUIET)
        self.tones: list[str] = []
        self.heard: list[str] = []
        self.hub.signalled.connect(self.tones.append)
        self.hub.heard.connect(lambda reading: self.heard.append(reading.code))

    def types(self, text: str) -> None:
        handle = self.window.windowHandle()
        for sign in text:
            if sign == "\r":
                QTest.keyClick(handle, Qt.Key.Key_Return)
            elif sign == "\x1d":
                QTest.keyClick(handle, Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ControlModifier)
            else:
                shift = (
                    Qt.KeyboardModifier.ShiftModifier if sign.isupper() else Qt.KeyboardModifier.NoModifier
                )
                QTest.keyClick(handle, Qt.Key(ord(sign.upper())), shift)

    def scan(self, text: str) -> None:
        count = len(self.tones)
        self.types(text + "\r")
        self.qtbot.waitUntil(lambda: len(self.tones) > count)
        idle(self.qtbot, self.window)


def part_of_hub(window: MainWindow) -> ScanHub:
    found = window.findChild(ScanHub)
    assert found is not None
    return found


@contextmanager
def scanning(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Scanner]:
    with window_for(db, folder, qtbot, (shell_world.CAPABILITY, PACKAGE)) as window:
        yield Scanner(window, qtbot)
        part_of_hub(window).write_log()
        idle(qtbot, window)


def test_a_scan_reaches_the_page_and_never_its_field(
    product: int, as_role: AsRole, tmp_path: Path, qtbot: QtBot, admin: Any
) -> None:
    with scanning(as_role("warehouse_clerk"), tmp_path, qtbot) as scanner:
        window = scanner.window
        window.open_workspace("scans")
        idle(qtbot, window)
        page = window.area.current.page  # type: ignore[union-attr]
        assert isinstance(page, ScanPage)
        struck: list[str] = []
        shortcut = QShortcut(QKeySequence("4"), window)
        shortcut.activated.connect(lambda: struck.append("4"))
        page.word.setFocus()
        scanner.types("12")
        qtbot.waitUntil(lambda: page.word.text() == "12")
        scanner.scan("HU-1")
        scanner.scan(f"(01)0{EAN}(10)L-4")
        scanner.scan(f"010{EAN}10L-4\x1d3744")
        scanner.scan("W/UNDO")
        assert [*page.found] == [("HU-1",)] * 3
        assert page.commands == ["undo"]
        assert page.word.text() == "12"
        assert scanner.tones == ["ok"] * 4
        assert struck == []  # a shortcut of one key does not go off within a scan
        scanner.types("34")
        qtbot.waitUntil(lambda: page.word.text().startswith("123"))
        scanner.scan("nie-gesehen")
        assert page.found.pop() == ()
        dialog = window.findChild(TeachDialog)
        assert dialog is not None
        assert dialog.code.text() == "nie-gesehen"
        assert scanner.tones[-1] == "bad"
        scanner.scan("HU-1")  # the label of what it stands for
        assert dialog.boxes["product"].value() == product
        part_of(dialog, "dialog.yes", QPushButton).click()
        idle(qtbot, window)
        scanner.scan("nie-gesehen")
        assert page.found[-1] == ("HU-1",)
    mine = "SELECT outcome, count(*) FROM labels.scan WHERE scanned_by = 'u_warehouse_clerk' GROUP BY 1"
    rows = admin.execute(mine).fetchall()
    assert dict(rows)["found"] >= 4
    assert dict(rows)["unknown"] == 1


def test_what_no_page_wants_is_opened(product: int, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    opened: list[tuple[str, int]] = []
    with scanning(as_role("viewer"), tmp_path, qtbot) as scanner:
        hit = Hit("catalog.product", product, "HU-1", "", {})
        assert desk.open_hit(scanner.window.ctx, hit) == "warn"  # this window has no form for it
        scanner.window.open_record = lambda topic, key, **_: opened.append((topic, key))  # type: ignore[method-assign]
        scanner.window.ctx.registry.records["catalog.product"] = SimpleNamespace()  # type: ignore[assignment]
        scanner.scan("HU-1")
        assert opened == [("catalog.product", product)]
        del scanner.window.ctx.registry.records["catalog.product"]
        scanner.scan("gibt-es-nicht")  # may not teach: goes on to search
        assert scanner.window.findChild(TeachDialog) is None
        assert part_of(scanner.window, "palette.input", QLineEdit).text() == "gibt-es-nicht"
        assert scanner.tones == ["ok", "bad"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_scanner_at_a_serial_port(product: int, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    ours, theirs = os.openpty()
    with scanning(as_role("warehouse_clerk"), tmp_path, qtbot) as scanner:
        scanner.window.open_workspace("scans")
        idle(qtbot, scanner.window)
        scanner.hub.apply(ScannerSettings(sound=False, wedge=False, port=os.ttyname(theirs)))
        qtbot.waitUntil(lambda: scanner.hub.port_open)
        os.write(ours, f"]C1010{EAN}10L-1\x1d21S9\rHU".encode())
        os.write(ours, b"-1\r\n")
        qtbot.waitUntil(lambda: scanner.tones == ["ok", "ok"])
        assert scanner.heard == [f"(01)0{EAN}(10)L-1(21)S9", "HU-1"]
        scanner.hub.apply(QUIET)
    os.close(ours)
    os.close(theirs)


def test_a_scanner_is_set_up_and_tried_at_its_page(
    product: int, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(setup_page, "show_file", shown.append)
    with window_for(as_role("viewer"), tmp_path, qtbot, (app.views.warehouse,)) as window:
        scanner = Scanner(window, qtbot)
        window.open_workspace("scan_setup")
        idle(qtbot, window)
        page = window.area.current.page  # type: ignore[union-attr]
        assert isinstance(page, setup_page.SetupPage)
        garbled = CALIBRATION.translate({ord(m): chr(g) for g, m in LAYOUTS["us_on_de"].items()})
        scanner.hub.scanned(garbled)
        assert scanner.hub.settings.layout == "us_on_de"
        scanner.hub.scanned(f"]C1010{EAN}10L-1\x1d21S9")
        assert f"Artikelnummer (GTIN) 0{EAN} · Charge L-1 · Seriennummer S9" in words(page)
        assert "<GS>" in words(page)
        page.open_sheet()
        idle(qtbot, window)
        picture = tmp_path / "foto.png"
        with pypdfium2.PdfDocument(shown[0]) as pdf:
            pdf[0].render(scale=2).to_pil().save(picture)
        scanner.heard.clear()
        page.read_picture(picture)
        idle(qtbot, window)
        every = {code for _name, code in command_sheet.codes()}
        assert set(scanner.heard) == every
        for name in ("dropped", "pasted"):
            scanner.heard.clear()
            photo = QMimeData()
            if name == "dropped":
                photo.setUrls([QUrl.fromLocalFile(str(picture)), QUrl.fromLocalFile(str(tmp_path / "x.pdf"))])
            else:
                photo.setImageData(QImage(str(picture)))
            page.pictures.take(photo)
            idle(qtbot, window)
            assert set(scanner.heard) == every, name
        scanner.hub.apply(QUIET)


def words(parent: QWidget) -> str:
    return "\n".join(label.text() for label in parent.findChildren(QLabel))


def test_settings_survive_nonsense(tmp_path: Path) -> None:
    kept = SettingsStore(tmp_path / "scanner.json")
    kept.set(scan_settings.KEY, {"gap_ms": "schnell", "layout": "tlh", "baud": 1, "shortest": 900, "neu": 1})
    found = scan_settings.load(kept)
    assert (found.gap_ms, found.layout, found.baud, found.shortest) == (40, "same", 9600, 40)
    QApplication.processEvents()
