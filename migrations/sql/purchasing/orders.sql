-- Purchase orders: save a draft, order, what the supplier confirmed, close or cancel.

CREATE OR REPLACE FUNCTION purchasing.read_order_lines(p_lines jsonb, p_domestic boolean)
RETURNS TABLE (id bigint, "position" integer, product_id bigint, supplier_sku text, description text, qty numeric, unit_price numeric,
               expected_date date, tax_rate numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bad record;
BEGIN
  SELECT x.ord, p.sku, CASE
           WHEN p.id IS NULL THEN 'product_not_found'
           WHEN NOT p.is_bought OR p.state IN ('discontinued', 'placeholder') THEN 'product_not_bought'
           WHEN x.qty IS NULL OR x.qty <= 0 OR x.qty >= 1e9 THEN 'move_qty_positive'
           WHEN x.qty <> round(x.qty, u.decimals) THEN 'quantity_too_precise'
           WHEN x.unit_price IS NULL OR x.unit_price < 0 OR x.unit_price >= 1e9 THEN 'purchase_line_price_not_negative'
           WHEN btrim(coalesce(x.description, '')) = '' THEN 'description_required' END AS problem
    INTO v_bad
    FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
           product_id bigint, description text, qty numeric, unit_price numeric)) WITH ORDINALITY
         AS x (product_id, description, qty, unit_price, ord)
    LEFT JOIN catalog.product p ON p.id = x.product_id
    LEFT JOIN catalog.unit u ON u.id = p.unit_id
   ORDER BY problem NULLS LAST, x.ord LIMIT 1;
  IF v_bad.problem IS NOT NULL THEN
    PERFORM sec.fail(CASE v_bad.problem WHEN 'product_not_found' THEN 'ER404' ELSE 'ER422' END, v_bad.problem,
                     jsonb_build_object('position', v_bad.ord, 'line', v_bad.ord, 'product', v_bad.sku));
  END IF;
  PERFORM api.require_length('description', x.description, 400), api.require_length('supplier_sku', x.supplier_sku, 60)
     FROM jsonb_to_recordset(p_lines) AS x (description text, supplier_sku text);
  RETURN QUERY
    SELECT x.id, x.ord::integer, x.product_id, nullif(btrim(x.supplier_sku), ''), btrim(x.description), x.qty,
           round(x.unit_price, 4), x.expected_date, CASE WHEN p_domestic THEN c.rate ELSE 0 END
      FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
             id bigint, product_id bigint, supplier_sku text, description text, qty numeric, unit_price numeric,
             expected_date date)) WITH ORDINALITY
           AS x (id, product_id, supplier_sku, description, qty, unit_price, expected_date, ord)
      JOIN catalog.product p ON p.id = x.product_id
      JOIN catalog.tax_class c ON c.id = p.tax_class_id;
END $$;
COMMENT ON FUNCTION purchasing.read_order_lines IS
  'The lines of a draft as they are wanted, with the tax this house pays on them; refuses the first that cannot be ordered.';

