-- Sessions: opened, kept, gone on with, ended; by the person, by its own time, or by somebody else.

CREATE OR REPLACE FUNCTION sec.session_open(p_client jsonb DEFAULT '{}', p_code text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_user sec.app_user%ROWTYPE;
  v_range sec.compat%ROWTYPE;
  v_protocol int := CASE WHEN jsonb_typeof(p_client -> 'protocol') = 'number' THEN (p_client ->> 'protocol')::int END;
  v_roles text[];
  v_ends timestamptz;
  v_idle int;
  v_most int;
  v_factor text;
  v_ticket text;
  -- When this connection was made, that is: when the password was given.
  v_proved timestamptz := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) a);
BEGIN
  SELECT * INTO v_user FROM sec.app_user u WHERE u.login = session_user;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER401', 'login_unknown', jsonb_build_object('login', session_user));
  ELSIF v_user.status <> 'active' THEN
    PERFORM sec.fail('ER401', concat('account_', v_user.status),
                     jsonb_build_object('login', session_user, 'reason', v_user.status_reason, 'until', v_user.locked_until));
  ELSIF p_client ? 'protocol' AND v_protocol IS NULL THEN
    PERFORM sec.fail('ER426', 'client_protocol_unreadable');
  ELSIF left(session_user, 2) = 'u_' AND v_proved < clock_timestamp() - interval '5 minutes' THEN
    -- A ticket that has ended is not replaced by whoever finds the connection open: the password is asked again.
    PERFORM sec.fail('ER401', 'sign_in_anew');
  END IF;
  SELECT * INTO v_range FROM sec.compat;
  IF v_protocol < v_range.min_protocol THEN
    PERFORM sec.fail('ER426', 'client_too_old', jsonb_build_object('protocol', v_protocol, 'needed', v_range.min_protocol));
  ELSIF v_protocol > v_range.max_protocol THEN
    PERFORM sec.fail('ER426', 'client_too_new', jsonb_build_object('protocol', v_protocol, 'served', v_range.max_protocol));
  END IF;
  -- Who changed the password past sec.password_change has evaded its rules: he gets nothing but the way back.
  IF v_user.must_change_password OR v_user.password_ends <= statement_timestamp()
     OR v_user.password_seal IS NOT NULL AND v_user.password_seal IS DISTINCT FROM
     (SELECT sha256(convert_to(a.rolpassword, 'UTF8')) FROM pg_catalog.pg_authid a WHERE a.rolname = session_user) THEN
    PERFORM sec.fail('ER401', 'password_must_change', jsonb_build_object('login', session_user));
  ELSIF NOT sec.address_allowed(session_user) THEN
    PERFORM sec.fail('ER401', 'address_not_allowed', jsonb_build_object('address', host(inet_client_addr())));
  END IF;
  v_factor := sec.second_factor(p_code, p_client);
  v_roles := sec.roles_of(session_user);
  SELECT statement_timestamp() + make_interval(mins => coalesce(min(r.session_minutes), 1440)),
         coalesce(min(r.idle_minutes), 480), min(r.max_sessions)
    INTO v_ends, v_idle, v_most
    FROM sec.role r WHERE r.name = ANY (v_roles);
  PERFORM sec.sync_roles(session_user);
  -- Who signs in again in front of a locked window replaces the session that window had.
  UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = 'replaced'
   WHERE s.ticket_hash = sha256(convert_to(p_client ->> 'replaces', 'UTF8')) AND s.login = session_user AND s.ended_at IS NULL;
  IF v_most IS NOT NULL THEN
    -- The newest sessions stay: whoever sits in front of the program now is the one that matters.
    UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = 'too_many_sessions'
     WHERE s.ticket_hash IN (SELECT o.ticket_hash FROM sec.session o
                              WHERE o.login = session_user AND o.ended_at IS NULL AND o.valid_until > statement_timestamp()
                              ORDER BY o.created DESC OFFSET greatest(v_most - 1, 0));
    IF FOUND THEN
      PERFORM audit.event_log('session_ended', session_user::text, jsonb_build_object('reason', 'too_many_sessions'));
      PERFORM pg_notify('erp_change', '');
    END IF;
  END IF;
  v_ticket := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  INSERT INTO sec.session (ticket_hash, login, address, client, ends, idle_minutes, valid_until, assurance, confirmed_at)
  VALUES (sha256(convert_to(v_ticket, 'UTF8')), session_user, inet_client_addr(),
          (SELECT coalesce(jsonb_object_agg(c.key, left(c.value, 100)), '{}') FROM jsonb_each_text(p_client) c
            WHERE c.key IN ('name', 'program', 'version', 'protocol', 'device', 'system') AND c.value IS NOT NULL),
          v_ends, v_idle, v_ends,
          CASE v_factor WHEN 'trusted' THEN 'totp' ELSE v_factor END, CASE WHEN v_factor <> 'trusted' THEN v_proved END);
  PERFORM set_config('erp.ticket', v_ticket, false);
  PERFORM sec.session_settle(session_user);
  PERFORM audit.event_log('session_opened', session_user::text, jsonb_build_object('assurance', v_factor));
  RETURN v_ticket;
