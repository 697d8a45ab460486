-- What a sales document rests on: customer, addresses, prices, tax and the discount somebody may grant.
-- Internal: called by the api functions of sales only.

CREATE OR REPLACE FUNCTION sales.address_json(p_id bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('name', coalesce(a.name, p.name), 'street', a.street, 'street2', a.street2,
                            'postcode', a.postcode, 'city', a.city, 'region', a.region, 'country', a.country)
    FROM partners.address a JOIN partners.partner p ON p.id = a.partner_id
   WHERE a.id = p_id
$$;
COMMENT ON FUNCTION sales.address_json IS 'An address as documents keep it.';

CREATE OR REPLACE FUNCTION sales.snapshot(p_customer bigint, p_contact bigint, p_delivery_address bigint, p_term bigint)
RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'customer', jsonb_build_object('number', c.number, 'name', c.name, 'language', c.language, 'vat_id', c.vat_id,
                                   'tax_treatment', c.tax_treatment),
    'contact', (SELECT jsonb_build_object('salutation', k.salutation, 'name', k.name, 'email', k.email, 'phone', k.phone)
                  FROM partners.contact k WHERE k.id = p_contact AND k.partner_id = c.id),
    'billing_address', (SELECT sales.address_json(a.id) FROM partners.address a WHERE a.partner_id = c.id
                         ORDER BY (a.kind = 'billing') DESC, a.is_default DESC, a.id LIMIT 1),
    'delivery_address', (SELECT sales.address_json(a.id) FROM partners.address a WHERE a.partner_id = c.id
                          ORDER BY coalesce(a.id = p_delivery_address, false) DESC, (a.kind = 'delivery') DESC,
                                   a.is_default DESC, a.id LIMIT 1),
    'terms', (SELECT jsonb_build_object('code', t.code, 'name_de', t.name_de, 'name_en', t.name_en, 'net_days', t.net_days,
                                        'discount_days', t.discount_days, 'discount_pct', t.discount_pct,
                                        'discount2_days', t.discount2_days, 'discount2_pct', t.discount2_pct)
                FROM partners.payment_term t WHERE t.id = p_term))
    FROM partners.partner c WHERE c.id = p_customer
$$;
COMMENT ON FUNCTION sales.snapshot IS 'What a document says about its customer and its terms, as of now.';

CREATE OR REPLACE FUNCTION sales.effective_pct(p_unit_price numeric, p_discount_pct numeric, p_list_price numeric)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_list_price > 0
              THEN greatest(round(100 - p_unit_price * (100 - p_discount_pct) / p_list_price, 4), 0) ELSE 0 END
$$;
COMMENT ON FUNCTION sales.effective_pct IS
  'Discount against the list price in percent, whether it hides in the unit price or stands in the discount.';

CREATE OR REPLACE FUNCTION sales.document_lines(p_type text, p_id bigint)
RETURNS TABLE (line_id bigint, line_position integer, product_id bigint, qty numeric, unit_price numeric,
               discount_pct numeric, charges jsonb, charge_amount numeric, net_amount numeric)
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_type = 'quote' THEN
    RETURN QUERY SELECT l.id, l.position, l.product_id, l.qty, l.unit_price, l.discount_pct, l.charges, l.charge_amount,
                        l.net_amount
                   FROM sales.quote_line l WHERE l.quote_id = p_id;
  ELSE
    RETURN QUERY SELECT l.id, l.position, l.product_id, l.qty, l.unit_price, l.discount_pct, l.charges, l.charge_amount,
                        l.net_amount
                   FROM sales.sales_order_line l WHERE l.sales_order_id = p_id;
  END IF;
END $$;
COMMENT ON FUNCTION sales.document_lines IS 'The lines of a quote or an order, alike.';

CREATE OR REPLACE FUNCTION sales.judged_lines(
  p_type text, p_id bigint, p_price_list bigint, p_on date, p_customer bigint)
RETURNS TABLE (line_id bigint, line_position integer, qty numeric, sku text, unit_code text, list_price numeric, tax_rate numeric,
               effective_pct numeric, problem text, tax_category text)
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_treatment text := (SELECT c.tax_treatment FROM partners.partner c WHERE c.id = p_customer);
  v_small boolean := coalesce((SELECT c.is_small_business FROM system.company c), false);
  v_allowed numeric := sales.allowance_pct(p_type, p_id);
  v_lines jsonb := (SELECT jsonb_agg(to_jsonb(d) ORDER BY d.line_id) FROM sales.document_lines(p_type, p_id) d);
