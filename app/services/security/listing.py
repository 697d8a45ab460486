"""Lists of rows that only functions of the database give out: filtered, sorted and read in portions like any other."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, column, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.core.paging import ListQuery, Page, fetch_page


def listed(
    session: Session,
    query: ListQuery,
    function: str,
    row: Any,
    types: Mapping[str, TypeEngine[Any]],
    *arguments: Any,
    where: tuple[tuple[str, Any], ...] = (),
) -> Page:
    """A portion of what ``schema.function(…)`` returns, as ``row``: a NamedTuple class, ``id`` among its fields.

    ``types`` are the SQL types of the row's fields, ``where`` conditions as (column, value), ``!`` before the column
    for the opposite.
    """
    schema, _, name = function.partition(".")
    source = getattr(getattr(func, schema), name)(*arguments)
    table = source.table_valued(*[column(field, types[field]) for field in row._fields], name="f")
    columns: dict[str, ColumnElement[Any]] = {field: table.c[field] for field in row._fields}
    statement = select(*columns.values())
    for key, value in where:
        statement = statement.where(
            columns[key[1:]] != value if key.startswith("!") else columns[key] == value
        )
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=row)
