-- The trail by month, and its seal: blocks over finished transactions, each over the one before.

CREATE OR REPLACE FUNCTION audit.partition_protect(p_partition regclass) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', p_partition);
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = p_partition AND p.polname = 'gate') THEN
    EXECUTE format('CREATE POLICY gate ON %s AS RESTRICTIVE FOR SELECT TO PUBLIC USING ((SELECT sec.session_ok()))', p_partition);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = p_partition AND t.tgname = 'append_only') THEN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION audit.tg_refuse()', p_partition);
  END IF;
END $$;
COMMENT ON FUNCTION audit.partition_protect IS 'What protects a partition of the trail when it is named itself.';

CREATE OR REPLACE FUNCTION audit.partition_make(p_table text, p_month date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  v_name text := format('audit.%s_%s', p_table, to_char(p_month, 'YYYY_MM'));
  v_rest text := format('audit.%I', p_table || '_default');
  v_from text := to_char(p_month, 'YYYY-MM-DD') || ' 00:00+00';
  v_to text := to_char(p_month + interval '1 month', 'YYYY-MM-DD') || ' 00:00+00';
BEGIN
  IF to_regclass(v_name) IS NOT NULL THEN
    RETURN false;
  END IF;
  -- Made beside and attached, not made as a partition: that would keep everybody from writing meanwhile.
  EXECUTE format('CREATE TABLE %s (LIKE audit.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', v_name, p_table);
  EXECUTE format('ALTER TABLE %s OWNER TO erp_audit', v_name);
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', v_rest);
  -- Rows that came while the month had no partition move into it as they are. Row security would hide them from the owner.
  EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER append_only', v_rest);
  EXECUTE format('INSERT INTO %s SELECT * FROM %s WHERE at >= %L AND at < %L', v_name, v_rest, v_from, v_to);
  EXECUTE format('DELETE FROM %s WHERE at >= %L AND at < %L', v_rest, v_from, v_to);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY, ENABLE TRIGGER append_only', v_rest);
  EXECUTE format('ALTER TABLE audit.%I ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', p_table, v_name, v_from, v_to);
  PERFORM audit.partition_protect(v_name::regclass);
  RETURN true;
END $$;
COMMENT ON FUNCTION audit.partition_make IS 'The partition of entry or event for a month; false when it is there already.';

CREATE OR REPLACE FUNCTION audit.partitions_ahead() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c_ahead CONSTANT int := 3;
  v_made int := 0;
  v_partition regclass;
  v_table text;
  v_this timestamp := date_trunc('month', statement_timestamp() AT TIME ZONE 'UTC');
BEGIN
  PERFORM sec.require('partitions_ahead');
  FOR v_partition IN
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i
     WHERE i.inhparent IN ('audit.entry'::regclass, 'audit.event'::regclass)
       AND (NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = i.inhrelid AND p.polname = 'gate')
            OR NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = i.inhrelid AND t.tgname = 'append_only'))
     ORDER BY 1
  LOOP
    PERFORM audit.partition_protect(v_partition);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['entry', 'event'] LOOP
    FOR v_month IN 0 .. c_ahead LOOP
      v_made := v_made + audit.partition_make(v_table, (v_this + make_interval(months => v_month))::date)::int;
    END LOOP;
  END LOOP;
  RETURN v_made;
END $$;
COMMENT ON FUNCTION audit.partitions_ahead IS
  'Partitions of the trail for this month and three after it, and the protection of all there are; returns how many were made. '
  'Rows the default partition took meanwhile move to their month.';

-- A block's rows are few among those of its month. OFFSET 0 and no sequential scan: its numbers lead to them, whatever the
-- statistics say.
CREATE OR REPLACE FUNCTION audit.digest_entries(p_ids int8multirange, p_from timestamptz, p_until timestamptz) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT sha256(coalesce(string_agg(int8send(e.id) || e.row_hash, ''::bytea ORDER BY e.id), ''))
    FROM unnest(p_ids) r
   CROSS JOIN LATERAL (SELECT x.id, x.row_hash FROM audit.entry x
                        WHERE x.id >= lower(r) AND x.id < upper(r) AND x.at BETWEEN p_from AND p_until OFFSET 0) e
$$;

CREATE OR REPLACE FUNCTION audit.digest_events(p_ids int8multirange, p_from timestamptz, p_until timestamptz) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT sha256(coalesce(string_agg(int8send(e.id) || e.row_hash, ''::bytea ORDER BY e.id), ''))
    FROM unnest(p_ids) r
   CROSS JOIN LATERAL (SELECT x.id, x.row_hash FROM audit.event x
                        WHERE x.id >= lower(r) AND x.id < upper(r) AND x.at BETWEEN p_from AND p_until OFFSET 0) e
