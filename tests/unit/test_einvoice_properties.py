"""Any invoice with agreeing sums is valid and reads back; any cent that is off is found."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.services.einvoice import checks
from app.services.einvoice.model import Adjustment, Discount, Invoice, Line, Note, Preceding, Price, Profile
from app.services.einvoice.validate import check, safe_parser
from app.services.einvoice.write import build, for_profile, reader_for, to_xml
from tests.unit.einvoice_sample import D, cents, invoice, line

WORDS = st.text(
    st.characters(
        min_codepoint=32, max_codepoint=0x2FFFF, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cn")
    ),
    min_size=1,
    max_size=30,
)
AMOUNTS = st.decimals(D("0.00"), D("99999.99"), places=2)
PRICES = st.decimals(D("0.0001"), D("9999.9999"), places=4)
RATES = st.sampled_from([("S", D(19)), ("S", D(7)), ("Z", D(0))])


@st.composite
def adjustments(draw: st.DrawFn, taxed: bool) -> Adjustment:
    base = draw(AMOUNTS)
    percent = draw(st.none() | st.decimals(D("0.01"), D("30.00"), places=2))
    amount = draw(AMOUNTS) if percent is None else cents(base * percent / 100)
    category, rate = draw(RATES) if taxed else ("", None)
    given_base = None if percent is None else base
    return Adjustment(amount, given_base, percent, draw(WORDS), "", category, rate)


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    category, rate = draw(RATES)
    price = draw(PRICES)
    off = draw(st.none() | st.decimals(D("0.01"), D("99.99"), places=2))
    per = draw(st.sampled_from([None, D(1), D(100)]))
    made = line(
        number,
        draw(st.decimals(D("-999.999"), D("999.999"), places=3).filter(bool)),
        Price(price, off, price + off if off else None, per, "H87" if per else ""),
        category,
        rate,
        note=draw(st.just("") | WORDS),
        allowances=tuple(draw(st.lists(adjustments(taxed=False), max_size=1))),
    )
    return replace(made, item=replace(made.item, name=draw(WORDS)))


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    count = draw(st.integers(1, 5))
    made = tuple(draw(lines(number)) for number in range(1, count + 1))
    changes = {
        "allowances": tuple(draw(st.lists(adjustments(taxed=True), max_size=2))),
        "charges": tuple(draw(st.lists(adjustments(taxed=True), max_size=2))),
        "discounts": tuple(
            draw(
                st.lists(
                    st.builds(Discount, st.integers(0, 90), st.decimals(D("0.01"), D("9.99"), places=2)),
                    max_size=2,
                )
            )
        ),
        "notes": tuple(
            draw(st.lists(st.builds(Note, WORDS.filter(lambda text: text[0] != "#")), max_size=2))
        ),
        "prepaid": draw(st.none() | AMOUNTS),
        "rounding": draw(st.sampled_from([None, D("0.02"), D("-0.01")])),
        "preceding": (Preceding("RE-1", dt.date(2026, 1, 2)),),
        "type": draw(st.sampled_from(["380", "381", "384"])),
    }
    return invoice(made, **changes)


def read_back(xml: bytes) -> Invoice:
    from lxml import etree

    reader = reader_for(etree.fromstring(xml, safe_parser()))
    assert reader is not None
    assert reader.misread == []
    assert reader.unread() == ()
    missing: list[str] = []
    built = build(Invoice, reader.fields, "", missing)
    assert missing == []
    assert isinstance(built, Invoice)
    return built


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(invoices(), st.sampled_from(Profile))
def test_what_is_written_reads_the_same(made: Invoice, profile: Profile) -> None:
    assert read_back(to_xml(made, profile)) == for_profile(made, profile)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(invoices(), st.sampled_from(Profile))
def test_agreeing_sums_are_valid(made: Invoice, profile: Profile) -> None:
    assert [(one.field, one.words("en")) for one in check(made, profile).findings if one.is_error] == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    invoices(),
    st.sampled_from(["lines", "net", "tax", "gross", "payable"]),
    st.sampled_from([D("0.01"), D("-0.01"), D("100.00")]),
)
def test_a_cent_too_much_is_found(made: Invoice, field: str, off: Decimal) -> None:
    wrong = getattr(made.totals, field) + off
    found = checks.check(replace(made, totals=replace(made.totals, **{field: wrong})))
    assert f"totals.{field}" in {finding.field for finding in found if finding.is_error}
