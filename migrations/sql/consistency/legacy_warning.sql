-- A warning is about a record that was taken over; what waits in quarantine or is gone has none.
SELECT e.code, w.source_key, w.code, r.state
  FROM legacy.warning w JOIN legacy.entity e ON e.id = w.entity_id
  LEFT JOIN legacy.record r ON r.entity_id = w.entity_id AND r.source_key = w.source_key
 WHERE r.state IS NULL OR r.state NOT IN ('applied', 'linked')
