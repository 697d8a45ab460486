-- Nobody who can log in under this program is more than an ordinary user, and nobody is a member of an owner.
SELECT r.rolname, 'attribute' FROM pg_catalog.pg_roles r
 WHERE r.rolname ~ '^([utsrp]_|erp_(owner|api|audit|user|guest)$)'
   AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)
UNION ALL
SELECT r.rolname, 'may log in' FROM pg_catalog.pg_roles r WHERE r.rolname ~ '^(r_|p_|erp_)' AND r.rolcanlogin
UNION ALL
SELECT m.rolname, 'member of ' || o.rolname
  FROM pg_catalog.pg_auth_members am
  JOIN pg_catalog.pg_roles o ON o.oid = am.roleid
  JOIN pg_catalog.pg_roles m ON m.oid = am.member
 WHERE o.rolname IN ('erp_owner', 'erp_api', 'erp_sec', 'erp_audit')
    OR (m.rolname ~ '^[uts]_' AND o.rolname ~ '^r_' AND pg_catalog.pg_get_userbyid(am.grantor) <> 'erp_sec')
    OR (m.rolname ~ '^[uts]_' AND o.rolname !~ '^(r_|erp_user$|erp_in_)' AND (m.rolname, o.rolname) <> ('s_register', 'erp_guest'))
