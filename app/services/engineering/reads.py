"""What screens show of bills of materials.  A structure of any depth is read in one statement."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import TextClause, and_, func, or_, select, text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import Filter, ListQuery, Page, fetch_page
from app.core.together import Question, ask, ask_together
from app.models.catalog import Product, ProductImage, Unit
from app.models.engineering import Bom, BomLine
from app.services.catalog.words import name_sql, named, unit_name
from app.services.engineering import rules
from app.services.engineering.rules import Item, Requirement, Share, TreeRow, Use
from app.services.inventory.lists import COST
from app.services.inventory.reads import Availability, availability_question
from app.services.visible import may_read

NEAREST = 50
BOM_PRESETS = ("current", "all", "draft", "approved", "retired")


class BomRow(NamedTuple):
    """A version of a bill in the list; ``is_effective`` today."""

    id: int
    product_id: int
    sku: str
    name: str
    version: int
    state: str
    is_effective: bool
    valid_from: date
    valid_to: date | None
    lines: int
    output_qty: Decimal
    unit: str
    approved_by: str | None
    approved_at: datetime | None
    updated_at: datetime
    updated_by: str
    image_id: int | None
    image_hash: str | None


class BomHeader(NamedTuple):
    """A bill as a form shows it."""

    id: int
    row_version: int
    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    version: int
    state: str
    is_effective: bool
    output_qty: Decimal
    valid_from: date
    valid_to: date | None
    remark: str | None
    approved_by: str | None
    approved_at: datetime | None
    versions: int
    image_id: int | None
    image_hash: str | None


class BomLineRow(NamedTuple):
    """A line of a bill as a form shows it."""

    id: int
    position: int
    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    qty: Decimal
    scrap_pct: Decimal
    remark: str | None


class BomDetail(NamedTuple):
    """A bill with its lines."""

    header: BomHeader
    lines: tuple[BomLineRow, ...]


class Component(NamedTuple):
    """What is there of a product, and where it goes in."""

    stock: Availability
    parents: "list[WhereUsedRow]"


class Structure(NamedTuple):
    """A product's structure for a quantity: the tree, what one unit costs rolled up (None when unknown) and which
    direct components make up that cost; ``top`` is the product itself."""

    rows: list[TreeRow]
    unit_cost: Decimal | None
    shares: list[Share]
    depth: int
    components: int
    shortages: int
    top: Component


class WhereUsedRow(NamedTuple):
    """A product that contains the one asked for, directly (level 1) or through ``via``; ``qty`` is how much of it one
    unit takes over this way, scrap included."""

    level: int
    product_id: int
    sku: str
    name: str
    unit: str
    bom_id: int
    version: int
    qty: Decimal
    via: tuple[str, ...]


def list_bom(session: Session, query: ListQuery) -> Page:
    """Rows of `BomRow`.  Presets: current (effective ones and drafts), all, draft, approved, retired."""
    effective = and_(
        Bom.state == "approved",
        Bom.valid_from <= func.current_date(),
        or_(Bom.valid_to.is_(None), Bom.valid_to > func.current_date()),
    )
    lines = select(func.count(BomLine.id)).where(BomLine.bom_id == Bom.id).correlate(Bom).scalar_subquery()
    base, name = named(
        select(Bom.id)
        .join(Product, Product.id == Bom.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary)),
        query.language,
    )
    match query.preset:
        case "draft" | "approved" | "retired":
            base = base.where(Bom.state == query.preset)
        case "all":
            pass
        case _:
            base = base.where(or_(effective, Bom.state == "draft"))
    columns: dict[str, Any] = {
        "id": Bom.id,
        "product_id": Bom.product_id,
        "sku": Product.search_key,
        "name": name,
        "version": Bom.version,
        "state": Bom.state,
        "is_effective": effective,
        "valid_from": Bom.valid_from,
        "valid_to": Bom.valid_to,
        "lines": lines,
        "output_qty": Bom.output_qty,
        "unit": unit_name(query.language),
        "approved_by": Bom.approved_by,
        "approved_at": Bom.approved_at,
        "updated_at": Bom.updated_at,
        "updated_by": Bom.updated_by,
        "image_id": ProductImage.id,
        "image_hash": ProductImage.content_hash,
    }
    shown = base.with_only_columns(
        *[(Product.sku if key == "sku" else expression).label(key) for key, expression in columns.items()]
    )
    return fetch_page(session, shown, columns=columns, key=columns["id"], query=query, row=BomRow)


_HEADER = text(f"""
SELECT b.id, b.row_version, b.product_id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, u.decimals, b.version, b.state,
       b.state = 'approved' AND b.valid_from <= current_date AND (b.valid_to IS NULL OR b.valid_to > current_date),
       b.output_qty, b.valid_from, b.valid_to, b.remark, b.approved_by, b.approved_at,
       (SELECT count(*) FROM engineering.bom o WHERE o.product_id = b.product_id), i.id, i.content_hash
  FROM engineering.bom b
  JOIN catalog.product p ON p.id = b.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
 WHERE b.id = :bom
