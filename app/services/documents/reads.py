"""The archive of issued documents, as far as the user may see it."""

import datetime as dt
import hashlib
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.together import Question, ask
from app.models.documents import Content, Issued


class ArchivedRow(NamedTuple):
    """An archived document without its content; `issued_at` is UTC."""

    id: int
    kind: str
    topic: str
    record_id: int
    number: str
    language: str
    format: str
    file_name: str
    size: int
    sha256: str
    issued_at: dt.datetime
    issued_by: str


class ArchivedFile(NamedTuple):
    """An archived document as it went out."""

    file_name: str
    content: bytes
    sha256: str
    mime: str


_ROW = (
    Issued.id,
    Issued.kind,
    Issued.topic,
    Issued.record_id,
    Issued.number,
    Issued.language,
    Issued.format,
    Issued.file_name,
    Issued.size,
    Issued.sha256,
    Issued.issued_at,
    Issued.issued_by,
)


def archived_documents(session: Session, topic: str, record_id: int) -> tuple[ArchivedRow, ...]:
    """What is archived for a record, oldest first; `topic` is its table."""
    return ask(session, archive_question(topic, record_id))


def archive_question(topic: str, record_id: int) -> Question[tuple[ArchivedRow, ...]]:
    """Asks what is archived for a record."""
    found = select(*_ROW).where(Issued.topic == topic, Issued.record_id == record_id)
    return Question(found.order_by(Issued.id), lambda rows: tuple(ArchivedRow(*row) for row in rows))


def archived_file(session: Session, archived_id: int) -> ArchivedFile:
    """The bytes of an archived document, exactly as issued.

    Raises Invalid `document_not_archived` when it does not exist for this user, `document_damaged` when its hash no
    longer matches: then nothing is handed out.
    """
    query = (
        select(Issued.file_name, Content.data, Issued.sha256, Content.mime)
        .join(Content, Content.id == Issued.content_id)
        .where(Issued.id == archived_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise Invalid("document_not_archived", id=archived_id)
    name, content, expected, mime = row
    if hashlib.sha256(content).hexdigest() != expected:
        raise Invalid("document_damaged", id=archived_id, file_name=name)
    return ArchivedFile(name, bytes(content), expected, mime)
