"""A legacy table as a file: CSV, XLSX or JSON, page by page, whole or not at all."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from app.core.errors import Refused
from app.core.format import no_formula
from app.services.legacy.client import Page
from app.services.legacy.filters import Where
from app.services.legacy.wire import KEY, STAMP, TIMESTAMP, Row, Table

FORMATS = (".csv", ".xlsx", ".json")
EXCEL_ROWS = 1_048_575
EXCEL_TEXT = 32_767
Written = Callable[[int, int | None], object]


class Tables(Protocol):
    """Where rows come from: `FourD`, or a `Reader` of it."""

    def table(self, name: str) -> Table: ...

    def pages(
        self, table: str, *, order: Sequence[str] = (), where: Where | None = None, top: int = 1000
    ) -> Iterator[Page]: ...


def export(
    source: Tables,
    table: str,
    file: Path,
    *,
    where: Where | None = None,
    limit: int | None = None,
    written: Written = lambda _count, _total: None,
) -> int:
    """Write a table, or what fits of it, to a file whose suffix says the format; gives how many rows it has.

    Raises Refused legacy_export_format, legacy_export_too_many_rows; OSError when the file cannot be written.
    """
    writers = {".csv": _csv, ".xlsx": _xlsx, ".json": _json}
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise Refused("legacy_export_format", file=file.name, formats=", ".join(FORMATS))
    columns = columns_of(source.table(table))
    rows = _rows(source, table, where, limit, written, EXCEL_ROWS if writer is _xlsx else None)
    part = file.with_name(f".{file.name}.part")
    try:
        part.touch(0o600)  # addresses, pay: whoever writes it decides who else reads it
        count = writer(part, columns, rows)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count


def columns_of(table: Table) -> tuple[str, ...]:
    """The key, every column, the keys of related records, and the stamps."""
    fields = [one.name for one in table.fields if one.type not in ("image", "blob", "picture")]
    related = [f"{one.name}.{KEY}" for one in table.relations if not one.many]
    return (KEY, *fields, *related, STAMP, TIMESTAMP)


def _rows(
    source: Tables, table: str, where: Where | None, limit: int | None, written: Written, most: int | None
) -> Iterator[Row]:
    count = 0
    for page in source.pages(table, where=where, top=min(limit or 1000, 1000)):
        if most is not None and (page.total or 0) > most and (limit is None or limit > most):
            raise Refused("legacy_export_too_many_rows", rows=page.total, most=most)
        for row in page.rows:
            if limit is not None and count >= limit:
                return
            count += 1
            yield row
        written(count, page.total if limit is None or page.total is None else min(page.total, limit))


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers as numbers, everything else as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def _json(file: Path, _columns: Sequence[str], rows: Iterable[Row]) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as out:
        out.write("[")
        for row in rows:
            out.write(",\n" if count else "\n")
            out.write(json.dumps(plain(row), ensure_ascii=False))
            count += 1
        out.write("\n]\n")
    return count


def _csv(file: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    count = 0
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row.get(name)) for name in columns])
            count += 1
    return count


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, str):
        return no_formula(value)
    return str(plain(value)) if not isinstance(value, Decimal) else format(value, "f")


def _xlsx(file: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(str(file), options) as book:
            return _sheet(book, columns, rows)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _sheet(book: Any, columns: Sequence[str], rows: Iterable[Row]) -> int:
    sheet = book.add_worksheet()
    head = book.add_format({"bold": True, "bottom": 1})
    formats = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        time: book.add_format({"num_format": "hh:mm:ss"}),
    }
    sheet.freeze_panes(1, 1)
    for place, name in enumerate(columns):
        sheet.write_string(0, place, name, head)
        sheet.set_column(place, place, min(max(len(name) + 2, 12), 40))
    count = 0
    for row in rows:
        count += 1
        for place, name in enumerate(columns):
            value = row.get(name)
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(count, place, value)
            elif isinstance(value, int | Decimal):
                sheet.write_number(count, place, float(value))
            elif type(value) in formats and not (isinstance(value, date) and value.year < 1900):
                sheet.write_datetime(count, place, _naive(value), formats[type(value)])
            else:
                sheet.write_string(count, place, _text(value)[:EXCEL_TEXT])
    sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    return count


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _cell(value)


def _naive(value: Any) -> Any:
    """A spreadsheet knows no zones: the time is UTC's."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
