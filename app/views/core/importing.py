"""The way from a list into the import wizard."""

from functools import partial
from typing import TYPE_CHECKING, Any

from app.views.core.list_spec import ListAction

if TYPE_CHECKING:
    from app.views.core.context import AppContext

WIZARD = "imports.wizard"


def _open(kind: str, ctx: "AppContext", _rows: list[Any]) -> None:
    ctx.navigate.open_workspace(WIZARD, kind=kind)


def import_action(kind: str, right: str) -> ListAction:
    """The button of a list that begins an import of its kind (a file of resources/imports)."""
    return ListAction("import", "import.button", partial(_open, kind), "upload", right)
