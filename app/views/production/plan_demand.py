"""First step of planning: what waits to be made."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import t
from app.services.production.planning import Demand, Maker, Wanted
from app.views.core.context import AppContext
from app.views.core.inputs import ComboBox
from app.views.core.marks import Label
from app.views.core.page_head import PageFoot, Toggle, ToolRow, one_of
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import EmptyState
from app.views.core.table_model import CHECK, Column
from app.views.core.theme import fill, px


class DemandLine(NamedTuple):
    """A line to choose: an order line, or a product below its reorder point."""

    key: str
    kind: str
    number: str
    customer: str
    requested_date: date | None
    product_id: int
    sku: str
    name: str
    unit: str
    warehouse_id: int | None
    ordered: Decimal
    covered: Decimal
    open: Decimal
    sales_order_line_id: int | None


WAREHOUSE = "planning.warehouse"
KINDS = {"order": ("info", "planning.kind.order"), "reorder": ("warn", "planning.kind.reorder")}


def demand_lines(found: Demand) -> list[DemandLine]:
    """Order lines by date, then reorder points."""
    lines = [
        DemandLine(
            f"order:{row.sales_order_line_id}",
            "order",
            row.number,
            row.customer,
            row.requested_date,
            row.product_id,
            row.sku,
            row.name,
            row.unit,
            row.warehouse_id,
            row.ordered,
            row.ordered - row.open,
            row.open,
            row.sales_order_line_id,
        )
        for row in found.lines
    ]
    lines += [
        DemandLine(
            f"reorder:{row.product_id}",
            "reorder",
            fmt.NONE,
            fmt.NONE,
            None,
            row.product_id,
            row.sku,
            row.name,
            row.unit,
            None,
            row.reorder_point,
            row.free + row.expected,
            row.open,
            None,
        )
        for row in found.reorder
    ]
    return lines


def _due_tone(row: DemandLine) -> str | None:
    return "warn" if row.requested_date is not None and row.requested_date < clock.today() else None


COLUMNS = (
    Column(CHECK, "", "check", width=36, sortable=False, exported=False),
    Column("kind", "planning.col.kind", "chip", width=130, chips=KINDS),
    Column("number", "planning.col.order", "code", width=130),
    Column("customer", "planning.col.customer", width=190, stretch=True),
    Column("requested_date", "planning.col.requested", "date", width=110, tone=_due_tone),
    Column("sku", "planning.col.product", "two_line", width=260, stretch=True, second=lambda row: row.name),
    Column("ordered", "planning.col.ordered", "quantity", width=90),
    Column("covered", "planning.col.covered", "quantity", width=100),
    Column("open", "planning.col.open", "quantity", width=90, tone=lambda _row: "text"),
    Column("unit", "planning.col.unit", width=60),
)


class DemandView(QWidget):
    """Choose lines, how to plan them, and the warehouse that makes them.

    Signals:
        chosen: other lines are chosen.
        mode_changed: whether to make to order now.
    """

    chosen = Signal()
    mode_changed = Signal(bool)

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._lines: list[DemandLine] = []
        self._keys: list[str] = []
        self._found: Demand | None = None
        fill(self, "surface")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._tools())
        self._model = RowsModel(COLUMNS, key=lambda row: row.key, parent=self)
        self.table = RowsView(self._model, tree_column="sku", name="demand")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.table.setAccessibleName(t("planning.step.demand"))
        self.table.selection_changed.connect(self._selected)
        column.addWidget(self.table, 1)
        foot = PageFoot()
        self._sum = Label("", "small600", "text2")
        self._sum.setObjectName("demand.sum")
        foot.left.addWidget(self._sum)
        self._hint = Label("", "small", "text3")
        foot.right.addWidget(self._hint)
        column.addWidget(foot)

    def _tools(self) -> ToolRow:
        row = ToolRow()
        self._stock = Toggle("planning.from_stock", "boxes", clicked=lambda: self._switch(False))
        self._stock.setObjectName("mode.from_stock")
        self._order = Toggle("planning.to_order", "hammer", clicked=lambda: self._switch(True))
        self._order.setObjectName("mode.to_order")
        self._one = one_of(self, [self._stock, self._order])
        row.add(self._stock, label=t("planning.mode"))
        row.add(self._order)
        row.add_divider()
        self._warehouse = ComboBox(t("planning.warehouse"), size="toolbar")
        self._warehouse.setObjectName("field.warehouse")
        self._warehouse.value_changed.connect(lambda key: self._ctx.settings.set(WAREHOUSE, key))
        row.add(self._warehouse, label=t("planning.warehouse"), width=px("menu_min") + px("gap_xl"))
        return row

    # -- what is asked ------------------------------------------------------------------------------------------

    @property
    def warehouse(self) -> int | None:
        """Which warehouse makes it."""
        value = self._warehouse.value()
        return int(value) if value is not None else None

    @property
    def count(self) -> int:
        """How many lines there are to choose from."""
        return len(self._lines)

    def chosen_lines(self) -> list[DemandLine]:
        """The chosen lines, from the top."""
        return list(self.table.selected_rows())

    def chosen_keys(self) -> list[str]:
        """Their keys."""
        return [line.key for line in self.chosen_lines()]

    def wanted(self) -> list[Wanted]:
        """What the chosen lines want made."""
        return [Wanted(line.product_id, line.open, line.sales_order_line_id) for line in self.chosen_lines()]

    def due(self) -> date | None:
        """The earliest day one of them is wanted."""
        days = [line.requested_date for line in self.chosen_lines() if line.requested_date is not None]
        return min(days, default=None)

    # -- what is shown ------------------------------------------------------------------------------------------

    def set_mode(self, to_order: bool) -> None:
        """Show how it is planned."""
        (self._order if to_order else self._stock).setChecked(True)
        self._hint.setText(t("planning.to_order_hint" if to_order else "planning.from_stock_hint"))

    def preset(self, keys: Sequence[str], warehouse: Any) -> None:
        """What to choose once it was read."""
        self._keys = list(keys)
        self._wanted_warehouse = warehouse

    _wanted_warehouse: Any = None

    def set_warehouses(self, rows: list[Maker]) -> None:
        """Offer warehouses; the one planned for last makes it, else the first that has a place to make things."""
        self._warehouse.set_choices([(row.id, f"{row.code} {row.name}") for row in rows])
        keys = [row.id for row in rows]
        wanted = [key for key in (self._wanted_warehouse, self._ctx.settings.get(WAREHOUSE)) if key in keys]
        if self.warehouse is None:
            self._warehouse.set_value(next(iter(wanted or keys), None))

    def ask_warehouse(self) -> None:
        """Nothing can be planned without one."""
        self._warehouse.setFocus()

    def show_demand(self, found: Demand) -> None:
        """Show lines and keep the choice."""
        kept = self.chosen_keys() or self._keys
        self._keys = []
        self._found = found
        self._lines = demand_lines(found)
        self._model.set_rows(self._lines)
        if kept:
            self.table.select_keys(kept)
        nothing = (
            EmptyState("circle-check", t("planning.nothing_title"), t("planning.nothing_text"))
            if not self._lines
            else None
        )
        self.table.set_overlay(nothing)
        self._selected()

    def clear_choice(self) -> None:
        """Choose nothing."""
        self.table.clearSelection()

    def _selected(self) -> None:
        lines = self.chosen_lines()
        words = t(
            "planning.chosen", n=len(lines), count=fmt.number(len(lines)), all=fmt.number(len(self._lines))
        )
        self._sum.setText(words)
        self.chosen.emit()

    def _switch(self, to_order: bool) -> None:
        self.set_mode(to_order)
        self.mode_changed.emit(to_order)
