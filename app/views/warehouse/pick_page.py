"""Pick an order with the scanner: the way through the warehouse, place by place, and the delivery at its end."""

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
from app.services.sales import writes
from app.services.sales.opening import OpenShipping, open_shipping
from app.services.sales.scan_pick import REASONS, Picking, PickStep, begin, dump, restore
from app.services.sales.shipping import ShippingOrder, shipping_orders
from app.services.sales.writes import Shipped
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import ask
from app.views.core.marks import Chip, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.sales import pdf
from app.views.terminal.parts import TouchButton
from app.views.warehouse.parts import ScanPage, first

ORDERS = ("sales.shipping", "sales.sales_order")
PACK = "scan_pack"
SHOWN, UNDO = 30, 50
ONE = Decimal(1)


class PickPage(ScanPage):
    """Orders to pick; then one of them."""

    key = "scan_pick"
    icon = "truck"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self._past: list[Picking] = []
        self._posting = False
        self._delivery: int | None = None
        self._kept_as = f"warehouse.pick.{ctx.profile.person}"
        kept = state.get("picking") or ctx.settings.get(self._kept_as)
        self.picking = restore(unpack(kept)) if isinstance(kept, dict) else None
        for name, words, icon, kind, run in (
            ("undo", "scan_work.undo", "undo-2", "quiet", self.undo),
            ("clear", "scan_pick.leave", "x", "quiet", self.clear),
            ("short", "scan_pick.short", "package-x", "secondary", self.short),
            ("ship", "scan_pick.ship", "truck", "primary", self.ship),
            ("pack", "scan_pick.pack", "package", "primary", self.pack),
        ):
            button = TouchButton(t(words), icon, kind, clicked=run)
            button.setObjectName(f"action.{name}")
            setattr(self, f"{name}_button", button)
            if name == "short":
                self.foot.addStretch(1)
            self.foot.addWidget(button)
        self._show()
        self.refresh()

    undo_button: TouchButton
    clear_button: TouchButton
    short_button: TouchButton
    ship_button: TouchButton
    pack_button: TouchButton

    # -- TabPage ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """How far the picking is."""
        return {"picking": pack(dump(self.picking))} if self.picking is not None else {}

    def dirty(self) -> bool:
        """Whether goods are on the trolley that are not shipped."""
        return self.picking is not None and any(s.taken > 0 and s.place_id for s in self.picking.steps)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Ship what is complete, then go on."""
        self.ship(then)

    def discard(self) -> None:
        """Forget the picking."""
        self.ctx.settings.set(self._kept_as, None)

    def refresh(self) -> None:
        """What is to be picked at all."""
        if self.picking is None:
            ReadOp(self, self.ctx, shipping_orders).replacing("orders").success(self._orders).start()

    # -- scans --------------------------------------------------------------------------------------------------

    def on_scan(self, found: Resolved) -> str:
        """The order first; then place and goods in turn."""
        if self._posting:
            return "bad"
        if not found.hits:
            return self.not_known(found, self._want())
        order = first(found.hits, *ORDERS)
        picking = self.picking
        if order is not None:
            if picking is not None:
                self._tell(t("scan_pick.another", number=picking.number), "bad")
                return "bad"
            self.start(order.id)
            return LATER
        if picking is None:
            return ""
        place, product = first(found.hits, PLACE, BOX), self._goods(found.hits)
        if place is not None and place.place_id is not None and (product is None or picking.wants == "place"):
            place_id, code = place.place_id, place.place
            return self._step(lambda: picking.stand(place_id, code))
        if product is not None:
            qty = found.reading.qty or product.qty or ONE
            goods = product.product_id or 0
            return self._step(lambda: picking.take(goods, product.label, product.lot, qty))
        return ""

    def _goods(self, hits: tuple[Hit, ...]) -> Hit | None:
        """What was scanned of the goods; of several with the same number, that which is picked here."""
        picking = self.picking
        mine = {step.product_id for step in picking.steps} if picking is not None else set()
        of_goods = [hit for hit in hits if hit.topic in (PRODUCT, LOT)]
        return next((hit for hit in of_goods if hit.product_id in mine), next(iter(of_goods), None))

    def on_command(self, command: str) -> str:
        """Codes of the sheet."""
        picking = self.picking
        if picking is None:
            return "bad"
        if command.isdigit():
            return self._step(lambda: picking.digit(command))
        if command == "more":
            return self._step(lambda: picking.more(ONE))
        if command == "undo":
            return self.undo()
        if command != "cancel" and picking.next is None:
            return self.ship()
        (self.clear if command == "cancel" else self.short)()
        return "ok"

    def start(self, order_id: int) -> None:
        """Begin an order."""
        op: ReadOp[OpenShipping] = ReadOp(self, self.ctx, open_shipping, order_id, language())
        op.success(self._opened).start()

    def _opened(self, found: OpenShipping) -> None:
        try:
            self.picking = begin(found)
        except AppError as error:
            self._tell(error_text(error), "bad")
            self.signal("bad")
            return
        self._past = []
        self._show()
        self.signal("ok")

    # -- steps --------------------------------------------------------------------------------------------------

    def _step(self, make: Callable[[], Picking]) -> str:
        before = self.picking
        try:
            self.picking = make()
        except AppError as error:
            self._tell(error_text(error), "bad")
            return "bad"
        if before is not None:
            self._past = [*self._past[-UNDO:], before]
        last = self.picking.last
        step = self.picking.steps[last] if last is not None else None
        if step is not None and _expired(step):
            words = t("scan_work.expired", product=step.sku, day=fmt.date_(step.expires_on))
            self._show(f"{_taken(step)} · {words}", "warn")
            return "warn"
        self._show(_taken(step) if step is not None else "", "ok")
        return "ok"

    def _change(self, change: Decimal) -> None:
        picking = self.picking
        if picking is not None:
            self._step(lambda: picking.more(change))

    def undo(self) -> str:
        """Take the last step back; the tone for it."""
        if not self._past:
            self._tell(t("scan_work.nothing_to_undo"), "warn")
            return "warn"
        self.picking = self._past.pop()
        self._show(t("scan_work.undone"))
        return "ok"

    def clear(self) -> None:
        """Leave the order, after a question when something was taken."""
        if self.dirty():
            ask(
                self,
                t("scan_pick.leave_title"),
                t("scan_pick.leave_text"),
                "scan_pick.leave_yes",
                self._leave,
            )
        else:
            self._leave()

    def _leave(self) -> None:
        self.picking, self._past = None, []
        self._show()
        self.refresh()

    def short(self) -> None:
        """There is less than wanted: why?"""
        picking = self.picking
        if picking is not None and picking.next is not None:
            step = picking.steps[picking.next]
            ShortDialog(self, step, lambda reason: self._step(lambda: picking.leave_short(reason))).open()

    # -- shipping -----------------------------------------------------------------------------------------------

    def ship(self, then: Callable[[], None] | None = None) -> str:
        """Post the delivery of what was taken; the tone for it."""
        picking = self.picking
        if self._posting or picking is None:
            return "bad"
        try:
            command = picking.ship()
        except AppError as error:
            self._tell(error_text(error), "bad")
            return "bad"
        self._posting = True

        def shipped(answer: Shipped) -> None:
            self.picking, self._past = None, []
            self._delivery = answer.id
            self._show(t("scan_pick.shipped", number=answer.number), "ok")
            self.signal("ok")
            self._note(picking, answer.id)
            # At a terminal nobody may archive: the office makes the delivery note up.
            if self.ctx.profile.can("document_archive"):
                pdf.archive(self.ctx, "delivery", answer.id, answer.number)
            self.refresh()
            if then is not None:
                then()

        def over() -> None:
            self._posting = False

        op: WriteOp[Shipped] = WriteOp(self, self.ctx, writes.ship_delivery, command)
        op.disabling(self.ship_button).success(shipped).failure(self._refused).finally_(over).start()
        return LATER

    def pack(self) -> None:
        """Go on with packing what was shipped last."""
        self.ctx.navigate.open_workspace(PACK, delivery=self._delivery)

    def _note(self, picking: Picking, delivery_id: int) -> None:
        missing = [
            t(
                "scan_pick.note_line",
                product=step.sku,
                qty=fmt.quantity(step.wanted - step.taken, step.unit),
                place=step.place,
                reason=t(f"scan_pick.reason_{step.short}"),
            )
            for step in picking.short_words
            if step.short
        ]
        if missing:
            words = t("scan_pick.note") + "\n" + "\n".join(missing)
            WriteOp(self, self.ctx, add_note, AddNote("sales.delivery", delivery_id, words)).start()

    def _refused(self, error: BaseException) -> bool:
        self.signal("bad")
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded):
            return False
        self._tell(error_text(error), "bad")
        return True

    # -- looks --------------------------------------------------------------------------------------------------

    def _want(self) -> str:
        picking = self.picking
        if picking is None:
            return t("scan_pick.want_order")
        number = picking.next
        step = picking.steps[number] if number is not None else None
        return t(
            f"scan_pick.want_{picking.wants}",
            place=step.place if step else "",
            product=step.sku if step else "",
            qty=fmt.quantity(step.wanted - step.taken, step.unit) if step else "",
        )

    def _tell(self, said: str, tone: str) -> None:
        self.prompt.tell(self._want(), said, tone)

    def _orders(self, orders: list[ShippingOrder]) -> None:
        if self.picking is not None:
            return
        clear_layout(self.box)
        for order in orders[:SHOWN]:
            card = Card()
            card.setObjectName(f"row.{order.number}")
            row = QHBoxLayout()
            row.setSpacing(px("gap_l"))
            words = QVBoxLayout()
            words.addWidget(Label(f"{order.number} {order.customer}", "touch_word", elide=True))
            due = fmt.date_(order.requested_date or order.order_date)
            ready = t(
                "scan_pick.ready", ready=fmt.number(order.ready_lines), lines=fmt.number(order.open_lines)
            )
            words.addWidget(Label(f"{due} · {ready}", "touch_text", "text2"))
            row.addLayout(words, 1)
            if order.block_reason:
                row.addWidget(Chip("bad", t("scan_pick.blocked")))
            else:
                go = TouchButton(
                    t("scan_pick.start"), "play", clicked=partial(self.start, order.sales_order_id)
                )
                go.setObjectName(f"action.start.{order.number}")
                row.addWidget(go)
            card.body.addLayout(row)
            self.box.addWidget(card)
        if not orders:
            self.box.addWidget(EmptyState("circle-check", t("scan_pick.empty"), t("scan_pick.empty_text")))

    def _show(self, said: str = "", tone: str = "") -> None:
        picking = self.picking
        self.ctx.settings.set(self._kept_as, pack(dump(picking)) if picking is not None else None)
        self._tell(said, tone)
        clear_layout(self.box)
        busy = picking is not None
        for button in (self.clear_button, self.short_button, self.ship_button):
            button.setVisible(busy)
        self.undo_button.setEnabled(bool(self._past))
        self.undo_button.setVisible(busy)
        offered = self._delivery is not None and PACK in self.ctx.registry.workspaces
        self.pack_button.setVisible(offered and not busy)
        if picking is not None:
            done = sum(step.done for step in picking.steps)
            card = Card()
            card.body.addWidget(Label(f"{picking.number} {picking.customer}", "touch_name", elide=True))
            count = t("scan_pick.progress", done=fmt.number(done), all=fmt.number(len(picking.steps)))
            card.body.addWidget(Label(count, "touch_text", "text2"))
            self.box.addWidget(card)
            self.short_button.setEnabled(picking.next is not None)
            self.ship_button.setEnabled(picking.next is None)
            for number, step in enumerate(picking.steps):
                self.box.addWidget(self._row(step, now=number == picking.next, last=number == picking.last))
        self.changed.emit()

    def _row(self, step: PickStep, *, now: bool, last: bool) -> QWidget:
        card = Card()
        card.setObjectName(f"row.{step.sku}")
        row = QHBoxLayout()
        row.setSpacing(px("gap_l"))
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        place = step.place or t("scan_pick.service")
        words.addWidget(Label(f"{place}  {step.lot}".strip(), "touch_name" if now else "touch_word"))
        until = t("scan_look.until", day=fmt.date_(step.expires_on)) if step.expires_on else ""
        second = " · ".join(part for part in (f"{step.sku} {step.name}", until) if part)
        words.addWidget(Label(second, "touch_text", "text2", elide=True))
        row.addLayout(words, 1)
        if _expired(step):
            row.addWidget(Chip("bad", t("scan_pick.expired")))
        if step.short:
            row.addWidget(Chip("warn", t(f"scan_pick.reason_{step.short}")))
        elif step.done:
            row.addWidget(Chip("ok", t("scan_pick.taken")))
        elif now:
            row.addWidget(Chip("accent", t("scan_pick.now")))
        if last:
            less = TouchButton("", "minus", clicked=partial(self._change, -ONE))
            less.setAccessibleName(t("scan_work.less"))
            row.addWidget(less)
        row.addWidget(
            Label(f"{fmt.number(step.taken)} / {fmt.quantity(step.wanted, step.unit)}", "touch_name")
        )
        if last:
            more = TouchButton("", "plus", clicked=partial(self._change, ONE))
            more.setAccessibleName(t("scan_work.more"))
            row.addWidget(more)
        card.body.addLayout(row)
        return card


def _expired(step: PickStep) -> bool:
    return step.expires_on is not None and step.expires_on < today()


def _taken(step: PickStep) -> str:
    return f"{step.sku} · {fmt.number(step.taken)} / {fmt.quantity(step.wanted, step.unit)}"


class ShortDialog(Dialog):
    """Why there is less than wanted; a digit of the sheet of commands answers as well."""

    def __init__(self, host: QWidget, step: PickStep, then: Callable[[str], object]) -> None:
        missing = fmt.quantity(step.wanted - step.taken, step.unit)
        text = t("scan_pick.short_text", product=step.sku, qty=missing, place=step.place)
        super().__init__(host, t("scan_pick.short_title"), text, icon="package-x", tint="warn")
        self.setObjectName("dialog.short")
        self._then = then
        for number, reason in enumerate(REASONS, 1):
            button = TouchButton(
                f"{number}  {t(f'scan_pick.reason_{reason}')}", clicked=partial(self._chosen, reason)
            )
            button.setObjectName(f"dialog.{reason}")
            self.body.addWidget(button)
        self.add_button("no", "scan.cancel", shortcut="Esc")

    def on_scan(self, _found: Resolved) -> str:
        """Only commands are an answer."""
        return "bad"

    def on_command(self, command: str) -> str:
        """1, 2, 3, or cancel."""
        if command == "cancel":
            self.finish()
            return "ok"
        if command.isdigit() and 1 <= int(command) <= len(REASONS):
            self._chosen(REASONS[int(command) - 1])
            return "ok"
        return "bad"

    def _chosen(self, reason: str) -> None:
        self.finish()
        self._then(reason)
