"""What no table takes, whoever writes: numbers that are none, and days no calendar of ours has.

PostgreSQL's numeric knows NaN, which counts as larger than every number and so passes a CHECK like ``qty > 0``; its
date knows infinity and years before Christ, which Python cannot read: one such row would break every list it is in.
"""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Date, DateTime, MetaData, Numeric, Table

NUMBER = "number_is_finite"
DAY = "day_in_calendar"
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
