"""What the pane beside the stock list shows of one product."""

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.paging import Filter, ListQuery
from app.core.together import ask_together
from app.services.inventory.lists import MoveRow, list_moves
from app.services.inventory.master import ProductStock, stock_of, stock_question
from app.services.inventory.reads import (
    Availability,
    DayStock,
    ReservationRow,
    availability_question,
    history_question,
    reservations_question,
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
    """Everything the pane needs, over all warehouses the reader may see; two round trips.

    Raises `Refused` (record_not_found).
    """
    stock, available, past, kept = ask_together(
        session,
        stock_question(product_id, language),
        availability_question([product_id], None),
        history_question(product_id, since),
        reservations_question(session, product_id),
    )
    query = ListQuery(
        sort="id",
        descending=True,
        filters=(Filter("product_id", "eq", product_id),),
        limit=SHOWN_MOVES,
        language=language,
        count=False,
    )
    moves = list_moves(session, query).rows
    return StockDetail(stock_of(product_id, stock), available[0], past, kept, list(moves))
