-- Orders: confirm (prices, discount, credit, reservation), reserve again, cancel.

CREATE OR REPLACE FUNCTION sales.open_amount(p_invoice sales.invoice) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_invoice.gross_amount - p_invoice.prepaid_amount - p_invoice.credited_amount - p_invoice.paid_amount
         - p_invoice.discount_taken
$$;
COMMENT ON FUNCTION sales.open_amount IS
  'What is left of an invoice after deducted down payments, corrections, payments and cash discount; of a correction what is to be paid back, negative.';

CREATE OR REPLACE FUNCTION sales.down_payments_left(p_order bigint)
RETURNS TABLE (down_payment_id bigint, number text, state text, tax_category text, tax_rate numeric, net numeric, tax numeric,
               own_net numeric, own_tax numeric, exchange_rate numeric)
LANGUAGE sql STABLE ROWS 2 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.id, i.number::text, i.state::text, x.tax_category, x.tax_rate, sum(x.net), sum(x.tax), sum(x.own_net), sum(x.own_tax),
         i.exchange_rate
    FROM sales.invoice i
    JOIN LATERAL (
      SELECT t.tax_category::text, t.tax_rate, t.net_amount AS net, t.tax_amount AS tax,
             t.own_net_amount AS own_net, t.own_tax_amount AS own_tax FROM sales.invoice_tax t
       WHERE t.invoice_id = i.id OR t.invoice_id IN (SELECT c.id FROM sales.invoice c WHERE c.corrects_id = i.id)
      UNION ALL
      SELECT d.tax_category::text, d.tax_rate, -d.net_amount, -d.tax_amount, -d.own_net_amount, -d.own_tax_amount
        FROM sales.invoice_deduction d
       WHERE d.down_payment_id = i.id) x ON true
   WHERE i.sales_order_id = p_order AND i.kind = 'down_payment' AND i.state <> 'cancelled'
   GROUP BY i.id, i.number, i.state, i.exchange_rate, x.tax_category, x.tax_rate
  HAVING sum(x.net) <> 0 OR sum(x.tax) <> 0
$$;
COMMENT ON FUNCTION sales.down_payments_left IS
  'What of an order''s down payments that stand no invoice has deducted yet, per tax category and rate.';

CREATE OR REPLACE FUNCTION sales.credit_exposure(p_customer bigint) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT sum(sales.own_left(i)) FROM sales.invoice i
                    WHERE i.customer_id = p_customer AND i.state = 'open'), 0)
       + coalesce((SELECT sum(sales.own(CASE o.invoice_state WHEN 'none' THEN o.gross_amount ELSE (
                     SELECT round(sum((l.qty - l.qty_invoiced) / l.qty * l.net_amount * (100 + l.tax_rate) / 100), 2)
                       FROM sales.sales_order_line l WHERE l.sales_order_id = o.id) END
                     - (SELECT coalesce(sum(d.net + d.tax), 0) FROM sales.down_payments_left(o.id) d), o.exchange_rate))
                     FROM sales.sales_order o
                    WHERE o.customer_id = p_customer AND o.state = 'confirmed' AND o.invoice_state <> 'full'), 0)
$$;
COMMENT ON FUNCTION sales.credit_exposure IS 'Gross amount a customer owes or will owe, in the house''s own currency: open invoices and confirmed orders not yet invoiced.';

CREATE OR REPLACE FUNCTION sales.require_credit(p_order bigint, p_customer bigint, p_amount numeric) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit numeric := (SELECT c.credit_limit FROM partners.partner c WHERE c.id = p_customer);
  v_exposure numeric;
BEGIN
  IF v_limit IS NULL THEN
    RETURN;
  END IF;
  v_exposure := sales.credit_exposure(p_customer) + p_amount;
  IF v_exposure > v_limit AND NOT EXISTS (
    SELECT FROM system.approval_request a
     WHERE a.kind = 'credit_limit' AND a.topic = 'sales.sales_order' AND a.record_id = p_order AND a.state = 'approved'
       AND a.amount >= v_exposure) THEN
    PERFORM sec.fail('ER403', 'credit_limit_exceeded', jsonb_build_object('limit', v_limit, 'exposure', v_exposure));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_credit IS
  'ER403 credit_limit_exceeded unless the customer stays within the credit limit or somebody else has approved what he then owes.';

