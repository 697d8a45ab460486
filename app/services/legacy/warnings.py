"""What was odd about records that were taken over all the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.orm import Session

from app.core.i18n import language
from app.core.paging import ListQuery, Page, fetch_page
from app.models.legacy.sync import Entity, Record, Warned
from app.services.validation import WARNING, Finding


class WarningRow(NamedTuple):
    """One thing odd about one record; ``table`` and ``target`` are the row of Werkbank it became."""

    id: int
    entity: str
    title: Mapping[str, Any]
    module: str
    source_key: str
    code: str
    field: str
    params: Mapping[str, Any]
    run: int | None
    first_seen_at: datetime
    last_seen_at: datetime
    table: str | None
    target: int | None


class Home(NamedTuple):
    """Where a row of Werkbank is shown: by its kind of record and id, or by the number its list finds it by."""

    topic: str
    id: int | None
    number: str | None


# What has no form of its own is shown with what it belongs to, or found in a list.
_HOMES: Final = {
    "legacy.document_line": "SELECT 'legacy.document', document_id, NULL FROM legacy.document_line WHERE id = :id",
    "legacy.work_order": "SELECT 'legacy.work_order', NULL, number FROM legacy.work_order WHERE id = :id",
    "legacy.work_order_step": "SELECT 'legacy.work_order', NULL, o.number FROM legacy.work_order_step s "
    "JOIN legacy.work_order o ON o.id = s.work_order_id WHERE s.id = :id",
    "legacy.article": "SELECT CASE WHEN product_id IS NULL THEN 'catalog.family' ELSE 'catalog.product' END, "
    "coalesce(product_id, family_id), NULL FROM legacy.article "
    "WHERE id = :id AND num_nonnulls(product_id, family_id) > 0",
    "legacy.stock": "SELECT 'legacy.stock', NULL, p.sku FROM legacy.stock s "
    "JOIN catalog.product p ON p.id = s.product_id WHERE s.id = :id",
    "legacy.employee": "SELECT 'legacy.employee', NULL, number::text FROM legacy.employee WHERE id = :id",
    "engineering.bom_line": "SELECT 'engineering.bom', bom_id, NULL FROM engineering.bom_line WHERE id = :id",
    "production.mould": "SELECT 'production.mould', NULL, number FROM production.mould WHERE id = :id",
    "production.mould_product": "SELECT 'production.mould', NULL, m.number FROM production.mould_product p "
    "JOIN production.mould m ON m.id = p.mould_id WHERE p.id = :id",
    "inventory.box": "SELECT 'inventory.box', NULL, code FROM inventory.box WHERE id = :id",
    "inventory.box_slot": "SELECT 'inventory.box', NULL, b.code FROM inventory.box_slot s "
    "JOIN inventory.box b ON b.id = s.box_id WHERE s.id = :id",
}


def list_warnings(session: Session, query: ListQuery) -> Page:
    """Rows of `WarningRow`."""
    # Asked for the rows of a portion alone: joined, it would be looked up for all there are before they are sorted.
    target = (
        select(Record.target_id)
        .where(Record.entity_id == Warned.entity_id, Record.source_key == Warned.source_key)
        .correlate(Warned)
        .scalar_subquery()
    )
    columns: dict[str, Any] = {
        "id": Warned.id,
        "entity": Entity.code,
        "title": Entity.title,
        "module": Entity.module,
        "source_key": Warned.source_key,
        "code": Warned.code,
        "field": Warned.field,
        "params": Warned.params,
        "run": Warned.run_id,
        "first_seen_at": Warned.first_seen_at,
        "last_seen_at": Warned.last_seen_at,
        "table": Entity.target_table,
        "target": target,
    }
    statement = select(*[value.label(key) for key, value in columns.items()])
    statement = statement.join(Entity, Entity.id == Warned.entity_id)
    # Keys and columns of the old system have capitals: no search keys, whatever their collation says.
    columns |= {"source_key": cast(Warned.source_key, Text), "field": cast(Warned.field, Text)}
    return fetch_page(session, statement, columns=columns, key=Warned.id, query=query, row=WarningRow)  # type: ignore[arg-type]


def code_choices(session: Session) -> list[tuple[str, str]]:
    """The codes there are, with what they say about any value."""
    example = func.min(cast(Warned.params, Text)).label("params")
    found = session.execute(select(Warned.code, example).group_by(Warned.code)).all()
    return sorted(((code, words_of(code, _blank(params))) for code, params in found), key=lambda one: one[1])


def _blank(params: str) -> dict[str, str]:
    import json

    return dict.fromkeys(json.loads(params or "{}"), "…")


def words_of(code: str, params: Mapping[str, Any]) -> str:
    """What is odd, as a sentence in the language in force."""
    try:
        return Finding(WARNING, code, "", params).words(language())
    except (KeyError, IndexError):
        return Finding(WARNING, "other").words(language())


def home_of(session: Session, table: str, row_id: int) -> Home | None:
    """Where a row of Werkbank is shown; None when it is not there any more, or nowhere by itself."""
    statement = _HOMES.get(table)
    if statement is None:
        return Home(table, row_id, None)
    row = session.execute(text(statement), {"id": row_id}).one_or_none()
    return None if row is None else Home._make(row)
