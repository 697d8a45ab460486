"""The list of work orders, and the pane beside it."""

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.production.papers import inspection_sheet, material_list, traveller
from app.services.production.reads import OrderDetail, OrderRow, list_orders, order_detail
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, Picture, cells_row, facts, section, text_row
from app.views.core.labelling import label_action
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Label, ProgressBar
from app.views.core.operation import ReadOp
from app.views.core.papering import paper_action
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.production.words import (
    COST,
    OPEN,
    ORDER,
    STATES,
    chips,
    done_words,
    picture,
    progress,
    short_words,
)
from app.views.templates.printing import print_rows


def open_order(ctx: AppContext, row: Any) -> None:
    """Show a work order."""
    ctx.navigate.open_record(ORDER, row.id)


def _share(row: OrderRow) -> float:
    return float((row.qty_good + row.qty_scrap) / row.qty) if row.qty else 0.0


def _done(row: OrderRow) -> str:
    return f"{fmt.number(row.qty_good)} / {fmt.number(row.qty)}"


def _trouble(row: OrderRow) -> str:
    return "short" if row.is_short else "late" if row.is_late else ""


def _plan(ctx: AppContext, _rows: list[Any]) -> None:
    ctx.navigate.open_workspace("planning")


TROUBLE = {"short": ("bad", "work_order.is_short"), "late": ("warn", "work_order.is_late")}
COLUMNS = (
    Column("image", "", "thumb", width=48, sortable=False, value=picture),
    Column("number", "work_order.col.number", "code", width=130, filter="contains"),
    Column("sku", "work_order.col.sku", width=82, filter="prefix"),
    Column("name", "work_order.col.name", "bold", width=190, stretch=True, filter="contains"),
    Column(
        "state",
        "work_order.col.state",
        "chip",
        width=124,
        filter="choice",
        choices=tuple((key, words) for key, (_kind, words) in STATES.items()),
        chips=STATES,
    ),
    Column(
        "trouble", "work_order.col.trouble", "chip", width=110, value=_trouble, chips=TROUBLE, sortable=False
    ),
    Column("qty", "work_order.col.qty", "quantity", width=84, filter="min", hidden=True),
    Column("qty_good", "work_order.col.done", "bar", width=116, value=_share, text=_done),
    Column("unit", "work_order.col.unit", width=60, sortable=False, hidden=True),
    Column("planned_start", "work_order.col.start", "date", width=104, filter="date", hidden=True),
    Column(
        "planned_end",
        "work_order.col.end",
        "date",
        width=96,
        filter="date",
        tone=lambda row: "warn" if row.is_late else None,
    ),
    Column("warehouse", "work_order.col.warehouse", width=76, hidden=True),
    Column("parent_number", "work_order.col.parent", width=126, filter="contains", hidden=True),
    Column(
        "actual_cost",
        "work_order.col.actual",
        "money",
        width=104,
        currency=None,
        right=COST,
        hidden=True,
    ),
    Column("updated_at", "work_order.col.updated", "date_time", width=140, filter="date", hidden=True),
)


class OrderPane(DetailPane):
    """Progress, components with what is short, sub-orders."""

    def __init__(self, ctx: AppContext, row: OrderRow) -> None:
        super().__init__()
        self._ctx, self._row = ctx, row
        self.head(
            row.number, f"{row.sku} {row.name}", chips=chips(row), picture=Picture(ctx.images, picture(row))
        )
        box = self.tab("overview", t("work_order.tab.overview"))
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, px("gap"))
        opened = Button(
            "work_order.open", "external-link", size="toolbar", clicked=lambda: open_order(ctx, row)
        )
        opened.setObjectName("pane.open")
        line.addWidget(opened)
        line.addStretch(1)
        box.addWidget(holder)
        bar = ProgressBar()
        bar.set_parts(progress(row))
        box.addWidget(Label(done_words(row), "body500"))
        box.addSpacing(px("gap_xs"))
        box.addWidget(bar)
        box.addSpacing(px("gap_m"))
        self._box = box
        ReadOp(self, ctx, order_detail, row.id, language()).success(self._arrived).start()

    def _arrived(self, found: OrderDetail) -> None:
        header, box = found.header, self._box
        items = [
            (t("work_order.col.start"), fmt.date_(header.planned_start)),
            (t("work_order.col.end"), fmt.date_(header.planned_end)),
            (t("work_order.col.warehouse"), header.warehouse),
            (t("work_order.bom"), t("bom.version", version=header.bom_version)),
        ]
        if header.parent_number:
            items.append((t("work_order.col.parent"), header.parent_number))
        box.addWidget(facts(items))
        short = [c for c in found.components if c.missing > 0]
        note = t("work_order.short_n", n=len(short)) if short else ""
        box.addWidget(section(t("work_order.components"), note=note))
        for line in found.components:
            words = short_words(line.missing) if line.missing > 0 else ""
            box.addWidget(
                cells_row(
                    (
                        (line.sku, "body500", "left"),
                        (line.name, "body", "left"),
                        (
                            words or fmt.quantity(line.required, line.unit),
                            "body600" if words else "body",
                            "right",
                        ),
                    ),
                    (3, 5, 3),
                )
            )
        if not found.components:
            box.addWidget(text_row(t("work_order.no_components"), style="small", color="text3"))
        if found.sub_orders:
            box.addWidget(section(t("work_order.sub_orders")))
            for sub in found.sub_orders:
                box.addWidget(
                    cells_row(
                        (
                            (sub.number, "body500", "left"),
                            (sub.name, "body", "left"),
                            (f"{fmt.number(sub.qty_good)} / {fmt.number(sub.qty)}", "body600", "right"),
                        ),
                        (4, 5, 2),
                    )
                )


SPEC = ListSpec(
    key="work_orders",
    title="work_order.list.title",
    icon="factory",
    columns=COLUMNS,
    fetch=list_orders,
    topics=frozenset({ORDER, "inventory.reservation"}),
    presets=(
        Preset("open", "work_order.preset.open"),
        Preset("started", "work_order.preset.started", count=True),
        Preset("short", "work_order.preset.short", count=True),
        Preset("late", "work_order.preset.late", count=True),
        Preset("completed", "work_order.preset.completed"),
        Preset("all", "work_order.preset.all"),
    ),
    primary=ListAction(
        "plan", "work_order.plan", _plan, "list-tree", right="work_order_create", shortcut="Ctrl+N"
    ),
    row_height="row_thumb",
    empty=Empty(
        "work_order.empty.title",
        "work_order.empty.text",
        (
            ("work_order.empty.step1", "work_order.empty.step1_text"),
            ("work_order.empty.step2", "work_order.empty.step2_text"),
            ("work_order.empty.step3", "work_order.empty.step3_text"),
        ),
    ),
    open=open_order,
    bulk=(print_rows("work_order", ORDER, traveller), label_action("work_order")),
    row_actions=(
        paper_action("work_order", traveller),
        paper_action("material_list", material_list),
        paper_action("inspection_sheet", inspection_sheet),
        label_action("work_order"),
    ),
    detail=OrderPane,
    sort="planned_end",
)
__all__ = ["OPEN", "SPEC", "OrderPane", "open_order"]
