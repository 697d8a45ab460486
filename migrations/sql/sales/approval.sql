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
  v_subject jsonb;
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
  ELSIF coalesce(v_asked.pct, 0) <= v_limit THEN
    PERFORM sec.fail('ER422', 'approval_not_needed',
                     jsonb_build_object('limit', trim_scale(v_limit), 'pct', trim_scale(v_asked.pct)));
  END IF;
  SELECT jsonb_build_object(
           'name', c.name, 'author', v_asked.created_by, 'amount', v_asked.pct,
           'fields', jsonb_build_array(
             jsonb_build_object('key', 'discount', 'kind', 'percent', 'after', v_asked.pct),
             jsonb_build_object('key', 'discount_limit', 'kind', 'percent', 'after', v_limit),
             jsonb_build_object('key', 'position', 'kind', 'text', 'after', v_asked.line_position),
             jsonb_build_object('key', 'net_amount', 'kind', 'money', 'after', d.net_amount)))
    INTO v_subject
    FROM (SELECT q.customer_id, q.net_amount FROM sales.quote q WHERE p_document_type = 'quote' AND q.id = p_document_id
          UNION ALL
          SELECT o.customer_id, o.net_amount FROM sales.sales_order o
           WHERE p_document_type = 'sales_order' AND o.id = p_document_id) d
    JOIN partners.partner c ON c.id = d.customer_id;
  v_id := system.approval_open('discount', 'sales.' || p_document_type, p_document_id, v_subject, '{}', p_reason);
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_id, 'row_version', 1, 'pct', v_asked.pct, 'limit', v_limit, 'position', v_asked.line_position));
END $$;
COMMENT ON FUNCTION api.discount_approval_request IS
  'Ask for the discount of a draft that is above one''s own limit: an approval of the kind discount, given up to the percentage asked for.';
