-- A page of the old system becomes rows: all of them in a few statements, one by one only where one of them is refused.
-- One row of a page: {k: source key, o: key of its owner, h: hash, v: {column: value}, r: {column: [entity, key, "optional"?]},
-- p: placeholder, d: may be a duplicate, m: when it was changed there}.

CREATE OR REPLACE FUNCTION legacy.take(p_rule text, p_column text, p_stamped boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  -- b is what the sync gave last, t what stands there now, n what the old system says now.
  SELECT CASE
    WHEN p_rule = 'werkbank' THEN format('coalesce(u.b ? %1$L AND t.%1$I IS NOT DISTINCT FROM b.%1$I, false) OR u.b IS NULL AND t.%1$I IS NULL', p_column)
    WHEN p_rule = 'newest' THEN format('coalesce(u.b ? %1$L AND t.%1$I IS NOT DISTINCT FROM b.%1$I, false) OR u.b IS NULL AND t.%1$I IS NULL', p_column)
      || CASE WHEN p_stamped THEN format(
           ' OR coalesce((u.b IS NULL OR NOT u.b ? %1$L OR n.%1$I IS DISTINCT FROM b.%1$I) AND u.m > t.updated_at, false)', p_column)
         ELSE '' END
    ELSE 'true' END
$$;
COMMENT ON FUNCTION legacy.take IS 'The condition, as SQL, under which a field takes the old system''s value; what nobody changed in Werkbank always does.';

CREATE OR REPLACE FUNCTION legacy.insert_rows(p_table text, p_ids bigint[], p_values jsonb[], p_kept boolean) RETURNS jsonb[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_columns text;
  v_fields text;
  v_applied jsonb[];
BEGIN
  SELECT string_agg(format('%I', c.name), ', ' ORDER BY a.attnum),
         -- A column that some rows say nothing about keeps its default there.
         string_agg(CASE WHEN c.n = cardinality(p_ids) OR NOT a.atthasdef THEN format('n.%I', c.name)
                    ELSE format('CASE WHEN u.v ? %L THEN n.%I ELSE %s END', c.name, c.name, pg_get_expr(d.adbin, d.adrelid)) END,
                    ', ' ORDER BY a.attnum)
    INTO v_columns, v_fields
    FROM (SELECT j.key AS name, count(*) AS n FROM unnest(p_values) AS v CROSS JOIN LATERAL jsonb_object_keys(v) AS j (key)
           GROUP BY j.key) c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p_table::regclass AND a.attname = c.name
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum;
  EXECUTE format(
    'INSERT INTO %1$s (id%2$s) OVERRIDING SYSTEM VALUE
     SELECT u.id%3$s FROM unnest($1, $2) WITH ORDINALITY AS u (id, v, ord)
      CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, u.v) AS n ORDER BY u.ord',
    p_table, coalesce(', ' || v_columns, ''), coalesce(', ' || v_fields, '')) USING p_ids, p_values;
  IF p_kept THEN
    EXECUTE format(
      'SELECT array_agg(x.applied ORDER BY x.ord) FROM (
         SELECT u.ord, (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(to_jsonb(n)) e WHERE u.v ? e.key) AS applied
           FROM unnest($1) WITH ORDINALITY AS u (v, ord) CROSS JOIN LATERAL jsonb_populate_record(NULL::%s, u.v) AS n) x', p_table)
      INTO v_applied USING p_values;
  END IF;
  RETURN v_applied;
END $$;
COMMENT ON FUNCTION legacy.insert_rows IS 'Add rows under ids taken beforehand; returns what was given as the table has it, where that is kept.';

CREATE OR REPLACE FUNCTION legacy.update_rows(p_table text, p_ids bigint[], p_values jsonb[], p_base jsonb[], p_moments timestamptz[],
  p_rules jsonb, p_kept boolean) RETURNS TABLE (ord bigint, changed boolean, guarded text[], applied jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_columns text[];
  v_differs text;
  v_guarded text;
  v_sets text;
  v_stamped boolean := EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = p_table::regclass AND a.attname = 'updated_at');
BEGIN
  v_columns := ARRAY(SELECT DISTINCT j.key FROM unnest(p_values) AS v CROSS JOIN LATERAL jsonb_object_keys(v) AS j (key));
  IF v_columns = '{}' THEN
    RETURN QUERY SELECT i.ord, false, NULL::text[], b FROM unnest(p_ids, p_base) WITH ORDINALITY AS i (id, b, ord);
    RETURN;
  END IF;
  SELECT string_agg(format('CASE WHEN u.v ? %1$L AND t.%1$I IS DISTINCT FROM n.%1$I AND (%2$s) THEN %1$L END', c, x.takes), ', '),
         string_agg(format('CASE WHEN u.v ? %1$L AND t.%1$I IS DISTINCT FROM n.%1$I AND NOT (%2$s) THEN %1$L END', c, x.takes), ', ')
           FILTER (WHERE x.takes <> 'true'),
         string_agg(format('%1$I = CASE WHEN %1$L = ANY (d.differs) THEN d.%1$I ELSE t.%1$I END', c), ', ')
    INTO v_differs, v_guarded, v_sets
    FROM unnest(v_columns) AS c
   CROSS JOIN LATERAL (SELECT CASE WHEN p_kept THEN legacy.take(coalesce(p_rules ->> c, p_rules ->> '*', 'legacy'), c, v_stamped)
                              ELSE 'true' END AS takes) x;
  RETURN QUERY EXECUTE format(
    'WITH d AS MATERIALIZED (
       SELECT u.ord, t.id, u.b AS base, array_remove(ARRAY[%2$s]::text[], NULL) AS differs, array_remove(ARRAY[%3$s]::text[], NULL) AS guarded,
              %5$s AS given, %6$s
         FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS u (id, v, b, m, ord)
         JOIN %1$s t ON t.id = u.id
        CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, u.v) AS n
        %7$s),
     w AS (UPDATE %1$s t SET %4$s FROM d WHERE t.id = d.id AND d.differs <> ''{}'')
     SELECT d.ord, d.differs <> ''{}'', nullif(d.guarded, ''{}''), coalesce(d.base, ''{}'') || d.given FROM d',
    p_table, v_differs, coalesce(v_guarded, ''), v_sets,
    CASE WHEN p_kept THEN '(SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(to_jsonb(n)) e WHERE u.v ? e.key)' ELSE 'NULL::jsonb' END,
    (SELECT string_agg(format('n.%I', c), ', ') FROM unnest(v_columns) AS c),
    CASE WHEN p_kept THEN format('CROSS JOIN LATERAL jsonb_populate_record(NULL::%s, coalesce(u.b, ''{}'')) AS b', p_table) ELSE '' END)
    USING p_ids, p_values, p_base, p_moments;
