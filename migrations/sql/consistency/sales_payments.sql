-- What an invoice says was paid is the sum of its payments, what it says was credited that of its corrections, and its
-- state follows from both.
SELECT i.number, i.state, i.paid_amount, coalesce(p.amount, 0), i.discount_taken, coalesce(p.discount, 0)
  FROM sales.invoice i
  LEFT JOIN (SELECT p.invoice_id, sum(p.amount) AS amount, sum(p.discount_amount) AS discount
               FROM sales.payment p GROUP BY 1) p ON p.invoice_id = i.id
  LEFT JOIN (SELECT c.corrects_id, sum(-c.credited_amount) AS credited FROM sales.invoice c
              WHERE c.kind = 'correction' GROUP BY 1) c ON c.corrects_id = i.id
 WHERE (i.paid_amount, i.discount_taken) IS DISTINCT FROM (coalesce(p.amount, 0), coalesce(p.discount, 0))
    OR i.kind <> 'correction' AND i.credited_amount <> coalesce(c.credited, 0)
    OR i.kind = 'correction'
       AND (i.state = 'settled') <> (i.paid_amount + i.credited_amount + i.discount_taken = i.gross_amount)
    OR i.kind NOT IN ('cancellation', 'correction') AND i.state <> 'cancelled'
       AND (i.state = 'paid') <> (i.paid_amount + i.discount_taken + i.credited_amount
                                  = greatest(i.gross_amount - i.prepaid_amount, 0))
