"""Second step of planning: what the demand takes through all levels, and what is proposed."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.engineering.rules import Requirement
from app.services.production.planning import Material, Planned, purchases
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.marks import Chip, Label
from app.views.core.page_head import PageFoot, Toggle, ToolRow
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.table_model import Column
from app.views.core.theme import fill
from app.views.production.words import PRODUCT, short_words

SOURCES = {
    "made": ("accent", "planning.make"),
    "bought": ("neutral", "planning.buy"),
    "service": ("info", "bom.source.service"),
}


class PlanRow(NamedTuple):
    """A requirement where it stands in the tree, with the order planned for it."""

    path: tuple[int, ...]
    product_id: int
    sku: str
    name: str
    source: str
    unit: str
    gross: Decimal
    from_stock: Decimal
    net: Decimal
    proposed: Decimal | None
    start: date | None
    end: date | None
    others: int
    elsewhere: Decimal


def plan_rows(
    requirements: Sequence[Requirement], plan: Sequence[Planned], elsewhere: Mapping[int, Decimal]
) -> list[PlanRow]:
    """Requirements as a tree: every product once, below the first that needs it."""
    children: dict[int | None, list[Requirement]] = {}
    for row in requirements:
        children.setdefault(row.parents[0] if row.parents else None, []).append(row)
    orders: dict[int, Planned] = {}
    for planned in plan:
        orders.setdefault(planned.requirement.product_id, planned)
    found: list[PlanRow] = []
    pending: list[tuple[tuple[int, ...], Requirement]] = [
        ((number,), row) for number, row in reversed(list(enumerate(children.get(None, ()))))
    ]
    while pending:
        path, row = pending.pop()
        order = orders.get(row.product_id)
        made = row.source == "made"
        found.append(
            PlanRow(
                path,
                row.product_id,
                row.sku,
                row.name,
                row.source,
                row.unit,
                row.gross,
                row.from_stock,
                row.net,
                row.proposed if made else None,
                order.order.planned_start if order else None,
                order.order.planned_end if order else None,
                max(0, len(set(row.parents)) - 1),
                elsewhere.get(row.product_id, Decimal(0)),
            )
        )
        below = list(enumerate(children.get(row.product_id, ())))
        pending.extend(((*path, number), child) for number, child in reversed(below))
    return found


def _name(row: PlanRow) -> str:
    return f"{row.name}  +{row.others}" if row.others else row.name


def _net(row: PlanRow) -> str:
    return short_words(row.net) if row.net > 0 else fmt.NONE


def _tone(row: PlanRow) -> str | None:
    return "bad" if row.net > 0 else None


def _stock(row: PlanRow) -> str:
    return fmt.NONE if row.source == "service" else fmt.number(row.from_stock)


def _elsewhere(row: PlanRow) -> str:
    return fmt.number(row.elsewhere) if row.elsewhere > 0 else fmt.NONE


COLUMNS = (
    Column("sku", "planning.col.component", "two_line", width=280, stretch=True, second=_name),
    Column("source", "bom.col.source", "chip", width=112, chips=SOURCES),
    Column("gross", "planning.col.gross", "quantity", width=92),
    Column("from_stock", "planning.col.from_stock", "quantity", width=100, text=_stock),
    Column("elsewhere", "planning.col.elsewhere", "quantity", width=110, text=_elsewhere),
    Column("net", "planning.col.net", "quantity", width=112, text=_net, tone=_tone),
    Column("unit", "planning.col.unit", width=58),
    Column("proposed", "planning.col.proposed", "quantity", width=104),
    Column("start", "planning.col.start", "date", width=104),
    Column("end", "planning.col.end", "date", width=120),
)


class PlanView(QWidget):
    """The tree; quantity and end of what is made can be typed over.

    Signals:
        quantity_changed: (product, quantity).
        end_changed: (product, day).
    """

    quantity_changed = Signal(int, object)
    end_changed = Signal(int, object)

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        fill(self, "surface")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        tools = ToolRow()
        self._mode = Label("", "small500", "text2")
        self._mode.setObjectName("plan.mode")
        tools.add(self._mode)
        tools.add_divider()
        self._short = Toggle("planning.short_only", "triangle-alert", clicked=self._filter)
        self._short.setObjectName("toggle.shortages")
        tools.add(self._short)
        self._open = Button("bom.open_all", "layers", "ghost", size="toolbar", clicked=self._toggle)
        tools.add_right(self._open)
        column.addWidget(tools)
        self._model = RowsModel(
            COLUMNS,
            path=lambda row: row.path,
            key=lambda row: row.product_id,
            editors={"proposed": "quantity", "end": "date"},
            can_edit=self._can_edit,
            strong=lambda row: len(row.path) == 1,
            parent=self,
        )
        self._model.edited.connect(self._edited)
        self.table = RowsView(self._model, tree_column="sku", name="plan")
        self.table.setAccessibleName(t("planning.step.plan"))
        self.table.opened.connect(self._opened)
        column.addWidget(self.table, 1)
        self._export = RowsExport(
            self, ctx, lambda: t("planning.export_title"), self.table.shown_columns, lambda: self._model.rows
        )
        tools.add_right(self._export.button())
        tools.add_right(self._export.print_button())
        self._foot = PageFoot()
        column.addWidget(self._foot)

    @staticmethod
    def _can_edit(row: Any, key: str) -> bool:
        return row.source == "made" and (key == "proposed" or row.end is not None)

    def show_plan(
        self,
        material: Material,
        requirements: Sequence[Requirement],
        plan: Sequence[Planned],
        *,
        to_order: bool,
    ) -> None:
        """Show requirements and the orders planned for them."""
        self._mode.setText(t("planning.to_order" if to_order else "planning.from_stock").replace("&", ""))
        self._model.set_rows(plan_rows(requirements, plan, material.elsewhere))
        self._filter()
        buy = purchases(requirements)
        self._foot.clear()
        orders = Chip("accent", t("planning.orders_n", n=len(plan), count=fmt.number(len(plan))))
        orders.setObjectName("foot.orders")
        self._foot.left.addWidget(orders)
        if buy:
            chip = Chip("warn", t("planning.buy_n", n=len(buy), count=fmt.number(len(buy))))
            chip.setObjectName("foot.purchases")
            self._foot.left.addWidget(chip)
        self._foot.right.addWidget(Label(t("planning.edit_hint"), "small", "text3"))

    def problems(self) -> list[str]:
        """What was typed and is no quantity or day."""
        return self._model.problems()

    def _filter(self) -> None:
        self._model.show_only((lambda row: row.net > 0) if self._short.isChecked() else None)
        self._label()

    def _toggle(self) -> None:
        self._model.open_all(not self._model.all_open)
        self._label()

    def _label(self) -> None:
        self._open.set_text_key("bom.close_all" if self._model.all_open else "bom.open_all")

    def _edited(self, row: PlanRow, key: str, value: Any) -> None:
        if key == "proposed":
            self.quantity_changed.emit(row.product_id, value)
        elif key == "end":
            self.end_changed.emit(row.product_id, value)

    def _opened(self, number: int) -> None:
        row = self._model.row(number)
        index = self.table.currentIndex()
        if row is not None and not self._model.editable(number, index.column()):
            self._ctx.navigate.open_record(PRODUCT, row.product_id)
