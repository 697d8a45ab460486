"""Supplier prices of a product."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.partners import Partner
from app.models.purchasing import SupplierPrice
from app.services.visible import may_read


class SupplierPriceRow(NamedTuple):
    """A supplier's price for a product."""

    id: int
    row_version: int
    supplier_id: int
    supplier_number: str
    supplier: str
    supplier_sku: str | None
    min_qty: Decimal
    amount: Decimal
    currency: str
    lead_days: int | None
    valid_from: date
    is_preferred: bool


def supplier_prices(session: Session, product_id: int) -> list[SupplierPriceRow] | None:
    """Supplier prices of a product, preferred first; None without the right to know them."""
    if not may_read(session, "purchasing.supplier_price"):
        return None
    statement = (
        select(
            SupplierPrice.id,
            SupplierPrice.row_version,
            Partner.id,
            Partner.number,
            Partner.name,
            SupplierPrice.supplier_sku,
            SupplierPrice.min_qty,
            SupplierPrice.amount,
            SupplierPrice.currency,
            SupplierPrice.lead_days,
            SupplierPrice.valid_from,
            SupplierPrice.is_preferred,
        )
        .join(Partner, Partner.id == SupplierPrice.supplier_id)
        .where(SupplierPrice.product_id == product_id)
        .order_by(
            SupplierPrice.is_preferred.desc(),
            Partner.name,
            SupplierPrice.min_qty,
            SupplierPrice.valid_from.desc(),
        )
    )
    return [SupplierPriceRow._make(row) for row in session.execute(statement)]
