-- A note is about a record that is there: what a foreign key would do, if one could lead to every table.

CREATE OR REPLACE FUNCTION system.note_table(p_topic text, p_privilege text) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid::regclass
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = split_part(p_topic, '.', 1) AND c.relname = split_part(p_topic, '.', 2)
     AND p_topic = n.nspname || '.' || c.relname AND c.relkind IN ('r', 'p')
     AND has_table_privilege(c.oid, p_privilege)
$$;
COMMENT ON FUNCTION system.note_table IS 'The table a topic names, NULL when the caller has not that privilege on it.';

CREATE OR REPLACE FUNCTION system.tg_note_kept() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_topic text;
  v_table regclass;
BEGIN
  -- The record stays until the note is committed; who is discarding it at this moment is waited for.
  FOR v_topic IN SELECT DISTINCT n.topic FROM new_rows n LOOP
    v_table := system.note_table(v_topic, 'UPDATE');
    IF v_table IS NOT NULL THEN
      EXECUTE format('SELECT FROM %s t WHERE t.id IN (SELECT n.record_id FROM new_rows n WHERE n.topic = $1)'
                     ' ORDER BY t.id FOR KEY SHARE', v_table) USING v_topic;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION system.tg_note_kept IS 'Locks the records of new notes against being discarded meanwhile.';

CREATE OR REPLACE FUNCTION system.tg_note_seen() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_topic text;
  v_table regclass;
  v_record bigint;
BEGIN
  -- Runs as the caller: a record he may not see counts as none.
  FOR v_topic IN SELECT DISTINCT n.topic FROM new_rows n LOOP
    v_table := system.note_table(v_topic, 'SELECT');
    IF v_table IS NULL THEN
      SELECT n.record_id INTO v_record FROM new_rows n WHERE n.topic = v_topic LIMIT 1;
    ELSE
      EXECUTE format('SELECT n.record_id FROM new_rows n WHERE n.topic = $1'
                     ' AND NOT EXISTS (SELECT FROM %s t WHERE t.id = n.record_id) LIMIT 1', v_table)
        INTO v_record USING v_topic;
    END IF;
    IF v_record IS NOT NULL THEN
      PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', v_topic, 'id', v_record));
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION system.tg_note_seen IS 'Refuses notes about records that are not there, or not for the person who writes.';

-- Locked first, then looked at.
CREATE OR REPLACE TRIGGER note_1_kept AFTER INSERT ON system.note
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION system.tg_note_kept();
CREATE OR REPLACE TRIGGER note_2_seen AFTER INSERT ON system.note
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION system.tg_note_seen();

CREATE OR REPLACE FUNCTION system.notes_without_record() RETURNS TABLE (topic text, record_id bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_topic text;
  v_table regclass;
BEGIN
  FOR v_topic IN SELECT DISTINCT n.topic FROM system.note n LOOP
    v_table := system.note_table(v_topic, 'SELECT');
    RETURN QUERY EXECUTE format('SELECT n.topic, n.record_id FROM system.note n WHERE n.topic = $1 %s',
      CASE WHEN v_table IS NULL THEN ''
           ELSE format('AND NOT EXISTS (SELECT FROM %s t WHERE t.id = n.record_id)', v_table) END) USING v_topic;
  END LOOP;
END $$;
COMMENT ON FUNCTION system.notes_without_record IS 'Notes about nothing, for the check of consistency; nobody but an administrator of the server calls it.';
