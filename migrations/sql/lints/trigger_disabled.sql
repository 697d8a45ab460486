-- A switched-off trigger is a rule that does not hold.
SELECT DISTINCT t.tgrelid::regclass, CASE WHEN t.tgisinternal THEN 'foreign keys' ELSE t.tgname END FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
 WHERE t.tgenabled <> 'O' AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
