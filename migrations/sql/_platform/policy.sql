-- The house's rules for passwords, second factors, lockouts and sessions: one row, changed by who answers for it.

CREATE OR REPLACE FUNCTION sec.policy_get() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('policy_get');
  RETURN (SELECT to_jsonb(p) - 'id' FROM sec.policy p);
END $$;
COMMENT ON FUNCTION sec.policy_get IS 'All the rules.';

CREATE OR REPLACE FUNCTION sec.policy_set(p_values jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rule record;
  v_before jsonb;
  v_value bigint;
BEGIN
  PERFORM sec.require('policy_set');
  PERFORM sec.require_confirmed();
  SELECT to_jsonb(p) INTO v_before FROM sec.policy p FOR UPDATE;
  FOR v_rule IN
    SELECT j.key, j.value, r.least, r.most
      FROM jsonb_each(p_values) j
      LEFT JOIN (VALUES ('password_length', 8, 64), ('password_history', 0, 24), ('password_days', 30, 730),
                        ('initial_password_hours', 1, 168), ('failures_per_address', 3, 50), ('failures_per_user', 5, 200),
                        ('failure_minutes', 1, 1440), ('lock_minutes', 1, 1440), ('trusted_device_days', 0, 90),
                        ('elevation_hours', 1, 72), ('confirm_minutes', 1, 60), ('operator_idle_minutes', 1, 120),
                        ('idle_transaction_seconds', 10, 3600), ('blocking_seconds', 5, 600), ('statement_seconds', 10, 86400),
                        ('audit_years', 1, 30)) r (name, least, most) ON r.name = j.key
  LOOP
    IF v_rule.key = 'reset_by_mail' THEN
      IF jsonb_typeof(v_rule.value) <> 'boolean' THEN
        PERFORM sec.fail('ER422', 'policy_value', jsonb_build_object('name', v_rule.key));
      END IF;
      UPDATE sec.policy p SET reset_by_mail = v_rule.value::boolean WHERE p.id = 1;
      CONTINUE;
    ELSIF v_rule.least IS NULL THEN
      PERFORM sec.fail('ER422', 'policy_unknown', jsonb_build_object('name', left(v_rule.key, 60)));
    ELSIF v_rule.value = 'null' AND v_rule.key = 'password_days' THEN
      v_value := NULL;  -- passwords that do not expire
    ELSIF jsonb_typeof(v_rule.value) <> 'number' OR v_rule.value::text !~ '^[0-9]{1,6}$'
          OR v_rule.value::text::int NOT BETWEEN v_rule.least AND v_rule.most THEN
      PERFORM sec.fail('ER422', 'policy_value',
                       jsonb_build_object('name', v_rule.key, 'least', v_rule.least, 'most', v_rule.most));
    ELSE
      v_value := v_rule.value::text::int;
    END IF;
    EXECUTE format('UPDATE sec.policy SET %I = $1 WHERE id = 1', v_rule.key) USING v_value;
  END LOOP;
  PERFORM audit.event_log('policy_changed', session_user::text, (
    SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_array(v_before -> n.key, n.value)), '{}')
      FROM sec.policy p, jsonb_each(to_jsonb(p)) n WHERE n.value IS DISTINCT FROM v_before -> n.key));
END $$;
COMMENT ON FUNCTION sec.policy_set IS
  'Change rules, by name: {password_length: 14, password_days: null, …}. What is already set (passwords, sessions) keeps its time. '
  'ER422 policy_unknown, policy_value.';
