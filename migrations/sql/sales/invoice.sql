-- Invoices: for deliveries, cancelled by a counter-document.

CREATE OR REPLACE FUNCTION sales.invoice_groups(p_invoice bigint, p_corrects bigint, p_rate numeric)
RETURNS TABLE (tax_category text, tax_rate numeric, net numeric, tax numeric, own_net numeric, own_tax numeric, place bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH s AS (
    SELECT x.tax_category, x.tax_rate, sum(x.net) AS net
      FROM (SELECT l.tax_category::text, l.tax_rate, l.net_amount AS net FROM sales.invoice_line l WHERE l.invoice_id = p_invoice
            UNION ALL
            SELECT c.tax_category::text, c.tax_rate, CASE c.kind WHEN 'charge' THEN c.amount ELSE -c.amount END
              FROM sales.invoice_charge c WHERE c.invoice_id = p_invoice) x
     GROUP BY x.tax_category, x.tax_rate
  ), d AS (
    -- What was paid in advance is worth what it was booked with; only the rest goes by the rate of this invoice.
    SELECT x.tax_category::text, x.tax_rate, sum(x.net_amount) AS net, sum(x.tax_amount) AS tax, sum(x.own_net_amount) AS own_net,
           sum(x.own_tax_amount) AS own_tax
      FROM sales.invoice_deduction x WHERE x.invoice_id = p_invoice GROUP BY 1, 2
  ), b AS (
    -- What a correction finds: the invoice without deducted down payments, less what earlier ones took back.
    SELECT x.tax_category, x.tax_rate, sum(x.net) AS net, sum(x.tax) AS tax, sum(x.own_net) AS own_net, sum(x.own_tax) AS own_tax
      FROM (SELECT t.tax_category::text, t.tax_rate, t.net_amount AS net, t.tax_amount AS tax, t.own_net_amount AS own_net,
                   t.own_tax_amount AS own_tax
              FROM sales.invoice_tax t
             WHERE t.invoice_id = p_corrects OR t.invoice_id IN (SELECT c.id FROM sales.invoice c WHERE c.corrects_id = p_corrects)
            UNION ALL
            SELECT t.tax_category::text, t.tax_rate, -t.net_amount, -t.tax_amount, -t.own_net_amount, -t.own_tax_amount
              FROM sales.invoice_deduction t WHERE t.invoice_id = p_corrects) x
     GROUP BY x.tax_category, x.tax_rate)
  SELECT s.tax_category, s.tax_rate, s.net, g.tax,
         CASE WHEN g.last THEN -b.own_net ELSE sales.own(s.net - coalesce(d.net, 0), p_rate) + coalesce(d.own_net, 0) END,
         CASE WHEN g.last THEN -b.own_tax ELSE sales.own(g.tax - coalesce(d.tax, 0), p_rate) + coalesce(d.own_tax, 0) END,
         row_number() OVER (ORDER BY abs(s.net) DESC, s.tax_category, s.tax_rate)
    FROM s
    LEFT JOIN d ON d.tax_category = s.tax_category AND d.tax_rate = s.tax_rate
    LEFT JOIN b ON b.tax_category = s.tax_category AND b.tax_rate = s.tax_rate
   CROSS JOIN LATERAL (
     -- Several times rounded is not rounded once: with the last of a rate goes the last cent of its tax.
     SELECT coalesce(b.net + s.net = 0, false) AS last,
            CASE WHEN b.net + s.net = 0 THEN -b.tax ELSE round(s.net * s.tax_rate / 100, 2) END AS tax) g
$$;
COMMENT ON FUNCTION sales.invoice_groups IS
  'Net and tax of the lines and charges of an invoice per category and rate, in its currency and, at a rate, in the house''s own; of a '
  'correction with what is left of the invoice it corrects.';

CREATE OR REPLACE FUNCTION sales.write_invoice(
  p_id bigint, p_kind text, p_refers bigint, p_order sales.sales_order, p_service_date date, p_due date, p_reason text)
RETURNS sales.invoice
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Lines, charges and deductions are there already: taxes and totals follow from them, and the number comes last.
DECLARE
  v_invoice sales.invoice%ROWTYPE;
  v_today date := system.today();
  v_terms jsonb := CASE WHEN p_kind IN ('invoice', 'partial', 'final') THEN p_order.snapshot -> 'terms' ELSE '{}' END;
  v_pct numeric := coalesce((v_terms ->> 'discount_pct')::numeric, 0);
  v_pct2 numeric := coalesce((v_terms ->> 'discount2_pct')::numeric, 0);
  v_small boolean := coalesce((SELECT c.is_small_business FROM system.company c), false);
  v_language text := p_order.snapshot #>> '{customer,language}';
  v_prepaid numeric := coalesce((SELECT sum(d.net_amount + d.tax_amount) FROM sales.invoice_deduction d
                                  WHERE d.invoice_id = p_id), 0);
  v_net numeric;
  v_tax numeric;
  v_own_net numeric;
  v_own_tax numeric;
  v_rated date := v_today;
  v_rate numeric;
  v_cent numeric;
BEGIN
  PERFORM accounting.require_open(v_today);
  -- What takes an invoice back does so at its rate.
  IF p_refers IS NULL THEN
    v_rate := sales.require_rate(p_order.currency, v_today);
  ELSE
    SELECT i.exchange_rate, coalesce(i.exchange_date, v_today) INTO v_rate, v_rated FROM sales.invoice i WHERE i.id = p_refers;
  END IF;
  IF p_kind = 'correction' AND v_rate <> 1 THEN
    -- What takes back exactly what is open takes exactly what is open in the house's own currency.
    SELECT -sales.own_left(i) - g.own INTO v_cent
      FROM sales.invoice i
     CROSS JOIN (SELECT sum(x.net + x.tax) AS gross, sum(x.own_net + x.own_tax) AS own
                   FROM sales.invoice_groups(p_id, p_refers, v_rate) x) g
     WHERE i.id = p_refers AND i.state = 'open' AND sales.open_amount(i) = -g.gross;
  END IF;
  INSERT INTO sales.invoice_tax (invoice_id, tax_category, tax_rate, net_amount, tax_amount, own_net_amount, own_tax_amount,
                                 exemption_code, exemption_text)
  SELECT p_id, s.tax_category, s.tax_rate, s.net, s.tax, s.own_net + CASE WHEN s.place = 1 THEN coalesce(v_cent, 0) ELSE 0 END,
         s.own_tax, coalesce(e.code, w.own_code), coalesce(e.words, w.own_words)
    FROM sales.invoice_groups(p_id, CASE WHEN p_kind = 'correction' THEN p_refers END, v_rate) s
    LEFT JOIN LATERAL sales.exemption(s.tax_category, v_small, v_language) e ON true
    LEFT JOIN LATERAL (
      SELECT max(k.exemption_code) AS own_code,
             max(CASE WHEN v_language = 'en' THEN k.exemption_en ELSE k.exemption_de END) AS own_words
        FROM sales.invoice_line l
        JOIN catalog.product p ON p.id = l.product_id
        JOIN catalog.tax_class k ON k.id = p.tax_class_id
       WHERE s.tax_category = 'E' AND l.invoice_id = p_id AND l.tax_category = 'E' AND l.tax_rate = s.tax_rate) w ON true;
  SELECT sum(t.net_amount), sum(t.tax_amount), sum(t.own_net_amount), sum(t.own_tax_amount)
    INTO v_net, v_tax, v_own_net, v_own_tax FROM sales.invoice_tax t WHERE t.invoice_id = p_id;
  INSERT INTO sales.invoice (id, kind, state, cancels_id, corrects_id, part, sales_order_id, customer_id, billing_address,
                             snapshot, customer_vat_id, tax_treatment, invoice_date, service_date, due_date, discount_pct,
                             discount_date, discount2_pct, discount2_date, net_amount, tax_amount, gross_amount, prepaid_amount, currency,
                             exchange_rate, exchange_date, own_net_amount, own_tax_amount, own_gross_amount, own_prepaid_amount,
                             reason, number)
  OVERRIDING SYSTEM VALUE
  VALUES (p_id, p_kind,
          CASE WHEN p_kind = 'cancellation' THEN 'settled' WHEN p_kind = 'correction' THEN 'open'
               WHEN v_net + v_tax - v_prepaid <= 0 THEN 'paid' ELSE 'open' END,
          CASE WHEN p_kind = 'cancellation' THEN p_refers END, CASE WHEN p_kind = 'correction' THEN p_refers END,
          CASE WHEN p_kind IN ('partial', 'down_payment') THEN 1 + (
            SELECT count(*) FROM sales.invoice i
             WHERE i.sales_order_id = p_order.id AND i.kind = p_kind AND i.state <> 'cancelled') END,
          p_order.id, p_order.customer_id, p_order.snapshot -> 'billing_address',
          sales.order_reference(p_order) || jsonb_build_object('einvoice', (
            SELECT jsonb_build_object('format', c.einvoice_format, 'buyer_reference', c.buyer_reference,
                                      'electronic_address', c.electronic_address,
                                      'electronic_address_scheme', c.electronic_address_scheme)
              FROM partners.partner c WHERE c.id = p_order.customer_id)),
          p_order.snapshot #>> '{customer,vat_id}', p_order.snapshot #>> '{customer,tax_treatment}', v_today,
          p_service_date, coalesce(p_due, v_today + coalesce((v_terms ->> 'net_days')::int, 0)), v_pct,
          CASE WHEN v_pct > 0 THEN v_today + (v_terms ->> 'discount_days')::int END, v_pct2,
          CASE WHEN v_pct2 > 0 THEN v_today + (v_terms ->> 'discount2_days')::int END,
          v_net, v_tax, v_net + v_tax, v_prepaid, p_order.currency, v_rate, CASE WHEN v_rate <> 1 THEN v_rated END,
          v_own_net, v_own_tax, v_own_net + v_own_tax,
          coalesce((SELECT sum(d.own_net_amount + d.own_tax_amount) FROM sales.invoice_deduction d WHERE d.invoice_id = p_id), 0),
          p_reason, system.next_number('invoice'))
  RETURNING * INTO v_invoice;
  RETURN v_invoice;
END $$;
COMMENT ON FUNCTION sales.write_invoice IS
  'The head of an invoice of any kind whose lines, charges and deductions are written; takes the number.';

CREATE OR REPLACE FUNCTION sales.invoice_answer(p_invoice sales.invoice, p_order_version integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'id', p_invoice.id, 'number', p_invoice.number, 'row_version', p_invoice.row_version, 'kind', p_invoice.kind,
    'net_amount', p_invoice.net_amount, 'tax_amount', p_invoice.tax_amount, 'gross_amount', p_invoice.gross_amount,
    'prepaid_amount', p_invoice.prepaid_amount, 'currency', p_invoice.currency, 'due_date', p_invoice.due_date,
    'sales_order_id', p_invoice.sales_order_id, 'sales_order_row_version', p_order_version)
$$;
COMMENT ON FUNCTION sales.invoice_answer IS 'What a posting says about the invoice it made.';

CREATE OR REPLACE FUNCTION sales.write_charges(p_invoice bigint, p_order sales.sales_order) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A percentage goes with every invoice; an amount stands on the first one that stands.
  INSERT INTO sales.invoice_charge (invoice_id, position, kind, reason, reason_code, pct, base_amount, amount,
                                    tax_category, tax_rate)
  SELECT p_invoice, s.charge_position, s.kind, btrim(s.reason), nullif(s.reason_code, ''), s.pct, s.base_amount, s.amount,
         s.tax_category, s.tax_rate
    FROM sales.charge_shares(sales.line_groups('invoice', p_invoice), p_order.charges) s
   WHERE s.pct IS NOT NULL OR NOT EXISTS (
     SELECT FROM sales.invoice i JOIN sales.invoice_charge c ON c.invoice_id = i.id
      WHERE i.sales_order_id = p_order.id AND i.state <> 'cancelled' AND i.kind IN ('invoice', 'partial', 'final')
        AND c.position = s.charge_position);
  PERFORM sales.require_invoice_positive(p_invoice);
END $$;
COMMENT ON FUNCTION sales.write_charges IS 'The order''s allowances and charges as far as they belong on this invoice, per tax category and rate.';

CREATE OR REPLACE FUNCTION sales.require_invoice_positive(p_invoice bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT l.tax_category, l.tax_rate, l.net_amount AS net FROM sales.invoice_line l WHERE l.invoice_id = p_invoice
                 UNION ALL
                 SELECT c.tax_category, c.tax_rate, CASE c.kind WHEN 'charge' THEN c.amount ELSE -c.amount END
                   FROM sales.invoice_charge c WHERE c.invoice_id = p_invoice) x
     GROUP BY x.tax_category, x.tax_rate HAVING sum(x.net) < 0)
  THEN
    PERFORM sec.fail('ER422', 'allowance_exceeds_lines', jsonb_build_object('id', p_invoice));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_invoice_positive IS 'Refuse an invoice on which an allowance is more than what it is taken from.';

