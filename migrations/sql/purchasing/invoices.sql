-- Purchase invoices: save a draft, enter it, approve it. What does not agree with order and receipt needs a reason.

CREATE OR REPLACE FUNCTION purchasing.locked_invoice(p_id bigint, p_row_version integer) RETURNS purchasing.purchase_invoice
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_invoice purchasing.purchase_invoice%ROWTYPE;
BEGIN
  SELECT * INTO v_invoice FROM purchasing.purchase_invoice i WHERE i.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'purchase_invoice_not_found', jsonb_build_object('id', p_id));
  ELSIF v_invoice.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_invoice.row_version));
  END IF;
  RETURN v_invoice;
END $$;
COMMENT ON FUNCTION purchasing.locked_invoice IS 'The purchase invoice, locked; ER404 or ER409.';

CREATE OR REPLACE FUNCTION purchasing.write_invoice_lines(p_invoice bigint, p_supplier bigint, p_lines jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bad record;
  v_lines jsonb;
BEGIN
  IF jsonb_typeof(p_lines) IS DISTINCT FROM 'array' THEN
    PERFORM sec.fail('ER422', 'lines_missing');
  ELSIF jsonb_array_length(p_lines) > 10000 THEN
    PERFORM sec.fail('ER422', 'too_many_lines', jsonb_build_object('most', 10000));
  END IF;
  PERFORM api.require_length('description', x.description, 400), api.require_length('supplier_sku', x.supplier_sku, 60),
          api.require_length('unit_code', x.unit_code, 12), api.require_length('accept_reason', x.accept_reason, 200)
     FROM jsonb_to_recordset(p_lines) AS x (description text, supplier_sku text, unit_code text, accept_reason text);
  SELECT x.ord, CASE
           WHEN x.id IS NOT NULL AND l.id IS NULL THEN 'record_not_found'
           WHEN x.purchase_order_line_id IS NOT NULL AND o.id IS NULL THEN 'purchase_invoice_other_supplier'
           WHEN x.product_id IS NOT NULL AND p.id IS NULL THEN 'product_not_found'
           WHEN btrim(coalesce(x.description, '')) = '' THEN 'description_required'
           WHEN x.qty IS NULL OR round(x.qty, 6) = 0 OR abs(x.qty) >= 1e9 THEN 'purchase_invoice_line_qty'
           WHEN x.unit_price IS NULL OR x.unit_price < 0 OR x.unit_price >= 1e9 OR abs(x.net_amount) >= 1e11
             THEN 'purchase_line_price_not_negative'
           WHEN coalesce(x.tax_category, '') NOT IN ('S', 'Z', 'E', 'AE', 'K', 'G', 'O') OR x.tax_rate IS NULL
             OR x.tax_rate < 0 OR x.tax_rate >= 100 OR (x.tax_category = 'S') <> (round(x.tax_rate, 4) > 0)
             THEN 'purchase_invoice_line_tax' END AS problem
    INTO v_bad
    FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
           id bigint, purchase_order_line_id bigint, product_id bigint, description text, qty numeric, unit_price numeric,
           net_amount numeric, tax_category text, tax_rate numeric)) WITH ORDINALITY
         AS x (id, purchase_order_line_id, product_id, description, qty, unit_price, net_amount, tax_category, tax_rate, ord)
    LEFT JOIN purchasing.purchase_invoice_line l ON l.id = x.id AND l.purchase_invoice_id = p_invoice
    LEFT JOIN (purchasing.purchase_order_line ol JOIN purchasing.purchase_order o
                 ON o.id = ol.purchase_order_id AND o.supplier_id = p_supplier AND o.state <> 'draft')
      ON ol.id = x.purchase_order_line_id
    LEFT JOIN catalog.product p ON p.id = x.product_id
   ORDER BY problem NULLS LAST, x.ord LIMIT 1;
  IF v_bad.problem IS NOT NULL THEN
    PERFORM sec.fail(CASE WHEN v_bad.problem LIKE '%\_not\_found' THEN 'ER404' ELSE 'ER422' END, v_bad.problem,
                     jsonb_build_object('position', v_bad.ord, 'line', v_bad.ord, 'table', 'purchasing.purchase_invoice_line'));
  END IF;
  SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x."position"), '[]') INTO v_lines
    FROM (SELECT x.id, x.ord AS "position", x.purchase_order_line_id, coalesce(x.product_id, ol.product_id) AS product_id,
                 btrim(x.description) AS description, nullif(btrim(x.supplier_sku), '') AS supplier_sku,
                 nullif(btrim(x.unit_code), '') AS unit_code, round(x.qty, 6) AS qty, round(x.unit_price, 4) AS unit_price,
                 round(coalesce(x.net_amount, x.qty * x.unit_price), 2) AS net_amount, x.tax_category,
                 round(x.tax_rate, 4) AS tax_rate, nullif(btrim(x.accept_reason), '') AS accept_reason
            FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (
                   id bigint, purchase_order_line_id bigint, product_id bigint, description text, supplier_sku text,
                   unit_code text, qty numeric, unit_price numeric, net_amount numeric, tax_category text, tax_rate numeric,
                   accept_reason text)) WITH ORDINALITY
                 AS x (id, purchase_order_line_id, product_id, description, supplier_sku, unit_code, qty, unit_price,
                       net_amount, tax_category, tax_rate, accept_reason, ord)
            LEFT JOIN purchasing.purchase_order_line ol ON ol.id = x.purchase_order_line_id) x;
  DELETE FROM purchasing.purchase_invoice_line l
   WHERE l.purchase_invoice_id = p_invoice
     AND l.id NOT IN (SELECT x.id FROM jsonb_to_recordset(v_lines) AS x (id bigint) WHERE x.id IS NOT NULL);
  UPDATE purchasing.purchase_invoice_line l
     SET position = n.position, purchase_order_line_id = n.purchase_order_line_id, product_id = n.product_id,
         description = n.description, supplier_sku = n.supplier_sku, unit_code = n.unit_code, qty = n.qty,
         unit_price = n.unit_price, net_amount = n.net_amount, tax_category = n.tax_category, tax_rate = n.tax_rate,
         accept_reason = n.accept_reason
    FROM jsonb_populate_recordset(NULL::purchasing.purchase_invoice_line, v_lines) n
   WHERE l.id = n.id AND l.purchase_invoice_id = p_invoice
     AND to_jsonb(l) - 'purchase_invoice_id' IS DISTINCT FROM to_jsonb(n) - 'purchase_invoice_id';
  INSERT INTO purchasing.purchase_invoice_line (purchase_invoice_id, position, purchase_order_line_id, product_id, description,
                                                supplier_sku, unit_code, qty, unit_price, net_amount, tax_category, tax_rate,
                                                accept_reason)
  SELECT p_invoice, n.position, n.purchase_order_line_id, n.product_id, n.description, n.supplier_sku, n.unit_code, n.qty,
         n.unit_price, n.net_amount, n.tax_category, n.tax_rate, n.accept_reason
    FROM jsonb_populate_recordset(NULL::purchasing.purchase_invoice_line, v_lines) n
   WHERE n.id IS NULL ORDER BY n.position;
