-- Stock promised to a document's line. stock_level.reserved is the sum of the reservations, kept under its lock.

CREATE OR REPLACE FUNCTION inventory.reserve_many(p_wishes jsonb)
RETURNS TABLE (source_type text, source_id bigint, product_id bigint, warehouse_id bigint, wanted numeric, taken numeric)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_product bigint[]; v_warehouse bigint[]; v_type text[]; v_id bigint[]; v_wanted numeric[]; v_taken numeric[];
BEGIN
  SELECT array_agg(w.product_id), array_agg(w.warehouse_id), array_agg(w.source_type), array_agg(w.source_id),
         array_agg(w.qty)
    INTO v_product, v_warehouse, v_type, v_id, v_wanted
    FROM (SELECT m.product_id, m.warehouse_id, m.source_type, m.source_id, m.qty
            FROM ROWS FROM (jsonb_to_recordset(p_wishes) AS (
                   product_id bigint, warehouse_id bigint, source_type text, source_id bigint, qty numeric))
                 WITH ORDINALITY AS m (product_id, warehouse_id, source_type, source_id, qty, ord)
            JOIN catalog.product p ON p.id = m.product_id AND p.is_stocked
           WHERE m.qty > 0
           ORDER BY m.ord) w;
  IF v_product IS NULL THEN
    RETURN;
  END IF;
  PERFORM inventory.lock_levels(v_product, v_warehouse);
  -- Several wishes for one product share what is free, first come first served.
  SELECT array_agg(x.taken ORDER BY x.ord) INTO v_taken
    FROM (SELECT w.ord, greatest(0, least(w.qty, l.free - (sum(w.qty) OVER same - w.qty))) AS taken
            FROM unnest(v_product, v_warehouse, v_wanted) WITH ORDINALITY AS w (product_id, warehouse_id, qty, ord)
            JOIN inventory.stock_level l ON l.product_id = w.product_id AND l.warehouse_id = w.warehouse_id
          WINDOW same AS (PARTITION BY w.product_id, w.warehouse_id ORDER BY w.ord)) x;
  UPDATE inventory.stock_level l SET reserved = l.reserved + d.taken
    FROM (SELECT t.product_id, t.warehouse_id, sum(t.taken) AS taken
            FROM unnest(v_product, v_warehouse, v_taken) AS t (product_id, warehouse_id, taken)
           WHERE t.taken > 0 GROUP BY 1, 2) d
   WHERE l.product_id = d.product_id AND l.warehouse_id = d.warehouse_id;
  INSERT INTO inventory.reservation AS r (product_id, warehouse_id, source_type, source_id, qty)
  SELECT t.product_id, t.warehouse_id, t.source_type, t.source_id, sum(t.taken)
    FROM unnest(v_product, v_warehouse, v_type, v_id, v_taken) AS t (product_id, warehouse_id, source_type, source_id, taken)
   WHERE t.taken > 0
   GROUP BY 1, 2, 3, 4
  ON CONFLICT (source_type, source_id, warehouse_id) DO UPDATE SET qty = r.qty + EXCLUDED.qty;
  RETURN QUERY
    SELECT t.source_type, t.source_id, t.product_id, t.warehouse_id, t.wanted, t.taken
      FROM unnest(v_type, v_id, v_product, v_warehouse, v_wanted, v_taken)
           AS t (source_type, source_id, product_id, warehouse_id, wanted, taken);
END $$;
COMMENT ON FUNCTION inventory.reserve_many IS
  'Reserve as far as free: array of {product_id, warehouse_id, source_type, source_id, qty}; what is not stocked is left out.';

CREATE OR REPLACE FUNCTION inventory.reserve(
  p_product bigint, p_warehouse bigint, p_source_type text, p_source_id bigint, p_qty numeric) RETURNS numeric
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce((
    SELECT r.taken FROM inventory.reserve_many(jsonb_build_array(jsonb_build_object(
      'product_id', p_product, 'warehouse_id', p_warehouse, 'source_type', p_source_type, 'source_id', p_source_id,
      'qty', p_qty))) r), 0);
END $$;
COMMENT ON FUNCTION inventory.reserve IS 'Reserve for one line what is free, at most p_qty more than it has; returns what was taken.';

CREATE OR REPLACE FUNCTION inventory.release_many(p_releases jsonb) RETURNS numeric
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_product bigint[]; v_warehouse bigint[];
  v_reservation bigint[]; v_off numeric[];
