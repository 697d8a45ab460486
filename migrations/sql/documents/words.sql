-- Words of documents that came into the archive before anybody read them, for the search.

CREATE OR REPLACE FUNCTION documents.unread_documents(p_after bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('document_words');
  RETURN ARRAY(
    SELECT i.id FROM documents.issued i
     WHERE i.id > p_after AND i.format = 'pdf' AND i.topic = ANY (sec.my_tables())
       AND (i.warehouse_id IS NULL OR i.warehouse_id = ANY (sec.my_warehouses()))
       AND NOT EXISTS (SELECT FROM documents.content_text t WHERE t.content_id = i.content_id)
     ORDER BY i.id LIMIT 200);
END $$;
COMMENT ON FUNCTION documents.unread_documents IS
  'The next documents the person may see whose words the search does not know yet, at most 200.';

CREATE OR REPLACE FUNCTION api.document_words(p_command uuid, p_id bigint, p_words text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_content bigint;
BEGIN
  PERFORM sec.require('document_words');
  PERFORM api.require_length('words', p_words, 1000000);
  v_replay := api.command_begin(p_command, 'document_words', jsonb_build_object('id', p_id));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  SELECT i.content_id INTO v_content FROM documents.issued i
   WHERE i.id = p_id AND i.topic = ANY (sec.my_tables())
     AND (i.warehouse_id IS NULL OR i.warehouse_id = ANY (sec.my_warehouses()));
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'documents.issued', 'id', p_id));
  END IF;
  -- A document without a word is not asked again.
  PERFORM documents.note_words(v_content, coalesce(nullif(btrim(p_words), ''), '-'));
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id));
END $$;
COMMENT ON FUNCTION api.document_words IS 'Words of an archived document for the search, unless it has some.';
