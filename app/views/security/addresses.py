"""Address rules: from which networks people with a role may come."""

from typing import Any

from app.core.i18n import language, t
from app.services.security.roles import roles
from app.services.security.watch import (
    RULE,
    RemoveRule,
    RuleRow,
    SaveRule,
    list_rules,
    remove_rule,
    save_rule,
)
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.table_model import Column
from app.views.security.form_dialog import FormDialog, plain

KEY = "security.addresses"
FIELDS = (
    Field("role", "addresses.role", "choice", required=True, span=2),
    Field(
        "network", "addresses.network", required=True, max_length=60, span=2, help="addresses.network.help"
    ),
    Field("note", "addresses.note", max_length=200, span=4),
)


def role_title(row: RuleRow) -> str:
    """The role in the language of the screen."""
    return (row.title_de if language() == "de" else row.title_en) or row.role


def _edit(ctx: AppContext, rows: list[Any]) -> None:
    row: RuleRow | None = rows[0] if rows else None

    def save(values: Any) -> Any:
        return save_rule, SaveRule(
            row.id if row else None,
            row.role if row else str(values["role"]),
            str(values["network"]),
            str(values["note"] or ""),
        )

    dialog = FormDialog(
        ctx,
        plain("addresses.edit" if row else "addresses.new"),
        t("addresses.text"),
        FIELDS if row is None else FIELDS[1:],
        save,
        lambda _value: ctx.navigate.toast(t("addresses.saved")),
        icon="network",
        yes="addresses.save",
        values=None if row is None else {"network": row.network, "note": row.note},
    )
    if row is None:

        def offer(found: Any) -> None:
            box = dialog.boxes["role"]
            named = [(one.name, one.title_de if language() == "de" else one.title_en) for one in found]
            box.set_choices(sorted(((key, words or key) for key, words in named), key=lambda pair: pair[1]))

        ReadOp(dialog, ctx, roles).success(offer).start()
    dialog.open()


def _remove(ctx: AppContext, rows: list[Any]) -> None:
    row: RuleRow = rows[0]

    def go() -> None:
        op: WriteOp[None] = WriteOp(ctx.tasks, ctx, remove_rule, RemoveRule(row.id))
        op.success(lambda _value: ctx.navigate.toast(t("addresses.removed"))).start()

    ask(
        ctx.tasks,
        t("addresses.remove_title", network=row.network),
        t("addresses.remove_text", role=role_title(row)),
        "addresses.remove",
        go,
        danger=True,
        icon="trash-2",
    )


SPEC = ListSpec(
    key=KEY,
    title="addresses.title",
    icon="network",
    columns=(
        Column("role", "addresses.role", "bold", width=220, text=role_title),
        Column("network", "addresses.network", width=200, filter="prefix"),
        Column("note", "addresses.note", width=300, stretch=True, filter="contains"),
    ),
    fetch=list_rules,
    topics=frozenset({RULE}),
    presets=(Preset("all", "kit.list.all"),),
    primary=ListAction(
        "new",
        "addresses.new",
        lambda ctx, _rows: _edit(ctx, []),
        "plus",
        right="address_rule_add",
        shortcut="Ctrl+N",
    ),
    row_actions=(
        ListAction("edit", "addresses.edit", _edit, "pencil", right="address_rule_change"),
        ListAction(
            "remove", "addresses.remove", _remove, "trash-2", right="address_rule_remove", danger=True
        ),
    ),
    empty=Empty("addresses.empty.title", "addresses.empty.text"),
    open=lambda ctx, row: _edit(ctx, [row]) if ctx.profile.can("address_rule_change") else None,
    sort="role",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, SPEC, state)
