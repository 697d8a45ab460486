-- The queue of mails. A mail is claimed for a while, with a number that counts the claims; sending happens outside any
-- transaction, and only who holds the claim says what became of it. Passwords lie here encrypted by clients.

CREATE OR REPLACE FUNCTION mail.is_address(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(p_text ~ '^[^[:space:][:cntrl:]@,;<>"]+@[^[:space:][:cntrl:]@,;<>"]+$' AND length(p_text) <= 254, false)
$$;
COMMENT ON FUNCTION mail.is_address IS 'Whether a text is one address and nothing besides: no list, no name, no line break.';

CREATE OR REPLACE FUNCTION mail.one_line(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  -- NEL and the separators of lines and paragraphs end a line as much as a line feed does: a field of a mail holds none.
  SELECT btrim(regexp_replace(p_text, U&'[\0085\2028\2029]+', ' ', 'g'))
$$;
COMMENT ON FUNCTION mail.one_line IS 'A text without what Unicode has for the end of a line; what came in by the clipboard.';

CREATE OR REPLACE FUNCTION mail.addresses(p_list jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_one text;
  v_found text[] := '{}';
BEGIN
  FOR v_one IN SELECT a.value FROM jsonb_array_elements_text(coalesce(nullif(p_list, 'null'), '[]')) WITH ORDINALITY a (value, place)
                ORDER BY a.place LOOP
    IF NOT mail.is_address(v_one) THEN
      PERFORM sec.fail('ER422', 'mail_address_invalid', jsonb_build_object('address', left(v_one, 254)));
    ELSIF v_one <> ALL (v_found) THEN
      v_found := v_found || v_one;
    END IF;
  END LOOP;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION mail.addresses IS 'A list of addresses, each once; refuses what is none.';

CREATE OR REPLACE FUNCTION mail.place_of(p_topic text, p_record_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_table regclass := system.note_table(p_topic, 'SELECT');
  v_scoped boolean;
  v_found boolean;
  v_warehouse bigint;
BEGIN
  IF v_table IS NOT NULL AND (sec.is_superuser() OR p_topic = ANY (sec.my_tables())) THEN
    v_scoped := EXISTS (SELECT FROM pg_catalog.pg_attribute a
                         WHERE a.attrelid = v_table AND a.attname = 'warehouse_id' AND NOT a.attisdropped);
    EXECUTE format('SELECT true, %s FROM %s t WHERE t.id = $1',
                   CASE WHEN v_scoped THEN 't.warehouse_id' ELSE 'NULL::bigint' END, v_table)
       INTO v_found, v_warehouse USING p_record_id;
  END IF;
  IF v_found IS NULL OR (v_warehouse IS NOT NULL AND v_warehouse <> ALL (sec.my_warehouses())) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', p_topic, 'id', p_record_id));
  END IF;
  RETURN v_warehouse;
END $$;
COMMENT ON FUNCTION mail.place_of IS 'The warehouse of a record (none for most) the person may see; refuses otherwise.';

CREATE OR REPLACE FUNCTION mail.account_for(p_id bigint) RETURNS mail.account
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_account mail.account;
BEGIN
  SELECT a.* INTO v_account FROM mail.account a
   WHERE a.id = p_id AND (a.owner = session_user OR a.owner = '');
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'mail.account', 'id', p_id));
  END IF;
  RETURN v_account;
END $$;
COMMENT ON FUNCTION mail.account_for IS 'An account the person may use: of the house, or his own.';

CREATE OR REPLACE FUNCTION mail.account_json(p_account mail.account) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', p_account.id, 'kind', p_account.kind, 'owner', p_account.owner, 'name', p_account.name, 'host', p_account.host,
    'port', p_account.port, 'security', p_account.security, 'username', p_account.username, 'ca', p_account.ca,
    'sender_name', p_account.sender_name, 'sender_address', p_account.sender_address, 'reply_to', p_account.reply_to,
    'bcc', p_account.bcc, 'folder', p_account.folder, 'done_folder', p_account.done_folder, 'max_mb', p_account.max_mb,
    'sealed', (SELECT translate(encode(s.sealed, 'base64'), E'\n', '') FROM mail.account_secret s WHERE s.account_id = p_account.id),
    'key_id', (SELECT s.key_id FROM mail.account_secret s WHERE s.account_id = p_account.id))
$$;
COMMENT ON FUNCTION mail.account_json IS 'How an account is reached; its password as the clients encrypted it.';

CREATE OR REPLACE FUNCTION api.mail_account_open(p_account_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_account_open');
  RETURN mail.account_json(mail.account_for(p_account_id));
END $$;
COMMENT ON FUNCTION api.mail_account_open IS 'An account with its encrypted password, for who sends by it or reads its folder.';

CREATE OR REPLACE FUNCTION api.mail_secret_set(p_account_id bigint, p_sealed bytea, p_key_id bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_account mail.account;
  v_before bytea;
BEGIN
  PERFORM sec.require('mail_secret_set');
  v_account := mail.account_for(p_account_id);
  SELECT s.sealed INTO v_before FROM mail.account_secret s WHERE s.account_id = p_account_id;
  IF v_account.owner = '' AND NOT sec.may('mail_manage') THEN
    PERFORM sec.fail('ER403', 'mail_manage', jsonb_build_object('right', 'mail_manage'));
  ELSIF p_sealed IS NULL THEN
    DELETE FROM mail.account_secret s WHERE s.account_id = p_account_id;
  ELSIF (v_account.owner = '') <> (p_key_id IS NOT NULL) THEN
    PERFORM sec.fail('ER422', 'mail_secret_key');
  ELSE
    INSERT INTO mail.account_secret AS s (account_id, sealed, key_id) VALUES (p_account_id, p_sealed, p_key_id)
    ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, key_id = excluded.key_id, set_at = statement_timestamp();
  END IF;
  IF v_before IS DISTINCT FROM p_sealed THEN
    PERFORM audit.event_log('mail_secret_set', session_user::text, jsonb_build_object('account', v_account.name));
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION api.mail_secret_set IS
  'Keep an account''s password, encrypted: the house''s under its data key, one''s own under one''s own. NULL takes it back.';

CREATE OR REPLACE FUNCTION api.mail_checked(p_account_id bigint, p_error text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('mail_checked');
  PERFORM mail.account_for(p_account_id);
  INSERT INTO mail.account_status AS s (account_id, ok_at, failed_at, error)
  VALUES (p_account_id, CASE WHEN coalesce(p_error, '') = '' THEN statement_timestamp() END,
          CASE WHEN coalesce(p_error, '') <> '' THEN statement_timestamp() END, left(coalesce(p_error, ''), 300))
  ON CONFLICT (account_id) DO UPDATE
    SET ok_at = coalesce(excluded.ok_at, s.ok_at), failed_at = coalesce(excluded.failed_at, s.failed_at), error = excluded.error
  -- Only what is new is written and told.
  WHERE s.error <> excluded.error OR coalesce(s.ok_at, s.failed_at) IS NULL
     OR greatest(s.ok_at, s.failed_at) < statement_timestamp() - interval '15 minutes';
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION api.mail_checked IS 'How an account was found: an empty text when it answers. True when that was new.';

CREATE OR REPLACE FUNCTION mail.attach(p_message bigint, p_files jsonb, p_contents bytea[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_file jsonb;
  v_place int;
  v_name text;
  v_content bigint;
  v_size bigint := 0;
BEGIN
  IF jsonb_array_length(coalesce(nullif(p_files, 'null'), '[]')) > 50 THEN
    PERFORM sec.fail('ER422', 'mail_too_many_files', jsonb_build_object('most', 50));
  END IF;
  FOR v_file, v_place IN SELECT f.value, f.place FROM jsonb_array_elements(coalesce(nullif(p_files, 'null'), '[]')) WITH ORDINALITY f (value, place)
                          ORDER BY f.place LOOP
    IF v_file ? 'issued_id' THEN
      SELECT i.file_name, i.content_id INTO v_name, v_content FROM documents.issued i
       WHERE i.id = (v_file ->> 'issued_id')::bigint AND (sec.is_superuser() OR i.topic = ANY (sec.my_tables()))
         AND (i.warehouse_id IS NULL OR i.warehouse_id = ANY (sec.my_warehouses()));
    ELSIF v_file ? 'attachment_id' THEN
      SELECT a.name, v.content_id INTO v_name, v_content
        FROM documents.attachment a JOIN documents.attachment_version v ON v.attachment_id = a.id AND v.version = a.version
       WHERE a.id = (v_file ->> 'attachment_id')::bigint AND a.state = 'current'
         AND (sec.is_superuser() OR a.topic = ANY (sec.my_tables()))
         AND (a.warehouse_id IS NULL OR a.warehouse_id = ANY (sec.my_warehouses()));
    ELSE
      v_name := v_file ->> 'name';
      v_content := documents.store(p_contents[(v_file ->> 'content')::int], v_file ->> 'mime');
    END IF;
    IF v_content IS NULL OR v_name IS NULL THEN
      PERFORM sec.fail('ER404', 'mail_file_gone', v_file - 'name');
    END IF;
    INSERT INTO mail.attachment (message_id, position, name, content_id) VALUES (p_message, v_place, v_name, v_content);
    v_size := v_size + (SELECT c.size FROM documents.content c WHERE c.id = v_content);
    v_name := NULL;
    v_content := NULL;
  END LOOP;
  RETURN v_size;
END $$;
COMMENT ON FUNCTION mail.attach IS
  'Files of a mail, in their order: issued_id (archive), attachment_id (of a record), or name, mime and the number of a content given along. Gives bytes.';

CREATE OR REPLACE FUNCTION api.mail_queue(p_command uuid, p_account_id bigint, p_mails jsonb, p_contents bytea[] DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_account mail.account;
  v_mail jsonb;
  v_place int := 0;
  v_record bigint;
  v_id bigint;
  v_size bigint;
  v_recipients text[];
  v_ids jsonb := '[]';
BEGIN
  PERFORM sec.require('mail_queue');
  v_replay := api.command_begin(p_command, 'mail_queue', jsonb_build_object(
    'account_id', p_account_id, 'mails', p_mails,
    'contents', (SELECT jsonb_agg(encode(sha256(c.bytes), 'hex') ORDER BY c.place) FROM unnest(p_contents) WITH ORDINALITY c (bytes, place))));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_account := mail.account_for(p_account_id);
  IF v_account.kind <> 'outgoing' OR NOT v_account.is_active THEN
    PERFORM sec.fail('ER422', 'mail_account_not_sending', jsonb_build_object('account', v_account.name));
  ELSIF jsonb_typeof(p_mails) IS DISTINCT FROM 'array' OR jsonb_array_length(p_mails) NOT BETWEEN 1 AND 500 THEN
    PERFORM sec.fail('ER422', 'mail_none_given', jsonb_build_object('most', 500));
  END IF;
  FOR v_mail IN SELECT m.value FROM jsonb_array_elements(p_mails) WITH ORDINALITY m (value, place) ORDER BY m.place LOOP
    v_place := v_place + 1;
    PERFORM api.require_length('subject', v_mail ->> 'subject', 300), api.require_length('body', v_mail ->> 'body', 50000),
            api.require_length('kind', v_mail ->> 'kind', 40), api.require_length('topic', v_mail ->> 'topic', 80);
    v_recipients := mail.addresses(v_mail -> 'to');
    IF cardinality(v_recipients) = 0 THEN
      PERFORM sec.fail('ER422', 'mail_nobody', jsonb_build_object('subject', v_mail ->> 'subject'));
    END IF;
    v_record := (v_mail ->> 'record_id')::bigint;
    INSERT INTO mail.message AS m
      (batch, account_id, message_id, kind, topic, record_id, warehouse_id, recipients, cc, bcc, subject, body)
    VALUES
      (p_command, p_account_id, format('<%s.%s@%s>', p_command, v_place, split_part(v_account.sender_address, '@', 2)),
       coalesce(v_mail ->> 'kind', ''), CASE WHEN v_record IS NULL THEN '' ELSE coalesce(v_mail ->> 'topic', '') END, v_record,
       CASE WHEN v_record IS NOT NULL THEN mail.place_of(v_mail ->> 'topic', v_record) END,
       v_recipients, mail.addresses(v_mail -> 'cc'), mail.addresses(v_mail -> 'bcc'),
       mail.one_line(v_mail ->> 'subject'), coalesce(v_mail ->> 'body', ''))
    RETURNING m.id INTO v_id;
    v_size := mail.attach(v_id, v_mail -> 'files', p_contents);
    -- On its way a file is a third larger.
    IF v_size * 1.37 > v_account.max_mb * 1048576.0 THEN
      PERFORM sec.fail('ER422', 'mail_too_large', jsonb_build_object('subject', v_mail ->> 'subject', 'mb', v_account.max_mb));
    END IF;
    v_ids := v_ids || to_jsonb(v_id);
  END LOOP;
  RETURN api.command_end(p_command, jsonb_build_object('ids', v_ids));
END $$;
COMMENT ON FUNCTION api.mail_queue IS
  'Put mails into the queue: [{kind, topic, record_id, to, cc, bcc, subject, body, files}], all or none of them.';

CREATE OR REPLACE FUNCTION mail.lose_claims() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE mail.message m
     SET state = CASE WHEN m.began_at IS NULL THEN 'waiting' ELSE 'unclear' END,
         reason = CASE WHEN m.began_at IS NULL THEN '' ELSE 'mail_lost' END,
         claim_until = NULL, ended_at = CASE WHEN m.began_at IS NULL THEN NULL ELSE statement_timestamp() END
   WHERE m.state = 'sending' AND m.claim_until < statement_timestamp()
$$;
COMMENT ON FUNCTION mail.lose_claims IS
  'Claims that ran out: back into the queue when the content had not begun to leave, else nobody knows whether it arrived.';

CREATE OR REPLACE FUNCTION api.mail_claim(p_accounts bigint[], p_seconds int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_all boolean;
  v_mail mail.message;
BEGIN
  PERFORM sec.require('mail_claim');
  v_all := sec.may('mail_manage');
  PERFORM mail.lose_claims();
  UPDATE mail.message m
     SET state = 'sending', fence = m.fence + 1, attempts = m.attempts + 1, claimed_by = session_user, began_at = NULL,
         claim_until = statement_timestamp() + make_interval(secs => least(greatest(coalesce(p_seconds, 60), 5), 600))
   WHERE m.id = (SELECT w.id FROM mail.message w JOIN mail.account a ON a.id = w.account_id
                  WHERE w.state = 'waiting' AND w.next_at <= statement_timestamp() AND w.account_id = ANY (p_accounts) AND a.is_active
                    AND (w.requested_by = session_user OR (a.owner = '' AND v_all))
                  ORDER BY w.account_id, w.id LIMIT 1 FOR UPDATE OF w SKIP LOCKED)
  RETURNING m.* INTO v_mail;
  IF v_mail.id IS NOT NULL THEN
    RETURN jsonb_build_object('mail', mail.claimed(v_mail));
  END IF;
  RETURN jsonb_build_object('mail', NULL, 'next_at', (
    SELECT min(w.next_at) FROM mail.message w JOIN mail.account a ON a.id = w.account_id
     WHERE w.state = 'waiting' AND w.account_id = ANY (p_accounts) AND a.is_active
       AND (w.requested_by = session_user OR (a.owner = '' AND v_all))));
END $$;
COMMENT ON FUNCTION api.mail_claim IS
  'The next mail this client may send, for some seconds: one''s own, with mail_manage all of the house''s accounts; of those accounts whose '
  'password it can open.';

CREATE OR REPLACE FUNCTION mail.claimed(p_mail mail.message) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', p_mail.id, 'fence', p_mail.fence, 'account_id', p_mail.account_id, 'message_id', p_mail.message_id,
    'to', to_jsonb(p_mail.recipients), 'cc', to_jsonb(p_mail.cc), 'bcc', to_jsonb(p_mail.bcc), 'subject', p_mail.subject,
    'body', p_mail.body, 'attempts', p_mail.attempts, 'person', sec.person_of(p_mail.requested_by),
    'files', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'mime', c.mime, 'size', c.size) ORDER BY f.position), '[]')
                FROM mail.attachment f JOIN documents.content c ON c.id = f.content_id WHERE f.message_id = p_mail.id))
$$;
COMMENT ON FUNCTION mail.claimed IS 'What a client needs to send a mail, but for its files.';

CREATE OR REPLACE FUNCTION api.mail_content(p_attachment bigint, p_fence int) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bytes bytea;
BEGIN
  PERFORM sec.require('mail_content');
  SELECT c.bytes INTO v_bytes
    FROM mail.attachment f JOIN mail.message m ON m.id = f.message_id JOIN documents.content c ON c.id = f.content_id
   WHERE f.id = p_attachment
     AND (m.requested_by = session_user OR (m.state = 'sending' AND m.fence = p_fence AND m.claimed_by = session_user));
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'mail_gone', jsonb_build_object('id', p_attachment));
  END IF;
  RETURN v_bytes;
END $$;
COMMENT ON FUNCTION api.mail_content IS 'A file of a mail: for who wrote it, and for the client that holds its claim.';

CREATE OR REPLACE FUNCTION api.mail_progress(
  p_mail bigint, p_fence int, p_state text, p_reason text DEFAULT '', p_detail text DEFAULT '', p_refused jsonb DEFAULT '[]')
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_mail mail.message;
  v_state text := p_state;
BEGIN
  PERFORM sec.require('mail_progress');
  SELECT m.* INTO v_mail FROM mail.message m WHERE m.id = p_mail FOR UPDATE;
  IF NOT FOUND OR v_mail.claimed_by <> session_user OR v_mail.fence <> p_fence OR v_mail.state <> 'sending' THEN
    RETURN false;
  ELSIF jsonb_typeof(p_refused) IS DISTINCT FROM 'array' OR octet_length(p_refused::text) > 60000 THEN
    PERFORM sec.fail('ER422', 'mail_state', jsonb_build_object('state', v_mail.state));
  ELSIF p_state = 'began' THEN
    UPDATE mail.message m SET began_at = statement_timestamp(), claim_until = statement_timestamp() + interval '10 minutes' WHERE m.id = p_mail;
    RETURN true;
  END IF;
  IF p_state = 'waiting' AND v_mail.attempts >= 30 THEN
    v_state := 'failed';  -- after some twelve hours
  END IF;
  IF v_state = 'waiting' THEN
    UPDATE mail.message m SET state = 'waiting', claim_until = NULL, began_at = NULL, reason = left(coalesce(p_reason, ''), 60),
      detail = left(coalesce(p_detail, ''), 500), refused = p_refused, next_at = system.next_try(v_mail.attempts, 15, 1800)
     WHERE m.id = p_mail;
  ELSIF v_state IN ('sent', 'failed', 'unclear') THEN
    UPDATE mail.message m SET state = v_state, claim_until = NULL, reason = left(coalesce(p_reason, ''), 60),
      detail = left(coalesce(p_detail, ''), 500), refused = p_refused, ended_at = statement_timestamp()
     WHERE m.id = p_mail;
  ELSE
    PERFORM sec.fail('ER422', 'mail_state', jsonb_build_object('state', v_mail.state));
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION api.mail_progress IS
  'Who holds a mail''s claim says what becomes of it: began (before the content leaves), sent, failed, unclear, or waiting (the server did not '
  'take it, try later). False: the claim is somebody else''s by now.';

CREATE OR REPLACE FUNCTION mail.chosen(p_ids bigint[]) RETURNS SETOF mail.message
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF coalesce(cardinality(p_ids), 0) NOT BETWEEN 1 AND 1000 THEN
    PERFORM sec.fail('ER422', 'mail_nothing_to_do');
  END IF;
  RETURN QUERY SELECT m.* FROM mail.message m
                WHERE m.id = ANY (p_ids) AND (m.requested_by = session_user OR sec.may('mail_manage')) ORDER BY m.id FOR UPDATE;
END $$;
COMMENT ON FUNCTION mail.chosen IS 'One''s own of these mails, with mail_manage everybody''s; locked.';

CREATE OR REPLACE FUNCTION api.mail_cancel(p_command uuid, p_ids bigint[], p_hold boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_mail mail.message;
  v_done jsonb := '[]';
BEGIN
  PERFORM sec.require('mail_cancel');
  v_replay := api.command_begin(p_command, 'mail_cancel', jsonb_build_object('ids', to_jsonb(p_ids), 'hold', p_hold));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  FOR v_mail IN SELECT c.* FROM mail.chosen(p_ids) c LOOP
    IF p_hold AND v_mail.state = 'waiting' THEN
      UPDATE mail.message m SET state = 'held' WHERE m.id = v_mail.id;
    ELSIF NOT p_hold AND v_mail.state IN ('waiting', 'held', 'failed', 'unclear') THEN
      UPDATE mail.message m SET state = 'cancelled', ended_at = statement_timestamp() WHERE m.id = v_mail.id;
    ELSE
      CONTINUE;
    END IF;
    v_done := v_done || to_jsonb(v_mail.id);
  END LOOP;
  IF v_done = '[]' THEN
    PERFORM sec.fail('ER422', 'mail_nothing_to_do');
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('ids', v_done));
END $$;
COMMENT ON FUNCTION api.mail_cancel IS 'Take mails back that have not left yet, or hold them.';

CREATE OR REPLACE FUNCTION api.mail_again(p_command uuid, p_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_mail mail.message;
  v_refused text[];
  v_id bigint;
  v_done jsonb := '[]';
BEGIN
  PERFORM sec.require('mail_again');
  v_replay := api.command_begin(p_command, 'mail_again', jsonb_build_object('ids', to_jsonb(p_ids)));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  FOR v_mail IN SELECT c.* FROM mail.chosen(p_ids) c LOOP
    IF v_mail.state IN ('waiting', 'held', 'failed', 'unclear', 'cancelled') THEN
      -- The same mail with the same Message-ID: who has it already knows it again.
      UPDATE mail.message m SET state = 'waiting', attempts = 0, next_at = statement_timestamp(), reason = '', detail = '', refused = '[]',
        began_at = NULL, ended_at = NULL WHERE m.id = v_mail.id RETURNING m.id INTO v_id;
    ELSIF v_mail.state = 'sent' THEN
      SELECT coalesce(array_agg(r.value ->> 'address'), '{}') INTO v_refused FROM jsonb_array_elements(v_mail.refused) r;
      INSERT INTO mail.message AS m
        (batch, account_id, message_id, kind, topic, record_id, warehouse_id, recipients, cc, bcc, subject, body, again_of)
      VALUES
        (p_command, v_mail.account_id, format('<%s.%s@%s>', p_command, v_mail.id, split_part(rtrim(v_mail.message_id, '>'), '@', 2)),
         v_mail.kind, v_mail.topic, v_mail.record_id, v_mail.warehouse_id,
         CASE WHEN cardinality(v_refused) > 0 THEN v_refused ELSE v_mail.recipients END,
         CASE WHEN cardinality(v_refused) > 0 THEN '{}' ELSE v_mail.cc END,
         CASE WHEN cardinality(v_refused) > 0 THEN '{}' ELSE v_mail.bcc END, v_mail.subject, v_mail.body, v_mail.id)
      RETURNING m.id INTO v_id;
      INSERT INTO mail.attachment (message_id, position, name, content_id)
      SELECT v_id, f.position, f.name, f.content_id FROM mail.attachment f WHERE f.message_id = v_mail.id ORDER BY f.position;
    ELSE
      CONTINUE;
    END IF;
    v_done := v_done || to_jsonb(v_id);
  END LOOP;
  IF v_done = '[]' THEN
    PERFORM sec.fail('ER422', 'mail_nothing_to_do');
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('ids', v_done));
END $$;
COMMENT ON FUNCTION api.mail_again IS
  'Try mails again now; one that was sent goes out once more as a new mail, to those it was refused for, if there were any.';

CREATE OR REPLACE FUNCTION api.mail_manage(p_command uuid, p_ids bigint[], p_account_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_account mail.account;
  v_done jsonb;
BEGIN
  PERFORM sec.require('mail_manage');
  v_replay := api.command_begin(p_command, 'mail_manage', jsonb_build_object('ids', to_jsonb(p_ids), 'account_id', p_account_id));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_account := mail.account_for(p_account_id);
  IF v_account.kind <> 'outgoing' OR NOT v_account.is_active OR v_account.owner <> '' THEN
    PERFORM sec.fail('ER422', 'mail_account_not_sending', jsonb_build_object('account', v_account.name));
  END IF;
  WITH moved AS (
    UPDATE mail.message m SET account_id = p_account_id, state = 'waiting', attempts = 0, next_at = statement_timestamp(), reason = '', detail = ''
     WHERE m.id IN (SELECT c.id FROM mail.chosen(p_ids) c) AND m.state IN ('waiting', 'held', 'failed') RETURNING m.id)
  SELECT coalesce(jsonb_agg(d.id ORDER BY d.id), '[]') INTO v_done FROM moved d;
  IF v_done = '[]' THEN
    PERFORM sec.fail('ER422', 'mail_nothing_to_do');
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('ids', v_done));
END $$;
COMMENT ON FUNCTION api.mail_manage IS 'Send mails by another account of the house, when theirs does not work.';
