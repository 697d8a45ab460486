"""The archive: everything that was issued, found again, proved, handed to an auditor."""

from typing import Any

from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.workspace import Workspace
from app.views.documents import attachment_list
from app.views.documents.archive_list import KEY, archive_list
from app.views.documents.export_dialog import open_export
from app.views.documents.verify_dialog import open_verify

RIGHT = "documents.issued:select"


def _page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    return ListPage(ctx, archive_list(ctx), state)


WORKSPACES = (
    Workspace(KEY, "archive.title", "archive", "finance", RIGHT, _page),
    Workspace(
        attachment_list.KEY,
        attachment_list.TITLE,
        "paperclip",
        "finance",
        attachment_list.RIGHT,
        attachment_list.attachments_page,
    ),
)
RECORDS = ()
ACTIONS = (
    Action(
        "documents.archive",
        "archive.action.open",
        "archive",
        lambda ctx: ctx.navigate.open_workspace(KEY),
        RIGHT,
        "",
        "finance",
    ),
    Action("documents.export", "archive.export.action", "file-down", open_export, RIGHT, "", "finance"),
    Action("documents.verify", "archive.verify.action", "shield-check", open_verify, RIGHT, "", "finance"),
)
