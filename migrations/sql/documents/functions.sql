-- The archive of issued documents.

CREATE OR REPLACE FUNCTION api.document_archive(
  p_command uuid, p_document_type text, p_document_id bigint, p_language text, p_file_name text, p_content bytea)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_record jsonb := jsonb_build_object('document_type', p_document_type, 'document_id', p_document_id);
  v_sha256 text := encode(sha256(p_content), 'hex');
  v_mine bigint[] := sec.my_warehouses();
  v_number text;
  v_issued boolean;
  v_warehouse bigint;
  v_id bigint;
BEGIN
  PERFORM sec.require('document_archive');
  -- Only who may issue the record may say what its paper looks like.
  CASE p_document_type
    WHEN 'quote' THEN PERFORM sec.require('quote_issue');
    WHEN 'sales_order' THEN PERFORM sec.require('sales_order_confirm');
    WHEN 'delivery' THEN PERFORM sec.require('delivery_ship');
    WHEN 'invoice' THEN PERFORM sec.require('invoice_post');
    ELSE PERFORM sec.fail('ER422', 'document_type_known', v_record);
  END CASE;
  v_replay := api.command_begin(p_command, 'document_archive',
    v_record || jsonb_build_object('language', p_language, 'file_name', p_file_name, 'sha256', v_sha256));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  CASE p_document_type
    WHEN 'quote' THEN
      SELECT q.number, q.warehouse_id, q.state <> 'draft' INTO v_number, v_warehouse, v_issued
        FROM sales.quote q WHERE q.id = p_document_id AND q.warehouse_id = ANY (v_mine);
    WHEN 'sales_order' THEN
      SELECT o.number, o.warehouse_id, o.state IN ('confirmed', 'completed') INTO v_number, v_warehouse, v_issued
        FROM sales.sales_order o WHERE o.id = p_document_id AND o.warehouse_id = ANY (v_mine);
    WHEN 'delivery' THEN
      SELECT d.number, d.warehouse_id, d.state = 'shipped' INTO v_number, v_warehouse, v_issued
        FROM sales.delivery d WHERE d.id = p_document_id AND d.warehouse_id = ANY (v_mine);
    WHEN 'invoice' THEN
      SELECT i.number, o.warehouse_id, true INTO v_number, v_warehouse, v_issued
        FROM sales.invoice i JOIN sales.sales_order o ON o.id = i.sales_order_id
       WHERE i.id = p_document_id AND o.warehouse_id = ANY (v_mine);
  END CASE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', v_record);
  ELSIF v_number IS NULL OR NOT v_issued THEN
    PERFORM sec.fail('ER422', 'document_not_issued', v_record);
  ELSIF p_content IS NULL OR substring(p_content FROM 1 FOR 5) <> '\x255044462d'::bytea THEN  -- %PDF-
    PERFORM sec.fail('ER422', 'document_not_pdf', v_record);
  ELSIF octet_length(p_content) > 20971520 THEN
    PERFORM sec.fail('ER422', 'document_size', v_record);
  ELSIF p_file_name IS NULL OR p_file_name !~ '^[^/\\[:cntrl:]]{1,180}\.pdf$' THEN
    PERFORM sec.fail('ER422', 'document_file_name', v_record);
  ELSIF p_language IS NULL OR p_language NOT IN ('de', 'en') THEN
    PERFORM sec.fail('ER422', 'document_language', v_record);
  END IF;
  INSERT INTO documents.issued AS a (document_type, document_id, warehouse_id, number, language, file_name, content, sha256)
  VALUES (p_document_type, p_document_id, v_warehouse, v_number, p_language, p_file_name, p_content, v_sha256)
  ON CONFLICT (document_type, document_id) DO NOTHING
  RETURNING a.id INTO v_id;
  IF v_id IS NULL THEN
    -- The same bytes again are no new document; other bytes would be a second truth.
    SELECT a.id INTO v_id FROM documents.issued a
     WHERE a.document_type = p_document_type AND a.document_id = p_document_id AND a.sha256 = v_sha256;
    IF NOT FOUND THEN
      PERFORM sec.fail('ER422', 'document_archived_once', v_record || jsonb_build_object('number', v_number));
    END IF;
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_id, 'number', v_number, 'sha256', v_sha256));
END $$;
COMMENT ON FUNCTION api.document_archive IS
  'Keep the PDF of an issued record, once and for good; the number is the record''s own.';
