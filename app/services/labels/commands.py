"""What is asked for around labels."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class SaveDesign:
    """Keep a design of the house's own, new without an id; ``definition`` as the program's designs have it."""

    id: int | None
    row_version: int | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SaveRange:
    """Keep a number range, new without an id."""

    id: int | None
    row_version: int | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AssignEan:
    """Give products without an article number one of the active range."""

    product_ids: tuple[int, ...]
    kind: Literal["ean13", "ean8"] = "ean13"
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class GiveSscc:
    """The numbers of a delivery's parcels, new ones for those without."""

    delivery_id: int
    parcels: int
    command: uuid.UUID = field(default_factory=uuid.uuid4)
