"""Buying: what suppliers ask, what was ordered, what came and what it costs.

Amounts are in the document's ``currency``.  Orders and receipts are written by the posting functions alone, drafts
as well: nobody has a grant on any of these tables but supplier prices.
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

from app.models.base import Base, Versioned, flag, money, one_of, percent, price, ref, whole
from app.models.base import qty as quantity

SCHEMA = "purchasing"


def _currency() -> MappedColumn[Any]:
    return mapped_column(String(3), server_default=text("'EUR'"))


def _of(target: str) -> MappedColumn[Any]:
    """A part's document.  Checked at commit: a posting writes the document last, when it takes its number."""
    return mapped_column(
        BigInteger, ForeignKey(target, ondelete="RESTRICT", deferrable=True, initially="DEFERRED"), index=True
    )


class _Totals:
    net_amount: Mapped[Decimal] = money("0")
    tax_amount: Mapped[Decimal] = money("0")
    gross_amount: Mapped[Decimal] = money("0")


class SupplierPrice(Versioned, Base):
    """A supplier's price per unit from ``min_qty`` on, with lead time in days."""

    __tablename__ = "supplier_price"
    __table_args__ = (
        UniqueConstraint("supplier_id", "product_id", "min_qty", "valid_from", name="supplier_price_once"),
        CheckConstraint("amount >= 0", name="supplier_price_not_negative"),
        CheckConstraint("min_qty > 0", name="supplier_price_tier_positive"),
        CheckConstraint("lead_days IS NULL OR lead_days >= 0", name="lead_days_not_negative"),
        {"schema": SCHEMA},
    )
    supplier_id: Mapped[int] = ref("partners.partner.id")
    product_id: Mapped[int] = ref("catalog.product.id")
    supplier_sku: Mapped[str | None] = mapped_column(String(60))
    min_qty: Mapped[Decimal] = quantity("1")
    amount: Mapped[Decimal] = price()
    currency: Mapped[str] = mapped_column(String(3), server_default=text("'EUR'"))
    lead_days: Mapped[int | None] = whole()
    valid_from: Mapped[date]
    is_preferred: Mapped[bool] = flag()


class Tolerance(Versioned, Base):
    """How far suppliers may differ from the order; one row.

    So many percent more than ordered may be received; an invoice may ask for so many percent more than the agreed
    price, and for so many percent more than came.
    """

    __tablename__ = "tolerance"
    __table_args__ = (
        CheckConstraint("id = 1", name="tolerance_one_row"),
        CheckConstraint("over_receipt_pct BETWEEN 0 AND 100", name="over_receipt_range"),
        CheckConstraint("price_pct BETWEEN 0 AND 100", name="tolerance_price_range"),
        CheckConstraint("qty_pct BETWEEN 0 AND 100", name="tolerance_qty_range"),
        {"schema": SCHEMA},
    )
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    over_receipt_pct: Mapped[Decimal] = percent("10")
    price_pct: Mapped[Decimal] = percent("2")
    qty_pct: Mapped[Decimal] = percent("0")


