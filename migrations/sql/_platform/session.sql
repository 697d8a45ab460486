-- Who is there, and what may he do: session tickets, time-valid roles, limits, warehouses.
-- Identity is session_user and nothing else; a ticket proves that the session was opened by the rules.

CREATE OR REPLACE FUNCTION sec.fail(p_sqlstate text, p_key text, p_detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = p_sqlstate, MESSAGE = coalesce(p_key, 'unknown'),
    CONSTRAINT = coalesce(p_key, 'unknown'), DETAIL = coalesce(p_detail, '{}')::text;
END $$;
COMMENT ON FUNCTION sec.fail IS 'Refuse with a SQLSTATE of class ER; the key is the text key, the detail its parameters.';

CREATE OR REPLACE FUNCTION sec.session_ok() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM sec.session s
     WHERE s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'))
       AND s.login = session_user
       AND s.address IS NOT DISTINCT FROM inet_client_addr()
       AND s.expires > statement_timestamp()
       AND NOT s.revoked)
    -- A superuser passes every policy anyway; without this, what triggers do for him would see no rows.
    OR (SELECT a.rolsuper FROM pg_catalog.pg_authid a WHERE a.rolname = session_user);
END $$;
COMMENT ON FUNCTION sec.session_ok IS
  'Whether erp.ticket is a valid ticket of this login from this address, at this statement; true for a superuser.';

CREATE OR REPLACE FUNCTION sec.my_roles() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT sec.session_ok() THEN
    RETURN '{}';
  END IF;
  RETURN ARRAY(
    SELECT DISTINCT u.role
      FROM sec.user_role u
     WHERE u.login = session_user
       AND u.valid_from <= statement_timestamp()
       AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp())
     ORDER BY u.role);
END $$;
COMMENT ON FUNCTION sec.my_roles IS 'Names of the roles that are valid at this statement, without the r_ prefix; none without a ticket.';

CREATE OR REPLACE FUNCTION sec.may(p_right text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM sec.role_right r
      JOIN sec.user_role u ON u.role = r.role
     WHERE r."right" = p_right
       AND u.login = session_user
       AND u.valid_from <= statement_timestamp()
       AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp()))
    AND sec.session_ok();
END $$;
COMMENT ON FUNCTION sec.may IS 'Whether the person has the right now (a function''s name or schema.table:verb).';

