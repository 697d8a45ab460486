"""The list of everything that was issued."""

import datetime as dt
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import and_, false, func, select
from sqlalchemy.orm import Session

from app.core.paging import ListQuery, Page, fetch_page
from app.models.documents import House, Issued, Kind, Retention

PRESETS = ("all", "month", "invoices", "expired")
INVOICES = ("invoice", "down_payment", "partial", "final", "correction", "cancellation", "received_invoice")


class ArchiveRow(NamedTuple):
    """A document of the archive; `issued_at` is UTC, `dated` the day the document bears."""

    id: int
    kind: str
    number: str
    recipient: str
    dated: dt.date
    issued_at: dt.datetime
    issued_by: str
    language: str
    format: str
    file_name: str
    size: int
    sha256: str
    retain_until: dt.date
    topic: str
    record_id: int
    partner_id: int | None


class Rules(NamedTuple):
    """What the house keeps how long: kinds with their class, years and source; and how large attachments may be."""

    kinds: tuple[tuple[str, str, int, str], ...]
    attachment_mb: int


def list_archive(session: Session, query: ListQuery) -> Page:
    """Documents, the newest first.  Columns: the fields of `ArchiveRow`; presets: `PRESETS`.

    A filter on ``file_name`` looks for its words in the name and, as beginnings of words, in the text of the document.
    """
    columns: dict[str, Any] = {name: getattr(Issued, name) for name in ArchiveRow._fields}
    statement = select(*columns.values())
    match query.preset:
        case "month":
            statement = statement.where(Issued.dated >= func.date_trunc("month", func.system.today()))
        case "invoices":
            statement = statement.where(Issued.kind.in_(INVOICES))
        case "expired":
            statement = statement.where(Issued.retain_until < func.system.today())
    found = [item for item in query.filters if item.key == "file_name"]
    for item in found:
        named = [Issued.file_name.ilike("%" + _literal(word) + "%") for word in str(item.value).split()]
        told = Issued.id.in_(select(func.unnest(func.documents.search_documents(str(item.value)))))
        statement = statement.where(told | _all(named))
    rest = tuple(item for item in query.filters if item.key != "file_name")
    return fetch_page(
        session,
        statement,
        columns=columns,
        key=columns["id"],
        query=_with(query, rest),
        row=ArchiveRow,
    )


def rules(session: Session) -> Rules:
    """How long which kind is kept, as the database will have it; one round trip."""
    asked = (
        select(
            Kind.code,
            Kind.retention,
            Retention.years,
            Retention.source,
            select(House.attachment_mb).scalar_subquery(),
        )
        .join(Retention, Retention.code == Kind.retention)
        .order_by(Retention.years.desc(), Kind.id)
    )
    rows = session.execute(asked).all()
    return Rules(tuple((row[0], row[1], row[2], row[3]) for row in rows), rows[0][4] if rows else 25)


def _with(query: ListQuery, filters: tuple[Any, ...]) -> ListQuery:
    return replace(query, filters=filters)


def _all(conditions: list[Any]) -> Any:
    return and_(*conditions) if conditions else false()


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
