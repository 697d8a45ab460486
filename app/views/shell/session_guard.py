"""What the window does about its session: warns, locks, goes on, and follows the rights of the person."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.core.errors import SessionEnded
from app.core.i18n import t
from app.core.profile import Profile
from app.views.core import roles
from app.views.core.buttons import Button
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.tasks import READ, alive
from app.views.core.theme import px
from app.views.shell import closing
from app.views.shell.session_watch import SessionWatch
from app.views.shell.unlock import UnlockSheet

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow

WARNED = "security.password_warned"
WARN_DAYS = (1, 7, 14)
MY_SECURITY = "security.mine"


class SessionGuard(QObject):
    """One per window; ``service`` names the server in the workstation's credential store."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._db, self._tasks = window.ctx.db, window.ctx.tasks
        self.service = ""
        self.sheet: UnlockSheet | None = None
        self._place: QVBoxLayout | None = None
        self._warned = ("", 0)
        self.watch = SessionWatch(self._db, self._tasks, self)
        self.watch.warned.connect(self._warn)
        self.watch.calm.connect(self._calm)
        connection = window.ctx.connection
        connection.ended.connect(self.show_locked)
        gui = self._tasks.on_gui
        self._db.on_ended = lambda error: gui(lambda: connection.report_ended(error))
        self._db.on_profile = lambda profile: gui(lambda: self._follow(profile))

    @property
    def locked(self) -> bool:
        """Whether the window hides behind the sheet."""
        return self.sheet is not None and self._db.ended is not None

    def start(self) -> None:
        """The window shows: watch who works in it."""
        handle = self._window.windowHandle()
        if handle is not None:
            self.watch.watch(handle)
        self._warn_password()

    def notice(self) -> QWidget:
        """Where warnings stand, between the bars; for every new frame another one."""
        holder = QWidget()
        self._place = QVBoxLayout(holder)
        self._place.setContentsMargins(px("margin"), px("gap_s"), px("margin"), 0)
        self._warned = ("", 0)
        holder.hide()
        return holder

    # -- warning ------------------------------------------------------------------------------------------------

    def _warn(self, kind: str, seconds: float) -> None:
        minutes = max(1, round(seconds / 60))
        if self._warned == (kind, minutes) or self._place is None:
            return
        self._warned = (kind, minutes)
        clear_layout(self._place)
        if kind == "idle":
            banner = Banner("warn", t("unlock.idle_soon", n=minutes), t("unlock.idle_soon_what"))
        else:
            renew = Button("unlock.renew_now", "refresh-cw", clicked=self.renew)
            renew.setObjectName("action.renew_session")
            banner = Banner("warn", t("unlock.end_soon", n=minutes), t("unlock.end_soon_what"), (renew,))
        banner.setObjectName("session.warning")
        self._place.addWidget(banner)
        self._show_notice(True)

    def _calm(self) -> None:
        self._warned = ("", 0)
        if self._place is not None:
            clear_layout(self._place)
            self._show_notice(False)

    def _show_notice(self, on: bool) -> None:
        holder = self._place.parentWidget() if self._place is not None else None
        if holder is not None:
            holder.setVisible(on)

    def _warn_password(self) -> None:
        """Two weeks, one week and one day before the password ends, once each."""
        days = self._db.profile.password_days
        step = next((limit for limit in WARN_DAYS if days is not None and days <= limit), None)
        settings = self._window.ctx.settings
        if step is None:
            settings.set(WARNED, None)
        elif settings.get(WARNED) != step:
            settings.set(WARNED, step)
            self._window.toast(
                t("password.ends_soon", n=max(days or 0, 0)),
                kind="warn",
                action=("password.change_now", lambda: self._window.open_workspace(MY_SECURITY)),
            )

    # -- locking ------------------------------------------------------------------------------------------------

    def lock(self) -> None:
        """The person goes away: nothing shows and nothing runs until it is back."""
        self._tasks.run(READ, self, self._db.lock, lambda _future: None, slot="lock")

    def renew(self) -> None:
        """Sign in again before the session ends, in front of the open window."""
        self._open_sheet(None)

    def show_locked(self, error: SessionEnded) -> None:
        """The session is over."""
        self._calm()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        self._open_sheet(error)

    def _open_sheet(self, error: SessionEnded | None) -> None:
        if self.sheet is not None and alive(self.sheet):
            if error is None:
                return
            self.sheet.finish()
        sheet = UnlockSheet(self._window, self._db, self._tasks, self.service, error)
        sheet.unlocked.connect(self._unlocked, Qt.ConnectionType.QueuedConnection)
        sheet.signed_out.connect(self._somebody_else)
        sheet.closed.connect(lambda: self._sheet_gone(sheet))
        self.sheet = sheet
        sheet.open()

    def _sheet_gone(self, sheet: UnlockSheet) -> None:
        if self.sheet is sheet:
            self.sheet = None

    def _unlocked(self, _profile: Profile) -> None:
        self._calm()
        self._window.ctx.connection.unlocked()
        self._window.ctx.bus.emit_everything()

    def _somebody_else(self) -> None:
        closing.keep_all(self._window)
        self._window.leave()

    # -- rights -------------------------------------------------------------------------------------------------

    def _follow(self, profile: Profile) -> None:
        """The person may do other things than before: rail, actions and fields follow, and a toast says so."""
        before = self._window.ctx.profile
        same = replace(
            profile,
            epoch=before.epoch,
            session=before.session,
            assurance=before.assurance,
            second_factor=before.second_factor,
            password_days=before.password_days,
            guided=before.guided,
        )
        if same == before or profile.assurance == "enrol":
            return
        self._window.follow(profile)
        if set(profile.roles) != set(before.roles):
            names = ", ".join(words for _role, words in roles.in_force(profile)) or t("mine.no_role")
            self._window.toast(t("mine.roles_now", roles=names), kind="info")
        elif profile.rights != before.rights:
            self._window.toast(t("mine.rights_changed"), kind="info")
