-- The second factor: what somebody has besides what he knows.

CREATE OR REPLACE FUNCTION sec.second_factor(p_code text, p_client jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN 'password';
END $$;
