-- Reporting finished and scrapped pieces.

CREATE OR REPLACE FUNCTION production.check_completion(
  p_order production.work_order, p_good numeric, p_scrap numeric, p_scrap_reason bigint, p_place bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_decimals int := (SELECT u.decimals FROM catalog.product p JOIN catalog.unit u ON u.id = p.unit_id
                      WHERE p.id = p_order.product_id);
  v_open numeric := p_order.qty - p_order.qty_good - p_order.qty_scrap;
  v_detail jsonb := jsonb_build_object('id', p_order.id, 'number', p_order.number, 'open', trim_scale(v_open), 'state', p_order.state);
BEGIN
  IF p_order.state = 'released' THEN
    PERFORM sec.fail('ER422', 'work_order_not_started', v_detail);
  ELSIF p_order.state <> 'started' THEN
    PERFORM sec.fail('ER422', 'work_order_closed', v_detail);
  ELSIF p_good IS NULL OR p_scrap IS NULL OR p_good < 0 OR p_scrap < 0 OR p_good + p_scrap <= 0
     OR p_good >= 1e12 OR p_scrap >= 1e12 THEN
    PERFORM sec.fail('ER422', 'completion_not_empty', v_detail);
  ELSIF p_good <> round(p_good, v_decimals) OR p_scrap <> round(p_scrap, v_decimals) THEN
    PERFORM sec.fail('ER422', 'quantity_too_precise', v_detail || jsonb_build_object('qty', p_good + p_scrap));
  ELSIF p_good + p_scrap > v_open THEN
    PERFORM sec.fail('ER422', 'completion_above_order', v_detail || jsonb_build_object('qty', p_good + p_scrap));
  ELSIF p_scrap > 0 AND NOT EXISTS (SELECT FROM production.scrap_reason r WHERE r.id = p_scrap_reason) THEN
    PERFORM sec.fail('ER422', 'scrap_needs_reason', v_detail);
  ELSIF p_good > 0 AND NOT EXISTS (
    SELECT FROM inventory.place pl WHERE pl.id = p_place AND pl.warehouse_id = p_order.warehouse_id AND pl.is_active) THEN
    PERFORM sec.fail('ER422', 'completion_needs_place', v_detail);
  END IF;
END $$;
COMMENT ON FUNCTION production.check_completion IS 'Refuses a report that cannot be true of this order.';

CREATE OR REPLACE FUNCTION production.pick_components(p_needs jsonb, p_warehouse bigint, p_order bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_missing jsonb;
BEGIN
  -- The order's own reservations are released already, so what others were promised is exactly what is not free.
  SELECT jsonb_agg(jsonb_build_object('product_id', x.product_id, 'product', x.sku, 'required', trim_scale(x.qty),
                                      'available', trim_scale(x.available), 'missing', trim_scale(x.qty - x.available)) ORDER BY x.sku)
    INTO v_missing
    FROM (SELECT n.product_id, p.sku, n.qty, least(coalesce(l.free, 0), (
                   SELECT coalesce(sum(b.qty), 0)
                     FROM inventory.stock_balance b JOIN inventory.place pl ON pl.id = b.place_id
                    WHERE b.product_id = n.product_id AND b.warehouse_id = p_warehouse
                      AND pl.kind <> 'blocked' AND pl.is_active)) AS available
            FROM jsonb_to_recordset(p_needs) AS n (product_id bigint, qty numeric)
            JOIN catalog.product p ON p.id = n.product_id
            LEFT JOIN inventory.stock_level l ON l.product_id = n.product_id AND l.warehouse_id = p_warehouse) x
   WHERE x.qty > x.available;
  IF v_missing IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'components_missing', jsonb_build_object('components', v_missing));
  END IF;
  RETURN (
    SELECT jsonb_agg(jsonb_build_object(
             'product_id', x.product_id, 'lot_id', x.lot_id, 'from_place_id', x.place_id, 'qty', x.take, 'kind', 'consume',
             'source_type', 'work_order', 'source_id', p_order))
      FROM (SELECT b.product_id, b.lot_id, b.place_id,
                   least(b.qty, n.qty - (sum(b.qty) OVER pick - b.qty)) AS take
              FROM jsonb_to_recordset(p_needs) AS n (product_id bigint, qty numeric)
              JOIN inventory.stock_balance b ON b.product_id = n.product_id AND b.warehouse_id = p_warehouse AND b.qty > 0
              JOIN inventory.place pl ON pl.id = b.place_id AND pl.kind <> 'blocked' AND pl.is_active
            WINDOW pick AS (PARTITION BY b.product_id ORDER BY
              array_position(ARRAY['production', 'storage', 'receiving', 'shipping'], pl.kind::text), b.lot_id NULLS FIRST, b.id)) x
     WHERE x.take > 0);
END $$;
COMMENT ON FUNCTION production.pick_components IS
  'Consume moves for needs [{product_id, qty}]: at the line first, then storage, oldest lot first; ER422 components_missing.';

CREATE OR REPLACE FUNCTION api.work_order_complete(
  p_command uuid, p_id bigint, p_row_version int, p_good_qty numeric, p_scrap_qty numeric DEFAULT 0,
  p_scrap_reason bigint DEFAULT NULL, p_lot_code text DEFAULT NULL, p_place_id bigint DEFAULT NULL,
  p_remark text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order production.work_order%ROWTYPE;
  v_parent production.work_order%ROWTYPE;
  v_done numeric;
  v_uses jsonb;
  v_moves jsonb;
  v_lot bigint;
  v_completion bigint;
BEGIN
  PERFORM sec.require('work_order_complete');
  PERFORM api.require_length('remark', p_remark, 200);
  PERFORM api.require_length('lot', p_lot_code, 40);
  v_replay := api.command_begin(p_command, 'work_order_complete', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'good', p_good_qty, 'scrap', p_scrap_qty, 'scrap_reason', p_scrap_reason,
    'lot', p_lot_code, 'place', p_place_id, 'remark', p_remark));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_order := production.lock_order(p_id, p_row_version);
  PERFORM production.check_completion(v_order, p_good_qty, p_scrap_qty, p_scrap_reason, p_place_id);
  -- Orders are locked upwards only; a parent is always older than its parts.
  SELECT * INTO v_parent FROM production.work_order w WHERE w.id = v_order.parent_id FOR SHARE;
  v_done := v_order.qty_good + v_order.qty_scrap + p_good_qty + p_scrap_qty;

  -- Good and scrapped pieces alike use material, in proportion; the last report uses what is left of the requirement.
  SELECT jsonb_agg(jsonb_build_object('component_id', x.id, 'product_id', x.product_id, 'is_stocked', x.is_stocked, 'qty', x.qty))
    INTO v_uses
    FROM (SELECT c.id, c.product_id, p.is_stocked,
                 least(c.qty_required, production.round_up(c.qty_required * v_done / v_order.qty, u.decimals)) - c.qty_consumed AS qty
            FROM production.work_order_component c
            JOIN catalog.product p ON p.id = c.product_id
            JOIN catalog.unit u ON u.id = p.unit_id
           WHERE c.work_order_id = p_id ORDER BY c.id) x
   WHERE x.qty > 0;
  v_uses := coalesce(v_uses, '[]');

  IF p_good_qty > 0 AND EXISTS (SELECT FROM catalog.product p WHERE p.id = v_order.product_id AND p.is_stocked) THEN
    v_lot := (inventory.lots_by_code(jsonb_build_array(jsonb_build_object(
      'product_id', v_order.product_id,
      'lot_code', coalesce(nullif(btrim(p_lot_code), ''), v_order.number)))) -> 0 ->> 'lot_id')::bigint;
  END IF;
  PERFORM inventory.lock_levels(
    array_agg(u.product_id) || v_order.product_id || v_order.product_id,
    array_agg(v_order.warehouse_id) || v_order.warehouse_id || v_parent.warehouse_id)
     FROM jsonb_to_recordset(v_uses) AS u (product_id bigint, is_stocked boolean) WHERE u.is_stocked;
  PERFORM inventory.release_many(jsonb_agg(jsonb_build_object(
            'source_type', 'work_order_component', 'source_id', u.component_id, 'qty', u.qty)))
     FROM jsonb_to_recordset(v_uses) AS u (component_id bigint, qty numeric);
  SELECT coalesce(production.pick_components(jsonb_agg(jsonb_build_object('product_id', n.product_id, 'qty', n.qty)),
                                             v_order.warehouse_id, p_id), '[]')
    INTO v_moves
    FROM (SELECT u.product_id, sum(u.qty) AS qty
            FROM jsonb_to_recordset(v_uses) AS u (product_id bigint, is_stocked boolean, qty numeric)
           WHERE u.is_stocked GROUP BY u.product_id) n;

  IF v_lot IS NOT NULL THEN
    v_moves := v_moves || jsonb_build_array(jsonb_build_object(
      'product_id', v_order.product_id, 'lot_id', v_lot, 'to_place_id', p_place_id, 'qty', p_good_qty, 'kind', 'produce',
      'source_type', 'work_order', 'source_id', p_id));
  END IF;
  PERFORM inventory.post_moves(v_moves);

  UPDATE production.work_order_component c SET qty_consumed = c.qty_consumed + u.qty
    FROM jsonb_to_recordset(v_uses) AS u (component_id bigint, qty numeric) WHERE c.id = u.component_id;
  UPDATE production.work_order_cost k SET actual_cost = k.actual_cost + (
    SELECT coalesce(round(sum(u.qty * pc.standard_cost), 2), 0)
      FROM jsonb_to_recordset(v_uses) AS u (product_id bigint, qty numeric)
      JOIN catalog.product_cost pc ON pc.product_id = u.product_id)
   WHERE k.work_order_id = p_id;
  INSERT INTO production.completion (work_order_id, warehouse_id, qty_good, qty_scrap, scrap_reason_id, remark, lot_id, place_id,
                                     reported_by)
  VALUES (p_id, v_order.warehouse_id, p_good_qty, p_scrap_qty, CASE WHEN p_scrap_qty > 0 THEN p_scrap_reason END,
          nullif(btrim(p_remark), ''), v_lot, CASE WHEN p_good_qty > 0 THEN p_place_id END, sec.actor())
  RETURNING id INTO v_completion;
  UPDATE production.work_order w
     SET qty_good = w.qty_good + p_good_qty, qty_scrap = w.qty_scrap + p_scrap_qty,
         state = CASE WHEN v_done = w.qty THEN 'completed' ELSE w.state END,
         completed_at = CASE WHEN v_done = w.qty THEN statement_timestamp() END
   WHERE w.id = p_id RETURNING * INTO v_order;
  IF v_order.state = 'completed' THEN
    PERFORM inventory.release_many(jsonb_agg(jsonb_build_object('source_type', 'work_order_component', 'source_id', c.id)))
       FROM production.work_order_component c WHERE c.work_order_id = p_id;
  END IF;
  IF p_good_qty > 0 AND v_parent.state IN ('released', 'started') THEN
    PERFORM production.reserve_missing(ARRAY[v_parent.id], v_order.product_id);
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version, 'state', v_order.state,
    'completion_id', v_completion, 'lot_id', v_lot, 'parent_id', v_parent.id, 'moves', jsonb_array_length(v_moves)));
END $$;
COMMENT ON FUNCTION api.work_order_complete IS
  'Report good and scrapped pieces: consumes components pro rata, receives the good ones into a lot (default: the order''s number) at p_place_id, adds to the actual cost. Complete when good + scrap reach the quantity; then left reservations are released. A parent order''s reservation of this product is tried at once.';
