"""The one way an error reaches the user: what happened, why, and what to do now."""

import logging
import platform
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app import __version__
from app.core import format as fmt
from app.core.errors import AppError, Cancelled, Confirm, Conflict, NotAllowed, SessionEnded, Unavailable
from app.core.i18n import has_text, language, t
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.marks import Avatar, Chip, Divider, IconLabel, Label, initials
from app.views.core.numbered import NumberedStep
from app.views.core.operation import ReadOp
from app.views.core.theme import px
from app.views.core.values import error_text

log = logging.getLogger("werkbank.errors")


def host_of(owner: QObject | None) -> QWidget | None:
    """The window an error of ``owner`` is shown in."""
    here: QObject | None = owner
    while here is not None and not isinstance(here, QWidget):
        here = here.parent()
    if isinstance(here, QWidget):
        return here.window()
    return QApplication.activeWindow() or next(
        (w for w in QApplication.topLevelWidgets() if w.isVisible()), None
    )


def show_error(
    owner: QObject | None, ctx: AppContext | None, error: BaseException, *, operation: str = ""
) -> None:
    """Show an error in the way of its class; what is no `AppError` is a bug and says so."""
    host = host_of(owner)
    if isinstance(error, Cancelled):
        return
    if host is None:
        log.error("no window to show an error in", exc_info=error, extra={"operation": operation})
    elif isinstance(error, SessionEnded):
        _session_dialog(host, ctx, error).open()
    elif isinstance(error, NotAllowed):
        WhyDialog(host, ctx, error).open()
    elif isinstance(error, AppError):
        _refusal_dialog(host, error).open()
    else:
        BugDialog(host, error, operation).open()


def ask(
    owner: QObject | None,
    title: str,
    text: str,
    yes: str,
    then: Callable[[], object],
    *,
    no: Callable[[], object] | None = None,
    danger: bool = False,
    icon: str = "circle-help",
) -> Dialog | None:
    """Ask a question that blocks; ``title`` and ``text`` are words, ``yes`` is the text key of the button."""
    host = host_of(owner)
    if host is None:
        return None
    dialog = Dialog(host, title, text, icon=icon, tint="bad" if danger else "accent_text")
    answered: list[bool] = []

    def agree() -> None:
        answered.append(True)
        dialog.finish()
        then()

    def closed() -> None:
        if no is not None and not answered:
            no()

    dialog.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
    dialog.add_button("yes", yes, agree, kind="danger" if danger else "primary", stay=True)
    dialog.closed.connect(closed)
    dialog.open()
    return dialog


def ask_confirm(
    owner: QObject, error: Confirm, yes: Callable[[], object], no: Callable[[], object]
) -> Dialog | None:
    """Put the question of a service to the user."""
    key = f"error.{error.key}.title"
    title = t(key) if has_text(key) else t("errors.confirm_title")
    return ask(owner, title, error_text(error), "errors.confirm_yes", yes, no=no)


def confirm_identity(
    owner: QObject, ctx: AppContext, then: Callable[[], object], no: Callable[[], object]
) -> Dialog | None:
    """Ask the person to prove once more who it is, then go on; ``no`` when it does not want to."""
    from app.views.core.confirm import ConfirmDialog

    host = host_of(owner)
    if host is None:
        no()
        return None
    dialog = ConfirmDialog(host, ctx.db, ctx.tasks, then, no)
    dialog.open()
    return dialog


def _refusal_dialog(host: QWidget, error: AppError) -> Dialog:
    away = isinstance(error, Unavailable)
    key = f"error.{error.key}.title"
    general = (
        "errors.unavailable_title"
        if away
        else "errors.stale_title"
        if isinstance(error, Conflict)
        else ("errors.refused_title")
    )
    dialog = Dialog(
        host,
        t(key) if has_text(key) else t(general),
        error_text(error),
        icon="server-off" if away else "ban",
        tint="warn" if away else "bad",
    )
    hint = f"error.{error.key}.what_now"
    if has_text(hint):
        dialog.body.addWidget(Label(t(hint, **error.params), "body", "text2", wrap=True))
    dialog.add_button("close", "errors.understood", kind="primary", shortcut="Esc")
    return dialog


def _session_dialog(host: QWidget, ctx: AppContext | None, error: AppError) -> Dialog:
    dialog = Dialog(host, t("errors.session_title"), error_text(error), icon="lock", tint="warn")
    dialog.add_button("close", "errors.later", shortcut="Esc")
    if ctx is not None:
        dialog.add_button(
            "sign_in", "errors.sign_in_again", ctx.navigate.sign_out, icon="log-in", kind="primary"
        )
    return dialog


def right_in_words(right: str) -> str:
    """What a right permits, as people say it."""
    if has_text(f"right.{right}"):
        return t(f"right.{right}")
    table, _, verb = right.partition(":")
    if verb and has_text(f"right.verb.{verb}"):
        what = f"topic.{table}"
        return t(f"right.verb.{verb}", what=t(what) if has_text(what) else table)
    return right


def role_in_words(role: str) -> str:
    """The name of a role, given with or without its ``r_``."""
    key = f"role.{role.removeprefix('r_')}"
    return t(key) if has_text(key) else role


