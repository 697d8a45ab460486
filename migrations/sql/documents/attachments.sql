-- Files beside records: who may read the record reads them, who may change or issue it lays them there.

CREATE OR REPLACE FUNCTION documents.attach_place(p_topic text, p_record_id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_table regclass := system.note_table(p_topic, 'SELECT');
  v_scoped boolean;
  v_found boolean;
  v_warehouse bigint;
  v_record jsonb := jsonb_build_object('table', p_topic, 'id', p_record_id);
BEGIN
  IF v_table IS NULL OR split_part(p_topic, '.', 1) IN ('sec', 'audit', 'api', 'documents', 'system', 'legacy', 'printing', 'mail') THEN
    PERFORM sec.fail('ER404', 'record_not_found', v_record);
  END IF;
  IF NOT (sec.is_superuser() OR sec.may(p_topic || ':select')) THEN
    PERFORM sec.fail('ER403', p_topic || ':select', jsonb_build_object('right', p_topic || ':select'));
  ELSIF NOT (sec.is_superuser() OR sec.may(p_topic || ':update') OR sec.may(p_topic || ':insert')
             OR EXISTS (SELECT FROM documents.kind k WHERE k.topic = p_topic AND sec.may(k.issue_right))) THEN
    PERFORM sec.fail('ER403', p_topic || ':update', jsonb_build_object('right', p_topic || ':update'));
  END IF;
  v_scoped := EXISTS (SELECT FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = v_table AND a.attname = 'warehouse_id' AND NOT a.attisdropped);
  -- The record stays until the file is committed.
  EXECUTE format('SELECT true, %s FROM %s t WHERE t.id = $1 FOR KEY SHARE',
                 CASE WHEN v_scoped THEN 't.warehouse_id' ELSE 'NULL::bigint' END, v_table)
     INTO v_found, v_warehouse USING p_record_id;
  IF v_found IS NULL OR (v_warehouse IS NOT NULL AND v_warehouse <> ALL (sec.my_warehouses())) THEN
    PERFORM sec.fail('ER404', 'record_not_found', v_record);
  END IF;
  RETURN v_warehouse;
END $$;
COMMENT ON FUNCTION documents.attach_place IS
  'The warehouse of a record (none for most) the person may see and lay files beside; refuses otherwise and keeps the record from being discarded.';

CREATE OR REPLACE FUNCTION documents.attach_version(
  p_attachment bigint, p_version int, p_mime text, p_content bytea, p_comment text, p_words text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_most int := coalesce((SELECT h.attachment_mb FROM documents.house h), 25);
  v_content bigint;
  v_sha256 text;
  v_size int;
BEGIN
  IF octet_length(p_content) > v_most * 1024 * 1024 THEN
    PERFORM sec.fail('ER422', 'attachment_too_large', jsonb_build_object('mb', v_most));
  END IF;
  v_content := documents.store(p_content, p_mime);
  SELECT c.sha256, c.size INTO v_sha256, v_size FROM documents.content c WHERE c.id = v_content;
  PERFORM documents.note_words(v_content, p_words);
  INSERT INTO documents.attachment_version (attachment_id, version, content_id, sha256, size, comment)
  VALUES (p_attachment, p_version, v_content, v_sha256, v_size, coalesce(btrim(p_comment), ''));
  RETURN jsonb_build_object('id', p_attachment, 'version', p_version, 'content_id', v_content, 'sha256', v_sha256);
END $$;
COMMENT ON FUNCTION documents.attach_version IS 'Write one version of an attachment, its bytes kept once.';

CREATE OR REPLACE FUNCTION documents.attachment_for(p_id bigint, p_row_version int) RETURNS documents.attachment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_file documents.attachment;
  v_record jsonb := jsonb_build_object('table', 'documents.attachment', 'id', p_id);
BEGIN
  SELECT a.* INTO v_file FROM documents.attachment a WHERE a.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', v_record);
  END IF;
  PERFORM documents.attach_place(v_file.topic, v_file.record_id);
  IF v_file.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', v_record || jsonb_build_object('row_version', v_file.row_version));
  ELSIF v_file.state = 'removed' THEN
    PERFORM sec.fail('ER422', 'attachment_removed', v_record);
  END IF;
  RETURN v_file;
END $$;
COMMENT ON FUNCTION documents.attachment_for IS 'An attachment the person may change, locked.';

CREATE OR REPLACE FUNCTION api.attachment_add(
  p_command uuid, p_topic text, p_record_id bigint, p_name text, p_mime text, p_content bytea,
  p_comment text DEFAULT '', p_words text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_warehouse bigint;
  v_id bigint;
BEGIN
  PERFORM sec.require('attachment_add');
  PERFORM api.require_length('comment', p_comment, 400);
  v_replay := api.command_begin(p_command, 'attachment_add', jsonb_build_object('topic', p_topic, 'id', p_record_id,
    'name', p_name, 'mime', p_mime, 'sha256', encode(sha256(p_content), 'hex'), 'comment', p_comment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_warehouse := documents.attach_place(p_topic, p_record_id);
  INSERT INTO documents.attachment AS a (topic, record_id, warehouse_id, name)
  VALUES (p_topic, p_record_id, v_warehouse, p_name)
  ON CONFLICT (topic, record_id, lower(name)) WHERE state = 'current' DO NOTHING
  RETURNING a.id INTO v_id;
  IF v_id IS NULL THEN
    PERFORM sec.fail('ER422', 'attachment_name_taken', jsonb_build_object('name', p_name));
  END IF;
  RETURN api.command_end(p_command, documents.attach_version(v_id, 1, p_mime, p_content, p_comment, p_words));
END $$;
COMMENT ON FUNCTION api.attachment_add IS 'Lay a file beside a record; its bytes are kept once, however many records have it.';

CREATE OR REPLACE FUNCTION api.attachment_replace(
  p_command uuid, p_id bigint, p_row_version int, p_mime text, p_content bytea,
  p_comment text DEFAULT '', p_words text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_file documents.attachment;
  v_sha256 text := encode(sha256(p_content), 'hex');
BEGIN
  PERFORM sec.require('attachment_replace');
  PERFORM api.require_length('comment', p_comment, 400);
  v_replay := api.command_begin(p_command, 'attachment_replace', jsonb_build_object('id', p_id,
    'row_version', p_row_version, 'mime', p_mime, 'sha256', v_sha256, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_file := documents.attachment_for(p_id, p_row_version);
  PERFORM FROM documents.attachment_version v
    WHERE v.attachment_id = p_id AND v.version = v_file.version AND v.sha256 = v_sha256;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'attachment_unchanged', jsonb_build_object('name', v_file.name));
  END IF;
  UPDATE documents.attachment a SET version = a.version + 1 WHERE a.id = p_id;
  RETURN api.command_end(p_command,
    documents.attach_version(p_id, v_file.version + 1, p_mime, p_content, p_comment, p_words));
END $$;
COMMENT ON FUNCTION api.attachment_replace IS 'Lay a new version over an attachment; the one before is kept.';

CREATE OR REPLACE FUNCTION api.attachment_rename(p_command uuid, p_id bigint, p_row_version int, p_name text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
BEGIN
  PERFORM sec.require('attachment_rename');
  v_replay := api.command_begin(p_command, 'attachment_rename',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'name', p_name));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM documents.attachment_for(p_id, p_row_version);
  UPDATE documents.attachment a SET name = p_name WHERE a.id = p_id;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'name', p_name));
END $$;
COMMENT ON FUNCTION api.attachment_rename IS 'Give an attachment another name.';

CREATE OR REPLACE FUNCTION api.attachment_remove(p_command uuid, p_id bigint, p_row_version int, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
BEGIN
  PERFORM sec.require('attachment_remove');
  PERFORM api.require_length('reason', p_reason, 400);
  v_replay := api.command_begin(p_command, 'attachment_remove',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM documents.attachment_for(p_id, p_row_version);
  IF p_reason IS NULL OR btrim(p_reason) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  UPDATE documents.attachment a SET state = 'removed', removed_reason = btrim(p_reason) WHERE a.id = p_id;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id));
END $$;
COMMENT ON FUNCTION api.attachment_remove IS 'Take an attachment off its record, with a reason; its versions are kept.';

CREATE OR REPLACE FUNCTION documents.attachments_without_record() RETURNS TABLE (topic text, record_id bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_topic text;
  v_table regclass;
BEGIN
  FOR v_topic IN SELECT DISTINCT a.topic FROM documents.attachment a LOOP
    v_table := system.note_table(v_topic, 'SELECT');
    RETURN QUERY EXECUTE format('SELECT a.topic, a.record_id FROM documents.attachment a WHERE a.topic = $1 %s',
      CASE WHEN v_table IS NULL THEN ''
           ELSE format('AND NOT EXISTS (SELECT FROM %s t WHERE t.id = a.record_id)', v_table) END) USING v_topic;
  END LOOP;
END $$;
COMMENT ON FUNCTION documents.attachments_without_record IS
  'Attachments of nothing, for the check of consistency; nobody but an administrator of the server calls it.';
