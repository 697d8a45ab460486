-- The catalogue of our schemas as lines of text, the same for every database of the same state (see migrations/drift.py).
-- Partitions come and go with the months, so they are left out; the lint partition_unprotected looks at each.
-- A check constraint that was dumped and restored has other brackets and casts to text, so these are left out.
WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY (%(schemas)s)),
     rel AS (SELECT c.*, o.nspname || '.' || c.relname AS name FROM pg_class c JOIN ours o ON o.oid = c.relnamespace
              WHERE NOT c.relispartition),
     fn AS (SELECT p.*, p.oid::regprocedure::text AS name FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace)
SELECT 'schema ' || nspname || ' owned by ' || pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = ANY (%(schemas)s)
UNION ALL
SELECT 'schema ' || n.nspname || ': ' || x.privilege_type || ' for ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END
  FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = ANY (%(schemas)s) OR n.nspname = 'public'
UNION ALL
SELECT 'database: ' || x.privilege_type || ' for '
       || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE regexp_replace(pg_get_userbyid(x.grantee), '^erp_in_[0-9a-f]{12}$', 'erp_in') END
  FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
 WHERE d.datname = current_database() AND x.grantee <> d.datdba
UNION ALL
SELECT 'language plpgsql: ' || x.privilege_type || ' for ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END
  FROM pg_language l, aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) x
 WHERE l.lanname = 'plpgsql' AND x.grantee <> l.lanowner
UNION ALL
SELECT 'system function ' || p.oid::regprocedure || ' open to PUBLIC'
  FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND x.grantee = 0
   AND (p.proname ~ 'advisory' OR p.proname ~ '^lo_' OR p.proname IN ('lowrite', 'loread', 'pg_logical_emit_message'))
UNION ALL
SELECT 'relation ' || name || ' ' || relkind::text || ' owned by ' || pg_get_userbyid(relowner) || ' rls ' || relrowsecurity || relforcerowsecurity
       || coalesce(' ' || array_to_string(reloptions, ','), '')
  FROM rel WHERE relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT 'relation ' || name || ': ' || x.privilege_type || ' for ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END
  FROM rel, aclexplode(rel.relacl) x WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND x.grantee <> rel.relowner
UNION ALL
SELECT 'column ' || name || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || CASE a.attidentity WHEN '' THEN '' ELSE ' identity ' || a.attidentity::text END
       || CASE WHEN a.attgenerated <> '' THEN ' generated ' WHEN d.oid IS NOT NULL THEN ' default ' ELSE '' END
       || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || coalesce(' collate ' || c.collname, '')
  FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = rel.oid AND d.adnum = a.attnum
  LEFT JOIN pg_collation c ON c.oid = a.attcollation AND c.collname <> 'default'
 WHERE rel.relkind IN ('r', 'p', 'v')
UNION ALL
SELECT 'column ' || name || '.' || a.attname || ': ' || x.privilege_type || ' for ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END
  FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid, aclexplode(a.attacl) x
UNION ALL
SELECT 'constraint ' || rel.name || '.' || k.conname || ' '
       || CASE k.contype WHEN 'c' THEN regexp_replace(translate(pg_get_constraintdef(k.oid), '()', ''), '::(text|character varying)(\[\])?', '', 'g')
                         ELSE pg_get_constraintdef(k.oid) END
       || CASE WHEN k.convalidated THEN '' ELSE ' NOT VALID' END
  FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid WHERE k.contype NOT IN ('n', 't')
UNION ALL
SELECT 'index ' || pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
  FROM rel JOIN pg_index i ON i.indrelid = rel.oid
UNION ALL
SELECT 'view ' || name || ' ' || pg_get_viewdef(oid) FROM rel WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
  FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy ' || rel.name || '.' || p.polname || ' ' || p.polpermissive || ' ' || p.polcmd::text || ' to '
       || (SELECT string_agg(role, ',' ORDER BY role)
              FROM (SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END AS role FROM unnest(p.polroles) r) named)
       || ' using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
  FROM rel JOIN pg_policy p ON p.polrelid = rel.oid
UNION ALL
SELECT 'function ' || pg_get_functiondef(fn.oid) || ' owned by ' || pg_get_userbyid(proowner) FROM fn WHERE prokind IN ('f', 'p')
UNION ALL
SELECT 'function ' || name || ': ' || x.privilege_type || ' for ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END
  FROM fn, aclexplode(coalesce(fn.proacl, acldefault('f', fn.proowner))) x WHERE x.grantee <> fn.proowner
UNION ALL
SELECT 'right ' || x.role || ' ' || x."right" FROM sec.role_right x JOIN sec.role r ON r.name = x.role AND r.kind IN ('core', 'functional')
UNION ALL
SELECT 'limit ' || x.role || ' ' || x.name || ' ' || trim_scale(x.value)
  FROM sec.role_limit x JOIN sec.role r ON r.name = x.role AND r.kind IN ('core', 'functional')
UNION ALL
SELECT 'protocol ' || min_protocol || ' to ' || max_protocol FROM sec.compat
