-- Roles of the house's own making: rows here, a role of PostgreSQL that is a member of single permissions and of other roles.

CREATE OR REPLACE FUNCTION sec.custom_role_settle(p_role text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_name text := 'r_' || p_role;
  v_option text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT TRUE, SET FALSE' ELSE '' END;
  v_wanted text[];
  v_there text[];
  v_member text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = v_name) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', v_name);
  END IF;
  v_wanted := ARRAY(SELECT 'p_' || r."right" FROM sec.role_right r WHERE r.role = p_role
                    UNION SELECT 'r_' || p.parent FROM sec.role_parent p WHERE p.role = p_role);
  v_there := ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m
                     JOIN pg_catalog.pg_roles g ON g.oid = m.roleid JOIN pg_catalog.pg_roles r ON r.oid = m.member
                    WHERE r.rolname = v_name);
  FOR v_member IN SELECT unnest(v_there) EXCEPT SELECT unnest(v_wanted) LOOP
    EXECUTE format('REVOKE %I FROM %I GRANTED BY erp_sec', v_member, v_name);
  END LOOP;
  FOR v_member IN SELECT unnest(v_wanted) EXCEPT SELECT unnest(v_there) LOOP
    EXECUTE format('GRANT %I TO %I' || v_option, v_member, v_name);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION sec.custom_roles_settle() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
BEGIN
  FOR v_role IN SELECT r.name FROM sec.role r WHERE r.kind = 'custom' LOOP
    PERFORM sec.custom_role_settle(v_role);
  END LOOP;
END $$;
COMMENT ON FUNCTION sec.custom_roles_settle IS
  'Make PostgreSQL''s roles of all custom roles anew from the tables: after an upgrade, and after a restore.';

