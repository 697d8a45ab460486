"""The list of bills of materials, and the pane beside it."""

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.engineering.reads import BomDetail, BomRow, bom_detail, list_bom
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, Picture, cells_row, facts, section
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.engineering.words import BOM, STATES, state_chip


def _picture(row: BomRow) -> tuple[int, str] | None:
    return (row.image_id, row.image_hash) if row.image_id and row.image_hash else None


def _open(ctx: AppContext, row: BomRow) -> None:
    ctx.navigate.open_record(BOM, row.id)


class BomPane(DetailPane):
    """The lines of a version."""

    def __init__(self, ctx: AppContext, row: BomRow) -> None:
        super().__init__()
        self._ctx, self._row = ctx, row
        self.head(
            row.sku,
            row.name,
            chips=[state_chip(row)],
            note=t("bom.version_line", version=row.version),
            picture=Picture(ctx.images, _picture(row)),
        )
        self._box = self.tab("lines", t("bom.tab.lines"))
        opened = Button("bom.open", "list-tree", size="toolbar", clicked=lambda: _open(ctx, row))
        opened.setObjectName("pane.open")
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, px("gap"))
        line.addWidget(opened)
        line.addStretch(1)
        self._box.addWidget(holder)
        ReadOp(self, ctx, bom_detail, row.id, language()).success(self._arrived).start()

    def _arrived(self, found: BomDetail) -> None:
        header = found.header
        items = [
            (t("bom.col.valid_from"), fmt.date_(header.valid_from)),
            (t("bom.col.valid_to"), fmt.date_(header.valid_to)),
            (t("bom.col.output_qty"), fmt.quantity(header.output_qty, header.unit)),
            (
                t("bom.col.approved_by"),
                name(self._ctx, header.approved_by) if header.approved_by else fmt.NONE,
            ),
        ]
        self._box.addWidget(facts(items))
        if header.remark:
            self._box.addWidget(section(header.remark))
        count = fmt.number(len(found.lines))
        self._box.addWidget(
            section(t("bom.lines"), note=t("bom.lines_count", n=len(found.lines), count=count))
        )
        for line in found.lines:
            self._box.addWidget(
                cells_row(
                    (
                        (line.sku, "body500", "left"),
                        (line.name, "body", "left"),
                        (fmt.quantity(line.qty, line.unit), "body600", "right"),
                    ),
                    (3, 6, 3),
                )
            )


def bom_spec(ctx: AppContext) -> ListSpec:
    """The list; people are shown by name."""

    def approver(row: BomRow) -> str:
        return name(ctx, row.approved_by) if row.approved_by else fmt.NONE

    def new(ctx: AppContext, _rows: list[Any]) -> None:
        ctx.navigate.new_record(BOM)

    columns = (
        Column("image", "", "thumb", width=48, sortable=False, value=_picture),
        Column("sku", "bom.col.sku", "code", width=110, filter="prefix"),
        Column("name", "bom.col.name", "bold", width=220, stretch=True, filter="contains"),
        Column("version", "bom.col.version", "number", width=80, filter="min"),
        Column(
            "state",
            "bom.col.state",
            "chip",
            width=130,
            filter="choice",
            choices=tuple((key, words) for key, (_kind, words) in STATES.items()),
            chips=STATES,
            text=lambda row: state_chip(row)[1],
            tone=lambda row: state_chip(row)[0],
        ),
        Column("valid_from", "bom.col.valid_from", "date", width=108, filter="date"),
        Column("valid_to", "bom.col.valid_to", "date", width=108, filter="date", hidden=True),
        Column("lines", "bom.col.lines", "number", width=92, filter="min"),
        Column("output_qty", "bom.col.output_qty", "quantity", width=110, hidden=True),
        Column("approved_by", "bom.col.approved_by", width=130, text=approver),
        Column("approved_at", "bom.col.approved_at", "date_time", width=140, hidden=True),
        Column("updated_at", "bom.col.updated_at", "date_time", width=140, hidden=True),
    )
    return ListSpec(
        key="bom",
        title="bom.list.title",
        icon="list-tree",
        columns=columns,
        fetch=list_bom,
        topics=frozenset({BOM}),
        presets=(
            Preset("current", "bom.preset.current"),
            Preset("draft", "bom.preset.draft", count=True),
            Preset("approved", "bom.preset.approved"),
            Preset("retired", "bom.preset.retired"),
            Preset("all", "bom.preset.all"),
        ),
        primary=ListAction("new", "bom.new", new, "plus", right="engineering.bom:insert"),
        row_height="row_thumb",
        empty=Empty(
            "bom.empty.title",
            "bom.empty.text",
            (
                ("bom.empty.step1", "bom.empty.step1_text"),
                ("bom.empty.step2", "bom.empty.step2_text"),
                ("bom.empty.step3", "bom.empty.step3_text"),
            ),
            first="bom.empty.first",
        ),
        open=_open,
        detail=BomPane,
        sort="sku",
    )
