-- What a scanned code stands for, and the codes people taught.

CREATE OR REPLACE FUNCTION labels.gtin_forms(p_gtin text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(DISTINCT right(lpad(p_gtin, 14, '0'), n)) FROM unnest(ARRAY[8, 12, 13, 14]) n
   WHERE left(lpad(p_gtin, 14, '0'), 14 - n) = repeat('0', 14 - n)
$$;
COMMENT ON FUNCTION labels.gtin_forms IS 'An article number as it may stand on a product: with 8, 12, 13 or 14 digits.';

CREATE OR REPLACE FUNCTION api.scan_resolve(p_asked jsonb, p_language text DEFAULT 'de') RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_code text := btrim(p_asked ->> 'code');
  v_own text := p_asked ->> 'own';
  v_eans text[] := ARRAY(SELECT x.ean FROM jsonb_array_elements_text(p_asked -> 'eans') x (ean));
  v_parts text[] := ARRAY(SELECT x.part FROM jsonb_array_elements_text(p_asked -> 'parts') WITH ORDINALITY x (part, ord) ORDER BY x.ord);
  v_plain boolean := v_own IS NULL AND p_asked ->> 'sscc' IS NULL;
  v_taught record;
  v_product bigint;
  v_products bigint[] := '{}';
  v_found jsonb := '[]';
  v_more jsonb;
  v_lots int := 0;
BEGIN
  PERFORM sec.require('scan_resolve');
  IF coalesce(v_code, '') = '' OR length(v_code) > 2000 THEN
    RETURN jsonb_build_object('hits', v_found);
  END IF;
  SELECT c.topic, c.record_id, c.qty INTO v_taught FROM labels.code c WHERE c.code = left(v_code, 200);
  -- Articles: by what the house calls them, by the number on the pack, by what was taught.
  IF v_own IN ('product', 'lot') THEN
    SELECT array_agg(p.id) INTO v_products FROM catalog.product p WHERE p.sku = v_parts[1];
  ELSIF v_eans <> '{}' OR v_plain THEN
    v_products := ARRAY(
      SELECT p.id FROM catalog.product p WHERE p.ean = ANY (v_eans)
      UNION SELECT p.id FROM catalog.product p WHERE v_plain AND p.sku = v_code
      UNION SELECT p.id FROM catalog.product p WHERE v_plain AND p.search_key = lower(v_code)
      UNION SELECT p.id FROM catalog.product p WHERE v_plain AND p.legacy_sku = v_code
      LIMIT 10);
  END IF;
  IF v_taught.topic = 'catalog.product' AND v_taught.record_id <> ALL (coalesce(v_products, '{}')) THEN
    v_products := array_append(v_products, v_taught.record_id);
  ELSIF v_taught.topic = 'inventory.lot' THEN
    SELECT array_append(v_products, l.product_id) INTO v_products FROM inventory.lot l WHERE l.id = v_taught.record_id;
  END IF;
  SELECT jsonb_agg(jsonb_build_object(
           'topic', CASE WHEN v_own = 'lot' AND l.id IS NOT NULL OR t.id IS NOT NULL THEN 'inventory.lot' ELSE 'catalog.product' END,
           'id', CASE WHEN v_own = 'lot' AND l.id IS NOT NULL THEN l.id WHEN t.id IS NOT NULL THEN t.id ELSE p.id END,
           'label', p.sku, 'product_id', p.id, 'unit', CASE WHEN p_language = 'en' THEN u.name_en ELSE u.name_de END,
           'decimals', u.decimals, 'is_stocked', p.is_stocked, 'is_lot_tracked', p.is_lot_tracked,
           'qty', CASE WHEN v_taught.record_id = p.id AND v_taught.topic = 'catalog.product' THEN v_taught.qty END,
           'lot_id', coalesce(l.id, t.id), 'lot', coalesce(l.code, t.code, p_asked ->> 'lot'), 'expires_on', coalesce(l.expires_on, t.expires_on),
           'name', coalesce(x.name, p.name) || coalesce(', ' || CASE WHEN p_language = 'en' THEN v.name_en ELSE v.name_de END, '')))
    INTO v_more
    FROM catalog.product p
    JOIN catalog.unit u ON u.id = p.unit_id
    LEFT JOIN catalog.product_text x ON x.product_id = p.id AND x.language = p_language AND p_language <> 'de'
    LEFT JOIN catalog.variant_code v ON v.code = p.variant_code
    LEFT JOIN inventory.lot l ON l.product_id = p.id AND l.code = p_asked ->> 'lot'
    LEFT JOIN inventory.lot t ON v_taught.topic = 'inventory.lot' AND t.id = v_taught.record_id AND t.product_id = p.id
   WHERE p.id = ANY (v_products);
  v_found := v_found || coalesce(v_more, '[]');
  -- A lot's number alone: products hold it apart, so there may be several.
  IF v_plain AND length(v_code) <= 40 THEN
    SELECT jsonb_agg(x.hit), coalesce(max(x.lots), 0) INTO v_more, v_lots FROM (
      SELECT count(*) OVER () AS lots, jsonb_build_object(
               'topic', 'inventory.lot', 'id', l.id, 'label', p.sku, 'product_id', p.id, 'lot_id', l.id, 'lot', l.code,
               'expires_on', l.expires_on, 'unit', CASE WHEN p_language = 'en' THEN u.name_en ELSE u.name_de END,
               'decimals', u.decimals, 'is_stocked', p.is_stocked, 'is_lot_tracked', p.is_lot_tracked,
               'name', coalesce(x.name, p.name)) AS hit
        FROM inventory.lot l
        JOIN catalog.product p ON p.id = l.product_id
        JOIN catalog.unit u ON u.id = p.unit_id
        LEFT JOIN catalog.product_text x ON x.product_id = p.id AND x.language = p_language AND p_language <> 'de'
       WHERE l.code = v_code AND v_taught.topic IS DISTINCT FROM 'inventory.lot' ORDER BY l.id DESC LIMIT 8) x;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  -- Places.
  IF v_own = 'place' OR v_plain THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'inventory.place', 'id', p.id, 'label', p.code, 'name', p.name, 'kind', p.kind,
             'warehouse_id', w.id, 'warehouse', w.code))
      INTO v_more
      FROM inventory.warehouse w
      JOIN inventory.place p ON p.warehouse_id = w.id
     WHERE CASE WHEN v_own = 'place' THEN w.code = v_parts[1] AND p.code = v_parts[2] ELSE p.code = v_code END
        OR (v_taught.topic = 'inventory.place' AND p.id = v_taught.record_id);
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  -- Boxes and their slots; the label of a slot reads box, dot, slot.
  IF v_own IN ('box', 'slot') OR v_plain THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'inventory.box', 'id', b.id, 'label', b.code, 'place_id', p.id, 'place', p.code,
             'warehouse_id', p.warehouse_id, 'slot', s.number, 'slot_code', s.code))
      INTO v_more
      FROM inventory.box b
      LEFT JOIN inventory.place p ON p.id = b.place_id
      LEFT JOIN inventory.box_slot s ON s.box_id = b.id AND CASE WHEN v_own = 'slot' THEN s.number::text = v_parts[2]
             WHEN v_own IS NULL THEN b.code <> v_code AND s.code = split_part(v_code, '.', 2) END
     WHERE b.code = coalesce(v_parts[1], v_code) OR (v_plain AND b.barcode = v_code)
        OR (v_plain AND strpos(v_code, '.') > 0 AND b.code = split_part(v_code, '.', 1))
        OR (v_taught.topic = 'inventory.box' AND b.id = v_taught.record_id);
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  -- Parcels and documents, as far as one may see them.
  IF p_asked ->> 'sscc' IS NOT NULL AND has_table_privilege('sales.delivery', 'SELECT') AND has_table_privilege('labels.sscc', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'sales.delivery', 'id', d.id, 'label', d.number, 'parcel', s.parcel))
      INTO v_more FROM labels.sscc s JOIN sales.delivery d ON d.id = s.delivery_id WHERE s.code = p_asked ->> 'sscc';
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF (v_own = 'delivery' OR v_plain) AND has_table_privilege('sales.delivery', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'sales.delivery', 'id', d.id, 'label', d.number))
      INTO v_more FROM sales.delivery d WHERE d.number = coalesce(v_parts[1], v_code);
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF (v_own = 'work_order' OR v_plain) AND has_table_privilege('production.work_order', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'production.work_order', 'id', o.id, 'label', o.number))
      INTO v_more FROM production.work_order o WHERE o.number = coalesce(v_parts[1], v_code);
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_own = 'mould' AND has_table_privilege('production.mould', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'production.mould', 'id', m.id, 'label', m.number, 'name', m.name))
      INTO v_more FROM production.mould m WHERE m.number = v_parts[1];
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_plain AND has_table_privilege('sales.sales_order', 'SELECT') THEN
    SELECT jsonb_agg(x.hit) INTO v_more FROM (
      SELECT jsonb_build_object('topic', 'sales.sales_order', 'id', o.id, 'label', o.number) AS hit
        FROM sales.sales_order o WHERE o.number = v_code
      UNION ALL SELECT jsonb_build_object('topic', 'sales.quote', 'id', o.id, 'label', o.number)
        FROM sales.quote o WHERE o.number = v_code
      UNION ALL SELECT jsonb_build_object('topic', 'sales.invoice', 'id', o.id, 'label', o.number)
        FROM sales.invoice o WHERE o.number = v_code) x;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_plain AND has_table_privilege('purchasing.purchase_order', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'purchasing.purchase_order', 'id', o.id, 'label', o.number, 'name', s.name))
      INTO v_more
      FROM purchasing.purchase_order o JOIN partners.partner s ON s.id = o.supplier_id
     WHERE o.number = v_code;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_plain AND has_table_privilege('purchasing.goods_receipt', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'purchasing.goods_receipt', 'id', g.id, 'label', g.number))
      INTO v_more FROM purchasing.goods_receipt g WHERE g.number = v_code;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_plain AND has_table_privilege('partners.partner', 'SELECT') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'partners.partner', 'id', p.id, 'label', p.number, 'name', p.name))
      INTO v_more FROM partners.partner p WHERE p.number = v_code;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  -- Who sees no such document may have to do with it all the same: what is to ship, to receive, to pack.
  IF v_found = '[]' AND v_plain AND sec.may('shipping_find') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'sales.shipping', 'id', o.sales_order_id, 'label', o.number, 'name', o.customer_name))
      INTO v_more FROM api.shipping_find(v_code) o;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_found = '[]' AND v_plain AND sec.may('receiving_find') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'purchasing.receiving', 'id', o.purchase_order_id, 'label', o.number,
             'name', o.supplier_name))
      INTO v_more FROM api.receiving_find(v_code) o;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  IF v_found = '[]' AND (v_plain OR v_own = 'delivery' OR p_asked ->> 'sscc' IS NOT NULL) AND sec.may('packing_find') THEN
    SELECT jsonb_agg(jsonb_build_object('topic', 'labels.packing', 'id', d.delivery_id, 'label', d.number, 'parcel', d.parcel))
      INTO v_more FROM api.packing_find(coalesce(p_asked ->> 'sscc', v_parts[1], v_code)) d;
    v_found := v_found || coalesce(v_more, '[]');
  END IF;
  RETURN jsonb_build_object('hits', v_found, 'lots', v_lots);
