"""Invoices of every kind: charges, tax categories, down payments and what deducts them, corrections, cancellations."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.services.documents.rules import missing_contents
from app.services.sales import documents, rules, writes
from app.services.sales.commands import (
    CancelInvoice,
    CancelSalesOrder,
    CorrectInvoice,
    IssueQuote,
    PostDownPayment,
    PostInvoice,
    PostPayment,
    Reduction,
    SaveSalesOrder,
)
from app.services.sales.reads import InvoiceDetail, get_invoice
from migrations import drift
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]
FREIGHT = {"kind": "charge", "reason": "Fracht", "amount": "9.90"}
REBATE = {"kind": "allowance", "reason": "Messerabatt", "pct": "5"}


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """One world for the module."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


@pytest.fixture
def finance(as_role: As) -> Database:
    """Who writes invoices."""
    return as_role("finance")


@pytest.fixture(autouse=True)
def _adds_up(world: World, admin: Raw) -> Iterator[None]:
    """After each tale the books add up."""
    yield
    found = [x for x in drift.run_queries(admin, "consistency") if "sales_" in str(x)]
    assert found == []


def _stocked(as_role: As, world: World) -> None:
    for product in (world.bike, world.bell, world.book):
        stock(as_role("warehouse_manager"), product, world.shelf, 50)


def _ordered(as_role: As, command: SaveSalesOrder) -> writes.Confirmed:
    return confirmed(as_role("sales_manager"), command)


def _delivered(as_role: As, admin: Raw, world: World, order: int, *qty: int) -> writes.Shipped:
    version = admin.execute("SELECT row_version FROM sales.sales_order WHERE id = %s", (order,)).fetchone()
    assert version is not None
    picks = [(line, n, world.shelf) for line, n in zip(line_ids(admin, order), qty, strict=True) if n]
    return shipped(as_role("warehouse_manager"), order, version[0], *picks)


def _invoiced(finance: Database, delivery: writes.Shipped) -> InvoiceDetail:
    command = PostInvoice(delivery.sales_order_id, delivery.sales_order_row_version, (delivery.id,))
    return _read(finance, finance.write(writes.post_invoice, command).value.id)


def _read(db: Database, invoice: int) -> InvoiceDetail:
    return db.read(get_invoice, invoice)


def _paid(db: Database, invoice: InvoiceDetail, amount: Decimal | None = None) -> InvoiceDetail:
    what = amount if amount is not None else abs(invoice.open_amount)
    command = PostPayment(invoice.id, invoice.row_version, what, invoice.invoice_date)
    db.write(writes.post_payment, command)
    return _read(db, invoice.id)


# -- the same arithmetic everywhere -------------------------------------------------------------------------------


def test_sql_and_python_agree_to_the_cent(admin: Raw, world: World) -> None:
    """A thousand documents of odd amounts: shares of charges, net and tax per rate are equal in both."""
    dice = random.Random(5)  # noqa: S311
    cases: list[tuple[Any, list[dict[str, Any]]]] = []
    for _ in range(1000):
        rates = dice.sample(
            [("S", "19"), ("S", "7"), ("Z", "0"), ("E", "0"), ("S", "5.5")], dice.randint(1, 4)
        )
        groups = [
            {
                "c": c,
                "r": r,
                "n": str(D(dice.choice([0, dice.randint(1, 99), dice.randint(1, 9999999)])) / 100),
            }
            for c, r in rates
        ]
        charges: list[dict[str, Any]] = []
        for _ in range(dice.randint(0, 4)):
            value = (
                {"pct": str(D(dice.randint(1, 1000000)) / 10000)}
                if dice.random() < 0.5
                else {"amount": str(D(dice.randint(1, 99999)) / 100)}
            )
            charges.append({"kind": dice.choice(["allowance", "charge"]), "reason": "x", **value})
        cases.append((groups, charges))
    rows = admin.execute(
        "SELECT c.ord, t.tax_category, t.tax_rate, t.net, t.tax"
        " FROM jsonb_array_elements(%s) WITH ORDINALITY AS c (item, ord)"
        " CROSS JOIN LATERAL sales.group_taxes(c.item -> 0, c.item -> 1) t",
        (Jsonb(cases),),
    ).fetchall()
    stored: dict[int, set[Any]] = {}
    for number, category, rate, net, tax in rows:
        stored.setdefault(number, set()).add((category, rate.normalize(), net, tax))
    for number, (groups, charges) in enumerate(cases, 1):
        lines = [(D(g["n"]), D(g["r"]), g["c"]) for g in groups]
        found = rules.after_charges(lines, rules.charges_of(charges))
        ours = {(c, r, net, rules.cents(net * r / 100)) for (c, r), net in found.items()}
        assert ours == stored[number], (groups, charges)


