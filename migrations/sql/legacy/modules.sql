-- Who leads in a part of the house, and the comparison with the old system that lets Werkbank lead.

CREATE OR REPLACE FUNCTION legacy.last_change(p_module text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT max(e.last_change_at) FROM legacy.entity e WHERE p_module IN (e.module, legacy.home_of(e.target_table))
$$;

CREATE OR REPLACE FUNCTION legacy.read_anew(p_module text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A record that did not change in the source is passed over; what was changed here meanwhile would stay as it is.
  UPDATE legacy.record r SET hash = ''
    FROM legacy.entity e
   WHERE e.id = r.entity_id AND p_module IN (e.module, legacy.home_of(e.target_table)) AND legacy.kept(e.target_table)
     AND r.state = 'applied' AND r.hash <> '';
  -- The schedule makes up for it with its next look.
  UPDATE legacy.entity e SET last_full_at = e.last_full_at - interval '1 day'
   WHERE p_module IN (e.module, legacy.home_of(e.target_table));
END $$;
COMMENT ON FUNCTION legacy.read_anew IS 'Has all records of a module taken once more as the old system has them, though they did not change there.';

CREATE OR REPLACE FUNCTION api.legacy_module_set(p_command uuid, p_code text, p_mode text, p_row_version int, p_comment text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_module legacy.module;
  v_signed legacy.reconciliation;
BEGIN
  PERFORM sec.require('legacy_module_set');
  PERFORM sec.require_confirmed();
  PERFORM api.require_length('comment', p_comment, 500);
  v_replay := api.command_begin(p_command, 'legacy_module_set', jsonb_build_object(
    'code', p_code, 'mode', p_mode, 'row_version', p_row_version, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  -- Waits for the page that is being written.
  SELECT m.* INTO v_module FROM legacy.module m WHERE m.code = p_code FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'legacy.module', 'id', p_code));
  ELSIF v_module.row_version <> p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('table', 'legacy.module', 'id', v_module.id, 'row_version', v_module.row_version));
  ELSIF p_mode IS NULL OR p_mode NOT IN ('legacy', 'parallel', 'werkbank') THEN
    PERFORM sec.fail('ER422', 'legacy_module_mode', jsonb_build_object('mode', p_mode));
  END IF;
  IF p_mode = 'werkbank' AND v_module.mode <> 'werkbank' AND p_code <> 'images' THEN
    SELECT c.* INTO v_signed FROM legacy.reconciliation c WHERE c.module = p_code ORDER BY c.id DESC LIMIT 1;
    IF NOT FOUND OR v_signed.state <> 'signed' THEN
      PERFORM sec.fail('ER422', 'legacy_module_not_signed', jsonb_build_object('module', p_code));
    ELSIF legacy.last_change(p_code) > v_signed.finished_at THEN
      PERFORM sec.fail('ER422', 'legacy_module_changed_since', jsonb_build_object(
        'module', p_code, 'reconciled', v_signed.finished_at, 'changed', legacy.last_change(p_code)));
    END IF;
  END IF;
  IF array_position(ARRAY['legacy', 'parallel', 'werkbank'], p_mode) < array_position(ARRAY['legacy', 'parallel', 'werkbank'], v_module.mode) THEN
    PERFORM legacy.read_anew(p_code);
  END IF;
  UPDATE legacy.module m
     SET mode = p_mode, comment = nullif(btrim(p_comment), ''),
         signed_off_at = CASE p_mode WHEN 'werkbank' THEN coalesce(v_signed.signed_off_at, m.signed_off_at) END,
         signed_off_by = CASE p_mode WHEN 'werkbank' THEN coalesce(v_signed.signed_off_by, m.signed_off_by) END
   WHERE m.id = v_module.id RETURNING m.* INTO v_module;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_module.id, 'code', p_code, 'mode', p_mode, 'row_version', v_module.row_version));
END $$;
COMMENT ON FUNCTION api.legacy_module_set IS
  'Who leads in a module: the old system, both (parallel), or Werkbank, which needs a signed comparison with nothing changed since. '
  'A step back has everything read once more. '
  'Needs confirmation.';

CREATE OR REPLACE FUNCTION legacy.differences(p_lines jsonb) RETURNS int
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  -- A value that differs stands in a line of its own and in that of its field, a record in one and in the count: once each.
  WITH l AS (
    SELECT x.entity, x.kind, x.subject, abs(x.difference) AS n
      FROM jsonb_to_recordset(p_lines) AS x (entity text, kind text, subject text, difference numeric, ok boolean)
     WHERE NOT coalesce(x.ok, false)),
  named AS (
    SELECT s.entity, CASE s.subject WHEN 'missing' THEN 'records' WHEN 'surplus' THEN 'records' WHEN 'row' THEN 'rows' ELSE s.subject END AS what,
           count(*) AS n
      FROM l s WHERE s.kind = 'sample' GROUP BY 1, 2),
  said AS (SELECT s.entity, s.subject AS what, greatest(s.n, 1) AS n FROM l s WHERE s.kind = 'field' OR s.kind = 'count' AND s.subject IN ('records', 'rows'))
  SELECT ((SELECT coalesce(sum(greatest(said.n, named.n)), 0) FROM said FULL JOIN named USING (entity, what))
          + (SELECT count(*) FROM l WHERE l.kind = 'sum' OR l.kind = 'count' AND l.subject NOT IN ('records', 'rows')))::int
