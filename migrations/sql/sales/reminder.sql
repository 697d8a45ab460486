-- Reminders: which invoices are due for which level, what may be asked for, sending, taking back, holding back.
GRANT USAGE ON SEQUENCE sales.reminder_id_seq TO erp_api;

CREATE OR REPLACE FUNCTION sales.interest(p_amount numeric, p_after date, p_until date, p_points numeric) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- The base rate changes twice a year: each of its periods counts with its own days.
  SELECT coalesce(round(sum(p_amount * greatest(r.rate + p_points, 0) / 100 / 365
                            * (least(p_until, r.valid_to) - greatest(p_after, r.valid_from - 1))), 2), 0)
    FROM (SELECT b.valid_from, b.rate,
                 coalesce(lead(b.valid_from) OVER (ORDER BY b.valid_from) - 1, 'infinity'::date) AS valid_to
            FROM sales.base_rate b) r
   WHERE r.valid_from <= p_until AND r.valid_to > p_after
$$;
COMMENT ON FUNCTION sales.interest IS
  'Interest on arrears for the days after one day up to another: so many percentage points above the base rate, 365 days a year.';

CREATE OR REPLACE FUNCTION sales.reminder_candidates(p_customer bigint, p_on date)
RETURNS TABLE (invoice_id bigint, number text, kind text, customer_id bigint, is_business boolean, currency text, rate numeric,
               invoice_date date, due_date date, days integer, amount numeric, paid numeric, open numeric, level integer, reminded_on date,
               pay_until date, next_level integer, next_on date, hold_id bigint, hold_reason text, hold_until date,
               default_since date, interest numeric, interest_pct numeric, flat numeric, is_due boolean)
LANGUAGE sql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH o AS (
    SELECT i.*, c.kind = 'b2b' AS business, i.gross_amount - i.prepaid_amount AS asked,
           i.gross_amount - i.prepaid_amount - i.credited_amount - i.paid_amount - i.discount_taken AS left_open,
           s.level AS reached, s.first_on, s.last_on, s.last_until
      FROM sales.invoice i
      JOIN partners.partner c ON c.id = i.customer_id
      LEFT JOIN LATERAL (
        SELECT max(t.level) AS level, min(r.reminder_date) AS first_on, max(r.reminder_date) AS last_on,
               max(r.pay_until) AS last_until
          FROM sales.reminder_item t JOIN sales.reminder r ON r.id = t.reminder_id
         WHERE t.invoice_id = i.id AND r.state = 'issued') s ON true
     WHERE i.state = 'open' AND i.kind NOT IN ('correction', 'cancellation')
       AND (p_customer IS NULL OR i.customer_id = p_customer)),
  d AS (
    -- In default (§ 286 BGB): with the first reminder, a business 30 days after the due date at the latest.
    SELECT o.*, least(o.first_on, CASE WHEN o.business THEN o.due_date + 30 END) AS late_since, n.level AS coming,
           n.with_interest, n.flat_amount,
           CASE WHEN n.level IS NOT NULL THEN greatest(o.due_date + n.days, o.last_until + 1, o.due_date + 1) END AS coming_on
      FROM o LEFT JOIN sales.reminder_rule n ON n.level = coalesce(o.reached, 0) + 1),
  p AS (SELECT (SELECT b.rate FROM sales.base_rate b WHERE b.valid_from <= p_on ORDER BY b.valid_from DESC LIMIT 1) AS rate,
               coalesce((SELECT c.currency FROM system.company c), 'EUR') AS own)
  SELECT d.id, d.number::text, d.kind::text, d.customer_id, d.business, d.currency::text, x.rate, d.invoice_date, d.due_date,
         greatest(p_on - d.due_date, 0), d.asked, d.asked - d.left_open, d.left_open, coalesce(d.reached, 0), d.last_on, d.last_until,
         d.coming, d.coming_on, h.id, h.reason::text, h.until,
         CASE WHEN d.late_since < p_on THEN d.late_since END,
         CASE WHEN d.with_interest AND d.late_since < p_on
              THEN sales.interest(d.left_open, d.late_since, p_on, CASE WHEN d.business THEN 9 ELSE 5 END) ELSE 0 END,
         greatest(p.rate + CASE WHEN d.business THEN 9 ELSE 5 END, 0),
         CASE WHEN d.business AND d.late_since < p_on THEN round(coalesce(d.flat_amount, 0) * x.rate, 2) ELSE 0 END,
         coalesce(d.coming_on <= p_on AND h.id IS NULL, false)
    FROM d CROSS JOIN p
   -- What the law and the house ask for in euros comes at the rate of the day; while none is known, at the invoice's.
   CROSS JOIN LATERAL (SELECT CASE WHEN d.currency = p.own THEN 1
                                   ELSE coalesce(sales.rate_on(d.currency, p_on), d.exchange_rate) END AS rate) x
    LEFT JOIN LATERAL (
      SELECT x.id, x.reason, x.until FROM sales.reminder_hold x
       WHERE x.customer_id = d.customer_id AND (x.invoice_id IS NULL OR x.invoice_id = d.id)
         AND x.lifted_at IS NULL AND (x.until IS NULL OR x.until >= p_on)
       ORDER BY x.invoice_id NULLS LAST LIMIT 1) h ON true
