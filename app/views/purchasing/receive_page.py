"""What happens to an ordered line, each on a page with one row per line: what the supplier confirmed, what came, what
goes back.  Receiving and returning know no price."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from app.core import format as fmt
from app.core.clock import today
from app.core.i18n import language as spoken
from app.core.i18n import t
from app.services.labels.scanning import LOT, PLACE, PRODUCT, Resolved
from app.services.purchasing import writes
from app.services.purchasing.commands import (
    Arrival,
    Confirmation,
    ConfirmOrder,
    PostReceipt,
    PostReturn,
    ReturnedLine,
)
from app.services.purchasing.orders import Order, Receipt, Receiving, get_order, get_receipt, receiving
from app.services.purchasing.papers import goods_receipt, return_slip
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormRecord, FormSpec, Notice, Section
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec
from app.views.documents import issuing
from app.views.purchasing.states import CONFIRMING, ORDER, RECEIPT, RECEIVING, RETURNING

ZERO = Decimal(0)
_HEAD = (
    LineColumn("order_position", "sales.line.position", "text", 48, stored=False),
    LineColumn("sku", "sales.line.sku", "text", 110, stored=False),
    LineColumn("description", "sales.line.description", "text", 0, stored=False, style="body500"),
)
_KEY = LineColumn("key", "", "text", shown=False)


class _RowsPage(FormPage):
    """A page with one row per line of a document that is there; closing it asks nothing."""

    saves = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        assert self.lines is not None
        self.lines.set_fixed_rows()

    def dirty(self) -> bool:
        """What was not posted is no loss."""
        return False

    def typed_rows(self) -> list[dict[str, Any]]:
        """The rows as they stand."""
        return self.lines.lines() if self.lines is not None and self.ready else []

    def ready_to_post(self) -> bool:
        """What is typed is complete and right."""
        self.settle()
        return self.record.id is not None and self.validate()


class ReceivePage(_RowsPage):
    """Receives goods of an order: quantity, place and lot of each line."""

    topics = frozenset({ORDER, RECEIPT})
    spec = FormSpec(
        topic=RECEIVING,
        title="purchasing.type.receiving",
        icon="package-check",
        sections=(
            Section(
                (
                    Field("supplier", "catalog.line.supplier", "readonly"),
                    Field("warehouse", "purchasing.field.warehouse", "readonly"),
                    Field("received_on", "purchasing.field.received_on", "date", required=True),
                    Field("delivery_note", "purchasing.field.delivery_note", max_length=60),
                )
            ),
        ),
        load=lambda session, record_id, language: _to_receive(session, record_id, language),
        lines=LinesSpec(
            columns=(
                *_HEAD,
                LineColumn("supplier_sku", "purchasing.line.supplier_sku", "text", 120, stored=False),
                LineColumn("open", "purchasing.line.open", "text", 100, stored=False),
                LineColumn("qty", "purchasing.line.qty", "quantity", 90, editable=True, minimum=ZERO),
                LineColumn("place_id", "purchasing.line.place", "choice", 130, editable=True),
                LineColumn("lot", "purchasing.line.lot", "text", 120, editable=True, max_length=40),
                LineColumn("expires_on", "purchasing.line.expires", "date", 108, editable=True),
                _KEY,
            ),
            title="purchasing.receive.lines",
        ),
        update_right="goods_receipt_post",
        constraints=(("receipt_date_out_of_range", "received_on"),),
    )

    @property
    def found(self) -> Receiving | None:
        """What was read."""
        return cast("Receiving | None", self.record.raw)

    def title(self) -> str:
        """The word on the tab."""
        order = self.found.order if self.found is not None else None
        return t("purchasing.receive.tab", number=order.number) if order else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Which order, and to which warehouse."""
        order = self.found.order if self.found is not None else None
        if order is None:
            return t(self.spec.title), None
        return t("purchasing.receive.heading", number=order.number), ("neutral", order.warehouse)

    def shown(self) -> None:
        """Places to choose from; the cursor waits at the first quantity."""
        if self.found is None or self.lines is None:
            return
        self.lines.set_choices("place_id", self.found.places)
        self.lines.set_summary(t("sales.lines.count", n=len(self.lines.model.lines)))
        self.line_changed(0, "qty")
        if not self.lines.table.currentIndex().isValid():
            self.lines.table.go(0, "qty", edit=False)
            self.lines.table.setFocus()

    def line_changed(self, number: int, key: str) -> None:
        """Goods of lots need their lot, goods in stock their place."""
        if self.lines is None or self.found is None:
            return
        by_id = {str(line.line_id): line for line in self.found.lines}
        for index, row in enumerate(self.lines.model.lines):
            line, taken = by_id[row["key"]], bool(row.get("qty"))
            no_lot = taken and line.is_lot_tracked and not row.get("lot")
            no_place = taken and line.is_stocked and row.get("place_id") is None
            self.lines.set_error(index, "lot", t("purchasing.receive.lot_missing") if no_lot else "")
            self.lines.set_error(index, "place_id", t("purchasing.receive.place_missing") if no_place else "")
        self.touched(typed=False)

    def on_scan(self, resolved: Resolved) -> str:
        """An article (with its lot) leads to its line, a place is where that line's goods go."""
        if self.lines is None or self.found is None:
            return ""
        product = next((hit for hit in resolved.hits if hit.topic in (PRODUCT, LOT)), None)
        place = next((hit for hit in resolved.hits if hit.topic == PLACE), None)
        rows = self.lines.model.lines
        if product is not None:
            wanted = {str(x.line_id) for x in self.found.lines if x.product_id == product.product_id}
            number = next((n for n, row in enumerate(rows) if row["key"] in wanted), None)
            if number is None:
                return "warn"
            if product.lot:
                self.lines.put(number, lot=product.lot)
            self.lines.table.go(number, "qty", edit=False)
        elif place is not None and place.place_id in {key for key, _ in self.found.places}:
            here = self.lines.table.currentIndex()
            number = here.row() if here.isValid() else 0
            if number >= len(rows):
                return "warn"
            self.lines.put(number, place_id=place.place_id)
        else:
            return "warn" if place is not None else ""
        self.line_changed(number, "qty")
        return "ok"

    def arrivals(self) -> tuple[Arrival, ...]:
        """What is to be received."""
        return tuple(
            Arrival(
                int(row["key"]),
                row["qty"],
                row.get("place_id"),
                row.get("lot") or None,
                row.get("expires_on"),
            )
            for row in self.typed_rows()
            if row.get("qty")
        )

    def notices(self) -> Sequence[Notice]:
        """An order nothing more is to come of."""
        if self.found is None or self.found.order is not None:
            return []
        return [Notice("done", "info", t("purchasing.receive.done"), t("purchasing.receive.done_what"))]

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Receive, or take nothing to begin with."""

        def there(page: "ReceivePage") -> bool:
            return page.found is not None and page.found.order is not None

        return [
            FormAction(
                "nothing",
                "purchasing.receive.clear",
                "rotate-ccw",
                lambda page: page.clear(),
                right="goods_receipt_post",
                visible=there,
            ),
            FormAction(
                "receive",
                "purchasing.receive.yes",
                "package-check",
                lambda page: page.receive(),
                "primary",
                right="goods_receipt_post",
                visible=there,
                blocked=lambda page: "" if page.arrivals() else t("purchasing.receive.nothing"),
            ),
        ]

    def clear(self) -> None:
        """Take nothing."""
        assert self.lines is not None
        for number in range(len(self.lines.model.lines)):
            self.lines.put(number, qty=None)
        self.line_changed(0, "qty")

    def receive(self) -> None:
        """Post the receipt; its paper goes into the archive."""
        if not self.ready_to_post() or not self.arrivals():
            return
        order, lines = cast("int", self.record.id), self.arrivals()
        day, note = self.value("received_on") or today(), str(self.value("delivery_note") or "")

        def received(answer: writes.Received) -> None:
            self.ctx.navigate.toast(t("purchasing.receive.posted", number=answer.number))
            issuing.archive(self.ctx, "goods_receipt", goods_receipt, answer.id, spoken(), answer.number)
            self.ctx.navigate.open_record(RECEIPT, answer.id)

        self.post(
            writes.post_receipt,
            lambda record: PostReceipt(order, record.row_version, day, lines, note),
            received,
        )


class ReturnPage(_RowsPage):
    """Sends goods of a receipt back to the supplier."""

    topics = frozenset({RECEIPT})
    spec = FormSpec(
        topic=RETURNING,
        title="purchasing.type.returning",
        icon="rotate-ccw",
        sections=(
            Section(
                (
                    Field("supplier", "catalog.line.supplier", "readonly"),
                    Field("reason", "kit.reason", required=True, max_length=200, span=2),
                )
            ),
        ),
        load=lambda session, record_id, language: _to_return(session, record_id, language),
        lines=LinesSpec(
            columns=(
                *_HEAD,
                LineColumn("left", "purchasing.line.left", "text", 110, stored=False),
                LineColumn("place", "purchasing.line.place", "text", 110, stored=False),
                LineColumn("lot", "purchasing.line.lot", "text", 120, stored=False),
                LineColumn("qty", "purchasing.line.back", "quantity", 90, editable=True, minimum=ZERO),
                _KEY,
            ),
            title="purchasing.return.lines",
        ),
        update_right="goods_return_post",
    )

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Of which receipt."""
        found = cast("Receipt | None", self.record.raw)
        return (t("purchasing.return.heading", number=found.number) if found else t(self.spec.title)), None

    def title(self) -> str:
        """The word on the tab."""
        return self.heading()[0]

    def returned(self) -> tuple[ReturnedLine, ...]:
        """What is to go back."""
        return tuple(ReturnedLine(int(x["key"]), x["qty"]) for x in self.typed_rows() if x.get("qty"))

    def line_changed(self, number: int, key: str) -> None:
        """Whether there is something to send."""
        self.touched(typed=False)

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Send it back."""
        return [
            FormAction(
                "return",
                "purchasing.return.yes",
                "rotate-ccw",
                lambda page: page.send_back(),
                "primary",
                right="goods_return_post",
                blocked=lambda page: "" if page.returned() else t("purchasing.return.nothing"),
            )
        ]

    def send_back(self) -> None:
        """Post the return."""
        if not self.ready_to_post() or not self.returned():
            return
        receipt, lines, reason = (
            cast("int", self.record.id),
            self.returned(),
            str(self.value("reason") or ""),
        )

        def posted(answer: writes.Received) -> None:
            self.ctx.navigate.toast(t("purchasing.return.posted", number=answer.number))
            issuing.archive(self.ctx, "return_slip", return_slip, answer.id, spoken(), answer.number)
            self.ctx.navigate.open_record(RECEIPT, answer.id)

        self.post(writes.post_return, lambda _record: PostReturn(receipt, reason, lines), posted)


class ConfirmPage(_RowsPage):
    """Keeps what the supplier confirmed: his number, days and prices."""

    topics = frozenset({ORDER})
    spec = FormSpec(
        topic=CONFIRMING,
        title="purchasing.type.confirming",
        icon="calendar-clock",
        sections=(
            Section(
                (
                    Field("supplier", "catalog.line.supplier", "readonly"),
                    Field("reference", "purchasing.field.confirmation", max_length=60),
                )
            ),
        ),
        load=lambda session, record_id, language: _to_confirm(session, record_id, language),
        lines=LinesSpec(
            columns=(
                *_HEAD,
                LineColumn("ordered", "purchasing.line.ordered", "text", 100, stored=False),
                LineColumn("expected_date", "purchasing.line.expected", "date", 108, stored=False),
                LineColumn("confirmed_date", "purchasing.line.confirmed", "date", 120, editable=True),
                LineColumn("unit_price", "sales.line.price", "money", 96, stored=False, places=4),
                LineColumn(
                    "confirmed_price",
                    "purchasing.line.confirmed_price",
                    "money",
                    120,
                    editable=True,
                    minimum=ZERO,
                    places=4,
                ),
                _KEY,
            ),
        ),
        update_right="purchase_order_confirm",
    )

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Of which order."""
        order = cast("Order | None", self.record.raw)
        return (t("purchasing.confirm.heading", number=order.number) if order else t(self.spec.title)), None

    def title(self) -> str:
        """The word on the tab."""
        return self.heading()[0]

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Keep it."""
        return [
            FormAction(
                "confirm",
                "purchasing.confirm.yes",
                "check",
                lambda page: page.keep(),
                "primary",
                right="purchase_order_confirm",
            )
        ]

    def keep(self) -> None:
        """Post what was confirmed."""
        if not self.ready_to_post():
            return
        lines = tuple(
            Confirmation(int(x["key"]), x.get("confirmed_date"), x.get("confirmed_price"))
            for x in self.typed_rows()
        )
        order, reference = cast("int", self.record.id), str(self.value("reference") or "")

        def kept(_answer: object) -> None:
            self.ctx.navigate.toast(t("purchasing.confirm.kept"))
            self.ctx.navigate.open_record(ORDER, order)

        self.post(
            writes.confirm_order,
            lambda record: ConfirmOrder(order, record.row_version, reference, lines),
            kept,
        )


def _row(key: int, position: int, sku: str, description: str) -> dict[str, Any]:
    return {
        "id": str(key),
        "key": str(key),
        "order_position": str(position),
        "sku": sku,
        "description": description,
    }


def _to_receive(session: Any, order_id: int, language: str) -> FormRecord:
    found = receiving(session, order_id, language)
    rows = [
        {
            **_row(x.line_id, x.position, x.sku, x.description),
            "supplier_sku": x.supplier_sku or fmt.NONE,
            "open": fmt.quantity(x.qty_open, x.unit),
            "qty": x.qty_open or None,
            "place_id": x.place_id,
            "lot": "",
            "expires_on": None,
        }
        for x in found.lines
        if x.qty_open > 0
    ]
    day: date = today()
    return FormRecord(
        id=order_id,
        row_version=found.lines[0].row_version if found.lines else 0,
        values={
            "supplier": found.order.supplier if found.order else None,
            "warehouse": found.order.warehouse if found.order else None,
            "received_on": day,
            "delivery_note": "",
        },
        lines=rows,
        raw=found,
    )


def _to_return(session: Any, receipt_id: int, language: str) -> FormRecord:
    found = get_receipt(session, receipt_id, language)
    rows = [
        {
            **_row(x.id, x.position, x.sku, x.description),
            "left": fmt.quantity(x.qty_left, x.unit),
            "place": x.place or fmt.NONE,
            "lot": x.lot or fmt.NONE,
            "qty": None,
        }
        for x in found.lines
        if x.qty_left > 0
    ]
    values = {"supplier": found.supplier, "reason": ""}
    return FormRecord(id=receipt_id, row_version=found.row_version, values=values, lines=rows, raw=found)


def _to_confirm(session: Any, order_id: int, language: str) -> FormRecord:
    order = get_order(session, order_id, language)
    rows = [
        {
            **_row(x.id, x.position, x.sku, x.description),
            "ordered": fmt.quantity(x.qty, x.unit),
            "expected_date": x.expected_date or order.expected_date,
            "confirmed_date": x.confirmed_date or x.expected_date or order.expected_date,
            "unit_price": x.unit_price,
            "confirmed_price": x.confirmed_price if x.confirmed_price is not None else x.unit_price,
        }
        for x in order.lines
    ]
    values = {"supplier": order.supplier, "reference": order.supplier_reference or ""}
    return FormRecord(id=order_id, row_version=order.row_version, values=values, lines=rows, raw=order)
