-- Work orders: from the bill of materials to reserved components, started, cancelled.

CREATE OR REPLACE FUNCTION production.round_up(p_value numeric, p_decimals int) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT round(ceil(p_value * power(10::numeric, p_decimals)) / power(10::numeric, p_decimals), p_decimals)
$$;
COMMENT ON FUNCTION production.round_up IS 'The next larger quantity a unit with so many decimals can express.';

CREATE OR REPLACE FUNCTION production.lock_order(p_id bigint, p_row_version int) RETURNS production.work_order
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_order production.work_order%ROWTYPE;
BEGIN
  SELECT * INTO v_order FROM production.work_order w
   WHERE w.id = p_id AND w.warehouse_id = ANY (sec.my_warehouses()) FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'production.work_order', 'id', p_id));
  ELSIF v_order.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale',
      jsonb_build_object('table', 'production.work_order', 'id', p_id, 'row_version', v_order.row_version));
  END IF;
  RETURN v_order;
END $$;
COMMENT ON FUNCTION production.lock_order IS 'The work order, locked; refuses one outside the person''s warehouses and a stale one.';

CREATE OR REPLACE FUNCTION production.missing_components(p_orders bigint[])
RETURNS TABLE (work_order_id bigint, warehouse_id bigint, component_id bigint, product_id bigint, sku text,
               required numeric, reserved numeric, missing numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT c.work_order_id, c.warehouse_id, c.id, c.product_id, p.sku::text, c.qty_required, coalesce(r.qty, 0),
         c.qty_required - c.qty_consumed - coalesce(r.qty, 0)
    FROM production.work_order_component c
    JOIN catalog.product p ON p.id = c.product_id AND p.is_stocked
    LEFT JOIN inventory.reservation r ON r.source_type = 'work_order_component' AND r.source_id = c.id
   WHERE c.work_order_id = ANY (p_orders) AND c.qty_required - c.qty_consumed - coalesce(r.qty, 0) > 0
   ORDER BY array_position(p_orders, c.work_order_id), c.position;
END $$;
COMMENT ON FUNCTION production.missing_components IS
  'Stocked components of these orders that are neither consumed nor reserved, in the order of the orders.';

CREATE OR REPLACE FUNCTION production.shortages(p_order bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'component_id', m.component_id, 'product_id', m.product_id, 'product', m.sku, 'required', m.required,
            'reserved', m.reserved, 'missing', m.missing)), '[]')
            FROM production.missing_components(ARRAY[p_order]) m);
END $$;
COMMENT ON FUNCTION production.shortages IS 'What an order still lacks: [{component_id, product_id, product, required, reserved, missing}].';

