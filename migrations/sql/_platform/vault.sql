-- Keys of fields the server cannot read. Here they are only handed on: wrapped for a person's public half, opened nowhere but
-- in the client. Who has the right is asked for a data key; who has a data key may wrap it for others who have the right.

CREATE OR REPLACE FUNCTION sec.key_right(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE p_name
    WHEN 'bank' THEN 'bank_account_reveal'
    WHEN 'legacy' THEN 'legacy_lease'  -- whoever may lead needs the old system''s passwords and its one session
    WHEN 'mail' THEN 'mail_claim'  -- whoever sends needs the passwords of the house''s mail accounts
  END
$$;
COMMENT ON FUNCTION sec.key_right IS 'The right a kind of encrypted data asks for; NULL for an unknown kind.';

CREATE OR REPLACE FUNCTION sec.require_key_right(p_name text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require(sec.key_right(p_name));
END $$;
COMMENT ON FUNCTION sec.require_key_right IS 'Refuses who lacks the right a kind of encrypted data asks for; an unknown kind nobody has.';

CREATE OR REPLACE FUNCTION sec.person_key_set(p_public bytea, p_private bytea, p_salt bytea, p_cost int) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old bytea;
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.require_confirmed();
  SELECT k.public INTO v_old FROM sec.person_key k WHERE k.login = session_user FOR UPDATE;
  IF v_old IS DISTINCT FROM p_public THEN
    -- What was wrapped for the old half cannot be opened any more: somebody who has the keys gives them again.
    DELETE FROM sec.wrapped_key w WHERE w.holder = session_user;
    PERFORM audit.event_log('person_key_set', session_user::text,
                            jsonb_build_object('fingerprint', upper(left(encode(sha256('werkbank person key'::bytea || p_public), 'hex'), 24))));
  END IF;
  INSERT INTO sec.person_key AS k (login, public, private, salt, cost)
  VALUES (session_user, p_public, p_private, p_salt, p_cost)
  ON CONFLICT (login) DO UPDATE SET public = excluded.public, private = excluded.private, salt = excluded.salt,
    cost = excluded.cost, set_at = statement_timestamp();
END $$;
COMMENT ON FUNCTION sec.person_key_set IS
  'One''s own key pair: anew (then data keys must be given again), or the same under another password. Needs confirmation.';

CREATE OR REPLACE FUNCTION sec.my_keys(p_name text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_holds boolean;
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.require_key_right(p_name);
  v_holds := EXISTS (SELECT FROM sec.data_key d JOIN sec.wrapped_key w ON w.data_key_id = d.id
                      WHERE d.name = p_name AND d.active AND w.holder = session_user);
  RETURN jsonb_build_object(
    'person', (SELECT jsonb_build_object('public', encode(k.public, 'base64'), 'private', encode(k.private, 'base64'),
                                         'salt', encode(k.salt, 'base64'), 'cost', k.cost)
                 FROM sec.person_key k WHERE k.login = session_user),
    'keys', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'id', d.id, 'active', d.active, 'recovery', encode(d.recovery, 'base64'),
                      'ephemeral', encode(w.ephemeral, 'base64'), 'wrapped', encode(w.wrapped, 'base64'),
                      'recovery_ephemeral', encode(r.ephemeral, 'base64'), 'recovery_wrapped', encode(r.wrapped, 'base64'),
                      'holders', (SELECT coalesce(jsonb_agg(x.holder ORDER BY x.holder), '[]') FROM sec.wrapped_key x
                                   WHERE x.data_key_id = d.id AND x.holder <> 'recovery')) ORDER BY d.id), '[]')
               FROM sec.data_key d
               LEFT JOIN sec.wrapped_key w ON w.data_key_id = d.id AND w.holder = session_user
               LEFT JOIN sec.wrapped_key r ON r.data_key_id = d.id AND r.holder = 'recovery'
              WHERE d.name = p_name),
    -- Who has the right and a key pair but not the key; told only to those who could give it.
    'waiting', CASE WHEN v_holds THEN (
      SELECT coalesce(jsonb_agg(jsonb_build_object('login', p.login, 'person', p.person, 'public', encode(k.public, 'base64'))
                                ORDER BY p.person), '[]')
        FROM (SELECT DISTINCT h.login, h.person FROM sec.people_with(sec.key_right(p_name)) h) p
        JOIN sec.person_key k ON k.login = p.login
       WHERE NOT EXISTS (SELECT FROM sec.data_key d JOIN sec.wrapped_key w ON w.data_key_id = d.id
                          WHERE d.name = p_name AND d.active AND w.holder = p.login))
      ELSE '[]' END);
END $$;
COMMENT ON FUNCTION sec.my_keys IS
  'One''s own key pair (private half sealed), the data keys of a kind as far as they are wrapped for one, and who waits for them.';

