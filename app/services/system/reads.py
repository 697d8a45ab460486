"""History and notes of a record, and the company."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from app.models.audit import Entry
from app.models.system import Company, Note
from app.services.documents.attachments import Files, files_columns, files_from
from app.services.mail.marks import MailMark, mails_column, marks_from


class HistoryRow(NamedTuple):
    """What was done to a record, or to one of its lines (then `table_name` differs from the topic).

    `op` is I, U or D; `old` and `new` hold the changed columns, all of them on I and D.
    """

    id: int
    at: dt.datetime
    login: str
    table_name: str
    row_id: int
    op: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    command: uuid.UUID | None
    application: str


class NoteRow(NamedTuple):
    """A note on a record."""

    id: int
    body: str
    created_at: dt.datetime
    created_by: str
    updated_at: dt.datetime
    row_version: int


class CompanyRow(NamedTuple):
    """The company, as documents and the settings page need it."""

    row_version: int
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str
    tax_number: str
    register_entry: str
    managing_director: str
    bank_name: str
    iban: str
    bic: str
    phone: str
    email: str
    web: str
    language: str
    currency: str
    is_small_business: bool
    contact_name: str
    contact_phone: str
    contact_email: str
    electronic_address: str
    electronic_address_scheme: str
    logo: bytes | None


# What the program notes by itself of how a thing is.  It is in the audit trail like everything, but nobody changed
# the record: among its changes it would bury what people did.
NOTED = ("printing.printer_status",)


def _newest(topic: str, record_id: int, limit: int) -> Select[Any]:
    """The newest changes of a record, in the order of `HistoryRow`."""
    columns = [getattr(Entry, name) for name in HistoryRow._fields]
    chosen = select(*columns).where(Entry.topic == topic, Entry.record_id == record_id)
    return chosen.where(Entry.table_name.not_in(NOTED)).order_by(Entry.id.desc()).limit(limit)


def history(
    session: Session, topic: str, record_id: int, before: int | None = None, limit: int = 100
) -> tuple[HistoryRow, ...]:
    """The newest entries of a record's history, older than the entry `before` when given; one round trip."""
    statement = _newest(topic, record_id, limit)
    if before is not None:
        statement = statement.where(Entry.id < before)
    rows = (HistoryRow(*row) for row in session.execute(statement).all())
    return tuple(row._replace(old=row.old or {}, new=row.new or {}) for row in rows)


def notes(session: Session, topic: str, record_id: int) -> tuple[NoteRow, ...]:
    """The notes of a record, newest first; one round trip."""
    statement = (
        select(Note.id, Note.body, Note.created_at, Note.created_by, Note.updated_at, Note.row_version)
        .where(Note.topic == topic, Note.record_id == record_id)
        .order_by(Note.id.desc())
    )
    return tuple(NoteRow(*row) for row in session.execute(statement).all())


def company(session: Session) -> CompanyRow:
    """The company this database belongs to."""
    columns = [getattr(Company, name) for name in CompanyRow._fields]
    return CompanyRow(*session.execute(select(*columns)).one())


class Story(NamedTuple):
    """What stands beside a record: its notes and the newest entries of its history, the newest first, its files
    and mails.

    `people` names the logins; None when it was not asked for.
    """

    notes: tuple[NoteRow, ...]
    history: tuple[HistoryRow, ...]
    people: Mapping[str, str] | None
    files: Files
    mails: tuple[MailMark, ...] = ()


def story(session: Session, topic: str, record_id: int, entries: int = 20, *, people: bool = False) -> Story:
    """Notes, history and files of a record; one round trip.  The people's names are worth keeping for the session."""
    note_columns = (Note.id, Note.body, Note.created_at, Note.created_by, Note.updated_at, Note.row_version)
    found = (
        select(*note_columns).where(Note.topic == topic, Note.record_id == record_id).order_by(Note.id.desc())
    ).subquery()
    newest = _newest(topic, record_id, entries).subquery()
    names = text(
        "(SELECT jsonb_object_agg(p.login, p.person) FROM sec.people() p)" if people else "NULL::jsonb"
    )
    answer = session.execute(
        select(
            select(func.jsonb_agg(func.jsonb_build_array(*found.c))).scalar_subquery(),
            select(func.jsonb_agg(func.jsonb_build_array(*newest.c))).scalar_subquery(),
            names,
            mails_column(topic, record_id),
            *files_columns(topic, record_id),
        )
    ).one()
    return Story(
        tuple(
            NoteRow(*row)._replace(created_at=_moment(row[2]), updated_at=_moment(row[4]))
            for row in answer[0] or ()
        ),
        tuple(
            HistoryRow(*row)._replace(at=_moment(row[1]), old=row[6] or {}, new=row[7] or {})
            for row in answer[1] or ()
        ),
        answer[2],
        files_from(answer[4:]),
        marks_from(answer[3]),
    )


def _moment(written: str) -> dt.datetime:
    return dt.datetime.fromisoformat(written)
