-- What went out stays as it went out.
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON accounting.export FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON accounting.export_voucher FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON accounting.export_line FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');

CREATE OR REPLACE FUNCTION accounting.tg_personal_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_setting accounting.setting%ROWTYPE;
BEGIN
  SELECT * INTO v_setting FROM accounting.setting s;
  IF NOT ((NEW.side = 'debtor' AND NEW.number BETWEEN v_setting.debtor_first AND v_setting.debtor_last)
          OR (NEW.side = 'creditor' AND NEW.number BETWEEN v_setting.creditor_first AND v_setting.creditor_last)) THEN
    PERFORM sec.fail('ER422', 'personal_number_outside', jsonb_build_object('number', NEW.number));
  ELSIF TG_OP = 'UPDATE' AND NEW.number <> OLD.number AND EXISTS (
          SELECT FROM accounting.export_line l WHERE l.account = OLD.number::text) THEN
    -- The adviser's open items stand on the old number.
    PERFORM sec.fail('ER422', 'personal_number_used', jsonb_build_object('number', OLD.number));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION accounting.tg_personal_account IS 'A personal account lies in its range, and stays once it went out.';
CREATE OR REPLACE TRIGGER number_kept BEFORE INSERT OR UPDATE ON accounting.personal_account
  FOR EACH ROW EXECUTE FUNCTION accounting.tg_personal_account();
