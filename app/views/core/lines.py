"""The lines of a document as a table one types into: what a column is, and the model behind the editor."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.core.errors import Invalid
from app.core.format import NONE
from app.core.i18n import t
from app.views.core import values
from app.views.core.merging import same

Index = QModelIndex | QPersistentModelIndex
LINE, INFO, NEW = "line", "info", "new"
ROLE_KIND = Qt.ItemDataRole.UserRole + 1
ROLE_VALUE = Qt.ItemDataRole.UserRole + 2
ROLE_INFO = Qt.ItemDataRole.UserRole + 3
ROLE_ERROR = Qt.ItemDataRole.UserRole + 4
ROLE_TONE = Qt.ItemDataRole.UserRole + 5


@dataclass(frozen=True)
class LineColumn:
    """A column of the lines.

    ``kind``: position, image, lookup, text, number, quantity, money, percent, date, choice; and, never editable,
    status (value ``(kind, text)``: ok, warn, bad or neutral with its icon) and two_line (value ``(first, second)``).
    ``width`` in pixels, 0 takes the rest.  ``stored`` columns are saved and merged, the others are computed.
    ``text_key`` names the cell of the line that holds the words of the value (a lookup's id is shown as them).
    ``shown`` False keeps a value with the line that has no column on screen, ``quiet_zero`` shows 0 as a dash.
    ``style`` is a step of the type scale.
    ``max_length`` limits text; ``validate(value, line)`` gives an `Invalid` or None.
    """

    key: str
    label: str
    kind: str = "text"
    width: int = 0
    editable: bool = False
    required: bool = False
    stored: bool = True
    places: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[tuple[Any, str], ...] = ()
    style: str = "body"
    right: str = ""
    text_key: str = ""
    shown: bool = True
    quiet_zero: bool = False
    max_length: int = 0
    validate: Callable[[Any, Mapping[str, Any]], Invalid | None] | None = None

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
    return len(one) == len(other) and all(
        same(a.get(key), b.get(key)) for a, b in zip(one, other, strict=True) for key in keys
    )


class LinesModel(QAbstractTableModel):
    """Lines, each with an optional information row below it, and the empty row that waits for the next one.

    Signals:
        edited: (line number from 0, column key) a user changed a cell.
        structure: lines came, went or moved.
    """

    edited = Signal(int, str)
    structure = Signal()

    def __init__(self, spec: LinesSpec, hidden: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.spec = spec
        self.hidden = hidden
        self.lines: list[dict[str, Any]] = []
        self.infos: dict[int, tuple[str, str, str]] = {}
        self.errors: dict[tuple[int, str], str] = {}
        self.tones: dict[tuple[int, str], str] = {}
        self.read_only = False
        self.fixed = False
        self._choices: dict[str, list[tuple[Any, str]]] = {}
        self._rows: list[tuple[str, int]] = []
        self._arrange()

    # -- what there is ------------------------------------------------------------------------------------------

    def set_lines(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Show these lines; information rows and errors are forgotten."""
        self.beginResetModel()
        self.lines = [dict(line) for line in lines]
        self.infos.clear()
        self.errors.clear()
        self.tones.clear()
        self._arrange()
        self.endResetModel()

    def add(self, line: Mapping[str, Any], at: int | None = None) -> int:
        """Insert a line and return its number."""
        number = len(self.lines) if at is None else at
        self.beginResetModel()
        self.lines.insert(number, {**dict(self.spec.defaults), **line})
        self._shift(number, 1)
        self._arrange()
        self.endResetModel()
        self.structure.emit()
        return number

    def remove(self, number: int) -> dict[str, Any]:
        """Take a line out and return it."""
        self.beginResetModel()
        line = self.lines.pop(number)
        self._shift(number, -1)
        self._arrange()
        self.endResetModel()
        self.structure.emit()
        return line

    def put(self, number: int, values_: Mapping[str, Any]) -> None:
        """Set cells without that counting as typing; for computed columns."""
        self.lines[number].update(values_)
        row = self.row_of(number)
        self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def set_info(self, number: int, kind: str = "", icon: str = "", text: str = "") -> None:
        """Show a row of words below a line; without text it goes away.  ``kind``: neutral, warn, bad …"""
        wanted = (kind, icon, text) if text else None
        had = self.infos.get(number)
        if had == wanted:
            return
        row = self.row_of(number) + 1
        # Rows come and go properly, so that an editor that is open further down stays with its line.
        if wanted is None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.infos[number]
            self._arrange()
            self.endRemoveRows()
        elif had is None:
            self.beginInsertRows(QModelIndex(), row, row)
            self.infos[number] = wanted
            self._arrange()
            self.endInsertRows()
        else:
            self.infos[number] = wanted
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def set_error(self, number: int, key: str, text: str) -> None:
        """Mark a cell as wrong and say why below the line; without text it is right again."""
        had = self.errors.get((number, key))
        if text:
            self.errors[number, key] = text
            self.set_info(number, "bad", "circle-alert", text)
        elif had is not None:
            del self.errors[number, key]
            rest = next((words for (line, _), words in self.errors.items() if line == number), "")
            self.set_info(number, "bad", "circle-alert", rest)

    def set_tone(self, number: int, key: str, tone: str) -> None:
        """Show a cell in a status colour (the words beside it say why); empty: as usual."""
        if self.tones.get((number, key), "") != tone:
            self.tones[number, key] = tone
            row = self.row_of(number)
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def place(self, row: int) -> tuple[str, int]:
        """What a row of the table is: (kind, number of its line)."""
        return self._rows[row] if 0 <= row < len(self._rows) else (NEW, len(self.lines))

    def row_of(self, number: int) -> int:
        """The table row of a line; the row of the next new line for the number behind the last."""
        for row, (kind, line) in enumerate(self._rows):
            if line == number and kind != INFO:
                return row
        return len(self._rows) - 1

    @property
    def columns(self) -> list[LineColumn]:
        """The columns this person sees."""
        return [column for column in self.spec.columns if column.key not in self.hidden]

    @property
    def entry(self) -> int:
        """The column a new line begins in: the lookup, else the first one can type into."""
        kinds = [n for n, column in enumerate(self.columns) if column.kind == "lookup"]
        return (kinds or [n for n, column in enumerate(self.columns) if column.editable] or [0])[0]

    def set_choices(self, key: str, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer (value, words) in a choice column instead of what its declaration says."""
        self._choices[key] = list(choices)
        if self.lines:
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def choices_of(self, column: LineColumn) -> list[tuple[Any, str]]:
        """What a choice column offers, in words."""
        found = self._choices.get(column.key)
        return found if found is not None else [(value, t(label)) for value, label in column.choices]

    def _shift(self, number: int, step: int) -> None:
        """Move what hangs on lines behind ``number``."""
        if step < 0:
            self.infos.pop(number, None)
            self.errors = {place: text for place, text in self.errors.items() if place[0] != number}
            self.tones = {place: tone for place, tone in self.tones.items() if place[0] != number}
        first = number + (1 if step < 0 else 0)

        def moved(line: int) -> int:
            return line + step if line >= first else line

        self.infos = {moved(line): info for line, info in self.infos.items()}
        self.errors = {(moved(line), key): text for (line, key), text in self.errors.items()}
        self.tones = {(moved(line), key): tone for (line, key), tone in self.tones.items()}

    def _arrange(self) -> None:
        rows: list[tuple[str, int]] = []
        for number in range(len(self.lines)):
            rows.append((LINE, number))
            if number in self.infos:
                rows.append((INFO, number))
        if not self.read_only and not self.fixed:
            rows.append((NEW, len(self.lines)))
        self._rows = rows

    def set_fixed(self) -> None:
        """Cells can be edited, rows neither come nor go."""
        self.beginResetModel()
        self.fixed = True
        self._arrange()
        self.endResetModel()

    def set_read_only(self, read_only: bool) -> None:
        """Show the lines only, without the empty row."""
        self.beginResetModel()
        self.read_only = read_only
        self._arrange()
        self.endResetModel()

    # -- Qt's model ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Lines, information rows and the empty one."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """The columns this person sees."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The words of the header."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return t(column.label) if column.label else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if column.numeric or column.kind == "position"
                else (Qt.AlignmentFlag.AlignLeft)
            )
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Cells as text, and as what the delegate paints."""
        kind, number = self.place(index.row())
        column = self.columns[index.column()]
        if role == ROLE_KIND:
            return kind
        if role == ROLE_INFO:
            return self.infos.get(number)
        if role == ROLE_ERROR:
            return self.errors.get((number, column.key), "") if kind == LINE else ""
        if role == ROLE_TONE:
            return self.tones.get((number, column.key), "") if kind == LINE else ""
        if kind != LINE:
            return None
        value = self.lines[number].get(column.key)
        if role == ROLE_VALUE:
            return value
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(number, column)
        if role == Qt.ItemDataRole.EditRole:
            if column.text_key:
                return self.text(number, column)
            return values.show(column.kind, value, places=column.places, editing=True)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.errors.get((number, column.key)) or self.text(number, column)
        return None

    def text(self, number: int, column: LineColumn) -> str:
        """A cell in words, as it is copied."""
        value = self.lines[number].get(column.key)
        if column.text_key:
            return str(self.lines[number].get(column.text_key) or "")
        if column.kind == "position":
            return str(number + 1)
        if column.kind in ("status", "two_line"):
            return (
                " ".join(str(part) for part in value[-2 if column.kind == "two_line" else -1 :])
                if value
                else ""
            )
        if column.kind == "choice":
            return next((words for item, words in self.choices_of(column) if item == value), "")
        if column.kind == "image":
            return ""
        if column.quiet_zero and value == 0:
            return NONE
        if column.kind == "money":
            return values.show("money", value, places=column.places or 2)
        if column.kind == "percent" and value is not None:
            return values.show("number", value, places=column.places)
        return values.show(column.kind, value, places=column.places)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Editable are the cells of lines, and the lookup cell of the empty row."""
        kind, _ = self.place(index.row())
        column = self.columns[index.column()]
        flags = Qt.ItemFlag.ItemIsEnabled
        if kind == INFO:
            return flags
        flags |= Qt.ItemFlag.ItemIsSelectable
        if not self.read_only and column.editable and (kind == LINE or column.kind == "lookup"):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed; what is no value stays as an error beside the old value."""
        kind, number = self.place(index.row())
        column = self.columns[index.column()]
        if kind != LINE or role != Qt.ItemDataRole.EditRole or not column.editable:
            return False
        return self.type_in(number, column.key, value)

    def type_in(self, number: int, key: str, typed: Any) -> bool:
        """Set a cell as if it were typed (text, or a value); returns whether it was accepted."""
        column = self.spec.column(key)
        try:
            is_text = isinstance(typed, str) and column.kind != "choice"
            value = values.read(column.kind, typed, places=column.places) if is_text else typed
            problem = self.what_is_wrong(column, value, self.lines[number])
        except ValueError as error:
            problem, value = t(str(error)), None
        if problem:
            self.set_error(number, key, problem)
            return False
        self.set_error(number, key, "")
        if not same(self.lines[number].get(key), value):
            self.lines[number][key] = value
            row = self.row_of(number)
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))
            self.edited.emit(number, key)
        return True

    @classmethod
    def what_is_wrong(cls, column: LineColumn, value: Any, line: Mapping[str, Any]) -> str:
        """What is wrong with a value, in words; empty when nothing is."""
        problem = cls.problem(column, value)
        if problem:
            limit = column.minimum if problem == "error.too_small" else column.maximum
            return t(problem, limit=values.show("number", limit))
        if column.max_length and isinstance(value, str) and len(value) > column.max_length:
            return t("error.too_long", limit=column.max_length)
        if column.validate is not None and (found := column.validate(value, line)) is not None:
            return values.error_text(found)
        return ""

    @staticmethod
    def problem(column: LineColumn, value: Any) -> str:
        """The text key of what is wrong with a value, empty when nothing is."""
        if column.required and value in (None, ""):
            return "error.required"
        if isinstance(value, Decimal):
            if column.minimum is not None and value < column.minimum:
                return "error.too_small"
            if column.maximum is not None and value > column.maximum:
                return "error.too_large"
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
                if LinesModel.problem(column, row[column.key]):
                    raise ValueError
        except ValueError:
            if position > 0:
                refused.append(line)
            continue
        rows.append(row)
    return rows, refused
