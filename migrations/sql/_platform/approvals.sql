-- What one person asks for and another one allows: requests, votes, stand-ins. The kinds are data (rights matrix).
-- Never votes: who asked, whose document it is, who gains by it, nor anybody with such a person's right.

CREATE OR REPLACE FUNCTION sec.limit_of(p_login text, p_name text) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(max(l.value), 0) FROM sec.role_limit l WHERE l.name = p_name AND l.role = ANY (sec.roles_of(p_login))
$$;
COMMENT ON FUNCTION sec.limit_of IS 'The highest limit of a login''s valid roles, 0 when none of them has one.';

CREATE OR REPLACE FUNCTION sec.authority_lacks(
  p_login text, p_right text, p_limit text, p_amount numeric, p_warehouse bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN NOT sec.has(p_login, p_right)
      OR NOT EXISTS (SELECT FROM sec.app_user u WHERE u.login = p_login AND u.status = 'active') THEN 'right'
    WHEN p_warehouse IS NOT NULL AND NOT p_warehouse = ANY (sec.warehouses_of(p_login)) THEN 'right'
    WHEN p_limit IS NOT NULL AND p_amount > sec.limit_of(p_login, p_limit) THEN 'limit' END
$$;
COMMENT ON FUNCTION sec.authority_lacks IS
  'What a login lacks to decide about something of this amount in this warehouse: ''right'' or ''limit''; NULL when nothing.';

CREATE OR REPLACE FUNCTION sec.authorities(p_right text, p_limit text, p_amount numeric, p_warehouse bigint)
RETURNS TABLE (login text, person text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT p.login, p.person FROM sec.people_with(p_right) p
   WHERE sec.authority_lacks(p.login, p_right, p_limit, p_amount, p_warehouse) IS NULL
$$;
COMMENT ON FUNCTION sec.authorities IS 'Who could decide about something of this amount in this warehouse.';

CREATE OR REPLACE FUNCTION sec.person_of(p_login text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.person FROM sec.app_user u WHERE u.login = p_login AND u.status = 'active'
$$;
COMMENT ON FUNCTION sec.person_of IS 'The name behind an active login; NULL when there is none.';

CREATE OR REPLACE FUNCTION system.approval_right(p_kind text, p_word text DEFAULT 'decide') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'approval.' || p_kind || ':' || p_word
$$;

CREATE OR REPLACE FUNCTION system.my_approval_kinds(p_what text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN ARRAY(
    SELECT k.name FROM system.approval_kind k
     WHERE (p_what IN ('see', 'decide') AND sec.may(system.approval_right(k.name)))
        OR (p_what = 'see' AND sec.may(system.approval_right(k.name, 'read')))
        OR (p_what IN ('see', 'delegated') AND k.delegable AND EXISTS (
              SELECT FROM system.approval_delegate d
               WHERE d.delegate = session_user AND d.valid_from <= statement_timestamp() AND d.valid_to > clock_timestamp()
                 AND sec.authority_lacks(d.login, system.approval_right(k.name), NULL, NULL, NULL) IS NULL))
     ORDER BY 1);
END $$;
COMMENT ON FUNCTION system.my_approval_kinds IS
  'Kinds of requests the person may decide (''decide''), decides while somebody is away (''delegated''), or may look at (''see'').';

CREATE OR REPLACE FUNCTION system.approval_open(
  p_kind text, p_topic text, p_record bigint, p_subject jsonb, p_payload jsonb, p_reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kind system.approval_kind%ROWTYPE;
  v_subject jsonb := coalesce(p_subject, '{}');
  v_by text := coalesce(nullif((sec.acting())[2], ''), session_user);
  v_old bigint;
  v_id bigint;
BEGIN
  SELECT * INTO STRICT v_kind FROM system.approval_kind k WHERE k.name = p_kind;
  IF btrim(coalesce(p_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'reason_required');
  END IF;
  PERFORM api.require_length('reason', p_reason, 1000);
  SELECT r.id INTO v_old FROM system.approval_request r
   WHERE r.kind = p_kind AND r.topic = p_topic AND r.record_id = coalesce(p_record, 0)
     AND r.detail = coalesce(v_subject ->> 'detail', '') AND r.state = 'open' AND r.expires_at <= statement_timestamp();
  IF FOUND THEN
    PERFORM system.approval_settle(v_old, 'expired');
  END IF;
  INSERT INTO system.approval_request (
    kind, topic, record_id, detail, reason, subject, payload, amount, warehouse_id, requested_by, author, gains, votes_needed,
    expires_at)
  VALUES (
    p_kind, p_topic, coalesce(p_record, 0), coalesce(v_subject ->> 'detail', ''), btrim(p_reason),
    v_subject - '{detail,amount,warehouse_id,author,gains,votes}'::text[], coalesce(p_payload, '{}'),
    (v_subject ->> 'amount')::numeric, (v_subject ->> 'warehouse_id')::bigint, v_by, v_subject ->> 'author',
    v_subject ->> 'gains', least(greatest(v_kind.votes, coalesce((v_subject ->> 'votes')::int, 1)), 2),
    statement_timestamp() + make_interval(hours => v_kind.hours))
  ON CONFLICT (kind, topic, record_id, detail) WHERE state = 'open' DO NOTHING
  RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    PERFORM sec.fail('ER422', 'approval_already_requested', jsonb_build_object('kind', p_kind, 'id', p_record));
  END IF;
  PERFORM audit.event_log('approval_requested', v_by, jsonb_build_object('kind', p_kind, 'request', v_id, 'topic', p_topic,
                                                                         'record', p_record));
  RETURN v_id;
END $$;
COMMENT ON FUNCTION system.approval_open IS
  'Ask for something: returns the request. p_subject is what people look at: name (of the record), fields [{key, before, after, '
  'kind: text|money|percent|qty|date|moment|role|login}]; and, taken out of it: gains (login that has something of it), author (login '
  'whose document it is), amount (against the kind''s limit), warehouse_id, detail (one of several on a record), votes (2: two '
  'people). p_payload goes to the kind''s function. ER422 reason_required, approval_already_requested.';

CREATE OR REPLACE FUNCTION system.approval_settle(p_id bigint, p_state text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_request system.approval_request%ROWTYPE;
  v_kind system.approval_kind%ROWTYPE;
BEGIN
  UPDATE system.approval_request r SET state = p_state, settled_at = statement_timestamp()
   WHERE r.id = p_id AND r.state = 'open' RETURNING * INTO v_request;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO v_kind FROM system.approval_kind k WHERE k.name = v_request.kind;
  -- The names come from the matrix and have the form apply_…, dismiss_… by CHECK.
  IF p_state = 'approved' AND v_kind.apply IS NOT NULL THEN
    EXECUTE format('SELECT %s($1, $2)', v_kind.apply) USING p_id, v_request.payload;
  ELSIF p_state <> 'approved' AND v_kind.dismiss IS NOT NULL THEN
    EXECUTE format('SELECT %s($1, $2)', v_kind.dismiss) USING p_id, v_request.payload;
  END IF;
  PERFORM audit.event_log('approval_' || p_state, v_request.requested_by, jsonb_build_object(
    'kind', v_request.kind, 'request', p_id, 'topic', v_request.topic, 'record', v_request.record_id));
END $$;
COMMENT ON FUNCTION system.approval_settle IS
  'The end of an open request: approved, rejected, withdrawn or expired; calls what the kind wants called. Nothing for others.';

CREATE OR REPLACE FUNCTION system.approval_visible(p_request system.approval_request) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- What the row policy says; never NULL, which a caller's NOT would let through.
  SELECT coalesce(session_user IN (p_request.requested_by, p_request.author, p_request.gains), false)
      OR (p_request.kind = ANY (system.my_approval_kinds('see'))
          AND (p_request.warehouse_id IS NULL OR p_request.warehouse_id = ANY (sec.my_warehouses())))
$$;

CREATE OR REPLACE FUNCTION system.approval_authority(p_request system.approval_request, p_voter text, p_approve boolean,
                                                     OUT authority text, OUT refusal text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- With whose right somebody would vote, or why not at all: 'somebody_else', 'voted', 'limit', 'right'.
DECLARE
  v_kind system.approval_kind%ROWTYPE;
  v_involved text[];
  v_limit text;
  v_right text := system.approval_right(p_request.kind);
  v_other text;
  v_lacks text;
BEGIN
  SELECT * INTO v_kind FROM system.approval_kind k WHERE k.name = p_request.kind;
  v_involved := system.approval_involved(p_request);
  v_limit := CASE WHEN p_approve THEN v_kind.limit_name END;  -- to say no one needs no limit
  IF p_voter = ANY (v_involved) THEN
    refusal := 'somebody_else';
    RETURN;
  ELSIF EXISTS (SELECT FROM system.approval_vote v WHERE v.request_id = p_request.id AND v.voter = p_voter) THEN
    refusal := 'voted';
    RETURN;
  END IF;
  FOR v_other IN
    SELECT p_voter
    UNION ALL
    (SELECT d.login FROM system.approval_delegate d
      WHERE v_kind.delegable AND d.delegate = p_voter AND NOT d.login = ANY (v_involved)
        AND d.valid_from <= statement_timestamp() AND d.valid_to > clock_timestamp()
      ORDER BY d.id)
  LOOP
    v_lacks := sec.authority_lacks(v_other, v_right, v_limit, p_request.amount, p_request.warehouse_id);
    IF v_lacks IS NULL AND EXISTS (SELECT FROM system.approval_vote v
                                    WHERE v.request_id = p_request.id AND v.authority = v_other) THEN
      v_lacks := 'voted';
    END IF;
    IF v_lacks IS NULL THEN
      authority := v_other;
      refusal := NULL;
      RETURN;
    ELSIF refusal IS NULL OR refusal = 'right' THEN
      refusal := v_lacks;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION api.approvals_waiting() RETURNS TABLE (id bigint, authority text)
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kinds text[];
  v_voter text;
BEGIN
  PERFORM sec.require('approvals_waiting');
  v_kinds := system.my_approval_kinds('decide') || system.my_approval_kinds('delegated');
  v_voter := sec.actor();
  RETURN QUERY
    SELECT r.id, a.authority
      FROM system.approval_request r CROSS JOIN LATERAL system.approval_authority(r, v_voter, false) a
     WHERE r.state = 'open' AND r.expires_at > statement_timestamp() AND r.kind = ANY (v_kinds) AND a.authority IS NOT NULL
       AND system.approval_visible(r);
END $$;
COMMENT ON FUNCTION api.approvals_waiting IS 'Open requests the person may decide, and with whose right.';

CREATE OR REPLACE FUNCTION system.approval_involved(p_request system.approval_request) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH own AS MATERIALIZED (
    SELECT array_remove(ARRAY[p_request.requested_by, p_request.author,
                              CASE WHEN NOT k.gainer_decides THEN p_request.gains END], NULL) AS logins
      FROM system.approval_kind k WHERE k.name = p_request.kind)
  SELECT o.logins || audit.accounts_opened(o.logins, p_request.created_at - interval '7 days')
    FROM own o
$$;
COMMENT ON FUNCTION system.approval_involved IS
  'Logins that have no vote: who asked, whose document it is, who gains by it; and those whose password, second factor or mail '
  'address one of these has set since a week before the request.';

CREATE OR REPLACE FUNCTION api.approval_decide(p_command uuid, p_id bigint, p_decision text, p_comment text DEFAULT '')
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_request system.approval_request%ROWTYPE;
  v_kind system.approval_kind%ROWTYPE;
  v_voter text;
  v_by record;
  v_votes int;
BEGIN
  PERFORM sec.require('approval_decide');
  PERFORM api.require_length('comment', p_comment, 1000);
  v_replay := api.command_begin(p_command, 'approval_decide', jsonb_build_object(
    'id', p_id, 'decision', p_decision, 'comment', p_comment));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_voter := sec.actor();
  SELECT * INTO v_request FROM system.approval_request r WHERE r.id = p_id FOR UPDATE;
  IF NOT FOUND OR NOT system.approval_visible(v_request) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'system.approval_request', 'id', p_id));
  ELSIF v_request.state <> 'open' THEN
    PERFORM sec.fail('ER422', 'approval_already_decided', jsonb_build_object('state', v_request.state));
  ELSIF v_request.expires_at <= clock_timestamp() THEN
    PERFORM sec.fail('ER422', 'approval_expired', jsonb_build_object('at', v_request.expires_at));
  ELSIF p_decision IS NULL OR p_decision NOT IN ('approve', 'reject') THEN
    PERFORM sec.fail('ER422', 'decision_missing');
  ELSIF p_decision = 'reject' AND btrim(coalesce(p_comment, '')) = '' THEN
    PERFORM sec.fail('ER422', 'approval_rejection_says_why');
  END IF;
  SELECT * INTO v_kind FROM system.approval_kind k WHERE k.name = v_request.kind;
  SELECT * INTO v_by FROM system.approval_authority(v_request, v_voter, p_decision = 'approve');
  CASE v_by.refusal
    WHEN 'somebody_else' THEN PERFORM sec.fail('ER403', 'approver_is_somebody_else', jsonb_build_object('id', p_id));
    WHEN 'voted' THEN PERFORM sec.fail('ER422', 'approval_needs_two_people', jsonb_build_object('id', p_id));
    WHEN 'limit' THEN
      PERFORM sec.fail('ER403', v_kind.name || '_limit', jsonb_build_object(
        'limit', trim_scale(sec.limit_of(v_voter, v_kind.limit_name)), 'amount', trim_scale(v_request.amount),
        'pct', trim_scale(v_request.amount)));
    WHEN 'right' THEN
      PERFORM sec.fail('ER403', system.approval_right(v_request.kind),
                       jsonb_build_object('right', system.approval_right(v_request.kind)));
    ELSE NULL;
  END CASE;
  IF v_kind.confirm AND p_decision = 'approve' THEN
    PERFORM sec.require_confirmed();
  END IF;
  INSERT INTO system.approval_vote (request_id, voter, authority, decision, comment)
  VALUES (p_id, v_voter, v_by.authority, p_decision, btrim(coalesce(p_comment, '')));
  SELECT count(*) INTO v_votes FROM system.approval_vote v WHERE v.request_id = p_id AND v.decision = 'approve';
  PERFORM audit.event_log('approval_voted', v_request.requested_by, jsonb_build_object(
    'kind', v_request.kind, 'request', p_id, 'decision', p_decision, 'authority', v_by.authority));
  IF p_decision = 'reject' THEN
    PERFORM system.approval_settle(p_id, 'rejected');
  ELSIF v_votes >= v_request.votes_needed THEN
    PERFORM system.approval_settle(p_id, 'approved');
  END IF;
  SELECT * INTO v_request FROM system.approval_request r WHERE r.id = p_id;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'kind', v_request.kind, 'state', v_request.state, 'row_version', v_request.row_version, 'topic', v_request.topic,
    'record_id', v_request.record_id, 'votes', v_votes, 'votes_needed', v_request.votes_needed,
    'authority', v_by.authority));
END $$;
COMMENT ON FUNCTION api.approval_decide IS
  'Vote ''approve'' or ''reject'' (says why): with one''s own right, or that of a person one stands in for. The last vote applies '
  'what was asked for. Nobody decides for himself: ER403 approver_is_somebody_else.';

CREATE OR REPLACE FUNCTION api.approval_withdraw(p_command uuid, p_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_request system.approval_request%ROWTYPE;
BEGIN
  PERFORM sec.require('approval_withdraw');
  v_replay := api.command_begin(p_command, 'approval_withdraw', jsonb_build_object('id', p_id));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_request FROM system.approval_request r WHERE r.id = p_id AND r.requested_by = sec.actor() FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'system.approval_request', 'id', p_id));
  ELSIF v_request.state <> 'open' THEN
    PERFORM sec.fail('ER422', 'approval_already_decided', jsonb_build_object('state', v_request.state));
  END IF;
  PERFORM system.approval_settle(p_id, 'withdrawn');
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'state', 'withdrawn', 'topic', v_request.topic, 'record_id', v_request.record_id));
END $$;
COMMENT ON FUNCTION api.approval_withdraw IS 'Take back one''s own open request.';

CREATE OR REPLACE FUNCTION system.approvals_expire() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
  v_count int := 0;
BEGIN
  FOR v_id IN
    SELECT r.id FROM system.approval_request r
     WHERE r.state = 'open' AND r.expires_at <= statement_timestamp() ORDER BY r.id FOR UPDATE SKIP LOCKED
  LOOP
    PERFORM system.approval_settle(v_id, 'expired');
    v_count := v_count + 1;
  END LOOP;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION system.approvals_expire IS 'End the requests whose time is over (the guard''s tick); returns how many.';

CREATE OR REPLACE FUNCTION api.approval_delegate_set(
  p_command uuid, p_to text, p_from timestamptz, p_until timestamptz, p_reason text DEFAULT '') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_me text;
  v_from timestamptz := greatest(coalesce(p_from, statement_timestamp()), statement_timestamp());
  v_id bigint;
BEGIN
  PERFORM sec.require('approval_delegate_set');
  PERFORM api.require_length('reason', p_reason, 1000);
  v_replay := api.command_begin(p_command, 'approval_delegate_set', jsonb_build_object(
    'to', p_to, 'from', p_from, 'until', p_until, 'reason', p_reason));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  v_me := sec.actor();
  IF p_to = v_me THEN
    PERFORM sec.fail('ER422', 'approval_delegate_somebody_else');
  ELSIF p_to IS NULL OR left(p_to, 2) <> 'u_' OR sec.person_of(p_to) IS NULL THEN
    PERFORM sec.fail('ER404', 'login_unknown', jsonb_build_object('login', p_to));
  ELSIF p_until IS NULL OR p_until <= v_from OR p_until > v_from + interval '366 days' THEN
    PERFORM sec.fail('ER422', 'approval_delegate_period');
  ELSIF system.my_approval_kinds('decide') = '{}' THEN
    PERFORM sec.fail('ER422', 'approval_nothing_to_delegate');
  END IF;
  INSERT INTO system.approval_delegate (login, delegate, valid_from, valid_to, reason)
  VALUES (v_me, p_to, v_from, p_until, btrim(coalesce(p_reason, ''))) RETURNING id INTO v_id;
  PERFORM audit.event_log('approval_delegated', p_to, jsonb_build_object('by', v_me, 'from', v_from, 'until', p_until));
  RETURN api.command_end(p_command, jsonb_build_object('id', v_id));
END $$;
COMMENT ON FUNCTION api.approval_delegate_set IS
  'While I am away, p_to decides with my right (never about what he asked for himself). At most a year.';

CREATE OR REPLACE FUNCTION api.approval_delegate_end(p_command uuid, p_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_known system.approval_delegate%ROWTYPE;
BEGIN
  PERFORM sec.require('approval_delegate_end');
  v_replay := api.command_begin(p_command, 'approval_delegate_end', jsonb_build_object('id', p_id));
  IF v_replay IS NOT NULL THEN RETURN v_replay; END IF;
  SELECT * INTO v_known FROM system.approval_delegate d
   WHERE d.id = p_id AND d.login = sec.actor() AND d.valid_to > statement_timestamp() FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'system.approval_delegate', 'id', p_id));
  END IF;
  -- One that has not begun keeps a moment of a period: what was planned stays on record.
  UPDATE system.approval_delegate d
     SET valid_from = least(d.valid_from, statement_timestamp() - interval '1 second'), valid_to = statement_timestamp()
   WHERE d.id = p_id;
  PERFORM audit.event_log('approval_delegation_ended', v_known.delegate, jsonb_build_object('by', v_known.login));
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id));
END $$;
COMMENT ON FUNCTION api.approval_delegate_end IS 'I am back: my stand-in decides no longer.';

