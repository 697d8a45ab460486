"""Work orders at a terminal: what runs, what comes next, and one order with what it needs."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import language, t
from app.core.paging import ListQuery, Page
from app.services.production.reads import ComponentRow, OrderDetail, OrderRow, list_orders, order_detail
from app.views.core.context import AppContext
from app.views.core.detail import Picture, scrolled
from app.views.core.marks import Chip, Label, ProgressBar
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.production.order_actions import ReportDialog, start
from app.views.production.words import ORDER, chips, done_words, picture, progress
from app.views.terminal.parts import TouchButton

SHOWN = 40


class TerminalPage(TabPage):
    """A heading and a column of cards."""

    def __init__(self, ctx: AppContext, heading: str) -> None:
        super().__init__(ctx)
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(px("gap_xl"), px("gap_l"), px("gap_xl"), px("gap_l"))
        column.setSpacing(px("gap_m"))
        self.head = QHBoxLayout()
        self.head.setSpacing(px("gap_l"))
        self.heading = Label(heading, "touch_head", elide=True)
        self.heading.setObjectName("terminal.heading")
        self.head.addWidget(self.heading, 1)
        column.addLayout(self.head)
        content = QWidget()
        self.box = QVBoxLayout(content)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(px("gap_m"))
        self.box.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(scrolled(content), 1)


class JobsPage(TerminalPage):
    """Started orders first, then what comes next; one touch starts or reports."""

    icon = "hammer"
    topics = frozenset({ORDER, "inventory.reservation"})

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(ctx, t("my_orders.title"))
        self.setObjectName("terminal.jobs")
        self.rows: list[OrderRow] = []
        self.refresh()

    def title(self) -> str:
        """The word on the button."""
        return t("my_orders.title")

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
        if rows == self.rows and self.box.count():
            return
        self.rows = rows
        clear_layout(self.box)
        running = [row for row in rows if row.state == "started"]
        waiting = [row for row in rows if row.state != "started"][:SHOWN]
        for key, group in (("running", running), ("next", waiting)):
            if group:
                words = t(f"my_orders.{key}", n=len(group), count=fmt.number(len(group)))
                self.box.addWidget(Label(words, "touch_text500", "text2"))
            for row in group:
                self.box.addWidget(self._card(row))
        if not rows:
            self.box.addWidget(EmptyState("circle-check", t("my_orders.empty"), t("my_orders.empty_text")))

    def _card(self, row: OrderRow) -> QWidget:
        card = Card()
        card.setObjectName(f"row.{row.number}")
        line = QHBoxLayout()
        line.setSpacing(px("gap_l"))
        line.addWidget(Picture(self.ctx.images, picture(row), px("touch_key_h")))
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        first = QHBoxLayout()
        first.setSpacing(px("gap"))
        first.addWidget(Label(row.number, "touch_text", "text2"))
        for kind, text in chips(row):
            first.addWidget(Chip(kind, text))
        first.addStretch(1)
        words.addLayout(first)
        words.addWidget(Label(f"{row.sku} {row.name}", "touch_name", elide=True))
        late = row.planned_end < clock.today()
        due = t("my_orders.due", day=fmt.date_(row.planned_end))
        words.addWidget(Label(due, "touch_hint", "warn" if late else "text2"))
        line.addLayout(words, 3)
        done = QVBoxLayout()
        done.addStretch(1)
        done.addWidget(Label(done_words(row), "touch_word"))
        bar = ProgressBar()
        bar.set_parts(progress(row))
        bar.setFixedHeight(px("gap_m"))
        done.addWidget(bar)
        done.addStretch(1)
        line.addLayout(done, 2)
        more = TouchButton(
            t("terminal.look"),
            "eye",
            height="touch_row",
            clicked=lambda: self.ctx.navigate.open_record(ORDER, row.id),
        )
        more.setObjectName(f"action.look.{row.number}")
        line.addWidget(more)
        if (button := action_of(self, self.ctx, row, self.refresh)) is not None:
            line.addWidget(button)
        card.body.addLayout(line)
        return card


def action_of(page: QWidget, ctx: AppContext, row: Any, then: Callable[[], object]) -> TouchButton | None:
    """Start or report, whichever is next; None when the person may not."""
    started = row.state == "started"
    key, right = ("report", "work_order_complete") if started else ("start", "work_order_start")
    if row.state not in ("started", "released") or not ctx.profile.can(right):
        return None

    def report() -> None:
        def opened(found: OrderDetail) -> None:
            ReportDialog(page, ctx, found, then).open()

        ReadOp(page, ctx, order_detail, row.id, language()).success(opened).start()

    button = TouchButton(
        t(f"terminal.{key}"),
        "clipboard-check" if started else "play",
        "primary" if started else "secondary",
        height="touch_row",
    )
    button.setObjectName(f"action.{key}.{row.number}")
    button.clicked.connect(lambda: report() if started else start(page, ctx, row, then, button))
    return button


class JobPage(TerminalPage):
    """One order: how far it is, and what it needs, with what is missing."""

    icon = "hammer"
    topics = frozenset({ORDER, "inventory.reservation"})

    def __init__(self, ctx: AppContext, order_id: int, back: Callable[[], object]) -> None:
        super().__init__(ctx, "")
        self.setObjectName("terminal.job")
        self._id = order_id
        leave = TouchButton(t("terminal.back"), "arrow-left", clicked=back)
        leave.setObjectName("terminal.back")
        self.head.insertWidget(0, leave)
        self._action = QHBoxLayout()
        self.head.addLayout(self._action)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return self.heading.text()

    def refresh(self) -> None:
        """Read again."""
        ReadOp(self, self.ctx, order_detail, self._id, language()).replacing("order").success(
            self._show
        ).start()

    def on_changes(self, changes: Changes) -> None:
        """Somebody reported."""
        self.refresh()

    def _show(self, found: OrderDetail) -> None:
        order = found.header
        self.heading.setText(f"{order.number} · {order.sku} {order.name}")
        clear_layout(self._action)
        if (button := action_of(self, self.ctx, order, self.refresh)) is not None:
            self._action.addWidget(button)
        clear_layout(self.box)
        state = Card()
        state.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        line = QHBoxLayout()
        line.setSpacing(px("gap_xl"))
        line.addWidget(Picture(self.ctx.images, picture(order), px("touch_key_w")))
        words = QVBoxLayout()
        words.addStretch(1)
        words.addWidget(Label(done_words(order), "touch_name"))
        bar = ProgressBar()
        bar.set_parts(progress(order))
        bar.setFixedHeight(px("gap_m"))
        words.addWidget(bar)
        words.addWidget(Label(t("my_orders.due", day=fmt.date_(order.planned_end)), "touch_text", "text2"))
        words.addStretch(1)
        line.addLayout(words, 1)
        state.body.addLayout(line)
        self.box.addWidget(state)
        if found.components:
            self.box.addWidget(Label(t("terminal.components"), "touch_text500", "text2"))
        for row in found.components:
            self.box.addWidget(self._component(row))

    def _component(self, row: ComponentRow) -> QWidget:
        card = Card()
        line = QHBoxLayout()
        line.setSpacing(px("gap_l"))
        line.addWidget(Label(f"{row.sku} {row.name}", "touch_word", elide=True), 1)
        need = t("terminal.need", qty=fmt.quantity(row.required, row.unit), used=fmt.number(row.consumed))
        line.addWidget(Label(need, "touch_text", "text2"))
        if row.missing > 0:
            line.addWidget(Chip("bad", t("terminal.missing", qty=fmt.quantity(row.missing, row.unit))))
        else:
            line.addWidget(Chip("ok", t("terminal.there")))
        card.body.addLayout(line)
        return card
