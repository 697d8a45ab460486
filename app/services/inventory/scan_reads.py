"""What lies at a place, for people who stand in front of it with a scanner."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.catalog import Product, Unit
from app.models.inventory import Lot, StockBalance
from app.services.catalog.words import named, unit_name

MOST = 200


class ContentRow(NamedTuple):
    """Goods of one lot at a place."""

    product_id: int
    sku: str
    name: str
    unit: str
    lot: str | None
    expires_on: date | None
    qty: Decimal


def contents(session: Session, place_id: int, language: str) -> list[ContentRow]:
    """What lies at a place, by product and lot; the first `MOST`."""
    statement, name = named(
        select(Product.id)
        .select_from(StockBalance)
        .join(Product, Product.id == StockBalance.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .outerjoin(Lot, Lot.id == StockBalance.lot_id),
        language,
    )
    rows = session.execute(
        statement.with_only_columns(
            Product.id, Product.sku, name, unit_name(language), Lot.code, Lot.expires_on, StockBalance.qty
        )
        .where(StockBalance.place_id == place_id, StockBalance.qty > 0)
        .order_by(Product.sku, Lot.code)
        .limit(MOST)
    )
    return [ContentRow._make(row) for row in rows]
