"""From what runs short to goods on the shelf, in the window: ordered, received, sent back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.views.purchasing
from app.core.db import Database
from app.services.labels.scanning import PLACE, PRODUCT, Hit, Resolved
from app.services.labels.scans import read
from app.services.purchasing import awaited
from app.views.purchasing.lists import order_for
from tests.views.sales_screens import Desk
from tests.views.shell_world import window_for

AsRole = Callable[[str], Database]


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


def one(admin: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    row = admin.execute(statement, values).fetchone()
    return None if row is None else row[0]


def seen(*hits: Hit) -> Resolved:
    """A scan that meant these."""
    return Resolved(read("x"), hits)


def test_from_a_shortage_to_the_shelf_and_back(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    offer = admin.execute(
        "SELECT o.supplier_id, p.id, p.sku, o.amount, t.amount FROM purchasing.supplier_price o"
        " JOIN catalog.product p ON p.id = o.product_id AND p.is_stocked AND p.is_bought"
        " JOIN purchasing.supplier_price t ON t.supplier_id = o.supplier_id AND t.product_id = p.id AND t.min_qty > 1"
        " WHERE o.min_qty = 1 ORDER BY p.id LIMIT 1"
    ).fetchone()
    assert offer is not None
    supplier, product, sku, dear, cheap = offer
    admin.execute("UPDATE catalog.product SET reorder_point = 100000 WHERE id = %s", (product,))
    with window_for(as_role("u_paul"), tmp_path / "paul", qtbot, (app.views.purchasing,)) as window:
        desk = Desk(window, qtbot)
        window.open_workspace("purchasing.wanted")
        listed = desk.front()
        desk.wait(lambda: listed.model.rowCount() > 0)
        row = next(x for x in listed.model.rows if x.id == product)
        assert row.missing > 0
        order_for(window.ctx, [row])
        page = desk.front()
        desk.wait(lambda: page.lines.model.lines[0].get("unit_price") is not None)
        assert page.lines.model.lines[0]["unit_price"] == cheap < dear  # so many: the better tier
        desk.type_cell(page, 0, "qty", "4")
        desk.wait(lambda: page.lines.model.lines[0]["unit_price"] == dear)
        desk.click("action.issue")
        order = page.record.id
        desk.wait(lambda: page.stored_state == "ordered")
        desk.wait(
            lambda: one(
                admin,
                "SELECT count(*) FROM documents.issued WHERE kind = 'purchase_order' AND record_id = %s",
                order,
            )
        )
        assert page.read_only
        assert (
            one(admin, "SELECT supplier_id FROM purchasing.purchase_order WHERE id = %s", order) == supplier
        )
        lines = window.ctx.db.read(awaited.of_product, product)
        assert (order, "4") in [(x.order_id, f"{x.qty_open:.0f}") for x in lines]
        assert order in [x.order_id for x in window.ctx.db.read(awaited.of_supplier, supplier)]
        desk.click("action.confirm")
        confirming = desk.front()
        desk.type_cell(confirming, 0, "confirmed_price", "1")
        desk.click("action.confirm")
        assert (
            one(
                admin,
                "SELECT confirmed_price FROM purchasing.purchase_order_line WHERE purchase_order_id = %s",
                order,
            )
            == 1
        )
    with window_for(as_role("u_karin"), tmp_path / "karin", qtbot, (app.views.purchasing,)) as window:
        desk = Desk(window, qtbot)
        assert not window.ctx.profile.can("purchasing.purchase_order:select")
        page = desk.open("purchasing.receiving", order)
        place = page.found.places[-1][0]
        assert page.on_scan(seen(Hit(PRODUCT, product, sku, "", {"product_id": product}))) == "ok"
        assert page.on_scan(seen(Hit(PLACE, place, "", "", {}))) == "ok"
        assert page.lines.model.lines[0]["place_id"] == place
        assert page.on_scan(seen(Hit(PRODUCT, 0, "?", "", {"product_id": 0}))) == "warn"
        desk.type_cell(page, 0, "qty", "3")
        if page.found.lines[0].is_lot_tracked:
            desk.type_cell(page, 0, "lot", "CH 7")
        desk.click("action.receive")
        receipt = desk.front()
        desk.wait(lambda: receipt.spec.topic == "purchasing.goods_receipt")
        received = "SELECT qty_received - qty_returned FROM purchasing.purchase_order_line WHERE purchase_order_id = %s"
        assert one(admin, received, order) == 3
        desk.wait(
            lambda: one(
                admin,
                "SELECT count(*) FROM documents.issued WHERE kind = 'goods_receipt' AND record_id = %s",
                receipt.record.id,
            )
        )
        desk.click("action.return")
        back = desk.front()
        desk.type_cell(back, 0, "qty", "1")
        desk.click("action.return")
        assert one(admin, received, order) == 3  # no reason, no return
        editor = back.boxes["reason"].editor
        editor.setFocus()
        QTest.keyClicks(editor, "Kratzer")
        QTest.keyClick(editor, Qt.Key.Key_Tab)
        desk.click("action.return")
        desk.wait(lambda: desk.front().spec.topic == "purchasing.goods_receipt")
        assert one(admin, received, order) == 2


def test_a_new_order_is_in_the_suppliers_currency(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    """Who asks dollars for everything is ordered from in dollars, at his prices; it can be typed over."""
    product = one(admin, "SELECT min(id) FROM catalog.product WHERE is_stocked AND is_bought")
    supplier = one(
        admin,
        "INSERT INTO partners.partner (number, name, is_customer, is_supplier)"
        " VALUES ('79999', 'Ohio Parts', false, true) RETURNING id",
    )
    admin.execute(
        "INSERT INTO purchasing.supplier_price (supplier_id, product_id, amount, currency, valid_from)"
        " VALUES (%s, %s, 7.5, 'USD', '2026-01-01')",
        (supplier, product),
    )
    with window_for(as_role("u_paul"), tmp_path / "paul", qtbot, (app.views.purchasing,)) as window:
        desk = Desk(window, qtbot)
        page = desk.new("purchasing.purchase_order", lines=[{"product_id": product, "qty": Decimal(2)}])
        page.set_value("supplier_id", supplier, "Ohio Parts")
        page.value_changed("supplier_id")
        desk.wait(lambda: page.lines.model.lines[0].get("unit_price") == Decimal("7.5"))
        assert page.value("currency") == "USD"
