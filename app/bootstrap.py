"""The only place that puts the program together: application, login, session, window, and back.

Start: application and theme -> login window -> (in the background: database and screens are imported) -> session
opens -> context -> main window -> change feed.  The other way round at the end.
"""

import gc
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules, walk_packages
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app import __version__
from app.core import config, paths
from app.core.i18n import LANGUAGES, set_language
from app.core.log import setup_logging
from app.views.core import theme
from app.views.core.settings_store import SettingsStore
from app.views.core.tasks import FILE, TaskManager
from app.views.core.tokens import THEMES
from app.views.shell.login import DemoLogin, LoginWindow, SignedIn

if TYPE_CHECKING:
    from app.core.changes import Changes
    from app.core.db import Database
    from app.sync.change_feed import ChangeFeed
    from app.sync.inbox import Fetched
    from app.sync.legacy import LegacyStatus, LegacySync
    from app.sync.mail import MailOutcome
    from app.sync.printing import Outcome, PrintWorker
    from app.sync.queue import QueueWorker
    from app.views.core.changes_bus import ChangesBus
    from app.views.core.images import ImageProvider
    from app.views.shell.main_window import MainWindow
    from app.views.terminal.window import TerminalWindow

log = logging.getLogger("werkbank")
_importing = threading.Lock()
LANGUAGE, THEME = "shell.language", "shell.theme"
DEVICES = "t_"
NO_LEGACY = "WERKBANK_NO_SYNC"
"""Set at a computer that is not to read the old system: whatever is there reaches it through the database."""
NO_PRINTING = "WERKBANK_NO_PRINTING"
NO_MAIL = "WERKBANK_NO_MAIL"
"""Set at a computer that is not to send print jobs: another one of the person's, or `werkbank print`, does."""
Prefill = Sequence[tuple[str, str, str, str]]


IMPORT_MS = 10
"""Between two packages of screens: what the person types at the login goes in between."""
SWEEP_MS = 10 * 60_000
TIDY_MS = 100
"""While the sync makes records by the thousand, the young garbage of half a second takes 30 ms to look through."""
SWITCH_S = 0.0005
"""A thread that works (the sync takes over half a million records) lets the window in so soon; Python's own is 5 ms,
and that at every single turn."""