""")  # noqa: S608  (fixed names)
_LINES = text(f"""
SELECT l.id, l.position, l.product_id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, u.decimals, l.qty, l.scrap_pct, l.remark
  FROM engineering.bom_line l
  JOIN catalog.product p ON p.id = l.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
 WHERE l.bom_id = :bom
 ORDER BY l.position
""")  # noqa: S608  (fixed names)


def bom_detail(session: Session, bom_id: int, language: str = "de") -> BomDetail:
    """A bill with its lines; one round trip.  Raises `Refused` (record_not_found)."""
    values = {"bom": bom_id, "language": language}
    headers, lines = ask_together(
        session,
        Question(_HEADER, lambda rows: [BomHeader._make(row) for row in rows], values),
        Question(_LINES, lambda rows: tuple(BomLineRow._make(row) for row in rows), values),
    )
    if not headers:
        raise Refused("record_not_found", table="engineering.bom", id=bom_id)
    return BomDetail(headers[0], lines)


def versions(session: Session, product_id: int, language: str = "de") -> list[BomRow]:
    """All versions of a product's bill, newest first."""
    query = ListQuery(
        sort="version",
        descending=True,
        preset="all",
        filters=(Filter("product_id", "eq", product_id),),
        language=language,
        count=False,
    )
    return list(list_bom(session, query).rows)


_ITEMS = """
WITH RECURSIVE reach (product_id) AS (
  SELECT r FROM unnest(CAST(:products AS bigint[])) r
  UNION
  SELECT l.product_id
    FROM reach r
    JOIN engineering.bom b
      ON b.product_id = r.product_id
     AND (b.id = :bom OR (b.state = 'approved' AND b.valid_from <= :day AND (b.valid_to IS NULL OR b.valid_to > :day)
                          AND b.product_id <> :bom_product))
    JOIN engineering.bom_line l ON l.bom_id = b.id)
SELECT p.id, p.sku, {name},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, u.decimals, p.is_made, p.is_bought, p.is_stocked,
       coalesce(s.free, 0), coalesce(w.expected, 0), {cost}, b.id, b.version, coalesce(b.output_qty, 1),
       c.products, c.qtys, c.scraps, i.id, i.content_hash
  FROM reach r
  JOIN catalog.product p ON p.id = r.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
  LEFT JOIN engineering.bom b
    ON b.product_id = r.product_id
   AND (b.id = :bom OR (b.state = 'approved' AND b.valid_from <= :day AND (b.valid_to IS NULL OR b.valid_to > :day)
                        AND b.product_id <> :bom_product))
  LEFT JOIN LATERAL (
    SELECT array_agg(l.product_id ORDER BY l.position) AS products, array_agg(l.qty ORDER BY l.position) AS qtys,
           array_agg(l.scrap_pct ORDER BY l.position) AS scraps
      FROM engineering.bom_line l WHERE l.bom_id = b.id) c ON true
  LEFT JOIN LATERAL (
    SELECT sum(l.free) AS free FROM inventory.stock_level l
     WHERE l.product_id = p.id AND (:everywhere OR l.warehouse_id = :warehouse)) s ON true
  LEFT JOIN LATERAL (
    SELECT sum(o.qty - o.qty_good - o.qty_scrap) AS expected
      FROM production.work_order o
     WHERE o.product_id = p.id AND o.state IN ('released', 'started') AND o.parent_id IS NULL
       AND (o.source_id IS NULL OR o.source_id = ANY (CAST(:lines AS bigint[])))
       AND (:everywhere OR o.warehouse_id = :warehouse)) w ON true
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
{join}
"""
_STANDARD = "  LEFT JOIN catalog.product_cost k ON k.product_id = p.id\n"
_PURCHASE = """
  LEFT JOIN LATERAL (
    SELECT sp.amount FROM purchasing.supplier_price sp
     WHERE sp.product_id = p.id AND sp.valid_from <= :day
     ORDER BY sp.is_preferred DESC, sp.valid_from DESC, sp.min_qty, sp.amount LIMIT 1) q ON k.standard_cost IS NULL
"""
_WITHOUT_COST = text(_ITEMS.format(name=name_sql(), cost="CAST(NULL AS numeric)", join=""))
_WITH_COST = text(_ITEMS.format(name=name_sql(), cost="k.standard_cost", join=_STANDARD))
_WITH_PRICES = text(
    _ITEMS.format(name=name_sql(), cost="coalesce(k.standard_cost, q.amount)", join=_STANDARD + _PURCHASE)
)