END $$;
COMMENT ON FUNCTION purchasing.write_invoice_lines IS
  'Make the lines of a draft equal to the given ones: those with an id change, those without are new, the others go.';

CREATE OR REPLACE FUNCTION purchasing.write_invoice_taxes(p_invoice bigint, p_stated numeric, p_rate numeric) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rest numeric;
BEGIN
  DELETE FROM purchasing.purchase_invoice_tax t WHERE t.purchase_invoice_id = p_invoice;
  INSERT INTO purchasing.purchase_invoice_tax (purchase_invoice_id, tax_category, tax_rate, net_amount, tax_amount)
  SELECT p_invoice, l.tax_category, l.tax_rate, sum(l.net_amount), round(sum(l.net_amount) * l.tax_rate / 100, 2)
    FROM purchasing.purchase_invoice_line l WHERE l.purchase_invoice_id = p_invoice GROUP BY l.tax_category, l.tax_rate;
  -- Suppliers who round on each line come out a few cents beside: the tax on the paper is the tax that is deducted.
  SELECT p_stated - sum(t.net_amount + t.tax_amount) INTO v_rest
    FROM purchasing.purchase_invoice_tax t WHERE t.purchase_invoice_id = p_invoice;
  IF abs(v_rest) BETWEEN 0.01 AND 0.05 THEN
    UPDATE purchasing.purchase_invoice_tax t SET tax_amount = t.tax_amount + v_rest
     WHERE t.id = (SELECT x.id FROM purchasing.purchase_invoice_tax x
                    WHERE x.purchase_invoice_id = p_invoice AND x.tax_category = 'S' ORDER BY abs(x.net_amount) DESC, x.id LIMIT 1);
  END IF;
  PERFORM purchasing.own_taxes(p_invoice, p_rate);
