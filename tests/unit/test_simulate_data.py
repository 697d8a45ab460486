"""The invented house: its size, its arithmetic, its oddities, and that the same seed makes the same one."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from app.simulate.build import SIZES
from app.simulate.bustle import bustle
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.records import make_records
from app.simulate.tables import Row, UnknownAttributeError, comparable

CENT = Decimal("0.01")
MOMENT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


def _fingerprint(house: House) -> str:
    sign = sha256()
    for table in house.tables.tables.values():
        sign.update(json.dumps(table.rows()).encode())
    sign.update(json.dumps(make_records(house.build)).encode())
    return sign.hexdigest()


def test_a_seed_makes_the_same_house_every_time() -> None:
    assert _fingerprint(make("small", 7)) == _fingerprint(make("small", 7))
    assert _fingerprint(make("small", 7)) != _fingerprint(make("small", 8))


def test_the_full_house_has_the_size_of_the_first_customer() -> None:
    house = make("full")
    counts = {name: len(table) for name, table in house.tables.tables.items()}
    wanted = {
        "Artikel_Familie": 1571,
        "Artikel_Variante": 4319,
        "Stamm_Lagerorte": 923,
        "Stamm_Lager_Schuetten": 4216,
        "Stamm_Lager_Schuetten_Slots": 4500,
        "Artikel_Lagerorte": 3119,
        "Belege": 100_000,
        "Belege_Pos": 400_000,
    }
    assert {name: counts[name] for name in wanted} == wanted
    assert len(make_records(house.build)) == 2489
    families = {row["UID"] for row in house.tables["Artikel_Familie"].rows()}
    orphans = [row for row in house.tables["Artikel_Variante"].rows() if row["Familie_"] not in families]
    assert len(orphans) == 91
    assert {row["Familie_"] for row in orphans} == set(house.missing_families)
    numbers = Counter(int(row["Nummer"]) for row in house.tables["Artikel_Familie"].rows())
    assert sum(count - 1 for count in numbers.values()) == SIZES["full"].duplicate_families
    variants = [int(row["Nummer"]) for row in house.tables["Artikel_Variante"].rows()]
    assert len(set(variants)) == len(variants)
    assert not set(variants) & set(numbers), "a number means one product"
    headers = house.tables["Belege"]
    first, last = headers.row(0)["Datum"], headers.row(99_999)["Datum"]
    assert (first, last.split("!")[2]) == ("4!6!1992", "2026")


def _day(wire: str) -> date:
    day, month, year = wire.split("!")
    return date(int(year), int(month), int(day))


def _rate(day: date) -> int:
    """The law's rates, written down a second time."""
    if date(2020, 7, 1) <= day <= date(2020, 12, 31):
        return 16
    steps = ((date(2007, 1, 1), 19), (date(1998, 4, 1), 16), (date(1993, 1, 1), 15), (date(1983, 7, 1), 14))
    return next(rate for since, rate in steps if day >= since)


def _money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(CENT)


def test_totals_follow_from_positions_and_the_rate_of_the_day_but_for_a_few(house: House) -> None:
    lines: dict[int, list[Row]] = {}
    for row in house.tables["Belege_Pos"].rows():
        lines.setdefault(row["AbsNr"], []).append(row)
    wrong = []
    taxed: Counter[int] = Counter()
    for row in house.tables["Belege"].rows():
        if row["Datum"] == "0!0!0":
            continue
        net, freight, handling, tax, gross = (
            _money(row[name])
            for name in ("Netto", "Frachtkosten", "Bearbeitungskos", "MWST_EUR", "Endbetrag")
        )
        total = sum((_money(one["Pos_Betrag"]) for one in lines.get(int(row["AbsNr"]), ())), Decimal())
        rate = _rate(_day(row["Datum"]))
        # Half cents were rounded up, also below zero.
        discount = (total * row["Rabatt"] / 100 + CENT / 2).quantize(CENT, "ROUND_FLOOR")
        expected = total - discount
        if row["MWSt_Art"] == "incl.":
            expected = (expected * 100 / (100 + rate)).quantize(CENT, ROUND_HALF_UP)
        due = (
            Decimal()
            if row["MWSt_Art"] == "NEIN"
            else ((net + freight + handling) * rate / 100).quantize(CENT, ROUND_HALF_UP)
        )
        if (expected, due, net + freight + handling + tax) != (net, tax, gross):
            wrong.append(row["AbsNr"])
        elif tax:
            taxed[rate] += 1
    assert len(wrong) == 3, "two totals were written over, one position was"
    assert set(taxed) == {14, 15, 16, 19}


