"""Warnings: what was odd about records that came over all the same, and the way to each of them."""

from collections.abc import Sequence
from typing import Any

from app.core.i18n import t
from app.services.legacy.lists import entity_choices
from app.services.legacy.state import RUN
from app.services.legacy.warnings import (
    Home,
    WarningRow,
    code_choices,
    home_of,
    list_warnings,
    words_of,
)
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.operation import ReadOp
from app.views.core.table_model import Column
from app.views.legacy.words import MODULES, module_words, titled

KEY = "legacy.warnings"
_LISTS = {
    "legacy.work_order": ("legacy.work_orders", "number"),
    "legacy.stock": ("legacy.stock", "sku"),
    "legacy.employee": ("legacy.employees", "number"),
    "production.mould": ("legacy.moulds", "number"),
    "inventory.box": ("legacy.boxes", "code"),
}


def open_target(ctx: AppContext, row: WarningRow) -> None:
    """Show what the record became in Werkbank."""
    if row.table is None or row.target is None:
        ctx.navigate.toast(t("legacy.warnings.no_target"), kind="info")
        return
    op: ReadOp[Home | None] = ReadOp(ctx.tasks, ctx, home_of, row.table, row.target)
    op.success(lambda home: _show(ctx, home)).start()


def _show(ctx: AppContext, home: Home | None) -> None:
    if home is not None and home.topic in _LISTS:
        workspace, column = _LISTS[home.topic]
        ctx.navigate.open_workspace(workspace, preset="all", filters={column: home.number or ""})
    elif home is not None and home.id is not None and home.topic in ctx.registry.records:
        ctx.navigate.open_record(home.topic, home.id)
    else:
        ctx.navigate.toast(t("legacy.warnings.no_target"), kind="info")


def _open_all(ctx: AppContext, rows: Sequence[WarningRow]) -> None:
    for row in rows:
        open_target(ctx, row)


def _spec(_ctx: AppContext) -> ListSpec:
    return ListSpec(
        key=KEY,
        title="legacy.warnings.title",
        icon="triangle-alert",
        fetch=list_warnings,
        topics=frozenset({RUN}),
        columns=(
            Column(
                "entity",
                "legacy.column.entity",
                width=150,
                filter="choice",
                choices=entity_choices,
                text=lambda row: titled(row.title, row.entity),
            ),
            Column("source_key", "legacy.column.source_key", "bold", 130, filter="prefix"),
            Column("field", "legacy.column.field", width=130, filter="prefix"),
            Column(
                "code",
                "legacy.column.warning",
                width=320,
                stretch=True,
                filter="choice",
                choices=code_choices,
                text=lambda row: words_of(row.code, row.params),
            ),
            Column("last_seen_at", "legacy.column.last_seen_at", "date_time", 140, filter="date"),
            Column("run", "legacy.run.one", "number", 76, filter="min"),
            Column("first_seen_at", "legacy.column.first_seen_at", "date_time", 140, hidden=True),
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
        row_actions=(
            ListAction(
                "open",
                "legacy.warnings.open",
                _open_all,
                "external-link",
                when=lambda row: row.target is not None,
            ),
        ),
        empty=Empty("legacy.warnings.empty.title", "legacy.warnings.empty.text"),
        open=open_target,
        sort="last_seen_at",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, _spec(ctx), state)


def open_of_run(ctx: AppContext, run: int) -> None:
    """The warnings that a run found last."""
    ctx.navigate.open_workspace(KEY, filters={"run": f"={run}"})
