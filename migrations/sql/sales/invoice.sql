-- Invoices: for deliveries, cancelled by a counter-document.

CREATE OR REPLACE FUNCTION sales.write_invoice(
  p_id bigint, p_kind text, p_cancels bigint, p_order sales.sales_order, p_service_date date, p_reason text)
RETURNS sales.invoice
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The lines are there already: taxes and totals follow from them, and the number comes last.
DECLARE
  v_invoice sales.invoice%ROWTYPE;
  v_today date := system.today();
  v_terms jsonb := CASE WHEN p_kind = 'invoice' THEN p_order.snapshot -> 'terms' ELSE '{}' END;
  v_pct numeric := coalesce((v_terms ->> 'discount_pct')::numeric, 0);
  v_net numeric;
  v_tax numeric;
BEGIN
  INSERT INTO sales.invoice_tax (invoice_id, tax_rate, net_amount, tax_amount)
  SELECT p_id, l.tax_rate, sum(l.net_amount), round(sum(l.net_amount) * l.tax_rate / 100, 2)
    FROM sales.invoice_line l WHERE l.invoice_id = p_id GROUP BY l.tax_rate;
  SELECT sum(t.net_amount), sum(t.tax_amount) INTO v_net, v_tax FROM sales.invoice_tax t WHERE t.invoice_id = p_id;
  INSERT INTO sales.invoice (id, kind, state, cancels_id, sales_order_id, customer_id, billing_address, snapshot,
                             customer_vat_id, tax_treatment, invoice_date, service_date, due_date, discount_pct,
                             discount_date, net_amount, tax_amount, gross_amount, reason, number)
  OVERRIDING SYSTEM VALUE
  VALUES (p_id, p_kind,
          CASE WHEN p_kind = 'cancellation' THEN 'settled' WHEN v_net + v_tax = 0 THEN 'paid' ELSE 'open' END,
          p_cancels, p_order.id, p_order.customer_id, p_order.snapshot -> 'billing_address',
          sales.order_reference(p_order),
          p_order.snapshot #>> '{customer,vat_id}', p_order.snapshot #>> '{customer,tax_treatment}', v_today,
          p_service_date, v_today + coalesce((v_terms ->> 'net_days')::int, 0), v_pct,
          CASE WHEN v_pct > 0 THEN v_today + (v_terms ->> 'discount_days')::int END,
          v_net, v_tax, v_net + v_tax, p_reason, system.next_number('invoice'))
  RETURNING * INTO v_invoice;
  RETURN v_invoice;
END $$;
COMMENT ON FUNCTION sales.write_invoice IS 'The head of an invoice or cancellation whose lines are written; takes the number.';

CREATE OR REPLACE FUNCTION api.invoice_post(
  p_command uuid, p_sales_order_id bigint, p_row_version integer, p_delivery_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_ids bigint[] := ARRAY(SELECT DISTINCT d FROM unnest(p_delivery_ids) d ORDER BY d);
  v_id bigint;
  v_version integer;
  v_service date;
  v_invoice sales.invoice%ROWTYPE;
BEGIN
  PERFORM sec.require('invoice_post');
  v_replay := api.command_begin(p_command, 'invoice_post', jsonb_build_object(
    'id', p_sales_order_id, 'row_version', p_row_version, 'deliveries', to_jsonb(p_delivery_ids)));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_order := sales.locked_order(p_sales_order_id, p_row_version);
  PERFORM sales.require_state('sales_order_not_confirmed', v_order.state, 'confirmed', 'completed');
  UPDATE sales.delivery d SET invoice_state = 'full'
   WHERE d.id = ANY (v_ids) AND d.sales_order_id = p_sales_order_id AND d.invoice_state = 'none';
  IF v_ids = '{}' OR (SELECT count(*) FROM sales.delivery d WHERE d.id = ANY (v_ids) AND d.sales_order_id = p_sales_order_id
                        AND NOT EXISTS (SELECT FROM sales.invoice_delivery i WHERE i.delivery_id = d.id AND i.is_active))
     <> cardinality(v_ids)
  THEN
    PERFORM sec.fail('ER422', 'delivery_not_invoiceable', jsonb_build_object('id', p_sales_order_id));
  END IF;
  v_id := nextval('sales.invoice_id_seq');
  INSERT INTO sales.invoice_line (invoice_id, sales_order_line_id, delivery_id, position, product_id, sku, description,
                                  unit_code, qty, unit_price, discount_pct, tax_rate, net_amount)
  SELECT v_id, l.id, s.delivery_id, row_number() OVER (ORDER BY s.delivery_id, l.position), l.product_id, l.sku,
         l.description, l.unit_code, s.qty, l.unit_price, l.discount_pct, l.tax_rate,
         round(s.qty * l.unit_price * (100 - l.discount_pct) / 100, 2)
    FROM (SELECT d.delivery_id, d.sales_order_line_id, sum(d.qty) AS qty FROM sales.delivery_line d
           WHERE d.delivery_id = ANY (v_ids) GROUP BY d.delivery_id, d.sales_order_line_id) s
    JOIN sales.sales_order_line l ON l.id = s.sales_order_line_id;
  INSERT INTO sales.invoice_delivery (invoice_id, delivery_id) SELECT v_id, d FROM unnest(v_ids) d;
  UPDATE sales.sales_order_line l SET qty_invoiced = l.qty_invoiced + s.qty
    FROM (SELECT i.sales_order_line_id, sum(i.qty) AS qty FROM sales.invoice_line i WHERE i.invoice_id = v_id GROUP BY 1) s
   WHERE l.id = s.sales_order_line_id;
  v_version := sales.refresh_order(p_sales_order_id);
  v_service := (SELECT max(sales.local_day(d.shipped_at)) FROM sales.delivery d WHERE d.id = ANY (v_ids));
  v_invoice := sales.write_invoice(v_id, 'invoice', NULL, v_order, v_service, NULL);
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'number', v_invoice.number, 'row_version', v_invoice.row_version, 'net_amount', v_invoice.net_amount,
    'tax_amount', v_invoice.tax_amount, 'gross_amount', v_invoice.gross_amount, 'due_date', v_invoice.due_date,
    'sales_order_id', p_sales_order_id, 'sales_order_row_version', v_version));
