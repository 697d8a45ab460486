"""Sending the documents of a record by e-mail: one sheet for one, one for many.

``mail_button("invoice", "sales.invoice")`` is what a form offers, ``mail_rows`` what a list does.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint, QUrl, QUrlQuery
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.core import paths
from app.core.errors import Refused
from app.core.i18n import t
from app.services.documents.attachments import attached_file
from app.services.documents.contents import safe_name
from app.services.documents.reads import archived_file
from app.services.mail import addresses, sending, writes
from app.services.mail.commands import ActOnMails, Mail, MailFile, QueueMails
from app.services.mail.message import Attached, as_file
from app.services.mail.sending import Draft, Prepared, Sender
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.file_dialog import size_words
from app.views.core.form_model import FormAction
from app.views.core.list_export import show_written
from app.views.core.list_spec import ListAction
from app.views.core.marks import Label
from app.views.core.menus import open_once
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.tasks import FILE
from app.views.core.theme import px
from app.views.mail.words import addresses_fit, document_words
from app.views.security.form_dialog import FormDialog

RIGHT = "mail_queue"
SHOWN = 12
_MAILTO_SIGNS = 1500
_HEAD = (
    Field("account_id", "mail.send.account", "choice", required=True, span=4),
    Field("to", "mail.send.to", required=True, max_length=4000, span=4, validate=addresses_fit),
    Field("cc", "mail.send.cc", max_length=4000, span=2, validate=addresses_fit),
    Field("bcc", "mail.send.bcc", max_length=4000, span=2, validate=addresses_fit),
    Field("subject", "mail.send.subject", required=True, max_length=300, span=4),
    Field("body", "mail.send.body", "multiline", max_length=50_000, span=4),
)


def open_url(url: QUrl) -> bool:
    """Hand an address or a file to the program the system has for it."""
    return QDesktopServices.openUrl(url)


def mail_button(kind: str, topic: str, *, visible: Callable[[Any], bool] | None = None) -> FormAction:
    """What a form offers: the documents of its record by e-mail."""
    return FormAction(
        "mail",
        "mail.send.action",
        "mail",
        lambda page: send_document(page, page.ctx, kind, topic, [page.record.id]),
        "icon",
        right=RIGHT,
        visible=visible or (lambda page: page.record.id is not None),
    )


def mail_rows(kind: str, topic: str) -> ListAction:
    """What a list offers for its selected rows: a mail for each."""

    def run(ctx: AppContext, rows: list[Any]) -> None:
        send_document(ctx.tasks, ctx, kind, topic, [row.id for row in rows])

    return ListAction(
        "mail",
        "mail.send.action",
        run,
        "mail",
        RIGHT,
        when=lambda row: bool(getattr(row, "number", None)),
    )


def send_document(owner: QObject, ctx: AppContext, kind: str, topic: str, record_ids: Sequence[int]) -> None:
    """Ask how the documents of these records go out by e-mail, and queue them."""

    def offer(found: Prepared) -> None:
        sheet = SendSheet if len(found.drafts) == 1 and not found.missing else ManySheet
        sheet(ctx, found, owner).open()

    op: ReadOp[Prepared] = ReadOp(owner, ctx, sending.prepare, kind, topic, tuple(record_ids))
    op.labelled(t("mail.send.job")).replacing("mail").success(offer).start()


def take_back(ctx: AppContext, ids: tuple[int, ...]) -> None:
    """Cancel what has not been sent yet."""

    def failed(error: BaseException) -> object:
        if isinstance(error, Refused) and error.key == "mail_nothing_to_do":
            ctx.navigate.open_workspace("mail.mails", preset="mine")
            return True
        return False

    op: WriteOp[Any] = WriteOp(ctx.tasks, ctx, writes.act, ActOnMails(ids, "cancel"))
    op.failure(failed).start()


def _told(ctx: AppContext, ids: tuple[int, ...]) -> None:
    words = t("mail.send.queued", n=len(ids))
    ctx.navigate.toast(words, action=("mail.send.undo", lambda: take_back(ctx, ids)))


class _Sheet(FormDialog):
    """What both sheets have: the account, and the way into the queue."""

    def __init__(
        self,
        ctx: AppContext,
        found: Prepared,
        owner: QObject,
        title: str,
        text: str,
        fields: Sequence[Field],
        values: Mapping[str, Any],
    ) -> None:
        self.found = found
        super().__init__(
            ctx,
            title,
            text,
            fields,
            lambda given: (writes.queue, QueueMails(int(given["account_id"]), self.mails(given))),
            lambda ids: _told(ctx, ids),
            icon="mail",
            yes="mail.send.ok",
            values=values,
            owner=owner if isinstance(owner, QWidget) else None,
            wider=px("side") // 2,
        )
        self.setObjectName("dialog.mail")
        self.boxes["account_id"].set_choices([(one.id, sender_words(one)) for one in found.senders])
        if found.senders:
            self.boxes["account_id"].set_value(found.senders[0].id)
        else:
            self.boxes["account_id"].set_error(t("mail.send.no_account"))

    def mails(self, given: Mapping[str, Any]) -> tuple[Mail, ...]:
        """What is sent, from the values of the fields."""
        raise NotImplementedError


class SendSheet(_Sheet):
    """One mail, everything in it to be changed."""

    def __init__(self, ctx: AppContext, found: Prepared, owner: QObject) -> None:
        self.draft: Draft = found.drafts[0]
        draft = self.draft
        title = t("mail.send.title", kind=document_words(draft.kind), number=draft.number)
        values = {
            "to": addresses.listed(draft.to),
            "cc": "",
            "bcc": "",
            "subject": draft.subject,
            "body": draft.body,
        }
        super().__init__(ctx, found, owner, title, draft.partner, _HEAD, values)
        self.boxes["body"].editor.setFixedHeight(px("side") // 2)
        self._ticks: list[tuple[MailFile, CheckBox]] = []
        self.body.addWidget(Label(t("mail.send.files"), "body500"))
        files = QVBoxLayout()
        files.setSpacing(px("gap_xs"))
        self.body.addLayout(files)
        for file, ticked in (*((one, True) for one in draft.files), *((one, False) for one in draft.more)):
            box = CheckBox("mail.send.file", name=file.name.replace("&", "&&"), size=size_words(file.size))
            box.setObjectName(f"file.{file.name}")
            box.setChecked(ticked)
            self._ticks.append((file, box))
            files.addWidget(box)
        if draft.contacts:
            more = self.add_button(
                "contacts",
                "mail.send.contacts",
                self._contacts,
                icon="users",
                kind="ghost",
                left=True,
                stay=True,
            )
            more.setToolTip(t("mail.send.contacts_tip"))
        self.add_button(
            "program",
            "mail.send.program",
            self._program,
            icon="external-link",
            kind="ghost",
            left=True,
            stay=True,
        )

    def mails(self, given: Mapping[str, Any]) -> tuple[Mail, ...]:
        """The one mail."""
        draft = self.draft
        return (
            Mail(
                addresses.parse(given["to"] or ""),
                (given["subject"] or "").strip(),
                given["body"] or "",
                self._chosen(),
                draft.kind,
                draft.topic,
                draft.record_id,
                addresses.parse(given["cc"] or ""),
                addresses.parse(given["bcc"] or ""),
            ),
        )

    def _chosen(self) -> tuple[MailFile, ...]:
        return tuple(file for file, box in self._ticks if box.isChecked())

    def _contacts(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("menu.contacts")
        for one in self.draft.contacts:
            words = " · ".join(filter(None, (one.name, one.role, one.email))).replace("&", "&&")
            menu.addAction(words, partial(self._add, one.email))
        open_once(menu, self.panel.mapToGlobal(QPoint(px("gap_m"), self.panel.height())))

    def _add(self, address: str) -> None:
        box = self.boxes["to"]
        now = str(box.value() or "").strip().rstrip(",;")
        box.set_value(f"{now}, {address}" if now and address not in now else now or address)
        box.set_error("")

    def _program(self) -> None:
        """Hand the mail over to the user's own mail program, with its files."""
        given = {key: box.value() for key, box in self.boxes.items() if key != "account_id"}
        mail = self.mails(given)[0]
        ctx = self.ctx

        def read(session: Any) -> bytes:
            files = [_file_of(session, file) for file in mail.files]
            return as_file(mail.to, mail.cc, mail.bcc, mail.subject, mail.body, files)

        def made(content: bytes) -> None:
            name = f"{safe_name(mail.subject)[:80] or 'mail'}.eml"

            def write() -> str:
                target = paths.ensure_private(paths.cache() / "mail") / name
                target.write_bytes(content)
                return str(target)

            def show(path: str) -> None:
                if not open_url(QUrl.fromLocalFile(path)):
                    open_url(mailto(mail))
                    ctx.navigate.toast(t("mail.send.without_files"), kind="warn")

            ctx.tasks.run(FILE, ctx.tasks, write, lambda done: show_written(ctx, done, show))
            self.finish()

        op: ReadOp[bytes] = ReadOp(self, ctx, read).labelled(t("mail.send.job"))
        op.success(made).start()


