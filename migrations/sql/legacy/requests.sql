-- What people ask the sync for: only what can be done, and not days later.

CREATE OR REPLACE FUNCTION legacy.request_lives() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  -- Longer than a first full run or an hour without a free session takes, shorter than a night.
  SELECT interval '4 hours'
$$;
COMMENT ON FUNCTION legacy.request_lives IS 'How long a run that was asked for waits to be begun; after that nobody expects it any more.';

CREATE OR REPLACE FUNCTION legacy.require_reader(p_kind text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key text;
BEGIN
  IF NOT EXISTS (SELECT FROM legacy.server s WHERE s.is_active AND s.kind = p_kind) THEN
    PERFORM sec.fail('ER422', CASE p_kind WHEN 'images' THEN 'legacy_no_image_server' ELSE 'legacy_no_server' END, '{}');
  ELSIF EXISTS (SELECT FROM legacy.lease l WHERE l.name = 'sync' AND legacy.lease_runs(l.until_at)) THEN
    RETURN;  -- whoever leads has the key
  END IF;
  v_key := sec.data_key_holding('legacy');
  IF v_key IS NULL THEN
    PERFORM sec.fail('ER422', 'legacy_key_not_set_up', '{}');
  ELSIF v_key <> 'mine' THEN
    PERFORM sec.fail('ER422', 'legacy_nobody_reads', '{}');
  END IF;
END $$;
COMMENT ON FUNCTION legacy.require_reader IS
  'Refuses what nobody could do: no server of the kind in use, or nobody leads and the caller could not either, for want of the key.';

CREATE OR REPLACE FUNCTION legacy.expire_requests() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE legacy.run r
     SET state = 'cancelled', cancel_requested = true, finished_at = statement_timestamp(),
         error = jsonb_build_object('key', 'legacy_request_expired', 'params', jsonb_build_object(
                   'hours', (extract(epoch FROM legacy.request_lives()) / 3600)::int))
   WHERE r.state = 'waiting' AND r.requested_at < statement_timestamp() - legacy.request_lives()
$$;
COMMENT ON FUNCTION legacy.expire_requests IS 'End what was asked for and not begun in its time.';
