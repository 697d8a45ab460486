"""The runs so far, and the report of one: figures of every entity, what it found, as a file too."""

from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import reads, writes
from app.services.legacy.commands import CancelRun
from app.services.legacy.lists import RunRow, list_runs
from app.services.legacy.state import RUN, Part, Run
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.people import name, names
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.legacy import warnings
from app.views.legacy.progress_card import Figures
from app.views.legacy.words import RUN_MODES, RUN_STATE, duration, error_sentence, mode_words, titled

KEY = "legacy.runs"
CANCEL = "legacy_run_cancel"


def _span(start: datetime | None, end: datetime | None) -> str:
    return duration((end - start).total_seconds()) if start is not None and end is not None else fmt.NONE


def _rate(part: Part) -> str:
    if part.started_at is None or part.finished_at is None:
        return fmt.NONE
    seconds = max((part.finished_at - part.started_at).total_seconds(), 0.001)
    return fmt.number(round(part.read / seconds)) if part.read else fmt.NONE


def _muted(key: str, tone: str = "") -> Any:
    return lambda row: (tone or None) if getattr(row, key) else "text3"


def _figure(key: str, width: int = 92, tone: str = "", *, hidden: bool = False) -> Column:
    words = f"legacy.column.{key}"
    return Column(key, words, "number", width, tone=_muted(key, tone), hidden=hidden)


FIGURES = (
    _figure("read"),
    _figure("created", 84),
    _figure("changed", 92),
    _figure("unchanged", 104),
    _figure("protected", 92, hidden=True),
    _figure("quarantined", 104, "bad"),
    _figure("gone", 92, hidden=True),
    _figure("warnings", 92, "warn", hidden=True),
)


def open_run(ctx: AppContext, row: RunRow) -> None:
    """The report of a run."""
    ctx.navigate.open_record(RUN, row.id)


