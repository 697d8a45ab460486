"""People, rights and sessions: what one does about one's own account."""

from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import Workspace
from app.views.security import administering, auditing, guarding, my_profile
from app.views.security.my_security import KEY, MySecurityPage


def _open(ctx: AppContext) -> None:
    ctx.navigate.open_workspace(KEY)


WORKSPACES = (
    Workspace(my_profile.KEY, "profile.title", "user", "settings", "", my_profile.MyProfilePage),
    Workspace(KEY, "mine.title", "shield-check", "settings", "", MySecurityPage),
    *administering.WORKSPACES,
    *guarding.WORKSPACES,
    *auditing.WORKSPACES,
)
RECORDS = administering.RECORDS
SEARCHES = administering.SEARCHES
ACTIONS = (
    Action("security.mine", "mine.action", "shield-check", _open),
    *guarding.ACTIONS,
    *auditing.ACTIONS,
)
TILES = (*administering.TILES, *guarding.TILES)
