"""GS1 element strings, check digits, dates, the house's own codes, numbers counting up."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean as stdnum_ean
from stdnum import gs1_128

from app.core.errors import Invalid
from app.services.labels import gs1, own_codes, quantities
from app.services.labels.gs1 import Element

GS = gs1.FNC1
GTIN = "04006381333931"


def refused(text: str) -> str:
    with pytest.raises(Invalid) as error:
        gs1.parse(text)
    return error.value.key


def test_a_scanned_string_is_taken_apart_with_and_without_its_announcement() -> None:
    scanned = f"01{GTIN}1728053110LOT/7{GS}21SN 1".replace(" ", "")
    elements = (Element("01", GTIN), Element("17", "280531"), Element("10", "LOT/7"), Element("21", "SN1"))
    assert gs1.parse(scanned) == elements
    assert gs1.parse("]d2" + scanned) == elements
    assert gs1.parse("]C1" + GS + scanned + "\r\n") == elements
    assert gs1.parse(scanned.replace(GS, "|"), separators="|") == elements
    assert gs1.parse(f"(01){GTIN}(17)280531(10)LOT/7(21)SN1") == elements
    assert gs1.named(elements) == {
        "gtin": GTIN,
        "expires_on": date(2028, 5, 31),
        "lot": "LOT/7",
        "serial": "SN1",
    }
    assert gs1.announced("]d2" + scanned)
    assert not gs1.announced(scanned)


def test_measures_and_counts_have_their_decimals() -> None:
    elements = gs1.parse("3103001250" + "30" + "24" + GS + "3920" + "1999")
    assert [e.meaning() for e in elements] == [Decimal("1.250"), Decimal(24), Decimal(1999)]
    assert gs1.write_decimal("3103", Decimal("1.25")) == "001250"
    assert gs1.write_decimal("3922", Decimal("19.99")) == "1999"
    for ai, amount in (("3102", "1.255"), ("3103", "1000"), ("3103", "-1")):
        with pytest.raises(Invalid, match="gs1_amount"):
            gs1.write_decimal(ai, Decimal(amount))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "gs1_empty"),
        (GS, "gs1_empty"),
        ("05123", "gs1_unknown_identifier"),
        ("(05)123", "gs1_unknown_identifier"),
        ("014006381333931", "gs1_truncated"),
        ("0104006381333932", "gs1_check_digit"),
        ("01040063813339AB", "gs1_digits_only"),
        ("17281331", "gs1_date"),
        ("17280231", "gs1_date"),
        ("10", "gs1_length"),
        ("10" + "A" * 21, "gs1_length"),
        ("10A^B", "gs1_characters"),
        ("10Ä", "gs1_characters"),
        ("21\u0664", "gs1_characters"),
        ("30\u0664", "gs1_characters"),
    ],
)
def test_what_is_wrong_is_named(text: str, key: str) -> None:
    assert refused(text) == key


def test_building_sets_separators_only_where_they_are_needed() -> None:
    elements = (Element("10", "A1"), Element("01", GTIN), Element("21", "7"))
    assert gs1.build(elements) == f"01{GTIN}10A1{GS}217"
    assert gs1.bracketed(elements) == f"(01){GTIN}(10)A1(21)7"
    assert set(gs1.parse(gs1.build(elements))) == set(elements)
    others = gs1_128.info(gs1.build(elements), separator=GS)
    assert others == {"01": GTIN, "10": "A1", "21": "7"}


VALUES = st.text("ABCxyz0189-/(),.:", min_size=1, max_size=20)


@given(VALUES, VALUES, st.dates(date(2000, 1, 1), date(2049, 12, 31)), st.integers(1, 99_999_999))
def test_what_was_built_is_read_again(lot: str, serial: str, day: date, count: int) -> None:
    elements = {
        Element("10", lot),
        Element("21", serial),
        Element("17", gs1.write_date(day)),
        Element("37", str(count)),
        Element("02", GTIN),
    }
    assert set(gs1.parse(gs1.build(elements))) == elements
    assert gs1.named(gs1.parse(gs1.build(elements)))["expires_on"] == day


def test_dates_without_a_day_and_centuries() -> None:
    assert gs1.read_date("280200") == date(2028, 2, 29)
    assert gs1.read_date("760101", today=date(2026, 1, 1)) == date(2076, 1, 1)
    assert gs1.read_date("770101", today=date(2026, 1, 1)) == date(1977, 1, 1)
    assert gs1.read_date("050101", today=date(2098, 1, 1)) == date(2105, 1, 1)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_check_digits_are_those_of_others(digits: str) -> None:
    assert gs1.check_digit(digits) == stdnum_ean.calc_check_digit(digits)


def test_article_numbers_of_every_length_are_one() -> None:
    assert gs1.gtin14("4006381333931") == GTIN
    assert gs1.short_gtin(GTIN) == "4006381333931"
    assert gs1.short_gtin("00000096385074") == "96385074"
    assert gs1.short_gtin("10614141000415") == "10614141000415"
    assert gs1.same_gtin("036000291452", "0036000291452")
    for wrong in ("4006381333932", "123", "40063813339 1", "٤٠٠٦٣٨١٣٣٣٩٣١"):
        with pytest.raises(Invalid):
            gs1.gtin14(wrong)


def test_shipping_containers_are_numbered() -> None:
    code = gs1.sscc("3", "4012345", 17)
    assert code == gs1.with_check_digit("34012345000000017")
    assert len(code) == 18
    for prefix, serial in (("4012345", 10**9), ("40123A5", 1), ("4" * 16, 1)):
        with pytest.raises(Invalid, match="gs1_no_sscc"):
            gs1.sscc("3", prefix, serial)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_own_codes_come_back_whatever_stands_in_a_number(one: str, other: str) -> None:
    one, other = one.strip() or "x", other.strip() or "y"
    assert own_codes.parse(own_codes.build("place", one, other)) == ("place", (one, other))


def test_what_is_no_own_code() -> None:
    assert own_codes.build("place", "HL", "A/1") == "P/HL/A%2F1"
    for text in ("", "P", "P/HL", "P/HL/", "Q/1", "PP/1/2", "4006381333931", "P/1/2/3"):
        assert own_codes.parse(text) is None


def test_quantities_and_serials() -> None:
    wanted = quantities.Wanted("box", qty=Decimal(50), box=Decimal(24))
    assert [(n.number, n.count, n.qty and int(n.qty)) for n in quantities.labels(wanted)] == [
        (1, 3, 24),
        (2, 3, 24),
        (3, 3, 2),
    ]
    assert len(quantities.labels(quantities.Wanted("piece", qty=Decimal("3.5")))) == 4
    assert [n.qty for n in quantities.labels(quantities.Wanted("fixed", 2))] == [None, None]
    wrong = {
        "label_count": [quantities.Wanted("fixed", 0), quantities.Wanted("piece", qty=Decimal(5001))],
        "label_quantity_missing": [quantities.Wanted("piece"), quantities.Wanted("piece", qty=Decimal(0))],
        "label_content_missing": [quantities.Wanted("pallet", qty=Decimal(5))],
    }
    for key, cases in wrong.items():
        for case in cases:
            with pytest.raises(Invalid, match=key):
                quantities.labels(case)
    assert list(quantities.serials("SN-0099/A", 2)) == ["SN-0099/A", "SN-0100/A"]
    for first, key in (("SN", "label_serial_form"), ("SN-98", "label_serial_overflow")):
        with pytest.raises(Invalid, match=key):
            list(quantities.serials(first, 3))
