"""What the old system knows about a customer or a product, for the card on its page."""

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

DOCUMENT = "legacy.document"
SHOWN = 5


class Past(NamedTuple):
    """A document as one line."""

    id: int
    kind: str
    number: str
    date: dt.date | None
    gross_eur: Decimal | None
    qty: Decimal | None


class Summary(NamedTuple):
    """How many documents there are, from when to when, and the newest of them."""

    documents: int
    first: dt.date | None
    last: dt.date | None
    newest: tuple[Past, ...]


_PARTNER = text(
    """
    SELECT count(*) OVER (), min(date) OVER (), max(date) OVER (), id, kind, number, date, gross_eur, NULL::numeric
      FROM legacy.document WHERE partner_id = :id ORDER BY date DESC NULLS LAST, id DESC LIMIT :n
    """
)
_PRODUCT = text(
    """
    SELECT count(*) OVER (), min(date) OVER (), max(date) OVER (), id, kind, number, date, gross_eur, qty
      FROM (SELECT d.id, d.kind, d.number, d.date, d.gross_eur, sum(l.qty) AS qty
              FROM legacy.document_line l JOIN legacy.document d ON d.id = l.document_id
             WHERE l.product_id = :id GROUP BY d.id) x
     ORDER BY date DESC NULLS LAST, id DESC LIMIT :n
    """
)


def of_partner(session: Session, partner_id: int) -> Summary:
    """A customer's documents in the old system."""
    return _summary(session, _PARTNER, partner_id)


def of_product(session: Session, product_id: int) -> Summary:
    """The documents of the old system with a position of the product."""
    return _summary(session, _PRODUCT, product_id)


def _summary(session: Session, statement: Any, record_id: int) -> Summary:
    rows = session.execute(statement, {"id": record_id, "n": SHOWN}).all()
    if not rows:
        return Summary(0, None, None, ())
    return Summary(rows[0][0], rows[0][1], rows[0][2], tuple(Past._make(row[3:]) for row in rows))
