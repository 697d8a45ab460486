"""Quote, order, delivery, invoice, payment: each a document of its own, with snapshots of price, tax and discount.

Totals are written by the database from the lines; nobody has a grant on them.  Numbers are given at issue.
``snapshot`` is what a document says about its customer: number, name, language, addresses, contact and terms of
payment as they were when it was issued (None while it is a draft).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from app.models.base import Base, Versioned, flag, money, percent, price, ref, whole
from app.models.base import qty as quantity

SCHEMA = "sales"
_NET = "round(qty * unit_price * (100 - discount_pct) / 100, 2) + charge_amount"


def _of(target: str) -> MappedColumn[Any]:
    """A line's document.  Checked at commit: a posting writes the document last, when it takes its number."""
    return mapped_column(
        BigInteger, ForeignKey(target, ondelete="RESTRICT", deferrable=True, initially="DEFERRED"), index=True
    )


class _Priced:
    """A line with its snapshots.

    ``list_price`` (net, per unit), ``sku`` and ``unit_code`` are written by the database when the document is issued,
    ``tax_rate`` and ``tax_category`` as well: in a draft the rate is what the client proposed, the category is None.
    ``charges`` are allowances and charges on the line as amounts [{kind, reason, code, amount}], after the discount;
    ``charge_amount`` is what they come to, written by the database.
    """

    position: Mapped[int] = whole()
    sku: Mapped[str | None] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(400))
    unit_code: Mapped[str | None] = mapped_column(String(12))
    qty: Mapped[Decimal] = quantity()
    list_price: Mapped[Decimal | None] = price()
    unit_price: Mapped[Decimal] = price()
    discount_pct: Mapped[Decimal] = percent("0")
    tax_rate: Mapped[Decimal] = percent()
    tax_category: Mapped[str | None] = mapped_column(String(2))
    charges: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    charge_amount: Mapped[Decimal] = money("0")
    net_amount: Mapped[Decimal] = mapped_column(Numeric(14, 2), Computed(_NET, persisted=True))


def _priced_checks(prefix: str, owner: str) -> tuple[Any, ...]:
    return (
        UniqueConstraint(
            owner, "position", name=f"{prefix}_position_once", deferrable=True, initially="DEFERRED"
        ),
        CheckConstraint("qty > 0", name=f"{prefix}_qty_positive"),
        CheckConstraint("unit_price >= 0", name=f"{prefix}_price_not_negative"),
        CheckConstraint("discount_pct >= 0 AND discount_pct <= 100", name=f"{prefix}_discount_range"),
        CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name=f"{prefix}_tax_range"),
        CheckConstraint("net_amount >= 0", name=f"{prefix}_net_not_negative"),
    )


class _Charged:
    """Allowances and charges on the whole document, in their order.

    Each is {kind: allowance or charge, reason, code (UNTDID 5189 or 7161), pct or amount (net)}; a percentage is
    taken from the lines of each tax rate, an amount is shared out over the rates as their lines stand to each other.
    """

    charges: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))


class _Currency:
    """The currency of its price list, and how many units of it one of the house's own is (1: it is the house's own)."""

    currency: Mapped[str] = mapped_column(String(3), server_default=text("'EUR'"))
    exchange_rate: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("1"))


class _Totals:
    net_amount: Mapped[Decimal] = money("0")
    tax_amount: Mapped[Decimal] = money("0")
    gross_amount: Mapped[Decimal] = money("0")


