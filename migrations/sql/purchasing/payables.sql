-- What is owed: payments of approved invoices, and the counter-document of one that was a mistake.

CREATE OR REPLACE FUNCTION api.purchase_invoice_cancel(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_invoice purchasing.purchase_invoice%ROWTYPE;
  v_counter bigint;
BEGIN
  PERFORM sec.require('purchase_invoice_cancel');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'purchase_invoice_cancel', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_invoice := purchasing.locked_invoice(p_id, p_row_version);
  PERFORM sales.require_state('purchase_invoice_not_cancellable', v_invoice.state, 'draft', 'entered', 'approved');
  IF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  ELSIF EXISTS (SELECT FROM purchasing.purchase_payment p WHERE p.purchase_invoice_id = p_id) THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_has_payments', jsonb_build_object('number', v_invoice.number));
  ELSIF v_invoice.posting_date IS NOT NULL THEN
    -- What is in the books is for those who keep them.
    PERFORM sec.require('purchase_payment_post');
  END IF;
  IF v_invoice.state <> 'draft' THEN
    PERFORM purchasing.count_invoiced(p_id, -1);
  END IF;
  UPDATE purchasing.purchase_invoice i SET state = 'cancelled', cancel_reason = btrim(p_reason)
   WHERE i.id = p_id RETURNING i.row_version INTO v_invoice.row_version;
  PERFORM system.approval_settle(r.id, 'withdrawn') FROM system.approval_request r
    WHERE r.kind = 'purchase_invoice' AND r.record_id = p_id AND r.state = 'open';
  IF v_invoice.posting_date IS NOT NULL THEN
    PERFORM accounting.require_open(system.today());
    v_counter := nextval('purchasing.purchase_invoice_id_seq');
    INSERT INTO purchasing.purchase_invoice_line (purchase_invoice_id, position, purchase_order_line_id, product_id, description,
                                                  supplier_sku, unit_code, qty, unit_price, net_amount, tax_category, tax_rate)
    SELECT v_counter, l.position, l.purchase_order_line_id, l.product_id, l.description, l.supplier_sku, l.unit_code, -l.qty,
           l.unit_price, -l.net_amount, l.tax_category, l.tax_rate
      FROM purchasing.purchase_invoice_line l WHERE l.purchase_invoice_id = p_id;
    INSERT INTO purchasing.purchase_invoice_tax (purchase_invoice_id, tax_category, tax_rate, net_amount, tax_amount,
                                                 own_net_amount, own_tax_amount)
    SELECT v_counter, t.tax_category, t.tax_rate, -t.net_amount, -t.tax_amount, -t.own_net_amount, -t.own_tax_amount
      FROM purchasing.purchase_invoice_tax t WHERE t.purchase_invoice_id = p_id;
    INSERT INTO purchasing.purchase_invoice (id, number, kind, state, cancels_id, supplier_id, invoice_number, order_reference,
                                             currency, exchange_rate, exchange_date, invoice_date, supply_date, due_date, posting_date,
                                             net_amount, tax_amount, gross_amount, own_net_amount, own_tax_amount,
                                             own_gross_amount, snapshot, remark)
    OVERRIDING SYSTEM VALUE
    VALUES (v_counter, system.next_number('purchase_invoice'), 'cancellation', 'settled', p_id, v_invoice.supplier_id,
            v_invoice.invoice_number, v_invoice.order_reference, v_invoice.currency, v_invoice.exchange_rate,
            v_invoice.exchange_date, system.today(), v_invoice.supply_date, system.today(), system.today(),
            -v_invoice.net_amount, -v_invoice.tax_amount, -v_invoice.gross_amount, -v_invoice.own_net_amount,
            -v_invoice.own_tax_amount, -v_invoice.own_gross_amount, v_invoice.snapshot, btrim(p_reason));
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'row_version', v_invoice.row_version, 'counter_id', v_counter));
END $$;
COMMENT ON FUNCTION api.purchase_invoice_cancel IS
  'Cancel an unpaid purchase invoice; one that was posted gets a counter-document with its own number, which asks for the right to pay.';

