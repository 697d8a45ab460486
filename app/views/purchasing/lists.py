"""Buying as lists: orders, what should be ordered, what is to come, receipts."""

from collections.abc import Sequence
from typing import Any

from app.core import format as fmt
from app.services.purchasing import worklists
from app.services.purchasing.worklists import OrderRow, WantedRow
from app.views.catalog.words import price
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.mail.send import mail_rows
from app.views.purchasing.states import KINDS, ORDER, RECEIPT, RECEIVED, RECEIVING, STATES, draft_name
from app.views.sales.list_parts import by_person, choices, late_tone, makes_new, opens

CREATE = "purchase_order_save"


def page(spec: Any) -> Any:
    """What builds the list of a spec."""
    return lambda ctx, state: ListPage(ctx, spec(ctx), state)


def orders(ctx: AppContext) -> ListSpec:
    """Purchase orders."""
    return ListSpec(
        key="purchasing.orders",
        title="purchasing.orders.title",
        icon="shopping-cart",
        fetch=worklists.list_orders,
        topics=frozenset({ORDER, RECEIPT}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "purchasing.preset.open", count=True),
            Preset("drafts", "purchasing.preset.drafts", count=True),
            Preset("overdue", "purchasing.preset.overdue", count=True),
            Preset("unconfirmed", "purchasing.preset.unconfirmed", count=True),
            Preset("mine", "purchasing.preset.mine"),
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
            Column("order_date", "sales.field.date", "date", 108, filter="date"),
            Column("supplier", "catalog.line.supplier", "bold", 220, stretch=True, filter="contains"),
            Column(
                "state",
                "sales.column.state",
                "chip",
                120,
                filter="choice",
                choices=choices(STATES),
                chips=STATES,
            ),
            Column(
                "receipt_state",
                "purchasing.column.received",
                "chip",
                130,
                filter="choice",
                choices=choices(RECEIVED),
                chips=RECEIVED,
            ),
            Column(
                "expected_date",
                "purchasing.field.expected_date",
                "date",
                108,
                filter="date",
                tone=lambda row: late_tone(row.expected_date, row.late),
            ),
            Column(
                "net_amount",
                "sales.column.net",
                "strong",
                110,
                align="right",
                filter="min",
                text=_net,
            ),
            Column(
                "supplier_reference",
                "purchasing.field.reference",
                width=120,
                filter="contains",
                hidden=True,
            ),
            Column("warehouse", "sales.field.warehouse", width=72, filter="contains", hidden=True),
            by_person(ctx, "created_by", "purchasing.column.created_by"),
        ),
        primary=ListAction("new", "purchasing.order.new_button", makes_new(ORDER), "plus", CREATE, "Ctrl+N"),
        row_actions=(
            ListAction(
                "receive",
                "purchasing.action.receive",
                lambda ctx_, rows: ctx_.navigate.open_record(RECEIVING, rows[0].id),
                "package-check",
                right="goods_receipt_post",
                when=lambda row: row.state == "ordered",
            ),
            mail_rows("purchase_order", ORDER),
        ),
        bulk=(mail_rows("purchase_order", ORDER),),
        empty=Empty(
            "purchasing.orders.empty_title",
            "purchasing.orders.empty_text",
            first="purchasing.order.new_button",
        ),
        open=opens(ORDER),
        sort="order_date",
        descending=True,
    )


def _net(row: OrderRow) -> str:
    return fmt.money(row.net_amount, row.currency)


def wanted(_ctx: AppContext) -> ListSpec:
    """Bought products that run short, to be ordered."""
    return ListSpec(
        key="purchasing.wanted",
        title="purchasing.wanted.title",
        icon="clipboard-list",
        fetch=worklists.list_wanted,
        topics=frozenset({ORDER, RECEIPT, "inventory.stock_level", "catalog.product"}),
        columns=(
            Column("sku", "catalog.column.sku", "code", 110, filter="prefix"),
            Column("name", "catalog.column.name", "bold", 200, stretch=True, filter="contains"),
            Column("supplier", "catalog.line.supplier", width=180, filter="contains"),
            Column(
                "missing", "purchasing.column.missing", "quantity", 90, filter="min", tone=lambda _: "bad"
            ),
            Column("free", "purchasing.column.free", "quantity", 90),
            Column("demand", "purchasing.column.demand", "quantity", 90),
            Column("on_order", "purchasing.column.on_order", "quantity", 90),
            Column("reorder_point", "purchasing.column.reorder_point", "quantity", 100),
            Column("unit", "catalog.column.unit", width=70),
            Column(
                "price",
                "catalog.line.cost",
                width=90,
                align="right",
                text=lambda row: price(row.price, row.currency or "EUR"),
                hidden=True,
            ),
        ),
        bulk=(ListAction("order", "purchasing.wanted.order", order_for, "shopping-cart", right=CREATE),),
        row_actions=(
            ListAction("order", "purchasing.wanted.order", order_for, "shopping-cart", right=CREATE),
        ),
        empty=Empty("purchasing.wanted.empty_title", "purchasing.wanted.empty_text"),
        open=lambda ctx, row: ctx.navigate.open_record("catalog.product", row.id),
        sort="supplier",
    )


