"""Files of an export on the disk: its own, and the bookings as CSV and XLSX for people rather than for DATEV."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from app.core import format as fmt
from app.core.i18n import translate
from app.services.accounting.preview import Booked, words_of

COLUMNS = (
    ("dated", 12),
    ("number", 18),
    ("words", 40),
    ("account", 10),
    ("side", 6),
    ("amount", 14),
    ("contra", 10),
    ("tax_key", 8),
    ("tax_category", 8),
    ("tax_rate", 8),
    ("due_date", 12),
)


def write(path: Path, title: str, rows: Sequence[Booked], language: str) -> int:
    """Write to ``path``, whose suffix (.csv or .xlsx) says the format; returns how many rows.

    The file appears whole or not at all; nothing in it is a formula.  Raises OSError.
    """
    part = path.with_name(f".{path.name}.part")
    part.touch()
    try:
        (_xlsx if path.suffix == ".xlsx" else _csv)(part, title, rows, language)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return len(rows)


def write_files(folder: Path, files: Sequence[tuple[str, bytes]]) -> None:
    """Write finished files byte for byte, each whole; none of them when one has no room.  Raises OSError."""
    parts = [folder / f".{name}.part" for name, _ in files]
    try:
        for part, (_, content) in zip(parts, files, strict=True):
            part.write_bytes(content)
        for part, (name, _) in zip(parts, files, strict=True):
            part.replace(folder / name)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _csv(path: Path, _title: str, rows: Iterable[Booked], language: str) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";" if language == "de" else ",", quoting=csv.QUOTE_MINIMAL)
        writer.writerow([translate(language, f"datev.column.{key}") for key, _width in COLUMNS])
        for row in rows:
            writer.writerow([_words(key, _value(row, key, language), language) for key, _width in COLUMNS])


def _value(row: Booked, key: str, language: str) -> Any:
    return words_of(row, language) if key == "words" else getattr(row, key)


def _words(key: str, value: Any, language: str) -> str:
    if value is None:
        return ""
    if key in ("dated", "due_date"):
        return str(fmt.date_(value, language))
    if key in ("amount", "tax_rate"):
        number = f"{value:.2f}" if key == "amount" else f"{value.normalize():f}"
        return number.replace(".", ",") if language == "de" else number
    return fmt.no_formula(str(value))


def _xlsx(path: Path, title: str, rows: Iterable[Booked], language: str) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        money = book.add_format({"num_format": "#,##0.00"})
        sheet = book.add_worksheet(title[:31].translate({ord(one): "-" for one in "[]:*?/\\"}))
        sheet.freeze_panes(1, 0)
        for place, (key, width) in enumerate(COLUMNS):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, translate(language, f"datev.column.{key}"), bold)
        for number, row in enumerate(rows, 1):
            for place, (key, _width) in enumerate(COLUMNS):
                value = _value(row, key, language)
                if value is None:
                    continue
                if key in ("dated", "due_date"):
                    sheet.write_datetime(number, place, value, day)
                elif key in ("amount", "tax_rate"):
                    sheet.write_number(number, place, value, money)
                else:
                    sheet.write_string(number, place, str(value))
