"""Where scanning ends: unfinished work that is closed, codes that were misread, numbers many products have."""

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core import i18n
from app.views.core.toasts import Toast
from app.views.terminal.parts import TouchButton
from app.views.warehouse.teach import TeachDialog
from app.views.warehouse.work_page import ReceivePage
from tests.make_world import Raw, Workshop, at, build_with_receiving, product
from tests.views.shell_world import idle
from tests.views.test_scan_work import AsRole, Gun, gun, place_of, showing, sku_of

D = Decimal
MANY, SHOWN = 61, 8


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build_with_receiving(connection)


def visible(hand: Gun, name: str) -> QWidget | None:
    found = (one for one in hand.window.findChildren(QWidget, name) if one.isVisible())
    return next(found, None)


def press(hand: Gun, name: str) -> None:
    button = visible(hand, name)
    assert isinstance(button, QPushButton), name
    button.click()
    idle(hand.qtbot, hand.window)


def close(hand: Gun) -> None:
    assert hand.window.area.current is not None
    hand.window.close_tab(hand.window.area.current.key)


def test_closing_offers_what_can_be_done_and_no_more(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "ENGEL")
    sku, ramp = sku_of(admin, angel), place_of(admin, "WE-01")
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        hand.scan("WE-01", sku, "W/4")
        close(hand)
        save = visible(hand, "dialog.save")
        assert isinstance(save, QPushButton)
        assert save.text() == i18n.t("scan_work.post")
        press(hand, "dialog.save")
        assert at(admin, angel, ramp) == 4
        assert not isinstance(showing(hand.window), ReceivePage)
        for key in ("scan_transfer", "scan_put_away"):
            page = hand.go(key)
            hand.scan("WE-01", sku)
            close(hand)
            assert visible(hand, "dialog.save") is None
            assert visible(hand, "dialog.discard") is not None
            press(hand, "dialog.finish")
            assert showing(hand.window) is page  # nothing is lost, and it says what is missing
            assert page.prompt.said.text() == i18n.t("scan_work.scan_target")
            assert page.work.lines
            close(hand)
            press(hand, "dialog.discard")
            assert hand.go(key).work.lines == ()
        assert at(admin, angel, ramp) == 4


def test_what_was_misread_is_said_and_neither_taught_nor_taken_for_a_lot(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    bell = product(admin, "GLOCKE", lots=True)
    sku = sku_of(admin, bell)
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_receive")
        hand.scan("WE-01", sku)
        assert page.work.wants == "lot"
        for ours in ("W/4711", "B/NO-SUCH"):
            assert hand.scan(ours) == "bad"
            assert page.work.wants == "lot", ours
        hand.scan("LOT-1")
        for code in ("4012345678902", "(01)04012345678902(10)X"):
            assert hand.scan(code) == "bad"
            assert "Prüfziffer" in page.prompt.said.text()
        assert hand.scan("W/4711") == "bad"
        assert page.prompt.said.text() == "Den Befehl W/4711 gibt es nicht."
        assert hand.window.findChild(TeachDialog) is None
        hand.go("scan_log")  # a screen that wants no scans
        assert hand.scan("4012345678902") == "bad"
        assert hand.window.findChild(TeachDialog) is None
        assert any("Prüfziffer" in _words(toast) for toast in hand.window.findChildren(Toast))
        # Eight digits may be a supplier's own number: then it is said whose.
        hand.scan("96385075")
        dialog = hand.window.findChild(TeachDialog)
        assert dialog is not None
        assert "keine EAN-8" in _words(dialog)
        hand.scan(sku)
        press(hand, "dialog.yes")
        assert "Prüfziffer" in dialog.error.text()
        assert admin.execute("SELECT count(*) FROM labels.code").fetchone() == (0,)


def _words(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_a_number_many_products_have_shows_some_says_so_and_finds_the_rest(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    for number in range(MANY):
        admin.execute(
            "INSERT INTO inventory.lot (product_id, code) VALUES (%s, 'CHARGE-1')",
            (product(admin, f"STERN{number}", lots=True),),
        )
    with gun(as_role("warehouse_manager"), tmp_path, qtbot) as hand:
        page = hand.go("scan_look")

        def offered() -> set[str]:
            names = (button.objectName() for button in page.findChildren(TouchButton) if button.isVisible())
            return {name for name in names if name.startswith("action.choose.")}

        assert hand.scan("CHARGE-1") == "warn"
        qtbot.waitUntil(lambda: len(offered()) == SHOWN)
        assert "haben 61 Artikel" in page.prompt.said.text()
        more = visible(hand, "action.more_lots")
        assert isinstance(more, TouchButton)
        assert more.text() == "Noch 53 zeigen"
        press(hand, "action.more_lots")
        qtbot.waitUntil(lambda: len(offered()) == SHOWN + 50)
        press(hand, "action.more_lots")
        qtbot.waitUntil(lambda: len(offered()) == MANY)
        assert visible(hand, "action.more_lots") is None
        hand.go(
            "scan_log"
        )  # elsewhere one chooses in a dialog, and comes to the screen that shows all of them
        assert hand.scan("CHARGE-1") == "warn"
        press(hand, "dialog.rest")
        qtbot.waitUntil(lambda: showing(hand.window) is page and len(offered()) == SHOWN)
