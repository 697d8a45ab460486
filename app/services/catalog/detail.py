"""Everything the detail pane and the form of a product show, each in one statement."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.services.visible import may_read


class PriceLine(NamedTuple):
    """A price of the product.  ``valid_to`` is the first day it no longer holds; ``current`` whether it holds today."""

    id: int
    row_version: int
    price_list_id: int
    price_list: str
    kind: str
    tax_included: bool
    min_qty: Decimal
    amount: Decimal
    valid_from: date
    valid_to: date | None
    current: bool


class PlaceStock(NamedTuple):
    """What lies at a place, by lot."""

    warehouse: str
    place_id: int
    place: str
    place_name: str | None
    lot: str | None
    qty: Decimal


class WarehouseStock(NamedTuple):
    """On hand and free in a warehouse."""

    warehouse_id: int
    warehouse: str
    on_hand: Decimal
    reserved: Decimal


class StockPoint(NamedTuple):
    """On hand at the end of a day."""

    day: date
    on_hand: Decimal


class SupplierOffer(NamedTuple):
    """A supplier's price."""

    id: int
    supplier_id: int
    supplier: str
    supplier_sku: str | None
    min_qty: Decimal
    amount: Decimal
    currency: str
    lead_days: int | None
    valid_from: date
    is_preferred: bool


class Sibling(NamedTuple):
    """Another variant of the family."""

    id: int
    sku: str
    variant: str | None
    on_hand: Decimal


class ProductDetail(NamedTuple):
    """The detail of a product.  ``cost`` and ``suppliers`` are None without the right to know them, ``prices`` too."""

    id: int
    row_version: int
    sku: str
    legacy_sku: str | None
    base_sku: str
    variant_code: str | None
    variant: str | None
    name: str
    description: str | None
    family_id: int | None
    family_code: str | None
    family: str | None
    category: str | None
    unit: str
    unit_name: str
    unit_decimals: int
    tax_class: str
    tax_rate: Decimal
    state: str
    status: str
    is_made: bool
    is_bought: bool
    is_sold: bool
    is_stocked: bool
    is_lot_tracked: bool
    ean: str | None
    weight_g: Decimal | None
    reorder_point: Decimal
    size: str | None
    color: str | None
    image_id: int | None
    image_hash: str | None
    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    cost: Decimal | None
    cost_visible: bool
    prices: tuple[PriceLine, ...] | None
    warehouses: tuple[WarehouseStock, ...]
    places: tuple[PlaceStock, ...]
    history: tuple[StockPoint, ...]
    suppliers: tuple[SupplierOffer, ...] | None
    siblings: tuple[Sibling, ...]
    updated_at: datetime
    updated_by: str


class ProductRecord(NamedTuple):
    """A product as its form edits it: ``values`` by the field names of `SaveProduct`, with ids and their words."""

    id: int
    row_version: int
    values: Mapping[str, Any]
    updated_at: datetime
    updated_by: str


