"""Months: what of one is still open, closing it, asking for it to be opened again."""

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.accounting import lists, writes
from app.services.accounting.commands import ClosePeriod, RequestReopen
from app.services.accounting.lists import MonthRow
from app.services.accounting.preview import ERROR, Note
from app.views.accounting.words import month_words, note_words
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts, text_row
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.list_export import error_words
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names
from app.views.core.reason import ReasonDialog
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import px

KEY = "accounting.periods"
CLOSE, REOPEN, CHECK = "period_close", "period_reopen_request", "period_check"
STATES = {
    "open": ("info", "accounting.period.open"),
    "closed": ("ok", "accounting.period.closed"),
    "asked": ("warn", "accounting.period.asked"),
    "running": ("neutral", "accounting.period.running"),
}


def state_of(row: MonthRow) -> str:
    """The month's state as people see it."""
    if row.asked:
        return "asked"
    return row.state if row.over or row.state == "closed" else "running"


def periods(ctx: AppContext) -> ListSpec:
    """Months, the newest first."""
    names(ctx)
    return ListSpec(
        key=KEY,
        title="accounting.periods.title",
        icon="calendar-clock",
        fetch=lists.list_months,
        topics=frozenset({writes.PERIOD, writes.EXPORT, "system.approval_request"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "accounting.preset.open"),
            Preset("closed", "accounting.preset.closed"),
        ),
        columns=(
            Column(
                "month",
                "accounting.column.month",
                "bold",
                180,
                stretch=True,
                sortable=False,
                text=lambda row: month_words(row.month),
            ),
            Column(
                "state",
                "accounting.column.state",
                "chip",
                170,
                sortable=False,
                chips=STATES,
                value=state_of,
            ),
            Column("closed_at", "accounting.column.closed_at", "date_time", 150, sortable=False),
            Column(
                "closed_by",
                "accounting.column.closed_by",
                width=160,
                sortable=False,
                text=lambda row: name(ctx, row.closed_by) if row.closed_by else "",
            ),
            Column(
                "reopened_at", "accounting.column.reopened_at", "date_time", 150, sortable=False, hidden=True
            ),
            Column("reopen_reason", "accounting.column.reason", width=260, sortable=False, hidden=True),
        ),
        row_actions=(
            ListAction(
                "close",
                "accounting.period.close",
                lambda ctx_, rows: open_close(ctx_, rows[0]),
                "lock",
                right=CLOSE,
                when=lambda row: row.state == "open" and row.over,
            ),
            ListAction(
                "reopen",
                "accounting.period.reopen",
                lambda ctx_, rows: ask_reopen(ctx_, rows[0]),
                "lock-open",
                right=REOPEN,
                when=lambda row: row.state == "closed" and not row.asked,
            ),
        ),
        empty=Empty("accounting.periods.empty", "accounting.periods.empty_text"),
        detail=PeriodPane,
    )


def periods_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, periods(ctx), state)


def open_close(ctx: AppContext, row: MonthRow) -> None:
    """Open the dialog that says what is open and closes."""
    host = host_of(ctx.tasks)
    if host is not None:
        CloseDialog(host, ctx, row).open()


