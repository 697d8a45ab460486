"""The import wizard: a person takes over a file, and sees beforehand what would come of it."""

from functools import partial

from app.services.imports.wizard.kinds import kinds
from app.views.core.actions import Action
from app.views.core.importing import WIZARD, start_import
from app.views.core.workspace import Workspace
from app.views.imports.page import import_page

# No group of the rail: lists and the palette lead here, for whoever may write what is imported.
WORKSPACES = (Workspace(WIZARD, "import.title", "upload", "", "", import_page),)

ACTIONS = tuple(
    Action(
        f"imports.{kind.key}",
        f"import.action.{kind.key}",
        "upload",
        partial(start_import, kind.key),
        f"{kind.table}:insert",
        "",
        kind.table.partition(".")[0],
    )
    for kind in kinds().values()
)
