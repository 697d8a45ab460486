"""What the packing shows: deliveries to choose from, the parcel being filled, what is left, the parcels there are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.labels.packing import Goods, PackedDelivery, Packing, Parcel, ToPack
from app.views.core.marks import Label
from app.views.core.surfaces import Card
from app.views.core.theme import px
from app.views.terminal.parts import TouchButton, TouchChip
from app.views.warehouse.steps import add_amount, choice_card, row_card, two_lines
from app.views.warehouse.weight import kilos


@dataclass(frozen=True)
class Acts:
    """What the buttons of the cards do; ``papers`` whether this place may make packing lists."""

    change: Callable[[Decimal], object]
    reopen: Callable[[Parcel], object]
    void: Callable[[], object]
    label: Callable[[Parcel], object]
    paper: Callable[[Parcel], object]
    papers: bool


def inside_words(work: Packing) -> str:
    """What was scanned last, and how much of it is inside."""
    last = work.last
    if last is None:
        return t("scan_pack.nothing_inside")
    return f"{last.sku} {last.name} · {fmt.quantity(work.inside[last.line_id], last.unit)}"


def progress(delivery: PackedDelivery) -> str:
    """How much of the delivery is in how many parcels."""
    parcels = len(delivery.parcels)
    words = t("scan_pack.parcels", n=parcels, count=fmt.number(parcels))
    if delivery.complete:
        return t("scan_pack.complete", parcels=words)
    total = sum((one.qty for one in delivery.goods), Decimal(0))
    if not parcels:
        return t("scan_pack.none_yet", all=fmt.quantity(total))
    left = sum((delivery.left(one.line_id) for one in delivery.goods), Decimal(0))
    if not left:
        return t("scan_pack.open_yet")
    return t("scan_pack.progress", packed=fmt.quantity(total - left), all=fmt.quantity(total), parcels=words)


def delivery_card(row: ToPack, start: Callable[[], object]) -> QWidget:
    """A delivery that is not packed yet."""
    parts = (row.order or "", row.city or "", fmt.date_time(row.shipped_at))
    card, line = choice_card(row.number, row.customer, parts, t("scan_pack.start"), start)
    if row.parcels:
        words = t("scan_pack.begun", packed=fmt.quantity(row.packed), all=fmt.quantity(row.to_pack))
        line.insertWidget(1, TouchChip("warn", "", words))
    return card


def cards(work: Packing, acts: Acts) -> Iterator[QWidget]:
    """The delivery, the parcel being filled, the goods that are left, the other parcels."""
    delivery = work.delivery
    head = Card()
    head.setObjectName("pack.head")
    row = QHBoxLayout()
    open_yet = work.all_in and not delivery.complete
    said = t("scan_pack.open_yet") if open_yet else progress(delivery)
    row.addLayout(two_lines(f"{delivery.number} {delivery.customer}", said, "touch_name"), 1)
    if open_yet:
        row.addWidget(TouchChip("warn", "package", t("scan_pack.chip_open")))
    elif delivery.complete:
        row.addWidget(TouchChip("ok", "circle-check", t("scan_pack.chip_complete")))
    else:
        row.addWidget(TouchChip("warn", "triangle-alert", t("scan_pack.chip_incomplete")))
    head.body.addLayout(row)
    yield head
    if work.inside or work.parcel is not None:
        yield _filling(work, acts)
    for goods in delivery.goods:
        if work.left(goods.line_id) > 0:
            yield _left(work, goods)
    for parcel in reversed(delivery.parcels):
        if parcel is not work.parcel:
            yield _parcel(delivery, parcel, acts)


def _filling(work: Packing, acts: Acts) -> QWidget:
    card = Card()
    card.setObjectName("pack.filling")
    head = QHBoxLayout()
    number = work.number or max((one.number for one in work.delivery.parcels), default=0) + 1
    head.addWidget(Label(t("scan_pack.filling", number=fmt.number(number)), "touch_word"), 1)
    if work.parcel is not None:
        void = TouchButton(t("scan_pack.void"), "package-x", "quiet", clicked=acts.void)
        void.setObjectName("action.void")
        head.addWidget(void)
    card.body.addLayout(head)
    by_line = {one.line_id: one for one in work.delivery.goods}
    for line in reversed(tuple(work.inside)):
        goods, newest = by_line[line], work.last is by_line[line]
        row = QHBoxLayout()
        row.setSpacing(px("gap_l"))
        row.addLayout(_words(goods), 1)
        add_amount(row, fmt.quantity(work.inside[line], goods.unit), acts.change if newest else None)
        card.body.addLayout(row)
    if not work.inside:
        card.body.addWidget(Label(t("scan_pack.nothing_inside"), "touch_text", "text2"))
    return card


def _words(goods: Goods) -> QVBoxLayout:
    return two_lines(f"{goods.sku} {goods.name}", t("scan_pack.lot", lot=goods.lot) if goods.lot else "")


def _left(work: Packing, goods: Goods) -> QWidget:
    lot = t("scan_pack.lot", lot=goods.lot) if goods.lot else ""
    card, row = row_card(f"row.{goods.sku}", f"{goods.sku} {goods.name}", (lot,))
    row.addWidget(TouchChip("neutral", "", t("scan_pack.chip_left")))
    packed, of_all = goods.qty - work.left(goods.line_id), fmt.quantity(goods.qty, goods.unit)
    add_amount(row, f"{fmt.number(packed)} / {of_all}")
    return card


def _parcel(delivery: PackedDelivery, parcel: Parcel, acts: Acts) -> QWidget:
    card = Card()
    card.setObjectName(f"parcel.{parcel.number}")
    row = QHBoxLayout()
    row.setSpacing(px("gap_m"))
    words = QVBoxLayout()
    words.setSpacing(px("gap_xs"))
    words.addWidget(Label(t("scan_pack.parcel", number=fmt.number(parcel.number)), "touch_word"))
    by_line = {one.line_id: one for one in delivery.goods}
    content = ", ".join(
        f"{fmt.quantity(qty, by_line[line].unit)} {by_line[line].sku}"
        for line, qty in parcel.inside.items()
        if line in by_line
    )
    words.addWidget(Label(content, "touch_text", "text2", elide=True))
    weight = kilos(parcel.weight_g) if parcel.weight_g is not None else ""
    sscc = t("scan_pack.sscc", code=parcel.sscc) if parcel.sscc else ""
    marks = " · ".join(part for part in (sscc, weight) if part)
    if marks:
        words.addWidget(Label(marks, "touch_text", "text2", elide=True))
    row.addLayout(words, 1)
    closed = parcel.state == "packed"
    state = t("scan_pack.chip_packed" if closed else "scan_pack.chip_open")
    row.addWidget(TouchChip("ok" if closed else "warn", "", state))
    buttons = [("label", "printer", acts.label), ("reopen", "package-search", acts.reopen)]
    if acts.papers:
        buttons.insert(1, ("paper", "file-text", acts.paper))
    for name, icon, run in buttons:
        button = TouchButton(t(f"scan_pack.{name}"), icon, "quiet", clicked=partial(run, parcel))
        button.setObjectName(f"action.{name}.{parcel.number}")
        row.addWidget(button)
    card.body.addLayout(row)
    return card
