"""How the old system's data comes over: the run under way, what every entity brought, servers, modules."""

from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import writes
from app.services.legacy.commands import CancelRun
from app.services.legacy.state import STATE_TOPICS, EntityState, State, passing, silent, state, unread
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.side_cards import when
from app.views.core.surfaces import Banner, Card, EmptyState, Step, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.legacy.progress_card import Figures, ProgressCard
from app.views.legacy.run_dialog import RunDialog
from app.views.legacy.side import LeaderCard, ModulesCard, ServersCard
from app.views.legacy.words import RUN_STATE, module_words, silence_words, titled

KEY = "legacy.overview"
POLL_MS, IDLE_MS = 1000, 15_000
REQUEST, CANCEL = "legacy_run_request", "legacy_run_cancel"


def _moment(key: str, *, hidden: bool = False) -> Column:
    def words(row: EntityState) -> str:
        moment: datetime | None = getattr(row, key)
        return when(moment) if moment else fmt.NONE

    return Column(key, f"legacy.entity.{key}", width=118, text=words, hidden=hidden)


def _figure(key: str, tone: str = "", *, hidden: bool = False) -> Column:
    def colour(row: EntityState) -> str:
        return tone if getattr(row, key) else "text3"

    return Column(key, f"legacy.entity.{key}", "number", 96, tone=colour, hidden=hidden)


COLUMNS = (
    Column(
        "title",
        "legacy.entity.title",
        "bold",
        160,
        stretch=True,
        text=lambda row: titled(row.title, row.code),
    ),
    Column("source", "legacy.entity.source", width=168, tone=lambda _row: "text3"),
    Column(
        "module", "legacy.entity.module", width=92, text=lambda row: module_words(row.module), hidden=True
    ),
    _figure("source_count"),
    _figure("records"),
    _figure("quarantined", "bad"),
    _figure("warnings", "warn"),
    _figure("placeholders", "warn", hidden=True),
    _figure("gone", hidden=True),
    _moment("last_full_at"),
    _moment("last_incremental_at"),
    _moment("last_sweep_at", hidden=True),
)


