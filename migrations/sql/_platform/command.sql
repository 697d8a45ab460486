-- What every posting function starts and ends with: exactly-once by the caller's UUID, and legal numbers.

CREATE OR REPLACE FUNCTION api.command_begin(p_command uuid, p_function text, p_args jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_known api.command%ROWTYPE;
  v_hash bytea := sha256(convert_to(coalesce(p_args, 'null')::text, 'UTF8'));
BEGIN
  IF p_command IS NULL THEN
    PERFORM sec.fail('ER422', 'command_missing');
  ELSIF current_setting('transaction_isolation') NOT LIKE 'read %' THEN
    -- A snapshot that stays would overlook a month that was closed, or what somebody else has just posted.
    PERFORM sec.fail('ER422', 'command_isolation');
  END IF;
  -- Somebody posting the same command at this moment is waited for.
  INSERT INTO api.command (id, login, function, args_hash) VALUES (p_command, session_user, p_function, v_hash)
  ON CONFLICT (id) DO NOTHING;
  IF FOUND THEN
    PERFORM set_config('erp.command', p_command::text, true);
    -- The reason that was given stands beside everything the command changes.
    PERFORM set_config('erp.reason', coalesce(p_args ->> 'reason', p_args ->> 'comment', ''), true);
    RETURN NULL;
  END IF;
  SELECT * INTO v_known FROM api.command c WHERE c.id = p_command;
  IF v_known.login <> session_user OR v_known.function <> p_function OR v_known.args_hash <> v_hash
     OR v_known.result IS NULL THEN
    PERFORM sec.fail('ER410', 'command_reused', jsonb_build_object('function', v_known.function));
  END IF;
  RETURN v_known.result;
END $$;
COMMENT ON FUNCTION api.command_begin IS
  'NULL for a new command; the first answer when it was posted before; ER410 when the same UUID asks for something else. Refuses '
  'transactions whose snapshot stays.';

CREATE OR REPLACE FUNCTION api.require_length(p_column text, p_text text, p_most integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF length(btrim(p_text)) > p_most THEN
    PERFORM sec.fail('ER422', 'text_too_long',
                     jsonb_build_object('column', p_column, 'limit', p_most, 'length', length(btrim(p_text))));
  END IF;
END $$;
COMMENT ON FUNCTION api.require_length IS 'Refuses a text that its column cannot hold, in words instead of the server''s own.';

CREATE OR REPLACE FUNCTION api.command_end(p_command uuid, p_result jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE api.command c SET result = p_result WHERE c.id = p_command;
  RETURN p_result;
END $$;
COMMENT ON FUNCTION api.command_end IS 'Remember the answer of a command and return it.';

CREATE OR REPLACE FUNCTION system.today() RETURNS date
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (statement_timestamp() AT TIME ZONE
          coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin'))::date;
END $$;
COMMENT ON FUNCTION system.today IS 'The company''s calendar day, whatever time zone the caller has set.';

CREATE OR REPLACE FUNCTION system.next_number(p_series text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_year int := extract(year FROM system.today());
  v_prefix text;
  v_number int;
BEGIN
  UPDATE system.counter c SET next_value = c.next_value + 1
   WHERE c.series = p_series AND c.year = v_year
  RETURNING c.prefix, c.next_value - 1 INTO v_prefix, v_number;
  IF NOT FOUND THEN
    -- First number of a year: the series goes on under the prefix it had.
    INSERT INTO system.counter AS c (series, year, prefix, next_value)
    SELECT p_series, v_year, l.prefix, 2
      FROM system.counter l WHERE l.series = p_series ORDER BY l.year DESC LIMIT 1
    ON CONFLICT (series, year) DO UPDATE SET next_value = c.next_value + 1
    RETURNING c.prefix, c.next_value - 1 INTO v_prefix, v_number;
  END IF;
  IF v_prefix IS NULL THEN
    PERFORM sec.fail('ER404', 'series_unknown', jsonb_build_object('series', p_series));
  END IF;
  RETURN format('%s-%s-%s', v_prefix, v_year, lpad(v_number::text, 5, '0'));
END $$;
COMMENT ON FUNCTION system.next_number IS
  'The next number of a series, without gaps: locks the counter until commit, so call it last.';