class Program(QObject):
    """The running program: one login window, or one main window.

    Signals:
        ready: the main window shows and its tabs are restored.
        ended: the last window is gone.
    """

    ready = Signal()
    ended = Signal()

    def __init__(self, profile_name: str | None = None, prefill: Prefill | None = None) -> None:
        super().__init__()
        self._wanted = profile_name or ""
        self._people = [DemoLogin(*person) for person in prefill or ()]
        self.tasks = TaskManager()
        self.workstation = SettingsStore(paths.layouts() / "workstation.json", self._write_file)
        self.login: LoginWindow | None = None
        self.window: MainWindow | TerminalWindow | None = None
        self._feed: ChangeFeed | None = None
        self._legacy: LegacySync | None = None
        self._printing: PrintWorker | None = None
        self._mail: list[QueueWorker] = []
        self._signing_out = False
        self._sweep = QTimer(self)
        self._sweep.setInterval(SWEEP_MS)
        self._sweep.timeout.connect(lambda: gc.collect())
        self._tidy = QTimer(self)
        self._tidy.setInterval(TIDY_MS)
        self._tidy.timeout.connect(lambda: gc.collect(1))
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._application = application
        set_language(_one_of(self.workstation.get(LANGUAGE), LANGUAGES, "de"))
        theme.apply_theme(application, _one_of(self.workstation.get(THEME), THEMES, "light"))

    def _write_file(self, work: Any) -> object:
        return self.tasks.run(FILE, self.tasks, work, _nothing)

    # -- login --------------------------------------------------------------------------------------------------

    def show_login(self) -> None:
        """Show the login; what comes after it is imported while the person types."""
        try:
            profiles = config.load_profiles()
        except config.ProfileError:
            log.exception("server profiles unreadable")
            profiles = ()
        login = LoginWindow(self.tasks, profiles, self._people, self._wanted)
        login.language_chosen.connect(lambda code: self.workstation.set(LANGUAGE, code))
        login.theme_chosen.connect(lambda name: self.workstation.set(THEME, name))
        login.signed_in.connect(self.open_window)
        self.login = login
        login.open()
        # Much is made from here on that stays. A full collection would walk all of it, 100 ms and more whenever it
        # likes, and one in another thread would end closed pages there, which Qt forbids. So garbage is looked for
        # here only: the young often, the old now and then.
        gc.disable()
        self._sweep.start()
        self._tidy.start()
        self._screens = _screens()
        QTimer.singleShot(
            0, self, lambda: self.tasks.run(FILE, self, _import_below, lambda _: self._import_next())
        )

    def _import_next(self) -> None:
        """One module of the kit or package of screens in each turn, in this thread: Qt looks up the classes of what it
        shows without asking Python's lock, so that none may be made in another one meanwhile.
        """
        if self.window is None and next(self._screens, ""):
            QTimer.singleShot(IMPORT_MS, self, self._import_next)

    # -- session ------------------------------------------------------------------------------------------------

    def open_window(self, entry: SignedIn) -> None:
        """A session is open: build everything that needs it, show the window."""
        with _importing:  # two threads that import the same at once may see half of it
            pass
        from app.core.drafts import DraftJournal
        from app.sync.change_feed import ChangeFeed
        from app.views.core.changes_bus import ChangesBus
        from app.views.core.connection import Connection
        from app.views.core.context import AppContext
        from app.views.core.workspace import Registry, capability_packages
        from app.views.shell.main_window import MainWindow
        from app.views.terminal.window import TerminalWindow

        db, profile, server = entry.db, entry.profile, entry.server
        name = re.sub(r"[^\w.-]+", "_", f"{server.host}-{server.port}-{server.dbname}-{profile.login}")
        settings = SettingsStore(paths.layouts() / f"{name}.json", self._write_file)
        self._choose_language(settings, profile.language, chosen=entry.chose_language)
        drafts = DraftJournal(paths.ensure_private(paths.drafts()) / f"{name}.sqlite")
        bus = ChangesBus(self)
        connection = Connection(self.tasks, db.resume, self)
        registry = Registry(profile, capability_packages())

        def context(window: Any) -> AppContext:
            return AppContext(
                db,
                profile,
                self.tasks,
                bus,
                settings,
                drafts,
                window,
                connection,
                registry,
                _images(self.tasks, db),
            )

        window: MainWindow | TerminalWindow
        if profile.login.startswith(DEVICES):
            window = TerminalWindow(context)
        else:
            window = MainWindow(context, server.name)
            window.guard.service = server.service
        window.signed_out.connect(self._note_sign_out)
        window.closed.connect(self._window_closed)
        self.window = window
        if self.login is not None:
            self.login.hide()
            self.login.deleteLater()
            self.login = None
        window.show()
        self._attend(window)
        window.start()
        if isinstance(window, MainWindow):  # a terminal has no right to the trail, and looks by itself
            self._feed = ChangeFeed(db, *self._feed_callbacks(bus, window))
            self._feed.start()
            self._start_legacy(db, window)
        self._start_printing(db, window)
        self._start_mail(db, window)
        gc.collect()
        gc.freeze()  # what stands now stays
        sys.setswitchinterval(SWITCH_S)
        QTimer.singleShot(0, self, self.ready.emit)

    def _attend(self, window: "MainWindow | TerminalWindow") -> None:
        """From here on the window goes first."""
        from app.views.core.attention import Attention

        attention = Attention(window)
        window.closed.connect(attention.end)

    def _feed_callbacks(self, bus: "ChangesBus", window: "MainWindow") -> tuple[Any, Any, Any]:
        """The feed speaks from its own thread; everything it says is said again in the GUI thread, as long as the
        window is the one that is open: what was said in between may arrive after it has gone."""

        def gui(say: Callable[[], object]) -> None:
            def speak() -> None:
                if self.window is window:
                    say()

            self.tasks.on_gui(speak)

        def changes(found: "Changes") -> None:
            gui(lambda: bus.emit_foreign(found))

        def state(live: bool) -> None:
            gui(lambda: window.show_live(live))

        def missed() -> None:
            gui(bus.emit_everything)

        return changes, state, missed

    def _start_legacy(self, db: "Database", window: "MainWindow") -> None:
        """The old system is read from here, or from wherever it is read already; who may neither sees nothing."""
        from app.sync.legacy import STATE_RIGHT, LegacySync

        if not db.profile.can(STATE_RIGHT) or os.environ.get(NO_LEGACY):
            return
        gui = self.tasks.on_gui

        def told(status: "LegacyStatus") -> None:
            gui(lambda: window.status.show_legacy(status) if self.window is window else None)

        self._legacy = LegacySync(db, told)
        self._legacy.start()

    def _start_printing(self, db: "Database", window: "MainWindow | TerminalWindow") -> None:
        """Send what this person prints, and what others print on this work place's printers."""
        from app.sync.printing import RIGHT, PrintWorker
        from app.views.core.spooler import offers, register
        from app.views.printing.watch import PrintWatch

        if not db.profile.can(RIGHT) or os.environ.get(NO_PRINTING):
            return
        register()
        watch = window.findChild(PrintWatch) or PrintWatch(window.ctx, window)
        gui = self.tasks.on_gui

        def told(outcome: "Outcome") -> None:
            gui(lambda: watch.told(outcome) if self.window is window else None)

        def empty() -> None:
            gui(lambda: watch.empty() if self.window is window else None)

        self._printing = PrintWorker(db, told, on_empty=empty, offers=offers)
        watch.nudge = self._printing.nudge
        self._printing.start()

    def _start_mail(self, db: "Database", window: "MainWindow | TerminalWindow") -> None:
        """Send what this person mails, and read the folder of invoices where that is this person's business."""
        from app.sync import inbox, mail
        from app.views.mail.watch import MailWatch

        if not db.profile.can(mail.RIGHT) or os.environ.get(NO_MAIL):
            return
        watch = window.findChild(MailWatch) or MailWatch(window.ctx, window)
        gui = self.tasks.on_gui

        def told(outcome: "MailOutcome") -> None:
            gui(lambda: watch.told(outcome) if self.window is window else None)

        def fetched(found: "Fetched") -> None:
            gui(lambda: watch.fetched(found) if self.window is window else None)

        worker = mail.MailWorker(db, told)
        watch.nudge, watch.accounts_changed = worker.nudge, worker.accounts_changed
        self._mail.append(worker)
        if db.profile.can(inbox.RIGHT):
            self._mail.append(inbox.FolderReader(db, fetched))
        for one in self._mail:
            one.start()

    def _choose_language(self, settings: SettingsStore, personal: str, *, chosen: bool) -> None:
        """The language chosen at the login counts; else the one used last; else the person's own."""
        if chosen:
            settings.set(LANGUAGE, self.workstation.get(LANGUAGE))
        else:
            set_language(_one_of(settings.get(LANGUAGE, personal), LANGUAGES, "de"))
        look = settings.get(THEME)
        if look in THEMES and look != theme.current():
            theme.apply_theme(self._application, look)

    def _note_sign_out(self) -> None:
        self._signing_out = True

    def _window_closed(self) -> None:
        window, self.window = self.window, None
        if window is None:
            return
        feed, self._feed = self._feed, None
        legacy, self._legacy = self._legacy, None
        printing, self._printing = self._printing, None
        mail, self._mail = self._mail, []
        window.ctx.settings.flush()
        ctx = window.ctx
        window.deleteLater()

        def leave() -> None:
            if printing is not None:
                printing.stop()
            for worker in mail:
                worker.stop()
            if legacy is not None:
                legacy.stop()
            if feed is not None:
                feed.stop()
            ctx.drafts.close()
            ctx.db.close()

        if self._signing_out:
            self._signing_out = False
            self.tasks.run(FILE, self.tasks, leave, _nothing, label="")
            self.show_login()
            return
        self.tasks.shutdown()
        leave()
        self.ended.emit()

    def end(self) -> None:
        """Close what is open; for a login window that was closed."""
        self._sweep.stop()
        self._tidy.stop()
        gc.enable()
        self.workstation.flush()
        self.tasks.shutdown()


