"""Saving master data: one record, its version checked, only changed columns written."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.core.errors import Conflict, Refused
from app.models.base import Root

M = TypeVar("M", bound=Root)


class Saved(NamedTuple):
    """The record that was written."""

    id: int
    row_version: int


def topic_of(model: type[Root]) -> str:
    """The topic of a table, ``schema.table``."""
    return f"{model.__table__.schema}.{model.__table__.name}"  # type: ignore[attr-defined]


def find(session: Session, model: type[M], record_id: int, row_version: int | None = None) -> M:
    """The record, seen in the version the user saw.

    Raises `Refused` when it does not exist (or is not visible) and `Conflict` when somebody changed it meanwhile.
    """
    record = session.get(model, record_id)
    if record is None:
        raise Refused("record_not_found", table=topic_of(model), id=record_id)
    there = getattr(record, "row_version", None)
    if row_version is not None and there != row_version:
        raise Conflict("stale", table=topic_of(model), id=record_id, row_version=there)
    return record


def assign(record: Root, values: Mapping[str, Any]) -> None:
    """Set the columns that differ."""
    for name, value in values.items():
        if getattr(record, name) != value:
            setattr(record, name, value)


def save(
    session: Session,
    model: type[M],
    record_id: int | None,
    row_version: int | None,
    values: Mapping[str, Any],
) -> M:
    """Create or change a record and flush it; the flush raises what the database refuses.

    Raises like `find`.
    """
    if record_id is None:
        record = model(**values)
        session.add(record)
    else:
        record = find(session, model, record_id, row_version)
        assign(record, values)
    session.flush()
    return record


def touch(record: Root, column: str) -> None:
    """Have the record's version checked and raised although none of its own columns changed.

    For records whose values partly stand in side tables: two people must not change those unnoticed.
    """
    flag_modified(record, column)
