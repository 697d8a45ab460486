"""The one way an error reaches the user: what happened, why, and what to do now."""

import logging
import platform
import traceback
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from app import __version__
from app.core.errors import AppError, Cancelled, Confirm, Conflict, NotAllowed, SessionEnded, Unavailable
from app.core.i18n import has_text, t
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.marks import Label
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
    """Show an error in the way of its class; what is no `AppError` is a bug and says so.

    A right that is missing is explained; a limit, or that somebody else must decide, is a refusal like others.
    """
    host = host_of(owner)
    if isinstance(error, Cancelled):
        return
    if host is None:
        log.error("no window to show an error in", exc_info=error, extra={"operation": operation})
    elif isinstance(error, SessionEnded):
        _session_dialog(host, ctx, error).open()
    elif isinstance(error, NotAllowed) and error.params.get("right"):
        from app.views.core.why import WhyDialog

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