$$;
COMMENT ON FUNCTION sales.reminder_candidates IS
  'Open invoices of a customer (NULL: of all): how far they were reminded, what comes next and when, what holds it back, and what default allows to ask for; all in the currency of the invoice, of which "rate" is worth one of the house''s own.';

CREATE OR REPLACE FUNCTION sales.reminder_sums(p_customer bigint, p_invoices bigint[], p_on date)
RETURNS TABLE (id bigint, customer_id bigint, currency text, level integer, items integer, days integer, open numeric, interest numeric,
               interest_pct numeric, flat numeric, fee numeric, total numeric, pay_until date)
LANGUAGE sql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.id, g.customer_id, g.currency, g.level, g.items, g.days, g.open, g.interest, CASE WHEN g.interest > 0 THEN g.pct END, g.flat, f.fee,
         g.open + g.interest + g.flat + f.fee, p_on + r.pay_days
    FROM (SELECT min(c.invoice_id) AS id, c.customer_id, c.currency, max(c.rate) AS rate, max(c.next_level) AS level, count(*)::int AS items, max(c.days) AS days, sum(c.open) AS open,
                 sum(c.interest) AS interest, max(c.interest_pct) AS pct, sum(c.flat) AS flat, bool_or(c.is_business) AS business
            FROM sales.reminder_candidates(p_customer, p_on) c
           WHERE c.is_due AND (p_invoices IS NULL OR c.invoice_id = ANY (p_invoices))
           GROUP BY c.customer_id, c.currency) g
    JOIN sales.reminder_rule r ON r.level = g.level
   -- The lump sum is in place of a fee (§ 288 (5) sentence 3 BGB).
   CROSS JOIN LATERAL (SELECT CASE WHEN g.business AND g.flat > 0 THEN 0 ELSE round(r.fee * g.rate, 2) END AS fee) f
$$;
COMMENT ON FUNCTION sales.reminder_sums IS
  'What a reminder of the invoices that are due (of those named, if any are) asks for, per customer and currency; the id is that of its first invoice.';

