"""Suppliers' invoices in a foreign currency: which rate counts."""

from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

# As sales.rate_on and purchasing.rated have it, which decide when the invoice is saved.
_RATE = text("""
SELECT coalesce(
         (SELECT i.exchange_rate FROM purchasing.purchase_invoice i
           WHERE i.id = CAST(:corrects AS bigint) AND i.currency = :currency AND i.exchange_date IS NOT NULL),
         (SELECT r.rate FROM system.exchange_rate r
           WHERE r.currency = :currency AND r.valid_on BETWEEN CAST(:day AS date) - 31 AND CAST(:day AS date)
           ORDER BY r.valid_on DESC LIMIT 1))
 WHERE :currency <> coalesce((SELECT c.currency FROM system.company c), 'EUR')
""")
_CURRENCIES = text("""
SELECT DISTINCT s.currency FROM purchasing.supplier_price s WHERE s.supplier_id = :supplier LIMIT 2
""")


def rate_for(session: Session, currency: str, day: date, corrects_id: int | None = None) -> Decimal | None:
    """The rate an invoice of a day starts with: that of the invoice it takes back, else the last one known, at most a
    month old.  None without one, and in the house's own currency."""
    given = {"currency": currency, "day": day, "corrects": corrects_id}
    found = session.execute(_RATE, given).scalar_one_or_none()
    return None if found is None else Decimal(found)


def currency_of(session: Session, supplier_id: int) -> str | None:
    """The one currency a supplier's prices are in; None when he has none, or several."""
    found = session.scalars(_CURRENCIES, {"supplier": supplier_id}).all()
    return found[0] if len(found) == 1 else None
