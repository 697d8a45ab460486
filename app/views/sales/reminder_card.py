"""What is open of a customer, how far it was reminded, and what holds it back: a card beside his page."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales.reminders import OpenItem, open_items
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import cells_row
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.sales import reminder_words as words
from app.views.sales.hold_dialog import HOLD, LIFT, hold, lift

RIGHT = "reminder_open_items"


class RemindersCard(Card):
    """A link at first; a click reads what is open, so that the page itself costs no round trip more."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(t("sales.card.reminders"), link="sales.card.reminders_show", link_clicked=self.ask)
        self.setObjectName("card.reminders")
        self._ctx = ctx
        self._id: int | None = None
        self._name = ""
        if self.link is not None:
            self.link.setObjectName("action.show_reminders")
        self.hide()

    def show_customer(self, customer_id: int | None, name: str) -> None:
        """Another customer is shown; None: this is none."""
        if customer_id != self._id:
            clear_layout(self.body)
            self.body.addWidget(Label(t("sales.card.reminders_what"), "small", "text2", wrap=True))
        self._id, self._name = customer_id, name
        self.setVisible(customer_id is not None)

    def ask(self) -> None:
        """Read what is open now."""
        if self._id is None:
            return
        op: ReadOp[Sequence[OpenItem]] = ReadOp(self, self._ctx, open_items, self._id)
        op.replacing("reminders").success(self._show).start()

    def _show(self, found: Sequence[OpenItem]) -> None:
        clear_layout(self.body)
        if not found:
            self.body.addWidget(Label(t("sales.card.reminders_nothing"), "small", "text2", wrap=True))
        for item in found:
            self.body.addWidget(self._line(item))
            self.body.addWidget(Label(words.coming(item), "small", "text2", wrap=True))
        customer = self._id
        whole = next((x for x in found if x.hold_id is not None and x.hold_invoice_id is None), None)
        if whole is not None and self._ctx.profile.can(LIFT):
            button = Button(
                "sales.hold.lift", "play", "ghost", clicked=lambda: lift(self._ctx, whole, self.ask)
            )
            button.setObjectName("action.lift_hold")
            self.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        elif customer is not None and self._ctx.profile.can(HOLD):
            button = Button(
                "sales.hold.customer",
                "pause",
                "ghost",
                clicked=lambda: hold(self._ctx, customer, self._name, owner=self, done=self.ask),
            )
            button.setObjectName("action.hold_customer")
            self.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _line(self, item: OpenItem) -> QWidget:
        cells = (
            (item.number, "small500", "left"),
            (t("sales.card.days_late", n=item.days) if item.days else "", "small", "right"),
            (fmt.money(item.open, item.currency), "small600", "right"),
        )
        line = cells_row(cells, (7, 5, 5))
        line.setCursor(Qt.CursorShape.PointingHandCursor)
        line.setObjectName(f"open_item.{item.invoice_id}")
        line.mouseReleaseEvent = lambda _event: self._open(item.invoice_id)  # type: ignore[method-assign]
        return line

    def _open(self, invoice_id: int) -> None:
        self._ctx.navigate.open_record("sales.invoice", invoice_id)
