-- Documents of every capability: states move along known edges, what was issued stays as it was issued.

CREATE OR REPLACE FUNCTION system.guard_document() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Arguments: key of the refusal, allowed edges 'from>to', columns that may change once the draft is over.
DECLARE
  v_free text[] := TG_ARGV[2]::text[] || '{row_version,updated_at,updated_by}'::text[];
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN
      PERFORM sec.fail('ER422', TG_ARGV[0], jsonb_build_object('id', OLD.id, 'state', OLD.state));
    END IF;
    RETURN OLD;
  ELSIF NEW.state <> OLD.state AND OLD.state || '>' || NEW.state <> ALL (TG_ARGV[1]::text[]) THEN
    PERFORM sec.fail('ER422', 'state_change_unknown', jsonb_build_object('from', OLD.state, 'to', NEW.state));
  ELSIF OLD.state <> 'draft' AND to_jsonb(NEW) - v_free IS DISTINCT FROM to_jsonb(OLD) - v_free THEN
    PERFORM sec.fail('ER422', TG_ARGV[0], jsonb_build_object('id', OLD.id, 'state', OLD.state));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION system.guard_document IS 'States move along known edges; an issued document stays as it is.';

CREATE OR REPLACE FUNCTION system.guard_posted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Argument: columns that may change although the record is posted.
DECLARE
  v_free text[] := TG_ARGV[0]::text[] || '{row_version,updated_at,updated_by}'::text[];
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(NEW) - v_free IS DISTINCT FROM to_jsonb(OLD) - v_free THEN
    PERFORM sec.fail('ER422', 'posted_is_final', jsonb_build_object('table', TG_TABLE_NAME, 'id', OLD.id));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION system.guard_posted IS 'What was posted is never changed nor deleted, but for the listed columns.';
