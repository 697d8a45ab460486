"""Writes notes and the company's data."""

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.errors import Conflict, Invalid, NotAllowed, Refused
from app.models.system import Company, Note
from app.services.system.commands import AddNote, EditNote, SaveCompany

NOTES = "system.note"
COMPANY = "system.company"


def add_note(session: Session, command: AddNote) -> Result[int]:
    """Write a note; gives its id."""
    note = Note(topic=command.topic, record_id=command.record_id, body=_body(command.body))
    session.add(note)
    session.flush()
    return Result(note.id, changed((NOTES, note.id), (command.topic, command.record_id)))


def edit_note(session: Session, command: EditNote) -> Result[int]:
    """Change one's own note."""
    note = session.get(Note, command.id)
    if note is None:
        raise Refused("record_not_found", table=NOTES, id=command.id)
    if note.row_version != command.row_version:
        raise Conflict("stale", table=NOTES, id=command.id, row_version=note.row_version)
    if note.created_by != session.info.get("login"):
        raise NotAllowed("note_not_own", right=None)
    note.body = _body(command.body)
    session.flush()
    return Result(note.id, changed((NOTES, note.id), (note.topic, note.record_id)))


def save_company(session: Session, command: SaveCompany) -> Result[int]:
    """Save changed fields of the company; gives the new row version."""
    company = session.get(Company, 1)
    if company is None:
        raise Refused("record_not_found", table=COMPANY, id=1)
    if company.row_version != command.row_version:
        raise Conflict("stale", table=COMPANY, id=1, row_version=company.row_version)
    for name, value in command.values.items():
        setattr(company, name, value)
    session.flush()
    return Result(company.row_version, changed((COMPANY, 1)))


def _body(text: str) -> str:
    body = text.strip()
    if not 1 <= len(body) <= 10_000:
        raise Invalid("note_body_length", column="body")
    return body
