"""Picking an order with the scanner: from place to place, what each scan does, without any window.

``Picking`` is how far it has come.  Every step gives a new one; it can be written down and read again.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid, Refused
from app.services.sales.commands import Pick, ShipDelivery
from app.services.sales.opening import OpenShipping

REASONS = ("missing", "damaged", "other")
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class PickStep:
    """What to take of a lot from a place for a line; without a place it is a service.  ``short`` says why there is no
    more of it."""

    line_id: int
    product_id: int
    sku: str
    name: str
    unit: str
    place_id: int | None
    place: str
    lot_id: int | None
    lot: str
    wanted: Decimal
    taken: Decimal = Decimal(0)
    short: str = ""
    expires_on: date | None = None

    @property
    def done(self) -> bool:
        """Whether nothing more is to be taken."""
        return bool(self.short) or self.taken >= self.wanted


@dataclass(frozen=True, slots=True)
class Picking:
    """An order on its way through the warehouse; ``at`` is the place where one stands."""

    order_id: int
    row_version: int
    number: str
    customer: str
    steps: tuple[PickStep, ...]
    at: int | None = None
    last: int | None = None
    digits: str = ""

    @property
    def next(self) -> int | None:
        """The step to do: one at the place where one stands before any other; None when all is done."""
        todo = [number for number, step in enumerate(self.steps) if not step.done]
        here = [number for number in todo if self.steps[number].place_id == self.at]
        return next(iter(here or todo), None)

    @property
    def wants(self) -> str:
        """What to scan: place, product, or ship."""
        number = self.next
        if number is None:
            return "ship"
        return "product" if self.steps[number].place_id == self.at else "place"

    @property
    def short_words(self) -> list[PickStep]:
        """The steps of which something is missing."""
        return [step for step in self.steps if step.taken < step.wanted]

    def stand(self, place_id: int, code: str) -> "Picking":
        """A place was scanned."""
        if not any(step.place_id == place_id and not step.done for step in self.steps):
            raise Refused("pick_wrong_place", place=code)
        return replace(self, at=place_id, last=None, digits="")

    def take(self, product_id: int, sku: str, lot: str, qty: Decimal) -> "Picking":
        """A product was scanned at the place where one stands."""
        if self.at is None:
            raise Invalid("scan_work_place_first")
        here = [
            n
            for n, step in enumerate(self.steps)
            if step.place_id == self.at and step.product_id == product_id
        ]
        if not here:
            step = self.steps[self.next] if self.next is not None else None
            if self.wants == "place" and step is not None and step.product_id == product_id:
                raise Invalid("scan_work_place_first")
            raise Refused("pick_wrong_product", product=sku)
        right = [n for n in here if not lot or self.steps[n].lot == lot]
        if not right:
            raise Refused("pick_wrong_lot", product=sku, lot=self.steps[here[0]].lot)
        number = next((n for n in right if not self.steps[n].done), right[-1])
        return self._set(number, self.steps[number].taken + qty)

    def digit(self, sign: str) -> "Picking":
        """A digit of the quantity just taken."""
        if self.last is None:
            raise Invalid("scan_work_product_first")
        digits = (self.digits + sign)[-9:]
        return replace(self._set(self.last, Decimal(digits)), digits=digits)

    def more(self, change: Decimal) -> "Picking":
        """The quantity just taken, changed."""
        if self.last is None:
            raise Invalid("scan_work_product_first")
        return self._set(self.last, max(self.steps[self.last].taken + change, Decimal(0)))

    def leave_short(self, reason: str) -> "Picking":
        """There is no more of the step to do."""
        number = self.next
        if number is None or reason not in REASONS:
            raise Invalid("pick_nothing_short")
        return self._with(number, replace(self.steps[number], short=reason))

    def _set(self, number: int, taken: Decimal) -> "Picking":
        step = self.steps[number]
        if taken > step.wanted:
            raise Refused("pick_too_many", product=step.sku, most=step.wanted)
        return replace(self._with(number, replace(step, taken=taken, short="")), last=number)

    def _with(self, number: int, step: PickStep) -> "Picking":
        steps = (*self.steps[:number], step, *self.steps[number + 1 :])
        return replace(self, steps=steps, digits="")

    def ship(self) -> ShipDelivery:
        """The posting of what was taken."""
        if self.next is not None:
            raise Invalid("pick_not_done")
        picks = tuple(
            Pick(step.line_id, step.taken, step.place_id, step.lot_id)
            for step in self.steps
            if step.taken > 0
        )
        if not picks:
            raise Invalid("delivery_has_no_lines")
        return ShipDelivery(self.order_id, self.row_version, picks)


def begin(opened: OpenShipping) -> Picking:
    """The picking of an order, in walking order.  Raises Refused pick_nothing_there."""
    order, form = opened
    if order is None or not form.picks:
        raise Refused("pick_nothing_there", number=order.number if order is not None else "")
    if order.block_reason:
        raise Refused("customer_delivery_blocked", reason=order.block_reason)
    steps = [
        PickStep(
            pick.line_id,
            pick.product_id,
            pick.sku,
            pick.description,
            pick.unit,
            pick.place_id,
            pick.place,
            pick.lot_id,
            pick.lot or "",
            pick.qty,
            pick.qty if pick.place_id is None else Decimal(0),
            expires_on=pick.expires_on,
        )
        for pick in form.picks
    ]
    steps.sort(key=lambda step: (walking(step.place), step.sku))
    return Picking(order.sales_order_id, order.row_version, order.number, order.customer, tuple(steps))


def walking(code: str) -> tuple[tuple[int, str], ...]:
    """Where a place comes on the way: its code, numbers by their value."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.findall(r"\d+|\D+", code))


def dump(picking: Picking) -> dict[str, Any]:
    """What is kept of an unfinished picking."""
    return asdict(picking)


def restore(kept: Mapping[str, Any]) -> Picking | None:
    """An unfinished picking from what was kept; None when that is nothing of the kind."""
    try:
        steps = tuple(PickStep(**step) for step in kept["steps"])
        return Picking(**{**kept, "steps": steps})
    except (KeyError, TypeError):
        return None