def test_charges_stand_on_quote_order_and_invoice_alike(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """5 % off everything and freight once: over two rates, on the first of two invoices, and as the form shows them."""
    _stocked(as_role, world)
    lines = [world.line(world.bike, 3), world.line(world.book, 4, 20, tax_rate=D(7))]
    charges = [REBATE, FREIGHT]
    quote = as_role("sales_rep").write(writes.save_quote, world.quote(lines, charges=charges)).value
    order = _ordered(as_role, world.order(lines, charges=charges))
    issued = as_role("sales_rep").write(writes.issue_quote, IssueQuote(quote.id, quote.row_version)).value
    # 300 and 80, less 15 and 4, and 9.90 as 7.82 and 2.08
    sums = rules.sums([(D(300), D(19)), (D(80), D(7))], rules.charges_of(charges))
    assert (sums.net, sums.rates) == (
        D("370.90"),
        ((D(19), D("292.82"), D("55.64")), (D(7), D("78.08"), D("5.47"))),
    )
    assert (
        (order.net_amount, order.tax_amount) == (issued.net_amount, issued.tax_amount) == (sums.net, sums.tax)
    )

    first = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1, 0))
    assert (first.kind, first.part, first.net_amount) == ("partial", 1, D("104.90"))
    assert [(x.reason, x.amount) for x in first.charges] == [("Messerabatt", D(5)), ("Fracht", D("9.90"))]
    last = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2, 4))
    assert (last.kind, last.part, last.net_amount) == ("invoice", None, D("266.00"))
    assert {x.reason for x in last.charges} == {"Messerabatt"}
    assert (first.net_amount + last.net_amount) == order.net_amount

    # Cancelled with all its charges: the next one bears the freight again.
    back = finance.write(
        writes.cancel_invoice, CancelInvoice(first.id, first.row_version, reason="Falsch")
    ).value
    assert _read(finance, back.id).gross_amount == -first.gross_amount
    delivery = writes.Shipped(first.lines[0].delivery_id or 0, "", order.id, back.sales_order_row_version)
    again = _invoiced(finance, delivery)
    assert (again.gross_amount, again.kind) == (first.gross_amount, "invoice")


@pytest.mark.parametrize(
    "charge",
    [
        {"kind": "gift", "reason": "x", "amount": "1"},
        {"kind": "charge", "reason": " ", "amount": "1"},
        {"kind": "charge", "reason": "x", "amount": "-1"},
        {"kind": "charge", "reason": "x", "amount": "NaN"},
        {"kind": "charge", "reason": "x", "amount": "1", "pct": "1"},
        {"kind": "allowance", "reason": "x", "pct": "101"},
        {"kind": "charge", "reason": "x", "amount": "1", "more": "y"},
    ],
)
def test_what_is_no_charge_is_refused_by_the_database(
    world: World, raw_role: Any, charge: dict[str, str]
) -> None:
    """Whoever writes past the program is refused all the same."""
    with raw_role("sales_rep") as session, pytest.raises(psycopg.Error) as refusal:
        session.execute(
            "INSERT INTO sales.quote (customer_id, warehouse_id, price_list_id, payment_term_id, quote_date,"
            " valid_until, charges) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                world.dealer,
                world.north,
                world.wholesale,
                world.terms,
                world.today,
                world.today,
                Jsonb([charge]),
            ),
        )
    assert refusal.value.diag.constraint_name == "charges_malformed"