CREATE OR REPLACE FUNCTION sec.data_key_create(p_name text, p_recovery bytea, p_wraps jsonb) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.require_key_right(p_name);
  PERFORM sec.require_confirmed();
  IF EXISTS (SELECT FROM sec.data_key d WHERE d.name = p_name AND d.active)
     AND NOT EXISTS (SELECT FROM sec.data_key d JOIN sec.wrapped_key w ON w.data_key_id = d.id
                      WHERE d.name = p_name AND d.active AND w.holder = session_user) THEN
    PERFORM sec.fail('ER422', 'data_key_not_held');  -- only who has the present key can carry the data over to a new one
  ELSIF NOT (p_wraps ? session_user::text AND p_wraps ? 'recovery') THEN
    PERFORM sec.fail('ER422', 'data_key_without_holder');
  END IF;
  UPDATE sec.data_key d SET active = false WHERE d.name = p_name AND d.active;
  INSERT INTO sec.data_key (name, "right", recovery) VALUES (p_name, sec.key_right(p_name), p_recovery) RETURNING id INTO v_id;
  INSERT INTO sec.wrapped_key (data_key_id, holder, ephemeral, wrapped)
  SELECT v_id, w.key, decode(w.value ->> 'ephemeral', 'base64'), decode(w.value ->> 'wrapped', 'base64')
    FROM jsonb_each(p_wraps) w
   WHERE w.key IN ('recovery', session_user::text) OR sec.has(w.key, sec.key_right(p_name));
  PERFORM audit.event_log('data_key_created', session_user::text, jsonb_build_object('name', p_name, 'key', v_id));
  RETURN v_id;
END $$;
COMMENT ON FUNCTION sec.data_key_create IS
  'A new active key of a kind, wrapped by the client: {login: {ephemeral, wrapped}}, oneself and recovery among them. The one '
  'before stays for reading. Needs confirmation.';

CREATE OR REPLACE FUNCTION sec.data_key_share(p_key bigint, p_login text, p_public bytea, p_ephemeral bytea, p_wrapped bytea)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key sec.data_key%ROWTYPE;
BEGIN
  PERFORM sec.require_session();
  SELECT * INTO v_key FROM sec.data_key d WHERE d.id = p_key;
  PERFORM sec.require_key_right(v_key.name);
  -- With the recovery code one gives the key to oneself; everybody else gives what he has.
  IF p_login <> session_user AND NOT EXISTS (SELECT FROM sec.wrapped_key w WHERE w.data_key_id = p_key AND w.holder = session_user) THEN
    PERFORM sec.fail('ER422', 'data_key_not_held');
  ELSIF NOT sec.has(p_login, v_key."right") THEN
    PERFORM sec.fail('ER422', 'data_key_right_missing', jsonb_build_object('login', p_login));
  ELSIF NOT EXISTS (SELECT FROM sec.person_key k WHERE k.login = p_login AND k.public = p_public) THEN
    PERFORM sec.fail('ER422', 'data_key_public_changed', jsonb_build_object('login', p_login));
  END IF;
  INSERT INTO sec.wrapped_key (data_key_id, holder, ephemeral, wrapped) VALUES (p_key, p_login, p_ephemeral, p_wrapped)
  ON CONFLICT (data_key_id, holder) DO UPDATE SET ephemeral = excluded.ephemeral, wrapped = excluded.wrapped,
    given_by = session_user, given_at = statement_timestamp();
  PERFORM audit.event_log('data_key_shared', p_login, jsonb_build_object('name', v_key.name, 'key', p_key));
END $$;
COMMENT ON FUNCTION sec.data_key_share IS
  'Give a data key one has to somebody who has the right, wrapped for the public half that was looked at.';

CREATE OR REPLACE FUNCTION sec.data_keys_tidy() RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Who has lost the right has no use for the wrapped key; what was seen before must be met by a new data key.
  WITH gone AS (
    DELETE FROM sec.wrapped_key w USING sec.data_key d
     WHERE d.id = w.data_key_id AND w.holder <> 'recovery' AND NOT sec.has(w.holder, d."right") RETURNING w.id)
  SELECT count(*)::int FROM gone
$$;
COMMENT ON FUNCTION sec.data_keys_tidy IS 'Take wrapped keys from those who have lost the right; returns how many.';

CREATE OR REPLACE FUNCTION sec.data_key_state(p_key bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN d.active THEN d.name ELSE 'old' END FROM sec.data_key d WHERE d.id = p_key
$$;
COMMENT ON FUNCTION sec.data_key_state IS 'The kind of an active data key, ''old'' for another one, NULL when there is none.';

CREATE OR REPLACE FUNCTION sec.data_key_holding(p_name text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM sec.wrapped_key w WHERE w.data_key_id = d.id AND w.holder = session_user) THEN 'mine' ELSE 'others' END
    FROM sec.data_key d WHERE d.name = p_name AND d.active
$$;
COMMENT ON FUNCTION sec.data_key_holding IS
  'Whether the caller was given the active data key of a kind (''mine'') or not (''others''); NULL when none was made.';

CREATE OR REPLACE FUNCTION sec.data_key_retire(p_key bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM sec.wrapped_key w USING sec.data_key d WHERE d.id = w.data_key_id AND d.id = p_key AND NOT d.active;
  PERFORM audit.event_log('data_key_retired', session_user::text, jsonb_build_object('key', p_key));
END $$;
COMMENT ON FUNCTION sec.data_key_retire IS 'Nothing is encrypted with an old key any more: nobody needs it.';