CREATE OR REPLACE FUNCTION api.reminder_open_items(p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (invoice_id bigint, number text, kind text, customer_id bigint, customer_number text, customer text,
               currency text, invoice_date date, due_date date, days integer, amount numeric, open numeric, level integer, reminded_on date,
               next_level integer, next_on date, hold_id bigint, hold_version integer, hold_reason text, hold_until date,
               hold_invoice_id bigint, interest numeric, flat numeric, is_due boolean)
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('reminder_open_items');
  RETURN QUERY
    SELECT c.invoice_id, c.number, c.kind, c.customer_id, p.number::text, p.name::text, c.currency, c.invoice_date, c.due_date, c.days,
           c.amount, c.open, c.level, c.reminded_on, c.next_level, c.next_on, c.hold_id, h.row_version, c.hold_reason,
           c.hold_until, h.invoice_id, c.interest, c.flat, c.is_due
      FROM sales.reminder_candidates(p_customer_id, system.today()) c
      JOIN partners.partner p ON p.id = c.customer_id
      LEFT JOIN sales.reminder_hold h ON h.id = c.hold_id;
END $$;
COMMENT ON FUNCTION api.reminder_open_items IS 'Open invoices with how far they were reminded, what comes next, and what holds it back.';

CREATE OR REPLACE FUNCTION api.reminder_proposals()
RETURNS TABLE (id bigint, customer_id bigint, customer_number text, customer text, language text, currency text, level integer, items integer, days integer,
               open numeric, interest numeric, flat numeric, fee numeric, total numeric, pay_until date, credit numeric,
               invoices bigint[])
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('reminder_proposals');
  RETURN QUERY
    SELECT s.id, s.customer_id, p.number::text, p.name::text, p.language::text, s.currency, s.level, s.items, s.days, s.open, s.interest,
           s.flat, s.fee, s.total, s.pay_until,
           coalesce((SELECT -sum(k.gross_amount - k.prepaid_amount - k.credited_amount - k.paid_amount - k.discount_taken)
                       FROM sales.invoice k
                      WHERE k.customer_id = s.customer_id AND k.currency = s.currency AND k.kind = 'correction' AND k.state = 'open'), 0),
           ARRAY(SELECT c.invoice_id FROM sales.reminder_candidates(s.customer_id, system.today()) c
                  WHERE c.is_due AND c.currency = s.currency ORDER BY c.due_date, c.invoice_id)
      FROM sales.reminder_sums(NULL, NULL, system.today()) s
      JOIN partners.partner p ON p.id = s.customer_id;
END $$;
COMMENT ON FUNCTION api.reminder_proposals IS
  'What a reminder run would send today, per customer and currency; credit is what the house owes the customer for corrections.';

CREATE OR REPLACE FUNCTION api.reminder_issue(p_command uuid, p_customer_id bigint, p_invoice_ids bigint[], p_total numeric)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_ids bigint[] := ARRAY(SELECT DISTINCT x FROM unnest(p_invoice_ids) x ORDER BY x);
  v_today date := system.today();
  v_sums record;
  v_id bigint;
  v_reminder sales.reminder%ROWTYPE;
BEGIN
  PERFORM sec.require('reminder_issue');
  v_replay := api.command_begin(p_command, 'reminder_issue', jsonb_build_object(
    'customer', p_customer_id, 'invoices', to_jsonb(p_invoice_ids), 'total', p_total));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM FROM partners.partner c WHERE c.id = p_customer_id FOR NO KEY UPDATE;
  PERFORM FROM sales.invoice i WHERE i.id = ANY (v_ids) ORDER BY i.id FOR NO KEY UPDATE;
  SELECT * INTO v_sums FROM sales.reminder_sums(p_customer_id, v_ids, v_today);
  -- What somebody checked is what is sent: nothing paid, held back, reminded or added to since.
  IF v_ids = '{}' OR v_sums.items IS DISTINCT FROM cardinality(v_ids) OR v_sums.total IS DISTINCT FROM p_total THEN
    PERFORM sec.fail('ER422', 'reminder_changed', jsonb_build_object('total', v_sums.total));
  END IF;
  v_id := nextval('sales.reminder_id_seq');
  INSERT INTO sales.reminder_item (reminder_id, invoice_id, level, due_date, days, amount, paid_amount, open_amount,
                                   default_since, interest_amount, flat_amount)
  SELECT v_id, c.invoice_id, c.next_level, c.due_date, c.days, c.amount, c.paid, c.open, c.default_since, c.interest, c.flat
    FROM sales.reminder_candidates(p_customer_id, v_today) c WHERE c.invoice_id = ANY (v_ids) ORDER BY c.due_date, c.invoice_id;
  INSERT INTO sales.reminder (id, level, customer_id, currency, snapshot, reminder_date, pay_until, open_amount, interest_amount,
                              interest_pct, flat_amount, fee_amount, total_amount, number)
  OVERRIDING SYSTEM VALUE
  VALUES (v_id, v_sums.level, p_customer_id, v_sums.currency, sales.snapshot(p_customer_id, NULL, NULL, NULL), v_today, v_sums.pay_until,
          v_sums.open, v_sums.interest, v_sums.interest_pct, v_sums.flat, v_sums.fee, v_sums.total,
          system.next_number('reminder'))
  RETURNING * INTO v_reminder;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'number', v_reminder.number, 'row_version', v_reminder.row_version, 'level', v_reminder.level,
    'total_amount', v_reminder.total_amount, 'currency', v_reminder.currency, 'language', v_reminder.snapshot #>> '{customer,language}'));
END $$;
COMMENT ON FUNCTION api.reminder_issue IS
  'Send a reminder for these invoices of a customer, all of them in one currency and due for their next level, asking for what was shown.';

CREATE OR REPLACE FUNCTION api.reminder_cancel(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_reminder sales.reminder%ROWTYPE;
BEGIN
  PERFORM sec.require('reminder_cancel');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'reminder_cancel', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_reminder FROM sales.reminder r WHERE r.id = p_id;
  PERFORM FROM partners.partner c WHERE c.id = v_reminder.customer_id FOR NO KEY UPDATE;
  SELECT * INTO v_reminder FROM sales.reminder r WHERE r.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'reminder_not_found', jsonb_build_object('id', p_id));
  ELSIF v_reminder.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_reminder.row_version));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  PERFORM sales.require_state('reminder_not_issued', v_reminder.state, 'issued');
  IF EXISTS (SELECT FROM sales.reminder_item a JOIN sales.reminder_item b ON b.invoice_id = a.invoice_id
               JOIN sales.reminder r ON r.id = b.reminder_id
              WHERE a.reminder_id = p_id AND b.reminder_id > p_id AND r.state = 'issued') THEN
    PERFORM sec.fail('ER422', 'reminder_has_successor', jsonb_build_object('number', v_reminder.number));
  END IF;
  UPDATE sales.reminder r SET state = 'cancelled', cancel_reason = btrim(p_reason) WHERE r.id = p_id
  RETURNING * INTO v_reminder;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_reminder.row_version));