def test_an_allowance_on_the_whole_counts_against_the_discount_limit(world: World, as_role: As) -> None:
    """12 % may be granted: 13 % off the whole document is more, and 8 % with 5 % as well; 8 % with 4 % is not."""
    rep = as_role("sales_rep")
    for on_line, on_all, allowed in ((0, "13", False), (8, "5", False), (8, "4", True)):
        lines = [world.line(world.bike, 1, discount_pct=D(on_line))]
        charge = {**REBATE, "pct": on_all}
        quote = rep.write(writes.save_quote, world.quote(lines, charges=[charge])).value
        command = IssueQuote(quote.id, quote.row_version)
        if allowed:
            rep.write(writes.issue_quote, command)
        else:
            with pytest.raises(NotAllowed) as refusal:
                rep.write(writes.issue_quote, command)
            assert refusal.value.key == "discount_limit"
    huge = world.quote([world.line(world.bell, 1, "7.99")], charges=[{**FREIGHT, "kind": "allowance"}])
    quote = as_role("sales_manager").write(writes.save_quote, huge).value
    with pytest.raises((NotAllowed, Refused)):
        as_role("sales_manager").write(writes.issue_quote, IssueQuote(quote.id, quote.row_version))


# -- why no tax is charged ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treatment", "category", "code"),
    [
        ("eu_business", "K", "VATEX-EU-IC"),
        ("reverse_charge", "AE", "VATEX-EU-AE"),
        ("export", "G", "VATEX-EU-G"),
        ("domestic", "S", None),
        ("small_business", "E", None),
        ("exempt", "E", "VATEX-EU-132"),
    ],
)
def test_each_invoice_says_why(
    world: World, admin: Raw, as_role: As, finance: Database, treatment: str, category: str, code: str | None
) -> None:
    """Category, rate and reason stand on line, charge and tax as they were when the order was confirmed."""
    _stocked(as_role, world)
    customer = world.dealer if treatment in ("domestic", "small_business", "exempt") else world.french
    given = treatment if customer == world.french else "domestic"
    admin.execute("UPDATE partners.partner SET tax_treatment = %s WHERE id = %s", (given, customer))
    if treatment == "exempt":
        admin.execute(
            "UPDATE catalog.tax_class SET category = 'E', rate = 0, exemption_de = '§ 4 Nr. 21 UStG',"
            " exemption_en = 'Section 4', exemption_code = 'VATEX-EU-132' WHERE code = 'low'"
        )
    admin.execute("UPDATE system.company SET is_small_business = %s", (treatment == "small_business",))
    try:
        lines = [world.line(world.book, 2, 20, tax_rate=D(0))] if treatment == "exempt" else []
        lines = lines or [world.line(world.bike, 2)]
        order = _ordered(as_role, world.order(lines, customer_id=customer, charges=[FREIGHT]))
        invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2))
        row = admin.execute(
            "SELECT t.tax_category, t.exemption_code, t.exemption_text, c.tax_category"
            " FROM sales.invoice_tax t JOIN sales.invoice_charge c USING (invoice_id) WHERE invoice_id = %s",
            (invoice.id,),
        ).fetchone()
    finally:
        admin.execute("UPDATE system.company SET is_small_business = false")
        admin.execute(
            "UPDATE partners.partner SET tax_treatment = 'eu_business' WHERE id = %s", (world.french,)
        )
        admin.execute("UPDATE catalog.tax_class SET category = 'S', rate = 7 WHERE code = 'low'")
    assert row is not None
    assert (row[0], row[1], row[3]) == (category, code, category)
    assert bool(row[2]) == (category != "S")
    assert bool(invoice.tax_amount) == (category == "S")
    assert invoice.lines[0].tax_category == category


# -- down payments ------------------------------------------------------------------------------------------------


