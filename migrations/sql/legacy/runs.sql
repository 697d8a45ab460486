-- Runs: wanted by people or by the schedule, worked off by the leader, taken up again by the next one.

CREATE OR REPLACE FUNCTION api.legacy_entities_set(p_token bigint, p_entities jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_entities_set');
  PERFORM legacy.fence(p_token);
  INSERT INTO legacy.entity AS e (code, parent, module, source, position, title, mapping_hash, is_enabled)
  SELECT g.code, g.parent, g.module, g.source, coalesce(g.position, 0), coalesce(g.title, '{}'), g.mapping_hash, coalesce(g.is_enabled, true)
    FROM jsonb_to_recordset(p_entities) AS g (
           code text, parent text, module text, source text, position int, title jsonb, mapping_hash text, is_enabled boolean)
  ON CONFLICT (code) DO UPDATE
    SET parent = excluded.parent, module = excluded.module, source = excluded.source, position = excluded.position,
        title = excluded.title, mapping_hash = excluded.mapping_hash, is_enabled = excluded.is_enabled
    WHERE (e.parent, e.module, e.source, e.position, e.title, e.mapping_hash, e.is_enabled)
          IS DISTINCT FROM (excluded.parent, excluded.module, excluded.source, excluded.position, excluded.title,
                            excluded.mapping_hash, excluded.is_enabled);
  UPDATE legacy.entity e SET is_enabled = false
   WHERE e.is_enabled AND NOT EXISTS (SELECT FROM jsonb_array_elements(p_entities) g WHERE g ->> 'code' = e.code);
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'id', e.id, 'code', e.code, 'parent', e.parent, 'module', e.module, 'mapping_hash', e.mapping_hash,
                   'mode', (SELECT m.mode FROM legacy.module m WHERE m.code = e.module), 'changed_since', e.changed_since,
                   'last_full_at', e.last_full_at, 'last_incremental_at', e.last_incremental_at, 'last_sweep_at', e.last_sweep_at,
                   'source_count', e.source_count) ORDER BY e.position, e.code), '[]')
            FROM legacy.entity e WHERE e.is_enabled);
END $$;
COMMENT ON FUNCTION api.legacy_entities_set IS
  'What the mapping files say: [{code, parent, module, source, position, title, mapping_hash}]; entities without a file are switched '
  'off. Answers the enabled ones with how far each has been read.';

CREATE OR REPLACE FUNCTION legacy.run_json(p_run legacy.run) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', p_run.id, 'mode', p_run.mode, 'state', p_run.state, 'entities', coalesce(to_jsonb(p_run.entities), '[]'), 'options', p_run.options,
    'requested_by', p_run.requested_by, 'requested_at', p_run.requested_at, 'started_at', p_run.started_at,
    'finished_at', p_run.finished_at, 'leader', p_run.leader, 'cancel_requested', p_run.cancel_requested, 'error', p_run.error,
    'parts', (SELECT coalesce(jsonb_agg(to_jsonb(p) - 'run_id' ORDER BY p.position, p.id), '[]')
                FROM legacy.run_entity p WHERE p.run_id = p_run.id))
$$;

CREATE OR REPLACE FUNCTION legacy.check_run(p_mode text, p_entities text[]) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_unknown text;
BEGIN
  IF p_mode IS NULL OR p_mode NOT IN ('full', 'incremental', 'sweep', 'retry', 'reconcile', 'images') THEN
    PERFORM sec.fail('ER422', 'legacy_run_mode', jsonb_build_object('mode', p_mode));
  END IF;
  SELECT x INTO v_unknown FROM unnest(p_entities) x WHERE NOT EXISTS (SELECT FROM legacy.entity e WHERE e.code = x) LIMIT 1;
  -- Before the first run nobody has told of any entity yet.
  IF FOUND AND EXISTS (SELECT FROM legacy.entity) THEN
    PERFORM sec.fail('ER404', 'legacy_entity_unknown', jsonb_build_object('entity', v_unknown));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION api.legacy_run_request(p_command uuid, p_mode text, p_entities text[] DEFAULT NULL, p_options jsonb DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_id bigint;
  v_entities text[] := nullif(p_entities, '{}');
  v_options jsonb := coalesce(p_options, '{}');
BEGIN
  PERFORM sec.require('legacy_run_request');
  v_replay := api.command_begin(p_command, 'legacy_run_request',
    jsonb_build_object('mode', p_mode, 'entities', v_entities, 'options', v_options));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM legacy.check_run(p_mode, v_entities);
  PERFORM legacy.require_reader(CASE p_mode WHEN 'images' THEN 'images' ELSE '4d' END);
  PERFORM legacy.expire_requests();
  -- What already waits is not asked for twice.
  SELECT r.id INTO v_id FROM legacy.run r
   WHERE r.state = 'waiting' AND r.mode = p_mode AND r.entities IS NOT DISTINCT FROM v_entities AND r.options = v_options;
  IF v_id IS NULL THEN
    INSERT INTO legacy.run (mode, entities, options) VALUES (p_mode, v_entities, v_options) RETURNING id INTO v_id;
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_id));
END $$;
COMMENT ON FUNCTION api.legacy_run_request IS
  'Ask the leader for a run: full, incremental, sweep, retry, reconcile or images; of some entities or all; options {limit, since, dry_run}. '
  'Refused where nobody could do it; ends by itself when it was not begun in some hours.';

