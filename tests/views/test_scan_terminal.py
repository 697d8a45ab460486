"""A shared terminal in the warehouse: pick, pack and receive with badge, scanner and finger, as far as both may."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from pytestqt.qtbot import QtBot

from app.core.db import ClientInfo, Database, Target
from app.core.paging import Filter, ListQuery
from app.services.labels.scan_lists import list_scans
from app.views.core.scanner import ScanHub
from app.views.terminal.parts import TouchButton
from app.views.warehouse.arrive_page import ArrivePage
from app.views.warehouse.pack_page import PackPage
from app.views.warehouse.pick_page import PickPage
from app.views.warehouse.work_page import ReceivePage
from tests.db.test_purchasing import line, ordered
from tests.sales_world import Raw, World, build, confirmed, stock
from tests.views.make_screens import AsRole
from tests.views.test_scanner import QUIET
from tests.views.test_terminal import PIN, terminal

D = Decimal
FINGER = 48


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute("UPDATE catalog.product SET is_bought = true")
        connection.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (made.dealer,))
        return made


@pytest.fixture
def device(admin_dsn: str, admin: Raw, world: World) -> Iterator[Database]:
    row = admin.execute(
        "SELECT sec.device_register('t_pack', 'Packtisch', 'Lager', '', %s)", ([world.north],)
    ).fetchone()
    assert row is not None
    for badge, login in (("B-1", "u_warehouse_clerk"), ("B-2", "u_production_operator")):
        admin.execute("SELECT sec.badge_set(%s, %s, %s)", (login, badge, PIN))
    target, _ = Target.from_dsn(admin_dsn)
    address = Target(target.host, target.port, target.dbname, "t_pack")
    db = Database(address, str(row[0]), client=ClientInfo(version="test"))
    db.open()
    yield db
    db.close()


def test_an_order_is_picked_and_packed_and_another_received_at_a_shared_terminal(
    world: World, device: Database, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 3)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 3)]))
    bought = ordered(as_role("purchase_officer"), world, line(world.book, 6, 3))
    with terminal(device, tmp_path, qtbot) as hand:
        hub = hand.window.findChild(ScanHub)
        assert hub is not None
        hub.apply(QUIET)

        def scan(*codes: str) -> None:
            for code in codes:
                hub.scanned(code)
                hand.settle()

        hand.sign_on("B-2")
        hand.wait(lambda: hand.find("terminal.sign_off") is not None)
        assert hand.find("terminal.open.scan_pick") is None  # the device may, the operator may not
        scan(order.number)  # and a code nobody here may see is no error either
        assert hand.find("dialog.error") is None
        hand.press("terminal.sign_off")
        hand.sign_on("B-1")
        hand.press("terminal.open.scan_pick")
        scan(order.number, "A-01", "BIKE-1", "W/3", "W/CONFIRM")
        picked = hand.window.page
        assert isinstance(picked, PickPage)
        hand.wait(lambda: picked.work is None)
        number = str(_one(admin, "SELECT max(number) FROM sales.delivery"))
        hand.press("terminal.open.scan_pack")
        scan(f"D/{number}", "BIKE-1", "BIKE-1")
        packed = hand.window.page
        assert isinstance(packed, PackPage)
        hand.press("action.rest")
        hand.press("action.close")
        hand.wait(lambda: packed.work is not None and packed.work.delivery.complete)
        small = [
            button.objectName()
            for button in hand.window.findChildren(TouchButton)
            if button.isVisible() and min(button.width(), button.height()) < FINGER
        ]
        assert small == []
        assert hand.find("action.paper.1") is None  # papers are the office's
        # Work that is not booked waits while one looks something up.
        hand.press("terminal.open.scan_receive")
        scan("A-01", "BIKE-1", "W/7")
        hand.press("terminal.open.scan_look")
        assert hand.find("dialog.yes") is None
        begun = hand.find("terminal.open.scan_receive")
        assert begun.accessibleDescription() == "Was Sie hier gescannt haben, ist noch nicht gebucht."
        hand.press("terminal.open.scan_receive")
        waiting = hand.window.page
        assert isinstance(waiting, ReceivePage)
        assert [line.qty for line in waiting.work.lines] == [D(7)]
        assert begun.accessibleDescription() == ""
        waiting.forget()
        hand.press("terminal.open.scan_arrive")
        arriving = hand.window.page
        assert isinstance(arriving, ArrivePage)
        scan(bought.number)
        hand.press("action.all.BOOK-1")
        hand.press("action.post")
        hand.wait(lambda: arriving.work is None)
        hand.press("terminal.sign_off")
    assert _one(admin, "SELECT packed_by FROM labels.parcel") == "u_warehouse_clerk"
    assert _one(admin, "SELECT sum(qty) FROM purchasing.goods_receipt_line") == D(6)
    trail = admin.execute(
        "SELECT DISTINCT login, operator FROM audit.entry WHERE table_name IN"
        " ('labels.parcel', 'sales.delivery', 'purchasing.goods_receipt')"
    ).fetchall()
    assert trail == [("t_pack", "u_warehouse_clerk")]
    # What was scanned just before somebody left is his, and not the next one's.
    log = admin.execute("SELECT code, scanned_by, operator FROM labels.scan ORDER BY id").fetchall()
    assert log[0] == (order.number, "t_pack", "u_production_operator")
    assert {row[1:] for row in log[1:]} == {("t_pack", "u_warehouse_clerk")}
    assert [row[0] for row in log[1:6]] == [order.number, "A-01", "BIKE-1", "W/3", "W/CONFIRM"]
    found = as_role("warehouse_manager").read(
        list_scans, ListQuery(filters=(Filter("person", "eq", "u_production_operator"),))
    )
    assert {(row.person, row.device) for row in found.rows} == {("u_production_operator", "t_pack")}


def _one(admin: Raw, statement: str) -> object:
    row = admin.execute(statement).fetchone()
    return None if row is None else row[0]
