"""What became, or would become, of every row: numbers, rows with their findings, and the row chosen in full."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.imports.wizard.carry import Outcome
from app.services.imports.wizard.check import CHANGED, NEW, REJECTED, UNCHANGED, Row
from app.services.imports.wizard.kinds import ImportField
from app.views.core.buttons import Button
from app.views.core.detail import scrolled
from app.views.core.marks import Chip, Divider, IconLabel, Label
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.imports.file_step import shown
from app.views.imports.steps import Tile

CHIPS = {
    NEW: ("ok", "import.outcome.new"),
    CHANGED: ("info", "import.outcome.changed"),
    UNCHANGED: ("neutral", "import.outcome.unchanged"),
    REJECTED: ("bad", "import.outcome.rejected"),
}
TILES = (  # outcome, icon, colour
    (NEW, "plus", "ok"),
    (CHANGED, "pencil", "info"),
    (UNCHANGED, "minus", "text"),
    (REJECTED, "circle-alert", "bad"),
)
FITS: dict[str, Callable[[Row], bool] | None] = {
    "all": None,
    REJECTED: lambda row: row.outcome == REJECTED,
    "warnings": lambda row: bool(row.findings) and row.outcome != REJECTED,
    NEW: lambda row: row.outcome == NEW,
    CHANGED: lambda row: row.outcome == CHANGED,
}
SHOWN = 2000  # rows of a kind on screen; nobody reads more, and the window stays quick
_OF_KIND = {"number": 110, "whole": 90, "date": 100, "flag": 80, "choice": 110, "lookup": 110}


class Tiles(QWidget):
    """How many rows are new, changed, unchanged, wrong.

    Signals:
        chosen: the outcome whose number was clicked.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap_m"))
        self._tiles = {key: Tile(icon, t(f"import.tile.{key}"), color) for key, icon, color in TILES}
        for key, tile in self._tiles.items():
            tile.setObjectName(f"import.tile.{key}")
            tile.clicked.connect(partial(self.chosen.emit, key))
            row.addWidget(tile, 1)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show the numbers."""
        for key, tile in self._tiles.items():
            tile.show_number(counts.get(key, 0))


class RowsStep(QWidget):
    """The outcome of a try or an import.

    Signals:
        save_rejects: the user wants the rejected rows as a file.
    """

    save_rejects = Signal()

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self._outcome = outcome
        self._fields = {name: place for place, name in outcome.plan.columns.items()}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px("gap_m"))
        tiles = Tiles()
        tiles.show_counts(outcome.counts)
        tiles.chosen.connect(lambda key: self.choose(key if key in FITS else "all"))
        box.addWidget(tiles)
        across = QHBoxLayout()
        across.setSpacing(px("gap_m"))
        across.addWidget(self._table(), 1)
        across.addWidget(self._side())
        box.addLayout(across, 1)
        self.choose(REJECTED if outcome.counts[REJECTED] else "all")

    def choose(self, key: str) -> None:
        """Show the rows of one kind."""
        self._tabs.set_current(key)
        fits, total = FITS[key], self._counts[key]
        rows = self._outcome.rows
        self._model.set_rows(islice(rows if fits is None else filter(fits, rows), SHOWN))
        self._foot.setText(t("import.shown", count=fmt.number(min(total, SHOWN)), total=fmt.number(total)))
        self._foot.setVisible(total > SHOWN)
        empty = not self._model.rows
        words = (t("import.no_rows"), t("import.no_rows_text"))
        self._view.set_overlay(EmptyState("search-x", *words) if empty else None)
        self._view.select_first()
        self._show_row()

    def _table(self) -> QWidget:
        outcome, plan = self._outcome, self._outcome.plan
        card = Card()
        head = QHBoxLayout()
        counts = self._counts = {"all": len(outcome.rows), **outcome.counts}
        items = [
            (key, f"{t(f'import.tab.{key}')} · {fmt.number(counts[key])}")
            for key in FITS
            if key == "all" or counts[key]
        ]
        self._tabs = SegmentedTabs(items, "all")
        self._tabs.setObjectName("import.tabs")
        self._tabs.chosen.connect(self.choose)
        head.addWidget(self._tabs)
        head.addStretch(1)
        if outcome.counts[REJECTED]:
            save = Button("import.save_rejects", "download", size="toolbar", clicked=self.save_rejects.emit)
            save.setObjectName("action.save_rejects")
            head.addWidget(save)
        card.body.addLayout(head)
        columns = [
            Column("number", "import.column.line", "number", width=64, sortable=False),
            Column("outcome", "import.column.outcome", "chip", width=112, chips=CHIPS, sortable=False),
        ]
        keys = [found for found in plan.fields if found.name in plan.kind.keys]
        columns += [self._column(found) for found in keys]
        columns.append(Column("what", "import.column.what", width=360, text=self._what, sortable=False))
        columns += [self._column(found) for found in plan.fields if found not in keys]
        self._model = RowsModel(columns, key=lambda row: row.number)
        self._view = RowsView(self._model, row_height=px("row_chip"), name="import.rows")
        self._view.selection_changed.connect(self._show_row)
        card.body.addWidget(self._view, 1)
        self._foot = Label("", "small", "text2")
        card.body.addWidget(self._foot)
        return card

    def _column(self, found: ImportField) -> Column:
        place = self._fields[found.name]

        def words(row: Row) -> str:
            words = shown(row.line.cells[place]) if place < len(row.line.cells) else ""
            return words or (fmt.NONE if tone(row) else "")

        def tone(row: Row) -> str:
            about = [finding for finding in row.findings if finding.field == found.name]
            if about:
                return "bad" if any(finding.is_error for finding in about) else "warn"
            return "info" if found.name in row.before else ""

        right = found.type in ("number", "whole")
        return Column(
            found.name,
            found.title,
            "code" if found.name in self._outcome.plan.kind.keys else "text",
            width=_OF_KIND.get(found.type, 140),
            align="right" if right else "",
            text=words,
            tone=tone,
            sortable=False,
        )

    def _what(self, row: Row) -> str:
        return "  ·  ".join((*self._wrong(row), *self._changes(row)))

    def _wrong(self, row: Row) -> list[str]:
        kind, lang = self._outcome.plan.kind, language()
        said = []
        for finding in row.findings:
            words = finding.words(lang)
            said.append(f"{t(kind.field(finding.field).title)}: {words}" if finding.field else words)
        return said

    def _changes(self, row: Row) -> list[str]:
        kind = self._outcome.plan.kind
        names = {found.name: found for found in kind.fields}
        return [
            t(
                "import.row.change",
                field=t(names[name].title),
                before=self._value(names[name], before),
                after=self._value(names[name], row.values.get(name)),
            )
            for name, before in row.before.items()
            if name in names
        ]

    def _value(self, found: ImportField, value: Any) -> str:
        if value is None or value == "":
            return fmt.NONE
        if found.lookup is not None:
            return self._outcome.names.get(found.name, {}).get(value, str(value))
        if found.choices:
            return t(found.choices[value]) if value in found.choices else str(value)
        if isinstance(value, bool):
            return t("form.yes") if value else t("form.no")
        if isinstance(value, Decimal):
            return fmt.quantity(value)
        return fmt.date_(value) if isinstance(value, date) else str(value)

    # -- the row chosen ----------------------------------------------------------------------------------------

    def _side(self) -> QWidget:
        card = Card()
        card.setObjectName("import.row")
        card.setFixedWidth(px("side") + px("gap_xl") * 2)
        holder = QWidget()
        self._detail = QVBoxLayout(holder)
        self._detail.setContentsMargins(0, 0, 0, 0)
        self._detail.setSpacing(px("gap"))
        card.body.addWidget(scrolled(holder), 1)
        return card

    def _show_row(self) -> None:
        clear_layout(self._detail)
        row: Row | None = self._view.current_row()
        if row is None:
            self._detail.addWidget(Label(t("import.row.choose"), "small", "text2", wrap=True))
            self._detail.addStretch(1)
            return
        head = QHBoxLayout()
        head.addWidget(Label(t("import.row.title", line=fmt.number(row.number)), "section"))
        kind, words = CHIPS[row.outcome]
        head.addWidget(Chip(kind, t(words)))
        head.addStretch(1)
        self._detail.addLayout(head)
        for finding, said in zip(row.findings, self._wrong(row), strict=True):
            bad = finding.is_error
            self._detail.addWidget(
                _said("circle-alert" if bad else "triangle-alert", "bad" if bad else "warn", said)
            )
        for said in self._changes(row):
            self._detail.addWidget(_said("pencil", "info", said))
        if not row.findings and not row.before:
            self._detail.addWidget(Label(t("import.row.nothing"), "small", "text2", wrap=True))
        self._detail.addWidget(Divider())
        self._detail.addWidget(self._cells(row))
        self._detail.addStretch(1)

    def _cells(self, row: Row) -> QWidget:
        """The row as it stands in the file."""
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap_s"))
        names = self._outcome.plan.table.columns
        for line, (name, cell) in enumerate(zip(names, row.line.cells, strict=False)):
            if cell is not None:
                top = Qt.AlignmentFlag.AlignTop
                grid.addWidget(Label(name, "small", "text2", wrap=True), line, 0, top)
                grid.addWidget(Label(shown(cell)[:500], "small500", wrap=True), line, 1, top)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        return holder


def _said(icon: str, color: str, words: str) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(px("gap"))
    mark = QVBoxLayout()
    mark.addWidget(IconLabel(icon, px("icon_small"), color))
    mark.addStretch(1)
    row.addLayout(mark)
    row.addWidget(Label(words, "body", "text", wrap=True), 1)
    return holder