CREATE OR REPLACE FUNCTION sec.require(p_right text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF sec.may(p_right) OR (SELECT a.rolsuper FROM pg_catalog.pg_authid a WHERE a.rolname = session_user) THEN
    RETURN;  -- a superuser can do it anyway; refusing him would only cost him a detour when a database is set up
  END IF;
  IF NOT sec.session_ok() THEN
    PERFORM sec.fail('ER401', 'session_missing');
  END IF;
  PERFORM sec.fail('ER403', p_right, jsonb_build_object('right', p_right));
END $$;
COMMENT ON FUNCTION sec.require IS 'First line of every api function: ER401 without a ticket, ER403 without a valid role with this right.';

CREATE OR REPLACE FUNCTION sec.require_session() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT sec.session_ok() THEN
    PERFORM sec.fail('ER401', 'session_missing');
  END IF;
END $$;
COMMENT ON FUNCTION sec.require_session IS 'ER401 unless the session holds a valid ticket.';

CREATE OR REPLACE FUNCTION sec.my_limit(p_name text) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce(
    (SELECT max(l.value) FROM sec.role_limit l WHERE l.name = p_name AND l.role = ANY (sec.my_roles())), 0);
END $$;
COMMENT ON FUNCTION sec.my_limit IS 'The highest limit of the person''s valid roles; 0 when none of them has one.';

CREATE OR REPLACE FUNCTION sec.my_warehouses() RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_roles text[] := sec.my_roles();
BEGIN
  IF EXISTS (SELECT FROM sec.role r WHERE r.name = ANY (v_roles) AND NOT r.scoped) THEN
    RETURN ARRAY(SELECT w.id FROM inventory.warehouse w);
  ELSIF v_roles <> '{}' THEN
    RETURN ARRAY(SELECT w.warehouse_id FROM sec.user_warehouse w WHERE w.login = session_user);
  ELSE
    RETURN '{}';
  END IF;
END $$;
COMMENT ON FUNCTION sec.my_warehouses IS 'Warehouses the person may see: all of them unless every valid role is scoped.';

CREATE OR REPLACE FUNCTION sec.actor() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN session_user;
END $$;
COMMENT ON FUNCTION sec.actor IS 'The login that acts; ER401 without a ticket.';

CREATE OR REPLACE FUNCTION sec.sync_roles(p_login text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
  v_option text := '';
BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    v_option := ' WITH INHERIT TRUE, SET FALSE';  -- nobody needs SET ROLE; 15 has no such option
  END IF;
  FOR v_role IN
    SELECT r.name FROM sec.role r
     WHERE pg_has_role(p_login, 'r_' || r.name, 'MEMBER')
       AND NOT EXISTS (SELECT FROM sec.user_role u
                        WHERE u.login = p_login AND u.role = r.name AND u.valid_from <= statement_timestamp()
                          AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp()))
  LOOP
    EXECUTE format('REVOKE %I FROM %I GRANTED BY erp_sec', 'r_' || v_role, p_login);
  END LOOP;
  FOR v_role IN
    SELECT r.name FROM sec.role r
     WHERE NOT pg_has_role(p_login, 'r_' || r.name, 'MEMBER')
       AND EXISTS (SELECT FROM sec.user_role u
                    WHERE u.login = p_login AND u.role = r.name AND u.valid_from <= statement_timestamp()
                      AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp()))
  LOOP
    EXECUTE format('GRANT %I TO %I' || v_option, 'r_' || v_role, p_login);
  END LOOP;
  -- A ticket never outlives a role it was opened with: its holder must come back and be looked at again.
  UPDATE sec.session s
     SET expires = LEAST(s.expires, (SELECT min(u.valid_to) FROM sec.user_role u
                                      WHERE u.login = p_login AND u.valid_to > statement_timestamp()))
   WHERE s.login = p_login AND s.expires > statement_timestamp() AND NOT s.revoked;
END $$;
COMMENT ON FUNCTION sec.sync_roles IS 'Make the PostgreSQL memberships of a login equal to its time-valid roles.';

