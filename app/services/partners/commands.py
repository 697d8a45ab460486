"""What a user wants to change about customers and suppliers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from app.services.catalog.commands import Discard, SaveRecord

__all__ = ["Child", "Discard", "SavePartner", "SavePaymentTerm", "SetCredit"]


@dataclass(frozen=True)
class Child:
    """An address or contact to create (``id`` None) or change; ``values`` holds changed fields only."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class SavePartner:
    """Create (``id`` None) or change a partner with its addresses and contacts, all or nothing.

    ``values``: columns of a partner, changed ones only; without ``number`` a new partner gets the next free one.
    Credit limit, delivery block, price list, payment term and tax treatment may be among them, for those who have
    the right.  ``removed_addresses`` and
    ``removed_contacts`` are (id, row_version) pairs.
    """

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]
    addresses: tuple[Child, ...] = ()
    contacts: tuple[Child, ...] = ()
    removed_addresses: tuple[tuple[int, int], ...] = ()
    removed_contacts: tuple[tuple[int, int], ...] = ()
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class SetCredit:
    """Credit limit (EUR, None for none) and delivery block of a partner; a block needs a reason."""

    id: int
    row_version: int
    credit_limit: Any
    is_delivery_blocked: bool
    block_reason: str | None
    command: UUID = field(default_factory=uuid4)


class SavePaymentTerm(SaveRecord):
    """Fields: code, name_de, name_en, net_days, discount_days, discount_pct, discount2_days,
    discount2_pct (the second step)."""
