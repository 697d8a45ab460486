"""The lines of a document as a table one types into: what a column is, and what may stand in its cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid
from app.core.i18n import t
from app.views.core import values
from app.views.core.merging import same

# Beside its cells a line keeps, by column, what was typed into them and cannot be their value.
RAW = "~typed"


@dataclass(frozen=True)
class LineColumn:
    """A column of the lines.

    ``kind``: position, image, lookup, text, number, quantity, money, percent, date, choice; and, never editable,
    status (value ``(kind, text)``: ok, warn, bad or neutral with its icon) and two_line (value ``(first, second)``).
    ``width`` in pixels, 0 takes the rest (at least ``least``).  ``stored`` columns are saved and merged, the others are
    computed.
    ``text_key`` names the cell of the line that holds the words of the value (a lookup's id is shown as them).
    ``shown`` False keeps a value with the line that has no column on screen, ``quiet_zero`` shows 0 as a dash.
    ``style`` is a step of the type scale.
    A number is at least ``minimum``, greater than ``above``, at most ``maximum``; ``max_length`` limits text;
    ``validate(value, line)`` gives an `Invalid` or None, ``words(value)`` says what is neither text nor number.
    """

    key: str
    label: str
    kind: str = "text"
    width: int = 0
    least: int = 0
    editable: bool = False
    required: bool = False
    stored: bool = True
    places: int | None = None
    minimum: Decimal | None = None
    above: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[tuple[Any, str], ...] = ()
    style: str = "body"
    right: str = ""
    text_key: str = ""
    shown: bool = True
    quiet_zero: bool = False
    max_length: int = 0
    validate: Callable[[Any, Mapping[str, Any]], Invalid | None] | None = None
    words: Callable[[Any], str] | None = None

    @property
    def numeric(self) -> bool:
        """Whether it is right-aligned."""
        return self.kind in values.NUMERIC


@dataclass(frozen=True)
class LinesSpec:
    """The lines of a form.

    ``key_next`` and ``key_find`` say in the foot what Enter and F4 do, ``least_rows`` is how many rows there is room
    for.

    ``find(session, text, limit, language)`` gives the type-ahead rows of the lookup column; ``picked(row)`` turns a
    chosen row (or a row that ``resolve`` found) into the values of the line.  ``resolve(session, codes, language)``
    finds many codes at once for pasted rows and gives ``{code: row}``.  ``paste`` names the columns of a pasted
    table from left to right.  ``defaults`` are the values of a new line, ``after_lookup`` is the column the cursor
    goes to when an article was chosen (the first editable one when empty).
    """

    columns: tuple[LineColumn, ...]
    find: Callable[..., Any] | None = None
    picked: Callable[[Any], Mapping[str, Any]] | None = None
    resolve: Callable[..., Mapping[str, Any]] | None = None
    paste: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Any], ...] = ()
    title: str = "form.lines"
    add: str = "form.line_add"
    placeholder: str = "form.line_placeholder"
    row_height: int = 0
    after_lookup: str = ""
    key_next: str = "form.key_next"
    key_find: str = "form.key_find"
    least_rows: int = 3

    @property
    def stored(self) -> tuple[str, ...]:
        """Keys that are saved."""
        return tuple(column.key for column in self.columns if column.stored and column.kind != "position")

    def column(self, key: str) -> LineColumn:
        """The column of a key; raises KeyError."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)


def stored_lines(lines: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> list[dict[str, Any]]:
    """What of the lines is saved: their id and the stored columns."""
    keys = tuple(keys)
    return [{"id": line.get("id"), **{key: line.get(key) for key in keys}} for line in lines]


def same_lines(
    one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]], keys: Iterable[str]
) -> bool:
    """Whether two sets of lines would be saved alike."""
    keys = ("id", *keys)
    if len(one) != len(other):
        return False
    for a, b in zip(one, other, strict=True):
        for key in keys:
            x, y = a.get(key), b.get(key)
            if x is not y and not same(
                x, y
            ):  # asked often, of thousands of lines, in the window's own thread
                return False
    return True


def typed_over(line: Mapping[str, Any]) -> Mapping[str, str]:
    """What was typed into cells of a line and cannot be their value, by column."""
    raw: Mapping[str, str] = line.get(RAW) or {}
    return raw


def read_cell(column: LineColumn, typed: Any, line: Mapping[str, Any]) -> tuple[Any, str]:
    """The value of what was typed (text, or a value), and what is wrong with it in words (empty: nothing is)."""
    try:
        is_text = isinstance(typed, str) and column.kind != "choice"
        value = values.read(column.kind, typed, places=column.places) if is_text else typed
    except ValueError as error:
        return None, t(str(error))
    return value, what_is_wrong(column, value, line)


def what_is_wrong(column: LineColumn, value: Any, line: Mapping[str, Any]) -> str:
    """What is wrong with a value, in words; empty when nothing is."""
    problem = values.range_problem(value, column.minimum, column.above, column.maximum)
    if problem:
        return problem
    if column.required and value in (None, ""):
        return t("error.required")
    if column.max_length and isinstance(value, str) and len(value) > column.max_length:
        return t("error.too_long", limit=column.max_length)
    if column.validate is not None and (found := column.validate(value, line)):
        return values.error_text(found)
    return ""


def read_table(text: str, columns: Sequence[LineColumn]) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows pasted from a spreadsheet, by the given columns; also the rows that could not be read, as typed.

    A first row without any number where numbers belong is a heading and is left out.
    """
    rows: list[dict[str, Any]] = []
    refused: list[str] = []
    for position, line in enumerate(text.replace("\r\n", "\n").strip("\n").split("\n")):
        if not line.strip():
            continue
        cells = line.split("\t") if "\t" in line else line.split(";")
        row: dict[str, Any] = {}
        try:
            for column, cell in zip(columns, cells, strict=False):
                kind = "text" if column.kind == "lookup" else column.kind
                row[column.key] = values.read(kind, cell, places=column.places)
                if _impossible(column, row[column.key]):
                    raise ValueError
        except ValueError:
            if position > 0:
                refused.append(line)
            continue
        rows.append(row)
    return rows, refused


def _impossible(column: LineColumn, value: Any) -> bool:
    missing = column.required and value in (None, "")
    return missing or bool(values.range_problem(value, column.minimum, column.above, column.maximum))
