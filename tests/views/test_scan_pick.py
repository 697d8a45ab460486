"""An order is picked with the scanner alone, short, and shipped; the way is the shortest by the places' codes."""

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.warehouse
from app.services.sales.scan_pick import walking
from app.views.warehouse.pick_page import PickPage
from tests.sales_world import Raw, World, build, confirmed, stock
from tests.views.shell_world import window_for
from tests.views.test_scan_work import AsRole, Gun, place_of, sku_of

D = Decimal


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute(
            "INSERT INTO inventory.place (warehouse_id, code) VALUES (%s, 'A-10'), (%s, 'A-02')",
            (made.north, made.north),
        )
        return made


def test_the_way_goes_by_numbers_not_by_letters() -> None:
    assert sorted(["A-10", "B-1", "A-2", "A-2-11", "A-2-9"], key=walking) == [
        "A-2",
        "A-2-9",
        "A-2-11",
        "A-10",
        "B-1",
    ]


def test_an_order_is_picked_short_and_shipped(
    world: World, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, place_of(admin, "A-10"), 5)
    stock(keeper, world.bell, place_of(admin, "A-02"), 9)
    bike, bell = sku_of(admin, world.bike), sku_of(admin, world.bell)
    wanted = world.order([world.line(world.bike, 5), world.line(world.bell, 3), world.line(world.service, 1)])
    order = confirmed(as_role("sales_rep"), wanted)
    with window_for(as_role("warehouse_clerk"), tmp_path, qtbot, (app.views.warehouse,)) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_pick")
        assert isinstance(page, PickPage)
        assert hand.scan(order.number) == "ok"
        assert page.work is not None
        assert [step.place for step in page.work.steps] == ["", "A-02", "A-10"]
        assert hand.scan(bike) == "bad"  # the place comes first
        assert hand.scan("A-02") == "ok"
        assert hand.scan(bike) == "bad"  # lies elsewhere
        assert hand.scan(bell, bell, bell) == "ok"
        assert hand.scan(bell) == "bad"  # three are enough
        assert page.work.wants == "place"
        assert hand.scan("A-10", bike, "W/4") == "ok"
        assert hand.scan("W/CONFIRM") == "ok"  # not done: why not?
        assert hand.scan("A-02") == "bad"
        assert hand.scan("W/2") == "ok"
        assert page.work.wants == "ship"
    with window_for(as_role("warehouse_clerk"), tmp_path, qtbot, (app.views.warehouse,)) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_pick")
        assert page.work is not None  # the program had ended
        assert hand.scan("W/CONFIRM") == "ok"
        assert page.work is None
    rows = admin.execute(
        "SELECT p.sku, l.qty FROM sales.delivery_line l JOIN catalog.product p ON p.id = l.product_id"
        " JOIN sales.delivery d ON d.id = l.delivery_id WHERE d.sales_order_id = %s",
        (order.id,),
    ).fetchall()
    assert {sku: qty for sku, qty in rows if sku in (bike, bell)} == {bike: D(4), bell: D(3)}
    note = admin.execute("SELECT body FROM system.note WHERE topic = 'sales.delivery'").fetchone()
    assert note is not None
    assert f"{bike}: 1" in note[0]
    assert "beschädigt" in note[0]


def test_what_is_past_its_day_is_taken_last_and_told(
    world: World, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    keeper = as_role("warehouse_manager")
    admin.execute("UPDATE catalog.product SET is_lot_tracked = true WHERE id = %s", (world.book,))
    book = sku_of(admin, world.book)
    for lot, place, day in (("ALT", "A-02", "2020-01-31"), ("NEU", "A-10", "2999-12-31")):
        stock(keeper, world.book, place_of(admin, place), 2, lot)
        admin.execute("UPDATE inventory.lot SET expires_on = %s WHERE code = %s", (day, lot))
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.book, 3)]))
    with window_for(as_role("warehouse_clerk"), tmp_path, qtbot, (app.views.warehouse,)) as window:
        hand = Gun(window, qtbot)
        page = hand.go("scan_pick")
        assert hand.scan(order.number) == "ok"
        assert [(step.lot, step.wanted) for step in page.work.steps] == [("ALT", D(1)), ("NEU", D(2))]
        assert hand.scan(book) == "bad"
        assert "Lagerplatz" in hand.words()  # the right goods: it is the place that is missing
        assert hand.scan("A-10", book, book) == "ok"
        assert hand.scan("A-02", book) == "warn"
        assert "31.01.2020" in hand.words()
        assert hand.scan("W/CONFIRM") == "ok"
        assert page.pack_button.isVisible()  # whatever else is told meanwhile
        assert page.work is None
