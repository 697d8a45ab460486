-- A move's warehouses are those of its places, and its lot belongs to its product.
SELECT m.id, m.product_id, m.lot_id, m.from_place_id, m.from_warehouse_id, m.to_place_id, m.to_warehouse_id
  FROM inventory.stock_move m
  LEFT JOIN inventory.place f ON f.id = m.from_place_id
  LEFT JOIN inventory.place t ON t.id = m.to_place_id
  LEFT JOIN inventory.lot l ON l.id = m.lot_id
 WHERE f.warehouse_id IS DISTINCT FROM m.from_warehouse_id OR t.warehouse_id IS DISTINCT FROM m.to_warehouse_id
    OR l.product_id <> m.product_id