CREATE OR REPLACE FUNCTION sec.session_open(p_client jsonb DEFAULT '{}', p_code text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_user sec.app_user%ROWTYPE;
  v_range sec.compat%ROWTYPE;
  v_protocol int := CASE WHEN jsonb_typeof(p_client -> 'protocol') = 'number' THEN (p_client ->> 'protocol')::int END;
  v_ticket text;
BEGIN
  SELECT * INTO v_user FROM sec.app_user u WHERE u.login = session_user;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER401', 'login_unknown', jsonb_build_object('login', session_user));
  ELSIF v_user.status <> 'active' THEN
    PERFORM sec.fail('ER401', 'account_locked', jsonb_build_object('login', session_user));
  ELSIF p_client ? 'protocol' AND v_protocol IS NULL THEN
    PERFORM sec.fail('ER426', 'client_protocol_unreadable');
  END IF;
  SELECT * INTO v_range FROM sec.compat;
  IF v_protocol < v_range.min_protocol THEN
    PERFORM sec.fail('ER426', 'client_too_old', jsonb_build_object('protocol', v_protocol, 'needed', v_range.min_protocol));
  ELSIF v_protocol > v_range.max_protocol THEN
    PERFORM sec.fail('ER426', 'client_too_new', jsonb_build_object('protocol', v_protocol, 'served', v_range.max_protocol));
  END IF;
  -- Who changed the password past sec.password_change has evaded its rules: he gets nothing but the way back.
  IF v_user.password_seal IS NOT NULL AND v_user.password_seal IS DISTINCT FROM
     (SELECT sha256(convert_to(a.rolpassword, 'UTF8')) FROM pg_catalog.pg_authid a WHERE a.rolname = session_user) THEN
    PERFORM sec.fail('ER401', 'password_must_change', jsonb_build_object('login', session_user));
  END IF;
  v_ticket := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  DELETE FROM sec.session s WHERE s.login = session_user AND s.expires < statement_timestamp() - interval '30 days';
  INSERT INTO sec.session (ticket_hash, login, address, client, expires)
  VALUES (sha256(convert_to(v_ticket, 'UTF8')), session_user, inet_client_addr(), p_client,
          statement_timestamp() + interval '12 hours');
  PERFORM sec.sync_roles(session_user);
  PERFORM set_config('erp.ticket', v_ticket, false);
  RETURN v_ticket;
END $$;
COMMENT ON FUNCTION sec.session_open IS
  'Open a session and return its ticket, valid 12 hours; this connection has it set, others SET erp.ticket themselves.';

CREATE OR REPLACE FUNCTION sec.session_close() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  UPDATE sec.session s SET revoked = true
   WHERE s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'));
END $$;
COMMENT ON FUNCTION sec.session_close IS 'End the session: its ticket is worth nothing from now on.';

CREATE OR REPLACE FUNCTION sec.session_list()
RETURNS TABLE (created timestamptz, expires timestamptz, address inet, client jsonb, current boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN QUERY
    SELECT s.created, s.expires, s.address, s.client,
           s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'))
      FROM sec.session s
     WHERE s.login = session_user AND NOT s.revoked AND s.expires > statement_timestamp()
     ORDER BY s.created DESC;
END $$;
COMMENT ON FUNCTION sec.session_list IS 'The person''s own open sessions.';

CREATE OR REPLACE FUNCTION sec.my_profile() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_roles text[] := sec.my_roles();
BEGIN
  PERFORM sec.require_session();
  RETURN (
    SELECT jsonb_build_object(
      'login', u.login, 'person', u.person, 'language', u.language, 'phone', u.phone, 'email', u.email,
      'roles', to_jsonb(v_roles),
      'rights', (SELECT coalesce(jsonb_agg(DISTINCT r."right"), '[]') FROM sec.role_right r WHERE r.role = ANY (v_roles)),
      'limits', (SELECT coalesce(jsonb_object_agg(l.name, l.value), '{}')
                   FROM (SELECT x.name, max(x.value) AS value FROM sec.role_limit x
                          WHERE x.role = ANY (v_roles) GROUP BY x.name) l),
      'warehouses', to_jsonb(sec.my_warehouses()),
      'company', (SELECT jsonb_build_object('name', c.name, 'language', c.language, 'currency', c.currency)
                    FROM system.company c),
      'seconds_left', (SELECT floor(extract(epoch FROM s.expires - statement_timestamp()))
                         FROM sec.session s
                        WHERE s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'))),
      'server_version', current_setting('server_version_num')::int)
      FROM sec.app_user u WHERE u.login = session_user);
END $$;
COMMENT ON FUNCTION sec.my_profile IS 'Everything a client needs to know about its user, in one answer.';

CREATE OR REPLACE FUNCTION sec.people_with(p_right text) RETURNS TABLE (role text, login text, person text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ur.role, u.login, u.person
    FROM sec.role_right r
    JOIN sec.user_role ur ON ur.role = r.role
    JOIN sec.app_user u ON u.login = ur.login
   WHERE r."right" = p_right AND u.status = 'active' AND ur.valid_from <= statement_timestamp()
     AND (ur.valid_to IS NULL OR ur.valid_to > statement_timestamp())
$$;

CREATE OR REPLACE FUNCTION sec.who_can(p_right text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN jsonb_build_object(
    'roles', (SELECT coalesce(jsonb_agg(r.role ORDER BY r.role), '[]') FROM sec.role_right r WHERE r."right" = p_right),
    'holders', (SELECT coalesce(jsonb_agg(jsonb_build_array(p.role, p.login, p.person) ORDER BY p.role, p.person), '[]')
                  FROM sec.people_with(p_right) p),
    'granters', (SELECT coalesce(jsonb_agg(DISTINCT p.person), '[]') FROM sec.people_with('user_set_roles') p));
END $$;
COMMENT ON FUNCTION sec.who_can IS 'Roles that have a right, people who have such a role now, and who could grant it: whom to ask.';

CREATE OR REPLACE FUNCTION sec.people() RETURNS TABLE (login text, person text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN QUERY SELECT u.login, u.person FROM sec.app_user u ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.people IS 'Names behind the logins in history and notes.';
