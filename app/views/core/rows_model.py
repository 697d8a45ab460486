"""Rows that are all in memory, flat or as a tree: a bill of materials, a plan, the components of an order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.views.core.table_model import Cell, Column

if TYPE_CHECKING:
    from app.core.profile import Profile

Index = QModelIndex | QPersistentModelIndex
Path = tuple[int, ...]
_NO_INDEX = QModelIndex()


def _id_of(row: Any) -> Any:
    return getattr(row, "id", None)


class RowsModel(QAbstractTableModel):
    """Rows with the columns of a list.  ``path(row)`` makes a tree of them: parents come before their children, and a
    child's path begins with its parent's.  Without it, and with ``set_rows(tree=False)``, the rows are a plain table.

    ``editors`` says which columns can be typed into (column key: quantity or date), ``can_edit(row, key)`` in which
    rows; what was typed comes by `edited` and changes nothing by itself.  What is no value stays in its cell, marked,
    until something better is typed (`refuse`, `problems`).

    Signals:
        repaint: some cells look different now.
        edited: (row, column key, value) the user typed a value.
        arranged: other rows are visible now.
    """

    repaint = Signal()
    edited = Signal(object, str, object)
    arranged = Signal()

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        profile: "Profile | None" = None,
        path: Callable[[Any], Path] | None = None,
        key: Callable[[Any], Any] | None = None,
        editors: Mapping[str, str] | None = None,
        can_edit: Callable[[Any, str], bool] = lambda _row, _key: True,
        strong: Callable[[Any], bool] = lambda _row: False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.editors = dict(editors or {})
        self.can_edit = can_edit
        self.strong = strong
        self._path = path
        self._key: Callable[[Any], Any] = key or path or _id_of
        self._locked = [bool(c.right) and profile is not None and not profile.can(c.right) for c in columns]
        self._all: list[Any] = []
        self._rows: list[Any] = []
        self._parents: set[Path] = set()
        self._closed: set[Path] = set()
        self._only: Callable[[Any], bool] | None = None
        self._cells: dict[int, list[Cell | None]] = {}
        self._refused: dict[tuple[Any, str], tuple[str, str]] = {}  # words typed, and what is wrong with them
        self._base = 0
        self.tree = path is not None

    # rows

    def set_rows(self, rows: Iterable[Any], *, tree: bool = True) -> None:
        """Show other rows; branches that were closed stay closed."""
        self.beginResetModel()
        self._all = list(rows)
        keys = {self._key(row) for row in self._all} if self._refused else set()
        self._refused = {place: words for place, words in self._refused.items() if place[0] in keys}
        self.tree = tree and self._path is not None
        self._parents = set()
        if self.tree and self._path is not None:
            self._parents = {self._path(row)[:-1] for row in self._all if self._path(row)}
        self._base = (
            min((len(self._path(row)) for row in self._all), default=0) if self._path is not None else 0
        )
        self._closed &= self._parents
        self._arrange()
        self.endResetModel()
        self.arranged.emit()

    def show_only(self, fits: Callable[[Any], bool] | None) -> None:
        """Show the rows that fit, and in a tree what is above them; None shows all."""
        self._only = fits
        self._again()

    @property
    def rows(self) -> Sequence[Any]:
        """The rows that can be seen, from the top."""
        return self._rows

    @property
    def everything(self) -> Sequence[Any]:
        """All rows, hidden ones too."""
        return self._all

    def row(self, number: int) -> Any:
        """The row at a position; None beyond the end."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def key_of(self, number: int) -> Any:
        """What identifies the row at a position."""
        row = self.row(number)
        return None if row is None else self._key(row)

    def find(self, key: Any) -> int:
        """Position of the visible row with a key, -1 when there is none."""
        return next((n for n, row in enumerate(self._rows) if self._key(row) == key), -1)

    # branches

    def depth(self, number: int) -> int:
        """How many rows are above this one in the tree."""
        return len(self._path(self._rows[number])) - self._base if self.tree and self._path is not None else 0

    def has_children(self, number: int) -> bool:
        """Whether the row can be opened."""
        return self.tree and self._path is not None and self._path(self._rows[number]) in self._parents

    def is_open(self, number: int) -> bool:
        """Whether its children are shown."""
        return self._path is not None and self._path(self._rows[number]) not in self._closed

    def set_open(self, number: int, opened: bool) -> None:
        """Show or hide what is below a row."""
        if self._path is None or not self.has_children(number):
            return
        path = self._path(self._rows[number])
        if opened:
            self._closed.discard(path)
        else:
            self._closed.add(path)
        self._again()

    def open_all(self, opened: bool = True) -> None:
        """Open every branch; or close all but the topmost."""
        self._closed = (
            set() if opened else {path for path in self._parents if len(path) > self._base or self._base}
        )
        self._again()

    @property
    def all_open(self) -> bool:
        """Whether no branch is closed."""
        return not self._closed

    def parent_of(self, number: int) -> int:
        """Position of the row above this one in the tree, -1 for the top."""
        if self._path is None or not self.tree:
            return -1
        wanted = self._path(self._rows[number])[:-1]
        return next((n for n in range(number - 1, -1, -1) if self._path(self._rows[n]) == wanted), -1)

    def _again(self) -> None:
        self.beginResetModel()
        self._arrange()
        self.endResetModel()
        self.arranged.emit()

    def _arrange(self) -> None:
        self._cells.clear()
        path_of = self._path
        if not self.tree or path_of is None:
            self._rows = [row for row in self._all if self._only is None or self._only(row)]
            return
        wanted: set[Path] | None = None
        if self._only is not None:
            wanted = set()
            for row in self._all:
                if self._only(row):
                    path = path_of(row)
                    wanted.update(path[:n] for n in range(len(path) + 1))
        shown: list[Any] = []
        hidden: Path | None = None
        for row in self._all:
            path = path_of(row)
            if hidden is not None and path[: len(hidden)] == hidden and len(path) > len(hidden):
                continue
            hidden = path if path in self._closed else None
            if wanted is None or path in wanted:
                shown.append(row)
        self._rows = shown

    # cells

    def locked(self, column: int) -> bool:
        """Whether this person may not see a column."""
        return self._locked[column]

    def cell(self, row: int, column: int) -> Cell:
        """What to paint; kept, so that formatting happens once."""
        line = self._cells.setdefault(row, [None] * len(self.columns))
        found = line[column]
        if found is None:
            found = self.columns[column].cell(self._rows[row], locked=self._locked[column])
            if refused := self._refused.get((self.key_of(row), self.columns[column].key)):
                found = found._replace(text=refused[0], tone="bad")
            line[column] = found
        return found

    def refuse(self, index: Index, typed: str, problem: str) -> None:
        """Keep what was typed into a cell and is no value; without a ``problem`` the cell is right again."""
        place = (self.key_of(index.row()), self.columns[index.column()].key)
        if problem:
            self._refused[place] = (typed, problem)
        elif self._refused.pop(place, None) is None:
            return
        self._cells.pop(index.row(), None)
        self.dataChanged.emit(index, index)

    def problems(self) -> list[str]:
        """What is wrong with what was typed, in words."""
        return [problem for _, problem in self._refused.values()]

    def problem(self, index: Index) -> str:
        """What is wrong with what was typed into a cell; empty when nothing is."""
        return self._refused.get((self.key_of(index.row()), self.columns[index.column()].key), ("", ""))[1]

    def editable(self, row: int, column: int) -> bool:
        """Whether a cell can be typed into."""
        key = self.columns[column].key
        return key in self.editors and self.can_edit(self._rows[row], key)

    # Qt's side

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Rows that can be seen."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Columns, hidden ones too."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for Qt and for screen readers; painting goes through `cell`."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            cell = self.cell(index.row(), index.column())
            return f"{cell.text} {cell.extra}" if cell.kind == "two_line" and cell.extra else cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.problem(index) or None
        if role == Qt.ItemDataRole.EditRole:
            return self.columns[index.column()].raw(self._rows[index.row()])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = self.columns[index.column()].right_aligned
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Cells with an editor can be typed into."""
        flags = super().flags(index)
        if index.isValid() and self.editable(index.row(), index.column()):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell what was typed."""
        if role != Qt.ItemDataRole.EditRole or not self.editable(index.row(), index.column()):
            return False
        self.edited.emit(self._rows[index.row()], self.columns[index.column()].key, value)
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words over the columns."""
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(self.columns):
            if role == Qt.ItemDataRole.DisplayRole:
                return self.columns[section].head()
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return self.columns[section].head() or self.columns[section].key
        return None
