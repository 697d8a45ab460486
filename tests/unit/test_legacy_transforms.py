"""Transformations of the old system's values: what the wire has, what a person typed, what must never be guessed."""

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from app.services.imports.steps import Repaired, WrongError
from app.services.legacy import transforms as to


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("27!1!2025", date(2025, 1, 27)),
        ("4!6!1992", date(1992, 6, 4)),
        ("04.06.1992", date(1992, 6, 4)),
        ("1992-06-04", date(1992, 6, 4)),
        (date(1992, 6, 4), date(1992, 6, 4)),
        ("0!0!0", None),
        ("", None),
    ],
)
def test_days_are_read_however_they_are_written(value: Any, expected: date | None) -> None:
    assert to.day(value) == expected


@pytest.mark.parametrize("value", ["31!2!2025", "gestern", "27/1/2025"])
def test_a_day_that_is_none_is_wrong_and_not_empty(value: str) -> None:
    with pytest.raises(WrongError, match="not_a_date"):
        to.day(value)


def test_milliseconds_of_the_day_are_a_time() -> None:
    assert to.clock(74_141_000) == time(20, 35, 41)
    assert to.clock("74141000.0") == time(20, 35, 41)
    with pytest.raises(WrongError):
        to.clock(86_400_000)


@pytest.mark.parametrize(
    ("number", "base", "code"),
    [
        ("11400-BE", "11400", "BE"),
        ("KS-17-BE", "KS-17", "BE"),  # the last hyphen, not the first
        ("745020", "745020", None),
        ("-BE", "-BE", None),
        (1541.0, "1541", None),
    ],
)
def test_an_article_number_is_split_at_its_last_hyphen(number: Any, base: str, code: str | None) -> None:
    assert (to.sku_base(number), to.sku_code(number)) == (base, code)


def test_ids_are_text_without_decimal_places_and_the_null_id_is_none() -> None:
    assert to.key(1541.0) == to.key(Decimal("1541.0")) == to.key(1541) == "1541"
    assert to.key("d71c244794b0b4428cd3ec5b41878224") == "D71C244794B0B4428CD3EC5B41878224"
    assert to.not_zero(0) is to.not_zero(0.0) is to.not_zero("0" * 32) is None
    assert to.not_zero(10) == 10


def test_marks_are_divided_by_the_official_rate_and_rounded_to_the_cent() -> None:
    assert to.to_eur((Decimal("1805.53"), "DM")) == Decimal("923.15")
    assert to.to_eur((Decimal("1.95583"), "DEM")) == Decimal("1.00")
    assert to.to_eur((Decimal("1805.53"), "EUR")) == Decimal("1805.53")
    assert to.to_eur((None, "DM")) is None
    assert to.rate_to_eur("DM") == Decimal("1.95583")
    for unknown in ("CHF", ""):  # never taken for euros
        with pytest.raises(WrongError, match="currency_unknown"):
            to.currency(unknown)


@pytest.mark.parametrize(
    ("tax", "when", "amounts", "rate"),
    [
        ("221.73", date(1992, 6, 4), ("1577.90", "5.90", 0), "14"),  # freight is taxed too
        ("19.00", date(2024, 1, 1), ("100", None), "19"),
        ("16.00", date(2020, 9, 1), ("100",), "16"),
        ("5.00", date(2020, 9, 1), ("100",), "5"),
        ("0.07", date(1990, 1, 1), ("0.99",), "7"),  # a cent's rounding is no other rate
        (None, date(1990, 1, 1), ("100",), "0"),
        ("12.00", date(2024, 1, 1), ("100",), "12.00"),  # two rates in one document
    ],
)
def test_the_tax_rate_is_that_of_the_day(
    tax: str | None, when: date, amounts: tuple[Any, ...], rate: str
) -> None:
    given = tuple(Decimal(str(a)) if a is not None else None for a in amounts)
    assert to.tax_rate((Decimal(tax) if tax else None, when, *given)) == Decimal(rate)


@pytest.mark.parametrize(
    ("word", "code"),
    [("DEU", "DE"), ("GER", "DE"), ("Deutschland", "DE"), ("germany", "DE"), ("AUT", "AT"), ("Österreich", "AT"),
     ("CHE", "CH"), ("CH", "CH"), ("D", "DE"), ("A", "AT"), ("us", "US"), ("", None)],
)  # fmt: skip
def test_countries_become_two_letters(word: str, code: str | None) -> None:
    assert to.country(word) == code


def test_a_country_nobody_knows_is_wrong_or_left_out_but_never_home() -> None:
    with pytest.raises(WrongError, match="country_unknown"):
        to.country("Utopia")
    assert to.country_if_known("Utopia") == Repaired(None, "country_unknown")


def test_addresses_break_their_lines_at_every_kind_of_end() -> None:
    text = "Laden  Muster\rHinterhaus\\rAm Anger 3\r\n80331 Birkenrain"
    assert to.lines(text) == "Laden Muster\nHinterhaus\nAm Anger 3\n80331 Birkenrain"
    assert to.first_line(text) == "Laden Muster"
    assert to.last_line("Hinterhaus\\rAm Anger 3") == "Am Anger 3"
    assert to.lines_before_last("Hof\rHinterhaus\rAm Anger 3") == "Hof, Hinterhaus"
    assert to.lines_before_last("Am Anger 3") is None
    assert to.lines("\r \r") is None


@pytest.mark.parametrize(
    ("step", "value", "repaired"),
    [
        (to.email, "keine", "email_left_out"),
        (to.vat_id, "DE 12", "vat_id_left_out"),
    ],
)
def test_what_cannot_be_an_address_or_an_id_is_left_out_and_told(
    step: Callable[[Any], Any], value: str, repaired: str
) -> None:
    assert step(value) == Repaired(None, repaired)


def test_contacts_in_their_usual_form_are_kept() -> None:
    assert to.email(" info@example.org ") == "info@example.org"
    assert to.vat_id("de 136695976") == "DE136695976"
    assert to.clean(" a\x00b\x07 ") == "ab"
    assert to.clean(" \x01 ") is None


def test_objects_come_as_objects_or_as_their_text() -> None:
    listed = [{"Art": "Laden", "VE": 1}, {"Art": "Handel", "VE": 6}]
    entry = to.MAKERS["entry"]({"Art": "Handel", "get": "VE"}, {})
    assert entry(listed) == entry('[{"Art": "Laden", "VE": 1}, {"Art": "Handel", "VE": 6}]') == 6
    assert entry([]) is entry({}) is None
    assert to.MAKERS["pick"]("Coll.1.VE", {})({"Coll": listed}) == 6
    with pytest.raises(WrongError, match="not_json"):
        to.json_value("{halb")


def test_the_name_is_the_company_or_the_person() -> None:
    assert to.name(("Musterladen GmbH", "Anna", "Birkholz")) == "Musterladen GmbH"
    assert to.name((" ", "Anna", "Birkholz")) == "Anna Birkholz"
    assert to.name((None, None, "Birkholz")) == "Birkholz"
    assert to.name((None, "", None)) is None


def test_yes_and_no_are_understood_and_nothing_else() -> None:
    assert [to.yes(v) for v in (True, 1, "ja", 0, "false")] == [True, True, True, False, False]
    with pytest.raises(WrongError):
        to.yes("vielleicht")
