-- The servers of the old system. Password and session are sealed by clients; here they are kept for the leader alone.

CREATE OR REPLACE FUNCTION legacy.check_server(p_id bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM legacy.server s WHERE s.id = p_id) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'legacy.server', 'id', p_id));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION legacy.check_key(p_key bigint, p_sealed bytea) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_sealed IS NOT NULL AND sec.data_key_state(p_key) IS DISTINCT FROM 'legacy' THEN
    PERFORM sec.fail('ER422', 'legacy_key_unknown', jsonb_build_object('key', p_key));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION api.legacy_server_open(p_token bigint, p_server_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_server_open');
  PERFORM legacy.fence(p_token);
  PERFORM legacy.check_server(p_server_id);
  RETURN (
    SELECT jsonb_build_object(
      'id', s.id, 'code', s.code, 'kind', s.kind, 'title', s.title, 'base_url', s.base_url, 'username', s.username,
      'verify_tls', s.verify_tls, 'ca_file', s.ca_file, 'timeout_s', s.timeout_s, 'is_active', s.is_active, 'is_test', s.is_test,
      'media_url', s.media_url, 'now', clock_timestamp(),
      'password_sealed', encode(x.password_sealed, 'base64'), 'password_key', x.password_key_id,
      'session_sealed', encode(x.session_sealed, 'base64'), 'session_key', x.session_key_id,
      'sessions_opened', coalesce(t.sessions_opened, 0), 'session_seen_at', t.session_seen_at, 'blocked_until', t.blocked_until,
      'blocked_seconds', greatest(0, ceil(extract(epoch FROM t.blocked_until - clock_timestamp()))))
      FROM legacy.server s
      LEFT JOIN legacy.server_secret x ON x.server_id = s.id
      LEFT JOIN legacy.server_status t ON t.server_id = s.id
     WHERE s.id = p_server_id);
END $$;
COMMENT ON FUNCTION api.legacy_server_open IS
  'What the leader needs to talk to a server, its sealed password and session (base64) with the data keys they are sealed with.';

CREATE OR REPLACE FUNCTION api.legacy_secret_set(p_server_id bigint, p_password_sealed bytea, p_data_key_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_secret_set');
  PERFORM legacy.check_server(p_server_id);
  PERFORM legacy.check_key(p_data_key_id, p_password_sealed);
  INSERT INTO legacy.server_secret AS x (server_id, password_sealed, password_key_id)
  VALUES (p_server_id, p_password_sealed, CASE WHEN p_password_sealed IS NOT NULL THEN p_data_key_id END)
  ON CONFLICT (server_id) DO UPDATE
    SET password_sealed = excluded.password_sealed, password_key_id = excluded.password_key_id;
  PERFORM audit.event_log('legacy_password_set', session_user::text, jsonb_build_object('server', p_server_id));
  RETURN jsonb_build_object('server_id', p_server_id, 'has_password', p_password_sealed IS NOT NULL);
END $$;
COMMENT ON FUNCTION api.legacy_secret_set IS 'Keep the password of a server, sealed by the client with an active data key of the kind legacy; NULL forgets it.';

CREATE OR REPLACE FUNCTION api.legacy_session_set(
  p_token bigint, p_server_id bigint, p_session_sealed bytea, p_data_key_id bigint, p_opened boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_opened int;
BEGIN
  PERFORM sec.require('legacy_session_set');
  PERFORM legacy.fence(p_token);
  PERFORM legacy.check_server(p_server_id);
  PERFORM legacy.check_key(p_data_key_id, p_session_sealed);
  INSERT INTO legacy.server_secret AS x (server_id, session_sealed, session_key_id)
  VALUES (p_server_id, p_session_sealed, CASE WHEN p_session_sealed IS NOT NULL THEN p_data_key_id END)
  ON CONFLICT (server_id) DO UPDATE SET session_sealed = excluded.session_sealed, session_key_id = excluded.session_key_id;
  INSERT INTO legacy.server_status AS t (server_id, sessions_opened, session_seen_at)
  VALUES (p_server_id, CASE WHEN p_opened THEN 1 ELSE 0 END, clock_timestamp())
  ON CONFLICT (server_id) DO UPDATE
    SET sessions_opened = t.sessions_opened + excluded.sessions_opened, session_seen_at = excluded.session_seen_at
  RETURNING t.sessions_opened INTO v_opened;
  RETURN jsonb_build_object('server_id', p_server_id, 'sessions_opened', v_opened, 'now', clock_timestamp());
END $$;
COMMENT ON FUNCTION api.legacy_session_set IS
  'Keep the one session of a server, sealed; p_opened says that the server has just opened a new one. NULL forgets it.';

CREATE OR REPLACE FUNCTION api.legacy_contact(
  p_token bigint, p_server_id bigint, p_status text, p_error text DEFAULT NULL, p_blocked_until timestamptz DEFAULT NULL,
  p_again_s integer DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_contact');
  PERFORM legacy.fence(p_token);
  PERFORM legacy.check_server(p_server_id);
  INSERT INTO legacy.server_status AS t (server_id, last_contact_at, last_status, last_error, blocked_until, silent_since, retry_at)
  VALUES (p_server_id, clock_timestamp(), left(p_status, 40), left(p_error, 500), p_blocked_until,
          CASE WHEN p_again_s IS NOT NULL THEN clock_timestamp() END,
          CASE WHEN p_again_s IS NOT NULL THEN clock_timestamp() + least(greatest(p_again_s, 0), 86400) * interval '1 second' END)
  ON CONFLICT (server_id) DO UPDATE
    SET last_contact_at = excluded.last_contact_at, last_status = excluded.last_status, last_error = excluded.last_error,
        blocked_until = excluded.blocked_until, retry_at = excluded.retry_at,
        silent_since = CASE WHEN p_again_s IS NOT NULL THEN coalesce(t.silent_since, excluded.silent_since) END;
  RETURN jsonb_build_object('server_id', p_server_id, 'now', clock_timestamp());
END $$;
COMMENT ON FUNCTION api.legacy_contact IS 'How a server was found: a word, what went wrong, and until when nobody asks it again. p_again_s: it gave no answer, and is asked again '
  'after so many seconds; its silence is then counted from the first time.';
