-- Roles and rights to look at: what there is, who may what by which role, and why somebody may not.

CREATE OR REPLACE FUNCTION sec.role_list()
RETURNS TABLE (name text, scoped boolean, limits jsonb, kind text, holder text, sensitive boolean, retired boolean, title_de text,
               title_en text, about_de text, about_en text, parents text[], includes text[], rights int, holders int, votes int,
               max_days int, idle_minutes int, session_minutes int, max_sessions int, needs_second_factor boolean, conflicts int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('role_list');
  RETURN QUERY
    SELECT r.name, r.scoped, coalesce((SELECT jsonb_object_agg(l.name, l.value) FROM sec.role_limit l WHERE l.role = r.name), '{}'),
           r.kind, r.holder, r.sensitive, r.retired, r.title_de, r.title_en, r.about_de, r.about_en,
           ARRAY(SELECT p.parent FROM sec.role_parent p WHERE p.role = r.name ORDER BY 1),
           ARRAY(SELECT c.includes FROM sec.role_closure c WHERE c.role = r.name AND c.includes <> r.name ORDER BY 1),
           (SELECT count(DISTINCT x."right")::int FROM sec.role_closure c JOIN sec.role_right x ON x.role = c.includes WHERE c.role = r.name),
           (SELECT count(DISTINCT u.login)::int FROM sec.user_role u WHERE u.role = r.name AND u.valid_from <= statement_timestamp()
               AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp())),
           w.votes, r.max_days, r.idle_minutes, r.session_minutes, r.max_sessions, r.needs_second_factor,
           jsonb_array_length(sec.role_conflicts(r.name))
      FROM sec.role r JOIN sec.role_weights() w ON w.role = r.name ORDER BY r.name;
END $$;
COMMENT ON FUNCTION sec.role_list IS 'All roles with their limits, parents, holders and rules, for the administrator.';

CREATE OR REPLACE FUNCTION sec.role_card(p_name text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('role_card');
  RETURN (
    SELECT to_jsonb(r) || jsonb_build_object(
      'votes', sec.role_votes(r.name), 'conflicts', sec.role_conflicts(r.name),
      'parents', (SELECT coalesce(jsonb_agg(p.parent ORDER BY p.parent), '[]') FROM sec.role_parent p WHERE p.role = r.name),
      'children', (SELECT coalesce(jsonb_agg(p.role ORDER BY p.role), '[]') FROM sec.role_parent p WHERE p.parent = r.name),
      'limits', (SELECT coalesce(jsonb_object_agg(l.name, l.value), '{}') FROM sec.role_limit l WHERE l.role = r.name),
      'rights', (SELECT coalesce(jsonb_agg(x."right" ORDER BY x."right"), '[]') FROM sec.role_right x WHERE x.role = r.name),
      'inherited', (SELECT coalesce(jsonb_object_agg(i."right", i.roles), '{}')
                      FROM (SELECT x."right", jsonb_agg(c.includes ORDER BY c.includes) AS roles
                              FROM sec.role_closure c JOIN sec.role_right x ON x.role = c.includes
                             WHERE c.role = r.name AND c.includes <> r.name GROUP BY 1) i),
      'assignments', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM sec.assignment_rows(NULL, r.name) a))
      FROM sec.role r WHERE r.name = p_name);
END $$;
COMMENT ON FUNCTION sec.role_card IS 'A role with its rights, own and inherited (right: roles), parents, children, limits and assignments; NULL when unknown.';

CREATE OR REPLACE FUNCTION sec.permission_matrix(
  p_login text DEFAULT NULL, p_role text DEFAULT NULL, p_table text DEFAULT NULL, p_function text DEFAULT NULL)
