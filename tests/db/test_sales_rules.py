"""What sales must refuse by rule: smuggled discounts, old versions, wrong transitions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError, Conflict, NotAllowed, Refused
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.sales import drafts, writes
from app.services.sales.commands import (
    CancelSalesOrder,
    ConfirmSalesOrder,
    ConvertQuote,
    DiscardDraft,
    IssueQuote,
    RejectQuote,
    RequestApproval,
    RequestCreditApproval,
    SaveSalesOrder,
)
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]
RawAs = Callable[..., Raw]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """One world for the module."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


def _one(admin: Raw, statement: str, *values: object) -> Any:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


# -- prices and discounts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qty", "price", "discount", "effective"),
    [
        (1, "80", 0, 20),  # a lower price is a discount
        (1, "90", 10, 19),  # both together
        (10, "90", 13, 13),  # from ten on 90.00 is the list price
        (9, "87.99", 0, "12.01"),  # below ten it is not
    ],
)
def test_a_discount_hides_nowhere(
    world: World, as_role: As, qty: int, price: str, discount: int, effective: object
) -> None:
    """The limit (12 %) holds for the effective discount, on quotes and orders alike."""
    rep = as_role("sales_rep")
    lines = [world.line(world.bell, 1, "7.99"), world.line(world.bike, qty, price, discount_pct=D(discount))]
    quote = rep.write(writes.save_quote, world.quote(lines)).value
    order = rep.write(writes.save_sales_order, world.order(lines)).value
    refusals = []
    with pytest.raises(NotAllowed) as refusal:
        rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version))
    refusals.append(refusal.value)
    with pytest.raises(NotAllowed) as refusal:
        rep.write(writes.confirm_sales_order, ConfirmSalesOrder(order.id, order.row_version))
    refusals.append(refusal.value)
    wanted = {"limit": D(12), "pct": D(str(effective)), "position": D(2)}
    for error in refusals:
        assert error.key == "discount_limit"
        assert {name: D(value) for name, value in error.params.items()} == wanted


def test_no_discount_by_another_list_an_old_date_or_somebody_elses_address(
    world: World, as_role: As, admin: Raw
) -> None:
    """The reference is the customer's own price list of the day."""
    rep = as_role("sales_rep")
    cheap = _one(
        admin,
        "INSERT INTO catalog.price_list (code, name_de, name_en, kind)"
        " VALUES ('C', 'C', 'C', 'wholesale') RETURNING id",
    )
    admin.execute(
        "INSERT INTO catalog.price (product_id, price_list_id, amount, valid_from) VALUES (%s, %s, 1, '2020-01-01')",
        (world.bike, cheap),
    )
    foreign = _one(admin, "SELECT id FROM partners.address WHERE partner_id = %s", world.french)
    line = [world.line(world.bike, 1, "100")]
    for values, key in (
        ({"price_list_id": cheap}, "price_list_not_for_customer"),
        ({"order_date": world.today - timedelta(days=400)}, "document_date_out_of_range"),
        ({"order_date": world.today + timedelta(days=1)}, "document_date_out_of_range"),
        ({"delivery_address_id": foreign}, "address_of_other_customer"),
    ):
        order = rep.write(writes.save_sales_order, world.order(line, **values)).value
        with pytest.raises(Refused, match=key):
            rep.write(writes.confirm_sales_order, ConfirmSalesOrder(order.id, order.row_version))


def test_database_sets_list_price_and_tax_whatever_the_client_said(
    world: World, as_role: As, admin: Raw
) -> None:
    """Tax of a tax-free customer is 0, a forged rate is corrected, the total follows."""
    rep = as_role("sales_rep")
    home = confirmed(rep, world.order([world.line(world.book, 1, "20", tax_rate=D(0))]))
    abroad = confirmed(rep, world.order([world.line(world.book, 1, "20")], customer_id=world.french))
    assert (home.tax_amount, abroad.tax_amount) == (D("1.40"), D(0))
    found = admin.execute(
        "SELECT list_price, tax_rate, sku, unit_code FROM sales.sales_order_line WHERE sales_order_id = %s",
        (home.id,),
    ).fetchone()
    assert found == (20, 7, "BOOK-1", "Stk")


