-- Roles somebody asks for: for good, or for hours (elevation). What follows when the approval is given.

CREATE OR REPLACE FUNCTION sec.role_request(
  p_role text, p_reason text, p_from timestamptz DEFAULT NULL, p_to timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.check_may_ask(p_role);
  IF p_to <= greatest(p_from, statement_timestamp()) THEN
    PERFORM sec.fail('ER422', 'user_role_period');
  END IF;
  RETURN sec.role_ask('role_grant', session_user, p_role, p_from, p_to, NULL, p_reason);
END $$;
COMMENT ON FUNCTION sec.role_request IS 'Ask for a role for oneself; returns the request.';

CREATE OR REPLACE FUNCTION sec.elevation_request(p_role text, p_hours int, p_reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.check_may_ask(p_role);
  PERFORM sec.check_hours(p_hours);
  RETURN sec.role_ask('elevation', session_user, p_role, NULL, NULL, p_hours, p_reason);
END $$;
COMMENT ON FUNCTION sec.elevation_request IS
  'Ask for a role for some hours, counted from the approval; what is done with it is marked in the audit trail. Returns the request.';

CREATE OR REPLACE FUNCTION sec.elevation_extend(p_id bigint, p_hours int, p_reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old sec.user_role%ROWTYPE;
  v_user sec.app_user%ROWTYPE;
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.check_hours(p_hours);
  SELECT * INTO v_old FROM sec.user_role r
   WHERE r.id = p_id AND r.login = session_user AND r.kind = 'elevation' AND r.valid_to > statement_timestamp() AND r.ended_by IS NULL;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.user_role', 'id', p_id));
  END IF;
  SELECT * INTO v_user FROM sec.app_user u WHERE u.login = session_user;
  RETURN system.approval_open('elevation_extend', 'sec.app_user', v_user.id,
    jsonb_build_object('name', v_user.person, 'gains', session_user, 'detail', p_id::text, 'votes', greatest(sec.role_votes(v_old.role), 1),
      'fields', jsonb_build_array(
        jsonb_build_object('key', 'role', 'after', v_old.role, 'kind', 'role'),
        jsonb_build_object('key', 'valid_to', 'before', v_old.valid_to, 'after', v_old.valid_to + make_interval(hours => p_hours),
                           'kind', 'moment'))),
    jsonb_build_object('assignment', p_id, 'hours', p_hours), p_reason);
END $$;
COMMENT ON FUNCTION sec.elevation_extend IS 'Ask for some hours more of a role one has for a time; must be approved before it ends.';

CREATE OR REPLACE FUNCTION sec.elevation_end(p_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.check_user(session_user);
  UPDATE sec.user_role r
     SET valid_to = greatest(r.valid_from, statement_timestamp()), ended_by = session_user, end_reason = 'given_back',
         settled_at = statement_timestamp()
   WHERE r.id = p_id AND r.login = session_user AND r.kind = 'elevation' AND r.valid_to > statement_timestamp() AND r.ended_by IS NULL
  RETURNING r.role INTO v_role;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.user_role', 'id', p_id));
  END IF;
  PERFORM sec.roles_changed(session_user);
  PERFORM audit.event_log('elevation_ended', session_user::text,
                          jsonb_build_object('role', v_role, 'assignment', p_id, 'reason', 'given_back'));
END $$;
COMMENT ON FUNCTION sec.elevation_end IS 'Give back a role one has for a time.';

CREATE OR REPLACE FUNCTION sec.check_may_ask(p_role text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user !~ '^u_' THEN
    PERFORM sec.fail('ER422', 'only_people', jsonb_build_object('login', session_user));
  END IF;
  PERFORM sec.check_roles(ARRAY[p_role]);
  IF (SELECT r.holder FROM sec.role r WHERE r.name = p_role) <> 'person' THEN
    PERFORM sec.fail('ER422', 'role_holder', jsonb_build_object('role', p_role));
  ELSIF p_role = ANY (sec.roles_of(session_user)) THEN
    PERFORM sec.fail('ER422', 'role_held_already', jsonb_build_object('login', session_user, 'role', p_role));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.check_hours(p_hours int) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_most int := (SELECT p.elevation_hours FROM sec.policy p);
BEGIN
  IF p_hours IS NULL OR p_hours NOT BETWEEN 1 AND v_most THEN
    PERFORM sec.fail('ER422', 'elevation_hours', jsonb_build_object('max', v_most));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.apply_role_grant(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text := p_payload ->> 'login';
BEGIN
  PERFORM sec.check_user(v_login);
  PERFORM sec.check_assignable(v_login, p_payload ->> 'role');
  IF (p_payload ->> 'to')::timestamptz <= statement_timestamp() THEN
    PERFORM sec.fail('ER422', 'request_too_late');
  END IF;
  PERFORM sec.assign(v_login, p_payload ->> 'role', 'assignment',
                     greatest((p_payload ->> 'from')::timestamptz, statement_timestamp()), (p_payload ->> 'to')::timestamptz,
                     p_payload ->> 'reason', p_payload ->> 'requested_by', p_request);
END $$;
COMMENT ON FUNCTION sec.apply_role_grant IS 'An approved request for a role: from now, or from when it was asked for.';

CREATE OR REPLACE FUNCTION sec.apply_elevation(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text := p_payload ->> 'login';
BEGIN
  PERFORM sec.check_user(v_login);
  PERFORM sec.check_assignable(v_login, p_payload ->> 'role');
  PERFORM sec.assign(v_login, p_payload ->> 'role', 'elevation', statement_timestamp(),
                     statement_timestamp() + make_interval(hours => (p_payload ->> 'hours')::int),
                     p_payload ->> 'reason', p_payload ->> 'requested_by', p_request);
END $$;

CREATE OR REPLACE FUNCTION sec.apply_elevation_extend(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old sec.user_role%ROWTYPE;
BEGIN
  SELECT * INTO v_old FROM sec.user_role r WHERE r.id = (p_payload ->> 'assignment')::bigint;
  PERFORM sec.check_user(v_old.login);
  UPDATE sec.user_role r SET valid_to = r.valid_to + make_interval(hours => (p_payload ->> 'hours')::int)
   WHERE r.id = v_old.id AND r.valid_to > statement_timestamp() AND r.ended_by IS NULL RETURNING * INTO v_old;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'assignment_over', jsonb_build_object('id', p_payload -> 'assignment'));
  END IF;
  PERFORM sec.roles_changed(v_old.login);
  PERFORM audit.event_log('elevation_extended', v_old.login, jsonb_build_object(
    'role', v_old.role, 'assignment', v_old.id, 'to', v_old.valid_to, 'request', p_request));
END $$;