CREATE OR REPLACE FUNCTION api.legacy_run_cancel(p_command uuid, p_run_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_state text;
BEGIN
  PERFORM sec.require('legacy_run_cancel');
  v_replay := api.command_begin(p_command, 'legacy_run_cancel', jsonb_build_object('id', p_run_id));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  SELECT r.state INTO v_state FROM legacy.run r WHERE r.id = p_run_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'legacy.run', 'id', p_run_id));
  ELSIF v_state IN ('waiting', 'interrupted') THEN
    UPDATE legacy.run r SET state = 'cancelled', cancel_requested = true, finished_at = statement_timestamp() WHERE r.id = p_run_id;
    v_state := 'cancelled';
  ELSIF v_state = 'running' THEN
    UPDATE legacy.run r SET cancel_requested = true WHERE r.id = p_run_id;
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_run_id, 'state', v_state));
END $$;
COMMENT ON FUNCTION api.legacy_run_cancel IS 'Stop a run: one that waits at once, one that runs at the end of its page, or of its pause.';

CREATE OR REPLACE FUNCTION api.legacy_run_next(p_token bigint, p_auto jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_run legacy.run;
  v_resumed boolean := false;
  v_leader text;
BEGIN
  PERFORM sec.require('legacy_run_next');
  PERFORM legacy.fence(p_token);
  SELECT concat_ws(' · ', nullif(l.holder, ''), nullif(l.client, '')) INTO v_leader FROM legacy.lease l WHERE l.name = 'sync';
  -- Whoever led before is gone, or has come back to this without ending its run: taken up where the last page ended.
  UPDATE legacy.run r SET state = CASE WHEN r.cancel_requested THEN 'cancelled' ELSE 'interrupted' END,
         finished_at = CASE WHEN r.cancel_requested THEN statement_timestamp() END
   WHERE r.state = 'running';
  PERFORM legacy.expire_requests();
  SELECT r.* INTO v_run FROM legacy.run r WHERE r.state IN ('interrupted', 'waiting')
   ORDER BY r.state = 'waiting', r.id LIMIT 1 FOR UPDATE;
  IF FOUND THEN
    v_resumed := v_run.state = 'interrupted';
  ELSIF p_auto IS NOT NULL THEN
    PERFORM legacy.check_run(p_auto ->> 'mode', NULL);
    INSERT INTO legacy.run AS r (mode, entities, options)
    VALUES (p_auto ->> 'mode',
            CASE WHEN jsonb_typeof(p_auto -> 'entities') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(p_auto -> 'entities')) END,
            coalesce(p_auto -> 'options', '{}') || '{"scheduled": true}')
    RETURNING r.* INTO v_run;
  ELSE
    RETURN NULL;
  END IF;
  UPDATE legacy.run r
     SET state = 'running', started_at = coalesce(r.started_at, statement_timestamp()), leader = v_leader, token = p_token
   WHERE r.id = v_run.id RETURNING r.* INTO v_run;
  RETURN legacy.run_json(v_run) || jsonb_build_object('resumed', v_resumed, 'now', clock_timestamp());
END $$;
COMMENT ON FUNCTION api.legacy_run_next IS
  'The run to work on now: an interrupted one, else the oldest that waits, else the one the schedule wants (p_auto: {mode, '
  'entities, options}); NULL when there is none.';

