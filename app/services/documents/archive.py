"""Puts issued documents into the archive, and takes out those whose time is over."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api, posting
from app.services.documents.commands import ArchiveDocument, NoteVerified, NoteWords, PurgeDocuments

KEPT = 100  # findings of a run; all are counted


@posting
def archive(session: Session, command: ArchiveDocument) -> Result[int]:
    """Keep a file of an issued record; the value is its id in the archive.

    The same bytes again give the same id.  Raises NotAllowed without the right to issue this kind of record, Refused
    when the record is still a draft, the file is not what its name says or too large, or other bytes are kept already
    for a record that has one paper only.
    """
    answer = call_api(
        session,
        "document_archive",
        p_command=command.command,
        p_kind=command.kind,
        p_record_id=command.record_id,
        p_language=command.language,
        p_file_name=command.file_name,
        p_content=command.content,
        p_words=command.words or None,
        p_beside_name=command.beside_name,
        p_beside=command.beside,
    )
    archived = int(answer["id"])
    return Result(
        archived, changed(("documents.issued", archived), (str(answer["topic"]), command.record_id))
    )


@posting
def purge(session: Session, command: PurgeDocuments) -> Result[int]:
    """Delete documents whose retention was over on a day that is past; the value says how many.

    Raises NotAllowed without the right, Refused for a day to come or without a reason.
    """
    answer = call_api(
        session,
        "document_purge",
        p_command=command.command,
        p_until=command.until,
        p_reason=command.reason,
    )
    return Result(int(answer["documents"]), changed(("documents.issued", None)))


@posting
def note_verified(session: Session, command: NoteVerified) -> Result[int]:
    """Keep what a run over the archive found, so that the house sees when it was last done; gives its number."""
    answer = call_api(
        session,
        "document_verified",
        p_command=command.command,
        p_looked=command.looked,
        p_found=len(command.findings),
        p_findings=[one._asdict() for one in command.findings[:KEPT]],
    )
    return Result(int(answer["id"]), NO_CHANGES)


@posting
def note_words(session: Session, command: NoteWords) -> Result[int]:
    """Keep the words of a document that nobody has read for the search yet."""
    answer = call_api(
        session, "document_words", p_command=command.command, p_id=command.id, p_words=command.words
    )
    return Result(int(answer["id"]), NO_CHANGES)


def unread(session: Session, after: int = 0) -> tuple[int, ...]:
    """The next documents the search knows nothing of, as far as the person may see them; none is the end."""
    return tuple(session.execute(select(func.documents.unread_documents(after))).scalar_one())
