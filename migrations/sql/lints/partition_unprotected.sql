-- Policies of a partitioned table do not protect its partitions when they are named themselves: each has the gate, binds its
-- owner, refuses changes, and nobody has a right on it.
SELECT c.oid::regclass,
       CASE WHEN NOT (c.relrowsecurity AND c.relforcerowsecurity) THEN 'row security'
            WHEN pg_catalog.pg_get_userbyid(c.relowner) <> pg_catalog.pg_get_userbyid(p.relowner) THEN 'owner'
            WHEN EXISTS (SELECT FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner) THEN 'grant'
            WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_policy g
                              WHERE g.polrelid = c.oid AND g.polname = 'gate' AND NOT g.polpermissive AND g.polroles = '{0}') THEN 'gate'
            ELSE 'changes' END
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
 WHERE c.relkind = 'r'
   AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
   AND (NOT (c.relrowsecurity AND c.relforcerowsecurity)
        OR pg_catalog.pg_get_userbyid(c.relowner) <> pg_catalog.pg_get_userbyid(p.relowner)
        OR EXISTS (SELECT FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner)
        OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_policy g
                        WHERE g.polrelid = c.oid AND g.polname = 'gate' AND NOT g.polpermissive AND g.polroles = '{0}'
                          AND pg_catalog.pg_get_expr(g.polqual, g.polrelid) = '( SELECT sec.session_ok() AS session_ok)')
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                        WHERE t.tgrelid = c.oid AND t.tgname = 'append_only' AND t.tgfoid = 'audit.tg_refuse()'::regprocedure
                          AND t.tgenabled = 'O'))