def test_from_down_payment_to_final_invoice(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """30 % before delivery, deducted rate by rate from what follows; the final one takes the rest."""
    _stocked(as_role, world)
    lines = [world.line(world.bike, 3), world.line(world.book, 4, 20, tax_rate=D(7))]
    order = _ordered(as_role, world.order(lines))
    ask = PostDownPayment(order.id, order.row_version, world.today, pct=D(30))
    with pytest.raises(NotAllowed):
        as_role("sales_manager").write(writes.post_down_payment, replace(ask))
    posted = finance.write(writes.post_down_payment, ask).value
    assert finance.write(writes.post_down_payment, ask).value == posted  # asked twice, posted once
    down = _read(finance, posted.id)
    assert (down.kind, down.part, down.service_date) == ("down_payment", 1, None)
    assert down.taxes == ((D(19), D(90), D("17.10")), (D(7), D(24), D("1.68")))
    assert "Anzahlung 30 % auf Auftrag" in down.lines[0].description
    more = PostDownPayment(order.id, order.row_version, world.today, amount=D("270"))
    with pytest.raises(Refused) as refusal:
        finance.write(writes.post_down_payment, more)
    assert refusal.value.key == "down_payment_exceeds_order"
    with pytest.raises(Refused) as refusal:
        as_role("sales_manager").write(
            writes.cancel_sales_order, CancelSalesOrder(order.id, order.row_version, reason="x")
        )
    assert refusal.value.key == "sales_order_has_down_payment"

    # One bike: the unpaid down payment is not deducted. Then the last delivery waits for it to be paid.
    first = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1, 0))
    assert (first.kind, first.deductions, first.prepaid_amount) == ("partial", (), D(0))
    rest = _delivered(as_role, admin, world, order.id, 2, 4)
    with pytest.raises(Refused) as refusal:
        _invoiced(finance, rest)
    assert refusal.value.key == "down_payment_not_paid"
    down = _paid(finance, down)
    assert down.state == "paid"
    final = _invoiced(finance, rest)
    assert (final.kind, final.net_amount, final.tax_amount) == ("final", D(280), D("43.60"))
    assert [(x.number, x.net_amount, x.tax_amount) for x in final.deductions] == [
        (down.number, D(114), D("18.78"))
    ]
    assert final.open_amount == final.gross_amount - D("132.78")
    with pytest.raises(Refused) as refusal:
        finance.write(writes.cancel_invoice, CancelInvoice(down.id, down.row_version, reason="x"))
    assert refusal.value.key == "invoice_has_payments"

    # Cancelled, the deduction is free again.
    back = finance.write(
        writes.cancel_invoice, CancelInvoice(final.id, final.row_version, reason="Falsch")
    ).value
    assert _read(finance, back.id).prepaid_amount == -final.prepaid_amount
    again = _invoiced(finance, rest._replace(sales_order_row_version=back.sales_order_row_version))
    assert (again.prepaid_amount, again.open_amount) == (final.prepaid_amount, final.open_amount)
    assert _paid(finance, again).state == "paid"
    for invoice, kind in ((down, "down_payment"), (first, "partial_invoice"), (final, "final_invoice")):
        data = finance.read(documents.document_for, "invoice", invoice.id)
        assert (data.kind, missing_contents(data)) == (kind, ())
        assert documents.archive_command(invoice.id, data).kind == invoice.kind
        assert data.totals is not None
        rates = [(x.net, x.tax) for one in data.deductions for x in one.taxes]
        assert (sum(x for x, _ in rates), sum(x for _, x in rates)) == (
            sum(x.net_amount for x in invoice.deductions),
            sum(x.tax_amount for x in invoice.deductions),
        )