def test_approval_is_somebody_elses_and_covers_only_what_it_saw(
    world: World, as_role: As, raw_role: RawAs
) -> None:
    """Not by the one who asks, not beyond the approver's limit, once, and more discount needs a new one."""
    rep, manager = as_role("sales_rep"), as_role("sales_manager")
    order = rep.write(writes.save_sales_order, world.order([world.line(world.bike, 1, "80")])).value
    asked = rep.write(writes.request_approval, RequestApproval("sales_order", order.id, "Messe")).value
    with pytest.raises(Refused, match="approval_already_requested"):
        rep.write(writes.request_approval, RequestApproval("sales_order", order.id, "noch einmal"))
    with pytest.raises(psycopg.Error) as refusal:
        raw_role("sales_rep", ticket=True).execute(
            "SELECT api.approval_decide(gen_random_uuid(), %s, 'approve')", (asked.id,)
        )
    assert refusal.value.diag.constraint_name == "approver_is_somebody_else"
    manager.write(decide, Decide(asked.id, True))
    with pytest.raises(Refused, match="approval_already_decided"):
        manager.write(decide, Decide(asked.id, False, "nein"))

    more = replace(world.order([world.line(world.bike, 1, "79")]), id=order.id, row_version=order.row_version)
    changed = rep.write(
        writes.save_sales_order, SaveSalesOrder(more.id, more.row_version, {}, more.lines)
    ).value
    with pytest.raises(NotAllowed, match="discount_limit"):
        rep.write(writes.confirm_sales_order, ConfirmSalesOrder(changed.id, changed.row_version))
    less = SaveSalesOrder(order.id, changed.row_version, {}, [world.line(world.bike, 1, "81")])
    changed = rep.write(writes.save_sales_order, less).value
    rep.write(writes.confirm_sales_order, ConfirmSalesOrder(changed.id, changed.row_version))

    own = manager.write(writes.save_quote, world.quote([world.line(world.bike, 1, "70")])).value
    asked = manager.write(writes.request_approval, RequestApproval("quote", own.id, "Freund")).value
    with pytest.raises(NotAllowed, match="approver_is_somebody_else"):
        manager.write(decide, Decide(asked.id, True))
    big = rep.write(writes.save_quote, world.quote([world.line(world.bike, 1, "70")])).value
    asked = rep.write(writes.request_approval, RequestApproval("quote", big.id, "groß")).value
    with pytest.raises(NotAllowed, match="discount_limit"):
        manager.write(decide, Decide(asked.id, True))
    small = rep.write(writes.save_quote, world.quote([world.line(world.bike, 1, "88")])).value
    with pytest.raises(Refused, match="approval_not_needed"):
        rep.write(writes.request_approval, RequestApproval("quote", small.id, "unnötig"))


# -- drafts -----------------------------------------------------------------------------------------------------


def test_stale_draft_is_a_conflict_also_when_only_a_line_changed(
    world: World, as_role: As, admin: Raw
) -> None:
    """Lines raise the header's version, so nobody overwrites what he has not seen; confirming is no different."""
    rep, colleague = as_role("sales_rep"), as_role("sales_manager")
    first = rep.write(writes.save_sales_order, world.order([world.line(world.bike, 1, "100")])).value
    [line] = line_ids(admin, first.id)
    edited = SaveSalesOrder(first.id, first.row_version, {}, [world.line(world.bike, 5, "100", id=line)])
    second = colleague.write(writes.save_sales_order, edited).value
    assert second.row_version > first.row_version
    with pytest.raises(Conflict):
        rep.write(writes.save_sales_order, SaveSalesOrder(first.id, first.row_version, {"remark": "x"}))
    with pytest.raises(Conflict):
        rep.write(writes.confirm_sales_order, ConfirmSalesOrder(first.id, first.row_version))


