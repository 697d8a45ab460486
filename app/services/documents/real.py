"""Papers of real records, found by number: what the preview of a template shows instead of the sample."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.catalog.papers import price_list
from app.services.documents.data import DocumentData, Kind, Language
from app.services.documents.design import Design
from app.services.documents.templates import in_design
from app.services.images.printed import Paper
from app.services.inventory.papers import count_sheet, stock_valuation
from app.services.production.papers import inspection_sheet, material_list, traveller
from app.services.purchasing.papers import goods_receipt, purchase_order, return_slip
from app.services.sales.documents import document_for
from app.services.sales.papers import packing_list_of, picking_list
from app.services.visible import may_read

Build = Callable[[Session, int, Language], DocumentData]


class Hit(NamedTuple):
    """A record that has such a paper."""

    id: int
    title: str
    subtitle: str


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the records of a kind are, what they are called there, and what makes the paper of one."""

    table: str
    build: Build
    number: str = "t.number"
    words: str = "coalesce(t.snapshot #>> '{customer,name}', '')"
    where: str = "t.number IS NOT NULL"


def _sales(what: str) -> Build:
    return lambda session, record_id, _language: document_for(session, what, record_id)  # type: ignore[arg-type]


def _supplier(table: str, build: Callable[..., DocumentData], where: str = "t.number IS NOT NULL") -> _Source:
    words = "coalesce((SELECT p.name FROM partners.partner p WHERE p.id = t.supplier_id), '')"
    return _Source(table, build, words=words, where=where)


def _invoice(kind: str) -> _Source:
    return _Source("sales.invoice", _sales("invoice"), where=f"t.kind = '{kind}'")


_ORDER = "coalesce((SELECT p.sku FROM catalog.product p WHERE p.id = t.product_id), '')"
_SOURCES: Mapping[Kind, _Source] = {
    "quote": _Source("sales.quote", _sales("quote")),
    "order_confirmation": _Source("sales.sales_order", _sales("sales_order")),
    "picking_list": _Source("sales.sales_order", picking_list, where="t.state = 'confirmed'"),
    "delivery_note": _Source("sales.delivery", _sales("delivery")),
    "packing_list": _Source("sales.delivery", packing_list_of),
    "invoice": _invoice("invoice"),
    "down_payment": _invoice("down_payment"),
    "partial_invoice": _invoice("partial"),
    "final_invoice": _invoice("final"),
    "correction": _invoice("correction"),
    "cancellation": _invoice("cancellation"),
    "purchase_order": _supplier("purchasing.purchase_order", purchase_order),
    "goods_receipt": _supplier("purchasing.goods_receipt", goods_receipt, "t.kind = 'receipt'"),
    "return_slip": _supplier("purchasing.goods_receipt", return_slip, "t.kind = 'return'"),
    "work_order": _Source("production.work_order", traveller, words=_ORDER),
    "material_list": _Source("production.work_order", material_list, words=_ORDER),
    "inspection_sheet": _Source("production.work_order", inspection_sheet, words=_ORDER),
    "price_list": _Source("catalog.price_list", price_list, "t.code", "t.name_de", "true"),
    "count_sheet": _Source("inventory.warehouse", count_sheet, "t.code", "t.name", "true"),
    "stock_valuation": _Source("inventory.warehouse", stock_valuation, "t.code", "t.name", "true"),
}


def find(session: Session, kind: Kind, typed: str, limit: int = 8, _language: str = "de") -> list[Hit]:
    """Records whose number or name holds what somebody types, the newest first; none of a kind he may not see."""
    source = _SOURCES.get(kind)
    if source is None or not may_read(session, source.table):
        return []
    statement = text(
        f"SELECT t.id, {source.number} AS number, {source.words} AS words FROM {source.table} t"  # noqa: S608
        f" WHERE {source.where} AND (strpos(lower({source.number}), lower(:typed)) > 0"
        f" OR strpos(lower({source.words}), lower(:typed)) > 0) ORDER BY t.id DESC LIMIT :limit"
    )
    rows = session.execute(statement, {"typed": typed.strip(), "limit": limit})
    return [Hit(row.id, row.number, row.words) for row in rows]


def with_pictures(
    session: Session, kind: Kind, record_id: int, language: Language, paper: Paper
) -> DocumentData:
    """The paper of a record, its lines with the pictures they would have.

    Raises Refused or NotAllowed as who makes that paper does.
    """
    data = _SOURCES[kind].build(session, record_id, language)
    return paper.add(session, in_design(session, data, Design(pictures=True)))


def finder(kind: Callable[[], Kind]) -> Callable[..., list[Hit]]:
    """A search for a field: of the kind that is being looked at just then."""
    return partial(_found, kind)


def _found(
    kind: Callable[[], Kind], session: Session, typed: str, limit: int = 8, language: str = "de"
) -> list[Hit]:
    return find(session, kind(), typed, limit, language)