def _spec(ctx: AppContext) -> ListSpec:
    names(ctx)

    def who(row: RunRow) -> str:
        return t("legacy.run.by_schedule") if row.options.get("scheduled") else name(ctx, row.requested_by)

    return ListSpec(
        key=KEY,
        title="legacy.runs.title",
        icon="history",
        fetch=list_runs,
        topics=frozenset({RUN}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("wrong", "legacy.runs.preset.wrong"),
            Preset("full", "legacy.runs.preset.full"),
            Preset("by_hand", "legacy.runs.preset.by_hand"),
        ),
        columns=(
            Column("requested_at", "legacy.column.requested_at", "date_time", 148, filter="date"),
            Column(
                "mode",
                "legacy.run.mode",
                "bold",
                150,
                filter="choice",
                choices=tuple((mode, f"legacy.run.mode.{mode}") for mode in RUN_MODES),
                text=lambda row: (
                    mode_words(row.mode) + (f" · {t('legacy.run.dry')}" if row.options.get("dry_run") else "")
                ),
                stretch=True,
            ),
            Column(
                "state",
                "legacy.column.state",
                "chip",
                150,
                filter="choice",
                choices=tuple((state, key) for state, (_kind, key) in RUN_STATE.items()),
                chips=RUN_STATE,
            ),
            Column("requested_by", "legacy.column.requested_by", width=130, text=who),
            *FIGURES,
            Column(
                "span",
                "legacy.column.span",
                width=110,
                text=lambda row: _span(row.started_at, row.finished_at),
                sortable=False,
            ),
            Column("leader", "legacy.column.leader", width=180, hidden=True),
            Column("started_at", "legacy.column.started_at", "date_time", 148, hidden=True),
            Column("finished_at", "legacy.column.finished_at", "date_time", 148, hidden=True),
        ),
        row_actions=(
            ListAction(
                "stop",
                "legacy.run.stop",
                lambda ctx_, rows: WriteOp(
                    ctx_.tasks, ctx_, writes.cancel_run, CancelRun(rows[0].id)
                ).start(),
                "circle-pause",
                CANCEL,
                when=lambda row: row.state in ("waiting", "running", "interrupted"),
            ),
        ),
        open=open_run,
        empty=Empty("legacy.runs.empty.title", "legacy.runs.empty.text"),
        sort="requested_at",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of runs."""
    return ListPage(ctx, _spec(ctx), state)


PARTS = (
    Column(
        "title",
        "legacy.entity.title",
        "bold",
        200,
        stretch=True,
        text=lambda row: titled(row.title, row.entity),
    ),
    Column(
        "state",
        "legacy.column.state",
        "chip",
        140,
        chips=RUN_STATE | {"skipped": ("neutral", "legacy.run.state.skipped")},
    ),
    *FIGURES,
    Column("span", "legacy.column.span", width=104, text=lambda row: _span(row.started_at, row.finished_at)),
    Column("rate", "legacy.column.rate", width=92, align="right", text=_rate),
)
SHOWN = ("protected", "gone", "warnings")


class RunPage(TabPage):
    """The report of a run; while it is under way it is read again every second."""

    icon = "history"
    topics = frozenset({RUN})

    def __init__(self, ctx: AppContext, record_id: int | None, _state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.id = int(record_id or 0)
        self.found: Run | None = None
        self.setObjectName("page.legacy_run")
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(t("legacy.run.one"))
        self._export = RowsExport(self, ctx, self.title, lambda: PARTS, lambda: self.model.rows)
        self._head.add(self._export.button())
        self._head.add(self._export.print_button())
        findings = Button("legacy.quarantine.title", "shield-alert", clicked=self._open_quarantine)
        findings.setObjectName("action.quarantine")
        self._head.add(findings)
        findings.setVisible("legacy.quarantine" in ctx.registry.workspaces)
        self.warned = Button("legacy.warnings.title", "triangle-alert", clicked=self._open_warnings)
        self.warned.setObjectName("action.warnings")
        self.warned.hide()
        self._head.add(self.warned)
        self.stop = Button("legacy.run.stop", "circle-pause", clicked=self._stop)
        self.stop.setObjectName("action.stop_run")
        self.stop.hide()
        self._head.add(self.stop)
        column.addWidget(self._head)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        box.setSpacing(px("gap_m"))
        box.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._spot = QVBoxLayout()
        box.addLayout(self._spot)
        self.figures = Figures(ctx)
        box.addWidget(self.figures)
        card = Card(t("legacy.entities"))
        self.model = RowsModel(PARTS, parent=self)
        self.table = RowsView(self.model, name="parts", parent=card)
        for key in SHOWN:
            self.table.show_column(key, True)
        card.body.addWidget(self.table)
        box.addWidget(card)
        box.addStretch(1)
        column.addWidget(scrolled(content), 1)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self.refresh()

    def title(self) -> str:
        """Its kind."""
        if self.found is None:
            return t("legacy.run.one")
        return t("legacy.run.named", mode=mode_words(self.found.mode))

    def identity(self) -> str:
        """One tab per run."""
        return f"record:{RUN}:{self.id}"

    def refresh(self) -> None:
        """Read again."""
        op: ReadOp[Run] = ReadOp(self, self.ctx, reads.get_run, self.id).replacing("run")
        op.success(self._show).start()

    def _tick(self) -> None:
        if self.isVisible() and self.ctx.tasks.idle:
            self.refresh()

    def _show(self, run: Run) -> None:
        self.found = run
        going = run.state in ("running", "waiting")
        if going:
            self._clock.start()
        else:
            self._clock.stop()
        kind, key = RUN_STATE[run.state]
        chips = [(kind, t(key))] + ([("note", t("legacy.run.dry"))] if run.dry else [])
        self._head.show_title(t("legacy.run.named", mode=mode_words(run.mode)), chips, self._line(run))
        self.stop.setVisible(going and self.ctx.profile.can(CANCEL))
        self.stop.setEnabled(not run.cancel_requested)
        warned = run.sum("warnings")
        self.warned.setText(t("legacy.warnings.count", n=warned, count=fmt.number(warned)))
        self.warned.setVisible(bool(warned) and not run.dry and warnings.KEY in self.ctx.registry.workspaces)
        self.figures.show_run(run, None)
        self.model.set_rows(run.parts)
        self.table.fit_height()
        clear_layout(self._spot)
        for error in [run.error, *(part.error for part in run.parts)]:
            if error:
                banner = Banner("bad", t("legacy.run.went_wrong"), error_sentence(error))
                banner.setObjectName("run.error")
                self._spot.addWidget(banner)
        self.changed.emit()

    def _line(self, run: Run) -> str:
        started = run.started_at or run.requested_at
        who = (
            t("legacy.run.by_schedule") if run.options.get("scheduled") else name(self.ctx, run.requested_by)
        )
        parts = [t("legacy.progress.started", at=fmt.date_time(started), who=who)]
        if run.finished_at is not None:
            parts.append(t("legacy.progress.took", span=_span(run.started_at, run.finished_at)))
        if run.options.get("limit"):
            parts.append(t("legacy.run.limited", limit=fmt.number(int(run.options["limit"]))))
        if run.leader:
            parts.append(run.leader)
        return " · ".join(parts)

    def _stop(self) -> None:
        op: WriteOp[None] = WriteOp(self, self.ctx, writes.cancel_run, CancelRun(self.id))
        op.disabling(self.stop).success(lambda _none: self.refresh()).start()

    def _open_warnings(self) -> None:
        warnings.open_of_run(self.ctx, self.id)

    def _open_quarantine(self) -> None:
        self.ctx.navigate.open_workspace("legacy.quarantine", preset="open")
