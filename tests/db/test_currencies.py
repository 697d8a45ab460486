"""Documents in a foreign currency: rate and tax in euros, paper, e-invoice, payments and books agree to the cent."""

import random
from datetime import timedelta
from decimal import ROUND_HALF_UP

import pytest

from app.core.db import Database
from app.core.errors import Invalid, NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.documents.render import render
from app.services.documents.rules import missing_contents
from app.services.einvoice import outgoing
from app.services.einvoice.model import Profile
from app.services.einvoice.validate import check
from app.services.einvoice.write import to_xml
from app.services.sales import documents, lists, writes
from app.services.sales.commands import CancelInvoice, CorrectInvoice, PostPayment, Reduction
from app.services.sales.reads import payment_proposal
from app.services.system.rates import Rate, SaveRates, list_rates, read_rates, save_rates
from tests.db.test_invoicing import (
    FREIGHT,
    REBATE,
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
from tests.sales_world import D, Raw, World, price_list_in, priced_in

__all__ = ["_adds_up", "finance", "world"]
RATE = D("1.0853")


@pytest.fixture
def dollars(world: World, admin: Raw, finance: Database) -> int:
    """A price list in dollars for the dealer, and the rate of yesterday."""
    found = price_list_in(admin, world)
    if priced_in(admin, world.dealer, found) != found:
        finance.write(save_rates, SaveRates((Rate("USD", world.today - timedelta(days=1), RATE),)))
    return found


def _own(amount: object) -> object:
    return (D(str(amount)) / RATE).quantize(D("0.01"), ROUND_HALF_UP)


def test_an_invoice_in_dollars(
    world: World, admin: Raw, as_role: As, finance: Database, dollars: int
) -> None:
    """Dollars, with the tax in euros beside them (§ 16 (6) UStG), on paper and in the e-invoice; lists are in euros."""
    _stocked(as_role, world)
    lines = [world.line(world.bike, 3), world.line(world.book, 4, 20, tax_rate=D(7))]
    order = _ordered(as_role, world.order(lines, price_list_id=dollars, charges=[REBATE, FREIGHT]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 3, 4))
    assert (invoice.currency, invoice.exchange_rate) == ("USD", RATE)
    assert invoice.exchange_date == world.today
    taxes = admin.execute(
        "SELECT tax_rate, net_amount, tax_amount, own_net_amount, own_tax_amount FROM sales.invoice_tax"
        " WHERE invoice_id = %s ORDER BY 1 DESC",
        (invoice.id,),
    ).fetchall()
    for _, net, tax, own_net, own_tax in taxes:
        assert (own_net, own_tax) == (_own(net), _own(tax))
    assert invoice.own_tax_amount == sum(row[4] for row in taxes)
    assert invoice.own_gross_amount == sum(row[3] + row[4] for row in taxes)

    said = finance.read(documents.document_for, "invoice", invoice.id)
    assert said.totals is not None
    assert (said.totals.currency, said.totals.exchange_rate) == ("USD", RATE)
    assert [tax.own_tax for tax in said.totals.taxes] == [row[4] for row in taxes]
    assert missing_contents(said) == ()
    assert render(said).startswith(b"%PDF")
    found = outgoing.invoice_of(finance.read(outgoing.load, invoice.id))
    assert (found.currency, found.tax_currency) == ("USD", "EUR")
    assert found.totals.tax_in_tax_currency == invoice.own_tax_amount
    for profile in (Profile.ZUGFERD_EN16931, Profile.ZUGFERD_EXTENDED):
        assert [x for x in check(found, profile).findings if x.code.startswith(("BR-", "XSD"))] == []
        assert f">{invoice.own_tax_amount}<".encode() in to_xml(found, profile)

    row = next(x for x in finance.read(lists.list_invoices, ListQuery()).rows if x.id == invoice.id)
    assert (row.currency, row.gross_amount, row.open_amount) == (
        "USD",
        invoice.own_gross_amount,
        _own(invoice.open_amount),
    )
    ordered = next(x for x in finance.read(lists.list_orders, ListQuery()).rows if x.id == order.id)
    assert (ordered.currency, ordered.gross_amount) == ("USD", _own(order.gross_amount))

    part = _paid(finance, invoice, D("100.01"))
    asked = finance.read(payment_proposal, invoice.id)
    done = PostPayment(invoice.id, part.row_version, asked.open_amount, world.today)
    assert finance.write(writes.post_payment, done).value.state == "paid"
    paid = admin.execute(
        "SELECT sum(own_amount + own_discount) FROM sales.payment WHERE invoice_id = %s", (invoice.id,)
    ).fetchone()
    assert paid == (invoice.own_gross_amount,)  # nothing is left in euros by rounding


def test_what_takes_it_back_does_so_at_its_rate(
    world: World, admin: Raw, as_role: As, finance: Database, dollars: int
) -> None:
    """Corrected, refunded and cancelled at the rate of the invoice, though there is a new one."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 3)], price_list_id=dollars))
    first = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1))
    second = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2))
    paid = PostPayment(second.id, second.row_version, D("233.24"), world.today, use_discount=True)
    finance.write(writes.post_payment, paid)
    finance.write(save_rates, SaveRates((Rate("USD", world.today, D("1.2")),)))
    try:
        counter = finance.write(
            writes.cancel_invoice, CancelInvoice(first.id, first.row_version, "Irrtum")
        ).value
        back = _read(finance, counter.id)
        assert (back.exchange_rate, back.own_gross_amount) == (RATE, -first.own_gross_amount)
        version = _read(finance, second.id).row_version
        less = CorrectInvoice(second.id, version, (Reduction(second.lines[0].id, qty=D(1)),), "Bruch")
        made = _read(finance, finance.write(writes.correct_invoice, less).value.id)
        assert (made.exchange_rate, made.own_gross_amount) == (RATE, -_own("119.00"))  # type: ignore[operator]
        assert _paid(finance, made, D("116.62")).state == "settled"
        third = _invoiced(finance, _delivered_again(finance, first.sales_order_id, admin))
        assert third.exchange_rate == D("1.2")
    finally:
        finance.write(save_rates, SaveRates((Rate("USD", world.today, RATE),)))


def _delivered_again(finance: Database, order: int, admin: Raw) -> writes.Shipped:
    row = admin.execute(
        "SELECT d.id, d.number, o.row_version FROM sales.delivery d JOIN sales.sales_order o ON o.id = d.sales_order_id"
        " WHERE o.id = %s AND d.invoice_state = 'none'",
        (order,),
    ).fetchone()
    assert row is not None
    return writes.Shipped(row[0], row[1], order, row[2])


def test_refused(world: World, admin: Raw, as_role: As, finance: Database, dollars: int) -> None:
    """Without a rate of this month nothing is confirmed; rates are finance's."""
    _stocked(as_role, world)
    admin.execute("UPDATE system.exchange_rate SET valid_on = valid_on - 40")
    try:
        with pytest.raises(Refused) as refused:
            _ordered(as_role, world.order([world.line(world.bike, 1)], price_list_id=dollars))
        assert refused.value.key == "exchange_rate_missing"
    finally:
        admin.execute("UPDATE system.exchange_rate SET valid_on = valid_on + 40")
    with pytest.raises(NotAllowed):
        as_role("sales_rep").write(save_rates, SaveRates((Rate("USD", world.today, D(1)),)))
    with pytest.raises(Invalid):
        finance.write(save_rates, SaveRates((Rate("usd", world.today, D(1)),)))


def test_the_file_of_the_central_bank(finance: Database) -> None:
    """The day's file and the history; gaps are left out, nonsense is refused, twice is once."""
    day = b"Date, USD, JPY, CHF, \n20 November 2026, 1.0853, 161.25, 0.9312, \n"
    found = read_rates(day)
    assert [(x.currency, x.rate) for x in found] == [
        ("USD", RATE),
        ("JPY", D("161.25")),
        ("CHF", D("0.9312")),
    ]
    old = b"Date,USD,ISK,\n2020-01-02,1.1193,N/A,\n2020-01-01,1.12,1,\n"
    assert len(read_rates(old)) == 3
    assert [x.currency for x in read_rates(old, frozenset({"ISK"}))] == ["ISK"]
    for bad in (
        b"",
        b"\xff\xfe",
        b"Name;Kurs\nUSD;1",
        b"Date,USD\nyesterday,1\n",
        b"Date,USD\n2026-01-01,abc\n",
    ):
        with pytest.raises(Invalid):
            read_rates(bad)
    assert finance.write(save_rates, SaveRates(read_rates(old))).value == 3
    assert finance.write(save_rates, SaveRates(read_rates(old))).value == 0
    assert finance.read(list_rates, ListQuery(sort="valid_on")).rows[0].currency in ("USD", "ISK")


def test_own_amounts_add_up_whatever_the_numbers(admin: Raw) -> None:
    """A thousand random amounts and rates: SQL and Python round alike."""
    dice = random.Random(7)  # noqa: S311
    for _ in range(1000):
        amount = D(dice.randint(-10_000_000, 10_000_000)) / 100
        rate = D(dice.randint(1, 200_000_000)) / 1_000_000
        if rate == 1:
            continue
        row = admin.execute("SELECT sales.own(%s, %s)", (amount, rate)).fetchone()
        assert row == ((amount / rate).quantize(D("0.01"), ROUND_HALF_UP),)