class Quote(Versioned, _Charged, _Currency, _Totals, Base):
    """A quotation."""

    __tablename__ = "quote"
    __table_args__ = (
        CheckConstraint("state IN ('draft','issued','accepted','rejected')", name="quote_state_known"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="quote_numbered_when_issued"),
        CheckConstraint("valid_until >= quote_date", name="quote_dates_in_order"),
        Index("ix_quote_date", text("quote_date DESC"), text("id DESC")),
        Index("ix_quote_open", "valid_until", postgresql_where=text("state = 'issued'")),
        {"schema": SCHEMA},
    )
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'draft'"))
    customer_id: Mapped[int] = ref("partners.partner.id")
    contact_id: Mapped[int | None] = ref("partners.contact.id")
    delivery_address_id: Mapped[int | None] = ref("partners.address.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    price_list_id: Mapped[int] = ref("catalog.price_list.id")
    payment_term_id: Mapped[int] = ref("partners.payment_term.id")
    quote_date: Mapped[date]
    valid_until: Mapped[date]
    customer_reference: Mapped[str | None] = mapped_column(String(60))
    remark: Mapped[str | None] = mapped_column(Text)
    issued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reject_reason: Mapped[str | None] = mapped_column(String(200))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class QuoteLine(_Priced, Base):
    """A line of a quote."""

    __tablename__ = "quote_line"
    __table_args__ = (*_priced_checks("quote_line", "quote_id"), {"schema": SCHEMA})
    quote_id: Mapped[int] = ref("sales.quote.id")
    product_id: Mapped[int] = ref("catalog.product.id")


class SalesOrder(Versioned, _Charged, _Currency, _Totals, Base):
    """A sales order.  ``delivery_state`` and ``invoice_state``: none, partial or full."""

    __tablename__ = "sales_order"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft','confirmed','completed','cancelled')", name="sales_order_state_known"
        ),
        CheckConstraint("delivery_state IN ('none','partial','full')", name="delivery_state_known"),
        CheckConstraint("invoice_state IN ('none','partial','full')", name="invoice_state_known"),
        CheckConstraint(
            "state NOT IN ('confirmed','completed') OR number IS NOT NULL", name="sales_order_numbered"
        ),
        Index("ix_sales_order_date", text("order_date DESC"), text("id DESC")),
        Index("ix_sales_order_state", "state", text("id DESC")),
        Index(
            "ix_sales_order_to_ship",
            "requested_date",
            "id",
            postgresql_where=text("state = 'confirmed' AND delivery_state <> 'full'"),
        ),
        {"schema": SCHEMA},
    )
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'draft'"))
    delivery_state: Mapped[str] = mapped_column(String(10), server_default=text("'none'"))
    invoice_state: Mapped[str] = mapped_column(String(10), server_default=text("'none'"))
    quote_id: Mapped[int | None] = ref("sales.quote.id", unique=True)
    customer_id: Mapped[int] = ref("partners.partner.id")
    contact_id: Mapped[int | None] = ref("partners.contact.id")
    delivery_address_id: Mapped[int | None] = ref("partners.address.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    price_list_id: Mapped[int] = ref("catalog.price_list.id")
    payment_term_id: Mapped[int] = ref("partners.payment_term.id")
    order_date: Mapped[date]
    requested_date: Mapped[date | None]
    customer_reference: Mapped[str | None] = mapped_column(String(60))
    remark: Mapped[str | None] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancel_reason: Mapped[str | None] = mapped_column(String(200))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class SalesOrderLine(_Priced, Base):
    """A line of a sales order with what has been shipped and invoiced of it."""

    __tablename__ = "sales_order_line"
    __table_args__ = (
        *_priced_checks("sales_order_line", "sales_order_id"),
        CheckConstraint("qty_shipped >= 0 AND qty_shipped <= qty", name="shipped_within_ordered"),
        CheckConstraint("qty_invoiced >= 0 AND qty_invoiced <= qty_shipped", name="invoiced_within_shipped"),
        {"schema": SCHEMA},
    )
    sales_order_id: Mapped[int] = ref("sales.sales_order.id")
    product_id: Mapped[int] = ref("catalog.product.id")
    qty_shipped: Mapped[Decimal] = quantity("0")
    qty_invoiced: Mapped[Decimal] = quantity("0")


class Delivery(Versioned, Base):
    """A shipment, posted as a whole: it exists only once the goods have left."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("state IN ('shipped')", name="delivery_known_state"),
        CheckConstraint("invoice_state IN ('none','full')", name="delivery_invoice_state_known"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'shipped'"))
    invoice_state: Mapped[str] = mapped_column(String(10), server_default=text("'none'"))
    sales_order_id: Mapped[int] = ref("sales.sales_order.id")
    customer_id: Mapped[int] = ref("partners.partner.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    delivery_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shipped_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("statement_timestamp()")
    )


class DeliveryLine(Base):
    """What was shipped, by place and lot; a service has no place.  The warehouse is the delivery's."""

    __tablename__ = "delivery_line"
    __table_args__ = (
        UniqueConstraint("delivery_id", "position", name="delivery_line_once"),
        CheckConstraint("qty > 0", name="delivery_line_qty_positive"),
        {"schema": SCHEMA},
    )
    delivery_id: Mapped[int] = _of("sales.delivery.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    sales_order_line_id: Mapped[int] = ref("sales.sales_order_line.id")
    position: Mapped[int] = whole()
    product_id: Mapped[int] = ref("catalog.product.id")
    sku: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(400))
    unit_code: Mapped[str] = mapped_column(String(12))
    lot_id: Mapped[int | None] = ref("inventory.lot.id")
    lot_code: Mapped[str | None] = mapped_column(String(40))
    place_id: Mapped[int | None] = ref("inventory.place.id")
    qty: Mapped[Decimal] = quantity()


class Invoice(Versioned, _Currency, _Totals, Base):
    """A posted invoice of any kind; immutable but for what was paid and what a correction took off.

    ``kind``: invoice, partial (something of the order is left to be invoiced), down_payment (before delivery), final
    (the last one of an order with down payments), correction and cancellation (negative amounts).  ``part`` counts
    partial invoices and down payments of an order.  The amounts are those of the whole supply; ``prepaid_amount`` is
    what is deducted for down payments (see `InvoiceDeduction`), so gross less prepaid is what was to be paid.
    An invoice is open, paid or cancelled; a cancellation is settled from the start, against its invoice, a correction
    as far as its invoice was open (``credited_amount`` on both): what is left of it is paid back.
    ``own_…`` are in the house's own currency at the rate of ``exchange_date``, deducted down payments at theirs;
    ``own_settled_amount`` is what payments and cash discounts took off.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('invoice','partial','down_payment','final','correction','cancellation')",
            name="invoice_kind_known",
        ),
        CheckConstraint("state IN ('open','paid','cancelled','settled')", name="invoice_known_state"),
        CheckConstraint("(kind = 'cancellation') = (cancels_id IS NOT NULL)", name="cancellation_refers"),
        CheckConstraint("(kind = 'correction') = (corrects_id IS NOT NULL)", name="correction_refers"),
        CheckConstraint(
            "CASE kind WHEN 'cancellation' THEN state = 'settled' WHEN 'correction' THEN state IN ('open','settled')"
            " ELSE state <> 'settled' END",
            name="invoice_state_of_kind",
        ),
        CheckConstraint(
            "CASE kind WHEN 'down_payment' THEN service_date IS NULL"
            " ELSE service_date IS NOT NULL OR kind IN ('cancellation','correction') END",
            name="supplied_unless_down_payment",
        ),
        CheckConstraint(
            "CASE kind WHEN 'cancellation' THEN paid_amount = 0 AND discount_taken = 0 AND credited_amount = 0"
            " WHEN 'correction' THEN greatest(paid_amount, credited_amount, discount_taken) <= 0"
            " AND paid_amount + credited_amount + discount_taken >= gross_amount"
            " ELSE least(paid_amount, credited_amount, prepaid_amount) >= 0"
            " AND paid_amount + discount_taken + credited_amount <= greatest(gross_amount - prepaid_amount, 0) END",
            name="paid_within_gross",
        ),
        Index("ix_invoice_date", text("invoice_date DESC"), text("id DESC")),
        Index("ix_invoice_open", "due_date", postgresql_where=text("state = 'open'")),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(12), server_default=text("'invoice'"))
    state: Mapped[str] = mapped_column(String(10), server_default=text("'open'"))
    cancels_id: Mapped[int | None] = ref("sales.invoice.id", unique=True)
    corrects_id: Mapped[int | None] = ref("sales.invoice.id")
    part: Mapped[int | None] = whole()
    sales_order_id: Mapped[int] = ref("sales.sales_order.id")
    customer_id: Mapped[int] = ref("partners.partner.id")
    billing_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    customer_vat_id: Mapped[str | None] = mapped_column(String(14))
    tax_treatment: Mapped[str] = mapped_column(String(20))
    invoice_date: Mapped[date]
    service_date: Mapped[date | None]
    due_date: Mapped[date]
    discount_pct: Mapped[Decimal] = percent("0")
    discount_date: Mapped[date | None]
    discount2_pct: Mapped[Decimal] = percent("0")
    discount2_date: Mapped[date | None]
    prepaid_amount: Mapped[Decimal] = money("0")
    credited_amount: Mapped[Decimal] = money("0")
    paid_amount: Mapped[Decimal] = money("0")
    discount_taken: Mapped[Decimal] = money("0")
    exchange_date: Mapped[date | None]
    own_net_amount: Mapped[Decimal] = money("0")
    own_tax_amount: Mapped[Decimal] = money("0")
    own_gross_amount: Mapped[Decimal] = money("0")
    own_prepaid_amount: Mapped[Decimal] = money("0")
    own_credited_amount: Mapped[Decimal] = money("0")
    own_settled_amount: Mapped[Decimal] = money("0")
    reason: Mapped[str | None] = mapped_column(String(200))


_CATEGORIES = "tax_category IN ('S','Z','E','AE','K','G','O')"


class InvoiceLine(Base):
    """A line of an invoice: everything on it is a snapshot.

    The line of a down payment has neither product nor delivery; that of a correction names the line it corrects.
    ``charges`` are the shares of its order line's allowances and charges [{position, kind, reason, code, amount}],
    ``position`` being the place among the order line's (from 1); negative on cancellations and corrections.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position", name="invoice_line_once"),
        CheckConstraint(_CATEGORIES, name="invoice_line_category"),
        {"schema": SCHEMA},
    )
    invoice_id: Mapped[int] = _of("sales.invoice.id")
    sales_order_line_id: Mapped[int | None] = ref("sales.sales_order_line.id")
    delivery_id: Mapped[int | None] = ref("sales.delivery.id")
    corrects_line_id: Mapped[int | None] = ref("sales.invoice_line.id")
    position: Mapped[int] = whole()
    product_id: Mapped[int | None] = ref("catalog.product.id")
    sku: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(400))
    unit_code: Mapped[str] = mapped_column(String(12))
    qty: Mapped[Decimal] = quantity()
    unit_price: Mapped[Decimal] = price()
    discount_pct: Mapped[Decimal] = percent("0")
    tax_rate: Mapped[Decimal] = percent()
    tax_category: Mapped[str] = mapped_column(String(2), server_default=text("'S'"))
    charges: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    net_amount: Mapped[Decimal] = money()


