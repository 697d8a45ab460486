-- What came in: the file itself, what the program read out of it, and what became of it.

CREATE OR REPLACE FUNCTION purchasing.guess_supplier(p_facts jsonb) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- The surest mark first. A mark that fits several suppliers says nothing.
  SELECT min(c.id)
    FROM (
      SELECT s.id, 1 AS rank FROM partners.partner s
       WHERE s.is_supplier AND s.vat_id = nullif(regexp_replace(p_facts #>> '{seller,vat_id}', '\s', '', 'g'), '')
      UNION ALL
      SELECT o.supplier_id, 2 FROM purchasing.purchase_order o WHERE o.number = upper(btrim(p_facts ->> 'order'))
      UNION ALL
      SELECT s.id, 3 FROM partners.partner s
       WHERE s.is_supplier AND s.electronic_address IN (p_facts #>> '{seller,endpoint}', p_facts #>> '{seller,gln}')
      UNION ALL
      SELECT s.id, 4 FROM partners.partner s
       WHERE s.is_supplier AND s.search_key = lower(btrim(p_facts #>> '{seller,name}'))
      UNION ALL
      SELECT a.partner_id, 5 FROM partners.bank_account a JOIN partners.partner s ON s.id = a.partner_id AND s.is_supplier
       WHERE a.is_active AND a.country || a.last4 = p_facts ->> 'account') c
   GROUP BY c.rank HAVING count(DISTINCT c.id) = 1 ORDER BY c.rank LIMIT 1
$$;
COMMENT ON FUNCTION purchasing.guess_supplier IS
  'Whose invoice it seems to be: by VAT id, our order number, electronic address or GLN, name, last digits of the account; NULL when unsure.';

CREATE OR REPLACE FUNCTION api.received_store(
  p_command uuid, p_source text, p_sender text, p_file_name text, p_kind text, p_content bytea, p_words text, p_facts jsonb,
  p_findings jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_sha256 text := encode(sha256(p_content), 'hex');
  v_content bigint;
  v_known purchasing.received%ROWTYPE;
BEGIN
  PERFORM sec.require('received_store');
  PERFORM api.require_length('sender', p_sender, 254), api.require_length('file_name', p_file_name, 180);
  v_replay := api.command_begin(p_command, 'received_store', jsonb_build_object(
    'source', p_source, 'sender', p_sender, 'file_name', p_file_name, 'sha256', v_sha256));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  IF p_source IS NULL OR p_source NOT IN ('file', 'drop', 'mail') THEN
    PERFORM sec.fail('ER422', 'received_source_known');
  ELSIF p_kind IS NULL OR p_kind NOT IN ('zugferd', 'xml', 'pdf', 'other') THEN
    PERFORM sec.fail('ER422', 'received_kind_known');
  ELSIF p_file_name IS NULL OR p_file_name !~ '^[^/\\[:cntrl:]]+$' THEN
    PERFORM sec.fail('ER422', 'document_file_name');
  ELSIF jsonb_typeof(p_facts) IS DISTINCT FROM 'object' OR jsonb_typeof(p_findings) IS DISTINCT FROM 'array'
        OR octet_length(p_facts::text) > 4000000 OR octet_length(p_findings::text) > 1000000
        -- Lists sort by it: one word in place of the amount would break them for everybody.
        OR p_facts ->> 'payable' !~ '^[-+]?\d{1,60}(\.\d{0,60})?([eE][-+]?\d{1,2})?$' THEN
    PERFORM sec.fail('ER422', 'received_facts_form');
  END IF;
  v_content := documents.store(p_content, CASE p_kind WHEN 'xml' THEN 'application/xml' WHEN 'other' THEN 'application/octet-stream'
                                                      ELSE 'application/pdf' END);
  PERFORM documents.note_words(v_content, p_words);
  INSERT INTO purchasing.received (content_id, sha256, source, sender, file_name, kind, facts, findings, supplier_id)
  VALUES (v_content, v_sha256, p_source, nullif(btrim(p_sender), ''), btrim(p_file_name), p_kind, p_facts, p_findings,
          purchasing.guess_supplier(p_facts))
  ON CONFLICT (sha256) DO NOTHING RETURNING * INTO v_known;
  IF v_known.id IS NOT NULL THEN
    RETURN api.command_end(p_command, jsonb_build_object(
      'id', v_known.id, 'row_version', v_known.row_version, 'known', false, 'supplier_id', v_known.supplier_id));
  END IF;
  -- The same file again: what was refused waits anew, everything else stays as it is.
  UPDATE purchasing.received r SET state = 'new', refuse_reason = NULL WHERE r.sha256 = v_sha256 AND r.state = 'refused';
  SELECT * INTO v_known FROM purchasing.received r WHERE r.sha256 = v_sha256;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', v_known.id, 'row_version', v_known.row_version, 'known', true, 'supplier_id', v_known.supplier_id));
END $$;
COMMENT ON FUNCTION api.received_store IS
  'Keep a file that came in (source file, drop or mail) with what was read out of it; the same bytes again are the same record (known).';

CREATE OR REPLACE FUNCTION api.received_refuse(p_command uuid, p_id bigint, p_row_version integer, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_received purchasing.received%ROWTYPE;
BEGIN
  PERFORM sec.require('received_refuse');
  PERFORM api.require_length('reason', p_reason, 200);
  v_replay := api.command_begin(p_command, 'received_refuse', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_received FROM purchasing.received r WHERE r.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'purchasing.received', 'id', p_id));
  ELSIF v_received.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_received.row_version));
  ELSIF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  PERFORM sales.require_state('received_not_new', v_received.state, 'new');
  UPDATE purchasing.received r SET state = 'refused', refuse_reason = btrim(p_reason) WHERE r.id = p_id
  RETURNING r.row_version INTO v_received.row_version;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_received.row_version));
END $$;
COMMENT ON FUNCTION api.received_refuse IS 'This file becomes no purchase invoice; the reason stays with it.';

CREATE OR REPLACE FUNCTION api.received_content(p_id bigint) RETURNS TABLE (file_name text, mime text, content bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('received_content');
  RETURN QUERY
    SELECT r.file_name::text, c.mime::text, c.bytes FROM purchasing.received r JOIN documents.content c ON c.id = r.content_id
     WHERE r.id = p_id;
END $$;
COMMENT ON FUNCTION api.received_content IS 'The received file itself.';
