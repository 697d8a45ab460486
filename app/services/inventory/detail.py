"""What the pane beside the stock list shows of one product."""

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.paging import Filter, ListQuery
from app.services.inventory.lists import MoveRow, list_moves
from app.services.inventory.master import ProductStock, product_stock
from app.services.inventory.reads import (
    Availability,
    DayStock,
    ReservationRow,
    availability,
    on_hand_history,
    reservations,
)

SHOWN_MOVES = 8


class StockDetail(NamedTuple):
    """A product in stock: where it lies, what is promised, how it went, what moved last."""

    stock: ProductStock
    available: Availability
    history: list[DayStock]
    reservations: list[ReservationRow]
    moves: list[MoveRow]


def stock_detail(session: Session, product_id: int, since: date, language: str = "de") -> StockDetail:
    """Everything the pane needs, over all warehouses the reader may see.  Raises `Refused` (record_not_found)."""
    stock = product_stock(session, product_id, language)
    query = ListQuery(
        sort="id",
        descending=True,
        filters=(Filter("product_id", "eq", product_id),),
        limit=SHOWN_MOVES,
        language=language,
        count=False,
    )
    return StockDetail(
        stock,
        availability(session, [product_id])[0],
        on_hand_history(session, product_id, since),
        reservations(session, product_id),
        list(list_moves(session, query).rows),
    )
