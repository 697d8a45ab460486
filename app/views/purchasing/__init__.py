"""Screens of buying: what suppliers ask, what should be ordered, orders, receiving, receipts, their invoices."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from app.services.purchasing.payables import count_invoices, count_payables, search_invoices
from app.services.purchasing.worklists import count_orders, count_receiving, search_orders, search_receipts
from app.views.core.actions import Action
from app.views.core.workspace import RecordType, Search, Tile, Workspace
from app.views.purchasing import invoice_lists, lists
from app.views.purchasing.invoice_page import PurchaseInvoicePage
from app.views.purchasing.offers import OfferPage, offers_page
from app.views.purchasing.order_page import OrderPage
from app.views.purchasing.receipt_page import ReceiptPage
from app.views.purchasing.receive_page import ConfirmPage, ReceivePage, ReturnPage
from app.views.purchasing.states import (
    CONFIRMING,
    INVOICE,
    INVOICE_STATES,
    KINDS,
    ORDER,
    PAYMENT,
    RECEIPT,
    RECEIVING,
    RETURNING,
    STATES,
    TOLERANCE,
)
from app.views.purchasing.tolerance_page import TOLERANCE_ID, TolerancePage

READ = "purchasing.supplier_price:select"
ORDERS, RECEIPTS = f"{ORDER}:select", f"{RECEIPT}:select"
INVOICES = f"{INVOICE}:select"
BUYERS = ("purchase_officer",)
PAYERS = ("finance",)


def _orders(session: Any, text: str, limit: int, _language: str) -> Sequence[tuple[Any, ...]]:
    return [(x.id, x.number, x.supplier, STATES[x.state]) for x in search_orders(session, text, limit)]


def _receipts(session: Any, text: str, limit: int, _language: str) -> Sequence[tuple[Any, ...]]:
    return [(x.id, x.number, x.supplier, KINDS[x.state]) for x in search_receipts(session, text, limit)]


def _invoices(session: Any, text: str, limit: int, _language: str) -> Sequence[tuple[Any, ...]]:
    return [
        (x.id, x.number or x.invoice_number, f"{x.supplier} · {x.invoice_number}", INVOICE_STATES[x.state])
        for x in search_invoices(session, text, limit)
    ]


WORKSPACES = (
    Workspace(
        "purchasing.orders",
        "purchasing.orders.title",
        "shopping-cart",
        "purchasing",
        ORDERS,
        lists.page(lists.orders),
    ),
    Workspace(
        "purchasing.wanted",
        "purchasing.wanted.title",
        "clipboard-list",
        "purchasing",
        ORDERS,
        lists.page(lists.wanted),
    ),
    Workspace(
        "purchasing.invoices",
        "purchasing.invoices.title",
        "receipt-text",
        "purchasing",
        INVOICES,
        lists.page(invoice_lists.invoices),
    ),
    Workspace(
        "purchasing.uninvoiced",
        "purchasing.uninvoiced.title",
        "package-check",
        "purchasing",
        INVOICES,
        lists.page(invoice_lists.uninvoiced),
    ),
    Workspace(
        "purchasing.payables",
        "purchasing.payables.title",
        "banknote",
        "finance",
        INVOICES,
        lists.page(invoice_lists.open_payables),
    ),
    Workspace("purchasing.offers", "purchasing.offers.title", "handshake", "purchasing", READ, offers_page),
    Workspace(
        "inventory.receiving",
        "purchasing.receiving.title",
        "package-check",
        "inventory",
        "receiving_orders",
        lists.page(lists.to_come),
    ),
    Workspace(
        "inventory.receipts",
        "purchasing.receipts.title",
        "package-plus",
        "inventory",
        RECEIPTS,
        lists.page(lists.receipts),
    ),
)

RECORDS = (
    RecordType(
        "purchasing.supplier_price",
        "handshake",
        OfferPage,
        "purchasing.offer.type",
        READ,
        "purchasing.supplier_price:insert",
    ),
    RecordType(ORDER, "shopping-cart", OrderPage, "purchasing.type.order", ORDERS, "purchase_order_save"),
    RecordType(
        INVOICE,
        "receipt-text",
        PurchaseInvoicePage,
        "purchasing.type.invoice",
        INVOICES,
        "purchase_invoice_save",
    ),
    RecordType(
        TOLERANCE,
        "sliders-horizontal",
        TolerancePage,
        "purchasing.tolerance.title",
        f"{TOLERANCE}:select",
    ),
    RecordType(RECEIPT, "package-check", ReceiptPage, "purchasing.type.receipt", RECEIPTS, rail="inventory"),
    RecordType(
        RECEIVING,
        "package-check",
        ReceivePage,
        "purchasing.type.receiving",
        "receiving_lines",
        rail="inventory",
    ),
    RecordType(
        RETURNING,
        "rotate-ccw",
        ReturnPage,
        "purchasing.type.returning",
        "goods_return_post",
        rail="inventory",
    ),
    RecordType(
        CONFIRMING, "calendar-clock", ConfirmPage, "purchasing.type.confirming", "purchase_order_confirm"
    ),
)

ACTIONS = (
    Action(
        "purchasing.receive",
        "purchasing.action.receive_list",
        "package-check",
        lambda ctx: ctx.navigate.open_workspace("inventory.receiving"),
        "goods_receipt_post",
        "",
        "inventory",
    ),
    Action(
        "purchasing.tolerance",
        "purchasing.tolerance.action",
        "sliders-horizontal",
        lambda ctx: ctx.navigate.open_record(TOLERANCE, TOLERANCE_ID),
        f"{TOLERANCE}:update",
    ),
)

SEARCHES = (
    Search(ORDER, "purchasing.orders.title", "shopping-cart", _orders, ORDERS),
    Search(INVOICE, "purchasing.invoices.title", "receipt-text", _invoices, INVOICES),
    Search(RECEIPT, "purchasing.receipts.title", "package-check", _receipts, RECEIPTS),
)

TILES = (
    Tile(
        "purchasing.drafts",
        "purchasing.tile.drafts",
        "shopping-cart",
        "purchasing.orders",
        partial(count_orders, preset="drafts"),
        {"preset": "drafts"},
        ORDERS,
        "info",
        BUYERS,
        topics=(ORDER,),
    ),
    Tile(
        "purchasing.late",
        "purchasing.tile.late",
        "calendar-clock",
        "purchasing.orders",
        partial(count_orders, preset="overdue"),
        {"preset": "overdue"},
        ORDERS,
        "warn",
        BUYERS,
        topics=(ORDER, RECEIPT),
    ),
    Tile(
        "purchasing.to_receive",
        "purchasing.tile.to_receive",
        "package-check",
        "inventory.receiving",
        count_receiving,
        {},
        "goods_receipt_post",
        "info",
        topics=(ORDER, RECEIPT),
    ),
    Tile(
        "purchasing.invoice_drafts",
        "purchasing.tile.invoice_drafts",
        "receipt-text",
        "purchasing.invoices",
        partial(count_invoices, preset="drafts"),
        {"preset": "drafts"},
        INVOICES,
        "info",
        BUYERS,
        topics=(INVOICE,),
    ),
    Tile(
        "purchasing.to_approve",
        "purchasing.tile.to_approve",
        "receipt-text",
        "purchasing.invoices",
        partial(count_invoices, preset="entered"),
        {"preset": "entered"},
        INVOICES,
        "warn",
        PAYERS,
        topics=(INVOICE,),
    ),
    Tile(
        "purchasing.to_pay",
        "purchasing.tile.to_pay",
        "banknote",
        "purchasing.payables",
        partial(count_payables, preset="week"),
        {"preset": "week"},
        INVOICES,
        "warn",
        PAYERS,
        topics=(INVOICE, PAYMENT),
    ),
)
