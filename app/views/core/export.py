"""Lists as files: XLSX with typed cells, CSV for the language's Excel, PDF to print.

Everything here runs off the GUI thread and works on columns and rows only; nothing is interpreted: text that
looks like a formula stays text.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen

from app.core import format as fmt
from app.core.i18n import t
from app.views.core import tokens
from app.views.core.fonts import font
from app.views.core.table_model import Column

EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767
FORMATS = ("xlsx", "csv", "json", "pdf")
_NUMERIC = ("number", "money", "quantity", "percent", "bar")


class Stopped(Exception):  # noqa: N818  (nothing went wrong)
    """The user stopped the export; nothing is left behind."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What to write: a title, the columns in their order, which of them are locked, and the language."""

    title: str
    columns: Sequence[Column]
    locked: frozenset[str]
    language: str


def write(path: Path, kind: str, sheet: Sheet, rows: Iterable[Any], progress: Callable[[int], None]) -> int:
    """Write rows to ``path`` as xlsx, csv, json or pdf and return how many.

    ``progress`` gets the number of rows written now and then, and may raise `Stopped`.  The file appears whole or
    not at all.  Raises OSError when it cannot be written, ValueError for an unknown kind.
    """
    writers = {"xlsx": _xlsx, "csv": _csv, "json": _json, "pdf": _pdf}
    if kind not in writers:
        raise ValueError(f"unknown kind of file {kind!r}")
    part = path.with_name(f".{path.name}.part")
    part.touch()  # the libraries clean up badly after themselves where nothing can be written
    try:
        count = writers[kind](part, sheet, _counted(rows, progress))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _counted(rows: Iterable[Any], progress: Callable[[int], None]) -> Iterator[Any]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % 200 == 0:
            progress(number)


def _value(column: Column, row: Any, sheet: Sheet) -> Any:
    """The value of a cell as Python's own, words where words are shown."""
    if column.key in sheet.locked:
        return t("kit.no_right")
    value = column.raw(row)
    if column.kind in _NUMERIC and column.text is None:
        return value
    if column.kind in ("date", "date_time") and column.text is None:
        return value
    if value is None and column.text is None:
        return None
    words = column.words(row)
    second = column.second(row) if column.second is not None else ""
    return f"{words} · {second}" if second else words


def _head(column: Column) -> str:
    return column.head() or column.key


# JSON, for programs: every field of a row as it is, whatever columns are shown


def _json(path: Path, sheet: Sheet, rows: Iterable[Any]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as out:
        out.write("[")
        for row in rows:
            fields = {key: value for key, value in row._asdict().items() if key not in sheet.locked}
            out.write(",\n" if count else "\n")
            out.write(json.dumps(fields, ensure_ascii=False, default=_plain))
            count += 1
        out.write("\n]\n")
    return count


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


# XLSX


def _xlsx(path: Path, sheet: Sheet, rows: Iterable[Any]) -> int:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            return _xlsx_rows(book, sheet, rows)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _xlsx_rows(book: Any, sheet: Sheet, rows: Iterable[Any]) -> int:
    head = book.add_format({"bold": True, "bottom": 1, "valign": "vcenter"})
    german = sheet.language == "de"
    formats = {
        "money": book.add_format({"num_format": "#,##0.00"}),
        "number": book.add_format({"num_format": "#,##0.######"}),
        "integer": book.add_format({"num_format": "#,##0"}),
        "percent": book.add_format({"num_format": "0.##%"}),
        "whole_percent": book.add_format({"num_format": "0%"}),
        "date": book.add_format({"num_format": "dd.mm.yyyy" if german else "d mmm yyyy"}),
        "date_time": book.add_format({"num_format": "dd.mm.yyyy hh:mm" if german else "d mmm yyyy hh:mm"}),
    }
    page: Any = None
    line = count = 0
    for row in rows:
        if page is None or line >= EXCEL_ROWS:
            page = _new_page(book, sheet, head)
            line = 1
        for number, column in enumerate(sheet.columns):
            _xlsx_cell(page, line, number, column, _value(column, row, sheet), formats)
        line += 1
        count += 1
    if page is None:
        _new_page(book, sheet, head)
    return count


def _new_page(book: Any, sheet: Sheet, head: Any) -> Any:
    clean = "".join(" " if sign in "[]:*?/\\'" else sign for sign in sheet.title).strip()[:25] or "Werkbank"
    number = len(book.worksheets())
    page = book.add_worksheet(clean if number == 0 else f"{clean} {number + 1}")
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, max(8, column.width / 6.5 * (1.6 if column.stretch else 1)))
        page.write_string(0, place, _head(column), head)
    page.freeze_panes(1, 0)
    return page


