-- Who gets which role for how long, by whom, and how it ends. Nothing is ever deleted: what has ended is the history.

CREATE OR REPLACE FUNCTION sec.check_roles(p_roles text[]) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
BEGIN
  SELECT n INTO v_role FROM unnest(p_roles) n
   WHERE n IS NULL OR n NOT IN (SELECT r.name FROM sec.role r WHERE r.kind <> 'template') LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'role_unknown', jsonb_build_object('role', v_role));
  END IF;
  SELECT r.name INTO v_role FROM sec.role r WHERE r.name = ANY (p_roles) AND r.retired LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'role_retired', jsonb_build_object('role', v_role));
  END IF;
END $$;
COMMENT ON FUNCTION sec.check_roles IS 'ER422 unless all of them are roles that can be given to somebody.';

CREATE OR REPLACE FUNCTION sec.role_weights() RETURNS TABLE (role text, votes int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- What of the matrix a right belongs to says how much it weighs, whoever else was given it.
  WITH weight AS MATERIALIZED (
    SELECT x."right", CASE WHEN bool_and(m.name IN ('administrator', 'system_administrator')) THEN 2
                           WHEN bool_and(m.sensitive) THEN 1 ELSE 0 END AS votes
      FROM sec.role_right x JOIN sec.role m ON m.name = x.role AND m.kind IN ('core', 'functional')
     GROUP BY x."right"),
  own AS MATERIALIZED (
    SELECT r.name, greatest(CASE WHEN r.name IN ('administrator', 'system_administrator') THEN 2 WHEN r.sensitive THEN 1 ELSE 0 END,
                            (SELECT max(w.votes) FROM sec.role_right x JOIN weight w ON w."right" = x."right" WHERE x.role = r.name)) AS votes
      FROM sec.role r)
  SELECT c.role, max(o.votes) FROM sec.role_closure c JOIN own o ON o.name = c.includes GROUP BY c.role
$$;

CREATE OR REPLACE FUNCTION sec.role_votes(p_role text) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT w.votes FROM sec.role_weights() w WHERE w.role = p_role), 0)
$$;
COMMENT ON FUNCTION sec.role_votes IS
  'How many people besides the one who asks must agree before somebody gets the role: 2 for what administers rights, 1 for what '
  'is sensitive, 0 for the rest; by the role itself and by everything it includes.';

