-- Suppliers' invoices in a foreign currency: the rate of their day, and what they come to in the house's own.

CREATE OR REPLACE FUNCTION purchasing.is_foreign(p_currency text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_currency <> coalesce((SELECT c.currency FROM system.company c), 'EUR')
$$;
COMMENT ON FUNCTION purchasing.is_foreign IS 'Whether a currency is not the house''s own.';

CREATE OR REPLACE FUNCTION purchasing.rated(
  p_invoice purchasing.purchase_invoice, p_before purchasing.purchase_invoice, p_typed boolean) RETURNS purchasing.purchase_invoice
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rate numeric;
  v_day date;
BEGIN
  IF NOT purchasing.is_foreign(p_invoice.currency) THEN
    p_invoice.exchange_rate := 1;
    p_invoice.exchange_date := NULL;
  ELSIF p_typed AND p_invoice.exchange_rate IS NOT NULL THEN
    IF NOT (p_invoice.exchange_rate > 0 AND p_invoice.exchange_rate < 1000000) THEN
      PERFORM sec.fail('ER422', 'exchange_rate_range', jsonb_build_object('rate', p_invoice.exchange_rate));
    END IF;
    p_invoice.exchange_rate := round(p_invoice.exchange_rate, 6);
    p_invoice.exchange_date := p_invoice.invoice_date;
  ELSIF p_typed OR p_before.exchange_date IS NULL
        OR (p_before.currency, p_before.invoice_date, p_before.corrects_id)
           IS DISTINCT FROM (p_invoice.currency, p_invoice.invoice_date, p_invoice.corrects_id) THEN
    -- What takes an invoice back does so at its rate.
    SELECT c.exchange_rate, c.exchange_date INTO v_rate, v_day FROM purchasing.purchase_invoice c
     WHERE c.id = p_invoice.corrects_id AND c.currency = p_invoice.currency AND c.exchange_date IS NOT NULL;
    IF NOT FOUND THEN
      v_rate := sales.rate_on(p_invoice.currency, p_invoice.invoice_date);
      v_day := CASE WHEN v_rate IS NOT NULL THEN p_invoice.invoice_date END;
    END IF;
    p_invoice.exchange_rate := coalesce(v_rate, 1);
    p_invoice.exchange_date := v_day;
  END IF;
  RETURN p_invoice;
END $$;
COMMENT ON FUNCTION purchasing.rated IS
  'A draft with its rate: the one that was typed, else that of the invoice it takes back, else of the invoice''s day; without a day '
  'when there is none yet. It stays as long as currency and day do.';

CREATE OR REPLACE FUNCTION purchasing.own_taxes(p_invoice bigint, p_rate numeric) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE purchasing.purchase_invoice_tax t
     SET own_net_amount = coalesce(sales.own(t.net_amount, p_rate), 0),
         own_tax_amount = coalesce(sales.own(t.tax_amount, p_rate), 0)
   WHERE t.purchase_invoice_id = p_invoice;
END $$;
COMMENT ON FUNCTION purchasing.own_taxes IS 'What the taxes of an invoice come to in the house''s own currency, each rounded once; nothing without a rate.';

CREATE OR REPLACE FUNCTION purchasing.own_left(p_invoice purchasing.purchase_invoice) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_invoice.own_gross_amount - coalesce((
           SELECT sum(p.own_amount + p.own_discount) FROM purchasing.purchase_payment p
            WHERE p.purchase_invoice_id = p_invoice.id), 0)
$$;
COMMENT ON FUNCTION purchasing.own_left IS
  'What is open of an invoice in the house''s own currency; the payment that settles it takes exactly this.';
