"""Asking the database what a scanned code stands for, teaching it new codes, and the log of scans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.models.catalog import Product
from app.models.inventory import Lot
from app.services.catalog.words import named
from app.services.labels.scans import Reading, read

PRODUCT, LOT, PLACE, BOX = "catalog.product", "inventory.lot", "inventory.place", "inventory.box"
LOGGED_AT_ONCE = 200
LOTS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a code stands for.  ``label`` is its number, ``more`` what else the database said."""

    topic: str
    id: int
    label: str
    name: str
    more: Mapping[str, Any]

    @property
    def product_id(self) -> int | None:
        """The product, of a product and of a lot."""
        return self.more.get("product_id")

    @property
    def place_id(self) -> int | None:
        """The place, of a place and of a box that stands at one."""
        return self.id if self.topic == PLACE else self.more.get("place_id")

    @property
    def place(self) -> str:
        """The place's code, empty when there is none."""
        return self.label if self.topic == PLACE else self.more.get("place") or ""

    @property
    def lot(self) -> str:
        """The lot's code: of a lot, or what a product's label says; it need not be known yet."""
        return self.more.get("lot") or ""

    @property
    def lot_id(self) -> int | None:
        """The lot, when it is known."""
        return self.more.get("lot_id")

    @property
    def expires_on(self) -> date | None:
        """Until when the lot is good, when it is known."""
        value = self.more.get("expires_on")
        return None if value is None else date.fromisoformat(value)

    @property
    def qty(self) -> Decimal | None:
        """How many pieces one scan of a taught code means; None for any other."""
        value = self.more.get("qty")
        return None if value is None else Decimal(value)


class Resolved(NamedTuple):
    """What was scanned, and all it may stand for; ``more`` lots of other products have the same number."""

    reading: Reading
    hits: tuple[Hit, ...]
    more: int = 0


@dataclass(frozen=True)
class TeachCode:
    """Say what a code stands for.  ``gtin``: the code is an article number, in 14 digits."""

    code: str
    topic: str
    record_id: int
    gtin: str | None = None
    supplier_id: int | None = None
    qty: Decimal = Decimal(1)
    note: str | None = None
    command: UUID = field(default_factory=uuid4)


class Taught(NamedTuple):
    """``ean``: the product bears the number now; else it is kept among the taught codes, under ``id``."""

    id: int | None
    ean: bool


class ScanNote(NamedTuple):
    """A scan for the log."""

    workplace: str
    screen: str
    code: str
    outcome: str
    topic: str | None = None
    record_id: int | None = None


@dataclass(frozen=True)
class LogScans:
    """Scans that were not written down yet."""

    notes: tuple[ScanNote, ...]
    command: UUID = field(default_factory=uuid4)


def resolve(session: Session, reading: Reading, language: str) -> Resolved:
    """What a code stands for, as far as this person may see it; one round trip.

    What nobody knows in small letters is looked for in capitals as well: somebody typed it, or Caps Lock is on.
    """
    found = _asked(session, reading, language)
    capitals = reading.raw.upper()
    if found.hits or capitals == reading.raw or reading.kind == "gs1":
        return found
    again = _asked(session, read(capitals), language)
    return again if again.hits else found


def _asked(session: Session, reading: Reading, language: str) -> Resolved:
    answer = call_api(session, "scan_resolve", p_asked=reading.asked(), p_language=language)
    found = [
        Hit(hit["topic"], int(hit["id"]), hit["label"], hit.get("name") or "", hit) for hit in answer["hits"]
    ]
    alike = sum(hit.topic == LOT and hit.lot == reading.code for hit in found)
    return Resolved(reading, tuple(found), max(int(answer.get("lots") or 0) - alike, 0))


def more_lots(session: Session, code: str, below: int, language: str) -> tuple[Hit, ...]:
    """The next `LOTS_AT_ONCE` lots with this number, the newest first, from those before lot ``below``."""
    statement, name = named(
        select(Lot.id).select_from(Lot).join(Product, Product.id == Lot.product_id), language
    )
    rows = session.execute(
        statement.with_only_columns(Lot.id, Product.id, Product.sku, name)
        .where(Lot.code == code, Lot.id < below)
        .order_by(Lot.id.desc())
        .limit(LOTS_AT_ONCE)
    )
    return tuple(
        Hit(LOT, lot, sku, called, {"product_id": product, "lot_id": lot, "lot": code})
        for lot, product, sku, called in rows
    )


@posting
def teach(session: Session, command: TeachCode) -> Result[Taught]:
    """Teach a code.  Raises `Refused` (taught_code_taken, record_not_found, taught_code_qty_positive)."""
    answer = call_api(
        session,
        "code_teach",
        p_command=command.command,
        p_code=command.code,
        p_topic=command.topic,
        p_record_id=command.record_id,
        p_gtin=command.gtin,
        p_supplier_id=command.supplier_id,
        p_qty=command.qty,
        p_note=command.note,
    )
    topics: Sequence[tuple[str, int | None]] = ((command.topic, command.record_id), ("labels.code", None))
    return Result(Taught(answer["id"], answer["ean"]), changed(*topics))


@posting
def log_scans(session: Session, command: LogScans) -> Result[int]:
    """Write scans down, in their order; the time in the log is the server's."""
    answer = call_api(
        session,
        "scan_log",
        p_command=command.command,
        p_notes=[note._asdict() for note in command.notes[:LOGGED_AT_ONCE]],
    )
    return Result(int(answer["count"]), changed(("labels.scan", None)))
