-- The second factor: what somebody has besides what he knows. Codes of an authenticator (RFC 6238 over SHA-1, which every app
-- understands), worked out here so that no server needs an extension for it; recovery codes; devices that are trusted for a while.

CREATE OR REPLACE FUNCTION sec.sha1(p_text bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_mask constant bigint := 4294967295;
  v_text bytea;
  v_hash bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
  w bigint[];
  a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
BEGIN
  v_text := p_text || '\x80'::bytea || decode(repeat('00', ((55 - length(p_text)) % 64 + 64) % 64), 'hex')
            || int8send(length(p_text)::bigint * 8);
  FOR v_block IN 0 .. length(v_text) / 64 - 1 LOOP
    w := '{}';
    FOR i IN 0 .. 15 LOOP
      t := v_block * 64 + i * 4;
      w[i] := (get_byte(v_text, t::int)::bigint << 24) | (get_byte(v_text, t::int + 1)::bigint << 16)
              | (get_byte(v_text, t::int + 2)::bigint << 8) | get_byte(v_text, t::int + 3)::bigint;
    END LOOP;
    FOR i IN 16 .. 79 LOOP
      t := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
      w[i] := ((t << 1) | (t >> 31)) & v_mask;
    END LOOP;
    a := v_hash[1]; b := v_hash[2]; c := v_hash[3]; d := v_hash[4]; e := v_hash[5];
    FOR i IN 0 .. 79 LOOP
      IF i < 20 THEN
        f := (b & c) | ((v_mask - b) & d); k := 1518500249;
      ELSIF i < 40 THEN
        f := b # c # d; k := 1859775393;
      ELSIF i < 60 THEN
        f := (b & c) | (b & d) | (c & d); k := 2400959708;
      ELSE
        f := b # c # d; k := 3395469782;
      END IF;
      t := ((((a << 5) | (a >> 27)) & v_mask) + f + e + k + w[i]) & v_mask;
      e := d; d := c; c := ((b << 30) | (b >> 2)) & v_mask; b := a; a := t;
    END LOOP;
    v_hash := ARRAY[(v_hash[1] + a) & v_mask, (v_hash[2] + b) & v_mask, (v_hash[3] + c) & v_mask, (v_hash[4] + d) & v_mask,
                    (v_hash[5] + e) & v_mask];
  END LOOP;
  RETURN (SELECT decode(string_agg(lpad(to_hex(h), 8, '0'), '' ORDER BY n), 'hex') FROM unnest(v_hash) WITH ORDINALITY x (h, n));
END $$;
COMMENT ON FUNCTION sec.sha1 IS 'SHA-1 (FIPS 180-4), for one-time codes only: nothing else here may rest on it.';

CREATE OR REPLACE FUNCTION sec.hmac_sha1(p_key bytea, p_text bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  -- RFC 2104; keys are shorter than a block here.
  SELECT sec.sha1(sec.hmac_block(p_key, 92) || sec.sha1(sec.hmac_block(p_key, 54) || p_text))
$$;

CREATE OR REPLACE FUNCTION sec.totp_code(p_secret bytea, p_step bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_hash bytea := sec.hmac_sha1(p_secret, int8send(p_step));
  v_at int := get_byte(v_hash, 19) & 15;
BEGIN
  RETURN lpad((((get_byte(v_hash, v_at) & 127)::bigint * 16777216 + get_byte(v_hash, v_at + 1) * 65536
                + get_byte(v_hash, v_at + 2) * 256 + get_byte(v_hash, v_at + 3)) % 1000000)::text, 6, '0');
END $$;
COMMENT ON FUNCTION sec.totp_code IS 'The six digits of a secret in a time step (RFC 4226, RFC 6238).';

CREATE OR REPLACE FUNCTION sec.base32(p_bytes bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
           (rpad(substr(b.bits, n * 5 + 1, 5), 5, '0'))::bit(5)::int + 1, 1), '' ORDER BY n), '')
    FROM (SELECT substr(('x' || encode(p_bytes, 'hex'))::varbit::text, 1) AS bits WHERE length(p_bytes) > 0) b,
         generate_series(0, (length(p_bytes) * 8 - 1) / 5) n
$$;
COMMENT ON FUNCTION sec.base32 IS 'RFC 4648, without padding: how authenticators take a secret by hand.';

CREATE OR REPLACE FUNCTION sec.random_bytes() RETURNS bytea
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
$$;
COMMENT ON FUNCTION sec.random_bytes IS '32 bytes out of the server''s strong random numbers.';

CREATE OR REPLACE FUNCTION sec.totp_step(p_secret bytea, p_code text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  -- One step to either side, for clocks that are off by half a minute.
  SELECT s FROM (SELECT floor(extract(epoch FROM clock_timestamp()) / 30)::bigint AS now) n,
                LATERAL unnest(ARRAY[n.now, n.now - 1, n.now + 1]) s
   WHERE sec.totp_code(p_secret, s) = p_code LIMIT 1
$$;

CREATE OR REPLACE FUNCTION sec.recovery_hash(p_login text, p_code text) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(convert_to(p_login || ':' || upper(regexp_replace(left(p_code, 100), '[^[:alnum:]]', '', 'g')), 'UTF8'))
$$;

CREATE OR REPLACE FUNCTION sec.code_check(p_login text, p_code text, p_sqlstate text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_left int := sec.guess(p_login, 'att', p_sqlstate);
  v_step bigint;
BEGIN
  IF regexp_replace(p_code, '\s', '', 'g') ~ '^[0-9]{6}$' THEN
    SELECT sec.totp_step(o.secret, regexp_replace(p_code, '\s', '', 'g')) INTO v_step
      FROM sec.totp o WHERE o.login = p_login AND o.confirmed_at IS NOT NULL;
    -- Used once: the row's lock makes a second connection with the same code wait, and then find it used.
    UPDATE sec.totp o SET last_step = v_step WHERE o.login = p_login AND v_step > coalesce(o.last_step, 0);
  ELSE
    UPDATE sec.recovery_code r SET used_at = statement_timestamp()
     WHERE r.login = p_login AND r.used_at IS NULL AND r.code_hash = sec.recovery_hash(p_login, p_code);
    IF FOUND THEN
      PERFORM audit.event_log('recovery_code_used', p_login);
      PERFORM sec.guesses_clear(p_login, 'att');
      RETURN;
    END IF;
  END IF;
  IF NOT FOUND THEN
    PERFORM sec.fail(p_sqlstate, 'second_factor_wrong', jsonb_build_object('login', p_login, 'left', v_left));
  END IF;
  PERFORM sec.guesses_clear(p_login, 'att');
END $$;
COMMENT ON FUNCTION sec.code_check IS 'A code of the authenticator, never used before, or an unused recovery code; else it is refused and counted.';

CREATE OR REPLACE FUNCTION sec.second_factor_needed(p_login text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM sec.role r WHERE r.name = ANY (sec.roles_of(p_login)) AND r.needs_second_factor)
$$;

CREATE OR REPLACE FUNCTION sec.second_factor_set(p_login text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM sec.totp o WHERE o.login = p_login AND o.confirmed_at IS NOT NULL)
$$;

CREATE OR REPLACE FUNCTION sec.second_factor(p_code text, p_client jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF left(session_user, 2) = 's_' THEN
    RETURN 'service';
  ELSIF left(session_user, 2) = 't_' THEN
    RETURN 'password';
  ELSIF NOT sec.second_factor_set(session_user) THEN
    RETURN CASE WHEN sec.second_factor_needed(session_user) THEN 'enrol' ELSE 'password' END;
  END IF;
  IF coalesce(p_code, '') = '' THEN
    IF length(p_client ->> 'trust') >= 40 THEN
      UPDATE sec.trusted_device d SET last_used = statement_timestamp()
       WHERE d.login = session_user AND d.ends > statement_timestamp()
         AND d.token_hash = sha256(convert_to(p_client ->> 'trust', 'UTF8'));
      IF FOUND THEN
        RETURN 'trusted';
      END IF;
    END IF;
    PERFORM sec.fail('ER401', 'second_factor_needed',
                     jsonb_build_object('login', session_user, 'days', (SELECT p.trusted_device_days FROM sec.policy p)));
  END IF;
  PERFORM sec.code_check(session_user, p_code, 'ER401');
  RETURN 'totp';
END $$;
COMMENT ON FUNCTION sec.second_factor IS
  'How the person has proved who it is: password, totp (by code), trusted (a device where a code was given lately), enrol (a role '
  'demands a second factor that is not set up), service. ER401 second_factor_needed, second_factor_wrong, too_many_attempts.';

CREATE OR REPLACE FUNCTION sec.totp_begin() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_secret bytea := substr(sec.random_bytes(), 1, 20);
  v_issuer text := 'Werkbank ' || coalesce((SELECT c.name FROM system.company c WHERE c.name <> 'Werkbank'), '');
  v_encoded text;
BEGIN
  PERFORM sec.require_ticket();
  PERFORM sec.require_confirmed();
  INSERT INTO sec.totp (login, pending) VALUES (session_user, v_secret)
  ON CONFLICT (login) DO UPDATE SET pending = excluded.pending;
  -- Percent-encoding of everything but letters and digits, byte by byte.
  SELECT string_agg(CASE WHEN b BETWEEN 48 AND 57 OR b BETWEEN 65 AND 90 OR b BETWEEN 97 AND 122 THEN chr(b)
                         ELSE '%' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY n)
    INTO v_encoded
    FROM (SELECT n, get_byte(convert_to(trim(v_issuer), 'UTF8'), n) AS b
            FROM generate_series(0, octet_length(trim(v_issuer)) - 1) n) x;
  RETURN jsonb_build_object('secret', sec.base32(v_secret), 'uri',
    format('otpauth://totp/%s:%s?secret=%s&issuer=%1$s&algorithm=SHA1&digits=6&period=30', v_encoded, session_user,
           sec.base32(v_secret)));
END $$;
COMMENT ON FUNCTION sec.totp_begin IS
  'A new secret for the person''s authenticator, told this once; it counts when sec.totp_confirm has seen a code of it.';

CREATE OR REPLACE FUNCTION sec.recovery_codes_make() RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_codes text[] := ARRAY(SELECT sec.random_words(3) FROM generate_series(1, 10));
BEGIN
  DELETE FROM sec.recovery_code r WHERE r.login = session_user;
  INSERT INTO sec.recovery_code (login, code_hash) SELECT session_user, sec.recovery_hash(session_user, c) FROM unnest(v_codes) c;
  RETURN v_codes;
END $$;

CREATE OR REPLACE FUNCTION sec.totp_confirm(p_code text) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_step bigint;
  v_codes text[];
BEGIN
  PERFORM sec.require_ticket();
  PERFORM sec.guess(session_user, 'att', 'ER422');
  SELECT sec.totp_step(o.pending, regexp_replace(p_code, '\s', '', 'g')) INTO v_step
    FROM sec.totp o WHERE o.login = session_user FOR UPDATE;
  IF v_step IS NULL THEN
    PERFORM sec.fail('ER422', 'second_factor_wrong');
  END IF;
  PERFORM sec.guesses_clear(session_user, 'att');
  UPDATE sec.totp o SET secret = o.pending, pending = NULL, confirmed_at = statement_timestamp(), last_step = v_step
   WHERE o.login = session_user;
  -- Whoever knew the password only is out: other sessions, and devices that were trusted with the secret of before.
  DELETE FROM sec.trusted_device d WHERE d.login = session_user;
  PERFORM sec.sessions_end_but(session_user, sec.ticket_hash(), 'second_factor_set');
  UPDATE sec.session s SET assurance = 'totp', confirmed_at = statement_timestamp()
   WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user;
  v_codes := sec.recovery_codes_make();
  PERFORM sec.session_settle(session_user);
  PERFORM audit.event_log('second_factor_set', session_user::text);
  RETURN v_codes;
END $$;
COMMENT ON FUNCTION sec.totp_confirm IS
  'The authenticator works: from now on its codes are asked for. Returns ten recovery codes, told this once; other sessions end.';

CREATE OR REPLACE FUNCTION sec.recovery_codes_new() RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.require_confirmed();
  IF NOT sec.second_factor_set(session_user) THEN
    PERFORM sec.fail('ER422', 'second_factor_not_set');
  END IF;
  PERFORM audit.event_log('recovery_codes_made', session_user::text);
  RETURN sec.recovery_codes_make();
END $$;
COMMENT ON FUNCTION sec.recovery_codes_new IS 'Ten new recovery codes, told this once; those of before are worth nothing.';

CREATE OR REPLACE FUNCTION sec.second_factor_clear(p_login text, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM sec.totp o WHERE o.login = p_login;
  DELETE FROM sec.recovery_code r WHERE r.login = p_login;
  DELETE FROM sec.trusted_device d WHERE d.login = p_login;
  PERFORM sec.guesses_clear(p_login, 'att');
  PERFORM audit.event_log('second_factor_reset', p_login, jsonb_build_object('reason', p_reason));
END $$;

CREATE OR REPLACE FUNCTION sec.totp_remove() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.require_confirmed();
  IF sec.second_factor_needed(session_user) THEN
    PERFORM sec.fail('ER422', 'second_factor_required');
  END IF;
  PERFORM sec.second_factor_clear(session_user, 'own');
  UPDATE sec.session s SET assurance = 'password' WHERE s.login = session_user AND s.assurance = 'totp' AND s.ended_at IS NULL;
END $$;
COMMENT ON FUNCTION sec.totp_remove IS 'Do without one''s second factor again, where no role demands it.';

CREATE OR REPLACE FUNCTION sec.user_reset_second_factor(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_reset_second_factor');
  PERFORM sec.require_confirmed();
  PERFORM sec.check_user(p_login);
  IF p_login = session_user THEN
    PERFORM sec.fail('ER422', 'not_for_oneself');
  END IF;
  PERFORM sec.second_factor_clear(p_login, 'administrator');
  PERFORM sec.sessions_end(p_login, 'second_factor_reset');
END $$;
COMMENT ON FUNCTION sec.user_reset_second_factor IS
  'Somebody has lost authenticator and recovery codes: set it up anew at the next sign-in. Sessions and trusted devices end.';

CREATE OR REPLACE FUNCTION sec.trusted_device_add(p_name text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_token text := encode(sec.random_bytes(), 'hex');
BEGIN
  PERFORM sec.require_session();
  -- Only right after a code was given: a device that is trusted does not prolong its own trust.
  PERFORM sec.require_confirmed();
  IF NOT EXISTS (SELECT FROM sec.session s
                  WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user AND s.assurance = 'totp') THEN
    PERFORM sec.fail('ER422', 'second_factor_not_set');
  END IF;
  DELETE FROM sec.trusted_device d WHERE d.login = session_user AND (d.ends <= statement_timestamp() OR d.name = left(p_name, 100));
  INSERT INTO sec.trusted_device (login, token_hash, name, last_used, ends)
  VALUES (session_user, sha256(convert_to(v_token, 'UTF8')), left(coalesce(p_name, ''), 100), statement_timestamp(),
          statement_timestamp() + make_interval(days => (SELECT p.trusted_device_days FROM sec.policy p)));
  PERFORM audit.event_log('device_trusted', session_user::text, jsonb_build_object('name', left(p_name, 100)));
  RETURN v_token;
END $$;
COMMENT ON FUNCTION sec.trusted_device_add IS
  'Ask for no code on this workstation for some days (policy): a token, told this once, for the client''s credential store.';

CREATE OR REPLACE FUNCTION sec.trusted_device_revoke(p_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  DELETE FROM sec.trusted_device d WHERE d.login = session_user AND (p_id IS NULL OR d.id = p_id);
  IF FOUND THEN
    PERFORM audit.event_log('device_distrusted', session_user::text);
  END IF;
END $$;
COMMENT ON FUNCTION sec.trusted_device_revoke IS 'Ask for a code on that device again; on all of them without an id.';
