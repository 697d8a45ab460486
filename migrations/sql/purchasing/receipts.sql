-- Goods receipts: what comes in against an order, and what goes back to the supplier. The warehouse sees no price.

-- A receipt's lines and moves name it before it exists; its row is written last, with the number.
GRANT USAGE ON SEQUENCE purchasing.goods_receipt_id_seq TO erp_api;

CREATE OR REPLACE FUNCTION purchasing.read_arrivals(p_order bigint, p_warehouse bigint, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_over numeric := (SELECT t.over_receipt_pct FROM purchasing.tolerance t);
  v_found jsonb;
  v_bad record;
BEGIN
  PERFORM inventory.require_lines(p_lines);
  SELECT jsonb_agg(to_jsonb(x) ORDER BY x.ord) INTO v_found
    FROM (
      SELECT l.id AS line_id, l.position, l.product_id, l.sku, l.supplier_sku, l.description, l.unit_code, l.qty AS ordered,
             w.place_id, w.lot_code, w.expires_on, w.qty, p.is_stocked AS stocked, w.ord,
             l.qty - l.qty_received + l.qty_returned AS open,
             l.qty * (100 + v_over) / 100 - l.qty_received + l.qty_returned AS most,
             sum(w.qty) OVER (PARTITION BY w.purchase_order_line_id) AS total,
             CASE
               WHEN l.id IS NULL THEN 'receipt_line_unknown'
               WHEN w.qty IS NULL OR w.qty <= 0 OR w.qty >= 1e12 THEN 'move_qty_positive'
               WHEN w.qty <> round(w.qty, u.decimals) THEN 'quantity_too_precise'
               WHEN p.is_stocked AND w.place_id IS NULL THEN 'receipt_place_missing'
               WHEN w.place_id IS NOT NULL AND pl.id IS NULL THEN 'place_of_other_warehouse'
             END AS problem
        FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
               purchase_order_line_id bigint, place_id bigint, lot_code text, expires_on date, qty numeric))
             WITH ORDINALITY AS w (purchase_order_line_id, place_id, lot_code, expires_on, qty, ord)
        LEFT JOIN purchasing.purchase_order_line l ON l.id = w.purchase_order_line_id AND l.purchase_order_id = p_order
        LEFT JOIN catalog.product p ON p.id = l.product_id
        LEFT JOIN catalog.unit u ON u.id = p.unit_id
        LEFT JOIN inventory.place pl ON pl.id = w.place_id AND pl.warehouse_id = p_warehouse) x;
  SELECT * INTO v_bad
    FROM jsonb_to_recordset(v_found) AS x (problem text, "position" int, sku text, open numeric, most numeric, total numeric)
   WHERE x.problem IS NOT NULL OR x.total > x.most LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', coalesce(v_bad.problem, 'receipt_exceeds_order'), jsonb_build_object(
      'position', v_bad."position", 'product', v_bad.sku, 'open', trim_scale(v_bad.open), 'most', trim_scale(greatest(v_bad.most, 0)),
      'qty', trim_scale(v_bad.total)));
  END IF;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION purchasing.read_arrivals IS
  'What came for an order with what is known about line and article; refuses what was not ordered, or more than the tolerance lets pass.';

