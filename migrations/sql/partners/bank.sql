-- Bank accounts: what stands here was encrypted by a client and can be read by nobody who has only the database.

CREATE OR REPLACE FUNCTION api.bank_account_save(
  p_command uuid, p_id bigint, p_row_version integer, p_partner_id bigint, p_key bigint, p_country text, p_last4 text,
  p_is_default boolean, p_mark bytea, p_holder bytea, p_iban bytea, p_bic bytea, p_bank bytea) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_known partners.bank_account%ROWTYPE;
  v_version integer := 1;
BEGIN
  PERFORM sec.require('bank_account_save');
  v_replay := api.command_begin(p_command, 'bank_account_save', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'partner_id', p_partner_id, 'default', p_is_default, 'iban', encode(p_iban, 'base64')));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM sec.require_confirmed();
  PERFORM FROM partners.partner c WHERE c.id = p_partner_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'partners.partner', 'id', p_partner_id));
  ELSIF sec.data_key_state(p_key) IS DISTINCT FROM 'bank' THEN
    PERFORM sec.fail('ER422', 'data_key_not_active');
  END IF;
  IF p_is_default THEN
    UPDATE partners.bank_account a SET is_default = false
     WHERE a.partner_id = p_partner_id AND a.is_default AND a.id IS DISTINCT FROM p_id;
  END IF;
  IF p_id IS NULL THEN
    INSERT INTO partners.bank_account (partner_id, country, last4, is_default, data_key_id, mark)
    VALUES (p_partner_id, p_country, p_last4, p_is_default, p_key, p_mark) RETURNING * INTO v_known;
    INSERT INTO partners.bank_secret (bank_account_id, holder, iban, bic, bank)
    VALUES (v_known.id, p_holder, p_iban, p_bic, p_bank);
  ELSE
    SELECT * INTO v_known FROM partners.bank_account a
     WHERE a.id = p_id AND a.partner_id = p_partner_id AND a.is_active FOR UPDATE;
    IF NOT FOUND THEN
      PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'partners.bank_account', 'id', p_id));
    ELSIF v_known.row_version IS DISTINCT FROM p_row_version THEN
      PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_known.row_version));
    END IF;
    UPDATE partners.bank_secret s SET holder = p_holder, iban = p_iban, bic = p_bic, bank = p_bank WHERE s.bank_account_id = p_id;
    UPDATE partners.bank_account a
       SET country = p_country, last4 = p_last4, is_default = p_is_default, data_key_id = p_key, mark = p_mark
     WHERE a.id = p_id RETURNING a.row_version INTO v_version;
  END IF;
  PERFORM audit.event_log('bank_account_saved', session_user::text, jsonb_build_object(
    'partner', p_partner_id, 'account', v_known.id, 'last4', p_last4, 'new', p_id IS NULL));
  -- The same number at another partner is no error (a group pays from one account), but somebody should know.
  RETURN api.command_end(p_command, jsonb_build_object('id', v_known.id, 'row_version', v_version, 'also', (
    SELECT coalesce(jsonb_agg(DISTINCT c.name), '[]') FROM partners.bank_account a JOIN partners.partner c ON c.id = a.partner_id
     WHERE a.mark = p_mark AND a.is_active AND a.partner_id <> p_partner_id)));
END $$;
COMMENT ON FUNCTION api.bank_account_save IS
  'Add (p_id NULL) or replace a bank account; holder, iban, bic and bank are encrypted by the client with the active key, p_mark is '
  'its keyed mark. Needs confirmation. Returns {id, row_version, also: names of other partners with the same number}.';

CREATE OR REPLACE FUNCTION api.bank_account_remove(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_known partners.bank_account%ROWTYPE;
BEGIN
  PERFORM sec.require('bank_account_remove');
  v_replay := api.command_begin(p_command, 'bank_account_remove', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM sec.require_confirmed();
  SELECT * INTO v_known FROM partners.bank_account a WHERE a.id = p_id AND a.is_active FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'partners.bank_account', 'id', p_id));
  ELSIF v_known.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_known.row_version));
  END IF;
  UPDATE partners.bank_account a SET is_active = false, is_default = false WHERE a.id = p_id;
  PERFORM audit.event_log('bank_account_removed', session_user::text, jsonb_build_object(
    'partner', v_known.partner_id, 'account', p_id, 'last4', v_known.last4));
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'partner_id', v_known.partner_id));
END $$;
COMMENT ON FUNCTION api.bank_account_remove IS 'Use a bank account no longer; it is kept for the record. Needs confirmation.';

