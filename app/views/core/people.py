"""Who a login is, in lists and panes: the names are read once a session."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtWidgets import QAbstractItemView, QApplication

from app.services.security.reads import people
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.core.table_model import PagedTableModel

_known: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()
_waiting: WeakKeyDictionary[Any, list[Callable[[], object]]] = WeakKeyDictionary()


def names(ctx: AppContext) -> dict[str, str]:
    """Names by login; filled as soon as they are read."""
    found = _known.get(ctx)
    if found is None:
        found = _known[ctx] = {ctx.profile.login: ctx.profile.person}
        _waiting[ctx] = []
        op = ReadOp(ctx.tasks, ctx, people).success(found.update).failure(lambda _error: True)
        op.finally_(lambda: _tell(ctx)).start()
    return found


def choices(session: Any) -> list[tuple[str, str]]:
    """Logins with their names, for the filter of a column."""
    return sorted(people(session).items(), key=lambda pair: pair[1].casefold())


def when_known(ctx: AppContext, run: Callable[[], object]) -> None:
    """Run something as soon as the names are there; at once when they are."""
    names(ctx)
    waiting = _waiting.get(ctx)
    if waiting is None:
        run()
    else:
        waiting.append(run)


def say_again() -> None:
    """Lists that were faster than the names they show say them now."""
    for window in QApplication.topLevelWidgets():
        for view in window.findChildren(QAbstractItemView):
            if isinstance(model := view.model(), PagedTableModel):
                model.forget_words()
                view.viewport().update()


def _tell(ctx: AppContext) -> None:
    say_again()
    for run in _waiting.pop(ctx, []):
        run()


def name(ctx: AppContext, login: str | None) -> str:
    """The name of a login, the login itself while it is not known."""
    return names(ctx).get(login or "", login or "")
