"""What every page gets in its constructor, instead of globals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject

from app.core.db import Database, Profile
from app.core.drafts import DraftJournal
from app.views.core.changes_bus import ChangesBus
from app.views.core.connection import Connection
from app.views.core.settings_store import SettingsStore
from app.views.core.tasks import TaskManager

if TYPE_CHECKING:
    from app.views.core.workspace import Registry


class Navigator(Protocol):
    """How a page asks the window to go somewhere; the page never knows the window."""

    def open_record(self, topic: str, record_id: int, *, new_tab: bool = False) -> None:
        """Show a record, in its tab when it has one."""

    def new_record(self, topic: str, **preset: Any) -> None:
        """Open an empty form whose fields start with ``preset``."""

    def open_workspace(self, key: str, **state: Any) -> None:
        """Show a workspace; ``state`` (for example ``preset="open"``) is applied to it."""

    def close_page(self, page: QObject) -> None:
        """Close the tab of a page without asking."""

    def toast(
        self, text: str, *, kind: str = "ok", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Tell a success, or a small thing, without stopping anybody.  ``kind`` is ok, info, warn or bad."""

    def copy_link(self, topic: str, record_id: int) -> None:
        """Put the deep link of a record on the clipboard."""

    def sign_out(self) -> None:
        """Close the window and show the login again."""


@dataclass(frozen=True, eq=False)
class AppContext:
    """The running program, as a page sees it.  ``images`` is the product picture source, None without one."""

    db: Database
    profile: Profile
    tasks: TaskManager
    bus: ChangesBus
    settings: SettingsStore
    drafts: DraftJournal
    navigate: Navigator
    connection: Connection
    registry: "Registry"
    images: Any = None
