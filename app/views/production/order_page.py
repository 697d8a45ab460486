"""A work order: how far it is, what it needs, what was reported, what it cost."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.changes import Changes
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.production.papers import inspection_sheet, material_list, traveller
from app.services.production.reads import CompletionRow, ComponentRow, OrderDetail, OrderHeader, order_detail
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.icons import icon
from app.views.core.marks import Chip, Label, ProgressBar
from app.views.core.missing import Missing
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageHead
from app.views.core.papering import Build, open_paper
from app.views.core.people import name, when_known
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.side_cards import StoryCards
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.tasks import alive
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.production.order_actions import CancelDialog, ReportDialog, reserve, start
from app.views.production.words import (
    BOM,
    COST,
    OPEN,
    ORDER,
    PRODUCT,
    STATES,
    done_words,
    left,
    picture,
    progress,
    short_words,
    state_chip,
)


def _short(row: ComponentRow) -> str:
    return short_words(row.missing) if row.missing > 0 else t("work_order.covered")


def _short_tone(row: ComponentRow) -> str:
    return "bad" if row.missing > 0 else "ok"


def _coming(row: ComponentRow) -> str:
    return fmt.number(row.coming) if row.coming > 0 else fmt.NONE


def _scrap_tone(row: CompletionRow) -> str | None:
    return "warn" if row.qty_scrap else None


COMPONENTS = (
    Column(
        "sku", "work_order.col.component", "two_line", width=230, stretch=True, second=lambda row: row.name
    ),
    Column("required", "work_order.col.required", "quantity", width=84),
    Column("reserved", "work_order.col.reserved", "quantity", width=90),
    Column("free", "work_order.col.free", "quantity", width=80),
    Column("coming", "work_order.col.coming", "quantity", width=90, text=_coming),
    Column("consumed", "work_order.col.consumed", "quantity", width=92),
    Column("unit", "work_order.col.unit", width=56),
    Column("missing", "work_order.col.missing", "chip", width=120, text=_short, tone=_short_tone),
)


class WorkOrderPage(TabPage):
    """One work order."""

    icon = "factory"
    topics = frozenset({ORDER, "inventory.reservation", "inventory.stock_level"})

    def __init__(self, ctx: AppContext, record_id: int | None, state: dict[str, Any] | None = None) -> None:
        super().__init__(ctx)
        self.setObjectName("page.work_order")
        self._id = int(record_id or 0)
        self.found: OrderDetail | None = None
        self._missing: Missing | None = None
        self._story = StoryCards(self, ctx, ORDER)
        self._build()
        self.refresh()

    # -- TabPage ------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """Its number."""
        return self.found.header.number if self.found is not None else t("work_order.one")

    def identity(self) -> str:
        """A record is open once."""
        return f"{ORDER}:{self._id}"

    def state(self) -> dict[str, Any]:
        """Its id."""
        return {"id": self._id}

    def refresh(self) -> None:
        """Read it again."""
        op = ReadOp(self, self.ctx, order_detail, self._id, language()).replacing("load")
        op.success(self._arrived).failure(self._failed).start()

    def on_changes(self, changes: Changes) -> None:
        """Somebody worked on it, or stock moved."""
        if any(c.topic != ORDER or c.id in (None, self._id) or self._concerns(c.id) for c in changes):
            self.refresh()

    def _concerns(self, order_id: int | None) -> bool:
        return self.found is not None and any(sub.id == order_id for sub in self.found.sub_orders)

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead(picture=True, images=self.ctx.images)
        column.addWidget(self._head)
        self._build_actions()
        self._content = QWidget()
        page = QHBoxLayout(self._content)
        page.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        page.setSpacing(px("gap_l"))
        main = QVBoxLayout()
        main.setSpacing(px("gap_m"))
        self._banner = QVBoxLayout()
        main.addLayout(self._banner)
        main.addWidget(self._progress_card())
        main.addWidget(self._components_card())
        main.addWidget(self._reports_card())
        main.addStretch(1)
        page.addLayout(main, 1)
        side = QWidget()
        side.setFixedWidth(px("side") + px("gap_m"))
        stack = QVBoxLayout(side)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(px("gap_m"))
        self._facts = FactsCard(t("work_order.facts"))
        self._cost = FactsCard(t("work_order.cost"))
        self._cost.setObjectName("card.cost")
        self._subs = Card(t("work_order.sub_orders"))
        self._subs.setObjectName("card.sub_orders")
        for card in (self._facts, self._cost, self._subs, *self._story.cards):
            stack.addWidget(card)
        stack.addStretch(1)
        page.addWidget(side)
        column.addWidget(scrolled(self._content), 1)
        self._content.hide()

    def _build_actions(self) -> None:
        may = self.ctx.profile.can
        self._more = IconButton("ellipsis", "form.more", clicked=self._menu)
        self._more.setObjectName("action.more")
        self._head.add(self._more)
        self._reserve = Button("work_order.reserve", "refresh-cw", clicked=self._do_reserve)
        self._start = Button("work_order.start", "play", "primary", "Ctrl+Enter", clicked=self._do_start)
        self._report = Button(
            "work_order.report", "clipboard-check", "primary", "Ctrl+Enter", clicked=self.report
        )
        self._rights = {
            "reserve": (self._reserve, may("work_order_reserve")),
            "start": (self._start, may("work_order_start")),
            "report": (self._report, may("work_order_complete")),
        }
        for key, (button, _may) in self._rights.items():
            button.setObjectName(f"action.{key}")
            button.hide()
            self._head.add(button)

    def _progress_card(self) -> QWidget:
        card = Card()
        row = QHBoxLayout()
        self._done = Label("", "section15")
        self._done.setObjectName("order.done")
        row.addWidget(self._done)
        row.addStretch(1)
        self._left = Label("", "small", "text2")
        row.addWidget(self._left)
        card.body.addLayout(row)
        self._bar = ProgressBar()
        self._bar.setFixedHeight(px("bar") + px("gap_xs"))
        card.body.addWidget(self._bar)
        return card

    def _components_card(self) -> QWidget:
        card = Card(t("work_order.components"))
        self._components = RowsModel(COMPONENTS, parent=self)
        self._table = RowsView(self._components, tree_column="sku", images=self.ctx.images, name="components")
        self._table.setAccessibleName(t("work_order.components"))
        self._table.opened.connect(self._open_component)
        card.body.addWidget(self._table)
        return card

    def _reports_card(self) -> QWidget:
        card = Card(t("work_order.reports"))
        columns = (
            Column("reported_at", "work_order.col.reported_at", "date_time", width=140),
            Column(
                "reported_by",
                "work_order.col.reported_by",
                width=130,
                text=lambda r: name(self.ctx, r.reported_by),
            ),
            Column("qty_good", "work_order.good", "quantity", width=76),
            Column(
                "qty_scrap",
                "work_order.scrap",
                "quantity",
                width=86,
                tone=lambda r: "warn" if r.qty_scrap else None,
            ),
            Column("scrap_reason", "work_order.scrap_reason", width=150, stretch=True),
            Column("lot", "work_order.lot", width=130),
            Column("place", "work_order.place", width=110),
        )
        self._reports = RowsModel(columns, parent=self)
        self._report_table = RowsView(self._reports, name="reports")
        self._report_table.setAccessibleName(t("work_order.reports"))
        self._no_reports = Label(t("work_order.no_reports"), "small", "text3")
        card.body.addWidget(self._report_table)
        card.body.addWidget(self._no_reports)
        return card

    def _reporter(self, row: CompletionRow) -> str:
        return name(self.ctx, row.reported_by)

    # -- showing ------------------------------------------------------------------------------------------------

    def _failed(self, error: BaseException) -> object:
        if isinstance(error, AppError) and self.found is None:
            self._leave_missing()
            self._head.show_title(t("work_order.one"))
            self._missing = Missing(self, self._head, error, self.refresh)
            return True
        return False

    def _leave_missing(self) -> None:
        missing, self._missing = self._missing, None
        if missing is not None:
            missing.leave()

    def _arrived(self, found: OrderDetail) -> None:
        self._leave_missing()
        fresh = self.found is None
        changed = fresh or self.found is None or self.found.header.row_version != found.header.row_version
        self.found = found
        header = found.header
        self._show_head(header)
        self._show_banner(found)
        self._done.setText(done_words(header))
        rest = left(header)
        self._left.setText(
            t("work_order.left", qty=fmt.quantity(rest, header.unit))
            if header.state in OPEN and rest > 0
            else ""
        )
        self._bar.set_parts(progress(header))
        self._components.set_rows(found.components)
        self._table.fit_height()
        self._reports.set_rows(found.completions)
        self._report_table.fit_height()
        self._report_table.setVisible(bool(found.completions))
        self._no_reports.setVisible(not found.completions)
        self._show_facts(header)
        self._show_cost(header)
        self._show_subs(found)
        self._content.show()
        if changed:
            self._story.show(self._id, header.number)
            self.changed.emit()

    def _show_head(self, header: OrderHeader) -> None:
        shown = [state_chip(header.state)]
        late = header.state in OPEN and header.planned_end < clock.today()
        if late:
            shown.append(("warn", t("work_order.is_late")))
        self._head.show_title(header.number, shown, f"{header.sku} {header.name}")
        self._head.show_picture(picture(header))
        wanted = {
            "start": header.state == "released",
            "report": header.state == "started",
            "reserve": header.state in OPEN and self._is_short(),
        }
        for key, (button, may) in self._rights.items():
            button.setVisible(may and wanted[key])

    def _is_short(self) -> bool:
        return self.found is not None and any(c.missing > 0 for c in self.found.components)

    def _show_banner(self, found: OrderDetail) -> None:
        clear_layout(self._banner)
        header = found.header
        short = [c for c in found.components if c.missing > 0]
        if header.state == "cancelled":
            banner = Banner("neutral", t("work_order.state.cancelled"), header.cancel_reason or "")
        elif short and header.state in OPEN:
            names = ", ".join(f"{c.sku} {fmt.quantity(c.missing, c.unit)}" for c in short[:4])
            if len(short) > 4:
                names += " …"
            coming = any(c.coming > 0 for c in short)
            plain = names + (" · " + t("work_order.coming_hint") if coming else "")
            banner = Banner("bad", t("work_order.short_n", n=len(short)), plain)
        else:
            return
        banner.setObjectName("notice.order")
        self._banner.addWidget(banner)

    def _show_facts(self, header: OrderHeader) -> None:
        facts = [
            Fact(t("work_order.col.start"), fmt.date_(header.planned_start)),
            Fact(t("work_order.col.end"), fmt.date_(header.planned_end)),
            Fact(t("work_order.started_at"), fmt.date_time(header.started_at)),
            Fact(t("work_order.completed_at"), fmt.date_time(header.completed_at)),
            Fact(t("work_order.col.warehouse"), header.warehouse),
            Fact(t("work_order.bom"), t("bom.version", version=header.bom_version)),
        ]

        def show() -> None:
            if alive(self):
                who = Fact(t("work_order.created_by"), name(self.ctx, header.created_by))
                self._facts.set_facts([*facts, who])

        when_known(self.ctx, show)

    def _show_cost(self, header: OrderHeader) -> None:
        if not self.ctx.profile.can(COST):
            self._cost.hide()
            return
        standard, actual = header.standard_cost, header.actual_cost
        facts = [
            Fact(t("work_order.standard_each"), fmt.money(header.standard_unit_cost)),
            Fact(t("work_order.standard"), fmt.money(standard)),
            Fact(t("work_order.actual"), fmt.money(actual)),
        ]
        if standard is not None and actual is not None and (header.qty_good or header.qty_scrap):
            facts.append(Fact(t("work_order.deviation"), fmt.money(actual - standard), "total"))
        self._cost.set_facts(facts)

    def _show_subs(self, found: OrderDetail) -> None:
        clear_layout(self._subs.body)
        header = found.header
        if header.parent_id is not None:
            parent = header.parent_id
            up = Button("work_order.open", "corner-down-right", kind="link")
            up.set_words(t("work_order.part_of", number=header.parent_number or ""))
            up.clicked.connect(lambda: self.ctx.navigate.open_record(ORDER, parent))
            self._subs.body.addWidget(up)
        for sub in found.sub_orders:
            self._subs.body.addWidget(self._sub(sub))
        self._subs.setVisible(bool(found.sub_orders) or header.parent_id is not None)

    def _sub(self, sub: Any) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        words = QVBoxLayout()
        words.setSpacing(0)
        link = Button(
            "work_order.open", kind="link", clicked=lambda: self.ctx.navigate.open_record(ORDER, sub.id)
        )
        link.set_words(sub.number)
        words.addWidget(link)
        words.addWidget(Label(f"{sub.sku} {sub.name}", "small", "text2", elide=True))
        row.addLayout(words, 1)
        kind, text = STATES[sub.state]
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(Chip(kind, t(text)))
        column.addWidget(Label(f"{fmt.number(sub.qty_good)} / {fmt.number(sub.qty)}", "small", "text2"))
        row.addLayout(column)
        return holder

    # -- doing --------------------------------------------------------------------------------------------------

    def _open_component(self, number: int) -> None:
        row = self._components.row(number)
        if row is not None:
            self.ctx.navigate.open_record(PRODUCT, row.product_id)

    def _do_start(self) -> None:
        if self.found is not None:
            start(self, self.ctx, self.found.header, self.refresh, self._start)

    def _do_reserve(self) -> None:
        if self.found is not None:
            reserve(self, self.ctx, self.found.header, self.refresh, self._reserve)

    def report(self) -> None:
        """Ask how many are done."""
        if self.found is not None:
            ReportDialog(self, self.ctx, self.found, self.refresh).open()

    def cancel_order(self) -> None:
        """Ask why, then cancel."""
        if self.found is not None:
            CancelDialog(self, self.ctx, self.found.header, self.refresh).open()

    def menu_entries(self) -> Sequence[tuple[str, str, Any]]:
        """What the menu of the head offers: icon, text key, what it does."""
        found = self.found
        if found is None:
            return ()
        header, navigate = found.header, self.ctx.navigate
        entries: list[tuple[str, str, Any]] = [
            ("package", "work_order.open_product", lambda: navigate.open_record(PRODUCT, header.product_id)),
            ("list-tree", "work_order.open_bom", lambda: navigate.open_record(BOM, header.bom_id)),
            ("printer", "papering.work_order", lambda: self._paper(traveller)),
            ("printer", "papering.material_list", lambda: self._paper(material_list)),
            ("printer", "papering.inspection_sheet", lambda: self._paper(inspection_sheet)),
            ("link", "form.copy_link", lambda: navigate.copy_link(ORDER, self._id)),
        ]
        untouched = header.qty_good == 0 and header.qty_scrap == 0
        if header.state in OPEN and untouched and self.ctx.profile.can("work_order_cancel"):
            entries.append(("ban", "work_order.cancel", self.cancel_order))
        return entries

    def _paper(self, build: Build) -> None:
        open_paper(self, self.ctx, build, self._id, language())

    def _menu(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("order.menu")
        for sign, key, run in self.menu_entries():
            menu.addAction(icon(sign), t(key)).triggered.connect(lambda _on=False, run=run: run())
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))