END $$;
COMMENT ON FUNCTION sec.session_open IS
  'Open a session and return its ticket; this connection has it set, others SET erp.ticket themselves. p_code: the second '
  'factor, where one is asked for (ER401 second_factor_needed). The ticket ends after the roles'' session time or idle time.';

CREATE OR REPLACE FUNCTION sec.session_continue() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_session sec.session%ROWTYPE;
BEGIN
  SELECT * INTO v_session FROM sec.session s
   WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user
     AND s.address IS NOT DISTINCT FROM inet_client_addr() FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER401', 'session_missing');
  ELSIF v_session.ended_at IS NOT NULL THEN
    PERFORM sec.fail('ER401', 'session_ended', jsonb_build_object('reason', v_session.end_reason, 'by',
      coalesce((SELECT u.person FROM sec.app_user u WHERE u.login = v_session.ended_by), v_session.ended_by)));
  ELSIF v_session.ends <= statement_timestamp() THEN
    PERFORM sec.fail('ER401', 'session_over');
  ELSIF v_session.last_seen + make_interval(mins => v_session.idle_minutes) <= statement_timestamp() THEN
    PERFORM sec.fail('ER401', 'session_idle', jsonb_build_object('minutes', v_session.idle_minutes));
  ELSIF (SELECT u.status FROM sec.app_user u WHERE u.login = session_user) <> 'active' THEN
    PERFORM sec.fail('ER401', 'session_missing');
  END IF;
  PERFORM sec.sync_roles(session_user);
  PERFORM sec.session_settle(session_user);
  RETURN sec.my_profile();
END $$;
COMMENT ON FUNCTION sec.session_continue IS
  'Go on after a role began or ended: memberships and profile are made anew. ER401 session_idle, session_over, session_ended '
  'when the person must sign in again.';

CREATE OR REPLACE FUNCTION sec.session_touch() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_ticket();
  -- An operator who was idle too long is not brought back by the next one's finger.
  UPDATE sec.session s SET last_seen = statement_timestamp(), operator = sec.operator_of(s)
   WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user
     AND s.last_seen < statement_timestamp() - interval '30 seconds';
  IF FOUND THEN
    PERFORM sec.session_settle(session_user);
  END IF;
  RETURN (SELECT jsonb_build_object('seconds_left', floor(extract(epoch FROM s.valid_until - statement_timestamp())),
                                    'seconds_to_end', floor(extract(epoch FROM s.ends - statement_timestamp())),
                                    'seconds_to_idle', floor(extract(epoch FROM s.last_seen - statement_timestamp()))
                                                       + s.idle_minutes * 60)
            FROM sec.session s WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user);
END $$;
COMMENT ON FUNCTION sec.session_touch IS
  'The person has done something: the idle time starts anew. Returns seconds_left until the ticket must be looked at again, '
  'seconds_to_idle and seconds_to_end until the person must sign in again.';

CREATE OR REPLACE FUNCTION sec.session_close() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_ticket();
  UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = 'signed_out'
   WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user AND s.ended_at IS NULL;
  PERFORM audit.event_log('session_closed', session_user::text);
END $$;
COMMENT ON FUNCTION sec.session_close IS 'End the session: its ticket is worth nothing from now on.';

