-- What roles include, and the memberships of PostgreSQL that follow from who has which role now.

CREATE OR REPLACE FUNCTION sec.sync_roles(p_login text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
  v_option text := '';
  v_wanted text[];
BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    v_option := ' WITH INHERIT TRUE, SET FALSE';  -- nobody needs SET ROLE; 15 has no such option
  END IF;
  v_wanted := ARRAY(SELECT DISTINCT u.role FROM sec.user_role u
                     WHERE u.login = p_login AND u.valid_from <= statement_timestamp()
                       AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp()));
  FOR v_role IN
    SELECT r.name FROM sec.role r WHERE NOT r.name = ANY (v_wanted) AND sec.is_member('r_' || r.name, p_login)
  LOOP
    EXECUTE format('REVOKE %I FROM %I GRANTED BY erp_sec', 'r_' || v_role, p_login);
  END LOOP;
  FOREACH v_role IN ARRAY v_wanted LOOP
    IF NOT sec.is_member('r_' || v_role, p_login) THEN
      EXECUTE format('GRANT %I TO %I' || v_option, 'r_' || v_role, p_login);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION sec.sync_roles IS 'Make the PostgreSQL memberships of a login equal to its time-valid roles.';

CREATE OR REPLACE FUNCTION sec.is_member(p_role text, p_member text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_catalog.pg_auth_members m
                  WHERE m.roleid = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = p_role)
                    AND m.member = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = p_member))
$$;
COMMENT ON FUNCTION sec.is_member IS 'Whether a role was granted to another one directly.';

CREATE OR REPLACE FUNCTION sec.role_settle() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM sec.role_closure c WHERE true;
  WITH RECURSIVE walk (role, includes) AS (
    SELECT r.name, r.name FROM sec.role r
    UNION
    SELECT w.role, p.parent FROM walk w JOIN sec.role_parent p ON p.role = w.includes
  )
  INSERT INTO sec.role_closure (role, includes) SELECT w.role, w.includes FROM walk w;
END $$;
COMMENT ON FUNCTION sec.role_settle IS 'Work out anew what every role includes; a circle of parents includes all of them.';
