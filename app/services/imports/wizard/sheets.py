"""Reads what people send: CSV of any kind and XLSX workbooks.

A file is never trusted: sizes are limited before anything is unpacked, nothing in it is carried out, and what cannot
be read is said in one sentence (`Invalid`, key ``import_…``).  Cells come as text, whole numbers, `Decimal`, days,
moments, truth values, None, or `Broken` for what a workbook could not work out.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from app.core.errors import AppError, Invalid

MAX_BYTES = 200 * 1024 * 1024
MAX_UNPACKED = 400 * 1024 * 1024
MAX_PARTS = 2000
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 32_767  # what a cell of a spreadsheet holds
HEAD_SEARCH = 30  # so far down the row of column names is looked for
ENCODINGS = ("utf-8", "cp1252", "utf-16")
SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t", "bar": "|"}
_OLD_OFFICE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_MOJIBAKE = re.compile("Ã[¤¶¼ŸœŠ„–©¨]|\ufffd")
_PORTION = 64 * 1024
_LAST_ROW = 1_048_576  # of a workbook; one may claim more

csv.field_size_limit(64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell without a value: an error such as #N/A, or a formula nobody has worked out (``code`` of a finding)."""

    code: str
    shown: str

    def __str__(self) -> str:
        return self.shown


Cell = str | int | Decimal | bool | date | datetime | Broken | None


@dataclass(frozen=True, slots=True)
class Source:
    """How a file is read; what is None is found out.  ``header`` is the number of the row of names, 0 for none."""

    path: Path
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    header: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file; ``number`` counts from 1, as a spreadsheet shows it."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read: column names and rows.  ``source`` says how, with nothing left open.

    ``sheets`` are the sheets of a workbook with rows; ``doubtful``: the encoding is probably another one.
    """

    source: Source
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    sheets: tuple[str, ...] = ()
    doubtful: bool = False

    @property
    def is_workbook(self) -> bool:
        """Whether it came from an XLSX file."""
        return bool(self.sheets)


Known = Callable[[Sequence[str]], int]  # how many of these words are names of fields
Tick = Callable[[int], None]  # rows read so far; may raise Cancelled


def _no_name(_words: Sequence[str]) -> int:
    return 0


def read(source: Source, *, known: Known = _no_name, tick: Tick = lambda _rows: None) -> Table:
    """Read a file.  Raises `Invalid` for one that cannot be read or is too large."""
    try:
        size = source.path.stat().st_size
        with source.path.open("rb") as file:
            beginning = file.read(4096)
    except OSError as error:
        raise Invalid("import_unreadable", name=source.path.name, why=error.strerror or str(error)) from error
    if size > MAX_BYTES:
        raise Invalid("import_too_large", limit=MAX_BYTES // 1024 // 1024)
    if not beginning:
        raise Invalid("import_empty")
    if beginning.startswith(_OLD_OFFICE):
        raise Invalid("import_old_workbook")
    if beginning.startswith(_ZIP):
        return _workbook(source, known, tick)
    if source.path.suffix.lower() in (".xlsx", ".xlsm"):
        raise Invalid("import_broken_workbook")
    return _text(source, known, tick)


# CSV


def _text(source: Source, known: Known, tick: Tick) -> Table:
    raw = source.path.read_bytes()
    encoding = source.encoding or _encoding(raw)
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Invalid("import_wrong_encoding", encoding=encoding, line=line) from error
    if "\0" in text[: 64 * 1024]:
        raise Invalid("import_no_table")
    separator = source.separator or _separator(text)
    rows = _csv_rows(text, SEPARATORS.get(separator, ";"), tick)
    doubtful = bool(_MOJIBAKE.search(text[: 256 * 1024]))
    return _table(Source(source.path, encoding, separator, None, source.header), rows, known, (), doubtful)


def _encoding(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in raw[:_PORTION]:
        raise Invalid("import_no_table")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(text: str) -> str:
    """The sign that cuts most of the first rows into the same number of cells."""
    lines = text.splitlines()[:50]
    best, score = "semicolon", 0.0
    for name, sign in SEPARATORS.items():
        widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        if usual > 1 and (found := widths.count(usual) / len(widths) * min(usual, 20)) > score:
            best, score = name, found
    return best


def _csv_rows(text: str, sign: str, tick: Tick) -> Iterator[tuple[int, list[Cell]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    count = 0
    while True:
        start = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid("import_unclosed_quote", line=start) from error
        if any(len(cell) > MAX_CELL for cell in row):
            raise Invalid("import_unclosed_quote", line=start)
        count += 1
        if count % 1000 == 0:
            tick(count)
        yield start, [cell.strip() or None for cell in row]


# XLSX


def _workbook(source: Source, known: Known, tick: Tick) -> Table:
    import openpyxl  # takes a moment, and only who imports a workbook needs it

    try:
        _look_into(source.path)
        book = openpyxl.load_workbook(source.path, read_only=True, data_only=True, keep_links=False)
    except Invalid:
        raise
    except Exception as error:  # whatever a forged workbook makes the library raise
        raise Invalid("import_broken_workbook") from error
    try:
        names = tuple(sheet.title for sheet in book.worksheets)
        if not names:
            raise Invalid("import_empty")
        name = source.sheet if source.sheet in names else names[0]
        waiting = _formulas(source.path, name)
        rows = _sheet_rows(book[name], waiting, tick)
        return _table(Source(source.path, None, None, name, source.header), rows, known, names, False)
    except (Invalid, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, AppError):
            raise
        raise Invalid("import_broken_workbook") from error
    finally:
        book.close()


def _look_into(path: Path) -> None:
    """Refuse what would fill the memory when unpacked, or make a reader of XML do more than read."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Invalid("import_unpacks_too_large", limit=MAX_UNPACKED // 1024 // 1024)
        if any(part.flag_bits & 1 for part in parts):
            raise Invalid("import_old_workbook")
        names = {part.filename for part in parts}
        if "xl/workbook.xml" not in names and not any(name.startswith("xl/") for name in names):
            raise Invalid("import_no_workbook")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    _no_declarations(file)


