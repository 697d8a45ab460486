"""What is owed to a supplier, and his latest invoices, beside his page."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.purchasing.payables import Owed, SupplierInvoice, owed_to
from app.views.core.context import AppContext
from app.views.core.detail import cells_row
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.purchasing.states import INVOICE

RIGHT = f"{INVOICE}:select"


class OwedCard(Card):
    """A link at first; a click reads it, so that the page itself costs no round trip more."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(t("purchasing.owed.title"), link="purchasing.owed.show", link_clicked=self.ask)
        self.setObjectName("card.owed")
        self._ctx = ctx
        self._id: int | None = None
        if self.link is not None:
            self.link.setObjectName("action.show_owed")
        self.hide()

    def show_record(self, record_id: int | None) -> None:
        """Another supplier is shown."""
        if record_id != self._id:
            clear_layout(self.body)
        self._id = record_id
        self.setVisible(record_id is not None)

    def ask(self) -> None:
        """Read what is owed now."""
        if self._id is not None:
            op: ReadOp[Owed] = ReadOp(self, self._ctx, owed_to, self._id)
            op.replacing("owed").success(self._show).start()

    def _show(self, found: Owed) -> None:
        clear_layout(self.body)
        if not found.invoices:
            self.body.addWidget(Label(t("purchasing.owed.nothing"), "small", "text2", wrap=True))
            return
        for one in found.invoices:
            self.body.addWidget(self._line(one))
        self.body.addWidget(self._sum("purchasing.owed.open", fmt.money(found.open_amount)))
        if found.overdue:
            self.body.addWidget(self._sum("purchasing.owed.overdue", fmt.money(found.overdue)))

    @staticmethod
    def _sum(key: str, value: str) -> QWidget:
        return cells_row(((t(key), "small", "left"), (value, "small600", "right")), (10, 8))

    def _line(self, one: SupplierInvoice) -> QWidget:
        cells = (
            (one.invoice_number, "small500", "left"),
            (fmt.date_(one.invoice_date), "small", "left"),
            (fmt.money(one.gross_amount, one.currency), "small600", "right"),
        )
        line = cells_row(cells, (8, 6, 7))
        line.setCursor(Qt.CursorShape.PointingHandCursor)
        line.setObjectName(f"owed.{one.id}")
        line.mouseReleaseEvent = lambda _event: self._open(one.id)  # type: ignore[method-assign]
        return line

    def _open(self, invoice_id: int) -> None:
        self._ctx.navigate.open_record(INVOICE, invoice_id)