CREATE OR REPLACE FUNCTION purchasing.write_order_lines(p_order bigint, p_supplier bigint, p_lines jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_domestic boolean := (SELECT s.tax_treatment = 'domestic' FROM partners.partner s WHERE s.id = p_supplier);
  v_lines jsonb;
BEGIN
  IF jsonb_typeof(p_lines) IS DISTINCT FROM 'array' THEN
    PERFORM sec.fail('ER422', 'lines_missing');
  ELSIF jsonb_array_length(p_lines) > 2000 THEN
    PERFORM sec.fail('ER422', 'too_many_lines', jsonb_build_object('most', 2000));
  END IF;
  SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') INTO v_lines FROM purchasing.read_order_lines(p_lines, v_domestic) x;
  IF EXISTS (SELECT FROM jsonb_to_recordset(v_lines) AS x (id bigint)
              WHERE x.id IS NOT NULL
                AND NOT EXISTS (SELECT FROM purchasing.purchase_order_line l WHERE l.id = x.id AND l.purchase_order_id = p_order)) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'purchasing.purchase_order_line'));
  END IF;
  DELETE FROM purchasing.purchase_order_line l
   WHERE l.purchase_order_id = p_order
     AND l.id NOT IN (SELECT x.id FROM jsonb_to_recordset(v_lines) AS x (id bigint) WHERE x.id IS NOT NULL);
  UPDATE purchasing.purchase_order_line l
     SET position = x."position", product_id = x.product_id, supplier_sku = x.supplier_sku, description = x.description,
         qty = x.qty, unit_price = x.unit_price, expected_date = x.expected_date, tax_rate = x.tax_rate
    FROM jsonb_to_recordset(v_lines) AS x (id bigint, "position" integer, product_id bigint, supplier_sku text, description text,
                                           qty numeric, unit_price numeric, expected_date date, tax_rate numeric)
   WHERE l.id = x.id AND l.purchase_order_id = p_order
     AND (l.position, l.product_id, l.supplier_sku, l.description, l.qty, l.unit_price, l.expected_date, l.tax_rate)
         IS DISTINCT FROM (x."position", x.product_id, x.supplier_sku, x.description, x.qty, x.unit_price, x.expected_date, x.tax_rate);
  INSERT INTO purchasing.purchase_order_line (purchase_order_id, position, product_id, supplier_sku, description, qty, unit_price,
                                              expected_date, tax_rate)
  SELECT p_order, x."position", x.product_id, x.supplier_sku, x.description, x.qty, x.unit_price, x.expected_date, x.tax_rate
    FROM jsonb_to_recordset(v_lines) AS x (id bigint, "position" integer, product_id bigint, supplier_sku text, description text,
                                           qty numeric, unit_price numeric, expected_date date, tax_rate numeric)
   WHERE x.id IS NULL ORDER BY x."position";
END $$;
COMMENT ON FUNCTION purchasing.write_order_lines IS
  'Make the lines of a draft equal to the given ones: those with an id change, those without are new, the others go.';

CREATE OR REPLACE FUNCTION api.purchase_order_save(
  p_command uuid, p_id bigint, p_row_version integer, p_header jsonb, p_lines jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order purchasing.purchase_order%ROWTYPE;
BEGIN
  PERFORM sec.require('purchase_order_save');
  v_replay := api.command_begin(p_command, 'purchase_order_save', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'header', p_header, 'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM api.require_length('supplier_reference', p_header ->> 'supplier_reference', 60),
          api.require_length('remark', p_header ->> 'remark', 2000);
  IF p_id IS NOT NULL THEN
    v_order := purchasing.locked_order(p_id, p_row_version);
    PERFORM sales.require_state('purchase_order_not_draft', v_order.state, 'draft');
  ELSE
    v_order.order_date := system.today();
    v_order.currency := 'EUR';
  END IF;
  IF coalesce(p_header ->> 'currency', 'EUR') !~ '^[A-Z]{3}$' THEN
    PERFORM sec.fail('ER422', 'purchase_currency_form');
  END IF;
  SELECT * INTO v_order FROM jsonb_populate_record(v_order, jsonb_strip_nulls(jsonb_build_object(
    'currency', p_header -> 'currency', 'supplier_id', p_header -> 'supplier_id', 'warehouse_id', p_header -> 'warehouse_id',
    'order_date', p_header -> 'order_date')));
  IF p_header ? 'payment_term_id' THEN v_order.payment_term_id := (p_header ->> 'payment_term_id')::bigint; END IF;
  IF p_header ? 'expected_date' THEN v_order.expected_date := (p_header ->> 'expected_date')::date; END IF;
  IF p_header ? 'supplier_reference' THEN v_order.supplier_reference := nullif(btrim(p_header ->> 'supplier_reference'), ''); END IF;
  IF p_header ? 'remark' THEN v_order.remark := nullif(btrim(p_header ->> 'remark'), ''); END IF;
  PERFORM purchasing.require_supplier(v_order.supplier_id);
  IF v_order.warehouse_id IS NULL OR v_order.warehouse_id <> ALL (sec.my_warehouses()) THEN
    PERFORM sec.fail('ER422', 'warehouse_missing');
  ELSIF v_order.order_date NOT BETWEEN system.today() - 366 AND system.today() + 366 THEN
    PERFORM sec.fail('ER422', 'purchase_date_out_of_range', jsonb_build_object('date', v_order.order_date));
  END IF;
  IF p_id IS NULL THEN
    INSERT INTO purchasing.purchase_order (supplier_id, warehouse_id, payment_term_id, currency, order_date, expected_date,
                                           supplier_reference, remark)
    VALUES (v_order.supplier_id, v_order.warehouse_id, v_order.payment_term_id, v_order.currency, v_order.order_date,
            v_order.expected_date, v_order.supplier_reference, v_order.remark)
    RETURNING id INTO v_order.id;
  END IF;
  IF p_lines IS NOT NULL THEN
    PERFORM purchasing.write_order_lines(v_order.id, v_order.supplier_id, p_lines);
  END IF;
  UPDATE purchasing.purchase_order o
     SET supplier_id = v_order.supplier_id, warehouse_id = v_order.warehouse_id, payment_term_id = v_order.payment_term_id,
         currency = v_order.currency, order_date = v_order.order_date, expected_date = v_order.expected_date,
         supplier_reference = v_order.supplier_reference, remark = v_order.remark,
         net_amount = s.net, tax_amount = s.tax, gross_amount = s.net + s.tax
    FROM purchasing.order_sums(v_order.id) s
   WHERE o.id = v_order.id
  RETURNING o.row_version INTO v_order.row_version;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_order.id, 'row_version', v_order.row_version));
