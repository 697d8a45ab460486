"""E-mail: accounts, texts by kind of document, the queue, and what was read from the folder of invoices."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, flag, moment, one_of, parent_pk, ref, whole, words

SCHEMA = "mail"
FIELDS = (
    "number",
    "date",
    "kind",
    "recipient",
    "salutation",
    "company",
    "sender",
    "sender_email",
    "sender_phone",
    "reference",
    "total",
    "due",
)
"""What a text may name in braces; the database refuses anything else."""
_ADDRESS = '^[^[:space:][:cntrl:]@,;<>"]+@[^[:space:][:cntrl:]@,;<>"]+$'
_NO_CONTROL = "!~ '[[:cntrl:]]'"
_NONE = text("'{}'")


class MailAccount(Base, Versioned):
    """A mail server mails go out by, or a folder invoices come in by; the house's (no owner) or one person's.

    ``security`` none is for this machine only. ``ca`` are certificates of the house's own authority, ``max_mb`` the
    size of a whole mail, ``bcc`` gets a copy of each. ``folder`` is read, ``done_folder`` takes what was read.
    """

    __tablename__ = "account"
    __table_args__ = (
        one_of("kind", "mail_account_kind", "outgoing", "incoming"),
        one_of("security", "mail_account_security", "starttls", "tls", "none"),
        CheckConstraint(
            "security <> 'none' OR host IN ('localhost', '127.0.0.1', '::1')", name="mail_account_in_clear"
        ),
        CheckConstraint("btrim(name) <> ''", name="mail_account_name_not_blank"),
        CheckConstraint("host ~ '^[A-Za-z0-9._:-]{1,255}$'", name="mail_account_host"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="mail_account_port"),
        CheckConstraint("max_mb BETWEEN 1 AND 50", name="mail_account_max_mb"),
        CheckConstraint(
            f"(kind = 'incoming' AND sender_address = '') OR sender_address ~ '{_ADDRESS}'",
            name="mail_account_sender",
        ),
        CheckConstraint(f"reply_to = '' OR reply_to ~ '{_ADDRESS}'", name="mail_account_reply_to"),
        CheckConstraint(f"bcc = '' OR bcc ~ '{_ADDRESS}'", name="mail_account_bcc"),
        CheckConstraint(
            f"sender_name {_NO_CONTROL} AND username {_NO_CONTROL} AND folder {_NO_CONTROL}"
            f" AND done_folder {_NO_CONTROL}",
            name="mail_account_one_line",
        ),
        CheckConstraint("kind = 'outgoing' OR folder <> ''", name="mail_account_folder"),
        Index("uq_account_name", "owner", "name", unique=True),
        {"schema": SCHEMA},
    )

    kind: Mapped[str] = mapped_column(String(10), server_default=text("'outgoing'"))
    owner: Mapped[str] = mapped_column(String(63), server_default=text("SESSION_USER"))
    name: Mapped[str] = mapped_column(String(80))
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int] = whole("587")
    security: Mapped[str] = mapped_column(String(10), server_default=text("'starttls'"))
    username: Mapped[str] = mapped_column(String(254), server_default=text("''"))
    ca: Mapped[str] = mapped_column(String(20000), server_default=text("''"))
    sender_name: Mapped[str] = mapped_column(String(120), server_default=text("''"))
    sender_address: Mapped[str] = mapped_column(String(254), server_default=text("''"))
    reply_to: Mapped[str] = mapped_column(String(254), server_default=text("''"))
    bcc: Mapped[str] = mapped_column(String(254), server_default=text("''"))
    max_mb: Mapped[int] = whole("20")
    folder: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    done_folder: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    is_active: Mapped[bool] = flag(True)


class MailSecret(Root):
    """The password of an account, encrypted by clients; nobody has a right on it.

    Without ``key_id`` it lies under its owner's own key.
    """

    __tablename__ = "account_secret"
    __table_args__ = (
        CheckConstraint("octet_length(sealed) BETWEEN 30 AND 4000", name="mail_secret_form"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[int] = parent_pk("mail.account.id")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[int | None] = ref("sec.data_key.id")
    set_at: Mapped[dt.datetime] = moment(default_now=True)


class MailStatus(Root):
    """How an account was last found, and who reads its folder just now."""

    __tablename__ = "account_status"
    __table_args__ = ({"schema": SCHEMA},)

    account_id: Mapped[int] = parent_pk("mail.account.id")
    ok_at: Mapped[dt.datetime | None] = moment()
    failed_at: Mapped[dt.datetime | None] = moment()
    error: Mapped[str] = mapped_column(String(300), server_default=text("''"))
    fetch_by: Mapped[str] = mapped_column(Text(), server_default=text("''"))
    fetch_fence: Mapped[int] = whole("0")
    fetch_until: Mapped[dt.datetime | None] = moment()


_PLAIN = f"regexp_replace(subject || body, '[{{]({'|'.join(FIELDS)})[}}]', '', 'g')"


class MailTemplate(Base, Versioned):
    """Subject and text a kind of document is sent with, by language, and of a customer or supplier of his own."""

    __tablename__ = "template"
    __table_args__ = (
        Index("mail_template_once", "kind", "language", text("coalesce(partner_id, 0)"), unique=True),
        one_of("language", "mail_template_language", "de", "en"),
        CheckConstraint("kind ~ '^[a-z_0-9]{1,40}$'", name="mail_template_kind"),
        CheckConstraint("btrim(subject) <> '' AND btrim(body) <> ''", name="mail_template_not_blank"),
        CheckConstraint(f"subject {_NO_CONTROL}", name="mail_template_one_line"),
        CheckConstraint(f"{_PLAIN} !~ '[{{}}]'", name="mail_template_placeholder"),
        {"schema": SCHEMA},
    )

    kind: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    partner_id: Mapped[int | None] = ref("partners.partner.id")
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(20000))


class MailMessage(Base):
    """A mail in the queue, or sent.  Written by functions alone.

    ``message_id`` is fixed before the first attempt, ``fence`` counts the claims.  ``began_at`` is set before the
    content leaves; what is lost after that is ``unclear``.  ``refused`` are recipients the server would not take:
    ``[{"address", "words"}]``.
    """

    __tablename__ = "message"
    __table_args__ = (
        one_of(
            "state",
            "mail_state_known",
            "waiting",
            "held",
            "sending",
            "sent",
            "failed",
            "unclear",
            "cancelled",
        ),
        CheckConstraint("cardinality(recipients) BETWEEN 1 AND 100", name="mail_recipients"),
        CheckConstraint(
            "coalesce(cardinality(cc), 0) <= 100 AND coalesce(cardinality(bcc), 0) <= 100", name="mail_copies"
        ),
        CheckConstraint(f"subject {_NO_CONTROL}", name="mail_subject_one_line"),
        CheckConstraint("btrim(subject) <> ''", name="mail_subject_not_blank"),
        CheckConstraint("(state = 'sending') = (claim_until IS NOT NULL)", name="mail_claimed_while_sending"),
        Index("message_waiting_idx", "account_id", "id", postgresql_where=text("state = 'waiting'")),
        Index("message_record_idx", "topic", "record_id"),
        {"schema": SCHEMA},
    )

    batch: Mapped[UUID] = mapped_column(Uuid())
    account_id: Mapped[int] = ref("mail.account.id")
    message_id: Mapped[str] = mapped_column(String(300), unique=True)
    kind: Mapped[str] = mapped_column(String(40), server_default=text("''"))
    topic: Mapped[str] = mapped_column(String(80), server_default=text("''"))
    record_id: Mapped[int | None] = mapped_column(BigInteger())
    warehouse_id: Mapped[int | None] = mapped_column(BigInteger())
    recipients: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    cc: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    bcc: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(String(50000))
    state: Mapped[str] = words("waiting")
    reason: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    detail: Mapped[str] = mapped_column(String(500), server_default=text("''"))
    refused: Mapped[list[Any]] = mapped_column(JSONB(), server_default=text("'[]'"))
    attempts: Mapped[int] = whole("0")
    next_at: Mapped[dt.datetime] = moment(default_now=True)
    fence: Mapped[int] = whole("0")
    claimed_by: Mapped[str] = mapped_column(Text(), server_default=text("''"))
    claim_until: Mapped[dt.datetime | None] = moment()
    began_at: Mapped[dt.datetime | None] = moment()
    again_of: Mapped[int | None] = ref("mail.message.id")
    requested_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    requested_at: Mapped[dt.datetime] = moment(default_now=True)
    ended_at: Mapped[dt.datetime | None] = moment()


class MailAttachment(Base):
    """A file that goes with a mail."""

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("message_id", "position", name="mail_attachment_position"),
        CheckConstraint(r"name ~ '^[^/\\[:cntrl:]]{1,180}$'", name="mail_attachment_name"),
        {"schema": SCHEMA},
    )

    message_id: Mapped[int] = ref("mail.message.id", index=False)
    position: Mapped[int] = whole()
    name: Mapped[str] = words()
    content_id: Mapped[int] = ref("documents.content.id")


class MailReceived(Base):
    """A mail of the folder that was looked at: what was taken from it, so that nothing is taken twice."""

    __tablename__ = "received"
    __table_args__ = (
        UniqueConstraint("account_id", "uid_validity", "uid", name="mail_received_once"),
        one_of("state", "mail_received_state", "taken", "nothing", "refused"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[int] = ref("mail.account.id", index=False)
    uid_validity: Mapped[int] = mapped_column(BigInteger())
    uid: Mapped[int] = mapped_column(BigInteger())
    sender: Mapped[str] = mapped_column(String(300), server_default=text("''"))
    subject: Mapped[str] = mapped_column(String(300), server_default=text("''"))
    state: Mapped[str] = words("nothing")
    files: Mapped[list[Any]] = mapped_column(JSONB(), server_default=text("'[]'"))
    detail: Mapped[str] = mapped_column(String(500), server_default=text("''"))
    received_at: Mapped[dt.datetime] = moment(default_now=True)
    received_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
