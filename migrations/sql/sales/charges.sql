-- The arithmetic of a document: lines, allowances and charges on the whole, tax once per category and rate.
-- app/services/sales/rules.py does the same for what is being typed; a test holds the two against each other.

CREATE OR REPLACE FUNCTION sales.charge_shares(p_groups jsonb, p_charges jsonb)
RETURNS TABLE (charge_position integer, kind text, reason text, reason_code text, pct numeric, base_amount numeric,
               amount numeric, tax_category text, tax_rate numeric)
LANGUAGE sql IMMUTABLE ROWS 5 SET search_path = pg_catalog, pg_temp AS $$
  WITH g AS (
    SELECT x.c, x.r, x.n, sum(x.n) OVER () AS total, row_number() OVER (ORDER BY x.n DESC, x.r DESC, x.c) AS place
      FROM jsonb_to_recordset(p_groups) AS x (c text, r numeric, n numeric)),
  s AS (
    SELECT e.ord::integer AS pos, e.item ->> 'kind' AS kind, e.item ->> 'reason' AS reason, e.item ->> 'code' AS code,
           (e.item ->> 'pct')::numeric AS pct, (e.item ->> 'amount')::numeric AS whole, g.c, g.r, g.n, g.place,
           CASE WHEN e.item ->> 'pct' IS NOT NULL THEN round(g.n * (e.item ->> 'pct')::numeric / 100, 2)
                WHEN g.total = 0 THEN 0
                ELSE round((e.item ->> 'amount')::numeric * g.n / g.total, 2) END AS part
      FROM jsonb_array_elements(p_charges) WITH ORDINALITY AS e (item, ord) CROSS JOIN g),
  t AS (
    -- What rounding leaves of an amount goes to the rate with the most.
    SELECT s.*, CASE WHEN s.pct IS NULL AND s.place = 1
                     THEN s.whole - sum(s.part) OVER (PARTITION BY s.pos) + s.part ELSE s.part END AS share
      FROM s)
  SELECT t.pos, t.kind, t.reason, t.code, t.pct, CASE WHEN t.pct IS NOT NULL THEN t.n END, t.share, t.c, t.r
    FROM t WHERE t.share <> 0 ORDER BY t.pos, t.place
$$;
COMMENT ON FUNCTION sales.charge_shares IS
  'Allowances and charges shared out over groups [{c: category, r: rate, n: net of its lines}]: a percentage of each group, an amount as the groups stand to each other.';

CREATE OR REPLACE FUNCTION sales.line_groups(p_type text, p_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce(CASE p_type
    WHEN 'quote' THEN (
      SELECT jsonb_agg(to_jsonb(x)) FROM (
        SELECT l.tax_category AS c, l.tax_rate AS r, sum(l.net_amount) AS n FROM sales.quote_line l
         WHERE l.quote_id = p_id GROUP BY 1, 2) x)
    WHEN 'sales_order' THEN (
      SELECT jsonb_agg(to_jsonb(x)) FROM (
        SELECT l.tax_category AS c, l.tax_rate AS r, sum(l.net_amount) AS n FROM sales.sales_order_line l
         WHERE l.sales_order_id = p_id GROUP BY 1, 2) x)
    ELSE (
      SELECT jsonb_agg(to_jsonb(x)) FROM (
        SELECT l.tax_category AS c, l.tax_rate AS r, sum(l.net_amount) AS n FROM sales.invoice_line l
         WHERE l.invoice_id = p_id GROUP BY 1, 2) x) END, '[]');
END $$;
COMMENT ON FUNCTION sales.line_groups IS 'Net of the lines of a quote, order or invoice per tax category and rate: [{c, r, n}].';

CREATE OR REPLACE FUNCTION sales.group_taxes(p_groups jsonb, p_charges jsonb)
RETURNS TABLE (tax_category text, tax_rate numeric, net numeric, tax numeric)
LANGUAGE sql IMMUTABLE ROWS 2 SET search_path = pg_catalog, pg_temp AS $$
  SELECT x.c, x.r, sum(x.n), round(sum(x.n) * x.r / 100, 2)
    FROM (SELECT g.c, g.r, g.n FROM jsonb_to_recordset(p_groups) AS g (c text, r numeric, n numeric)
          UNION ALL
          SELECT s.tax_category, s.tax_rate, CASE s.kind WHEN 'charge' THEN s.amount ELSE -s.amount END
            FROM sales.charge_shares(p_groups, p_charges) s) x
   GROUP BY x.c, x.r
$$;
COMMENT ON FUNCTION sales.group_taxes IS 'Net after allowances and charges, and the tax on it, per category and rate; tax is rounded once on the sum.';

CREATE OR REPLACE FUNCTION sales.document_sums(p_type text, p_id bigint, p_charges jsonb, OUT net numeric, OUT tax numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sum(g.net), 0), coalesce(sum(g.tax), 0)
    FROM sales.group_taxes(sales.line_groups(p_type, p_id), p_charges) g
$$;
COMMENT ON FUNCTION sales.document_sums IS 'Net and tax of a quote or order as its lines and these charges say.';

CREATE OR REPLACE FUNCTION sales.check_charges(p_charges jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bad integer;
BEGIN
  IF jsonb_typeof(p_charges) <> 'array' OR jsonb_array_length(p_charges) > 20 THEN
    PERFORM sec.fail('ER422', 'charges_malformed', '{}');
  END IF;
  SELECT e.ord INTO v_bad
    FROM jsonb_array_elements(p_charges) WITH ORDINALITY AS e (item, ord)
   WHERE CASE WHEN jsonb_typeof(e.item) <> 'object' THEN true
              ELSE e.item - '{kind,reason,code,pct,amount}'::text[] <> '{}'
                   OR coalesce(e.item ->> 'kind', '') NOT IN ('allowance', 'charge')
                   OR jsonb_typeof(e.item -> 'reason') <> 'string' OR jsonb_typeof(e.item -> 'code') NOT IN ('string', 'null')
                   OR length(btrim(coalesce(e.item ->> 'reason', ''))) NOT BETWEEN 1 AND 140
                   OR coalesce(e.item ->> 'code', '') !~ '^[A-Z0-9]{0,3}$'
                   OR coalesce(e.item ->> 'pct', '0') !~ '^[0-9]{1,9}([.][0-9]{1,4})?$'
                   OR coalesce(e.item ->> 'amount', '0') !~ '^[0-9]{1,9}([.][0-9]{1,2})?$'
                   OR (e.item ->> 'pct' IS NULL) = (e.item ->> 'amount' IS NULL) END
   LIMIT 1;
  IF v_bad IS NULL THEN
    SELECT e.ord INTO v_bad
      FROM jsonb_array_elements(p_charges) WITH ORDINALITY AS e (item, ord)
     WHERE coalesce((e.item ->> 'pct')::numeric, (e.item ->> 'amount')::numeric) <= 0
        OR (e.item ->> 'pct')::numeric > 100 LIMIT 1;
  END IF;
  IF v_bad IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'charges_malformed', jsonb_build_object('position', v_bad));
  END IF;
END $$;
COMMENT ON FUNCTION sales.check_charges IS 'Refuse charges that are none: kind, reason, a percentage or an amount, both above zero.';

CREATE OR REPLACE FUNCTION sales.charge_net(p_charges jsonb, p_allowances_only boolean DEFAULT false) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sum(CASE c.kind WHEN 'charge' THEN c.amount ELSE -c.amount END), 0)
    FROM jsonb_to_recordset(p_charges) AS c (kind text, amount numeric)
   WHERE NOT p_allowances_only OR c.kind = 'allowance'
