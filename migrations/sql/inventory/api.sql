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
  v_lines jsonb;
  v_moves bigint[];
BEGIN
  PERFORM sec.require('stock_receive');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'stock_receive', jsonb_build_object('lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM inventory.require_lines(p_lines);
  v_lines := inventory.lots_by_code(p_lines);
  SELECT inventory.post_moves(jsonb_agg(jsonb_build_object(
           'product_id', m.line -> 'product_id', 'lot_id', m.line -> 'lot_id', 'to_place_id', m.line -> 'place_id',
           'qty', m.line -> 'qty', 'kind', 'receipt', 'reason', p_reason) ORDER BY m.ord))
    INTO v_moves
    FROM jsonb_array_elements(v_lines) WITH ORDINALITY AS m (line, ord);
  -- A lot keeps the day it was first received with.
  UPDATE inventory.lot t SET expires_on = x.expires_on
    FROM jsonb_to_recordset(v_lines) AS x (lot_id bigint, expires_on date)
   WHERE t.id = x.lot_id AND t.expires_on IS NULL AND x.expires_on IS NOT NULL;
  RETURN api.command_end(p_command, jsonb_build_object('moves', v_moves));
END $$;
COMMENT ON FUNCTION api.stock_receive IS
  'Receive goods: lines {product_id, place_id, lot_code, expires_on, qty}; a lot is created when its code is new, and takes expires_on when it has none. Returns {moves}.';

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

CREATE OR REPLACE FUNCTION inventory.counted_differences(p_lines jsonb, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_lines jsonb;
  v_bad jsonb;
BEGIN
  PERFORM api.require_length('reason', p_reason, 200);
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
  RETURN (
    SELECT jsonb_agg(jsonb_build_object(
             'product_id', m.product_id, 'place_id', m.place_id, 'lot_id', m.lot_id, 'before', coalesce(b.qty, 0),
             'counted', m.counted_qty, 'difference', m.counted_qty - coalesce(b.qty, 0)) ORDER BY m.ord)
      FROM ROWS FROM (jsonb_to_recordset(v_lines) AS (
             product_id bigint, place_id bigint, lot_id bigint, counted_qty numeric))
           WITH ORDINALITY AS m (product_id, place_id, lot_id, counted_qty, ord)
      LEFT JOIN inventory.stock_balance b
        ON b.product_id = m.product_id AND b.place_id = m.place_id AND b.lot_id IS NOT DISTINCT FROM m.lot_id);
END $$;
COMMENT ON FUNCTION inventory.counted_differences IS
  'Lines as counted against the books, checked, the levels locked: [{product_id, place_id, lot_id, before, counted, difference}].';

CREATE OR REPLACE FUNCTION inventory.post_differences(p_differences jsonb, p_reason text) RETURNS bigint[]
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT inventory.post_moves(coalesce(jsonb_agg(jsonb_build_object(
           'product_id', x.product_id, 'lot_id', x.lot_id, 'qty', abs(x.difference), 'reason', btrim(p_reason),
           'kind', CASE WHEN x.difference > 0 THEN 'adjust_in' ELSE 'adjust_out' END,
           CASE WHEN x.difference > 0 THEN 'to_place_id' ELSE 'from_place_id' END, x.place_id) ORDER BY x.ord)
           FILTER (WHERE x.difference <> 0), '[]'), true)
    FROM ROWS FROM (jsonb_to_recordset(p_differences) AS (product_id bigint, place_id bigint, lot_id bigint, difference numeric))
         WITH ORDINALITY AS x (product_id, place_id, lot_id, difference, ord)
$$;
COMMENT ON FUNCTION inventory.post_differences IS 'The moves that make the books follow a count; no difference, no move.';

CREATE OR REPLACE FUNCTION inventory.difference_value(p_differences jsonb) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- What came too much weighs like what is missing: they may hide each other.
  SELECT coalesce(sum(abs(x.difference) * c.standard_cost), 0)
    FROM jsonb_to_recordset(p_differences) AS x (product_id bigint, difference numeric)
    JOIN catalog.product_cost c ON c.product_id = x.product_id
$$;
COMMENT ON FUNCTION inventory.difference_value IS 'What differences weigh at standard cost. Never to be told to whom costs are hidden from.';

CREATE OR REPLACE FUNCTION inventory.difference_over(p_differences jsonb) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT sec.is_superuser() AND inventory.difference_value(p_differences) > sec.my_limit('stock_difference')
$$;

CREATE OR REPLACE FUNCTION api.stock_adjust(p_command uuid, p_lines jsonb, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_differences jsonb;
BEGIN
  PERFORM sec.require('stock_adjust');
  v_replay := api.command_begin(p_command, 'stock_adjust', jsonb_build_object('lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_differences := inventory.counted_differences(p_lines, p_reason);
  IF inventory.difference_over(v_differences) THEN
    PERFORM sec.fail('ER403', 'stock_difference_limit', jsonb_build_object('limit', sec.my_limit('stock_difference')));
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object(
    'moves', inventory.post_differences(v_differences, p_reason), 'differences', v_differences));
END $$;
COMMENT ON FUNCTION api.stock_adjust IS
  'Set stock to what was counted: lines {product_id, place_id, lot_id or lot_code, counted_qty}; the reason is required. Above the person''s limit (stock_difference, at standard cost) ER403 stock_difference_limit. No difference, no move; reservations the count leaves uncovered are cut, newest first. Returns {moves, differences}.';

CREATE OR REPLACE FUNCTION api.stock_adjust_request(p_command uuid, p_lines jsonb, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_differences jsonb;
  v_warehouse bigint;
  v_subject jsonb;
BEGIN
  PERFORM sec.require('stock_adjust_request');
  v_replay := api.command_begin(p_command, 'stock_adjust_request', jsonb_build_object('lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_differences := inventory.counted_differences(p_lines, p_reason);
  IF NOT inventory.difference_over(v_differences) THEN
    PERFORM sec.fail('ER422', 'stock_difference_within_limit');
  ELSIF (SELECT count(DISTINCT pl.warehouse_id) FROM jsonb_to_recordset(v_differences) AS x (place_id bigint)
           JOIN inventory.place pl ON pl.id = x.place_id) > 1 THEN
    PERFORM sec.fail('ER422', 'stock_difference_one_warehouse');
  END IF;
  SELECT jsonb_build_object(
           'name', min(w.code) || ' · ' || string_agg(DISTINCT p.sku, ', ') FILTER (WHERE x.ord <= 3)
                   || CASE WHEN max(x.ord) > 3 THEN ' …' ELSE '' END,
           'warehouse_id', min(w.id), 'detail', p_command,
           'fields', jsonb_agg(jsonb_build_object(
             'key', concat_ws(' · ', p.sku, pl.code, l.code), 'kind', 'qty', 'before', x.before, 'after', x.counted) ORDER BY x.ord)
             FILTER (WHERE x.difference <> 0)), min(w.id)
    INTO v_subject, v_warehouse
    FROM ROWS FROM (jsonb_to_recordset(v_differences) AS (
           product_id bigint, place_id bigint, lot_id bigint, before numeric, counted numeric, difference numeric))
         WITH ORDINALITY AS x (product_id, place_id, lot_id, before, counted, difference, ord)
    JOIN catalog.product p ON p.id = x.product_id
    JOIN inventory.place pl ON pl.id = x.place_id
    JOIN inventory.warehouse w ON w.id = pl.warehouse_id
    LEFT JOIN inventory.lot l ON l.id = x.lot_id;
  -- The value stays out: who asks may not know costs. The limit of who decides is checked when it is applied.
  RETURN api.command_end(p_command, jsonb_build_object('id', system.approval_open(
    'stock_difference', 'inventory.warehouse', v_warehouse, v_subject,
    jsonb_build_object('differences', v_differences, 'reason', btrim(p_reason)), p_reason)));
END $$;
COMMENT ON FUNCTION api.stock_adjust_request IS
  'Ask for a count whose differences weigh more than the person''s limit: posted when somebody with a higher limit approves.';

CREATE OR REPLACE FUNCTION inventory.apply_stock_difference(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_authority text;
BEGIN
  SELECT v.authority INTO v_authority FROM system.approval_vote v WHERE v.request_id = p_request ORDER BY v.id DESC LIMIT 1;
  IF inventory.difference_value(p_payload -> 'differences') > sec.limit_of(v_authority, 'stock_difference') THEN
    PERFORM sec.fail('ER403', 'stock_difference_limit', jsonb_build_object('limit', sec.limit_of(v_authority, 'stock_difference')));
  END IF;
  PERFORM inventory.lock_levels(array_agg(x.product_id), array_agg(pl.warehouse_id))
    FROM jsonb_to_recordset(p_payload -> 'differences') AS x (product_id bigint, place_id bigint)
    JOIN inventory.place pl ON pl.id = x.place_id;
  -- The difference that was found is posted, whatever has moved since the count.
  PERFORM inventory.post_differences(p_payload -> 'differences', p_payload ->> 'reason');
END $$;
COMMENT ON FUNCTION inventory.apply_stock_difference IS 'What an approved stock difference does.';