END $$;
COMMENT ON FUNCTION api.purchase_order_save IS
  'Create (p_id NULL) or change a draft order. Header: supplier_id, warehouse_id, payment_term_id, currency, order_date, expected_date, '
  'supplier_reference, remark, only what is named changes. Lines (NULL: as they are) are all in their order: id, product_id, '
  'supplier_sku, description, qty, unit_price, expected_date.';

CREATE OR REPLACE FUNCTION api.purchase_order_issue(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order purchasing.purchase_order%ROWTYPE;
BEGIN
  PERFORM sec.require('purchase_order_issue');
  v_replay := api.command_begin(p_command, 'purchase_order_issue', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := purchasing.locked_order(p_id, p_row_version);
  PERFORM sales.require_state('purchase_order_not_draft', v_order.state, 'draft');
  PERFORM purchasing.require_supplier(v_order.supplier_id);
  IF NOT EXISTS (SELECT FROM purchasing.purchase_order_line l WHERE l.purchase_order_id = p_id) THEN
    PERFORM sec.fail('ER422', 'purchase_order_has_no_lines', jsonb_build_object('id', p_id));
  ELSIF NOT EXISTS (SELECT FROM partners.address a WHERE a.partner_id = v_order.supplier_id) THEN
    PERFORM sec.fail('ER422', 'supplier_without_address');
  END IF;
  -- Articles and prices may have changed since the draft was saved.
  PERFORM purchasing.write_order_lines(p_id, v_order.supplier_id, (
    SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position) FROM purchasing.purchase_order_line l WHERE l.purchase_order_id = p_id));
  UPDATE purchasing.purchase_order_line l
     SET sku = p.sku, unit_code = u.code, list_price = f.amount, supplier_sku = coalesce(l.supplier_sku, f.supplier_sku)
    FROM (SELECT x.id, x.product_id, x.qty, row_number() OVER (ORDER BY x.position) AS ord
            FROM purchasing.purchase_order_line x WHERE x.purchase_order_id = p_id) n
    JOIN catalog.product p ON p.id = n.product_id
    JOIN catalog.unit u ON u.id = p.unit_id
    JOIN purchasing.prices_for(v_order.supplier_id, (
           SELECT jsonb_agg(jsonb_build_object('product_id', x.product_id, 'qty', x.qty) ORDER BY x.position)
             FROM purchasing.purchase_order_line x WHERE x.purchase_order_id = p_id),
           v_order.order_date, v_order.currency) f ON f.line = n.ord
   WHERE l.id = n.id;
  UPDATE purchasing.purchase_order o
     SET state = 'ordered', ordered_at = statement_timestamp(), number = system.next_number('purchase_order'),
         snapshot = purchasing.snapshot(o.supplier_id, o.warehouse_id, o.payment_term_id),
         net_amount = s.net, tax_amount = s.tax, gross_amount = s.net + s.tax
    FROM purchasing.order_sums(p_id) s
   WHERE o.id = p_id
  RETURNING o.number, o.row_version, o.net_amount INTO v_order.number, v_order.row_version, v_order.net_amount;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version, 'net_amount', v_order.net_amount));
