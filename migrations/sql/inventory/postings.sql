-- How stock changes: moves are added, balances and levels follow, all under the lock of the stock level.
-- Internal: called by api functions only. Lock order of every caller: document header -> lines by id ->
-- stock levels by product, warehouse (ONE call of lock_levels when several helpers follow) -> counter.

CREATE OR REPLACE FUNCTION inventory.lock_levels(p_products bigint[], p_warehouses bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- An upsert that never updates: it creates the missing rows and locks the others, one by one in order.
  INSERT INTO inventory.stock_level AS l (product_id, warehouse_id)
  SELECT DISTINCT k.product_id, k.warehouse_id
    FROM unnest(p_products, p_warehouses) AS k (product_id, warehouse_id)
   WHERE k.product_id IS NOT NULL AND k.warehouse_id IS NOT NULL
   ORDER BY k.product_id, k.warehouse_id
  ON CONFLICT (product_id, warehouse_id) DO UPDATE SET on_hand = l.on_hand WHERE false;
END $$;
COMMENT ON FUNCTION inventory.lock_levels IS
  'Lock the stock levels of pairs (product, warehouse) in the one global order, creating missing ones.';

CREATE OR REPLACE FUNCTION inventory.read_moves(p_moves jsonb)
RETURNS TABLE (ord bigint, product_id bigint, lot_id bigint, qty numeric, kind text, reason text, source_type text,
               source_id bigint, from_place_id bigint, from_warehouse_id bigint, from_blocked boolean,
               to_place_id bigint, to_warehouse_id bigint, to_blocked boolean, sku text, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_scope bigint[] := sec.my_warehouses();
BEGIN
  RETURN QUERY
  SELECT m.ord, m.product_id, m.lot_id, m.qty, m.kind, nullif(btrim(m.reason), ''), m.source_type, m.source_id,
         m.from_place_id, f.warehouse_id, coalesce(f.kind = 'blocked', false),
         m.to_place_id, t.warehouse_id, coalesce(t.kind = 'blocked', false), p.sku::text,
         CASE
           WHEN p.id IS NULL THEN 'product_not_found'
           WHEN NOT p.is_stocked THEN 'product_not_stocked'
           WHEN m.qty IS NULL OR m.qty <= 0 OR m.qty >= 1e12 THEN 'move_qty_positive'  -- NaN is the largest number
           WHEN m.qty <> round(m.qty, u.decimals) THEN 'quantity_too_precise'
           WHEN m.lot_id IS NULL AND p.is_lot_tracked THEN 'lot_required'
           WHEN m.lot_id IS NOT NULL AND l.id IS NULL THEN 'lot_not_found'
           WHEN m.from_place_id IS NOT NULL AND f.id IS NULL
             OR m.to_place_id IS NOT NULL AND t.id IS NULL THEN 'place_not_found'
           WHEN NOT t.is_active OR NOT f.is_active AND m.kind NOT IN ('transfer', 'adjust_out') THEN 'place_inactive'
           WHEN f.id = t.id THEN 'move_changes_place'
           WHEN f.kind = 'blocked' AND m.kind IN ('issue', 'ship', 'consume') THEN 'place_blocked'
         END
    FROM ROWS FROM (jsonb_to_recordset(p_moves) AS (
           product_id bigint, lot_id bigint, from_place_id bigint, to_place_id bigint, qty numeric, kind text,
           reason text, source_type text, source_id bigint)) WITH ORDINALITY
         AS m (product_id, lot_id, from_place_id, to_place_id, qty, kind, reason, source_type, source_id, ord)
    LEFT JOIN catalog.product p ON p.id = m.product_id
    LEFT JOIN catalog.unit u ON u.id = p.unit_id
    LEFT JOIN inventory.lot l ON l.id = m.lot_id AND l.product_id = m.product_id
    LEFT JOIN inventory.place f ON f.id = m.from_place_id AND f.warehouse_id = ANY (v_scope)
    LEFT JOIN inventory.place t ON t.id = m.to_place_id AND t.warehouse_id = ANY (v_scope);
END $$;
COMMENT ON FUNCTION inventory.read_moves IS
  'The wanted moves with what is known about product, lot and places; problem = text key of what forbids one.';

CREATE OR REPLACE FUNCTION inventory.fail_line(p_problem jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.fail(CASE WHEN p_problem ->> 'key' LIKE '%\_not\_found' THEN 'ER404' ELSE 'ER422' END,
                   p_problem ->> 'key', p_problem - 'key');
END $$;
COMMENT ON FUNCTION inventory.fail_line IS 'Refuse because of one line: {key, line, ...}.';

CREATE OR REPLACE FUNCTION inventory.post_moves(p_moves jsonb, p_cut_reservations boolean DEFAULT false)
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_actor text := sec.actor();
  v_product bigint[]; v_lot bigint[]; v_qty numeric[]; v_kind text[]; v_reason text[];
  v_source_type text[]; v_source_id bigint[];
  v_from bigint[]; v_from_wh bigint[]; v_from_blocked boolean[];
  v_to bigint[]; v_to_wh bigint[]; v_to_blocked boolean[];
  v_problems jsonb[];
  v_short record;
  v_ids bigint[];
BEGIN
  SELECT array_agg(m.product_id ORDER BY m.ord), array_agg(m.lot_id ORDER BY m.ord), array_agg(m.qty ORDER BY m.ord),
         array_agg(m.kind ORDER BY m.ord), array_agg(m.reason ORDER BY m.ord),
         array_agg(m.source_type ORDER BY m.ord), array_agg(m.source_id ORDER BY m.ord),
         array_agg(m.from_place_id ORDER BY m.ord), array_agg(m.from_warehouse_id ORDER BY m.ord),
         array_agg(m.from_blocked ORDER BY m.ord),
         array_agg(m.to_place_id ORDER BY m.ord), array_agg(m.to_warehouse_id ORDER BY m.ord),
         array_agg(m.to_blocked ORDER BY m.ord),
         array_agg(jsonb_build_object('key', m.problem, 'line', m.ord, 'product_id', m.product_id, 'product', m.sku,
                                      'qty', m.qty) ORDER BY m.ord) FILTER (WHERE m.problem IS NOT NULL)
    INTO v_product, v_lot, v_qty, v_kind, v_reason, v_source_type, v_source_id,
         v_from, v_from_wh, v_from_blocked, v_to, v_to_wh, v_to_blocked, v_problems
    FROM inventory.read_moves(p_moves) m;
  IF v_product IS NULL THEN
    RETURN '{}';
  ELSIF v_problems IS NOT NULL THEN
    PERFORM inventory.fail_line(v_problems[1]);
  END IF;

  PERFORM inventory.lock_levels(v_product || v_product, v_from_wh || v_to_wh);

  -- From here on nobody else touches these products in these warehouses: first look, then write.
  SELECT d.product_id, d.place_id, d.lot_id, coalesce(b.qty, 0) AS available, -d.delta AS wanted INTO v_short
    FROM (SELECT x.product_id, x.place_id, x.lot_id, sum(x.delta) AS delta
            FROM (SELECT o.product_id, o.place_id, o.lot_id, -o.qty
                    FROM unnest(v_product, v_from, v_lot, v_qty) AS o (product_id, place_id, lot_id, qty)
                  UNION ALL
                  SELECT i.product_id, i.place_id, i.lot_id, i.qty
                    FROM unnest(v_product, v_to, v_lot, v_qty) AS i (product_id, place_id, lot_id, qty)
                 ) x (product_id, place_id, lot_id, delta)
           WHERE x.place_id IS NOT NULL
           GROUP BY x.product_id, x.place_id, x.lot_id) d
    LEFT JOIN inventory.stock_balance b
      ON b.product_id = d.product_id AND b.place_id = d.place_id AND b.lot_id IS NOT DISTINCT FROM d.lot_id
   WHERE coalesce(b.qty, 0) + d.delta < 0
   ORDER BY d.product_id, d.place_id, d.lot_id LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'stock_not_negative', (
      SELECT jsonb_build_object('product_id', p.id, 'product', p.sku, 'place_id', pl.id, 'place', pl.code,
                                'lot', l.code, 'available', trim_scale(v_short.available), 'wanted', trim_scale(v_short.wanted))
        FROM catalog.product p
        JOIN inventory.place pl ON pl.id = v_short.place_id
        LEFT JOIN inventory.lot l ON l.id = v_short.lot_id
       WHERE p.id = v_short.product_id));
  END IF;

  FOR v_short IN
    SELECT l.product_id, l.warehouse_id, l.reserved, l.reserved - (l.on_hand + d.on_hand - l.blocked - d.blocked) AS missing,
           l.free, d.blocked - d.on_hand AS wanted
      FROM (SELECT x.product_id, x.warehouse_id, sum(x.delta) AS on_hand,
                   coalesce(sum(x.delta) FILTER (WHERE x.blocked), 0) AS blocked
              FROM (SELECT o.product_id, o.warehouse_id, o.blocked, -o.qty
                      FROM unnest(v_product, v_from_wh, v_from_blocked, v_qty) AS o (product_id, warehouse_id, blocked, qty)
                    UNION ALL
                    SELECT i.product_id, i.warehouse_id, i.blocked, i.qty
                      FROM unnest(v_product, v_to_wh, v_to_blocked, v_qty) AS i (product_id, warehouse_id, blocked, qty)
                   ) x (product_id, warehouse_id, blocked, delta)
             WHERE x.warehouse_id IS NOT NULL
             GROUP BY x.product_id, x.warehouse_id) d
      JOIN inventory.stock_level l ON l.product_id = d.product_id AND l.warehouse_id = d.warehouse_id
     WHERE l.reserved > 0 AND d.on_hand - d.blocked < 0
       AND l.on_hand + d.on_hand - l.blocked - d.blocked < l.reserved
     ORDER BY l.product_id, l.warehouse_id
  LOOP
    IF p_cut_reservations THEN
      PERFORM inventory.cut_reservations(v_short.product_id, v_short.warehouse_id, least(v_short.missing, v_short.reserved));
    ELSE
      PERFORM sec.fail('ER422', 'stock_reserved', (
        SELECT jsonb_build_object('product_id', p.id, 'product', p.sku, 'warehouse', w.code, 'free', trim_scale(v_short.free),
                                  'reserved', trim_scale(v_short.reserved), 'wanted', trim_scale(v_short.wanted))
          FROM catalog.product p, inventory.warehouse w
         WHERE p.id = v_short.product_id AND w.id = v_short.warehouse_id));
    END IF;
  END LOOP;

  UPDATE inventory.stock_level l
     SET on_hand = l.on_hand + d.on_hand, blocked = l.blocked + d.blocked
    FROM (SELECT x.product_id, x.warehouse_id, sum(x.delta) AS on_hand,
                 coalesce(sum(x.delta) FILTER (WHERE x.blocked), 0) AS blocked
            FROM (SELECT o.product_id, o.warehouse_id, o.blocked, -o.qty
                    FROM unnest(v_product, v_from_wh, v_from_blocked, v_qty) AS o (product_id, warehouse_id, blocked, qty)
                  UNION ALL
                  SELECT i.product_id, i.warehouse_id, i.blocked, i.qty
                    FROM unnest(v_product, v_to_wh, v_to_blocked, v_qty) AS i (product_id, warehouse_id, blocked, qty)
                 ) x (product_id, warehouse_id, blocked, delta)
           WHERE x.warehouse_id IS NOT NULL
           GROUP BY x.product_id, x.warehouse_id) d
   WHERE l.product_id = d.product_id AND l.warehouse_id = d.warehouse_id AND (d.on_hand <> 0 OR d.blocked <> 0);

  MERGE INTO inventory.stock_balance AS b
  USING (SELECT x.product_id, x.place_id, x.lot_id, x.warehouse_id, sum(x.delta) AS delta
           FROM (SELECT o.product_id, o.place_id, o.lot_id, o.warehouse_id, -o.qty
                   FROM unnest(v_product, v_from, v_lot, v_from_wh, v_qty) AS o (product_id, place_id, lot_id, warehouse_id, qty)
                 UNION ALL
                 SELECT i.product_id, i.place_id, i.lot_id, i.warehouse_id, i.qty
                   FROM unnest(v_product, v_to, v_lot, v_to_wh, v_qty) AS i (product_id, place_id, lot_id, warehouse_id, qty)
                ) x (product_id, place_id, lot_id, warehouse_id, delta)
          WHERE x.place_id IS NOT NULL
          GROUP BY x.product_id, x.place_id, x.lot_id, x.warehouse_id) d
     ON b.product_id = d.product_id AND b.place_id = d.place_id AND b.lot_id IS NOT DISTINCT FROM d.lot_id
  WHEN MATCHED THEN UPDATE SET qty = b.qty + d.delta
  WHEN NOT MATCHED THEN INSERT (product_id, warehouse_id, place_id, lot_id, qty)
       VALUES (d.product_id, d.warehouse_id, d.place_id, d.lot_id, d.delta);

  WITH added AS (
    INSERT INTO inventory.stock_move (kind, product_id, lot_id, qty, from_place_id, from_warehouse_id, to_place_id,
                                      to_warehouse_id, reason, source_type, source_id, posted_by)
    SELECT m.kind, m.product_id, m.lot_id, m.qty, m.from_place_id, m.from_wh, m.to_place_id, m.to_wh, m.reason,
           m.source_type, m.source_id, v_actor
      FROM unnest(v_kind, v_product, v_lot, v_qty, v_from, v_from_wh, v_to, v_to_wh, v_reason, v_source_type, v_source_id)
           WITH ORDINALITY AS m (kind, product_id, lot_id, qty, from_place_id, from_wh, to_place_id, to_wh, reason,
                                 source_type, source_id, ord)
     ORDER BY m.ord
    RETURNING id)
  SELECT array_agg(a.id ORDER BY a.id) INTO v_ids FROM added a;
  RETURN v_ids;
END $$;
COMMENT ON FUNCTION inventory.post_moves IS
  'Post stock moves: array of {product_id, lot_id, from_place_id, to_place_id, qty, kind, reason, source_type, source_id}. Returns their ids in order. Stock promised to others is refused (stock_reserved) unless reservations may be cut.';
