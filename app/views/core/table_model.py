"""Lists of any length: columns as data, rows in portions, the model that holds what was read so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from app.core import format as fmt
from app.core.i18n import language, t
from app.core.paging import PAGE_SIZE, Filter, ListQuery, Page
from app.views.core.operation import ReadOp
from app.views.core.theme import ms

if TYPE_CHECKING:
    from app.views.core.context import AppContext

Index = QModelIndex | QPersistentModelIndex
RIGHT_ALIGNED = frozenset({"number", "money", "quantity", "percent", "bar_number"})
CELL_CACHE = 3000
REFRESH_LIMIT = 20_000
CHECK = "_check"
_NO_INDEX = QModelIndex()


class Cell(NamedTuple):
    """What stands in one cell, ready to paint.

    ``kind`` says how: text, code, bold, strong, number, chip, thumb, check, two_line, icon_text, bar, locked.
    ``tone`` is a token colour ("" for the usual one), ``extra`` is the second line, the chip kind, the icon name,
    the picture key or the share from 0 to 1, as the kind wants it.
    """

    kind: str
    text: str = ""
    tone: str = ""
    extra: Any = None
    right: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    ``key`` names the field of the row and, in `ListQuery`, the column to sort and filter by (``filter_key`` when
    the service calls it otherwise).  ``title`` is a text key.

    ``kind``: text, code (number of a record), bold (the column one looks for; one per list), strong (what adds
    up), number, money, quantity, percent, date, date_time, yes_no, chip, thumb, two_line, icon_text, bar.

    ``filter``: none, contains, prefix, choice, min, max, date.  Numbers and dates understand ``<``, ``=`` and
    ranges with ``..`` too.  ``choices`` are ``(value, text key)``, or a service read ``fn(session)`` that gives
    ``(value, words)``.

    ``value`` computes what is shown (default: the field ``key``), ``text`` the words of it, ``second`` the second
    line, ``more`` what the pointer over it tells (default: words that were cut), ``tone`` a token colour, ``icon`` an
    ``(icon, token colour)``.  ``chips`` maps the value to ``(kind, text key)``; without an entry the value itself is
    shown, neutral.  ``right`` locks the column for a profile that lacks it.  A column that is ``spare`` waits while
    the list is too narrow, the highest first.
    """

    key: str
    title: str
    kind: str = "text"
    width: int = 100
    stretch: bool = False
    filter: str = "none"
    filter_key: str = ""
    choices: Sequence[tuple[Any, str]] | Callable[..., Sequence[tuple[Any, str]]] = ()
    align: str = ""
    sortable: bool = True
    hidden: bool = False
    places: int | None = None
    currency: str | None = None
    unit: str = ""
    right: str = ""
    exported: bool = True
    spare: int = 0
    value: Callable[[Any], Any] | None = None
    text: Callable[[Any], str] | None = None
    second: Callable[[Any], str] | None = None
    more: Callable[[Any], str] | None = None
    tone: Callable[[Any], str | None] | None = None
    icon: Callable[[Any], tuple[str, str] | None] | None = None
    chips: Mapping[Any, tuple[str, str]] | None = None
    head_params: Mapping[str, object] = field(default_factory=dict)

    @property
    def query_key(self) -> str:
        """What the service calls this column."""
        return self.filter_key or self.key

    @property
    def right_aligned(self) -> bool:
        """Whether head and cells stand at the right."""
        return self.align == "right" or (not self.align and self.kind in RIGHT_ALIGNED)

    def head(self) -> str:
        """The words over the column."""
        return t(self.title, **self.head_params) if self.title else ""

    def raw(self, row: Any) -> Any:
        """The value behind a cell, for export."""
        return self.value(row) if self.value is not None else getattr(row, self.key, None)

    def words(self, row: Any) -> str:
        """The words of a cell, without its second line."""
        if self.text is not None:
            return self.text(row)
        value = self.raw(row)
        if value is None:
            return fmt.NONE
        match self.kind:
            case "money":
                return fmt.money(value, self.currency)
            case "number" | "quantity":
                shown = fmt.number(value, places=self.places)
                return f"{shown} {self.unit}" if self.unit else shown
            case "percent":
                return fmt.percent(value)
            case "date":
                return fmt.date_(value)
            case "date_time":
                return fmt.date_time(value)
            case "yes_no":
                return t("kit.yes") if value else t("kit.no")
            case "chip":
                found = (self.chips or {}).get(value)
                return t(found[1]) if found else str(value)
        return str(value) if value != "" else fmt.NONE

    def cell(self, row: Any, *, locked: bool = False) -> Cell:
        """What to paint for a row."""
        if locked:
            return Cell("locked", t("kit.no_right"), right=self.right_aligned)
        tone = (self.tone(row) if self.tone is not None else None) or ""
        match self.kind:
            case "chip":
                value = self.raw(row)
                if value is None or value == "":
                    return Cell("text", fmt.NONE)
                found = (self.chips or {}).get(value)
                return Cell("chip", self.words(row), extra=tone or (found[0] if found else "neutral"))
            case "thumb":
                return Cell("thumb", extra=self.raw(row))
            case "two_line":
                return Cell("two_line", self.words(row), tone, self.second(row) if self.second else "")
            case "icon_text":
                return Cell("icon_text", self.words(row), tone, self.icon(row) if self.icon else None)
            case "bar":
                share = self.raw(row)
                return Cell("bar", self.text(row) if self.text else "", tone, float(share or 0))
            case "number" | "money" | "quantity" | "percent":
                return Cell("number", self.words(row), tone, right=self.right_aligned)
            case "date" | "date_time" | "yes_no":
                return Cell("text", self.words(row), tone, right=self.right_aligned)
        return Cell(self.kind, self.words(row), tone, right=self.right_aligned)