BEGIN
  SELECT array_agg(r.product_id), array_agg(r.warehouse_id) INTO v_product, v_warehouse
    FROM jsonb_to_recordset(p_releases) AS m (source_type text, source_id bigint)
    JOIN inventory.reservation r ON r.source_type = m.source_type AND r.source_id = m.source_id;
  IF v_product IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM inventory.lock_levels(v_product, v_warehouse);
  -- Read again: only now nobody else can change them. A source in several warehouses gives up the oldest first.
  SELECT array_agg(x.id), array_agg(x.off), array_agg(x.product_id), array_agg(x.warehouse_id)
    INTO v_reservation, v_off, v_product, v_warehouse
    FROM (SELECT r.id, r.product_id, r.warehouse_id,
                 CASE WHEN m.everything THEN r.qty
                      ELSE greatest(0, least(r.qty, m.qty - (sum(r.qty) OVER same - r.qty))) END AS off
            FROM (SELECT w.source_type, w.source_id, sum(w.qty) AS qty, bool_or(w.qty IS NULL) AS everything
                    FROM jsonb_to_recordset(p_releases) AS w (source_type text, source_id bigint, qty numeric)
                   GROUP BY 1, 2) m
            JOIN inventory.reservation r ON r.source_type = m.source_type AND r.source_id = m.source_id
          WINDOW same AS (PARTITION BY r.source_type, r.source_id ORDER BY r.id)) x
   WHERE x.off > 0;
  DELETE FROM inventory.reservation r USING unnest(v_reservation, v_off) AS o (id, off)
   WHERE r.id = o.id AND r.qty = o.off;
  UPDATE inventory.reservation r SET qty = r.qty - o.off FROM unnest(v_reservation, v_off) AS o (id, off)
   WHERE r.id = o.id AND r.qty > o.off;
  UPDATE inventory.stock_level l SET reserved = l.reserved - d.off
    FROM (SELECT o.product_id, o.warehouse_id, sum(o.off) AS off
            FROM unnest(v_product, v_warehouse, v_off) AS o (product_id, warehouse_id, off) GROUP BY 1, 2) d
   WHERE l.product_id = d.product_id AND l.warehouse_id = d.warehouse_id;
  RETURN coalesce((SELECT sum(o) FROM unnest(v_off) o), 0);
END $$;
COMMENT ON FUNCTION inventory.release_many IS
  'Give up reservations: array of {source_type, source_id, qty}; without qty the whole. More than there is, is no error.';

CREATE OR REPLACE FUNCTION inventory.release(p_source_type text, p_source_id bigint, p_qty numeric DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN inventory.release_many(jsonb_build_array(jsonb_build_object(
    'source_type', p_source_type, 'source_id', p_source_id, 'qty', p_qty)));
END $$;
COMMENT ON FUNCTION inventory.release IS 'Give up the reservation of one line, all of it or p_qty; returns what was released.';

CREATE OR REPLACE FUNCTION inventory.cut_reservations(p_product bigint, p_warehouse bigint, p_qty numeric) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_reservation bigint[]; v_off numeric[];
BEGIN
  PERFORM inventory.lock_levels(ARRAY[p_product], ARRAY[p_warehouse]);
  SELECT array_agg(x.id), array_agg(x.off) INTO v_reservation, v_off
    FROM (SELECT r.id, greatest(0, least(r.qty, p_qty - (sum(r.qty) OVER newest - r.qty))) AS off
            FROM inventory.reservation r
           WHERE r.product_id = p_product AND r.warehouse_id = p_warehouse
          WINDOW newest AS (ORDER BY r.id DESC)) x
   WHERE x.off > 0;
  DELETE FROM inventory.reservation r USING unnest(v_reservation, v_off) AS o (id, off)
   WHERE r.id = o.id AND r.qty = o.off;
  UPDATE inventory.reservation r SET qty = r.qty - o.off FROM unnest(v_reservation, v_off) AS o (id, off)
   WHERE r.id = o.id AND r.qty > o.off;
  UPDATE inventory.stock_level l SET reserved = l.reserved - (SELECT coalesce(sum(o), 0) FROM unnest(v_off) o)
   WHERE l.product_id = p_product AND l.warehouse_id = p_warehouse;
END $$;
COMMENT ON FUNCTION inventory.cut_reservations IS
  'What a count or a block takes away cannot stay promised: the newest reservations lose it.';