CREATE OR REPLACE FUNCTION api.purchase_payment_post(
  p_command uuid, p_purchase_invoice_id bigint, p_row_version integer, p_amount numeric, p_paid_on date, p_use_discount boolean,
  p_reference text DEFAULT NULL, p_own_paid numeric DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_invoice purchasing.purchase_invoice%ROWTYPE;
  v_sign integer;  -- for a credit note money comes back
  v_open numeric;
  v_discount numeric := 0;
  v_own numeric;  -- in the house's own currency: what it takes off the payable, the discount with it, what the bank moves
  v_own_discount numeric;
  v_own_paid numeric;
  v_id bigint;
BEGIN
  PERFORM sec.require('purchase_payment_post');
  PERFORM api.require_length('reference', p_reference, 140);
  v_replay := api.command_begin(p_command, 'purchase_payment_post', jsonb_build_object(
    'id', p_purchase_invoice_id, 'row_version', p_row_version, 'amount', p_amount, 'paid_on', p_paid_on,
    'use_discount', p_use_discount, 'reference', p_reference, 'own_paid', p_own_paid));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_invoice := purchasing.locked_invoice(p_purchase_invoice_id, p_row_version);
  PERFORM sales.require_state('purchase_invoice_not_approved', v_invoice.state, 'approved');
  v_sign := sign(v_invoice.gross_amount);
  v_open := v_sign * (v_invoice.gross_amount - v_invoice.paid_amount - v_invoice.discount_taken);
  IF p_amount IS NULL OR NOT p_amount > 0 OR p_amount <> round(p_amount, 2) THEN
    PERFORM sec.fail('ER422', 'payment_positive', jsonb_build_object('amount', p_amount));
  ELSIF p_paid_on IS NULL OR p_paid_on > system.today() OR p_paid_on < v_invoice.invoice_date THEN
    PERFORM sec.fail('ER422', 'payment_date_out_of_range', jsonb_build_object('date', v_invoice.invoice_date));
  END IF;
  PERFORM accounting.require_open(p_paid_on);
  IF p_use_discount THEN
    IF v_invoice.discount_date IS NULL OR v_sign < 0 THEN
      PERFORM sec.fail('ER422', 'no_cash_discount');
    ELSIF p_paid_on > v_invoice.discount_date THEN
      PERFORM sec.fail('ER422', 'discount_period_over', jsonb_build_object('date', v_invoice.discount_date));
    END IF;
    v_discount := round(v_invoice.gross_amount * v_invoice.discount_pct / 100, 2);
    IF p_amount < v_open - v_discount THEN
      PERFORM sec.fail('ER422', 'payment_does_not_settle', jsonb_build_object('needed', v_open - v_discount));
    END IF;
  END IF;
  IF p_amount + v_discount > v_open THEN
    PERFORM sec.fail('ER422', 'payment_exceeds_open', jsonb_build_object('open', v_open, 'needed', v_open - v_discount));
  END IF;
  v_own_discount := sales.own(v_discount, v_invoice.exchange_rate);
  v_own := CASE WHEN p_amount + v_discount = v_open THEN purchasing.own_left(v_invoice) - v_own_discount
                ELSE sales.own(v_sign * p_amount, v_invoice.exchange_rate) END;
  IF v_invoice.exchange_date IS NOT NULL OR NOT purchasing.is_foreign(v_invoice.currency) THEN
    v_own_paid := sales.bank_amount(v_invoice.currency, v_invoice.exchange_rate, v_sign * p_amount, v_own, p_paid_on, p_own_paid);
  ELSIF p_own_paid IS NULL THEN
    v_own_paid := v_own;  -- posted without a rate: the adviser books it
  ELSE
    PERFORM sec.fail('ER422', 'payment_own_amount', jsonb_build_object('amount', p_own_paid));
  END IF;
  INSERT INTO purchasing.purchase_payment (purchase_invoice_id, paid_on, amount, discount_amount, own_amount, own_discount,
                                           own_paid, reference)
  VALUES (p_purchase_invoice_id, p_paid_on, v_sign * p_amount, v_discount, v_own, v_own_discount, v_own_paid,
          nullif(btrim(p_reference), '')) RETURNING id INTO v_id;
  UPDATE purchasing.purchase_invoice i
     SET paid_amount = i.paid_amount + v_sign * p_amount, discount_taken = i.discount_taken + v_discount,
         state = CASE WHEN p_amount + v_discount < v_open THEN 'approved' ELSE 'paid' END
   WHERE i.id = p_purchase_invoice_id RETURNING * INTO v_invoice;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'purchase_invoice_id', p_purchase_invoice_id, 'row_version', v_invoice.row_version, 'state', v_invoice.state,
    'discount_amount', v_discount, 'open_amount', v_open - p_amount - v_discount, 'exchange_difference', v_own - v_own_paid));
END $$;
COMMENT ON FUNCTION api.purchase_payment_post IS
  'Book money paid for an approved invoice, or got for a credit note; with p_use_discount the cash discount is taken and must settle it. '
  'In a foreign currency p_own_paid is what the bank moved, in the house''s own (NULL: at the rate of the day).';
