"""Packing a delivery with the scanner: what each scan does, without any window; and reading and posting it.

``Packing`` is the delivery with the parcel that is being filled.  Every step gives a new one, so that each can be
taken back; closing a parcel is one posting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Invalid, Refused

PARCEL, DELIVERY = "labels.parcel", "sales.delivery"
MOST_LISTED = 60
ONE, NOTHING = Decimal(1), Decimal(0)
HEAVIEST_G = Decimal(30_000_000)


class ToPack(NamedTuple):
    """A delivery that is not packed as a whole; ``packed`` of ``to_pack`` pieces are."""

    delivery_id: int
    number: str
    order: str | None
    customer: str
    city: str | None
    shipped_at: datetime
    warehouse: str
    parcels: int
    to_pack: Decimal
    packed: Decimal


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of the delivery that is to be packed; ``weight_g`` is what one weighs, None: not known."""

    line_id: int
    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    lot: str
    qty: Decimal
    weight_g: Decimal | None


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel there is: packed, or opened again.  ``inside`` is how much of which line."""

    id: int
    row_version: int
    number: int
    state: str
    sscc: str
    weight_g: Decimal | None
    packed_by: str
    inside: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class PackedDelivery:
    """A delivery for who packs it.  ``said`` is all the database said: address, house, order."""

    id: int
    number: str
    customer: str
    goods: tuple[Goods, ...]
    parcels: tuple[Parcel, ...]
    said: Mapping[str, Any]

    def left(self, line_id: int, but: int | None = None) -> Decimal:
        """How much of a line is in no parcel, not counting the one with the id ``but``."""
        there = sum((p.inside.get(line_id, NOTHING) for p in self.parcels if p.id != but), NOTHING)
        return next(one.qty for one in self.goods if one.line_id == line_id) - there

    @property
    def complete(self) -> bool:
        """Whether everything is in parcels and all of them are closed."""
        closed = all(parcel.state == "packed" for parcel in self.parcels)
        return closed and all(self.left(one.line_id) == 0 for one in self.goods)


@dataclass(frozen=True, slots=True)
class Packing:
    """The parcel being filled: ``inside`` how much of which line, the last one scanned at the end.  ``parcel`` is the
    one that was opened again, None for a new one.  ``weight_g`` was typed, None: as the articles say."""

    delivery: PackedDelivery
    inside: Mapping[int, Decimal] = field(default_factory=dict)
    parcel: Parcel | None = None
    weight_g: Decimal | None = None
    digits: str = ""

    @property
    def last(self) -> Goods | None:
        """What was scanned last."""
        return self._goods(tuple(self.inside)[-1]) if self.inside else None

    @property
    def number(self) -> int | None:
        """The parcel's number when it has one already."""
        return self.parcel.number if self.parcel is not None else None

    @property
    def suggested_g(self) -> Decimal | None:
        """What is inside weighs so much as the articles say, without the box; None when one of them is not known."""
        weights = [(self._goods(line).weight_g, qty) for line, qty in self.inside.items()]
        if not weights or any(weight is None for weight, _qty in weights):
            return None
        return sum(((weight or NOTHING) * qty for weight, qty in weights), NOTHING)

    @property
    def weight(self) -> Decimal | None:
        """What the parcel is said to weigh, in grams."""
        return self.weight_g if self.weight_g is not None else (self.suggested_g or None)

    def _goods(self, line_id: int) -> Goods:
        return next(one for one in self.delivery.goods if one.line_id == line_id)

    def left(self, line_id: int) -> Decimal:
        """How much of a line is in no parcel, this one included."""
        but = self.parcel.id if self.parcel is not None else None
        return self.delivery.left(line_id, but) - self.inside.get(line_id, NOTHING)

    @property
    def all_in(self) -> bool:
        """Whether nothing is left to be put into this parcel or another one."""
        return all(self.left(one.line_id) == 0 for one in self.delivery.goods)

    # -- steps --------------------------------------------------------------------------------------------------

    def put(self, product_id: int, sku: str, lot: str, qty: Decimal) -> "Packing":
        """Goods were scanned: they go into the parcel."""
        mine = [one for one in self.delivery.goods if one.product_id == product_id]
        if not mine:
            raise Refused("pack_wrong_product", product=sku, number=self.delivery.number)
        right = [one for one in mine if not lot or one.lot == lot]
        if not right:
            raise Refused("pack_wrong_lot", product=sku, lot=lot)
        there = [one for one in right if self.left(one.line_id) > 0]
        if not there:
            raise Refused("pack_nothing_left", product=sku)
        if not lot and len({one.lot for one in there}) > 1:
            raise Refused("pack_lot_first", product=sku)
        line = there[0].line_id
        return self._with(line, self.inside.get(line, NOTHING) + qty)

    def digit(self, sign: str) -> "Packing":
        """A digit of how much of the last goods is inside."""
        digits = (self.digits + sign)[-9:]
        return replace(self._with(self._last_line(), Decimal(digits)), digits=digits)

    def more(self, change: Decimal) -> "Packing":
        """How much of the last goods is inside, changed."""
        line = self._last_line()
        return self._with(line, self.inside[line] + change)

    def everything(self) -> "Packing":
        """All that is left goes into this parcel."""
        rest = {one.line_id: self.left(one.line_id) for one in self.delivery.goods}
        if not any(rest.values()):
            raise Invalid("pack_all_in")
        inside = dict(self.inside)
        for line, qty in rest.items():
            if qty:
                inside[line] = inside.get(line, NOTHING) + qty
        return replace(self, inside=inside, digits="")

    def weigh(self, grams: Decimal | None) -> "Packing":
        """What the scales say; None: as the articles say."""
        if grams is not None and not NOTHING < grams <= HEAVIEST_G:
            raise Invalid("parcel_weight_range")
        return replace(self, weight_g=grams)

    def _last_line(self) -> int:
        if not self.inside:
            raise Invalid("scan_work_product_first")
        return tuple(self.inside)[-1]

    def _with(self, line: int, qty: Decimal) -> "Packing":
        one = self._goods(line)
        most = self.left(line) + self.inside.get(line, NOTHING)
        if qty > most:
            raise Refused("pack_too_many", product=one.sku, most=most)
        if qty != round(qty, one.decimals):
            raise Refused("quantity_too_precise", qty=qty)
        inside = {key: value for key, value in self.inside.items() if key != line}
        if qty > 0:
            inside[line] = qty
        return replace(self, inside=inside, digits="")

    def close(self) -> "CloseParcel":
        """The posting of the parcel."""
        if not self.inside:
            raise Invalid("parcel_empty")
        known = self.parcel
        return CloseParcel(
            self.delivery.id,
            tuple(self.inside.items()),
            self.weight,
            known.id if known is not None else None,
            known.row_version if known is not None else None,
        )


