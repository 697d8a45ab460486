"""Another password, while one is signed in."""

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtWidgets import QWidget

from app.core.db import Database
from app.core.errors import AppError
from app.core.i18n import t
from app.views.core.dialog import Dialog
from app.views.core.secret_fields import NewPasswordPart, password_field
from app.views.core.tasks import READ, TaskManager
from app.views.core.values import error_text

ABOUT_THE_OLD = ("password_wrong", "too_many_attempts")


class ChangePasswordDialog(Dialog):
    """The old one, the new one twice; other sessions of the person end.  ``done`` is called when it is changed."""

    def __init__(
        self, host: QWidget, db: Database, tasks: TaskManager, length: int, done: Callable[[], object]
    ) -> None:
        super().__init__(
            host, t("password.change_title"), t("password.change_what", n=length), icon="key-round"
        )
        self.setObjectName("dialog.change_password")
        self._db, self._tasks, self._then = db, tasks, done
        self.old = password_field("change.old", "password.old")
        self.body.addWidget(self.old)
        self.part = NewPasswordPart("change")
        self.body.addWidget(self.part)
        self.add_button("cancel", "confirm.cancel", shortcut="Esc")
        self._button = self.add_button(
            "change", "password.change", self._change, icon="check", kind="primary", stay=True
        )
        self.old.entered.connect(self.part.first.field.setFocus)
        self.part.entered.connect(self._change)

    def open(self) -> None:
        """Show it with the cursor in the old password."""
        super().open()
        self.old.field.setFocus()

    def _change(self) -> None:
        old = self.old.text()
        if not old:
            self.old.field.setFocus()
            return
        new = self.part.value()
        self.place()
        if new:
            self._button.set_blocked(t("password.changing"))
            self._tasks.run(
                READ, self, lambda: self._db.change_password(old, new), self._answered, slot="change"
            )

    def _answered(self, future: "Future[object]") -> None:
        self._button.set_blocked(None)
        error = future.exception()
        if error is None:
            self.finish()
            self._then()
        elif isinstance(error, AppError):
            line = self.old if error.key in ABOUT_THE_OLD else self.part.first
            line.show_error(error_text(error))
            line.field.selectAll()
            line.field.setFocus()
            self.place()
        else:
            raise error
