-- Administration of logins: made, locked, suspended, left; never dropped, never anybody else's.

CREATE OR REPLACE FUNCTION sec.check_user(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM sec.app_user u WHERE u.login = p_login FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'login_unknown', jsonb_build_object('login', p_login));
  END IF;
END $$;
COMMENT ON FUNCTION sec.check_user IS 'ER404 unless there is such a login; what is done to one person happens one after the other.';

CREATE OR REPLACE FUNCTION sec.check_somebody_else(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.check_user(p_login);
  IF p_login = session_user THEN
    PERFORM sec.fail('ER422', 'not_oneself', jsonb_build_object('login', p_login));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.line_of(p_text text, p_field text, p_most int DEFAULT 200) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_text text := btrim(coalesce(p_text, ''));
BEGIN
  IF length(v_text) > p_most THEN
    PERFORM sec.fail('ER422', 'value_too_long', jsonb_build_object('field', p_field));
  ELSIF v_text ~ '[[:cntrl:]]' THEN
    PERFORM sec.fail('ER422', 'text_control_character', jsonb_build_object('field', p_field));
  END IF;
  RETURN v_text;
END $$;
COMMENT ON FUNCTION sec.line_of IS 'One line of text without blanks around it; ER422 when it is too long or has control characters.';

CREATE OR REPLACE FUNCTION sec.reason_of(p_reason text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_reason text := btrim(coalesce(p_reason, ''));
BEGIN
  IF v_reason = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  ELSIF length(v_reason) > 1000 THEN
    PERFORM sec.fail('ER422', 'value_too_long', jsonb_build_object('field', 'reason'));
  END IF;
  RETURN v_reason;
END $$;

CREATE OR REPLACE FUNCTION sec.tg_user_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.login <> OLD.login THEN
    PERFORM sec.fail('ER422', 'login_is_kept', jsonb_build_object('login', OLD.login));
  ELSIF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
    ('pending', 'active'), ('pending', 'left'), ('active', 'suspended'), ('active', 'locked'), ('active', 'left'),
    ('suspended', 'active'), ('suspended', 'left'), ('locked', 'active'), ('locked', 'suspended'), ('locked', 'left')) THEN
    PERFORM sec.fail('ER422', 'status_transition', jsonb_build_object('login', OLD.login, 'from', OLD.status, 'to', NEW.status));
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER app_user_kept BEFORE UPDATE OF login, status OR DELETE ON sec.app_user
FOR EACH ROW EXECUTE FUNCTION sec.tg_user_kept();

CREATE OR REPLACE FUNCTION sec.tg_user_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
   WHERE a.usename = NEW.login AND a.pid <> pg_backend_pid();
  RETURN NULL;
END $$;
-- At the commit, not before: until then the login still is one, and a pool would be back at once.
CREATE CONSTRAINT TRIGGER app_user_gone AFTER UPDATE OF status ON sec.app_user DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.status <> 'active') EXECUTE FUNCTION sec.tg_user_gone();

CREATE OR REPLACE FUNCTION sec.entrance() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.rolname
    FROM pg_catalog.pg_database d, aclexplode(d.datacl) x, pg_catalog.pg_roles r
   WHERE d.datname = current_database() AND r.oid = x.grantee AND x.privilege_type = 'CONNECT' AND r.rolname ~ '^erp_in_[0-9a-f]{12}$'
$$;
COMMENT ON FUNCTION sec.entrance IS
  'The role whose members may connect to this database; each has its own. NULL in a copy that somebody made by hand, until the next upgrade.';

CREATE OR REPLACE FUNCTION sec.entrance_settle() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_entrance name := coalesce(sec.entrance(), 'erp_user');
  v_login text;