def test_a_position_is_quantity_times_price_less_discount_but_for_one(house: House) -> None:
    wrong = 0
    for row in house.tables["Belege_Pos"].rows():
        amount = (
            Decimal(str(row["Menge"])) * Decimal(str(row["Preis"])) * (100 - Decimal(row["Rabatt"])) / 100
        )
        wrong += amount.quantize(CENT, ROUND_HALF_UP) != _money(row["Pos_Betrag"])
    assert wrong == 1, "one was written over"


def test_marks_ended_with_2001(house: House) -> None:
    for row in house.tables["Belege"].rows():
        if row["Datum"] != "0!0!0" and row["Währung"] in {"DM", "EUR"}:
            assert (row["Währung"] == "DM") == (_day(row["Datum"]) <= date(2001, 12, 31))


ODD: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "a date that is none": ("Kunden", lambda row: row["letzteLieferung"] == "0!0!0"),
    "never modified": ("Kunden", lambda row: row["modified_date"] is None),
    "modified at no date": ("Adressen", lambda row: row["modified_date"] == "0!0!0"),
    "a time as a float": ("Belege_Pos", lambda row: isinstance(row["modified_time"], float)),
    "a number as a float": ("Artikel_Variante", lambda row: isinstance(row["Nummer"], float)),
    "an id as a float": ("Belege", lambda row: isinstance(row["AbsNr"], float)),
    "a null among values": ("Artikel_Variante", lambda row: row["SalesChannel"]["values"] == [None]),
    "no prices at all": ("Artikel_Variante", lambda row: not row["Preise"]["Coll"]),
    "a price of zero": (
        "Artikel_Variante",
        lambda row: any(one["Preis"] == 0 for one in row["Preise"]["Coll"]),
    ),
    "a price of nothing": (
        "Artikel_Variante",
        lambda row: any(one["Preis"] is None for one in row["Preise"]["Coll"]),
    ),
    "an edition after two hyphens": ("Artikel_Variante", lambda row: row["alteNummer"].count("-") > 2),
    "no edition": ("Artikel_Variante", lambda row: row["alteNummer"].isdecimal()),
    "no text": ("Artikel_Familie", lambda row: row["Beschreibung"] is None),
    "no name": ("Artikel_Familie", lambda row: not row["Bezeichnung"]),
    "an unknown group": ("Artikel_Familie", lambda row: row["ArtGr"] == "????"),
    "a line break as CR": ("Adressen", lambda row: "\r" in (row["Strasse"] or "")),
    "a line break somebody typed": ("Adressen", lambda row: "\\r" in (row["Strasse"] or "")),
    "an apostrophe": ("Adressen", lambda row: "'" in row["Name1"]),
    "quotation marks": ("Adressen", lambda row: '"' in row["Name2"]),
    "an address of nobody": ("Adressen", lambda row: row["AdrNr"] >= 90_000),
    "a country in words": ("Adressen", lambda row: row["Land"] == "Deutschland"),
    "an address of a document": ("Belege", lambda row: row["Lief_Adr"].count("\r") == 2),
    "an unknown kind": ("Belege", lambda row: row["Papierart"] not in {"R", "A", "L", "G", "B"}),
    "no kind": ("Belege", lambda row: row["Papierart"] is None),
    "no day": ("Belege", lambda row: row["Datum"] == "0!0!0"),
    "no currency": ("Belege", lambda row: row["Währung"] is None),
    "a foreign currency": ("Belege", lambda row: row["Währung"] == "CHF"),
    "an unknown customer": ("Belege", lambda row: row["KundenNr"] in {0, 9_999_999}),
    "a year of two digits": ("Belege", lambda row: len(row["Druckdatum"].split("!")[2]) == 2),
    "a text": ("Belege_Pos", lambda row: row["Art"] == "T"),
    "a service": ("Belege_Pos", lambda row: row["Art"] == "S"),
    "a discount": ("Belege_Pos", lambda row: row["Art"] == "D" and row["Pos_Betrag"] < 0),
    "an unknown article": ("Belege_Pos", lambda row: row["ArtNr"] == "99999-ZZ"),
    "a document that is not there": ("Belege_Pos", lambda row: row["AbsNr"] < 2572),
    "an object as text": ("Stamm_Lager_Schuetten", lambda row: isinstance(row["data_"], str)),
    "an object": ("Stamm_Lager_Schuetten", lambda row: isinstance(row["data_"], dict)),
    "a box under way": ("Stamm_Lager_Schuetten", lambda row: row["UUID_Stamm_Lagerorte"] is None),
    "a slot of a lost box": (
        "Stamm_Lager_Schuetten_Slots",
        lambda row: row["ID_Lager_Schuetten_Slots"] > 900_000,
    ),
    "stock of nothing": ("Artikel_Lagerorte", lambda row: row["Bestand"] is None),
    "stock below zero": ("Artikel_Lagerorte", lambda row: (row["Bestand"] or 0) < 0),
    "stock of no article": ("Artikel_Lagerorte", lambda row: row["ID_Artikel_Stamm"] == 999_999),
    "a blocked mould": ("Formen", lambda row: row["Sperre"]),
    "an order without mould": ("Werksauftraege", lambda row: row["linked_Form"] is None),
    "an unknown state": ("Werksauftraege", lambda row: row["Status"] == "?"),
    "a step of no order": ("WerksauftrPos", lambda row: row["W_Auftr_Nr"] == 999_999),
    "somebody who left": ("Personal", lambda row: row["ausgeschieden"]),
    "a wrong account": ("Lieferant", lambda row: (row["IBAN"] or "").startswith("DE99")),
    "a part that is gone": ("Artikel_Teile", lambda row: row["Menge"] == 0),
}


