"""Pages, and the registry of what can be opened: each capability declares its own, nothing else lists them.

Beside pages a capability may declare `WATCHES`: ``watch(ctx, window)`` is called once per window and may tell of what
happens elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from app.core.changes import Changes
from app.core.db import Profile
from app.core.i18n import in_every_language, language
from app.views.core.actions import Action

if TYPE_CHECKING:
    from app.views.core.context import AppContext

CAPABILITIES = (
    "catalog",
    "media",
    "partners",
    "engineering",
    "inventory",
    "warehouse",
    "labels",
    "printing",
    "mail",
    "purchasing",
    "einvoice",
    "sales",
    "production",
    "accounting",
    "documents",
    "approvals",
    "imports",
    "legacy",
    "security",
    "system",
    "templates",
)


class TabPage(QWidget):
    """What lives in a tab.

    A page is built from a JSON-able ``state`` and can say its own at any time: a switch of language or theme, and
    the next start of the program, build it again from there.

    Signals:
        changed: title, icon, unsaved mark or state are different now.
    """

    changed = Signal()

    topics: frozenset[str] = frozenset()
    icon = "file"
    waits = False
    """What is unfinished is kept by itself and waits for the person: the page may be left without a question."""

    def __init__(self, ctx: "AppContext", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.stale: Changes = frozenset()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        ctx.bus.subscribe(self)

    def title(self) -> str:
        """The word on the tab."""
        raise NotImplementedError

    def titles(self) -> dict[str, str]:
        """The word on the tab in every language, for what is remembered of the page."""
        return in_every_language(self.title)

    def state(self) -> dict[str, Any]:
        """Enough to build the page again, unsaved values included (under ``"draft"``)."""
        return {}

    def identity(self) -> str:
        """Two pages with the same identity are never open at once; empty: as many as wanted."""
        return ""

    def dirty(self) -> bool:
        """Whether something typed is not saved."""
        return False

    def saving(self) -> str:
        """The key of what saving is called; empty while what was done cannot be saved as it is."""
        return "form.save"

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save what is typed and call ``then`` when that worked."""
        if then is not None:
            then()

    def refresh(self) -> None:
        """Read again."""

    def take_focus(self) -> None:
        """The page came to the front: put the cursor where work begins."""
        self.setFocus()

    def can_close(self) -> bool:
        """Whether the tab may go now; a page that runs something may say no (and why, in its own words)."""
        return True

    def discard(self) -> None:
        """Forget what is not saved, its draft too; called before the tab closes that way."""

    def on_changes(self, changes: Changes) -> None:
        """React to changes while visible; the default reads again."""
        self.refresh()

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Called by the bus: now when visible, else when shown next."""
        if self.isVisible():
            self.on_changes(changes)
        else:
            self.stale = self.stale | changes

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while hidden."""
        super().showEvent(event)
        if self.stale:
            changes, self.stale = self.stale, frozenset()
            self.on_changes(changes)


def title_in_force(entry: Mapping[str, Any]) -> str:
    """The title of something remembered (``titles`` by language, else ``title``) in the language in force."""
    titles = entry.get("titles") or {}
    return str(titles.get(language()) or entry.get("title") or "")


Build = Callable[["AppContext", dict[str, Any]], TabPage]
BuildRecord = Callable[["AppContext", int | None, dict[str, Any]], TabPage]


@dataclass(frozen=True)
class Rail:
    """A group of workspaces: one word on the rail."""

    key: str
    title: str
    icon: str


RAILS = (
    Rail("home", "shell.rail.home", "house"),
    Rail("catalog", "shell.rail.catalog", "package"),
    Rail("partners", "shell.rail.partners", "users"),
    Rail("engineering", "shell.rail.engineering", "drafting-compass"),
    Rail("inventory", "shell.rail.inventory", "warehouse"),
    Rail("purchasing", "shell.rail.purchasing", "shopping-cart"),
    Rail("sales", "shell.rail.sales", "receipt-text"),
    Rail("production", "shell.rail.production", "factory"),
    Rail("finance", "shell.rail.finance", "landmark"),
    Rail("approvals", "shell.rail.approvals", "badge-check"),
    Rail("printing", "shell.rail.printing", "printer"),
    Rail("mail", "shell.rail.mail", "mail"),
    Rail("legacy", "shell.rail.legacy", "history"),
    Rail("system", "shell.rail.system", "shield-check"),
)
HOME_RAIL = "home"
SETTINGS_RAIL = Rail("settings", "shell.rail.settings", "settings")


