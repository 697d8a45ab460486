-- Packing: what of a delivery is in which parcel. Who packs sees no price; at a terminal these functions are all there is.

CREATE OR REPLACE FUNCTION labels.parcels_of(p_delivery_id bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'id', p.id, 'row_version', p.row_version, 'number', p.number, 'state', p.state, 'sscc', p.sscc,
           'weight_g', p.weight_g, 'packed_at', p.packed_at, 'packed_by', p.packed_by,
           'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object('line_id', l.delivery_line_id, 'qty', trim_scale(l.qty))
                                               ORDER BY l.delivery_line_id), '[]')
                       FROM labels.parcel_line l WHERE l.parcel_id = p.id)) ORDER BY p.number), '[]')
    FROM labels.parcel p WHERE p.delivery_id = p_delivery_id AND p.state <> 'void'
$$;
COMMENT ON FUNCTION labels.parcels_of IS 'The parcels of a delivery with what is in them; not those that were unpacked for good.';

CREATE OR REPLACE FUNCTION labels.packing_state(p_delivery_id bigint)
RETURNS TABLE (parcels integer, opened integer, to_pack numeric, packed numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (SELECT count(*)::int FROM labels.parcel p WHERE p.delivery_id = p_delivery_id AND p.state <> 'void'),
         (SELECT count(*)::int FROM labels.parcel p WHERE p.delivery_id = p_delivery_id AND p.state = 'open'),
         (SELECT coalesce(sum(d.qty), 0) FROM sales.delivery_line d WHERE d.delivery_id = p_delivery_id AND d.place_id IS NOT NULL),
         (SELECT coalesce(sum(l.qty), 0) FROM labels.parcel p JOIN labels.parcel_line l ON l.parcel_id = p.id
           WHERE p.delivery_id = p_delivery_id AND p.state = 'packed')
$$;
COMMENT ON FUNCTION labels.packing_state IS
  'How far the packing of a delivery is: parcels, those of them that are open, and pieces to pack and packed. Services are not packed.';

CREATE OR REPLACE FUNCTION api.packing_deliveries(p_limit integer DEFAULT 60)
RETURNS TABLE (delivery_id bigint, number text, order_number text, customer_name text, city text, shipped_at timestamptz,
               warehouse_code text, parcels integer, to_pack numeric, packed numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('packing_deliveries');
  RETURN QUERY
    SELECT d.id, d.number::text, d.snapshot #>> '{order,number}', c.name::text, d.delivery_address ->> 'city', d.shipped_at,
           w.code::text, s.parcels, s.to_pack, s.packed
      FROM (SELECT x.* FROM sales.delivery x WHERE x.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[])
             ORDER BY x.id DESC LIMIT 500) d
      JOIN partners.partner c ON c.id = d.customer_id
      JOIN inventory.warehouse w ON w.id = d.warehouse_id
     CROSS JOIN LATERAL labels.packing_state(d.id) s
     WHERE d.shipped_at > statement_timestamp() - interval '14 days' AND (s.packed < s.to_pack OR s.opened > 0)
     ORDER BY s.parcels = 0, d.id
     LIMIT least(greatest(coalesce(p_limit, 60), 1), 500);
END $$;
COMMENT ON FUNCTION api.packing_deliveries IS
  'Deliveries of the last two weeks from one''s warehouses that are not packed as a whole, those begun first; no prices.';

CREATE OR REPLACE FUNCTION api.packing_find(p_code text)
RETURNS TABLE (delivery_id bigint, number text, parcel integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('packing_find');
  RETURN QUERY
    SELECT d.id, d.number::text, x.parcel
      FROM (SELECT s.delivery_id, s.parcel FROM labels.sscc s WHERE s.code = p_code
            UNION ALL SELECT d.id, NULL FROM sales.delivery d WHERE d.number = p_code
            UNION ALL (SELECT d.id, NULL FROM sales.sales_order o JOIN sales.delivery d ON d.sales_order_id = o.id
                        WHERE o.number = p_code ORDER BY d.id DESC LIMIT 1)) x
      JOIN sales.delivery d ON d.id = x.delivery_id
     WHERE d.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[]);
END $$;
COMMENT ON FUNCTION api.packing_find IS
  'The delivery a code means to who packs: its number, the number of its order (the newest delivery), or a parcel''s SSCC.';

CREATE OR REPLACE FUNCTION api.packing_delivery(p_delivery_id bigint, p_language text DEFAULT 'de') RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found jsonb;
BEGIN
  PERFORM sec.require('packing_delivery');
  SELECT jsonb_build_object(
           'id', d.id, 'number', d.number, 'customer', c.name, 'language', c.language, 'order', d.snapshot #>> '{order,number}',
           'reference', d.snapshot #>> '{order,reference}', 'shipped_at', d.shipped_at, 'shipped_on', sales.local_day(d.shipped_at),
           'today', system.today(), 'address', d.delivery_address,
           'warehouse', w.code, 'home', h.country, 'company', h.name,
           'company_address', concat_ws(', ', nullif(h.street, ''), nullif(concat_ws(' ', h.postal_code, h.city), '')),
           'parcels', labels.parcels_of(d.id),
           'lines', (
             SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'id', l.id, 'position', l.position, 'product_id', l.product_id, 'sku', l.sku, 'name', l.description,
                      'unit', CASE WHEN p_language = 'en' THEN coalesce(u.name_en, l.unit_code) ELSE coalesce(u.name_de, l.unit_code) END,
                      'decimals', u.decimals, 'lot', l.lot_code, 'qty', trim_scale(l.qty), 'weight_g', trim_scale(p.weight_g))
                      ORDER BY l.position), '[]')
               FROM sales.delivery_line l
               JOIN catalog.product p ON p.id = l.product_id
               JOIN catalog.unit u ON u.id = p.unit_id
              WHERE l.delivery_id = d.id AND l.place_id IS NOT NULL))
    INTO v_found
    FROM sales.delivery d
    JOIN partners.partner c ON c.id = d.customer_id
    JOIN inventory.warehouse w ON w.id = d.warehouse_id
    LEFT JOIN system.company h ON true
   WHERE d.id = p_delivery_id AND d.warehouse_id = ANY (sec.my_warehouses());
  IF v_found IS NULL THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('id', p_delivery_id));
  END IF;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION api.packing_delivery IS
  'A delivery as who packs it needs it: address, goods with lots and weights, parcels with what is in them; no prices, no services.';

