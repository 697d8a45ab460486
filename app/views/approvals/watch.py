"""Tells at once, wherever one works: somebody asks me, or my request was decided."""

import datetime as dt
from functools import partial

from PySide6.QtCore import QObject

from app.core.changes import Changes
from app.core.i18n import t
from app.services.approvals.reads import News, news
from app.services.approvals.writes import REQUEST
from app.views.approvals.words import kind_in_words
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.core.people import name

TONES = {"waiting": "warn", "approved": "ok", "rejected": "bad", "expired": "info"}


class ApprovalWatch(QObject):
    """Listens to what others commit; reads only when a request is among it."""

    topics = frozenset({REQUEST})

    def __init__(self, ctx: AppContext, window: QObject) -> None:
        super().__init__(window)
        self._ctx = ctx
        self._since: dt.datetime | None = None
        self._told: set[tuple[int, str]] = set()
        ctx.bus.subscribe(self)

    def receive_changes(self, _changes: Changes, *, own: bool) -> None:
        """Ask what is new, unless the person did it."""
        if not own:
            op: ReadOp[tuple[dt.datetime, tuple[News, ...]]] = ReadOp(self, self._ctx, news, self._since)
            op.replacing("news").success(self._tell).failure(lambda _error: True).start()

    def _tell(self, answer: tuple[dt.datetime, tuple[News, ...]]) -> None:
        self._since, found = answer
        for item in found:
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
