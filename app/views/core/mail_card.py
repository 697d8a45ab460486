"""The mails a record was sent with: the card beside it, and one of them to read."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.mail import addresses, reads
from app.services.mail.marks import MailMark
from app.services.mail.reads import MailShown
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.file_dialog import size_words
from app.views.core.marks import Divider, IconLabel, Label
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px
from app.views.core.times import when

STATES: dict[Any, tuple[str, str]] = {
    "waiting": ("info", "mail.state.waiting"),
    "held": ("neutral", "mail.state.held"),
    "sending": ("info", "mail.state.sending"),
    "sent": ("ok", "mail.state.sent"),
    "failed": ("bad", "mail.state.failed"),
    "unclear": ("warn", "mail.state.unclear"),
    "cancelled": ("neutral", "mail.state.cancelled"),
}
SHOWN = 5
_TONES = {"failed": "bad", "unclear": "warn", "waiting": "info", "held": "text3", "sending": "info"}


def reason_words(reason: str, detail: str = "") -> str:
    """Why a mail waits or failed; the server's own words are part of it."""
    key = f"error.{reason}"
    if not reason or not has_text(key):
        return detail
    words = t(key, what=detail, mb="", most="", address="", account="", subject="", id="")
    return words if not detail or "{what}" in t(key, what="{what}") else f"{words} {detail}"


def reason_short(reason: str, detail: str = "") -> str:
    """The same in the few words that have room in a list."""
    key = f"mail.why.{reason}"
    return t(key, what=detail) if has_text(key) else reason_words(reason, detail)


def show_mail(owner: QObject, ctx: AppContext, mail_id: int) -> None:
    """Show a mail as it was written, and what became of it."""
    op: ReadOp[MailShown] = ReadOp(owner, ctx, reads.get_mail, mail_id)
    op.success(lambda found: MailDialog(owner, ctx, found).open()).start()


class MailDialog(Dialog):
    """A mail to read."""

    def __init__(self, owner: QObject, ctx: AppContext, mail: MailShown) -> None:
        host = host_of(owner)
        assert host is not None
        super().__init__(host, mail.subject, "", icon="mail", width=px("step_card_w") * 3)
        self.setObjectName("dialog.mail_shown")
        tone, key = STATES[mail.state]
        at = mail.ended_at or mail.requested_at
        state = f"{t(key)} · {fmt.date_time(at)} · {name(ctx, mail.requested_by)}"
        self.body.addWidget(Label(state, "body500", tone if tone in ("ok", "warn", "bad") else "text"))
        said = reason_words(mail.reason, mail.detail)
        for words in (said, *(f"{address}: {reply}" for address, reply in mail.refused)):
            if words:
                self.body.addWidget(Label(words, "body", "text2", wrap=True))
        for label, given in (
            ("mail.send.from", (mail.sender,)),
            ("mail.send.to", mail.to),
            ("mail.send.cc", mail.cc),
            ("mail.send.bcc", mail.bcc),
        ):
            if any(given):
                self.body.addWidget(Label(f"{t(label)}: {addresses.listed(given)}", "body", wrap=True))
        self.body.addWidget(Divider())
        text = Label(mail.body, "body", wrap=True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        scroll = QScrollArea()
        scroll.setProperty("kit", "plain")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(text)
        text.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setMinimumHeight(px("text_column") // 2)
        self.body.addWidget(scroll, 1)
        for file in mail.files:
            self.body.addWidget(Label(f"{file.name} · {size_words(file.size)}", "small", "text2", elide=True))
        self.add_button("close", "errors.close", kind="primary", shortcut="Esc")


class MailsCard(Card):
    """The newest mails; a click shows one."""

    def __init__(self, ctx: AppContext, name: Callable[[str], str]) -> None:
        super().__init__(t("mail.card"))
        self.setObjectName("card.mails")
        self._ctx, self._name = ctx, name
        self._list = QVBoxLayout()
        self._list.setSpacing(px("gap"))
        self.body.addLayout(self._list)
        self.hide()

    def set_mails(self, mails: Sequence[MailMark]) -> None:
        """Show these, the newest first."""
        clear_layout(self._list)
        for one in mails[:SHOWN]:
            about = f"{t(f'mail.state.{one.state}')} · {when(one.at)} · {self._name(one.by)}"
            self._list.addWidget(_Line(self._ctx, one, about))
        self.setVisible(bool(mails))


class _Line(QWidget):
    def __init__(self, ctx: AppContext, mail: MailMark, about: str) -> None:
        super().__init__()
        self._ctx, self._id = ctx, mail.id
        self.setObjectName(f"mail.{mail.id}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{mail.recipients}, {about}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        row.addWidget(IconLabel("mail", px("icon"), "text2"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(mail.recipients, "body500", "text", elide=True))
        words.addWidget(Label(about, "small", _TONES.get(mail.state, "text2"), elide=True))
        row.addLayout(words, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click shows the mail."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            show_mail(self, self._ctx, self._id)
