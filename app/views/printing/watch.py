"""Tells who printed when a job does not come out, and the status bar when a printer needs a hand."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.core.changes import Changes
from app.core.i18n import t
from app.services.printing import reads
from app.services.printing.writes import JOB, PRINTER
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.printing.words import STATUS, reason_words

_TOLD = {"waiting": "warn", "failed": "bad", "unclear": "bad"}


class PrintWatch(QObject):
    """One per window."""

    topics = frozenset({PRINTER, JOB})

    def __init__(self, ctx: AppContext, window: QObject) -> None:
        super().__init__(window)
        self.setObjectName("watch.printing")
        self._ctx = ctx
        self.nudge: Callable[[], object] = lambda: None
        self._window = window
        self._status: Any = None
        ctx.bus.subscribe(self)
        if ctx.profile.can(f"{PRINTER}:select"):
            self._follow()

    def _follow(self) -> None:
        """Show it in the status bar; another language or theme makes another one, and this begins again."""
        status, before = getattr(self._window, "status", None), self._status
        self._status = status if status is not before else None
        if self._status is None:
            return
        self._status.destroyed.connect(self._follow)
        ctx = self._ctx
        self._status.printing_clicked.connect(
            lambda: ctx.navigate.open_workspace("printing.printers", preset="trouble")
        )
        self.look()

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Something is to be printed, or a printer is another way now."""
        topics = {change.topic for change in changes}
        if topics & {JOB, PRINTER}:  # a printer back in use has its jobs sent
            self.nudge()
        if PRINTER in topics and self._status is not None:
            self.look()

    def look(self) -> None:
        """Ask which printers print nothing."""
        op: ReadOp[Any] = ReadOp(self, self._ctx, reads.in_trouble).replacing("trouble")
        op.success(self._show).failure(lambda _error: True).start()

    def _show(self, found: tuple[tuple[str, str], ...]) -> None:
        if self._status is not None:
            tip = "\n".join(f"{name}: {t(STATUS[status][1])}" for name, status in found)
            self._status.show_printing(t("printing.light.trouble", n=len(found)) if found else "", tip)

    def empty(self) -> None:
        """Nothing waits for this work place to send it."""

    def told(self, outcome: Any) -> None:
        """What became of a job, from the worker; nobody is told twice, and not of what went well."""
        kind = _TOLD.get(outcome.state)
        if kind is None or (outcome.state == "waiting" and not outcome.first):
            return
        reason = reason_words(outcome.reason, outcome.printer, outcome.detail)
        words = t(
            {
                "waiting": "printing.toast.waits",
                "failed": "printing.toast.failed",
                "unclear": "printing.toast.unclear",
            }[outcome.state],
            title=outcome.title,
            reason=reason,
        )
        preset = "open" if outcome.state == "waiting" else "trouble"
        show = (
            "printing.toast.queue",
            lambda: self._ctx.navigate.open_workspace("printing.queue", preset=preset),
        )
        self._ctx.navigate.toast(words, kind=kind, action=show)