class ManySheet(_Sheet):
    """A mail for each of many records; those without an address are left out and named."""

    def __init__(self, ctx: AppContext, found: Prepared, owner: QObject) -> None:
        self.ready = tuple(one for one in found.drafts if one.to)
        left = tuple(one for one in found.drafts if not one.to)
        title = t("mail.send.many_title", n=len(self.ready))
        super().__init__(ctx, found, owner, title, t("mail.send.many_text"), _HEAD[:1], {})
        lines = QVBoxLayout()
        lines.setSpacing(px("gap_xs"))
        self.body.addLayout(lines)
        for one in self.ready[:SHOWN]:
            words = f"{one.number}  ·  {one.partner}  ·  {addresses.listed(one.to)}"
            lines.addWidget(Label(words, "body", elide=True))
        if len(self.ready) > SHOWN:
            lines.addWidget(Label(t("mail.send.and_more", n=len(self.ready) - SHOWN), "small", "text2"))
        if left:
            names = ", ".join(one.number for one in left[:SHOWN])
            lines.addWidget(
                Label(t("mail.send.no_address", n=len(left), names=names), "body", "warn", wrap=True)
            )
        if found.missing:
            lines.addWidget(Label(t("mail.send.no_paper", n=len(found.missing)), "body", "warn", wrap=True))
        if not self.ready:
            self.yes.setEnabled(False)

    def mails(self, given: Mapping[str, Any]) -> tuple[Mail, ...]:
        """One for each record that has an address."""
        return tuple(
            Mail(one.to, one.subject, one.body, one.files, one.kind, one.topic, one.record_id)
            for one in self.ready
        )


def sender_words(sender: Sender) -> str:
    """An account as it is chosen."""
    words = f"{sender.name} <{sender.address}>"
    return f"{words} · {t('mail.send.own')}" if sender.own else words


def mailto(mail: Mail) -> QUrl:
    """The address a mail program understands that opens no files."""
    url = QUrl()
    url.setScheme("mailto")
    url.setPath(",".join(mail.to))
    query = QUrlQuery()
    for name, value in (
        ("cc", ",".join(mail.cc)),
        ("bcc", ",".join(mail.bcc)),
        ("subject", mail.subject),
        ("body", mail.body[:_MAILTO_SIGNS]),
    ):
        if value:
            query.addQueryItem(name, bytes(QUrl.toPercentEncoding(value).data()).decode("ascii"))
    url.setQuery(query)
    return url


def _file_of(session: Any, file: MailFile) -> Attached:
    if file.issued_id is not None:
        found = archived_file(session, file.issued_id)
        return Attached(found.file_name, found.mime, found.content)
    assert file.attachment_id is not None
    other = attached_file(session, file.attachment_id)
    return Attached(other.name, other.mime, other.content)
