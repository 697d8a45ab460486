-- States of orders and deliveries follow from their lines; a reservation belongs to an open line of a confirmed order.
SELECT 'order', o.number, o.state, o.delivery_state, o.invoice_state
  FROM sales.sales_order o
  JOIN (SELECT l.sales_order_id, bool_and(l.qty_shipped = l.qty) AS shipped, bool_or(l.qty_shipped > 0) AS some_shipped,
               bool_and(l.qty_invoiced = l.qty) AS invoiced, bool_or(l.qty_invoiced > 0) AS some_invoiced
          FROM sales.sales_order_line l GROUP BY 1) l ON l.sales_order_id = o.id
 WHERE o.delivery_state <> CASE WHEN l.shipped THEN 'full' WHEN l.some_shipped THEN 'partial' ELSE 'none' END
    OR o.invoice_state <> CASE WHEN l.invoiced THEN 'full' WHEN l.some_invoiced THEN 'partial' ELSE 'none' END
    OR (o.state = 'completed') <> (l.shipped AND l.invoiced)
UNION ALL
SELECT 'delivery', d.number, d.state, d.invoice_state, ''
  FROM sales.delivery d
 WHERE (d.invoice_state = 'full') <> EXISTS (SELECT FROM sales.invoice_delivery i WHERE i.delivery_id = d.id AND i.is_active)
UNION ALL
SELECT 'reservation', r.id::text, coalesce(o.state, 'gone'), '', ''
  FROM inventory.reservation r
  LEFT JOIN sales.sales_order_line l ON l.id = r.source_id
  LEFT JOIN sales.sales_order o ON o.id = l.sales_order_id
 WHERE r.source_type = 'sales_order_line' AND (o.state IS DISTINCT FROM 'confirmed' OR r.qty > l.qty - l.qty_shipped)
