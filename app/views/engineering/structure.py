"""The structure of a product: tree or flat list with need, shortage and rolled-up cost."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.engineering.reads import BomHeader, Structure, structure
from app.services.engineering.rules import TreeRow
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.inputs import DateEdit, NumberEdit
from app.views.core.marks import Chip, IconLabel, Label
from app.views.core.menus import open_once
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageFoot, Toggle, ToolRow, one_of
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Banner
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.timing import Debounce
from app.views.core.values import error_text
from app.views.engineering.words import COST, PRODUCT, SOURCES, short_tone, short_words

LAYOUT = "bom.tree.layout"


def columns(head: dict[str, object], *, costs: bool) -> list[Column]:
    """The columns of the structure; those with costs only for who may know them."""
    found = [
        Column(
            "component", "bom.col.component", "two_line", width=300, stretch=True, text=_sku, second=_name
        ),
        Column("source", "bom.col.source", "chip", width=100, chips=SOURCES, sortable=False),
        Column("qty_per", "bom.col.qty_per", "quantity", width=72, sortable=False),
        Column("unit", "bom.col.unit", width=50, sortable=False),
        Column("scrap_pct", "bom.col.scrap", "percent", width=62, text=_scrap, sortable=False),
        Column("need", "bom.col.need", "quantity", width=98, sortable=False, head_params=head),
        Column("free", "bom.col.free", "quantity", width=80, text=_free, sortable=False),
        Column("missing", "bom.col.missing", "quantity", width=94, text=_missing, tone=_tone, sortable=False),
    ]
    if costs:
        found += [
            Column("unit_cost", "bom.col.each", "money", width=70, currency=None, text=_each, sortable=False),
            Column(
                "cost_share",
                "bom.col.rolled_up",
                "money",
                width=88,
                currency=None,
                tone=_total,
                sortable=False,
            ),
        ]
    return found


def _sku(row: TreeRow) -> str:
    return row.sku


def _name(row: TreeRow) -> str:
    return row.name


def _scrap(row: TreeRow) -> str:
    return fmt.percent(row.scrap_pct) if row.scrap_pct else fmt.NONE


def _free(row: TreeRow) -> str:
    return fmt.NONE if row.source == "service" else fmt.number(row.free)


def _missing(row: TreeRow) -> str:
    return short_words(row.missing)


def _tone(row: TreeRow) -> str:
    return short_tone(row.missing, row.need) if row.missing > 0 else ""


def _each(row: TreeRow) -> str:
    return fmt.money(row.unit_cost, None) if row.path else ""


def _total(row: TreeRow) -> str:
    return "text" if _strong(row) else ""


def _strong(row: TreeRow) -> bool:
    return row.has_children and row.level <= 1


class StructureView(QWidget):
    """Tool row, tree, foot.

    Signals:
        current: the component the user looks at (a `TreeRow`), None without one.
        arrived: the structure was read (`Structure`).
        changed: quantity, date or the way it is shown are different.
    """

    current = Signal(object)
    arrived = Signal(object)
    changed = Signal()

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__()
        self.ctx = ctx
        self.found: Structure | None = None
        self._header: BomHeader | None = None
        self._costs = ctx.profile.can(COST)
        self._head: dict[str, object] = {"qty": "1"}
        self._model = RowsModel(
            columns(self._head, costs=self._costs), path=lambda row: row.path, strong=_strong, parent=self
        )
        fill(self, "surface")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._build_tools(state))
        self._problem = QVBoxLayout()
        column.addLayout(self._problem)
        self.table = RowsView(self._model, tree_column="component", images=ctx.images, name="tree")
        self.table.setAccessibleName(t("bom.structure"))
        self.table.restore_layout(ctx.settings.get(LAYOUT))
        self.table.layout_changed.connect(lambda: ctx.settings.set(LAYOUT, self.table.layout_state()))
        self.table.selection_changed.connect(self._selected)
        self.table.opened.connect(self._open)
        column.addWidget(self.table, 1)
        self.foot = PageFoot()
        column.addWidget(self.foot)
        self._columns_button.clicked.connect(
            lambda: open_once(
                self.table.column_menu(),
                self._columns_button.mapToGlobal(self._columns_button.rect().bottomLeft()),
            )
        )

    def _build_tools(self, state: dict[str, Any]) -> ToolRow:
        row = ToolRow()
        self._qty = NumberEdit(t("bom.quantity"), size="toolbar", minimum=Decimal(0))
        self._qty.setObjectName("field.qty")
        self._qty.set_value(Decimal(str(state.get("qty") or 1)))
        self._day = DateEdit(t("bom.date"), size="toolbar")
        self._day.setObjectName("field.date")
        day = state.get("day")
        self._day.set_value(date.fromisoformat(day) if day else clock.today())
        self._pause = Debounce(self, "debounce_filter", self._again)
        for edit in (self._qty, self._day):
            edit.value_changed.connect(lambda _value: self._pause.later())
            edit.returnPressed.connect(self._pause.now)
        row.add(self._qty, label=t("bom.quantity"), width=px("side") // 4)
        row.add(self._day, label=t("bom.date"), width=px("detail_picture") + px("gap_m"))
        row.add_divider()
        self._tree = Toggle("bom.tree", "list-tree", clicked=self._show_rows)
        self._tree.setObjectName("toggle.tree")
        self._flat = Toggle("bom.flat", "list", clicked=self._show_rows)
        self._flat.setObjectName("toggle.flat")
        self._one = one_of(self, [self._tree, self._flat])
        (self._flat if state.get("flat") else self._tree).setChecked(True)
        self._short = Toggle("bom.shortages_only", "triangle-alert", clicked=self._filter)
        self._short.setObjectName("toggle.shortages")
        self._short.setChecked(bool(state.get("short")))
        for toggle in (self._tree, self._flat, self._short):
            row.add(toggle)
        self._open_all = Button("bom.open_all", "layers", "ghost", size="toolbar", clicked=self._toggle_all)
        self._open_all.setObjectName("action.expand_all")
        row.add_right(self._open_all)
        self._columns_button = IconButton("columns-3", "kit.list.columns")
        row.add_right(self._columns_button)
        self._export = RowsExport(
            self, self.ctx, self._title, lambda: self.table.shown_columns(), lambda: self._model.rows
        )
        row.add_right(self._export.button())
        row.add_right(self._export.print_button())
        return row

    # -- reading ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Quantity, date and the way it is shown."""
        day, qty = self._day.value(), self._qty.value()
        return {
            "qty": str(qty) if qty is not None else "1",
            "day": day.isoformat() if day is not None else "",
            "flat": self._flat.isChecked(),
            "short": self._short.isChecked(),
        }

    @property
    def qty(self) -> Decimal:
        """For how many the structure is shown."""
        return self._qty.value() or Decimal(1)

    @property
    def day(self) -> date:
        """For which day."""
        return self._day.value() or clock.today()

    def show_bom(self, header: BomHeader) -> None:
        """Show the structure of a version."""
        self._header = header
        self._read()

    def _again(self) -> None:
        self.changed.emit()
        self._read()

    def _read(self) -> None:
        header = self._header
        if header is None or self._qty.value() is None or self._day.value() is None:
            return
        op = ReadOp(
            self,
            self.ctx,
            structure,
            header.product_id,
            self.qty,
            self.day,
            None,
            language(),
            header.id,
        )
        op.replacing("structure").success(self._arrived).failure(self._failed).start()

    def _failed(self, error: BaseException) -> object:
        if not isinstance(error, AppError):
            return False
        self._clear_problem()
        self._problem.addWidget(Banner("bad", error_text(error)))
        return True

    def _clear_problem(self) -> None:
        while (item := self._problem.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _arrived(self, found: Structure) -> None:
        self._clear_problem()
        self.found = found
        self.arrived.emit(found)
        self._head["qty"] = fmt.number(self.qty)
        self._show_rows()
        self.table.head_changed()
        self._show_foot(found)
        self.table.select_first()
        self._selected()

    # -- showing ------------------------------------------------------------------------------------------------

    def _title(self) -> str:
        header = self._header
        return t("bom.export_title", sku=header.sku, version=header.version) if header else t("bom.one")

    def _show_rows(self) -> None:
        if self.found is None:
            return
        tree = self._tree.isChecked()
        self._open_all.setEnabled(tree)
        rows = self.found.rows if tree else flat(self.found.rows)
        self._model.set_rows(rows, tree=tree)
        self._filter()

    def _filter(self) -> None:
        self._model.show_only((lambda row: row.missing > 0) if self._short.isChecked() else None)
        self._label_all()
        self.changed.emit()

    def _toggle_all(self) -> None:
        self._model.open_all(not self._model.all_open)
        self._label_all()

    def _label_all(self) -> None:
        self._open_all.set_text_key("bom.close_all" if self._model.all_open else "bom.open_all")

    def _show_foot(self, found: Structure) -> None:
        self.foot.clear()
        words = t(
            "bom.foot",
            n=found.components,
            components=fmt.number(found.components),
            levels=fmt.number(found.depth),
        )
        self.foot.left.addWidget(Label(words, "small", "text2"))
        if found.shortages:
            chip = Chip("bad", t("bom.shortages", n=found.shortages, count=fmt.number(found.shortages)))
            chip.setObjectName("foot.shortages")
            self.foot.left.addWidget(chip)
        else:
            self.foot.left.addWidget(Chip("ok", t("bom.no_shortages")))
        if self._costs:
            unit = self._header.unit if self._header else ""
            self.foot.right.addWidget(Label(t("bom.cost_per", unit=unit), "small", "text2"))
            label = Label(fmt.money(found.unit_cost), "section15")
            label.setObjectName("foot.cost")
            self.foot.right.addWidget(label)
        else:
            self.foot.right.addWidget(IconLabel("lock", px("icon_small"), "text3"))
            self.foot.right.addWidget(Label(t("bom.no_costs"), "small", "text3"))

    def _selected(self) -> None:
        self.current.emit(self.table.current_row())

    def _open(self, number: int) -> None:
        row = self._model.row(number)
        if row is not None and row.path:
            self.ctx.navigate.open_record(PRODUCT, row.product_id)


def flat(rows: Sequence[TreeRow]) -> list[TreeRow]:
    """Every product once, its needs of all branches together; the product itself is not part of its list."""
    found: dict[int, TreeRow] = {}
    for row in rows:
        if not row.path:
            continue
        known = found.get(row.product_id)
        if known is None:
            found[row.product_id] = row
            continue
        need = known.need + row.need
        missing = max(Decimal(0), need - known.free) if row.source != "service" else Decimal(0)
        share = (
            None if known.cost_share is None or row.cost_share is None else known.cost_share + row.cost_share
        )
        found[row.product_id] = known._replace(
            need=need, missing=missing, qty_per=known.qty_per + row.qty_per, cost_share=share
        )
    return list(found.values())
