-- Every row of the history has its record, and every record of history its row: nothing doubled, nothing lost.
WITH has (target_table, id) AS (
  SELECT 'legacy.article', x.id FROM legacy.article x
  UNION ALL SELECT 'legacy.document', x.id FROM legacy.document x
  UNION ALL SELECT 'legacy.document_line', x.id FROM legacy.document_line x
  UNION ALL SELECT 'legacy.work_order', x.id FROM legacy.work_order x
  UNION ALL SELECT 'legacy.work_order_step', x.id FROM legacy.work_order_step x
  UNION ALL SELECT 'legacy.employee', x.id FROM legacy.employee x
  UNION ALL SELECT 'legacy.employee_pay', x.id FROM legacy.employee_pay x
  UNION ALL SELECT 'legacy.stock', x.id FROM legacy.stock x),
said (target_table, id, source_key) AS (
  SELECT e.target_table::text, r.target_id, r.source_key FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id
   WHERE e.target_table LIKE 'legacy.%' AND r.target_id IS NOT NULL AND r.state <> 'linked')
SELECT coalesce(h.target_table, s.target_table), coalesce(h.id, s.id), s.source_key
  FROM has h FULL JOIN said s ON s.target_table = h.target_table AND s.id = h.id
 WHERE h.id IS NULL OR s.id IS NULL