@dataclass(frozen=True)
class CloseParcel:
    """Close a parcel with how much of which line is in it; without an id a new one."""

    delivery_id: int
    inside: tuple[tuple[int, Decimal], ...]
    weight_g: Decimal | None = None
    id: int | None = None
    row_version: int | None = None
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class ReopenParcel:
    """Open a packed parcel again."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class VoidParcel:
    """Unpack an opened parcel for good."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


class Closed(NamedTuple):
    """The closed parcel; ``complete``: with it the whole delivery is packed."""

    id: int
    row_version: int
    number: int
    sscc: str
    parcels: int
    complete: bool


def begin(delivery: PackedDelivery) -> Packing:
    """The packing of a delivery: goes on with the parcel that is open, else begins a new one."""
    opened = next((one for one in delivery.parcels if one.state == "open"), None)
    if opened is None:
        return Packing(delivery)
    return Packing(delivery, dict(opened.inside), opened, opened.weight_g)


def resume(delivery: PackedDelivery, kept: Mapping[str, Any]) -> Packing:
    """What was being filled when the program ended, as far as it still fits the delivery."""
    fresh = begin(delivery)
    opened = fresh.parcel.id if fresh.parcel is not None else None
    if kept.get("delivery") != delivery.id or kept.get("parcel") != opened:
        return fresh
    again = replace(fresh, inside={}, weight_g=kept.get("weight_g"))
    known = {one.line_id for one in delivery.goods}
    for line, qty in kept.get("inside") or ():
        if line in known and 0 < qty <= again.left(line):
            again = replace(again, inside={**again.inside, line: qty})
    return again


