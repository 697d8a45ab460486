-- Legal numbers: as many documents as the counter has given numbers, in every series and year.
SELECT c.series, c.year, c.next_value - 1 AS given, coalesce(n.used, 0) AS used
  FROM system.counter c
  LEFT JOIN (SELECT split_part(d.number, '-', 1) AS prefix, split_part(d.number, '-', 2)::int AS year, count(*) AS used
               FROM (SELECT number FROM sales.quote UNION ALL SELECT number FROM sales.sales_order
                     UNION ALL SELECT number FROM sales.delivery UNION ALL SELECT number FROM sales.invoice
                     UNION ALL SELECT number FROM production.work_order
                     UNION ALL SELECT number FROM purchasing.purchase_order UNION ALL SELECT number FROM purchasing.goods_receipt
                     UNION ALL SELECT number FROM purchasing.purchase_invoice
                     UNION ALL SELECT number FROM accounting.export UNION ALL SELECT number FROM sales.reminder) d
              WHERE d.number ~ '^[A-Z]+-\d{4}-\d+$'
              GROUP BY 1, 2) n ON n.prefix = c.prefix AND n.year = c.year
 WHERE c.next_value - 1 <> coalesce(n.used, 0)
