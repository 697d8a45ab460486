-- Somebody without a login asks for one: through s_register, a login whose password everybody knows and which can do just that.

CREATE OR REPLACE FUNCTION sec.register_settle() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The published password 'werkbank-register'; a fixed salt, since there is nothing to hide.
  c_verifier CONSTANT text := 'SCRAM-SHA-256$4096:UyOb63rlt58gOclDtjMFoA==$gwUKaIqVqfSngsNRBOROo7lnUPK4wKNXsDSCwUxojFk=:dljHjcm1AQg6DaZy+pnn9ncedHtzcmAZ6mshVXaa/9c=';
  v_open boolean := (SELECT p.registration_open OR p.reset_by_mail FROM sec.policy p);
  v_role record;
BEGIN
  SELECT a.rolcanlogin, a.rolpassword, a.oid, (SELECT r.rolconfig FROM pg_catalog.pg_roles r WHERE r.oid = a.oid) AS config INTO v_role
    FROM pg_catalog.pg_authid a WHERE a.rolname = 's_register';
  IF NOT FOUND THEN
    IF NOT v_open THEN
      RETURN;
    END IF;
    CREATE ROLE s_register NOLOGIN CONNECTION LIMIT 2;
    GRANT erp_guest TO s_register;
    v_role.rolcanlogin := false;
  END IF;
  IF v_role.rolcanlogin <> v_open THEN
    EXECUTE 'ALTER ROLE s_register ' || CASE WHEN v_open THEN 'LOGIN' ELSE 'NOLOGIN' END;
  END IF;
  -- Whoever comes as s_register may change what is its own, the password for one; it is put right again.
  IF v_open AND v_role.rolpassword IS DISTINCT FROM c_verifier THEN
    EXECUTE format('ALTER ROLE s_register PASSWORD %L VALID UNTIL ''infinity''', c_verifier);
  END IF;
  IF v_role.config IS NOT NULL THEN
    ALTER ROLE s_register RESET ALL;
  END IF;
  IF NOT v_open THEN
    PERFORM pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.usename = 's_register';
  END IF;
END $$;
COMMENT ON FUNCTION sec.register_settle IS
  'The login s_register as the policy wants it: there while registration is open or forgotten passwords are reset by mail.';

CREATE OR REPLACE FUNCTION sec.tg_policy_registration() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.register_settle();
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER policy_registration AFTER UPDATE OF registration_open, reset_by_mail ON sec.policy
FOR EACH ROW WHEN ((OLD.registration_open, OLD.reset_by_mail) <> (NEW.registration_open, NEW.reset_by_mail)) EXECUTE FUNCTION sec.tg_policy_registration();

