-- Guesses are counted where ROLLBACK cannot reach: in sequences, `att_<id>` for passwords and codes, `rst_<id>` for the codes
-- sent by mail. A value is the minute in which its window began, times 1000, plus the number of guesses in it.

CREATE OR REPLACE FUNCTION sec.guess_counters(p_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_kind text;
BEGIN
  FOREACH v_kind IN ARRAY ARRAY['att_', 'rst_'] LOOP
    IF to_regclass('sec.' || v_kind || p_id) IS NULL THEN
      EXECUTE format('CREATE SEQUENCE sec.%I', v_kind || p_id);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION sec.guess_counters IS 'The counters of a person; there from the moment the person is.';

CREATE OR REPLACE FUNCTION sec.tg_guess_counters() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.guess_counters(NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER guess_counters AFTER INSERT ON sec.app_user
FOR EACH ROW EXECUTE FUNCTION sec.tg_guess_counters();

-- Who was there before the counters were.
DO $$
DECLARE
  v_name text;
BEGIN
  FOR v_name IN SELECT k || u.id FROM sec.app_user u, unnest(ARRAY['att_', 'rst_']) k WHERE to_regclass('sec.' || k || u.id) IS NULL LOOP
    EXECUTE format('CREATE SEQUENCE sec.%I', v_name);
    EXECUTE format('ALTER SEQUENCE sec.%I OWNER TO erp_sec', v_name);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION sec.guess(p_login text, p_kind text, p_sqlstate text DEFAULT 'ER401') RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint := (SELECT u.id FROM sec.app_user u WHERE u.login = p_login);
  v_counter regclass := to_regclass('sec.' || p_kind || '_' || v_id);
  v_minutes int := (SELECT p.lock_minutes FROM sec.policy p);
  v_minute bigint := floor(extract(epoch FROM clock_timestamp()) / 60);
  v_began bigint;
  v_value bigint;
BEGIN
  IF v_counter IS NULL THEN
    PERFORM sec.fail(p_sqlstate, 'too_many_attempts', jsonb_build_object('login', p_login, 'n', v_minutes));
  END IF;
  -- One at a time, so that guesses at the same moment do not count as one; let go at once, not at the transaction's end.
  PERFORM pg_advisory_lock(v_counter::oid::bigint);
  v_value := coalesce(pg_sequence_last_value(v_counter), 0);
  v_began := v_value / 1000;
  IF v_minute - v_began >= v_minutes THEN
    v_began := v_minute;
    v_value := v_minute * 1000;
  END IF;
  PERFORM setval(v_counter, v_value + 1);
  PERFORM pg_advisory_unlock(v_counter::oid::bigint);
  IF v_value + 1 - v_began * 1000 > 5 THEN
    PERFORM sec.fail(p_sqlstate, 'too_many_attempts',
                     jsonb_build_object('login', p_login, 'n', greatest(v_began + v_minutes - v_minute, 1)));
  END IF;
  RETURN 5 - (v_value + 1 - v_began * 1000);
END $$;
COMMENT ON FUNCTION sec.guess IS
  'Count a guess of a person''s secret before it is looked at, past any rollback; how many are left. From the sixth within '
  'the lock time on it is refused, right or wrong.';

CREATE OR REPLACE FUNCTION sec.guesses_clear(p_login text, p_kind text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_counter regclass := to_regclass('sec.' || p_kind || '_' || (SELECT u.id FROM sec.app_user u WHERE u.login = p_login));
BEGIN
  IF v_counter IS NOT NULL THEN
    PERFORM setval(v_counter, 1, false);
  END IF;
END $$;
COMMENT ON FUNCTION sec.guesses_clear IS 'The right secret was given, or an administrator lets the person try again.';
