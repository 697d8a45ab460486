-- Exports for the tax adviser: what would go out and whether it is true, and sending it out.

CREATE OR REPLACE FUNCTION accounting.fiscal_start(p_day date) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT make_date(extract(year FROM p_day)::int - CASE WHEN extract(month FROM p_day) < s.fiscal_month THEN 1 ELSE 0 END,
                   s.fiscal_month, 1)
    FROM accounting.setting s
$$;
COMMENT ON FUNCTION accounting.fiscal_start IS 'The first day of the fiscal year a day lies in.';

CREATE OR REPLACE FUNCTION accounting.proof(p_first date, p_last date, p_repeats bigint)
RETURNS TABLE (figure text, tax_category text, tax_rate numeric, documents numeric, exported numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Both sides are worked out on their own: one from the documents, the other from the bookings that have an account.
  WITH v AS MATERIALIZED (SELECT * FROM accounting.vouchers(p_first, p_last, p_repeats)),
  b AS MATERIALIZED (SELECT * FROM accounting.bookings(p_first, p_last, p_repeats) x WHERE x.contra IS NOT NULL),
  documents AS (
    SELECT 'revenue'::text AS figure, t.tax_category::text, t.tax_rate, sum(t.own_net_amount + t.own_tax_amount) AS amount
      FROM v JOIN sales.invoice_tax t ON t.invoice_id = v.record_id WHERE v.topic = 'sales.invoice'
     GROUP BY t.tax_category, t.tax_rate
    UNION ALL
    SELECT 'deduction', d.tax_category::text, d.tax_rate, -sum(d.own_net_amount + d.own_tax_amount)
      FROM v JOIN sales.invoice_deduction d ON d.invoice_id = v.record_id WHERE v.topic = 'sales.invoice'
     GROUP BY d.tax_category, d.tax_rate
    UNION ALL
    SELECT 'receivables', '', 0, sum(i.own_gross_amount - i.own_prepaid_amount)
      FROM v JOIN sales.invoice i ON i.id = v.record_id WHERE v.topic = 'sales.invoice' HAVING count(*) > 0
    UNION ALL
    SELECT 'received', '', 0, -sum(p.own_paid)
      FROM v JOIN sales.payment p ON p.id = v.record_id WHERE v.topic = 'sales.payment' HAVING count(*) > 0
    UNION ALL
    SELECT 'discount_granted', '', 0, -sum(p.own_discount)
      FROM v JOIN sales.payment p ON p.id = v.record_id WHERE v.topic = 'sales.payment' HAVING sum(p.own_discount) <> 0
    UNION ALL
    SELECT 'down_payment', '', 0, sum(p.own_amount)
      FROM v JOIN sales.payment p ON p.id = v.record_id WHERE v.kind = 'down_payment' HAVING count(*) > 0
    UNION ALL
    SELECT 'expense', t.tax_category::text, t.tax_rate, -sum(t.own_net_amount + t.own_tax_amount)
      FROM v JOIN purchasing.purchase_invoice_tax t ON t.purchase_invoice_id = v.record_id
     WHERE v.topic = 'purchasing.purchase_invoice' GROUP BY t.tax_category, t.tax_rate
    UNION ALL
    SELECT 'payables', '', 0, -sum(i.own_gross_amount)
      FROM v JOIN purchasing.purchase_invoice i ON i.id = v.record_id
     WHERE v.topic = 'purchasing.purchase_invoice' HAVING count(*) > 0
    UNION ALL
    SELECT 'paid', '', 0, sum(p.own_paid)
      FROM v JOIN purchasing.purchase_payment p ON p.id = v.record_id
     WHERE v.topic = 'purchasing.purchase_payment' HAVING count(*) > 0
    UNION ALL
    SELECT 'discount_received', '', 0, sum(p.own_discount)
      FROM v JOIN purchasing.purchase_payment p ON p.id = v.record_id
     WHERE v.topic = 'purchasing.purchase_payment' HAVING sum(p.own_discount) <> 0
    UNION ALL
    SELECT CASE WHEN p.gain > 0 THEN 'exchange_gain' ELSE 'exchange_loss' END, '', 0, sum(p.gain)
      FROM (SELECT p.own_amount - p.own_paid AS gain FROM v JOIN purchasing.purchase_payment p ON p.id = v.record_id
             WHERE v.topic = 'purchasing.purchase_payment'
            UNION ALL
            SELECT p.own_paid - p.own_amount FROM v JOIN sales.payment p ON p.id = v.record_id WHERE v.topic = 'sales.payment') p
     WHERE p.gain <> 0 GROUP BY 1
  ), exported AS (
    SELECT CASE WHEN b.kind IN ('revenue', 'freight') THEN 'revenue' WHEN b.kind = 'payment' AND b.side = 'debtor' THEN 'received'
                WHEN b.kind = 'payment' THEN 'paid' WHEN b.kind IN ('discount', 'exchange') THEN b.purpose ELSE b.kind END AS figure,
           CASE WHEN b.kind IN ('revenue', 'freight', 'deduction', 'expense') THEN b.tax_category ELSE '' END AS tax_category,
           CASE WHEN b.kind IN ('revenue', 'freight', 'deduction', 'expense') THEN b.tax_rate ELSE 0 END AS tax_rate, b.amount
      FROM b
    UNION ALL
    SELECT CASE b.side WHEN 'debtor' THEN 'receivables' ELSE 'payables' END, '', 0, b.amount
      FROM b WHERE b.kind IN ('revenue', 'freight', 'deduction', 'expense')
  )
  SELECT f.figure, f.tax_category, f.tax_rate, coalesce(d.amount, 0), coalesce(e.amount, 0)
    FROM (SELECT d.figure, d.tax_category, d.tax_rate FROM documents d
          UNION SELECT e.figure, e.tax_category, e.tax_rate FROM exported e) f
    LEFT JOIN documents d USING (figure, tax_category, tax_rate)
    LEFT JOIN (SELECT e.figure, e.tax_category, e.tax_rate, sum(e.amount) AS amount FROM exported e GROUP BY 1, 2, 3) e
      USING (figure, tax_category, tax_rate)
$$;
COMMENT ON FUNCTION accounting.proof IS
  'Sums of the documents beside the sums of what would be exported: by tax category and rate, of open items, of money and discounts.';

CREATE OR REPLACE FUNCTION accounting.draft_findings(p_first date, p_last date, p_repeats bigint)
RETURNS TABLE (severity text, code text, params jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH s AS (SELECT * FROM accounting.setting),
  b AS MATERIALIZED (SELECT * FROM accounting.bookings(p_first, p_last, p_repeats))
  SELECT 'error', 'datev_settings_missing', '{}'::jsonb FROM s
   WHERE s.chart = '' OR s.consultant_no IS NULL OR s.client_no IS NULL
  UNION ALL
  SELECT 'error', 'datev_fiscal_year', '{}' WHERE accounting.fiscal_start(p_first) <> accounting.fiscal_start(p_last)
  UNION ALL
  SELECT 'error', 'datev_account_missing', jsonb_build_object(
           'purpose', b.purpose, 'tax_category', b.tax_category, 'tax_rate', b.tax_rate, 'n', count(*))
    FROM b WHERE b.contra IS NULL GROUP BY b.purpose, b.tax_category, b.tax_rate
  UNION ALL
  SELECT DISTINCT 'error', 'datev_account_length', jsonb_build_object('account', b.contra, 'length', s.account_length)
    FROM b, s WHERE length(b.contra) > s.account_length
  UNION ALL
  SELECT DISTINCT 'error', 'datev_personal_length', jsonb_build_object('account', b.account, 'length', s.account_length + 1)
    FROM b, s WHERE length(b.account::text) <> s.account_length + 1
  UNION ALL
  SELECT 'error', 'datev_range_full', jsonb_build_object('side', k.side)
    FROM accounting.personal(p_first, p_last, p_repeats) k, s
   WHERE k.number > CASE k.side WHEN 'debtor' THEN s.debtor_last ELSE s.creditor_last END GROUP BY k.side
  UNION ALL
  -- A supplier's invoice that was posted without a rate has no amounts in euros: the adviser books it by hand.
  SELECT 'warning', 'datev_currency', jsonb_build_object('number', i.number, 'currency', i.currency)
    FROM purchasing.purchase_invoice i
   WHERE p_repeats IS NULL AND i.posting_date BETWEEN p_first AND p_last AND NOT accounting.has_own_amounts(i)
  UNION ALL
  SELECT 'error', 'datev_sums_differ', jsonb_build_object(
           'figure', p.figure, 'tax_category', p.tax_category, 'tax_rate', p.tax_rate, 'documents', p.documents, 'exported', p.exported)
    FROM accounting.proof(p_first, p_last, p_repeats) p WHERE p.documents <> p.exported
  UNION ALL
  SELECT 'warning', 'datev_earlier_open', jsonb_build_object('n', count(*), 'first', min(v.dated))
    FROM accounting.vouchers('2000-01-01', p_first - 1, NULL) v WHERE p_repeats IS NULL HAVING count(*) > 0
  UNION ALL
  SELECT 'warning', 'datev_month_open', jsonb_build_object('month', to_char(p_first, 'YYYY-MM'))
   WHERE NOT accounting.month_closed(p_first)
$$;
COMMENT ON FUNCTION accounting.draft_findings IS
  'What keeps vouchers from being exported (error), and what one should know before (warning).';

CREATE OR REPLACE FUNCTION accounting.draft(p_first date, p_last date, p_repeats bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_setting accounting.setting%ROWTYPE;
  v_rows jsonb;
  v_vouchers jsonb;
  v_partners jsonb;
  v_locked boolean := accounting.month_closed(p_first);
BEGIN
  SELECT * INTO v_setting FROM accounting.setting s;
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'topic', b.topic, 'record_id', b.record_id, 'kind', b.kind, 'partner_id', b.partner_id, 'number', b.number,
           'dated', b.dated, 'due_date', b.due_date, 'service_date', b.service_date, 'tax_category', b.tax_category,
           'tax_rate', b.tax_rate, 'amount', abs(b.amount), 'side', CASE WHEN b.amount > 0 THEN 'S' ELSE 'H' END,
           'account', b.account::text, 'contra', b.contra, 'tax_key', coalesce(b.tax_key, ''), 'vat_id', b.vat_id,
           'words', coalesce(b.words, ''), 'foreign', (
             -- Deducted down payments have rates of their own.
             SELECT concat_ws(' ', i.currency, CASE WHEN b.kind <> 'deduction' THEN trim_scale(i.exchange_rate) END, p.amount)
               FROM sales.invoice i
               LEFT JOIN sales.payment p ON b.topic = 'sales.payment' AND p.id = b.record_id
              WHERE purchasing.is_foreign(i.currency) AND b.kind IN ('revenue', 'freight', 'deduction', 'payment')
                AND i.id = CASE b.topic WHEN 'sales.invoice' THEN b.record_id WHEN 'sales.payment' THEN p.invoice_id END
             UNION ALL
             SELECT concat_ws(' ', i.currency, trim_scale(i.exchange_rate), coalesce(t.net_amount + t.tax_amount, p.amount))
               FROM purchasing.purchase_invoice i
               LEFT JOIN purchasing.purchase_payment p ON b.topic = 'purchasing.purchase_payment' AND p.id = b.record_id
               LEFT JOIN purchasing.purchase_invoice_tax t
                 ON b.kind = 'expense' AND t.purchase_invoice_id = i.id AND t.tax_category = b.tax_category AND t.tax_rate = b.tax_rate
              WHERE i.exchange_date IS NOT NULL AND b.kind IN ('expense', 'payment')
                AND i.id = CASE b.topic WHEN 'purchasing.purchase_invoice' THEN b.record_id
                                        WHEN 'purchasing.purchase_payment' THEN p.purchase_invoice_id END),
           'account_name', coalesce(b.account_name, ''), 'purpose', b.purpose)
           ORDER BY b.dated, b.number, b.topic, b.record_id, b.place, b.tax_rate DESC, b.tax_category), '[]')
    INTO v_rows FROM accounting.bookings(p_first, p_last, p_repeats) b;
  SELECT coalesce(jsonb_agg(jsonb_build_object('topic', v.topic, 'record_id', v.record_id, 'number', v.number, 'dated', v.dated,
                                               'amount', v.amount + v.discount) ORDER BY v.topic, v.record_id), '[]')
    INTO v_vouchers FROM accounting.vouchers(p_first, p_last, p_repeats) v;
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'partner_id', k.partner_id, 'side', k.side, 'account', k.number::text, 'is_new', k.is_new, 'number', p.number,
           'name', p.name, 'is_person', p.kind = 'b2c', 'vat_id', p.vat_id, 'language', p.language, 'phone', p.phone, 'email', p.email,
           'website', p.website, 'street', a.street, 'street2', a.street2, 'postcode', a.postcode, 'city', a.city,
           'country', a.country) ORDER BY k.number), '[]')
    INTO v_partners
    FROM accounting.personal(p_first, p_last, p_repeats) k
    JOIN partners.partner p ON p.id = k.partner_id
    LEFT JOIN LATERAL (SELECT * FROM partners.address x WHERE x.partner_id = p.id
                        ORDER BY (x.kind = 'billing') DESC, x.is_default DESC, x.id LIMIT 1) a ON true;
  RETURN jsonb_build_object(
    'first', p_first, 'last', p_last, 'repeats', p_repeats, 'locked', v_locked,
    'setting', jsonb_build_object(
      'chart', v_setting.chart, 'consultant_no', v_setting.consultant_no, 'client_no', v_setting.client_no,
      'account_length', v_setting.account_length, 'initials', v_setting.initials,
      'with_service_dates', v_setting.with_service_dates, 'fiscal_start', accounting.fiscal_start(p_first)),
    'rows', v_rows, 'vouchers', v_vouchers, 'partners', v_partners,
    'proof', (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.figure, p.tax_rate DESC, p.tax_category), '[]')
                FROM accounting.proof(p_first, p_last, p_repeats) p),
    'findings', (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.severity, f.code, f.params::text), '[]')
                   FROM accounting.draft_findings(p_first, p_last, p_repeats) f),
    'fingerprint', encode(sha256(convert_to(v_rows::text || v_vouchers::text || v_partners::text || v_locked::text
                                            || (to_jsonb(v_setting) - '{created_at,updated_at}'::text[])::text, 'UTF8')), 'hex'));