CREATE OR REPLACE FUNCTION sec.role_write(p_name text, p_details jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role sec.role%ROWTYPE;
  v_word text;
  v_before jsonb;
  v_login text;
BEGIN
  SELECT * INTO v_role FROM sec.role r WHERE r.name = p_name FOR UPDATE;
  SELECT jsonb_object_agg(w.role, w.votes) INTO v_before FROM sec.role_weights() w JOIN sec.role_closure c ON c.role = w.role AND c.includes = p_name;
  SELECT k INTO v_word FROM jsonb_object_keys(p_details) k
   WHERE k NOT IN ('title_de', 'title_en', 'about_de', 'about_en', 'rights', 'parents', 'limits', 'sensitive', 'scoped', 'max_days',
                   'idle_minutes', 'session_minutes', 'max_sessions', 'needs_second_factor') LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'field_unknown', jsonb_build_object('field', v_word));
  ELSIF EXISTS (SELECT FROM sec.user_role u JOIN sec.role_closure c ON c.role = u.role AND c.includes = p_name
                 WHERE u.login = session_user AND coalesce(u.valid_to, 'infinity') > statement_timestamp()) THEN
    -- Whoever makes roles does not make his own bigger.
    PERFORM sec.fail('ER422', 'not_oneself', jsonb_build_object('login', session_user));
  END IF;
  UPDATE sec.role r
     SET title_de = CASE WHEN p_details ? 'title_de' THEN sec.line_of(p_details ->> 'title_de', 'title_de', 100) ELSE r.title_de END,
         title_en = CASE WHEN p_details ? 'title_en' THEN sec.line_of(p_details ->> 'title_en', 'title_en', 100) ELSE r.title_en END,
         about_de = CASE WHEN p_details ? 'about_de' THEN sec.line_of(p_details ->> 'about_de', 'about_de', 500) ELSE r.about_de END,
         about_en = CASE WHEN p_details ? 'about_en' THEN sec.line_of(p_details ->> 'about_en', 'about_en', 500) ELSE r.about_en END,
         scoped = coalesce((p_details ->> 'scoped')::boolean, r.scoped)
   WHERE r.name = p_name RETURNING * INTO v_role;
  IF v_role.title_de = '' THEN
    PERFORM sec.fail('ER422', 'role_title_missing');
  END IF;
  IF p_details ? 'rights' THEN
    SELECT n INTO v_word FROM jsonb_array_elements_text(p_details -> 'rights') n
     WHERE n NOT IN (SELECT x."right" FROM sec.role_right x JOIN sec.role m ON m.name = x.role AND m.kind IN ('core', 'functional')
                      WHERE m.holder = 'person') LIMIT 1;
    IF FOUND THEN
      PERFORM sec.fail('ER422', 'right_unknown', jsonb_build_object('right', v_word));
    END IF;
    DELETE FROM sec.role_right x WHERE x.role = p_name;
    INSERT INTO sec.role_right (role, "right") SELECT DISTINCT p_name, n FROM jsonb_array_elements_text(p_details -> 'rights') n;
  END IF;
  IF p_details ? 'parents' THEN
    PERFORM sec.check_roles(ARRAY(SELECT jsonb_array_elements_text(p_details -> 'parents')));
    SELECT n INTO v_word FROM jsonb_array_elements_text(p_details -> 'parents') n
     WHERE EXISTS (SELECT FROM sec.role_closure c WHERE c.role = n AND c.includes = p_name) LIMIT 1;
    IF FOUND THEN
      PERFORM sec.fail('ER422', 'role_circle', jsonb_build_object('role', p_name, 'parent', v_word));
    END IF;
    SELECT n INTO v_word FROM jsonb_array_elements_text(p_details -> 'parents') n JOIN sec.role r ON r.name = n AND r.holder <> 'person' LIMIT 1;
    IF FOUND THEN
      PERFORM sec.fail('ER422', 'role_holder', jsonb_build_object('role', v_word));
    END IF;
    DELETE FROM sec.role_parent x WHERE x.role = p_name;
    INSERT INTO sec.role_parent (role, parent) SELECT DISTINCT p_name, n FROM jsonb_array_elements_text(p_details -> 'parents') n;
  END IF;
  IF p_details ? 'limits' THEN
    SELECT l.key INTO v_word FROM jsonb_each_text(p_details -> 'limits') l
     WHERE l.value::numeric NOT BETWEEN 0 AND coalesce((SELECT max(x.value) FROM sec.role_limit x JOIN sec.role m ON m.name = x.role
                                                          WHERE m.kind IN ('core', 'functional') AND x.name = l.key), -1) LIMIT 1;
    IF FOUND THEN
      PERFORM sec.fail('ER422', 'role_limit_range', jsonb_build_object('limit', v_word));
    END IF;
    DELETE FROM sec.role_limit x WHERE x.role = p_name;
    INSERT INTO sec.role_limit (role, name, value)
    SELECT p_name, l.key, l.value::numeric FROM jsonb_each_text(p_details -> 'limits') l;
  END IF;
  PERFORM sec.role_settle();
  PERFORM sec.role_rules_write(p_name, p_details);
  -- Nobody gets by a change what would have needed other people's consent: not those who have the role, nor who inherits it.
  SELECT w.role INTO v_word FROM sec.role_weights() w
    JOIN sec.role_closure c ON c.role = w.role AND c.includes = p_name
    JOIN sec.user_role u ON u.role = w.role AND coalesce(u.valid_to, 'infinity') > statement_timestamp()
   WHERE w.votes > coalesce((v_before ->> w.role)::int, 0) LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'role_grows_sensitive', jsonb_build_object('role', v_word));
  END IF;
  IF v_role.kind = 'custom' THEN
    PERFORM sec.custom_role_settle(p_name);
  END IF;
  FOR v_login IN SELECT DISTINCT u.login FROM sec.user_role u JOIN sec.role_closure c ON c.role = u.role AND c.includes = p_name
                  WHERE coalesce(u.valid_to, 'infinity') > statement_timestamp() ORDER BY 1 LOOP
    PERFORM sec.roles_changed(v_login);
  END LOOP;
  RETURN jsonb_build_object('name', p_name, 'votes', sec.role_votes(p_name), 'warnings', sec.role_conflicts(p_name),
                            'violations', (SELECT count(DISTINCT v.login) FROM sec.conflict_rows() v JOIN sec.role_closure c
                                             ON c.includes = p_name AND c.role IN (v.by_a, v.by_b)));
END $$;

