"""One person: what the house knows of it, its roles, where it is signed in, what is still to do for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes, Result, changed
from app.core.i18n import t
from app.services.security import people, shelf
from app.services.security.assignments import ROLES
from app.services.security.people import Card as PersonCard
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.form_model import FormAction, FormRecord, FormSpec, FormValues, Notice, Section, labels_of
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.marks import Divider, Label
from app.views.core.remembered import Remembered
from app.views.core.side_cards import StoryCards
from app.views.core.surfaces import Card, clear_layout
from app.views.security import people_actions as act
from app.views.security import person_parts as parts
from app.views.security.form_dialog import version_of
from app.views.security.people_words import STATUS, reason_words, titles

SESSIONS, WAREHOUSES = "sec.session", "sec.user_warehouse"
SHOWN_SIGN_INS = 6
CHOICES = Remembered(shelf.form_choices, frozenset({people.USERS, "inventory.warehouse"}))


def load(session: Any, person_id: int, _language: str) -> FormRecord:
    """A person; empty fields as None."""
    card = people.card_of(session, person_id)
    values = {field.key: getattr(card.person, field.key) or None for field in act.DETAILS}
    words = {"supervisor": card.person.supervisor_person or ""}
    return FormRecord(person_id, version_of(values), values=values, words=words, raw=card)


def save(session: Any, command: people.ChangeUser) -> Result[None]:
    """Save what is known of a person."""
    return Result(None, people.change_user(session, command).changes | changed((people.USERS, None)))


def _person(page: Any) -> people.Person | None:
    card: PersonCard | None = page.record.raw
    return None if card is None else card.person


def _does(run: Callable[[AppContext, Any], object]) -> Callable[[Any], object]:
    return lambda page: run(page.ctx, _person(page)) if _person(page) is not None else None


def _when(*states: str) -> Callable[[Any], bool]:
    def fits(page: Any) -> bool:
        person = _person(page)
        return person is not None and person.status in states

    return fits


HERE = _when("active", "locked", "suspended", "pending")


def _action(
    key: str, icon: str, right: str, run: Any, visible: Callable[[Any], bool] = HERE, place: str = "menu"
) -> FormAction:
    return FormAction(key, f"people.{key}", icon, _does(run), place, right=right, visible=visible)


ACTIONS = (
    _action("grant", "user-plus", "role_grant", act.grant, place="secondary"),
    _action(
        "activate", "circle-play", "user_activate", act.activate, _when("pending", "suspended"), "secondary"
    ),
    _action("unlock", "lock-open", "user_unlock", act.unlock, _when("locked"), "secondary"),
    _action("reset_password", "key-round", "user_reset_password", act.reset_password),
    _action("reset_factor", "shield-alert", "user_reset_second_factor", act.reset_factor),
    _action(
        "end_sessions", "log-out", "session_kill", act.end_sessions, lambda page: _open_sessions(page) > 0
    ),
    _action("warehouses", "warehouse", "user_set_warehouses", act.set_warehouses),
    _action("photo", "image", "user_set_photo", act.ask_photo),
    _action("photo_remove", "image-off", "user_set_photo", act.remove_photo, lambda page: _has_photo(page)),
    _action("suspend", "circle-pause", "user_suspend", act.suspend, _when("active", "locked")),
    _action("lock", "lock", "user_lock", act.lock, _when("active")),
    _action("leave", "log-out", "user_leave", act.leave),
)


def _has_photo(page: Any) -> bool:
    person = _person(page)
    return person is not None and person.has_photo


def _open_sessions(page: Any) -> int:
    person = _person(page)
    return 0 if person is None else person.sessions


class PersonPage(FormPage):
    """Master data at the left, below it roles, checklists and sign-ins; access and history beside it."""

    topics = CHOICES.topics | {people.TASKS, ROLES, SESSIONS, WAREHOUSES}
    spec: ClassVar[FormSpec] = FormSpec(
        people.USERS,
        "people.one",
        "user",
        (Section(act.DETAILS),),
        load=load,
        update_right="user_change",
        constraints=(
            ("supervisor_circle", "supervisor"),
            ("supervisor_unknown", "supervisor"),
            ("app_user_person_length", "person"),
        ),
    )

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        titles(ctx)
        self._houses: dict[int, str] = {}
        super().__init__(ctx, record_id, state)

    # -- what a form asks ---------------------------------------------------------------------------------------

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Only what was changed; an emptied field is empty text."""
        values = {
            key: form.values[key] if key == "supervisor" else str(form.values[key] or "")
            for key in form.changed
        }
        seen = {key: self.record.values.get(key) for key in form.changed}
        return save, people.ChangeUser(self._login, values, seen)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Name and status."""
        person = _person(self)
        if person is None:
            return t(self.spec.title), None
        kind, words = STATUS[person.status]
        return person.person, (kind, t(words))

    def subtitle(self) -> str:
        """Login and place in the house."""
        person = _person(self)
        if person is None:
            return ""
        return " · ".join(filter(None, (person.login, person.position, person.department, person.site)))

    def editable(self) -> bool:
        """Who has left stays as it was."""
        person = _person(self)
        return person is None or person.status != "left"

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """What can be done with a person in this state."""
        return ACTIONS

    def notices(self) -> Sequence[Notice]:
        """Why somebody cannot sign in, or must do something first."""
        person = _person(self)
        if person is None:
            return []
        why = reason_words(person.status_reason)
        if person.status in ("locked", "suspended"):
            since = t(f"people.notice.{person.status}", at=fmt.date_time(person.status_since))
            if person.locked_until is not None and person.status == "locked":
                since = t("people.notice.locked_until", at=fmt.date_time(person.locked_until))
            return [Notice("status", "warn", since, why)]
        if person.status == "left":
            on = fmt.date_(person.left_on) if person.left_on else fmt.date_time(person.status_since)
            return [Notice("status", "info", t("people.notice.left", on=on), why)]
        if person.status == "pending":
            return [Notice("status", "info", t("people.notice.pending"))]
        return []

    # -- parts --------------------------------------------------------------------------------------------------

    def extend(self, column: QVBoxLayout) -> None:
        """Roles, checklists, sign-ins."""
        may = self.ctx.profile.can
        self._roles = Card(
            t("people.roles"),
            link="people.grant" if may("role_grant") else "",
            link_clicked=lambda: _does(act.grant)(self),
        )
        self._tasks = Card(
            t("people.tab.tasks"),
            link="people.task_add" if may("person_task_add") else "",
            link_clicked=lambda: _does(act.add_task)(self),
        )
        self._sign_ins = Card(
            t("people.sign_ins"),
            link="card.show_all" if may("attempt_list") else "",
            link_clicked=self._all_sign_ins,
        )
        for name, card in (("roles", self._roles), ("tasks", self._tasks), ("sign_ins", self._sign_ins)):
            card.setObjectName(f"card.{name}")
            column.addWidget(card)

    def cards(self) -> Sequence[QWidget]:
        """Access, sessions, notes, history."""
        self._access = FactsCard(t("people.access"))
        self._access.setObjectName("card.access")
        self._sessions = Card(t("people.sessions"))
        self._sessions.setObjectName("card.sessions")
        self._story = StoryCards(self, self.ctx, people.USERS, labels_of(self.spec))
        return (self._access, self._sessions, *self._story.cards)

    def shown(self) -> None:
        """Fill the cards."""
        card: PersonCard | None = self.record.raw
        if card is None:
            return
        CHOICES.give(self.ctx, self, self._offer)
        if self._roles.link is not None:
            self._roles.link.setVisible(card.person.status != "left")
        self._show_roles(card)
        self._show_tasks(card)
        self._show_sign_ins(card)
        self._show_access(card)
        self._show_sessions(card)
        self._story.show(self.record.id, card.person.person)

    def on_changes(self, changes: Changes) -> None:
        """Who is there may be different too."""
        CHOICES.forget(self.ctx, changes)
        super().on_changes(changes)

    @property
    def _login(self) -> str:
        person = _person(self)
        assert person is not None
        return person.login

    def _offer(self, found: shelf.PersonChoices) -> None:
        person = _person(self)
        others = [one for one in found.people if person is None or one[0] != person.login]
        self.set_choices("supervisor", others)
        self._houses = dict(found.warehouses)
        card: PersonCard | None = self.record.raw
        if card is not None:
            self._show_access(card)

    def _show_roles(self, card: PersonCard) -> None:
        clear_layout(self._roles.body)
        now = [one for one in card.assignments if one.state in parts.NOW]
        before = [one for one in card.assignments if one.state not in parts.NOW]
        for one in now:
            self._roles.body.addWidget(parts.assignment_line(self.ctx, one))
        if not now:
            self._roles.body.addWidget(Label(t("people.no_roles"), "body", "text2", wrap=True))
        if before:
            self._roles.body.addWidget(Divider())
            self._roles.body.addWidget(Label(t("people.before"), "small500", "text2"))
            for one in before:
                self._roles.body.addWidget(parts.assignment_line(self.ctx, one))

    def _show_tasks(self, card: PersonCard) -> None:
        clear_layout(self._tasks.body)
        kind = ""
        for task in card.tasks:
            if task.kind != kind:
                kind = task.kind
                self._tasks.body.addWidget(Label(t(f"people.tasks.{kind}"), "small500", "text2"))
            self._tasks.body.addWidget(parts.task_box(self.ctx, task))
        if not card.tasks:
            self._tasks.body.addWidget(Label(t("people.no_tasks"), "body", "text2", wrap=True))

    def _show_sign_ins(self, card: PersonCard) -> None:
        clear_layout(self._sign_ins.body)
        self._sign_ins.setVisible(card.sign_ins is not None)
        for one in (card.sign_ins or ())[:SHOWN_SIGN_INS]:
            self._sign_ins.body.addWidget(parts.sign_in_line(one))
        if not card.sign_ins:
            self._sign_ins.body.addWidget(Label(t("people.no_sign_ins"), "body", "text2", wrap=True))

    def _all_sign_ins(self) -> None:
        self.ctx.navigate.open_workspace("security.sign_ins", preset="all", filters={"login": self._login})

    def _show_access(self, card: PersonCard) -> None:
        one = card.person
        password = fmt.date_time(one.password_set_at) if one.password_set_at else fmt.NONE
        if one.must_change_password:
            password = t("people.one_time")
        houses = [self._houses.get(number, f"#{number}") for number in one.warehouses]
        found = [
            Fact(t("people.status_since"), fmt.date_time(one.status_since)),
            Fact(t("people.password_set"), password),
            Fact(
                t("people.second_factor"), t("people.factor_on" if one.second_factor else "people.factor_off")
            ),
            Fact(t("people.last_session"), fmt.date_time(one.last_session) if one.last_session else fmt.NONE),
            Fact(t("people.warehouses_short"), ", ".join(houses) or fmt.NONE),
            Fact(t("people.team"), ", ".join(p["person"] for p in one.people) or fmt.NONE),
            Fact(
                t("people.since"),
                f"{fmt.date_(one.created_at.date())}, {parts.giver(self.ctx, one.created_by)}",
            ),
        ]
        self._access.set_facts(found)

    def _show_sessions(self, card: PersonCard) -> None:
        clear_layout(self._sessions.body)
        self._sessions.setVisible(card.open_sessions is not None)
        for one in card.open_sessions or ():
            self._sessions.body.addWidget(parts.session_line(self.ctx, one, card.person.person))
        if not card.open_sessions:
            self._sessions.body.addWidget(Label(t("people.no_sessions"), "body", "text2", wrap=True))
        elif self.ctx.profile.can("session_kill") and len(card.open_sessions) > 1:
            every = Button("people.end_sessions", kind="link", clicked=lambda: _does(act.end_sessions)(self))
            self._sessions.body.addWidget(every, 0, Qt.AlignmentFlag.AlignLeft)