CREATE OR REPLACE FUNCTION production.reserve_missing(p_orders bigint[], p_product bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM inventory.reserve_many(jsonb_agg(jsonb_build_object(
            'product_id', m.product_id, 'warehouse_id', m.warehouse_id, 'source_type', 'work_order_component',
            'source_id', m.component_id, 'qty', m.missing)))
     FROM production.missing_components(p_orders) m
    WHERE p_product IS NULL OR m.product_id = p_product;
END $$;
COMMENT ON FUNCTION production.reserve_missing IS
  'Reserve what is free for what these orders lack; of one product only when it is given.';

CREATE OR REPLACE FUNCTION production.read_plan(p_orders jsonb)
RETURNS TABLE (ord bigint, product_id bigint, qty numeric, warehouse_id bigint, planned_start date, planned_end date,
               parent_index int, sales_order_line_id bigint, bom_id bigint, sku text, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT o.ord, o.product_id, o.qty, o.warehouse_id, o.planned_start, o.planned_end, o.parent_index,
         o.sales_order_line_id, b.id, p.sku::text,
         CASE WHEN p.id IS NULL THEN 'product_not_found'
              WHEN w.id IS NULL THEN 'warehouse_not_found'
              WHEN o.qty IS NULL OR o.qty <= 0 OR o.qty >= 1e12 THEN 'work_order_qty_positive'
              WHEN o.qty <> round(o.qty, u.decimals) THEN 'quantity_too_precise'
              WHEN o.planned_start IS NULL OR o.planned_end IS NULL OR o.planned_end < o.planned_start
                THEN 'work_order_dates_in_order'
              WHEN o.parent_index < 0 OR o.parent_index >= o.ord - 1 THEN 'work_order_parent_first'
              WHEN b.id IS NULL THEN 'work_order_needs_bom'
         END
    FROM ROWS FROM (jsonb_to_recordset(p_orders) AS (
           product_id bigint, qty numeric, warehouse_id bigint, planned_start date, planned_end date, parent_index int,
           sales_order_line_id bigint)) WITH ORDINALITY
         AS o (product_id, qty, warehouse_id, planned_start, planned_end, parent_index, sales_order_line_id, ord)
    LEFT JOIN catalog.product p ON p.id = o.product_id
    LEFT JOIN catalog.unit u ON u.id = p.unit_id
    LEFT JOIN inventory.warehouse w
      ON w.id = o.warehouse_id AND w.is_active AND w.id = ANY (sec.my_warehouses())
    LEFT JOIN engineering.bom b
      ON b.product_id = o.product_id AND b.state = 'approved' AND b.valid_from <= o.planned_start
     AND (b.valid_to IS NULL OR b.valid_to > o.planned_start)
   ORDER BY o.ord;
END $$;
COMMENT ON FUNCTION production.read_plan IS
  'The wanted orders with the bill that is effective at their start; problem = text key of what forbids one.';

CREATE OR REPLACE FUNCTION api.work_order_create(p_command uuid, p_orders jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_plan record;
  v_id bigint;
  v_ids bigint[] := '{}';
BEGIN
  PERFORM sec.require('work_order_create');
  v_replay := api.command_begin(p_command, 'work_order_create', jsonb_build_object('orders', p_orders));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM inventory.require_lines(p_orders);
  PERFORM inventory.fail_line(jsonb_build_object('key', r.problem, 'line', r.ord, 'product_id', r.product_id,
                                                 'product', r.sku, 'date', r.planned_start))
     FROM production.read_plan(p_orders) r WHERE r.problem IS NOT NULL ORDER BY r.ord LIMIT 1;
  -- All stock locks before the first number: the counter is the last thing a posting waits for.
  PERFORM inventory.lock_levels(array_agg(l.product_id), array_agg(r.warehouse_id))
     FROM production.read_plan(p_orders) r
     JOIN engineering.bom_line l ON l.bom_id = r.bom_id
     JOIN catalog.product p ON p.id = l.product_id AND p.is_stocked;
  FOR v_plan IN SELECT * FROM production.read_plan(p_orders) LOOP
    INSERT INTO production.work_order (number, product_id, bom_id, warehouse_id, parent_id, source_type, source_id,
                                       qty, planned_start, planned_end)
    VALUES (system.next_number('work_order'), v_plan.product_id, v_plan.bom_id, v_plan.warehouse_id,
            v_ids[v_plan.parent_index + 1],
            CASE WHEN v_plan.sales_order_line_id IS NOT NULL THEN 'sales_order_line' END, v_plan.sales_order_line_id,
            v_plan.qty, v_plan.planned_start, v_plan.planned_end)
    RETURNING id INTO v_id;
    v_ids := v_ids || v_id;
  END LOOP;
  INSERT INTO production.work_order_component (work_order_id, warehouse_id, position, product_id, qty_required, scrap_pct)
  SELECT w.id, w.warehouse_id, l.position, l.product_id,
         production.round_up(l.qty * w.qty * (100 + l.scrap_pct) / (100 * b.output_qty), u.decimals), l.scrap_pct
    FROM production.work_order w
    JOIN engineering.bom b ON b.id = w.bom_id
    JOIN engineering.bom_line l ON l.bom_id = b.id
    JOIN catalog.product p ON p.id = l.product_id
    JOIN catalog.unit u ON u.id = p.unit_id
   WHERE w.id = ANY (v_ids)
   ORDER BY w.id, l.position;
  INSERT INTO production.work_order_cost (work_order_id, standard_unit_cost)
  SELECT w.id, coalesce(pc.standard_cost, (
           SELECT sum(c.qty_required * cc.standard_cost) / w.qty
             FROM production.work_order_component c JOIN catalog.product_cost cc ON cc.product_id = c.product_id
            WHERE c.work_order_id = w.id), 0)
    FROM production.work_order w LEFT JOIN catalog.product_cost pc ON pc.product_id = w.product_id
   WHERE w.id = ANY (v_ids);
  PERFORM production.reserve_missing(v_ids);
  RETURN api.command_end(p_command, jsonb_build_object('orders', (
    SELECT jsonb_agg(jsonb_build_object(
             'id', w.id, 'number', w.number, 'row_version', w.row_version, 'product_id', w.product_id, 'qty', w.qty,
             'shortages', coalesce(s.shortages, '[]')) ORDER BY w.id)
      FROM production.work_order w
      LEFT JOIN (SELECT m.work_order_id, jsonb_agg(jsonb_build_object(
                          'component_id', m.component_id, 'product_id', m.product_id, 'product', m.sku,
                          'required', m.required, 'reserved', m.reserved, 'missing', m.missing)) AS shortages
                   FROM production.missing_components(v_ids) m GROUP BY m.work_order_id) s ON s.work_order_id = w.id
     WHERE w.id = ANY (v_ids))));
END $$;
COMMENT ON FUNCTION api.work_order_create IS
  'Create a plan: [{product_id, qty, warehouse_id, planned_start, planned_end, parent_index, sales_order_line_id}]; parent_index counts from 0 and points to an earlier order. Components are a snapshot of the bill effective at the start and reserved as far as free. Returns {orders: [{id, number, row_version, shortages}]}.';

CREATE OR REPLACE FUNCTION api.work_order_reserve(p_command uuid, p_id bigint, p_row_version int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order production.work_order%ROWTYPE;
BEGIN
  PERFORM sec.require('work_order_reserve');
  v_replay := api.command_begin(p_command, 'work_order_reserve', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_order := production.lock_order(p_id, p_row_version);
  IF v_order.state NOT IN ('released', 'started') THEN
    PERFORM sec.fail('ER422', 'work_order_closed', jsonb_build_object('id', p_id, 'number', v_order.number, 'state', v_order.state));
  END IF;
  PERFORM production.reserve_missing(ARRAY[p_id]);
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version, 'shortages', production.shortages(p_id)));
END $$;
COMMENT ON FUNCTION api.work_order_reserve IS 'Try again to reserve what the order lacks. Returns {id, number, row_version, shortages}.';

CREATE OR REPLACE FUNCTION api.work_order_start(p_command uuid, p_id bigint, p_row_version int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order production.work_order%ROWTYPE;
BEGIN
  PERFORM sec.require('work_order_start');
  v_replay := api.command_begin(p_command, 'work_order_start', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_order := production.lock_order(p_id, p_row_version);
  IF v_order.state <> 'released' THEN
    PERFORM sec.fail('ER422', 'work_order_not_released', jsonb_build_object('id', p_id, 'number', v_order.number, 'state', v_order.state));
  END IF;
  PERFORM production.reserve_missing(ARRAY[p_id]);
  -- Work may begin with part of the material; with none of it there is nothing to begin.
  IF EXISTS (SELECT FROM production.missing_components(ARRAY[p_id]))
     AND NOT EXISTS (SELECT FROM production.work_order_component c
                       JOIN inventory.reservation r ON r.source_type = 'work_order_component' AND r.source_id = c.id
                      WHERE c.work_order_id = p_id) THEN
    PERFORM sec.fail('ER422', 'work_order_nothing_reserved', jsonb_build_object(
      'id', p_id, 'number', v_order.number, 'components', production.shortages(p_id)));
  END IF;
  UPDATE production.work_order w SET state = 'started', started_at = statement_timestamp()
   WHERE w.id = p_id RETURNING * INTO v_order;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version, 'shortages', production.shortages(p_id)));
END $$;
COMMENT ON FUNCTION api.work_order_start IS
  'Start an order; reserves what has become free. Refused when components are missing and none is reserved; with some of them it starts and returns the shortages.';

CREATE OR REPLACE FUNCTION api.work_order_cancel(p_command uuid, p_id bigint, p_row_version int, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order production.work_order%ROWTYPE;
BEGIN
  PERFORM sec.require('work_order_cancel');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'work_order_cancel',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_order := production.lock_order(p_id, p_row_version);
  IF v_order.state NOT IN ('released', 'started') THEN
    PERFORM sec.fail('ER422', 'work_order_closed', jsonb_build_object('id', p_id, 'number', v_order.number, 'state', v_order.state));
  ELSIF v_order.qty_good + v_order.qty_scrap > 0 THEN
    PERFORM sec.fail('ER422', 'work_order_has_completions', jsonb_build_object('id', p_id, 'number', v_order.number));
  ELSIF coalesce(btrim(p_reason), '') = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  PERFORM inventory.release_many(jsonb_agg(jsonb_build_object('source_type', 'work_order_component', 'source_id', c.id)))
     FROM production.work_order_component c WHERE c.work_order_id = p_id;
  UPDATE production.work_order w SET state = 'cancelled', cancel_reason = btrim(p_reason)
   WHERE w.id = p_id RETURNING * INTO v_order;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version));
END $$;
COMMENT ON FUNCTION api.work_order_cancel IS
  'Cancel an order nothing was reported on, with a reason; its reservations are released.';
