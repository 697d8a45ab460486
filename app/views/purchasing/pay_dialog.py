"""Books money paid to a supplier: one invoice with its cash discount, or several at once on one day."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.errors import AppError
from app.core.i18n import t
from app.services.purchasing import invoicing
from app.services.purchasing.commands import PayInvoice, PayInvoices
from app.services.purchasing.invoices import Invoice
from app.services.purchasing.payables import PayableRow
from app.services.system.exchange import CENT, OpenAbroad
from app.views.core.bank_amount import OWN_PAID, BankAmount
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.field_grid import field_grid
from app.views.core.fields import Field
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.operation import WriteOp
from app.views.core.theme import px
from app.views.core.values import error_text

ZERO = Decimal(0)
PAID_ON = Field("paid_on", "sales.payment.paid_on", "date", required=True)
AMOUNT = Field("amount", "sales.payment.amount", "money", required=True, minimum=CENT)
REFERENCE = Field("reference", "sales.payment.reference", max_length=140, span=2)
DISCOUNT = Field("use_discount", "purchasing.pay.use_discount", "check", span=2)


class _PayDialog(Dialog):
    def __init__(
        self, host: QWidget, ctx: AppContext, title: str, text: str, fields: Sequence[Field]
    ) -> None:
        super().__init__(host, title, text, icon="banknote", width=px("text_column") + px("grid") * 24)
        self.setObjectName("dialog.pay")
        self._ctx = ctx
        grid, self.boxes = field_grid(ctx, fields, lambda key: self._edited(key))
        self.body.addLayout(grid)
        self.facts = FactsCard("")
        self.facts.setObjectName("card.payment")
        self.body.addWidget(self.facts)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "sales.payment.yes",
            self._post,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        self.boxes["paid_on"].set_value(today())

    def _value(self, key: str) -> object:
        try:
            return self.boxes[key].value()
        except ValueError:
            return None

    def _day(self) -> date:
        day = self._value("paid_on")
        return day if isinstance(day, date) else today()

    def _edited(self, key: str) -> None:
        raise NotImplementedError

    def _post(self) -> None:
        raise NotImplementedError

    def _failed(self, error: BaseException) -> object:
        if isinstance(error, AppError) and error.key.startswith(("payment_", "discount_period")):
            by_day = error.key in ("payment_date_out_of_range", "discount_period_over")
            key = "paid_on" if by_day or "amount" not in self.boxes else "amount"
            if error.key == "payment_own_amount" and "own_paid" in self.boxes:
                key = "own_paid"
            box = self.boxes[key]
            box.set_error(error_text(error))
            box.focus()
            self.place()
            return True
        self.finish()
        return False


class PayDialog(_PayDialog):
    """One invoice: amount, day, reference, with the cash discount while it lasts.

    Of one in a foreign currency also what the bank moved in euros, proposed at the rate of the day.
    """

    def __init__(self, host: QWidget, ctx: AppContext, invoice: Invoice) -> None:
        back = invoice.gross_amount < 0
        self._invoice = invoice
        self._open = abs(invoice.open_amount)
        self._own_amount = False
        self._bank: BankAmount | None = None
        fields = [PAID_ON, replace(AMOUNT, unit=invoice.currency) if invoice.is_foreign else AMOUNT]
        fields += [OWN_PAID] if invoice.exchange_rate is not None else []
        fields += [REFERENCE] if back else [REFERENCE, DISCOUNT]
        super().__init__(
            host,
            ctx,
            t("purchasing.pay.title_back" if back else "purchasing.pay.title", number=invoice.number),
            t(
                "purchasing.pay.text",
                supplier=invoice.supplier,
                number=invoice.invoice_number,
                open=fmt.money(self._open, invoice.currency),
            ),
            fields,
        )
        self.boxes["reference"].set_value(invoice.invoice_number)
        if invoice.exchange_rate is not None:
            left = OpenAbroad(invoice.currency, invoice.exchange_rate, self._open, abs(invoice.own_open))
            box = self.boxes["own_paid"]
            self._bank = BankAmount(self, ctx, box, left, incoming=back, changed=self._show)
            self._bank.ask(self._day())
        self._propose()

    def open(self) -> None:
        """Show it with the cursor in the amount."""
        super().open()
        self.boxes["amount"].focus()

    def discount(self) -> Decimal:
        """The cash discount of the day that is typed; 0 when it is over."""
        found = self._invoice
        if found.discount_date is None or self._day() > found.discount_date or found.gross_amount < 0:
            return ZERO
        return min((found.gross_amount * found.discount_pct / 100).quantize(CENT), self._open)

    def _used(self) -> Decimal:
        return self.discount() if self._value_of_check() else ZERO

    def _value_of_check(self) -> bool:
        return "use_discount" in self.boxes and bool(self._value("use_discount"))

    def _propose(self) -> None:
        found = self.discount()
        if "use_discount" in self.boxes:
            self.boxes["use_discount"].set_value(found > 0)
            self.boxes["use_discount"].setVisible(found > 0)
        if not self._own_amount:
            self.boxes["amount"].set_value(self._open - found)
        self._show()

    def _edited(self, key: str) -> None:
        if key == "paid_on":
            self._propose()
            if self._bank is not None:
                self._bank.ask(self._day())
            return
        if key == "own_paid" and self._bank is not None:
            self._bank.typed()
        if key == "use_discount" and not self._own_amount:
            self.boxes["amount"].set_value(self._open - self._used())
        elif key == "amount":
            self._own_amount = True
            if "use_discount" in self.boxes:
                settles = self._value("amount") == self._open - self.discount()
                self.boxes["use_discount"].set_value(settles and self.discount() > 0)
        self._show()

    def _show(self) -> None:
        amount, currency = self._value("amount"), self._invoice.currency
        paid = amount if isinstance(amount, Decimal) else ZERO
        facts = [Fact(t("sales.payment.open"), fmt.money(self._open, currency))]
        if self._used():
            facts.append(Fact(t("purchasing.pay.discount"), fmt.money(-self._used(), currency)))
        facts.append(Fact(t("sales.payment.received"), fmt.money(-paid, currency)))
        left = self._open - paid - self._used()
        facts.append(Fact(t("sales.payment.left"), fmt.money(left, currency), "total"))
        if self._bank is not None:
            facts += self._bank.facts(paid, self._used())
        self.facts.set_facts(facts)
        self.place()

    def _post(self) -> None:
        amount = self._value("amount")
        if not isinstance(amount, Decimal) or amount <= 0:
            self.boxes["amount"].set_error(t("error.payment_positive"))
            self.boxes["amount"].focus()
            return
        command = PayInvoice(
            self._invoice.id,
            self._invoice.row_version,
            amount,
            self._day(),
            use_discount=self._used() > 0,
            reference=str(self._value("reference") or ""),
            own_paid=None if self._bank is None else self._bank.value(),
        )
        op: WriteOp[invoicing.Paid] = WriteOp(self, self._ctx, invoicing.pay_invoice, command)
        op.disabling(self._yes).success(self._booked).failure(self._failed).start()

    def _booked(self, paid: invoicing.Paid) -> None:
        self.finish()
        key = "sales.payment.paid" if paid.state == "paid" else "sales.payment.part"
        left = fmt.money(paid.open_amount, self._invoice.currency)
        self._ctx.navigate.toast(t(key, number=self._invoice.number, open=left))


class PayManyDialog(_PayDialog):
    """Several invoices on one day, each in full, with the cash discount where it lasts."""

    def __init__(
        self, host: QWidget, ctx: AppContext, rows: Sequence[PayableRow], done: Callable[[], object]
    ) -> None:
        self._rows, self._then = rows, done
        super().__init__(
            host,
            ctx,
            t("purchasing.pay.title_many", n=len(rows)),
            t("purchasing.pay.text_many"),
            (PAID_ON, REFERENCE),
        )
        self._show()

    def _payments(self) -> tuple[PayInvoice, ...]:
        day, reference = self._day(), str(self._value("reference") or "")
        found = []
        for row in self._rows:
            lasts = row.discount > 0 and row.discount_date is not None and day <= row.discount_date
            amount = abs(row.open_amount) - (row.discount if lasts else ZERO)
            found.append(
                PayInvoice(
                    row.id,
                    row.row_version,
                    amount,
                    day,
                    use_discount=lasts,
                    reference=reference or row.invoice_number,
                )
            )
        return tuple(found)

    def _edited(self, key: str) -> None:
        if key == "paid_on":
            self._show()

    def _show(self) -> None:
        payments = self._payments()
        sums: dict[str, Decimal] = {}
        saved: dict[str, Decimal] = {}
        for row, payment in zip(self._rows, payments, strict=True):
            signed = payment.amount if row.open_amount > 0 else -payment.amount
            sums[row.currency] = sums.get(row.currency, ZERO) + signed
            if payment.use_discount:
                saved[row.currency] = saved.get(row.currency, ZERO) + row.discount
        facts = [
            Fact(row.supplier, fmt.money(x.amount if row.open_amount > 0 else -x.amount, row.currency))
            for row, x in list(zip(self._rows, payments, strict=True))[:8]
        ]
        if len(payments) > len(facts):
            facts.append(Fact(t("purchasing.pay.more", n=len(payments) - len(facts))))
        facts += [Fact(t("purchasing.pay.discount"), fmt.money(x, key)) for key, x in saved.items()]
        facts += [Fact(t("purchasing.pay.sum"), fmt.money(x, key), "total") for key, x in sums.items()]
        own_parts = [
            row.own_open * x.amount / abs(row.open_amount)
            for row, x in zip(self._rows, payments, strict=True)
            if row.own_open is not None
        ]
        if set(sums) - {"EUR"} and len(own_parts) == len(payments):
            facts.append(Fact(t("purchasing.pay.sum_own"), fmt.money(sum(own_parts, ZERO)), "total"))
        self.facts.set_facts(facts)
        self.place()

    def _post(self) -> None:
        op: WriteOp[int] = WriteOp(self, self._ctx, invoicing.pay_invoices, PayInvoices(self._payments()))
        op.disabling(self._yes).success(self._booked).failure(self._failed).start()

    def _booked(self, count: int) -> None:
        self.finish()
        self._ctx.navigate.toast(t("purchasing.pay.done", n=count))
        self._then()
