-- What a comparison with the old system asks of Werkbank's side. Who leads may write all of it, so he may read it here,
-- whatever other rights he has.

CREATE OR REPLACE FUNCTION legacy.reconcile_entity(p_token bigint, p_code text) RETURNS legacy.entity
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity legacy.entity;
BEGIN
  PERFORM legacy.fence(p_token);
  SELECT e.* INTO v_entity FROM legacy.entity e WHERE e.id = legacy.entity_id(p_code);
  IF v_entity.target_table IS NOT NULL THEN
    PERFORM legacy.columns_of(v_entity.target_table);  -- refuses what is no home of the old system's data
  END IF;
  RETURN v_entity;
END $$;

CREATE OR REPLACE FUNCTION api.legacy_reconcile_count(p_token bigint, p_run_id bigint, p_entity text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity legacy.entity;
  v_present bigint := 0;
BEGIN
  PERFORM sec.require('legacy_reconcile_count');
  v_entity := legacy.reconcile_entity(p_token, p_entity);
  IF v_entity.target_table IS NOT NULL THEN
    EXECUTE format('SELECT count(*) FROM legacy.record r WHERE r.entity_id = $1 AND r.state = ''applied'' '
                   'AND EXISTS (SELECT FROM %s t WHERE t.id = r.target_id)', v_entity.target_table)
       INTO v_present USING v_entity.id;
  END IF;
  RETURN jsonb_build_object(
    'states', (SELECT coalesce(jsonb_object_agg(s.state, s.n), '{}')
                 FROM (SELECT r.state, count(*) AS n FROM legacy.record r WHERE r.entity_id = v_entity.id GROUP BY 1) s),
    'present', v_present,
    'cancel', coalesce((SELECT r.cancel_requested FROM legacy.run r WHERE r.id = p_run_id), false));
END $$;
COMMENT ON FUNCTION api.legacy_reconcile_count IS
  'How many records of an entity are in which state, for how many applied ones the row is there, and whether the run is to stop: '
  '{states, present, cancel}.';

CREATE OR REPLACE FUNCTION api.legacy_reconcile_rows(p_token bigint, p_entity text, p_keys text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entity legacy.entity;
  v_found jsonb;
BEGIN
  PERFORM sec.require('legacy_reconcile_rows');
  v_entity := legacy.reconcile_entity(p_token, p_entity);
  IF v_entity.target_table IS NULL THEN
    RETURN '[]';
  END IF;
  EXECUTE format('SELECT coalesce(jsonb_agg(jsonb_build_object(''k'', r.source_key, ''state'', r.state, ''protected'', r.protected, '
                 '''row'', j.r, ''mode'', $3::text, ''given'', (SELECT jsonb_object_agg(a.key, a.value) FROM jsonb_each(r.applied) a '
                 'WHERE j.r -> a.key IS DISTINCT FROM a.value)) ORDER BY r.source_key), ''[]'') '
                 'FROM legacy.record r LEFT JOIN %s t ON t.id = r.target_id CROSS JOIN LATERAL (SELECT to_jsonb(t) AS r) j '
                 'WHERE r.entity_id = $1 AND r.source_key = ANY ($2)', v_entity.target_table)
     INTO v_found USING v_entity.id, p_keys[1:1000], legacy.mode_for(v_entity.module, v_entity.target_table);
  RETURN v_found;
END $$;
COMMENT ON FUNCTION api.legacy_reconcile_rows IS
  'What became of some source records: [{k, state, protected, row, mode, given}], at most 1,000. given is what the sync gave of what '
  'the row says otherwise now: {column: value}; mode who leads in its table.';

CREATE OR REPLACE FUNCTION api.legacy_reconcile_targets(p_token bigint, p_refs jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_reconcile_targets');
  PERFORM legacy.fence(p_token);
  -- Behind row security an index serves plain columns, not what is still to be taken out of jsonb.
  RETURN (SELECT coalesce(jsonb_agg((SELECT r.target_id FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id
                                      WHERE e.code = x.entity AND r.source_key = x.wanted) ORDER BY x.ord), '[]')
            FROM (SELECT y.ref ->> 0 AS entity, y.ref ->> 1 AS wanted, y.ord
                    FROM jsonb_array_elements(p_refs) WITH ORDINALITY y (ref, ord) OFFSET 0) x);
END $$;
COMMENT ON FUNCTION api.legacy_reconcile_targets IS 'The rows that source records [[entity, key], …] became, in their order; null for none.';

CREATE OR REPLACE FUNCTION api.legacy_reconcile_sums(p_token bigint, p_entity text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found jsonb;
BEGIN
  PERFORM sec.require('legacy_reconcile_sums');
  PERFORM legacy.fence(p_token);
  CASE p_entity
    WHEN 'document' THEN
      SELECT jsonb_agg(jsonb_build_object('group', jsonb_build_array(g.kind, g.year::text), 'rows', g.n,
                                          'sums', jsonb_build_object('net', g.net, 'tax', g.tax, 'gross', g.gross))) INTO v_found
        FROM (SELECT d.kind, extract(year FROM d.date) AS year, count(*) AS n, sum(d.net) AS net, sum(coalesce(d.tax, 0)) AS tax,
                     sum(d.gross) AS gross FROM legacy.document d GROUP BY 1, 2) g;
    WHEN 'document_line' THEN
      SELECT jsonb_agg(jsonb_build_object('group', jsonb_build_array(g.kind), 'rows', g.n,
                                          'sums', jsonb_build_object('qty', g.qty, 'amount', g.amount))) INTO v_found
        FROM (SELECT l.kind, count(*) AS n, coalesce(sum(l.qty), 0) AS qty, coalesce(sum(l.amount), 0) AS amount
                FROM legacy.document_line l GROUP BY 1) g;
    WHEN 'stock' THEN
      SELECT jsonb_agg(jsonb_build_object('group', '[]'::jsonb, 'rows', g.n,
                                          'sums', jsonb_build_object('qty', g.qty, 'reserved_qty', g.reserved))) INTO v_found
        FROM (SELECT count(*) AS n, coalesce(sum(s.qty), 0) AS qty, coalesce(sum(s.reserved_qty), 0) AS reserved
                FROM legacy.stock s WHERE s.kind = 'place') g;
    WHEN 'work_order' THEN
      SELECT jsonb_agg(jsonb_build_object('group', jsonb_build_array(g.state), 'rows', g.n,
                                          'sums', jsonb_build_object('qty', g.qty))) INTO v_found
        FROM (SELECT w.state, count(*) AS n, coalesce(sum(w.qty), 0) AS qty FROM legacy.work_order w GROUP BY 1) g;
    ELSE
      PERFORM sec.fail('ER404', 'legacy_entity_unknown', jsonb_build_object('entity', p_entity));
  END CASE;
  RETURN coalesce(v_found, '[]');
END $$;
COMMENT ON FUNCTION api.legacy_reconcile_sums IS
  'Rows and sums of what came from document, document_line, stock or work_order: [{group, rows, sums}].';
