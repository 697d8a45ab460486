"""Where the user was: back and forward, and the tabs closed last."""

from typing import Any

from app.views.core.settings_store import SettingsStore
from app.views.core.workspace import title_in_force
from app.views.shell.palette_items import RECENT

KEPT = 30
Entry = dict[str, Any]


def _same(one: Entry, other: Entry) -> bool:
    return all(one[name] == other[name] for name in ("kind", "name", "id"))


class Visited:
    """A line of places with a position in it."""

    def __init__(self) -> None:
        self._places: list[Entry] = []
        self._at = -1
        self._closed: list[Entry] = []

    def went(self, entry: Entry) -> None:
        """A tab came to the front.  Going there again is no new place; what lay ahead is forgotten."""
        if self._at >= 0 and _same(self._places[self._at], entry):
            self._places[self._at] = entry
            return
        self._places = [*self._places[: self._at + 1], entry][-KEPT:]
        self._at = len(self._places) - 1

    @staticmethod
    def keep_titles(settings: SettingsStore, titles: dict[str, str]) -> None:
        """Note what the record opened last is called in every language."""
        first, *others = settings.get(RECENT, [])
        settings.set(RECENT, [{**first, "titles": titles}, *others])

    @staticmethod
    def retitle(settings: SettingsStore) -> None:
        """The records opened last by their names in the language in force."""
        kept = settings.get(RECENT, [])
        if kept:
            settings.set(RECENT, [{**entry, "title": title_in_force(entry)} for entry in kept])

    @property
    def can_go_back(self) -> bool:
        """Whether there was something before."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether back was pressed."""
        return self._at < len(self._places) - 1

    def back(self) -> Entry | None:
        """The place before."""
        if not self.can_go_back:
            return None
        self._at -= 1
        return self._places[self._at]

    def forward(self) -> Entry | None:
        """The place ahead."""
        if not self.can_go_forward:
            return None
        self._at += 1
        return self._places[self._at]

    def recent(self) -> list[Entry]:
        """The last different places, the latest first."""
        found: list[Entry] = []
        for entry in reversed(self._places):
            if not any(_same(entry, other) for other in found):
                found.append(entry)
        return found[:15]

    def closed(self, entry: Entry) -> None:
        """A tab was closed."""
        self._closed = [*self._closed, entry][-KEPT:]

    def reopen(self) -> Entry | None:
        """The tab closed last."""
        return self._closed.pop() if self._closed else None
