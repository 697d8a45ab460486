-- Deliveries: what leaves the house, by place and lot.

-- A delivery's lines and moves name it before it exists; its row is written last, with the number.
GRANT USAGE ON SEQUENCE sales.delivery_id_seq, sales.invoice_id_seq TO erp_api;

CREATE OR REPLACE FUNCTION sales.read_picks(p_order bigint, p_warehouse bigint, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_picks jsonb;
  v_bad record;
BEGIN
  IF jsonb_typeof(p_lines) IS DISTINCT FROM 'array' OR p_lines = '[]' THEN
    PERFORM sec.fail('ER422', 'delivery_has_no_lines');
  END IF;
  SELECT jsonb_agg(to_jsonb(x) ORDER BY x."position", x.ord) INTO v_picks
    FROM (
      SELECT l.id AS line_id, l.position, l.product_id, p.sku, l.description, l.unit_code, t.id AS lot_id,
             t.code AS lot_code, w.place_id, w.qty, p.is_stocked AS stocked, l.qty - l.qty_shipped AS open, w.ord,
             sum(w.qty) OVER (PARTITION BY w.sales_order_line_id) AS total,
             CASE
               WHEN l.id IS NULL THEN 'delivery_line_unknown'
               WHEN w.qty IS NULL OR w.qty <= 0 OR w.qty >= 1e12 THEN 'move_qty_positive'
               WHEN w.qty <> round(w.qty, u.decimals) THEN 'quantity_too_precise'
               WHEN p.is_stocked AND w.place_id IS NULL THEN 'place_missing'
               WHEN w.place_id IS NOT NULL AND pl.id IS NULL THEN 'place_of_other_warehouse'
               WHEN w.lot_id IS NOT NULL AND t.id IS NULL THEN 'lot_not_found'
             END AS problem
        FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
               sales_order_line_id bigint, place_id bigint, lot_id bigint, qty numeric))
             WITH ORDINALITY AS w (sales_order_line_id, place_id, lot_id, qty, ord)
        LEFT JOIN sales.sales_order_line l ON l.id = w.sales_order_line_id AND l.sales_order_id = p_order
        LEFT JOIN catalog.product p ON p.id = l.product_id
        LEFT JOIN catalog.unit u ON u.id = p.unit_id
        LEFT JOIN inventory.place pl ON pl.id = w.place_id AND pl.warehouse_id = p_warehouse
        LEFT JOIN inventory.lot t ON t.id = w.lot_id AND t.product_id = l.product_id) x;
  SELECT * INTO v_bad
    FROM jsonb_to_recordset(v_picks) AS x (problem text, "position" int, sku text, open numeric, total numeric)
   WHERE x.problem IS NOT NULL OR x.total > x.open LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', coalesce(v_bad.problem, 'delivery_exceeds_open'), jsonb_build_object(
      'position', v_bad."position", 'product', v_bad.sku, 'open', trim_scale(v_bad.open), 'qty', v_bad.total));
  END IF;
  RETURN v_picks;
END $$;
COMMENT ON FUNCTION sales.read_picks IS
  'The picks wanted for an order with what is known about line, article and lot; refuses what cannot be shipped.';

CREATE OR REPLACE FUNCTION sales.ship_stock(p_delivery bigint, p_warehouse bigint, p_picks jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM inventory.lock_levels(array_agg(x.product_id), array_agg(p_warehouse))
     FROM jsonb_to_recordset(p_picks) AS x (product_id bigint, stocked boolean) WHERE x.stocked;
  PERFORM inventory.release_many((
    SELECT jsonb_agg(jsonb_build_object('source_type', 'sales_order_line', 'source_id', x.line_id, 'qty', x.qty))
      FROM jsonb_to_recordset(p_picks) AS x (line_id bigint, qty numeric)));
  PERFORM inventory.post_moves((
    SELECT coalesce(jsonb_agg(jsonb_build_object(
             'product_id', x.product_id, 'lot_id', x.lot_id, 'from_place_id', x.place_id, 'qty', x.qty, 'kind', 'ship',
             'source_type', 'delivery', 'source_id', p_delivery)), '[]')
      FROM jsonb_to_recordset(p_picks) AS x (product_id bigint, lot_id bigint, place_id bigint, qty numeric, stocked boolean)
     WHERE x.stocked));
END $$;
COMMENT ON FUNCTION sales.ship_stock IS 'Take the picks out of stock and out of the order''s reservations.';

CREATE OR REPLACE FUNCTION api.delivery_ship(
  p_command uuid, p_sales_order_id bigint, p_row_version integer, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_picks jsonb;
  v_id bigint;
  v_number text;
  v_version integer;
BEGIN
  PERFORM sec.require('delivery_ship');
  v_replay := api.command_begin(p_command, 'delivery_ship', jsonb_build_object(
    'id', p_sales_order_id, 'row_version', p_row_version, 'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := sales.locked_order(p_sales_order_id, p_row_version);
  PERFORM sales.require_state('sales_order_not_confirmed', v_order.state, 'confirmed');
  PERFORM sales.require_not_blocked(v_order.customer_id);
  v_picks := sales.read_picks(p_sales_order_id, v_order.warehouse_id, p_lines);
  v_id := nextval('sales.delivery_id_seq');
  PERFORM sales.ship_stock(v_id, v_order.warehouse_id, v_picks);
  INSERT INTO sales.delivery_line (delivery_id, warehouse_id, sales_order_line_id, position, product_id, sku, description,
                                   unit_code, lot_id, lot_code, place_id, qty)
  SELECT v_id, v_order.warehouse_id, x.line_id, x.ord, x.product_id, x.sku, x.description, x.unit_code, x.lot_id,
         x.lot_code, x.place_id, x.qty
    FROM ROWS FROM (jsonb_to_recordset(v_picks) AS (
           line_id bigint, product_id bigint, sku text, description text, unit_code text, lot_id bigint, lot_code text,
           place_id bigint, qty numeric))
         WITH ORDINALITY AS x (line_id, product_id, sku, description, unit_code, lot_id, lot_code, place_id, qty, ord);
  UPDATE sales.sales_order_line l SET qty_shipped = l.qty_shipped + s.qty
    FROM (SELECT x.line_id, sum(x.qty) AS qty FROM jsonb_to_recordset(v_picks) AS x (line_id bigint, qty numeric)
           GROUP BY x.line_id) s
   WHERE l.id = s.line_id;
  v_version := sales.refresh_order(p_sales_order_id);
  INSERT INTO sales.delivery (id, number, sales_order_id, customer_id, warehouse_id, delivery_address, snapshot)
  OVERRIDING SYSTEM VALUE
  VALUES (v_id, system.next_number('delivery'), p_sales_order_id, v_order.customer_id, v_order.warehouse_id,
          v_order.snapshot -> 'delivery_address', sales.order_reference(v_order) - 'terms')
  RETURNING number INTO v_number;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'number', v_number, 'row_version', 1, 'sales_order_id', p_sales_order_id,
    'sales_order_row_version', v_version));
END $$;
COMMENT ON FUNCTION api.delivery_ship IS
  'Ship parts of a confirmed order: lines [{sales_order_line_id, place_id, lot_id, qty}]; stock leaves, the delivery exists.';
