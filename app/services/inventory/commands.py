"""What people want to do with stock and its places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4


@dataclass(frozen=True)
class ReceiveLine:
    """Goods that arrive at a place; ``lot_code`` names their lot, which is created when it is new, and good until
    ``expires_on`` unless another day is known already."""

    product_id: int
    place_id: int
    qty: Decimal
    lot_code: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class ReceiveStock:
    """Receive goods, all lines or none."""

    lines: tuple[ReceiveLine, ...]
    reason: str | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class TransferLine:
    """Goods of one lot (None: without lot) that go from one place to another."""

    product_id: int
    from_place_id: int
    to_place_id: int
    qty: Decimal
    lot_id: int | None = None


@dataclass(frozen=True)
class TransferStock:
    """Move goods between places, all lines or none; also between warehouses."""

    lines: tuple[TransferLine, ...]
    reason: str | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class CountLine:
    """What was counted of a product at a place, by lot (``lot_code`` for a lot that is not known yet)."""

    product_id: int
    place_id: int
    counted_qty: Decimal
    lot_id: int | None = None
    lot_code: str | None = None


@dataclass(frozen=True)
class AdjustStock:
    """Set stock to what was counted; the reason is required."""

    lines: tuple[CountLine, ...]
    reason: str
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class SaveWarehouse:
    """Create (``id`` None) or change a warehouse.  Fields: code, name, is_active."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class SavePlace:
    """Create (``id`` None) or change a place.  Fields: warehouse_id (new ones only), code, name, kind, is_active."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class SaveLot:
    """Change until when a lot may be used."""

    id: int
    row_version: int
    expires_on: date | None
