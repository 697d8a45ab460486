-- Stock of the old system was posted once, with the quantity it bears.
SELECT s.id, s.opened_qty, m.qty
  FROM legacy.stock s
  FULL JOIN (SELECT m.source_id, sum(m.qty) AS qty FROM inventory.stock_move m WHERE m.source_type = 'legacy_stock' GROUP BY m.source_id) m
    ON m.source_id = s.id
 WHERE (s.opened_qty IS NOT NULL OR m.source_id IS NOT NULL) AND s.opened_qty IS DISTINCT FROM m.qty
