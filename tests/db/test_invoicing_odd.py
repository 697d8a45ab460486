"""Invoices that are seldom: paid back after the cash discount, over nothing."""

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Refused
from app.services.documents.rules import missing_contents
from app.services.einvoice import outgoing
from app.services.einvoice.model import Profile
from app.services.einvoice.validate import check
from app.services.sales import documents, rules, writes
from app.services.sales.commands import CancelInvoice, CorrectInvoice, PostPayment, Reduction
from app.services.sales.reads import InvoiceDetail, payment_proposal
from tests.db.test_invoicing import (
    As,
    _adds_up,
    _delivered,
    _invoiced,
    _ordered,
    _paid,
    _read,
    _stocked,
    finance,
    world,
)
from tests.sales_world import D, Raw, World, line_ids, shipped

__all__ = ["_adds_up", "finance", "world"]


def test_a_refund_leaves_out_the_cash_discount_that_was_taken(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """238.00 were paid with 2 %: for half of it 119.00 less 2.38 go back, and for the rest likewise, to the cent."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 2)]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2))
    pay = PostPayment(invoice.id, invoice.row_version, D("233.24"), world.today, use_discount=True)
    finance.write(writes.post_payment, pay)
    for back in ("116.62", "116.62"):
        version = _read(finance, invoice.id).row_version
        less = CorrectInvoice(invoice.id, version, (Reduction(invoice.lines[0].id, qty=D(1)),), "Bruch")
        made = _read(finance, finance.write(writes.correct_invoice, less).value.id)
        assert (made.open_amount, made.discount_back) == (D("-119.00"), D("2.38"))
        assert finance.read(payment_proposal, made.id).amount == D(back)
        with pytest.raises(Refused) as refused:
            finance.write(
                writes.post_payment, PostPayment(made.id, made.row_version, D("119.00"), world.today)
            )
        assert refused.value.key == "payment_exceeds_open"
        done = _paid(finance, made, D("50.00"))
        assert (done.state, done.open_amount) == ("open", D("-69.00"))
        done = _paid(finance, done, D("66.62"))
        assert (done.state, done.open_amount, done.discount_back) == ("settled", D(0), D(0))
    paid = admin.execute("SELECT sum(amount), sum(discount_amount) FROM sales.payment p"
                         " JOIN sales.invoice i ON i.id = p.invoice_id WHERE i.id = %s OR i.corrects_id = %s",
                         (invoice.id, invoice.id)).fetchone()  # fmt: skip
    assert paid == (D(0), D(0))


def test_an_invoice_over_nothing(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """A gift: it stands there, is settled at once, nobody pays or is reminded, and paper and e-invoice agree."""
    row = admin.execute(
        "WITH p AS (INSERT INTO catalog.product (sku, name, unit_id, tax_class_id, is_stocked)"
        " SELECT 'GIFT', 'Geschenk', unit_id, tax_class_id, false FROM catalog.product WHERE id = %s RETURNING id)"
        " INSERT INTO catalog.price (product_id, price_list_id, min_qty, amount, valid_from)"
        " SELECT id, %s, 1, 0, '2020-01-01' FROM p RETURNING product_id",
        (world.bike, world.wholesale),
    ).fetchone()
    assert row is not None
    order = _ordered(as_role, world.order([world.line(row[0], 3, "0")]))
    [line] = line_ids(admin, order.id)
    delivery = shipped(as_role("warehouse_manager"), order.id, order.row_version, (line, 3, None))
    invoice = _invoiced(finance, delivery)
    assert (invoice.gross_amount, invoice.open_amount, invoice.state) == (D(0), D(0), "paid")
    assert invoice.taxes == ((D(19), D(0), D(0)),)
    said = finance.read(documents.document_for, "invoice", invoice.id)
    assert missing_contents(said) == ()
    assert said.payment is None
    assert [line.net for line in said.lines] == [D(0)]
    found = finance.read(outgoing.load, invoice.id)
    assert not check(outgoing.invoice_of(found), Profile.ZUGFERD_EN16931).findings
    with pytest.raises(Refused):
        finance.write(writes.post_payment, PostPayment(invoice.id, invoice.row_version, D(1), world.today))
    counter = finance.write(
        writes.cancel_invoice, CancelInvoice(invoice.id, invoice.row_version, "Irrtum")
    ).value
    assert _read(finance, counter.id).gross_amount == 0


def test_two_steps_of_cash_discount(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """2 % within 8 days, 1 % within 14: on paper, in the e-invoice, and as it is paid; then it is over."""
    admin.execute(
        "UPDATE partners.payment_term SET discount2_days = 14, discount2_pct = 1 WHERE id = %s",
        (world.terms,),
    )
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 3)]))
    said = finance.read(documents.document_for, "sales_order", order.id).payment
    assert said is not None
    assert [(x.discount_days, x.discount_pct) for x in (said, *said.steps)] == [(8, D(2)), (14, D(1))]
    made = []
    for qty in (1, 1, 1):
        delivery = _delivered(as_role, admin, world, order.id, qty)
        made.append(_invoiced(finance, delivery))
    first = made[0]
    due = finance.read(documents.document_for, "invoice", first.id).payment
    assert due is not None
    assert [(x.discount_amount, x.discount_payable) for x in (due, *due.steps)] == [
        (D("2.38"), D("116.62")),
        (D("1.19"), D("117.81")),
    ]
    steps = outgoing.invoice_of(finance.read(outgoing.load, first.id)).discounts
    assert [(x.days, x.percent) for x in steps] == [(8, D(2)), (14, D(1))]
    for invoice, days, amount in zip(made, (8, 14, 15), ("116.62", "117.81", "119.00"), strict=True):
        with admin.transaction():
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute(
                "UPDATE sales.invoice SET invoice_date = invoice_date - %(d)s, discount_date = discount_date - %(d)s,"
                " discount2_date = discount2_date - %(d)s, due_date = due_date - %(d)s WHERE id = %(i)s",
                {"d": days, "i": invoice.id},
            )
        asked = finance.read(payment_proposal, invoice.id)
        assert asked.amount == D(amount)
        pay = PostPayment(invoice.id, invoice.row_version, D(amount), world.today, use_discount=True)
        if days == 15:
            with pytest.raises(Refused) as refused:
                finance.write(writes.post_payment, pay)
            assert refused.value.key == "discount_period_over"
        else:
            assert finance.write(writes.post_payment, pay).value.state == "paid"
    for days, pct in ((8, "1"), (31, "1"), (14, "2")):
        with pytest.raises(psycopg.errors.CheckViolation, match="second_discount_consistent"):
            admin.execute(
                "UPDATE partners.payment_term SET discount2_days = %s, discount2_pct = %s WHERE id = %s",
                (days, D(pct), world.terms),
            )
    admin.execute(
        "UPDATE partners.payment_term SET discount2_days = 0, discount2_pct = 0 WHERE id = %s", (world.terms,)
    )


@pytest.mark.parametrize(
    ("price", "net"),
    [("100.50", "-100.50"), ("100.335", "-100.33"), ("100.333", "-100.34")],
    ids=["tax", "up", "down"],
)
def test_what_comes_back_piece_by_piece_comes_back_whole(
    world: World, admin: Raw, as_role: As, finance: Database, price: str, net: str
) -> None:
    """Three times rounded is not rounded once: the last piece takes the last cent, and is not refused for it."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 3, price)]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 3))
    back = (Reduction(invoice.lines[0].id, qty=D(1)),)

    def piece() -> InvoiceDetail:
        now = _read(finance, invoice.id)
        less = CorrectInvoice(invoice.id, now.row_version, back, "Bruch")
        made = _read(finance, finance.write(writes.correct_invoice, less).value.id)
        assert made.net_amount == -rules.correction_net(now.lines[0], D(1))
        return made

    piece()
    piece()
    made = piece()
    assert made.net_amount == D(net)
    assert not check(
        outgoing.invoice_of(finance.read(outgoing.load, made.id)), Profile.ZUGFERD_EN16931
    ).findings
    now = _read(finance, invoice.id)
    assert (now.state, now.open_amount) == ("paid", D(0))
    sums = admin.execute(
        "SELECT sum(net_amount), sum(tax_amount) FROM sales.invoice WHERE id = %s OR corrects_id = %s",
        (invoice.id, invoice.id),
    ).fetchone()
    assert sums == (0, 0)
    with pytest.raises(Refused, match=r"correction_exceeds_line|invoice_not_correctable"):
        piece()
