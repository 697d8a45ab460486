"""The lists of sales and finance as data."""

from dataclasses import replace
from datetime import date
from typing import Any

from PySide6.QtWidgets import QApplication

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales import lists, worklists
from app.services.sales.lists import ApprovalRow, OrderRow, QuoteRow
from app.services.sales.shipping import ShippingOrder
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.sales import panes, pdf
from app.views.sales.days import today
from app.views.sales.invoicing import InvoiceDialog, post_invoices
from app.views.sales.states import (
    APPROVAL,
    INVOICE,
    INVOICED,
    ORDER,
    PROGRESS,
    QUOTE,
    SHIPPED,
    TOPICS,
    Chips,
    draft_name,
    progress,
)


def choices(chips: Chips, *left_out: str) -> tuple[tuple[str, str], ...]:
    """States to filter by."""
    return tuple((state, key) for state, (_, key) in chips.items() if state not in left_out)


def late_tone(day: date | None, open_: bool) -> str | None:
    """Dates that are over are red; the words beside them say why."""
    return "bad" if open_ and day is not None and day < today() else None


def _open(topic: str) -> Any:
    return lambda ctx, row: ctx.navigate.open_record(topic, row.id)


def _new(topic: str) -> Any:
    return lambda ctx, _rows: ctx.navigate.new_record(topic)


def _print(document_type: Any) -> ListAction:
    def run(ctx: AppContext, rows: list[Any]) -> None:
        for row in rows:
            pdf.open_of(ctx.tasks, ctx, document_type, row.id)

    return ListAction(
        "pdf", "sales.action.pdf", run, "printer", when=lambda row: bool(getattr(row, "number", None))
    )