class InvoiceCharge(Base):
    """An allowance or charge on the whole invoice, one row per tax category and rate.

    ``position`` is its place among the order's charges (from 1).  Amounts are positive, on a cancellation and on a
    correction negative; ``base_amount`` is what a percentage was taken from.
    """

    __tablename__ = "invoice_charge"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position", "tax_category", "tax_rate", name="invoice_charge_once"),
        CheckConstraint("kind IN ('allowance','charge')", name="invoice_charge_kind"),
        CheckConstraint(_CATEGORIES, name="invoice_charge_category"),
        {"schema": SCHEMA},
    )
    invoice_id: Mapped[int] = _of("sales.invoice.id")
    position: Mapped[int] = whole()
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(140))
    reason_code: Mapped[str | None] = mapped_column(String(3))
    pct: Mapped[Decimal | None] = percent()
    base_amount: Mapped[Decimal | None] = money()
    amount: Mapped[Decimal] = money()
    tax_category: Mapped[str] = mapped_column(String(2))
    tax_rate: Mapped[Decimal] = percent()


class InvoiceTax(Base):
    """Tax of an invoice per category and rate, rounded once on the sum (as the law's practice and EN 16931 want it).

    Categories as in EN 16931: S, Z, E, AE, K, G, O.  Where none is charged ``exemption_text`` says why, in the
    customer's language, and ``exemption_code`` in the list VATEX.
    """

    __tablename__ = "invoice_tax"
    __table_args__ = (
        UniqueConstraint("invoice_id", "tax_category", "tax_rate", name="invoice_tax_once"),
        CheckConstraint(_CATEGORIES, name="invoice_tax_category"),
        CheckConstraint(
            "tax_category = 'S' OR tax_rate = 0 AND tax_amount = 0", name="invoice_tax_only_standard"
        ),
        {"schema": SCHEMA},
    )
    invoice_id: Mapped[int] = _of("sales.invoice.id")
    tax_category: Mapped[str] = mapped_column(String(2), server_default=text("'S'"))
    tax_rate: Mapped[Decimal] = percent()
    net_amount: Mapped[Decimal] = money()
    tax_amount: Mapped[Decimal] = money()
    exemption_code: Mapped[str | None] = mapped_column(String(30))
    exemption_text: Mapped[str | None] = mapped_column(String(200))
    own_net_amount: Mapped[Decimal] = money("0")
    own_tax_amount: Mapped[Decimal] = money("0")