CREATE OR REPLACE FUNCTION api.bank_account_reveal(p_id bigint, p_purpose text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found jsonb;
  v_account partners.bank_account%ROWTYPE;
BEGIN
  PERFORM sec.require('bank_account_reveal');
  PERFORM sec.require_confirmed();
  SELECT * INTO v_account FROM partners.bank_account a WHERE a.id = p_id;
  SELECT jsonb_build_object('key', v_account.data_key_id, 'partner_id', v_account.partner_id,
                            'holder', encode(s.holder, 'base64'), 'iban', encode(s.iban, 'base64'),
                            'bic', encode(s.bic, 'base64'), 'bank', encode(s.bank, 'base64'))
    INTO v_found FROM partners.bank_secret s WHERE s.bank_account_id = p_id;
  IF v_found IS NULL THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'partners.bank_account', 'id', p_id));
  END IF;
  PERFORM audit.event_log('revealed', session_user::text, jsonb_build_object(
    'table', 'partners.bank_account', 'id', p_id, 'partner', v_account.partner_id, 'last4', v_account.last4,
    'purpose', left(coalesce(p_purpose, ''), 200)));
  -- A ROLLBACK takes the event back; the server's log keeps this line.
  RAISE LOG 'revealed partners.bank_account % to %', p_id, session_user;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION api.bank_account_reveal IS
  'The encrypted fields of a bank account, for a client that has the key; writes down who looked. Needs confirmation.';

CREATE OR REPLACE FUNCTION api.bank_account_find(p_mark bytea) RETURNS TABLE (id bigint, partner_id bigint, partner text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('bank_account_find');
  RETURN QUERY SELECT a.id, a.partner_id, c.name::text FROM partners.bank_account a JOIN partners.partner c ON c.id = a.partner_id
                WHERE a.mark = p_mark AND a.is_active ORDER BY c.name, a.id LIMIT 50;
END $$;
COMMENT ON FUNCTION api.bank_account_find IS 'Accounts with the number this keyed mark stands for.';

CREATE OR REPLACE FUNCTION api.bank_accounts_to_rekey(p_most int DEFAULT 500) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found jsonb;
BEGIN
  PERFORM sec.require('bank_account_rekey');
  PERFORM sec.require_confirmed();
  SELECT jsonb_agg(jsonb_build_object(
           'id', a.id, 'key', a.data_key_id, 'partner_id', a.partner_id, 'holder', encode(s.holder, 'base64'),
           'iban', encode(s.iban, 'base64'), 'bic', encode(s.bic, 'base64'), 'bank', encode(s.bank, 'base64')) ORDER BY a.id)
    INTO v_found
    FROM (SELECT * FROM partners.bank_account x WHERE sec.data_key_state(x.data_key_id) = 'old' ORDER BY x.id LIMIT p_most) a
    JOIN partners.bank_secret s ON s.bank_account_id = a.id;
  IF v_found IS NOT NULL THEN
    PERFORM audit.event_log('revealed', session_user::text, jsonb_build_object(
      'table', 'partners.bank_account', 'count', jsonb_array_length(v_found), 'purpose', 'rekey'));
    RAISE LOG 'revealed % of partners.bank_account to %', jsonb_array_length(v_found), session_user;
  END IF;
  RETURN coalesce(v_found, '[]');
END $$;
COMMENT ON FUNCTION api.bank_accounts_to_rekey IS 'Accounts encrypted with an old key, to be encrypted anew. Needs confirmation.';

CREATE OR REPLACE FUNCTION api.bank_account_rekey(p_command uuid, p_key bigint, p_rows jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_old bigint;
  v_left int;
BEGIN
  PERFORM sec.require('bank_account_rekey');
  v_replay := api.command_begin(p_command, 'bank_account_rekey', jsonb_build_object('key', p_key, 'rows', p_rows));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM sec.require_confirmed();
  IF sec.data_key_state(p_key) IS DISTINCT FROM 'bank' THEN
    PERFORM sec.fail('ER422', 'data_key_not_active');
  END IF;
  PERFORM FROM partners.bank_account a WHERE a.id IN (SELECT (r ->> 'id')::bigint FROM jsonb_array_elements(p_rows) r)
    ORDER BY a.id FOR UPDATE;
  -- Somebody may have replaced an account meanwhile: it has the new key already and stays as it is.
  UPDATE partners.bank_secret s
     SET holder = decode(r ->> 'holder', 'base64'), iban = decode(r ->> 'iban', 'base64'), bic = decode(r ->> 'bic', 'base64'),
         bank = decode(r ->> 'bank', 'base64')
    FROM jsonb_array_elements(p_rows) r, partners.bank_account a
   WHERE s.bank_account_id = (r ->> 'id')::bigint AND a.id = s.bank_account_id AND a.data_key_id = (r ->> 'key')::bigint
     AND a.data_key_id <> p_key;
  UPDATE partners.bank_account a SET data_key_id = p_key, mark = decode(r ->> 'mark', 'base64')
    FROM jsonb_array_elements(p_rows) r
   WHERE a.id = (r ->> 'id')::bigint AND a.data_key_id = (r ->> 'key')::bigint AND a.data_key_id <> p_key;
  SELECT count(*) INTO v_left FROM partners.bank_account a WHERE a.data_key_id <> p_key;
  IF v_left = 0 THEN
    FOR v_old IN SELECT DISTINCT (r ->> 'key')::bigint FROM jsonb_array_elements(p_rows) r LOOP
      PERFORM sec.data_key_retire(v_old);
    END LOOP;
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('left', v_left));
END $$;
COMMENT ON FUNCTION api.bank_account_rekey IS
  'Take over accounts encrypted anew with the active key; the old one is given up when nothing needs it. Returns {left}.';