END $$;
COMMENT ON FUNCTION api.scan_resolve IS
  'What a scanned code stands for, read as the person: asked {code, eans (an article number with 8, 12, 13, 14 digits), lot, sscc, own, parts}; {hits: [{topic, id, label, …}], empty when nobody knows it; of the lots with this number the 8 newest, lots: how many there are}. Products bring product_id, lot, lot_id and unit, places their warehouse, boxes their place.';

CREATE OR REPLACE FUNCTION labels.is_ours(p_code text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM inventory.place s JOIN inventory.warehouse w ON w.id = s.warehouse_id
                  WHERE s.code = p_code OR p_code = 'P/' || w.code || '/' || s.code)
      OR EXISTS (SELECT FROM catalog.product p WHERE p_code ^@ 'A/' AND p.sku = substr(p_code, 3))
      OR EXISTS (SELECT FROM inventory.lot l JOIN catalog.product p ON p.id = l.product_id
                  WHERE p_code ^@ 'L/' AND p.sku = split_part(p_code, '/', 2) AND l.code = split_part(p_code, '/', 3))
      OR EXISTS (SELECT FROM inventory.box b WHERE p_code ^@ 'B/' AND b.code = substr(p_code, 3))
      OR EXISTS (SELECT FROM sales.delivery d WHERE d.number IN (p_code, substr(p_code, 3)))
      OR EXISTS (SELECT FROM production.work_order o WHERE o.number IN (p_code, substr(p_code, 3)))
      OR EXISTS (SELECT FROM sales.sales_order o WHERE o.number = p_code)
      OR EXISTS (SELECT FROM sales.invoice i WHERE i.number = p_code)
      OR EXISTS (SELECT FROM purchasing.purchase_order o WHERE o.number = p_code)
