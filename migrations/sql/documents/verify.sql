-- Whether the archive is what it was, looked at by the guard every night and by people when they want to know.

CREATE OR REPLACE FUNCTION audit.documents_come() RETURNS TABLE (row_id bigint, number text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.row_id, coalesce(e.new ->> 'number', '')
    FROM audit.entry e
   WHERE e.topic = 'documents.issued' AND e.table_name = 'documents.issued' AND e.op = 'I'
     AND NOT EXISTS (SELECT FROM audit.entry d
                      WHERE d.topic = 'documents.issued' AND d.record_id = e.record_id AND d.op = 'D')
   ORDER BY e.row_id
$$;
COMMENT ON FUNCTION audit.documents_come IS 'Documents the trail saw come into the archive and never saw go.';

CREATE OR REPLACE FUNCTION documents.verify_step() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_portion CONSTANT int := 500;
  v_run documents.verification;
  v_looked int;
  v_more int;
  v_issued bigint;
  v_version bigint;
  v_findings jsonb;
BEGIN
  SELECT v.* INTO v_run FROM documents.verification v WHERE v.ended_at IS NULL ORDER BY v.id DESC LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN
    -- One run a day, begun with the first step after midnight.
    IF EXISTS (SELECT FROM documents.verification v
                WHERE v.verified_by = session_user AND v.started_at >= system.today()) THEN
      RETURN '{"looked": 0, "found": 0}';
    END IF;
    INSERT INTO documents.verification DEFAULT VALUES RETURNING * INTO v_run;
  END IF;
  WITH part AS MATERIALIZED (
    SELECT i.id, i.number || ' · ' || i.file_name AS name, i.sha256, i.size, i.content_id
      FROM documents.issued i WHERE i.id > v_run.last_issued ORDER BY i.id LIMIT v_portion),
  seen AS (
    SELECT p.id, p.name, CASE WHEN c.id IS NULL THEN 'lost'
                              WHEN encode(sha256(c.bytes), 'hex') <> c.sha256 OR octet_length(c.bytes) <> c.size THEN 'bytes'
                              WHEN p.sha256 <> c.sha256 OR p.size <> c.size THEN 'index' END AS what
      FROM part p LEFT JOIN documents.content c ON c.id = p.content_id)
  SELECT count(*), max(s.id), jsonb_agg(jsonb_build_object('what', s.what, 'topic', 'documents.issued', 'id', s.id, 'name', s.name)
                                        ORDER BY s.id) FILTER (WHERE s.what IS NOT NULL)
    INTO v_looked, v_issued, v_findings FROM seen s;
  v_run.findings := v_run.findings || coalesce(v_findings, '[]');
  IF v_looked < v_portion THEN
    WITH part AS MATERIALIZED (
      SELECT r.id, a.name || ' · ' || r.version AS name, r.sha256, r.size, r.content_id
        FROM documents.attachment_version r JOIN documents.attachment a ON a.id = r.attachment_id
       WHERE r.id > v_run.last_version ORDER BY r.id LIMIT v_portion),
    seen AS (
      SELECT p.id, p.name, CASE WHEN c.id IS NULL THEN 'lost'
                                WHEN encode(sha256(c.bytes), 'hex') <> c.sha256 OR octet_length(c.bytes) <> c.size THEN 'bytes'
                                WHEN p.sha256 <> c.sha256 OR p.size <> c.size THEN 'index' END AS what
        FROM part p LEFT JOIN documents.content c ON c.id = p.content_id)
    SELECT count(*), max(s.id), jsonb_agg(jsonb_build_object('what', s.what, 'topic', 'documents.attachment', 'id', s.id, 'name', s.name)
                                          ORDER BY s.id) FILTER (WHERE s.what IS NOT NULL)
      INTO v_more, v_version, v_findings FROM seen s;
    v_run.findings := v_run.findings || coalesce(v_findings, '[]');
  END IF;
  IF v_more < v_portion THEN
    -- At the end: what the trail saw come, and nobody deleted by the rules.
    SELECT v_run.findings || coalesce(jsonb_agg(jsonb_build_object(
             'what', 'lost', 'topic', 'documents.issued', 'id', e.row_id, 'name', e.number)), '[]')
      INTO v_run.findings
      FROM audit.documents_come() e WHERE NOT EXISTS (SELECT FROM documents.issued i WHERE i.id = e.row_id);
  END IF;
  v_looked := v_looked + coalesce(v_more, 0);
  UPDATE documents.verification v
     SET looked = v.looked + v_looked, last_issued = coalesce(v_issued, v.last_issued),
         last_version = coalesce(v_version, v.last_version),
         found = v.found + jsonb_array_length(v_run.findings) - jsonb_array_length(v.findings),
         findings = jsonb_path_query_array(v_run.findings, '$[0 to 99]'),
         ended_at = CASE WHEN v_more < v_portion THEN statement_timestamp() END
   WHERE v.id = v_run.id RETURNING v.* INTO v_run;
  RETURN jsonb_build_object('looked', v_looked, 'found', CASE WHEN v_run.ended_at IS NOT NULL THEN v_run.found ELSE 0 END,
                            'first', v_run.findings -> 0 ->> 'name');
END $$;
COMMENT ON FUNCTION documents.verify_step IS
  'Compare the next files of the archive with their hashes: one run a day, some hundred at a time; says at its end how much was altered.';

CREATE OR REPLACE FUNCTION api.document_verified(p_command uuid, p_looked integer, p_found integer, p_findings jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_id bigint;
BEGIN
  PERFORM sec.require('document_verified');
  v_replay := api.command_begin(p_command, 'document_verified', jsonb_build_object('looked', p_looked, 'found', p_found));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF p_looked IS NULL OR p_found IS NULL OR p_looked < 0 OR p_found < 0 OR coalesce(jsonb_typeof(p_findings), '') <> 'array'
     OR octet_length(p_findings::text) > 65536
     OR EXISTS (SELECT FROM jsonb_array_elements(p_findings) f (one)
                 WHERE coalesce(jsonb_typeof(f.one -> 'what') <> 'string' OR jsonb_typeof(f.one -> 'topic') <> 'string'
                                OR jsonb_typeof(f.one -> 'name') <> 'string' OR (f.one ->> 'id') !~ '^\d{1,18}$', true)) THEN
    PERFORM sec.fail('ER422', 'verification_findings', '{}');
  END IF;
  INSERT INTO documents.verification (ended_at, looked, found, findings)
  VALUES (statement_timestamp(), p_looked, p_found, jsonb_path_query_array(p_findings, '$[0 to 99]')) RETURNING id INTO v_id;
  RETURN api.command_end(p_command, jsonb_build_object('id', v_id));
END $$;
COMMENT ON FUNCTION api.document_verified IS
  'A person has compared the files he may see with their hashes and the trail: how many, what was found; the house sees when it was last done.';
