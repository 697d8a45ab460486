"""What the window says when it cannot open something for want of a right."""

from typing import TYPE_CHECKING, TypeVar

from app.core.i18n import t
from app.views.core.why import explain
from app.views.core.workspace import RecordType, Workspace

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow

T = TypeVar("T")


def refuse_record(window: "MainWindow", topic: str, *, create: bool) -> None:
    """A record of this kind may not be opened, or not be made."""
    found = next((r for r in _declared(window, "RECORDS", RecordType) if r.topic == topic), None)
    right = "" if found is None else found.create_right if create else found.right
    what = t(found.title) if found is not None and found.title else ""
    _tell(window, "shell.may_not_create" if create else "shell.no_such_record", right, what)


def refuse_workspace(window: "MainWindow", key: str) -> None:
    """A screen may not be opened; of one that does not exist nothing is said."""
    found = next((w for w in _declared(window, "WORKSPACES", Workspace) if w.key == key), None)
    if found is not None:
        _tell(window, "shell.may_not_open", found.right, t(found.title).replace("&", ""))


def _declared(window: "MainWindow", name: str, _kind: type[T]) -> list[T]:
    return [thing for package in window.ctx.registry.packages for thing in getattr(package, name, ())]


def _tell(window: "MainWindow", words: str, right: str, what: str) -> None:
    ctx = window.ctx
    why = ("why.action", lambda: explain(ctx, right, what, window)) if right else None
    window.toast(t(words), kind="warn", action=why)
