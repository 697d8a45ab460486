"""Lists of what the old system says about the past: documents, work orders, moulds, boxes, stock, employees."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, distinct, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.paging import ListQuery, Page, fetch_page
from app.models.catalog import Product
from app.models.inventory import Box, BoxSlot, BoxType, Place, Warehouse
from app.models.legacy.history import Document, DocumentLine, Employee, Stock, WorkOrder, WorkOrderStep
from app.models.partners import Partner
from app.models.production import Mould, MouldProduct
from app.services.visible import may_read

DOCUMENT_PRESETS = ("all", "invoice", "order", "quote", "delivery", "credit_note", "unpaid")
PARTNER = "partners.partner"


class DocumentRow(NamedTuple):
    """A document of the old system; ``gross`` in its own currency, ``gross_eur`` in euros."""

    id: int
    kind: str
    number: str
    date: dt.date | None
    customer_number: str | None
    partner_id: int | None
    customer: str | None
    net_eur: Decimal | None
    gross: Decimal | None
    currency: str
    gross_eur: Decimal | None
    tax_rate: Decimal | None
    is_paid: bool
    paid_on: dt.date | None
    dunning_level: str | None
    remark: str | None
    article: str | None


class WorkOrderRow(NamedTuple):
    """A works order of the old system."""

    id: int
    number: str
    mould_number: str | None
    mould: str | None
    qty: Decimal | None
    state: str
    created_on: dt.date | None
    due_on: dt.date | None
    priority: int | None
    steps: int


class MouldRow(NamedTuple):
    """A mould and how many articles come out of it."""

    id: int
    number: str
    name: str | None
    storage_place: str | None
    is_blocked: bool
    is_active: bool
    articles: int
    remark: str | None


class BoxRow(NamedTuple):
    """A box, where it stands and what lies in it."""

    id: int
    code: str
    box_type: str | None
    warehouse: str | None
    place: str | None
    purpose: str
    state: str
    slots: int
    contents: int
    barcode: str | None


class StockRow(NamedTuple):
    """What lay where in the old system's books."""

    id: int
    kind: str
    product_id: int | None
    sku: str | None
    name: str | None
    place: str | None
    box: str | None
    slot: str | None
    qty: Decimal | None
    reserved_qty: Decimal | None
    lot_code: str | None
    expires_on: dt.date | None
    order_number: str | None
    opened_qty: Decimal | None


class EmployeeRow(NamedTuple):
    """Somebody the old system has as staff."""

    id: int
    number: str
    name: str
    first_name: str | None
    city: str | None
    email: str | None
    phone: str | None
    is_active: bool
    is_present: bool
    joined_on: dt.date | None
    left_on: dt.date | None
    hours_per_week: Decimal | None


def _page(
    session: Session, statement: Select[Any], columns: dict[str, Any], query: ListQuery, row: Any
) -> Page:
    shown = statement.with_only_columns(*[columns[name].label(name) for name in row._fields])
    return fetch_page(session, shown, columns=columns, key=columns["id"], query=query, row=row)


def list_documents(session: Session, query: ListQuery) -> Page:
    """Rows of `DocumentRow`.  Presets: all, a kind of document, unpaid.

    ``article`` filters by a product, the one of that SKU or all that begin so, and is then the numbers under which it
    stands there; ``text`` by words in remark, addresses and positions.
    """
    base = select(Document.id)
    partners = may_read(session, PARTNER)
    if partners:
        base = base.outerjoin(Partner, Partner.id == Document.partner_id)
        customer: ColumnElement[Any] = func.coalesce(
            Partner.name, func.split_part(Document.billing_address, "\n", 1)
        )
    else:
        customer = func.split_part(Document.billing_address, "\n", 1)
    columns: dict[str, Any] = {
        name: getattr(Document, name) for name in DocumentRow._fields if hasattr(Document, name)
    }
    columns["customer"] = customer
    columns["number_key"] = Document.search_key
    columns["article"] = literal(None, Text)
    if query.preset in DOCUMENT_PRESETS[1:-1]:
        base = base.where(Document.kind == query.preset)
    elif query.preset == "unpaid":
        base = base.where(Document.kind == "invoice", ~Document.is_paid)
    filters = []
    for item in query.filters:
        if item.key == "text":
            base = base.where(*[_mentions(word) for word in str(item.value).split()])
        elif item.key == "article":
            products = _products(str(item.value))
            found = select(DocumentLine.document_id).where(DocumentLine.product_id.in_(products))
            base, columns["article"] = base.where(Document.id.in_(found)), _articles(products)
        else:
            filters.append(item)
    return _page(session, base, columns, replace(query, filters=tuple(filters)), DocumentRow)


def _articles(products: Select[Any]) -> ColumnElement[Any]:
    """The numbers under which these products stand in a document."""
    numbers = select(func.string_agg(distinct(DocumentLine.article_number), ", "))
    of_these = numbers.where(DocumentLine.document_id == Document.id, DocumentLine.product_id.in_(products))
    return of_these.correlate(Document).scalar_subquery()


