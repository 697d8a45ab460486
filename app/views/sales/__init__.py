"""Screens of sales and finance: quote, order, shipping, delivery, invoice, payment."""

from functools import partial

from app.services.sales.reminders import count_due
from app.services.sales.worklists import (
    count_orders,
    count_overdue,
    count_quotes,
    count_to_invoice,
    count_to_ship,
)
from app.views.core.actions import Action
from app.views.core.workspace import RecordType, Search, Tile, Workspace
from app.views.sales import flow_lists, reminder_lists, searches, selling_lists
from app.views.sales.delivery_page import DeliveryPage
from app.views.sales.invoice_page import InvoicePage
from app.views.sales.lists import page, page_as
from app.views.sales.order_page import OrderPage
from app.views.sales.quote_page import QuotePage
from app.views.sales.reminder_page import ReminderPage
from app.views.sales.reminder_rules import rules
from app.views.sales.reminder_words import REMINDER
from app.views.sales.ship_page import ShipPage
from app.views.system.rates import page as rates_page

PRICED = "sales.sales_order:select"
SHIPS = "delivery_ship"
SELLERS = ("sales_rep", "sales_manager", "customer_service")

WORKSPACES = (
    Workspace(
        "sales.quotes",
        "sales.quotes.title",
        "file-text",
        "sales",
        "sales.quote:select",
        page(selling_lists.quotes),
    ),
    Workspace(
        "sales.orders", "sales.orders.title", "receipt-text", "sales", PRICED, page(selling_lists.orders)
    ),
    Workspace(
        "sales.deliveries", "sales.deliveries.title", "truck", "sales", PRICED, page(flow_lists.deliveries)
    ),
    Workspace(
        "sales.invoices",
        "sales.invoices.title",
        "landmark",
        "sales",
        "sales.invoice:select",
        page(flow_lists.invoices),
    ),
    Workspace(
        "inventory.shipping", "sales.shipping.title", "truck", "inventory", SHIPS, page(flow_lists.shipping)
    ),
    Workspace(
        "inventory.deliveries",
        "sales.deliveries.title",
        "package-check",
        "inventory",
        SHIPS,
        page_as(flow_lists.deliveries, "inventory.deliveries", "sales.deliveries.title"),
    ),
    Workspace(
        "finance.to_invoice",
        "sales.to_invoice.title",
        "file-plus",
        "finance",
        "invoice_post",
        page(flow_lists.to_invoice),
    ),
    Workspace(
        "finance.invoices",
        "sales.invoices.title",
        "landmark",
        "finance",
        "invoice_post",
        page_as(flow_lists.invoices, "finance.invoices", "sales.invoices.title"),
    ),
    Workspace(
        "finance.payments",
        "sales.payments.title",
        "banknote",
        "finance",
        "sales.payment:select",
        page(flow_lists.payments),
    ),
    Workspace(
        "finance.open_items",
        "sales.open_items.title",
        "wallet",
        "finance",
        "reminder_open_items",
        page(reminder_lists.open_items),
    ),
    Workspace(
        "finance.reminding",
        "sales.reminding.title",
        "send",
        "finance",
        "reminder_proposals",
        page(reminder_lists.reminding),
    ),
    Workspace(
        "finance.reminders",
        "sales.reminders.title",
        "mail",
        "finance",
        "sales.reminder:select",
        page(reminder_lists.sent),
    ),
    Workspace(
        "finance.reminder_rules",
        "sales.reminder_rules.title",
        "scale",
        "finance",
        "sales.reminder_rule:update",
        page(rules),
    ),
    Workspace(
        "finance.exchange_rates",
        "system.rates.title",
        "coins",
        "finance",
        "system.exchange_rate:insert",
        rates_page,
    ),
)

RECORDS = (
    RecordType(
        "sales.quote", "file-text", QuotePage, "sales.type.quote", "sales.quote:select", "sales.quote:insert"
    ),
    RecordType(
        "sales.sales_order",
        "receipt-text",
        OrderPage,
        "sales.type.sales_order",
        PRICED,
        "sales.sales_order:insert",
    ),
    RecordType("sales.delivery", "truck", DeliveryPage, "sales.type.delivery", "sales.delivery:select"),
    RecordType("sales.invoice", "landmark", InvoicePage, "sales.type.invoice", "sales.invoice:select"),
    RecordType(
        REMINDER, "mail", ReminderPage, "sales.type.reminder", "sales.reminder:select", rail="finance"
    ),
    RecordType("sales.shipping", "truck", ShipPage, "sales.type.shipping", SHIPS, rail="inventory"),
)

ACTIONS = (
    Action(
        "sales.ship_next",
        "sales.action.ship_list",
        "truck",
        lambda ctx: ctx.navigate.open_workspace("inventory.shipping"),
        SHIPS,
        "",
        "inventory",
    ),
    Action(
        "sales.invoice_next",
        "sales.action.invoice_list",
        "landmark",
        lambda ctx: ctx.navigate.open_workspace("finance.to_invoice"),
        "invoice_post",
        "",
        "finance",
    ),
)

SEARCHES = (
    Search("sales.quote", "sales.quotes.title", "file-text", searches.quotes, "sales.quote:select"),
    Search("sales.sales_order", "sales.orders.title", "receipt-text", searches.orders, PRICED),
    Search("sales.delivery", "sales.deliveries.title", "truck", searches.deliveries, "sales.delivery:select"),
    Search("sales.invoice", "sales.invoices.title", "landmark", searches.invoices, "sales.invoice:select"),
)

TILES = (
    Tile(
        "sales.my_quotes",
        "sales.tile.my_quotes",
        "file-text",
        "sales.quotes",
        partial(count_quotes, preset="mine"),
        {"preset": "mine"},
        "sales.quote:select",
        "info",
        SELLERS,
        topics=("sales.quote",),
    ),
    Tile(
        "sales.quotes_expiring",
        "sales.tile.quotes_expiring",
        "calendar-clock",
        "sales.quotes",
        partial(count_quotes, preset="expiring"),
        {"preset": "expiring"},
        "sales.quote:select",
        "warn",
        SELLERS,
        topics=("sales.quote",),
    ),
    Tile(
        "sales.orders_to_confirm",
        "sales.tile.orders_to_confirm",
        "receipt-text",
        "sales.orders",
        partial(count_orders, preset="drafts"),
        {"preset": "drafts"},
        PRICED,
        "info",
        SELLERS,
        topics=("sales.sales_order",),
    ),
    Tile(
        "sales.to_ship",
        "sales.tile.to_ship",
        "truck",
        "inventory.shipping",
        count_to_ship,
        {},
        SHIPS,
        "info",
        badge=True,
        topics=("sales.sales_order", "sales.delivery"),
    ),
    Tile(
        "sales.to_invoice",
        "sales.tile.to_invoice",
        "file-plus",
        "finance.to_invoice",
        count_to_invoice,
        {},
        "invoice_post",
        "info",
        badge=True,
        topics=("sales.delivery", "sales.invoice"),
    ),
    Tile(
        "sales.overdue",
        "sales.tile.overdue",
        "calendar-clock",
        "finance.invoices",
        count_overdue,
        {"preset": "overdue"},
        "payment_post",
        "bad",
        topics=("sales.invoice", "sales.payment"),
    ),
    Tile(
        "sales.to_remind",
        "sales.tile.to_remind",
        "send",
        "finance.reminding",
        count_due,
        {},
        "reminder_proposals",
        "warn",
        topics=("sales.invoice", "sales.payment", REMINDER),
    ),
)
