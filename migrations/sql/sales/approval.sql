-- Discounts above one's limit: asked for on a draft, decided by somebody else whose limit covers it.

CREATE OR REPLACE FUNCTION sales.asked_discount(p_type text, p_id bigint)
RETURNS TABLE (pct numeric, line_position integer, state text, created_by text)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_type = 'quote' THEN
    RETURN QUERY
      SELECT j.effective_pct, j.line_position, q.state::text, q.created_by
        FROM sales.quote q
        LEFT JOIN LATERAL (SELECT * FROM sales.judged_lines('quote', q.id, q.price_list_id, q.quote_date, q.customer_id) x
                            ORDER BY x.effective_pct DESC NULLS LAST LIMIT 1) j ON true
       WHERE q.id = p_id;
  ELSE
    RETURN QUERY
      SELECT j.effective_pct, j.line_position, o.state::text, o.created_by
        FROM sales.sales_order o
        LEFT JOIN sales.quote q ON q.id = o.quote_id AND o.order_date BETWEEN q.quote_date AND q.valid_until
        LEFT JOIN LATERAL (SELECT * FROM sales.judged_lines('sales_order', o.id, o.price_list_id,
                                                            coalesce(q.quote_date, o.order_date), o.customer_id) x
                            ORDER BY x.effective_pct DESC NULLS LAST LIMIT 1) j ON true
       WHERE o.id = p_id;
  END IF;
END $$;
COMMENT ON FUNCTION sales.asked_discount IS 'The highest effective discount of a draft, where it stands, and whose draft it is.';

CREATE OR REPLACE FUNCTION api.discount_approval_request(
  p_command uuid, p_document_type text, p_document_id bigint, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_asked record;
  v_limit numeric := sec.my_limit('discount_pct');
  v_id bigint;
BEGIN
  PERFORM sec.require('discount_approval_request');
  PERFORM api.require_length('reason', p_reason, 400);
  v_replay := api.command_begin(p_command, 'discount_approval_request', jsonb_build_object(
    'type', p_document_type, 'id', p_document_id, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  IF p_document_type = 'quote' THEN
    PERFORM FROM sales.quote q WHERE q.id = p_document_id FOR NO KEY UPDATE;
  ELSIF p_document_type = 'sales_order' THEN
    PERFORM FROM sales.sales_order o WHERE o.id = p_document_id FOR NO KEY UPDATE;
  END IF;
  SELECT * INTO v_asked FROM sales.asked_discount(p_document_type, p_document_id);
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', p_document_type, 'id', p_document_id));
  ELSIF v_asked.state <> 'draft' THEN
    PERFORM sec.fail('ER422', p_document_type || '_not_draft', jsonb_build_object('state', v_asked.state));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  ELSIF coalesce(v_asked.pct, 0) <= v_limit THEN
    PERFORM sec.fail('ER422', 'approval_not_needed',
                     jsonb_build_object('limit', trim_scale(v_limit), 'pct', trim_scale(v_asked.pct)));
  ELSIF EXISTS (SELECT FROM sales.discount_approval a WHERE a.document_type = p_document_type
                   AND a.document_id = p_document_id AND a.state = 'requested') THEN
    PERFORM sec.fail('ER422', 'approval_already_requested', jsonb_build_object('id', p_document_id));
  END IF;
  INSERT INTO sales.discount_approval (document_type, document_id, discount_pct, reason)
  VALUES (p_document_type, p_document_id, v_asked.pct, btrim(p_reason)) RETURNING id INTO v_id;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'row_version', 1, 'pct', v_asked.pct, 'limit', v_limit, 'position', v_asked.line_position));
END $$;
COMMENT ON FUNCTION api.discount_approval_request IS 'Ask for the discount of a draft that is above one''s own limit.';

CREATE OR REPLACE FUNCTION api.discount_approval_decide(
  p_command uuid, p_id bigint, p_row_version integer, p_approve boolean, p_comment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_asked sales.discount_approval%ROWTYPE;
  v_limit numeric := sec.my_limit('discount_pct');
BEGIN
  PERFORM sec.require('discount_approval_decide');
  PERFORM api.require_length('comment', p_comment, 400);
  v_replay := api.command_begin(p_command, 'discount_approval_decide', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'approve', p_approve, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_asked FROM sales.discount_approval a WHERE a.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sales.discount_approval', 'id', p_id));
  ELSIF v_asked.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_asked.row_version));
  END IF;
  PERFORM sales.require_state('approval_already_decided', v_asked.state, 'requested');
  IF session_user = v_asked.requested_by OR session_user = (
    SELECT d.created_by FROM sales.asked_discount(v_asked.document_type, v_asked.document_id) d) THEN
    PERFORM sec.fail('ER403', 'approver_is_somebody_else', jsonb_build_object('id', p_id));
  ELSIF p_approve IS NULL THEN
    PERFORM sec.fail('ER422', 'decision_missing');
  ELSIF p_approve AND v_asked.discount_pct > v_limit THEN
    PERFORM sec.fail('ER403', 'discount_limit',
                     jsonb_build_object('limit', trim_scale(v_limit), 'pct', trim_scale(v_asked.discount_pct)));
  END IF;
  UPDATE sales.discount_approval a
     SET state = CASE WHEN p_approve THEN 'approved' ELSE 'rejected' END, decided_by = session_user,
         decided_at = statement_timestamp(), comment = nullif(btrim(p_comment), '')
   WHERE a.id = p_id RETURNING * INTO v_asked;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'row_version', v_asked.row_version, 'state', v_asked.state, 'document_type', v_asked.document_type,
    'document_id', v_asked.document_id));
END $$;
COMMENT ON FUNCTION api.discount_approval_decide IS
  'Approve or reject a request: not one''s own, not for one''s own draft, and only up to one''s own limit.';