CREATE OR REPLACE FUNCTION purchasing.write_receipt(p_receipt purchasing.goods_receipt, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_back boolean := p_receipt.kind = 'return';
  v_number text;
  v_version integer;
BEGIN
  PERFORM inventory.post_moves((
    SELECT coalesce(jsonb_agg(jsonb_build_object(
             'product_id', x.product_id, 'lot_id', x.lot_id, 'qty', x.qty, 'reason', p_receipt.reason,
             CASE WHEN v_back THEN 'from_place_id' ELSE 'to_place_id' END, x.place_id,
             'kind', CASE WHEN v_back THEN 'issue' ELSE 'receipt' END,
             'source_type', 'goods_receipt', 'source_id', p_receipt.id) ORDER BY x.ord), '[]')
      FROM jsonb_to_recordset(p_lines) AS x (
        product_id bigint, lot_id bigint, place_id bigint, qty numeric, stocked boolean, ord bigint)
     WHERE x.stocked));
  INSERT INTO purchasing.goods_receipt_line (
    goods_receipt_id, warehouse_id, purchase_order_line_id, returns_line_id, position, product_id, sku, supplier_sku, description,
    unit_code, qty_ordered, lot_id, lot_code, place_id, qty)
  SELECT p_receipt.id, p_receipt.warehouse_id, x.line_id, x.returns_line_id, x.ord, x.product_id, x.sku, x.supplier_sku,
         x.description, x.unit_code, x.ordered, x.lot_id, (SELECT t.code FROM inventory.lot t WHERE t.id = x.lot_id), x.place_id, x.qty
    FROM jsonb_to_recordset(p_lines) AS x (
      line_id bigint, returns_line_id bigint, ord bigint, product_id bigint, sku text, supplier_sku text, description text,
      unit_code text, ordered numeric, lot_id bigint, place_id bigint, qty numeric)
   ORDER BY x.ord;
  UPDATE purchasing.purchase_order_line l
     SET qty_received = l.qty_received + CASE WHEN v_back THEN 0 ELSE s.qty END,
         qty_returned = l.qty_returned + CASE WHEN v_back THEN s.qty ELSE 0 END
    FROM (SELECT x.line_id, sum(x.qty) AS qty FROM jsonb_to_recordset(p_lines) AS x (line_id bigint, qty numeric)
           GROUP BY x.line_id) s
   WHERE l.id = s.line_id;
  v_version := purchasing.refresh_order(p_receipt.purchase_order_id);
  INSERT INTO purchasing.goods_receipt (
    id, number, kind, returns_id, purchase_order_id, supplier_id, warehouse_id, received_on, delivery_note, reason, order_number,
    snapshot)
  OVERRIDING SYSTEM VALUE
  VALUES (p_receipt.id, system.next_number('goods_receipt'), p_receipt.kind, p_receipt.returns_id, p_receipt.purchase_order_id,
          p_receipt.supplier_id, p_receipt.warehouse_id, p_receipt.received_on, p_receipt.delivery_note, p_receipt.reason,
          p_receipt.order_number, p_receipt.snapshot)
  RETURNING number INTO v_number;
  RETURN jsonb_build_object('id', p_receipt.id, 'number', v_number, 'row_version', 1,
                            'purchase_order_id', p_receipt.purchase_order_id, 'purchase_order_row_version', v_version);
END $$;
COMMENT ON FUNCTION purchasing.write_receipt IS 'Stock, lines, quantities of the order and the receipt itself, its number last.';

CREATE OR REPLACE FUNCTION api.goods_receipt_post(
  p_command uuid, p_purchase_order_id bigint, p_row_version integer, p_received_on date, p_delivery_note text, p_lines jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order purchasing.purchase_order%ROWTYPE;
  v_receipt purchasing.goods_receipt%ROWTYPE;
  v_lines jsonb;
BEGIN
  PERFORM sec.require('goods_receipt_post');
  PERFORM api.require_length('delivery_note', p_delivery_note, 60);
  v_replay := api.command_begin(p_command, 'goods_receipt_post', jsonb_build_object(
    'id', p_purchase_order_id, 'row_version', p_row_version, 'received_on', p_received_on, 'delivery_note', p_delivery_note,
    'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := purchasing.locked_order(p_purchase_order_id, p_row_version);
  PERFORM sales.require_state('purchase_order_not_open', v_order.state, 'ordered');
  IF p_received_on IS NULL OR p_received_on NOT BETWEEN v_order.order_date - 31 AND system.today() THEN
    PERFORM sec.fail('ER422', 'receipt_date_out_of_range', jsonb_build_object('date', p_received_on));
  END IF;
  v_lines := inventory.lots_by_code(purchasing.read_arrivals(p_purchase_order_id, v_order.warehouse_id, p_lines));
  UPDATE inventory.lot t SET expires_on = x.expires_on
    FROM jsonb_to_recordset(v_lines) AS x (lot_id bigint, expires_on date)
   WHERE t.id = x.lot_id AND t.expires_on IS NULL AND x.expires_on IS NOT NULL;
  v_receipt.id := nextval('purchasing.goods_receipt_id_seq');
  v_receipt.kind := 'receipt';
  v_receipt.purchase_order_id := v_order.id;
  v_receipt.supplier_id := v_order.supplier_id;
  v_receipt.warehouse_id := v_order.warehouse_id;
  v_receipt.received_on := p_received_on;
  v_receipt.delivery_note := nullif(btrim(p_delivery_note), '');
  v_receipt.order_number := v_order.number;
  v_receipt.snapshot := v_order.snapshot - 'terms';
  RETURN api.command_end(p_command, purchasing.write_receipt(v_receipt, v_lines));
END $$;
COMMENT ON FUNCTION api.goods_receipt_post IS
  'Receive goods of an order: lines [{purchase_order_line_id, place_id, lot_code, expires_on, qty}]; stock comes in, the receipt exists.';

CREATE OR REPLACE FUNCTION api.goods_return_post(p_command uuid, p_goods_receipt_id bigint, p_reason text, p_lines jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_origin purchasing.goods_receipt%ROWTYPE;
  v_receipt purchasing.goods_receipt%ROWTYPE;
  v_lines jsonb;
  v_bad record;
BEGIN
  PERFORM sec.require('goods_return_post');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'goods_return_post', jsonb_build_object(
    'id', p_goods_receipt_id, 'reason', p_reason, 'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_origin FROM purchasing.goods_receipt g
   WHERE g.id = p_goods_receipt_id AND g.warehouse_id = ANY (sec.my_warehouses());
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'goods_receipt_not_found', jsonb_build_object('id', p_goods_receipt_id));
  ELSIF v_origin.kind <> 'receipt' THEN
    PERFORM sec.fail('ER422', 'goods_return_of_return', jsonb_build_object('number', v_origin.number));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  -- The order's lock comes first: what has gone back is counted on its lines.
  PERFORM FROM purchasing.purchase_order o WHERE o.id = v_origin.purchase_order_id FOR UPDATE;
  PERFORM inventory.require_lines(p_lines);
  SELECT jsonb_agg(to_jsonb(x) ORDER BY x.ord) INTO v_lines
    FROM (
      SELECT l.purchase_order_line_id AS line_id, l.id AS returns_line_id, l.position, l.product_id, l.sku, l.supplier_sku,
             l.description, l.unit_code, l.qty_ordered AS ordered, coalesce(w.place_id, l.place_id) AS place_id, l.lot_id, w.qty,
             l.place_id IS NOT NULL AS stocked, w.ord,
             l.qty - coalesce((SELECT sum(r.qty) FROM purchasing.goods_receipt_line r WHERE r.returns_line_id = l.id), 0) AS open,
             sum(w.qty) OVER (PARTITION BY w.goods_receipt_line_id) AS total,
             CASE WHEN l.id IS NULL THEN 'receipt_line_unknown'
                  WHEN w.qty IS NULL OR w.qty <= 0 THEN 'move_qty_positive'
                  WHEN w.place_id IS NOT NULL AND pl.id IS NULL THEN 'place_of_other_warehouse' END AS problem
        FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (goods_receipt_line_id bigint, place_id bigint, qty numeric))
             WITH ORDINALITY AS w (goods_receipt_line_id, place_id, qty, ord)
        LEFT JOIN purchasing.goods_receipt_line l
          ON l.id = w.goods_receipt_line_id AND l.goods_receipt_id = p_goods_receipt_id
        LEFT JOIN inventory.place pl ON pl.id = w.place_id AND pl.warehouse_id = v_origin.warehouse_id) x;
  SELECT * INTO v_bad
    FROM jsonb_to_recordset(v_lines) AS x (problem text, "position" int, sku text, open numeric, total numeric)
   WHERE x.problem IS NOT NULL OR x.total > x.open LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', coalesce(v_bad.problem, 'return_exceeds_receipt'), jsonb_build_object(
      'position', v_bad."position", 'product', v_bad.sku, 'open', trim_scale(v_bad.open), 'qty', trim_scale(v_bad.total)));
  END IF;
  v_receipt := v_origin;
  v_receipt.id := nextval('purchasing.goods_receipt_id_seq');
  v_receipt.kind := 'return';
  v_receipt.returns_id := v_origin.id;
  v_receipt.received_on := system.today();
  v_receipt.reason := btrim(p_reason);
  RETURN api.command_end(p_command, purchasing.write_receipt(v_receipt, v_lines));
END $$;
COMMENT ON FUNCTION api.goods_return_post IS
  'Send goods of a receipt back: lines [{goods_receipt_line_id, place_id (where they are now), qty}]; the order awaits them again.';
