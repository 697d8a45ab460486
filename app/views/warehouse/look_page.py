"""Look up: what is this, where is it, how many."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import language, t
from app.services.inventory.master import ProductStock, product_stock
from app.services.inventory.scan_reads import MOST, ContentRow, contents
from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT, Hit, Resolved, more_lots
from app.views.core.context import AppContext
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.inventory.words import PLACES
from app.views.terminal.parts import TouchButton, TouchChip
from app.views.warehouse.parts import ScanPage, of_several, word_of
from app.views.warehouse.steps import add_amount, row_card


class LookPage(ScanPage):
    """Scan anything; nothing is booked."""

    key = "scan_look"
    icon = "scan-line"
    topics = frozenset({"inventory.stock_balance"})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self._shown: tuple[str, int, str] | None = None
        self._opens: tuple[str, int] | None = None
        self._open = TouchButton(t("scan_look.open"), "external-link", clicked=self._open_record)
        self._open.setObjectName("action.open")
        self.foot.addStretch(1)
        self.foot.addWidget(self._open)
        self._open.hide()
        self._empty()
        kept = state.get("shown")
        if isinstance(kept, list | tuple) and len(kept) == 3:
            self._show(str(kept[0]), int(kept[1]), str(kept[2]))

    def state(self) -> dict[str, Any]:
        """What is being looked at."""
        return {"shown": list(self._shown)} if self._shown is not None else {}

    def _empty(self) -> None:
        self.prompt.tell(t("scan_look.want"), t("scan_look.want_text"))
        self._show_empty()

    def _show_empty(self) -> None:
        self.box.addWidget(EmptyState("scan-line", t("scan_look.empty"), t("scan_look.empty_text")))

    def _clear(self) -> None:
        """What was shown is not what was scanned now."""
        self._shown = None
        clear_layout(self.box)
        self._open.hide()
        self.changed.emit()

    def on_changes(self, changes: Changes) -> None:
        """Stock moved: read again."""
        self.refresh()

    def refresh(self) -> None:
        """Read again."""
        if self._shown is not None:
            self._show(*self._shown)

    def on_command(self, command: str) -> str:
        """Cancel empties the screen."""
        if command not in ("cancel", "undo"):
            return ""
        self._clear()
        self._empty()
        return "ok"

    def on_scan(self, found: Resolved) -> str:
        """Show products and places; documents open elsewhere."""
        if not found.hits:
            self._clear()
            self._show_empty()
            return self.not_known(found, t("scan_look.want"))
        hits = [hit for hit in found.hits if hit.topic in (PRODUCT, LOT, PLACE, BOX)]
        if not hits:
            return ""
        if len({(hit.product_id, hit.place_id) for hit in hits}) > 1:
            self._choose(hits, found)
            return "warn"
        return self._take(hits[0])

    def _choose(self, hits: list[Hit], found: Resolved) -> None:
        """The code stands for more than one thing: which is meant?"""
        self._clear()
        code, lots = found.reading.code, of_several(tuple(hits))
        words = t("scan.lot_of_several", lot=code) if lots else t("scan.several_text")
        if found.more:
            total = fmt.number(len(hits) + found.more)
            words = t("scan_look.many", lot=code, all=total, count=fmt.number(len(hits)))
        self.prompt.tell(t("scan.several"), words, "warn")
        self._offer_hits(hits, code, found.more)

    def _offer_hits(self, hits: Sequence[Hit], code: str, left: int) -> None:
        """Cards to choose from; ``left`` lots of the same number are shown when somebody wants them."""
        for hit in hits:
            second = t("scan_pack.lot", lot=hit.lot) if hit.lot else word_of(hit)
            card, line = row_card(f"hit.{hit.label}", f"{hit.label} {hit.name}".strip(), (second,))
            choose = TouchButton(t("scan.hit"), "check", clicked=partial(self._take, hit))
            choose.setObjectName(f"action.choose.{hit.label}")
            line.addWidget(choose)
            self.box.addWidget(card)
        if left <= 0:
            return
        oldest = min(hit.id for hit in hits if hit.topic == LOT)
        more = TouchButton(t("scan_look.more", n=left, count=fmt.number(left)), "chevron-down")
        more.setObjectName("action.more_lots")

        def shown(found: tuple[Hit, ...]) -> None:
            self.box.removeWidget(more)
            more.deleteLater()
            self._offer_hits(found, code, left - len(found) if found else 0)

        def read() -> None:
            op = ReadOp(self, self.ctx, more_lots, code, oldest, language())
            op.replacing("shown").success(shown).start()

        more.clicked.connect(read)
        self.box.addWidget(more)

    def _take(self, hit: Hit) -> str:
        self.prompt.tell(t("scan_look.want"), f"{hit.label} {hit.name}".strip(), "ok")
        if hit.product_id is not None:
            self._show(PRODUCT, hit.product_id, hit.lot)
        elif hit.place_id is not None:
            self._show(PLACE, hit.place_id, hit.place)
        else:
            self.prompt.tell(t("scan_look.want"), t("scan_look.box_nowhere", box=hit.label), "warn")
            return "warn"
        return "ok"

    def _show(self, topic: str, record: int, more: str) -> None:
        self._shown = (topic, record, more)
        self.changed.emit()
        if topic == PRODUCT:
            op = ReadOp(self, self.ctx, product_stock, record, language()).replacing("shown")
            op.success(lambda stock: self._product(stock, more)).start()
        else:
            rows = ReadOp(self, self.ctx, contents, record, language()).replacing("shown")
            rows.success(lambda found: self._place(record, more, found)).start()

    def _product(self, stock: ProductStock, lot: str) -> None:
        if self._shown is None:
            return  # something else was scanned meanwhile
        clear_layout(self.box)
        card = Card()
        card.body.addWidget(Label(f"{stock.sku} {stock.name}", "touch_name", wrap=True))
        free = t("stock.free_words", amount=fmt.quantity(stock.free, stock.unit))
        card.body.addWidget(Label(free, "touch_word", "text2"))
        self.box.addWidget(card)
        balances = [one for one in stock.balances if one.qty > 0]
        for balance in sorted(balances, key=lambda one: bool(lot) and one.lot != lot):
            until = t("scan_look.until", day=fmt.date_(balance.expires_on)) if balance.expires_on else ""
            kind, words = PLACES[balance.place_kind]
            chips = [TouchChip(kind, "", t(words))] if balance.place_kind != "storage" else []
            if lot and balance.lot == lot:
                chips.append(TouchChip("accent", "", t("scan_look.this_lot")))
            card, line = row_card("", balance.place, (balance.warehouse, balance.lot or "", until))
            for chip in chips:
                line.addWidget(chip)
            add_amount(line, fmt.quantity(balance.qty, stock.unit))
            self.box.addWidget(card)
        if not balances:
            self.box.addWidget(EmptyState("package-x", t("scan_look.nowhere"), t("scan_look.nowhere_text")))
        self._offer(PRODUCT, stock.product_id)

    def _place(self, place: int, code: str, rows: list[ContentRow]) -> None:
        if self._shown is None:
            return
        clear_layout(self.box)
        card = Card()
        card.body.addWidget(Label(t("scan_look.place", place=code), "touch_name"))
        count = t("scan_look.lies", n=len(rows), count=fmt.number(len(rows)))
        card.body.addWidget(Label(count, "touch_word", "text2"))
        self.box.addWidget(card)
        for row in rows:
            until = t("scan_look.until", day=fmt.date_(row.expires_on)) if row.expires_on else ""
            card, line = row_card(f"row.{row.sku}", row.sku, (row.name, row.lot or "", until))
            add_amount(line, fmt.quantity(row.qty, row.unit))
            self.box.addWidget(card)
        if len(rows) == MOST:
            words = t("scan_look.first", count=fmt.number(MOST))
            self.box.addWidget(Label(words, "touch_text", "text2", wrap=True))
        if not rows:
            self.box.addWidget(EmptyState("map-pin", t("scan_look.free"), t("scan_look.free_text")))
        self._offer(PLACE, place)

    def _offer(self, topic: str, record: int) -> None:
        self._opens = (topic, record)
        self._open.setVisible(topic in self.ctx.registry.records)

    def _open_record(self) -> None:
        if self._opens is not None:
            self.ctx.navigate.open_record(*self._opens)
