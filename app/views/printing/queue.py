"""The queue: what was printed, what waits, who wanted it; and what to do about it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.core.i18n import t
from app.services.printing import reads, writes
from app.services.printing.commands import Action, ActOnJobs
from app.services.printing.reads import JobRow
from app.services.printing.writes import JOB, PRINTER
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.printing.words import STATES, kind_words, reason_short, reason_words, untried
from app.views.security.form_dialog import FormDialog

KEY = "printing.queue"
MANAGE = "print_manage"
_WAITS = frozenset({"waiting", "held"})
_OVER = frozenset({"sent", "done", "failed", "unclear", "cancelled"})


def act(ctx: AppContext, rows: list[Any], action: Action, printer_id: int | None = None) -> None:
    """Do something with these jobs; those of others with the right to manage them."""
    command = _command(ctx, rows, action, printer_id)

    def told(jobs: tuple[int, ...]) -> None:
        ctx.navigate.toast(t("printing.job.done", n=len(jobs)))

    op: WriteOp[tuple[int, ...]] = WriteOp(ctx.tasks, ctx, writes.act, command)
    op.success(told).start()


def _command(ctx: AppContext, rows: list[Any], action: Action, printer_id: int | None) -> ActOnJobs:
    others = any(row.requested_by != ctx.profile.login for row in rows)
    return ActOnJobs(tuple(row.id for row in rows), action, printer_id, others)


def redirect(ctx: AppContext, rows: list[Any]) -> None:
    """Ask for the printer, then send them there; what was printed comes out as a copy."""

    def offer(printers: Any) -> None:
        def save(values: Mapping[str, Any]) -> Any:
            return writes.act, _command(ctx, rows, "redirect", values["printer_id"])

        def done(jobs: tuple[int, ...]) -> None:
            ctx.navigate.toast(t("printing.job.done", n=len(jobs)))

        field = Field("printer_id", "printing.with.printer", "choice", required=True, span=4)
        titles = ", ".join(row.title for row in rows[:3]) + (" …" if len(rows) > 3 else "")
        dialog = FormDialog(
            ctx,
            t("printing.redirect.title"),
            titles,
            (field,),
            save,
            done,
            icon="printer",
            yes="printing.redirect.ok",
        )
        dialog.boxes["printer_id"].set_choices(
            [(one.id, one.name) for one in printers if {one.id} != {row.printer_id for row in rows}]
        )
        dialog.open()

    ReadOp(ctx.tasks, ctx, reads.choices).success(offer).start()


def _offers(
    key: Action, icon: str, states: frozenset[str], *, prints: bool = False, **more: Any
) -> ListAction:
    """An action for jobs in these states; what ``prints`` needs a printer that is in use."""
    run: Callable[..., object] = partial(act, action=key)

    def when(row: JobRow) -> bool:
        return row.state in states and (row.in_use or not prints)

    return ListAction(key, f"printing.job.{key}", run, icon, when=when, right="print_act", **more)


ACTIONS = (
    _offers("release", "play", _WAITS, prints=True),
    _offers("hold", "circle-pause", frozenset({"waiting"})),
    ListAction(
        "redirect",
        "printing.job.redirect",
        redirect,
        "arrow-left-right",
        "print_act",
        when=lambda row: row.state != "sending",
    ),
    _offers("again", "copy", _OVER, prints=True),
    _offers("cancel", "ban", frozenset({"waiting", "held", "failed", "unclear"}), danger=True),
)


def _why(row: JobRow) -> str:
    """Why a job waits or failed, in few words."""
    return untried(row, "why") or reason_short(row.reason, row.printer, row.detail)


def _what_now(row: JobRow) -> str:
    """The same in full, with what to do."""
    return untried(row, "job") or reason_words(row.reason, row.printer, row.detail)


def _title(row: JobRow) -> str:
    return t("printing.job.titled_copy", title=row.title) if row.is_copy else row.title


def _open(ctx: AppContext, row: JobRow) -> None:
    if row.topic in ctx.registry.records and row.record_id is not None:
        ctx.navigate.open_record(row.topic, row.record_id)


def spec(ctx: AppContext) -> ListSpec:
    """The list."""
    names(ctx)
    return ListSpec(
        key=KEY,
        title="printing.queue.title",
        icon="printer",
        fetch=reads.list_jobs,
        topics=frozenset({JOB, PRINTER}),
        presets=(
            Preset(
                "open",
                "printing.queue.preset.open",
                count=True,
                empty=Empty("printing.queue.nothing_open", "printing.queue.nothing_open_text"),
            ),
            Preset(
                "trouble",
                "printing.queue.preset.trouble",
                count=True,
                empty=Empty("printing.queue.no_trouble", "printing.queue.no_trouble_text"),
            ),
            Preset("mine", "printing.queue.preset.mine"),
            Preset("all", "kit.list.all"),
        ),
        columns=(
            Column("requested_at", "printing.job.requested_at", "date_time", 148, filter="date"),
            Column("title", "printing.job.title", "bold", 200, stretch=True, filter="contains", text=_title),
            Column("kind", "printing.job.kind", width=144, text=lambda row: kind_words(row.kind)),
            Column("printer", "printing.job.printer", width=164, filter="contains"),
            Column(
                "state",
                "printing.job.state",
                "chip",
                134,
                filter="choice",
                choices=tuple((state, key) for state, (_tone, key) in STATES.items()),
                chips=STATES,
            ),
            Column(
                "reason",
                "printing.job.reason",
                width=276,
                text=_why,
                more=_what_now,
                sortable=False,
            ),
            Column(
                "requested_by",
                "printing.job.requested_by",
                width=104,
                text=lambda row: name(ctx, row.requested_by),
            ),
            Column("copies", "printing.job.copies", "number", 90, hidden=True),
            Column("station", "printing.job.station", width=210, hidden=True),
            Column("attempts", "printing.job.attempts", "number", 90, hidden=True),
            Column("ended_at", "printing.job.ended_at", "date_time", 148, hidden=True),
        ),
        row_actions=ACTIONS,
        bulk=ACTIONS,
        open=_open,
        empty=Empty("printing.queue.empty", "printing.queue.empty_text"),
        sort="requested_at",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The queue."""
    return ListPage(ctx, spec(ctx), state)