class WhyDialog(Dialog):
    """Why can't I?  The missing right, the roles that carry it, the people to ask: from the database's own rules."""

    def __init__(self, host: QWidget, ctx: AppContext | None, error: NotAllowed) -> None:
        key = f"error.{error.key}"
        title = t(f"{key}.title") if has_text(f"{key}.title") else t("errors.why_title")
        text = t(key, **error.params) if has_text(key) else t("errors.why_text")
        super().__init__(
            host, title, text, icon="lock", tint="bad", width=px("text_column") + px("grid") * 30
        )
        self.setObjectName("dialog.why")
        self._ctx = ctx
        # Only the server knows which right was missing when it refused a table rather than a function.
        right = error.params.get("right", error.key)
        self._right = str(right or "")
        self._lines = [title, text]
        self._steps = QVBoxLayout()
        self._steps.setSpacing(px("gap_l"))
        self.body.addLayout(self._steps)
        if right is not None:
            self._steps.addWidget(NumberedStep(1, t("errors.why_missing"), self._missing()))
            self._lines.append(f"{t('errors.why_missing')}: {self._right}")
        self.add_button("copy", "errors.copy", self._copy, icon="copy", kind="ghost", left=True, stay=True)
        self.add_button("close", "errors.close", kind="primary", shortcut="Esc")
        if ctx is not None and right is not None:
            from app.services.security.rights import why

            op = ReadOp(self, ctx, why, self._right)
            op.success(self._answer).failure(lambda _error: True).start()

    def _missing(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        row.addWidget(IconLabel("key-round", px("icon"), "bad"))
        row.addWidget(Label(right_in_words(self._right), "body500"))
        row.addWidget(Label(self._right, "mono", "text2"))
        row.addStretch(1)
        return holder

    def _answer(self, found: Any) -> None:
        profile = self._ctx.profile if self._ctx is not None else None
        own = {role.removeprefix("r_") for role in profile.roles} if profile is not None else set()
        people: Mapping[str, Sequence[str]] = {
            role.role: tuple(one.person for one in role.holders) for role in found.roles
        }
        names = {role.role: _named(role) for role in found.roles}
        if found.roles:
            table = QWidget()
            grid = QGridLayout(table)
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setVerticalSpacing(px("gap_s"))
            grid.setHorizontalSpacing(px("gap_l"))
            grid.setColumnStretch(1, 1)
            for number, role in enumerate(names):
                holders = list(people.get(role, ()))
                words = ", ".join(holders[:4]) + (" …" if len(holders) > 4 else "")
                grid.addWidget(Label(names[role], "body500"), 2 * number, 0)
                grid.addWidget(
                    Label(words or t("errors.why_nobody"), "body", "text2", wrap=True), 2 * number, 1
                )
                if role.removeprefix("r_") in own:
                    grid.addWidget(Chip("neutral", t("errors.why_your_role")), 2 * number, 2)
                if number < len(names) - 1:
                    grid.addWidget(Divider(), 2 * number + 1, 0, 1, 3)
                self._lines.append(f"  {names[role]}: {words}")
            self._steps.addWidget(NumberedStep(2, t("errors.why_roles"), table))
        if found.granters:
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(px("gap"))
            for person in (one.person for one in found.granters):
                row = QHBoxLayout()
                row.setSpacing(px("gap"))
                row.addWidget(Avatar(initials(person), px("avatar_large"), person))
                words_ = QVBoxLayout()
                words_.setSpacing(0)
                words_.addWidget(Label(person, "body500"))
                words_.addWidget(Label(t("errors.why_granter"), "small", "text2"))
                row.addLayout(words_, 1)
                column.addLayout(row)
                self._lines.append(f"  {t('errors.why_grant')}: {person}")
            self._steps.addWidget(NumberedStep(3, t("errors.why_grant"), holder))
        for words in _circumstances(found, names):
            self._steps.addWidget(Label(words, "body", "text2", wrap=True))
            self._lines.append(words)
        if found.request and not found.open and not found.device_lacks and not found.has:
            button = self.add_button("request", "why.request", icon="send", kind="secondary", stay=True)
            button.clicked.connect(lambda: self._request(found.request, names[found.request]))
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown

    def _request(self, role: str, words: str) -> None:
        from app.views.security.asking import request_role

        assert self._ctx is not None
        self.finish()
        request_role(self._ctx, role, words)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self._lines))


def _named(role: Any) -> str:
    """A role's name: of the program's own in words, of the house's by its title."""
    if has_text(f"role.{role.role}"):
        return role_in_words(role.role)
    return str((role.title_de if language() == "de" else role.title_en) or role.title_de or role.role)


def _circumstances(found: Any, names: Mapping[str, str]) -> list[str]:
    """What else there is to know: whether one had it, will have it, has asked, or whether it is the terminal."""
    lines = []
    if found.device_lacks:
        lines.append(t("why.device"))
    if found.had is not None:
        role = names.get(found.had.role, role_in_words(found.had.role))
        lines.append(t("why.had", until=fmt.date_time(found.had.until), role=role))
    if found.comes is not None:
        role = names.get(found.comes.role, role_in_words(found.comes.role))
        lines.append(t("why.comes", at=fmt.date_time(found.comes.valid_from), role=role))
    for one in found.open:
        role = names.get(one.role, role_in_words(one.role))
        lines.append(t("why.open", at=fmt.date_time(one.since), role=role))
    return lines


class BugDialog(Dialog):
    """Something that must not happen did: say so, offer the details for whoever mends it."""

    def __init__(self, host: QWidget, error: BaseException, operation: str) -> None:
        super().__init__(host, t("errors.bug_title"), t("errors.bug_text"), icon="triangle-alert", tint="bad")
        self.setObjectName("dialog.bug")
        self._details = details_of(error, operation)
        short = Label(f"{type(error).__name__}: {error}"[:300], "mono", "text2", wrap=True)
        short.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(short)
        self.add_button(
            "copy", "errors.copy_details", self._copy, icon="copy", kind="ghost", left=True, stay=True
        )
        self.add_button("close", "errors.close", kind="primary", shortcut="Esc")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)


def details_of(error: BaseException, operation: str = "") -> str:
    """What a developer needs, without what the user typed."""
    head = f"Werkbank {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return "\n".join([head, operation, "".join(traceback.format_exception(error))])
