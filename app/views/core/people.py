"""Who a login is, in lists and panes: the names are read once a session."""

from typing import Any
from weakref import WeakKeyDictionary

from app.services.security.reads import people
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp

_known: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()


def names(ctx: AppContext) -> dict[str, str]:
    """Names by login; filled as soon as they are read."""
    found = _known.get(ctx)
    if found is None:
        found = _known[ctx] = {ctx.profile.login: ctx.profile.person}
        ReadOp(ctx.tasks, ctx, people).success(found.update).failure(lambda _error: True).start()
    return found


def name(ctx: AppContext, login: str | None) -> str:
    """The name of a login, the login itself while it is not known."""
    return names(ctx).get(login or "", login or "")
