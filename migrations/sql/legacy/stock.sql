-- The stock of the old system becomes stock of Werkbank once, as a posting of its own, when the warehouse goes over.

CREATE OR REPLACE FUNCTION api.legacy_opening_stock(p_command uuid, p_warehouse_id bigint, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_moves jsonb;
  v_without jsonb;
  v_ids bigint[];
BEGIN
  PERFORM sec.require('legacy_opening_stock');
  PERFORM sec.require_confirmed();
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'legacy_opening_stock', jsonb_build_object('warehouse_id', p_warehouse_id, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF NOT p_warehouse_id = ANY (sec.my_warehouses()) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'inventory.warehouse', 'id', p_warehouse_id));
  ELSIF (SELECT m.mode FROM legacy.module m WHERE m.code = 'inventory' FOR SHARE) <> 'werkbank' THEN
    PERFORM sec.fail('ER422', 'legacy_stock_not_cut_over', jsonb_build_object('warehouse_id', p_warehouse_id));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'move_needs_reason', jsonb_build_object('warehouse_id', p_warehouse_id));
  END IF;
  -- Rows that were posted bear the quantity; a second call finds none of them.
  PERFORM FROM legacy.stock s WHERE s.qty > 0 AND s.opened_qty IS NULL ORDER BY s.id FOR UPDATE;
  INSERT INTO inventory.lot (product_id, code, expires_on)
  SELECT x.product_id, x.lot_code, max(x.expires_on) FROM legacy.stock_to_open(p_warehouse_id) x
   WHERE x.lot_code IS NOT NULL GROUP BY x.product_id, x.lot_code
  ON CONFLICT (product_id, code) DO NOTHING;
  SELECT jsonb_agg(jsonb_build_object('product_id', x.product_id, 'to_place_id', x.place_id, 'qty', x.qty, 'kind', 'adjust_in',
                     'reason', btrim(p_reason), 'source_type', 'legacy_stock', 'source_id', x.id,
                     'lot_id', (SELECT l.id FROM inventory.lot l WHERE l.product_id = x.product_id AND l.code = x.lot_code)) ORDER BY x.id)
    INTO v_moves FROM legacy.stock_to_open(p_warehouse_id) x;
  IF v_moves IS NULL THEN
    PERFORM sec.fail('ER422', 'legacy_stock_nothing', jsonb_build_object('warehouse_id', p_warehouse_id));
  END IF;
  v_ids := inventory.post_moves(v_moves);
  UPDATE legacy.stock s SET opened_qty = s.qty FROM jsonb_array_elements(v_moves) m WHERE s.id = (m ->> 'source_id')::bigint;
  SELECT jsonb_build_object('rows', count(*), 'qty', trim_scale(coalesce(sum(s.qty), 0))) INTO v_without
    FROM legacy.stock s WHERE s.qty > 0 AND s.opened_qty IS NULL AND (s.product_id IS NULL OR legacy.place_of(s) IS NULL);
  RETURN api.command_end(p_command, jsonb_build_object('moves', cardinality(v_ids), 'without_home', v_without));
END $$;
COMMENT ON FUNCTION api.legacy_opening_stock IS
  'Post what the old system has in a warehouse as stock, once, after the module inventory has gone over: {moves, without_home: {rows, '
  'qty}} (what knows no product or no place is in no warehouse). Needs confirmation.';

CREATE OR REPLACE FUNCTION legacy.place_of(p_stock legacy.stock) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(p_stock.place_id, (
    SELECT b.place_id FROM inventory.box b
     WHERE b.id = coalesce(p_stock.box_id, (SELECT s.box_id FROM inventory.box_slot s WHERE s.id = p_stock.box_slot_id))))
$$;
COMMENT ON FUNCTION legacy.place_of IS 'Where a stock row lies: at its place, or where its box stands.';

CREATE OR REPLACE FUNCTION legacy.stock_to_open(p_warehouse_id bigint)
RETURNS TABLE (id bigint, product_id bigint, place_id bigint, qty numeric, lot_code text, expires_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.product_id, l.id, s.qty, nullif(btrim(s.lot_code), ''), s.expires_on
    FROM legacy.stock s
    JOIN inventory.place l ON l.id = legacy.place_of(s) AND l.warehouse_id = p_warehouse_id
   WHERE s.qty > 0 AND s.opened_qty IS NULL AND s.product_id IS NOT NULL
$$;
COMMENT ON FUNCTION legacy.stock_to_open IS 'Rows of the old system''s stock in a warehouse that have not been posted.';
