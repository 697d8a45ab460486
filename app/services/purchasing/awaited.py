"""What is on order, of a product or from a supplier."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 8


class Awaited(NamedTuple):
    """An open line of an order; ``due`` as confirmed, else as wanted."""

    order_id: int
    number: str
    sku: str
    qty_open: Decimal
    unit: str
    due: date | None


_AWAITED = """
SELECT o.id, o.number, l.sku, l.qty - l.qty_received + l.qty_returned,
       CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END,
       coalesce(l.confirmed_date, l.expected_date, o.expected_date) AS due
  FROM purchasing.purchase_order_line l
  JOIN purchasing.purchase_order o ON o.id = l.purchase_order_id
  JOIN catalog.product p ON p.id = l.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
 WHERE {of} = :id AND o.state = 'ordered' AND l.qty > l.qty_received - l.qty_returned
 ORDER BY due NULLS LAST, l.id LIMIT :most
"""
_OF_PRODUCT = text(_AWAITED.format(of="l.product_id"))
_OF_SUPPLIER = text(_AWAITED.format(of="o.supplier_id"))


def of_product(session: Session, product_id: int, language: str = "de") -> list[Awaited]:
    """Open order lines of a product, the soonest first; one round trip."""
    return _found(session, _OF_PRODUCT, product_id, language)


def of_supplier(session: Session, supplier_id: int, language: str = "de") -> list[Awaited]:
    """Open order lines of a supplier, the soonest first; one round trip."""
    return _found(session, _OF_SUPPLIER, supplier_id, language)


def _found(session: Session, statement: Any, key: int, language: str) -> list[Awaited]:
    rows = session.execute(statement, {"id": key, "lang": language, "most": MOST})
    return [Awaited._make(row) for row in rows]