CREATE OR REPLACE FUNCTION sec.role_rules_write(p_name text, p_details jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE sec.role r
     SET sensitive = coalesce((p_details ->> 'sensitive')::boolean, r.sensitive),
         needs_second_factor = coalesce((p_details ->> 'needs_second_factor')::boolean, r.needs_second_factor),
         max_days = CASE WHEN p_details ? 'max_days' THEN (p_details ->> 'max_days')::int ELSE r.max_days END,
         max_sessions = CASE WHEN p_details ? 'max_sessions' THEN (p_details ->> 'max_sessions')::int ELSE r.max_sessions END,
         idle_minutes = coalesce((p_details ->> 'idle_minutes')::int, r.idle_minutes),
         session_minutes = coalesce((p_details ->> 'session_minutes')::int, r.session_minutes)
   WHERE r.name = p_name
     AND coalesce((p_details ->> 'max_days')::int, 1) BETWEEN 1 AND 3660
     AND coalesce((p_details ->> 'max_sessions')::int, 1) BETWEEN 1 AND 100
     AND coalesce((p_details ->> 'idle_minutes')::int, 5) BETWEEN 5 AND 1440
     AND coalesce((p_details ->> 'session_minutes')::int, 15) BETWEEN 15 AND 1440;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'role_rules_range');
  END IF;
  -- What weighs by what it carries is sensitive, whatever was ticked.
  UPDATE sec.role r SET sensitive = true
    FROM sec.role_weights() w JOIN sec.role_closure c ON c.role = w.role AND c.includes = p_name
   WHERE r.name = w.role AND w.votes > 0 AND NOT r.sensitive AND r.kind IN ('custom', 'template');
END $$;

CREATE OR REPLACE FUNCTION sec.role_make(p_name text, p_kind text, p_details jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_name IS NULL OR p_name !~ '^[a-z][a-z0-9_]{1,50}$' THEN
    PERFORM sec.fail('ER422', 'role_name_form', jsonb_build_object('role', p_name));
  ELSIF EXISTS (SELECT FROM sec.role r WHERE r.name = p_name)
     OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'r_' || p_name) THEN
    -- Roles belong to the cluster: one of that name would bring along what another database gave it.
    PERFORM sec.fail('ER422', 'role_taken', jsonb_build_object('role', p_name));
  END IF;
  INSERT INTO sec.role (name, kind, scoped) VALUES (p_name, p_kind, true);
  INSERT INTO sec.role_closure (role, includes) VALUES (p_name, p_name);
  RETURN sec.role_write(p_name, p_details);
END $$;

