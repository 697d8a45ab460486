"""Goods come in against their order, are picked, packed into parcels and labelled, with the scanner alone."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app.views.labels
import app.views.printing
import app.views.purchasing
import app.views.sales
import app.views.warehouse
from app.services.sales.papers import packing_list_of, parcel_list_of
from app.views.warehouse.arrive_page import ArrivePage
from app.views.warehouse.pack_page import PackPage
from tests.db.test_labels import number_range
from tests.db.test_purchasing import line, ordered
from tests.sales_world import Raw, World, build, confirmed, line_ids, shipped, stock
from tests.views.shell_world import idle, window_for
from tests.views.test_scan_work import AsRole, Gun, place_of, showing, sku_of
from tests.views.test_scanner import EAN, Scanner

D = Decimal
HERE = (app.views.warehouse, app.views.purchasing, app.views.labels, app.views.printing, app.views.sales)


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute(
            "UPDATE catalog.product SET weight_g = 1250, ean = '4012345678901' WHERE id = %s", (made.bike,)
        )
        connection.execute("UPDATE catalog.product SET is_bought = true")
        connection.execute("UPDATE catalog.product SET is_lot_tracked = true WHERE id = %s", (made.bell,))
        connection.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (made.dealer,))
        connection.execute(
            "INSERT INTO inventory.place (warehouse_id, code, kind) VALUES (%s, 'WE-01', 'receiving')",
            (made.north,),
        )
        return made


def visible(window: QWidget, name: str) -> list[QWidget]:
    return [one for one in window.findChildren(QWidget, name) if one.isVisible()]


def one(admin: Raw, statement: str, *values: object) -> Any:
    row = admin.execute(statement, values).fetchone()
    return None if row is None else row[0]


def test_goods_of_an_order_arrive_by_scan(
    world: World, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    buyer = as_role("purchase_officer")
    offer = line(world.book, 9, 3, supplier_sku="THEIR-9")
    order = ordered(buyer, world, line(world.bike, 4, 60), line(world.bell, 2, 3), offer)
    with window_for(as_role("warehouse_clerk"), tmp_path, qtbot, HERE) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_arrive")
        assert isinstance(page, ArrivePage)
        hand.scan("4012345678901")  # goods before any order: only one awaits them
        qtbot.waitUntil(lambda: page.work is not None and bool(page.work.came))
        assert page.work is not None
        assert (page.work.number, page.work.came[0].place) == (order.number, "WE-01")
        assert hand.scan("W/4") == "ok"
        assert hand.scan("W/MORE") == "warn"  # more than ordered
        assert hand.scan("W/UNDO") == "ok"
        assert hand.scan("BELL-1") == "ok"
        assert page.work.wants == "lot"
        assert hand.scan("LOT-7", "A-01") == "ok"  # a new lot, and the shelf it goes to
        assert hand.scan("BELL-1", "LOT-7", "BOOK-1") == "ok"
        assert hand.scan("THEIR-9", "W/9") == "ok"  # what the supplier calls it
        assert hand.scan("LS 4711/26") == "ok"  # nobody knows it: the number of his delivery note
        assert page.work.delivery_note == "LS 4711/26"
        assert page.work.wants == "post"
        assert page.dirty()
        assert hand.scan("W/CONFIRM") == "ok"
        qtbot.waitUntil(lambda: page.work is None)
        assert not page.dirty()
    rows = admin.execute(
        "SELECT l.sku, l.qty, t.code, p.code FROM purchasing.goods_receipt_line l"
        " JOIN purchasing.goods_receipt g ON g.id = l.goods_receipt_id LEFT JOIN inventory.lot t ON t.id = l.lot_id"
        " LEFT JOIN inventory.place p ON p.id = l.place_id WHERE g.delivery_note = 'LS 4711/26' ORDER BY l.sku"
    ).fetchall()
    assert rows == [
        ("BELL-1", D(2), "LOT-7", "A-01"),
        ("BIKE-1", D(4), None, "WE-01"),
        ("BOOK-1", D(9), None, "A-01"),
    ]
    assert one(admin, "SELECT receipt_state FROM purchasing.purchase_order WHERE id = %s", order.id) == "full"


def test_a_lots_number_alone_says_which_goods_are_meant(
    world: World, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    stock(as_role("warehouse_manager"), world.bell, place_of(admin, "WE-01"), 3, "ALONE-1")
    with window_for(as_role("warehouse_clerk"), tmp_path, qtbot, HERE) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_put_away")
        assert hand.scan("ALONE-1") == "ok"
        qtbot.waitUntil(lambda: bool(page.work.lines))
        assert [(x.piece.sku, x.piece.lot, x.qty) for x in page.work.lines] == [("BELL-1", "ALONE-1", D(3))]


def test_a_delivery_is_packed_labelled_and_said_to_be_complete(
    world: World, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    keeper = as_role("warehouse_manager")
    number_range(as_role("administrator"), "sscc", "34012345")
    admin.execute(
        "INSERT INTO printing.printer (name, kind, address, language, dpi, media) VALUES"
        " ('Zebra', 'raw', 'socket://127.0.0.1:1', 'zpl', 203, '')"
    )
    admin.execute(
        "INSERT INTO printing.route (kind, printer_id) SELECT 'label_delivery', id FROM printing.printer"
    )
    stock(keeper, world.bike, world.shelf, 5)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 5)]))
    with window_for(as_role("warehouse_clerk"), tmp_path / "one", qtbot, HERE) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_pack")
        assert isinstance(page, PackPage)
        assert hand.scan("BIKE-1") == "bad"  # of which delivery?
        assert hand.scan(order.number) in ("ok", "bad")
        qtbot.waitUntil(lambda: "noch nichts geliefert" in hand.words())
        delivery = shipped(
            keeper, order.id, order.row_version, (line_ids(admin, order.id)[0], 5, world.shelf)
        )
        hand.scan(order.number)
        qtbot.waitUntil(lambda: page.work is not None)
        assert "5 zu packen" in hand.words()
        assert hand.scan("BELL-1") == "bad"
        assert hand.scan("BIKE-1", "4012345678901", "W/MORE") == "ok"
        assert hand.scan(sku_of(admin, world.book)) == "bad"
        assert page.dirty()
    with window_for(as_role("warehouse_clerk"), tmp_path / "one", qtbot, HERE) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_pack")
        qtbot.waitUntil(lambda: page.work is not None)
        assert list(page.work.inside.values()) == [D(3)]  # the program had ended
        window.open_workspace(
            "scan_pack", delivery=delivery.id + 1
        )  # another one: not before this parcel is closed
        idle(qtbot, window)
        page = showing(window)
        qtbot.waitUntil(lambda: page.work is not None)
        assert list(page.work.inside.values()) == [D(3)]
        assert f"Erst das Packstück von {delivery.number}" in hand.words()
        page.weigh()
        hand.scan("W/4", "W/1", "W/0", "W/5", "W/CONFIRM")
        assert page.work.weight_g == 4105
        hand.scan("W/CONFIRM")
        qtbot.waitUntil(lambda: bool(page.work.delivery.parcels))
        assert "Unvollständig: 3 von 5 in 1 Packstück" in hand.words()
        idle(qtbot, window)
        page.refresh()  # somebody packs as well: what is scanned before the answer stays
        page.rest()
        idle(qtbot, window)
        assert list(page.work.inside.values()) == [D(2)]
        hand.scan("W/POST")
        qtbot.waitUntil(lambda: page.work.delivery.complete)
        idle(qtbot, window)
        assert "vollständig gepackt: 2 Packstücke" in hand.words()
        first, second = page.work.delivery.parcels
        assert [(p.number, p.weight_g, bool(p.sscc)) for p in (first, second)] == [
            (1, D(4105), True),
            (2, D(2500), True),
        ]
        page.reopen(second)
        qtbot.waitUntil(lambda: page.work.parcel is not None)
        assert not page.work.delivery.complete
        # Nothing is missing any more, and nobody is told it is.
        assert "Alles ist in Packstücken, eines ist noch offen" in hand.words()
        assert "Unvollständig" not in hand.words()
        assert visible(window, f"row.{sku_of(admin, world.bike)}") == []
        hand.scan("W/CONFIRM")
        qtbot.waitUntil(lambda: page.work.delivery.complete)
        idle(qtbot, window)
    titles = admin.execute("SELECT title FROM printing.job ORDER BY id").fetchall()
    assert [title for (title,) in titles] == [f"{delivery.number} {n}" for n in (1, 1, 2, 1, 2)]
    whole = keeper.read(packing_list_of, delivery.id)
    assert [(x.values["parcel"], x.quantity) for x in whole.lines] == [("1", D(3)), ("2", D(2))]
    assert whole.summary == (("weight", D("6.605")),)
    part = keeper.read(parcel_list_of, second.id)
    assert [x.quantity for x in part.lines] == [D(2)]
    assert ("parcel", "2 / 2") in [(x.label, x.value) for x in part.references]


def test_a_stream_of_typed_scans_packs_and_nothing_of_it_lands_in_a_field(
    world: World, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, world.shelf, 20)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 20)]))
    delivery = shipped(keeper, order.id, order.row_version, (line_ids(admin, order.id)[0], 20, world.shelf))
    with window_for(as_role("warehouse_clerk"), tmp_path, qtbot, HERE) as window:
        gun = Scanner(window, qtbot)
        window.open_workspace("scan_pack")
        idle(qtbot, window)
        page = showing(window)
        assert isinstance(page, PackPage)
        page.typed.setFocus()
        gun.hub.scanned(f"D/{delivery.number}")  # the keys of a test know no capitals
        qtbot.waitUntil(lambda: page.work is not None)
        # One after the other as fast as keys come: a carton of five by its GS1 code, three pieces, one more, close.
        gun.types(f"010{EAN}3705\r" + "BIKE-1\r" * 3 + "W/MORE\r" + "W/POST\r")
        qtbot.waitUntil(lambda: bool(page.work and page.work.delivery.parcels))
        assert page.work is not None
        assert list(page.work.delivery.parcels[0].inside.values()) == [D(9)]
        assert page.typed.text() == ""
        gun.hub.write_log()
        idle(qtbot, window)
