"""Allowances and charges of a line as amounts: shared out over partial invoices, taken back, limited as discounts."""

import random
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.core.db import Database
from app.core.errors import Invalid, NotAllowed, Refused
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.sales import documents, rules, writes
from app.services.sales.commands import (
    CancelInvoice,
    ConfirmSalesOrder,
    ConvertQuote,
    CorrectInvoice,
    IssueQuote,
    PostInvoice,
    Reduction,
    RequestApproval,
)
from app.services.sales.forms import load_quote, load_sales_order
from app.services.sales.reads import InvoiceDetail, get_invoice, invoiceable_deliveries
from tests.db.test_invoicing import As, _adds_up, _delivered, _invoiced, _ordered, _stocked, finance, world
from tests.sales_world import D, Raw, World

__all__ = ["_adds_up", "finance", "world"]
SETUP = {"kind": "charge", "reason": "Einrichtung", "code": "ABK", "amount": "10.00"}
DAMAGED = {"kind": "allowance", "reason": "Verpackung beschädigt", "code": "100", "amount": "12.50"}


def _shares(invoice: InvoiceDetail) -> list[list[Any]]:
    return [[D(str(x["amount"])) for x in line.charges] for line in invoice.lines]


def test_from_quote_to_invoice_every_amount_arrives(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """Beside the discount; the quote's lines become the order's, and three partial invoices bear them to the cent."""
    _stocked(as_role, world)
    rep = as_role("sales_rep")
    lines = [
        world.line(world.bike, 3, discount_pct=D(2), charges=[SETUP, DAMAGED]),
        world.line(world.book, 1, 20, tax_rate=D(7)),
    ]
    saved = rep.write(writes.save_quote, world.quote(lines)).value
    quote = rep.read(load_quote, saved.id)
    assert [x.net_amount for x in quote.lines] == [D("291.50"), D(20)]  # 294 and 10 less 12.50
    assert quote.lines[0].charges == [SETUP | {"amount": "10"}, DAMAGED | {"amount": "12.5"}]
    issued = rep.write(writes.issue_quote, IssueQuote(saved.id, saved.row_version)).value
    made = rep.write(writes.convert_quote, ConvertQuote(issued.id, issued.row_version)).value
    order = rep.read(load_sales_order, made.id)
    assert (order.lines[0].charges, order.net_amount) == (quote.lines[0].charges, D("311.50"))
    command = ConfirmSalesOrder(order.id, order.row_version)
    assert rep.write(writes.confirm_sales_order, command).value.net_amount == D("311.50")

    exposed = _exposure(admin, world)
    first = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1, 0))
    assert (_shares(first), first.net_amount) == ([[D("3.33"), D("4.17")]], D("97.16"))
    assert _exposure(admin, world) == exposed  # what was to come is owed now
    second = _invoiced(finance, _delivered(as_role, admin, world, order.id, 1, 1))
    assert _shares(second) == [[D("3.34"), D("4.16")], []]
    delivery = _delivered(as_role, admin, world, order.id, 1, 0)
    [waiting] = invoiceable_deliveries_of(finance, order.id)
    third = _invoiced(finance, delivery)
    assert (_shares(third), third.net_amount) == ([[D("3.33"), D("4.17")]], waiting)
    assert sum(x.net_amount for x in (first, second, third)) == D("311.50")

    # Whichever is cancelled and invoiced again: together they bear what was agreed.
    back = finance.write(
        writes.cancel_invoice, CancelInvoice(second.id, second.row_version, reason="Falsch")
    ).value
    counter = finance.read(get_invoice, back.id)
    assert (_shares(counter), counter.net_amount) == ([[D("-3.34"), D("-4.16")], []], -second.net_amount)
    again = _invoiced(
        finance,
        writes.Shipped(second.lines[0].delivery_id or 0, "", order.id, back.sales_order_row_version),
    )
    assert (_shares(again), again.net_amount) == (_shares(second), second.net_amount)


def _exposure(admin: Raw, world: World) -> Any:
    row = admin.execute("SELECT round(sales.credit_exposure(%s), 1)", (world.dealer,)).fetchone()
    assert row is not None
    return row[0]


def invoiceable_deliveries_of(db: Database, order: int) -> list[Any]:
    return [row.net_amount for row in db.read(invoiceable_deliveries, order)]


