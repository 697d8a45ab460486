-- What is odd about records that were taken over all the same. A row of a page brings its findings as w: [{code, field,
-- params}]; every record of the page has afterwards what it brought, and nothing else.

CREATE OR REPLACE FUNCTION legacy.warnings_put(p_entity legacy.entity, p_run bigint, p_rows jsonb, p_refused jsonb) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- A row that stands for a record nobody has says nothing about one that is there.
  v_keys text[] := ARRAY(SELECT x ->> 'k' FROM jsonb_array_elements(p_rows) x WHERE NOT coalesce((x -> 'p')::boolean, false));
  v_given jsonb := jsonb_path_query_array(p_rows, '$[*] ? (exists (@.w[*]) && !(@.p == true))');
  v_n int := 0;
BEGIN
  IF v_given <> '[]' THEN
    INSERT INTO legacy.warning AS w (entity_id, source_key, code, field, params, run_id)
    SELECT p_entity.id, g.source_key, g.code, g.field, g.params, p_run FROM legacy.warnings_in(p_entity, v_given, p_refused) g
    ON CONFLICT (entity_id, source_key, code, field) DO UPDATE
      SET params = excluded.params, run_id = excluded.run_id, last_seen_at = statement_timestamp();
    GET DIAGNOSTICS v_n = ROW_COUNT;
  END IF;
  -- The one moment of this call marks what the page brought; everything else its records had is over.
  DELETE FROM legacy.warning w
   WHERE w.entity_id = p_entity.id AND w.source_key = ANY (v_keys) AND w.last_seen_at <> statement_timestamp()
     AND EXISTS (SELECT FROM legacy.warning x WHERE x.entity_id = p_entity.id);
  RETURN v_n;
END $$;
COMMENT ON FUNCTION legacy.warnings_put IS 'Set the warnings of the records of a page, and say how many; one that was refused has none, it goes into quarantine.';

CREATE OR REPLACE FUNCTION legacy.warnings_in(p_entity legacy.entity, p_rows jsonb, p_refused jsonb)
RETURNS TABLE (source_key text, code text, field text, params jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ON (1, 2, 3)
         r.x ->> 'k' COLLATE "C", f.y ->> 'code' COLLATE "C", coalesce(f.y ->> 'field', '') COLLATE "C",
         -- What somebody earns is not told where it is found odd.
         CASE WHEN p_entity.module = 'hr' AND f.y -> 'params' ? 'value' THEN f.y -> 'params' || '{"value": "…"}'
              ELSE coalesce(f.y -> 'params', '{}') END
    FROM jsonb_array_elements(p_rows) WITH ORDINALITY AS r (x, page)
   CROSS JOIN LATERAL jsonb_array_elements(r.x -> 'w') WITH ORDINALITY AS f (y, ord)
   WHERE f.y ->> 'code' <> ''
     AND NOT EXISTS (SELECT FROM jsonb_array_elements(p_refused) n WHERE n ->> 'k' = r.x ->> 'k')
   ORDER BY 1, 2, 3, r.page DESC, f.ord
$$;
COMMENT ON FUNCTION legacy.warnings_in IS 'The warnings that rows of a page bring, each once per record, code and column.';

CREATE OR REPLACE FUNCTION legacy.warnings_drop(p_entity bigint, p_keys text[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM legacy.warning w WHERE w.entity_id = p_entity AND w.source_key = ANY (p_keys)
$$;
COMMENT ON FUNCTION legacy.warnings_drop IS 'Forget the warnings of records that are gone or went into quarantine.';

CREATE OR REPLACE FUNCTION legacy.warnings_count() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE legacy.entity e SET warning_count = c.n
    FROM (SELECT x.id, count(w.id) AS n FROM legacy.entity x LEFT JOIN legacy.warning w ON w.entity_id = x.id GROUP BY x.id) c
   WHERE c.id = e.id AND e.warning_count <> c.n
$$;
COMMENT ON FUNCTION legacy.warnings_count IS 'Take the number of warnings of every entity, at the end of a run.';