class PurchaseOrder(Versioned, _Totals, Base):
    """An order to a supplier.

    ``state``: draft, ordered, completed (all received), closed (the rest is not awaited any more, see
    ``close_reason``) or cancelled.  ``receipt_state``: none, partial or full.
    ``supplier_reference`` is the number of the supplier's offer or confirmation.
    """

    __tablename__ = "purchase_order"
    __table_args__ = (
        one_of("state", "purchase_order_state_known", "draft", "ordered", "completed", "closed", "cancelled"),
        one_of("receipt_state", "purchase_receipt_state_known", "none", "partial", "full"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="purchase_order_numbered"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="purchase_currency_form"),
        CheckConstraint("expected_date >= order_date", name="purchase_dates_in_order"),
        Index("ix_purchase_order_date", text("order_date DESC"), text("id DESC")),
        Index(
            "ix_purchase_order_to_receive",
            "expected_date",
            "id",
            postgresql_where=text("state = 'ordered' AND receipt_state <> 'full'"),
        ),
        {"schema": SCHEMA},
    )
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'draft'"))
    receipt_state: Mapped[str] = mapped_column(String(10), server_default=text("'none'"))
    supplier_id: Mapped[int] = ref("partners.partner.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    payment_term_id: Mapped[int | None] = ref("partners.payment_term.id")
    currency: Mapped[str] = _currency()
    order_date: Mapped[date]
    expected_date: Mapped[date | None]
    supplier_reference: Mapped[str | None] = mapped_column(String(60))
    remark: Mapped[str | None] = mapped_column(Text)
    ordered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    close_reason: Mapped[str | None] = mapped_column(String(200))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class PurchaseOrderLine(Base):
    """A line of an order with what came, went back and was invoiced of it.

    ``list_price`` is what the supplier's price list said when it was ordered; ``confirmed_date`` and
    ``confirmed_price`` what the supplier confirmed.
    """

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        UniqueConstraint(
            "purchase_order_id",
            "position",
            name="purchase_line_position_once",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("qty > 0", name="purchase_line_qty_positive"),
        CheckConstraint("unit_price >= 0 AND confirmed_price >= 0", name="purchase_line_price_not_negative"),
        CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name="purchase_line_tax_range"),
        CheckConstraint("qty_returned BETWEEN 0 AND qty_received", name="returned_within_received"),
        {"schema": SCHEMA},
    )
    purchase_order_id: Mapped[int] = ref("purchasing.purchase_order.id", index=False)
    position: Mapped[int] = whole()
    product_id: Mapped[int] = ref("catalog.product.id")
    sku: Mapped[str | None] = mapped_column(String(40))
    supplier_sku: Mapped[str | None] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(400))
    unit_code: Mapped[str | None] = mapped_column(String(12))
    qty: Mapped[Decimal] = quantity()
    list_price: Mapped[Decimal | None] = price()
    unit_price: Mapped[Decimal] = price()
    tax_rate: Mapped[Decimal] = percent("0")
    net_amount: Mapped[Decimal] = mapped_column(
        Numeric(14, 2), Computed("round(qty * unit_price, 2)", persisted=True)
    )
    expected_date: Mapped[date | None]
    confirmed_date: Mapped[date | None]
    confirmed_price: Mapped[Decimal | None] = price()
    qty_received: Mapped[Decimal] = quantity("0")
    qty_returned: Mapped[Decimal] = quantity("0")
    qty_invoiced: Mapped[Decimal] = quantity("0")


class GoodsReceipt(Versioned, Base):
    """What came from a supplier, or (``kind`` return) went back to him; posted as a whole and never changed."""

    __tablename__ = "goods_receipt"
    __table_args__ = (
        one_of("kind", "goods_receipt_kind_known", "receipt", "return"),
        CheckConstraint("(kind = 'return') = (returns_id IS NOT NULL)", name="goods_return_refers"),
        CheckConstraint("kind = 'receipt' OR reason <> ''", name="goods_return_reason"),
        Index("ix_goods_receipt_date", text("received_on DESC"), text("id DESC")),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(10), server_default=text("'receipt'"))
    returns_id: Mapped[int | None] = ref("purchasing.goods_receipt.id")
    purchase_order_id: Mapped[int] = ref("purchasing.purchase_order.id")
    supplier_id: Mapped[int] = ref("partners.partner.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    received_on: Mapped[date]
    delivery_note: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(200))
    order_number: Mapped[str] = mapped_column(String(20))
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    posted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("statement_timestamp()")
    )


class GoodsReceiptLine(Base):
    """What came (or went back), by place and lot; a service has no place.  ``qty_ordered`` is the order line's."""

    __tablename__ = "goods_receipt_line"
    __table_args__ = (
        UniqueConstraint("goods_receipt_id", "position", name="goods_receipt_line_once"),
        CheckConstraint("qty > 0", name="goods_receipt_line_qty_positive"),
        {"schema": SCHEMA},
    )
    goods_receipt_id: Mapped[int] = _of("purchasing.goods_receipt.id")
    warehouse_id: Mapped[int] = ref("inventory.warehouse.id")
    purchase_order_line_id: Mapped[int] = ref("purchasing.purchase_order_line.id")
    returns_line_id: Mapped[int | None] = ref("purchasing.goods_receipt_line.id")
    position: Mapped[int] = whole()
    product_id: Mapped[int] = ref("catalog.product.id")
    sku: Mapped[str] = mapped_column(String(40))
    supplier_sku: Mapped[str | None] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(400))
    unit_code: Mapped[str] = mapped_column(String(12))
    qty_ordered: Mapped[Decimal] = quantity()
    lot_id: Mapped[int | None] = ref("inventory.lot.id")
    lot_code: Mapped[str | None] = mapped_column(String(40))
    place_id: Mapped[int | None] = ref("inventory.place.id")
    qty: Mapped[Decimal] = quantity()