def run_gui(profile_name: str | None = None, prefill: Prefill | None = None) -> int:
    """Run the program until its last window closes; returns the exit code.

    ``profile_name`` is the server offered first, ``prefill`` are demo people (login, person, role, password).
    """
    setup_logging("client")
    application = make_application()
    program = Program(profile_name, prefill)
    install_hooks(program)
    program.ended.connect(application.quit)
    program.show_login()
    code = application.exec()
    program.end()
    return int(code)


def make_application() -> QApplication:
    """The application object; the one that exists already when there is one."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QCoreApplication.setApplicationName("Werkbank")
    QCoreApplication.setApplicationVersion(__version__)
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication(sys.argv[:1])
    application.setDesktopFileName("werkbank")
    return application


def install_hooks(program: Program) -> None:
    """What nobody caught is logged and shown once; Qt's own messages go to the log."""

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("uncaught", exc_info=(kind, error, trace))
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
            return
        window = program.window

        def show() -> None:
            from app.views.core.errors import show_error

            show_error(window, window.ctx if window is not None else None, error, operation="uncaught")

        program.tasks.on_gui(show)

    def uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            uncaught(found.exc_type, found.exc_value, found.exc_traceback)

    def from_qt(kind: QtMsgType, _context: object, message: str) -> None:
        level = {
            QtMsgType.QtDebugMsg: logging.DEBUG,
            QtMsgType.QtInfoMsg: logging.INFO,
            QtMsgType.QtWarningMsg: logging.WARNING,
        }.get(kind, logging.ERROR)
        logging.getLogger("werkbank.qt").log(level, message)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    qInstallMessageHandler(from_qt)


