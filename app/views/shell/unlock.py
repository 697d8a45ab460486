"""The window is locked: only its person goes on, with the password; forms and tabs wait behind the sheet."""

from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.db import Database
from app.core.errors import AppError, SessionEnded, Unavailable
from app.core.i18n import has_text, t
from app.views.core.buttons import Button
from app.views.core.dialog import Layer
from app.views.core.marks import Avatar, Label, initials
from app.views.core.secret_fields import CodePart, password_field
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.tasks import READ, TaskManager
from app.views.core.theme import px, tok
from app.views.core.values import error_text
from app.views.shell.signing_in import trust_here, trusted_as

CODE_KEYS = ("second_factor_needed", "second_factor_wrong", "too_many_attempts")


def why_ended(error: SessionEnded) -> str:
    """Why the session is over, in words: what ended it, or what whoever ended it gave as reason."""
    reason = str(error.params.get("reason", ""))
    if error.key == "session_ended" and reason:
        by = error.params.get("by") or ""
        key = f"unlock.ended.{reason}"
        return t(key, by=by) if has_text(key) else t("unlock.ended_by", by=by, reason=reason)
    return error_text(error)


class UnlockSheet(Layer):
    """Covers the whole window, so that nobody reads what lies behind it.

    ``error`` says why; without one the person renews the session before its end and may think better of it.

    Signals:
        unlocked: a session is open again; its profile.
        signed_out: somebody else wants to work here.
    """

    unlocked = Signal(object)
    signed_out = Signal()

    def __init__(
        self, host: QWidget, db: Database, tasks: TaskManager, service: str, error: SessionEnded | None
    ) -> None:
        super().__init__(host, width=px("toast") + px("margin_l") + 2 * px("gap_xl"))
        self.setObjectName("unlock")
        self._db, self._tasks, self._service = db, tasks, service
        self._locked = error is not None
        self.reason = why_ended(error) if error is not None else t("unlock.renew_what")
        person = db.target.user
        name = db.profile.person
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.setSpacing(px("gap_m"))
        head = QHBoxLayout()
        head.setSpacing(px("gap_m"))
        head.addWidget(Avatar(initials(name), px("control_login"), name))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(t("unlock.title") if self._locked else t("unlock.renew"), "title"))
        words.addWidget(Label(f"{name} · {person}", "small", "text2"))
        head.addLayout(words, 1)
        column.addLayout(head)
        why = Label(self.reason, "body", "text", wrap=True)
        why.setObjectName("unlock.reason")
        column.addWidget(why)
        if self._locked:
            column.addWidget(Label(t("unlock.kept"), "small", "text2", wrap=True))
        self._trouble = QVBoxLayout()
        column.addLayout(self._trouble)
        self.password = password_field("unlock.password", "login.password", size="login")
        self.password.entered.connect(self._go)
        column.addWidget(self.password)
        self.code = CodePart("unlock", trust=True, size="login")
        self.code.entered.connect(self._go)
        column.addWidget(self.code)
        self.code.hide()
        self.button = Button(
            "unlock.button" if self._locked else "unlock.renew_button",
            "lock-open",
            "primary",
            size="login",
            clicked=self._go,
        )
        self.button.setObjectName("unlock.button")
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column.addWidget(self.button)
        below = QHBoxLayout()
        other = (
            Button("unlock.other", "log-out", "ghost", clicked=self.signed_out.emit)
            if self._locked
            else Button("confirm.cancel", None, "ghost", clicked=self.finish)
        )
        other.setObjectName("unlock.other")
        below.addStretch(1)
        below.addWidget(other)
        below.addStretch(1)
        column.addLayout(below)

    def open(self) -> None:
        """Show it with the cursor in the password."""
        super().open()
        self.password.field.setFocus()

    def reject(self) -> None:
        """Escape opens no locked window."""
        if not self._locked:
            self.finish()

    def _go(self) -> None:
        password, code, service = self.password.text(), self.code.code(), self._service
        if not password:
            self.password.field.setFocus()
            return
        if self.code.isVisible() and not code:
            self.code.focus()
            return
        trust = self.code.trust.isChecked()

        def work() -> Any:
            token = "" if code else trusted_as(service, self._db.target.user)
            profile = self._db.open(code, token, password=password)
            if trust and code:
                trust_here(self._db, service)
            return profile

        self.button.set_blocked(t("login.busy"))
        clear_layout(self._trouble)
        self._tasks.run(READ, self, work, self._answered, slot="unlock")

    def _answered(self, future: "Future[Any]") -> None:
        self.button.set_blocked(None)
        error = future.exception()
        if error is None:
            self.finish()
            self.unlocked.emit(future.result())
        elif isinstance(error, AppError) and error.key in CODE_KEYS:
            self.code.offer_trust(int(error.params.get("days", 0)))
            self.code.show()
            self.place()
            self.code.line.show_error("" if error.key == "second_factor_needed" else error_text(error))
            self.code.focus()
        elif isinstance(error, Unavailable) or (
            isinstance(error, AppError) and not isinstance(error, SessionEnded)
        ):
            self._trouble.addWidget(Banner("warn", error_text(error)))
        elif isinstance(error, AppError):
            self.password.show_error(error_text(error))
            self.password.field.selectAll()
            self.password.field.setFocus()
        else:
            raise error
        self.place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing of the window shows through while it is locked."""
        if not self._locked:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("chrome"))
        painter.end()
