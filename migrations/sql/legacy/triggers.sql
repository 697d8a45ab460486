-- A password is for the server it was given for.

CREATE OR REPLACE FUNCTION legacy.tg_server_moves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM legacy.server_secret s WHERE s.server_id = OLD.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION legacy.tg_server_moves IS 'Forgets password and session of a server that gets another address.';

CREATE OR REPLACE TRIGGER server_moves AFTER UPDATE OF base_url ON legacy.server
FOR EACH ROW WHEN (OLD.base_url IS DISTINCT FROM NEW.base_url) EXECUTE FUNCTION legacy.tg_server_moves();
