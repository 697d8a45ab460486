"""The columns of a list in the room there is: spare ones wait while it is narrow, some share what the others leave."""

from collections.abc import Sequence

from PySide6.QtWidgets import QTableView, QWidget

from app.views.core.delegates import CellDelegate, Thumbnails
from app.views.core.filter_header import FilterHeader
from app.views.core.table_model import Column
from app.views.core.theme import px


class RoomyTable(QTableView):
    """A table whose columns fit its width as far as they can: what matters is seen without scrolling sideways."""

    def __init__(
        self, columns: Sequence[Column], images: Thumbnails | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._columns = columns
        self._any_spare = any(column.spare for column in columns)
        self._arranging = False
        self._user_widths: dict[str, int] = {}
        self._waiting: set[int] = set()  # columns of the layout there is no room for now
        self._wanted: set[str] = set()  # keys of columns somebody asked for by hand
        self.header = FilterHeader(columns, self)
        self.setHorizontalHeader(self.header)
        self.cells = CellDelegate(self, images)

    def _belongs(self, number: int) -> bool:
        """Whether a column is part of the layout, be there room for it or not."""
        return not self.isColumnHidden(number) or number in self._waiting

    def _stretch(self) -> None:
        """Let spare columns wait while there is no room for them, and share the width among the others."""
        if self._arranging:
            return
        waiting = self._without_room()
        if waiting != self._waiting:
            self._arranging = True
            for number in waiting ^ self._waiting:
                self.setColumnHidden(number, number in waiting)
                self.setColumnWidth(number, self._width_of(number))
            self._arranging = False
            self._waiting = waiting
            self.header.place_fields()
        self._share()

    def _without_room(self) -> set[int]:
        """The columns that wait: the most spare first, until the others fit.

        Those somebody asked for, sorts or filters by stay.
        """
        if not self._any_spare:
            return set()
        widths = {
            number: self._least(column) if column.stretch else self._width_of(number)
            for number, column in enumerate(self._columns)
            if self._belongs(number)
        }
        stay = self._wanted | self.header.typed().keys()
        spare = [
            number
            for number in widths
            if self._columns[number].spare
            and self._columns[number].key not in stay
            and number != self.header.sortIndicatorSection()
        ]
        waiting: set[int] = set()
        for number in sorted(spare, key=lambda number: (-self._columns[number].spare, -number)):
            if sum(widths.values()) <= self.viewport().width():
                break
            waiting.add(number)
            del widths[number]
        return waiting

    def _width_of(self, number: int) -> int:
        column = self._columns[number]
        return self._user_widths.get(column.key) or max(column.width, self.header.least_width(column))

    @staticmethod
    def _least(column: Column) -> int:
        """How narrow a column may become that takes what the others leave."""
        return max(column.width * 7 // 10, px("col_min"))

    def _share(self) -> None:
        """Let the stretch columns share what the others leave; never below a readable width."""
        self._find_first()
        stretching = [n for n, c in enumerate(self._columns) if c.stretch and not self.isColumnHidden(n)]
        if not stretching or self._arranging:
            return
        fixed = sum(
            self.columnWidth(n)
            for n in range(len(self._columns))
            if n not in stretching and not self.isColumnHidden(n)
        )
        room = self.viewport().width() - fixed
        self._arranging = True
        for n in stretching:
            self.setColumnWidth(n, max(room // len(stretching), self._least(self._columns[n])))
        self._arranging = False

    def _find_first(self) -> None:
        shown = [n for n in range(len(self._columns)) if not self.isColumnHidden(n)]
        self.cells.first_column = min(shown, key=self.header.visualIndex, default=0)
