"""The archive of issued documents, as far as the user may see it."""

import datetime as dt
import hashlib
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.together import Question, ask
from app.models.documents import Issued
from app.services.documents.commands import DocumentType


class ArchivedRow(NamedTuple):
    """An archived document without its content; `issued_at` is UTC."""

    id: int
    document_type: str
    document_id: int
    number: str
    language: str
    file_name: str
    sha256: str
    issued_at: dt.datetime
    issued_by: str


class ArchivedFile(NamedTuple):
    """An archived document as it went out."""

    file_name: str
    content: bytes
    sha256: str


_ROW = (
    Issued.id,
    Issued.document_type,
    Issued.document_id,
    Issued.number,
    Issued.language,
    Issued.file_name,
    Issued.sha256,
    Issued.issued_at,
    Issued.issued_by,
)


def archived_documents(
    session: Session, document_type: DocumentType, document_id: int
) -> tuple[ArchivedRow, ...]:
    """What is archived for a record: one row, or none as long as it has not been issued."""
    return ask(session, archive_question(document_type, document_id))


def archive_question(document_type: DocumentType, document_id: int) -> Question[tuple[ArchivedRow, ...]]:
    """Asks what is archived for a record."""
    found = select(*_ROW).where(Issued.document_type == document_type, Issued.document_id == document_id)
    return Question(found.order_by(Issued.id), lambda rows: tuple(ArchivedRow(*row) for row in rows))


def archived_file(session: Session, archived_id: int) -> ArchivedFile:
    """The bytes of an archived document, exactly as issued.

    Raises Invalid `document_not_archived` when it does not exist for this user, `document_damaged` when its hash no
    longer matches: then nothing is handed out.
    """
    query = select(Issued.file_name, Issued.content, Issued.sha256).where(Issued.id == archived_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise Invalid("document_not_archived", id=archived_id)
    name, content, expected = row
    if hashlib.sha256(content).hexdigest() != expected:
        raise Invalid("document_damaged", id=archived_id, file_name=name)
    return ArchivedFile(name, bytes(content), expected)