class InvoiceDeduction(Base):
    """What of a paid down payment an invoice deducts, per tax category and rate; ``own_…`` at its own rate."""

    __tablename__ = "invoice_deduction"
    __table_args__ = (
        UniqueConstraint(
            "invoice_id", "down_payment_id", "tax_category", "tax_rate", name="invoice_deduction_once"
        ),
        {"schema": SCHEMA},
    )
    invoice_id: Mapped[int] = _of("sales.invoice.id")
    down_payment_id: Mapped[int] = ref("sales.invoice.id")
    tax_category: Mapped[str] = mapped_column(String(2))
    tax_rate: Mapped[Decimal] = percent()
    net_amount: Mapped[Decimal] = money()
    tax_amount: Mapped[Decimal] = money()
    own_net_amount: Mapped[Decimal] = money("0")
    own_tax_amount: Mapped[Decimal] = money("0")


class InvoiceDelivery(Base):
    """Which deliveries an invoice covers; a delivery is invoiced once, unless its invoice was cancelled."""

    __tablename__ = "invoice_delivery"
    __table_args__ = (
        UniqueConstraint("invoice_id", "delivery_id", name="invoice_delivery_once"),
        Index("uq_delivery_active_invoice", "delivery_id", unique=True, postgresql_where=text("is_active")),
        {"schema": SCHEMA},
    )
    invoice_id: Mapped[int] = _of("sales.invoice.id")
    delivery_id: Mapped[int] = ref("sales.delivery.id", index=False)
    is_active: Mapped[bool] = flag(True)