RETURNS TABLE ("right" text, depth text, object text, verb text, columns text[], row_scope text, roles text[], logins text[], people text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('permission_matrix');
  RETURN QUERY
    WITH carried AS (
      SELECT x."right" AS name, array_agg(DISTINCT c.role ORDER BY c.role) AS roles
        FROM sec.role_right x JOIN sec.role_closure c ON c.includes = x.role JOIN sec.role r ON r.name = c.role AND NOT r.retired
       WHERE r.kind <> 'template' GROUP BY 1),
    held AS (
      SELECT x."right" AS name, array_agg(DISTINCT u.login ORDER BY u.login) AS logins
        FROM sec.memberships_due() d JOIN sec.role_closure c ON c.role = d.role JOIN sec.role_right x ON x.role = c.includes
        JOIN sec.app_user u ON u.login = d.login GROUP BY 1),
    known AS (
      SELECT k.name, k.roles, coalesce(h.logins, '{}') AS logins, position(':' IN k.name) > 0 AS of_table,
             split_part(k.name, ':', 1) AS object, nullif(split_part(k.name, ':', 2), '') AS verb, 'p_' || k.name AS role
        FROM carried k LEFT JOIN held h ON h.name = k.name
       WHERE (p_login IS NULL OR p_login = ANY (h.logins)) AND (p_role IS NULL OR p_role = ANY (k.roles))
         AND (p_table IS NULL OR split_part(k.name, ':', 1) = p_table AND position(':' IN k.name) > 0)
         AND (p_function IS NULL OR k.name = p_function)),
    told AS (
      -- What the database itself holds against the right's own role: columns, and conditions on rows.
      SELECT k.*,
             CASE WHEN k.verb IN ('insert', 'update') THEN ARRAY(
               SELECT a.attname::text FROM pg_catalog.pg_attribute a, aclexplode(a.attacl) x
                WHERE a.attrelid = to_regclass(k.object) AND x.grantee = to_regrole(quote_ident(k.role))
                  AND x.privilege_type = upper(k.verb) ORDER BY a.attnum) END AS columns,
             CASE WHEN k.verb IN ('select', 'insert', 'update') THEN (
               SELECT string_agg(coalesce(p.qual, p.with_check), ' AND ') FROM pg_catalog.pg_policies p
                WHERE p.schemaname || '.' || p.tablename = k.object AND k.role = ANY (p.roles) AND p.cmd = upper(k.verb)
                  AND coalesce(p.qual, p.with_check) <> 'true') END AS row_scope
        FROM known k)
    SELECT t.name,
           CASE WHEN NOT t.of_table AND EXISTS (SELECT FROM pg_catalog.pg_proc f WHERE f.proname = t.name AND f.provolatile <> 'v'
                                                   AND f.pronamespace IN ('api'::regnamespace, 'sec'::regnamespace, 'audit'::regnamespace,
                                                                          'system'::regnamespace)) THEN 'report'
                WHEN NOT t.of_table OR t.verb NOT IN ('select', 'insert', 'update') THEN 'function'
                WHEN t.row_scope IS NOT NULL THEN 'row'
                WHEN cardinality(t.columns) < (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass(t.object)
                       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
                       AND a.attname NOT IN ('id', 'row_version', 'created_at', 'created_by', 'updated_at', 'updated_by')) THEN 'column'
                ELSE 'table' END,
           t.object, t.verb, t.columns, t.row_scope, t.roles, t.logins,
           ARRAY(SELECT u.person FROM sec.app_user u WHERE u.login = ANY (t.logins) ORDER BY u.login)
      FROM told t ORDER BY t.of_table, t.object, t.verb;
END $$;
COMMENT ON FUNCTION sec.permission_matrix IS
  'Who may what, by person, role, table or function: every right with its depth (table, column, row, function, report), the columns '
  'that may be written, the condition on rows, the roles that carry it and the people who have one of them now. From the catalogue.';

CREATE OR REPLACE FUNCTION sec.why(p_right text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text := session_user;
  v_acting text[] := sec.acting();
  v_mine text[];
  v_roles jsonb;
  v_best text;
BEGIN
  PERFORM sec.require_session();
  IF cardinality(v_acting) = 2 AND v_acting[2] <> '' THEN
    v_login := v_acting[2];
  END IF;
  v_mine := sec.roles_of(v_login);
  WITH carrying AS (
    SELECT r.*, w.votes,
           (SELECT count(DISTINCT x."right") FROM sec.role_closure c JOIN sec.role_right x ON x.role = c.includes WHERE c.role = r.name) AS size,
           sec.conflict_found(v_login, r.name, statement_timestamp(), NULL) AS other
      FROM sec.role r JOIN sec.role_weights() w ON w.role = r.name
     WHERE NOT r.retired AND r.kind <> 'template' AND (r.holder = 'person' OR v_login !~ '^u_')
       AND EXISTS (SELECT FROM sec.role_closure c JOIN sec.role_right x ON x.role = c.includes WHERE c.role = r.name AND x."right" = p_right)),
  told AS (
    SELECT c.name, c.votes, c.size, c.other,
           c.holder = 'person' AND v_login ~ '^u_' AND c.other IS NULL AND NOT c.name = ANY (v_mine) AS requestable,
           jsonb_build_object(
             'role', c.name, 'title_de', c.title_de, 'title_en', c.title_en, 'kind', c.kind, 'sensitive', c.sensitive, 'votes', c.votes,
             'rights', c.size, 'conflict', c.other, 'mine', c.name = ANY (v_mine),
             'requestable', c.holder = 'person' AND v_login ~ '^u_' AND c.other IS NULL AND NOT c.name = ANY (v_mine),
             'holders', (SELECT coalesce(jsonb_agg(jsonb_build_object('login', u.login, 'person', u.person, 'department', u.department)
                                                   ORDER BY u.person), '[]')
                           FROM sec.memberships_due() d JOIN sec.app_user u ON u.login = d.login WHERE d.role = c.name)) AS said
      FROM carrying c)
  SELECT coalesce(jsonb_agg(t.said ORDER BY t.votes, t.size, t.name), '[]'),
         (array_agg(t.name ORDER BY t.votes, t.size, t.name) FILTER (WHERE t.requestable))[1]
    INTO v_roles, v_best FROM told t;
  RETURN jsonb_build_object(
    'right', p_right, 'has', sec.may(p_right), 'login', v_login,
    -- At a terminal the device must have the right as well; a person cannot ask for that.
    'device_lacks', left(session_user, 2) = 't_' AND NOT sec.has(session_user, p_right),
    'roles', v_roles, 'request', v_best, 'hours', (SELECT p.elevation_hours FROM sec.policy p),
    'granters', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('login', p.login, 'person', p.person)), '[]')
                   FROM sec.people_with('user_set_roles') p WHERE p.login <> v_login),
    'approvers', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('login', p.login, 'person', p.person)), '[]')
                    FROM sec.people_with('approval.role_grant:decide') p WHERE p.login <> v_login),
    'had', (SELECT jsonb_build_object('role', u.role, 'kind', u.kind, 'until', u.valid_to, 'ended_by', u.ended_by, 'reason', u.end_reason)
              FROM sec.user_role u JOIN sec.role_closure c ON c.role = u.role JOIN sec.role_right x ON x.role = c.includes
             WHERE u.login = v_login AND x."right" = p_right AND u.valid_to <= statement_timestamp() AND u.valid_to > u.valid_from
             ORDER BY u.valid_to DESC LIMIT 1),
    'comes', (SELECT jsonb_build_object('role', u.role, 'from', u.valid_from)
                FROM sec.user_role u JOIN sec.role_closure c ON c.role = u.role JOIN sec.role_right x ON x.role = c.includes
               WHERE u.login = v_login AND x."right" = p_right AND u.valid_from > statement_timestamp() AND u.valid_to IS DISTINCT FROM u.valid_from
               ORDER BY u.valid_from LIMIT 1),
    'open', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', q.id, 'kind', q.kind, 'role', q.detail, 'since', q.created_at) ORDER BY q.id), '[]')
               FROM system.approval_request q
              WHERE q.state = 'open' AND q.expires_at > statement_timestamp() AND q.gains = v_login AND q.kind IN ('role_grant', 'elevation')
                AND EXISTS (SELECT FROM sec.role_closure c JOIN sec.role_right x ON x.role = c.includes WHERE c.role = q.detail AND x."right" = p_right)));
END $$;
COMMENT ON FUNCTION sec.why IS
  'Why can''t I: the roles that carry a right (smallest first) with who has them, whether the person had or will have it, who could '
  'grant it, which role to ask for (request) and for how many hours at most, and what has been asked for already.';
