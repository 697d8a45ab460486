"""The DATEV format, column by column: what the files must look like, and what happens to what does not fit."""

import csv
import datetime as dt
import io
import random
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import Invalid
from app.services.accounting import charts, datev, tables
from app.services.accounting.datev import Booking, Column, Finding, Head, Partner
from app.services.accounting.preview import Row, month_of, words_of

D = Decimal
HEAD = Head(
    29098,
    55003,
    dt.date(2024, 1, 1),
    4,
    dt.datetime(2024, 1, 30, 14, 4, 40, 439000, dt.UTC),
    dt.date(2024, 1, 1),
    dt.date(2024, 8, 31),
    "Buchungsstapel",
    "WD",
    chart="03",
)
BOOKED = Booking(
    D("1190.5"),
    "S",
    "10000",
    "8400",
    dt.date(2024, 3, 9),
    "RE-2024-00017",
    'Rechnung "Müller & Söhne"',
    due=dt.date(2024, 4, 8),
)
OFFICIAL = (
    '"EXTF";700;21;"Buchungsstapel";13;20240130140440439;;"RE";"";"";29098;55003;20240101;4;20240101;20240831;'
    '"Buchungsstapel";"WD";1;0;0;"EUR";;"";;;"03";;;"";""'
)
OFFICIAL_PARTNERS = (
    '"EXTF";700;16;"Debitoren/Kreditoren";5;20240130140440439;;"RE";"";"";29098;55003;20240101;4;;;"";"";;;;"";;"";;;'
    '"03";;;"";""'
)


def lines(file: datev.File) -> list[str]:
    text = file.content.decode("cp1252")
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    return text.split("\r\n")[:-1]


def cells(line: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=";"))


def by_name(line: str, form: datev.Format = "bookings") -> dict[str, str]:
    """The cells by column, as they stand in the file, quotation marks and all."""
    raw = re.findall(r'(?:^|;)((?:"(?:[^"]|"")*"|[^;]*))', line)
    columns = datev.declared(form).columns
    assert len(raw) == len(columns)
    return {column.name: cell for column, cell in zip(columns, raw, strict=True)}


def test_the_first_line_is_the_one_of_the_description() -> None:
    assert lines(datev.booking_file(HEAD, []))[0] == OFFICIAL
    assert lines(datev.partner_file(HEAD, []))[0] == OFFICIAL_PARTNERS
    locked = replace(HEAD, locked=True, label="Werkbank 2024-01 Wiederholung und mehr als dreißig")
    fields = cells(lines(datev.booking_file(locked, []))[0])
    assert fields[20] == "1"
    assert fields[16] == "Werkbank 2024-01 Wiederholung"
    assert len(fields) == len(datev.header_fields()) == 31
    for wrong in (replace(HEAD, consultant=99), replace(HEAD, client=0), replace(HEAD, account_length=9)):
        if wrong.client != 0:
            with pytest.raises(Invalid, match="datev_field"):
                datev.booking_file(wrong, [])


def test_columns_are_as_many_as_the_versions_have() -> None:
    for form, count, last in (("bookings", 125, "Abw. Skontokonto"), ("partners", 254, "Letzte Frist")):
        head = datev.booking_file(HEAD, []) if form == "bookings" else datev.partner_file(HEAD, [])
        names = lines(head)[1].split(";")
        assert len(names) == count
        assert names[-1] == last
    names = lines(datev.booking_file(HEAD, []))[1].split(";")
    for place, name in (
        (1, "Umsatz (ohne Soll/Haben-Kz)"),
        (7, "Konto"),
        (10, "Belegdatum"),
        (11, "Belegfeld 1"),
        (14, "Buchungstext"),
        (20, "Beleglink"),
        (37, "KOST1 - Kostenstelle"),
        (40, "EU-Land u. UStID (Bestimmung)"),
        (114, "Festschreibung"),
        (115, "Leistungsdatum"),
    ):
        assert names[place - 1] == name