CREATE OR REPLACE FUNCTION sales.require_not_blocked(p_customer bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_customer partners.partner%ROWTYPE;
BEGIN
  SELECT * INTO v_customer FROM partners.partner c WHERE c.id = p_customer;
  IF v_customer.is_delivery_blocked THEN
    PERFORM sec.fail('ER422', 'customer_delivery_blocked',
                     jsonb_build_object('customer', v_customer.name, 'reason', v_customer.block_reason));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_not_blocked IS 'Refuse a customer under delivery block.';

CREATE OR REPLACE FUNCTION sales.reserve_lines(p_order bigint, p_warehouse bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_wishes jsonb := (
    SELECT jsonb_agg(jsonb_build_object(
             'product_id', l.product_id, 'warehouse_id', p_warehouse, 'source_type', 'sales_order_line', 'source_id', l.id,
             'qty', l.qty - l.qty_shipped - coalesce((SELECT sum(r.qty) FROM inventory.reservation r
                       WHERE r.source_type = 'sales_order_line' AND r.source_id = l.id), 0)) ORDER BY l.id)
      FROM sales.sales_order_line l WHERE l.sales_order_id = p_order);
BEGIN
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
             'line_id', l.id, 'position', l.position, 'product_id', l.product_id, 'sku', l.sku, 'wanted', r.wanted,
             'reserved', r.taken, 'missing', r.wanted - r.taken) ORDER BY l.position), '[]')
      FROM inventory.reserve_many(v_wishes) r
      JOIN sales.sales_order_line l ON l.id = r.source_id
     WHERE r.taken < r.wanted);
END $$;
COMMENT ON FUNCTION sales.reserve_lines IS 'Reserve what is free for the open quantities of an order; returns what is missing.';

CREATE OR REPLACE FUNCTION sales.refresh_order(p_id bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_version integer;
BEGIN
  UPDATE sales.sales_order o
     SET delivery_state = f.delivery_state, invoice_state = f.invoice_state,
         state = CASE WHEN f.delivery_state = 'full' AND f.invoice_state = 'full' THEN 'completed' ELSE 'confirmed' END
    FROM (SELECT CASE WHEN bool_and(l.qty_shipped = l.qty) THEN 'full' WHEN bool_or(l.qty_shipped > 0) THEN 'partial'
                      ELSE 'none' END AS delivery_state,
                 CASE WHEN bool_and(l.qty_invoiced = l.qty) THEN 'full' WHEN bool_or(l.qty_invoiced > 0) THEN 'partial'
                      ELSE 'none' END AS invoice_state
            FROM sales.sales_order_line l WHERE l.sales_order_id = p_id) f
   WHERE o.id = p_id
  RETURNING o.row_version INTO v_version;
  RETURN v_version;
END $$;
COMMENT ON FUNCTION sales.refresh_order IS 'States of an order as its lines say; returns the new row version.';

CREATE OR REPLACE FUNCTION api.sales_order_confirm(
  p_command uuid, p_id bigint, p_row_version integer, p_acknowledged text[] DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_priced_on date;
  v_shortages jsonb;
BEGIN
  PERFORM sec.require('sales_order_confirm');
  v_replay := api.command_begin(p_command, 'sales_order_confirm', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'acknowledged', p_acknowledged));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := sales.locked_order(p_id, p_row_version);
  PERFORM sales.require_state('sales_order_not_draft', v_order.state, 'draft');
  PERFORM sales.require_customer(v_order.customer_id, v_order.delivery_address_id, v_order.price_list_id, v_order.order_date);
  PERFORM sales.require_not_blocked(v_order.customer_id);
  -- A quote accepted in time keeps the prices of its day.
  SELECT q.quote_date INTO v_priced_on FROM sales.quote q
   WHERE q.id = v_order.quote_id AND v_order.order_date BETWEEN q.quote_date AND q.valid_until;
  PERFORM sales.settle_lines('sales_order', p_id, v_order.price_list_id, coalesce(v_priced_on, v_order.order_date),
                             v_order.customer_id, v_order.quote_id);
  PERFORM sales.require_credit(p_id, v_order.customer_id,
    (SELECT sales.own(o.gross_amount, sales.require_rate(o.currency, system.today())) FROM sales.sales_order o WHERE o.id = p_id));
  v_shortages := sales.reserve_lines(p_id, v_order.warehouse_id);
  UPDATE sales.sales_order o
     SET state = 'confirmed', confirmed_at = statement_timestamp(), number = system.next_number('sales_order'),
         snapshot = sales.snapshot(o.customer_id, o.contact_id, o.delivery_address_id, o.payment_term_id)
   WHERE o.id = p_id
  RETURNING * INTO v_order;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version, 'net_amount', v_order.net_amount,
    'tax_amount', v_order.tax_amount, 'gross_amount', v_order.gross_amount, 'shortages', v_shortages));
