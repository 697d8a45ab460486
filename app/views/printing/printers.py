"""Printers: which there are, how they are, what they can; a test page."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from app.core.errors import AppError
from app.core.i18n import has_text, language, t
from app.services.printing import reads, writes
from app.services.printing.commands import NoteStatus, PrintDocument, RequestPrint
from app.services.printing.connect import (
    connect,
)
from app.services.printing.device import Capabilities, Status
from app.services.printing.reads import PrinterForm, PrinterRow
from app.services.printing.sample import sample_page
from app.services.printing.station import secret
from app.services.printing.trouble import state_behind
from app.services.printing.writes import JOB, PRINTER, Requested
from app.sync.printing import access_of
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.table_model import Column
from app.views.core.tasks import FILE
from app.views.core.values import error_text
from app.views.printing.discover import discover
from app.views.printing.words import (
    KINDS,
    LANGUAGES,
    STATUS,
    found_out,
    messages,
    reason_short,
)

KEY = "printing.printers"
INSERT, UPDATE = f"{PRINTER}:insert", f"{PRINTER}:update"


def _said(row: PrinterRow) -> str:
    return messages(row.name, row.reasons)


def _said_short(row: PrinterRow) -> str:
    key, _, what = row.reasons.partition(", ")
    return reason_short(key, row.name, what) if found_out(row.name, row.reasons) else row.reasons


def _connection(row: PrinterRow) -> str:
    short = f"printing.kind_short.{row.kind}"
    return t(short) if has_text(short) else t(dict(KINDS)[row.kind])


SPEC = ListSpec(
    key=KEY,
    title="printing.printers.title",
    icon="printer",
    fetch=reads.list_printers,
    topics=frozenset({PRINTER, JOB}),
    presets=(
        Preset("active", "printing.printer.active"),
        Preset("trouble", "printing.queue.preset.trouble"),
        Preset("all", "kit.list.all"),
    ),
    columns=(
        Column("name", "printing.printer.name", "bold", 180, stretch=True, filter="contains"),
        Column("location", "printing.printer.location", width=140, filter="contains"),
        Column("status", "printing.printer.status", "chip", 140, chips=STATUS, more=_said),
        Column("waiting", "printing.printer.waiting", "number", 84),
        Column(
            "language",
            "printing.printer.language",
            width=164,
            text=lambda row: t(dict(LANGUAGES)[row.language]),
        ),
        Column("address", "printing.printer.address", width=220, filter="contains"),
        Column("station", "printing.job.station", width=236),
        Column("kind", "printing.printer.kind", width=150, hidden=True, text=_connection),
        Column("reasons", "printing.printer.reasons", width=260, hidden=True, text=_said_short, more=_said),
        Column("checked_at", "printing.printer.checked_at", "date_time", 148, hidden=True),
        Column("is_active", "printing.printer.active", "yes_no", 100, hidden=True),
    ),
    row_actions=(
        ListAction(
            "ask", "printing.printer.ask", lambda ctx, rows: ask(ctx, rows[0]), "refresh-cw", "printer_status"
        ),
        ListAction(
            "test",
            "printing.printer.test",
            lambda ctx, rows: print_test(ctx, rows[0]),
            "printer",
            "print_request",
        ),
    ),
    primary=ListAction(
        "new",
        "printing.printer.new",
        lambda ctx, _rows: ctx.navigate.new_record(PRINTER),
        "plus",
        INSERT,
        "Ctrl+N",
    ),
    more=(
        ListAction("discover", "printing.discover.title", lambda ctx, _rows: discover(ctx), "search", INSERT),
    ),
    open=lambda ctx, row: ctx.navigate.open_record(PRINTER, row.id),
    empty=Empty("printing.printers.empty", "printing.printers.empty_text"),
    sort="name",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of printers."""
    return ListPage(ctx, SPEC, state)


def ask(
    ctx: AppContext, printer: "PrinterRow | PrinterForm", done: Callable[[], object] | None = None
) -> None:
    """Ask a printer from here how it is, and tell the house."""

    def found(known: dict[str, Any]) -> None:
        def probe() -> tuple[Status, Capabilities | None]:
            # What it said of itself before does not count: another one may stand there now.
            device = connect(replace(access_of(known, 5.0), capabilities=Capabilities()))
            try:
                return device.probe()
            except AppError as error:
                status = state_behind(error)
                if status is None:
                    raise
                return status, None
            finally:
                device.close()

        ctx.tasks.run(FILE, ctx.tasks, probe, answered, label=t("printing.printer.ask"))

    def answered(future: "Future[tuple[Status, Capabilities | None]]") -> None:
        error = future.exception()
        if error is not None:
            words = error_text(error) if isinstance(error, AppError) else t("error.printer_trouble")
            ctx.navigate.toast(words, kind="bad")
            return
        status, capabilities = future.result()
        known = None if capabilities is None else capabilities.as_json()
        note = NoteStatus(printer.id, status.code, ", ".join(status.reasons), known)
        op: WriteOp[bool] = WriteOp(ctx.tasks, ctx, writes.note_status, note)
        op.success(lambda _new: told(status)).start()

    def told(status: Status) -> None:
        tone, key = STATUS[status.code]
        asked = t("printing.printer.asked", name=printer.name, status=t(key))
        words = found_out(printer.name, ", ".join(status.reasons)) or asked
        ctx.navigate.toast(words, kind=tone if tone in ("ok", "info", "warn", "bad") else "info")
        if done is not None:
            done()

    ReadOp(ctx.tasks, ctx, reads.reachable, printer.id).success(found).start()


def print_test(ctx: AppContext, printer: "PrinterRow | PrinterForm") -> None:
    """Print a page that says which printer it is."""
    title = t("printing.printer.test_title", name=printer.name)
    lines = (
        t("printing.printer.test_lines", name=printer.name),
        f"{t(dict(KINDS)[printer.kind])} · {printer.address}",
        f"{ctx.profile.company} · {ctx.profile.person}",
    )
    content = sample_page(title, lines, printer.media, printer.language)
    command = RequestPrint(
        "test", (PrintDocument(content, title, PRINTER, printer.id),), secret(), language(), printer.id
    )

    def told(value: Requested) -> None:
        ctx.navigate.toast(t("printing.toast.one", title=title, printer=value.printer))

    op: WriteOp[Requested] = WriteOp(ctx.tasks, ctx, writes.request, command)
    op.success(told).start()