class Received(Versioned, Base):
    """A file that came in and may be a supplier's invoice, kept byte for byte.

    ``kind``: zugferd (a PDF with an invoice inside), xml, pdf (without data) or other.  ``facts`` is what the program
    read out of it, ``findings`` what is wrong with it, ``supplier_id`` who it seems to be from.  ``state``: new,
    matched (there is a purchase invoice of it) or refused.
    """

    __tablename__ = "received"
    __table_args__ = (
        one_of("source", "received_source_known", "file", "drop", "mail"),
        one_of("kind", "received_kind_known", "zugferd", "xml", "pdf", "other"),
        one_of("state", "received_state_known", "new", "matched", "refused"),
        CheckConstraint(
            "(state = 'refused') = (refuse_reason IS NOT NULL)", name="received_refused_says_why"
        ),
        Index("ix_received_waiting", text("received_at DESC"), postgresql_where=text("state = 'new'")),
        {"schema": SCHEMA},
    )
    content_id: Mapped[int] = ref("documents.content.id")
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[str] = mapped_column(String(4))
    sender: Mapped[str | None] = mapped_column(String(254))
    file_name: Mapped[str] = mapped_column(String(180))
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), server_default=text("'new'"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    findings: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    supplier_id: Mapped[int | None] = ref("partners.partner.id")
    refuse_reason: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("statement_timestamp()")
    )


_CATEGORIES = "tax_category IN ('S','Z','E','AE','K','G','O')"


class PurchaseInvoice(Versioned, _Totals, Base):
    """A supplier's invoice or credit note; what a credit note and a cancellation say is negative.

    ``exchange_rate`` is how many units of ``currency`` one of the house's own is, ``own_…`` what the amounts come to in
    it.  In a foreign currency without ``exchange_date`` the rate is not known yet; what was posted that way before the
    house knew rates was booked by the tax adviser.

    ``invoice_number`` is the supplier's, ``number`` our own, given when it is entered.  ``state``: draft, entered
    (matched, waits for somebody else's approval), approved (posted on ``posting_date``, to be paid), paid, cancelled;
    the counter-document of a posted one is a cancellation and settled.  ``stated_gross`` is the sum on the paper.
    ``findings`` is what did not agree when it was entered, each with the reason why it was accepted.
    """

    __tablename__ = "purchase_invoice"
    __table_args__ = (
        one_of("kind", "purchase_invoice_kind_known", "invoice", "credit", "cancellation"),
        one_of(
            "state",
            "purchase_invoice_state_known",
            "draft",
            "entered",
            "approved",
            "paid",
            "cancelled",
            "settled",
        ),
        CheckConstraint(
            "(kind = 'cancellation') = (state = 'settled')", name="purchase_cancellation_settled"
        ),
        CheckConstraint(
            "(kind = 'cancellation') = (cancels_id IS NOT NULL)", name="purchase_cancellation_refers"
        ),
        CheckConstraint(
            "state NOT IN ('entered','approved','paid','settled') OR number IS NOT NULL",
            name="purchase_invoice_numbered",
        ),
        CheckConstraint(
            "state NOT IN ('approved','paid','settled') OR posting_date IS NOT NULL",
            name="purchase_invoice_posted",
        ),
        CheckConstraint("state <> 'cancelled' OR cancel_reason <> ''", name="purchase_invoice_cancel_reason"),
        CheckConstraint("approved_by <> entered_by", name="purchase_invoice_four_eyes"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="purchase_invoice_currency"),
        CheckConstraint("exchange_rate > 0 AND exchange_rate < 1000000", name="exchange_rate_range"),
        CheckConstraint("due_date >= invoice_date", name="purchase_invoice_due"),
        CheckConstraint("discount_pct >= 0 AND discount_pct < 100", name="purchase_invoice_discount"),
        CheckConstraint(
            "CASE WHEN gross_amount < 0 THEN paid_amount <= 0 AND discount_taken = 0 AND paid_amount >= gross_amount"
            " ELSE least(paid_amount, discount_taken) >= 0 AND paid_amount + discount_taken <= gross_amount END",
            name="purchase_paid_within_gross",
        ),
        Index(
            "uq_purchase_invoice_number",
            "supplier_id",
            text("lower(invoice_number)"),
            unique=True,
            postgresql_where=text("state <> 'cancelled' AND state <> 'settled'"),
        ),
        Index(
            "uq_purchase_invoice_received",
            "received_id",
            unique=True,
            postgresql_where=text("state <> 'cancelled' AND state <> 'settled'"),
        ),
        Index("ix_purchase_invoice_date", text("invoice_date DESC"), text("id DESC")),
        Index("ix_purchase_invoice_open", "due_date", postgresql_where=text("state = 'approved'")),
        {"schema": SCHEMA},
    )
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(12), server_default=text("'invoice'"))
    state: Mapped[str] = mapped_column(String(10), server_default=text("'draft'"))
    cancels_id: Mapped[int | None] = ref("purchasing.purchase_invoice.id", unique=True)
    corrects_id: Mapped[int | None] = ref("purchasing.purchase_invoice.id")
    supplier_id: Mapped[int] = ref("partners.partner.id", index=False)
    received_id: Mapped[int | None] = ref("purchasing.received.id", index=False)
    invoice_number: Mapped[str] = mapped_column(String(60))
    order_reference: Mapped[str | None] = mapped_column(String(60))
    currency: Mapped[str] = _currency()
    exchange_rate: Mapped[Decimal] = mapped_column(Numeric(14, 6), server_default=text("1"))
    exchange_date: Mapped[date | None]
    own_net_amount: Mapped[Decimal] = money("0")
    own_tax_amount: Mapped[Decimal] = money("0")
    own_gross_amount: Mapped[Decimal] = money("0")
    invoice_date: Mapped[date]
    supply_date: Mapped[date | None]
    due_date: Mapped[date]
    posting_date: Mapped[date | None]
    discount_pct: Mapped[Decimal] = percent("0")
    discount_date: Mapped[date | None]
    stated_gross: Mapped[Decimal | None] = money()
    paid_amount: Mapped[Decimal] = money("0")
    discount_taken: Mapped[Decimal] = money("0")
    accept_reason: Mapped[str | None] = mapped_column(String(200))
    remark: Mapped[str | None] = mapped_column(Text)
    findings: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    entered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    entered_by: Mapped[str | None] = mapped_column(String(63))
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[str | None] = mapped_column(String(63))
    cancel_reason: Mapped[str | None] = mapped_column(String(200))