class _Begun(Exception):  # noqa: N818  (nothing is wrong)
    """The first element has come: no declaration can follow."""


def _no_declarations(file: IO[bytes]) -> None:
    parser = expat.ParserCreate()

    def begun(*_args: object) -> None:
        raise _Begun

    def declared(*_args: object) -> None:
        raise Invalid("import_broken_workbook")

    parser.StartElementHandler = begun
    parser.StartDoctypeDeclHandler = declared
    try:
        while portion := file.read(_PORTION):
            parser.Parse(portion, False)
    except _Begun:
        return


def _formulas(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Cells of a sheet that hold a formula, by row and column; read only when there is any."""
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml")]
        if not any(_has_formula(archive, name) for name in sheets):
            return {}
    book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    try:
        found: dict[tuple[int, int], str] = {}
        for row in book[sheet].iter_rows(max_row=_LAST_ROW, max_col=MAX_COLUMNS + 1):
            for cell in row:
                if cell.data_type == "f" and cell.row and cell.column:
                    found[cell.row, cell.column] = str(cell.value)[:120]
        return found
    finally:
        book.close()


def _has_formula(archive: zipfile.ZipFile, name: str) -> bool:
    end = b""
    with archive.open(name) as file:
        for portion in iter(lambda: file.read(_PORTION), b""):
            if b"<f>" in (text := end + portion) or b"<f " in text:
                return True
            end = portion[-3:]
    return False


def _sheet_rows(
    sheet: Any, waiting: dict[tuple[int, int], str], tick: Tick
) -> Iterator[tuple[int, list[Cell]]]:
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    before = None
    for number, row in enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=MAX_COLUMNS + 1), start=1):
        if number % 500 == 0:
            tick(number)
        if row is before:  # the library's filling between rows that are far apart
            continue
        before = row
        cells = [_cell(cell) for cell in row]
        if waiting:
            for place, value in enumerate(cells, start=1):
                if value is None and (formula := waiting.get((number, place))) is not None:
                    cells[place - 1] = Broken("import_formula", formula)
        yield number, cells


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None or isinstance(value, bool | int | datetime | date):
        if isinstance(value, datetime) and value.time() == time():
            return value.date()
        return value
    if isinstance(value, float):
        number = Decimal(f"{value:.15g}")
        return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number
    text = str(value).strip()
    if cell.data_type == "e":
        return Broken("import_cell_error", text)
    return text[: MAX_CELL + 1] or None


# both


def _table(
    source: Source,
    rows: Iterator[tuple[int, list[Cell]]],
    known: Known,
    sheets: tuple[str, ...],
    doubtful: bool,
) -> Table:
    first: list[tuple[int, list[Cell]]] = []
    for row in rows:
        first.append(_fitting(row))
        if len(first) >= HEAD_SEARCH:
            break
    header = source.header if source.header is not None else _find_header(first, known)
    names: list[Cell] = []
    lines: list[Line] = []
    for number, cells in (*first, *(_fitting(row) for row in rows)):
        if number == header:
            names = cells
        elif number > header and any(cell is not None for cell in cells):
            lines.append(Line(number, tuple(cells)))
            if len(lines) > MAX_ROWS:
                raise Invalid("import_too_many_rows", limit=MAX_ROWS)
    width = max([len(names), *(len(line.cells) for line in lines)], default=0)
    if not width or not lines:
        raise Invalid("import_empty")
    found = Source(source.path, source.encoding, source.separator, source.sheet, header)
    return Table(found, _names(names, width), tuple(lines), sheets, doubtful)


def _fitting(row: tuple[int, list[Cell]]) -> tuple[int, list[Cell]]:
    """A row without the empty cells behind its last one."""
    number, cells = row
    while cells and cells[-1] is None:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise Invalid("import_too_many_columns", line=number, limit=MAX_COLUMNS)
    return number, cells


def _find_header(rows: Sequence[tuple[int, list[Cell]]], known: Known) -> int:
    """The row that holds most names of fields, else the first that is as wide as the others and all words."""
    scores = [
        (known([cell for cell in cells if isinstance(cell, str)]), -number) for number, cells in rows if cells
    ]
    if not scores:
        return 0
    most, at = max(scores)
    if most >= 2 or (most == 1 and max(len(cells) for _, cells in rows) == 1):
        return -at
    usual = max(len(cells) for _, cells in rows)
    for number, cells in rows:
        words = [cell for cell in cells if isinstance(cell, str) and not re.search(r"\d", cell)]
        if len(cells) >= max(1, usual // 2) and words:
            return number if len(words) == len(cells) else 0
    return 0


def _names(names: Sequence[Cell], width: int) -> tuple[str, ...]:
    """A name of its own for every column; without one its letter, as spreadsheets call it."""
    given = [" ".join(str(name).split())[:120] if name is not None else "" for name in names]
    given += [""] * (width - len(given))
    made: list[str] = []
    for place, name in enumerate(given):
        word, again = name or letters(place), 2
        while word in made:
            word, again = f"{name or letters(place)} ({again})", again + 1
        made.append(word)
    return tuple(made)


def letters(place: int) -> str:
    """What a spreadsheet calls a column: 0 is A, 26 is AA."""
    word = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        word = chr(65 + rest) + word
    return word
