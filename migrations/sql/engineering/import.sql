-- Taking over bills of materials of another system, with their past.

CREATE OR REPLACE FUNCTION api.bom_import(p_command uuid, p_boms jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_sku text;
  v_bad text;
  v_boms int;
  v_lines int;
BEGIN
  PERFORM sec.require('bom_import');
  v_replay := api.command_begin(p_command, 'bom_import', p_boms);
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  -- Only where nobody has drawn up a bill: what was approved in this house is not rewritten by an import.
  SELECT p.sku INTO v_sku
    FROM jsonb_to_recordset(p_boms) AS n (product_id bigint)
    JOIN engineering.bom b ON b.product_id = n.product_id
    JOIN catalog.product p ON p.id = n.product_id
   LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'bom_import_exists', jsonb_build_object('product', v_sku));
  END IF;
  -- Refused, not rounded.
  SELECT (l.line ->> 'qty') INTO v_bad
    FROM jsonb_to_recordset(p_boms) AS n (lines jsonb)
   CROSS JOIN LATERAL jsonb_array_elements(n.lines) AS l (line)
   WHERE (l.line ->> 'qty')::numeric <> round((l.line ->> 'qty')::numeric, 6) LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'too_many_places', jsonb_build_object('value', v_bad, 'places', 6));
  END IF;
  -- Who imports answers for it: his name stands under the approval, the time is that of the import.
  INSERT INTO engineering.bom (product_id, version, state, output_qty, valid_from, valid_to, approved_by, approved_at)
  SELECT n.product_id, n.version, CASE WHEN n.valid_to <= system.today() THEN 'retired' ELSE 'approved' END,
         coalesce(n.output_qty, 1), n.valid_from, n.valid_to, session_user, statement_timestamp()
    FROM jsonb_to_recordset(p_boms)
      AS n (product_id bigint, version int, output_qty numeric, valid_from date, valid_to date)
   ORDER BY n.product_id, n.version;
  GET DIAGNOSTICS v_boms = ROW_COUNT;
  INSERT INTO engineering.bom_line (bom_id, position, product_id, qty, scrap_pct)
  SELECT b.id, 10 * l.ord, (l.line ->> 'product_id')::bigint, (l.line ->> 'qty')::numeric,
         coalesce((l.line ->> 'scrap_pct')::numeric, 0)
    FROM jsonb_to_recordset(p_boms) AS n (product_id bigint, version int, lines jsonb)
    JOIN engineering.bom b ON b.product_id = n.product_id AND b.version = n.version
   CROSS JOIN LATERAL jsonb_array_elements(n.lines) WITH ORDINALITY AS l (line, ord)
   ORDER BY b.id, l.ord;
  GET DIAGNOSTICS v_lines = ROW_COUNT;
  RETURN api.command_end(p_command, jsonb_build_object('boms', v_boms, 'lines', v_lines));
END $$;
COMMENT ON FUNCTION api.bom_import IS
  'Add dated bills [{product_id, version, valid_from, valid_to, lines: [{product_id, qty, scrap_pct}]}] of products without any; past ones are retired, the others approved by the caller. Returns {boms, lines}.';
