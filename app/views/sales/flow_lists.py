"""What follows an order, as lists: shipping, deliveries, invoices, payments."""

from app.core.i18n import t
from app.services.sales import lists, worklists
from app.services.sales.shipping import ShippingOrder
from app.views.core.context import AppContext
from app.views.core.labelling import label_action
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.mail.send import mail_rows
from app.views.sales import panes
from app.views.sales.invoicing import InvoiceDialog, post_invoices
from app.views.sales.list_parts import (
    by_person,
    choices,
    late_tone,
    opens,
    prints,
    prints_on_paper,
    window_in_front,
)
from app.views.sales.states import (
    INVOICE,
    INVOICED,
    KINDS,
    SHIPPED,
)


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
            Column("shipped_on", "sales.column.shipped_on", "date", 108, filter="date", filter_key="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column("city", "sales.ship.city", width=130, filter="contains", spare=2),
            Column("order_number", "sales.type.sales_order", width=130, filter="prefix"),
            Column("lines", "form.lines", "number", 80, sortable=False, hidden=True),
            Column("warehouse", "sales.field.warehouse", width=80, filter="contains", spare=3),
            Column(
                "invoice_state",
                "sales.column.invoiced",
                "chip",
                144,
                filter="choice",
                choices=choices(INVOICED, "partial"),
                chips=INVOICED,
                spare=1,
            ),
            by_person(ctx, "created_by", "sales.field.shipped_by"),
        ),
        row_actions=(
            prints("delivery"),
            prints_on_paper("delivery"),
            mail_rows("delivery_note", "sales.delivery"),
            label_action("delivery"),
            ListAction(
                "invoice",
                "sales.action.invoice",
                lambda ctx_, rows: InvoiceDialog(window_in_front(), ctx_, rows[0].sales_order_id).open(),
                "landmark",
                right="invoice_post",
                when=lambda row: row.invoice_state == "none",
            ),
        ),
        bulk=(prints_on_paper("delivery"), mail_rows("delivery_note", "sales.delivery")),
        empty=Empty("sales.deliveries.empty_title", "sales.deliveries.empty_text"),
        open=opens("sales.delivery"),
        detail=panes.delivery_pane,
        sort="shipped_on",
        descending=True,
    )


def invoices(_ctx: AppContext) -> ListSpec:
    """Invoices of every kind."""
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
            Preset("down_payments", "sales.preset.down_payments"),
            Preset("corrections", "sales.preset.corrections"),
        ),
        columns=(
            Column("number", "sales.column.number", "code", 126, filter="prefix"),
            Column(
                "invoice_date", "sales.field.date", "date", 108, filter="date", filter_key="date", spare=2
            ),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column(
                "kind",
                "sales.column.kind",
                width=150,
                filter="choice",
                choices=tuple((kind, f"sales.type.{kind}") for kind in KINDS),
                text=lambda row: t(f"sales.type.{row.kind}"),
                spare=3,
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
                108,
                filter="date",
                tone=lambda row: "bad" if row.overdue_days else None,
            ),
            Column("currency", "catalog.column.currency", width=80, filter="prefix", hidden=True),
            Column("net_amount", "sales.column.net", "money", 108, filter="min", currency=None, hidden=True),
            Column("gross_amount", "sales.column.gross", "money", 108, filter="min", currency=None, spare=1),
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
        row_actions=(prints("invoice"), prints_on_paper("invoice"), mail_rows("invoice", "sales.invoice")),
        bulk=(prints_on_paper("invoice"), mail_rows("invoice", "sales.invoice")),
        empty=Empty("sales.invoices.empty_title", "sales.invoices.empty_text"),
        open=opens("sales.invoice"),
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
            Column("reference", "sales.payment.reference", width=140, filter="contains", spare=1),
            Column("amount", "sales.column.amount", "money", 110, filter="min", currency=None),
            Column(
                "discount_amount", "sales.column.skonto", "money", 100, filter="min", currency=None, spare=2
            ),
            by_person(ctx, "posted_by", "sales.payment.posted_by", hidden=False),
        ),
        empty=Empty("sales.payments.empty_title", "sales.payments.empty_text"),
        open=lambda ctx_, row: ctx_.navigate.open_record("sales.invoice", row.invoice_id),
        detail=panes.payment_pane,
        sort="paid_on",
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
                108,
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
            Column("shipped_at", "sales.column.shipped_on", "date_time", 152, filter="date"),
            Column("customer", "sales.field.customer", "bold", 220, stretch=True, filter="contains"),
            Column("order_number", "sales.type.sales_order", width=130, filter="prefix"),
            Column("net_amount", "sales.column.net", "money", 120, filter="min", currency=None),
        ),
        bulk=(
            ListAction(
                "invoice",
                "sales.to_invoice.bulk",
                lambda ctx_, rows: post_invoices(window_in_front(), ctx_, rows),
                "landmark",
                right="invoice_post",
            ),
        ),
        row_actions=(
            ListAction(
                "invoice_order",
                "sales.action.invoice",
                lambda ctx_, rows: InvoiceDialog(window_in_front(), ctx_, rows[0].sales_order_id).open(),
                "landmark",
                right="invoice_post",
            ),
        ),
        empty=Empty("sales.to_invoice.empty_title", "sales.to_invoice.empty_text"),
        open=lambda ctx_, row: InvoiceDialog(window_in_front(), ctx_, row.sales_order_id).open(),
        detail=panes.invoiceable_pane,
        id_field="delivery_id",
        sort="shipped_at",
    )
