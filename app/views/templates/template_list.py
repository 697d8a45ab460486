"""The templates of the house's papers as a list."""

from typing import Any

from app.core.i18n import t
from app.services.documents.templates import TOPIC, TemplateRow, list_templates
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.people import name
from app.views.core.table_model import Column

KEY, TITLE = "documents.templates", "templates.title"


def kind_words(kind: str) -> str:
    """What a kind of paper is called."""
    return t(f"document.title.{kind}") if kind else t("templates.all_kinds")


def _language(row: TemplateRow) -> str:
    return t(f"templates.language.{row.language or 'all'}")


def _spec(ctx: AppContext) -> ListSpec:
    return ListSpec(
        key=KEY,
        title=TITLE,
        icon="palette",
        fetch=list_templates,
        topics=frozenset({TOPIC}),
        columns=(
            Column(
                "kind", "templates.kind", "bold", 220, stretch=True, text=lambda row: kind_words(row.kind)
            ),
            Column("language", "templates.language", width=120, text=_language),
            Column(
                "partner",
                "templates.partner",
                width=240,
                text=lambda row: row.partner or t("templates.all_partners"),
            ),
            Column("updated_at", "templates.updated_at", "date_time", width=150),
            Column(
                "updated_by", "templates.updated_by", width=150, text=lambda row: name(ctx, row.updated_by)
            ),
        ),
        primary=ListAction(
            "new",
            "templates.new",
            lambda ctx, _rows: ctx.navigate.new_record(TOPIC),
            "plus",
            right=f"{TOPIC}:insert",
            shortcut="Ctrl+N",
        ),
        empty=Empty("templates.empty", "templates.empty_text"),
        open=lambda ctx, row: ctx.navigate.open_record(TOPIC, row.id),
        sort="kind",
    )


def templates_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, _spec(ctx), state)
