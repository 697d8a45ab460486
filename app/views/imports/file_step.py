"""First step: what shall be imported, from which file, and how the file was read."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.imports.wizard import cells
from app.services.imports.wizard.kinds import Kind
from app.services.imports.wizard.sheets import ENCODINGS, HEAD_SEARCH, SEPARATORS, Cell, Line, Table
from app.views.core.buttons import Button
from app.views.core.inputs import ComboBox
from app.views.core.marks import IconLabel, Label
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.imports.job import ImportJob

SHOWN = 50


def shown(cell: Cell) -> str:
    """A cell of the file in the language in force."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return t("form.yes") if cell else t("form.no")
    if isinstance(cell, datetime):
        return f"{fmt.date_(cell.date())} {cell:%H:%M}"
    if isinstance(cell, date):
        return fmt.date_(cell)
    return cells.text(cell) or ""


def raw_column(place: int, name: str, width: int = 130) -> Column:
    """A column that shows the file's cells as they are."""

    def words(row: Line) -> str:
        return shown(row.cells[place]) if place < len(row.cells) else ""

    return Column(
        f"c{place}", "import.raw", width=width, text=words, sortable=False, head_params={"name": name}
    )


class FileStep(QWidget):
    """Choosing the kind and the file.

    Signals:
        choose: the user wants to choose a file.
    """

    choose = Signal()

    def __init__(self, job: ImportJob, offered: Sequence[Kind]) -> None:
        super().__init__()
        self._job = job
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px("gap_m"))
        first = Card()
        row = QHBoxLayout()
        row.setSpacing(px("gap_m"))
        row.addWidget(Label(t("import.what"), "body500"))
        self._kind = ComboBox(t("import.what"), [(kind.key, t(kind.title)) for kind in offered])
        self._kind.setObjectName("field.kind")
        self._kind.setFixedWidth(px("toast") * 2 // 3)
        self._kind.set_value(job.kind.key)
        self._kind.value_changed.connect(job.choose_kind)
        row.addWidget(self._kind)
        row.addStretch(1)
        first.body.addLayout(row)
        box.addWidget(first)
        self._rest = QVBoxLayout()
        self._rest.setSpacing(px("gap_m"))
        box.addLayout(self._rest, 1)

    def show_job(self) -> None:
        """Show the file, or where to drop one."""
        job = self._job
        clear_layout(self._rest)
        self._kind.set_value(job.kind.key)
        if job.problem is not None:
            self._rest.addWidget(Banner("bad", job.refused, error_text(job.problem)))
        if job.table is None:
            self._rest.addWidget(self._drop(), 1)
            return
        if job.table.doubtful:
            self._rest.addWidget(Banner("warn", t("import.doubtful"), t("import.doubtful_text")))
        self._rest.addWidget(self._how(job.table))
        self._rest.addWidget(self._first_rows(job.table), 1)

    def _drop(self) -> QWidget:
        card = Card()
        card.setObjectName("import.drop")
        card.body.addStretch(2)
        card.body.addWidget(
            IconLabel("upload", px("row_two"), "accent_text"), 0, Qt.AlignmentFlag.AlignHCenter
        )
        card.body.addSpacing(px("gap_m"))
        title = Label(t("import.drop"), "title")
        card.body.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        words = Label(t("import.drop_text"), "body", "text2", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words.setFixedSize(px("text_column"), words.heightForWidth(px("text_column")))
        card.body.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
        card.body.addSpacing(px("gap"))
        button = Button("import.choose", "folder-open", "primary", clicked=self.choose.emit)
        button.setObjectName("action.choose")
        card.body.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        card.body.addStretch(3)
        return card

    def _how(self, table: Table) -> QWidget:
        card = Card(t("import.how"), link="import.choose_other", link_clicked=self.choose.emit)
        if card.link is not None:
            card.link.setObjectName("action.choose")
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap_xs"))
        job, source = self._job, table.source
        boxes: list[tuple[str, list[tuple[Any, str]], Any, Callable[[Any], object]]] = []
        if table.is_workbook:
            sheets: list[tuple[Any, str]] = [(name, name) for name in table.sheets]
            boxes.append(("sheet", sheets, source.sheet, lambda v: job.read_as(sheet=v)))
        else:
            encodings: list[tuple[Any, str]] = [(name, t(f"import.encoding.{name}")) for name in ENCODINGS]
            boxes.append(("encoding", encodings, source.encoding, lambda v: job.read_as(encoding=v)))
            signs: list[tuple[Any, str]] = [(name, t(f"import.separator.{name}")) for name in SEPARATORS]
            boxes.append(("separator", signs, source.separator, lambda v: job.read_as(separator=v)))
        heads: list[tuple[Any, str]] = [(0, t("import.how.no_header"))]
        heads += [(n, t("import.how.row", n=n)) for n in range(1, max(HEAD_SEARCH, source.header or 0) + 1)]
        boxes.append(("header", heads, source.header, lambda v: job.read_as(header=v)))
        marks: list[tuple[Any, str]] = [(",", t("import.mark.comma")), (".", t("import.mark.point"))]
        boxes.append(("mark", marks, job.writing.mark, lambda v: job.write_as(mark=v)))
        orders: list[tuple[Any, str]] = [(order, t(f"import.order.{order}")) for order in cells.ORDERS]
        boxes.append(("order", orders, job.writing.order, lambda v: job.write_as(order=v)))
        for place, (key, choices, value, changed) in enumerate(boxes):
            words = t(f"import.how.{key}")
            grid.addWidget(Label(words, "small500", "text2"), 0, place)
            field = ComboBox(words, choices, size="toolbar")
            field.setObjectName(f"field.{key}")
            field.set_value(value)
            field.value_changed.connect(changed)
            grid.addWidget(field, 1, place)
            grid.setColumnStretch(place, 1)
        card.body.addLayout(grid)
        return card

    def _first_rows(self, table: Table) -> QWidget:
        card = Card(t("import.preview"))
        columns = [Column("number", "import.column.line", "number", width=64, sortable=False)]
        columns += [raw_column(place, name) for place, name in enumerate(table.columns)]
        model = RowsModel(columns, key=lambda line: line.number)
        model.set_rows(table.lines[:SHOWN])
        view = RowsView(model, row_height=px("row_dense"), name="import.preview")
        card.body.addWidget(view, 1)
        return card
