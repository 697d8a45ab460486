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
-- In the house's own currency an invoice is what its taxes are, and once paid what was paid for it.
SELECT 'own', i.id::text, i.own_gross_amount, t.gross
  FROM purchasing.purchase_invoice i
  JOIN (SELECT t.purchase_invoice_id, sum(t.own_net_amount) AS net, sum(t.own_net_amount + t.own_tax_amount) AS gross,
               bool_or((t.own_net_amount, t.own_tax_amount) IS DISTINCT FROM
                       (sales.own(t.net_amount, x.exchange_rate), sales.own(t.tax_amount, x.exchange_rate))) AS other_rate
          FROM purchasing.purchase_invoice_tax t JOIN purchasing.purchase_invoice x ON x.id = t.purchase_invoice_id GROUP BY 1) t
    ON t.purchase_invoice_id = i.id
 WHERE (i.own_net_amount, i.own_gross_amount) IS DISTINCT FROM (t.net, t.gross)
    OR t.other_rate AND (i.exchange_date IS NOT NULL OR NOT purchasing.is_foreign(i.currency))
    OR i.own_gross_amount <> i.own_net_amount + i.own_tax_amount
    OR i.exchange_rate <> 1 AND NOT purchasing.is_foreign(i.currency)
UNION ALL
SELECT 'own_paid', i.id::text, purchasing.own_left(i), 0
  FROM purchasing.purchase_invoice i
 WHERE i.state = 'paid' AND i.gross_amount <> 0 AND purchasing.own_left(i) <> 0 AND (i.exchange_date IS NOT NULL OR i.exchange_rate = 1)
    OR EXISTS (SELECT FROM purchasing.purchase_payment p WHERE p.purchase_invoice_id = i.id AND i.exchange_date IS NULL
                  AND p.own_paid <> p.own_amount)
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