$$;
COMMENT ON FUNCTION sales.charge_net IS 'What allowances and charges of a line come to: charges less allowances, or what the allowances alone are, negative.';

CREATE OR REPLACE FUNCTION sales.check_line_charges(p_charges jsonb, p_position integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sales.check_charges(p_charges);
  IF EXISTS (SELECT FROM jsonb_array_elements(p_charges) AS e (item) WHERE e.item ->> 'amount' IS NULL) THEN
    PERFORM sec.fail('ER422', 'line_charges_malformed', jsonb_build_object('position', p_position));
  END IF;
END $$;
COMMENT ON FUNCTION sales.check_line_charges IS 'Refuse charges of a line that are none; they are amounts, the percentage of a line is its discount.';

CREATE OR REPLACE FUNCTION sales.tg_line_charges() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.charges IS DISTINCT FROM OLD.charges THEN
    PERFORM sales.check_line_charges(NEW.charges, NEW.position);
  END IF;
  NEW.charge_amount := sales.charge_net(NEW.charges);
  IF round(NEW.qty * NEW.unit_price * (100 - NEW.discount_pct) / 100, 2) + NEW.charge_amount < 0 THEN
    PERFORM sec.fail('ER422', 'line_allowance_exceeds', jsonb_build_object('position', NEW.position));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION sales.tg_line_charges IS 'Charges of a line are what they must be, take no more than the line is worth, and its net follows them.';

CREATE OR REPLACE FUNCTION sales.charges_part(p_charges jsonb, p_of numeric, p_before numeric, p_qty numeric, p_given jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  -- Up to each quantity as much is given as belongs to it, less what was given before: the last part takes the rest.
  SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'position', x.place, 'kind', x.kind, 'reason', x.reason, 'code', x.code, 'amount', x.part)) ORDER BY x.place), '[]')
    FROM (
      SELECT coalesce((e.item ->> 'position')::bigint, e.ord) AS place, e.item ->> 'kind' AS kind,
             btrim(e.item ->> 'reason') AS reason, nullif(e.item ->> 'code', '') AS code,
             round((e.item ->> 'amount')::numeric * (p_before + p_qty) / p_of, 2) - CASE
               WHEN p_given IS NULL THEN round((e.item ->> 'amount')::numeric * p_before / p_of, 2)
               ELSE coalesce((SELECT sum(g.amount) FROM jsonb_to_recordset(p_given) AS g (position bigint, amount numeric)
                               WHERE g.position = coalesce((e.item ->> 'position')::bigint, e.ord)), 0) END AS part
        FROM jsonb_array_elements(p_charges) WITH ORDINALITY AS e (item, ord)) x
   WHERE x.part <> 0
