-- Records that were not taken over: repaired, tried again or let be by people; taken up by the leader.

CREATE OR REPLACE FUNCTION legacy.quarantine_check(p_state text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_state IS NULL OR p_state NOT IN ('open', 'retry', 'ignored') THEN
    PERFORM sec.fail('ER422', 'legacy_quarantine_state', jsonb_build_object('state', p_state));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION legacy.quarantine_follow(p_ids bigint[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE legacy.record r SET state = CASE q.state WHEN 'ignored' THEN 'ignored' ELSE 'quarantined' END
    FROM legacy.quarantine q
   WHERE q.id = ANY (p_ids) AND r.entity_id = q.entity_id AND r.source_key = q.source_key AND r.state IN ('quarantined', 'ignored')
     AND r.state <> CASE q.state WHEN 'ignored' THEN 'ignored' ELSE 'quarantined' END
$$;

CREATE OR REPLACE FUNCTION api.legacy_quarantine_set(p_command uuid, p_id bigint, p_row_version int, p_state text,
  p_repair jsonb DEFAULT NULL, p_comment text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_row legacy.quarantine;
BEGIN
  PERFORM sec.require('legacy_quarantine_set');
  PERFORM api.require_length('comment', p_comment, 500);
  PERFORM legacy.quarantine_check(p_state);
  v_replay := api.command_begin(p_command, 'legacy_quarantine_set', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'state', p_state, 'repair', p_repair, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_state = 'retry' THEN
    PERFORM legacy.require_reader('4d');
  END IF;
  SELECT q.* INTO v_row FROM legacy.quarantine q WHERE q.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'legacy.quarantine', 'id', p_id));
  ELSIF v_row.row_version <> p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('table', 'legacy.quarantine', 'id', p_id, 'row_version', v_row.row_version));
  ELSIF v_row.state = 'resolved' THEN
    PERFORM sec.fail('ER422', 'legacy_quarantine_resolved', jsonb_build_object('id', p_id));
  ELSIF jsonb_typeof(p_repair) NOT IN ('object', 'null') THEN
    PERFORM sec.fail('ER422', 'legacy_repair_form', jsonb_build_object('id', p_id));
  END IF;
  UPDATE legacy.quarantine q
     SET state = p_state, repair = nullif(nullif(p_repair, 'null'), '{}'), comment = nullif(btrim(p_comment), '')
   WHERE q.id = p_id RETURNING q.* INTO v_row;
  PERFORM legacy.quarantine_follow(ARRAY[p_id]);
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_row.row_version, 'state', v_row.state));
END $$;
COMMENT ON FUNCTION api.legacy_quarantine_set IS
  'Put a record right ({field: value}) and have it tried again (retry), let it be (ignored), or open it again.';

CREATE OR REPLACE FUNCTION api.legacy_quarantine_set_many(p_command uuid, p_ids bigint[], p_state text, p_comment text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_ids bigint[];
BEGIN
  PERFORM sec.require('legacy_quarantine_set_many');
  PERFORM api.require_length('comment', p_comment, 500);
  PERFORM legacy.quarantine_check(p_state);
  v_replay := api.command_begin(p_command, 'legacy_quarantine_set_many',
    jsonb_build_object('ids', p_ids, 'state', p_state, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_state = 'retry' THEN
    PERFORM legacy.require_reader('4d');
  END IF;
  WITH locked AS (
    SELECT q.id FROM legacy.quarantine q WHERE q.id = ANY (p_ids) AND q.state NOT IN ('resolved', p_state) ORDER BY q.id FOR UPDATE),
  put AS (
    UPDATE legacy.quarantine q SET state = p_state, comment = coalesce(nullif(btrim(p_comment), ''), q.comment)
      FROM locked l WHERE q.id = l.id RETURNING q.id)
  SELECT coalesce(array_agg(p.id ORDER BY p.id), '{}') INTO v_ids FROM put p;
  PERFORM legacy.quarantine_follow(v_ids);
  RETURN api.command_end(p_command, jsonb_build_object('count', cardinality(v_ids)));
END $$;
COMMENT ON FUNCTION api.legacy_quarantine_set_many IS 'Have many records tried again, or let them be: {count} of those whose state changed.';

CREATE OR REPLACE FUNCTION api.legacy_quarantine_take(p_token bigint, p_limit int DEFAULT 500, p_entities text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_quarantine_take');
  PERFORM legacy.fence(p_token);
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
             'id', x.id, 'entity', x.code, 'k', x.source_key, 'raw', x.raw, 'repair', x.repair, 'findings', x.findings,
             'attempts', x.attempts) ORDER BY x.position, x.id), '[]')
      FROM (SELECT q.id, e.code, e.position, q.source_key, q.raw, q.repair, q.findings, q.attempts
              FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id
             WHERE q.state = 'retry' AND (p_entities IS NULL OR e.code = ANY (p_entities))
             ORDER BY e.position, q.id LIMIT least(greatest(p_limit, 1), 5000)) x);
END $$;
COMMENT ON FUNCTION api.legacy_quarantine_take IS
  'Records to be tried again: [{id, entity, k, raw, repair, findings, attempts}], in the order of the entities. They stay so until '
  'they are applied or put into quarantine once more.';
