"""How far suppliers may differ from orders."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused


class ToleranceForm(NamedTuple):
    """The tolerances as their form shows them."""

    id: int
    row_version: int
    over_receipt_pct: Decimal
    price_pct: Decimal
    qty_pct: Decimal
    updated_at: datetime
    updated_by: str


_TOLERANCE = text("""
SELECT t.id, t.row_version, t.over_receipt_pct, t.price_pct, t.qty_pct, t.updated_at, t.updated_by
  FROM purchasing.tolerance t WHERE t.id = :id
""")


def get_tolerance(session: Session, tolerance_id: int, _language: str = "de") -> ToleranceForm:
    """The one row.  Raises Refused record_not_found."""
    row = session.execute(_TOLERANCE, {"id": tolerance_id}).one_or_none()
    if row is None:
        raise Refused("record_not_found", table="purchasing.tolerance", id=tolerance_id)
    return ToleranceForm._make(row)
