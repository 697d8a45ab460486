"""What is on order, beside a product or a supplier."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.purchasing.awaited import Awaited
from app.views.core.context import AppContext
from app.views.core.detail import cells_row
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.purchasing.states import ORDER

RIGHT = f"{ORDER}:select"


class AwaitedCard(Card):
    """A link at first; a click reads what is open, so that the page itself costs no round trip more."""

    def __init__(self, ctx: AppContext, read: Callable[..., Sequence[Awaited]]) -> None:
        super().__init__(t("purchasing.awaited.title"), link="purchasing.awaited.show", link_clicked=self.ask)
        self.setObjectName("card.awaited")
        self._ctx, self._read = ctx, read
        self._id: int | None = None
        if self.link is not None:
            self.link.setObjectName("action.show_awaited")
        self.hide()

    def show_record(self, record_id: int | None) -> None:
        """Another record is shown."""
        if record_id != self._id:
            clear_layout(self.body)
        self._id = record_id
        self.setVisible(record_id is not None)

    def ask(self) -> None:
        """Read what is open now."""
        if self._id is None:
            return
        op: ReadOp[Sequence[Awaited]] = ReadOp(self, self._ctx, self._read, self._id, language())
        op.replacing("awaited").success(self._show).start()

    def _show(self, found: Sequence[Awaited]) -> None:
        clear_layout(self.body)
        if not found:
            self.body.addWidget(Label(t("purchasing.awaited.nothing"), "small", "text2", wrap=True))
        for one in found:
            self.body.addWidget(self._line(one))

    def _line(self, one: Awaited) -> QWidget:
        cells = (
            (one.number, "small500", "left"),
            (one.sku, "small", "left"),
            (fmt.quantity(one.qty_open, one.unit), "small600", "right"),
            (fmt.date_(one.due), "small", "right"),
        )
        line = cells_row(cells, (7, 4, 5, 5))
        line.setCursor(Qt.CursorShape.PointingHandCursor)
        line.setObjectName(f"awaited.{one.order_id}")
        line.mouseReleaseEvent = lambda _event: self._open(one.order_id)  # type: ignore[method-assign]
        return line

    def _open(self, order_id: int) -> None:
        self._ctx.navigate.open_record(ORDER, order_id)
