-- Devices that stand where work is done (logins t_…), and the people who work at them: badge and PIN.
-- What can be done at a terminal is what the device's role and the operator's roles both allow (sec.acting, sec.may); alone a
-- device has only what sec.alone names.

-- A role stays with its kind of login: a device's role on a person would be a way past the operator, a person's role on a
-- device would need nobody (the assignment itself is checked in conflicts.sql).
CREATE OR REPLACE FUNCTION sec.tg_role_parent_holder() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT r.holder FROM sec.role r WHERE r.name = NEW.role) IS DISTINCT FROM
     (SELECT r.holder FROM sec.role r WHERE r.name = NEW.parent) THEN
    PERFORM sec.fail('ER422', 'role_holder', jsonb_build_object('login', '', 'role', NEW.parent));
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER role_parent_holder BEFORE INSERT OR UPDATE ON sec.role_parent
FOR EACH ROW EXECUTE FUNCTION sec.tg_role_parent_holder();

-- Logins without a person --------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION sec.machine_login(p_login text, p_connections int) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The role may be there already: roles belong to the cluster, devices to a database.
  IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = p_login
                AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)) THEN
    PERFORM sec.fail('ER422', 'login_taken', jsonb_build_object('login', p_login));
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = p_login) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', p_login);
  END IF;
  EXECUTE format('ALTER ROLE %I LOGIN CONNECTION LIMIT %s', p_login, p_connections);
  EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', p_login);
  EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', p_login);
  EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', p_login);
  EXECUTE format('GRANT erp_user, %I TO %I', coalesce(sec.entrance(), 'erp_user'), p_login);
END $$;
COMMENT ON FUNCTION sec.machine_login IS 'The PostgreSQL role behind a device or service.';

CREATE OR REPLACE FUNCTION sec.machine_password(p_login text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bytes bytea;
  v_word text;
BEGIN
  -- Five groups of five out of 32 signs nobody confuses: 125 bits, and it can be typed in once.
  LOOP
    v_bytes := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    SELECT string_agg(substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', (get_byte(v_bytes, i) & 31) + 1, 1)
                      || CASE WHEN i % 5 = 4 AND i < 24 THEN '-' ELSE '' END, '' ORDER BY i)
      INTO v_word FROM generate_series(0, 24) i;
    EXIT WHEN position(substr(p_login, 3) IN lower(v_word)) = 0;
  END LOOP;
  PERFORM sec.password_set(p_login, v_word);
  -- A machine changes no password by itself: this one holds until it is replaced.
  EXECUTE format('ALTER ROLE %I VALID UNTIL ''infinity''', p_login);
  UPDATE sec.app_user u SET must_change_password = false, password_ends = NULL WHERE u.login = p_login;
  RETURN v_word;
END $$;
COMMENT ON FUNCTION sec.machine_password IS 'Give a device or service a new password and return it, the only time it is seen.';

-- Devices ---------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION sec.check_device(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM sec.app_user u WHERE u.login = p_login AND u.login LIKE 't\_%' FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'device_unknown', jsonb_build_object('login', p_login));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.device_list()
RETURNS TABLE (id bigint, login text, name text, place text, department text, status text, warehouses bigint[],
               last_seen timestamptz, address text, operator text, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('device_list');
  RETURN QUERY
    SELECT u.id, u.login, u.person, u.site, u.department, u.status,
           ARRAY(SELECT w.warehouse_id FROM sec.user_warehouse w WHERE w.login = u.login ORDER BY 1),
           l.last_seen, host(l.address), o.person, u.created_at
      FROM sec.app_user u
      LEFT JOIN LATERAL (SELECT s.* FROM sec.session s WHERE s.login = u.login ORDER BY s.last_seen DESC LIMIT 1) l ON true
      LEFT JOIN sec.app_user o ON o.login = l.operator AND l.ended_at IS NULL
     WHERE u.login LIKE 't\_%' ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.device_list IS 'The terminals, when they were last seen and who works at them.';

CREATE OR REPLACE FUNCTION sec.device_warehouses(p_login text, p_warehouses bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(p_warehouses) w WHERE w NOT IN (SELECT i.id FROM inventory.warehouse i)) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'inventory.warehouse'));
  END IF;
  DELETE FROM sec.user_warehouse w WHERE w.login = p_login AND NOT w.warehouse_id = ANY (p_warehouses);
  INSERT INTO sec.user_warehouse (login, warehouse_id) SELECT DISTINCT p_login, n FROM unnest(p_warehouses) n
  ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION sec.device_register(
  p_login text, p_name text, p_place text, p_department text, p_warehouses bigint[], p_language text DEFAULT 'de') RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_password text;
