-- Received and returned is what the receipts say, and stock moved as they say; states follow from the lines.
SELECT 'received', l.id::text, l.qty_received - l.qty_returned AS said, coalesce(r.qty, 0) AS found
  FROM purchasing.purchase_order_line l
  LEFT JOIN (SELECT x.purchase_order_line_id, sum(CASE g.kind WHEN 'return' THEN -x.qty ELSE x.qty END) AS qty
               FROM purchasing.goods_receipt_line x JOIN purchasing.goods_receipt g ON g.id = x.goods_receipt_id GROUP BY 1) r
    ON r.purchase_order_line_id = l.id
 WHERE l.qty_received - l.qty_returned <> coalesce(r.qty, 0)
UNION ALL
SELECT 'moved', d.goods_receipt_id::text, d.qty, coalesce(m.qty, 0)
  FROM (SELECT x.goods_receipt_id, x.product_id, sum(x.qty) AS qty FROM purchasing.goods_receipt_line x
         WHERE x.place_id IS NOT NULL GROUP BY 1, 2) d
  LEFT JOIN (SELECT m.source_id, m.product_id, sum(m.qty) AS qty FROM inventory.stock_move m
              WHERE m.source_type = 'goods_receipt' GROUP BY 1, 2) m
    ON m.source_id = d.goods_receipt_id AND m.product_id = d.product_id
 WHERE d.qty <> coalesce(m.qty, 0)
UNION ALL
SELECT 'totals', o.id::text, o.gross_amount, s.net + s.tax
  FROM purchasing.purchase_order o
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(r.net), 0) AS net, coalesce(sum(round(r.net * r.tax_rate / 100, 2)), 0) AS tax
     FROM (SELECT l.tax_rate, sum(l.net_amount) AS net FROM purchasing.purchase_order_line l
            WHERE l.purchase_order_id = o.id GROUP BY l.tax_rate) r) s
 WHERE o.gross_amount <> s.net + s.tax
UNION ALL
SELECT 'state', o.id::text, NULL, NULL
  FROM purchasing.purchase_order o
  JOIN (SELECT l.purchase_order_id, bool_and(l.qty_received - l.qty_returned >= l.qty) AS come,
               bool_or(l.qty_received > l.qty_returned) AS some
          FROM purchasing.purchase_order_line l GROUP BY 1) f ON f.purchase_order_id = o.id
 WHERE o.receipt_state <> CASE WHEN f.come THEN 'full' WHEN f.some THEN 'partial' ELSE 'none' END