def test_several_deliveries_on_one_invoice_share_it(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """One invoice for two of three deliveries, and one for the rest."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 7, charges=[SETUP])]))
    parts = [_delivered(as_role, admin, world, order.id, n) for n in (2, 1, 4)]
    post = PostInvoice(order.id, parts[-1].sales_order_row_version, (parts[0].id, parts[1].id))
    answer = finance.write(writes.post_invoice, post).value
    one = finance.read(get_invoice, answer.id)
    assert _shares(one) == [[D("2.86")], [D("1.43")]]
    version = finance.read(load_sales_order, order.id).row_version
    rest = PostInvoice(order.id, version, (parts[2].id,))
    two = finance.read(get_invoice, finance.write(writes.post_invoice, rest).value.id)
    assert (_shares(two), one.net_amount + two.net_amount) == ([[D("5.71")]], D("710.00"))


def test_pieces_taken_back_take_their_share(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """By and by exactly what the line cost, allowance and charge included, and not a cent more."""
    _stocked(as_role, world)
    charges = [SETUP, DAMAGED | {"amount": "100.00"}]
    order = _ordered(as_role, world.order([world.line(world.bike, 3, 120, charges=charges)]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 3))
    assert invoice.net_amount == D("270.00")
    [line] = invoice.lines
    back = []
    for qty, shares in ((1, ["-3.33", "-33.33"]), (2, ["-6.67", "-66.67"])):
        now = finance.read(get_invoice, invoice.id)
        preview = rules.correction_net(now.lines[0], D(qty))
        command = CorrectInvoice(invoice.id, now.row_version, (Reduction(line.id, qty=D(qty)),), "Mangel")
        found = finance.read(get_invoice, finance.write(writes.correct_invoice, command).value.id)
        assert _shares(found) == [[D(share) for share in shares]]
        back.append(found.net_amount)
        assert back[-1] == -preview
    assert back == [D("-90.00"), D("-180.00")]
    with pytest.raises(Refused, match="correction_exceeds_line"):
        finance.write(
            writes.correct_invoice,
            CorrectInvoice(
                invoice.id,
                finance.read(get_invoice, invoice.id).row_version,
                (Reduction(line.id, amount=D("0.01")),),
                "x",
            ),
        )


def test_an_amount_taken_back_is_no_piece(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """Also when it happens to be what a piece costs: the pieces that come back later bear their own share, not two."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 3, 120, charges=[SETUP])]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 3))
    [line] = invoice.lines
    for less, shares in (
        (Reduction(line.id, amount=D(120)), []),
        (Reduction(line.id, qty=D(1)), [D("-3.33")]),
    ):
        now = finance.read(get_invoice, invoice.id)
        assert now.lines[0].qty_back == 0
        command = CorrectInvoice(invoice.id, now.row_version, (less,), "Mangel")
        found = finance.read(get_invoice, finance.write(writes.correct_invoice, command).value.id)
        assert _shares(found) == [shares]
    assert finance.read(get_invoice, invoice.id).lines[0].qty_back == 1


def test_an_allowance_on_a_line_is_a_discount(world: World, as_role: As) -> None:
    """12 % may be granted: with 8 % more than 4.00 on a piece of 100 is too much, whatever is charged beside it."""
    rep = as_role("sales_rep")
    for amount, charged, allowed in (("8", "50", True), ("8.01", "50", False)):
        charges = [DAMAGED | {"amount": amount}, SETUP | {"amount": charged}]
        lines = [world.line(world.bike, 2, discount_pct=D(8), charges=charges)]
        quote = rep.write(writes.save_quote, world.quote(lines)).value
        command = IssueQuote(quote.id, quote.row_version)
        effective = rules.effective_discount(D(100), D(8), D(100), D(amount) / 2)
        assert (effective <= 12) == allowed
        if allowed:
            rep.write(writes.issue_quote, command)
            continue
        with pytest.raises(NotAllowed) as refusal:
            rep.write(writes.issue_quote, command)
        assert (refusal.value.key, D(refusal.value.params["pct"])) == ("discount_limit", effective)
        # Somebody else may allow it, and then no more than that.
        asked = rep.write(writes.request_approval, RequestApproval("quote", quote.id, "Messe")).value
        as_role("sales_manager").write(decide, Decide(asked.id, True))
        assert rep.write(writes.issue_quote, command).value.number
    # A rebate on the whole is measured by the goods, not by what is charged on top of a line.
    lines = [world.line(world.bike, 1, charges=[SETUP | {"amount": "100"}])]
    for amount, allowed in (("12", True), ("12.01", False)):
        rebate = [{"kind": "allowance", "reason": "Nachlass", "amount": amount}]
        quote = rep.write(writes.save_quote, world.quote(lines, charges=rebate)).value
        if allowed:
            rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version))
        else:
            with pytest.raises(NotAllowed, match="discount_limit"):
                rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version))


