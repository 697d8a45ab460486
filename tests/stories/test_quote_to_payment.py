"""The main job of sales, told once from the first price to the last cent, each step by whom it belongs to."""

from collections.abc import Callable

import pytest

from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.sales import writes
from app.services.sales.commands import (
    CancelInvoice,
    ConfirmSalesOrder,
    ConvertQuote,
    IssueQuote,
    PostInvoice,
    PostPayment,
    RequestApproval,
)
from tests.sales_world import D, Raw, build, line_ids, shipped, stock


def test_from_quote_to_payment(admin: Raw, as_role: Callable[[str], Database]) -> None:
    """A discount above the limit needs the manager; two deliveries become two invoices; one is paid with Skonto."""
    world = build(admin)
    rep, manager = as_role("sales_rep"), as_role("sales_manager")
    clerk, finance = as_role("warehouse_clerk"), as_role("finance")
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, world.shelf, 6)
    stock(keeper, world.bell, world.shelf, 100)

    lines = [
        world.line(world.bike, 10, "90", discount_pct=D(18)),
        world.line(world.bell, 3, "7.99"),
        world.line(world.book, 2, "20", tax_rate=D(7)),
    ]
    quote = rep.write(writes.save_quote, world.quote(lines)).value
    with pytest.raises(NotAllowed) as refusal:
        rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version))
    assert refusal.value.key == "discount_limit"
    assert refusal.value.params == {"limit": 12, "pct": 18, "position": 1}

    asked = rep.write(writes.request_approval, RequestApproval("quote", quote.id, "Erstauftrag")).value
    manager.write(decide, Decide(asked.id, True))
    issued = rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version)).value
    assert issued.number.startswith("AN-")
    # 738.00 + 23.97 at 19 %, 40.00 at 7 %
    assert (issued.net_amount, issued.tax_amount, issued.gross_amount) == (
        D("801.97"),
        D("147.57"),
        D("949.54"),
    )

    draft = rep.write(writes.convert_quote, ConvertQuote(issued.id, issued.row_version)).value
    order = rep.write(writes.confirm_sales_order, ConfirmSalesOrder(draft.id, draft.row_version)).value
    assert order.gross_amount == issued.gross_amount
    assert [(s.sku, s.missing) for s in order.shortages] == [("BIKE-1", D(4)), ("BOOK-1", D(2))]

    bike, bell, book = line_ids(admin, order.id)
    first = shipped(clerk, order.id, order.row_version, (bike, 6, world.shelf), (bell, 3, world.shelf))
    stock(keeper, world.bike, world.shelf, 4)
    stock(keeper, world.book, world.shelf, 2)
    second = shipped(
        clerk, order.id, first.sales_order_row_version, (bike, 4, world.shelf), (book, 2, world.shelf)
    )

    version = second.sales_order_row_version
    bill_1 = finance.write(writes.post_invoice, PostInvoice(order.id, version, (first.id,))).value
    version = _version(admin, order.id)
    bill_2 = finance.write(writes.post_invoice, PostInvoice(order.id, version, (second.id,))).value
    assert bill_1.net_amount + bill_2.net_amount == issued.net_amount
    # Tax is rounded on each document by itself: 88.6863 and 51.2886 + 7.60 here, one cent apart from the order.
    assert (bill_1.tax_amount, bill_2.tax_amount) == (D("88.69"), D("58.89"))
    assert _state(admin, order.id) == ("completed", "full", "full")

    skonto = (bill_1.gross_amount * 2 / 100).quantize(D("0.01"))
    payment = PostPayment(
        bill_1.id, bill_1.row_version, bill_1.gross_amount - skonto, world.today, use_discount=True
    )
    paid = finance.write(writes.post_payment, payment).value
    assert (paid.state, paid.discount_amount, paid.open_amount) == ("paid", skonto, D(0))

    part = finance.write(
        writes.post_payment, PostPayment(bill_2.id, bill_2.row_version, D(100), world.today)
    ).value
    assert (part.state, part.open_amount) == ("open", bill_2.gross_amount - 100)
    with pytest.raises(Refused, match="invoice_has_payments"):
        finance.write(writes.cancel_invoice, CancelInvoice(bill_2.id, part.row_version, reason="Irrtum"))
    rest = PostPayment(bill_2.id, part.row_version, part.open_amount, world.today)
    assert finance.write(writes.post_payment, rest).value.state == "paid"


def _version(admin: Raw, order: int) -> int:
    row = admin.execute("SELECT row_version FROM sales.sales_order WHERE id = %s", (order,)).fetchone()
    assert row is not None
    return int(row[0])


def _state(admin: Raw, order: int) -> tuple[str, str, str]:
    row = admin.execute(
        "SELECT state, delivery_state, invoice_state FROM sales.sales_order WHERE id = %s", (order,)
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]