BEGIN
  FOR v_login IN
    SELECT r.rolname
      FROM pg_catalog.pg_roles r
     WHERE NOT r.rolsuper AND NOT sec.is_member(v_entrance, r.rolname)
       AND EXISTS (SELECT FROM sec.app_user u WHERE u.login = r.rolname AND u.status <> 'left')
     ORDER BY 1
  LOOP
    EXECUTE format('GRANT %I TO %I', v_entrance, v_login);
  END LOOP;
END $$;
COMMENT ON FUNCTION sec.entrance_settle IS 'Lets everybody of this database connect to it; for logins from before it had an entrance of its own.';

CREATE OR REPLACE FUNCTION sec.person_make(
  p_login text, p_person text, p_language text, p_email text, p_phone text, p_department text, p_site text, p_position text,
  p_supervisor text, p_status text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role oid;
BEGIN
  IF p_login IS NULL OR p_login !~ '^[uts]_[a-z0-9_]{2,40}$' OR p_login = 's_register' THEN
    PERFORM sec.fail('ER422', 'app_user_login_form', jsonb_build_object('login', p_login));
  END IF;
  SELECT r.oid INTO v_role FROM pg_catalog.pg_roles r WHERE r.rolname = p_login;
  -- Logins belong to the cluster, people to a database. Whose login it was elsewhere, or of old, it stays: only the
  -- superuser, who sets up the house, takes one over, and never one that is more than an ordinary login.
  IF EXISTS (SELECT FROM sec.app_user u WHERE u.login = p_login)
     OR v_role IS NOT NULL AND (NOT sec.is_superuser()
       OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = v_role
                     AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication))
       OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
                   WHERE m.member = v_role AND r.rolname !~ '^(r_|erp_user$|erp_in_)')) THEN
    PERFORM sec.fail('ER422', 'login_taken', jsonb_build_object('login', p_login));
  END IF;
  PERFORM sec.check_supervisor(p_login, nullif(p_supervisor, ''));
  INSERT INTO sec.app_user (login, person, language, email, phone, department, site, position, supervisor, status)
  VALUES (p_login, sec.line_of(p_person, 'person'), coalesce(p_language, 'de'), sec.line_of(p_email, 'email'),
          sec.line_of(p_phone, 'phone', 60), sec.line_of(p_department, 'department', 100), sec.line_of(p_site, 'site', 100),
          sec.line_of(p_position, 'position', 100), nullif(p_supervisor, ''), p_status);
  IF v_role IS NULL THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', p_login);
  END IF;
  EXECUTE format('ALTER ROLE %I %s CONNECTION LIMIT %s', p_login, CASE p_status WHEN 'active' THEN 'LOGIN' ELSE 'NOLOGIN' END,
                 CASE left(p_login, 1) WHEN 'u' THEN 8 WHEN 't' THEN 6 ELSE 4 END);
  EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', p_login);
  EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', p_login);
  EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', p_login);
  EXECUTE format('GRANT erp_user, %I TO %I', coalesce(sec.entrance(), 'erp_user'), p_login);
END $$;

