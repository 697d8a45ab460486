-- Every table somebody but erp_api has a right on asks for the session ticket.
SELECT c.oid::regclass FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy') AND c.relnamespace::regnamespace::text <> 'sec'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p
                    WHERE p.polrelid = c.oid AND p.polname = 'gate' AND NOT p.polpermissive AND p.polroles = '{0}'
                      AND pg_catalog.pg_get_expr(p.polqual, p.polrelid) = '( SELECT sec.session_ok() AS session_ok)')
   AND EXISTS (SELECT FROM (SELECT (aclexplode(c.relacl)).grantee
                            UNION ALL
                            SELECT (aclexplode(a.attacl)).grantee FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid) x
                WHERE x.grantee <> c.relowner
                  AND (x.grantee = 0 OR pg_catalog.pg_get_userbyid(x.grantee) NOT IN ('erp_api')))