$$;
COMMENT ON FUNCTION legacy.differences IS 'How many values, records and sums of a comparison differ.';

CREATE OR REPLACE FUNCTION api.legacy_reconciliation_store(p_token bigint, p_run_id bigint, p_module text, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
  v_differences int;
  v_started timestamptz;
BEGIN
  PERFORM sec.require('legacy_reconciliation_store');
  PERFORM legacy.fence(p_token);
  SELECT r.started_at INTO v_started FROM legacy.run r WHERE r.id = p_run_id AND r.state = 'running' AND r.token = p_token;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'legacy_run_not_running', jsonb_build_object('id', p_run_id));
  ELSIF jsonb_array_length(p_lines) = 0 THEN
    PERFORM sec.fail('ER422', 'legacy_reconciliation_empty', jsonb_build_object('module', p_module));
  END IF;
  v_differences := legacy.differences(p_lines);
  INSERT INTO legacy.reconciliation (run_id, module, state, differences, started_at)
  VALUES (p_run_id, p_module, CASE WHEN v_differences = 0 THEN 'clean' ELSE 'differences' END, v_differences, v_started)
  RETURNING id INTO v_id;
  INSERT INTO legacy.reconciliation_line (reconciliation_id, entity, kind, subject, legacy_value, werkbank_value, difference, source_key, ok)
  SELECT v_id, l.entity, l.kind, left(l.subject, 200), l.legacy_value, l.werkbank_value, l.difference, l.source_key, coalesce(l.ok, false)
    FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
           entity text, kind text, subject text, legacy_value text, werkbank_value text, difference numeric, source_key text, ok boolean))
         WITH ORDINALITY AS l (entity, kind, subject, legacy_value, werkbank_value, difference, source_key, ok, ord)
   ORDER BY l.ord;
  RETURN jsonb_build_object('id', v_id, 'differences', v_differences);
END $$;
COMMENT ON FUNCTION api.legacy_reconciliation_store IS
  'Keep a comparison of a module: lines [{entity, kind, subject, legacy_value, werkbank_value, difference, source_key, ok}]. '
  'Answers {id, differences}.';

CREATE OR REPLACE FUNCTION api.legacy_reconciliation_sign(p_command uuid, p_id bigint, p_row_version int, p_comment text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_row legacy.reconciliation;
BEGIN
  PERFORM sec.require('legacy_reconciliation_sign');
  PERFORM sec.require_confirmed();
  PERFORM api.require_length('comment', p_comment, 500);
  v_replay := api.command_begin(p_command, 'legacy_reconciliation_sign',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  SELECT c.* INTO v_row FROM legacy.reconciliation c WHERE c.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'legacy.reconciliation', 'id', p_id));
  ELSIF v_row.row_version <> p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('table', 'legacy.reconciliation', 'id', p_id, 'row_version', v_row.row_version));
  ELSIF v_row.state = 'signed' THEN
    PERFORM sec.fail('ER422', 'legacy_reconciliation_signed', jsonb_build_object('id', p_id));
  ELSIF EXISTS (SELECT FROM legacy.reconciliation c WHERE c.module = v_row.module AND c.id > p_id) THEN
    PERFORM sec.fail('ER422', 'legacy_reconciliation_newer', jsonb_build_object('id', p_id));
  ELSIF legacy.last_change(v_row.module) > v_row.finished_at THEN
    PERFORM sec.fail('ER422', 'legacy_module_changed_since', jsonb_build_object(
      'module', v_row.module, 'reconciled', v_row.finished_at, 'changed', legacy.last_change(v_row.module)));
  ELSIF v_row.differences > 0 AND btrim(coalesce(p_comment, '')) = '' THEN
    -- What differs is accepted by somebody who says why.
    PERFORM sec.fail('ER422', 'legacy_reconciliation_needs_comment', jsonb_build_object('differences', v_row.differences));
  END IF;
  UPDATE legacy.reconciliation c
     SET state = 'signed', signed_off_at = statement_timestamp(), signed_off_by = session_user, comment = nullif(btrim(p_comment), '')
   WHERE c.id = p_id RETURNING c.* INTO v_row;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_row.row_version, 'signed_off_by', v_row.signed_off_by));
END $$;
COMMENT ON FUNCTION api.legacy_reconciliation_sign IS
  'Sign the newest comparison of a module; differences need a comment that says why they are accepted. Needs confirmation.';