END $$;
COMMENT ON FUNCTION api.purchase_order_issue IS 'Order what a draft says: it gets its number and is frozen; what the supplier''s price list said stays on the lines.';

CREATE OR REPLACE FUNCTION api.purchase_order_confirm(
  p_command uuid, p_id bigint, p_row_version integer, p_reference text, p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order purchasing.purchase_order%ROWTYPE;
BEGIN
  PERFORM sec.require('purchase_order_confirm');
  PERFORM api.require_length('supplier_reference', p_reference, 60);
  v_replay := api.command_begin(p_command, 'purchase_order_confirm', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'reference', p_reference, 'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := purchasing.locked_order(p_id, p_row_version);
  PERFORM sales.require_state('purchase_order_not_open', v_order.state, 'ordered');
  PERFORM inventory.require_lines(p_lines);
  IF EXISTS (SELECT FROM jsonb_to_recordset(p_lines) AS x (line_id bigint, confirmed_price numeric)
               LEFT JOIN purchasing.purchase_order_line l ON l.id = x.line_id AND l.purchase_order_id = p_id
              WHERE l.id IS NULL OR x.confirmed_price < 0 OR x.confirmed_price >= 1e9) THEN
    PERFORM sec.fail('ER422', 'purchase_line_price_not_negative');
  END IF;
  UPDATE purchasing.purchase_order_line l
     SET confirmed_date = x.confirmed_date, confirmed_price = round(x.confirmed_price, 4)
    FROM jsonb_to_recordset(p_lines) AS x (line_id bigint, confirmed_date date, confirmed_price numeric)
   WHERE l.id = x.line_id AND l.purchase_order_id = p_id;
  UPDATE purchasing.purchase_order o
     SET confirmed_at = statement_timestamp(), supplier_reference = coalesce(nullif(btrim(p_reference), ''), o.supplier_reference)
   WHERE o.id = p_id
  RETURNING o.row_version INTO v_order.row_version;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'number', v_order.number, 'row_version', v_order.row_version));
END $$;
COMMENT ON FUNCTION api.purchase_order_confirm IS
  'What the supplier confirmed: his number, and lines [{line_id, confirmed_date, confirmed_price}].';

CREATE OR REPLACE FUNCTION api.purchase_order_close(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order purchasing.purchase_order%ROWTYPE;
BEGIN
  PERFORM sec.require('purchase_order_close');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'purchase_order_close',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := purchasing.locked_order(p_id, p_row_version);
  PERFORM sales.require_state('purchase_order_not_open', v_order.state, 'ordered');
  IF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  -- Nothing came: the order is taken back. Otherwise only its rest is not awaited any more.
  UPDATE purchasing.purchase_order o
     SET state = CASE WHEN EXISTS (SELECT FROM purchasing.goods_receipt g WHERE g.purchase_order_id = p_id)
                      THEN 'closed' ELSE 'cancelled' END,
         close_reason = btrim(p_reason)
   WHERE o.id = p_id
  RETURNING o.state, o.row_version INTO v_order.state, v_order.row_version;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'state', v_order.state, 'row_version', v_order.row_version));
END $$;
COMMENT ON FUNCTION api.purchase_order_close IS
  'Await nothing more of an order: cancelled when nothing came of it, closed otherwise; the reason stays with it.';
