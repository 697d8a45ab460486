"""Roles and what they carry; roles of the house's own; what must not come together; who can do what."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import has_text, language, t
from app.core.paging import ListQuery
from app.services.security import roles, shelf
from app.services.security.right_words import right_words
from app.services.security.roles import ConflictRow, RoleCard, RoleRow
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts, scrolled, text_row
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.inputs import LineEdit
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security.form_dialog import FormDialog
from app.views.security.people_actions import REASON, offer, on_row
from app.views.security.people_words import period, role, role_list, titles

KEY, CONFLICTS, MATRIX = "security.roles", "security.conflicts", "security.matrix"

DEPTHS = ("table", "column", "row", "function", "report")
TITLES = (
    Field("title_de", "roles.title_de", required=True, max_length=100, span=2),
    Field("title_en", "roles.title_en", max_length=100, span=2),
    Field("about", "roles.about", max_length=400, span=4),
)


def area_of(right: str) -> str:
    """The capability a right belongs to, in words; functions stand together."""
    schema = right.partition(":")[0].partition(".")[0] if "." in right else ""
    key = f"roles.area.{schema}"
    return t(key) if schema and has_text(key) else t("roles.area.functions")


def _kind(row: Any) -> str:
    key = f"roles.kind.{row.kind}"
    return t(key) if has_text(key) else t("roles.kind.function")


class RolePane(DetailPane):
    """One role: what it is, what it carries, who has it, what it must not meet."""

    def __init__(self, ctx: AppContext, row: RoleRow) -> None:
        super().__init__()
        self.setObjectName("pane.role")
        self._ctx = ctx
        about = row.about_de if language() == "de" else row.about_en or row.about_de
        chips = [("neutral", _kind(row))]
        if row.sensitive:
            chips.append(("warn", t("roles.sensitive")))
        self.head("", row.title(language()), chips=chips)
        self._data = self.tab("data", t("people.tab.data"))
        if about:
            self._data.addWidget(text_row(about))
        limits = ", ".join(
            f"{t(f'roles.limit.{name}') if has_text(f'roles.limit.{name}') else name}: {fmt.number(value)}"
            for name, value in row.limits.items()
        )
        self._data.addWidget(
            facts(
                (
                    (t("roles.parents"), role_list(ctx, row.parents) or fmt.NONE),
                    (t("roles.limits"), limits or fmt.NONE),
                    (t("roles.votes"), fmt.number(row.votes)),
                    (t("roles.max_days"), fmt.number(row.max_days)),
                    (t("roles.idle"), t("roles.minutes", n=row.idle_minutes)),
                    (t("roles.session"), t("roles.minutes", n=row.session_minutes)),
                    (t("roles.max_sessions"), fmt.number(row.max_sessions)),
                    (t("people.second_factor"), t("form.yes") if row.needs_second_factor else t("form.no")),
                )
            )
        )
        self._rights = self.tab("rights", t("roles.rights"))
        self._holders = self.tab("holders", t("roles.holders"))
        self._conflicts = self.tab("conflicts", t("roles.conflicts"))
        ReadOp(self, ctx, roles.card, row.name).success(self._arrived).failure(lambda _error: True).start()

    def _arrived(self, card: RoleCard) -> None:
        lang = language()
        groups: dict[str, list[tuple[str, str]]] = {}
        for right in card.rights:
            groups.setdefault(area_of(right), []).append((right_words(lang, right), ""))
        for right, sources in card.inherited.items():
            groups.setdefault(area_of(right), []).append(
                (right_words(lang, right), role_list(self._ctx, sources))
            )
        for area in sorted(groups):
            self._rights.addWidget(Label(area, "section"))
            for words, source in sorted(set(groups[area])):
                shown = t("roles.inherited", right=words, role=source) if source else words
                self._rights.addWidget(Label(shown, "body", "text2" if source else "text", wrap=True))
            self._rights.addSpacing(px("gap_m"))
        for one in card.assignments:
            if one.state in ("current", "future"):
                self._holders.addWidget(Label(one.person, "body500"))
                self._holders.addWidget(Label(period(one.valid_from, one.valid_to), "small", "text2"))
        for pair in card.conflicts:
            both = f"{role(self._ctx, pair.role_a)} / {role(self._ctx, pair.role_b)}"
            self._conflicts.addWidget(Label(both, "body500", wrap=True))
            why = pair.reason_de if lang == "de" else pair.reason_en or pair.reason_de
            self._conflicts.addWidget(Label(why, "small", "text2", wrap=True))


class RoleDialog(FormDialog):
    """A role of the house's own: its names, and a list of rights to tick, searched by words."""

    def __init__(self, ctx: AppContext, row: RoleRow | None) -> None:
        self._ticks: dict[str, CheckBox] = {}
        self._heads: dict[str, QWidget] = {}

        def save(values: Mapping[str, Any]) -> Any:
            about = str(values["about"] or "")
            details = {
                "title_de": str(values["title_de"]),
                "title_en": str(values["title_en"] or ""),
                "about_de": about,
                "about_en": about,
                "rights": [right for right, box in self._ticks.items() if box.isChecked()],
            }
            if row is not None:
                return roles.change_role, roles.ChangeRole(row.name, details)
            return roles.create_role, roles.CreateRole(str(values["name"]).strip(), details)

        def done(written: roles.Written) -> None:
            warned = written.warnings or written.violations
            ctx.navigate.toast(
                t("roles.saved_warning" if warned else "roles.saved"), kind="warn" if warned else "ok"
            )

        name = Field("name", "roles.name", required=True, max_length=40, span=2, help="roles.name.help")
        values = {"title_de": row.title_de, "title_en": row.title_en, "about": row.about_de} if row else {}
        super().__init__(
            ctx,
            t("roles.edit_title" if row else "roles.new_title"),
            t("roles.new_text"),
            TITLES if row else (name, *TITLES),
            save,
            done,
            icon="key-round",
            yes="people.save",
            values=values,
        )
        self._search = LineEdit(t("roles.search"), t("roles.search"), leading="search")
        self._search.setObjectName("field.search_rights")
        self._search.textChanged.connect(self._narrow)
        self.body.addWidget(self._search)
        ground = QWidget()
        self._list = QVBoxLayout(ground)
        self._list.setSpacing(px("gap_xs"))
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        area = scrolled(ground)
        area.setMinimumHeight(px("step_card_w"))
        self.body.addWidget(area, 1)
        self.yes.setEnabled(False)
        self._own: frozenset[str] = frozenset()
        if row is not None:
            ReadOp(self, ctx, roles.card, row.name).success(self._known).start()
        else:
            self._read()

    def _known(self, card: RoleCard) -> None:
        self._own = frozenset(card.rights)
        self._read()

    def _read(self) -> None:
        query = ListQuery(sort="words", language=language())
        ReadOp(self, self.ctx, shelf.list_rights, query).success(lambda page: self._offer(page.rows)).start()

    def _offer(self, rows: Sequence[Any]) -> None:
        for row in sorted(rows, key=lambda one: (area_of(one.right), one.words.casefold())):
            area = area_of(row.right)
            if area not in self._heads:
                head = self._heads[area] = Label(area, "section")
                self._list.addWidget(head)
            box = self._ticks[row.right] = CheckBox("people.task", words=row.words.replace("&", "&&"))
            box.setObjectName(f"right.{row.right}")
            box.setChecked(row.right in self._own)
            self._list.addWidget(box)
        self.yes.setEnabled(True)

    def _narrow(self, text: str) -> None:
        typed = text.casefold().split()
        shown: set[str] = set()
        for right, box in self._ticks.items():
            fits = all(word in box.text().casefold() for word in typed)
            box.setVisible(fits)
            if fits:
                shown.add(area_of(right))
        for area, head in self._heads.items():
            head.setVisible(area in shown)


