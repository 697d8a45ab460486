"""The panel beside the structure: the component one looks at, where it is used, what the product costs."""

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.engineering.reads import Component, Structure, WhereUsedRow, component
from app.services.engineering.rules import TreeRow
from app.services.inventory.reads import Availability
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import Picture, ShareBar, scrolled, share_row
from app.views.core.fonts import metrics
from app.views.core.marks import Chip, Divider, Label
from app.views.core.operation import ReadOp
from app.views.core.plain import plain
from app.views.core.surfaces import clear_layout
from app.views.core.theme import fill, px
from app.views.core.timing import Debounce
from app.views.engineering.words import BOM, COST, PRODUCT, SOURCES, short_words

SHOWN_PARENTS = 6
COLOURS = ("accent", "info_solid", "warn_solid", "note", "neutral")


class SidePanel(QFrame):
    """Follows the row the tree is at."""

    def __init__(self, ctx: AppContext, day: Callable[[], date]) -> None:
        super().__init__()
        self.setObjectName("bom.side")
        self._ctx, self._day = ctx, day
        self._row: TreeRow | None = None
        self._top: Component | None = None
        self.setFixedWidth(px("side") + px("row_two"))
        fill(self, "line")
        frame = QVBoxLayout(self)
        frame.setContentsMargins(px("hair"), 0, 0, 0)
        ground = QWidget()
        fill(ground, "surface")
        frame.addWidget(ground)
        outer = QVBoxLayout(ground)
        outer.setContentsMargins(0, 0, 0, 0)
        content = QWidget()
        self._box = QVBoxLayout(content)
        self._box.setContentsMargins(px("margin"), px("margin"), px("margin"), px("margin"))
        self._box.setSpacing(px("gap"))
        self._component, self._cost = QVBoxLayout(), QVBoxLayout()
        for part in (self._component, self._cost):
            part.setSpacing(px("gap_s"))
            self._box.addLayout(part)
        self._box.addStretch(1)
        area = scrolled(content)
        outer.addWidget(area)
        self._pause = Debounce(self, "debounce_detail", self._read)

    def _cut(self, words: str, style: str, beside: int) -> str:
        """As much of some words as the panel has room for, with so many pixels beside them."""
        room = self.width() - 2 * px("margin") - beside
        return metrics(style).elidedText(words, Qt.TextElideMode.ElideRight, room)

    def show_row(self, row: TreeRow | None) -> None:
        """Show a component, as soon as the selection rests."""
        self._row = row
        if row is None:
            clear_layout(self._component)
        elif self._top is not None and not row.path:
            self._pause.stop()
            self._show_component(row, self._top)  # came with the structure
        else:
            self._pause.later()

    def _read(self) -> None:
        if self._row is not None:
            row = self._row
            op = ReadOp(self, self._ctx, component, row.product_id, self._day(), language())
            op.replacing("component").success(lambda found: self._show_component(row, found)).start()

    def _show_component(self, row: TreeRow, found: Component) -> None:
        clear_layout(self._component)
        box = self._component
        head = QWidget()
        line = QHBoxLayout(head)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(px("gap_m"))
        key = (row.image_id, row.image_hash) if row.image_id else None
        line.addWidget(Picture(self._ctx.images, key, px("row_two") + px("gap_l")))
        words = QVBoxLayout()
        words.setSpacing(0)
        first = QHBoxLayout()
        code = Label(row.sku, "small500", "text2")
        code.setObjectName("side.sku")
        first.addWidget(code)
        first.addStretch(1)
        opened = IconButton("external-link", "kit.list.open")
        opened.clicked.connect(lambda: self._ctx.navigate.open_record(PRODUCT, row.product_id))
        first.addWidget(opened)
        words.addLayout(first)
        words.addWidget(Label(row.name, "section15", wrap=True))
        line.addLayout(words, 1)
        box.addWidget(head)
        box.addWidget(self._chips(row))
        box.addWidget(Label(self._stock_words(row, found.stock), "small", "text2", wrap=True))
        if row.missing > 0 and row.source == "made" and self._ctx.profile.can("work_order_create"):
            make = Button("bom.make", "factory", size="toolbar", amount=fmt.number(row.missing))
            make.setObjectName("action.make")
            make.clicked.connect(lambda: self._make(row))
            holder = QWidget()
            across = QHBoxLayout(holder)
            across.setContentsMargins(0, px("gap_xs"), 0, 0)
            across.addWidget(make)
            across.addStretch(1)
            box.addWidget(holder)
        box.addSpacing(px("gap_xs"))
        box.addWidget(Divider())
        self._show_parents(found.parents)

    def _chips(self, row: TreeRow) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(px("gap_s"))
        if row.missing > 0:
            line.addWidget(Chip("bad", short_words(row.missing)))
        kind, words = SOURCES[row.source]
        line.addWidget(Chip(kind, t(words)))
        line.addStretch(1)
        return holder

    @staticmethod
    def _stock_words(row: TreeRow, stock: Availability) -> str:
        if row.source == "service":
            return t("bom.not_stocked", need=fmt.quantity(row.need, row.unit))
        words = t(
            "bom.stock_words",
            on_hand=fmt.quantity(stock.on_hand, row.unit),
            free=fmt.number(stock.free),
            need=fmt.number(row.need),
        )
        if stock.expected > 0 and stock.expected_on is not None:
            more = t(
                "bom.expected",
                amount=fmt.quantity(stock.expected, row.unit),
                day=fmt.date_(stock.expected_on),
            )
            words = f"{words} {more}"
        return words

    def _make(self, row: TreeRow) -> None:
        self._ctx.navigate.open_workspace(
            "planning", wanted=[{"product_id": row.product_id, "qty": str(row.missing)}]
        )

    def _show_parents(self, parents: list[WhereUsedRow]) -> None:
        box = self._component
        title = QWidget()
        line = QHBoxLayout(title)
        line.setContentsMargins(0, px("gap_xs"), 0, 0)
        line.addWidget(Label(t("bom.where_used"), "section"))
        line.addStretch(1)
        line.addWidget(
            Label(t("bom.parents", n=len(parents), count=fmt.number(len(parents))), "small", "text2")
        )
        box.addWidget(title)
        if not parents:
            box.addWidget(Label(t("bom.no_parents"), "small", "text3", wrap=True))
        for parent in parents[:SHOWN_PARENTS]:
            box.addWidget(self._parent(parent))

    def _parent(self, parent: WhereUsedRow) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, px("ring"), 0, px("ring"))
        line.setSpacing(px("gap"))
        words = QVBoxLayout()
        words.setSpacing(0)
        link = Button(
            "bom.one", kind="link", clicked=lambda: self._ctx.navigate.open_record(BOM, parent.bom_id)
        )
        name = f"{parent.sku} {parent.name}"
        link.set_words(self._cut(name, "small500", px("detail_picture")))
        link.setToolTip(plain(name))
        words.addWidget(link)
        how = t("bom.version", version=parent.version)
        if parent.via:
            how += " · " + t("bom.via", via=", ".join(parent.via))
        words.addWidget(Label(how, "small", "text2", elide=True))
        line.addLayout(words, 1)
        line.addWidget(Label(fmt.quantity(round(parent.qty, 4).normalize(), parent.unit), "small600"))
        return holder

    def show_structure(self, found: Structure) -> None:
        """What one piece costs and which components make it up."""
        self._top = found.top
        clear_layout(self._cost)
        box = self._cost
        box.addSpacing(px("gap_xs"))
        box.addWidget(Divider())
        if not self._ctx.profile.can(COST):
            box.addWidget(Label(t("bom.no_costs_long"), "small", "text2", wrap=True))
            return
        title = QWidget()
        line = QHBoxLayout(title)
        line.setContentsMargins(0, px("gap_xs"), 0, 0)
        line.addWidget(Label(t("bom.roll_up", sku=found.rows[0].sku), "section"))
        line.addStretch(1)
        line.addWidget(Label(fmt.money(found.unit_cost), "section"))
        box.addWidget(title)
        if found.unit_cost is None:
            box.addWidget(Label(t("bom.cost_unknown"), "small", "text2", wrap=True))
            return
        top, rest = found.shares[:4], found.shares[4:]
        parts = [(share.sku, share.name, share.cost, share.percent) for share in top]
        if rest:
            cost = sum((share.cost for share in rest), start=rest[0].cost * 0)
            percent = sum((share.percent for share in rest), start=rest[0].percent * 0)
            parts.append((t("bom.others", n=len(rest)), "", cost, percent))
        box.addWidget(ShareBar([(float(p[3]) / 100, COLOURS[n]) for n, p in enumerate(parts)]))
        for number, (code, name, cost, percent) in enumerate(parts):
            words = f"{code} {name}".strip()
            row = share_row(
                COLOURS[number],
                self._cut(words, "small", px("detail_picture") + px("row_two")),
                fmt.money(round(cost, 2)),
                fmt.percent(round(percent, 0)),
            )
            row.setToolTip(plain(words))
            box.addWidget(row)
