"""What suppliers ask; the rest of purchasing comes later."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, flag, price, ref, whole
from app.models.base import qty as quantity

SCHEMA = "purchasing"


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
