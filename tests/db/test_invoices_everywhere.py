"""One invoice, four places: the database, the form's arithmetic, the paper and the e-invoice agree to the cent."""

import random
from decimal import Decimal
from typing import Any

import pytest

from app.core.db import Database
from app.services.einvoice import outgoing
from app.services.einvoice.model import Profile
from app.services.einvoice.read import read
from app.services.einvoice.write import to_xml
from app.services.sales import documents, rules
from tests.db.test_currencies import dollars
from tests.db.test_invoicing import As, _adds_up, _delivered, _invoiced, _ordered, _stocked, finance, world
from tests.sales_world import D, Raw, World

__all__ = ["_adds_up", "dollars", "finance", "world"]


def _lines(dice: random.Random, world: World) -> list[dict[str, Any]]:
    made = []
    for product, low, tax in dice.sample([(world.bike, 80, 19), (world.bell, 7, 19), (world.book, 17, 7)], 2):
        price = D(low) + D(dice.randint(0, 99999)) / 10000
        discount = D(dice.randint(0, 1500)) / 100 if dice.random() < 0.6 else D(0)
        charges = [
            {
                "kind": dice.choice(["charge", "allowance"]),
                "reason": "Grund",
                "amount": str(D(dice.randint(1, 300)) / 100),
            }
            for _ in range(dice.randint(0, 2))
        ]
        values = {"discount_pct": discount, "tax_rate": D(tax), "charges": charges}
        made.append(world.line(product, dice.randint(2, 9), price, **values))
    return made


def _charges(dice: random.Random) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for _ in range(dice.randint(0, 3)):
        kind = dice.choice(["charge", "charge", "allowance"])
        value = {"pct": str(D(dice.randint(1, 400)) / 100)} if dice.random() < 0.5 else {
            "amount": str(D(dice.randint(1, 900)) / 100)
        }  # fmt: skip
        made.append({"kind": kind, "reason": "Grund", **value})
    return made


@pytest.mark.parametrize("seed", range(5))
def test_every_sum_is_the_same_everywhere(
    seed: int, world: World, admin: Raw, as_role: As, finance: Database, dollars: int
) -> None:
    """Odd prices, discounts, charges on lines and on the whole, two rates, two deliveries, euros and dollars."""
    dice = random.Random(seed)  # noqa: S311
    _stocked(as_role, world)
    admin.execute(
        "UPDATE partners.partner SET price_list_id = %s WHERE id = %s",
        (dollars if seed % 2 else world.wholesale, world.dealer),
    )
    lines, charges = _lines(dice, world), _charges(dice)
    admin.execute(
        "UPDATE catalog.price SET amount = 1 WHERE price_list_id IN (%s, %s)", (dollars, world.wholesale)
    )
    try:
        order = _ordered(
            as_role,
            world.order(lines, charges=charges, price_list_id=dollars if seed % 2 else world.wholesale),
        )
        shipped = [dice.randint(1, int(line["qty"]) - 1) for line in lines]
        parts = [shipped, [int(line["qty"]) - n for line, n in zip(lines, shipped, strict=True)]]
        for part in parts:
            _same(finance, _delivered(as_role, admin, world, order.id, *part))
    finally:
        for sku, amount in (("BIKE-1", 100), ("BELL-1", D("7.99")), ("BOOK-1", 20), ("SERVICE", 50)):
            admin.execute(
                "UPDATE catalog.price SET amount = %s FROM catalog.product p WHERE p.id = product_id AND p.sku = %s"
                " AND price_list_id IN (%s, %s) AND min_qty = 1",
                (amount, sku, dollars, world.wholesale),
            )


def _same(finance: Database, delivery: Any) -> None:
    invoice = _invoiced(finance, delivery)
    # The form's arithmetic, from the lines as they are; charges as they stand on this invoice.
    groups = rules.groups_of((line.net_amount, line.tax_rate, line.tax_category) for line in invoice.lines)
    for line in invoice.lines:
        assert line.net_amount == rules.net_amount(line.qty, line.unit_price, line.discount_pct, line.charges)
    for charge in invoice.charges:
        sign = 1 if charge.kind == "charge" else -1
        group = next(key for key in groups if key[1] == charge.tax_rate.normalize())
        groups[group] += sign * charge.amount
    net = sum(groups.values(), Decimal(0))
    tax = sum((rules.cents(value * rate / 100) for (_, rate), value in groups.items()), Decimal(0))
    assert (invoice.net_amount, invoice.tax_amount, invoice.gross_amount) == (net, tax, net + tax)
    # The paper, whose lines explain themselves.
    paper = finance.read(documents.document_for, "invoice", invoice.id)
    totals = paper.totals
    assert totals is not None
    for line, said in zip(invoice.lines, paper.lines, strict=True):
        whole = rules.net_amount(line.qty, line.unit_price, line.discount_pct)
        assert said.net == whole + sum(x.amount if x.charge else -x.amount for x in said.adjustments)
    assert (totals.net, sum(t.tax for t in totals.taxes), totals.gross) == (net, tax, net + tax)
    # The e-invoice, written and read again by its own reader.
    found = outgoing.invoice_of(finance.read(outgoing.load, invoice.id))
    for profile in (Profile.ZUGFERD_EN16931, Profile.XRECHNUNG_UBL):
        again = read(to_xml(found, profile), "rechnung.xml").invoice
        assert again is not None
        assert (again.totals.net, again.totals.tax, again.totals.gross) == (net, tax, net + tax)
        assert sum(line.net for line in again.lines) == sum(line.net_amount for line in invoice.lines)
        for told, line in zip(again.lines, invoice.lines, strict=True):
            off, on = (sum(x.amount for x in side) for side in (told.allowances, told.charges))
            assert rules.cents(told.quantity * told.price.net) - off + on == told.net == line.net_amount
        assert again.currency == invoice.currency
        if invoice.exchange_rate != 1:
            assert again.totals.tax_in_tax_currency == invoice.own_tax_amount
