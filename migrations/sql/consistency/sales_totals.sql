-- Totals of quotes, orders and invoices are what their lines and taxes say.
SELECT 'quote', q.id, q.net_amount, q.tax_amount
  FROM sales.quote q
  LEFT JOIN LATERAL (SELECT sum(r.net) AS net, sum(round(r.net * r.tax_rate / 100, 2)) AS tax
                       FROM (SELECT l.tax_rate, sum(l.net_amount) AS net FROM sales.quote_line l
                              WHERE l.quote_id = q.id GROUP BY l.tax_rate) r) t ON true
 WHERE (q.net_amount, q.tax_amount, q.gross_amount) IS DISTINCT FROM
       (coalesce(t.net, 0), coalesce(t.tax, 0), coalesce(t.net + t.tax, 0))
UNION ALL
SELECT 'sales_order', o.id, o.net_amount, o.tax_amount
  FROM sales.sales_order o
  LEFT JOIN LATERAL (SELECT sum(r.net) AS net, sum(round(r.net * r.tax_rate / 100, 2)) AS tax
                       FROM (SELECT l.tax_rate, sum(l.net_amount) AS net FROM sales.sales_order_line l
                              WHERE l.sales_order_id = o.id GROUP BY l.tax_rate) r) t ON true
 WHERE (o.net_amount, o.tax_amount, o.gross_amount) IS DISTINCT FROM
       (coalesce(t.net, 0), coalesce(t.tax, 0), coalesce(t.net + t.tax, 0))
UNION ALL
SELECT 'invoice', i.id, i.net_amount, i.tax_amount
  FROM sales.invoice i
  LEFT JOIN (SELECT l.invoice_id, sum(l.net_amount) AS net FROM sales.invoice_line l GROUP BY 1) l ON l.invoice_id = i.id
  LEFT JOIN (SELECT t.invoice_id, sum(t.net_amount) AS net, sum(t.tax_amount) AS tax FROM sales.invoice_tax t GROUP BY 1) t
    ON t.invoice_id = i.id
 WHERE (i.net_amount, i.net_amount, i.tax_amount, i.gross_amount) IS DISTINCT FROM (l.net, t.net, t.tax, t.net + t.tax)
