-- A view runs under the rights of who asks; row security does not reach materialised views at all.
SELECT c.oid::regclass FROM pg_catalog.pg_class c
 WHERE c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
   AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false))
