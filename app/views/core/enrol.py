"""Setting up the second factor: QR code, first code, recovery codes on paper; the same before and inside the window."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.db import Database
from app.core.errors import AppError, NotAllowed
from app.core.i18n import t
from app.services.security import second_factor
from app.services.security.second_factor import Enrolment
from app.views.core.buttons import Button
from app.views.core.checks import CheckBox
from app.views.core.confirm import ConfirmDialog
from app.views.core.dialog import Dialog
from app.views.core.inputs import LineEdit
from app.views.core.marks import Label
from app.views.core.numbered import NumberedStep
from app.views.core.qr import QrCode
from app.views.core.secret_fields import Labelled
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.tasks import WRITE, TaskManager
from app.views.core.theme import px
from app.views.core.values import error_text

DIGITS = 6


class CodesPart(QWidget):
    """Recovery codes, shown this once: to copy, to save, to tick off as kept."""

    def __init__(self, codes: Sequence[str], login: str, kept: Callable[[bool], object]) -> None:
        super().__init__()
        self._codes, self._login = codes, login
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_m"))
        column.addWidget(Label(t("factor.codes_what"), "body", "text2", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_xl"))
        grid.setVerticalSpacing(px("gap_s"))
        half = (len(codes) + 1) // 2
        for number, code in enumerate(codes):
            words = Label(code, "mono")
            words.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            words.setObjectName(f"factor.recovery.{number}")
            grid.addWidget(words, number % half, number // half)
        grid.setColumnStretch(2, 1)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        copy = Button("factor.copy", "copy", clicked=self._copy)
        copy.setObjectName("action.copy_codes")
        save = Button("factor.save", "download", clicked=self._save)
        save.setObjectName("action.save_codes")
        row.addWidget(copy)
        row.addWidget(save)
        row.addStretch(1)
        column.addLayout(row)
        self.kept = CheckBox("factor.codes_kept")
        self.kept.setObjectName("factor.codes_kept")
        self.kept.toggled.connect(lambda on: kept(on))
        column.addWidget(self.kept)

    def _text(self) -> str:
        return "\n".join([t("factor.codes_head", login=self._login), "", *self._codes, ""])

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())

    def _save(self) -> None:
        dialog = QFileDialog(self.window(), t("factor.save"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile("werkbank-codes.txt")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._write)
        dialog.open()

    def _write(self, path: str) -> None:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123  (what the system's dialog gave)
            file.write(self._text())


class EnrolDialog(Dialog):
    """The two steps.  ``done`` is called with whether a second factor is set up now."""

    def __init__(
        self,
        host: QWidget,
        db: Database,
        tasks: TaskManager,
        done: Callable[[bool], object],
        *,
        required: bool = False,
    ) -> None:
        super().__init__(
            host,
            t("factor.set_up_title"),
            t("factor.required_what") if required else t("factor.what"),
            icon="qr-code",
            width=px("text_column") + px("side"),
        )
        self.setObjectName("dialog.enrol")
        self._db, self._tasks, self._report = db, tasks, done
        self._set_up = False
        self._step = QVBoxLayout()
        self.body.addLayout(self._step)
        self._cancel = self.add_button("cancel", "confirm.cancel", shortcut="Esc")
        self._button = self.add_button(
            "next", "factor.check", self._confirm, icon="check", kind="primary", stay=True
        )
        self._button.setEnabled(False)
        self.closed.connect(lambda: self._report(self._set_up))
        self._begin()

    def reject(self) -> None:
        """Escape does not throw recovery codes away that nobody has seen yet."""
        if not self._set_up:
            super().reject()

    def _fit(self) -> None:
        """What was added counts only once it is shown."""
        QTimer.singleShot(0, self, self.place)

    def _begin(self) -> None:
        self._write(second_factor.begin, second_factor.Begin(), self._offer)

    def _write(self, fn: Any, command: Any, then: Callable[[Any], object]) -> None:
        def answered(future: "Future[Any]") -> None:
            error = future.exception()
            if error is None:
                then(future.result().value)
            elif isinstance(error, NotAllowed) and error.key == "confirmation_needed":
                again = ConfirmDialog(
                    self.window(), self._db, self._tasks, lambda: self._write(fn, command, then), self.finish
                )
                again.open()
            elif isinstance(error, AppError):
                self._failed(error)
            else:
                raise error

        self._tasks.run(WRITE, self, lambda: self._db.write(fn, command), answered)

    def _offer(self, offer: Enrolment) -> None:
        clear_layout(self._step)
        holder = QWidget()
        across = QHBoxLayout(holder)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(px("gap_xl"))
        code = QrCode(offer.uri, t("factor.qr"))
        code.setObjectName("factor.qr")
        across.addWidget(code, 0, Qt.AlignmentFlag.AlignTop)
        steps = QVBoxLayout()
        steps.setSpacing(px("gap_l"))
        across.addLayout(steps, 1)
        steps.addWidget(NumberedStep(1, t("factor.step_app"), _words(t("factor.step_app_what"))))
        by_hand = QWidget()
        column = QVBoxLayout(by_hand)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_xs"))
        column.addWidget(_words(t("factor.step_scan_what")))
        secret = Label(
            " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)), "mono", wrap=True
        )
        secret.setObjectName("factor.secret")
        secret.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column.addWidget(secret)
        steps.addWidget(NumberedStep(2, t("factor.step_scan"), by_hand))
        edit = LineEdit(t("factor.code"), t("factor.code_hint"), leading="key-round", max_length=12)
        self.code = Labelled("enrol.code", t("factor.code"), edit)
        self.code.entered.connect(self._confirm)
        steps.addWidget(NumberedStep(3, t("factor.step_code"), self.code))
        steps.addStretch(1)
        self._step.addWidget(holder)
        self._button.setEnabled(True)
        self._fit()
        edit.setFocus()

    def _confirm(self) -> None:
        if self._set_up:
            self.finish()
            return
        typed = self.code.text().replace(" ", "")
        if len(typed) != DIGITS or not typed.isdecimal():
            self.code.show_error(t("factor.six_digits"))
            self.code.field.setFocus()
            self._fit()
            return
        self._button.setEnabled(False)
        self._write(second_factor.confirm, second_factor.Confirm(typed), self._show_codes)

    def _show_codes(self, codes: Sequence[str]) -> None:
        self._set_up = True
        clear_layout(self._step)
        self._cancel.hide()
        self.heading.setText(t("factor.codes"))
        self.text.hide()
        banner = Banner("ok", t("factor.on"), t("factor.on_what"))
        self._step.addWidget(banner)
        self._step.addSpacing(px("gap_m"))
        part = CodesPart(codes, self._db.target.user, self._button.setEnabled)
        self._step.addWidget(part)
        self._button.set_text_key("factor.done")
        self._fit()
        part.kept.setFocus()

    def _failed(self, error: AppError) -> None:
        self._button.setEnabled(True)
        if hasattr(self, "code"):
            self.code.show_error(error_text(error))
            self.code.field.selectAll()
            self.code.field.setFocus()
        else:
            clear_layout(self._step)
            self._step.addWidget(Banner("bad", error_text(error)))
            self._button.setEnabled(False)
        self._fit()


class NewCodesDialog(Dialog):
    """Other recovery codes than before, shown this once."""

    def __init__(self, host: QWidget, codes: Sequence[str], login: str) -> None:
        super().__init__(host, t("factor.codes"), t("factor.codes_replaced"), icon="key-round")
        self.setObjectName("dialog.codes")
        self._button = self.add_button("done", "factor.done", icon="check", kind="primary")
        self._button.setEnabled(False)
        self.body.addWidget(CodesPart(codes, login, self._button.setEnabled))

    def reject(self) -> None:
        """Only once they are kept."""
        if self._button.isEnabled():
            super().reject()


def _words(text: str) -> Label:
    return Label(text, "body", "text2", wrap=True)
