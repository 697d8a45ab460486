"""Receive, put away, transfer and count with the scanner: scan after scan, nothing is booked before it is complete."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.changes import Result
from app.core.clock import today
from app.core.drafts import pack
from app.core.errors import NotAllowed
from app.core.i18n import language, t
from app.services.inventory import writes
from app.services.inventory.master import ProductStock, product_stock
from app.services.inventory.scan_work import (
    AT_PLACE,
    COUNT,
    PUT_AWAY,
    RECEIVE,
    TRANSFER,
    Piece,
    Spot,
    Work,
    WorkLine,
    dump,
    restore,
)
from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT, Hit, Resolved
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.terminal.parts import TouchButton, TouchChip
from app.views.warehouse.parts import first, is_lot, of_several
from app.views.warehouse.steps import ONE, UNDO, StepPage, add_amount, row_card


class WorkPage(StepPage[Work]):
    """One kind of work; ``mode`` says which."""

    mode = RECEIVE

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx, state, self.mode, "work")
        self.add_buttons(
            (
                ("undo", "scan_work.undo", "undo-2", "quiet", self.undo),
                ("clear", "scan_work.clear", "trash-2", "quiet", self.leave),
            ),
            (("post", "scan_work.post", "check", "primary", self.post),),
        )
        self.show_work()

    undo_button: TouchButton
    clear_button: TouchButton
    post_button: TouchButton

    def restored(self, kept: dict[str, Any] | None) -> Work:
        """What was scanned before."""
        return restore(self.mode, kept) if kept is not None else Work(self.mode)

    # -- TabPage ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What was scanned so far."""
        return {"work": pack(dump(self.work))}

    def dirty(self) -> bool:
        """Whether something was scanned that is not booked."""
        return bool(self.work.lines)

    def complete(self) -> bool:
        """Whether it only has to be booked: what is moved needs the place it goes to, and a lot may be asked for."""
        return self.mode in AT_PLACE and self.work.asked is None

    # -- scans --------------------------------------------------------------------------------------------------

    def on_scan(self, found: Resolved) -> str:
        """A product, a lot, a place; an unknown code is the lot while one is asked for."""
        if self._posting:
            return "bad"
        if self.work.asked is not None and is_lot(found):
            return self._lot(found.reading.lot or found.reading.code)
        if not found.hits:
            return self.not_known(found, self.wanted())
        place = first(found.hits, PLACE, BOX)
        product = first(found.hits, PRODUCT, LOT)
        # What both a product and a place are called like is what is waited for.
        if place is not None and (product is None or self.work.wants == "place"):
            return self._place(place)
        if of_several(found.hits):
            self.tell(t("scan.lot_of_several", lot=found.reading.code), "bad")
            return "bad"
        if product is not None:
            return self._product(product, found)
        return ""

    def _place(self, hit: Hit) -> str:
        if hit.place_id is None:
            self.tell(t("scan_look.box_nowhere", box=hit.label), "bad")
            return "bad"
        spot = Spot(hit.place_id, hit.place)
        if self.mode in AT_PLACE or not self.work.lines:
            return self.step(lambda: self.work.at(spot))
        return self._post(writes.transfer_stock, lambda: self.work.move(spot), spot.code)

    def _product(self, hit: Hit, found: Resolved) -> str:
        more = hit.more
        if not more.get("is_stocked"):
            self.tell(t("error.product_not_stocked", product=hit.label), "bad")
            return "bad"
        piece = Piece(
            int(hit.product_id or 0),
            hit.label,
            hit.name,
            str(more["unit"]),
            int(more["decimals"]),
            bool(more["is_lot_tracked"]),
            hit.lot,
            hit.lot_id,
            found.reading.qty or hit.qty or ONE,
            hit.expires_on or found.reading.expires_on,
        )
        if self.mode in AT_PLACE:
            tone = self.step(lambda: self.work.arrived(piece))
            return self._expired(piece) if tone == "ok" and self.mode == RECEIVE else tone
        self._look(piece)
        return LATER

    def _expired(self, piece: Piece) -> str:
        """The tone for goods that arrive, by the day they are good until."""
        if piece.expires_on is None or piece.expires_on >= today():
            return "ok"
        until = fmt.date_(piece.expires_on)
        self.tell(t("scan_work.expired", product=piece.sku, day=until), "warn")
        return "warn"

    def _lot(self, lot: str) -> str:
        tone = self.step(lambda: self.work.with_lot(lot))
        asked = self.work.asked
        if tone == "ok" and asked is not None and asked.lot:
            self._look(asked)
            return LATER
        return tone

    def _look(self, piece: Piece) -> None:
        op: ReadOp[ProductStock] = ReadOp(self, self.ctx, product_stock, piece.product_id, language())
        op.success(partial(self._lies, piece)).start()

    def _lies(self, piece: Piece, stock: ProductStock) -> None:
        tone = self.step(lambda: self.work.taken(piece, stock))
        self.signal(tone)
        if tone == "ok" and self.mode == PUT_AWAY and self.work.asked is None:
            shelves = [one.place for one in stock.balances if one.place_kind == "storage" and one.qty > 0]
            if shelves:
                lies = ", ".join(dict.fromkeys(shelves[:4]))
                self.tell(t("scan_work.lies_at", product=piece.sku, places=lies), "ok")

    def on_command(self, command: str) -> str:
        """Codes of the sheet; here *one more* holds for goods scanned just now, and *cancel* can be undone."""
        if command == "more":
            return self.step(self.work.one_more)
        return self.forget() if command == "cancel" else super().on_command(command)

    # -- steps --------------------------------------------------------------------------------------------------

    def forget(self) -> str:
        """Take everything back; undo brings it again."""
        self._past = [*self._past[-UNDO:], self.work]
        self.work = Work(self.mode)
        self.show_work(t("scan_work.cleared"))
        return "ok"

    # -- posting ------------------------------------------------------------------------------------------------

    def post(self, then: Callable[[], None] | None = None) -> str:
        """Book what arrived; what is moved is booked by scanning the place it goes to. The tone for it."""
        if self.mode == RECEIVE:
            return self._post(writes.receive_stock, self.work.receive, "", then)
        if self.mode == COUNT:
            reason = t("scan_count.reason")
            return self._post(writes.adjust_stock, lambda: self.work.count(reason), "", then)
        self.tell(t("scan_work.scan_target"), "warn")
        return "warn"

    def _post(
        self,
        fn: Callable[[Any, Any], Result[Any]],
        make: Callable[[], Any],
        target: str,
        then: Callable[[], None] | None = None,
    ) -> str:
        lines = self.work.lines

        def booked(_answer: Any) -> None:
            self.work, self._past = self.work.done(), []
            words = t(f"{self.key}.done", n=len(lines), count=fmt.number(len(lines)), place=target)
            self.show_work(words, "ok")
            self.signal("ok")
            if then is not None:
                then()

        return self.book(fn, make, booked, self.post_button, self._not_booked)

    def _not_booked(self, error: BaseException, command: Any) -> bool:
        if isinstance(error, NotAllowed) and error.key == "stock_difference_limit":
            self.signal("bad")
            self._ask_for(error, command)
            return True
        return self.refused(error)

    def _ask_for(self, error: NotAllowed, command: Any) -> None:
        """The difference weighs more than the person may post: offer to ask somebody who may."""

        def sent(_request: int) -> None:
            self.work, self._past = self.work.done(), []
            self.show_work(t("stock.count.asked"), "ok")

        def request() -> None:
            again = replace(command, command=uuid4())
            WriteOp(self, self.ctx, writes.request_adjustment, again).success(sent).start()

        limit = Decimal(str(error.params.get("limit", 0)))
        words = t("stock.count.ask_text", limit=fmt.money(limit))
        ask(self, t("stock.count.ask_title"), words, "stock.count.ask_yes", request, icon="badge-check")

    # -- looks --------------------------------------------------------------------------------------------------

    def wanted(self) -> str:
        """A place, goods, a lot, or where it goes to."""
        asked = self.work.asked
        return t(f"{self.key}.want_{self.work.wants}", product=asked.sku if asked is not None else "")

    def outcome(self) -> tuple[str, str]:
        """What was scanned, and how many of it."""
        line, asked = self.work.last, self.work.asked
        if asked is not None:
            return f"{asked.sku} {asked.name}", "ok"
        if line is not None:
            return f"{line.piece.sku} {line.piece.name} · {fmt.quantity(line.qty, line.piece.unit)}", "ok"
        return t("scan_work.at", place=self.work.place.code) if self.work.place is not None else "", "ok"

    def show_work(self, said: str = "", tone: str = "") -> None:
        """What was scanned so far."""
        self.keep(dump(self.work) if self.work.lines or self.work.place else None)
        self.tell(said, tone)
        clear_layout(self.box)
        if self.work.place is not None:
            card = Card()
            words = t(f"{self.key}.at", place=self.work.place.code)
            card.body.addWidget(Label(words, "touch_name"))
            self.box.addWidget(card)
        for number, line in enumerate(reversed(self.work.lines)):
            self.box.addWidget(self._line(line, newest=number == 0))
        if not self.work.lines:
            self.box.addWidget(EmptyState(self.icon, t(f"{self.key}.empty"), t(f"{self.key}.empty_text")))
        self.undo_button.setEnabled(bool(self._past))
        self.clear_button.setEnabled(bool(self.work.lines))
        self.post_button.setVisible(self.mode in AT_PLACE)
        self.post_button.setEnabled(bool(self.work.lines))
        self.changed.emit()

    def _line(self, line: WorkLine, *, newest: bool) -> QWidget:
        piece, where = line.piece, line.source or line.place
        most = t("scan_work.of", amount=fmt.quantity(line.most, piece.unit)) if line.most is not None else ""
        until = t("scan_look.until", day=fmt.date_(piece.expires_on)) if piece.expires_on is not None else ""
        parts = (piece.lot, until, where.code if where is not None else "", most)
        card, row = row_card(f"row.{piece.sku}", f"{piece.sku} {piece.name}", parts)
        if line.qty == 0 and self.mode != COUNT:
            row.addWidget(TouchChip("warn", "", t("scan_work.nothing")))
        add_amount(row, fmt.quantity(line.qty, piece.unit), self.change if newest else None)
        return card


class ReceivePage(WorkPage):
    """Goods arrive: the place first, then piece after piece."""

    key, mode, icon = "scan_receive", RECEIVE, "package-plus"


class PutAwayPage(WorkPage):
    """From goods-in to the shelf."""

    key, mode, icon = "scan_put_away", PUT_AWAY, "package"


class TransferPage(WorkPage):
    """From one place to another."""

    key, mode, icon = "scan_transfer", TRANSFER, "arrow-left-right"


class CountPage(WorkPage):
    """Place by place, without a look at the books."""

    key, mode, icon = "scan_count", COUNT, "clipboard-check"