@dataclass(frozen=True)
class Workspace:
    """A list or a board that opens in a tab.

    ``title`` is a text key, ``rail`` the key of a `Rail`, ``right`` what the profile must have (empty: everybody).
    """

    key: str
    title: str
    icon: str
    rail: str
    right: str
    build: Build


@dataclass(frozen=True)
class RecordType:
    """A kind of record that opens in a tab of its own.

    ``build(ctx, id, state)`` makes the page; ``id`` is None for a new one, whose preset values are in ``state``.
    ``title`` is the text key of the kind in the singular, ``right`` what is needed to read, ``create_right`` to
    make a new one (empty: nobody makes one by hand), ``rail`` the group it belongs to when that is not called like the
    topic's schema.
    """

    topic: str
    icon: str
    build: BuildRecord
    title: str = ""
    right: str = ""
    create_right: str = ""
    rail: str = ""


@dataclass(frozen=True)
class Search:
    """Where the palette looks for records.

    ``find(session, text, limit, language)`` gives rows of (id, title, subtitle, chip) in one round trip; chip is
    ``(kind, text key)`` or None.  An empty ``text`` never comes.
    """

    topic: str
    title: str
    icon: str
    find: Callable[..., Sequence[Any]]
    right: str = ""


@dataclass(frozen=True)
class Tile:
    """A number worth knowing in the morning.

    ``count(session)`` gives it in one round trip; a click opens ``workspace`` with ``state``.  ``kind`` colours the
    word: neutral, info, ok, warn or bad (a count of zero is always neutral).  Without ``roles`` everybody with the
    right sees it; ``badge`` shows the count at the rail as well, ``topics`` make it count again.
    """

    key: str
    title: str
    icon: str
    workspace: str
    count: Callable[..., int]
    state: dict[str, Any] = field(default_factory=dict)
    right: str = ""
    kind: str = "neutral"
    roles: tuple[str, ...] = ()
    badge: bool = False
    topics: tuple[str, ...] = ()


class Registry:
    """What the program can open, as far as this person may.

    `withheld` are the screens, the kinds of record to be made and the actions there is no right for.
    """

    def __init__(self, profile: Profile, packages: Iterable[object]) -> None:
        self.profile = profile
        self.packages = tuple(packages)
        self.workspaces: dict[str, Workspace] = {}
        self.records: dict[str, RecordType] = {}
        self.actions: dict[str, Action] = {}
        self.searches: list[Search] = []
        self.tiles: list[Tile] = []
        self.watches: list[Callable[[AppContext, QObject], object]] = []
        self.withheld: list[Workspace | RecordType | Action] = []
        for package in self.packages:
            self.add(package)

    def add(self, package: object) -> None:
        """Take what a capability's package declares and the profile may use."""
        for workspace in getattr(package, "WORKSPACES", ()):
            if self.may(workspace.right):
                self.workspaces[workspace.key] = workspace
            else:
                self.withheld.append(workspace)
        for record in getattr(package, "RECORDS", ()):
            if self.may(record.right):
                self.records[record.topic] = record
            if record.create_right and not self.may(record.create_right):
                self.withheld.append(record)
        for action in getattr(package, "ACTIONS", ()):
            if self.may(action.right):
                self.actions[action.key] = action
            else:
                self.withheld.append(action)
        self.searches += [item for item in getattr(package, "SEARCHES", ()) if self.may(item.right)]
        self.tiles += [
            tile
            for tile in getattr(package, "TILES", ())
            if self.may(tile.right) and (not tile.roles or set(tile.roles) & set(self.profile.roles))
        ]

        self.watches += getattr(package, "WATCHES", ())

    def may(self, right: str) -> bool:
        """Whether this person has the right; an empty one everybody has."""
        return not right or self.profile.can(right)

    def badges(self) -> frozenset[str]:
        """The groups of the rail at which a number may stand."""
        counted = {tile.workspace for tile in self.tiles if tile.badge}
        return frozenset(found.rail for key, found in self.workspaces.items() if key in counted)

    def rails(self) -> list[tuple[Rail, list[Workspace]]]:
        """The rail from top to bottom: the groups that hold something for this person."""
        groups = [(rail, [w for w in self.workspaces.values() if w.rail == rail.key]) for rail in RAILS]
        return [(rail, found) for rail, found in groups if found or rail.key == HOME_RAIL]


def capability_packages() -> list[object]:
    """Import the view packages of all capabilities."""
    return [import_module(f"app.views.{name}") for name in CAPABILITIES]