END $$;
COMMENT ON FUNCTION api.reminder_cancel IS 'Take a reminder back, unless a later one followed it; its invoices fall back a level.';

CREATE OR REPLACE FUNCTION api.reminder_hold(
  p_command uuid, p_customer_id bigint, p_invoice_id bigint, p_until date, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_hold sales.reminder_hold%ROWTYPE;
BEGIN
  PERFORM sec.require('reminder_hold');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'reminder_hold', jsonb_build_object(
    'customer', p_customer_id, 'invoice', p_invoice_id, 'until', p_until, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM FROM partners.partner c WHERE c.id = p_customer_id AND c.is_customer FOR NO KEY UPDATE;
  IF NOT FOUND OR p_invoice_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM sales.invoice i WHERE i.id = p_invoice_id AND i.customer_id = p_customer_id) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sales.invoice', 'id', p_invoice_id));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  ELSIF p_until < system.today() OR p_until > system.today() + 3650 THEN
    PERFORM sec.fail('ER422', 'reminder_hold_until', jsonb_build_object('date', system.today()));
  END IF;
  INSERT INTO sales.reminder_hold AS h (customer_id, invoice_id, until, reason)
  VALUES (p_customer_id, p_invoice_id, p_until, btrim(p_reason))
  ON CONFLICT (customer_id, coalesce(invoice_id, 0)) WHERE lifted_at IS NULL
  DO UPDATE SET until = excluded.until, reason = excluded.reason
  RETURNING * INTO v_hold;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_hold.id, 'row_version', v_hold.row_version));
END $$;
COMMENT ON FUNCTION api.reminder_hold IS 'No reminders for a customer, or for one invoice of his, until a day or until it is lifted; again: another day and reason.';

CREATE OR REPLACE FUNCTION api.reminder_hold_lift(p_command uuid, p_id bigint, p_row_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_hold sales.reminder_hold%ROWTYPE;
BEGIN
  PERFORM sec.require('reminder_hold_lift');
  v_replay := api.command_begin(p_command, 'reminder_hold_lift', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_hold FROM sales.reminder_hold h WHERE h.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sales.reminder_hold', 'id', p_id));
  ELSIF v_hold.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_hold.row_version));
  END IF;
  UPDATE sales.reminder_hold h SET lifted_at = statement_timestamp(), lifted_by = session_user
   WHERE h.id = p_id AND h.lifted_at IS NULL;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id));
END $$;
COMMENT ON FUNCTION api.reminder_hold_lift IS 'Reminders may be sent again.';

CREATE OR REPLACE FUNCTION sales.paper_of_reminder(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.number, NULL::bigint, r.customer_id, r.snapshot #>> '{customer,name}', r.reminder_date, r.state = 'issued'
    FROM sales.reminder r WHERE r.id = p_id
$$;
COMMENT ON FUNCTION sales.paper_of_reminder IS 'A reminder as the archive sees it.';
