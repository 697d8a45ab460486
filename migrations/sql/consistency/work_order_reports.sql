-- An order's totals are the sum of its reports; it is completed exactly when nothing is left.
SELECT w.id, w.number, w.state, w.qty, w.qty_good, w.qty_scrap, c.good, c.scrap
  FROM production.work_order w
  LEFT JOIN (SELECT x.work_order_id, sum(x.qty_good) AS good, sum(x.qty_scrap) AS scrap
               FROM production.completion x GROUP BY x.work_order_id) c ON c.work_order_id = w.id
 WHERE w.qty_good <> coalesce(c.good, 0) OR w.qty_scrap <> coalesce(c.scrap, 0)
    OR (w.state = 'completed') <> (w.qty_good + w.qty_scrap = w.qty)
    OR w.state = 'cancelled' AND w.qty_good + w.qty_scrap > 0
