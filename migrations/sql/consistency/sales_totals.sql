-- Totals of quotes, orders and invoices are what their lines, charges, taxes and deductions say.
SELECT 'quote', q.id, q.net_amount, q.tax_amount
  FROM sales.quote q CROSS JOIN LATERAL sales.document_sums('quote', q.id, q.charges) t
 WHERE (q.net_amount, q.tax_amount, q.gross_amount) IS DISTINCT FROM (t.net, t.tax, t.net + t.tax)
UNION ALL
SELECT 'sales_order', o.id, o.net_amount, o.tax_amount
  FROM sales.sales_order o CROSS JOIN LATERAL sales.document_sums('sales_order', o.id, o.charges) t
 WHERE (o.net_amount, o.tax_amount, o.gross_amount) IS DISTINCT FROM (t.net, t.tax, t.net + t.tax)
UNION ALL
SELECT 'invoice', i.id, i.net_amount, i.tax_amount
  FROM sales.invoice i
  LEFT JOIN (SELECT l.invoice_id, sum(l.net_amount) AS net FROM sales.invoice_line l GROUP BY 1) l ON l.invoice_id = i.id
  LEFT JOIN (SELECT c.invoice_id, sum(CASE c.kind WHEN 'charge' THEN c.amount ELSE -c.amount END) AS net
               FROM sales.invoice_charge c GROUP BY 1) c ON c.invoice_id = i.id
  LEFT JOIN (SELECT t.invoice_id, sum(t.net_amount) AS net, sum(t.tax_amount) AS tax FROM sales.invoice_tax t GROUP BY 1) t
    ON t.invoice_id = i.id
  LEFT JOIN (SELECT d.invoice_id, sum(d.net_amount + d.tax_amount) AS gross FROM sales.invoice_deduction d GROUP BY 1) d
    ON d.invoice_id = i.id
 WHERE (i.net_amount, i.net_amount, i.tax_amount, i.gross_amount, i.prepaid_amount)
       IS DISTINCT FROM (l.net + coalesce(c.net, 0), t.net, t.tax, t.net + t.tax, coalesce(d.gross, 0))
UNION ALL
SELECT 'invoice_tax', t.invoice_id, t.net_amount, t.tax_amount
  FROM sales.invoice_tax t
 WHERE abs(t.tax_amount - round(t.net_amount * t.tax_rate / 100, 2))
       > (SELECT 0.01 * count(*) FROM sales.invoice i JOIN sales.invoice c ON c.corrects_id = i.corrects_id WHERE i.id = t.invoice_id)
    OR (t.tax_category = 'S') <> (t.tax_rate > 0)
UNION ALL
-- A line is its price and its charges; those of an order's lines stand on its invoices, once everything is invoiced to the cent.
SELECT 'invoice_line', l.invoice_id, l.net_amount, sales.charge_net(l.charges)
  FROM sales.invoice_line l WHERE sales.line_is_wrong(l)
UNION ALL
SELECT 'quote_line', l.id, l.charge_amount, sales.charge_net(l.charges)
  FROM sales.quote_line l WHERE l.charge_amount <> sales.charge_net(l.charges)
UNION ALL
SELECT 'sales_order_line', l.id, l.charge_amount, sales.charge_net(sales.charges_given(l.id, NULL))
  FROM sales.sales_order_line l
 WHERE l.charge_amount <> sales.charge_net(l.charges)
    OR l.charges <> '[]' AND l.qty_invoiced = l.qty AND l.charge_amount <> sales.charge_net(sales.charges_given(l.id, NULL))
UNION ALL
-- Never more is deducted of a down payment than was asked for.
SELECT 'down_payment', d.down_payment_id, d.net, d.tax
  FROM sales.sales_order o CROSS JOIN LATERAL sales.down_payments_left(o.id) d
 WHERE d.net < 0 OR d.tax < 0
UNION ALL
-- In the house's own currency an invoice is what its taxes are, it deducts what was booked, and once settled nothing is left.
SELECT 'invoice_own', i.id, i.own_gross_amount, t.gross
  FROM sales.invoice i
  JOIN (SELECT t.invoice_id, sum(t.own_net_amount) AS net, sum(t.own_net_amount + t.own_tax_amount) AS gross FROM sales.invoice_tax t
         GROUP BY 1) t ON t.invoice_id = i.id
 WHERE (i.own_net_amount, i.own_gross_amount) IS DISTINCT FROM (t.net, t.gross)
    OR i.exchange_rate = 1 AND i.own_prepaid_amount = i.prepaid_amount AND i.own_gross_amount <> i.gross_amount
    OR i.own_gross_amount <> i.own_net_amount + i.own_tax_amount
    OR i.exchange_rate <> 1 AND i.state IN ('paid', 'settled') AND i.kind <> 'cancellation' AND sales.own_left(i) <> 0
       AND (i.kind = 'correction' OR i.gross_amount >= i.prepaid_amount)
    OR (i.own_prepaid_amount, i.own_settled_amount) IS DISTINCT FROM (
         coalesce((SELECT sum(d.own_net_amount + d.own_tax_amount) FROM sales.invoice_deduction d WHERE d.invoice_id = i.id), 0),
         coalesce((SELECT sum(p.own_amount + p.own_discount) FROM sales.payment p WHERE p.invoice_id = i.id), 0))
