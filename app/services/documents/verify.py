"""Whether the archive is what it was: files against hashes, the index against the files, both against the trail."""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.format import no_formula
from app.models.documents import Verification

PORTION = 200


class Finding(NamedTuple):
    """Something that is not as it was.

    ``what`` is bytes (the file is another one), index (what the archive says of it differs), trail (the audit trail
    recorded another one), untraced (the trail never saw it come) or lost (the trail saw it come, it is gone).
    """

    what: str
    topic: str
    id: int
    name: str


class Checked(NamedTuple):
    """A portion: the last id looked at (None: it was the last portion), how many, what was found."""

    last: int | None
    looked: int
    findings: tuple[Finding, ...]


class Run(NamedTuple):
    """A run that is over: when, by whom (a login; the guard's at night), how many files, what was found."""

    ended_at: dt.datetime
    verified_by: str
    looked: int
    found: int
    findings: tuple[Finding, ...]


_TRAIL = """(SELECT e.new ->> 'sha256' FROM audit.entry e
              WHERE e.topic = :topic AND e.record_id = {record} AND e.table_name = '{table}' AND e.row_id = r.id
                AND e.op = 'I' ORDER BY e.id LIMIT 1)"""
_ROWS = """
SELECT r.id, {name} AS name, r.sha256, r.size, c.sha256 AS content_sha256, c.size AS content_size,
       encode(sha256(c.bytes), 'hex') AS true_sha256, octet_length(c.bytes) AS true_size, {trail} AS trail,
       {at} >= (SELECT min(e.at) FROM audit.entry e) AS traceable
  FROM {table} r LEFT JOIN documents.content c ON c.id = r.content_id
 WHERE r.id > :after ORDER BY r.id LIMIT :portion
"""
_ISSUED = text(
    _ROWS.format(
        table="documents.issued",
        name="r.number || ' · ' || r.file_name",
        at="r.issued_at",
        trail=_TRAIL.format(record="r.id", table="documents.issued"),
    )
)
_ATTACHED = text(
    _ROWS.format(
        table="documents.attachment_version",
        name="(SELECT a.name FROM documents.attachment a WHERE a.id = r.attachment_id) || ' · ' || r.version",
        at="r.added_at",
        trail=_TRAIL.format(record="r.attachment_id", table="documents.attachment_version"),
    )
)
# What the trail saw come and never saw go; only records the person may see at all.
_LOST = text(
    """
SELECT e.row_id, coalesce(e.new ->> 'number', '') AS name
  FROM audit.entry e
 WHERE e.topic = 'documents.issued' AND e.table_name = 'documents.issued' AND e.op = 'I'
   AND coalesce(e.new ->> 'topic', 'sales.' || (e.new ->> 'document_type')) = ANY ((SELECT sec.my_tables())::text[])
   AND NOT EXISTS (SELECT FROM documents.issued i WHERE i.id = e.row_id)
   AND NOT EXISTS (SELECT FROM audit.entry d
                    WHERE d.topic = 'documents.issued' AND d.record_id = e.record_id AND d.op = 'D')
 ORDER BY e.row_id
"""
)
_STEPS = (("documents.issued", _ISSUED), ("documents.attachment", _ATTACHED))


def check_portion(session: Session, topic: str, after: int) -> Checked:
    """Look at some documents (``documents.issued``) or versions of attachments (``documents.attachment``)."""
    statement = dict(_STEPS)[topic]
    rows = session.execute(statement, {"topic": topic, "after": after, "portion": PORTION}).all()
    found: list[Finding] = []
    for row in rows:
        if row.true_sha256 is None:
            found.append(Finding("lost", topic, row.id, row.name))
            continue
        if row.true_sha256 != row.content_sha256 or row.true_size != row.content_size:
            found.append(Finding("bytes", topic, row.id, row.name))
        if row.sha256 != row.true_sha256 or row.size != row.true_size:
            found.append(Finding("index", topic, row.id, row.name))
        if row.trail is None and row.traceable:
            found.append(Finding("untraced", topic, row.id, row.name))
        elif row.trail is not None and row.trail != row.true_sha256:
            found.append(Finding("trail", topic, row.id, row.name))
    return Checked(rows[-1].id if len(rows) == PORTION else None, len(rows), tuple(found))


def lost(session: Session) -> tuple[Finding, ...]:
    """Documents that came into the archive and are neither there nor lawfully deleted."""
    return tuple(Finding("lost", "documents.issued", row.row_id, row.name) for row in session.execute(_LOST))


def verify(session: Session) -> Iterator[Checked]:
    """Look at everything the person may see, portion by portion; the trail itself is proved by its seal."""
    for topic, _ in _STEPS:
        after: int | None = 0
        while after is not None:
            portion = check_portion(session, topic, after)
            yield portion
            after = portion.last
    missing = lost(session)
    yield Checked(None, 0, missing)


def last_runs(session: Session, most: int = 5) -> tuple[Run, ...]:
    """The last runs that came to their end, the newest first."""
    one = Verification
    statement = (
        select(one.ended_at, one.verified_by, one.looked, one.found, one.findings)
        .where(one.ended_at.is_not(None))
        .order_by(one.ended_at.desc(), one.id.desc())
        .limit(most)
    )
    return tuple(
        Run(
            at,
            by,
            looked,
            found,
            tuple(Finding(x["what"], x["topic"], int(x["id"]), x["name"]) for x in findings),
        )
        for at, by, looked, found, findings in session.execute(statement)
    )


def write_report(file: Path, checked: int, findings: list[Finding], at: dt.datetime) -> None:
    """The result as CSV: one row for the whole, one per finding."""
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        lines = csv.writer(stream, delimiter=";")
        lines.writerow(
            ("verified_at", at.isoformat(timespec="seconds"), "checked", checked, "findings", len(findings))
        )
        lines.writerow(("finding", "topic", "id", "name"))
        lines.writerows((*one[:-1], no_formula(one.name)) for one in findings)