$$;

CREATE OR REPLACE FUNCTION audit.block_hash(
  p_previous bytea, p_number bigint, p_sealed_at timestamptz, p_entry_count bigint, p_event_count bigint,
  p_entries bytea, p_events bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(p_previous || int8send(p_number) || convert_to(extract(epoch FROM p_sealed_at)::text, 'UTF8')
                || int8send(p_entry_count) || int8send(p_event_count) || p_entries || p_events)
$$;
COMMENT ON FUNCTION audit.block_hash IS 'What block_hash must be, from the block before and the digests of the rows.';

CREATE OR REPLACE FUNCTION audit.block_add(p_last audit.block, p_entries int8multirange, p_events int8multirange) RETURNS audit.block
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
-- p_last says until which transaction, above which ids and for which cluster the new block holds.
DECLARE
  v_block audit.block := p_last;
BEGIN
  v_block.number := coalesce(p_last.number, 0) + 1;
  v_block.previous := coalesce(p_last.block_hash, decode(repeat('00', 32), 'hex'));
  v_block.sealed_at := clock_timestamp();
  v_block.entries := coalesce(p_entries, '{}');
  v_block.events := coalesce(p_events, '{}');
  SELECT min(x.at), max(x.at) INTO v_block.first_at, v_block.last_at
    FROM (SELECT e.at FROM unnest(v_block.entries) r JOIN audit.entry e ON e.id >= lower(r) AND e.id < upper(r)
          UNION ALL
          SELECT e.at FROM unnest(v_block.events) r JOIN audit.event e ON e.id >= lower(r) AND e.id < upper(r)) x;
  SELECT coalesce(sum(upper(r) - lower(r)), 0) INTO v_block.entry_count FROM unnest(v_block.entries) r;
  SELECT coalesce(sum(upper(r) - lower(r)), 0) INTO v_block.event_count FROM unnest(v_block.events) r;
  v_block.block_hash := audit.block_hash(
    v_block.previous, v_block.number, v_block.sealed_at, v_block.entry_count, v_block.event_count,
    audit.digest_entries(v_block.entries, v_block.first_at, v_block.last_at),
    audit.digest_events(v_block.events, v_block.first_at, v_block.last_at));
  INSERT INTO audit.block SELECT v_block.*;
  RETURN v_block;
END $$;

CREATE OR REPLACE FUNCTION audit.seal_everything(p_last audit.block, p_system bigint, p_most int) RETURNS audit.block
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
-- The first seal of a database, and the first one after it was restored into another cluster: transaction numbers say
-- nothing there. Nobody writes meanwhile, so whatever is there is final.
DECLARE
  v_block audit.block := p_last;
  v_sealed_entries int8multirange := coalesce((SELECT range_agg(r) FROM audit.block b, unnest(b.entries) r), '{}');
  v_sealed_events int8multirange := coalesce((SELECT range_agg(r) FROM audit.block b, unnest(b.events) r), '{}');
  v_entries int8multirange;
  v_events int8multirange;
  v_entry bigint := 0;
  v_event bigint := 0;
BEGIN
  LOCK TABLE audit.entry, audit.event IN SHARE ROW EXCLUSIVE MODE;
  v_block.system_id := p_system;
  v_block.above_entry := coalesce((SELECT max(e.id) FROM audit.entry e), 0);
  v_block.above_event := coalesce((SELECT max(e.id) FROM audit.event e), 0);
  v_block.until_xid := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  LOOP
    SELECT range_agg(int8range(c.id, c.id, '[]')), coalesce(max(c.id), v_entry) INTO v_entries, v_entry
      FROM (SELECT e.id FROM audit.entry e WHERE e.id > v_entry AND NOT e.id <@ v_sealed_entries ORDER BY e.id LIMIT p_most) c;
    SELECT range_agg(int8range(c.id, c.id, '[]')), coalesce(max(c.id), v_event) INTO v_events, v_event
      FROM (SELECT e.id FROM audit.event e WHERE e.id > v_event AND NOT e.id <@ v_sealed_events ORDER BY e.id LIMIT p_most) c;
    -- At least one block, even without rows: it remembers the cluster.
    EXIT WHEN v_entries IS NULL AND v_events IS NULL AND v_block.number IS DISTINCT FROM p_last.number;
    v_block := audit.block_add(v_block, v_entries, v_events);
  END LOOP;
  RETURN v_block;
END $$;

CREATE OR REPLACE FUNCTION audit.seal_blocks(p_most int) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_system bigint := (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c);
  v_until bigint;
  v_last audit.block;
  v_next audit.block;
  v_entries int8multirange;
  v_events int8multirange;
  v_number bigint;
BEGIN
  BEGIN
    LOCK TABLE audit.block IN SHARE ROW EXCLUSIVE MODE NOWAIT;
  EXCEPTION WHEN lock_not_available THEN
    RETURN 0;  -- somebody else is at it
  END;
  SELECT * INTO v_last FROM audit.block b ORDER BY b.number DESC LIMIT 1;
  v_number := coalesce(v_last.number, 0);
  IF v_last.system_id IS DISTINCT FROM v_system THEN
    v_last := audit.seal_everything(v_last, v_system, p_most);
    RETURN v_last.number - v_number;
  END IF;
  -- Whatever is older than every running transaction is final: committed and visible, or never to be seen. So nothing
  -- that comes later can belong into a window below.
  v_until := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  WHILE v_last.until_xid < v_until LOOP
    v_next := v_last;
    v_next.until_xid := least(
      v_until,
      (SELECT e.xid + 1 FROM audit.entry e WHERE e.xid >= v_last.until_xid AND e.xid < v_until AND e.id > v_last.above_entry
        ORDER BY e.xid OFFSET p_most LIMIT 1));
    SELECT range_agg(int8range(e.id, e.id, '[]')) INTO v_entries
      FROM audit.entry e WHERE e.xid >= v_last.until_xid AND e.xid < v_next.until_xid AND e.id > v_last.above_entry;
    SELECT range_agg(int8range(e.id, e.id, '[]')) INTO v_events
      FROM audit.event e WHERE e.xid >= v_last.until_xid AND e.xid < v_next.until_xid AND e.id > v_last.above_event;
    -- Transactions that wrote nothing make no block; the next one starts where the last one ended.
    EXIT WHEN v_entries IS NULL AND v_events IS NULL;
    v_last := audit.block_add(v_next, v_entries, v_events);
  END LOOP;
  RETURN v_last.number - v_number;
END $$;

CREATE OR REPLACE FUNCTION audit.seal() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('seal');
  RETURN audit.seal_blocks(20000);
END $$;
COMMENT ON FUNCTION audit.seal IS
  'Seal every entry and event of finished transactions; returns how many blocks it made. A transaction that is still open is '
  'not skipped: it waits for its end, and what is younger with it.';

CREATE OR REPLACE FUNCTION audit.seal_state() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_last audit.block;
BEGIN
  PERFORM sec.require('seal_state');
  SELECT * INTO v_last FROM audit.block b ORDER BY b.number DESC LIMIT 1;
  RETURN (
    SELECT jsonb_build_object(
      'number', coalesce(v_last.number, 0), 'hash', encode(v_last.block_hash, 'hex'), 'sealed_at', v_last.sealed_at,
      'first_at', (SELECT b.sealed_at FROM audit.block b ORDER BY b.number LIMIT 1),
      'waiting', w.entries + w.events, 'waiting_since', w.since,
      'anchored_at', a.at, 'anchored_number', a.detail -> 'number',
      'verified_at', v.at, 'verified', v.detail,
      'archived_until', (SELECT max(x.month) FROM audit.archive x WHERE x.restored_at IS NULL))
      FROM (SELECT (SELECT count(*) FROM audit.entry e WHERE e.xid >= coalesce(v_last.until_xid, 0) AND e.id > coalesce(v_last.above_entry, 0)) AS entries,
                   (SELECT count(*) FROM audit.event e WHERE e.xid >= coalesce(v_last.until_xid, 0) AND e.id > coalesce(v_last.above_event, 0)) AS events,
                   (SELECT min(e.at) FROM audit.entry e WHERE e.xid >= coalesce(v_last.until_xid, 0) AND e.id > coalesce(v_last.above_entry, 0)) AS since) w
      LEFT JOIN LATERAL (SELECT e.at, e.detail FROM audit.event e WHERE e.kind = 'seal_anchored' ORDER BY e.at DESC LIMIT 1) a ON true
      LEFT JOIN LATERAL (SELECT e.at, e.detail FROM audit.event e WHERE e.kind = 'seal_verified' ORDER BY e.at DESC LIMIT 1) v ON true);
END $$;
COMMENT ON FUNCTION audit.seal_state IS 'How far the seal is, what waits for it, when it was last anchored and verified.';

CREATE OR REPLACE FUNCTION audit.anchor(p_day date DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_block audit.block;
  v_anchor jsonb;
BEGIN
  PERFORM sec.require('anchor');
  SELECT * INTO v_block FROM audit.block b
   WHERE p_day IS NULL OR b.sealed_at < (p_day + 1)::timestamp AT TIME ZONE 'UTC' ORDER BY b.number DESC LIMIT 1;
  IF v_block.number IS NULL THEN
    RETURN NULL;
  END IF;
  v_anchor := jsonb_build_object(
    'day', coalesce(p_day, (statement_timestamp() AT TIME ZONE 'UTC')::date), 'database', current_database(),
    'system', v_block.system_id::text, 'number', v_block.number, 'sealed_at', v_block.sealed_at,
    'hash', encode(v_block.block_hash, 'hex'));
  PERFORM audit.event_log('seal_anchored', session_user::text, v_anchor);
  RETURN v_anchor;
END $$;
COMMENT ON FUNCTION audit.anchor IS
  'The last block of a day (UTC; of now without one), to be kept where nobody who can alter the database comes: '
  '{day, database, system, number, sealed_at, hash}.';

CREATE OR REPLACE FUNCTION audit.verify(p_from bigint DEFAULT 1, p_to bigint DEFAULT NULL, p_anchors jsonb DEFAULT '[]')
RETURNS TABLE (finding text, block bigint, detail jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  v_found record;
  v_block audit.block;
  v_before audit.block;
  v_last audit.block;
  v_expected bigint := greatest(coalesce(p_from, 1), 1);
  v_gone_entries int8multirange;
  v_gone_events int8multirange;
  v_bad jsonb;
  v_entries bigint;
  v_events bigint;
  v_strange bigint;
BEGIN
  PERFORM sec.require('verify');
  SELECT coalesce(range_agg(r) FILTER (WHERE a.table_name = 'audit.entry'), '{}'),
         coalesce(range_agg(r) FILTER (WHERE a.table_name = 'audit.event'), '{}')
    INTO v_gone_entries, v_gone_events
    FROM audit.archive a, unnest(a.ids) r WHERE a.restored_at IS NULL;
  SELECT * INTO v_before FROM audit.block b WHERE b.number = v_expected - 1;
  SELECT * INTO v_last FROM audit.block b ORDER BY b.number DESC LIMIT 1;

  -- What the rows say now against what they said when they were written; then all together against the seal.
  FOR v_found IN
    SELECT b AS block, e.digest AS entries, e.bad AS bad_entries, v.digest AS events, v.bad AS bad_events
      FROM audit.block b
     CROSS JOIN LATERAL (
            SELECT sha256(coalesce(string_agg(int8send(e.id) || e.row_hash, ''::bytea ORDER BY e.id), '')) AS digest,
                   (array_agg(e.id ORDER BY e.id) FILTER (WHERE e.row_hash IS DISTINCT FROM audit.row_hash(
                      e.xid, e.at, e.login, e.address, e.application, e.command, e.table_name, e.row_id, e.op, e.topic,
                      e.record_id, e.warehouse_id, e.old, e.new, e.session_id, e.operator, e.elevated, e.reason)))[1:20] AS bad
              FROM unnest(b.entries) r
             CROSS JOIN LATERAL (SELECT x.* FROM audit.entry x
                                  WHERE x.id >= lower(r) AND x.id < upper(r) AND x.at BETWEEN b.first_at AND b.last_at OFFSET 0) e) e
     CROSS JOIN LATERAL (
            SELECT sha256(coalesce(string_agg(int8send(e.id) || e.row_hash, ''::bytea ORDER BY e.id), '')) AS digest,
                   (array_agg(e.id ORDER BY e.id) FILTER (WHERE e.row_hash IS DISTINCT FROM audit.event_hash(
                      e.xid, e.at, e.kind, e.login, e.by_login, e.operator, e.address, e.application, e.session_id, e.detail)))[1:20] AS bad
              FROM unnest(b.events) r
             CROSS JOIN LATERAL (SELECT x.* FROM audit.event x
                                  WHERE x.id >= lower(r) AND x.id < upper(r) AND x.at BETWEEN b.first_at AND b.last_at OFFSET 0) e) v
     WHERE b.number BETWEEN v_expected AND coalesce(p_to, b.number)
     ORDER BY b.number
  LOOP
    v_block := v_found.block;
    IF v_block.number <> v_expected THEN
      RETURN QUERY SELECT 'block_missing', n, '{}'::jsonb FROM generate_series(v_expected, least(v_block.number - 1, v_expected + 99)) n;
    ELSIF v_block.previous <> coalesce(v_before.block_hash, decode(repeat('00', 32), 'hex')) THEN
      RETURN QUERY SELECT 'chain_broken', v_block.number, '{}'::jsonb;
    END IF;
    IF v_block.entries && v_gone_entries OR v_block.events && v_gone_events THEN
      RETURN QUERY SELECT 'archived', v_block.number, '{}'::jsonb;
    ELSE
      IF v_found.bad_entries IS NOT NULL THEN
        RETURN QUERY SELECT 'entry_changed', v_block.number, jsonb_build_object('ids', v_found.bad_entries);
      END IF;
      IF v_found.bad_events IS NOT NULL THEN
        RETURN QUERY SELECT 'event_changed', v_block.number, jsonb_build_object('ids', v_found.bad_events);
      END IF;
      IF v_block.block_hash <> audit.block_hash(v_block.previous, v_block.number, v_block.sealed_at, v_block.entry_count,
                                                v_block.event_count, v_found.entries, v_found.events) THEN
        SELECT jsonb_agg(x.id) INTO v_bad
          FROM (SELECT g.id FROM unnest(v_block.entries) r, generate_series(lower(r), upper(r) - 1) g (id)
                 WHERE NOT EXISTS (SELECT FROM audit.entry e WHERE e.id = g.id) ORDER BY 1 LIMIT 20) x;
        RETURN QUERY SELECT CASE WHEN v_bad IS NULL THEN 'block_broken' ELSE 'entry_missing' END, v_block.number,
                            jsonb_strip_nulls(jsonb_build_object('ids', v_bad));
      END IF;
    END IF;
    v_before := v_block;
    v_expected := v_block.number + 1;
  END LOOP;

  RETURN QUERY
    SELECT CASE WHEN b.number IS NULL THEN 'anchor_block_missing' ELSE 'anchor_differs' END, a.number, jsonb_build_object('day', a.day)
      FROM jsonb_to_recordset(p_anchors) a (day date, number bigint, hash text, database text)
      LEFT JOIN audit.block b ON b.number = a.number
     WHERE encode(b.block_hash, 'hex') IS DISTINCT FROM a.hash
       AND (b.number IS NULL AND p_to IS NULL OR b.number BETWEEN coalesce(p_from, 1) AND coalesce(p_to, b.number));

  IF p_to IS NULL AND v_last.number IS NOT NULL THEN
    -- Rows slipped in among sealed ones belong to no block.
    SELECT count(*) INTO v_entries FROM audit.entry e WHERE e.id <= v_last.above_entry OR e.xid < v_last.until_xid;
    SELECT count(*) INTO v_events FROM audit.event e WHERE e.id <= v_last.above_event OR e.xid < v_last.until_xid;
    SELECT v_entries + v_events - sum(b.entry_count + b.event_count) INTO v_strange FROM audit.block b;
    IF v_strange + (SELECT coalesce(sum(a.row_count), 0) FROM audit.archive a WHERE a.restored_at IS NULL) <> 0 THEN
      v_gone_entries := (SELECT range_agg(r) FROM audit.block b, unnest(b.entries) r);
      v_gone_events := (SELECT range_agg(r) FROM audit.block b, unnest(b.events) r);
      RETURN QUERY
        SELECT 'row_unsealed', NULL::bigint, jsonb_build_object('table', x.name, 'id', x.id)
          FROM (SELECT 'audit.entry' AS name, e.id FROM audit.entry e
                 WHERE (e.id <= v_last.above_entry OR e.xid < v_last.until_xid) AND NOT e.id <@ coalesce(v_gone_entries, '{}')
                UNION ALL
                SELECT 'audit.event', e.id FROM audit.event e
                 WHERE (e.id <= v_last.above_event OR e.xid < v_last.until_xid) AND NOT e.id <@ coalesce(v_gone_events, '{}')
                 ORDER BY 1, 2 LIMIT 100) x;
    END IF;
  END IF;
END $$;
COMMENT ON FUNCTION audit.verify IS
  'What is wrong with blocks p_from to p_to (to the end when NULL) and the rows in them, and with anchors kept elsewhere; nothing '
  'when all is as it was sealed. Findings: block_missing, chain_broken, entry_changed, event_changed, entry_missing, block_broken, '
  'anchor_differs, anchor_block_missing, row_unsealed; archived is none, such a block''s rows lie in a file.';

CREATE OR REPLACE FUNCTION audit.verified(p_blocks bigint, p_findings bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('verified');
  PERFORM audit.event_log('seal_verified', session_user::text, jsonb_build_object('blocks', p_blocks, 'findings', p_findings));
END $$;
COMMENT ON FUNCTION audit.verified IS 'Somebody has verified the seal: how many blocks, and how many findings there were.';
