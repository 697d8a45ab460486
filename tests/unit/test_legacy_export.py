"""Legacy tables as files, and the data dictionary: complete, typed, and without anybody's data where none belongs."""

import csv
import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.core.errors import Refused, Unavailable
from app.services.legacy import dictionary, export
from app.services.legacy.client import FourD
from app.services.legacy.filters import eq
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Fault, Quirks
from tests.legacy_peer import close_all, connect

ERROR: Fault = "500"


@pytest.fixture(scope="module")
def server() -> Iterator[FourDServer]:
    with FourDServer(make("small"), Quirks(page_cap=90)) as found:
        yield found
    close_all()


@pytest.fixture(scope="module")
def source(server: FourDServer) -> FourD:
    return connect(server)


def rows_of(source: FourD, table: str) -> list[dict[str, Any]]:
    return [row for page in source.pages(table) for row in page.rows]


@pytest.mark.parametrize("table", ["Belege", "Artikel_Variante", "Belege_Pos"])
def test_json_holds_every_row_as_it_is(source: FourD, table: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    told: list[tuple[int, int | None]] = []
    count = export.export(source, table, file, written=lambda *how: told.append(how))
    found = json.loads(file.read_text("utf-8"))
    expected = rows_of(source, table)
    assert count == len(found) == len(expected) == source.count(table)
    assert found == [json.loads(json.dumps(export.plain(row))) for row in expected]
    assert told[-1] == (count, count)
    assert list(tmp_path.iterdir()) == [file]


def test_csv_for_spreadsheets(source: FourD, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    export.export(source, "Belege", file)
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    found = list(csv.DictReader(raw.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))
    expected = {row["__KEY"]: row for row in rows_of(source, "Belege")}
    assert len(found) == len(expected)
    for row in found:
        there = expected[row["__KEY"]]
        assert row["Datum"] == ("" if there["Datum"] is None else str(export.plain(there["Datum"])))
        assert row["Lief_Adr"] == (there["Lief_Adr"] or "")
        assert row["Endbetrag"] == str(there["Endbetrag"])


def test_xlsx_with_typed_cells(source: FourD, tmp_path: Path) -> None:
    file = tmp_path / "rows.xlsx"
    export.export(source, "Belege", file, where=eq("Papierart", "R"))
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    head, *lines = sheet.iter_rows(values_only=True)
    place = {str(name): at for at, name in enumerate(head)}
    expected = {
        row["AbsNr"]: row for page in source.pages("Belege", where=eq("Papierart", "R")) for row in page.rows
    }
    assert len(lines) == len(expected) > 10
    for line in lines:
        there = expected[line[place["AbsNr"]]]
        day = line[place["Datum"]]
        assert (day.date() if isinstance(day, dt.datetime) else day) == there["Datum"]
        assert Decimal(str(line[place["Endbetrag"]])) == there["Endbetrag"]


def test_a_formula_stays_text(tmp_path: Path) -> None:
    assert export._cell("=1+1") == "'=1+1"
    assert export._cell("-5 °C") == "'-5 °C"
    assert export._cell(Decimal("-5.20")) == "-5.20"


def test_a_file_appears_whole_or_not_at_all(source: FourD, server: FourDServer, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("yesterday's")
    server.fail(None, *[ERROR] * 100, where="/rest/Belege_Pos")
    with pytest.raises(Unavailable):
        export.export(source, "Belege_Pos", file)
    server.luck.forget()
    assert file.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(Refused, match="legacy_export_format"):
        export.export(source, "Belege", tmp_path / "rows.pdf")


def test_a_sheet_that_cannot_hold_it_is_not_cut_off(
    source: FourD, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "EXCEL_ROWS", 30)
    with pytest.raises(Refused, match="legacy_export_too_many_rows"):
        export.export(source, "Belege", tmp_path / "rows.xlsx")
    assert export.export(source, "Belege", tmp_path / "rows.xlsx", limit=30) == 30


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_dictionary_says_what_is_there_and_shows_nobody(source: FourD, language: str) -> None:
    pieces: list[str] = []
    facts = [dictionary.look_at(source, name) for name in source.tables()]
    dictionary.write(facts, language=language, server="4D", day=dt.date(2026, 1, 2), out=pieces.append)
    text = "".join(pieces)
    for name in source.tables():
        assert f"\n## {name}\n" in text
        for column in source.table(name).fields:
            assert f"`{column.name}`" in text
    assert "⟦" not in text
    belege = text.split("\n## Belege\n")[1].split("\n## ")[0]
    assert re.search(r"`Papierart` \| string.*`R` \d+", belege)
    assert re.search(r"`Datum` \| date.*19\d\d .* 20\d\d", belege)
    assert re.search(r"`Endbetrag`.*`999.99`", belege)
    people = {
        str(value)
        for row in [*rows_of(source, "Adressen"), *rows_of(source, "Personal"), *rows_of(source, "Lieferant")]
        for name in (
            "Name1",
            "Name2",
            "Vorname",
            "Name",
            "Strasse",
            "Straße",
            "e_Mail",
            "eMail",
            "IBAN",
            "Telefon",
        )
        if (value := row.get(name))
    }
    assert len(people) > 50
    assert not [one for one in people if len(one) > 4 and one in text]


def test_the_dictionary_of_a_large_table_looks_at_its_beginning_middle_and_end(source: FourD) -> None:
    facts = dictionary.look_at(source, "Belege_Pos", sample=90)
    assert facts.sampled == 90 < facts.rows
    years = next(column for column in facts.columns if column.about.name == "created_date")
    assert years.first is not None
    assert years.last is not None
    assert years.last.year - years.first.year > 10


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Müller & Söhne 12", "Xxxxxx & Xxxxx 99"),
        ("a\nb", "x⏎x"),
        (True, "true/false"),
        (Decimal("-12.50"), "-99.99"),
        (dt.date(2025, 1, 2), "9999-99-99"),
        ({"b": 1, "a": 2}, "{a, b}"),
        ([{"x": 1}], "[{x}]"),
        ("x" * 50, "x" * 40 + "…"),
    ],
)
def test_shapes(value: Any, shape: str) -> None:
    assert dictionary.shape(value) == shape
