"""Files, each kept once, and who refers to them: the archive of issued documents and the attachments of records."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, day, flag, moment, one_of, parent_pk, ref, whole, words

_NAME = r"file_name ~ '^[^/\\[:cntrl:]]{1,180}$'"


class Content(Base):
    """The bytes of a file, once for as many as refer to it; written once and never changed."""

    __tablename__ = "content"
    __table_args__ = (
        UniqueConstraint("sha256", name="content_stored_once"),
        CheckConstraint("octet_length(bytes) BETWEEN 1 AND 52428800", name="content_size"),
        CheckConstraint("size = octet_length(bytes)", name="content_size_true"),
        CheckConstraint("sha256 = encode(sha256(bytes), 'hex')", name="content_hash_true"),
        CheckConstraint("mime ~ '^[a-z]+/[a-z0-9][a-z0-9.+-]*$'", name="content_mime"),
        {"schema": "documents"},
    )

    sha256: Mapped[str] = words()
    size: Mapped[int] = whole()
    mime: Mapped[str] = words()
    data: Mapped[bytes] = mapped_column("bytes", LargeBinary(), deferred=True)
    stored_at: Mapped[dt.datetime] = moment(default_now=True)
    stored_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class ContentText(Root):
    """Words of a file for the search, as the client read them; nothing else relies on them."""

    __tablename__ = "content_text"
    __table_args__ = ({"schema": "documents"},)

    content_id: Mapped[int] = parent_pk("documents.content.id")
    words: Mapped[str] = mapped_column(TSVECTOR())
    indexed_at: Mapped[dt.datetime] = moment(default_now=True)


Index("content_text_words_idx", ContentText.words, postgresql_using="gin")


class Kind(Base):
    """A kind of document: which record it belongs to, who issues it, how long it is kept.

    `facts` is the function that answers for the record: `(kind, id)` gives number, warehouse, partner, recipient, date
    and whether it has been issued.
    """

    __tablename__ = "kind"
    __table_args__ = (
        UniqueConstraint("code"),
        one_of("retention", "kind_retention", "voucher", "book", "letter", "none"),
        {"schema": "documents"},
    )

    code: Mapped[str] = words()
    topic: Mapped[str] = words()
    issue_right: Mapped[str] = words()
    facts: Mapped[str] = words()
    once: Mapped[bool] = flag()
    retention: Mapped[str] = words()


class Retention(Base):
    """How many years a class of documents is kept, counted from the end of the year it is from."""

    __tablename__ = "retention"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("years BETWEEN 0 AND 30", name="retention_years"),
        {"schema": "documents"},
    )

    code: Mapped[str] = words()
    years: Mapped[int] = whole()
    source: Mapped[str] = words()


class Issued(Base):
    """A document as it left the house, written once and never changed.

    `topic` and `record_id` name its record, `warehouse_id` is the record's, so that the copy is seen by those who see
    the record. `sha256` is kept here beside the file's own, so that bytes exchanged later are noticed.
    """

    __tablename__ = "issued"
    __table_args__ = (
        Index(
            "document_archived_once",
            "topic",
            "record_id",
            "format",
            unique=True,
            postgresql_where=text("once"),
        ),
        Index(None, "topic", "record_id"),
        Index(None, "dated"),
        one_of("language", "document_language", "de", "en"),
        one_of("format", "document_format", "pdf", "xml", "zip", "csv"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="document_hash"),
        CheckConstraint(_NAME, name="document_file_name"),
        {"schema": "documents"},
    )

    kind: Mapped[str] = words()
    topic: Mapped[str] = words()
    record_id: Mapped[int] = mapped_column(BigInteger())
    once: Mapped[bool] = flag()
    warehouse_id: Mapped[int | None] = mapped_column(BigInteger())
    partner_id: Mapped[int | None] = ref("partners.partner.id")
    number: Mapped[str] = words()
    recipient: Mapped[str] = words("")
    dated: Mapped[dt.date] = day()
    language: Mapped[str] = words()
    format: Mapped[str] = words()
    file_name: Mapped[str] = words()
    content_id: Mapped[int] = ref("documents.content.id")
    sha256: Mapped[str] = words()
    size: Mapped[int] = mapped_column(Integer())
    retain_until: Mapped[dt.date] = day()
    issued_at: Mapped[dt.datetime] = moment(default_now=True)
    issued_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class Purge(Base):
    """A deletion of documents whose time was over: by whom, why, how many."""

    __tablename__ = "purge"
    __table_args__ = (
        CheckConstraint("length(btrim(reason)) BETWEEN 3 AND 1000", name="purge_reason"),
        {"schema": "documents"},
    )

    until: Mapped[dt.date] = day()
    reason: Mapped[str] = words()
    documents: Mapped[int] = whole()
    purged_at: Mapped[dt.datetime] = moment(default_now=True)
    purged_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class Verification(Base):
    """A run over the archive: whether every file is what it was.  `ended_at` is empty while it goes on.

    A nightly one belongs to the guard, which goes on from `last_issued` and `last_version`; a person's covers what the
    person may see.  `findings` are the first hundred, as {what, topic, id, name}; `found` counts all.
    """

    __tablename__ = "verification"
    __table_args__ = (
        CheckConstraint("looked >= 0 AND found >= 0", name="verification_counts"),
        CheckConstraint("jsonb_typeof(findings) = 'array'", name="verification_findings"),
        {"schema": "documents"},
    )

    started_at: Mapped[dt.datetime] = moment(default_now=True)
    ended_at: Mapped[dt.datetime | None] = moment()
    verified_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))
    looked: Mapped[int] = whole("0")
    found: Mapped[int] = whole("0")
    findings: Mapped[list[Any]] = mapped_column(JSONB(), server_default=text("'[]'"))
    last_issued: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))
    last_version: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"))


class Attachment(Base, Versioned):
    """A file somebody laid beside a record (`topic` is its table); its versions keep what it was before."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index(
            "attachment_name_taken",
            "topic",
            "record_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("state = 'current'"),
        ),
        one_of("state", "attachment_state", "current", "removed"),
        CheckConstraint(r"name ~ '^[^/\\[:cntrl:]]{1,180}$'", name="attachment_name"),
        CheckConstraint("(state = 'removed') = (removed_reason <> '')", name="attachment_reason"),
        {"schema": "documents"},
    )

    topic: Mapped[str] = words()
    record_id: Mapped[int] = mapped_column(BigInteger())
    warehouse_id: Mapped[int | None] = mapped_column(BigInteger())
    name: Mapped[str] = words()
    version: Mapped[int] = whole("1")
    state: Mapped[str] = words("current")
    removed_reason: Mapped[str] = words("")