def quotes(ctx: AppContext) -> ListSpec:
    """Quotes."""
    return ListSpec(
        key="sales.quotes",
        title="sales.quotes.title",
        icon="file-text",
        fetch=lists.list_quotes,
        topics=frozenset({"sales.quote", "sales.discount_approval"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "sales.preset.open", count=True),
            Preset("mine", "sales.preset.mine", count=True),
            Preset("overdue", "sales.preset.quote_overdue", count=True),
            Preset("awaiting_approval", "sales.preset.awaiting_approval", count=True),
        ),
        columns=(
            Column(
                "number",
                "sales.column.number",
                "code",
                130,
                filter="prefix",
                text=lambda row: draft_name(row.id, row.number),
            ),
            Column("quote_date", "sales.field.date", "date", 96, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column(
                "state",
                "sales.column.state",
                "chip",
                122,
                filter="choice",
                choices=choices(QUOTE),
                chips=QUOTE,
            ),
            Column(
                "awaits_approval",
                "sales.column.approval",
                "chip",
                118,
                sortable=False,
                value=lambda row: "requested" if row.awaits_approval else None,
                chips=APPROVAL,
            ),
            Column(
                "valid_until",
                "sales.field.valid_until",
                "date",
                104,
                filter="date",
                tone=lambda row: late_tone(row.valid_until, row.state == "issued"),
            ),
            Column("net_amount", "sales.column.net", "money", 100, filter="min", currency=None),
            Column(
                "gross_amount", "sales.column.gross", "money", 108, filter="min", currency=None, hidden=True
            ),
            Column(
                "customer_reference",
                "sales.field.reference_short",
                width=120,
                filter="contains",
                filter_key="reference",
                hidden=True,
            ),
            _by(ctx, "created_by", "sales.field.created_by"),
            Column("updated_at", "sales.field.updated_at", "date_time", 130, filter="date", hidden=True),
        ),
        primary=ListAction(
            "new", "sales.quotes.new", _new("sales.quote"), right="sales.quote:insert", shortcut="Ctrl+N"
        ),
        row_actions=(_print("quote"), _copy("sales.quote")),
        empty=Empty(
            "sales.quotes.empty_title",
            "sales.quotes.empty_text",
            (
                ("sales.quotes.step1", "sales.quotes.step1_text"),
                ("sales.quotes.step2", "sales.quotes.step2_text"),
                ("sales.quotes.step3", "sales.quotes.step3_text"),
            ),
            "sales.quotes.first",
        ),
        open=_open("sales.quote"),
        detail=panes.quote_pane,
        sort="quote_date",
        descending=True,
    )


def _by(ctx: AppContext, key: str, title: str, *, hidden: bool = True) -> Column:
    """A column with a person."""
    names(ctx)
    return Column(
        key,
        title,
        width=130,
        filter="choice",
        choices=_people,
        text=lambda row: name(ctx, getattr(row, key)) or fmt.NONE,
        hidden=hidden,
    )


def _people(session: Any) -> list[tuple[str, str]]:
    from app.services.security.reads import people

    return sorted(people(session).items(), key=lambda item: item[1])


def _copy(topic: str) -> ListAction:
    def run(ctx: AppContext, rows: list[Any]) -> None:
        ctx.navigate.new_record(topic, customer_id=rows[0].customer_id, customer_id_words=_customer(rows[0]))

    return ListAction("again", "sales.action.new_for_customer", run, "file-plus", right=f"{topic}:insert")


def _customer(row: QuoteRow | OrderRow) -> str:
    return f"{row.customer_number} · {row.customer}"


def orders(ctx: AppContext) -> ListSpec:
    """Sales orders."""
    return ListSpec(
        key="sales.orders",
        title="sales.orders.title",
        icon="receipt-text",
        fetch=lists.list_orders,
        topics=frozenset({"sales.sales_order", "sales.discount_approval"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "sales.preset.open", count=True),
            Preset("mine", "sales.preset.mine", count=True),
            Preset("to_ship", "sales.preset.to_ship", count=True),
            Preset("to_invoice", "sales.preset.to_invoice", count=True),
            Preset("overdue", "sales.preset.order_overdue", count=True),
            Preset("awaiting_approval", "sales.preset.awaiting_approval", count=True),
        ),
        columns=(
            Column(
                "number",
                "sales.column.number",
                "code",
                130,
                filter="prefix",
                text=lambda row: draft_name(row.id, row.number),
            ),
            Column("order_date", "sales.field.date", "date", 96, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 200, stretch=True, filter="contains"),
            Column(
                "state",
                "sales.column.state",
                "chip",
                134,
                filter="choice",
                choices=choices(ORDER),
                chips=PROGRESS,
                value=lambda row: progress(row.state, row.delivery_state),
            ),
            Column(
                "delivery_state",
                "sales.column.shipped",
                "chip",
                130,
                filter="choice",
                choices=choices(SHIPPED),
                chips=SHIPPED,
                value=lambda row: row.delivery_state if row.state in ("confirmed", "completed") else None,
                hidden=True,
            ),
            Column(
                "invoice_state",
                "sales.column.invoiced",
                "chip",
                144,
                filter="choice",
                choices=choices(INVOICED),
                chips=INVOICED,
                value=lambda row: row.invoice_state if row.state in ("confirmed", "completed") else None,
            ),
            Column(
                "requested_date",
                "sales.column.requested",
                "date",
                100,
                filter="date",
                tone=lambda row: late_tone(
                    row.requested_date, row.state == "confirmed" and row.delivery_state != "full"
                ),
            ),
            Column("net_amount", "sales.column.net", "money", 100, filter="min", currency=None),
            Column(
                "gross_amount", "sales.column.gross", "money", 108, filter="min", currency=None, hidden=True
            ),
            Column(
                "customer_reference",
                "sales.field.reference_short",
                width=120,
                filter="contains",
                filter_key="reference",
                hidden=True,
            ),
            Column("warehouse", "sales.field.warehouse", width=80, filter="contains", hidden=True),
            _by(ctx, "created_by", "sales.field.created_by"),
            Column("updated_at", "sales.field.updated_at", "date_time", 130, filter="date", hidden=True),
        ),
        primary=ListAction(
            "new",
            "sales.orders.new",
            _new("sales.sales_order"),
            right="sales.sales_order:insert",
            shortcut="Ctrl+N",
        ),
        row_actions=(
            _print("sales_order"),
            ListAction(
                "ship",
                "sales.action.ship",
                lambda ctx_, rows: ctx_.navigate.open_record("sales.shipping", rows[0].id),
                "truck",
                right="delivery_ship",
                when=lambda row: row.state == "confirmed" and row.delivery_state != "full",
            ),
            ListAction(
                "invoice",
                "sales.action.invoice",
                lambda ctx_, rows: InvoiceDialog(_window(), ctx_, rows[0].id).open(),
                "landmark",
                right="invoice_post",
                when=lambda row: row.delivery_state != "none" and row.invoice_state != "full",
            ),
            _copy("sales.sales_order"),
        ),
        empty=Empty(
            "sales.orders.empty_title",
            "sales.orders.empty_text",
            (
                ("sales.orders.step1", "sales.orders.step1_text"),
                ("sales.orders.step2", "sales.orders.step2_text"),
                ("sales.orders.step3", "sales.orders.step3_text"),
            ),
            "sales.orders.first",
        ),
        open=_open("sales.sales_order"),
        detail=panes.order_pane,
        sort="order_date",
        descending=True,
    )


def _window() -> Any:
    return QApplication.activeWindow() or next(w for w in QApplication.topLevelWidgets() if w.isVisible())


def deliveries(ctx: AppContext) -> ListSpec:
    """Deliveries; they know no price."""
    return ListSpec(
        key="sales.deliveries",
        title="sales.deliveries.title",
        icon="truck",
        fetch=lists.list_deliveries,
        topics=frozenset({"sales.delivery"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("to_invoice", "sales.preset.to_invoice", count=True),
        ),
        columns=(
            Column("number", "sales.column.number", "code", 126, filter="prefix"),
            Column("shipped_on", "sales.column.shipped_on", "date", 100, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column("city", "sales.ship.city", width=150, filter="contains"),
            Column("order_number", "sales.type.sales_order", width=130, filter="prefix"),
            Column("lines", "form.lines", "number", 90, sortable=False),
            Column("warehouse", "sales.field.warehouse", width=80, filter="contains"),
            Column(
                "invoice_state",
                "sales.column.invoiced",
                "chip",
                144,
                filter="choice",
                choices=choices(INVOICED, "partial"),
                chips=INVOICED,
            ),
            _by(ctx, "created_by", "sales.field.shipped_by"),
        ),
        row_actions=(
            _print("delivery"),
            ListAction(
                "invoice",
                "sales.action.invoice",
                lambda ctx_, rows: InvoiceDialog(_window(), ctx_, rows[0].sales_order_id).open(),
                "landmark",
                right="invoice_post",
                when=lambda row: row.invoice_state == "none",
            ),
        ),
        empty=Empty("sales.deliveries.empty_title", "sales.deliveries.empty_text"),
        open=_open("sales.delivery"),
        detail=panes.delivery_pane,
        sort="shipped_on",
        descending=True,
    )


def invoices(_ctx: AppContext) -> ListSpec:
    """Invoices and cancellations."""
    return ListSpec(
        key="sales.invoices",
        title="sales.invoices.title",
        icon="landmark",
        fetch=lists.list_invoices,
        topics=frozenset({"sales.invoice", "sales.payment"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "sales.preset.invoice_open", count=True),
            Preset("overdue", "sales.preset.invoice_overdue", count=True),
            Preset("paid", "sales.preset.paid"),
            Preset("cancelled", "sales.preset.cancelled"),
        ),
        columns=(
            Column("number", "sales.column.number", "code", 126, filter="prefix"),
            Column("invoice_date", "sales.field.date", "date", 96, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column(
                "kind",
                "sales.column.kind",
                width=100,
                hidden=True,
                filter="choice",
                choices=(
                    ("invoice", "sales.type.invoice"),
                    ("cancellation", "sales.type.cancellation_short"),
                ),
                text=lambda row: t(
                    "sales.type.invoice" if row.kind == "invoice" else "sales.type.cancellation_short"
                ),
            ),
            Column(
                "state",
                "sales.column.state",
                "chip",
                124,
                filter="choice",
                choices=choices(INVOICE, "overdue"),
                chips=INVOICE,
                value=lambda row: "overdue" if row.overdue_days else row.state,
            ),
            Column(
                "due_date",
                "sales.field.due_short",
                "date",
                100,
                filter="date",
                tone=lambda row: "bad" if row.overdue_days else None,
            ),
            Column("net_amount", "sales.column.net", "money", 108, filter="min", currency=None, hidden=True),
            Column("gross_amount", "sales.column.gross", "money", 108, filter="min", currency=None),
            Column(
                "open_amount",
                "sales.column.open",
                "money",
                108,
                filter="min",
                currency=None,
                tone=lambda row: "bad" if row.overdue_days else None,
            ),
        ),
        row_actions=(_print("invoice"),),
        empty=Empty("sales.invoices.empty_title", "sales.invoices.empty_text"),
        open=_open("sales.invoice"),
        detail=panes.invoice_pane,
        sort="invoice_date",
        descending=True,
    )


def payments(ctx: AppContext) -> ListSpec:
    """Money received."""
    return ListSpec(
        key="sales.payments",
        title="sales.payments.title",
        icon="banknote",
        fetch=lists.list_payments,
        topics=frozenset({"sales.invoice", "sales.payment"}),
        presets=(Preset("all", "kit.list.all"), Preset("with_discount", "sales.preset.with_discount")),
        columns=(
            Column("paid_on", "sales.payment.paid_on", "date", 110, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column("invoice_number", "sales.type.invoice", "code", 130, filter="prefix"),
            Column("reference", "sales.payment.reference", width=180, filter="contains"),
            Column("amount", "sales.column.amount", "money", 110, filter="min", currency=None),
            Column("discount_amount", "sales.column.skonto", "money", 100, filter="min", currency=None),
            _by(ctx, "posted_by", "sales.payment.posted_by", hidden=False),
        ),
        empty=Empty("sales.payments.empty_title", "sales.payments.empty_text"),
        open=lambda ctx_, row: ctx_.navigate.open_record("sales.invoice", row.invoice_id),
        detail=panes.payment_pane,
        sort="paid_on",
        descending=True,
    )


def approvals(ctx: AppContext) -> ListSpec:
    """Discounts somebody asked for."""

    def open_document(ctx_: AppContext, row: ApprovalRow) -> None:
        ctx_.navigate.open_record(TOPICS[row.document_type], row.document_id)

    return ListSpec(
        key="sales.approvals",
        title="sales.approvals.title",
        icon="badge-check",
        fetch=lists.list_approvals,
        topics=frozenset({"sales.discount_approval", "sales.quote", "sales.sales_order"}),
        presets=(
            Preset("open", "sales.preset.approval_open", count=True),
            Preset("mine", "sales.preset.approval_mine"),
            Preset("all", "kit.list.all"),
        ),
        columns=(
            Column("created_at", "sales.column.asked_at", "date_time", 142, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 200, stretch=True, filter="contains"),
            Column(
                "document_number",
                "sales.column.document",
                "code",
                150,
                text=lambda row: draft_name(row.document_id, row.document_number),
            ),
            Column(
                "state",
                "sales.column.state",
                "chip",
                128,
                filter="choice",
                choices=choices(APPROVAL),
                chips=APPROVAL,
            ),
            Column("discount_pct", "sales.line.discount_word", "percent", 84, filter="min"),
            Column("net_amount", "sales.column.net", "money", 100, sortable=False, currency=None),
            _by(ctx, "requested_by", "sales.approval.requested_by", hidden=False),
            _by(ctx, "decided_by", "sales.approval.decided_by", hidden=True),
            Column("reason", "sales.dialog.reason", width=200, sortable=False, hidden=True),
        ),
        row_actions=(),
        empty=Empty("sales.approvals.empty_title", "sales.approvals.empty_text"),
        open=open_document,
        detail=panes.approval_pane,
        sort="created_at",
        descending=True,
    )


def shipping(_ctx: AppContext) -> ListSpec:
    """Orders the warehouse has to ship; no price."""

    def ship(ctx_: AppContext, row: ShippingOrder) -> None:
        ctx_.navigate.open_record("sales.shipping", row.sales_order_id)

    return ListSpec(
        key="sales.shipping",
        title="sales.shipping.title",
        icon="truck",
        fetch=worklists.list_shipping_orders,
        topics=frozenset({"sales.sales_order", "sales.delivery", "inventory.stock_level"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("ready", "sales.preset.ready", count=True),
            Preset("due", "sales.preset.due", count=True),
            Preset("late", "sales.preset.late", count=True),
        ),
        columns=(
            Column("number", "sales.type.sales_order", "code", 130, filter="prefix"),
            Column(
                "requested_date",
                "sales.column.requested",
                "date",
                104,
                filter="date",
                tone=lambda row: late_tone(row.requested_date, True),
            ),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column("city", "sales.ship.city", width=140, filter="contains"),
            Column(
                "ready_lines",
                "sales.ship.ready_head",
                "chip",
                112,
                value=_readiness,
                text=_ready_words,
                tone=_readiness,
            ),
            Column(
                "delivery_state",
                "sales.column.shipped",
                "chip",
                136,
                filter="choice",
                choices=choices(SHIPPED, "full"),
                chips=SHIPPED,
            ),
            Column("warehouse", "sales.field.warehouse", width=72, filter="contains"),
            Column(
                "customer_reference", "sales.field.reference_short", width=120, filter="contains", hidden=True
            ),
            Column("order_date", "sales.field.order_date", "date", 100, filter="date", hidden=True),
        ),
        row_actions=(
            ListAction(
                "ship",
                "sales.action.ship",
                lambda ctx_, rows: ship(ctx_, rows[0]),
                "truck",
                right="delivery_ship",
            ),
        ),
        empty=Empty(
            "sales.shipping.empty_title",
            "sales.shipping.empty_text",
            (
                ("sales.shipping.step1", "sales.shipping.step1_text"),
                ("sales.shipping.step2", "sales.shipping.step2_text"),
                ("sales.shipping.step3", "sales.shipping.step3_text"),
            ),
        ),
        open=ship,
        detail=panes.shipping_pane,
        id_field="sales_order_id",
        sort="requested_date",
    )


def _readiness(row: ShippingOrder) -> str:
    if row.block_reason is not None:
        return "bad"
    return "ok" if row.ready_lines == row.open_lines else "warn" if row.ready_lines else "bad"


def _ready_words(row: ShippingOrder) -> str:
    if row.block_reason is not None:
        return t("sales.ship.blocked")
    return t("sales.ship.ready_short", ready=row.ready_lines, open=row.open_lines)


def to_invoice(_ctx: AppContext) -> ListSpec:
    """Deliveries without invoice."""
    return ListSpec(
        key="sales.to_invoice",
        title="sales.to_invoice.title",
        icon="file-plus",
        fetch=worklists.list_invoiceable,
        topics=frozenset({"sales.delivery", "sales.invoice", "sales.sales_order"}),
        columns=(
            Column("number", "sales.type.delivery", "code", 130, filter="prefix"),
            Column("shipped_at", "sales.column.shipped_on", "date_time", 136, filter="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column("order_number", "sales.type.sales_order", width=130, filter="prefix"),
            Column("net_amount", "sales.column.net", "money", 120, filter="min", currency=None),
        ),
        bulk=(
            ListAction(
                "invoice",
                "sales.to_invoice.bulk",
                lambda ctx_, rows: post_invoices(_window(), ctx_, rows),
                "landmark",
                right="invoice_post",
            ),
        ),
        row_actions=(
            ListAction(
                "invoice_order",
                "sales.action.invoice",
                lambda ctx_, rows: InvoiceDialog(_window(), ctx_, rows[0].sales_order_id).open(),
                "landmark",
                right="invoice_post",
            ),
        ),
        empty=Empty("sales.to_invoice.empty_title", "sales.to_invoice.empty_text"),
        open=lambda ctx_, row: InvoiceDialog(_window(), ctx_, row.sales_order_id).open(),
        detail=panes.invoiceable_pane,
        id_field="delivery_id",
        sort="shipped_at",
    )


def page(spec: Any) -> Any:
    """What builds the list of a spec."""
    return lambda ctx, state: ListPage(ctx, spec(ctx), state)


def page_as(spec: Any, key: str, title: str) -> Any:
    """The same list in another group, with a memory of its own."""
    return lambda ctx, state: ListPage(ctx, replace(spec(ctx), key=key, title=title), state)
