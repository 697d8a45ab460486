"""Receiving goods of an order with the scanner: what each scan does, without any window.

``Arriving`` is an order with what came of it so far.  Every step gives a new one; it can be written down and read
again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Invalid, Refused
from app.services.purchasing.commands import Arrival, PostReceipt
from app.services.purchasing.orders import Receiving, ToReceive

ONE, NOTHING = Decimal(1), Decimal(0)
MOST_ORDERS = 60
MOST_NOTE = 60


class Awaiting(NamedTuple):
    """An order goods are awaited of."""

    order_id: int
    number: str
    supplier: str


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line something is still to come of, and the place proposed for it."""

    line_id: int
    product_id: int
    sku: str
    supplier_sku: str
    name: str
    unit: str
    open: Decimal
    is_stocked: bool
    is_lot_tracked: bool
    place_id: int | None
    place: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of a line, of one lot, to one place."""

    line_id: int
    qty: Decimal
    place_id: int | None
    place: str
    lot: str
    expires_on: date | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Scans with the same key count up."""
        return self.line_id, self.place_id, self.lot


@dataclass(frozen=True, slots=True)
class Arriving:
    """An order whose goods are coming in.  ``at`` is the place that was scanned, ``asked`` waits for its lot."""

    order_id: int
    row_version: int
    number: str
    supplier: str
    warehouse: str
    lines: tuple[OpenLine, ...]
    places: tuple[int, ...]
    came: tuple[Arrived, ...] = ()
    at: tuple[int, str] | None = None
    asked: Arrived | None = None
    delivery_note: str = ""
    digits: str = ""

    @property
    def last(self) -> Arrived | None:
        """What was scanned last."""
        return self.came[-1] if self.came else None

    @property
    def wants(self) -> str:
        """What to scan next: lot, product, or nothing more (post)."""
        if self.asked is not None:
            return "lot"
        return "post" if self.came and all(self.left(one) <= 0 for one in self.lines) else "product"

    def line(self, line_id: int) -> OpenLine:
        """One of the lines."""
        return next(one for one in self.lines if one.line_id == line_id)

    def left(self, line: OpenLine) -> Decimal:
        """How much of a line has not come yet."""
        return line.open - sum((one.qty for one in self.came if one.line_id == line.line_id), NOTHING)

    # -- steps --------------------------------------------------------------------------------------------------

    def stand(self, place_id: int, code: str) -> "Arriving":
        """A place was scanned: what comes now goes there, and so does what was scanned last."""
        if place_id not in self.places:
            raise Refused("arrival_wrong_place", place=code, warehouse=self.warehouse)
        calm = replace(self, at=(place_id, code), digits="")
        last = self.last
        if self.at is None and last is not None and last.place_id is not None:
            return replace(calm, came=(*self.came[:-1], replace(last, place_id=place_id, place=code)))
        return calm

    def arrived(
        self, product_id: int, sku: str, lot: str, qty: Decimal, expires_on: date | None = None
    ) -> "Arriving":
        """Goods were scanned: they count on the line that awaits them."""
        mine = [one for one in self.lines if one.product_id == product_id]
        if not mine:
            raise Refused("arrival_wrong_product", product=sku, number=self.number)
        line = next((one for one in mine if self.left(one) > 0), mine[-1])
        return self._came(line, lot, qty, expires_on)

    def all_of(self, line_id: int) -> "Arriving":
        """All that is left of a line has come."""
        line = self.line(line_id)
        if self.left(line) <= 0:
            raise Refused("arrival_nothing_left", product=line.sku)
        return self._came(line, "", self.left(line), None)

    def _came(self, line: OpenLine, lot: str, qty: Decimal, expires_on: date | None) -> "Arriving":
        place_id, place = self.at if self.at is not None else (line.place_id, line.place)
        if not line.is_stocked:
            place_id, place = None, ""
        new = Arrived(line.line_id, qty, place_id, place, lot, expires_on)
        if line.is_lot_tracked and not lot:
            return replace(self, asked=new, digits="")
        return self._with(new)

    def with_lot(self, lot: str) -> "Arriving":
        """The lot that was asked for."""
        if self.asked is None or not lot.strip():
            raise Invalid("scan_work_product_first")
        return self._with(replace(self.asked, lot=lot.strip()))

    def noted(self, number: str) -> "Arriving":
        """The number of the supplier's delivery note."""
        if len(number) > MOST_NOTE:
            raise Invalid("too_long", limit=MOST_NOTE)
        return replace(self, delivery_note=number.strip())

    def digit(self, sign: str) -> "Arriving":
        """A digit of the quantity that was scanned last."""
        digits = (self.digits + sign)[-9:]
        return replace(self._counted(Decimal(digits)), digits=digits)

    def more(self, change: Decimal) -> "Arriving":
        """The quantity that was scanned last, changed."""
        return self._counted((self.last.qty if self.last is not None else NOTHING) + change)

    def _counted(self, qty: Decimal) -> "Arriving":
        if self.asked is not None:
            raise Invalid("arrival_lot_missing", product=self.line(self.asked.line_id).sku)
        if self.last is None:
            raise Invalid("scan_work_product_first")
        rest = self.came[:-1]
        changed = (replace(self.last, qty=max(qty, NOTHING)),)
        return replace(self, came=(*rest, *changed), digits="")

    def _with(self, new: Arrived) -> "Arriving":
        known = next((one for one in self.came if one.key == new.key), None)
        if known is not None:
            new = replace(new, qty=known.qty + new.qty, expires_on=new.expires_on or known.expires_on)
        rest = tuple(one for one in self.came if one is not known)
        return replace(self, came=(*rest, new), asked=None, digits="")

    def receive(self, day: date) -> PostReceipt:
        """The posting of what came."""
        if self.asked is not None:
            raise Invalid("arrival_lot_missing", product=self.line(self.asked.line_id).sku)
        came = [one for one in self.came if one.qty > 0]
        if not came:
            raise Invalid("scan_work_product_first")
        lines = tuple(
            Arrival(one.line_id, one.qty, one.place_id, one.lot or None, one.expires_on) for one in came
        )
        return PostReceipt(self.order_id, self.row_version, day, lines, self.delivery_note)