CREATE OR REPLACE FUNCTION labels.sscc_for(p_delivery_id bigint, p_warehouse_id bigint, p_parcel integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_code text := (SELECT s.code FROM labels.sscc s WHERE s.delivery_id = p_delivery_id AND s.parcel = p_parcel);
  v_next record;
BEGIN
  -- A house without a prefix of GS1's packs as well; its parcels are known by delivery and number.
  IF v_code IS NOT NULL OR NOT EXISTS (SELECT FROM labels.number_range r WHERE r.kind = 'sscc' AND r.is_active) THEN
    RETURN v_code;
  END IF;
  SELECT n.* INTO v_next FROM labels.next_code('sscc') n;
  INSERT INTO labels.sscc (number_range_id, serial, code, delivery_id, parcel, warehouse_id)
  VALUES (v_next.range_id, v_next.serial, v_next.code, p_delivery_id, p_parcel, p_warehouse_id);
  RETURN v_next.code;
END $$;
COMMENT ON FUNCTION labels.sscc_for IS 'The SSCC of a parcel: the one it has, else the next of the active range, else none.';

CREATE OR REPLACE FUNCTION labels.read_packed(p_delivery_id bigint, p_parcel_id bigint, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found jsonb;
  v_bad record;
BEGIN
  IF jsonb_typeof(p_lines) IS DISTINCT FROM 'array' OR p_lines = '[]' THEN
    PERFORM sec.fail('ER422', 'parcel_empty');
  ELSIF jsonb_array_length(p_lines) > 1000 THEN
    PERFORM sec.fail('ER422', 'too_many_lines', jsonb_build_object('most', 1000));
  END IF;
  SELECT jsonb_agg(to_jsonb(x) ORDER BY x.line_id) INTO v_found
    FROM (
      SELECT w.delivery_line_id AS line_id, w.qty, l.sku,
             l.qty - coalesce((SELECT sum(o.qty) FROM labels.parcel_line o JOIN labels.parcel p ON p.id = o.parcel_id
                                WHERE o.delivery_line_id = l.id AND p.state <> 'void' AND p.id IS DISTINCT FROM p_parcel_id), 0) AS left,
             CASE WHEN l.id IS NULL OR l.place_id IS NULL THEN 'parcel_line_unknown'
                  WHEN w.qty IS NULL OR w.qty <= 0 OR w.qty >= 1e12 THEN 'move_qty_positive'
                  WHEN w.qty <> round(w.qty, u.decimals) THEN 'quantity_too_precise' END AS problem
        FROM (SELECT r.delivery_line_id, sum(r.qty) AS qty
                FROM jsonb_to_recordset(p_lines) AS r (delivery_line_id bigint, qty numeric) GROUP BY r.delivery_line_id) w
        LEFT JOIN sales.delivery_line l ON l.id = w.delivery_line_id AND l.delivery_id = p_delivery_id
        LEFT JOIN catalog.product p ON p.id = l.product_id
        LEFT JOIN catalog.unit u ON u.id = p.unit_id) x;
  SELECT * INTO v_bad FROM jsonb_to_recordset(v_found) AS x (sku text, qty numeric, "left" numeric, problem text)
   WHERE x.problem IS NOT NULL OR x.qty > x."left" LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', coalesce(v_bad.problem, 'parcel_exceeds_delivery'), jsonb_build_object(
      'product', v_bad.sku, 'qty', trim_scale(v_bad.qty), 'left', trim_scale(v_bad."left")));
  END IF;
  RETURN v_found;
