-- Files, kept once each, and the archive of issued documents.

CREATE OR REPLACE FUNCTION documents.store(p_bytes bytea, p_mime text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
  v_sha256 text := encode(sha256(p_bytes), 'hex');
BEGIN
  IF coalesce(octet_length(p_bytes), 0) = 0 THEN
    PERFORM sec.fail('ER422', 'content_empty');
  ELSIF octet_length(p_bytes) > 52428800 THEN
    PERFORM sec.fail('ER422', 'content_size', jsonb_build_object('mb', 50));
  END IF;
  LOOP
    SELECT c.id INTO v_id FROM documents.content c WHERE c.sha256 = v_sha256 FOR KEY SHARE;
    EXIT WHEN FOUND;
    INSERT INTO documents.content (sha256, size, mime, bytes)
    VALUES (v_sha256, octet_length(p_bytes), coalesce(p_mime, 'application/octet-stream'), p_bytes)
    ON CONFLICT (sha256) DO NOTHING RETURNING id INTO v_id;
    EXIT WHEN v_id IS NOT NULL;
  END LOOP;
  RETURN v_id;
END $$;
COMMENT ON FUNCTION documents.store IS 'The file with these bytes, kept now if it was not yet; locked against deletion until the commit.';

CREATE OR REPLACE FUNCTION documents.note_words(p_content bigint, p_words text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_words IS NOT NULL AND p_words <> '' THEN
    INSERT INTO documents.content_text (content_id, words)
    VALUES (p_content, to_tsvector('pg_catalog.simple', left(p_words, 200000)))
    ON CONFLICT (content_id) DO NOTHING;
  END IF;
END $$;
COMMENT ON FUNCTION documents.note_words IS 'Words of a file for the search, unless it has some.';

CREATE OR REPLACE FUNCTION documents.forget(p_contents bigint[]) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_content bigint;
  v_gone int := 0;
BEGIN
  FOR v_content IN SELECT DISTINCT c.id FROM unnest(p_contents) c (id) ORDER BY 1 LOOP
    BEGIN
      DELETE FROM documents.content c WHERE c.id = v_content;
      v_gone := v_gone + 1;
    EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
      NULL;  -- somebody else refers to it
    END;
  END LOOP;
  RETURN v_gone;
END $$;
COMMENT ON FUNCTION documents.forget IS 'Delete those of these files nothing refers to any more.';

CREATE OR REPLACE FUNCTION documents.mime_of(p_format text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE p_format WHEN 'pdf' THEN 'application/pdf' WHEN 'xml' THEN 'application/xml' WHEN 'zip' THEN 'application/zip'
                       WHEN 'csv' THEN 'text/csv' END
$$;
COMMENT ON FUNCTION documents.mime_of IS 'The media type of an archived format.';

CREATE OR REPLACE FUNCTION documents.archive(
  p_kind text, p_record_id bigint, p_language text, p_file_name text, p_format text, p_bytes bytea, p_words text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kind documents.kind;
  v_paper record;
  v_record jsonb := jsonb_build_object('kind', p_kind, 'id', p_record_id);
  v_sha256 text := encode(sha256(p_bytes), 'hex');
  v_content bigint;
  v_id bigint;
BEGIN
  SELECT k.* INTO v_kind FROM documents.kind k WHERE k.code = p_kind;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'document_kind_known', v_record);
  END IF;
  IF to_regprocedure(v_kind.facts || '(text,bigint)') IS NULL THEN
    PERFORM sec.fail('ER422', 'document_kind_unused', v_record);
  END IF;
  EXECUTE format('SELECT f.number, f.warehouse_id, f.partner_id, f.recipient, f.dated, f.issued FROM %s($1, $2) f', v_kind.facts)
     INTO v_paper USING p_kind, p_record_id;
  IF v_paper.issued IS NULL OR (v_paper.warehouse_id IS NOT NULL AND v_paper.warehouse_id <> ALL (sec.my_warehouses())) THEN
    PERFORM sec.fail('ER404', 'record_not_found', v_record || jsonb_build_object('table', v_kind.topic));
  ELSIF v_paper.number IS NULL OR NOT v_paper.issued THEN
    PERFORM sec.fail('ER422', 'document_not_issued', v_record);
  ELSIF p_format IS NULL OR documents.mime_of(p_format) IS NULL THEN
    PERFORM sec.fail('ER422', 'document_format', v_record);
  ELSIF p_bytes IS NULL OR (p_format = 'pdf' AND position('\x255044462d'::bytea IN substring(p_bytes FROM 1 FOR 1024)) = 0)  -- %PDF-, as readers look for it
        OR (p_format = 'zip' AND substring(p_bytes FROM 1 FOR 2) <> '\x504b'::bytea) THEN
    PERFORM sec.fail('ER422', CASE p_format WHEN 'pdf' THEN 'document_not_pdf' ELSE 'document_format' END, v_record);
  ELSIF p_file_name IS NULL OR p_file_name !~ '^[^/\\[:cntrl:]]{1,180}$' OR lower(right(p_file_name, 4)) <> '.' || p_format THEN
    PERFORM sec.fail('ER422', 'document_file_name', v_record);
  ELSIF p_language IS NULL OR p_language NOT IN ('de', 'en') THEN
    PERFORM sec.fail('ER422', 'document_language', v_record);
  END IF;
  v_content := documents.store(p_bytes, documents.mime_of(p_format));
  PERFORM documents.note_words(v_content, p_words);
  -- The same bytes again are no new document.
  SELECT a.id INTO v_id FROM documents.issued a
   WHERE a.topic = v_kind.topic AND a.record_id = p_record_id AND a.kind = p_kind AND a.format = p_format
     AND a.sha256 = v_sha256 ORDER BY a.id DESC LIMIT 1;
  IF v_id IS NOT NULL THEN
    RETURN v_id;
  END IF;
  INSERT INTO documents.issued AS a
    (kind, topic, record_id, once, warehouse_id, partner_id, number, recipient, dated, language, format, file_name,
     content_id, sha256, size, retain_until)
  SELECT p_kind, v_kind.topic, p_record_id, v_kind.once, v_paper.warehouse_id, v_paper.partner_id, v_paper.number,
         coalesce(v_paper.recipient, ''), v_paper.dated, p_language, p_format, p_file_name, v_content, v_sha256,
         octet_length(p_bytes), make_date(extract(year FROM v_paper.dated)::int + r.years, 12, 31)
    FROM documents.retention r WHERE r.code = v_kind.retention
  ON CONFLICT (topic, record_id, format) WHERE once DO NOTHING
  RETURNING a.id INTO v_id;
  IF v_id IS NULL THEN
    -- Other bytes would be a second truth.
    PERFORM sec.fail('ER422', 'document_archived_once', v_record || jsonb_build_object('number', v_paper.number));
  END IF;
  RETURN v_id;
END $$;
COMMENT ON FUNCTION documents.archive IS
  'Keep one file of an issued record for good; the kind says which record it is about, and whether there may be several.';

CREATE OR REPLACE FUNCTION api.document_archive(
  p_command uuid, p_kind text, p_record_id bigint, p_language text, p_file_name text, p_content bytea,
  p_words text DEFAULT NULL, p_beside_name text DEFAULT NULL, p_beside bytea DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_right text;
  v_id bigint;
  v_beside bigint;
  v_record jsonb := jsonb_build_object('kind', p_kind, 'id', p_record_id);
BEGIN
  PERFORM sec.require('document_archive');
  SELECT k.issue_right INTO v_right FROM documents.kind k WHERE k.code = p_kind;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'document_kind_known', v_record);
  END IF;
  -- Only who may issue the record may say what its paper looks like.
  PERFORM sec.require(v_right);
  v_replay := api.command_begin(p_command, 'document_archive', v_record || jsonb_build_object(
    'language', p_language, 'file_name', p_file_name, 'sha256', encode(sha256(p_content), 'hex'),
    'beside_name', p_beside_name, 'beside', encode(sha256(p_beside), 'hex')));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_id := documents.archive(p_kind, p_record_id, p_language, p_file_name, lower(substring(p_file_name FROM '\.(\w{3})$')),
                            p_content, p_words);
  IF p_beside IS NOT NULL THEN
    v_beside := documents.archive(p_kind, p_record_id, p_language, p_beside_name,
                                  lower(substring(p_beside_name FROM '\.(\w{3})$')), p_beside, NULL);
  END IF;
  RETURN api.command_end(p_command, (
    SELECT jsonb_build_object('id', v_id, 'number', i.number, 'sha256', i.sha256, 'topic', i.topic,
                              'content_id', i.content_id, 'beside_id', v_beside)
      FROM documents.issued i WHERE i.id = v_id));
END $$;
COMMENT ON FUNCTION api.document_archive IS
  'Keep the file of an issued record, and the same in a second format, once and for good; the number is the record''s own.';

CREATE OR REPLACE FUNCTION api.document_purge(p_command uuid, p_until date, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_contents bigint[];
BEGIN
  PERFORM sec.require('document_purge');
  PERFORM api.require_length('reason', p_reason, 400);
  v_replay := api.command_begin(p_command, 'document_purge', jsonb_build_object('until', p_until, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_until IS NULL OR p_until >= system.today() THEN
    PERFORM sec.fail('ER422', 'purge_in_future', jsonb_build_object('until', p_until));
  ELSIF p_reason IS NULL OR length(btrim(p_reason)) < 3 THEN
    PERFORM sec.fail('ER422', 'purge_reason');
  END IF;
  WITH gone AS (DELETE FROM documents.issued i WHERE i.retain_until <= p_until RETURNING i.content_id)
  SELECT coalesce(array_agg(g.content_id), '{}') INTO v_contents FROM gone g;
  IF cardinality(v_contents) > 0 THEN
    PERFORM documents.forget(v_contents);
    INSERT INTO documents.purge (until, reason, documents) VALUES (p_until, btrim(p_reason), cardinality(v_contents));
  END IF;
  RETURN api.command_end(p_command, jsonb_build_object('documents', cardinality(v_contents)));
END $$;
COMMENT ON FUNCTION api.document_purge IS
  'Delete the documents whose time of retention was over on a day that is past; the trail and a row of documents.purge say so.';

CREATE OR REPLACE FUNCTION documents.search_documents(p_text text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_tables text[];
  v_mine bigint[];
  v_words tsquery;
BEGIN
  PERFORM sec.require('search_documents');
  v_tables := sec.my_tables();
  v_mine := sec.my_warehouses();
  -- Every word may be the beginning of one in the document.
  SELECT to_tsquery('pg_catalog.simple', string_agg('''' || w.word || ''':*', ' & ')) INTO v_words
    FROM regexp_split_to_table(translate(lower(left(p_text, 500)), '''\', '  '), '\s+') AS w (word) WHERE w.word <> '';
  RETURN ARRAY(
    SELECT i.id FROM documents.issued i JOIN documents.content_text t ON t.content_id = i.content_id
     WHERE t.words @@ v_words AND i.topic = ANY (v_tables)
       AND (i.warehouse_id IS NULL OR i.warehouse_id = ANY (v_mine)));
END $$;
COMMENT ON FUNCTION documents.search_documents IS
  'Archived documents whose text has all these words, or words beginning like them, as far as the person may see them.';
