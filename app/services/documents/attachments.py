"""Files beside records: laying them there, new versions, and reading them back."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Subquery

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Invalid
from app.core.paging import ListQuery, Page, fetch_page
from app.models.documents import Attachment, AttachmentVersion, Content, House, Issued, Kind
from app.services.documents.commands import (
    AddAttachment,
    RemoveAttachment,
    RenameAttachment,
    ReplaceAttachment,
)

ATTACHMENT = "documents.attachment"
# Nothing is laid beside these: they are what the house is run with, or read-only history.
CLOSED = frozenset({"sec", "audit", "api", "system", "documents", "legacy", "printing", "mail"})


class FileRow(NamedTuple):
    """An attachment as it stands, or a removed one; times are UTC."""

    id: int
    row_version: int
    name: str
    version: int
    state: str
    removed_reason: str
    size: int
    comment: str
    added_at: dt.datetime
    added_by: str
    mime: str


class PaperRow(NamedTuple):
    """What was issued for a record; `issued_at` is UTC."""

    id: int
    kind: str
    number: str
    format: str
    file_name: str
    size: int
    issued_at: dt.datetime
    issued_by: str


class Files(NamedTuple):
    """What belongs to a record: documents issued for it, files laid beside it.

    `rights` are the functions of which one is enough to lay files beside records of this kind, besides changing them.
    """

    papers: tuple[PaperRow, ...] = ()
    attachments: tuple[FileRow, ...] = ()
    rights: tuple[str, ...] = ()
    most_mb: int = 25


class VersionRow(NamedTuple):
    """One version of an attachment; `added_at` is UTC."""

    version: int
    size: int
    sha256: str
    comment: str
    added_at: dt.datetime
    added_by: str
    mime: str


class AttachedFile(NamedTuple):
    """The bytes of one version."""

    name: str
    content: bytes
    mime: str


@posting
def add(session: Session, command: AddAttachment) -> Result[int]:
    """Lay a file beside a record; the value is the attachment.

    Raises NotAllowed without the right to change the record, Refused for a name that is taken, an empty file or one
    that is too large.
    """
    answer = call_api(
        session,
        "attachment_add",
        p_command=command.command,
        p_topic=command.topic,
        p_record_id=command.record_id,
        p_name=command.name,
        p_mime=command.mime,
        p_content=command.content,
        p_comment=command.comment,
        p_words=command.words or None,
    )
    return _changed(answer)


@posting
def replace(session: Session, command: ReplaceAttachment) -> Result[int]:
    """Lay a new version over an attachment; refuses the same bytes again."""
    answer = call_api(
        session,
        "attachment_replace",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_mime=command.mime,
        p_content=command.content,
        p_comment=command.comment,
        p_words=command.words or None,
    )
    return _changed(answer)


@posting
def rename(session: Session, command: RenameAttachment) -> Result[int]:
    """Give an attachment another name."""
    answer = call_api(
        session,
        "attachment_rename",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_name=command.name,
    )
    return _changed(answer)


@posting
def remove(session: Session, command: RemoveAttachment) -> Result[int]:
    """Take an attachment off its record, with a reason."""
    answer = call_api(
        session,
        "attachment_remove",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_reason=command.reason,
    )
    return _changed(answer)


def files_of(session: Session, topic: str, record_id: int) -> Files:
    """What belongs to a record; one round trip."""
    return files_from(session.execute(select(*files_columns(topic, record_id))).one())


def set_limit(session: Session, most_mb: int) -> Result[int]:
    """How large a new attachment may be, 1 to 50 MB.  Raises Invalid `house_attachment_mb`."""
    if not 1 <= most_mb <= 50:
        raise Invalid("house_attachment_mb")
    session.execute(update(House).values(attachment_mb=most_mb))
    return Result(most_mb, changed(("documents.house", 1)))


class AttachmentRow(NamedTuple):
    """An attachment in the list of all: `topic` and `record_id` name its record; times are UTC."""

    id: int
    name: str
    topic: str
    record_id: int
    version: int
    size: int
    mime: str
    comment: str
    added_at: dt.datetime
    added_by: str


def list_attachments(session: Session, query: ListQuery) -> Page:
    """Attachments that are there, as far as the person may see their records.  Columns: `AttachmentRow`."""
    columns: dict[str, Any] = {
        "id": Attachment.id,
        "name": Attachment.name,
        "topic": Attachment.topic,
        "record_id": Attachment.record_id,
        "version": Attachment.version,
        "size": AttachmentVersion.size,
        "mime": Content.mime,
        "comment": AttachmentVersion.comment,
        "added_at": AttachmentVersion.added_at,
        "added_by": AttachmentVersion.added_by,
    }
    statement = (
        select(*columns.values())
        .join(
            AttachmentVersion,
            (AttachmentVersion.attachment_id == Attachment.id)
            & (AttachmentVersion.version == Attachment.version),
        )
        .join(Content, Content.id == AttachmentVersion.content_id)
        .where(Attachment.state == "current")
    )
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=AttachmentRow)


def files_columns(topic: str, record_id: int) -> tuple[Any, ...]:
    """Four columns of a SELECT that `files_from` reads."""
    papers = (
        select(
            Issued.id,
            Issued.kind,
            Issued.number,
            Issued.format,
            Issued.file_name,
            Issued.size,
            Issued.issued_at,
            Issued.issued_by,
        )
        .where(Issued.topic == topic, Issued.record_id == record_id)
        .order_by(Issued.id.desc())
    ).subquery()
    rights = select(Kind.issue_right.label("right")).distinct().where(Kind.topic == topic).subquery()
    return (
        _listed(papers),
        _listed(_attachments(topic, record_id)),
        select(func.jsonb_agg(rights.c.right)).scalar_subquery(),
        select(House.attachment_mb).scalar_subquery(),
    )


def files_from(row: Any) -> Files:
    """What `files_columns` found."""
    papers, attachments, rights, most = row
    return Files(
        tuple(PaperRow(*one)._replace(issued_at=_moment(one[6])) for one in papers or ()),
        tuple(FileRow(*one)._replace(added_at=_moment(one[8])) for one in attachments or ()),
        tuple(rights or ()),
        most or 25,
    )


def versions_of(session: Session, attachment_id: int) -> tuple[VersionRow, ...]:
    """Every version of an attachment, the newest first."""
    asked = (
        select(
            AttachmentVersion.version,
            AttachmentVersion.size,
            AttachmentVersion.sha256,
            AttachmentVersion.comment,
            AttachmentVersion.added_at,
            AttachmentVersion.added_by,
            Content.mime,
        )
        .join(Content, Content.id == AttachmentVersion.content_id)
        .where(AttachmentVersion.attachment_id == attachment_id)
        .order_by(AttachmentVersion.version.desc())
    )
    return tuple(VersionRow(*row) for row in session.execute(asked))


def attached_file(session: Session, attachment_id: int, version: int | None = None) -> AttachedFile:
    """The bytes of a version, of the newest one without a number.

    Raises Invalid `attachment_missing` when it does not exist for this user, `document_damaged` when its hash no
    longer matches.
    """
    asked = (
        select(Attachment.name, Content.data, Content.mime, AttachmentVersion.sha256)
        .join(AttachmentVersion, AttachmentVersion.attachment_id == Attachment.id)
        .join(Content, Content.id == AttachmentVersion.content_id)
        .where(Attachment.id == attachment_id)
        .where(AttachmentVersion.version == (Attachment.version if version is None else version))
    )
    row = session.execute(asked).one_or_none()
    if row is None:
        raise Invalid("attachment_missing", id=attachment_id)
    name, content, mime, sha256 = row
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Invalid("document_damaged", id=attachment_id, file_name=name)
    return AttachedFile(name, bytes(content), mime)


def _attachments(topic: str, record_id: int) -> Subquery:
    return (
        select(
            Attachment.id,
            Attachment.row_version,
            Attachment.name,
            Attachment.version,
            Attachment.state,
            Attachment.removed_reason,
            AttachmentVersion.size,
            AttachmentVersion.comment,
            AttachmentVersion.added_at,
            AttachmentVersion.added_by,
            Content.mime,
        )
        .join(
            AttachmentVersion,
            (AttachmentVersion.attachment_id == Attachment.id)
            & (AttachmentVersion.version == Attachment.version),
        )
        .join(Content, Content.id == AttachmentVersion.content_id)
        .where(Attachment.topic == topic, Attachment.record_id == record_id)
        .order_by(func.lower(Attachment.name), Attachment.id)
    ).subquery()


def _listed(found: Subquery) -> Any:
    return select(func.jsonb_agg(func.jsonb_build_array(*found.c))).scalar_subquery()


def _moment(value: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(str(value))


def _changed(answer: Mapping[str, Any]) -> Result[int]:
    found = int(answer["id"])
    return Result(found, changed((ATTACHMENT, found)))
