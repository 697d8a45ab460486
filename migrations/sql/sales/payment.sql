-- Payments: money received, with or without the cash discount.

CREATE OR REPLACE FUNCTION sales.discount_back(p_correction sales.invoice) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT least(round(-p_correction.gross_amount * o.discount_taken
                                      / nullif(o.gross_amount - o.prepaid_amount - o.credited_amount, 0), 2),
                                -p_correction.gross_amount - 0.01)
                     FROM sales.invoice o WHERE o.id = p_correction.corrects_id AND o.discount_taken > 0), 0)
$$;
COMMENT ON FUNCTION sales.discount_back IS
  'What a correction does not pay back because its invoice was paid with the cash discount: the share of the discount that falls on it.';

CREATE OR REPLACE FUNCTION api.payment_post(
  p_command uuid, p_invoice_id bigint, p_row_version integer, p_amount numeric, p_paid_on date, p_use_discount boolean,
  p_reference text DEFAULT NULL, p_own_paid numeric DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_invoice sales.invoice%ROWTYPE;
  v_sign integer;  -- what is paid back for a correction leaves the house
  v_open numeric;
  v_discount numeric := 0;
  v_pct numeric;
  v_own numeric;  -- in the house's own currency, at the rate of the invoice
  v_own_discount numeric;
  v_own_paid numeric;  -- what the bank moved
  v_id bigint;
BEGIN
  PERFORM sec.require('payment_post');
  PERFORM api.require_length('reference', p_reference, 140);
  v_replay := api.command_begin(p_command, 'payment_post', jsonb_build_object(
    'id', p_invoice_id, 'row_version', p_row_version, 'amount', p_amount, 'paid_on', p_paid_on,
    'use_discount', p_use_discount, 'reference', p_reference, 'own_paid', p_own_paid));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_invoice := sales.locked_invoice(p_invoice_id, p_row_version);
  PERFORM sales.require_state('invoice_not_open', v_invoice.state, 'open');
  v_sign := CASE WHEN v_invoice.kind = 'correction' THEN -1 ELSE 1 END;
  v_open := v_sign * sales.open_amount(v_invoice);
  IF p_amount IS NULL OR NOT p_amount > 0 OR p_amount <> round(p_amount, 2) THEN
    PERFORM sec.fail('ER422', 'payment_positive', jsonb_build_object('amount', p_amount));
  ELSIF p_paid_on IS NULL OR p_paid_on > system.today() OR p_paid_on < v_invoice.invoice_date THEN
    PERFORM sec.fail('ER422', 'payment_date_out_of_range', jsonb_build_object('date', v_invoice.invoice_date));
  END IF;
  PERFORM accounting.require_open(p_paid_on);
  IF v_sign < 0 THEN
    -- Paid back is what was paid: the share of the discount goes with the payment that settles the correction.
    v_discount := sales.discount_back(v_invoice);
    IF p_amount < v_open - v_discount THEN
      v_discount := 0;
    END IF;
  ELSIF p_use_discount THEN
    -- The first step in time, else the second.
    v_pct := CASE WHEN p_paid_on <= v_invoice.discount_date THEN v_invoice.discount_pct
                  WHEN p_paid_on <= v_invoice.discount2_date THEN v_invoice.discount2_pct END;
    IF v_pct IS NULL THEN
      PERFORM sec.fail('ER422', CASE WHEN v_invoice.discount_date IS NULL THEN 'no_cash_discount'
                                     ELSE 'discount_period_over' END,
                       jsonb_build_object('date', coalesce(v_invoice.discount2_date, v_invoice.discount_date)));
    END IF;
    v_discount := round((v_invoice.gross_amount - v_invoice.prepaid_amount - v_invoice.credited_amount) * v_pct / 100, 2);
    IF p_amount < v_open - v_discount THEN
      PERFORM sec.fail('ER422', 'payment_does_not_settle', jsonb_build_object('needed', v_open - v_discount));
    END IF;
  END IF;
  IF p_amount + v_discount > v_open THEN
    PERFORM sec.fail('ER422', 'payment_exceeds_open', jsonb_build_object('open', v_open, 'needed', v_open - v_discount));
  END IF;
  v_own_discount := sales.own(v_sign * v_discount, v_invoice.exchange_rate);
  v_own := CASE WHEN p_amount + v_discount = v_open THEN sales.own_left(v_invoice) - v_own_discount
                ELSE sales.own(v_sign * p_amount, v_invoice.exchange_rate) END;
  v_own_paid := sales.bank_amount(v_invoice.currency, v_invoice.exchange_rate, v_sign * p_amount, v_own, p_paid_on, p_own_paid);
  INSERT INTO sales.payment (invoice_id, paid_on, amount, discount_amount, own_amount, own_discount, own_paid, reference)
  VALUES (p_invoice_id, p_paid_on, v_sign * p_amount, v_sign * v_discount, v_own, v_own_discount, v_own_paid,
          nullif(btrim(p_reference), '')) RETURNING id INTO v_id;
  UPDATE sales.invoice i
     SET paid_amount = i.paid_amount + v_sign * p_amount, discount_taken = i.discount_taken + v_sign * v_discount,
         own_settled_amount = i.own_settled_amount + v_own + v_own_discount,
         state = CASE WHEN p_amount + v_discount < v_open THEN 'open' WHEN v_sign < 0 THEN 'settled' ELSE 'paid' END
   WHERE i.id = p_invoice_id RETURNING * INTO v_invoice;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'invoice_id', p_invoice_id, 'row_version', v_invoice.row_version, 'state', v_invoice.state,
    'discount_amount', v_discount, 'open_amount', v_open - p_amount - v_discount,
    'exchange_difference', v_own_paid - v_own));
END $$;
COMMENT ON FUNCTION api.payment_post IS
  'Book money received for an open invoice, or paid back for a correction; with p_use_discount the cash discount is granted and must '
  'settle it. In a foreign currency p_own_paid is what the bank moved, in the house''s own (NULL: at the rate of the day).';