def test_a_booking_column_by_column() -> None:
    told = replace(
        BOOKED,
        vat_id="FR12345678901",
        tax_key="9",
        service_date=dt.date(2024, 3, 2),
        locked=True,
        foreign="USD 1.0845",
    )
    line = by_name(lines(datev.booking_file(HEAD, [told]))[2])
    wanted = {
        "Umsatz (ohne Soll/Haben-Kz)": "1190,50",
        "Soll/Haben-Kennzeichen": '"S"',
        "WKZ Umsatz": '"EUR"',
        "Konto": "10000",
        "Gegenkonto (ohne BU-Schlüssel)": "8400",
        "BU-Schlüssel": '"0009"',
        "Belegdatum": "0903",
        "Belegfeld 1": '"RE-2024-00017"',
        "Belegfeld 2": '"080424"',
        "Buchungstext": '"Rechnung ""Müller & Söhne"""',
        "EU-Land u. UStID (Bestimmung)": '"FR12345678901"',
        "Zusatzinformation - Art 1": '"Fremdwährung"',
        "Zusatzinformation - Inhalt 1": '"USD 1.0845"',
        "Festschreibung": "1",
        "Leistungsdatum": "02032024",
        "Datum Zuord. Steuerperiode": "02032024",
    }
    assert {key: line[key] for key in wanted} == wanted
    kinds = {column.name: column.kind for column in datev.declared("bookings").columns}
    rest = {key: cell for key, cell in line.items() if key not in wanted}
    assert all(cell == ('""' if kinds[key] == "text" else "") for key, cell in rest.items())
    plain = by_name(lines(datev.booking_file(HEAD, [BOOKED]))[2])
    assert (plain["Leistungsdatum"], plain["BU-Schlüssel"], plain["Festschreibung"]) == ("", '""', "0")


def test_what_the_format_cannot_hold_is_refused() -> None:
    for change in (
        {"amount": D("-1")},
        {"amount": D("12345678901")},
        {"side": "D"},
        {"account": "1234567890"},
        {"account": ""},
        {"contra": ""},
        {"contra": "84A0"},
        {"tax_key": "12345"},
    ):
        with pytest.raises(Invalid, match="datev_field"):
            datev.booking_file(HEAD, [replace(BOOKED, **change)])
    for day in (dt.date(2023, 12, 31), dt.date(2024, 9, 1)):
        with pytest.raises(Invalid, match="datev_period"):
            datev.booking_file(HEAD, [replace(BOOKED, dated=day)])


@pytest.mark.parametrize(
    ("text", "fitted", "codes"),
    [
        ("Grüße aus Łódź – 100 €", "Grüße aus Lódz – 100 €", ["replaced"]),
        ("Ελλάς 漢字 😀", "????? ?? ?", ["replaced"]),
        ("u\u0308ber", "über", []),
        ("ﬁn\u200bal", "final", ["replaced"]),
        ("eins\r\nzwei\tdrei\x07", "eins zwei drei", []),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", ["defused"]),
        ("@SUM(1)", "'@SUM(1)", ["defused"]),
        ("-2+3", "'-2+3", ["defused"]),
        ("x" * 80, "x" * 60, ["shortened"]),
        ("+49 731 1234", "+49 731 1234", []),
        ('a;"b"', 'a;"b"', []),
    ],
)
def test_texts_are_made_to_fit_and_told(text: str, fitted: str, codes: list[str]) -> None:
    made = datev.booking_file(HEAD, [replace(BOOKED, text=text)])
    assert cells(lines(made)[2])[13] == fitted
    assert [one.code for one in made.findings] == codes
    assert all(one.column == "Buchungstext" and one.row == 1 for one in made.findings)


def test_voucher_numbers_keep_only_what_is_allowed() -> None:
    made = datev.booking_file(HEAD, [replace(BOOKED, number="=Rg. 2024/Ä 17_" + "9" * 40)])
    assert cells(lines(made)[2])[10] == "Rg2024/17" + "9" * 27
    assert [one.code for one in made.findings] == ["removed", "shortened"]


