"""The codes people taught, and what was scanned."""

from functools import partial
from typing import Any

from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.labels.scan_lists import CODES, ForgetCode, forget, list_codes, list_scans
from app.views.core.context import AppContext
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import WriteOp
from app.views.core.people import choices, name
from app.views.core.table_model import Column

KINDS = (
    ("catalog.product", "scan.product"),
    ("inventory.lot", "scan.lot"),
    ("inventory.place", "scan.place"),
    ("inventory.box", "scan.box"),
)
OUTCOMES = {
    "found": ("ok", "scan_log.found"),
    "several": ("warn", "scan_log.several"),
    "unknown": ("bad", "scan_log.unknown"),
    "refused": ("bad", "scan_log.refused"),
    "command": ("neutral", "scan_log.command"),
}


def _forget(ctx: AppContext, rows: list[Any]) -> None:
    for row in rows:
        op: WriteOp[None] = WriteOp(ctx.tasks, ctx, forget, ForgetCode(row.id, row.row_version))
        op.success(partial(_forgotten, ctx, row.code)).start()


def _forgotten(ctx: AppContext, code: str, _done: None) -> None:
    ctx.navigate.toast(t("scan_codes.forgotten", code=code))


def _open(ctx: AppContext, row: Any) -> None:
    if row.topic in ctx.registry.records and row.record_id is not None:
        ctx.navigate.open_record(row.topic, row.record_id)


def _screen(ctx: AppContext, row: Any) -> str:
    """What people call the screen: a list, a work screen, the form of a kind of record; empty when nobody does."""
    name_ = row.screen.removeprefix("page.").removeprefix("form.")
    if name_ in ctx.registry.workspaces:
        return t(ctx.registry.workspaces[name_].title)
    if has_text(f"{name_}.title"):
        return t(f"{name_}.title")
    kinds = (
        kind.title
        for topic, kind in ctx.registry.records.items()
        if topic.rpartition(".")[2] == name_ or topic == name_
    )
    title = next(kinds, "")
    return t(title) if title else ""


FORGET = ListAction("forget", "scan_codes.forget", _forget, "trash-2", right=f"{CODES}:discard", danger=True)


def codes_spec(ctx: AppContext) -> ListSpec:
    """The taught codes."""
    return ListSpec(
        key="scan_codes",
        title="scan_codes.title",
        icon="tags",
        columns=(
            Column("code", "scan_codes.code", "bold", 220, filter="prefix"),
            Column(
                "topic",
                "scan_codes.kind",
                width=130,
                filter="choice",
                choices=KINDS,
                text=lambda row: t(dict(KINDS)[row.topic]),
            ),
            Column("target", "scan_codes.target", "code", 160),
            Column("qty", "scan.teach_qty", "quantity", 110),
            Column("supplier", "scan.teach_supplier", width=180),
            Column("note", "scan.teach_note", width=200, stretch=True, filter="contains"),
            Column("created_by", "scan_codes.by", width=140, text=lambda row: name(ctx, row.created_by)),
            Column("created_at", "scan_codes.at", "date_time", 150, filter="date"),
        ),
        fetch=list_codes,
        topics=frozenset({CODES}),
        row_actions=(FORGET,),
        bulk=(FORGET,),
        empty=Empty("scan_codes.empty", "scan_codes.empty_text"),
        open=_open,
        sort="code",
    )


def log_spec(ctx: AppContext) -> ListSpec:
    """The log."""
    return ListSpec(
        key="scan_log",
        title="scan_log.title",
        icon="history",
        columns=(
            Column("scanned_at", "scan_log.at", "date_time", 160, filter="date"),
            Column("code", "scan_codes.code", "bold", 240, stretch=True, filter="prefix"),
            Column(
                "outcome",
                "scan_log.outcome",
                "chip",
                140,
                filter="choice",
                choices=tuple((key, words) for key, (_kind, words) in OUTCOMES.items()),
                chips=OUTCOMES,
            ),
            Column("screen", "scan_log.screen", width=240, text=partial(_screen, ctx)),
            Column(
                "person",
                "scan_codes.by",
                width=150,
                filter="choice",
                choices=choices,
                text=lambda row: name(ctx, row.person),
            ),
            Column(
                "device",
                "scan_log.device",
                width=130,
                filter="contains",
                text=lambda row: name(ctx, row.device) if row.device else fmt.NONE,
            ),
            Column("workplace", "scan_log.workplace", width=150, filter="contains"),
        ),
        fetch=list_scans,
        topics=frozenset({"labels.scan"}),
        presets=(
            Preset("today", "scan_log.today"),
            Preset("unknown", "scan_log.unknown_preset"),
            Preset("all", "kit.list.all"),
        ),
        empty=Empty("scan_log.empty", "scan_log.empty_text"),
        open=_open,
        sort="scanned_at",
        descending=True,
    )
