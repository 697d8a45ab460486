"""Asking for a login without having one; somebody of the house decides about it."""

from concurrent.futures import Future

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QWidget

from app.core.config import ServerProfile
from app.core.errors import AppError, SessionEnded
from app.core.i18n import language, t
from app.services.security.registration import Register
from app.views.core.dialog import Dialog
from app.views.core.inputs import LineEdit
from app.views.core.secret_fields import Labelled, NewPasswordPart
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.tasks import READ, TaskManager
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.shell.signing_in import ask_for_login

FIELDS = (("person", 200), ("login", 42), ("email", 200), ("department", 100), ("reason", 500))
NEEDED = ("person", "login")
FIRST_OF_LOGIN = "u_"


class RegisterDialog(Dialog):
    """Who one is, why one needs it, and the password one will sign in with; only what proves it is sent."""

    def __init__(self, host: QWidget, tasks: TaskManager, server: ServerProfile) -> None:
        super().__init__(
            host,
            t("register.title"),
            t("register.text", server=server.name),
            icon="user-plus",
            width=px("text_column") + px("grid") * 20,
        )
        self.setObjectName("dialog.register")
        self._tasks, self._server, self._sent = tasks, server, False
        self._form = QWidget()
        grid = QGridLayout(self._form)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap"))
        self.lines: dict[str, Labelled] = {}
        for number, (key, most) in enumerate(FIELDS):
            words = t(f"register.{key}")
            hint = t("register.login_hint") if key == "login" else ""
            line = self.lines[key] = Labelled(
                f"register.{key}", words, LineEdit(words, max_length=most), hint
            )
            wide = 2 if key == "reason" else 1
            grid.addWidget(line, number // 2, number % 2, 1, wide, Qt.AlignmentFlag.AlignTop)
        self.lines["login"].field.setText(FIRST_OF_LOGIN)
        self.part = NewPasswordPart("register")
        self.part.entered.connect(self._send)
        grid.addWidget(self.part, len(FIELDS), 0, 1, 2)
        self.body.addWidget(self._form)
        self._close = self.add_button("cancel", "confirm.cancel", shortcut="Esc")
        self._button = self.add_button(
            "send", "register.send", self._send, icon="send", kind="primary", stay=True
        )

    def open(self) -> None:
        """Show it with the cursor in the name."""
        super().open()
        self.lines["person"].field.setFocus()

    def _send(self) -> None:
        if self._sent:
            self.finish()
            return
        typed = {key: line.text().strip() for key, line in self.lines.items()}
        for key in NEEDED:
            if typed[key] in ("", FIRST_OF_LOGIN):
                self.lines[key].show_error(t("error.required"))
                self.lines[key].field.setFocus()
                self.place()
                return
        password = self.part.value()
        if password:
            wish = Register(password=password, language=language(), **typed)
            self._button.set_blocked(t("login.busy"))
            self._tasks.run(
                READ, self, lambda: ask_for_login(self._server, wish), self._answered, slot="register"
            )
        self.place()

    def _answered(self, future: "Future[None]") -> None:
        self._button.set_blocked(None)
        error = future.exception()
        if error is None:
            self._say_sent()
        elif isinstance(error, AppError):
            # The login for guests is closed: whoever wants a login asks somebody.
            closed = isinstance(error, SessionEnded)
            line = self.lines["login" if error.key == "registration_login_form" else "person"]
            line.show_error(t("register.closed") if closed else error_text(error))
            line.field.setFocus()
        else:
            raise error
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown

    def _say_sent(self) -> None:
        self._sent = True
        self._form.hide()
        self._close.hide()
        self.text.hide()
        clear_layout(self.body)
        said = Banner("ok", t("register.sent"), t("register.sent_what"))
        said.setObjectName("register.sent")
        self.body.addWidget(said)
        self._button.set_text_key("register.done")
        self._button.set_icon("check")
