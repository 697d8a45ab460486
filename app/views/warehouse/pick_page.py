"""Pick an order with the scanner: the way through the warehouse, place by place, and the delivery at its end."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.drafts import pack
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.labels.scanning import BOX, PLACE, Resolved
from app.services.sales import writes
from app.services.sales.opening import OpenShipping, open_shipping
from app.services.sales.scan_pick import REASONS, Picking, PickStep, begin, dump, restore
from app.services.sales.shipping import ShippingOrder, shipping_orders
from app.services.sales.writes import Shipped
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.values import error_text
from app.views.sales import pdf
from app.views.terminal.parts import TouchButton, TouchChip
from app.views.warehouse.parts import first
from app.views.warehouse.steps import ONE, StepPage, add_amount, choice_card, goods_of, row_card

ORDERS = ("sales.shipping", "sales.sales_order")
PACK = "scan_pack"
SHOWN = 30


class PickPage(StepPage[Picking | None]):
    """Orders to pick; then one of them."""

    key = "scan_pick"
    icon = "truck"
    booking = "scan_pick.ship"
    leaving = "scan_pick.leave"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx, state, "pick", "picking")
        self._delivery: int | None = None
        self.add_buttons(
            (
                ("undo", "scan_work.undo", "undo-2", "quiet", self.undo),
                ("clear", "scan_pick.leave", "x", "quiet", self.leave),
            ),
            (
                ("short", "scan_pick.short", "package-x", "secondary", self.short),
                ("ship", "scan_pick.ship", "truck", "primary", self.post),
                ("pack", "scan_pick.pack", "package", "primary", self.pack),
            ),
        )
        self.show_work()
        self.refresh()

    undo_button: TouchButton
    clear_button: TouchButton
    short_button: TouchButton
    ship_button: TouchButton
    pack_button: TouchButton

    def restored(self, kept: dict[str, Any] | None) -> Picking | None:
        """An order that was begun."""
        return restore(kept) if kept is not None else None

    # -- TabPage ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """How far the picking is."""
        return {"picking": pack(dump(self.work))} if self.work is not None else {}

    def dirty(self) -> bool:
        """Whether goods are on the trolley that are not shipped."""
        return self.work is not None and any(s.taken > 0 and s.place_id for s in self.work.steps)

    def complete(self) -> bool:
        """Whether everything is taken or reported as short."""
        return self.work is not None and self.work.next is None

    def refresh(self) -> None:
        """What is to be picked at all."""
        if self.work is None:
            ReadOp(self, self.ctx, shipping_orders).replacing("orders").success(self._orders).start()

    # -- scans --------------------------------------------------------------------------------------------------

    def on_scan(self, found: Resolved) -> str:
        """The order first; then place and goods in turn."""
        if self._posting:
            return "bad"
        if not found.hits:
            return self.not_known(found, self.wanted())
        order = first(found.hits, *ORDERS)
        picking = self.work
        if order is not None:
            if picking is not None:
                self.tell(t("scan_pick.another", number=picking.number), "bad")
                return "bad"
            self.start(order.id)
            return LATER
        if picking is None:
            return ""
        place = first(found.hits, PLACE, BOX)
        product = goods_of(found.hits, (step.product_id for step in picking.steps))
        if place is not None and place.place_id is not None and (product is None or picking.wants == "place"):
            place_id, code = place.place_id, place.place
            return self.step(lambda: picking.stand(place_id, code))
        if product is not None:
            qty = found.reading.qty or product.qty or ONE
            goods = product.product_id or 0
            return self.step(lambda: picking.take(goods, product.label, product.lot, qty))
        return ""

    def start(self, order_id: int) -> None:
        """Begin an order."""
        op: ReadOp[OpenShipping] = ReadOp(self, self.ctx, open_shipping, order_id, language())
        op.success(self._opened).start()

    def _opened(self, found: OpenShipping) -> None:
        try:
            self.work = begin(found)
        except AppError as error:
            self.tell(error_text(error), "bad")
            self.signal("bad")
            return
        self._past = []
        self.show_work()
        self.signal("ok")

    # -- steps --------------------------------------------------------------------------------------------------

    def outcome(self) -> tuple[str, str]:
        """What was taken, and whether it is past its day."""
        work = self.work
        step = work.steps[work.last] if work is not None and work.last is not None else None
        if step is None:
            return "", "ok"
        if _expired(step):
            words = t("scan_work.expired", product=step.sku, day=fmt.date_(step.expires_on))
            return f"{_taken(step)} · {words}", "warn"
        return _taken(step), "ok"

    def forget(self) -> None:
        """Leave the order."""
        self.work, self._past = None, []
        self.show_work()
        self.refresh()

    def confirm(self) -> str:
        """Ship; while something is missing, say why."""
        if self.complete():
            return self.post()
        self.short()
        return "ok"

    def short(self) -> None:
        """There is less than wanted: why?"""
        picking = self.work
        if picking is not None and picking.next is not None:
            step = picking.steps[picking.next]
            ShortDialog(self, step, lambda reason: self.step(lambda: picking.leave_short(reason))).open()

    # -- shipping -----------------------------------------------------------------------------------------------

    def post(self, then: Callable[[], None] | None = None) -> str:
        """Post the delivery of what was taken; the tone for it."""
        picking = self.work
        if picking is None:
            return "bad"

        def shipped(answer: Shipped) -> None:
            self.work, self._past = None, []
            self._delivery = answer.id
            self.show_work(t("scan_pick.shipped", number=answer.number), "ok")
            self.signal("ok")
            self._note(picking, answer.id)
            # At a terminal nobody may archive: the office makes the delivery note up.
            if self.ctx.profile.can("document_archive"):
                pdf.archive(self.ctx, "delivery", answer.id, answer.number)
            self.refresh()
            if then is not None:
                then()

        return self.book(writes.ship_delivery, picking.ship, shipped, self.ship_button)

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

    # -- looks --------------------------------------------------------------------------------------------------

    def wanted(self) -> str:
        """The order, then where to go and what to take."""
        picking = self.work
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

    def _orders(self, orders: list[ShippingOrder]) -> None:
        if self.work is not None:
            return
        clear_layout(self.box)
        for order in orders[:SHOWN]:
            self.box.addWidget(self._order(order))
        if len(orders) > SHOWN:
            self.say_first(SHOWN)
        if not orders:
            self.box.addWidget(EmptyState("circle-check", t("scan_pick.empty"), t("scan_pick.empty_text")))

    def _order(self, order: ShippingOrder) -> QWidget:
        due = fmt.date_(order.requested_date or order.order_date)
        ready = t("scan_pick.ready", ready=fmt.number(order.ready_lines), lines=fmt.number(order.open_lines))
        if not order.block_reason:
            start = partial(self.start, order.sales_order_id)
            return choice_card(order.number, order.customer, (due, ready), t("scan_pick.start"), start)[0]
        card, row = row_card(f"row.{order.number}", f"{order.number} {order.customer}", (due, ready))
        row.addWidget(TouchChip("bad", "", t("scan_pick.blocked")))
        return card

    def show_work(self, said: str = "", tone: str = "") -> None:
        """The orders to choose from, or the way through the warehouse."""
        picking = self.work
        self.keep(dump(picking) if picking is not None else None)
        self.tell(said, tone)
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
        place = step.place or t("scan_pick.service")
        until = t("scan_look.until", day=fmt.date_(step.expires_on)) if step.expires_on else ""
        head, parts = f"{place}  {step.lot}".strip(), (f"{step.sku} {step.name}", until)
        card, row = row_card(f"row.{step.sku}", head, parts, "touch_name" if now else "touch_word")
        if _expired(step):
            row.addWidget(TouchChip("bad", "", t("scan_pick.expired")))
        if step.short:
            row.addWidget(TouchChip("warn", "", t(f"scan_pick.reason_{step.short}")))
        elif step.done:
            row.addWidget(TouchChip("ok", "", t("scan_pick.taken")))
        elif now:
            row.addWidget(TouchChip("accent", "", t("scan_pick.now")))
        amount = f"{fmt.number(step.taken)} / {fmt.quantity(step.wanted, step.unit)}"
        add_amount(row, amount, self.change if last else None)
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
