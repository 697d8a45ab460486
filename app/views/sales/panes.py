"""The pane beside the lists of sales: what the document says, without opening it."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.sales.forms import DraftForm, load_quote, load_sales_order
from app.services.sales.lists import DeliveryRow, InvoiceRow, OrderRow, PaymentRow, QuoteRow
from app.services.sales.reads import ChainLink, Invoiceable, InvoiceDetail, document_chain, get_invoice
from app.services.sales.shipping import (
    DeliveryDetail,
    ShippingForm,
    ShippingOrder,
    get_delivery,
    shipping_form,
)
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, cells_row, facts, section, text_row, value_row
from app.views.core.marks import Chip, IconLabel, Label
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.surfaces import Loading
from app.views.core.theme import px, tok
from app.views.sales.cards import paid_facts
from app.views.sales.invoicing import InvoiceDialog
from app.views.sales.line_rules import short_date
from app.views.sales.states import (
    APPROVAL,
    BY_TYPE,
    ICONS,
    INVOICE,
    INVOICED,
    ORDER,
    QUOTE,
    SHIPPED,
    TOPICS,
    chip,
    draft_name,
)

Filler = Callable[[QVBoxLayout, Any], object]


class Pane(DetailPane):
    """A pane whose tabs read what they show when they are first seen."""

    def __init__(self, ctx: AppContext, topic: str, record_id: int) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx, self._topic, self._id = ctx, topic, record_id

    def opener(self) -> IconButton:
        """The button that opens the record in its own tab."""
        button = IconButton("external-link", "kit.list.open", clicked=self.open_record)
        button.setObjectName("detail.open")
        return button

    def open_record(self) -> None:
        """Open the record in its own tab."""
        self._ctx.navigate.open_record(self._topic, self._id)

    def button(
        self, layout: QVBoxLayout, key: str, words: str, icon: str, clicked: Callable[[], object]
    ) -> None:
        """A button below what is shown: the next step with this row."""
        button = Button(words, icon, clicked=clicked)
        button.setObjectName(f"action.{key}")
        layout.addSpacing(px("gap_m"))
        layout.addWidget(button)

    def read(self, layout: QVBoxLayout, show: Filler, fn: Callable[..., Any], *args: Any) -> None:
        """Read something and let ``show`` put it into the layout."""
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        waiting = Loading()
        box.addWidget(waiting)
        layout.addWidget(holder)

        def arrived(found: Any) -> None:
            waiting.deleteLater()
            show(box, found)

        def failed(_error: BaseException) -> bool:
            waiting.deleteLater()
            box.addWidget(text_row(t("kit.list.failed")))
            return True

        op: ReadOp[Any] = ReadOp(self, self._ctx, fn, *args)
        op.success(arrived).failure(failed).start()

    def chain(self, layout: QVBoxLayout, document_type: str, record_id: int) -> None:
        """The documents that belong together."""
        layout.addWidget(section(t("sales.pane.chain")))
        self.read(layout, self._show_chain, document_chain, document_type, record_id)

    def _show_chain(self, layout: QVBoxLayout, links: Sequence[ChainLink]) -> None:
        for link in links:
            layout.addWidget(self._chain_row(link))

    def _chain_row(self, link: ChainLink) -> QWidget:
        kind = link.document_type
        words = t("sales.type.payment") if kind == "payment" else draft_name(link.document_id, link.number)
        topic = TOPICS.get(kind)
        row = ChainRow(words, link)
        known = topic is not None and topic in self._ctx.registry.records
        if topic is not None and known and (topic, link.document_id) != (self._topic, self._id):
            row.make_link(lambda: self._ctx.navigate.open_record(topic, link.document_id))
        return row


class ChainRow(QWidget):
    """A document of the chain: number, date, state, amount."""

    def __init__(self, words: str, link: ChainLink) -> None:
        super().__init__()
        kind = link.document_type
        self.setFixedHeight(px("row_chip"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 1)
        self._row.setSpacing(px("gap"))
        self._row.addWidget(IconLabel(ICONS[kind], px("icon_small"), "text3"))
        self._name: QWidget = Label(words, "body500")
        self._words = words
        self._row.addWidget(self._name)
        day = Label(short_date(link.document_date), "small", "text2")
        day.setToolTip(fmt.date_(link.document_date))
        self._row.addWidget(day)
        self._row.addStretch(1)
        if kind != "payment":
            self._row.addWidget(Chip(*chip(BY_TYPE[kind], link.state)))
        if link.amount is not None:
            amount = Label(fmt.money(link.amount), "body")
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._row.addWidget(amount)

    def make_link(self, clicked: Callable[[], object]) -> None:
        """Let the number open the document."""
        button = Button("sales.type.quote", kind="link", clicked=clicked)
        button.set_words(self._words)
        self._row.replaceWidget(self._name, button)
        self._name.deleteLater()
        self._name = button

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A line below."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), px("hair"), tok("line"))
        painter.end()


def _unit(row: Any) -> str:
    return str(getattr(row, "unit_name", row.unit))


def _lines(rows: Sequence[Any], *, priced: bool, currency: str = "EUR") -> list[QWidget]:
    found = []
    for row in rows:
        qty = fmt.quantity(row.qty, _unit(row))
        value, notes = (fmt.money(row.net_amount, currency), (row.sku, qty)) if priced else (qty, (row.sku,))
        found.append(value_row(row.description, value, None, note=" · ".join(filter(None, notes))))
    return found


def _amount(words: str, amount: Any, style: str = "body", currency: str = "EUR") -> QWidget:
    return cells_row(((words, "body", "left"), (fmt.money(amount, currency), style, "right")), (3, 2))


def _amounts(net: Any, tax: Any, gross: Any, currency: str = "EUR") -> list[QWidget]:
    return [
        _amount(t("sales.total.net"), net, currency=currency),
        _amount(t("sales.pane.tax"), tax, currency=currency),
        _amount(t("sales.total.gross"), gross, "body600", currency),
    ]


def quote_pane(ctx: AppContext, row: QuoteRow) -> QWidget:
    """A quote."""
    pane = Pane(ctx, "sales.quote", row.id)
    chips = [chip(QUOTE, row.state)]
    if row.awaits_approval:
        chips.append(chip(APPROVAL, "open"))
    note = t("sales.pane.quote_note", date=fmt.date_(row.quote_date), until=fmt.date_(row.valid_until))
    number = draft_name(row.id, row.number)
    pane.head(number, row.customer, chips=chips, note=note, actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    over.addWidget(_facts(ctx, row, ((t("sales.field.valid_until"), fmt.date_(row.valid_until)),)))
    over.addWidget(section(t("sales.pane.amounts")))
    for widget in _amounts(row.net_amount, row.gross_amount - row.net_amount, row.gross_amount):
        over.addWidget(widget)
    pane.chain(over, "quote", row.id)
    pane.tab(
        "lines", t("form.lines"), lambda box: pane.read(box, _draft_lines, load_quote, row.id, language())
    )
    return pane


def order_pane(ctx: AppContext, row: OrderRow) -> QWidget:
    """An order."""
    pane = Pane(ctx, "sales.sales_order", row.id)
    chips = [chip(ORDER, row.state)]
    if row.state in ("confirmed", "completed"):
        chips += [chip(SHIPPED, row.delivery_state), chip(INVOICED, row.invoice_state)]
    if row.awaits_approval:
        chips.append(chip(APPROVAL, "open"))
    note = t("sales.pane.order_note", date=fmt.date_(row.order_date))
    number = draft_name(row.id, row.number)
    pane.head(number, row.customer, chips=chips, note=note, actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    more = (
        (t("sales.field.requested_date"), fmt.date_(row.requested_date)),
        (t("sales.field.warehouse"), row.warehouse),
    )
    over.addWidget(_facts(ctx, row, more))
    over.addWidget(section(t("sales.pane.amounts")))
    for widget in _amounts(row.net_amount, row.gross_amount - row.net_amount, row.gross_amount):
        over.addWidget(widget)
    pane.chain(over, "sales_order", row.id)
    pane.tab(
        "lines",
        t("form.lines"),
        lambda box: pane.read(box, _draft_lines, load_sales_order, row.id, language()),
    )
    return pane


def _facts(ctx: AppContext, row: Any, more: Sequence[tuple[str, str]]) -> QWidget:
    return facts(
        (
            (t("sales.field.customer_number"), row.customer_number),
            (t("sales.field.reference_short"), row.customer_reference or fmt.NONE),
            *more,
            (t("sales.field.created_by"), name(ctx, row.created_by)),
        )
    )


def _draft_lines(layout: QVBoxLayout, found: DraftForm) -> None:
    for widget in _lines(found.lines, priced=True, currency=found.currency):
        layout.addWidget(widget)
    if not found.lines:
        layout.addWidget(text_row(t("sales.lines.none")))


def delivery_pane(ctx: AppContext, row: DeliveryRow) -> QWidget:
    """A delivery; no price."""
    pane = Pane(ctx, "sales.delivery", row.id)
    note = t("sales.pane.delivery_note", date=fmt.date_time(row.shipped_at))
    pane.head(
        row.number,
        row.customer,
        chips=[chip(INVOICED, row.invoice_state)],
        note=note,
        actions=[pane.opener()],
    )
    over = pane.tab("overview", t("sales.pane.overview"))
    over.addWidget(
        facts(
            (
                (t("sales.type.sales_order"), row.order_number or fmt.NONE),
                (t("sales.ship.city"), row.city or fmt.NONE),
                (t("sales.field.warehouse"), row.warehouse),
                (t("sales.field.shipped_by"), name(ctx, row.created_by)),
            )
        )
    )
    over.addWidget(section(t("form.lines")))
    pane.read(over, _delivery_lines, get_delivery, row.id, language())
    pane.tab("chain", t("sales.pane.chain"), lambda box: pane.chain(box, "delivery", row.id))
    return pane


def _delivery_lines(layout: QVBoxLayout, found: DeliveryDetail) -> None:
    for line in found.lines:
        note = " · ".join(part for part in (line.sku, line.place, line.lot) if part)
        layout.addWidget(value_row(line.description, fmt.quantity(line.qty, line.unit), None, note=note))


def invoice_pane(ctx: AppContext, row: InvoiceRow) -> QWidget:
    """An invoice with its payments."""
    pane = Pane(ctx, "sales.invoice", row.id)
    state = "overdue" if row.overdue_days else row.state
    kind = t(f"sales.type.{row.kind}")
    note = t("sales.pane.invoice_note", kind=kind, date=fmt.date_(row.invoice_date))
    pane.head(row.number, row.customer, chips=[chip(INVOICE, state)], note=note, actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    pane.read(over, lambda box, found: _invoice(ctx, box, found), get_invoice, row.id, language())
    pane.tab("chain", t("sales.pane.chain"), lambda box: pane.chain(box, "invoice", row.id))
    return pane


def _invoice(ctx: AppContext, layout: QVBoxLayout, found: InvoiceDetail) -> None:
    currency = found.currency
    skonto = fmt.percent(found.discount_pct) if found.discount_pct else fmt.NONE
    layout.addWidget(
        facts(
            (
                (t("sales.field.due_date"), fmt.date_(found.due_date)),
                (t("sales.field.skonto"), skonto),
                (
                    t("sales.field.service_date"),
                    fmt.date_(found.service_date) if found.service_date else fmt.NONE,
                ),
                (t("sales.pane.skonto_until"), fmt.date_(found.discount_date)),
            )
        )
    )
    layout.addWidget(section(t("sales.pane.amounts")))
    layout.addWidget(_amount(t("sales.total.net"), found.net_amount, currency=currency))
    for rate, _, tax in found.taxes:
        layout.addWidget(_amount(t("sales.total.tax", rate=fmt.percent(rate)), tax, currency=currency))
    layout.addWidget(_amount(t("sales.total.gross"), found.gross_amount, "body600", currency))
    for taken in found.deductions:
        words = t("sales.card.deducted", number=taken.number)
        layout.addWidget(_amount(words, -taken.net_amount - taken.tax_amount, currency=currency))
    layout.addWidget(section(t("sales.card.payments")))
    if found.credited_amount:
        layout.addWidget(_amount(t("sales.card.credited"), -found.credited_amount, currency=currency))
    for payment in found.payments:
        words = t("sales.card.payment", date=fmt.date_(payment.paid_on), who=name(ctx, payment.posted_by))
        layout.addWidget(_amount(words, payment.amount, currency=currency))
        for fact in paid_facts(found, payment):
            layout.addWidget(cells_row(((fact.label, "body", "left"), (fact.text, "body", "right")), (3, 2)))
    layout.addWidget(_amount(t("sales.payment.left"), found.open_amount, "body600", currency))
    layout.addWidget(section(t("form.lines")))
    for widget in _lines(found.lines, priced=True, currency=currency):
        layout.addWidget(widget)


def payment_pane(ctx: AppContext, row: PaymentRow) -> QWidget:
    """A payment, and the invoice it belongs to."""
    pane = Pane(ctx, "sales.invoice", row.invoice_id)
    note = t("sales.pane.payment_note", date=fmt.date_(row.paid_on))
    pane.head(row.invoice_number, row.customer, note=note, actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    over.addWidget(
        facts(
            (
                (t("sales.payment.reference"), row.reference or fmt.NONE),
                (t("sales.payment.posted_by"), name(ctx, row.posted_by)),
            ),
            1,
        )
    )
    over.addWidget(section(t("sales.pane.amounts")))
    over.addWidget(_amount(t("sales.payment.received"), row.amount))
    over.addWidget(_amount(t("sales.card.skonto"), row.discount_amount))
    over.addWidget(section(t("sales.type.invoice")))
    pane.read(over, lambda box, found: _invoice(ctx, box, found), get_invoice, row.invoice_id, language())
    return pane


def shipping_pane(ctx: AppContext, row: ShippingOrder) -> QWidget:
    """An order to ship: what is open, what is ready."""
    pane = Pane(ctx, "sales.shipping", row.sales_order_id)
    kind = "ok" if row.ready_lines == row.open_lines else "warn" if row.ready_lines else "bad"
    ready = t("sales.ship.ready", ready=row.ready_lines, open=row.open_lines)
    chips = [(kind, ready)]
    if row.block_reason is not None:
        chips.append(("bad", t("sales.ship.blocked")))
    pane.head(row.number, row.customer, chips=chips, note=row.city or "", actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    over.addWidget(
        facts(
            (
                (t("sales.field.requested_date"), fmt.date_(row.requested_date)),
                (t("sales.field.warehouse"), row.warehouse),
                (t("sales.field.reference_short"), row.customer_reference or fmt.NONE),
                (t("sales.field.order_date"), fmt.date_(row.order_date)),
            )
        )
    )
    if row.block_reason:
        over.addWidget(section(t("sales.ship.blocked")))
        over.addWidget(text_row(row.block_reason, color="bad"))
    over.addWidget(section(t("sales.ship.lines")))
    pane.read(over, _open_lines, shipping_form, row.sales_order_id, language())
    if row.block_reason is None and ctx.profile.can("delivery_ship"):
        pane.button(over, "ship", "sales.action.ship", "truck", pane.open_record)
    pane.tab("chain", t("sales.pane.chain"), lambda box: pane.chain(box, "sales_order", row.sales_order_id))
    return pane


def _open_lines(layout: QVBoxLayout, found: ShippingForm) -> None:
    for line in found.lines:
        if line.qty_open > 0:
            can = min(line.qty_open, line.qty_reserved + line.qty_free) if line.is_stocked else line.qty_open
            layout.addWidget(
                cells_row(
                    (
                        (line.sku, "body500", "left"),
                        (line.description, "body", "left"),
                        (
                            t(
                                "sales.ship.can",
                                can=fmt.quantity(can),
                                open=fmt.quantity(line.qty_open, line.unit),
                            ),
                            "body600",
                            "right",
                        ),
                    ),
                    (4, 7, 5),
                )
            )


def invoiceable_pane(ctx: AppContext, row: Invoiceable) -> QWidget:
    """A delivery without invoice."""
    pane = Pane(ctx, "sales.delivery", row.delivery_id)
    note = t("sales.pane.delivery_note", date=fmt.date_time(row.shipped_at))
    chips = [("warn", t("sales.sales_order.invoice_state.none"))]
    pane.head(row.number, row.customer, chips=chips, note=note, actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    over.addWidget(
        facts(
            (
                (t("sales.type.sales_order"), row.order_number),
                (t("sales.total.net"), fmt.money(row.net_amount)),
            )
        )
    )
    over.addWidget(section(t("form.lines")))
    pane.read(over, _delivery_lines, get_delivery, row.delivery_id, language())
    order = row.sales_order_id
    pane.button(
        over,
        "invoice",
        "sales.action.invoice",
        "landmark",
        lambda: InvoiceDialog(pane, ctx, order).open(),
    )
    pane.tab("chain", t("sales.pane.chain"), lambda box: pane.chain(box, "delivery", row.delivery_id))
    return pane
