-- What is known of people: changed by administrators, a part of it by themselves, shown to colleagues as each one allows.

CREATE OR REPLACE FUNCTION sec.people() RETURNS TABLE (login text, person text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN QUERY SELECT u.login, u.person FROM sec.app_user u ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.people IS 'Names behind the logins in history and notes.';

CREATE OR REPLACE FUNCTION sec.people_with(p_right text) RETURNS TABLE (role text, login text, person text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ur.role, u.login, u.person
    FROM sec.role_right r
    JOIN sec.role_closure c ON c.includes = r.role
    JOIN sec.user_role ur ON ur.role = c.role
    JOIN sec.app_user u ON u.login = ur.login
   WHERE r."right" = p_right AND u.status = 'active' AND ur.valid_from <= statement_timestamp()
     AND (ur.valid_to IS NULL OR ur.valid_to > statement_timestamp())
$$;

CREATE OR REPLACE FUNCTION sec.check_supervisor(p_login text, p_supervisor text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_supervisor IS NULL THEN
    RETURN;
  ELSIF p_supervisor !~ '^u_' OR NOT EXISTS (SELECT FROM sec.app_user u WHERE u.login = p_supervisor AND u.status <> 'left') THEN
    PERFORM sec.fail('ER422', 'supervisor_unknown', jsonb_build_object('login', p_supervisor));
  ELSIF EXISTS (
    WITH RECURSIVE above (login) AS (
      SELECT u.supervisor FROM sec.app_user u WHERE u.login = p_supervisor AND u.supervisor IS NOT NULL
      UNION SELECT u.supervisor FROM above a JOIN sec.app_user u ON u.login = a.login WHERE u.supervisor IS NOT NULL)
    SELECT FROM above a WHERE a.login IN (p_login, p_supervisor)) OR p_supervisor = p_login THEN
    PERFORM sec.fail('ER422', 'supervisor_circle', jsonb_build_object('login', p_supervisor));
  END IF;
END $$;
COMMENT ON FUNCTION sec.check_supervisor IS 'ER422 unless p_login can report to this person: one who is there, and does not report to him.';

CREATE OR REPLACE FUNCTION sec.user_change(p_login text, p_changes jsonb, p_seen jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_field text;
BEGIN
  PERFORM sec.require('user_change');
  PERFORM sec.check_user(p_login);
  IF p_changes ? 'email' THEN
    PERFORM sec.require_confirmed();  -- codes to reset a password go there
  END IF;
  SELECT k INTO v_field FROM jsonb_object_keys(p_changes) k
   WHERE k NOT IN ('person', 'language', 'email', 'phone', 'department', 'site', 'position', 'supervisor') LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'field_unknown', jsonb_build_object('field', v_field));
  ELSIF (SELECT u.status FROM sec.app_user u WHERE u.login = p_login) = 'left' THEN
    PERFORM sec.fail('ER422', 'account_left', jsonb_build_object('login', p_login));  -- or the name would be somebody else's
  END IF;
  PERFORM sec.check_supervisor(p_login, nullif(p_changes ->> 'supervisor', ''));
  PERFORM FROM sec.app_user u WHERE u.login = p_login FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM sec.app_user u, jsonb_each_text(p_seen) s
              WHERE u.login = p_login AND p_changes ? s.key
                AND coalesce(to_jsonb(u) ->> s.key, '') <> coalesce(s.value, '')) THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('login', p_login));
  END IF;
  UPDATE sec.app_user u
     SET person = CASE WHEN p_changes ? 'person' THEN sec.line_of(p_changes ->> 'person', 'person') ELSE u.person END,
         language = coalesce(p_changes ->> 'language', u.language),
         email = CASE WHEN p_changes ? 'email' THEN sec.line_of(p_changes ->> 'email', 'email') ELSE u.email END,
         phone = CASE WHEN p_changes ? 'phone' THEN sec.line_of(p_changes ->> 'phone', 'phone', 60) ELSE u.phone END,
         department = CASE WHEN p_changes ? 'department' THEN sec.line_of(p_changes ->> 'department', 'department', 100) ELSE u.department END,
         site = CASE WHEN p_changes ? 'site' THEN sec.line_of(p_changes ->> 'site', 'site', 100) ELSE u.site END,
         position = CASE WHEN p_changes ? 'position' THEN sec.line_of(p_changes ->> 'position', 'position', 100) ELSE u.position END,
         supervisor = CASE WHEN p_changes ? 'supervisor' THEN nullif(p_changes ->> 'supervisor', '') ELSE u.supervisor END
   WHERE u.login = p_login;
  PERFORM audit.event_log('user_changed', p_login, jsonb_build_object('fields', (SELECT jsonb_agg(k) FROM jsonb_object_keys(p_changes) k)));
END $$;
COMMENT ON FUNCTION sec.user_change IS
  'Change what is known of a person; only the fields named: person, language, email, phone, department, site, position, '
  'supervisor (a login, or null for none). p_seen: what stood there when it was read; ER409 when somebody has changed it since.';

CREATE OR REPLACE FUNCTION sec.photo_put(p_login text, p_photo bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_photo IS NULL THEN
    DELETE FROM sec.user_photo p WHERE p.login = p_login;
  ELSIF octet_length(p_photo) > 204800 THEN
    PERFORM sec.fail('ER422', 'user_photo_size');
  ELSIF substr(p_photo, 1, 8) <> '\x89504e470d0a1a0a' AND substr(p_photo, 1, 3) <> '\xffd8ff' THEN
    PERFORM sec.fail('ER422', 'user_photo_format');
  ELSE
    INSERT INTO sec.user_photo (login, content) VALUES (p_login, p_photo)
    ON CONFLICT (login) DO UPDATE SET content = excluded.content, set_at = statement_timestamp();
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.user_set_photo(p_login text, p_photo bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_set_photo');
  PERFORM sec.check_user(p_login);
  PERFORM sec.photo_put(p_login, p_photo);
  PERFORM audit.event_log('user_changed', p_login, '{"fields": ["photo"]}');
END $$;
COMMENT ON FUNCTION sec.user_set_photo IS 'A person''s picture, PNG or JPEG of at most 200 kB; NULL takes it away.';

CREATE OR REPLACE FUNCTION sec.my_details_set(
  p_phone text DEFAULT NULL, p_language text DEFAULT NULL, p_show_phone boolean DEFAULT NULL, p_show_email boolean DEFAULT NULL,
  p_show_photo boolean DEFAULT NULL, p_photo bytea DEFAULT NULL, p_remove_photo boolean DEFAULT false,
  p_guided boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
BEGIN
  PERFORM sec.require_session();
  v_login := sec.actor();
  PERFORM sec.check_user(v_login);
  UPDATE sec.app_user u
     SET phone = CASE WHEN p_phone IS NULL THEN u.phone ELSE sec.line_of(p_phone, 'phone', 60) END,
         language = coalesce(p_language, u.language),
         show_phone = coalesce(p_show_phone, u.show_phone),
         show_email = coalesce(p_show_email, u.show_email),
         show_photo = coalesce(p_show_photo, u.show_photo),
         guided_at = CASE WHEN p_guided IS NULL THEN u.guided_at WHEN p_guided THEN statement_timestamp() END
   WHERE u.login = v_login;
  IF p_photo IS NOT NULL OR p_remove_photo THEN
    PERFORM sec.photo_put(v_login, p_photo);
  END IF;
END $$;
COMMENT ON FUNCTION sec.my_details_set IS
  'What everybody changes of the own data: phone, language, photo, what colleagues see; NULL leaves as it is. p_guided: the '
  'first-run guide has been seen.';

CREATE OR REPLACE FUNCTION sec.my_details() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text;
BEGIN
  PERFORM sec.require_session();
  v_login := sec.actor();
  RETURN sec.person_record(v_login);
END $$;
COMMENT ON FUNCTION sec.my_details IS 'Everything the house knows of the person who asks.';

CREATE OR REPLACE FUNCTION sec.person_record(p_login text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'id', u.id, 'login', u.login, 'person', u.person, 'language', u.language, 'status', u.status, 'status_reason', u.status_reason,
    'status_since', u.status_since, 'locked_until', u.locked_until, 'left_on', u.left_on, 'phone', u.phone, 'email', u.email,
    'department', u.department, 'site', u.site, 'position', u.position, 'supervisor', u.supervisor,
    'supervisor_person', (SELECT s.person FROM sec.app_user s WHERE s.login = u.supervisor),
    'people', (SELECT coalesce(jsonb_agg(jsonb_build_object('login', p.login, 'person', p.person) ORDER BY p.person), '[]')
                 FROM sec.app_user p WHERE p.supervisor = u.login AND p.status <> 'left'),
    'show_phone', u.show_phone, 'show_email', u.show_email, 'show_photo', u.show_photo,
    'has_photo', EXISTS (SELECT FROM sec.user_photo p WHERE p.login = u.login),
    'must_change_password', u.must_change_password, 'password_set_at', u.password_set_at, 'password_ends', u.password_ends,
    'second_factor', EXISTS (SELECT FROM sec.totp t WHERE t.login = u.login AND t.confirmed_at IS NOT NULL),
    'created_at', u.created_at, 'created_by', u.created_by,
    'roles', to_jsonb(sec.roles_of(u.login)),
    'warehouses', (SELECT coalesce(jsonb_agg(w.warehouse_id ORDER BY w.warehouse_id), '[]') FROM sec.user_warehouse w WHERE w.login = u.login),
    'sessions', (SELECT count(*) FROM sec.session s WHERE s.login = u.login AND s.ended_at IS NULL AND s.valid_until > statement_timestamp()),
    'last_session', (SELECT max(s.created) FROM sec.session s WHERE s.login = u.login),
    'tasks_open', (SELECT count(*) FROM sec.person_task t WHERE t.login = u.login AND t.done_at IS NULL))
    FROM sec.app_user u WHERE u.login = p_login
$$;

CREATE OR REPLACE FUNCTION sec.user_card(p_login text DEFAULT NULL, p_id bigint DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text := coalesce(p_login, (SELECT u.login FROM sec.app_user u WHERE u.id = p_id));
  v_card jsonb;
BEGIN
  PERFORM sec.require('user_card');
  v_card := sec.person_record(v_login);
  IF v_card IS NULL THEN
    PERFORM sec.fail('ER404', 'login_unknown', jsonb_build_object('login', v_login));
  END IF;
  v_card := v_card || jsonb_build_object(
    'assignments', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM sec.assignment_rows(v_login, NULL) a),
    'tasks', (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.kind, t.sort, t.id), '[]') FROM sec.person_task t WHERE t.login = v_login));
  IF sec.may('session_list_all') THEN
    v_card := v_card || jsonb_build_object('open_sessions', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'created', s.created, 'last_seen', s.last_seen, 'address', host(s.address),
                                                   'client', s.client, 'assurance', s.assurance) ORDER BY s.last_seen DESC), '[]')
        FROM sec.session s WHERE s.login = v_login AND s.ended_at IS NULL AND s.valid_until > statement_timestamp()));
  END IF;
  IF sec.may('attempt_list') THEN
    v_card := v_card || jsonb_build_object('sign_ins', (
      SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.at DESC), '[]')
        FROM ((SELECT a.at, host(a.address) AS address, a.outcome, a.application FROM sec.login_attempt a
                WHERE a.login = v_login ORDER BY a.at DESC LIMIT 20)
              UNION ALL
              (SELECT s.created, host(s.address), 'ok', left(concat_ws(' ', s.client ->> 'name', s.client ->> 'version'), 100)
                 FROM sec.session s WHERE s.login = v_login ORDER BY s.created DESC LIMIT 20)
              ORDER BY 1 DESC LIMIT 20) l));
  END IF;
  RETURN v_card;
