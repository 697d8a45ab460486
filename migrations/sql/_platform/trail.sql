-- What is told about access by the client and by the guard, and the trail as its readers see it.

CREATE OR REPLACE FUNCTION audit.denied(p_right text, p_topic text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_right text := left(coalesce(p_right, ''), 200);
  v_topic text := left(coalesce(p_topic, ''), 200);
BEGIN
  -- Somebody who hammers on a closed door fills no disk: the same refusal once a minute, and at most 60 in an hour.
  IF (SELECT count(*) >= 60 OR bool_or(e.at > statement_timestamp() - interval '1 minute'
                                       AND e.detail ->> 'right' = v_right AND e.detail ->> 'topic' = v_topic)
        FROM audit.event e
       WHERE e.login = session_user AND e.kind = 'denied' AND e.at > statement_timestamp() - interval '1 hour') THEN
    RETURN false;
  END IF;
  PERFORM audit.event_log('denied', session_user::text, jsonb_build_object('right', v_right, 'topic', v_topic));
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION sec.report_denied(p_right text, p_topic text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN audit.denied(p_right, p_topic);
END $$;
COMMENT ON FUNCTION sec.report_denied IS
  'Something was refused to the person. The refusal itself rolled back, so the client tells it afterwards; false when it had been '
  'told a moment ago.';

CREATE OR REPLACE FUNCTION audit.event_import(p_events jsonb) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count int;
  v_xid bigint := pg_current_xact_id()::text::bigint;
BEGIN
  PERFORM sec.require('event_import');
  IF jsonb_typeof(p_events) IS DISTINCT FROM 'array' OR jsonb_array_length(p_events) > 10000 THEN
    PERFORM sec.fail('ER422', 'events_unreadable');
  END IF;
  INSERT INTO audit.event (xid, at, kind, login, by_login, address, application, detail, row_hash)
  SELECT v_xid, i.at, i.kind, i.login, session_user, i.address, i.application, i.detail,
         audit.event_hash(v_xid, i.at, i.kind, i.login, session_user::text, NULL, i.address, i.application, NULL, i.detail)
    FROM (SELECT least(coalesce(e.at, statement_timestamp()), statement_timestamp()) AS at, e.kind, left(e.login, 63) AS login,
                 e.address, left(coalesce(e.application, ''), 100) AS application,
                 -- The client names the function or table alone, the server says it in a sentence that ends with it.
                 coalesce(e.detail, '{}') || '{"source": "log"}'
                 || CASE WHEN e.detail ->> 'right' ~ '\s' THEN jsonb_build_object('right', substring(e.detail ->> 'right' FROM '\S+$'))
                         ELSE '{}' END AS detail
            FROM jsonb_to_recordset(p_events) e (at timestamptz, kind text, login text, address inet, application text, detail jsonb)
           WHERE e.kind IN ('denied', 'session_refused') AND e.login <> '' AND length(coalesce(e.detail, '{}')::text) <= 2000) i
   -- The client has told it already, or the guard did before it was interrupted.
   WHERE NOT EXISTS (
         SELECT FROM audit.event k
          WHERE k.login = i.login AND k.kind = i.kind AND k.at BETWEEN i.at - interval '2 minutes' AND i.at + interval '2 minutes'
            AND k.detail ->> 'right' IS NOT DISTINCT FROM i.detail ->> 'right'
            AND (k.detail ->> 'source' IS NULL OR k.at = i.at));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION audit.event_import IS
  'What the guard read in the server''s log: [{at, kind: denied or session_refused, login, address, application, detail: {right, …}}]. '
  'What is known already is left out; returns how many were new.';

CREATE OR REPLACE FUNCTION audit.trail_open(p_what text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('trail_open');
  IF p_what IS NULL OR p_what NOT IN ('entries', 'events', 'report') THEN
    PERFORM sec.fail('ER422', 'trail_unknown', jsonb_build_object('what', p_what));
  END IF;
  PERFORM audit.event_log('trail_read', session_user::text, jsonb_build_object('what', p_what));
END $$;
COMMENT ON FUNCTION audit.trail_open IS 'Who reads the trail is in it: to be called before audit.trail_entries, trail_events and the report.';

CREATE OR REPLACE FUNCTION audit.trail_exported(p_what text, p_filter jsonb, p_rows bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('trail_exported');
  PERFORM audit.event_log('trail_exported', session_user::text,
                          jsonb_build_object('what', left(p_what, 20), 'rows', p_rows, 'filter', left(p_filter::text, 1000)));
END $$;
COMMENT ON FUNCTION audit.trail_exported IS 'Somebody took a part of the trail with him as a file.';

CREATE OR REPLACE FUNCTION audit.require_opened() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT sec.is_superuser() AND NOT EXISTS (
       SELECT FROM audit.event e
        WHERE e.login = session_user AND e.kind = 'trail_read' AND e.at > statement_timestamp() - interval '2 days'
          AND e.session_id = (sec.audit_context()).id
          -- Said in this transaction it is not said yet: a ROLLBACK would take it back, and what was read would stay read.
          AND e.xid IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint) THEN
    PERFORM sec.fail('ER422', 'trail_not_opened');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION audit.trail_where(p_filter jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  -- Values as literals, so that months outside the period are not even planned; all of them quoted.
  SELECT concat_ws(' AND ', 'true',
    CASE WHEN p_filter ? 'from' THEN format('e.at >= %L', (p_filter ->> 'from')::timestamptz) END,
    CASE WHEN p_filter ? 'until' THEN format('e.at < %L', (p_filter ->> 'until')::timestamptz) END,
    CASE WHEN p_filter ? 'address' THEN format('host(e.address) ^@ %L', p_filter ->> 'address') END,
    CASE WHEN p_filter ? 'application' THEN format('lower(e.application) ^@ lower(%L)', p_filter ->> 'application') END,
    CASE WHEN p_filter ? 'session' THEN format('e.session_id = %L', (p_filter ->> 'session')::bigint) END,
    CASE WHEN p_filter ? 'operator' THEN format('e.operator = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(p_filter -> 'operator'))) END)
$$;

CREATE OR REPLACE FUNCTION audit.entries_where(p_filter jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat_ws(' AND ', audit.trail_where(p_filter),
    CASE WHEN p_filter ? 'login' THEN format('e.login = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(p_filter -> 'login'))) END,
    CASE WHEN p_filter ? 'table' THEN format('e.table_name = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(p_filter -> 'table'))) END,
    CASE WHEN p_filter ? 'op' THEN format('e.op = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(p_filter -> 'op'))) END,
    CASE WHEN p_filter ? 'topic' THEN format('e.topic = %L', p_filter ->> 'topic') END,
    CASE WHEN p_filter ? 'record' THEN format('e.record_id = %L', (p_filter ->> 'record')::bigint) END,
    CASE WHEN p_filter ? 'command' THEN format('e.command = %L', (p_filter ->> 'command')::uuid) END,
    CASE WHEN p_filter ->> 'elevated' = 'true' THEN 'e.elevated IS NOT NULL' END)
$$;

CREATE OR REPLACE FUNCTION audit.events_where(p_filter jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat_ws(' AND ', audit.trail_where(p_filter),
    CASE WHEN p_filter ? 'login' THEN format('(e.login = ANY (%1$L) OR e.by_login = ANY (%1$L))',
                                             ARRAY(SELECT jsonb_array_elements_text(p_filter -> 'login'))) END,
    CASE WHEN p_filter ? 'kind' THEN format('e.kind = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(p_filter -> 'kind'))) END)
$$;

CREATE OR REPLACE FUNCTION audit.trail_entries(
  p_filter jsonb DEFAULT '{}', p_after bigint DEFAULT NULL, p_ascending boolean DEFAULT false, p_limit int DEFAULT 100)
RETURNS TABLE (id bigint, at timestamptz, login text, operator text, address text, application text, session_id bigint, command uuid,
               elevated text[], reason text, table_name text, row_id bigint, op text, topic text, record_id bigint, hidden boolean,
               old jsonb, new jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_order text := CASE WHEN p_ascending THEN 'ASC' ELSE 'DESC' END;
  v_after text := CASE WHEN p_after IS NULL THEN 'true' ELSE format('e.id %s %L', CASE WHEN p_ascending THEN '>' ELSE '<' END, p_after) END;
BEGIN
  PERFORM sec.require('trail_entries');
  PERFORM audit.require_opened();
  -- That something was changed, when and by whom is shown of everything; what it says only of what the reader may see.
  RETURN QUERY EXECUTE format(
    'SELECT e.id, e.at, e.login, e.operator, host(e.address), e.application, e.session_id, e.command, e.elevated, e.reason, e.table_name, '
    '       e.row_id, e.op, e.topic, e.record_id, NOT m.may, CASE WHEN m.may THEN e.old END, CASE WHEN m.may THEN e.new END '
    '  FROM audit.entry e CROSS JOIN LATERAL (SELECT sec.is_superuser() OR (e.table_name = ANY ($1) '
    '         AND (e.warehouse_id IS NULL OR e.warehouse_id = ANY ($2))) AS may) m '
    ' WHERE %s AND %s ORDER BY e.id %s LIMIT %s', audit.entries_where(p_filter), v_after, v_order, least(p_limit, 5000))
    USING sec.my_tables(), sec.my_warehouses();
END $$;
COMMENT ON FUNCTION audit.trail_entries IS
  'Changes, newest first. Filter: {from, until, login: […], operator: […], address, application, session, table: […], op: […], topic, '
  'record, command, elevated}. hidden: the reader has no right on the table, so old and new stay empty.';

CREATE OR REPLACE FUNCTION audit.trail_events(
  p_filter jsonb DEFAULT '{}', p_after bigint DEFAULT NULL, p_ascending boolean DEFAULT false, p_limit int DEFAULT 100,
  p_after_at timestamptz DEFAULT NULL)
RETURNS TABLE (id bigint, at timestamptz, kind text, login text, by_login text, operator text, address text, application text,
               session_id bigint, detail jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_order text := CASE WHEN p_ascending THEN 'ASC' ELSE 'DESC' END;
  -- By time, not by number: what the guard read in the log comes a while after it happened.
  v_after text := CASE WHEN p_after IS NULL THEN 'true'
                       ELSE format('(e.at, e.id) %s (%L::timestamptz, %L::bigint)',
                                   CASE WHEN p_ascending THEN '>' ELSE '<' END, p_after_at, p_after) END;
BEGIN
  PERFORM sec.require('trail_events');
  PERFORM audit.require_opened();
  RETURN QUERY EXECUTE format(
    'SELECT e.id, e.at, e.kind, e.login, e.by_login, e.operator, host(e.address), e.application, e.session_id, e.detail '
    '  FROM audit.event e WHERE %s AND %s ORDER BY e.at %s, e.id %s LIMIT %s',
    audit.events_where(p_filter), v_after, v_order, v_order, least(p_limit, 5000));
END $$;
COMMENT ON FUNCTION audit.trail_events IS
  'Events of access, newest first; those after p_after, which happened at p_after_at. Filter: {from, until, login: […] (whose or by '
  'whom), kind: […], operator: […], address, application, session}.';

CREATE OR REPLACE FUNCTION audit.trail_count(p_what text, p_filter jsonb DEFAULT '{}', p_most int DEFAULT 10001) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count bigint;
BEGIN
  PERFORM sec.require('trail_count');
  PERFORM audit.require_opened();
  EXECUTE format('SELECT count(*) FROM (SELECT FROM audit.%I e WHERE %s LIMIT %s) c',
                 CASE p_what WHEN 'entries' THEN 'entry' ELSE 'event' END,
                 CASE p_what WHEN 'entries' THEN audit.entries_where(p_filter) ELSE audit.events_where(p_filter) END,
                 least(p_most, 10001)) INTO v_count;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION audit.trail_count IS 'How many entries or events a filter finds, counted no further than 10001.';

CREATE OR REPLACE FUNCTION audit.trail_days(p_from timestamptz, p_until timestamptz)
RETURNS TABLE (day date, opened bigint, refused bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_zone text := coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin');
BEGIN
  PERFORM sec.require('trail_days');
  IF NOT sec.is_superuser() AND NOT EXISTS (
       SELECT FROM audit.event e
        WHERE e.login = session_user AND e.kind = 'trail_read' AND e.at > statement_timestamp() - interval '2 days'
          AND e.session_id = (sec.audit_context()).id) THEN
    PERFORM sec.fail('ER422', 'trail_not_opened');  -- numbers only: asked in the transaction that opens the trail
  END IF;
  IF p_until - p_from > interval '400 days' THEN
    PERFORM sec.fail('ER422', 'chart_range', jsonb_build_object('by', 'day'));
  END IF;
  RETURN QUERY
    SELECT g.day::date, count(e.id) FILTER (WHERE e.kind IN ('session_opened', 'operator_on')),
           count(e.id) FILTER (WHERE e.kind NOT IN ('session_opened', 'operator_on'))
      FROM generate_series((p_from AT TIME ZONE v_zone)::date, (p_until AT TIME ZONE v_zone - interval '1 microsecond')::date,
                           interval '1 day') g (day)
      LEFT JOIN audit.event e
        ON e.at >= p_from AND e.at < p_until AND (e.at AT TIME ZONE v_zone)::date = g.day
           AND e.kind IN ('session_opened', 'operator_on', 'session_refused', 'denied', 'second_factor_wrong', 'password_wrong',
                          'pin_wrong', 'operator_refused')
     GROUP BY 1 ORDER BY 1;
END $$;
COMMENT ON FUNCTION audit.trail_days IS
  'Sign-ins and refusals (wrong codes and passwords, closed logins, missing rights) by day of the company''s time zone.';

CREATE OR REPLACE FUNCTION sec.session_about(p_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('session_about');
  RETURN (SELECT jsonb_build_object('id', s.id, 'login', s.login, 'operator', s.operator, 'address', host(s.address), 'client', s.client,
                                    'created', s.created, 'last_seen', s.last_seen, 'ended', s.ended_at, 'end_reason', s.end_reason,
                                    'assurance', s.assurance)
            FROM sec.session s WHERE s.id = p_id);
END $$;
COMMENT ON FUNCTION sec.session_about IS 'The session an entry of the trail was written in: device, program and version, address.';

CREATE OR REPLACE FUNCTION audit.report_events(p_from timestamptz, p_until timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_last audit.block;
BEGIN
  SELECT * INTO v_last FROM audit.block b ORDER BY b.number DESC LIMIT 1;
  RETURN jsonb_build_object(
    'kinds', (SELECT coalesce(jsonb_object_agg(k.kind, k.n), '{}')
                FROM (SELECT e.kind, count(*) AS n FROM audit.event e WHERE e.at >= p_from AND e.at < p_until GROUP BY 1) k),
    'denied', (SELECT coalesce(jsonb_agg(jsonb_build_object('login', d.login, 'right', d."right", 'count', d.n, 'last', d.last)
                                         ORDER BY d.n DESC, d.login), '[]')
                 FROM (SELECT e.login, e.detail ->> 'right' AS "right", count(*) AS n, max(e.at) AS last FROM audit.event e
                        WHERE e.at >= p_from AND e.at < p_until AND e.kind = 'denied' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50) d),
    'locks', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'kind', e.kind, 'login', e.login, 'by', e.by_login,
                                                           'reason', e.detail ->> 'reason') ORDER BY e.at DESC), '[]')
                FROM (SELECT * FROM audit.event e WHERE e.at >= p_from AND e.at < p_until
                         AND e.kind IN ('user_locked', 'user_unlocked', 'user_suspended', 'user_left')
                       ORDER BY e.at DESC LIMIT 200) e),
    'changes', (SELECT count(*) FROM audit.entry e WHERE e.at >= p_from AND e.at < p_until),
    'elevated_changes', (SELECT count(*) FROM audit.entry e WHERE e.at >= p_from AND e.at < p_until AND e.elevated IS NOT NULL),
    'seal', jsonb_build_object(
      'number', coalesce(v_last.number, 0), 'hash', encode(v_last.block_hash, 'hex'), 'sealed_at', v_last.sealed_at,
      'verified_at', (SELECT max(e.at) FROM audit.event e WHERE e.kind = 'seal_verified'),
      'findings', (SELECT e.detail -> 'findings' FROM audit.event e WHERE e.kind = 'seal_verified' ORDER BY e.at DESC LIMIT 1),
      'anchored_at', (SELECT max(e.at) FROM audit.event e WHERE e.kind = 'seal_anchored')));
END $$;

CREATE OR REPLACE FUNCTION sec.security_report(p_from timestamptz, p_until timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('security_report');
  PERFORM audit.event_log('report_made', session_user::text, jsonb_build_object('from', p_from, 'until', p_until));
  RETURN jsonb_build_object(
    'made_at', statement_timestamp(), 'made_by', (SELECT u.person FROM sec.app_user u WHERE u.login = session_user),
    'company', (SELECT c.name FROM system.company c),
    'people', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'login', u.login, 'person', u.person, 'status', u.status,
                 'roles', (SELECT coalesce(jsonb_agg(DISTINCT r.role ORDER BY r.role), '[]') FROM sec.user_role r
                            WHERE r.login = u.login AND r.valid_from <= statement_timestamp()
                              AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp())),
                 'last_session', (SELECT max(s.created) FROM sec.session s WHERE s.login = u.login),
                 'second_factor', EXISTS (SELECT FROM sec.totp t WHERE t.login = u.login AND t.confirmed_at IS NOT NULL))
                 ORDER BY u.status, u.person), '[]') FROM sec.app_user u WHERE u.status <> 'left'),
    'roles', (SELECT coalesce(jsonb_object_agg(r.name, jsonb_build_array(r.title_de, r.title_en)), '{}') FROM sec.role r),
    'sensitive', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'login', u.login, 'person', u.person, 'role', a.role, 'from', a.valid_from, 'to', a.valid_to,
                    'granted_by', a.granted_by, 'approved_by', a.approved_by, 'reason', a.reason) ORDER BY a.role, u.person), '[]')
                    FROM sec.user_role a JOIN sec.role r ON r.name = a.role AND r.sensitive JOIN sec.app_user u ON u.login = a.login
                   WHERE a.kind = 'assignment' AND a.valid_from < p_until AND (a.valid_to IS NULL OR a.valid_to > p_from)),
    'elevations', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'login', u.login, 'person', u.person, 'role', a.role, 'from', a.valid_from, 'to', a.valid_to,
                     'approved_by', a.approved_by, 'reason', a.reason) ORDER BY a.valid_from DESC), '[]')
                     FROM sec.user_role a JOIN sec.app_user u ON u.login = a.login
                    WHERE a.kind = 'elevation' AND a.valid_from < p_until AND (a.valid_to IS NULL OR a.valid_to > p_from)),
    'conflicts', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'login', u.login, 'person', u.person, 'roles', jsonb_build_array(c.role_a, c.role_b),
                    'reason_de', c.reason_de, 'reason_en', c.reason_en) ORDER BY u.person), '[]')
                    FROM sec.role_conflict c JOIN sec.app_user u ON u.status = 'active'
                     AND c.role_a = ANY (sec.roles_of(u.login)) AND c.role_b = ANY (sec.roles_of(u.login))),
    'attempts', (SELECT coalesce(jsonb_agg(jsonb_build_object('login', t.login, 'address', t.address, 'outcome', t.outcome, 'count', t.n,
                                                              'last', t.last) ORDER BY t.n DESC, t.login), '[]')
                   FROM (SELECT a.login, host(a.address) AS address, a.outcome, count(*) AS n, max(a.at) AS last FROM sec.login_attempt a
                          WHERE a.at >= p_from AND a.at < p_until AND a.outcome <> 'ok'
                          GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 50) t),
    'reviews', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                  'title', v.title, 'state', v.state, 'due', v.due, 'open', (SELECT count(*) FROM sec.review_item i
                    WHERE i.review_id = v.id AND i.decision = 'open')) ORDER BY v.due), '[]')
                  FROM sec.review v WHERE v.state = 'open' OR v.closed_at >= p_from AND v.closed_at < p_until))
    || audit.report_events(p_from, p_until);
END $$;
COMMENT ON FUNCTION sec.security_report IS
  'Who may do what, what was unusual in a period, and how the seal stands: the content of the security report. Making it is an event.';
