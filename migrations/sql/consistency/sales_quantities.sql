-- Shipped is what the deliveries say, invoiced what the invoices that stand say, and stock left as it was delivered.
SELECT 'shipped', l.id, l.qty_shipped, coalesce(d.qty, 0)
  FROM sales.sales_order_line l
  LEFT JOIN (SELECT d.sales_order_line_id, sum(d.qty) AS qty FROM sales.delivery_line d GROUP BY 1) d
    ON d.sales_order_line_id = l.id
 WHERE l.qty_shipped <> coalesce(d.qty, 0)
UNION ALL
SELECT 'invoiced', l.id, l.qty_invoiced, coalesce(i.qty, 0)
  FROM sales.sales_order_line l
  LEFT JOIN (SELECT i.sales_order_line_id, sum(i.qty) AS qty FROM sales.invoice_line i
              WHERE i.corrects_line_id IS NULL GROUP BY 1) i
    ON i.sales_order_line_id = l.id
 WHERE l.qty_invoiced <> coalesce(i.qty, 0)
UNION ALL
SELECT 'moved', d.delivery_id, d.qty, coalesce(m.qty, 0)
  FROM (SELECT d.delivery_id, d.product_id, sum(d.qty) AS qty FROM sales.delivery_line d
         WHERE d.place_id IS NOT NULL GROUP BY 1, 2) d
  LEFT JOIN (SELECT m.source_id, m.product_id, sum(m.qty) AS qty FROM inventory.stock_move m
              WHERE m.source_type = 'delivery' AND m.kind = 'ship' GROUP BY 1, 2) m
    ON m.source_id = d.delivery_id AND m.product_id = d.product_id
 WHERE d.qty <> coalesce(m.qty, 0)
