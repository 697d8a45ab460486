-- Who tried to sign in, what the guard made of it, and from where people may come at all.

CREATE OR REPLACE FUNCTION sec.attempt_list(p_from timestamptz DEFAULT NULL, p_to timestamptz DEFAULT NULL)
RETURNS TABLE (id bigint, at timestamptz, login text, person text, address text, outcome text, application text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('attempt_list');
  RETURN QUERY
    SELECT a.id, a.at, a.login, coalesce(u.person, ''), host(a.address), a.outcome, a.application
      FROM sec.login_attempt a LEFT JOIN sec.app_user u ON u.login = a.login
     WHERE a.at >= coalesce(p_from, statement_timestamp() - interval '90 days') AND a.at < coalesce(p_to, 'infinity')
    UNION ALL
    SELECT -s.id, s.created, s.login, u.person, host(s.address), 'ok', left(concat_ws(' ', s.client ->> 'name', s.client ->> 'version'), 100)
      FROM sec.session s JOIN sec.app_user u ON u.login = s.login
     WHERE s.created >= coalesce(p_from, statement_timestamp() - interval '90 days') AND s.created < coalesce(p_to, 'infinity')
       AND s.login <> 's_guard';
END $$;
COMMENT ON FUNCTION sec.attempt_list IS
  'Sign-ins: sessions opened (ok), and what the server refused: wrong passwords (wrong), closed logins and addresses (refused).';

CREATE OR REPLACE FUNCTION sec.attempt_chart(p_from timestamptz, p_to timestamptz, p_by text)
RETURNS TABLE (slot timestamptz, ok bigint, failed bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_zone text := coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin');
BEGIN
  PERFORM sec.require('attempt_list');
  IF p_by NOT IN ('hour', 'day') OR p_to - p_from > interval '100 days' OR p_by = 'hour' AND p_to - p_from > interval '8 days' THEN
    PERFORM sec.fail('ER422', 'chart_range', jsonb_build_object('by', p_by));
  END IF;
  RETURN QUERY
    -- In local time throughout: a day has 23 or 25 hours twice a year.
    SELECT g.slot AT TIME ZONE v_zone, count(t.at) FILTER (WHERE t.outcome = 'ok'), count(t.at) FILTER (WHERE t.outcome <> 'ok')
      FROM generate_series(date_trunc(p_by, p_from AT TIME ZONE v_zone), p_to AT TIME ZONE v_zone, ('1 ' || p_by)::interval) g (slot)
      LEFT JOIN (SELECT a.at, a.outcome FROM sec.login_attempt a WHERE a.at >= p_from - interval '1 day' AND a.at < p_to
                 UNION ALL
                 SELECT s.created, 'ok' FROM sec.session s
                  WHERE s.created >= p_from - interval '1 day' AND s.created < p_to AND s.login <> 's_guard') t
        ON date_trunc(p_by, t.at AT TIME ZONE v_zone) = g.slot
     WHERE g.slot < p_to AT TIME ZONE v_zone
     GROUP BY g.slot ORDER BY g.slot;
END $$;
COMMENT ON FUNCTION sec.attempt_chart IS 'Sign-ins and failures per hour or day of the company''s time zone.';

CREATE OR REPLACE FUNCTION sec.alarm_list(p_all boolean DEFAULT false)
RETURNS TABLE (id bigint, at timestamptz, kind text, login text, person text, detail jsonb, seen_by text, seen_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('alarm_list');
  RETURN QUERY
    SELECT a.id, a.at, a.kind, a.login, coalesce(u.person, ''), a.detail, coalesce(b.person, a.seen_by), a.seen_at
      FROM sec.alarm a LEFT JOIN sec.app_user u ON u.login = a.login LEFT JOIN sec.app_user b ON b.login = a.seen_by
     WHERE p_all AND a.at > statement_timestamp() - interval '400 days' OR a.seen_at IS NULL
     ORDER BY a.at DESC, a.id DESC LIMIT 1000;
END $$;
COMMENT ON FUNCTION sec.alarm_list IS 'What an administrator should look at, newest first; p_all: also what somebody has seen.';

CREATE OR REPLACE FUNCTION sec.alarm_seen(p_ids bigint[]) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found int;
BEGIN
  PERFORM sec.require('alarm_seen');
  UPDATE sec.alarm a SET seen_by = session_user, seen_at = statement_timestamp() WHERE a.id = ANY (p_ids) AND a.seen_at IS NULL;
  GET DIAGNOSTICS v_found = ROW_COUNT;
  IF v_found > 0 THEN
    PERFORM audit.event_log('alarm_seen', session_user::text, jsonb_build_object('alarms', to_jsonb(p_ids)));
  END IF;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION sec.alarm_seen IS 'Somebody has looked at these alarms.';

CREATE OR REPLACE FUNCTION sec.guard_status() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('alarm_list');
  RETURN jsonb_build_object(
    'last_seen', (SELECT max(s.last_seen) FROM sec.session s WHERE s.login = 's_guard'),
    'running', EXISTS (SELECT FROM sec.session s
                        WHERE s.login = 's_guard' AND s.last_seen > statement_timestamp() - interval '2 minutes' AND s.ended_at IS NULL),
    'read_at', (SELECT max(m.read_at) FROM sec.guard_mark m),
    'alarms', (SELECT count(*) FROM sec.alarm a WHERE a.seen_at IS NULL),
    'mails_waiting', (SELECT count(*) FROM sec.mail_message m WHERE m.state = 'waiting'),
    'mails_failed', (SELECT count(*) FROM sec.mail_message m WHERE m.state = 'failed'),
    'locked', (SELECT coalesce(jsonb_agg(jsonb_build_object('login', u.login, 'person', u.person, 'since', u.status_since,
                                                            'until', u.locked_until, 'reason', u.status_reason) ORDER BY u.person), '[]')
                 FROM sec.app_user u WHERE u.status = 'locked'));
END $$;
COMMENT ON FUNCTION sec.guard_status IS 'Whether the guard runs, what it found, who is locked, and how the mail gets on.';

-- From where ------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION sec.address_fits(p_login text, p_address inet) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Every role with rules must be satisfied: the strictest one counts. A local socket has no address.
  SELECT p_address IS NULL OR NOT EXISTS (
    SELECT FROM unnest(sec.roles_of(p_login)) r (role)
     WHERE EXISTS (SELECT FROM sec.address_rule a WHERE a.role = r.role)
       AND NOT EXISTS (SELECT FROM sec.address_rule a WHERE a.role = r.role AND p_address <<= a.network))
$$;

CREATE OR REPLACE FUNCTION sec.address_rule_list()
RETURNS TABLE (id bigint, role text, title_de text, title_en text, network text, note text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('address_rule_list');
  RETURN QUERY
    SELECT a.id, a.role, r.title_de, r.title_en, a.network::text, a.note
      FROM sec.address_rule a JOIN sec.role r ON r.name = a.role ORDER BY a.role, a.network;
END $$;
COMMENT ON FUNCTION sec.address_rule_list IS 'Networks people with a role must come from; a role without a rule may come from everywhere.';

CREATE OR REPLACE FUNCTION sec.address_rules_settle(p_role text, p_force boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
BEGIN
  IF NOT coalesce(p_force, false) AND NOT sec.address_fits(session_user, inet_client_addr()) THEN
    PERFORM sec.fail('ER428', 'address_rule_locks_out', jsonb_build_object('address', host(inet_client_addr())));
  END IF;
  FOR v_login IN
    UPDATE sec.session s SET ended_at = statement_timestamp(), ended_by = session_user, end_reason = 'address_rule'
     WHERE s.ended_at IS NULL AND s.valid_until > statement_timestamp() AND p_role = ANY (sec.roles_of(s.login))
       AND NOT sec.address_fits(s.login, s.address)
    RETURNING s.login
  LOOP
    PERFORM audit.event_log('session_ended', v_login, jsonb_build_object('reason', 'address_rule'));
  END LOOP;
END $$;
COMMENT ON FUNCTION sec.address_rules_settle IS
  'After a change: refuse it (as a question) when it shuts out who makes it, and end sessions from addresses that are not allowed any more.';

CREATE OR REPLACE FUNCTION sec.network_of(p_text text) RETURNS cidr
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN btrim(p_text)::cidr;
EXCEPTION WHEN OTHERS THEN
  PERFORM sec.fail('ER422', 'address_network_form', jsonb_build_object('network', left(p_text, 60)));
END $$;

CREATE OR REPLACE FUNCTION sec.address_rule_add(p_role text, p_network text, p_note text DEFAULT '', p_force boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_network cidr := sec.network_of(p_network);
  v_id bigint;
BEGIN
  PERFORM sec.require('address_rule_add');
  PERFORM sec.require_confirmed();
  PERFORM FROM sec.role r WHERE r.name = p_role AND r.kind <> 'template' FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'role_unknown', jsonb_build_object('role', p_role));
  ELSIF EXISTS (SELECT FROM sec.address_rule a WHERE a.role = p_role AND a.network = v_network) THEN
    PERFORM sec.fail('ER422', 'address_rule_exists', jsonb_build_object('network', v_network::text));
  END IF;
  INSERT INTO sec.address_rule (role, network, note) VALUES (p_role, v_network, coalesce(p_note, '')) RETURNING id INTO v_id;
  PERFORM sec.address_rules_settle(p_role, p_force);
  PERFORM audit.event_log('address_rule_added', session_user::text, jsonb_build_object('role', p_role, 'network', v_network::text));
  RETURN v_id;
END $$;
COMMENT ON FUNCTION sec.address_rule_add IS
  'Allow a network to people with the role, who may come from no other any more. ER428 when that shuts out the caller, unless p_force.';

CREATE OR REPLACE FUNCTION sec.address_rule_change(p_id bigint, p_network text, p_note text DEFAULT '', p_force boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_network cidr := sec.network_of(p_network);
  v_old sec.address_rule%ROWTYPE;
BEGIN
  PERFORM sec.require('address_rule_change');
  PERFORM sec.require_confirmed();
  SELECT * INTO v_old FROM sec.address_rule a WHERE a.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.address_rule', 'id', p_id));
  ELSIF EXISTS (SELECT FROM sec.address_rule a WHERE a.role = v_old.role AND a.network = v_network AND a.id <> p_id) THEN
    PERFORM sec.fail('ER422', 'address_rule_exists', jsonb_build_object('network', v_network::text));
  END IF;
  UPDATE sec.address_rule a SET network = v_network, note = coalesce(p_note, '') WHERE a.id = p_id;
  PERFORM sec.address_rules_settle(v_old.role, p_force);
  PERFORM audit.event_log('address_rule_changed', session_user::text,
    jsonb_build_object('role', v_old.role, 'from', v_old.network::text, 'network', v_network::text));
END $$;
COMMENT ON FUNCTION sec.address_rule_change IS 'Another network in a rule''s place; ER428 when that shuts out the caller, unless p_force.';

CREATE OR REPLACE FUNCTION sec.address_rule_remove(p_id bigint, p_force boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old sec.address_rule%ROWTYPE;
BEGIN
  PERFORM sec.require('address_rule_remove');
  PERFORM sec.require_confirmed();
  DELETE FROM sec.address_rule a WHERE a.id = p_id RETURNING a.* INTO v_old;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.address_rule', 'id', p_id));
  END IF;
  PERFORM sec.address_rules_settle(v_old.role, p_force);
  PERFORM audit.event_log('address_rule_removed', session_user::text,
    jsonb_build_object('role', v_old.role, 'network', v_old.network::text));
END $$;
COMMENT ON FUNCTION sec.address_rule_remove IS
  'Take a network away; a role without any rule may come from everywhere again. ER428 when that shuts out the caller, unless p_force.';
