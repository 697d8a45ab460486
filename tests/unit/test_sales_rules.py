"""Sales arithmetic and proposals, without a database."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.services.sales import rules
from app.services.sales.rules import Need, Stock

CENT = Decimal("0.01")
AMOUNTS = st.decimals(0, 10_000, places=4)


def _exact(value: Fraction) -> Decimal:
    """Rounded half up from the exact fraction: the independent model."""
    whole = (value * 100 * 2 + 1) // 2 if value >= 0 else -((-value * 100 * 2 + 1) // 2)
    return Decimal(whole) / 100


@given(
    st.lists(
        st.tuples(
            st.decimals(Decimal("0.000001"), 10_000, places=6),
            AMOUNTS,
            st.decimals(0, 100, places=4),
            st.sampled_from([Decimal(0), Decimal(7), Decimal(19)]),
        ),
        max_size=8,
    )
)
def test_totals_are_those_of_exact_fractions(lines: list[tuple[Decimal, Decimal, Decimal, Decimal]]) -> None:
    """Lines to the cent, tax once per rate."""
    nets = [(rules.net_amount(q, p, d), rate) for q, p, d, rate in lines]
    for (net, _rate), (q, p, d, _) in zip(nets, lines, strict=True):
        assert net == _exact(Fraction(q) * Fraction(p) * (100 - Fraction(d)) / 100)
    sums = rules.sums(nets)
    tax = sum(
        (
            _exact(Fraction(sum(n for n, r in nets if r == rate)) * Fraction(rate) / 100)
            for rate in {r for _n, r in nets}
        ),
        Decimal(0),
    )
    assert (sums.net, sums.tax, sums.gross) == (sum((n for n, _ in nets), Decimal(0)), tax, sums.net + tax)


@given(AMOUNTS, st.decimals(0, 100, places=4), st.decimals(Decimal("0.01"), 10_000, places=4))
def test_effective_discount_is_what_the_customer_pays_less(
    unit: Decimal, pct: Decimal, listed: Decimal
) -> None:
    """Never negative, and the same wherever the discount stands."""
    found = rules.effective_discount(unit, pct, listed)
    exact = 100 - unit * (100 - pct) / listed
    assert found == max(exact.quantize(Decimal("0.0001"), ROUND_HALF_UP), Decimal(0))


def test_skonto_ends_with_its_day_and_never_exceeds_what_is_open() -> None:
    """2 % of 238.00 is 4.76; after a part payment it must still fit."""
    last = date(2026, 11, 29)
    due = rules.cash_discount(Decimal(238), Decimal(238), Decimal(2), last, last)
    assert due[:3] == (True, Decimal("4.76"), Decimal("233.24"))
    assert not rules.cash_discount(Decimal(238), Decimal(238), Decimal(2), last, date(2026, 11, 30)).due
    second = (Decimal(1), date(2026, 12, 5))
    later = rules.cash_discount(Decimal(238), Decimal(238), Decimal(2), last, date(2026, 12, 5), second)
    assert later == (True, Decimal("2.38"), Decimal("235.62"), *second)
    assert not rules.cash_discount(Decimal(238), Decimal(3), Decimal(2), last, last).due
    assert not rules.cash_discount(Decimal(238), Decimal(238), Decimal(0), None, last).due


def test_picking_takes_in_order_and_never_more_than_there_is() -> None:
    """Two lines of one product share its places."""
    stock = [Stock(1, 10, 100, Decimal(3)), Stock(1, 11, None, Decimal(4)), Stock(2, 10, None, Decimal(1))]
    taken = rules.allocate([Need(1, 1, Decimal(5)), Need(2, 1, Decimal(5)), Need(3, 2, Decimal(1))], stock)
    assert taken == [
        (1, 10, 100, Decimal(3)),
        (1, 11, None, Decimal(2)),
        (2, 11, None, Decimal(2)),
        (3, 10, None, Decimal(1)),
    ]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"qty": Decimal(0)}, "qty"),
        ({"qty": Decimal(-1)}, "qty"),
        ({"qty": Decimal("NaN")}, "qty"),
        ({"qty": Decimal("1.123456789")}, "qty"),
        ({"qty": None}, "qty"),
        ({"unit_price": Decimal("-0.01")}, "unit_price"),
        ({"unit_price": Decimal("0.00001")}, "unit_price"),
        ({"discount_pct": Decimal(101)}, "discount_pct"),
        ({"description": " "}, "description"),
        ({"description": "x" * 401}, "description"),
        ({"product_id": None}, "product_id"),
    ],
)
def test_a_bad_line_names_its_column_and_place(change: dict[str, Any], column: str) -> None:
    """The form can mark the cell."""
    line = {
        "product_id": 1,
        "description": "Löwe 🦁",
        "qty": Decimal(1),
        "unit_price": Decimal(1),
        "tax_rate": Decimal(19),
    }
    assert rules.check_line(1, line)["description"] == "Löwe 🦁"
    with pytest.raises(Invalid) as refusal:
        rules.check_line(3, line | change)
    assert (refusal.value.params["column"], refusal.value.params["position"]) == (column, 3)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("RE-2026-00012", ("RE-2026-00012",)),
        ("re 12", ("RE-2026-00012", "RE-2025-00012")),
        ("au2025-7", ("AU-2025-00007",)),
        ("Radhaus", ()),
        ("", ()),
        ("12-34-56", ()),
    ],
)
def test_short_forms_of_numbers(typed: str, found: tuple[str, ...]) -> None:
    """What people say on the phone."""
    assert rules.number_candidates(typed, 2026) == found
