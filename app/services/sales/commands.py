"""What the user wants with quotes, orders, deliveries, invoices and payments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid4

DraftType = Literal["quote", "sales_order"]


@dataclass(frozen=True)
class SaveDraft:
    """Create (``id`` None) or change a draft with its lines.

    ``values`` holds the changed columns of the header, ``row_version`` is the version the user saw.  ``lines`` are all
    lines in their order (None leaves them as they are), each with product_id, description, qty, unit_price, tax_rate,
    discount_pct (0 unless given), charges (see `rules.check_line_charges`) and, for a saved one, id.  A saved line that
    is missing is taken out.
    """

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]] | None = None


class SaveQuote(SaveDraft):
    """Header: customer_id, contact_id, delivery_address_id, warehouse_id, price_list_id, payment_term_id, quote_date,
    valid_until, customer_reference, remark, charges (see `rules.check_charges`)."""


class SaveSalesOrder(SaveDraft):
    """Header: as a quote's, with order_date and requested_date in place of quote_date and valid_until."""


@dataclass(frozen=True)
class _Posting:
    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4, kw_only=True)


@dataclass(frozen=True)
class IssueQuote(_Posting):
    """Give a draft quote its number and freeze it."""


@dataclass(frozen=True)
class ConvertQuote(_Posting):
    """Accept an issued quote: a draft order with the same lines."""


@dataclass(frozen=True)
class RejectQuote(_Posting):
    """The customer declined."""

    reason: str = ""


@dataclass(frozen=True)
class ConfirmSalesOrder(_Posting):
    """Confirm a draft order.  ``acknowledged``: keys of questions (`Confirm`) the user has answered with yes."""

    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReserveSalesOrder(_Posting):
    """Reserve what has become free since the order was confirmed."""


@dataclass(frozen=True)
class CancelSalesOrder(_Posting):
    """Cancel a confirmed order of which nothing was shipped."""

    reason: str = ""


@dataclass(frozen=True)
class DiscardDraft:
    """Delete a draft quote or order with its lines."""

    document_type: DraftType
    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Pick:
    """What is taken from a place for an order line; a service has neither place nor lot."""

    sales_order_line_id: int
    qty: Decimal
    place_id: int | None = None
    lot_id: int | None = None


@dataclass(frozen=True)
class ShipDelivery:
    """Ship parts of a confirmed order; ``row_version`` is the order's."""

    sales_order_id: int
    row_version: int
    picks: tuple[Pick, ...]
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class PostInvoice:
    """Invoice deliveries of an order; ``row_version`` is the order's."""

    sales_order_id: int
    row_version: int
    delivery_ids: tuple[int, ...]
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class PostDownPayment:
    """Ask for a part of a confirmed order: ``pct`` of it, or ``amount`` (net); ``row_version`` is the order's."""

    sales_order_id: int
    row_version: int
    due_date: date
    pct: Decimal | None = None
    amount: Decimal | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Reduction:
    """What is taken back of a line of an invoice: so many (``qty``), or so much money (``amount``, net)."""

    invoice_line_id: int
    qty: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class CorrectInvoice(_Posting):
    """Take something of an invoice back; the reason stands on the correction."""

    lines: tuple[Reduction, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class CancelInvoice(_Posting):
    """Cancel an unpaid invoice by a counter-invoice."""

    reason: str = ""


@dataclass(frozen=True)
class PostPayment:
    """Money received for an invoice; ``use_discount`` grants the cash discount, which must then settle it.

    In a foreign currency ``own_paid`` is what the bank moved in the house's own (None: at the rate of the day).
    """

    invoice_id: int
    row_version: int
    amount: Decimal
    paid_on: date
    use_discount: bool = False
    reference: str = ""
    own_paid: Decimal | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class RequestCreditApproval:
    """Ask somebody else for an order with which the customer owes more than the credit limit."""

    sales_order_id: int
    reason: str
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class RequestApproval:
    """Ask somebody else for the discount of a draft."""

    document_type: DraftType
    document_id: int
    reason: str
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class IssueReminder:
    """Send a customer a reminder of these invoices; ``total`` is what it was shown to ask for."""

    customer_id: int
    invoice_ids: tuple[int, ...]
    total: Decimal
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class CancelReminder(_Posting):
    """Take a reminder back; its invoices fall back a level."""

    reason: str = ""


@dataclass(frozen=True)
class HoldReminders:
    """No reminders for a customer (``invoice_id`` None) or one invoice, until a day or until it is lifted."""

    customer_id: int
    reason: str
    invoice_id: int | None = None
    until: date | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class LiftHold(_Posting):
    """Reminders may be sent again."""


@dataclass(frozen=True)
class SaveReminderRule:
    """Change what the house does at a level: days, pay_days, fee, flat_amount, with_interest."""

    id: int
    row_version: int
    values: Mapping[str, Any]
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class SaveBaseRate:
    """The base rate from a day on; a day that is there already gets the new rate."""

    valid_from: date
    rate: Decimal
    command: UUID = field(default_factory=uuid4)
