-- What has been kept is never changed, by nobody: not by the tables' owner, not by a posting function.

CREATE OR REPLACE FUNCTION documents.tg_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ER422', MESSAGE = 'document_is_final', CONSTRAINT = 'document_is_final';
END $$;
CREATE OR REPLACE TRIGGER issued_is_final BEFORE UPDATE OR TRUNCATE ON documents.issued
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_refuse();
CREATE OR REPLACE TRIGGER content_is_final BEFORE UPDATE OR TRUNCATE ON documents.content
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_refuse();
CREATE OR REPLACE TRIGGER version_is_final BEFORE UPDATE OR TRUNCATE ON documents.attachment_version
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_refuse();
CREATE OR REPLACE TRIGGER purge_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON documents.purge
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_refuse();

-- A document goes when its time is over, and not before.
CREATE OR REPLACE FUNCTION documents.tg_retained() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.retain_until >= system.today() THEN
    RAISE EXCEPTION USING ERRCODE = 'ER422', MESSAGE = 'document_is_final', CONSTRAINT = 'document_is_final';
  END IF;
  RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER issued_is_retained BEFORE DELETE ON documents.issued
FOR EACH ROW EXECUTE FUNCTION documents.tg_retained();

-- Only functions delete; bytes go when nothing refers to them any more (foreign keys see to that).
CREATE OR REPLACE FUNCTION documents.tg_by_function_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_user <> 'erp_api' THEN
    RAISE EXCEPTION USING ERRCODE = 'ER422', MESSAGE = 'document_is_final', CONSTRAINT = 'document_is_final';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER issued_is_kept BEFORE DELETE ON documents.issued
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_by_function_only();
CREATE OR REPLACE TRIGGER content_is_kept BEFORE DELETE ON documents.content
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_by_function_only();
CREATE OR REPLACE TRIGGER attachment_is_kept BEFORE DELETE ON documents.attachment
FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_by_function_only();

-- With a discarded draft its files go, and their bytes when nobody else has them.
CREATE OR REPLACE FUNCTION documents.tg_version_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM documents.forget(ARRAY(SELECT DISTINCT o.content_id FROM old_rows o));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER version_gone AFTER DELETE ON documents.attachment_version
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION documents.tg_version_gone();
