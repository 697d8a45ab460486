-- What a reminder asks for is what its invoices do, and no level is left out: each stands on the one below.
SELECT r.number, 'sums', r.open_amount, i.open, r.interest_amount, i.interest, r.flat_amount, i.flat, r.level, i.level
  FROM sales.reminder r
  LEFT JOIN (SELECT t.reminder_id, sum(t.open_amount) AS open, sum(t.interest_amount) AS interest, sum(t.flat_amount) AS flat,
                    max(t.level) AS level
               FROM sales.reminder_item t GROUP BY 1) i ON i.reminder_id = r.id
 WHERE (r.open_amount, r.interest_amount, r.flat_amount, r.level) IS DISTINCT FROM (i.open, i.interest, i.flat, i.level)
UNION ALL
SELECT r.number, 'level', t.level, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM sales.reminder_item t JOIN sales.reminder r ON r.id = t.reminder_id
 WHERE r.state = 'issued' AND t.level > 1 AND NOT EXISTS (
   SELECT FROM sales.reminder_item b JOIN sales.reminder s ON s.id = b.reminder_id
    WHERE b.invoice_id = t.invoice_id AND b.level = t.level - 1 AND s.state = 'issued' AND b.reminder_id < t.reminder_id)
