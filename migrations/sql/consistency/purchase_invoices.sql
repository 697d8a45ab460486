-- Totals of purchase invoices are those of their lines and taxes, what was paid is the sum of the payments, what is
-- invoiced of an order is what its invoices say, and nobody approved what he entered.
SELECT 'totals', i.id::text, i.net_amount AS said, l.net AS found
  FROM purchasing.purchase_invoice i
  LEFT JOIN (SELECT l.purchase_invoice_id, sum(l.net_amount) AS net FROM purchasing.purchase_invoice_line l GROUP BY 1) l
    ON l.purchase_invoice_id = i.id
  LEFT JOIN (SELECT t.purchase_invoice_id, sum(t.net_amount) AS net, sum(t.tax_amount) AS tax
               FROM purchasing.purchase_invoice_tax t GROUP BY 1) t ON t.purchase_invoice_id = i.id
 WHERE (i.net_amount, i.net_amount, i.tax_amount, i.gross_amount)
       IS DISTINCT FROM (coalesce(l.net, 0), coalesce(t.net, 0), coalesce(t.tax, 0), coalesce(t.net + t.tax, 0))
UNION ALL
SELECT 'paid', i.id::text, i.paid_amount + i.discount_taken, coalesce(p.amount + p.discount, 0)
  FROM purchasing.purchase_invoice i
  LEFT JOIN (SELECT p.purchase_invoice_id, sum(p.amount) AS amount, sum(p.discount_amount) AS discount
               FROM purchasing.purchase_payment p GROUP BY 1) p ON p.purchase_invoice_id = i.id
 WHERE (i.paid_amount, i.discount_taken) IS DISTINCT FROM (coalesce(p.amount, 0), coalesce(p.discount, 0))
    OR i.state IN ('approved', 'paid') AND (i.state = 'paid') <> (i.paid_amount + i.discount_taken = i.gross_amount)
UNION ALL
SELECT 'invoiced', ol.id::text, ol.qty_invoiced, coalesce(s.qty, 0)
  FROM purchasing.purchase_order_line ol
  LEFT JOIN (SELECT l.purchase_order_line_id, sum(l.qty) AS qty
               FROM purchasing.purchase_invoice_line l JOIN purchasing.purchase_invoice i ON i.id = l.purchase_invoice_id
              WHERE i.state IN ('entered', 'approved', 'paid') GROUP BY 1) s ON s.purchase_order_line_id = ol.id
 WHERE ol.qty_invoiced <> coalesce(s.qty, 0)
UNION ALL
SELECT 'four_eyes', i.id::text, NULL, NULL
  FROM purchasing.purchase_invoice i
 WHERE i.state IN ('approved', 'paid') AND i.approved_by IS NOT DISTINCT FROM i.entered_by
UNION ALL
SELECT 'cancelled', i.id::text, i.gross_amount, c.gross_amount
  FROM purchasing.purchase_invoice i LEFT JOIN purchasing.purchase_invoice c ON c.cancels_id = i.id
 WHERE i.state = 'cancelled' AND i.posting_date IS NOT NULL AND -i.gross_amount IS DISTINCT FROM c.gross_amount
UNION ALL
SELECT 'received', r.id::text, NULL, NULL
  FROM purchasing.received r
 WHERE (r.state = 'matched') <> EXISTS (SELECT FROM purchasing.purchase_invoice i WHERE i.received_id = r.id
                                           AND i.state NOT IN ('cancelled', 'settled'))
