"""Articles scanned into an order and a purchase order that are being edited: one more, a new line, back again."""

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.purchasing
import app.views.sales
import app.views.warehouse
from app.services.purchasing import writes as buying
from app.services.sales import writes
from app.services.sales.commands import ConfirmSalesOrder
from tests.db.test_purchasing import draft, line
from tests.sales_world import World, build
from tests.views.shell_world import idle, window_for
from tests.views.test_scan_work import AsRole, Gun, showing

D = Decimal
HERE = (app.views.warehouse, app.views.sales, app.views.purchasing, app.views.catalog)


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute("UPDATE catalog.product SET is_bought = true WHERE id <> %s", (made.bell,))
        connection.execute("UPDATE catalog.product SET ean = '4012345678901' WHERE id = %s", (made.bell,))
        connection.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (made.dealer,))
        return made


def test_scans_fill_the_lines_of_a_draft_order_and_leave_a_confirmed_one_alone(
    world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    rep = as_role("sales_rep")
    saved = rep.write(writes.save_sales_order, world.order([world.line(world.bike, 9)])).value
    with window_for(rep, tmp_path, qtbot, HERE) as window:
        hand = Gun(window, qtbot)
        window.open_record("sales.sales_order", saved.id)
        idle(qtbot, window)
        page = showing(window)
        qtbot.waitUntil(lambda: page.ready)

        def lines() -> list[tuple[str, Decimal]]:
            return [(x["sku"], x["qty"]) for x in page.lines.model.lines]

        assert hand.scan("BIKE-1") == "ok"
        idle(qtbot, window)
        assert lines() == [("BIKE-1", D(10))]
        qtbot.waitUntil(lambda: page.lines.model.lines[0]["unit_price"] == D(90))  # the price of ten
        hand.hub.scanned("4012345678901")
        hand.hub.scanned("BELL-1")  # the second one before the line of the first has come
        idle(qtbot, window)
        qtbot.waitUntil(lambda: lines() == [("BIKE-1", D(10)), ("BELL-1", D(2))])
        qtbot.waitUntil(lambda: page.lines.model.lines[1].get("unit_price") == D("7.99"))
        assert hand.scan("W/1", "W/2") == "ok"
        assert lines()[1] == ("BELL-1", D(12))
        assert hand.scan("W/MORE", "W/UNDO") == "ok"
        assert lines()[1] == ("BELL-1", D(12))
        assert page.dirty()
        page.save()
        idle(qtbot, window)
        qtbot.waitUntil(lambda: not page.dirty())
        rep.write(writes.confirm_sales_order, ConfirmSalesOrder(page.record.id, page.record.row_version))
        page.refresh()
        idle(qtbot, window)
        qtbot.waitUntil(lambda: page.read_only)
        hand.scan("BIKE-1")  # nothing to be changed here: the article opens
        idle(qtbot, window)
        assert [x["qty"] for x in page.lines.model.lines] == [D(10), D(12)]
        assert showing(window) is not page


def test_scans_fill_a_purchase_order_with_what_is_bought(
    world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    buyer = as_role("purchase_officer")
    saved = buyer.write(buying.save_order, draft(world, line(world.bike, 1, 60))).value
    with window_for(buyer, tmp_path, qtbot, HERE) as window:
        hand = Gun(window, qtbot)
        window.open_record("purchasing.purchase_order", saved.id)
        idle(qtbot, window)
        page = showing(window)
        qtbot.waitUntil(lambda: page.ready)
        hand.scan("BOOK-1", "BOOK-1", "BIKE-1")
        qtbot.waitUntil(lambda: len(page.lines.model.lines) == 2)
        assert [(x["sku"], x["qty"]) for x in page.lines.model.lines] == [("BIKE-1", D(2)), ("BOOK-1", D(2))]
        assert hand.scan("BELL-1") == "bad"  # is not bought
        assert len(page.lines.model.lines) == 2
        hand.scan("W/UNDO", "W/UNDO", "W/UNDO")
        assert [(x["sku"], x["qty"]) for x in page.lines.model.lines] == [("BIKE-1", D(1))]