BEGIN
  RETURN QUERY
    SELECT l.line_id, l.line_position, f.qty, p.sku::text, u.code::text, f.amount,
           CASE WHEN v_treatment = 'domestic' AND NOT v_small THEN f.tax_rate ELSE 0 END,
           sales.effective_pct((l.unit_price * (100 - l.discount_pct) / 100 + sales.charge_net(l.charges, true) / f.qty)
                               * (100 - v_allowed) / 100, 0, f.amount),
           CASE WHEN NOT p.is_sold OR p.state IN ('discontinued', 'placeholder') THEN 'product_not_for_sale'
                WHEN f.amount IS NULL THEN 'price_missing'
                WHEN f.qty <> round(f.qty, u.decimals) THEN 'quantity_too_precise' END,
           sales.tax_category(v_treatment, c.category, f.tax_rate, v_small)
      FROM catalog.prices_for(v_lines, p_price_list, p_on) f
      JOIN ROWS FROM (jsonb_to_recordset(v_lines) AS (
             line_id bigint, line_position integer, unit_price numeric, discount_pct numeric, charges jsonb)) WITH ORDINALITY
           AS l (line_id, line_position, unit_price, discount_pct, charges, ord) ON l.ord = f.line
      JOIN catalog.product p ON p.id = f.product_id
      JOIN catalog.tax_class c ON c.id = p.tax_class_id
      JOIN catalog.unit u ON u.id = p.unit_id;
END $$;
COMMENT ON FUNCTION sales.judged_lines IS
  'Lines of a quote or order with list price (net), tax and effective discount (allowances of the line and on the whole included) as the database sees them now.';

CREATE OR REPLACE FUNCTION sales.require_discount(
  p_type text, p_id bigint, p_quote_id bigint, p_pct numeric, p_position integer) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit numeric := sec.my_limit('discount_pct');
BEGIN
  IF p_pct > v_limit AND NOT EXISTS (
    SELECT FROM system.approval_request a
     WHERE a.kind = 'discount' AND a.state = 'approved' AND a.amount >= p_pct
       AND ((a.topic = 'sales.' || p_type AND a.record_id = p_id)
            OR (a.topic = 'sales.quote' AND a.record_id = p_quote_id)))
  THEN
    PERFORM sec.fail('ER403', 'discount_limit',
                     jsonb_build_object('limit', trim_scale(v_limit), 'pct', trim_scale(p_pct), 'position', p_position));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_discount IS
  'ER403 discount_limit unless the discount is within the person''s limit or approved by somebody else.';

CREATE OR REPLACE FUNCTION sales.require_customer(
  p_customer bigint, p_delivery_address bigint, p_price_list bigint, p_on date) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_customer partners.partner%ROWTYPE;
  v_kind text := (SELECT p.kind FROM catalog.price_list p WHERE p.id = p_price_list);
BEGIN
  SELECT * INTO v_customer FROM partners.partner c WHERE c.id = p_customer;
  IF NOT (v_customer.is_customer AND v_customer.is_active) THEN
    PERFORM sec.fail('ER422', 'customer_not_active', jsonb_build_object('customer', v_customer.name));
  -- Another price list or another day would be a discount by the back door.
  ELSIF coalesce(v_customer.price_list_id <> p_price_list, v_customer.kind = 'b2c' AND v_kind = 'wholesale') THEN
    PERFORM sec.fail('ER422', 'price_list_not_for_customer', jsonb_build_object('customer', v_customer.name));
  ELSIF p_on > system.today() OR p_on < system.today() - 31 THEN
    PERFORM sec.fail('ER422', 'document_date_out_of_range', jsonb_build_object('date', p_on));
  ELSIF p_delivery_address IS NOT NULL AND NOT EXISTS (
    SELECT FROM partners.address a WHERE a.id = p_delivery_address AND a.partner_id = p_customer) THEN
    PERFORM sec.fail('ER422', 'address_of_other_customer', jsonb_build_object('customer', v_customer.name));
  ELSIF NOT EXISTS (SELECT FROM partners.address a WHERE a.partner_id = p_customer) THEN
    PERFORM sec.fail('ER422', 'customer_without_address', jsonb_build_object('customer', v_customer.name));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_customer IS
  'The customer may be sold to, from this price list, at this date, and the goods go to an address of his.';

