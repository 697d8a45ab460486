-- Down payments: a part of an order asked for before it is delivered, with tax.

CREATE OR REPLACE FUNCTION api.down_payment_post(
  p_command uuid, p_sales_order_id bigint, p_row_version integer, p_pct numeric, p_amount numeric, p_due_date date)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_id bigint;
  v_groups jsonb;
  v_bad record;
  v_words text;
  v_share text;
BEGIN
  PERFORM sec.require('down_payment_post');
  v_replay := api.command_begin(p_command, 'down_payment_post', jsonb_build_object(
    'id', p_sales_order_id, 'row_version', p_row_version, 'pct', p_pct, 'amount', p_amount, 'due', p_due_date));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := sales.locked_order(p_sales_order_id, p_row_version);
  PERFORM sales.require_state('sales_order_not_confirmed', v_order.state, 'confirmed');
  IF (p_pct IS NULL) = (p_amount IS NULL)
     OR NOT coalesce(p_pct > 0 AND p_pct <= 100 AND p_pct = round(p_pct, 4), true)
     OR NOT coalesce(p_amount > 0 AND p_amount < 1e12 AND p_amount = round(p_amount, 2), true)
  THEN
    PERFORM sec.fail('ER422', 'down_payment_amount', '{}');
  ELSIF p_due_date IS NULL OR p_due_date NOT BETWEEN system.today() AND system.today() + 365 THEN
    PERFORM sec.fail('ER422', 'down_payment_due_date', '{}');
  ELSIF v_order.invoice_state = 'full' OR NOT v_order.net_amount > 0 THEN
    PERFORM sec.fail('ER422', 'down_payment_exceeds_order', jsonb_build_object('left', 0));
  END IF;
  -- What the order comes to per category and rate, shared out like any amount.
  SELECT jsonb_agg(jsonb_build_object('c', g.tax_category, 'r', g.tax_rate, 'n', g.net)) INTO v_groups
    FROM sales.group_taxes(sales.line_groups('sales_order', p_sales_order_id), v_order.charges) g WHERE g.net > 0;
  v_share := CASE WHEN p_pct IS NOT NULL THEN replace(trim_scale(p_pct)::text, '.',
                  CASE WHEN v_order.snapshot #>> '{customer,language}' = 'en' THEN '.' ELSE ',' END) || ' % ' ELSE '' END;
  v_words := CASE WHEN v_order.snapshot #>> '{customer,language}' = 'en'
                  THEN 'Down payment ' || v_share || 'on order ' ELSE 'Anzahlung ' || v_share || 'auf Auftrag ' END
             || v_order.number;
  v_id := nextval('sales.invoice_id_seq');
  INSERT INTO sales.invoice_line (invoice_id, position, sku, description, unit_code, qty, unit_price, tax_rate, tax_category,
                                  net_amount)
  SELECT v_id, row_number() OVER (ORDER BY s.tax_rate DESC, s.tax_category), '', v_words, '', 1, s.amount, s.tax_rate,
         s.tax_category, s.amount
    FROM sales.charge_shares(v_groups, jsonb_build_array(jsonb_build_object(
           'kind', 'charge', 'pct', p_pct, 'amount', p_amount))) s;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'down_payment_amount', '{}');
  END IF;
  -- Together with what was asked for and invoiced before it must stay within the order, at every rate.
  SELECT g.r AS rate, g.n - coalesce(b.net, 0) AS left INTO v_bad
    FROM jsonb_to_recordset(v_groups) AS g (c text, r numeric, n numeric)
    LEFT JOIN (
      SELECT t.tax_category, t.tax_rate, sum(t.net_amount) AS net
        FROM sales.invoice_tax t JOIN sales.invoice i ON i.id = t.invoice_id
       WHERE i.sales_order_id = p_sales_order_id
         AND (i.kind IN ('invoice', 'partial', 'final') AND i.state <> 'cancelled')
       GROUP BY 1, 2) b ON b.tax_category = g.c AND b.tax_rate = g.r
    LEFT JOIN (SELECT d.tax_category, d.tax_rate, sum(d.net) AS net
                 FROM sales.down_payments_left(p_sales_order_id) d GROUP BY 1, 2) a
      ON a.tax_category = g.c AND a.tax_rate = g.r
    JOIN sales.invoice_line l ON l.invoice_id = v_id AND l.tax_category = g.c AND l.tax_rate = g.r
   WHERE l.net_amount + coalesce(a.net, 0) + coalesce(b.net, 0) > g.n LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'down_payment_exceeds_order', jsonb_build_object('left', v_bad.left, 'rate', trim_scale(v_bad.rate)));
  END IF;
  RETURN api.command_end(p_command, sales.invoice_answer(
    sales.write_invoice(v_id, 'down_payment', NULL, v_order, NULL, p_due_date, NULL), v_order.row_version));
END $$;
COMMENT ON FUNCTION api.down_payment_post IS
  'Ask for a part of a confirmed order before it is delivered: a percentage, or a net amount shared out over its tax rates.';