_HEAD = """
SELECT p.id, p.row_version, p.sku, p.legacy_sku, p.base_sku, p.variant_code,
       coalesce(CASE :lang WHEN 'en' THEN vc.name_en ELSE vc.name_de END, p.variant_code) AS variant,
       coalesce(tl.name, p.name) AS name, coalesce(tl.description, tx.description, f.description) AS description,
       p.family_id, f.code AS family_code,
       CASE WHEN :lang = 'en' THEN coalesce(f.name_en, f.name) ELSE f.name END AS family,
       CASE :lang WHEN 'en' THEN c.name_en ELSE c.name_de END AS category,
       u.code AS unit, CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit_name,
       u.decimals AS unit_decimals,
       CASE :lang WHEN 'en' THEN tc.name_en ELSE tc.name_de END AS tax_class, tc.rate AS tax_rate,
       p.state,
       CASE WHEN p.state <> 'active' THEN p.state WHEN NOT p.is_stocked THEN 'not_stocked'
            WHEN st.on_hand <= 0 THEN 'sold_out' WHEN st.free <= 0 THEN 'short'
            WHEN p.reorder_point > 0 AND st.free <= p.reorder_point THEN 'low'
            ELSE 'available' END AS status,
       p.is_made, p.is_bought, p.is_sold, p.is_stocked, p.is_lot_tracked,
       p.ean, p.weight_g, p.reorder_point, p.size, p.color,
       i.id AS image_id, i.content_hash AS image_hash,
       st.on_hand, st.reserved, st.free AS available, {cost} AS cost, {prices} AS prices,
       (SELECT jsonb_agg(jsonb_build_array(w.id, w.code, l.on_hand::text, l.reserved::text) ORDER BY w.code)
          FROM inventory.stock_level l JOIN inventory.warehouse w ON w.id = l.warehouse_id
         WHERE l.product_id = p.id AND l.on_hand > 0) AS warehouses,
       (SELECT jsonb_agg(jsonb_build_array(x.warehouse, x.id, x.code, x.name, x.lot, x.qty::text))
          FROM (SELECT w.code AS warehouse, pl.id, pl.code, pl.name, lo.code AS lot, b.qty
                  FROM inventory.stock_balance b
                  JOIN inventory.place pl ON pl.id = b.place_id
                  JOIN inventory.warehouse w ON w.id = b.warehouse_id
                  LEFT JOIN inventory.lot lo ON lo.id = b.lot_id
                 WHERE b.product_id = p.id AND b.qty > 0
                 ORDER BY b.qty DESC, pl.code, lo.code LIMIT 200) x) AS places,
       -- Backwards from what is there now: at the end of a day there was that, less everything that came later.
       (SELECT jsonb_agg(jsonb_build_array(d.day, (st.on_hand - d.later)::text) ORDER BY d.day)
          FROM (SELECT m.day, coalesce(sum(m.delta) OVER (ORDER BY m.day DESC ROWS BETWEEN UNBOUNDED PRECEDING
                                                          AND 1 PRECEDING), 0) AS later
                  FROM (SELECT (sm.posted_at AT TIME ZONE 'UTC')::date AS day,
                               sum(CASE WHEN wt.id IS NULL THEN 0 ELSE sm.qty END
                                   - CASE WHEN wf.id IS NULL THEN 0 ELSE sm.qty END) AS delta
                          FROM inventory.stock_move sm
                          LEFT JOIN inventory.warehouse wt ON wt.id = sm.to_warehouse_id
                          LEFT JOIN inventory.warehouse wf ON wf.id = sm.from_warehouse_id
                         WHERE sm.product_id = p.id AND sm.posted_at >= :since
                         GROUP BY 1) m) d) AS history,
       {suppliers} AS suppliers,
       (SELECT jsonb_agg(jsonb_build_array(s.id, s.sku, coalesce(CASE :lang WHEN 'en' THEN v.name_en ELSE v.name_de END,
                                                                 s.variant_code),
                 coalesce((SELECT sum(l.on_hand) FROM inventory.stock_level l WHERE l.product_id = s.id), 0)::text)
                 ORDER BY s.search_key)
          FROM catalog.product s LEFT JOIN catalog.variant_code v ON v.code = s.variant_code
         WHERE s.family_id = p.family_id AND s.id <> p.id) AS siblings,
       p.updated_at, p.updated_by
  FROM catalog.product p
  JOIN catalog.unit u ON u.id = p.unit_id
  JOIN catalog.tax_class tc ON tc.id = p.tax_class_id
  LEFT JOIN catalog.family f ON f.id = p.family_id
  LEFT JOIN catalog.category c ON c.id = p.category_id
  LEFT JOIN catalog.variant_code vc ON vc.code = p.variant_code
  LEFT JOIN catalog.product_text tl ON tl.product_id = p.id AND tl.language = :lang
  LEFT JOIN LATERAL (SELECT t.description FROM catalog.product_text t
                      WHERE t.product_id = p.id AND t.description <> '' ORDER BY t.language LIMIT 1) tx ON true
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
 CROSS JOIN LATERAL (SELECT coalesce(sum(l.on_hand), 0) AS on_hand, coalesce(sum(l.reserved), 0) AS reserved,
                            coalesce(sum(l.free), 0) AS free
                       FROM inventory.stock_level l WHERE l.product_id = p.id) st
 WHERE p.id = :id
"""

_COST = "(SELECT k.standard_cost FROM catalog.product_cost k WHERE k.product_id = p.id)"

_PRICES = """
       (SELECT jsonb_agg(jsonb_build_array(pr.id, pr.row_version, pl.id,
                 CASE :lang WHEN 'en' THEN pl.name_en ELSE pl.name_de END,
                 pl.kind, pl.tax_included, pr.min_qty::text, pr.amount::text, pr.valid_from, pr.valid_to,
                 pr.valid_from <= current_date AND coalesce(pr.valid_to > current_date, true)
                   AND NOT EXISTS (SELECT FROM catalog.price o
                                    WHERE o.product_id = pr.product_id AND o.price_list_id = pr.price_list_id
                                      AND o.min_qty = pr.min_qty AND o.valid_from > pr.valid_from
                                      AND o.valid_from <= current_date
                                      AND coalesce(o.valid_to > current_date, true)))
                 ORDER BY array_position(ARRAY['retail', 'wholesale', 'recommended'], pl.kind::text), pl.id, pr.min_qty,
                          pr.valid_from DESC)
          FROM catalog.price pr JOIN catalog.price_list pl ON pl.id = pr.price_list_id
         WHERE pr.product_id = p.id)
"""

