-- Corrections: what of an invoice's lines is taken back, in quantity or in money.

CREATE OR REPLACE FUNCTION sales.line_left(p_line bigint, OUT qty numeric, OUT net numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- An amount that is taken back has no unit.
  SELECT l.qty + coalesce(sum(c.qty) FILTER (WHERE c.unit_code <> ''), 0),
         l.net_amount + coalesce(sum(c.net_amount), 0)
    FROM sales.invoice_line l LEFT JOIN sales.invoice_line c ON c.corrects_line_id = l.id
   WHERE l.id = p_line GROUP BY l.id
$$;
COMMENT ON FUNCTION sales.line_left IS 'What corrections have left of a line of an invoice.';

CREATE OR REPLACE FUNCTION sales.correction_charges(p_line sales.invoice_line, p_qty numeric) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT sales.charges_part(p_line.charges, -p_line.qty, p_line.qty - f.qty, p_qty, sales.charges_given(NULL, p_line.id))
    FROM sales.line_left(p_line.id) f
$$;
COMMENT ON FUNCTION sales.correction_charges IS
  'What of a line''s allowances and charges goes with so many pieces that are taken back, negative; with the last of them the rest.';

CREATE OR REPLACE FUNCTION sales.correction_net(p_line sales.invoice_line, p_qty numeric) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- With the last piece goes the last cent: several times rounded is not rounded once.
  SELECT CASE WHEN p_qty = f.qty AND abs(f.net + x.net) <= 0.01 THEN -f.net ELSE x.net END
    FROM sales.line_left(p_line.id) f
   CROSS JOIN LATERAL (SELECT sales.charge_net(sales.correction_charges(p_line, p_qty))
                              - round(p_qty * p_line.unit_price * (100 - p_line.discount_pct) / 100, 2) AS net) x
$$;
COMMENT ON FUNCTION sales.correction_net IS 'Net of so many pieces of a line that are taken back, negative; with the last of them the rest.';

CREATE OR REPLACE FUNCTION sales.correction_charge(p_charge sales.invoice_charge, p_net numeric) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- When nothing is left of its lines the rest of it goes, as long as only rounding lies between.
  SELECT CASE WHEN l.net = 0 AND abs(p_charge.amount + e.amount + x.share) <= 0.01 * (e.times + 1)
              THEN -p_charge.amount - e.amount ELSE x.share END
    FROM (SELECT round(p_net * p_charge.pct / 100, 2) AS share) x
   CROSS JOIN (SELECT sum(f.net) AS net FROM sales.invoice_line i CROSS JOIN LATERAL sales.line_left(i.id) f
                WHERE i.invoice_id = p_charge.invoice_id AND i.tax_category = p_charge.tax_category
                  AND i.tax_rate = p_charge.tax_rate) l
   CROSS JOIN (SELECT coalesce(sum(c.amount), 0) AS amount, count(*) AS times
                 FROM sales.invoice i JOIN sales.invoice_charge c ON c.invoice_id = i.id
                WHERE i.corrects_id = p_charge.invoice_id AND c.position = p_charge.position
                  AND c.tax_category = p_charge.tax_category AND c.tax_rate = p_charge.tax_rate) e
$$;
COMMENT ON FUNCTION sales.correction_charge IS
  'What of a percentage on the whole goes with so much net of its lines that is taken back (negative); with the last of them the rest.';

CREATE OR REPLACE FUNCTION api.invoice_correct(
  p_command uuid, p_id bigint, p_row_version integer, p_lines jsonb, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_order sales.sales_order%ROWTYPE;
  v_invoice sales.invoice%ROWTYPE;
  v_new sales.invoice%ROWTYPE;
  v_bad record;
  v_id bigint;
  v_set_off numeric;
  v_own_set_off numeric;  -- in the house's own currency: one of both is settled, to the cent
  v_prefix text;
BEGIN
  PERFORM sec.require('invoice_correct');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'invoice_correct', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'lines', p_lines, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT o.* INTO v_order FROM sales.sales_order o
   WHERE o.id = (SELECT i.sales_order_id FROM sales.invoice i WHERE i.id = p_id) FOR UPDATE;
  v_invoice := sales.locked_invoice(p_id, p_row_version);
  PERFORM sales.require_state('invoice_not_correctable', v_invoice.state, 'open', 'paid');
  IF v_invoice.kind = 'correction' THEN
    PERFORM sec.fail('ER422', 'invoice_not_correctable', jsonb_build_object('state', v_invoice.kind));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  -- Each line says either how many are taken back, or by how much (net) it becomes less.
  SELECT w.invoice_line_id, l.position,
         CASE WHEN l.id IS NULL THEN 'correction_line_unknown'
              WHEN (w.qty IS NULL) = (w.amount IS NULL) OR NOT coalesce(w.qty, w.amount) > 0
                   OR count(*) OVER (PARTITION BY w.invoice_line_id) > 1 THEN 'correction_line_malformed'
              WHEN w.amount <> round(w.amount, 2) OR w.qty <> round(w.qty, 6) THEN 'correction_line_malformed'
              WHEN w.qty IS NOT NULL AND l.product_id IS NULL THEN 'correction_line_malformed'
              WHEN w.qty > f.qty OR coalesce(w.amount, 0) > f.net
                   OR w.qty IS NOT NULL AND -sales.correction_net(l, w.qty) > f.net
                THEN 'correction_exceeds_line' END AS problem
    INTO v_bad
    FROM jsonb_to_recordset(p_lines) AS w (invoice_line_id bigint, qty numeric, amount numeric)
    LEFT JOIN sales.invoice_line l ON l.id = w.invoice_line_id AND l.invoice_id = p_id
    LEFT JOIN LATERAL sales.line_left(l.id) f ON true
   ORDER BY problem NULLS LAST LIMIT 1;
  IF NOT FOUND OR v_bad.problem IS NOT NULL THEN
    PERFORM sec.fail('ER422', coalesce(v_bad.problem, 'correction_without_lines'), jsonb_build_object('position', v_bad.position));
  END IF;
  v_prefix := CASE WHEN v_invoice.snapshot #>> '{customer,language}' = 'en' THEN 'Reduction: ' ELSE 'Minderung: ' END;
  v_id := nextval('sales.invoice_id_seq');
  INSERT INTO sales.invoice_line (invoice_id, sales_order_line_id, delivery_id, corrects_line_id, position, product_id, sku,
                                  description, unit_code, qty, unit_price, discount_pct, tax_rate, tax_category, charges,
                                  net_amount)
  SELECT v_id, l.sales_order_line_id, l.delivery_id, l.id, l.position, l.product_id, l.sku,
         CASE WHEN w.qty IS NULL THEN left(v_prefix || l.description, 400) ELSE l.description END,
         CASE WHEN w.qty IS NULL THEN '' ELSE l.unit_code END,
         CASE WHEN w.qty IS NULL THEN -1 ELSE -w.qty END,
         CASE WHEN w.qty IS NULL THEN w.amount ELSE l.unit_price END,
         CASE WHEN w.qty IS NULL THEN 0 ELSE l.discount_pct END, l.tax_rate, l.tax_category,
         CASE WHEN w.qty IS NULL THEN '[]' ELSE sales.correction_charges(l, w.qty) END,
         CASE WHEN w.qty IS NULL THEN -w.amount ELSE sales.correction_net(l, w.qty) END
    FROM jsonb_to_recordset(p_lines) AS w (invoice_line_id bigint, qty numeric, amount numeric)
    JOIN sales.invoice_line l ON l.id = w.invoice_line_id;
  -- Goods that come off take their share of the percentages with them; an amount is what it is.
  INSERT INTO sales.invoice_charge (invoice_id, position, kind, reason, reason_code, pct, base_amount, amount,
                                    tax_category, tax_rate)
  SELECT v_id, c.position, c.kind, c.reason, c.reason_code, c.pct, b.net, a.amount, c.tax_category, c.tax_rate
    FROM sales.invoice_charge c
    JOIN (SELECT n.tax_category, n.tax_rate, sum(n.net_amount) AS net
            FROM sales.invoice_line n JOIN jsonb_to_recordset(p_lines) AS w (invoice_line_id bigint, qty numeric)
              ON w.invoice_line_id = n.corrects_line_id AND w.qty IS NOT NULL
           WHERE n.invoice_id = v_id GROUP BY 1, 2) b ON b.tax_category = c.tax_category AND b.tax_rate = c.tax_rate
   CROSS JOIN LATERAL sales.correction_charge(c, b.net) AS a (amount)
   WHERE c.invoice_id = p_id AND c.pct IS NOT NULL AND a.amount <> 0;
  v_order.snapshot := v_invoice.snapshot;
  v_new := sales.write_invoice(v_id, 'correction', p_id, v_order, v_invoice.service_date, NULL, btrim(p_reason));
  -- Each correction has a tax of its own: rounded up several times they may be some cents more than the invoice's.
  IF v_invoice.gross_amount + (SELECT sum(c.gross_amount + 0.01) FROM sales.invoice c WHERE c.corrects_id = p_id)
       < v_invoice.prepaid_amount
     OR v_invoice.kind = 'down_payment' AND EXISTS (
       SELECT FROM sales.down_payments_left(v_order.id) d WHERE d.down_payment_id = p_id AND (d.net < 0 OR d.tax < 0))
  THEN
    PERFORM sec.fail('ER422', 'correction_exceeds_invoice', jsonb_build_object('number', v_invoice.number));
  END IF;
  v_set_off := least(-v_new.gross_amount, CASE WHEN v_invoice.state = 'open' THEN sales.open_amount(v_invoice) ELSE 0 END);
  v_own_set_off := CASE WHEN v_set_off = -v_new.gross_amount THEN -v_new.own_gross_amount
                        WHEN v_set_off > 0 THEN sales.own_left(v_invoice) ELSE 0 END;
  UPDATE sales.invoice i SET credited_amount = i.credited_amount + v_set_off, own_credited_amount = i.own_credited_amount + v_own_set_off,
         state = CASE WHEN i.state = 'open' AND sales.open_amount(i) = v_set_off THEN 'paid' ELSE i.state END
   WHERE i.id = p_id AND v_set_off > 0;
  UPDATE sales.invoice i SET credited_amount = -v_set_off, own_credited_amount = -v_own_set_off,
         state = CASE WHEN v_set_off = -v_new.gross_amount THEN 'settled' ELSE 'open' END
   WHERE i.id = v_id AND (v_set_off > 0 OR v_new.gross_amount = 0) RETURNING * INTO v_new;
  SELECT i.* INTO v_new FROM sales.invoice i WHERE i.id = v_id;
  RETURN api.command_end(p_command, sales.invoice_answer(v_new, v_order.row_version) || jsonb_build_object(
    'corrected_id', p_id, 'set_off', v_set_off, 'open_amount', sales.open_amount(v_new)));
END $$;
COMMENT ON FUNCTION api.invoice_correct IS
  'Correct an invoice: lines [{invoice_line_id, qty | amount}] take back so many pieces or so much money (net); set off against what is open, the rest is to be paid back.';
