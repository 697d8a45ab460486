"""Goods of an order arrive: the order, then piece after piece, each on the line that awaits it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.drafts import pack
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT, Hit, Resolved
from app.services.purchasing import scan_arrival, writes
from app.services.purchasing.orders import Receiving, ToReceive, receiving
from app.services.purchasing.papers import goods_receipt
from app.services.purchasing.scan_arrival import Arrived, Arriving, Awaiting, OpenLine
from app.views.core.context import AppContext
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.values import error_text
from app.views.terminal.parts import TouchButton, TouchChip
from app.views.warehouse.parts import first, is_lot, of_several
from app.views.warehouse.steps import ONE, StepPage, add_amount, choice_card, goods_of, row_card

ORDERS = ("purchasing.receiving", "purchasing.purchase_order")
FREE = "scan_receive"


class ArrivePage(StepPage[Arriving | None]):
    """Orders goods are awaited of; then one of them."""

    key = "scan_arrive"
    icon = "package-plus"
    booking = "scan_arrive.post"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx, state, "arrive", "arriving")
        self._scanned: Callable[[], str] | None = None
        self.add_buttons(
            (
                ("undo", "scan_work.undo", "undo-2", "quiet", self.undo),
                ("leave", "scan_arrive.leave", "x", "quiet", self.leave),
            ),
            (
                ("free", "scan_arrive.free", "package", "secondary", self._without_order),
                ("post", "scan_arrive.post", "package-check", "primary", self.post),
            ),
        )
        self.show_work()
        if isinstance(wanted := state.get("order"), int) and self.work is None:
            self.start(wanted)
        else:
            self.refresh()

    undo_button: TouchButton
    leave_button: TouchButton
    free_button: TouchButton
    post_button: TouchButton

    def restored(self, kept: dict[str, Any] | None) -> Arriving | None:
        """An order that was begun."""
        return scan_arrival.restore(kept) if kept is not None else None

    # -- TabPage ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What came so far."""
        return {"arriving": pack(scan_arrival.dump(self.work))} if self.work is not None else {}

    def dirty(self) -> bool:
        """Whether something was scanned that is not booked."""
        return self.work is not None and bool(self.work.came)

    def complete(self) -> bool:
        """Whether no lot is asked for."""
        return self.work is not None and self.work.asked is None

    def refresh(self) -> None:
        """What is awaited at all."""
        if self.work is None:
            op: ReadOp[list[ToReceive]] = ReadOp(self, self.ctx, scan_arrival.awaited_orders)
            op.replacing("orders").success(self._orders).start()

    # -- scans --------------------------------------------------------------------------------------------------

    def on_scan(self, found: Resolved) -> str:
        """The order or goods of it; then goods, lots, places, and the number of the delivery note."""
        if self._posting:
            return "bad"
        work, hits, code = self.work, found.hits, found.reading.code
        order = first(hits, *ORDERS)
        if work is None:
            return self._begin(order, found)
        if order is not None:
            if order.id == work.order_id:
                return "ok"
            self.tell(t("scan_arrive.another", number=work.number), "bad")
            return "bad"
        if work.asked is not None and is_lot(found):
            return self.step(lambda: work.with_lot(found.reading.lot or code))
        place = first(hits, PLACE, BOX)
        goods = goods_of(hits, (one.product_id for one in work.lines))
        if goods is not None:
            return self.step(lambda: _arrived(work, goods, found))
        if place is not None and place.place_id is not None:
            place_id, label = place.place_id, place.place
            return self.step(lambda: work.stand(place_id, label))
        theirs = next((one for one in work.lines if one.supplier_sku and one.supplier_sku == code), None)
        if theirs is not None:
            return self.step(lambda: work.arrived(theirs.product_id, theirs.sku, "", ONE))
        if not hits and found.reading.kind == "plain" and not work.delivery_note:
            return self.step(lambda: work.noted(code), t("scan_arrive.noted", number=code))
        return self.not_known(found, self.wanted())

    def _begin(self, order: Hit | None, found: Resolved) -> str:
        """The order was scanned, or goods some order awaits."""
        if order is not None:
            self.start(order.id)
            return LATER
        if of_several(found.hits):
            self.tell(t("scan.lot_of_several", lot=found.reading.code), "bad")
            return "bad"
        goods = first(found.hits, PRODUCT, LOT)
        if goods is None:
            self.tell(t("scan_arrive.order_first"), "bad")
            return "" if not found.hits else "bad"
        return self._who_awaits(goods, found)

    def _who_awaits(self, goods: Hit, found: Resolved) -> str:
        """Goods before any order: the one that awaits them is opened, of several one is chosen."""

        def known(orders: list[Awaiting]) -> None:
            if not orders:
                self.tell(t("scan_arrive.nobody_awaits", product=goods.label), "bad")
                self.signal("bad")
                return

            def count() -> str:
                work = self.work
                return self.step(lambda: _arrived(work, goods, found)) if work is not None else "bad"

            if len(orders) == 1:
                self.start(orders[0].order_id, count)
            else:
                self._scanned = count
                self._choose(orders, goods.label)
                self.signal("warn")

        op: ReadOp[list[Awaiting]] = ReadOp(self, self.ctx, scan_arrival.awaiting, goods.product_id or 0)
        op.replacing("awaiting").success(known).start()
        return LATER

    def start(self, order_id: int, then: Callable[[], str] | None = None) -> None:
        """Begin an order."""
        then = then or self._scanned
        self._scanned = None

        def opened(found: Receiving) -> None:
            try:
                self.work = scan_arrival.begin(found)
            except AppError as error:
                self.tell(error_text(error), "bad")
                self.signal("bad")
                return
            self._past = []
            self.show_work()
            self.signal(then() if then is not None else "ok")

        op: ReadOp[Receiving] = ReadOp(self, self.ctx, receiving, order_id, language())
        op.replacing("order").success(opened).start()

    # -- steps --------------------------------------------------------------------------------------------------

    def outcome(self) -> tuple[str, str]:
        """What came, and whether that is more than was ordered."""
        work = self.work
        if work is None or work.last is None or work.asked is not None:
            return "", "ok"
        line = work.line(work.last.line_id)
        words = f"{line.sku} {line.name} · {fmt.quantity(work.last.qty, line.unit)}"
        if work.left(line) < 0:
            return t("scan_arrive.over", words=words), "warn"
        return words, "ok"

    def _all_of(self, line_id: int) -> None:
        work = self.work
        if work is not None:
            self.step(lambda: work.all_of(line_id))

    def forget(self) -> None:
        """Leave the order."""
        self.work, self._past, self._scanned = None, [], None
        self.show_work()
        self.refresh()

    def _without_order(self) -> None:
        self.ctx.navigate.open_workspace(FREE)

    # -- posting ------------------------------------------------------------------------------------------------

    def post(self, then: Callable[[], None] | None = None) -> str:
        """Post the receipt; its paper goes into the archive. The tone for it."""
        work = self.work
        if work is None:
            return "bad"

        def received(answer: writes.Received) -> None:
            self.work, self._past = None, []
            self.show_work(t("scan_arrive.posted", number=answer.number), "ok")
            self.signal("ok")
            # At a terminal nobody may archive: the office makes the paper up.
            if self.ctx.profile.can("document_archive"):
                from app.views.documents import issuing

                issuing.archive(
                    self.ctx, "goods_receipt", goods_receipt, answer.id, language(), answer.number
                )
            self.refresh()
            if then is not None:
                then()

        return self.book(writes.post_receipt, lambda: work.receive(today()), received, self.post_button)

    # -- looks --------------------------------------------------------------------------------------------------

    def wanted(self) -> str:
        """The order, then goods, a lot, or nothing more."""
        work = self.work
        if work is None:
            return t("scan_arrive.want_order")
        asked = work.line(work.asked.line_id).sku if work.asked is not None else ""
        return t(f"scan_arrive.want_{work.wants}", product=asked)

    def _orders(self, orders: list[ToReceive]) -> None:
        if self.work is not None:
            return
        clear_layout(self.box)
        for order in orders:
            due = fmt.date_(order.expected_date or order.order_date)
            lines = t("scan_arrive.lines", n=order.open_lines, count=fmt.number(order.open_lines))
            parts = (order.supplier_reference or "", due, lines, order.warehouse)
            self._card(order.purchase_order_id, order.number, order.supplier, parts)
        if len(orders) == scan_arrival.MOST_ORDERS:
            self.say_first(len(orders))
        if not orders:
            empty = EmptyState("circle-check", t("scan_arrive.empty"), t("scan_arrive.empty_text"))
            self.box.addWidget(empty)

    def _choose(self, orders: list[Awaiting], product: str) -> None:
        clear_layout(self.box)
        for order in orders:
            self._card(order.order_id, order.number, order.supplier, ())
        self.tell(t("scan_arrive.several", product=product, count=fmt.number(len(orders))), "warn")

    def _card(self, order_id: int, number: str, supplier: str, parts: tuple[str, ...]) -> None:
        words, start = t("scan_arrive.start"), partial(self.start, order_id)
        self.box.addWidget(choice_card(number, supplier, parts, words, start)[0])

    def show_work(self, said: str = "", tone: str = "") -> None:
        """The orders to choose from, or what came of one and what is still awaited."""
        work = self.work
        self.keep(scan_arrival.dump(work) if work is not None else None)
        self.tell(said, tone)
        clear_layout(self.box)
        for button in (self.undo_button, self.leave_button, self.post_button):
            button.setVisible(work is not None)
        self.free_button.setVisible(work is None and FREE in self.ctx.registry.workspaces)
        self.undo_button.setEnabled(bool(self._past))
        if work is not None:
            self.post_button.setEnabled(bool(work.came) and work.asked is None)
            head = Card()
            head.body.addWidget(Label(f"{work.number} {work.supplier}", "touch_name", elide=True))
            note = t("scan_arrive.note", number=work.delivery_note) if work.delivery_note else ""
            at = t("scan_work.at", place=work.at[1]) if work.at is not None else ""
            words = " · ".join(part for part in (work.warehouse, at, note) if part)
            head.body.addWidget(Label(words, "touch_text", "text2", elide=True))
            self.box.addWidget(head)
            for one in reversed(work.came):
                self.box.addWidget(self._came(work, one, newest=one is work.last))
            for line in work.lines:
                if work.left(line) > 0:
                    self.box.addWidget(self._left(work, line))
        self.changed.emit()

    def _came(self, work: Arriving, one: Arrived, *, newest: bool) -> QWidget:
        line = work.line(one.line_id)
        parts = (one.place, t("scan_pack.lot", lot=one.lot) if one.lot else "")
        card, row = row_card(f"came.{line.sku}", f"{line.sku} {line.name}", parts)
        over = work.left(line) < 0
        row.addWidget(
            TouchChip("warn" if over else "ok", "", t("scan_arrive.more" if over else "scan_arrive.here"))
        )
        add_amount(row, fmt.quantity(one.qty, line.unit), self.change if newest else None)
        return card

    def _left(self, work: Arriving, line: OpenLine) -> QWidget:
        parts = (line.supplier_sku, line.place)
        card, row = row_card(f"row.{line.sku}", f"{line.sku} {line.name}", parts)
        row.addWidget(TouchChip("neutral", "", t("scan_arrive.awaited")))
        add_amount(row, fmt.quantity(work.left(line), line.unit))
        button = TouchButton(t("scan_arrive.all"), "check", clicked=partial(self._all_of, line.line_id))
        button.setObjectName(f"action.all.{line.sku}")
        row.addWidget(button)
        return card


def _arrived(work: Arriving, goods: Hit, found: Resolved) -> Arriving:
    qty = found.reading.qty or goods.qty or ONE
    return work.arrived(goods.product_id or 0, goods.label, goods.lot, qty, found.reading.expires_on)