def _copy(ctx: AppContext, row: RoleRow) -> None:
    FormDialog(
        ctx,
        t("roles.copy_title", role=row.title(language())),
        t("roles.copy_text"),
        (
            Field("name", "roles.name", required=True, max_length=40, span=2, help="roles.name.help"),
            *TITLES[:2],
        ),
        lambda values: (
            roles.copy_role,
            roles.CopyRole(
                row.name,
                str(values["name"]).strip(),
                {"title_de": str(values["title_de"]), "title_en": str(values["title_en"] or "")},
            ),
        ),
        lambda _written: ctx.navigate.toast(t("roles.saved")),
        icon="copy",
        yes="roles.copy",
    ).open()


def _retire(ctx: AppContext, row: RoleRow) -> None:
    FormDialog(
        ctx,
        t("roles.retire_title", role=row.title(language())),
        t("roles.retire_text", n=row.holders),
        (REASON,),
        lambda values: (roles.retire_role, roles.RetireRole(row.name, str(values["reason"]))),
        lambda _people: ctx.navigate.toast(t("roles.retired")),
        icon="archive",
        yes="roles.retire",
    ).open()


def _restore(ctx: AppContext, row: RoleRow) -> None:
    op = WriteOp(ctx.tasks, ctx, roles.restore_role, roles.RestoreRole(row.name))
    op.success(lambda _none: ctx.navigate.toast(t("roles.saved"))).start()


