"""What is to be done when somebody begins or leaves: the points every new list is made of."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.security import people, shelf
from app.services.security.people import ChecklistItem
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.security.form_dialog import FormDialog
from app.views.security.people_actions import TASK_KINDS, offer, on_row
from app.views.security.people_words import role, titles

KEY = "security.checklists"
FIELDS = (
    Field("text_de", "column.text_de", required=True, max_length=300, span=4),
    Field("text_en", "column.text_en", max_length=300, span=4),
    Field("kind", "people.task_kind", "choice", choices=TASK_KINDS, required=True, span=2),
    Field("role", "checklists.role", "choice", span=2),
    Field("sort", "column.sort", "number", required=True, places=0, minimum=Decimal(0), span=2),
    Field("active", "checklists.active", "check", span=2),
)


def _edit(ctx: AppContext, row: ChecklistItem | None) -> None:
    def save(values: Mapping[str, Any]) -> Any:
        return people.set_checklist_item, people.SetChecklistItem(
            str(values["kind"]),
            str(values["text_de"]),
            str(values["text_en"] or ""),
            int(values["sort"]),
            values["role"] or None,
            bool(values["active"]),
            row.id if row else None,
        )

    before: dict[str, Any] = {"kind": "onboarding", "sort": Decimal(100), "active": True}
    if row is not None:
        before = {**row._asdict(), "sort": Decimal(row.sort)}
    dialog = FormDialog(
        ctx,
        t("checklists.edit_title" if row else "checklists.new_title"),
        t("checklists.text"),
        FIELDS,
        save,
        lambda _number: ctx.navigate.toast(t("people.saved")),
        icon="clipboard-check",
        yes="people.save",
        values=before,
    )
    offer(dialog, "role", shelf.given_choices, before.get("role"), empty="checklists.everybody")
    dialog.open()


def _words(row: ChecklistItem) -> str:
    return (row.text_de if language() == "de" else row.text_en) or row.text_de


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The points of both lists."""
    titles(ctx)
    spec = ListSpec(
        key=KEY,
        title="checklists.title",
        icon="clipboard-list",
        columns=(
            Column("sort", "column.sort", "number", 120),
            Column(
                "text_de" if language() == "de" else "text_en",
                "people.task_text",
                "bold",
                360,
                stretch=True,
                filter="contains",
                text=_words,
            ),
            Column(
                "kind",
                "people.task_kind",
                width=150,
                filter="choice",
                choices=TASK_KINDS,
                text=lambda row: t(f"people.tasks.{row.kind}"),
            ),
            Column(
                "role",
                "checklists.role",
                width=190,
                filter="choice",
                choices=shelf.given_choices,
                text=lambda row: role(ctx, row.role) if row.role else fmt.NONE,
            ),
            Column("active", "column.active", "yes_no", 90),
        ),
        fetch=shelf.list_checklist,
        topics=frozenset({people.CHECKLIST}),
        presets=tuple(
            Preset(key, words)
            for key, words in (
                *TASK_KINDS,
                ("inactive", "checklists.preset.inactive"),
                ("all", "kit.list.all"),
            )
        ),
        primary=ListAction(
            "new", "checklists.new", lambda c, _rows: _edit(c, None), "plus", "checklist_set", "Ctrl+N"
        ),
        row_actions=(ListAction("edit", "checklists.edit", on_row(_edit), "pencil", "checklist_set"),),
        open=lambda c, row: _edit(c, row) if c.profile.can("checklist_set") else None,
        empty=Empty("checklists.empty.title", "checklists.empty.text"),
        sort="sort",
    )
    return ListPage(ctx, spec, state)
