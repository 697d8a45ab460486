"""What may have to happen before the window opens: another password, a forgotten one."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.core.config import ServerProfile
from app.core.errors import AppError, SessionEnded
from app.core.i18n import t
from app.views.core.dialog import Dialog
from app.views.core.inputs import LineEdit
from app.views.core.marks import Label
from app.views.core.secret_fields import Labelled, NewPasswordPart
from app.views.core.tasks import READ, TaskManager
from app.views.core.values import error_text
from app.views.shell.signing_in import ask_for_code, change_and_open, reset_with_code

WRONG_CODE = ("reset_code_wrong", "too_many_attempts")


class MustChangeDialog(Dialog):
    """A new password in place of one that is not good any more.

    Signals:
        opened: it is changed and the session is open: (database, profile).
        changed: it is changed, and the new one is to be given with a code.
    """

    opened = Signal(object)
    changed = Signal(str)

    def __init__(
        self, host: QWidget, tasks: TaskManager, server: ServerProfile, login: str, password: str
    ) -> None:
        super().__init__(host, t("password.must_change"), t("password.must_change_what"), icon="key-round")
        self.setObjectName("dialog.must_change")
        self._tasks = tasks
        self._work: Callable[[str], tuple[Any, Any]] = lambda new: change_and_open(
            server, login, password, new
        )
        self._new = ""
        self.part = NewPasswordPart("must_change")
        self.body.addWidget(self.part)
        self.add_button("cancel", "confirm.cancel", shortcut="Esc")
        self._button = self.add_button(
            "change", "password.change", self._change, icon="check", kind="primary", stay=True
        )
        self.part.entered.connect(self._change)

    def open(self) -> None:
        """Show it with the cursor in the first field."""
        super().open()
        self.part.first.field.setFocus()

    def _change(self) -> None:
        self._new = self.part.value()
        if self._new:
            self._button.set_blocked(t("login.busy"))
            new = self._new
            self._tasks.run(READ, self, lambda: self._work(new), self._answered, slot="change")
        self.place()

    def _answered(self, future: "Future[tuple[Any, Any]]") -> None:
        self._button.set_blocked(None)
        error = future.exception()
        if error is None:
            self.finish()
            self.opened.emit(future.result())
        elif isinstance(error, SessionEnded) and error.key == "second_factor_needed":
            self.finish()
            self.changed.emit(self._new)
        elif isinstance(error, AppError):
            self.part.first.show_error(error_text(error))
            self.part.first.field.setFocus()
            self.place()
        else:
            raise error


class ForgottenDialog(Dialog):
    """A code by mail, then a new password with it.  Never says whether there is such a login.

    Signals:
        done: the new password, to sign in with.
    """

    done = Signal(str)

    def __init__(self, host: QWidget, tasks: TaskManager, server: ServerProfile, login: str) -> None:
        super().__init__(
            host, t("forgotten.title"), t("forgotten.text", server=server.name), icon="life-buoy"
        )
        self.setObjectName("dialog.forgotten")
        self._tasks, self._server = tasks, server
        words = t("login.user")
        self.login = Labelled("forgotten.login", words, LineEdit(words, leading="user", max_length=63))
        self.login.field.setText(login)
        self.login.entered.connect(self._ask)
        self.body.addWidget(self.login)
        self.sent = Label(t("forgotten.sent"), "body", "text", wrap=True)
        self.code = Labelled(
            "forgotten.code",
            t("forgotten.code"),
            LineEdit(t("forgotten.code"), "ABCD-EFGH-JKLM", leading="mail", max_length=40),
        )
        self.part = NewPasswordPart("forgotten")
        for later in (self.sent, self.code, self.part):
            self.body.addWidget(later)
            later.hide()
        self.code.entered.connect(self.part.first.field.setFocus)
        self.part.entered.connect(self._set)
        self.add_button("cancel", "confirm.cancel", shortcut="Esc")
        self._button = self.add_button(
            "go", "forgotten.ask", self._go, icon="mail", kind="primary", stay=True
        )

    def open(self) -> None:
        """Show it with the cursor in the login."""
        super().open()
        self.login.field.setFocus()

    def _go(self) -> None:
        (self._set if self.code.isVisible() else self._ask)()

    def _ask(self) -> None:
        login = self.login.text().strip()
        if not login:
            self.login.field.setFocus()
            return
        self._run(lambda: ask_for_code(self._server, login), self._asked)

    def _asked(self) -> None:
        self.login.field.setReadOnly(True)
        for later in (self.sent, self.code, self.part):
            later.show()
        self._button.set_text_key("password.change")
        self._button.set_icon("check")
        self.place()
        self.code.field.setFocus()

    def _set(self) -> None:
        login, code = self.login.text().strip(), self.code.text().strip()
        if not code:
            self.code.field.setFocus()
            return
        new = self.part.value()
        if new:
            self._run(lambda: reset_with_code(self._server, login, code, new), lambda: self._finished(new))
        self.place()

    def _finished(self, new: str) -> None:
        self.finish()
        self.done.emit(new)

    def _run(self, work: Callable[[], object], then: Callable[[], object]) -> None:
        def answered(future: "Future[object]") -> None:
            self._button.set_blocked(None)
            error = future.exception()
            if error is None:
                then()
            elif isinstance(error, AppError):
                self._failed(error)
            else:
                raise error

        self._button.set_blocked(t("login.busy"))
        self._tasks.run(READ, self, work, answered, slot="forgotten")

    def _failed(self, error: AppError) -> None:
        if isinstance(error, SessionEnded):
            # The login for guests is closed: this house sends no codes.
            self.login.show_error(t("forgotten.closed"))
        elif error.key in WRONG_CODE:
            self.code.show_error(error_text(error))
            self.code.field.selectAll()
            self.code.field.setFocus()
        elif self.part.isVisible():
            self.part.first.show_error(error_text(error))
            self.part.first.field.setFocus()
        else:
            self.login.show_error(error_text(error))
        self.place()
