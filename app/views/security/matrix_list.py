"""Who can do what: every right in words, with the roles that carry it and the people who have it."""

from typing import Any

from app.core.i18n import t
from app.services.security import people, roles, shelf
from app.services.security.shelf import RightRow
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts, section, text_row
from app.views.core.list_page import ListPage
from app.views.core.list_spec import ListSpec, Preset
from app.views.core.marks import Label
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security.people_words import role, role_list, titles
from app.views.security.role_dialog import AREAS, area_of

KEY = "security.matrix"
DEPTHS = ("table", "column", "row", "function", "report")


class RightPane(DetailPane):
    """One right: what it is about, who has it by which role."""

    def __init__(self, ctx: AppContext, row: RightRow) -> None:
        super().__init__()
        self.setObjectName("pane.right")
        self.head(
            row.right, row.words, chips=[("neutral", t(f"matrix.depth.{row.depth}"))], note=area_of(row.right)
        )
        data = self.tab("holders", t("matrix.people"))
        if row.row_scope:
            data.addWidget(text_row(t("matrix.rows_text")))
            data.addSpacing(px("gap"))
        data.addWidget(section(t("people.roles"), note=str(len(row.roles))))
        for name in sorted(row.roles, key=lambda one: role(ctx, one).casefold()):
            data.addWidget(Label(role(ctx, name), "body"))
        data.addWidget(section(t("matrix.people"), note=str(row.n_people)))
        for person in row.people.split(", ") if row.people else ():
            data.addWidget(Label(person, "body"))
        if not row.people:
            data.addWidget(Label(t("matrix.nobody"), "body", "text2"))
        what = [(t("matrix.object"), row.object_words or row.object)]
        if row.columns:
            what.append((t("matrix.columns"), row.columns))
        details = self.tab("details", t("people.tab.data"))
        details.addWidget(facts(what[:1], 1))
        for label, words in what[1:]:
            details.addWidget(section(label))
            details.addWidget(text_row(words))
        if row.row_scope:
            details.addWidget(section(t("matrix.scope")))
            details.addWidget(text_row(row.row_scope, style="mono"))


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """Who can do what."""
    titles(ctx)
    spec = ListSpec(
        key=KEY,
        title="matrix.title",
        icon="table",
        id_field="right",
        columns=(
            Column("words", "matrix.right", "bold", 260, stretch=True, filter="contains"),
            Column(
                "object",
                "matrix.object",
                width=160,
                filter="choice",
                choices=shelf.table_choices,
                text=lambda row: row.object_words or t("matrix.function"),
            ),
            Column(
                "depth",
                "matrix.depth",
                width=120,
                filter="choice",
                choices=tuple((key, f"matrix.depth.{key}") for key in DEPTHS),
                text=lambda row: t(f"matrix.depth.{row.depth}"),
                hidden=True,
            ),
            Column(
                "roles",
                "people.roles",
                width=200,
                filter="choice",
                choices=shelf.role_choices,
                value=lambda row: role_list(ctx, row.roles),
            ),
            Column(
                "logins",
                "matrix.people",
                width=200,
                filter="choice",
                choices=shelf.person_choices,
                value=lambda row: row.people,
            ),
            Column("n_people", "matrix.count", "number", 70),
            Column("columns", "matrix.columns", width=200, filter="contains", hidden=True),
            Column(
                "area",
                "matrix.area",
                width=150,
                filter="choice",
                choices=AREAS,
                text=lambda row: area_of(row.right),
                hidden=True,
            ),
            Column("right", "matrix.name", width=200, filter="contains", hidden=True),
            Column("row_scope", "matrix.scope", width=200, hidden=True),
        ),
        fetch=shelf.list_rights,
        topics=frozenset({roles.ROLES, people.USERS, "sec.user_role"}),
        detail=RightPane,
        presets=(
            Preset("all", "kit.list.all"),
            *(Preset(key, f"matrix.depth.{key}") for key in DEPTHS),
        ),
        sort="words",
    )
    return ListPage(ctx, spec, state)
