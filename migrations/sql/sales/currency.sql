-- Documents in a foreign currency: the rate of the day, and what amounts come to in the house's own.

CREATE OR REPLACE FUNCTION sales.rate_on(p_currency text, p_on date) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p_currency = coalesce((SELECT c.currency FROM system.company c), 'EUR') THEN 1
              ELSE (SELECT r.rate FROM system.exchange_rate r
                     WHERE r.currency = p_currency AND r.valid_on BETWEEN p_on - 31 AND p_on
                     ORDER BY r.valid_on DESC LIMIT 1) END
$$;
COMMENT ON FUNCTION sales.rate_on IS
  'Units of a currency for one of the house''s own on a day: the last rate known, at most a month old; NULL when there is none.';

CREATE OR REPLACE FUNCTION sales.require_rate(p_currency text, p_on date) RETURNS numeric
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rate numeric := sales.rate_on(p_currency, p_on);
BEGIN
  IF v_rate IS NULL THEN
    PERFORM sec.fail('ER422', 'exchange_rate_missing', jsonb_build_object('currency', p_currency, 'date', p_on));
  END IF;
  RETURN v_rate;
END $$;
COMMENT ON FUNCTION sales.require_rate IS 'The rate of a currency on a day; ER422 exchange_rate_missing without one.';

CREATE OR REPLACE FUNCTION sales.tg_currency() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.price_list_id <> OLD.price_list_id THEN
    NEW.currency := (SELECT p.currency FROM catalog.price_list p WHERE p.id = NEW.price_list_id);
    NEW.exchange_rate := coalesce(sales.rate_on(NEW.currency, system.today()), 1);
  ELSIF OLD.state = 'draft' AND NEW.state <> 'draft' THEN
    NEW.exchange_rate := sales.require_rate(NEW.currency, system.today());
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION sales.tg_currency IS 'A document is in the currency of its price list; its rate is that of the day it is issued.';

CREATE OR REPLACE FUNCTION sales.own(p_amount numeric, p_rate numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_rate = 1 THEN p_amount ELSE round(p_amount / p_rate, 2) END
$$;
COMMENT ON FUNCTION sales.own IS 'An amount in the house''s own currency, rounded once.';

CREATE OR REPLACE FUNCTION sales.own_left(p_invoice sales.invoice) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_invoice.own_gross_amount - p_invoice.own_prepaid_amount - p_invoice.own_credited_amount - p_invoice.own_settled_amount
$$;
COMMENT ON FUNCTION sales.own_left IS
  'What is open of an invoice in the house''s own currency; the payment that settles it takes exactly this, so that nothing is left by rounding.';

CREATE OR REPLACE FUNCTION sales.bank_amount(
  p_currency text, p_rate numeric, p_amount numeric, p_own numeric, p_on date, p_typed numeric) RETURNS numeric
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_foreign boolean := purchasing.is_foreign(p_currency);
  v_rate numeric;
BEGIN
  IF p_typed IS NOT NULL THEN
    IF NOT v_foreign OR NOT p_typed > 0 OR p_typed <> round(p_typed, 2) OR p_typed >= 1e12 THEN
      PERFORM sec.fail('ER422', 'payment_own_amount', jsonb_build_object('amount', p_typed));
    END IF;
    RETURN sign(p_amount) * p_typed;
  ELSIF NOT v_foreign THEN
    RETURN p_own;
  END IF;
  v_rate := sales.require_rate(p_currency, p_on);
  RETURN CASE WHEN v_rate = p_rate THEN p_own ELSE sales.own(p_amount, v_rate) END;
END $$;
COMMENT ON FUNCTION sales.bank_amount IS
  'What the bank moved for a payment, in the house''s own currency: the amount that was typed, else at the rate of the day. At the rate '
  'of its invoice that is exactly what the payment takes off it (p_own), so that rounding books neither gain nor loss.';
