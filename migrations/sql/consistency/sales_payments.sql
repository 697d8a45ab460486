-- What an invoice says was paid is the sum of its payments, and its state follows from it.
SELECT i.number, i.state, i.paid_amount, coalesce(p.amount, 0), i.discount_taken, coalesce(p.discount, 0)
  FROM sales.invoice i
  LEFT JOIN (SELECT p.invoice_id, sum(p.amount) AS amount, sum(p.discount_amount) AS discount
               FROM sales.payment p GROUP BY 1) p ON p.invoice_id = i.id
 WHERE (i.paid_amount, i.discount_taken) IS DISTINCT FROM (coalesce(p.amount, 0), coalesce(p.discount, 0))
    OR i.kind = 'invoice' AND i.state <> 'cancelled'
       AND (i.state = 'paid') <> (i.paid_amount + i.discount_taken = i.gross_amount)