def test_lines_are_changed_added_taken_out_and_renumbered(world: World, as_role: As, admin: Raw) -> None:
    """One save does it all; the total is the database's; equal lines are not touched."""
    rep = as_role("sales_rep")
    lines = [
        world.line(world.bike, 1, "100"),
        world.line(world.bell, 1, "7.99"),
        world.line(world.book, 1, "20"),
    ]
    saved = rep.write(writes.save_sales_order, world.order(lines)).value
    bike, bell, book = line_ids(admin, saved.id)
    after = [
        world.line(world.book, 2, "20", id=book, tax_rate=D(7)),
        world.line(world.bike, 1, "100", id=bike),
        world.line(world.service, 1, "50"),
    ]
    again = rep.write(writes.save_sales_order, SaveSalesOrder(saved.id, saved.row_version, {}, after)).value
    assert line_ids(admin, saved.id)[:2] == [book, bike]
    assert not admin.execute("SELECT FROM sales.sales_order_line WHERE id = %s", (bell,)).fetchall()
    total = _one(admin, "SELECT gross_amount FROM sales.sales_order WHERE id = %s", saved.id)
    assert total == D("40") + D("2.80") + D("150") + D("28.50")
    rep.write(drafts.discard_draft, DiscardDraft("sales_order", saved.id, again.row_version))
    assert line_ids(admin, saved.id) == []


# -- transitions ------------------------------------------------------------------------------------------------


def test_quote_becomes_one_order_and_only_while_valid(world: World, as_role: As, admin: Raw) -> None:
    """Once, not after rejection, not after its last day; a price rise after issue does not matter."""
    rep = as_role("sales_rep")
    quote = rep.write(writes.save_quote, world.quote([world.line(world.bell, 1, "7.99")])).value
    issued = rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version)).value
    order = rep.write(writes.convert_quote, ConvertQuote(quote.id, issued.row_version)).value
    version = _one(admin, "SELECT row_version FROM sales.quote WHERE id = %s", quote.id)
    with pytest.raises(Refused, match="quote_not_convertible"):
        rep.write(writes.convert_quote, ConvertQuote(quote.id, version))
    rep.write(writes.confirm_sales_order, ConfirmSalesOrder(order.id, order.row_version))
    other = rep.write(writes.save_quote, world.quote([world.line(world.bell, 1, "7.99")])).value
    issued = rep.write(writes.issue_quote, IssueQuote(other.id, other.row_version)).value
    rejected = rep.write(
        writes.reject_quote, RejectQuote(other.id, issued.row_version, reason="zu teuer")
    ).value
    with pytest.raises(Refused, match="quote_not_convertible"):
        rep.write(writes.convert_quote, ConvertQuote(other.id, rejected.row_version))
    empty = rep.write(writes.save_quote, world.quote([])).value
    with pytest.raises(Refused, match="quote_has_no_lines"):
        rep.write(writes.issue_quote, IssueQuote(empty.id, empty.row_version))


