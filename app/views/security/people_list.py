"""People: the list, and beside it everything about the one chosen."""

from typing import Any

from PySide6.QtCore import Qt

from app.core import format as fmt
from app.core.i18n import t
from app.services.security import people, shelf
from app.services.security.assignments import ROLES
from app.services.security.people import Card, UserRow
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Divider, Label
from app.views.core.operation import ReadOp
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security import people_actions as act
from app.views.security import person_parts as parts
from app.views.security.people_words import STATUS, reason_words, role_list, titles
from app.views.security.portrait import Portrait

KEY = "security.people"


class PersonPane(DetailPane):
    """One person: data, roles with their times, the lists to tick off."""

    def __init__(self, ctx: AppContext, row: UserRow) -> None:
        super().__init__()
        self.setObjectName("pane.person")
        self._portrait = Portrait(row.person, px("avatar_large"))
        self._ctx, self._row = ctx, row
        kind, words = STATUS.get(row.status, ("neutral", row.status))
        chips = [(kind, t(words) if row.status in STATUS else words)]
        if row.second_factor:
            chips.append(("ok", t("people.with_factor")))
        self.head(
            row.login,
            row.person,
            chips=chips,
            note=" · ".join(filter(None, (row.position, row.department, row.site))),
            picture=self._portrait,
        )
        self._data = self.tab("data", t("people.tab.data"))
        self._roles = self.tab("roles", t("people.tab.roles"))
        self._tasks = self.tab("tasks", t("people.tab.tasks"))
        ReadOp(self, ctx, people.card, row.login).success(self._arrived).failure(lambda _error: True).start()

    def _arrived(self, card: Card) -> None:
        if card.person.has_photo:
            op = ReadOp(self, self._ctx, people.photo, card.person.login).success(self._portrait.show_photo)
            op.failure(lambda _error: True).start()
        self._show_data(card.person)
        now = [one for one in card.assignments if one.state in parts.NOW]
        before = [one for one in card.assignments if one.state not in parts.NOW]
        for one in now:
            self._roles.addWidget(parts.assignment_line(self._ctx, one))
            self._roles.addWidget(Divider())
        if not now:
            self._roles.addWidget(Label(t("people.no_roles"), "body", "text2", wrap=True))
        if self._ctx.profile.can("role_grant") and card.person.status != "left":
            self._roles.addSpacing(px("gap"))
            give = Button("people.grant", "plus", clicked=lambda: act.grant(self._ctx, self._row))
            give.setObjectName("action.grant")
            self._roles.addWidget(give, 0, Qt.AlignmentFlag.AlignLeft)
        if before:
            self._roles.addSpacing(px("gap_m"))
            self._roles.addWidget(Label(t("people.before"), "small500", "text2"))
            for one in before:
                self._roles.addWidget(parts.assignment_line(self._ctx, one))
        for task in card.tasks:
            self._tasks.addWidget(parts.task_box(self._ctx, task))
        if not card.tasks:
            self._tasks.addWidget(Label(t("people.no_tasks"), "body", "text2", wrap=True))

    def _show_data(self, one: people.Person) -> None:
        since = fmt.date_time(one.status_since)
        why = reason_words(one.status_reason)
        password = fmt.date_time(one.password_set_at) if one.password_set_at else fmt.NONE
        items = [
            (t("people.email"), one.email or fmt.NONE),
            (t("people.phone"), one.phone or fmt.NONE),
            (t("people.supervisor"), one.supervisor_person or fmt.NONE),
            (t("people.team"), ", ".join(p["person"] for p in one.people) or fmt.NONE),
            (t("people.status_since"), f"{since} · {why}" if why else since),
            (t("people.password_set"), password),
            (t("people.sessions"), fmt.number(one.sessions)),
            (t("people.last_session"), fmt.date_time(one.last_session) if one.last_session else fmt.NONE),
        ]
        self._data.addWidget(facts(items, 1))
        if one.must_change_password:
            self._data.addSpacing(px("gap"))
            self._data.addWidget(Label(t("people.must_change"), "small", "text2", wrap=True))
        if people.USERS in self._ctx.registry.records:
            self._data.addSpacing(px("gap_m"))
            show = Button("people.open", "panel-right", clicked=lambda: open_person(self._ctx, self._row))
            show.setObjectName("action.open_person")
            self._data.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)