BEGIN
  PERFORM sec.require('device_register');
  PERFORM sec.require_confirmed();
  IF p_login IS NULL OR p_login !~ '^t_[a-z0-9_]{2,40}$' THEN
    PERFORM sec.fail('ER422', 'device_login_form', jsonb_build_object('login', p_login));
  ELSIF EXISTS (SELECT FROM sec.app_user u WHERE u.login = p_login) THEN
    PERFORM sec.fail('ER422', 'login_taken', jsonb_build_object('login', p_login));
  END IF;
  INSERT INTO sec.app_user (login, person, site, department, language)
  VALUES (p_login, sec.line_of(p_name, 'name'), sec.line_of(p_place, 'place', 100), sec.line_of(p_department, 'department', 100), p_language);
  PERFORM sec.machine_login(p_login, 6);
  v_password := sec.machine_password(p_login);
  INSERT INTO sec.user_role (login, role) VALUES (p_login, 'terminal');
  PERFORM sec.device_warehouses(p_login, p_warehouses);
  PERFORM sec.sync_roles(p_login);
  PERFORM audit.event_log('device_registered', p_login,
    jsonb_build_object('name', p_name, 'place', p_place, 'department', p_department, 'warehouses', to_jsonb(p_warehouses)));
  RETURN v_password;
END $$;
COMMENT ON FUNCTION sec.device_register IS 'A new terminal (t_…); returns its password, which is shown once and nowhere kept.';

