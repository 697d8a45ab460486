"""Suppliers' invoices as lists: all of them, what is to be paid, what came and is not invoiced."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.purchasing import payables
from app.services.purchasing.invoices import as_line, open_lines
from app.services.purchasing.payables import InvoiceRow, PayableRow, UninvoicedRow
from app.views.core.context import AppContext
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp
from app.views.core.table_model import Column
from app.views.purchasing.pay_dialog import PayManyDialog
from app.views.purchasing.states import INVOICE, INVOICE_STATES, ORDER, PAYMENT, RECEIPT
from app.views.sales.list_parts import by_person, choices, makes_new, opens, window_in_front

SAVE, PAY = "purchase_invoice_save", "purchase_payment_post"


def _money(key: str) -> Any:
    return lambda row: fmt.money(getattr(row, key), row.currency)


def _own(key: str, title: str) -> Column:
    """An amount in euro, for documents in whatever currency."""
    return Column(
        key, title, width=116, align="right", filter="min", text=lambda row: fmt.money(getattr(row, key))
    )


def invoices(ctx: AppContext) -> ListSpec:
    """Purchase invoices of every kind."""
    return ListSpec(
        key="purchasing.invoices",
        title="purchasing.invoices.title",
        icon="receipt-text",
        fetch=payables.list_invoices,
        topics=frozenset({INVOICE, PAYMENT}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("drafts", "purchasing.preset.drafts", count=True),
            Preset("entered", "purchasing.preset.entered", count=True),
            Preset("open", "purchasing.preset.to_pay", count=True),
            Preset("overdue", "purchasing.preset.invoice_overdue", count=True),
            Preset("credits", "purchasing.preset.credits"),
            Preset("mine", "purchasing.preset.mine"),
        ),
        columns=(
            Column(
                "number",
                "sales.column.number",
                "code",
                126,
                filter="prefix",
                text=lambda row: row.number or fmt.NONE,
            ),
            Column("invoice_date", "sales.field.date", "date", 104, filter="date"),
            Column("supplier", "catalog.line.supplier", "bold", 200, stretch=True, filter="contains"),
            Column("invoice_number", "purchasing.invoice.field.number", width=136, filter="prefix"),
            Column(
                "kind",
                "purchasing.column.kind",
                width=110,
                filter="choice",
                choices=tuple(
                    (kind, f"purchasing.invoice.kind.{kind}")
                    for kind in ("invoice", "credit", "cancellation")
                ),
                text=lambda row: t(f"purchasing.invoice.kind.{row.kind}"),
            ),
            Column(
                "state",
                "sales.column.state",
                "chip",
                156,
                filter="choice",
                choices=choices(INVOICE_STATES),
                chips=INVOICE_STATES,
            ),
            Column("due_date", "sales.field.due_short", "date", 104, filter="date", tone=_late),
            Column(
                "net_amount",
                "purchasing.column.net",
                width=104,
                align="right",
                filter="min",
                hidden=True,
                text=_money("net_amount"),
            ),
            Column(
                "gross_amount",
                "purchasing.column.gross",
                "strong",
                108,
                align="right",
                filter="min",
                text=_money("gross_amount"),
            ),
            Column(
                "open_amount",
                "purchasing.column.open",
                width=108,
                align="right",
                filter="min",
                text=_money("open_amount"),
                tone=_late,
            ),
            replace(_own("own_open", "purchasing.column.own_open"), hidden=True),
            replace(_own("own_net_amount", "column.own_net_amount"), hidden=True),
            replace(_own("own_gross_amount", "column.own_gross_amount"), hidden=True),
            Column("currency", "catalog.column.currency", width=84, filter="prefix", hidden=True),
            Column("exchange_rate", "column.exchange_rate", "number", 110, hidden=True),
            Column("findings", "purchasing.invoice.column.findings", "number", 110, hidden=True),
            Column(
                "order_reference", "purchasing.invoice.field.order", width=120, filter="contains", hidden=True
            ),
            Column(
                "posting_date", "purchasing.invoice.column.posted", "date", 104, filter="date", hidden=True
            ),
            by_person(ctx, "entered_by", "purchasing.invoice.column.entered_by"),
        ),
        primary=ListAction(
            "new", "purchasing.invoice.new_button", makes_new(INVOICE), "plus", SAVE, "Ctrl+N"
        ),
        empty=Empty(
            "purchasing.invoices.empty_title",
            "purchasing.invoices.empty_text",
            first="purchasing.invoice.new_button",
        ),
        open=opens(INVOICE),
        sort="invoice_date",
        descending=True,
    )


def _late(row: InvoiceRow) -> str | None:
    return "bad" if row.state == "overdue" else None


def open_payables(_ctx: AppContext) -> ListSpec:
    """What is to be paid and when; a proposal of what settles it today."""
    return ListSpec(
        key="purchasing.payables",
        title="purchasing.payables.title",
        icon="banknote",
        fetch=payables.list_payables,
        topics=frozenset({INVOICE, PAYMENT}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("due", "purchasing.preset.pay_due", count=True),
            Preset("week", "purchasing.preset.pay_week", count=True),
            Preset("discount", "purchasing.preset.pay_discount", count=True),
        ),
        columns=(
            Column("pay_by", "purchasing.payables.pay_by", "date", 108, filter="date", tone=_urgent),
            Column("days", "purchasing.payables.days", "number", 84, filter="min", tone=_urgent),
            Column("supplier", "catalog.line.supplier", "bold", 200, stretch=True, filter="contains"),
            Column("invoice_number", "purchasing.invoice.field.number", width=136, filter="prefix"),
            Column("number", "sales.column.number", "code", 126, filter="prefix"),
            Column("due_date", "sales.field.due_short", "date", 104, filter="date"),
            Column(
                "open_amount",
                "purchasing.column.open",
                width=108,
                align="right",
                filter="min",
                text=_money("open_amount"),
            ),
            Column(
                "discount",
                "purchasing.pay.discount",
                width=96,
                align="right",
                text=lambda row: fmt.money(row.discount, row.currency) if row.discount else fmt.NONE,
            ),
            Column(
                "pay",
                "purchasing.payables.pay",
                "strong",
                112,
                align="right",
                filter="min",
                text=_money("pay"),
            ),
            _own("own_open", "purchasing.column.own_open"),
            Column("currency", "catalog.column.currency", width=84, filter="prefix", hidden=True),
            Column("discount_date", "purchasing.invoice.field.discount_date", "date", 104, hidden=True),
            Column("invoice_date", "sales.field.date", "date", 104, filter="date", hidden=True),
        ),
        bulk=(ListAction("pay", "purchasing.payables.pay_many", _pay, "banknote", right=PAY),),
        row_actions=(ListAction("pay", "purchasing.invoice.action.pay", _pay, "banknote", right=PAY),),
        empty=Empty("purchasing.payables.empty_title", "purchasing.payables.empty_text"),
        open=opens(INVOICE),
        sort="pay_by",
    )


def _urgent(row: PayableRow) -> str | None:
    return "bad" if row.days < 0 else "warn" if row.days <= 3 else None


def _pay(ctx: AppContext, rows: Sequence[PayableRow]) -> None:
    PayManyDialog(window_in_front(), ctx, rows, lambda: None).open()


def uninvoiced(_ctx: AppContext) -> ListSpec:
    """Goods received and not invoiced, with their value."""
    return ListSpec(
        key="purchasing.uninvoiced",
        title="purchasing.uninvoiced.title",
        icon="package-check",
        fetch=payables.list_uninvoiced,
        topics=frozenset({ORDER, RECEIPT, INVOICE}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("old", "purchasing.preset.uninvoiced_old", count=True),
            Preset("too_much", "purchasing.preset.too_much", count=True),
        ),
        columns=(
            Column("supplier", "catalog.line.supplier", "bold", 200, stretch=True, filter="contains"),
            Column("order_number", "purchasing.type.order", "code", 130, filter="prefix"),
            Column("received_on", "purchasing.field.received_on", "date", 108, filter="date"),
            Column("sku", "catalog.column.sku", width=104, filter="prefix", spare=1),
            Column("description", "sales.line.description", width=190, filter="contains"),
            Column("received", "purchasing.line.qty", "quantity", 90, spare=2),
            Column("invoiced", "purchasing.uninvoiced.invoiced", "quantity", 90, spare=3),
            Column("qty", "purchasing.uninvoiced.left", "quantity", 90, filter="min", tone=_too_much),
            Column("unit", "catalog.column.unit", width=64),
            Column("price", "sales.line.price", width=92, align="right", text=_money("price"), hidden=True),
            Column(
                "value",
                "purchasing.uninvoiced.value",
                "strong",
                112,
                align="right",
                filter="min",
                text=_money("value"),
            ),
            _own("own_value", "purchasing.column.own_value"),
        ),
        row_actions=(ListAction("enter", "purchasing.uninvoiced.enter", _enter, "receipt-text", right=SAVE),),
        bulk=(ListAction("enter", "purchasing.uninvoiced.enter", _enter, "receipt-text", right=SAVE),),
        empty=Empty("purchasing.uninvoiced.empty_title", "purchasing.uninvoiced.empty_text"),
        open=lambda ctx, row: ctx.navigate.open_record(ORDER, row.order_id),
        sort="supplier",
    )


def _too_much(row: UninvoicedRow) -> str | None:
    return "bad" if row.qty < 0 else None


def _enter(ctx: AppContext, rows: Sequence[UninvoicedRow]) -> None:
    """A new invoice for each supplier and currency of the chosen rows."""
    for supplier, currency in dict.fromkeys((row.supplier_id, row.currency) for row in rows):
        own = [row for row in rows if (row.supplier_id, row.currency) == (supplier, currency)]
        wanted = {row.id for row in own}

        def found(lines: Any, own: Any = own, wanted: Any = wanted) -> None:
            chosen = [as_line(x) for x in lines if x.purchase_order_line_id in wanted]
            ctx.navigate.new_record(
                INVOICE,
                supplier_id=own[0].supplier_id,
                supplier_id_words=own[0].supplier,
                currency=own[0].currency,
                order_reference=own[0].order_number,
                lines=chosen,
            )

        ReadOp(ctx.tasks, ctx, open_lines, supplier, None, None, language()).success(found).start()
