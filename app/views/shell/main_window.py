"""The window: rail, bars and tabs around the workspaces.  It knows the workspaces, never the reverse."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from app.core.drafts import Draft, pack
from app.core.i18n import language, set_language, t
from app.core.profile import Profile
from app.views.core import theme
from app.views.core.cell_editing import commit_open_cell
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.forms import FormPage
from app.views.core.theme import px
from app.views.core.toasts import clear_toasts, show_toast
from app.views.core.workspace import SETTINGS_RAIL, Registry, TabPage, title_in_force
from app.views.shell import closing, entries_of, links, menus
from app.views.shell.command_palette import CommandPalette
from app.views.shell.draft_shelf import DraftShelf
from app.views.shell.help_pages import page_for
from app.views.shell.help_window import HelpWindow
from app.views.shell.home import HomePage
from app.views.shell.logo import app_icon
from app.views.shell.notices import KEPT, NoticeLine, NoticePopover
from app.views.shell.palette_items import remember_recent
from app.views.shell.palette_settings import settings_items
from app.views.shell.rail import RailBar
from app.views.shell.refusing import refuse_record, refuse_workspace
from app.views.shell.session_guard import SessionGuard
from app.views.shell.settings_page import SettingsPage
from app.views.shell.status_bar import StatusBar
from app.views.shell.tabs import PAGE, RECORD, WORKSPACE, Tab, TabArea, tab_from
from app.views.shell.top_bar import TopBar
from app.views.shell.visited import Visited

TABS, LANGUAGE, THEME, PLACE = "shell.tabs", "shell.language", "shell.theme", "shell.place"
HOME, SETTINGS_PAGE = "home", "settings"
SOON_MS = 50
MakeContext = Callable[["MainWindow"], AppContext]


class MainWindow(QMainWindow):
    """One person's window.  ``make_context`` gives the context that has this window as its navigator.

    Signals:
        signed_out: close this window and show the login again.
        closed: the window is gone.
    """

    signed_out = Signal()
    closed = Signal()

    def __init__(self, make_context: MakeContext, server: str) -> None:
        super().__init__()
        self._server = server
        self.setObjectName("main")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(px("detail") * 2, px("text_column"))
        self.notices: list[NoticeLine] = []
        self._fresh = 0
        self._visited = Visited()
        self._badges: dict[str, int] = {}
        self._palette: CommandPalette | None = None
        self._help: HelpWindow | None = None
        self.ctx = make_context(self)
        self.guard = SessionGuard(self)
        self.shelf = DraftShelf(self.ctx)
        self.shelf.resume_wanted.connect(self.open_draft)
        self._build_frame()
        self._bind_keys()
        connection = self.ctx.connection
        connection.lost.connect(self._went_offline)
        connection.restored.connect(self._came_online)
        connection.refused.connect(self._refused)
        self._watches = [watch(self.ctx, self) for watch in self.ctx.registry.watches]
        self.restore_place()

    # -- building -----------------------------------------------------------------------------------------------

    def _build_frame(self) -> None:
        profile = self.ctx.profile
        frame = QWidget()
        frame.setObjectName("frame")
        across = QHBoxLayout(frame)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.rail = RailBar(self.ctx.registry.rails())
        self.rail.chosen.connect(self.open_workspace)
        self.rail.home_wanted.connect(self.open_home)
        self.rail.settings_wanted.connect(self.open_settings)
        across.addWidget(self.rail)
        right = QVBoxLayout()
        right.setSpacing(0)
        across.addLayout(right, 1)
        self.top = TopBar(profile)
        self.area = TabArea(self.ctx, self._build_page)
        self.status = StatusBar(profile, self._server, self.ctx.tasks)
        for part in (self.top, self.guard.notice(), self.area, self.status):
            right.addWidget(part, 1 if part is self.area else 0)
        self._connect_frame()
        self.setCentralWidget(frame)
        for group, count in self._badges.items():
            self.rail.set_badge(group, count)
        self.status.set_online(self.ctx.connection.online)
        self.setWindowTitle(f"Werkbank · {profile.company}" if profile.company else "Werkbank")

    def _connect_frame(self) -> None:
        top, area = self.top, self.area
        top.back_wanted.connect(lambda: self.go(self._visited.back()))
        top.forward_wanted.connect(lambda: self.go(self._visited.forward()))
        top.history_wanted.connect(lambda anchor: menus.history_menu(self, self._visited.recent(), anchor))
        top.palette_wanted.connect(self.open_palette)
        top.notices_wanted.connect(self._show_notices)
        top.help_wanted.connect(self.open_help)
        top.language_wanted.connect(self.switch_language)
        top.theme_wanted.connect(self.switch_theme)
        top.person_wanted.connect(self._person_menu)
        area.close_wanted.connect(self.close_tab)
        area.menu_wanted.connect(partial(menus.tab_menu, self))
        area.new_wanted.connect(self.open_palette)
        area.current_changed.connect(self._front_changed)
        area.changed.connect(self._remember_tabs)
        self.status.server_clicked.connect(self._server_clicked)
        top.bell.set_fresh(self._fresh)

    def _bind_keys(self) -> None:
        keys: list[tuple[str, Callable[[], object]]] = [
            ("Ctrl+K", self.open_palette),
            ("Ctrl+W", self.close_current),
            ("Ctrl+Tab", lambda: self.area.step(1)),
            ("Ctrl+Shift+Tab", lambda: self.area.step(-1)),
            ("Ctrl+PgDown", lambda: self.area.step(1)),
            ("Ctrl+PgUp", lambda: self.area.step(-1)),
            ("Ctrl+Shift+T", self.reopen_tab),
            ("F1", self.open_help),
            ("F5", self._refresh_page),
            ("Ctrl+,", self.open_settings),
        ]
        keys += [(f"Alt+{number}", partial(self._press_rail, number)) for number in range(1, 10)]
        keys += [
            (action.shortcut, partial(action.run, self.ctx))
            for action in self.ctx.registry.actions.values()
            if action.shortcut
        ]
        for sequence, run in keys:
            QShortcut(QKeySequence(sequence), self).activated.connect(run)

    def _press_rail(self, number: int) -> None:
        self.rail.press_number(number)

    def _build_page(self, tab: Tab) -> TabPage | None:
        """The page of a tab; None when this person may not open it (any more)."""
        registry = self.ctx.registry
        if tab.kind == PAGE:
            if tab.name == SETTINGS_PAGE:
                return SettingsPage(self.ctx, self)
            return HomePage(self.ctx, self.shelf, self.show_badge)
        if tab.kind == WORKSPACE:
            workspace = registry.workspaces.get(tab.name)
            return workspace.build(self.ctx, tab.state) if workspace else None
        record = registry.records.get(tab.name)
        if record is None:
            return None
        state = self.shelf.into_state(tab.key, tab.state)
        return record.build(self.ctx, tab.record_id, state)

    def show_badge(self, group: str, count: int) -> None:
        """A number at a group of the rail."""
        self._badges[group] = count
        self.rail.set_badge(group, count)

    # -- navigator ----------------------------------------------------------------------------------------------

    def open_record(self, topic: str, record_id: int, *, new_tab: bool = False) -> None:
        """Show a record; ``new_tab`` opens it behind the page in front."""
        record = self.ctx.registry.records.get(topic)
        if record is None:
            refuse_record(self, topic, create=False)
            return
        title = t(record.title) if record.title else ""
        self.area.open(Tab(RECORD, topic, record_id, title=title, icon=record.icon), front=not new_tab)

    def new_record(self, topic: str, **preset: Any) -> None:
        """Open an empty form."""
        record = self.ctx.registry.records.get(topic)
        if record is None or not self.ctx.registry.may(record.create_right):
            refuse_record(self, topic, create=True)
            return
        state = {"preset": pack(preset), "token": uuid4().hex}
        self.area.open(Tab(RECORD, topic, None, state, t(record.title), record.icon))

    def open_workspace(self, key: str, **state: Any) -> None:
        """Show a workspace; with ``state`` it is applied to it."""
        workspace = self.ctx.registry.workspaces.get(key)
        if workspace is None:
            self.open_home() if key == HOME else refuse_workspace(self, key)
            return
        known = self.area.tab(f"{WORKSPACE}:{key}")
        if known is not None and state:
            self.area.replace_state(known, state)
        self.area.open(known or Tab(WORKSPACE, key, None, dict(state), t(workspace.title), workspace.icon))

    def open_draft(self, draft: Draft) -> None:
        """Open the form a draft waits for."""
        topic = str(draft.payload.get("topic", ""))
        record = self.ctx.registry.records.get(topic)
        if record is not None:
            state = {"token": draft.payload.get("token", "")}
            record_id = draft.payload.get("id")
            self.area.open(Tab(RECORD, topic, record_id, state, title_in_force(draft.payload), record.icon))

    def close_page(self, page: object) -> None:
        """Close the tab of a page without asking."""
        tab = self.area.tab_of(page)
        if tab is not None:
            self.area.remove(tab)

    def toast(
        self, text: str, *, kind: str = "ok", action: tuple[str, Callable[[], object]] | None = None
    ) -> None:
        """Tell something without stopping anybody; the bell keeps it."""
        self.notices = [*self.notices, NoticeLine(text, kind, action)][-KEPT:]
        self._fresh += kind != "ok"
        self.top.bell.set_fresh(self._fresh)
        if not self.guard.locked:
            show_toast(self, text, kind, action)

    def copy_link(self, topic: str, record_id: int) -> None:
        """Put the deep link of a record on the clipboard."""
        QGuiApplication.clipboard().setText(links.link_to(topic, record_id))
        self.toast(t("shell.link_copied"))

    def open_link(self, link: str) -> bool:
        """Open a deep link; whether it was one."""
        target = links.target_of(link)
        if target is not None:
            self.open_record(*target)
        return target is not None

    def sign_out(self) -> None:
        """Close this window and show the login again."""
        closing.ask(self, self.leave)

    # -- pages of the shell -------------------------------------------------------------------------------------

    def open_home(self) -> None:
        """The page of today."""
        self.area.open(Tab(PAGE, HOME, title=t("shell.rail.home"), icon="house"))

    def open_settings(self) -> None:
        """Language, theme, sessions."""
        self.area.open(Tab(PAGE, SETTINGS_PAGE, title=t("shell.rail.settings"), icon="settings"))

    def open_palette(self) -> None:
        """Search and commands."""
        commit_open_cell()
        if self._palette is None:
            self._palette = CommandPalette(self, self.ctx, settings_items(self))
            self._palette.closed.connect(self._palette_closed)
            self._palette.open()

    def open_help(self) -> None:
        """The manual, at the page about what is in front."""
        current = self.area.current
        name = current.name if current else ""
        workspace = self.ctx.registry.workspaces.get(name)
        page = page_for(name, workspace.rail if workspace else self._rail_of(name))
        if self._help is None:
            self._help = HelpWindow(self)
        self._help.open_page(page)

    def _palette_closed(self) -> None:
        self._palette = None

    # -- language, theme ----------------------------------------------------------------------------------------

    def switch_language(self, code: str) -> None:
        """Speak another language; nothing typed is lost."""
        if code != language():
            self.ctx.settings.set(LANGUAGE, code)
            self._rebuild(lambda: set_language(code))

    def switch_theme(self, name: str) -> None:
        """Light or dark."""
        application = QApplication.instance()
        if name != theme.current() and isinstance(application, QApplication):
            self.ctx.settings.set(THEME, name)
            self._rebuild(lambda: theme.apply_theme(application, name))

    def _rebuild(self, change: Callable[[], object]) -> None:
        """Build every page again from its state, in between ``change`` something they all depend on."""
        if self.ctx.tasks.writing:
            # What is being saved must come back to the page that sent it.
            QTimer.singleShot(SOON_MS, self, lambda: self._rebuild(change))
            return
        commit_open_cell()
        entries, active = self.area.snapshot(drafts=True)
        self.area.changed.disconnect(self._remember_tabs)
        self.setUpdatesEnabled(False)
        self.area.dispose()
        clear_toasts(self)  # they speak the language from before; the bell keeps them
        change()
        self._visited.retitle(self.ctx.settings)
        # The window lets go of the old frame itself: taken out with the focus in it, it would become a window of its
        # own, the active one, and keep the keyboard.
        self._build_frame()
        self.area.restore(entries_of.shown(self.ctx.registry, entries), active)
        if not self.area.tabs:
            self.open_home()
        self.setUpdatesEnabled(True)
        if self._help is not None:
            self._help.reload()

    def follow(self, profile: Profile) -> None:
        """The person has other rights now: everything is built again for them, and nothing typed is lost."""
        ctx = self.ctx
        registry = Registry(profile, ctx.registry.packages)
        kept = registry.badges()
        self._badges = {group: count for group, count in self._badges.items() if group in kept}
        self._rebuild(lambda: setattr(self, "ctx", replace(ctx, profile=profile, registry=registry)))

    # -- tabs ---------------------------------------------------------------------------------------------------

    def close_tab(self, key: str) -> None:
        """Close a tab; asks when something is not saved."""
        commit_open_cell()
        tab = self.area.tab(key)
        if tab is None or (tab.page is not None and not tab.page.can_close()):
            return
        if tab.dirty:
            self.area.activate(key)
            closing.ask_tab(self, tab)
        else:
            self.forget_tab(tab)

    def forget_tab(self, tab: Tab) -> None:
        """Close it; `reopen_tab` brings it back."""
        self._visited.closed(tab.as_json(drafts=False))
        self.area.remove(tab)
        if not self.area.tabs:
            self.open_home()

    def close_current(self) -> None:
        """Ctrl+W."""
        if self.area.current is not None:
            self.close_tab(self.area.current.key)

    def reopen_tab(self) -> None:
        """Open the tab closed last."""
        entry = self._visited.reopen()
        if entry is not None:
            self.area.open(tab_from(entry))

    def close_others(self, kept: Tab) -> None:
        """Close every tab but one; each asks when something is not saved."""
        for tab in list(self.area.tabs):
            if tab is not kept:
                self.close_tab(tab.key)

    def _front_changed(self, tab: Tab | None) -> None:
        self.rail.close_flyout()
        if tab is None:
            self.rail.set_active("")
            return
        workspace = self.ctx.registry.workspaces.get(tab.name)
        if tab.kind == PAGE:
            self.rail.set_active(SETTINGS_RAIL.key if tab.name == SETTINGS_PAGE else "home")
        elif workspace is not None:
            self.rail.set_active(workspace.rail)
        else:
            self.rail.set_active(self._rail_of(tab.name))
        self._visited.went(tab.as_json(drafts=False))
        self.top.back.setEnabled(self._visited.can_go_back)
        self.top.forward.setEnabled(self._visited.can_go_forward)

    def _rail_of(self, topic: str) -> str:
        """The group a record belongs to: its own, or that of the workspaces of its capability."""
        record = self.ctx.registry.records.get(topic)
        if record is not None and record.rail:
            return record.rail
        return topic.split(".", maxsplit=1)[0]

    def _remember_tabs(self) -> None:
        entries, active = self.area.snapshot(drafts=False)
        self.ctx.settings.set(TABS, {"tabs": entries, "active": active})
        current = self.area.current
        if current is not None and isinstance(current.page, FormPage) and current.page.ready:
            page = current.page
            if page.record.id is not None:
                remember_recent(self.ctx, page.spec.topic, page.record.id, page.title())
                self._visited.keep_titles(self.ctx.settings, page.titles())

    # -- coming and going ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the tabs of last time; without any, the page of today."""
        self._visited.retitle(self.ctx.settings)
        kept = self.ctx.settings.get(TABS) or {}
        self.shelf.load(lambda: self._restore_tabs(kept))
        self.guard.start()

    def _restore_tabs(self, kept: dict[str, Any]) -> None:
        entries = [entry for entry in kept.get("tabs", []) if entries_of.is_kept(self.shelf, entry)]
        self.area.restore(entries_of.shown(self.ctx.registry, entries), kept.get("active", ""))
        if not self.area.tabs:
            self.open_home()
        waiting = self.shelf.without({tab.key for tab in self.area.tabs})
        if waiting:
            self.toast(
                t("shell.drafts_found", n=len(waiting)),
                kind="info",
                action=("shell.drafts_open", self.shelf.open_all),
            )

    def restore_place(self) -> None:
        """The size of last time, as far as the screen has room for it."""
        place = self.ctx.settings.get(PLACE) or {"width": px("window_w"), "height": px("window_h")}
        room = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(min(place["width"], room.width()), min(place["height"], room.height()))
        if place.get("maximised"):
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about what is not saved; then note place and tabs."""
        commit_open_cell()
        if self.guard.locked:
            closing.keep_all(self)
        if not closing.settled(self):
            event.ignore()
            closing.ask(self, self.close)
            return
        self._remember_tabs()
        size = self.normalGeometry() if self.isMaximized() else self.geometry()
        self.ctx.settings.set(
            PLACE, {"width": size.width(), "height": size.height(), "maximised": self.isMaximized()}
        )
        self.area.changed.disconnect(self._remember_tabs)
        self.area.dispose()
        self.guard.watch.stop()
        if self._help is not None:
            self._help.close()
        super().closeEvent(event)
        self.closed.emit()

    def leave(self) -> None:
        """Show the login again, without asking."""
        self.signed_out.emit()
        self.close()

    def _person_menu(self, key: str) -> None:
        doing = {
            "settings": self.open_settings,
            "lock": self.guard.lock,
            "sign_out": self.sign_out,
            "quit": self.close,
        }
        doing.get(key, lambda: menus.open_own(self, key))()

    # -- the rest -----------------------------------------------------------------------------------------------

    def go(self, entry: dict[str, Any] | None) -> None:
        """Open a place one has been to."""
        if entry is not None:
            self.area.open(tab_from(entry))

    def _show_notices(self, anchor: QWidget) -> None:
        self._fresh = 0
        self.top.bell.set_fresh(0)
        NoticePopover(anchor, self.notices).open()

    def _refresh_page(self) -> None:
        if self.area.current is not None and self.area.current.page is not None:
            self.area.current.page.refresh()

    def _server_clicked(self) -> None:
        if not self.ctx.connection.online:
            self.ctx.connection.try_now()

    def show_live(self, live: bool) -> None:
        """Whether other people's changes arrive at once."""
        self.status.set_feed("ok" if live else "warn")

    def _went_offline(self) -> None:
        self.status.set_online(False)
        self.toast(t("shell.server_lost"), kind="warn")

    def _came_online(self) -> None:
        self.status.set_online(True)
        self.toast(t("shell.server_back"))
        self.ctx.bus.emit_everything()

    def _refused(self, error: BaseException) -> None:
        show_error(self, self.ctx, error, operation="reconnect")