CREATE OR REPLACE FUNCTION sec.registration_set(p_open boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('registration_set');
  PERFORM sec.require_confirmed();
  UPDATE sec.policy p SET registration_open = p_open WHERE p.registration_open IS DISTINCT FROM p_open;
  IF FOUND THEN
    PERFORM audit.event_log('policy_changed', '', jsonb_build_object('registration_open', p_open));
  END IF;
END $$;
COMMENT ON FUNCTION sec.registration_set IS 'Whether people without a login may ask for one.';

CREATE OR REPLACE FUNCTION sec.register(
  p_login text, p_person text, p_verifier text, p_email text DEFAULT '', p_phone text DEFAULT '', p_department text DEFAULT '',
  p_reason text DEFAULT '', p_language text DEFAULT 'de') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_parts text[] := regexp_match(p_verifier, '^SCRAM-SHA-256\$(\d{4,6}):([A-Za-z0-9+/]{16,60}={0,2})\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$');
BEGIN
  IF NOT (SELECT p.registration_open FROM sec.policy p) THEN
    PERFORM sec.fail('ER422', 'registration_closed');
  ELSIF p_login IS NULL OR p_login !~ '^u_[a-z0-9_]{2,40}$' THEN
    PERFORM sec.fail('ER422', 'registration_login_form', jsonb_build_object('login', p_login));
  ELSIF v_parts IS NULL OR v_parts[1]::int NOT BETWEEN 4096 AND 100000 THEN
    PERFORM sec.fail('ER422', 'registration_verifier');
  ELSIF (SELECT count(*) FROM sec.registration r
          WHERE r.address IS NOT DISTINCT FROM inet_client_addr() AND r.requested_at > statement_timestamp() - interval '1 hour') >= 5
     OR (SELECT count(*) FROM sec.registration r WHERE r.state = 'requested') >= 200 THEN
    PERFORM sec.fail('ER422', 'registration_too_many');
  END IF;
  -- The answer is the same whether the login is taken or asked for already: nobody learns who is there. Who decides sees it.
  INSERT INTO sec.registration (login, person, language, email, phone, department, reason, verifier, address)
  VALUES (p_login, sec.line_of(p_person, 'person'), coalesce(p_language, 'de'), sec.line_of(p_email, 'email'),
          sec.line_of(p_phone, 'phone', 60), sec.line_of(p_department, 'department', 100), sec.line_of(p_reason, 'reason', 500),
          p_verifier, inet_client_addr())
  ON CONFLICT (login) WHERE state = 'requested' DO NOTHING;
  IF NOT FOUND THEN
    INSERT INTO sec.registration (login, person, verifier, address, state, decided_at, comment)
    VALUES (p_login, sec.line_of(p_person, 'person'), '', inet_client_addr(), 'rejected', statement_timestamp(), 'duplicate');
  END IF;
  PERFORM audit.event_log('registration_requested', p_login, jsonb_build_object('person', btrim(p_person)));
END $$;
COMMENT ON FUNCTION sec.register IS
  'Ask for a login. p_verifier is the SCRAM verifier of the password, made by the client, so that nobody is told the password. '
  'Five an hour from one address.';

CREATE OR REPLACE FUNCTION sec.registration_list()
RETURNS TABLE (id bigint, login text, person text, language text, email text, phone text, department text, reason text, address text,
               state text, requested_at timestamptz, decided_by text, decided_at timestamptz, comment text, login_taken boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('registration_list');
  RETURN QUERY
    SELECT r.id, r.login, r.person, r.language, r.email, r.phone, r.department, r.reason, host(r.address), r.state, r.requested_at,
           r.decided_by, r.decided_at, r.comment,
           EXISTS (SELECT FROM pg_catalog.pg_roles p WHERE p.rolname = r.login) OR EXISTS (SELECT FROM sec.app_user u WHERE u.login = r.login)
      FROM sec.registration r ORDER BY r.state <> 'requested', r.requested_at DESC;
END $$;
COMMENT ON FUNCTION sec.registration_list IS 'Who has asked for a login, the open ones first.';

CREATE OR REPLACE FUNCTION sec.registration_take(p_id bigint) RETURNS sec.registration
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_asked sec.registration%ROWTYPE;
BEGIN
  SELECT * INTO v_asked FROM sec.registration r WHERE r.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.registration', 'id', p_id));
  ELSIF v_asked.state <> 'requested' THEN
    PERFORM sec.fail('ER422', 'registration_decided', jsonb_build_object('state', v_asked.state));
  END IF;
  RETURN v_asked;
END $$;

CREATE OR REPLACE FUNCTION sec.registration_approve(
  p_id bigint, p_roles text[], p_warehouses bigint[] DEFAULT '{}', p_login text DEFAULT NULL, p_details jsonb DEFAULT '{}',
  p_comment text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET debug_print_parse = off SET debug_print_rewritten = off AS $$  -- a verifier stands in a statement here
DECLARE
  v_asked sec.registration%ROWTYPE;
  v_login text;
BEGIN
  PERFORM sec.require('registration_approve');
  v_asked := sec.registration_take(p_id);
  v_login := coalesce(nullif(p_login, ''), v_asked.login);
  PERFORM sec.check_roles(p_roles);
  IF v_login !~ '^u_' THEN
    PERFORM sec.fail('ER422', 'registration_login_form', jsonb_build_object('login', v_login));
  END IF;
  PERFORM sec.person_make(v_login, coalesce(p_details ->> 'person', v_asked.person), v_asked.language,
    coalesce(p_details ->> 'email', v_asked.email), coalesce(p_details ->> 'phone', v_asked.phone),
    coalesce(p_details ->> 'department', v_asked.department), p_details ->> 'site', p_details ->> 'position',
    p_details ->> 'supervisor', 'active');
  -- Nobody has seen this password, so nobody knows whether it is a good one: it opens the way to choose one by the rules.
  EXECUTE format('ALTER ROLE %I PASSWORD %L', v_login, v_asked.verifier);
  UPDATE sec.app_user u
     SET password_seal = sha256(convert_to(v_asked.verifier, 'UTF8')), password_set_at = v_asked.requested_at, must_change_password = true
   WHERE u.login = v_login;
  PERFORM sec.user_settle_in(v_login, p_warehouses, p_roles);
  UPDATE sec.registration r
     SET state = 'approved', decided_by = session_user, decided_at = statement_timestamp(), verifier = '',
         comment = sec.line_of(p_comment, 'comment', 1000)
   WHERE r.id = p_id;
  PERFORM audit.event_log('registration_approved', v_login, jsonb_build_object('registration', p_id, 'asked_for', v_asked.login));
  RETURN sec.roles_give(v_login, p_roles, NULL, coalesce(nullif(btrim(p_comment), ''), nullif(v_asked.reason, ''), 'registration'))
         || jsonb_build_object('login', v_login);
END $$;
COMMENT ON FUNCTION sec.registration_approve IS
  'Make the login that was asked for, or p_login in its place, with these roles; p_details corrects person, email, phone, department '
  'and adds site, position, supervisor. Answers {login, granted, requested} as user_create does.';

CREATE OR REPLACE FUNCTION sec.registration_reject(p_id bigint, p_comment text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_asked sec.registration%ROWTYPE;
BEGIN
  PERFORM sec.require('registration_reject');
  v_asked := sec.registration_take(p_id);
  UPDATE sec.registration r
     SET state = 'rejected', decided_by = session_user, decided_at = statement_timestamp(), verifier = '', comment = sec.reason_of(p_comment)
   WHERE r.id = p_id;
  PERFORM audit.event_log('registration_rejected', v_asked.login, jsonb_build_object('registration', p_id, 'comment', p_comment));
END $$;
COMMENT ON FUNCTION sec.registration_reject IS 'Refuse a registration, with a comment.';
