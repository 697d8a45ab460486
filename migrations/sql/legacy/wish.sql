-- Who needs the old system for a moment, to look something up there, asks whoever leads to let go after the next page.

INSERT INTO legacy.lease (name, holder, client, token, until_at) VALUES ('wish', '', '', 0, '1970-01-01 00:00+00')
ON CONFLICT (name) DO NOTHING;

CREATE OR REPLACE FUNCTION api.legacy_lease_wish(p_client text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_lease_wish');
  PERFORM api.require_length('client', p_client, 120);
  UPDATE legacy.lease l
     SET holder = session_user, client = btrim(p_client), until_at = clock_timestamp() + interval '10 seconds'
   WHERE l.name = 'wish';
  RETURN legacy.lease_answer(NULL);
END $$;
COMMENT ON FUNCTION api.legacy_lease_wish IS
  'Ask whoever leads to give the lease back soon; holds for ten seconds. Answers who leads, as legacy_lease does.';
