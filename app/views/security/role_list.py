"""Roles and what they carry; roles of the house's own; what must not come together; who can do what."""

from collections.abc import Sequence
from typing import Any

from app.core import format as fmt
from app.core.i18n import has_text, language, t
from app.services.security import roles, shelf
from app.services.security.right_words import right_words
from app.services.security.roles import ConflictInside, ConflictRow, RoleCard, RoleRow
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts, text_row
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security.form_dialog import FormDialog
from app.views.security.people_actions import REASON, offer, on_row
from app.views.security.people_words import period, role, role_list, titles
from app.views.security.policy_page import duration
from app.views.security.rights_grid import limit_words as how_high
from app.views.security.role_dialog import NAME, TITLES, RoleDialog, area_of
from app.views.security.role_rules import RulesDialog

KEY, CONFLICTS = "security.roles", "security.conflicts"


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
        self.head(row.name, row.title(language()), chips=chips)
        self._data = self.tab("data", t("people.tab.data"))
        if about:
            self._data.addWidget(text_row(about))
            self._data.addSpacing(px("gap"))
        limits = ", ".join(limit_words(name, value) for name, value in row.limits.items())
        self._data.addWidget(
            facts(
                (
                    (t("roles.parents"), role_list(ctx, row.parents) or fmt.NONE),
                    (t("roles.limits"), limits or fmt.NONE),
                    (t("roles.votes"), fmt.number(row.votes)),
                    (t("roles.max_days"), fmt.number(row.max_days)),
                    (t("roles.idle"), duration(row.idle_minutes)),
                    (t("roles.session"), duration(row.session_minutes)),
                    (t("roles.max_sessions"), fmt.number(row.max_sessions)),
                    (t("people.second_factor"), t("form.yes") if row.needs_second_factor else t("form.no")),
                    (t("roles.sees"), t("roles.sees.assigned" if row.scoped else "roles.sees.all")),
                ),
                1,
            )
        )
        self._rights = self.tab("rights", t("roles.rights"))
        self._holders = self.tab("holders", t("roles.holders"))
        self._conflicts = self.tab("conflicts", t("roles.conflicts"))
        ReadOp(self, ctx, _read, row.name).success(self._arrived).failure(lambda _error: True).start()

    def _arrived(self, found: tuple[RoleCard, Sequence[ConflictRow]]) -> None:
        card, conflicts = found
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
        if not self._holders.count():
            self._holders.addWidget(Label(t("roles.nobody"), "body", "text2", wrap=True))
        for pair in card.conflicts:
            both = f"{role(self._ctx, pair.role_a)} / {role(self._ctx, pair.role_b)}"
            self._conflict(t("roles.inside", roles=both), pair)
        for rule in conflicts:
            if card.name in (rule.role_a, rule.role_b):
                other = rule.role_b if rule.role_a == card.name else rule.role_a
                self._conflict(role(self._ctx, other), rule)
        if not self._conflicts.count():
            self._conflicts.addWidget(Label(t("roles.no_conflicts"), "body", "text2", wrap=True))

    def _conflict(self, words: str, pair: ConflictInside | ConflictRow) -> None:
        why = pair.reason_de if language() == "de" else pair.reason_en or pair.reason_de
        self._conflicts.addWidget(Label(words, "body500", wrap=True))
        self._conflicts.addWidget(Label(why, "small", "text2", wrap=True))
        self._conflicts.addSpacing(px("gap"))


def _read(session: Any, name: str) -> tuple[RoleCard, Sequence[ConflictRow]]:
    return roles.card(session, name), roles.conflicts(session)


def limit_words(name: str, value: Any) -> str:
    """A limit and how high it is."""
    key = f"roles.limit.{name}"
    return f"{t(key) if has_text(key) else name}: {how_high(value)}"


def _copy(ctx: AppContext, row: RoleRow) -> None:
    FormDialog(
        ctx,
        t("roles.copy_title", role=row.title(language())),
        t("roles.copy_text"),
        (
            NAME,
            *TITLES,
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
        Column("votes", "roles.votes", "number", 130),
        Column("needs_second_factor", "people.second_factor", "yes_no", 120),
        Column("conflicts", "roles.conflicts_inside", "number", 120, hidden=True),
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
        ListAction(
            "rules",
            "roles.rules",
            on_row(lambda c, r: RulesDialog(c, r).open()),
            "timer",
            "role_rules_set",
            None,
            lambda row: not row.retired,
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
