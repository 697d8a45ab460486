-- Rows without which nothing works. What an organisation changes later stays as it is.
INSERT INTO sec.compat (id, min_protocol, max_protocol) VALUES (1, 1, 1)
ON CONFLICT (id) DO UPDATE SET min_protocol = excluded.min_protocol, max_protocol = excluded.max_protocol;

INSERT INTO sec.policy (id) VALUES (1) ON CONFLICT (id) DO NOTHING;

INSERT INTO system.company (id, name) VALUES (1, 'Werkbank') ON CONFLICT (id) DO NOTHING;

INSERT INTO system.counter (series, year, prefix)
SELECT s.series, extract(year FROM system.today())::int, s.prefix
  FROM (VALUES ('quote', 'AN'), ('sales_order', 'AU'), ('delivery', 'LS'), ('invoice', 'RE'), ('work_order', 'FA'),
               ('purchase_order', 'BE')) s (series, prefix)
 WHERE NOT EXISTS (SELECT FROM system.counter c WHERE c.series = s.series);

SELECT audit.partitions_ahead();
