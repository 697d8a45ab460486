-- What everybody may see of the sync, in one answer.

CREATE OR REPLACE FUNCTION api.legacy_state() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_keeper boolean;
BEGIN
  PERFORM sec.require('legacy_state');
  -- What an error says may hold a value of a record: for those who look after the sync.
  v_keeper := sec.may('legacy.run:select') OR sec.may('legacy_lease') OR sec.is_superuser();
  RETURN jsonb_build_object(
    'now', clock_timestamp(),
    'lease', (SELECT jsonb_build_object('holder', l.holder, 'client', l.client, 'until', l.until_at, 'held', legacy.lease_runs(l.until_at),
                                        'person', sec.person_of(l.holder))
                FROM legacy.lease l WHERE l.name = 'sync' AND l.holder <> ''),
    'servers', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'id', s.id, 'row_version', s.row_version, 'code', s.code, 'kind', s.kind, 'title', s.title,
                         'base_url', CASE WHEN v_keeper THEN s.base_url END, 'is_active', s.is_active, 'is_test', s.is_test,
                         'last_contact_at', t.last_contact_at, 'last_status', t.last_status,
                         'last_error', CASE WHEN v_keeper THEN t.last_error END, 'blocked_until', t.blocked_until,
                         'sessions_opened', coalesce(t.sessions_opened, 0), 'session_seen_at', t.session_seen_at,
                         'silent_since', t.silent_since, 'retry_at', t.retry_at,
                         'has_password', coalesce(x.password_sealed IS NOT NULL, false),
                         'has_session', coalesce(x.session_sealed IS NOT NULL, false)) ORDER BY s.kind, s.is_test, s.code), '[]')
                  FROM legacy.server s
                  LEFT JOIN legacy.server_status t ON t.server_id = s.id
                  LEFT JOIN legacy.server_secret x ON x.server_id = s.id),
    'modules', (SELECT jsonb_agg(jsonb_build_object(
                         'id', m.id, 'row_version', m.row_version, 'code', m.code, 'mode', m.mode, 'signed_off_at', m.signed_off_at,
                         'signed_off_by', m.signed_off_by, 'comment', m.comment) ORDER BY m.id) FROM legacy.module m),
    'entities', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                          'id', e.id, 'code', e.code, 'parent', e.parent, 'module', e.module, 'source', e.source, 'position', e.position,
                          'title', e.title, 'is_enabled', e.is_enabled, 'target_table', e.target_table, 'changed_since', e.changed_since,
                          'last_full_at', e.last_full_at, 'last_incremental_at', e.last_incremental_at,
                          'last_sweep_at', e.last_sweep_at, 'last_change_at', e.last_change_at, 'source_count', e.source_count,
                          'records', e.record_count, 'placeholders', e.placeholder_count, 'gone', e.gone_count,
                          'warnings', e.warning_count,
                          'quarantined', coalesce(q.n, 0)) ORDER BY e.position, e.code), '[]')
                   FROM legacy.entity e
                   LEFT JOIN (SELECT q.entity_id, count(*) AS n FROM legacy.quarantine q WHERE q.state IN ('open', 'retry')
                               GROUP BY q.entity_id) q ON q.entity_id = e.id),
    'run', (SELECT legacy.run_shown(r, v_keeper) FROM legacy.run r WHERE r.state = 'running' ORDER BY r.id LIMIT 1),
    'last_run', (SELECT legacy.run_shown(r, v_keeper) FROM legacy.run r
                  WHERE r.state IN ('done', 'warnings', 'failed', 'cancelled') ORDER BY r.finished_at DESC NULLS LAST LIMIT 1),
    'waiting', (SELECT coalesce(jsonb_agg(legacy.run_shown(r, v_keeper) - 'parts' || jsonb_build_object(
                                            'ends_at', CASE WHEN r.state = 'waiting' THEN r.requested_at + legacy.request_lives() END)
                                          ORDER BY r.id), '[]')
                  FROM legacy.run r
                 WHERE r.state = 'interrupted'
                    OR r.state = 'waiting' AND r.requested_at >= statement_timestamp() - legacy.request_lives()),
    'quarantine', (SELECT count(*) FROM legacy.quarantine q WHERE q.state IN ('open', 'retry')),
    'ignored', (SELECT count(*) FROM legacy.quarantine q WHERE q.state = 'ignored'));
END $$;
COMMENT ON FUNCTION api.legacy_state IS
  'Who leads, servers, modules, entities, the run that goes on, the last one, what waits, and how much lies in quarantine.';

CREATE OR REPLACE FUNCTION legacy.run_shown(p_run legacy.run, p_keeper boolean) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p_keeper THEN j.run ELSE
    j.run - 'error' - 'options' || jsonb_build_object('parts',
      (SELECT coalesce(jsonb_agg(p.part - 'error' - 'cursor' ORDER BY p.ord), '[]')
         FROM jsonb_array_elements(j.run -> 'parts') WITH ORDINALITY AS p (part, ord))) END
    FROM (SELECT legacy.run_json(p_run) AS run) j
$$;
