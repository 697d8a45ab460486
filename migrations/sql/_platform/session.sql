-- Who is there, and what may he do: session tickets, time-valid roles, limits, warehouses.
-- Identity is session_user and nothing else; a ticket proves that the session was opened by the rules.

CREATE OR REPLACE FUNCTION sec.fail(p_sqlstate text, p_key text, p_detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = p_sqlstate, MESSAGE = coalesce(p_key, 'unknown'),
    CONSTRAINT = coalesce(p_key, 'unknown'), DETAIL = coalesce(p_detail, '{}')::text;
END $$;
COMMENT ON FUNCTION sec.fail IS 'Refuse with a SQLSTATE of class ER; the key is the text key, the detail its parameters.';

CREATE OR REPLACE FUNCTION sec.ticket_hash() RETURNS bytea
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'))
$$;

CREATE OR REPLACE FUNCTION sec.is_superuser() RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.rolsuper FROM pg_catalog.pg_authid a WHERE a.rolname = session_user
$$;

CREATE OR REPLACE FUNCTION sec.session_ok() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM sec.session s
     WHERE s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'))
       AND s.login = session_user
       AND s.address IS NOT DISTINCT FROM inet_client_addr()
       AND s.valid_until > clock_timestamp()
       AND s.ended_at IS NULL
       -- A snapshot that stays (REPEATABLE READ) does not see what ended meanwhile: it is good for a minute.
       AND (current_setting('transaction_isolation') LIKE 'read %' OR transaction_timestamp() > clock_timestamp() - interval '1 minute')
       AND s.assurance <> 'enrol')
    -- A superuser passes every policy anyway; without this, what triggers do for him would see no rows.
    OR (SELECT a.rolsuper FROM pg_catalog.pg_authid a WHERE a.rolname = session_user);
END $$;
COMMENT ON FUNCTION sec.session_ok IS
  'Whether erp.ticket is a valid ticket of this login from this address, at this statement; true for a superuser. A ticket that '
  'serves to set up the second factor opens nothing.';

CREATE OR REPLACE FUNCTION sec.require_ticket() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM sec.session s
     WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user
       AND s.address IS NOT DISTINCT FROM inet_client_addr()
       AND s.valid_until > clock_timestamp() AND s.ended_at IS NULL
       AND (current_setting('transaction_isolation') LIKE 'read %' OR transaction_timestamp() > clock_timestamp() - interval '1 minute')) THEN
    PERFORM sec.fail('ER401', 'session_missing');
  END IF;
END $$;
COMMENT ON FUNCTION sec.require_ticket IS
  'ER401 unless there is a valid ticket, be it one to set up the second factor with: for what concerns the person alone.';

CREATE OR REPLACE FUNCTION sec.fail_session() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_ticket();
  PERFORM sec.fail('ER401', 'second_factor_enrol');
END $$;

CREATE OR REPLACE FUNCTION sec.acting() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_session sec.session%ROWTYPE;
BEGIN
  SELECT * INTO v_session FROM sec.session s
   WHERE s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8'))
     AND s.login = session_user
     AND s.address IS NOT DISTINCT FROM inet_client_addr()
     AND s.valid_until > clock_timestamp()
     AND s.ended_at IS NULL
     AND (current_setting('transaction_isolation') LIKE 'read %' OR transaction_timestamp() > clock_timestamp() - interval '1 minute');
  IF NOT FOUND OR v_session.assurance = 'enrol' THEN
    RETURN NULL;
  ELSIF left(session_user, 2) = 't_' THEN
    RETURN ARRAY[session_user::text, coalesce(sec.operator_of(v_session), '')];
  END IF;
  RETURN ARRAY[session_user::text];
END $$;
COMMENT ON FUNCTION sec.acting IS
  'The logins that must all have a right: the person''s own, at a terminal the device''s and its operator''s (empty without '
  'one, who has no right). NULL without a valid ticket, or with one that serves to set up the second factor only.';

CREATE OR REPLACE FUNCTION sec.roles_of(p_login text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT c.includes ORDER BY c.includes), '{}')
    FROM sec.user_role u JOIN sec.role_closure c ON c.role = u.role
   WHERE u.login = p_login
     AND u.valid_from <= clock_timestamp()
     AND (u.valid_to IS NULL OR u.valid_to > clock_timestamp())
$$;
COMMENT ON FUNCTION sec.roles_of IS 'Roles of a login that are valid at this statement, with all they include.';

CREATE OR REPLACE FUNCTION sec.my_roles() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_acting text[] := sec.acting();
BEGIN
  RETURN CASE WHEN v_acting IS NULL THEN '{}' ELSE sec.roles_of(v_acting[1]) END;
END $$;
COMMENT ON FUNCTION sec.my_roles IS
  'Names of the roles that are valid at this statement, with those they include, without the r_ prefix; none without a ticket.';

