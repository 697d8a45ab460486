"""The tabs with their pages: opened once each, built when first looked at, described well enough to be built again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from app.core.i18n import t
from app.views.core.cell_editing import commit_open_cell
from app.views.core.context import AppContext
from app.views.core.forms import FormPage
from app.views.core.timing import Debounce
from app.views.core.workspace import TabPage
from app.views.shell.tab_bar import TabInfo, TabStrip

WORKSPACE, RECORD, PAGE = "workspace", "record", "page"


@dataclass
class Tab:
    """A tab: ``kind`` and ``name`` say what builds its page (a workspace's key, a record's topic, a shell page)."""

    kind: str
    name: str
    record_id: int | None = None
    state: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    icon: str = "file"
    page: TabPage | None = None
    titles: dict[str, str] = field(default_factory=dict)  # by language, once they are known

    @property
    def key(self) -> str:
        """What makes it the same tab."""
        if self.kind != RECORD:
            return f"{self.kind}:{self.name}"
        if self.page is not None:
            return self.page.identity()
        return f"{self.name}:{self.record_id if self.record_id is not None else 'new:' + self.state.get('token', '')}"

    @property
    def dirty(self) -> bool:
        """Whether something typed is not saved."""
        return self.page.dirty() if self.page is not None else "draft" in self.state

    def current_state(self) -> dict[str, Any]:
        """State of the page, or the one it will be built from."""
        return self.page.state() if self.page is not None else self.state

    def as_json(self, *, drafts: bool) -> dict[str, Any]:
        """Enough to open it again; without drafts nothing of what was typed."""
        if not drafts and isinstance(self.page, FormPage):
            state = self.page.state_untyped()
        else:
            state = dict(self.current_state())
        if not drafts:
            state.pop("draft", None)
        if self.page is not None and isinstance(self.page, FormPage):
            self.record_id = self.page.record.id
        return {
            "kind": self.kind,
            "name": self.name,
            "id": self.record_id,
            "state": state,
            "title": self.title,
            "titles": self.titles,
            "icon": self.icon,
        }


def tab_from(entry: dict[str, Any]) -> Tab:
    """The opposite of `Tab.as_json`."""
    return Tab(
        entry["kind"],
        entry["name"],
        entry["id"],
        dict(entry["state"]),
        entry["title"],
        entry.get("icon", "file"),
        titles=dict(entry.get("titles") or {}),
    )


Builder = Callable[[Tab], TabPage | None]


class TabArea(QWidget):
    """The strip and the pages.

    Signals:
        current_changed: another tab is in front (None when there is none).
        changed: tabs came, went, moved, or their words or marks changed.
        close_wanted: key of a tab whose cross was clicked.
        menu_wanted: key of a tab and a place on the screen.
        new_wanted: the plus.
    """

    current_changed = Signal(object)
    changed = Signal()
    close_wanted = Signal(str)
    menu_wanted = Signal(str, QPoint)
    new_wanted = Signal()

    def __init__(self, ctx: AppContext, build: Builder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self._build = build
        self.tabs: list[Tab] = []
        self.current: Tab | None = None
        self._leaving: list[TabPage] = []  # still to be seen until the page in their place is
        self._turn = Debounce(self, "next_turn", self._show_current)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.strip = TabStrip()
        self.strip.chosen.connect(self.activate)
        self.strip.close_wanted.connect(self.close_wanted)
        self.strip.menu_wanted.connect(self.menu_wanted)
        self.strip.new_wanted.connect(self.new_wanted)
        self.strip.moved.connect(self._reorder)
        self.stack = QStackedWidget()
        column.addWidget(self.strip)
        column.addWidget(self.stack, 1)

    def tab(self, key: str) -> Tab | None:
        """The tab of a key."""
        return next((tab for tab in self.tabs if tab.key == key), None)

    def tab_of(self, page: object) -> Tab | None:
        """The tab of a page."""
        return next((tab for tab in self.tabs if tab.page is page), None)

    def open(self, tab: Tab, *, front: bool = True) -> Tab:
        """Open a tab, or show the one that is already open."""
        known = self.tab(tab.key)
        if known is None:
            at = self.tabs.index(self.current) + 1 if self.current in self.tabs else len(self.tabs)
            self.tabs.insert(at, tab)
            known = tab
        if front or self.current is None:
            self.activate(known.key)
        self.show_tabs()
        return known

    def activate(self, key: str) -> None:
        """Bring a tab to the front; its page is built when it has none yet, and then seen in the next turn of the event
        loop: a large page built, styled and painted at once would hold the window twice as long.
        """
        commit_open_cell()
        tab = self.tab(key)
        if tab is None:
            return
        if tab.page is None:
            try:
                page = self._build(tab)
            except BaseException:
                # A page that cannot be built must not stay as a tab that fails at every click.
                self._give_up(tab)
                raise
            if page is None:
                self._give_up(tab)
                return
            tab.page, tab.state = page, {}
            page.changed.connect(lambda: self._page_changed(tab))
        self.current = tab
        if self.stack.indexOf(tab.page) < 0:
            self._turn.later()
        else:
            self._show_current()
        self.show_tabs()
        self.current_changed.emit(tab)

    def _give_up(self, tab: Tab) -> None:
        self.tabs.remove(tab)
        self._show_current()
        self.show_tabs()

    def _show_current(self) -> None:
        self._turn.stop()
        page = self.current.page if self.current is not None else None
        if page is not None:
            if self.stack.indexOf(page) < 0:
                self.stack.addWidget(page)
            self.stack.setCurrentWidget(page)
            page.take_focus()
        leaving, self._leaving = self._leaving, []
        for old in leaving:
            self._end(old)

    def remove(self, tab: Tab) -> None:
        """Take a tab away without asking; the neighbour comes to the front."""
        at = self.tabs.index(tab)
        self.tabs.remove(tab)
        if tab.page is not None:
            self._dispose(tab.page, hide=tab is not self.current)
            tab.page = None
        if self.current is tab:
            self.current = None
            if self.tabs:
                self.activate(self.tabs[min(at, len(self.tabs) - 1)].key)
            else:
                self._show_current()
                self.current_changed.emit(None)
        self.show_tabs()

    def replace_state(self, tab: Tab, state: dict[str, Any]) -> None:
        """Build a page anew from its own state with changes."""
        tab.state = {**tab.current_state(), **state}
        if tab.page is not None:
            self._dispose(tab.page, hide=tab is not self.current)
            tab.page = None

    def step(self, by: int) -> None:
        """Go to the next or the previous tab, around the ends."""
        if self.current in self.tabs and len(self.tabs) > 1:
            self.activate(self.tabs[(self.tabs.index(self.current) + by) % len(self.tabs)].key)

    def restore(self, entries: Sequence[dict[str, Any]], active: str) -> None:
        """Open tabs as they were; only the one in front is built now."""
        for entry in entries:
            tab = tab_from(entry)
            if self.tab(tab.key) is None:
                self.tabs.append(tab)
        self.show_tabs()
        wanted = self.tab(active) or (self.tabs[0] if self.tabs else None)
        if wanted is not None:
            self.activate(wanted.key)

    def snapshot(self, *, drafts: bool) -> tuple[list[dict[str, Any]], str]:
        """All tabs and the key of the one in front."""
        return [tab.as_json(drafts=drafts) for tab in self.tabs], self.current.key if self.current else ""

    def dispose(self) -> None:
        """Let go of every page."""
        for tab in self.tabs:
            if tab.page is not None:
                self._dispose(tab.page)
                tab.page = None
        self.tabs.clear()
        self.current = None

    def show_tabs(self) -> None:
        """Words, marks and order of the strip."""
        infos = []
        for tab in self.tabs:
            if tab.page is not None:
                tab.titles, tab.icon = tab.page.titles(), tab.page.icon
                tab.title = tab.page.title()
            infos.append(TabInfo(tab.key, tab.title or t("shell.tab.untitled"), tab.icon, tab.dirty))
        self.strip.set_tabs(infos, self.current.key if self.current else "")
        self.changed.emit()

    def _page_changed(self, tab: Tab) -> None:
        if tab in self.tabs:
            self.show_tabs()

    def _reorder(self, keys: list[str]) -> None:
        self.tabs.sort(key=lambda tab: keys.index(tab.key) if tab.key in keys else len(keys))
        self.changed.emit()

    def _dispose(self, page: TabPage, *, hide: bool = True) -> None:
        """Let go of a page.  One that another takes the place of at once is not hidden: its neighbour would show."""
        focus = QApplication.focusWidget()
        if focus is not None and page.isAncestorOf(focus):
            focus.clearFocus()  # while everything is still alive: leaving a field has consequences
        self._ctx.bus.unsubscribe(page)
        self._ctx.tasks.drop_owner(page)
        if hide:
            self._end(page)
        else:
            self._leaving.append(page)

    def _end(self, page: TabPage) -> None:
        self.stack.removeWidget(page)
        page.hide()
        page.deleteLater()
