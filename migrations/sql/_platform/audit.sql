-- One row per changed row: history for people, and the feed by which other clients learn what changed.

CREATE OR REPLACE FUNCTION sec.my_tables() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN ARRAY(SELECT DISTINCT split_part(r."right", ':', 1) FROM sec.role_right r
                WHERE r.role = ANY (sec.my_roles()) AND r."right" LIKE '%:select');
END $$;
COMMENT ON FUNCTION sec.my_tables IS 'Tables whose rows (or, for people and roles, whose history) the person may read, as schema.table.';

CREATE OR REPLACE FUNCTION audit.row_hash(
  p_xid bigint, p_at timestamptz, p_login text, p_address inet, p_application text, p_command uuid, p_table text,
  p_row bigint, p_op text, p_topic text, p_record bigint, p_warehouse bigint, p_old jsonb, p_new jsonb,
  p_session bigint DEFAULT NULL, p_operator text DEFAULT NULL, p_elevated text[] DEFAULT NULL, p_reason text DEFAULT NULL)
RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(concat_ws(chr(31), p_xid, extract(epoch FROM p_at), p_login, coalesce(host(p_address), ''),
    p_application, coalesce(p_command::text, ''), p_table, p_row, p_op, p_topic, p_record,
    coalesce(p_warehouse::text, ''), coalesce(p_old::text, ''), coalesce(p_new::text, ''),
    -- What is not there leaves no trace, so that entries written before these columns keep their hash.
    's' || p_session, 'o' || p_operator, 'e' || array_to_string(p_elevated, ','), 'r' || p_reason), 'UTF8'))
$$;
COMMENT ON FUNCTION audit.row_hash IS 'What row_hash of an entry must be.';

