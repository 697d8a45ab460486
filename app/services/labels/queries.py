"""What is read for labels, one statement a kind of record; ``:ids`` are the records' keys."""

_PRODUCT = """p.sku, p.name, p.ean, p.color, p.size, p.weight_g, p.packing_unit, u.code AS unit,
       (SELECT t.name FROM catalog.product_text t WHERE t.product_id = p.id AND t.language = 'de') AS product_de,
       (SELECT t.name FROM catalog.product_text t WHERE t.product_id = p.id AND t.language = 'en') AS product_en"""
_UNIT = "JOIN catalog.unit u ON u.id = p.unit_id"

_QUERIES = {
    "product": """
SELECT p.id, {product}, c.name_de AS category_de, c.name_en AS category_en,
       v.name_de AS variant_de, v.name_en AS variant_en, f.name AS family,
       (SELECT i.content FROM catalog.product_image i WHERE i.product_id = p.id AND i.is_primary
           AND i.content IS NOT NULL LIMIT 1) AS picture
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
SELECT d.id, d.number, d.shipped_at, d.delivery_address, d.snapshot #>> '{order,number}' AS order_number,
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
    "price": """
SELECT DISTINCT ON (r.product_id) r.product_id, r.amount, l.currency
  FROM catalog.price r JOIN catalog.price_list l ON l.id = r.price_list_id
 WHERE r.product_id = ANY (:ids) AND l.kind = 'retail' AND r.min_qty <= 1
   AND r.valid_from <= current_date AND (r.valid_to IS NULL OR r.valid_to > current_date)
 ORDER BY r.product_id, r.valid_from DESC, r.id DESC""",
}
# Parts of statements and no values: what is asked for comes as a parameter.
QUERIES = {
    kind: query.replace("{product}", _PRODUCT).replace("{unit}", _UNIT) for kind, query in _QUERIES.items()
}
