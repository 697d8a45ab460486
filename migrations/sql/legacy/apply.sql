-- What the leader hands in, page by page. Each call is a transaction: rows, quarantine, counts and the place to go on from.

GRANT USAGE ON ALL SEQUENCES IN SCHEMA legacy, catalog, partners, engineering, production, purchasing TO erp_api;
GRANT USAGE ON SEQUENCE inventory.warehouse_id_seq, inventory.place_id_seq, inventory.box_type_id_seq, inventory.box_id_seq,
  inventory.box_slot_id_seq TO erp_api;

CREATE OR REPLACE FUNCTION legacy.page_open(p_token bigint, p_run_entity_id bigint) RETURNS legacy.run_entity
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_part legacy.run_entity;
BEGIN
  SELECT p.* INTO v_part FROM legacy.run_entity p JOIN legacy.run r ON r.id = p.run_id
   WHERE p.id = p_run_entity_id AND p.state = 'running' AND r.state = 'running' AND r.token = p_token FOR UPDATE OF p;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'legacy_run_not_running', jsonb_build_object('id', p_run_entity_id));
  END IF;
  RETURN v_part;
END $$;
COMMENT ON FUNCTION legacy.page_open IS 'The part of a run that this leader is working on, locked; refuses any other.';

CREATE OR REPLACE FUNCTION legacy.entity_for_writing(p_code text) RETURNS legacy.entity
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity legacy.entity;
BEGIN
  SELECT e.* INTO v_entity FROM legacy.entity e WHERE e.code = p_code;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'legacy_entity_unknown', jsonb_build_object('entity', p_code));
  END IF;
  RETURN v_entity;
END $$;