def test_everything_paid_beforehand_leaves_nothing(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """Three thirds of an odd amount by money, deducted as the goods go: the final invoice is paid from the start."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bell, 3, "7.99")]))
    for amount in ("7.99", "7.99", "7.99"):
        ask = PostDownPayment(order.id, order.row_version, world.today, amount=D(amount))
        _paid(finance, _read(finance, finance.write(writes.post_down_payment, ask).value.id))
    first = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1))
    assert (first.kind, first.state, first.open_amount) == ("partial", "paid", D(0))
    last = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2))
    assert (last.kind, last.state, last.open_amount) == ("final", "paid", D(0))
    assert last.gross_amount - last.prepaid_amount <= 0


# -- corrections --------------------------------------------------------------------------------------------------


def test_a_correction_takes_pieces_and_money_back(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """First set off against what is open, then paid back; never more than there is."""
    _stocked(as_role, world)
    lines = [world.line(world.bike, 4), world.line(world.book, 5, 20, tax_rate=D(7))]
    order = _ordered(as_role, world.order(lines, charges=[REBATE]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 4, 5))
    bikes, books = invoice.lines

    def correct(*what: Reduction, reason: str = "Mangel") -> writes.Corrected:
        command = CorrectInvoice(
            invoice.id, _read(finance, invoice.id).row_version, lines=what, reason=reason
        )
        return finance.write(writes.correct_invoice, command).value

    for wrong, key in (
        ((), "correction_without_lines"),
        ((Reduction(bikes.id, qty=D(5)),), "correction_exceeds_line"),
        ((Reduction(bikes.id, amount=D("400.01")),), "correction_exceeds_line"),
        ((Reduction(bikes.id, amount=D("-1")),), "correction_line_malformed"),
        ((Reduction(0, qty=D(1)),), "correction_line_unknown"),
        ((Reduction(bikes.id, qty=D(1)), Reduction(bikes.id, amount=D(1))), "correction_line_malformed"),
    ):
        with pytest.raises(Refused) as refusal:
            correct(*wrong)
        assert refusal.value.key == key
    with pytest.raises(Refused) as refusal:
        correct(Reduction(bikes.id, qty=D(1)), reason=" ")
    assert refusal.value.key == "reason_required"
    with pytest.raises(NotAllowed):
        as_role("sales_manager").write(
            writes.correct_invoice,
            CorrectInvoice(invoice.id, invoice.row_version, (Reduction(bikes.id, qty=D(1)),), "x"),
        )

    # A bike less (with its 5 %), and 10 off the books: 95 + 19 %, 10 + 7 %.
    one = correct(Reduction(bikes.id, qty=D(1)), Reduction(books.id, amount=D(10)))
    found = _read(finance, one.id)
    assert (found.kind, found.state, found.gross_amount) == ("correction", "settled", D("-123.75"))
    assert (one.set_off, one.open_amount) == (D("123.75"), D(0))
    before, invoice = invoice, _read(finance, invoice.id)
    assert invoice.open_amount == before.open_amount - D("123.75")
    with pytest.raises(Refused) as refusal:
        finance.write(writes.cancel_invoice, CancelInvoice(invoice.id, invoice.row_version, reason="x"))
    assert refusal.value.key == "invoice_has_corrections"
    assert _paid(finance, invoice).state == "paid"

    # Paid already: what comes off now is paid back, in two parts and not a cent more.
    two = correct(Reduction(bikes.id, qty=D(3)))
    owed = _read(finance, two.id)
    assert (owed.state, owed.open_amount) == ("open", D("-339.15"))
    owed = _paid(finance, owed, D("300"))
    with pytest.raises(Refused) as refusal:
        _paid(finance, owed, D("39.16"))
    assert refusal.value.key == "payment_exceeds_open"
    owed = _paid(finance, owed)
    assert (owed.state, owed.open_amount) == ("settled", D(0))
    with pytest.raises(Refused):
        correct(Reduction(bikes.id, amount=D("0.01")))
    with pytest.raises(Refused) as refusal:
        finance.write(
            writes.correct_invoice,
            CorrectInvoice(owed.id, owed.row_version, (Reduction(owed.lines[0].id, qty=D(1)),), "x"),
        )
    assert refusal.value.key == "invoice_not_correctable"


def test_a_down_payment_half_paid_is_corrected_and_deducted(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """What never comes is taken off the down payment; the final invoice deducts what came."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 2)]))
    ask = PostDownPayment(order.id, order.row_version, world.today, amount=D(100))
    down = _read(finance, finance.write(writes.post_down_payment, ask).value.id)
    down = _paid(finance, down, D("59.50"))
    assert down.state == "open"
    finance.write(
        writes.correct_invoice,
        CorrectInvoice(down.id, down.row_version, (Reduction(down.lines[0].id, amount=D(50)),), "Vereinbart"),
    )
    assert _read(finance, down.id).state == "paid"
    final = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2))
    assert (final.kind, final.prepaid_amount) == ("final", D("59.50"))


def test_what_is_posted_stays(
    world: World, admin: Raw, as_role: As, finance: Database, raw_role: Any
) -> None:
    """Charges and deductions of a posted invoice are as final as its lines."""
    _stocked(as_role, world)
    lines = [world.line(world.bell, 1, "7.99")]
    order = _ordered(as_role, world.order(lines, charges=[FREIGHT]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1))
    for statement in (
        "UPDATE sales.invoice_charge SET amount = 0 WHERE invoice_id = %s",
        (
            "INSERT INTO sales.invoice_deduction (invoice_id, down_payment_id, tax_category, tax_rate, net_amount,"
            " tax_amount) SELECT id, id, 'S', 19, 1, 0.19 FROM sales.invoice WHERE id = %s"
        ),
    ):
        with pytest.raises(psycopg.Error) as refusal:
            admin.execute(statement, (invoice.id,))
        assert refusal.value.diag.constraint_name == "posted_is_final"
        with raw_role("finance") as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement, (invoice.id,))
