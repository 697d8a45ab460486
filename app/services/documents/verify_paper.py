"""The result of a run over the archive on paper, to be kept with the audit's files."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from app.core.format import date_time, number
from app.core.i18n import translate
from app.services.documents import data as page
from app.services.documents.house import house
from app.services.documents.verify import Finding


def report(
    session: Session,
    language: page.Language,
    looked: int,
    findings: Sequence[Finding],
    at: dt.datetime,
    by: str,
) -> page.DocumentData:
    """What was looked at, when and by whom, and every finding."""
    own = house(session, language)
    intro = "document.intro.archive_altered" if findings else "document.intro.archive_report"
    return page.DocumentData(
        kind="archive_report",
        number="",
        date=own.today,
        language=language,
        company=own.company,
        recipient=(),
        references=(
            page.Reference("verified_at", date_time(at, language)),
            page.Reference("verified_by", by),
        ),
        lines=tuple(
            page.Line(
                position=str(index),
                sku="",
                name=one.name or f"{one.topic} {one.id}",
                quantity=Decimal(1),
                unit="",
                description=translate(language, f"archive.finding.{one.what}"),
            )
            for index, one in enumerate(findings, start=1)
        ),
        intro=translate(language, intro),
        summary=(("files", number(looked, language)), ("altered", number(len(findings), language))),
    )
