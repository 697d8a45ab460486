-- Two records of the old system never write into the same row: duplicates of a source are linked, not applied.
SELECT e.code, r.target_id, array_agg(r.source_key ORDER BY r.source_key)
  FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id
 WHERE r.state IN ('applied', 'placeholder') AND r.target_id IS NOT NULL
 GROUP BY e.code, r.entity_id, r.target_id HAVING count(*) > 1
