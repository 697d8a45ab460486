"""Drafts that wait for their form: what a crash left behind, and what the user put aside."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.drafts import Draft
from app.views.core.context import AppContext
from app.views.core.tasks import FILE


class DraftShelf(QObject):
    """The journal as the window sees it.

    Signals:
        changed: drafts came or went.
        resume_wanted: the form of a `Draft` shall be opened.
    """

    changed = Signal()
    resume_wanted = Signal(object)

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self.drafts: dict[str, Draft] = {}
        self._kept: set[str] = set()

    def load(self, then: Callable[[], object]) -> None:
        """Read the journal, then go on; a journal that cannot be read loses nothing and stops nobody."""

        def done(future: "Future[list[Draft]]") -> None:
            if future.exception() is None:
                self.drafts = {draft.key: draft for draft in future.result()}
            self.changed.emit()
            then()

        self._ctx.tasks.run(FILE, self, self._ctx.drafts.all, done)

    def has(self, key: str) -> bool:
        """Whether a draft waits for this form."""
        return key in self.drafts

    def has_kept(self, key: str) -> bool:
        """Whether the user said that this form's changes shall stay a draft."""
        return key in self._kept

    def without(self, keys: Iterable[str]) -> list[Draft]:
        """Drafts whose form is not open."""
        opened = set(keys)
        return [draft for draft in self.drafts.values() if draft.key not in opened]

    def into_state(self, key: str, state: dict[str, Any]) -> dict[str, Any]:
        """The state a form is built from, with the draft that waits for it."""
        draft = self.drafts.pop(key, None)
        self._kept.discard(key)
        if draft is None or "draft" in state or "draft" not in draft.payload:
            return state
        self.changed.emit()
        return {**state, "draft": draft.payload["draft"], "restored": True}

    def keep(self, key: str, state: dict[str, Any], titles: dict[str, str], topic: str) -> None:
        """Put the changes of a form aside; ``titles`` are its words by language."""
        payload = {"topic": topic, "titles": titles, **state}
        self.drafts[key] = Draft(key, payload, datetime.now(UTC))
        self._kept.add(key)
        journal = self._ctx.drafts
        self._ctx.tasks.run(FILE, self._ctx.tasks, lambda: journal.put(key, payload), lambda _future: None)
        self.changed.emit()

    def drop(self, key: str) -> None:
        """Throw a draft away."""
        self.drafts.pop(key, None)
        self._kept.discard(key)
        journal = self._ctx.drafts
        self._ctx.tasks.run(FILE, self._ctx.tasks, lambda: journal.drop(key), lambda _future: None)
        self.changed.emit()

    def open_all(self) -> None:
        """Open every form a draft waits for."""
        for draft in list(self.drafts.values()):
            self.resume_wanted.emit(draft)
