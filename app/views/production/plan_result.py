"""Last step of planning: the orders that were created, and what is left to buy."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.engineering.rules import Requirement
from app.services.production.planning import Planned
from app.services.production.writes import Order
from app.views.core.context import AppContext
from app.views.core.marks import Label
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Card
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.production.words import ORDER, PRODUCT


class CreatedRow(NamedTuple):
    """An order of the plan as it was created."""

    path: tuple[int, ...]
    id: int
    number: str
    sku: str
    name: str
    qty: Decimal
    unit: str
    end: date
    short: int


def _short(row: CreatedRow) -> str:
    return t("work_order.short_n", n=row.short) if row.short else t("work_order.covered")


ORDERS = (
    Column(
        "number",
        "work_order.col.number",
        "two_line",
        width=340,
        stretch=True,
        second=lambda r: f"{r.sku} {r.name}",
    ),
    Column("qty", "work_order.col.qty", "quantity", width=64),
    Column("unit", "work_order.col.unit", width=54),
    Column("end", "work_order.col.end", "date", width=98),
    Column(
        "short",
        "work_order.components",
        "chip",
        width=158,
        text=_short,
        tone=lambda r: "bad" if r.short else "ok",
    ),
)
BUY = (
    Column("sku", "planning.col.product", "two_line", width=150, stretch=True, second=lambda row: row.name),
    Column("gross", "planning.col.gross", "quantity", width=90),
    Column("from_stock", "planning.col.from_stock", "quantity", width=90),
    Column("net", "planning.col.to_buy", "quantity", width=100, tone=lambda _row: "bad"),
    Column("unit", "work_order.col.unit", width=60),
)


class ResultView(QWidget):
    """Two tables beside each other."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self.filled = False
        fill(self, "window")
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        row.setSpacing(px("gap_m"))
        orders = Card(t("planning.result.orders"))
        self._orders = RowsModel(ORDERS, path=lambda r: r.path, key=lambda r: r.id, parent=self)
        self.orders = RowsView(self._orders, tree_column="number", name="created")
        self.orders.setAccessibleName(t("planning.result.orders"))
        self.orders.opened.connect(self._open_order)
        orders.body.addWidget(self.orders, 1)
        row.addWidget(orders, 3)
        buy = Card(t("planning.result.purchases"))
        self._buy = RowsModel(BUY, key=lambda r: r.product_id, parent=self)
        self.purchases = RowsView(self._buy, tree_column="sku", name="purchases")
        self.purchases.setAccessibleName(t("planning.result.purchases"))
        self.purchases.opened.connect(self._open_product)
        self._export = RowsExport(
            self,
            ctx,
            lambda: t("planning.result.purchases"),
            self.purchases.shown_columns,
            lambda: self._buy.rows,
        )
        line = QVBoxLayout()
        across = QHBoxLayout()
        self._note = Label("", "small", "text2", wrap=True)
        self._note.setObjectName("purchases.note")
        across.addWidget(self._note, 1)
        across.addWidget(self._export.button())
        across.addWidget(self._export.print_button())
        line.addLayout(across)
        buy.body.addLayout(line)
        buy.body.addWidget(self.purchases, 1)
        self._rest = QWidget()
        buy.body.addWidget(self._rest, 1)
        row.addWidget(buy, 2)

    def show_result(
        self, plan: Sequence[Planned], buy: Sequence[Requirement], orders: Sequence[Order]
    ) -> None:
        """Show what was created for a plan, sub-orders below the order that needs them."""
        self.filled = True
        below: dict[int | None, list[int]] = {}
        for number, planned in enumerate(plan):
            below.setdefault(planned.order.parent_index, []).append(number)
        rows: list[CreatedRow] = []
        pending: list[tuple[tuple[int, ...], int]] = [((n,), n) for n in reversed(below.get(None, []))]
        while pending:
            path, number = pending.pop()
            planned, order = plan[number], orders[number]
            need = planned.requirement
            rows.append(
                CreatedRow(
                    path,
                    order.id,
                    order.number,
                    need.sku,
                    need.name,
                    planned.order.qty,
                    need.unit,
                    planned.order.planned_end,
                    len(order.shortages),
                )
            )
            pending.extend(((*path, child), child) for child in reversed(below.get(number, [])))
        self._orders.set_rows(rows)
        self._buy.set_rows(buy)
        self.purchases.setVisible(bool(buy))
        self._rest.setVisible(not buy)
        self._note.setText(
            t("planning.result.buy_note", n=len(buy), count=fmt.number(len(buy)))
            if buy
            else t("planning.result.nothing_to_buy")
        )

    def _open_order(self, number: int) -> None:
        row = self._orders.row(number)
        if row is not None:
            self._ctx.navigate.open_record(ORDER, row.id)

    def _open_product(self, number: int) -> None:
        row = self._buy.row(number)
        if row is not None:
            self._ctx.navigate.open_record(PRODUCT, row.product_id)
