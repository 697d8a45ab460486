"""Buying: what suppliers ask, what was ordered and what came.

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
    """How far what comes may differ from the order: so many percent more than ordered may be received; one row."""

    __tablename__ = "tolerance"
    __table_args__ = (
        CheckConstraint("id = 1", name="tolerance_one_row"),
        CheckConstraint("over_receipt_pct BETWEEN 0 AND 100", name="over_receipt_range"),
        {"schema": SCHEMA},
    )
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    over_receipt_pct: Mapped[Decimal] = percent("10")


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
    """A line of an order with what came and went back of it.

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