END $$;
COMMENT ON FUNCTION accounting.draft IS
  'Everything an export of these days would hold: bookings, vouchers, partners, the proof, what is wrong, and a fingerprint of it all.';

CREATE OR REPLACE FUNCTION accounting.require_days(p_first date, p_last date) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_first IS NULL OR p_last IS NULL OR p_first > p_last OR date_trunc('month', p_first) <> date_trunc('month', p_last)
     OR p_first > system.today() OR p_first < '2000-01-01' THEN
    PERFORM sec.fail('ER422', 'export_days', '{}');
  END IF;
END $$;
COMMENT ON FUNCTION accounting.require_days IS 'Refuse days that do not lie within one month, or only begin.';

CREATE OR REPLACE FUNCTION api.datev_preview(p_first date, p_last date, p_repeats bigint DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('datev_preview');
  PERFORM accounting.require_days(p_first, p_last);
  RETURN accounting.draft(p_first, p_last, p_repeats);
END $$;
COMMENT ON FUNCTION api.datev_preview IS
  'What an export of these days of one month would hold, or the vouchers of an export again; nothing is written.';

CREATE OR REPLACE FUNCTION accounting.require_file(p_content bytea, p_columns integer, p_rows integer, p_total numeric) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The file is made by the client: it must have as many rows as there are bookings, and come to the same sum.
DECLARE
  v_lines text[];
  v_sum numeric;
BEGIN
  BEGIN
    v_lines := string_to_array(convert_from(p_content, 'WIN1252'), E'\r\n');
    v_sum := CASE WHEN p_total IS NOT NULL THEN coalesce((
               SELECT sum(replace(split_part(l.line, ';', 1), ',', '.')::numeric) FROM unnest(v_lines[3:]) l (line)
                WHERE l.line <> ''), 0) END;
  EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character OR invalid_text_representation THEN
    PERFORM sec.fail('ER422', 'datev_file_differs', '{}');
  END;
  IF cardinality(v_lines) <> p_rows + 3 OR v_lines[p_rows + 3] <> '' OR v_lines[1] NOT LIKE '"EXTF";700;%'
     OR cardinality(string_to_array(v_lines[2], ';')) <> p_columns OR v_sum IS DISTINCT FROM p_total THEN
    PERFORM sec.fail('ER422', 'datev_file_differs', '{}');
  END IF;
END $$;
COMMENT ON FUNCTION accounting.require_file IS 'Refuse a file that does not hold these rows, or (bookings) does not come to this sum.';

CREATE OR REPLACE FUNCTION api.datev_export(
  p_command uuid, p_first date, p_last date, p_repeats bigint, p_reason text, p_fingerprint text, p_file_name text, p_content bytea,
  p_partners_name text, p_partners bytea) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_draft jsonb;
  v_error jsonb;
  v_id bigint;
  v_total numeric;
  v_first date := p_first;
  v_last date := p_last;
  v_number text;
  v_issued bigint;
  v_partners bigint;
BEGIN
  PERFORM sec.require('datev_export');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'datev_export', jsonb_build_object(
    'first', p_first, 'last', p_last, 'repeats', p_repeats, 'reason', p_reason, 'fingerprint', p_fingerprint,
    'file', encode(sha256(p_content), 'hex'), 'partners', encode(sha256(p_partners), 'hex')));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  -- One export at a time: the second one sees what the first took.
  LOCK TABLE accounting.export IN SHARE ROW EXCLUSIVE MODE;
  IF p_repeats IS NOT NULL THEN
    SELECT e.first_day, e.last_day INTO v_first, v_last FROM accounting.export e WHERE e.id = p_repeats AND e.repeats_id IS NULL;
    IF NOT FOUND THEN
      PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'accounting.export', 'id', p_repeats));
    ELSIF btrim(coalesce(p_reason, '')) = '' THEN
      PERFORM sec.fail('ER422', 'reason_required');
    END IF;
  END IF;
  PERFORM accounting.require_days(v_first, v_last);
  v_draft := accounting.draft(v_first, v_last, p_repeats);
  SELECT f.value INTO v_error FROM jsonb_array_elements(v_draft -> 'findings') f WHERE f.value ->> 'severity' = 'error' LIMIT 1;
  IF jsonb_array_length(v_draft -> 'vouchers') = 0 THEN
    PERFORM sec.fail('ER422', 'datev_nothing', '{}');
  ELSIF v_error IS NOT NULL THEN
    PERFORM sec.fail('ER422', v_error ->> 'code', v_error -> 'params');
  ELSIF v_draft ->> 'fingerprint' IS DISTINCT FROM p_fingerprint THEN
    PERFORM sec.fail('ER422', 'datev_changed', '{}');
  ELSIF p_file_name !~ '^EXTF_.+\.csv$' OR p_partners_name !~ '^EXTF_.+\.csv$' THEN
    PERFORM sec.fail('ER422', 'document_file_name', '{}');
  END IF;
  SELECT coalesce(sum((r.value ->> 'amount')::numeric), 0) INTO v_total FROM jsonb_array_elements(v_draft -> 'rows') r;
  PERFORM accounting.require_file(p_content, 125, jsonb_array_length(v_draft -> 'rows'), v_total);
  PERFORM accounting.require_file(p_partners, 254, jsonb_array_length(v_draft -> 'partners'), NULL);
  INSERT INTO accounting.personal_account (partner_id, side, number)
  SELECT k.partner_id, k.side, k.account FROM jsonb_to_recordset(v_draft -> 'partners') AS k (
           partner_id bigint, side text, account bigint, is_new boolean) WHERE k.is_new ORDER BY k.account;
  v_number := system.next_number('accounting_export');
  INSERT INTO accounting.export AS e (number, first_day, last_day, repeats_id, reason, chart, consultant_no, client_no, vouchers,
                                      lines, total_amount, proof, locked)
  SELECT v_number, v_first, v_last, p_repeats, CASE WHEN p_repeats IS NOT NULL THEN btrim(p_reason) END, s.chart,
         s.consultant_no, s.client_no, jsonb_array_length(v_draft -> 'vouchers'), jsonb_array_length(v_draft -> 'rows'), v_total,
         v_draft -> 'proof', (v_draft ->> 'locked')::boolean
    FROM accounting.setting s
  RETURNING e.id INTO v_id;
  INSERT INTO accounting.export_voucher (export_id, topic, record_id, number, dated, amount, repeated)
  SELECT v_id, v.topic, v.record_id, v.number, v.dated, v.amount, p_repeats IS NOT NULL
    FROM jsonb_to_recordset(v_draft -> 'vouchers') AS v (topic text, record_id bigint, number text, dated date, amount numeric);
  INSERT INTO accounting.export_line (export_id, position, topic, record_id, kind, partner_id, number, dated, due_date, service_date,
                                      tax_category, tax_rate, amount, side, account, contra, tax_key, vat_id, words)
  SELECT v_id, r.ordinality, l.topic, l.record_id, l.kind, l.partner_id, l.number, l.dated, l.due_date, l.service_date,
         l.tax_category, l.tax_rate, l.amount, l.side, l.account, l.contra, l.tax_key, l.vat_id, l.words
    FROM jsonb_array_elements(v_draft -> 'rows') WITH ORDINALITY r,
         jsonb_to_record(r.value) AS l (
           topic text, record_id bigint, kind text, partner_id bigint, number text, dated date, due_date date, service_date date,
           tax_category text, tax_rate numeric, amount numeric, side text, account text, contra text, tax_key text, vat_id text,
           words text);
  v_issued := documents.archive('datev_export', v_id, 'de', p_file_name, 'csv', p_content, v_number);
  v_partners := documents.archive('datev_export', v_id, 'de', p_partners_name, 'csv', p_partners, NULL);
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'number', v_number, 'vouchers', jsonb_array_length(v_draft -> 'vouchers'),
    'lines', jsonb_array_length(v_draft -> 'rows'), 'total', v_total, 'issued_id', v_issued, 'partners_id', v_partners));
