-- Rows without which buying does not work. What a house changes later stays as it is.
INSERT INTO purchasing.tolerance (id) VALUES (1) ON CONFLICT (id) DO NOTHING;

INSERT INTO system.counter (series, year, prefix)
SELECT s.series, extract(year FROM system.today())::int, s.prefix
  FROM (VALUES ('goods_receipt', 'WE'), ('purchase_invoice', 'ER')) s (series, prefix)
 WHERE NOT EXISTS (SELECT FROM system.counter c WHERE c.series = s.series);
