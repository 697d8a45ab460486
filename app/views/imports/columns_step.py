"""Second step: which column of the file is which field."""

from functools import partial
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.imports.wizard import guess
from app.services.imports.wizard.kinds import ImportField
from app.views.core.detail import scrolled
from app.views.core.inputs import ComboBox
from app.views.core.marks import Chip, Divider, IconLabel, Label
from app.views.core.surfaces import Banner, Card
from app.views.core.theme import px
from app.views.imports.file_step import shown
from app.views.imports.job import ImportJob

SAMPLES = 3
SEARCHED = 200


class ColumnsStep(QWidget):
    """One line per column of the file, with samples and the field it becomes."""

    def __init__(self, job: ImportJob) -> None:
        super().__init__()
        self._job = job
        self._boxes: dict[int, ComboBox] = {}
        self._marks: dict[int, QHBoxLayout] = {}
        self._shown: tuple[str, ...] = ()
        self._kind = ""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px("gap_m"))
        self._missing = QVBoxLayout()
        box.addLayout(self._missing)
        self._card = Card()
        box.addWidget(self._card, 1)

    def show_job(self) -> None:
        """Show the columns and what is assigned."""
        job = self._job
        if job.table is None:
            return
        if (job.table.columns, job.kind.key) != (self._shown, self._kind):
            self._shown, self._kind = job.table.columns, job.kind.key
            self._build()
        for place, field in self._boxes.items():
            field.set_value(job.columns.get(place))
            self._mark(place)
        self._count.setText(
            t("import.map.count", n=len(job.columns), count=fmt.number(len(job.table.columns)))
        )
        self._empty.set_value(job.clear)
        while (item := self._missing.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        missing = job.plan().missing()
        if missing:
            fields = ", ".join(t(found.title) for found in missing)
            self._missing.addWidget(
                Banner("warn", t("import.map.missing", fields=fields), t("import.map.missing_text"))
            )

    def _build(self) -> None:
        job = self._job
        assert job.table is not None
        card = Card()
        card.setObjectName("import.columns")
        layout = self.layout()
        if layout is not None:
            layout.replaceWidget(self._card, card)
        self._card.hide()
        self._card.deleteLater()
        self._card = card
        head = QHBoxLayout()
        head.setSpacing(px("gap_m"))
        head.addWidget(Label(t("import.map.title"), "section"))
        self._count = Label("", "small", "text2")
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(Label(t("import.map.empty"), "small500", "text2"))
        choices = [(False, t("import.map.keep")), (True, t("import.map.clear"))]
        self._empty = ComboBox(t("import.map.empty"), choices, size="toolbar")
        self._empty.setObjectName("field.empty")
        self._empty.setFixedWidth(px("side") * 3 // 4)
        self._empty.value_changed.connect(job.set_clear)
        head.addWidget(self._empty)
        card.body.addLayout(head)
        keys = ", ".join(t(job.kind.field(name).title) for name in job.kind.keys)
        card.body.addWidget(Label(t("import.map.key_text", fields=keys), "small", "text2", wrap=True))
        card.body.addWidget(self._line_of_heads())
        self._boxes, self._marks = {}, {}
        lines = QWidget()
        column = QVBoxLayout(lines)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        own = guess.own_columns()
        for place, name in enumerate(job.table.columns):
            if guess.folded(name) not in own:
                column.addWidget(self._line(place, name))
        column.addStretch(1)
        card.body.addWidget(scrolled(lines), 1)

    def _line_of_heads(self) -> QWidget:
        return self._row(
            Label(t("import.map.column"), "small500", "text2"),
            Label(t("import.map.sample"), "small500", "text2"),
            Label(t("import.map.field"), "small500", "text2"),
            None,
        )

    def _row(self, name: QWidget, sample: QWidget, field: QWidget, marks: QHBoxLayout | None) -> QWidget:
        holder = QWidget()
        outer = QVBoxLayout(holder)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
        row.setSpacing(px("gap_m"))
        row.addWidget(name, 3)
        row.addWidget(sample, 4)
        row.addWidget(IconLabel("arrow-right", px("icon_small"), "text3" if marks is not None else "surface"))
        row.addWidget(field, 4)
        place = QWidget()
        place.setFixedWidth(px("tab_min"))
        inner = marks or QHBoxLayout()
        inner.setContentsMargins(0, 0, 0, 0)
        place.setLayout(inner)
        row.addWidget(place)
        outer.addLayout(row)
        outer.addWidget(Divider())
        return holder

    def _line(self, place: int, name: str) -> QWidget:
        fields = self._job.kind.offered(self._job.ctx.profile)
        choices: list[tuple[Any, str]] = [(None, t("import.map.nothing"))]
        choices += [(found.name, t(found.title)) for found in fields]
        box = ComboBox(f"{name}: {t('import.map.field')}", choices, size="toolbar")
        box.setObjectName(f"field.column.{place}")
        box.value_changed.connect(partial(self._job.assign, place))
        self._boxes[place] = box
        self._marks[place] = QHBoxLayout()
        return self._row(
            Label(name, "body500", elide=True),
            Label(self._samples(place), "body", "text2", elide=True),
            box,
            self._marks[place],
        )

    def _samples(self, place: int) -> str:
        assert self._job.table is not None
        found: list[str] = []
        for line in self._job.table.lines[:SEARCHED]:
            words = shown(line.cells[place]) if place < len(line.cells) else ""
            if words and words not in found:
                found.append(words[:60])
            if len(found) == SAMPLES:
                break
        return "  ·  ".join(found) or fmt.NONE

    def _mark(self, place: int) -> None:
        marks, name = self._marks[place], self._job.columns.get(place)
        while (item := marks.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if name is not None:
            found: ImportField = self._job.kind.field(name)
            if name in self._job.kind.keys:
                marks.addWidget(Chip("accent", t("import.map.key")))
            elif found.required:
                marks.addWidget(Chip("neutral", t("import.map.required")))
        marks.addStretch(1)