def _import_below() -> None:
    """Import what the screens stand on, in a thread of its own: by far the most, and no classes of Qt's among it."""
    import app.core
    import app.services
    import app.sync

    with _importing:
        for package in (app.core, app.services, app.sync):
            for found in walk_packages(package.__path__, f"{package.__name__}."):
                import_module(found.name)


def _screens() -> Iterator[str]:
    """Import the kit and the frame module by module, then the packages of screens; gives their names.

    The first packages show what the others make, and would import nearly all of them in one turn.
    """
    import app.views.core
    import app.views.shell

    for package in (app.views.core, app.views.shell):
        for found in iter_modules(package.__path__, f"{package.__name__}."):
            yield import_module(found.name).__name__
    for name in reversed(import_module("app.views.core.workspace").CAPABILITIES):
        yield import_module(f"app.views.{name}").__name__


def _images(tasks: TaskManager, db: "Database") -> "ImageProvider":
    """The source of product pictures, kept on disk between starts."""
    from app.core.picture_cache import PictureCache
    from app.services.images import reads
    from app.services.images.fetch import PictureFetcher
    from app.views.core.images import ImageProvider

    cache = PictureCache(paths.ensure_private(paths.cache() / "images"))
    fetch = PictureFetcher(lambda: db.read(reads.source))
    return ImageProvider(tasks, db, cache, thumbnails=reads.thumbnails, full=reads.full, fetch=fetch)


def _one_of(value: Any, allowed: Sequence[str], otherwise: str) -> str:
    return value if value in allowed else otherwise


def _nothing(_future: object) -> None:
    """Nobody waits for this answer."""