CREATE OR REPLACE FUNCTION sec.check_assignable(p_login text, p_role text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.check_roles(ARRAY[p_role]);
  IF (SELECT u.status FROM sec.app_user u WHERE u.login = p_login) = 'left' THEN
    PERFORM sec.fail('ER422', 'account_left', jsonb_build_object('login', p_login));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.assign(
  p_login text, p_role text, p_kind text, p_from timestamptz, p_to timestamptz, p_reason text, p_requested_by text,
  p_request bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_new sec.user_role%ROWTYPE;
BEGIN
  IF p_to <= p_from THEN
    PERFORM sec.fail('ER422', 'user_role_period');
  ELSIF EXISTS (SELECT FROM sec.user_role r
              WHERE r.login = p_login AND r.role = p_role AND r.valid_from <= p_from
                AND (r.valid_to IS NULL OR r.valid_to >= coalesce(p_to, 'infinity'))) THEN
    PERFORM sec.fail('ER422', 'role_held_already', jsonb_build_object('login', p_login, 'role', p_role));
  END IF;
  INSERT INTO sec.user_role (login, role, kind, valid_from, valid_to, reason, requested_by, approved_by, request_id)
  VALUES (p_login, p_role, p_kind, p_from, p_to, p_reason, p_requested_by,
          CASE WHEN p_request IS NOT NULL THEN session_user END, p_request)
  RETURNING * INTO v_new;
  PERFORM sec.roles_changed(p_login);
  PERFORM audit.event_log(CASE p_kind WHEN 'elevation' THEN 'elevation_started' ELSE 'role_granted' END, p_login,
    jsonb_strip_nulls(jsonb_build_object(
      'role', p_role, 'assignment', v_new.id, 'from', v_new.valid_from, 'to', v_new.valid_to, 'reason', nullif(p_reason, ''),
      'requested_by', p_requested_by, 'request', p_request,
      'by_superuser', CASE WHEN sec.is_superuser() THEN true END)));
  RETURN v_new.id;
END $$;

CREATE OR REPLACE FUNCTION sec.role_ask(
  p_kind text, p_login text, p_role text, p_from timestamptz, p_to timestamptz, p_hours int, p_reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_user sec.app_user%ROWTYPE;
  v_other text := sec.conflict_found(p_login, p_role, coalesce(p_from, statement_timestamp()),
                                     CASE WHEN p_hours IS NULL THEN p_to ELSE statement_timestamp() + make_interval(hours => p_hours) END);
BEGIN
  -- What cannot be granted need not be asked for.
  IF v_other IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'role_conflict', jsonb_build_object('login', p_login, 'role', p_role, 'other', v_other));
  ELSIF EXISTS (SELECT FROM sec.user_role u WHERE u.login = p_login AND u.role = p_role AND u.valid_to IS NULL
                   AND u.valid_from <= statement_timestamp()) THEN
    PERFORM sec.fail('ER422', 'role_held_already', jsonb_build_object('login', p_login, 'role', p_role));
  END IF;
  SELECT * INTO v_user FROM sec.app_user u WHERE u.login = p_login;
  RETURN system.approval_open(p_kind, 'sec.app_user', v_user.id,
    jsonb_build_object('name', v_user.person, 'gains', p_login, 'detail', p_role, 'votes', greatest(sec.role_votes(p_role), 1),
      'fields', jsonb_build_array(jsonb_build_object('key', 'role', 'after', p_role, 'kind', 'role'))
        || CASE WHEN p_hours IS NOT NULL THEN jsonb_build_array(jsonb_build_object('key', 'hours', 'after', p_hours, 'kind', 'qty'))
                ELSE '[]' END
        || CASE WHEN p_from IS NOT NULL THEN jsonb_build_array(jsonb_build_object('key', 'valid_from', 'after', p_from, 'kind', 'moment'))
                ELSE '[]' END
        || CASE WHEN p_to IS NOT NULL THEN jsonb_build_array(jsonb_build_object('key', 'valid_to', 'after', p_to, 'kind', 'moment'))
                ELSE '[]' END),
    jsonb_strip_nulls(jsonb_build_object('login', p_login, 'role', p_role, 'from', p_from, 'to', p_to, 'hours', p_hours,
      'reason', btrim(p_reason), 'requested_by', session_user)), p_reason);
END $$;
COMMENT ON FUNCTION sec.role_ask IS 'Open a request (role_grant, elevation) for a role; who decides it stands in the matrix.';

CREATE OR REPLACE FUNCTION sec.role_give(
  p_login text, p_role text, p_from timestamptz, p_to timestamptz, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.check_assignable(p_login, p_role);
  -- The superuser sets up the house, and breaks the glass where there is nobody else to ask; the event says so.
  IF NOT sec.is_superuser() AND (p_login = session_user OR sec.role_votes(p_role) > 0) THEN
    RETURN jsonb_build_object('role', p_role, 'request', sec.role_ask('role_grant', p_login, p_role, p_from, p_to, NULL, p_reason));
  END IF;
  RETURN jsonb_build_object('role', p_role, 'assignment', sec.assign(
    p_login, p_role, 'assignment', coalesce(p_from, statement_timestamp()), p_to, btrim(coalesce(p_reason, '')), NULL, NULL));
END $$;

CREATE OR REPLACE FUNCTION sec.roles_give(p_login text, p_roles text[], p_to timestamptz, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
  v_done jsonb;
  v_granted jsonb := '[]';
  v_requested jsonb := '[]';
BEGIN
  FOR v_role IN SELECT DISTINCT n FROM unnest(p_roles) n ORDER BY 1 LOOP
    v_done := sec.role_give(p_login, v_role, NULL, p_to, p_reason);
    IF v_done ? 'request' THEN
      v_requested := v_requested || v_done;
    ELSE
      v_granted := v_granted || to_jsonb(v_role);
    END IF;
  END LOOP;
  RETURN jsonb_build_object('granted', v_granted, 'requested', v_requested);
END $$;

CREATE OR REPLACE FUNCTION sec.roles_end(p_login text, p_roles text[], p_reason text) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ended record;
  v_count int := 0;
BEGIN
  FOR v_ended IN
    UPDATE sec.user_role r
       SET valid_to = greatest(r.valid_from, statement_timestamp()), ended_by = session_user, end_reason = p_reason,
           settled_at = statement_timestamp()
     WHERE r.login = p_login AND (p_roles IS NULL OR r.role = ANY (p_roles))
       AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp()) AND r.ended_by IS NULL
    RETURNING r.id, r.role, r.kind
  LOOP
    PERFORM audit.event_log(CASE v_ended.kind WHEN 'elevation' THEN 'elevation_ended' ELSE 'role_revoked' END, p_login,
                            jsonb_build_object('role', v_ended.role, 'assignment', v_ended.id, 'reason', p_reason));
    v_count := v_count + 1;
  END LOOP;
  IF v_count > 0 THEN
    PERFORM sec.roles_changed(p_login);
  END IF;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION sec.roles_end IS 'End a login''s roles, or some of them, now; those to come never begin. Returns how many.';

CREATE OR REPLACE FUNCTION sec.user_set_roles(
  p_login text, p_roles text[], p_valid_to timestamptz DEFAULT NULL, p_reason text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now text[];
BEGIN
  PERFORM sec.require('user_set_roles');
  PERFORM sec.check_user(p_login);
  PERFORM sec.check_roles(p_roles);
  v_now := ARRAY(SELECT DISTINCT r.role FROM sec.user_role r
                  WHERE r.login = p_login AND r.valid_from <= statement_timestamp()
                    AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp()));
  IF p_login = session_user AND NOT v_now <@ p_roles THEN
    PERFORM sec.fail('ER422', 'not_oneself', jsonb_build_object('login', p_login));
  END IF;
  -- Roles that stay keep their period; those that go end now and remain as a record.
  PERFORM sec.roles_end(p_login, ARRAY(SELECT n FROM unnest(v_now) n WHERE NOT n = ANY (p_roles)), btrim(coalesce(p_reason, '')));
  RETURN sec.roles_give(p_login, ARRAY(SELECT n FROM unnest(p_roles) n WHERE NOT n = ANY (v_now)), p_valid_to, p_reason);
END $$;
COMMENT ON FUNCTION sec.user_set_roles IS
  'Give a person exactly these roles; p_valid_to limits the ones that are new. Answers {granted: [roles], requested: [{role, '
  'request}]}: sensitive roles, and one''s own, need a second person.';

CREATE OR REPLACE FUNCTION sec.role_grant(
  p_login text, p_role text, p_from timestamptz DEFAULT NULL, p_to timestamptz DEFAULT NULL, p_reason text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('role_grant');
  PERFORM sec.check_user(p_login);
  RETURN sec.role_give(p_login, p_role, greatest(p_from, statement_timestamp()), p_to, p_reason);
END $$;
COMMENT ON FUNCTION sec.role_grant IS
  'Give a person one more role, from now or later, for a time or until revoked. Answers {role, assignment} or {role, request}.';

CREATE OR REPLACE FUNCTION sec.break_glass(p_login text, p_role text, p_hours int, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Callable by the cluster's administrator only (werkbank db grant); nobody has EXECUTE.
  PERFORM sec.reason_of(p_reason);
  PERFORM sec.check_user(p_login);
  PERFORM sec.role_give(p_login, p_role, NULL, statement_timestamp() + make_interval(hours => p_hours), p_reason);
  PERFORM sec.alarm_raise('break_glass', p_login, jsonb_build_object('role', p_role, 'hours', p_hours, 'reason', btrim(p_reason)));
END $$;
COMMENT ON FUNCTION sec.break_glass IS
  'Give a role without anybody''s consent, from the server''s side: for a house without a second administrator. Leaves an event '
  'and an alarm.';

CREATE OR REPLACE FUNCTION sec.role_revoke(p_id bigint, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('role_revoke');
  PERFORM sec.assignment_end(p_id, sec.reason_of(p_reason));
END $$;
COMMENT ON FUNCTION sec.role_revoke IS 'End an assignment now; one that was still to come never begins.';

CREATE OR REPLACE FUNCTION sec.assignment_end(p_id bigint, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old sec.user_role%ROWTYPE;
BEGIN
  SELECT * INTO v_old FROM sec.user_role r WHERE r.id = p_id;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.user_role', 'id', p_id));
  END IF;
  PERFORM sec.check_somebody_else(v_old.login);
  UPDATE sec.user_role r
     SET valid_to = greatest(r.valid_from, statement_timestamp()), ended_by = session_user, end_reason = p_reason,
         settled_at = statement_timestamp()
   WHERE r.id = p_id AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp()) AND r.ended_by IS NULL;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'assignment_over', jsonb_build_object('id', p_id));
  END IF;
  PERFORM sec.roles_changed(v_old.login);
  PERFORM audit.event_log(CASE v_old.kind WHEN 'elevation' THEN 'elevation_ended' ELSE 'role_revoked' END, v_old.login,
                          jsonb_build_object('role', v_old.role, 'assignment', p_id, 'reason', p_reason));
END $$;

CREATE OR REPLACE FUNCTION sec.role_period_set(p_id bigint, p_to timestamptz, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old sec.user_role%ROWTYPE;
  v_reason text;
BEGIN
  PERFORM sec.require('role_period_set');
  v_reason := sec.reason_of(p_reason);
  SELECT * INTO v_old FROM sec.user_role r WHERE r.id = p_id;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.user_role', 'id', p_id));
  END IF;
  PERFORM sec.check_somebody_else(v_old.login);
  SELECT * INTO v_old FROM sec.user_role r WHERE r.id = p_id FOR UPDATE;
  IF v_old.valid_to <= statement_timestamp() OR v_old.ended_by IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'assignment_over', jsonb_build_object('id', p_id));
  ELSIF p_to <= greatest(v_old.valid_from, statement_timestamp()) THEN
    PERFORM sec.fail('ER422', 'user_role_period');
  ELSIF coalesce(p_to, 'infinity') > coalesce(v_old.valid_to, 'infinity') AND NOT sec.is_superuser()
        AND (v_old.kind = 'elevation' OR sec.role_votes(v_old.role) > 0) THEN
    PERFORM sec.fail('ER422', 'role_needs_request', jsonb_build_object('role', v_old.role));
  END IF;
  UPDATE sec.user_role r SET valid_to = p_to WHERE r.id = p_id;
  PERFORM sec.roles_changed(v_old.login);
  PERFORM audit.event_log('role_changed', v_old.login, jsonb_build_object(
    'role', v_old.role, 'assignment', p_id, 'from', v_old.valid_to, 'to', p_to, 'reason', v_reason));
END $$;
COMMENT ON FUNCTION sec.role_period_set IS
  'Another end for an assignment; NULL is until revoked. What is sensitive or an elevation is made longer by a request only.';

CREATE OR REPLACE FUNCTION sec.assignment_rows(p_login text, p_role text)
RETURNS TABLE (id bigint, login text, person text, department text, role text, kind text, state text, valid_from timestamptz,
               valid_to timestamptz, reason text, requested_by text, approved_by text, granted_by text, granted_at timestamptz,
               ended_by text, end_reason text, request_id bigint, sensitive boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.id, r.login, u.person, u.department, r.role, r.kind,
         CASE WHEN r.valid_to = r.valid_from THEN 'withdrawn' WHEN r.valid_to <= statement_timestamp() THEN 'over'
              WHEN r.valid_from > statement_timestamp() THEN 'future' ELSE 'current' END,
         r.valid_from, r.valid_to, r.reason, r.requested_by, r.approved_by, r.granted_by, r.granted_at, r.ended_by, r.end_reason,
         r.request_id, o.sensitive
    FROM sec.user_role r JOIN sec.app_user u ON u.login = r.login JOIN sec.role o ON o.name = r.role
   WHERE (p_login IS NULL OR r.login = p_login) AND (p_role IS NULL OR r.role = p_role)
   ORDER BY r.valid_from DESC, r.id DESC
$$;

CREATE OR REPLACE FUNCTION sec.assignment_list(p_login text DEFAULT NULL, p_role text DEFAULT NULL)
RETURNS TABLE (id bigint, login text, person text, department text, role text, kind text, state text, valid_from timestamptz,
               valid_to timestamptz, reason text, requested_by text, approved_by text, granted_by text, granted_at timestamptz,
               ended_by text, end_reason text, request_id bigint, sensitive boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('assignment_list');
  RETURN QUERY SELECT * FROM sec.assignment_rows(p_login, p_role);
END $$;
COMMENT ON FUNCTION sec.assignment_list IS 'Who has, had or will have which role, with who gave it and why it ended; newest first.';

CREATE OR REPLACE FUNCTION sec.my_assignments()
RETURNS TABLE (id bigint, login text, person text, department text, role text, kind text, state text, valid_from timestamptz,
               valid_to timestamptz, reason text, requested_by text, approved_by text, granted_by text, granted_at timestamptz,
               ended_by text, end_reason text, request_id bigint, sensitive boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN QUERY SELECT * FROM sec.assignment_rows(session_user, NULL);
END $$;
COMMENT ON FUNCTION sec.my_assignments IS 'One''s own roles: those in force, to come, and of old.';