END $$;
COMMENT ON FUNCTION labels.read_packed IS
  'What is to be in a parcel, with what is left of each line of the delivery; refuses what was not delivered or is in another parcel.';

CREATE OR REPLACE FUNCTION api.parcel_close(p_command uuid, p_delivery_id bigint, p_parcel_id bigint, p_row_version integer,
                                            p_weight_g numeric, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_warehouse bigint;
  v_parcel labels.parcel%ROWTYPE;
  v_lines jsonb;
  v_state record;
BEGIN
  PERFORM sec.require('parcel_close');
  v_replay := api.command_begin(p_command, 'parcel_close', jsonb_build_object('delivery_id', p_delivery_id, 'id', p_parcel_id,
    'row_version', p_row_version, 'weight_g', p_weight_g, 'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT d.warehouse_id INTO v_warehouse FROM sales.delivery d
   WHERE d.id = p_delivery_id AND d.warehouse_id = ANY (sec.my_warehouses()) FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('id', p_delivery_id));
  ELSIF p_weight_g IS NOT NULL AND NOT (p_weight_g > 0 AND p_weight_g <= 30000000) THEN
    PERFORM sec.fail('ER422', 'parcel_weight_range');
  END IF;
  v_lines := labels.read_packed(p_delivery_id, p_parcel_id, p_lines);
  IF p_parcel_id IS NULL THEN
    SELECT coalesce(max(p.number), 0) + 1 INTO v_parcel.number FROM labels.parcel p WHERE p.delivery_id = p_delivery_id;
    IF v_parcel.number > 999 THEN
      PERFORM sec.fail('ER422', 'parcel_number_range');
    END IF;
    INSERT INTO labels.parcel (delivery_id, warehouse_id, number, weight_g, packed_by)
    VALUES (p_delivery_id, v_warehouse, v_parcel.number, p_weight_g, sec.actor()) RETURNING * INTO v_parcel;
  ELSE
    v_parcel := labels.locked_parcel(p_parcel_id, p_row_version, 'open', p_delivery_id);
    DELETE FROM labels.parcel_line l WHERE l.parcel_id = v_parcel.id
       AND l.delivery_line_id NOT IN (SELECT x.line_id FROM jsonb_to_recordset(v_lines) AS x (line_id bigint));
  END IF;
  INSERT INTO labels.parcel_line AS l (parcel_id, delivery_line_id, warehouse_id, qty)
  SELECT v_parcel.id, x.line_id, v_warehouse, x.qty FROM jsonb_to_recordset(v_lines) AS x (line_id bigint, qty numeric)
  ON CONFLICT (parcel_id, delivery_line_id) DO UPDATE SET qty = excluded.qty WHERE l.qty <> excluded.qty;
  UPDATE labels.parcel p SET state = 'packed', weight_g = p_weight_g, packed_at = statement_timestamp(), packed_by = sec.actor(),
         sscc = coalesce(p.sscc, labels.sscc_for(p_delivery_id, v_warehouse, p.number))
   WHERE p.id = v_parcel.id RETURNING * INTO v_parcel;
  SELECT * INTO v_state FROM labels.packing_state(p_delivery_id);
  RETURN api.command_end(p_command, jsonb_build_object('id', v_parcel.id, 'number', v_parcel.number, 'sscc', v_parcel.sscc,
    'row_version', v_parcel.row_version, 'parcels', v_state.parcels, 'complete', v_state.opened = 0 AND v_state.packed = v_state.to_pack));
END $$;
COMMENT ON FUNCTION api.parcel_close IS
  'Close a parcel of a delivery with what is in it: lines [{delivery_line_id, qty}]; without an id a new one, else one that was opened again. It gets its SSCC from the active range. Returns {id, number, sscc, row_version, parcels, complete}.';

CREATE OR REPLACE FUNCTION labels.locked_parcel(p_id bigint, p_row_version integer, p_state text, p_delivery_id bigint) RETURNS labels.parcel
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_parcel labels.parcel%ROWTYPE;
BEGIN
  SELECT p.* INTO v_parcel FROM labels.parcel p
   WHERE p.id = p_id AND p.warehouse_id = ANY (sec.my_warehouses()) AND p.delivery_id = coalesce(p_delivery_id, p.delivery_id) FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('id', p_id));
  ELSIF v_parcel.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_parcel.row_version));
  ELSIF v_parcel.state <> p_state THEN
    PERFORM sec.fail('ER422', CASE v_parcel.state WHEN 'void' THEN 'parcel_is_void' WHEN 'open' THEN 'parcel_is_open' ELSE 'parcel_is_packed' END,
      jsonb_build_object('number', v_parcel.number));
  END IF;
  RETURN v_parcel;