Fetch = Callable[[Any, ListQuery], Page]
Runner = Callable[[ListQuery, Callable[[Page], None], Callable[[BaseException], object]], None]


class PagedTableModel(QAbstractTableModel):
    """The rows of a list as far as they were read, in portions, sorted and filtered by the database.

    Reading goes through `ReadOp`; an answer to an older question is dropped.  `data` never reads and never raises.
    Rows are compared and found again by their field ``id``.

    Signals:
        loading: whether a read is under way.
        arrived: rows came, or there are none.
        failed: the error of a read.
        live: keys of rows that are different after `refresh` with known changes.
        repaint: some cells look different now (blinking).
    """

    loading = Signal(bool)
    arrived = Signal()
    failed = Signal(object)
    live = Signal(object)
    repaint = Signal()

    def __init__(
        self,
        ctx: "AppContext | None",
        columns: Sequence[Column],
        fetch: Fetch,
        *,
        owner: QObject | None = None,
        run: Runner | None = None,
        key: str = "id",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.ctx, self.columns, self._fetch, self._key = ctx, tuple(columns), fetch, key
        self._owner = owner or self
        self._run = run or self._read_op
        self._locked = [
            bool(column.right) and ctx is not None and not ctx.profile.can(column.right)
            for column in self.columns
        ]
        self.query = ListQuery()
        self.total: int | None = None
        self.exact = True
        self._rows: list[Any] = []
        self._next: tuple[Any, int] | None = None
        self._request = 0
        self._busy = False
        self._error: BaseException | None = None
        self._loaded = False
        self._cells: dict[int, list[Cell | None]] = {}
        self._blinks: dict[Any, float] = {}
        self._blink_timer = QTimer(self)
        self._blink_timer.setInterval(60)
        self._blink_timer.timeout.connect(self._blink_on)

    # what it holds

    @property
    def rows(self) -> Sequence[Any]:
        """What was read so far."""
        return self._rows

    @property
    def busy(self) -> bool:
        """Whether a read is under way."""
        return self._busy

    @property
    def loaded(self) -> bool:
        """Whether the first answer to the present question is there."""
        return self._loaded

    @property
    def error(self) -> BaseException | None:
        """Why there are no rows, when reading failed."""
        return self._error

    def row(self, number: int) -> Any:
        """The row at a position; None beyond the end."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def key_of(self, number: int) -> Any:
        """What identifies the row at a position."""
        return getattr(self.row(number), self._key, None)

    def find(self, key: Any) -> int:
        """Position of the row with a key, -1 when it was not read."""
        return next((i for i, row in enumerate(self._rows) if getattr(row, self._key, None) == key), -1)

    def locked(self, column: int) -> bool:
        """Whether this person may not see a column."""
        return self._locked[column]

    def cell(self, row: int, column: int) -> Cell:
        """What to paint; kept, so that formatting happens once."""
        line = self._cells.get(row)
        if line is None:
            if len(self._cells) > CELL_CACHE:
                self._cells.clear()
            line = self._cells[row] = [None] * len(self.columns)
        found = line[column]
        if found is None:
            try:
                found = self.columns[column].cell(self._rows[row], locked=self._locked[column])
            except Exception:  # noqa: BLE001  a broken cell must not take the list down; its column shows a sign instead
                found = Cell("text", "⚠", "bad")
            line[column] = found
        return found

    def blink(self, row: int) -> float:
        """How strongly a row is lit up, from 0 to 1."""
        if not self._blinks:
            return 0.0
        began = self._blinks.get(self.key_of(row))
        return 0.0 if began is None else max(0.0, 1.0 - (monotonic() - began) * 1000 / ms("blink"))

    # asking

    def ask(self, **changes: Any) -> None:
        """Change sort, filters or preset of the question and read from the start."""
        self.query = replace(self.query, **changes, after=None, count=True, language=language())
        self.reload()

    def reload(self) -> None:
        """Read from the start and forget what was read."""
        self._error = None
        self._loaded = False
        self._send(replace(self.query, limit=PAGE_SIZE), self._first)

    def refresh(self, keys: frozenset[Any] = frozenset()) -> None:
        """Read what is loaded again and keep the place; rows that differ blink, those in ``keys`` even when not."""
        if not self._loaded:
            self.reload()
            return
        wanted = min(max(PAGE_SIZE, len(self._rows)), REFRESH_LIMIT)
        self._send(replace(self.query, limit=wanted), lambda page: self._again(page, keys))

    def canFetchMore(self, parent: Index = _NO_INDEX) -> bool:
        """Whether the database has more."""
        return not parent.isValid() and self._next is not None and not self._busy

    def fetchMore(self, parent: Index = _NO_INDEX) -> None:
        """Read the next portion."""
        if self.canFetchMore(parent):
            self._send(replace(self.query, after=self._next, count=False, limit=PAGE_SIZE), self._more)

    def _send(self, query: ListQuery, done: Callable[[Page], None]) -> None:
        self._request += 1
        number = self._request
        if not self._busy:
            self._busy = True
            self.loading.emit(True)

        def answer(page: Page) -> None:
            if number == self._request:
                self._busy = False
                self._error = None
                done(page)
                self.loading.emit(False)
                self.arrived.emit()

        def failure(error: BaseException) -> bool:
            if number == self._request:
                self._busy = False
                self._error = error
                self.loading.emit(False)
                self.failed.emit(error)
            return True

        self._run(query, answer, failure)

    def _read_op(
        self, query: ListQuery, answer: Callable[[Page], None], failure: Callable[[BaseException], object]
    ) -> None:
        assert self.ctx is not None
        ReadOp(self._owner, self.ctx, self._fetch, query).replacing("list").success(answer).failure(
            failure
        ).start()

    # answers

    def _first(self, page: Page) -> None:
        self.beginResetModel()
        self._take(page)
        self.endResetModel()

    def _take(self, page: Page) -> None:
        self._rows = list(page.rows)
        self._next = page.next
        self._cells.clear()
        self._loaded = True
        if page.total is not None:
            self.total, self.exact = page.total, page.exact

    def _more(self, page: Page) -> None:
        first = len(self._rows)
        self._next = page.next
        if page.rows:
            self.beginInsertRows(QModelIndex(), first, first + len(page.rows) - 1)
            self._rows.extend(page.rows)
            self.endInsertRows()

    def _again(self, page: Page, keys: frozenset[Any]) -> None:
        old = {getattr(row, self._key, None): row for row in self._rows}
        new_keys = [getattr(row, self._key, None) for row in page.rows]
        different = [
            key
            for key, row in zip(new_keys, page.rows, strict=True)
            if (key in old and old[key] != row) or (key not in old and key in keys)
        ]
        if new_keys == list(old):
            self._take(page)
            if different and self._rows:
                self.dataChanged.emit(
                    self.index(0, 0), self.index(len(self._rows) - 1, len(self.columns) - 1)
                )
        else:
            self._first(page)
        if keys and different:
            now = monotonic()
            self._blinks.update(dict.fromkeys(different, now))
            self._blink_timer.start()
            self.live.emit(different)

    def _blink_on(self) -> None:
        now = monotonic()
        self._blinks = {key: at for key, at in self._blinks.items() if (now - at) * 1000 < ms("blink")}
        if not self._blinks:
            self._blink_timer.stop()
        self.repaint.emit()

    # Qt's side

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Rows read so far."""
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
            return f"{cell.text}\n{cell.extra}" if cell.kind == "two_line" and cell.extra else cell.text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if self.columns[index.column()].right_aligned
                else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def forget_words(self) -> None:
        """What cells say is worked out anew the next time they are painted."""
        self._cells.clear()

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words over the columns."""
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(self.columns):
            column = self.columns[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return column.head()
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return column.head() or column.key
        return None


def filter_from_text(column: Column, text: str) -> tuple[Filter, ...]:
    """Read what was typed into the filter field of a column.

    Raises ValueError (a text key) when a number or date was expected and something else stands there.
    """
    words = text.strip()
    if not words:
        return ()
    key = column.query_key
    if column.filter in ("contains", "prefix"):
        return (Filter(key, column.filter, words),)
    usual = {"min": "min", "max": "max", "date": "min"}[column.filter]
    if ".." in words:
        low, high = (part.strip() for part in words.split("..", 1))
        return tuple(
            Filter(key, op, _operand(column, part, op)) for op, part in (("min", low), ("max", high)) if part
        )
    signs = {"<=": "max", "≤": "max", "<": "max", ">=": "min", "≥": "min", ">": "min", "=": "eq"}
    for sign, op in signs.items():
        if words.startswith(sign):
            operand = words[len(sign) :].strip()
            return (Filter(key, op, _operand(column, operand, op)),) if operand else ()
    return (Filter(key, usual, _operand(column, words, usual)),)


def _operand(column: Column, text: str, op: str) -> Any:
    if column.filter != "date":
        return fmt.parse_decimal(text)
    day = fmt.parse_date(text)
    if column.kind != "date_time":
        return day
    from datetime import datetime, time

    return datetime.combine(day, time.max if op == "max" else time.min).astimezone()
