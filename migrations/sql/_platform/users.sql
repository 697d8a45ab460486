-- Administration of people. Passwords become SCRAM verifiers in here, so no statement ever carries one in clear.

CREATE OR REPLACE FUNCTION sec.check_roles(p_roles text[]) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role text;
BEGIN
  SELECT n INTO v_role FROM unnest(p_roles) n WHERE n IS NULL OR n NOT IN (SELECT r.name FROM sec.role r) LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', 'role_unknown', jsonb_build_object('role', v_role));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.user_create(
  p_login text, p_person text, p_password text, p_roles text[], p_language text DEFAULT 'de',
  p_warehouses bigint[] DEFAULT '{}', p_email text DEFAULT '', p_phone text DEFAULT '') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_create');
  IF p_login IS NULL OR p_login !~ '^[uts]_[a-z0-9_]{2,40}$' THEN
    PERFORM sec.fail('ER422', 'app_user_login_form', jsonb_build_object('login', p_login));
  ELSIF EXISTS (SELECT FROM sec.app_user u WHERE u.login = p_login) THEN
    PERFORM sec.fail('ER422', 'login_taken', jsonb_build_object('login', p_login));
  END IF;
  PERFORM sec.check_roles(p_roles);
  INSERT INTO sec.app_user (login, person, language, email, phone)
  VALUES (p_login, p_person, p_language, p_email, p_phone);
  -- The role may be there already: roles belong to the cluster, people to a database.
  IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = p_login
                AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)) THEN
    PERFORM sec.fail('ER422', 'login_taken', jsonb_build_object('login', p_login));
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = p_login) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', p_login);
  END IF;
  EXECUTE format('ALTER ROLE %I LOGIN CONNECTION LIMIT %s', p_login,
                 CASE left(p_login, 1) WHEN 'u' THEN 8 WHEN 't' THEN 3 ELSE 4 END);
  EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', p_login);
  EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', p_login);
  EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', p_login);
  EXECUTE format('GRANT erp_user TO %I', p_login);
  PERFORM sec.password_set(p_login, p_password);
  INSERT INTO sec.user_role (login, role) SELECT DISTINCT p_login, n FROM unnest(p_roles) n;
  INSERT INTO sec.user_warehouse (login, warehouse_id) SELECT DISTINCT p_login, n FROM unnest(p_warehouses) n;
  PERFORM sec.sync_roles(p_login);
END $$;
COMMENT ON FUNCTION sec.user_create IS 'Create a person (u_), terminal (t_) or service (s_) with a first password and roles.';

CREATE OR REPLACE FUNCTION sec.user_set_roles(p_login text, p_roles text[], p_valid_to timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_set_roles');
  PERFORM sec.check_user(p_login);
  PERFORM sec.check_roles(p_roles);
  -- Roles that stay keep their period; those that go end now and remain as a record.
  UPDATE sec.user_role u SET valid_to = statement_timestamp()
   WHERE u.login = p_login AND NOT u.role = ANY (p_roles) AND u.valid_from < statement_timestamp()
     AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp());
  INSERT INTO sec.user_role (login, role, valid_from, valid_to)
  SELECT DISTINCT p_login, n, statement_timestamp(), p_valid_to FROM unnest(p_roles) n
   WHERE NOT EXISTS (SELECT FROM sec.user_role u
                      WHERE u.login = p_login AND u.role = n AND u.valid_from <= statement_timestamp()
                        AND (u.valid_to IS NULL OR u.valid_to > statement_timestamp()));
  PERFORM sec.sync_roles(p_login);
END $$;
COMMENT ON FUNCTION sec.user_set_roles IS 'Give a person exactly these roles; p_valid_to limits the ones that are new.';

CREATE OR REPLACE FUNCTION sec.user_set_warehouses(p_login text, p_warehouses bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_set_warehouses');
  PERFORM sec.check_user(p_login);
  DELETE FROM sec.user_warehouse w WHERE w.login = p_login AND NOT w.warehouse_id = ANY (p_warehouses);
  INSERT INTO sec.user_warehouse (login, warehouse_id) SELECT DISTINCT p_login, n FROM unnest(p_warehouses) n
  ON CONFLICT DO NOTHING;
END $$;
COMMENT ON FUNCTION sec.user_set_warehouses IS 'The warehouses a person with a scoped role sees.';

CREATE OR REPLACE FUNCTION sec.check_user(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM sec.app_user u WHERE u.login = p_login FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'login_unknown', jsonb_build_object('login', p_login));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.user_set_password(p_login text, p_password text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_set_password');
  PERFORM sec.check_user(p_login);
  PERFORM sec.password_set(p_login, p_password);
  PERFORM sec.sessions_end(p_login, 'password_reset');
END $$;
COMMENT ON FUNCTION sec.user_set_password IS 'Reset a forgotten password; open sessions of the person end.';

CREATE OR REPLACE FUNCTION sec.user_lock(p_login text, p_left boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_lock');
  PERFORM sec.check_user(p_login);
  -- NOLOGIN first, then the connections: the other way round a pool would be back at once.
  EXECUTE format('ALTER ROLE %I NOLOGIN', p_login);
  UPDATE sec.app_user u SET status = CASE WHEN p_left THEN 'left' ELSE 'locked' END WHERE u.login = p_login;
  PERFORM sec.sessions_end(p_login, 'locked');
  PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.usename = p_login AND a.pid <> pg_backend_pid();
END $$;
COMMENT ON FUNCTION sec.user_lock IS 'Lock a login, end its sessions and connections; p_left when the person has left for good.';

CREATE OR REPLACE FUNCTION sec.user_unlock(p_login text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_unlock');
  PERFORM sec.check_user(p_login);
  EXECUTE format('ALTER ROLE %I LOGIN', p_login);
  UPDATE sec.app_user u SET status = 'active' WHERE u.login = p_login;
END $$;
COMMENT ON FUNCTION sec.user_unlock IS 'Let a locked person log in again.';

CREATE OR REPLACE FUNCTION sec.user_list()
RETURNS TABLE (login text, person text, language text, status text, email text, phone text, roles text[], warehouses bigint[],
               last_session timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_list');
  RETURN QUERY
    SELECT u.login, u.person, u.language, u.status, u.email, u.phone,
           ARRAY(SELECT DISTINCT r.role FROM sec.user_role r
                  WHERE r.login = u.login AND r.valid_from <= statement_timestamp()
                    AND (r.valid_to IS NULL OR r.valid_to > statement_timestamp()) ORDER BY r.role),
           ARRAY(SELECT w.warehouse_id FROM sec.user_warehouse w WHERE w.login = u.login ORDER BY w.warehouse_id),
           (SELECT max(s.created) FROM sec.session s WHERE s.login = u.login)
      FROM sec.app_user u ORDER BY u.person;
END $$;
COMMENT ON FUNCTION sec.user_list IS 'All logins with their roles, for the administrator.';

CREATE OR REPLACE FUNCTION sec.role_list() RETURNS TABLE (name text, scoped boolean, limits jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('user_list');
  RETURN QUERY
    SELECT r.name, r.scoped, coalesce((SELECT jsonb_object_agg(l.name, l.value) FROM sec.role_limit l WHERE l.role = r.name), '{}')
      FROM sec.role r ORDER BY r.name;
END $$;
COMMENT ON FUNCTION sec.role_list IS 'The functional roles and their limits, for the administrator.';
