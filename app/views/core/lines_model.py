"""The model behind the line editor: the lines, what is wrong in them, and the rows of the table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.core.format import NONE
from app.core.i18n import t
from app.views.core import values
from app.views.core.lines import RAW, LineColumn, LinesSpec, read_cell, typed_over, what_is_wrong
from app.views.core.merging import same
from app.views.core.plain import plain

Index = QModelIndex | QPersistentModelIndex
Place = tuple[int, str]
LINE, INFO, NEW = "line", "info", "new"
FEW = 20
"""Changes that are painted one by one: a cell that is open further down stays open."""
ROLE_KIND = Qt.ItemDataRole.UserRole + 1
ROLE_VALUE = Qt.ItemDataRole.UserRole + 2
ROLE_INFO = Qt.ItemDataRole.UserRole + 3
ROLE_ERROR = Qt.ItemDataRole.UserRole + 4
ROLE_TONE = Qt.ItemDataRole.UserRole + 5


class LinesModel(QAbstractTableModel):
    """Lines, each with an optional information row below it, and the empty row that waits for the next one.

    What cannot be a cell's value stays in the cell as it was typed, marked, beside the value it had.

    Signals:
        edited: (line number from 0, column key) a user changed a cell.
        refused: a user typed what cannot be a value, or took it back.
        structure: lines came, went or moved.
    """

    edited = Signal(int, str)
    refused = Signal()
    structure = Signal()

    def __init__(self, spec: LinesSpec, hidden: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.spec = spec
        self._editable = [column for column in spec.columns if column.editable]
        self.hidden = hidden
        self.lines: list[dict[str, Any]] = []
        self.infos: dict[int, tuple[str, str, str]] = {}
        self._wrong: dict[Place, str] = {}  # found here
        self._told: dict[Place, str] = {}  # by the page, as long as it says so
        self._said: dict[Place, str] = {}  # by the server, until the next attempt
        self.tones: dict[tuple[int, str], str] = {}
        self.read_only = False
        self.fixed = False
        self._choices: dict[str, list[tuple[Any, str]]] = {}
        self._rows: list[tuple[str, int]] = []
        self._row_of: dict[int, int] = {}
        self._arrange()

    # -- what there is ------------------------------------------------------------------------------------------

    def set_lines(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Show these lines; information rows and errors are forgotten."""
        self.beginResetModel()
        self.lines = [_copy(line) for line in lines]
        for kept in (self.infos, self.tones, self._told, self._said):
            kept.clear()
        self._check_all()
        self._arrange()
        self.endResetModel()

    def add(self, line: Mapping[str, Any], at: int | None = None) -> int:
        """Insert a line and return its number."""
        number = len(self.lines) if at is None else at
        self.beginResetModel()
        self.lines.insert(number, {**dict(self.spec.defaults), **_copy(line)})
        self._shift(number, 1)
        self._check(number)
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
        line = self.lines[number]
        line.update(values_)
        self._forget(line, values_)
        self._check(number)
        self._changed(number)

    def set_info(self, number: int, kind: str = "", icon: str = "", text: str = "") -> None:
        """Show a row of words below a line; without text it goes away.  ``kind``: neutral, warn, bad …

        As long as something is wrong with the line, that is said instead.
        """
        if text:
            self.infos[number] = (kind, icon, text)
        else:
            self.infos.pop(number, None)
        self._show_info(number)

    def put_all(
        self, cells: Mapping[int, Mapping[str, Any]], infos: Mapping[int, tuple[str, str, str]]
    ) -> None:
        """Set cells nobody can type into, and the words (kind, icon, text) below lines; many are painted at once."""
        infos = {number: info for number, info in infos.items() if self._is_news(number, info)}
        if len(cells) + len(infos) <= FEW:
            for number, values_ in cells.items():
                self.put(number, values_)
            for number, info in infos.items():
                self.set_info(number, *info)
            return
        self.beginResetModel()
        for number, values_ in cells.items():
            self.lines[number].update(values_)
        for number, info in infos.items():
            if info[2]:
                self.infos[number] = info
            else:
                self.infos.pop(number, None)
        self._arrange()
        self.endResetModel()

    def _is_news(self, number: int, info: tuple[str, str, str]) -> bool:
        return self.infos.get(number) != (info if info[2] else None)

    def info_of(self, number: int) -> tuple[str, str, str] | None:
        """The words below a line: what is wrong with it, else what the page says."""
        found = ((column.key, self.error(number, column.key)) for column in self.spec.columns)
        wrong = [(key, text) for key, text in found if text]
        if not wrong:
            return self.infos.get(number)
        texts = [text for _, text in wrong]
        if len(wrong) > 1:
            texts = [f"{t(self.spec.column(key).label)}: {text}" for key, text in wrong]
        return "bad", "circle-alert", " · ".join(texts)

    def _show_info(self, number: int) -> None:
        wanted = self.info_of(number) is not None
        row = self.row_of(number) + 1
        had = self.place(row) == (INFO, number)
        # Rows come and go properly, so that an editor that is open further down stays with its line.
        if had and not wanted:
            self.beginRemoveRows(QModelIndex(), row, row)
            self._arrange()
            self.endRemoveRows()
        elif wanted and not had:
            self.beginInsertRows(QModelIndex(), row, row)
            self._arrange()
            self.endInsertRows()
        elif wanted:
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def _changed(self, number: int) -> None:
        """Paint a line and the words below it anew."""
        row = self.row_of(number)
        self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))
        self._show_info(number)

    # -- what is wrong ------------------------------------------------------------------------------------------

    @property
    def errors(self) -> dict[Place, str]:
        """What is wrong in words, by line and column."""
        return {**self._told, **self._said, **self._wrong}

    def error(self, number: int, key: str) -> str:
        """What is wrong with a cell, in words; empty when nothing is."""
        place = (number, key)
        return self._wrong.get(place) or self._said.get(place) or self._told.get(place, "")

    def set_error(self, number: int, key: str, text: str) -> None:
        """Mark a cell as wrong and say why below the line, until the page takes it back or the user types into it."""
        if self._told.get((number, key), "") != text:
            _note(self._told, (number, key), text)
            self._changed(number)

    def set_refused(self, number: int, key: str, text: str) -> None:
        """Mark a cell with what the server said about it, until the line is changed or saved again."""
        _note(self._said, (number, key), text)
        self._changed(number)

    def problems(self) -> dict[Place, str]:
        """Check everything, what is missing too; gives what is wrong then."""
        if self.read_only:
            return {}
        before = self.errors
        self._said.clear()
        for number in range(len(self.lines)):
            self._check(number, missing=True)
        changed = {number for (number, _), _ in before.items() ^ self.errors.items()}
        if len(changed) > FEW:
            self.beginResetModel()
            self._arrange()
            self.endResetModel()
        else:
            for number in sorted(changed):
                self._changed(number)
        return self.errors

    def take_back(self, number: int, key: str) -> bool:
        """Show a cell's value again instead of what was typed over it; whether there was something."""
        line = self.lines[number]
        if key not in typed_over(line):
            return False
        self._forget(line, (key,))
        self._wrong.pop((number, key), None)
        self._check(number)
        self._changed(number)
        self.refused.emit()
        return True

    @staticmethod
    def _forget(line: dict[str, Any], keys: Iterable[str]) -> None:
        raw = {key: text for key, text in typed_over(line).items() if key not in keys}
        line.pop(RAW, None)
        if raw:
            line[RAW] = raw

    def _check(self, number: int, *, missing: bool = False) -> None:
        """Find out what is wrong with what stands in a line; what is empty counts only when it is ``missing``."""
        line = self.lines[number]
        raw = typed_over(line)
        for column in self._editable if not self.read_only else ():
            place, value = (number, column.key), line.get(column.key)
            if column.key in raw:
                value, problem = read_cell(column, raw[column.key], line)
                if not problem:
                    line[column.key] = value
                    self._forget(line, (column.key,))
            elif value in (None, "") and not missing and place not in self._wrong:
                continue
            else:
                problem = what_is_wrong(column, value, line)
            _note(self._wrong, place, problem)

    def _check_all(self) -> None:
        self._wrong.clear()
        for number in range(len(self.lines)):
            self._check(number)

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
        return self._row_of.get(number, len(self._rows) - 1)

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
        first = number + (1 if step < 0 else 0)

        def moved(line: int) -> int:
            return line + step if line >= first else line

        self.infos = {moved(line): info for line, info in self.infos.items()}
        for kept in (self.tones, self._wrong, self._told, self._said):
            before = {place: text for place, text in kept.items() if step > 0 or place[0] != number}
            kept.clear()
            kept.update({(moved(line), key): text for (line, key), text in before.items()})

    def _arrange(self) -> None:
        rows: list[tuple[str, int]] = []
        noted = self.infos.keys() | {number for number, _ in self.errors}
        for number in range(len(self.lines)):
            rows.append((LINE, number))
            if number in noted:
                rows.append((INFO, number))
        if not self.read_only and not self.fixed:
            rows.append((NEW, len(self.lines)))
        self._rows = rows
        self._row_of = {number: row for row, (kind, number) in enumerate(rows) if kind != INFO}

    def set_fixed(self) -> None:
        """Cells can be edited, rows neither come nor go."""
        self.beginResetModel()
        self.fixed = True
        self._arrange()
        self.endResetModel()

    def set_read_only(self, read_only: bool) -> None:
        """Show the lines only, without the empty row."""
        if read_only == self.read_only:
            return
        self.beginResetModel()
        self.read_only = read_only
        self._check_all()
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
            return self.info_of(number)
        if role == ROLE_ERROR:
            return self.error(number, column.key) if kind == LINE else ""
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
            if column.key in typed_over(self.lines[number]):
                return typed_over(self.lines[number])[column.key]
            if column.text_key:
                return self.text(number, column)
            return values.show(column.kind, value, places=column.places, editing=True)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(self.error(number, column.key) or self.text(number, column))
        return None

    def text(self, number: int, column: LineColumn) -> str:
        """A cell in words, as it is copied."""
        value = self.lines[number].get(column.key)
        if column.key in typed_over(self.lines[number]):
            return typed_over(self.lines[number])[column.key]
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
        if value == "" and not column.stored:
            return (
                ""  # worked out to be empty, as what repeats the row above; None is a value that is missing
            )
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
        """Take what was typed; what cannot be the value stays marked over the value."""
        kind, number = self.place(index.row())
        column = self.columns[index.column()]
        if kind != LINE or role != Qt.ItemDataRole.EditRole or not column.editable:
            return False
        if column.text_key and value == self.text(number, column):
            return True  # the words of the value that is there already
        return self.type_in(number, column.key, value)

    def type_in(self, number: int, key: str, typed: Any) -> bool:
        """Set a cell as if it were typed (text, or a value); returns whether it was accepted."""
        column, line = self.spec.column(key), self.lines[number]
        value, problem = read_cell(column, typed, line)
        self._told.pop((number, key), None)
        self._said = {place: text for place, text in self._said.items() if place[0] != number}
        was_refused = key in typed_over(line)
        self._forget(line, (key,))
        changed = not problem and not same(line.get(key), value)
        if problem:
            words = typed if isinstance(typed, str) else values.show(column.kind, typed, editing=True)
            line[RAW] = {**typed_over(line), key: words}
            self._wrong[number, key] = problem
        else:
            self._wrong.pop((number, key), None)
            line[key] = value if changed else line.get(key)
        self._check(number)
        self._changed(number)
        if changed:
            self.edited.emit(number, key)
        elif problem or was_refused:
            self.refused.emit()
        return not problem


def _copy(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, RAW: dict(typed_over(line))} if RAW in line else dict(line)


def _note(kept: dict[Place, str], place: Place, text: str) -> None:
    if text:
        kept[place] = text
    else:
        kept.pop(place, None)
