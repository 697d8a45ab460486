"""Tells who wrote a mail when it does not go out, and the worker when there is something to send."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.core.changes import Changes
from app.core.i18n import t
from app.services.mail.writes import ACCOUNT, MESSAGE
from app.views.core.context import AppContext
from app.views.core.mail_card import reason_words
from app.views.core.values import error_text

_TOLD = {
    "waiting": ("warn", "mail.toast.waits"),
    "failed": ("bad", "mail.toast.failed"),
    "unclear": ("bad", "mail.toast.unclear"),
}


class MailWatch(QObject):
    """One per window."""

    topics = frozenset({MESSAGE, ACCOUNT})

    def __init__(self, ctx: AppContext, window: QObject) -> None:
        super().__init__(window)
        self.setObjectName("watch.mail")
        self._ctx = ctx
        self.nudge: Callable[[], object] = lambda: None
        self.accounts_changed: Callable[[], object] = lambda: None
        ctx.bus.subscribe(self)

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Something is to be sent, or an account is another one now."""
        topics = {change.topic for change in changes}
        if ACCOUNT in topics:
            self.accounts_changed()
        elif MESSAGE in topics:
            self.nudge()

    def told(self, outcome: Any) -> None:
        """What became of a mail, from the worker; nobody is told twice, and not of what went well."""
        if outcome.state == "sent" and outcome.refused:
            words = t("mail.toast.some", subject=outcome.subject, names=", ".join(outcome.refused))
            self._toast(words, "warn", "trouble")
            return
        found = _TOLD.get(outcome.state)
        if found is None or (outcome.state == "waiting" and not outcome.first):
            return
        kind, key = found
        words = t(key, subject=outcome.subject, reason=reason_words(outcome.reason, outcome.detail))
        self._toast(words, kind, "open" if outcome.state == "waiting" else "trouble")

    def fetched(self, found: Any) -> None:
        """What came in."""
        navigate = self._ctx.navigate
        if found.error is not None:
            words = t("mail.toast.folder", account=found.account, reason=error_text(found.error))
            navigate.toast(words, kind="warn")
        elif found.files:
            navigate.toast(t("mail.toast.fetched", n=found.files))

    def _toast(self, words: str, kind: str, preset: str) -> None:
        show = ("mail.toast.show", lambda: self._ctx.navigate.open_workspace("mail.mails", preset=preset))
        self._ctx.navigate.toast(words, kind=kind, action=show)