END $$;
COMMENT ON FUNCTION legacy.update_rows IS
  'Change rows where the old system says otherwise and the rule of the field lets it; a row without a difference is not written.';

CREATE OR REPLACE FUNCTION legacy.match_rows(p_entity bigint, p_table text, p_match text[], p_keys text[], p_values jsonb[])
RETURNS TABLE (ord bigint, target bigint, taken_by text, first_ord bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT x.ord, x.target,
            (SELECT r.source_key FROM legacy.record r
              WHERE r.target_id = x.target AND r.entity_id = $1 AND r.state IN (''applied'', ''placeholder'', ''quarantined'')
                AND r.source_key <> x.k LIMIT 1),
            CASE WHEN x.complete THEN min(x.ord) OVER (PARTITION BY %4$s, x.complete) ELSE x.ord END
       FROM (SELECT u.ord, u.k, (%3$s) AS complete, %4$s,
                    (SELECT min(t.id) FROM %1$s t WHERE %2$s) AS target
               FROM unnest($2, $3) WITH ORDINALITY AS u (k, v, ord)
              CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, u.v) AS n) x',
    p_table,
    (SELECT string_agg(format('t.%1$I = n.%1$I', c), ' AND ') FROM unnest(p_match) c),
    (SELECT string_agg(format('n.%I IS NOT NULL', c), ' AND ') FROM unnest(p_match) c),
    (SELECT string_agg(format('%I', c), ', ') FROM unnest(p_match) c)) USING p_entity, p_keys, p_values;
