"""Exchange rates of the day: entered by hand, or taken from the file the European Central Bank publishes."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.errors import Invalid
from app.core.paging import ListQuery, Page, fetch_page
from app.models.system import ExchangeRate

TOPIC = "system.exchange_rate"
_DAYS = ("%Y-%m-%d", "%d %B %Y", "%d.%m.%Y")


class Rate(NamedTuple):
    """So many units of a currency are one of the house's own on a day."""

    currency: str
    valid_on: date
    rate: Decimal


class RateRow(NamedTuple):
    """A rate in the list."""

    id: int
    currency: str
    valid_on: date
    rate: Decimal


@dataclass(frozen=True)
class SaveRates:
    """Enter rates; one that is there for its day already gets the new value."""

    rates: Sequence[Rate]
    command: UUID = field(default_factory=uuid4)


def list_rates(session: Session, query: ListQuery) -> Page:
    """Rates, the newest first.  Columns: currency, valid_on, rate."""
    columns = {name: getattr(ExchangeRate, name) for name in RateRow._fields}
    return fetch_page(
        session, select(*columns.values()), columns=columns, key=columns["id"], query=query, row=RateRow
    )


def save_rates(session: Session, command: SaveRates) -> Result[int]:
    """Enter rates; the value says how many are new or changed.  Raises Invalid exchange_rate_currency."""
    days = {rate.valid_on for rate in command.rates}
    known = {
        (row.currency, row.valid_on): row
        for row in session.scalars(select(ExchangeRate).where(ExchangeRate.valid_on.in_(days)))
    }
    count = 0
    for rate in command.rates:
        if not (len(rate.currency) == 3 and rate.currency.isascii() and rate.currency.isupper()):
            raise Invalid("exchange_rate_currency", column="currency")
        there = known.get((rate.currency, rate.valid_on))
        if there is None:
            session.add(ExchangeRate(currency=rate.currency, valid_on=rate.valid_on, rate=rate.rate))
            count += 1
        elif there.rate != rate.rate:
            there.rate = rate.rate
            count += 1
    session.flush()
    return Result(count, changed((TOPIC, None)))


def read_rates(content: bytes, wanted: frozenset[str] = frozenset(), newest: int = 31) -> tuple[Rate, ...]:
    """The rates of a file of the European Central Bank (eurofxref.csv or eurofxref-hist.csv), of its newest days.

    Only the currencies of ``wanted``, if any are named.  Raises Invalid rates_file_unknown.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        head = [cell.strip() for cell in rows[0]]
        if head[0] != "Date":
            raise ValueError(head[0])
        found = [rate for row in rows[1:] if row for rate in _of_day(head, row, wanted)]
    except (UnicodeDecodeError, ValueError, IndexError, InvalidOperation) as error:
        raise Invalid("rates_file_unknown") from error
    if not found:
        raise Invalid("rates_file_unknown")
    days = sorted({rate.valid_on for rate in found}, reverse=True)[:newest]
    return tuple(rate for rate in found if rate.valid_on >= days[-1])


def _of_day(head: Sequence[str], row: Sequence[str], wanted: frozenset[str]) -> list[Rate]:
    day = _day(row[0].strip())
    cells = ((name, cell.strip()) for name, cell in zip(head[1:], row[1:], strict=False))
    return [
        Rate(name, day, Decimal(cell))
        for name, cell in cells
        if name and cell not in ("", "N/A") and (not wanted or name in wanted)
    ]


def _day(words: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(words, form).date()  # noqa: DTZ007  (a calendar day)
        except ValueError:
            continue
    raise ValueError(words)