class OverviewPage(TabPage):
    """A board; everything on it comes in one answer, once a second while a run is under way."""

    icon = "refresh-cw"
    topics = STATE_TOPICS

    def __init__(self, ctx: AppContext, _state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.legacy")
        self.found: State | None = None
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_head())
        self._content = QWidget()
        box = QVBoxLayout(self._content)
        box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        box.setSpacing(px("gap_m"))
        self._banners = QVBoxLayout()
        self._banners.setSpacing(px("gap"))
        box.addLayout(self._banners)
        self.progress = ProgressCard(ctx)
        self.figures = Figures(ctx)
        box.addWidget(self.progress)
        box.addWidget(self.figures)
        box.addLayout(self._make_columns())
        box.addStretch(1)
        self._scroll = scrolled(self._content)
        column.addWidget(self._scroll, 1)
        self._empty: QWidget | None = None
        self._body = column
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        self._clock.start(IDLE_MS)
        self.refresh()

    def _make_head(self) -> PageHead:
        self._head = PageHead()
        self._head.show_title(t("legacy.title"))
        may = self.ctx.profile.can
        for key, words, icon in (
            ("legacy.runs", "legacy.runs.title", "history"),
            ("legacy.quarantine", "legacy.quarantine.title", "shield-alert"),
            ("legacy.warnings", "legacy.warnings.title", "triangle-alert"),
        ):
            if key in self.ctx.registry.workspaces:
                self._head.add(_link(self.ctx, key, words, icon))
        self.stop = Button("legacy.run.stop", "circle-pause", "secondary", clicked=self._stop)
        self.stop.setObjectName("action.stop_run")
        self.stop.hide()
        self._head.add(self.stop)
        self.drop = Button("legacy.run.discard", "x", "secondary", clicked=self._stop)
        self.drop.setObjectName("action.discard_run")
        self.drop.hide()
        self._head.add(self.drop)
        self.run = Button("legacy.run.now", "circle-play", "primary", "Ctrl+N", clicked=self.ask_run)
        self.run.setObjectName("action.run")
        self._head.add(self.run)
        self.run.setVisible(may(REQUEST))
        return self._head

    def _make_columns(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(px("gap_m"))
        left = Card(t("legacy.entities"))
        left.setObjectName("card.entities")
        self.model = RowsModel(COLUMNS, parent=self)
        self.table = RowsView(self.model, name="entities", parent=left)
        self.table.opened.connect(self._open_entity)
        left.body.addWidget(self.table)
        row.addWidget(left, 1, Qt.AlignmentFlag.AlignTop)
        side = QVBoxLayout()
        side.setSpacing(px("gap_m"))
        self.leader = LeaderCard(self.ctx)
        self.servers = ServersCard(self.ctx)
        self.modules = ModulesCard(self.ctx)
        for card in (self.leader, self.servers, self.modules):
            card.setFixedWidth(px("side"))
            side.addWidget(card)
        side.addStretch(1)  # not aligned: that would cut what wraps
        row.addLayout(side)
        return row

    # -- TabPage --------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """The word on the tab."""
        return t("legacy.title")

    def identity(self) -> str:
        """There is one."""
        return f"workspace:{KEY}"

    def refresh(self) -> None:
        """Read again."""
        op: ReadOp[State] = ReadOp(self, self.ctx, state).replacing("state")
        op.success(self._show).start()

    def _tick(self) -> None:
        if self.isVisible() and self.found is not None and self.ctx.tasks.idle:
            self.refresh()

    # -- showing --------------------------------------------------------------------------------------------------

    def _show(self, found: State) -> None:
        before, self.found = self.found, found
        live = found.run is not None or bool(found.waiting)
        self._clock.setInterval(POLL_MS if live else IDLE_MS)
        self._show_head(found)
        self._show_banners(found)
        shown = found.run or (found.waiting[0] if found.waiting else found.last_run)
        self.progress.show_run(shown, found)
        self.figures.show_run(shown, found)
        if before is None or before.entities != found.entities:
            self.model.set_rows(found.entities)
            self.table.fit_height()
        self.leader.show_state(found)
        self.servers.show_servers(found.servers)
        self.modules.show_modules(found.modules)
        self._show_empty(not found.servers)

    def _show_head(self, found: State) -> None:
        run = found.run
        mute = silent(found) is not None
        kind, word = ("warn", "legacy.progress.silent") if mute else RUN_STATE["running"]
        chips = [(kind, t(word))] if run is not None else []
        last = max(
            (e.last_incremental_at or e.last_full_at for e in found.entities if e.last_full_at), default=None
        )
        if last is None:
            line = t("legacy.line.never")
        elif left := unread(found):
            line = t("legacy.line.partly", n=left, count=fmt.number(left))
        else:
            line = t("legacy.line.current", at=fmt.date_time(last))
        self._head.show_title(t("legacy.title"), chips, line)
        stoppable = self.ctx.profile.can(CANCEL)
        self.stop.setVisible(run is not None and stoppable)
        self.drop.setVisible(run is None and bool(found.waiting) and stoppable)
        if run is not None:
            self.stop.setEnabled(not run.cancel_requested)
        self.run.setVisible(self.ctx.profile.can(REQUEST) and bool(found.servers))

    def _show_banners(self, found: State) -> None:
        clear_layout(self._banners)
        mute = silent(found)
        if mute is not None:
            banner = Banner("bad", *silence_words(mute, found.now), icon="wifi-off")
            banner.setObjectName("legacy.silent")
            self._banners.addWidget(banner)
        for server in found.servers:
            if server.blocked_until is not None and server.blocked_until > found.now:
                plain = t("legacy.banner.blocked_text", at=fmt.date_time(server.blocked_until))
                banner = Banner("warn", t("legacy.banner.blocked", server=server.title), plain, icon="timer")
                banner.setObjectName("legacy.blocked")
                self._banners.addWidget(banner)
        active = [server for server in found.servers if server.is_active]
        if active and (found.lease is None or not found.lease.held) and not passing(found):
            banner = Banner("warn", t("legacy.banner.no_leader"), t("legacy.banner.no_leader_text"))
            banner.setObjectName("legacy.no_leader")
            self._banners.addWidget(banner)

    def _show_empty(self, empty: bool) -> None:
        if not empty:
            if self._empty is not None:
                self._body.removeWidget(self._empty)
                self._empty.deleteLater()
                self._empty = None
            self._scroll.show()
            return
        if self._empty is None:
            actions = []
            if "legacy.servers" in self.ctx.registry.workspaces:
                first = Button(
                    "legacy.empty.first",
                    "plus",
                    "primary",
                    clicked=lambda: self.ctx.navigate.new_record("legacy.server"),
                )
                first.setObjectName("action.first_server")
                actions.append(first)
            steps = [
                Step(t(f"legacy.empty.step{n}.title"), t(f"legacy.empty.step{n}.text")) for n in (1, 2, 3)
            ]
            self._empty = EmptyState(
                "server", t("legacy.empty.title"), t("legacy.empty.text"), actions, steps, self
            )
            self._scroll.hide()
            self._body.addWidget(self._empty, 1)

    # -- doing ----------------------------------------------------------------------------------------------------

    def ask_run(self) -> None:
        """Choose what runs, then ask for it."""
        if self.found is not None:
            chosen = [row.code for row in self.table.selected_rows()]
            RunDialog(self.ctx, self.found, chosen, lambda _run: self.refresh()).open()

    def _stop(self) -> None:
        found = self.found
        run = None if found is None else found.run or next(iter(found.waiting), None)
        if run is None:
            return
        words = "legacy.run.stopping" if run.state == "running" else "legacy.run.discarded"
        op: WriteOp[None] = WriteOp(self, self.ctx, writes.cancel_run, CancelRun(run.id))
        op.disabling(self.stop, self.drop).success(lambda _none: self._stopping(words)).start()

    def _stopping(self, words: str) -> None:
        self.ctx.navigate.toast(t(words), kind="info")
        self.refresh()

    def _open_entity(self, number: int) -> None:
        row: EntityState | None = self.model.row(number)
        if row is not None and "legacy.browse" in self.ctx.registry.workspaces and row.source:
            self.ctx.navigate.open_workspace("legacy.browse", table=row.source)


def _link(ctx: AppContext, key: str, words: str, icon: str) -> Button:
    button = Button(words, icon, "secondary", clicked=lambda: ctx.navigate.open_workspace(key))
    button.setObjectName(f"action.{key}")
    return button