class PurchaseInvoiceLine(Base):
    """A line of a supplier's invoice as it stands on the paper; ``net_amount`` is what counts.

    ``purchase_order_line_id`` is the order line it is for; costs without an order have none.  ``accept_reason`` says
    why a difference from the order is accepted.
    """

    __tablename__ = "purchase_invoice_line"
    __table_args__ = (
        UniqueConstraint(
            "purchase_invoice_id",
            "position",
            name="purchase_invoice_line_once",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint(_CATEGORIES, name="purchase_invoice_line_category"),
        CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name="purchase_invoice_line_rate"),
        {"schema": SCHEMA},
    )
    purchase_invoice_id: Mapped[int] = _of("purchasing.purchase_invoice.id")
    position: Mapped[int] = whole()
    purchase_order_line_id: Mapped[int | None] = ref("purchasing.purchase_order_line.id")
    product_id: Mapped[int | None] = ref("catalog.product.id")
    description: Mapped[str] = mapped_column(String(400))
    supplier_sku: Mapped[str | None] = mapped_column(String(60))
    unit_code: Mapped[str | None] = mapped_column(String(12))
    qty: Mapped[Decimal] = quantity()
    unit_price: Mapped[Decimal] = price()
    net_amount: Mapped[Decimal] = money()
    tax_category: Mapped[str] = mapped_column(String(2), server_default=text("'S'"))
    tax_rate: Mapped[Decimal] = percent()
    accept_reason: Mapped[str | None] = mapped_column(String(200))


class PurchaseInvoiceTax(Base):
    """Tax of a supplier's invoice per category and rate; where the house owes it itself (AE, K) it is 0 here."""

    __tablename__ = "purchase_invoice_tax"
    __table_args__ = (
        UniqueConstraint("purchase_invoice_id", "tax_category", "tax_rate", name="purchase_invoice_tax_once"),
        CheckConstraint(_CATEGORIES, name="purchase_invoice_tax_category"),
        CheckConstraint(
            "tax_category = 'S' OR tax_rate = 0 AND tax_amount = 0", name="purchase_invoice_tax_only_standard"
        ),
        {"schema": SCHEMA},
    )
    purchase_invoice_id: Mapped[int] = _of("purchasing.purchase_invoice.id")
    tax_category: Mapped[str] = mapped_column(String(2))
    tax_rate: Mapped[Decimal] = percent()
    net_amount: Mapped[Decimal] = money()
    tax_amount: Mapped[Decimal] = money()
    own_net_amount: Mapped[Decimal] = money("0")
    own_tax_amount: Mapped[Decimal] = money("0")


class PurchasePayment(Base):
    """Money paid for a supplier's invoice, and the cash discount taken with it; negative: got for a credit note.

    In the house's own currency: ``own_amount`` and ``own_discount`` are what it takes off the payable, ``own_paid`` is
    what the bank moved; between them lies the exchange gain or loss.
    """

    __tablename__ = "purchase_payment"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="purchase_payment_not_zero"),
        CheckConstraint("discount_amount >= 0", name="purchase_payment_discount"),
        CheckConstraint("own_paid * amount >= 0", name="purchase_payment_own_sign"),
        {"schema": SCHEMA},
    )
    purchase_invoice_id: Mapped[int] = ref("purchasing.purchase_invoice.id")
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
