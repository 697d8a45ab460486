"""Tells at once, wherever one works: somebody asks me, or my request was decided."""

import datetime as dt
from functools import partial
from typing import Protocol, cast

from PySide6.QtCore import QObject

from app.core.changes import Changes
from app.core.i18n import t
from app.services.approvals.reads import Bulletin, bulletin
from app.services.approvals.writes import REQUEST
from app.views.approvals.words import kind_in_words
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.core.people import name, when_known

TONES = {"waiting": "warn", "approved": "ok", "rejected": "bad", "expired": "info"}


class Window(Protocol):
    """What the watch needs of the window."""

    def show_badge(self, group: str, count: int) -> None: ...


class ApprovalWatch(QObject):
    """Listens to what is committed; reads only when a request is among it."""

    topics = frozenset({REQUEST})

    def __init__(self, ctx: AppContext, window: QObject) -> None:
        super().__init__(window)
        self._ctx = ctx
        self._window = cast("Window", window)
        self._since: dt.datetime | None = None
        self._told: set[tuple[int, str]] = set()
        ctx.bus.subscribe(self)

    def receive_changes(self, _changes: Changes, *, own: bool) -> None:
        """Ask what is new, and how many wait."""
        op: ReadOp[Bulletin] = ReadOp(self, self._ctx, bulletin, self._since)
        op.replacing("news").success(self._arrived).failure(lambda _error: True).start()

    def _arrived(self, found: Bulletin) -> None:
        self._since = found.now
        self._window.show_badge("approvals", found.waiting)
        when_known(self._ctx, lambda: self._tell(found))

    def _tell(self, found: Bulletin) -> None:
        for item in found.news:
            if (item.id, item.word) in self._told:
                continue
            self._told.add((item.id, item.word))
            words = t(
                f"approval.news.{item.word}",
                who=name(self._ctx, item.who),
                kind=kind_in_words(item.kind),
                name=item.name,
            )
            preset = "mine" if item.word == "waiting" else "asked"
            opens = partial(self._ctx.navigate.open_workspace, "approvals.inbox", preset=preset)
            self._ctx.navigate.toast(words, kind=TONES[item.word], action=("approval.news.open", opens))
