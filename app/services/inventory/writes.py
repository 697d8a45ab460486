"""Changes to stock: every posting is one call of an api function.  Warehouses and places are master data."""

from dataclasses import asdict
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.models.inventory import Lot, Place, Warehouse
from app.services import records
from app.services.inventory.commands import (
    AdjustStock,
    ReceiveStock,
    SaveLot,
    SavePlace,
    SaveWarehouse,
    TransferStock,
)
from app.services.records import Saved

STOCK = (
    ("inventory.stock_move", None),
    ("inventory.stock_balance", None),
    ("inventory.stock_level", None),
)


class Posted(NamedTuple):
    """Ids of the moves that were posted."""

    moves: tuple[int, ...]


class Difference(NamedTuple):
    """What a count found at a place; ``difference`` is counted less before."""

    product_id: int
    place_id: int
    lot_id: int | None
    before: Decimal
    counted: Decimal
    difference: Decimal


class Adjusted(NamedTuple):
    """The posted moves (none where nothing differed) and every counted line."""

    moves: tuple[int, ...]
    differences: tuple[Difference, ...]


@posting
def receive_stock(session: Session, command: ReceiveStock) -> Result[Posted]:
    """Receive goods into places and lots.  Raises `Refused` (lot_required, place_not_found, move_qty_positive, …)."""
    answer = call_api(
        session,
        "stock_receive",
        p_command=command.command,
        p_lines=[asdict(line) for line in command.lines],
        p_reason=command.reason,
    )
    return Result(Posted(tuple(answer["moves"])), changed(*STOCK, ("inventory.lot", None)))


@posting
def transfer_stock(session: Session, command: TransferStock) -> Result[Posted]:
    """Move goods between places.  Raises `Refused` (stock_not_negative, stock_reserved, place_not_found, …)."""
    answer = call_api(
        session,
        "stock_transfer",
        p_command=command.command,
        p_lines=[asdict(line) for line in command.lines],
        p_reason=command.reason,
    )
    return Result(Posted(tuple(answer["moves"])), changed(*STOCK))


@posting
def adjust_stock(session: Session, command: AdjustStock) -> Result[Adjusted]:
    """Set stock to what was counted.

    Raises `Refused` (reason_required, line_twice, counted_qty_not_negative, …) and `NotAllowed` stock_difference_limit.
    """
    answer = call_api(
        session,
        "stock_adjust",
        p_command=command.command,
        p_lines=[asdict(line) for line in command.lines],
        p_reason=command.reason,
    )
    found = tuple(
        Difference(
            line["product_id"],
            line["place_id"],
            line["lot_id"],
            Decimal(line["before"]),
            Decimal(line["counted"]),
            Decimal(line["difference"]),
        )
        for line in answer["differences"]
    )
    affected = changed(*STOCK, ("inventory.lot", None), ("inventory.reservation", None))
    return Result(Adjusted(tuple(answer["moves"]), found), affected)


@posting
def request_adjustment(session: Session, command: AdjustStock) -> Result[int]:
    """Ask for a count above one's limit; it is posted when somebody approves.  Returns the request."""
    answer = call_api(
        session,
        "stock_adjust_request",
        p_command=command.command,
        p_lines=[asdict(line) for line in command.lines],
        p_reason=command.reason,
    )
    return Result(int(answer["id"]), changed(("system.approval_request", int(answer["id"]))))


def save_warehouse(session: Session, command: SaveWarehouse) -> Result[Saved]:
    """Create or change a warehouse.  Raises `Duplicate` for a code that exists."""
    record = records.save(session, Warehouse, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed(("inventory.warehouse", record.id)))


def save_place(session: Session, command: SavePlace) -> Result[Saved]:
    """Create or change a place.  Raises `Refused` (place_not_empty, place_kind_fixed) and `Duplicate`."""
    record = records.save(session, Place, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed(("inventory.place", record.id)))


def save_lot(session: Session, command: SaveLot) -> Result[Saved]:
    """Change until when a lot may be used."""
    values = {"expires_on": command.expires_on}
    record = records.save(session, Lot, command.id, command.row_version, values)
    return Result(Saved(record.id, record.row_version), changed(("inventory.lot", record.id)))