$$;
COMMENT ON FUNCTION labels.is_ours IS 'Whether the house''s own labels or papers bear this code: it is not to be taught as anything else.';

CREATE OR REPLACE FUNCTION labels.digit_is_wrong(p_digits text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT right(p_digits, 1) <> labels.check_digit(left(p_digits, -1))
$$;
COMMENT ON FUNCTION labels.digit_is_wrong IS 'Whether the last of these digits is not the check digit of those before it.';

CREATE OR REPLACE FUNCTION labels.code_flaw(p_code text, p_supplier_id bigint DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    -- The forms of our own labels and commands (own_codes.py, scans.py), alone or as identifier 92 beside other data.
    WHEN p_code ~* '^([ABDFGM]/[^/]+|[LPS]/[^/]+/[^/]+|W/.+)$'
      OR (p_code ~* '\(92\)([ABDFGM]/[^/(]+|[LPS]/[^/(]+/[^/(]+)(\(|$)' AND p_code !~ '\((00|01|02)\)') THEN 'own'
    -- Eight digits may as well be a supplier's own number: whose it is says which of the two.
    WHEN p_code ~ '^\d{8}$' AND p_supplier_id IS NOT NULL THEN NULL
    WHEN p_code ~ '^(\d{8}|\d{12,14}|\d{18})$' AND labels.digit_is_wrong(p_code)
      OR p_code ~ '^00\d{18}$' AND labels.digit_is_wrong(substr(p_code, 3))
      -- GS1 as people read it, and as it is scanned: nothing but the number, or with separators.
      OR labels.digit_is_wrong(substring(p_code FROM '\(0[12]\)(\d{14})(\(|$)'))
      OR labels.digit_is_wrong(substring(p_code FROM '\(00\)(\d{18})(\(|$)'))
      OR (p_code ~ '^0[12]\d{14}$' OR strpos(p_code, chr(29)) > 0)
         AND labels.digit_is_wrong(substring(p_code FROM '^\x1d?0[12](\d{14})'))
      OR strpos(p_code, chr(29)) > 0 AND labels.digit_is_wrong(substring(p_code FROM '^\x1d?00(\d{18})'))
      THEN CASE WHEN p_code ~ '^\d{8}$' THEN 'digit_of_8' ELSE 'digit' END
  END
$$;
COMMENT ON FUNCTION labels.code_flaw IS
  'Why a code is nothing to be taught: own (it has the form of the house''s own labels or commands), digit (an article or shipping number with a wrong check digit), digit_of_8 (eight digits that are no EAN-8 and no supplier''s number); NULL: it may be.';

CREATE OR REPLACE FUNCTION api.code_teach(p_command uuid, p_code text, p_topic text, p_record_id bigint, p_gtin text DEFAULT NULL,
                                          p_supplier_id bigint DEFAULT NULL, p_qty numeric DEFAULT 1, p_note text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_there boolean;
  v_holder text;
  v_flaw text;
  v_ean boolean := false;
  v_id bigint;
BEGIN
  PERFORM sec.require('code_teach');
  PERFORM api.require_length('code', p_code, 200);
  PERFORM api.require_length('note', p_note, 200);
  v_replay := api.command_begin(p_command, 'code_teach', jsonb_build_object('code', p_code, 'topic', p_topic, 'record_id', p_record_id,
    'gtin', p_gtin, 'supplier_id', p_supplier_id, 'qty', p_qty, 'note', p_note));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF coalesce(btrim(p_code), '') = '' THEN
    PERFORM sec.fail('ER422', 'taught_code_not_blank');
  ELSIF coalesce(p_qty, 0) <= 0 THEN
    PERFORM sec.fail('ER422', 'taught_code_qty_positive');
  END IF;
  v_there := CASE p_topic
    WHEN 'catalog.product' THEN EXISTS (SELECT FROM catalog.product p WHERE p.id = p_record_id)
    WHEN 'inventory.place' THEN EXISTS (SELECT FROM inventory.place p WHERE p.id = p_record_id AND p.warehouse_id = ANY (sec.my_warehouses()))
    WHEN 'inventory.lot' THEN EXISTS (SELECT FROM inventory.lot l WHERE l.id = p_record_id)
    WHEN 'inventory.box' THEN EXISTS (SELECT FROM inventory.box b WHERE b.id = p_record_id) END;
  IF v_there IS NULL THEN
    PERFORM sec.fail('ER422', 'taught_code_topic_known', jsonb_build_object('topic', p_topic));
  ELSIF NOT v_there THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('id', p_record_id));
  END IF;
  SELECT coalesce(
           (SELECT p.sku FROM catalog.product p WHERE p.sku = btrim(p_code) OR p.ean = ANY (labels.gtin_forms(p_gtin)) ORDER BY p.id LIMIT 1),
           (SELECT b.code FROM inventory.box b WHERE b.code = btrim(p_code) OR b.barcode = btrim(p_code) LIMIT 1),
           (SELECT coalesce(p.sku, l.code, b.code, s.code, c.code) FROM labels.code c
              LEFT JOIN catalog.product p ON c.topic = 'catalog.product' AND p.id = c.record_id
              LEFT JOIN inventory.lot l ON c.topic = 'inventory.lot' AND l.id = c.record_id
              LEFT JOIN inventory.box b ON c.topic = 'inventory.box' AND b.id = c.record_id
              LEFT JOIN inventory.place s ON c.topic = 'inventory.place' AND s.id = c.record_id
                    AND s.warehouse_id = ANY (sec.my_warehouses())
             WHERE c.code = btrim(p_code)),
           CASE WHEN labels.is_ours(btrim(p_code)) THEN left(btrim(p_code), 60) END)
    INTO v_holder;
  IF v_holder IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'taught_code_taken', jsonb_build_object('code', p_code, 'holder', v_holder));
  END IF;
  v_flaw := labels.code_flaw(btrim(p_code), p_supplier_id);
  IF v_flaw = 'own' THEN
    PERFORM sec.fail('ER422', 'taught_code_own', jsonb_build_object('code', p_code));
  ELSIF v_flaw = 'digit' THEN
    PERFORM sec.fail('ER422', 'taught_code_digit', jsonb_build_object('code', p_code));
  ELSIF v_flaw = 'digit_of_8' THEN
    PERFORM sec.fail('ER422', 'taught_code_digit_of_8', jsonb_build_object('code', p_code));
  ELSIF p_gtin IS NOT NULL AND (p_gtin !~ '^\d{14}$' OR labels.digit_is_wrong(p_gtin)) THEN
    PERFORM sec.fail('ER422', 'taught_code_digit', jsonb_build_object('code', p_gtin));
  END IF;
  -- An article number of its own belongs on the product, where everybody sees it.
  IF p_topic = 'catalog.product' AND p_gtin IS NOT NULL AND p_qty = 1 AND p_supplier_id IS NULL
     AND sec.may('catalog.product:update') THEN
    UPDATE catalog.product p SET ean = regexp_replace(p_gtin, '^0(?=\d{13}$)', '') WHERE p.id = p_record_id AND p.ean IS NULL;
    v_ean := FOUND;
  END IF;
  IF NOT v_ean THEN
    INSERT INTO labels.code (code, topic, record_id, supplier_id, qty, note)
    VALUES (btrim(p_code), p_topic, p_record_id, p_supplier_id, p_qty, nullif(btrim(p_note), '')) RETURNING id INTO v_id;
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_id, 'ean', v_ean));
END $$;
COMMENT ON FUNCTION api.code_teach IS
  'Teach what a code stands for: a product, place, lot or box. Refused when it stands for something already (taught_code_taken), has the form of our own labels and commands (taught_code_own) or a wrong check digit (taught_code_digit, taught_code_digit_of_8). A valid article number (p_gtin, 14 digits) of a product without one becomes its EAN when the person may change products. Returns {id, ean}.';

