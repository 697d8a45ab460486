"""What a user wants to change about supplier prices, and wants with orders, receipts and invoices of suppliers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from app.services.catalog.commands import Discard, SaveRecord

__all__ = [
    "Arrival",
    "CancelInvoice",
    "CloseOrder",
    "ConfirmOrder",
    "Confirmation",
    "Discard",
    "EnterInvoice",
    "IssueOrder",
    "PayInvoice",
    "PayInvoices",
    "PostReceipt",
    "PostReturn",
    "RefuseReceived",
    "ReturnedLine",
    "SaveInvoice",
    "SaveOrder",
    "SaveSupplierPrice",
    "SaveTolerance",
    "StoreReceived",
]


class SaveSupplierPrice(SaveRecord):
    """Fields: supplier_id, product_id, supplier_sku, min_qty, amount, currency, lead_days, valid_from, is_preferred."""


@dataclass(frozen=True)
class SaveOrder:
    """Create (``id`` None) or change a draft order with its lines.

    ``values`` holds the changed columns of the header: supplier_id, warehouse_id, payment_term_id, currency,
    order_date, expected_date, supplier_reference, remark.  ``lines`` are all lines in their order (None leaves them
    as they are),
    each with product_id, description, qty, unit_price, supplier_sku, expected_date and, for a saved one, id.
    """

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]] | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class _Posting:
    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4, kw_only=True)


@dataclass(frozen=True)
class IssueOrder(_Posting):
    """Order what a draft says."""


@dataclass(frozen=True)
class Confirmation:
    """What the supplier confirmed of a line; None: as ordered."""

    line_id: int
    confirmed_date: date | None = None
    confirmed_price: Decimal | None = None


@dataclass(frozen=True)
class ConfirmOrder(_Posting):
    """Keep what the supplier confirmed, under his own number."""

    reference: str = ""
    lines: tuple[Confirmation, ...] = ()


@dataclass(frozen=True)
class CloseOrder(_Posting):
    """Await nothing more of an order."""

    reason: str = ""


@dataclass(frozen=True)
class Arrival:
    """What came of an order line; a service has neither place nor lot.  A new lot takes the date it expires on."""

    purchase_order_line_id: int
    qty: Decimal
    place_id: int | None = None
    lot_code: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class PostReceipt:
    """Receive goods of an order; ``row_version`` is the order's."""

    purchase_order_id: int
    row_version: int
    received_on: date
    lines: tuple[Arrival, ...]
    delivery_note: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class ReturnedLine:
    """What goes back of a line of a receipt; ``place_id`` is where it lies now, None: where it was put."""

    goods_receipt_line_id: int
    qty: Decimal
    place_id: int | None = None


@dataclass(frozen=True)
class PostReturn:
    """Send goods of a receipt back to the supplier."""

    goods_receipt_id: int
    reason: str
    lines: tuple[ReturnedLine, ...]
    command: UUID = field(default_factory=uuid4)


class SaveTolerance(SaveRecord):
    """Fields: over_receipt_pct, price_pct, qty_pct."""


@dataclass(frozen=True)
class StoreReceived:
    """Keep a file that came in; ``source`` is file, drop or mail, ``facts`` what was read out of it."""

    source: str
    file_name: str
    kind: str
    content: bytes
    facts: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    words: str = ""
    sender: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class RefuseReceived(_Posting):
    """This file becomes no purchase invoice."""

    reason: str = ""


@dataclass(frozen=True)
class SaveInvoice:
    """Create (``id`` None) or change the draft of a supplier's invoice with its lines.

    ``values`` holds the changed columns of the header: kind (invoice, credit), supplier_id, corrects_id, received_id,
    invoice_number, order_reference, currency, exchange_rate (left out: that of the day), invoice_date, supply_date,
    due_date, discount_pct, discount_date, stated_gross, accept_reason, remark.  ``lines`` are all lines in their
    order (None leaves them), each with purchase_order_line_id, product_id, description, supplier_sku, unit_code, qty,
    unit_price, net_amount, tax_category, tax_rate, accept_reason and, for a saved one, id.
    """

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]] | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class EnterInvoice(_Posting):
    """Enter a draft: it is matched and waits for somebody else's approval."""


@dataclass(frozen=True)
class CancelInvoice(_Posting):
    """Cancel an unpaid purchase invoice."""

    reason: str = ""


@dataclass(frozen=True)
class PayInvoice(_Posting):
    """Book money paid for an approved invoice (got for a credit note); ``amount`` is positive.

    In a foreign currency ``own_paid`` is what the bank moved in the house's own (None: at the rate of the day).
    """

    amount: Decimal
    paid_on: date
    use_discount: bool = False
    reference: str = ""
    own_paid: Decimal | None = None


@dataclass(frozen=True)
class PayInvoices:
    """Several payments, all or none."""

    payments: tuple[PayInvoice, ...]
