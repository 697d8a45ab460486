-- Stock of a product in a warehouse: the level equals what lies at the places, and so does its blocked part.
SELECT coalesce(l.product_id, b.product_id) AS product_id, coalesce(l.warehouse_id, b.warehouse_id) AS warehouse_id,
       coalesce(l.on_hand, 0) AS level, coalesce(b.qty, 0) AS at_places, coalesce(l.blocked, 0) AS blocked,
       coalesce(b.blocked, 0) AS at_blocked_places
  FROM inventory.stock_level l
  FULL JOIN (SELECT s.product_id, s.warehouse_id, sum(s.qty) AS qty,
                    coalesce(sum(s.qty) FILTER (WHERE p.kind = 'blocked'), 0) AS blocked
               FROM inventory.stock_balance s JOIN inventory.place p ON p.id = s.place_id
              GROUP BY s.product_id, s.warehouse_id) b
    ON b.product_id = l.product_id AND b.warehouse_id = l.warehouse_id
 WHERE coalesce(l.on_hand, 0) <> coalesce(b.qty, 0) OR coalesce(l.blocked, 0) <> coalesce(b.blocked, 0)
