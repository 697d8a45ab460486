"""Picking and shipping an order: every place the goods may come from, what is proposed, what is really taken.

The warehouse sees quantities, places and lots here, never a price.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from app.core import format as fmt
from app.core.drafts import pack
from app.core.i18n import t
from app.services.sales import writes
from app.services.sales.commands import Pick, ShipDelivery
from app.services.sales.opening import OpenShipping, open_shipping
from app.services.sales.papers import picking_list
from app.services.sales.shipping import ShippingLine
from app.services.sales.writes import Shipped
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import (
    FormAction,
    FormRecord,
    FormSpec,
    Notice,
    Section,
    is_dirty,
    pack_form,
)
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec, typed_over
from app.views.core.papering import paper_button
from app.views.sales import pdf
from app.views.sales.line_rules import Status
from app.views.templates.printing import print_button

ZERO = Decimal(0)
PLACES_SHOWN = 6

LINES = LinesSpec(
    columns=(
        LineColumn("order_position", "sales.line.position", "text", 48, stored=False),
        LineColumn("sku", "sales.line.sku", "text", 112, stored=False),
        LineColumn("description", "sales.line.description", "text", 0, stored=False, style="body500"),
        LineColumn("open", "sales.ship.open", "text", 92, stored=False),
        LineColumn("stand", "sales.ship.stand", "status", 178, stored=False),
        LineColumn("place", "sales.ship.place", "text", 128, stored=False, style="body500"),
        LineColumn("lot", "sales.ship.lot", "text", 128, stored=False),
        LineColumn("there", "sales.ship.there", "quantity", 84, stored=False),
        LineColumn(
            "qty",
            "sales.ship.qty",
            "quantity",
            96,
            editable=True,
            minimum=ZERO,
            style="body600",
        ),
        LineColumn("key", "", "text", shown=False),
    ),
    title="sales.ship.lines",
)


def load(session: Any, sales_order_id: int, language: str) -> FormRecord:
    """An order to ship: header, open lines, places with a proposal; no price."""
    found = open_shipping(session, sales_order_id, language)
    order, form = found
    return FormRecord(
        id=sales_order_id,
        row_version=form.lines[0].row_version if form.lines else 0,
        values={
            "customer": order.customer if order else None,
            "city": order.city if order else None,
            "reference": order.customer_reference if order else None,
            "requested_date": order.requested_date if order else None,
            "warehouse": order.warehouse if order else None,
        },
        lines=rows(found),
        raw=found,
    )


def rows(found: OpenShipping) -> list[dict[str, Any]]:
    """One row per place that may serve a line, the proposed ones first in the order they should be taken."""
    proposed = {(pick.line_id, pick.place_id, pick.lot_id): pick.qty for pick in found.form.picks}
    result: list[dict[str, Any]] = []
    for line in found.form.lines:
        if line.qty_open <= 0:
            continue
        places = [row for row in found.form.stock if row.product_id == line.product_id and row.qty > 0]
        kept = [row for row in places if (line.line_id, row.place_id, row.lot_id) in proposed]
        more = [row for row in places if row not in kept]
        chosen = [*kept, *more[: max(PLACES_SHOWN - len(kept), 0)]]
        head = _head(line)
        if not line.is_stocked:
            result.append({**head, "place_id": None, "lot_id": None, "qty": line.qty_open, "place": fmt.NONE})
        elif not chosen:
            result.append(
                {**head, "place_id": None, "lot_id": None, "qty": None, "place": t("sales.ship.nowhere")}
            )
        for number, row in enumerate(chosen if line.is_stocked else ()):
            cells = head if number == 0 else {**head, "sku": "", "description": "", "open": "", "stand": None}
            cells = {**cells, "order_position": head["order_position"] if number == 0 else ""}
            key = (line.line_id, row.place_id, row.lot_id)
            result.append(
                {
                    **cells,
                    "place_id": row.place_id,
                    "lot_id": row.lot_id,
                    "place": row.place,
                    "lot": row.lot or fmt.NONE,
                    "there": row.qty,
                    "qty": proposed.get(key),
                }
            )
    for shown in result:
        shown["id"] = shown["key"] = f"{shown['line_id']}:{shown['place_id']}:{shown['lot_id']}"
    return result


def _head(line: ShippingLine) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "order_position": str(line.position),
        "sku": line.sku,
        "description": line.description,
        "unit": line.unit,
        "open": fmt.quantity(line.qty_open, line.unit),
        "stand": _stand(line),
    }


def _stand(line: ShippingLine) -> Status:
    if not line.is_stocked:
        return "neutral", t("sales.stock.none_needed")
    can = min(line.qty_open, line.qty_reserved + line.qty_free)
    if can >= line.qty_open:
        return "ok", t("sales.ship.complete")
    if can > 0:
        return "warn", t("sales.ship.part", now=fmt.quantity(can), missing=fmt.quantity(line.qty_open - can))
    return "bad", t("sales.stock.missing", qty=fmt.quantity(line.qty_open))


class ShipPage(FormPage):
    """Ships what is picked, and archives the delivery note."""

    topics = frozenset({"inventory.stock_level", "sales.delivery", "sales.sales_order"})
    spec = FormSpec(
        topic="sales.shipping",
        title="sales.type.shipping",
        icon="truck",
        sections=(
            Section(
                (
                    Field("customer", "sales.field.customer", "readonly"),
                    Field("city", "sales.ship.city", "readonly"),
                    Field("reference", "sales.field.reference", "readonly"),
                    Field("requested_date", "sales.field.requested_date", "readonly", shown_as="date"),
                )
            ),
        ),
        load=load,
        lines=LINES,
        update_right="delivery_ship",
    )
    saves = False

    def __init__(self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any]) -> None:
        self._shipped = False
        super().__init__(ctx, record_id, state)
        assert self.lines is not None
        self.lines.set_fixed_rows()

    @property
    def found(self) -> OpenShipping | None:
        """What was read."""
        return cast("OpenShipping | None", self.record.raw)

    def dirty(self) -> bool:
        """Quantities that were not shipped are no loss: closing the page asks nothing."""
        return False

    def state(self) -> dict[str, Any]:
        """Quantities that were typed come back all the same."""
        state = super().state()
        if self.ready and not self.read_only and is_dirty(self.spec, self.record, self.mine()):
            state["draft"] = pack(pack_form(self.record, self.mine()))
        return state

    def _loaded(self, answer: Any) -> None:
        """Read again: quantities that were typed stay where their place is still offered."""
        before = {row["id"]: row.get("qty") for row in self.record.lines}
        rows_now = self.lines.lines() if self.lines is not None and self.ready else []
        typed = {row["id"]: row.get("qty") for row in rows_now if row.get("qty") != before.get(row["id"])}
        typed |= {row["id"]: typed_over(row)["qty"] for row in rows_now if typed_over(row)}
        super()._loaded(answer)
        if typed and not self._shipped and self.lines is not None:
            for number, row in enumerate(self.lines.model.lines):
                if row["id"] in typed:
                    self.lines.model.type_in(number, "qty", typed[row["id"]])
            self._sum_up()
        self._shipped = False

    def title(self) -> str:
        """The word on the tab."""
        order = self.found.order if self.found is not None else None
        return t("sales.ship.tab", number=order.number) if order else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Which order, and from which warehouse."""
        order = self.found.order if self.found is not None else None
        if order is None:
            return t(self.spec.title), None
        return t("sales.ship.heading", number=order.number), ("neutral", order.warehouse)

    def shown(self) -> None:
        """Sum up what is picked; the cursor waits at the first quantity."""
        self._sum_up()
        if self.lines is not None and not self.lines.table.currentIndex().isValid():
            self.lines.table.go(0, "qty", edit=False)
            self.lines.table.setFocus()

    def line_changed(self, number: int, key: str) -> None:
        """A quantity was typed: no more than is there, no more than is open."""
        self._sum_up()

    def _sum_up(self) -> None:
        assert self.lines is not None
        lines = self.lines.model.lines
        form = self.found.form if self.found is not None else None
        still_open = {line.line_id: line for line in form.lines} if form is not None else {}
        taken: dict[int, Decimal] = {}
        for number, row in enumerate(lines):
            qty = row.get("qty") or ZERO
            taken[row["line_id"]] = taken.get(row["line_id"], ZERO) + qty
            there = row.get("there")
            words = ""
            if there is not None and qty > there:
                words = t("sales.ship.more_than_there", there=fmt.quantity(there, row["unit"]))
            elif taken[row["line_id"]] > still_open[row["line_id"]].qty_open:
                left = still_open[row["line_id"]].qty_open
                words = t("sales.ship.more_than_open", open=fmt.quantity(left, row["unit"]))
            self.lines.set_error(number, "qty", words)
        full = sum(
            taken.get(key, ZERO) >= line.qty_open for key, line in still_open.items() if line.qty_open > 0
        )
        count = sum(line.qty_open > 0 for line in still_open.values())
        picks = len(self.picks())
        self.lines.set_summary(t("sales.ship.summary", n=count))
        self.lines.set_sum(t("sales.ship.sum", picks=picks, full=full, count=count))
        self.touched(typed=False)

    def picks(self) -> tuple[Pick, ...]:
        """What is to be shipped."""
        lines = self.lines.lines() if self.lines is not None else []
        return tuple(
            Pick(row["line_id"], row["qty"], row.get("place_id"), row.get("lot_id"))
            for row in lines
            if row.get("qty")
        )

    def notices(self) -> Sequence[Notice]:
        """Blocked customers get nothing; an order without open lines is done."""
        found = self.found
        if found is None:
            return []
        if found.order is None:
            return [
                Notice("done", "info", t("sales.ship.done"), t("sales.ship.done_what"), (), "package-check")
            ]
        if found.order.block_reason is not None:
            return [Notice("blocked", "bad", t("sales.notice.blocked"), found.order.block_reason, (), "ban")]
        return []

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Ship, or begin again with the proposal."""
        return [
            FormAction(
                "nothing",
                "sales.ship.clear",
                "rotate-ccw",
                lambda page: page.clear(),
                right="delivery_ship",
                visible=lambda page: bool(page.found and page.found.order),
            ),
            FormAction(
                "propose",
                "sales.ship.propose",
                "package-check",
                lambda page: page.propose(),
                right="delivery_ship",
                visible=lambda page: bool(page.found and page.found.order),
            ),
            print_button("picking_list", "sales.sales_order", picking_list),
            paper_button("picking_list", picking_list, right="shipping_lines"),
            FormAction(
                "ship",
                "sales.ship.yes",
                "truck",
                lambda page: page.ship(),
                "primary",
                right="delivery_ship",
                visible=lambda page: bool(page.found and page.found.order),
                blocked=lambda page: "" if page.picks() else t("sales.ship.nothing"),
            ),
        ]

    def clear(self) -> None:
        """Take nothing."""
        assert self.lines is not None
        for number in range(len(self.lines.model.lines)):
            self.lines.put(number, qty=None)
        self._sum_up()

    def propose(self) -> None:
        """What the warehouse proposes, anew."""
        self.reload()

    def ship(self) -> None:
        """Post the delivery; the note goes into the archive."""
        assert self.lines is not None
        self.settle()
        if self.record.id is None or not self.picks():
            return
        if not self.validate():
            return

        def shipped(answer: Shipped) -> None:
            self.ctx.navigate.toast(t("sales.ship.shipped", number=answer.number))
            pdf.archive(self.ctx, "delivery", answer.id, answer.number)
            self.ctx.navigate.open_record("sales.delivery", answer.id)

        picks, order = self.picks(), self.record.id
        self._shipped = True
        self.post(
            writes.ship_delivery,
            lambda record: ShipDelivery(order, record.row_version, picks),
            shipped,
            self._refused,
        )

    def _refused(self, _error: BaseException) -> bool:
        """What was typed is still wanted; the error is shown as usual."""
        self._shipped = False
        return False
