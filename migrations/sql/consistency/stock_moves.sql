-- Every balance is the sum of its moves.
SELECT coalesce(b.product_id, m.product_id) AS product_id, coalesce(b.place_id, m.place_id) AS place_id,
       coalesce(b.lot_id, m.lot_id) AS lot_id, coalesce(b.qty, 0) AS balance, coalesce(m.qty, 0) AS moved
  FROM inventory.stock_balance b
  FULL JOIN (SELECT x.product_id, x.place_id, coalesce(x.lot_id, 0) AS lot_key, x.lot_id, sum(x.qty) AS qty
               FROM (SELECT i.product_id, i.to_place_id AS place_id, i.lot_id, i.qty
                       FROM inventory.stock_move i WHERE i.to_place_id IS NOT NULL
                     UNION ALL
                     SELECT o.product_id, o.from_place_id, o.lot_id, -o.qty
                       FROM inventory.stock_move o WHERE o.from_place_id IS NOT NULL) x
              GROUP BY x.product_id, x.place_id, x.lot_id) m
    ON m.product_id = b.product_id AND m.place_id = b.place_id AND m.lot_key = coalesce(b.lot_id, 0)
 WHERE coalesce(b.qty, 0) <> coalesce(m.qty, 0)
