"""The login: server, person, password.  Loads nothing heavy, so that it shows at once; never blocks."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core import config, credentials
from app.core.config import ServerProfile
from app.core.i18n import language, set_language, t
from app.views.core import theme
from app.views.core.buttons import Button
from app.views.core.checks import CheckBox
from app.views.core.icons import icon
from app.views.core.inputs import ComboBox, LineEdit
from app.views.core.marks import IconLabel, Label
from app.views.core.secret_fields import CodePart
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.tasks import FILE, READ, TaskManager
from app.views.core.theme import px
from app.views.shell import login_flow
from app.views.shell.brand import BrandSide
from app.views.shell.login_corner import corner, foot
from app.views.shell.logo import app_icon
from app.views.shell.signing_in import caps_lock_on, knock, open_session, role_in_words

if TYPE_CHECKING:
    from app.core.db import Database
    from app.core.profile import Profile

CODE_KEYS = ("second_factor_needed", "second_factor_wrong", "too_many_attempts")


class DemoLogin(NamedTuple):
    """A person of the demo company, ready to log in."""

    login: str
    person: str
    role: str
    password: str


class SignedIn(NamedTuple):
    """What the login hands over."""

    db: "Database"
    profile: "Profile"
    server: ServerProfile
    chose_language: bool


class LoginWindow(QWidget):
    """The window.

    Signals:
        signed_in: a session is open (`SignedIn`).
        language_chosen, theme_chosen: what to remember on this workstation.
    """

    signed_in = Signal(object)
    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(
        self,
        tasks: TaskManager,
        profiles: Sequence[ServerProfile],
        people: Sequence[DemoLogin],
        wanted: str = "",
    ) -> None:
        super().__init__()
        self.setObjectName("login")
        self.setWindowIcon(app_icon())
        self.setWindowTitle("Werkbank")
        self._tasks = tasks
        self._profiles = list(profiles)
        self._people = list(people)
        self._wanted = wanted or (self._profiles[0].name if self._profiles else "")
        self._busy = False
        self._chose_language = False
        self._kept: dict[str, str] = {}
        self.setMinimumSize(px("text_column") + px("detail"), px("text_column") + px("step_card_h"))
        self.resize(px("step_card_w") * 5, px("text_column") + px("side"))
        self._build()

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        before = self.layout()
        if before is not None:
            QWidget().setLayout(before)  # the old parts go with the widget that has them now
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.brand = BrandSide()
        across.addWidget(self.brand, 43)
        right = QWidget()
        theme.fill(right, "window")
        across.addWidget(right, 57)
        column = QVBoxLayout(right)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.addLayout(corner(self))
        column.addStretch(1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        form = QWidget()
        form.setFixedWidth(px("toast") + px("margin_l"))
        self._fill_form(form)
        middle.addWidget(form)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addStretch(2)
        self._server_changed()

    def _fill_form(self, form: QWidget) -> None:
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_s"))
        column.addWidget(Label(t("login.title"), "display"))
        column.addWidget(Label(t("login.subtitle"), "body", "text2", wrap=True))
        column.addSpacing(px("gap_l"))
        self._trouble = QVBoxLayout()
        column.addLayout(self._trouble)
        column.addWidget(Label(t("login.server"), "small500", "text2"))
        self.server = ComboBox(
            t("login.server"),
            [(p.name, self._server_words(p)) for p in self._profiles],
            leading="database",
            size="login",
        )
        self.server.setObjectName("login.server")
        self.server.set_value(self._wanted)
        self.server.value_changed.connect(lambda _name: self._server_changed())
        column.addWidget(self.server)
        column.addLayout(self._state_line())
        column.addSpacing(px("gap"))
        column.addWidget(Label(t("login.user"), "small500", "text2"))
        self.person = ComboBox(
            t("login.user"),
            [(p.login, f"{p.person} · {role_in_words(p.role)}") for p in self._people],
            leading="user",
            size="login",
        )
        self.person.setObjectName("login.person")
        self.person.value_changed.connect(lambda _login: self._person_changed())
        if not self._people:
            self.person.hide()
        column.addWidget(self.person)
        self.user = LineEdit(t("login.user"), leading="user", size="login", max_length=63)
        self.user.setObjectName("login.user")
        if self._people:
            self.user.hide()
        self.user.editingFinished.connect(self._recall)
        self.user.textChanged.connect(lambda _text: self.code.hide())  # it is another person's
        self.user.returnPressed.connect(lambda: self.password.setFocus())
        column.addWidget(self.user)
        column.addSpacing(px("gap"))
        self._password_part(column)
        self.button = Button("login.sign_in", "log-in", "primary", size="login", clicked=self.sign_in)
        self.button.setObjectName("login.sign_in")
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column.addSpacing(px("gap"))
        column.addWidget(self.button)
        column.addSpacing(px("gap_xs"))
        column.addLayout(foot(self, demo=bool(self._people)))
        if self._people:
            self.person.set_value(self._kept.get("login") or self._people[0].login)

    def _state_line(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(px("gap_s"))
        self._state_icon = IconLabel("shield-check", px("icon_small"), "ok")
        self._state = Label("", "small500", "ok")
        self._state.setObjectName("login.state")
        self._reply = Label("", "small", "text3")
        self._reply.setObjectName("login.reply")
        row.addWidget(self._state_icon)
        row.addWidget(self._state)
        row.addStretch(1)
        row.addWidget(self._reply)
        return row

    def _password_part(self, column: QVBoxLayout) -> None:
        column.addWidget(Label(t("login.password"), "small500", "text2"))
        self.password = LineEdit(t("login.password"), leading="lock", size="login", max_length=256)
        self.password.setObjectName("login.password")
        self.password.setEchoMode(LineEdit.EchoMode.Password)
        self._eye: QAction = self.password.add_button("eye", "login.reveal", self._reveal)
        self.password.returnPressed.connect(self.sign_in)
        self.password.textEdited.connect(lambda _text: self._forget_error())
        self.password.installEventFilter(self)
        column.addWidget(self.password)
        hint = QHBoxLayout()
        hint.setSpacing(px("gap_s"))
        self._hint_icon = IconLabel("triangle-alert", px("icon_small"), "warn")
        self._hint = Label("", "small500", "warn", wrap=True)
        self._hint.setObjectName("login.hint")
        hint.addWidget(self._hint_icon, 0, Qt.AlignmentFlag.AlignTop)
        hint.addWidget(self._hint, 1)
        column.addLayout(hint)
        self._hint_icon.hide()
        self._hint.hide()
        self.remember = CheckBox("login.remember")
        self.remember.setObjectName("login.remember")
        if self._people:
            self.remember.hide()
        column.addWidget(self.remember)
        self.code = CodePart("login", trust=True, size="login")
        self.code.entered.connect(self.sign_in)
        column.addWidget(self.code)
        self.code.hide()

    @staticmethod
    def _server_words(profile: ServerProfile) -> str:
        local = config.is_loopback(profile.host)
        return profile.name if local else f"{profile.host} · {profile.name}"

    # -- what changes -------------------------------------------------------------------------------------------

    @property
    def profile(self) -> ServerProfile | None:
        """The server chosen."""
        return next((p for p in self._profiles if p.name == self.server.value()), None)

    def switch_language(self, code: str) -> None:
        """Show the login in another language; what is typed stays."""
        if code != language():
            self._chose_language = True
            self.language_chosen.emit(code)
            self._rebuild(lambda: set_language(code))

    def switch_theme(self, name: str) -> None:
        """Light or dark."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            self.theme_chosen.emit(name)
            self._rebuild(lambda: theme.apply_theme(application, name))

    def _rebuild(self, change: Callable[[], object]) -> None:
        typed, user, wanted = self.password.text(), self.user.text(), self.server.value()
        remember = self.remember.isChecked()
        self._kept["login"] = self.person.value() or ""
        self._wanted = wanted or self._wanted
        change()
        self._build()
        self.user.setText(user)
        self.password.setText(typed)
        self.remember.setChecked(remember)
        self._focus_first()

    def _server_changed(self) -> None:
        profile = self.profile
        self.brand.place = profile.name if profile is not None else t("login.no_server")
        self.brand.update()
        self._reply.setText("")
        for name in ("login.forgotten", "login.register"):
            if (part := self.findChild(Button, name)) is not None:
                part.setEnabled(profile is not None)
        if profile is None:
            self._state_icon.set_icon("info", "text3")
            self._state.set_color("text3")
            self._state.setText(t("login.no_server_what"))
            self.button.setEnabled(False)
            return
        self.button.setEnabled(True)
        local = config.is_loopback(profile.host)
        self._state_icon.set_icon("server" if local else "shield-check", "text2" if local else "ok")
        self._state.set_color("text2" if local else "ok")
        self._state.setText(t("login.local") if local else t("login.encrypted"))
        if not self._people:
            self.user.setText(profile.login or self.user.text())
            self._recall()
        else:
            self._person_changed()
        self._probe(profile)

    def _probe(self, profile: ServerProfile) -> None:
        """How quickly the server answers; a first word on whether it is there at all."""
        op = self._tasks.run(
            READ, self, lambda: knock(profile.host, profile.port), self._knocked, slot="probe"
        )
        del op

    def _knocked(self, future: "Future[float]") -> None:
        if future.exception() is None:
            self._reply.setText(t("login.answers", ms=max(1, round(future.result() * 1000))))
            self._reply.set_color("text3")
        else:
            self._reply.setText(t("login.no_answer"))
            self._reply.set_color("bad")

    def _person_changed(self) -> None:
        person = next((p for p in self._people if p.login == self.person.value()), None)
        if person is not None:
            self.user.setText(person.login)
            self.password.setText(person.password)

    def _recall(self) -> None:
        """Fill in the remembered password, once the credential store answers."""
        profile, login = self.profile, self.user.text().strip()
        if profile is None or not login or self.password.text():
            return

        def done(future: "Future[str | None]") -> None:
            known = future.result() if future.exception() is None else None
            if known and not self.password.text() and self.user.text().strip() == login:
                self.password.setText(known)
                self.remember.setChecked(True)

        self._tasks.run(FILE, self, lambda: credentials.recall(profile.service, login), done, slot="recall")

    def _reveal(self) -> None:
        hidden = self.password.echoMode() == LineEdit.EchoMode.Password
        self.password.setEchoMode(LineEdit.EchoMode.Normal if hidden else LineEdit.EchoMode.Password)
        self._eye.setIcon(icon("eye-off" if hidden else "eye"))
        self._eye.setToolTip(t("login.hide" if hidden else "login.reveal"))

    # -- signing in ---------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Try to log in, in the background."""
        profile, login, password = self.profile, self.user.text().strip(), self.password.text()
        if self._busy or profile is None:
            return
        if not login or not password:
            (self.user if not login else self.password).setFocus()
            self._show_password_error(t("login.incomplete"))
            return
        code, trust = self.code.code(), self.code.trust.isChecked()
        if self.code.isVisible() and not code:
            self.code.focus()
            return
        self._set_busy(True)
        clear_layout(self._trouble)
        self._show_password_error("")
        self._tasks.run(
            READ,
            self,
            lambda: open_session(profile, login, password, code, trust=trust),
            lambda future: self._opened(future, profile),
            slot="open",
        )

    def _opened(self, future: "Future[tuple[Any, Any]]", profile: ServerProfile) -> None:
        self._set_busy(False)
        error = future.exception()
        if error is not None:
            self._failed(error, profile)
            return
        self.enter(future.result(), profile)

    def enter(self, opened: "tuple[Any, Any]", profile: ServerProfile) -> None:
        """A session is open; before the window a second factor may have to be set up."""
        db, person = opened
        if person.assurance == "enrol":
            login_flow.enrol(self, self._tasks, db, profile)
            return
        self._note_success(profile)
        self.signed_in.emit(SignedIn(db, person, profile, self._chose_language))

    def forgotten(self) -> None:
        """Get a code by mail and choose another password."""
        if self.profile is not None:
            login_flow.forgotten(self, self._tasks, self.profile)

    def register(self) -> None:
        """Ask for a login."""
        if self.profile is not None:
            login_flow.register(self, self._tasks, self.profile)

    def _note_success(self, profile: ServerProfile) -> None:
        login, password, keep = self.user.text().strip(), self.password.text(), self.remember.isChecked()
        demo = bool(self._people)

        def work() -> None:
            config.use_profile(profile.name, login)
            if demo:
                return
            if keep:
                credentials.remember(profile.service, login, password)
            else:
                credentials.forget(profile.service, login)

        self._tasks.run(FILE, self._tasks, work, lambda _future: None)

    def _failed(self, error: BaseException, profile: ServerProfile) -> None:
        from app.core.errors import AppError, Unavailable
        from app.views.core.values import error_text

        if isinstance(error, AppError) and error.key in CODE_KEYS:
            self.code.offer_trust(int(error.params.get("days", 0)))
            self.code.show()
            self.code.line.show_error("" if error.key == "second_factor_needed" else error_text(error))
            self.code.focus()
            return
        if isinstance(error, AppError) and error.key == "password_must_change":
            login_flow.must_change(self, self._tasks, profile)
            return
        if isinstance(error, AppError) and error.key in ("login_failed", "login_unknown", "account_locked"):
            self._show_password_error(error_text(error))
            self.password.selectAll()
            self.password.setFocus()
            return
        if isinstance(error, Unavailable):
            bold = t("login.unreachable", server=self._server_words(profile))
            plain = error_text(error) if error.key != "server_gone" else t("login.unreachable_what")
        elif isinstance(error, AppError):
            bold, plain = t("login.refused"), error_text(error)
        else:
            bold, plain = t("errors.bug_title"), f"{type(error).__name__}: {error}"
        clear_layout(self._trouble)
        banner = Banner("bad", f"{bold} {plain}")
        banner.setObjectName("login.trouble")
        self._trouble.addWidget(banner)
        self._trouble.addSpacing(px("gap"))

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.button.set_blocked(t("login.busy") if busy else None)
        for part in (self.server, self.person, self.user, self.password, self.code):
            part.setEnabled(not busy)

    def _show_password_error(self, text: str, *, warn: bool = False) -> None:
        self.password.set_invalid(bool(text) and not warn)
        colour = "warn" if warn else "bad"
        self._hint.setText(text)
        self._hint.set_color(colour)
        self._hint_icon.set_icon("triangle-alert" if warn else "circle-alert", colour)
        self._hint.setVisible(bool(text))
        self._hint_icon.setVisible(bool(text))

    def add_server(self) -> None:
        """Describe another server."""
        from app.views.shell.server_dialog import ServerDialog

        dialog = ServerDialog(self)
        dialog.added.connect(self._server_added)
        dialog.open()

    def _server_added(self, profile: ServerProfile) -> None:
        self._profiles = [profile, *(p for p in self._profiles if p.name != profile.name)]
        self._tasks.run(FILE, self._tasks, lambda: config.save_profile(profile), lambda _future: None)
        self._wanted = profile.name
        self._people = []
        self._build()
        self._focus_first()

    # -- events -------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Show it with the cursor where something is missing."""
        self.show()
        self._focus_first()

    def _focus_first(self) -> None:
        if not self._people and not self.user.text():
            self.user.setFocus()
        elif not self.password.text():
            self.password.setFocus()
        else:
            self.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter signs in from anywhere."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.sign_in()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Typing tells whether caps lock is on."""
        if watched is self.password and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_CapsLock:
                QTimer.singleShot(0, self, lambda: self._caps(caps_lock_on()))
            elif event.text().isalpha():
                shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._caps(event.text().isupper() != shift)
        return False

    def _forget_error(self) -> None:
        """Typing answers an error; the hint about caps lock goes with the key."""
        if self._hint.text() != t("login.caps_lock"):
            self._show_password_error("")

    def _caps(self, on: bool | None) -> None:
        if on:
            self._show_password_error(t("login.caps_lock"), warn=True)
        elif self._hint.text() == t("login.caps_lock"):
            self._show_password_error("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow window needs no picture."""
        super().resizeEvent(event)
        self.brand.setVisible(event.size().width() >= px("text_column") + px("detail"))
