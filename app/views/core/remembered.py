"""Small lists that forms offer to choose from: read once a session and language, again when they change."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject

from app.core.changes import Changes
from app.core.i18n import language
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp

T = TypeVar("T")


class _Forgets:
    """Forgets at every change, whether a page that shows it is open or not."""

    def __init__(self, topics: frozenset[str], kept: dict[str, Any]) -> None:
        self.topics = topics
        self._kept = kept

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Something of it may not be true any more."""
        self._kept.clear()


class Remembered(Generic[T]):
    """What ``read(session, language)`` gives, kept until one of ``topics`` changes.

    A page that shows it names the topics among its own and calls `forget` when changes arrive.
    """

    def __init__(self, read: Callable[..., T], topics: frozenset[str]) -> None:
        self.topics = topics
        self._read = read
        self._kept: WeakKeyDictionary[Any, dict[str, T]] = WeakKeyDictionary()

    def give(self, ctx: AppContext, owner: QObject, show: Callable[[T], object]) -> None:
        """Hand it to ``show``: at once when it is known."""
        if ctx not in self._kept:
            self._kept[ctx] = {}
            ctx.bus.subscribe(_Forgets(self.topics, self._kept[ctx]))
        kept, lang = self._kept[ctx], language()
        if lang in kept:
            show(kept[lang])
            return

        def arrived(found: T) -> None:
            kept[lang] = found
            show(found)

        op: ReadOp[T] = ReadOp(owner, ctx, self._read, lang)
        op.replacing("remembered").success(arrived).failure(lambda _error: True).start()

    def forget(self, ctx: AppContext, changes: Changes) -> bool:
        """Forget it when it may not be true any more; whether that was so."""
        touched = any(change.topic in self.topics for change in changes)
        if touched and ctx in self._kept:
            self._kept[ctx].clear()
        return touched
