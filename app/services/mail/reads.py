"""Mails, accounts and texts, as far as the person sees them."""

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select, text
from sqlalchemy.orm import Session

from app.core.db import call_api
from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.models.documents import Content
from app.models.mail import (
    MailAccount,
    MailAttachment,
    MailMessage,
    MailReceived,
    MailStatus,
    MailTemplate,
)
from app.models.partners import Partner

OPEN = ("waiting", "held", "sending")
TROUBLE = ("failed", "unclear")


class MailRow(NamedTuple):
    """A mail in the list."""

    id: int
    subject: str
    recipients: str
    kind: str
    topic: str
    record_id: int | None
    account: str
    account_id: int
    state: str
    reason: str
    detail: str
    refused: list[Any]
    attempts: int
    files: int
    requested_by: str
    requested_at: dt.datetime
    ended_at: dt.datetime | None


class MailFileRow(NamedTuple):
    """A file of a mail."""

    id: int
    name: str
    size: int
    mime: str


class MailShown(NamedTuple):
    """A mail as it was written, with what became of it."""

    id: int
    message_id: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str
    body: str
    state: str
    reason: str
    detail: str
    refused: tuple[tuple[str, str], ...]
    requested_by: str
    requested_at: dt.datetime
    ended_at: dt.datetime | None
    files: tuple[MailFileRow, ...]


class AccountRow(NamedTuple):
    """An account in the list and for its form; the house's have no owner."""

    id: int
    row_version: int
    kind: str
    owner: str
    name: str
    host: str
    port: int
    security: str
    username: str
    ca: str
    sender_name: str
    sender_address: str
    reply_to: str
    bcc: str
    max_mb: int
    folder: str
    done_folder: str
    is_active: bool
    error: str
    ok_at: dt.datetime | None
    failed_at: dt.datetime | None
    updated_at: dt.datetime
    updated_by: str


class TemplateRow(NamedTuple):
    """A text in the list and for its form."""

    id: int
    row_version: int
    kind: str
    language: str
    partner_id: int | None
    partner: str
    subject: str
    body: str
    updated_at: dt.datetime
    updated_by: str


class ReceivedRow(NamedTuple):
    """A mail of a folder that was looked at."""

    id: int
    account: str
    sender: str
    subject: str
    state: str
    files: list[Any]
    detail: str
    received_at: dt.datetime


_FILES = (
    select(func.count())
    .select_from(MailAttachment)
    .where(MailAttachment.message_id == MailMessage.id)
    .scalar_subquery()
)
_MAIL: dict[str, Any] = {
    name: getattr(MailMessage, name)
    for name in MailRow._fields
    if name not in ("recipients", "account", "files")
} | {
    "recipients": func.array_to_string(MailMessage.recipients, ", "),
    "account": func.coalesce(MailAccount.name, ""),
    "files": _FILES,
}
_ACCOUNT: dict[str, Any] = {
    name: getattr(MailAccount, name)
    for name in AccountRow._fields
    if name not in ("error", "ok_at", "failed_at")
} | {
    "error": func.coalesce(MailStatus.error, ""),
    "ok_at": MailStatus.ok_at,
    "failed_at": MailStatus.failed_at,
}
_TEMPLATE: dict[str, Any] = {
    name: getattr(MailTemplate, name) for name in TemplateRow._fields if name != "partner"
} | {"partner": func.coalesce(Partner.name, "")}
_RECEIVED: dict[str, Any] = {
    name: getattr(MailReceived, name) for name in ReceivedRow._fields if name != "account"
} | {"account": MailAccount.name}


def list_mails(session: Session, query: ListQuery) -> Page:
    """Rows of `MailRow`.  Presets: open, trouble, mine, all."""
    statement = select(*(_MAIL[name].label(name) for name in MailRow._fields)).outerjoin(
        MailAccount, MailAccount.id == MailMessage.account_id
    )
    if query.preset == "open":
        statement = statement.where(MailMessage.state.in_(OPEN))
    elif query.preset == "trouble":
        late = and_(MailMessage.state == "waiting", MailMessage.reason != "")
        some = and_(MailMessage.state == "sent", MailMessage.reason != "")
        statement = statement.where(MailMessage.state.in_(TROUBLE) | late | some)
    elif query.preset == "mine":
        statement = statement.where(MailMessage.requested_by == text("SESSION_USER"))
    return fetch_page(session, statement, columns=_MAIL, key=_MAIL["id"], query=query, row=MailRow)


def mails_of(session: Session, topic: str, record_id: int) -> tuple[MailRow, ...]:
    """The mails of a record, the newest first."""
    rows = session.execute(
        select(*(_MAIL[name].label(name) for name in MailRow._fields))
        .outerjoin(MailAccount, MailAccount.id == MailMessage.account_id)
        .where(MailMessage.topic == topic, MailMessage.record_id == record_id)
        .order_by(MailMessage.id.desc())
        .limit(50)
    )
    return tuple(MailRow(*row) for row in rows)


