-- What roles include, and the memberships of PostgreSQL that follow from who has which role now.

CREATE OR REPLACE FUNCTION sec.memberships_due(p_login text DEFAULT NULL) RETURNS TABLE (login text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT u.login, r.role
    FROM sec.app_user u JOIN sec.user_role r ON r.login = u.login
   WHERE (p_login IS NULL OR u.login = p_login) AND u.status = 'active' AND r.valid_from <= statement_timestamp()
     AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp())
$$;

CREATE OR REPLACE FUNCTION sec.memberships_wrong() RETURNS TABLE (login text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH there AS (
    SELECT u.login, o.name AS role, pg_catalog.pg_get_userbyid(m.grantor) = 'erp_sec' AS ours
      FROM pg_catalog.pg_auth_members m
      JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
      JOIN pg_catalog.pg_roles p ON p.oid = m.member
      JOIN sec.role o ON 'r_' || o.name = r.rolname
      JOIN sec.app_user u ON u.login = p.rolname),
  due AS (SELECT d.login, d.role FROM sec.memberships_due() d)
  SELECT DISTINCT w.login
    FROM ((SELECT t.login, t.role FROM there t WHERE t.ours EXCEPT SELECT * FROM due)
          UNION ALL (SELECT * FROM due EXCEPT SELECT t.login, t.role FROM there t)) w ORDER BY 1
$$;
COMMENT ON FUNCTION sec.memberships_wrong IS 
  'Logins whose memberships are not what their time-valid roles say; one a superuser gave by hand only he can take (see the lints).';

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
  v_wanted := ARRAY(SELECT w.role FROM sec.memberships_due(p_login) w);
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
COMMENT ON FUNCTION sec.sync_roles IS 'Make the PostgreSQL memberships of a login equal to its time-valid roles; none unless it is active.';

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

CREATE OR REPLACE FUNCTION sec.roles_changed(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.sync_roles(p_login);
  UPDATE sec.app_user u SET session_epoch = u.session_epoch + 1 WHERE u.login = p_login;
  PERFORM sec.session_settle(p_login);
  PERFORM sec.session_settle(s.login) FROM sec.session s WHERE s.operator = p_login AND s.ended_at IS NULL;
END $$;
COMMENT ON FUNCTION sec.roles_changed IS 'What follows when somebody''s roles are others now: memberships, tickets, and the clients'' epoch.';

CREATE OR REPLACE FUNCTION sec.expire_roles() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_over sec.user_role%ROWTYPE;
  v_login text;
  v_found int := 0;
BEGIN
  -- The right itself ended to the second; this is what is left of it: memberships, and somebody to be told.
  FOR v_over IN
    SELECT r.* FROM sec.user_role r WHERE r.settled_at IS NULL AND r.valid_to <= statement_timestamp()
     ORDER BY r.login, r.id FOR UPDATE SKIP LOCKED
  LOOP
    UPDATE sec.user_role r SET settled_at = statement_timestamp() WHERE r.id = v_over.id;
    PERFORM audit.event_log(CASE v_over.kind WHEN 'elevation' THEN 'elevation_ended' ELSE 'role_revoked' END, v_over.login,
                            jsonb_build_object('role', v_over.role, 'assignment', v_over.id, 'reason', 'time_over'));
    PERFORM sec.roles_changed(v_over.login);
    v_found := v_found + 1;
  END LOOP;
  FOR v_login IN SELECT w.login FROM sec.memberships_wrong() w LOOP
    PERFORM sec.roles_changed(v_login);
    v_found := v_found + 1;
  END LOOP;
  PERFORM sec.register_settle();
  RETURN v_found;
END $$;
COMMENT ON FUNCTION sec.expire_roles IS
  'Carry out what time has decided (the guard''s tick): memberships of roles that ended or began; returns how many.';
