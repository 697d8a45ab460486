"""What a user wants to change in the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4


@dataclass(frozen=True)
class SaveRecord:
    """Create (``id`` None) or change a record.  ``values`` holds changed fields only.

    ``row_version`` is the version the user saw; an older one than the database's raises `Conflict`.
    """

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


class SaveProduct(SaveRecord):
    """Fields: the columns of a product and name_en, description, description_en, standard_cost."""


class SaveFamily(SaveRecord):
    """Fields: code, name, name_en, description, category_id."""


class SaveCategory(SaveRecord):
    """Fields: code, name_de, name_en, parent_id."""


class SaveUnit(SaveRecord):
    """Fields: code, name_de, name_en, decimals."""


class SaveTaxClass(SaveRecord):
    """Fields: code, name_de, name_en, rate, category, exemption_de, exemption_en, exemption_code."""


class SaveVariantCode(SaveRecord):
    """Fields: code, name_de, name_en."""


class SavePriceList(SaveRecord):
    """Fields: code, name_de, name_en, kind, currency, tax_included."""


class SavePrice(SaveRecord):
    """Fields: product_id, price_list_id, min_qty, amount, valid_from, valid_to (first day it no longer holds)."""


@dataclass(frozen=True)
class CreateVariant:
    """A new variant beside an existing product: ``sku`` is new, everything else is taken over unless given."""

    source_id: int
    sku: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ArchiveProduct:
    """Take a product out of the assortment: ``state`` is phase_out, discontinued or active again."""

    id: int
    row_version: int
    state: str = "discontinued"


@dataclass(frozen=True)
class Discard:
    """Remove a price, text or picture.  It stays in the audit trail."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class SetImage:
    """Make a picture (bytes of a PNG, JPEG, GIF, WebP, BMP or TIFF file) the primary one of a product."""

    product_id: int
    content: bytes
