-- Passwords: made into SCRAM verifiers in here, so that no statement ever carries one in clear, and held to the house's policy.

CREATE OR REPLACE FUNCTION sec.hmac_block(p_key bytea, p_pad int) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key bytea := CASE WHEN length(p_key) > 64 THEN sha256(p_key) ELSE p_key END;
  v_block bytea := decode(repeat(lpad(to_hex(p_pad), 2, '0'), 64), 'hex');
BEGIN
  FOR v_i IN 0 .. length(v_key) - 1 LOOP
    v_block := set_byte(v_block, v_i, get_byte(v_key, v_i) # p_pad);
  END LOOP;
  RETURN v_block;
END $$;

CREATE OR REPLACE FUNCTION sec.hmac_sha256(p_key bytea, p_text bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(sec.hmac_block(p_key, 92) || sha256(sec.hmac_block(p_key, 54) || p_text))
$$;

CREATE OR REPLACE FUNCTION sec.scram_verifier(p_password text, p_salt bytea, p_iterations int) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key bytea := convert_to(normalize(p_password, NFKC), 'UTF8');
  v_inner bytea := sec.hmac_block(v_key, 54);
  v_outer bytea := sec.hmac_block(v_key, 92);
  v_round bytea := sha256(v_outer || sha256(v_inner || p_salt || '\x00000001'::bytea));
  v_sum bit(256) := ('x' || encode(v_round, 'hex'))::bit(256);
  v_salted bytea := '';
BEGIN
  FOR v_i IN 2 .. p_iterations LOOP
    v_round := sha256(v_outer || sha256(v_inner || v_round));
    v_sum := v_sum # ('x' || encode(v_round, 'hex'))::bit(256);
  END LOOP;
  FOR v_i IN 0 .. 7 LOOP
    v_salted := v_salted || decode(lpad(to_hex(substring(v_sum FROM v_i * 32 + 1 FOR 32)::bit(32)::int), 8, '0'), 'hex');
  END LOOP;
  RETURN format('SCRAM-SHA-256$%s:%s$%s:%s', p_iterations, translate(encode(p_salt, 'base64'), E'\n', ''),
    encode(sha256(sec.hmac_sha256(v_salted, 'Client Key')), 'base64'),
    encode(sec.hmac_sha256(v_salted, 'Server Key'), 'base64'));
END $$;
COMMENT ON FUNCTION sec.scram_verifier IS 'What PostgreSQL itself would store for the password (RFC 5802, RFC 7677).';

CREATE OR REPLACE FUNCTION sec.password_matches(p_password text, p_verifier text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_parts text[] := regexp_match(p_verifier, '^SCRAM-SHA-256\$(\d+):([^$]+)\$');
BEGIN
  RETURN v_parts IS NOT NULL AND length(p_password) BETWEEN 1 AND 200 AND v_parts[1]::int <= 100000
     AND sec.scram_verifier(p_password, decode(v_parts[2], 'base64'), v_parts[1]::int) = p_verifier;
END $$;

CREATE OR REPLACE FUNCTION sec.password_is_mine(p_password text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sec.password_matches(p_password, a.rolpassword), false)
    FROM pg_catalog.pg_authid a WHERE a.rolname = session_user
$$;

CREATE OR REPLACE FUNCTION sec.password_common(p_password text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_plain text := lower(normalize(p_password, NFKC));
  v_letters text := regexp_replace(v_plain, '[^[:alpha:]]', '', 'g');
  -- P@ssw0rd is no other word than password.
  v_read text := regexp_replace(translate(regexp_replace(v_plain, '[^[:alpha:]]+$', ''), '013457@$!', 'oieastasi'), '[^[:alpha:]]', '', 'g');
  v_row text;
BEGIN
  IF v_plain ~ '^(.{1,6})\1+.?.?$' OR v_plain ~ '^[0-9 ./-]{1,20}$'
     OR (SELECT count(DISTINCT c) FROM regexp_split_to_table(v_plain, '') c) < 5 THEN
    RETURN true;
  END IF;
  IF EXISTS (SELECT FROM sec.password_denied d
              WHERE d.password IN (v_plain, v_letters, v_read)
                 OR d.password = (regexp_match(v_letters, '^(.{3,})\1+$'))[1]) THEN
    RETURN true;
  END IF;
  -- A walk over the keyboard with little else.
  FOREACH v_row IN ARRAY ARRAY['qwertzuiopasdfghjklyxcvbnm', 'qwertyuiopasdfghjklzxcvbnm', 'abcdefghijklmnopqrstuvwxyz',
                               '12345678901234567890', '1qay2wsx3edc4rfv5tgb6zhn7ujm', '1qaz2wsx3edc4rfv5tgb6yhn7ujm'] LOOP
    FOR v_at IN 1 .. length(v_plain) - 7 LOOP
      IF length(v_plain) <= 18 AND (position(substr(v_plain, v_at, 8) IN v_row) > 0
                                    OR position(substr(v_plain, v_at, 8) IN reverse(v_row)) > 0) THEN
        RETURN true;
      END IF;
    END LOOP;
  END LOOP;
  RETURN false;
END $$;
COMMENT ON FUNCTION sec.password_common IS 'Whether everybody would try it: a common word with digits around it, a repetition, a walk over the keyboard.';

CREATE OR REPLACE FUNCTION sec.password_check(p_login text, p_password text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_policy sec.policy%ROWTYPE;
  v_names text[];
BEGIN
  SELECT * INTO v_policy FROM sec.policy;
  IF length(coalesce(p_password, '')) NOT BETWEEN v_policy.password_length AND 200 OR p_password ~ '[[:cntrl:]]' THEN
    PERFORM sec.fail('ER422', 'password_length', jsonb_build_object('min', v_policy.password_length, 'max', 200));
  END IF;
  SELECT array_agg(lower(n)) INTO v_names
    FROM (SELECT substr(p_login, 3)
          UNION SELECT w FROM sec.app_user u, regexp_split_to_table(u.person, '[^[:alpha:]]+') w WHERE u.login = p_login AND length(w) > 3
          UNION SELECT substr(d.password, 2) FROM sec.password_denied d WHERE d.password LIKE '@%') x (n);
  IF EXISTS (SELECT FROM unnest(v_names) n WHERE position(n IN lower(p_password)) > 0) THEN
    PERFORM sec.fail('ER422', 'password_contains_name');
  ELSIF sec.password_common(p_password) THEN
    PERFORM sec.fail('ER422', 'password_common');
  ELSIF EXISTS (SELECT FROM (SELECT h.verifier FROM sec.password_history h WHERE h.login = p_login
                              ORDER BY h.id DESC LIMIT v_policy.password_history) h
                 WHERE sec.password_matches(p_password, h.verifier)) THEN
    PERFORM sec.fail('ER422', 'password_used_before', jsonb_build_object('n', v_policy.password_history));
  END IF;
END $$;
COMMENT ON FUNCTION sec.password_check IS 'ER422 with what is wrong with a password for this login.';

CREATE OR REPLACE FUNCTION sec.tg_company_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The company cannot be read without a session, and a password is changed without one too.
  DELETE FROM sec.password_denied d WHERE d.password LIKE '@%';
  INSERT INTO sec.password_denied (password)
  SELECT DISTINCT '@' || lower(w) FROM regexp_split_to_table(NEW.name, '[^[:alpha:]]+') w WHERE length(w) > 4;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER company_words AFTER INSERT OR UPDATE OF name ON system.company
FOR EACH ROW EXECUTE FUNCTION sec.tg_company_words();

CREATE OR REPLACE FUNCTION sec.password_set(p_login text, p_password text, p_once boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET debug_print_parse = off SET debug_print_rewritten = off AS $$  -- a verifier stands in a statement here
DECLARE
  v_policy sec.policy%ROWTYPE;
  v_verifier text;
  -- Given by somebody else it is good for one day and for being changed. At the server's own console one sets up a house.
  v_once boolean := coalesce(p_once, left(p_login, 2) = 'u_' AND p_login <> session_user AND NOT sec.is_superuser());
  v_ends timestamptz;
BEGIN
  PERFORM sec.password_check(p_login, p_password);
  SELECT * INTO v_policy FROM sec.policy;
  v_ends := statement_timestamp() + CASE WHEN v_once THEN make_interval(hours => v_policy.initial_password_hours)
                                         ELSE make_interval(days => v_policy.password_days) END;
  v_verifier := sec.scram_verifier(p_password, uuid_send(gen_random_uuid()), 4096);
  -- Past its end a password still opens the way to change it, for a month; one given by somebody else does not.
  EXECUTE format('ALTER ROLE %I PASSWORD %L VALID UNTIL %L', p_login, v_verifier,
                 coalesce(v_ends + CASE WHEN v_once THEN interval '0' ELSE interval '30 days' END, 'infinity'));
  UPDATE sec.app_user u
     SET password_seal = sha256(convert_to(v_verifier, 'UTF8')), password_set_at = statement_timestamp(), password_ends = v_ends,
         must_change_password = v_once
   WHERE u.login = p_login;
  INSERT INTO sec.password_history (login, verifier) VALUES (p_login, v_verifier);
  DELETE FROM sec.password_history h
   WHERE h.login = p_login
     AND h.id NOT IN (SELECT k.id FROM sec.password_history k WHERE k.login = p_login
                       ORDER BY k.id DESC LIMIT greatest(v_policy.password_history, 1));
END $$;
COMMENT ON FUNCTION sec.password_set IS
  'Make this the password of a login, by the policy; p_once: to be changed at the first sign-in and for hours only, which is '
  'the default for a person''s password given by somebody else.';

CREATE OR REPLACE FUNCTION sec.password_change(p_old text, p_new text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM sec.app_user u WHERE u.login = session_user AND u.status = 'active') THEN
    PERFORM sec.fail('ER422', 'password_wrong');
  END IF;
  PERFORM sec.guess(session_user, 'att', 'ER422');
  IF NOT sec.password_is_mine(p_old) THEN
    PERFORM sec.fail('ER422', 'password_wrong');
  END IF;
  PERFORM sec.guesses_clear(session_user, 'att');
  IF p_old = p_new THEN
    PERFORM sec.fail('ER422', 'password_unchanged');
  END IF;
  PERFORM sec.password_set(session_user, p_new);
  PERFORM sec.sessions_end_but(session_user, sec.ticket_hash(), 'password_changed');
  PERFORM audit.event_log('password_changed', session_user::text);
END $$;
COMMENT ON FUNCTION sec.password_change IS
  'Change one''s own password; needs no ticket, so that it is the way out of password_must_change. One''s other sessions end.';

CREATE OR REPLACE FUNCTION sec.random_words(p_groups int) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  -- 20 bits a group, in letters and digits nobody takes for another.
  SELECT string_agg(substr(translate(sec.base32(sec.random_bytes()), 'ILO', '889'), 1, 4), '-')
    FROM generate_series(1, p_groups)
$$;

CREATE OR REPLACE FUNCTION sec.user_reset_password(p_login text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_password text := lower(sec.random_words(5));
BEGIN
  PERFORM sec.require('user_reset_password');
  PERFORM sec.require_confirmed();
  PERFORM sec.check_somebody_else(p_login);
  PERFORM sec.password_set(p_login, v_password, true);
  DELETE FROM sec.trusted_device d WHERE d.login = p_login;
  PERFORM sec.guesses_clear(p_login, 'att');
  PERFORM sec.sessions_end(p_login, 'password_reset');
  PERFORM audit.event_log('password_reset', p_login);
  RETURN v_password;
END $$;
COMMENT ON FUNCTION sec.user_reset_password IS
  'A one-time password for somebody who has forgotten theirs, told this once: it must be changed at the next sign-in. Sessions '
  'and trusted devices of the person end.';

CREATE OR REPLACE FUNCTION sec.reset_request(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Whoever asks learns nothing: not whether there is such a person, nor whether a mail is on its way.
  PERFORM FROM sec.app_user u
    WHERE u.login = p_login AND u.login LIKE 'u\_%' AND u.status = 'active' AND u.email <> '' FOR UPDATE;
  IF NOT FOUND
     OR (SELECT count(*) FROM sec.password_reset r
          WHERE r.login = p_login AND r.requested_at > statement_timestamp() - interval '1 hour') >= 3
     OR (SELECT count(*) FROM sec.password_reset r
          WHERE r.address = inet_client_addr() AND r.requested_at > statement_timestamp() - interval '1 hour') >= 20 THEN
    RETURN;
  END IF;
  UPDATE sec.password_reset r SET used_at = statement_timestamp() WHERE r.login = p_login AND r.used_at IS NULL;
  INSERT INTO sec.password_reset (login, address, ends)
  VALUES (p_login, inet_client_addr(), statement_timestamp() + interval '30 minutes');
  PERFORM audit.event_log('password_reset_requested', p_login);
END $$;
COMMENT ON FUNCTION sec.reset_request IS
  'Have a code sent to somebody who forgot the password (werkbank guard makes and mails it); answers the same for everybody. '
  'Three an hour for a login.';

CREATE OR REPLACE FUNCTION sec.reset_complete(p_login text, p_code text, p_password text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_code text := upper(regexp_replace(left(coalesce(p_code, ''), 100), '[^[:alnum:]]', '', 'g'));  -- as typed, with or without hyphens
BEGIN
  IF NOT EXISTS (SELECT FROM sec.app_user u WHERE u.login = p_login AND u.status = 'active' AND u.login LIKE 'u\_%') THEN
    PERFORM sec.fail('ER422', 'reset_code_wrong');
  END IF;
  PERFORM sec.guess(p_login, 'rst', 'ER422');
  UPDATE sec.password_reset r SET used_at = statement_timestamp()
   WHERE r.login = p_login AND r.used_at IS NULL AND r.ends > statement_timestamp()
     AND r.code_hash = sha256(convert_to(v_code, 'UTF8'));
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'reset_code_wrong');
  END IF;
  PERFORM sec.guesses_clear(p_login, 'rst');
  PERFORM sec.password_set(p_login, p_password, false);
  DELETE FROM sec.trusted_device d WHERE d.login = p_login;
  PERFORM sec.sessions_end(p_login, 'password_reset');
  PERFORM audit.event_log('password_reset', p_login, jsonb_build_object('by', 'mail'));
END $$;
COMMENT ON FUNCTION sec.reset_complete IS
  'Choose a new password with the code of the mail. Sessions and trusted devices end; the second factor stays as it is.';
