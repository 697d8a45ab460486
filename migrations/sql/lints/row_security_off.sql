-- Every table outside sec has row security, binding its owner too.
SELECT c.oid::regclass FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
   AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy') AND c.relnamespace::regnamespace::text <> 'sec'
