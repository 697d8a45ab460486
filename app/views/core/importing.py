"""The way from a list into the import wizard."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from app.views.core.list_spec import ListAction

if TYPE_CHECKING:
    from app.views.core.context import AppContext

WIZARD = "imports.wizard"


def start_import(kind: str, ctx: "AppContext", _rows: Sequence[Any] = ()) -> None:
    """Open the wizard at its beginning; one that runs is shown instead."""
    ctx.navigate.open_workspace(WIZARD, kind=kind, job="", path="")


def import_action(kind: str, right: str) -> ListAction:
    """The button of a list that begins an import of its kind (a file of resources/imports)."""
    return ListAction("import", "import.button", partial(start_import, kind), "upload", right)
