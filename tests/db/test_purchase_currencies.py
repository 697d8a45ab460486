"""Suppliers' invoices in a foreign currency: rate, euros per tax, matching, approval, payment, lists and books."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from app.core.db import Database
from app.core.paging import ListQuery
from app.services.accounting.preview import make_files
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.purchasing import invoicing, payables
from app.services.purchasing.commands import CancelInvoice, Discard, EnterInvoice, PayInvoice, SaveInvoice
from app.services.purchasing.currency import rate_for
from app.services.purchasing.invoices import Invoice, as_line, get_invoice, open_lines
from app.services.purchasing.matching import match
from app.services.system.exchange import OpenAbroad, own
from app.services.system.rates import Rate, SaveRates, save_rates
from migrations import drift
from tests.books_world import NOW, bookings_of, hand_over, look, with_chart
from tests.purchase_world import approved, cost, draft, entered, one, received_order, refused, supplied
from tests.sales_world import Raw, World

AsRole = Callable[[str], Database]
D = Decimal
RATE, LATER = D("1.0853"), D("1.1")
COSTS = {"currency": "USD", "accept_reason": "Kosten"}


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    return supplied(admin_dsn)


@pytest.fixture
def finance(as_role: AsRole, world: World, admin: Raw) -> Database:
    """Who keeps the books, with a chart and the rates of yesterday and a month before."""
    db = as_role("finance")
    if with_chart(db, admin):
        days = ((1, RATE), (20, D("1.2")))
        rates = [Rate("USD", world.today - timedelta(days=back), rate) for back, rate in days]
        db.write(save_rates, SaveRates(rates))
    return db


@pytest.fixture
def buyer(as_role: AsRole) -> Database:
    return as_role("purchase_officer")


@pytest.fixture(autouse=True)
def _adds_up(world: World, admin: Raw) -> Iterator[None]:
    """After each tale every consistency query is content."""
    yield
    names = ("purchase", "accounting", "number")
    assert [x for x in drift.run_queries(admin, "consistency") if any(name in str(x) for name in names)] == []


def _today_rate(finance: Database, world: World, rate: Decimal) -> None:
    finance.write(save_rates, SaveRates((Rate("USD", world.today, rate),)))


def _left(finance: Database, invoice: int) -> Decimal:
    (row,) = (x for x in finance.read(payables.list_payables, ListQuery()).rows if x.id == invoice)
    return Decimal(row.own_open)


def test_from_order_to_the_books_in_dollars(
    world: World, admin: Raw, as_role: AsRole, buyer: Database, finance: Database
) -> None:
    """Matched in dollars, approved and listed in euros, paid at another rate: the difference is a gain in the books."""
    order = received_order(buyer, as_role("warehouse_clerk"), world, currency="USD")
    (waiting,) = (x for x in finance.read(payables.list_uninvoiced, ListQuery()).rows if x.order_id == order)
    assert (waiting.value, waiting.own_value) == (D(600), own(D(600), RATE))
    assert buyer.read(open_lines, world.dealer, order, "EUR") == ()
    (offered,) = buyer.read(open_lines, world.dealer, order, "USD")
    lines = [as_line(offered), cost("12.34", "7")]
    done = entered(buyer, draft(world, "US 1", lines, "727.20", **COSTS))
    found = finance.read(get_invoice, done.id)
    assert {x.code for x in found.findings} == {"without_order"}
    assert (found.exchange_rate, found.exchange_date) == (RATE, world.today)
    taxes = admin.execute(
        "SELECT net_amount, tax_amount, own_net_amount, own_tax_amount FROM purchasing.purchase_invoice_tax"
        " WHERE purchase_invoice_id = %s",
        (done.id,),
    ).fetchall()
    assert all((row[2], row[3]) == (own(row[0], RATE), own(row[1], RATE)) for row in taxes)
    assert found.own_gross_amount == sum(row[2] + row[3] for row in taxes)
    asked = one(admin, "SELECT subject FROM system.approval_request WHERE id = %s", done.request_id)[0]
    told = {x["key"]: x["after"] for x in asked["fields"]}
    assert (D(str(told["invoice_gross"])), told["invoice_foreign"]) == (
        found.own_gross_amount,
        "USD 727.20",
    )

    owed = finance.read(payables.owed_to, world.dealer).open_amount
    finance.write(decide, Decide(done.request_id, True))
    assert _left(finance, done.id) == found.own_gross_amount
    assert finance.read(payables.owed_to, world.dealer).open_amount == owed + found.own_gross_amount
    version = finance.read(get_invoice, done.id).row_version
    _today_rate(finance, world, LATER)  # the euro is worth more: less of it goes out
    try:
        first = PayInvoice(done.id, version, D("100.01"), world.today)
        part = finance.write(invoicing.pay_invoice, first).value
        assert _left(finance, done.id) == found.own_gross_amount - own(D("100.01"), RATE)
        rest = PayInvoice(done.id, part.row_version, D("627.19"), world.today, own_paid=D("580.00"))
        assert finance.write(invoicing.pay_invoice, rest).value.state == "paid"
    finally:
        _today_rate(finance, world, RATE)
    paid = admin.execute(
        "SELECT own_amount, own_paid FROM purchasing.purchase_payment WHERE purchase_invoice_id = %s ORDER BY id",
        (done.id,),
    ).fetchall()
    assert paid[0] == (own(D("100.01"), RATE), own(D("100.01"), LATER))
    assert paid[0][0] + paid[1][0] == found.own_gross_amount  # nothing is left in euros by rounding
    gain, loss = paid[0][0] - paid[0][1], paid[1][0] - D(580)
    assert gain > 0 > loss

    shown = look(finance, world)
    assert [note for note in shown.notes if note.severity == "error"] == []
    assert all(one.difference == 0 for one in shown.proof)
    assert bookings_of(shown, "US 1") == [
        ("expense", "H", "3400", own(D(600), RATE) + own(D(114), RATE)),
        ("expense", "H", "3300", own(D("12.34"), RATE) + own(D("0.86"), RATE)),
        ("payment", "S", "1200", paid[0][1]),
        ("exchange", "S", "2661", gain),
        ("payment", "S", "1200", D(580)),
        ("exchange", "H", "2151", -loss),
    ]
    foreign = [row.foreign for row in shown.rows if row.number == "US 1"]
    assert foreign == [
        "USD 1.0853 714.00",
        "USD 1.0853 13.20",
        "USD 1.0853 100.01",
        None,
        "USD 1.0853 627.19",
        None,
    ]
    assert b'"Fremdw\xe4hrung";"USD 1.0853 714.00"' in make_files(shown, NOW).bookings
    hand_over(finance, shown)


def test_the_rate_of_the_day_or_the_one_that_was_typed(
    world: World, buyer: Database, finance: Database
) -> None:
    """Last known before the invoice's day; follows the day, stays as typed; a credit takes its invoice's."""

    def saved(command: SaveInvoice) -> Invoice:
        return buyer.read(get_invoice, buyer.write(invoicing.save_invoice, command).value.id)

    old = world.today - timedelta(days=10)
    first = saved(draft(world, "R 1", [cost("100")], "119.00", **COSTS, invoice_date=old))
    assert (first.exchange_rate, first.own_gross_amount) == (D("1.2"), D("83.33") + D("15.83"))
    first = saved(SaveInvoice(first.id, first.row_version, {"remark": "x"}))
    assert first.exchange_rate == D("1.2")
    first = saved(SaveInvoice(first.id, first.row_version, {"invoice_date": world.today}))
    assert first.exchange_rate == RATE
    first = saved(SaveInvoice(first.id, first.row_version, {"exchange_rate": D("1.25")}))
    assert (first.exchange_rate, first.own_gross_amount) == (D("1.25"), D("95.20"))
    first = saved(SaveInvoice(first.id, first.row_version, {"remark": "y"}))
    assert first.exchange_rate == D("1.25")
    for wrong in (D(0), D(-1)):
        bad = SaveInvoice(first.id, first.row_version, {"exchange_rate": wrong})
        assert refused(buyer, invoicing.save_invoice, bad).key == "exchange_rate_range"
    done = buyer.write(invoicing.enter_invoice, EnterInvoice(first.id, first.row_version)).value
    finance.write(decide, Decide(done.request_id, True))
    back = {"kind": "credit", "corrects_id": first.id}
    credit = saved(draft(world, "R 2", [cost("-50", qty="-1")], "-59.50", **COSTS, **back))
    assert (credit.exchange_rate, credit.own_gross_amount) == (D("1.25"), D("-47.60"))
    assert buyer.read(rate_for, "USD", world.today, first.id) == D("1.25")
    assert buyer.read(rate_for, "EUR", world.today) is None
    # In euros again there is no rate, whatever was typed.
    euros = saved(SaveInvoice(credit.id, credit.row_version, {"currency": "EUR", "exchange_rate": D(3)}))
    assert (euros.exchange_rate, euros.own_gross_amount) == (None, D("-59.50"))
    buyer.write(invoicing.discard_invoice, Discard(euros.id, euros.row_version))


def test_without_a_rate_nothing_is_entered_or_paid(
    world: World, admin: Raw, buyer: Database, finance: Database
) -> None:
    """A draft waits for the rate; the refusal says for which currency and day. Paying needs one of its day, or the
    amount the bank says."""
    head = COSTS | {"currency": "CHF"}
    saved = buyer.write(invoicing.save_invoice, draft(world, "CH 1", [cost("10")], "11.90", **head)).value
    (row,) = (x for x in buyer.read(payables.list_invoices, ListQuery()).rows if x.id == saved.id)
    assert (row.exchange_rate, row.own_gross_amount) == (None, None)
    assert buyer.read(get_invoice, saved.id).own_gross_amount == 0
    stuck = refused(buyer, invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version))
    assert (stuck.key, stuck.params["currency"]) == ("exchange_rate_missing", "CHF")
    finance.write(save_rates, SaveRates((Rate("CHF", world.today, D("0.9312")),)))
    done = buyer.write(invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version)).value
    found = buyer.read(get_invoice, done.id)
    assert (found.exchange_rate, found.own_gross_amount) == (D("0.9312"), D("10.74") + D("2.04"))
    finance.write(decide, Decide(done.request_id, True))
    version = finance.read(get_invoice, done.id).row_version
    admin.execute("UPDATE system.exchange_rate SET valid_on = valid_on - 40 WHERE currency = 'CHF'")
    pay = PayInvoice(done.id, version, D("11.90"), world.today)
    assert refused(finance, invoicing.pay_invoice, pay).key == "exchange_rate_missing"
    for wrong in (D(0), D("-1"), D("1.005")):
        bad = PayInvoice(done.id, version, D("11.90"), world.today, own_paid=wrong)
        assert refused(finance, invoicing.pay_invoice, bad).key == "payment_own_amount"
    pay = PayInvoice(done.id, version, D("11.90"), world.today, own_paid=D("12.78"))
    assert finance.write(invoicing.pay_invoice, pay).value.state == "paid"
    home = approved(buyer, finance, draft(world, "EU 1", [cost("10")], "11.90", accept_reason="Kosten"))
    euros = PayInvoice(home.id, home.row_version, D("11.90"), world.today, own_paid=D("11.90"))
    assert refused(finance, invoicing.pay_invoice, euros).key == "payment_own_amount"


def test_another_currency_than_the_order(
    world: World, as_role: AsRole, buyer: Database, finance: Database
) -> None:
    """Prices are not compared across currencies: that it is another one is what is to be explained."""
    order = received_order(buyer, as_role("warehouse_clerk"), world)
    (offered,) = buyer.read(open_lines, world.dealer, order)
    wrong = as_line(offered) | {"unit_price": D(65), "net_amount": None}
    saved = buyer.write(invoicing.save_invoice, draft(world, "US 2", [wrong], "773.50", currency="USD")).value
    assert {x.code for x in buyer.read(get_invoice, saved.id).findings} == {"currency_differs"}
    line = {
        "description": "Rad",
        "seller_id": "R-1",
        "qty": 10,
        "price": 65,
        "net": 650,
        "category": "S",
        "rate": 19,
    }
    facts = {"lines": [line], "order": offered.order_number}
    assert match(facts, [offered])[0]["purchase_order_line_id"] == offered.purchase_order_line_id
    assert buyer.read(open_lines, world.dealer, order, "USD") == ()


def test_taken_back_at_its_rate(world: World, admin: Raw, buyer: Database, finance: Database) -> None:
    """The counter-document of a posted one is in euros what it was, though the rate is another today."""
    found = approved(buyer, finance, draft(world, "US 3", [cost("100"), cost("50", "7")], "172.50", **COSTS))
    _today_rate(finance, world, LATER)
    try:
        cancel = CancelInvoice(found.id, found.row_version, "Doppelt")
        counter = finance.write(invoicing.cancel_invoice, cancel).value.counter_id
    finally:
        _today_rate(finance, world, RATE)
    assert counter is not None
    back = finance.read(get_invoice, counter)
    assert (back.exchange_rate, back.own_gross_amount) == (RATE, -found.own_gross_amount)
    credit = draft(world, "US 4", [cost("-80", qty="-1")], "-95.20", **COSTS, kind="credit")
    noted = approved(buyer, finance, credit)
    got = PayInvoice(noted.id, noted.row_version, D("95.20"), world.today, own_paid=D("80.00"))
    finance.write(invoicing.pay_invoice, got)
    shown = look(finance, world)
    assert all(one.difference == 0 for one in shown.proof)
    lost = own(D(80), RATE) + own(D("15.20"), RATE) - D(80)
    assert bookings_of(shown, "US 4")[1:] == [
        ("payment", "H", "1200", D(80)),
        ("exchange", "H", "2151", lost),
    ]
    # What was posted before there were rates is in the adviser's books: it is told, and not handed over.
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "UPDATE purchasing.purchase_invoice SET exchange_date = NULL WHERE id = %s", (found.id,)
        )
        (told,) = one(
            admin,
            "SELECT count(*) FROM accounting.draft_findings(%s, %s, NULL) WHERE code = 'datev_currency'",
            world.today,
            world.today,
        )
        assert told == 1


def test_without_a_rate_there_are_no_euros(
    world: World, admin: Raw, buyer: Database, finance: Database
) -> None:
    """What was posted before there were rates is in no sum: its dollars are no euros."""
    found = approved(buyer, finance, draft(world, "US 5", [cost("1000")], "1190", **COSTS))
    owed = finance.read(payables.owed_to, world.dealer).open_amount
    day = one(admin, "SELECT exchange_date FROM purchasing.purchase_invoice WHERE id = %s", found.id)
    forge = "UPDATE purchasing.purchase_invoice SET exchange_date = %s WHERE id = %s"
    admin.execute("SET session_replication_role = replica")
    admin.execute(forge, (None, found.id))
    try:
        every = finance.read(payables.list_payables, ListQuery()).rows
        rows = [row for row in every if row.id == found.id]
        assert [(row.open_amount, row.own_open) for row in rows] == [(D(1190), None)]
        assert finance.read(payables.owed_to, world.dealer).open_amount == owed - found.own_gross_amount
    finally:
        admin.execute(forge, (*day, found.id))
        admin.execute("SET session_replication_role = origin")


def test_cents_agree_whatever_the_numbers(
    world: World, admin: Raw, buyer: Database, finance: Database
) -> None:
    """Random invoices paid in random parts: taxes, totals and payments come to the same euros to the cent; at the
    rate of the invoice the bank moves exactly them, and nothing is gained or lost by rounding."""
    dice = random.Random(11)  # noqa: S311
    for number in range(12):
        lines = [cost(str(D(dice.randint(1, 900000)) / 100), dice.choice(("19", "7", "0"))) for _ in range(3)]
        sums: dict[Decimal, Decimal] = {}
        for line in lines:
            sums[line["tax_rate"]] = sums.get(line["tax_rate"], D(0)) + line["net_amount"]
        gross = sum(
            (x + (x * rate / 100).quantize(D("0.01"), ROUND_HALF_UP) for rate, x in sums.items()), D(0)
        )
        rate = D(dice.randint(50_000, 170_000_000)) / 1_000_000
        same = number % 2 == 0
        _today_rate(finance, world, rate if same else RATE)
        head: dict[str, Any] = COSTS | {"exchange_rate": rate}
        found = approved(buyer, finance, draft(world, f"Z {number}", lines, str(gross), **head))
        assert found.own_gross_amount == found.own_net_amount + found.own_tax_amount
        assert found.exchange_rate is not None
        while found.open_amount:
            amount = min(found.open_amount, D(dice.randint(1, int(gross * 100))) / 100)
            left = OpenAbroad(found.currency, found.exchange_rate, found.open_amount, found.own_open)
            foreseen = left.taken(amount, D(0))
            finance.write(invoicing.pay_invoice, PayInvoice(found.id, found.row_version, amount, world.today))
            found = finance.read(get_invoice, found.id)
            assert found.payments[-1].own_paid + found.payments[-1].difference == foreseen
        taken = one(
            admin,
            "SELECT sum(own_amount + own_discount), sum(own_paid) FROM purchasing.purchase_payment"
            " WHERE purchase_invoice_id = %s",
            found.id,
        )
        assert taken[0] == found.own_gross_amount
        assert not same or taken[1] == found.own_gross_amount
    _today_rate(finance, world, RATE)
    assert all(one.difference == 0 for one in look(finance, world).proof)
