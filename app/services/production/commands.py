"""What people want to do with work orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4


@dataclass(frozen=True)
class PlannedOrder:
    """One order of a plan; ``parent_index`` counts from 0 and points to an earlier order that needs its product."""

    product_id: int
    qty: Decimal
    warehouse_id: int
    planned_start: date
    planned_end: date
    parent_index: int | None = None
    sales_order_line_id: int | None = None


@dataclass(frozen=True)
class CreateWorkOrders:
    """Create a whole plan, all orders or none."""

    orders: tuple[PlannedOrder, ...]
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class ReserveWorkOrder:
    """Try again to reserve what an order lacks."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class StartWorkOrder:
    """Start an order."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class CompleteWorkOrder:
    """Report finished and scrapped pieces.  Good ones go into a lot (default: the order's number) at a place."""

    id: int
    row_version: int
    good_qty: Decimal
    scrap_qty: Decimal = Decimal(0)
    scrap_reason_id: int | None = None
    place_id: int | None = None
    lot_code: str | None = None
    remark: str | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class CancelWorkOrder:
    """Cancel an order nothing was reported on; the reason is required."""

    id: int
    row_version: int
    reason: str
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class SaveScrapReason:
    """Create (``id`` None) or change a scrap reason.  Fields: code, name_de, name_en."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]