$$;
COMMENT ON FUNCTION sales.charges_part IS
  'The share of a line''s charges that falls on p_qty of its p_of pieces when p_before of them came before; p_given is what those really bore, NULL what they should have.';

CREATE OR REPLACE FUNCTION sales.charges_given(p_order_line bigint, p_invoice_line bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(e.item), '[]')
    FROM sales.invoice_line l JOIN sales.invoice i ON i.id = l.invoice_id CROSS JOIN LATERAL jsonb_array_elements(l.charges) AS e (item)
   WHERE l.corrects_line_id = p_invoice_line
      OR l.sales_order_line_id = p_order_line AND i.kind IN ('invoice', 'partial', 'final') AND i.state <> 'cancelled'
$$;
COMMENT ON FUNCTION sales.charges_given IS
  'Shares of charges that invoices that stand bear of a line of an order, or that corrections took back of a line of an invoice.';

CREATE OR REPLACE FUNCTION sales.tg_charges() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_sums record;
BEGIN
  IF TG_OP = 'INSERT' OR NEW.charges IS DISTINCT FROM OLD.charges THEN
    PERFORM sales.check_charges(NEW.charges);
    SELECT * INTO v_sums FROM sales.document_sums(TG_TABLE_NAME, NEW.id, NEW.charges);
    NEW.net_amount := v_sums.net;
    NEW.tax_amount := v_sums.tax;
    NEW.gross_amount := v_sums.net + v_sums.tax;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION sales.tg_charges IS 'Charges of a draft are what they must be, and the totals follow them.';

CREATE OR REPLACE FUNCTION sales.require_positive_groups(p_type text, p_id bigint, p_charges jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM sales.group_taxes(sales.line_groups(p_type, p_id), p_charges) g WHERE g.net < 0) THEN
    PERFORM sec.fail('ER422', 'allowance_exceeds_lines', jsonb_build_object('id', p_id));
  END IF;
END $$;
COMMENT ON FUNCTION sales.require_positive_groups IS 'Refuse allowances that are more than what they are taken from.';

CREATE OR REPLACE FUNCTION sales.allowance_pct(p_type text, p_id bigint) RETURNS numeric
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_charges jsonb;
  v_net numeric;
BEGIN
  IF p_type = 'quote' THEN
    SELECT q.charges INTO v_charges FROM sales.quote q WHERE q.id = p_id;
  ELSE
    SELECT o.charges INTO v_charges FROM sales.sales_order o WHERE o.id = p_id;
  END IF;
  IF v_charges = '[]' THEN
    RETURN 0;
  END IF;
  -- What is charged on top of a line makes no rebate smaller.
  v_net := (SELECT sum(d.net_amount - d.charge_amount + sales.charge_net(d.charges, true))
              FROM sales.document_lines(p_type, p_id) d);
  RETURN (SELECT least(coalesce(sum(coalesce(c.pct, CASE WHEN v_net > 0 THEN c.amount * 100 / v_net ELSE 100 END)), 0), 100)
            FROM jsonb_to_recordset(v_charges) AS c (kind text, pct numeric, amount numeric) WHERE c.kind = 'allowance');
END $$;
COMMENT ON FUNCTION sales.allowance_pct IS
  'What the allowances on a whole quote or order come to in percent of its lines: they count against the discount one may grant.';

CREATE OR REPLACE FUNCTION sales.tax_category(p_treatment text, p_class text, p_rate numeric, p_small boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_small THEN 'E'
              WHEN p_treatment = 'eu_business' THEN 'K'
              WHEN p_treatment = 'export' THEN 'G'
              WHEN p_treatment = 'reverse_charge' THEN 'AE'
              WHEN p_class = 'S' AND p_rate = 0 THEN 'Z'
              ELSE p_class END
$$;
COMMENT ON FUNCTION sales.tax_category IS
  'Category of EN 16931 for a customer''s treatment and an article''s tax class; everything is exempt where the house is a small business (§ 19 UStG).';

CREATE OR REPLACE FUNCTION sales.exemption(p_category text, p_small boolean, p_language text, OUT code text, OUT words text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT x.code, CASE WHEN p_language = 'en' THEN x.en ELSE x.de END
    FROM (VALUES
      ('AE', 'VATEX-EU-AE', 'Steuerschuldnerschaft des Leistungsempfängers', 'Reverse charge: the recipient is liable for the VAT'),
      ('K', 'VATEX-EU-IC', 'Steuerfreie innergemeinschaftliche Lieferung', 'Tax-free intra-Community supply'),
      ('G', 'VATEX-EU-G', 'Steuerfreie Ausfuhrlieferung', 'Tax-free export delivery'),
      ('E', NULL, 'Steuerfrei nach § 19 UStG (Kleinunternehmer)', 'Exempt from VAT under § 19 UStG (small business)')
    ) AS x (category, code, de, en)
   WHERE x.category = p_category AND (x.category <> 'E' OR p_small)
$$;
COMMENT ON FUNCTION sales.exemption IS 'Why no tax is charged: code of the list VATEX and words; nothing for what a tax class says itself.';