CREATE OR REPLACE FUNCTION sec.session_list()
RETURNS TABLE (id bigint, created timestamptz, last_seen timestamptz, valid_until timestamptz, address inet, client jsonb,
               assurance text, operator text, current boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN QUERY
    SELECT s.id, s.created, s.last_seen, s.valid_until, s.address, s.client, s.assurance, s.operator,
           s.ticket_hash = sec.ticket_hash()
      FROM sec.session s
     WHERE s.login = session_user AND s.ended_at IS NULL AND s.valid_until > statement_timestamp()
     ORDER BY s.created DESC;
END $$;
COMMENT ON FUNCTION sec.session_list IS 'The person''s own open sessions.';

CREATE OR REPLACE FUNCTION sec.sessions_end_but(p_login text, p_kept bytea, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = p_reason
   WHERE s.login = p_login AND s.ended_at IS NULL AND s.ends > statement_timestamp() AND s.ticket_hash IS DISTINCT FROM p_kept;
  IF FOUND THEN
    PERFORM audit.event_log('session_ended', p_login, jsonb_build_object('reason', p_reason));
    PERFORM pg_notify('erp_change', '');  -- so that the windows concerned notice at once
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.sessions_end(p_login text, p_reason text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT sec.sessions_end_but(p_login, NULL, p_reason)
$$;
COMMENT ON FUNCTION sec.sessions_end IS 'End all sessions of a login; their windows are told the reason.';

CREATE OR REPLACE FUNCTION sec.session_end(p_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = 'ended_elsewhere'
   WHERE s.id = p_id AND s.login = session_user AND s.ended_at IS NULL;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'session_unknown');
  END IF;
  PERFORM audit.event_log('session_ended', session_user::text, jsonb_build_object('session', p_id, 'reason', 'ended_elsewhere'));
  PERFORM pg_notify('erp_change', '');
END $$;
COMMENT ON FUNCTION sec.session_end IS 'End one of one''s own sessions.';

CREATE OR REPLACE FUNCTION sec.session_end_others() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.sessions_end_but(session_user, sec.ticket_hash(), 'ended_elsewhere');
END $$;
COMMENT ON FUNCTION sec.session_end_others IS 'End all of one''s own sessions but this one.';

CREATE OR REPLACE FUNCTION sec.session_list_all()
RETURNS TABLE (id bigint, login text, person text, created timestamptz, last_seen timestamptz, valid_until timestamptz, ends timestamptz,
               address inet, client jsonb, assurance text, operator text, elevated text[], current boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('session_list_all');
  RETURN QUERY
    SELECT s.id, s.login, u.person, s.created, s.last_seen, s.valid_until, s.ends, s.address, s.client, s.assurance, s.operator,
           s.elevated, s.ticket_hash IS NOT DISTINCT FROM sec.ticket_hash()
      FROM sec.session s JOIN sec.app_user u ON u.login = s.login
     WHERE s.ended_at IS NULL AND s.valid_until > statement_timestamp()
     ORDER BY s.last_seen DESC;
END $$;
COMMENT ON FUNCTION sec.session_list_all IS 'Everybody''s open sessions, for the administrator.';

CREATE OR REPLACE FUNCTION sec.session_kill(p_id bigint, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
BEGIN
  PERFORM sec.require('session_kill');
  IF length(btrim(coalesce(p_reason, ''))) NOT BETWEEN 3 AND 200 THEN
    PERFORM sec.fail('ER422', 'reason_needed');
  END IF;
  UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = btrim(p_reason)
   WHERE s.id = p_id AND s.ended_at IS NULL
  RETURNING s.login INTO v_login;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'session_unknown');
  END IF;
  PERFORM audit.event_log('session_ended', v_login, jsonb_build_object('session', p_id, 'reason', btrim(p_reason)));
  PERFORM pg_notify('erp_change', '');
END $$;
COMMENT ON FUNCTION sec.session_kill IS 'End somebody''s session; the reason is shown to the person.';

CREATE OR REPLACE FUNCTION sec.session_confirm(p_password text, p_code text DEFAULT NULL) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.guess(session_user, 'att', 'ER422');
  IF NOT sec.password_is_mine(p_password) THEN
    PERFORM sec.fail('ER422', 'password_wrong');
  ELSIF NOT sec.second_factor_set(session_user) THEN
    PERFORM sec.guesses_clear(session_user, 'att');
  ELSIF coalesce(p_code, '') = '' THEN
    PERFORM sec.fail('ER422', 'second_factor_needed');
  ELSE
    PERFORM sec.code_check(session_user, p_code, 'ER422');
  END IF;
  UPDATE sec.session s SET confirmed_at = statement_timestamp() WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user;
  RETURN (SELECT p.confirm_minutes FROM sec.policy p);
END $$;
COMMENT ON FUNCTION sec.session_confirm IS
  'Prove once more who one is, before a critical change: password, and a code where a second factor is set up. Holds for the '
  'minutes returned. Wrong answers count like those at the sign-in.';

CREATE OR REPLACE FUNCTION sec.my_security() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN (
    SELECT jsonb_build_object(
      'password', jsonb_build_object('set_at', u.password_set_at, 'ends', u.password_ends, 'length', p.password_length,
                                     'history', p.password_history, 'days', p.password_days),
      'second_factor', jsonb_build_object(
        'since', (SELECT o.confirmed_at FROM sec.totp o WHERE o.login = u.login),
        'needed', sec.second_factor_needed(u.login),
        'recovery_left', (SELECT count(*) FROM sec.recovery_code r WHERE r.login = u.login AND r.used_at IS NULL)),
      'devices', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name, 'created', d.created_at,
                                                               'last_used', d.last_used, 'ends', d.ends) ORDER BY d.id), '[]')
                    FROM sec.trusted_device d WHERE d.login = u.login AND d.ends > statement_timestamp()),
      'device_days', p.trusted_device_days,
      'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object('address', host(s.address))), '[]')
                     FROM sec.session_list() s))
      FROM sec.app_user u, sec.policy p WHERE u.login = session_user);
END $$;
COMMENT ON FUNCTION sec.my_security IS 'Password, second factor, trusted devices and sessions of the person, in one answer.';
