-- Nothing of ours is open to PUBLIC.
SELECT 'relation', c.oid::regclass::text FROM pg_catalog.pg_class c, aclexplode(c.relacl) x
 WHERE x.grantee = 0 AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
UNION ALL
SELECT 'function', p.oid::regprocedure::text FROM pg_catalog.pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
 WHERE x.grantee = 0 AND p.pronamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
UNION ALL
SELECT 'schema', n.nspname FROM pg_catalog.pg_namespace n, aclexplode(n.nspacl) x
 WHERE x.grantee = 0 AND (n.nspname IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy') OR n.nspname = 'public')
UNION ALL
SELECT 'database', d.datname FROM pg_catalog.pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
 WHERE x.grantee = 0 AND d.datname = current_database()
UNION ALL
SELECT 'language', l.lanname FROM pg_catalog.pg_language l, aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) x
 WHERE x.grantee = 0 AND l.lanname = 'plpgsql'
