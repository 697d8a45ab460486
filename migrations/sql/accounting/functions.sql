-- What the books rest on: months that are closed, vouchers, and the bookings that follow from them.
-- Amounts in bookings are seen from the partner's account: debit is positive.

CREATE OR REPLACE FUNCTION accounting.require_open(p_date date) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Whoever closes a month waits for the postings that have begun, and they for whoever is closing.
  LOCK TABLE accounting.period IN ROW SHARE MODE;
  IF EXISTS (SELECT FROM accounting.period p
              WHERE p.month = date_trunc('month', p_date)::date AND p.state = 'closed') THEN
    PERFORM sec.fail('ER422', 'period_closed', jsonb_build_object('month', to_char(p_date, 'YYYY-MM'), 'date', p_date));
  END IF;
END $$;
COMMENT ON FUNCTION accounting.require_open IS
  'Refuse what would be booked on this day when its month is closed; every posting with a money voucher calls it.';

CREATE OR REPLACE FUNCTION accounting.month_closed(p_date date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM accounting.period p WHERE p.month = date_trunc('month', p_date)::date AND p.state = 'closed')
$$;
COMMENT ON FUNCTION accounting.month_closed IS 'Whether the month of a day is closed.';

CREATE OR REPLACE FUNCTION accounting.about_down_payment(p_invoice sales.invoice) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_invoice.kind = 'down_payment'
      OR coalesce((SELECT o.kind = 'down_payment' FROM sales.invoice o
                    WHERE o.id = coalesce(p_invoice.cancels_id, p_invoice.corrects_id)), false)
$$;
COMMENT ON FUNCTION accounting.about_down_payment IS
  'Whether an invoice asks for a down payment, or takes such a request back: it is booked when money moves, not before.';

CREATE OR REPLACE FUNCTION accounting.has_own_amounts(p_invoice purchasing.purchase_invoice) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_invoice.exchange_date IS NOT NULL OR NOT purchasing.is_foreign(p_invoice.currency)
$$;
COMMENT ON FUNCTION accounting.has_own_amounts IS
  'Whether a supplier''s invoice is handed over: one in a foreign currency that was posted without a rate is in the adviser''s books already.';