@pytest.mark.parametrize("what", ODD)
def test_the_small_house_has_every_oddity(house: House, what: str) -> None:
    table, test = ODD[what]
    assert any(test(row) for row in house.tables[table].rows())


def test_numbers_are_given_twice_where_people_did(house: House) -> None:
    headers = make("full").tables["Belege"]
    papers = Counter((row["PapierNr"], row["Papierart"]) for row in map(headers.row, range(5000)))
    assert max(papers.values()) == 2
    places = house.tables["Stamm_Lagerorte"].rows()
    spots = Counter((one["Ort_Gebaeude"], one["Regal"], one["Fach"], one["Boden"]) for one in places)
    assert max(spots.values()) == 2
    old = Counter(row["alteNummer"] for row in house.tables["Artikel_Variante"].rows())
    assert max(old.values()) == 2


@pytest.mark.parametrize("name", ["Belege", "Belege_Pos"])
def test_columns_of_worked_out_tables_are_those_of_their_rows(name: str) -> None:
    table = make("small").tables[name]
    table.change(table.row(7)["__KEY"], {"modified_date": "1!2!2003"}, MOMENT)
    for field in table.fields:
        wanted = [comparable(field.type, row[field.name]) for row in table.rows()]
        assert table.column(field.name) == wanted, field.name


@pytest.mark.parametrize(
    ("name", "key"), [("Kunden", "1100010"), ("Belege", "2572"), ("Belege_Pos", "2574,1")]
)
def test_a_change_is_stamped_and_found(name: str, key: str) -> None:
    table = make("small").tables[name]
    before = dict(table.get(key))
    table.column("modified_date"), table.column("created_name")
    changed = table.change(key, {"created_name": "Zita"}, MOMENT)
    assert table.get(key) == changed
    assert changed["__STAMP"] == before["__STAMP"] + 1
    assert changed["__TIMESTAMP"] == "2026-11-23T09:30:00.000Z"
    assert changed["modified_date"] == "23!11!2026"
    number = table.find(key)
    assert table.lookup("modified_date", [date(2026, 11, 23).toordinal()]) == [number]
    assert table.lookup("created_name", ["zita"]) == [number]
    assert {name: value for name, value in changed.items() if before[name] != value}.keys() <= {
        "__STAMP", "__TIMESTAMP", "created_name", "modified_name", "modified_date", "modified_time",
    }  # fmt: skip
    with pytest.raises(UnknownAttributeError):
        table.change(key, {"Nirgends": 1}, MOMENT)


def test_rows_come_and_go() -> None:
    tables = make("small").tables
    lines, headers = tables["Belege_Pos"], tables["Belege"]
    lines.column("Menge")
    count = len(lines)
    row = lines.insert({"AbsNr": 2574, "PosNr": 40, "Menge": 3}, MOMENT)
    assert (row["__KEY"], row["__STAMP"], row["modified_date"]) == ("2574,40", 1, None)
    assert len(lines) == count + 1
    assert lines.get("2574,40") in [lines.row(one) for one in lines.lookup("AbsNr", [2574])]
    with pytest.raises(KeyError):
        lines.insert({"AbsNr": 2574, "PosNr": 40}, MOMENT)
    lines.delete("2574,1")
    assert lines.find("2574,1") is None
    assert all(lines.row(one)["PosNr"] != 1 for one in lines.lookup("AbsNr", [2574]))
    headers.delete("2574")
    assert headers.find("2574") is None
    assert not headers.lookup("AbsNr", [2574])
    with pytest.raises(KeyError):
        headers.delete("2574")


def test_a_working_day_changes_things_everywhere() -> None:
    server = FourDServer(make("small"))
    before = {name: table.version for name, table in server.data.tables.items()}
    chance = Random(3)  # noqa: S311  (repeatable on purpose)
    said = {bustle(server, chance).split(":")[1] for _ in range(200)}
    assert len(said) > 9
    changed = {name for name, table in server.data.tables.items() if table.version != before[name]}
    assert {"Artikel_Variante", "Kunden", "Adressen", "Belege", "Belege_Pos", "Artikel_Teile"} <= changed
