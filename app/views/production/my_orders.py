"""My orders: what is to be made, with large buttons to start and to report."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import language, t
from app.core.paging import ListQuery, Page
from app.services.production.reads import OrderDetail, OrderRow, list_orders, order_detail
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import Picture, scrolled
from app.views.core.marks import Chip, Label, ProgressBar
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageHead
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.production.order_actions import ReportDialog, start
from app.views.production.words import ORDER, chips, done_words, picture, progress

SHOWN = 60


class MyOrdersPage(TabPage):
    """Started orders first, then what comes next."""

    icon = "hammer"
    topics = frozenset({ORDER, "inventory.reservation"})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.my_orders")
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(self.title(), line=t("my_orders.line"))
        column.addWidget(self._head)
        content = QWidget()
        self._box = QVBoxLayout(content)
        self._box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        self._box.setSpacing(px("gap_m"))
        self._box.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(scrolled(content), 1)
        self.rows: list[OrderRow] = []
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("my_orders.title")

    def identity(self) -> str:
        """There is one."""
        return "workspace:my_orders"

    def refresh(self) -> None:
        """Read again."""
        query = ListQuery(sort="planned_end", preset="open", limit=200, language=language())
        ReadOp(self, self.ctx, list_orders, query).replacing("orders").success(self._arrived).start()

    def on_changes(self, changes: Changes) -> None:
        """Somebody started or reported."""
        self.refresh()

    def _arrived(self, page: Page) -> None:
        rows: list[OrderRow] = sorted(
            page.rows, key=lambda row: (row.state != "started", row.planned_end, row.id)
        )
        if rows == self.rows and self._box.count():
            return
        self.rows = rows
        clear_layout(self._box)
        running = [row for row in rows if row.state == "started"]
        waiting = [row for row in rows if row.state != "started"][:SHOWN]
        for key, group in (("running", running), ("next", waiting)):
            if group:
                words = t(f"my_orders.{key}", n=len(group), count=fmt.number(len(group)))
                self._box.addWidget(Label(words, "section15"))
            for row in group:
                self._box.addWidget(self._card(row))
        if not rows:
            self._box.addWidget(EmptyState("circle-check", t("my_orders.empty"), t("my_orders.empty_text")))

    def _card(self, row: OrderRow) -> QWidget:
        card = Card()
        card.setObjectName(f"row.{row.number}")
        line = QHBoxLayout()
        line.setSpacing(px("gap_l"))
        line.addWidget(Picture(self.ctx.images, picture(row), px("row_two") + px("gap_l")))
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        first = QHBoxLayout()
        first.setSpacing(px("gap"))
        link = Button(
            "work_order.open", kind="link", clicked=lambda: self.ctx.navigate.open_record(ORDER, row.id)
        )
        link.set_words(row.number)
        first.addWidget(link)
        for kind, text in chips(row):
            first.addWidget(Chip(kind, text))
        first.addStretch(1)
        words.addLayout(first)
        words.addWidget(Label(f"{row.sku}  {row.name}", "section15", elide=True))
        late = row.planned_end < clock.today()
        due = t("my_orders.due", day=fmt.date_(row.planned_end))
        words.addWidget(Label(due, "small", "warn" if late else "text2"))
        line.addLayout(words, 3)
        done = QVBoxLayout()
        done.setSpacing(px("gap_s"))
        done.addStretch(1)
        done.addWidget(Label(done_words(row), "body600"))
        bar = ProgressBar()
        bar.set_parts(progress(row))
        bar.setFixedHeight(px("bar") + px("gap_xs"))
        done.addWidget(bar)
        done.addStretch(1)
        line.addLayout(done, 2)
        line.addWidget(self._button(row))
        card.body.addLayout(line)
        return card

    def _button(self, row: OrderRow) -> QWidget:
        started = row.state == "started"
        key, right = ("report", "work_order_complete") if started else ("start", "work_order_start")
        button = Button(
            f"work_order.{key}",
            "clipboard-check" if started else "play",
            "primary" if started else "secondary",
            size="login",
        )
        button.setObjectName(f"action.{key}.{row.number}")
        button.setFixedWidth(px("detail_picture") + px("gap_xl") + px("gap_l"))
        if not self.ctx.profile.can(right):
            button.hide()
        button.clicked.connect(lambda: self._report(row) if started else self._start(row, button))
        return button

    def _start(self, row: OrderRow, button: Button) -> None:
        start(self, self.ctx, row, self.refresh, button)

    def _report(self, row: OrderRow) -> None:
        def opened(found: OrderDetail) -> None:
            ReportDialog(self, self.ctx, found, self.refresh).open()

        ReadOp(self, self.ctx, order_detail, row.id, language()).success(opened).start()