class CloseDialog(Dialog):
    """What of the month is still open, and the button that closes it all the same, where it may."""

    def __init__(self, host: QWidget, ctx: AppContext, row: MonthRow) -> None:
        super().__init__(
            host,
            t("accounting.period.close_title", month=month_words(row.month)),
            t("accounting.period.close_text"),
            icon="lock",
        )
        self.setObjectName("dialog.close_period")
        self._ctx, self._row = ctx, row
        self.notes: tuple[Note, ...] | None = None
        self._found = QVBoxLayout()
        self._found.setSpacing(px("gap"))
        self.body.addLayout(self._found)
        self._found.addWidget(text_row(t("kit.loading")))
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self.yes = self.add_button(
            "yes", "accounting.period.close", self._go, icon="lock", kind="primary", shortcut="Ctrl+Enter"
        )
        self.yes.setEnabled(False)
        ReadOp(self, ctx, lists.period_check, row.month).success(self._tell).failure(self._failed).start()

    def _tell(self, notes: tuple[Note, ...]) -> None:
        self.notes = notes
        clear_layout(self._found)
        for note in notes:
            self._found.addWidget(Banner("bad" if note.severity == ERROR else "warn", note_words(note)))
        if not notes:
            self._found.addWidget(Banner("ok", t("accounting.period.nothing_open")))
        self.yes.setEnabled(not any(note.severity == ERROR for note in notes))
        QTimer.singleShot(0, self, self.place)  # once the new rows are laid out

    def _failed(self, error: BaseException) -> None:
        clear_layout(self._found)
        self._found.addWidget(text_row(error_words(error), color="bad"))

    def _go(self) -> None:
        ctx, row = self._ctx, self._row

        def closed(_value: object) -> None:
            ctx.navigate.toast(t("accounting.period.closed_now", month=month_words(row.month)))

        command = ClosePeriod(row.month, accept=bool(self.notes))
        WriteOp(ctx.tasks, ctx, writes.close_period, command).success(closed).start()


def ask_reopen(ctx: AppContext, row: MonthRow) -> None:
    """Ask for the reason, then ask somebody else."""
    host = host_of(ctx.tasks)
    if host is None:
        return

    def go(reason: str) -> None:
        def asked(_request: object) -> None:
            ctx.navigate.toast(t("accounting.period.asked_now"))

        command = RequestReopen(row.month, reason)
        WriteOp(ctx.tasks, ctx, writes.request_reopen, command).success(asked).start()

    ReasonDialog(
        host,
        t("accounting.period.reopen_title", month=month_words(row.month)),
        t("accounting.period.reopen_text"),
        "accounting.period.reopen",
        go,
        icon="lock-open",
    ).open()


class PeriodPane(DetailPane):
    """What of a month is open, or was when it was closed."""

    def __init__(self, ctx: AppContext, row: MonthRow) -> None:
        super().__init__()
        self.setObjectName("pane.period")
        kind, words = STATES[state_of(row)]
        self.head("", month_words(row.month), chips=[(kind, t(words))])
        box = self.tab("open", t("accounting.period.pane"))
        self._box = QVBoxLayout()
        self._box.setSpacing(px("gap"))
        self._box.setContentsMargins(0, 0, 0, px("gap"))
        box.addLayout(self._box)
        if row.state == "closed":
            self._tell(row.findings, closed=True)
            who = name(ctx, row.closed_by or "")
            at = fmt.date_time(row.closed_at) if row.closed_at else fmt.NONE
            box.addWidget(
                facts([(t("accounting.column.closed_by"), who), (t("accounting.column.closed_at"), at)])
            )
        elif ctx.profile.can(CHECK):
            op = ReadOp(self, ctx, lists.period_check, row.month).success(self._tell)
            op.failure(lambda error: self._box.addWidget(text_row(error_words(error), color="bad"))).start()
        if row.reopened_at is not None:
            box.addWidget(
                facts(
                    [
                        (t("accounting.column.reopened_at"), fmt.date_time(row.reopened_at)),
                        (t("accounting.column.reopened_by"), name(ctx, row.reopened_by or "")),
                        (t("accounting.column.reason"), row.reopen_reason or ""),
                    ]
                )
            )
        if row.state == "open" and row.over and ctx.profile.can(CLOSE):
            button = Button("accounting.period.close", "lock", clicked=lambda: open_close(ctx, row))
            button.setObjectName("action.close")
            box.addWidget(button)
        box.addStretch(1)

    def _tell(self, notes: tuple[Note, ...], *, closed: bool = False) -> None:
        clear_layout(self._box)
        for note in notes:
            self._box.addWidget(Banner("bad" if note.severity == ERROR else "warn", note_words(note)))
        if not notes:
            key = "accounting.period.was_nothing_open" if closed else "accounting.period.nothing_open"
            self._box.addWidget(Banner("ok", t(key)))
