"""Pack a delivery with the scanner: parcel after parcel, each with its number, its weight and its label."""

from collections.abc import Callable
from functools import partial
from typing import Any

from app.core import format as fmt
from app.core.drafts import pack
from app.core.i18n import language, t
from app.services.labels import packing
from app.services.labels.packing import (
    Closed,
    PackedDelivery,
    Packing,
    Parcel,
    ReopenParcel,
    ToPack,
    VoidParcel,
)
from app.services.labels.scanning import Hit, Resolved
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.operation import ReadOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import EmptyState, clear_layout
from app.views.terminal.parts import TouchButton
from app.views.warehouse import pack_cards, parcel_print
from app.views.warehouse.parts import first
from app.views.warehouse.steps import ONE, StepPage, goods_of
from app.views.warehouse.weight import WeightDialog, kilos

DOCUMENTS = ("labels.packing", "sales.delivery", "sales.sales_order", "sales.shipping")


class PackPage(StepPage[Packing | None]):
    """Deliveries to pack; then one of them."""

    key = "scan_pack"
    icon = "boxes"
    booking = "scan_pack.close"
    leaving = "scan_pack.leave"
    topics = frozenset({packing.PARCEL})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx, state, "pack", "packing")
        self.add_buttons(
            (
                ("undo", "scan_work.undo", "undo-2", "quiet", self.undo),
                ("leave", "scan_pack.leave", "x", "quiet", self.leave),
            ),
            (
                ("rest", "scan_pack.rest", "package-plus", "secondary", self.rest),
                ("weigh", "scan_pack.weigh", "scale", "secondary", self.weigh),
                ("close", "scan_pack.close", "package-check", "primary", self.post),
            ),
        )
        self.show_work()
        wanted = state.get("delivery") or self._kept.get("delivery")
        # What lies in an open parcel of another delivery is not forgotten for this one.
        self._other = bool(self._kept.get("inside")) and wanted != self._kept.get("delivery")
        if self._other:
            wanted = self._kept.get("delivery")
        if isinstance(wanted, int):
            self.start(wanted)
        else:
            self.refresh()

    undo_button: TouchButton
    leave_button: TouchButton
    rest_button: TouchButton
    weigh_button: TouchButton
    close_button: TouchButton

    def restored(self, kept: dict[str, Any] | None) -> Packing | None:
        """Nothing yet: what was kept counts once the delivery has been read again."""
        self._kept: dict[str, Any] = kept or {}
        return None

    # -- TabPage ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What is in the parcel so far."""
        return {"packing": pack(packing.keep(self.work))} if self.work is not None else {}

    def dirty(self) -> bool:
        """Whether something lies in a parcel that is not closed."""
        work = self.work
        before = dict(work.parcel.inside) if work is not None and work.parcel is not None else {}
        return work is not None and dict(work.inside) != before

    def _unsaved(self) -> dict[str, Any]:
        return packing.keep(self.work) if self.work is not None and self.dirty() else {}

    def complete(self) -> bool:
        """Whether something is in the parcel."""
        return self.work is not None and bool(self.work.inside)

    def refresh(self) -> None:
        """What is to be packed at all, or how far this delivery is by now."""
        if self.work is None:
            ReadOp(self, self.ctx, packing.to_pack).replacing("list").success(self._listed).start()
        elif not self.dirty():
            self.start(self.work.delivery.id)

    def on_changes(self, changes: object) -> None:
        """Somebody packed as well."""
        if not self._posting:
            self.refresh()

    # -- scans --------------------------------------------------------------------------------------------------

    def on_scan(self, found: Resolved) -> str:
        """The delivery, its order or a parcel of it first; then goods."""
        if self._posting:
            return "bad"
        if not found.hits:
            return self.not_known(found, self.wanted())
        work = self.work
        goods = goods_of(
            found.hits, (one.product_id for one in work.delivery.goods) if work is not None else ()
        )
        if work is not None and goods is not None:
            qty = found.reading.qty or goods.qty or ONE
            product = goods.product_id or 0
            return self.step(lambda: work.put(product, goods.label, goods.lot, qty))
        document = first(found.hits, *DOCUMENTS)
        if document is not None:
            return self._document(document)
        if goods is not None:
            self.tell(t("scan_pack.delivery_first"), "bad")
            return "bad"
        return ""

    def _document(self, hit: Hit) -> str:
        if self.dirty() and self.work is not None:
            self.tell(t("scan_pack.another", number=self.work.delivery.number), "bad")
            return "bad"
        if hit.topic in ("sales.delivery", "labels.packing"):
            self.start(hit.id, heard=True)
            return LATER

        def known(delivery_id: int | None) -> None:
            if delivery_id is None:
                self.tell(t("scan_pack.not_shipped", number=hit.label), "bad")
                self.signal("bad")
            else:
                self.start(delivery_id, heard=True)

        ReadOp(self, self.ctx, packing.find_packing, hit.label).replacing("find").success(known).start()
        return LATER

    def start(self, delivery_id: int, *, heard: bool = False) -> None:
        """Open a delivery; ``heard``: it was scanned, and people wait for the tone."""

        def opened(found: PackedDelivery) -> None:
            self._opened(found)
            if heard:
                self.signal("ok")

        op: ReadOp[PackedDelivery] = ReadOp(self, self.ctx, packing.packed_delivery, delivery_id, language())
        op.replacing("delivery").success(opened).failure(self._not_there).start()

    def _opened(self, found: PackedDelivery) -> None:
        if self.work is not None and self.work.delivery == found and not (self._kept or self._other):
            return  # nothing new: what was said last stays
        # Who has scanned on while this was asked keeps what lies in the parcel.
        self.work, self._kept = packing.resume(found, self._kept or self._unsaved()), {}
        self._past = []
        self.show_work(*self._how_far())
        if self._other and self.dirty():
            self.tell(t("scan_pack.another", number=found.number), "warn")
        self._other = False

    def _not_there(self, error: BaseException) -> bool:
        if self._kept:
            self._kept = {}
            self.discard()
            self.refresh()
            return True
        return self.refused(error)

    # -- steps --------------------------------------------------------------------------------------------------

    def outcome(self) -> tuple[str, str]:
        """What was put in, and how much of it is inside."""
        return (pack_cards.inside_words(self.work), "ok") if self.work is not None else ("", "ok")

    def rest(self) -> None:
        """All that is left goes into this parcel."""
        work = self.work
        if work is not None:
            self.step(work.everything)

    def weigh(self) -> None:
        """What do the scales say?"""
        work = self.work
        if work is not None and work.inside:
            WeightDialog(
                self, work.weight, work.suggested_g, lambda grams: self.step(lambda: work.weigh(grams))
            ).open()

    def forget(self) -> None:
        """Leave the delivery."""
        self.work, self._past = None, []
        self.show_work()
        self.refresh()

    # -- posting ------------------------------------------------------------------------------------------------

    def post(self, then: Callable[[], None] | None = None) -> str:
        """Close the parcel; its label is printed. The tone for it."""
        work = self.work
        if work is None:
            return "bad"

        def closed(answer: Closed) -> None:
            self._past = []
            self.work = packing.Packing(work.delivery)
            self.signal("ok")
            self._read_again(answer)
            if then is not None:
                then()

        return self.book(packing.close_parcel, work.close, closed, self.close_button)

    def _read_again(self, answer: Closed) -> None:
        def read(found: PackedDelivery) -> None:
            self.work = packing.resume(found, self._unsaved())
            said = "scan_pack.all_packed" if answer.complete else "scan_pack.closed"
            words = t(
                said,
                number=fmt.number(answer.number),
                delivery=found.number,
                n=answer.parcels,
                count=fmt.number(answer.parcels),
            )
            self.show_work(words, "ok")
            made = [one for one in found.parcels if one.id == answer.id]
            # Only now it is known how many there are: the others get their label again.
            again = [one for one in found.parcels if one.id != answer.id] if answer.complete else []
            parcel_print.labels(self, self.ctx, found, [*again, *made], asked=False)

        op: ReadOp[PackedDelivery] = ReadOp(
            self, self.ctx, packing.packed_delivery, self.work.delivery.id if self.work else 0, language()
        )
        op.replacing("delivery").success(read).start()

    def reopen(self, parcel: Parcel) -> None:
        """Open a packed parcel again."""
        if self.dirty():
            self.tell(t("scan_pack.close_first"), "bad")
            return
        command = ReopenParcel(parcel.id, parcel.row_version)
        self.book(packing.reopen_parcel, lambda: command, self._changed_parcel, self.close_button)

    def void(self) -> None:
        """Unpack the opened parcel for good, after a question."""
        work = self.work
        if work is None or work.parcel is None:
            return
        parcel = work.parcel

        def sure() -> None:
            command = VoidParcel(parcel.id, parcel.row_version)
            self.book(packing.void_parcel, lambda: command, self._changed_parcel, self.close_button)

        text = t("scan_pack.void_text", number=fmt.number(parcel.number))
        ask(self, t("scan_pack.void_title"), text, "scan_pack.void_yes", sure, danger=True)

    def _changed_parcel(self, _number: int) -> None:
        if self.work is not None:
            self.start(self.work.delivery.id)

    # -- looks --------------------------------------------------------------------------------------------------

    def wanted(self) -> str:
        """The delivery, then what goes into the parcel, or to close it."""
        work = self.work
        if work is None:
            return t("scan_pack.want_delivery")
        if work.delivery.complete and not work.inside:
            return t("scan_pack.want_nothing")
        number = work.number or max((one.number for one in work.delivery.parcels), default=0) + 1
        key = "close" if work.all_in and work.inside else "goods"
        return t(f"scan_pack.want_{key}", number=fmt.number(number))

    def _how_far(self) -> tuple[str, str]:
        work = self.work
        if work is None:
            return "", ""
        tone = "ok" if work.delivery.complete else ""
        return pack_cards.progress(work.delivery), tone

    def _listed(self, rows: list[ToPack]) -> None:
        if self.work is not None:
            return
        clear_layout(self.box)
        for row in rows:
            self.box.addWidget(pack_cards.delivery_card(row, partial(self.start, row.delivery_id)))
        if len(rows) == packing.MOST_LISTED:
            self.say_first(len(rows))
        if not rows:
            self.box.addWidget(EmptyState("circle-check", t("scan_pack.empty"), t("scan_pack.empty_text")))

    def show_work(self, said: str = "", tone: str = "") -> None:
        """The deliveries to choose from, or the parcel being filled and what is left."""
        work = self.work
        if work is not None:
            self.keep(packing.keep(work))
        elif not self._kept:
            self.keep(None)
        self.tell(said, tone)
        clear_layout(self.box)
        for button in (
            self.undo_button,
            self.leave_button,
            self.rest_button,
            self.weigh_button,
            self.close_button,
        ):
            button.setVisible(work is not None)
        if work is not None:
            self.undo_button.setEnabled(bool(self._past))
            self.rest_button.setEnabled(not work.all_in)
            self.weigh_button.setEnabled(bool(work.inside))
            self.close_button.setEnabled(bool(work.inside))
            weight = work.weight
            self.weigh_button.setText(kilos(weight) if weight is not None else t("scan_pack.weigh"))
            self.weigh_button.updateGeometry()
            acts = pack_cards.Acts(
                change=self.change,
                reopen=self.reopen,
                void=self.void,
                label=lambda parcel: parcel_print.labels(self, self.ctx, work.delivery, [parcel]),
                paper=lambda parcel: parcel_print.packing_list(self, self.ctx, parcel),
                papers=self.ctx.profile.can("sales.delivery:select"),
            )
            for card in pack_cards.cards(work, acts):
                self.box.addWidget(card)
        self.changed.emit()
