-- What lies in quarantine was not taken over under another name meanwhile: its record says so.
SELECT e.code, q.source_key, q.state, r.state
  FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id
  LEFT JOIN legacy.record r ON r.entity_id = q.entity_id AND r.source_key = q.source_key
 WHERE q.state IN ('open', 'retry') AND r.state IS DISTINCT FROM 'quarantined'
    OR q.state = 'ignored' AND r.state IS DISTINCT FROM 'ignored'
