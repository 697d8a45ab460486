"""From deliveries to invoices: the dialog of one order, and several orders at once."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales import writes
from app.services.sales.commands import PostInvoice
from app.services.sales.reads import Invoiceable, invoiceable_deliveries
from app.services.sales.writes import Issued
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.marks import Divider, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.parts import CheckBox
from app.views.core.surfaces import Loading
from app.views.core.theme import px
from app.views.einvoice.gate import proved
from app.views.sales import pdf

ZERO = Decimal(0)


def post_invoices(
    owner: QWidget,
    ctx: AppContext,
    rows: Sequence[Invoiceable],
    done: Callable[[Issued], object] | None = None,
) -> None:
    """One invoice per order of these deliveries, each with its PDF in the archive."""
    by_order: dict[int, list[Invoiceable]] = {}
    for row in rows:
        by_order.setdefault(row.sales_order_id, []).append(row)

    def posted(answer: Issued) -> None:
        ctx.navigate.toast(
            t(
                "sales.invoice.posted",
                number=answer.number,
                amount=fmt.money(answer.gross_amount, answer.currency),
            )
        )
        pdf.archive(ctx, "invoice", answer.id, answer.number)
        if done is not None:
            done(answer)

    for order, deliveries in by_order.items():
        version = max(row.sales_order_row_version for row in deliveries)
        command = PostInvoice(order, version, tuple(row.delivery_id for row in deliveries))
        label = t("sales.invoice.job", order=deliveries[0].order_number)
        operation = WriteOp(owner, ctx, writes.post_invoice, command).labelled(label).success(posted)
        proved(owner, ctx, order, writes.post_invoice, command, operation.start, label=label)


class InvoiceDialog(Dialog):
    """Which deliveries of an order go onto the invoice; all of them unless somebody takes one out."""

    def __init__(self, host: QWidget, ctx: AppContext, sales_order_id: int) -> None:
        super().__init__(
            host,
            t("sales.invoice.make_title"),
            t("sales.invoice.make_text"),
            icon="landmark",
            width=px("text_column") + px("grid") * 30,
        )
        self.setObjectName("dialog.invoice")
        self._host, self._ctx = host, ctx
        self._checks: list[tuple[CheckBox, Invoiceable]] = []
        self._area = QWidget()
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px("gap_l"))
        self._grid.setVerticalSpacing(px("gap_s"))
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(Loading(), 0, 0)
        self.body.addWidget(self._area)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "sales.invoice.make_yes",
            self._post,
            icon="landmark",
            kind="primary",
            shortcut="Ctrl+Enter",
        )
        self._yes.set_blocked(t("kit.loading"))
        op: ReadOp[list[Invoiceable]] = ReadOp(self, ctx, invoiceable_deliveries, sales_order_id)
        op.success(self._show_rows).start()

    def _show_rows(self, rows: Sequence[Invoiceable]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if not rows:
            self._grid.addWidget(Label(t("sales.invoice.nothing"), "body", "text2", wrap=True), 0, 0, 1, 4)
            self._yes.set_blocked(t("sales.invoice.nothing_short"))
            QTimer.singleShot(0, self, self.place)
            return
        for number, row in enumerate(rows):
            check = CheckBox("sales.invoice.delivery", number=row.number)
            check.setObjectName(f"check.{row.number}")
            check.setChecked(True)
            check.toggled.connect(self._sum)
            self._checks.append((check, row))
            amount = Label(fmt.money(row.net_amount), "body500")
            self._grid.addWidget(check, number, 0)
            self._grid.addWidget(Label(fmt.date_time(row.shipped_at), "body", "text2"), number, 1)
            self._grid.addWidget(amount, number, 3, Qt.AlignmentFlag.AlignRight)
        line = len(rows)
        self._grid.addWidget(Divider(), line, 0, 1, 4)
        self._grid.addWidget(Label(t("sales.invoice.sum_net"), "body600"), line + 1, 0)
        self._total = Label("", "body600")
        self._grid.addWidget(self._total, line + 1, 3, Qt.AlignmentFlag.AlignRight)
        self._sum()
        QTimer.singleShot(0, self, self.place)  # once the new rows are laid out
        self._yes.setFocus()

    def chosen(self) -> list[Invoiceable]:
        """The deliveries that are ticked."""
        return [row for check, row in self._checks if check.isChecked()]

    def _sum(self) -> None:
        rows = self.chosen()
        self._total.setText(fmt.money(sum((row.net_amount for row in rows), ZERO)))
        self._yes.set_blocked(None if rows else t("sales.invoice.choose_one"))

    def _post(self) -> None:
        ctx = self._ctx
        post_invoices(
            self._host,
            ctx,
            self.chosen(),
            lambda answer: ctx.navigate.open_record("sales.invoice", answer.id),
        )