def _statement(session: Session) -> TextClause:
    if not may_read(session, COST):
        return _WITHOUT_COST
    return _WITH_PRICES if may_read(session, "purchasing.supplier_price") else _WITH_COST


def items_question(
    session: Session,
    product_ids: Sequence[int],
    on: date,
    *,
    warehouse_id: int | None = None,
    language: str = "de",
    bom: tuple[int, int] | None = None,
    sales_order_lines: Sequence[int] = (),
) -> Question[dict[int, Item]]:
    """Asks for products and everything they are made of on a day, each once; one statement, whatever the depth.

    ``bom`` (bill, its product) explodes that version instead of the effective one, a draft for instance.  Costs are
    None to those who may not know them.  ``expected`` leaves out work orders made for other sales order lines.
    """
    values = {
        "products": list(product_ids),
        "day": on,
        "bom": bom[0] if bom else None,
        "bom_product": bom[1] if bom else -1,
        "warehouse": warehouse_id,
        "everywhere": warehouse_id is None,
        "language": language,
        "lines": list(sales_order_lines),
    }
    return Question(_statement(session), lambda rows: {row[0]: _item(row) for row in rows}, values)


def _item(line: Any) -> Item:
    uses = tuple(Use(*use) for use in zip(line[14], line[15], line[16], strict=True)) if line[14] else ()
    return Item._make((*line[:14], uses, *line[17:]))


def structure(
    session: Session,
    product_id: int,
    qty: Decimal,
    on: date,
    warehouse_id: int | None = None,
    language: str = "de",
    bom_id: int | None = None,
) -> Structure:
    """The structure of ``qty`` units with stock and rolled-up cost, in one round trip.

    ``bom_id`` shows that version of the product's bill instead of the effective one.  Raises `Refused`
    (record_not_found, bom_too_large).
    """
    bom = (bom_id, product_id) if bom_id is not None else None
    items, stock, parents = ask_together(
        session,
        items_question(session, [product_id], on, warehouse_id=warehouse_id, language=language, bom=bom),
        *_component_questions(product_id, on, language),
    )
    if product_id not in items:
        raise Refused("record_not_found", table="catalog.product", id=product_id)
    rows = rules.explode(items, product_id, qty)
    return Structure(
        rows=rows,
        unit_cost=rows[0].unit_cost,
        shares=rules.cost_shares(items, product_id),
        depth=max(row.level for row in rows),
        components=len(rows) - 1,
        shortages=sum(1 for row in rows if row.missing > 0),
        top=Component(stock[0], parents),
    )