END $$;
COMMENT ON FUNCTION sec.user_card IS
  'A person''s record with all assignments and tasks, for the administrator, by login or number; one answer for a whole form. '
  'Open sessions and the last sign-ins are in it for those who may list them.';

CREATE OR REPLACE FUNCTION sec.user_list()
RETURNS TABLE (id bigint, login text, person text, language text, status text, email text, phone text, roles text[], warehouses bigint[],
               last_session timestamptz, department text, site text, "position" text, supervisor text, status_reason text,
               status_since timestamptz, locked_until timestamptz, left_on date, sessions int, second_factor boolean, tasks_open int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_list');
  RETURN QUERY
    SELECT u.id, u.login, u.person, u.language, u.status, u.email, u.phone,
           ARRAY(SELECT DISTINCT r.role FROM sec.user_role r
                  WHERE r.login = u.login AND r.valid_from <= statement_timestamp()
                    AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp()) ORDER BY r.role),
           ARRAY(SELECT w.warehouse_id FROM sec.user_warehouse w WHERE w.login = u.login ORDER BY w.warehouse_id),
           s.last_session, u.department, u.site, u.position, u.supervisor, u.status_reason, u.status_since, u.locked_until, u.left_on,
           coalesce(s.open, 0), EXISTS (SELECT FROM sec.totp t WHERE t.login = u.login AND t.confirmed_at IS NOT NULL),
           (SELECT count(*)::int FROM sec.person_task t WHERE t.login = u.login AND t.done_at IS NULL)
      FROM sec.app_user u
      LEFT JOIN (SELECT x.login, max(x.created) AS last_session,
                        (count(*) FILTER (WHERE x.ended_at IS NULL AND x.valid_until > statement_timestamp()))::int AS open
                   FROM sec.session x GROUP BY x.login) s ON s.login = u.login
     ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.user_list IS 'All logins with their roles, for the administrator.';