CREATE OR REPLACE FUNCTION api.scan_log(p_command uuid, p_notes jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_count int;
BEGIN
  PERFORM sec.require('scan_log');
  v_replay := api.command_begin(p_command, 'scan_log', jsonb_build_object('notes', p_notes));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_notes IS NULL OR jsonb_typeof(p_notes) <> 'array' OR jsonb_array_length(p_notes) NOT BETWEEN 1 AND 200 THEN
    PERFORM sec.fail('ER422', 'scan_log_count', jsonb_build_object('most', 200));
  END IF;
  -- Who works at a terminal is what its session says, never what the device tells.
  INSERT INTO labels.scan (operator, workplace, screen, code, outcome, topic, record_id)
  SELECT (sec.acting())[2], left(n.workplace, 80), left(n.screen, 60), left(n.code, 200), n.outcome, left(n.topic, 40), n.record_id
    FROM ROWS FROM (jsonb_to_recordset(p_notes) AS (
           workplace text, screen text, code text, outcome text, topic text, record_id bigint))
         WITH ORDINALITY AS n (workplace, screen, code, outcome, topic, record_id, ord)
   ORDER BY n.ord;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN api.command_end(p_command, jsonb_build_object('count', v_count));
END $$;
COMMENT ON FUNCTION api.scan_log IS
  'Write scans down, up to 200 at once: [{workplace, screen, code, outcome (found, several, unknown, refused, command), topic, record_id}]. The person, at a terminal device and operator, and the time are the server''s.';
