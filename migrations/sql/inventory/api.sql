-- What people may do with stock: receive, transfer, count.

CREATE OR REPLACE FUNCTION inventory.lots_by_code(p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM api.require_length('lot', m.line ->> 'lot_code', 40) FROM jsonb_array_elements(p_lines) AS m (line);
  INSERT INTO inventory.lot (product_id, code)
  SELECT DISTINCT m.product_id, btrim(m.lot_code)
    FROM jsonb_to_recordset(p_lines) AS m (product_id bigint, lot_code text)
    JOIN catalog.product p ON p.id = m.product_id
   WHERE btrim(m.lot_code) <> ''
     AND NOT EXISTS (SELECT FROM inventory.lot l WHERE l.product_id = m.product_id AND l.code = btrim(m.lot_code))
   ORDER BY 1, 2
  ON CONFLICT (product_id, code) DO NOTHING;
  RETURN (
    SELECT jsonb_agg(CASE WHEN l.id IS NULL THEN m.line ELSE m.line || jsonb_build_object('lot_id', l.id) END ORDER BY m.ord)
      FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS m (line, ord)
      LEFT JOIN inventory.lot l
        ON l.product_id = (m.line ->> 'product_id')::bigint AND l.code = btrim(m.line ->> 'lot_code'));
END $$;
COMMENT ON FUNCTION inventory.lots_by_code IS 'The lines with lot_id for their lot_code; lots that are new are created.';

CREATE OR REPLACE FUNCTION inventory.require_lines(p_lines jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_lines IS NULL OR jsonb_typeof(p_lines) <> 'array' OR jsonb_array_length(p_lines) = 0 THEN
    PERFORM sec.fail('ER422', 'lines_missing');
  ELSIF jsonb_array_length(p_lines) > 5000 THEN
    PERFORM sec.fail('ER422', 'too_many_lines', jsonb_build_object('most', 5000));
  END IF;
END $$;
COMMENT ON FUNCTION inventory.require_lines IS 'Refuses a posting without lines, or with more than 5000.';

CREATE OR REPLACE FUNCTION api.stock_receive(p_command uuid, p_lines jsonb, p_reason text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_moves bigint[];
BEGIN
  PERFORM sec.require('stock_receive');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'stock_receive', jsonb_build_object('lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM inventory.require_lines(p_lines);
  SELECT inventory.post_moves(jsonb_agg(jsonb_build_object(
           'product_id', m.line -> 'product_id', 'lot_id', m.line -> 'lot_id', 'to_place_id', m.line -> 'place_id',
           'qty', m.line -> 'qty', 'kind', 'receipt', 'reason', p_reason) ORDER BY m.ord))
    INTO v_moves
    FROM jsonb_array_elements(inventory.lots_by_code(p_lines)) WITH ORDINALITY AS m (line, ord);
  RETURN api.command_end(p_command, jsonb_build_object('moves', v_moves));
END $$;
COMMENT ON FUNCTION api.stock_receive IS
  'Receive goods: lines {product_id, place_id, lot_code, qty}; a lot is created when its code is new. Returns {moves}.';

CREATE OR REPLACE FUNCTION api.stock_transfer(p_command uuid, p_lines jsonb, p_reason text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_moves bigint[];
BEGIN
  PERFORM sec.require('stock_transfer');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'stock_transfer', jsonb_build_object('lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM inventory.require_lines(p_lines);
  -- What goes to a blocked place within the house was found unfit: it cannot stay promised.
  SELECT inventory.post_moves(
           jsonb_agg(jsonb_build_object(
             'product_id', m.product_id, 'lot_id', m.lot_id, 'from_place_id', m.from_place_id,
             'to_place_id', m.to_place_id, 'qty', m.qty, 'kind', 'transfer', 'reason', p_reason) ORDER BY m.ord),
           bool_and(coalesce(f.warehouse_id = t.warehouse_id, false)))
    INTO v_moves
    FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
           product_id bigint, lot_id bigint, from_place_id bigint, to_place_id bigint, qty numeric))
         WITH ORDINALITY AS m (product_id, lot_id, from_place_id, to_place_id, qty, ord)
    LEFT JOIN inventory.place f ON f.id = m.from_place_id
    LEFT JOIN inventory.place t ON t.id = m.to_place_id;
  RETURN api.command_end(p_command, jsonb_build_object('moves', v_moves));
END $$;
COMMENT ON FUNCTION api.stock_transfer IS
  'Move goods between places: lines {product_id, from_place_id, to_place_id, lot_id, qty}. Both places must be in the person''s warehouses. Returns {moves}.';

CREATE OR REPLACE FUNCTION api.stock_adjust(p_command uuid, p_lines jsonb, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_lines jsonb;
  v_bad jsonb;
  v_moves jsonb;
  v_differences jsonb;
BEGIN
  PERFORM sec.require('stock_adjust');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'stock_adjust', jsonb_build_object('lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM inventory.require_lines(p_lines);
  IF coalesce(btrim(p_reason), '') = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  v_lines := inventory.lots_by_code(p_lines);
  SELECT jsonb_build_object('key', x.problem, 'line', x.ord, 'product', x.sku, 'product_id', x.product_id) INTO v_bad
    FROM (SELECT m.ord, m.product_id, p.sku,
                 CASE WHEN p.id IS NULL THEN 'product_not_found'
                      WHEN pl.id IS NULL THEN 'place_not_found'
                      WHEN m.counted_qty IS NULL OR m.counted_qty < 0 OR m.counted_qty >= 1e12 THEN 'counted_qty_not_negative'
                      WHEN m.counted_qty <> round(m.counted_qty, u.decimals) THEN 'quantity_too_precise'
                      WHEN count(*) OVER (PARTITION BY m.product_id, m.place_id, m.lot_id) > 1 THEN 'line_twice'
                 END AS problem
            FROM ROWS FROM (jsonb_to_recordset(v_lines) AS (
                   product_id bigint, place_id bigint, lot_id bigint, counted_qty numeric))
                 WITH ORDINALITY AS m (product_id, place_id, lot_id, counted_qty, ord)
            LEFT JOIN catalog.product p ON p.id = m.product_id
            LEFT JOIN catalog.unit u ON u.id = p.unit_id
            LEFT JOIN inventory.place pl ON pl.id = m.place_id AND pl.warehouse_id = ANY (sec.my_warehouses())) x
   WHERE x.problem IS NOT NULL
   ORDER BY x.ord LIMIT 1;
  IF v_bad IS NOT NULL THEN
    PERFORM inventory.fail_line(v_bad);
  END IF;
  PERFORM inventory.lock_levels(array_agg(m.product_id), array_agg(pl.warehouse_id))
    FROM jsonb_to_recordset(v_lines) AS m (product_id bigint, place_id bigint)
    JOIN inventory.place pl ON pl.id = m.place_id;
  SELECT jsonb_agg(jsonb_build_object(
           'product_id', x.product_id, 'place_id', x.place_id, 'lot_id', x.lot_id, 'before', x.before,
           'counted', x.counted_qty, 'difference', x.counted_qty - x.before) ORDER BY x.ord),
         jsonb_agg(jsonb_build_object(
           'product_id', x.product_id, 'lot_id', x.lot_id, 'qty', abs(x.counted_qty - x.before), 'reason', btrim(p_reason),
           'kind', CASE WHEN x.counted_qty > x.before THEN 'adjust_in' ELSE 'adjust_out' END,
           CASE WHEN x.counted_qty > x.before THEN 'to_place_id' ELSE 'from_place_id' END, x.place_id) ORDER BY x.ord)
           FILTER (WHERE x.counted_qty <> x.before)
    INTO v_differences, v_moves
    FROM (SELECT m.ord, m.product_id, m.place_id, m.lot_id, m.counted_qty, coalesce(b.qty, 0) AS before
            FROM ROWS FROM (jsonb_to_recordset(v_lines) AS (
                   product_id bigint, place_id bigint, lot_id bigint, counted_qty numeric))
                 WITH ORDINALITY AS m (product_id, place_id, lot_id, counted_qty, ord)
            LEFT JOIN inventory.stock_balance b
              ON b.product_id = m.product_id AND b.place_id = m.place_id AND b.lot_id IS NOT DISTINCT FROM m.lot_id) x;
  RETURN api.command_end(p_command, jsonb_build_object(
    'moves', inventory.post_moves(coalesce(v_moves, '[]'), true), 'differences', v_differences));
END $$;
COMMENT ON FUNCTION api.stock_adjust IS
  'Set stock to what was counted: lines {product_id, place_id, lot_id or lot_code, counted_qty}; the reason is required. No difference, no move; reservations the count leaves uncovered are cut, newest first. Returns {moves, differences}.';