CREATE OR REPLACE FUNCTION audit.tg_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off AS $$
-- Statement trigger. Arguments: key column, topic, column with the topic's id, warehouse columns, columns left out.
-- OFFSET 0 has every row turned into jsonb once; without it that is done again for each of its columns. The old and new
-- rows of a statement are many at times, when a plan made for few of them compared each with each. The hash is that of
-- audit.row_hash, but what is the same for all rows is put into words once.
DECLARE
  v_key text := TG_ARGV[0];
  v_topic text := TG_ARGV[1];
  v_record text := TG_ARGV[2];
  v_warehouse text[] := TG_ARGV[3]::text[];
  v_omit text[] := TG_ARGV[4]::text[];
  v_table text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
  v_op text := left(TG_OP, 1);
  v_xid bigint := pg_current_xact_id()::text::bigint;
  v_at timestamptz := statement_timestamp();
  v_login text := session_user;
  v_address inet := inet_client_addr();
  v_application text := left(current_setting('application_name'), 100);
  v_command uuid := nullif(current_setting('erp.command', true), '')::uuid;
  v_reason text := left(nullif(current_setting('erp.reason', true), ''), 500);
  v_context sec.session := sec.audit_context();
  v_session bigint := v_context.id;
  v_operator text := v_context.operator;
  v_elevated text[] := nullif(v_context.elevated, '{}');
  v_head text := concat_ws(chr(31), v_xid, extract(epoch FROM v_at), v_login, coalesce(host(v_address), ''), v_application,
                           coalesce(v_command::text, ''), v_table);
  v_tail text := nullif(concat_ws(chr(31), 's' || v_session, 'o' || v_operator, 'e' || array_to_string(v_elevated, ','),
                                  'r' || v_reason), '');
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit.entry (xid, at, login, address, application, command, table_name, row_id, op, topic, record_id,
                             warehouse_id, old, new, session_id, operator, elevated, reason, row_hash)
    SELECT v_xid, v_at, v_login, v_address, v_application, v_command, v_table, e.row_id, v_op, v_topic, e.record_id,
           e.warehouse_id, NULL, e.new, v_session, v_operator, v_elevated, v_reason,
           sha256(convert_to(concat_ws(chr(31), v_head, e.row_id, v_op, v_topic, e.record_id,
             coalesce(e.warehouse_id::text, ''), '', e.new::text, v_tail), 'UTF8'))
      FROM (SELECT (n.j ->> v_key)::bigint AS row_id, (n.j ->> v_record)::bigint AS record_id,
                   coalesce(n.j ->> v_warehouse[1], n.j ->> v_warehouse[2])::bigint AS warehouse_id, n.j - v_omit AS new
              FROM (SELECT to_jsonb(r) AS j FROM new_rows r OFFSET 0) n OFFSET 0) e;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO audit.entry (xid, at, login, address, application, command, table_name, row_id, op, topic, record_id,
                             warehouse_id, old, new, session_id, operator, elevated, reason, row_hash)
    SELECT v_xid, v_at, v_login, v_address, v_application, v_command, v_table, e.row_id, v_op, v_topic, e.record_id,
           e.warehouse_id, e.old, NULL, v_session, v_operator, v_elevated, v_reason,
           sha256(convert_to(concat_ws(chr(31), v_head, e.row_id, v_op, v_topic, e.record_id,
             coalesce(e.warehouse_id::text, ''), e.old::text, '', v_tail), 'UTF8'))
      FROM (SELECT (o.j ->> v_key)::bigint AS row_id, (o.j ->> v_record)::bigint AS record_id,
                   coalesce(o.j ->> v_warehouse[1], o.j ->> v_warehouse[2])::bigint AS warehouse_id, o.j - v_omit AS old
              FROM (SELECT to_jsonb(r) AS j FROM old_rows r OFFSET 0) o OFFSET 0) e;
  ELSE
    INSERT INTO audit.entry (xid, at, login, address, application, command, table_name, row_id, op, topic, record_id,
                             warehouse_id, old, new, session_id, operator, elevated, reason, row_hash)
    SELECT v_xid, v_at, v_login, v_address, v_application, v_command, v_table, e.row_id, v_op, v_topic, e.record_id,
           e.warehouse_id, e.old, e.new, v_session, v_operator, v_elevated, v_reason,
           sha256(convert_to(concat_ws(chr(31), v_head, e.row_id, v_op, v_topic, e.record_id,
             coalesce(e.warehouse_id::text, ''), e.old::text, e.new::text, v_tail), 'UTF8'))
      FROM (SELECT n.k::bigint AS row_id, (n.j ->> v_record)::bigint AS record_id,
                   coalesce(n.j ->> v_warehouse[1], n.j ->> v_warehouse[2])::bigint AS warehouse_id, d.old, d.new
              FROM (SELECT r.j, r.j ->> v_key AS k FROM (SELECT to_jsonb(t) AS j FROM old_rows t OFFSET 0) r OFFSET 0) o
              JOIN (SELECT r.j, r.j ->> v_key AS k FROM (SELECT to_jsonb(t) AS j FROM new_rows t OFFSET 0) r OFFSET 0) n ON n.k = o.k
             CROSS JOIN LATERAL (
                    SELECT jsonb_object_agg(c.key, o.j -> c.key) AS old, jsonb_object_agg(c.key, c.value) AS new
                      FROM jsonb_each(n.j - v_omit) c WHERE c.value IS DISTINCT FROM o.j -> c.key) d
            OFFSET 0) e
     WHERE e.new IS NOT NULL;
  END IF;
  IF FOUND THEN
    PERFORM pg_notify('erp_change', '');  -- always the same text: one transaction wakes the listeners once
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit.event_log(p_kind text, p_login text, p_detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_session sec.session := sec.audit_context();
  v_xid bigint := pg_current_xact_id()::text::bigint;
  v_at timestamptz := clock_timestamp();
  v_application text := left(current_setting('application_name'), 100);
BEGIN
  INSERT INTO audit.event (xid, at, kind, login, operator, address, application, session_id, detail, row_hash)
  VALUES (v_xid, v_at, p_kind, p_login, v_session.operator, inet_client_addr(), v_application, v_session.id, p_detail,
          audit.event_hash(v_xid, v_at, p_kind, p_login, session_user::text, v_session.operator, inet_client_addr(), v_application,
                           v_session.id, p_detail));
END $$;
COMMENT ON FUNCTION audit.event_log IS 'Write down something about access: what happened, to whose login, with which details.';

CREATE OR REPLACE FUNCTION audit.event_hash(
  p_xid bigint, p_at timestamptz, p_kind text, p_login text, p_by text, p_operator text, p_address inet, p_application text,
  p_session bigint, p_detail jsonb) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(concat_ws(chr(31), p_xid, extract(epoch FROM p_at), p_kind, p_login, p_by, coalesce(p_operator, ''),
    coalesce(host(p_address), ''), p_application, coalesce(p_session::text, ''), p_detail::text), 'UTF8'))
