-- What a level calls reserved is the sum of its reservations.
SELECT coalesce(l.product_id, r.product_id) AS product_id, coalesce(l.warehouse_id, r.warehouse_id) AS warehouse_id,
       coalesce(l.reserved, 0) AS level, coalesce(r.qty, 0) AS reservations
  FROM inventory.stock_level l
  FULL JOIN (SELECT x.product_id, x.warehouse_id, sum(x.qty) AS qty
               FROM inventory.reservation x GROUP BY x.product_id, x.warehouse_id) r
    ON r.product_id = l.product_id AND r.warehouse_id = l.warehouse_id
 WHERE coalesce(l.reserved, 0) <> coalesce(r.qty, 0)
