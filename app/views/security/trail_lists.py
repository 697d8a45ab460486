"""The trail as two lists: every change, and everything about access with a chart of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from babel.dates import format_date
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.core.paging import ListQuery
from app.services.security.trail import (
    ENTRIES,
    EVENTS,
    Day,
    EntryRow,
    OpenEvents,
    OpenTrail,
    TellExport,
    list_entries,
    list_events,
    open_events,
    open_trail,
    tell_export,
)
from app.views.core.bars import Bar, BarChart
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListSpec, Preset
from app.views.core.marks import Chip, Divider, Label
from app.views.core.operation import WriteOp
from app.views.core.people import choices, name, when_known
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security.report_dialog import ReportDialog
from app.views.security.seal_dialog import SealDialog
from app.views.security.trail_panes import ENTRIES_KEY, EVENTS_KEY, EntryPane, EventPane
from app.views.security.trail_words import (
    OPS,
    elevated_words,
    event_summary,
    kind_tone,
    kind_words,
    record_words,
    summary,
    table_choices,
)

CHART_DAYS = 30


def _kind_choices(_session: Any) -> list[tuple[str, str]]:
    from app.core.i18n import catalogue

    known = [key.removeprefix("audit.event.") for key in catalogue() if key.startswith("audit.event.")]
    return sorted(((kind, kind_words(kind)) for kind in known), key=lambda pair: pair[1].casefold())


def entries(ctx: AppContext) -> ListSpec:
    """Every change of every table."""
    return ListSpec(
        key=ENTRIES_KEY,
        title="audit.title",
        icon="history",
        fetch=list_entries,
        presets=(
            Preset("all", "kit.list.all"),
            Preset("today", "audit.preset.today"),
            Preset("elevated", "audit.preset.elevated"),
            Preset("people", "audit.preset.people"),
        ),
        columns=(
            Column("at", "audit.at", "date_time", 140, filter="date"),
            Column(
                "login",
                "audit.person",
                "bold",
                150,
                filter="choice",
                choices=choices,
                text=lambda row: name(ctx, row.login),
                sortable=False,
            ),
            Column("op", "audit.op", "chip", 100, filter="choice", choices=_ops(), chips=OPS, sortable=False),
            Column(
                "table_name",
                "audit.record",
                width=190,
                filter="choice",
                filter_key="table",
                choices=table_choices,
                text=lambda row: record_words(ctx, row),
                sortable=False,
            ),
            Column(
                "summary",
                "audit.what",
                width=190,
                stretch=True,
                text=lambda row: summary(ctx, row),
                sortable=False,
            ),
            Column(
                "elevated",
                "audit.elevated",
                width=130,
                text=lambda row: elevated_words(row) or fmt.NONE,
                tone=lambda row: "warn" if row.elevated else None,
                sortable=False,
                hidden=True,
            ),
            Column("reason", "audit.reason", width=160, sortable=False, hidden=True),
            Column(
                "operator",
                "audit.operator",
                width=140,
                filter="choice",
                choices=choices,
                text=lambda row: name(ctx, row.operator) if row.operator else fmt.NONE,
                sortable=False,
                hidden=True,
            ),
            Column("address", "audit.address", width=110, filter="prefix", sortable=False),
            Column("application", "audit.program", width=130, filter="prefix", sortable=False, hidden=True),
            *_hidden_ids(),
            Column(
                "record_id",
                "audit.record_number",
                width=100,
                filter="prefix",
                filter_key="record",
                sortable=False,
                hidden=True,
            ),
            Column("command", "audit.command", width=140, filter="prefix", sortable=False, hidden=True),
        ),
        empty=Empty("audit.empty_title", "audit.empty_text"),
        detail=EntryPane,
        sort="at",
        descending=True,
    )


def events(ctx: AppContext) -> ListSpec:
    """Everything about access."""
    return ListSpec(
        key=EVENTS_KEY,
        title="audit.events.title",
        icon="shield-check",
        fetch=list_events,
        presets=(
            Preset("all", "kit.list.all"),
            Preset("today", "audit.preset.today"),
            Preset("refused", "audit.preset.refused"),
        ),
        columns=(
            Column("at", "audit.at", "date_time", 140, filter="date"),
            Column(
                "kind",
                "audit.event",
                "chip",
                230,
                filter="choice",
                choices=_kind_choices,
                text=lambda row: kind_words(row.kind),
                tone=lambda row: kind_tone(row.kind),
                sortable=False,
            ),
            Column(
                "login",
                "audit.whose",
                "bold",
                140,
                filter="choice",
                choices=choices,
                text=lambda row: name(ctx, row.login),
                sortable=False,
            ),
            Column(
                "by_login",
                "audit.by",
                width=110,
                text=lambda row: name(ctx, row.by_login) if row.by_login != row.login else fmt.NONE,
                sortable=False,
            ),
            Column(
                "detail",
                "audit.details",
                width=170,
                stretch=True,
                text=lambda row: event_summary(ctx, row) or fmt.NONE,
                sortable=False,
            ),
            Column("address", "audit.address", width=110, filter="prefix", sortable=False),
            Column("application", "audit.program", width=140, filter="prefix", sortable=False, hidden=True),
            *_hidden_ids(),
        ),
        empty=Empty("audit.events.empty_title", "audit.events.empty_text"),
        detail=EventPane,
        sort="at",
        descending=True,
    )


def _ops() -> tuple[tuple[str, str], ...]:
    return tuple((key, words) for key, (_kind, words) in OPS.items())


def _hidden_ids() -> tuple[Column, ...]:
    return (
        Column(
            "session_id",
            "audit.session_number",
            width=100,
            filter="prefix",
            filter_key="session",
            sortable=False,
            hidden=True,
        ),
    )


class TrailPage(ListPage):
    """A list of the trail: it says first who reads it, and tells when a part of it is taken along."""

    what = ENTRIES

    def __init__(self, ctx: AppContext, spec: ListSpec, state: dict[str, Any]) -> None:
        self._opened = False
        super().__init__(ctx, spec, state)
        seal = Button("audit.seal", "badge-check", "secondary", size="toolbar", clicked=self.show_seal)
        seal.setObjectName("action.seal")
        self.head.add(seal)
        report = Button("audit.report", "file-text", "secondary", size="toolbar", clicked=self.show_report)
        report.setObjectName("action.report")
        self.head.add(report)
        self.offers.add_export("database", "audit.export_json", lambda: self.export("json"))
        when_known(ctx, lambda: self.table.viewport().update())

    def _ask(self) -> None:
        if self._opened:
            super()._ask()
            return
        self.open_trail()

    def open_trail(self) -> None:
        """Say who reads it; then `begin`."""
        WriteOp(self, self.ctx, open_trail, OpenTrail(self.what)).success(self.begin).start()

    def begin(self, _answer: Any) -> None:
        """The trail is open."""
        self._opened = True
        super()._ask()

    def refresh(self) -> None:
        """Read again, once it is open."""
        if self._opened:
            super().refresh()

    def export_to(self, path: Path, kind: str) -> None:
        """Tell that it leaves the house, then write it."""
        query: ListQuery = self.query()
        told = TellExport(self.what, query, self.model.total or 0)
        WriteOp(self, self.ctx, tell_export, told).success(
            lambda _nothing: super(TrailPage, self).export_to(path, kind)
        ).start()

    def show_seal(self) -> None:
        """How the seal stands, and verifying it."""
        SealDialog(self, self.ctx).open()

    def show_report(self) -> None:
        """The security report of a period."""
        ReportDialog(self, self.ctx).open()


class EntriesPage(TrailPage):
    """Every change."""

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx, entries(ctx), state)

    def _open(self, number: int) -> None:
        row: EntryRow | None = self.model.row(number)
        if row is not None and row.topic in self.ctx.registry.records:
            self.ctx.navigate.open_record(row.topic, row.record_id)


class EventsPage(TrailPage):
    """Access, with a chart of the last weeks over it."""

    what = EVENTS

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        self.chart = BarChart(t("audit.chart"))
        super().__init__(ctx, events(ctx), state)
        left = self.layout().itemAt(0).layout()  # type: ignore[union-attr]
        assert isinstance(left, QVBoxLayout)
        left.insertWidget(1, self._chart_box())

    def _chart_box(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(px("margin"), 0, px("margin"), px("gap"))
        column.setSpacing(px("gap_xs"))
        head = QHBoxLayout()
        head.addWidget(Label(t("audit.chart"), "small600", "text2"))
        head.addStretch(1)
        head.addWidget(Chip("accent", t("audit.chart_opened")))
        head.addWidget(Chip("bad", t("audit.chart_refused")))
        column.addLayout(head)
        column.addWidget(self.chart)
        column.addWidget(Divider())
        return box

    def open_trail(self) -> None:
        """The days of the chart come with it."""
        until = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1)
        command = OpenEvents(until - timedelta(CHART_DAYS), until)
        WriteOp(self, self.ctx, open_events, command).success(self.begin).start()

    def begin(self, answer: Sequence[Day]) -> None:
        """Show the chart as well."""
        self._show_days(answer)
        super().begin(answer)

    def _show_days(self, found: Sequence[Day]) -> None:
        shape = "d. MMM" if language() == "de" else "d MMM"
        self.chart.set_bars(
            [
                Bar(
                    format_date(day.day, shape, locale=language()),
                    t(
                        "audit.chart_words",
                        day=fmt.date_(day.day),
                        opened=fmt.number(day.opened),
                        refused=fmt.number(day.refused),
                    ),
                    day.opened,
                    day.refused,
                )
                for day in found
            ]
        )
