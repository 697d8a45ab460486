"""Going over to Werkbank: every module with who leads, what is still missing, and the next step."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import cutover, writes
from app.services.legacy.commands import RequestRun
from app.services.legacy.cutover import RECONCILIATION, Condition, Module, OpenStock, SetMode, State
from app.services.legacy.state import STATE_TOPICS
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.errors import host_of
from app.views.core.marks import Chip, Divider, IconLabel, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.people import name, names
from app.views.core.reason import ReasonDialog
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.legacy.words import MODULE_MODE, module_words

KEY = "legacy.cutover"
SET, REQUEST, OPEN = "legacy_module_set", "legacy_run_request", "legacy_opening_stock"
_ICONS = {"legacy": "history", "parallel": "git-compare", "werkbank": "rocket"}


class ModuleCard(Card):
    """One module: who leads and what that means, what should be so before Werkbank does, what to do next."""

    def __init__(self, page: "CutoverPage", module: Module) -> None:
        super().__init__()
        self.setObjectName(f"card.{module.code}")
        self._page, self.module = page, module
        head = QHBoxLayout()
        head.addWidget(Label(module_words(module.code), "section", shrink=True))
        head.addStretch(1)
        kind, words = MODULE_MODE[module.mode]
        head.addWidget(Chip(kind, t(words)))
        self.body.addLayout(head)
        self.body.addWidget(Label(t(f"cutover.means.{module.mode}"), "small", "text2", wrap=True))
        if module.mode == "werkbank" and module.signed_off_at is not None:
            who = name(page.ctx, module.signed_off_by or "")
            words = t("cutover.since", at=fmt.date_(module.signed_off_at.astimezone().date()), who=who)
            self.body.addWidget(Label(words, "small", "text3", wrap=True))
        conditions = module.conditions()
        if conditions and module.mode != "werkbank":
            self.body.addWidget(Divider())
            for condition in conditions:
                self.body.addWidget(_condition(condition))
        self.body.addStretch(1)
        self.body.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        module, page = self.module, self._page
        may = page.ctx.profile.can
        if module.conditions():
            compare = Button("cutover.compare", "scale", clicked=lambda: page.compare(module))
            compare.setObjectName(f"action.compare.{module.code}")
            row.addWidget(compare)
            if not may(REQUEST) or module.mode == "werkbank":
                compare.hide()
            if module.reconciliation_id is not None:
                shown = Button("cutover.report", "clipboard-list", clicked=lambda: page.report(module))
                shown.setObjectName(f"action.report.{module.code}")
                row.addWidget(shown)
        row.addStretch(1)
        if module.code == "inventory" and module.mode == "werkbank" and may(OPEN):
            stock = Button("cutover.stock", "package-plus", clicked=page.ask_stock)
            stock.setObjectName("action.stock")
            row.addWidget(stock)
        here = cutover.STEPS.index(module.mode)
        for mode in cutover.STEPS[max(0, here - 1) : here + 2]:
            if mode != module.mode and may(SET):
                row.addWidget(self._step(mode, forward=cutover.STEPS.index(mode) > here))
        return row

    def _step(self, mode: str, *, forward: bool) -> Button:
        over = mode == "werkbank" and forward
        step = Button(
            f"cutover.to.{mode}",
            _ICONS[mode],
            "primary" if over and self.module.ready() else "secondary",
            clicked=partial(self._page.ask_mode, self.module, mode),
        )
        step.setObjectName(f"action.{mode}.{self.module.code}")
        if over and not self.module.ready():
            step.setEnabled(False)
            step.setToolTip(t(f"cutover.blocked.{self.module.hindrance()}"))
        return step


def _condition(condition: Condition) -> QWidget:
    holder = QWidget()
    holder.setObjectName(f"condition.{condition.key}")
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(px("gap"))
    icon, color = (
        ("circle-check", "ok")
        if condition.met
        else ("circle-x", "bad")
        if condition.blocks
        else ("circle-alert", "warn")
    )
    row.addWidget(IconLabel(icon, px("icon"), color), 0, Qt.AlignmentFlag.AlignTop)
    state = "met" if condition.met else "open"
    words = t(
        f"cutover.condition.{condition.key}.{state}",
        n=condition.number,
        count=fmt.number(condition.number),
        at=fmt.date_time(condition.at) if condition.at is not None else fmt.NONE,
    )
    row.addWidget(Label(words, "body", "text2" if condition.met else "text", wrap=True), 1)
    return holder


class CutoverPage(TabPage):
    """A board of cards, one per module."""

    icon = "arrow-left-right"
    topics = STATE_TOPICS | {RECONCILIATION, cutover.STOCK_MOVE}

    def __init__(self, ctx: AppContext, _state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.cutover")
        self.found: State | None = None
        fill(self, "window")
        names(ctx)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(t("cutover.title"), (), t("cutover.line"))
        everything = Button("cutover.compare_all", "scale", clicked=lambda: self.compare(None))
        everything.setObjectName("action.compare")
        self._head.add(everything)
        everything.setVisible(ctx.profile.can(REQUEST))
        column.addWidget(self._head)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        box.setSpacing(px("gap_m"))
        self._banners = QVBoxLayout()
        box.addLayout(self._banners)
        self._grid = QGridLayout()
        self._grid.setSpacing(px("gap_m"))
        for place in (0, 1):
            self._grid.setColumnStretch(place, 1)
            self._grid.setColumnMinimumWidth(place, 1)
        box.addLayout(self._grid)
        box.addStretch(1)
        column.addWidget(scrolled(content), 1)
        self.refresh()

    def title(self) -> str:
        """What it is."""
        return t("cutover.title")

    def refresh(self) -> None:
        """Read again."""
        ReadOp(self, self.ctx, cutover.state).replacing("state").success(self._show).start()

    def _show(self, found: State) -> None:
        if found == self.found:
            return
        self.found = found
        clear_layout(self._banners)
        clear_layout(self._grid)
        inventory = next((one for one in found.modules if one.code == "inventory"), None)
        if found.stock.rows and inventory is not None and inventory.mode == "werkbank":
            self._banners.addWidget(
                Banner(
                    "warn",
                    t("cutover.stock.waits", n=found.stock.rows, count=fmt.number(found.stock.rows)),
                    t("cutover.stock.waits_text", qty=fmt.quantity(found.stock.qty)),
                )
            )
        for place, module in enumerate(found.modules):
            self._grid.addWidget(ModuleCard(self, module), place // 2, place % 2)

    # -- what can be done -----------------------------------------------------------------------------

    def compare(self, module: Module | None) -> None:
        """Ask whoever leads for a comparison."""
        command = RequestRun("reconcile", module.entities if module is not None else ())
        WriteOp(self, self.ctx, writes.request_run, command).success(
            lambda _run: self.ctx.navigate.toast(t("cutover.compare_asked"))
        ).start()

    def report(self, module: Module) -> None:
        """Open the newest comparison."""
        if module.reconciliation_id is not None:
            self.ctx.navigate.open_record(RECONCILIATION, module.reconciliation_id)

    def ask_mode(self, module: Module, mode: str) -> None:
        """Say what it means, then switch."""

        def go(comment: str) -> None:
            command = SetMode(module.code, mode, module.row_version, comment)
            WriteOp(self, self.ctx, cutover.set_mode, command).success(lambda _: self.refresh()).start()

        self._ask(
            t(f"cutover.ask.{mode}", module=module_words(module.code)),
            t(f"cutover.ask_text.{mode}"),
            f"cutover.to.{mode}",
            go,
            _ICONS[mode],
            required=False,
        )

    def ask_stock(self) -> None:
        """Post the opening stock of every warehouse, one after the other."""
        if self.found is None:
            return
        waiting = self.found.stock

        def go(reason: str) -> None:
            self._post([number for number, _name in self.found.warehouses] if self.found else [], reason, 0)

        self._ask(
            t("cutover.stock.ask"),
            t("cutover.stock.ask_text", count=fmt.number(waiting.rows), qty=fmt.quantity(waiting.qty)),
            "cutover.stock",
            go,
            "package-plus",
            required=True,
        )

    def _post(self, warehouses: list[int], reason: str, moves: int) -> None:
        if not warehouses:
            self.ctx.navigate.toast(t("cutover.stock.done", n=moves, count=fmt.number(moves)))
            self.refresh()
            return
        first, *rest = warehouses

        def done(answer: dict[str, Any]) -> None:
            self._post(rest, reason, moves + int(answer["moves"]))

        def failed(error: Any) -> bool:
            if error.key == "legacy_stock_nothing":
                self._post(rest, reason, moves)
                return True
            return False

        WriteOp(self, self.ctx, cutover.open_stock, OpenStock(first, reason)).success(done).failure(
            failed
        ).start()

    def _ask(
        self, title: str, words: str, yes: str, then: Callable[[str], object], icon: str, *, required: bool
    ) -> None:
        host = host_of(self.ctx.tasks)
        if host is not None:
            ReasonDialog(
                host, title, words, yes, then, label="cutover.comment", required=required, icon=icon
            ).open()
