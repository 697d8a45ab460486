"""What the readers of the audit trail have: the list of changes, the list of access."""

from functools import partial

from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import Workspace
from app.views.security.trail_lists import EntriesPage, EventsPage
from app.views.security.trail_panes import ENTRIES_KEY, EVENTS_KEY

RIGHT, RAIL = "trail_open", "system"


def _open(key: str, ctx: AppContext) -> None:
    ctx.navigate.open_workspace(key)


WORKSPACES = (
    Workspace(ENTRIES_KEY, "audit.title", "history", RAIL, RIGHT, EntriesPage),
    Workspace(EVENTS_KEY, "audit.events.title", "shield-check", RAIL, RIGHT, EventsPage),
)
ACTIONS = (
    Action(ENTRIES_KEY, "audit.action", "history", partial(_open, ENTRIES_KEY), RIGHT),
    Action(EVENTS_KEY, "audit.events.action", "shield-check", partial(_open, EVENTS_KEY), RIGHT),
)