def requirements(
    session: Session,
    demand: Mapping[int, Decimal],
    on: date,
    warehouse_id: int | None = None,
    language: str = "de",
    sales_order_lines: Sequence[int] = (),
) -> list[Requirement]:
    """What is short for a demand (product, quantity) through all levels; stock and open work orders netted once.

    One statement.  ``sales_order_lines`` are the lines the demand stands for: work orders made for them count.
    """
    question = items_question(
        session,
        list(demand),
        on,
        warehouse_id=warehouse_id,
        language=language,
        sales_order_lines=sales_order_lines,
    )
    items = ask(session, question)
    return rules.net_requirements(items, {key: qty for key, qty in demand.items() if key in items})


def rolled_up_cost(session: Session, product_ids: Sequence[int], on: date) -> dict[int, Decimal | None]:
    """Cost per unit rolled up from the bottom, of many products in one statement; None when unknown or hidden."""
    items = ask(session, items_question(session, product_ids, on))
    costs = rules.roll_up(items, items)
    return {key: costs.get(key) for key in product_ids}


_WHERE_USED = text(f"""
WITH RECURSIVE up (level, product_id, bom_id, version, qty, ids, via) AS (
  SELECT 1, b.product_id, b.id, b.version, l.qty * (100 + l.scrap_pct) / (100 * b.output_qty),
         ARRAY[CAST(:product AS bigint), b.product_id], CAST(ARRAY[] AS text[])
    FROM engineering.bom_line l
    JOIN engineering.bom b
      ON b.id = l.bom_id AND b.state = 'approved' AND b.valid_from <= :day AND (b.valid_to IS NULL OR b.valid_to > :day)
   WHERE l.product_id = :product
  UNION ALL
  SELECT u.level + 1, b.product_id, b.id, b.version, u.qty * l.qty * (100 + l.scrap_pct) / (100 * b.output_qty),
         u.ids || b.product_id, CAST(p.sku AS text) || u.via
    FROM up u
    JOIN catalog.product p ON p.id = u.product_id
    JOIN engineering.bom_line l ON l.product_id = u.product_id
    JOIN engineering.bom b
      ON b.id = l.bom_id AND b.state = 'approved' AND b.valid_from <= :day AND (b.valid_to IS NULL OR b.valid_to > :day)
   WHERE b.product_id <> ALL (u.ids))
SELECT u.level, u.product_id, p.sku, {name_sql()},
       CASE :language WHEN 'en' THEN un.name_en ELSE un.name_de END, u.bom_id, u.version, u.qty, u.via
  FROM up u
  JOIN catalog.product p ON p.id = u.product_id
  JOIN catalog.unit un ON un.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language AND :language <> 'de'
 ORDER BY u.level, p.sku
 LIMIT :most
""")  # noqa: S608  (fixed names)


def where_used(
    session: Session, product_id: int, on: date, language: str = "de", most: int = 1000
) -> list[WhereUsedRow]:
    """Where a product goes in, directly and through other products, nearest first; one statement."""
    return ask(session, _where_used_question(product_id, on, language, most))


def _where_used_question(product_id: int, on: date, language: str, most: int) -> Question[list[WhereUsedRow]]:
    values = {"product": product_id, "day": on, "language": language, "most": most}

    def used(rows: Sequence[Any]) -> list[WhereUsedRow]:
        return [WhereUsedRow._make((*row[:8], tuple(row[8]))) for row in rows]

    return Question(_WHERE_USED, used, values)


def component(session: Session, product_id: int, on: date, language: str = "de") -> Component:
    """Stock of a product, and the nearest products it goes in; one round trip."""
    stock, parents = ask_together(session, *_component_questions(product_id, on, language))
    return Component(stock[0], parents)


def _component_questions(
    product_id: int, on: date, language: str
) -> tuple[Question[list[Availability]], Question[list[WhereUsedRow]]]:
    return availability_question([product_id], None), _where_used_question(product_id, on, language, NEAREST)
