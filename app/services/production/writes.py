"""Work orders: every step is one call of an api function."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.models.production import ScrapReason
from app.services import records
from app.services.inventory.writes import STOCK
from app.services.production.commands import (
    CancelWorkOrder,
    CompleteWorkOrder,
    CreateWorkOrders,
    ReserveWorkOrder,
    SaveScrapReason,
    StartWorkOrder,
)
from app.services.records import Saved

ORDER = "production.work_order"
RESERVED = (("inventory.reservation", None), ("inventory.stock_level", None))


class Shortage(NamedTuple):
    """A component that is neither consumed nor reserved."""

    component_id: int
    product_id: int
    product: str
    required: Decimal
    reserved: Decimal
    missing: Decimal


class Order(NamedTuple):
    """An order after a step, with what it still lacks."""

    id: int
    number: str
    row_version: int
    shortages: tuple[Shortage, ...]


class Completed(NamedTuple):
    """The report and the order's state after it; ``lot_id`` holds the good pieces."""

    id: int
    number: str
    row_version: int
    state: str
    completion_id: int
    lot_id: int | None


def _shortages(lines: Iterable[Mapping[str, Any]]) -> tuple[Shortage, ...]:
    return tuple(
        Shortage(
            line["component_id"],
            line["product_id"],
            line["product"],
            Decimal(line["required"]),
            Decimal(line["reserved"]),
            Decimal(line["missing"]),
        )
        for line in lines
    )


def _order(answer: Mapping[str, Any]) -> Order:
    return Order(
        answer["id"], answer["number"], answer["row_version"], _shortages(answer.get("shortages", ()))
    )


@posting
def create_work_orders(session: Session, command: CreateWorkOrders) -> Result[tuple[Order, ...]]:
    """Create a plan with components reserved as far as free.

    Raises `Refused` (work_order_needs_bom, work_order_parent_first, quantity_too_precise, warehouse_not_found, …),
    with ``line`` counting from 1.
    """
    answer = call_api(
        session,
        "work_order_create",
        p_command=command.command,
        p_orders=[asdict(order) for order in command.orders],
    )
    orders = tuple(_order(line) for line in answer["orders"])
    return Result(orders, changed(*((ORDER, order.id) for order in orders), *RESERVED))


@posting
def reserve_work_order(session: Session, command: ReserveWorkOrder) -> Result[Order]:
    """Reserve what has become free.  Raises `Refused` (work_order_closed) and `Conflict`."""
    answer = call_api(
        session,
        "work_order_reserve",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(_order(answer), changed((ORDER, command.id), *RESERVED))


@posting
def start_work_order(session: Session, command: StartWorkOrder) -> Result[Order]:
    """Start an order; with part of its components it starts and tells what is short.

    Raises `Refused` (work_order_nothing_reserved, work_order_not_released) and `Conflict`.
    """
    answer = call_api(
        session,
        "work_order_start",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(_order(answer), changed((ORDER, command.id), *RESERVED))


@posting
def complete_work_order(session: Session, command: CompleteWorkOrder) -> Result[Completed]:
    """Report good and scrapped pieces; components are consumed pro rata.

    Raises `Refused` (components_missing with ``components``, completion_above_order, scrap_needs_reason,
    completion_needs_place, work_order_not_started, …) and `Conflict`.
    """
    answer = call_api(
        session,
        "work_order_complete",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_good_qty=command.good_qty,
        p_scrap_qty=command.scrap_qty,
        p_scrap_reason=command.scrap_reason_id,
        p_lot_code=command.lot_code,
        p_place_id=command.place_id,
        p_remark=command.remark,
    )
    done = Completed(
        answer["id"],
        answer["number"],
        answer["row_version"],
        answer["state"],
        answer["completion_id"],
        answer["lot_id"],
    )
    orders = [(ORDER, command.id)]
    if answer["parent_id"] is not None:
        orders.append((ORDER, answer["parent_id"]))
    return Result(done, changed(*orders, *STOCK, ("inventory.lot", None), ("inventory.reservation", None)))


@posting
def cancel_work_order(session: Session, command: CancelWorkOrder) -> Result[Order]:
    """Cancel an order nothing was reported on; its reservations are released.

    Raises `Refused` (work_order_has_completions, work_order_closed, reason_required) and `Conflict`.
    """
    answer = call_api(
        session,
        "work_order_cancel",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_reason=command.reason,
    )
    return Result(_order(answer), changed((ORDER, command.id), *RESERVED))


def save_scrap_reason(session: Session, command: SaveScrapReason) -> Result[Saved]:
    """Create or change a scrap reason.  Raises `Duplicate` for a code that exists."""
    record = records.save(session, ScrapReason, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed(("production.scrap_reason", record.id)))