def order_for(ctx: AppContext, rows: Sequence[WantedRow]) -> None:
    """A new order for each supplier and currency of the chosen rows, with what is missing."""
    suppliers = list(dict.fromkeys((row.supplier_id, row.currency) for row in rows))
    for supplier, currency in suppliers:
        own = [row for row in rows if (row.supplier_id, row.currency) == (supplier, currency)]
        lines = [
            {
                "product_id": row.id,
                "sku": row.sku,
                "description": row.name,
                "unit": row.unit,
                "qty": row.missing,
            }
            for row in own
        ]
        preset: dict[str, Any] = {"warehouse_id": own[0].warehouse_id, "lines": lines}
        if supplier is not None:
            preset |= {"supplier_id": supplier, "supplier_id_words": own[0].supplier, "currency": currency}
        ctx.navigate.new_record(ORDER, **preset)


def to_come(_ctx: AppContext) -> ListSpec:
    """Orders something is still to come of; no price."""

    def receive(ctx: AppContext, row: Any) -> None:
        ctx.navigate.open_record(RECEIVING, row.purchase_order_id)

    return ListSpec(
        key="inventory.receiving",
        title="purchasing.receiving.title",
        icon="package-check",
        fetch=worklists.list_receiving,
        topics=frozenset({ORDER, RECEIPT}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("due", "purchasing.preset.due", count=True),
            Preset("late", "purchasing.preset.late", count=True),
        ),
        columns=(
            Column("number", "purchasing.type.order", "code", 130, filter="prefix"),
            Column(
                "expected_date",
                "purchasing.field.expected_date",
                "date",
                110,
                filter="date",
                tone=lambda row: late_tone(row.expected_date, True),
            ),
            Column("supplier", "catalog.line.supplier", "bold", 220, stretch=True, filter="contains"),
            Column(
                "receipt_state",
                "purchasing.column.received",
                "chip",
                130,
                filter="choice",
                choices=choices(RECEIVED, "full"),
                chips=RECEIVED,
            ),
            Column("open_lines", "purchasing.column.open_lines", "number", 110),
            Column("supplier_reference", "purchasing.field.reference", width=140, filter="contains"),
            Column("warehouse", "sales.field.warehouse", width=80, filter="contains"),
            Column("order_date", "purchasing.field.order_date", "date", 100, filter="date", hidden=True),
        ),
        row_actions=(
            ListAction(
                "receive",
                "purchasing.action.receive",
                lambda ctx, rows: receive(ctx, rows[0]),
                "package-check",
                right="goods_receipt_post",
            ),
        ),
        empty=Empty("purchasing.receiving.empty_title", "purchasing.receiving.empty_text"),
        open=receive,
        id_field="purchase_order_id",
        sort="expected_date",
    )


def receipts(ctx: AppContext) -> ListSpec:
    """Goods receipts and returns; no price."""
    return ListSpec(
        key="inventory.receipts",
        title="purchasing.receipts.title",
        icon="package-plus",
        fetch=worklists.list_receipts,
        topics=frozenset({RECEIPT}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("receipts", "purchasing.preset.receipts"),
            Preset("returns", "purchasing.preset.returns"),
        ),
        columns=(
            Column("number", "sales.column.number", "code", 130, filter="prefix"),
            Column("received_on", "purchasing.field.received_on", "date", 110, filter="date"),
            Column("supplier", "catalog.line.supplier", "bold", 220, stretch=True, filter="contains"),
            Column(
                "kind",
                "purchasing.column.kind",
                "chip",
                130,
                filter="choice",
                choices=choices(KINDS),
                chips=KINDS,
            ),
            Column("order_number", "purchasing.type.order", width=130, filter="prefix"),
            Column("delivery_note", "purchasing.field.delivery_note", width=140, filter="contains"),
            Column("lines", "purchasing.column.lines", "number", 90, sortable=False),
            Column("warehouse", "sales.field.warehouse", width=80, filter="contains"),
            by_person(ctx, "created_by", "purchasing.field.posted_by"),
        ),
        empty=Empty("purchasing.receipts.empty_title", "purchasing.receipts.empty_text"),
        open=opens(RECEIPT),
        sort="received_on",
        descending=True,
    )