def test_blocked_and_inactive_customers_and_the_credit_limit(world: World, as_role: As, admin: Raw) -> None:
    """A block refuses confirming and shipping; the credit limit asks, and yes is an answer."""
    rep, clerk = as_role("sales_rep"), as_role("warehouse_clerk")
    stock(as_role("warehouse_manager"), world.bell, world.shelf, 1)
    order = confirmed(rep, world.order([world.line(world.bell, 1, "7.99")], customer_id=world.french))
    [line] = line_ids(admin, order.id)
    draft = rep.write(
        writes.save_sales_order, world.order([world.line(world.bike, 1, "100")], customer_id=world.french)
    ).value
    admin.execute(
        "UPDATE partners.partner SET is_delivery_blocked = true, block_reason = 'Mahnung' WHERE id = %s",
        (world.french,),
    )
    with pytest.raises(Refused, match="customer_delivery_blocked"):
        rep.write(writes.confirm_sales_order, ConfirmSalesOrder(draft.id, draft.row_version))
    with pytest.raises(Refused, match="customer_delivery_blocked"):
        shipped(clerk, order.id, order.row_version, (line, 1, world.shelf))
    admin.execute(
        "UPDATE partners.partner SET is_delivery_blocked = false, credit_limit = 100 WHERE id = %s",
        (world.french,),
    )
    owed = _one(
        admin,
        "SELECT sum(gross_amount) FROM sales.sales_order WHERE customer_id = %s AND state = 'confirmed'",
        world.french,
    )
    confirm = ConfirmSalesOrder(draft.id, draft.row_version)
    for acknowledged in (
        (),
        ("credit_limit_exceeded",),
    ):  # what once was a question is somebody else's to answer
        with pytest.raises(NotAllowed) as refusal:
            rep.write(writes.confirm_sales_order, replace(confirm, acknowledged=acknowledged))
        assert refusal.value.key == "credit_limit_exceeded"
        assert Decimal(refusal.value.params["exposure"]) == owed + 100
    request = rep.write(
        writes.request_credit_approval, RequestCreditApproval(draft.id, "zahlt pünktlich")
    ).value
    with pytest.raises(NotAllowed, match="approver_is_somebody_else"):
        rep.write(decide, Decide(request, True))
    as_role("finance").write(decide, Decide(request, True))
    rep.write(writes.confirm_sales_order, confirm)
    with pytest.raises(Refused, match="sales_order_not_draft"):
        rep.write(writes.request_credit_approval, RequestCreditApproval(draft.id, "noch einmal"))
    admin.execute("UPDATE partners.partner SET credit_limit = NULL WHERE id = %s", (world.french,))


def test_cancelling_an_order_gives_up_its_stock_and_needs_nothing_shipped(
    world: World, as_role: As, admin: Raw
) -> None:
    """Reserved goods are free again; a shipped order cannot be cancelled."""
    rep = as_role("sales_rep")
    stock(as_role("warehouse_manager"), world.book, world.shelf, 3)
    free = "SELECT free FROM inventory.stock_level WHERE product_id = %s AND warehouse_id = %s"
    before = _one(admin, free, world.book, world.north)
    order = confirmed(rep, world.order([world.line(world.book, 3, "20")]))
    assert _one(admin, free, world.book, world.north) == before - 3
    with pytest.raises(Refused, match="reason_required"):
        rep.write(writes.cancel_sales_order, CancelSalesOrder(order.id, order.row_version, reason=" "))
    rep.write(writes.cancel_sales_order, CancelSalesOrder(order.id, order.row_version, reason="Irrtum"))
    assert _one(admin, free, world.book, world.north) == before
    order = confirmed(rep, world.order([world.line(world.book, 3, "20")]))
    [line] = line_ids(admin, order.id)
    part = shipped(as_role("warehouse_clerk"), order.id, order.row_version, (line, 1, world.shelf))
    with pytest.raises(Refused, match="sales_order_already_shipped"):
        rep.write(
            writes.cancel_sales_order,
            CancelSalesOrder(order.id, part.sales_order_row_version, reason="zu spät"),
        )


@pytest.mark.parametrize(
    ("qty", "place", "key"),
    [
        ("3", "shelf", "delivery_exceeds_open"),
        ("NaN", "shelf", "move_qty_positive"),
        ("0", "shelf", "move_qty_positive"),
        ("-1", "shelf", "move_qty_positive"),
        ("0.5", "shelf", "quantity_too_precise"),
        ("1", "far_shelf", "place_of_other_warehouse"),
        ("1", None, "place_missing"),
    ],
)
def test_what_cannot_be_shipped(
    world: World, as_role: As, admin: Raw, qty: str, place: str | None, key: str
) -> None:
    """More than is open, nothing, less than nothing, half a bike, from elsewhere, from nowhere."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 2)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 2, "100")]))
    [line] = line_ids(admin, order.id)
    source = getattr(world, place) if place else None
    with pytest.raises(AppError) as refusal:
        shipped(as_role("warehouse_clerk"), order.id, order.row_version, (line, qty, source))
    assert refusal.value.key == key
    manager = as_role("sales_manager")
    manager.write(writes.cancel_sales_order, CancelSalesOrder(order.id, order.row_version, reason="Test"))
