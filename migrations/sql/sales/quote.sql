-- Quotes: issue, convert into a draft order, reject.

CREATE OR REPLACE FUNCTION api.quote_issue(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_quote sales.quote%ROWTYPE;
BEGIN
  PERFORM sec.require('quote_issue');
  v_replay := api.command_begin(p_command, 'quote_issue', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_quote := sales.locked_quote(p_id, p_row_version);
  PERFORM sales.require_state('quote_not_draft', v_quote.state, 'draft');
  PERFORM sales.require_customer(v_quote.customer_id, v_quote.delivery_address_id, v_quote.price_list_id, v_quote.quote_date);
  IF v_quote.valid_until < system.today() THEN
    PERFORM sec.fail('ER422', 'quote_expired', jsonb_build_object('valid_until', v_quote.valid_until));
  END IF;
  PERFORM sales.settle_lines('quote', p_id, v_quote.price_list_id, v_quote.quote_date, v_quote.customer_id);
  UPDATE sales.quote q
     SET state = 'issued', issued_at = statement_timestamp(), number = system.next_number('quote'),
         snapshot = sales.snapshot(q.customer_id, q.contact_id, q.delivery_address_id, q.payment_term_id)
   WHERE q.id = p_id
  RETURNING * INTO v_quote;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_quote.number, 'row_version', v_quote.row_version, 'net_amount', v_quote.net_amount,
    'tax_amount', v_quote.tax_amount, 'gross_amount', v_quote.gross_amount));
END $$;
COMMENT ON FUNCTION api.quote_issue IS 'Give a draft quote its number and freeze it: prices, tax, texts, discount checked.';

CREATE OR REPLACE FUNCTION api.quote_convert(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_quote sales.quote%ROWTYPE;
  v_order bigint;
  v_version integer;
BEGIN
  PERFORM sec.require('quote_convert');
  v_replay := api.command_begin(p_command, 'quote_convert', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_quote := sales.locked_quote(p_id, p_row_version);
  -- An accepted quote without an order is one whose draft order was discarded.
  IF v_quote.state NOT IN ('issued', 'accepted') OR EXISTS (SELECT FROM sales.sales_order o WHERE o.quote_id = p_id) THEN
    PERFORM sec.fail('ER422', 'quote_not_convertible', jsonb_build_object('state', v_quote.state));
  ELSIF v_quote.valid_until < system.today() THEN
    PERFORM sec.fail('ER422', 'quote_expired', jsonb_build_object('valid_until', v_quote.valid_until));
  END IF;
  INSERT INTO sales.sales_order (quote_id, customer_id, contact_id, delivery_address_id, warehouse_id, price_list_id,
                                 payment_term_id, order_date, customer_reference, remark, charges)
  VALUES (p_id, v_quote.customer_id, v_quote.contact_id, v_quote.delivery_address_id, v_quote.warehouse_id,
          v_quote.price_list_id, v_quote.payment_term_id, system.today(), v_quote.customer_reference, v_quote.remark,
          v_quote.charges)
  RETURNING id INTO v_order;
  INSERT INTO sales.sales_order_line (sales_order_id, position, product_id, sku, description, unit_code, qty, list_price,
                                      unit_price, discount_pct, tax_rate, charges)
  SELECT v_order, l.position, l.product_id, l.sku, l.description, l.unit_code, l.qty, l.list_price, l.unit_price,
         l.discount_pct, l.tax_rate, l.charges
    FROM sales.quote_line l WHERE l.quote_id = p_id ORDER BY l.position;
  UPDATE sales.quote q SET state = 'accepted' WHERE q.id = p_id AND q.state = 'issued';
  SELECT q.row_version INTO v_version FROM sales.quote q WHERE q.id = p_id;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'row_version', v_version, 'sales_order_id', v_order, 'sales_order_row_version',
    (SELECT o.row_version FROM sales.sales_order o WHERE o.id = v_order)));
END $$;
COMMENT ON FUNCTION api.quote_convert IS 'Copy an issued, still valid quote into a draft order, once; the quote is accepted.';

CREATE OR REPLACE FUNCTION api.quote_reject(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_quote sales.quote%ROWTYPE;
BEGIN
  PERFORM sec.require('quote_reject');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'quote_reject',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_quote := sales.locked_quote(p_id, p_row_version);
  PERFORM sales.require_state('quote_not_issued', v_quote.state, 'issued');
  UPDATE sales.quote q SET state = 'rejected', reject_reason = nullif(btrim(p_reason), '') WHERE q.id = p_id
  RETURNING * INTO v_quote;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_quote.row_version));
END $$;
COMMENT ON FUNCTION api.quote_reject IS 'The customer declined an issued quote.';