END $$;
COMMENT ON FUNCTION api.datev_export IS
  'Hand vouchers over to the tax adviser: each once, or an export again (p_repeats, with a reason). Refused when the sums differ from '
  'the documents, when something has changed since the preview, or when the files are not what the bookings say. Keeps both files.';

CREATE OR REPLACE FUNCTION api.account_chart_adopt(p_command uuid, p_chart text, p_accounts jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_count integer;
BEGIN
  PERFORM sec.require('account_chart_adopt');
  v_replay := api.command_begin(p_command, 'account_chart_adopt', jsonb_build_object('chart', p_chart, 'accounts', p_accounts));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  IF p_chart IS NULL OR p_chart NOT IN ('03', '04') OR jsonb_typeof(p_accounts) IS DISTINCT FROM 'array'
     OR jsonb_array_length(p_accounts) NOT BETWEEN 1 AND 200 THEN
    PERFORM sec.fail('ER422', 'chart_known', '{}');
  END IF;
  UPDATE accounting.setting s SET chart = p_chart;
  -- What the house has entered for single suppliers stays; it may have to be changed by hand.
  DELETE FROM accounting.account a WHERE a.partner_id IS NULL;
  INSERT INTO accounting.account (purpose, tax_category, tax_rate, number, tax_key, name)
  SELECT a.purpose, coalesce(a.tax_category, ''), coalesce(a.tax_rate, 0), a.number, coalesce(a.tax_key, ''),
         left(coalesce(a.name, ''), 120)
    FROM jsonb_to_recordset(p_accounts) AS a (purpose text, tax_category text, tax_rate numeric, number text, tax_key text, name text);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN api.command_end(p_command, jsonb_build_object('chart', p_chart, 'accounts', v_count));
END $$;
COMMENT ON FUNCTION api.account_chart_adopt IS
  'Take over a chart of accounts: the general accounts become those given; accounts of single suppliers stay.';