def _xlsx_cell(page: Any, line: int, place: int, column: Column, value: Any, formats: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool | str):
        text = str(value)
        page.write_string(line, place, text if len(text) <= EXCEL_TEXT else text[: EXCEL_TEXT - 1] + "…")
    elif isinstance(value, datetime):
        local = value.astimezone().replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(line, place, local, formats["date_time"])
    elif isinstance(value, date):
        page.write_datetime(line, place, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001
    elif column.kind == "percent":
        share = Decimal(value) / 100
        whole = Decimal(value) == Decimal(value).to_integral_value()
        page.write_number(line, place, share, formats["whole_percent" if whole else "percent"])
    elif isinstance(value, int | Decimal):
        number = Decimal(value)
        style = (
            "money"
            if column.kind == "money"
            else "integer"
            if number == number.to_integral_value()
            else "number"
        )
        page.write_number(line, place, number, formats[style])
    elif isinstance(value, float):
        page.write_number(line, place, value, formats["percent"])
    else:
        page.write_string(line, place, str(value)[:EXCEL_TEXT])


# CSV


def _csv(path: Path, sheet: Sheet, rows: Iterable[Any]) -> int:
    german = sheet.language == "de"
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";" if german else ",", lineterminator="\r\n")
        writer.writerow([fmt.no_formula(_head(column)) for column in sheet.columns])
        for row in rows:
            writer.writerow([_csv_cell(_value(column, row, sheet), german) for column in sheet.columns])
            count += 1
    return count


def _csv_cell(value: Any, german: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return fmt.no_formula(value)
    if isinstance(value, datetime):
        local = value.astimezone() if value.tzinfo else value
        return local.strftime("%d.%m.%Y %H:%M" if german else "%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y" if german else "%Y-%m-%d")
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.replace(".", ",") if german else plain
    return str(value)


# PDF

_POINTS = 72 / 96  # screen pixels to points


def _pdf(path: Path, sheet: Sheet, rows: Iterable[Any]) -> int:
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageOrientation(QPageLayout.Orientation.Landscape)
    writer.setPageMargins(QMarginsF(12, 12, 12, 12), QPageLayout.Unit.Millimeter)
    writer.setTitle(sheet.title)
    writer.setResolution(96)
    painter = QPainter(writer)
    if not painter.isActive():
        raise OSError(f"cannot write {path}")
    try:
        return _PdfTable(writer, painter, sheet).draw(rows)
    finally:
        painter.end()


class _PdfTable:
    """A table over as many pages as it takes, with its head on each."""

    ROW = 20.0

    def __init__(self, writer: QPdfWriter, painter: QPainter, sheet: Sheet) -> None:
        self._writer, self._painter, self._sheet = writer, painter, sheet
        theme = tokens.Theme("light")
        self._ink, self._pale, self._line = theme.colour("text"), theme.colour("text3"), theme.colour("line")
        self._body, self._small, self._title = font("small"), font("small600"), font("section15")
        self._metrics = QFontMetricsF(self._body)
        self._width, self._height = float(writer.width()), float(writer.height())
        wanted = [column.width * (2.2 if column.stretch else 1.0) for column in sheet.columns]
        scale = self._width / sum(wanted)
        self._widths = [width * scale for width in wanted]
        self._page = 0
        self._y = 0.0

    def draw(self, rows: Iterable[Any]) -> int:
        count = 0
        self._new_page()
        for row in rows:
            if self._y + self.ROW > self._height - self.ROW:
                self._writer.newPage()
                self._new_page()
            cells = [_shown(column, _value(column, row, self._sheet)) for column in self._sheet.columns]
            self._painter.setFont(self._body)
            self._painter.setPen(self._ink)
            self._cells(cells)
            count += 1
        return count

    def _new_page(self) -> None:
        painter = self._painter
        self._page += 1
        self._y = 0.0
        painter.setFont(self._title)
        painter.setPen(self._ink)
        painter.drawText(QRectF(0, 0, self._width, 24), int(Qt.AlignmentFlag.AlignLeft), self._sheet.title)
        painter.setFont(self._body)
        painter.setPen(self._pale)
        stamp = t("kit.print.page", n=self._page, when=fmt.date_time(datetime.now().astimezone()))
        painter.drawText(QRectF(0, 0, self._width, 24), int(Qt.AlignmentFlag.AlignRight), stamp)
        self._y = 30.0
        painter.setFont(self._small)
        painter.setPen(self._ink)
        self._cells([_head(column) for column in self._sheet.columns])

    def _cells(self, cells: Sequence[str]) -> None:
        painter, x = self._painter, 0.0
        metrics = QFontMetricsF(painter.font())
        for column, width, text in zip(self._sheet.columns, self._widths, cells, strict=True):
            side = Qt.AlignmentFlag.AlignRight if column.right_aligned else Qt.AlignmentFlag.AlignLeft
            shown = metrics.elidedText(text[:500], Qt.TextElideMode.ElideRight, width - 6)
            area = QRectF(x + 3, self._y, width - 6, self.ROW)
            painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), shown)
            x += width
        self._y += self.ROW
        pen = painter.pen()
        painter.setPen(QPen(QColor(self._line), 0.7))
        painter.drawLine(0, round(self._y), round(self._width), round(self._y))
        painter.setPen(pen)


def _shown(column: Column, value: Any) -> str:
    if value is None:
        return fmt.NONE
    match column.kind:
        case "money" if isinstance(value, int | Decimal):
            return fmt.money(Decimal(value), column.currency)
        case "number" | "quantity" if isinstance(value, int | Decimal):
            return fmt.number(value, places=column.places)
        case "percent" if isinstance(value, int | Decimal):
            return fmt.percent(Decimal(value))
    if isinstance(value, datetime):
        return fmt.date_time(value)
    if isinstance(value, date):
        return fmt.date_(value)
    return " ".join(str(value).split())
