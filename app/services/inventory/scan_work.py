"""Receiving, putting away, transferring and counting with the scanner alone: what each scan does, without any window.

``Work`` is what has been scanned so far.  Every step gives a new one, so that each can be taken back, and it can be
written down and read again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid, Refused
from app.services.inventory.commands import (
    AdjustStock,
    CountLine,
    ReceiveLine,
    ReceiveStock,
    TransferLine,
    TransferStock,
)
from app.services.inventory.master import Balance, ProductStock

RECEIVE, PUT_AWAY, TRANSFER, COUNT = "receive", "put_away", "transfer", "count"
# Goods are scanned at the place where they stay.
AT_PLACE = (RECEIVE, COUNT)
MOST_LINES = 200
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as it was scanned."""

    id: int
    code: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What was scanned of a product: which lot (by id when it is known) and until when it is good, how many pieces a
    scan means."""

    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    is_lot_tracked: bool
    lot: str = ""
    lot_id: int | None = None
    qty: Decimal = ONE
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Goods of one lot; ``source`` is where they lie (None: they arrive), ``most`` how many lie there."""

    piece: Piece
    qty: Decimal
    place: Spot | None = None
    source: Spot | None = None
    most: Decimal | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Scans with the same key count up."""
        return self.piece.product_id, self.piece.lot, self.piece.lot_id, self.place, self.source


@dataclass(frozen=True, slots=True)
class Work:
    """``place``: where goods arrive, or where they are taken from.  ``asked`` waits for its lot.  ``digits`` is the
    quantity being entered for the last line."""

    mode: str
    place: Spot | None = None
    lines: tuple[WorkLine, ...] = ()
    asked: Piece | None = None
    digits: str = ""

    @property
    def wants(self) -> str:
        """What to scan next: place, lot, product, or target (a product or the place it goes to)."""
        if self.asked is not None:
            return "lot"
        if self.place is None and self.mode != PUT_AWAY:
            return "place"
        return "target" if self.lines and self.mode not in AT_PLACE else "product"

    @property
    def last(self) -> WorkLine | None:
        """The line that was scanned last."""
        return self.lines[-1] if self.lines else None

    # -- steps --------------------------------------------------------------------------------------------------

    def at(self, place: Spot) -> "Work":
        """A place was scanned that goods arrive at, or are taken from."""
        if self.mode == TRANSFER and self.lines and place != self.place:
            raise Invalid("scan_work_lines_first")
        return replace(self, place=place, asked=None, digits="")

    def arrived(self, piece: Piece) -> "Work":
        """A product that arrives was scanned."""
        if self.place is None:
            raise Invalid("scan_work_place_first")
        if piece.is_lot_tracked and not piece.lot:
            return replace(self, asked=piece, digits="")
        return self._with(WorkLine(piece, piece.qty, self.place))

    def taken(self, piece: Piece, stock: ProductStock) -> "Work":
        """A product that lies somewhere was scanned.  Put away takes all that waits at goods-in, a transfer one."""
        there = self._lying(piece, stock)
        if self.mode == TRANSFER and self.place is None:
            raise Invalid("scan_work_place_first")
        if not there:
            key = "scan_work_not_at_receiving" if self.mode == PUT_AWAY else "scan_work_not_there"
            raise Refused(key, product=piece.sku, place=self.place.code if self.place else "")
        if len({balance.lot_id for balance in there}) > 1:
            return replace(self, asked=piece, digits="")
        found = there[0]
        chosen = replace(piece, lot=found.lot or "", lot_id=found.lot_id)
        source = Spot(found.place_id, found.place)
        if self.mode == PUT_AWAY:
            line = WorkLine(chosen, found.qty, None, source, found.qty)
            known = next((one for one in self.lines if one.key == line.key), None)
            if known is not None:
                return self._last(known)
            return self._with(line)
        return self._with(WorkLine(chosen, piece.qty, None, source, found.qty))

    def _lying(self, piece: Piece, stock: ProductStock) -> list[Balance]:
        def fits(balance: Balance) -> bool:
            if self.mode == PUT_AWAY and self.place is None:
                here = balance.place_kind == "receiving"
            else:
                here = self.place is not None and balance.place_id == self.place.id
            right = piece.lot_id is None or balance.lot_id == piece.lot_id
            return here and right and (not piece.lot or (balance.lot or "") == piece.lot)

        return [balance for balance in stock.balances if balance.qty > 0 and fits(balance)]

    def with_lot(self, lot: str) -> "Work":
        """The lot that was asked for; transfers look up what lies of it by `taken` again."""
        if self.asked is None or not lot.strip():
            raise Invalid("scan_work_product_first")
        piece = replace(self.asked, lot=lot.strip(), lot_id=None)
        calm = replace(self, asked=None)
        return calm.arrived(piece) if self.mode in AT_PLACE else replace(calm, asked=piece)

    def digit(self, sign: str) -> "Work":
        """A digit of the quantity of what was scanned last."""
        self._require_goods()
        digits = (self.digits + sign)[-9:]
        return replace(self.counted(Decimal(digits)), digits=digits)

    def one_more(self) -> "Work":
        """One more of what was scanned last."""
        self._require_goods()
        return self.more(ONE)

    def _require_goods(self) -> None:
        # Scanned quantities hold for goods scanned just now: neither for those before the ones whose lot is asked for,
        # nor for those of the place before.
        if self.asked is not None:
            raise Invalid("arrival_lot_missing", product=self.asked.sku)
        if self.last is None or (self.mode in AT_PLACE and self.last.place != self.place):
            raise Invalid("scan_work_product_first")

    def more(self, change: Decimal) -> "Work":
        """The last line's quantity, changed."""
        if self.last is None:
            raise Invalid("scan_work_product_first")
        return self.counted(max(self.last.qty + change, Decimal(0)))

    def counted(self, qty: Decimal) -> "Work":
        """The last line's quantity; 0 stands until a digit follows or the line is taken out when it is posted."""
        line = self.last
        if line is None:
            raise Invalid("scan_work_product_first")
        if line.most is not None and qty > line.most:
            raise Refused("scan_work_too_many", product=line.piece.sku, most=line.most)
        if qty != round(qty, line.piece.decimals):
            raise Refused("quantity_too_precise", qty=qty)
        return replace(self, lines=(*self.lines[:-1], replace(line, qty=qty)), digits="")

    def _with(self, line: WorkLine) -> "Work":
        known = next((one for one in self.lines if one.key == line.key), None)
        if known is not None:
            return self._last(known).counted(known.qty + line.qty)
        if len(self.lines) >= MOST_LINES:
            raise Refused("too_many_lines", most=MOST_LINES)
        if line.most is not None and line.qty > line.most:
            raise Refused("scan_work_too_many", product=line.piece.sku, most=line.most)
        return replace(self, lines=(*self.lines, line), asked=None, digits="")

    def _last(self, known: WorkLine) -> "Work":
        """Goods scanned again: what follows is about them."""
        rest = tuple(one for one in self.lines if one is not known)
        return replace(self, lines=(*rest, known), asked=None, digits="")

    # -- posting ------------------------------------------------------------------------------------------------

    def receive(self) -> ReceiveStock:
        """The posting of what arrived."""
        lines = [line for line in self.lines if line.qty > 0 and line.place is not None]
        if not lines:
            raise Invalid("scan_work_product_first")
        return ReceiveStock(
            tuple(
                ReceiveLine(
                    line.piece.product_id,
                    line.place.id if line.place else 0,
                    line.qty,
                    line.piece.lot or None,
                    line.piece.expires_on,
                )
                for line in lines
            )
        )

    def count(self, reason: str) -> AdjustStock:
        """The posting of what was counted; what was not scanned stays as it is."""
        if not self.lines:
            raise Invalid("scan_work_product_first")
        return AdjustStock(
            tuple(
                CountLine(
                    line.piece.product_id,
                    line.place.id if line.place else 0,
                    line.qty,
                    lot_code=line.piece.lot or None,
                )
                for line in self.lines
            ),
            reason,
        )

    def move(self, target: Spot) -> TransferStock:
        """The posting that brings all lines to a place."""
        lines = [line for line in self.lines if line.qty > 0 and line.source is not None]
        if not lines:
            raise Invalid("scan_work_product_first")
        if any(line.source is not None and line.source.id == target.id for line in lines):
            raise Refused("move_changes_place")
        return TransferStock(
            tuple(
                TransferLine(
                    line.piece.product_id,
                    line.source.id if line.source else 0,
                    target.id,
                    line.qty,
                    line.piece.lot_id,
                )
                for line in lines
            )
        )

    def done(self) -> "Work":
        """All is posted: goods-in and the shelf one stands at stay."""
        return Work(self.mode, self.place)


def dump(work: Work) -> dict[str, Any]:
    """What is kept of unfinished work."""
    return asdict(work)


def restore(mode: str, kept: Mapping[str, Any]) -> Work:
    """Unfinished work from what was kept; empty work when that is nothing of the kind."""
    try:
        lines = tuple(
            WorkLine(
                Piece(**line["piece"]), line["qty"], _spot(line["place"]), _spot(line["source"]), line["most"]
            )
            for line in kept.get("lines", ())
        )
        asked = kept.get("asked")
        return Work(mode, _spot(kept.get("place")), lines, Piece(**asked) if asked else None)
    except (KeyError, TypeError):
        return Work(mode)


def _spot(kept: Mapping[str, Any] | None) -> Spot | None:
    return None if kept is None else Spot(int(kept["id"]), str(kept["code"]))
