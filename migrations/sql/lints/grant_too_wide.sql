-- People get SELECT on tables and column-listed INSERT and UPDATE. Everything else permits LOCK TABLE, or more.
SELECT c.oid::regclass, x.privilege_type, pg_catalog.pg_get_userbyid(x.grantee)
  FROM pg_catalog.pg_class c, aclexplode(c.relacl) x
 WHERE c.relkind <> 'S' AND x.grantee <> c.relowner
   AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
   AND x.privilege_type <> 'SELECT' AND pg_catalog.pg_get_userbyid(x.grantee) <> 'erp_api'
UNION ALL
SELECT c.oid::regclass, 'sequence ' || x.privilege_type, pg_catalog.pg_get_userbyid(x.grantee)
  FROM pg_catalog.pg_class c, aclexplode(c.relacl) x
 WHERE c.relkind = 'S' AND pg_catalog.pg_get_userbyid(x.grantee) NOT IN (pg_catalog.pg_get_userbyid(c.relowner), 'erp_api')
   AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
UNION ALL
SELECT a.attrelid::regclass, x.privilege_type || ' (' || a.attname || ')', pg_catalog.pg_get_userbyid(x.grantee)
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
 WHERE c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
   AND (x.privilege_type = 'REFERENCES'
        OR a.attname IN ('id', 'row_version', 'created_at', 'created_by', 'updated_at', 'updated_by'))
