"""Numbers, money and dates: shown and read as each language does, and never misread between them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import format as fmt
from app.core import i18n
from app.views.core import values

D = Decimal


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fmt.money(D("-1234.5"), lang="de"), "−1.234,50\u00a0€"),
        (fmt.money(D("1234.5"), lang="en"), "€1,234.50"),
        (fmt.money(D("17.8"), None, "de"), "17,80"),
        (fmt.money(D("1528.56789"), lang="en", places=4), "€1,528.5679"),
        (fmt.money(D("0.0045"), "USD", "de", places=4), "0,0045\u00a0$"),
        (values.show("money", D("1528.56"), unit="€"), "1.528,56\u00a0€"),
        (values.show("money", D("1528.56"), unit="CHF", editing=True), "1.528,56"),
        (fmt.number(D("1204.500"), "de"), "1.204,5"),
        (fmt.number(1204, "en"), "1,204"),
        (fmt.number(D("0.031"), "en"), "0.031"),
        (fmt.quantity(D("7.100000"), "kg", "de"), "7,1 kg"),
        (fmt.quantity(D("1.000"), "pcs", "en"), "1 pc"),
        (fmt.quantity(D(-1), "pieces", "en"), "−1 piece"),
        (fmt.quantity(24, "piece", "en"), "24 pieces"),
        (fmt.quantity(D("1.5"), "pcs", "en"), "1.5 pcs"),
        (fmt.quantity(0, "set", "en"), "0 sets"),
        (fmt.quantity(2, "Satz", "de"), "2 Sätze"),
        (fmt.quantity(1, "Stück", "de"), "1 Stück"),
        (fmt.percent(D(18), "de"), "18\u00a0%"),
        (fmt.percent(D("12.50"), "en"), "12.5%"),
        (fmt.date_(date(2026, 11, 20), "de"), "20.11.2026"),
        (fmt.date_(date(2026, 11, 20), "en"), "20 Nov 2026"),
        (fmt.money(None), "–"),
        (fmt.quantity(None, "kg"), "–"),
    ],
)
def test_shown_as_the_language_does(shown: str, expected: str) -> None:
    assert shown == expected


def test_times_are_local() -> None:
    zone = timezone(timedelta(hours=1))
    assert fmt.date_time(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "de", zone) == "21.11.2026 00:30"


@pytest.mark.parametrize(
    ("typed", "lang", "meant"),
    [
        ("1.204,5", "de", "1204.5"),
        ("1.204", "de", "1204"),
        ("12.50", "de", "12.50"),
        ("12,50", "de", "12.50"),
        ("−3", "de", "-3"),
        ("1,204.5", "en", "1204.5"),
        ("1,204", "en", "1204"),
        (".5", "en", "0.5"),
        (" 1\u00a0000,5 ", "de", "1000.5"),
    ],
)
def test_numbers_as_typed(typed: str, lang: str, meant: str) -> None:
    assert fmt.parse_decimal(typed, lang) == D(meant)


@pytest.mark.parametrize("typed", ["", "NaN", "Infinity", "1e5", "1,2,3", "1.2.3", "12O", "--1", "1 €", "٣"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    for lang in i18n.LANGUAGES:
        with pytest.raises(ValueError, match="not_a_number"):
            fmt.parse_decimal(typed, lang)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4), st.sampled_from(i18n.LANGUAGES))
def test_what_is_shown_is_read_back(value: D, lang: str) -> None:
    assert fmt.parse_decimal(fmt.number(value, lang), lang) == value


@pytest.mark.parametrize(
    "typed", ["20.11.2026", "20.11.26", "2026-11-20", "20/11/2026", "20 Nov 2026", "20 november 26"]
)
def test_dates_as_typed(typed: str) -> None:
    assert fmt.parse_date(typed) == date(2026, 11, 20)


@pytest.mark.parametrize("typed", ["", "31.02.2027", "20.13.2026", "11/2026", "20 Foo 2026", "0000-01-01"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not_a_date"):
        fmt.parse_date(typed)


def test_a_missing_text_shows_its_key_and_a_missing_value_its_name() -> None:
    assert i18n.translate("de", "no.such.key") == "⟦no.such.key⟧"
    key = next(
        key for key, entry in i18n.catalogue().items() if isinstance(entry["de"], str) and "{" in entry["de"]
    )
    assert "{" in i18n.translate("de", key)


def test_a_field_shows_money_as_a_list_does() -> None:
    for language, expected in (("de", "1.528,56\u00a0€"), ("en", "€1,528.56")):
        i18n.set_language(language)
        assert values.show("money", D("1528.56"), unit="€") == fmt.money(D("1528.56")) == expected
        assert values.show("money", D("5"), unit="USD") == fmt.money(D("5"), "USD")
    i18n.set_language("de")