def _products(typed: str) -> Select[Any]:
    """The product of this number; where there is none, those whose number begins so."""
    low, same = typed.strip().lower(), aliased(Product)
    exact = select(same.id).where(same.search_key == low).exists()
    begins = and_(Product.search_key >= low, Product.search_key < low + "\U0010ffff", ~exact)
    old = Product.legacy_sku.in_((typed.strip(), typed.strip().upper()))
    return select(Product.id).where(or_(Product.search_key == low, begins, old))


def _mentions(word: str) -> ColumnElement[bool]:
    like = f"%{word}%"
    lines = select(DocumentLine.document_id).where(
        or_(DocumentLine.description.ilike(like), DocumentLine.article_number.ilike(like))
    )
    return or_(
        Document.remark.ilike(like),
        Document.delivery_address.ilike(like),
        Document.billing_address.ilike(like),
        Document.id.in_(lines),
    )


def list_work_orders(session: Session, query: ListQuery) -> Page:
    """Rows of `WorkOrderRow`.  Presets: all, open, completed."""
    steps = (
        select(func.count())
        .where(WorkOrderStep.work_order_id == WorkOrder.id)
        .correlate(WorkOrder)
        .scalar_subquery()
    )
    columns: dict[str, Any] = {
        name: getattr(WorkOrder, name) for name in WorkOrderRow._fields if hasattr(WorkOrder, name)
    } | {"mould": Mould.name, "steps": steps}
    base = select(WorkOrder.id).outerjoin(Mould, Mould.id == WorkOrder.mould_id)
    if query.preset == "open":
        base = base.where(WorkOrder.state.in_(("draft", "scheduled", "started")))
    elif query.preset == "completed":
        base = base.where(WorkOrder.state == "completed")
    return _page(session, base, columns, query, WorkOrderRow)


def list_moulds(session: Session, query: ListQuery) -> Page:
    """Rows of `MouldRow`.  Presets: all, active, blocked."""
    articles = (
        select(func.count()).where(MouldProduct.mould_id == Mould.id).correlate(Mould).scalar_subquery()
    )
    columns: dict[str, Any] = {
        name: getattr(Mould, name) for name in MouldRow._fields if hasattr(Mould, name)
    } | {"articles": articles}
    base = select(Mould.id)
    if query.preset == "active":
        base = base.where(Mould.is_active, ~Mould.is_blocked)
    elif query.preset == "blocked":
        base = base.where(Mould.is_blocked)
    return _page(session, base, columns, query, MouldRow)


def list_boxes(session: Session, query: ListQuery) -> Page:
    """Rows of `BoxRow`.  Presets: all, filled, empty, on_the_way."""
    slots = select(func.count()).where(BoxSlot.box_id == Box.id).correlate(Box).scalar_subquery()
    inside = select(func.count()).where(Stock.box_id == Box.id, Stock.qty > 0)
    contents = inside.correlate(Box).scalar_subquery() if may_read(session, "legacy.stock") else literal(0)
    columns: dict[str, Any] = {name: getattr(Box, name) for name in BoxRow._fields if hasattr(Box, name)} | {
        "box_type": BoxType.name,
        "warehouse": Warehouse.code,
        "place": Place.code,
        "slots": slots,
        "contents": contents,
    }
    base = (
        select(Box.id)
        .outerjoin(BoxType, BoxType.id == Box.box_type_id)
        .outerjoin(Place, Place.id == Box.place_id)
        .outerjoin(Warehouse, Warehouse.id == Place.warehouse_id)
    )
    match query.preset:
        case "filled":
            base = base.where(contents > 0)
        case "empty":
            base = base.where(contents == 0)
        case "on_the_way":
            base = base.where(Box.place_id.is_(None))
    return _page(session, base, columns, query, BoxRow)


def list_stock(session: Session, query: ListQuery) -> Page:
    """Rows of `StockRow`.  Presets: all, counted (more than nothing), unplaced, boxes."""
    name = Product.name
    columns: dict[str, Any] = {
        one: getattr(Stock, one) for one in StockRow._fields if hasattr(Stock, one)
    } | {
        "sku": Product.sku,
        "name": name,
        "place": Place.code,
        "box": Box.code,
        "slot": BoxSlot.code,
    }
    base = (
        select(Stock.id)
        .outerjoin(Product, Product.id == Stock.product_id)
        .outerjoin(BoxSlot, BoxSlot.id == Stock.box_slot_id)
        .outerjoin(Box, Box.id == func.coalesce(Stock.box_id, BoxSlot.box_id))
        .outerjoin(Place, Place.id == func.coalesce(Stock.place_id, Box.place_id))
    )
    match query.preset:
        case "counted":
            base = base.where(Stock.qty > 0)
        case "unplaced":
            base = base.where(Place.id.is_(None))
        case "boxes":
            base = base.where(Stock.kind == "box")
    return _page(session, base, columns, query, StockRow)


def list_employees(session: Session, query: ListQuery) -> Page:
    """Rows of `EmployeeRow`.  Presets: active, left, all."""
    columns: dict[str, Any] = {name: getattr(Employee, name) for name in EmployeeRow._fields}
    base = select(Employee.id)
    if query.preset == "active":
        base = base.where(Employee.is_active)
    elif query.preset == "left":
        base = base.where(~Employee.is_active)
    return _page(session, base, columns, query, EmployeeRow)
