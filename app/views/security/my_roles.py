"""My roles: in force, to come and of old; those for hours are given back or extended."""

from typing import Any

from app.core.i18n import t
from app.services.security import assignments, shelf
from app.services.security.assignments import REQUESTS, ROLES, Assignment
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import WriteOp
from app.views.core.table_model import Column
from app.views.security.form_dialog import FormDialog
from app.views.security.people_actions import REASON, on_row
from app.views.security.people_words import STATE, reason_words, role, until
from app.views.shell.guide import about

KEY = "security.my_roles"
MORE = ((2, "my_roles.hours_2"), (4, "my_roles.hours_4"), (8, "my_roles.hours_8"))


def _give_back(ctx: AppContext, row: Assignment) -> None:
    op = WriteOp(ctx.tasks, ctx, assignments.end_elevation, assignments.EndElevation(row.id))
    op.success(lambda _none: ctx.navigate.toast(t("my_roles.given_back"))).start()


def _extend(ctx: AppContext, row: Assignment) -> None:
    FormDialog(
        ctx,
        t("my_roles.extend_title", role=role(ctx, row.role)),
        "",
        (Field("hours", "why.hours", "choice", required=True, choices=MORE, span=4), REASON),
        lambda values: (
            assignments.extend_elevation,
            assignments.ExtendElevation(row.id, int(values["hours"]), str(values["reason"])),
        ),
        lambda _number: ctx.navigate.toast(t("why.requested")),
        icon="timer",
        yes="my_roles.extend",
        values={"hours": 2},
    ).open()


def _for_hours(row: Assignment) -> bool:
    return row.kind == "elevation" and row.state == "current"


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of one's own roles."""
    spec = ListSpec(
        key=KEY,
        title="my_roles.title",
        icon="badge-check",
        columns=(
            Column("role", "people.role", "bold", 180, text=lambda row: role(ctx, row.role)),
            Column(
                "about",
                "my_roles.about",
                width=260,
                stretch=True,
                sortable=False,
                value=lambda row: about(row.role) or None,
            ),
            Column("state", "people.status", "chip", 120, chips=STATE),
            Column("kind", "assign.kind", width=120, text=lambda row: t(f"assign.{row.kind}")),
            Column("valid_from", "people.from", "date_time", 148),
            Column("valid_to", "people.until", width=148, text=lambda row: until(row.valid_to)),
            Column("reason", "people.reason", width=200, text=lambda row: reason_words(row.reason)),
        ),
        fetch=shelf.list_my_roles,
        topics=frozenset({ROLES, REQUESTS}),
        presets=(
            Preset("current", "assign.state.current"),
            Preset("future", "assign.state.future"),
            Preset("over", "assign.preset.over"),
            Preset("all", "kit.list.all"),
        ),
        row_actions=(
            ListAction("give_back", "my_roles.give_back", on_row(_give_back), "undo-2", when=_for_hours),
            ListAction("extend", "my_roles.extend", on_row(_extend), "timer", when=_for_hours),
        ),
        empty=Empty("my_roles.empty.title", "my_roles.empty.text"),
        sort="valid_from",
        descending=True,
    )
    return ListPage(ctx, spec, state)
