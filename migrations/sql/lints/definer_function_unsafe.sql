-- Functions that run under their owner's rights: a fixed search path, plans nobody has printed, the right owner, nobody's but by name.
SELECT p.oid::regprocedure,
       CASE WHEN NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false) THEN 'search path'
            WHEN NOT coalesce('debug_print_plan=off' = ANY (p.proconfig), false) THEN 'plans are shown'
            WHEN pg_catalog.pg_get_userbyid(p.proowner) NOT IN ('erp_api', 'erp_sec', 'erp_audit') THEN 'owner'
            ELSE 'open to PUBLIC' END
  FROM pg_catalog.pg_proc p
 WHERE p.prosecdef AND p.pronamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
   AND (NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
        OR NOT coalesce('debug_print_plan=off' = ANY (p.proconfig), false)
        OR pg_catalog.pg_get_userbyid(p.proowner) NOT IN ('erp_api', 'erp_sec', 'erp_audit')
        OR EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x WHERE x.grantee = 0))
