"""What engineers want to do with bills of materials."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4


@dataclass(frozen=True)
class BomLineInput:
    """A line as the form has it; ``id`` None for a new one.  ``qty`` is per ``output_qty`` of the bill."""

    product_id: int
    qty: Decimal
    scrap_pct: Decimal = Decimal(0)
    remark: str | None = None
    id: int | None = None


@dataclass(frozen=True)
class SaveBom:
    """Create (``id`` None) or change a draft bill with all its lines, in their order; lines left out are removed."""

    id: int | None
    row_version: int | None
    product_id: int
    valid_from: date
    lines: tuple[BomLineInput, ...]
    valid_to: date | None = None
    output_qty: Decimal = Decimal(1)
    remark: str | None = None


@dataclass(frozen=True)
class NewBomVersion:
    """Copy a bill, whatever its state, as the next draft version of its product."""

    source_id: int
    valid_from: date


@dataclass(frozen=True)
class ApproveBom:
    """Approve a draft: it becomes the effective version from its first day on."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class RetireBom:
    """Take an approved bill out of use."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class DiscardBom:
    """Delete a draft bill with its lines."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)
