"""Two tables of a bill's page: its versions, and where its product goes in."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import language, t
from app.services.engineering.reads import BomRow, WhereUsedRow, versions, where_used
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import EmptyState
from app.views.core.table_model import Column
from app.views.core.theme import fill
from app.views.engineering.words import BOM, STATES, state_chip


class VersionsTable(QWidget):
    """All versions of a product's bill, newest first; Enter opens one."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._current = -1
        columns = [
            Column("version", "bom.col.version", "bold", width=110, text=self._version),
            Column(
                "state",
                "bom.col.state",
                "chip",
                width=150,
                chips=STATES,
                text=lambda row: state_chip(row)[1],
                tone=lambda row: state_chip(row)[0],
            ),
            Column("valid_from", "bom.col.valid_from", "date", width=120),
            Column("valid_to", "bom.col.valid_to", "date", width=120),
            Column("lines", "bom.col.lines", "number", width=100),
            Column("approved_by", "bom.col.approved_by", width=160, text=self._approver),
            Column("approved_at", "bom.col.approved_at", "date_time", width=160),
            Column("updated_by", "bom.col.updated_by", width=160, stretch=True, text=self._editor),
        ]
        self._model = RowsModel(columns, parent=self)
        self.table = _table(self, self._model, "versions")
        self.table.opened.connect(self._open)

    def _version(self, row: BomRow) -> str:
        words = t("bom.version", version=row.version)
        return f"{words} · {t('bom.this_one')}" if row.id == self._current else words

    def _approver(self, row: BomRow) -> str:
        return name(self._ctx, row.approved_by) if row.approved_by else fmt.NONE

    def _editor(self, row: BomRow) -> str:
        return name(self._ctx, row.updated_by)

    def show_product(self, product_id: int, current: int) -> None:
        """Read the versions of a product; ``current`` is the one in front."""
        self._current = current
        op = ReadOp(self, self._ctx, versions, product_id, language()).replacing("versions")
        op.success(self._model.set_rows).start()

    def _open(self, number: int) -> None:
        row = self._model.row(number)
        if row is not None and row.id != self._current:
            self._ctx.navigate.open_record(BOM, row.id)


class WhereUsedTable(QWidget):
    """What a product goes in, directly and through others; Enter opens the bill."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        columns = [
            Column(
                "sku", "bom.col.product", "two_line", width=320, stretch=True, second=lambda row: row.name
            ),
            Column("level", "bom.col.level", "number", width=90),
            Column("via", "bom.col.via", width=260, text=self._via),
            Column(
                "version",
                "bom.col.version",
                width=110,
                text=lambda row: t("bom.version", version=row.version),
            ),
            Column(
                "qty",
                "bom.col.qty_in",
                "quantity",
                width=130,
                value=lambda row: round(row.qty, 6).normalize(),
            ),
        ]
        self._model = RowsModel(columns, key=lambda row: (row.bom_id, row.via), parent=self)
        self.table = _table(self, self._model, "where_used", tree_column="sku")
        self.table.opened.connect(self._open)

    @staticmethod
    def _via(row: WhereUsedRow) -> str:
        return ", ".join(row.via) if row.via else t("bom.directly")

    def show_product(self, product_id: int) -> None:
        """Read where a product is used today."""
        op = ReadOp(self, self._ctx, where_used, product_id, clock.today(), language())
        op.replacing("where_used").success(self._arrived).start()

    def _arrived(self, rows: list[WhereUsedRow]) -> None:
        self._model.set_rows(rows)
        nothing = EmptyState("network", t("bom.no_parents_title"), t("bom.no_parents")) if not rows else None
        self.table.set_overlay(nothing)

    def _open(self, number: int) -> None:
        row = self._model.row(number)
        if row is not None:
            self._ctx.navigate.open_record(BOM, row.bom_id)


def _table(owner: QWidget, model: RowsModel, key: str, tree_column: str = "") -> RowsView:
    fill(owner, "surface")
    box = QVBoxLayout(owner)
    box.setContentsMargins(0, 0, 0, 0)
    table = RowsView(model, tree_column=tree_column, name=f"bom.{key}")
    table.setAccessibleName(t(f"bom.tab.{key}"))
    box.addWidget(table)
    return table
