"""Asks for a part of an order before it is delivered."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QGridLayout, QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.errors import AppError
from app.core.i18n import t
from app.services.sales import rules, writes
from app.services.sales.commands import PostDownPayment
from app.services.sales.forms import DraftForm
from app.services.sales.writes import Issued
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.operation import WriteOp
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.einvoice.gate import proved
from app.views.sales import pdf

USUAL = Decimal(30)
DAYS = 14
FIELDS = (
    Field("pct", "sales.down_payment.pct", "percent", places=4, above=Decimal(0), maximum=Decimal(100)),
    Field("amount", "sales.down_payment.amount", "money", above=Decimal(0)),
    Field("due_date", "sales.field.due_date", "date", required=True),
)
AT = {
    "down_payment_amount": "amount",
    "down_payment_exceeds_order": "amount",
    "down_payment_due_date": "due_date",
}


class DownPaymentDialog(Dialog):
    """A percentage or a net amount, and when it is due; below them what the invoice will say."""

    def __init__(self, host: QWidget, ctx: AppContext, order: DraftForm) -> None:
        super().__init__(
            host,
            t("sales.down_payment.title", number=order.number or ""),
            t("sales.down_payment.text"),
            icon="banknote",
            width=px("text_column") + px("grid") * 30,
        )
        self.setObjectName("dialog.down_payment")
        self._host, self._ctx, self._order = host, ctx, order
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        self.boxes: dict[str, FieldBox] = {}
        for column, field in enumerate(FIELDS):
            foreign = field.kind == "money" and order.currency != "EUR"
            box = FieldBox(ctx, replace(field, unit=order.currency) if foreign else field)
            self.boxes[field.key] = box
            grid.addWidget(box, 0, column)
            box.edited.connect(lambda key=field.key: self._edited(key))
        self.body.addLayout(grid)
        self.facts = FactsCard("")
        self.facts.setObjectName("card.down_payment")
        self.body.addWidget(self.facts)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "sales.down_payment.yes",
            self._post,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        self.boxes["pct"].set_value(USUAL)
        self.boxes["due_date"].set_value(today() + timedelta(days=DAYS))
        self._show()

    def open(self) -> None:
        """Show it with the cursor in the percentage."""
        super().open()
        self.boxes["pct"].focus()

    def _value(self, key: str) -> Any:
        try:
            return self.boxes[key].value()
        except ValueError:
            return None

    def _edited(self, key: str) -> None:
        other = {"pct": "amount", "amount": "pct"}.get(key)
        if other and self._value(key) is not None:
            self.boxes[other].set_value(None)
            self.boxes[other].set_error("")
        self._show()

    def shares(self) -> list[rules.Share]:
        """What falls on each tax rate of the order."""
        order = self._order
        lines = [(line.net_amount, line.tax_rate, None) for line in order.lines]
        groups = rules.after_charges(lines, rules.charges_of(order.charges))
        wanted = rules.Charge("charge", "", self._value("pct"), self._value("amount"))
        if wanted.pct is None and wanted.amount is None:
            return []
        return rules.shares({group: net for group, net in groups.items() if net > 0}, [wanted])

    def _show(self) -> None:
        currency = self._order.currency
        words = t("sales.down_payment.order_net")
        facts, gross = [Fact(words, fmt.money(self._order.net_amount, currency))], Decimal(0)
        for share in self.shares():
            tax = rules.cents(share.amount * share.rate / rules.HUNDRED)
            gross += share.amount + tax
            words = t("sales.down_payment.at_rate", rate=fmt.percent(share.rate))
            amounts = {"net": fmt.money(share.amount, currency), "tax": fmt.money(tax, currency)}
            facts.append(Fact(words, t("sales.down_payment.net_and_tax", **amounts)))
        facts.append(Fact(t("sales.total.gross"), fmt.money(gross, currency), "total"))
        self.facts.set_facts(facts)
        self._yes.set_blocked(None if gross else t("error.down_payment_amount"))
        self.place()

    def _post(self) -> None:
        due = self._value("due_date")
        if not isinstance(due, date):
            self.boxes["due_date"].set_error(t("error.required"))
            return
        order = self._order
        command = PostDownPayment(
            order.id, order.row_version, due, pct=self._value("pct"), amount=self._value("amount")
        )
        op: WriteOp[Issued] = WriteOp(self, self._ctx, writes.post_down_payment, command)
        op.disabling(self._yes).success(self._posted).failure(self._failed)
        proved(self, self._ctx, order.id, writes.post_down_payment, command, op.start)

    def _posted(self, invoice: Issued) -> None:
        ctx = self._ctx
        self.finish()
        ctx.navigate.toast(
            t(
                "sales.down_payment.posted",
                number=invoice.number,
                amount=fmt.money(invoice.gross_amount, self._order.currency),
            )
        )
        pdf.archive(ctx, "invoice", invoice.id, invoice.number)
        ctx.navigate.open_record("sales.invoice", invoice.id)

    def _failed(self, error: BaseException) -> object:
        if isinstance(error, AppError) and error.key in AT:
            box = self.boxes[AT[error.key]]
            box.set_error(error_text(error))
            box.focus()
            self.place()
            return True
        self.finish()
        return False
