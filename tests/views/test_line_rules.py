"""What the lines of a quote say about their discount, without a window."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.services.sales import rules
from app.views.sales import line_rules

D = Decimal
MONEY = st.decimals(D("0.01"), 500, places=2)


@given(
    st.decimals(1, 50, places=2),
    MONEY,
    st.decimals(0, 100, places=2),
    MONEY,
    MONEY,
    MONEY,
    st.integers(0, 60),
)
def test_lowering_brings_a_line_within_the_limit_whatever_takes_it_above(
    qty: Decimal, price: Decimal, pct: Decimal, listed: Decimal, off: Decimal, on: Decimal, limit: int
) -> None:
    """A low price, a discount, an allowance or all of them; what is charged beside it stays."""
    charges = [
        {"kind": "allowance", "reason": "Nachlass", "amount": str(off)},
        {"kind": "charge", "reason": "Einrichtung", "amount": str(on)},
    ]
    line = {"qty": qty, "unit_price": price, "discount_pct": pct, "list_price": listed, "charges": charges}
    above = line_rules.effective(line) > limit
    cells = line_rules.lowered(line, D(limit))
    assert bool(cells) == above
    lowered = line | cells
    assert line_rules.effective(lowered) <= limit
    assert rules.charge_net(lowered["charges"], ("charge",)) == on  # type: ignore[arg-type]


def test_charges_are_said_with_their_signs() -> None:
    """And a cancellation gives back what was charged."""
    charges = [
        {"kind": "charge", "reason": "Einrichtung", "amount": "45"},
        {"kind": "allowance", "reason": "Bruch", "amount": "12.5"},
    ]
    assert line_rules.charge_words(charges, "EUR") == "Einrichtung +45,00\u00a0€ · Bruch −12,50\u00a0€"
    back = [charge | {"amount": "-" + charge["amount"]} for charge in charges]
    assert line_rules.charge_words(back, "EUR") == "Einrichtung −45,00\u00a0€ · Bruch +12,50\u00a0€"
