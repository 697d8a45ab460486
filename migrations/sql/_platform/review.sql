-- The periodic look at who has what: every assignment is certified or taken away by somebody else than its holder.

CREATE OR REPLACE FUNCTION sec.review_start(p_title text, p_due date, p_role text DEFAULT '', p_department text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
  v_count int;
BEGIN
  PERFORM sec.require('review_start');
  IF btrim(coalesce(p_title, '')) = '' THEN
    PERFORM sec.fail('ER422', 'review_title_missing');
  ELSIF p_due IS NULL OR p_due < system.today() THEN
    PERFORM sec.fail('ER422', 'review_due');
  END IF;
  INSERT INTO sec.review (title, due, role, department)
  VALUES (sec.line_of(p_title, 'title'), p_due, coalesce(p_role, ''), coalesce(p_department, '')) RETURNING id INTO v_id;
  INSERT INTO sec.review_item (review_id, user_role_id, login, role)
  SELECT v_id, r.id, r.login, r.role
    FROM sec.user_role r JOIN sec.app_user u ON u.login = r.login
   WHERE u.status <> 'left' AND r.kind = 'assignment' AND coalesce(r.valid_to, 'infinity') > statement_timestamp()
     AND r.valid_from IS DISTINCT FROM r.valid_to
     AND (coalesce(p_role, '') = '' OR EXISTS (SELECT FROM sec.role_closure c WHERE c.role = r.role AND c.includes = p_role))
     AND (coalesce(p_department, '') = '' OR u.department = p_department);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count = 0 THEN
    PERFORM sec.fail('ER422', 'review_empty');
  END IF;
  PERFORM audit.event_log('review_started', '', jsonb_build_object('review', v_id, 'items', v_count));
  RETURN jsonb_build_object('id', v_id, 'items', v_count);
END $$;
COMMENT ON FUNCTION sec.review_start IS
  'Put every assignment in force or to come under review, or those of a role (inherited as well) or of a department. Answers {id, items}.';

CREATE OR REPLACE FUNCTION sec.review_list()
RETURNS TABLE (id bigint, title text, state text, role text, department text, due date, overdue boolean, items int, open int, certified int,
               revoked int, started_by text, started_at timestamptz, closed_by text, closed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('review_list');
  RETURN QUERY
    SELECT r.id, r.title, r.state, r.role, r.department, r.due, r.state = 'open' AND r.due < system.today(), count(i.id)::int,
           (count(*) FILTER (WHERE i.decision = 'open'))::int, (count(*) FILTER (WHERE i.decision = 'certified'))::int,
           (count(*) FILTER (WHERE i.decision = 'revoked'))::int, r.started_by, r.started_at, r.closed_by, r.closed_at
      FROM sec.review r LEFT JOIN sec.review_item i ON i.review_id = r.id
     GROUP BY r.id ORDER BY r.state DESC, r.due DESC, r.id DESC;
END $$;
COMMENT ON FUNCTION sec.review_list IS 'The reviews and how far they are; overdue ones are open past their day.';

CREATE OR REPLACE FUNCTION sec.review_items(p_review bigint DEFAULT NULL)
RETURNS TABLE (id bigint, review_id bigint, login text, person text, department text, role text, valid_from timestamptz, valid_to timestamptz,
               granted_by text, granted_at timestamptz, reason text, in_force boolean, last_session timestamptz, decision text, comment text,
               decided_by text, decided_at timestamptz, mine boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('review_items');
  RETURN QUERY
    SELECT i.id, i.review_id, i.login, u.person, u.department, i.role, a.valid_from, a.valid_to, a.granted_by, a.granted_at, a.reason,
           coalesce(a.valid_to, 'infinity') > statement_timestamp(),
           (SELECT max(s.created) FROM sec.session s WHERE s.login = i.login), i.decision, i.comment, i.decided_by, i.decided_at,
           i.login = session_user
      FROM sec.review_item i JOIN sec.review r ON r.id = i.review_id
      JOIN sec.user_role a ON a.id = i.user_role_id JOIN sec.app_user u ON u.login = i.login
     WHERE CASE WHEN p_review IS NULL THEN i.decision = 'open' AND r.state = 'open' AND r.due < system.today() ELSE i.review_id = p_review END
     ORDER BY u.person, i.role;
END $$;
COMMENT ON FUNCTION sec.review_items IS 'The assignments of a review; without one, all that is overdue.';

CREATE OR REPLACE FUNCTION sec.review_decide(p_item bigint, p_decision text, p_comment text DEFAULT '') RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_item sec.review_item%ROWTYPE;
BEGIN
  PERFORM sec.require('review_decide');
  SELECT i.* INTO v_item FROM sec.review_item i JOIN sec.review r ON r.id = i.review_id AND r.state = 'open'
   WHERE i.id = p_item FOR UPDATE OF i;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.review_item', 'id', p_item));
  ELSIF v_item.decision <> 'open' THEN
    PERFORM sec.fail('ER422', 'review_item_decided');
  ELSIF v_item.login = session_user THEN
    PERFORM sec.fail('ER422', 'not_oneself', jsonb_build_object('login', session_user));
  ELSIF p_decision IS NULL OR p_decision NOT IN ('certified', 'revoked') THEN
    PERFORM sec.fail('ER422', 'decision_missing');
  END IF;
  IF p_decision = 'revoked' THEN
    PERFORM sec.reason_of(p_comment);
    IF EXISTS (SELECT FROM sec.user_role a WHERE a.id = v_item.user_role_id AND coalesce(a.valid_to, 'infinity') > statement_timestamp()
                  AND a.ended_by IS NULL) THEN
      PERFORM sec.assignment_end(v_item.user_role_id, btrim(p_comment));
    END IF;
  END IF;
  UPDATE sec.review_item i
     SET decision = p_decision, comment = sec.line_of(p_comment, 'comment', 1000), decided_by = session_user, decided_at = statement_timestamp()
   WHERE i.id = p_item;
  PERFORM audit.event_log('review_decided', v_item.login, jsonb_build_object(
    'review', v_item.review_id, 'role', v_item.role, 'decision', p_decision));
END $$;
COMMENT ON FUNCTION sec.review_decide IS 'Certify an assignment, or revoke it (with a comment), which ends it now. Nobody decides about the own ones.';

CREATE OR REPLACE FUNCTION sec.review_close(p_review bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_open int;
BEGIN
  PERFORM sec.require('review_close');
  PERFORM FROM sec.review r WHERE r.id = p_review AND r.state = 'open' FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'sec.review', 'id', p_review));
  END IF;
  -- What has ended by itself needs nobody's word any more.
  UPDATE sec.review_item i SET decision = 'revoked', comment = 'ended', decided_at = statement_timestamp()
    FROM sec.user_role a
   WHERE i.review_id = p_review AND i.decision = 'open' AND a.id = i.user_role_id AND a.valid_to <= statement_timestamp();
  SELECT count(*) INTO v_open FROM sec.review_item i WHERE i.review_id = p_review AND i.decision = 'open';
  IF v_open > 0 THEN
    PERFORM sec.fail('ER422', 'review_items_open', jsonb_build_object('n', v_open));
  END IF;
  UPDATE sec.review r SET state = 'closed', closed_by = session_user, closed_at = statement_timestamp() WHERE r.id = p_review;
  PERFORM audit.event_log('review_closed', '', jsonb_build_object('review', p_review));
END $$;
COMMENT ON FUNCTION sec.review_close IS 'End a review in which everything has been decided.';
