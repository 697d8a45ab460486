"""A day in the warehouse with the scanner alone: receive, put away, transfer, look up; and what goes wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

import app.views.inventory
import app.views.warehouse
from app.core.db import Database
from app.services.labels import scanning
from app.services.labels.scanning import TeachCode
from app.views.core.scanner import ScanHub
from app.views.shell.main_window import MainWindow
from app.views.warehouse.lists import FORGET
from tests.make_world import Raw, Workshop, at, build_with_receiving, product
from tests.views.shell_world import idle, window_for
from tests.views.test_scanner import QUIET

D = Decimal
AsRole = Callable[[str], Database]
PACKAGES = (app.views.inventory, app.views.warehouse)


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build_with_receiving(connection)


def showing(window: MainWindow) -> Any:
    """The page in front."""
    tab = window.area.current
    assert tab is not None
    return tab.page


class Gun:
    """A scanner in somebody's hand; its codes arrive as from a port."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot
        hub = window.findChild(ScanHub)
        assert hub is not None
        self.hub = hub
        hub.apply(QUIET)
        self.tones: list[str] = []
        hub.signalled.connect(self.tones.append)

    def go(self, key: str) -> Any:
        self.window.open_workspace(key)
        idle(self.qtbot, self.window)
        assert self.window.area.current is not None
        return self.window.area.current.page

    def scan(self, *codes: str) -> str:
        for code in codes:
            self.hub.scanned(code)
            idle(self.qtbot, self.window)
        return self.tones[-1]

    def words(self) -> str:
        return "\n".join(label.text() for label in self.window.findChildren(QLabel) if label.isVisible())


@contextmanager
def gun(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Gun]:
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Gun(window, qtbot)
        window.findChild(ScanHub).write_log()  # type: ignore[union-attr]
        idle(qtbot, window)


def sku_of(admin: Raw, product_id: int) -> str:
    row = admin.execute("SELECT sku FROM catalog.product WHERE id = %s", (product_id,)).fetchone()
    assert row is not None
    return str(row[0])


def place_of(admin: Raw, code: str) -> int:
    row = admin.execute("SELECT id FROM inventory.place WHERE code = %s", (code,)).fetchone()
    assert row is not None
    return int(row[0])


