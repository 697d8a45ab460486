"""Customers' money in a foreign currency: down payments at their own rate, exchange differences, no cents left over."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from app.core.db import Database
from app.core.errors import Refused
from app.core.paging import ListQuery
from app.services.accounting import writes as accounting
from app.services.accounting.commands import AdoptChart, SaveSetting
from app.services.accounting.preview import Preview, make_files
from app.services.documents.render import render
from app.services.documents.rules import missing_contents
from app.services.einvoice import outgoing
from app.services.einvoice.model import Invoice as EInvoice
from app.services.einvoice.model import Profile
from app.services.einvoice.validate import check
from app.services.sales import documents, lists, writes
from app.services.sales.commands import (
    CancelInvoice,
    CorrectInvoice,
    PostDownPayment,
    PostPayment,
    Reduction,
)
from app.services.sales.reads import InvoiceDetail
from app.services.system.rates import Rate, SaveRates, save_rates
from migrations import drift
from tests.books_world import NOW, bookings_of, hand_over, look
from tests.db.test_currencies import RATE, dollars
from tests.db.test_invoicing import (
    REBATE,
    As,
    _delivered,
    _invoiced,
    _ordered,
    _paid,
    _read,
    _stocked,
    finance,
    world,
)
from tests.db.test_partners import figures_of
from tests.sales_world import D, Raw, World, priced_in

__all__ = ["dollars", "finance", "world"]
LATER = D("1.2")
AtRate = Callable[[Decimal], None]


def own(amount: Decimal, rate: Decimal = RATE) -> Decimal:
    """An amount in euros."""
    return (amount / rate).quantize(D("0.01"), ROUND_HALF_UP)


@pytest.fixture(autouse=True)
def _adds_up(world: World, admin: Raw) -> Iterator[None]:
    """After each tale every consistency query is content."""
    yield
    names = ("sales_", "accounting", "number")
    assert [x for x in drift.run_queries(admin, "consistency") if any(name in str(x) for name in names)] == []


@pytest.fixture
def books(finance: Database, admin: Raw, dollars: int) -> Database:
    """Who keeps the books, with a chart of accounts."""
    if admin.execute("SELECT chart = '' FROM accounting.setting").fetchone() == (True,):
        finance.write(accounting.adopt_chart, AdoptChart("03"))
        version = admin.execute("SELECT row_version FROM accounting.setting").fetchone()
        assert version is not None
        numbers = {"consultant_no": 29098, "client_no": 55003}
        finance.write(accounting.save_setting, SaveSetting(version[0], numbers))
    return finance


@pytest.fixture
def at_rate(finance: Database, world: World, dollars: int) -> Iterator[AtRate]:
    """Set the rate of today; afterwards it is the one of yesterday again."""

    def at(rate: Decimal) -> None:
        finance.write(save_rates, SaveRates((Rate("USD", world.today, rate),)))

    yield at
    at(RATE)


@contextmanager
def _at_home(admin: Raw, world: World, dollars: int) -> Iterator[None]:
    """The dealer buys in euros for once."""
    priced_in(admin, world.dealer, world.wholesale)
    yield
    priced_in(admin, world.dealer, dollars)


def _asked(finance: Database, admin: Raw, world: World, order: int, pct: str) -> InvoiceDetail:
    version = admin.execute("SELECT row_version FROM sales.sales_order WHERE id = %s", (order,)).fetchone()
    assert version is not None
    ask = PostDownPayment(order, version[0], world.today + timedelta(days=5), pct=D(pct))
    return _read(finance, finance.write(writes.post_down_payment, ask).value.id)


def _pay(
    finance: Database, found: InvoiceDetail, amount: Decimal, own_paid: Decimal | None = None
) -> writes.Paid:
    pay = PostPayment(found.id, found.row_version, amount, found.invoice_date, own_paid=own_paid)
    return finance.write(writes.post_payment, pay).value


def _proved(found: EInvoice) -> None:
    for profile in (Profile.ZUGFERD_EN16931, Profile.ZUGFERD_EXTENDED):
        assert [x for x in check(found, profile).findings if x.code.startswith(("BR-", "XSD"))] == []


def _agrees(shown: Preview) -> None:
    assert [note for note in shown.notes if note.severity == "error"] == []
    assert [one for one in shown.proof if one.difference] == []


def _on_account(shown: Preview, contra: str) -> Decimal:
    """What is on an account after the bookings of a preview; its debit is the partner's credit."""
    rows = [row for row in shown.rows if row.contra == contra]
    return sum((-row.amount if row.side == "S" else row.amount for row in rows), D(0))


