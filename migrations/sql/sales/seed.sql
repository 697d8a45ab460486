-- Rows without which reminders do not work. What a house changes later stays as it is.
INSERT INTO system.counter (series, year, prefix)
SELECT s.series, extract(year FROM system.today())::int, s.prefix
  FROM (VALUES ('reminder', 'MA')) s (series, prefix)
 WHERE NOT EXISTS (SELECT FROM system.counter c WHERE c.series = s.series);

INSERT INTO sales.reminder_rule (level, days, pay_days, fee, flat_amount, with_interest)
VALUES (1, 7, 10, 0, 0, false), (2, 21, 10, 5, 40, true), (3, 35, 10, 10, 40, true)
ON CONFLICT (level) DO NOTHING;

-- As the Deutsche Bundesbank published them; they change on 1 January and 1 July.
INSERT INTO sales.base_rate (valid_from, rate)
VALUES ('2016-07-01', -0.88), ('2023-01-01', 1.62), ('2023-07-01', 3.12), ('2024-01-01', 3.62), ('2024-07-01', 3.37),
       ('2025-01-01', 2.27), ('2025-07-01', 1.27)
ON CONFLICT (valid_from) DO NOTHING;
