"""Books money received: proposes the cash discount of the day, shows what it settles while one types."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.errors import AppError
from app.core.i18n import t
from app.services.sales import writes
from app.services.sales.commands import PostPayment
from app.services.sales.reads import InvoiceDetail
from app.services.sales.rules import CashDiscount, cash_discount
from app.services.sales.writes import Paid
from app.services.system.exchange import OpenAbroad
from app.views.core.bank_amount import OWN_PAID, BankAmount
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.field_grid import field_grid
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.operation import WriteOp
from app.views.core.theme import px
from app.views.core.values import error_text

ZERO = Decimal(0)
PAID_ON = Field("paid_on", "sales.payment.paid_on", "date", required=True)
AMOUNT = Field("amount", "sales.payment.amount", "money", required=True, minimum=Decimal("0.01"))
MORE = (
    Field("reference", "sales.payment.reference", max_length=140, span=2),
    Field("use_discount", "sales.payment.use_discount", "check", span=2),
)


class PaymentDialog(Dialog):
    """Amount, day, reference; below them what is settled and what is left.

    Of an invoice in a foreign currency also what the bank moved in euros, proposed at the rate of the day.
    """

    def __init__(self, host: QWidget, ctx: AppContext, invoice: InvoiceDetail) -> None:
        back = invoice.kind == "correction"
        super().__init__(
            host,
            t("sales.payment.refund_title" if back else "sales.payment.title", number=invoice.number),
            t(
                "sales.payment.refund_text" if back else "sales.payment.text",
                customer=invoice.customer,
                open=fmt.money(abs(invoice.open_amount), invoice.currency),
            ),
            icon="banknote",
            width=px("text_column") + px("grid") * 24,
        )
        self.setObjectName("dialog.payment")
        self._ctx, self._host, self._invoice = ctx, host, invoice
        # What is paid back for a correction is typed like what is received.
        self._open = abs(invoice.open_amount)
        self._own_amount = False
        foreign = invoice.is_foreign
        money = (replace(AMOUNT, unit=invoice.currency), OWN_PAID) if foreign else (AMOUNT,)
        grid, self.boxes = field_grid(ctx, (PAID_ON, *money, *MORE), self._edited)
        self.body.addLayout(grid)
        row = QHBoxLayout()
        self.facts = FactsCard("")
        self.facts.setObjectName("card.payment")
        row.addWidget(self.facts)
        self.body.addLayout(row)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "sales.payment.refund_yes" if back else "sales.payment.yes",
            self._post,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        self.boxes["paid_on"].set_value(today())
        self._bank: BankAmount | None = None
        if foreign:
            left = OpenAbroad(invoice.currency, invoice.exchange_rate, self._open, abs(invoice.own_open))
            box = self.boxes["own_paid"]
            self._bank = BankAmount(self, ctx, box, left, incoming=not back, changed=self._show)
            self._bank.ask(self._day())
        self._propose()
        self.boxes["amount"].focus()

    def open(self) -> None:
        """Show it with the cursor in the amount, all of it selected."""
        super().open()
        self.boxes["amount"].focus()

    # -- what follows from what is typed ------------------------------------------------------------------------

    def _value(self, key: str) -> object:
        try:
            return self.boxes[key].value()
        except ValueError:
            return None

    def _day(self) -> date:
        day = self._value("paid_on")
        return day if isinstance(day, date) else today()

    def skonto(self) -> CashDiscount:
        """The cash discount of the day that is typed; of a refund the share of it that is not paid back."""
        back = self._invoice.discount_back
        if back:
            return CashDiscount(True, back, self._open - back)
        invoice = self._invoice
        return cash_discount(
            invoice.gross_amount - invoice.prepaid_amount - invoice.credited_amount,
            self._open,
            invoice.discount_pct,
            invoice.discount_date,
            self._day(),
            (invoice.discount2_pct, invoice.discount2_date),
        )

    def _propose(self) -> None:
        """The amount that settles the invoice on that day."""
        found = self.skonto()
        check = self.boxes["use_discount"]
        check.set_value(found.due)
        check.setVisible(bool(self._invoice.discount_pct))
        check.editor.setEnabled(found.due)
        if not self._own_amount:
            self.boxes["amount"].set_value(found.payable if found.due else self._open)
        self._show()

    def _edited(self, key: str) -> None:
        if key == "paid_on":
            self._propose()
            if self._bank is not None:
                self._bank.ask(self._day())
        elif key == "own_paid" and self._bank is not None:
            self._bank.typed()
            self._show()
        elif key == "use_discount":
            found = self.skonto()
            if not self._own_amount:
                used = bool(self._value("use_discount")) and found.due
                self.boxes["amount"].set_value(found.payable if used else self._open)
            self._show()
        else:
            if key == "amount":
                self._own_amount = True
                self._untick()
            self._show()

    def _untick(self) -> None:
        """The cash discount is granted only when the amount settles the invoice."""
        amount, found = self._value("amount"), self.skonto()
        self.boxes["use_discount"].set_value(found.due and amount == found.payable)

    def _show(self) -> None:
        invoice, found = self._invoice, self.skonto()
        amount = self._value("amount")
        paid = amount if isinstance(amount, Decimal) else ZERO
        granted = found.amount if self._value("use_discount") and found.due else ZERO
        left = self._open - paid - granted
        facts = [Fact(t("sales.payment.open"), fmt.money(self._open, invoice.currency))]
        if found.pct and found.until is not None:
            key = "sales.payment.skonto_until" if found.due else "sales.payment.skonto_over"
            words = t(key, pct=fmt.percent(found.pct), date=fmt.date_(found.until))
            facts.append(Fact(words, fmt.money(-granted, invoice.currency) if granted else fmt.NONE))
        elif invoice.discount_back:
            facts.append(Fact(t("sales.payment.skonto_back"), fmt.money(-granted, invoice.currency)))
        facts.append(Fact(t("sales.payment.received"), fmt.money(-paid, invoice.currency)))
        facts.append(Fact(t("sales.payment.left"), fmt.money(left, invoice.currency), "total"))
        if self._bank is not None:
            facts += self._bank.facts(paid, granted)
        self.facts.set_facts(facts)
        self.boxes["amount"].set_hint(t("sales.payment.settles") if left == 0 else "")
        if left < 0:
            self.boxes["amount"].set_error(t("error.payment_exceeds_open", open=fmt.number(self._open)))
        self.place()

    # -- booking ------------------------------------------------------------------------------------------------

    def _post(self) -> None:
        wrong = None
        for box in self.boxes.values():
            if box.field.kind == "check":
                continue
            problem = self._problem(box)
            if problem:
                box.set_error(problem)
            if box.error and wrong is None:
                wrong = box
        if wrong is not None:
            wrong.focus()
            return
        amount, paid_on = self._value("amount"), self._value("paid_on")
        assert isinstance(amount, Decimal)
        assert isinstance(paid_on, date)
        command = PostPayment(
            self._invoice.id,
            self._invoice.row_version,
            amount,
            paid_on,
            use_discount=bool(self._value("use_discount")),
            reference=str(self._value("reference") or ""),
            own_paid=None if self._bank is None else self._bank.value(),
        )
        op: WriteOp[Paid] = WriteOp(self, self._ctx, writes.post_payment, command)
        op.disabling(self._yes).success(self._booked).failure(self._failed).start()

    @staticmethod
    def _problem(box: FieldBox) -> str:
        try:
            value = box.value()
        except ValueError as error:
            return t(str(error))
        if box.field.required and value is None:
            return t("error.required")
        if isinstance(value, Decimal) and value <= 0:
            return t("error.payment_positive")
        return ""

    def _booked(self, paid: Paid) -> None:
        self.finish()
        key = "sales.payment.paid" if paid.state == "paid" else "sales.payment.part"
        if self._invoice.kind == "correction":
            key = "sales.payment.paid_back"
        number = self._invoice.number
        self._ctx.navigate.toast(
            t(key, number=number, open=fmt.money(paid.open_amount, self._invoice.currency))
        )

    def _failed(self, error: BaseException) -> object:
        fields = {
            "payment_exceeds_open": "amount",
            "payment_does_not_settle": "amount",
            "payment_positive": "amount",
            "payment_date_out_of_range": "paid_on",
            "discount_period_over": "paid_on",
            "payment_own_amount": "own_paid",
        }
        if isinstance(error, AppError) and fields.get(error.key) in self.boxes:
            box = self.boxes[fields[error.key]]
            box.set_error(error_text(error))
            box.focus()
            self.place()
            return True
        self.finish()
        return False
