"""Proving once more who one is, before something critical: the one dialog for it."""

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtWidgets import QWidget

from app.core.db import Database
from app.core.errors import AppError
from app.core.i18n import t
from app.views.core.dialog import Dialog
from app.views.core.secret_fields import CodePart, password_field
from app.views.core.tasks import READ, TaskManager
from app.views.core.values import error_text

WRONG_CODE = ("second_factor_wrong", "second_factor_needed")


class ConfirmDialog(Dialog):
    """Asks for the password, and a code where there is a second factor; then goes on with ``then``.

    ``cancelled`` is called when the person thinks better of it.
    """

    def __init__(
        self,
        host: QWidget,
        db: Database,
        tasks: TaskManager,
        then: Callable[[], object],
        cancelled: Callable[[], object],
    ) -> None:
        super().__init__(host, t("confirm.title"), t("confirm.text"), icon="shield-check")
        self.setObjectName("dialog.confirm")
        self._db, self._tasks, self._then, self._cancelled = db, tasks, then, cancelled
        self._proved = False
        self.password = password_field("confirm.password", "login.password")
        self.body.addWidget(self.password)
        self.code = CodePart("confirm", trust=False)
        self.body.addWidget(self.code)
        self.code.setVisible(db.profile.second_factor)
        self.add_button("cancel", "confirm.cancel", shortcut="Esc")
        self._button = self.add_button(
            "confirm", "confirm.button", self._prove, icon="check", kind="primary", stay=True
        )
        self.password.entered.connect(self._after_password)
        self.code.entered.connect(self._prove)
        self.closed.connect(self._closed)

    def open(self) -> None:
        """Show it with the cursor in the password."""
        super().open()
        self.password.field.setFocus()

    def _after_password(self) -> None:
        if self.code.isVisible() and not self.code.code():
            self.code.focus()
        else:
            self._prove()

    def _prove(self) -> None:
        password, code = self.password.text(), self.code.code()
        if not password:
            self.password.field.setFocus()
            return
        self._button.set_blocked(t("login.busy"))
        self._tasks.run(READ, self, lambda: self._db.confirm(password, code), self._answered, slot="confirm")

    def _answered(self, future: "Future[None]") -> None:
        self._button.set_blocked(None)
        error = future.exception()
        if error is None:
            self._proved = True
            self.finish()
            self._then()
        elif isinstance(error, AppError) and error.key in WRONG_CODE:
            self.code.setVisible(True)
            self.place()
            self.code.line.show_error(error_text(error) if error.key != "second_factor_needed" else "")
            self.code.focus()
        elif isinstance(error, AppError):
            self.password.show_error(error_text(error))
            self.password.field.selectAll()
            self.password.field.setFocus()
            self.place()
        else:
            raise error

    def _closed(self) -> None:
        if not self._proved:
            self._cancelled()
