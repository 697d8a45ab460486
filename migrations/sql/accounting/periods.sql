-- Months: closed by one person, opened again only by two.

CREATE OR REPLACE FUNCTION accounting.still_open(p_month date) RETURNS TABLE (severity text, code text, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH m AS (SELECT p_month AS first, (p_month + interval '1 month - 1 day')::date AS last)
  SELECT f.* FROM (
    SELECT 'error'::text AS severity, 'period_not_over'::text AS code, 1::bigint AS n FROM m WHERE m.last >= system.today()
    UNION ALL
    SELECT 'error', 'period_before_open', count(DISTINCT date_trunc('month', v.dated))
      FROM m, accounting.vouchers('2000-01-01', m.first - 1, NULL) v
     WHERE EXISTS (SELECT FROM accounting.period p WHERE p.month < m.first) AND NOT accounting.month_closed(v.dated)
    UNION ALL
    SELECT 'warning', 'period_not_exported', count(*) FROM m, accounting.vouchers(m.first, m.last, NULL) v
    UNION ALL
    SELECT 'warning', 'period_not_invoiced', count(*)
      FROM m, sales.delivery d WHERE d.invoice_state = 'none' AND sales.local_day(d.shipped_at) BETWEEN m.first AND m.last
    UNION ALL
    SELECT 'warning', 'period_purchase_drafts', count(*)
      FROM m, purchasing.purchase_invoice i WHERE i.state IN ('draft', 'entered') AND i.invoice_date BETWEEN m.first AND m.last) f
   WHERE f.n > 0
$$;
COMMENT ON FUNCTION accounting.still_open IS 'What of a month is still open: error keeps it from being closed, warning does not.';

CREATE OR REPLACE FUNCTION accounting.require_month(p_month date) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_month IS NULL OR extract(day FROM p_month) <> 1 OR p_month NOT BETWEEN '2000-01-01' AND '2999-12-01' THEN
    PERFORM sec.fail('ER422', 'period_first_day', '{}');
  END IF;
END $$;
COMMENT ON FUNCTION accounting.require_month IS 'Refuse what is not the first day of a month.';

CREATE OR REPLACE FUNCTION api.period_check(p_month date) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('period_check');
  PERFORM accounting.require_month(p_month);
  RETURN coalesce((SELECT jsonb_agg(to_jsonb(f) ORDER BY f.severity, f.code) FROM accounting.still_open(p_month) f), '[]');
END $$;
COMMENT ON FUNCTION api.period_check IS 'What is still open in a month: list of {severity: error or warning, code, n}.';

CREATE OR REPLACE FUNCTION api.period_close(p_command uuid, p_month date, p_accept boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_findings jsonb;
  v_period accounting.period%ROWTYPE;
BEGIN
  PERFORM sec.require('period_close');
  v_replay := api.command_begin(p_command, 'period_close', jsonb_build_object('month', p_month, 'accept', p_accept));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  PERFORM accounting.require_month(p_month);
  -- Postings that have begun end first; those that come later see the closed month.
  LOCK TABLE accounting.period IN EXCLUSIVE MODE;
  IF accounting.month_closed(p_month) THEN
    PERFORM sec.fail('ER422', 'period_already_closed', jsonb_build_object('month', to_char(p_month, 'YYYY-MM')));
  END IF;
  SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.severity, f.code), '[]') INTO v_findings FROM accounting.still_open(p_month) f;
  IF v_findings @> '[{"severity": "error"}]' THEN
    PERFORM sec.fail('ER422', v_findings #>> '{0,code}', jsonb_build_object('month', to_char(p_month, 'YYYY-MM')));
  ELSIF v_findings <> '[]' AND p_accept IS NOT TRUE THEN
    PERFORM sec.fail('ER422', 'period_has_open_items', jsonb_build_object('month', to_char(p_month, 'YYYY-MM')));
  END IF;
  INSERT INTO accounting.period AS p (month, state, findings, closed_at, closed_by)
  VALUES (p_month, 'closed', v_findings, statement_timestamp(), session_user)
  ON CONFLICT (month) DO UPDATE
     SET state = 'closed', findings = excluded.findings, closed_at = excluded.closed_at, closed_by = excluded.closed_by
  RETURNING * INTO v_period;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_period.id, 'month', v_period.month, 'row_version', v_period.row_version, 'findings', v_findings));
END $$;
COMMENT ON FUNCTION api.period_close IS
  'Close a month that is over: nothing is booked into it any more. With warnings only when they are accepted.';

CREATE OR REPLACE FUNCTION api.period_reopen_request(p_command uuid, p_month date, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_period accounting.period%ROWTYPE;
  v_id bigint;
BEGIN
  PERFORM sec.require('period_reopen_request');
  PERFORM api.require_length('reason', p_reason, 400);
  v_replay := api.command_begin(p_command, 'period_reopen_request', jsonb_build_object('month', p_month, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_period FROM accounting.period p WHERE p.month = p_month AND p.state = 'closed' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'period_not_closed', '{}');
  END IF;
  v_id := system.approval_open(
    'period_reopen', 'accounting.period', v_period.id,
    jsonb_build_object('name', to_char(v_period.month, 'YYYY-MM'), 'fields', jsonb_build_array(
      jsonb_build_object('key', 'period_month', 'kind', 'text', 'after', to_char(v_period.month, 'YYYY-MM')),
      jsonb_build_object('key', 'period_closed_by', 'kind', 'login', 'after', v_period.closed_by),
      jsonb_build_object('key', 'period_closed_at', 'kind', 'moment', 'after', v_period.closed_at))),
    jsonb_build_object('row_version', v_period.row_version), p_reason);
  RETURN api.command_end(p_command, jsonb_build_object('id', v_id, 'period_id', v_period.id));
END $$;
COMMENT ON FUNCTION api.period_reopen_request IS
  'Ask for a closed month to be opened again: an approval of the kind period_reopen, decided by another person.';

CREATE OR REPLACE FUNCTION accounting.apply_period_reopen(p_request bigint, p_payload jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_request system.approval_request%ROWTYPE;
BEGIN
  SELECT * INTO v_request FROM system.approval_request r WHERE r.id = p_request;
  UPDATE accounting.period p
     SET state = 'open', reopened_at = statement_timestamp(), reopened_by = v_request.requested_by, reopen_reason = v_request.reason
   WHERE p.id = v_request.record_id AND p.state = 'closed' AND p.row_version = (p_payload ->> 'row_version')::int;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'period_not_closed', '{}');
  END IF;
END $$;
COMMENT ON FUNCTION accounting.apply_period_reopen IS 'Open a month again, as it was asked for and allowed by somebody else.';