class Payment(Base):
    """Money received for an invoice, and the cash discount granted with it.

    Negative: paid back for a correction, and what of a cash discount granted before falls away with it.
    In the house's own currency ``own_amount`` and ``own_discount`` are what it takes off the receivable, ``own_paid``
    is what the bank moved; between them lies the exchange difference.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="payment_not_zero"),
        CheckConstraint("discount_amount * amount >= 0", name="payment_discount_sign"),
        CheckConstraint("own_paid * amount >= 0", name="payment_own_sign"),
        {"schema": SCHEMA},
    )
    invoice_id: Mapped[int] = ref("sales.invoice.id")
    paid_on: Mapped[date]
    amount: Mapped[Decimal] = money()
    discount_amount: Mapped[Decimal] = money("0")
    own_amount: Mapped[Decimal] = money("0")
    own_discount: Mapped[Decimal] = money("0")
    own_paid: Mapped[Decimal] = money("0")
    reference: Mapped[str | None] = mapped_column(String(140))
    posted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("statement_timestamp()")
    )
    posted_by: Mapped[str] = mapped_column(String(63), server_default=text("session_user"))


from app.models.sales.reminders import (  # noqa: E402  (they refer to the tables above)
    BaseRate,
    Reminder,
    ReminderHold,
    ReminderItem,
    ReminderRule,
)

__all__ = [
    "BaseRate",
    "Delivery",
    "DeliveryLine",
    "Invoice",
    "InvoiceCharge",
    "InvoiceDeduction",
    "InvoiceDelivery",
    "InvoiceLine",
    "InvoiceTax",
    "Payment",
    "Quote",
    "QuoteLine",
    "Reminder",
    "ReminderHold",
    "ReminderItem",
    "ReminderRule",
    "SalesOrder",
    "SalesOrderLine",
]