END $$;
COMMENT ON FUNCTION labels.locked_parcel IS 'A parcel of one''s warehouses, locked; refuses another version and another state than expected.';

CREATE OR REPLACE FUNCTION api.parcel_reopen(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_parcel labels.parcel%ROWTYPE;
BEGIN
  PERFORM sec.require('parcel_reopen');
  v_replay := api.command_begin(p_command, 'parcel_reopen', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM FROM sales.delivery d JOIN labels.parcel p ON p.delivery_id = d.id WHERE p.id = p_id FOR UPDATE OF d;
  v_parcel := labels.locked_parcel(p_id, p_row_version, 'packed', NULL);
  UPDATE labels.parcel p SET state = 'open' WHERE p.id = p_id RETURNING * INTO v_parcel;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'number', v_parcel.number, 'row_version', v_parcel.row_version));
END $$;
COMMENT ON FUNCTION api.parcel_reopen IS 'Open a packed parcel again; it keeps its number, its SSCC and, until it is closed, what is in it.';

CREATE OR REPLACE FUNCTION api.parcel_void(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_parcel labels.parcel%ROWTYPE;
BEGIN
  PERFORM sec.require('parcel_void');
  v_replay := api.command_begin(p_command, 'parcel_void', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM FROM sales.delivery d JOIN labels.parcel p ON p.delivery_id = d.id WHERE p.id = p_id FOR UPDATE OF d;
  v_parcel := labels.locked_parcel(p_id, p_row_version, 'open', NULL);
  DELETE FROM labels.parcel_line l WHERE l.parcel_id = p_id;
  UPDATE labels.parcel p SET state = 'void', weight_g = NULL WHERE p.id = p_id RETURNING * INTO v_parcel;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'number', v_parcel.number, 'row_version', v_parcel.row_version));
END $$;
COMMENT ON FUNCTION api.parcel_void IS 'Unpack an opened parcel for good: its goods are to be packed again, its number and SSCC are not used again.';
