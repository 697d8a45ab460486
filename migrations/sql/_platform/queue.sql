-- What queues have in common: print jobs, mails.

CREATE OR REPLACE FUNCTION system.next_try(p_attempts int, p_first int, p_most int) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT statement_timestamp() + make_interval(secs => least(p_most, p_first * power(2, least(greatest(p_attempts, 1), 20) - 1)))
$$;
COMMENT ON FUNCTION system.next_try IS
  'When something that was tried so often is tried again: after the first pause in seconds, then twice as long each time, at most so long.';
