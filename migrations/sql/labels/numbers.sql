CREATE OR REPLACE FUNCTION api.product_ean_assign(p_command uuid, p_kind text, p_product_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_product record;
  v_next record;
  v_holder bigint;
  v_given jsonb := '[]';
BEGIN
  PERFORM sec.require('product_ean_assign');
  v_replay := api.command_begin(p_command, 'product_ean_assign',
    jsonb_build_object('kind', p_kind, 'product_ids', to_jsonb(p_product_ids)));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_kind IS NULL OR p_kind NOT IN ('ean13', 'ean8') THEN
    PERFORM sec.fail('ER422', 'number_range_kind_known', jsonb_build_object('kind', p_kind));
  ELSIF coalesce(cardinality(p_product_ids), 0) NOT BETWEEN 1 AND 1000 THEN
    PERFORM sec.fail('ER422', 'product_ean_count', jsonb_build_object('count', coalesce(cardinality(p_product_ids), 0), 'most', 1000));
  END IF;
  FOR v_product IN
    SELECT p.id FROM catalog.product p WHERE p.id = ANY (p_product_ids) AND p.ean IS NULL ORDER BY p.id FOR UPDATE
  LOOP
    LOOP
      SELECT n.* INTO v_next FROM labels.next_code(p_kind) n;
      -- A number some product has had all along stays its own: the range goes on behind it.
      SELECT p.id INTO v_holder FROM catalog.product p
       WHERE p.ean IN (v_next.code, lpad(v_next.code, 14, '0'), regexp_replace(v_next.code, '^0(?=\d{12}$)', ''))
       ORDER BY p.id LIMIT 1;
      INSERT INTO labels.gtin (number_range_id, serial, code, product_id)
      VALUES (v_next.range_id, v_next.serial, v_next.code, coalesce(v_holder, v_product.id));
      EXIT WHEN v_holder IS NULL;
    END LOOP;
    UPDATE catalog.product p SET ean = v_next.code WHERE p.id = v_product.id;
    v_given := v_given || jsonb_build_object('id', v_product.id, 'ean', v_next.code);
  END LOOP;
  RETURN api.command_end(p_command, jsonb_build_object('products', v_given));
END $$;
COMMENT ON FUNCTION api.product_ean_assign IS
  'Give products without an article number (EAN) one of the house''s active range; those that have one keep it.';

CREATE OR REPLACE FUNCTION api.sscc_give(p_command uuid, p_delivery_id bigint, p_parcels int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_warehouse bigint;
  v_parcel int;
  v_next record;
BEGIN
  PERFORM sec.require('sscc_give');
  v_replay := api.command_begin(p_command, 'sscc_give',
    jsonb_build_object('delivery_id', p_delivery_id, 'parcels', p_parcels));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_parcels IS NULL OR p_parcels NOT BETWEEN 1 AND 999 THEN
    PERFORM sec.fail('ER422', 'sscc_parcel_range', jsonb_build_object('parcels', p_parcels));
  END IF;
  SELECT d.warehouse_id INTO v_warehouse FROM sales.delivery d
   WHERE d.id = p_delivery_id AND d.warehouse_id = ANY (sec.my_warehouses()) FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('id', p_delivery_id));
  END IF;
  FOR v_parcel IN
    SELECT wanted FROM generate_series(1, p_parcels) wanted
     WHERE NOT EXISTS (SELECT FROM labels.sscc s WHERE s.delivery_id = p_delivery_id AND s.parcel = wanted)
  LOOP
    SELECT n.* INTO v_next FROM labels.next_code('sscc') n;
    INSERT INTO labels.sscc (number_range_id, serial, code, delivery_id, parcel, warehouse_id)
    VALUES (v_next.range_id, v_next.serial, v_next.code, p_delivery_id, v_parcel, v_warehouse);
  END LOOP;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_delivery_id, 'codes',
    (SELECT jsonb_agg(s.code ORDER BY s.parcel) FROM labels.sscc s
      WHERE s.delivery_id = p_delivery_id AND s.parcel <= p_parcels)));
END $$;
COMMENT ON FUNCTION api.sscc_give IS
  'The numbers (SSCC) of the parcels of a delivery: those it has, and new ones of the active range for the rest.';
