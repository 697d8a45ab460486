-- Separation of duties: roles nobody may have together, checked over everything they include and over every period to come.

CREATE OR REPLACE FUNCTION sec.conflict_found(p_login text, p_role text, p_from timestamptz, p_to timestamptz, p_but bigint DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.role
    FROM sec.role_closure mine
    JOIN sec.role_conflict c ON mine.includes IN (c.role_a, c.role_b)
    JOIN sec.role_closure theirs ON theirs.includes IN (c.role_a, c.role_b) AND theirs.includes <> mine.includes
    JOIN (SELECT p_role AS role
          UNION ALL
          SELECT r.role FROM sec.user_role r
           WHERE r.login = p_login AND r.id IS DISTINCT FROM p_but
             AND r.valid_from < coalesce(p_to, 'infinity')
             AND coalesce(r.valid_to, 'infinity') > greatest(p_from, statement_timestamp())
             AND r.valid_from IS DISTINCT FROM r.valid_to) o ON o.role = theirs.role
   WHERE mine.role = p_role
   ORDER BY o.role = p_role LIMIT 1
$$;
COMMENT ON FUNCTION sec.conflict_found IS
  'A role of the login (or the role itself) that must not come together with this one in this period, whatever is past; NULL when none.';

CREATE OR REPLACE FUNCTION sec.tg_user_role() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_role sec.role%ROWTYPE;
  v_other text;
BEGIN
  IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND (NEW.login, NEW.role, NEW.kind) <> (OLD.login, OLD.role, OLD.kind) THEN
    PERFORM sec.fail('ER422', 'assignment_is_kept', jsonb_build_object('id', OLD.id));
  END IF;
  -- Whoever gives this person another role at this moment waits here, and then sees this one.
  PERFORM FROM sec.app_user u WHERE u.login = NEW.login FOR NO KEY UPDATE;
  SELECT * INTO v_role FROM sec.role r WHERE r.name = NEW.role;
  IF TG_OP = 'INSERT' AND v_role.holder <> (CASE left(NEW.login, 1) WHEN 'u' THEN 'person' WHEN 't' THEN 'device' ELSE 'service' END) THEN
    PERFORM sec.fail('ER422', 'role_holder', jsonb_build_object('role', NEW.role, 'login', NEW.login));
  ELSIF TG_OP = 'UPDATE' AND NEW.valid_from >= OLD.valid_from
        AND coalesce(NEW.valid_to, 'infinity') <= coalesce(OLD.valid_to, 'infinity') THEN
    RETURN NEW;  -- a shorter period cannot make anything worse
  END IF;
  IF v_role.max_days IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.valid_to IS DISTINCT FROM OLD.valid_to) THEN
    NEW.valid_to := least(NEW.valid_to, NEW.valid_from + make_interval(days => v_role.max_days));
  END IF;
  v_other := sec.conflict_found(NEW.login, NEW.role, NEW.valid_from, NEW.valid_to, NEW.id);
  IF v_other IS NOT NULL THEN
    PERFORM sec.fail('ER422', 'role_conflict', jsonb_build_object('login', NEW.login, 'role', NEW.role, 'other', v_other));
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER user_role_guard BEFORE INSERT OR UPDATE OR DELETE ON sec.user_role
FOR EACH ROW EXECUTE FUNCTION sec.tg_user_role();

CREATE OR REPLACE FUNCTION sec.role_conflicts(p_role text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('role_a', c.role_a, 'role_b', c.role_b, 'reason_de', c.reason_de,
                                               'reason_en', c.reason_en) ORDER BY c.role_a, c.role_b), '[]')
    FROM sec.role_conflict c
   WHERE EXISTS (SELECT FROM sec.role_closure x WHERE x.role = p_role AND x.includes = c.role_a)
     AND EXISTS (SELECT FROM sec.role_closure x WHERE x.role = p_role AND x.includes = c.role_b)
$$;
COMMENT ON FUNCTION sec.role_conflicts IS 'Conflicts inside one role: nobody can be given it while they stand.';