CREATE OR REPLACE FUNCTION accounting.vouchers(p_first date, p_last date, p_repeats bigint)
RETURNS TABLE (topic text, record_id bigint, kind text, invoice_id bigint, side text, partner_id bigint, number text, dated date,
               due_date date, service_date date, vat_id text, words text, amount numeric, discount numeric,
               difference numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT v.* FROM (
    SELECT 'sales.invoice'::text AS topic, i.id AS record_id, 'invoice'::text AS kind, i.id AS invoice_id, 'debtor'::text AS side,
           i.customer_id AS partner_id, i.number::text AS number, i.invoice_date AS dated, i.due_date,
           i.service_date, CASE WHEN EXISTS (SELECT FROM sales.invoice_tax t WHERE t.invoice_id = i.id AND t.tax_category IN ('K', 'AE'))
                                THEN i.customer_vat_id::text END AS vat_id,
           i.snapshot #>> '{customer,name}' AS words, i.own_gross_amount - i.own_prepaid_amount AS amount, 0::numeric AS discount,
           0::numeric AS difference
      FROM sales.invoice i WHERE NOT accounting.about_down_payment(i)
    UNION ALL
    SELECT 'sales.payment', p.id, CASE WHEN accounting.about_down_payment(i) THEN 'down_payment' ELSE 'payment' END, i.id, 'debtor',
           i.customer_id, i.number::text, p.paid_on, NULL, NULL, NULL,
           coalesce(p.reference::text, i.snapshot #>> '{customer,name}'), p.own_amount, p.own_discount,
           p.own_paid - p.own_amount
      FROM sales.payment p JOIN sales.invoice i ON i.id = p.invoice_id
    UNION ALL
    SELECT 'purchasing.purchase_invoice', i.id, 'invoice', i.id, 'creditor', i.supplier_id, i.invoice_number::text,
           i.posting_date, i.due_date, i.supply_date, NULL, s.name::text, i.own_gross_amount, 0, 0
      FROM purchasing.purchase_invoice i JOIN partners.partner s ON s.id = i.supplier_id
     WHERE i.posting_date IS NOT NULL AND accounting.has_own_amounts(i)
    UNION ALL
    SELECT 'purchasing.purchase_payment', p.id, 'payment', i.id, 'creditor', i.supplier_id, i.invoice_number::text, p.paid_on,
           NULL, NULL, NULL, coalesce(p.reference::text, s.name::text), p.own_amount, p.own_discount, p.own_amount - p.own_paid
      FROM purchasing.purchase_payment p JOIN purchasing.purchase_invoice i ON i.id = p.purchase_invoice_id
      JOIN partners.partner s ON s.id = i.supplier_id WHERE accounting.has_own_amounts(i)) v
   WHERE v.dated BETWEEN p_first AND p_last
     AND CASE WHEN p_repeats IS NULL
              THEN NOT EXISTS (SELECT FROM accounting.export_voucher e
                                WHERE e.topic = v.topic AND e.record_id = v.record_id AND NOT e.repeated)
              ELSE EXISTS (SELECT FROM accounting.export_voucher e
                            WHERE e.export_id = p_repeats AND e.topic = v.topic AND e.record_id = v.record_id) END
$$;
COMMENT ON FUNCTION accounting.vouchers IS
  'Documents with money of these days that no export has, or those of an export that is repeated; amounts as on the document, in the house''s own currency; '
  'difference is the exchange gain (negative: loss) of a payment.';

CREATE OR REPLACE FUNCTION accounting.tax_groups(p_topic text, p_invoice bigint)
RETURNS TABLE (tax_category text, tax_rate numeric, gross numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.tax_category, g.tax_rate, sum(g.gross) FROM (
    SELECT t.tax_category::text, t.tax_rate, t.own_net_amount + t.own_tax_amount AS gross
      FROM sales.invoice_tax t WHERE p_topic = 'debtor' AND t.invoice_id = p_invoice
    UNION ALL
    SELECT d.tax_category::text, d.tax_rate, -d.own_net_amount - d.own_tax_amount
      FROM sales.invoice_deduction d WHERE p_topic = 'debtor' AND d.invoice_id = p_invoice
    UNION ALL
    SELECT t.tax_category::text, t.tax_rate, t.own_net_amount + t.own_tax_amount
      FROM purchasing.purchase_invoice_tax t WHERE p_topic = 'creditor' AND t.purchase_invoice_id = p_invoice) g
   GROUP BY g.tax_category, g.tax_rate
$$;
COMMENT ON FUNCTION accounting.tax_groups IS 'What is to be paid of an invoice (of a debtor or creditor) by tax category and rate, gross, in the house''s own currency.';

CREATE OR REPLACE FUNCTION accounting.shares(p_side text, p_invoice bigint, p_before numeric, p_amount numeric)
RETURNS TABLE (tax_category text, tax_rate numeric, amount numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- As the groups stand to each other; what was shared out before counts, so that the last cent falls where it belongs.
  WITH g AS (
    SELECT t.*, sum(t.gross) OVER () AS total, row_number() OVER (ORDER BY abs(t.gross) DESC, t.tax_category, t.tax_rate) AS place
      FROM accounting.tax_groups(p_side, p_invoice) t
  ), parts AS (
    SELECT g.tax_category, g.tax_rate, g.place,
           coalesce(round((p_before + p_amount) * g.gross / nullif(g.total, 0), 2)
                    - round(p_before * g.gross / nullif(g.total, 0), 2), 0) AS part
      FROM g
  )
  SELECT p.tax_category, p.tax_rate,
         CASE WHEN p.place = 1
              THEN p_amount - coalesce((SELECT sum(o.part) FROM parts o WHERE o.place > 1), 0) ELSE p.part END
    FROM parts p
$$;
COMMENT ON FUNCTION accounting.shares IS
  'An amount of money shared out over the tax categories and rates of the invoice it belongs to; the largest takes what is left.';

CREATE OR REPLACE FUNCTION accounting.parts(p_first date, p_last date, p_repeats bigint)
RETURNS TABLE (topic text, record_id bigint, place integer, kind text, purpose text, tax_category text, tax_rate numeric, amount numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH v AS MATERIALIZED (SELECT * FROM accounting.vouchers(p_first, p_last, p_repeats)),
  freight AS (
    -- Freight (UNTDID 7161: FC) has an account of its own where the house wants one.
    SELECT c.invoice_id, c.tax_category, c.tax_rate, sales.own(round(sum(c.amount) * (100 + c.tax_rate) / 100, 2), min(i.exchange_rate)) AS gross
      FROM (SELECT d.invoice_id, d.tax_category::text, d.tax_rate, d.amount FROM sales.invoice_charge d
             WHERE d.kind = 'charge' AND d.reason_code = 'FC'
            UNION ALL
            SELECT l.invoice_id, l.tax_category::text, l.tax_rate, e.amount
              FROM sales.invoice_line l
             CROSS JOIN LATERAL jsonb_to_recordset(l.charges) AS e (kind text, code text, amount numeric)
             WHERE l.charges <> '[]' AND e.kind = 'charge' AND e.code = 'FC') c
      JOIN v ON v.topic = 'sales.invoice' AND v.record_id = c.invoice_id
      JOIN sales.invoice i ON i.id = c.invoice_id
     WHERE EXISTS (SELECT FROM accounting.account a WHERE a.purpose = 'freight' AND a.tax_category = c.tax_category
                      AND a.tax_rate = c.tax_rate)
     GROUP BY c.invoice_id, c.tax_category, c.tax_rate
  )
  SELECT x.* FROM (
    SELECT v.topic, v.record_id, 1 AS place, 'revenue'::text AS kind, 'revenue'::text AS purpose, t.tax_category::text,
           t.tax_rate, t.own_net_amount + t.own_tax_amount - coalesce(f.gross, 0) AS amount
      FROM v JOIN sales.invoice_tax t ON t.invoice_id = v.record_id
      LEFT JOIN freight f ON f.invoice_id = t.invoice_id AND f.tax_category = t.tax_category AND f.tax_rate = t.tax_rate
     WHERE v.topic = 'sales.invoice'
    UNION ALL
    SELECT v.topic, v.record_id, 2, 'freight', 'freight', f.tax_category, f.tax_rate, f.gross
      FROM v JOIN freight f ON f.invoice_id = v.record_id WHERE v.topic = 'sales.invoice'
    UNION ALL
    SELECT v.topic, v.record_id, 3, 'deduction', 'down_payment', d.tax_category::text, d.tax_rate,
           -sum(d.own_net_amount + d.own_tax_amount)
      FROM v JOIN sales.invoice_deduction d ON d.invoice_id = v.record_id
     WHERE v.topic = 'sales.invoice' GROUP BY v.topic, v.record_id, d.tax_category, d.tax_rate
    UNION ALL
    SELECT v.topic, v.record_id, 1, 'expense', 'expense', t.tax_category::text, t.tax_rate, -t.own_net_amount - t.own_tax_amount
      FROM v JOIN purchasing.purchase_invoice_tax t ON t.purchase_invoice_id = v.record_id
     WHERE v.topic = 'purchasing.purchase_invoice'
    UNION ALL
    SELECT v.topic, v.record_id, 1, 'payment', 'bank', '', 0, CASE v.side WHEN 'debtor' THEN -v.amount ELSE v.amount END - v.difference
      FROM v WHERE v.kind IN ('payment', 'down_payment')
    UNION ALL
    -- Between what a payment took off the open item and what the bank moved for it, in the house's own currency.
    SELECT v.topic, v.record_id, 4, 'exchange', CASE WHEN v.difference > 0 THEN 'exchange_gain' ELSE 'exchange_loss' END, '', 0,
           v.difference
      FROM v WHERE v.difference <> 0
    UNION ALL
    SELECT v.topic, v.record_id, 2, 'discount', CASE v.side WHEN 'debtor' THEN 'discount_granted' ELSE 'discount_received' END,
           s.tax_category, s.tax_rate, CASE v.side WHEN 'debtor' THEN -s.amount ELSE s.amount END
      FROM v CROSS JOIN LATERAL accounting.shares(v.side, v.invoice_id, 0, v.discount) s
     WHERE v.kind IN ('payment', 'down_payment') AND v.discount <> 0
    UNION ALL
    SELECT v.topic, v.record_id, 3, 'down_payment', 'down_payment', s.tax_category, s.tax_rate, s.amount
      FROM v CROSS JOIN LATERAL accounting.shares('debtor', v.invoice_id, coalesce((
             SELECT sum(p.own_amount) FROM sales.payment p WHERE p.invoice_id = v.invoice_id AND p.id < v.record_id), 0), v.amount) s
     WHERE v.kind = 'down_payment') x
   WHERE x.amount <> 0
$$;
COMMENT ON FUNCTION accounting.parts IS
  'What vouchers come to, by purpose, tax category and rate, debit of the partner''s account positive. Tax on a down payment '
  'arises with the money (§ 13 (1) no. 1 a UStG), so it is booked with the payment and taken back with the invoice that deducts it.';

CREATE OR REPLACE FUNCTION accounting.personal(p_first date, p_last date, p_repeats bigint)
RETURNS TABLE (partner_id bigint, side text, number bigint, is_new boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- New ones go on behind the highest number of their range, in the order of the partners.
  SELECT w.partner_id, w.side,
         coalesce(a.number, h.next + row_number() OVER (PARTITION BY w.side, a.number IS NULL ORDER BY w.partner_id) - 1),
         a.number IS NULL
    FROM (SELECT DISTINCT v.partner_id, v.side FROM accounting.vouchers(p_first, p_last, p_repeats) v) w
    LEFT JOIN accounting.personal_account a ON a.partner_id = w.partner_id AND a.side = w.side
   CROSS JOIN LATERAL (
     SELECT coalesce(max(o.number) + 1, CASE w.side WHEN 'debtor' THEN s.debtor_first ELSE s.creditor_first END) AS next
       FROM accounting.setting s
       LEFT JOIN accounting.personal_account o ON o.side = w.side
        AND o.number BETWEEN CASE w.side WHEN 'debtor' THEN s.debtor_first ELSE s.creditor_first END
                         AND CASE w.side WHEN 'debtor' THEN s.debtor_last ELSE s.creditor_last END
      GROUP BY s.debtor_first, s.creditor_first) h
$$;
COMMENT ON FUNCTION accounting.personal IS
  'The accounts of the partners of these vouchers; those without one with the number they would be given now.';

CREATE OR REPLACE FUNCTION accounting.bookings(p_first date, p_last date, p_repeats bigint)
RETURNS TABLE (topic text, record_id bigint, place integer, kind text, purpose text, side text, partner_id bigint, number text,
               dated date, due_date date, service_date date, vat_id text, words text, tax_category text, tax_rate numeric,
               amount numeric, account bigint, contra text, tax_key text, account_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.topic, p.record_id, p.place, p.kind, p.purpose, v.side, v.partner_id, v.number, v.dated, v.due_date, v.service_date, v.vat_id,
         left(v.words, 200), p.tax_category, p.tax_rate, p.amount, k.number, a.number::text, a.tax_key::text, a.name::text
    FROM accounting.parts(p_first, p_last, p_repeats) p
    JOIN accounting.vouchers(p_first, p_last, p_repeats) v ON v.topic = p.topic AND v.record_id = p.record_id
    JOIN accounting.personal(p_first, p_last, p_repeats) k ON k.partner_id = v.partner_id AND k.side = v.side
    LEFT JOIN LATERAL (
      SELECT o.number, o.tax_key, o.name FROM accounting.account o
       WHERE o.purpose = p.purpose AND o.tax_category = p.tax_category AND o.tax_rate = p.tax_rate
         AND (o.partner_id IS NULL OR o.partner_id = v.partner_id)
       ORDER BY o.partner_id NULLS LAST LIMIT 1) a ON true
$$;
COMMENT ON FUNCTION accounting.bookings IS 'The bookings of vouchers with their accounts; contra is NULL where no account is set up.';

CREATE OR REPLACE FUNCTION accounting.paper_of_export(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.number, NULL::bigint, NULL::bigint, 'DATEV ' || e.consultant_no || '/' || e.client_no, e.last_day, true
    FROM accounting.export e WHERE e.id = p_id
$$;
COMMENT ON FUNCTION accounting.paper_of_export IS 'An export as the archive sees it.';