def get_mail(session: Session, mail_id: int) -> MailShown:
    """One mail with its files.  Refused record_not_found."""
    mail = session.get(MailMessage, mail_id)
    if mail is None:
        raise Refused("record_not_found", table="mail.message", id=mail_id)
    account = session.get(MailAccount, mail.account_id)
    files = session.execute(
        select(MailAttachment.id, MailAttachment.name, Content.size, Content.mime)
        .outerjoin(Content, Content.id == MailAttachment.content_id)
        .where(MailAttachment.message_id == mail_id)
        .order_by(MailAttachment.position)
    )
    return MailShown(
        mail.id,
        mail.message_id,
        account.sender_address if account is not None else "",
        tuple(mail.recipients),
        tuple(mail.cc),
        tuple(mail.bcc),
        mail.subject,
        mail.body,
        mail.state,
        mail.reason,
        mail.detail,
        tuple((str(one.get("address", "")), str(one.get("words", ""))) for one in mail.refused),
        mail.requested_by,
        mail.requested_at,
        mail.ended_at,
        tuple(MailFileRow(row[0], row[1], row[2] or 0, row[3] or "") for row in files),
    )


def list_accounts(session: Session, query: ListQuery) -> Page:
    """Rows of `AccountRow`.  Presets: active, trouble, all."""
    statement = select(*(_ACCOUNT[name].label(name) for name in AccountRow._fields)).outerjoin(
        MailStatus, MailStatus.account_id == MailAccount.id
    )
    if query.preset in ("active", "trouble"):
        statement = statement.where(MailAccount.is_active)
    if query.preset == "trouble":
        statement = statement.where(func.coalesce(MailStatus.error, "") != "")
    return fetch_page(session, statement, columns=_ACCOUNT, key=_ACCOUNT["id"], query=query, row=AccountRow)


def get_account(session: Session, account_id: int, _language: str = "de") -> AccountRow:
    """One account.  Refused record_not_found."""
    row = session.execute(
        select(*(_ACCOUNT[name].label(name) for name in AccountRow._fields))
        .outerjoin(MailStatus, MailStatus.account_id == MailAccount.id)
        .where(MailAccount.id == account_id)
    ).first()
    if row is None:
        raise Refused("record_not_found", table="mail.account", id=account_id)
    return AccountRow(*row)


def account_open(session: Session, account_id: int) -> dict[str, Any]:
    """How an account is reached, with its sealed password.  Refused record_not_found."""
    return call_api(session, "mail_account_open", p_account_id=account_id)


def sending_accounts(session: Session) -> tuple[int, ...]:
    """The accounts the person may send by."""
    found = select(MailAccount.id).where(MailAccount.kind == "outgoing", MailAccount.is_active)
    return tuple(session.scalars(found.order_by(MailAccount.id)))


def reading_accounts(session: Session) -> tuple[int, ...]:
    """The folders of the house that are read."""
    found = select(MailAccount.id).where(MailAccount.kind == "incoming", MailAccount.is_active)
    return tuple(session.scalars(found.order_by(MailAccount.id)))


def _templates() -> Any:
    return select(*(_TEMPLATE[name].label(name) for name in TemplateRow._fields)).outerjoin(
        Partner, Partner.id == MailTemplate.partner_id
    )


def list_templates(session: Session, query: ListQuery) -> Page:
    """Rows of `TemplateRow`."""
    return fetch_page(
        session, _templates(), columns=_TEMPLATE, key=_TEMPLATE["id"], query=query, row=TemplateRow
    )


def get_template(session: Session, template_id: int, _language: str = "de") -> TemplateRow:
    """One text.  Refused record_not_found."""
    row = session.execute(_templates().where(MailTemplate.id == template_id)).first()
    if row is None:
        raise Refused("record_not_found", table="mail.template", id=template_id)
    return TemplateRow(*row)


def list_received(session: Session, query: ListQuery) -> Page:
    """Rows of `ReceivedRow`."""
    statement = select(*(_RECEIVED[name].label(name) for name in ReceivedRow._fields)).join(
        MailAccount, MailAccount.id == MailReceived.account_id
    )
    return fetch_page(
        session, statement, columns=_RECEIVED, key=_RECEIVED["id"], query=query, row=ReceivedRow
    )


def was_refused(session: Session, account_id: int, uid_validity: int, uid: int) -> bool:
    """Whether a mail of a folder was looked at and left there."""
    found = select(MailReceived.id).where(
        MailReceived.account_id == account_id,
        MailReceived.uid_validity == uid_validity,
        MailReceived.uid == uid,
        MailReceived.state == "refused",
    )
    return session.execute(found).first() is not None
