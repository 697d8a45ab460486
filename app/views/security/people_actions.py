"""What is done with a person: made, kept out, let in, seen off; passwords, second factor, sessions, roles."""

import re
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtWidgets import QFileDialog

from app.core.errors import Invalid
from app.core.i18n import language, t
from app.services.security import assignments, passwords, people, second_factor, shelf
from app.services.security.assignments import Assignment
from app.services.security.people import UserRow
from app.views.core.context import AppContext
from app.views.core.errors import ask, host_of
from app.views.core.fields import Field
from app.views.core.inputs import ComboBox
from app.views.core.operation import ReadOp, WriteOp
from app.views.security.form_dialog import FormDialog, SecretDialog, TicksDialog
from app.views.security.my_security import KEY as MY_SECURITY
from app.views.security.people_words import end_of_day, role, start_of_day
from app.views.security.portrait import FILES, stored


def check_login(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
    """What is wrong with the login of a person; terminals and services are made elsewhere."""
    if re.fullmatch(r"u_[a-z0-9_]{2,40}", str(value or "").strip()):
        return None
    return Invalid("person_login_form", column="login")


def check_email(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
    """What is wrong with an e-mail address; none at all is fine."""
    text = str(value or "").strip()
    if not text or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return None
    return Invalid("email_format", column="email", value=text)


REASON = Field("reason", "people.reason", required=True, max_length=200, span=4)
TASK_KINDS = (("onboarding", "people.tasks.onboarding"), ("offboarding", "people.tasks.offboarding"))
LANGUAGES = (("de", "people.language.de"), ("en", "people.language.en"))
LOGIN = Field(
    "login",
    "people.login",
    required=True,
    max_length=42,
    span=2,
    help="people.login.help",
    validate=check_login,
)
DETAILS = (
    Field("person", "people.person", required=True, max_length=200, span=2),
    Field("email", "people.email", max_length=200, span=2, validate=check_email),
    Field("phone", "people.phone", max_length=60, span=2),
    Field("department", "people.department", max_length=100, span=2),
    Field("position", "people.position", max_length=100, span=2),
    Field("site", "people.site", max_length=100, span=2),
    Field("language", "people.language", "choice", choices=LANGUAGES, required=True, span=2),
    Field("supervisor", "people.supervisor", "choice", span=2),
)


def offer(dialog: FormDialog, key: str, choices: Any, chosen: Any = None, *, empty: str = "") -> None:
    """Fill a choice of a dialog by a read."""

    def arrived(found: Any) -> None:
        editor = dialog.boxes[key].editor
        assert isinstance(editor, ComboBox)
        editor.set_choices(([(None, t(empty))] if empty else []) + list(found))
        dialog.boxes[key].set_value(chosen)

    ReadOp(dialog, dialog.ctx, choices).success(arrived).start()


def first_password() -> str:
    """A password nobody has thought of, to be changed at the first sign-in."""
    alphabet = "abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def new_person(ctx: AppContext, _rows: list[Any]) -> None:
    """A login for somebody; the first password is shown once."""
    password = first_password()

    def save(values: Mapping[str, Any]) -> Any:
        return people.create_user, people.CreateUser(
            str(values["login"]).strip(),
            str(values["person"]),
            password,
            (str(values["role"]),) if values["role"] else (),
            str(values["language"]),
            email=str(values["email"] or ""),
            phone=str(values["phone"] or ""),
            department=str(values["department"] or ""),
            site=str(values["site"] or ""),
            position=str(values["position"] or ""),
            supervisor=values["supervisor"] or None,
            reason=str(values["reason"] or ""),
        )

    def done(given: people.Given) -> None:
        asked = ", ".join(role(ctx, name) for name, _request in given.requested)
        more = " " + t("people.asked_for", roles=asked) if asked else ""
        SecretDialog(ctx, t("people.password_title"), t("people.password_text") + more, password).open()

    dialog = FormDialog(
        ctx,
        t("people.new_title"),
        t("people.new_text"),
        (
            LOGIN,
            *DETAILS,
            Field("role", "people.first_role", "choice", span=2),
            Field("reason", "people.reason", max_length=200, span=4, help="people.reason.help"),
        ),
        save,
        done,
        icon="user-plus",
        yes="people.create",
        values={"login": "u_", "language": language()},
    )
    offer(dialog, "supervisor", shelf.supervisor_choices, empty="people.nobody")
    offer(dialog, "role", shelf.given_choices, empty="people.no_role")
    dialog.open()


def edit(ctx: AppContext, row: UserRow) -> None:
    """Change what is known of a person."""
    before = {field.key: getattr(row, field.key) for field in DETAILS}

    def save(values: Mapping[str, Any]) -> Any:
        now = {key: values[key] if key == "supervisor" else str(values[key] or "") for key in before}
        typed = {key: value for key, value in now.items() if value != before[key]}
        return people.change_user, people.ChangeUser(row.login, typed, {key: before[key] for key in typed})

    dialog = FormDialog(
        ctx,
        t("people.edit_title", person=row.person),
        "",
        DETAILS,
        save,
        lambda _none: ctx.navigate.toast(t("people.saved")),
        icon="pencil",
        yes="people.save",
        values=before,
    )
    offer(dialog, "supervisor", shelf.supervisor_choices, row.supervisor, empty="people.nobody")
    dialog.open()


def _with_reason(name: str, icon: str, call: Callable[[str, str], Any]) -> Callable[[AppContext, Any], None]:
    def run(ctx: AppContext, row: Any) -> None:
        FormDialog(
            ctx,
            t(f"people.{name}_title", person=row.person),
            t(f"people.{name}_text"),
            (REASON,),
            lambda values: call(row.login, str(values["reason"])),
            lambda _none: ctx.navigate.toast(t(f"people.{name}_done", person=row.person)),
            icon=icon,
            yes=f"people.{name}",
        ).open()

    return run


suspend = _with_reason(
    "suspend", "circle-pause", lambda who, why: (people.suspend_user, people.SuspendUser(who, why))
)
activate = _with_reason(
    "activate", "circle-play", lambda who, why: (people.activate_user, people.ActivateUser(who, why))
)
lock = _with_reason("lock", "lock", lambda who, why: (people.lock_user, people.LockUser(who, why)))
end_sessions = _with_reason(
    "end_sessions", "log-out", lambda who, why: (shelf.end_all_sessions, shelf.EndAllSessions(who, why))
)


def unlock(ctx: AppContext, row: Any) -> None:
    """Let somebody sign in again."""
    op: WriteOp[None] = WriteOp(ctx.tasks, ctx, people.unlock_user, people.UnlockUser(row.login))
    op.success(lambda _none: ctx.navigate.toast(t("people.unlock_done", person=row.person))).start()


def leave(ctx: AppContext, row: Any) -> None:
    """Somebody goes for good."""

    def done(answer: Mapping[str, Any]) -> None:
        tasks = int(answer.get("tasks") or 0)
        ctx.navigate.toast(t("people.leave_done", person=row.person, n=tasks))

    dialog = FormDialog(
        ctx,
        t("people.leave_title", person=row.person),
        t("people.leave_text"),
        (
            Field("left_on", "people.left_on", "date", span=2),
            Field("successor", "people.successor", "choice", span=2, help="people.successor.help"),
            REASON,
        ),
        lambda values: (
            people.leave_user,
            people.LeaveUser(
                row.login, str(values["reason"]), values["left_on"], values["successor"] or None
            ),
        ),
        done,
        icon="log-out",
        yes="people.leave",
    )
    offer(dialog, "successor", shelf.supervisor_choices, empty="people.nobody")
    dialog.open()


def reset_password(ctx: AppContext, row: Any) -> None:
    """A new one-time password, shown once; one's own is changed where one's own security is."""
    if row.login == ctx.profile.login:
        # It would end this very session, and the new password would be behind the lock that asks for it.
        ctx.navigate.open_workspace(MY_SECURITY)
        ctx.navigate.toast(t("people.own_password"), kind="info")
        return

    def go() -> None:
        op: WriteOp[str] = WriteOp(ctx.tasks, ctx, passwords.reset_for, passwords.ResetFor(row.login))
        title, text = t("people.password_title"), t("people.password_text")
        op.success(lambda word: SecretDialog(ctx, title, text, word).open()).start()

    ask(
        ctx.tasks,
        t("people.reset_password_title", person=row.person),
        t("people.reset_password_text"),
        "people.reset_password_yes",
        go,
        icon="key-round",
    )


def reset_factor(ctx: AppContext, row: Any) -> None:
    """The person sets up a new second factor at the next sign-in."""

    def go() -> None:
        op = WriteOp(ctx.tasks, ctx, second_factor.reset_for, second_factor.ResetFor(row.login))
        op.success(lambda _none: ctx.navigate.toast(t("people.reset_factor_done", person=row.person))).start()

    ask(
        ctx.tasks,
        t("people.reset_factor_title", person=row.person),
        t("people.reset_factor_text"),
        "people.reset_factor_yes",
        go,
        icon="shield-alert",
        danger=True,
    )


def grant(ctx: AppContext, row: Any) -> None:
    """One more role, for good or for a time."""

    def save(values: Mapping[str, Any]) -> Any:
        return assignments.grant_role, assignments.GrantRole(
            row.login,
            str(values["role"]),
            start_of_day(values["start"]),
            end_of_day(values["end"]),
            str(values["reason"]),
        )

    def done(given: assignments.Grant) -> None:
        key = "people.grant_asked" if given.request is not None else "people.grant_done"
        ctx.navigate.toast(t(key, person=row.person, role=role(ctx, given.role)))

    dialog = FormDialog(
        ctx,
        t("people.grant_title", person=row.person),
        t("people.grant_text"),
        (
            Field("role", "people.role", "choice", required=True, span=4),
            Field("start", "people.from", "date", span=2, help="people.from.help"),
            Field("end", "people.until", "date", span=2, help="people.until.help"),
            REASON,
        ),
        save,
        done,
        icon="user-plus",
        yes="people.grant",
    )
    offer(dialog, "role", shelf.given_choices)
    dialog.open()


def revoke(ctx: AppContext, one: Assignment) -> None:
    """End an assignment now."""
    words = t("people.revoke_title", person=one.person, role=role(ctx, one.role))
    FormDialog(
        ctx,
        words,
        t("people.revoke_text"),
        (REASON,),
        lambda values: (assignments.revoke_role, assignments.RevokeRole(one.id, str(values["reason"]))),
        lambda _none: ctx.navigate.toast(t("people.revoke_done", person=one.person)),
        icon="circle-x",
        yes="people.revoke",
    ).open()


def set_period(ctx: AppContext, one: Assignment) -> None:
    """Another end."""
    FormDialog(
        ctx,
        t("people.period_title", person=one.person, role=role(ctx, one.role)),
        "",
        (Field("end", "people.until", "date", span=2, help="people.until.help"), REASON),
        lambda values: (
            assignments.set_period,
            assignments.SetPeriod(one.id, end_of_day(values["end"]), str(values["reason"])),
        ),
        lambda _none: ctx.navigate.toast(t("people.saved")),
        icon="calendar-clock",
        yes="people.save",
    ).open()


def set_warehouses(ctx: AppContext, row: Any) -> None:
    """Which warehouses somebody with a role like Lager sees."""
    TicksDialog(
        ctx,
        t("people.warehouses_title", person=row.person),
        t("people.warehouses_text"),
        shelf.warehouse_choices,
        row.warehouses,
        lambda chosen: (people.set_warehouses, people.SetWarehouses(row.login, tuple(chosen))),
        lambda _none: ctx.navigate.toast(t("people.saved")),
        icon="warehouse",
        yes="people.save",
    ).open()


def ask_photo(ctx: AppContext, row: Any) -> None:
    """A picture of somebody, out of a file."""
    file, _ = QFileDialog.getOpenFileName(
        host_of(ctx.tasks),
        t("people.photo_title", person=row.person),
        "",
        f"{t('kit.picture')} ({FILES})",
    )
    if file:
        take_photo(ctx, row, file)


def take_photo(ctx: AppContext, row: Any, file: str) -> None:
    """Store a picture file, made small and square."""
    content = stored(file)
    if content is None:
        ctx.navigate.toast(t("profile.no_picture"), kind="warn")
    else:
        _set_photo(ctx, row, content)


def remove_photo(ctx: AppContext, row: Any) -> None:
    """Take the picture away."""
    _set_photo(ctx, row, None)


def _set_photo(ctx: AppContext, row: Any, content: bytes | None) -> None:
    op = WriteOp(ctx.tasks, ctx, people.set_photo, people.SetPhoto(row.login, content))
    op.success(lambda _none: ctx.navigate.toast(t("people.saved"))).start()


def add_task(ctx: AppContext, row: Any) -> None:
    """One more point for this person only."""
    leaving = row.status == "left"
    FormDialog(
        ctx,
        t("people.task_add_title", person=row.person),
        "",
        (
            Field("text", "people.task_text", required=True, max_length=300, span=4),
            Field("kind", "people.task_kind", "choice", choices=TASK_KINDS, required=True, span=2),
        ),
        lambda values: (people.add_task, people.AddTask(row.login, str(values["kind"]), str(values["text"]))),
        lambda _number: ctx.navigate.toast(t("people.saved")),
        icon="clipboard-check",
        yes="people.save",
        values={"kind": "offboarding" if leaving else "onboarding"},
    ).open()


def on_row(run: Callable[[AppContext, Any], object]) -> Callable[[AppContext, list[Any]], object]:
    """An action of a list out of one on a row."""
    return partial(_first, run)


def _first(run: Callable[[AppContext, Any], object], ctx: AppContext, rows: list[Any]) -> None:
    run(ctx, rows[0])