def test_from_the_lorry_to_the_shelf_and_on(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel, bell = product(admin, "ENGEL"), product(admin, "KLANG", lots=True)
    one, two = sku_of(admin, angel), sku_of(admin, bell)
    ramp = place_of(admin, "WE-01")
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        assert hand.scan(one) == "bad"  # the place comes first
        assert hand.scan("WE-01", one, one, one) == "ok"
        assert hand.scan("W/1", "W/2") == "ok"
        assert hand.scan(two) == "ok"
        assert page.work.wants == "lot"
        assert hand.scan("CH-2026-11") == "ok"  # nobody knows it: that is the new lot
        assert [(line.piece.sku, line.qty, line.piece.lot) for line in page.work.lines] == [
            (one, D(12), ""),
            (two, D(1), "CH-2026-11"),
        ]
        assert hand.scan("W/MORE", "W/UNDO", "W/UNDO", "W/UNDO") == "ok"
        assert [line.piece.sku for line in page.work.lines] == [one]
        assert page.dirty()
        hand.scan("W/CONFIRM")
        assert at(admin, angel, ramp) == 12
        assert not page.dirty()
        page = hand.go("scan_put_away")
        assert hand.scan(one) == "ok"
        assert page.work.lines[0].qty == 12
        assert hand.scan("A-01") == "ok"
        assert (at(admin, angel, ramp), at(admin, angel, workshop.shelf)) == (D(0), D(12))
        assert hand.scan(one) == "bad"  # nothing waits any more
        page = hand.go("scan_transfer")
        assert hand.scan("A-01", one, "W/5") == "ok"
        assert hand.scan("W/9") == "bad"  # 59 of 12
        assert hand.scan("A-02") == "ok"
        assert (at(admin, angel, workshop.shelf), at(admin, angel, workshop.shelf2)) == (D(7), D(5))
        hand.go("scan_look")
        assert hand.scan(one) == "ok"
        qtbot.waitUntil(lambda: "A-02" in hand.words())
        assert hand.scan("A-02") == "ok"
        qtbot.waitUntil(lambda: f"{one}\n" in hand.words() + "\n")
        page = hand.go("scan_count")
        assert hand.scan("A-02", one, "W/3", "A-01", one, "W/7") == "ok"
        assert hand.scan("W/CONFIRM") == "ok"
        assert (at(admin, angel, workshop.shelf), at(admin, angel, workshop.shelf2)) == (D(7), D(3))
        page = hand.go("stock_count")  # the screens for the keyboard take scans as well
        assert hand.scan("A-02", one) == "ok"
        assert (page.boxes["product"].words, page.boxes["from"].words) == (one, "A-02")
        page.boxes["qty"].set_value(D(4))
        assert hand.scan(two) == "ok"
        assert [(line.sku, line.place, line.qty) for line in page._lines] == [(one, "A-02", D(4))]
        page.discard()
        page.clear_all()


def test_unfinished_work_outlives_the_window(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    clock = product(admin, "UHR")
    sku = sku_of(admin, clock)
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        hand.go("scan_receive")
        assert hand.scan("WE-01", sku, "W/7") == "ok"
        before = hand.window.area.current.page.work  # type: ignore[union-attr]
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        assert page.work.lines == before.lines
        assert hand.scan("W/CONFIRM") == "ok"
        assert at(admin, clock, place_of(admin, "WE-01")) == 7
        assert not page.work.lines


def test_taught_codes_and_the_log_are_lists(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    drum = product(admin, "TROMMEL")
    clerk = as_role("warehouse_manager")
    clerk.write(scanning.teach, TeachCode("KARTON 12", "catalog.product", drum, qty=D(12)))
    with gun(clerk, tmp_path, qtbot) as hand:
        hand.go("scan_receive")
        assert hand.scan("WE-01", "KARTON 12") == "ok"
        assert hand.window.area.current.page.work.lines[0].qty == 12  # type: ignore[union-attr]
        hand.scan("W/CANCEL")
        hand.hub.write_log()
        idle(qtbot, hand.window)
        page = hand.go("scan_log")
        assert {("WE-01", "found"), ("KARTON 12", "found"), ("W/CANCEL", "command")} <= {
            (row.code, row.outcome) for row in page.model.rows
        }
        page = hand.go("scan_codes")
        (row,) = [row for row in page.model.rows if row.code == "KARTON 12"]
        assert (row.target, row.qty) == (sku_of(admin, drum), D(12))
        FORGET.run(hand.window.ctx, [row])
        idle(qtbot, hand.window)
        idle(qtbot, hand.window)
        assert "KARTON 12" not in {row.code for row in page.model.rows}


def test_what_a_scan_does_not_say_is_asked_and_never_guessed(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    bell, star = product(admin, "GLOCKE", lots=True), product(admin, "STERN", lots=True)
    one, two = sku_of(admin, bell), sku_of(admin, star)
    ramp = place_of(admin, "WE-01")
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        assert hand.scan("WE-01", one, "MAI-1", "W/3", two, "MAI-1", "W/4", one) == "ok"
        assert page.work.wants == "lot"
        assert hand.scan("W/9") == "bad"  # not a quantity of the star that was scanned before
        assert hand.scan("JUNI-2", "A-01") == "ok"
        assert hand.scan("W/9") == "bad"  # nothing was scanned at this place yet
        assert [(line.piece.sku, line.qty) for line in page.work.lines] == [
            (one, D(3)),
            (two, D(4)),
            (one, D(1)),
        ]
        assert hand.scan("W/CONFIRM") == "ok"
        assert hand.scan("W/UNDO") == "warn"  # booked is booked
        assert hand.scan("MAI-1") == "bad"  # the bell’s lot, or the star’s?
        assert not page.work.lines
        page = hand.go("scan_look")
        assert hand.scan("MAI-1") == "warn"
        qtbot.waitUntil(lambda: {one, two} <= set(hand.words().split()))
        hand.go("scan_receive")
        assert hand.scan("WE-01", one, "JUNI-2", "W/2", "W/CONFIRM") == "ok"
        page = hand.go("scan_put_away")
        assert hand.scan(one) == "ok"
        assert (page.work.wants, page.work.lines) == ("lot", ())  # two lots wait, which is it?
        assert hand.scan("MAI-1") == "ok"
        assert hand.scan(two, one, "MAI-1", "W/2", "A-02") == "ok"  # the two are of what was scanned last
        assert (at(admin, bell, ramp), at(admin, star, ramp)) == (D(4), D(0))


def test_the_day_on_a_label_is_kept_and_an_old_one_is_told(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    honey = product(admin, "HONIG", lots=True)
    admin.execute("UPDATE catalog.product SET ean = '4012345678901' WHERE id = %s", (honey,))
    with gun(as_role("warehouse_clerk"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        assert hand.scan("WE-01", "(01)04012345678901(17)200131(10)ALT") == "warn"
        assert "31.01.2020" in hand.words()
        assert hand.scan("(01)04012345678901(17)491231(10)NEU", "W/CONFIRM") == "ok"
        assert not page.work.lines
    kept = admin.execute(
        "SELECT code, expires_on::text FROM inventory.lot WHERE product_id = %s ORDER BY code", (honey,)
    ).fetchall()
    assert kept == [("ALT", "2020-01-31"), ("NEU", "2049-12-31")]


def test_codes_typed_in_small_letters_and_labels_of_places_one_may_not_see(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        assert hand.scan("we-01") == "ok"
        assert page.work.place.code == "WE-01"
        assert hand.scan("P/NIX/A-01") == "bad"
        assert hand.window.findChild(QWidget, "dialog.teach") is None  # nobody is asked to teach it
        hand.scan("W/CANCEL")