@pytest.mark.parametrize(
    ("charge", "key"),
    [
        ({"kind": "charge", "reason": "x", "pct": "5"}, "line_charges_malformed"),
        ({"kind": "charge", "reason": " ", "amount": "1"}, "charges_malformed"),
        ({"kind": "charge", "reason": "x", "amount": "NaN"}, "charges_malformed"),
        ({"kind": "charge", "reason": {"de": "x"}, "amount": "1"}, "charges_malformed"),
        ({"kind": "charge", "reason": "x", "code": 95, "amount": "1"}, "charges_malformed"),
        ({"kind": "allowance", "reason": "x", "amount": "100.01"}, "line_allowance_exceeds"),
    ],
)
def test_what_is_no_charge_of_a_line_is_refused_by_the_database(
    world: World, as_role: As, raw_role: Any, charge: dict[str, Any], key: str
) -> None:
    """Whoever writes past the program is refused all the same, and nobody writes what they come to."""
    quote = as_role("sales_rep").write(writes.save_quote, world.quote([world.line(world.bike)])).value
    with raw_role("sales_rep", ticket=True) as session, pytest.raises(psycopg.Error) as refusal:
        session.execute(
            "UPDATE sales.quote_line SET charges = %s WHERE quote_id = %s", (Jsonb([charge]), quote.id)
        )
    assert refusal.value.diag.constraint_name == key
    with raw_role("sales_rep", ticket=True) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("UPDATE sales.quote_line SET charge_amount = -50 WHERE quote_id = %s", (quote.id,))


def test_the_program_says_which_line_is_wrong(world: World, as_role: As) -> None:
    for wrong in (
        {"kind": "charge", "reason": "x", "pct": "5"},
        {"kind": "charge", "reason": "", "amount": "1"},
    ):
        lines = [world.line(world.bell), world.line(world.bike, charges=[wrong])]
        with pytest.raises(Invalid) as refusal:
            as_role("sales_rep").write(writes.save_quote, world.quote(lines))
        assert (refusal.value.key, refusal.value.params["position"]) == ("line_charges_malformed", 2)


def test_the_paper_says_them_below_the_line(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """On the invoice as they stand on it; a cancellation gives them back the other way round."""
    _stocked(as_role, world)
    order = _ordered(as_role, world.order([world.line(world.bike, 2, charges=[SETUP, DAMAGED])]))
    invoice = _invoiced(finance, _delivered(as_role, admin, world, order.id, 2))
    said = {False: [("Einrichtung", D(10), True), ("Verpackung beschädigt", D("12.50"), False)]}
    said[True] = [(reason, amount, not charge) for reason, amount, charge in said[False]]
    back = finance.write(
        writes.cancel_invoice, CancelInvoice(invoice.id, invoice.row_version, reason="Falsch")
    ).value
    for kind, document in (("sales_order", order.id), ("invoice", invoice.id), ("invoice", back.id)):
        [line] = finance.read(documents.document_for, kind, document).lines
        words = [(x.reason, x.amount, x.charge) for x in line.adjustments]
        assert words == said[document == back.id]
        assert line.net in (D("197.50"), D("-197.50"))


def test_whatever_the_parts_an_amount_is_split_to_the_cent(admin: Raw, world: World) -> None:
    """Odd amounts over odd parts, some of them taken back and given again in another order: the sum is the amount."""
    dice = random.Random(7)  # noqa: S311
    for _ in range(60):
        parts = [D(dice.randint(1, 99999)) / dice.choice([1, 100, 1000]) for _ in range(dice.randint(1, 5))]
        whole = sum(parts)
        amount = D(dice.randint(1, 99999)) / 100
        charges = [{"kind": "charge", "reason": "x", "amount": str(amount)}]
        given: list[tuple[Any, list[Any]]] = []

        def give(qty: Any, charges: Any = charges, given: Any = given, whole: Any = whole) -> None:
            before, had = sum(q for q, _ in given), [share for _, shares in given for share in shares]
            row = admin.execute(
                "SELECT sales.charges_part(%s, %s, %s, %s, %s)",
                (Jsonb(charges), whole, before, qty, Jsonb(had)),
            ).fetchone()
            assert row is not None
            given.append((qty, row[0]))

        give(parts[0])
        first = [D(str(x["amount"])) for x in given[0][1]]
        assert first == [x["amount"] for x in rules.charges_part(charges, D(whole), parts[0]) if x["amount"]]
        for qty in parts[1:]:
            give(qty)
        taken = given.pop(dice.randrange(len(given)))
        give(taken[0])
        assert sum(D(str(x["amount"])) for _, shares in given for x in shares) == amount
