-- The queue of printing. A job is claimed for a while, with a number that counts the claims; sending happens outside any
-- transaction, and only who holds the claim says what became of it.

CREATE OR REPLACE FUNCTION printing.station_of(p_secret text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id FROM printing.station s WHERE s.code = encode(sha256(convert_to(p_secret, 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION printing.station_of IS 'The work place with this secret.';

CREATE OR REPLACE FUNCTION api.print_station_seen(p_station text, p_name text, p_offers jsonb, p_fresh boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  PERFORM sec.require('print_station_seen');
  IF length(coalesce(p_station, '')) < 32 THEN
    PERFORM sec.fail('ER422', 'print_station_secret');
  ELSIF jsonb_typeof(p_offers) <> 'array' OR jsonb_path_exists(p_offers, 'strict $[*] ? (@.type() != "object")', '{}', true) THEN
    PERFORM sec.fail('ER422', 'print_station_offers');
  END IF;
  INSERT INTO printing.station AS s (code, name, offers)
  VALUES (encode(sha256(convert_to(p_station, 'UTF8')), 'hex'), left(coalesce(nullif(btrim(p_name), ''), '?'), 120), coalesce(p_offers, '[]'))
  ON CONFLICT (code) DO UPDATE SET name = excluded.name, offers = coalesce(p_offers, s.offers),
    last_seen = statement_timestamp(), last_login = session_user
  RETURNING s.id INTO v_id;
  IF p_fresh THEN
    -- It has just been started: what it was sending then, it is not sending any more.
    PERFORM printing.lose_claims(v_id);
  END IF;
  RETURN v_id;
END $$;
COMMENT ON FUNCTION api.print_station_seen IS
  'A work place says that it is there and which printers its system knows (NULL: as before); started anew, it gives up its claims.';

CREATE OR REPLACE FUNCTION printing.lose_claims(p_station bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE printing.job j
     SET state = CASE WHEN j.began_at IS NULL THEN 'waiting' ELSE 'unclear' END,
         reason = CASE WHEN j.began_at IS NULL THEN '' ELSE 'print_lost' END,
         claim_until = NULL, ended_at = CASE WHEN j.began_at IS NULL THEN NULL ELSE statement_timestamp() END
   WHERE j.state = 'sending' AND (j.claim_until < statement_timestamp() OR j.claimed_station_id = p_station);
END $$;
COMMENT ON FUNCTION printing.lose_claims IS
  'Claims that ran out, and all of a work place: back into the queue when nothing had been sent, else nobody knows what is on paper.';

CREATE OR REPLACE FUNCTION printing.routed(p_kind text, p_station text, p_language text)
RETURNS TABLE (printer_id bigint, name text, language text, dpi int, media text, tray text, copies int, sides text, status text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('routed');
  RETURN QUERY
    SELECT p.id, p.name::text, p.language::text, p.dpi, p.media::text, coalesce(nullif(r.tray, ''), p.tray)::text, r.copies,
           r.sides::text, coalesce(s.status, 'unknown')::text
      FROM printing.route r
      JOIN printing.printer p ON p.id = r.printer_id AND p.is_active
      LEFT JOIN printing.printer_status s ON s.printer_id = p.id
     WHERE r.kind IN ('', p_kind) AND (r.station_id IS NULL OR r.station_id = printing.station_of(p_station))
       AND (r.role = '' OR r.role = ANY (sec.my_roles())) AND r.language IN ('', p_language)
     ORDER BY r.kind <> '' DESC, r.station_id IS NOT NULL DESC, r.role <> '' DESC, r.language <> '' DESC, r.id
     LIMIT 1;
END $$;
COMMENT ON FUNCTION printing.routed IS 'The printer that takes a kind of document at this work place for this person, and how.';

CREATE OR REPLACE FUNCTION api.print_request(
  p_command uuid, p_kind text, p_station text, p_language text, p_documents jsonb, p_contents bytea[], p_printer_id bigint,
  p_copies int, p_tray text, p_sides text, p_pages text)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_route record;
  v_printer printing.printer;
  v_tray text;
  v_sides text;
  v_copies int;
  v_document jsonb;
  v_position int := 0;
  v_id bigint;
  v_jobs jsonb := '[]';
BEGIN
  PERFORM sec.require('print_request');
  v_replay := api.command_begin(p_command, 'print_request', jsonb_build_object(
    'kind', p_kind, 'language', p_language, 'documents', p_documents, 'printer_id', p_printer_id, 'copies', p_copies, 'tray', p_tray,
    'sides', p_sides, 'pages', p_pages,
    'contents', (SELECT jsonb_agg(encode(sha256(c.bytes), 'hex') ORDER BY c.place)
                   FROM unnest(p_contents) WITH ORDINALITY c (bytes, place))));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF jsonb_typeof(p_documents) IS DISTINCT FROM 'array' OR jsonb_array_length(p_documents) NOT BETWEEN 1 AND 1000
     OR jsonb_array_length(p_documents) <> coalesce(cardinality(p_contents), 0) THEN
    PERFORM sec.fail('ER422', 'print_documents', jsonb_build_object('most', 1000));
  ELSIF coalesce(p_kind, '') = '' OR coalesce(p_language, '') NOT IN ('de', 'en') THEN
    PERFORM sec.fail('ER422', 'print_documents', jsonb_build_object('most', 1000));
  ELSIF p_copies NOT BETWEEN 1 AND 999 THEN
    PERFORM sec.fail('ER422', 'print_copies_range', jsonb_build_object('copies', p_copies));
  END IF;
  PERFORM api.require_length('kind', p_kind, 40), api.require_length('pages', p_pages, 60), api.require_length('tray', p_tray, 60),
          api.require_length('sides', p_sides, 30);
  SELECT r.* INTO v_route FROM printing.routed(p_kind, p_station, p_language) r;
  SELECT p.* INTO v_printer FROM printing.printer p WHERE p.id = coalesce(p_printer_id, v_route.printer_id) AND p.is_active;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'print_no_printer', jsonb_build_object('kind', p_kind));
  END IF;
  v_tray := coalesce(nullif(p_tray, ''), CASE v_route.printer_id WHEN v_printer.id THEN v_route.tray ELSE v_printer.tray END, '');
  v_sides := coalesce(nullif(p_sides, ''), CASE v_route.printer_id WHEN v_printer.id THEN v_route.sides END, '');
  v_copies := coalesce(p_copies, CASE v_route.printer_id WHEN v_printer.id THEN v_route.copies END, 1);
  FOR v_document IN SELECT d.value FROM jsonb_array_elements(p_documents) WITH ORDINALITY d (value, place) ORDER BY d.place LOOP
    v_position := v_position + 1;
    INSERT INTO printing.job AS j
      (batch, position, kind, topic, record_id, title, content_id, printer_id, station_id, copies, tray, sides, pages, language,
       requested_by)
    VALUES
      (p_command, v_position, p_kind, left(coalesce(v_document ->> 'topic', ''), 80), (v_document ->> 'record_id')::bigint,
       left(coalesce(nullif(btrim(v_document ->> 'title'), ''), p_kind), 200),
       documents.store(p_contents[v_position], coalesce(v_document ->> 'mime', 'application/pdf')),
       v_printer.id, printing.station_of(p_station), v_copies, v_tray, v_sides, coalesce(p_pages, ''), p_language, sec.actor())
    RETURNING j.id INTO v_id;
    v_jobs := v_jobs || to_jsonb(v_id);
  END LOOP;
  RETURN api.command_end(p_command, jsonb_build_object(
    'jobs', v_jobs, 'printer_id', v_printer.id, 'printer', v_printer.name,
    'status', coalesce((SELECT s.status FROM printing.printer_status s WHERE s.printer_id = v_printer.id), 'unknown')));
END $$;
COMMENT ON FUNCTION api.print_request IS
  'Put documents into the queue, in their order: documents [{title, topic, record_id, mime}] with a content each. The route of the kind '
  'decides, unless printer, copies, tray or sides are given.';

CREATE OR REPLACE FUNCTION api.print_claim(p_station text, p_seconds int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_station bigint := printing.station_of(p_station);
  v_all boolean;
  v_job printing.job;
  v_id bigint;
BEGIN
  PERFORM sec.require('print_claim');
  IF v_station IS NULL THEN
    PERFORM sec.fail('ER404', 'print_station_unknown');
  END IF;
  v_all := sec.may('print_manage');
  PERFORM printing.lose_claims(NULL);
  FOR v_id IN
    WITH head AS (
      -- Printers in turn, each with the first job that waits for it: the ones behind wait until it is through.
      SELECT DISTINCT ON (j.printer_id) j.id, j.next_at
        FROM printing.job j JOIN printing.printer p ON p.id = j.printer_id
       WHERE j.state = 'waiting' AND p.is_active
         AND CASE WHEN p.station_id IS NULL THEN v_all OR j.login = session_user ELSE p.station_id = v_station END
         AND NOT EXISTS (SELECT FROM printing.job b WHERE b.printer_id = j.printer_id AND b.state = 'sending')
       ORDER BY j.printer_id, j.id)
    SELECT h.id FROM head h WHERE h.next_at <= statement_timestamp() ORDER BY h.id
  LOOP
    BEGIN
      UPDATE printing.job j
         SET state = 'sending', fence = j.fence + 1, attempts = j.attempts + 1, claimed_by = session_user, claimed_station_id = v_station,
             claim_until = statement_timestamp() + make_interval(secs => least(greatest(coalesce(p_seconds, 60), 5), 600)),
             began_at = NULL, remote = ''
       WHERE j.id = (SELECT w.id FROM printing.job w WHERE w.id = v_id AND w.state = 'waiting' FOR UPDATE SKIP LOCKED)
      RETURNING j.* INTO v_job;
      IF v_job.id IS NOT NULL THEN
        RETURN printing.claimed(v_job);
      END IF;
    EXCEPTION WHEN unique_violation THEN
      NULL;  -- somebody else has just begun with this printer
    END;
  END LOOP;
  RETURN (
    SELECT jsonb_build_object('job', NULL, 'next_at', min(j.next_at), 'waiting', count(*))
      FROM printing.job j JOIN printing.printer p ON p.id = j.printer_id
     WHERE j.state = 'waiting' AND p.is_active
       AND CASE WHEN p.station_id IS NULL THEN v_all OR j.login = session_user ELSE p.station_id = v_station END);
END $$;
COMMENT ON FUNCTION api.print_claim IS
  'The next job this client may send, for some seconds: what was asked for with this login, what goes to printers of this work place, all '
  'with print_manage; one at a time for a printer. Without one: how many it may send wait, and until when.';

CREATE OR REPLACE FUNCTION printing.claimed(p_job printing.job) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'job', jsonb_build_object(
      'id', p_job.id, 'fence', p_job.fence, 'title', p_job.title, 'kind', p_job.kind, 'copies', p_job.copies, 'tray', p_job.tray,
      'sides', p_job.sides, 'pages', p_job.pages, 'language', p_job.language, 'is_copy', p_job.is_copy, 'attempts', p_job.attempts,
      'mime', (SELECT c.mime FROM documents.content c WHERE c.id = p_job.content_id),
      'person', sec.person_of(p_job.requested_by), 'own', p_job.login = session_user),
    'printer', printing.printer_json(p.*))
    FROM printing.printer p WHERE p.id = p_job.printer_id
$$;
COMMENT ON FUNCTION printing.claimed IS 'What a client needs to send a job, but for the content.';

CREATE OR REPLACE FUNCTION printing.printer_json(p_printer printing.printer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', p_printer.id, 'name', p_printer.name, 'kind', p_printer.kind, 'address', p_printer.address, 'language', p_printer.language,
    'dpi', p_printer.dpi, 'username', p_printer.username, 'ca', p_printer.ca,
    'capabilities', coalesce((SELECT s.capabilities FROM printing.printer_status s WHERE s.printer_id = p_printer.id), '{}'))
$$;
COMMENT ON FUNCTION printing.printer_json IS 'How a printer is reached.';

CREATE OR REPLACE FUNCTION api.print_content(p_job bigint, p_fence int) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bytes bytea;
BEGIN
  PERFORM sec.require('print_content');
  SELECT c.bytes INTO v_bytes FROM printing.job j JOIN documents.content c ON c.id = j.content_id
   WHERE j.id = p_job
     AND (j.requested_by = session_user
          OR (j.state = 'sending' AND j.fence = p_fence AND j.claimed_by = session_user));
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'print_job_gone', jsonb_build_object('id', p_job));
  END IF;
  RETURN v_bytes;
END $$;
COMMENT ON FUNCTION api.print_content IS
  'What a job prints: for the person who asked for it, and for the client that holds its claim; a device has nothing but that.';

CREATE OR REPLACE FUNCTION api.print_progress(
  p_job bigint, p_fence int, p_state text, p_remote text DEFAULT '', p_reason text DEFAULT '', p_detail text DEFAULT '')
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_job printing.job;
BEGIN
  PERFORM sec.require('print_progress');
  SELECT j.* INTO v_job FROM printing.job j WHERE j.id = p_job FOR UPDATE;
  IF NOT FOUND OR v_job.claimed_by <> session_user OR v_job.fence <> p_fence OR v_job.state NOT IN ('sending', 'sent') THEN
    RETURN false;
  ELSIF p_state = 'began' AND v_job.state = 'sending' THEN
    UPDATE printing.job j SET began_at = statement_timestamp(), remote = left(coalesce(p_remote, ''), 60),
      claim_until = statement_timestamp() + interval '10 minutes' WHERE j.id = p_job;
  ELSIF p_state IN ('sent', 'done', 'failed', 'unclear') THEN
    UPDATE printing.job j SET state = p_state, claim_until = NULL, reason = left(coalesce(p_reason, ''), 60),
      detail = left(coalesce(p_detail, ''), 300), remote = coalesce(nullif(left(p_remote, 60), ''), j.remote),
      ended_at = CASE WHEN p_state = 'sent' THEN NULL ELSE statement_timestamp() END
     WHERE j.id = p_job;
  ELSIF p_state = 'waiting' AND v_job.state = 'sending' AND v_job.began_at IS NULL THEN
    -- Again in 2, 4, 8 … seconds, at most five minutes.
    UPDATE printing.job j SET state = 'waiting', claim_until = NULL, reason = left(coalesce(p_reason, ''), 60),
      detail = left(coalesce(p_detail, ''), 300),
      next_at = system.next_try(v_job.attempts, 2, 300)
     WHERE j.id = p_job;
  ELSE
    PERFORM sec.fail('ER422', 'print_job_state', jsonb_build_object('state', v_job.state));
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION api.print_progress IS
  'Who holds a job''s claim says what becomes of it: began (before the first byte), sent, done, failed, unclear, or waiting (nothing left, try '
  'later). False: the claim is somebody else''s by now.';

CREATE OR REPLACE FUNCTION printing.act(p_command uuid, p_ids bigint[], p_action text, p_printer_id bigint, p_all boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_job printing.job;
  v_id bigint;
  v_done jsonb := '[]';
  v_left int := 0;
  v_actor text := sec.actor();
  v_open boolean;
BEGIN
  IF coalesce(p_action, '') NOT IN ('hold', 'release', 'cancel', 'redirect', 'again') OR coalesce(cardinality(p_ids), 0) NOT BETWEEN 1 AND 1000 THEN
    PERFORM sec.fail('ER422', 'print_action');
  ELSIF p_printer_id IS NOT NULL AND NOT EXISTS (SELECT FROM printing.printer p WHERE p.id = p_printer_id AND p.is_active)
        OR (p_action = 'redirect' AND p_printer_id IS NULL) THEN
    PERFORM sec.fail('ER422', 'print_no_printer');
  END IF;
  FOR v_job IN
    SELECT j.* FROM printing.job j
     WHERE j.id = ANY (p_ids)
       -- What a colleague asked for at this terminal can be kept from paper or sent elsewhere, but not be had once more.
       AND (p_all OR j.requested_by = session_user
            OR (j.login = session_user
                AND (j.requested_by = v_actor OR p_action <> 'again'
                     AND (p_action <> 'redirect' OR j.state IN ('waiting', 'held') OR j.state = 'sending' AND j.began_at IS NULL))))
     ORDER BY j.id FOR UPDATE
  LOOP
    v_id := NULL;
    -- Whoever is just trying has sent nothing yet, and is told that the job is not his any more before he does.
    v_open := v_job.state IN ('waiting', 'held') OR (v_job.state = 'sending' AND v_job.began_at IS NULL);
    IF p_action = 'hold' THEN
      UPDATE printing.job j SET state = 'held', claim_until = NULL WHERE j.id = v_job.id AND v_open AND j.state <> 'held' RETURNING j.id INTO v_id;
    ELSIF p_action = 'release' THEN
      -- What waits for its next try is tried now.
      UPDATE printing.job j SET state = 'waiting', next_at = statement_timestamp(), attempts = 0
       WHERE j.id = v_job.id AND j.state IN ('held', 'waiting') RETURNING j.id INTO v_id;
    ELSIF p_action = 'cancel' THEN
      UPDATE printing.job j SET state = 'cancelled', claim_until = NULL, ended_at = statement_timestamp()
       WHERE j.id = v_job.id AND (v_open OR j.state IN ('unclear', 'failed')) RETURNING j.id INTO v_id;
    ELSIF p_action = 'redirect' AND v_open THEN
      UPDATE printing.job j SET printer_id = p_printer_id, tray = '', reason = '', detail = '', attempts = 0, next_at = statement_timestamp(),
        state = CASE j.state WHEN 'held' THEN 'held' ELSE 'waiting' END, claim_until = NULL
       WHERE j.id = v_job.id RETURNING j.id INTO v_id;
    ELSIF p_action IN ('again', 'redirect') AND v_job.state IN ('sent', 'done', 'failed', 'unclear', 'cancelled') THEN
      INSERT INTO printing.job AS j
        (batch, position, kind, topic, record_id, title, content_id, printer_id, station_id, copies, tray, sides, pages, language,
         is_copy, copy_of, requested_by)
      VALUES
        (p_command, jsonb_array_length(v_done) + 1, v_job.kind, v_job.topic, v_job.record_id, v_job.title, v_job.content_id,
         coalesce(p_printer_id, v_job.printer_id), v_job.station_id, v_job.copies,
         CASE WHEN coalesce(p_printer_id, v_job.printer_id) = v_job.printer_id THEN v_job.tray ELSE '' END, v_job.sides, v_job.pages,
         v_job.language, v_job.is_copy OR v_job.began_at IS NOT NULL, v_job.id, v_actor)
      RETURNING j.id INTO v_id;
      IF v_job.state IN ('failed', 'unclear') THEN
        UPDATE printing.job j SET state = 'cancelled', ended_at = statement_timestamp() WHERE j.id = v_job.id;
      END IF;
    END IF;
    IF v_id IS NULL THEN
      v_left := v_left + 1;
    ELSE
      v_done := v_done || to_jsonb(v_id);
    END IF;
  END LOOP;
  IF v_done = '[]' THEN
    PERFORM sec.fail('ER422', 'print_nothing_to_do');
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('jobs', v_done, 'left', v_left));
END $$;
COMMENT ON FUNCTION printing.act IS
  'Hold, release, cancel, redirect jobs, or print them again: as a copy when their sending had begun once.';

CREATE OR REPLACE FUNCTION api.print_act(p_command uuid, p_ids bigint[], p_action text, p_printer_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
BEGIN
  PERFORM sec.require('print_act');
  v_replay := api.command_begin(p_command, 'print_act',
    jsonb_build_object('ids', to_jsonb(p_ids), 'action', p_action, 'printer_id', p_printer_id));
  RETURN coalesce(v_replay, printing.act(p_command, p_ids, p_action, p_printer_id, false));
END $$;
COMMENT ON FUNCTION api.print_act IS
  'Hold, release, cancel, redirect one''s own jobs, or print them again; at a terminal hold, release, cancel, redirect all that wait there.';

CREATE OR REPLACE FUNCTION api.print_manage(p_command uuid, p_ids bigint[], p_action text, p_printer_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
BEGIN
  PERFORM sec.require('print_manage');
  v_replay := api.command_begin(p_command, 'print_manage',
    jsonb_build_object('ids', to_jsonb(p_ids), 'action', p_action, 'printer_id', p_printer_id));
  RETURN coalesce(v_replay, printing.act(p_command, p_ids, p_action, p_printer_id, true));
END $$;
COMMENT ON FUNCTION api.print_manage IS 'Hold, release, cancel, redirect everybody''s jobs, or print them again.';

CREATE OR REPLACE FUNCTION api.printer_status(p_printer_id bigint, p_status text, p_reasons text, p_capabilities jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_changed boolean;
BEGIN
  PERFORM sec.require('printer_status');
  IF NOT EXISTS (SELECT FROM printing.printer p WHERE p.id = p_printer_id) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'printing.printer', 'id', p_printer_id));
  ELSIF octet_length(p_capabilities::text) > 20000 THEN
    PERFORM sec.fail('ER422', 'printer_capabilities');
  ELSIF left(session_user, 2) = 't_' AND NOT EXISTS (
    SELECT FROM printing.job j WHERE j.printer_id = p_printer_id AND j.state = 'sending' AND j.claimed_by = session_user) THEN
    -- Needs nobody signed on: a device that was stolen must not be able to talk the house's printers out of service.
    PERFORM sec.fail('ER404', 'print_job_gone', jsonb_build_object('id', NULL));
  END IF;
  INSERT INTO printing.printer_status AS s (printer_id, status, reasons, capabilities)
  VALUES (p_printer_id, coalesce(p_status, 'unknown'), left(coalesce(p_reasons, ''), 500), coalesce(p_capabilities, '{}'))
  ON CONFLICT (printer_id) DO UPDATE
    SET status = excluded.status, reasons = excluded.reasons, capabilities = coalesce(p_capabilities, s.capabilities),
        checked_at = statement_timestamp()
  -- Only what is new is written and told.
  WHERE s.status <> excluded.status OR s.reasons <> excluded.reasons OR s.capabilities <> coalesce(p_capabilities, s.capabilities)
     OR s.checked_at < statement_timestamp() - interval '15 minutes'
  RETURNING true INTO v_changed;
  RETURN coalesce(v_changed, false);
END $$;
COMMENT ON FUNCTION api.printer_status IS
  'How a printer is, as a client found it; a terminal says it of the one it is sending to. Capabilities NULL: as before. True when that '
  'was new.';