CREATE OR REPLACE FUNCTION sec.has(p_login text, p_right text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM sec.user_role u
      JOIN sec.role_closure c ON c.role = u.role
      JOIN sec.role_right r ON r.role = c.includes
     WHERE u.login = p_login AND r."right" = p_right
       AND u.valid_from <= clock_timestamp()
       AND (u.valid_to IS NULL OR u.valid_to > clock_timestamp()))
$$;
COMMENT ON FUNCTION sec.has IS 'Whether a login has a right at this statement; asks for no ticket.';

CREATE OR REPLACE FUNCTION sec.may(p_right text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_acting text[] := sec.acting();
BEGIN
  RETURN v_acting IS NOT NULL AND sec.has(v_acting[1], p_right)
         AND (cardinality(v_acting) = 1 OR sec.has(v_acting[2], p_right) OR sec.alone(p_right));
END $$;
COMMENT ON FUNCTION sec.may IS
  'Whether the person has the right now (a function''s name or schema.table:verb); at a terminal device and operator both, but for '
  'what the device does by itself (sec.alone).';

CREATE OR REPLACE FUNCTION sec.require(p_right text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF sec.may(p_right) OR sec.is_superuser() THEN
    RETURN;  -- a superuser can do it anyway; refusing him would only cost him a detour when a database is set up
  END IF;
  IF NOT sec.session_ok() THEN
    PERFORM sec.fail_session();
  END IF;
  PERFORM sec.fail('ER403', p_right, jsonb_build_object('right', p_right));
END $$;
COMMENT ON FUNCTION sec.require IS 'First line of every api function: ER401 without a ticket, ER403 without a valid role with this right.';

CREATE OR REPLACE FUNCTION sec.require_session() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT sec.session_ok() THEN
    PERFORM sec.fail_session();
  ELSIF left(session_user, 2) = 't_' AND (sec.acting())[2] = '' THEN
    PERFORM sec.fail('ER401', 'operator_missing');
  END IF;
END $$;
COMMENT ON FUNCTION sec.require_session IS 'ER401 unless the session holds a valid ticket and, at a terminal, somebody works there.';

CREATE OR REPLACE FUNCTION sec.require_confirmed() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF sec.is_superuser() OR EXISTS (
    SELECT FROM sec.session s, sec.policy p
     WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user AND s.ended_at IS NULL
       AND s.confirmed_at > clock_timestamp() - make_interval(mins => p.confirm_minutes)) THEN
    RETURN;
  END IF;
  PERFORM sec.fail('ER403', 'confirmation_needed');
END $$;
COMMENT ON FUNCTION sec.require_confirmed IS
  'For critical changes: ER403 confirmation_needed unless the person has just proved again who it is (sec.session_confirm).';

CREATE OR REPLACE FUNCTION sec.my_limit(p_name text) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce((
    SELECT min(of_login.value)
      FROM (SELECT coalesce(max(l.value), 0) AS value
              FROM unnest(sec.acting()) a LEFT JOIN sec.role_limit l ON l.name = p_name AND l.role = ANY (sec.roles_of(a))
             GROUP BY a) of_login), 0);
END $$;
COMMENT ON FUNCTION sec.my_limit IS
  'The highest limit of the person''s valid roles, 0 when none of them has one; at a terminal the lower of device and operator.';

CREATE OR REPLACE FUNCTION sec.warehouses_of(p_login text) RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_roles text[] := sec.roles_of(p_login);
BEGIN
  IF EXISTS (SELECT FROM sec.role r WHERE r.name = ANY (v_roles) AND NOT r.scoped) THEN
    RETURN ARRAY(SELECT w.id FROM inventory.warehouse w);
  ELSIF v_roles <> '{}' THEN
    RETURN ARRAY(SELECT w.warehouse_id FROM sec.user_warehouse w WHERE w.login = p_login);
  ELSE
    RETURN '{}';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.my_warehouses() RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_acting text[] := sec.acting();
BEGIN
  IF v_acting IS NULL THEN
    RETURN '{}';
  ELSIF cardinality(v_acting) = 1 THEN
    RETURN sec.warehouses_of(v_acting[1]);
  END IF;
  RETURN ARRAY(SELECT w FROM unnest(sec.warehouses_of(v_acting[1])) w WHERE w = ANY (sec.warehouses_of(v_acting[2])));
END $$;
COMMENT ON FUNCTION sec.my_warehouses IS
  'Warehouses the person may see: all of them unless every valid role is scoped; at a terminal those of both.';

CREATE OR REPLACE FUNCTION sec.actor() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_acting text[] := sec.acting();
BEGIN
  PERFORM sec.require_session();
  IF v_acting[2] = '' THEN
    PERFORM sec.fail('ER401', 'operator_missing');
  END IF;
  RETURN coalesce(v_acting[2], session_user);
END $$;
COMMENT ON FUNCTION sec.actor IS 'The person that acts: at a terminal its operator. ER401 without a ticket or an operator.';

CREATE OR REPLACE FUNCTION sec.audit_context() RETURNS sec.session
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_session sec.session;
BEGIN
  -- Asked by every statement that changes anything, so in a language that keeps its plan.
  SELECT s.* INTO v_session FROM sec.session s
   WHERE s.ticket_hash = sha256(convert_to(current_setting('erp.ticket', true), 'UTF8')) AND s.login = session_user;
  RETURN v_session;
END $$;

CREATE OR REPLACE FUNCTION sec.session_settle(p_login text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- A ticket holds to the next start or end of a role only: then its holder is looked at again (sec.session_continue).
  UPDATE sec.session s
     SET valid_until = LEAST(s.ends, s.last_seen + make_interval(mins => s.idle_minutes), (
           SELECT min(b.at) FROM sec.user_role u CROSS JOIN LATERAL (VALUES (u.valid_from), (u.valid_to)) b (at)
            WHERE u.login IN (p_login, s.operator) AND b.at > statement_timestamp())),
         elevated = ARRAY(SELECT DISTINCT u.role FROM sec.user_role u
                           WHERE u.login IN (p_login, s.operator) AND u.kind = 'elevation'
                             AND u.valid_from <= statement_timestamp() AND u.valid_to > statement_timestamp() ORDER BY 1)
   WHERE s.login = p_login AND s.ended_at IS NULL AND s.ends > statement_timestamp()
$$;

CREATE OR REPLACE FUNCTION sec.address_allowed(p_login text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Every role with rules must be satisfied: the strictest one counts. A local socket has no address.
  SELECT inet_client_addr() IS NULL OR NOT EXISTS (
    SELECT FROM unnest(sec.roles_of(p_login)) r (role)
     WHERE EXISTS (SELECT FROM sec.address_rule a WHERE a.role = r.role)
       AND NOT EXISTS (SELECT FROM sec.address_rule a WHERE a.role = r.role AND inet_client_addr() <<= a.network))
$$;

CREATE OR REPLACE FUNCTION sec.my_profile() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_roles text[] := sec.my_roles();
  v_acting text[] := sec.acting();
BEGIN
  PERFORM sec.require_ticket();
  RETURN (
    SELECT jsonb_build_object(
      'login', u.login, 'person', u.person, 'language', u.language, 'phone', u.phone, 'email', u.email,
      'roles', to_jsonb(v_roles),
      'role_titles', (SELECT coalesce(jsonb_object_agg(r.name, jsonb_build_object('de', r.title_de, 'en', r.title_en)), '{}')
                        FROM sec.role r WHERE r.name = ANY (v_roles) AND r.kind = 'custom'),
      'rights', (SELECT coalesce(jsonb_agg(DISTINCT r."right"), '[]') FROM sec.role_right r
                  WHERE r.role = ANY (v_roles)
                    AND (cardinality(v_acting) = 1 OR sec.has(v_acting[2], r."right") OR sec.alone(r."right"))),
      'limits', (SELECT coalesce(jsonb_object_agg(l.name, sec.my_limit(l.name)), '{}')
                   FROM (SELECT DISTINCT x.name FROM sec.role_limit x WHERE x.role = ANY (v_roles)) l),
      'warehouses', to_jsonb(sec.my_warehouses()),
      'company', (SELECT jsonb_build_object('name', c.name, 'language', c.language, 'currency', c.currency, 'time_zone', c.time_zone)
                    FROM system.company c),
      'epoch', u.session_epoch, 'guided', u.guided_at IS NOT NULL,
      'session', (SELECT jsonb_build_object('id', s.id, 'assurance', s.assurance, 'operator', s.operator, 'elevated', s.elevated,
                                            'idle_minutes', s.idle_minutes,
                                            'seconds_to_idle', floor(extract(epoch FROM s.last_seen - statement_timestamp()))
                                                               + s.idle_minutes * 60,
                                            'seconds_left', floor(extract(epoch FROM s.valid_until - statement_timestamp())),
                                            'seconds_to_end', floor(extract(epoch FROM s.ends - statement_timestamp())))
                    FROM sec.session s WHERE s.ticket_hash = sec.ticket_hash() AND s.login = session_user),
      'second_factor', sec.second_factor_set(u.login),
      'password_days', floor(extract(epoch FROM u.password_ends - statement_timestamp()) / 86400),
      'server_version', current_setting('server_version_num')::int)
      FROM sec.app_user u WHERE u.login = session_user);
END $$;
COMMENT ON FUNCTION sec.my_profile IS 'Everything a client needs to know about its user, in one answer.';

CREATE OR REPLACE FUNCTION sec.my_epoch() RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require_ticket();
  RETURN (SELECT u.session_epoch FROM sec.app_user u WHERE u.login = session_user);
END $$;
COMMENT ON FUNCTION sec.my_epoch IS 'Goes up whenever the person''s rights change: then sec.my_profile is worth asking again.';