CREATE OR REPLACE FUNCTION legacy.mode_of(p_module text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Held to the commit: a module does not go over to Werkbank in the middle of a page.
  SELECT m.mode::text FROM legacy.module m WHERE m.code = p_module FOR SHARE
$$;

CREATE OR REPLACE FUNCTION legacy.mark_gone(p_entity legacy.entity, p_mode text, p_keys text[], p_action jsonb) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kind text := coalesce(p_action ->> 'kind', 'mark');
  v_records bigint[];
  v_targets bigint[];
  v_deleted bigint[] := '{}';
  v_left bigint[];
  v_kept bigint[];
  v_one bigint;
  v_bad text;
  v_gone int;
BEGIN
  IF p_mode = 'werkbank' THEN
    RETURN 0;
  ELSIF v_kind NOT IN ('mark', 'deactivate', 'delete') THEN
    PERFORM sec.fail('ER422', 'legacy_action_unknown', jsonb_build_object('kind', v_kind));
  END IF;
  SELECT array_agg(r.id), array_agg(r.target_id) FILTER (WHERE r.target_id IS NOT NULL AND r.state <> 'linked'
           AND (p_mode = 'legacy' OR r.protected IS NULL))
    INTO v_records, v_targets
    FROM legacy.record r WHERE r.entity_id = p_entity.id AND r.source_key = ANY (p_keys) AND r.state <> 'gone';
  IF v_records IS NULL THEN
    RETURN 0;
  END IF;
  -- A duplicate that is still there takes the row over, and is read once more for its own values.
  WITH gone AS MATERIALIZED (
    SELECT r.id, r.target_id, r.applied, r.protected FROM legacy.record r
     WHERE r.id = ANY (v_records) AND r.target_id IS NOT NULL AND r.state <> 'linked'),
  heir AS MATERIALIZED (
    SELECT h.id, g.id AS gone, g.target_id, g.applied, g.protected
      FROM gone g
     CROSS JOIN LATERAL (SELECT r.id FROM legacy.record r
                          WHERE r.target_id = g.target_id AND r.entity_id = p_entity.id AND r.state = 'linked' AND NOT r.id = ANY (v_records)
                          -- Not by the index of keys, which would be read to its end where there is no heir.
                          ORDER BY r.source_key || '' LIMIT 1) h),
  given AS (
    UPDATE legacy.record r SET state = 'applied', hash = NULL, applied = h.applied, protected = h.protected FROM heir h WHERE r.id = h.id)
  SELECT array_agg(h.gone), array_agg(h.target_id) INTO v_left, v_kept FROM heir h;
  IF v_left IS NOT NULL THEN
    v_targets := nullif(ARRAY(SELECT x FROM unnest(v_targets) x WHERE x <> ALL (v_kept)), '{}');
    UPDATE legacy.record r SET target_id = NULL, applied = NULL WHERE r.id = ANY (v_left);
  END IF;
  IF v_targets IS NOT NULL AND p_entity.target_table IS NOT NULL THEN
    IF v_kind = 'delete' THEN
      IF legacy.kept(p_entity.target_table) AND p_entity.target_table NOT IN (
           'catalog.price', 'catalog.product_text', 'catalog.product_cost', 'partners.address', 'partners.contact',
           'engineering.bom_line', 'production.mould_product', 'inventory.box_slot', 'purchasing.supplier_price') THEN
        PERFORM sec.fail('ER422', 'legacy_delete_refused', jsonb_build_object('table', p_entity.target_table));
      END IF;
      PERFORM legacy.columns_of(p_entity.target_table);
      BEGIN
        EXECUTE format('DELETE FROM %s t WHERE t.id = ANY ($1)', p_entity.target_table) USING v_targets;
        v_deleted := v_targets;
      EXCEPTION WHEN foreign_key_violation THEN
        FOREACH v_one IN ARRAY v_targets LOOP
          BEGIN
            EXECUTE format('DELETE FROM %s t WHERE t.id = $1', p_entity.target_table) USING v_one;
            v_deleted := v_deleted || v_one;
          EXCEPTION WHEN foreign_key_violation THEN
            NULL;  -- something in Werkbank stands on it: it stays, marked as gone
          END;
        END LOOP;
      END;
    ELSIF v_kind = 'deactivate' THEN
      SELECT k INTO v_bad FROM jsonb_object_keys(p_action -> 'set') k WHERE k <> ALL (legacy.columns_of(p_entity.target_table)) LIMIT 1;
      IF FOUND THEN
        PERFORM sec.fail('ER404', 'legacy_column_unknown', jsonb_build_object('table', p_entity.target_table, 'column', v_bad));
      END IF;
      EXECUTE format('UPDATE %1$s t SET %2$s FROM jsonb_populate_record(NULL::%1$s, $1) n WHERE t.id = ANY ($2) AND (%3$s)',
        p_entity.target_table,
        (SELECT string_agg(format('%1$I = n.%1$I', k), ', ') FROM jsonb_object_keys(p_action -> 'set') k),
        (SELECT string_agg(format('t.%1$I IS DISTINCT FROM n.%1$I', k), ' OR ') FROM jsonb_object_keys(p_action -> 'set') k))
        USING p_action -> 'set', v_targets;
      -- Not changed in Werkbank: when the record comes back, its own values do.
      UPDATE legacy.record r SET applied = r.applied || (p_action -> 'set')
       WHERE r.id = ANY (v_records) AND r.target_id = ANY (v_targets) AND r.applied IS NOT NULL;
    END IF;
  END IF;
  UPDATE legacy.record r
     SET state = 'gone', hash = NULL, changed_at = statement_timestamp(),
         target_id = CASE WHEN r.target_id = ANY (v_deleted) THEN NULL ELSE r.target_id END
   WHERE r.id = ANY (v_records);
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  DELETE FROM legacy.dangling g WHERE g.entity_id = p_entity.id AND g.source_key = ANY (p_keys);
  PERFORM legacy.warnings_drop(p_entity.id, p_keys);
  UPDATE legacy.quarantine q SET state = 'resolved'
   WHERE q.entity_id = p_entity.id AND q.source_key = ANY (p_keys) AND q.state IN ('open', 'retry');
  RETURN v_gone;
END $$;
COMMENT ON FUNCTION legacy.mark_gone IS
  'Records that the old system has no more: {kind: mark | deactivate | delete, set: {column: value}}. Returns how many.';

CREATE OR REPLACE FUNCTION legacy.apply_block(p_block jsonb, p_run bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity legacy.entity := legacy.entity_for_writing(p_block ->> 'entity');
  v_table text := p_block ->> 'table';
  v_mode text := legacy.mode_for(v_entity.module, v_table);
  v_rows jsonb := coalesce(p_block -> 'rows', '[]');
  v_answer jsonb;
  v_gone int := 0;
BEGIN
  PERFORM legacy.columns_of(v_table);
  IF v_mode = 'werkbank' THEN
    RETURN jsonb_build_object('entity', v_entity.code, 'mode', v_mode, 'created', 0, 'changed', 0, 'unchanged', 0,
                              'protected', jsonb_array_length(v_rows), 'refused', '[]'::jsonb, 'gone', 0);
  END IF;
  IF v_entity.target_table IS DISTINCT FROM v_table THEN
    IF EXISTS (SELECT FROM legacy.record r WHERE r.entity_id = v_entity.id AND r.target_id IS NOT NULL) THEN
      -- The rows its records became are numbers of the other table; here they would be somebody else's.
      PERFORM sec.fail('ER422', 'legacy_target_changed', jsonb_build_object(
        'entity', v_entity.code, 'before', v_entity.target_table, 'table', v_table));
    END IF;
    UPDATE legacy.entity e SET target_table = v_table WHERE e.id = v_entity.id;
    v_entity.target_table := v_table;
  END IF;
  v_answer := legacy.merge_safely(
    v_entity.id, v_table, ARRAY(SELECT jsonb_array_elements_text(coalesce(p_block -> 'match', '[]'))),
    coalesce(p_block -> 'rules', '{}'), v_mode, v_rows);
  IF v_entity.parent IS NULL THEN
    v_answer := v_answer || jsonb_build_object('warnings', legacy.warnings_put(v_entity, p_run, v_rows, v_answer -> 'refused'));
  END IF;
  IF p_block ? 'complete' THEN
    -- What an owner had and has no more, lines of a document for one.
    v_gone := legacy.mark_gone(v_entity, v_mode, ARRAY(
      SELECT r.source_key FROM legacy.record r
       WHERE r.entity_id = v_entity.id AND r.state <> 'gone'
         AND r.owner_key = ANY (ARRAY(SELECT jsonb_array_elements_text(p_block -> 'complete' -> 'owners')))
         AND r.source_key <> ALL (ARRAY(SELECT x ->> 'k' FROM jsonb_array_elements(v_rows) x))),
      p_block -> 'complete' -> 'action');
  END IF;
  IF (v_answer ->> 'created')::int + (v_answer ->> 'changed')::int + v_gone > 0 THEN
    UPDATE legacy.entity e SET last_change_at = clock_timestamp() WHERE e.id = v_entity.id;
    INSERT INTO legacy.feed AS f (table_name, pages) VALUES (v_table, 1)
    ON CONFLICT (table_name) DO UPDATE SET pages = f.pages + 1;
  END IF;
  RETURN jsonb_build_object('entity', v_entity.code, 'mode', v_mode, 'gone', v_gone) || v_answer;
END $$;
COMMENT ON FUNCTION legacy.apply_block IS 'One block of a page: rows for one table, under the rules of the module they belong to.';

CREATE OR REPLACE FUNCTION legacy.quarantine_put(p_entries jsonb) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_n int;
BEGIN
  WITH given AS (
    SELECT DISTINCT ON (e.id, g.k) e.id AS entity_id, g.k, g.o, g.h, g.raw, coalesce(g.findings, '[]') AS findings,
           CASE WHEN g.findings @> '[{"severity": "error"}]' OR NOT coalesce(g.findings, '[]') @> '[{"severity": "warning"}]'
                THEN 'error' ELSE 'warning' END AS severity
      FROM jsonb_to_recordset(p_entries) AS g (entity text, k text, o text, h text, raw jsonb, findings jsonb)
      JOIN legacy.entity e ON e.code = g.entity
     ORDER BY e.id, g.k),
  put AS (
    INSERT INTO legacy.quarantine AS q (entity_id, source_key, raw, findings, severity)
    SELECT g.entity_id, g.k, g.raw, g.findings, g.severity FROM given g
    ON CONFLICT (entity_id, source_key) DO UPDATE
      SET raw = coalesce(excluded.raw, q.raw), findings = excluded.findings, severity = excluded.severity,
          attempts = q.attempts + 1, last_seen_at = statement_timestamp(),
          state = CASE q.state WHEN 'ignored' THEN 'ignored' ELSE 'open' END
    RETURNING q.entity_id, q.source_key, q.state)
  INSERT INTO legacy.record AS r (entity_id, source_key, owner_key, hash, state)
  SELECT g.entity_id, g.k, g.o, g.h, CASE p.state WHEN 'ignored' THEN 'ignored' ELSE 'quarantined' END
    FROM given g JOIN put p ON p.entity_id = g.entity_id AND p.source_key = g.k
  ON CONFLICT (entity_id, source_key) DO UPDATE
    SET hash = excluded.hash, state = excluded.state, owner_key = coalesce(excluded.owner_key, r.owner_key);
  GET DIAGNOSTICS v_n = ROW_COUNT;
  PERFORM legacy.warnings_drop(e.id, g.keys)
    FROM (SELECT x ->> 'entity' AS entity, array_agg(x ->> 'k') AS keys FROM jsonb_array_elements(p_entries) x GROUP BY 1) g
    JOIN legacy.entity e ON e.code = g.entity;
  RETURN v_n;
END $$;
COMMENT ON FUNCTION legacy.quarantine_put IS
  'Put records into quarantine: [{entity, k, o, h, raw, findings}]; one that somebody ignores stays ignored.';

CREATE OR REPLACE FUNCTION legacy.grown(p_entity text, p_blocks jsonb) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity bigint := legacy.entity_id(p_entity);
  v_parts bigint[] := ARRAY(SELECT e.id FROM legacy.entity e WHERE e.code <> p_entity
                              AND e.code = ANY (ARRAY(SELECT b ->> 'entity' FROM jsonb_array_elements(p_blocks) b)));
BEGIN
  RETURN (
    SELECT count(*)
      FROM (SELECT DISTINCT x ->> 'k' AS k FROM jsonb_array_elements(p_blocks) b CROSS JOIN LATERAL jsonb_array_elements(b -> 'rows') x
             WHERE b ->> 'entity' = p_entity OFFSET 0) s
     CROSS JOIN LATERAL (SELECT r.changed_at FROM legacy.record r WHERE r.entity_id = v_entity AND r.source_key = s.k LIMIT 1) m
     WHERE m.changed_at < statement_timestamp()
       AND EXISTS (SELECT FROM unnest(v_parts) p (id)
                    CROSS JOIN LATERAL (SELECT FROM legacy.record c
                                         WHERE c.entity_id = p.id AND c.owner_key = s.k AND c.changed_at = statement_timestamp() LIMIT 1) c));
END $$;
COMMENT ON FUNCTION legacy.grown IS
  'How many records of a page that was just applied stayed as they were themselves while a part of theirs changed: a price, an address, a line.';

CREATE OR REPLACE FUNCTION api.legacy_apply(p_token bigint, p_run_entity_id bigint, p_blocks jsonb, p_quarantine jsonb DEFAULT NULL,
  p_cursor jsonb DEFAULT NULL, p_counts jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD' SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- Every look-up of a page goes by an index: a plan made while the tables were empty would read them whole ever after.
-- And 4.6.1992 is no day here, rather than the fourth of June to one client and the sixth of April to another.
DECLARE
  v_part legacy.run_entity;
  v_block jsonb;
  v_answer jsonb;
  v_answers jsonb := '[]';
  v_main jsonb := '{"created": 0, "changed": 0, "unchanged": 0, "protected": 0, "gone": 0, "quarantined": 0}';
  v_grown int;
  v_quarantined int := 0;
  v_warnings int := 0;
BEGIN
  PERFORM sec.require('legacy_apply');
  PERFORM legacy.fence(p_token);
  v_part := legacy.page_open(p_token, p_run_entity_id);
  -- What is checked at the commit elsewhere is checked here while the row that is wrong can still be told.
  SET CONSTRAINTS ALL IMMEDIATE;
  FOR v_block IN SELECT x.j FROM jsonb_array_elements(coalesce(p_blocks, '[]')) WITH ORDINALITY AS x (j, ord) ORDER BY x.ord LOOP
    v_answer := legacy.apply_block(v_block, v_part.run_id);
    v_answers := v_answers || v_answer;
    v_warnings := v_warnings + coalesce((v_answer ->> 'warnings')::int, 0);
    IF v_block ->> 'entity' = v_part.entity AND NOT coalesce((v_block -> 'rows' -> 0 ->> 'p')::boolean, false) THEN
      v_main := jsonb_build_object(
        'created', (v_main ->> 'created')::int + (v_answer ->> 'created')::int,
        'changed', (v_main ->> 'changed')::int + (v_answer ->> 'changed')::int,
        -- What was kept from being written as a whole is unchanged, too: every record of the page is one of these, or was refused.
        'unchanged', (v_main ->> 'unchanged')::int - (v_answer ->> 'created')::int - (v_answer ->> 'changed')::int
          + (SELECT count(DISTINCT x ->> 'k') FROM jsonb_array_elements(v_block -> 'rows') x)
          - (SELECT count(DISTINCT x ->> 'k') FROM jsonb_array_elements(v_answer -> 'refused') x),
        'protected', (v_main ->> 'protected')::int + (v_answer ->> 'protected')::int,
        'gone', (v_main ->> 'gone')::int + (v_answer ->> 'gone')::int);
    END IF;
  END LOOP;
  IF (v_main ->> 'unchanged')::int > 0 THEN
    v_grown := legacy.grown(v_part.entity, p_blocks);
    v_main := v_main || jsonb_build_object('changed', (v_main ->> 'changed')::int + v_grown, 'unchanged', (v_main ->> 'unchanged')::int - v_grown);
  END IF;
  -- Records; a part of one may lie in quarantine while the record came over, and is counted there alone.
  v_main := v_main || jsonb_build_object('quarantined', (
    SELECT count(*) FROM jsonb_array_elements(coalesce(p_quarantine, '[]')) x WHERE x ->> 'entity' = v_part.entity));
  IF jsonb_array_length(coalesce(p_quarantine, '[]')) > 0 THEN
    v_quarantined := legacy.quarantine_put(p_quarantine);
  END IF;
  -- The same page again, after an answer that got lost, is counted once.
  IF p_cursor IS NULL OR v_part.cursor IS DISTINCT FROM p_cursor THEN
    UPDATE legacy.run_entity p
       SET cursor = coalesce(p_cursor, p.cursor),
           read_count = p.read_count + coalesce((p_counts ->> 'read_count')::bigint, 0),
           unchanged_count = p.unchanged_count + (v_main ->> 'unchanged')::int + coalesce((p_counts ->> 'unchanged_count')::bigint, 0),
           warning_count = p.warning_count + v_warnings + coalesce((p_counts ->> 'warning_count')::bigint, 0),
           created_count = p.created_count + (v_main ->> 'created')::int + coalesce((p_counts ->> 'created_count')::bigint, 0),
           changed_count = p.changed_count + (v_main ->> 'changed')::int + coalesce((p_counts ->> 'changed_count')::bigint, 0),
           protected_count = p.protected_count + (v_main ->> 'protected')::int + coalesce((p_counts ->> 'protected_count')::bigint, 0),
           gone_count = p.gone_count + (v_main ->> 'gone')::int + coalesce((p_counts ->> 'gone_count')::bigint, 0),
           quarantined_count = p.quarantined_count + (v_main ->> 'quarantined')::int + coalesce((p_counts ->> 'quarantined_count')::bigint, 0)
     WHERE p.id = p_run_entity_id;
  END IF;
  RETURN jsonb_build_object('blocks', v_answers, 'main', v_main, 'quarantined', v_quarantined,
    'cancel', (SELECT r.cancel_requested FROM legacy.run r WHERE r.id = v_part.run_id));
END $$;
COMMENT ON FUNCTION api.legacy_apply IS
  'One page: blocks [{entity, table, match, rules, rows, complete}], records for quarantine, the cursor to go on from, counts '
  '{read_count, unchanged_count, …}. Answers {blocks: [{entity, mode, created, changed, unchanged, protected, gone, warnings, refused: '
  '[{k, key, column, params}]}], main, quarantined, cancel}. main counts the records of the run''s entity: {created, changed, unchanged, '
  'protected, gone, quarantined}; a record is one of created, changed, unchanged and quarantined.';

CREATE OR REPLACE FUNCTION api.legacy_gone(p_token bigint, p_run_entity_id bigint, p_entity text, p_keys text[], p_action jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  v_part legacy.run_entity;
  v_entity legacy.entity;
  v_gone int;
BEGIN
  PERFORM sec.require('legacy_gone');
  PERFORM legacy.fence(p_token);
  v_part := legacy.page_open(p_token, p_run_entity_id);
  v_entity := legacy.entity_for_writing(p_entity);
  v_gone := legacy.mark_gone(v_entity, legacy.mode_for(v_entity.module, v_entity.target_table), p_keys, p_action);
  UPDATE legacy.run_entity p SET gone_count = p.gone_count + v_gone WHERE p.id = v_part.id AND v_gone > 0;
  IF v_gone > 0 THEN
    UPDATE legacy.entity e SET last_change_at = clock_timestamp() WHERE e.id = v_entity.id;
    INSERT INTO legacy.feed AS f (table_name, pages)
    SELECT v_entity.target_table, 1 WHERE v_entity.target_table IS NOT NULL
    ON CONFLICT (table_name) DO UPDATE SET pages = f.pages + 1;
  END IF;
  RETURN jsonb_build_object('gone', v_gone);
END $$;
COMMENT ON FUNCTION api.legacy_gone IS
  'Records that the old system has no more: marked, and what became of them deactivated or deleted as the mapping says. {gone}.';

CREATE OR REPLACE FUNCTION api.legacy_changed(p_entity text, p_keys text[], p_hashes text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  v_entity bigint;
BEGIN
  PERFORM sec.require('legacy_changed');
  v_entity := legacy.entity_id(p_entity);
  RETURN ARRAY(
    SELECT x.k FROM unnest(p_keys, p_hashes) WITH ORDINALITY AS x (k, h, ord)
      -- LIMIT: by the index, whatever the planner knows of a table that is being filled.
      LEFT JOIN LATERAL (SELECT c.id, c.hash, c.state FROM legacy.record c
                          WHERE c.entity_id = v_entity AND c.source_key = x.k LIMIT 1) r ON true
     WHERE r.id IS NULL OR r.hash IS DISTINCT FROM x.h OR r.state IN ('gone', 'placeholder')
     ORDER BY x.ord);
END $$;
COMMENT ON FUNCTION api.legacy_changed IS 'Which of these source records are new or have another hash than the one applied last.';

CREATE OR REPLACE FUNCTION api.legacy_keys(p_entity text, p_after text DEFAULT NULL, p_limit int DEFAULT 5000) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity bigint;
BEGIN
  PERFORM sec.require('legacy_keys');
  v_entity := legacy.entity_id(p_entity);
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_array(x.source_key, x.state) ORDER BY x.source_key), '[]')
            FROM (SELECT r.source_key, r.state FROM legacy.record r
                   WHERE r.entity_id = v_entity AND (p_after IS NULL OR r.source_key > p_after)
                   ORDER BY r.source_key LIMIT least(greatest(p_limit, 1), 50000)) x);
END $$;
COMMENT ON FUNCTION api.legacy_keys IS 'Source keys of an entity with their states, [[key, state], …] in byte order after a key.';
