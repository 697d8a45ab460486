-- Roles, schemas and the lock-down: the ground everything else stands on. Idempotent; PostgreSQL 15 to 18.
-- Roles belong to the whole cluster, the rest to this database.

DO $$
DECLARE
  v_role text;
BEGIN
  FOREACH v_role IN ARRAY ARRAY['erp_owner', 'erp_api', 'erp_sec', 'erp_audit', 'erp_user', 'erp_guest'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_role) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
    END IF;
    EXECUTE format(
      'ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS %s', v_role,
      CASE v_role WHEN 'erp_sec' THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END);
  END LOOP;
  -- Nobody works as an owner: whatever membership somebody granted by hand ends here.
  FOR v_role IN
    SELECT format('REVOKE %I FROM %I GRANTED BY %I CASCADE', o.rolname, m.rolname, g.rolname)
      FROM pg_catalog.pg_auth_members am
      JOIN pg_catalog.pg_roles o ON o.oid = am.roleid
      JOIN pg_catalog.pg_roles m ON m.oid = am.member
      JOIN pg_catalog.pg_roles g ON g.oid = am.grantor
     WHERE o.rolname IN ('erp_owner', 'erp_api', 'erp_sec', 'erp_audit')
  LOOP
    EXECUTE v_role;
  END LOOP;
  -- erp_guest is who has no login yet or has lost the password: s_register, which may ask for either and nothing else.
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE 'GRANT erp_user, erp_guest TO erp_sec WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
  ELSE
    EXECUTE 'GRANT erp_user, erp_guest TO erp_sec WITH ADMIN OPTION';
  END IF;
END $$;
GRANT pg_signal_backend, pg_read_all_stats TO erp_sec;
GRANT SELECT (oid, rolname, rolpassword, rolvaliduntil, rolcanlogin, rolsuper) ON pg_catalog.pg_authid TO erp_sec;

CREATE SCHEMA IF NOT EXISTS sec AUTHORIZATION erp_sec;
CREATE SCHEMA IF NOT EXISTS audit AUTHORIZATION erp_audit;
CREATE SCHEMA IF NOT EXISTS api AUTHORIZATION erp_owner;

DO $$
DECLARE
  v_schema text;
  v_line text;
  v_entrance name;
BEGIN
  FOREACH v_schema IN ARRAY ARRAY['system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing',
                                  'production', 'sales', 'legacy', 'printing', 'labels', 'mail', 'accounting', 'api'] LOOP
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION erp_owner', v_schema);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO erp_user, erp_api, erp_sec, erp_audit', v_schema);
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', v_schema);
  END LOOP;
  EXECUTE 'REVOKE ALL ON SCHEMA sec, audit FROM PUBLIC';
  EXECUTE 'GRANT USAGE ON SCHEMA sec, audit TO erp_user, erp_api, erp_owner, erp_sec, erp_audit';
  EXECUTE 'GRANT USAGE ON SCHEMA sec TO erp_guest';

  -- The database itself: no TEMP (a temporary table could shadow a name), no public schema, no anonymous code.
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  -- Logins belong to the server, their right to connect to the database: each has a role of its own that holds it, so that
  -- a login of one house, or of a copy for training, does not come into another. A dump that is restored brings it along.
  SELECT r.rolname INTO v_entrance
    FROM pg_catalog.pg_database d, aclexplode(d.datacl) x, pg_catalog.pg_roles r
   WHERE d.datname = current_database() AND r.oid = x.grantee AND x.privilege_type = 'CONNECT' AND r.rolname ~ '^erp_in_[0-9a-f]{12}$';
  IF NOT FOUND THEN
    v_entrance := 'erp_in_' || left(replace(gen_random_uuid()::text, '-', ''), 12);
    EXECUTE format('CREATE ROLE %I NOLOGIN', v_entrance);
  END IF;
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE format('GRANT %I TO erp_sec WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', v_entrance);
  ELSE
    EXECUTE format('GRANT %I TO erp_sec WITH ADMIN OPTION', v_entrance);
  END IF;
  EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM erp_user', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I, erp_guest', current_database(), v_entrance);
  EXECUTE format('ALTER DATABASE %I SET log_parameter_max_length = 0', current_database());
  EXECUTE format('ALTER DATABASE %I SET log_parameter_max_length_on_error = 0', current_database());
  -- Compiling a plan takes longer than any of our statements, and estimates under row security call for it often.
  EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
  EXECUTE 'REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC';
  IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') THEN
    EXECUTE 'REVOKE ALL ON SCHEMA public FROM PUBLIC';
  END IF;

  -- Levers an insider could stall others with or fill the disk by.
  FOR v_line IN
    SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', p.oid::regprocedure)
      FROM pg_catalog.pg_proc p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace
       AND (p.proname ~ 'advisory' OR p.proname ~ '^lo_' OR p.proname IN ('lowrite', 'loread', 'pg_logical_emit_message'))
       AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
  LOOP
    EXECUTE v_line;
  END LOOP;
END $$;

-- Guesses of one person's secret are counted one after the other.
GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_unlock(bigint) TO erp_sec;

ALTER DEFAULT PRIVILEGES FOR ROLE erp_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE erp_api REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE erp_sec REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE erp_audit REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
