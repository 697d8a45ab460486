"""Records that did not come over: what is wrong, put right in place, tried again, or left out with a word why."""

from collections.abc import Callable, Sequence
from typing import Any

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import writes
from app.services.legacy.commands import SettleMany
from app.services.legacy.lists import QuarantineRow, entity_choices, list_quarantine
from app.services.legacy.state import QUARANTINE
from app.views.core.context import AppContext
from app.views.core.errors import host_of
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import WriteOp
from app.views.core.reason import ReasonDialog
from app.views.core.table_model import Column
from app.views.legacy.quarantine_pane import QuarantinePane
from app.views.legacy.words import MODULES, QUARANTINE_STATE, SEVERITY, findings_words, module_words, titled

KEY = "legacy.quarantine"
SET = "legacy_quarantine_set"


def retry(ctx: AppContext, rows: Sequence[QuarantineRow]) -> None:
    """Try them again as they are in the old system now."""
    _settle(ctx, SettleMany(tuple(row.id for row in rows), "retry"), "legacy.quarantine.retried")


def ignore(ctx: AppContext, rows: Sequence[QuarantineRow]) -> None:
    """Leave them out, with a word why."""
    host = host_of(ctx.tasks)
    if host is None:
        return
    ids = tuple(row.id for row in rows)

    def go(comment: str) -> None:
        _settle(ctx, SettleMany(ids, "ignored", comment), "legacy.quarantine.ignored_done")

    ReasonDialog(
        host,
        t("legacy.quarantine.ignore_title", n=len(ids), count=fmt.number(len(ids))),
        t("legacy.quarantine.ignore_text"),
        "legacy.quarantine.ignore_yes",
        go,
        label="legacy.quarantine.comment",
        icon="ban",
    ).open()


def reopen(ctx: AppContext, rows: Sequence[QuarantineRow]) -> None:
    """Put them back among the open ones."""
    _settle(ctx, SettleMany(tuple(row.id for row in rows), "open"), "legacy.quarantine.reopened")


def _settle(ctx: AppContext, command: SettleMany, words: str) -> None:
    op: WriteOp[int] = WriteOp(ctx.tasks, ctx, writes.settle_many, command)
    op.success(lambda count: ctx.navigate.toast(t(words, n=count, count=fmt.number(count)))).start()


def _when(*states: str) -> Callable[[Any], bool]:
    return lambda row: row.state in states


def _fields(row: QuarantineRow) -> str:
    return ", ".join(dict.fromkeys(str(one.get("field")) for one in row.findings if one.get("field")))


def _spec(_ctx: AppContext) -> ListSpec:
    return ListSpec(
        key=KEY,
        title="legacy.quarantine.title",
        icon="shield-alert",
        fetch=list_quarantine,
        topics=frozenset({QUARANTINE}),
        presets=(
            Preset("open", "legacy.quarantine.preset.open", count=True),
            Preset("retry", "legacy.quarantine.preset.retry"),
            Preset("ignored", "legacy.quarantine.preset.ignored"),
            Preset("resolved", "legacy.quarantine.preset.resolved"),
            Preset("all", "kit.list.all"),
        ),
        columns=(
            Column(
                "entity",
                "legacy.column.entity",
                width=130,
                filter="choice",
                choices=entity_choices,
                text=lambda row: titled(row.title, row.entity),
            ),
            Column(
                "source_key",
                "legacy.column.source_key",
                "bold",
                120,
                filter="prefix",
                text=lambda row: row.source_key if len(row.source_key) <= 14 else f"{row.source_key[:12]}…",
            ),
            Column("label", "legacy.column.label", width=150, filter="contains"),
            Column(
                "findings",
                "legacy.column.findings",
                width=220,
                stretch=True,
                filter="contains",
                filter_key="code",
                text=lambda row: findings_words(row.findings, row.titles),
                sortable=False,
            ),
            Column("fields", "legacy.column.fields", width=120, value=_fields, sortable=False, hidden=True),
            Column(
                "severity",
                "legacy.column.severity",
                "chip",
                96,
                filter="choice",
                choices=tuple((key, words) for key, (_kind, words) in SEVERITY.items()),
                chips=SEVERITY,
                hidden=True,
            ),
            Column("state", "legacy.column.state", "chip", 116, chips=QUARANTINE_STATE),
            Column("attempts", "legacy.column.attempts", "number", 84, hidden=True),
            Column("last_seen_at", "legacy.column.last_seen_at", "date_time", 140, hidden=True),
            Column("first_seen_at", "legacy.column.first_seen_at", "date_time", 140, hidden=True),
            Column("comment", "legacy.quarantine.comment", width=160, hidden=True),
            Column(
                "module",
                "legacy.entity.module",
                width=110,
                filter="choice",
                choices=tuple((module, f"legacy.module.{module}") for module in MODULES),
                text=lambda row: module_words(row.module),
                hidden=True,
            ),
        ),
        bulk=(
            ListAction(
                "retry",
                "legacy.quarantine.retry_many",
                retry,
                "rotate-ccw",
                SET,
                when=_when("open", "ignored"),
            ),
            ListAction("ignore", "legacy.quarantine.ignore", ignore, "ban", SET, when=_when("open", "retry")),
            ListAction("reopen", "legacy.quarantine.reopen", reopen, "undo-2", SET, when=_when("ignored")),
        ),
        empty=Empty("legacy.quarantine.empty.title", "legacy.quarantine.empty.text"),
        detail=QuarantinePane,
        sort="last_seen_at",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, _spec(ctx), state)