CREATE OR REPLACE FUNCTION sales.settle_lines(p_type text, p_id bigint, p_price_list bigint, p_on date, p_customer bigint,
                                              p_quote_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_judged jsonb;
  v_bad record;
  v_charges jsonb := CASE p_type WHEN 'quote' THEN (SELECT q.charges FROM sales.quote q WHERE q.id = p_id)
                                 ELSE (SELECT o.charges FROM sales.sales_order o WHERE o.id = p_id) END;
BEGIN
  SELECT jsonb_agg(to_jsonb(j)) INTO v_judged FROM sales.judged_lines(p_type, p_id, p_price_list, p_on, p_customer) j;
  IF v_judged IS NULL THEN
    PERFORM sec.fail('ER422', p_type || '_has_no_lines', jsonb_build_object('id', p_id));
  END IF;
  SELECT j.* INTO v_bad FROM jsonb_to_recordset(v_judged) AS j (line_position int, sku text, qty numeric, problem text)
   WHERE j.problem IS NOT NULL ORDER BY j.line_position LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', v_bad.problem, jsonb_build_object(
      'position', v_bad.line_position, 'product', v_bad.sku, 'qty', trim_scale(v_bad.qty)));
  END IF;
  SELECT j.* INTO v_bad FROM jsonb_to_recordset(v_judged) AS j (line_position int, effective_pct numeric)
   ORDER BY j.effective_pct DESC, j.line_position LIMIT 1;
  PERFORM sales.require_discount(p_type, p_id, p_quote_id, v_bad.effective_pct, v_bad.line_position);
  IF p_type = 'quote' THEN
    UPDATE sales.quote_line l SET list_price = j.list_price, tax_rate = j.tax_rate, tax_category = j.tax_category, sku = j.sku,
           unit_code = j.unit_code
      FROM jsonb_to_recordset(v_judged) AS j (line_id bigint, list_price numeric, tax_rate numeric, tax_category text, sku text,
                                              unit_code text)
     WHERE l.id = j.line_id;
  ELSE
    UPDATE sales.sales_order_line l SET list_price = j.list_price, tax_rate = j.tax_rate, tax_category = j.tax_category, sku = j.sku,
           unit_code = j.unit_code
      FROM jsonb_to_recordset(v_judged) AS j (line_id bigint, list_price numeric, tax_rate numeric, tax_category text, sku text,
                                              unit_code text)
     WHERE l.id = j.line_id;
  END IF;
  PERFORM sales.require_positive_groups(p_type, p_id, v_charges);
END $$;
COMMENT ON FUNCTION sales.settle_lines IS
  'Writes list price, tax rate and article snapshot into the lines, after checking prices, states and discount.';

CREATE OR REPLACE FUNCTION sales.order_reference(p_order sales.sales_order) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_order.snapshot || jsonb_build_object('order', jsonb_build_object(
    'number', p_order.number, 'date', p_order.order_date, 'reference', p_order.customer_reference))
$$;
COMMENT ON FUNCTION sales.order_reference IS 'The snapshot of an order with its number, for the documents that follow it.';

CREATE OR REPLACE FUNCTION sales.locked_quote(p_id bigint, p_row_version integer) RETURNS sales.quote
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_quote sales.quote%ROWTYPE;
BEGIN
  SELECT * INTO v_quote FROM sales.quote q WHERE q.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'quote_not_found', jsonb_build_object('id', p_id));
  ELSIF v_quote.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_quote.row_version));
  END IF;
  RETURN v_quote;
END $$;
COMMENT ON FUNCTION sales.locked_quote IS 'The quote, locked; ER404 or ER409.';

CREATE OR REPLACE FUNCTION sales.locked_order(p_id bigint, p_row_version integer) RETURNS sales.sales_order
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_order sales.sales_order%ROWTYPE;
BEGIN
  SELECT * INTO v_order FROM sales.sales_order o
   WHERE o.id = p_id AND o.warehouse_id = ANY (sec.my_warehouses()) FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'sales_order_not_found', jsonb_build_object('id', p_id));
  ELSIF v_order.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_order.row_version));
  END IF;
  RETURN v_order;
END $$;
COMMENT ON FUNCTION sales.locked_order IS 'The order, locked, if it is in one of the person''s warehouses; ER404 or ER409.';

CREATE OR REPLACE FUNCTION sales.require_state(p_key text, p_state text, VARIADIC p_allowed text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_state <> ALL (p_allowed) THEN
    PERFORM sec.fail('ER422', p_key, jsonb_build_object('state', p_state));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_state IS 'Refuse with the key unless the state is one of those allowed.';

CREATE OR REPLACE FUNCTION sales.locked_invoice(p_id bigint, p_row_version integer) RETURNS sales.invoice
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_invoice sales.invoice%ROWTYPE;
BEGIN
  SELECT * INTO v_invoice FROM sales.invoice i WHERE i.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'invoice_not_found', jsonb_build_object('id', p_id));
  ELSIF v_invoice.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_invoice.row_version));
  END IF;
  RETURN v_invoice;
END $$;
COMMENT ON FUNCTION sales.locked_invoice IS 'The invoice, locked; ER404 or ER409.';

CREATE OR REPLACE FUNCTION sales.local_day(p_at timestamptz) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (p_at AT TIME ZONE coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin'))::date
$$;
COMMENT ON FUNCTION sales.local_day IS 'The company''s calendar day of a moment.';