class AttachmentVersion(Base):
    """One version of an attachment, written once."""

    __tablename__ = "attachment_version"
    __table_args__ = (
        UniqueConstraint("attachment_id", "version", name="attachment_version_once"),
        {"schema": "documents"},
    )

    attachment_id: Mapped[int] = mapped_column(
        BigInteger(), ForeignKey("documents.attachment.id", ondelete="CASCADE")
    )
    version: Mapped[int] = whole()
    content_id: Mapped[int] = ref("documents.content.id")
    sha256: Mapped[str] = words()
    size: Mapped[int] = mapped_column(Integer())
    comment: Mapped[str] = words("")
    added_at: Mapped[dt.datetime] = moment(default_now=True)
    added_by: Mapped[str] = mapped_column(Text(), server_default=text("SESSION_USER"))


class House(Root):
    """What the house says about files; one row."""

    __tablename__ = "house"
    __table_args__ = (
        CheckConstraint("id = 1", name="house_one_row"),
        CheckConstraint("attachment_mb BETWEEN 1 AND 50", name="house_attachment_mb"),
        {"schema": "documents"},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger(), primary_key=True, server_default=text("1"), autoincrement=False
    )
    attachment_mb: Mapped[int] = whole("25")


class Template(Base, Versioned):
    """The house's changes to its papers: for all of them, a kind, a language, a customer or supplier.

    Empty `kind` and `language` mean all. `changes` holds the choices of `app.services.documents.design`.
    """

    __tablename__ = "template"
    __table_args__ = (
        Index(
            "template_once",
            "kind",
            "language",
            text("coalesce(partner_id, 0)"),
            unique=True,
        ),
        one_of("language", "template_language", "", "de", "en"),
        CheckConstraint("kind ~ '^[a-z_]{0,40}$'", name="template_kind"),
        CheckConstraint(
            "jsonb_typeof(changes) = 'object' AND octet_length(changes::text) <= 65536",
            name="template_changes",
        ),
        CheckConstraint("octet_length(logo) BETWEEN 1 AND 2097152", name="template_logo_size"),
        {"schema": "documents"},
    )

    kind: Mapped[str] = words("")
    language: Mapped[str] = words("")
    partner_id: Mapped[int | None] = ref("partners.partner.id")
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary(), deferred=True)