CREATE OR REPLACE FUNCTION sec.user_create(
  p_login text, p_person text, p_password text, p_roles text[], p_language text DEFAULT 'de',
  p_warehouses bigint[] DEFAULT '{}', p_email text DEFAULT '', p_phone text DEFAULT '', p_department text DEFAULT '',
  p_site text DEFAULT '', p_position text DEFAULT '', p_supervisor text DEFAULT NULL, p_reason text DEFAULT '',
  p_pending boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_create');
  PERFORM sec.check_roles(p_roles);
  PERFORM sec.person_make(p_login, p_person, p_language, p_email, p_phone, p_department, p_site, p_position, p_supervisor,
                          CASE WHEN p_pending THEN 'pending' ELSE 'active' END);
  PERFORM sec.password_set(p_login, p_password);
  PERFORM sec.user_settle_in(p_login, p_warehouses, p_roles);
  RETURN sec.roles_give(p_login, p_roles, NULL, p_reason);
END $$;
COMMENT ON FUNCTION sec.user_create IS
  'Create a person (u_), terminal (t_) or service (s_) with a first password; pending ones cannot sign in yet. Answers '
  '{granted: [roles], requested: [{role, request}]}: sensitive roles need a second person.';

CREATE OR REPLACE FUNCTION sec.user_settle_in(p_login text, p_warehouses bigint[], p_roles text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO sec.user_warehouse (login, warehouse_id) SELECT DISTINCT p_login, n FROM unnest(p_warehouses) n;
  IF p_login ~ '^u_' THEN
    PERFORM sec.tasks_open(p_login, 'onboarding', p_roles);
  END IF;
  PERFORM audit.event_log('user_created', p_login, jsonb_build_object('roles', p_roles));
END $$;

CREATE OR REPLACE FUNCTION sec.user_set_warehouses(p_login text, p_warehouses bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_set_warehouses');
  PERFORM sec.check_user(p_login);
  DELETE FROM sec.user_warehouse w WHERE w.login = p_login AND NOT w.warehouse_id = ANY (p_warehouses);
  INSERT INTO sec.user_warehouse (login, warehouse_id) SELECT DISTINCT p_login, n FROM unnest(p_warehouses) n
  ON CONFLICT DO NOTHING;
  UPDATE sec.app_user u SET session_epoch = u.session_epoch + 1 WHERE u.login = p_login;
  PERFORM audit.event_log('user_changed', p_login, jsonb_build_object('warehouses', p_warehouses));
END $$;
COMMENT ON FUNCTION sec.user_set_warehouses IS 'The warehouses a person with a scoped role sees.';

CREATE OR REPLACE FUNCTION sec.status_set(
  p_login text, p_status text, p_reason text, p_until timestamptz, p_event text, p_detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE sec.app_user u
     SET status = p_status, status_reason = p_reason, status_since = statement_timestamp(), locked_until = p_until,
         session_epoch = u.session_epoch + 1
   WHERE u.login = p_login;
  EXECUTE format('ALTER ROLE %I %s', p_login, CASE p_status WHEN 'active' THEN 'LOGIN' ELSE 'NOLOGIN' END);
  IF p_status <> 'active' THEN
    PERFORM sec.sessions_end(p_login, p_status);
    UPDATE sec.session s SET operator = NULL, operator_since = NULL WHERE s.operator = p_login AND s.ended_at IS NULL;
  END IF;
  PERFORM sec.sync_roles(p_login);
  PERFORM audit.event_log(p_event, p_login, p_detail || jsonb_strip_nulls(jsonb_build_object('reason', p_reason, 'until', p_until)));
END $$;
COMMENT ON FUNCTION sec.status_set IS
  'Change what a login is: LOGIN or NOLOGIN, its sessions, its memberships, an event. Its connections end at the commit.';

CREATE OR REPLACE FUNCTION sec.user_lock(p_login text, p_reason text DEFAULT '', p_until timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_lock');
  PERFORM sec.check_somebody_else(p_login);
  PERFORM sec.status_set(p_login, 'locked', sec.line_of(p_reason, 'reason', 1000), p_until, 'user_locked');
END $$;
COMMENT ON FUNCTION sec.user_lock IS 'Lock a login at once, its sessions and connections end; until a moment, or until it is unlocked.';

CREATE OR REPLACE FUNCTION sec.user_unlock(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_unlock');
  PERFORM sec.check_user(p_login);
  IF (SELECT u.status FROM sec.app_user u WHERE u.login = p_login) NOT IN ('locked', 'active') THEN
    PERFORM sec.fail('ER422', 'user_not_locked', jsonb_build_object('login', p_login));
  END IF;
  PERFORM sec.status_set(p_login, 'active', '', NULL, 'user_unlocked');
END $$;
COMMENT ON FUNCTION sec.user_unlock IS 'Let a locked person log in again.';

CREATE OR REPLACE FUNCTION sec.user_suspend(p_login text, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_suspend');
  PERFORM sec.check_somebody_else(p_login);
  PERFORM sec.status_set(p_login, 'suspended', sec.reason_of(p_reason), NULL, 'user_suspended');
END $$;
COMMENT ON FUNCTION sec.user_suspend IS 'Nobody may sign in as this person until the suspension is lifted (user_activate); roles are kept.';

CREATE OR REPLACE FUNCTION sec.user_activate(p_login text, p_reason text DEFAULT '') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_activate');
  PERFORM sec.check_user(p_login);
  IF (SELECT u.status FROM sec.app_user u WHERE u.login = p_login) NOT IN ('pending', 'suspended') THEN
    PERFORM sec.fail('ER422', 'user_not_waiting', jsonb_build_object('login', p_login));
  END IF;
  PERFORM sec.status_set(p_login, 'active', sec.line_of(p_reason, 'reason', 1000), NULL, 'user_activated');
END $$;
COMMENT ON FUNCTION sec.user_activate IS 'Let a pending person begin, or a suspended one come back.';

CREATE OR REPLACE FUNCTION sec.user_leave(
  p_login text, p_left_on date, p_reason text, p_new_supervisor text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_reason text;
  v_people int;
  v_ended int;
  v_tasks int;
BEGIN
  PERFORM sec.require('user_leave');
  v_reason := sec.reason_of(p_reason);
  PERFORM sec.check_somebody_else(p_login);
  SELECT count(*) INTO v_people FROM sec.app_user u WHERE u.supervisor = p_login AND u.status <> 'left';
  IF v_people > 0 AND p_new_supervisor IS NULL THEN
    PERFORM sec.fail('ER422', 'supervisor_has_people', jsonb_build_object('login', p_login, 'people', v_people));
  ELSIF v_people > 0 THEN
    IF p_new_supervisor = p_login THEN
      PERFORM sec.fail('ER422', 'app_user_own_supervisor');
    END IF;
    PERFORM sec.check_supervisor(NULL, p_new_supervisor);
    -- Who takes over may be one of the people; he then reports to whom the leaver reported.
    UPDATE sec.app_user u SET supervisor = (SELECT l.supervisor FROM sec.app_user l WHERE l.login = p_login)
     WHERE u.login = p_new_supervisor AND u.supervisor = p_login;
    UPDATE sec.app_user u SET supervisor = p_new_supervisor
     WHERE u.supervisor = p_login AND u.status <> 'left' AND u.login <> p_new_supervisor;
    PERFORM sec.check_supervisor(NULL, p_new_supervisor);
  END IF;
  v_ended := sec.roles_end(p_login, NULL, 'left');
  UPDATE sec.app_user u SET left_on = coalesce(p_left_on, system.today()) WHERE u.login = p_login;
  UPDATE sec.badge b SET active = false WHERE b.login = p_login;
  DELETE FROM sec.trusted_device d WHERE d.login = p_login;
  DELETE FROM sec.user_warehouse w WHERE w.login = p_login;
  PERFORM sec.status_set(p_login, 'left', v_reason, NULL, 'user_left',
    jsonb_build_object('left_on', coalesce(p_left_on, system.today()), 'roles', v_ended, 'people', v_people,
                       'new_supervisor', p_new_supervisor));
  EXECUTE format('REVOKE erp_user, %I FROM %I GRANTED BY erp_sec', coalesce(sec.entrance(), 'erp_user'), p_login);
  v_tasks := sec.tasks_open(p_login, 'offboarding', ARRAY(SELECT DISTINCT r.role FROM sec.user_role r WHERE r.login = p_login));
  RETURN jsonb_build_object('roles', v_ended, 'people', v_people, 'tasks', v_tasks);
END $$;
COMMENT ON FUNCTION sec.user_leave IS
  'Somebody has left for good: roles, sessions and connections end at once, the people reporting to him go to the new '
  'supervisor, the off-boarding list is opened. The login stays and is nobody else''s, ever.';
