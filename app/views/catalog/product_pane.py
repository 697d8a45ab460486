"""The pane beside the list of products."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from PySide6.QtWidgets import QVBoxLayout

from app.core import clock
from app.core import format as fmt
from app.core.i18n import language, t
from app.core.paging import Filter, ListQuery
from app.services.catalog.detail import PriceLine, ProductDetail, product_detail
from app.services.catalog.reads import ProductRow
from app.services.inventory.lists import MoveRow, list_moves
from app.services.system.reads import HistoryRow, NoteRow, story
from app.views.catalog.words import PRODUCT, STATUS, from_quantity, period, picture_key, price
from app.views.core.buttons import Button, IconButton
from app.views.core.chart import StepChart, StepData
from app.views.core.context import AppContext
from app.views.core.detail import (
    DetailPane,
    Picture,
    cells_row,
    facts,
    history_row,
    section,
    text_row,
    value_row,
)
from app.views.core.marks import initials
from app.views.core.operation import ReadOp
from app.views.core.people import name, when_known
from app.views.core.side_cards import in_words, when
from app.views.core.surfaces import Loading
from app.views.core.tasks import alive

PAST_DAYS = 200
SHOWN_PRICES, SHOWN_PLACES, SHOWN_HISTORY, SHOWN_MOVES = 4, 4, 4, 12
LABELS = {
    key: f"catalog.field.{key}"
    for key in (
        "sku",
        "name",
        "state",
        "category_id",
        "unit_id",
        "tax_class_id",
        "family_id",
        "reorder_point",
        "weight_g",
        "ean",
        "legacy_sku",
        "is_made",
        "is_bought",
        "is_sold",
        "is_stocked",
        "is_lot_tracked",
        "standard_cost",
        "description",
        "size",
        "color",
        "amount",
        "min_qty",
        "valid_from",
        "valid_to",
        "lead_days",
        "is_preferred",
    )
}


class PaneContent(NamedTuple):
    """A product and what was done to it last."""

    product: ProductDetail
    notes: Sequence[NoteRow]
    history: Sequence[HistoryRow]


def read_pane(session: Any, product_id: int, lang: str, since: date) -> PaneContent:
    """Two round trips."""
    told = story(session, PRODUCT, product_id, 30)
    return PaneContent(product_detail(session, product_id, lang, since), told.notes, told.history)


def last_moves(session: Any, product_id: int, lang: str) -> Sequence[MoveRow]:
    """The newest stock moves of a product."""
    query = ListQuery(
        sort="id",
        descending=True,
        filters=(Filter("product_id", "eq", product_id),),
        limit=SHOWN_MOVES,
        language=lang,
        count=False,
    )
    return list(list_moves(session, query).rows)


class ProductPane(DetailPane):
    """Picture and name at once; prices, stock, chart and history as soon as they are read."""

    def __init__(self, ctx: AppContext, row: ProductRow) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx, self._row = ctx, row
        self._today = clock.today()
        kind, words = STATUS[row.status]
        chips = [(kind, t(words))]
        if row.is_made or row.is_bought:
            chips.append(("neutral", t("catalog.chip.made" if row.is_made else "catalog.chip.bought")))
        note = [t("catalog.pane.legacy", sku=row.legacy_sku)] if row.legacy_sku else []
        note += [t("catalog.pane.family", code=row.base_sku)] if row.family else []
        opened = IconButton("external-link", "kit.list.open", clicked=self._open)
        opened.setObjectName("detail.open")
        self.head(
            row.sku,
            row.full_name,
            chips=chips,
            note=" · ".join(note) or (row.category or ""),
            picture=Picture(ctx.images, picture_key(row)),
            actions=[opened],
        )
        self._product: ProductDetail | None = None
        self._stock_box: QVBoxLayout | None = None
        self._boxes = {key: self.tab(key, t(f"catalog.tab.{key}")) for key in ("overview", "prices")}
        self.tab("stock", t("catalog.tab.stock"), self._stock_wanted)
        if row.family:
            self._boxes["variants"] = self.tab("variants", t("catalog.tab.variants"))
        self._boxes["texts"] = self.tab("texts", t("catalog.tab.texts"))
        self._boxes["history"] = self.tab("history", t("catalog.tab.history"))
        self._waiting = Loading()
        self._boxes["overview"].addWidget(self._waiting)
        since = self._today - timedelta(days=PAST_DAYS)
        op: ReadOp[PaneContent] = ReadOp(self, ctx, read_pane, row.id, language(), since)
        op.success(self._read).failure(self._failed).start()

    def _open(self) -> None:
        self._ctx.navigate.open_record(PRODUCT, self._row.id)

    def _failed(self, _error: BaseException) -> bool:
        self._waiting.hide()
        self._boxes["overview"].addWidget(text_row(t("kit.list.failed")))
        return True

    def _read(self, found: PaneContent) -> None:
        def show() -> None:
            if alive(self):
                self._show_product(found)

        when_known(self._ctx, show)

    def _show_product(self, found: PaneContent) -> None:
        self._waiting.hide()
        product = self._product = found.product
        self._overview(self._boxes["overview"], found)
        self._prices(self._boxes["prices"], product)
        if self._stock_box is not None:
            self._stock(self._stock_box, product)
        if "variants" in self._boxes:
            self._variants(self._boxes["variants"], product)
        self._texts(self._boxes["texts"], product)
        self._notes(self._boxes["history"], found.notes)
        self._history(self._boxes["history"], found.history)

    # -- tabs ---------------------------------------------------------------------------------------------------

    def _overview(self, box: QVBoxLayout, found: PaneContent) -> None:
        product = found.product
        weight = fmt.quantity(product.weight_g, "g") if product.weight_g else fmt.NONE
        box.addWidget(
            facts(
                (
                    (t("catalog.field.ean"), product.ean or fmt.NONE),
                    (t("catalog.pane.weight"), weight),
                    (t("catalog.pane.reorder"), fmt.quantity(product.reorder_point, product.unit_name)),
                    (t("catalog.pane.tax"), fmt.percent(product.tax_rate)),
                )
            )
        )
        current = [line for line in product.prices or () if line.current]
        more = len(product.prices or ()) - min(len(current), SHOWN_PRICES)
        box.addWidget(
            section(
                t("catalog.pane.prices"),
                link="catalog.pane.more_prices" if more else "",
                clicked=lambda: self.select("prices"),
            )
        )
        if product.prices is None:
            box.addWidget(value_row(t("catalog.pane.sales_price"), "", locked=True))
        elif not current:
            box.addWidget(text_row(t("catalog.pane.no_price"), style="small", color="text3"))
        for line in current[:SHOWN_PRICES]:
            box.addWidget(self._price_row(line))
        self._cost(box, product)
        self._places(box, product, SHOWN_PLACES)
        if product.is_stocked:
            box.addWidget(section(t("kit.chart.stock")))
            past = [(point.day, point.on_hand) for point in product.history]
            reorder = product.reorder_point if product.reorder_point > 0 else None
            box.addWidget(StepChart(StepData(past, self._today, (), reorder, product.unit_name)))
        link = "card.show_all" if len(found.history) > SHOWN_HISTORY else ""
        box.addWidget(section(t("card.history"), link=link, clicked=lambda: self.select("history")))
        self._history(box, found.history[:SHOWN_HISTORY])

    def _price_row(self, line: PriceLine) -> Any:
        if line.min_qty > 1:
            behind = from_quantity(line.min_qty)
        else:
            behind = t("catalog.price.gross" if line.tax_included else "catalog.price.net")
        return value_row(line.price_list, price(line.amount), behind)

    def _cost(self, box: QVBoxLayout, product: ProductDetail) -> None:
        words = t("catalog.pane.cost")
        if not product.cost_visible:
            box.addWidget(value_row(words, "", locked=True))
            return
        box.addWidget(value_row(words, price(product.cost), t("catalog.pane.cost_standard")))
        preferred = next((offer for offer in product.suppliers or () if offer.is_preferred), None)
        if preferred is not None:
            box.addWidget(
                value_row(
                    preferred.supplier, price(preferred.amount, preferred.currency), t("catalog.pane.offer")
                )
            )

    def _places(self, box: QVBoxLayout, product: ProductDetail, limit: int) -> None:
        unit = product.unit_name
        note = t(
            "catalog.pane.stock_note",
            on_hand=fmt.quantity(product.on_hand, unit),
            reserved=fmt.quantity(product.reserved),
        )
        box.addWidget(section(t("catalog.pane.places"), note=note if product.is_stocked else ""))
        if not product.is_stocked:
            box.addWidget(text_row(t("catalog.pane.not_stocked"), style="small", color="text3"))
        elif not product.places:
            box.addWidget(text_row(t("catalog.pane.nothing_there"), style="small", color="text3"))
        for place in product.places[:limit]:
            where = " · ".join(part for part in (place.warehouse, place.place_name, place.lot) if part)
            box.addWidget(
                cells_row(
                    (
                        (place.place, "body500", "left"),
                        (where, "body", "left"),
                        (fmt.quantity(place.qty), "body600", "right"),
                    ),
                    (4, 8, 2),
                )
            )
        left = len(product.places) - limit
        if left > 0:
            more = Button(
                "catalog.pane.more_places", kind="link", clicked=lambda: self.select("stock"), n=left
            )
            box.addWidget(more)

    def _prices(self, box: QVBoxLayout, product: ProductDetail) -> None:
        if product.prices is None:
            box.addWidget(value_row(t("catalog.pane.sales_price"), "", locked=True))
            return
        if not product.prices:
            box.addWidget(text_row(t("catalog.pane.no_price"), style="small", color="text3"))
        for words, lines in (
            ("catalog.price.current", [line for line in product.prices if line.current]),
            ("catalog.pane.other_prices", [line for line in product.prices if not line.current]),
        ):
            if lines:
                box.addWidget(section(t(words)))
            for line in lines:
                box.addWidget(
                    cells_row(
                        (
                            (line.price_list, "body500", "left"),
                            (from_quantity(line.min_qty), "small", "left"),
                            (period(line.valid_from, line.valid_to), "small", "left"),
                            (price(line.amount), "body600", "right"),
                        ),
                        (5, 3, 8, 4),
                    )
                )
        if product.suppliers:
            box.addWidget(section(t("catalog.pane.suppliers")))
            for offer in product.suppliers:
                box.addWidget(
                    cells_row(
                        (
                            (offer.supplier, "body500", "left"),
                            (from_quantity(offer.min_qty), "small", "left"),
                            (price(offer.amount, offer.currency), "body600", "right"),
                        ),
                        (8, 3, 4),
                    )
                )

    def _stock_wanted(self, box: QVBoxLayout) -> None:
        """The tab is seen for the first time."""
        self._stock_box = box
        if self._product is not None:
            self._stock(box, self._product)

    def _stock(self, box: QVBoxLayout, product: ProductDetail) -> None:
        unit = product.unit_name
        box.addWidget(
            facts(
                (
                    (t("catalog.column.on_hand"), fmt.quantity(product.on_hand, unit)),
                    (t("catalog.column.available"), fmt.quantity(product.available, unit)),
                    (t("catalog.pane.reserved"), fmt.quantity(product.reserved, unit)),
                    (t("catalog.field.reorder_point"), fmt.quantity(product.reorder_point, unit)),
                )
            )
        )
        self._places(box, product, 200)
        box.addWidget(section(t("catalog.pane.moves")))

        def arrived(moves: Sequence[MoveRow]) -> None:
            for move in moves:
                person = name(self._ctx, move.posted_by)
                way = " → ".join(part for part in (move.from_place, move.to_place) if part)
                words = f"{t(f'stock.move.{move.kind}')} {fmt.quantity(move.qty)} · {way}"
                box.addWidget(history_row(initials(person), words, when(move.posted_at), person=person))
            if not moves:
                box.addWidget(text_row(t("kit.chart.nothing"), style="small", color="text3"))

        if product.is_stocked:
            op: ReadOp[Sequence[MoveRow]] = ReadOp(self, self._ctx, last_moves, product.id, language())
            op.success(arrived).failure(lambda _error: True).start()
        else:
            arrived(())

    def _variants(self, box: QVBoxLayout, product: ProductDetail) -> None:
        for sibling in product.siblings:
            box.addWidget(
                cells_row(
                    (
                        (sibling.sku, "body500", "left"),
                        (sibling.variant or fmt.NONE, "body", "left"),
                        (fmt.quantity(sibling.on_hand, product.unit_name), "body600", "right"),
                    ),
                    (4, 4, 4),
                )
            )
        if not product.siblings:
            box.addWidget(text_row(t("catalog.pane.no_variants"), style="small", color="text3"))

    def _texts(self, box: QVBoxLayout, product: ProductDetail) -> None:
        if product.description:
            box.addWidget(text_row(product.description, color="text"))
        else:
            box.addWidget(text_row(t("catalog.pane.no_text"), style="small", color="text3"))

    def _notes(self, box: QVBoxLayout, rows: Sequence[NoteRow]) -> None:
        if not rows:
            return
        box.addWidget(section(t("card.notes")))
        for note in rows:
            person = name(self._ctx, note.created_by)
            box.addWidget(history_row(initials(person), note.body, when(note.created_at), person=person))
        box.addWidget(section(t("card.history")))

    @staticmethod
    def _words(row: HistoryRow) -> str:
        """What was done; a new price says which."""
        amount = row.new.get("amount")
        if row.table_name == "catalog.price" and row.op == "I" and amount is not None:
            tier = Decimal(str(row.new.get("min_qty") or 1))
            return t("catalog.pane.price_made", amount=price(Decimal(str(amount))), tier=from_quantity(tier))
        return in_words(row, PRODUCT, LABELS)

    def _history(self, box: QVBoxLayout, rows: Sequence[HistoryRow]) -> None:
        for row in rows:
            person = name(self._ctx, row.login)
            words = self._words(row)
            box.addWidget(history_row(initials(person), words, when(row.at), person=person))
        if not rows:
            box.addWidget(text_row(t("card.history_empty"), style="small", color="text3"))
