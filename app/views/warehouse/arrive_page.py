"""Goods of an order arrive: the order, then piece after piece, each on the line that awaits it."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.drafts import pack, unpack
from app.core.errors import AppError, NotAllowed, SessionEnded
from app.core.i18n import language, t
from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT, Hit, Resolved
from app.services.purchasing import scan_arrival, writes
from app.services.purchasing.orders import Receiving, ToReceive, receiving
from app.services.purchasing.papers import goods_receipt
from app.services.purchasing.scan_arrival import Arrived, Arriving, Awaiting, OpenLine
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.marks import Chip, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.terminal.parts import TouchButton
from app.views.warehouse.parts import ScanPage, first, is_lot, of_several

ORDERS = ("purchasing.receiving", "purchasing.purchase_order")
FREE = "scan_receive"
UNDO = 50
ONE = Decimal(1)


class ArrivePage(ScanPage):
    """Orders goods are awaited of; then one of them."""

    key = "scan_arrive"
    icon = "package-plus"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self._past: list[Arriving] = []
        self._posting = False
        self._kept_as = f"warehouse.arrive.{ctx.profile.person}"
        kept = state.get("arriving") or ctx.settings.get(self._kept_as)
        self.work = scan_arrival.restore(unpack(kept)) if isinstance(kept, dict) else None
        self._scanned: Callable[[], str] | None = None
        for name, words, icon, kind, run in (
            ("undo", "scan_work.undo", "undo-2", "quiet", self.undo),
            ("leave", "scan_arrive.leave", "x", "quiet", self.leave),
            ("free", "scan_arrive.free", "package", "secondary", self._without_order),
            ("post", "scan_arrive.post", "package-check", "primary", self.post),
        ):
            button = TouchButton(t(words), icon, kind, clicked=run)
            button.setObjectName(f"action.{name}")
            setattr(self, f"{name}_button", button)
            if name == "free":
                self.foot.addStretch(1)
            self.foot.addWidget(button)
        self._show()
        if isinstance(wanted := state.get("order"), int) and self.work is None:
            self.start(wanted)
        else:
            self.refresh()

    undo_button: TouchButton
    leave_button: TouchButton
    free_button: TouchButton
    post_button: TouchButton

    # -- TabPage ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What came so far."""
        return {"arriving": pack(scan_arrival.dump(self.work))} if self.work is not None else {}

    def dirty(self) -> bool:
        """Whether something was scanned that is not booked."""
        return self.work is not None and bool(self.work.came)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Book what came, then go on."""
        self.post(then)

    def discard(self) -> None:
        """Forget what was scanned."""
        self.ctx.settings.set(self._kept_as, None)

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
            self._tell(t("scan_arrive.another", number=work.number), "bad")
            return "bad"
        if work.asked is not None and is_lot(found):
            return self._step(lambda: work.with_lot(found.reading.lot or code))
        place = first(hits, PLACE, BOX)
        goods = self._goods(hits)
        if goods is not None:
            return self._step(lambda: _arrived(work, goods, found))
        if place is not None and place.place_id is not None:
            place_id, label = place.place_id, place.place
            return self._step(lambda: work.stand(place_id, label))
        theirs = next((one for one in work.lines if one.supplier_sku and one.supplier_sku == code), None)
        if theirs is not None:
            return self._step(lambda: work.arrived(theirs.product_id, theirs.sku, "", ONE))
        if not hits and found.reading.kind == "plain" and not work.delivery_note:
            return self._step(lambda: work.noted(code), t("scan_arrive.noted", number=code))
        return self.not_known(found, self._want())

    def _begin(self, order: Hit | None, found: Resolved) -> str:
        """The order was scanned, or goods some order awaits."""
        if order is not None:
            self.start(order.id)
            return LATER
        if of_several(found.hits):
            self._tell(t("scan.lot_of_several", lot=found.reading.code), "bad")
            return "bad"
        goods = first(found.hits, PRODUCT, LOT)
        if goods is None:
            self._tell(t("scan_arrive.order_first"), "bad")
            return "" if not found.hits else "bad"
        return self._who_awaits(goods, found)

    def _goods(self, hits: tuple[Hit, ...]) -> Hit | None:
        mine = {one.product_id for one in self.work.lines} if self.work is not None else set()
        of_goods = [hit for hit in hits if hit.topic in (PRODUCT, LOT)]
        return next((hit for hit in of_goods if hit.product_id in mine), next(iter(of_goods), None))

    def _who_awaits(self, goods: Hit, found: Resolved) -> str:
        """Goods before any order: the one that awaits them is opened, of several one is chosen."""

        def known(orders: list[Awaiting]) -> None:
            if not orders:
                self._tell(t("scan_arrive.nobody_awaits", product=goods.label), "bad")
                self.signal("bad")
                return

            def count() -> str:
                work = self.work
                return self._step(lambda: _arrived(work, goods, found)) if work is not None else "bad"

            if len(orders) == 1:
                self.start(orders[0].order_id, count)
            else:
                self._scanned = count
                self._choose(orders, goods.label)
                self.signal("warn")

        op: ReadOp[list[Awaiting]] = ReadOp(self, self.ctx, scan_arrival.awaiting, goods.product_id or 0)
        op.replacing("awaiting").success(known).start()
        return LATER

    def on_command(self, command: str) -> str:
        """Codes of the sheet."""
        work = self.work
        if work is None:
            return "bad"
        if command.isdigit():
            return self._step(lambda: work.digit(command))
        if command == "more":
            return self._step(lambda: work.more(ONE))
        if command == "undo":
            return self.undo()
        if command == "cancel":
            self.leave()
            return "ok"
        return self.post()

    def start(self, order_id: int, then: Callable[[], str] | None = None) -> None:
        """Begin an order."""
        then = then or self._scanned
        self._scanned = None

        def opened(found: Receiving) -> None:
            try:
                self.work = scan_arrival.begin(found)
            except AppError as error:
                self._tell(error_text(error), "bad")
                self.signal("bad")
                return
            self._past = []
            self._show()
            self.signal(then() if then is not None else "ok")

        op: ReadOp[Receiving] = ReadOp(self, self.ctx, receiving, order_id, language())
        op.replacing("order").success(opened).start()

    # -- steps --------------------------------------------------------------------------------------------------

    def _step(self, make: Callable[[], Arriving], said: str = "") -> str:
        before = self.work
        try:
            self.work = make()
        except AppError as error:
            self._tell(error_text(error), "bad")
            return "bad"
        if before is not None:
            self._past = [*self._past[-UNDO:], before]
        last = self.work.last
        over = not said and last is not None and self.work.left(self.work.line(last.line_id)) < 0
        words = said or self._last_words()
        self._show(t("scan_arrive.over", words=words) if over else words, "warn" if over else "ok")
        return "warn" if over else "ok"

    def _change(self, change: Decimal) -> None:
        work = self.work
        if work is not None:
            self._step(lambda: work.more(change))

    def _all_of(self, line_id: int) -> None:
        work = self.work
        if work is not None:
            self._step(lambda: work.all_of(line_id))

    def undo(self) -> str:
        """Take the last step back; the tone for it."""
        if not self._past:
            self._tell(t("scan_work.nothing_to_undo"), "warn")
            return "warn"
        self.work = self._past.pop()
        self._show(t("scan_work.undone"))
        return "ok"

    def leave(self) -> None:
        """Leave the order, after a question when something was scanned."""
        if self.dirty():
            ask(
                self,
                t("scan_work.clear_title"),
                t("scan_work.clear_text"),
                "scan_work.clear_yes",
                self._leave,
            )
        else:
            self._leave()

    def _leave(self) -> None:
        self.work, self._past, self._scanned = None, [], None
        self._show()
        self.refresh()

    def _without_order(self) -> None:
        self.ctx.navigate.open_workspace(FREE)

    # -- posting ------------------------------------------------------------------------------------------------

    def post(self, then: Callable[[], None] | None = None) -> str:
        """Post the receipt; its paper goes into the archive. The tone for it."""
        work = self.work
        if self._posting or work is None:
            return "bad"
        try:
            command = work.receive(today())
        except AppError as error:
            self._tell(error_text(error), "bad")
            return "bad"
        self._posting = True

        def received(answer: writes.Received) -> None:
            self.work, self._past = None, []
            self._show(t("scan_arrive.posted", number=answer.number), "ok")
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

        def over() -> None:
            self._posting = False

        op: WriteOp[writes.Received] = WriteOp(self, self.ctx, writes.post_receipt, command)
        op.disabling(self.post_button).success(received).failure(self._refused).finally_(over).start()
        return LATER

    def _refused(self, error: BaseException) -> bool:
        self.signal("bad")
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded):
            return False
        self._tell(error_text(error), "bad")
        return True

    # -- looks --------------------------------------------------------------------------------------------------

    def _want(self) -> str:
        work = self.work
        if work is None:
            return t("scan_arrive.want_order")
        asked = work.line(work.asked.line_id).sku if work.asked is not None else ""
        return t(f"scan_arrive.want_{work.wants}", product=asked)

    def _tell(self, said: str, tone: str) -> None:
        self.prompt.tell(self._want(), said, tone)

    def _last_words(self) -> str:
        work = self.work
        if work is None or work.last is None or work.asked is not None:
            return ""
        line = work.line(work.last.line_id)
        return f"{line.sku} {line.name} · {fmt.quantity(work.last.qty, line.unit)}"

    def _orders(self, orders: list[ToReceive]) -> None:
        if self.work is not None:
            return
        clear_layout(self.box)
        for order in orders:
            due = fmt.date_(order.expected_date or order.order_date)
            lines = t("scan_arrive.lines", n=order.open_lines, count=fmt.number(order.open_lines))
            parts = (order.supplier_reference or "", due, lines, order.warehouse)
            self._card(order.purchase_order_id, order.number, order.supplier, parts)
        if not orders:
            empty = EmptyState("circle-check", t("scan_arrive.empty"), t("scan_arrive.empty_text"))
            self.box.addWidget(empty)

    def _choose(self, orders: list[Awaiting], product: str) -> None:
        clear_layout(self.box)
        for order in orders:
            self._card(order.order_id, order.number, order.supplier, ())
        self._tell(t("scan_arrive.several", product=product, count=fmt.number(len(orders))), "warn")

    def _card(self, order_id: int, number: str, supplier: str, parts: tuple[str, ...]) -> None:
        card = Card()
        card.setObjectName(f"row.{number}")
        row = QHBoxLayout()
        row.setSpacing(px("gap_l"))
        words = QVBoxLayout()
        words.addWidget(Label(f"{number} {supplier}", "touch_word", elide=True))
        if parts:
            more = " · ".join(part for part in parts if part)
            words.addWidget(Label(more, "touch_text", "text2", elide=True))
        row.addLayout(words, 1)
        go = TouchButton(t("scan_arrive.start"), "play", clicked=partial(self.start, order_id))
        go.setObjectName(f"action.start.{number}")
        row.addWidget(go)
        card.body.addLayout(row)
        self.box.addWidget(card)

    def _show(self, said: str = "", tone: str = "") -> None:
        work = self.work
        self.ctx.settings.set(self._kept_as, pack(scan_arrival.dump(work)) if work is not None else None)
        self._tell(said, tone)
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
        card, row = self._row(line, (one.place, t("scan_pack.lot", lot=one.lot) if one.lot else ""))
        card.setObjectName(f"came.{line.sku}")
        over = work.left(line) < 0
        row.addWidget(Chip("warn" if over else "ok", t("scan_arrive.more" if over else "scan_arrive.here")))
        if newest:
            less = TouchButton("", "minus", clicked=partial(self._change, -ONE))
            less.setAccessibleName(t("scan_work.less"))
            less.setObjectName("action.less")
            row.addWidget(less)
        row.addWidget(Label(fmt.quantity(one.qty, line.unit), "touch_name"))
        if newest:
            more = TouchButton("", "plus", clicked=partial(self._change, ONE))
            more.setAccessibleName(t("scan_work.more"))
            more.setObjectName("action.more")
            row.addWidget(more)
        return card

    def _left(self, work: Arriving, line: OpenLine) -> QWidget:
        card, row = self._row(line, (line.supplier_sku, line.place))
        card.setObjectName(f"row.{line.sku}")
        row.addWidget(Chip("neutral", t("scan_arrive.awaited")))
        row.addWidget(Label(fmt.quantity(work.left(line), line.unit), "touch_name"))
        button = TouchButton(t("scan_arrive.all"), "check", clicked=partial(self._all_of, line.line_id))
        button.setObjectName(f"action.all.{line.sku}")
        row.addWidget(button)
        return card

    def _row(self, line: OpenLine, parts: tuple[str, ...]) -> tuple[Card, QHBoxLayout]:
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(px("gap_l"))
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        words.addWidget(Label(f"{line.sku} {line.name}", "touch_word", elide=True))
        more = " · ".join(part for part in parts if part)
        if more:
            words.addWidget(Label(more, "touch_text", "text2", elide=True))
        row.addLayout(words, 1)
        card.body.addLayout(row)
        return card, row


def _arrived(work: Arriving, goods: Hit, found: Resolved) -> Arriving:
    qty = found.reading.qty or goods.qty or ONE
    return work.arrived(goods.product_id or 0, goods.label, goods.lot, qty, found.reading.expires_on)
