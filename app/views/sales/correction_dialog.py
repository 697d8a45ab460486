"""Takes something of an invoice back: pieces, or money, line by line, with the reason that stands on the correction."""

from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import t
from app.services.sales import rules, writes
from app.services.sales.commands import CorrectInvoice, Reduction
from app.services.sales.reads import InvoiceDetail, InvoiceLineRow
from app.services.sales.writes import Corrected
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.fields import Field, FieldBox
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.einvoice.gate import proved
from app.views.sales import pdf

REASON = Field(
    "reason", "kit.reason", required=True, max_length=200, placeholder="sales.correction.reason_hint"
)
SHOWN = 6  # lines before one has to scroll
ROW = 64


class CorrectionDialog(Dialog):
    """Each line with how many come back, or by how much it gets cheaper."""

    def __init__(self, host: QWidget, ctx: AppContext, invoice: InvoiceDetail) -> None:
        super().__init__(
            host,
            t("sales.correction.title", number=invoice.number),
            t("sales.correction.text"),
            icon="file-text",
            width=px("text_column") + px("grid") * 90,
        )
        self.setObjectName("dialog.correction")
        self._ctx, self._invoice = ctx, invoice
        self.rows: list[tuple[InvoiceLineRow, FieldBox | None, FieldBox]] = []
        self.reason = FieldBox(ctx, REASON)
        self.reason.edited.connect(self._show)
        self.body.addWidget(self.reason)
        self.body.addWidget(self._lines())
        self._sum = Label("", "body600")
        self._sum.setObjectName("correction.sum")
        self.body.addWidget(self._sum)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "sales.correction.yes",
            self._post,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        self._show()

    def open(self) -> None:
        """Show it with the cursor in the reason."""
        super().open()
        self.reason.focus()

    def _lines(self) -> QWidget:
        area = QWidget()
        grid = QGridLayout(area)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap_s"))
        grid.setColumnStretch(0, 1)
        for number, line in enumerate(self._invoice.lines):
            words = t(
                "sales.correction.line",
                position=line.position,
                description=line.description,
                qty=fmt.quantity(line.qty, line.unit),
                net=fmt.money(line.net_amount, self._invoice.currency),
            )
            grid.addWidget(Label(words, "body", wrap=True), number, 0, Qt.AlignmentFlag.AlignVCenter)
            pieces = None
            if line.product_id is not None:
                field = Field("qty", "sales.correction.qty", "quantity", above=Decimal(0), maximum=line.qty)
                pieces = self._box(grid, number, 1, field)
            field = Field(
                "amount",
                "sales.correction.amount",
                "money",
                above=Decimal(0),
                maximum=line.net_amount,
                unit="€" if self._invoice.currency == "EUR" else self._invoice.currency,
            )
            self.rows.append((line, pieces, self._box(grid, number, 2, field)))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(area)
        area.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFixedHeight(min(area.sizeHint().height() + px("gap"), SHOWN * ROW))
        return scroll

    def _box(self, grid: QGridLayout, row: int, column: int, field: Field) -> FieldBox:
        box = FieldBox(self._ctx, field)
        box.setObjectName(f"correction.{row}.{field.key}")
        box.setFixedWidth(px("grid") * 36)
        box.edited.connect(self._show)
        grid.addWidget(box, row, column)
        return box

    @staticmethod
    def _value(box: FieldBox | None) -> Any:
        try:
            return box.value() if box is not None else None
        except ValueError:
            return None

    def reductions(self) -> tuple[Reduction, ...]:
        """What is typed; pieces count before money."""
        found = []
        for line, pieces, money in self.rows:
            qty, amount = self._value(pieces), self._value(money)
            if qty:
                found.append(Reduction(line.id, qty=qty))
            elif amount:
                found.append(Reduction(line.id, amount=amount))
        return tuple(found)

    def _show(self) -> None:
        lines = {line.id: line for line, _, _ in self.rows}
        off: list[tuple[Decimal, Decimal]] = []
        for what in self.reductions():
            line = lines[what.invoice_line_id]
            net = what.amount
            if net is None:
                net = rules.correction_net(line, what.qty or Decimal(0))
            off.append((net, line.tax_rate))
        self._sum.setText(
            t("sales.correction.sum", net=fmt.money(-rules.sums(off).net, self._invoice.currency))
        )
        ready = bool(off) and bool(self._value(self.reason))
        self._yes.set_blocked(None if ready else t("sales.correction.not_yet"))

    def _post(self) -> None:
        found = self._invoice
        command = CorrectInvoice(
            found.id, found.row_version, self.reductions(), str(self._value(self.reason) or "")
        )
        op: WriteOp[Corrected] = WriteOp(self, self._ctx, writes.correct_invoice, command)
        op.disabling(self._yes).success(self._posted).failure(self._failed)
        proved(self, self._ctx, found.sales_order_id, writes.correct_invoice, command, op.start)

    def _posted(self, made: Corrected) -> None:
        ctx = self._ctx
        self.finish()
        key = "sales.correction.to_pay_back" if made.open_amount else "sales.correction.posted"
        ctx.navigate.toast(
            t(key, number=made.number, open=fmt.money(-made.open_amount, self._invoice.currency))
        )
        pdf.archive(ctx, "invoice", made.id, made.number)
        ctx.navigate.open_record("sales.invoice", made.id)

    def _failed(self, error: BaseException) -> object:
        if isinstance(error, AppError) and error.key.startswith("correction_"):
            position = error.params.get("position")
            for line, pieces, money in self.rows:
                if line.position == position:
                    box = pieces if self._value(pieces) and pieces is not None else money
                    box.set_error(error_text(error))
                    box.focus()
                    self.place()
                    return True
        self.finish()
        return False
