-- What `werkbank guard` may do: report failed logins it read in the server's log, lock who is being attacked, end what
-- holds up others, and do on time what nobody is there to do. It logs in as the service s_guard and has no other right.

CREATE OR REPLACE FUNCTION sec.guard_prepare() RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_password text;
BEGIN
  -- Callable by the cluster's administrator only (werkbank db guard-user); nobody has EXECUTE.
  INSERT INTO sec.app_user (login, person, language) VALUES ('s_guard', 'Guard', 'en') ON CONFLICT (login) DO NOTHING;
  PERFORM sec.machine_login('s_guard', 4);
  v_password := sec.machine_password('s_guard');
  UPDATE sec.app_user u SET status = 'active' WHERE u.login = 's_guard';
  INSERT INTO sec.user_role (login, role)
  SELECT 's_guard', 'guard' WHERE NOT EXISTS (SELECT FROM sec.user_role r WHERE r.login = 's_guard' AND r.valid_to IS NULL);
  PERFORM sec.sync_roles('s_guard');
  RETURN v_password;
END $$;
COMMENT ON FUNCTION sec.guard_prepare IS 'Make the login of werkbank guard, or give it a new password; returns it.';

CREATE OR REPLACE FUNCTION sec.moment_of(p_text text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN LEAST(p_text::timestamptz, statement_timestamp());
EXCEPTION WHEN OTHERS THEN
  RETURN statement_timestamp();  -- a log in a time zone whose abbreviation nobody knows
END $$;

CREATE OR REPLACE FUNCTION sec.address_of(p_text text) RETURNS inet
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN p_text::inet;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;  -- '[local]', or a name where the server looks names up
END $$;

CREATE OR REPLACE FUNCTION sec.guard_mark(p_head bytea) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('guard_mark');
  RETURN (SELECT m.position FROM sec.guard_mark m WHERE m.head = p_head);
END $$;
COMMENT ON FUNCTION sec.guard_mark IS 'How far a log file has been read, known by the hash of its first line; NULL when it is new.';

CREATE OR REPLACE FUNCTION sec.guard_report(p_head bytea, p_file text, p_from bigint, p_position bigint, p_attempts jsonb)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
  v_locked text[] := '{}';
BEGIN
  PERFORM sec.require('guard_report');
  -- Attempts and position in one transaction: after a crash neither is missing, and nothing counts twice.
  INSERT INTO sec.guard_mark (head, file, position) VALUES (p_head, p_file, 0) ON CONFLICT (head) DO NOTHING;
  UPDATE sec.guard_mark m SET position = p_position, file = p_file, read_at = statement_timestamp()
   WHERE m.head = p_head AND m.position = p_from;
  IF NOT FOUND THEN
    RETURN jsonb_build_object('taken', false, 'locked', '[]'::jsonb);
  END IF;
  INSERT INTO sec.login_attempt (at, login, address, outcome, application)
  SELECT sec.moment_of(a ->> 'at'), left(a ->> 'login', 63), sec.address_of(a ->> 'address'), a ->> 'outcome',
         left(a ->> 'application', 100)
    FROM jsonb_array_elements(p_attempts) a;
  FOR v_login IN SELECT DISTINCT left(a ->> 'login', 63) FROM jsonb_array_elements(p_attempts) a ORDER BY 1 LOOP
    IF sec.guard_weigh(v_login) THEN
      v_locked := v_locked || v_login;
    END IF;
  END LOOP;
  PERFORM sec.guard_weigh_address(a.address)
    FROM (SELECT DISTINCT sec.address_of(x ->> 'address') AS address FROM jsonb_array_elements(p_attempts) x) a
   WHERE a.address IS NOT NULL;
  RETURN jsonb_build_object('taken', true, 'locked', to_jsonb(v_locked));
END $$;
COMMENT ON FUNCTION sec.guard_report IS
  'Failed logins read from a log file between two positions: noted, weighed, and locked upon. Not taken when somebody else has '
  'reported from that position meanwhile. Who was locked is to be thrown out next (sec.guard_strays).';

CREATE OR REPLACE FUNCTION sec.guard_weigh(p_login text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_user sec.app_user%ROWTYPE;
  v_policy sec.policy%ROWTYPE;
  v_all int;
  v_worst record;
  v_detail jsonb;
BEGIN
  SELECT * INTO v_user FROM sec.app_user u WHERE u.login = p_login FOR UPDATE;
  IF NOT FOUND OR v_user.status <> 'active' THEN
    RETURN false;  -- nobody's login, or closed already
  END IF;
  SELECT * INTO v_policy FROM sec.policy;
  -- What came before the last unlocking has had its lock.
  SELECT count(*) INTO v_all FROM sec.login_attempt a
   WHERE a.login = p_login AND a.outcome IN ('wrong', 'refused')
     AND a.at > greatest(statement_timestamp() - make_interval(mins => v_policy.failure_minutes), v_user.status_since);
  SELECT a.address, count(*) AS n INTO v_worst FROM sec.login_attempt a
   WHERE a.login = p_login AND a.outcome IN ('wrong', 'refused')
     AND a.at > greatest(statement_timestamp() - make_interval(mins => v_policy.failure_minutes), v_user.status_since)
   GROUP BY a.address ORDER BY count(*) DESC LIMIT 1;
  IF v_all < v_policy.failures_per_user AND coalesce(v_worst.n, 0) < v_policy.failures_per_address THEN
    RETURN false;
  END IF;
  v_detail := jsonb_build_object('failures', v_all, 'address', host(v_worst.address), 'minutes', v_policy.failure_minutes);
  IF p_login = 's_guard' OR sec.unlocks_alone(p_login) THEN
    -- Whoever wants the house without administrator must not get it by typing five wrong passwords.
    PERFORM sec.alarm_raise('lock_spared', p_login, v_detail, make_interval(mins => v_policy.failure_minutes));
    RETURN false;
  END IF;
  PERFORM sec.guard_lock(p_login, v_policy.lock_minutes);
  PERFORM sec.alarm_raise(
    CASE WHEN v_worst.n >= v_policy.failures_per_address THEN 'locked_by_address' ELSE 'locked_by_failures' END, p_login, v_detail);
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION sec.guard_weigh_address(p_address inet) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_policy sec.policy%ROWTYPE;
  v_tried int;
BEGIN
  SELECT * INTO v_policy FROM sec.policy;
  SELECT count(DISTINCT a.login) INTO v_tried FROM sec.login_attempt a
   WHERE a.address = p_address AND a.outcome IN ('wrong', 'refused')
     AND a.at > statement_timestamp() - make_interval(mins => v_policy.failure_minutes);
  IF v_tried >= v_policy.failures_per_address THEN
    -- One password tried with many logins stays below every login's limit.
    PERFORM sec.alarm_raise('many_logins_from_address', '', jsonb_build_object('address', host(p_address), 'logins', v_tried),
                            make_interval(mins => v_policy.failure_minutes));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.unlocks_alone(p_login text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT sec.has(p_login, 'user_unlock')
     AND NOT EXISTS (SELECT FROM sec.people_with('user_unlock') p
                       JOIN pg_catalog.pg_roles r ON r.rolname = p.login AND r.rolcanlogin
                      WHERE p.login <> p_login)
$$;
COMMENT ON FUNCTION sec.unlocks_alone IS 'Whether nobody but this login could unlock anybody.';

CREATE OR REPLACE FUNCTION sec.guard_lock(p_login text, p_minutes int) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.operator_forget(p_login, 'locked');
  PERFORM sec.status_set(p_login, 'locked', 'too_many_failures', statement_timestamp() + make_interval(mins => p_minutes), 'user_locked');
END $$;

CREATE OR REPLACE FUNCTION sec.guard_strays() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_stray record;
  v_found int := 0;
BEGIN
  PERFORM sec.require('guard_strays');
  -- A connection made between the locking and its commit belongs to nobody any more. In a transaction of its own, so that
  -- by now nobody comes back.
  FOR v_stray IN
    SELECT a.usename::text AS login, count(*) AS n, count(*) FILTER (WHERE pg_terminate_backend(a.pid)) AS ended
      FROM pg_catalog.pg_stat_activity a
      JOIN sec.app_user u ON u.login = a.usename AND u.status <> 'active'
      JOIN pg_catalog.pg_roles r ON r.rolname = a.usename AND NOT r.rolcanlogin AND NOT r.rolsuper
     WHERE a.pid <> pg_backend_pid()
     GROUP BY a.usename
  LOOP
    v_found := v_found + v_stray.n;
    PERFORM audit.event_log('guard_connections_ended', v_stray.login,
                            jsonb_build_object('reason', 'not_active', 'connections', v_stray.n));
  END LOOP;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION sec.guard_strays IS 'End the connections of logins that are locked, suspended or gone.';

CREATE OR REPLACE FUNCTION sec.alarm_raise(p_kind text, p_login text, p_detail jsonb, p_quiet interval DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO sec.alarm (kind, login, detail)
  SELECT p_kind, p_login, p_detail
   WHERE p_quiet IS NULL
      OR NOT EXISTS (SELECT FROM sec.alarm a
                      WHERE a.kind = p_kind AND a.login = p_login AND a.at > statement_timestamp() - p_quiet
                        AND a.detail -> 'address' IS NOT DISTINCT FROM p_detail -> 'address'
                        AND a.detail -> 'step' IS NOT DISTINCT FROM p_detail -> 'step')
$$;

CREATE OR REPLACE FUNCTION sec.guard_alarm(p_kind text, p_detail jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('guard_alarm');
  IF p_kind NOT IN ('guard_log_unreadable', 'guard_mail_failed') OR length(p_detail::text) > 2000 THEN
    PERFORM sec.fail('ER422', 'alarm_unknown', jsonb_build_object('kind', p_kind));
  END IF;
  PERFORM sec.alarm_raise(p_kind, '', p_detail, interval '1 hour');
END $$;
COMMENT ON FUNCTION sec.guard_alarm IS 'Something the guard itself cannot do; once an hour at most.';

CREATE OR REPLACE FUNCTION sec.guard_tick() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_step text;
  v_count int;
  v_done jsonb := '{}';
BEGIN
  PERFORM sec.require('guard_tick');
  PERFORM sec.session_touch();
  FOREACH v_step IN ARRAY ARRAY['sec.guard_unlock()', 'sec.expire_roles()', 'sec.guard_watch()', 'sec.guard_tries()',
                                'sec.guard_operators()', 'system.approvals_expire()', 'sec.data_keys_tidy()', 'sec.guard_tidy()',
                                'sec.guard_archive()'] LOOP
    BEGIN
      EXECUTE format('SELECT (%s)::int', v_step) INTO v_count;
      v_done := v_done || jsonb_build_object(v_step, v_count);
    EXCEPTION WHEN OTHERS THEN
      -- One thing that fails must not keep the others from being done.
      PERFORM sec.alarm_raise('guard_step_failed', '', jsonb_build_object('step', v_step, 'error', SQLSTATE), interval '1 hour');
      v_done := v_done || jsonb_build_object(v_step, SQLSTATE);
    END;
  END LOOP;
  RETURN v_done;
END $$;
COMMENT ON FUNCTION sec.guard_tick IS 'Everything that is due by time; answers per step how much there was to do, or the SQLSTATE of its failure.';

CREATE OR REPLACE FUNCTION sec.guard_archive() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_step CONSTANT jsonb := documents.verify_step();
BEGIN
  IF (v_step ->> 'found')::int > 0 THEN
    PERFORM sec.alarm_raise('archive_altered', '', v_step - 'looked', interval '20 hours');
  END IF;
  RETURN (v_step ->> 'looked')::int;
END $$;
COMMENT ON FUNCTION sec.guard_archive IS 'The next files of the archive against their hashes; what was altered is an alarm.';

CREATE OR REPLACE FUNCTION sec.guard_unlock() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
  v_found int := 0;
BEGIN
  FOR v_login IN SELECT u.login FROM sec.app_user u
                  WHERE u.status = 'locked' AND u.locked_until <= statement_timestamp() ORDER BY u.login FOR UPDATE LOOP
    PERFORM sec.status_set(v_login, 'active', '', NULL, 'user_unlocked', '{"by": "time"}');
    v_found := v_found + 1;
  END LOOP;
  RETURN v_found;
END $$;

CREATE OR REPLACE FUNCTION sec.guard_watch() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_policy sec.policy%ROWTYPE;
  v_found int := 0;
  v_it record;
BEGIN
  SELECT * INTO v_policy FROM sec.policy;
  FOR v_it IN
    WITH ours AS (
      SELECT a.* FROM pg_catalog.pg_stat_activity a
        JOIN pg_catalog.pg_roles r ON r.rolname = a.usename AND NOT r.rolsuper
       WHERE a.datname = current_database() AND a.usename ~ '^[uts]_' AND a.usename <> 's_guard' AND a.backend_type = 'client backend'),
    held AS (
      -- Who stands at the head of a queue, and since when the longest waiter waits.
      SELECT h.pid, min(l.waitstart) AS since
        FROM pg_catalog.pg_locks l CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(l.pid)) h (pid)
       WHERE NOT l.granted AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks w WHERE w.pid = h.pid AND NOT w.granted)
       GROUP BY h.pid)
    SELECT o.pid, o.usename::text AS login, o.client_addr, o.application_name,
           CASE WHEN o.state LIKE 'idle in transaction%' AND o.state_change < clock_timestamp() - make_interval(secs => v_policy.idle_transaction_seconds)
                  THEN 'idle_transaction'
                WHEN h.since < clock_timestamp() - make_interval(secs => v_policy.blocking_seconds)
                  OR h.pid IS NOT NULL AND o.state LIKE 'idle in transaction%'
                     AND o.state_change < clock_timestamp() - make_interval(secs => v_policy.blocking_seconds)
                  THEN 'blocking'
                WHEN o.state = 'active' AND o.query_start < clock_timestamp() - make_interval(secs => v_policy.statement_seconds)
                  THEN 'statement_too_long' END AS reason,
           floor(extract(epoch FROM clock_timestamp() - CASE WHEN o.state = 'active' THEN o.query_start ELSE o.state_change END))::int AS seconds
      FROM ours o LEFT JOIN held h ON h.pid = o.pid
  LOOP
    CONTINUE WHEN v_it.reason IS NULL;
    IF v_it.reason = 'statement_too_long' THEN
      PERFORM pg_cancel_backend(v_it.pid);
    ELSE
      PERFORM pg_terminate_backend(v_it.pid);
    END IF;
    v_found := v_found + 1;
    PERFORM audit.event_log('guard_' || v_it.reason, v_it.login,
      jsonb_build_object('seconds', v_it.seconds, 'address', host(v_it.client_addr), 'application', v_it.application_name));
  END LOOP;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION sec.guard_watch IS
  'End transactions left open, holders of locks others wait for, and statements that take too long; how many there were.';

CREATE OR REPLACE FUNCTION sec.guesses_made() RETURNS TABLE (login text, kind text, n int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- As sec.guess counts: the minute in which the window began, times 1000, plus the guesses in it.
  SELECT u.login, c.part[1], (s.last_value % 1000)::int
    FROM pg_catalog.pg_sequences s
   CROSS JOIN LATERAL regexp_match(s.sequencename::text, '^(att|rst|pin)_([0-9]+)$') c (part)
    JOIN sec.app_user u ON u.id = c.part[2]::bigint
   CROSS JOIN sec.policy p
   WHERE s.schemaname = 'sec' AND floor(extract(epoch FROM statement_timestamp()) / 60) - s.last_value / 1000 < p.lock_minutes
$$;
COMMENT ON FUNCTION sec.guesses_made IS 'Wrong passwords, codes and PINs in the running windows, which no ROLLBACK takes back.';

CREATE OR REPLACE FUNCTION sec.guard_tries() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_pause interval := (SELECT make_interval(mins => p.lock_minutes) FROM sec.policy p);
  v_it record;
  v_found int := 0;
BEGIN
  FOR v_it IN SELECT m.login, m.kind FROM sec.guesses_made() m WHERE m.n >= 5 LOOP
    PERFORM sec.alarm_raise('tries_used_up', v_it.login, jsonb_build_object('step', v_it.kind), v_pause);
    v_found := v_found + 1;
  END LOOP;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION sec.guard_tries IS 'Tell of people whose five tries are used up; the counters themselves begin anew when the time of a lock is over.';

CREATE OR REPLACE FUNCTION sec.guard_tidy() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found int;
BEGIN
  DELETE FROM sec.login_attempt a WHERE a.at < statement_timestamp() - interval '90 days';
  GET DIAGNOSTICS v_found = ROW_COUNT;
  DELETE FROM sec.guard_mark m WHERE m.read_at < statement_timestamp() - interval '400 days';
  DELETE FROM sec.mail_message m WHERE m.state = 'sent' AND m.sent_at < statement_timestamp() - interval '90 days';
  RETURN v_found;
END $$;