def test_partners_as_master_data() -> None:
    firm = Partner(
        "10001",
        "K-17",
        "Wörle & Söhne GmbH mit einem Namen, der länger ist als fünfzig Zeichen",
        vat_id="ATU12345678",
        street="Straße 1",
        postcode="1010",
        city="Wien",
        country="AT",
        phone="+43 1 22",
        email="a@b.at",
        language="en",
    )
    person = Partner("70001", "L-2", "Meier, Anna", is_person=True, country="DE")
    made = datev.partner_file(HEAD, [firm, person])
    first, second = (by_name(line, "partners") for line in lines(made)[2:])
    assert first["Konto"] == "10001"
    assert first["Name (Adressattyp Unternehmen)"] == f'"{firm.name[:50].strip()}"'
    assert (first["Adressattyp"], first["EU-Land"], first["EU-UStID"]) == ('"2"', '"AT"', '"U12345678"')
    assert (first["Adressart"], first["Land"], first["Sprache"], first["Telefon"]) == (
        '"STR"',
        '"AT"',
        "5",
        '"+43 1 22"',
    )
    assert first["Kunden-/Lief.-Nr."] == '"K-17"'
    assert [one.code for one in made.findings] == ["shortened"]
    assert (second["Name (Adressattyp natürl. Person)"], second["Vorname (Adressattyp natürl. Person)"]) == (
        '"Meier"',
        '"Anna"',
    )
    assert (second["Adressattyp"], second["Adressart"], second["EU-Land"]) == ('"1"', '""', '""')


def test_whatever_people_write_gives_a_file_that_can_be_read() -> None:
    rng = random.Random(7)  # noqa: S311
    letters = [chr(rng.randrange(1, 0x2FFFF)) for _ in range(300)] + list("\";=+-@\t\r\n'ÄößŁ€")
    letters = [one for one in letters if not 0xD800 <= ord(one) <= 0xDFFF]
    for _ in range(40):
        words = ["".join(rng.choices(letters, k=rng.randrange(0, 90))) for _ in range(2)]
        made = datev.booking_file(HEAD, [replace(BOOKED, text=words[0], number=words[1])] * 2)
        found = lines(made)
        assert len(found) == 4
        row = cells(found[2])
        assert len(row) == 125
        assert len(row[13]) <= 60
        assert re.fullmatch(r"[A-Za-z0-9$&%*+\-/]{0,36}", row[10])


def test_every_column_can_be_told_apart() -> None:
    for form in ("bookings", "partners"):
        for column in datev.declared(form).columns:
            assert column.kind in ("text", "amount", "number", "day_month", "date")
            assert (column.length > 0) == (column.kind == "text")
            re.compile(column.pattern)
    findings: list[Finding] = []
    assert datev.fit(Column("x", "text", 5), "  abcdefg ", 1, findings) == "abcde"


@pytest.mark.parametrize("chart", charts.CHARTS)
def test_charts_know_every_case_once(chart: str) -> None:
    found = charts.accounts(chart)
    keys = [(one["purpose"], one["tax_category"], one["tax_rate"]) for one in found]
    assert len(set(keys)) == len(keys)
    for purpose in ("revenue", "down_payment", "discount_granted", "expense", "discount_received"):
        cases = {(category, rate) for one, category, rate in keys if one == purpose}
        assert cases == {("S", 19), ("S", 7), *((one, 0) for one in charts.CATEGORIES if one != "S")}
    assert all(re.fullmatch(r"\d{4}", one["number"]) for one in found)
    assert (
        next(one["number"] for one in found if one["purpose"] == "bank")
        == {"03": "1200", "04": "1800"}[chart]
    )


def test_the_same_rows_as_csv(tmp_path: Any) -> None:
    row = Row(
        "sales.invoice",
        1,
        "revenue",
        1,
        "RE-1",
        dt.date(2024, 3, 9),
        None,
        None,
        "S",
        D("19.0000"),
        D("1190.50"),
        "S",
        "10000",
        "8400",
        "",
        None,
        "=cmd|A",
        "",
        "revenue",
    )
    assert tables.write(tmp_path / "a.csv", "DX", [row, row._replace(number="=1+1")], "de") == 2
    text = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert text[0].split(";")[:6] == ["Belegdatum", "Beleg", "Buchungstext", "Konto", "S/H", "Betrag"]
    assert text[1] == "09.03.2024;RE-1;Rechnung · =cmd|A;10000;S;1190,50;8400;;S;19;"
    assert text[2].split(";")[1] == "'=1+1"
    assert words_of(row._replace(side="H"), "en") == "Credited · =cmd|A"
    assert month_of(dt.date(2024, 2, 20)) == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