CREATE OR REPLACE FUNCTION sec.role_create(p_name text, p_details jsonb, p_template boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_done jsonb;
BEGIN
  PERFORM sec.require('role_create');
  PERFORM sec.require_confirmed();
  v_done := sec.role_make(p_name, CASE WHEN p_template THEN 'template' ELSE 'custom' END, p_details);
  PERFORM audit.event_log('role_created', '', jsonb_build_object('role', p_name, 'details', p_details));
  RETURN v_done;
END $$;
COMMENT ON FUNCTION sec.role_create IS
  'A role of the house''s own (or a template): title_de, title_en, about_de, about_en, rights [], parents [], limits {}, sensitive, '
  'scoped (sees the person''s warehouses only; so unless told otherwise), max_days, idle_minutes, session_minutes, max_sessions, '
  'needs_second_factor. Answers {name, votes, warnings, violations}: warnings are conflicts inside the role.';

CREATE OR REPLACE FUNCTION sec.role_change(p_name text, p_changes jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_done jsonb;
BEGIN
  PERFORM sec.require('role_change');
  PERFORM sec.require_confirmed();
  PERFORM sec.check_own_make(p_name);
  v_done := sec.role_write(p_name, p_changes);
  PERFORM audit.event_log('role_definition_changed', '', jsonb_build_object('role', p_name, 'details', p_changes));
  RETURN v_done;
END $$;
COMMENT ON FUNCTION sec.role_change IS
  'Change a role of the house''s own; only what is named (see role_create). Takes effect at once for all who have it. Refused when '
  'people who have it would get what needs consent.';

CREATE OR REPLACE FUNCTION sec.role_copy(p_from text, p_name text, p_details jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_from sec.role%ROWTYPE;
  v_done jsonb;
BEGIN
  PERFORM sec.require('role_copy');
  PERFORM sec.require_confirmed();
  SELECT * INTO v_from FROM sec.role r WHERE r.name = p_from AND r.holder = 'person';
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'role_unknown', jsonb_build_object('role', p_from));
  END IF;
  v_done := sec.role_make(p_name, 'custom', jsonb_build_object(
      'title_de', v_from.title_de, 'title_en', v_from.title_en, 'about_de', v_from.about_de, 'about_en', v_from.about_en,
      'scoped', v_from.scoped, 'sensitive', v_from.sensitive, 'max_days', v_from.max_days, 'idle_minutes', v_from.idle_minutes,
      'session_minutes', v_from.session_minutes, 'max_sessions', v_from.max_sessions, 'needs_second_factor', v_from.needs_second_factor,
      'rights', (SELECT coalesce(jsonb_agg(x."right"), '[]') FROM sec.role_right x WHERE x.role = p_from),
      'parents', (SELECT coalesce(jsonb_agg(x.parent), '[]') FROM sec.role_parent x WHERE x.role = p_from),
      'limits', (SELECT coalesce(jsonb_object_agg(x.name, x.value), '{}') FROM sec.role_limit x WHERE x.role = p_from)) || p_details);
  -- What the one excludes its copy excludes as well: the same rights under another name.
  INSERT INTO sec.role_conflict (role_a, role_b, reason_de, reason_en)
  SELECT least(p_name, x.other), greatest(p_name, x.other), x.reason_de, x.reason_en
    FROM (SELECT CASE c.role_a WHEN p_from THEN c.role_b ELSE c.role_a END AS other, c.reason_de, c.reason_en
            FROM sec.role_conflict c WHERE p_from IN (c.role_a, c.role_b)) x
  ON CONFLICT DO NOTHING;
  PERFORM audit.event_log('role_created', '', jsonb_build_object('role', p_name, 'copy_of', p_from, 'details', p_details));
  RETURN v_done;
END $$;
COMMENT ON FUNCTION sec.role_copy IS
  'A role of the house''s own that starts as a copy of a template or of any other role; p_details say what is different.';

CREATE OR REPLACE FUNCTION sec.check_own_make(p_name text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kind text := (SELECT r.kind FROM sec.role r WHERE r.name = p_name);
BEGIN
  IF v_kind IS NULL THEN
    PERFORM sec.fail('ER422', 'role_unknown', jsonb_build_object('role', p_name));
  ELSIF v_kind NOT IN ('custom', 'template') THEN
    PERFORM sec.fail('ER422', 'role_of_matrix', jsonb_build_object('role', p_name));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.role_retire(p_name text, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_reason text;
  v_child text;
  v_login text;
  v_people int := 0;
BEGIN
  PERFORM sec.require('role_retire');
  PERFORM sec.require_confirmed();
  v_reason := sec.reason_of(p_reason);
  PERFORM sec.check_own_make(p_name);
  SELECT p.role INTO v_child FROM sec.role_parent p JOIN sec.role r ON r.name = p.role AND NOT r.retired WHERE p.parent = p_name LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'role_is_parent', jsonb_build_object('role', p_name, 'child', v_child));
  END IF;
  UPDATE sec.role r SET retired = true WHERE r.name = p_name;
  FOR v_login IN SELECT DISTINCT u.login FROM sec.user_role u
                  WHERE u.role = p_name AND coalesce(u.valid_to, 'infinity') > statement_timestamp() ORDER BY 1 LOOP
    PERFORM sec.check_user(v_login);
    PERFORM sec.roles_end(v_login, ARRAY[p_name], v_reason);
    v_people := v_people + 1;
  END LOOP;
  PERFORM audit.event_log('role_retired', '', jsonb_build_object('role', p_name, 'reason', v_reason, 'people', v_people));
  RETURN jsonb_build_object('people', v_people);
END $$;
COMMENT ON FUNCTION sec.role_retire IS 'Nobody gets this role any more, and who has it loses it now. Its history stays.';

CREATE OR REPLACE FUNCTION sec.role_restore(p_name text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('role_restore');
  PERFORM sec.require_confirmed();
  PERFORM sec.check_own_make(p_name);
  UPDATE sec.role r SET retired = false WHERE r.name = p_name;
  PERFORM audit.event_log('role_restored', '', jsonb_build_object('role', p_name));
END $$;
COMMENT ON FUNCTION sec.role_restore IS 'A retired role can be given to people again.';

CREATE OR REPLACE FUNCTION sec.role_rules_set(p_name text, p_rules jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_word text;
BEGIN
  PERFORM sec.require('role_rules_set');
  PERFORM sec.require_confirmed();
  SELECT k INTO v_word FROM jsonb_object_keys(p_rules) k
   WHERE k NOT IN ('sensitive', 'max_days', 'idle_minutes', 'session_minutes', 'max_sessions', 'needs_second_factor') LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'field_unknown', jsonb_build_object('field', v_word));
  END IF;
  PERFORM sec.role_rules_write(p_name, p_rules);
  PERFORM audit.event_log('role_definition_changed', '', jsonb_build_object('role', p_name, 'details', p_rules));
END $$;
COMMENT ON FUNCTION sec.role_rules_set IS
  'How the house handles a role, one of the program''s included: sensitive, max_days, idle_minutes, session_minutes, max_sessions, '
  'needs_second_factor. What administers rights stays sensitive.';
