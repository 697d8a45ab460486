"""Quotes and orders as lists."""

from app.services.sales import lists
from app.views.core.context import AppContext
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.mail.send import mail_rows
from app.views.sales import panes
from app.views.sales.invoicing import InvoiceDialog
from app.views.sales.list_parts import (
    again_for_customer,
    by_person,
    choices,
    late_tone,
    makes_new,
    opens,
    prints,
    prints_on_paper,
    window_in_front,
)
from app.views.sales.states import (
    APPROVAL,
    INVOICED,
    ORDER,
    PROGRESS,
    QUOTE,
    SHIPPED,
    draft_name,
    progress,
)


def quotes(ctx: AppContext) -> ListSpec:
    """Quotes."""
    return ListSpec(
        key="sales.quotes",
        title="sales.quotes.title",
        icon="file-text",
        fetch=lists.list_quotes,
        topics=frozenset({"sales.quote", "system.approval_request"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "sales.preset.open", count=True),
            Preset("mine", "sales.preset.mine", count=True),
            Preset("expiring", "sales.preset.expiring", count=True),
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
            Column("quote_date", "sales.field.date", "date", 108, filter="date", filter_key="date", spare=2),
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
                value=lambda row: "open" if row.awaits_approval else None,
                chips=APPROVAL,
            ),
            Column(
                "valid_until",
                "sales.field.valid_until",
                "date",
                108,
                filter="date",
                tone=lambda row: late_tone(row.valid_until, row.state == "issued"),
                spare=1,
            ),
            Column("currency", "catalog.column.currency", width=80, filter="prefix", hidden=True),
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
            by_person(ctx, "created_by", "sales.field.created_by"),
            Column("updated_at", "sales.field.updated_at", "date_time", 130, filter="date", hidden=True),
        ),
        primary=ListAction(
            "new", "sales.quotes.new", makes_new("sales.quote"), right="sales.quote:insert", shortcut="Ctrl+N"
        ),
        row_actions=(
            prints("quote"),
            prints_on_paper("quote"),
            mail_rows("quote", "sales.quote"),
            again_for_customer("sales.quote"),
        ),
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
        open=opens("sales.quote"),
        detail=panes.quote_pane,
        sort="quote_date",
        descending=True,
    )


def orders(ctx: AppContext) -> ListSpec:
    """Sales orders."""
    return ListSpec(
        key="sales.orders",
        title="sales.orders.title",
        icon="receipt-text",
        fetch=lists.list_orders,
        topics=frozenset({"sales.sales_order", "system.approval_request"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "sales.preset.open", count=True),
            Preset("mine", "sales.preset.mine", count=True),
            Preset("drafts", "sales.preset.drafts", count=True),
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
            Column("order_date", "sales.field.date", "date", 108, filter="date", filter_key="date", spare=2),
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
                spare=1,
            ),
            Column(
                "requested_date",
                "sales.column.requested",
                "date",
                108,
                filter="date",
                tone=lambda row: late_tone(
                    row.requested_date, row.state == "confirmed" and row.delivery_state != "full"
                ),
                spare=1,
            ),
            Column("currency", "catalog.column.currency", width=80, filter="prefix", hidden=True),
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
            by_person(ctx, "created_by", "sales.field.created_by"),
            Column("updated_at", "sales.field.updated_at", "date_time", 130, filter="date", hidden=True),
        ),
        primary=ListAction(
            "new",
            "sales.orders.new",
            makes_new("sales.sales_order"),
            right="sales.sales_order:insert",
            shortcut="Ctrl+N",
        ),
        row_actions=(
            prints("sales_order"),
            prints_on_paper("sales_order"),
            mail_rows("order_confirmation", "sales.sales_order"),
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
                lambda ctx_, rows: InvoiceDialog(window_in_front(), ctx_, rows[0].id).open(),
                "landmark",
                right="invoice_post",
                when=lambda row: row.delivery_state != "none" and row.invoice_state != "full",
            ),
            again_for_customer("sales.sales_order"),
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
        open=opens("sales.sales_order"),
        detail=panes.order_pane,
        sort="order_date",
        descending=True,
    )
