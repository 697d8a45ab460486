-- The folder of incoming invoices: one client reads it at a time, and no mail is taken twice.

CREATE OR REPLACE FUNCTION api.mail_fetch_begin(p_account_id bigint, p_seconds int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_account mail.account;
  v_fence int;
BEGIN
  PERFORM sec.require('mail_fetch_begin');
  v_account := mail.account_for(p_account_id);
  IF v_account.kind <> 'incoming' OR NOT v_account.is_active THEN
    PERFORM sec.fail('ER422', 'mail_account_not_read', jsonb_build_object('account', v_account.name));
  END IF;
  INSERT INTO mail.account_status AS s (account_id, fetch_by, fetch_fence, fetch_until)
  VALUES (p_account_id, session_user, 1, statement_timestamp() + make_interval(secs => least(greatest(coalesce(p_seconds, 60), 10), 900)))
  ON CONFLICT (account_id) DO UPDATE
    SET fetch_by = excluded.fetch_by, fetch_fence = s.fetch_fence + 1, fetch_until = excluded.fetch_until
  WHERE s.fetch_until IS NULL OR s.fetch_until < statement_timestamp()
  RETURNING s.fetch_fence INTO v_fence;
  IF v_fence IS NULL THEN
    RETURN jsonb_build_object('account', NULL);
  END IF;
  RETURN jsonb_build_object('account', mail.account_json(v_account), 'fence', v_fence);
END $$;
COMMENT ON FUNCTION api.mail_fetch_begin IS 'Read a folder now, for some seconds; no account in the answer when somebody else is reading it.';

CREATE OR REPLACE FUNCTION api.mail_fetch_end(p_account_id bigint, p_fence int) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_fetch_end');
  UPDATE mail.account_status s SET fetch_until = NULL
   WHERE s.account_id = p_account_id AND s.fetch_fence = p_fence AND s.fetch_by = session_user;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION api.mail_fetch_end IS 'The folder has been read.';

CREATE OR REPLACE FUNCTION api.mail_unseen(p_account_id bigint, p_uid_validity bigint, p_uids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_unseen');
  PERFORM mail.account_for(p_account_id);
  RETURN coalesce((SELECT array_agg(u.uid ORDER BY u.uid) FROM unnest(p_uids) u (uid)
                    WHERE NOT EXISTS (SELECT FROM mail.received r
                                       WHERE r.account_id = p_account_id AND r.uid_validity = p_uid_validity AND r.uid = u.uid)), '{}');
END $$;
COMMENT ON FUNCTION api.mail_unseen IS 'Those of these mails of a folder nobody has looked at yet.';

CREATE OR REPLACE FUNCTION api.mail_fetched(
  p_account_id bigint, p_fence int, p_uid_validity bigint, p_uid bigint, p_sender text, p_subject text, p_state text, p_files jsonb,
  p_detail text DEFAULT '')
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_fetched');
  -- Who tells is still at it.
  UPDATE mail.account_status s SET fetch_until = statement_timestamp() + interval '90 s'
   WHERE s.account_id = p_account_id AND s.fetch_fence = p_fence AND s.fetch_by = session_user;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO mail.received (account_id, uid_validity, uid, sender, subject, state, files, detail)
  VALUES (p_account_id, p_uid_validity, p_uid, left(coalesce(p_sender, ''), 300), left(coalesce(p_subject, ''), 300), p_state,
          coalesce(p_files, '[]'), left(coalesce(p_detail, ''), 500))
  ON CONFLICT (account_id, uid_validity, uid) DO NOTHING;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION api.mail_fetched IS 'A mail of the folder was looked at; false when somebody else has taken over or has told already.';