CREATE OR REPLACE FUNCTION sec.directory()
RETURNS TABLE (login text, person text, department text, site text, "position" text, supervisor text, phone text, email text, has_photo boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_all boolean;
BEGIN
  PERFORM sec.require_session();
  v_all := sec.may('user_list') OR sec.is_superuser();
  RETURN QUERY
    SELECT u.login, u.person, u.department, u.site, u.position, u.supervisor,
           CASE WHEN v_all OR u.show_phone OR u.login = session_user THEN u.phone END,
           CASE WHEN v_all OR u.show_email OR u.login = session_user THEN u.email END,
           (v_all OR u.show_photo OR u.login = session_user) AND EXISTS (SELECT FROM sec.user_photo p WHERE p.login = u.login)
      FROM sec.app_user u
     WHERE u.login ~ '^u_' AND u.status IN ('active', 'suspended', 'locked') ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.directory IS
  'Colleagues: name, department, site and position of everybody; phone, e-mail and photo as each one allows, to administrators all.';

CREATE OR REPLACE FUNCTION sec.person_photo(p_login text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_session();
  RETURN (SELECT p.content FROM sec.user_photo p JOIN sec.app_user u ON u.login = p.login
           WHERE p.login = p_login
             AND (u.login = session_user OR sec.may('user_list') OR sec.is_superuser() OR u.show_photo AND u.status <> 'left'));
END $$;
COMMENT ON FUNCTION sec.person_photo IS 'A colleague''s picture; NULL when there is none or the person does not show it.';

CREATE OR REPLACE FUNCTION sec.tasks_open(p_login text, p_kind text, p_roles text[]) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count int;
BEGIN
  INSERT INTO sec.person_task (login, kind, sort, text_de, text_en)
  SELECT p_login, p_kind, i.sort, i.text_de, i.text_en FROM sec.checklist_item i
   WHERE i.kind = p_kind AND i.active
     AND (i.role IS NULL OR EXISTS (SELECT FROM sec.role_closure c WHERE c.role = ANY (p_roles) AND c.includes = i.role))
   ORDER BY i.sort, i.id;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

CREATE OR REPLACE FUNCTION sec.checklist_list()
RETURNS TABLE (id bigint, kind text, sort int, text_de text, text_en text, role text, active boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('checklist_list');
  RETURN QUERY SELECT i.id, i.kind, i.sort, i.text_de, i.text_en, i.role, i.active FROM sec.checklist_item i ORDER BY i.kind, i.sort, i.id;
END $$;
COMMENT ON FUNCTION sec.checklist_list IS 'The points of the onboarding and off-boarding lists.';

CREATE OR REPLACE FUNCTION sec.checklist_set(
  p_id bigint, p_kind text, p_sort int, p_text_de text, p_text_en text, p_role text DEFAULT NULL, p_active boolean DEFAULT true)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint := p_id;
BEGIN
  PERFORM sec.require('checklist_set');
  IF p_id IS NULL THEN
    INSERT INTO sec.checklist_item (kind, sort, text_de, text_en, role, active)
    VALUES (p_kind, coalesce(p_sort, 0), sec.line_of(p_text_de, 'text_de', 300), sec.line_of(p_text_en, 'text_en', 300), nullif(p_role, ''),
            p_active)
    RETURNING sec.checklist_item.id INTO v_id;
  ELSE
    UPDATE sec.checklist_item i
       SET kind = p_kind, sort = coalesce(p_sort, 0), text_de = sec.line_of(p_text_de, 'text_de', 300),
           text_en = sec.line_of(p_text_en, 'text_en', 300), role = nullif(p_role, ''), active = p_active
     WHERE i.id = p_id;
    IF NOT FOUND THEN
      PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.checklist_item', 'id', p_id));
    END IF;
  END IF;
  RETURN v_id;
END $$;
COMMENT ON FUNCTION sec.checklist_set IS
  'Add a point to the onboarding or off-boarding list (no id) or change one; for people of a role, or for all. People who are '
  'on their way keep the list they have.';

CREATE OR REPLACE FUNCTION sec.person_task_list(p_login text DEFAULT NULL)
RETURNS TABLE (id bigint, login text, person text, kind text, sort int, text_de text, text_en text, done_at timestamptz, done_by text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('person_task_list');
  RETURN QUERY
    SELECT t.id, t.login, u.person, t.kind, t.sort, t.text_de, t.text_en, t.done_at, t.done_by
      FROM sec.person_task t JOIN sec.app_user u ON u.login = t.login
     WHERE CASE WHEN p_login IS NULL THEN t.done_at IS NULL ELSE t.login = p_login END
     ORDER BY u.person, t.kind, t.sort, t.id;
END $$;
COMMENT ON FUNCTION sec.person_task_list IS 'A person''s onboarding and off-boarding points; without a login everybody''s open ones.';

CREATE OR REPLACE FUNCTION sec.person_task_add(p_login text, p_kind text, p_text text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  PERFORM sec.require('person_task_add');
  PERFORM sec.check_user(p_login);
  IF btrim(coalesce(p_text, '')) = '' THEN
    PERFORM sec.fail('ER422', 'checklist_item_text');
  END IF;
  INSERT INTO sec.person_task (login, kind, sort, text_de, text_en)
  VALUES (p_login, p_kind, 1000, sec.line_of(p_text, 'text', 300), sec.line_of(p_text, 'text', 300)) RETURNING id INTO v_id;
  RETURN v_id;
END $$;
COMMENT ON FUNCTION sec.person_task_add IS 'One more point for this person only.';

CREATE OR REPLACE FUNCTION sec.person_task_done(p_id bigint, p_done boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('person_task_done');
  UPDATE sec.person_task t
     SET done_at = CASE WHEN p_done THEN coalesce(t.done_at, statement_timestamp()) END,
         done_by = CASE WHEN p_done THEN coalesce(t.done_by, session_user) END
   WHERE t.id = p_id;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.person_task', 'id', p_id));
  END IF;
END $$;
COMMENT ON FUNCTION sec.person_task_done IS 'Tick a point off, or open it again.';
