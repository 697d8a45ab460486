"""What is read for labels, one statement a kind of record; ``:ids`` are the records' keys."""

_PRODUCT = """p.sku, p.name, p.ean, p.color, p.size, p.weight_g, p.packing_unit,
       u.name_de AS unit, u.name_en AS unit_en,
       (SELECT t.name FROM catalog.product_text t WHERE t.product_id = p.id AND t.language = 'de') AS product_de,
       (SELECT t.name FROM catalog.product_text t WHERE t.product_id = p.id AND t.language = 'en') AS product_en"""
_UNIT = "JOIN catalog.unit u ON u.id = p.unit_id"

_QUERIES = {
    "product": """
SELECT p.id, {product}, c.name_de AS category_de, c.name_en AS category_en,
       v.name_de AS variant_de, v.name_en AS variant_en, f.name AS family,
       (SELECT i.content FROM catalog.product_image i WHERE i.product_id = p.id AND i.is_primary
           AND i.content IS NOT NULL LIMIT 1) AS picture,
       (SELECT jsonb_build_array(i.content_hash, i.id) FROM catalog.product_image i
         WHERE i.product_id = p.id AND i.is_primary AND i.content IS NULL AND i.content_hash IS NOT NULL
         LIMIT 1) AS picture_key
  FROM catalog.product p {unit}
  LEFT JOIN catalog.category c ON c.id = p.category_id
  LEFT JOIN catalog.variant_code v ON v.code = p.variant_code
  LEFT JOIN catalog.family f ON f.id = p.family_id
 WHERE p.id = ANY (:ids)""",
    "lot": """
SELECT l.id, {product}, l.code AS lot, l.expires_on,
       (SELECT sum(b.qty) FROM inventory.stock_balance b WHERE b.lot_id = l.id) AS qty
  FROM inventory.lot l JOIN catalog.product p ON p.id = l.product_id {unit}
 WHERE l.id = ANY (:ids)""",
    "place": """
SELECT p.id, p.code, p.name, w.code AS warehouse, w.name AS warehouse_name, p.rack, p.compartment, p.shelf
  FROM inventory.place p JOIN inventory.warehouse w ON w.id = p.warehouse_id
 WHERE p.id = ANY (:ids)""",
    "box": """
SELECT b.id, b.code, t.name AS type, p.code AS place, b.units, b.remark
  FROM inventory.box b
  LEFT JOIN inventory.box_type t ON t.id = b.box_type_id
  LEFT JOIN inventory.place p ON p.id = b.place_id
 WHERE b.id = ANY (:ids)""",
    "slot": """
SELECT s.id, b.code AS box, s.number, s.code, s.color, s.order_number
  FROM inventory.box_slot s JOIN inventory.box b ON b.id = s.box_id
 WHERE s.id = ANY (:ids)""",
    "delivery": """
SELECT d.id, d.number, (d.shipped_at AT TIME ZONE
         coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin'))::date AS shipped_on, d.delivery_address,
       d.snapshot #>> '{order,number}' AS order_number,
       d.snapshot #>> '{order,reference}' AS reference, (SELECT c.country FROM system.company c) AS home,
       (SELECT array_agg(s.code ORDER BY s.parcel) FROM labels.sscc s WHERE s.delivery_id = d.id) AS sscc
  FROM sales.delivery d
 WHERE d.id = ANY (:ids)""",
    "work_order": """
SELECT w.id, {product}, w.number, w.qty, w.planned_start, w.planned_end, NULL::text AS order_number
  FROM production.work_order w JOIN catalog.product p ON p.id = w.product_id {unit}
 WHERE w.id = ANY (:ids)""",
    "badge": """
SELECT b.id, b.person, b.department, b.badge FROM sec.badge_list() b WHERE b.id = ANY (:ids) AND b.badge IS NOT NULL""",
    "mould": """
SELECT m.id, m.number, m.name, m.storage_place AS place FROM production.mould m WHERE m.id = ANY (:ids)""",
}
# What the house asks for its products, per list price of one; only for who may see prices.
PRICE = """
(SELECT jsonb_build_array(r.amount, l.currency) FROM catalog.price r
   JOIN catalog.price_list l ON l.id = r.price_list_id
  WHERE r.product_id = q.id AND l.kind = 'retail' AND r.min_qty <= 1
    AND r.valid_from <= current_date AND (r.valid_to IS NULL OR r.valid_to > current_date)
  ORDER BY r.min_qty DESC, r.valid_from DESC, r.id DESC LIMIT 1)"""