CREATE OR REPLACE FUNCTION api.approval_detail(p_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_request system.approval_request%ROWTYPE;
  v_kind system.approval_kind%ROWTYPE;
  v_involved text[];
  v_me text;
  v_by record;
BEGIN
  PERFORM sec.require('approval_detail');
  v_me := sec.actor();
  SELECT * INTO v_request FROM system.approval_request r WHERE r.id = p_id;
  IF NOT FOUND OR NOT system.approval_visible(v_request) THEN
    RETURN NULL;
  END IF;
  SELECT * INTO v_kind FROM system.approval_kind k WHERE k.name = v_request.kind;
  v_involved := system.approval_involved(v_request);
  SELECT * INTO v_by FROM system.approval_authority(v_request, v_me, true);
  RETURN jsonb_build_object(
    'id', p_id, 'kind', v_request.kind, 'topic', v_request.topic, 'record_id', v_request.record_id, 'state', v_request.state,
    'reason', v_request.reason, 'subject', v_request.subject, 'amount', v_request.amount, 'row_version', v_request.row_version,
    'requested_by', v_request.requested_by, 'requested_at', v_request.created_at, 'author', v_request.author,
    'gains', v_request.gains, 'votes_needed', v_request.votes_needed, 'expires_at', v_request.expires_at,
    'settled_at', v_request.settled_at,
    'votes', (SELECT coalesce(jsonb_agg(jsonb_build_object('voter', v.voter, 'authority', v.authority, 'decision', v.decision,
                                                           'comment', v.comment, 'at', v.at) ORDER BY v.id), '[]')
                FROM system.approval_vote v WHERE v.request_id = p_id),
    'open', v_request.state = 'open' AND v_request.expires_at > statement_timestamp(),
    'mine', v_request.requested_by = v_me,
    'authority', v_by.authority, 'refusal', v_by.refusal,
    -- Who could still decide; stand-ins behind those they stand in for.
    'deciders', (SELECT coalesce(jsonb_agg(jsonb_build_object('login', a.login, 'delegates', (
                          SELECT coalesce(jsonb_agg(d.delegate ORDER BY d.id), '[]') FROM system.approval_delegate d
                           WHERE v_kind.delegable AND d.login = a.login AND NOT d.delegate = ANY (v_involved)
                             AND d.valid_from <= statement_timestamp() AND d.valid_to > clock_timestamp())) ORDER BY a.person), '[]')
                   FROM sec.authorities(system.approval_right(v_request.kind), v_kind.limit_name, v_request.amount,
                                        v_request.warehouse_id) a
                  WHERE NOT a.login = ANY (v_involved)
                    AND NOT EXISTS (SELECT FROM system.approval_vote v WHERE v.request_id = p_id
                                       AND a.login IN (v.voter, v.authority))));
END $$;
COMMENT ON FUNCTION api.approval_detail IS
  'A request with its votes, who could still decide, and whether (authority) or why not (refusal) the person may; NULL when not visible.';

CREATE OR REPLACE FUNCTION system.tg_approval_request() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_yes int;
  v_no int;
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM sec.fail('ER422', 'approval_is_final', jsonb_build_object('id', OLD.id));
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      PERFORM sec.fail('ER422', 'approval_is_final', jsonb_build_object('id', NEW.id));
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'open'
     OR to_jsonb(NEW) - '{state,settled_at,row_version,updated_at,updated_by}'::text[]
        IS DISTINCT FROM to_jsonb(OLD) - '{state,settled_at,row_version,updated_at,updated_by}'::text[] THEN
    PERFORM sec.fail('ER422', 'approval_is_final', jsonb_build_object('id', OLD.id));
  END IF;
  SELECT count(*) FILTER (WHERE v.decision = 'approve'), count(*) FILTER (WHERE v.decision = 'reject') INTO v_yes, v_no
    FROM system.approval_vote v WHERE v.request_id = NEW.id;
  IF NEW.state = 'approved' AND (v_yes < NEW.votes_needed OR v_no > 0) OR NEW.state = 'rejected' AND v_no = 0 THEN
    PERFORM sec.fail('ER422', 'approval_without_votes', jsonb_build_object('id', OLD.id));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION system.tg_approval_request IS 'No approval without its votes, whoever writes; what was asked for never changes.';
CREATE OR REPLACE TRIGGER approval_guard BEFORE INSERT OR UPDATE OR DELETE ON system.approval_request
FOR EACH ROW EXECUTE FUNCTION system.tg_approval_request();

CREATE OR REPLACE FUNCTION system.tg_approval_vote() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_request system.approval_request%ROWTYPE;
  v_involved text[];
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM sec.fail('ER422', 'approval_is_final', jsonb_build_object('id', OLD.id));
  END IF;
  SELECT * INTO v_request FROM system.approval_request r WHERE r.id = NEW.request_id;
  v_involved := system.approval_involved(v_request);
  IF v_request.state <> 'open' THEN
    PERFORM sec.fail('ER422', 'approval_already_decided', jsonb_build_object('state', v_request.state));
  ELSIF NEW.voter = ANY (v_involved) OR NEW.authority = ANY (v_involved) THEN
    PERFORM sec.fail('ER403', 'approver_is_somebody_else', jsonb_build_object('id', NEW.request_id));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION system.tg_approval_vote IS 'Who asked, whose document it is and who gains has no vote, whoever writes; a vote stays.';
CREATE OR REPLACE TRIGGER approval_guard BEFORE INSERT OR UPDATE OR DELETE ON system.approval_vote
FOR EACH ROW EXECUTE FUNCTION system.tg_approval_vote();