def _sums(admin: Raw, what: str, invoice: int) -> tuple[Decimal, Decimal]:
    row = admin.execute(
        f"SELECT sum(own_net_amount), sum(own_tax_amount) FROM sales.{what} WHERE invoice_id = %s",
        (invoice,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_down_payments_keep_their_rate(
    world: World, admin: Raw, as_role: As, books: Database, dollars: int, at_rate: AtRate
) -> None:
    """Asked for at one rate, deducted by a partial and a final invoice at others: each part of the tax is in euros what
    it was when it arose, the account of down payments is empty, and books, paper and e-invoice say the same."""
    _stocked(as_role, world)
    before = look(books, world)
    lines = [world.line(world.bike, 3), world.line(world.book, 4, 20, tax_rate=D(7))]
    order = _ordered(as_role, world.order(lines, price_list_id=dollars, charges=[REBATE]))
    down = _asked(books, admin, world, order.id, "20")
    assert (down.currency, down.exchange_rate, down.own_open) == ("USD", RATE, down.own_gross_amount)
    _proved(outgoing.invoice_of(books.read(outgoing.load, down.id)))
    at_rate(LATER)
    part = _pay(books, down, D("50.01"))
    again = _read(books, down.id)
    assert again.own_open == down.own_gross_amount - own(D("50.01"))
    rest = PostPayment(down.id, part.row_version, again.open_amount, world.today, own_paid=D("25"))
    assert books.write(writes.post_payment, rest).value.state == "paid"

    at_rate(D("1.15"))
    first = _invoiced(books, _delivered(as_role, admin, world, order.id, 1, 0))
    at_rate(LATER)
    last = _invoiced(books, _delivered(as_role, admin, world, order.id, 2, 4))
    assert (first.kind, last.kind, first.exchange_rate, last.exchange_rate) == (
        "partial",
        "final",
        D("1.15"),
        LATER,
    )
    deducted = [_sums(admin, "invoice_deduction", x.id) for x in (first, last)]
    assert sum(net + tax for net, tax in deducted) == down.own_gross_amount
    assert sum(tax for _, tax in deducted) == down.own_tax_amount
    for found, (_, tax) in zip((first, last), deducted, strict=True):
        groups = admin.execute(
            "SELECT t.tax_amount - coalesce(sum(d.tax_amount), 0) FROM sales.invoice_tax t"
            " LEFT JOIN sales.invoice_deduction d USING (invoice_id, tax_category, tax_rate)"
            " WHERE t.invoice_id = %s GROUP BY t.id",
            (found.id,),
        ).fetchall()
        assert found.own_tax_amount == tax + sum(own(row[0], found.exchange_rate) for row in groups)
        # What is still to come is worth what it is at the rate of the invoice, but for the cents of its parts.
        assert abs(found.own_open - own(found.open_amount, found.exchange_rate)) <= D("0.02")
        said = outgoing.invoice_of(books.read(outgoing.load, found.id))
        assert (said.tax_currency, said.totals.tax_in_tax_currency) == ("EUR", found.own_tax_amount)
        assert said.totals.prepaid == found.prepaid_amount
        _proved(said)
        paper = books.read(documents.document_for, "invoice", found.id)
        assert missing_contents(paper) == ()
        assert paper.totals is not None
        assert sum((tax.own_tax or D(0) for tax in paper.totals.taxes), D(0)) == found.own_tax_amount
        (told,) = paper.deductions
        assert (told.number, told.exchange_rate) == (down.number, RATE)
        assert render(paper).startswith(b"%PDF")
    row = next(x for x in books.read(lists.list_invoices, ListQuery()).rows if x.id == last.id)
    assert row.open_amount == last.own_open
    for found in (first, last):
        _paid(books, found)

    shown = look(books, world)
    _agrees(shown)
    for account in ("1718", "1711"):
        assert _on_account(shown, account) == _on_account(before, account)
    booked = bookings_of(shown, down.number)
    assert [x[:3] for x in booked if x[0] in ("payment", "exchange")] == [
        ("payment", "H", "1200"),
        ("exchange", "H", "2151"),
        ("payment", "H", "1200"),
        ("exchange", "H", "2151"),
    ]
    assert booked[0][3] == own(D("50.01"), LATER)
    foreign = {row.kind: row.foreign for row in shown.rows if row.number == last.number}
    assert foreign["revenue"] == "USD 1.2"
    assert foreign["deduction"] == "USD"
    hand_over(books, shown)


def test_what_is_taken_back_of_a_down_payment(
    world: World, admin: Raw, as_role: As, books: Database, dollars: int, at_rate: AtRate
) -> None:
    """Down payments cancelled and corrected, a final invoice cancelled and written again: all at its first rate."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 3)], price_list_id=dollars))
    wrong = _asked(books, admin, world, order.id, "20")
    at_rate(LATER)
    counter = books.write(writes.cancel_invoice, CancelInvoice(wrong.id, wrong.row_version, "Irrtum")).value
    assert _read(books, counter.id).own_gross_amount == -wrong.own_gross_amount
    at_rate(RATE)
    down = _asked(books, admin, world, order.id, "50")
    at_rate(LATER)
    less = CorrectInvoice(
        down.id, down.row_version, (Reduction(down.lines[0].id, amount=D("33.33")),), "Weniger"
    )
    books.write(writes.correct_invoice, less)
    down = _read(books, down.id)
    taken = own(D("33.33")) + own(D("6.33"))
    assert down.own_open == down.own_gross_amount - taken
    _paid(books, down)
    final = _invoiced(books, _delivered(as_role, admin, world, order.id, 3))
    deducted = sum(_sums(admin, "invoice_deduction", final.id), D(0))
    assert deducted == down.own_gross_amount - taken
    back = books.write(writes.cancel_invoice, CancelInvoice(final.id, final.row_version, "Adresse")).value
    counter_own = _read(books, back.id)
    assert (counter_own.own_gross_amount, counter_own.own_tax_amount) == (
        -final.own_gross_amount,
        -final.own_tax_amount,
    )
    delivery = admin.execute(
        "SELECT d.id, d.number, o.row_version FROM sales.delivery d JOIN sales.sales_order o"
        " ON o.id = d.sales_order_id WHERE o.id = %s",
        (order.id,),
    ).fetchone()
    assert delivery is not None
    again = _invoiced(books, writes.Shipped(delivery[0], delivery[1], order.id, delivery[2]))
    assert (again.own_gross_amount, again.own_open) == (final.own_gross_amount, final.own_open)
    # A correction of it reaches the part that was not paid in advance only, and is worth the rate of that part.
    line = Reduction(again.lines[0].id, amount=D("10"))
    made = books.write(
        writes.correct_invoice, CorrectInvoice(again.id, again.row_version, (line,), "Kratzer")
    )
    assert _read(books, made.value.id).own_gross_amount == -own(D("10"), LATER) - own(D("1.90"), LATER)
    _paid(books, _read(books, again.id))
    _agrees(look(books, world))


def test_paid_at_another_rate(
    world: World, admin: Raw, as_role: As, books: Database, dollars: int, at_rate: AtRate
) -> None:
    """At the rate of the day, and in euros as the bank says: what differs is a loss or a gain, and lists follow."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 3)], price_list_id=dollars))
    owed = books.read(figures_of, world.dealer).open_items
    found = _invoiced(books, _delivered(as_role, admin, world, order.id, 3))
    assert books.read(figures_of, world.dealer).open_items == owed + found.own_gross_amount
    at_rate(LATER)
    _pay(books, found, D("100"))
    euros = own(found.gross_amount - 100) + D("5.55")
    now = _read(books, found.id)
    row = next(x for x in books.read(lists.list_invoices, ListQuery()).rows if x.id == found.id)
    assert row.open_amount == now.own_open == found.own_gross_amount - own(D("100"))
    assert _pay(books, now, now.open_amount, euros).state == "paid"
    assert books.read(figures_of, world.dealer).open_items == owed
    paid = sorted(_read(books, found.id).payments, key=lambda x: x.id)
    assert [x.own_paid for x in paid] == [own(D("100"), LATER), euros]
    assert sum(x.own_amount for x in paid) == found.own_gross_amount
    listed = [x.amount for x in books.read(lists.list_payments, ListQuery()).rows if x.invoice_id == found.id]
    assert sorted(listed) == sorted(x.own_paid for x in paid)

    # Paid back for a correction at yet another rate: more euros leave than came.
    less = CorrectInvoice(
        found.id, _read(books, found.id).row_version, (Reduction(found.lines[0].id, qty=D(1)),), "Bruch"
    )
    back = _read(books, books.write(writes.correct_invoice, less).value.id)
    at_rate(D("1"))
    assert _pay(books, back, D("119")).state == "settled"

    shown = look(books, world)
    _agrees(shown)
    loss, gain = own(D("100")) - paid[0].own_paid, euros - paid[1].own_amount
    assert bookings_of(shown, found.number)[1:] == [
        ("payment", "H", "1200", paid[0].own_paid),
        ("exchange", "H", "2151", loss),
        ("payment", "H", "1200", euros),
        ("exchange", "S", "2661", gain),
    ]
    refund = own(D("100")) + own(D("19"))
    assert bookings_of(shown, back.number)[1:] == [
        ("payment", "S", "1200", D("119.00")),
        ("exchange", "H", "2151", D("119.00") - refund),
    ]
    assert f"USD 1.0853 {paid[0].amount}".encode() in make_files(shown, NOW).bookings
    hand_over(books, shown)


def test_refused(
    world: World, admin: Raw, as_role: As, finance: Database, dollars: int, at_rate: AtRate
) -> None:
    """A bank amount belongs to a foreign invoice and is money; without a rate of the day it has to be typed."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 1)], price_list_id=dollars))
    found = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1))
    with _at_home(admin, world, dollars):
        home = _ordered(as_role, world.order([world.line(world.bike, 1)]))
    euros = _invoiced(finance, _delivered(as_role, admin, world, home.id, 1))
    for invoice, amount in ((found, "0"), (found, "-1"), (found, "1.005"), (found, "1e12"), (euros, "119")):
        with pytest.raises(Refused) as refused:
            _pay(finance, invoice, D(1), D(amount))
        assert refused.value.key == "payment_own_amount"
    admin.execute("UPDATE system.exchange_rate SET valid_on = valid_on - 40 WHERE currency = 'USD'")
    try:
        with pytest.raises(Refused) as refused:
            _pay(finance, found, D(1))
        assert refused.value.key == "exchange_rate_missing"
        assert _pay(finance, found, found.open_amount, D("100")).state == "paid"
    finally:
        admin.execute("UPDATE system.exchange_rate SET valid_on = valid_on + 40 WHERE currency = 'USD'")


def test_at_the_same_rate_nothing_is_gained_or_lost(
    world: World, admin: Raw, as_role: As, books: Database, dollars: int, at_rate: AtRate
) -> None:
    """Odd amounts in odd parts at odd rates: proposed euros come to the invoice's, to the cent, and the books agree."""
    _stocked(as_role, world)
    dice = random.Random(23)  # noqa: S311
    for _ in range(6):
        at_rate(D(dice.randint(50_000, 170_000_000)) / 1_000_000)
        lines = [
            world.line(world.bike, 1, D(dice.randint(10_000, 900_000)) / 100),
            world.line(world.book, 1, D(dice.randint(10_000, 900_000)) / 100, tax_rate=D(7)),
        ]
        order = _ordered(as_role, world.order(lines, price_list_id=dollars))
        found = _invoiced(books, _delivered(as_role, admin, world, order.id, 1, 1))
        now = found
        for _ in range(dice.randint(0, 2)):
            now = _paid(books, now, (now.open_amount / dice.randint(2, 4)).quantize(D("0.01")))
        done = _paid(books, now)
        assert sum(x.own_paid for x in done.payments) == found.own_gross_amount
    _agrees(look(books, world))


@pytest.mark.parametrize("abroad", [False, True])
def test_taken_back_piece_by_piece_nothing_is_left(
    world: World, admin: Raw, as_role: As, books: Database, dollars: int, abroad: bool, at_rate: AtRate
) -> None:
    """Every correction rounds its tax; the last one takes the rest of tax, percentages and euros, also when a part was
    paid before: then what is to be paid back is what came in."""
    _stocked(as_role, world)
    at_rate(D("0.9312"))
    lines = [world.line(world.bike, 3, D("133.33")), world.line(world.book, 4, D("27.77"), tax_rate=D(7))]
    terms = {"price_list_id": dollars} if abroad else {}
    with nullcontext() if abroad else _at_home(admin, world, dollars):
        order = _ordered(as_role, world.order(lines, charges=[{**REBATE, "pct": "3.5"}], **terms))
    found = _invoiced(books, _delivered(as_role, admin, world, order.id, 3, 4))
    paid = D("25.00")
    _paid(books, found, paid)
    bike, book = (line.id for line in found.lines)
    for parts in ({bike: 1, book: 1}, {book: 2}, {bike: 1}, {book: 1}, {bike: 1}):
        less = tuple(Reduction(line, qty=D(n)) for line, n in parts.items())
        version = _read(books, found.id).row_version
        made = books.write(writes.correct_invoice, CorrectInvoice(found.id, version, less, "Stück")).value
        _proved(outgoing.invoice_of(books.read(outgoing.load, made.id)))
    after = _read(books, found.id)
    assert (after.state, after.open_amount, after.own_open) == ("paid", D(0), D(0))
    left = admin.execute(
        "SELECT sum(t.net_amount), sum(t.tax_amount), sum(t.own_net_amount + t.own_tax_amount)"
        " FROM sales.invoice_tax t JOIN sales.invoice i ON i.id = t.invoice_id"
        " WHERE %s IN (i.id, i.corrects_id) GROUP BY t.tax_rate",
        (found.id,),
    ).fetchall()
    assert [any(row[:2]) for row in left] == [False, False]
    back = admin.execute(
        "SELECT -sum(sales.open_amount(i)), -sum(sales.own_left(i)) FROM sales.invoice i"
        " WHERE i.corrects_id = %s AND i.state = 'open'",
        (found.id,),
    ).fetchone()
    assert back is not None
    assert back[0] == paid
    assert back[1] == after.payments[0].own_amount
    _agrees(look(books, world))


def test_a_correction_of_exactly_what_is_open(
    world: World, admin: Raw, as_role: As, books: Database, dollars: int, at_rate: AtRate
) -> None:
    """Half paid, half taken back: in euros the halves are a cent less than the whole, and yet nothing stays open."""
    _stocked(as_role, world)
    at_rate(D("0.9312"))
    order = _ordered(as_role, world.order([world.line(world.bike, 2)], price_list_id=dollars))
    found = _invoiced(books, _delivered(as_role, admin, world, order.id, 2))
    paid = _paid(books, found, D("119.00"))
    assert paid.own_open - own(D(100), D("0.9312")) - own(D(19), D("0.9312")) == D("0.01")
    less = CorrectInvoice(found.id, paid.row_version, (Reduction(found.lines[0].id, qty=D(1)),), "Bruch")
    made = _read(books, books.write(writes.correct_invoice, less).value.id)
    after = _read(books, found.id)
    assert (after.state, after.own_open) == ("paid", D(0))
    assert (made.state, made.own_open) == ("settled", D(0))
    _agrees(look(books, world))
