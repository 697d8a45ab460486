"""Buying as real people do it: order, confirm, receive in parts, send back, close; who may, what stays."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError, Conflict, NotAllowed, Refused
from app.services.purchasing import writes
from app.services.purchasing.commands import (
    Arrival,
    CloseOrder,
    Confirmation,
    ConfirmOrder,
    Discard,
    IssueOrder,
    PostReceipt,
    PostReturn,
    ReturnedLine,
    SaveOrder,
)
from app.services.records import Saved
from migrations import drift
from tests.sales_world import Raw, World, build, stock

AsRole = Callable[[str], Database]
D = Decimal


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute("UPDATE catalog.product SET is_bought = true")
        connection.execute("UPDATE catalog.product SET is_lot_tracked = true WHERE id = %s", (made.bell,))
        connection.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (made.dealer,))
        connection.execute(
            "INSERT INTO purchasing.supplier_price (supplier_id, product_id, supplier_sku, min_qty, amount, valid_from)"
            " VALUES (%(s)s, %(b)s, 'R-1', 1, 70, '2020-01-01'), (%(s)s, %(b)s, 'R-1', 10, 60, '2020-01-01')",
            {"s": made.dealer, "b": made.bike},
        )
        return made


def draft(world: World, *lines: dict[str, Any], **values: Any) -> SaveOrder:
    head = {"supplier_id": world.dealer, "warehouse_id": world.north, "payment_term_id": world.terms}
    return SaveOrder(None, None, head | values, lines)


def line(product: int, qty: object, price: object, **values: Any) -> dict[str, Any]:
    return {
        "product_id": product,
        "description": "Artikel",
        "qty": D(str(qty)),
        "unit_price": D(str(price)),
    } | values


def ordered(buyer: Database, world: World, *lines: dict[str, Any]) -> writes.Issued:
    saved: Saved = buyer.write(writes.save_order, draft(world, *lines)).value
    return buyer.write(writes.issue_order, IssueOrder(saved.id, saved.row_version)).value


def line_ids(admin: Raw, order: int) -> list[int]:
    rows = admin.execute(
        "SELECT id FROM purchasing.purchase_order_line WHERE purchase_order_id = %s ORDER BY position",
        (order,),
    )
    return [row[0] for row in rows.fetchall()]


def one(admin: Raw, statement: str, *values: object) -> tuple[Any, ...]:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    return tuple(row)


def refused(db: Database, fn: Any, command: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        db.write(fn, command)
    return caught.value


def test_a_draft_is_saved_changed_and_ordered(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer = as_role("purchase_officer")
    command = draft(world, line(world.bike, 10, 60), line(world.book, 3, "12.345"), remark="Bitte avisieren")
    saved = buyer.write(writes.save_order, command).value
    assert buyer.write(writes.save_order, command).value == saved  # sent again: the same draft
    first, second = line_ids(admin, saved.id)
    changes = [line(world.service, 1, 50), line(world.bike, 12, 60, id=first, expected_date=world.today)]
    change = SaveOrder(
        saved.id, saved.row_version, {"expected_date": world.today + timedelta(days=9)}, changes
    )
    again = buyer.write(writes.save_order, change).value
    assert isinstance(refused(buyer, writes.save_order, SaveOrder(saved.id, saved.row_version, {})), Conflict)
    assert line_ids(admin, saved.id)[1] == first
    assert second not in line_ids(admin, saved.id)
    assert one(
        admin, "SELECT net_amount, tax_amount FROM purchasing.purchase_order WHERE id = %s", saved.id
    ) == (
        D(770),
        D("146.30"),
    )
    issued = buyer.write(writes.issue_order, IssueOrder(saved.id, again.row_version)).value
    assert issued.number.startswith("BE-")
    found = one(
        admin,
        "SELECT l.list_price, l.supplier_sku, l.sku, o.snapshot #>> '{supplier,name}', o.remark"
        " FROM purchasing.purchase_order_line l JOIN purchasing.purchase_order o ON o.id = l.purchase_order_id"
        " WHERE l.id = %s",
        first,
    )
    assert found == (D(60), "R-1", "BIKE-1", "Radhaus Ulm", "Bitte avisieren")
    late = refused(buyer, writes.save_order, SaveOrder(saved.id, issued.row_version, {"remark": "x"}))
    assert late.key == "purchase_order_not_draft"
    with pytest.raises(psycopg.Error, match="purchase_order_not_draft"):
        admin.execute("UPDATE purchasing.purchase_order_line SET qty = 1 WHERE id = %s", (first,))


def test_drafts_that_cannot_be_ordered_are_refused(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer = as_role("purchase_officer")
    wrong: list[tuple[SaveOrder, str]] = [
        (draft(world, line(world.bike, 0, 1)), "move_qty_positive"),
        (draft(world, line(world.bike, "1.5", 1)), "quantity_too_precise"),
        (draft(world, line(world.bike, 1, -1)), "purchase_line_price_not_negative"),
        (draft(world, line(10**9, 1, 1)), "product_not_found"),
        (draft(world, line(world.bike, 1, 1, description=" ")), "description_required"),
        (draft(world, supplier_id=world.french), "supplier_not_active"),
        (draft(world, warehouse_id=None), "warehouse_missing"),
        (draft(world, currency="euro"), "purchase_currency_form"),
        (draft(world, remark="x" * 2001), "text_too_long"),
    ]
    for command, key in wrong:
        assert refused(buyer, writes.save_order, command).key == key
    empty = buyer.write(writes.save_order, draft(world)).value
    assert refused(buyer, writes.issue_order, IssueOrder(empty.id, empty.row_version)).key == (
        "purchase_order_has_no_lines"
    )
    buyer.write(writes.discard_order, Discard(empty.id, empty.row_version))
    assert one(admin, "SELECT count(*) FROM purchasing.purchase_order WHERE id = %s", empty.id) == (0,)


def test_goods_come_in_parts_by_lot_and_go_back(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer, clerk = as_role("purchase_officer"), as_role("warehouse_clerk")
    order = ordered(
        buyer, world, line(world.bike, 10, 60), line(world.bell, 20, 3), line(world.service, 1, 50)
    )
    bike, bell, service = line_ids(admin, order.id)
    on_hand = "SELECT coalesce(sum(on_hand), 0) FROM inventory.stock_level WHERE product_id = %s"
    before = one(admin, on_hand, world.bike)[0]

    def receive(version: int, *lines: Arrival) -> PostReceipt:
        return PostReceipt(order.id, version, world.today, lines, "LS 77")

    first = receive(
        order.row_version,
        Arrival(bike, D(4), world.shelf),
        Arrival(bell, D(20), world.shelf, "CH-1", world.today + timedelta(days=400)),
    )
    done = clerk.write(writes.post_receipt, first).value
    assert clerk.write(writes.post_receipt, first).value == done
    assert done.number.startswith("WE-")
    assert one(admin, on_hand, world.bike) == (before + 4,)
    assert one(admin, "SELECT expires_on FROM inventory.lot WHERE code = 'CH-1'") == (
        world.today + timedelta(days=400),
    )
    version = done.order_row_version
    states = "SELECT state, receipt_state FROM purchasing.purchase_order WHERE id = %s"
    assert one(admin, states, order.id) == ("ordered", "partial")
    for lines, key in (
        ((Arrival(bike, D(8), world.shelf),), "receipt_exceeds_order"),  # 10 ordered, 10 % more, 4 there
        ((Arrival(bike, D(1)),), "receipt_place_missing"),
        ((Arrival(bike, D(1), world.far_shelf),), "place_of_other_warehouse"),
        ((Arrival(bell, D(1), world.shelf),), "lot_required"),
        ((Arrival(10**9, D(1), world.shelf),), "receipt_line_unknown"),
        ((), "lines_missing"),
    ):
        assert refused(clerk, writes.post_receipt, receive(version, *lines)).key == key
    rest = receive(version, Arrival(bike, D(7), world.shelf), Arrival(service, D(1)))
    done_again = clerk.write(writes.post_receipt, rest).value
    assert one(admin, states, order.id) == ("completed", "full")

    (came,) = one(
        admin,
        "SELECT id FROM purchasing.goods_receipt_line WHERE goods_receipt_id = %s AND product_id = %s",
        done_again.id,
        world.bike,
    )
    back = PostReturn(done_again.id, "Lackschaden", (ReturnedLine(came, D(2)),))
    returned = clerk.write(writes.post_return, back).value
    assert one(admin, on_hand, world.bike) == (before + 9,)
    assert one(admin, states, order.id) == ("ordered", "partial")
    assert one(
        admin, "SELECT kind, reason, order_number FROM purchasing.goods_receipt WHERE id = %s", returned.id
    ) == (
        "return",
        "Lackschaden",
        order.number,
    )
    too_many = PostReturn(done_again.id, "Mehr", (ReturnedLine(came, D(6)),))
    assert refused(clerk, writes.post_return, too_many).key == "return_exceeds_receipt"
    silent = PostReturn(done_again.id, " ", (ReturnedLine(came, D(1)),))
    assert refused(clerk, writes.post_return, silent).key == "reason_required"
    with pytest.raises(psycopg.Error, match="posted_is_final"):
        admin.execute("UPDATE purchasing.goods_receipt_line SET qty = 1 WHERE id = %s", (came,))
    with pytest.raises(psycopg.Error, match="posted_is_final"):
        admin.execute("DELETE FROM purchasing.goods_receipt WHERE id = %s", (returned.id,))


def test_what_the_supplier_confirms_and_what_is_not_awaited_any_more(
    world: World, admin: Raw, as_role: AsRole
) -> None:
    buyer, keeper = as_role("purchase_officer"), as_role("warehouse_manager")
    order = ordered(buyer, world, line(world.bike, 5, 70))
    (bike,) = line_ids(admin, order.id)
    said = (Confirmation(bike, world.today + timedelta(days=14), D("71.5")),)
    confirmed = buyer.write(
        writes.confirm_order, ConfirmOrder(order.id, order.row_version, "AB-9", said)
    ).value
    found = one(
        admin,
        "SELECT l.confirmed_price, l.unit_price, o.supplier_reference FROM purchasing.purchase_order_line l"
        " JOIN purchasing.purchase_order o ON o.id = l.purchase_order_id WHERE l.id = %s",
        bike,
    )
    assert found == (D("71.5"), D(70), "AB-9")
    came = PostReceipt(order.id, confirmed.row_version, world.today, (Arrival(bike, D(2), world.shelf),))
    part = keeper.write(writes.post_receipt, came).value
    assert (
        refused(buyer, writes.close_order, CloseOrder(order.id, part.order_row_version)).key
        == "reason_required"
    )
    closed = buyer.write(
        writes.close_order, CloseOrder(order.id, part.order_row_version, "Rest entfällt")
    ).value
    assert closed.state == "closed"
    late = PostReceipt(order.id, closed.row_version, world.today, (Arrival(bike, D(1), world.shelf),))
    assert refused(keeper, writes.post_receipt, late).key == "purchase_order_not_open"
    other = ordered(buyer, world, line(world.bike, 5, 70))
    ended = buyer.write(writes.close_order, CloseOrder(other.id, other.row_version, "Doppelt")).value
    assert ended.state == "cancelled"


def test_the_warehouse_receives_without_seeing_a_price(
    world: World, admin: Raw, as_role: AsRole, raw_role: Callable[..., Raw]
) -> None:
    buyer, clerk = as_role("purchase_officer"), as_role("warehouse_clerk")
    order = ordered(buyer, world, line(world.bike, 1, 70))
    far: Saved = buyer.write(
        writes.save_order, draft(world, line(world.bike, 1, 70), warehouse_id=world.south)
    ).value
    far_order = buyer.write(writes.issue_order, IssueOrder(far.id, far.row_version)).value
    with raw_role("warehouse_clerk", ticket=True) as psql:
        rows = psql.execute("SELECT * FROM api.receiving_orders()").fetchall()
        assert order.id in [row[0] for row in rows]
        assert far_order.id not in [row[0] for row in rows]
        (row,) = psql.execute("SELECT * FROM api.receiving_lines(%s)", (order.id,)).fetchall()
        assert D(70) not in row
        assert not psql.execute("SELECT * FROM api.receiving_lines(%s)", (far_order.id,)).fetchall()
        for table in ("purchase_order", "purchase_order_line", "supplier_price"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                psql.execute(f"SELECT * FROM purchasing.{table}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            psql.execute("INSERT INTO purchasing.goods_receipt_line (goods_receipt_id) VALUES (1)")
    (far_line,) = line_ids(admin, far_order.id)
    elsewhere = PostReceipt(
        far_order.id, far_order.row_version, world.today, (Arrival(far_line, D(1), world.far_shelf),)
    )
    assert refused(clerk, writes.post_receipt, elsewhere).key == "purchase_order_not_found"
    for role in ("sales_rep", "viewer", "finance"):
        with pytest.raises((NotAllowed, Refused)):
            as_role(role).write(writes.save_order, draft(world))
    with pytest.raises((NotAllowed, Refused)):
        clerk.write(writes.close_order, CloseOrder(order.id, order.row_version, "Ich"))


def test_books_agree(world: World, admin: Raw, as_role: AsRole) -> None:
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 1)
    ordered(as_role("purchase_officer"), world, line(world.bike, 1, "60"))
    assert Path(drift.__file__).exists()
    found = list(drift.run_queries(admin, "consistency"))
    assert not [x for x in found if "purchase" in str(x) or "number" in str(x) or "stock" in str(x)]
    with admin.transaction(force_rollback=True):
        admin.execute("ALTER TABLE purchasing.purchase_order_line DISABLE TRIGGER USER")
        admin.execute("UPDATE purchasing.purchase_order_line SET qty_received = qty_received + 1")
        assert "purchase_quantities" in {name for name, _ in drift.run_queries(admin, "consistency")}