def begin(found: Receiving) -> Arriving:
    """The receiving of an order.  Raises Refused purchase_order_not_open when nothing is to come of it."""
    order = found.order
    if order is None:
        raise Refused("purchase_order_not_open")
    lines = tuple(
        OpenLine(
            line.line_id,
            line.product_id,
            line.sku,
            line.supplier_sku or "",
            line.description,
            line.unit,
            line.qty_open,
            line.is_stocked,
            line.is_lot_tracked,
            line.place_id,
            line.place or "",
        )
        for line in found.lines
        if line.qty_open > 0
    )
    places = tuple(key for key, _code in found.places)
    return Arriving(
        order.purchase_order_id,
        order.row_version,
        order.number,
        order.supplier,
        order.warehouse,
        lines,
        places,
    )


def dump(work: Arriving) -> dict[str, Any]:
    """What is kept of unfinished work."""
    return asdict(work)


def restore(kept: Mapping[str, Any]) -> Arriving | None:
    """Unfinished work from what was kept; None when that is nothing of the kind."""
    try:
        return Arriving(
            **{
                **kept,
                "lines": tuple(OpenLine(**line) for line in kept["lines"]),
                "came": tuple(Arrived(**one) for one in kept["came"]),
                "places": tuple(kept["places"]),
                "at": tuple(kept["at"]) if kept["at"] else None,
                "asked": Arrived(**kept["asked"]) if kept["asked"] else None,
            }
        )
    except (KeyError, TypeError):
        return None


def awaited_orders(session: Session) -> list[ToReceive]:
    """Orders goods are awaited of in one's warehouses, the soonest first; one round trip, no prices."""
    statement = text("SELECT * FROM api.receiving_orders(:most)")
    return [ToReceive._make(row) for row in session.execute(statement, {"most": MOST_ORDERS})]


def awaiting(session: Session, product_id: int) -> list[Awaiting]:
    """Orders that await a product; one round trip."""
    rows = session.execute(text("SELECT * FROM api.receiving_find('', :product)"), {"product": product_id})
    return [Awaiting._make(row) for row in rows]
