"""The pane beside the stock list: one product over all warehouses."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import language, t
from app.services.inventory.detail import StockDetail, stock_detail
from app.services.inventory.reads import ReservationRow, StockRow
from app.views.core.buttons import Button, IconButton
from app.views.core.chart import StepChart, StepData
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, Picture, cells_row, facts, history_row, section, text_row
from app.views.core.marks import initials
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.side_cards import when
from app.views.core.theme import px
from app.views.inventory.words import MOVES, PRODUCT, STATUS, amount, signed, way

PAST_DAYS = 200


class StockPane(DetailPane):
    """Where it lies, how it went, for whom it is kept, what moved last."""

    def __init__(self, ctx: AppContext, row: StockRow) -> None:
        super().__init__()
        self.setObjectName("pane.stock")
        self._ctx, self._row = ctx, row
        self._today = clock.today()
        kind, words = STATUS[row.status]
        chips = [(kind, t(words))]
        if row.blocked > 0:
            chips.append(("bad", t("stock.blocked_words", amount=amount(row.blocked, row.unit))))
        key = (row.image_id, row.image_hash) if row.image_id else None
        opened = IconButton("external-link", "kit.list.open", clicked=self._open)
        self.head(
            row.sku,
            row.name,
            chips=chips,
            note=row.category or "",
            picture=Picture(ctx.images, key),
            actions=[opened],
        )
        self._overview = self.tab("overview", t("stock.tab.overview"))
        self._kept = self.tab("reserved", t("stock.tab.reserved"))
        self._moves = self.tab("moves", t("stock.tab.moves"))
        self._add_actions()
        op = ReadOp(
            self, ctx, stock_detail, row.product_id, self._today - timedelta(days=PAST_DAYS), language()
        )
        op.success(self._show_stock).start()

    def _open(self) -> None:
        self._ctx.navigate.open_record(PRODUCT, self._row.product_id)

    def _add_actions(self) -> None:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        for key, title, icon, right in (
            ("stock_transfer", "stock.transfer", "arrow-left-right", "stock_transfer"),
            ("stock_count", "stock.count", "clipboard-check", "stock_adjust"),
        ):
            if self._ctx.profile.can(right):
                button = Button(title, icon, size="toolbar", clicked=partial(self._go, key))
                button.setObjectName(f"pane.{key}")
                row.addWidget(button)
        row.addStretch(1)
        if row.count() > 1:
            self._overview.addWidget(line)
            self._overview.addSpacing(px("gap"))

    def _go(self, workspace: str) -> None:
        self._ctx.navigate.open_workspace(workspace, product=self._row.product_id)

    def _show_stock(self, found: StockDetail) -> None:
        self._show_overview(found)
        self._show_reservations(found)
        self._show_moves(found)

    def _show_overview(self, found: StockDetail) -> None:
        unit, there = found.stock.unit, found.available
        items = [
            (t("stock.col.on_hand"), amount(there.on_hand, unit)),
            (t("stock.col.free"), amount(there.free, unit)),
            (t("stock.col.reserved"), amount(there.reserved, unit)),
            (t("stock.col.reorder"), amount(self._row.reorder_point, unit)),
        ]
        if there.expected > 0 and there.expected_on is not None:
            when_ = fmt.date_(there.expected_on)
            items.append((t("stock.col.expected"), f"{amount(there.expected, unit)} · {when_}"))
        box = self._overview
        box.addWidget(facts(items))
        total = sum((balance.qty for balance in found.stock.balances), Decimal(0))
        box.addWidget(section(t("stock.by_place"), note=amount(total, unit)))
        for balance in found.stock.balances:
            lot = balance.lot or ""
            if balance.expires_on is not None:
                lot = f"{lot} · {t('stock.until', day=fmt.date_(balance.expires_on))}"
            box.addWidget(
                cells_row(
                    (
                        (balance.place, "body500", "left"),
                        (f"{balance.warehouse} · {lot}" if lot else balance.warehouse, "body", "left"),
                        (fmt.number(balance.qty), "body600", "right"),
                    ),
                    (4, 5, 2),
                )
            )
        if not found.stock.balances:
            box.addWidget(text_row(t("stock.nothing_there"), style="small", color="text3"))
        box.addWidget(section(t("stock.over_time")))
        past = [(day.day, day.on_hand) for day in found.history]
        reorder = self._row.reorder_point if self._row.reorder_point > 0 else None
        forecast: list[tuple[date, Decimal]] = []
        if there.expected > 0 and there.expected_on is not None and there.expected_on > self._today:
            forecast = [(there.expected_on, there.on_hand + there.expected)]
        box.addWidget(StepChart(StepData(past, self._today, forecast, reorder, unit)))

    def _show_reservations(self, found: StockDetail) -> None:
        box = self._kept
        if not found.reservations:
            box.addWidget(text_row(t("stock.nothing_reserved"), style="small", color="text3"))
        for line in found.reservations:
            box.addWidget(self._reservation(line, found.stock.unit, box))

    def _reservation(self, line: ReservationRow, unit: str, _box: QVBoxLayout) -> QWidget:
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, px("ring"), 0, px("ring"))
        topic, document = line.topic, line.document_id
        words = line.number or t(f"stock.reserved_for.{line.source_type}")
        if topic and document is not None and topic in self._ctx.registry.records:
            link = Button(
                "stock.open_document",
                kind="link",
                clicked=lambda: self._ctx.navigate.open_record(topic, document),
            )
            link.set_words(words)
            row.addWidget(link)
        else:
            row.addWidget(text_row(words))
        row.addStretch(1)
        row.addWidget(text_row(f"{line.warehouse} · {amount(line.qty, unit)}", style="body500", color="text"))
        return widget

    def _show_moves(self, found: StockDetail) -> None:
        box = self._moves
        for move in found.moves:
            person = name(self._ctx, move.posted_by)
            words = f"{t(MOVES[move.kind][1])} {signed(move)} · {way(move)}"
            box.addWidget(history_row(initials(person), words, when(move.posted_at), person=person))
        if not found.moves:
            box.addWidget(text_row(t("stock.no_moves"), style="small", color="text3"))
        else:
            link = Button(
                "stock.show_moves",
                kind="link",
                clicked=lambda: self._ctx.navigate.open_workspace(
                    "stock_moves", filters={"sku": self._row.sku}
                ),
            )
            box.addSpacing(px("gap"))
            box.addWidget(link)