def open_person(ctx: AppContext, row: UserRow) -> None:
    """The person's own page."""
    ctx.navigate.open_record(people.USERS, row.id)


def _is(*states: str) -> Any:
    return lambda row: row.status in states


def _spec(ctx: AppContext) -> ListSpec:
    titles(ctx)

    def action(
        key: str, run: Any, icon: str, right: str, when: Any = None, *, danger: bool = False
    ) -> ListAction:
        return ListAction(key, f"people.{key}", act.on_row(run), icon, right, None, when, danger)

    here = _is("active", "locked", "suspended", "pending")
    return ListSpec(
        key=KEY,
        title="people.title",
        icon="users",
        id_field="login",
        columns=(
            Column("person", "people.person", "bold", 170, stretch=True, filter="contains"),
            Column("login", "people.login", width=120, filter="prefix"),
            Column(
                "status",
                "people.status",
                "chip",
                120,
                filter="choice",
                choices=tuple((key, words) for key, (_kind, words) in STATUS.items()),
                chips=STATUS,
            ),
            Column(
                "roles",
                "people.roles",
                width=200,
                filter="choice",
                choices=shelf.role_choices,
                value=lambda row: role_list(ctx, row.roles),
            ),
            Column("department", "people.department", width=120, filter="contains"),
            Column("position", "people.position", width=130, filter="contains", hidden=True),
            Column("site", "people.site", width=110, filter="contains", hidden=True),
            Column("email", "people.email", width=180, filter="contains", hidden=True),
            Column("phone", "people.phone", width=120, filter="contains", hidden=True),
            Column("last_session", "people.last_session", "date_time", 142),
            Column("second_factor", "people.second_factor", "yes_no", 110, hidden=True),
            Column("sessions", "people.sessions", "number", 90, hidden=True),
            Column("tasks_open", "people.tasks_open", "number", 90, hidden=True),
        ),
        fetch=shelf.list_people,
        counts=shelf.count_people,
        topics=frozenset({people.USERS, people.TASKS, ROLES}),
        presets=(
            Preset("present", "people.preset.present"),
            Preset("active", "people.status.active"),
            Preset("pending", "people.status.pending", count=True),
            Preset("suspended", "people.status.suspended"),
            Preset("locked", "people.status.locked", count=True),
            Preset("left", "people.status.left"),
            Preset("no_supervisor", "people.preset.no_supervisor", count=True),
            Preset("no_factor", "people.preset.no_factor"),
            Preset("all", "kit.list.all"),
        ),
        primary=ListAction("new", "people.new", act.new_person, "user-plus", "user_create", "Ctrl+N"),
        row_actions=(
            action("edit", act.edit, "pencil", "user_change", here),
            action("grant", act.grant, "user-plus", "role_grant", here),
            action("activate", act.activate, "circle-play", "user_activate", _is("pending", "suspended")),
            action("unlock", act.unlock, "lock-open", "user_unlock", _is("locked")),
            action("warehouses", act.set_warehouses, "warehouse", "user_set_warehouses", here),
            action("suspend", act.suspend, "circle-pause", "user_suspend", _is("active", "locked")),
            action("lock", act.lock, "lock", "user_lock", _is("active"), danger=True),
            action("reset_password", act.reset_password, "key-round", "user_reset_password", here),
            action("reset_factor", act.reset_factor, "shield-alert", "user_reset_second_factor", here),
            action("end_sessions", act.end_sessions, "log-out", "session_kill", lambda row: row.sessions > 0),
            action("leave", act.leave, "log-out", "user_leave", here, danger=True),
        ),
        empty=Empty("people.empty.title", "people.empty.text"),
        open=open_person,
        detail=PersonPane,
        sort="person",
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, _spec(ctx), state)