$$;
COMMENT ON FUNCTION audit.event_hash IS 'What row_hash of an event must be.';

CREATE OR REPLACE FUNCTION audit.accounts_opened(p_by text[], p_since timestamptz) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Whose password, second factor or mail somebody has just set may be himself under another name.
  SELECT ARRAY(
    SELECT DISTINCT e.login FROM audit.event e
     WHERE e.kind IN ('password_reset', 'second_factor_reset', 'user_changed')
       AND (e.kind <> 'user_changed' OR e.detail -> 'fields' ? 'email')
       AND e.at > p_since AND e.by_login = ANY (p_by) AND e.login <> ALL (p_by))
$$;
COMMENT ON FUNCTION audit.accounts_opened IS
  'Other people''s logins that one of these gave a new password, second factor or mail address since then.';

CREATE OR REPLACE FUNCTION audit.tg_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ER422', MESSAGE = 'audit_is_append_only', CONSTRAINT = 'audit_is_append_only';
END $$;
CREATE OR REPLACE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
FOR EACH STATEMENT EXECUTE FUNCTION audit.tg_refuse();
CREATE OR REPLACE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.event
FOR EACH STATEMENT EXECUTE FUNCTION audit.tg_refuse();
CREATE OR REPLACE TRIGGER block_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.block
FOR EACH STATEMENT EXECUTE FUNCTION audit.tg_refuse();

CREATE OR REPLACE FUNCTION audit.tg_refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- TRUNCATE tells nobody which rows went; DELETE does.
  RAISE EXCEPTION USING ERRCODE = 'ER422', MESSAGE = 'truncate_leaves_no_trace', CONSTRAINT = 'truncate_leaves_no_trace',
    DETAIL = jsonb_build_object('table', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME)::text;
END $$;

CREATE OR REPLACE FUNCTION system.tg_stamp() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.row_version := OLD.row_version + 1;
  NEW.created_at := OLD.created_at;
  NEW.created_by := OLD.created_by;
  NEW.updated_at := statement_timestamp();
  NEW.updated_by := session_user;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION system.changes_since(p_from text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_next bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  v_from bigint := split_part(p_from, ' ', 1)::bigint;
  -- A cursor says when it was given, so that months before it need not be looked at; a transaction may be a day old.
  v_since timestamptz := coalesce(to_timestamp(nullif(split_part(p_from, ' ', 2), '')::float8) - interval '1 day', '-infinity');
  v_changes jsonb;
BEGIN
  PERFORM sec.require_session();
  IF p_from IS NOT NULL THEN
    -- Only transactions older than every running one: a slow one is not skipped, it is reported once it has ended.
    SELECT jsonb_agg(jsonb_build_object('topic', g.topic, 'id', g.record_id, 'login', g.login))
      INTO v_changes
      FROM (SELECT DISTINCT e.topic, e.login, CASE WHEN count(*) OVER (PARTITION BY e.topic) <= 500 THEN e.record_id END AS record_id
              FROM audit.entry e
             WHERE e.xid >= v_from AND e.xid < v_next AND e.at >= v_since) g;
  END IF;
  RETURN jsonb_build_object('next', v_next || ' ' || floor(extract(epoch FROM statement_timestamp())),
                            'changes', coalesce(v_changes, '[]'), 'epoch', sec.my_epoch());
END $$;
COMMENT ON FUNCTION system.changes_since IS
  'Records changed since a cursor, as far as the person may see them, and the next cursor; NULL just asks for a cursor. '
  'A topic with very many changes comes once, without an id.';

CREATE OR REPLACE FUNCTION audit.commit_fate(p_xid xid8, p_session bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_fate text;
BEGIN
  PERFORM sec.require_session();
  BEGIN
    v_fate := pg_xact_status(p_xid);
  EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'lost';  -- a server that died had not even noted its number
  END;
  -- A server that died gives the numbers it had not noted to others: what the trail says is theirs is not the caller's.
  RETURN CASE WHEN (SELECT NOT bool_or(e.login = session_user AND e.session_id IS NOT DISTINCT FROM p_session)
                      FROM audit.entry e WHERE e.xid = p_xid::text::bigint) THEN 'lost' ELSE v_fate END;
END $$;
COMMENT ON FUNCTION audit.commit_fate IS
  'What became of a transaction of one''s own session whose COMMIT got no answer: in progress, committed, aborted, or lost by a server '
  'that died; NULL when it is too long ago to tell.';
