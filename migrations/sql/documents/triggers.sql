-- What has been issued is never changed, by nobody: not by the tables' owner, not by a posting function.

CREATE OR REPLACE FUNCTION documents.tg_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ER422', MESSAGE = 'document_is_final', CONSTRAINT = 'document_is_final';
END $$;
CREATE OR REPLACE TRIGGER issued_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON documents.issued
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_refuse();
