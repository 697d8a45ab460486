"""Files as people send them: what is found out by itself, and what is refused in one clear sentence."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.core import i18n
from app.core.errors import Invalid
from app.services.imports.mapping import MappingError
from app.services.imports.wizard import cells, guess, kinds, rejects, sheets
from app.services.imports.wizard.cells import Writing, WrongCellError
from app.services.imports.wizard.check import Plan, Row, check
from app.services.imports.wizard.guess import Template
from app.services.imports.wizard.sheets import Broken, Source, read

PRODUCTS = partial(guess.known, "products")
KINDS = kinds.kinds()


def csv_file(folder: Path, text: str, encoding: str = "utf-8", name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def workbook(folder: Path, rows: list[list[Any]], **sheets_: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name, lines in sheets_.items():
        other = book.create_sheet(name)
        for row in lines:
            other.append(row)
    path = folder / "file.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
def test_a_text_file_is_read_however_it_is_written(tmp_path: Path, encoding: str, sign: str) -> None:
    rows = [["Artikel-Nr.", "Bezeichnung", "Preis"], ["80-1", "Engel groß", "12"], ["80-2", "Bär", "8"]]
    text = "\r\n".join(sign.join(row) for row in rows)
    table = read(Source(csv_file(tmp_path, text, encoding)), known=PRODUCTS)
    assert table.columns == ("Artikel-Nr.", "Bezeichnung", "Preis")
    assert [line.cells for line in table.lines] == [("80-1", "Engel groß", "12"), ("80-2", "Bär", "8")]
    assert [line.number for line in table.lines] == [2, 3]
    assert not table.doubtful


def test_the_row_of_names_is_found_below_other_words(tmp_path: Path) -> None:
    text = "Artikelliste\nStand;20.11.2026\n\nSKU;Name;EAN\n80-1;Engel;\n\n80-2;Bär;\n"
    table = read(Source(csv_file(tmp_path, text)), known=PRODUCTS)
    assert table.source.header == 4
    assert [(line.number, line.cells[0]) for line in table.lines] == [(5, "80-1"), (7, "80-2")]


def test_without_names_columns_are_called_as_in_a_spreadsheet(tmp_path: Path) -> None:
    table = read(Source(csv_file(tmp_path, "80-1;Engel;12,5\n80-2;Bär;8\n")), known=PRODUCTS)
    assert (table.source.header, table.columns) == (0, ("A", "B", "C"))
    assert len(table.lines) == 2
    assert (sheets.letters(25), sheets.letters(26), sheets.letters(701)) == ("Z", "AA", "ZZ")


def test_names_that_come_twice_stay_apart_and_long_rows_are_kept(tmp_path: Path) -> None:
    table = read(Source(csv_file(tmp_path, "Name;Name;SKU\na;b;c;d\n")))
    assert table.columns == ("Name", "Name (2)", "SKU", "D")
    assert table.lines[0].cells == ("a", "b", "c", "d")


def test_text_in_another_encoding_than_it_seems_is_noticed(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "SKU;Name\n1;Bär\n")
    assert read(Source(path, encoding="cp1252")).doubtful
    latin = csv_file(tmp_path, "SKU;Name\n1;x\n2;Bär\n", "cp1252")
    with pytest.raises(Invalid) as caught:
        read(Source(latin, encoding="utf-8"))
    assert (caught.value.key, caught.value.params["line"]) == ("import_wrong_encoding", 3)


def test_a_workbook_keeps_its_types_and_says_its_sheets(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["SKU", "Name", "Gewicht", "Ab", "Ja"],
        [80, "Engel", 12.1, date(2026, 11, 20), True],
    ]
    table = read(Source(workbook(tmp_path, rows, Zweites=[["SKU"], ["1"]])), known=PRODUCTS)
    assert table.sheets == ("Sheet", "Zweites")
    assert table.lines[0].cells == (80, "Engel", Decimal("12.1"), date(2026, 11, 20), True)
    other = read(Source(table.source.path, sheet="Zweites"), known=PRODUCTS)
    assert other.lines[0].cells == ("1",)


def test_formulas_without_a_result_and_errors_are_no_empty_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["SKU", "Name"], ["=1+1", "#N/A"], ["80-1", "Engel"]])
    table = read(Source(path), known=PRODUCTS)
    assert table.lines[0].cells[0] == Broken("import_formula", "=1+1")
    assert table.lines[0].cells[1] == Broken("import_cell_error", "#N/A")
    rows = check(Plan(KINDS["products"], table, {0: "sku", 1: "name"}))
    assert [f.code for f in rows[0].findings] == ["import_formula", "import_cell_error"]
    assert rows[1].values == {"sku": "80-1", "name": "Engel"}


def bomb(folder: Path) -> Path:
    path = folder / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/workbook.xml", "w") as part,
    ):
        for _ in range(sheets.MAX_UNPACKED // (1024 * 1024) + 1):
            part.write(b"\0" * 1024 * 1024)
    return path


def entities(folder: Path) -> Path:
    good = workbook(folder, [["SKU"], ["1"]])
    path = folder / "laughs.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/workbook.xml":
                head, _, rest = (
                    content.partition(b"?>") if content.startswith(b"<?xml") else (b"", b"", content)
                )
                start = head + b"?>" if head else b""
                content = start + b'<!-- x --><!DOCTYPE a [<!ENTITY b "cccc">]>' + rest
            target.writestr(part, content)
    return path


def cut(folder: Path) -> Path:
    path = workbook(folder, [["SKU"], ["1"]])
    path.write_bytes(path.read_bytes()[:-200])
    return path


def archive(folder: Path) -> Path:
    path = folder / "photos.xlsx"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.txt", "x")
    return path


def of_bytes(content: bytes, name: str = "file.csv") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (of_bytes(b""), "import_empty"),
        (of_bytes(b"SKU;Name\n"), "import_empty"),
        (of_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "import_no_table"),
        (of_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.xls"), "import_old_workbook"),
        (of_bytes(b"SKU;Name\n", "no.xlsx"), "import_broken_workbook"),
        (of_bytes(b'SKU;Name\n1;"Engel\n' + b"2;x\n" * 20_000), "import_unclosed_quote"),
        (of_bytes(b"SKU\n" + b";" * 300 + b"x\n"), "import_too_many_columns"),
        (of_bytes(b"SKU\n" + b"1\n" * (sheets.MAX_ROWS + 1)), "import_too_many_rows"),
        (bomb, "import_unpacks_too_large"),
        (entities, "import_broken_workbook"),
        (cut, "import_broken_workbook"),
        (archive, "import_no_workbook"),
    ],
)
def test_what_cannot_be_read_is_said(make: Callable[[Path], Path], key: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        read(Source(make(tmp_path)), known=PRODUCTS)
    assert caught.value.key == key
    assert i18n.has_text(f"error.{key}")


def test_a_file_that_is_gone_or_huge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="import_unreadable"):
        read(Source(tmp_path / "gone.csv"))
    monkeypatch.setattr(sheets, "MAX_BYTES", 10)
    with pytest.raises(Invalid, match="import_too_large"):
        read(Source(csv_file(tmp_path, "SKU;Name\n1;Engel\n")))


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.234,50", ",", "1234.50"),
        ("1,234.50", ".", "1234.50"),
        ("1234", ",", "1234"),
        ("12,5 €", ",", "12.5"),
        ("EUR 12.5", ".", "12.5"),
        ("−3", ",", "-3"),
        ("1 234 567,8", ",", "1234567.8"),
        (",5", ",", "0.5"),
        ("12.5O", ".", None),
        ("1.23.4", ",", None),
        ("12,34,5", ",", None),
        ("1e5", ",", None),
        ("NaN", ",", None),
        ("٣", ",", None),
    ],
)
def test_numbers_as_they_are_written(text: str, mark: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(WrongCellError, match="not_number"):
            cells.number(text, Writing(mark))
    else:
        assert cells.number(text, Writing(mark)) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("20.11.2026", "dmy", date(2026, 11, 20)),
        ("11/20/2026", "mdy", date(2026, 11, 20)),
        ("2026-11-20 00:00:00", "dmy", date(2026, 11, 20)),
        ("1.2.26", "dmy", date(2026, 2, 1)),
        ("2026/11/20", "dmy", date(2026, 11, 20)),
        ("31.02.2027", "dmy", None),
        ("20.11.", "dmy", None),
        ("soon", "dmy", None),
    ],
)
def test_days_as_they_are_written(text: str, order: str, value: date | None) -> None:
    if value is None:
        with pytest.raises(WrongCellError, match="not_date"):
            cells.day(text, Writing(",", order))
    else:
        assert cells.day(text, Writing(",", order)) == value


def test_how_numbers_and_days_are_written_is_found_out() -> None:
    assert cells.guess_mark(["1.200", "12,5", None], ".") == ","
    assert cells.guess_mark(["1,200.5", "3"], ",") == "."
    assert cells.guess_mark(["1.200", "3.000"], ",") == ","  # could be either: the usual one
    assert cells.guess_order(["01/02/2026", "01/20/2026"], "dmy") == "mdy"
    assert cells.guess_order(["01.02.2026"], "mdy") == "dmy"
    assert cells.guess_order(["2026-02-01"], "dmy") == "dmy"


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_every_kind_knows_its_own_words(lang: str) -> None:
    for kind in KINDS.values():
        titles = [i18n.translate(lang, field.title) for field in kind.fields]
        found = guess.guess(kind.key, titles, kind.fields)
        assert [found.get(n) for n in range(len(titles))] == [field.name for field in kind.fields], kind.key


def test_names_are_guessed_in_either_language_and_each_field_once() -> None:
    fields = KINDS["customers"].fields
    columns = ["Kd.-Nr.", "FIRMA", "Email", "Tel", "Tel", "Umsatz 2025", "Bemerkungn"]
    assert guess.guess("customers", columns, fields) == {
        0: "number", 1: "name", 2: "email", 3: "phone", 6: "remark"
    }  # fmt: skip


def test_a_template_is_used_again_where_it_fits() -> None:
    fields = KINDS["products"].fields
    template = Template.from_json(Template("ERP", {"Nr": "sku", "Text": "name"}, ",", "dmy").as_json())
    assert template.fits(["Text", "Menge", "NR."])
    assert not template.fits(["Text", "Menge"])
    assert template.applied(["Text", "Menge", "Nr"], fields) == {0: "name", 2: "sku"}
    assert not Template.from_json({"columns": "no"}).fits(["Text"])


def plan_of(tmp_path: Path, text: str, kind: str = "products") -> tuple[Plan, list[Row]]:
    found = KINDS[kind]
    table = read(Source(csv_file(tmp_path, text)), known=partial(guess.known, kind))
    plan = Plan(found, table, guess.guess(kind, table.columns, found.fields))
    return plan, check(plan)


def test_cells_are_found_wrong_in_the_words_of_the_forms(tmp_path: Path) -> None:
    text = (
        "Artikel-Nr.;Bezeichnung;EAN;Gewicht in g;Status;Wird verkauft;Farbe\n"
        "80-1;Engel;4012345678902;-4;Weg;vielleicht;=rot\n"
        "80-2;  Bär \t groß ;4012345678901;1.200,5;auslaufend;ja;rot\n"
    )
    plan, (wrong, good) = plan_of(tmp_path, text)
    found = {f.field: f for f in wrong.findings}
    assert {name: f.code for name, f in found.items()} == {
        "ean": "ean_check_digit",
        "weight_g": "number_negative",
        "state": "not_one_of",
        "is_sold": "not_flag",
        "color": "import_like_formula",
    }
    assert not found["color"].is_error
    assert wrong.is_wrong
    assert "⟦" not in rejects.reason(plan, wrong, "de") + rejects.reason(plan, wrong, "en")
    assert found["ean"].words("de") == i18n.translate(
        "de", "error.ean_check_digit", value="4012345678902", expected="1"
    )
    assert good.findings == []
    assert good.values["weight_g"] == Decimal("1200.5")
    assert (good.values["name"], good.values["state"], good.values["is_sold"]) == (
        "Bär groß",
        "phase_out",
        True,
    )


def test_rejected_rows_come_back_as_they_were_and_can_be_imported_again(tmp_path: Path) -> None:
    book = workbook(
        tmp_path,
        [["SKU", "Name", "EAN", "Erschienen am"], ["007", "=Engel", 4012345678902, date(2026, 1, 2)]],
    )
    table = read(Source(book), known=PRODUCTS)
    plan = Plan(KINDS["products"], table, guess.guess("products", table.columns, KINDS["products"].fields))
    rows = check(plan)
    target = tmp_path / "wrong.xlsx"
    rejects.write(target, plan, rows, "de")
    again = read(Source(target), known=PRODUCTS)
    assert again.columns[:4] == table.columns
    assert again.lines[0].cells[0] == "007"
    assert again.lines[0].cells[2:4] == (4012345678902, date(2026, 1, 2))
    assert "Prüfziffer" in str(again.lines[0].cells[4])
    assert again.lines[0].cells[5] == 2
    guessed = guess.guess("products", again.columns, KINDS["products"].fields)
    assert guessed == {0: "sku", 1: "name", 2: "ean", 3: "released_on"}
    with zipfile.ZipFile(target) as parts:
        assert b"<f>" not in b"".join(parts.read(name) for name in parts.namelist())


def test_signs_nobody_sees_are_refused_everywhere(tmp_path: Path) -> None:
    text = "Lager;Kürzel;Beschreibung\nHL;A\u202e1;ok\nH\x07;A2;x\u0001y\n"
    _, rows = plan_of(tmp_path, text, "places")
    found = [(f.field, f.code) for row in rows for f in row.findings]
    assert found == [(name, "text_control_character") for name in ("code", "warehouse_id", "name")]


def test_a_workbook_that_claims_far_away_rows_is_read_at_once(tmp_path: Path) -> None:
    good = workbook(tmp_path, [["SKU", "Name"], ["1", "Engel"]])
    path = tmp_path / "far.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = content.replace(b'<row r="2"', b'<row r="900000"').replace(b'"A2"', b'"A900000"')
                content = content.replace(b'"B2"', b'"B900000"').replace(b"A1:B2", b"A1:ZZZ99999999")
            target.writestr(part, content)
    table = read(Source(path), known=PRODUCTS)
    assert [(line.number, line.cells) for line in table.lines] == [(900_000, ("1", "Engel"))]


def test_a_kind_with_mistakes_says_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "title: x\ntable: catalog.unit\nkey: [code, nothing]\nshared: no.such\nfields:\n"
        "  code: {title: a, type: colour}\n  size: {title: b}\n"
        "  name_de: {lookup: {table: catalog.nothing, by: code}, words: []}\n"
        "rules: {fields: {code: {length: [1, 2]}, other: {required: true}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(MappingError) as caught:
        kinds.read(path)
    said = "\n".join(caught.value.mistakes)
    for part in ("'nothing'", "'no.such'", "'colour'", "'size'", "catalog.nothing", "'words'", "'other'"):
        assert part in said


def test_a_stop_is_heard_while_reading(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def tick(_rows: int) -> None:
        raise StoppedError

    text = io.StringIO()
    for number in range(5000):
        text.write(f"{number};x\n")
    with pytest.raises(StoppedError):
        read(Source(csv_file(tmp_path, text.getvalue())), tick=tick)