CREATE OR REPLACE FUNCTION api.legacy_run_entity_begin(p_token bigint, p_run_id bigint, p_entity text, p_total bigint DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_part legacy.run_entity;
BEGIN
  PERFORM sec.require('legacy_run_entity_begin');
  PERFORM legacy.fence(p_token);
  IF NOT EXISTS (SELECT FROM legacy.run r WHERE r.id = p_run_id AND r.state = 'running' AND r.token = p_token) THEN
    PERFORM sec.fail('ER422', 'legacy_run_not_running', jsonb_build_object('id', p_run_id));
  END IF;
  INSERT INTO legacy.run_entity AS p (run_id, entity, total, position)
  VALUES (p_run_id, p_entity, p_total, (SELECT coalesce(max(x.position), 0) + 1 FROM legacy.run_entity x WHERE x.run_id = p_run_id))
  ON CONFLICT (run_id, entity) DO UPDATE
    SET total = coalesce(excluded.total, p.total),
        state = CASE WHEN p.state IN ('waiting', 'interrupted') THEN 'running' ELSE p.state END
  RETURNING p.* INTO v_part;
  RETURN to_jsonb(v_part) || jsonb_build_object('run_entity_id', v_part.id);
END $$;
COMMENT ON FUNCTION api.legacy_run_entity_begin IS
  'Begin or go on with an entity of the run: {run_entity_id, cursor, state, total, the counts}; a part that is through says so by its state.';

CREATE OR REPLACE FUNCTION legacy.link_up(p_entity text) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  v_pair record;
  v_linked int;
  v_n int := 0;
BEGIN
  -- References that could stay empty, and whose record has come.
  FOR v_pair IN
    SELECT DISTINCT g.entity_id, g.target_table, g.column_name
      FROM legacy.dangling g
      JOIN legacy.entity e ON e.code = g.wanted_entity
      JOIN legacy.record t ON t.entity_id = e.id AND t.source_key = g.wanted_key AND t.target_id IS NOT NULL
     WHERE p_entity IS NULL OR g.wanted_entity = p_entity
     ORDER BY 1, 2, 3
  LOOP
    IF v_pair.column_name <> ALL (legacy.columns_of(v_pair.target_table))
       OR legacy.mode_for((SELECT e.module FROM legacy.entity e WHERE e.id = v_pair.entity_id), v_pair.target_table) = 'werkbank' THEN
      CONTINUE;
    END IF;
    EXECUTE format(
      'WITH wanted AS MATERIALIZED (
         SELECT g.id AS dangling, r.id AS record, r.target_id AS row, t.target_id AS value
           FROM legacy.dangling g
           JOIN legacy.record r ON r.entity_id = g.entity_id AND r.source_key = g.source_key
           JOIN legacy.entity e ON e.code = g.wanted_entity
           JOIN legacy.record t ON t.entity_id = e.id AND t.source_key = g.wanted_key AND t.target_id IS NOT NULL
          WHERE g.entity_id = $1 AND g.target_table = $2 AND g.column_name = $3),
       w AS (UPDATE %1$s x SET %2$I = n.value FROM wanted n WHERE x.id = n.row AND x.%2$I IS NULL),
       a AS (UPDATE legacy.record r SET applied = r.applied || jsonb_build_object($3, n.value)
               FROM wanted n WHERE r.id = n.record AND r.applied IS NOT NULL)
       DELETE FROM legacy.dangling g USING wanted n WHERE g.id = n.dangling', v_pair.target_table, v_pair.column_name)
      USING v_pair.entity_id, v_pair.target_table, v_pair.column_name;
    GET DIAGNOSTICS v_linked = ROW_COUNT;
    v_n := v_n + v_linked;
  END LOOP;
  -- And what lies in quarantine for want of a record that is there now is tried again.
  UPDATE legacy.quarantine q SET state = 'retry'
   WHERE q.state = 'open' AND EXISTS (
     SELECT FROM (SELECT j -> 'params' ->> 'entity' AS entity, j -> 'params' ->> 'key' AS wanted
                    FROM jsonb_array_elements(q.findings) j
                   WHERE j ->> 'code' IN ('legacy_reference_missing', 'reference') OFFSET 0) f
       JOIN legacy.entity e ON e.code = f.entity
       JOIN legacy.record t ON t.entity_id = e.id AND t.source_key = f.wanted AND t.target_id IS NOT NULL
      WHERE p_entity IS NULL OR e.code = p_entity);
  RETURN v_n;
END $$;
COMMENT ON FUNCTION legacy.link_up IS 'Fill in references whose record has come meanwhile, and let records that waited for one be tried again.';

CREATE OR REPLACE FUNCTION api.legacy_run_entity_end(
  p_token bigint, p_run_entity_id bigint, p_state text, p_marks jsonb DEFAULT NULL, p_error jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_part legacy.run_entity;
  v_linked int;
BEGIN
  PERFORM sec.require('legacy_run_entity_end');
  PERFORM legacy.fence(p_token);
  v_part := legacy.page_open(p_token, p_run_entity_id);
  UPDATE legacy.run_entity p SET state = p_state, error = p_error, finished_at = clock_timestamp() WHERE p.id = p_run_entity_id
  RETURNING p.* INTO v_part;
  UPDATE legacy.entity e
     SET changed_since = coalesce((p_marks ->> 'changed_since')::date, e.changed_since),
         source_count = coalesce((p_marks ->> 'source_count')::bigint, e.source_count),
         last_full_at = CASE WHEN (p_marks ->> 'full')::boolean THEN clock_timestamp() ELSE e.last_full_at END,
         last_incremental_at = CASE WHEN (p_marks ->> 'incremental')::boolean THEN clock_timestamp() ELSE e.last_incremental_at END,
         last_sweep_at = CASE WHEN (p_marks ->> 'sweep')::boolean THEN clock_timestamp() ELSE e.last_sweep_at END
   WHERE e.code = v_part.entity AND p_marks IS NOT NULL AND p_marks <> '{}';
  UPDATE legacy.entity e
     SET record_count = c.records, placeholder_count = c.placeholders, gone_count = c.gone
    FROM (SELECT x.id, count(r.id) FILTER (WHERE r.state IN ('applied', 'placeholder', 'linked')) AS records,
                 count(r.id) FILTER (WHERE r.state = 'placeholder') AS placeholders, count(r.id) FILTER (WHERE r.state = 'gone') AS gone
            FROM legacy.entity x LEFT JOIN legacy.record r ON r.entity_id = x.id
           WHERE v_part.entity IN (x.code, x.parent) GROUP BY x.id) c
   WHERE c.id = e.id AND e.code <> 'picture' AND (e.record_count, e.placeholder_count, e.gone_count) <> (c.records, c.placeholders, c.gone);
  -- Pictures are no records of the mapping; they are counted where they are.
  UPDATE legacy.entity e SET record_count = c.here, gone_count = c.gone
    FROM (SELECT count(*) FILTER (WHERE p.state = 'here') AS here, count(*) FILTER (WHERE p.state = 'gone') AS gone
            FROM catalog.picture p) c
   WHERE v_part.entity = 'picture' AND e.code = 'picture' AND (e.record_count, e.gone_count) <> (c.here, c.gone);
  v_linked := legacy.link_up(v_part.entity);
  RETURN to_jsonb(v_part) || jsonb_build_object('run_entity_id', v_part.id, 'linked', v_linked);
END $$;
COMMENT ON FUNCTION api.legacy_run_entity_end IS
  'End an entity of the run; p_marks {changed_since, full, incremental, sweep, source_count} say how far it has been read. References '
  'that waited for it are filled in.';

CREATE OR REPLACE FUNCTION api.legacy_run_end(p_token bigint, p_run_id bigint, p_state text, p_error jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_run legacy.run;
BEGIN
  PERFORM sec.require('legacy_run_end');
  PERFORM legacy.fence(p_token);
  -- Interrupted after somebody has stopped it: nobody goes on with it.
  UPDATE legacy.run r SET state = CASE WHEN p_state = 'interrupted' AND r.cancel_requested THEN 'cancelled' ELSE p_state END,
         error = p_error, finished_at = clock_timestamp()
   WHERE r.id = p_run_id AND r.state = 'running' AND r.token = p_token RETURNING r.* INTO v_run;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'legacy_run_not_running', jsonb_build_object('id', p_run_id));
  END IF;
  UPDATE legacy.run_entity p SET state = CASE WHEN p_state = 'failed' THEN 'failed' ELSE 'cancelled' END, finished_at = clock_timestamp()
   WHERE p.run_id = p_run_id AND p.state IN ('running', 'waiting') AND v_run.state IN ('failed', 'cancelled');
  PERFORM legacy.warnings_count();
  PERFORM legacy.tidy_runs();
  RETURN legacy.run_json(v_run);
END $$;
COMMENT ON FUNCTION api.legacy_run_end IS 'End a run: done, warnings, failed, cancelled or interrupted (then the next leader goes on with it).';

CREATE OR REPLACE FUNCTION legacy.tidy_runs() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The schedule makes hundreds a day. One that found nothing is not worth a week, any other not worth a year; what a
  -- reconciliation was made by stays.
  DELETE FROM legacy.run r
   WHERE r.id IN (
     SELECT x.id FROM legacy.run x
      WHERE x.state IN ('done', 'warnings', 'failed', 'cancelled')
        AND (x.finished_at < statement_timestamp() - interval '1 year'
             OR x.finished_at < statement_timestamp() - interval '7 days' AND x.options ? 'scheduled' AND x.state = 'done'
                AND NOT EXISTS (SELECT FROM legacy.run_entity p WHERE p.run_id = x.id
                                   AND p.created_count + p.changed_count + p.quarantined_count + p.gone_count + p.warning_count > 0))
        AND NOT EXISTS (SELECT FROM legacy.reconciliation c WHERE c.run_id = x.id)
      ORDER BY x.id LIMIT 500);
  -- What was put right long ago is in the trail.
  DELETE FROM legacy.quarantine q
   WHERE q.id IN (SELECT x.id FROM legacy.quarantine x
                   WHERE x.state = 'resolved' AND x.updated_at < statement_timestamp() - interval '1 year' ORDER BY x.id LIMIT 500);
END $$;
COMMENT ON FUNCTION legacy.tidy_runs IS 'Forget runs and settled quarantine that nobody needs any more, some at a time.';