def _own(row: RoleRow) -> bool:
    return row.kind in ("custom", "template") and not row.retired


SPEC = ListSpec(
    key=KEY,
    title="roles.title",
    icon="key-round",
    id_field="name",
    columns=(
        Column("title_de", "roles.role", "bold", 220, stretch=True, value=lambda row: row.title(language())),
        Column("kind", "roles.kind", width=130, text=_kind),
        Column("rights", "roles.rights", "number", 90),
        Column("holders", "roles.holders", "number", 90),
        Column("sensitive", "roles.sensitive", "yes_no", 100),
        Column("votes", "roles.votes", "number", 110),
        Column("needs_second_factor", "people.second_factor", "yes_no", 120),
        Column("conflicts", "roles.conflicts", "number", 120),
    ),
    fetch=shelf.list_roles,
    topics=frozenset({roles.ROLES, roles.CONFLICTS, "sec.user_role"}),
    presets=tuple(
        Preset(key, f"roles.preset.{key}") for key in ("used", "custom", "template", "sensitive", "retired")
    ),
    primary=ListAction(
        "new", "roles.new", lambda ctx, _rows: RoleDialog(ctx, None).open(), "plus", "role_create", "Ctrl+N"
    ),
    row_actions=(
        ListAction(
            "edit",
            "roles.edit",
            on_row(lambda c, r: RoleDialog(c, r).open()),
            "pencil",
            "role_change",
            None,
            _own,
        ),
        ListAction("copy", "roles.copy", on_row(_copy), "copy", "role_copy"),
        ListAction("retire", "roles.retire", on_row(_retire), "archive", "role_retire", None, _own, True),
        ListAction(
            "restore",
            "roles.restore",
            on_row(_restore),
            "archive-restore",
            "role_restore",
            None,
            lambda row: row.retired,
        ),
    ),
    detail=RolePane,
    sort="title_de",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The roles."""
    titles(ctx)
    return ListPage(ctx, SPEC, state)


def _add_conflict(ctx: AppContext, _rows: list[Any]) -> None:
    def done(violations: int) -> None:
        ctx.navigate.toast(t("conflicts.added", n=violations), kind="warn" if violations else "ok")

    dialog = FormDialog(
        ctx,
        t("conflicts.new_title"),
        t("conflicts.new_text"),
        (
            Field("role_a", "conflicts.role_a", "choice", required=True, span=2),
            Field("role_b", "conflicts.role_b", "choice", required=True, span=2),
            Field("reason_de", "conflicts.reason_de", required=True, max_length=300, span=4),
            Field("reason_en", "conflicts.reason_en", max_length=300, span=4),
        ),
        lambda values: (
            roles.add_conflict,
            roles.AddConflict(
                str(values["role_a"]),
                str(values["role_b"]),
                str(values["reason_de"]),
                str(values["reason_en"] or ""),
            ),
        ),
        done,
        icon="split",
        yes="people.save",
    )
    offer(dialog, "role_a", shelf.given_choices)
    offer(dialog, "role_b", shelf.given_choices)
    dialog.open()


def _remove_conflict(ctx: AppContext, row: ConflictRow) -> None:
    def go() -> None:
        op = WriteOp(ctx.tasks, ctx, roles.remove_conflict, roles.RemoveConflict(row.id))
        op.success(lambda _none: ctx.navigate.toast(t("conflicts.removed"))).start()

    ask(
        ctx.tasks,
        t("conflicts.remove_title"),
        t("conflicts.remove_text"),
        "conflicts.remove",
        go,
        danger=True,
    )


class ConflictPane(DetailPane):
    """Who is in a conflict all the same."""

    def __init__(self, ctx: AppContext, row: ConflictRow) -> None:
        super().__init__()
        self._ctx, self._row = ctx, row
        self.head("", f"{role(ctx, row.role_a)} / {role(ctx, row.role_b)}")
        self._body = self.tab("violations", t("conflicts.violations"))
        self._body.addWidget(
            text_row(row.reason_de if language() == "de" else row.reason_en or row.reason_de)
        )
        ReadOp(self, ctx, roles.violations).success(self._arrived).failure(lambda _error: True).start()

    def _arrived(self, found: Sequence[roles.Violation]) -> None:
        mine = [one for one in found if one.conflict_id == self._row.id]
        for one in mine:
            self._body.addWidget(Label(one.person, "body500"))
            by = f"{role(self._ctx, one.by_a)} / {role(self._ctx, one.by_b)}"
            self._body.addWidget(
                Label(f"{by} · {period(one.valid_from, one.valid_to)}", "small", "text2", wrap=True)
            )
        if not mine:
            self._body.addWidget(Label(t("conflicts.nobody"), "body", "text2", wrap=True))


def conflicts_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """Roles nobody may have together."""
    titles(ctx)
    reason = "reason_de" if language() == "de" else "reason_en"
    spec = ListSpec(
        key=CONFLICTS,
        title="conflicts.title",
        icon="split",
        columns=(
            Column("role_a", "conflicts.role_a", "bold", 190, text=lambda row: role(ctx, row.role_a)),
            Column("role_b", "conflicts.role_b", width=190, text=lambda row: role(ctx, row.role_b)),
            Column(reason, "people.reason", width=260, stretch=True, filter="contains"),
            Column("of_matrix", "conflicts.of_program", "yes_no", 130),
            Column("violations", "conflicts.violations", "number", 110),
        ),
        fetch=shelf.list_conflicts,
        topics=frozenset({roles.CONFLICTS, "sec.user_role"}),
        primary=ListAction("new", "conflicts.new", _add_conflict, "plus", "conflict_add", "Ctrl+N"),
        row_actions=(
            ListAction(
                "remove",
                "conflicts.remove",
                on_row(_remove_conflict),
                "trash-2",
                "conflict_remove",
                None,
                lambda row: not row.of_matrix,
                True,
            ),
        ),
        detail=ConflictPane,
        empty=Empty("conflicts.empty.title", "conflicts.empty.text"),
        sort="role_a",
    )
    return ListPage(ctx, spec, state)


def matrix_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """Who can do what."""
    titles(ctx)
    spec = ListSpec(
        key=MATRIX,
        title="matrix.title",
        icon="table",
        id_field="right",
        columns=(
            Column("words", "matrix.right", "bold", 280, stretch=True, filter="contains"),
            Column(
                "depth",
                "matrix.depth",
                width=120,
                filter="choice",
                choices=tuple((key, f"matrix.depth.{key}") for key in DEPTHS),
                text=lambda row: t(f"matrix.depth.{row.depth}"),
            ),
            Column(
                "roles",
                "people.roles",
                width=260,
                filter="choice",
                choices=shelf.role_choices,
                value=lambda row: role_list(ctx, row.roles),
            ),
            Column(
                "logins",
                "matrix.people",
                width=260,
                filter="choice",
                choices=shelf.person_choices,
                value=lambda row: row.people,
            ),
            Column("n_people", "matrix.count", "number", 90),
            Column("columns", "matrix.columns", width=200, filter="contains", hidden=True),
            Column("object", "matrix.object", width=180, filter="contains", hidden=True),
            Column("row_scope", "matrix.scope", width=200, hidden=True),
        ),
        fetch=shelf.list_rights,
        topics=frozenset({roles.ROLES, "sec.user_role"}),
        presets=(
            Preset("all", "kit.list.all"),
            *(Preset(key, f"matrix.depth.{key}") for key in DEPTHS),
        ),
        sort="words",
    )
    return ListPage(ctx, spec, state)
