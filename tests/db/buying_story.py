"""What people post when they buy, as the story of a working day tells it: order, goods, invoice, money."""

from datetime import timedelta
from decimal import Decimal

import psycopg

from app.services.approvals import writes as approvals
from app.services.approvals.commands import Decide
from app.services.purchasing import invoicing, received, writes
from app.services.purchasing.commands import (
    Arrival,
    CancelInvoice,
    CloseOrder,
    Confirmation,
    ConfirmOrder,
    EnterInvoice,
    IssueOrder,
    PayInvoice,
    PostReceipt,
    PostReturn,
    RefuseReceived,
    ReturnedLine,
    SaveInvoice,
    SaveOrder,
    StoreReceived,
)
from tests.db.legacy_story import Post
from tests.sales_world import World

D = Decimal


def story(address: str, post: Post, world: World) -> None:
    """Bikes are ordered, confirmed, come, one goes back; their invoice is entered, approved and paid."""
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("UPDATE catalog.product SET is_bought = true WHERE id = %s", (world.bike,))
        admin.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (world.dealer,))
    head = {"supplier_id": world.dealer, "warehouse_id": world.north}
    lines = [{"product_id": world.bike, "description": "Rad", "qty": D(4), "unit_price": D(60)}]
    draft = post(
        "purchase_officer", "purchase_order_save", writes.save_order, SaveOrder(None, None, head, lines)
    )
    order = post(
        "purchase_officer",
        "purchase_order_issue",
        writes.issue_order,
        IssueOrder(draft.id, draft.row_version),
    )
    line = _id(
        address, "SELECT id FROM purchasing.purchase_order_line WHERE purchase_order_id = %s", order.id
    )
    said = ConfirmOrder(order.id, order.row_version, "AB 1", (Confirmation(line),))
    said = post("purchase_officer", "purchase_order_confirm", writes.confirm_order, said)
    came = PostReceipt(order.id, said.row_version, world.today, (Arrival(line, D(3), world.shelf),))
    receipt = post("warehouse_manager", "goods_receipt_post", writes.post_receipt, came)
    part = _id(
        address, "SELECT id FROM purchasing.goods_receipt_line WHERE goods_receipt_id = %s", receipt.id
    )
    back = PostReturn(receipt.id, "scratched", (ReturnedLine(part, D(1)),))
    back = post("warehouse_manager", "goods_return_post", writes.post_return, back)
    closed = CloseOrder(order.id, back.order_row_version, "enough")
    post("purchase_officer", "purchase_order_close", writes.close_order, closed)
    _invoices(post, world, line)


def _invoices(post: Post, world: World, order_line: int) -> None:
    paper = StoreReceived("mail", "r.pdf", "pdf", b"%PDF-1.4 invoice", {}, ())
    paper = post("purchase_officer", "received_store", received.store, paper)
    spam = post(
        "purchase_officer",
        "received_store",
        received.store,
        StoreReceived("drop", "x.pdf", "other", b"spam", {}, ()),
    )
    post("purchase_officer", "received_refuse", received.refuse, RefuseReceived(spam.id, 1, "spam"))
    head = {
        "supplier_id": world.dealer,
        "invoice_number": "R 1",
        "invoice_date": world.today,
        "due_date": world.today + timedelta(days=9),
        "stated_gross": D("142.80"),
        "received_id": paper.id,
    }
    bikes = {
        "purchase_order_line_id": order_line,
        "description": "Rad",
        "qty": D(2),
        "unit_price": D(60),
        "tax_category": "S",
        "tax_rate": D(19),
    }
    for number, gets in (("R 1", "paid"), ("R 2", "cancelled")):
        values = head | {"invoice_number": number, "received_id": paper.id if gets == "paid" else None}
        values |= {"accept_reason": None if gets == "paid" else "freight"}
        cost = bikes | ({} if gets == "paid" else {"purchase_order_line_id": None})
        saved = post(
            "purchase_officer",
            "purchase_invoice_save",
            invoicing.save_invoice,
            SaveInvoice(None, None, values, [cost]),
        )
        enter = EnterInvoice(saved.id, saved.row_version)
        entered = post("purchase_officer", "purchase_invoice_enter", invoicing.enter_invoice, enter)
        if gets == "cancelled":
            cancel = CancelInvoice(entered.id, entered.row_version, "twice")
            post("purchase_officer", "purchase_invoice_cancel", invoicing.cancel_invoice, cancel)
            continue
        post("finance", "approval_decide", approvals.decide, Decide(entered.request_id, True))
        pay = PayInvoice(entered.id, entered.row_version + 1, D("142.80"), world.today)
        post("finance", "purchase_payment_post", invoicing.pay_invoice, pay)


def _id(address: str, statement: str, value: int) -> int:
    with psycopg.connect(address) as admin:
        row = admin.execute(statement, (value,)).fetchone()
    assert row is not None
    return int(row[0])
