-- What a work order says it used and made is what was moved for it.
SELECT coalesce(a.work_order_id, m.source_id) AS work_order_id, coalesce(a.product_id, m.product_id) AS product_id,
       coalesce(a.kind, m.kind) AS kind, coalesce(a.qty, 0) AS stated, coalesce(m.qty, 0) AS moved
  FROM (SELECT c.work_order_id, c.product_id, 'consume' AS kind, sum(c.qty_consumed) AS qty
          FROM production.work_order_component c JOIN catalog.product p ON p.id = c.product_id AND p.is_stocked
         GROUP BY c.work_order_id, c.product_id
        UNION ALL
        SELECT w.id, w.product_id, 'produce', w.qty_good
          FROM production.work_order w JOIN catalog.product p ON p.id = w.product_id AND p.is_stocked) a
  FULL JOIN (SELECT s.source_id, s.product_id, s.kind, sum(s.qty) AS qty
               FROM inventory.stock_move s
              WHERE s.source_type = 'work_order' AND s.kind IN ('consume', 'produce')
              GROUP BY s.source_id, s.product_id, s.kind) m
    ON m.source_id = a.work_order_id AND m.product_id = a.product_id AND m.kind = a.kind
 WHERE coalesce(a.qty, 0) <> coalesce(m.qty, 0)