_HOUSE = """c.name AS company, system.today() AS today,
       concat_ws(', ', nullif(c.street, ''), nullif(concat_ws(' ', c.postal_code, c.city), '')) AS address"""

# To be found by what is typed, the beginning of a number; ``:typed`` is lower case, ``:part`` holds it between %.
FIND = {
    "lot": """
SELECT l.id, l.code, p.sku || ' · ' || p.name FROM inventory.lot l JOIN catalog.product p ON p.id = l.product_id
 WHERE lower(l.code) LIKE :part OR lower(p.sku) LIKE :part ORDER BY l.id DESC LIMIT :limit""",
    "box": """
SELECT b.id, b.code, coalesce(t.name, '') FROM inventory.box b LEFT JOIN inventory.box_type t ON t.id = b.box_type_id
 WHERE lower(b.code) LIKE :part OR lower(b.barcode) LIKE :part ORDER BY b.code LIMIT :limit""",
    "slot": """
SELECT s.id, b.code || '.' || coalesce(s.code, s.number::text), coalesce(s.order_number, s.color, '')
  FROM inventory.box_slot s JOIN inventory.box b ON b.id = s.box_id
 WHERE lower(b.code || '.' || coalesce(s.code, s.number::text)) LIKE :part
 ORDER BY b.code, s.number LIMIT :limit""",
    "delivery": """
SELECT d.id, d.number, coalesce(d.delivery_address ->> 'name', '') FROM sales.delivery d
 WHERE lower(d.number) LIKE :part ORDER BY d.id DESC LIMIT :limit""",
    "work_order": """
SELECT w.id, w.number, p.sku || ' · ' || p.name FROM production.work_order w
  JOIN catalog.product p ON p.id = w.product_id
 WHERE lower(w.number) LIKE :part OR lower(p.sku) LIKE :part ORDER BY w.id DESC LIMIT :limit""",
    "badge": """
SELECT b.id, b.person, b.badge FROM sec.badge_list() b
 WHERE b.badge IS NOT NULL AND (lower(b.person) LIKE :part OR lower(b.badge) LIKE :part)
 ORDER BY b.person LIMIT :limit""",
    "mould": """
SELECT m.id, m.number, coalesce(m.name, '') FROM production.mould m
 WHERE lower(m.number) LIKE :part OR lower(m.name) LIKE :part ORDER BY m.number LIMIT :limit""",
    "place": """
SELECT p.id, p.code, concat_ws(' · ', w.name, p.name) FROM inventory.place p
  JOIN inventory.warehouse w ON w.id = p.warehouse_id
 WHERE lower(p.code) LIKE :part ORDER BY p.code LIMIT :limit""",
    "product": """
SELECT p.id, p.sku, p.name FROM catalog.product p
 WHERE lower(p.sku) LIKE :part OR lower(p.name) LIKE :part OR p.ean LIKE :part
 ORDER BY (lower(p.sku) LIKE :typed) DESC, p.sku LIMIT :limit""",
}


def statement(kind: str, priced: bool) -> str:
    """The statement for a kind of record, with the house it is of, its day and, when asked for, its price."""
    query = _QUERIES[kind].replace("{product}", _PRODUCT).replace("{unit}", _UNIT)
    more = f"{PRICE} AS price, " if priced else ""
    return f"SELECT q.*, {more}{_HOUSE} FROM ({query}) q CROSS JOIN system.company c"  # noqa: S608  (parts, no values)
