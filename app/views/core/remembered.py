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
        kept, lang = self._kept.setdefault(ctx, {}), language()
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
        if touched:
            self._kept.pop(ctx, None)
        return touched