_SUPPLIERS = """
       (SELECT jsonb_agg(jsonb_build_array(sp.id, pa.id, pa.name, sp.supplier_sku, sp.min_qty::text, sp.amount::text,
                 sp.currency, sp.lead_days, sp.valid_from, sp.is_preferred)
                 ORDER BY sp.is_preferred DESC, pa.name, sp.min_qty, sp.valid_from DESC)
          FROM purchasing.supplier_price sp JOIN partners.partner pa ON pa.id = sp.supplier_id
         WHERE sp.product_id = p.id)
"""


def product_detail(session: Session, product_id: int, language: str, since: date) -> ProductDetail:
    """The detail of a product in one statement; ``since`` is the first day of its stock history.

    Raises `Refused` when it does not exist.
    """
    cost = may_read(session, "catalog.product_cost")
    prices = may_read(session, "catalog.price")
    suppliers = may_read(session, "purchasing.supplier_price") and may_read(session, "partners.partner")
    statement = text(
        _HEAD.format(
            cost=_COST if cost else "NULL::numeric",
            prices=_PRICES if prices else "NULL::jsonb",
            suppliers=_SUPPLIERS if suppliers else "NULL::jsonb",
        )
    )
    row = (
        session.execute(statement, {"id": product_id, "lang": language, "since": since})
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise Refused("record_not_found", table="catalog.product", id=product_id)
    values = dict(row)
    values["cost_visible"] = cost
    values["prices"] = tuple(_price(item) for item in values["prices"] or ()) if prices else None
    values["warehouses"] = tuple(
        WarehouseStock(i, code, Decimal(on_hand), Decimal(reserved))
        for i, code, on_hand, reserved in values["warehouses"] or ()
    )
    values["places"] = tuple(
        PlaceStock._make([*item[:5], Decimal(item[5])]) for item in values["places"] or ()
    )
    values["history"] = tuple(
        StockPoint(date.fromisoformat(day), Decimal(on_hand)) for day, on_hand in values["history"] or ()
    )
    values["suppliers"] = tuple(_offer(item) for item in values["suppliers"] or ()) if suppliers else None
    values["siblings"] = tuple(
        Sibling._make([*item[:3], Decimal(item[3])]) for item in values["siblings"] or ()
    )
    return ProductDetail(**values)


def _price(item: list[Any]) -> PriceLine:
    end = date.fromisoformat(item[9]) if item[9] else None
    start = date.fromisoformat(item[8])
    return PriceLine._make([*item[:6], Decimal(item[6]), Decimal(item[7]), start, end, item[10]])


def _offer(item: list[Any]) -> SupplierOffer:
    amounts = [Decimal(item[4]), Decimal(item[5])]
    return SupplierOffer._make([*item[:4], *amounts, item[6], item[7], date.fromisoformat(item[8]), item[9]])


_RECORD = """
SELECT p.id, p.row_version, p.sku, p.legacy_sku, p.name, te.name AS name_en,
       td.description, te.description AS description_en,
       p.family_id, f.code || ' · ' || f.name AS family_id_text, p.category_id, p.unit_id, p.tax_class_id, p.state,
       p.is_made, p.is_bought, p.is_sold, p.is_stocked, p.is_lot_tracked,
       p.ean, p.weight_g, p.reorder_point, p.size, p.color,
       p.base_sku, p.variant_code, i.id AS image_id, i.content_hash AS image_hash, {cost} AS standard_cost,
       p.updated_at, p.updated_by
  FROM catalog.product p
  LEFT JOIN catalog.family f ON f.id = p.family_id
  LEFT JOIN catalog.product_text td ON td.product_id = p.id AND td.language = 'de'
  LEFT JOIN catalog.product_text te ON te.product_id = p.id AND te.language = 'en'
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
 WHERE p.id = :id
"""


def get_product(session: Session, product_id: int) -> ProductRecord:
    """A product for its form; ``family_id_text`` is what to show for the family."""
    cost = _COST if may_read(session, "catalog.product_cost") else "NULL::numeric"
    row = session.execute(text(_RECORD.format(cost=cost)), {"id": product_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="catalog.product", id=product_id)
    values = dict(row)
    head = [values.pop(name) for name in ("id", "row_version", "updated_at", "updated_by")]
    return ProductRecord(head[0], head[1], values, head[2], head[3])