END $$;
COMMENT ON FUNCTION purchasing.write_invoice_taxes IS
  'Tax of a draft per category and rate; up to five cents between its sum and the one on the paper are rounding of the supplier''s.';

CREATE OR REPLACE FUNCTION api.purchase_invoice_save(
  p_command uuid, p_id bigint, p_row_version integer, p_header jsonb, p_lines jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_invoice purchasing.purchase_invoice%ROWTYPE;
  v_before purchasing.purchase_invoice%ROWTYPE;
  v_free text[] := '{kind,corrects_id,supplier_id,received_id,invoice_number,order_reference,currency,exchange_rate,invoice_date,supply_date,'
    'due_date,discount_pct,discount_date,stated_gross,accept_reason,remark}';
  v_received purchasing.received%ROWTYPE;
BEGIN
  PERFORM sec.require('purchase_invoice_save');
  v_replay := api.command_begin(p_command, 'purchase_invoice_save', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'header', p_header, 'lines', p_lines));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM api.require_length('invoice_number', p_header ->> 'invoice_number', 60),
          api.require_length('order_reference', p_header ->> 'order_reference', 60),
          api.require_length('accept_reason', p_header ->> 'accept_reason', 200),
          api.require_length('remark', p_header ->> 'remark', 2000);
  IF p_id IS NOT NULL THEN
    v_invoice := purchasing.locked_invoice(p_id, p_row_version);
    PERFORM sales.require_state('purchase_invoice_not_draft', v_invoice.state, 'draft');
  ELSE
    v_invoice.kind := 'invoice';
    v_invoice.currency := 'EUR';
    v_invoice.discount_pct := 0;
  END IF;
  v_before := v_invoice;
  IF coalesce(p_header ->> 'kind', v_invoice.kind) NOT IN ('invoice', 'credit') THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_kind_known');
  ELSIF coalesce(p_header ->> 'currency', v_invoice.currency) !~ '^[A-Z]{3}$' THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_currency');
  END IF;
  SELECT * INTO v_invoice FROM jsonb_populate_record(v_invoice, (
    SELECT coalesce(jsonb_object_agg(h.key, CASE WHEN jsonb_typeof(h.value) <> 'string' THEN h.value
                                                 WHEN btrim(h.value #>> '{}') = '' THEN 'null'
                                                 ELSE to_jsonb(btrim(h.value #>> '{}')) END), '{}')
      FROM jsonb_each(p_header) h WHERE h.key = ANY (v_free)));
  v_invoice.due_date := coalesce(v_invoice.due_date, v_invoice.invoice_date);
  v_invoice.discount_pct := coalesce(v_invoice.discount_pct, 0);
  PERFORM purchasing.require_supplier(v_invoice.supplier_id);
  v_invoice.kind := coalesce(v_invoice.kind, 'invoice');
  v_invoice.currency := coalesce(v_invoice.currency, 'EUR');
  IF v_invoice.invoice_number IS NULL THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_number_missing');
  ELSIF v_invoice.invoice_date IS NULL OR v_invoice.invoice_date NOT BETWEEN system.today() - 1100 AND system.today() + 31 THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_date_out_of_range', jsonb_build_object('date', v_invoice.invoice_date));
  ELSIF v_invoice.due_date < v_invoice.invoice_date OR v_invoice.discount_date < v_invoice.invoice_date THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_due');
  ELSIF v_invoice.discount_pct NOT BETWEEN 0 AND 99 OR (v_invoice.discount_pct > 0) <> (v_invoice.discount_date IS NOT NULL) THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_discount');
  ELSIF v_invoice.corrects_id IS NOT NULL AND (v_invoice.kind <> 'credit' OR NOT EXISTS (
          SELECT FROM purchasing.purchase_invoice c
           WHERE c.id = v_invoice.corrects_id AND c.supplier_id = v_invoice.supplier_id AND c.kind = 'invoice')) THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_corrects');
  END IF;
  v_invoice := purchasing.rated(v_invoice, v_before, p_header ? 'exchange_rate');
  IF v_invoice.received_id IS NOT NULL THEN
    SELECT * INTO v_received FROM purchasing.received r WHERE r.id = v_invoice.received_id FOR UPDATE;
    IF NOT FOUND THEN
      PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'purchasing.received'));
    ELSIF v_received.kind = 'other' OR v_received.state = 'refused' THEN
      PERFORM sec.fail('ER422', 'received_not_usable', jsonb_build_object('name', v_received.file_name));
    END IF;
  END IF;
  IF p_id IS NULL THEN
    INSERT INTO purchasing.purchase_invoice (kind, supplier_id, received_id, invoice_number, currency, invoice_date, due_date)
    VALUES (v_invoice.kind, v_invoice.supplier_id, v_invoice.received_id, v_invoice.invoice_number, v_invoice.currency,
            v_invoice.invoice_date, v_invoice.due_date)
    RETURNING id INTO v_invoice.id;
  END IF;
  IF p_lines IS NOT NULL THEN
    PERFORM purchasing.write_invoice_lines(v_invoice.id, v_invoice.supplier_id, p_lines);
  ELSIF EXISTS (SELECT FROM purchasing.purchase_invoice_line l JOIN purchasing.purchase_order_line ol ON ol.id = l.purchase_order_line_id
                  JOIN purchasing.purchase_order o ON o.id = ol.purchase_order_id
                 WHERE l.purchase_invoice_id = v_invoice.id AND o.supplier_id <> v_invoice.supplier_id) THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_other_supplier', jsonb_build_object('position', 1));
  END IF;
  PERFORM purchasing.write_invoice_taxes(v_invoice.id, v_invoice.stated_gross, CASE
    WHEN v_invoice.exchange_date IS NOT NULL OR NOT purchasing.is_foreign(v_invoice.currency) THEN v_invoice.exchange_rate END);
  UPDATE purchasing.purchase_invoice i
     SET kind = v_invoice.kind, corrects_id = v_invoice.corrects_id, supplier_id = v_invoice.supplier_id,
         received_id = v_invoice.received_id, invoice_number = v_invoice.invoice_number,
         order_reference = v_invoice.order_reference, currency = v_invoice.currency, exchange_rate = v_invoice.exchange_rate,
         exchange_date = v_invoice.exchange_date, invoice_date = v_invoice.invoice_date,
         supply_date = v_invoice.supply_date, due_date = v_invoice.due_date, discount_pct = v_invoice.discount_pct,
         discount_date = v_invoice.discount_date, stated_gross = v_invoice.stated_gross, accept_reason = v_invoice.accept_reason,
         remark = v_invoice.remark, net_amount = s.net, tax_amount = s.tax, gross_amount = s.net + s.tax,
         own_net_amount = s.own_net, own_tax_amount = s.own_tax, own_gross_amount = s.own_net + s.own_tax
    FROM (SELECT coalesce(sum(t.net_amount), 0) AS net, coalesce(sum(t.tax_amount), 0) AS tax,
                 coalesce(sum(t.own_net_amount), 0) AS own_net, coalesce(sum(t.own_tax_amount), 0) AS own_tax
            FROM purchasing.purchase_invoice_tax t WHERE t.purchase_invoice_id = v_invoice.id) s
   WHERE i.id = v_invoice.id
  RETURNING i.row_version INTO v_invoice.row_version;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_invoice.id, 'row_version', v_invoice.row_version));
END $$;
COMMENT ON FUNCTION api.purchase_invoice_save IS
  'Create (p_id NULL) or change the draft of a supplier''s invoice. Header: kind (invoice, credit), supplier_id, corrects_id, '
  'received_id, invoice_number, order_reference, currency, exchange_rate (left out: that of the invoice''s day), invoice_date, '
  'supply_date, due_date, discount_pct, discount_date, stated_gross, accept_reason, remark, only what is named changes. Lines (NULL: as they are) are all in their order: id, '
  'purchase_order_line_id, product_id, description, supplier_sku, unit_code, qty, unit_price, net_amount (NULL: qty times price), '
  'tax_category, tax_rate, accept_reason.';

CREATE OR REPLACE FUNCTION purchasing.invoice_findings(p_id bigint)
RETURNS TABLE (code text, line_position integer, params jsonb, accepted text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH i AS (SELECT * FROM purchasing.purchase_invoice x WHERE x.id = p_id),
       limits AS (SELECT * FROM purchasing.tolerance x WHERE x.id = 1),
       matched AS (
         SELECT l.position, l.qty, l.net_amount, l.accept_reason, o.currency, o.number,
                coalesce(ol.confirmed_price, ol.unit_price) AS agreed,
                greatest(ol.qty_received - ol.qty_returned, 0) AS came, ol.qty_invoiced AS before,
                sum(l.qty) OVER (PARTITION BY ol.id) AS asked
           FROM purchasing.purchase_invoice_line l
           JOIN purchasing.purchase_order_line ol ON ol.id = l.purchase_order_line_id
           JOIN purchasing.purchase_order o ON o.id = ol.purchase_order_id
          WHERE l.purchase_invoice_id = p_id)
  SELECT 'qty_not_received', m.position, jsonb_build_object('qty', trim_scale(m.asked), 'open', trim_scale(greatest(m.came - m.before, 0))),
         m.accept_reason
    FROM matched m, limits k
   WHERE m.qty > 0 AND m.asked + m.before > m.came * (1 + k.qty_pct / 100)
  UNION ALL
  SELECT 'price_differs', m.position, jsonb_build_object('price', round(m.net_amount / m.qty, 4), 'agreed', m.agreed), m.accept_reason
    FROM matched m, limits k
   WHERE m.currency = (SELECT i.currency FROM i)
     AND abs(m.net_amount / m.qty - m.agreed) > m.agreed * k.price_pct / 100 + 0.005 / abs(m.qty)
  UNION ALL
  SELECT 'currency_differs', m.position, jsonb_build_object('currency', m.currency, 'number', m.number), m.accept_reason
    FROM matched m, i WHERE m.currency <> i.currency
  UNION ALL
  SELECT 'without_order', NULL, jsonb_build_object('n', count(*)), i.accept_reason
    FROM i JOIN purchasing.purchase_invoice_line l ON l.purchase_invoice_id = i.id
   WHERE l.purchase_order_line_id IS NULL GROUP BY i.accept_reason
  UNION ALL
  SELECT 'maybe_twice', NULL, jsonb_build_object('number', x.invoice_number, 'date', x.invoice_date), i.accept_reason
    FROM i JOIN purchasing.purchase_invoice x
      ON x.supplier_id = i.supplier_id AND x.id <> i.id AND x.kind = i.kind AND x.state <> 'cancelled'
     AND x.gross_amount = i.gross_amount AND x.currency = i.currency AND abs(x.invoice_date - i.invoice_date) <= 14
   -- What is matched with an order is found twice by its quantity.
   WHERE i.gross_amount <> 0 AND EXISTS (SELECT FROM purchasing.purchase_invoice_line l
                                          WHERE l.purchase_invoice_id = i.id AND l.purchase_order_line_id IS NULL)
  UNION ALL
  SELECT 'account_unknown', NULL, jsonb_build_object('account', r.facts ->> 'account'), i.accept_reason
    FROM i JOIN purchasing.received r ON r.id = i.received_id
   WHERE r.facts ->> 'account' <> ''
     AND EXISTS (SELECT FROM partners.bank_account a WHERE a.partner_id = i.supplier_id AND a.is_active)
     AND NOT EXISTS (SELECT FROM partners.bank_account a
                      WHERE a.partner_id = i.supplier_id AND a.is_active AND a.country || a.last4 = r.facts ->> 'account')
  UNION ALL
  -- Input tax is deductible only from invoices to one's own company (§ 15 (1) no. 1, § 14 (4) no. 1 UStG).
  SELECT 'addressed_elsewhere', NULL, jsonb_build_object('vat_id', r.facts ->> 'buyer_vat_id'), i.accept_reason
    FROM i JOIN purchasing.received r ON r.id = i.received_id
   CROSS JOIN LATERAL (SELECT upper(regexp_replace(c.vat_id, '\s', '', 'g')) AS vat_id FROM system.company c) c
   WHERE r.facts ->> 'buyer_vat_id' <> '' AND c.vat_id <> '' AND r.facts ->> 'buyer_vat_id' <> c.vat_id
  UNION ALL
  SELECT 'original_invalid', NULL, jsonb_build_object('n', count(*)), i.accept_reason
    FROM i JOIN purchasing.received r ON r.id = i.received_id CROSS JOIN jsonb_array_elements(r.findings) f
   WHERE f ->> 'severity' = 'error' AND r.kind <> 'pdf' GROUP BY i.accept_reason
$$;
COMMENT ON FUNCTION purchasing.invoice_findings IS
  'What of an invoice does not agree with orders, receipts and what is known, per line or (NULL) of the whole, and why it is accepted.';

CREATE OR REPLACE FUNCTION api.purchase_invoice_findings(p_id bigint)
RETURNS TABLE (code text, line_position integer, params jsonb, accepted text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('purchase_invoice_findings');
  -- Once entered, what was found then is what counts.
  RETURN QUERY
    SELECT f.* FROM purchasing.invoice_findings(p_id) f
     WHERE EXISTS (SELECT FROM purchasing.purchase_invoice i WHERE i.id = p_id AND i.state = 'draft')
    UNION ALL
    SELECT f.code, f.line_position, f.params, f.accepted
      FROM purchasing.purchase_invoice i
     CROSS JOIN jsonb_to_recordset(i.findings) AS f (code text, line_position integer, params jsonb, accepted text)
     WHERE i.id = p_id AND i.state <> 'draft';
END $$;
COMMENT ON FUNCTION api.purchase_invoice_findings IS 'What of an invoice does not agree: of a draft as of now, else as of when it was entered.';

CREATE OR REPLACE FUNCTION purchasing.count_invoiced(p_invoice bigint, p_sign integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM purchasing.purchase_order o
    WHERE o.id IN (SELECT ol.purchase_order_id FROM purchasing.purchase_invoice_line l
                     JOIN purchasing.purchase_order_line ol ON ol.id = l.purchase_order_line_id
                    WHERE l.purchase_invoice_id = p_invoice) ORDER BY o.id FOR UPDATE;
  UPDATE purchasing.purchase_order_line ol SET qty_invoiced = ol.qty_invoiced + p_sign * s.qty
    FROM (SELECT l.purchase_order_line_id, sum(l.qty) AS qty FROM purchasing.purchase_invoice_line l
           WHERE l.purchase_invoice_id = p_invoice AND l.purchase_order_line_id IS NOT NULL GROUP BY 1) s
   WHERE ol.id = s.purchase_order_line_id;
END $$;
COMMENT ON FUNCTION purchasing.count_invoiced IS 'Count (1) or uncount (-1) what an invoice asks for on the lines of its orders.';

CREATE OR REPLACE FUNCTION purchasing.keep_original(p_invoice bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_file record;
BEGIN
  SELECT r.file_name, c.bytes, CASE r.kind WHEN 'xml' THEN 'xml' ELSE 'pdf' END AS format, s.language INTO v_file
    FROM purchasing.purchase_invoice i
    JOIN purchasing.received r ON r.id = i.received_id
    JOIN documents.content c ON c.id = r.content_id
    JOIN partners.partner s ON s.id = i.supplier_id
   WHERE i.id = p_invoice;
  IF FOUND THEN
    PERFORM documents.archive('received_invoice', p_invoice, v_file.language,
                              regexp_replace(left(v_file.file_name, 170), '\.(pdf|xml)$', '', 'i') || '.' || v_file.format,
                              v_file.format, v_file.bytes, NULL);
  END IF;
END $$;
COMMENT ON FUNCTION purchasing.keep_original IS 'Put the received file of an entered invoice into the archive.';

CREATE OR REPLACE FUNCTION api.purchase_invoice_enter(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_invoice purchasing.purchase_invoice%ROWTYPE;
  v_findings jsonb;
  v_open integer;
  v_request bigint;
  v_own record;
BEGIN
  PERFORM sec.require('purchase_invoice_enter');
  v_replay := api.command_begin(p_command, 'purchase_invoice_enter', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_invoice := purchasing.locked_invoice(p_id, p_row_version);
  PERFORM sales.require_state('purchase_invoice_not_draft', v_invoice.state, 'draft');
  PERFORM purchasing.require_supplier(v_invoice.supplier_id);
  IF NOT EXISTS (SELECT FROM purchasing.purchase_invoice_line l WHERE l.purchase_invoice_id = p_id) THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_has_no_lines', jsonb_build_object('id', p_id));
  ELSIF v_invoice.stated_gross IS NULL THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_sum_missing');
  ELSIF v_invoice.stated_gross <> v_invoice.gross_amount THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_sum_differs', jsonb_build_object(
      'stated', v_invoice.stated_gross, 'found', v_invoice.gross_amount));
  ELSIF v_invoice.kind = 'credit' AND v_invoice.gross_amount >= 0 OR v_invoice.kind = 'invoice' AND v_invoice.gross_amount < 0 THEN
    PERFORM sec.fail('ER422', CASE v_invoice.kind WHEN 'credit' THEN 'purchase_credit_sign' ELSE 'purchase_invoice_sign' END);
  END IF;
  IF purchasing.is_foreign(v_invoice.currency) AND v_invoice.exchange_date IS NULL THEN
    v_invoice.exchange_rate := sales.require_rate(v_invoice.currency, v_invoice.invoice_date);
    v_invoice.exchange_date := v_invoice.invoice_date;
    PERFORM purchasing.own_taxes(p_id, v_invoice.exchange_rate);
  END IF;
  SELECT sum(t.own_net_amount) AS net, sum(t.own_tax_amount) AS tax INTO v_own
    FROM purchasing.purchase_invoice_tax t WHERE t.purchase_invoice_id = p_id;
  -- The orders are locked before it is looked at what of them is invoiced.
  PERFORM purchasing.count_invoiced(p_id, 0);
  SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.line_position NULLS FIRST, f.code), '[]'),
         count(*) FILTER (WHERE f.accepted IS NULL)
    INTO v_findings, v_open FROM purchasing.invoice_findings(p_id) f;
  IF v_open > 0 THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_findings_open', jsonb_build_object('n', v_open, 'id', p_id));
  END IF;
  PERFORM purchasing.count_invoiced(p_id, 1);
  UPDATE purchasing.purchase_invoice i
     SET state = 'entered', entered_at = statement_timestamp(), entered_by = session_user, findings = v_findings,
         approved_at = NULL, approved_by = NULL, snapshot = purchasing.snapshot(i.supplier_id, NULL, NULL),
         exchange_rate = v_invoice.exchange_rate, exchange_date = v_invoice.exchange_date, own_net_amount = v_own.net,
         own_tax_amount = v_own.tax, own_gross_amount = v_own.net + v_own.tax,
         number = coalesce(i.number, system.next_number('purchase_invoice'))
   WHERE i.id = p_id RETURNING * INTO v_invoice;
  PERFORM purchasing.keep_original(p_id);
  v_request := system.approval_open('purchase_invoice', 'purchasing.purchase_invoice', p_id, jsonb_build_object(
    'name', concat_ws(' · ', v_invoice.snapshot #>> '{supplier,name}', v_invoice.invoice_number), 'author', session_user,
    'fields', jsonb_build_array(
      jsonb_build_object('key', 'invoice_number', 'kind', 'text', 'after', v_invoice.invoice_number),
      jsonb_build_object('key', 'invoice_date', 'kind', 'date', 'after', v_invoice.invoice_date),
      jsonb_build_object('key', 'due_date', 'kind', 'date', 'after', v_invoice.due_date),
      -- Whoever approves compares in the house's own currency.
      jsonb_build_object('key', 'net_amount', 'kind', 'money', 'after', v_invoice.own_net_amount),
      jsonb_build_object('key', 'invoice_gross', 'kind', 'money', 'after', v_invoice.own_gross_amount),
      jsonb_build_object('key', 'findings', 'kind', 'text', 'after', nullif(jsonb_array_length(v_findings), 0)))
    || CASE WHEN v_invoice.exchange_date IS NULL THEN '[]' ELSE jsonb_build_array(
         jsonb_build_object('key', 'invoice_foreign', 'kind', 'text', 'after', concat_ws(' ', v_invoice.currency, v_invoice.gross_amount)),
         jsonb_build_object('key', 'exchange_rate', 'kind', 'qty', 'after', v_invoice.exchange_rate)) END),
    jsonb_build_object('row_version', v_invoice.row_version),
    concat_ws(' · ', v_invoice.number, v_invoice.invoice_number, v_invoice.accept_reason));
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'number', v_invoice.number, 'row_version', v_invoice.row_version, 'request_id', v_request));
END $$;
COMMENT ON FUNCTION api.purchase_invoice_enter IS
  'Enter a draft: sums agree, every difference has its reason, the original is in the archive; somebody else is asked to approve it.';

CREATE OR REPLACE FUNCTION purchasing.apply_purchase_invoice(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
  v_voter text;
BEGIN
  SELECT r.record_id, v.voter INTO v_id, v_voter
    FROM system.approval_request r JOIN system.approval_vote v ON v.request_id = r.id
   WHERE r.id = p_request AND v.decision = 'approve' ORDER BY v.id DESC LIMIT 1;
  PERFORM accounting.require_open(system.today());
  UPDATE purchasing.purchase_invoice i
     SET state = CASE WHEN i.gross_amount = 0 THEN 'paid' ELSE 'approved' END, approved_at = statement_timestamp(),
         approved_by = v_voter, posting_date = system.today()
   WHERE i.id = v_id AND i.state = 'entered';
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_not_entered', jsonb_build_object('id', v_id));
  END IF;
END $$;
COMMENT ON FUNCTION purchasing.apply_purchase_invoice IS 'An approved invoice is posted today and may be paid.';

CREATE OR REPLACE FUNCTION purchasing.dismiss_purchase_invoice(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  SELECT i.id INTO v_id FROM purchasing.purchase_invoice i
    JOIN system.approval_request r ON r.record_id = i.id
   WHERE r.id = p_request AND i.state = 'entered' FOR UPDATE OF i;
  IF FOUND THEN
    PERFORM purchasing.count_invoiced(v_id, -1);
    UPDATE purchasing.purchase_invoice i SET state = 'draft' WHERE i.id = v_id;
  END IF;
END $$;
COMMENT ON FUNCTION purchasing.dismiss_purchase_invoice IS 'An invoice nobody approved is a draft again, under its number.';
