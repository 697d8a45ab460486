-- Nothing is kept for a document that is closed, or above what its line still needs.
SELECT r.id, r.source_type, r.source_id, r.product_id, r.qty
  FROM inventory.reservation r
  LEFT JOIN production.work_order_component c ON r.source_type = 'work_order_component' AND c.id = r.source_id
  LEFT JOIN production.work_order w ON w.id = c.work_order_id
  LEFT JOIN sales.sales_order_line l ON r.source_type = 'sales_order_line' AND l.id = r.source_id
  LEFT JOIN sales.sales_order s ON s.id = l.sales_order_id
 WHERE CASE r.source_type
         WHEN 'work_order_component' THEN c.id IS NULL OR w.state NOT IN ('released', 'started')
           OR r.product_id <> c.product_id OR r.qty > c.qty_required - c.qty_consumed
         ELSE l.id IS NULL OR s.state <> 'confirmed' OR r.product_id <> l.product_id OR r.qty > l.qty - l.qty_shipped
       END