CREATE OR REPLACE FUNCTION sales.write_deductions(p_invoice bigint, p_order bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The oldest first, per category and rate, as far as the invoice goes; with the last of a down payment its last tax and euros.
  INSERT INTO sales.invoice_deduction (invoice_id, down_payment_id, tax_category, tax_rate, net_amount, tax_amount,
                                       own_net_amount, own_tax_amount)
  SELECT p_invoice, w.down_payment_id, w.tax_category, w.tax_rate, w.taken, x.tax,
         CASE WHEN w.taken = w.net THEN w.own_net ELSE sales.own(w.taken, w.exchange_rate) END,
         CASE WHEN w.taken = w.net THEN w.own_tax ELSE sales.own(x.tax, w.exchange_rate) END
    FROM (SELECT d.*, greatest(least(d.net, b.net - coalesce(sum(d.net) OVER (
                        PARTITION BY d.tax_category, d.tax_rate ORDER BY d.down_payment_id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS taken
            FROM sales.down_payments_left(p_order) d
            JOIN (SELECT x.tax_category, x.tax_rate, sum(x.net) AS net
                    FROM (SELECT l.tax_category, l.tax_rate, l.net_amount AS net FROM sales.invoice_line l
                           WHERE l.invoice_id = p_invoice
                          UNION ALL
                          SELECT c.tax_category, c.tax_rate, CASE c.kind WHEN 'charge' THEN c.amount ELSE -c.amount END
                            FROM sales.invoice_charge c WHERE c.invoice_id = p_invoice) x
                   GROUP BY x.tax_category, x.tax_rate) b
              ON b.tax_category = d.tax_category AND b.tax_rate = d.tax_rate
           WHERE d.state = 'paid') w
   CROSS JOIN LATERAL (SELECT CASE WHEN w.taken = w.net THEN w.tax ELSE round(w.taken * w.tax_rate / 100, 2) END AS tax) x
   WHERE w.taken > 0;
END $$;
COMMENT ON FUNCTION sales.write_deductions IS
  'Deduct the order''s paid down payments from an invoice, with the tax in them (§ 14 (5) UStG).';

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
  v_complete boolean;
  v_kind text;
  v_unpaid text;
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
                                  unit_code, qty, unit_price, discount_pct, tax_rate, tax_category, charges, net_amount)
  SELECT v_id, l.id, s.delivery_id, row_number() OVER (ORDER BY s.delivery_id, l.position), l.product_id, l.sku,
         l.description, l.unit_code, s.qty, l.unit_price, l.discount_pct, l.tax_rate, l.tax_category, c.charges,
         round(s.qty * l.unit_price * (100 - l.discount_pct) / 100, 2) + sales.charge_net(c.charges)
    FROM (SELECT d.delivery_id, d.sales_order_line_id, sum(d.qty) AS qty,
                 sum(sum(d.qty)) OVER (PARTITION BY d.sales_order_line_id ORDER BY d.delivery_id) - sum(d.qty) AS earlier
            FROM sales.delivery_line d
           WHERE d.delivery_id = ANY (v_ids) GROUP BY d.delivery_id, d.sales_order_line_id) s
    JOIN sales.sales_order_line l ON l.id = s.sales_order_line_id
   CROSS JOIN LATERAL (
     SELECT sales.charges_part(l.charges, l.qty, l.qty_invoiced + s.earlier, s.qty,
                               CASE WHEN s.earlier = 0 THEN sales.charges_given(l.id, NULL) END) AS charges) c;
  INSERT INTO sales.invoice_delivery (invoice_id, delivery_id) SELECT v_id, d FROM unnest(v_ids) d;
  UPDATE sales.sales_order_line l SET qty_invoiced = l.qty_invoiced + s.qty
    FROM (SELECT i.sales_order_line_id, sum(i.qty) AS qty FROM sales.invoice_line i WHERE i.invoice_id = v_id GROUP BY 1) s
   WHERE l.id = s.sales_order_line_id;
  v_complete := NOT EXISTS (SELECT FROM sales.sales_order_line l
                             WHERE l.sales_order_id = p_sales_order_id AND l.qty_invoiced < l.qty);
  v_unpaid := (SELECT min(d.number) FROM sales.down_payments_left(p_sales_order_id) d WHERE d.state = 'open');
  IF v_complete AND v_unpaid IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'down_payment_not_paid', jsonb_build_object('number', v_unpaid));
  END IF;
  v_kind := CASE WHEN NOT v_complete THEN 'partial'
                 WHEN EXISTS (SELECT FROM sales.invoice i WHERE i.sales_order_id = p_sales_order_id
                                 AND i.kind = 'down_payment' AND i.state <> 'cancelled') THEN 'final'
                 ELSE 'invoice' END;
  PERFORM sales.write_charges(v_id, v_order);
  PERFORM sales.write_deductions(v_id, p_sales_order_id);
  v_version := sales.refresh_order(p_sales_order_id);
  v_service := (SELECT max(sales.local_day(d.shipped_at)) FROM sales.delivery d WHERE d.id = ANY (v_ids));
  RETURN api.command_end(p_command, sales.invoice_answer(
    sales.write_invoice(v_id, v_kind, NULL, v_order, v_service, NULL, NULL), v_version));
END $$;
COMMENT ON FUNCTION api.invoice_post IS
  'Post the invoice for deliveries of an order that have none yet: partial while something is left, final when down payments are deducted.';

CREATE OR REPLACE FUNCTION api.invoice_cancel(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_invoice sales.invoice%ROWTYPE;
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
  ELSIF v_invoice.kind = 'correction' THEN
    PERFORM sec.fail('ER422', 'invoice_not_cancellable', jsonb_build_object('state', v_invoice.kind));
  ELSIF EXISTS (SELECT FROM sales.payment p WHERE p.invoice_id = p_id) THEN
    PERFORM sec.fail('ER422', 'invoice_has_payments', jsonb_build_object('number', v_invoice.number));
  ELSIF EXISTS (SELECT FROM sales.invoice c WHERE c.corrects_id = p_id) THEN
    PERFORM sec.fail('ER422', 'invoice_has_corrections', jsonb_build_object('number', v_invoice.number));
  END IF;
  v_id := nextval('sales.invoice_id_seq');
  INSERT INTO sales.invoice_line (invoice_id, sales_order_line_id, delivery_id, position, product_id, sku, description,
                                  unit_code, qty, unit_price, discount_pct, tax_rate, tax_category, charges, net_amount)
  SELECT v_id, l.sales_order_line_id, l.delivery_id, l.position, l.product_id, l.sku, l.description, l.unit_code, -l.qty,
         l.unit_price, l.discount_pct, l.tax_rate, l.tax_category, sales.charges_part(l.charges, 1, 0, -1, NULL), -l.net_amount
    FROM sales.invoice_line l WHERE l.invoice_id = p_id;
  INSERT INTO sales.invoice_charge (invoice_id, position, kind, reason, reason_code, pct, base_amount, amount,
                                    tax_category, tax_rate)
  SELECT v_id, c.position, c.kind, c.reason, c.reason_code, c.pct, -c.base_amount, -c.amount, c.tax_category, c.tax_rate
    FROM sales.invoice_charge c WHERE c.invoice_id = p_id;
  INSERT INTO sales.invoice_deduction (invoice_id, down_payment_id, tax_category, tax_rate, net_amount, tax_amount,
                                       own_net_amount, own_tax_amount)
  SELECT v_id, d.down_payment_id, d.tax_category, d.tax_rate, -d.net_amount, -d.tax_amount, -d.own_net_amount, -d.own_tax_amount
    FROM sales.invoice_deduction d WHERE d.invoice_id = p_id;
  IF v_invoice.kind <> 'down_payment' THEN
    UPDATE sales.sales_order_line l SET qty_invoiced = l.qty_invoiced - s.qty
      FROM (SELECT i.sales_order_line_id, sum(i.qty) AS qty FROM sales.invoice_line i WHERE i.invoice_id = p_id GROUP BY 1) s
     WHERE l.id = s.sales_order_line_id;
  END IF;
  UPDATE sales.invoice i SET state = 'cancelled' WHERE i.id = p_id RETURNING * INTO v_invoice;
  UPDATE sales.invoice_delivery i SET is_active = false WHERE i.invoice_id = p_id;
  UPDATE sales.delivery d SET invoice_state = 'none'
   WHERE d.id IN (SELECT i.delivery_id FROM sales.invoice_delivery i WHERE i.invoice_id = p_id);
  v_version := sales.refresh_order(v_order.id);
  v_order.snapshot := v_invoice.snapshot;
  RETURN api.command_end(p_command, sales.invoice_answer(
    sales.write_invoice(v_id, 'cancellation', p_id, v_order, v_invoice.service_date, NULL, btrim(p_reason)), v_version)
    || jsonb_build_object('cancelled_id', p_id));
END $$;
COMMENT ON FUNCTION api.invoice_cancel IS
  'Cancel an unpaid invoice by a counter-invoice with its own number; its deliveries can be invoiced again.';