END $$;
COMMENT ON FUNCTION api.sales_order_confirm IS
  'Confirm a draft order: prices, tax, discount and credit checked, stock reserved as far as free, number given. '
  'p_acknowledged answers questions; there is none at present.';

CREATE OR REPLACE FUNCTION api.sales_order_reserve(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
BEGIN
  PERFORM sec.require('sales_order_reserve');
  v_replay := api.command_begin(p_command, 'sales_order_reserve',
    jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := sales.locked_order(p_id, p_row_version);
  PERFORM sales.require_state('sales_order_not_confirmed', v_order.state, 'confirmed');
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'row_version', v_order.row_version, 'shortages', sales.reserve_lines(p_id, v_order.warehouse_id)));
END $$;
COMMENT ON FUNCTION api.sales_order_reserve IS 'Reserve for a confirmed order what has become free since.';

CREATE OR REPLACE FUNCTION api.sales_order_cancel(p_command uuid, p_id bigint, p_row_version integer, p_reason text)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
BEGIN
  PERFORM sec.require('sales_order_cancel');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'sales_order_cancel',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := sales.locked_order(p_id, p_row_version);
  PERFORM sales.require_state('sales_order_not_confirmed', v_order.state, 'confirmed');
  IF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  ELSIF v_order.delivery_state <> 'none' THEN
    PERFORM sec.fail('ER422', 'sales_order_already_shipped', jsonb_build_object('number', v_order.number));
  ELSIF EXISTS (SELECT FROM sales.down_payments_left(p_id)) THEN
    PERFORM sec.fail('ER422', 'sales_order_has_down_payment', jsonb_build_object('number', v_order.number));
  END IF;
  PERFORM inventory.release_many((
    SELECT jsonb_agg(jsonb_build_object('source_type', 'sales_order_line', 'source_id', l.id) ORDER BY l.id)
      FROM sales.sales_order_line l WHERE l.sales_order_id = p_id));
  UPDATE sales.sales_order o SET state = 'cancelled', cancel_reason = btrim(p_reason) WHERE o.id = p_id
  RETURNING * INTO v_order;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_order.number, 'row_version', v_order.row_version));
END $$;
COMMENT ON FUNCTION api.sales_order_cancel IS 'Cancel a confirmed order of which nothing was shipped; its reservations are given up.';

CREATE OR REPLACE FUNCTION api.credit_approval_request(p_command uuid, p_sales_order_id bigint, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_customer partners.partner%ROWTYPE;
  v_exposure numeric;
BEGIN
  PERFORM sec.require('credit_approval_request');
  PERFORM api.require_length('reason', p_reason, 1000);
  v_replay := api.command_begin(p_command, 'credit_approval_request', jsonb_build_object('id', p_sales_order_id, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_order FROM sales.sales_order o
   WHERE o.id = p_sales_order_id AND o.warehouse_id = ANY (sec.my_warehouses()) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'sales_order_not_found', jsonb_build_object('id', p_sales_order_id));
  END IF;
  PERFORM sales.require_state('sales_order_not_draft', v_order.state, 'draft');
  SELECT * INTO v_customer FROM partners.partner c WHERE c.id = v_order.customer_id;
  v_exposure := sales.credit_exposure(v_order.customer_id)
                + sales.own(v_order.gross_amount, sales.require_rate(v_order.currency, system.today()));
  IF v_customer.credit_limit IS NULL OR v_exposure <= v_customer.credit_limit THEN
    PERFORM sec.fail('ER422', 'credit_approval_not_needed', jsonb_build_object('customer', v_customer.name));
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('exposure', v_exposure, 'limit', v_customer.credit_limit,
    'id', system.approval_open('credit_limit', 'sales.sales_order', p_sales_order_id, jsonb_build_object(
      'name', v_customer.name, 'author', v_order.created_by, 'amount', v_exposure,
      'fields', jsonb_build_array(
        jsonb_build_object('key', 'credit_limit', 'kind', 'money', 'after', v_customer.credit_limit),
        jsonb_build_object('key', 'exposure', 'kind', 'money', 'after', v_exposure),
        jsonb_build_object('key', 'gross_amount', 'kind', 'money',
                           'after', sales.own(v_order.gross_amount, v_order.exchange_rate)))), '{}', p_reason)));
END $$;
COMMENT ON FUNCTION api.credit_approval_request IS
  'Ask to confirm an order with which the customer owes more than the credit limit; holds up to what he then owes.';
