"""What a person's pane and page have in common: a role with its time, a point to tick, a session, a sign-in."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.security import people, sessions, shelf
from app.services.security.assignments import Assignment
from app.services.security.people import PersonSession, SignIn, Task
from app.views.core.buttons import IconButton
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.marks import Chip, Label
from app.views.core.operation import WriteOp
from app.views.core.people import name
from app.views.core.theme import px
from app.views.security import people_actions as act
from app.views.security.form_dialog import FormDialog
from app.views.security.people_words import STATE, period, reason_words, role
from app.views.security.sign_ins import OUTCOMES

NOW = ("current", "future")


def _two_lines(words: str, note: str, *right: QWidget) -> QWidget:
    """Words and, smaller, what more there is to say; chips and buttons at the right."""
    line = QWidget()
    outer = QVBoxLayout(line)
    outer.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
    outer.setSpacing(0)
    row = QHBoxLayout()
    row.setSpacing(px("gap_xs"))
    row.addWidget(Label(words, "body500", shrink=True))
    row.addStretch(1)
    for part in right:
        row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
    outer.addLayout(row)
    if note:
        outer.addWidget(Label(note, "small", "text2", wrap=True))
    return line


def assignment_line(ctx: AppContext, one: Assignment) -> QWidget:
    """A role with its period and reason, and what can be done with it."""
    notes = [period(one.valid_from, one.valid_to), reason_words(one.end_reason or one.reason)]
    if one.state in NOW and one.granted_by[:2] == "u_":
        notes.append(t("people.given_by", person=name(ctx, one.granted_by)))
    kind, key = STATE[one.state]
    parts: list[QWidget] = [Chip(kind, t("assign.elevation") if one.kind == "elevation" else t(key))]
    for action, icon, right, run in (
        ("period", "calendar-clock", "role_period_set", act.set_period),
        ("revoke", "circle-x", "role_revoke", act.revoke),
    ):
        if one.state in NOW and ctx.profile.can(right):
            button = IconButton(icon, f"people.{action}.tip", clicked=partial(run, ctx, one))
            button.setObjectName(f"action.{action}.{one.id}")
            parts.append(button)
    line = _two_lines(role(ctx, one.role), " · ".join(filter(None, notes)), *parts)
    line.setObjectName(f"assignment.{one.id}")
    return line


def giver(ctx: AppContext, login: str | None) -> str:
    """Who gave something: a person by name; what was set up at the server is nobody's."""
    if not login:
        return fmt.NONE
    return name(ctx, login) if login[:2] in ("u_", "s_", "t_") else t("people.by_set_up")


def task_box(ctx: AppContext, task: Task) -> CheckBox:
    """A point of a list, to be ticked by those who may."""
    words = (task.text_de if language() == "de" else task.text_en) or task.text_de or task.text_en
    box = CheckBox("people.task", words=words.replace("&", "&&"))
    box.setObjectName(f"task.{task.id}")
    box.setChecked(task.done_at is not None)
    box.setEnabled(ctx.profile.can("person_task_done"))
    if task.done_at is not None:
        done = t("people.task_done", person=name(ctx, task.done_by), at=fmt.date_time(task.done_at))
        box.setToolTip(done)
    box.clicked.connect(lambda: _tick(ctx, task.id, box.isChecked()))
    return box


def _tick(ctx: AppContext, number: int, done: bool) -> None:
    WriteOp(ctx.tasks, ctx, people.tick_task, people.TickTask(number, done)).start()


def session_line(ctx: AppContext, one: PersonSession, person: str) -> QWidget:
    """An open session, and the button that ends it."""
    client = one.client or {}
    device = str(client.get("device") or one.address or t("shell.settings.unknown"))
    program = str(client.get("name") or client.get("program") or "").capitalize()
    notes = [
        f"{program} {client.get('version', '')}".strip(),
        (one.address or "") if client.get("device") else "",
        t("assign.since", at=fmt.date_time(one.created)),
    ]
    parts: list[QWidget] = []
    if ctx.profile.can("session_kill"):
        button = IconButton("log-out", "sessions.end.tip", clicked=partial(end_session, ctx, one.id, person))
        button.setObjectName(f"action.end_session.{one.id}")
        parts.append(button)
    return _two_lines(device, " · ".join(filter(None, notes)), *parts)


def end_session(ctx: AppContext, number: int, person: str) -> None:
    """Ask why, then end somebody's session."""
    FormDialog(
        ctx,
        t("sessions.end_title", person=person),
        t("sessions.end_text"),
        (act.REASON,),
        lambda values: (shelf.end_one_session, sessions.KillSession(number, str(values["reason"]))),
        lambda _none: ctx.navigate.toast(t("sessions.ended", person=person)),
        icon="log-out",
        yes="sessions.end",
    ).open()


def sign_in_line(one: SignIn) -> QWidget:
    """When, from where, and how it ended."""
    kind, key = OUTCOMES[one.outcome]
    note = " · ".join(filter(None, (one.address, one.application.strip().capitalize())))
    return _two_lines(fmt.date_time(one.at), note, Chip(kind, t(key)))