CREATE OR REPLACE FUNCTION sec.conflict_list()
RETURNS TABLE (id bigint, role_a text, role_b text, reason_de text, reason_en text, of_matrix boolean, violations int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('conflict_list');
  RETURN QUERY
    SELECT c.id, c.role_a, c.role_b, c.reason_de, c.reason_en, c.of_matrix,
           (SELECT count(DISTINCT v.login)::int FROM sec.conflict_rows() v WHERE v.conflict_id = c.id)
      FROM sec.role_conflict c ORDER BY c.role_a, c.role_b;
END $$;
COMMENT ON FUNCTION sec.conflict_list IS 'The conflicts of the house, and how many people are in each of them.';

CREATE OR REPLACE FUNCTION sec.conflict_rows()
RETURNS TABLE (conflict_id bigint, login text, person text, role_a text, role_b text, by_a text, by_b text,
               valid_from timestamptz, valid_to timestamptz, reason_de text, reason_en text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT c.id, u.login, u.person, c.role_a, c.role_b, a.role, b.role, greatest(a.valid_from, b.valid_from),
         least(a.valid_to, b.valid_to), c.reason_de, c.reason_en
    FROM sec.role_conflict c
    JOIN sec.role_closure ca ON ca.includes = c.role_a
    JOIN sec.role_closure cb ON cb.includes = c.role_b
    JOIN sec.user_role a ON a.role = ca.role
    JOIN sec.user_role b ON b.role = cb.role AND b.login = a.login
    JOIN sec.app_user u ON u.login = a.login AND u.status <> 'left'
   WHERE coalesce(a.valid_to, 'infinity') > greatest(b.valid_from, statement_timestamp())
     AND coalesce(b.valid_to, 'infinity') > greatest(a.valid_from, statement_timestamp())
     AND a.valid_from IS DISTINCT FROM a.valid_to AND b.valid_from IS DISTINCT FROM b.valid_to
$$;

CREATE OR REPLACE FUNCTION sec.conflict_report()
RETURNS TABLE (conflict_id bigint, login text, person text, role_a text, role_b text, by_a text, by_b text,
               valid_from timestamptz, valid_to timestamptz, reason_de text, reason_en text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('conflict_report');
  RETURN QUERY SELECT * FROM sec.conflict_rows() v ORDER BY v.person, v.role_a, v.role_b;
END $$;
COMMENT ON FUNCTION sec.conflict_report IS
  'People who have, or will have, roles that must not come together: by_a and by_b are the roles that bring them. New ones are '
  'refused; these were there before the conflict, or before a role got another parent.';

CREATE OR REPLACE FUNCTION sec.conflict_add(p_role_a text, p_role_b text, p_reason_de text, p_reason_en text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  PERFORM sec.require('conflict_add');
  PERFORM sec.require_confirmed();
  PERFORM sec.check_roles(ARRAY[p_role_a, p_role_b]);
  IF p_role_a = p_role_b THEN
    PERFORM sec.fail('ER422', 'role_conflict_order');
  END IF;
  INSERT INTO sec.role_conflict (role_a, role_b, reason_de, reason_en)
  VALUES (least(p_role_a, p_role_b), greatest(p_role_a, p_role_b), sec.line_of(p_reason_de, 'reason_de', 300),
          sec.line_of(p_reason_en, 'reason_en', 300))
  RETURNING id INTO v_id;
  PERFORM audit.event_log('conflict_added', '', jsonb_build_object('role_a', p_role_a, 'role_b', p_role_b));
  RETURN jsonb_build_object('id', v_id, 'violations', (SELECT count(DISTINCT v.login) FROM sec.conflict_rows() v WHERE v.conflict_id = v_id));
END $$;
COMMENT ON FUNCTION sec.conflict_add IS
  'From now on nobody may have both. Answers {id, violations}: who has both already keeps them, and stands in the report.';

CREATE OR REPLACE FUNCTION sec.conflict_remove(p_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old sec.role_conflict%ROWTYPE;
BEGIN
  PERFORM sec.require('conflict_remove');
  PERFORM sec.require_confirmed();
  SELECT * INTO v_old FROM sec.role_conflict c WHERE c.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.role_conflict', 'id', p_id));
  ELSIF v_old.of_matrix THEN
    PERFORM sec.fail('ER422', 'role_of_matrix', jsonb_build_object('role', v_old.role_a));
  END IF;
  DELETE FROM sec.role_conflict c WHERE c.id = p_id;
  PERFORM audit.event_log('conflict_removed', '', jsonb_build_object('role_a', v_old.role_a, 'role_b', v_old.role_b));
END $$;
COMMENT ON FUNCTION sec.conflict_remove IS 'Lift a conflict the house has set; those of the matrix stay.';