END $$;
COMMENT ON FUNCTION legacy.match_rows IS
  'Rows of the table that these stand for by the columns of match, which other record has them, and which row of the page was the first of equal ones.';

CREATE OR REPLACE FUNCTION legacy.merge(p_entity bigint, p_table text, p_match text[], p_rules jsonb, p_mode text, p_rows jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kept boolean := legacy.kept(p_table);
  v_n int;
  v_k text[]; v_o text[]; v_h text[]; v_v jsonb[]; v_p boolean[]; v_d boolean[]; v_m timestamptz[];
  v_state text[]; v_target bigint[]; v_base jsonb[]; v_missing jsonb[];
  v_do text[]; v_guarded jsonb[]; v_changed boolean[];
  v_refused jsonb[] := '{}';
  v_list int[]; v_ids bigint[]; v_applied jsonb[]; v_alive bigint[]; v_adopted bigint[] := '{}';
  v_bad text;
  v_row record;
  i int;
  v_columns text[] := legacy.columns_of(p_table);
BEGIN
  SELECT count(*), array_agg(x.k), array_agg(x.o), array_agg(x.h), array_agg(x.v), array_agg(x.p), array_agg(x.d), array_agg(x.m),
         array_agg(x.state), array_agg(x.target_id), array_agg(x.applied), array_agg(x.missing)
    INTO v_n, v_k, v_o, v_h, v_v, v_p, v_d, v_m, v_state, v_target, v_base, v_missing
    FROM (SELECT g.k, g.o, g.h, coalesce(g.v, '{}') || coalesce(f.found, '{}') AS v, coalesce(g.p, false) AS p, coalesce(g.d, false) AS d,
                 g.m, c.state, c.target_id, c.applied, f.missing
            FROM (SELECT y.*, row_number() OVER (PARTITION BY y.k ORDER BY y.ord DESC) AS latest
                    FROM ROWS FROM (jsonb_to_recordset(p_rows) AS (
                           k text, o text, h text, v jsonb, r jsonb, p boolean, d boolean, m timestamptz)) WITH ORDINALITY
                         AS y (k, o, h, v, r, p, d, m, ord)) g
            -- LIMIT: by the index, also while an entity is being filled that the statistics know nothing of.
            LEFT JOIN LATERAL (SELECT r.state, r.target_id, r.applied FROM legacy.record r
                                WHERE r.entity_id = p_entity AND r.source_key = g.k LIMIT 1) c ON true
            LEFT JOIN LATERAL (
                   SELECT jsonb_object_agg(w.col, t.target_id) FILTER (WHERE t.target_id IS NOT NULL OR w.optional) AS found,
                          jsonb_agg(jsonb_build_object('column', w.col, 'entity', w.entity, 'key', w.wanted, 'optional', w.optional))
                            FILTER (WHERE t.target_id IS NULL) AS missing
                          -- Behind row security an index serves plain columns, not what is still to be taken out of jsonb.
                     FROM (SELECT y.key AS col, y.value ->> 0 AS entity, y.value ->> 1 AS wanted,
                                  coalesce(y.value ->> 2 = 'optional', false) AS optional FROM jsonb_each(g.r) y OFFSET 0) w
                     LEFT JOIN legacy.entity e ON e.code = w.entity
                     LEFT JOIN LATERAL (SELECT r.target_id FROM legacy.record r
                                         WHERE r.entity_id = e.id AND r.source_key = w.wanted LIMIT 1) t ON true) f ON g.r <> '{}'
           WHERE g.latest = 1
           ORDER BY g.ord) x;
  IF v_n = 0 THEN
    RETURN jsonb_build_object('created', 0, 'changed', 0, 'unchanged', 0, 'protected', 0, 'refused', '[]'::jsonb);
  END IF;
  SELECT j.key INTO v_bad FROM unnest(v_v) AS v CROSS JOIN LATERAL jsonb_object_keys(v) AS j (key)
   WHERE j.key <> ALL (v_columns) LIMIT 1;
  IF FOUND THEN
    -- A mistake in a mapping, not in a record.
    RAISE EXCEPTION USING ERRCODE = 'ER404', MESSAGE = 'legacy_column_unknown', CONSTRAINT = 'legacy_column_unknown',
      DETAIL = jsonb_build_object('table', p_table, 'column', v_bad)::text;
  END IF;

  -- What is to be done with each: ref, skip, update, lost, new; then adopt, twin, alias, insert.
  EXECUTE format('SELECT array_agg(t.id) FROM %s t WHERE t.id = ANY ($1)', p_table) INTO v_alive USING v_target;
  v_do := ARRAY(
    SELECT CASE
             WHEN EXISTS (SELECT FROM jsonb_array_elements(x.missing) q WHERE NOT (q ->> 'optional')::boolean) THEN 'ref'
             WHEN x.p AND x.target IS NOT NULL THEN 'skip'
             -- A duplicate may have become a record of its own meanwhile.
             WHEN x.state = 'linked' THEN CASE WHEN cardinality(p_match) > 0 THEN 'new' ELSE 'skip' END
             WHEN x.target IS NULL THEN 'new'
             WHEN x.target = ANY (v_alive) THEN 'update'
             -- Somebody took the row away in Werkbank.
             WHEN v_kept AND p_mode <> 'legacy' THEN 'lost'
             ELSE 'new' END
      FROM unnest(v_missing, v_state, v_target, v_p) WITH ORDINALITY AS x (missing, state, target, p, ord) ORDER BY x.ord);
  FOR i IN SELECT g FROM generate_series(1, v_n) g WHERE v_do[g] = 'ref' LOOP
    v_refused := v_refused || (
      SELECT jsonb_build_object('k', v_k[i], 'key', 'legacy_reference_missing', 'column', q ->> 'column',
                                'params', jsonb_build_object('entity', q -> 'entity', 'key', q -> 'key'))
        FROM jsonb_array_elements(v_missing[i]) q WHERE NOT (q ->> 'optional')::boolean LIMIT 1);
  END LOOP;

  v_list := ARRAY(SELECT g FROM generate_series(1, v_n) g WHERE v_do[g] = 'new' ORDER BY g);
  IF v_list <> '{}' AND cardinality(p_match) > 0 THEN
    FOR v_row IN
      SELECT v_list[f.ord] AS i, f.target, f.taken_by, v_list[f.first_ord] AS first_i
        FROM legacy.match_rows(p_entity, p_table, p_match, ARRAY(SELECT v_k[l] FROM unnest(v_list) l),
                               ARRAY(SELECT v_v[l] FROM unnest(v_list) l)) f
       WHERE f.target IS NOT NULL OR f.first_ord <> f.ord
    LOOP
      IF v_row.first_i <> v_row.i OR v_row.taken_by IS NOT NULL THEN
        IF v_d[v_row.i] THEN
          v_do[v_row.i] := 'alias';
          v_target[v_row.i] := coalesce(v_row.target, -v_row.first_i);
        ELSE
          v_do[v_row.i] := 'twin';
          v_refused := v_refused || jsonb_build_object(
            'k', v_k[v_row.i], 'key', 'legacy_duplicate', 'column', p_match[1],
            'params', jsonb_build_object('other', coalesce(v_row.taken_by, v_k[v_row.first_i]),
                                         'value', v_v[v_row.i] ->> p_match[1]));
        END IF;
      ELSE
        v_do[v_row.i] := 'update';
        v_target[v_row.i] := v_row.target;
        v_base[v_row.i] := NULL;
        v_adopted := v_adopted || v_row.target;
      END IF;
    END LOOP;
    -- A record that is gone has no claim any more on the row another one takes up.
    UPDATE legacy.record r SET target_id = NULL
     WHERE r.target_id = ANY (v_adopted) AND r.entity_id = p_entity AND r.state = 'gone';
    v_list := ARRAY(SELECT g FROM generate_series(1, v_n) g WHERE v_do[g] = 'new' ORDER BY g);
  END IF;

  IF v_list <> '{}' THEN
    v_ids := ARRAY(SELECT nextval(pg_get_serial_sequence(p_table, 'id')) FROM unnest(v_list));
    v_applied := legacy.insert_rows(p_table, v_ids, ARRAY(SELECT v_v[l] FROM unnest(v_list) l), v_kept);
    FOR i IN 1 .. cardinality(v_list) LOOP
      v_do[v_list[i]] := 'insert';
      v_target[v_list[i]] := v_ids[i];
      v_base[v_list[i]] := v_applied[i];
    END LOOP;
  END IF;

  v_changed := array_fill(false, ARRAY[v_n]);
  v_guarded := array_fill(NULL::jsonb, ARRAY[v_n]);
  v_list := ARRAY(SELECT g FROM generate_series(1, v_n) g WHERE v_do[g] = 'update' ORDER BY v_target[g]);
  IF v_list <> '{}' THEN
    FOR v_row IN
      SELECT v_list[u.ord] AS i, u.changed, u.guarded, u.applied
        FROM legacy.update_rows(p_table, ARRAY(SELECT v_target[l] FROM unnest(v_list) l), ARRAY(SELECT v_v[l] FROM unnest(v_list) l),
               ARRAY(SELECT v_base[l] FROM unnest(v_list) l), ARRAY(SELECT v_m[l] FROM unnest(v_list) l),
               CASE WHEN p_mode = 'legacy' THEN '{}' ELSE p_rules END, v_kept) u
    LOOP
      v_changed[v_row.i] := v_row.changed OR v_state[v_row.i] = 'placeholder' AND NOT v_p[v_row.i];
      v_guarded[v_row.i] := to_jsonb(v_row.guarded);
      v_base[v_row.i] := v_row.applied;
    END LOOP;
  END IF;
  FOR i IN SELECT g FROM generate_series(1, v_n) g WHERE v_do[g] = 'alias' AND v_target[g] < 0 LOOP
    v_target[i] := v_target[-v_target[i]];
  END LOOP;

  PERFORM legacy.remember(p_entity, p_table, v_k, v_o, v_h, v_v, v_p, v_do, v_state, v_target, CASE WHEN v_kept THEN v_base END,
                          v_guarded, v_changed, v_missing);
  RETURN (
    SELECT jsonb_build_object(
      'created', count(*) FILTER (WHERE x.what = 'insert'),
      'changed', count(*) FILTER (WHERE x.changed),
      'unchanged', count(*) FILTER (WHERE x.what IN ('skip', 'alias') OR x.what = 'update' AND NOT x.changed),
      'protected', count(*) FILTER (WHERE x.what = 'lost' OR x.guarded IS NOT NULL),
      'refused', to_jsonb(v_refused))
      FROM unnest(v_do, v_changed, v_guarded) AS x (what, changed, guarded));
END $$;
COMMENT ON FUNCTION legacy.merge IS
  'Bring rows of a page into a table: known ones by their record, others adopted by match or added. Raises what the table refuses.';

CREATE OR REPLACE FUNCTION legacy.remember(p_entity bigint, p_table text, p_k text[], p_o text[], p_h text[], p_v jsonb[], p_p boolean[],
  p_do text[], p_state text[], p_target bigint[], p_base jsonb[], p_guarded jsonb[], p_changed boolean[], p_missing jsonb[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_done text[] := ARRAY(SELECT x.k FROM unnest(p_k, p_do) AS x (k, what) WHERE x.what NOT IN ('ref', 'twin'));
BEGIN
  INSERT INTO legacy.record AS r (entity_id, source_key, owner_key, hash, state, target_id, applied, protected, changed_at)
  SELECT p_entity, x.k, x.o, x.h,
         CASE WHEN x.what = 'alias' OR x.what = 'skip' AND x.state = 'linked' THEN 'linked'
              WHEN x.what = 'skip' THEN x.state
              WHEN x.p THEN 'placeholder' ELSE 'applied' END,
         x.target, x.base, CASE WHEN x.guarded IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(x.guarded)) END,
         CASE WHEN x.changed OR x.state IS NULL OR x.what = 'insert' THEN statement_timestamp() ELSE '-infinity' END
    FROM unnest(p_k, p_o, p_h, p_p, p_do, p_state, p_target, p_base, p_guarded, p_changed)
      AS x (k, o, h, p, what, state, target, base, guarded, changed)
   WHERE x.what NOT IN ('ref', 'twin') AND NOT (x.what = 'skip' AND x.p)
  ON CONFLICT (entity_id, source_key) DO UPDATE
    SET owner_key = excluded.owner_key, hash = excluded.hash, state = excluded.state, target_id = excluded.target_id,
        applied = coalesce(excluded.applied, r.applied), protected = excluded.protected,
        changed_at = greatest(r.changed_at, excluded.changed_at);
  -- A row that changed may no longer be what its duplicates stand for: they are read once more.
  UPDATE legacy.record h SET hash = NULL
   WHERE h.id = ANY (ARRAY(
     SELECT l.id FROM unnest(p_target, p_changed, p_do) AS x (target, changed, what)
       -- LIMIT: by the index of targets, whatever the planner knows.
      CROSS JOIN LATERAL (SELECT r.id FROM legacy.record r
                           WHERE r.target_id = x.target AND r.entity_id = p_entity AND r.state = 'linked' AND r.hash IS NOT NULL
                           LIMIT 1000) l
      WHERE x.changed AND x.what = 'update'));
  IF EXISTS (SELECT FROM legacy.quarantine q WHERE q.entity_id = p_entity AND q.state IN ('open', 'retry')) THEN
    UPDATE legacy.quarantine q SET state = 'resolved'
     WHERE q.entity_id = p_entity AND q.source_key = ANY (v_done) AND q.state IN ('open', 'retry');
  END IF;
  IF EXISTS (SELECT FROM legacy.dangling g WHERE g.entity_id = p_entity) THEN
    DELETE FROM legacy.dangling g WHERE g.entity_id = p_entity AND g.source_key = ANY (v_done);
  END IF;
  INSERT INTO legacy.dangling (entity_id, source_key, column_name, target_table, wanted_entity, wanted_key)
  SELECT p_entity, x.k, q ->> 'column', p_table, q ->> 'entity', q ->> 'key'
    FROM unnest(p_k, p_missing, p_do) AS x (k, missing, what) CROSS JOIN LATERAL jsonb_array_elements(x.missing) q
   WHERE x.what IN ('insert', 'update') AND q ->> 'key' IS NOT NULL
  ON CONFLICT (entity_id, source_key, column_name) DO NOTHING;
END $$;
COMMENT ON FUNCTION legacy.remember IS 'Write down what became of each record of a page.';

CREATE OR REPLACE FUNCTION legacy.refusal(p_table text, p_row jsonb, p_state text, p_constraint text, p_column text, p_detail text)
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key text := nullif(p_constraint, '');
  v_column text := nullif(p_column, '');
  v_params jsonb := '{}';
  v_long record;
BEGIN
  IF p_state LIKE 'ER%' THEN
    v_params := coalesce(nullif(p_detail, '')::jsonb, '{}');
  ELSIF p_state = '23502' THEN
    v_key := 'value_required';
  ELSIF p_state = '22001' THEN
    v_key := 'text_too_long';
    SELECT a.attname::text AS name, a.atttypmod - 4 AS most, length(p_row -> 'v' ->> a.attname::text) AS given INTO v_long
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = p_table::regclass AND a.atttypid = 'varchar'::regtype
       AND length(p_row -> 'v' ->> a.attname::text) > a.atttypmod - 4 LIMIT 1;
    IF FOUND THEN
      v_column := v_long.name;
      v_params := jsonb_build_object('limit', v_long.most, 'length', v_long.given);
    END IF;
  ELSIF p_state = '22003' THEN
    v_key := 'number_out_of_range';
  ELSIF p_state = '23505' THEN
    v_params := jsonb_build_object('table', p_table);
    SELECT a.attname INTO v_column
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
      JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)
     WHERE c.relname = v_key AND x.indrelid = p_table::regclass ORDER BY array_position(x.indkey, a.attnum) LIMIT 1;
  ELSIF v_key IS NULL THEN
    v_key := 'value_invalid';
  END IF;
  RETURN jsonb_build_object('k', p_row -> 'k', 'key', v_key, 'column', v_column, 'params', v_params);
END $$;
COMMENT ON FUNCTION legacy.refusal IS 'Why a row was refused: {k, key, column, params}, the key a text key or the name of a constraint.';

CREATE OR REPLACE FUNCTION legacy.merge_safely(p_entity bigint, p_table text, p_match text[], p_rules jsonb, p_mode text, p_rows jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_state text; v_constraint text; v_column text; v_detail text;
  v_half int := jsonb_array_length(p_rows) / 2;
  v_a jsonb; v_b jsonb;
BEGIN
  RETURN legacy.merge(p_entity, p_table, p_match, p_rules, p_mode, p_rows);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS v_state = RETURNED_SQLSTATE, v_constraint = CONSTRAINT_NAME, v_column = COLUMN_NAME,
                          v_detail = PG_EXCEPTION_DETAIL;
  -- Only what a record can be guilty of: values, constraints and rules.
  IF v_state !~ '^(22|23)...$|^ER422$' OR v_constraint = 'legacy_target_unknown' THEN
    RAISE;
  ELSIF v_half = 0 THEN
    RETURN jsonb_build_object('created', 0, 'changed', 0, 'unchanged', 0, 'protected', 0, 'refused',
      jsonb_build_array(legacy.refusal(p_table, p_rows -> 0, v_state, v_constraint, v_column, v_detail)));
  END IF;
  v_a := legacy.merge_safely(p_entity, p_table, p_match, p_rules, p_mode,
    (SELECT jsonb_agg(x.j ORDER BY x.ord) FROM jsonb_array_elements(p_rows) WITH ORDINALITY x (j, ord) WHERE x.ord <= v_half));
  v_b := legacy.merge_safely(p_entity, p_table, p_match, p_rules, p_mode,
    (SELECT jsonb_agg(x.j ORDER BY x.ord) FROM jsonb_array_elements(p_rows) WITH ORDINALITY x (j, ord) WHERE x.ord > v_half));
  RETURN legacy.added(v_a, v_b);
END $$;
COMMENT ON FUNCTION legacy.merge_safely IS 'legacy.merge, and where a row is refused the page in halves until it stands alone.';

CREATE OR REPLACE FUNCTION legacy.added(p_a jsonb, p_b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'created', (p_a ->> 'created')::int + (p_b ->> 'created')::int, 'changed', (p_a ->> 'changed')::int + (p_b ->> 'changed')::int,
    'unchanged', (p_a ->> 'unchanged')::int + (p_b ->> 'unchanged')::int,
    'protected', (p_a ->> 'protected')::int + (p_b ->> 'protected')::int, 'refused', (p_a -> 'refused') || (p_b -> 'refused'))
$$;
