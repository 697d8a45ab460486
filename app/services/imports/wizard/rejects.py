"""Rows that were not taken over as a workbook: as they came, with the reason; corrected, it can be imported again."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from app.core.i18n import translate
from app.services.imports.wizard.check import Plan, Row
from app.services.imports.wizard.sheets import Cell

_DATE = {"de": "dd.mm.yyyy", "en": "d mmm yyyy"}
_NUMBER_LIMIT = Decimal(10) ** 15  # beyond, a spreadsheet loses digits


def reason(plan: Plan, row: Row, lang: str) -> str:
    """What is wrong with a row, field by field."""
    said = []
    for finding in row.findings:
        name = translate(lang, plan.kind.field(finding.field).title) if finding.field else ""
        said.append(f"{name}: {finding.words(lang)}" if name else finding.words(lang))
    return "\n".join(said)


def write(path: Path, plan: Plan, rows: Sequence[Row], lang: str) -> None:
    """Write rows under the columns of their file, with reason and number of the row.  Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with xlsxwriter.Workbook(str(part), options) as book:
            bold = book.add_format({"bold": True, "bottom": 1})
            soft = book.add_format({"text_wrap": True, "valign": "top"})
            marks = {
                "plain": None,
                "bad": book.add_format({"bg_color": "#FCE4E2", "font_color": "#B3261E"}),
                "date": book.add_format({"num_format": _DATE.get(lang, _DATE["en"])}),
            }
            sheet = book.add_worksheet(translate(lang, "import.rejects.sheet"))
            columns = plan.table.columns
            for place, name in enumerate(columns):
                sheet.write_string(0, place, name, bold)
                sheet.set_column(place, place, min(40, max(10, len(name) + 3)))
            sheet.write_string(0, len(columns), translate(lang, "import.rejects.reason"), bold)
            sheet.write_string(0, len(columns) + 1, translate(lang, "import.rejects.line"), bold)
            sheet.set_column(len(columns), len(columns), 70)
            for number, row in enumerate(rows, start=1):
                fields = {finding.field for finding in row.findings if finding.field}
                for place, cell in enumerate(row.line.cells):
                    _cell(sheet, number, place, cell, marks, bad=plan.columns.get(place) in fields)
                sheet.write_string(number, len(columns), reason(plan, row, lang), soft)
                sheet.write_number(number, len(columns) + 1, row.number)
            sheet.freeze_panes(1, 0)
        part.replace(path)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _cell(sheet: Any, line: int, place: int, cell: Cell, marks: dict[str, Any], *, bad: bool) -> None:
    mark = marks["bad"] if bad else marks["plain"]
    if cell is None:
        if bad:
            sheet.write_blank(line, place, None, mark)
    elif isinstance(cell, datetime):
        sheet.write_string(line, place, cell.isoformat(" ", "seconds"), mark)
    elif isinstance(cell, bool):
        sheet.write_boolean(line, place, cell, mark)
    elif isinstance(cell, date) and cell.year >= 1900:
        sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), marks["date"])  # noqa: DTZ001
    elif isinstance(cell, int | Decimal) and abs(Decimal(cell)) < _NUMBER_LIMIT:
        sheet.write_number(line, place, cell, mark)
    else:
        sheet.write_string(line, place, str(cell)[:32_767], mark)
