"""The warehouse ships what is picked, sees no price, and cannot take more than is there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core import format as fmt
from app.services.sales.shipping import get_delivery
from tests.sales_world import Raw, World, build, confirmed, stock
from tests.views.sales_screens import AsRole, Desk, desk_of, opened  # noqa: F401  (a fixture)

D = Decimal
SHIPPING, DELIVERY = "sales.shipping", "sales.delivery"


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: what is to be shipped is looked at as a whole."""
    with new_database() as address:
        yield address


@pytest.fixture
def world(admin_dsn: str) -> World:
    """The small trading world with a second place; each test has its own."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute(
            "INSERT INTO inventory.place (warehouse_id, code) VALUES (%s, 'B-02')", (made.north,)
        )
        return made


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role("warehouse_clerk"), tmp_path, qtbot) as made:
        yield made


def second_place(admin: Raw) -> int:
    row = admin.execute("SELECT id FROM inventory.place WHERE code = 'B-02'").fetchone()
    assert row is not None
    return int(row[0])


def test_places_are_proposed_changed_shipped_and_the_note_archived(
    world: World,
    desk: Desk,
    as_role: AsRole,
    admin: Raw,
    opened: list[str],  # noqa: F811
) -> None:
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, world.shelf, 6)
    stock(keeper, world.bike, second_place(admin), 20)
    order = confirmed(
        as_role("sales_rep"), world.order([world.line(world.bike, 10), world.line(world.bell, 2)])
    )
    desk.window.open_workspace("inventory.shipping")
    listed = desk.front()
    assert [(r.number, r.ready_lines, r.open_lines) for r in listed.model.rows] == [(order.number, 1, 2)]

    page = desk.open(SHIPPING, order.id)
    rows = {row["place"]: row for row in page.lines.model.lines}
    assert sum((row["qty"] or D(0) for row in rows.values()), D(0)) == 10
    assert page.lines.model.lines[0]["stand"] == ("ok", "vollständig")
    assert rows["kein Bestand"]["stand"] == ("bad", "fehlen 2")

    # Nothing on the page knows what the goods cost.
    words = " ".join(w.text() for w in page.findChildren(QWidget) if hasattr(w, "text") and callable(w.text))
    cells = " ".join(str(value) for row in page.lines.model.lines for value in row.values())
    assert fmt.money(D(90), None) not in words + cells
    assert fmt.money(D(100), None) not in words + cells

    places = [row["place"] for row in page.lines.model.lines]
    desk.type_cell(page, places.index("A-01"), "qty", "7")
    assert page.lines.model.errors[places.index("A-01"), "qty"] == "Auf diesem Platz liegen nur 6 Stück."
    desk.type_cell(page, places.index("A-01"), "qty", "1")
    desk.type_cell(page, places.index("B-02"), "qty", "3")
    assert not page.lines.model.errors
    # Somebody else's posting reads the page again; what is typed stays.
    stock(keeper, world.bike, world.shelf, 1)
    page.refresh()
    desk.settle()
    assert [row["qty"] for row in page.lines.model.lines if row["qty"]] == [D(1), D(3)]

    desk.click("action.ship")
    delivery = desk.front()
    desk.wait(lambda: delivery.spec.topic == DELIVERY and delivery.ready)
    posted = as_role("warehouse_clerk").read(get_delivery, delivery.record.id)
    assert {(line.place, line.qty) for line in posted.lines} == {("A-01", D(1)), ("B-02", D(3))}
    desk.wait(
        lambda: admin.execute("SELECT 1 FROM documents.issued WHERE topic = 'sales.delivery'").fetchone()
    )
    desk.click("action.pdf")
    desk.wait(lambda: opened)
    assert Path(opened[0]).read_bytes().startswith(b"%PDF")


def test_a_blocked_customer_gets_nothing_and_what_is_typed_stays(
    world: World, desk: Desk, as_role: AsRole, admin: Raw
) -> None:
    stock(as_role("warehouse_manager"), world.book, world.shelf, 5)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.book, 4, "20", tax_rate=D(7))]))
    page = desk.open(SHIPPING, order.id)
    desk.type_cell(page, 0, "qty", "2")
    admin.execute(
        "UPDATE partners.partner SET is_delivery_blocked = true, block_reason = 'Mahnung' WHERE id = %s",
        (world.dealer,),
    )
    try:
        desk.click("action.ship")
        desk.wait(lambda: desk.find("dialog.close") is not None)
        desk.click("dialog.close")
        assert page.lines.model.lines[0]["qty"] == D(2)
        page.refresh()
        desk.wait(lambda: "Mahnung" in desk.banners(page).get("blocked", ""))
    finally:
        admin.execute("UPDATE partners.partner SET is_delivery_blocked = false, block_reason = NULL")


def test_a_clerk_opens_no_order_and_no_invoice(world: World, desk: Desk) -> None:
    records, places = desk.window.ctx.registry.records, desk.window.ctx.registry.workspaces
    assert "sales.sales_order" not in records
    assert "sales.invoice" not in records
    assert [key for key in places if not key.startswith(("inventory.", "approvals."))] == []


def test_a_quantity_still_being_typed_is_what_is_shipped(
    world: World,
    desk: Desk,
    as_role: AsRole,
    admin: Raw,
    opened: list[str],  # noqa: F811
) -> None:
    stock(as_role("warehouse_manager"), world.bell, world.shelf, 30)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bell, 24, "7.99")]))
    page = desk.open(SHIPPING, order.id)
    assert page.lines.model.lines[0]["qty"] == D(24)
    desk.click("action.nothing")
    assert not page.head.button("ship").isEnabled()
    page.lines.table.setFocus()
    page.lines.table.go(0, "qty")
    edit = desk.find("line.edit.qty")
    assert edit is not None
    QTest.keyClicks(edit, "x")
    assert page.lines.table.pending() is not None
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    QTest.keyClicks(edit, "1")
    assert page.head.button("ship").isEnabled()
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    delivery = desk.front()
    desk.wait(lambda: delivery.spec.topic == DELIVERY and delivery.ready)
    posted = as_role("warehouse_clerk").read(get_delivery, delivery.record.id)
    assert [line.qty for line in posted.lines] == [D(1)]
