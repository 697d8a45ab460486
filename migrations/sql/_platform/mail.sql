-- Mails to be sent, and codes for people who forgot their password. `werkbank guard` takes them from here.

CREATE OR REPLACE FUNCTION sec.mail_put(p_recipient text, p_subject text, p_body text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  -- A line break in an address or subject would be a header of its own.
  IF p_recipient !~ '^[^[:space:][:cntrl:]@,;<>]+@[^[:space:][:cntrl:]@,;<>]+$' OR p_subject ~ '[[:cntrl:]]' THEN
    PERFORM sec.fail('ER422', 'mail_address_invalid', jsonb_build_object('address', p_recipient));
  END IF;
  INSERT INTO sec.mail_message (recipient, subject, body) VALUES (p_recipient, left(p_subject, 200), p_body) RETURNING id INTO v_id;
  RETURN v_id;
END $$;
COMMENT ON FUNCTION sec.mail_put IS 'Put a mail into the outbox; never a secret, which would lie here in clear.';

CREATE OR REPLACE FUNCTION sec.mail_take(p_most int) RETURNS TABLE (id bigint, recipient text, subject text, body text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_take');
  -- Taken means tried: if the guard dies now, the mail comes again after the pause. Better twice than not at all.
  RETURN QUERY
    UPDATE sec.mail_message m
       SET tries = m.tries + 1, next_try = statement_timestamp() + make_interval(mins => LEAST(2 ^ m.tries, 360)::int)
     WHERE m.id IN (SELECT w.id FROM sec.mail_message w
                     WHERE w.state = 'waiting' AND w.next_try <= statement_timestamp()
                     ORDER BY w.next_try LIMIT LEAST(p_most, 100) FOR UPDATE SKIP LOCKED)
    RETURNING m.id, m.recipient, m.subject, m.body;
END $$;
COMMENT ON FUNCTION sec.mail_take IS 'The next mails to be sent; each is to be settled by sec.mail_settle, or comes again later.';

CREATE OR REPLACE FUNCTION sec.mail_settle(p_id bigint, p_error text DEFAULT '', p_final boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_settle');
  UPDATE sec.mail_message m
     SET state = CASE WHEN p_error = '' THEN 'sent' WHEN p_final OR m.tries >= 12 THEN 'failed' ELSE 'waiting' END,
         sent_at = CASE WHEN p_error = '' THEN statement_timestamp() END,
         body = CASE WHEN p_error = '' THEN '' ELSE m.body END,
         error = left(p_error, 500)
   WHERE m.id = p_id AND m.state = 'waiting';
END $$;
COMMENT ON FUNCTION sec.mail_settle IS 'A mail went out (no error), or did not; p_final when trying again is useless.';

CREATE OR REPLACE FUNCTION sec.reset_take() RETURNS TABLE (id bigint, login text, person text, language text, email text, ends timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('reset_take');
  RETURN QUERY
    SELECT r.id, u.login, u.person, u.language, u.email, r.ends
      FROM sec.password_reset r JOIN sec.app_user u ON u.login = r.login
     WHERE r.code_hash IS NULL AND r.used_at IS NULL AND r.ends > statement_timestamp()
       AND u.status = 'active' AND u.email <> ''
     ORDER BY r.id LIMIT 20;
END $$;
COMMENT ON FUNCTION sec.reset_take IS 'Requests for a reset code that have none yet.';

CREATE OR REPLACE FUNCTION sec.reset_issue(p_id bigint, p_code_hash bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
BEGIN
  PERFORM sec.require('reset_issue');
  IF length(p_code_hash) <> 32 THEN
    PERFORM sec.fail('ER422', 'code_hash_invalid');
  END IF;
  UPDATE sec.password_reset r SET code_hash = p_code_hash
   WHERE r.id = p_id AND (r.code_hash IS NULL) = (p_code_hash IS NOT NULL) AND r.used_at IS NULL AND r.ends > statement_timestamp()
  RETURNING r.login INTO v_login;
  IF FOUND AND p_code_hash IS NOT NULL THEN
    PERFORM audit.event_log('password_reset_code_sent', v_login);
  END IF;
  RETURN v_login IS NOT NULL;
END $$;
COMMENT ON FUNCTION sec.reset_issue IS
  'The SHA-256 of a code about to be mailed; NULL takes it back when the mail did not go. The code itself is nowhere but in the mail.';
