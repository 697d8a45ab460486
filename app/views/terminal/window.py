"""The window of a device: a sign-on, then the screens device and operator may both use, then nobody again."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.core.errors import SessionEnded
from app.core.i18n import has_text, set_language, t
from app.core.profile import Profile
from app.services.security.devices import Operator, SignOff, sign_off
from app.views.core.context import AppContext
from app.views.core.dialog import Layer
from app.views.core.errors import ask
from app.views.core.operation import WriteOp
from app.views.core.scanner import ScanHub
from app.views.core.tasks import READ
from app.views.core.theme import fill, px
from app.views.core.toasts import Toast, show_toast
from app.views.core.workspace import Registry, TabPage
from app.views.printing.long_press import LongPress
from app.views.printing.queue import KEY as QUEUE
from app.views.production.words import ORDER
from app.views.shell.logo import app_icon
from app.views.shell.session_watch import SessionWatch
from app.views.terminal.jobs import JobPage, JobsPage
from app.views.terminal.parts import TerminalBar, TouchButton, TouchToast
from app.views.terminal.prints import PrintsPage, TerminalPrints
from app.views.terminal.sign_on import SignOnPage
from app.views.warehouse.desk import at_terminal

TICK_MS, LOOK_AGAIN_S, LAST_S = 1000, 30.0, 60
RENEW_BELOW_S = 12 * 3600.0
JOBS = "my_orders"
SCREENS = (
    JOBS,
    "scan_look",
    "scan_arrive",
    "scan_receive",
    "scan_put_away",
    "scan_transfer",
    "scan_pick",
    "scan_pack",
    "scan_count",
    "stock_places",
)
IN_A_ROW = 5
WIDTH, HEIGHT = 1280, 800
_WORK = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.TouchBegin}
)
MakeContext = Callable[[Any], AppContext]


class TerminalWindow(QMainWindow):
    """One device's window; the navigator of what is open in it.

    Signals:
        signed_out: the device itself is to be signed out.
        closed: the window is gone.
    """

    signed_out = Signal()
    closed = Signal()

    def __init__(self, make_context: MakeContext) -> None:
        super().__init__()
        self.setObjectName("terminal")
        self.setWindowIcon(app_icon())
        self.setWindowTitle("Werkbank")
        self.setMinimumSize(WIDTH // 2, HEIGHT // 2)
        self.resize(WIDTH, HEIGHT)
        self.ctx = make_context(self)
        self.device: Profile = self.ctx.profile
        self.operator: Operator | None = None
        self.idle_seconds = 0.0
        self._worked_at = self._looked_at = monotonic()
        self._home: QWidget | None = None
        self._page: TabPage | None = None
        self._buttons: dict[str, TouchButton] = {}
        self._waiting: set[str] = set()
        self.watch = SessionWatch(self.ctx.db, self.ctx.tasks, self)
        gui = self.ctx.tasks.on_gui
        self.ctx.db.on_ended = lambda error: gui(lambda: self._session_over(error))
        connection = self.ctx.connection
        connection.lost.connect(lambda: self.bar.show_online(False))
        connection.restored.connect(lambda: self.bar.show_online(True))
        connection.refused.connect(self._session_over)
        self._build()
        self.prints = TerminalPrints(self.ctx, self)
        self.prints.looked.connect(lambda: self.bar.show_prints(self.prints.light()))
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._timer.start()

    def _build(self) -> None:
        frame = QWidget()
        fill(frame, "window")
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = TerminalBar(self.device.person, self.device.login)
        self.bar.sign_off.connect(self.leave_operator)
        self.bar.device_off.connect(self.sign_out)
        self.bar.prints.connect(self.open_prints)
        column.addWidget(self.bar)
        self.stack = QStackedWidget()
        self.sign_on = SignOnPage(self.ctx)
        self.sign_on.signed_on.connect(self._signed_on)
        self.stack.addWidget(self.sign_on)
        column.addWidget(self.stack, 1)
        self.setCentralWidget(frame)
        self.scanner = ScanHub(
            self,
            lambda: self.ctx,
            page=lambda: self.sign_on if self.operator is None else self._page,
            elsewhere=lambda found: at_terminal(self.ctx, found),
            worked=self.worked,
            locked=lambda: False,
        )
        LongPress(self)

    def start(self) -> None:
        """The window shows: wait for the first badge."""
        self.sign_on.start()

    def showEvent(self, event: QShowEvent) -> None:
        """From now on every touch counts."""
        super().showEvent(event)
        handle = self.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)
            self.watch.watch(handle)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Somebody is there."""
        if event.type() in _WORK and event.spontaneous():
            self.worked()
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nobody stays signed on behind a closed window."""
        self._timer.stop()
        self.watch.stop()
        self.ctx.db.on_ended = None
        super().closeEvent(event)
        self.closed.emit()

    def show_live(self, live: bool) -> None:
        """Terminals look for themselves; there is no feed to speak of."""

    # -- operator -----------------------------------------------------------------------------------------------

    def _signed_on(self, operator: Operator) -> None:
        self.operator = operator
        self.idle_seconds = operator.idle_minutes * 60.0
        self.worked()
        set_language(operator.language)
        self.ctx.tasks.run(READ, self, self.ctx.db.goes_on, self._knows_rights, slot="operator")

    def _knows_rights(self, future: "Future[bool]") -> None:
        operator = self.operator
        if operator is None or future.exception() is not None or not future.result():
            self._nobody()
            return
        profile = self.ctx.db.profile
        registry = Registry(profile, self.ctx.registry.packages)
        self.ctx = replace(self.ctx, profile=profile, registry=registry)
        now = dt.datetime.now().astimezone().strftime("%H:%M")
        self.bar.show_operator(operator.person, now)
        self._build_home()
        self.prints.look()

    def leave_operator(self, *, idle: bool = False) -> None:
        """The operator goes; what was open on the screen goes with him."""
        if self.operator is None:
            return
        self.scanner.write_log()  # while the session still says whose scans these are
        WriteOp(self, self.ctx, sign_off, SignOff(idle)).success(lambda _value: self._renew()).start()
        self._nobody(t("terminal.idle_over") if idle else "")

    def _nobody(self, words: str = "") -> None:
        self.operator = None
        self._waiting = set()
        self.scanner.drop_log()
        for layer in self.findChildren(Layer):
            layer.finish()
        for toast in self.findChildren(Toast):
            toast.close()
        self.stack.setCurrentWidget(self.sign_on)
        home, self._home, self._page = self._home, None, None
        if home is not None:
            self.stack.removeWidget(home)
            home.deleteLater()
        set_language(self.device.language)
        self.bar.show_operator("", "")
        self.prints.look()
        self.sign_on.start(words)

    def worked(self) -> None:
        """Somebody touched something: the idle time begins anew."""
        self._worked_at = monotonic()

    def tick(self) -> None:
        """Once a second: how long has nobody touched anything?"""
        if self.operator is None:
            return
        left = self.idle_seconds - (monotonic() - self._worked_at)
        if left <= 0:
            self.leave_operator(idle=True)
            return
        self.bar.show_seconds_left(int(left) + 1 if left < LAST_S else 0)
        if monotonic() - self._looked_at >= LOOK_AGAIN_S:
            self.look_again()

    def look_again(self) -> None:
        """Does the session still hold (without one there are no rows, and no error either)?  Then read again."""
        self._looked_at = monotonic()

        def known(future: "Future[bool]") -> None:
            if future.exception() is None and future.result() and self.operator is not None:
                self.ctx.bus.emit_everything()

        self.ctx.tasks.run(READ, self, self.ctx.db.goes_on, known, slot="look")

    # -- the device's own session ---------------------------------------------------------------------------------

    def _renew(self) -> None:
        """While nobody works here the device's session is made new, so that none ends under somebody's hands."""
        db = self.ctx.db
        if self.operator is None and db.term.until_end() < RENEW_BELOW_S:
            self.ctx.tasks.run(READ, self, db.open, lambda _future: None, slot="renew")

    def _session_over(self, error: object) -> None:
        """The session is over; a device that still may comes back by itself."""
        if self.operator is not None:
            self._nobody(t("terminal.session_over"))

        def tried(future: "Future[Profile]") -> None:
            if future.exception() is None:
                self.prints.nudge()
            elif isinstance(future.exception(), SessionEnded):
                ask(
                    self,
                    t("terminal.shut_title"),
                    t("terminal.shut_text"),
                    "terminal.shut_yes",
                    self.leave,
                    icon="lock",
                )

        self.ctx.tasks.run(READ, self, self.ctx.db.open, tried, slot="renew")

    # -- screens ------------------------------------------------------------------------------------------------

    def _build_home(self) -> None:
        home = QWidget()
        column = QVBoxLayout(home)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QGridLayout()
        bar.setContentsMargins(px("gap_xl"), px("gap_m"), px("gap_xl"), px("gap_m"))
        bar.setSpacing(px("gap_m"))
        self._buttons = {}
        found = self.ctx.registry.workspaces
        for key in SCREENS:
            if key in found:
                title = found[key].title
                short = title.removesuffix(".title") + ".at_terminal"
                button = TouchButton(
                    t(short if has_text(short) else title),
                    found[key].icon,
                    clicked=partial(self.open_workspace, key),
                )
                button.setObjectName(f"terminal.open.{key}")
                self._buttons[key] = button
        # One row of words, or two rows that line up: every screen stays one touch away.
        across = min(len(self._buttons), IN_A_ROW)
        for number, button in enumerate(self._buttons.values()):
            bar.addWidget(button, number // IN_A_ROW, number % IN_A_ROW)
        if across < IN_A_ROW:
            bar.setColumnStretch(across, 1)
        column.addLayout(bar)
        self._place = QVBoxLayout()
        column.addLayout(self._place, 1)
        self._home = home
        self.stack.addWidget(home)
        self.stack.setCurrentWidget(home)
        if self._buttons:
            self.open_workspace(next(iter(self._buttons)))
        else:
            from app.views.core.surfaces import EmptyState

            self._place.addWidget(EmptyState("lock", t("terminal.nothing"), t("terminal.nothing_text")))

    def _show(self, page: TabPage) -> None:
        old, self._page = self._page, page
        if old is not None:
            self._place.removeWidget(old)
            old.deleteLater()
        self._place.addWidget(page, 1)
        page.take_focus()

    @property
    def page(self) -> TabPage | None:
        """What is in front."""
        return self._page

    # -- navigator ----------------------------------------------------------------------------------------------

    def open_workspace(self, key: str, **state: Any) -> None:
        """Show one of the terminal's screens; what was printed here in place of the office's queue."""
        if key == QUEUE:
            self.open_prints()
            return
        workspace = self.ctx.registry.workspaces.get(key)
        if self._home is None or workspace is None or key not in SCREENS:
            return

        def go() -> None:
            for name, button in self._buttons.items():
                button.set_kind("chosen" if name == key else "secondary")
                button.set_waiting(name != key and f"workspace:{name}" in self._waiting)
            self._show(JobsPage(self.ctx) if key == JOBS else workspace.build(self.ctx, dict(state)))

        self._leave_page(go)

    def open_record(self, topic: str, record_id: int, *, new_tab: bool = False) -> None:
        """Work orders open; whatever else there is, is for the office."""
        if topic == ORDER and self._home is not None:
            self._leave_page(
                lambda: self._show(JobPage(self.ctx, record_id, lambda: self.open_workspace(JOBS)))
            )
        else:
            self.toast(t("terminal.office_only"), kind="info")

    def open_prints(self) -> None:
        """Show what was printed here; who is not signed on is told so."""
        if self._home is None:
            self.sign_on.start(t("terminal.prints.sign_on"))
            return

        def back() -> None:
            self.open_workspace(next(iter(self._buttons), ""))

        def go() -> None:
            for button in self._buttons.values():
                button.set_kind("secondary")
            self._show(PrintsPage(self.ctx, self.prints, back))

        self._leave_page(go)

    def _leave_page(self, go: Callable[[], object]) -> None:
        """What was typed and not posted is asked for first; what was scanned waits."""
        if self._page is not None:
            self._waiting.discard(self._page.identity())
        if self._page is not None and self._page.dirty() and self._page.waits:
            self._waiting.add(self._page.identity())
            go()
        elif self._page is not None and self._page.dirty():
            ask(
                self,
                t("terminal.dirty_title"),
                t("terminal.dirty_text"),
                "terminal.dirty_yes",
                go,
                danger=True,
            )
        else:
            go()

    def new_record(self, topic: str, **preset: Any) -> None:
        """Nothing is made anew here."""
        self.toast(t("terminal.office_only"), kind="info")

    def close_page(self, page: QObject) -> None:
        """Back to the first screen."""
        if page is self._page and self._buttons:
            self.open_workspace(next(iter(self._buttons)))

    def toast(
        self, text: str, *, kind: str = "ok", action: tuple[str, Callable[[], object]] | None = None
    ) -> None:
        """Tell something without stopping anybody."""
        show_toast(self, text, kind, action, TouchToast)

    def copy_link(self, topic: str, record_id: int) -> None:
        """A terminal has nobody to send a link to."""

    def sign_out(self) -> None:
        """Sign out the device itself, after a question."""
        ask(
            self,
            t("terminal.device_off"),
            t("terminal.device_off_text"),
            "terminal.device_off_yes",
            self.leave,
            danger=True,
            icon="power",
        )

    def leave(self) -> None:
        """Close this window and show the login again."""
        self.signed_out.emit()
        self.close()
