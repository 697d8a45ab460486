"""One way back from a commit to every open tab.

Own writes and, through the change feed, everybody else's arrive here.  A visible page refreshes, a hidden one is
marked stale and refreshes when it is shown; a page that is being edited decides itself (it offers to reload).
"""

from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.changes import Change, Changes
from app.views.core.tasks import alive

BURST_MS = 120


class Subscriber(Protocol):
    """What the bus needs to know of a page."""

    @property
    def topics(self) -> frozenset[str]: ...

    def receive_changes(self, changes: Changes, *, own: bool) -> None: ...


def touching(changes: Changes, topics: frozenset[str]) -> Changes:
    """The changes a page with these topics cares for."""
    return frozenset(change for change in changes if change.topic in topics)


class ChangesBus(QObject):
    """Hands changes to the pages whose topics they touch.

    Signals:
        changed: a set of changes went through, after the pages got it.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._subscribers: list[Subscriber] = []
        self._burst: set[Change] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BURST_MS)
        self._timer.timeout.connect(self._flush)

    def subscribe(self, page: Subscriber) -> None:
        """Give ``page`` every change of its topics until `unsubscribe`, or until its widget is gone."""
        if page not in self._subscribers:
            self._subscribers.append(page)

    def unsubscribe(self, page: Subscriber) -> None:
        """Stop giving changes to ``page``."""
        if page in self._subscribers:
            self._subscribers.remove(page)

    def emit(self, changes: Changes, initiator: object | None = None) -> None:  # type: ignore[override]  # ours
        """Announce changes of an own write.  ``initiator`` knows already and is left out."""
        if not changes:
            return
        self._deliver(changes, initiator, own=True)

    def emit_foreign(self, changes: Changes) -> None:
        """Announce what others committed (the feed leaves out the echo of own writes), gathered over a burst."""
        self._burst |= changes
        if self._burst and not self._timer.isActive():
            self._timer.start()

    def emit_everything(self) -> None:
        """Everything may have changed (the connection was away): every page reads again."""
        for page in self._live():
            page.receive_changes(frozenset(Change(topic) for topic in page.topics), own=False)

    def _flush(self) -> None:
        changes, self._burst = frozenset(self._burst), set()
        self._deliver(changes, None, own=False)

    def _deliver(self, changes: Changes, initiator: object | None, *, own: bool) -> None:
        for page in self._live():
            if page is not initiator and (hit := touching(changes, page.topics)):
                page.receive_changes(hit, own=own)
        self.changed.emit(changes)

    def _live(self) -> list[Subscriber]:
        self._subscribers = [
            page for page in self._subscribers if not isinstance(page, QObject) or alive(page)
        ]
        return list(self._subscribers)