END $$;
COMMENT ON FUNCTION api.invoice_post IS 'Post the invoice for deliveries of an order that have none yet.';

CREATE OR REPLACE FUNCTION api.invoice_cancel(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_invoice sales.invoice%ROWTYPE;
  v_counter sales.invoice%ROWTYPE;
  v_id bigint;
  v_version integer;
BEGIN
  PERFORM sec.require('invoice_cancel');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'invoice_cancel', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT o.* INTO v_order FROM sales.sales_order o
   WHERE o.id = (SELECT i.sales_order_id FROM sales.invoice i WHERE i.id = p_id) FOR UPDATE;
  v_invoice := sales.locked_invoice(p_id, p_row_version);
  PERFORM sales.require_state('invoice_not_cancellable', v_invoice.state, 'open', 'paid');
  IF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  ELSIF EXISTS (SELECT FROM sales.payment p WHERE p.invoice_id = p_id) THEN
    PERFORM sec.fail('ER422', 'invoice_has_payments', jsonb_build_object('number', v_invoice.number));
  END IF;
  v_id := nextval('sales.invoice_id_seq');
  INSERT INTO sales.invoice_line (invoice_id, sales_order_line_id, delivery_id, position, product_id, sku, description,
                                  unit_code, qty, unit_price, discount_pct, tax_rate, net_amount)
  SELECT v_id, l.sales_order_line_id, l.delivery_id, l.position, l.product_id, l.sku, l.description, l.unit_code, -l.qty,
         l.unit_price, l.discount_pct, l.tax_rate, -l.net_amount
    FROM sales.invoice_line l WHERE l.invoice_id = p_id;
  UPDATE sales.sales_order_line l SET qty_invoiced = l.qty_invoiced - s.qty
    FROM (SELECT i.sales_order_line_id, sum(i.qty) AS qty FROM sales.invoice_line i WHERE i.invoice_id = p_id GROUP BY 1) s
   WHERE l.id = s.sales_order_line_id;
  UPDATE sales.invoice i SET state = 'cancelled' WHERE i.id = p_id RETURNING * INTO v_invoice;
  UPDATE sales.invoice_delivery i SET is_active = false WHERE i.invoice_id = p_id;
  UPDATE sales.delivery d SET invoice_state = 'none'
   WHERE d.id IN (SELECT i.delivery_id FROM sales.invoice_delivery i WHERE i.invoice_id = p_id);
  v_version := sales.refresh_order(v_order.id);
  v_order.snapshot := v_invoice.snapshot;
  v_counter := sales.write_invoice(v_id, 'cancellation', p_id, v_order, v_invoice.service_date, btrim(p_reason));
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'number', v_counter.number, 'row_version', v_counter.row_version, 'cancelled_id', p_id,
    'gross_amount', v_counter.gross_amount, 'sales_order_id', v_order.id, 'sales_order_row_version', v_version));
END $$;
COMMENT ON FUNCTION api.invoice_cancel IS
  'Cancel an unpaid invoice by a counter-invoice with its own number; its deliveries can be invoiced again.';
