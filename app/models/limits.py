"""What no table takes, whoever writes: numbers that are none, and days no calendar of ours has.

And what no service may leave to the database: a Decimal with more places than its column is refused, not rounded.

PostgreSQL's numeric knows NaN, which counts as larger than every number and so passes a CHECK like ``qty > 0``; its
date knows infinity and years before Christ, which Python cannot read: one such row would break every list it is in.
"""

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Date, DateTime, MetaData, Numeric, Table, event
from sqlalchemy.orm import Mapper

from app.core.errors import Invalid
from app.models.base import Root

NUMBER = "number_is_finite"
DAY = "day_in_calendar"
_EXACT = Context(prec=1000)
FIRST_DAY, LAST_DAY = "1900-01-01", "9999-12-31"


def add_limits(metadata: MetaData) -> None:
    """Give every table with numbers or days the CHECKs for them."""
    for table in metadata.tables.values():
        _check(table, NUMBER, _numbers(table))
        _check(table, DAY, _days(table))


def _numbers(table: Table) -> Iterable[str]:
    for column in table.columns:
        if isinstance(column.type, Numeric) and column.computed is None:
            # Infinity does not fit into a column with a precision.
            infinite = "" if column.type.precision else f" AND abs({column.name}) < 'Infinity'"
            yield f"{column.name} <> 'NaN'{infinite}"


def _days(table: Table) -> Iterable[str]:
    for column in table.columns:
        if isinstance(column.type, Date):
            yield f"{column.name} BETWEEN '{FIRST_DAY}' AND '{LAST_DAY}'"
        elif isinstance(column.type, DateTime) and column.name.startswith("valid_"):
            # Other points in time are the server's own.
            yield f"{column.name} BETWEEN '{FIRST_DAY} 00:00+00' AND '{LAST_DAY} 00:00+00'"


def _check(table: Table, name: str, conditions: Iterable[str]) -> None:
    if found := list(conditions):
        table.append_constraint(CheckConstraint(" AND ".join(found), name=name))


@event.listens_for(Root, "before_insert", propagate=True)
@event.listens_for(Root, "before_update", propagate=True)
def _refuse_rounding(mapper: Mapper[Any], _connection: Any, record: Root) -> None:
    """Raises Invalid ``number_required`` or ``too_many_places`` with the column."""
    values = record.__dict__
    for column in mapper.columns:
        value = values.get(column.key)
        if not isinstance(value, Decimal) or not isinstance(column.type, Numeric):
            continue
        if not value.is_finite():
            raise Invalid("number_required", column=column.key)
        places = column.type.scale
        if places is not None and value != _EXACT.quantize(value, Decimal(1).scaleb(-places)):
            raise Invalid("too_many_places", column=column.key, value=value, places=places)