def keep(packing: Packing) -> dict[str, Any]:
    """What is kept of a parcel that is being filled."""
    return {
        "delivery": packing.delivery.id,
        "parcel": packing.parcel.id if packing.parcel is not None else None,
        "weight_g": packing.weight_g,
        "inside": [list(pair) for pair in packing.inside.items()],
    }


# -- asking and posting -------------------------------------------------------------------------------------------


def to_pack(session: Session) -> list[ToPack]:
    """Deliveries to pack, those that are begun first, at most `MOST_LISTED`; one round trip."""
    statement = text("SELECT * FROM api.packing_deliveries(:most)")
    return [ToPack._make(row) for row in session.execute(statement, {"most": MOST_LISTED})]


def find_packing(session: Session, code: str) -> int | None:
    """The delivery a number (its own, its order's) or an SSCC means; None when there is none."""
    row = session.execute(text("SELECT delivery_id FROM api.packing_find(:code)"), {"code": code}).first()
    return None if row is None else int(row[0])


def packed_delivery(session: Session, delivery_id: int, language: str) -> PackedDelivery:
    """A delivery with its goods and parcels; one round trip.  Raises Refused record_not_found."""
    said = call_api(session, "packing_delivery", p_delivery_id=delivery_id, p_language=language)
    return PackedDelivery(
        int(said["id"]),
        said["number"],
        said["customer"],
        tuple(
            Goods(
                int(row["id"]),
                int(row["product_id"]),
                row["sku"],
                row["name"],
                row["unit"],
                int(row["decimals"]),
                row["lot"] or "",
                Decimal(row["qty"]),
                None if row["weight_g"] is None else Decimal(row["weight_g"]),
            )
            for row in said["lines"]
        ),
        tuple(_parcels(said["parcels"])),
        said,
    )


def _parcels(rows: Sequence[Mapping[str, Any]]) -> list[Parcel]:
    return [
        Parcel(
            int(row["id"]),
            int(row["row_version"]),
            int(row["number"]),
            row["state"],
            row["sscc"] or "",
            None if row["weight_g"] is None else Decimal(row["weight_g"]),
            row["packed_by"],
            {int(line["line_id"]): Decimal(line["qty"]) for line in row["lines"]},
        )
        for row in rows
    ]


@posting
def close_parcel(session: Session, command: CloseParcel) -> Result[Closed]:
    """Close a parcel.  Raises `Refused` (parcel_exceeds_delivery, parcel_empty, parcel_line_unknown,
    number_range_used_up), `Conflict`."""
    answer = call_api(
        session,
        "parcel_close",
        p_command=command.command,
        p_delivery_id=command.delivery_id,
        p_parcel_id=command.id,
        p_row_version=command.row_version,
        p_weight_g=command.weight_g,
        p_lines=[{"delivery_line_id": line, "qty": qty} for line, qty in command.inside],
    )
    value = Closed(
        int(answer["id"]),
        int(answer["row_version"]),
        int(answer["number"]),
        answer["sscc"] or "",
        int(answer["parcels"]),
        answer["complete"],
    )
    return Result(value, changed((PARCEL, value.id), (DELIVERY, command.delivery_id), ("labels.sscc", None)))


@posting
def reopen_parcel(session: Session, command: ReopenParcel) -> Result[int]:
    """Open a parcel again; its number.  Raises `Refused` (parcel_is_open, parcel_is_void), `Conflict`."""
    return _set(session, "parcel_reopen", command)


@posting
def void_parcel(session: Session, command: VoidParcel) -> Result[int]:
    """Unpack a parcel for good; its number.  Raises `Refused` (parcel_is_packed), `Conflict`."""
    return _set(session, "parcel_void", command)


def _set(session: Session, function: str, command: ReopenParcel | VoidParcel) -> Result[int]:
    answer = call_api(
        session, function, p_command=command.command, p_id=command.id, p_row_version=command.row_version
    )
    return Result(int(answer["number"]), changed((PARCEL, command.id), (DELIVERY, None)))