CREATE OR REPLACE FUNCTION sec.device_change(p_login text, p_name text, p_place text, p_department text, p_warehouses bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('device_change');
  PERFORM sec.check_device(p_login);
  UPDATE sec.app_user u SET person = sec.line_of(p_name, 'name'), site = sec.line_of(p_place, 'place', 100),
                            department = sec.line_of(p_department, 'department', 100), session_epoch = u.session_epoch + 1
   WHERE u.login = p_login;
  PERFORM sec.device_warehouses(p_login, p_warehouses);
  PERFORM audit.event_log('device_changed', p_login,
    jsonb_build_object('name', p_name, 'place', p_place, 'department', p_department, 'warehouses', to_jsonb(p_warehouses)));
END $$;
COMMENT ON FUNCTION sec.device_change IS 'Another name, place, department, or other warehouses for a terminal.';

CREATE OR REPLACE FUNCTION sec.device_password(p_login text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_password text;
BEGIN
  PERFORM sec.require('device_password');
  PERFORM sec.require_confirmed();
  PERFORM sec.check_device(p_login);
  v_password := sec.machine_password(p_login);
  PERFORM sec.sessions_end(p_login, 'password_reset');
  PERFORM audit.event_log('password_reset', p_login);
  RETURN v_password;
END $$;
COMMENT ON FUNCTION sec.device_password IS 'A new password for a terminal, shown once; its sessions end.';

CREATE OR REPLACE FUNCTION sec.device_lock(p_login text, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('device_lock');
  PERFORM sec.check_device(p_login);
  PERFORM sec.status_set(p_login, 'locked', sec.line_of(p_reason, 'reason', 1000), NULL, 'device_locked');
END $$;
COMMENT ON FUNCTION sec.device_lock IS 'A terminal that is lost, sold or broken: no more logins, and whatever is open ends.';

CREATE OR REPLACE FUNCTION sec.device_unlock(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('device_unlock');
  PERFORM sec.check_device(p_login);
  PERFORM sec.status_set(p_login, 'active', '', NULL, 'device_unlocked');
END $$;
COMMENT ON FUNCTION sec.device_unlock IS 'Let a terminal log in again.';

-- Badges and PINs -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION sec.pin_check_form(p_pin text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_pin IS NULL OR p_pin !~ '^[0-9]{6}$' THEN
    PERFORM sec.fail('ER422', 'pin_form');
  ELSIF p_pin ~ '^(.)\1{5}$' OR position(p_pin IN '01234567890') > 0 OR position(p_pin IN '09876543210') > 0
        OR p_pin ~ '^(...)\1$' OR p_pin ~ '^(..)\1\1$' THEN
    PERFORM sec.fail('ER422', 'pin_too_simple');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.pin_verifier(p_pin text) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sec.scram_verifier(p_pin, uuid_send(gen_random_uuid()), 4096)
$$;

CREATE OR REPLACE FUNCTION sec.pin_try(p_login text, p_pin text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_stored text := (SELECT b.pin_verifier FROM sec.badge b WHERE b.login = p_login);
BEGIN
  BEGIN
    -- Counted first, by a sequence: neither a ROLLBACK nor six connections at a time win a sixth try.
    PERFORM sec.guess(p_login, 'pin', 'ER422');
  EXCEPTION WHEN SQLSTATE 'ER422' THEN
    RETURN 'used_up';
  END;
  IF NOT coalesce(sec.password_matches(left(p_pin, 20), v_stored), false) THEN
    RETURN 'wrong';
  END IF;
  PERFORM sec.guesses_clear(p_login, 'pin');
  RETURN 'ok';
END $$;
COMMENT ON FUNCTION sec.pin_try IS 'ok, wrong, or used_up after five wrong ones (then even the right PIN is none).';

CREATE OR REPLACE FUNCTION sec.badge_list()
RETURNS TABLE (id bigint, login text, person text, department text, status text, badge text, active boolean, set_at timestamptz, tries int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('badge_list');
  RETURN QUERY
    SELECT u.id, u.login, u.person, u.department, u.status, b.badge, coalesce(b.active, false), b.set_at,
           coalesce((SELECT c.n FROM sec.guesses_made() c WHERE c.login = u.login AND c.kind = 'pin'), 0)
      FROM sec.app_user u LEFT JOIN sec.badge b ON b.login = u.login
     WHERE u.login LIKE 'u\_%' AND u.status <> 'left' ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.badge_list IS 'Everybody with badge, and how many wrong PINs in a row there were.';

CREATE OR REPLACE FUNCTION sec.badge_set(p_login text, p_badge text, p_pin text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('badge_set');
  PERFORM sec.check_user(p_login);
  IF left(p_login, 2) <> 'u_' THEN
    PERFORM sec.fail('ER422', 'badge_for_people');
  ELSIF coalesce(p_badge, '') !~ '^[A-Za-z0-9._-]{3,40}$' THEN
    PERFORM sec.fail('ER422', 'badge_form');
  ELSIF p_pin IS NULL AND NOT EXISTS (SELECT FROM sec.badge b WHERE b.login = p_login) THEN
    PERFORM sec.fail('ER422', 'pin_form');
  ELSIF EXISTS (SELECT FROM sec.badge b WHERE b.badge = p_badge AND b.login <> p_login) THEN
    PERFORM sec.fail('ER422', 'badge_taken', jsonb_build_object('badge', p_badge));
  END IF;
  IF p_pin IS NOT NULL THEN
    PERFORM sec.pin_check_form(p_pin);
  END IF;
  INSERT INTO sec.badge (login, badge, pin_verifier) VALUES (p_login, p_badge, coalesce(sec.pin_verifier(p_pin), ''))
  ON CONFLICT (login) DO UPDATE
    SET badge = excluded.badge, active = true, set_at = statement_timestamp(),
        pin_verifier = CASE WHEN p_pin IS NULL THEN sec.badge.pin_verifier ELSE excluded.pin_verifier END;
  PERFORM sec.pin_counter(p_login);
  PERFORM sec.operator_forget(p_login, 'badge_changed');
  PERFORM audit.event_log('badge_set', p_login, jsonb_build_object('badge', p_badge, 'pin', p_pin IS NOT NULL));
END $$;
COMMENT ON FUNCTION sec.badge_set IS 'Give somebody a badge and a PIN (NULL keeps the one there is); the tries begin anew.';

CREATE OR REPLACE FUNCTION sec.pin_counter(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE SEQUENCE IF NOT EXISTS sec.%I', 'pin_' || (SELECT u.id FROM sec.app_user u WHERE u.login = p_login));
  PERFORM sec.guesses_clear(p_login, 'pin');
END $$;
COMMENT ON FUNCTION sec.pin_counter IS 'What counts the wrong PINs of a person, set to none.';

CREATE OR REPLACE FUNCTION sec.badge_block(p_login text, p_active boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('badge_block');
  UPDATE sec.badge b SET active = coalesce(p_active, false) WHERE b.login = p_login;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'badge_unknown', jsonb_build_object('login', p_login));
  ELSIF p_active THEN
    PERFORM sec.pin_counter(p_login);
  ELSE
    PERFORM sec.operator_forget(p_login, 'badge_blocked');
  END IF;
  PERFORM audit.event_log(CASE WHEN p_active THEN 'badge_released' ELSE 'badge_blocked' END, p_login);
END $$;
COMMENT ON FUNCTION sec.badge_block IS 'A lost badge is blocked; released, its tries begin anew.';

CREATE OR REPLACE FUNCTION sec.pin_change(p_old text, p_new text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text := sec.actor();
  v_answer text;
BEGIN
  PERFORM sec.require_session();
  PERFORM sec.pin_check_form(p_new);
  v_answer := sec.pin_try(v_login, p_old);
  -- Told, not raised: an exception would undo the event.
  IF v_answer <> 'ok' THEN
    PERFORM audit.event_log('pin_wrong', v_login);
    RETURN jsonb_build_object('refused', 'pin_' || v_answer);
  ELSIF p_old = p_new THEN
    PERFORM sec.fail('ER422', 'pin_unchanged');
  END IF;
  UPDATE sec.badge b SET pin_verifier = sec.pin_verifier(p_new), set_at = statement_timestamp() WHERE b.login = v_login;
  PERFORM audit.event_log('pin_changed', v_login);
  RETURN '{}';
END $$;
COMMENT ON FUNCTION sec.pin_change IS 'Change one''s own PIN, in the office or as operator at a terminal; answers {"refused": …} for a wrong one.';

-- Who works at the terminal ------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION sec.operator_of(p_session sec.session) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.login FROM sec.app_user u, sec.policy p
   WHERE u.login = p_session.operator AND u.status = 'active'
     AND p_session.last_seen > clock_timestamp() - make_interval(mins => p.operator_idle_minutes)
$$;
COMMENT ON FUNCTION sec.operator_of IS 'The operator of a terminal''s session; NULL after the idle minutes, to the second, and for a login that is not active.';

CREATE OR REPLACE FUNCTION sec.operator_on(p_badge text, p_pin text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_person sec.app_user%ROWTYPE;
  v_answer text;
BEGIN
  PERFORM sec.require_ticket();
  IF left(session_user, 2) <> 't_' OR NOT sec.has(session_user, 'operator_on') THEN
    PERFORM sec.fail('ER403', 'operator_on', '{"right": "operator_on"}');
  END IF;
  SELECT u.* INTO v_person FROM sec.badge b JOIN sec.app_user u ON u.login = b.login AND u.status = 'active'
   WHERE b.badge = p_badge AND b.active;
  IF NOT FOUND THEN
    -- A badge is a name and no secret; still, the answer is the same and takes as long.
    PERFORM sec.pin_verifier(left(p_pin, 20));
    v_answer := 'wrong';
  ELSE
    v_answer := sec.pin_try(v_person.login, p_pin);
  END IF;
  IF v_answer <> 'ok' THEN
    PERFORM audit.event_log('operator_refused', coalesce(v_person.login, session_user), jsonb_build_object('reason', v_answer));
    RETURN jsonb_build_object('refused', CASE v_answer WHEN 'wrong' THEN 'operator_wrong' ELSE 'pin_used_up' END);
  END IF;
  PERFORM sec.operator_leaves('replaced');
  UPDATE sec.session s SET operator = v_person.login, operator_since = statement_timestamp(), last_seen = statement_timestamp()
   WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user;
  PERFORM sec.session_settle(session_user);
  PERFORM audit.event_log('operator_on', v_person.login);
  RETURN jsonb_build_object('profile', sec.my_profile(), 'operator',
    jsonb_build_object('login', v_person.login, 'person', v_person.person, 'language', v_person.language,
                       'idle_minutes', (SELECT p.operator_idle_minutes FROM sec.policy p)));
END $$;
COMMENT ON FUNCTION sec.operator_on IS
  'Somebody starts to work at this terminal. Answers profile and operator, or {"refused": "operator_wrong" | "pin_used_up"}.';

CREATE OR REPLACE FUNCTION sec.operator_leaves(p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_login text := (SELECT s.operator FROM sec.session s WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user);
BEGIN
  IF v_login IS NOT NULL THEN
    PERFORM audit.event_log('operator_off', v_login, jsonb_build_object('reason', p_reason));
    UPDATE sec.session s SET operator = NULL, operator_since = NULL
     WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user;
    PERFORM sec.session_settle(session_user);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.operator_off(p_idle boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_ticket();
  PERFORM sec.operator_leaves(CASE WHEN p_idle THEN 'idle' ELSE 'signed_off' END);
END $$;
COMMENT ON FUNCTION sec.operator_off IS 'The operator leaves the terminal.';

CREATE OR REPLACE FUNCTION sec.operator_forget(p_login text, p_reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_device text;
BEGIN
  FOR v_device IN
    UPDATE sec.session s SET operator = NULL, operator_since = NULL
     WHERE s.operator = p_login AND s.ended_at IS NULL RETURNING s.login
  LOOP
    PERFORM audit.event_log('operator_off', p_login, jsonb_build_object('reason', p_reason, 'device', v_device));
  END LOOP;
END $$;
COMMENT ON FUNCTION sec.operator_forget IS 'Take somebody off every terminal.';

CREATE OR REPLACE FUNCTION sec.guard_operators() RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_it record;
  v_found int := 0;
BEGIN
  -- Idle ones have no right since the minute was over; here they are taken off the books.
  FOR v_it IN
    SELECT s.ticket_hash, s.login, s.operator FROM sec.session s
     WHERE s.operator IS NOT NULL AND s.ended_at IS NULL AND sec.operator_of(s) IS NULL FOR UPDATE
  LOOP
    UPDATE sec.session s SET operator = NULL, operator_since = NULL WHERE s.ticket_hash = v_it.ticket_hash;
    PERFORM audit.event_log('operator_off', v_it.operator, jsonb_build_object('reason', 'idle', 'device', v_it.login));
    v_found := v_found + 1;
  END LOOP;
  RETURN v_found;
END $$;
