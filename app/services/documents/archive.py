"""Puts issued documents into the archive."""

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.services.documents.commands import ArchiveDocument


@posting
def archive(session: Session, command: ArchiveDocument) -> Result[int]:
    """Keep the PDF of an issued record; the value is the id in the archive.

    The same bytes again give the same id.  Raises NotAllowed without the right to issue this kind of record, Refused
    when the record is still a draft, the file is no PDF or too large, or other bytes are kept for it already.
    """
    answer = call_api(
        session,
        "document_archive",
        p_command=command.command,
        p_document_type=command.document_type,
        p_document_id=command.document_id,
        p_language=command.language,
        p_file_name=command.file_name,
        p_content=command.content,
    )
    archived = int(answer["id"])
    return Result(
        archived,
        changed(("documents.issued", archived), (f"sales.{command.document_type}", command.document_id)),
    )
